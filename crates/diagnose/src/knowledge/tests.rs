//! No reading key is without a manual, no manual is about a key that the code does not know, and every name is found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;
use crate::measurement;

/// Words in the sources of measurements that are no reading ids: gates, settings, formats, names of other things.
static OTHERS: [&str; 36] = [
    "adjacent",
    "alternate",
    "bandwidth",
    "calibration",
    "carrier",
    "channel",
    "consistency",
    "crate::reading::finite",
    "dc",
    "decisions",
    "emissions",
    "finite",
    "floor",
    "length",
    "lte",
    "mean",
    "modulated",
    "modulation",
    "n102",
    "n104",
    "n46",
    "n96",
    "no",
    "nr",
    "n{number}",
    "ripple",
    "samples",
    "segment",
    "snake_case",
    "spur_count",
    "spurs",
    "switching",
    "transition",
    "two_tone",
    "utra",
    "waveform",
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("tests") || name == "doc.rs" {
            continue;
        }
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found
}

/// The string literals of a Rust source that could be ids; comments, and tests at the end of the file, left out.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut found = Vec::new();
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next().is_some_and(|c| c != '\n') {},
            // The one character that looks like the beginning of a string.
            '\'' if rest.peek() == Some(&'"') => {
                rest.next();
            }
            '"' => {
                let mut text = String::new();
                while let Some(c) = rest.next() {
                    match c {
                        '"' => break,
                        '\\' => text.extend(rest.next()),
                        c => text.push(c),
                    }
                }
                let id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:{}".contains(c);
                if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(id) {
                    found.push(text);
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether an id is what a literal makes: `mains_h{k}` makes `mains_h4`.
fn makes(literal: &str, id: &str) -> bool {
    match literal.split_once('{') {
        None => bare(literal) == id,
        Some((head, rest)) => {
            let tail = rest.split_once('}').map_or("", |(_, tail)| tail);
            if head.ends_with(':') {
                return head.trim_end_matches(':') == id;
            }
            let middle = id.strip_prefix(head).and_then(|m| m.strip_suffix(tail));
            !head.is_empty() && middle.is_some_and(|m| !m.is_empty() && m.chars().all(|c| c.is_ascii_digit()))
        }
    }
}

#[test]
fn no_reading_of_the_code_lacks_a_manual_and_no_manual_a_reading() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/measurement");
    let mut strange = BTreeSet::new();
    for plug in measurement::ALL {
        let manual = manuals().unwrap().iter().find(|m| m.measurement == plug.id()).unwrap();
        let folder = source.join(plug.id().replace('-', "_"));
        let words: Vec<String> =
            rust_files(&folder).iter().flat_map(|f| literals(&std::fs::read_to_string(f).unwrap())).collect();
        assert!(!words.is_empty(), "{}", folder.display());
        for word in &words {
            let known = manual.readings.iter().any(|r| makes(word, &r.id));
            if !known && !OTHERS.contains(&word.as_str()) {
                strange.insert(format!("{}: {word}", plug.id()));
            }
        }
        // Spurs are cited by origin, and a limit may ask for what is not measured.
        let elsewhere = |id: &str| id.starts_with("line_") || ["evm_ofdm", "emission"].contains(&id);
        for reading in manual.readings.iter().filter(|r| !elsewhere(&r.id)) {
            assert!(words.iter().any(|w| makes(w, &reading.id)), "{}.{} is in no source", plug.id(), reading.id);
        }
    }
    assert!(strange.is_empty(), "neither a reading with a manual nor one of OTHERS: {strange:#?}");
}

#[test]
fn rules_and_limits_name_only_readings_that_have_a_manual() {
    let explained = |measurement: &str, reading: &str| {
        manuals().unwrap().iter().any(|m| m.measurement == measurement && m.reading(reading).is_some())
    };
    let rules = RuleSet::built_in().unwrap();
    for rule in &rules.rules {
        for condition in rule.conditions() {
            let of = condition.measurement.as_deref().unwrap_or(&rule.measurement);
            let spur = condition.spur_name();
            for id in [&condition.reading, &condition.failed, &spur].into_iter().flatten() {
                // A limit on the mask or on ACLR is answered by another measurement than the rule's own.
                let anywhere = condition.failed.is_some() && manuals().unwrap().iter().any(|m| m.reading(id).is_some());
                assert!(explained(of, id) || anywhere, "{}: {of}.{id}", rule.id);
            }
        }
    }
    for id in LimitSet::built_in_ids() {
        for limit in LimitSet::built_in(id).unwrap().limits {
            assert!(explained(&limit.measurement, &limit.reading), "{id}#{}: {}", limit.id, limit.reading);
        }
    }
}

#[test]
fn every_manual_speaks_both_languages() {
    for manual in manuals().unwrap() {
        let mut seen = BTreeSet::new();
        for reading in &manual.readings {
            assert!(seen.insert(&reading.id), "{}.{} is there twice", manual.measurement, reading.id);
            let group = manual.group_of(reading).unwrap_or_else(|| panic!("{} has no group", reading.id));
            for text in [&reading.what, &group.can_mean, &group.confirm, &group.reference] {
                for language in ["en", "zh-CN"] {
                    let words = text.get(language).unwrap_or_else(|| panic!("{}: {language}", reading.id));
                    assert_eq!(words.is_ascii(), language == "en", "{}: {words}", reading.id);
                }
            }
        }
        for group in &manual.groups {
            assert!(manual.readings.iter().any(|r| r.group == group.id), "{} has no reading", group.id);
        }
        for language in ["en", "zh-CN"] {
            let o = manual.overview(language);
            for part in [o.measures, o.can_mean, o.confirm, o.reference] {
                assert!(!part.is_empty(), "{} {language}", manual.measurement);
                assert!(language == "en" || !part.is_ascii(), "{}: {part}", manual.measurement);
            }
        }
    }
}

#[test]
fn every_name_finds_what_it_names() {
    let rules = RuleSet::built_in().unwrap();
    let all = names(&rules).unwrap();
    assert!(all.len() > 300, "{}", all.len());
    for name in &all {
        assert!(!find(name, &rules).unwrap().is_empty(), "{name}");
    }
    assert!(find("gremlin", &rules).unwrap().is_empty());
    assert!(matches!(find("r01", &rules).unwrap()[..], [Topic::Cause(rule)] if rule.id == "R01"));
    assert!(matches!(find("ripple.vpp", &rules).unwrap()[..], [Topic::Reading(m, _)] if m.measurement == "ripple"));
    // Three measurements give a carrier's level.
    assert_eq!(find("carrier_level", &rules).unwrap().len(), 3);
    assert!(matches!(&find("dc-48v#vpp", &rules).unwrap()[..], [Topic::Limit(p, _)] if p.pack.id == "dc-48v"));
    assert!(matches!(find("phase_noise:1k", &rules).unwrap()[..], [Topic::Reading(_, r)] if r.id == "phase_noise"));
}

#[test]
fn a_slip_of_the_finger_is_met_with_the_nearest_names() {
    let rules = RuleSet::built_in().unwrap();
    for (slip, meant) in
        [("riple", "ripple"), ("kurtosys", "kurtosis"), ("psofometric", "psophometric"), ("dc-48", "dc-48v")]
    {
        assert!(nearest(slip, &rules).unwrap().iter().any(|n| n == meant), "{slip}: {:?}", nearest(slip, &rules));
    }
    assert!(nearest("qqqqqqqq", &rules).unwrap().is_empty());
}

#[test]
fn causes_and_limits_of_a_reading_are_those_of_the_data() {
    let rules = RuleSet::built_in().unwrap();
    let of = |m: &str, r: &str| causes_of(m, r, &rules).map(|rule| rule.id.clone()).collect::<Vec<_>>();
    // The ESR shows in h4/h2; the image is the modulator's or the receiver's.
    assert!(of("ripple", "mains_h4_h2").contains(&"R02".to_owned()));
    assert!(["S05", "A02"].iter().all(|id| of("spurs", "line_image").contains(&(*id).to_owned())));
    assert!(limits_on("ripple", "vpp").unwrap().iter().any(|l| l.starts_with("dc-48v#")));
}
