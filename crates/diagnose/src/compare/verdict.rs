//! A comparison in the shape of findings: each difference fails the envelope, each family without one passes it.

use super::difference::{Comparison, Difference, DifferenceKind};
use crate::finding::{AppliedLimit, Finding, Severity};
use crate::gate::{self, Gate};
use crate::reading::At;
use crate::verdict::Verdict;

/// Findings at most, the largest differences first.
const MOST: usize = 50;

/// The findings of a comparison. A closed gate makes every answer `invalid`: what spoils the samples differs, too.
#[must_use]
pub fn findings(comparison: &Comparison, gates: &[Gate]) -> Vec<Finding> {
    let fails = comparison.differences.iter().take(MOST).map(|d| answer(comparison, d, Verdict::Fail));
    let passes = comparison.tested.iter().filter(|t| t.count > 0);
    let passes = passes.filter_map(|t| t.nearest.as_ref()).map(|d| answer(comparison, d, Verdict::Pass));
    let lacking = comparison.missing.iter().map(|id| missing(comparison, id));
    let mut all: Vec<Finding> = fails.chain(passes).chain(lacking).collect();
    if let Some(gate) = gate::first_failed(gates) {
        for finding in &mut all {
            finding.verdict = Verdict::Invalid;
            finding.severity = Severity::Cleared;
            finding.margin = None;
            finding.reason = format!("{}: {}", gate.gate, gate.detail);
        }
    }
    all
}

fn answer(comparison: &Comparison, d: &Difference, verdict: Verdict) -> Finding {
    let allowed = d.high.zip(d.reference).map(|(high, reference)| high - reference);
    let at = At { frequency_hz: d.frequency_hz, offset_hz: d.offset_hz, low_hz: None, high_hz: None, start_s: None };
    let band = d.kind == DifferenceKind::LevelChanged;
    let at = if band { At { low_hz: d.low_hz, high_hz: d.high_hz, ..At::default() } } else { at };
    let place = d.frequency_hz.map_or_else(String::new, |f| format!("@{f:.1}Hz"));
    Finding {
        id: format!("compare/{}{place}", d.reading),
        value: d.value,
        unit: d.unit,
        limit: Some(limit(comparison, d.low, d.high)),
        margin: allowed.map(|a| a - d.change.abs()).filter(|m| m.is_finite()),
        severity: if verdict == Verdict::Fail { Severity::Warning } else { Severity::Cleared },
        at: Some(at).filter(|at| *at != At::default()),
        reason: if d.kind == DifferenceKind::CarrierGone { "no carrier to align on".into() } else { String::new() },
        ..blank(comparison, &d.reading, verdict)
    }
}

fn missing(comparison: &Comparison, id: &str) -> Finding {
    Finding { reason: format!("no reading '{id}' in this record"), ..blank(comparison, id, Verdict::NotEvaluated) }
}

fn blank(comparison: &Comparison, reading: &str, verdict: Verdict) -> Finding {
    Finding {
        id: format!("compare/{reading}"),
        measurement: "compare".into(),
        reading: reading.to_owned(),
        value: None,
        unit: faultscope_signal::Unit::One,
        uncertainty: None,
        limit: Some(limit(comparison, None, None)),
        margin: None,
        verdict,
        severity: Severity::Cleared,
        at: None,
        reason: String::new(),
        summary: String::new(),
        causes: Vec::new(),
        alarm: None,
    }
}

fn limit(comparison: &Comparison, lower: Option<f64>, upper: Option<f64>) -> AppliedLimit {
    AppliedLimit {
        id: "envelope".into(),
        pack: comparison.reference.clone(),
        pack_version: super::reference::VERSION.to_string(),
        clause: comparison.reference.clone(),
        upper,
        lower,
        guard: 0.0,
        confidence: "S".into(),
    }
}
