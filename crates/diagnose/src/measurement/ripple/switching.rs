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
/// Highest switching frequency that is claimed, as a part of the rate: above, a line may be the image of one beyond
/// half the rate, ...
const HIGHEST: f64 = 0.4;
/// ... and as such: no converter of a supply switches faster.
const HIGHEST_HZ: f64 = 30e6;
/// Least share of the energy that neither drift nor mains explain: below, it is an artefact of the converter or a
/// distant harmonic of something else.
const LEAST_SHARE: f64 = 1e-4;
/// The same of records that cannot tell drift from ripple, as a share of all their energy.
const LEAST_SHARE_SHORT: f64 = 1e-3;
/// Share of the whole energy from which on a line beyond what is claimed is worth a word.
const BEYOND_SHARE: f64 = 0.1;
/// Sub-harmonics below this part of the switching line's amplitude are what spikes leave in the spectrum.
const LEAST_SUBHARMONIC: f64 = 5e-3;
/// A line holds at least this part of its mean power in every segment of a short record.
const STEADY: f64 = 0.1;
/// A line beside the switching line is looked for as far away as this part of it, and is at least so strong in power.
const BESIDE: f64 = 0.03;
const BESIDE_LEAST: f64 = 1e-2;

/// What stands beside the switching line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside {
    /// Amplitude of the stronger side-line at twice the mains frequency against the line; nothing when not resolved.
    pub(super) sideline_ratio: Option<f64>,
    /// Frequency and rms of the line of a second converter.
    pub(super) second: Option<(f64, f64)>,
}

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

impl Family {
    /// The same without sub-harmonics.
    pub(super) fn without_subharmonics(&self) -> Self {
        let orders = self.orders.iter().filter(|&&k| k % self.main == 0).map(|k| k / self.main).collect();
        Self { fundamental_hz: self.fundamental_hz * f64::from(self.main), main: 1, orders }
    }

    /// Whether none of the sub-harmonics, by their fitted amplitudes, is worth the name.
    pub(super) fn subharmonics_fade(&self, amplitudes: &[f64]) -> bool {
        let largest = |wanted: &dyn Fn(u32) -> bool| {
            let of = self.orders.iter().zip(amplitudes).filter(|o| wanted(*o.0)).map(|o| *o.1);
            of.fold(0.0, f64::max)
        };
        self.main > 1 && largest(&|k| k % self.main != 0) < LEAST_SUBHARMONIC * largest(&|k| k == self.main)
    }
}

