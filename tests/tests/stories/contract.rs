//! Field names, units and verdicts of the published contract, in real outputs.

use faultscope_tests::{faultscope, sample};
use serde_json::Value;

fn has(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value.get(field).is_some(), "{field} is missing in {value:#}");
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Field names of measured figures end in their unit, at any depth.
fn every_number_has_its_unit(value: &Value, path: &str) {
    const UNITS: [&str; 14] = [
        "_hz",
        "_s",
        "_v",
        "_db",
        "_dbc",
        "_dbfs",
        "_dbm",
        "_ppm",
        "_percent",
        "_db_per_hz",
        "_db_per_decade",
        "_v_per_s",
        "_probability",
        "per_second",
    ];
    // Counts, ratios and the value of a reading, whose unit is a field of its own.
    const PURE: [&str; 19] = [
        "samples",
        "order",
        "count",
        "kurtosis",
        "energy_balance",
        "value",
        "uncertainty",
        "confidence",
        "margin",
        "upper",
        "lower",
        "guard",
        "harmonics",
        "false_alarm",
        "fft",
        "overlap",
        "segments",
        "min",
        "max",
    ];
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let known = UNITS.iter().any(|u| name.ends_with(u)) || PURE.contains(&name.as_str());
                assert!(!inner.is_number() || known, "{path}.{name} has no unit");
                every_number_has_its_unit(inner, &format!("{path}.{name}"));
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| every_number_has_its_unit(inner, path)),
        _ => {}
    }
}

#[test]
fn the_envelope_has_its_fields() {
    for words in [
        vec!["info", "supply-before"],
        vec!["spectrum", "supply-before"],
        vec!["ripple", "supply-before", "--limits", "dc-48v"],
        vec!["spurs", "tx-before", "--limits", "tx-generic"],
    ] {
        let file = sample(&format!("{}.sigmf-meta", words[1]));
        let document = faultscope(&[&[words[0], &file], &words[2..], &["--json"]].concat()).json();
        has(&document, &["schema", "command", "tool", "verdict", "captures"]);
        assert_eq!(document["schema"], "faultscope/1");
        assert_eq!(document["tool"]["name"], "faultscope");
        let capture = &document["captures"][0];
        has(
            capture,
            &[
                "file",
                "sha256",
                "format",
                "sample_rate_hz",
                "center_hz",
                "samples",
                "duration_s",
                "unit",
                "quality",
                "settings",
                "readings",
                "findings",
                "error",
            ],
        );
        let seconds = number(&capture["samples"]) / number(&capture["sample_rate_hz"]);
        assert!((number(&capture["duration_s"]) - seconds).abs() < 1e-12);
        assert!(capture["sha256"].as_str().is_some_and(|s| s.len() == 64));
        every_number_has_its_unit(&document, "");
    }
}

#[test]
fn a_sine_of_known_peak_has_that_amplitude() {
    // 0.25 V peak at 1200 Hz (switching) and at 100 Hz (second harmonic of 50 Hz mains) on 12 V; a sine's rms is its
    // peak over the root of two, its peak to peak twice the peak.
    let dir = tempfile::tempdir().unwrap();
    let rail = super::make::rail(96_000, 12.0, 100.0, 0.25);
    let file = dir.path().join("rail.csv");
    std::fs::write(&file, super::make::csv(&rail)).unwrap();
    let document = faultscope(&["ripple", &file.display().to_string(), "--json"]).json();
    let ripple = &document["captures"][0]["ripple"];
    let near = |field: &str, expected: f64| {
        let value = number(ripple.pointer(field).unwrap());
        assert!((value - expected).abs() < 1e-4, "{field} is {value}, not {expected}");
    };
    near("/dc_v", 12.0);
    near("/vpp_v", 0.5);
    near("/min_v", 11.75);
    near("/max_v", 12.25);
    near("/rms_ac_v", 0.25 / 2_f64.sqrt());
    near("/mains/fundamental_hz", 50.0);
    near("/mains/lines/0/amplitude_v", 0.25);
    near("/mains/lines/0/rms_v", 0.25 / 2_f64.sqrt());
    near("/mains/lines/0/frequency_hz", 100.0);
    assert_eq!(ripple["mains"]["lines"][0]["order"], 2);
    assert_eq!(document["captures"][0]["unit"], "v");
}

#[test]
fn a_complex_tone_of_amplitude_one_is_full_scale() {
    // 0 dBFS is a complex tone of amplitude 1; half of it is 20 log 0.5 = -6.0206 dBFS, the second tone 30 dB below.
    let dir = tempfile::tempdir().unwrap();
    let iq = super::make::tones(48_000, 5123.4, 0.5, -9000.0);
    let file = super::make::sigmf(dir.path(), "tone", "cf32_le", &super::make::cf32(&iq));
    let capture = faultscope(&["spurs", &file, "--json"]).json()["captures"][0].clone();
    assert_eq!(capture["unit"], "dbfs");
    let carrier = &capture["carrier"];
    assert!((number(&carrier["level_db"]) - 20.0 * 0.5_f64.log10()).abs() < 0.01, "{carrier}");
    assert!((number(&carrier["offset_hz"]) - 5123.4).abs() < 0.01, "{carrier}");
    assert!((number(&carrier["frequency_hz"]) - 100_005_123.4).abs() < 0.01, "{carrier}");
    let spur = &capture["spurs"][0];
    assert!((number(&spur["level_dbc"]) + 30.0).abs() < 0.01, "{spur}");
    assert!((number(&spur["level_db"]) - 20.0 * 0.5_f64.log10() + 30.0).abs() < 0.01, "{spur}");
    assert!((number(&spur["offset_hz"]) + 9000.0).abs() < 0.05, "{spur}");
}

#[test]
fn findings_carry_limit_margin_and_alarm() {
    let document = faultscope(&["spurs", &sample("tx-before.sigmf-meta"), "--limits", "tx-generic", "--json"]).json();
    for finding in document["captures"][0]["findings"].as_array().unwrap() {
        has(
            finding,
            &[
                "id",
                "measurement",
                "reading",
                "value",
                "unit",
                "uncertainty",
                "limit",
                "margin",
                "verdict",
                "severity",
                "summary",
                "causes",
                "alarm",
            ],
        );
        has(&finding["limit"], &["pack", "pack_version", "clause", "guard"]);
        if finding["verdict"] == "fail" {
            has(&finding["alarm"], &["probable_cause", "type", "severity"]);
            let beyond = number(&finding["limit"]["upper"]) - number(&finding["value"]);
            assert!((number(&finding["margin"]) - beyond).abs() < 1e-9 && beyond < 0.0, "{finding}");
        }
    }
    let worst = document["captures"][0]["findings"].as_array().unwrap().iter().any(|f| f["verdict"] == "fail");
    assert!(worst && document["verdict"] == "fail");
}

#[test]
fn causes_say_what_to_check_next() {
    let document = faultscope(&["ripple", &sample("supply-before.sigmf-meta"), "--limits", "dc-48v", "--json"]).json();
    let causes: Vec<&Value> = document["captures"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|f| f["causes"].as_array().unwrap())
        .collect();
    assert!(!causes.is_empty(), "a failed limit with a known cause says nothing");
    for cause in causes {
        has(cause, &["cause", "confidence", "because", "rules_out", "next_check", "suspect_part"]);
        assert!((0.0..=1.0).contains(&number(&cause["confidence"])));
    }
}

#[test]
fn nothing_is_judged_without_a_limit() {
    let document = faultscope(&["ripple", &sample("supply-before.sigmf-meta"), "--json"]).json();
    assert!(document["verdict"].is_null(), "silence must not read as a pass");
}
