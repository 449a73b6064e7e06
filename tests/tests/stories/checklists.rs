//! Check lists: shown, checked, answered in a case, kept in its chain, and weighed with the signals.

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

use crate::schema::Published;

struct Desk {
    dir: tempfile::TempDir,
    store: String,
    id: String,
}

impl Desk {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store").display().to_string();
        let id = faultscope(&["case", "open", "--title", "hums", "--store", &store]).out.trim().to_owned();
        Self { dir, store, id }
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let words: Vec<&str> = words.iter().map(|w| if *w == "ID" { self.id.as_str() } else { w }).collect();
        faultscope(&[&words[..], &["--store", &self.store]].concat())
    }

    fn causes(&self) -> Vec<Value> {
        let case = self.run(&["case", "show", "ID", "--json"]).json();
        case.get("causes").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    fn confidence(&self, rule: &str) -> f64 {
        self.causes().iter().find(|c| c["rule"] == rule).map_or(0.0, |c| c["confidence"].as_f64().unwrap())
    }
}

#[test]
fn shipped_lists_are_shown_in_both_languages_and_as_json() {
    let mut published = Published::load();
    let list = faultscope(&["checklist", "list"]);
    assert!(list.code == 0 && list.out.contains("base-station-visit"), "{}", list.out);
    let shown = faultscope(&["checklist", "show", "base-station-visit", "--lang", "zh-CN"]);
    assert!(shown.out.contains("capacitor-bulging") && shown.out.contains("电容无鼓包"), "{}", shown.out);
    for words in [vec!["checklist", "list"], vec!["checklist", "show", "power-plant"]] {
        let document = faultscope(&[words, vec!["--json"]].concat()).json();
        published.check("ChecklistsDocument", &document);
        assert!(published.fault("LimitsDocument", &document).is_some());
    }
    let whole = faultscope(&["checklist", "show", "power-plant", "--json"]).json();
    let item = &whole["checklists"][0]["items"][0];
    assert!(item["ask"].is_string() && item["text"]["zh-CN"]["ask"].is_string(), "{item:#}");
    let checked = faultscope(&["checklist", "check", "base-station-visit", "power-plant", "--json"]).json();
    published.check("ChecklistsCheckDocument", &checked);
}

/// The ripple is the same for a dried-out capacitor and a higher load; one look tells.
#[test]
fn a_bulging_capacitor_puts_the_capacitor_before_the_load_and_a_good_one_takes_it_down() {
    for (answer, code) in [("fail", 1), ("pass", 0)] {
        let desk = Desk::open();
        // No limit is asked for, so that nothing but the readings speaks.
        assert_eq!(
            desk.run(&["case", "attach", "ID", &sample("supply-before.sigmf-meta"), "--role", "supply"]).code,
            0
        );
        let (capacitor, load) = (desk.confidence("R01"), desk.confidence("R01a"));
        assert!(capacitor > 0.5 && (capacitor - load).abs() < 1e-12, "{capacitor} {load}");
        let item = format!("capacitor-bulging={answer}");
        let noted = desk.run(&[
            "case",
            "checklist",
            "ID",
            "power-plant",
            "--item",
            &item,
            "--note",
            "capacitor-bulging=C3, top",
        ]);
        assert_eq!(noted.code, code, "{}{}", noted.out, noted.err);
        let (capacitor_now, load_now) = (desk.confidence("R01"), desk.confidence("R01a"));
        let cited = |rule: &str| {
            let cause = desk.causes().into_iter().find(|c| c["rule"] == rule).unwrap();
            assert_eq!(cause["rests_on"], "both", "{cause:#}");
            assert!(!cause["readings"].as_array().unwrap().is_empty());
            (
                cause["checks"][0]["item"].clone(),
                cause["checks"][0]["result"].clone(),
                cause["checks"][0]["note"].clone(),
            )
        };
        if answer == "fail" {
            assert!(capacitor_now >= capacitor && load_now < load && capacitor_now > load_now);
            assert_eq!(desk.causes()[0]["rule"], "R01");
            assert_eq!(cited("R01"), ("capacitor-bulging".into(), "fail".into(), "C3, top".into()));
        } else {
            assert!(capacitor_now < capacitor && load_now > capacitor_now, "{capacitor_now} {load_now}");
            assert_eq!(cited("R01a").1, "pass");
        }
        let verified = desk.run(&["case", "verify", "ID"]);
        assert!(verified.code == 0, "{}", verified.out);
    }
}

