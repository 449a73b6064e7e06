//! Amplitude, phase and frequency of a carrier: a channel as analytic samples, and what modulates it.
//!
//! A modulating tone is fitted where its noise is white: the envelope for AM, the unwrapped phase for FM and PM.

use std::f64::consts::TAU;

use faultscope_transform::double;
use num_complex::Complex64;

use crate::lowpass::kaiser_sinc;
use crate::record::{Kind, Record, RecordError};
use crate::sinefit::{accumulate, refine, solve, three_parameter};
use crate::tone::Rotor;
use crate::zoom::Baseband;

/// Fewest samples that anything is read from.
const FEWEST: usize = 256;
/// Share of samples beyond a peak: the 0.1 and 99.9 percentiles stand for the extremes.
const BEYOND: f64 = 0.001;
/// Half length of the differentiator that turns phase into frequency.
const SLOPE_HALF: usize = 24;
/// A line is a tone when it stands this far above the mean of its surroundings.
const TONE_OVER_NOISE: f64 = 30.0;
/// A tone cannot hold more than the power of the signal it is in, give or take the window's weight on its middle.
const CREDIBLE: f64 = 1.5;
/// Harmonics that count for distortion.
const HARMONICS: u32 = 5;
/// Speech band and audio band of residual modulation.
const VOICE_HZ: (f64, f64) = (300.0, 3000.0);
const AUDIO_HZ: (f64, f64) = (50.0, 15_000.0);
/// Rms of the phase about the carrier's line up to which it is taken for noise.
const PHASE_NOISE_RAD: f64 = 0.3;
/// Time that the power is averaged over to see whether the carrier is there, and how far down it is when it is not.
const SWITCH_S: f64 = 0.005;
const SWITCHED_OFF: f64 = 0.01;

/// A channel brought down to zero frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Complex samples; a real record's are its analytic signal.
    pub samples: Vec<Complex64>,
    /// Their rate.
    pub rate_hz: f64,
    /// Where the channel's middle lies, from the centre of the record (0 Hz of a real one).
    pub offset_hz: f64,
    /// Width that passes unchanged.
    pub bandwidth_hz: f64,
    /// Time of the first sample from the start of the record.
    pub start_s: f64,
}

impl Channel {
    /// The beginning of a record, at most `most` samples at the lower rate: mixed down, filtered, decimated.
    ///
    /// The band is narrowed, evenly on both sides, to what the record covers.
    ///
    /// # Errors
    /// When the channel lies outside the record, or the record is too short or cannot be read.
    pub fn read(record: &dyn Record, offset_hz: f64, bandwidth_hz: f64, most: usize) -> Result<Self, RecordError> {
        let half_rate = 0.5 * record.sample_rate_hz();
        let room = match record.kind() {
            Kind::Iq => half_rate - offset_hz.abs(),
            Kind::Real => offset_hz.min(half_rate - offset_hz),
        };
        let width = bandwidth_hz.min(2.0 * room);
        let band = Baseband::new(record, offset_hz, width)?;
        let count = usize::try_from(band.frames()).unwrap_or(usize::MAX).min(most);
        let mut flat = vec![0.0; 2 * count];
        let got = band.read_f64(0, &mut flat)?;
        flat.truncate(2 * got);
        let samples: Vec<Complex64> = flat.chunks_exact(2).map(|z| Complex64::new(z[0], z[1])).collect();
        if samples.iter().any(|z| !(z.re.is_finite() && z.im.is_finite())) {
            return Err(RecordError::new("the channel holds values that are not finite numbers"));
        }
        let rate_hz = band.sample_rate_hz();
        // The mirror image of a real record ends where twice the offset brings it.
        let guard = if record.kind() == Kind::Real { 2.0 * offset_hz - width } else { f64::INFINITY };
        let slope = (0.15 * width).min(guard.max(0.02 * width)).min(0.5 * rate_hz);
        let whole = record.kind() == Kind::Iq && width >= 0.9 * rate_hz;
        let before = samples.len();
        let samples = if whole { samples } else { filtered(&samples, width / rate_hz, slope / rate_hz) };
        // Filters drop as much at the start as at the end: half of what is missing came before the first sample.
        let covered = band.frames().saturating_sub(1) as f64 / rate_hz;
        let start_s = 0.5 * (record.duration_s() - covered).max(0.0) + 0.5 * (before - samples.len()) as f64 / rate_hz;
        if samples.len() < FEWEST {
            return Err(RecordError::new(format!(
                "a channel of {width} Hz leaves {} samples of this record, {FEWEST} are needed; \
                 choose a wider channel or a longer record",
                samples.len()
            )));
        }
        Ok(Self { samples, rate_hz, offset_hz, bandwidth_hz: width, start_s })
    }

