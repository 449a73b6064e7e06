//! The fault case from opening to closing: ids, roles, languages, refusals, and two processes on one case.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

use super::process::{binary, text};

struct Store {
    _dir: tempfile::TempDir,
    path: String,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store").display().to_string();
        Self { _dir: dir, path }
    }

    fn run(&self, words: &[&str]) -> Outcome {
        faultscope(&[words, &["--store", &self.path]].concat())
    }

    #[track_caller]
    fn good(&self, words: &[&str], code: u8) -> Outcome {
        let outcome = self.run(words);
        assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome
    }

    fn case(&self, id: &str) -> Value {
        self.good(&["case", "show", id, "--json"], 0).json()["case"].clone()
    }
}

fn texts<'a>(case: &'a Value, kind: &str) -> Vec<&'a str> {
    let timeline = case["timeline"].as_array().unwrap();
    timeline.iter().filter(|e| e["kind"] == kind).filter_map(|e| e["text"].as_str()).collect()
}

#[test]
fn opening_prints_the_id_alone() {
    let store = Store::new();
    let first = store.good(&["case", "open", "--title", "Rectifier hums"], 0);
    let second = store.good(&["case", "open", "--title", "Rectifier dead", "--priority", "p1"], 0);
    for outcome in [&first, &second] {
        let id = outcome.out.strip_suffix('\n').unwrap();
        assert!(id.starts_with("FS-") && !id.contains(char::is_whitespace), "{id:?}");
        assert!(outcome.err.is_empty(), "{}", outcome.err);
    }
    assert_ne!(first.out, second.out);
    let list = store.good(&["case", "list", "--json"], 0).json();
    // The P1's clocks run out first.
    assert_eq!(list["cases"][0]["id"], second.out.trim());
}

#[test]
fn a_case_from_start_to_end() {
    let store = Store::new();
    let open = [
        "case",
        "open",
        "--title",
        "BTS 17 down",
        "--customer",
        "Example Mobile",
        "--site",
        "Hill 17",
        "--equipment",
        "base station",
        "--model",
        "BTS-900",
        "--serial",
        "0417",
        "--tag",
        "13.56-00A7",
        "--symptom",
        "no calls",
        "--contact",
        "control room",
        "--priority",
        "P1",
    ];
    let id = store.good(&open, 0).out.trim().to_owned();
    let case = store.case(&id);
    assert_eq!((case["status"].as_str(), case["priority"].as_str()), (Some("open"), Some("P1")), "{case:#}");
    assert_eq!(case["equipment"]["type"], "base station");
    assert_eq!(case["equipment"]["serial"], "0417");
    assert!(case["clocks"].as_array().unwrap().iter().any(|c| c["state"] == "running"));

    let (before, after) = (sample("supply-before.sigmf-meta"), sample("supply-after.sigmf-data"));
    store.good(&["case", "attach", &id, &before, "--limits", "dc-48v", "--role", "supply before"], 1);
    store.good(&["case", "note", &id, "capacitor bulged"], 0);
    store.good(&["case", "attach", &id, &after, "--limits", "dc-48v", "--role", "supply after"], 3);
    let photo = Path::new(&store.path).join("..").join("lamp.jpg");
    std::fs::write(&photo, b"\xff\xd8\xff").unwrap();
    store.good(&["case", "attach", &id, &photo.display().to_string()], 0);

    let case = store.case(&id);
    let evidence = case["evidence"].as_array().unwrap();
    assert_eq!(evidence.len(), 5, "two pairs and a photo");
    assert!(evidence.iter().any(|e| e["media_type"] == "image/jpeg" && e["size"] == 3));
    assert!(
        case["findings"].as_array().unwrap().iter().any(|f| f["verdict"] == "fail" && f["role"] == "supply before")
    );
    assert_eq!(texts(&case, "noted"), ["capacitor bulged"]);

    let refused = store.run(&["case", "close", &id]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("root") && refused.err.contains("cause"), "{}", refused.err);
    assert_eq!(store.case(&id)["status"].as_str(), case["status"].as_str(), "a refusal changes nothing");

    store.good(&["case", "close", &id, "--root-cause", "capacitor dried out", "--remedy", "replaced"], 0);
    let case = store.case(&id);
    assert_eq!((case["status"].as_str(), case["root_cause"].as_str()), (Some("closed"), Some("capacitor dried out")));
    assert_eq!(case["closure"]["remedy"], "replaced");
    assert!(case["clocks"].as_array().unwrap().iter().all(|c| c["state"] != "running"));
    let open_cases = store.good(&["case", "list", "--json"], 0).json();
    assert_eq!(open_cases["cases"].as_array().unwrap().len(), 0);
    let all = store.good(&["case", "list", "--all", "--json"], 0).json();
    assert_eq!(all["cases"].as_array().unwrap().len(), 1);

    store.good(&["case", "reopen", &id, "--reason", "hums again"], 0);
    assert_ne!(store.case(&id)["status"], "closed");
    let page = Path::new(&store.path).join("..").join("report.html").display().to_string();
    assert_eq!(store.good(&["report", &id, "--output", &page], 0).out.trim(), page);
    let verified = store.good(&["case", "verify", &id], 0).out;
    let (chain, findings) = verified.trim().split_once('\n').unwrap();
    assert_eq!(chain, format!("{id}: chain and digests are consistent"));
    assert!(findings.ends_with("0 differ; 0 not evaluated"), "{findings}");
}

