//! Vector error of a PSK or QAM carrier of known symbol rate: matched filter, timing, carrier, gain, then the error.
//!
//! Timing: M. Oerder, H. Meyr, "Digital filter and square timing recovery" (1988); carrier: A. J. and A. M. Viterbi
//! (1983); both are then refined by least squares on the decided symbols.

mod constellation;

use std::f64::consts::TAU;

use faultscope_transform::double;
use num_complex::Complex64;

use crate::quantity::{db_from_amplitude, db_from_power};
use crate::record::RecordError;
use crate::rrc::Pulse;

pub use constellation::Constellation;

/// Symbols that are measured at most, and at least.
const MOST: usize = 10_000;
const FEWEST: usize = 100;
/// Symbols that share one estimate of the timing.
const TIMING_BLOCK: usize = 250;
/// Rounds of refinement.
const ROUNDS: usize = 6;

/// The quality of a digitally modulated carrier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evm {
    /// Symbols measured.
    pub symbols: usize,
    /// Rms of the error over rms of the symbols, after gain, phase, frequency, timing and offset were taken out.
    pub rms: f64,
    /// Largest error over rms of the symbols.
    pub peak: f64,
    /// Rms of the error in magnitude, over rms of the symbols.
    pub magnitude_rms: f64,
    /// Rms of the error in phase, in radians.
    pub phase_rms: f64,
    /// Carrier from the middle of the channel.
    pub carrier_hz: f64,
    /// Symbol rate minus the nominal one, over the nominal one.
    pub symbol_rate_error: f64,
    /// Power of the constant offset (carrier leak) over the symbols' power, in dB.
    pub offset_db: f64,
    /// Gain of I over Q in dB; the sign is not known where the constellation looks the same turned by 90 degrees.
    pub gain_imbalance_db: Option<f64>,
    /// Departure of the angle between I and Q from 90 degrees, in radians; sign as above.
    pub quadrature_error: Option<f64>,
    /// Whether the error is small enough for decisions to be right; otherwise `rms` is a lower bound.
    pub reliable: bool,
}

/// The symbols behind a vector error, in the transmitter's own axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Symbols {
    /// As they came, after gain, phase, frequency, timing and offset were taken out.
    pub received: Vec<Complex64>,
    /// Error of each over rms of the symbols: their rms is [`Evm::rms`].
    pub error: Vec<f64>,
}

/// Measures the vector error in samples of a channel at zero frequency, matched filter included.
///
/// The carrier must lie within an eighth of the symbol rate (a sixteenth for 8PSK) of the middle. At most 10 000
/// symbols are measured; gain, phase and frequency are constant over them: phase noise counts as error.
///
/// # Errors
/// When the settings make no sense, or fewer than 100 symbols are there.
pub fn measure(
    samples: &[Complex64],
    rate_hz: f64,
    symbol_rate_hz: f64,
    constellation: Constellation,
    rolloff: f64,
) -> Result<Evm, RecordError> {
    Ok(measure_symbols(samples, rate_hz, symbol_rate_hz, constellation, rolloff)?.0)
}

/// The same with the symbols that the figures are of.
///
/// # Errors
/// As for [`measure`].
pub fn measure_symbols(
    samples: &[Complex64],
    rate_hz: f64,
    symbol_rate_hz: f64,
    constellation: Constellation,
    rolloff: f64,
) -> Result<(Evm, Symbols), RecordError> {
    if !(symbol_rate_hz > 0.0 && rate_hz > symbol_rate_hz * (1.0 + rolloff) && (0.05..=1.0).contains(&rolloff)) {
        return Err(RecordError::new(format!(
            "a symbol rate of {symbol_rate_hz} Hz with roll-off {rolloff} does not fit {rate_hz} samples/s; \
             the roll-off is 0.05 to 1 and the rate must exceed (1 + roll-off) times the symbol rate"
        )));
    }
    let pulse = Pulse::new(rolloff);
    let filter = Matched { samples: samples.to_vec(), per_symbol: rate_hz / symbol_rate_hz, pulse };
    let room = samples.len() as f64 / filter.per_symbol - 2.0 * filter.pulse.span() - 2.0;
    if room < FEWEST as f64 {
        return Err(RecordError::new(format!(
            "{} samples hold about {} symbols, {FEWEST} are needed",
            samples.len(),
            room.max(0.0).floor()
        )));
    }
    let count = (room as usize).min(MOST);
    Receiver::new(filter, count, constellation).run(symbol_rate_hz)
}

