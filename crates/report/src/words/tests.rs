//! Every key has both languages, placeholders agree, and sentences read as they should.

use std::collections::BTreeSet;

use faultscope_diagnose::finding::{AppliedLimit, Severity};
use faultscope_diagnose::{At, Finding, Verdict};
use faultscope_signal::Unit;

use super::*;

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).map(|r| r.split('}').next().unwrap().to_owned()).collect()
}

#[test]
fn every_key_has_both_languages_and_the_same_placeholders() {
    for (key, en, zh) in table::WORDS {
        assert!(!en.is_empty() && !zh.is_empty(), "{key}");
        assert_eq!(placeholders(en), placeholders(zh), "{key}");
        assert!(en.is_ascii(), "{key}: English is plain text: {en}");
    }
}

#[test]
fn keys_are_sorted_and_unique() {
    for pair in table::WORDS.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} {}", pair[0].0, pair[1].0);
    }
}

/// Keys in the room's own sources: quoted words with one of the table's prefixes and a dot.
#[test]
fn every_key_in_the_sources_is_in_the_table() {
    let prefixes: BTreeSet<&str> = table::WORDS.iter().map(|w| w.0.split('.').next().unwrap()).collect();
    let mut checked = 0;
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for quoted in text.split(['"', '\'']) {
                let Some((prefix, rest)) = quoted.split_once('.') else { continue };
                let key_like = prefixes.contains(prefix)
                    && !rest.is_empty()
                    && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
                let file_like = ["html", "rs", "css"].iter().any(|e| rest.ends_with(e));
                if key_like && !file_like {
                    checked += 1;
                    assert!(find(Lang::En, quoted).is_some(), "{quoted} in {}", path.display());
                }
            }
        }
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn languages_are_parsed_from_tags_and_locales() {
    for (text, lang) in [
        ("en", Lang::En),
        ("zh-CN", Lang::ZhCn),
        ("zh_CN.UTF-8", Lang::ZhCn),
        ("en_GB.UTF-8", Lang::En),
        ("C.UTF-8", Lang::En),
        ("ZH", Lang::ZhCn),
    ] {
        assert_eq!(text.parse::<Lang>().unwrap(), lang, "{text}");
    }
    assert!("de".parse::<Lang>().is_err());
    assert!("".parse::<Lang>().is_err());
}

fn finding(value: Option<f64>, upper: Option<f64>, lower: Option<f64>, verdict: Verdict) -> Finding {
    Finding {
        id: "ripple/vpp".into(),
        measurement: "ripple".into(),
        reading: "vpp".into(),
        value,
        unit: Unit::Volt,
        uncertainty: None,
        limit: Some(AppliedLimit {
            id: "vpp".into(),
            pack: "dc".into(),
            pack_version: "1".into(),
            clause: "YD/T 731".into(),
            upper,
            lower,
            guard: 0.01,
            confidence: "R".into(),
        }),
        margin: value.zip(upper).map(|(v, u)| u - v),
        verdict,
        severity: Severity::Major,
        at: Some(At { frequency_hz: Some(100.0), ..At::default() }),
        reason: String::new(),
        summary: String::new(),
        causes: Vec::new(),
        alarm: None,
    }
}

#[test]
fn a_summary_names_reading_value_place_limit_clause_and_verdict() {
    let failed = finding(Some(1.52), Some(0.2), None, Verdict::Fail);
    assert_eq!(
        summary(&failed, Lang::En),
        "Ripple p-p 1.52 V at 100 Hz exceeds 200 mV (screening against YD/T 731): fail"
    );
    assert_eq!(summary(&failed, Lang::ZhCn), "100 Hz 处纹波峰峰值 1.52 V，超过 200 mV（按 YD/T 731 筛查）：不合格");
    let tight = finding(Some(0.195), Some(0.2), None, Verdict::Margin);
    assert!(summary(&tight, Lang::En).contains("by only 5 mV: margin"), "{}", summary(&tight, Lang::En));
    let low = finding(Some(11.0), Some(12.6), Some(11.4), Verdict::Fail);
    assert!(summary(&low, Lang::En).contains("is below 11.4 V"));
    let mut none = finding(None, Some(0.2), None, Verdict::NotEvaluated);
    none.reason = "band {not} covered".into();
    assert!(summary(&none, Lang::En).ends_with("not evaluated (band {not} covered)"));
}

#[test]
fn no_summary_speaks_of_conformance() {
    for (key, en, _) in table::WORDS {
        assert!(!en.contains("conformance") || *key == "report.screening", "{key}");
    }
}

#[test]
fn every_reading_that_a_rule_looks_at_has_a_name() {
    let rules = include_str!("../../../diagnose/rules/default.toml");
    let readings: BTreeSet<&str> = rules
        .split("reading = \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| !id.is_empty())
        .collect();
    assert!(readings.len() > 50, "{}", readings.len());
    for id in readings {
        let name = id.split([':', '[']).next().unwrap_or(id);
        // `line_ORIGIN` is the strongest spur of that origin, whose name is that of the origin.
        let known = find(Lang::ZhCn, &format!("reading.{name}")).is_some() || name.starts_with("line_");
        assert!(known, "{name} has no name");
    }
}
