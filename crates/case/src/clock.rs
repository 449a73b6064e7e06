//! Service clocks: what has to happen by when, from a profile kept as data; the present time is always handed in.
//!
//! The only calendar is `24x7`: every hour of every day counts. Business hours, holidays and pauses are not known yet, and a
//! profile that asks for another calendar is refused.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Urgency of a case: P1 (system down) to P4 (nearly no effect).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Priority {
    /// A running system is stopped or down.
    P1,
    /// Performance is seriously degraded.
    P2,
    /// Operation is impaired, most business works.
    P3,
    /// A configuration change or a reset is needed, nearly no effect.
    P4,
}

impl Priority {
    /// `P1` to `P4`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
        }
    }
}

impl std::str::FromStr for Priority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_uppercase().as_str() {
            "P1" | "1" => Ok(Self::P1),
            "P2" | "2" => Ok(Self::P2),
            "P3" | "3" => Ok(Self::P3),
            "P4" | "4" => Ok(Self::P4),
            _ => Err(format!("`{text}` is not a priority; P1, P2, P3 and P4 are")),
        }
    }
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What can start or stop a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// The call came in (or the case was reopened).
    Opened,
    /// Somebody dealt with it: the first action, or work begun.
    Responded,
    /// A visit was asked for.
    VisitRequested,
    /// It was decided to send somebody.
    Dispatched,
    /// Somebody is on site.
    Arrived,
    /// The customer says that the fault is gone.
    CustomerFixed,
    /// The customer was asked once more.
    Confirmed,
    /// The fault is removed.
    Cleared,
    /// The case is closed.
    Closed,
}

/// When each milestone was reached, milliseconds since 1970 (UTC).
pub(crate) type Marks = BTreeMap<Milestone, i64>;

/// One clock as promised to this case: copied into the event that sets the priority, so that a later profile changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Term {
    /// Name: `respond`, `arrive`, `fix` ...
    pub name: String,
    /// Where it starts.
    pub from: Milestone,
    /// Its length in seconds.
    pub within_s: u64,
    /// What stops it, whichever comes first.
    pub met_by: Vec<Milestone>,
}

/// The clocks of one priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Terms {
    /// Id of the profile they come from.
    pub profile: String,
    /// Its version.
    pub version: String,
    /// The clocks.
    pub clocks: Vec<Term>,
}

/// Whether a promise is being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Not met yet, not due yet.
    Running,
    /// Met in time (a clock met at the very moment it is due is met).
    Met,
    /// Due and not met, or met after it was due.
    Late,
}

/// One clock of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Clock {
    /// Name: `respond`, `arrive`, `arrive_dispatch`, `fix`, `reply` ...
    pub name: String,
    /// RFC 3339, UTC.
    pub due: String,
    /// RFC 3339, UTC; `null` while it runs.
    pub met_at: Option<String>,
    /// How it stands.
    pub state: ClockState,
    /// 1 for the first opening, one more for each reopening.
    pub round: u32,
}

/// The clocks of one round (opening to closing) as they stand at `now_ms`; the earliest due first.
pub(crate) fn clocks(terms: &Terms, marks: &Marks, round: u32, now_ms: i64) -> Vec<Clock> {
    let mut all: Vec<(i64, Clock)> = due_times(terms, marks)
        .map(|(term, due, met)| {
            let late = met.unwrap_or(now_ms) > due;
            let state = if late {
                ClockState::Late
            } else if met.is_some() {
                ClockState::Met
            } else {
                ClockState::Running
            };
            (due, Clock { name: term.name.clone(), due: text_ms(due), met_at: met.map(text_ms), state, round })
        })
        .collect();
    all.sort_by_key(|(due, _)| *due);
    all.into_iter().map(|(_, clock)| clock).collect()
}

