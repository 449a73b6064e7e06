//! A case as one file: from one machine's store to another's, both sides' notes kept, what is wrong refused.

use std::collections::BTreeSet;
use std::fs;

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

use super::schema::Published;

struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn run(&self, words: &[&str]) -> Outcome {
        faultscope(&[words, &["--store", &self.at("store")]].concat())
    }

    #[track_caller]
    fn good(&self, words: &[&str], code: u8) -> Outcome {
        let outcome = self.run(words);
        assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome
    }

    fn notes(&self, id: &str) -> BTreeSet<String> {
        let case = self.good(&["case", "show", id, "--json"], 0).json();
        let timeline = case["case"]["timeline"].as_array().unwrap().clone();
        timeline.iter().filter(|e| e["kind"] == "noted").map(|e| e["text"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_case_travels_between_two_machines() {
    let (a, b) = (Machine::new(), Machine::new());
    let id = a.good(&["case", "open", "--title", "Rectifier hums"], 0).out.trim().to_owned();
    let rail = sample("supply-before.sigmf-meta");
    a.good(&["case", "attach", &id, &rail, "--limits", "dc-48v", "--role", "supply before"], 1);
    a.good(&["case", "note", &id, "capacitor bulged"], 0);
    let (first, again) = (a.at("first.zip"), a.at("again.zip"));
    let written = a.good(&["case", "export", &id, "--out", &first, "--json"], 0).json();
    Published::load().check("ExportDocument", &written);
    assert_eq!((&written["events"], &written["evidence"]), (&3.into(), &2.into()));
    a.good(&["case", "export", &id, "--out", &again], 0);
    assert!(fs::read(&first).unwrap() == fs::read(&again).unwrap(), "the same case gives the same bytes");
    let refused = a.run(&["case", "export", &id, "--out", &again]);
    assert!(refused.code == 2 && refused.err.contains("already"), "{}", refused.err);
    a.good(&["case", "export", &id, "--out", &again, "--force"], 0);

    let came = b.good(&["case", "import", &first, "--ack"], 0);
    let acks: BTreeSet<&str> = came.out.lines().filter_map(|l| l.strip_prefix("ack ")).collect();
    assert_eq!(acks.len(), 3, "{}", came.out);
    assert!(came.out.lines().any(|l| l == id), "{}", came.out);
    let have = b.good(&["case", "verify", &id, "--list"], 0).out;
    let have: BTreeSet<&str> = have.lines().filter_map(|l| l.strip_prefix("have ")).collect();
    assert!(acks.is_subset(&have));
    // The pictures of its report are drawn again from the evidence that came with it.
    let page = b.at("page.html");
    b.good(&["report", &id, "--output", &page], 0);
    assert!(fs::read_to_string(&page).unwrap().contains("<svg"));

    a.good(&["case", "note", &id, "capacitor replaced"], 0);
    a.good(&["case", "priority", &id, "P2"], 0);
    b.good(&["case", "note", &id, "customer asks for news"], 0);
    b.good(&["case", "priority", &id, "P1"], 0);
    let from_b = b.at("b.zip");
    b.good(&["case", "export", &id, "--out", &from_b], 0);
    // Both set the priority: nothing is overwritten, and it is said who and when.
    let merged = a.run(&["case", "import", &from_b, "--json"]);
    assert_eq!(merged.code, 75, "{}", merged.err);
    assert!(merged.err.contains("priority"), "{}", merged.err);
    let document: Value = merged.json();
    Published::load().check("ImportDocument", &document);
    assert_eq!((&document["imported"]["outcome"], &document["case"]["priority"]), (&"merged".into(), &"P2".into()));
    let all: BTreeSet<String> =
        ["capacitor bulged", "capacitor replaced", "customer asks for news"].map(str::to_owned).into();
    assert_eq!(a.notes(&id), all);
    a.good(&["case", "verify", &id], 0);
    let again = a.good(&["case", "import", &from_b, "--json"], 0).json();
    assert_eq!(again["imported"]["outcome"], "nothing");
    let back = a.at("back.zip");
    a.good(&["case", "export", &id, "--out", &back], 0);
    b.good(&["case", "import", &back], 0);
    assert_eq!(b.notes(&id), all);
    b.good(&["case", "verify", &id], 0);
}

#[test]
fn what_is_no_sound_bundle_is_refused_with_its_reason() {
    let a = Machine::new();
    let id = a.good(&["case", "open", "--title", "x"], 0).out.trim().to_owned();
    let file = a.at("case.zip");
    a.good(&["case", "export", &id, "--out", &file], 0);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let (changed, letter) = (a.at("changed.zip"), a.at("letter.txt"));
    fs::write(&changed, &bytes).unwrap();
    fs::write(&letter, "Dear colleagues").unwrap();
    let b = Machine::new();
    for (file, code, word) in [(&changed, 6, "digest"), (&letter, 3, "no bundle"), (&a.at("none.zip"), 3, "none.zip")] {
        let refused = b.run(&["case", "import", file]);
        assert_eq!(refused.code, code, "{}", refused.err);
        assert!(refused.err.contains(word) && refused.err.contains(file.as_str()), "{}", refused.err);
    }
    assert_eq!(b.good(&["case", "list", "--json"], 0).json()["cases"].as_array().unwrap().len(), 0);
    let nowhere = a.run(&["case", "export", &id, "--out", &a.at("no/such/folder/case.zip")]);
    assert_eq!(nowhere.code, 5, "{}", nowhere.err);
    assert_eq!(a.run(&["case", "export", "FS-1999-0001", "--out", &a.at("y.zip")]).code, 2);
}
