//! Sample storage: positional, allocation-free reads of numbers that lie in a file or in memory.

use std::fs::File;
use std::sync::Arc;

use faultscope_signal::RecordError;

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
}

/// Numbers in a file, read by position: a file that shrinks under us gives an error, not a signal.
#[derive(Debug, Clone)]
pub struct FileSamples {
    file: Arc<File>,
    name: String,
    layout: Layout,
}

impl FileSamples {
    /// Numbers of `file` laid out as `layout` says; `name` is for messages.
    pub fn new(file: Arc<File>, name: impl Into<String>, layout: Layout) -> Self {
        Self { file, name: name.into(), layout }
    }
}
