//! What the recording times of captures say about the times that clocks count by: told beside what was stated, never in its place.

use serde::{Deserialize, Serialize};

use crate::clock::{Milestone, parse_ms, text_ms};
use crate::event::{Attached, Event, EventKind};
use crate::fold::State;

/// What a recording time says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// Somebody measured: whoever measures is there. The earliest capture of the round counts.
    OnSite,
    /// A limit still failed in a capture that was recorded after the fault was said to be removed.
    StillFailing,
    /// The capture says that it was recorded after it was attached: a clock was wrong.
    ClockAhead,
}

/// What a piece of evidence says about a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimeHint {
    /// What it says.
    pub kind: HintKind,
    /// When the capture was recorded by its own account, RFC 3339, UTC.
    pub at: String,
    /// Name of the capture.
    pub source: String,
    /// Number of the event that attached it.
    pub event: u64,
    /// What was stated: the arrival, the removal of the fault, the attaching; RFC 3339, UTC. `null` when nothing was.
    pub stated: Option<String>,
    /// Whether both cannot be right. What was stated counts all the same.
    pub conflict: bool,
}

/// A capture that says when it was recorded.
struct Recorded<'a> {
    at: i64,
    event: &'a Event,
    attached: &'a Attached,
}

impl<'a> Recorded<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        let EventKind::Attached(attached) = &event.kind else { return None };
        Some(Self { at: parse_ms(attached.recorded_at.as_deref()?)?, event, attached })
    }

    fn hint(&self, kind: HintKind, stated: Option<i64>, conflict: bool) -> TimeHint {
        let source = self.attached.evidence.first().map(|e| e.name.clone()).unwrap_or_default();
        let (at, stated) = (text_ms(self.at), stated.map(text_ms));
        TimeHint { kind, at, source, event: self.event.place(), stated, conflict }
    }

    fn fails(&self) -> bool {
        self.attached.findings.iter().any(|f| f.verdict == faultscope_diagnose::Verdict::Fail)
    }
}

/// The hints of the present round; captures of before the call say nothing about it.
pub(crate) fn of(state: &State, events: &[Event]) -> Vec<TimeHint> {
    let opened = state.reached(Milestone::Opened).unwrap_or(i64::MAX);
    let all: Vec<Recorded<'_>> = events.iter().filter_map(Recorded::of).filter(|r| r.at >= opened).collect();
    let (ahead, sound): (Vec<_>, Vec<_>) = all.iter().partition(|r| r.at > r.event.at_ms());
    let mut hints = Vec::new();
    if let Some(first) = sound.iter().min_by_key(|r| r.at) {
        let arrived = state.reached(Milestone::Arrived);
        hints.push(first.hint(HintKind::OnSite, arrived, arrived.is_some_and(|stated| first.at < stated)));
    }
    if let Some(cleared) = state.reached(Milestone::Cleared) {
        let after = sound.iter().filter(|r| r.at > cleared && r.fails());
        hints.extend(after.map(|r| r.hint(HintKind::StillFailing, Some(cleared), true)));
    }
    hints.extend(ahead.iter().map(|r| r.hint(HintKind::ClockAhead, Some(r.event.at_ms()), true)));
    hints
}
