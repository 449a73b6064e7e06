//! What the events of a case add up to: its state, its clocks, findings, evidence, actions and timeline.

use std::collections::BTreeMap;

use faultscope_diagnose::Finding;
use serde::{Deserialize, Serialize};

use crate::checks::{CaseChecklist, answered, checked_words};
use crate::clock::{self, Clock, Milestone, Priority};
use crate::event::{
    Action, Attached, CaptureRef, Closure, Equipment, EscalationLevel, Event, EventKind, Field, Opened, PartReplaced,
    Ticketed,
};
use crate::hints::{self, TimeHint};
use crate::workflow::Status;

mod clocks;

pub(crate) use clocks::Round;
pub use clocks::{CasePause, CaseSla};

/// Who set a field last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) seq: u64,
    pub(crate) who: String,
    pub(crate) when: String,
}

/// The small part of a case: all that the next event is checked against. Kept beside the events so that appending stays quick
/// however long the case is; `verify` compares it with the fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) id: String,
    pub(crate) uuid: String,
    pub(crate) opened: Opened,
    pub(crate) opened_at: String,
    pub(crate) updated_at: String,
    pub(crate) priority: Priority,
    pub(crate) status: Status,
    pub(crate) assignee: Option<String>,
    pub(crate) escalation: Option<EscalationLevel>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) stamps: BTreeMap<Field, Stamp>,
    pub(crate) root_cause: Option<String>,
    pub(crate) closure: Option<Closure>,
    pub(crate) seq: u64,
    pub(crate) head: String,
}

impl State {
    /// The state after the first event; `None` when that does not open a case.
    pub(crate) fn first(event: &Event) -> Option<Self> {
        let EventKind::Opened(opened) = &event.kind else { return None };
        let mut state = Self {
            id: event.case_id.clone(),
            uuid: event.id.clone(),
            opened: (**opened).clone(),
            opened_at: event.at.clone(),
            updated_at: event.at.clone(),
            priority: opened.priority,
            status: Status::Open,
            assignee: None,
            escalation: None,
            rounds: vec![Round::new(opened.terms.clone())],
            stamps: BTreeMap::new(),
            root_cause: None,
            closure: None,
            seq: event.seq,
            head: event.hash.clone(),
        };
        state.mark(event);
        Some(state)
    }

