//! Early warnings: whether a reading of one unit drifts towards its limit, and when it gets there.

use faultscope_signal::trend::{mann_kendall, theil_sen};
use serde::{Deserialize, Serialize};

use super::series::{Ahead, Time};
use super::{Approach, Crossing};

/// Fewest values at different times that a trend is looked for in: of six without one, 1 in 360 rises or falls all the way.
pub const LEAST: usize = 6;
/// Chance that a reading without a trend seems to have one, either way; towards its limit it is half of that.
pub const FALSE_ALARM: f64 = 0.01;
/// Values less far apart count as one, the last of them: what was measured in one sitting is one look at the unit.
const APART_S: f64 = 3600.0;
/// Most values: the work grows with their square, so the latest count.
const MOST: usize = 1000;

/// What a series of values does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// A significant trend leads to the limit within the horizon.
    Drifts,
    /// The last value is beyond the limit.
    Crossed,
    /// A significant trend leads to the limit, which is further away.
    Slow,
    /// No significant trend leads there.
    Steady,
    /// There are too few values to tell.
    TooFew,
}

impl Drift {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drifts => "drifts",
            Self::Crossed => "crossed",
            Self::Slow => "slow",
            Self::Steady => "steady",
            Self::TooFew => "too_few",
        }
    }
}

/// A series judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Outlook {
    /// What it does.
    pub drift: Drift,
    /// Values at different times.
    pub count: usize,
    /// Theil-Sen slope (P. K. Sen, 1968), in units of the reading a day; `null` where there are too few values.
    pub slope_per_day: Option<f64>,
    /// Lower end of its 95 % interval.
    pub slope_low_per_day: Option<f64>,
    /// Upper end.
    pub slope_high_per_day: Option<f64>,
    /// Chance of as much of a trend where there is none (Mann-Kendall, two-sided).
    pub p: Option<f64>,
    /// The bound that is reached first, and when; `null` where there are too few values.
    pub crossing: Option<Crossing>,
}