/// The clock that runs out next, if any runs: its name and its due time in milliseconds since 1970.
pub(crate) fn next_due(terms: &Terms, marks: &Marks) -> Option<(String, i64)> {
    due_times(terms, marks)
        .filter(|(_, _, met)| met.is_none())
        .min_by_key(|(_, due, _)| *due)
        .map(|(term, due, _)| (term.name.clone(), due))
}

fn due_times<'a>(terms: &'a Terms, marks: &'a Marks) -> impl Iterator<Item = (&'a Term, i64, Option<i64>)> {
    terms.clocks.iter().filter_map(|term| {
        let start = *marks.get(&term.from)?;
        let length = i64::try_from(term.within_s).unwrap_or(i64::MAX).saturating_mul(1000);
        let met = term.met_by.iter().filter_map(|m| marks.get(m)).min();
        Some((term, start.saturating_add(length), met.copied()))
    })
}

/// Milliseconds since 1970 of an RFC 3339 time.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// RFC 3339, UTC, of milliseconds since 1970; times beyond the year 9999 are shown as its end.
pub(crate) fn text_ms(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX).to_string()
}

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
    id: String,
    version: String,
    clocks: Vec<(Vec<Priority>, Term)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    id: String,
    version: String,
    calendar: String,
    #[serde(rename = "source")]
    _source: Option<String>,
    #[serde(default)]
    clock: Vec<ClockFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockFile {
    name: String,
    priorities: Vec<Priority>,
    from: Milestone,
    within: String,
    met_by: Vec<Milestone>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// The profile that ships with the program.
const SHIPPED: &str = include_str!("../profiles/default.toml");

impl Profile {
    /// Reads a profile from TOML; `profiles/default.toml` is the pattern.
    ///
    /// # Errors
    /// When the text is not TOML, a field is missing or unknown, the calendar is not `24x7`, or a length is not a time between one
    /// second and ten years.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let refuse = |what: String| ProfileError { what };
        let file: ProfileFile = toml::from_str(text).map_err(|e| refuse(e.to_string()))?;
        if file.calendar != "24x7" {
            return Err(refuse(format!("calendar `{}` is not known; `24x7` is", file.calendar)));
        }
        let clocks = file.clock.into_iter().map(ClockFile::into_term).collect::<Result<_, _>>().map_err(refuse)?;
        Ok(Self { id: file.id, version: file.version, clocks })
    }

    /// The profile that ships with the program: the P1 to P4 figures with both arrival clocks.
    ///
    /// # Errors
    /// Never in a released build: a test reads the shipped file.
    pub fn shipped() -> Result<Self, ProfileError> {
        Self::from_toml(SHIPPED)
    }

    /// The clocks of one priority, to go into the event that opens a case or changes its priority.
    #[must_use]
    pub fn terms(&self, priority: Priority) -> Terms {
        let clocks =
            self.clocks.iter().filter(|(levels, _)| levels.contains(&priority)).map(|(_, t)| t.clone()).collect();
        Terms { profile: self.id.clone(), version: self.version.clone(), clocks }
    }
}

