//! The fault library: closed cases found again by words and by what a new capture shows, with the reasons.

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

use crate::schema::Published;

struct Library {
    _dir: tempfile::TempDir,
    store: String,
}

impl Library {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store").display().to_string();
        Self { _dir: dir, store }
    }

    fn run(&self, words: &[&str]) -> Outcome {
        faultscope(&[words, &["--store", &self.store]].concat())
    }

    fn good(&self, words: &[&str]) -> Outcome {
        let outcome = self.run(words);
        assert!(outcome.code <= 1, "{words:?}: {} {}", outcome.code, outcome.err);
        outcome
    }

    fn open(&self, title: &str, capture: &str, role: &str) -> String {
        let id = self.good(&["case", "open", "--title", title]).out.trim().to_owned();
        self.good(&["case", "attach", &id, &sample(capture), "--role", role]);
        id
    }

    fn close(&self, id: &str, root_cause: &str, remedy: &str) {
        self.good(&["case", "close", id, "--root-cause", root_cause, "--remedy", remedy]);
    }

    fn hits(&self, words: &[&str]) -> Vec<Value> {
        let document = self.good(&[&["library", "search", "--json"], words].concat()).json();
        Published::load().check("LibraryDocument", &document);
        document["hits"].as_array().unwrap().clone()
    }
}

fn ids(hits: &[Value]) -> Vec<&str> {
    hits.iter().map(|hit| hit["case_id"].as_str().unwrap()).collect()
}

