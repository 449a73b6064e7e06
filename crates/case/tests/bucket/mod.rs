//! A team's store whose evidence lies in a bucket of a real S3-compatible server: the contract, large files, servers that go away.
//!
//! `tests/s3/run.sh` starts the servers and runs these; they are told of the bucket by the environment, as the program is.

mod server;

use std::io::Read as _;
use std::process::Stdio;

use faultscope_case::{Access, DifferenceKind, Store, StoreError, TeamStore};
use server::Way;

use crate::contract::{Place, attach, call};
use crate::{address_with, child, env, exchange};

/// A new store with a bucket of its own; its address, and the name of the bucket.
fn fresh(keep: &tempfile::TempDir) -> (String, String) {
    let name = keep.path().file_name().unwrap().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "");
    let name = format!("bucket-{}", name.to_lowercase());
    server::bucket(&name);
    let (address, _) = address_with(keep, &format!("s3://{name}/team"));
    TeamStore::init(&address, false, &env).unwrap();
    (address, name)
}

fn open(address: &str) -> TeamStore {
    TeamStore::open(address, Access::Write, &env).unwrap()
}

/// What the environment says, with another server.
fn with_server(url: &str) -> impl Fn(&str) -> Option<String> + Sync {
    move |name| if name == "AWS_ENDPOINT_URL" { Some(url.to_owned()) } else { env(name) }
}

fn object(bucket: &str, sha256: &str) -> String {
    format!("/{bucket}/team/evidence/sha256/{}/{}", &sha256[..2], &sha256[2..])
}

fn place() -> Place {
    let keep = tempfile::tempdir().unwrap();
    let (address, bucket) = fresh(&keep);
    let replace = move |sha256: &str, bytes: Option<&[u8]>| {
        let method = if bytes.is_some() { "PUT" } else { "DELETE" };
        let (status, _) = server::request(method, &object(&bucket, sha256), bytes.unwrap_or_default());
        assert!([200, 204].contains(&status), "{status}");
    };
    Place { open: Box::new(move || Box::new(open(&address))), replace: Box::new(replace), _keep: keep }
}

