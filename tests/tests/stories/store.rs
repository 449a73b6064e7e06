//! The store as such: made, checked, exchanged with another, in two languages, with the right exit codes.

use std::path::Path;

use faultscope_tests::{Outcome, faultscope, sample};

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn place(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    #[track_caller]
    fn run(&self, store: &str, words: &[&str], code: u8) -> Outcome {
        let place = self.place(store);
        let outcome = faultscope(&[words, &["--store", &place]].concat());
        assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome
    }
}

#[test]
fn a_laptop_and_an_office_exchange_and_say_what_came_of_it() {
    let desk = Desk::new();
    let office = desk.place("office");
    assert!(desk.run("office", &["store", "init"], 0).out.contains("made"));
    assert!(desk.run("office", &["store", "init"], 0).out.contains("already"));
    // A store that was just made is of the newest version: nothing is left to be done.
    let migrated = desk.run("office", &["store", "migrate", "--json"], 0).json();
    assert!(
        migrated["before"].as_u64().is_some_and(|v| v > 0) && migrated["before"] == migrated["version"],
        "{migrated}"
    );
    let id = desk.run("laptop", &["case", "open", "--title", "hums"], 0).out.trim().to_owned();
    desk.run("laptop", &["case", "attach", &id, &sample("site-tx.toml"), "--measure", "none"], 0);
    let sent = desk.run("laptop", &["store", "sync", &office, "--ack"], 0);
    let have = desk.run("office", &["case", "verify", &id, "--list"], 0).out;
    let acks: Vec<&str> = sent.out.lines().filter_map(|line| line.strip_prefix("ack ")).collect();
    assert!(acks.len() == 2 && acks.iter().all(|ack| have.contains(&format!("have {ack}"))), "{}", sent.out);
    let again = desk.run("laptop", &["store", "sync", &office, "--json", "--ack"], 0);
    assert_eq!(again.json()["synced"]["unchanged"], 1);
    assert!(!again.err.contains("ack"), "{}", again.err);
    // Both set the assignee: both are kept, and somebody has to decide.
    desk.run("laptop", &["case", "assign", &id, "li"], 0);
    desk.run("office", &["case", "assign", &id, "wang"], 0);
    desk.run("office", &["case", "note", &id, "parts are ordered"], 0);
    let clash = desk.run("laptop", &["store", "sync", &office, "--lang", "zh-CN"], 75);
    assert!(clash.err.contains("assignee") && clash.err.contains("保留前者"), "{}", clash.err);
    assert!(clash.out.contains("收到") && clash.out.contains("共 1 个工单"), "{}", clash.out);
    for store in ["laptop", "office"] {
        let case = desk.run(store, &["case", "show", &id, "--json"], 0).json();
        assert_eq!(case["case"]["assignee"], "wang");
        let checked = desk.run(store, &["store", "check", "--json"], 0).json();
        assert_eq!(
            (&checked["cases"], &checked["evidence"], &checked["version"]),
            (&1.into(), &1.into(), &migrated["before"])
        );
    }
    assert!(desk.run("laptop", &["store", "sync", &office], 0).out.contains("1 were the same"));
}

/// The only evidence file of a store.
fn evidence(store: &Path) -> std::path::PathBuf {
    let only = |folder: &Path| std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    only(&only(&store.join("evidence/sha256")))
}

#[test]
fn what_differs_is_found_and_not_handed_on() {
    let desk = Desk::new();
    let id = desk.run("a", &["case", "open", "--title", "hums"], 0).out.trim().to_owned();
    desk.run("a", &["case", "attach", &id, &sample("site-tx.toml"), "--measure", "none"], 0);
    assert!(desk.run("a", &["store", "check"], 0).out.contains("1 cases, 2 events and 1 files"));
    let file = evidence(&desk.dir.path().join("a"));
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "something else").unwrap();
    let checked = desk.run("a", &["store", "check"], 6);
    assert!(checked.out.contains("site-tx.toml") && checked.out.contains("1 of 1"), "{}", checked.out);
    assert_eq!(desk.run("a", &["store", "check", "--json"], 6).json()["differing"][0]["case_id"], id.as_str());
    assert!(desk.run("a", &["store", "check", "--lang", "zh-CN"], 6).out.contains("不一致"));
    desk.run("b", &["store", "init"], 0);
    let refused = desk.run("a", &["store", "sync", &desk.place("b")], 6);
    assert!(refused.err.contains(&id), "{}", refused.err);
    assert_eq!(desk.run("b", &["case", "list", "--json"], 0).json()["cases"], serde_json::json!([]));
}

#[test]
fn a_place_that_is_no_store_is_told_in_one_sentence_and_without_the_password() {
    let desk = Desk::new();
    desk.run("a", &["store", "init"], 0);
    desk.run("none", &["store", "check"], 5);
    desk.run("none", &["store", "migrate"], 5);
    desk.run("a", &["store", "sync", &desk.place("none")], 5);
    assert!(desk.run("a", &["store", "init", "--roles"], 2).err.contains("roles"));
    std::fs::write(desk.place("file"), "x").unwrap();
    desk.run("file", &["store", "init"], 5);
    let secret = "postgres://li:geheim@db.example/team";
    for words in [
        &["case", "list", "--store", secret][..],
        &["store", "init", "--store", secret],
        &["store", "check", "--store", secret, "--json"],
        &["store", "sync", secret, "--store", &desk.place("a")],
        &["doctor", "--store", secret],
    ] {
        let outcome = faultscope(words);
        assert!(outcome.code != 0 || words[0] == "doctor", "{words:?}");
        let said = format!("{}{}", outcome.out, outcome.err);
        assert!(said.contains("--features postgres") && !said.contains("geheim"), "{words:?}: {said}");
    }
}
