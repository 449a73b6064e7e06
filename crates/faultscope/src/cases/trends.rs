//! Early warnings: the readings of each unit over all its cases and inspections, and which drift towards their limits.

use std::collections::BTreeMap;

use faultscope_case::round::Inspection;
use faultscope_case::{ActionKind, Attached, EventKind, Filter, Sort};
use faultscope_diagnose::{Finding, Verdict};
use faultscope_report::words::{Lang, fill};
use faultscope_report::{compact, subject};
use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use super::Desk;
use crate::Error;
use crate::trend::early::{Drift, FALSE_ALARM, LEAST, Outlook, outlook};

/// Days ahead that a limit is looked for in, where nothing else was asked for.
pub const HORIZON_DAYS: u32 = 365;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// Whose readings are followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrendSearch {
    /// Of this unit; of all where it is not set.
    pub serial: Option<String>,
    /// This reading, `vpp` or `ripple.vpp`; all where it is not set.
    pub reading: Option<String>,
    /// A limit that is reached within so many days after the last value is a warning.
    pub horizon_days: u32,
}

/// One reading of one unit against one limit, over time. Another unit of measure, limit pack, version or bound, another point or
/// another thing that captures were said to show is a series of its own; so is what was measured after a part was replaced, and
/// only that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnitTrend {
    /// Serial number of the unit.
    pub serial: String,
    /// Tag of the point or of the unit; may be empty.
    pub tag: String,
    /// What the captures were said to show, without before and after; may be empty.
    pub subject: String,
    /// The measurement.
    pub measurement: String,
    /// Id of the reading.
    pub reading: String,
    /// Its unit of measure.
    pub unit: Unit,
    /// The limit, `pack@version/limit`.
    pub limit: String,
    /// Upper bound.
    pub upper: Option<f64>,
    /// Lower bound.
    pub lower: Option<f64>,
    /// Time of the first value, RFC 3339.
    pub first_at: String,
    /// Time of the last value.
    pub last_at: String,
    /// First value.
    pub first: f64,
    /// Last value.
    pub last: f64,
    /// What it does.
    #[serde(flatten)]
    pub outlook: Outlook,
}

impl UnitTrend {
    /// `drifts towards 200 mV: 2028-01-24 (2027-09-10 .. 2028-11-20)`.
    #[must_use]
    pub fn ahead(&self, lang: Lang) -> String {
        let bound = self.outlook.crossing.as_ref().map(|c| c.bound).or(self.upper).or(self.lower);
        let bound = bound.map_or_else(|| "-".into(), |b| compact(b, self.unit));
        let day = |at: Option<&String>| at.map_or_else(|| "-".into(), |at| at.chars().take(10).collect::<String>());
        let [time, from, to] = match &self.outlook.crossing {
            Some(c) => [c.time.as_ref(), c.earliest.as_ref(), c.latest.as_ref()].map(day),
            None => [None; 3].map(day),
        };
        let key = format!("early.{}", self.outlook.drift.name());
        fill(lang, &key, &[("limit", &bound), ("time", &time), ("from", &from), ("to", &to)])
    }
}

/// The JSON document of `library trends`.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrendsDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `library`.
    #[schemars(extend("const" = "library"))]
    pub command: String,
    /// Fewest values at different times in which a trend is looked for.
    pub least: usize,
    /// Chance that a reading without a trend seems to have one, either way.
    pub false_alarm: f64,
    /// Days after the last value within which reaching the limit is a warning.
    pub horizon_days: u32,
    /// Series that have too few values and are not listed.
    pub too_few: usize,
    /// The series, those that drift first and of these the next to reach its limit.
    pub unit_trends: Vec<UnitTrend>,
}

/// What must be the same for values to be one series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    serial: String,
    tag: String,
    subject: String,
    measurement: String,
    reading: String,
    unit: String,
    limit: String,
    /// Bounds by their bits.
    bounds: [Option<u64>; 2],
}

/// Values on their way, by the digest of their captures: what was judged twice counts once.
struct Series {
    unit: Unit,
    upper: Option<f64>,
    lower: Option<f64>,
    values: BTreeMap<String, Value>,
}

