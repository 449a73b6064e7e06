//! State levels by the histogram mode of IEEE Std 181: the commonest level of the lower and of the upper half.

use crate::robust::MAD_TO_SIGMA;

/// Fine bins: what levels are resolved to before they are averaged.
const FINE: usize = 8192;
/// Coarse bins, in which modes are looked for; IEEE 181 asks for a hundred or more.
const COARSE: usize = 128;
/// Modes that are closer than this share of the range are one state with noise.
const LEAST_DISTANCE: usize = 8;
/// Two states must be parted by a valley below this share of the lower mode.
const VALLEY: f64 = 0.4;

/// How often each level occurred in a stream between two known bounds.
#[derive(Debug, Clone)]
pub struct LevelHistogram {
    low: f64,
    scale: f64,
    counts: Vec<u64>,
    sums: Vec<f64>,
}

/// Two state levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct States {
    /// Level of the lower state.
    pub low: f64,
    /// Level of the upper state.
    pub high: f64,
    /// Standard deviation of the noise on the states, the larger of the two: from the outer halves of the modes.
    pub noise: f64,
}

impl States {
    /// Upper minus lower level, above zero.
    #[must_use]
    pub fn amplitude(&self) -> f64 {
        self.high - self.low
    }
}

impl LevelHistogram {
    /// A histogram from `low` to `high`; values beyond count in the outermost bins.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Self {
        let range = high - low;
        let scale = if range > 0.0 && range.is_finite() { FINE as f64 / range } else { 0.0 };
        Self { low, scale, counts: vec![0; FINE], sums: vec![0.0; FINE] }
    }

    /// Counts values; those that are not finite are left out.
    pub fn add(&mut self, values: &[f64]) {
        for v in values.iter().filter(|v| v.is_finite()) {
            // The cast saturates, so whatever lies beyond lands in the first or the last bin.
            let bin = (((v - self.low) * self.scale) as usize).min(FINE - 1);
            self.counts[bin] += 1;
            self.sums[bin] += v - self.low;
        }
    }

    /// The two states, if the levels have two.
    ///
    /// `None` for a constant, for noise about one level, and for ramps and triangles, which dwell nowhere.
    #[must_use]
    pub fn states(&self) -> Option<States> {
        let (plain, smooth) = self.coarse();
        let (lower, upper) = (mode(&plain, &smooth, 0, COARSE / 2)?, mode(&plain, &smooth, COARSE / 2, COARSE)?);
        let least = smooth[lower].min(smooth[upper]) as f64;
        let valley = smooth[lower..upper].iter().copied().min()? as f64;
        let told = valley < VALLEY * least && least - valley >= 3.0 * least.sqrt();
        if self.scale == 0.0 || upper - lower < LEAST_DISTANCE || !told {
            return None;
        }
        let (low, high) = (self.refine(&smooth, lower), self.refine(&smooth, upper));
        let noise = self.outer_noise(low, true).max(self.outer_noise(high, false));
        (high > low).then_some(States { low: self.low + low, high: self.low + high, noise })
    }

    /// The commonest level of all, and the noise about it from both sides.
    #[must_use]
    pub fn commonest(&self) -> Option<(f64, f64)> {
        let (plain, smooth) = self.coarse();
        let mode = mode(&plain, &smooth, 0, COARSE).filter(|i| plain[*i] > 0)?;
        let level = self.refine(&smooth, mode);
        Some((self.low + level, self.outer_noise(level, true).min(self.outer_noise(level, false))))
    }

    /// Coarse counts, and the same with their neighbours' added: a converter's codes fall unevenly into bins.
    fn coarse(&self) -> (Vec<u64>, Vec<u64>) {
        let plain: Vec<u64> = self.counts.chunks(FINE / COARSE).map(|c| c.iter().sum()).collect();
        let smooth = (0..COARSE).map(|i| plain[i.saturating_sub(1)..(i + 2).min(COARSE)].iter().sum()).collect();
        (plain, smooth)
    }

    /// The mean about a mode, over the width at half its height; from `self.low`.
    fn refine(&self, smooth: &[u64], mode: usize) -> f64 {
        let half = smooth[mode] / 2;
        let below = (0..mode).rev().take_while(|i| smooth[*i] > half).count();
        let above = (mode + 1..COARSE).take_while(|i| smooth[*i] > half).count();
        // The narrower side: the other one may hold the tail of a slow edge. One bin less, which the neighbours added.
        let reach = (below.min(above).saturating_sub(1) as f64 + 0.5) * (FINE / COARSE) as f64;
        let mut centre = (mode as f64 + 0.5) * (FINE / COARSE) as f64;
        for _ in 0..8 {
            let first = (centre - reach).max(0.0) as usize;
            let last = ((centre + reach) as usize).min(FINE - 1);
            let count: u64 = self.counts[first..=last].iter().sum();
            if count == 0 {
                break;
            }
            let mean = self.sums[first..=last].iter().sum::<f64>() / count as f64;
            let next = mean * self.scale;
            if (next - centre).abs() < 1e-9 {
                break;
            }
            centre = next;
        }
        centre / self.scale
    }

    /// Robust standard deviation of what lies on one side of a level: half of the noise, and none of the edges.
    fn outer_noise(&self, level: f64, below: bool) -> f64 {
        let bin = ((level * self.scale) as usize).min(FINE - 1);
        let side: Vec<(f64, u64)> = if below { (0..=bin).rev().collect::<Vec<_>>() } else { (bin..FINE).collect() }
            .into_iter()
            .filter(|i| self.counts[*i] > 0)
            .map(|i| ((self.sums[i] / self.counts[i] as f64 - level).abs(), self.counts[i]))
            .collect();
        let total: u64 = side.iter().map(|(_, n)| n).sum();
        let mut seen = 0;
        for (distance, count) in side {
            seen += count;
            if 2 * seen >= total {
                return MAD_TO_SIGMA * distance;
            }
        }
        0.0
    }
}

