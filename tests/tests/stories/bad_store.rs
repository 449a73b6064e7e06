//! Stores that are none, disks that are full, cases that are not there.

use std::fs;
use std::path::Path;

use faultscope_tests::{faultscope, sample};

use super::process::{binary, text};

fn opened(store: &Path) -> String {
    let outcome = faultscope(&["case", "open", "--title", "x", "--store", &store.display().to_string()]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    outcome.out.trim().to_owned()
}

#[track_caller]
fn refused(words: &[&str], store: &Path, code: u8, says: &[&str]) {
    let store = store.display().to_string();
    let outcome = faultscope(&[words, &["--store", &store]].concat());
    assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
    assert!(outcome.out.is_empty() && !outcome.err.contains("panicked"), "{words:?}: {}{}", outcome.out, outcome.err);
    for words in says {
        assert!(outcome.err.contains(words), "'{words}' is not said: {}", outcome.err);
    }
    assert!(outcome.err.lines().count() >= 2, "what to do next: {}", outcome.err);
}

#[test]
fn a_store_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("none");
    for words in [
        vec!["case", "list"],
        vec!["case", "show", "FS-2026-0001"],
        vec!["case", "note", "FS-2026-0001", "x"],
        vec!["report", "FS-2026-0001", "--output", "x.html"],
    ] {
        refused(&words, &store, 5, &["no fault-case store", "--store"]);
    }
    assert!(!store.exists(), "looking must not create");
}

#[test]
fn a_store_that_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("notes.txt");
    fs::write(&store, "not a store").unwrap();
    for words in [vec!["case", "list"], vec!["case", "open", "--title", "x"]] {
        refused(&words, &store, 5, &["notes.txt", "--store"]);
    }
    assert_eq!(fs::read_to_string(&store).unwrap(), "not a store");
}

#[test]
fn a_store_whose_database_is_garbage() {
    let dir = tempfile::tempdir().unwrap();
    opened(dir.path());
    let database = dir.path().join("faultscope.db");
    for garbage in [vec![0xA5_u8; 8192], b"hello".to_vec()] {
        for name in ["faultscope.db-wal", "faultscope.db-shm"] {
            let _ = fs::remove_file(dir.path().join(name));
        }
        fs::write(&database, &garbage).unwrap();
        for words in [vec!["case", "list"], vec!["case", "open", "--title", "x"]] {
            refused(&words, dir.path(), 5, &["not a database", "--store"]);
        }
        assert_eq!(fs::read(&database).unwrap(), garbage, "it is left as it is");
    }
}

#[test]
fn a_case_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let id = opened(dir.path());
    let wrong = format!("{}9", &id[..id.len() - 1]);
    let rail = sample("supply-before.sigmf-meta");
    let page = dir.path().join("x.html").display().to_string();
    for words in [
        vec!["case", "show", &wrong],
        vec!["case", "note", &wrong, "x"],
        vec!["case", "close", &wrong, "--root-cause", "x", "--remedy", "y"],
        vec!["case", "reopen", &wrong],
        vec!["case", "verify", &wrong],
        vec!["case", "attach", &wrong, &rail],
        vec!["report", &wrong, "--output", &page],
    ] {
        refused(&words, dir.path(), 2, &[&wrong, "did you mean", &id]);
    }
    refused(&["case", "show", "zzzz"], dir.path(), 2, &["zzzz", "case list"]);
    assert!(!Path::new(&page).exists());
}

#[test]
fn evidence_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let id = opened(dir.path());
    refused(&["case", "attach", &id, "no-such-file.csv"], dir.path(), 3, &["no such file", "no-such-file.csv"]);
    let shown = faultscope(&["case", "show", &id, "--json", "--store", &dir.path().display().to_string()]).json();
    assert_eq!(shown["case"]["version"], 1, "nothing is half attached");
}

#[test]
fn a_report_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let id = opened(dir.path());
    let nowhere = dir.path().join("none").join("x.html").display().to_string();
    refused(&["report", &id, "--output", &nowhere], dir.path(), 5, &["none"]);
    let wrong = dir.path().join("x.docx").display().to_string();
    refused(&["report", &id, "--output", &wrong], dir.path(), 2, &["x.docx", ".html"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let locked = dir.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), b"x").is_ok() {
        println!("skipped: this user may write anywhere");
        return;
    }
    refused(&["case", "open", "--title", "x"], &locked.join("store"), 5, &["locked"]);
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_what_was_stored_before() {
    let dir = tempfile::tempdir().unwrap();
    let id = opened(dir.path());
    let store = dir.path().display().to_string();
    let rail = sample("supply-before.sigmf-meta");
    // Files of at most 64 KiB: the capture of 160 kB does not fit.
    let output = super::process::binary_on_a_full_disk(128)
        .args(["case", "attach", &id, &rail, "--store", &store])
        .output()
        .unwrap();
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{message}{}", text(&output.stdout));
    assert!(message.contains("no room left") && message.contains("make room"), "{message}");
    let verified = faultscope(&["case", "verify", &id, "--store", &store]);
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    let shown = faultscope(&["case", "show", &id, "--json", "--store", &store]).json();
    assert_eq!(shown["case"]["evidence"].as_array().unwrap().len(), 0);
    // With room again the same words succeed.
    assert_eq!(faultscope(&["case", "attach", &id, &rail, "--store", &store]).code, 0);
}

#[cfg(unix)]
#[test]
fn a_full_disk_while_writing_results() {
    let dir = tempfile::tempdir().unwrap();
    let tx = sample("tx-before.sigmf-meta");
    for name in ["x.csv", "x.json", "x.png", "x.svg"] {
        let output = dir.path().join(name);
        let child = super::process::binary_on_a_full_disk(4)
            .args(["spectrum", &tx, "--output", &output.display().to_string()])
            .output()
            .unwrap();
        let message = text(&child.stderr);
        assert_eq!(child.status.code(), Some(5), "{name}: {message}");
        assert!(message.contains(name) && !message.contains("panicked"), "{message}");
        assert!(!output.exists(), "{name} is half written");
    }
    let store = dir.path().join("store").display().to_string();
    let child =
        super::process::binary_on_a_full_disk(8).args(["case", "open", "--title", "x", "--store", &store]).output();
    let child = child.unwrap();
    assert_eq!(child.status.code(), Some(5), "{}", text(&child.stderr));
    let made = dir.path().join("made").display().to_string();
    let child = super::process::binary_on_a_full_disk(8).args(["simulate", "pa-failing", "--output", &made]).output();
    let child = child.unwrap();
    assert_eq!(child.status.code(), Some(5), "{}", text(&child.stderr));
}

#[test]
fn standard_output_that_is_full_is_no_panic() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: this system has no full device");
        return;
    };
    let output = binary().args(["info", &sample("tx-after.sigmf-meta"), "--json"]).stdout(full).output().unwrap();
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    // A result that could not be written is not done.
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
}
