//! Load steps: where a steady level gives way, how deep, and when it is back.

use faultscope_signal::events::{Change, changes};
use faultscope_signal::robust::median;
use faultscope_signal::transition::ringing;
use faultscope_signal::{Record, RecordError};

use super::scan::{self, Range};
use super::{EventKind, LoadStep};

/// Windows of the change detector as parts of the record, finest first.
const PARTS: [usize; 3] = [400, 100, 25];
/// More changes than this are a signal, not load steps.
const MOST: usize = 64;
/// Samples that a close look reads, at most.
const CLOSE: u64 = 1 << 20;
/// A change must exceed what drift alone does by this factor.
const DRIFT: f64 = 4.0;
/// A level below this part of another is near zero.
const NEAR_ZERO: f64 = 0.1;

/// The load steps of a record; `noise` is the standard deviation of single samples about the steady level.
pub(super) fn find(record: &dyn Record, range: &Range, noise: f64) -> Result<Vec<LoadStep>, RecordError> {
    let n = range.course.len();
    let floor = (0.02 * (range.max - range.min)).max(0.5 * noise);
    let mut found: Vec<Change> = Vec::new();
    for part in PARTS {
        let window = (n / part).max(4);
        for change in changes(&range.course, window, floor.max(DRIFT * usual(&range.course, window))) {
            if found.iter().all(|f| apart(f, &change, n)) {
                found.push(change);
            }
        }
    }
    if found.len() > MOST {
        return Ok(Vec::new());
    }
    found.sort_by_key(|c| c.start);
    let ends: Vec<usize> = found.iter().skip(1).map(|c| c.start).chain([n]).collect();
    found.iter().zip(ends).map(|(change, end)| look(record, range, noise, change, end)).collect()
}

/// The median difference of the means on both sides of an instant: what drift alone makes of a window.
fn usual(course: &[f64], window: usize) -> f64 {
    let means: Vec<f64> = course.chunks_exact(window).map(|c| c.iter().sum::<f64>() / window as f64).collect();
    let mut steps: Vec<f64> = means.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    if steps.is_empty() { 0.0 } else { median(&mut steps) }
}

/// Whether a change is another one than one found with a finer window, and not the tail of its recovery.
fn apart(found: &Change, new: &Change, n: usize) -> bool {
    let ((a, b), (from, to)) = (extent(found, n), extent(new, n));
    let depth = |c: &Change| (c.extreme - c.before).abs();
    let tail = from > b && from < b + 3 * (b - a) && depth(new) < 0.3 * depth(found);
    (to < a || from > b) && !tail
}

fn extent(change: &Change, n: usize) -> (usize, usize) {
    (change.start, change.settled.unwrap_or(n.min(change.extreme_at + 1)).max(change.extreme_at))
}

/// A close look at one change, on single samples where they fit.
fn look(record: &dyn Record, range: &Range, noise: f64, change: &Change, next: usize) -> Result<LoadStep, RecordError> {
    let (_, settled) = extent(change, range.course.len());
    let length = (settled - change.start).max(8);
    let first = change.start.saturating_sub(length.max(4) / 4 + 2);
    let last = (settled + length).min(next.max(settled + 1)).min(range.course.len());
    let close = (last - first) as u64 * range.step <= CLOSE;
    let (from, step) = (first as u64 * range.step, if close { 1 } else { range.step });
    let samples = if close {
        scan::window(record, from, last as u64 * range.step - 1)?
    } else {
        range.course.get(first..last).unwrap_or_default().to_vec()
    };
    let sigma = noise / (step as f64).sqrt();
    let rate = record.sample_rate_hz() / step as f64;
    Ok(measure(&samples, change, sigma, rate, from as f64 / record.sample_rate_hz()))
}