/// The matched filter over samples, read at any instant.
struct Matched {
    samples: Vec<Complex64>,
    per_symbol: f64,
    pulse: Pulse,
}

impl Matched {
    /// The output at `t` symbols from the first sample.
    fn at(&self, t: f64) -> Complex64 {
        let (low, high) = (t - self.pulse.span(), t + self.pulse.span());
        let first = (low * self.per_symbol).ceil().max(0.0) as usize;
        let last = ((high * self.per_symbol).floor().max(0.0) as usize).min(self.samples.len().saturating_sub(1));
        let part = self.samples.get(first..=last).unwrap_or(&[]);
        let sum = part.iter().enumerate().fold(Complex64::default(), |sum, (i, z)| {
            sum + z * self.pulse.at((first + i) as f64 / self.per_symbol - t)
        });
        sum / self.per_symbol
    }

    /// Turns the samples by `cycles` per symbol.
    fn turn(&mut self, cycles: f64) {
        let step = cycles / self.per_symbol;
        for (i, z) in self.samples.iter_mut().enumerate() {
            *z *= Complex64::from_polar(1.0, -TAU * (step * i as f64).fract());
        }
    }
}

struct Receiver {
    filter: Matched,
    count: usize,
    constellation: Constellation,
    points: Vec<Complex64>,
    /// Instant of the first symbol, and of one symbol after another, in nominal symbols.
    first: f64,
    period: f64,
    /// Cycles per nominal symbol taken out of the samples so far.
    cycles: f64,
}

impl Receiver {
    fn new(filter: Matched, count: usize, constellation: Constellation) -> Self {
        let first = filter.pulse.span() + 0.5;
        Self { filter, count, constellation, points: constellation.points(), first, period: 1.0, cycles: 0.0 }
    }

    fn run(mut self, symbol_rate_hz: f64) -> Result<(Evm, Symbols), RecordError> {
        for _ in 0..2 {
            self.recover_timing();
            let symbols = self.symbols();
            let cycles = self.blind_frequency(&symbols);
            self.filter.turn(cycles);
            self.cycles += cycles;
        }
        let mut symbols = self.symbols();
        let mut gain = self.blind_gain(&symbols);
        let mut slope = 0.0;
        for _ in 0..ROUNDS {
            let decided = self.decide(&symbols, gain, slope);
            (gain, slope) = refine_carrier(&symbols, &decided, gain, slope);
            self.refine_timing(&symbols, &decided, gain, slope);
            symbols = self.symbols();
        }
        let decided = self.decide(&symbols, gain, slope);
        (gain, slope) = refine_carrier(&symbols, &decided, gain, slope);
        let straight: Vec<Complex64> =
            symbols.iter().enumerate().map(|(k, y)| y * Complex64::from_polar(1.0, -slope * k as f64) / gain).collect();
        self.cycles += slope / TAU / self.period;
        Ok(self.errors(&straight, &decided, symbol_rate_hz))
    }

    /// Feed-forward: the phase of the line at the symbol rate in the squared envelope, block by block, on a line.
    fn recover_timing(&mut self) {
        let mut blocks = Vec::new();
        let mut previous: Option<f64> = None;
        for begin in (0..self.count).step_by(TIMING_BLOCK) {
            let end = (begin + TIMING_BLOCK).min(self.count);
            if end - begin < TIMING_BLOCK / 2 && previous.is_some() {
                break;
            }
            let mut sum = Complex64::default();
            for k in 4 * begin..4 * end {
                let t = self.first + k as f64 / 4.0 * self.period;
                sum += Complex64::from_polar(self.filter.at(t).norm_sqr(), -TAU * (k % 4) as f64 / 4.0);
            }
            let mut delay = -sum.arg() / TAU;
            if let Some(before) = previous {
                delay -= (delay - before).round();
            }
            previous = Some(delay);
            blocks.push((0.5 * (begin + end) as f64, delay));
        }
        let n = blocks.len() as f64;
        let (mx, my) = blocks.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
        let sxx: f64 = blocks.iter().map(|(x, _)| (x - mx).powi(2)).sum();
        let sxy: f64 = blocks.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
        // Two blocks are a slope without a check.
        let slope = if blocks.len() >= 4 { sxy / sxx } else { 0.0 };
        self.first += (my - slope * mx) * self.period;
        self.first -= (self.first - self.filter.pulse.span() - 0.5).floor();
        self.period *= 1.0 + slope;
    }

