//! Tampering: one flipped bit in any stored event or evidence file is found, every time.
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use faultscope_case::bundle::{self, Bundle, Extras};
use faultscope_case::sign::{self, SignatureState, SigningKey};
use faultscope_case::{
    Access, Attached, DifferenceKind, EventKind, NewEvent, Opened, SqliteStore, Store as _, StoreError, Verification,
};

const AT: &str = "2026-03-01T08:00:00Z";
const ID: &str = "FS-2026-0001";

fn tell(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
}

fn new(actor: &str, kind: EventKind) -> NewEvent {
    NewEvent { at: AT.into(), actor: actor.into(), tool: "t".into(), kind }
}

fn add(store: &mut SqliteStore, actor: &str, kind: EventKind) {
    store.append(ID, None, vec![new(actor, kind)]).unwrap();
}

fn note(store: &mut SqliteStore, actor: &str, text: &str) {
    add(store, actor, EventKind::Noted { text: text.into() });
}

fn attach(store: &mut SqliteStore, name: &str, content: &[u8]) {
    let evidence = vec![store.put_evidence(name, "text/plain", &mut Cursor::new(content)).unwrap()];
    add(store, "chen", EventKind::Attached(Box::new(Attached { evidence, ..Attached::default() })));
}

fn sign_with(store: &mut SqliteStore, key: &SigningKey, name: &str) -> Result<(), StoreError> {
    let case = store.case(ID, AT)?;
    let signed = key.sign(&case.uuid, &case.head, name, AT);
    store.append(ID, None, vec![new(name, EventKind::Signed(Box::new(signed)))]).map(|_| ())
}

fn send(from: &SqliteStore, to: &mut SqliteStore, file: &Path) {
    bundle::write(from, ID, Extras { case: b"{}", report: b"x" }, file, true).unwrap();
    to.import(&mut Bundle::open(file).unwrap(), AT, "chen", "t").unwrap();
}

/// Everything a case can hold: notes, files, signatures, a history merged from elsewhere.
fn everything(dir: &Path, key: &SigningKey) -> SqliteStore {
    let mut store = SqliteStore::open(&dir.join("store"), Access::Create).unwrap();
    let opened: Opened = serde_json::from_value(serde_json::json!({"title": "掉电", "priority": "P1"})).unwrap();
    store.create(new("chen", EventKind::Opened(Box::new(opened)))).unwrap();
    note(&mut store, "chen", "fan dusty");
    attach(&mut store, "rail.csv", &b"1,2\n".repeat(300));
    sign_with(&mut store, key, "chen").unwrap();
    let mut other = SqliteStore::open(&dir.join("other"), Access::Create).unwrap();
    let file = dir.join("case.zip");
    send(&store, &mut other, &file);
    note(&mut other, "lin", "customer called");
    attach(&mut other, "log.txt", b"alarm 17");
    sign_with(&mut other, key, "chen").unwrap();
    note(&mut store, "chen", "重新测量");
    send(&other, &mut store, &file);
    attach(&mut store, "photo.jpg", &[0xFF; 2000]);
    sign_with(&mut store, key, "chen").unwrap();
    note(&mut store, "chen", "after the last signature");
    store
}

fn checked(store: &SqliteStore, known: &BTreeMap<String, String>) -> Verification {
    let mut found = store.verify(ID).unwrap();
    sign::check(&mut found, &store.events(ID).unwrap(), known);
    found
}

#[test]
fn a_signature_covers_what_it_followed_on_both_sides_of_a_merge_and_nothing_later() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().unwrap();
    let store = everything(dir.path(), &key);
    let known = BTreeMap::from([(key.public_key(), "chen".to_owned())]);
    let found = checked(&store, &known);
    assert!(found.is_intact(), "{:?}", found.differences);
    let covers: Vec<_> = found.signatures.iter().map(|s| (s.state, s.covers, s.of)).collect();
    // Opened, note, file | the same, the first signature, note, file | all but the last signature and the last note.
    let valid = SignatureState::Valid;
    assert_eq!(covers, [(valid, 3, 12), (valid, 6, 12), (valid, 10, 12)]);
    let unknown = checked(&store, &BTreeMap::new());
    assert!(unknown.signatures.iter().all(|s| s.state == SignatureState::UnknownKey && s.signed_by.is_none()));
    assert!(unknown.is_intact(), "an unknown key is no damage");
}

