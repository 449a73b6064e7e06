//! What the `round` commands print: one line of JSON for each plan, point or inspection.

use faultscope_case::round::{Inspection, PlanRef, Point, Standing, Unmeasured};
use faultscope_case::{Event, Evidence, Verification};
use faultscope_diagnose::{Finding, Verdict};
use faultscope_report::words::Lang;
use serde::{Deserialize, Serialize};

use super::Round;

/// A round plan in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundSummary {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub title: String,
    /// Who wrote it; empty where it is not stated.
    pub author: String,
    /// The day on which points that were never inspected fall due.
    pub start: String,
    /// The zone whose dates count.
    pub zone: String,
    /// Its file, or its name where it ships with the program.
    pub source: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Number of points.
    pub count: usize,
}

impl RoundSummary {
    /// Of a plan, in words of a language.
    #[must_use]
    pub fn new(round: &Round, lang: Lang) -> Self {
        let head = round.plan.round.clone();
        Self {
            title: round.plan.title(lang.tag()).to_owned(),
            id: head.id,
            version: head.version,
            author: head.author,
            start: head.start,
            zone: head.zone,
            source: round.source.clone(),
            sha256: round.plan.sha256.clone(),
            count: round.plan.points.len(),
        }
    }
}

/// A point, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundPoint {
    /// Id of its plan.
    pub plan: String,
    /// The point, its words in the language asked for.
    #[serde(flatten)]
    pub point: Point,
    /// Where it stands; `null` where that was not asked.
    pub standing: Option<Standing>,
}

impl RoundPoint {
    /// Of a point, in words of a language.
    #[must_use]
    pub fn new(round: &Round, point: &Point, standing: Option<Standing>, lang: Lang) -> Self {
        let words = point.words(lang.tag());
        let point = Point {
            title: words.title,
            instructions: words.instructions,
            text: std::collections::BTreeMap::new(),
            ..point.clone()
        };
        Self { plan: round.plan.round.id.clone(), point, standing }
    }
}

/// One capture of an inspection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Measured {
    /// Step of the check plan.
    pub step: String,
    /// The worst verdict.
    pub verdict: Option<Verdict>,
    /// The stored files, the capture first.
    pub evidence: Vec<Evidence>,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// What was found at a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InspectionSummary {
    /// Id of its event.
    pub id: String,
    /// The plan.
    pub plan: PlanRef,
    /// Tag of the point.
    pub tag: String,
    /// What the point was called then, in the language of its plan.
    pub title: String,
    /// When it was done, RFC 3339.
    pub done_at: String,
    /// When it was written down, RFC 3339, UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// The worst verdict.
    pub verdict: Verdict,
    /// What was measured.
    pub measured: Vec<Measured>,
    /// What was not.
    pub missing: Vec<Unmeasured>,
    /// Photos and other files.
    pub files: Vec<Evidence>,
    /// In words.
    pub note: String,
    /// The case that came of it.
    pub case_id: Option<String>,
}

impl InspectionSummary {
    /// Of an inspection as it is kept.
    #[must_use]
    pub fn new(event: &Event, inspection: Inspection, case_id: Option<String>) -> Self {
        let Inspection { plan, point, done_at, verdict, results, missing, files, note } = inspection;
        let measured = results.into_iter().map(|r| {
            let (evidence, findings) = (r.attached.evidence, r.attached.findings);
            Measured { step: r.step, verdict: r.verdict, evidence, findings }
        });
        Self {
            id: event.id.clone(),
            plan,
            tag: point.tag,
            title: point.title,
            done_at,
            at: event.at.clone(),
            actor: event.actor.clone(),
            verdict,
            measured: measured.collect(),
            missing,
            files,
            note,
            case_id,
        }
    }

    /// The exit code of its verdict.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Fail => 1,
            Verdict::Invalid | Verdict::NotEvaluated => 3,
            Verdict::Pass | Verdict::Margin => 0,
        }
    }
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundLineKind {
    /// A plan.
    Plan,
    /// A point.
    Point,
    /// An inspection.
    Inspection,
}

/// One line of a `round` command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundLine {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `round`.
    #[schemars(extend("const" = "round"))]
    pub command: String,
    /// What it is.
    pub line: RoundLineKind,
    /// Of a plan.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<RoundSummary>,
    /// Of a point.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub point: Option<RoundPoint>,
    /// Of an inspection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inspection: Option<InspectionSummary>,
}

impl RoundLine {
    fn new(line: RoundLineKind) -> Self {
        Self { schema: "faultscope/1".into(), command: "round".into(), line, plan: None, point: None, inspection: None }
    }

    /// The line of a plan.
    #[must_use]
    pub fn plan(plan: RoundSummary) -> Self {
        Self { plan: Some(plan), ..Self::new(RoundLineKind::Plan) }
    }

    /// The line of a point.
    #[must_use]
    pub fn point(point: RoundPoint) -> Self {
        Self { point: Some(point), ..Self::new(RoundLineKind::Point) }
    }

    /// The line of an inspection.
    #[must_use]
    pub fn inspection(inspection: InspectionSummary) -> Self {
        Self { inspection: Some(inspection), ..Self::new(RoundLineKind::Inspection) }
    }
}

/// The JSON document of `round verify`.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoundVerifyDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `round`.
    #[schemars(extend("const" = "round"))]
    pub command: String,
    /// One answer a plan; `case_id` is `round PLAN`.
    pub verified: Vec<Verification>,
}
