//! Records for the benches: noise in memory, and a raw file of 32-bit float I/Q that is read as it stands.

use std::fs::File;
use std::io;
use std::path::Path;

use faultscope_signal::{Kind, Record, RecordError, Unit};

/// Single-precision samples in memory, which a read only copies.
#[derive(Debug)]
pub struct Memory {
    kind: Kind,
    data: Vec<f32>,
}

impl Memory {
    /// `frames` frames of repeatable, uniformly distributed noise.
    #[must_use]
    pub fn noise(kind: Kind, frames: usize) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            // Knuth's MMIX generator.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        Self { kind, data: (0..frames * kind.components()).map(|_| next()).collect() }
    }
}

impl Record for Memory {
    fn kind(&self) -> Kind {
        self.kind
    }
    fn sample_rate_hz(&self) -> f64 {
        1e6
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        Unit::FullScale
    }
    fn frames(&self) -> u64 {
        (self.data.len() / self.kind.components()) as u64
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let from = &self.data[start as usize * self.kind.components()..];
        let n = from.len().min(out.len());
        out.iter_mut().zip(from).for_each(|(o, v)| *o = f64::from(*v));
        Ok(n / self.kind.components())
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let from = &self.data[start as usize * self.kind.components()..];
        let n = from.len().min(out.len());
        out[..n].copy_from_slice(&from[..n]);
        Ok(n / self.kind.components())
    }
}

/// A raw file of little-endian 32-bit float I/Q pairs, on a little-endian machine.
#[derive(Debug)]
pub struct Cf32File {
    file: File,
    frames: u64,
}

impl Cf32File {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let frames = file.metadata()?.len() / 8;
        Ok(Self { file, frames })
    }
}

impl Record for Cf32File {
    fn kind(&self) -> Kind {
        Kind::Iq
    }
    fn sample_rate_hz(&self) -> f64 {
        1e6
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        Unit::FullScale
    }
    fn frames(&self) -> u64 {
        self.frames
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let mut narrow = vec![0f32; out.len()];
        let n = self.read_f32(start, &mut narrow)?;
        out.iter_mut().zip(&narrow).for_each(|(o, v)| *o = f64::from(*v));
        Ok(n)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let frames = (out.len() as u64 / 2).min(self.frames.saturating_sub(start)) as usize;
        let bytes = bytemuck::cast_slice_mut(&mut out[..2 * frames]);
        read_exact_at(&self.file, bytes, start * 8).map_err(|e| RecordError::new(e.to_string()))?;
        Ok(frames)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let got = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[got..];
        at += got as u64;
    }
    Ok(())
}
