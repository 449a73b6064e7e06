//! What was found at a point: the event that is kept of it, readable without the plan.

use faultscope_diagnose::Verdict;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Point;
use crate::event::{Attached, Event, EventKind, Evidence};

/// Name of the event that keeps an inspection, and of the one that says which case came of it. To the chain of a case both are events
/// that it does not know.
pub(crate) const INSPECTED: &str = "inspected";
pub(crate) const RAISED: &str = "raised";

/// Which plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanRef {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub title: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

impl From<&super::RoundPlan> for PlanRef {
    fn from(plan: &super::RoundPlan) -> Self {
        let head = &plan.round;
        let (id, version, title) = (head.id.clone(), head.version.clone(), head.title.clone());
        Self { id, version, title, sha256: plan.sha256.clone() }
    }
}

/// One capture, measured for one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointResult {
    /// Step of the check plan.
    pub step: String,
    /// The worst verdict of this capture.
    pub verdict: Option<Verdict>,
    /// The capture and what was found in it, as it would be attached to a case.
    pub attached: Attached,
}

/// What was to be measured, and was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Unmeasured {
    /// Step of the check plan; empty for limits that no step measures, and for captures that no step is for.
    pub step: String,
    /// Why.
    pub reason: String,
}

/// What was found at a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// The plan.
    pub plan: PlanRef,
    /// The point, as the plan had it then.
    pub point: Point,
    /// When it was done, RFC 3339.
    pub done_at: String,
    /// The worst verdict, `not_evaluated` where something was not measured and nothing was worse.
    pub verdict: Verdict,
    /// What was measured.
    pub results: Vec<PointResult>,
    /// What was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Unmeasured>,
    /// Photos and other files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Evidence>,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Inspection {
    /// Reads it from its event.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        data(event, INSPECTED)
    }

    /// Every stored file that it rests on.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        self.results.iter().flat_map(|r| &r.attached.evidence).chain(&self.files)
    }

    pub(crate) fn evidence_mut(&mut self) -> impl Iterator<Item = &mut Evidence> {
        self.results.iter_mut().flat_map(|r| &mut r.attached.evidence).chain(&mut self.files)
    }
}

/// The case that came of an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Id of the event of the inspection.
    pub inspection: String,
    /// Tag of the point.
    pub tag: String,
    /// The case.
    pub case_id: String,
}

impl Raised {
    /// Reads it from its event.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        data(event, RAISED)
    }
}

fn data<T: DeserializeOwned>(event: &Event, name: &str) -> Option<T> {
    match &event.kind {
        EventKind::Other { kind, data } if kind == name => serde_json::from_value(data.clone()).ok(),
        _ => None,
    }
}

/// An inspection in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Brief {
    /// Id of its event.
    pub id: String,
    /// When it was done, RFC 3339, UTC.
    pub done_at: String,
    /// The worst verdict.
    pub verdict: Verdict,
    /// The latest case that came of it.
    pub case_id: Option<String>,
}

impl Brief {
    /// Whether the limits were answered: doubt leaves a point as due as it was.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(self.verdict, Verdict::Pass | Verdict::Margin | Verdict::Fail)
    }
}