    /// The longest stretch over which the carrier is on: nowhere, as a mean over 5 ms, 20 dB below its usual power.
    ///
    /// A channel that is on all the time comes back whole.
    #[must_use]
    pub fn while_on(self) -> Self {
        let count = self.samples.len();
        let width = ((SWITCH_S * self.rate_hz) as usize).clamp(16, (count / 8).max(16));
        let mut below = vec![0.0; count + 1];
        for (i, z) in self.samples.iter().enumerate() {
            below[i + 1] = below[i] + z.norm_sqr();
        }
        let powers: Vec<f64> = (0..count / width).map(|k| below[(k + 1) * width] - below[k * width]).collect();
        let mut sorted = powers.clone();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(0.0);
        let (mut best, mut begin) = (0..0, 0);
        for k in 0..=powers.len() {
            if powers.get(k).is_none_or(|p| *p <= SWITCHED_OFF * usual) {
                if k - begin > best.len() {
                    best = begin..k;
                }
                begin = k + 1;
            }
        }
        if best.len() >= powers.len() {
            return self;
        }
        // The first and the last part hold the edges of the burst, unless the record itself begins or ends there.
        let from = if best.start == 0 { 0 } else { (best.start + 1) * width };
        let to = if best.end == powers.len() { count } else { best.end.saturating_sub(1) * width };
        match self.samples.get(from..to) {
            Some(part) if part.len() >= FEWEST => {
                Self { samples: part.to_vec(), start_s: self.start_s + from as f64 / self.rate_hz, ..self }
            }
            _ => self,
        }
    }

    /// Length in seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.samples.len() as f64 / self.rate_hz
    }
}

/// A low-pass that is flat to half of `width` and 80 dB down `slope` further on (both per sample); ends are dropped.
fn filtered(samples: &[Complex64], width: f64, slope: f64) -> Vec<Complex64> {
    let half = ((80.0 - 7.95) / (14.36 * slope) / 2.0).ceil().min(samples.len() as f64 / 8.0) as usize;
    let taps = kaiser_sinc((0.5 * (width + slope)).min(0.5), half, 7.86);
    samples
        .windows(taps.len())
        .map(|w| w.iter().zip(&taps).fold(Complex64::default(), |sum, (z, t)| sum + z * *t))
        .collect()
}

/// A tone in a demodulated signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToneInside {
    /// Its frequency: the modulation rate.
    pub frequency_hz: f64,
    /// Its peak: a share of the carrier (AM), hertz (FM), radians (PM).
    pub amplitude: f64,
    /// Standard deviation of `amplitude` that the noise explains.
    pub sigma: f64,
    /// Power of the tone over everything else between 50 Hz and 15 kHz (or half the channel), in dB.
    pub sinad_db: f64,
    /// Rms of the harmonics 2 to 5 inside the channel over the tone.
    pub distortion: Option<f64>,
    /// Share of the demodulated power in that band that the tone explains.
    pub share: f64,
}

/// One kind of modulation. Units: a share of the mean envelope (AM), hertz (FM), radians (PM).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Modulation {
    /// Highest excursion above the mean (the 99.9 percentile).
    pub plus: f64,
    /// Lowest excursion below the mean, above zero (the 0.1 percentile).
    pub minus: f64,
    /// Rms about the mean, over the whole channel.
    pub rms: f64,
    /// The modulating tone, where one stands out.
    pub tone: Option<ToneInside>,
    /// Rms from 300 Hz to 3 kHz without the tone; nothing when the channel is narrower.
    pub residual_voice: Option<f64>,
    /// Rms from 50 Hz to 15 kHz without the tone; nothing when the channel is narrower.
    pub residual_audio: Option<f64>,
}

