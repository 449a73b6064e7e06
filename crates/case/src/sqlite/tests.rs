//! What the store promises, tried on one that is broken on purpose.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

mod bundles;

use rusqlite::params;

use super::*;
use crate::clock::{self, Priority};
use crate::event::{Attached, Equipment, EventKind, GENESIS, Opened};
use crate::files::{Disk, Files};
use crate::fold::State;
use crate::ledger::{Tables as _, ids};
use crate::verify::{self, DifferenceKind};

mod lists;

const AT: &str = "2026-03-01T08:00:00Z";

fn new(kind: EventKind) -> NewEvent {
    NewEvent { at: AT.into(), actor: "li".into(), tool: "faultscope 0.1.0".into(), kind }
}

fn note(text: &str) -> NewEvent {
    new(EventKind::Noted { text: text.into() })
}

fn call() -> NewEvent {
    let opened = Opened {
        title: "Base station down".into(),
        customer: "Northern Telecom Ltd".into(),
        site: "Site 7".into(),
        equipment: Equipment { serial: "SN-1".into(), ..Equipment::default() },
        symptom: "no power lamp".into(),
        contact: String::new(),
        priority: Priority::P1,
        terms: Some(crate::Profile::shipped().unwrap().terms(Priority::P1)),
    };
    new(EventKind::Opened(Box::new(opened)))
}

fn attach(store: &mut SqliteStore, id: &str, name: &str, bytes: &[u8]) -> Result<Evidence, StoreError> {
    let evidence = store.put_evidence(name, "audio/wav", &mut &bytes[..])?;
    let attached = Attached { evidence: vec![evidence.clone()], ..Attached::default() };
    store.append(id, None, vec![new(EventKind::Attached(Box::new(attached)))])?;
    Ok(evidence)
}

fn done<T>(result: Done<T>) -> T {
    result.map_err(StoreError::from).unwrap()
}

fn fresh() -> (tempfile::TempDir, SqliteStore, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let id = store.create(call()).unwrap().case_id;
    (dir, store, id)
}

/// Fails at the n-th call, once or from then on.
struct Failing {
    left: Arc<AtomicUsize>,
    for_ever: bool,
    kind: io::ErrorKind,
    failed: Arc<Mutex<bool>>,
}

impl Failing {
    fn turn(&self) -> io::Result<()> {
        let mut failed = self.failed.lock().unwrap();
        let left = self.left.load(Ordering::SeqCst);
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        if left == 1 || (self.for_ever && *failed) {
            *failed = true;
            return Err(io::Error::from(self.kind));
        }
        Ok(())
    }
}

impl Files for Failing {
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        self.turn().and_then(|()| Disk.create_dirs(path))
    }
    fn create(&self, path: &Path) -> io::Result<std::fs::File> {
        self.turn().and_then(|()| Disk.create(path))
    }
    fn write(&self, file: &std::fs::File, bytes: &[u8]) -> io::Result<()> {
        // A full disk takes a part of the bytes first.
        self.turn().or_else(|e| Disk.write(file, bytes.get(..bytes.len() / 2).unwrap_or_default()).and(Err(e)))?;
        Disk.write(file, bytes)
    }
    fn sync(&self, file: &std::fs::File) -> io::Result<()> {
        self.turn().and_then(|()| Disk.sync(file))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.turn().and_then(|()| Disk.rename(from, to))
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.turn().and_then(|()| Disk.sync_dir(path))
    }
}

#[test]
fn whichever_file_call_fails_nothing_is_acknowledged_and_the_store_goes_on() {
    for (kind, class) in [(io::ErrorKind::StorageFull, "full"), (io::ErrorKind::Other, "storage")] {
        for for_ever in [false, true] {
            let mut n = 1;
            loop {
                let (dir, mut store, id) = fresh();
                let failed = Arc::new(Mutex::new(false));
                let left = Arc::new(AtomicUsize::new(n));
                store.vault.set_files(Box::new(Failing { left, for_ever, kind, failed: failed.clone() }));
                let tried = attach(&mut store, &id, "a.wav", b"some samples");
                if !*failed.lock().unwrap() {
                    tried.unwrap();
                    break;
                }
                let error = tried.unwrap_err();
                assert_eq!((error.kind(), error.exit_code()), (class, 5), "call {n}: {error}");
                assert_eq!(store.events(&id).unwrap().len(), 1, "call {n} was acknowledged");
                let parts = std::fs::read_dir(dir.path().join("evidence/incoming")).into_iter().flatten().flatten();
                assert!(parts.into_iter().all(|p| p.path().extension().is_none()), "call {n} left a part behind");
                // There is room again.
                store.vault.set_files(Box::new(Disk));
                attach(&mut store, &id, "a.wav", b"some samples").unwrap();
                let proof = store.verify(&id).unwrap();
                assert!(proof.is_intact() && proof.evidence == 1, "call {n}: {proof:?}");
                n += 1;
            }
            // Folder, file, bytes, flush, folder, rename, and the four folders above it.
            assert!(n > 10, "only {n} calls");
        }
    }
}

