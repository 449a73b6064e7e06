//! How far a piece of work is, and whether it is still wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use faultscope_door::Watch;

/// Shared between the interface, which looks and may cancel, and the worker, which reports.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    done: AtomicU64,
    total: AtomicU64,
    begun: AtomicBool,
    cancelled: AtomicBool,
}

impl Progress {
    /// Says that the work has begun, and how many frames it will read; zero when that cannot be told.
    pub(crate) fn begin(&self, total: u64) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
        self.0.begun.store(true, Ordering::Relaxed);
    }

    /// Asks the worker to stop.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Frames read so far.
    pub(crate) fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// 0 to 1, where the length of the work is known.
    pub(crate) fn fraction(&self) -> Option<f32> {
        let total = self.0.total.load(Ordering::Relaxed);
        (total > 0).then(|| (self.done() as f64 / total as f64).min(1.0) as f32)
    }
}

impl Watch for Progress {
    fn advance(&self, frames: u64) {
        self.0.done.fetch_add(frames, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_is_known_only_with_a_total_and_never_above_one() {
        let progress = Progress::default();
        assert!(!progress.has_begun());
        progress.begin(0);
        assert_eq!(progress.fraction(), None);
        progress.begin(100);
        progress.advance(50);
        assert_eq!(progress.fraction(), Some(0.5));
        progress.advance(500);
        assert_eq!(progress.fraction(), Some(1.0));
        let other = progress.clone();
        other.cancel();
        assert!(progress.cancelled());
    }
}
