//! What can be wrong with a rule file beyond its grammar, said so that it can be mended.

use std::collections::BTreeSet;

use super::{Condition, Rule, RuleSet};
use crate::checklist::{Answer, INSPECTION};
use crate::limit::PackError;
use crate::measurement;

/// The line a span begins in, and the fields of a rule.
pub(super) fn place(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let fields = "a rule has id, kind, measurement, explains, cause, discriminator, rules_out, next_check, suspect_part, \
                  basis, source, prior, failed, require, exclude and evidence";
    let before = span.and_then(|s| text.get(..s.start));
    before.map_or_else(|| fields.to_owned(), |b| format!("see line {}; {fields}", b.matches('\n').count() + 1))
}

impl RuleSet {
    /// Ids are unique, classes name rules, and every rule and condition can work.
    pub(super) fn check(&self, name: &str) -> Result<(), PackError> {
        let mut ids = BTreeSet::new();
        for rule in &self.rules {
            let refuse = |(what, hint): (String, String)| PackError {
                what: format!("rule '{}' of {name}: {what}", rule.id),
                hint,
            };
            if !ids.insert(&rule.id) {
                return Err(refuse(("its id is there twice".into(), "give every rule an id of its own".into())));
            }
            rule.check().map_err(refuse)?;
        }
        for (k, condition) in self.guards.iter().flat_map(|g| &g.when).enumerate() {
            let refuse =
                |(what, hint): Complaint| PackError { what: format!("guard {} of {name}: {what}", k + 1), hint };
            condition.check(false).map_err(refuse)?;
        }
        Ok(())
    }
}

type Complaint = (String, String);

/// What is found between two captures has readings as a measurement has.
const LINK: &str = "link";

impl Rule {
    fn check(&self) -> Result<(), Complaint> {
        let inspection = self.measurement == INSPECTION;
        if inspection && !self.require.iter().any(|c| c.item.is_some()) {
            return Err((
                "it is found by inspection and requires no item of a check list".into(),
                "require = [{ item = \"...\", is = \"fail\" }]".into(),
            ));
        }
        let known = inspection || self.measurement == LINK || measurement::by_id(&self.measurement).is_some();
        if !known {
            let ids: Vec<&str> = measurement::ALL.iter().map(|m| m.id()).chain([LINK, INSPECTION]).collect();
            return Err((
                format!("there is no measurement '{}'", self.measurement),
                format!("one of {}", ids.join(", ")),
            ));
        }
        let words = [
            ("id", &self.id),
            ("cause", &self.cause),
            ("discriminator", &self.discriminator),
            ("rules_out", &self.rules_out),
            ("next_check", &self.next_check),
            ("suspect_part", &self.suspect_part),
            ("source", &self.source),
        ];
        if let Some((field, _)) = words.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err((format!("its {field} is empty"), "say it in a few words".into()));
        }
        if !["M", "R", "W", "S"].contains(&self.basis.as_str()) {
            let hint = "M measured or simulated, R read, W well known, S said by the user";
            return Err((format!("its basis is '{}'", self.basis), hint.into()));
        }
        if !self.prior.is_finite() || !self.failed.is_finite() {
            return Err((
                "prior or failed is not a finite number".into(),
                "they are log-odds: 0 is even, 3 is 95 %".into(),
            ));
        }
        if self.require.is_empty() {
            return Err((
                "it requires nothing, so that it would always hold".into(),
                "name the sign that must be there".into(),
            ));
        }
        let lists = [("require", &self.require), ("exclude", &self.exclude), ("evidence", &self.evidence)];
        for (list, conditions) in lists {
            for (k, condition) in conditions.iter().enumerate() {
                condition
                    .check(list == "evidence")
                    .map_err(|(what, hint)| (format!("condition {} of {list}: {what}", k + 1), hint))?;
            }
        }
        Ok(())
    }
}

impl Condition {
    fn check(&self, evidence: bool) -> Result<(), Complaint> {
        let subjects = [
            self.reading.is_some(),
            self.spur.is_some(),
            self.failed.is_some(),
            self.gate.is_some(),
            self.all_failed.is_some(),
            self.just_outside.is_some(),
            self.item.is_some(),
        ];
        if subjects.iter().filter(|s| **s).count() != 1 {
            let hint = "give exactly one of reading, spur, failed, gate, all_failed, just_outside, item";
            return Err(("it does not say on what".into(), hint.into()));
        }
        let answer = matches!(self.is, Some(Answer::Pass | Answer::Fail));
        if self.item.is_some() != self.is.is_some() || (self.item.is_some() && !answer) {
            return Err(("an item goes with the answer it must have".into(), "is = \"pass\" or is = \"fail\"".into()));
        }
        if self.item.is_some() && (self.above.is_some() || self.below.is_some() || self.measurement.is_some()) {
            let hint = "an item passes or fails, whatever was measured: leave out above, below and measurement";
            return Err(("an item has no value".into(), hint.into()));
        }
        let numbers = [self.above, self.below, self.sure, Some(self.met), Some(self.unmet)];
        if numbers.iter().flatten().any(|v| !v.is_finite()) {
            return Err(("a number in it is not finite".into(), "give plain numbers".into()));
        }
        let bounded = self.above.is_some() || self.below.is_some();
        if (self.reading.is_some() || self.spur.is_some()) && !bounded {
            return Err(("the value is compared with nothing".into(), "give above, below or both".into()));
        }
        if self.above.zip(self.below).is_some_and(|(a, b)| a >= b) {
            return Err(("above is not below 'below': nothing lies between".into(), "exchange the two".into()));
        }
        match (self.above, self.below, self.sure) {
            (Some(_), Some(_), Some(_)) | (None, None, Some(_)) => {
                Err(("sure needs either above or below".into(), "leave one of the two out".into()))
            }
            (Some(a), None, Some(s)) if s < a => {
                Err(("sure lies below above".into(), "sure must lie further in".into()))
            }
            (None, Some(b), Some(s)) if s > b => {
                Err(("sure lies above below".into(), "sure must lie further in".into()))
            }
            _ if evidence && self.met == 0.0 && self.unmet == 0.0 => {
                Err(("it adds nothing".into(), "give met, unmet or both: log-odds that it adds".into()))
            }
            _ if !evidence && (self.met != 0.0 || self.unmet != 0.0) => {
                Err(("met and unmet count only in evidence".into(), "move it to evidence, or leave them out".into()))
            }
            _ => Ok(()),
        }
    }
}