    /// Takes the next event of the case's own chain in.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.change(event);
        self.mark(event);
        self.stamp(event, event.seq);
        self.updated_at.clone_from(&event.at);
        self.seq = event.seq;
        self.head.clone_from(&event.hash);
    }

    /// Takes an event in that another one merged: what it did counts, what it set only where this side had not set the same.
    fn apply_side(&mut self, event: &Event, merging: &Merging) {
        match event.kind.field() {
            Some(field) if !merging.open.contains(&field) => {}
            _ => {
                self.change(event);
                self.stamp(event, merging.seq);
            }
        }
        self.mark(event);
    }

    fn stamp(&mut self, event: &Event, seq: u64) {
        if let Some(field) = event.kind.field() {
            let stamp = Stamp { seq, who: event.actor.clone(), when: event.at.clone() };
            self.stamps.insert(field, stamp);
        }
    }

    fn change(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Assigned { to } => {
                self.assignee.clone_from(to);
                match (to, self.status) {
                    (Some(_), Status::Open) => self.status = Status::Assigned,
                    (None, Status::Assigned) => self.status = Status::Open,
                    _ => {}
                }
            }
            EventKind::PriorityChanged { to, terms, .. } => {
                self.priority = *to;
                if let (Some(terms), Some(round)) = (terms, self.rounds.last_mut()) {
                    round.terms = terms.clone();
                }
            }
            EventKind::StatusChanged { to, .. } => self.move_to(*to),
            EventKind::Escalated { level, .. } => {
                self.status = Status::Escalated;
                self.escalation = Some(*level);
            }
            EventKind::Closed(closed) => {
                self.status = Status::Closed;
                self.escalation = None;
                self.root_cause = (!closed.root_cause.trim().is_empty()).then(|| closed.root_cause.clone());
                self.closure = Some(closed.closure.clone());
                self.resume(event.at_ms(), |_| true);
            }
            EventKind::Reopened { .. } => {
                self.resume(event.at_ms(), |_| true);
                self.reopen();
            }
            EventKind::Paused(paused) => self.pause(event, &paused.reason, &paused.note),
            EventKind::Resumed(resumed) => self.resume(event.at_ms(), |pause| resumed.pauses.contains(&pause.id)),
            EventKind::Overrun(overrun) => self.tell(event, overrun),
            EventKind::Action(action) => {
                if let (Some(closure), Some(_)) = (&mut self.closure, action.satisfaction) {
                    closure.satisfaction = action.satisfaction;
                }
            }
            _ => {}
        }
    }

    fn move_to(&mut self, to: Status) {
        if self.status == Status::Cleared {
            // The fault came back: the clock that waits for its removal runs again.
            if let Some(round) = self.rounds.last_mut() {
                round.marks.remove(&Milestone::Cleared);
            }
        }
        if to != Status::Escalated {
            self.escalation = None;
        }
        self.status = to;
    }

    fn reopen(&mut self) {
        self.status = if self.assignee.is_some() { Status::Assigned } else { Status::Open };
        self.root_cause = None;
        self.closure = None;
        let terms = self.rounds.last().map(|round| round.terms.clone());
        self.rounds.push(Round::new(terms));
    }

    /// The first time counts: whoever answers twice has answered at the first.
    fn mark(&mut self, event: &Event) {
        let Some(round) = self.rounds.last_mut() else { return };
        let start = round.marks.get(&Milestone::Opened).copied().unwrap_or(i64::MIN);
        for (milestone, at) in event.milestones() {
            // Nothing is reached before the call, whatever a badly set watch says.
            let at = at.max(start);
            round.marks.entry(milestone).and_modify(|known| *known = at.min(*known)).or_insert(at);
        }
    }
}

/// A finding in its case. Those of a repeated test are kept beside the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseFinding {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Number of the event that attached it.
    pub event: u64,
    /// What the capture shows: `supply before`.
    pub role: Option<String>,
    /// The capture, where a file was attached with it.
    pub capture: Option<CaptureRef>,
    /// All captures it rests on, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<CaptureRef>,
}

/// A stored file in its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseEvidence {
    /// Name as received.
    pub name: String,
    /// SHA-256.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
    /// What it shows.
    pub role: Option<String>,
    /// Number of the event that attached it.
    pub event: u64,
}

/// Something that was done, in its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseAction {
    /// Number of the event.
    pub event: u64,
    /// When it was done, else when it was written down; RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What kind: `inspection`, `part_replaced` ...
    pub action: crate::event::ActionKind,
    /// In words.
    pub text: String,
    /// The part replaced.
    pub part: Option<PartReplaced>,
}

/// A ticket of another system, in its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseTicket {
    /// Number of the event that tells of it.
    pub event: u64,
    /// When it became known; RFC 3339.
    pub at: String,
    /// The ticket.
    #[serde(flatten)]
    pub ticket: Ticketed,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimelineEntry {
    /// Number of the event.
    pub event: u64,
    /// Its id.
    pub id: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What: `opened`, `noted`, `attached` ...
    pub kind: String,
    /// The words of the event, as they were written; for `attached` the names of the files.
    pub text: String,
}