#[test]
fn a_capture_finds_the_closed_case_that_it_resembles_and_says_why() {
    let library = Library::new();
    let supply = library.open("hums", "supply-before.sigmf-meta", "supply before");
    let transmitter = library.open("weak", "tx-before.sigmf-meta", "transmit before");
    let capture = sample("supply-before.sigmf-meta");
    assert!(library.hits(&["--capture", &capture]).is_empty(), "an open case is no experience yet");
    library.close(&supply, "reservoir capacitor dried out", "capacitor bank renewed");
    library.close(&transmitter, "final stage", "amplifier board swapped");
    let hits = library.hits(&["--capture", &capture]);
    assert_eq!(ids(&hits), [supply.as_str(), transmitter.as_str()]);
    assert!((hits[0]["score"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{}", hits[0]);
    assert!(hits[1]["score"].as_f64().unwrap() < 0.2, "{}", hits[1]);
    assert_eq!(
        (hits[0]["reasons"][0]["kind"].as_str(), hits[0]["reasons"][0]["rule"].as_str()),
        (Some("cause"), Some("R01"))
    );
    assert_eq!(hits[0]["remedy"], "capacitor bank renewed");
    // The same in words, in both languages.
    let table = library.good(&["library", "search", "--capture", &capture, "--lang", "en"]).out;
    assert!(table.contains("100 %") && table.contains("same probable cause R01"), "{table}");
    let table = library.good(&["library", "search", "--capture", &capture, "--lang", "zh-CN"]).out;
    assert!(table.contains("相同的可能原因 R01"), "{table}");
}

#[test]
fn a_case_that_goes_on_is_found_as_it_stands_and_not_by_itself() {
    let library = Library::new();
    let first = library.open("hums", "supply-before.sigmf-meta", "supply before");
    library.close(&first, "reservoir capacitor", "renewed");
    // What is measured after the repair says nothing about the fault.
    let second = library.open("hums again", "supply-before.sigmf-meta", "supply before");
    library.good(&["case", "attach", &second, &sample("supply-after.sigmf-meta"), "--role", "supply after"]);
    let hits = library.hits(&["--case", &second]);
    assert_eq!(ids(&hits), [first.as_str()]);
    assert!((hits[0]["score"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{}", hits[0]);
    library.close(&second, "reservoir capacitor", "renewed");
    assert_eq!(ids(&library.hits(&["--case", &second])), [first.as_str()]);
    library.good(&["case", "reopen", &first, "--reason", "hums"]);
    assert!(library.hits(&["--case", &second]).is_empty());
    library.close(&first, "bridge diode open", "rectifier renewed");
    let hits = library.hits(&["--text", "bridge diode"]);
    assert_eq!((ids(&hits), &hits[0]["root_cause"]), (vec![first.as_str()], &Value::from("bridge diode open")));
}

#[test]
fn words_are_found_wherever_a_case_has_them_in_chinese_too() {
    let library = Library::new();
    let id = library.open("十七号基站无输出", "supply-before.sigmf-meta", "电源 维修前");
    library.good(&["case", "note", &id, "风扇也有异响"]);
    library.good(&["case", "action", &id, "part_replaced", "capacitor bank", "--part", "C17 4700uF"]);
    library.close(&id, "滤波电容失效", "更换电容组");
    for words in ["电容", "基站 失效", "风扇", "c17", "RESERVOIR"] {
        assert_eq!(ids(&library.hits(&["--text", words])), [id.as_str()], "{words}");
    }
    assert!(library.hits(&["--text", "电容 天线"]).is_empty());
    // The list of cases knows what was said at the opening.
    let found = |words: &[&str]| library.good(&[&["case", "search"], words].concat()).out.contains(&id);
    assert!(found(&["基站", "无输出"]) && !found(&["滤波"]));
    let none = library.good(&["library", "search", "--text", "天线", "--lang", "zh-CN"]);
    assert!(none.code == 0 && none.out.contains("没有匹配"), "{}", none.out);
}

#[test]
fn the_store_is_counted() {
    let library = Library::new();
    let open = |title: &str, serial: &str, priority: &str| {
        let words = ["case", "open", "--title", title, "--serial", serial, "--model", "RX-48", "--priority", priority];
        library.good(&words).out.trim().to_owned()
    };
    let (first, other, again) = (open("hums", "SN-1", "P1"), open("dark", "SN-2", "P2"), open("hums", "SN-1", "P1"));
    library.good(&["case", "action", &first, "part_replaced", "renewed", "--part", "C17"]);
    library.close(&first, "capacitor", "renewed");
    library.close(&other, "capacitor", "renewed");
    let stats = library.good(&["case", "stats", "--json"]).json();
    Published::load().check("StatsDocument", &stats);
    assert_eq!(stats["cases"], 3);
    let counts = |by: &str| -> Vec<(String, u64)> {
        let group = stats["groups"].as_array().unwrap().iter().find(|g| g["by"] == by).unwrap();
        let counts = group["counts"].as_array().unwrap();
        counts.iter().map(|c| (c["name"].as_str().unwrap().to_owned(), c["count"].as_u64().unwrap())).collect()
    };
    let pairs = |all: &[(&str, u64)]| all.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect::<Vec<_>>();
    assert_eq!(counts("status"), pairs(&[("closed", 2), ("open", 1)]));
    assert_eq!(counts("priority"), pairs(&[("P1", 2), ("P2", 1)]));
    assert_eq!(counts("root_cause"), pairs(&[("capacitor", 2)]));
    assert_eq!(counts("part"), pairs(&[("C17", 1)]));
    assert_eq!(counts("equipment"), pairs(&[("RX-48", 3)]));
    assert_eq!(counts("month").iter().map(|(_, n)| n).sum::<u64>(), 3);
    assert_eq!(stats["repeats"], serde_json::json!([{ "serial": "SN-1", "cases": [first, again] }]));
    let clocks = stats["clocks"].as_array().unwrap();
    let sum = |c: &Value| ["met", "late", "running"].iter().map(|k| c[k].as_u64().unwrap()).sum::<u64>();
    assert!(!clocks.is_empty() && clocks.iter().all(|c| sum(c) <= 3), "{clocks:#?}");
    let fix = clocks.iter().find(|c| c["clock"] == "fix").unwrap();
    assert!(fix["met"].as_u64().unwrap() == 2 && fix["median_s"].as_f64().unwrap() >= 0.0, "{fix}");
    let shown = library.good(&["case", "stats", "--lang", "zh-CN"]).out;
    assert!(shown.contains("再次故障") && shown.contains("SN-1") && shown.contains("已关闭"), "{shown}");
}

#[test]
fn what_cannot_be_searched_by_is_refused() {
    let library = Library::new();
    assert_eq!(library.run(&["library", "search", "--text", "x"]).code, 5, "no store");
    let id = library.good(&["case", "open", "--title", "x"]).out.trim().to_owned();
    assert_eq!(library.run(&["library", "search"]).code, 2);
    let nothing = library.run(&["library", "search", "--case", &id]);
    assert!(nothing.code == 2 && nothing.err.contains("nothing to compare by"), "{}", nothing.err);
    assert_eq!(library.run(&["library", "search", "--capture", "no-such-file.wav"]).code, 3);
}