struct Value {
    at_s: f64,
    value: f64,
    margin: f64,
}

/// What was measured where.
struct Place<'a> {
    serial: &'a str,
    tag: &'a str,
    /// When, where the capture does not say so itself.
    at: &'a str,
    /// What tells captures without a digest apart.
    event: &'a str,
}

#[derive(Default)]
struct Gathered {
    series: BTreeMap<Key, Series>,
    /// When a part of a unit was replaced last, in seconds since 1970.
    mended_s: BTreeMap<String, f64>,
}

impl Desk {
    /// Follows the readings of units over all their cases and inspections.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trends(&self, search: &TrendSearch) -> Result<TrendsDocument, Error> {
        let mut gathered = Gathered::default();
        for id in self.cases_of(search.serial.as_deref())? {
            gathered.take_case(&self.store.events(&id)?, search);
        }
        for (event, found) in self.store.rounds().all_inspections(search.serial.as_deref())? {
            gathered.take_inspection(&event.id, &found, search);
        }
        let mut unit_trends: Vec<UnitTrend> = gathered.judged(f64::from(search.horizon_days) * DAY_S);
        // Who asks for a unit is told of all that is known.
        let listed = |t: &UnitTrend| search.serial.is_some() || t.outlook.drift != Drift::TooFew;
        let all = unit_trends.len();
        unit_trends.retain(listed);
        let too_few = all - unit_trends.len();
        let ahead = |t: &UnitTrend| t.outlook.crossing.as_ref().and_then(|c| c.after).unwrap_or(f64::INFINITY);
        unit_trends.sort_by(|a, b| a.outlook.drift.cmp(&b.outlook.drift).then(ahead(a).total_cmp(&ahead(b))));
        Ok(TrendsDocument {
            schema: "faultscope/1".into(),
            command: "library".into(),
            least: LEAST,
            false_alarm: FALSE_ALARM,
            horizon_days: search.horizon_days,
            too_few,
            unit_trends,
        })
    }

    /// The readings of a unit that drift towards their limits; none for a unit without a serial number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn warnings(&self, serial: &str, horizon_days: u32) -> Result<Vec<UnitTrend>, Error> {
        if serial.trim().is_empty() {
            return Ok(Vec::new());
        }
        let search = TrendSearch { serial: Some(serial.to_owned()), reading: None, horizon_days };
        self.drifting(&search)
    }

    /// The readings looked for that drift towards their limits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn drifting(&self, search: &TrendSearch) -> Result<Vec<UnitTrend>, Error> {
        let all = self.trends(search)?.unit_trends;
        Ok(all.into_iter().filter(|t| t.outlook.drift == Drift::Drifts).collect())
    }

    /// The cases that may be about a unit; those that are not are left out when they are read.
    fn cases_of(&self, serial: Option<&str>) -> Result<Vec<String>, Error> {
        let Some(serial) = serial else { return Ok(self.store.case_ids()?) };
        let filter = Filter { text: Some(serial.to_owned()), ..Filter::default() };
        let found = self.store.list(&filter, Sort::Id, &crate::now())?;
        Ok(found.into_iter().map(|case| case.id).collect())
    }
}

impl Gathered {
    fn take_case(&mut self, events: &[super::Event], search: &TrendSearch) {
        let Some(EventKind::Opened(opened)) = events.first().map(|e| &e.kind) else { return };
        let serial = opened.equipment.serial.trim();
        if serial.is_empty() || search.serial.as_deref().is_some_and(|wanted| wanted.trim() != serial) {
            return;
        }
        for event in events {
            match &event.kind {
                EventKind::Attached(attached) => {
                    let place = Place { serial, tag: &opened.equipment.tag, at: &event.at, event: &event.id };
                    self.take(&place, attached, search);
                }
                EventKind::Action(action) if action.action == ActionKind::PartReplaced => {
                    let at = action.done_at.as_deref().and_then(seconds).or_else(|| seconds(&event.at));
                    let mended = self.mended_s.entry(serial.to_owned()).or_insert(f64::NEG_INFINITY);
                    *mended = mended.max(at.unwrap_or(f64::NEG_INFINITY));
                }
                _ => {}
            }
        }
    }

