//! One reading after the other: its values over time, their line, and the limits ahead.

use faultscope_diagnose::{Limit, LimitSet, Reading};
use faultscope_report::plain;
use faultscope_signal::trend::{Line, distances, mann_kendall, theil_sen};
use faultscope_signal::{Unit, robust};
use jiff::Timestamp;

use super::{Approach, Crossing, DAYS_FROM_S, ReadingTrend, Step};
use crate::CaptureResult;

/// A trend is believed when chance makes as much of one less often than this.
const SIGNIFICANT: f64 = 0.05;
/// Robust standard deviations from which on a value is an outlier (B. Iglewicz, D. Hoaglin, 1993).
const OUTLIER: f64 = 3.5;

/// The time of each capture in steps from the first.
pub(super) struct Time {
    pub(super) step: Step,
    pub(super) x: Vec<f64>,
    first_s: Option<f64>,
    step_s: f64,
}

impl Time {
    /// From seconds, ascending; without any, from the order of `count` captures.
    pub(super) fn new(at_s: Vec<f64>, count: usize) -> Self {
        let Some((first, last)) = at_s.first().copied().zip(at_s.last().copied()) else {
            let x = (0..count).map(|i| i as f64).collect();
            return Self { step: Step::Capture, x, first_s: None, step_s: 1.0 };
        };
        let (step, step_s) = if last - first >= DAYS_FROM_S { (Step::Day, 86_400.0) } else { (Step::Hour, 3600.0) };
        Self { step, x: at_s.iter().map(|t| (t - first) / step_s).collect(), first_s: Some(first), step_s }
    }

    /// The time of each capture in steps from the first.
    pub(super) fn steps(&self) -> &[f64] {
        &self.x
    }

    /// How long a step is.
    pub(super) const fn step_s(&self) -> f64 {
        self.step_s
    }

    /// RFC 3339, where captures have times and the calendar reaches so far.
    fn stamp(&self, x: f64) -> Option<String> {
        let seconds = self.first_s? + x * self.step_s;
        let inside = seconds.abs() < 1e11;
        let at = inside.then(|| Timestamp::from_second(seconds.round() as i64).ok()).flatten()?;
        Some(at.to_string())
    }
}

/// The values of one reading: index of the capture, value.
struct Series {
    id: String,
    reading: String,
    unit: Unit,
    values: Vec<(usize, f64)>,
}

/// The trends of all readings, in the order in which they first occur.
pub(super) fn all(results: &[&CaptureResult], time: &Time, measurement: &str, packs: &[LimitSet]) -> Vec<ReadingTrend> {
    let mut all: Vec<Series> = Vec::new();
    for (index, result) in results.iter().enumerate() {
        for reading in result.readings.iter().filter(|r| r.value.is_finite()) {
            let id = key(reading, &result.readings);
            let known = all.iter().position(|s| s.id == id && s.unit == reading.unit);
            let place = known.unwrap_or_else(|| {
                all.push(Series { id, reading: reading.id.clone(), unit: reading.unit, values: Vec::new() });
                all.len() - 1
            });
            // Two lines that share a place in one capture are one line: the first is the stronger.
            if let Some(series) = all.get_mut(place).filter(|s| s.values.last().is_none_or(|v| v.0 != index)) {
                series.values.push((index, reading.value));
            }
        }
    }
    all.iter().map(|s| one(s, results, time, measurement, packs)).collect()
}

/// The id; with the place behind it where the capture has several of that id.
fn key(reading: &Reading, among: &[Reading]) -> String {
    let several = among.iter().filter(|r| r.id == reading.id).count() > 1;
    let at = reading.at.unwrap_or_default();
    match at.offset_hz.or(at.frequency_hz).or(at.start_s).or(at.low_hz).filter(|_| several) {
        Some(place) => format!("{}@{}", reading.id, plain(place, 4)),
        None => reading.id.clone(),
    }
}

