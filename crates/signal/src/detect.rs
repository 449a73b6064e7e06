//! Spectral lines at a stated false-alarm probability per spectrum.
//!
//! A bin of an averaged noise spectrum follows a Gamma distribution, so the threshold is its quantile over the guarded
//! floor. What a stronger line's window leaks, and what sticks out of a broad hump no more than noise would, is no line.

use crate::floor::{Floor, quantile};
use crate::special::{gamma_relative_quantile, gamma_upper_quantile, ln_gamma_q};
use crate::spectrum::Spectrum;
use crate::tone::{Response, fit, interpolate};
use crate::wide::wide;

/// A detected line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Its place in fractional bins.
    pub bin: f64,
    /// The bin of its maximum.
    pub peak: usize,
    /// Its power without the noise, interpolated between bins.
    pub power: f64,
    /// Its power over the noise in one resolution bandwidth.
    pub snr: f64,
    /// Probability that noise alone makes a line this strong anywhere in the spectrum.
    pub false_alarm: f64,
    /// One standard deviation of `power`, relative to it.
    pub relative_error: f64,
}

/// Cells to either side that the local floor rests on, in main lobes (half widths).
const LOCAL_LOBES: f64 = 6.0;
/// Low enough that a strong neighbour's main lobe inside the cells does no harm.
const LOCAL_QUANTILE: f64 = 0.3;
/// A line must stand this far (power ratio) above what the leakage of the stronger ones explains: 3 dB.
const OVER_LEAKAGE: f64 = 2.0;

/// Finds the lines of an averaged spectrum, strongest first.
///
/// `false_alarm` is the probability that a spectrum of nothing but noise yields any line at all.
#[must_use]
pub fn lines(spectrum: &Spectrum, floor: &Floor, false_alarm: f64) -> Vec<Line> {
    let settings = spectrum.settings;
    lines_of_bins(&spectrum.mean, &Response::of(settings.window, settings.fft), floor, false_alarm)
}

/// The same from bare powers, their window's response and their floor.
#[must_use]
pub fn lines_of_bins(mean: &[f64], response: &Response, floor: &Floor, false_alarm: f64) -> Vec<Line> {
    let mut search = Search::new(mean, floor, response, false_alarm);
    let mut peaks = search.candidates();
    peaks.sort_by(|a, b| mean[*b].total_cmp(&mean[*a]).then(a.cmp(b)));
    for peak in peaks {
        search.consider(peak);
    }
    search.shoulders();
    search.settle();
    search.finish()
}

/// Probability per bin that makes `per_spectrum` over `bins` bins.
#[must_use]
pub fn per_bin(per_spectrum: f64, bins: usize) -> f64 {
    -((-per_spectrum).ln_1p() / bins.max(1) as f64).exp_m1()
}

/// Where `values` exceed `factor` times `limits`: most stretches of a spectrum hold no such place, which is seen at once.
#[must_use]
pub fn places_above<T: Copy + Into<f64>>(values: &[T], limits: &[f64], factor: f64) -> Vec<usize> {
    const STRETCH: usize = 64;
    let mut out = Vec::new();
    wide(
        #[inline(always)]
        || {
            let stretches = values.chunks(STRETCH).zip(limits.chunks(STRETCH));
            for (i, (values, limits)) in stretches.enumerate() {
                let mut any = 0_u64;
                for (v, l) in values.iter().zip(limits) {
                    any |= u64::from((*v).into() > factor * l);
                }
                if any > 0 {
                    let places = values.iter().zip(limits).enumerate();
                    out.extend(places.filter(|(_, (v, l))| (**v).into() > factor * **l).map(|(k, _)| i * STRETCH + k));
                }
            }
        },
    );
    out
}

struct Search<'a> {
    mean: &'a [f64],
    floor: &'a Floor,
    response: &'a Response,
    tail: f64,
    /// The largest shape.
    nominal: f64,
    /// Thresholds by shape: a spectrum holds few different ones.
    thresholds: Vec<(f64, f64)>,
    found: Vec<Line>,
}

impl<'a> Search<'a> {
    fn new(mean: &'a [f64], floor: &'a Floor, response: &'a Response, false_alarm: f64) -> Self {
        let tail = per_bin(false_alarm.clamp(1e-300, 0.999_999), mean.len());
        let nominal = floor.shape.iter().copied().fold(0.0, f64::max);
        Self { mean, floor, response, tail, nominal, thresholds: Vec::new(), found: Vec::new() }
    }