impl ClockFile {
    fn into_term(self) -> Result<(Vec<Priority>, Term), String> {
        const TEN_YEARS_S: i64 = 10 * 366 * 86_400;
        let within_s = self.within.parse::<SignedDuration>().map(|d| d.as_secs()).unwrap_or(0);
        match u64::try_from(within_s) {
            Ok(within_s) if within_s > 0 && i64::try_from(within_s).is_ok_and(|s| s <= TEN_YEARS_S) => {
                let term = Term { name: self.name, from: self.from, within_s, met_by: self.met_by };
                Ok((self.priorities, term))
            }
            _ => Err(format!("clock `{}`: `{}` is not a length such as `30min` or `3h`", self.name, self.within)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(priority: Priority, marks: &[(Milestone, &str)], now: &str) -> Vec<(String, String, ClockState)> {
        let marks: Marks = marks.iter().map(|(m, at)| (*m, parse_ms(at).unwrap())).collect();
        let terms = Profile::shipped().unwrap().terms(priority);
        clocks(&terms, &marks, 1, parse_ms(now).unwrap()).into_iter().map(|c| (c.name, c.due, c.state)).collect()
    }

    #[test]
    fn the_figures_of_the_four_levels_to_the_second() {
        use ClockState::{Late, Met, Running};
        use Milestone::{Arrived, Cleared, CustomerFixed, Dispatched, Opened, Responded, VisitRequested};
        // The call comes at 23:50 on the last day of February of a leap year: every clock crosses midnight and the month.
        let call = (Opened, "2028-02-28T23:50:00Z");
        let row = |name: &str, due: &str, state| (name.to_owned(), due.to_owned(), state);
        let table = [
            (
                Priority::P1,
                vec![call],
                "2028-02-29T00:20:00Z",
                vec![
                    row("respond", "2028-02-29T00:20:00Z", Running),
                    row("arrive", "2028-02-29T02:50:00Z", Running),
                    row("fix", "2028-02-29T03:50:00Z", Running),
                ],
            ),
            (
                Priority::P2,
                vec![call],
                "2028-02-29T00:20:01Z",
                vec![
                    row("respond", "2028-02-29T00:20:00Z", Late),
                    row("arrive", "2028-02-29T02:50:00Z", Running),
                    row("fix", "2028-02-29T03:50:00Z", Running),
                ],
            ),
            (
                Priority::P1,
                vec![
                    call,
                    (Responded, "2028-02-29T00:20:00Z"),
                    (VisitRequested, "2028-02-29T00:21:00Z"),
                    (Dispatched, "2028-02-29T00:30:00Z"),
                    (Arrived, "2028-02-29T02:40:00Z"),
                    (Cleared, "2028-02-29T03:50:01Z"),
                ],
                "2028-03-05T00:00:00Z",
                vec![
                    row("respond", "2028-02-29T00:20:00Z", Met),
                    row("dispatch", "2028-02-29T00:51:00Z", Met),
                    // Three hours from the call are kept, two hours from the decision to send are not.
                    row("arrive_dispatch", "2028-02-29T02:30:00Z", Late),
                    row("arrive", "2028-02-29T02:50:00Z", Met),
                    row("fix", "2028-02-29T03:50:00Z", Late),
                ],
            ),
            (Priority::P3, vec![call], "2028-02-29T23:50:00Z", vec![row("reply", "2028-02-29T23:50:00Z", Running)]),
            (Priority::P4, vec![call], "2028-02-29T23:50:01Z", vec![row("reply", "2028-02-29T23:50:00Z", Late)]),
            (
                Priority::P1,
                vec![call, (Responded, "2028-02-28T23:51:00Z"), (CustomerFixed, "2028-02-29T00:00:00Z")],
                "2028-02-29T00:00:00Z",
                vec![
                    row("respond", "2028-02-29T00:20:00Z", Met),
                    row("arrive", "2028-02-29T02:50:00Z", Running),
                    row("fix", "2028-02-29T03:50:00Z", Running),
                    row("confirm", "2028-02-29T12:00:00Z", Running),
                ],
            ),
        ];
        for (priority, marks, now, expected) in table {
            assert_eq!(shown(priority, &marks, now), expected, "{priority} {marks:?} at {now}");
        }
    }

    #[test]
    fn a_profile_that_cannot_be_kept_is_refused_with_its_reason() {
        for (from, to, word) in [
            ("24x7", "9to5", "calendar"),
            ("30min", "soon", "respond"),
            ("30min", "0s", "respond"),
            ("30min", "-1h", "respond"),
            ("30min", "99999999h", "respond"),
            ("\"P1\", \"P2\"", "\"P9\"", "P9"),
            ("met_by = [\"responded\", \"cleared\", \"closed\"]", "mett_by = []", "mett_by"),
        ] {
            let text = Profile::from_toml(&SHIPPED.replace(from, to)).unwrap_err().to_string();
            assert!(text.contains(word), "{from} -> {to}: {text}");
        }
    }
}
