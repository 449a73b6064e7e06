//! Events: what happened to a case, in order, each bound to the one before it by its hash; they are only ever appended.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::canonical;
use crate::clock::{Milestone, Priority, Terms};
use crate::workflow::Status;

mod kind;

pub use kind::{
    Action, ActionKind, Attached, CaptureRef, Checked, Closed, Closure, ClosureCode, Equipment, EscalationLevel,
    Evidence, Merged, Opened, Overrun, PartReplaced, Paused, Resumed, Signed, Ticketed,
};

/// Largest event in bytes of JSON; a check of many captures is attached as several events.
pub(crate) const MAX_EVENT_BYTES: usize = 16 << 20;

/// The hash before the first event of a case.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A field that two people can set differently; conflicts are found per field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// P1 to P4.
    Priority,
    /// Who works on it.
    Assignee,
    /// Where it stands, closing and reopening included.
    Status,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Priority, Self::Assignee, Self::Status];

    /// The field's JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Assignee => "assignee",
            Self::Status => "status",
        }
    }
}

/// What happened. JSON: `{"kind": "noted", "data": {"text": "..."}}`.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The call came in; always the first event, and only the first.
    Opened(Box<Opened>),
    /// Words.
    Noted {
        /// The words.
        text: String,
    },
    /// Evidence and what was found in it.
    Attached(Box<Attached>),
    /// A check list, answered in whole or in part. It reaches no milestone: a program that does not know it must come to
    /// the same state; `action` writes down arrival and inspection.
    Checked(Box<Checked>),
    /// Given to somebody, or to nobody.
    Assigned {
        /// Who; `None` takes it back into the queue.
        to: Option<String>,
    },
    /// More or less urgent than thought.
    PriorityChanged {
        /// The new priority.
        to: Priority,
        /// Why.
        reason: String,
        /// The clocks of the new priority; counted from the opening of the case, not from this change.
        terms: Option<Terms>,
    },
    /// Work begun, fault removed, fault come back.
    StatusChanged {
        /// The new status: `assigned`, `in_progress` or `cleared`.
        to: Status,
        /// Why.
        reason: String,
    },
    /// Handed to somebody who knows or may more.
    Escalated {
        /// To which level.
        level: EscalationLevel,
        /// To whom.
        to: Option<String>,
        /// The other side's case number (a maker's, a dealer's).
        reference: Option<String>,
        /// Why.
        reason: String,
    },
    /// Something was done.
    Action(Box<Action>),
    /// Done with.
    Closed(Box<Closed>),
    /// Not done with after all.
    Reopened {
        /// Why.
        reason: String,
    },
    /// Clocks stand still.
    Paused(Box<Paused>),
    /// Clocks go on.
    Resumed(Box<Resumed>),
    /// A clock ran out, and somebody was told; written by [`crate::Store::escalate`]. It hands the case to nobody: who works on it
    /// goes on.
    Overrun(Box<Overrun>),
    /// What somebody else wrote in the meantime was taken in: the events that follow it as [`Event::side_of`] this one.
    Merged(Box<Merged>),
    /// Somebody signed all that came before.
    Signed(Box<Signed>),
    /// The case is a ticket in another system, too.
    Ticketed(Box<Ticketed>),
    /// An event of a newer program: kept as it is, shown by its name, and otherwise without effect here.
    Other {
        /// Its name.
        kind: String,
        /// Its content.
        data: Value,
    },
}

/// The kinds this program knows, as JSON carries them.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
enum Known {
    Opened(Box<Opened>),
    Noted { text: String },
    Attached(Box<Attached>),
    Checked(Box<Checked>),
    Assigned { to: Option<String> },
    PriorityChanged { to: Priority, reason: String, terms: Option<Terms> },
    StatusChanged { to: Status, reason: String },
    Escalated { level: EscalationLevel, to: Option<String>, reference: Option<String>, reason: String },
    Action(Box<Action>),
    Closed(Box<Closed>),
    Reopened { reason: String },
    Paused(Box<Paused>),
    Resumed(Box<Resumed>),
    Overrun(Box<Overrun>),
    Merged(Box<Merged>),
    Signed(Box<Signed>),
    Ticketed(Box<Ticketed>),
}

const KNOWN: [&str; 17] = [
    "opened",
    "noted",
    "attached",
    "checked",
    "assigned",
    "priority_changed",
    "status_changed",
    "escalated",
    "action",
    "closed",
    "reopened",
    "paused",
    "resumed",
    "overrun",
    "merged",
    "signed",
    "ticketed",
];