mod contract_in_a_bucket {
    use super::place;
    use crate::contract;
    contract!(place, #[ignore = "needs servers: tests/s3/run.sh"]);
}

/// Bytes that no two blocks of are alike.
fn bytes(size: usize, seed: u64) -> Vec<u8> {
    (0u64..).flat_map(|n| (n.wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes()).take(size).collect()
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn files_at_the_edges_of_a_piece_come_back_as_they_were() {
    let keep = tempfile::tempdir().unwrap();
    let (address, bucket) = fresh(&keep);
    let mut store = open(&address);
    let id = store.create(call("down")).unwrap().case_id;
    let piece = 8 << 20;
    for (n, size) in [0, 1, piece - 1, piece, piece + 1, 2 * piece, 2 * piece + 7].into_iter().enumerate() {
        let sent = bytes(size, n as u64);
        attach(&mut store, &id, "a.wav", &sent).unwrap();
        let evidence = store.case(&id, crate::AT).unwrap().evidence.pop().unwrap();
        assert_eq!(evidence.size, size as u64);
        let mut back = Vec::new();
        store.open_evidence(&evidence.sha256).unwrap().read_to_end(&mut back).unwrap();
        assert!(back == sent, "{size}");
        // Under its own name, as any other program would find it.
        let (status, plain) = server::request("GET", &object(&bucket, &evidence.sha256), b"");
        assert!(status == 200 && plain == sent, "{size}: {status}");
    }
    let proof = store.verify(&id).unwrap();
    assert!(proof.is_intact() && proof.evidence == 7, "{proof:?}");
    assert!(store.evidence_path(&"0".repeat(64)).is_none() && store.folder().is_none());
}

/// What the second program does: stores a large file and says how much memory that took.
pub(crate) fn store_a_large_file(address: &str) {
    let peak = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let mut store = open(address);
    let id = store.case_ids().unwrap().remove(0);
    let before = peak();
    let mut endless = std::io::repeat(7).take(96 << 20);
    let evidence = store.put_evidence("long.wav", "", &mut endless).unwrap();
    let attached = faultscope_case::Attached { evidence: vec![evidence.clone()], ..Default::default() };
    let kind = faultscope_case::EventKind::Attached(Box::new(attached));
    store.append(&id, None, vec![crate::contract::new("li", kind)]).unwrap();
    let read = std::io::copy(&mut store.open_evidence(&evidence.sha256).unwrap(), &mut std::io::sink()).unwrap();
    assert_eq!(read, 96 << 20);
    assert!(store.verify(&id).unwrap().is_intact());
    exchange::say(&(peak() - before).to_string());
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn a_large_file_takes_the_memory_of_a_few_pieces() {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = fresh(&keep);
    open(&address).create(call("down")).unwrap();
    let done = child("large", &address).stdout(Stdio::piped()).output().unwrap();
    assert!(done.status.success());
    let said = String::from_utf8(done.stdout).unwrap();
    let kib: u64 = said.split("ack ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    exchange::tell(&format!("96 MiB stored, read and verified in {kib} KiB more than before"));
    assert!(kib < 48 << 10, "{kib} KiB");
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn several_who_store_the_same_file_at_once_do_no_harm() {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = fresh(&keep);
    let id = open(&address).create(call("down")).unwrap().case_id;
    for (n, size) in [5000, (8 << 20) + 5].into_iter().enumerate() {
        let same = bytes(size, 70 + n as u64);
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut store = open(&address);
                    start.wait();
                    attach(&mut store, &id, "same.wav", &same).unwrap();
                });
            }
        });
    }
    let proof = open(&address).verify(&id).unwrap();
    assert!(proof.is_intact() && proof.events == 9 && proof.evidence == 2, "{proof:?}");
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn what_was_changed_in_the_bucket_is_not_handed_out() {
    let keep = tempfile::tempdir().unwrap();
    let (address, bucket) = fresh(&keep);
    let mut store = open(&address);
    let id = store.create(call("down")).unwrap().case_id;
    attach(&mut store, &id, "a.wav", b"samples").unwrap();
    let sha256 = store.case(&id, crate::AT).unwrap().evidence.pop().unwrap().sha256;
    for changed in [&b"sampled"[..], b"sample", b"", b"samples of another"] {
        assert_eq!(server::request("PUT", &object(&bucket, &sha256), changed).0, 200);
        let error = store.open_evidence(&sha256).err().unwrap();
        assert_eq!((error.kind(), error.exit_code()), ("damaged", 6), "{error}");
        assert!(error.to_string().contains(&format!("s3://{bucket}/team/evidence/sha256")), "{error}");
        assert_eq!(store.verify(&id).unwrap().differences[0].kind, DifferenceKind::EvidenceChanged);
        // Stored again, it is not taken for what it is called.
        assert_eq!(attach(&mut store, &id, "a.wav", b"samples").unwrap_err().exit_code(), 6);
    }
    server::request("DELETE", &object(&bucket, &sha256), b"");
    attach(&mut store, &id, "a.wav", b"samples").unwrap();
    assert!(store.verify(&id).unwrap().is_intact());
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn an_exchange_with_a_team_in_a_bucket_that_is_killed_loses_nothing() {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = fresh(&keep);
    let laptop = keep.path().join("laptop").display().to_string();
    let (known, cut) = exchange::outlives(&laptop, &address, 3, 1);
    assert!(known > 30 && cut > 0, "{known} steps, {cut} kills in the middle");
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn a_server_that_goes_away_in_the_middle_is_told_and_nothing_is_acknowledged() {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = fresh(&keep);
    let id = open(&address).create(call("down")).unwrap().case_id;
    // In the head of a request, in a small file, in the second part of a large one, before the end of it.
    let moments = [(5000, 10), (5000, 2000), (20 << 20, 9 << 20), (20 << 20, 20 << 20)];
    std::thread::scope(|scope| {
        for (n, (size, after)) in moments.into_iter().enumerate() {
            let (address, id) = (&address, &id);
            scope.spawn(move || {
                let way = Way::new();
                let environment = with_server(&way.url);
                let mut store = TeamStore::open(address, Access::Write, &environment).unwrap();
                let file = bytes(size, 100 + n as u64);
                way.cut(after, true);
                let error = attach(&mut store, id, "a.wav", &file).unwrap_err();
                assert_eq!((error.kind(), error.exit_code()), ("unreachable", 5), "{size} {after}: {error}");
                assert!(!format!("{error} {error:?}").contains("geheim") && error.to_string().contains("s3://bucket-"));
                let error = store.verify(id).map(|proof| proof.differences);
                assert!(matches!(&error, Err(StoreError::Unreachable { .. })) || error.unwrap().is_empty());
                // It is there again.
                way.cut(u64::MAX, false);
                attach(&mut store, id, "a.wav", &file).unwrap();
                // One connection that breaks is not even noticed.
                way.cut(after, false);
                attach(&mut store, id, "b.wav", &bytes(size, 200 + n as u64)).unwrap();
            });
        }
    });
    let proof = open(&address).verify(&id).unwrap();
    assert!(proof.is_intact() && (proof.events, proof.evidence) == (9, 8), "{proof:?}");
}

#[test]
#[ignore = "needs servers: tests/s3/run.sh"]
fn a_bucket_that_cannot_be_had_is_told_with_what_to_do() {
    let keep = tempfile::tempdir().unwrap();
    let (address, bucket) = fresh(&keep);
    let refused = |address: &str, env: faultscope_case::Env<'_>, kind: &str, code: u8| {
        let said = |error: StoreError| {
            assert_eq!((error.kind(), error.exit_code()), (kind, code), "{error}");
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
            (error.to_string(), error.hint())
        };
        said(TeamStore::open(address, Access::Write, env).unwrap_err());
        said(TeamStore::init(address, false, env).unwrap_err())
    };
    let missing = address.replace(&bucket, "bucket-that-is-not-there");
    let (what, next) = refused(&missing, &env, "no_bucket", 5);
    assert!(what.contains("s3://bucket-that-is-not-there/team") && next.contains("AWS_ENDPOINT_URL"), "{what} {next}");
    // Another store's, and one that is nobody's.
    let other = tempfile::tempdir().unwrap();
    let (_, others) = fresh(&other);
    refused(&address.replace(&bucket, &others), &env, "not_a_store", 5);
    let elsewhere = address.replace("/team", "/elsewhere");
    assert_eq!(TeamStore::open(&elsewhere, Access::Write, &env).unwrap_err().kind(), "not_a_store");
    let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let (what, next) = refused(&address, &with_server(&server::that_says("403 Forbidden", denied)), "denied", 5);
    assert!(what.contains("AccessDenied: Access Denied") && next.contains("AWS_ACCESS_KEY_ID"), "{what} {next}");
    refused(&address, &with_server("http://127.0.0.1:1"), "unreachable", 5);
    refused(&address, &with_server("http://s3.example"), "invalid", 2);
    let without = |name: &str| if name == "AWS_SECRET_ACCESS_KEY" { None } else { env(name) };
    refused(&address, &without, "invalid", 2);
    // An encrypted server that is not one.
    let secure = server::that_says("200 OK", "").replace("http:", "https:");
    refused(&address, &with_server(&secure), "unreachable", 5);
    assert!(open(&address).heads().is_ok());
}
