//! Judging: every enabled limit is answered once a reading, or once to say why it could not be.

mod either;
mod line;

use crate::finding::{Alarm, AppliedLimit, Finding, Severity};
use crate::gate;
use crate::limit::{Axis, Limit, LimitSet, PackInfo};
use crate::measurement::{Detail, Measured, Settings};
use crate::reading::Reading;
use crate::verdict::Verdict;

/// Answers every enabled limit of `packs` that asks for a reading of this measurement.
///
/// The loop runs over limits, not readings: a limit that nothing was measured for is `not_evaluated`, never silence.
#[must_use]
pub fn judge(measured: &Measured, packs: &[LimitSet]) -> Vec<Finding> {
    packs
        .iter()
        .flat_map(|set| set.limits.iter().map(move |limit| (&set.pack, limit)))
        .filter(|(_, limit)| limit.counts() && limit.measurement == measured.measurement)
        .flat_map(|(pack, limit)| answer(measured, pack, limit))
        .collect()
}

/// Whether any of the packs has an enabled limit for this measurement.
#[must_use]
pub fn applies(measurement: &str, packs: &[LimitSet]) -> bool {
    packs.iter().flat_map(|set| &set.limits).any(|l| l.counts() && l.measurement == measurement)
}

/// Answers every limit of `packs` for a measurement that was not made: `not_evaluated`, with the reason.
#[must_use]
pub fn unmeasured(measurement: &'static str, packs: &[LimitSet], reason: &str) -> Vec<Finding> {
    let nothing = Measured {
        measurement,
        settings: Settings::default(),
        gates: Vec::new(),
        readings: Vec::new(),
        detail: Detail::Nothing,
    };
    let limits = packs.iter().flat_map(|set| set.limits.iter().map(move |limit| (&set.pack, limit)));
    let asked = limits.filter(|(_, limit)| limit.counts() && limit.measurement == measurement);
    asked.map(|(pack, limit)| Finding { reason: reason.to_owned(), ..blank(&nothing, pack, limit) }).collect()
}