impl EventKind {
    /// The JSON name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Opened(_) => "opened",
            Self::Noted { .. } => "noted",
            Self::Attached(_) => "attached",
            Self::Checked(_) => "checked",
            Self::Assigned { .. } => "assigned",
            Self::PriorityChanged { .. } => "priority_changed",
            Self::StatusChanged { .. } => "status_changed",
            Self::Escalated { .. } => "escalated",
            Self::Action(_) => "action",
            Self::Closed(_) => "closed",
            Self::Reopened { .. } => "reopened",
            Self::Paused(_) => "paused",
            Self::Resumed(_) => "resumed",
            Self::Overrun(_) => "overrun",
            Self::Merged(_) => "merged",
            Self::Signed(_) => "signed",
            Self::Ticketed(_) => "ticketed",
            Self::Other { kind, .. } => kind,
        }
    }

    /// The field it sets, where two people could set it differently.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::PriorityChanged { .. } => Some(Field::Priority),
            Self::Assigned { .. } => Some(Field::Assignee),
            Self::StatusChanged { .. } | Self::Escalated { .. } | Self::Closed(_) | Self::Reopened { .. } => {
                Some(Field::Status)
            }
            _ => None,
        }
    }

    fn from_parts(kind: &str, data: Value) -> Result<Self, String> {
        if !KNOWN.contains(&kind) {
            return Ok(Self::Other { kind: kind.to_owned(), data });
        }
        let tagged = Value::Object(Map::from_iter([("kind".into(), kind.into()), ("data".into(), data)]));
        let known: Known = serde_json::from_value(tagged).map_err(|e| format!("`{kind}` event: {e}"))?;
        Ok(match known {
            Known::Opened(x) => Self::Opened(x),
            Known::Noted { text } => Self::Noted { text },
            Known::Attached(x) => Self::Attached(x),
            Known::Checked(x) => Self::Checked(x),
            Known::Assigned { to } => Self::Assigned { to },
            Known::PriorityChanged { to, reason, terms } => Self::PriorityChanged { to, reason, terms },
            Known::StatusChanged { to, reason } => Self::StatusChanged { to, reason },
            Known::Escalated { level, to, reference, reason } => Self::Escalated { level, to, reference, reason },
            Known::Action(x) => Self::Action(x),
            Known::Closed(x) => Self::Closed(x),
            Known::Reopened { reason } => Self::Reopened { reason },
            Known::Paused(x) => Self::Paused(x),
            Known::Resumed(x) => Self::Resumed(x),
            Known::Overrun(x) => Self::Overrun(x),
            Known::Merged(x) => Self::Merged(x),
            Known::Signed(x) => Self::Signed(x),
            Known::Ticketed(x) => Self::Ticketed(x),
        })
    }

    fn into_parts(self) -> Result<Value, String> {
        let known = match self {
            Self::Other { kind, data } => {
                return Ok(Value::Object(Map::from_iter([("kind".into(), kind.into()), ("data".into(), data)])));
            }
            Self::Opened(x) => Known::Opened(x),
            Self::Noted { text } => Known::Noted { text },
            Self::Attached(x) => Known::Attached(x),
            Self::Checked(x) => Known::Checked(x),
            Self::Assigned { to } => Known::Assigned { to },
            Self::PriorityChanged { to, reason, terms } => Known::PriorityChanged { to, reason, terms },
            Self::StatusChanged { to, reason } => Known::StatusChanged { to, reason },
            Self::Escalated { level, to, reference, reason } => Known::Escalated { level, to, reference, reason },
            Self::Action(x) => Known::Action(x),
            Self::Closed(x) => Known::Closed(x),
            Self::Reopened { reason } => Known::Reopened { reason },
            Self::Paused(x) => Known::Paused(x),
            Self::Resumed(x) => Known::Resumed(x),
            Self::Overrun(x) => Known::Overrun(x),
            Self::Merged(x) => Known::Merged(x),
            Self::Signed(x) => Known::Signed(x),
            Self::Ticketed(x) => Known::Ticketed(x),
        };
        serde_json::to_value(known).map_err(|e| e.to_string())
    }
}

/// An event before it has its place in a case.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// When, RFC 3339 with any offset; kept in UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Name and version of the program: `faultscope 0.1.0`.
    pub tool: String,
    /// What.
    pub kind: EventKind,
}

/// An event in its place: immutable, hashed over its canonical JSON without the `hash` field.
///
/// Fields that a newer program wrote and this one does not know stay in the text and survive a round trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// UUID version 7 of the event's time.
    pub id: String,
    /// The case, as it was numbered by the store that opened it.
    pub case_id: String,
    /// Place within the case, from 1, without gaps.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Name and version of the program.
    pub tool: String,
    /// What.
    pub kind: EventKind,
    /// Hash of the event before, 64 zeros for the first.
    pub prev_hash: String,
    /// SHA-256 of the canonical JSON.
    pub hash: String,
    /// Number of the event that merged it, where it was written elsewhere beside this case's own chain; not part of its content.
    pub side_of: Option<u64>,
    body: String,
}

