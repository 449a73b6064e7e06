//! Probable causes: rules that are data, applied to the readings behind failed findings.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::finding::{Cause, Finding};
use crate::limit::PackError;
use crate::measurement::{Detail, Measured, Origin};
use crate::verdict::Verdict;

/// One condition on a reading or on the origins of the spurs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Reading id; the condition is unmet when there is no such reading.
    pub reading: Option<String>,
    /// Or: the strongest spur of this origin, in dBc.
    pub spur: Option<Origin>,
    /// Or: a limit on this reading has failed.
    pub failed: Option<String>,
    /// The value must be above.
    pub above: Option<f64>,
    /// The value must be below.
    pub below: Option<f64>,
    /// How much meeting it adds to the confidence; a condition of weight 0 is required.
    #[serde(default)]
    pub weight: f64,
}

/// One rule: an observable pattern, its cause, and what an engineer does next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id, as in the diagnosis tables: R01, S18.
    pub id: String,
    /// Measurement whose findings it explains.
    pub measurement: String,
    /// Ids of the readings whose failed limits it explains.
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
    /// M measured or simulated, R read, W well known.
    pub basis: String,
    /// Confidence when every required condition is met, 0 to 1.
    pub base: f64,
    /// The pattern.
    pub when: Vec<Condition>,
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Version of the rules.
    pub version: String,
    /// The rules.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

impl RuleSet {
    /// The rules that ship with the program.
    ///
    /// # Errors
    /// Never with a released program: a test reads them.
    pub fn built_in() -> Result<Self, PackError> {
        // Read once: the captures of a batch are all judged by them.
        static READ: OnceLock<RuleSet> = OnceLock::new();
        if let Some(rules) = READ.get() {
            return Ok(rules.clone());
        }
        let rules = Self::parse(include_str!("../rules/default.toml"), "default")?;
        Ok(READ.get_or_init(|| rules).clone())
    }

    /// Rules from TOML text.
    ///
    /// # Errors
    /// When the text is not TOML or a field is missing or unknown.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        toml::from_str(text).map_err(|e| PackError {
            what: format!("the rule file {name} is not valid: {}", e.message()),
            hint: "every rule needs id, measurement, explains, cause, discriminator, rules_out, next_check, \
                   suspect_part, basis, base and when"
                .into(),
        })
    }

    /// Adds probable causes, likeliest first, to the failed findings of one measurement.
    pub fn explain(&self, measured: &Measured, findings: &mut [Finding]) {
        let mut matches: Vec<(&Rule, f64)> = self
            .rules
            .iter()
            .filter(|rule| rule.measurement == measured.measurement)
            .filter_map(|rule| rule.confidence(measured, findings).map(|c| (rule, c)))
            .collect();
        matches.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.id.cmp(&b.0.id)));
        let causes: Vec<(Cause, &Rule)> =
            matches.into_iter().filter_map(|(rule, c)| Some((rule.cause(c, findings)?, rule))).collect();
        for finding in findings.iter_mut().filter(|f| f.verdict == Verdict::Fail) {
            finding.causes =
                causes.iter().filter(|(_, r)| r.explains.contains(&finding.reading)).map(|(c, _)| c.clone()).collect();
        }
    }
}

impl Rule {
    /// The confidence, or nothing when a required condition is not met.
    fn confidence(&self, measured: &Measured, findings: &[Finding]) -> Option<f64> {
        let mut confidence = self.base;
        for condition in &self.when {
            match (condition.met(measured, findings), condition.weight > 0.0) {
                (true, _) => confidence += condition.weight,
                (false, true) => {}
                (false, false) => return None,
            }
        }
        Some(confidence.clamp(0.0, 0.99))
    }

