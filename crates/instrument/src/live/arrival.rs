//! Supervision of arrival: samples against our clock, because a server that drops buffers does not say so.

use std::time::Instant;

/// Answers are looked at this often.
const STEP_S: f64 = 0.125;
/// Steps of one window (0.5 s), in which the smallest delay counts, so that a late thread is not taken for a loss.
const STEPS: usize = 4;
/// How far two clocks may run apart.
const DRIFT: f64 = 200e-6;
/// Less missing than this is told from lateness too badly to be reported.
const LEAST_S: f64 = 0.010;

/// How many frames did not arrive: a range, because a frame that is late looks like one that is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// So many are missing beyond lateness and drift of the clocks: what was lost up to half a second ago. 0 below 10 ms.
    pub least: u64,
    /// So many are missing if nothing that has not come is merely late; 0 while nothing is sure to be missing.
    pub most: u64,
}

/// Compares how many samples have come with how many should have.
#[derive(Debug, Clone)]
pub struct Arrival {
    rate_hz: f64,
    begun: Option<(Instant, u64)>,
    step: u64,
    /// Smallest deficits of this step and those before it, in seconds.
    recent: [f64; STEPS],
    /// Smallest deficit so far, let up with the drift of the clocks.
    base: f64,
    base_at: f64,
    missing: Missing,
    /// What was missing before the device went and came back.
    before: Missing,
}