/// What a carrier does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demodulated {
    /// Carrier from the middle of the channel.
    pub carrier_hz: f64,
    /// Its standard deviation, as far as noise explains it.
    pub carrier_sigma_hz: f64,
    /// Mean power of the channel, in the square of the record's unit.
    pub power: f64,
    /// Power of the unmodulated carrier: the square of the mean envelope.
    pub carrier_power: f64,
    /// Share of samples whose power is less than a hundredth of the mean: fades, bursts, suppressed carriers.
    pub off_share: f64,
    /// Amplitude modulation, as a share of the mean envelope.
    pub am: Modulation,
    /// Frequency modulation, in hertz.
    pub fm: Modulation,
    /// Phase modulation, in radians, about the straight line of the carrier.
    pub pm: Modulation,
}

/// What a carrier does from sample to sample: what the figures are of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Courses {
    /// Envelope about its mean, as a share of it; one for each sample of the channel.
    pub am: Vec<f64>,
    /// Frequency about its mean, in hertz; the first belongs to sample [`Courses::FM_FIRST`] of the channel.
    pub fm: Vec<f64>,
}

impl Courses {
    /// Samples at each end of the channel that have no frequency.
    pub const FM_FIRST: usize = SLOPE_HALF;
}

/// Demodulates a channel; nothing for a channel without power.
#[must_use]
pub fn demodulate(channel: &Channel) -> Option<Demodulated> {
    Some(demodulate_courses(channel)?.0)
}

/// The same with the courses that the figures are of.
#[must_use]
pub fn demodulate_courses(channel: &Channel) -> Option<(Demodulated, Courses)> {
    let samples = &channel.samples;
    let rate = channel.rate_hz;
    let count = samples.len();
    let envelope: Vec<f64> = samples.iter().map(|z| z.norm()).collect();
    let mean = envelope.iter().sum::<f64>() / count as f64;
    let power = envelope.iter().map(|a| a * a).sum::<f64>() / count as f64;
    if count < FEWEST || !(mean.is_finite() && mean > 0.0) {
        return None;
    }
    let off = envelope.iter().filter(|a| **a * **a < 0.01 * power).count() as f64 / count as f64;
    let phase = unwrapped(samples);
    let weights: Vec<f64> = envelope.iter().map(|a| a / mean).collect();
    let (start, slope) = line(&phase, &weights)?;
    let excess: Vec<f64> = phase.iter().enumerate().map(|(i, p)| p - start - slope * i as f64).collect();
    let mut frequency: Vec<f64> = slopes(&excess).iter().map(|s| s * rate / TAU).collect();
    let relative: Vec<f64> = envelope.iter().map(|a| a / mean - 1.0).collect();
    let reach = 0.5 * channel.bandwidth_hz;

    let am = Audio::new(&relative, rate, reach);
    let am_tone = am.strongest().and_then(|f| am.fit(f));
    let fm = Audio::new(&frequency, rate, reach);
    // The rate comes from the frequency, where drift is small; the size from the phase, where noise is white.
    let joint = fm.strongest().and_then(|f| TrendFit::of(&excess, &weights, f / rate));
    let fm_tone = joint.and_then(|t| fm.fit_known(t.frequency * rate, t.amplitude * t.frequency * rate));
    let pm = Audio::new(&excess, rate, reach);
    let pm_tone = joint.and_then(|t| pm.fit_known(t.frequency * rate, t.amplitude));
    let carrier_slope = slope + joint.filter(|_| fm_tone.is_some()).map_or(0.0, |t| t.slope);
    // Neighbouring samples of a filtered channel share their noise: independent ones come at the channel's width.
    let noise = joint.filter(|_| fm_tone.is_some()).map_or_else(|| rms(&excess), |t| t.rms_residual);
    // Phase that swings further than noise does is modulation, and may be as slow as 20 Hz.
    let pace_hz = if noise < PHASE_NOISE_RAD { channel.bandwidth_hz.min(rate) } else { 20.0 };
    let independent = (channel.length_s() * pace_hz).max(2.0);
    let carrier_sigma_hz = noise * (12.0 / independent).sqrt() / (TAU * channel.length_s());
    let figures = Demodulated {
        carrier_hz: carrier_slope * rate / TAU,
        carrier_sigma_hz,
        power,
        carrier_power: mean * mean,
        off_share: off,
        am: am.summary(am_tone),
        fm: fm.summary(fm_tone),
        pm: pm.summary(pm_tone),
    };
    let mean = frequency.iter().sum::<f64>() / frequency.len().max(1) as f64;
    frequency.iter_mut().for_each(|f| *f -= mean);
    Some((figures, Courses { am: relative, fm: frequency }))
}

