//! Limits and the packs they come in: versioned TOML with source clause and confidence; never code.

mod check;
mod diff;
mod segment;
mod shipped;

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use crate::finding::Severity;
use crate::reading::At;

pub use check::{Problem, problems};
pub use diff::{Change, diff};
pub use segment::{Axis, Exclude, Segment};
use shipped::BUILT_IN;

/// One limit: on one reading, or a line over frequency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Id within the pack.
    pub id: String,
    /// Measurement that gives the reading: `ripple`, `spurs`.
    pub measurement: String,
    /// Reading id: `vpp`, `spur_level`.
    pub reading: String,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Unit of both bounds, or of the line; a reading in another unit is not evaluated.
    pub unit: Unit,
    /// Guard band: inside the limit by less than this is `margin`.
    #[serde(default)]
    pub guard: f64,
    /// Clause of the source.
    pub clause: String,
    /// R read, W well known, U uncertain, S said by the user.
    pub confidence: String,
    /// Whether it is applied; uncertain figures ship disabled.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Severity of a failure.
    pub severity: Severity,
    /// The bandwidth the clause asks for. A narrower record can still fail it, but cannot pass it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_bandwidth_hz: Option<f64>,
    /// The reading says nothing unless the accuracy of the frequency reference is stated.
    #[serde(default, skip_serializing_if = "is_false")]
    pub needs_reference: bool,
    /// The reading comes once per line found (spurs); none found is a pass if `detectable` shows it would have been.
    #[serde(default)]
    pub per_line: bool,
    /// Reading that says which level would have been found at all, in `unit`; used with `per_line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detectable: Option<String>,
    /// What the frequencies of the segments count from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub axis: Option<Axis>,
    /// What part of a line does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Exclude>,
    /// The line over frequency, instead of `upper` and `lower`.
    #[serde(default, rename = "segment", skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
    /// Another bound that does as well: the more lenient of the two holds.
    #[serde(rename = "or", skip_serializing_if = "Option::is_none")]
    pub either: Option<Alternative>,
    /// X.733 / M.3100 probable cause for a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
    /// Free text.
    #[serde(default)]
    pub note: String,
    /// Asked for by name; a disabled limit is then answered with why it is disabled.
    #[serde(skip)]
    pub asked: bool,
}

/// The other half of an either/or limit: a bound on another reading taken at the same place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Reading id.
    pub reading: String,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Unit of both bounds.
    pub unit: Unit,
    /// Guard band.
    #[serde(default)]
    pub guard: f64,
}

const fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Who says so, since when, for what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackInfo {
    /// Id: `dc-48v`.
    pub id: String,
    /// Version of the figures.
    pub version: String,
    /// One line.
    pub title: String,
    /// Where the figures come from.
    pub source: String,
    /// Region it applies to.
    #[serde(default)]
    pub region: String,
    /// Equipment it applies to.
    #[serde(default)]
    pub equipment: String,
    /// Who wrote the pack.
    pub author: String,
    /// Date from which it holds, `YYYY-MM-DD`.
    pub valid_from: String,
    /// Last day on which it holds; open where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// How far the figures as a whole are trusted, in words.
    #[serde(default)]
    pub confidence: String,
}

impl PackInfo {
    /// Why the pack does not hold on a day (`YYYY-MM-DD`); nothing when it does.
    #[must_use]
    pub fn out_of_date(&self, today: &str) -> Option<String> {
        let (id, version) = (&self.id, &self.version);
        match &self.valid_until {
            Some(until) if until.as_str() < today => {
                Some(format!("limit pack {id} {version} was valid until {until}: look for a newer one"))
            }
            _ if self.valid_from.as_str() > today => {
                Some(format!("limit pack {id} {version} is not valid before {}", self.valid_from))
            }
            _ => None,
        }
    }
}

/// A limit pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSet {
    /// Head.
    pub pack: PackInfo,
    /// The limits.
    #[serde(default, rename = "limit")]
    pub limits: Vec<Limit>,
    /// The text that the user gave it as; `None` for a pack that ships with the program. Kept with what is judged by it.
    #[serde(skip)]
    pub text: Option<String>,
}

