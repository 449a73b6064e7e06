//! The words of rules, classes and guards in other languages than the file's own, and causes put into them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Class, Guard, Rule, RuleSet};
use crate::finding::Cause;

/// Words by language tag (`zh-CN`).
pub type ByLanguage<T> = BTreeMap<String, T>;

/// The words of a rule in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
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
}

/// The words of a class in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassText {
    /// Why a signal cannot tell its members apart.
    pub because: String,
    /// The measurement that would.
    pub tell_apart: String,
}

/// The words of a guard in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardText {
    /// Why it holds rules back.
    pub because: String,
}

impl Rule {
    /// Its words in a language; those of the file's own language where it has no others.
    #[must_use]
    pub fn words(&self, language: &str) -> RuleText {
        self.text.get(language).cloned().unwrap_or_else(|| RuleText {
            cause: self.cause.clone(),
            discriminator: self.discriminator.clone(),
            rules_out: self.rules_out.clone(),
            next_check: self.next_check.clone(),
            suspect_part: self.suspect_part.clone(),
        })
    }
}

impl Class {
    /// Its words in a language; those of the file's own language where it has no others.
    #[must_use]
    pub fn words(&self, language: &str) -> ClassText {
        let own = || ClassText { because: self.because.clone(), tell_apart: self.tell_apart.clone() };
        self.text.get(language).cloned().unwrap_or_else(own)
    }
}

impl Guard {
    /// Why it holds rules back, in a language.
    #[must_use]
    pub fn words(&self, language: &str) -> &str {
        self.text.get(language).map_or(&self.because, |t| &t.because)
    }
}

impl RuleSet {
    /// A cause in another language. Its words stay as they are where the rule that they came from is not among these: a
    /// rule of the user, or one whose words have changed since the cause was stored.
    #[must_use]
    pub fn in_language(&self, cause: &Cause, language: &str) -> Cause {
        let Some(rule) = self.rules.iter().find(|r| r.id == cause.rule) else { return cause.clone() };
        let known = cause.cause == rule.cause || rule.text.values().any(|t| t.cause == cause.cause);
        if !known {
            return cause.clone();
        }
        let words = rule.words(language);
        let class = self.class_of(&rule.id).filter(|_| !cause.alike.is_empty());
        Cause {
            cause: words.cause,
            discriminator: words.discriminator,
            rules_out: words.rules_out,
            next_check: words.next_check,
            suspect_part: words.suspect_part,
            tell_apart: class.map_or_else(|| cause.tell_apart.clone(), |c| c.words(language).tell_apart),
            ..cause.clone()
        }
    }
}
