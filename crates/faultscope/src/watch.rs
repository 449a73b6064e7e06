//! Progress and interruption: a record that reports every read and stops when it is told to.

use faultscope_signal::{Kind, Record, RecordError, Unit};

/// Who watches long work: told of every block read, asked whether to go on.
pub trait Watch: Sync {
    /// `frames` more frames were read.
    fn advance(&self, frames: u64);
    /// `done` of `total` pieces of work are finished; `what` was the last.
    fn finished(&self, done: usize, total: usize, what: &str) {
        let _ = (done, total, what);
    }
    /// Whether the work is to stop.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn advance(&self, _frames: u64) {}
}

/// The sentence of a read that was stopped; the door turns it into [`crate::Error::interrupted`].
pub(crate) const INTERRUPTED: &str = "interrupted";

/// A record whose reads are watched.
pub(crate) struct Watched<'a> {
    pub(crate) record: &'a dyn Record,
    pub(crate) watch: &'a dyn Watch,
}

impl Watched<'_> {
    fn tell(&self, frames: usize) -> Result<usize, RecordError> {
        self.watch.advance(frames as u64);
        if self.watch.cancelled() { Err(RecordError::new(INTERRUPTED)) } else { Ok(frames) }
    }
}

impl Record for Watched<'_> {
    fn kind(&self) -> Kind {
        self.record.kind()
    }
    fn sample_rate_hz(&self) -> f64 {
        self.record.sample_rate_hz()
    }
    fn center_hz(&self) -> Option<f64> {
        self.record.center_hz()
    }
    fn unit(&self) -> Unit {
        self.record.unit()
    }
    fn frames(&self) -> u64 {
        self.record.frames()
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        self.record.read_f64(start, out).and_then(|n| self.tell(n))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        self.record.read_f32(start, out).and_then(|n| self.tell(n))
    }
    fn lend_f32(&self, start: u64, numbers: usize) -> Option<&[f32]> {
        let lent = self.record.lend_f32(start, numbers)?;
        // Work that is to stop meets the error of reading instead.
        self.tell(numbers / self.kind().components()).ok().map(|_| lent)
    }
    fn full_scale(&self) -> Option<f64> {
        self.record.full_scale()
    }
    fn rails(&self) -> Option<(f64, f64)> {
        self.record.rails()
    }
    fn bandwidth_hz(&self) -> Option<f64> {
        self.record.bandwidth_hz()
    }
    fn full_scale_dbm(&self) -> Option<f64> {
        self.record.full_scale_dbm()
    }
}
