//! The mains: its phase over time, and the amplitudes of its harmonics in a rail.

use std::f64::consts::TAU;

use super::{Rail, line};
use crate::random::Random;
use crate::sim::math::Phasor;
use crate::sim::{Scenario, TruthLine};

/// Peak of the slow wander of the mains frequency, and its period.
const WANDER_HZ: f64 = 0.01;
const WANDER_PERIOD_S: f64 = 7.0;
/// Highest harmonic that the truth lists, and the smallest amplitude.
const ORDERS: usize = 40;
const SMALLEST_V: f64 = 10e-6;

/// A mains whose frequency is a little off and wanders slowly, as grids do.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Mains {
    /// Frequency about which it wanders.
    pub frequency_hz: f64,
    start_turns: f64,
    wander_turns: f64,
}

impl Mains {
    /// Up to +-0.1 Hz off nominal, at any phase.
    pub(in crate::sim) fn new(s: &Scenario, random: &mut Random) -> Self {
        Self {
            frequency_hz: s.mains_hz + random.between(-0.1, 0.1),
            start_turns: random.uniform(),
            wander_turns: random.uniform(),
        }
    }

    /// Exactly on frequency, starting with a zero crossing: for comparison with tables.
    #[cfg(test)]
    pub(in crate::sim) const fn ideal(frequency_hz: f64) -> Self {
        Self { frequency_hz, start_turns: 0.0, wander_turns: f64::NAN }
    }

    /// Phase in turns; the frequency is its derivative.
    pub(in crate::sim) fn turns(&self, t: f64) -> f64 {
        let steady = self.start_turns + self.frequency_hz * t;
        if self.wander_turns.is_nan() {
            return steady;
        }
        let phase = TAU * (t / WANDER_PERIOD_S + self.wander_turns);
        steady + WANDER_HZ * WANDER_PERIOD_S / TAU * libm::sin(phase)
    }

    /// Amplitudes of the harmonics 1 to 40 in `volts`, by correlation with the exact phase under a Hann window.
    ///
    /// Empty when the record has fewer than four cycles: the harmonics could not be told apart.
    pub(in crate::sim) fn harmonics(&self, volts: &[f64], rate_hz: f64) -> Vec<f64> {
        let n = volts.len();
        if n as f64 / rate_hz * self.frequency_hz < 4.0 {
            return Vec::new();
        }
        let mean = volts.iter().sum::<f64>() / n as f64;
        let orders = ORDERS.min((0.5 * rate_hz / self.frequency_hz) as usize);
        let mut sums = vec![Phasor::ZERO; orders];
        for (k, v) in volts.iter().enumerate() {
            let hann = 1.0 - Phasor::turn(k as f64 / n as f64).re;
            let z = Phasor::turn(-self.turns(k as f64 / rate_hz));
            let mut power = z.scale((v - mean) * hann);
            for sum in &mut sums {
                *sum = sum.plus(power);
                power = power.times(z);
            }
        }
        sums.iter().map(|s| s.magnitude() * 2.0 / n as f64).collect()
    }

    /// Mean frequency over a record, wander included.
    fn mean_hz(&self, frames: usize, rate_hz: f64) -> f64 {
        let length = frames.max(1) as f64 / rate_hz;
        (self.turns(length) - self.turns(0.0)) / length
    }

    /// The same as lines of the truth, those above 10 uV.
    pub(in crate::sim) fn lines(&self, volts: &[f64], rate_hz: f64) -> Vec<TruthLine> {
        let fundamental_hz = self.mean_hz(volts.len(), rate_hz);
        let amplitudes = self.harmonics(volts, rate_hz);
        let strong = (1_u32..).zip(amplitudes).filter(|(_, a)| *a > SMALLEST_V);
        strong.map(|(h, a)| line("mains", h, f64::from(h) * fundamental_hz, a)).collect()
    }

    /// A rail with its mains lines and frequency in the truth.
    pub(super) fn rail(&self, clean: Vec<f64>, s: &Scenario) -> Rail {
        let lines = self.lines(&clean, s.rate_hz);
        let mains_hz = self.mean_hz(clean.len(), s.rate_hz);
        Rail { lines, ..Rail::new(clean) }.with("mains_hz", mains_hz)
    }
}
