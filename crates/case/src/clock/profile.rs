//! Service-level profiles: TOML that says which clocks run for which priority, by which hours, what stops them and who is told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::due::MOST_CLOCKS;
use super::{Calendar, Milestone, Priority, Step, Term, Terms};
use crate::event::EscalationLevel;

/// No clock may take longer than this to run out.
const TEN_YEARS_S: u64 = 10 * 366 * 86_400;
const TEN_YEARS_WEEKS: u64 = 520;

/// The name of "every hour of every day counts".
const ALWAYS: &str = "24x7";

/// Why a service-level profile was refused.
#[derive(Debug, thiserror::Error)]
#[error("service-level profile: {what}")]
pub struct ProfileError {
    /// What is wrong, and where in the file.
    pub what: String,
}

/// A service-level profile: which clocks run for which priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub id: String,
    /// Its version; a changed profile takes a new one.
    pub version: String,
    /// Where its figures come from.
    pub source: String,
    /// Its clocks, in the order of the file.
    pub clocks: Vec<ProfileClock>,
    /// Its calendars by name, `24x7` not among them.
    pub calendars: BTreeMap<String, Calendar>,
    /// Reasons to pause, each with the clocks that it stops.
    pub pauses: BTreeMap<String, Vec<String>>,
    /// How a clock that ran out is reported upwards.
    pub escalation: Vec<Step>,
    /// Calendars of priorities, where they are not that of the whole profile.
    by_priority: BTreeMap<Priority, Option<String>>,
}

