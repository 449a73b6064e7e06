//! A verdict for every way a limit can meet a reading, a gap or a gate.

use faultscope_signal::Unit;

use super::*;
use crate::gate::{Gate, GateState};
use crate::measurement::Noise;
use crate::measurement::{Detail, Settings, SpursDetail};
use crate::reading::At;

fn measured(readings: Vec<Reading>, gates: Vec<Gate>) -> Measured {
    let noise = Noise { density_db_per_hz: -150.0, floor: vec![] };
    let detail = SpursDetail { carrier: None, noise, spurs: vec![], level_unit: Unit::Dbfs, rbw_hz: 1.0 };
    Measured { measurement: "spurs", settings: Settings::default(), gates, readings, detail: Detail::Spurs(detail) }
}

fn pack(body: &str) -> LimitSet {
    let head = "[pack]\nid='p'\nversion='1'\ntitle='t'\nsource='s'\nauthor='a'\nvalid_from='2026-01-01'\n";
    let limit = "[[limit]]\nid='l'\nmeasurement='spurs'\nclause='c'\nconfidence='S'\nseverity='major'\n";
    LimitSet::parse(&format!("{head}{limit}{body}"), "test").unwrap()
}

fn one(readings: Vec<Reading>, gates: Vec<Gate>, body: &str) -> Finding {
    let mut findings = judge(&measured(readings, gates), &[pack(body)]);
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

const UPPER: &str = "reading='x'\nupper=-60.0\nguard=2.0\nunit='dBc'\nalarm='TRANSMITTER_FAILURE'\n";

#[test]
fn values_either_side_of_limit_and_guard_band() {
    for (value, verdict, margin) in [
        (-59.9, Verdict::Fail, -0.1),
        (-60.0, Verdict::Margin, 0.0),
        (-61.9, Verdict::Margin, 1.9),
        (-62.0, Verdict::Pass, 2.0),
    ] {
        let f = one(vec![Reading::new("x", value, Unit::Dbc)], vec![], UPPER);
        assert_eq!(f.verdict, verdict, "{value}");
        assert!((f.margin.unwrap() - margin).abs() < 1e-9);
        assert_eq!(f.alarm.is_some(), verdict == Verdict::Fail);
    }
}

#[test]
fn an_uncertainty_wider_than_the_guard_band_makes_the_margin() {
    let f = one(vec![Reading::new("x", -63.0, Unit::Dbc).uncertain(3.5)], vec![], UPPER);
    assert_eq!(f.verdict, Verdict::Margin);
}

#[test]
fn what_is_not_finite_is_invalid_and_never_passes() {
    for value in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
        let f = one(vec![Reading::new("x", value, Unit::Dbc)], vec![], UPPER);
        assert_eq!((f.verdict, f.value), (Verdict::Invalid, None));
    }
}

#[test]
fn a_limit_nobody_measured_is_not_evaluated() {
    let f = one(vec![Reading::new("y", -99.0, Unit::Dbc)], vec![], UPPER);
    assert_eq!(f.verdict, Verdict::NotEvaluated);
    assert!(f.reason.contains("'x'"));
}

#[test]
fn a_failed_gate_makes_every_answer_invalid() {
    let gate = || vec![Gate::new("clipping", GateState::Fail, "5 %")];
    assert_eq!(one(vec![Reading::new("x", -99.0, Unit::Dbc)], gate(), UPPER).verdict, Verdict::Invalid);
    assert_eq!(one(vec![Reading::new("x", -9.0, Unit::Dbc)], gate(), UPPER).verdict, Verdict::Invalid);
    assert_eq!(one(vec![], gate(), UPPER).verdict, Verdict::Invalid);
}

#[test]
fn another_unit_is_not_evaluated() {
    let f = one(vec![Reading::new("x", -99.0, Unit::Dbfs)], vec![], UPPER);
    assert_eq!(f.verdict, Verdict::NotEvaluated);
    assert!(f.reason.contains("dBFS") && f.reason.contains("dBc"));
}

#[test]
fn a_narrow_record_can_fail_but_not_pass_a_wide_limit() {
    let body = "reading='x'\nupper=0.2\nunit='V'\nneeds_bandwidth_hz=20e6\n";
    let at = |v| vec![Reading::new("x", v, Unit::Volt).within(10e3)];
    assert_eq!(one(at(0.3), vec![], body).verdict, Verdict::Fail);
    let f = one(at(0.1), vec![], body);
    assert_eq!(f.verdict, Verdict::NotEvaluated);
    assert!(f.reason.contains("20.000 MHz") && f.reason.contains("10.000 kHz"), "{}", f.reason);
    assert_eq!(one(vec![Reading::new("x", 0.1, Unit::Volt).within(20e6)], vec![], body).verdict, Verdict::Pass);
}

#[test]
fn no_line_found_passes_only_where_one_would_have_been_seen() {
    let body = "reading='line'\nupper=-60.0\nunit='dBc'\nper_line=true\ndetectable='reach'\n";
    let reach = |v| vec![Reading::new("reach", v, Unit::Dbc)];
    assert_eq!(one(reach(-75.0), vec![], body).verdict, Verdict::Pass);
    assert_eq!(one(reach(-55.0), vec![], body).verdict, Verdict::NotEvaluated);
    assert_eq!(one(vec![], vec![], body).verdict, Verdict::NotEvaluated);
}