/// How many bins to either side the floor is the median of.
fn floor_reach(bins: usize) -> usize {
    (bins / 64).clamp(16, 256)
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
        let half = floor_reach(spectrum.mean.len());
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

    /// Whether a line is there all the time, as far as a short record tells; a transient is not.
    fn steady(&self, bin: usize) -> bool {
        let Some(lowest) = &self.spectrum.min else { return true };
        let near = bin.saturating_sub(1)..(bin + 2).min(lowest.len());
        let most = near.clone().map(|i| lowest[i]).fold(0.0, f64::max);
        near.map(|i| self.spectrum.mean[i]).fold(0.0, f64::max) * STEADY <= most
    }

    fn bin_of(&self, f: f64) -> usize {
        (f / self.spectrum.bin_hz()).round().max(0.0) as usize
    }

    /// Power of everything above a frequency.
    fn power_above(&self, f: f64) -> f64 {
        let from = self.bin_of(f).clamp(3, self.spectrum.mean.len());
        self.spectrum.mean[from..].iter().sum::<f64>() * self.spectrum.bin_hz() / self.spectrum.rbw_hz()
    }

    /// The frequency below which this spectrum is too coarse for the search, where that is above the lowest of all.
    pub(super) fn blind_below_hz(&self) -> Option<f64> {
        Some(5.0 * self.spectrum.bin_hz()).filter(|f| *f > LOWEST_HZ)
    }

    /// Slope of the noise floor in dB per decade, from straight lines through its logarithms; 0 is white, -10 is 1/f.
    pub(super) fn slope_db_per_decade(&self) -> Option<f64> {
        let (bin, last) = (self.spectrum.bin_hz(), self.floor.len());
        // Twenty places a decade, each as heavy as any other, from where the running median is narrow against them.
        let first = 2.0 * floor_reach(last) as f64;
        let places = (0..).map(|i| first * 10f64.powf(0.05 * f64::from(i))).take_while(|&b| b < 0.8 * last as f64);
        let points: Vec<(f64, f64)> = places
            .map(|b| ((b * bin).log10(), 10.0 * self.floor[b as usize].log10()))
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .collect();
        if points.len() < 10 {
            return None;
        }
        let n = points.len() as f64;
        let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
        let (xy, xx) = points.iter().fold((0.0, 0.0), |s, p| (s.0 + (p.0 - mx) * (p.1 - my), s.1 + (p.0 - mx).powi(2)));
        Some(xy / xx)
    }

    /// Side-lines at twice the mains frequency, and the line of a second converter that is not synchronised.
    pub(super) fn beside(&self, family: &Family, mains_hz: Option<f64>) -> Beside {
        let (f, bin) = (family.fundamental_hz * f64::from(family.main), self.spectrum.bin_hz());
        let power = self.near(f).0;
        let level = self.level(2.0 * BESIDE * f / bin);
        let mains = mains_hz.unwrap_or(50.0);
        let resolved = 2.0 * mains > 5.0 * bin;
        let pair = |offset: f64| (self.near(f - offset), self.near(f + offset));
        let sideline_ratio = mains_hz.filter(|_| resolved && power > 0.0).map(|m| {
            let (below, above) = pair(2.0 * m);
            let there = |(p, ratio): (f64, f64)| if ratio > level { p } else { 0.0 };
            (there(below).max(there(above)) / power).sqrt()
        });
        let centre = self.bin_of(f);
        let reach = ((BESIDE * f / bin) as usize).min(centre.saturating_sub(3));
        let m = &self.spectrum.mean;
        let second = (centre - reach..=(centre + reach).min(m.len().saturating_sub(2)))
            .filter(|&i| i.abs_diff(centre) >= 5 && m[i] >= m[i - 1] && m[i] > m[i + 1])
            .filter(|&i| m[i] > level * self.floor[i] && m[i] > BESIDE_LEAST * power && self.steady(i))
            // A line with its mirror image on the other side is modulation, not a second converter.
            .filter(|&i| self.near(2.0 * f - self.peak_hz(i)).0 < 0.1 * m[i])
            .max_by(|&a, &b| m[a].total_cmp(&m[b]))
            .and_then(|i| self.strongest_line((i as f64 - 1.5) * bin, (i as f64 + 1.5) * bin));
        Beside { sideline_ratio, second }
    }

    /// Searches the strongest line that stands out and builds its family.
    ///
    /// `energy` is the mean square that it is a part of where no mains are known and drift cannot be told.
    pub(super) fn find(&self, nominal: Option<f64>, mains_hz: Option<f64>, energy: Option<f64>) -> Option<Family> {
        let bin = self.spectrum.bin_hz();
        let last = self.spectrum.mean.len().saturating_sub(2);
        let highest = (HIGHEST * self.spectrum.sample_rate_hz).min(HIGHEST_HZ);
        let (low, high) = nominal.map_or((LOWEST_HZ, highest), |f| (0.95 * f, 1.05 * f));
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
        let mut lines = peaks
            .iter()
            .copied()
            .take(200)
            .filter(|&i| nominal.is_some() || self.steady(i))
            .filter(|&i| !self.is_mains(self.peak_hz(i), mains_hz));
        let strongest = lines.next()?;
        let usual = |i: usize| self.peak_hz(i) >= USUAL_HZ;
        let chosen = if usual(strongest) || nominal.is_some() {
            strongest
        } else {
            lines.find(|&i| usual(i) && m[i] > 0.25 * m[strongest]).unwrap_or(strongest)
        };
        let power = self.near(self.peak_hz(chosen)).0;
        let least = energy.map_or_else(
            || LEAST_SHARE * self.power_above(mains_hz.map_or(0.0, |f| 41.0 * f)),
            |e| LEAST_SHARE_SHORT * e,
        );
        (power > least || nominal.is_some()).then(|| self.family(self.peak_hz(chosen), m[chosen], mains_hz))
    }

    /// The strongest line that stands out steadily where no switching frequency is claimed, when it holds a clear share
    /// of `energy`: its frequency.
    pub(super) fn beyond_claim_hz(&self, energy: f64) -> Option<f64> {
        let m = &self.spectrum.mean;
        let first = self.bin_of((HIGHEST * self.spectrum.sample_rate_hz).min(HIGHEST_HZ)).max(5);
        let last = m.len().saturating_sub(2);
        let level = self.level(last.saturating_sub(first) as f64);
        let peak = (first..last).max_by(|&a, &b| m[a].total_cmp(&m[b]))?;
        let line = m[peak] > level * self.floor[peak] && m[peak] >= m[peak - 1] && self.steady(peak);
        (line && m[peak] > BEYOND_SHARE * energy).then(|| self.peak_hz(peak))
    }

    fn family(&self, f: f64, power: f64, mains_hz: Option<f64>) -> Family {
        let level = self.level(50.0);
        let there = |f: f64| {
            let (p, ratio) = self.near(f);
            ratio > level && p > 2.5e-5 * power && self.steady(self.bin_of(f)) && !self.is_mains(f, mains_hz)
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
