//! Media: a power cut, a full disk, one that can only be read, and every call to the system failing in turn.
//!
//! File systems of their own are mounted where that is permitted (as root on Linux); elsewhere these tests say that they were
//! skipped. The second program is this test binary again, told by `FAULTSCOPE_MEDIA_CHILD` what to do.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use faultscope_case::bundle::{self, Bundle, Extras};
use faultscope_case::{
    Access, Attached, Closed, Closure, ClosureCode, EventKind, NewEvent, Opened, SqliteStore, Store as _, StoreError,
};

const CHILD: &str = "FAULTSCOPE_MEDIA_CHILD";
const AT: &str = "2026-03-01T08:00:00Z";
const ID: &str = "FS-2026-0001";

fn tell(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
}

fn new(kind: EventKind) -> NewEvent {
    NewEvent { at: AT.into(), actor: "chen".into(), tool: "t".into(), kind }
}

fn fresh(dir: &Path) -> SqliteStore {
    let mut store = SqliteStore::open(dir, Access::Create).unwrap();
    let opened: Opened = serde_json::from_value(serde_json::json!({"title": "down", "priority": "P1"})).unwrap();
    assert_eq!(store.create(new(EventKind::Opened(Box::new(opened)))).unwrap().case_id, ID);
    store
}

fn attach(store: &mut SqliteStore, content: &[u8]) -> Result<Vec<String>, StoreError> {
    let evidence = vec![store.put_evidence("a.wav", "audio/wav", &mut Cursor::new(content))?];
    let attached = Attached { evidence, ..Attached::default() };
    let events = store.append(ID, None, vec![new(EventKind::Attached(Box::new(attached)))])?;
    Ok(events.into_iter().map(|e| e.id).collect())
}

fn export(store: &SqliteStore, out: &Path) -> Result<(), StoreError> {
    bundle::write(store, ID, Extras { case: b"{}", report: b"<p>x</p>" }, out, true).map(|_| ())
}

fn import(store: &mut SqliteStore, file: &Path) -> Result<Vec<String>, StoreError> {
    Ok(store.import(&mut Bundle::open(file)?, AT, "lin", "t")?.events)
}

#[track_caller]
fn proved(store: &SqliteStore) -> BTreeSet<String> {
    let found = store.verify(ID).unwrap();
    assert!(found.is_intact(), "{:?}", found.differences);
    found.have.into_iter().collect()
}

/// A case of a dozen files, exported.
fn sent(dir: &Path) -> PathBuf {
    let mut store = fresh(&dir.join("sender"));
    for n in 0..12u8 {
        attach(&mut store, &vec![n; 30_000]).unwrap();
    }
    let out = dir.join("case.zip");
    export(&store, &out).unwrap();
    out
}

fn say(what: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "ack {what}").unwrap();
    out.flush().unwrap();
}

fn child(task: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_main", "--exact", "--nocapture"]).env(CHILD, task).env("FAULTSCOPE_MEDIA_DIR", dir);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn acks(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = BufReader::new(child.stdout.take().unwrap());
    out.lines().map_while(Result::ok).filter_map(|line| line.split("ack ").nth(1).map(str::to_owned))
}

/// What the second program does; nothing when the tests are run as tests.
#[test]
fn child_main() {
    let (Ok(task), Some(dir)) = (std::env::var(CHILD), std::env::var_os("FAULTSCOPE_MEDIA_DIR")) else { return };
    let dir = PathBuf::from(dir);
    let done = match task.as_str() {
        "for ever" => for_ever(&dir),
        "attach" => SqliteStore::open(&dir.join("store"), Access::Write).and_then(|mut s| attach(&mut s, b"samples")),
        "import" => {
            SqliteStore::open(&dir.join("new"), Access::Create).and_then(|mut s| import(&mut s, &dir.join("case.zip")))
        }
        "export" => SqliteStore::open(&dir.join("store"), Access::Read)
            .and_then(|s| export(&s, &dir.join("out.zip")))
            .map(|()| vec!["exported".into()]),
        other => unreachable!("{other}"),
    };
    match done {
        Ok(steps) => steps.iter().for_each(|step| say(step)),
        Err(error) => say(&format!("error {} {error}", error.exit_code())),
    }
}

