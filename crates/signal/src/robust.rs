//! Statistics that a few wild samples cannot spoil: median, MAD, running median, percentiles of a stream.

use crate::wide::wide;

/// MAD to standard deviation for a Gaussian: 1 / the 75 % quantile of the normal distribution.
pub const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// The median; reorders its input. The mean of the middle two for an even count, NaN when empty.
pub fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let (below, mid, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    let mid = *mid;
    if n % 2 == 1 {
        return mid;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    0.5 * (lower + mid)
}

/// Median and 1.4826 times the median absolute deviation from it; reorders and overwrites its input.
pub fn median_and_sigma(values: &mut [f64]) -> (f64, f64) {
    let center = median(values);
    values.iter_mut().for_each(|v| *v = (*v - center).abs());
    (center, MAD_TO_SIGMA * median(values))
}

/// Running median over `2 * half + 1` points, evaluated every `half / 8` points and held in between.
///
/// At the ends the window keeps its length and moves inwards, so that a slope is not flattened by a short window.
#[must_use]
pub fn running_median(values: &[f64], half: usize) -> Vec<f64> {
    let n = values.len();
    let width = (2 * half + 1).min(n);
    let step = (half / 8).max(1);
    let mut scratch = Vec::with_capacity(width);
    let mut out = Vec::with_capacity(n);
    while out.len() < n {
        let center = (out.len() + step / 2).min(n - 1);
        let from = center.saturating_sub(half).min(n - width);
        scratch.clear();
        scratch.extend_from_slice(&values[from..from + width]);
        let m = median(&mut scratch);
        let to = (out.len() + step).min(n);
        out.resize(to, m);
    }
    out
}

/// Counts of a stream between two known bounds, for percentiles in bounded memory.
#[derive(Debug, Clone)]
pub struct Histogram {
    low: f64,
    width: f64,
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// A histogram of `bins` equal bins (at least 1) from `low` to `high`.
    #[must_use]
    pub fn new(low: f64, high: f64, bins: usize) -> Self {
        let bins = bins.max(1);
        Self { low, width: (high - low) / bins as f64, counts: vec![0; bins], total: 0 }
    }

    /// Counts one value; values beyond the bounds count in the outermost bins, NaN not at all.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let bin = if self.width > 0.0 { ((value - self.low) / self.width) as usize } else { 0 };
        let last = self.counts.len() - 1;
        self.counts[bin.min(last)] += 1;
        self.total += 1;
    }

    /// Counts many values.
    pub fn add_all(&mut self, values: &[f64]) {
        // Places of a few values at once, then their counters: only the former vectorises.
        let mut places = [0u32; 256];
        let (low, per_bin) = (self.low, if self.width > 0.0 { 1.0 / self.width } else { 0.0 });
        let last = (self.counts.len() - 1) as f64;
        for part in values.chunks(places.len()) {
            let all_numbers = wide(
                #[inline(always)]
                || {
                    for (place, v) in places.iter_mut().zip(part) {
                        // The order of the bounds makes NaN 0.
                        let bin = (v - low) * per_bin;
                        let bin = if bin > 0.0 { bin } else { 0.0 };
                        *place = (if bin < last { bin } else { last }) as i32 as u32;
                    }
                    part.iter().fold(true, |all, v| all & !v.is_nan())
                },
            );
            if !all_numbers {
                part.iter().for_each(|v| self.add(*v));
                continue;
            }
            for place in &places[..part.len()] {
                self.counts[*place as usize] += 1;
            }
            self.total += part.len() as u64;
        }
    }

    /// The value below which the fraction `p` of the stream lies, interpolated between ranks; NaN when empty.
    ///
    /// Resolution is one bin. Rank convention: `p` times (count - 1), as for the sample median.
    #[must_use]
    pub fn percentile(&self, p: f64) -> f64 {
        if self.total == 0 {
            return f64::NAN;
        }
        let rank = p.clamp(0.0, 1.0) * (self.total - 1) as f64;
        let (below, above) = (self.ranked(rank.floor() as u64), self.ranked(rank.ceil() as u64));
        below + (above - below) * rank.fract()
    }

    /// The fraction of the stream in the bins below the one that holds `value`; NaN when empty.
    #[must_use]
    pub fn share_below(&self, value: f64) -> f64 {
        let bins = if self.width > 0.0 { ((value - self.low) / self.width).max(0.0) as usize } else { 0 };
        self.counts.iter().take(bins).sum::<u64>() as f64 / self.total as f64
    }

    /// The value of that rank, its bin's values taken as evenly spread.
    fn ranked(&self, rank: u64) -> f64 {
        let mut before = 0u64;
        for (bin, &count) in self.counts.iter().enumerate() {
            if rank < before + count {
                let inside = ((rank - before) as f64 + 0.5) / count as f64;
                return self.low + self.width * (bin as f64 + inside);
            }
            before += count;
        }
        self.low + self.width * self.counts.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn median_and_mad_of_small_sets() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&mut []).is_nan());
        let (m, s) = median_and_sigma(&mut [1.0, 2.0, 3.0, 4.0, 1e9]);
        assert_eq!(m, 3.0);
        assert!((s - MAD_TO_SIGMA).abs() < 1e-12);
    }

    #[test]
    fn the_running_median_follows_a_slope_and_ignores_a_line() {
        let mut v: Vec<f64> = (0..400).map(f64::from).collect();
        v[200] = 1e6;
        let r = running_median(&v, 16);
        assert_eq!(r.len(), 400);
        for (i, m) in r.iter().enumerate().take(380).skip(20) {
            assert!((m - i as f64).abs() <= 3.0, "{i}: {m}");
        }
        assert!(running_median(&[], 5).is_empty());
    }

    proptest! {
        #[test]
        fn histogram_percentiles_agree_with_sorting_to_a_bin(
            mut v in proptest::collection::vec(-5.0f64..5.0, 1..300),
            p in 0.0f64..1.0,
        ) {
            let mut h = Histogram::new(-5.0, 5.0, 4096);
            let half = v.len() / 2;
            v[..half].iter().for_each(|&x| h.add(x));
            h.add_all(&v[half..]);
            v.sort_by(f64::total_cmp);
            let rank = p * (v.len() - 1) as f64;
            let (lo, hi) = (v[rank.floor() as usize], v[rank.ceil() as usize]);
            let got = h.percentile(p);
            let bin = 10.0 / 4096.0;
            prop_assert!(got >= lo - bin && got <= hi + bin, "{got} not in {lo}..{hi}");
            let share = |x: f64| v.iter().filter(|v| **v < x).count() as f64 / v.len() as f64;
            let below = h.share_below(got);
            prop_assert!(below >= share(got - 2.0 * bin) && below <= share(got + bin), "{below}");
        }
    }
}
