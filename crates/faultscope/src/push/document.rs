//! The JSON documents of `push`.

use std::collections::BTreeMap;

use faultscope_push::{Confidence, Delivered, Entry, EntryState, Planned, StepName, TicketRef};
use serde::{Deserialize, Serialize};

use crate::schema::ErrorBody;
use crate::{Class, Error};

/// What `push CASE` and `push retry` print.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// What came of each.
    pub pushed: Vec<Pushed>,
    /// Files of the queue that are no entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    #[serde(skip)]
    exit_code: u8,
}

/// What came of a push.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pushed {
    /// The entry of the queue: `FS-2026-0001@zammad`.
    pub id: String,
    /// The case.
    pub case_id: String,
    /// Where it stands.
    pub state: PushState,
    /// Whether the ticket was made for it; else it was there.
    pub made: bool,
    /// The ticket; `null` where it is not known yet.
    pub ticket: Option<TicketRef>,
    /// When it is tried again, RFC 3339; `null` where it is not by itself.
    pub next_at: Option<String>,
    /// What went wrong; `null` where nothing did.
    pub error: Option<ErrorBody>,
    #[serde(skip)]
    exit_code: u8,
}

/// Where a push stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// It is there.
    Sent,
    /// It is tried again by itself.
    Waiting,
    /// The other side said no.
    Refused,
    /// Somebody has to look.
    Unsettled,
}

impl PushState {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Unsettled => "unsettled",
        }
    }
}

impl From<EntryState> for PushState {
    fn from(state: EntryState) -> Self {
        match state {
            EntryState::Waiting => Self::Waiting,
            EntryState::Refused => Self::Refused,
            EntryState::Unsettled => Self::Unsettled,
        }
    }
}

impl PushDocument {
    pub(super) fn new(pushed: Vec<Pushed>, broken: Vec<String>) -> Self {
        // In the order in which exit codes win; a file that is no entry is damage to the queue.
        let told = pushed.iter().map(|p| p.exit_code).chain(broken.first().map(|_| Class::Integrity.exit_code()));
        let told: Vec<u8> = told.collect();
        let exit_code = [2, 5, 4, 6, 75, 3].into_iter().find(|code| told.contains(code)).unwrap_or(0);
        Self { schema: "faultscope/1".into(), pushed, broken, exit_code }
    }

    /// 0 where all is sent; 2 refused, 3 somebody has to look, 4 not reached, 5 not to be written down, 6 an entry is damaged.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl Pushed {
    pub(super) fn new(asked: &Entry, left: Option<&Entry>, outcome: Result<Delivered, Error>) -> Self {
        let (id, case_id) = (asked.id.clone(), asked.case_id.clone());
        match outcome {
            Ok(Delivered { ticket, made }) => {
                let state = PushState::Sent;
                Self { id, case_id, state, made, ticket: Some(ticket), next_at: None, error: None, exit_code: 0 }
            }
            Err(error) => {
                let progress = left.map(|e| &e.progress);
                let state = left.map_or(PushState::Refused, |e| e.state.into());
                let waits = left.filter(|_| state == PushState::Waiting);
                Self {
                    id,
                    case_id,
                    state,
                    made: progress.is_some_and(|p| p.made),
                    ticket: progress.and_then(|p| p.ticket.clone()),
                    next_at: waits.map(|e| time(e.next_at_s)),
                    exit_code: error.class.exit_code(),
                    error: Some(ErrorBody { kind: error.kind, message: error.message, hint: error.hint }),
                }
            }
        }
    }
}

/// What `push queue` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushQueueDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// What is not sent yet, the oldest first.
    pub queue: Vec<Queued>,
    /// Files of the queue that are no entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
}

/// A push that is not sent yet.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Queued {
    /// The entry: `FS-2026-0001@zammad`.
    pub id: String,
    /// The case.
    pub case_id: String,
    /// The profile, by name or path.
    pub profile: String,
    /// Where it stands.
    pub state: PushState,
    /// When it was asked for first, RFC 3339.
    pub asked_at: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried again, RFC 3339; `null` where it is not by itself.
    pub next_at: Option<String>,
    /// The ticket; `null` where it is not known yet.
    pub ticket: Option<TicketRef>,
    /// What went wrong last.
    pub error: String,
    /// What to do about it.
    pub hint: String,
}

impl From<&Entry> for Queued {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id.clone(),
            case_id: entry.case_id.clone(),
            profile: entry.profile.clone(),
            state: entry.state.into(),
            asked_at: time(entry.asked_at_s),
            tries: entry.tries,
            next_at: Some(time(entry.next_at_s)).filter(|_| entry.state == EntryState::Waiting),
            ticket: entry.progress.ticket.clone(),
            error: entry.error.clone(),
            hint: entry.hint.clone(),
        }
    }
}

/// What `push CASE --dry-run` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushPlanDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The case.
    pub case_id: String,
    /// The profile.
    pub profile: String,
    /// The requests in order; secrets are masked, and what only an answer tells stands there by its name.
    pub requests: Vec<Planned>,
}

/// What `push profiles` and `push show` print.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushProfilesDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The profiles.
    pub profiles: Vec<PushProfile>,
}

/// A push profile.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushProfile {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The system.
    pub title: String,
    /// What to know before using it, by language.
    pub about: BTreeMap<String, String>,
    /// Where its facts come from.
    pub source: String,
    /// What is not checked.
    pub uncertain: Vec<String>,
    /// Where it is; empty where everybody has their own.
    pub base_url: String,
    /// Settings; an empty one has to be given.
    pub values: BTreeMap<String, serde_json::Value>,
    /// Secrets that it asks for.
    pub secrets: Vec<PushSecret>,
    /// Its requests.
    pub steps: Vec<PushStep>,
    /// Whether a ticket is looked for before it is made.
    pub searchable: bool,
    /// Whether a ticket can be brought up to date.
    pub updates: bool,
}

/// A secret that a profile asks for; never its value.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushSecret {
    /// Its name.
    pub name: String,
    /// The environment variable it is taken from.
    pub variable: String,
    /// What it is.
    pub about: String,
    /// Whether it works without.
    pub optional: bool,
}

/// A request of a profile.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushStep {
    /// Which.
    pub step: StepName,
    /// Its method.
    pub method: String,
    /// Its path, as a template.
    pub path: String,
    /// How far it is trusted.
    pub confidence: Confidence,
}

fn time(at_s: i64) -> String {
    jiff::Timestamp::from_second(at_s).map_or_else(|_| String::new(), |t| t.to_string())
}
