//! The switching family: found in the averaged spectrum, then fitted chunk by chunk.

use faultscope_signal::Spectrum;
use faultscope_signal::comb::{Block, Complex64, Taper, Trend};
use faultscope_signal::robust::running_median;

use super::chance::{cell_level, cell_median};

/// Lowest switching frequency that is looked for.
const LOWEST_HZ: f64 = 1_000.0;
/// Above here a line is preferred, unless one below is four times as strong in power.
const USUAL_HZ: f64 = 10_000.0;
/// Most lines of the family that are kept.
const MOST_LINES: usize = 32;
/// Probability that noise alone shows a switching family.
const FALSE_ALARM: f64 = 1e-3;
/// Doubt about the noise floor itself, as a factor on thresholds.
const FLOOR_DOUBT: f64 = 1.3;

/// A switching family as found.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// Spacing of the comb.
    pub(super) fundamental_hz: f64,
    /// Order of the strongest line that is not a sub-harmonic: above 1 when the comb has sub-harmonics.
    pub(super) main: u32,
    /// Orders, strongest first.
    pub(super) orders: Vec<u32>,
}

/// A spectrum with its noise floor.
pub(super) struct Floored<'a> {
    spectrum: &'a Spectrum,
    floor: Vec<f64>,
    averages: f64,
}

impl<'a> Floored<'a> {
    pub(super) fn new(spectrum: &'a Spectrum) -> Self {
        // Half-overlapping segments of a tapered window are nearly independent.
        let averages = (0.9 * spectrum.segments as f64).max(1.0);
        let median = cell_median(averages);
        let half = (spectrum.mean.len() / 64).clamp(16, 256);
        let floor = running_median(&spectrum.mean, half).iter().map(|m| m / median).collect();
        Self { spectrum, floor, averages }
    }

    fn level(&self, trials: f64) -> f64 {
        FLOOR_DOUBT * cell_level(FALSE_ALARM / trials.max(1.0), self.averages)
    }

    /// Power at the highest bin within one and a half bins of a frequency, and its ratio to the floor.
    fn near(&self, f: f64) -> (f64, f64) {
        let bin = f / self.spectrum.bin_hz();
        let (a, b) = ((bin - 1.5).ceil().max(1.0) as usize, (bin + 1.5).floor() as usize);
        (a..=b.min(self.spectrum.mean.len().saturating_sub(1)))
            .map(|i| (self.spectrum.mean[i], self.spectrum.mean[i] / self.floor[i].max(f64::MIN_POSITIVE)))
            .fold((0.0, 0.0), |best, x| if x.0 > best.0 { x } else { best })
    }

    /// Frequency of a peak, by a parabola through the logarithms.
    fn peak_hz(&self, bin: usize) -> f64 {
        let m = &self.spectrum.mean;
        let (a, b, c) = (m[bin - 1].ln(), m[bin].ln(), m[bin + 1].ln());
        let shift = 0.5 * (a - c) / (a - 2.0 * b + c);
        let shift = if shift.is_finite() { shift.clamp(-0.5, 0.5) } else { 0.0 };
        (bin as f64 + shift) * self.spectrum.bin_hz()
    }

    /// Whether a line belongs to the mains: its multiple, or one tooth of a dense comb of mains-locked spikes.
    fn is_mains(&self, f: f64, mains_hz: Option<f64>) -> bool {
        let Some(mains) = mains_hz else { return false };
        let bin = self.spectrum.bin_hz();
        if bin > mains / 6.0 {
            return false;
        }
        let order = (f / mains).round();
        if order <= 60.0 && (f - order * mains).abs() < (2.0 * bin).max(0.002 * f) {
            return true;
        }
        let power = self.near(f).0;
        [1.0, 2.0].iter().any(|k| {
            let (below, above) = (self.near(f - k * mains).0, self.near(f + k * mains).0);
            below.min(above) > 0.25 * power
        })
    }

