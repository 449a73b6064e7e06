//! Sample storage: positional, allocation-free reads of numbers that lie in a file or in memory.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use faultscope_signal::RecordError;
use faultscope_signal::wide::wide;

/// How one number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it: sign, width in bits, byte order")]
pub enum Component {
    U8,
    I8,
    U16Le,
    U16Be,
    I16Le,
    I16Be,
    I24Le,
    U32Le,
    U32Be,
    I32Le,
    I32Be,
    F32Le,
    F32Be,
    F64Le,
    F64Be,
}

impl Component {
    /// Width in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16Le | Self::U16Be | Self::I16Le | Self::I16Be => 2,
            Self::I24Le => 3,
            Self::U32Le | Self::U32Be | Self::I32Le | Self::I32Be | Self::F32Le | Self::F32Be => 4,
            Self::F64Le | Self::F64Be => 8,
        }
    }

    /// How a stored code comes back from its normalised value: `code = scale * value + middle`.
    #[must_use]
    pub(crate) const fn normalisation(self) -> (f64, f64) {
        match self {
            Self::U8 => (127.5, 127.5),
            Self::I8 => (128.0, 0.0),
            Self::U16Le | Self::U16Be => (32_768.0, 32_768.0),
            Self::I16Le | Self::I16Be => (32_768.0, 0.0),
            Self::I24Le => (8_388_608.0, 0.0),
            Self::U32Le | Self::U32Be => (2_147_483_648.0, 2_147_483_648.0),
            Self::I32Le | Self::I32Be => (2_147_483_648.0, 0.0),
            Self::F32Le | Self::F32Be | Self::F64Le | Self::F64Be => (1.0, 0.0),
        }
    }

    /// The normalised magnitude that both rails of an integer converter reach; nothing for floats, which have no rails.
    ///
    /// Two's complement reaches -1 and `(2^(n-1) - 1) / 2^(n-1)`: the smaller of the two is given.
    #[must_use]
    pub const fn full_scale(self) -> Option<f64> {
        match self {
            Self::U8 => Some(1.0),
            Self::I8 => Some(127.0 / 128.0),
            Self::U16Le | Self::U16Be | Self::I16Le | Self::I16Be => Some(32_767.0 / 32_768.0),
            Self::I24Le => Some(8_388_607.0 / 8_388_608.0),
            Self::U32Le | Self::U32Be | Self::I32Le | Self::I32Be => Some(2_147_483_647.0 / 2_147_483_648.0),
            Self::F32Le | Self::F32Be | Self::F64Le | Self::F64Be => None,
        }
    }
}

/// Where the numbers of one trace lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How one number is stored.
    pub component: Component,
    /// Byte offset of the first number of the first frame of this trace.
    pub offset: u64,
    /// Bytes from one frame to the next (more than the trace's own width when channels are interleaved).
    pub stride: usize,
    /// Numbers per frame of this trace: 1 real, 2 I/Q (stored side by side).
    pub components: usize,
    /// Frames.
    pub frames: u64,
}

/// Random access to the numbers of one trace, before scale, probe factor and view are applied.
///
/// Integer types are normalised to +-1 full scale (`i16 / 32768`, `u8: (x - 127.5) / 127.5`); floats are as stored.
pub trait Samples: Send + Sync {
    /// Frames stored.
    fn frames(&self) -> u64;
    /// Reads whole frames from `start` on; returns how many.
    ///
    /// # Errors
    /// When the storage fails or is shorter than it was when it was opened.
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError>;
    /// The same in single precision.
    ///
    /// # Errors
    /// When the storage fails or is shorter than it was when it was opened.
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError>;
    /// What `read_f32` would write into `numbers` numbers, where it lies in memory already and holds as many.
    fn lend_f32(&self, _start: u64, _numbers: usize) -> Option<&[f32]> {
        None
    }
    /// Every byte of `file`, the one the samples lie in, where they are held in memory: others need not read them again.
    fn bytes_of(&self, _file: &Path) -> Option<&[u8]> {
        None
    }
}

/// Numbers in a file, read by position: a file that shrinks under us gives an error, not a signal.
#[derive(Debug, Clone)]
pub struct FileSamples {
    file: Arc<File>,
    name: String,
    layout: Layout,
    held: Option<Held>,
}

impl FileSamples {
    /// Numbers of `file` laid out as `layout` says; `name` is for messages.
    pub fn new(file: Arc<File>, name: impl Into<String>, layout: Layout) -> Self {
        Self { file, name: name.into(), layout, held: None }
    }

