//! Terminal tables at their true width, without a way to steer the terminal.

use faultscope_diagnose::finding::{AppliedLimit, Severity};
use faultscope_diagnose::measurement::{Behaviour, Carrier, Noise, Origin, Spur};
use faultscope_signal::Unit;
use serde_json::json;

use super::*;

const EN: Style = Style { lang: Lang::En, width: 100, color: false };
const ZH: Style = Style { lang: Lang::ZhCn, width: 100, color: false };

fn spurs_detail(n: u32) -> SpursDetail {
    let spur = |i: u32| Spur {
        frequency_hz: 940e6 + 12_345.0 * f64::from(i + 1),
        offset_hz: 12_345.0 * f64::from(i + 1),
        level_db: -50.0 - f64::from(i),
        level_dbc: Some(-40.0 - f64::from(i)),
        snr_db: 30.0,
        false_alarm_probability: 1e-9,
        origin: Origin::Harmonic,
        order: Some(i + 2),
        of: vec![],
        persistent: Some(true),
        behaviour: Some(Behaviour::Steady),
        drift_hz_per_s: None,
    };
    SpursDetail {
        carrier: Some(Carrier { frequency_hz: 940e6, offset_hz: 0.0, level_db: -10.0, snr_db: 80.0 }),
        noise: Noise { density_db_per_hz: -130.0, floor: vec![] },
        spurs: (0..n).map(spur).collect(),
        level_unit: Unit::Dbfs,
        rbw_hz: 1000.0,
    }
}

/// Columns a line takes on a terminal: Chinese characters and full-width signs take two.
fn columns(line: &str) -> usize {
    line.chars().map(|c| if ('\u{2E80}'..='\u{FFEF}').contains(&c) { 2 } else { 1 }).sum()
}

#[test]
fn every_line_fits_the_width_in_both_languages() {
    for style in [EN, ZH, Style { width: 60, ..EN }, Style { width: 60, ..ZH }] {
        let text = spurs(&spurs_detail(8), 20, style);
        for line in text.lines() {
            assert!(columns(line) <= usize::from(style.width), "{} > {}:\n{text}", columns(line), style.width);
        }
    }
}

#[test]
fn numbers_stand_to_the_right_also_under_chinese_headers() {
    for style in [EN, ZH] {
        let text = spurs(&spurs_detail(3), 20, style);
        let line =
            |needle: &str| text.lines().find(|l| l.contains(needle)).unwrap_or_else(|| panic!("{needle}\n{text}"));
        let end = |l: &str, needle: &str| columns(&l[..l.find(needle).unwrap() + needle.len()]);
        assert_eq!(end(line("(dBc)"), "(dBc)"), end(line("-41.0"), "-41.0"));
    }
}

#[test]
fn what_is_left_out_is_said() {
    assert!(spurs(&spurs_detail(8), 3, EN).contains("and 5 more"));
    assert!(spurs(&SpursDetail { carrier: None, ..spurs_detail(0) }, 3, EN).contains("no spurs"));
}

fn finding(verdict: Verdict) -> Finding {
    Finding {
        id: "f".into(),
        measurement: "ripple".into(),
        reading: "vpp".into(),
        value: Some(1.52),
        unit: Unit::Volt,
        uncertainty: None,
        limit: Some(AppliedLimit {
            id: "l".into(),
            pack: "p".into(),
            pack_version: "1".into(),
            clause: "evil\u{1b}[2J\u{2063}clause".into(),
            upper: Some(0.2),
            lower: None,
            guard: 0.0,
            confidence: "R".into(),
        }),
        margin: Some(-1.32),
        verdict,
        severity: Severity::Major,
        at: None,
        reason: String::new(),
        summary: String::new(),
        causes: vec![],
        alarm: None,
    }
}

#[test]
fn colour_only_on_request_and_never_from_the_data() {
    let plain = findings(&[finding(Verdict::Fail)], EN);
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{2063}'), "{plain}");
    assert!(plain.contains("1.52 V") && plain.contains("<= 200 mV") && plain.contains("-1.32 V"));
    let colour = findings(&[finding(Verdict::Fail), finding(Verdict::Pass)], Style { color: true, ..EN });
    assert_eq!(colour.matches("\u{1b}[1;31mfail\u{1b}[0m").count(), 1, "{colour:?}");
    assert!(!colour.contains("[2J\u{1b}") && !colour.contains("\u{1b}[2J"));
    let stripped = colour.replace("\u{1b}[1;31m", "").replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
    assert_eq!(stripped, findings(&[finding(Verdict::Fail), finding(Verdict::Pass)], EN));
}