#[test]
fn a_case_without_signals_is_ranked_by_its_check_list_and_says_so() {
    let mut published = Published::load();
    let desk = Desk::open();
    let answered = desk.run(&[
        "case",
        "checklist",
        "ID",
        "base-station-visit",
        "--item",
        "fuses-breakers=fail",
        "--item",
        "fan-running=pass",
        "--item",
        "battery=na",
        "--note",
        "fuses-breakers=F2 open",
        "--remark",
        "door was open",
        "--json",
    ]);
    assert_eq!(answered.code, 1, "{}", answered.err);
    let document = answered.json();
    published.check("CaseDocument", &document);
    let list = &document["case"]["checklists"][0];
    assert_eq!((list["list"].as_str(), list["remark"].as_str()), (Some("base-station-visit"), Some("door was open")));
    let results: Vec<&str> = list["items"].as_array().unwrap().iter().map(|i| i["result"].as_str().unwrap()).collect();
    // In the order of the list.
    assert_eq!(results, ["pass", "fail", "not_done"]);
    let first = &document["causes"][0];
    assert_eq!((first["rule"].as_str(), first["rests_on"].as_str()), (Some("I01"), Some("inspection")));
    assert_eq!(first["because"].as_array().unwrap().len(), 0);
    // Words for people say it too, in both languages, on the terminal and on paper.
    let shown = desk.run(&["case", "show", "ID"]);
    assert!(shown.out.contains("by inspection alone") && shown.out.contains("F2 open"), "{}", shown.out);
    let zh = desk.run(&["case", "show", "ID", "--lang", "zh-CN"]);
    assert!(
        zh.out.contains("仅凭现场检查") && zh.out.contains("熔断器未熔断") && zh.out.contains("不合格"),
        "{}",
        zh.out
    );
    for (lang, words) in [
        ("en", ["No fuse is blown", "by inspection alone", "1 pass, 1 fail, 1 not done", "door was open"]),
        ("zh-CN", ["熔断器未熔断", "仅凭现场检查", "合格 1，不合格 1，未做 1", "door was open"]),
    ] {
        let page = desk.dir.path().join(format!("{lang}.html")).display().to_string();
        assert_eq!(desk.run(&["report", "ID", "--output", &page, "--lang", lang]).code, 0);
        let html = std::fs::read_to_string(&page).unwrap();
        for word in words {
            assert!(html.contains(word), "{lang}: {word}");
        }
        // What inspection found wrong leaves no report green, or without an answer.
        assert!(html.contains("<span class=\"badge fail\">"), "{lang}");
    }
}

#[test]
fn passes_alone_blame_nothing_and_what_was_not_done_is_not_green() {
    let desk = Desk::open();
    let passed = desk.run(&[
        "case",
        "checklist",
        "ID",
        "power-plant",
        "--item",
        "fan-running=pass",
        "--item",
        "capacitor-bulging=pass",
    ]);
    assert_eq!(passed.code, 0, "{}", passed.err);
    assert!(desk.causes().is_empty(), "{:#?}", desk.causes());
    let open = desk.run(&["case", "checklist", "ID", "power-plant", "--item", "battery=na"]);
    assert_eq!(open.code, 3, "{}", open.err);
}

const OWN: &str = "[list]\nid = 'own'\nversion = '3'\ntitle = 'Our list'\nauthor = 'us'\nsource = 'us'\n[[section]]\nid = 'a'\n\
    title = 'A'\n[[item]]\nid = 'door-lock'\nsection = 'a'\nask = 'the lock closes'\n[[item]]\nid = 'fan-running'\nsection = 'a'\n\
    kind = 'function'\nask = 'our fan turns'\n";