fn answer(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Vec<Finding> {
    if !limit.enabled {
        return vec![Finding { reason: limit.why_disabled(), ..blank(measured, pack, limit) }];
    }
    if limit.measurement == "emissions" {
        return line::emissions(measured, pack, limit);
    }
    if limit.axis == Some(Axis::Edge) {
        return line::mask(measured, pack, limit);
    }
    if !limit.segments.is_empty() {
        return line::along(measured, pack, limit);
    }
    of_readings(measured, pack, limit)
}

/// The answers of a limit with bounds of its own.
fn of_readings(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Vec<Finding> {
    let readings: Vec<&Reading> = measured.readings.iter().filter(|r| r.id == limit.reading).collect();
    if readings.is_empty() {
        return vec![without_reading(measured, pack, limit)];
    }
    let answer = |r: &&Reading| match limit.alternative() {
        Some(other) => either::or(measured, pack, (limit, &other), r),
        None => with_reading(measured, pack, limit, r),
    };
    let mut findings: Vec<Finding> = readings.iter().map(answer).collect();
    if limit.per_line {
        keep_telling(&mut findings);
    }
    findings
}

/// Of a limit that is answered for every line, the failures and doubts are kept, and the nearest miss if there is none.
fn keep_telling(findings: &mut Vec<Finding>) {
    let worst = findings
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.margin.unwrap_or(f64::INFINITY).total_cmp(&b.1.margin.unwrap_or(f64::INFINITY)))
        .map(|(i, _)| i);
    let mut index = 0;
    findings.retain(|f| {
        let keep = !matches!(f.verdict, Verdict::Pass | Verdict::Margin) || Some(index) == worst;
        index += 1;
        keep
    });
}

fn without_reading(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Finding {
    let mut finding = blank(measured, pack, limit);
    let failed_gate = gate::first_failed(&measured.gates);
    let reach = limit
        .detectable
        .as_deref()
        .filter(|_| limit.per_line)
        .and_then(|id| measured.readings.iter().find(|r| r.id == id))
        .filter(|r| r.unit == limit.unit && r.value.is_finite());
    match (failed_gate, reach) {
        (Some(gate), _) => {
            finding.verdict = Verdict::Invalid;
            finding.reason = format!("{}: {}", gate.gate, gate.detail);
        }
        (None, Some(reach)) if limit.margin(reach.value) >= 0.0 => {
            finding.verdict = Verdict::Pass;
            finding.value = Some(reach.value);
            finding.margin = Some(limit.margin(reach.value));
            finding.reason = "no line found; the value is the weakest line that would have been".into();
        }
        (None, Some(reach)) => {
            finding.reason =
                format!("no line found, but only lines above {:.1} {} would have been seen", reach.value, reach.unit);
        }
        (None, None) => {
            // What a file holds instead of samples says why there is no such reading.
            let instead = measured.gates.iter().find(|g| g.gate == "samples").map(|g| format!(": {}", g.detail));
            finding.reason = format!("no reading '{}' in this record{}", limit.reading, instead.unwrap_or_default());
        }
    }
    finding
}

fn with_reading(measured: &Measured, pack: &PackInfo, limit: &Limit, reading: &Reading) -> Finding {
    let mut finding = blank(measured, pack, limit);
    finding.id = finding_id(measured, limit, reading);
    finding.value = reading.value.is_finite().then_some(reading.value);
    finding.unit = reading.unit;
    finding.uncertainty = reading.uncertainty;
    finding.at = reading.at;
    let (verdict, reason) = verdict(measured, limit, reading);
    if matches!(verdict, Verdict::Pass | Verdict::Margin | Verdict::Fail) {
        finding.margin = Some(limit.margin(reading.value));
    }
    finding.verdict = verdict;
    finding.reason = reason;
    if verdict == Verdict::Fail {
        finding.severity = limit.severity;
        finding.alarm = limit.alarm.as_ref().map(|cause| alarm(cause, limit.severity));
    }
    finding
}

fn verdict(measured: &Measured, limit: &Limit, reading: &Reading) -> (Verdict, String) {
    if let Some(gate) = gate::first_failed(&measured.gates) {
        return (Verdict::Invalid, format!("{}: {}", gate.gate, gate.detail));
    }
    if reading.unit != limit.unit {
        let reason = format!(
            "the reading is in {}, the limit in {}: the record has no such calibration",
            reading.unit, limit.unit
        );
        return (Verdict::NotEvaluated, reason);
    }
    if !reading.value.is_finite() && reading.bandwidth_hz == Some(0.0) {
        return (Verdict::NotEvaluated, "the record does not reach that far".into());
    }
    if !reading.value.is_finite() {
        return (Verdict::Invalid, "the reading is not a finite number".into());
    }
    let stated = measured.settings.modulation.as_ref().is_some_and(|m| m.reference_ppm.is_some());
    if limit.needs_reference && !stated {
        let reason = "nothing says how accurate the receiver's frequency reference is: give --reference-ppm";
        return (Verdict::NotEvaluated, reason.into());
    }
    let margin = limit.margin(reading.value);
    if margin < 0.0 {
        // A wider bandwidth could only make a peak-to-peak or band value larger, so a failure stands.
        return (Verdict::Fail, String::new());
    }
    if let Some((has, needs)) = lacks_bandwidth(limit, reading) {
        let reason = format!("the clause asks for {}, the record reaches {}", hertz(needs), hertz(has));
        return (Verdict::NotEvaluated, reason);
    }
    if margin < limit.guard.max(reading.uncertainty.unwrap_or(0.0)) {
        return (Verdict::Margin, String::new());
    }
    (Verdict::Pass, String::new())
}

/// What the record reaches and what the clause asks for, when that is more.
fn lacks_bandwidth(limit: &Limit, reading: &Reading) -> Option<(f64, f64)> {
    let needs = limit.needs_bandwidth_hz?;
    let has = reading.bandwidth_hz?;
    // Half a per cent of slack: 20 MHz of a 40 MS/s record is meant to do.
    (has < needs * 0.995).then_some((has, needs))
}

fn hertz(value: f64) -> String {
    faultscope_signal::Quantity::new(value, faultscope_signal::Unit::Hertz).to_string()
}

fn finding_id(measured: &Measured, limit: &Limit, reading: &Reading) -> String {
    let place = reading.at.and_then(|at| {
        at.frequency_hz.or(at.offset_hz).map(|f| format!("@{f:.1}Hz")).or(at.start_s.map(|t| format!("@{t:.6}s")))
    });
    format!("{}/{}{}", measured.measurement, limit.id, place.unwrap_or_default())
}

fn blank(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Finding {
    Finding {
        id: format!("{}/{}", measured.measurement, limit.id),
        measurement: measured.measurement.to_owned(),
        reading: limit.reading.clone(),
        value: None,
        unit: limit.unit,
        uncertainty: None,
        limit: Some(AppliedLimit {
            id: limit.id.clone(),
            pack: pack.id.clone(),
            pack_version: pack.version.clone(),
            clause: limit.clause.clone(),
            upper: limit.upper,
            lower: limit.lower,
            guard: limit.guard,
            confidence: limit.confidence.clone(),
        }),
        margin: None,
        verdict: Verdict::NotEvaluated,
        severity: Severity::Cleared,
        at: None,
        reason: String::new(),
        summary: String::new(),
        causes: Vec::new(),
        alarm: None,
    }
}

fn alarm(cause: &str, severity: Severity) -> Alarm {
    let severity = match severity {
        Severity::Cleared => "CLEARED",
        Severity::Indeterminate => "INDETERMINATE",
        Severity::Warning => "WARNING",
        Severity::Minor => "MINOR",
        Severity::Major => "MAJOR",
        Severity::Critical => "CRITICAL",
    };
    Alarm { probable_cause: cause.to_owned(), kind: "EQUIPMENT_ALARM".into(), severity: severity.into() }
}

#[cfg(test)]
mod tests;