impl Event {
    /// Gives a new event its place; refuses what could not be read back.
    pub(crate) fn seal(mut new: NewEvent, case_id: &str, seq: u64, prev_hash: &str) -> Result<Self, String> {
        let at: Timestamp = new.at.parse().map_err(|_| format!("`{}` is not an RFC 3339 time", printable(&new.at)))?;
        let actor = one_line(&new.actor);
        if actor.is_empty() {
            return Err("the event has no actor".into());
        }
        tidy(&mut new.kind);
        let Value::Object(mut map) = new.kind.into_parts()? else { return Err("the event is not an object".into()) };
        for (key, value) in [
            ("id", event_id(at).into()),
            ("case_id", case_id.into()),
            ("seq", seq.into()),
            ("at", at.to_string().into()),
            ("actor", actor.into()),
            ("tool", one_line(&new.tool).into()),
            ("prev_hash", Value::from(prev_hash)),
        ] {
            map.insert(key.to_owned(), value);
        }
        let body = canonical::text(&Value::Object(map));
        if body.len() > MAX_EVENT_BYTES {
            return Err(format!("the event has {} bytes, {MAX_EVENT_BYTES} is the limit", body.len()));
        }
        let hash = canonical::sha256(body.as_bytes());
        Self::read(body, hash)
    }

    /// Reads an event from its stored text; the hash is taken as given and checked by `verify`.
    pub(crate) fn read(body: String, hash: String) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Wire {
            id: String,
            case_id: String,
            seq: u64,
            at: String,
            actor: String,
            tool: String,
            kind: String,
            #[serde(default)]
            data: Value,
            prev_hash: String,
        }
        let wire: Wire = serde_json::from_str(&body).map_err(|e| e.to_string())?;
        let kind = EventKind::from_parts(&wire.kind, wire.data)?;
        let Wire { id, case_id, seq, at, actor, tool, prev_hash, .. } = wire;
        Ok(Self { id, case_id, seq, at, actor, tool, kind, prev_hash, hash, side_of: None, body })
    }

    /// The same event as one that another one merged.
    #[must_use]
    pub(crate) fn beside(mut self, side_of: Option<u64>) -> Self {
        self.side_of = side_of;
        self
    }

    /// Its place in the case's own chain: its number, or that of the event that merged it.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.side_of.unwrap_or(self.seq)
    }

    /// The canonical JSON that the hash is taken over.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Whether the hash is the one of the content.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        canonical::sha256(self.body.as_bytes()) == self.hash
    }

    /// Milliseconds since 1970.
    pub(crate) fn at_ms(&self) -> i64 {
        crate::clock::parse_ms(&self.at).unwrap_or(0)
    }

    /// The milestones it reaches, and when.
    pub(crate) fn milestones(&self) -> Vec<(Milestone, i64)> {
        let at = self.at_ms();
        match &self.kind {
            EventKind::Opened(_) | EventKind::Reopened { .. } => vec![(Milestone::Opened, at)],
            EventKind::StatusChanged { to: Status::InProgress, .. } => vec![(Milestone::Responded, at)],
            EventKind::StatusChanged { to: Status::Cleared, .. } => vec![(Milestone::Cleared, at)],
            EventKind::Closed(_) => vec![(Milestone::Closed, at)],
            EventKind::Action(action) => {
                let done = action.done_at.as_deref().and_then(crate::clock::parse_ms).unwrap_or(at);
                action.action.milestones().iter().map(|m| (*m, done)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value: Value = serde_json::from_str(&self.body).map_err(serde::ser::Error::custom)?;
        if let Value::Object(map) = &mut value {
            map.insert("hash".into(), self.hash.as_str().into());
        }
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::<String, Value>::deserialize(deserializer)?;
        let Some(Value::String(hash)) = map.remove("hash") else {
            return Err(serde::de::Error::missing_field("hash"));
        };
        Self::read(canonical::text(&Value::Object(map)), hash).map_err(serde::de::Error::custom)
    }
}

/// A version 7 UUID of the given time (the random part keeps ids of the same moment apart).
fn event_id(at: Timestamp) -> String {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)).to_string()
}

/// Text of one line: control characters become spaces, the ends are trimmed, at most 400 characters stay.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).trim().to_owned()
}

/// Control characters of one-line fields become spaces: titles are shown in lists and on terminals.
fn tidy(kind: &mut EventKind) {
    let lines: Vec<&mut String> = match kind {
        EventKind::Opened(opened) => {
            let Opened { title, customer, site, contact, equipment, .. } = &mut **opened;
            let Equipment { kind, model, serial, tag } = equipment;
            vec![title, customer, site, contact, kind, model, serial, tag]
        }
        EventKind::Attached(attached) => {
            attached.evidence.iter_mut().map(|e| &mut e.media_type).chain(attached.role.as_mut()).collect()
        }
        EventKind::Checked(checked) => {
            let Checked { list, version, title, items, remark, .. } = &mut **checked;
            items.iter_mut().flat_map(|i| [&mut i.item, &mut i.note]).chain([list, version, title, remark]).collect()
        }
        EventKind::Ticketed(ticketed) => {
            let Ticketed { profile, base_url, id, number, url, .. } = &mut **ticketed;
            vec![profile, base_url, id, number, url]
        }
        EventKind::Assigned { to: Some(to) } | EventKind::Escalated { to: Some(to), .. } => vec![to],
        _ => Vec::new(),
    };
    for line in lines.into_iter().filter(|line| line.contains(char::is_control)) {
        *line = line.replace(char::is_control, " ").trim().to_owned();
    }
}

fn printable(text: &str) -> String {
    text.chars().take(400).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