#[test]
fn every_failing_line_is_told_and_of_the_rest_only_the_nearest() {
    let body = "reading='line'\nupper=-60.0\nunit='dBc'\nper_line=true\n";
    let line = |v, f| {
        Reading::new("line", v, Unit::Dbc).at(crate::reading::At { frequency_hz: Some(f), ..Default::default() })
    };
    let lines = vec![line(-50.0, 1e6), line(-55.0, 2e6), line(-70.0, 3e6), line(-80.0, 4e6)];
    let findings = judge(&measured(lines.clone(), vec![]), &[pack(body)]);
    assert_eq!(findings.len(), 2);
    assert!(findings.iter().all(|f| f.verdict == Verdict::Fail));
    assert_eq!(findings[0].id, "spurs/l@1000000.0Hz");
    let findings = judge(&measured(lines[2..].to_vec(), vec![]), &[pack(body)]);
    assert_eq!((findings.len(), findings[0].value), (1, Some(-70.0)));
}

#[test]
fn limits_of_other_measurements_and_disabled_ones_are_not_asked() {
    assert!(judge(&measured(vec![], vec![]), &[pack(&format!("{UPPER}enabled=false\n"))]).is_empty());
    assert!(!applies("ripple", &[pack(UPPER)]));
    assert!(applies("spurs", &[pack(UPPER)]));
}

const EITHER: &str =
    "reading='ratio'\nlower=45.0\nguard=0.5\nunit='dB'\nor={ reading='level', upper=-13.0, unit='dBm' }\n";

#[test]
fn of_two_bounds_the_more_lenient_holds_and_doubt_never_fails() {
    let at = |hz: f64| At { frequency_hz: Some(hz), ..At::default() };
    let ratio = |v: f64| Reading::new("ratio", v, Unit::Db).at(at(1.0));
    let level = |v: f64, unit| Reading::new("level", v, unit).at(at(1.0));
    for (ratio_db, level_dbm, verdict) in [
        (50.0, 0.0, Verdict::Pass),
        (40.0, -20.0, Verdict::Pass),
        (45.2, 0.0, Verdict::Margin),
        (45.2, -20.0, Verdict::Pass),
        (40.0, -10.0, Verdict::Fail),
        (f64::NAN, -20.0, Verdict::Invalid),
    ] {
        let f = one(vec![ratio(ratio_db), level(level_dbm, Unit::Dbm)], vec![], EITHER);
        assert_eq!(f.verdict, verdict, "{ratio_db} {level_dbm}: {}", f.reason);
        assert!(f.alarm.is_none());
    }
    // Without calibration, or with a level of another place, the ratio alone settles nothing.
    let elsewhere = Reading::new("level", -20.0, Unit::Dbm).at(at(2.0));
    for other in [level(-20.0, Unit::Dbfs), elsewhere] {
        let f = one(vec![ratio(40.0), other], vec![], EITHER);
        assert_eq!((f.verdict, f.severity), (Verdict::NotEvaluated, Severity::Cleared));
        assert!(f.reason.contains("40.0 dB is outside") && f.reason.contains("could not be judged"), "{}", f.reason);
    }
}

#[test]
fn a_line_is_held_against_readings_where_they_stand() {
    let body = "reading='x'\nunit='dBc'\nper_line=true\naxis='offset'\n[[limit.segment]]\nfrom_hz=1e3\nto_hz=3e3\n\
                bandwidth_hz=1e2\nstart_db=-40.0\nstop_db=-60.0\n";
    let x = |offset: f64, v: f64| Reading::new("x", v, Unit::Dbc).at(At { offset_hz: Some(offset), ..At::default() });
    // -50 dBc is the limit 2 kHz away on either side; beyond 3 kHz the line says nothing.
    for (offset, value, verdict) in
        [(2e3, -50.1, Verdict::Pass), (-2e3, -49.9, Verdict::Fail), (-2e3, -50.1, Verdict::Pass)]
    {
        let f = one(vec![x(offset, value), x(9e3, 0.0)], vec![], body);
        assert_eq!(f.verdict, verdict, "{offset} {value}");
        assert!((f.limit.unwrap().upper.unwrap() + 50.0).abs() < 1e-9);
    }
    assert_eq!(one(vec![x(9e3, 0.0)], vec![], body).verdict, Verdict::NotEvaluated);
}

#[test]
fn disabled_limits_answer_only_when_asked_for_by_name() {
    let set = LimitSet::built_in("dc-48v").unwrap();
    let measured = Measured { measurement: "ripple", ..measured(vec![], vec![]) };
    assert!(judge(&measured, std::slice::from_ref(&set)).iter().all(|f| f.id != "ripple/wideband-150k"));
    let findings = judge(&measured, &[set.only("wideband-150k").unwrap()]);
    assert_eq!((findings.len(), findings[0].verdict), (1, Verdict::NotEvaluated));
    assert!(findings[0].reason.contains("uncertain"), "{}", findings[0].reason);
}

#[test]
fn an_accuracy_that_nobody_stated_judges_no_frequency() {
    let body = "reading='x'\nlower=-0.05\nupper=0.05\nunit='ppm'\nneeds_reference=true\n";
    let f = one(vec![Reading::new("x", 0.0, Unit::Ppm)], vec![], body);
    assert_eq!(f.verdict, Verdict::NotEvaluated);
    assert!(f.reason.contains("--reference-ppm"));
}
