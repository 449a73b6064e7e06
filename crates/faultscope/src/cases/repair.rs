//! What a repair changed: the findings of a case whose roles differ only in "before" and "after", side by side.

use faultscope_case::fold::CaseFinding;
use faultscope_diagnose::Finding;
use faultscope_report::subject;

use super::link::{Stage, stage_of};

/// One limit, before and after a repair.
#[derive(Debug, Clone, PartialEq)]
pub struct Repaired {
    /// What the captures show, without before and after.
    pub subject: String,
    /// The last finding before.
    pub before: Finding,
    /// The last finding after.
    pub after: Finding,
}

/// The findings of a case on the same limit, before and after: of repeated measurements the last counts.
#[must_use]
pub fn repaired(findings: &[CaseFinding]) -> Vec<Repaired> {
    let staged = |wanted: Stage| {
        move |f: &&CaseFinding| f.captures.is_empty() && f.role.as_deref().and_then(stage_of) == Some(wanted)
    };
    let subject = |f: &CaseFinding| f.role.as_deref().map(subject).unwrap_or_default();
    let last = |of: &CaseFinding, stage: Stage| {
        let alike = |f: &&CaseFinding| subject(f) == subject(of) && f.finding.id == of.finding.id;
        findings.iter().filter(staged(stage)).rfind(alike)
    };
    let mut all: Vec<Repaired> = Vec::new();
    for first in findings.iter().filter(staged(Stage::Before)) {
        let known = |r: &Repaired| r.subject == subject(first) && r.before.id == first.finding.id;
        if all.iter().any(known) {
            continue;
        }
        if let (Some(before), Some(after)) = (last(first, Stage::Before), last(first, Stage::After)) {
            let (before, after) = (before.finding.clone(), after.finding.clone());
            all.push(Repaired { subject: subject(first), before, after });
        }
    }
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(role: Value, limit: &str, value: f64, captures: Value) -> CaseFinding {
        serde_json::from_value(json!({
            "id": format!("ripple/{limit}"), "measurement": "ripple", "reading": "vpp", "value": value, "unit": "V",
            "uncertainty": null, "limit": null, "margin": null, "verdict": "pass", "severity": "cleared", "summary": "",
            "causes": [], "alarm": null, "event": 2, "role": role, "capture": null, "captures": captures
        }))
        .unwrap()
    }

    #[test]
    fn the_last_before_stands_beside_the_last_after_of_the_same_limit() {
        let link = json!([{"name": "a", "sha256": "0"}, {"name": "b", "sha256": "1"}]);
        let all = [
            found(json!("supply before"), "vpp", 0.9, json!([])),
            found(json!("supply before"), "vpp", 0.8, json!([])),
            found(json!("supply before"), "noise", 0.5, json!([])),
            found(json!("transmit before"), "vpp", 7.0, json!([])),
            found(json!("supply after"), "vpp", 0.1, json!([])),
            found(json!("supply after"), "vpp", 0.05, json!([])),
            found(json!("link after"), "vpp", 0.3, link),
            found(Value::Null, "noise", 0.4, json!([])),
        ];
        let pairs = repaired(&all);
        let brief: Vec<_> = pairs.iter().map(|p| (p.subject.as_str(), p.before.value, p.after.value)).collect();
        // The noise was not measured again, the transmitter neither; what nobody said is no pair.
        assert_eq!(brief, [("supply", Some(0.8), Some(0.05))]);
    }
}