    /// Searches the strongest line that stands out and builds its family.
    pub(super) fn find(&self, nominal: Option<f64>, mains_hz: Option<f64>) -> Option<Family> {
        let bin = self.spectrum.bin_hz();
        let half_rate = 0.5 * self.spectrum.sample_rate_hz;
        let last = self.spectrum.mean.len().saturating_sub(2);
        let (low, high) = nominal.map_or((LOWEST_HZ, half_rate), |f| (0.95 * f, 1.05 * f));
        // At least five bins from 0 Hz, where drift lies.
        let first = ((low / bin).ceil() as usize).max(5);
        let stop = ((high / bin) as usize).min(last);
        if first >= stop {
            return None;
        }
        let level = self.level((stop - first) as f64);
        let m = &self.spectrum.mean;
        let mut peaks: Vec<usize> =
            (first..=stop).filter(|&i| m[i] > level * self.floor[i] && m[i] >= m[i - 1] && m[i] > m[i + 1]).collect();
        peaks.sort_by(|&a, &b| m[b].total_cmp(&m[a]));
        // A frequency that was given is believed, even if it is a multiple of the mains.
        let mains_hz = mains_hz.filter(|_| nominal.is_none());
        let mut lines = peaks.iter().copied().take(200).filter(|&i| !self.is_mains(self.peak_hz(i), mains_hz));
        let strongest = lines.next()?;
        let usual = |i: usize| self.peak_hz(i) >= USUAL_HZ;
        let chosen = if usual(strongest) || nominal.is_some() {
            strongest
        } else {
            lines.find(|&i| usual(i) && m[i] > 0.25 * m[strongest]).unwrap_or(strongest)
        };
        Some(self.family(self.peak_hz(chosen), m[chosen], mains_hz))
    }

    fn family(&self, f: f64, power: f64, mains_hz: Option<f64>) -> Family {
        let level = self.level(50.0);
        let there = |f: f64| {
            let (p, ratio) = self.near(f);
            ratio > level && p > 2.5e-5 * power && !self.is_mains(f, mains_hz)
        };
        let main = [2u32, 3]
            .into_iter()
            .filter(|&d| {
                let low = f / f64::from(d);
                low >= LOWEST_HZ && low > 6.0 * self.spectrum.bin_hz() && there(low) && there(f + low)
            })
            .max()
            .unwrap_or(1);
        let fundamental = f / f64::from(main);
        let highest = (0.498 * self.spectrum.sample_rate_hz / fundamental) as u32;
        let mut orders: Vec<(u32, f64)> = (1..=highest.min(400))
            .map(|k| (k, self.near(f64::from(k) * fundamental)))
            .filter(|&(k, (_, ratio))| k == main || ratio > level)
            .map(|(k, (p, _))| (k, p))
            .collect();
        orders.sort_by(|a, b| b.1.total_cmp(&a.1));
        orders.truncate(MOST_LINES);
        Family { fundamental_hz: fundamental, main, orders: orders.iter().map(|o| o.0).collect() }
    }

    /// The strongest line between two frequencies: frequency and rms. The power of the bins of one line is summed, so
    /// that the place between bins does not matter; without a line, noise in that resolution is what is left.
    pub(super) fn strongest_line(&self, low: f64, high: f64) -> Option<(f64, f64)> {
        let bin = self.spectrum.bin_hz();
        let m = &self.spectrum.mean;
        let first = ((low / bin).ceil() as usize).max(3);
        let stop = ((high / bin) as usize).min(m.len().saturating_sub(2));
        let peak = (first..=stop).max_by(|&a, &b| m[a].total_cmp(&m[b]))?;
        let sum: f64 = m[peak.saturating_sub(2)..(peak + 3).min(m.len())].iter().sum();
        let enbw = self.spectrum.rbw_hz() / bin;
        Some((self.peak_hz(peak), (sum / enbw).max(0.0).sqrt()))
    }
}

/// The family as fitted to one chunk of the record.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    /// Cycles per sample.
    pub(super) fundamental: f64,
    pub(super) phasors: Vec<Complex64>,
}

/// Fits the family to one chunk; `prior` is the spacing in cycles per sample.
pub(super) fn fit(x: &[f64], family: &Family, prior: f64) -> Option<Fitted> {
    let n = x.len() as f64;
    if prior * n < 2.0 {
        return None;
    }
    let block = Block::new(x, Taper::Flat);
    let one = &family.orders[..family.orders.len().min(1)];
    let few = &family.orders[..family.orders.len().min(3)];
    let cell = 1.0 / (n * f64::from(one.first().copied().unwrap_or(1)));
    let guard = |f: f64, from: f64| if (f - from).abs() <= 1.5 * cell { f } else { from };
    let f = guard(block.refine(prior, one, Trend::Constant), prior);
    let f = if few.len() > one.len() { guard(block.refine(f, few, Trend::Constant), f) } else { f };
    if family.orders.iter().any(|&k| f64::from(k) * f >= 0.5) {
        return None;
    }
    let fit = block.fit_family(f, &family.orders, Trend::Constant)?;
    Some(Fitted { fundamental: f, phasors: fit.phasors })
}
