//! Sidebands of a carrier in pairs: what stands at equal distances on both sides of it, and whether it modulates the
//! carrier's amplitude or its phase.
//!
//! A carrier `1 + m cos(wt + p)` has two equal sidebands in phase, `exp(j b cos(wt + p))` two in opposition: with U and
//! L the complex amplitudes at +w and -w relative to the carrier, m = |U + conj L| and b = |U - conj L| (small index).

use faultscope_transform::double;
use num_complex::Complex64;

use crate::demod::Channel;
use crate::detect::lines_of_bins;
use crate::floor::{self, Floor};
use crate::record::Kind;
use crate::special::ln_gamma_q;
use crate::tone::{Response, interpolate};
use crate::window::Window;

/// The carrier itself is taken off, so that side lobes matter less than the noise in a bin.
const WINDOW: Window = Window::Hann;
/// Bins next to the carrier that its own line and its slow wander fill.
const FIRST_BIN: usize = 4;
/// Stretches that the slow phase of the carrier is followed over.
const STRETCHES: usize = 256;
/// Fewest samples: a main lobe on either side of the carrier, and noise beside it.
const FEWEST: usize = 512;
/// A side counts as there when it stands this far above its own noise (power ratio). It is enough that it is not missing:
/// what proves the pair is both sides together.
const SIDE: f64 = 1.2;
/// A pair whose sides differ by more (power ratio) is one line and leakage, not a modulation: 20 dB.
const UNEVEN: f64 = 100.0;

/// A line at equal distances above and below a carrier. Levels are powers relative to the carrier's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Distance from the carrier.
    pub offset_hz: f64,
    /// One standard deviation of `offset_hz`.
    pub sigma_hz: f64,
    /// Power of the line above the carrier.
    pub upper: f64,
    /// Power of the line below it.
    pub lower: f64,
    /// Peak of the relative amplitude it makes: the modulation depth m.
    pub am: f64,
    /// Peak of the phase it makes, in radians; nothing where only the envelope was looked at.
    pub pm: Option<f64>,
    /// Power of both lines over the noise in their bins.
    pub snr: f64,
    /// Chance that noise makes a pair this strong where it was looked for.
    pub false_alarm: f64,
    /// Whether both lines are there, within 20 dB of each other.
    pub both: bool,
}

/// The spectrum about a carrier, folded: bin k holds what is k bins above the carrier and k bins below.
#[derive(Debug, Clone)]
pub struct Sidebands {
    /// Complex amplitude relative to the carrier above it, and the conjugate of that below.
    sides: Vec<(Complex64, Complex64)>,
    /// Sum of both powers.
    power: Vec<f64>,
    floor: Floor,
    bin_hz: f64,
    reach_hz: f64,
    envelope_only: bool,
    samples: usize,
}

impl Sidebands {
    /// About a carrier that is a line; nothing for a channel without one, or with too few samples.
    #[must_use]
    pub fn of_carrier(channel: &Channel) -> Option<Self> {
        let steady = steadied(&channel.samples)?;
        let count = steady.len() as f64;
        let carrier = steady.iter().sum::<Complex64>() / count;
        let relative = steady.iter().map(|z| z / carrier - 1.0).collect();
        Self::new(relative, channel, false)
    }

    /// Of the power of a signal that is no line (a modulated carrier): only its amplitude can be told.
    #[must_use]
    pub fn of_envelope(channel: &Channel) -> Option<Self> {
        let count = channel.samples.len() as f64;
        let mean = channel.samples.iter().map(Complex64::norm_sqr).sum::<f64>() / count;
        if !(mean.is_finite() && mean > 0.0) {
            return None;
        }
        // Power goes with the square of the amplitude: half of its relative change.
        let relative = channel.samples.iter().map(|z| Complex64::from(0.5 * (z.norm_sqr() / mean - 1.0))).collect();
        Self::new(relative, channel, true)
    }

