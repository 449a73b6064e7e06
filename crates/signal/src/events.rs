//! Changes of level: where a smooth level leaves its place, how far it goes, and when it is back.

use crate::robust::{median, median_and_sigma};

/// How many robust standard deviations of the windowed difference make a change.
const THRESHOLD: f64 = 7.0;
/// Band about the level within which it counts as recovered, as a fraction of that level.
const BAND_OF_LEVEL: f64 = 0.01;
/// The same as a fraction of the change, where the change is small against the level.
const BAND_OF_DEPTH: f64 = 0.1;

/// A change of level. Times are in samples of the level stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// First sample away from the level before.
    pub start: usize,
    /// Level before.
    pub before: f64,
    /// Farthest level.
    pub extreme: f64,
    /// Sample of the farthest level.
    pub extreme_at: usize,
    /// Level after: that before when the level came back.
    pub after: f64,
    /// Whether the level came back to where it was.
    pub returned: bool,
    /// Sample from which the level stays in the band about `after`, if it does.
    pub settled: Option<usize>,
    /// Excursion beyond `after` on the far side, 0 if there is none.
    pub overshoot: f64,
}

/// Finds changes in a level stream.
///
/// The difference of the means of `window` samples after and before each instant is compared with its own robust spread,
/// so that whatever goes on all the time (noise, wander, periodic ripple) is no event. `floor` is the smallest change
/// that counts. The level counts as back when it stays within 1 % of the level before, or within 10 % of the change
/// where the change is below 2 % of the level, for at least the window.
#[must_use]
pub fn changes(level: &[f64], window: usize, floor: f64) -> Vec<Change> {
    let n = level.len();
    let w = window.min(n / 6);
    if w < 2 {
        return Vec::new();
    }
    let short = means(level, (w / 4).max(1));
    let sums = prefix(level);
    let mut difference: Vec<f64> =
        (w..=n - w).map(|j| (sums[j + w] - 2.0 * sums[j] + sums[j - w]) / w as f64).collect();
    // A steady slope differs everywhere by as much.
    let usual = median(&mut thinned(difference.iter().copied()));
    difference.iter_mut().for_each(|d| *d -= usual);
    let threshold = (THRESHOLD * spread(&difference)).max(floor).max(f64::MIN_POSITIVE);
    let noise = short_noise(&short, (w / 4).max(1));
    let edges = edges(&difference, w, threshold);
    let mut found = Vec::new();
    let mut free_from = 0;
    for (i, &edge) in edges.iter().enumerate() {
        if edge < free_from {
            continue;
        }
        let next = edges[i + 1..].iter().copied().find(|&e| e > edge + w).unwrap_or(n);
        let change = follow(level, &short, edge, free_from, next, w, noise);
        free_from = change.settled.unwrap_or(edge).max(edge) + w;
        found.push(change);
    }
    found
}

fn follow(level: &[f64], short: &[f64], edge: usize, free_from: usize, next: usize, w: usize, noise: f64) -> Change {
    let n = level.len();
    let from = edge.saturating_sub(8 * w).max(free_from.min(edge.saturating_sub(w)));
    let before = median(&mut level[from..edge.saturating_sub(w / 4).max(from + 1)].to_vec());
    let sign = (mean(&level[edge..(edge + w).min(n)]) - before).signum();
    let first_look = extreme(short, edge.saturating_sub(w), (edge + 2 * w).min(n), before, sign);
    let band = band(before, (short[first_look] - before).abs(), noise);
    let back = stays_inside(short, first_look, n, before, band, w);
    let (after, until, returned) = match back {
        Some(at) => (before, at, true),
        None => {
            let tail = next.saturating_sub(w / 2).max(edge + 1).min(n);
            let tail_from = edge + (tail - edge) / 2;
            (median(&mut level[tail_from..tail.max(tail_from + 1)].to_vec()), next, false)
        }
    };
    let extreme_at = extreme(short, edge.saturating_sub(w), until.max(first_look + 1).min(n), before, sign);
    let deepest = short[extreme_at];
    let depth = (deepest - before).abs();
    let near = (0.05 * depth).max(3.0 * noise);
    // From the first dip of several, not from the deepest.
    let start = (0..first_look.min(extreme_at)).rev().find(|&i| (short[i] - before).abs() <= near).map_or(0, |i| i + 1);
    let settled = if returned {
        stays_inside(short, extreme_at, n, before, self::band(before, depth, noise), w)
    } else {
        stays_inside(short, extreme_at.min(start + 1), next, after, self::band(after, (after - before).abs(), noise), w)
    };
    let overshoot = if returned {
        let to = (until + (until - start).max(w)).min(n).min(next.max(until));
        level_beyond(&short[until.min(n)..to.max(until.min(n))], after, -sign)
    } else {
        level_beyond(&short[start..until.min(n).max(start)], after, sign)
    };
    let overshoot = if overshoot > 4.0 * noise { overshoot } else { 0.0 };
    Change { start, before, extreme: deepest, extreme_at, after, returned, settled, overshoot }
}