#[test]
fn a_signature_of_something_else_is_not_stored_and_a_forged_one_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let mut store = everything(dir.path(), &key);
    let case = store.case(ID, AT).unwrap();
    let first = store.events(ID).unwrap()[0].hash.clone();
    for signed in [
        key.sign(&case.uuid, &first, "chen", AT),
        key.sign("another case", &case.head, "chen", AT),
        faultscope_case::Signed { public_key: other.public_key(), ..key.sign(&case.uuid, &case.head, "chen", AT) },
    ] {
        let refused = store.append(ID, None, vec![new("chen", EventKind::Signed(Box::new(signed)))]).unwrap_err();
        assert_eq!(refused.exit_code(), 2);
    }
    // Whoever writes the whole chain anew can make every hash right, but no signature.
    let events = store.events(ID).unwrap();
    drop(store);
    let database = rusqlite::Connection::open(dir.path().join("store/faultscope.db")).unwrap();
    let (mut before, mut last) = ("0".repeat(64), String::new());
    for event in events.iter().filter(|e| e.side_of.is_none()) {
        let body = event.body().replace("fan dusty", "fan clean").replace(&event.prev_hash, &before);
        let body = if last.is_empty() { body } else { body.replace(&last, &before) };
        last.clone_from(&event.hash);
        before = sha256(body.as_bytes());
        let sql = "UPDATE event SET body = ?1, hash = ?2 WHERE id = ?3";
        database.execute(sql, rusqlite::params![body, before, event.id]).unwrap();
    }
    drop(database);
    let store = SqliteStore::open(&dir.path().join("store"), Access::Read).unwrap();
    let found = checked(&store, &BTreeMap::from([(key.public_key(), "chen".to_owned())]));
    assert_eq!(found.signatures[0].state, SignatureState::Invalid);
    assert!(found.differences.iter().any(|d| d.kind == DifferenceKind::SignatureInvalid && d.at == "event 4"));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A place that holds a bit: a file, or a column of a row of the database.
enum Place {
    File(PathBuf),
    Cell(&'static str, &'static str, i64),
}

fn places(dir: &Path, database: &rusqlite::Connection) -> Vec<Place> {
    let mut all = Vec::new();
    for folder in std::fs::read_dir(dir.join("store/evidence/sha256")).unwrap().flatten() {
        all.extend(std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| Place::File(e.path())));
    }
    for table in ["event", "side_event"] {
        let mut rows = database.prepare(&format!("SELECT rowid FROM {table}")).unwrap();
        for row in rows.query_map([], |row| row.get::<_, i64>(0)).unwrap().flatten() {
            all.extend(["id", "hash", "body"].map(|column| Place::Cell(table, column, row)));
        }
    }
    all
}

fn flips(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().unwrap();
    let store = everything(dir.path(), &key);
    Box::new(store).close().unwrap();
    let database = rusqlite::Connection::open(dir.path().join("store/faultscope.db")).unwrap();
    let all = places(dir.path(), &database);
    assert!(all.len() > 36, "{}", all.len());
    let reader = SqliteStore::open(&dir.path().join("store"), Access::Read).unwrap();
    assert!(reader.verify(ID).unwrap().is_intact());
    // Knuth's MMIX generator: any will do.
    let mut state = 11u64;
    for n in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, bit) = ((state >> 20) as usize, (state >> 61) as u32 % 8);
        let flip = |bytes: &mut Vec<u8>| {
            let place = at % bytes.len();
            bytes[place] ^= 1 << bit;
        };
        let found = match &all[n % all.len()] {
            Place::File(path) => {
                let good = std::fs::read(path).unwrap();
                let mut bad = good.clone();
                flip(&mut bad);
                std::fs::remove_file(path).unwrap();
                std::fs::write(path, &bad).unwrap();
                let found = reader.verify(ID).unwrap();
                std::fs::write(path, &good).unwrap();
                found
            }
            Place::Cell(table, column, row) => {
                let read = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE rowid = ?1");
                let good: Vec<u8> = database.query_row(&read, [row], |r| r.get(0)).unwrap();
                let mut bad = good.clone();
                flip(&mut bad);
                let write = format!("UPDATE {table} SET {column} = CAST(?1 AS TEXT) WHERE rowid = ?2");
                database.execute(&write, rusqlite::params![bad, row]).unwrap();
                let found = reader.verify(ID).unwrap();
                database.execute(&write, rusqlite::params![good, row]).unwrap();
                found
            }
        };
        assert!(!found.is_intact(), "try {n}: bit {bit} of byte {at} was not seen");
    }
    assert!(reader.verify(ID).unwrap().is_intact(), "all was put back");
    tell(&format!("{count} flipped bits in {} places, every one found", all.len()));
}

#[test]
fn every_flipped_bit_of_events_and_evidence_is_found() {
    flips(150);
}

/// `cargo nextest run -p faultscope-case --run-ignored only -E 'test(a_thousand_flipped_bits)' --no-capture`
#[test]
#[ignore = "a minute"]
fn a_thousand_flipped_bits_of_events_and_evidence_are_found() {
    flips(1000);
}
