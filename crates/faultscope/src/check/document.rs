//! What `check` prints: results by step and capture, what was missing, and one verdict.

use faultscope_diagnose::{Finding, Verdict};
use faultscope_report::check::CheckRow;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::result::{InputError, ToolInfo};
use crate::{CaptureResult, Class};

/// Which plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanSummary {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub title: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

impl PlanSummary {
    pub(super) fn of(plan: &Plan) -> Self {
        let info = &plan.plan;
        let (id, version, title) = (info.id.clone(), info.version.clone(), info.title.clone());
        Self { id, version, title, sha256: plan.sha256.clone() }
    }
}

/// One capture, measured for one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckEntry {
    /// Step of the plan; empty for a capture that no step is for.
    pub step: String,
    /// Role of the capture; `null` where it has none.
    pub role: Option<String>,
    /// Measurement; empty for a capture that no step is for.
    pub measurement: String,
    /// The worst verdict of this capture.
    pub verdict: Option<Verdict>,
    /// The result.
    #[serde(flatten)]
    pub result: CaptureResult,
}

/// What of the plan nothing was there for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Missing {
    /// Step of the plan; empty for limits that no step measures.
    pub step: String,
    /// Its role.
    pub role: String,
    /// Its measurement.
    pub measurement: String,
    /// Why.
    pub reason: String,
    /// What was asked for and could not be answered: `not_evaluated`, every one.
    pub findings: Vec<Finding>,
}

/// The document of `check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `check`.
    #[schemars(extend("const" = "check"))]
    pub command: String,
    /// The program.
    pub tool: ToolInfo,
    /// The worst verdict; `null` when no limit was asked for and no gate closed.
    pub verdict: Option<Verdict>,
    /// The plan.
    pub plan: PlanSummary,
    /// One result for each step and capture, in the order of the plan, then of the captures.
    pub captures: Vec<CheckEntry>,
    /// What of the plan nothing was there for.
    pub missing: Vec<Missing>,
}

/// What a line of `check --lines` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// One entry of `captures`.
    Capture,
    /// One entry of `missing`.
    Missing,
    /// The last line: plan and verdict.
    Summary,
}

/// One line of `check --lines`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckLine {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `check`.
    #[schemars(extend("const" = "check"))]
    pub command: String,
    /// The program.
    pub tool: ToolInfo,
    /// What the line is.
    pub line: LineKind,
    /// The plan.
    pub plan: PlanSummary,
    /// The verdict of the line; of the last line that of the run.
    pub verdict: Option<Verdict>,
    /// Of a capture.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capture: Option<CheckEntry>,
    /// Of what is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub missing: Option<Missing>,
}

impl CheckLine {
    fn new(plan: &PlanSummary, line: LineKind, verdict: Option<Verdict>) -> Self {
        Self {
            schema: "faultscope/1".into(),
            command: "check".into(),
            tool: ToolInfo::default(),
            line,
            plan: plan.clone(),
            verdict,
            capture: None,
            missing: None,
        }
    }

    /// The line of one capture.
    #[must_use]
    pub fn capture(plan: &PlanSummary, entry: &CheckEntry) -> Self {
        Self { capture: Some(entry.clone()), ..Self::new(plan, LineKind::Capture, entry.verdict) }
    }
}

impl Missing {
    /// Always doubt.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::worst(self.findings.iter().map(|f| f.verdict)).unwrap_or(Verdict::NotEvaluated)
    }
}

impl CheckDocument {
    pub(super) fn new(plan: &Plan, captures: Vec<CheckEntry>, missing: Vec<Missing>) -> Self {
        let verdicts = captures.iter().filter_map(|c| c.verdict).chain(missing.iter().map(Missing::verdict));
        Self {
            schema: "faultscope/1".into(),
            command: "check".into(),
            tool: ToolInfo::default(),
            verdict: Verdict::worst(verdicts),
            plan: PlanSummary::of(plan),
            captures,
            missing,
        }
    }

    /// The exit code of the contract.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let errors: Vec<&InputError> = self.captures.iter().filter_map(|c| c.result.error.as_ref()).collect();
        let is = |class: Class| errors.iter().any(|e| e.class == Some(class));
        if is(Class::Interrupted) {
            return Class::Interrupted.exit_code();
        }
        if errors.len() == self.captures.len() && is(Class::Usage) {
            return Class::Usage.exit_code();
        }
        match self.verdict {
            Some(Verdict::Fail) => 1,
            Some(Verdict::Invalid | Verdict::NotEvaluated) => 3,
            _ if !errors.is_empty() => 3,
            _ => 0,
        }
    }

    /// The same as lines: one a capture, one for whatever is missing, one with the verdict.
    #[must_use]
    pub fn lines(&self) -> Vec<CheckLine> {
        let captures = self.captures.iter().map(|c| CheckLine::capture(&self.plan, c));
        captures.chain(self.last_lines()).collect()
    }

    /// The lines after those of the captures.
    #[must_use]
    pub fn last_lines(&self) -> Vec<CheckLine> {
        let line = |kind, verdict| CheckLine::new(&self.plan, kind, verdict);
        let missing = self
            .missing
            .iter()
            .map(|m| CheckLine { missing: Some(m.clone()), ..line(LineKind::Missing, Some(m.verdict())) });
        missing.chain(std::iter::once(line(LineKind::Summary, self.verdict))).collect()
    }

    /// The rows of the tables that other programs read.
    #[must_use]
    pub fn rows(&self) -> Vec<CheckRow<'_>> {
        let captures = self.captures.iter().map(|c| CheckRow {
            step: &c.step,
            role: c.role.as_deref().unwrap_or_default(),
            file: &c.result.file,
            sha256: c.result.sha256.as_ref().map_or("", |d| d.as_str()),
            measurement: &c.measurement,
            error: c.result.error.as_ref().map(|e| (e.kind.as_str(), e.message.as_str())),
            findings: &c.result.findings,
            verdict: c.verdict,
        });
        let missing = self.missing.iter().map(|m| CheckRow {
            step: &m.step,
            role: &m.role,
            file: "",
            sha256: "",
            measurement: &m.measurement,
            error: m.findings.is_empty().then_some(("not_evaluated", m.reason.as_str())),
            findings: &m.findings,
            verdict: Some(m.verdict()),
        });
        captures.chain(missing).collect()
    }
}
