//! The published JSON Schema of every output.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use faultscope_diagnose::limit::{Change, Limit};

use crate::Envelope;
use crate::cases::{CaseDocument, CaseListDocument, VerifyDocument};
use crate::live::{DevicesDocument, DoctorDocument, RecordDocument, WatchDocument, WatchLine};
use crate::result::ToolInfo;

/// What `--json` prints when a whole command was refused.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The program.
    pub tool: ToolInfo,
    /// The refusal.
    pub error: ErrorBody,
}

/// What, where, what to do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Machine-readable kind.
    pub kind: String,
    /// What and where.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// What `simulate` and `report` print: the files they wrote.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FilesDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The files, in the order written.
    pub files: Vec<String>,
}

/// What `limits list` and `limits show` print.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LimitsDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The packs.
    pub packs: Vec<PackSummary>,
}

/// A limit pack in brief.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackSummary {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub title: String,
    /// Where the figures come from.
    pub source: String,
    /// Limits that are applied.
    pub enabled: usize,
    /// Limits that ship disabled because their figure is uncertain.
    pub disabled: usize,
    /// Region; empty where it is not stated.
    pub region: String,
    /// Equipment; empty where it is not stated.
    pub equipment: String,
    /// Who wrote it.
    pub author: String,
    /// Date from which it holds.
    pub valid_from: String,
    /// Last day on which it holds; `null` where it is open.
    pub valid_until: Option<String>,
    /// Why it does not hold today; `null` when it does.
    pub out_of_date: Option<String>,
    /// How far its figures as a whole are trusted.
    pub confidence: String,
    /// The limits, by `limits show`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub limits: Vec<Limit>,
}

/// What `limits check` prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LimitsFaultsDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The packs that were looked at.
    pub checked: Vec<PackFaults>,
}

/// The faults of one pack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackFaults {
    /// The pack as named.
    pub pack: String,
    /// Its faults; none when it can be used.
    pub faults: Vec<PackFault>,
    /// Why it does not hold today; `null` when it does or cannot be used.
    pub out_of_date: Option<String>,
}

/// One fault of a pack.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackFault {
    /// Line of the file, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

/// What `limits diff` prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LimitsDiffDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The old pack, `id@version`.
    pub before: String,
    /// The new pack.
    pub after: String,
    /// What changed.
    pub changes: Vec<Change>,
}

/// What `simulate` prints without a model: the models.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ModelsDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The models.
    pub models: Vec<ModelSummary>,
}

/// A fault model in brief.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ModelSummary {
    /// Its name.
    pub id: String,
    /// What is wrong with the unit.
    pub description: String,
    /// `supply`, `transmit` or `receive`.
    pub domain: String,
    /// Id of its cause in the diagnosis tables; `null` for a healthy unit.
    #[serde(default)]
    pub cause: Option<String>,
    /// What its severity, 0 to 1, stands for.
    #[serde(default)]
    pub severity: String,
}

/// What `rules list` and `rules show` print.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RulesDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Version of the rules.
    pub version: String,
    /// Language of the words; rules that do not speak it keep their own.
    pub language: String,
    /// The rules.
    pub rules: Vec<RuleSummary>,
}

/// A diagnosis rule in words.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RuleSummary {
    /// Its id.
    pub id: String,
    /// `set_up`, `unit`, `measurement` or `normal`.
    pub kind: String,
    /// Measurement whose readings it is about.
    pub measurement: String,
    /// The cause.
    pub cause: String,
    /// What tells it from its neighbours.
    pub discriminator: String,
    /// What would rule it out.
    pub rules_out: String,
    /// The next measurement.
    pub next_check: String,
    /// The part to suspect.
    pub suspect_part: String,
    /// M measured or simulated, R read, W well known, S said by the user.
    pub basis: String,
    /// Where it is from.
    pub source: String,
    /// Rules that a signal cannot tell from it.
    pub alike: Vec<String>,
    /// The measurement that would.
    pub tell_apart: String,
}