/// A clock of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileClock {
    /// For which priorities it runs.
    pub priorities: Vec<Priority>,
    /// What is promised; its calendar as the clock names it, else as the profile does.
    pub term: Term,
    /// Whether the clock itself names a calendar, which then counts for every priority.
    own_calendar: bool,
    /// In words.
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    id: String,
    version: String,
    calendar: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    calendars: BTreeMap<String, CalendarFile>,
    #[serde(default)]
    priority: BTreeMap<Priority, PriorityFile>,
    #[serde(default)]
    clock: Vec<ClockFile>,
    #[serde(default)]
    pause: Vec<PauseFile>,
    #[serde(default)]
    escalation: Vec<StepFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    zone: String,
    hours: BTreeMap<String, String>,
    #[serde(default)]
    holidays: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriorityFile {
    calendar: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockFile {
    name: String,
    priorities: Vec<Priority>,
    from: Milestone,
    within: String,
    met_by: Vec<Milestone>,
    calendar: Option<String>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseFile {
    reason: String,
    clocks: Vec<String>,
    #[serde(default, rename = "note")]
    _note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    level: EscalationLevel,
    after: String,
}

/// The profile that ships with the program.
pub(super) const SHIPPED: &str = include_str!("../../profiles/default.toml");

impl Profile {
    /// Reads a profile from TOML; `profiles/default.toml` is the pattern.
    ///
    /// # Errors
    /// When the text is not TOML, a field is missing or unknown, or it promises what cannot be kept: a calendar that is not there or
    /// has no hours, a length that never counts up, a clock that nothing stops, a pause of clocks that there are not.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let refuse = |what: String| ProfileError { what };
        let file: ProfileFile = toml::from_str(text).map_err(|e| refuse(e.to_string()))?;
        Self::from_file(file).map_err(refuse)
    }

    /// The profile that ships with the program: the P1 to P4 figures with both arrival clocks.
    ///
    /// # Errors
    /// Never in a released build: a test reads the shipped file.
    pub fn shipped() -> Result<Self, ProfileError> {
        Self::from_toml(SHIPPED)
    }

    fn from_file(file: ProfileFile) -> Result<Self, String> {
        if file.id.trim().is_empty() {
            return Err("`id` is empty".into());
        }
        let calendars = file.calendars.into_iter().map(read_calendar).collect::<Result<BTreeMap<_, _>, _>>()?;
        let known = |name: String, whose: &str| match name.as_str() {
            ALWAYS => Ok(None),
            _ if calendars.contains_key(&name) => Ok(Some(name)),
            _ => Err(format!("{whose}: calendar `{name}` is not known; {} are", names(&calendars))),
        };
        let usual = known(file.calendar, "calendar of the profile")?;
        let by_priority = file.priority.into_iter().map(|(priority, p)| {
            known(p.calendar, &format!("priority {priority}")).map(|calendar| (priority, calendar))
        });
        let by_priority = by_priority.collect::<Result<_, _>>()?;
        let mut clocks = Vec::with_capacity(file.clock.len());
        for clock in file.clock {
            let whose = format!("clock `{}`", clock.name);
            let own_calendar = clock.calendar.is_some();
            let calendar = clock.calendar.clone().map_or_else(|| Ok(usual.clone()), |name| known(name, &whose))?;
            clocks.push(clock.read(calendar, own_calendar).map_err(|why| format!("{whose}: {why}"))?);
        }
        let pauses = read_pauses(file.pause, &clocks)?;
        let escalation = read_steps(file.escalation)?;
        let (id, version, source) = (file.id, file.version, file.source);
        let profile = Self { id, version, source, clocks, calendars, pauses, escalation, by_priority };
        profile.can_be_kept()?;
        Ok(profile)
    }

    /// Each priority's clocks in turn: no name twice, and each runs out within ten years.
    fn can_be_kept(&self) -> Result<(), String> {
        if self.clocks.is_empty() || self.clocks.len() > MOST_CLOCKS {
            return Err(format!("it has {} clocks; 1 to {MOST_CLOCKS} make sense", self.clocks.len()));
        }
        for priority in Priority::ALL {
            let mut names = BTreeSet::new();
            for term in self.terms(priority).clocks {
                if !names.insert(term.name.clone()) {
                    return Err(format!("clock `{}`: there are two for {priority}", term.name));
                }
                let calendar = term.calendar.as_ref().and_then(|name| self.calendars.get(name));
                runs_out(&term, calendar).map_err(|why| format!("clock `{}` of {priority}: {why}", term.name))?;
            }
        }
        Ok(())
    }

    /// The clocks of one priority, to go into the event that opens a case or changes its priority: with the calendars they count
    /// by and what stops them.
    #[must_use]
    pub fn terms(&self, priority: Priority) -> Terms {
        let of_priority = self.clocks.iter().filter(|clock| clock.priorities.contains(&priority));
        let clocks: Vec<Term> = of_priority.map(|clock| self.term(clock, priority)).collect();
        let used = |name: &String| clocks.iter().any(|c| c.calendar.as_ref() == Some(name));
        let calendars = self.calendars.iter().filter(|(name, _)| used(name)).map(|(n, c)| (n.clone(), c.clone()));
        Terms {
            profile: self.id.clone(),
            version: self.version.clone(),
            calendars: calendars.collect(),
            pauses: self.pauses.clone(),
            escalation: self.escalation.clone(),
            clocks,
        }
    }

    fn term(&self, clock: &ProfileClock, priority: Priority) -> Term {
        let mut term = clock.term.clone();
        if let Some(calendar) = self.by_priority.get(&priority).filter(|_| !clock.own_calendar) {
            term.calendar.clone_from(calendar);
        }
        term
    }

    /// What can be kept but is probably not meant.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let remark = |kind, what: &str| Remark { kind, what: what.to_owned() };
        let unstopped = self.clocks.iter().filter(|clock| !clock.term.met_by.contains(&Milestone::Closed));
        let mut remarks: Vec<Remark> = unstopped.map(|c| remark(RemarkKind::GoesOn, &c.term.name)).collect();
        for (name, calendar) in &self.calendars {
            let used = Priority::ALL.iter().any(|p| self.terms(*p).calendars.contains_key(name));
            remarks.push(match calendar.last_date() {
                _ if !used => remark(RemarkKind::UnusedCalendar, name),
                Some(last) => remark(RemarkKind::HolidaysEnd, &format!("{name}, {last}")),
                None => remark(RemarkKind::NoHolidays, name),
            });
        }
        let silent = Priority::ALL.into_iter().filter(|p| self.terms(*p).clocks.is_empty());
        remarks.extend(silent.map(|p| remark(RemarkKind::NoClock, p.name())));
        remarks.extend(self.escalation.is_empty().then(|| remark(RemarkKind::NobodyTold, "")));
        remarks
    }
}

/// Something about a profile that can be kept but is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Remark {
    /// What is remarkable.
    pub kind: RemarkKind,
    /// About what: the name of the clock, the calendar (and its last holiday) or the priority.
    pub what: String,
}

/// What is remarkable about a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// A clock goes on when the case is closed.
    GoesOn,
    /// No clock counts by a calendar.
    UnusedCalendar,
    /// After this date no holiday of a calendar is listed.
    HolidaysEnd,
    /// No holiday of a calendar is listed.
    NoHolidays,
    /// A priority has no clock.
    NoClock,
    /// Nobody is told of a clock that ran out.
    NobodyTold,
}

impl RemarkKind {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoesOn => "goes_on",
            Self::UnusedCalendar => "unused_calendar",
            Self::HolidaysEnd => "holidays_end",
            Self::NoHolidays => "no_holidays",
            Self::NoClock => "no_clock",
            Self::NobodyTold => "nobody_told",
        }
    }
}

