//! Supervision of arrival: samples against our clock, because a server that drops buffers does not say so.

use std::time::Instant;

/// Length of one window; in each the smallest delay counts, so that a late thread is not taken for a loss.
const WINDOW_S: f64 = 0.5;
/// How far two clocks may run apart.
const DRIFT: f64 = 200e-6;
/// Less missing than this is told from lateness too badly to be reported.
const LEAST_S: f64 = 0.010;

/// Compares how many samples have come with how many should have.
#[derive(Debug, Clone)]
pub struct Arrival {
    rate_hz: f64,
    begun: Option<(Instant, u64)>,
    window: u64,
    /// Smallest deficit of this window, in seconds.
    smallest: f64,
    /// Smallest deficit so far, let up with the drift of the clocks.
    base: f64,
    base_at: f64,
}

impl Arrival {
    /// Of a stream of that rate.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        Self { rate_hz, begun: None, window: 0, smallest: f64::INFINITY, base: f64::INFINITY, base_at: 0.0 }
    }

    /// Takes note that `frames` have come, lost ones that are known of included; once a window it answers how many
    /// are missing now (0 while that is less than 10 ms worth).
    pub fn take(&mut self, now: Instant, frames: u64) -> Option<u64> {
        let (begun, first) = *self.begun.get_or_insert((now, frames));
        self.at(now.saturating_duration_since(begun).as_secs_f64(), frames.saturating_sub(first))
    }

    /// The same by seconds since the start.
    fn at(&mut self, elapsed_s: f64, frames: u64) -> Option<u64> {
        let deficit = elapsed_s - frames as f64 / self.rate_hz;
        let window = (elapsed_s / WINDOW_S) as u64;
        let answer = (window > self.window).then(|| self.close(elapsed_s));
        if answer.is_some() {
            self.window = window;
            self.smallest = f64::INFINITY;
        }
        self.smallest = self.smallest.min(deficit);
        answer
    }

    fn close(&mut self, elapsed_s: f64) -> u64 {
        if !self.smallest.is_finite() {
            return 0;
        }
        let base = self.base + DRIFT * (elapsed_s - self.base_at);
        let missing = (self.smallest - base).max(0.0);
        // A first window, or a smaller deficit than ever: the stream had only been late.
        if self.smallest <= base || !base.is_finite() {
            self.base = self.smallest;
            self.base_at = elapsed_s;
            return 0;
        }
        if missing < LEAST_S { 0 } else { (missing * self.rate_hz) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 8192 frames at 2.4 MS/s; `arrives` says when block k is there and how many frames have come by then.
    fn run(seconds: f64, arrives: impl Fn(f64, u64) -> (f64, u64)) -> Vec<(f64, u64)> {
        let (rate, block) = (2.4e6, 8192.0);
        let mut arrival = Arrival::new(rate);
        let blocks = (seconds * rate / block) as u64;
        let on_time = |k: u64| (k as f64 * block / rate, k * 8192);
        let taken = (0..blocks).map(|k| arrives(on_time(k).0, on_time(k).1));
        taken.filter_map(|(t, n)| arrival.at(t, n).map(|missing| (t, missing))).collect()
    }

    #[test]
    fn a_server_that_drops_one_per_cent_is_reported_within_two_seconds() {
        let answers = run(4.0, |t, n| (t, n * 99 / 100));
        let first = answers.iter().find(|(_, missing)| *missing > 0).unwrap();
        assert!(first.0 <= 2.1, "{answers:?}");
        // After 4 s 1 % of 9.6 million samples are missing; the window in front of the first answer is not seen.
        let last = answers.last().unwrap().1 as f64;
        assert!((60_000.0..=96_000.0).contains(&last), "{last}");
    }

    #[test]
    fn lateness_and_a_clock_of_a_hundred_ppm_are_no_loss() {
        let late = |t: f64, n: u64| (t + if (1.0..1.3).contains(&(t % 2.0)) { 0.2 } else { 0.0 }, n);
        assert!(run(10.0, late).iter().all(|(_, missing)| *missing == 0));
        assert!(run(120.0, |t, n| (t * 1.000_1, n)).iter().all(|(_, missing)| *missing == 0));
    }

    #[test]
    fn one_dropped_buffer_stays_missing() {
        let answers = run(10.0, |t, n| (t, if t > 3.0 { n - 131_072 } else { n }));
        assert_eq!(answers.iter().find(|(t, _)| (2.0..3.0).contains(t)).unwrap().1, 0);
        let last = answers.last().unwrap().1 as f64;
        assert!((last - 131_072.0).abs() < 5000.0, "{last}");
    }
}
