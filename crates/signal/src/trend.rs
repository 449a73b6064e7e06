//! Trends that a few wild values cannot spoil: the Theil-Sen line, Kendall's tau with its chance, robust distances.

use crate::robust::median;
use crate::special::gamma_pq;

/// Two-sided 95 % quantile of the normal distribution.
const NORMAL_95: f64 = 1.959_963_984_540_054;
/// Longest series without ties whose chance is counted exactly.
const EXACT: usize = 60;

/// The Theil-Sen line: median of the slopes of all pairs, through the medians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Slope.
    pub slope: f64,
    /// Lower end of its 95 % interval (P. K. Sen, 1968).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Median of x: the line turns about it as the slope varies.
    pub x: f64,
    /// Median of y.
    pub y: f64,
}

impl Line {
    /// Value of the line.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.y + self.slope * (x - self.x)
    }

    /// Where a slope through the medians reaches `y`; nothing for a slope of zero.
    #[must_use]
    pub fn reaches(&self, y: f64, slope: f64) -> Option<f64> {
        Some(self.x + (y - self.y) / slope).filter(|x| x.is_finite())
    }
}

/// The line through pairs of finite numbers; nothing with fewer than two distinct x.
#[must_use]
pub fn theil_sen(x: &[f64], y: &[f64]) -> Option<Line> {
    let mut slopes: Vec<f64> = pairs(x, y).filter(|(dx, _)| *dx != 0.0).map(|(dx, dy)| dy / dx).collect();
    slopes.sort_by(f64::total_cmp);
    let last = slopes.len().checked_sub(1)?;
    let count = slopes.len() as f64;
    let half = NORMAL_95 * variance(x, y).sqrt();
    let place = |rank: f64| slopes.get((rank.round().max(0.0) as usize).min(last)).copied().unwrap_or(f64::NAN);
    let (low, high) = (place(((count - half) / 2.0).round() - 1.0), place((count + half) / 2.0));
    let slope = median(&mut slopes);
    Some(Line { slope, low, high, x: median(&mut x.to_vec()), y: median(&mut y.to_vec()) })
}

/// Differences of all pairs, the later minus the earlier.
fn pairs<'a>(x: &'a [f64], y: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let points = x.iter().zip(y);
    let later = points.clone();
    points.enumerate().flat_map(move |(i, (a, b))| later.clone().skip(i + 1).map(move |(c, d)| (c - a, d - b)))
}

/// Kendall's rank correlation of a series with its time: the Mann-Kendall test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// Tau-b: 1 for a series that always rises, -1 for one that always falls.
    pub tau: f64,
    /// Chance that a series without a trend shows as much of one, either way.
    pub p: f64,
}

/// The test; nothing for fewer than three pairs or when one side never changes.
///
/// Without ties, up to 60 values, the chance is counted; else the normal approximation with its continuity correction
/// and the variance for ties (M. G. Kendall, Rank Correlation Methods, 1970).
#[must_use]
pub fn mann_kendall(x: &[f64], y: &[f64]) -> Option<Kendall> {
    let n = x.len().min(y.len());
    let sign = |v: f64| if v == 0.0 { 0.0 } else { v.signum() };
    let s: f64 = pairs(x, y).map(|(dx, dy)| sign(dx) * sign(dy)).sum();
    let all = (n * n.saturating_sub(1)) as f64 / 2.0;
    let free = |v: &[f64]| all - ties(v).iter().map(|t| t * (t - 1.0) / 2.0).sum::<f64>();
    let scale = (free(x) * free(y)).sqrt();
    if n < 3 || scale <= 0.0 {
        return None;
    }
    let tied = scale < all;
    let p = if !tied && n <= EXACT { counted(n, s) } else { approximate(s, variance(x, y)) };
    Some(Kendall { tau: s / scale, p })
}

/// Sizes of the groups of equal values.
fn ties(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|g| g.len() as f64).collect()
}

/// Variance of Kendall's S under no trend, ties on both sides allowed for.
fn variance(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (tx, ty) = (ties(x), ties(y));
    let sum = |t: &[f64], f: fn(f64) -> f64| t.iter().map(|v| f(*v)).sum::<f64>();
    let cubic: fn(f64) -> f64 = |t| t * (t - 1.0) * (2.0 * t + 5.0);
    let square: fn(f64) -> f64 = |t| t * (t - 1.0);
    let triple: fn(f64) -> f64 = |t| t * (t - 1.0) * (t - 2.0);
    let mut v = (cubic(n) - sum(&tx, cubic) - sum(&ty, cubic)) / 18.0;
    v += sum(&tx, square) * sum(&ty, square) / (2.0 * n * (n - 1.0)).max(1.0);
    if n > 2.0 {
        v += sum(&tx, triple) * sum(&ty, triple) / (9.0 * n * (n - 1.0) * (n - 2.0));
    }
    v.max(0.0)
}

fn approximate(s: f64, variance: f64) -> f64 {
    let z = (s.abs() - 1.0).max(0.0) / variance.sqrt();
    if z > 0.0 { gamma_pq(0.5, 0.5 * z * z).1.min(1.0) } else { 1.0 }
}

/// Share of all orders of `n` values whose S is as far from zero: orders are counted by their inversions.
fn counted(n: usize, s: f64) -> f64 {
    let mut share = vec![1.0];
    for k in 2..=n {
        let mut next = vec![0.0; share.len() + k - 1];
        for (i, v) in share.iter().enumerate() {
            next.iter_mut().skip(i).take(k).for_each(|w| *w += v / k as f64);
        }
        share = next;
    }
    let all = share.len() as f64 - 1.0;
    // S is all pairs less twice the inversions.
    let far =
        share.iter().enumerate().filter(|(inversions, _)| (all - 2.0 * *inversions as f64).abs() >= s.abs() - 0.5);
    far.map(|(_, v)| v).sum::<f64>().min(1.0)
}

