//! What else to take from a record in the one pass, and with which means.

use super::levels::LevelScale;

/// Which traces a spectrum holds beside the mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traces {
    /// The highest power of any segment, per bin.
    pub max: bool,
    /// The lowest power of any segment, per bin.
    pub min: bool,
    /// Percentiles of the segments' powers, each 0 to 100.
    pub percentiles: Vec<f64>,
    /// The histogram of levels.
    pub persistence: bool,
    /// Levels that the histogram covers; chosen from the beginning of the record when absent.
    pub scale: Option<LevelScale>,
}

/// Precision of the samples and of the transform; sums over the record are always in double precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Single: lines down to about 120 dB below the strongest.
    #[default]
    F32,
    /// Double: for a wider range than that, at about twice the cost.
    F64,
}

/// How [`analyze`](super::analyze) works.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What to keep beside the mean.
    pub traces: Traces,
    /// Precision.
    pub precision: Precision,
    /// Threads; 0 is one per core. The result does not depend on it, to the last bit.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { traces: Traces::default(), precision: Precision::F32, threads: 1 }
    }
}