impl Arrival {
    /// Of a stream of that rate.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            begun: None,
            step: 0,
            recent: [f64::INFINITY; STEPS],
            base: f64::INFINITY,
            base_at: 0.0,
            missing: Missing::default(),
            before: Missing::default(),
        }
    }

    /// Takes note that `frames` have come, lost ones that are known of included, and answers how many are missing.
    pub fn take(&mut self, now: Instant, frames: u64) -> Missing {
        let (begun, first) = *self.begun.get_or_insert((now, frames));
        self.at(now.saturating_duration_since(begun).as_secs_f64(), frames.saturating_sub(first))
    }

    /// Begins anew, as after an absence whose length is counted elsewhere; what was missing before stays missing.
    pub fn restart(&mut self) {
        *self = Self { before: self.total(), ..Self::new(self.rate_hz) };
    }

    fn total(&self) -> Missing {
        Missing { least: self.before.least + self.missing.least, most: self.before.most + self.missing.most }
    }

    /// The same by seconds since the start.
    fn at(&mut self, elapsed_s: f64, frames: u64) -> Missing {
        let deficit = elapsed_s - frames as f64 / self.rate_hz;
        let step = (elapsed_s / STEP_S) as u64;
        if step > self.step {
            self.close(elapsed_s);
            let passed = usize::try_from(step - self.step).unwrap_or(STEPS).min(STEPS);
            self.recent.rotate_right(passed);
            self.recent.iter_mut().take(passed).for_each(|r| *r = f64::INFINITY);
            self.step = step;
        }
        if let Some(smallest) = self.recent.first_mut() {
            *smallest = smallest.min(deficit);
        }
        self.missing.most = match self.missing.least {
            0 => 0,
            least => least.max(((deficit - self.base).max(0.0) * self.rate_hz) as u64),
        };
        self.total()
    }

    fn close(&mut self, elapsed_s: f64) {
        let smallest = self.recent.iter().copied().fold(f64::INFINITY, f64::min);
        if !smallest.is_finite() {
            return;
        }
        let base = self.base + DRIFT * (elapsed_s - self.base_at);
        // A first step, or a smaller deficit than ever: the stream had only been late.
        if smallest <= base || !base.is_finite() {
            (self.base, self.base_at, self.missing.least) = (smallest, elapsed_s, 0);
            return;
        }
        let missing = smallest - base;
        self.missing.least = if missing < LEAST_S { 0 } else { (missing * self.rate_hz) as u64 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 2.4e6;

    /// Blocks of 8192 frames at 2.4 MS/s; `arrives` says when block k is there and how many frames have come by then.
    fn run(seconds: f64, arrives: impl Fn(f64, u64) -> (f64, u64)) -> Vec<(f64, Missing)> {
        let block = 8192.0;
        let mut arrival = Arrival::new(RATE);
        let blocks = (seconds * RATE / block) as u64;
        let on_time = |k: u64| (k as f64 * block / RATE, k * 8192);
        let taken = (0..blocks).map(|k| arrives(on_time(k).0, on_time(k).1));
        taken.map(|(t, n)| (t, arrival.at(t, n))).collect()
    }

    /// 1 % of what is due, from the instant `from` on.
    fn drops(from: f64) -> impl Fn(f64, u64) -> (f64, u64) {
        move |t, n| (t, n - ((t - from).max(0.0) * 0.01 * RATE) as u64)
    }

    #[test]
    fn a_server_that_drops_one_per_cent_is_reported_within_two_seconds() {
        for from in [0.0, 3.3, 60.0] {
            let answers = run(from + 4.0, drops(from));
            let first = answers.iter().find(|(_, m)| m.least > 0).unwrap().0;
            assert!((from..=from + 2.0).contains(&first), "from {from}: {first}");
        }
    }

    #[test]
    fn what_is_missing_lies_between_the_bounds_up_to_the_last_block() {
        for seconds in [2.0, 4.0, 10.0] {
            let (t, missing) = *run(seconds, drops(0.0)).last().unwrap();
            // 1 % of what was due; a block is 82 frames of that.
            let lost = t * 0.01 * RATE;
            assert!(missing.least as f64 <= lost && lost <= missing.most as f64 + 2.0, "{lost}: {missing:?}");
            // A window and a step of 1 %, and the drift that the clocks are allowed.
            let unseen = (0.625 + 0.02 * t) * 0.01 * RATE;
            assert!(missing.least as f64 >= lost - unseen - 82.0, "{lost}: {missing:?}");
        }
    }

    #[test]
    fn lateness_and_a_clock_of_a_hundred_ppm_are_no_loss() {
        let late = |t: f64, n: u64| (t + if (1.0..1.3).contains(&(t % 2.0)) { 0.2 } else { 0.0 }, n);
        assert!(run(10.0, late).iter().all(|(_, m)| *m == Missing::default()));
        assert!(run(120.0, |t, n| (t * 1.000_1, n)).iter().all(|(_, m)| *m == Missing::default()));
        // Nothing at all for a second, and then everything at once.
        let stalled = |t: f64, n: u64| (if (2.0..3.0).contains(&t) { 3.0 } else { t }, n);
        assert!(run(6.0, stalled).iter().all(|(_, m)| *m == Missing::default()));
    }

    #[test]
    fn one_dropped_buffer_stays_missing() {
        let answers = run(10.0, |t, n| (t, if t > 3.0 { n - 131_072 } else { n }));
        assert!(answers.iter().filter(|(t, _)| *t < 3.0).all(|(_, m)| m.least == 0));
        let last = answers.last().unwrap().1;
        assert!(last.least <= 131_072 && last.most + 2 >= 131_072 && last.least > 126_000, "{last:?}");
    }

    #[test]
    fn what_was_missing_before_an_absence_stays_missing() {
        let mut arrival = Arrival::new(1e6);
        let feed = |arrival: &mut Arrival| {
            // Of 3 s the second one is missing.
            let at = |k: u32| f64::from(k) * 0.01;
            (0..300).filter(|k| !(100..200).contains(k)).fold(Missing::default(), |_, k| {
                arrival.at(at(k), if k < 100 { u64::from(k) } else { u64::from(k - 100) } * 10_000)
            })
        };
        let once = feed(&mut arrival);
        assert!((990_000..=1_000_000).contains(&once.least) && once.most >= 1_000_000 - 2, "{once:?}");
        arrival.restart();
        let twice = feed(&mut arrival);
        assert_eq!((twice.least, twice.most), (2 * once.least, 2 * once.most));
    }
}
