//! A case for tests: a supply that failed, was measured once more, mended and measured again, and a spur that nobody looked at since.

use faultscope_case::Case;
use serde_json::{Value, json};

fn finding(event: u64, role: &str, pack: &str, limit: &str, value: f64, upper: f64, verdict: &str) -> Value {
    let spur = limit == "spur";
    json!({
        "event": event, "role": role, "capture": null,
        "id": format!("{limit}/{event}"), "measurement": if spur { "spurs" } else { "ripple" },
        "reading": if spur { "spur_level" } else { limit }, "value": value, "unit": if spur { "dBc" } else { "V" },
        "uncertainty": null, "margin": upper - value, "verdict": verdict, "severity": if spur { "critical" } else { "major" },
        "limit": {"id": limit, "pack": pack, "pack_version": "1", "clause": "clause 5", "upper": upper, "guard": 0.02, "confidence": "R"},
        "at": if spur { json!({"frequency_hz": 940_099_100.0}) } else { Value::Null },
        "reason": "", "summary": "",
        "causes": [{"rule": "R01", "cause": "capacitor", "confidence": 0.8, "because": [], "rules_out": "",
                    "next_check": "measure its ESR", "suspect_part": "bulk capacitor"}],
        "alarm": if verdict == "fail" {
            json!({"probable_cause": if spur { "TRANSMITTER_FAILURE" } else { "POWER_SUPPLY_FAILURE" }, "type": "EQUIPMENT_ALARM",
                   "severity": if spur { "CRITICAL" } else { "MAJOR" }})
        } else { Value::Null },
    })
}

fn entry(event: u64, kind: &str, text: &str) -> Value {
    json!({"event": event, "id": format!("e{event}"), "at": format!("2026-11-22T{:02}:00:00Z", 8 + event), "actor": "Li Wei",
           "kind": kind, "text": text})
}

pub(crate) fn value() -> Value {
    json!({
        "id": "FS-2026-0001", "uuid": "0199-uuid", "title": "Cell 3 down", "customer": "Northern Rail", "site": "Hill 17, east",
        "equipment": {"type": "base station", "model": "BTS-900", "serial": "SN 4711", "tag": "H17-3"},
        "symptom": "no transmit power", "contact": "Anna", "priority": "P2", "status": "cleared", "assignee": "Li Wei",
        "escalation": null, "opened_at": "2026-11-22T09:00:00Z", "updated_at": "2026-11-22T17:00:00Z", "version": 8, "head": "",
        "clocks": [{"name": "fix", "due": "2026-11-22T13:00:00Z", "met_at": "2026-11-22T17:00:00Z", "state": "late", "round": 1}],
        "findings": [
            finding(3, "supply before", "dc-48v", "vpp", 0.5, 0.2, "fail"),
            finding(4, "supply before", "dc-48v", "vpp", 0.6, 0.2, "fail"),
            finding(5, "transmit", "tx-generic", "spur", -48.2, -60.0, "fail"),
            finding(7, "supply after", "dc-48v", "vpp", 0.04, 0.2, "pass"),
        ],
        "evidence": [], "actions": [], "checklists": [],
        "timeline": [
            entry(1, "opened", "Cell 3 down"), entry(2, "status_changed", "in_progress: on site"), entry(3, "attached", "a.wav"),
            entry(4, "attached", "b.wav"), entry(5, "attached", "c.wav"), entry(6, "noted", "customer asks for the old part"),
            entry(7, "attached", "d.wav"), entry(8, "status_changed", "cleared: capacitor changed"),
        ],
        "root_cause": null, "closure": null,
    })
}

/// With `change` made to its JSON.
pub(crate) fn case(change: impl FnOnce(&mut Value)) -> Case {
    let mut value = value();
    change(&mut value);
    serde_json::from_value(value).unwrap()
}
