//! What the events carry.

use faultscope_diagnose::cause::ByLanguage;
use faultscope_diagnose::{CheckedItem, Finding};
use serde::{Deserialize, Serialize};

use crate::clock::{Milestone, Priority, Terms};

/// The equipment a case is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Equipment {
    /// What it is: `base station`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Maker's model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Asset or inspection tag.
    pub tag: String,
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// One line.
    pub title: String,
    /// Whose equipment.
    #[serde(default)]
    pub customer: String,
    /// Where.
    #[serde(default)]
    pub site: String,
    /// Which.
    #[serde(default)]
    pub equipment: Equipment,
    /// What is wrong, in the customer's words.
    #[serde(default)]
    pub symptom: String,
    /// Whom to call back.
    #[serde(default)]
    pub contact: String,
    /// How urgent.
    pub priority: Priority,
    /// The clocks promised: [`crate::Profile::terms`]. Without them no clock runs.
    #[serde(default)]
    pub terms: Option<Terms>,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Name as received, without folders and control characters.
    pub name: String,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type: `application/octet-stream` when nothing better is known.
    pub media_type: String,
}

/// A capture that something is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaptureRef {
    /// Name as received.
    pub name: String,
    /// SHA-256.
    pub sha256: String,
}

/// Evidence and what was found in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    /// The stored files; the first is the capture that the findings are about.
    pub evidence: Vec<Evidence>,
    /// The captures that the findings rest on together, where there are several: those that were attached before. Their files
    /// stand in `evidence` once more, so that this event can be computed again by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<CaptureRef>,
    /// The analysis as it was printed: one element of `captures`, with settings and readings; `null` for a plain file.
    #[serde(default)]
    pub result: serde_json::Value,
    /// The findings.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What it shows: `supply before`, `supply after`.
    #[serde(default)]
    pub role: Option<String>,
    /// When the capture was recorded, RFC 3339, where it says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<String>,
}

/// A check list as it was answered; an item that is not here was not reached yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Id of the list.
    pub list: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The title in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<String>,
    /// The items with their answers, in the order of the list.
    pub items: Vec<CheckedItem>,
    /// About the list as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// How far up a case was handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationLevel {
    /// Another engineer.
    Engineer,
    /// A specialist.
    Specialist,
    /// The department manager.
    Manager,
    /// The maker or a dealer.
    Maker,
}

impl std::fmt::Display for EscalationLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl EscalationLevel {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engineer => "engineer",
            Self::Specialist => "specialist",
            Self::Manager => "manager",
            Self::Maker => "maker",
        }
    }
}

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// The customer was called or called back.
    Contact,
    /// Looked at: housing, connectors, lamps.
    Inspection,
    /// Started, exercised.
    FunctionTest,
    /// Measured.
    Measurement,
    /// A fault code looked up.
    CodeLookup,
    /// Compared with a good unit.
    Comparison,
    /// A part replaced.
    PartReplaced,
    /// Adjusted from afar.
    RemoteAdjustment,
    /// A visit asked for.
    VisitRequested,
    /// Decided to send somebody.
    Dispatched,
    /// Arrived on site.
    Arrived,
    /// Left the site.
    Left,
    /// The customer mended it.
    CustomerFixed,
    /// The customer was asked once more whether it works.
    Confirmed,
    /// Asked for satisfaction after closing.
    FollowUp,
    /// Anything else.
    Other,
}

impl ActionKind {
    /// What it reaches on the service clocks.
    pub(crate) const fn milestones(self) -> &'static [Milestone] {
        match self {
            Self::VisitRequested => &[Milestone::VisitRequested, Milestone::Responded],
            Self::Dispatched => &[Milestone::Dispatched, Milestone::Responded],
            Self::Arrived => &[Milestone::Arrived, Milestone::Responded],
            Self::CustomerFixed => &[Milestone::CustomerFixed, Milestone::Responded],
            Self::Confirmed => &[Milestone::Confirmed, Milestone::Responded],
            Self::FollowUp => &[],
            _ => &[Milestone::Responded],
        }
    }
}

/// A part and its successor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PartReplaced {
    /// Name or part number.
    pub name: String,
    /// Serial of the part taken out.
    #[serde(default)]
    pub old_serial: String,
    /// Serial of the part put in.
    #[serde(default)]
    pub new_serial: String,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Action {
    /// What kind.
    pub action: ActionKind,
    /// In words.
    pub text: String,
    /// The part, for `part_replaced`.
    #[serde(default)]
    pub part: Option<PartReplaced>,
    /// When it was done, RFC 3339, where that is known better than when it was written down.
    #[serde(default)]
    pub done_at: Option<String>,
    /// How content the customer is, 1 (bad) to 5 (good), for `follow_up`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<u8>,
}

/// Some clocks stand still from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Why: a reason that the case's profile knows, which says which clocks stand still.
    pub reason: String,
    /// In words.
    #[serde(default)]
    pub note: String,
}

/// Clocks go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Ids of the events that began the pauses that end: after a merge there may be several.
    pub pauses: Vec<String>,
    /// In words.
    #[serde(default)]
    pub note: String,
}

/// A clock ran out, and the next level was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrun {
    /// Name of the clock.
    pub clock: String,
    /// Of which opening of the case, from 1.
    pub round: u32,
    /// Who is told.
    pub level: EscalationLevel,
    /// When it ran out, RFC 3339.
    pub due: String,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureCode {
    /// The cause was found and removed.
    Solved,
    /// Nothing wrong was found.
    NoFaultFound,
    /// Another case is about the same fault.
    Duplicate,
    /// The customer took it back.
    Withdrawn,
}

/// The end of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Closure {
    /// How it ended.
    pub code: ClosureCode,
    /// What removed the fault, or why there was nothing to remove.
    #[serde(default)]
    pub remedy: String,
    /// Who of the customer's people confirmed it.
    #[serde(default)]
    pub confirmed_by: Option<String>,
    /// 1 (bad) to 5 (good).
    #[serde(default)]
    pub satisfaction: Option<u8>,
}

/// The end of a case, with its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// What was wrong; needed to close as `solved`.
    pub root_cause: String,
    /// How it ended.
    pub closure: Closure,
}

/// Two histories of one case brought together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// Hash of the other side's last event.
    pub head: String,
    /// Number of the last event of this chain that the other side had, too.
    pub fork: u64,
    /// Hashes of the other side's events that came with it, in order; each follows one that was known before.
    pub events: Vec<String>,
    /// Fields that both sides had changed since then; this side's value stays.
    #[serde(default)]
    pub conflicts: Vec<super::Field>,
}

/// A signature over all that came before it. What comes after does not change it: later events follow its hash, and it reaches
/// back only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Who, as the signer says; whether that is so is told by whose key it is.
    pub name: String,
    /// Ed25519 public key, 64 lower-case hexadecimal digits.
    pub public_key: String,
    /// When, RFC 3339, by the signer's clock.
    pub at: String,
    /// Hash of the event before this one, and so of all before it.
    pub head: String,
    /// Ed25519 signature (RFC 8032) of the statement of `sign`, 128 lower-case hexadecimal digits.
    pub signature: String,
}

/// The case is a ticket in another system, too: made there, or found. It reaches no milestone and sets nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ticketed {
    /// Which system, as its profile is called.
    pub profile: String,
    /// Where it is.
    pub base_url: String,
    /// The id that requests name the ticket by.
    pub id: String,
    /// The number that people see.
    pub number: String,
    /// The ticket's page; empty where there is none.
    #[serde(default)]
    pub url: String,
    /// Whether it was made for this case; else it was found.
    #[serde(default)]
    pub made: bool,
}