    fn take_inspection(&mut self, event: &str, found: &Inspection, search: &TrendSearch) {
        let serial = found.point.serial.trim();
        if serial.is_empty() || search.serial.as_deref().is_some_and(|wanted| wanted.trim() != serial) {
            return;
        }
        let place = Place { serial, tag: &found.point.tag, at: &found.done_at, event };
        found.results.iter().for_each(|result| self.take(&place, &result.attached, search));
    }

    fn take(&mut self, place: &Place<'_>, attached: &Attached, search: &TrendSearch) {
        let stated = attached.recorded_at.as_deref().and_then(seconds);
        let Some(at_s) = stated.or_else(|| seconds(place.at)) else { return };
        let capture = attached.evidence.first().map_or(place.event, |e| e.sha256.as_str());
        let role = subject(attached.role.as_deref().unwrap_or_default());
        for finding in &attached.findings {
            let Some((key, series, value)) = taken(place, &role, finding, at_s) else { continue };
            if !search.reading.as_deref().is_none_or(|wanted| is_reading(wanted, finding)) {
                continue;
            }
            let values = &mut self.series.entry(key).or_insert(series).values;
            // Of several lines of one capture the one nearest to its limit counts.
            match values.get_mut(capture) {
                Some(known) if value.margin < known.margin => *known = value,
                Some(_) => {}
                None => drop(values.insert(capture.to_owned(), value)),
            }
        }
    }

    fn judged(self, horizon_s: f64) -> Vec<UnitTrend> {
        let Self { series, mended_s } = self;
        let judge = |(key, series): (Key, Series)| {
            let since = mended_s.get(&key.serial).copied().unwrap_or(f64::NEG_INFINITY);
            let mut values: Vec<(f64, f64)> =
                series.values.into_values().filter(|v| v.at_s > since).map(|v| (v.at_s, v.value)).collect();
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (first, last) = (*values.first()?, *values.last()?);
            let outlook = outlook(&values, &key.limit, series.upper, series.lower, horizon_s);
            let Key { serial, tag, subject, measurement, reading, limit, .. } = key;
            Some(UnitTrend {
                serial,
                tag,
                subject,
                measurement,
                reading,
                unit: series.unit,
                limit,
                upper: series.upper,
                lower: series.lower,
                first_at: stamp(first.0),
                last_at: stamp(last.0),
                first: first.1,
                last: last.1,
                outlook,
            })
        };
        series.into_iter().filter_map(judge).collect()
    }
}

/// A finding as a value of its series, where its limit was answered.
fn taken(place: &Place<'_>, role: &str, finding: &Finding, at_s: f64) -> Option<(Key, Series, Value)> {
    if !matches!(finding.verdict, Verdict::Pass | Verdict::Margin | Verdict::Fail) {
        return None;
    }
    let (limit, value) = (finding.limit.as_ref()?, finding.value?);
    if limit.upper.is_none() && limit.lower.is_none() {
        return None;
    }
    let key = Key {
        serial: place.serial.to_owned(),
        tag: place.tag.trim().to_owned(),
        subject: role.to_owned(),
        measurement: finding.measurement.clone(),
        reading: finding.reading.clone(),
        unit: finding.unit.to_string(),
        limit: format!("{}@{}/{}", limit.pack, limit.pack_version, limit.id),
        bounds: [limit.upper.map(f64::to_bits), limit.lower.map(f64::to_bits)],
    };
    let series = Series { unit: finding.unit, upper: limit.upper, lower: limit.lower, values: BTreeMap::new() };
    Some((key, series, Value { at_s, value, margin: finding.margin.unwrap_or(f64::INFINITY) }))
}

fn is_reading(wanted: &str, finding: &Finding) -> bool {
    match wanted.split_once('.') {
        Some((measurement, reading)) => measurement == finding.measurement && reading == finding.reading,
        None => wanted == finding.reading,
    }
}

fn seconds(text: &str) -> Option<f64> {
    text.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond() as f64 * 1e-3)
}

fn stamp(seconds: f64) -> String {
    jiff::Timestamp::from_millisecond((seconds * 1e3).round() as i64)
        .map_or_else(|_| String::new(), |at| at.to_string())
}