#[test]
fn evidence_is_kept_by_what_it_holds() {
    // SHA-256 of "abc" is the example of FIPS 180-4.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let store = Store::new();
    let id = store.good(&["case", "open", "--title", "x"], 0).out.trim().to_owned();
    let file = Path::new(&store.path).join("..").join("note.txt");
    std::fs::write(&file, "abc").unwrap();
    store.good(&["case", "attach", &id, &file.display().to_string()], 0);
    assert_eq!(store.case(&id)["evidence"][0]["sha256"], ABC);
    // The store has a copy of its own.
    std::fs::remove_file(&file).unwrap();
    store.good(&["case", "verify", &id], 0);
    let kept = Path::new(&store.path).join("evidence").join("sha256").join(&ABC[..2]).join(&ABC[2..]);
    assert_eq!(std::fs::read(kept).unwrap(), b"abc");
}

#[test]
fn two_processes_lose_nothing() {
    const EACH: usize = 12;
    let store = Store::new();
    let id = store.good(&["case", "open", "--title", "shared"], 0).out.trim().to_owned();
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for who in ["anna", "bert"] {
            let (id, path, folder) = (&id, &store.path, folder.path());
            scope.spawn(move || {
                for n in 0..EACH {
                    let note = format!("{who} {n}");
                    let words = ["case", "note", id, &note, "--store", path];
                    let output = binary().args(words).env("USER", who).output().unwrap();
                    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                    if n % 4 == 0 {
                        let file = folder.join(format!("{who}-{n}.txt"));
                        std::fs::write(&file, &note).unwrap();
                        let words = ["case", "attach", id, &file.display().to_string(), "--store", path];
                        let output = binary().args(words).env("USER", who).output().unwrap();
                        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                    }
                }
            });
        }
    });
    let case = store.case(&id);
    let notes: BTreeSet<&str> = texts(&case, "noted").into_iter().collect();
    let wanted: BTreeSet<String> =
        ["anna", "bert"].iter().flat_map(|who| (0..EACH).map(move |n| format!("{who} {n}"))).collect();
    assert_eq!(notes, wanted.iter().map(String::as_str).collect());
    assert_eq!(case["evidence"].as_array().unwrap().len(), 2 * EACH / 4);
    let actors: BTreeSet<&str> =
        case["timeline"].as_array().unwrap().iter().filter_map(|e| e["actor"].as_str()).collect();
    assert!(actors.contains("anna") && actors.contains("bert"));
    store.good(&["case", "verify", &id], 0);
}