/// A pack that cannot be used: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PackError {
    /// What is wrong and where.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl LimitSet {
    /// Ids of the packs that ship with the program.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(id, _)| *id)
    }

    /// A pack that ships with the program.
    ///
    /// # Errors
    /// When there is no such pack.
    pub fn built_in(id: &str) -> Result<Self, PackError> {
        let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id).ok_or_else(|| PackError {
            what: format!("there is no limit pack '{id}'"),
            hint: format!(
                "packs are: {}; or give the path of a .toml file",
                Self::built_in_ids().collect::<Vec<_>>().join(", ")
            ),
        })?;
        Self::parse(text, id)
    }

    /// A pack from TOML text; `name` is for messages.
    ///
    /// # Errors
    /// When the text is not TOML, lacks a field, has an unknown one, or a limit that nothing can be held against.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        check::parse(text).map_err(|problems| {
            let first = problems.into_iter().next().unwrap_or_default();
            let line = first.line.map_or_else(String::new, |n| format!("see line {n}"));
            let hint = [line, first.hint].into_iter().filter(|h| !h.is_empty()).collect::<Vec<_>>().join(": ");
            PackError { what: format!("the limit pack {name} is not valid: {}", first.what), hint }
        })
    }

    /// The pack with one of its limits, which is answered even if it is disabled.
    ///
    /// # Errors
    /// When it has no such limit.
    pub fn only(mut self, id: &str) -> Result<Self, PackError> {
        let ids = self.limits.iter().map(|l| l.id.clone()).collect::<Vec<_>>().join(", ");
        self.limits.retain(|l| l.id == id);
        self.limits.iter_mut().for_each(|l| l.asked = true);
        if self.limits.is_empty() {
            let what = format!("the limit pack {} has no limit '{id}'", self.pack.id);
            return Err(PackError { what, hint: format!("its limits are: {ids}") });
        }
        Ok(self)
    }
}

impl Limit {
    /// Whether it is to be answered: applied, or asked for by name although it is disabled.
    #[must_use]
    pub const fn counts(&self) -> bool {
        self.enabled || self.asked
    }

    /// Why a disabled limit is not applied.
    #[must_use]
    pub fn why_disabled(&self) -> String {
        let mark = if self.confidence == "U" { "its figure is uncertain" } else { "it is switched off in its pack" };
        let note = if self.note.is_empty() { String::new() } else { format!(": {}", self.note) };
        format!("the limit ships disabled, {mark}{note}")
    }

    /// The same limit with the bounds of its alternative.
    #[must_use]
    pub fn alternative(&self) -> Option<Self> {
        let other = self.either.clone()?;
        Some(Self {
            reading: other.reading,
            upper: other.upper,
            lower: other.lower,
            unit: other.unit,
            guard: other.guard,
            either: None,
            ..self.clone()
        })
    }

    /// The limit as it stands at one place of its line; nothing where the line does not reach.
    #[must_use]
    pub fn at_place(&self, at: Option<At>) -> Option<Self> {
        if self.segments.is_empty() {
            return Some(self.clone());
        }
        let at = at?;
        let place = if self.axis == Some(Axis::Absolute) { at.frequency_hz } else { at.offset_hz.map(f64::abs) }?;
        let upper = self.segments.iter().filter_map(|s| s.level_at(place)).reduce(f64::min)?;
        Some(Self { upper: Some(upper), ..self.clone() })
    }

    /// Signed distance from a value to the nearest bound: positive inside.
    #[must_use]
    pub fn margin(&self, value: f64) -> f64 {
        let above = self.lower.map_or(f64::INFINITY, |lower| value - lower);
        let below = self.upper.map_or(f64::INFINITY, |upper| upper - value);
        above.min(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pack_that_ships_is_valid_and_carries_its_id() {
        for id in LimitSet::built_in_ids() {
            let set = LimitSet::built_in(id).unwrap();
            assert_eq!(set.pack.id, id);
            assert!(!set.limits.is_empty());
            for limit in &set.limits {
                assert!(["R", "W", "U", "S"].contains(&limit.confidence.as_str()), "{}", limit.id);
                assert!(limit.confidence != "U" || !limit.enabled, "{} is uncertain and must ship disabled", limit.id);
                assert!(!limit.clause.is_empty());
            }
        }
    }

    #[test]
    fn a_pack_says_where_it_is_wrong() {
        let text = "[pack]\nid='x'\nversion='1'\ntitle='t'\nsource='s'\nauthor='a'\nvalid_from='2026-01-01'\nbogus=1\n";
        let error = LimitSet::parse(text, "x.toml").unwrap_err();
        assert!(error.what.contains("bogus"), "{}", error.what);
        assert!(error.hint.starts_with("see line 8"), "{}", error.hint);
        assert!(LimitSet::built_in("nope").unwrap_err().hint.contains("dc-48v"));
    }

    #[test]
    fn margins_are_positive_inside() {
        let mut limit = LimitSet::built_in("dc-48v").unwrap().limits.swap_remove(0);
        (limit.lower, limit.upper) = (Some(-57.0), Some(-40.5));
        assert!((limit.margin(-54.0) - 3.0).abs() < 1e-12);
        assert!((limit.margin(-40.0) + 0.5).abs() < 1e-12);
    }
}
