//! Where a case can stand and what may happen next; what makes no sense is refused with the reason.
//!
//! | from | may become |
//! | --- | --- |
//! | open | assigned, in_progress, escalated, cleared, closed |
//! | assigned | open (unassigned), in_progress, escalated, cleared, closed |
//! | in_progress | assigned (handed over), escalated, cleared, closed |
//! | escalated | in_progress (taken back), escalated (higher only), cleared |
//! | cleared | in_progress (the fault came back), closed |
//! | closed | open or assigned, by reopening only |
//!
//! Clocks are paused while the case is not closed, for a reason that its profile knows and that stops a clock which still runs; one
//! pause at a time. Closing ends it.
//!
//! `cleared` (the fault is removed) is not `closed` (the customer agrees). Notes, follow-ups, signatures and tickets of other systems are
//! welcome in every state.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::event::{Action, ActionKind, ClosureCode, EventKind, NewEvent};
use crate::fold::State;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has it.
    Open,
    /// Somebody has it.
    Assigned,
    /// Being worked on.
    InProgress,
    /// With somebody who knows or may more.
    Escalated,
    /// The fault is removed.
    Cleared,
    /// Done with.
    Closed,
}

impl Status {
    /// All of them, in order of life.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Assigned, Self::InProgress, Self::Escalated, Self::Cleared, Self::Closed];

    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Escalated => "escalated",
            Self::Cleared => "cleared",
            Self::Closed => "closed",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_ascii_lowercase().replace('-', "_");
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|s| s.name() == wanted)
            .ok_or_else(|| format!("`{text}` is not a status; these are: {names}"))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a status may be moved to by `status_changed`.
#[must_use]
pub const fn may_become(from: Status) -> &'static [Status] {
    match from {
        Status::Open | Status::Escalated => &[Status::InProgress, Status::Cleared],
        Status::Assigned => &[Status::InProgress, Status::Cleared],
        Status::InProgress => &[Status::Assigned, Status::Cleared],
        Status::Cleared => &[Status::InProgress],
        Status::Closed => &[],
    }
}

/// Says why an event makes no sense in the present state of its case.
pub(crate) fn check(state: &State, new: &NewEvent) -> Result<(), String> {
    let NewEvent { kind, at, .. } = new;
    if let EventKind::Action(action) = kind {
        not_yet(action, at)?;
    }
    if state.status == Status::Closed {
        return in_closed(state, kind);
    }
    match kind {
        EventKind::Opened(_) => Err("the case is open already".into()),
        EventKind::Merged(_) => Err("histories are merged by importing a bundle".into()),
        EventKind::Reopened { .. } => Err(format!("only a closed case is reopened; this one is {}", state.status)),
        EventKind::Noted { text } => filled(text, "the note has no text"),
        EventKind::Attached(x) if x.evidence.is_empty() => Err("nothing is attached: name at least one file".into()),
        EventKind::Checked(x) if x.items.is_empty() => Err("no item is answered: give at least one".into()),
        EventKind::Assigned { to } => assign(state, to.as_deref()),
        EventKind::PriorityChanged { to, .. } if *to == state.priority => Err(format!("the priority is {to} already")),
        EventKind::StatusChanged { to, .. } => move_to(state, *to),
        EventKind::Escalated { level, .. } => escalate(state, *level),
        EventKind::Action(action) => act(action),
        EventKind::Paused(paused) => state.check_pause(&paused.reason),
        EventKind::Resumed(resumed) => resume(state, &resumed.pauses),
        EventKind::Ticketed(ticketed) => filled(&ticketed.id, "the ticket has no id"),
        EventKind::Overrun(_) => Err("that clocks ran out is written down by looking for it, not by hand".into()),
        EventKind::Closed(closed) => close(state, closed.closure.code, &closed.root_cause, closed.closure.satisfaction),
        _ => Ok(()),
    }
}

fn in_closed(state: &State, kind: &EventKind) -> Result<(), String> {
    match kind {
        EventKind::Reopened { reason } => filled(reason, "say why the case is reopened"),
        EventKind::Noted { text } => filled(text, "the note has no text"),
        EventKind::Action(a) if a.action == ActionKind::FollowUp => act(a),
        EventKind::Ticketed(ticketed) => filled(&ticketed.id, "the ticket has no id"),
        EventKind::Other { .. } | EventKind::Signed(_) => Ok(()),
        EventKind::Closed(_) => Err(format!("the case is closed already, since {}", state.updated_at)),
        _ => Err("the case is closed; reopen it first".into()),
    }
}