    fn new(mut relative: Vec<Complex64>, channel: &Channel, envelope_only: bool) -> Option<Self> {
        let n = relative.len();
        if n < FEWEST || relative.iter().any(|z| !(z.re.is_finite() && z.im.is_finite())) {
            return None;
        }
        let window = WINDOW.coefficients(n);
        let sum: f64 = window.iter().sum();
        relative.iter_mut().zip(&window).for_each(|(z, w)| *z *= w / sum);
        double::forward(n).process(&mut relative);
        let bin_hz = channel.rate_hz / n as f64;
        let reach_hz = 0.5 * channel.bandwidth_hz.min(channel.rate_hz);
        let last = ((reach_hz / bin_hz) as usize).min((n - 1) / 2);
        let side = |k: usize| relative.get(k).copied().unwrap_or_default();
        let sides: Vec<(Complex64, Complex64)> = (0..=last).map(|k| (side(k), side((n - k) % n).conj())).collect();
        // The two halves of a real envelope's spectrum are the same numbers.
        let power: Vec<f64> = sides.iter().map(|(u, l)| u.norm_sqr() + l.norm_sqr()).collect();
        let shape = if envelope_only { 1.0 } else { 2.0 };
        let beyond = power.get(FIRST_BIN..).filter(|p| p.len() > FIRST_BIN)?;
        let floor = floor::of_bins(beyond, shape, WINDOW.main_lobe_bins(), Kind::Real);
        Some(Self { sides, power, floor, bin_hz, reach_hz, envelope_only, samples: n })
    }

    /// Lowest offset that the record can tell from the carrier.
    #[must_use]
    pub fn lowest_hz(&self) -> f64 {
        FIRST_BIN as f64 * self.bin_hz
    }

    /// Highest offset covered on both sides.
    #[must_use]
    pub fn highest_hz(&self) -> f64 {
        self.reach_hz
    }

    /// Distance between bins.
    #[must_use]
    pub fn bin_hz(&self) -> f64 {
        self.bin_hz
    }

    /// Every pair, strongest first; `false_alarm` is the chance that noise alone shows any.
    #[must_use]
    pub fn pairs(&self, false_alarm: f64) -> Vec<Pair> {
        let Some(power) = self.power.get(FIRST_BIN..) else { return Vec::new() };
        let lines = lines_of_bins(power, &self.response(), &self.floor, false_alarm);
        lines.iter().map(|l| self.pair(l.peak + FIRST_BIN, l.false_alarm)).collect()
    }

    /// The strongest pair within `tolerance_hz` of an offset, however weak; nothing outside the band.
    #[must_use]
    pub fn near(&self, offset_hz: f64, tolerance_hz: f64) -> Option<Pair> {
        let bin = |hz: f64| (hz / self.bin_hz).round();
        let from = bin(offset_hz - tolerance_hz).max(FIRST_BIN as f64) as usize;
        let to = bin(offset_hz + tolerance_hz).max(0.0) as usize;
        let cells = self.power.get(from..=to.max(from)).filter(|_| offset_hz >= self.lowest_hz())?;
        let peak = from + cells.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?.0;
        let (guard, shape) = self.noise(peak, &self.floor.guard)?;
        let tail = ln_gamma_q(shape, shape * self.power.get(peak)? / guard).exp();
        let false_alarm = -(cells.len() as f64 * (-tail).ln_1p()).exp_m1();
        Some(self.pair(peak, false_alarm))
    }

    fn response(&self) -> std::sync::Arc<Response> {
        Response::of(WINDOW, self.samples)
    }

    /// Noise power of a bin by one of the floor's estimates, and the shape of its distribution.
    fn noise(&self, bin: usize, of: &[f64]) -> Option<(f64, f64)> {
        let at = bin.checked_sub(FIRST_BIN)?;
        Some((*of.get(at)?, *self.floor.shape.get(at)?))
    }

