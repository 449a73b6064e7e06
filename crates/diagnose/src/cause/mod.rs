//! Probable causes: rules that are data, scored over the readings and findings of a set of captures.

mod check;
mod condition;
mod score;
#[cfg(test)]
mod tests;
mod text;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use condition::{Condition, Side};
pub use score::Examined;
pub use text::{ByLanguage, ClassText, GuardText, RuleText};

use crate::limit::PackError;

/// What a cause is about; it decides nothing but the words and the order of set-up causes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// The test set-up is suspected; named before any unit is blamed.
    SetUp,
    /// The unit under test.
    #[default]
    Unit,
    /// The receiver or the probe: nothing wrong with the unit.
    Measurement,
    /// A normal way of working that looks like a fault.
    Normal,
}

/// One rule: an observable pattern, its cause, and what an engineer does next.
///
/// Its score is a log-odds: `prior`, plus what each condition of `evidence` adds, plus `failed` where a limit that it
/// explains has failed. All of `require` must hold and none of `exclude`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id, as in the diagnosis tables: R01, S18; a variant carries a small letter.
    pub id: String,
    /// What it is about.
    #[serde(default)]
    pub kind: CauseKind,
    /// Measurement whose readings it is about; `inspection` where it rests on check lists.
    pub measurement: String,
    /// Ids of the readings whose failed limits it explains.
    #[serde(default)]
    pub explains: Vec<String>,
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
    /// Where the rule is from.
    pub source: String,
    /// Its words in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<RuleText>,
    /// Log-odds before any evidence.
    pub prior: f64,
    /// What a failed limit that it explains adds.
    #[serde(default = "failed")]
    pub failed: f64,
    /// Conditions that must all hold.
    pub require: Vec<Condition>,
    /// Conditions none of which may hold.
    #[serde(default)]
    pub exclude: Vec<Condition>,
    /// Conditions that speak for or against it.
    #[serde(default)]
    pub evidence: Vec<Condition>,
}

impl Rule {
    /// All of its conditions: required, excluding, evidence.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.require.iter().chain(&self.exclude).chain(&self.evidence)
    }
}

const fn failed() -> f64 {
    1.0
}

/// Causes that one capture cannot tell apart, and what would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Id.
    pub id: String,
    /// Ids of the rules.
    pub members: Vec<String>,
    /// Why a signal cannot tell them apart.
    pub because: String,
    /// The measurement that would.
    pub tell_apart: String,
    /// Its words in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<ClassText>,
}

/// Captures that rules of a measurement do not apply to: what is no DC rail has no rectifier to blame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Measurement whose rules it holds back.
    pub measurement: String,
    /// Why.
    pub because: String,
    /// Its words in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<GuardText>,
    /// It holds where any of these does.
    pub when: Vec<Condition>,
    /// Ids of the rules that apply all the same.
    #[serde(default)]
    pub except: Vec<String>,
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Version of the rules.
    pub version: String,
    /// Causes that cannot be told apart.
    #[serde(default, rename = "class")]
    pub classes: Vec<Class>,
    /// Captures that rules do not apply to.
    #[serde(default, rename = "guard")]
    pub guards: Vec<Guard>,
    /// The rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

impl RuleSet {
    /// The rules that ship with the program.
    ///
    /// # Errors
    /// Never with a released program: a test reads them.
    pub fn built_in() -> Result<Self, PackError> {
        Self::shipped().cloned()
    }

    /// The same, lent.
    ///
    /// # Errors
    /// As for [`RuleSet::built_in`].
    pub fn shipped() -> Result<&'static Self, PackError> {
        // Read once: the captures of a batch are all judged by them.
        static READ: OnceLock<RuleSet> = OnceLock::new();
        if let Some(rules) = READ.get() {
            return Ok(rules);
        }
        let rules = Self::parse(include_str!("../../rules/default.toml"), "default")?;
        Ok(READ.get_or_init(|| rules))
    }

    /// Rules from TOML text, every rule and class checked; `name` is for messages.
    ///
    /// # Errors
    /// When the text is not TOML, a field is missing or unknown, or a rule cannot work: the message names the rule and
    /// what is wrong with it, the hint the line or what would do.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        let set: Self = toml::from_str(text).map_err(|e| PackError {
            what: format!("the rule file {name} is not valid: {}", e.message()),
            hint: check::place(text, e.span()),
        })?;
        set.check(name)?;
        Ok(set)
    }

    /// These rules with others added: a rule or class of the same id is replaced.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.rules.retain(|r| !other.rules.iter().any(|o| o.id == r.id));
        self.classes.retain(|c| !other.classes.iter().any(|o| o.id == c.id));
        self.rules.extend(other.rules);
        self.classes.extend(other.classes);
        self.guards.extend(other.guards);
        self.version = format!("{}+{}", self.version, other.version);
        self
    }

    /// The class that a rule is in.
    #[must_use]
    pub fn class_of(&self, rule: &str) -> Option<&Class> {
        self.classes.iter().find(|c| c.members.iter().any(|m| m == rule))
    }
}
