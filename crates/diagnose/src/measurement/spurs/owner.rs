//! Who owns which line: refinement on the time record, the choice of the carrier, bands that modulation fills.

use faultscope_signal::detect::Line;
use faultscope_signal::floor::Floor;
use faultscope_signal::linefit::refine_near;
use faultscope_signal::long::Long;
use faultscope_signal::sinefit::{complex_bound, real_bound};
use faultscope_signal::{Kind, Record, RecordError, Spectrum};

use super::Behaviour;
use super::behaviour::Seen;

/// Frames that the carrier is fitted on, and that the long transform takes.
const FIT_FRAMES: usize = 1 << 18;
const LONG_FRAMES: usize = 1 << 17;
/// Lines that are looked at more closely; the others keep what the averaged spectrum says.
const FINE_LINES: usize = 64;
/// The long transform must be at least this much longer than the averaged ones to tell more.
const LEAST_RATIO: f64 = 1.5;
/// A line whose level over the whole record agrees this well with the averaged one is steady in phase.
const COHERENT_DB: f64 = 0.5;

/// A line this many standard deviations weaker over the whole record is not steady in phase.
const SMEARED: f64 = 2.0;

/// A line with its place and level as well as they can be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) line: Line,
    pub(super) offset_hz: f64,
    /// How far the frequency may be off when it is compared with another.
    pub(super) tolerance_hz: f64,
    /// Standard deviation of the frequency.
    pub(super) sigma_hz: f64,
    pub(super) power: f64,
    /// Standard deviation of `power`, relative.
    pub(super) sigma: f64,
    /// Steady in phase over the frames looked at.
    pub(super) coherent: bool,
    /// Clearly weaker at the finer resolution: its power is spread, it is no steady sine.
    pub(super) smeared: bool,
    pub(super) behaviour: Behaviour,
    pub(super) drift_hz_per_s: Option<f64>,
}

impl Found {
    fn spectral(spectrum: &Spectrum, seen: &Seen) -> Self {
        let line = seen.line;
        let bin = spectrum.bin_hz();
        Self {
            line,
            offset_hz: spectrum.offset_hz(line.bin),
            tolerance_hz: 0.5 * bin,
            sigma_hz: bin * (0.5 * line.relative_error).clamp(1e-3, 0.3),
            power: line.power,
            sigma: line.relative_error,
            coherent: false,
            smeared: false,
            behaviour: seen.behaviour,
            drift_hz_per_s: seen.drift_hz_per_s,
        }
    }
}

/// The record's beginning at its finest resolution: what lines are refined on.
pub(super) struct Fine<'a> {
    record: &'a dyn Record,
    /// Nothing where there is no line to look at.
    long: Option<Long>,
}

impl<'a> Fine<'a> {
    /// For `lines`; without any the long transform is left out.
    pub(super) fn new(record: &'a dyn Record, spectrum: &Spectrum, lines: &[Seen]) -> Result<Self, RecordError> {
        let long = || Long::new(record, spectrum.settings.window, LONG_FRAMES);
        Ok(Self { record, long: if lines.is_empty() { None } else { Some(long()?) } })
    }

    fn rate(&self) -> f64 {
        self.record.sample_rate_hz()
    }

    /// The record itself.
    pub(super) fn record(&self) -> &dyn Record {
        self.record
    }

    /// Frames under the long window.
    pub(super) fn frames(&self) -> usize {
        self.long.as_ref().map_or(0, Long::frames)
    }

    /// Power of a line known to be exactly at `offset_hz`, noise of `floor` per averaged bin of `fft` taken off, and
    /// the noise per measured power.
    pub(super) fn power_at(&self, offset_hz: f64, floor: f64, fft: usize) -> (f64, f64) {
        let Some(long) = &self.long else { return (0.0, 0.0) };
        let (power, gain) = long.power_at(offset_hz / self.rate());
        let noise = floor * gain * fft as f64 / self.frames() as f64;
        (power - noise, noise)
    }

    /// Refines the strongest lines; the carrier also by a sine fit.
    pub(super) fn refine(
        &self,
        spectrum: &Spectrum,
        lines: &[Seen],
        carrier: Option<usize>,
    ) -> Result<Vec<Found>, RecordError> {
        let mut found: Vec<Found> = lines.iter().map(|l| Found::spectral(spectrum, l)).collect();
        for f in found.iter_mut().take(FINE_LINES) {
            self.look_closer(spectrum, f);
        }
        if let Some(f) = carrier.and_then(|c| found.get_mut(c)) {
            self.fit(spectrum, f)?;
        }
        Ok(found)
    }