fn band(level: f64, change: f64, noise: f64) -> f64 {
    let wide = BAND_OF_LEVEL * level.abs();
    let half = if change > 2.0 * wide && wide > 0.0 { wide } else { BAND_OF_DEPTH * change };
    half.max(3.0 * noise)
}

/// First sample from `from` on from which `hold` samples lie within `band` of `level` (or all up to the end, at least
/// half as many).
fn stays_inside(v: &[f64], from: usize, to: usize, level: f64, band: f64, hold: usize) -> Option<usize> {
    let to = to.min(v.len());
    let mut since = None;
    for (i, x) in v.iter().enumerate().take(to).skip(from) {
        if (x - level).abs() <= band {
            let s = *since.get_or_insert(i);
            if i + 1 - s >= hold.max((s - from) / 4) {
                return Some(s);
            }
        } else {
            since = None;
        }
    }
    since.filter(|s| to - s >= hold.div_ceil(2))
}

fn extreme(v: &[f64], from: usize, to: usize, level: f64, sign: f64) -> usize {
    let to = to.min(v.len());
    (from..to).max_by(|&a, &b| (sign * (v[a] - level)).total_cmp(&(sign * (v[b] - level)))).unwrap_or(from)
}

fn level_beyond(v: &[f64], level: f64, sign: f64) -> f64 {
    v.iter().map(|x| sign * (x - level)).fold(0.0, f64::max)
}

fn mean(v: &[f64]) -> f64 {
    if v.is_empty() { 0.0 } else { v.iter().sum::<f64>() / v.len() as f64 }
}