/// Attaches, and imports and exports in between, until the power goes.
fn for_ever(dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut store = SqliteStore::open(&dir.join("store"), Access::Write)?;
    for n in 0u64.. {
        let begun = std::process::id();
        let bytes: Vec<u8> = format!("{begun} {n}").into_bytes().repeat(2000);
        attach(&mut store, &bytes)?.iter().for_each(|step| say(step));
        if n % 8 == 3 {
            let mut other = SqliteStore::open(&dir.join(format!("imported {begun} {n}")), Access::Create)?;
            let steps = import(&mut other, &dir.join("case.zip"))?;
            say(&format!("imported {begun} {n} {}", steps.join(" ")));
            export(&store, &dir.join("out.zip"))?;
            say("exported");
        }
    }
    Ok(Vec::new())
}

/// A mounted file system, taken down again at the end.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn ran(program: &str, words: &[&str]) -> bool {
    let quiet = Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Mounts, or says that it is not permitted.
fn mounted(words: &[&str], at: &Path) -> Option<Mounted> {
    std::fs::create_dir_all(at).unwrap();
    let place = at.display().to_string();
    if ran("mount", &[words, &[&place]].concat()) {
        return Some(Mounted(at.to_owned()));
    }
    tell(&format!("skipped: mounting is not permitted here (mount {})", words.join(" ")));
    None
}

/// Takes the image of the disk as it is when the program is killed: what was not flushed is not in it.
fn power_cuts(count: u64) {
    let dir = tempfile::tempdir().unwrap();
    let image = |n: u64| dir.path().join(format!("disk{}", n % 2)).display().to_string();
    std::fs::File::create(image(0)).unwrap().set_len(96 << 20).unwrap();
    if !ran("mkfs.ext4", &["-q", &image(0)]) {
        tell("skipped: there is no mkfs.ext4 here");
        return;
    }
    let place = dir.path().join("disk");
    let bundle = sent(dir.path());
    let (mut known, mut total) = (Vec::<String>::new(), 0);
    for n in 0..count {
        let Some(disk) = mounted(&["-o", "loop", &image(n)], &place) else { return };
        // A disk that is nearly full is begun anew.
        if n % 12 == 0 {
            for entry in std::fs::read_dir(&place).unwrap().flatten().filter(|e| e.file_name() != "lost+found") {
                let path = entry.path();
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
            }
            known.clear();
            std::fs::copy(&bundle, place.join("case.zip")).unwrap();
            drop(fresh(&place.join("store")));
            assert!(ran("sync", &[]));
        }
        let mut other = child("for ever", &place).spawn().unwrap();
        let mut said = acks(&mut other);
        known.extend(said.by_ref().take(1 + usize::try_from(n * 7 % 23).unwrap()));
        std::thread::sleep(Duration::from_micros(n * 2939 % 40_000));
        other.kill().unwrap();
        std::fs::copy(image(n), image(n + 1)).unwrap();
        known.extend(said);
        other.wait().unwrap();
        drop(disk);
        let Some(_disk) = mounted(&["-o", "loop", &image(n + 1)], &place) else { return };
        total += after_the_cut(&place, &known, n);
    }
    tell(&format!("{count} power cuts, {total} acknowledged steps looked for, none lost"));
}

/// Everything that was acknowledged is there; how much that was.
fn after_the_cut(place: &Path, known: &[String], n: u64) -> usize {
    let have = proved(&SqliteStore::open(&place.join("store"), Access::Write).unwrap());
    for step in known {
        assert!(!step.starts_with("error"), "{step}");
        if step == "exported" {
            Bundle::open(&place.join("out.zip")).unwrap();
        } else if let Some(imported) = step.strip_prefix("imported ") {
            let mut words = imported.splitn(3, ' ');
            let (begun, number) = (words.next().unwrap(), words.next().unwrap());
            let other = SqliteStore::open(&place.join(format!("imported {begun} {number}")), Access::Write).unwrap();
            let have = proved(&other);
            assert!(words.next().unwrap().split(' ').all(|id| have.contains(id)), "cut {n}");
        } else {
            assert!(have.contains(step), "cut {n}: {step} is lost");
        }
    }
    known.len()
}

#[test]
fn what_was_acknowledged_outlives_a_power_cut() {
    power_cuts(3);
}

/// `cargo nextest run -p faultscope-case --run-ignored only -E 'test(a_hundred_power_cuts)' --no-capture`
#[test]
#[ignore = "minutes, and wants to mount"]
fn a_hundred_power_cuts() {
    power_cuts(100);
}

