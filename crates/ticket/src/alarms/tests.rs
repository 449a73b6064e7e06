//! Field by field against `AlarmRecord` of TS 28.111: names, words of its enumerations, and when an alarm is cleared.

use serde_json::{Value, json};

use super::*;
use crate::fixture::case;

const FIELDS: [&str; 14] = [
    "objectInstance",
    "alarmRaisedTime",
    "alarmChangedTime",
    "alarmClearedTime",
    "alarmType",
    "probableCause",
    "specificProblem",
    "perceivedSeverity",
    "trendIndication",
    "thresholdInfo",
    "proposedRepairActions",
    "additionalText",
    "ackState",
    "ackUserId",
];
const TYPES: [&str; 11] = [
    "COMMUNICATIONS_ALARM",
    "QUALITY_OF_SERVICE_ALARM",
    "PROCESSING_ERROR_ALARM",
    "EQUIPMENT_ALARM",
    "ENVIRONMENTAL_ALARM",
    "INTEGRITY_VIOLATION",
    "OPERATIONAL_VIOLATION",
    "PHYSICAL_VIOLATION",
    "SECURITY_SERVICE_OR_MECHANISM_VIOLATION",
    "TIME_DOMAIN_VIOLATION",
    "OTHER",
];
const SEVERITIES: [&str; 6] = ["INDETERMINATE", "CRITICAL", "MAJOR", "MINOR", "WARNING", "CLEARED"];

fn of(change: impl FnOnce(&mut Value)) -> Value {
    records(&case(change), Lang::En)
}

const SUPPLY: &str = "FS-2026-0001/dc-48v/vpp/supply";
const SPUR: &str = "FS-2026-0001/tx-generic/spur/transmit";

#[test]
fn every_field_and_word_is_one_of_the_record() {
    let all = of(|_| {});
    assert_eq!(all.as_object().unwrap().len(), 2, "what only passed is no alarm");
    for record in all.as_object().unwrap().values() {
        for name in record.as_object().unwrap().keys() {
            assert!(FIELDS.contains(&name.as_str()), "{name}");
        }
        assert!(TYPES.contains(&record["alarmType"].as_str().unwrap()));
        assert!(SEVERITIES.contains(&record["perceivedSeverity"].as_str().unwrap()));
    }
}

#[test]
fn a_repaired_supply_is_cleared_by_its_measurement_and_keeps_its_story() {
    let record = of(|_| {})[SUPPLY].clone();
    for (field, value) in [
        ("alarmRaisedTime", "2026-11-22T11:00:00Z"),
        ("alarmChangedTime", "2026-11-22T12:00:00Z"),
        ("alarmClearedTime", "2026-11-22T15:00:00Z"),
        ("perceivedSeverity", "CLEARED"),
        ("probableCause", "POWER_SUPPLY_FAILURE"),
        // 600 mV after 500 mV.
        ("trendIndication", "MORE_SEVERE"),
        ("objectInstance", "SubNetwork=Hill 17\\, east,ManagedElement=H17-3"),
        ("proposedRepairActions", "measure its ESR; bulk capacitor"),
        ("ackState", "ACKNOWLEDGED"),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    let threshold = &record["thresholdInfo"];
    assert_eq!(
        (&threshold["observedMeasurement"], &threshold["observedValue"]),
        (&json!("ripple.vpp [V]"), &json!(0.6))
    );
    let up = &threshold["thresholdLevel"]["up"];
    assert!(up["high"] == 0.2 && (up["low"].as_f64().unwrap() - 0.18).abs() < 1e-12);
}

#[test]
fn an_alarm_stands_until_its_own_subject_passes() {
    let spur = of(|_| {})[SPUR].clone();
    assert!(spur.get("alarmClearedTime").is_none() && spur["perceivedSeverity"] == "CRITICAL");
    assert_eq!(spur["specificProblem"], "spur at 940.0991 MHz");
    // Another supply that passes proves nothing about this one.
    let other = of(|c| c["findings"][3]["role"] = json!("backup supply after"));
    assert_eq!(other[SUPPLY]["perceivedSeverity"], "MAJOR");
    for doubt in ["invalid", "not_evaluated", "fail"] {
        let standing = of(|c| c["findings"][3]["verdict"] = json!(doubt));
        assert_eq!(standing[SUPPLY].get("alarmClearedTime"), None, "{doubt}");
    }
    let margin = of(|c| c["findings"][3]["verdict"] = json!("margin"));
    assert_eq!(margin[SUPPLY]["perceivedSeverity"], "CLEARED");
}

#[test]
fn a_limit_without_an_alarm_of_its_own_is_a_crossed_threshold() {
    let all = of(|c| c["findings"][2]["alarm"] = Value::Null);
    assert_eq!(all[SPUR]["alarmType"], "QUALITY_OF_SERVICE_ALARM");
    assert_eq!(all[SPUR]["probableCause"], "THRESHOLD_CROSSED");
}

#[test]
fn a_broken_lower_bound_is_a_threshold_downwards() {
    let all = of(|c| {
        let f = &mut c["findings"][2];
        f["limit"]["upper"] = json!(45.0);
        f["limit"]["lower"] = json!(41.0);
        f["limit"]["guard"] = json!(0.5);
        f["value"] = json!(37.5);
    });
    assert_eq!(all[SPUR]["thresholdInfo"]["thresholdLevel"], json!({"down": {"high": 41.5, "low": 41.0}}));
}

#[test]
fn an_open_case_is_not_acknowledged() {
    assert_eq!(of(|c| c["status"] = json!("open"))[SPUR]["ackState"], "UNACKNOWLEDGED");
}