#[test]
fn a_list_of_ones_own_is_used_by_path_and_feeds_the_rules() {
    let desk = Desk::open();
    let path = desk.dir.path().join("own.toml");
    std::fs::write(&path, OWN).unwrap();
    let own = path.display().to_string();
    let checked = desk.run(&["checklist", "check", &own]);
    assert!(checked.code == 0 && checked.out.contains("door-lock") && checked.out.contains('2'), "{}", checked.out);
    let answered = desk.run(&["case", "checklist", "ID", &own, "--item", "fan-running=fail"]);
    assert_eq!(answered.code, 1, "{}", answered.err);
    assert!(
        desk.causes().iter().any(|c| c["rule"] == "I02" && c["checks"][0]["list"] == "own"),
        "{:#?}",
        desk.causes()
    );
    // The file may go: the case is readable without it.
    std::fs::remove_file(&path).unwrap();
    assert!(desk.run(&["case", "show", "ID"]).out.contains("our fan turns"));
}

#[test]
fn wrong_words_are_one_error_with_what_would_do() {
    let desk = Desk::open();
    let bad = desk.dir.path().join("bad.toml");
    std::fs::write(&bad, OWN.replace("section = 'a'", "section = 'z'")).unwrap();
    let bad = bad.display().to_string();
    for (words, code, said) in [
        (vec!["checklist", "show", "no-such-list"], 2, "base-station-visit"),
        (vec!["checklist", "show", "nowhere/list.toml"], 2, "nowhere/list.toml"),
        (vec!["checklist", "check", &bad], 2, "not there"),
        (vec!["case", "checklist", "ID", "power-plant"], 2, "--item"),
        (vec!["case", "checklist", "ID", "power-plant", "--item", "fan-running"], 2, "ITEM=pass"),
        (vec!["case", "checklist", "ID", "power-plant", "--item", "gremlin=fail"], 2, "fan-running"),
        (vec!["case", "checklist", "ID", "power-plant", "--item", "fan-running=maybe"], 2, "pass, fail or na"),
        (
            vec!["case", "checklist", "ID", "power-plant", "--item", "fan-running=ok", "--item", "fan-running=fail"],
            2,
            "twice",
        ),
        (
            vec!["case", "checklist", "ID", "power-plant", "--item", "fan-running=ok", "--note", "battery=low"],
            2,
            "no answer",
        ),
        (vec!["case", "checklist", "FS-0000-9999", "power-plant", "--item", "fan-running=ok"], 2, "FS-0000-9999"),
    ] {
        let outcome = desk.run(&words);
        assert_eq!(outcome.code, code, "{words:?}: {}", outcome.err);
        assert!(outcome.err.contains(said), "{words:?}: {}", outcome.err);
    }
    // Nothing was noted on the way.
    assert_eq!(desk.run(&["case", "show", "ID", "--json"]).json()["case"]["version"], 1);
}

/// An answer is weighed by a rule of the user's own file as by the shipped ones: `rules check` takes it.
#[test]
fn rules_of_ones_own_may_look_at_items() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("rules.toml");
    let rule = "version = '1'\n[[rule]]\nid = 'X1'\nmeasurement = 'inspection'\ncause = 'c'\ndiscriminator = 'd'\nrules_out = 'r'\n\
        next_check = 'n'\nsuspect_part = 'p'\nbasis = 'S'\nsource = 'us'\nprior = 1.0\nrequire = [{ item = 'door-lock', is = 'fail' }]\n";
    std::fs::write(&own, rule).unwrap();
    let own = own.display().to_string();
    let checked = faultscope(&["rules", "check", &own, "--captures", "0"]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    let shown = faultscope(&["explain", "X1", "--rules", &own]);
    assert!(shown.out.contains("door-lock") && shown.out.contains("fail"), "{}", shown.out);
    // In a case they weigh the answers of a list of one's own, on the terminal and on paper.
    let desk = Desk::open();
    let list = desk.dir.path().join("own-list.toml");
    std::fs::write(&list, OWN).unwrap();
    let list = list.display().to_string();
    assert_eq!(desk.run(&["case", "checklist", "ID", &list, "--item", "door-lock=fail"]).code, 1);
    assert!(desk.causes().is_empty());
    let case = desk.run(&["case", "show", "ID", "--rules", &own, "--json"]).json();
    assert_eq!(case["causes"][0]["rule"], "X1", "{case:#}");
    let page = desk.dir.path().join("own.html").display().to_string();
    assert_eq!(desk.run(&["report", "ID", "--output", &page, "--rules", &own]).code, 0);
    assert!(std::fs::read_to_string(&page).unwrap().contains("X1"));
}