/// Judges values of one reading, in order of time (seconds, value), against its bounds; of values of one hour the last counts.
/// `horizon_s` counts from the last value.
#[must_use]
pub fn outlook(values: &[(f64, f64)], limit: &str, upper: Option<f64>, lower: Option<f64>, horizon_s: f64) -> Outlook {
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(values.len());
    for value in values.iter().filter(|v| v.0.is_finite() && v.1.is_finite()) {
        match points.last_mut().filter(|last| value.0 < last.0 + APART_S) {
            Some(last) => last.1 = value.1,
            None => points.push(*value),
        }
    }
    points.drain(..points.len().saturating_sub(MOST));
    let count = points.len();
    let last = points.last().map_or(f64::NAN, |p| p.1);
    let mut out = Outlook {
        drift: Drift::TooFew,
        count,
        slope_per_day: None,
        slope_low_per_day: None,
        slope_high_per_day: None,
        p: None,
        crossing: None,
    };
    if count < LEAST {
        return out;
    }
    let time = Time::new(points.iter().map(|p| p.0).collect(), count);
    let y: Vec<f64> = points.iter().map(|p| p.1).collect();
    let line = theil_sen(time.steps(), &y);
    out.p = mann_kendall(time.steps(), &y).map(|k| k.p);
    let per_day = 86_400.0 / time.step_s();
    out.slope_per_day = line.map(|l| l.slope * per_day);
    out.slope_low_per_day = line.map(|l| l.low * per_day);
    out.slope_high_per_day = line.map(|l| l.high * per_day);
    let significant = out.p.is_some_and(|p| p < FALSE_ALARM);
    let now = time.steps().last().copied().unwrap_or(0.0);
    let ahead = Ahead { line: line.filter(|_| significant), last, now, time: &time };
    let bounds = upper.map(|b| (b, true)).into_iter().chain(lower.map(|b| (b, false)));
    let mut crossings: Vec<Crossing> = bounds.map(|(b, is_upper)| ahead.bound(limit.to_owned(), b, is_upper)).collect();
    let rank = |c: &Crossing| match c.state {
        Approach::Crossed => 0,
        Approach::Approaching => 1,
        Approach::Steady => 2,
    };
    crossings.sort_by_key(rank);
    out.crossing = crossings.into_iter().next();
    out.drift = match out.crossing.as_ref().map(|c| (c.state, c.after)) {
        Some((Approach::Crossed, _)) => Drift::Crossed,
        Some((Approach::Approaching, Some(after))) if after * time.step_s() <= horizon_s => Drift::Drifts,
        Some((Approach::Approaching, _)) => Drift::Slow,
        _ => Drift::Steady,
    };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;
    /// 2026-01-01T00:00:00Z.
    const START: f64 = 1_767_225_600.0;

    /// Ripple of one rail over a year, in mV: days and values as they were made up.
    const DAYS: [f64; 8] = [0.0, 31.0, 59.0, 90.0, 120.0, 151.0, 181.0, 212.0];
    const RIPPLE: [f64; 8] = [100.0, 104.0, 103.0, 111.0, 116.0, 115.0, 124.0, 129.0];

    const SLOPE: f64 = 0.1340823970037453;
    const LOW: f64 = 0.09933774834437085;
    const HIGH: f64 = 0.16993464052287582;
    const P: f64 = 0.001736111111111111;
    const REACHED: f64 = 753.854748603352;
    const REACHED_AT: &str = "2028-01-24T20:30:50Z";

    fn series(days: &[f64], values: &[f64]) -> Vec<(f64, f64)> {
        days.iter().zip(values).map(|(d, v)| (START + d * DAY, *v)).collect()
    }

    fn close(a: Option<f64>, b: f64) {
        assert!(a.is_some_and(|a| (a - b).abs() <= 1e-9 * b.abs()), "{a:?} is not {b}");
    }

    /// scipy 1.17: `stats.theilslopes(RIPPLE, DAYS, 0.95)` and `stats.kendalltau(DAYS, RIPPLE, method="exact")`; the day on which
    /// the line through the medians reaches 200: `median(DAYS) + (200 - median(RIPPLE)) / slope`.
    #[test]
    fn a_drift_is_named_with_the_day_on_which_it_reaches_the_limit() {
        let values = series(&DAYS, &RIPPLE);
        let out = outlook(&values, "own/vpp", Some(200.0), None, 1000.0 * DAY);
        assert_eq!((out.drift, out.count), (Drift::Drifts, 8));
        close(out.slope_per_day, SLOPE);
        close(out.slope_low_per_day, LOW);
        close(out.slope_high_per_day, HIGH);
        close(out.p, P);
        let crossing = out.crossing.unwrap();
        close(crossing.after, REACHED - 212.0);
        assert_eq!(crossing.time.as_deref(), Some(REACHED_AT));
        assert!(crossing.after_least < crossing.after && crossing.after < crossing.after_most);
        // The same is slow for a shorter horizon, steady away from a lower bound, and crossed where it is beyond already.
        assert_eq!(outlook(&values, "x", Some(200.0), None, 365.0 * DAY).drift, Drift::Slow);
        assert_eq!(outlook(&values, "x", None, Some(50.0), 1000.0 * DAY).drift, Drift::Steady);
        assert_eq!(outlook(&values, "x", Some(120.0), Some(50.0), 1000.0 * DAY).drift, Drift::Crossed);
    }

    #[test]
    fn few_values_and_values_of_one_moment_say_nothing() {
        let five = outlook(&series(&DAYS[..5], &RIPPLE[..5]), "x", Some(120.0), None, 1e9);
        assert_eq!((five.drift, five.slope_per_day), (Drift::TooFew, None));
        // That a value is beyond its limit is a failure, which is told without a trend.
        assert_eq!(outlook(&series(&DAYS[..5], &RIPPLE[..5]), "x", Some(110.0), None, 1e9).drift, Drift::TooFew);
        let sitting = [0.0, 0.001, 0.002, 0.01, 0.02, 0.03, 0.035, 0.04];
        let moment = outlook(&series(&sitting, &RIPPLE), "x", Some(200.0), None, 1e9);
        assert_eq!((moment.drift, moment.count), (Drift::TooFew, 1));
        assert_eq!(outlook(&[], "x", Some(1.0), None, 1e9).drift, Drift::TooFew);
        assert_eq!(outlook(&series(&DAYS, &[7.0; 8]), "x", Some(8.0), None, 1e9).drift, Drift::Steady);
        let broken = series(&DAYS, &[1.0, f64::NAN, 2.0, f64::INFINITY, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(outlook(&broken, "x", Some(8.0), None, 1e9).count, 6);
    }

    /// `cargo test --release -p faultscope-door --lib early -- --ignored --nocapture`: how often 1000 series without a trend, whatever
    /// their length, seem to drift towards a limit that is near, and how many of 1000 that do drift are found.
    #[test]
    #[ignore = "measures the rate of false alarms"]
    fn false_alarms_of_1000_series() {
        let mut state = 11u64;
        // Knuth's MMIX generator; a sum of twelve is nearly normal.
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        for n in [6usize, 8, 12, 24, 60, 100] {
            let mut named = |slope: f64| {
                (0..1000)
                    .filter(|_| {
                        let days: Vec<f64> = (0..n).map(|i| 30.0 * i as f64).collect();
                        let y: Vec<f64> = days
                            .iter()
                            .map(|d| (0..12).map(|_| uniform()).sum::<f64>() - 6.0 + slope * d / days[n - 1])
                            .collect();
                        outlook(&series(&days, &y), "x", Some(20.0), None, 1e12).drift == Drift::Drifts
                    })
                    .count()
            };
            let (quiet, drifting) = (named(0.0), named(5.0));
            println!("{n} values: {quiet} of 1000 without a trend, {drifting} of 1000 that rise by 5 sigma");
            // 0.5 % towards the limit: more than 13 of 1000 has a chance of 1 in 2000.
            assert!(quiet <= 13, "{n}: {quiet}");
        }
    }
}