#[test]
fn a_closed_case_on_a_read_only_medium_shows_verifies_and_is_exported_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (place, medium) = (dir.path().join("store"), dir.path().join("medium"));
    let mut store = fresh(&place);
    attach(&mut store, b"samples").unwrap();
    let closure = Closure { code: ClosureCode::Solved, remedy: String::new(), confirmed_by: None, satisfaction: None };
    let closed = Closed { root_cause: "fan".into(), closure };
    store.append(ID, None, vec![new(EventKind::Closed(Box::new(closed)))]).unwrap();
    Box::new(store).close().unwrap();
    let Some(_disk) = mounted(&["--bind", &place.display().to_string()], &medium) else { return };
    assert!(ran("mount", &["-o", "remount,bind,ro", &medium.display().to_string()]));
    assert!(std::fs::write(medium.join("probe"), "x").is_err(), "the medium can be written");
    for access in [Access::Read, Access::Write, Access::Create] {
        let mut store = SqliteStore::open(&medium, access).unwrap();
        assert!(store.is_read_only());
        assert_eq!(proved(&store).len(), 3);
        assert_eq!(store.case(ID, AT).unwrap().root_cause.as_deref(), Some("fan"));
        assert_eq!(attach(&mut store, b"more").unwrap_err().kind(), "read_only");
        let out = dir.path().join("case.zip");
        export(&store, &out).unwrap();
        let mut other = SqliteStore::open(&dir.path().join(format!("{access:?}")), Access::Create).unwrap();
        assert_eq!(import(&mut other, &out).unwrap().len(), 3);
        assert_eq!(export(&store, &medium.join("case.zip")).unwrap_err().exit_code(), 5);
    }
}