fn measure(samples: &[f64], change: &Change, noise: f64, rate: f64, from_s: f64) -> LoadStep {
    let rough = (change.extreme - change.before).abs().max(f64::MIN_POSITIVE);
    // Averaging just enough that noise moves the extreme by no more than a per cent of the depth.
    let width = ((noise / (0.01 * rough)).powi(2).ceil() as usize).clamp(1, (samples.len() / 60).max(1));
    let smooth = means(samples, width);
    let left = noise / (width as f64).sqrt();
    let sign = (change.extreme - change.before).signum();
    let down = |v: f64| sign * (v - change.before);
    let extreme_at = (0..smooth.len()).max_by(|a, b| down(smooth[*a]).total_cmp(&down(smooth[*b]))).unwrap_or(0);
    let extreme = smooth.get(extreme_at).copied().unwrap_or(change.extreme);
    let depth = (extreme - change.before).abs();
    let near = (0.05 * depth).max(4.0 * left);
    let start = smooth[..extreme_at].iter().rposition(|v| (v - change.before).abs() <= near).map_or(0, |i| i + 1);
    let wide = 0.01 * change.after.abs();
    let moved = if change.returned {
        depth
    } else {
        (change.after - change.before).abs().max(depth - (change.after - change.before).abs())
    };
    let band = if moved > 2.0 * wide && wide > 0.0 { wide } else { 0.1 * moved }.max(3.0 * left);
    let outside = |v: &f64| (v - change.after).abs() > band;
    // The slow end of a recovery is averaged more: there noise moves the instant most, and averaging least.
    let rough_time = smooth.iter().rposition(outside).map_or(0, |i| i.saturating_sub(start));
    let calm = if noise > 0.0 { means(samples, (rough_time / 40).max(width)) } else { smooth.clone() };
    let left_at = calm.iter().rposition(outside);
    let recovered = left_at.filter(|i| *i >= start && calm.len() - i > (calm.len() / 50).max(2));
    let overshoot = smooth[extreme_at..].iter().map(|v| -sign * (v - change.after)).fold(0.0, f64::max);
    let ring = ringing(&smooth[extreme_at..], change.after, (4.0 * left).max(0.02 * depth));
    let seconds = |i: usize| i.saturating_sub(start) as f64 / rate;
    LoadStep {
        kind: kind(change, extreme),
        start_s: from_s + start as f64 / rate,
        before_v: change.before,
        after_v: change.after,
        depth_v: depth,
        depth_percent: (change.before != 0.0).then(|| 100.0 * depth / change.before.abs()),
        droop_time_s: seconds(extreme_at),
        recovery_s: recovered.map(|i| seconds(i + 1)),
        recovery_band_v: band,
        overshoot_v: if overshoot > 4.0 * left { overshoot } else { 0.0 },
        ringing: ring.map(|r| scan::ringing(r, rate)),
    }
}

/// Towards zero is down, whatever the sign of the rail.
fn kind(c: &Change, extreme: f64) -> EventKind {
    let rail = if c.before.abs() >= c.after.abs() { c.before } else { c.after };
    if c.before.abs() < NEAR_ZERO * c.after.abs() {
        EventKind::TurnOn
    } else if c.after.abs() < NEAR_ZERO * c.before.abs() {
        EventKind::TurnOff
    } else if !c.returned {
        EventKind::Step
    } else if extreme.abs() < NEAR_ZERO * c.before.abs() {
        EventKind::Dropout
    } else if (extreme - c.before) * rail < 0.0 {
        EventKind::Sag
    } else {
        EventKind::Swell
    }
}

/// Centred running means, shorter at the ends.
fn means(v: &[f64], width: usize) -> Vec<f64> {
    if width <= 1 {
        return v.to_vec();
    }
    let pivot = v.first().copied().unwrap_or(0.0);
    let mut sums = Vec::with_capacity(v.len() + 1);
    sums.push(0.0);
    for x in v {
        sums.push(sums.last().copied().unwrap_or(0.0) + (x - pivot));
    }
    (0..v.len())
        .map(|i| {
            let (a, b) = (i.saturating_sub((width - 1) / 2), (i + width / 2 + 1).min(v.len()));
            pivot + (sums[b] - sums[a]) / (b - a) as f64
        })
        .collect()
}