fn rms(y: &[f64]) -> f64 {
    (y.iter().map(|v| v * v).sum::<f64>() / y.len().max(1) as f64).sqrt()
}

/// Phase of each sample, continued over full turns.
pub(crate) fn unwrapped(samples: &[Complex64]) -> Vec<f64> {
    let mut phase = samples.first().map_or(0.0, |z| z.arg());
    let mut out = Vec::with_capacity(samples.len());
    out.push(phase);
    for pair in samples.windows(2) {
        phase += (pair[1] * pair[0].conj()).arg();
        out.push(phase);
    }
    out
}

/// Weighted least squares of a straight line: value at sample 0 and slope per sample. Weights are amplitudes.
pub(crate) fn line(y: &[f64], weights: &[f64]) -> Option<(f64, f64)> {
    let n = y.len() as f64;
    let mut normal = [[0.0; 2]; 2];
    let mut right = [0.0; 2];
    for (i, (y, w)) in y.iter().zip(weights).enumerate() {
        let t = (i as f64 - 0.5 * (n - 1.0)) / n;
        accumulate(&mut normal, &mut right, [*w, w * t], w * y);
    }
    let [middle, slope] = solve(normal, right)?;
    Some((middle - slope * 0.5 * (n - 1.0) / n, slope / n))
}

/// Slope per sample by a windowed ideal differentiator; the ends are dropped.
fn slopes(y: &[f64]) -> Vec<f64> {
    let taps: Vec<f64> = (1..=SLOPE_HALF)
        .map(|k| {
            let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
            let x = std::f64::consts::PI * k as f64 / (SLOPE_HALF as f64 + 1.0);
            // Blackman's window: the gain is right to 0.1 % up to a third of the rate.
            sign / k as f64 * (0.42 + 0.5 * x.cos() + 0.08 * (2.0 * x).cos())
        })
        .collect();
    // Unity for a ramp.
    let gain: f64 = taps.iter().enumerate().map(|(i, t)| 2.0 * t * (i + 1) as f64).sum();
    y.windows(2 * SLOPE_HALF + 1)
        .map(|w| {
            let sum: f64 =
                taps.iter().enumerate().map(|(i, t)| t * (w[SLOPE_HALF + 1 + i] - w[SLOPE_HALF - 1 - i])).sum();
            sum / gain
        })
        .collect()
}

/// A sine on a straight line, fitted together with weights.
#[derive(Debug, Clone, Copy)]
struct TrendFit {
    /// Cycles per sample.
    frequency: f64,
    amplitude: f64,
    /// Of the straight line, per sample.
    slope: f64,
    rms_residual: f64,
}