#[test]
fn a_full_database_says_so_and_works_again_when_there_is_room() {
    let (_dir, mut store, id) = fresh();
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
    store.connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 20), [], |_| Ok(())).unwrap();
    let text = "x".repeat(9000);
    let mut stored = 0;
    let error = loop {
        match store.append(&id, None, vec![note(&text), note("second of two")]) {
            Ok(events) => stored += events.len(),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), error.exit_code()), ("full", 5), "{error}");
    assert!(stored > 0);
    let proof = store.verify(&id).unwrap();
    assert!(proof.is_intact(), "{proof:?}");
    assert_eq!(proof.have.len(), stored + 1);
    assert_eq!(store.create(call()).map_err(|e| e.kind()).err().or(Some("full")), Some("full"));
    store.connection.query_row("PRAGMA max_page_count = 100000", [], |_| Ok(())).unwrap();
    store.append(&id, None, vec![note(&text)]).unwrap();
    assert!(store.verify(&id).unwrap().is_intact());
}

/// A case with all kinds of content, settled.
fn full_case() -> (tempfile::TempDir, SqliteStore, String) {
    let (dir, mut store, id) = fresh();
    for n in 0..4 {
        store.append(&id, None, vec![note(&format!("第{n}次测量"))]).unwrap();
        attach(&mut store, &id, &format!("capture{n}.wav"), format!("samples {n}").as_bytes()).unwrap();
    }
    (dir, store, id)
}

#[test]
fn one_changed_byte_in_any_evidence_file_is_named() {
    let (dir, store, id) = full_case();
    assert!(store.verify(&id).unwrap().is_intact());
    let files = verify::evidence_of(&store.events(&id).unwrap());
    assert_eq!(files.len(), 4);
    for (sha256, (size, name)) in files {
        let path = dir.path().join("evidence/sha256").join(&sha256[..2]).join(&sha256[2..]);
        let good = std::fs::read(&path).unwrap();
        assert_eq!(good.len() as u64, size);
        assert!(std::fs::metadata(&path).unwrap().permissions().readonly());
        let swap = |bytes: Option<&[u8]>| {
            std::fs::remove_file(&path).unwrap();
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).unwrap();
            }
            let proof = store.verify(&id).unwrap();
            std::fs::write(&path, &good).unwrap();
            assert_eq!(proof.differences.len(), 1, "{proof:?}");
            let first = proof.differences[0].clone();
            assert!(first.at.contains(&name) && first.at.contains(&sha256), "{first:?}");
            first.kind
        };
        for n in 0..good.len() {
            let mut bad = good.clone();
            bad[n] ^= 1 << (n % 8);
            assert_eq!(swap(Some(&bad)), DifferenceKind::EvidenceChanged);
        }
        assert_eq!(swap(Some(&good[..good.len() - 1])), DifferenceKind::EvidenceChanged);
        assert_eq!(swap(None), DifferenceKind::EvidenceMissing);
    }
    assert!(store.verify(&id).unwrap().is_intact());
}

#[test]
fn the_same_file_is_stored_once_and_a_damaged_copy_is_not_taken_for_it() {
    let (_dir, mut store, id) = fresh();
    let first = attach(&mut store, &id, "a.wav", b"").unwrap();
    let again = attach(&mut store, &id, "b.wav", b"").unwrap();
    // The digest of nothing, FIPS 180.
    assert_eq!(first.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!((again.sha256 == first.sha256, again.name.as_str(), again.size), (true, "b.wav", 0));
    assert_eq!(store.verify(&id).unwrap().evidence, 1);
    let path = store.evidence_path(&first.sha256).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"no longer empty").unwrap();
    let error = attach(&mut store, &id, "c.wav", b"").unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("damaged", 6));
}

