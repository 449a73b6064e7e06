//! Statistics of edges in bounded memory: durations, pulse widths, period, duty, jitter.

use super::edges::Edge;

/// Running mean and spread (Welford 1962).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Values taken.
    pub count: u64,
    /// Their mean; NaN without any.
    pub mean: f64,
    squares: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, mean: f64::NAN, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Moments {
    /// Takes a value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = if self.count == 1 { 0.0 } else { self.mean };
        let step = value - before;
        self.mean = before + step / self.count as f64;
        self.squares += step * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Standard deviation; 0 with fewer than two values.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        if self.count < 2 { 0.0 } else { (self.squares / (self.count - 1) as f64).sqrt() }
    }
}

/// The straight line through event instants over their number, by least squares: a clock and the jitter about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    count: f64,
    mean_n: f64,
    mean_t: f64,
    nn: f64,
    nt: f64,
    tt: f64,
}

impl Clock {
    /// Takes the next instant.
    pub fn add(&mut self, t: f64) {
        let n = self.count;
        self.count += 1.0;
        let (dn, dt) = (n - self.mean_n, t - self.mean_t);
        self.mean_n += dn / self.count;
        self.mean_t += dt / self.count;
        self.nn += dn * (n - self.mean_n);
        self.nt += dn * (t - self.mean_t);
        self.tt += dt * (t - self.mean_t);
    }

    /// Period, and the standard deviation of the instants about the clock (two degrees of freedom are spent on it).
    #[must_use]
    pub fn fit(&self) -> Option<(f64, f64)> {
        if self.count < 3.0 {
            return (self.count >= 2.0).then(|| (self.nt / self.nn, 0.0));
        }
        let period = self.nt / self.nn;
        let rest = (self.tt - period * self.nt).max(0.0);
        Some((period, (rest / (self.count - 2.0)).sqrt()))
    }
}

/// What a train of edges amounts to; all times in samples.
#[derive(Debug, Clone, Copy, Default)]
pub struct PulseTrain {
    /// 10 to 90 % durations of rising edges.
    pub rise: Moments,
    /// 20 to 80 % durations of rising edges.
    pub rise_20_80: Moments,
    /// 10 to 90 % durations of falling edges.
    pub fall: Moments,
    /// 20 to 80 % durations of falling edges.
    pub fall_20_80: Moments,
    /// Rising edges.
    pub rising: u64,
    /// Falling edges.
    pub falling: u64,
    /// From a rising to the next falling 50 % instant.
    pub high: Moments,
    /// From a falling to the next rising 50 % instant.
    pub low: Moments,
    /// From a rising to the next rising one.
    pub period: Moments,
    /// The clock of the rising edges.
    pub clock: Clock,
    last: Option<Edge>,
    last_rising: Option<f64>,
}

impl PulseTrain {
    /// Takes the next edge.
    pub fn add(&mut self, edge: &Edge) {
        let (count, duration, inner) = if edge.rising {
            (&mut self.rising, &mut self.rise, &mut self.rise_20_80)
        } else {
            (&mut self.falling, &mut self.fall, &mut self.fall_20_80)
        };
        *count += 1;
        edge.duration().into_iter().for_each(|d| duration.add(d));
        edge.duration_20_80().into_iter().for_each(|d| inner.add(d));
        if let Some(last) = self.last {
            if edge.rising { &mut self.low } else { &mut self.high }.add(edge.t50 - last.t50);
        }
        if edge.rising {
            self.last_rising.into_iter().for_each(|t| self.period.add(edge.t50 - t));
            self.last_rising = Some(edge.t50);
            self.clock.add(edge.t50);
        }
        self.last = Some(*edge);
    }

    /// Whether the periods are alike enough (within 20 %) to be those of one clock.
    #[must_use]
    pub fn regular(&self) -> bool {
        self.period.count > 0 && self.period.max - self.period.min < 0.2 * self.period.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(rising: bool, t: f64) -> Edge {
        let (t10, t90) = if rising { (t - 4.0, t + 4.0) } else { (t + 2.0, t - 2.0) };
        Edge { rising, t10: Some(t10), t20: None, t50: t, t80: None, t90: Some(t90) }
    }

    #[test]
    fn widths_period_and_duty_of_a_train() {
        let mut train = PulseTrain::default();
        for k in 0..100 {
            train.add(&edge(true, 1e9 + 50.0 * f64::from(k)));
            train.add(&edge(false, 1e9 + 50.0 * f64::from(k) + 20.0));
        }
        assert_eq!((train.rising, train.falling), (100, 100));
        assert_eq!((train.high.mean, train.low.mean, train.period.mean), (20.0, 30.0, 50.0));
        assert_eq!((train.rise.mean, train.fall.mean), (8.0, 4.0));
        let (period, jitter) = train.clock.fit().unwrap();
        assert!((period - 50.0).abs() < 1e-9 && jitter < 1e-3, "{period} {jitter}");
        assert!(train.regular());
    }

    #[test]
    fn jitter_is_the_spread_about_the_clock() {
        // Displacements of +-0.5 that are orthogonal to constant and slope: sd sqrt(n / (n - 2)) / 2.
        let mut clock = Clock::default();
        let n = 1000;
        for k in 0..n {
            let push = [0.5, -0.5, -0.5, 0.5][k % 4];
            clock.add(10.0 * k as f64 + push);
        }
        let (period, jitter) = clock.fit().unwrap();
        let expected = 0.5 * (n as f64 / (n as f64 - 2.0)).sqrt();
        assert!((period - 10.0).abs() < 1e-9 && (jitter - expected).abs() < 1e-6, "{period} {jitter}");
    }

    #[test]
    fn moments_are_those_of_the_formula() {
        let mut m = Moments::default();
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].iter().for_each(|v| m.add(*v));
        assert!((m.mean - 5.0).abs() < 1e-12 && (m.sigma() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!((m.min, m.max, Moments::default().sigma()), (2.0, 9.0, 0.0));
    }
}
