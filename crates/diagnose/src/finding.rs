//! A finding: one limit, answered; readable alone and computable again.

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use crate::cause::CauseKind;
use crate::checklist::CheckedItem;
use crate::reading::At;
use crate::verdict::Verdict;

/// How much a failed limit matters (X.733 perceived severity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing wrong.
    Cleared,
    /// Cannot be told.
    Indeterminate,
    /// Before significant effects.
    Warning,
    /// Not service-affecting.
    Minor,
    /// Service-affecting, urgent.
    Major,
    /// Service lost.
    Critical,
}

/// The limit as it was applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AppliedLimit {
    /// Id of the limit within its pack.
    pub id: String,
    /// Limit pack.
    pub pack: String,
    /// Its version.
    pub pack_version: String,
    /// Clause of the source.
    pub clause: String,
    /// Upper bound in the reading's unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upper: Option<f64>,
    /// Lower bound in the reading's unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lower: Option<f64>,
    /// Guard band in the reading's unit.
    pub guard: f64,
    /// Confidence mark of the figure: R read, W well known, U uncertain.
    pub confidence: String,
}

/// A reading that a cause rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CauseReading {
    /// The capture, where there are several: in a case.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub capture: String,
    /// The measurement.
    pub measurement: String,
    /// Reading id; `line_ORIGIN` is the strongest spur of that origin.
    pub id: String,
    /// Its value in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// A check-list item that a cause rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CauseCheck {
    /// The check list.
    pub list: String,
    /// The item with its answer.
    #[serde(flatten)]
    pub checked: CheckedItem,
}

/// What kind of evidence a cause rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestsOn {
    /// Readings and findings.
    #[default]
    Signal,
    /// Check lists alone: no signal shows it.
    Inspection,
    /// Both.
    Both,
}

/// A probable cause with its evidence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cause {
    /// Id of the rule: `R01`, `S18`.
    pub rule: String,
    /// What it is about.
    #[serde(default)]
    pub kind: CauseKind,
    /// The cause in words.
    pub cause: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Ids of the findings it rests on; empty where the readings alone speak.
    pub because: Vec<String>,
    /// The readings it rests on.
    #[serde(default)]
    pub readings: Vec<CauseReading>,
    /// The check-list items it rests on, in a case.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub checks: Vec<CauseCheck>,
    /// What kind of evidence it rests on.
    #[serde(default)]
    pub rests_on: RestsOn,
    /// What tells it from its neighbours.
    #[serde(default)]
    pub discriminator: String,
    /// What would rule it out.
    pub rules_out: String,
    /// The next measurement to make.
    pub next_check: String,
    /// The part to suspect.
    pub suspect_part: String,
    /// M measured or simulated, R read, W well known, S said by the user.
    #[serde(default)]
    pub basis: String,
    /// Rules that this evidence cannot tell from it.
    #[serde(default)]
    pub alike: Vec<String>,
    /// The measurement that would tell them apart; empty where there are none.
    #[serde(default)]
    pub tell_apart: String,
}

/// The finding in the words of the alarm standards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Alarm {
    /// X.733 / M.3100 probable cause by name.
    pub probable_cause: String,
    /// Alarm type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Perceived severity by name.
    pub severity: String,
}

/// One limit, answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// Deterministic id: measurement, limit and place.
    pub id: String,
    /// Measurement id: `ripple`, `spurs`.
    pub measurement: String,
    /// Reading id: `vpp`, `spur_level`.
    pub reading: String,
    /// The value, `null` when there is none.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: Unit,
    /// Its uncertainty.
    pub uncertainty: Option<f64>,
    /// The limit, as applied.
    pub limit: Option<AppliedLimit>,
    /// Distance to the limit in `unit`: positive inside, negative outside.
    pub margin: Option<f64>,
    /// The answer.
    pub verdict: Verdict,
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<At>,
    /// Why the limit could not be applied or the reading not be used; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// One sentence, in the language asked for.
    pub summary: String,
    /// Probable causes, likeliest first.
    pub causes: Vec<Cause>,
    /// The alarm it maps to, for findings that fail.
    pub alarm: Option<Alarm>,
}
