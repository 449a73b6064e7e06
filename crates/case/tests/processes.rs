//! Several programs at once, programs that are killed, disks that are full or read-only: nothing acknowledged is lost.
//!
//! The second program is this test binary again, told by `FAULTSCOPE_CASE_CHILD` what to do.
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use faultscope_case::{Access, Attached, Event, EventKind, NewEvent, Opened, SqliteStore, Store};

const CHILD: &str = "FAULTSCOPE_CASE_CHILD";
const AT: &str = "2026-03-01T08:00:00Z";

fn tell(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
}

fn new(actor: &str, kind: EventKind) -> NewEvent {
    NewEvent { at: AT.into(), actor: actor.into(), tool: "t".into(), kind }
}

fn note(actor: &str, text: &str) -> NewEvent {
    new(actor, EventKind::Noted { text: text.into() })
}

fn opening() -> NewEvent {
    let opened: Opened = serde_json::from_value(serde_json::json!({"title": "down", "priority": "P1"})).unwrap();
    new("chen", EventKind::Opened(Box::new(opened)))
}

fn fresh() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&dir.path().join("store"), Access::Create).unwrap();
    let id = store.create(opening()).unwrap().case_id;
    (dir, id)
}

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(&dir.join("store"), Access::Write).unwrap()
}

/// This binary again, to run `child_main` with the given task.
fn child(task: &str, store: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_main", "--exact", "--nocapture"]).env(CHILD, task).env("FAULTSCOPE_CASE_STORE", store);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn acks(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = BufReader::new(child.stdout.take().unwrap());
    out.lines().map_while(Result::ok).filter_map(|line| line.split("ack ").nth(1).map(str::to_owned))
}

fn ack(event: &Event) {
    say(&event.id);
}

fn say(what: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "ack {what}").unwrap();
    out.flush().unwrap();
}

/// What the second program does; nothing when the tests are run as tests.
#[test]
fn child_main() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let dir = PathBuf::from(std::env::var_os("FAULTSCOPE_CASE_STORE").unwrap());
    match task.as_str() {
        "append" => append_many(&dir, "child", 300),
        "one" | "two" => append_many(&dir, &task, 1000),
        "reopen" => (0..25).for_each(|_| append_many(&dir, "child", 2)),
        "for ever" => attach_for_ever(&dir),
        "until full" => until_full(&dir),
        "read only" => read_only(&dir),
        other => unreachable!("{other}"),
    }
}

fn append_many(dir: &Path, actor: &str, count: usize) {
    let mut store = SqliteStore::open(dir, Access::Write).unwrap();
    for n in 0..count {
        let events = store.append("FS-2026-0001", None, vec![note(actor, &format!("{actor} {n}"))]).unwrap();
        if std::env::var_os(CHILD).is_some() {
            events.iter().for_each(ack);
        }
    }
}

fn attach_for_ever(dir: &Path) {
    let mut store = SqliteStore::open(dir, Access::Write).unwrap();
    for n in 0u64.. {
        let bytes: Vec<u8> = n.to_le_bytes().repeat(5000);
        let evidence = store.put_evidence(&format!("{n}.wav"), "", &mut &bytes[..]).unwrap();
        let attached = Attached { evidence: vec![evidence], ..Attached::default() };
        let events = vec![new("child", EventKind::Attached(Box::new(attached))), note("child", &"x".repeat(2000))];
        store.append("FS-2026-0001", None, events).unwrap().iter().for_each(ack);
    }
}

/// Writes until a file may not grow any more.
fn until_full(dir: &Path) {
    let mut store = SqliteStore::open(dir, Access::Write).unwrap();
    let error = loop {
        match store.append("FS-2026-0001", None, vec![note("child", &"x".repeat(10_000))]) {
            Ok(events) => events.iter().for_each(ack),
            Err(error) => break error,
        }
    };
    assert_eq!(error.exit_code(), 5, "{error}");
    let error = store.put_evidence("big.wav", "", &mut &vec![7u8; 2 << 20][..]).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("full", 5), "{error}");
    say("done");
}