    /// Threshold over the floor for a Gamma shape, rounded down by at most 5 % to keep the list short.
    fn threshold(&mut self, shape: f64) -> f64 {
        let shape = if shape >= self.nominal { shape } else { ((shape.ln() * 20.0).floor() / 20.0).exp() };
        if let Some((_, t)) = self.thresholds.iter().find(|(s, _)| (s - shape).abs() < 1e-9) {
            return *t;
        }
        let t = gamma_upper_quantile(shape, self.tail) / shape;
        self.thresholds.push((shape, t));
        t
    }

    /// Local maxima above the threshold over the guarded floor.
    fn candidates(&mut self) -> Vec<usize> {
        // No shape has a lower threshold than the largest.
        let least = self.threshold(self.nominal);
        let mut out = Vec::new();
        for k in places_above(self.mean, &self.floor.guard, least) {
            let p = self.mean[k];
            let before = if k == 0 { f64::NEG_INFINITY } else { self.mean[k - 1] };
            let after = self.mean.get(k + 1).copied().unwrap_or(f64::NEG_INFINITY);
            if p > before && p >= after && p > self.threshold(self.floor.shape[k]) * self.floor.guard[k] {
                out.push(k);
            }
        }
        out
    }

    fn consider(&mut self, peak: usize) {
        let p = self.mean[peak];
        let shape = self.floor.shape[peak];
        let threshold = self.threshold(shape);
        let leaked: f64 = self.found.iter().map(|l| l.power * self.leak(peak as f64 - l.bin)).sum();
        // A bin on a leaked skirt also beats with the noise: amplitudes add at worst.
        let noise = self.floor.level[peak] * threshold;
        if p < OVER_LEAKAGE * leaked || (leaked > noise && p < (leaked.sqrt() + (noise / shape).sqrt() * 2.0).powi(2)) {
            return;
        }
        let reference = self.floor.guard[peak].max(self.local(peak, shape));
        if p <= threshold * reference {
            return;
        }
        let line = self.line(peak, reference, shape);
        if line.power > 0.0 {
            self.found.push(line);
        }
    }

    /// Power leaked to a distance in bins: inside the main lobe the response, outside the side lobes' envelope.
    fn leak(&self, distance: f64) -> f64 {
        // A peak closer than 1.5 bins is the same line, whatever its shape.
        if distance.abs() < 1.5 { 1.0 } else { self.response.envelope(distance.abs() - 0.1) }
    }

    /// The greater of the local floors left and right, without the bins that lines already found occupy.
    fn local(&self, peak: usize, shape: f64) -> f64 {
        let lobe = self.response.lobe_bins();
        let gap = lobe.ceil() as usize;
        let reach = (LOCAL_LOBES * lobe).ceil() as usize;
        let free = |k: &usize| {
            self.found.iter().all(|l| {
                (*k as f64 - l.bin).abs() > lobe || l.power * self.leak(*k as f64 - l.bin) < 0.5 * self.mean[*k]
            })
        };
        let low = peak.saturating_sub(gap + reach)..peak.saturating_sub(gap);
        let high = (peak + gap + 1).min(self.mean.len())..(peak + gap + 1 + reach).min(self.mean.len());
        let bias = gamma_relative_quantile(shape, LOCAL_QUANTILE);
        [low, high]
            .into_iter()
            .map(|range| {
                let mut cells: Vec<f64> = range.filter(free).map(|k| self.mean[k]).collect();
                if cells.len() < gap.max(4) { 0.0 } else { quantile(&mut cells, LOCAL_QUANTILE) / bias }
            })
            .fold(0.0, f64::max)
    }

    fn line(&self, peak: usize, reference: f64, shape: f64) -> Line {
        let level = self.floor.level[peak];
        let lobe = self.response.lobe_bins();
        let tone = interpolate(self.response, self.mean, peak, level, self.reach(peak, lobe));
        let ln_tail = ln_gamma_q(shape, shape * self.mean[peak] / reference);
        // 1 - (1 - q)^M, also where q underflows.
        let bins = self.mean.len() as f64;
        let false_alarm = -(bins * (-ln_tail.exp()).ln_1p()).exp_m1();
        let snr = tone.power / level;
        Line {
            bin: tone.bin,
            peak,
            power: tone.power,
            snr,
            false_alarm,
            relative_error: ((2.0 * snr + 1.0) / shape).sqrt() / snr,
        }
    }

    /// Bins to either side that belong to this line alone: fewer where the spectrum rises again.
    fn reach(&self, peak: usize, lobe: f64) -> usize {
        let most = ((lobe - 1.0).floor() as usize).max(1);
        let falls = |step: usize| {
            let right = self.mean.get(peak + step).zip(self.mean.get(peak + step - 1)).is_some_and(|(a, b)| a < b);
            let left = peak >= step && self.mean[peak - step] < self.mean[peak + 1 - step];
            right && left
        };
        (2..=most).take_while(|s| falls(*s)).last().unwrap_or(1)
    }

