//! The published JSON Schema of every output.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Envelope;
use crate::cases::{CaseDocument, CaseListDocument, VerifyDocument};
use crate::live::{DevicesDocument, DoctorDocument, RecordDocument, WatchDocument};
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
}

/// What `explain` prints.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ExplainDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The measurement.
    pub topic: String,
    /// What it measures, what it can mean, how to confirm it, reference: Markdown.
    pub text: String,
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
        kind::<crate::compare::ReferenceDocument>(&mut generator),
        kind::<DemoDocument>(&mut generator),
        kind::<CaseDocument>(&mut generator),
        kind::<CaseListDocument>(&mut generator),
        kind::<VerifyDocument>(&mut generator),
        kind::<LimitsDocument>(&mut generator),
        kind::<ModelsDocument>(&mut generator),
        kind::<FilesDocument>(&mut generator),
        kind::<DevicesDocument>(&mut generator),
        kind::<RecordDocument>(&mut generator),
        kind::<WatchDocument>(&mut generator),
        kind::<DoctorDocument>(&mut generator),
        kind::<ExplainDocument>(&mut generator),
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
