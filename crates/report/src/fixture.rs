//! A report for tests: a supply that failed, was mended and measured again.

use std::collections::BTreeMap;

use faultscope_diagnose::finding::{Alarm, AppliedLimit, Severity};
use faultscope_diagnose::{At, Cause, Finding, Gate, GateState, Reading, Verdict};
use faultscope_signal::Unit;
use serde_json::json;

use crate::input::{CaptureFacts, EarlyWarning, Figure, ReportInput, Section};
use crate::picture::{Chart as _, Envelope, Level, Size, WaveformChart};
use crate::words::Lang;

pub(crate) fn finding(value: f64, verdict: Verdict) -> Finding {
    Finding {
        id: "ripple/vpp/ydt731".into(),
        measurement: "ripple".into(),
        reading: "vpp".into(),
        value: Some(value),
        unit: Unit::Volt,
        uncertainty: Some(0.01),
        limit: Some(AppliedLimit {
            id: "vpp".into(),
            pack: "dc-48v".into(),
            pack_version: "1".into(),
            clause: "YD/T 731-2018 5.9".into(),
            upper: Some(0.2),
            lower: None,
            guard: 0.01,
            confidence: "R".into(),
        }),
        margin: Some(0.2 - value),
        verdict,
        severity: Severity::Major,
        at: Some(At { frequency_hz: Some(100.0), ..At::default() }),
        reason: String::new(),
        summary: String::new(),
        causes: Vec::new(),
        alarm: None,
    }
}

pub(crate) fn section(role: &str, value: f64, verdict: Verdict, lang: Lang) -> Section {
    let samples: Vec<f64> = (0..20_000).map(|i| 12.0 + value / 2.0 * (f64::from(i) * 0.01).sin()).collect();
    let mut chart = WaveformChart::new(lang, role, Unit::Volt, Envelope::of(&samples, 1e5));
    chart.levels.push(Level { value: 12.1, label: "12 V +0.1 V".into(), failed: value > 0.2 });
    Section {
        link: None,
        title: "supply ripple".into(),
        role: role.into(),
        capture: CaptureFacts {
            file: format!("{role}.wav"),
            sha256: "ab".repeat(32),
            format: "wav/pcm16".into(),
            sample_rate_hz: Some(1e5),
            samples: Some(20_000),
            duration_s: Some(0.2),
            unit: "V".into(),
            ..CaptureFacts::default()
        },
        gates: vec![Gate::new("clipping", GateState::Ok, "0 of 20000 samples at full scale")],
        readings: vec![
            Reading::new("vpp", value, Unit::Volt).uncertain(0.01),
            Reading::new("rms_ac", value / 2.8, Unit::Volt),
        ],
        findings: vec![finding(value, verdict)],
        detail: None,
        pictures: vec![Figure { caption: format!("{role}: voltage"), drawing: chart.draw(Size::default()) }],
        settings: json!({"fft": 65536, "window": "flattop", "limit_packs": ["dc-48v 1"]}),
        error: String::new(),
    }
}

pub(crate) fn report(lang: Lang) -> ReportInput {
    let mut before = section("supply before", 1.52, Verdict::Fail, lang);
    before.findings[0].causes.push(Cause {
        rule: "R01".into(),
        cause: "Reservoir capacitor of the rectifier has lost capacitance".into(),
        confidence: 0.82,
        because: vec!["ripple/vpp/ydt731".into()],
        rules_out: "ripple at the switching frequency instead of twice the mains".into(),
        next_check: "measure the capacitor's ESR, or put a known good one in parallel".into(),
        suspect_part: "bulk capacitor C1".into(),
        ..Cause::default()
    });
    before.findings[0].alarm = Some(Alarm {
        probable_cause: "POWER_SUPPLY_FAILURE".into(),
        kind: "EQUIPMENT_ALARM".into(),
        severity: "MAJOR".into(),
    });
    ReportInput {
        lang,
        causes: Vec::new(),
        warnings: vec![EarlyWarning {
            of: ["SN 4711", "RACK-9", "supply"].map(String::from).into(),
            reading: "vpp".into(),
            unit: Unit::Volt,
            first: ("2026-01-05T08:00:00Z".into(), 0.032),
            last: ("2026-08-05T08:00:00Z".into(), 0.041),
            count: 8,
            slope_per_day: Some(4.2e-5),
            outlook: "drifts towards 200 mV: 2027-06-01".into(),
        }],
        overlays: vec![(0, overlay(lang))],
        case: Some(json!({
            "id": "FS-2026-0001", "title": "Cell 3 down after thunderstorm", "priority": "P1", "status": "in_progress",
            "customer": "Northern Rail", "site": "Hill 17", "symptom": "no transmit power",
            "equipment": {"type": "base station", "model": "BTS-900", "serial": "SN 4711", "tag": "H17-3"},
            "assignee": "Li Wei",
            "clocks": [{"name": "respond", "due": "2026-11-22T08:30:00Z", "met_at": "2026-11-22T08:10:00Z", "state": "met"},
                       {"name": "fix", "due": "2026-11-22T12:00:00Z", "met_at": null, "state": "late", "remaining_s": -2096,
                        "paused_s": 7200, "escalated": "specialist"}],
            "pauses": [{"id": "x", "actor": "Li Wei", "reason": "waiting_for_parts", "note": "rectifier", "round": 1,
                        "since": "2026-11-22T08:20:00Z", "until": "2026-11-22T10:20:00Z", "clocks": ["fix"]}],
            "evidence": [{"name": "supply-before.wav", "role": "supply before", "size": 40044, "media_type": "audio/wav", "sha256": "ab".repeat(32)}],
            "actions": [{"at": "2026-11-22T10:00:00Z", "actor": "Li Wei", "action": "part_replaced", "text": "rectifier changed", "part": {"name": "rectifier", "old_serial": "R1", "new_serial": "R2"}}],
            "timeline": [{"at": "2026-11-22T08:00:00Z", "actor": "desk", "kind": "opened", "text": "call received"}],
            "root_cause": null, "closure": null
        })),
        sections: vec![before, section("supply after", 0.041, Verdict::Pass, lang)],
        tool: "faultscope 0.1.0".into(),
        generated_at: "2026-11-22T12:34:56Z".into(),
    }
}

fn overlay(lang: Lang) -> Figure {
    let chart = WaveformChart::new(lang, "supply", Unit::Volt, Envelope::of(&[11.5, 12.5, 11.5], 1e3));
    Figure { caption: "supply".into(), drawing: chart.draw(Size { width: 860, height: 420 }) }
}

/// Every number with its unit, and how often it stands in a text; the unit follows after one space, on the same line.
pub(crate) fn figures(text: &str) -> BTreeMap<String, usize> {
    const UNITS: [&str; 11] = ["V", "mV", "uV", "dB", "dBc", "dBm", "Hz", "kHz", "MHz", "s", "%"];
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        for (number, unit) in words.iter().zip(words.iter().skip(1)) {
            let number = number.trim_start_matches(|c: char| !(c.is_ascii_digit() || c == '-'));
            let unit = unit.split(|c: char| !(c.is_ascii_alphabetic() || c == '%')).next().unwrap_or_default();
            if number.parse::<f64>().is_ok() && UNITS.contains(&unit) {
                *found.entry(format!("{number} {unit}")).or_insert(0) += 1;
            }
        }
    }
    found
}