    fn pair(&self, peak: usize, false_alarm: f64) -> Pair {
        let (level, _) = self.noise(peak, &self.floor.level).unwrap_or((f64::MIN_POSITIVE, 1.0));
        let level = level.max(f64::MIN_POSITIVE);
        let tone = interpolate(&self.response(), &self.power, peak, level, 2);
        let (u, l) = self.sides.get(peak).copied().unwrap_or_default();
        let top = self.power.get(peak).copied().unwrap_or(0.0).max(f64::MIN_POSITIVE);
        // What lies between bins scales both sides alike, and turns both by the same angle.
        let scale = tone.power.max(0.0) / top;
        let snr = tone.power / level;
        let (upper, lower) = (u.norm_sqr(), l.norm_sqr());
        let there = |p: f64| p > SIDE * 0.5 * level;
        let even = upper.max(lower) <= UNEVEN * upper.min(lower);
        Pair {
            offset_hz: tone.bin * self.bin_hz,
            sigma_hz: self.bin_hz * offset_sigma(snr),
            upper: scale * upper,
            lower: scale * lower,
            am: (scale * (u + l).norm_sqr()).sqrt(),
            pm: (!self.envelope_only).then(|| (scale * (u - l).norm_sqr()).sqrt()),
            snr,
            false_alarm,
            both: there(upper) && there(lower) && even,
        }
    }
}

/// Share of a channel's power that stays together for a sixty-fourth of its length: near 1 for a carrier that is a line,
/// near 0 for a modulated signal or noise.
#[must_use]
pub fn carrier_share(channel: &Channel) -> f64 {
    let stretch = (channel.samples.len() / 64).max(1);
    let together = |c: &[Complex64]| c.iter().sum::<Complex64>().norm_sqr() / stretch as f64;
    let coherent: f64 = channel.samples.chunks_exact(stretch).map(together).sum();
    let total: f64 = channel.samples.iter().map(Complex64::norm_sqr).sum();
    if total > 0.0 { coherent / total } else { 0.0 }
}

/// Standard deviation of a line's place in bins: the Cramer-Rao bound for a steady line, sqrt(3 / (2 snr)) / pi with
/// the power `snr` in one bin, times what the window loses.
fn offset_sigma(snr: f64) -> f64 {
    1.7 * (1.5 / snr.max(1e-3)).sqrt() / std::f64::consts::PI
}

/// Takes the slow wander of the carrier's phase off: a parabola through the phases of 256 stretches.
fn steadied(samples: &[Complex64]) -> Option<Vec<Complex64>> {
    let width = samples.len() / STRETCHES.min(samples.len() / 8).max(1);
    let stretches: Vec<Complex64> = samples.chunks_exact(width.max(1)).map(|c| c.iter().sum()).collect();
    let mut phase = Vec::with_capacity(stretches.len());
    let mut last = *stretches.first()?;
    let mut at = last.arg();
    for z in &stretches {
        at += (z * last.conj()).arg();
        phase.push(at);
        last = *z;
    }
    let fit = Parabola::through(&phase)?;
    let middle = 0.5 * (width as f64 - 1.0);
    let turned = samples.iter().enumerate().map(|(i, z)| {
        let angle = fit.at((i as f64 - middle) / width as f64);
        z * Complex64::from_polar(1.0, -angle)
    });
    let turned: Vec<Complex64> = turned.collect();
    let mean = turned.iter().sum::<Complex64>().norm() / turned.len() as f64;
    (mean.is_finite() && mean > 0.0).then_some(turned)
}

/// A least-squares parabola through evenly spaced values, in terms that do not mix: 1, x, x^2 less its mean.
struct Parabola {
    middle: f64,
    terms: [f64; 3],
    spread: f64,
}

impl Parabola {
    fn through(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let middle = 0.5 * (n - 1.0);
        let x = |i: usize| i as f64 - middle;
        let spread = (n * n - 1.0) / 12.0;
        let (mut sums, mut norms) = ([0.0; 3], [0.0; 3]);
        for (i, v) in values.iter().enumerate() {
            let basis = [1.0, x(i), x(i) * x(i) - spread];
            for ((s, q), b) in sums.iter_mut().zip(&mut norms).zip(basis) {
                *s += v * b;
                *q += b * b;
            }
        }
        if values.len() < 4 || norms.iter().any(|q| *q <= 0.0) {
            return None;
        }
        let [a, b, c] = sums;
        let [p, q, r] = norms;
        Some(Self { middle, terms: [a / p, b / q, c / r], spread })
    }

