//! Limits and the packs they come in: versioned TOML with source clause and confidence; never code.

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// One limit on one reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Id within the pack.
    pub id: String,
    /// Measurement that gives the reading: `ripple`, `spurs`.
    pub measurement: String,
    /// Reading id: `vpp`, `spur_level`.
    pub reading: String,
    /// Upper bound.
    pub upper: Option<f64>,
    /// Lower bound.
    pub lower: Option<f64>,
    /// Unit of both bounds; a reading in another unit is not evaluated.
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
    pub needs_bandwidth_hz: Option<f64>,
    /// The reading comes once per line found (spurs); none found is a pass if `detectable` shows it would have been.
    #[serde(default)]
    pub per_line: bool,
    /// Reading that says which level would have been found at all, in `unit`; used with `per_line`.
    pub detectable: Option<String>,
    /// X.733 / M.3100 probable cause for a failure.
    pub alarm: Option<String>,
    /// Free text.
    #[serde(default)]
    pub note: String,
}

const fn yes() -> bool {
    true
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
    /// Date from which it holds.
    pub valid_from: String,
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

/// The packs that ship with the program, as text.
static BUILT_IN: &[(&str, &str)] = &[
    ("atx-12v", include_str!("../packs/atx-12v.toml")),
    ("atx-5v", include_str!("../packs/atx-5v.toml")),
    ("atx-3v3", include_str!("../packs/atx-3v3.toml")),
    ("bs-channel", include_str!("../packs/bs-channel.toml")),
    ("dc-48v", include_str!("../packs/dc-48v.toml")),
    ("tx-generic", include_str!("../packs/tx-generic.toml")),
];

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
        let set: Self = toml::from_str(text).map_err(|e| PackError {
            what: format!("the limit pack {name} is not valid: {}", e.message()),
            hint: position(text, e.span()),
        })?;
        for limit in &set.limits {
            limit.check().map_err(|what| PackError {
                what: format!("limit '{}' of pack {name}: {what}", limit.id),
                hint: "give upper, lower or both, finite, lower below upper".into(),
            })?;
        }
        Ok(set)
    }
}

fn position(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    span.and_then(|s| text.get(..s.start))
        .map_or_else(String::new, |before| format!("see line {}", before.matches('\n').count() + 1))
}

impl Limit {
    fn check(&self) -> Result<(), String> {
        let finite = |v: Option<f64>| v.is_none_or(f64::is_finite);
        if self.upper.is_none() && self.lower.is_none() {
            return Err("neither upper nor lower is given".into());
        }
        if !finite(self.upper) || !finite(self.lower) || !self.guard.is_finite() || self.guard < 0.0 {
            return Err("a bound or the guard band is not a usable number".into());
        }
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) if lower >= upper => Err(format!("lower {lower} is not below upper {upper}")),
            _ => Ok(()),
        }
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
        assert_eq!(error.hint, "see line 8");
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