/// What `rules check` prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RulesCheckDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Version of the rules that were tried.
    pub version: String,
    /// Rules.
    pub rules: usize,
    /// Share of simulated faults with the right cause first, in per cent.
    pub first_percent: f64,
    /// The same in the first three.
    pub in_three_percent: f64,
    /// Share of healthy captures without any cause.
    pub healthy_percent: f64,
    /// Model by model.
    pub models: Vec<crate::rules::ModelTrial>,
}

/// What `demo` prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DemoDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The case.
    pub case: crate::cases::Case,
    /// The folder of the store it is in.
    pub store: String,
    /// The report.
    pub report: String,
}

/// One schema for every document that a command prints with `--json`: `anyOf` over the kinds of documents.
#[must_use]
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let kinds: Vec<Schema> = vec![
        kind::<Envelope>(&mut generator),
        kind::<crate::trend::TrendDocument>(&mut generator),
        kind::<crate::link::LinkDocument>(&mut generator),
        kind::<crate::codes::CodesDocument>(&mut generator),
        kind::<crate::artefacts::ArtefactDocument>(&mut generator),
        kind::<crate::check::CheckDocument>(&mut generator),
        kind::<crate::check::CheckLine>(&mut generator),
        kind::<LimitsFaultsDocument>(&mut generator),
        kind::<LimitsDiffDocument>(&mut generator),
        kind::<crate::compare::ReferenceDocument>(&mut generator),
        kind::<DemoDocument>(&mut generator),
        kind::<CaseDocument>(&mut generator),
        kind::<crate::checklist::ChecklistsDocument>(&mut generator),
        kind::<crate::checklist::ChecklistsCheckDocument>(&mut generator),
        kind::<CaseListDocument>(&mut generator),
        kind::<VerifyDocument>(&mut generator),
        kind::<crate::cases::KeysDocument>(&mut generator),
        kind::<crate::cases::ExportDocument>(&mut generator),
        kind::<crate::cases::TicketDocument>(&mut generator),
        kind::<crate::cases::ImportDocument>(&mut generator),
        kind::<crate::cases::StoreDocument>(&mut generator),
        kind::<crate::cases::StoreCheckDocument>(&mut generator),
        kind::<crate::cases::SyncDocument>(&mut generator),
        kind::<crate::push::PushDocument>(&mut generator),
        kind::<crate::push::PushPlanDocument>(&mut generator),
        kind::<crate::push::PushQueueDocument>(&mut generator),
        kind::<crate::push::PushProfilesDocument>(&mut generator),
        kind::<crate::cases::LibraryDocument>(&mut generator),
        kind::<crate::cases::TrendsDocument>(&mut generator),
        kind::<crate::cases::StatsDocument>(&mut generator),
        kind::<crate::cases::SlaDocument>(&mut generator),
        kind::<crate::cases::OverdueDocument>(&mut generator),
        kind::<crate::rounds::RoundLine>(&mut generator),
        kind::<crate::rounds::RoundVerifyDocument>(&mut generator),
        kind::<LimitsDocument>(&mut generator),
        kind::<ModelsDocument>(&mut generator),
        kind::<RulesDocument>(&mut generator),
        kind::<RulesCheckDocument>(&mut generator),
        kind::<FilesDocument>(&mut generator),
        kind::<DevicesDocument>(&mut generator),
        kind::<RecordDocument>(&mut generator),
        kind::<WatchDocument>(&mut generator),
        kind::<WatchLine>(&mut generator),
        kind::<DoctorDocument>(&mut generator),
        kind::<crate::explain::ExplainDocument>(&mut generator),
        kind::<ErrorDocument>(&mut generator),
    ];
    let definitions: Map<String, Value> = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "faultscope/1",
        "description": "Every document that a faultscope command prints with --json",
        "anyOf": kinds,
        "$defs": definitions,
    })
}

fn kind<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_every_field_of_the_contract() {
        let text = document().to_string();
        for field in [
            "captures",
            "sha256",
            "quality",
            "findings",
            "false_alarm_probability",
            "psophometric_v",
            "energy_balance",
            "clocks",
        ] {
            assert!(text.contains(&format!("\"{field}\"")), "{field}");
        }
    }
}