/// A case as its events make it; the JSON of `case show`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Case {
    /// Short number: `FS-2026-0001`.
    pub id: String,
    /// Number that no other store gives.
    pub uuid: String,
    /// One line.
    pub title: String,
    /// Whose equipment.
    pub customer: String,
    /// Where.
    pub site: String,
    /// Which.
    pub equipment: Equipment,
    /// In the customer's words.
    pub symptom: String,
    /// Whom to call back.
    pub contact: String,
    /// `P1` to `P4`.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// Who works on it.
    pub assignee: Option<String>,
    /// How far up it was handed, while it is escalated.
    pub escalation: Option<EscalationLevel>,
    /// RFC 3339, UTC.
    pub opened_at: String,
    /// Time of the last event.
    pub updated_at: String,
    /// Number of the last event; hand it to `append` to have conflicts found.
    pub version: u64,
    /// Hash of the last event: on paper it fixes all that came before.
    pub head: String,
    /// The service clocks.
    pub clocks: Vec<Clock>,
    /// The service profile that the clocks come from; absent where none runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<CaseSla>,
    /// What evidence says about the times that clocks count by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_hints: Vec<TimeHint>,
    /// When clocks stood still, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<CasePause>,
    /// All findings, in the order they were attached.
    pub findings: Vec<CaseFinding>,
    /// All files, in the order they were attached.
    pub evidence: Vec<CaseEvidence>,
    /// What was done.
    pub actions: Vec<CaseAction>,
    /// The check lists, in the order they were answered.
    #[serde(default)]
    pub checklists: Vec<CaseChecklist>,
    /// Its tickets in other systems, in the order in which they became known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<CaseTicket>,
    /// Everything, in order.
    pub timeline: Vec<TimelineEntry>,
    /// What was wrong.
    pub root_cause: Option<String>,
    /// How it ended.
    pub closure: Option<Closure>,
}

impl Case {
    /// Folds the events of one case, given in order; clocks are shown as they stand at `now` (RFC 3339).
    ///
    /// `None` when there is no event, the first does not open a case, or `now` is not a time.
    #[must_use]
    pub fn fold(events: &[Event], now: &str) -> Option<Self> {
        let now_ms = clock::parse_ms(now)?;
        let state = state_of(events)?;
        let mut case = Self::of_state(&state, now_ms);
        for event in events {
            case.collect(event);
        }
        case.time_hints = hints::of(&state, events);
        Some(case)
    }

    fn of_state(state: &State, now_ms: i64) -> Self {
        let Opened { title, customer, site, equipment, symptom, contact, .. } = state.opened.clone();
        Self {
            id: state.id.clone(),
            uuid: state.uuid.clone(),
            title,
            customer,
            site,
            equipment,
            symptom,
            contact,
            priority: state.priority,
            status: state.status,
            assignee: state.assignee.clone(),
            escalation: state.escalation,
            opened_at: state.opened_at.clone(),
            updated_at: state.updated_at.clone(),
            version: state.seq,
            head: state.head.clone(),
            clocks: state.clocks(now_ms),
            sla: state.sla(),
            time_hints: Vec::new(),
            pauses: state.pauses(),
            findings: Vec::new(),
            evidence: Vec::new(),
            actions: Vec::new(),
            checklists: Vec::new(),
            tickets: Vec::new(),
            timeline: Vec::new(),
            root_cause: state.root_cause.clone(),
            closure: state.closure.clone(),
        }
    }

    fn collect(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Attached(attached) => self.collect_attached(event.place(), attached),
            EventKind::Action(action) => self.actions.push(done(event, action)),
            EventKind::Checked(checked) => self.checklists.push(answered(event, checked)),
            EventKind::Ticketed(ticket) => {
                let (event, at, ticket) = (event.place(), event.at.clone(), (**ticket).clone());
                self.tickets.push(CaseTicket { event, at, ticket });
            }
            _ => {}
        }
        self.timeline.push(TimelineEntry {
            event: event.place(),
            id: event.id.clone(),
            at: event.at.clone(),
            actor: event.actor.clone(),
            kind: event.kind.name().to_owned(),
            text: words(&event.kind),
        });
    }

    fn collect_attached(&mut self, event: u64, attached: &Attached) {
        let role = attached.role.clone();
        let capture = attached.evidence.first().map(|e| CaptureRef { name: e.name.clone(), sha256: e.sha256.clone() });
        // What rests on captures that were attached before brings no file of its own.
        let new = attached.evidence.iter().filter(|_| attached.captures.is_empty());
        self.evidence.extend(new.cloned().map(|e| CaseEvidence {
            name: e.name,
            sha256: e.sha256,
            size: e.size,
            media_type: e.media_type,
            role: role.clone(),
            event,
        }));
        self.findings.extend(attached.findings.iter().cloned().map(|finding| CaseFinding {
            finding,
            event,
            role: role.clone(),
            capture: capture.clone(),
            captures: attached.captures.clone(),
        }));
    }
}