    fn symbols(&self) -> Vec<Complex64> {
        let turn = self.constellation.turn();
        (0..self.count)
            .map(|k| {
                let z = self.filter.at(self.first + k as f64 * self.period);
                z * Complex64::from_polar(1.0, -TAU * (turn * k as f64).fract())
            })
            .collect()
    }

    /// Cycles per symbol, from the line that the power of the symbols leaves.
    fn blind_frequency(&self, symbols: &[Complex64]) -> f64 {
        let (power, _) = self.constellation.power();
        let length = (4 * symbols.len()).next_power_of_two();
        let mut data: Vec<Complex64> = symbols.iter().map(|z| z.powi(power)).collect();
        data.resize(length, Complex64::default());
        double::forward(length).process(&mut data);
        let peak =
            data.iter().enumerate().max_by(|a, b| a.1.norm_sqr().total_cmp(&b.1.norm_sqr())).map_or(0, |(i, _)| i);
        let level = |i: usize| data.get(i % length).map_or(0.0, |z| z.norm());
        let (left, middle, right) = (level(peak + length - 1), level(peak), level(peak + 1));
        let bend = left - 2.0 * middle + right;
        let shift = if bend < 0.0 { 0.5 * (left - right) / bend } else { 0.0 };
        let cycles = (peak as f64 + shift) / length as f64;
        (cycles - cycles.round()) / f64::from(power)
    }

    fn blind_gain(&self, symbols: &[Complex64]) -> Complex64 {
        let (power, phase) = self.constellation.power();
        let sum: Complex64 = symbols.iter().map(|z| z.powi(power)).sum();
        let size = (symbols.iter().map(Complex64::norm_sqr).sum::<f64>() / symbols.len() as f64).sqrt();
        Complex64::from_polar(size.max(f64::MIN_POSITIVE), (sum.arg() - phase) / f64::from(power))
    }

    fn decide(&self, symbols: &[Complex64], gain: Complex64, slope: f64) -> Vec<Complex64> {
        let nearest = |z: Complex64| {
            let best = self.points.iter().min_by(|a, b| (*a - z).norm_sqr().total_cmp(&(*b - z).norm_sqr()));
            best.copied().unwrap_or_default()
        };
        symbols
            .iter()
            .enumerate()
            .map(|(k, y)| nearest(y * Complex64::from_polar(1.0, -slope * k as f64) / gain))
            .collect()
    }

    /// Least squares of the error against the slope of the signal: offset and rate of the symbol clock.
    fn refine_timing(&mut self, symbols: &[Complex64], decided: &[Complex64], gain: Complex64, slope: f64) {
        const STEP: f64 = 0.02;
        let turn = TAU * self.constellation.turn() + slope;
        let n = symbols.len() as f64;
        let mut normal = [[0.0; 2]; 2];
        let mut right = [0.0; 2];
        for (k, (y, d)) in symbols.iter().zip(decided).enumerate() {
            let t = self.first + k as f64 * self.period;
            let back = Complex64::from_polar(1.0, -(turn * k as f64)) / gain;
            let rise = (self.filter.at(t + STEP) - self.filter.at(t - STEP)) / (2.0 * STEP) * back;
            let error = d - y * Complex64::from_polar(1.0, -slope * k as f64) / gain;
            let x = k as f64 / n - 0.5;
            let (weight, product) = (rise.norm_sqr(), (error * rise.conj()).re);
            normal[0][0] += weight;
            normal[0][1] += weight * x;
            normal[1][1] += weight * x * x;
            right[0] += product;
            right[1] += product * x;
        }
        let Some([shift, drift]) = crate::sinefit::solve(normal, right) else { return };
        // Half a symbol would be another symbol: such a step is no refinement.
        if shift.abs() + drift.abs() < 0.25 {
            self.first += shift - 0.5 * drift;
            self.period += drift / n;
        }
    }