fn prefix(v: &[f64]) -> Vec<f64> {
    let pivot = v.first().copied().unwrap_or(0.0);
    let mut sums = Vec::with_capacity(v.len() + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for x in v {
        sum += x - pivot;
        sums.push(sum);
    }
    sums
}

/// Centred running mean over `width` samples, shorter at the ends.
fn means(v: &[f64], width: usize) -> Vec<f64> {
    let pivot = v.first().copied().unwrap_or(0.0);
    let sums = prefix(v);
    let n = v.len();
    (0..n)
        .map(|i| {
            let (a, b) = (i.saturating_sub((width - 1) / 2), (i + width / 2 + 1).min(n));
            pivot + (sums[b] - sums[a]) / (b - a) as f64
        })
        .collect()
}

fn thinned(v: impl ExactSizeIterator<Item = f64>) -> Vec<f64> {
    let step = v.len().div_ceil(1 << 16).max(1);
    v.step_by(step).collect()
}

fn spread(v: &[f64]) -> f64 {
    median_and_sigma(&mut thinned(v.iter().copied())).1
}

fn short_noise(v: &[f64], lag: usize) -> f64 {
    let lag = lag.min(v.len().saturating_sub(1));
    let sigma = median_and_sigma(&mut thinned((0..v.len() - lag).map(|i| v[i + lag] - v[i]))).1;
    sigma / std::f64::consts::SQRT_2
}

/// Centre of each run of windowed differences beyond the threshold, as an index into the level.
fn edges(difference: &[f64], w: usize, threshold: f64) -> Vec<usize> {
    let mut out = Vec::new();
    let mut best: Option<(usize, f64)> = None;
    for (i, &d) in difference.iter().enumerate() {
        let same = best.is_some_and(|(_, b)| b.signum() == d.signum());
        if d.abs() > threshold {
            match best {
                Some((_, b)) if same && b.abs() >= d.abs() => {}
                Some((at, _)) if !same => {
                    out.push(at + w);
                    best = Some((i, d));
                }
                _ => best = Some((i, d)),
            }
        } else if let Some((at, _)) = best.take() {
            out.push(at + w);
        }
    }
    out.extend(best.map(|(at, _)| at + w));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform noise of the stated standard deviation from a linear congruential generator (Knuth's MMIX constants).
    fn noise(n: usize, sigma: f64, seed: u64) -> Vec<f64> {
        let mut s = seed;
        (0..n)
            .map(|_| {
                s = s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((s >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 12f64.sqrt() * sigma
            })
            .collect()
    }

    #[test]
    fn noise_wander_and_periodic_ripple_are_no_events() {
        for seed in 0..40 {
            let mut v = noise(5000, 0.01, seed);
            assert!(changes(&v, 20, 0.0).is_empty());
            v.iter_mut().enumerate().for_each(|(i, x)| *x += 48.0 + (i as f64 * 0.004).sin() + (i as f64 * 0.3).sin());
            assert!(changes(&v, 20, 0.0).is_empty());
        }
        assert!(changes(&[1.0; 1000], 20, 0.0).is_empty());
        assert!(changes(&[1.0; 3], 20, 0.0).is_empty());
        assert!(changes(&[], 20, 0.0).is_empty());
    }

    #[test]
    fn an_exponential_sag_has_its_depth_and_recovery_time() {
        // 5 V deep, time constant 300 samples: inside 1 % of 48 V after 300 ln(5 / 0.48) = 703 samples.
        let mut v = noise(6000, 0.02, 3);
        for (i, x) in v.iter_mut().enumerate() {
            *x += 48.0;
            if i >= 2000 {
                *x -= 5.0 * (-((i - 2000) as f64) / 300.0).exp();
            }
        }
        let found = changes(&v, 20, 0.0);
        assert_eq!(found.len(), 1, "{found:?}");
        let c = found[0];
        assert!(c.returned && c.start.abs_diff(2000) <= 2, "{c:?}");
        assert!(((c.before - c.extreme) / 5.0 - 1.0).abs() < 0.02, "{c:?}");
        assert!(((c.settled.unwrap() - c.start) as f64 / 703.0 - 1.0).abs() < 0.05, "{c:?}");
    }

    #[test]
    fn a_converter_s_staircase_along_a_ramp_is_no_event() {
        // 37 levels over 50 000 samples, as a slow sine through a coarse converter has them.
        let v: Vec<f64> = (0..50_000).map(|i| (0.148 * (i as f64 * 1e-4).sin() / 0.004).round() * 0.004).collect();
        assert!(changes(&v, 1000, 0.006).is_empty(), "{:?}", changes(&v, 1000, 0.006));
    }

    #[test]
    fn a_step_stays_and_a_sag_of_two_edges_is_one_event() {
        let mut v = noise(4000, 0.01, 5);
        v.iter_mut().skip(3000).for_each(|x| *x -= 1.0);
        v.iter_mut().skip(1000).take(200).for_each(|x| *x += 0.5);
        v.iter_mut().for_each(|x| *x += 12.0);
        let found = changes(&v, 20, 0.0);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].returned && (found[0].extreme - 12.5).abs() < 0.02 && found[0].start.abs_diff(1000) <= 2);
        assert!(found[0].settled.unwrap().abs_diff(1200) <= 4);
        assert!(!found[1].returned && (found[1].after - 11.0).abs() < 0.02 && found[1].start.abs_diff(3000) <= 2);
    }
}