fn act(action: &Action) -> Result<(), String> {
    match (&action.part, action.done_at.as_deref(), action.satisfaction) {
        (None, ..) if action.action == ActionKind::PartReplaced => Err("say which part was replaced".into()),
        (_, Some(at), _) if clock::parse_ms(at).is_none() => Err("`done_at` is not an RFC 3339 time".into()),
        (.., Some(_)) if action.action != ActionKind::FollowUp => Err("satisfaction belongs to a follow-up".into()),
        (.., satisfaction) => scale(satisfaction),
    }
}

/// What is said to have been done after it was written down would stop a clock that still runs.
fn not_yet(action: &Action, at: &str) -> Result<(), String> {
    let done = action.done_at.as_deref().and_then(clock::parse_ms);
    match done.zip(clock::parse_ms(at)) {
        Some((done, now)) if done > now => Err(format!(
            "it is said to be done at {}, which is not yet: it is {}",
            clock::text_ms(done),
            clock::text_ms(now)
        )),
        _ => Ok(()),
    }
}

fn scale(satisfaction: Option<u8>) -> Result<(), String> {
    match satisfaction {
        Some(s) if !(1..=5).contains(&s) => Err("satisfaction is a number from 1 (bad) to 5 (good)".into()),
        _ => Ok(()),
    }
}

fn resume(state: &State, pauses: &[String]) -> Result<(), String> {
    match pauses.iter().find(|id| !state.open_pauses().any(|pause| pause.id == **id)) {
        _ if state.open_pauses().next().is_none() => Err("the clocks are not paused".into()),
        _ if pauses.is_empty() => Err("say which pause ends".into()),
        Some(id) => Err(format!("no pause {id} lasts")),
        None => Ok(()),
    }
}

fn filled(text: &str, why: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(why.into()) } else { Ok(()) }
}

fn assign(state: &State, to: Option<&str>) -> Result<(), String> {
    match to {
        Some(name) if name.trim().is_empty() => Err("say to whom the case is assigned".into()),
        Some(name) if state.assignee.as_deref() == Some(name) => Err(format!("{name} has the case already")),
        None if state.assignee.is_none() => Err("nobody has the case".into()),
        None if state.status != Status::Assigned => {
            Err(format!("a case that is {} needs somebody: assign it to another one", state.status))
        }
        _ => Ok(()),
    }
}

fn move_to(state: &State, to: Status) -> Result<(), String> {
    let from = state.status;
    if to == Status::Assigned && state.assignee.is_none() {
        return Err("nobody has the case: assign it first".into());
    }
    if may_become(from).contains(&to) {
        return Ok(());
    }
    Err(match to {
        _ if to == from => format!("the case is {from} already"),
        Status::Open => "a case becomes open by taking it from its assignee, or by reopening".into(),
        Status::Escalated => "say to whom: use `escalate`".into(),
        Status::Closed => "say the cause and how it ended: use `close`".into(),
        _ => format!("a case that is {from} cannot become {to}; it can become {}", names(may_become(from))),
    })
}

fn names(all: &[Status]) -> String {
    all.iter().map(|s| s.name()).collect::<Vec<_>>().join(" or ")
}

fn escalate(state: &State, level: crate::EscalationLevel) -> Result<(), String> {
    match state.escalation {
        _ if state.status == Status::Cleared => {
            Err("the fault is cleared; if it came back, set the case to in_progress first".into())
        }
        Some(now) if state.status == Status::Escalated && now >= level => {
            Err(format!("the case is with the {} already; escalate higher, or take it back first", now.name()))
        }
        _ => Ok(()),
    }
}

fn close(state: &State, code: ClosureCode, root_cause: &str, satisfaction: Option<u8>) -> Result<(), String> {
    scale(satisfaction)?;
    if state.status == Status::Escalated {
        return Err("the case is escalated; take it back (in_progress) or set it to cleared first".into());
    }
    match code {
        ClosureCode::Solved => filled(root_cause, "a case closed as solved needs its root cause"),
        _ => Ok(()),
    }
}