    /// Reads the file as a whole when it is small, and keeps it in `held`, which all traces of the file share.
    ///
    /// The file must be the one that `name` names.
    #[must_use]
    pub fn held(mut self, held: &Held) -> Self {
        self.held = Some(held.clone());
        self
    }

    /// The bytes of the file where they are held.
    fn whole(&self) -> Option<&[u8]> {
        self.held.as_ref()?.0.get_or_init(|| Whole::read(&self.file)).as_ref().map(Whole::bytes)
    }

    /// Reads whole frames from `start` on.
    fn read<T: Real>(&self, start: u64, out: &mut [T]) -> Result<usize, RecordError> {
        let Layout { component, stride, components, frames, .. } = self.layout;
        let components = components.max(1);
        let left = usize::try_from(frames.saturating_sub(start)).unwrap_or(usize::MAX);
        let n = left.min(out.len() / components);
        let Some(out) = out.get_mut(..n * components).filter(|out| !out.is_empty()) else { return Ok(0) };
        let position = start
            .checked_mul(stride as u64)
            .and_then(|p| p.checked_add(self.layout.offset))
            .ok_or_else(|| RecordError::new(format!("{}: frame {start} lies beyond any file", self.name)))?;
        let contiguous = stride == components * component.bytes();
        if contiguous && component == T::STORED && cfg!(target_endian = "little") {
            self.fill(position, bytemuck::cast_slice_mut(out))?;
        } else if contiguous {
            self.read_contiguous(position, out)?;
        } else {
            self.read_strided(position, components, out)?;
        }
        Ok(n)
    }

    fn read_contiguous<T: Real>(&self, mut position: u64, out: &mut [T]) -> Result<(), RecordError> {
        let width = self.layout.component.bytes();
        with_block(|block| {
            for part in out.chunks_mut(BLOCK / width) {
                let bytes = &mut block[..part.len() * width];
                self.fill(position, bytes)?;
                wide(|| convert(self.layout.component, bytes, part));
                position += bytes.len() as u64;
            }
            Ok(())
        })
    }

    fn read_strided<T: Real>(&self, mut position: u64, components: usize, out: &mut [T]) -> Result<(), RecordError> {
        let stride = self.layout.stride.max(1);
        let own = components * self.layout.component.bytes();
        with_block(|block| {
            // The last frame of a block needs its own bytes only, so that even a stride above the block size works.
            let frames_per_block = if own > BLOCK { return Err(self.too_wide()) } else { (BLOCK - own) / stride + 1 };
            for part in out.chunks_mut(frames_per_block * components) {
                let frames = part.len() / components;
                let bytes = &mut block[..(frames - 1) * stride + own];
                self.fill(position, bytes)?;
                for (frame, values) in bytes.chunks(stride).zip(part.chunks_exact_mut(components)) {
                    convert(self.layout.component, frame, values);
                }
                position = position.saturating_add((frames * stride) as u64);
            }
            Ok(())
        })
    }

    /// Fills `bytes` from `position`, or says where the file ended.
    fn fill(&self, position: u64, bytes: &mut [u8]) -> Result<(), RecordError> {
        let held = self.whole().zip(usize::try_from(position).ok());
        if let Some(held) = held.and_then(|(all, from)| all.get(from..from.checked_add(bytes.len())?)) {
            bytes.copy_from_slice(held);
            return Ok(());
        }
        let mut done = 0;
        while done < bytes.len() {
            let at = position.saturating_add(done as u64);
            match read_at(&self.file, &mut bytes[done..], at) {
                Ok(0) => return Err(self.ended(at, position.saturating_add(bytes.len() as u64))),
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(RecordError::new(format!("cannot read {} at byte {at}: {e}", self.name))),
            }
        }
        Ok(())
    }

    fn ended(&self, at: u64, wanted: u64) -> RecordError {
        RecordError::new(format!(
            "{} has become shorter since it was opened: it ends at byte {at}, samples up to byte {wanted} were there",
            self.name
        ))
    }

    fn too_wide(&self) -> RecordError {
        RecordError::new(format!("{}: a frame of more than {BLOCK} bytes cannot be read", self.name))
    }
}