/// The commonest bin from `first` to below `end`: where the neighbourhood is fullest, its fullest bin.
fn mode(plain: &[u64], smooth: &[u64], first: usize, end: usize) -> Option<usize> {
    let around = (first..end).max_by_key(|i| (smooth[*i], plain[*i]))?;
    (around.saturating_sub(1).max(first)..(around + 2).min(end)).max_by_key(|i| plain[*i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> LevelHistogram {
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        let mut histogram = LevelHistogram::new(low, high);
        histogram.add(values);
        histogram
    }

    /// Sum of twelve uniform numbers: mean 0, variance 1, from a linear congruence (Knuth's constants).
    fn noise(n: usize) -> Vec<f64> {
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
    }

    #[test]
    fn two_clean_states_are_exact() {
        let values: Vec<f64> = (0..1000).map(|i| if i % 10 < 3 { 3.3 } else { -0.125 }).collect();
        let s = of(&values).states().unwrap();
        assert!((s.low + 0.125).abs() < 1e-12 && (s.high - 3.3).abs() < 1e-12 && s.noise < 1e-12, "{s:?}");
    }

    #[test]
    fn noise_on_the_states_is_measured_and_does_not_move_them() {
        let values: Vec<f64> = noise(40_000)
            .iter()
            .enumerate()
            .map(|(i, n)| 0.02 * n + if i / 100 % 2 == 0 { 0.0 } else { 1.0 })
            .collect();
        let s = of(&values).states().unwrap();
        // The mean of 20000 samples of sigma 0.02 is good to 0.00014; the window about the mode doubles that at most.
        assert!(s.low.abs() < 0.001 && (s.high - 1.0).abs() < 0.001, "{s:?}");
        assert!((s.noise / 0.02 - 1.0).abs() < 0.1, "{s:?}");
    }

    #[test]
    fn noise_ramps_and_constants_have_no_two_states() {
        assert_eq!(of(&noise(20_000)).states(), None);
        assert_eq!(of(&(0..10_000).map(f64::from).collect::<Vec<_>>()).states(), None);
        assert_eq!(of(&[5.0; 100]).states(), None);
        assert_eq!(of(&[]).states(), None);
        assert_eq!(of(&[1.0, 2.0]).states(), None);
    }

    #[test]
    fn one_level_and_its_noise() {
        let mut values: Vec<f64> = noise(50_000).iter().map(|n| 12.0 + 0.01 * n).collect();
        values.extend((0..2000).map(|i| 11.0 + f64::from(i) / 2000.0));
        let (level, sigma) = of(&values).commonest().unwrap();
        assert!((level - 12.0).abs() < 0.002 && (sigma / 0.01 - 1.0).abs() < 0.2, "{level} {sigma}");
    }
}
