//! The verb "trend": readings of several captures of one thing, in time order, and where they are going.

pub mod early;
mod series;

use std::path::Path;

use faultscope_signal::Unit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CaptureResult, Envelope, Error, Request, Watch};

/// Most captures: the work grows with their square.
const MOST: usize = 2000;
/// Captures at least so far apart are counted in days, others in hours.
const DAYS_FROM_S: f64 = 2.0 * 86_400.0;

/// What the captures are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeBase {
    /// The time of their first samples, which every file states.
    StartTime,
    /// The order given, because a file states no time.
    Order,
}

/// What slopes count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Captures, in their order.
    Capture,
}

/// What happens at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approach {
    /// The last value is beyond it.
    Crossed,
    /// A significant trend leads there.
    Approaching,
    /// No significant trend leads there.
    Steady,
}

/// One limit and when it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Crossing {
    /// `pack/limit`.
    pub limit: String,
    /// The bound, in the unit of the reading.
    pub bound: f64,
    /// Whether values above it fail (an upper bound) or below it.
    pub upper: bool,
    /// What happens there.
    pub state: Approach,
    /// Steps after the last capture at which the line reaches it.
    pub after: Option<f64>,
    /// The same for the steepest slope of the 95 % interval.
    pub after_least: Option<f64>,
    /// The same for the flattest; `null` where that never reaches it.
    pub after_most: Option<f64>,
    /// The time of `after`, RFC 3339, where captures state theirs.
    pub time: Option<String>,
    /// The time of `after_least`.
    pub earliest: Option<String>,
    /// The time of `after_most`.
    pub latest: Option<String>,
}

/// One reading over the captures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadingTrend {
    /// Id of the reading; with its place where a capture has several.
    pub id: String,
    /// Its unit.
    pub unit: Unit,
    /// Its value in each capture, in time order; `null` where it has none.
    #[serde(default)]
    pub values: Vec<Option<f64>>,
    /// The line of Theil and Sen at the first capture; `null` with fewer than two times.
    #[serde(default)]
    pub start: Option<f64>,
    /// Captures that have it, as a finite number.
    pub count: usize,
    /// First value.
    pub first: f64,
    /// Last value.
    pub last: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Median.
    pub median: f64,
    /// Theil-Sen slope per step; `null` with fewer than two times.
    pub slope: Option<f64>,
    /// Lower end of its 95 % interval.
    pub slope_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub slope_high: Option<f64>,
    /// Kendall's tau-b with time; `null` with fewer than three captures, or where nothing changes.
    pub tau: Option<f64>,
    /// Chance of as much of a trend where there is none (Mann-Kendall, two-sided).
    pub p: Option<f64>,
    /// Whether that chance is below 5 %.
    pub significant: bool,
    /// Files whose value lies more than 3.5 robust standard deviations off the line.
    pub outliers: Vec<String>,
    /// Limits on this reading.
    pub crossings: Vec<Crossing>,
}

/// The trends of all readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trend {
    /// The measurement.
    pub measurement: String,
    /// What the captures are ordered by.
    pub ordered_by: TimeBase,
    /// What slopes and crossings count in.
    pub step: Step,
    /// Steps from the first capture to each that was measured, in that order.
    #[serde(default)]
    pub at: Vec<f64>,
    /// Start of each capture that was measured, in that order; `null` where the file states none.
    pub start_times: Vec<Option<String>>,
    /// One a reading.
    pub readings: Vec<ReadingTrend>,
}

/// What `trend` prints: the results in time order, and the trends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrendDocument {
    /// Head and results.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The trends.
    pub trend: Trend,
}

/// One capture measured, and when it began where its file says.
///
/// # Errors
/// Those of [`crate::analyse()`].
pub fn measure(
    file: &Path,
    measurement: &str,
    request: &Request,
    watch: &dyn Watch,
) -> Result<(CaptureResult, Option<String>), Error> {
    let result = crate::analyse(file, measurement, request, watch)?;
    let start = faultscope_capture::open(file, &request.open)?.provenance.start_time;
    Ok((result, start))
}

/// Puts results in order and follows every reading.
///
/// # Errors
/// When there are more captures than can be followed.
pub fn trend(
    measurement: &str,
    measured: Vec<(CaptureResult, Option<String>)>,
    request: &Request,
) -> Result<TrendDocument, Error> {
    if measured.len() > MOST {
        let message = format!("{} captures are more than the {MOST} that a trend can follow", measured.len());
        return Err(Error::usage(message, "leave some out, or follow them in parts"));
    }
    let offset_s = request.open.start_s.unwrap_or(0.0);
    let (mut good, bad): (Vec<_>, Vec<_>) = measured.into_iter().partition(|(r, _)| r.error.is_none());
    let seconds = |start: &Option<String>| {
        let at: Timestamp = start.as_deref()?.parse().ok()?;
        Some(at.as_nanosecond() as f64 * 1e-9 + offset_s)
    };
    let timed = !good.is_empty() && good.iter().all(|(_, start)| seconds(start).is_some());
    if timed {
        good.sort_by(|a, b| seconds(&a.1).unwrap_or(0.0).total_cmp(&seconds(&b.1).unwrap_or(0.0)));
    }
    let at_s: Vec<f64> = if timed { good.iter().filter_map(|(_, s)| seconds(s)).collect() } else { Vec::new() };
    let time = series::Time::new(at_s, good.len());
    let results: Vec<&CaptureResult> = good.iter().map(|(r, _)| r).collect();
    let readings = series::all(&results, &time, measurement, &request.packs);
    let trend = Trend {
        measurement: measurement.to_owned(),
        ordered_by: if timed { TimeBase::StartTime } else { TimeBase::Order },
        step: time.step,
        at: time.x.clone(),
        start_times: good.iter().map(|(_, start)| start.clone()).collect(),
        readings,
    };
    let captures = good.into_iter().chain(bad).map(|(r, _)| r).collect();
    Ok(TrendDocument { envelope: Envelope::new("trend", captures), trend })
}

#[cfg(test)]
mod tests;