/// Distance of each value from the line, in robust standard deviations: 1.4826 MAD, or 1.2533 times the mean absolute
/// deviation where more than half of the values lie exactly on it (B. Iglewicz and D. C. Hoaglin, 1993); zeros where
/// nothing scatters.
#[must_use]
pub fn distances(x: &[f64], y: &[f64], line: &Line) -> Vec<f64> {
    let rest: Vec<f64> = x.iter().zip(y).map(|(x, y)| y - line.at(*x)).collect();
    let (center, robust) = crate::robust::median_and_sigma(&mut rest.clone());
    let mean = rest.iter().map(|r| (r - center).abs()).sum::<f64>() / rest.len().max(1) as f64;
    let sigma = if robust > 0.0 { robust } else { 1.2533 * mean };
    rest.iter().map(|r| if sigma > 0.0 { (r - center) / sigma } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    //! Expected values: scipy 1.x `stats.theilslopes(y, x, 0.95)` and `stats.kendalltau(method="exact")`, and the
    //! Mann-Kendall formula of Gilbert (1987) evaluated with `stats.norm`.

    use super::*;

    const X: [f64; 8] = [0.0, 1.0, 2.0, 4.0, 7.0, 8.5, 10.0, 13.0];
    const Y: [f64; 8] = [1.0, 1.3, 1.1, 1.6, 2.9, 2.4, 3.1, 3.0];
    const TIED: [f64; 12] = [1.0, 2.0, 2.0, 3.0, 2.0, 4.0, 4.0, 5.0, 4.0, 6.0, 7.0, 6.0];

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} is not {b}");
    }

    fn count(n: usize) -> Vec<f64> {
        (0..n).map(|i| i as f64).collect()
    }

    #[test]
    fn slopes_and_their_intervals() {
        let line = theil_sen(&X, &Y).unwrap();
        close(line.slope, 0.168_716_577_540_106_94);
        close(line.low, 0.066_666_666_666_666_72);
        close(line.high, 0.266_666_666_666_666_66);
        close(line.at(0.0), 1.072_058_823_529_412);
        let line = theil_sen(&count(12), &TIED).unwrap();
        close(line.slope, 0.5);
        close(line.low, 0.375);
        close(line.high, 0.6);
        close(line.at(0.0), 1.25);
        let line = theil_sen(&count(5), &[3.0, 1.0, 2.0, 5.0, 4.0]).unwrap();
        close(line.slope, 0.833_333_333_333_333_3);
        close(line.low, -2.0);
        close(line.high, 3.0);
        assert!(theil_sen(&[1.0, 1.0], &[1.0, 2.0]).is_none() && theil_sen(&[], &[]).is_none());
    }

    #[test]
    fn the_chance_of_a_trend() {
        let k = mann_kendall(&X, &Y).unwrap();
        close(k.tau, 0.785_714_285_714_285_6);
        close(k.p, 0.005_505_952_380_952_381);
        let k = mann_kendall(&count(5), &[3.0, 1.0, 2.0, 5.0, 4.0]).unwrap();
        close(k.tau, 0.4);
        close(k.p, 0.483_333_333_333_333_34);
        // With ties: S = 53, variance 204.33, z = 3.638 after the continuity correction.
        let k = mann_kendall(&count(12), &TIED).unwrap();
        close(k.tau, 0.849_332_799_565_077_3);
        close(k.p, 0.000_275_022_279_748_287_67);
        assert!(mann_kendall(&count(4), &[2.0; 4]).is_none() && mann_kendall(&[1.0], &[1.0]).is_none());
    }

    #[test]
    fn a_wild_value_moves_neither_line_nor_scale_and_is_seen() {
        let x = count(11);
        let mut y: Vec<f64> = x.iter().map(|x| 5.0 + 0.25 * x + if x % 2.0 == 0.0 { 0.01 } else { -0.01 }).collect();
        y[7] = 90.0;
        let line = theil_sen(&x, &y).unwrap();
        assert!((line.slope - 0.25).abs() < 0.01, "{line:?}");
        let far: Vec<usize> =
            distances(&x, &y, &line).iter().enumerate().filter(|(_, z)| z.abs() > 3.5).map(|(i, _)| i).collect();
        assert_eq!(far, [7]);
        assert_eq!(line.reaches(line.y, 0.0), None);
        // Where 0.25 a step reaches 10.
        assert!((line.reaches(10.0, line.slope).unwrap() - 20.0).abs() < 1.0);
    }

    proptest::proptest! {
        #[test]
        fn shifting_and_scaling_carry_over(
            y in proptest::collection::vec(-1e3f64..1e3, 3..20), shift in -1e3f64..1e3, scale in 0.1f64..10.0
        ) {
            let x = count(y.len());
            let moved: Vec<f64> = y.iter().map(|v| shift + scale * v).collect();
            let (a, b) = (theil_sen(&x, &y).unwrap(), theil_sen(&x, &moved).unwrap());
            proptest::prop_assert!((b.slope - scale * a.slope).abs() < 1e-6 * (1.0 + a.slope.abs() * scale));
            proptest::prop_assert!(a.low <= a.slope && a.slope <= a.high);
            if let Some(k) = mann_kendall(&x, &y) {
                proptest::prop_assert!((0.0..=1.0).contains(&k.p) && k.tau.abs() <= 1.0 + 1e-12);
            }
        }
    }
}