fn read_only(dir: &Path) {
    for access in [Access::Read, Access::Write, Access::Create] {
        let mut store = SqliteStore::open(dir, access).unwrap();
        assert!(store.is_read_only());
        let proof = store.verify("FS-2026-0001").unwrap();
        assert!(proof.is_intact() && proof.events == 3 && proof.evidence == 1, "{proof:?}");
        assert_eq!(store.case("FS-2026-0001", AT).unwrap().timeline.len(), 3);
        assert_eq!(store.append("FS-2026-0001", None, vec![note("x", "x")]).unwrap_err().kind(), "read_only");
    }
    let nowhere = dir.parent().unwrap().join("new store");
    assert_eq!(SqliteStore::open(&nowhere, Access::Create).unwrap_err().exit_code(), 5);
    say("done");
}

/// All notes of all actors are there, each actor's in the order they were written, numbered without gaps.
fn assert_all_there(dir: &Path, actors: &[(&str, usize)]) {
    let store = open(dir);
    let events = store.events("FS-2026-0001").unwrap();
    assert!(events.iter().zip(1u64..).all(|(event, seq)| event.seq == seq));
    for (actor, count) in actors {
        let texts: Vec<_> = events.iter().filter(|e| e.actor == *actor).map(|e| e.kind.clone()).collect();
        let expected: Vec<_> = (0..*count).map(|n| EventKind::Noted { text: format!("{actor} {n}") }).collect();
        assert_eq!(texts, expected, "{actor}");
    }
    assert_eq!(events.len(), 1 + actors.iter().map(|(_, n)| n).sum::<usize>());
    let proof = store.verify("FS-2026-0001").unwrap();
    assert!(proof.is_intact(), "{proof:?}");
}

#[test]
fn two_threads_and_two_processes_on_one_case_lose_nothing() {
    let (dir, _) = fresh();
    let store = dir.path().join("store");
    let mut other = child("append", &store).spawn().unwrap();
    let said = acks(&mut other);
    std::thread::scope(|scope| {
        for actor in ["one", "two"] {
            let store = &store;
            scope.spawn(move || append_many(store, actor, 300));
        }
    });
    assert_eq!(said.count(), 300);
    assert!(other.wait().unwrap().success());
    assert_all_there(dir.path(), &[("one", 300), ("two", 300), ("child", 300)]);
}

/// `cargo test -p faultscope-case --test processes -- --ignored two_programs_write_a_thousand`; the same on PostgreSQL is in `team.rs`.
#[test]
#[ignore = "half a minute of flushes"]
fn two_programs_write_a_thousand_events_each_to_one_case_and_none_is_lost() {
    let (dir, _) = fresh();
    let store = dir.path().join("store");
    let mut others: Vec<Child> = ["one", "two"].map(|actor| child(actor, &store).spawn().unwrap()).into();
    for other in &mut others {
        assert_eq!(acks(other).count(), 1000);
        assert!(other.wait().unwrap().success());
    }
    assert_all_there(dir.path(), &[("one", 1000), ("two", 1000)]);
}

#[test]
fn programs_that_come_and_go_do_not_trip_over_each_other() {
    let (dir, _) = fresh();
    let store = dir.path().join("store");
    let mut others: Vec<Child> = (0..2).map(|_| child("reopen", &store).spawn().unwrap()).collect();
    for _ in 0..25 {
        append_many(&store, "main", 2);
    }
    for other in &mut others {
        assert_eq!(acks(other).count(), 50);
        assert!(other.wait().unwrap().success());
    }
    let proof = open(dir.path()).verify("FS-2026-0001").unwrap();
    assert!(proof.is_intact() && proof.events == 151, "{proof:?}");
}