/// The state that a case's events fold to.
pub(crate) fn state_of(events: &[Event]) -> Option<State> {
    let mut folding = Folding::default();
    events.iter().for_each(|event| folding.push(event));
    folding.state
}

/// A state under way, event by event; those that a `merged` event took in come after it.
#[derive(Debug, Default)]
pub(crate) struct Folding {
    pub(crate) state: Option<State>,
    merging: Option<Merging>,
}

#[derive(Debug)]
struct Merging {
    seq: u64,
    /// Fields that this side had left alone since the two parted.
    open: Vec<Field>,
}

impl Folding {
    /// Goes on from a state.
    pub(crate) fn of(state: State) -> Self {
        Self { state: Some(state), merging: None }
    }

    pub(crate) fn push(&mut self, event: &Event) {
        let Some(state) = &mut self.state else {
            self.state = State::first(event);
            return;
        };
        if event.side_of.is_some() {
            if let Some(merging) = &self.merging {
                state.apply_side(event, merging);
            }
            return;
        }
        state.apply(event);
        self.merging = match &event.kind {
            EventKind::Merged(merged) => {
                let alone = |f: &Field| state.stamps.get(f).is_none_or(|stamp| stamp.seq <= merged.fork);
                Some(Merging { seq: event.seq, open: Field::ALL.into_iter().filter(alone).collect() })
            }
            _ => None,
        };
    }
}

fn done(event: &Event, action: &Action) -> CaseAction {
    let at = action.done_at.as_deref().and_then(clock::parse_ms).map_or_else(|| event.at.clone(), clock::text_ms);
    CaseAction {
        event: event.place(),
        at,
        actor: event.actor.clone(),
        action: action.action,
        text: action.text.clone(),
        part: action.part.clone(),
    }
}

fn words(kind: &EventKind) -> String {
    match kind {
        EventKind::Opened(opened) => opened.title.clone(),
        EventKind::Noted { text } => text.clone(),
        EventKind::Attached(attached) => {
            let names: Vec<_> = attached.evidence.iter().map(|e| e.name.as_str()).collect();
            match &attached.role {
                Some(role) => format!("{role}: {}", names.join(", ")),
                None => names.join(", "),
            }
        }
        EventKind::Checked(checked) => with_reason(&checked_words(checked), &checked.remark),
        EventKind::Assigned { to } => to.clone().unwrap_or_default(),
        EventKind::PriorityChanged { to, reason, .. } => with_reason(to.name(), reason),
        EventKind::StatusChanged { to, reason } => with_reason(to.name(), reason),
        EventKind::Escalated { level, to, reference, reason } => {
            let whom = [Some(level.name()), to.as_deref(), reference.as_deref()];
            with_reason(&whom.into_iter().flatten().collect::<Vec<_>>().join(", "), reason)
        }
        EventKind::Action(action) => action.text.clone(),
        EventKind::Closed(closed) => with_reason(&closed.root_cause, &closed.closure.remedy),
        EventKind::Reopened { reason } => reason.clone(),
        EventKind::Paused(paused) => with_reason(&paused.reason, &paused.note),
        EventKind::Resumed(resumed) => resumed.note.clone(),
        EventKind::Overrun(overrun) => format!("{} {} > {}", overrun.clock, overrun.due, overrun.level),
        EventKind::Merged(merged) => merged.events.len().to_string(),
        EventKind::Signed(signed) => signed.name.clone(),
        EventKind::Ticketed(ticket) => {
            let parts = [ticket.profile.as_str(), &ticket.number, &ticket.url];
            parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
        }
        EventKind::Other { .. } => String::new(),
    }
}

fn with_reason(what: &str, reason: &str) -> String {
    match (what.is_empty(), reason.is_empty()) {
        (_, true) => what.to_owned(),
        (true, false) => reason.to_owned(),
        (false, false) => format!("{what}: {reason}"),
    }
}