    fn at(&self, i: f64) -> f64 {
        let x = i - self.middle;
        let [a, b, c] = self.terms;
        a + b * x + c * (x * x - self.spread)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;
    use crate::record::Waveform;

    /// A carrier 300.3 Hz off, drifting by 2 Hz, with AM and PM of stated depth at `f`, and white noise of `noise` rms.
    fn channel(f: f64, am: f64, pm: f64, noise: f64) -> Channel {
        let rate = 50e3;
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let data: Vec<Complex64> = (0..50_000)
            .map(|i| {
                let t = f64::from(i) / rate;
                let modulated = 1.0 + am * (TAU * f * t + 0.4).cos();
                let angle = TAU * (300.3 * t + t * t) + pm * (TAU * f * t + 1.1).cos();
                let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt() * noise / std::f64::consts::SQRT_2;
                0.3 * (Complex64::from_polar(modulated, angle) + Complex64::from_polar(radius, TAU * uniform()))
            })
            .collect();
        Channel::read(&Waveform::iq(&data, rate, None).unwrap(), 300.0, 40e3, 1 << 20).unwrap()
    }

    #[test]
    fn depth_and_index_are_those_put_in() {
        for (am, pm) in [(0.02, 0.0), (0.0, 0.03), (0.01, 0.02)] {
            let found = Sidebands::of_carrier(&channel(1234.5, am, pm, 0.01)).unwrap().pairs(0.01);
            let pair = found.first().unwrap();
            assert!((pair.offset_hz - 1234.5).abs() < 0.02, "{pair:?}");
            assert!((pair.am - am).abs() < 3e-4 && (pair.pm.unwrap() - pm).abs() < 3e-4, "{am} {pm} {pair:?}");
        }
    }

    /// m / 2 of either side: 20 log10(0.01).
    #[test]
    fn sides_are_relative_to_the_carrier() {
        let pair = Sidebands::of_carrier(&channel(777.0, 0.02, 0.0, 1e-4)).unwrap().near(777.0, 5.0).unwrap();
        for side in [pair.upper, pair.lower] {
            assert!((10.0 * side.log10() + 40.0).abs() < 0.02, "{pair:?}");
        }
        assert!(pair.both && pair.false_alarm < 1e-9);
    }

    #[test]
    fn the_envelope_alone_tells_the_depth() {
        let pair = Sidebands::of_envelope(&channel(777.0, 0.05, 0.2, 1e-3)).unwrap().near(777.0, 5.0).unwrap();
        assert!((pair.am - 0.05).abs() < 1e-3 && pair.pm.is_none(), "{pair:?}");
    }

    #[test]
    fn a_line_on_one_side_is_no_pair() {
        let rate = 50e3;
        let data: Vec<Complex64> = (0..50_000)
            .map(|i| {
                let t = f64::from(i) / rate;
                let noise = 1e-4 * f64::from((i * 7919) % 101) / 101.0;
                Complex64::cis(TAU * 100.0 * t) + 0.01 * Complex64::cis(TAU * 2100.0 * t) + noise
            })
            .collect();
        let record = Waveform::iq(&data, rate, None).unwrap();
        let channel = Channel::read(&record, 100.0, 40e3, 1 << 20).unwrap();
        let found = Sidebands::of_carrier(&channel).unwrap().near(2000.0, 3.0).unwrap();
        assert!(!found.both && found.snr > 100.0, "{found:?}");
    }

    #[test]
    fn too_little_is_nothing() {
        let mut short = channel(777.0, 0.05, 0.0, 0.0);
        short.samples.truncate(100);
        assert!(Sidebands::of_carrier(&short).is_none());
        short.samples.clear();
        assert!(Sidebands::of_carrier(&short).is_none() && Sidebands::of_envelope(&short).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// A parabola is its own best fit.
        #[test]
        fn a_parabola_comes_back(a in -5.0..5.0f64, b in -0.1..0.1f64, c in -1e-3..1e-3f64, n in 8usize..400) {
            let at = |i: f64| a + b * i + c * i * i;
            let values: Vec<f64> = (0..n).map(|i| at(i as f64)).collect();
            let fit = Parabola::through(&values).unwrap();
            for i in [0.0, 3.5, n as f64] {
                prop_assert!((fit.at(i) - at(i)).abs() < 1e-8 * (1.0 + at(i).abs()));
            }
        }
    }
}