#[test]
fn two_programs_that_create_a_store_at_once_make_one() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("store");
    let ids: Vec<String> = std::thread::scope(|scope| {
        let create = || {
            let mut store = SqliteStore::open(&place, Access::Create).unwrap();
            (0..5).map(|_| store.create(opening()).unwrap().case_id).collect::<Vec<_>>()
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
        all.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let mut sorted = ids.clone();
    sorted.sort();
    let expected: Vec<String> = (1..=20).map(|n| format!("FS-2026-{n:04}")).collect();
    assert_eq!(sorted, expected);
}

/// Kills an attaching program `rounds` times on one store; how many steps it had acknowledged.
fn outlives(rounds: usize, seed: usize) -> usize {
    let (dir, _) = fresh();
    let mut known: Vec<String> = Vec::new();
    for round in 0..rounds {
        let mut other = child("for ever", &dir.path().join("store")).spawn().unwrap();
        let mut said = acks(&mut other);
        known.extend(said.by_ref().take(1 + round * 3));
        // Not at the moment of an acknowledgement, but somewhere between two of them.
        std::thread::sleep(std::time::Duration::from_micros((700 * round + 137 * seed) as u64 % 9000));
        other.kill().unwrap();
        known.extend(said);
        other.wait().unwrap();
        let store = open(dir.path());
        let proof = store.verify("FS-2026-0001").unwrap();
        assert!(proof.is_intact(), "round {round}: {proof:?}");
        let have: std::collections::BTreeSet<_> = proof.have.iter().collect();
        let lost: Vec<_> = known.iter().filter(|id| !have.contains(id)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        // Both events of a call or neither.
        assert_eq!(proof.events % 2, 1);
    }
    let parts = std::fs::read_dir(dir.path().join("store/evidence/incoming")).unwrap().flatten();
    assert!(parts.into_iter().all(|p| p.path().extension().is_none()));
    known.len()
}

#[test]
fn whatever_was_acknowledged_outlives_a_kill() {
    let known = outlives(10, 0);
    assert!(known >= 145, "{known}");
}

/// `cargo nextest run -p faultscope-case --run-ignored only -E 'test(five_hundred_kills_of_attach)' --no-capture`
#[test]
#[ignore = "minutes"]
fn five_hundred_kills_of_attach() {
    let known: usize = (0..50).map(|seed| outlives(10, seed)).sum();
    tell(&format!("500 kills while attaching, {known} steps acknowledged, none lost"));
}

#[cfg(unix)]
#[test]
fn a_file_system_that_takes_no_more_bytes_loses_nothing() {
    let (dir, _) = fresh();
    let plain = child("until full", &dir.path().join("store"));
    // A limit on the size of files, its signal ignored, makes every write fail as on a full disk.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 1500; exec \"$0\" \"$@\""]).arg(plain.get_program());
    limited.args(plain.get_args()).envs(plain.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let mut other = limited.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said: Vec<String> = acks(&mut other).collect();
    assert!(other.wait().unwrap().success());
    assert_eq!(said.pop().as_deref(), Some("done"));
    assert!(said.len() > 10);
    let mut store = open(dir.path());
    let proof = store.verify("FS-2026-0001").unwrap();
    assert!(proof.is_intact(), "{proof:?}");
    assert_eq!(proof.have.get(1..).unwrap(), said);
    store.append("FS-2026-0001", None, vec![note("main", "there is room again")]).unwrap();
}

#[cfg(unix)]
#[test]
fn a_store_on_a_read_only_medium_opens_shows_and_verifies() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let (dir, id) = fresh();
    let place = dir.path().join("store");
    let mut store = open(dir.path());
    let evidence = store.put_evidence("a.wav", "", &mut &b"samples"[..]).unwrap();
    let attached = Attached { evidence: vec![evidence], ..Attached::default() };
    store.append(&id, None, vec![new("li", EventKind::Attached(Box::new(attached))), note("li", "x")]).unwrap();
    drop(store);
    let binary = dir.path().join("again");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mode = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&binary, 0o755);
    mode(&place.join("faultscope.db"), 0o444);
    mode(&place, 0o555);
    mode(dir.path(), 0o555);
    let plain = child("read only", &place);
    let mut other = Command::new(&binary);
    other.args(plain.get_args()).envs(plain.get_envs().filter_map(|(k, v)| Some((k, v?))));
    other.stdout(Stdio::piped()).stderr(Stdio::piped());
    if std::fs::write(place.join("probe"), "x").is_ok() {
        // Modes do not bind root: the reader runs as nobody.
        std::fs::remove_file(place.join("probe")).unwrap();
        other.uid(65_534).gid(65_534);
    }
    let out = other.output().unwrap();
    mode(dir.path(), 0o755);
    mode(&place, 0o755);
    assert!(String::from_utf8_lossy(&out.stdout).contains("ack done"), "{}", String::from_utf8_lossy(&out.stderr));
}
