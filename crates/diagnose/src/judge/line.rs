//! Limits that are lines: over readings with a place, over the emissions of a record, and masks of a channel.

use faultscope_signal::Unit;

use super::{alarm, blank, of_readings, with_reading, without_reading};
use crate::finding::Finding;
use crate::gate;
use crate::limit::{Limit, PackInfo};
use crate::measurement::{Detail, EmissionPoint, Measured};
use crate::reading::At;
use crate::verdict::Verdict;

/// A line over readings that have a place: each is held against the line where it stands.
pub(super) fn along(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Vec<Finding> {
    let readings = measured.readings.iter().filter(|r| r.id == limit.reading);
    let mut findings: Vec<Finding> =
        readings.filter_map(|r| Some(with_reading(measured, pack, &limit.at_place(r.at)?, r))).collect();
    if findings.is_empty() {
        // Where no line was found the lowest part of the limit is what the sensitivity has to reach.
        let levels = limit.segments.iter().flat_map(|s| [s.start_db, s.stop_db]);
        let lowest = Limit { upper: levels.reduce(f64::min), ..limit.clone() };
        return vec![without_reading(measured, pack, &lowest)];
    }
    if limit.per_line {
        super::keep_telling(&mut findings);
    }
    findings
}

/// A mask: answered by the margins of the channel measurement, if it was this mask that was measured.
pub(super) fn mask(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Vec<Finding> {
    let used = measured.settings.channel.as_ref().and_then(|c| c.mask.as_ref()).map(|m| m.id.as_str());
    let scalar = Limit { lower: Some(0.0), unit: Unit::Db, axis: None, segments: Vec::new(), ..limit.clone() };
    if gate::first_failed(&measured.gates).is_some() {
        return vec![without_reading(measured, pack, &scalar)];
    }
    if used != Some(pack.id.as_str()) {
        let reason =
            used.map_or_else(|| "no mask was measured".into(), |m| format!("the mask {m} was measured instead"));
        return vec![Finding { reason, ..blank(measured, pack, &scalar) }];
    }
    let mut findings = of_readings(measured, pack, &scalar);
    if let [only] = findings.as_mut_slice()
        && only.value.is_none()
        && let Detail::Channel(d) = &measured.detail
        && d.level_unit != limit.unit
    {
        only.reason =
            format!("levels are in {}, the mask in {}: the record has no such calibration", d.level_unit, limit.unit);
    }
    findings
}

/// A line over the emissions of a record: one answer for each piece that the record reaches, one for the rest.
pub(super) fn emissions(measured: &Measured, pack: &PackInfo, limit: &Limit) -> Vec<Finding> {
    if gate::first_failed(&measured.gates).is_some() {
        return vec![without_reading(measured, pack, limit)];
    }
    let line = format!("{}/{}", pack.id, limit.id);
    let Detail::Emissions(detail) = &measured.detail else { return vec![without_reading(measured, pack, limit)] };
    let points: Vec<&EmissionPoint> = detail.points.iter().filter(|p| p.line == line).collect();
    if points.is_empty() {
        return vec![without_reading(measured, pack, limit)];
    }
    points.into_iter().map(|p| piece(measured, pack, limit, p)).collect()
}

fn piece(measured: &Measured, pack: &PackInfo, limit: &Limit, point: &EmissionPoint) -> Finding {
    let here = Limit { upper: point.limit_db, ..limit.clone() };
    let mut finding = blank(measured, pack, &here);
    finding.value = point.level_db;
    finding.uncertainty = point.uncertainty_db;
    finding.margin = point.margin_db;
    finding.reason.clone_from(&point.reason);
    let place = match point.frequency_hz {
        Some(hz) => At { frequency_hz: Some(hz), ..At::default() },
        None => At { low_hz: Some(point.from_hz), high_hz: Some(point.to_hz), ..At::default() },
    };
    finding.at = Some(place);
    if let Some(hz) = point.frequency_hz {
        finding.id = format!("{}@{hz:.1}Hz", finding.id);
    }
    finding.verdict = match point.margin_db {
        Some(_) if !point.reason.is_empty() => Verdict::NotEvaluated,
        Some(margin) if margin < 0.0 => Verdict::Fail,
        Some(margin) if margin < limit.guard.max(point.uncertainty_db.unwrap_or(0.0)) => Verdict::Margin,
        Some(_) => Verdict::Pass,
        None => Verdict::NotEvaluated,
    };
    if finding.verdict == Verdict::Fail {
        finding.severity = limit.severity;
        finding.alarm = limit.alarm.as_ref().map(|cause| alarm(cause, limit.severity));
    }
    finding
}