fn one(
    series: &Series,
    results: &[&CaptureResult],
    time: &Time,
    measurement: &str,
    packs: &[LimitSet],
) -> ReadingTrend {
    let y: Vec<f64> = series.values.iter().map(|v| v.1).collect();
    let x: Vec<f64> = series.values.iter().filter_map(|v| time.x.get(v.0).copied()).collect();
    let line = theil_sen(&x, &y);
    let kendall = mann_kendall(&x, &y);
    let significant = kendall.is_some_and(|k| k.p < SIGNIFICANT);
    let far = line.map_or_else(Vec::new, |l| distances(&x, &y, &l));
    let outliers = series.values.iter().zip(far).filter(|(_, z)| z.abs() > OUTLIER);
    let now = time.x.last().copied().unwrap_or(0.0);
    let last = y.last().copied().unwrap_or(f64::NAN);
    let limits = packs.iter().flat_map(|p| p.limits.iter().map(move |l| (p.pack.id.as_str(), l)));
    let meant = limits.filter(|(_, l)| {
        l.enabled && l.measurement == measurement && l.reading == series.reading && l.unit == series.unit
    });
    let ahead = Ahead { line: line.filter(|_| significant), last, now, time };
    ReadingTrend {
        id: series.id.clone(),
        unit: series.unit,
        values: (0..results.len()).map(|i| series.values.iter().find(|v| v.0 == i).map(|v| v.1)).collect(),
        start: line.map(|l| l.at(0.0)),
        count: y.len(),
        first: y.first().copied().unwrap_or(f64::NAN),
        last,
        min: y.iter().copied().fold(f64::INFINITY, f64::min),
        max: y.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        median: robust::median(&mut y.clone()),
        slope: line.map(|l| l.slope),
        slope_low: line.map(|l| l.low),
        slope_high: line.map(|l| l.high),
        tau: kendall.map(|k| k.tau),
        p: kendall.map(|k| k.p),
        significant,
        outliers: outliers.filter_map(|((i, _), _)| results.get(*i)).map(|r| r.file.clone()).collect(),
        crossings: meant.flat_map(|(pack, limit)| ahead.limit(pack, limit)).collect(),
    }
}

/// What lies ahead of a series.
pub(super) struct Ahead<'a> {
    /// Its line, where its trend is significant.
    pub(super) line: Option<Line>,
    pub(super) last: f64,
    pub(super) now: f64,
    pub(super) time: &'a Time,
}

impl Ahead<'_> {
    fn limit(&self, pack: &str, limit: &Limit) -> Vec<Crossing> {
        let name = format!("{pack}/{}", limit.id);
        let bounds = limit.upper.map(|b| (b, true)).into_iter().chain(limit.lower.map(|b| (b, false)));
        bounds.map(|(bound, upper)| self.bound(name.clone(), bound, upper)).collect()
    }

    pub(super) fn bound(&self, limit: String, bound: f64, upper: bool) -> Crossing {
        let toward = |slope: f64| if upper { slope > 0.0 } else { slope < 0.0 };
        let beyond = if upper { self.last > bound } else { self.last < bound };
        let line = self.line.filter(|l| !beyond && toward(l.slope));
        let state = match (beyond, line) {
            (true, _) => Approach::Crossed,
            (false, Some(_)) => Approach::Approaching,
            (false, None) => Approach::Steady,
        };
        // The line may have passed the limit while the last value has not: then the time is now.
        let when = |slope: fn(&Line) -> f64| {
            line.filter(|l| toward(slope(l))).and_then(|l| l.reaches(bound, slope(&l))).map(|x| x.max(self.now))
        };
        type Of = fn(&Line) -> f64;
        let (steep, flat): (Of, Of) = if upper { (|l| l.high, |l| l.low) } else { (|l| l.low, |l| l.high) };
        let (middle, least, most) = (when(|l| l.slope), when(steep), when(flat));
        let after = |x: Option<f64>| x.map(|x| x - self.now);
        let stamp = |x: Option<f64>| x.and_then(|x| self.time.stamp(x));
        Crossing {
            limit,
            bound,
            upper,
            state,
            after: after(middle),
            after_least: after(least),
            after_most: after(most),
            time: stamp(middle),
            earliest: stamp(least),
            latest: stamp(most),
        }
    }
}