impl Samples for FileSamples {
    fn frames(&self) -> u64 {
        self.layout.frames
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        self.read(start, out)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        self.read(start, out)
    }
    fn lend_f32(&self, start: u64, numbers: usize) -> Option<&[f32]> {
        let Layout { component, offset, stride, components, frames } = self.layout;
        let as_stored = component == Component::F32Le && cfg!(target_endian = "little");
        let contiguous = stride == components * component.bytes() && components > 0;
        if !(as_stored && contiguous && numbers.is_multiple_of(components)) {
            return None;
        }
        let inside = start.checked_add((numbers / components) as u64)? <= frames;
        let from = usize::try_from(start.checked_mul(stride as u64)?.checked_add(offset)?).ok()?;
        let bytes = self.whole().filter(|_| inside)?.get(from..from.checked_add(numbers * size_of::<f32>())?)?;
        bytemuck::try_cast_slice(bytes).ok()
    }
    fn bytes_of(&self, file: &Path) -> Option<&[u8]> {
        self.whole().filter(|_| Path::new(&self.name) == file)
    }
}

/// A place for the bytes of one small file: read when they are first asked for, because most measurements and the digest
/// go over them several times. It stays empty for a larger file, and after an error, which reading by position then meets
/// and names.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<OnceLock<Option<Whole>>>);

/// All bytes of a small file, from a cache line on: samples are lent out of them to loops that read wide registers.
#[derive(Debug)]
struct Whole {
    memory: Vec<u8>,
    from: usize,
    length: usize,
}

impl Whole {
    /// Longest file that is held: it stays in the processor's cache.
    const LONGEST: u64 = 4 << 20;
    const LINE: usize = 64;

    /// Reads the file, or nothing when it is longer, or shorter than it says.
    fn read(file: &File) -> Option<Self> {
        let length = file.metadata().ok().map(|m| m.len()).filter(|n| *n <= Self::LONGEST)?;
        let length = usize::try_from(length).ok()?;
        let mut whole = Self { memory: SPARE.take(), from: 0, length };
        if whole.memory.len() < length + Self::LINE {
            whole.memory.resize(length + Self::LINE, 0);
        }
        whole.from = whole.memory.as_ptr().align_offset(Self::LINE).min(Self::LINE);
        let read = read_up_to(file, whole.memory.get_mut(whole.from..whole.from + length)?, 0).ok()?;
        (read == length).then_some(whole)
    }

    fn bytes(&self) -> &[u8] {
        self.memory.get(self.from..self.from + self.length).unwrap_or_default()
    }
}

impl Drop for Whole {
    /// Leaves the memory to the next file.
    fn drop(&mut self) {
        // A thread that is ending needs none.
        let _ = SPARE.try_with(|spare| spare.replace(std::mem::take(&mut self.memory)));
    }
}

/// Numbers in memory: a block of a live source as a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct MemorySamples {
    values: Vec<f32>,
    components: usize,
}

impl MemorySamples {
    /// Numbers with `components` (1 real, 2 I/Q) a frame, interleaved.
    #[must_use]
    pub fn new(values: Vec<f32>, components: usize) -> Self {
        Self { values, components: components.max(1) }
    }

    fn copy<T>(&self, start: u64, out: &mut [T], number: impl Fn(f32) -> T) -> usize {
        let from = usize::try_from(start).unwrap_or(usize::MAX).saturating_mul(self.components);
        let room = out.len() / self.components * self.components;
        let left = self.values.get(from..).unwrap_or_default();
        let whole = left.len() / self.components * self.components;
        let n = room.min(whole);
        out.iter_mut().zip(&left[..n]).for_each(|(o, v)| *o = number(*v));
        n / self.components
    }
}

impl Samples for MemorySamples {
    fn frames(&self) -> u64 {
        (self.values.len() / self.components) as u64
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        Ok(self.copy(start, out, f64::from))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        Ok(self.copy(start, out, |v| v))
    }
}

/// Converts the numbers at the head of `bytes` as reading from a file would; fills all of `out` that there are bytes for.
pub fn decode(component: Component, bytes: &[u8], out: &mut [f32]) {
    convert(component, bytes, out);
}

/// One positional read; fewer bytes than asked for is not an error, 0 is the end of the file.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, bytes, position);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, bytes, position);
}