/// A real disk with less and less room taken away: `act` either does all, or says that it is full and has changed nothing.
fn with_little_room(act: impl Fn(&Path) -> Result<(), StoreError>, sound: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk");
    let Some(_disk) = mounted(&["-t", "tmpfs", "-o", "size=2m", "none"], &disk) else { return };
    let bundle = sent(dir.path());
    let (mut refused, mut room) = (0, 0);
    loop {
        for entry in std::fs::read_dir(&disk).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
        }
        std::fs::copy(&bundle, disk.join("case.zip")).unwrap();
        let mut store = fresh(&disk.join("store"));
        attach(&mut store, &[5; 40_000]).unwrap();
        drop(store);
        // Fills the disk up to so many pages.
        let mut filler = std::fs::File::create(disk.join("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        let full = filler.metadata().unwrap().len();
        filler.set_len(full.saturating_sub(room * 4096)).unwrap();
        let tried = act(&disk);
        // Emptied, not only removed: a program that another test is just starting may hold it open.
        filler.set_len(0).unwrap();
        drop(filler);
        std::fs::remove_file(disk.join("filler")).unwrap();
        match tried {
            Ok(()) => break,
            Err(error) => assert_eq!(error.exit_code(), 5, "{room} pages left: {error}"),
        }
        refused += 1;
        proved(&SqliteStore::open(&disk.join("store"), Access::Write).unwrap());
        act(&disk).unwrap();
        sound(&disk);
        room += 1;
    }
    assert!(refused > 3, "refused {refused} times");
    sound(&disk);
}

#[test]
fn a_full_disk_stops_an_attachment_and_it_is_made_when_there_is_room() {
    let act = |disk: &Path| {
        SqliteStore::open(&disk.join("store"), Access::Write).and_then(|mut s| attach(&mut s, &[7; 60_000])).map(|_| ())
    };
    with_little_room(act, |disk| {
        assert!(proved(&SqliteStore::open(&disk.join("store"), Access::Write).unwrap()).len() >= 3);
    });
}

#[test]
fn a_full_disk_stops_an_import_and_it_is_made_when_there_is_room() {
    let act = |disk: &Path| {
        SqliteStore::open(&disk.join("new"), Access::Create)
            .and_then(|mut s| import(&mut s, &disk.join("case.zip")))
            .map(|_| ())
    };
    with_little_room(act, |disk| {
        assert_eq!(proved(&SqliteStore::open(&disk.join("new"), Access::Write).unwrap()).len(), 13);
    });
}

#[test]
fn a_full_disk_stops_an_export_and_leaves_no_half_bundle() {
    let act = |disk: &Path| {
        let tried = SqliteStore::open(&disk.join("store"), Access::Read)
            .and_then(|store| export(&store, &disk.join("out.zip")));
        assert!(tried.is_ok() || !disk.join("out.zip").exists(), "half a bundle");
        tried
    };
    with_little_room(act, |disk| {
        Bundle::open(&disk.join("out.zip")).unwrap();
    });
}

/// Calls to the system, and what each is made to say. What takes room says that there is none, too.
const CALLS: [(&str, &[&str]); 8] = [
    ("pwrite64", &["EIO", "ENOSPC"]),
    ("ftruncate", &["EIO", "ENOSPC"]),
    ("mkdir", &["EIO", "ENOSPC"]),
    ("fsync", &["EIO"]),
    ("fdatasync", &["EIO"]),
    ("rename", &["EIO"]),
    ("unlink", &["EIO"]),
    ("pread64", &["EIO"]),
];

/// The n-th call of a kind fails, once or from then on, for n = 1, 2, 3 ... until the run is not touched; the database's own calls
/// are among them.
fn each_system_call(task: &str, checked: impl Fn(&Path, &[String])) {
    if !ran("strace", &["-o", "/dev/null", "true"]) {
        return tell("skipped: strace cannot be used here");
    }
    let prepared = tempfile::tempdir().unwrap();
    sent(prepared.path());
    let mut total = 0;
    for (call, fault) in CALLS.iter().flat_map(|(call, faults)| faults.iter().map(move |fault| (call, fault))) {
        for (n, ever) in (1..).flat_map(|n| [(n, ""), (n, "+")]) {
            let dir = tempfile::tempdir().unwrap();
            let (from, to) = (prepared.path().join("sender"), dir.path().join("store"));
            assert!(ran("cp", &["-r", &from.display().to_string(), &to.display().to_string()]));
            std::fs::copy(prepared.path().join("case.zip"), dir.path().join("case.zip")).unwrap();
            let Some((said, touched)) = with_fault(task, dir.path(), call, &format!("error={fault}:when={n}{ever}"))
            else {
                assert_eq!(*call, "pread64", "only the loader's reads keep a program from starting");
                continue;
            };
            let at = format!("{task}: {call} {n}{ever} {fault}: {said:?}");
            assert!(!said.is_empty(), "{at}");
            // The database takes what a disk cannot read for damage.
            let told = |s: &String| s.starts_with("error 5") || (*call == "pread64" && s.starts_with("error 6"));
            assert!(said.iter().all(|s| !s.starts_with("error") || told(s)), "{at}");
            checked(dir.path(), &said);
            if !touched {
                break;
            }
            total += 1;
        }
    }
    tell(&format!("{task}: {total} failing calls, nothing lost, nothing falsely acknowledged"));
    assert!(total > 20);
}

/// Runs a task with one fault; what it said, and whether the fault came to pass. Nothing where the program was not even loaded.
fn with_fault(task: &str, dir: &Path, call: &str, fault: &str) -> Option<(Vec<String>, bool)> {
    const NOT_LOADED: i32 = 127;
    let log = dir.join("trace");
    let plain = child(task, dir);
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o"]).arg(&log).args(["-e", &format!("trace={call}")]);
    traced.args(["-e", &format!("inject={call}:{fault}")]).arg(plain.get_program()).args(plain.get_args());
    traced.envs(plain.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let mut other = traced.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let said: Vec<String> = acks(&mut other).collect();
    let status = other.wait().unwrap();
    if said.is_empty() && status.code() == Some(NOT_LOADED) {
        return None;
    }
    assert!(status.success(), "{task}: {call} {fault}: {said:?}");
    Some((said, std::fs::read_to_string(&log).unwrap_or_default().contains("(INJECTED)")))
}

/// `cargo nextest run -p faultscope-case --run-ignored only -E 'test(every_system_call)' --no-capture`
#[test]
#[ignore = "minutes, and wants strace"]
fn every_system_call_of_attach_import_and_export_fails_in_turn() {
    each_system_call("attach", |dir, said| {
        let mut store = SqliteStore::open(&dir.join("store"), Access::Write).unwrap();
        let have = proved(&store);
        assert!(have.len() >= 13);
        assert!(said.iter().all(|s| s.starts_with("error") || have.contains(s)), "{said:?}");
        attach(&mut store, b"samples").unwrap();
        proved(&store);
    });
    each_system_call("import", |dir, said| {
        let mut store = SqliteStore::open(&dir.join("new"), Access::Create).unwrap();
        if store.case_ids().unwrap().is_empty() {
            assert!(said.iter().all(|s| s.starts_with("error")), "{said:?}");
        }
        import(&mut store, &dir.join("case.zip")).unwrap();
        assert_eq!(proved(&store).len(), 13);
    });
    each_system_call("export", |dir, said| {
        let out = dir.join("out.zip");
        assert!(
            Bundle::open(&out).is_ok() || (!out.exists() && said.iter().all(|s| s.starts_with("error"))),
            "{said:?}"
        );
        let store = SqliteStore::open(&dir.join("store"), Access::Write).unwrap();
        proved(&store);
        export(&store, &out).unwrap();
    });
}