    /// The cause with the failed findings it rests on; nothing when it explains none of them.
    fn cause(&self, confidence: f64, findings: &[Finding]) -> Option<Cause> {
        let because: Vec<String> = findings
            .iter()
            .filter(|f| f.verdict == Verdict::Fail && self.explains.contains(&f.reading))
            .map(|f| f.id.clone())
            .collect();
        (!because.is_empty()).then(|| Cause {
            rule: self.id.clone(),
            cause: self.cause.clone(),
            confidence: (confidence * 100.0).round() / 100.0,
            because,
            rules_out: self.rules_out.clone(),
            next_check: self.next_check.clone(),
            suspect_part: self.suspect_part.clone(),
        })
    }
}

impl Condition {
    fn met(&self, measured: &Measured, findings: &[Finding]) -> bool {
        if let Some(id) = &self.failed {
            return findings.iter().any(|f| f.reading == *id && f.verdict == Verdict::Fail);
        }
        let value = match (&self.reading, self.spur) {
            (Some(id), _) => measured.readings.iter().find(|r| r.id == *id).map(|r| r.value),
            (None, Some(origin)) => strongest(measured, origin),
            (None, None) => None,
        };
        value.is_some_and(|v| {
            v.is_finite() && self.above.is_none_or(|limit| v > limit) && self.below.is_none_or(|limit| v < limit)
        })
    }
}

fn strongest(measured: &Measured, origin: Origin) -> Option<f64> {
    let Detail::Spurs(detail) = &measured.detail else { return None };
    detail.spurs.iter().filter(|s| s.origin == origin).filter_map(|s| s.level_dbc).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::LimitSet;
    use crate::measurement::{Noise, Settings, SpursDetail};
    use crate::reading::Reading;
    use faultscope_signal::Unit;

    fn ripple(readings: &[(&str, f64, Unit)]) -> Measured {
        let noise = Noise { density_db_per_hz: 0.0, floor: vec![] };
        let detail = SpursDetail { carrier: None, noise, spurs: vec![], level_unit: Unit::Dbfs, rbw_hz: 1.0 };
        Measured {
            measurement: "ripple",
            settings: Settings::default(),
            gates: vec![],
            readings: readings.iter().map(|(id, v, u)| Reading::new(id, *v, *u)).collect(),
            detail: Detail::Spurs(detail),
        }
    }

    fn causes(readings: &[(&str, f64, Unit)]) -> Vec<Cause> {
        let measured = ripple(readings);
        let mut findings = crate::judge(&measured, &[LimitSet::built_in("dc-48v").unwrap()]);
        RuleSet::built_in().unwrap().explain(&measured, &mut findings);
        findings.into_iter().find(|f| f.reading == "vpp").unwrap().causes
    }

    /// The simulated figures of the reservoir table: C halved gives h4/h2 0.385, one diode open h1 1236 mV.
    #[test]
    fn a_weak_reservoir_and_an_open_diode_are_told_apart() {
        let v = Unit::Volt;
        let weak = causes(&[
            ("vpp", 2.923, v),
            ("mains_share", 0.99, Unit::One),
            ("mains_h1", 0.0, v),
            ("mains_h2", 1.172, v),
            ("mains_h4_h2", 0.385, Unit::One),
            ("mains_h1_h2", 0.0, Unit::One),
        ]);
        assert_eq!(weak[0].rule, "R01");
        assert!(weak[0].because.contains(&"ripple/vpp".to_owned()));
        let open = causes(&[
            ("vpp", 3.363, v),
            ("mains_share", 0.99, Unit::One),
            ("mains_h1", 1.236, v),
            ("mains_h2", 0.564, v),
            ("mains_h4_h2", 0.34, Unit::One),
            ("mains_h1_h2", 2.19, Unit::One),
        ]);
        assert_eq!(open[0].rule, "R03");
    }

    #[test]
    fn a_finding_that_passes_gets_no_cause() {
        let v = Unit::Volt;
        assert!(causes(&[("vpp", 0.01, v), ("mains_share", 0.99, Unit::One), ("mains_h2", 0.003, v)]).is_empty());
    }
}
