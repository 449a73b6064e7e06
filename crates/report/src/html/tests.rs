//! The report holds what it must, escapes everything, and is the same every time.

use faultscope_diagnose::finding::{Alarm, AppliedLimit, Severity};
use faultscope_diagnose::{At, Cause, Finding, Gate, GateState, Reading, Verdict};
use faultscope_signal::Unit;
use serde_json::json;

use crate::ReportError;
use crate::document::{Audience, Document};
use crate::input::{CaptureFacts, Figure, ReportInput, Section};
use crate::picture::{Chart as _, Envelope, Level, Size, WaveformChart};
use crate::redact::{Redaction, Secret};
use crate::words::Lang;

fn render(input: &ReportInput) -> Result<String, ReportError> {
    super::render(&Document::of(input, Audience::Engineer, &Redaction::default()))
}

fn finding(value: f64, verdict: Verdict) -> Finding {
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

fn section(role: &str, value: f64, verdict: Verdict, lang: Lang) -> Section {
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

fn report(lang: Lang) -> ReportInput {
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
        overlays: Vec::new(),
        case: Some(json!({
            "id": "FS-2026-0001", "title": "Cell 3 down after thunderstorm", "priority": "P1", "status": "in_progress",
            "customer": "Northern Rail", "site": "Hill 17", "symptom": "no transmit power",
            "equipment": {"type": "base station", "model": "BTS-900", "serial": "SN 4711", "tag": "H17-3"},
            "assignee": "Li Wei",
            "clocks": [{"name": "respond", "due": "2026-11-22T08:30:00Z", "met_at": "2026-11-22T08:10:00Z", "state": "met"},
                       {"name": "fix", "due": "2026-11-22T12:00:00Z", "met_at": null, "state": "late"}],
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

#[test]
fn the_report_says_everything_it_must() {
    let html = render(&report(Lang::En)).unwrap().replace("&#x2f;", "/");
    for needed in [
        "FS-2026-0001",
        "P1",
        "in progress",
        "base station / BTS-900 / SN 4711 / H17-3",
        "2026-11-22T12:00:00Z",
        "late",
        "Ripple p-p 1.52 V at 100 Hz exceeds 200 mV (screening against YD/T 731-2018 5.9): fail",
        "≤ 200 mV",
        "-1.32 V",
        "screening against YD/T 731-2018 5.9",
        "R: figure read in the source named",
        "Reservoir capacitor",
        "82 %",
        "Would rule it out",
        "Next check",
        "bulk capacitor C1",
        "POWER_SUPPLY_FAILURE",
        "Before and after",
        "-1.479 V",
        "<svg ",
        "SHA-256",
        "call received",
        "rectifier changed",
        "&quot;window&quot;",
        "not a conformance test",
        "39.1 KiB",
    ] {
        assert!(html.contains(needed), "{needed} is missing");
    }
    assert!(html.len() < 400_000, "{}", html.len());
}

#[test]
fn the_chinese_report_has_the_same_figures() {
    let html = render(&report(Lang::ZhCn)).unwrap();
    for needed in
        ["lang=\"zh-CN\"", "故障报告", "不合格", "1.52 V", "200 mV", "-1.32 V", "维修前后对比", "筛查", "时间线"]
    {
        assert!(html.contains(needed), "{needed} is missing");
    }
    assert!(!html.contains(">?<"), "a word is missing");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(render(&report(Lang::En)).unwrap(), render(&report(Lang::En)).unwrap());
}

#[test]
fn a_report_of_nothing_is_not_a_pass() {
    for lang in [Lang::En, Lang::ZhCn] {
        let empty = ReportInput { lang, sections: vec![Section::default()], ..ReportInput::default() };
        let html = render(&empty).unwrap();
        assert!(html.contains("class=\"badge none\"") && !html.contains("class=\"badge pass\""));
        render(&ReportInput { case: Some(serde_json::Value::Null), ..ReportInput::default() }).unwrap();
        render(&ReportInput {
            case: Some(json!({"clocks": 7, "timeline": "x", "equipment": []})),
            ..ReportInput::default()
        })
        .unwrap();
    }
}

#[test]
fn findings_of_the_case_count_even_without_their_capture() {
    let mut input = report(Lang::En);
    let failed = serde_json::to_value(finding(1.52, Verdict::Fail)).unwrap();
    let other = serde_json::to_value(finding(0.7, Verdict::Fail)).unwrap();
    input.case.as_mut().unwrap()["findings"] = json!([failed, other, {"id": "unreadable"}]);
    let html = render(&input).unwrap();
    assert!(html.contains("3 limits judged"), "the one that a section shows is not counted twice");
    input.sections.clear();
    let html = render(&input).unwrap();
    assert!(html.contains("2 limits judged") && html.contains("badge fail") && html.contains("700 mV"));
}

/// Puts a hostile text into every string of a JSON value.
fn poison(value: &mut serde_json::Value, text: &str) {
    match value {
        serde_json::Value::String(s) => *s = text.to_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| poison(v, text)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|v| poison(v, text)),
        _ => {}
    }
}

#[test]
fn hostile_text_anywhere_stays_text() {
    let evil = "</style></pre><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}";
    let mut input = report(Lang::En);
    poison(input.case.as_mut().unwrap(), evil);
    input.tool = evil.into();
    input.generated_at = evil.into();
    for s in &mut input.sections {
        (s.title, s.role, s.error) = (evil.into(), evil.into(), evil.into());
        s.capture = CaptureFacts {
            file: evil.into(),
            sha256: evil.into(),
            format: evil.into(),
            unit: evil.into(),
            start_time: Some(evil.into()),
            ..CaptureFacts::default()
        };
        s.gates = vec![Gate::new(evil, GateState::Fail, evil)];
        s.readings[0].id = evil.into();
        s.settings = json!({ evil: evil });
        s.pictures[0].caption = evil.into();
        let f = &mut s.findings[0];
        (f.id, f.reading, f.measurement, f.reason, f.verdict) =
            (evil.into(), evil.into(), evil.into(), evil.into(), Verdict::Invalid);
        let l = f.limit.as_mut().unwrap();
        (l.clause, l.pack, l.confidence) = (evil.into(), evil.into(), evil.into());
        for c in &mut f.causes {
            *c = Cause {
                rule: evil.into(),
                cause: evil.into(),
                confidence: f64::NAN,
                because: vec![evil.into()],
                rules_out: evil.into(),
                next_check: evil.into(),
                suspect_part: evil.into(),
                ..Cause::default()
            };
        }
    }
    let html = render(&input).unwrap();
    for bad in ["<script", "<img", "49"] {
        let found = html.matches(bad).count();
        // The pictures hold numbers of their own.
        assert!(found == 0 || bad == "49" && html.contains("{{ 7*7 }}"), "{bad} in the report");
    }
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&lt;script&gt;"));
}

#[test]
fn nothing_is_loaded_from_outside() {
    let html = render(&report(Lang::En)).unwrap().replace("http://www.w3.org/2000/svg", "");
    for bad in ["http:", "https:", "src=", "@import", "url(", "<link", "<script"] {
        assert!(!html.contains(bad), "{bad}");
    }
}

#[test]
#[ignore = "writes reports to look at into the folder named by FAULTSCOPE_PICTURES"]
fn reports_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var("FAULTSCOPE_PICTURES").unwrap());
    for lang in [Lang::En, Lang::ZhCn] {
        crate::write_file(&folder.join(format!("report-{lang}.html")), render(&report(lang)).unwrap().as_bytes())
            .unwrap();
    }
}

#[test]
fn the_customers_page_holds_what_the_customer_asks_for_and_nothing_else() {
    for lang in [Lang::En, Lang::ZhCn] {
        let document = Document::of(&report(lang), Audience::Customer, &Redaction::default());
        let html = super::render(&document).unwrap();
        // What failed, what was done, proof, times, parts.
        for needed in ["no transmit power", "rectifier changed", "1.52 V", "41 mV", "2026-11-22 12:00", "R1", "R2"] {
            assert!(html.contains(needed), "{lang}: {needed} is missing");
        }
        for not in ["R01", "flattop", "bulk capacitor", "POWER_SUPPLY_FAILURE", "call received"] {
            assert!(!html.contains(not), "{lang}: {not} is not for the customer");
        }
    }
    let html = super::render(&Document::of(&report(Lang::En), Audience::Customer, &Redaction::default())).unwrap();
    let badge = html.split("class=\"overall\"").nth(1).unwrap();
    assert!(badge.trim_start().starts_with("><span class=\"badge pass\""), "the verdict is that after the repair");
}

#[test]
fn without_a_measurement_after_the_repair_the_customers_page_proves_nothing() {
    let mut input = report(Lang::En);
    input.sections.truncate(1);
    let html = super::render(&Document::of(&input, Audience::Customer, &Redaction::default())).unwrap();
    assert!(html.contains("Nothing was measured both before and after") && !html.contains("badge pass"));
}

#[test]
fn what_is_redacted_is_nowhere_in_the_bytes() {
    let mut input = report(Lang::En);
    let secrets = ["Northern Rail", "Hill 17", "SN 4711", "H17-3", "Li Wei", "desk", "R1", "R2"];
    let case = input.case.as_mut().unwrap();
    case["title"] = json!("Northern Rail: cell 3 at HILL-17 down");
    case["timeline"][0]["text"] = json!("call from Northern Rail about sn4711, Li Wei takes over");
    for section in &mut input.sections {
        section.capture.file = "northern_rail-SN4711.wav".into();
        section.title = "supply of Hill 17".into();
        section.role = section.role.replace("supply", "hill 17 supply");
        section.pictures[0].caption = "Li Wei's capture at Hill 17".into();
        section.gates[0].detail = "recorded by LI WEI".into();
        section.settings = json!({"file": "/home/li-wei/northern rail/H17-3.wav"});
        let mut chart = WaveformChart::new(Lang::En, "SN 4711 at Hill 17", Unit::Volt, Envelope::of(&[1.0, 2.0], 1e3));
        chart.levels.push(Level { value: 1.5, label: "limit of Northern Rail".into(), failed: false });
        section.pictures[0].drawing = chart.draw(Size::default());
    }
    let wanted = [Secret::Names, Secret::Serials, Secret::Site];
    let redaction = Redaction::of(input.case.as_ref().unwrap(), &wanted, &[], &[], Lang::En);
    for audience in [Audience::Engineer, Audience::Customer] {
        let bytes = super::render(&Document::of(&input, audience, &redaction)).unwrap();
        let folded: String = bytes.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        for secret in secrets {
            let plain = bytes.to_lowercase();
            // Two letters stand in digests and numbers as well: as a word they do not.
            let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).collect();
            let wanted = secret.to_lowercase();
            let found = if wanted.len() < 4 { words.contains(&wanted.as_str()) } else { plain.contains(&wanted) };
            assert!(!found, "{secret} is still there for {audience:?}");
            let joined: String = wanted.chars().filter(|c| c.is_alphanumeric()).collect();
            assert!(joined.len() < 5 || !folded.contains(&joined), "{secret} is still there without its spaces");
        }
        assert!(bytes.contains("[customer]") && bytes.contains("[site]") && bytes.contains("[serial 1]"));
    }
}