/// Reads as many of `bytes` as the file holds from `position` on; returns how many.
pub(crate) fn read_up_to(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match read_at(file, &mut bytes[done..], position.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// Bytes converted at a time: small enough to stay in the second-level cache between read and conversion.
const BLOCK: usize = 128 * 1024;

thread_local! {
    /// One block per reading thread, so that a read allocates nothing after its thread's first.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Memory of the last small file that is done with, so that a batch allocates and clears it once.
    static SPARE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn with_block<R>(use_block: impl FnOnce(&mut [u8]) -> R) -> R {
    BYTES.with_borrow_mut(|bytes| {
        bytes.resize(BLOCK, 0);
        use_block(bytes)
    })
}

/// The two precisions that samples are handed out in.
trait Real: bytemuck::Pod {
    /// The stored type that needs no conversion on a little-endian machine.
    const STORED: Component;
    /// An integer times a power of two: exact but for the rounding of a 32-bit integer to single precision.
    fn scaled(value: i32, scale: f32) -> Self;
    fn offset_binary(value: u8) -> Self;
    fn single(value: f32) -> Self;
    fn double(value: f64) -> Self;
}

impl Real for f32 {
    const STORED: Component = Component::F32Le;
    #[inline(always)]
    fn scaled(value: i32, scale: f32) -> Self {
        value as f32 * scale
    }
    // The product with the rounded reciprocal still gives -1 and 1 for codes 0 and 255, and costs a quarter of a division.
    #[inline(always)]
    fn offset_binary(value: u8) -> Self {
        (f32::from(value) - 127.5) * (1.0 / 127.5)
    }
    #[inline(always)]
    fn single(value: f32) -> Self {
        value
    }
    #[inline(always)]
    fn double(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    const STORED: Component = Component::F64Le;
    #[inline(always)]
    fn scaled(value: i32, scale: f32) -> Self {
        f64::from(value) * f64::from(scale)
    }
    #[inline(always)]
    fn offset_binary(value: u8) -> Self {
        (f64::from(value) - 127.5) / 127.5
    }
    #[inline(always)]
    fn single(value: f32) -> Self {
        f64::from(value)
    }
    #[inline(always)]
    fn double(value: f64) -> Self {
        value
    }
}

/// Converts the numbers at the head of `bytes` into all of `out`.
#[inline(always)]
fn convert<T: Real>(component: Component, bytes: &[u8], out: &mut [T]) {
    const P7: f32 = 1.0 / 128.0;
    const P15: f32 = 1.0 / 32_768.0;
    const P31: f32 = 1.0 / 2_147_483_648.0;
    const MSB: u32 = 0x8000_0000;
    use Component as C;
    match component {
        C::U8 => each(bytes, out, |[b]| T::offset_binary(b)),
        C::I8 => each(bytes, out, |[b]| T::scaled(i32::from(b.cast_signed()), P7)),
        C::U16Le => each(bytes, out, |b| T::scaled(i32::from(u16::from_le_bytes(b)) - 32_768, P15)),
        C::U16Be => each(bytes, out, |b| T::scaled(i32::from(u16::from_be_bytes(b)) - 32_768, P15)),
        C::I16Le => each(bytes, out, |b| T::scaled(i32::from(i16::from_le_bytes(b)), P15)),
        C::I16Be => each(bytes, out, |b| T::scaled(i32::from(i16::from_be_bytes(b)), P15)),
        // The 24 bits go to the top of 32: the sign comes with them.
        C::I24Le => each(bytes, out, |[a, b, c]| T::scaled(i32::from_le_bytes([0, a, b, c]), P31)),
        C::U32Le => each(bytes, out, |b| T::scaled((u32::from_le_bytes(b) ^ MSB).cast_signed(), P31)),
        C::U32Be => each(bytes, out, |b| T::scaled((u32::from_be_bytes(b) ^ MSB).cast_signed(), P31)),
        C::I32Le => each(bytes, out, |b| T::scaled(i32::from_le_bytes(b), P31)),
        C::I32Be => each(bytes, out, |b| T::scaled(i32::from_be_bytes(b), P31)),
        C::F32Le => each(bytes, out, |b| T::single(f32::from_le_bytes(b))),
        C::F32Be => each(bytes, out, |b| T::single(f32::from_be_bytes(b))),
        C::F64Le => each(bytes, out, |b| T::double(f64::from_le_bytes(b))),
        C::F64Be => each(bytes, out, |b| T::double(f64::from_be_bytes(b))),
    }
}

#[inline(always)]
fn each<const WIDTH: usize, T>(bytes: &[u8], out: &mut [T], number: impl Fn([u8; WIDTH]) -> T) {
    for (value, stored) in out.iter_mut().zip(bytes.as_chunks::<WIDTH>().0) {
        *value = number(*stored);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn stored(bytes: &[u8], component: Component, components: usize, stride: usize, offset: u64) -> FileSamples {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let own = components * component.bytes();
        let room = bytes.len() - offset as usize;
        let frames = if room < own { 0 } else { ((room - own) / stride + 1) as u64 };
        FileSamples::new(Arc::new(file), "test.bin", Layout { component, offset, stride, components, frames })
    }

    fn all(samples: &FileSamples) -> Vec<f64> {
        let n = samples.frames() as usize * samples.layout.components;
        let mut wide = vec![0.0; n];
        let mut single = vec![0f32; n];
        assert_eq!(samples.read_f64(0, &mut wide).unwrap() as u64, samples.frames());
        assert_eq!(samples.read_f32(0, &mut single).unwrap() as u64, samples.frames());
        for (a, b) in wide.iter().zip(&single) {
            assert!(*a as f32 == *b || (a.is_nan() && b.is_nan()), "{a} as f64, {b} as f32");
        }
        wide
    }

    /// Lowest code, middle, highest code and one odd value of each integer type, written by hand.
    #[test]
    fn every_type_and_byte_order_is_normalised_as_documented() {
        let cases: &[(Component, &[u8], &[f64])] = &[
            (Component::U8, &[0, 255, 127, 128], &[-1.0, 1.0, -0.5 / 127.5, 0.5 / 127.5]),
            (Component::I8, &[0x80, 0x7f, 0, 0xff], &[-1.0, 127.0 / 128.0, 0.0, -1.0 / 128.0]),
            (Component::I16Le, &[0, 0x80, 0xff, 0x7f, 1, 0], &[-1.0, 32767.0 / 32768.0, 1.0 / 32768.0]),
            (Component::I16Be, &[0x80, 0, 0x7f, 0xff, 0, 1], &[-1.0, 32767.0 / 32768.0, 1.0 / 32768.0]),
            (Component::U16Le, &[0, 0, 0xff, 0xff, 0, 0x80], &[-1.0, 32767.0 / 32768.0, 0.0]),
            (Component::U16Be, &[0, 0, 0xff, 0xff, 0x80, 0], &[-1.0, 32767.0 / 32768.0, 0.0]),
            (Component::I24Le, &[0, 0, 0x80, 0xff, 0xff, 0x7f, 0, 0, 0x40], &[-1.0, 8388607.0 / 8388608.0, 0.5]),
            (Component::I32Le, &[0, 0, 0, 0x80, 0, 0, 0, 0x40], &[-1.0, 0.5]),
            (Component::I32Be, &[0x80, 0, 0, 0, 0x40, 0, 0, 0], &[-1.0, 0.5]),
            (Component::U32Le, &[0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0xc0], &[-1.0, 0.0, 0.5]),
            (Component::U32Be, &[0, 0, 0, 0, 0x80, 0, 0, 0, 0xc0, 0, 0, 0], &[-1.0, 0.0, 0.5]),
            // IEEE 754: 1.5 = 0x3fc00000, -2 = 0xc0000000; in double 0x3ff8000000000000 and 0xc000000000000000.
            (Component::F32Le, &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0], &[1.5, -2.0]),
            (Component::F32Be, &[0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], &[1.5, -2.0]),
            (Component::F64Le, &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], &[1.5, -2.0]),
            (Component::F64Be, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], &[1.5, -2.0]),
        ];
        for (component, bytes, expected) in cases {
            let samples = stored(bytes, *component, 1, component.bytes(), 0);
            assert_eq!(all(&samples), *expected, "{component:?}");
        }
    }

    #[test]
    fn the_highest_code_reaches_the_stated_full_scale() {
        for (component, highest) in [
            (Component::U8, &[0xff][..]),
            (Component::I8, &[0x7f]),
            (Component::I16Le, &[0xff, 0x7f]),
            (Component::U16Be, &[0xff, 0xff]),
            (Component::I24Le, &[0xff, 0xff, 0x7f]),
            (Component::I32Be, &[0x7f, 0xff, 0xff, 0xff]),
            (Component::U32Le, &[0xff, 0xff, 0xff, 0xff]),
        ] {
            let value = all(&stored(highest, component, 1, component.bytes(), 0))[0];
            assert_eq!(Some(value), component.full_scale(), "{component:?}");
        }
        assert_eq!(Component::F32Le.full_scale(), None);
    }

    #[test]
    fn interleaved_channels_are_picked_out_by_stride() {
        // Three channels of i8 pairs: channel 2 has 10k and 10k + 1 in frame k.
        let bytes: Vec<u8> = (0..12u8).flat_map(|k| [99, 98, 10 * k, 10 * k + 1, 97, 96]).collect();
        let got = all(&stored(&bytes, Component::I8, 2, 6, 2));
        let expected: Vec<f64> =
            (0..12u8).flat_map(|k| [10 * k, 10 * k + 1]).map(|v| f64::from(v.cast_signed()) / 128.0).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn reads_across_block_borders_and_at_any_start_give_the_same_numbers() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 10).map(|i| (i * 7 % 251) as u8).collect();
        for (stride, components) in [(2, 1), (4, 2), (6, 2), (200_000, 1)] {
            let samples = stored(&bytes, Component::I16Le, components, stride, 0);
            let whole = all(&samples);
            let at = |frame: usize, c: usize| {
                let i = frame * stride + 2 * c;
                f64::from(i16::from_le_bytes([bytes[i], bytes[i + 1]])) / 32768.0
            };
            for (i, value) in whole.iter().enumerate() {
                assert_eq!(*value, at(i / components, i % components));
            }
            let mut some = vec![0.0; 5 * components];
            let start = samples.frames() - 1;
            assert_eq!(samples.read_f64(start, &mut some).unwrap(), 1);
            assert_eq!(some[0], at(start as usize, 0));
            assert_eq!(samples.read_f64(samples.frames(), &mut some).unwrap(), 0);
            assert_eq!(samples.read_f64(u64::MAX, &mut some).unwrap(), 0);
        }
    }

    #[test]
    fn a_file_that_shrank_gives_an_error_with_name_and_offset() {
        let samples = stored(&[0; 64], Component::F32Le, 2, 8, 0);
        samples.file.set_len(20).unwrap();
        let mut out = [0f32; 16];
        let message = samples.read_f32(0, &mut out).unwrap_err().to_string();
        assert!(message.contains("test.bin") && message.contains("byte 20"), "{message}");
        assert_eq!(samples.read_f32(1, &mut out[..2]).unwrap(), 1);
    }

    #[test]
    fn a_file_that_is_held_gives_the_same_numbers_and_its_bytes() {
        let bytes: Vec<u8> = (0..240).map(|i| (i * 37 % 251) as u8).collect();
        for (component, components, stride, offset) in
            [(Component::F32Le, 2, 8, 0), (Component::I16Be, 1, 6, 5), (Component::I8, 2, 2, 1)]
        {
            let plain = stored(&bytes, component, components, stride, offset);
            let held = Held::default();
            let (one, two) = (plain.clone().held(&held), plain.clone().held(&held));
            assert_eq!(plain.bytes_of(Path::new("test.bin")), None);
            assert_eq!(one.bytes_of(Path::new("test.bin")), Some(&bytes[..]));
            assert_eq!(one.bytes_of(Path::new("other.bin")), None);
            // Bit for bit: some of the floats are no numbers.
            let bits = |s: &FileSamples| all(s).into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(&one), bits(&plain));
            // Lent only as stored: little-endian single precision without gaps, and no more than there is.
            let (lends, numbers) = (component == Component::F32Le, 3 * components);
            let lent = one.lend_f32(4, numbers).map(|l| l.iter().map(|v| f64::from(*v).to_bits()).collect::<Vec<_>>());
            assert_eq!(lent, lends.then(|| bits(&one)[4 * components..][..numbers].to_vec()));
            assert_eq!(one.lend_f32(one.frames() - 2, numbers), None);
            // Whoever shares the bytes does not read the file again.
            plain.file.set_len(0).unwrap();
            assert_eq!(bits(&two), bits(&one));
        }
    }

    #[test]
    fn a_long_file_is_not_held() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(Whole::LONGEST + 1).unwrap();
        assert!(Whole::read(&file).is_none());
        file.set_len(Whole::LONGEST).unwrap();
        assert!(Whole::read(&file).is_some_and(|w| w.bytes().iter().all(|b| *b == 0)));
    }

    #[test]
    fn a_layout_beyond_any_file_is_refused() {
        let file = Arc::new(tempfile::tempfile().unwrap());
        let layout =
            Layout { component: Component::U8, offset: u64::MAX, stride: usize::MAX, components: 1, frames: u64::MAX };
        let samples = FileSamples::new(file, "x", layout);
        assert!(samples.read_f32(3, &mut [0.0; 4]).is_err());
        assert!(samples.read_f32(0, &mut [0.0; 4]).is_err());
    }
}