#[test]
fn two_processes_open_one_new_store() {
    let store = Store::new();
    let ids: Vec<String> = thread::scope(|scope| {
        let open = || {
            let words = ["case", "open", "--title", "at once", "--store", &store.path];
            let output = binary().args(words).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            text(&output.stdout).trim().to_owned()
        };
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 6, "{ids:?}");
    assert_eq!(store.good(&["case", "list", "--json"], 0).json()["cases"].as_array().unwrap().len(), 6);
}

#[test]
fn the_store_may_come_from_the_environment() {
    let store = Store::new();
    let output = binary().args(["case", "open", "--title", "x"]).env("FAULTSCOPE_STORE", &store.path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    store.good(&["case", "show", text(&output.stdout).trim()], 0);
    // The option wins over the environment.
    let other = Store::new();
    let words = ["case", "list", "--store", &other.path];
    let output = binary().args(words).env("FAULTSCOPE_STORE", &store.path).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn the_default_store_is_in_the_users_data_directory() {
    let home = tempfile::tempdir().unwrap();
    let output = binary().args(["case", "open", "--title", "x"]).env("XDG_DATA_HOME", home.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(home.path().join("faultscope").join("store").join("faultscope.db").is_file());
}

#[test]
fn chinese_words_in_and_out() {
    let store = Store::new();
    let id = store.good(&["case", "open", "--title", "十七号基站无输出", "--site", "山顶"], 0).out.trim().to_owned();
    assert_eq!(store.case(&id)["title"], "十七号基站无输出");
    assert_eq!(store.good(&["case", "list", "--text", "基站", "--json"], 0).json()["cases"][0]["id"], id.as_str());
    let rail = sample("supply-before.sigmf-meta");
    let attach = ["case", "attach", &id, &rail, "--limits", "dc-48v", "--role", "电源 维修前", "--lang", "zh-CN"];
    store.good(&attach, 1);
    let shown = store.good(&["case", "show", &id, "--lang", "zh-CN"], 0).out;
    assert!(shown.contains("十七号基站无输出") && shown.contains("电源 维修前"), "{shown}");
    assert!(shown.contains("不合格") || shown.contains("失败") || shown.contains("超限"), "{shown}");
    let page = Path::new(&store.path).join("..").join("r.html");
    store.good(&["report", &id, "--output", &page.display().to_string(), "--lang", "zh-CN"], 0);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("十七号基站无输出"));
    for key in ["Evidence", "Timeline", "Findings", "Probable cause"] {
        assert!(!page.contains(&format!(">{key}<")), "{key} is not translated");
    }
}

#[test]
fn the_language_of_findings_follows_the_option() {
    let rail = sample("supply-before.sigmf-meta");
    let summary = |lang: &str| {
        let document = faultscope(&["ripple", &rail, "--limits", "dc-48v", "--json", "--lang", lang]).json();
        document["captures"][0]["findings"][0]["summary"].as_str().unwrap().to_owned()
    };
    assert!(summary("en").is_ascii() || !summary("en").chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)));
    assert!(summary("zh-CN").chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)), "{}", summary("zh-CN"));
}

#[test]
fn hostile_words_are_only_words() {
    let store = Store::new();
    let title = "<script>alert('x')</script> & \"quotes\" '; DROP TABLE events; --";
    let id = store.good(&["case", "open", "--title", title], 0).out.trim().to_owned();
    store.good(&["case", "note", &id, "{{ 7 * 7 }} {% raw %}"], 0);
    assert_eq!(store.case(&id)["title"], title);
    let page = Path::new(&store.path).join("..").join("r.html");
    store.good(&["report", &id, "--output", &page.display().to_string()], 0);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
    assert!(page.contains("{{ 7 * 7 }}"));
}

#[test]
fn a_closed_case_takes_no_evidence_silently() {
    let store = Store::new();
    let id = store.good(&["case", "open", "--title", "x"], 0).out.trim().to_owned();
    store.good(&["case", "close", &id, "--root-cause", "none", "--remedy", "none", "--code", "no-fault-found"], 0);
    let again = store.run(&["case", "close", &id, "--root-cause", "x", "--remedy", "y"]);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("closed"), "{}", again.err);
    let attached = store.run(&["case", "attach", &id, &sample("supply-after.sigmf-meta")]);
    let case = store.case(&id);
    if attached.code == 0 {
        assert!(texts(&case, "attached").len() == 1, "what was accepted is there");
    } else {
        assert_eq!(attached.code, 2, "{}", attached.err);
        assert!(attached.err.contains("reopen") || attached.err.contains("closed"), "{}", attached.err);
    }
}