fn names(calendars: &BTreeMap<String, Calendar>) -> String {
    let own = calendars.keys().map(|name| format!("`{name}`"));
    std::iter::once(format!("`{ALWAYS}`")).chain(own).collect::<Vec<_>>().join(", ")
}

fn read_calendar((name, file): (String, CalendarFile)) -> Result<(String, Calendar), String> {
    if name == ALWAYS || name.trim().is_empty() {
        return Err(format!("calendar `{name}`: take another name"));
    }
    let read = Calendar::new(file.zone, file.hours, file.holidays);
    read.map(|calendar| (name.clone(), calendar)).map_err(|why| format!("calendar `{name}`: {why}"))
}

/// A clock that needs longer than ten years of its calendar is no promise.
fn runs_out(term: &Term, calendar: Option<&Calendar>) -> Result<(), String> {
    let Some(calendar) = calendar else {
        return match term.working_days {
            Some(_) => Err(format!("working days need a calendar; `{ALWAYS}` has no working days")),
            None => Ok(()),
        };
    };
    let (seconds, days) = calendar.usual_week();
    let weeks = match term.working_days {
        Some(promised) => u64::from(promised) / days.max(1),
        None => term.within_s / seconds.max(1),
    };
    if weeks > TEN_YEARS_WEEKS {
        Err(format!("it would take {weeks} weeks of its calendar to run out"))
    } else {
        Ok(())
    }
}

fn read_pauses(files: Vec<PauseFile>, clocks: &[ProfileClock]) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut pauses = BTreeMap::new();
    for PauseFile { reason, clocks: stopped, .. } in files {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if reason.is_empty() || !reason.bytes().all(word) {
            return Err(format!("pause `{reason}`: a reason is one word of a-z, 0-9 and _"));
        }
        if stopped.is_empty() {
            return Err(format!("pause `{reason}`: it stops no clock"));
        }
        if let Some(unknown) = stopped.iter().find(|name| !clocks.iter().any(|c| c.term.name == **name)) {
            return Err(format!("pause `{reason}`: there is no clock `{unknown}`"));
        }
        if pauses.insert(reason.clone(), stopped).is_some() {
            return Err(format!("pause `{reason}` is there twice"));
        }
    }
    Ok(pauses)
}

fn read_steps(files: Vec<StepFile>) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::with_capacity(files.len());
    for file in files {
        let name = file.level.name();
        let after_s = length(&file.after).ok_or_else(|| format!("escalation to {name}: {}", no_length(&file.after)))?;
        if let Some(last) = steps.last().filter(|last| last.level >= file.level || last.after_s > after_s) {
            return Err(format!("escalation to {name}: it comes before that to {} or is lower", last.level.name()));
        }
        steps.push(Step { level: file.level, after_s });
    }
    Ok(steps)
}

/// A time of up to ten years, in seconds.
fn length(text: &str) -> Option<u64> {
    let seconds = u64::try_from(text.parse::<SignedDuration>().ok()?.as_secs()).ok()?;
    (seconds <= TEN_YEARS_S).then_some(seconds)
}

fn no_length(text: &str) -> String {
    format!("`{text}` is not a length such as `30min`, `3h` or, with a calendar, `2 working days`")
}

/// `2 working days`, `1 business day`.
fn working_days(text: &str) -> Option<u32> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [days, "working" | "business", "day" | "days"] => days.parse().ok().filter(|days| *days > 0),
        _ => None,
    }
}

impl ClockFile {
    fn read(self, calendar: Option<String>, own_calendar: bool) -> Result<ProfileClock, String> {
        if self.name.trim().is_empty() {
            return Err("it has no name".into());
        }
        if self.priorities.is_empty() {
            return Err("it runs for no priority".into());
        }
        if self.met_by.is_empty() {
            return Err("nothing stops it: `met_by` is empty".into());
        }
        if self.met_by.contains(&self.from) {
            return Err("what starts it stops it at once".into());
        }
        let working_days = working_days(&self.within);
        let within_s = match working_days {
            Some(days) => Some(u64::from(days) * 86_400),
            None => length(&self.within).filter(|s| *s > 0),
        };
        let within_s = within_s.ok_or_else(|| no_length(&self.within))?;
        let (name, from, met_by) = (self.name, self.from, self.met_by);
        let term = Term { name, from, within_s, met_by, working_days, calendar };
        Ok(ProfileClock { priorities: self.priorities, term, own_calendar, note: self.note })
    }
}