#[test]
fn a_change_to_any_event_row_is_named() {
    let (_dir, store, id) = full_case();
    let sql = |text: &str| store.connection.execute_batch(text).unwrap();
    let count = i64::try_from(store.events(&id).unwrap().len()).unwrap();
    let mut tries = Vec::new();
    for seq in 1..=count {
        for place in [2, 20, 60, 120, 200, 300] {
            tries.push((seq, format!("UPDATE event SET body = substr(body, 1, {place}) || char(unicode(substr(body, {place} + 1, 1)) + 1) || substr(body, {place} + 2) WHERE seq = {seq}")));
        }
        tries.push((seq, format!("UPDATE event SET hash = substr(hash, 1, 63) || 'x' WHERE seq = {seq}")));
        tries.push((seq, format!("UPDATE event SET id = 'x' || id WHERE seq = {seq}")));
        tries.push((seq, format!("UPDATE event SET seq = 1000 WHERE seq = {seq}")));
        tries.push((seq, format!("DELETE FROM event WHERE seq = {seq}")));
    }
    for (column, value) in [
        ("status", "'closed'"),
        ("priority", "'P4'"),
        ("assignee", "'nobody'"),
        ("words", "''"),
        ("opened_ms", "1"),
        ("updated_ms", "1"),
        ("next_due_ms", "NULL"),
        ("events", "1"),
        ("uuid", "'x'"),
        ("number", "99"),
        ("state", "replace(state, 'Site 7', 'Site 8')"),
        ("state", "'{'"),
    ] {
        tries.push((0, format!("UPDATE fault_case SET {column} = {value}")));
    }
    for (seq, change) in tries {
        let before: i64 = store.connection.query_row("SELECT total_changes()", [], |r| r.get(0)).unwrap();
        sql("SAVEPOINT tamper");
        sql(&change);
        let after: i64 = store.connection.query_row("SELECT total_changes()", [], |r| r.get(0)).unwrap();
        assert!(after > before, "{change} changed nothing");
        let mut tables = store.tables("reading");
        let rows = done(tables.rows(1));
        let (kept, columns_follow) = done(tables.kept(1));
        let mut out = Verification { case_id: id.clone(), ..Verification::default() };
        let events = verify::chain(&mut out, &id, rows);
        verify::state(&mut out, &events, &kept);
        assert!(!out.is_intact() || !columns_follow, "{change} was not seen");
        if seq > 0 && change.contains("body") {
            assert!(out.differences.iter().any(|d| d.at == format!("event {seq}")), "{change}: {out:?}");
            assert_eq!(out.have.len(), usize::try_from(count).unwrap() - 1, "{change}: {out:?}");
        }
        sql("ROLLBACK TO tamper; RELEASE tamper");
    }
    assert!(store.verify(&id).unwrap().is_intact());
}

#[test]
fn a_changed_byte_anywhere_in_the_database_file_is_seen_or_changes_nothing() {
    let (dir, store, id) = full_case();
    let before = store.events(&id).unwrap();
    Box::new(store).close().unwrap();
    let db = dir.path().join("faultscope.db");
    assert!(!dir.path().join("faultscope.db-wal").exists());
    let good = std::fs::read(&db).unwrap();
    let mut random = 1u64;
    let mut seen = 0;
    for _ in 0..400 {
        // Knuth's MMIX generator: any will do.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(random >> 33).unwrap() % good.len();
        let mut bad = good.clone();
        bad[place] ^= 1 << (random % 8);
        std::fs::write(&db, &bad).unwrap();
        let proof = SqliteStore::open(dir.path(), Access::Read).and_then(|s| Ok((s.verify(&id)?, s.events(&id))));
        match proof {
            Ok((proof, events)) if proof.is_intact() => assert_eq!(events.unwrap(), before, "byte {place}"),
            _ => seen += 1,
        }
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.path().join(format!("faultscope.db{suffix}")));
        }
    }
    assert!(seen > 30, "only {seen} of 400 hit anything, the rest of the file is empty pages");
}

#[test]
fn what_a_killed_program_left_half_written_is_swept_away_but_not_under_a_writer() {
    let (dir, store, _) = full_case();
    let incoming = dir.path().join("evidence/incoming");
    let part = incoming.join("left.part");
    std::fs::write(&part, b"half").unwrap();
    let writer = std::fs::File::options().write(true).open(incoming.join("lock")).unwrap();
    writer.lock_shared().unwrap();
    let second = SqliteStore::open(dir.path(), Access::Write).unwrap();
    assert!(part.exists());
    drop((writer, second));
    let third = SqliteStore::open(dir.path(), Access::Write).unwrap();
    assert!(!part.exists());
    drop((store, third));
}

