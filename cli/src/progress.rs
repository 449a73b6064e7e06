//! Progress on standard error, for work longer than a second and only on a terminal; and Ctrl-C.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use faultscope_door::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CATCH: Once = Once::new();

/// Turns Ctrl-C into a flag that long work looks at.
pub(crate) fn catch_interrupt() {
    CATCH.call_once(|| {
        // Without the handler Ctrl-C still ends the program, only less politely.
        let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    });
}

/// A counter of samples read, drawn once the work has taken a second.
pub(crate) struct Progress {
    bar: ProgressBar,
    read: AtomicU64,
    begun: Instant,
}

impl Progress {
    /// `shown` is whether standard error is a terminal and messages are wanted.
    #[must_use]
    pub(crate) fn new(shown: bool, what: &str) -> Self {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg} {human_pos} samples read, {per_sec}, {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self { bar, read: AtomicU64::new(0), begun: Instant::now() }
    }
}

impl Watch for Progress {
    fn advance(&self, frames: u64) {
        let total = self.read.fetch_add(frames, Ordering::Relaxed) + frames;
        // Below a second nothing is drawn: short work should not flicker.
        if self.begun.elapsed() > Duration::from_secs(1) {
            self.bar.set_position(total);
        }
    }

    fn finished(&self, done: usize, total: usize, what: &str) {
        self.bar.set_message(format!("{done}/{total} {what}"));
    }

    fn cancelled(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