    fn errors(&self, symbols: &[Complex64], decided: &[Complex64], symbol_rate_hz: f64) -> (Evm, Symbols) {
        let n = symbols.len() as f64;
        // The transmitter's own axes: what the symbol-by-symbol turn does is put back.
        let turn = self.constellation.turn();
        let turned = |list: &[Complex64]| -> Vec<Complex64> {
            let spin = |k: usize| Complex64::from_polar(1.0, TAU * (turn * k as f64).fract());
            list.iter().enumerate().map(|(k, z)| z * spin(k)).collect()
        };
        let (y, d) = (turned(symbols), turned(decided));
        let power = d.iter().map(Complex64::norm_sqr).sum::<f64>() / n;
        // y = a d + b conj(d) + c, by turns: the three are nearly orthogonal.
        let (mut a, mut b, mut c) = (Complex64::new(1.0, 0.0), Complex64::default(), Complex64::default());
        let two_sided = self.constellation != Constellation::Bpsk;
        for _ in 0..20 {
            let mean = |f: &dyn Fn(&Complex64, &Complex64) -> Complex64| {
                y.iter().zip(&d).map(|(y, d)| f(y, d)).sum::<Complex64>() / n
            };
            c = mean(&|y, d| y - a * d - b * d.conj());
            a = mean(&|y, d| (y - b * d.conj() - c) * d.conj()) / power;
            if two_sided {
                b = mean(&|y, d| (y - a * d - c) * d) / power;
            }
        }
        // The error counts the imbalance, not the offset: gain without the conjugate part.
        let gain = y.iter().zip(&d).map(|(y, d)| (y - c) * d.conj()).sum::<Complex64>() / (n * power);
        let (mut sum, mut peak, mut magnitude, mut phase) = (0.0, 0.0_f64, 0.0, 0.0);
        let received: Vec<Complex64> = y.iter().map(|y| (y - c) / gain).collect();
        let mut each = Vec::with_capacity(received.len());
        for (z, d) in received.iter().zip(&d) {
            let error = (z - d).norm_sqr();
            each.push((error / power).sqrt());
            sum += error;
            peak = peak.max(error);
            magnitude += (z.norm() - d.norm()).powi(2);
            phase += (z * d.conj()).arg().powi(2);
        }
        let rms = (sum / n / power).sqrt();
        let ratio = (a - b) / (a + b);
        let closest = self.closest();
        let evm = Evm {
            symbols: symbols.len(),
            rms,
            peak: (peak / power).sqrt(),
            magnitude_rms: (magnitude / n / power).sqrt(),
            phase_rms: (phase / n).sqrt(),
            carrier_hz: self.cycles * symbol_rate_hz,
            symbol_rate_error: 1.0 / self.period - 1.0,
            offset_db: db_from_power(c.norm_sqr() / (a.norm_sqr() * power)),
            gain_imbalance_db: two_sided.then(|| db_from_amplitude(ratio.norm()).abs()),
            quadrature_error: two_sided.then(|| ratio.arg().abs()),
            // Three standard deviations of one coordinate to the middle between two points.
            reliable: rms / 2f64.sqrt() * 3.0 < 0.5 * closest,
        };
        (evm, Symbols { received, error: each })
    }

    fn closest(&self) -> f64 {
        let first = self.points.first().copied().unwrap_or_default();
        self.points.iter().skip(1).map(|p| (p - first).norm()).fold(f64::INFINITY, f64::min)
    }
}

/// Gain and phase slope (radians per symbol) that fit the symbols to the decided ones.
fn refine_carrier(symbols: &[Complex64], decided: &[Complex64], gain: Complex64, slope: f64) -> (Complex64, f64) {
    let n = symbols.len() as f64;
    let middle = 0.5 * (n - 1.0);
    let (mut weight, mut spread, mut tilt) = (0.0, 0.0, 0.0);
    for (k, (y, d)) in symbols.iter().zip(decided).enumerate() {
        let t = k as f64 - middle;
        let phase = (y * Complex64::from_polar(1.0, -slope * k as f64) / gain * d.conj()).arg();
        let w = d.norm_sqr();
        weight += w;
        spread += w * t * t;
        tilt += w * phase * t;
    }
    let slope = slope + if spread > 0.0 { tilt / spread } else { 0.0 };
    let turned = symbols.iter().zip(decided).enumerate();
    let sum: Complex64 = turned.map(|(k, (y, d))| y * Complex64::from_polar(1.0, -slope * k as f64) * d.conj()).sum();
    let gain_new = sum / weight.max(f64::MIN_POSITIVE);
    (if gain_new.norm_sqr() > 0.0 { gain_new } else { gain }, slope)
}

#[cfg(test)]
mod tests;