impl TrendFit {
    fn of(y: &[f64], weights: &[f64], start: f64) -> Option<Self> {
        let n = y.len() as f64;
        let middle = 0.5 * (n - 1.0);
        let (mut frequency, mut a, mut b) = (start, 0.0, 0.0);
        let power: f64 = y.iter().zip(weights).map(|(y, w)| (w * y).powi(2)).sum();
        for iteration in 0..8 {
            let mut normal = [[0.0; 5]; 5];
            let mut right = [0.0; 5];
            let mut turn = Rotor::new(frequency);
            for (i, (y, w)) in y.iter().zip(weights).enumerate() {
                let e = turn.next();
                let t = (i as f64 - middle) / n;
                // Without an amplitude yet, a frequency has nothing to hold on to.
                let shift = if iteration == 0 { 0.0 } else { t * (b * e.re - a * e.im) };
                accumulate(&mut normal, &mut right, [w * e.re, w * e.im, *w, w * t, w * shift], w * y);
            }
            if iteration == 0 {
                normal[4][4] = 1.0;
            }
            let x = solve(normal, right)?;
            let step = if iteration == 0 { 0.0 } else { x[4] / (TAU * n) };
            let turned = Complex64::new(x[0], -x[1]) * Complex64::from_polar(1.0, -TAU * step * middle);
            (a, b) = (turned.re, -turned.im);
            frequency += step;
            if !frequency.is_finite() || (frequency - start).abs() * n > 3.0 {
                return None;
            }
            if iteration > 0 && (step.abs() * n < 1e-9 || iteration == 7) {
                let explained: f64 = right.iter().zip(x).map(|(r, x)| r * x).sum();
                let rms_residual = ((power - explained).max(0.0) / n).sqrt();
                return Some(Self { frequency, amplitude: a.hypot(b), slope: x[3] / n, rms_residual });
            }
        }
        None
    }
}

/// A demodulated signal and its spectrum.
struct Audio<'a> {
    y: &'a [f64],
    rate: f64,
    reach: f64,
    mean: f64,
    /// Mean-square per bin from 0 Hz up.
    power: Vec<f64>,
}

impl<'a> Audio<'a> {
    fn new(y: &'a [f64], rate: f64, reach: f64) -> Self {
        let mean = y.iter().sum::<f64>() / y.len().max(1) as f64;
        Self { y, rate, reach, mean, power: bins(y, mean) }
    }

    fn bin_hz(&self) -> f64 {
        0.5 * self.rate / self.power.len().max(1) as f64
    }

    fn bin(&self, hz: f64) -> usize {
        ((hz / self.bin_hz()).round() as usize).min(self.power.len())
    }

    /// The strongest line above 20 Hz that its surroundings do not explain.
    fn strongest(&self) -> Option<f64> {
        let low = self.bin(20.0).max(4);
        let high = self.bin(self.reach);
        let (place, peak) =
            self.power.iter().copied().enumerate().take(high).skip(low).max_by(|a, b| a.1.total_cmp(&b.1))?;
        let around = self.power.get(place.saturating_sub(100).max(3)..(place + 101).min(high)).unwrap_or(&[]);
        let lobe = self.power.get(place - 2..=(place + 2).min(self.power.len() - 1))?;
        let rest = around.iter().sum::<f64>() - lobe.iter().sum::<f64>();
        let noise = rest.max(0.0) / around.len().saturating_sub(lobe.len()).max(1) as f64;
        if peak <= TONE_OVER_NOISE * noise {
            return None;
        }
        let sum: f64 = lobe.iter().sum();
        let centroid: f64 = lobe.iter().enumerate().map(|(i, p)| (place as f64 - 2.0 + i as f64) * p).sum();
        Some(centroid / sum * self.bin_hz())
    }

    fn fit(&self, start: f64) -> Option<ToneInside> {
        let centred: Vec<f64> = self.y.iter().map(|v| v - self.mean).collect();
        let first = centred.len() / 2;
        let line = refine(Kind::Real, &centred, start / self.rate, first)?;
        self.fit_known(line.frequency * self.rate, (2.0 * line.power).sqrt())
    }

