//! What a plan asks for and nothing was there for: captures of a role, and limits that no step measures.

use std::collections::BTreeSet;

use faultscope_diagnose::{Finding, Verdict, judge, measurement};
use faultscope_report::words::{self, Lang};
use faultscope_signal::Unit;

use super::document::Missing;
use super::plan::{Plan, Step};

/// What is missing, in the order of the plan; `counts` are the captures of each step.
pub(super) fn missing(plan: &Plan, counts: &[usize], lang: Lang) -> Vec<Missing> {
    let short = plan.steps.iter().zip(counts).filter(|(step, count)| **count < step.repeats);
    let mut out: Vec<Missing> = short.map(|(step, count)| too_few(step, *count, lang)).collect();
    out.extend(unplanned(plan, lang));
    out
}

fn too_few(step: &Step, count: usize, lang: Lang) -> Missing {
    let reason = match (count, step.repeats) {
        (0, _) => format!("no capture of the role '{}' was given", step.role),
        (n, of) => format!("{n} of {of} captures of the role '{}' were given", step.role),
    };
    let id = measurement::by_id(&step.measurement).map_or("", |m| m.id());
    let mut findings = judge::unmeasured(id, &step.packs, &reason);
    if findings.is_empty() {
        findings.push(absent(step, &reason));
    }
    finish(&mut findings, &step.id, lang);
    let (role, measurement) = (step.role.clone(), step.measurement.clone());
    Missing { step: step.id.clone(), role, measurement, reason, findings }
}

/// Limits of a step's packs that no step of the same role measures.
fn unplanned(plan: &Plan, lang: Lang) -> Vec<Missing> {
    let mut out: Vec<Missing> = Vec::new();
    let mut told: BTreeSet<(String, String, String)> = BTreeSet::new();
    for step in &plan.steps {
        for pack in &step.packs {
            for plug in measurement::ALL {
                let measured = plan.steps.iter().any(|s| {
                    s.role == step.role
                        && s.measurement == plug.id()
                        && s.packs.iter().any(|p| p.pack.id == pack.pack.id)
                });
                let key = (step.role.clone(), pack.pack.id.clone(), plug.id().to_owned());
                if measured || told.contains(&key) {
                    continue;
                }
                let reason = format!("no step of the plan measures {} of the role '{}'", plug.id(), step.role);
                let mut findings = judge::unmeasured(plug.id(), std::slice::from_ref(pack), &reason);
                if findings.is_empty() {
                    continue;
                }
                told.insert(key);
                finish(&mut findings, &step.role, lang);
                let (role, measurement) = (step.role.clone(), plug.id().to_owned());
                out.push(Missing { step: String::new(), role, measurement, reason, findings });
            }
        }
    }
    out
}

fn finish(findings: &mut [Finding], place: &str, lang: Lang) {
    for finding in findings {
        finding.id = format!("{place}/{}", finding.id);
        finding.summary = words::summary(finding, lang);
    }
}

fn absent(step: &Step, reason: &str) -> Finding {
    Finding {
        id: step.measurement.clone(),
        measurement: step.measurement.clone(),
        reading: "capture".into(),
        value: None,
        unit: Unit::Count,
        uncertainty: None,
        limit: None,
        margin: None,
        verdict: Verdict::NotEvaluated,
        severity: faultscope_diagnose::Severity::Cleared,
        at: None,
        reason: reason.to_owned(),
        summary: String::new(),
        causes: Vec::new(),
        alarm: None,
    }
}