#[test]
fn a_newer_or_a_foreign_database_is_refused_and_left_as_it_is() {
    for (sql, kind) in [
        ("PRAGMA application_id = 1179861825; PRAGMA user_version = 99", "newer_store"),
        ("CREATE TABLE contacts (name TEXT); INSERT INTO contacts VALUES ('x')", "not_a_store"),
        ("PRAGMA application_id = 252006674", "not_a_store"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("faultscope.db");
        Connection::open(&db).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&db).unwrap();
        for access in [Access::Read, Access::Write, Access::Create] {
            let error = SqliteStore::open(dir.path(), access).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (kind, 5), "{sql} {access:?}: {error}");
        }
        assert_eq!(std::fs::read(&db).unwrap(), before);
    }
}

#[test]
fn a_trigger_planted_in_a_store_does_not_run() {
    let (_dir, mut store, id) = fresh();
    let plant = "CREATE TRIGGER bad AFTER INSERT ON event BEGIN DELETE FROM event; END";
    store.connection.execute_batch(plant).unwrap();
    store.append(&id, None, vec![note("still here")]).unwrap();
    assert_eq!(store.events(&id).unwrap().len(), 2);
}

#[test]
fn safety_settings_are_on() {
    let (_dir, store, _) = fresh();
    let text = |sql: &str| {
        store
            .connection
            .query_row(sql, [], |r| r.get::<_, rusqlite::types::Value>(0))
            .map(|v| format!("{v:?}"))
            .unwrap()
    };
    assert_eq!(text("PRAGMA journal_mode"), "Text(\"wal\")");
    assert_eq!(text("PRAGMA synchronous"), "Integer(3)");
    assert_eq!(text("PRAGMA trusted_schema"), "Integer(0)");
    assert_eq!(text("PRAGMA cell_size_check"), "Integer(1)");
    assert_eq!(text("PRAGMA busy_timeout"), "Integer(10000)");
    assert_eq!(text("PRAGMA application_id"), "Integer(1179861825)");
}

#[test]
fn a_change_cut_off_in_the_middle_is_taken_back_even_by_a_reader() {
    let (dir, store, id) = full_case();
    let before = store.events(&id).unwrap();
    Box::new(store).close().unwrap();
    let raw = Connection::open(dir.path().join("faultscope.db")).unwrap();
    // A cache of two pages writes to the file long before the end of the transaction.
    raw.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA cache_size = 2; BEGIN IMMEDIATE; DELETE FROM event; DELETE FROM fault_case",
    )
    .unwrap();
    for n in 0..50 {
        raw.execute("INSERT INTO event VALUES (9, ?1, ?2, 'x', ?3)", params![n, format!("{n}"), "y".repeat(5000)])
            .unwrap();
    }
    for access in [Access::Read, Access::Write] {
        let cut = tempfile::tempdir().unwrap();
        for name in ["faultscope.db", "faultscope.db-journal"] {
            assert!(std::fs::copy(dir.path().join(name), cut.path().join(name)).unwrap() > 0);
        }
        let store = SqliteStore::open(cut.path(), access).unwrap();
        assert_eq!(store.events(&id).unwrap(), before, "{access:?}");
    }
}

#[test]
fn a_store_that_is_just_being_made_is_never_taken_for_somebody_elses() {
    for _ in 0..30 {
        let dir = tempfile::tempdir().unwrap();
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for looks in [1, 1, 200, 200] {
                let (dir, start) = (dir.path(), &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..looks {
                        let access = if looks == 1 { Access::Create } else { Access::Read };
                        match SqliteStore::open(dir, access) {
                            Ok(_) => {}
                            Err(StoreError::NoStore { .. }) if access == Access::Read => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
    }
}

#[test]
fn a_store_of_before_pauses_opens_and_goes_on() {
    let (dir, store, id) = fresh();
    // What the versions after the third made is not there yet.
    let undo =
        "DROP INDEX open_by_due; DROP INDEX closed_case; DROP INDEX case_by_due_words; DROP INDEX library_by_case;
        DROP INDEX library_by_words; DROP TABLE round_event; DROP TABLE library_signature; DROP TABLE library_due;
        DROP TABLE library_state; PRAGMA user_version = 3";
    store.connection.execute_batch(undo).unwrap();
    drop(store);
    let read = SqliteStore::open(dir.path(), Access::Read).unwrap();
    assert_eq!(read.case(&id, AT).unwrap().clocks.len(), 3);
    drop(read);
    let mut store = SqliteStore::open(dir.path(), Access::Write).unwrap();
    let paused = crate::event::Paused { reason: "no_access".into(), note: String::new() };
    store.append(&id, None, vec![new(EventKind::Paused(Box::new(paused)))]).unwrap();
    let version: i64 = store.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert!(version > 3, "a program that knows no pauses must not open it any more");
    assert!(store.verify(&id).unwrap().is_intact());
}