    /// Quality of a tone whose frequency and amplitude are known.
    fn fit_known(&self, frequency_hz: f64, amplitude: f64) -> Option<ToneInside> {
        if !(frequency_hz > 0.0 && amplitude > 0.0 && frequency_hz < self.reach) {
            return None;
        }
        let rest = self.without(frequency_hz);
        let power = bins(&rest, 0.0);
        let (low, high) = (AUDIO_HZ.0.min(0.5 * frequency_hz), AUDIO_HZ.1.min(self.reach).max(frequency_hz));
        let noise: f64 = power.get(self.bin(low)..self.bin(high)).unwrap_or(&[]).iter().sum();
        let tone = 0.5 * amplitude * amplitude;
        // A fit to a phase that jumps (symbols, a suppressed carrier) may claim more than there is: then there is no tone.
        if tone > CREDIBLE * self.power.iter().sum::<f64>() {
            return None;
        }
        let harmonics = (2..=HARMONICS).map(|k| f64::from(k) * frequency_hz).filter(|f| *f < self.reach);
        let amplitudes: Vec<f64> =
            harmonics.filter_map(|f| Some(three_parameter(&rest, f / self.rate)?.amplitude)).collect();
        let distortion = amplitudes.iter().map(|a| a * a).sum::<f64>().sqrt() / amplitude;
        let independent = rest.len() as f64 * (2.0 * self.reach / self.rate).min(1.0);
        let local = local_density(&power, self.bin(frequency_hz));
        // Density times the width of one over the length: the noise that falls into the fit.
        let sigma = (2.0 * local).sqrt().max((2.0 * noise / independent).sqrt().min((4.0 * local).sqrt()));
        Some(ToneInside {
            frequency_hz,
            amplitude,
            sigma,
            sinad_db: crate::quantity::db_from_power(tone / noise.max(f64::MIN_POSITIVE)),
            distortion: (!amplitudes.is_empty()).then_some(distortion),
            share: tone / (tone + noise),
        })
    }

    /// The signal without its mean and the tone at a frequency.
    fn without(&self, frequency_hz: f64) -> Vec<f64> {
        let cycles = frequency_hz / self.rate;
        let Some(fit) = three_parameter(self.y, cycles) else { return self.y.iter().map(|v| v - self.mean).collect() };
        let mut turn = Rotor::new(cycles);
        let amplitude = Complex64::from_polar(fit.amplitude, fit.phase);
        self.y.iter().map(|v| v - fit.offset - (turn.next() * amplitude).re).collect()
    }

    fn summary(&self, tone: Option<ToneInside>) -> Modulation {
        let mut sorted: Vec<f64> = self.y.iter().map(|v| v - self.mean).collect();
        let rms = rms(&sorted);
        let last = sorted.len().saturating_sub(1) as f64;
        let mut at = |share: f64| {
            let k = (last * share).round() as usize;
            if sorted.is_empty() { 0.0 } else { *sorted.select_nth_unstable_by(k, f64::total_cmp).1 }
        };
        let (plus, minus) = (at(1.0 - BEYOND), -at(BEYOND));
        let rest = tone.map(|t| bins(&self.without(t.frequency_hz), 0.0));
        let power = rest.as_ref().unwrap_or(&self.power);
        let band = |(low, high): (f64, f64)| {
            let bins = power.get(self.bin(low)..self.bin(high))?;
            (high <= self.reach && self.bin_hz() * 4.0 < low).then(|| bins.iter().sum::<f64>().sqrt())
        };
        Modulation { plus, minus, rms, tone, residual_voice: band(VOICE_HZ), residual_audio: band(AUDIO_HZ) }
    }
}

/// Mean power of the bins around one, without its own lobe.
fn local_density(power: &[f64], bin: usize) -> f64 {
    let cells = power.get(bin.saturating_sub(60)..(bin + 61).min(power.len())).unwrap_or(&[]);
    cells.iter().sum::<f64>() / cells.len().max(1) as f64
}

/// Mean-square per bin, from 0 Hz up, of a slice under a Hann window; a length that transforms quickly is cut off.
fn bins(y: &[f64], mean: f64) -> Vec<f64> {
    let length = quick(y.len());
    if length < 4 {
        return Vec::new();
    }
    let window = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos();
    let mut data: Vec<Complex64> =
        y.iter().take(length).enumerate().map(|(i, v)| Complex64::new((v - mean) * window(i), 0.0)).collect();
    double::forward(length).process(&mut data);
    // The squares of a Hann window add up to 3/8 of its length.
    let scale = 2.0 / (0.375 * (length as f64).powi(2));
    data.iter().take(length / 2).map(|z| z.norm_sqr() * scale).collect()
}

/// The longest length up to `n` with small factors: at most 3 % of the samples are left out.
pub(crate) fn quick(n: usize) -> usize {
    let shift = (usize::BITS - n.leading_zeros()).saturating_sub(6);
    n >> shift << shift
}

#[cfg(test)]
mod tests;