    /// Weaker lines so close to a strong one that they make a shoulder on its main lobe rather than a maximum.
    ///
    /// What the strong line's own response explains is taken off first. A shoulder that the other side shows as well
    /// is the skirt of a noisy carrier, not a line.
    fn shoulders(&mut self) {
        let strong: Vec<Line> = self.found.iter().copied().filter(|l| l.snr > 100.0).collect();
        let reach = self.response.lobe_bins().ceil() as i64 + 2;
        for line in strong {
            let mut near: Vec<i64> = (-reach..=reach).map(|d| line.bin.round() as i64 + d).collect();
            near.sort_by(|a, b| self.excess(*b).total_cmp(&self.excess(*a)));
            for k in near {
                self.consider_shoulder(k, &line);
            }
        }
    }

    fn consider_shoulder(&mut self, k: i64, strong: &Line) {
        let Some(peak) = usize::try_from(k).ok().filter(|k| *k < self.mean.len()) else { return };
        let taken = self.found.iter().any(|l| (l.bin - k as f64).abs() < 1.5);
        let x = self.excess(k);
        if taken || x < 0.5 * self.mean[peak] || x <= self.excess(k - 1) || x < self.excess(k + 1) {
            return;
        }
        let mirror = (2.0 * strong.bin - k as f64).round() as i64;
        let other = (mirror - 1..=mirror + 1).map(|m| self.excess(m)).fold(0.0, f64::max);
        let shape = self.floor.shape[peak];
        let reference = self.floor.guard[peak].max(self.local(peak, shape));
        if x < 4.0 * other || x <= self.threshold(shape) * reference {
            return;
        }
        let line = self.line(peak, reference, shape);
        // Place and level are settled later, with the strong line's share taken off.
        self.found.push(Line { bin: k as f64, power: x, ..line });
    }

    /// Places lines that overlap anew, each without the others' shares; a few rounds are enough.
    fn settle(&mut self) {
        let close = 2.0 * self.response.lobe_bins();
        for _ in 0..5 {
            for i in 0..self.found.len() {
                let me = self.found[i];
                let others: Vec<Line> = self
                    .found
                    .iter()
                    .enumerate()
                    .filter(|(j, l)| *j != i && (l.bin - me.bin).abs() < close)
                    .map(|(_, l)| *l)
                    .collect();
                if !others.is_empty() {
                    self.found[i] = self.settled(me, &others);
                }
            }
        }
    }

    fn settled(&self, mut line: Line, others: &[Line]) -> Line {
        let top = self.mean[line.peak];
        let level = self.floor.level[line.peak];
        let cells: Vec<(f64, f64, f64)> = (-2..=2)
            .filter_map(|d: i64| {
                let k = line.peak.checked_add_signed(d as isize)?;
                let p = *self.mean.get(k)?;
                let taken: f64 = others.iter().map(|l| l.power * self.response.power(k as f64 - l.bin)).sum();
                // What is taken off is itself uncertain: such cells count less.
                let weight = 1.0 / (p + 1e-3 * top + taken * taken / line.power);
                Some((d as f64, p - taken - level, weight))
            })
            .collect();
        let (delta, power) = fit(self.response, &cells);
        if power > 0.0 {
            line.bin = line.peak as f64 + delta;
            line.power = power;
            line.snr = power / level;
            line.relative_error = ((2.0 * line.snr + 1.0) / self.floor.shape[line.peak]).sqrt() / line.snr;
        }
        line
    }

    /// Power of a bin beyond what the lines found explain, each allowed to be a fiftieth of a bin off.
    fn excess(&self, k: i64) -> f64 {
        let Some(p) = usize::try_from(k).ok().and_then(|k| self.mean.get(k)) else { return 0.0 };
        let explained: f64 = self
            .found
            .iter()
            .filter(|l| (l.bin - k as f64).abs() < 16.0)
            .map(|l| {
                let d = (k as f64 - l.bin).abs();
                l.power * self.response.power((d - 0.02).max(0.0)).max(self.response.power(d + 0.02))
            })
            .sum();
        (p - explained).max(0.0)
    }

    fn finish(mut self) -> Vec<Line> {
        self.found.sort_by(|a, b| b.power.total_cmp(&a.power).then(a.peak.cmp(&b.peak)));
        self.found
    }
}

#[cfg(test)]
mod tests;