    fn look_closer(&self, spectrum: &Spectrum, f: &mut Found) {
        let ratio = self.frames() as f64 / spectrum.settings.fft as f64;
        let Some(long) = self.long.as_ref().filter(|_| ratio >= LEAST_RATIO) else { return };
        let search = (f.sigma_hz * 3.0 / spectrum.bin_hz() * ratio).ceil().clamp(1.0, 200.0) as usize;
        let (at, power) = long.strongest(f.offset_hz / self.rate(), search);
        let noise = f.line.power / f.line.snr / ratio;
        let power = power - noise;
        let expected = f.line.power / noise;
        let scatter = f.line.relative_error.hypot((2.0 * expected + 1.0).sqrt() / expected);
        f.smeared = power < (1.0 - SMEARED * scatter) * f.line.power;
        let allowed = COHERENT_DB + 3.0 * 4.343 * f.line.relative_error;
        if power.is_nan() || power <= 0.0 || (10.0 * (power / f.line.power).log10()).abs() > allowed {
            return;
        }
        let width = self.rate() / self.frames() as f64;
        let snr = power / noise;
        let sigma = ((2.0 * snr + 1.0) / (snr * snr)).sqrt();
        f.offset_hz = at * self.rate();
        f.tolerance_hz = 0.5 * width;
        f.sigma_hz = width * (0.5 / snr.sqrt()).clamp(1e-6, 0.3);
        (f.power, f.sigma, f.coherent) = (power, sigma, true);
    }

    fn fit(&self, spectrum: &Spectrum, f: &mut Found) -> Result<(), RecordError> {
        // What the long transform cannot see as one line is not steady enough for a fit.
        if !f.coherent && self.frames() as f64 >= LEAST_RATIO * spectrum.settings.fft as f64 {
            return Ok(());
        }
        let Some(fit) = refine_near(self.record, FIT_FRAMES, f.offset_hz / self.rate())? else { return Ok(()) };
        if (10.0 * (fit.power / f.line.power).log10()).abs() > COHERENT_DB {
            return Ok(());
        }
        let frames = usize::try_from(self.record.frames()).unwrap_or(usize::MAX).min(FIT_FRAMES);
        let snr = fit.power / fit.residual.max(f64::MIN_POSITIVE);
        let real = self.record.kind() == Kind::Real;
        let bound = if real { real_bound(snr, frames) } else { complex_bound(snr, frames) };
        f.offset_hz = fit.frequency * self.rate();
        f.sigma_hz = bound * self.rate();
        f.tolerance_hz = f.tolerance_hz.min(0.5 * self.rate() / frames as f64);
        f.power = fit.power;
        f.sigma = (2.0 / (snr * frames as f64)).sqrt();
        f.coherent = true;
        Ok(())
    }
}

/// A band that a modulated signal fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    pub(super) low: usize,
    pub(super) high: usize,
    pub(super) power: f64,
    pub(super) centroid: f64,
}

impl Band {
    pub(super) fn holds(&self, bin: f64) -> bool {
        bin >= self.low as f64 && bin <= self.high as f64
    }
}

/// A band with less than this share of the whole power is nobody's carrier.
const LEAST_SHARE: f64 = 0.1;

/// Bands at least 10 dB above the quiet part of the spectrum, wider than 32 bins and four main lobes, that end inside
/// the spectrum on both sides and are more than the skirt of one line.
pub(super) fn bands(spectrum: &Spectrum, floor: &Floor, lines: &[Line]) -> Vec<Band> {
    let mean = &spectrum.mean;
    let lobe = spectrum.settings.window.main_lobe_bins().ceil() as usize;
    let quiet = lower_quartile(&floor.level);
    let enbw = spectrum.rbw_hz() / spectrum.bin_hz();
    let half = 3 * lobe;
    let step = lobe.max(1);
    let total: f64 = mean.iter().sum::<f64>() / enbw;
    // The median of the cells around is high exactly when enough of them are: counts do without sorting.
    let mut above = Vec::with_capacity(mean.len() + 1);
    above.push(0_usize);
    above.extend(mean.iter().scan(0, |n, p| {
        *n += usize::from(*p > 10.0 * quiet);
        Some(*n)
    }));
    let high = |k: usize| {
        let (low, high) = (k.saturating_sub(half), (k + half + 1).min(mean.len()));
        2 * (above[high] - above[low]) > high - low
    };
    let marks: Vec<usize> = (0..mean.len()).step_by(step).filter(|k| high(*k)).collect();
    runs(&marks, 3 * step)
        .into_iter()
        .filter(|(a, b)| b - a >= 32.max(8 * lobe) && b - a < mean.len() / 2)
        .filter(|(a, b)| *a > half && b + half + step < mean.len())
        .filter_map(|(low, high)| {
            let excess: f64 = mean[low..=high].iter().map(|p| (p - quiet).max(0.0)).sum();
            let moment: f64 = mean[low..=high].iter().enumerate().map(|(i, p)| (p - quiet).max(0.0) * i as f64).sum();
            let power = excess / enbw;
            let strongest = lines.iter().find(|l| (low..=high).contains(&l.peak)).map_or(0.0, |l| l.power);
            (power > 2.0 * strongest && power > LEAST_SHARE * total).then_some(Band {
                low,
                high,
                power,
                centroid: low as f64 + moment / excess,
            })
        })
        .collect()
}

fn runs(marks: &[usize], gap: usize) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for k in marks {
        match out.last_mut() {
            Some((_, end)) if k - *end <= gap => *end = *k,
            _ => out.push((*k, *k)),
        }
    }
    out
}

fn lower_quartile(cells: &[f64]) -> f64 {
    let mut copy = cells.to_vec();
    if copy.is_empty() {
        return 0.0;
    }
    let at = (copy.len() - 1) / 4;
    *copy.select_nth_unstable_by(at, f64::total_cmp).1
}
