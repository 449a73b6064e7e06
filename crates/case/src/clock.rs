//! Service clocks: what has to happen by when, from a profile kept as data; the present time is always handed in.
//!
//! A clock counts every hour of every day (`24x7`) or the hours of a [`Calendar`]. What was promised to a case is copied into its
//! events as [`Terms`], calendars included, so that a later profile, or a later time-zone database, changes nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::EscalationLevel;

mod calendar;
mod due;
mod hours;
mod profile;
mod walk;

pub use calendar::Calendar;
pub(crate) use calendar::named as zone;
pub(crate) use due::{Overrun, Pause, clocks, next_due, overruns, stops_something};
pub use profile::{Profile, ProfileClock, ProfileError, Remark, RemarkKind};

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
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];

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

impl Milestone {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Responded => "responded",
            Self::VisitRequested => "visit_requested",
            Self::Dispatched => "dispatched",
            Self::Arrived => "arrived",
            Self::CustomerFixed => "customer_fixed",
            Self::Confirmed => "confirmed",
            Self::Cleared => "cleared",
            Self::Closed => "closed",
        }
    }
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
    /// Its length in seconds that count; of a length in working days the days in seconds.
    pub within_s: u64,
    /// What stops it, whichever comes first.
    pub met_by: Vec<Milestone>,
    /// Its length in working days, where it is promised so: due at the close of business of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_days: Option<u32>,
    /// The calendar that it counts by, one of [`Terms::calendars`]; every hour of every day (24x7) without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// When a clock that ran out is reported to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Step {
    /// To whom.
    pub level: EscalationLevel,
    /// Seconds after it ran out, of those that count for the clock.
    pub after_s: u64,
}

/// The clocks of one priority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Terms {
    /// Id of the profile they come from.
    pub profile: String,
    /// Its version.
    pub version: String,
    /// The clocks.
    pub clocks: Vec<Term>,
    /// The calendars that clocks count by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calendars: BTreeMap<String, Calendar>,
    /// Reasons to pause, each with the clocks that it stops.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pauses: BTreeMap<String, Vec<String>>,
    /// How a clock that ran out is reported upwards, one level after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<Step>,
}

/// Whether a promise is being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Not met yet, not due yet; a paused clock too.
    Running,
    /// Met in time (a clock met at the very moment it is due is met).
    Met,
    /// Due and not met, or met after it was due.
    Late,
}

/// Why and since when a clock stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Standstill {
    /// The reason, as the profile names it.
    pub reason: String,
    /// RFC 3339, UTC.
    pub since: String,
}

/// One clock of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Clock {
    /// Name: `respond`, `arrive`, `arrive_dispatch`, `fix`, `reply` ...
    pub name: String,
    /// RFC 3339, UTC; of a paused clock as if it went on now.
    pub due: String,
    /// RFC 3339, UTC; `null` while it runs.
    pub met_at: Option<String>,
    /// How it stands.
    pub state: ClockState,
    /// 1 for the first opening, one more for each reopening.
    pub round: u32,
    /// Name of the calendar that it counts by; absent where every hour counts (24x7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// `due` on the wall of the calendar's zone, RFC 3339 with its offset; only with a calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_local: Option<String>,
    /// Seconds that count until it runs out, negative for those since; absent once it is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_s: Option<i64>,
    /// Seconds that pauses moved it by; absent where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_s: Option<u64>,
    /// Why it stands still, while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Standstill>,
    /// The highest level that was told that it ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<EscalationLevel>,
}

/// Milliseconds since 1970 of an RFC 3339 time.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// RFC 3339, UTC, of milliseconds since 1970; times beyond the year 9999 are shown as its end.
pub(crate) fn text_ms(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests;
