//! The worked example: what it prints is what the commands compute from the same files, and what it keeps is intact.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use faultscope_tests::{faultscope, sample};
use serde_json::Value;

fn played(folder: &Path) -> Value {
    let outcome = faultscope(&["demo", "--output", &folder.display().to_string(), "--json"]);
    assert_eq!(outcome.code, 1, "a limit failed in the story: {}", outcome.err);
    outcome.json()
}

/// One story for all tests that only look at it.
fn story() -> &'static Value {
    static STORY: OnceLock<(tempfile::TempDir, Value)> = OnceLock::new();
    let (_, document) = STORY.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let document = played(dir.path());
        (dir, document)
    });
    document
}

fn list<'a>(case: &'a Value, field: &str) -> &'a Vec<Value> {
    case[field].as_array().unwrap_or_else(|| panic!("no {field}"))
}

#[test]
fn the_story_ends_in_a_closed_case_with_failed_findings() {
    let case = &story()["case"];
    assert_eq!((case["priority"].as_str(), case["status"].as_str()), (Some("P1"), Some("closed")));
    let failed =
        |role: &str| list(case, "findings").iter().filter(|f| f["verdict"] == "fail" && f["role"] == role).count();
    assert!(failed("supply before") >= 1 && failed("transmit before") >= 1, "{case:#}");
    assert!(failed("supply before") + failed("transmit before") >= 2);
    assert_eq!(failed("supply after") + failed("transmit after"), 0, "repaired units fail no limit");
    let roles: BTreeSet<&str> = list(case, "evidence").iter().filter_map(|e| e["role"].as_str()).collect();
    assert_eq!(
        roles.into_iter().collect::<Vec<_>>(),
        ["supply after", "supply before", "transmit after", "transmit before"]
    );
    assert!(case["root_cause"].as_str().is_some_and(|text| !text.is_empty()));
}

#[test]
fn every_figure_is_what_the_commands_compute() {
    let case = &story()["case"];
    let site = sample("site-tx.toml");
    let mut compared = 0;
    for (role, words) in [
        ("supply before", vec!["ripple", "supply-before", "--limits", "dc-48v"]),
        ("supply after", vec!["ripple", "supply-after", "--limits", "dc-48v"]),
        ("transmit before", vec!["spurs", "tx-before", "--limits", "tx-generic", "--limits", &site]),
        ("transmit after", vec!["spurs", "tx-after", "--limits", "tx-generic", "--limits", &site]),
    ] {
        let file = sample(&format!("{}.sigmf-meta", words[1]));
        let result = faultscope(&[&[words[0], &file], &words[2..], &["--json"]].concat()).json();
        let fresh = list(&result["captures"][0], "findings");
        let kept: Vec<&Value> = list(case, "findings").iter().filter(|f| f["role"] == role).collect();
        assert_eq!(kept.len(), fresh.len(), "{role}");
        for (kept, fresh) in kept.iter().zip(fresh) {
            for field in ["id", "reading", "value", "unit", "uncertainty", "limit", "margin", "verdict", "summary"] {
                assert_eq!(kept[field], fresh[field], "{role}: {field} of {}", fresh["id"]);
            }
            assert_eq!(kept["capture"]["sha256"], result["captures"][0]["sha256"], "{role}");
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared} findings compared");
    assert_eq!(compared, list(case, "findings").len());
}

#[test]
fn the_report_is_one_self_contained_file() {
    let document = story();
    let page = fs::read_to_string(document["report"].as_str().unwrap()).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    let lower = page.to_lowercase();
    for foreign in ["<script", "src=\"http", "href=\"http", "url(http", "@import", "<link", "<iframe", "javascript:"] {
        assert!(!lower.contains(foreign), "the report has {foreign}");
    }
    // Names of XML dialects are no references, nor is `http-equiv`; nothing else may look like an address.
    for (at, _) in lower.match_indices("http") {
        let before = &lower[..at];
        let harmless = ["xmlns=\"", "xmlns:xlink=\"", "<meta "].iter().any(|w| before.ends_with(w));
        assert!(harmless, "...{}", &lower[at..at + 60]);
    }
    for (at, _) in lower.match_indices("src=\"") {
        assert!(lower[at + 5..].starts_with("data:"), "a picture from elsewhere: {}", &page[at..at + 60]);
    }
    for evidence in list(&document["case"], "evidence") {
        let (name, digest) = (evidence["name"].as_str().unwrap(), evidence["sha256"].as_str().unwrap());
        assert!(page.contains(name), "{name} is missing");
        if Path::new(name).extension().is_some_and(|e| e == "sigmf-data") {
            assert!(page.contains(digest), "the digest of {name} is missing");
        }
    }
    for role in ["supply before", "supply after", "transmit before", "transmit after"] {
        assert!(page.contains(role), "{role} is missing");
    }
    for finding in list(&document["case"], "findings").iter().filter(|f| f["verdict"] == "fail") {
        let clause = finding["limit"]["clause"].as_str().unwrap();
        // Slashes may be written as character references.
        assert!(page.replace("&#x2f;", "/").contains(clause), "{clause} is missing");
    }
    assert!(page.contains("<svg") || page.contains("data:image/"), "no picture");
}

#[test]
fn the_printed_story_names_verdicts_and_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = faultscope(&["demo", "--output", &dir.path().display().to_string()]);
    assert_eq!(outcome.code, 1);
    for words in ["The supply, as found", "The transmitter, as found", "FS-", "report.html", "100", "-48.2", "37.5"] {
        assert!(outcome.out.contains(words), "{words} is not said:\n{}", outcome.out);
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn one_flipped_byte_of_evidence_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let document = played(dir.path());
    let (id, store) = (document["case"]["id"].as_str().unwrap(), document["store"].as_str().unwrap());
    let verify = || faultscope(&["case", "verify", id, "--store", store]);
    let intact = verify();
    assert_eq!(intact.code, 0, "{}{}", intact.out, intact.err);
    let kept = files(&Path::new(store).join("evidence").join("sha256"));
    assert_eq!(kept.len(), 9, "four captures of two files each, and a limit pack of the samples");
    for file in [&kept[0], &kept[5]] {
        let good = fs::read(file).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        let mut mode = fs::metadata(file).unwrap().permissions();
        #[allow(clippy::permissions_set_readonly_false, reason = "a file of this test alone")]
        mode.set_readonly(false);
        fs::set_permissions(file, mode).unwrap();
        fs::write(file, &bad).unwrap();
        let damaged = verify();
        assert_eq!(damaged.code, 6, "{}{}", damaged.out, damaged.err);
        let named = file.file_name().unwrap().to_str().unwrap();
        assert!(damaged.out.contains(named), "which file: {}", damaged.out);
        let json = faultscope(&["case", "verify", id, "--store", store, "--json"]);
        assert_eq!(json.code, 6);
        assert_eq!(json.json()["verified"][0]["differences"].as_array().unwrap().len(), 1);
        fs::write(file, &good).unwrap();
        assert_eq!(verify().code, 0);
    }
    fs::remove_file(&kept[1]).unwrap();
    assert_eq!(verify().code, 6, "evidence that is gone");
}
