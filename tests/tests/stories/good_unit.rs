//! The story of a good unit: five good captures, one bad, its repair; what cannot be compared is refused by name.

use std::path::Path;

use faultscope_tests::faultscope;
use serde_json::Value;

use super::schema::Published;

fn simulate(folder: &Path, model: &str, name: &str) -> String {
    let base = folder.join(name);
    let made = faultscope(&["simulate", model, "--output", &base.display().to_string()]);
    assert_eq!(made.code, 0, "{}", made.err);
    format!("{}.sigmf-meta", base.display())
}

fn good(folder: &Path, count: u32) -> Vec<String> {
    let one = |seed: u32| simulate(folder, &format!("supply-healthy?seed={seed}&duration=1"), &format!("good-{seed}"));
    (1..=count).map(one).collect()
}

fn with<'a>(first: &[&'a str], captures: &'a [String], last: &[&'a str]) -> Vec<&'a str> {
    first.iter().copied().chain(captures.iter().map(String::as_str)).chain(last.iter().copied()).collect()
}

fn states(document: &Value) -> Vec<String> {
    let list = document["captures"][0]["comparison"]["repair"].as_array().unwrap();
    list.iter().map(|r| r["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bad_supply_differs_from_good_ones_until_it_is_repaired() {
    let mut published = Published::load();
    let dir = tempfile::tempdir().unwrap();
    let captures = good(dir.path(), 5);
    let file = dir.path().join("supply.json").display().to_string();
    let made =
        faultscope(&with(&["reference", "build", "-o", &file, "--unit-model", "R48-2000"], &captures, &["--json"]));
    assert_eq!(made.code, 0, "{}", made.err);
    published.check("ReferenceDocument", &made.json());
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    published.check("ReferenceDocument", &kept);
    assert_eq!(kept["unit_model"], "R48-2000");
    assert_eq!(kept["captures"].as_array().unwrap().len(), 5);
    assert!(kept["captures"][0]["sha256"].as_str().unwrap().len() == 64);

    let bad = simulate(dir.path(), "reservoir-c-lost?seed=9&duration=1", "bad");
    let failed = faultscope(&["compare", &bad, "--reference", &file, "--json"]);
    assert_eq!(failed.code, 1, "{}", failed.err);
    let document = failed.json();
    published.check("Envelope", &document);
    assert_eq!((&document["command"], &document["verdict"]), (&Value::from("compare"), &Value::from("fail")));
    let comparison = &document["captures"][0]["comparison"];
    let differences = comparison["differences"].as_array().unwrap();
    // A lost reservoir shows at twice the mains: the simulated fault's definition.
    let ripple = |d: &Value| d["frequency_hz"].as_f64().is_some_and(|f| (f - 100.0).abs() < 2.0);
    assert!(differences.iter().any(ripple), "{differences:?}");
    let sizes: Vec<f64> = differences.iter().map(|d| d["times_allowed"].as_f64().unwrap()).collect();
    assert!(sizes.windows(2).all(|w| w[0] >= w[1]) && sizes[0] > 1.0, "{sizes:?}");
    let finding = &document["captures"][0]["findings"][0];
    assert_eq!((finding["measurement"].as_str(), finding["limit"]["id"].as_str()), (Some("compare"), Some("envelope")));

    let again = faultscope(&["compare", &bad, "--reference", &file, "--json", "--threads", "1"]);
    assert_eq!(again.out, failed.out, "the same input gives the same output");

    let not = faultscope(&["compare", &bad, "--before", &bad, "--reference", &file, "--json"]).json();
    assert!(states(&not).iter().all(|s| s == "not_fixed"), "{:?}", states(&not));
    let repaired = simulate(dir.path(), "supply-healthy?seed=21&duration=1", "repaired");
    let fixed = faultscope(&["compare", &repaired, "--before", &bad, "--reference", &file, "--json"]).json();
    let fixed = states(&fixed);
    assert!(fixed.iter().filter(|s| *s == "fixed").count() * 10 >= 9 * fixed.len() && !fixed.is_empty(), "{fixed:?}");

    let picture = dir.path().join("compare.svg").display().to_string();
    let text = faultscope(&["compare", &bad, "--reference", &file, "--output", &picture, "--lang", "zh-CN"]);
    assert!(text.out.contains("差异") && std::fs::read_to_string(&picture).unwrap().contains("<svg"), "{}", text.out);
}

#[test]
fn what_cannot_be_compared_is_refused_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let captures = good(dir.path(), 3);
    let file = dir.path().join("ref.json").display().to_string();
    let build = ["reference", "build", "-o", &file];
    let refused = |words: Vec<&str>, why: &str| {
        let outcome = faultscope(&words);
        assert_eq!(outcome.code, 2, "{words:?}: {}", outcome.err);
        assert!(outcome.err.contains(why), "{words:?}: {}", outcome.err);
    };
    refused(with(&build, &captures[..2], &[]), "needs 3");
    let copy = dir.path().join("copy");
    for end in ["sigmf-meta", "sigmf-data"] {
        let name = format!("good-1.{end}");
        std::fs::copy(dir.path().join(name), copy.with_extension(end)).unwrap();
    }
    let twice = format!("{}.sigmf-meta", copy.display());
    refused(with(&build, &captures, &[&twice]), "twice");
    assert_eq!(faultscope(&with(&build, &captures, &[])).code, 0);
    refused(with(&build, &captures, &[]), "--force");

    let radio = simulate(dir.path(), "tx-healthy?seed=1&duration=0.2", "radio");
    refused(vec!["compare", &radio, "--reference", &file], "sample rate");
    let short = simulate(dir.path(), "supply-healthy?seed=8&duration=0.5", "short");
    refused(vec!["compare", &short, "--reference", &file], "length");
    refused(vec!["compare", &captures[0], "--reference", &file, "--probe", "10"], "probe");
    refused(vec!["compare", &captures[0], "--reference", &captures[1]], "not a reference");
    refused(vec!["compare", &captures[0], "--reference", &file, "--false-alarm", "2"], "false-alarm");
    refused(vec!["compare", &captures[0]], "--reference");

    // Two captures alone: what differs is told, nothing is judged.
    let pair = faultscope(&["compare", &captures[0], &captures[1], "--json"]);
    assert_eq!((pair.code, &pair.json()["verdict"]), (0, &Value::Null), "{}", pair.err);
}