#[test]
fn cases_are_shown_whatever_is_missing() {
    let case = json!({"id": "FS-2026-0001", "title": "cell 3 down", "priority": "P1", "status": "in_progress",
        "clocks": [{"name": "fix", "due": "2026-11-22T20:00:00Z", "met_at": null, "state": "late"}],
        "timeline": [{"at": "2026-11-22T16:00:00Z", "actor": "li", "kind": "note", "text": "on site"}]});
    let list = case_list(&json!([case, {}]), EN);
    assert!(
        list.contains("FS-2026-0001") && list.contains("in progress") && list.contains("fix 2026-11-22T20:00:00Z"),
        "{list}"
    );
    let show = case_show(&case, ZH);
    assert!(show.contains("cell 3 down") && show.contains("on site") && show.contains("处理中"), "{show}");
    assert!(case_list(&json!([]), EN).contains("no cases"));
    assert!(!case_show(&serde_json::Value::Null, EN).contains("null"));
}

#[test]
fn clocks_tell_calendar_pause_and_who_was_told_in_both_languages() {
    let case = json!({"id": "FS-2026-0001", "title": "hum", "priority": "P3", "sla": {"profile": "acme"},
        "clocks": [
            {"name": "respond", "due": "2026-11-26T16:00:00Z", "due_local": "2026-11-26T17:00:00+01:00", "calendar": "office",
             "met_at": null, "state": "late", "remaining_s": -5400, "escalated": "manager"},
            {"name": "fix", "due": "2026-11-30T15:00:00Z", "met_at": null, "state": "running", "remaining_s": 10800,
             "paused_s": 3660, "paused": {"reason": "no_access", "since": "2026-11-26T15:00:00Z"}}],
        "pauses": [{"id": "x", "actor": "li", "reason": "no_access", "note": "key", "since": "2026-11-26T15:00:00Z",
                    "until": null, "clocks": ["fix", "arrive"], "round": 1}],
        "time_hints": [{"kind": "on_site", "at": "2026-11-26T14:00:00Z", "source": "rail.csv", "event": 3,
                        "stated": "2026-11-26T14:30:00Z", "conflict": true}],
        "timeline": [{"at": "2026-11-26T15:00:00Z", "actor": "li", "kind": "paused", "text": "no_access: key"}],
        "next_clock": {"name": "fix", "due": "x", "state": "running", "remaining_s": 10800, "met_at": null,
                       "paused": {"reason": "no_access", "since": "2026-11-26T15:00:00Z"}}});
    let wide = |style: Style| Style { width: 240, ..style };
    let (en, zh) = (case_show(&case, wide(EN)), case_show(&case, wide(ZH)));
    for needed in [
        "2026-11-26T17:00:00+01:00 (office)",
        "late, by 1 h 30 min, reported to: manager",
        "paused since 2026-11-26T15:00:00Z (no access), 3 h left, moved 1 h 1 min by pauses",
        "fix, arrive on site",
        "no access: key",
        "conflict",
        "arrival stated: 2026-11-26T14:30:00Z",
        "acme",
    ] {
        assert!(en.contains(needed), "{needed}: {en}");
    }
    for needed in ["超时，已超 1 小时 30 分钟，已上报：部门经理", "（无法进入现场），剩余 3 小时", "矛盾", "暂停记录"]
    {
        assert!(zh.contains(needed), "{needed}: {zh}");
    }
    // A list shows no time for what stands still.
    let list = case_list(&json!([case]), wide(EN));
    assert!(list.contains("fix paused since 2026-11-26T15:00:00Z (no access), 3 h left"), "{list}");
    let over = json!([{"id": "FS-2026-0001", "clocks": [case["clocks"][0]], "untold": [{"clock": "respond", "level": "maker"}]}]);
    let over = overdue(&over, wide(EN));
    assert!(over.contains("late, by 1 h 30 min") && over.contains("maker"), "{over}");
    assert!(overdue(&json!([]), EN).contains("no clock has run out"));
}

#[test]
#[ignore = "writes tables to look at into the folder named by FAULTSCOPE_PICTURES"]
fn tables_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var("FAULTSCOPE_PICTURES").unwrap());
    let case = json!({"id": "FS-2026-0001", "title": "cell 3 down", "priority": "P1", "status": "in_progress", "site": "山顶 17",
        "clocks": [{"name": "fix", "due": "2026-11-22T20:00:00Z", "met_at": null, "state": "late"}],
        "timeline": [{"at": "2026-11-22T16:00:00Z", "actor": "li", "kind": "noted", "text": "on site"}]});
    for style in [EN, ZH] {
        let mut text = spurs(&spurs_detail(6), 4, style);
        text += &findings(&[finding(Verdict::Fail), finding(Verdict::NotEvaluated)], style);
        text += &case_list(&json!([case]), style);
        text += &case_show(&case, style);
        text += &info(
            &[("rate".into(), "2.4 MS/s".into(), "header fmt".into())],
            &[Gate::new("clipping", faultscope_diagnose::GateState::Warn, "x")],
            style,
        );
        std::fs::write(folder.join(format!("tables-{}.txt", style.lang)), text).unwrap();
    }
}
