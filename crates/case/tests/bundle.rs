//! Bundles: there and back, both sides kept, whatever is wrong refused, whatever is killed whole.
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use faultscope_case::bundle::{self, Bundle, Extras};
use faultscope_case::{
    Access, Attached, Case, EventKind, Imported, NewEvent, Opened, Outcome, Priority, SqliteStore, Status, Store as _,
    StoreError,
};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

const AT: &str = "2026-03-01T08:00:00Z";
const LATER: &str = "2026-03-02T08:00:00Z";
const CHILD: &str = "FAULTSCOPE_BUNDLE_CHILD";

struct Desk {
    dir: tempfile::TempDir,
    who: &'static str,
}

impl Desk {
    fn new(who: &'static str) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), who }
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.dir.path().join("store"), Access::Create).unwrap()
    }

    fn event(&self, kind: EventKind) -> NewEvent {
        NewEvent { at: AT.into(), actor: self.who.into(), tool: "t".into(), kind }
    }

    fn open_case(&self) -> String {
        let opened: Opened = serde_json::from_value(serde_json::json!({"title": "down", "priority": "P2"})).unwrap();
        self.store().create(self.event(EventKind::Opened(Box::new(opened)))).unwrap().case_id
    }

    fn add(&self, id: &str, kind: EventKind) {
        self.store().append(id, None, vec![self.event(kind)]).unwrap();
    }

    fn note(&self, id: &str, text: &str) {
        self.add(id, EventKind::Noted { text: text.into() });
    }

    fn attach(&self, id: &str, name: &str, content: &[u8]) {
        let mut store = self.store();
        let evidence = vec![store.put_evidence(name, "text/plain", &mut Cursor::new(content)).unwrap()];
        let attached = Attached { evidence, ..Attached::default() };
        store.append(id, None, vec![self.event(EventKind::Attached(Box::new(attached)))]).unwrap();
    }

    fn export(&self, id: &str, name: &str) -> PathBuf {
        let out = self.dir.path().join(name);
        write(&self.store(), id, &out).unwrap();
        out
    }

    fn import(&self, file: &Path) -> Result<Imported, StoreError> {
        self.store().import(&mut Bundle::open(file)?, LATER, self.who, "t")
    }

    fn case(&self, id: &str) -> Case {
        self.store().case(id, LATER).unwrap()
    }

    fn notes(&self, id: &str) -> BTreeSet<String> {
        let timeline = self.case(id).timeline;
        timeline.into_iter().filter(|e| e.kind == "noted").map(|e| format!("{}: {}", e.actor, e.text)).collect()
    }

    #[track_caller]
    fn proves(&self, id: &str) {
        let found = self.store().verify(id).unwrap();
        assert!(found.is_intact(), "{:?}", found.differences);
    }
}

fn write(store: &SqliteStore, id: &str, out: &Path) -> Result<bundle::Written, StoreError> {
    bundle::write(store, id, Extras { case: b"{}", report: b"<p>report</p>" }, out, true)
}

/// A case of two notes and two files, exported.
fn sent() -> (Desk, String, PathBuf) {
    let chen = Desk::new("chen");
    let id = chen.open_case();
    chen.note(&id, "hums");
    chen.attach(&id, "rail.csv", b"1,2\n3,4\n");
    chen.attach(&id, "photo.jpg", &[0xFF; 5000]);
    chen.note(&id, "fan dusty");
    let file = chen.export(&id, "case.zip");
    (chen, id, file)
}

#[test]
fn a_case_goes_there_and_back_and_its_bytes_are_the_same_each_time() {
    let (chen, id, file) = sent();
    let again = chen.export(&id, "again.zip");
    assert!(std::fs::read(&file).unwrap() == std::fs::read(&again).unwrap());
    let lin = Desk::new("lin");
    let came = lin.import(&file).unwrap();
    assert_eq!((came.outcome, came.events.len(), came.evidence), (Outcome::New, 5, 2));
    assert_eq!((lin.case(&id), lin.case(&id).head), (chen.case(&id), chen.case(&id).head));
    lin.proves(&id);
    assert!(std::fs::read(lin.export(&id, "b.zip")).unwrap() == std::fs::read(&file).unwrap(), "and it can be sent on");
    let twice = lin.import(&file).unwrap();
    assert_eq!((twice.outcome, twice.events.len(), twice.evidence), (Outcome::Nothing, 0, 0));
    // What is older changes nothing, what is newer goes on.
    lin.note(&id, "mine");
    assert_eq!(lin.import(&file).unwrap().outcome, Outcome::Nothing);
    let back = chen.import(&lin.export(&id, "c.zip")).unwrap();
    assert_eq!((back.outcome, back.events.len()), (Outcome::Advanced, 1));
    assert_eq!(chen.case(&id), lin.case(&id));
    chen.proves(&id);
    // Any program reads it: the entries and the report are plain.
    let mut zip = ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
    let mut report = String::new();
    zip.by_name("report.html").unwrap().read_to_string(&mut report).unwrap();
    assert_eq!(report, "<p>report</p>");
}

#[test]
fn what_both_sides_wrote_is_kept_and_proved_and_they_come_to_the_same() {
    let (chen, id, file) = sent();
    let lin = Desk::new("lin");
    lin.import(&file).unwrap();
    chen.note(&id, "replaced the fan");
    chen.add(&id, EventKind::Assigned { to: Some("chen".into()) });
    chen.add(&id, EventKind::StatusChanged { to: Status::InProgress, reason: String::new() });
    lin.note(&id, "customer called");
    lin.attach(&id, "log.txt", b"alarm 17");
    lin.add(&id, EventKind::PriorityChanged { to: Priority::P1, reason: "no calls".into(), terms: None });
    lin.add(&id, EventKind::Assigned { to: Some("lin".into()) });

    let came = chen.import(&lin.export(&id, "lin.zip")).unwrap();
    assert_eq!((came.outcome, came.events.len(), came.evidence), (Outcome::Merged, 5, 1), "four and the merging one");
    let clash = &came.clashes[0];
    assert_eq!((came.clashes.len(), &*clash.field, &*clash.who, &*clash.other_who), (1, "assignee", "chen", "lin"));
    let case = chen.case(&id);
    // What only one side set counts; what both set stays as it was here.
    assert_eq!(
        (case.priority, case.status, case.assignee.as_deref()),
        (Priority::P1, Status::InProgress, Some("chen"))
    );
    let all: BTreeSet<String> =
        ["chen: hums", "chen: fan dusty", "chen: replaced the fan", "lin: customer called"].map(str::to_owned).into();
    assert_eq!(chen.notes(&id), all);
    assert_eq!(case.evidence.len(), 3);
    chen.proves(&id);
    let have: BTreeSet<String> = chen.store().verify(&id).unwrap().have.into_iter().collect();
    assert!(came.events.iter().all(|event| have.contains(event)), "every new event is acknowledged by `have`");
    assert_eq!(chen.import(&chen.dir.path().join("case.zip")).unwrap().outcome, Outcome::Nothing);
    assert_eq!(chen.import(&lin.dir.path().join("lin.zip")).unwrap().outcome, Outcome::Nothing);

    // Back to the other side: all that it has is in there, so it comes to the same chain.
    let back = lin.import(&chen.export(&id, "merged.zip")).unwrap();
    assert_eq!(back.outcome, Outcome::Advanced);
    assert_eq!(lin.case(&id), chen.case(&id));
    lin.proves(&id);
    // And both go on from there, again and again.
    for round in 0..8 {
        chen.note(&id, &format!("c{round}"));
        lin.note(&id, &format!("l{round}"));
        let (a, b) = (chen.export(&id, "a.zip"), lin.export(&id, "b.zip"));
        assert_eq!(chen.import(&b).unwrap().outcome, Outcome::Merged);
        assert_eq!(lin.import(&a).unwrap().outcome, Outcome::Merged);
        chen.note(&id, "crossed");
        assert!(matches!(lin.import(&chen.export(&id, "a.zip")).unwrap().outcome, Outcome::Merged | Outcome::Advanced));
        chen.import(&lin.export(&id, "b.zip")).unwrap();
        assert_eq!(chen.case(&id).head, lin.case(&id).head, "round {round}");
        chen.proves(&id);
        lin.proves(&id);
    }
    assert_eq!(chen.notes(&id).len(), 4 + 16 + 1);
    // A third one takes all of it at once.
    let wei = Desk::new("wei");
    wei.import(&chen.export(&id, "all.zip")).unwrap();
    assert_eq!(wei.case(&id), chen.case(&id));
    wei.proves(&id);
    wei.note(&id, "seen");
    wei.proves(&id);
}

#[test]
fn a_merged_event_that_was_changed_or_lost_is_found() {
    let (chen, id, file) = sent();
    let lin = Desk::new("lin");
    lin.import(&file).unwrap();
    lin.note(&id, "one");
    lin.note(&id, "two");
    chen.note(&id, "three");
    chen.import(&lin.export(&id, "lin.zip")).unwrap();
    chen.proves(&id);
    for sql in [
        "UPDATE side_event SET body = replace(body, 'one', 'eno')",
        "DELETE FROM side_event WHERE place = 2",
        "UPDATE side_event SET merged_by = 3",
    ] {
        let copy = Desk::new("copy");
        let (from, to) = (chen.dir.path().join("store"), copy.dir.path().join("store"));
        std::fs::create_dir_all(&to).unwrap();
        std::fs::copy(from.join("faultscope.db"), to.join("faultscope.db")).unwrap();
        rusqlite::Connection::open(to.join("faultscope.db")).unwrap().execute_batch(sql).unwrap();
        assert!(!copy.store().verify(&id).unwrap().is_intact(), "{sql}");
        assert!(matches!(write(&copy.store(), &id, &to.join("x.zip")), Err(StoreError::Damaged { .. })));
        assert!(!to.join("x.zip").exists());
    }
}

#[test]
fn two_cases_of_one_number_live_side_by_side() {
    let (_chen, id, file) = sent();
    let lin = Desk::new("lin");
    assert_eq!(lin.open_case(), id);
    let came = lin.import(&file).unwrap();
    assert!(came.case_id.starts_with(&format!("{id}~")), "{}", came.case_id);
    lin.note(&came.case_id, "here");
    assert_eq!((lin.notes(&came.case_id).len(), lin.notes(&id).len()), (3, 0));
    assert_eq!(lin.case(&came.case_id).id, came.case_id);
    lin.proves(&came.case_id);
    lin.proves(&id);
    assert_eq!(lin.import(&file).unwrap().case_id, came.case_id);
    let next = lin.open_case();
    assert_eq!(next, "FS-2026-0002", "numbers go on as if nothing had come");
}

/// The entries of a bundle, to be written again with something wrong in them.
struct Forged {
    entries: Vec<(String, Vec<u8>, Option<u32>)>,
    version: String,
    sealed: bool,
    store_all: bool,
}

impl Forged {
    fn of(file: &Path) -> Self {
        let mut zip = ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
        let entries = (0..zip.len()).map(|n| {
            let mut entry = zip.by_index(n).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes, None)
        });
        Self { entries: entries.collect(), version: "1".into(), sealed: true, store_all: false }
    }

    fn entry(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.entries.iter_mut().find(|e| e.0.starts_with(name)).unwrap().1
    }

    fn manifest(&mut self, change: impl FnOnce(&mut serde_json::Value)) {
        let mut manifest: serde_json::Value = serde_json::from_slice(self.entry("manifest.json")).unwrap();
        change(&mut manifest);
        *self.entry("manifest.json") = serde_json::to_vec(&manifest).unwrap();
    }

    /// Makes the manifest say what is there.
    fn relist(&mut self) {
        let files: Vec<_> = self
            .entries
            .iter()
            .filter(|e| e.0 != "manifest.json")
            .map(|(name, bytes, _)| {
                let digest: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
                serde_json::json!({"path": name, "sha256": digest, "size": bytes.len()})
            })
            .collect();
        self.manifest(|m| m["files"] = files.into());
    }

    fn bytes(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let head = format!("faultscope case bundle {} sha256 ", self.version);
        zip.set_comment(format!("{head}{}", "0".repeat(64))).unwrap();
        for (name, bytes, mode) in &self.entries {
            let stored = self.store_all || name.starts_with("evidence/") || mode.is_some();
            let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let options =
                SimpleFileOptions::default().last_modified_time(DateTime::default()).compression_method(method);
            if let Some(mode) = mode {
                if mode & 0o170_000 == 0o120_000 {
                    zip.add_symlink(name.as_str(), String::from_utf8_lossy(bytes), options).unwrap();
                    continue;
                }
                zip.start_file(name.as_str(), options.compression_method(CompressionMethod::Deflated)).unwrap();
            } else {
                zip.start_file(name.as_str(), options).unwrap();
            }
            zip.write_all(bytes).unwrap();
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        if self.sealed {
            seal(&mut bytes);
        }
        bytes
    }
}

fn seal(bytes: &mut [u8]) {
    let body = bytes.len() - 64;
    let digest: String = Sha256::digest(&bytes[..body]).iter().map(|b| format!("{b:02x}")).collect();
    bytes[body..].copy_from_slice(digest.as_bytes());
}

/// Two entries of one name, which the writer would not make: the second is renamed in the finished bytes.
fn doubled(file: &Path, first: &str, second: &str) -> Vec<u8> {
    let mut forged = Forged::of(file);
    forged.entries.push((second.into(), b"x".to_vec(), None));
    let mut bytes = forged.bytes();
    for at in 0..bytes.len() - second.len() {
        if &bytes[at..at + second.len()] == second.as_bytes() {
            bytes[at..at + second.len()].copy_from_slice(first.as_bytes());
        }
    }
    seal(&mut bytes);
    bytes
}

/// Everything in a folder, names and sizes.
fn listing(folder: &Path) -> BTreeSet<(PathBuf, u64)> {
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            all.extend(listing(&entry.path()));
        } else {
            all.insert((entry.path(), entry.metadata().unwrap().len()));
        }
    }
    all
}

/// Hostile bundles: what is wrong, and a word of the refusal.
fn hostile(file: &Path) -> Vec<(String, Vec<u8>, &'static str)> {
    let mut all: Vec<(String, Vec<u8>, &'static str)> = Vec::new();
    let forged = || Forged::of(file);
    let slips = [
        "../evil",
        "../../../../tmp/evil",
        "/etc/evil",
        "evidence/../../evil",
        "C:\\evil",
        "..\\evil",
        "evidence/..\\..\\evil",
        "\\\\host\\share\\evil",
        "c:evil",
        "/../evil",
        "evidence/../events.jsonl",
        "./../evil",
        "a/b/../../../evil",
        "..",
        "/",
        "evidence/..",
        "../",
        "D:/evil",
        "//evil",
        "report.html/../../evil",
        "..\\..\\store\\faultscope.db",
    ];
    for slip in slips {
        for listed in [false, true] {
            let mut f = forged();
            f.entries.push((slip.into(), b"evil".to_vec(), None));
            if listed {
                f.relist();
            }
            all.push((format!("slip {slip} {listed}"), f.bytes(), "leads out"));
        }
    }
    for stray in [
        "evil",
        "evidence/",
        "evidence/abc",
        "EVENTS.JSONL",
        "events.jsonl ",
        "report.html.exe",
        "autorun.inf",
        "evidence",
        "manifest.json.bak",
        "store/faultscope.db",
        "evidence/sha256/ab",
        "~",
        "a b",
        "\u{202e}gpj.exe",
        "nul",
        "$HOME",
        "evidence/evidence",
        "desktop.ini",
        "-rf",
    ] {
        for listed in [false, true] {
            let mut f = forged();
            f.entries.push((stray.into(), b"evil".to_vec(), None));
            if listed {
                f.relist();
            }
            all.push((format!("stray {stray:?} {listed}"), f.bytes(), "belongs to no bundle"));
        }
    }
    for target in ["/etc/passwd", "../../store/faultscope.db", "events.jsonl", ".", "/", "\\\\host\\share"] {
        for name in ["report.html", "case.json", "link"] {
            let mut f = forged();
            f.entries.retain(|e| e.0 != name);
            f.entries.push((name.into(), target.as_bytes().to_vec(), Some(0o120_777)));
            all.push((format!("link {name} {target}"), f.bytes(), "link"));
        }
    }
    for (first, second) in [
        ("events.jsonl", "events.jsonX"),
        ("case.json", "case.jsoX"),
        ("manifest.json", "manifest.jsoX"),
        ("report.html", "report.htmX"),
    ] {
        all.push((format!("twice {first}"), doubled(file, first, second), ""));
    }
    for version in ["0", "2", "17", "1.5", "-1", "", "one", "1 1"] {
        let mut f = forged();
        f.version = version.into();
        all.push((format!("version {version:?}"), f.bytes(), ""));
    }
    for version in [0, 2, 99] {
        let mut f = forged();
        f.manifest(|m| m["version"] = version.into());
        all.push((format!("manifest version {version}"), f.bytes(), "version"));
    }
    // Bombs: zeros that unpack to a hundred million bytes, in the manifest, among the text and as evidence.
    for name in ["manifest.json", "events.jsonl", "case.json", "report.html"] {
        let mut f = forged();
        *f.entry(name) = vec![b' '; 100_000_000];
        if name != "manifest.json" {
            f.relist();
        }
        all.push((format!("bomb {name}"), f.bytes(), "far more"));
    }
    {
        let mut f = forged();
        let zeros = vec![0u8; 60_000_000];
        let name = f.entries.iter().position(|e| e.0.starts_with("evidence/")).unwrap();
        f.entries[name].1 = zeros;
        f.entries[name].2 = Some(0o100_644);
        all.push(("packed evidence".into(), f.bytes(), "far more"));
    }
    // One event of a million values, and one of seventeen million bytes.
    for data in [format!("[{}0]", "0,".repeat(2_000_000)), format!("\"{}\"", "x".repeat(17 << 20))] {
        let mut f = forged();
        f.store_all = true;
        let line = format!("{{\"kind\":\"noted\",\"data\":{data}}}\n");
        *f.entry("events.jsonl") = line.into_bytes();
        f.relist();
        all.push(("large event".into(), f.bytes(), "event"));
    }
    for deep in [100, 200, 100_000] {
        let mut f = forged();
        f.store_all = true;
        *f.entry("events.jsonl") = format!("{}{}\n", "[".repeat(deep), "]".repeat(deep)).into_bytes();
        f.relist();
        all.push((format!("deep {deep}"), f.bytes(), "event"));
    }
    // Wrong digests and sizes, of each entry.
    for n in 0..5 {
        for field in ["sha256", "size", "path"] {
            let mut f = forged();
            f.manifest(|m| {
                let value = &mut m["files"][n][field];
                *value = match field {
                    "size" => (value.as_u64().unwrap() + 1).into(),
                    _ => value.as_str().unwrap().replace(['a', 'e'], "b").replace(['0', '1'], "2").into(),
                };
            });
            all.push((format!("{field} of entry {n}"), f.bytes(), ""));
        }
        let mut f = forged();
        f.entries[n + 1].1[0] ^= 1;
        all.push((format!("content of entry {n}"), f.bytes(), "not what the manifest says"));
        let mut f = forged();
        f.entries.remove(n + 1);
        all.push((format!("without entry {n}"), f.bytes(), "missing"));
        let mut f = forged();
        f.entries.remove(n + 1);
        f.relist();
        all.push((format!("without entry {n}, relisted"), f.bytes(), ""));
    }
    // Events changed, left out, exchanged, repeated, of another case; the manifest says what is there.
    let text = String::from_utf8(forged().entry("events.jsonl").clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut with = |what: String, lines: Vec<String>| {
        let mut f = forged();
        *f.entry("events.jsonl") = lines.iter().flat_map(|l| [l.as_str(), "\n"]).collect::<String>().into_bytes();
        f.relist();
        f.manifest(|m| m["case"]["events"] = lines.len().into());
        all.push((what, f.bytes(), "event"));
    };
    let own = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    for n in 0..lines.len() {
        let mut less = own(&lines);
        less.remove(n);
        with(format!("event {n} left out"), less);
        let mut more = own(&lines);
        more.insert(n, lines[n].to_owned());
        with(format!("event {n} twice"), more);
        let mut moved = own(&lines);
        moved.rotate_left(n + 1);
        if n + 1 < lines.len() {
            with(format!("events turned by {n}"), moved);
        }
        for (from, to) in [
            ("chen", "chem"),
            ("2026-03", "2025-03"),
            ("\"seq\":", "\"seq\":1"),
            ("\"t\"", "\"u\""),
            ("FS-2026", "FS-2025"),
        ] {
            let mut changed = own(&lines);
            changed[n] = changed[n].replace(from, to);
            with(format!("event {n}: {from} to {to}"), changed);
        }
    }
    for line in ["", "{}", "null", "\u{0}", "{\"hash\":1}"] {
        let mut more = own(&lines);
        more.push(line.to_owned());
        with(format!("line {line:?}"), more);
    }
    // No bundles at all.
    let whole = forged().bytes();
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("text", b"this is a letter".to_vec()),
        ("cut in the middle", whole[..whole.len() / 2].to_vec()),
        ("one byte short", whole[..whole.len() - 1].to_vec()),
        ("one byte long", [&whole[..], b"0"].concat()),
        ("something before it", [b"MZ", &whole[..]].concat()),
        ("only the end", whole[whole.len() - 200..].to_vec()),
    ] {
        all.push((what.into(), bytes, ""));
    }
    let mut unsealed = forged();
    unsealed.sealed = false;
    all.push(("no digest".into(), unsealed.bytes(), "digest"));
    let mut shifted = [b"MZ", &whole[..]].concat();
    seal(&mut shifted);
    all.push(("something before it, sealed".into(), shifted, ""));
    all
}

/// Highest memory of this process so far, in KiB.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmHWM:")).and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
}

#[test]
fn hostile_bundles_are_refused_and_nothing_is_written() {
    let (_chen, id, file) = sent();
    let lin = Desk::new("lin");
    lin.import(&file).unwrap();
    lin.note(&id, "mine");
    let place = lin.dir.path().join("hostile.zip");
    std::fs::write(&place, b"").unwrap();
    let store = lin.dir.path().join("store");
    let before = listing(&store);
    let all = hostile(&file);
    let count = all.len();
    for (what, bytes, word) in all {
        std::fs::write(&place, &bytes).unwrap();
        let refused = lin.import(&place).expect_err(&what);
        let said = refused.to_string();
        assert!(matches!(refused, StoreError::BadBundle { .. } | StoreError::NotABundle { .. }), "{what}: {said}");
        assert!(
            matches!(refused.exit_code(), 3 | 6) && said.contains("hostile.zip") && said.contains(word),
            "{what}: {said}"
        );
        assert!(!said.contains(char::is_control), "{what}: {said:?}");
        assert_eq!(listing(&store), before, "{what}");
    }
    let outside: Vec<_> = std::fs::read_dir(lin.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(outside.len(), 2, "{outside:?}");
    lin.proves(&id);
    assert!(count >= 200, "{count}");
}

/// Memory while hostile bundles are read, in a process of its own: what makes them takes more than what reads them.
#[cfg(target_os = "linux")]
#[test]
fn hostile_bundles_take_little_memory() {
    let (_chen, _, file) = sent();
    let folder = tempfile::tempdir().unwrap();
    for (n, (_, bytes, _)) in hostile(&file).into_iter().enumerate() {
        std::fs::write(folder.path().join(format!("{n}.zip")), bytes).unwrap();
    }
    let mut child = child("read", folder.path());
    let out = child.stdout(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let peak: u64 = text.split("peak ").nth(1).and_then(|p| p.split_whitespace().next()?.parse().ok()).expect(&text);
    assert!(peak < 256 << 10, "{peak} KiB");
}

fn flips(count: usize) {
    let (_chen, _, file) = sent();
    let whole = std::fs::read(&file).unwrap();
    let lin = Desk::new("lin");
    let place = lin.dir.path().join("flipped.zip");
    drop(lin.store());
    let before = listing(&lin.dir.path().join("store"));
    let mut state = 7u64;
    for n in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, bit) = ((state >> 16) as usize % whole.len(), (state >> 61) as u32 % 8);
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        std::fs::write(&place, &bytes).unwrap();
        assert!(lin.import(&place).is_err(), "try {n}: bit {bit} of byte {at}");
    }
    assert_eq!(listing(&lin.dir.path().join("store")), before);
}

#[test]
fn every_flipped_bit_is_found() {
    flips(1000);
}

/// This binary again, with a task.
fn child(task: &str, place: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_main", "--exact", "--nocapture"]).env(CHILD, task).env("FAULTSCOPE_BUNDLE_PLACE", place);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn child_main() {
    let (Ok(task), Some(place)) = (std::env::var(CHILD), std::env::var_os("FAULTSCOPE_BUNDLE_PLACE")) else { return };
    let place = PathBuf::from(place);
    if task == "read" {
        for entry in std::fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            assert!(Bundle::open(&path).is_err(), "{}", path.display());
        }
        std::io::stdout().write_all(format!("peak {} KiB\n", peak_kib().unwrap()).as_bytes()).unwrap();
        return;
    }
    // Imports and exports in turn, for ever, until it is killed.
    let mut store = SqliteStore::open(&place.join("store"), Access::Write).unwrap();
    for n in 0.. {
        let mut bundle = Bundle::open(&place.join(format!("in{}.zip", n % 12))).unwrap();
        let came = store.import(&mut bundle, LATER, "lin", "t").unwrap();
        let mut said = std::fs::OpenOptions::new().append(true).create(true).open(place.join("acks")).unwrap();
        said.write_all(came.events.iter().map(|id| format!("{id}\n")).collect::<String>().as_bytes()).unwrap();
        write(&store, &came.case_id, &place.join("out.zip")).unwrap();
    }
}

/// Kills at random moments of import and export: what was acknowledged is there, the case proves, no half bundle is found.
fn kills(count: u64) {
    let (chen, id, _) = sent();
    let stages: Vec<Vec<u8>> = (0..12)
        .map(|n| {
            chen.note(&id, &format!("stage {n}"));
            chen.attach(&id, "capture.bin", &vec![n as u8; 300_000]);
            std::fs::read(chen.export(&id, "stage.zip")).unwrap()
        })
        .collect();
    let first = chen.dir.path().join("case.zip");
    let mut begun = 0;
    for round in 0..count {
        let lin = Desk::new("lin");
        lin.import(&first).unwrap();
        lin.note(&id, "mine");
        for (n, bytes) in stages.iter().enumerate() {
            std::fs::write(lin.dir.path().join(format!("in{n}.zip")), bytes).unwrap();
        }
        let mut child = child("work", lin.dir.path()).spawn().unwrap();
        // From before the first import to well after the last.
        std::thread::sleep(std::time::Duration::from_millis(5 + (round * 37) % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = lin.store().verify(&id).unwrap();
        assert!(found.is_intact(), "round {round}: {:?}", found.differences);
        let have: BTreeSet<&str> = found.have.iter().map(String::as_str).collect();
        let acks = std::fs::read_to_string(lin.dir.path().join("acks")).unwrap_or_default();
        // The last line may be cut off: it was not said then.
        let whole = acks.rsplit_once('\n').map_or("", |(whole, _)| whole);
        begun += u32::from(!whole.is_empty());
        assert!(whole.lines().all(|ack| have.contains(ack)), "round {round}");
        assert!(lin.notes(&id).contains("lin: mine"));
        let out = lin.dir.path().join("out.zip");
        assert!(!out.exists() || Bundle::open(&out).is_ok(), "round {round}: half a bundle");
        let last = lin.dir.path().join("in11.zip");
        lin.import(&last).unwrap();
        lin.proves(&id);
        assert_eq!(lin.import(&last).unwrap().outcome, Outcome::Nothing);
    }
    let mut out = std::io::stdout();
    writeln!(out, "{count} kills, {begun} of them after an import was acknowledged").unwrap();
    assert!(begun > 0);
}

#[test]
fn a_program_killed_in_the_middle_leaves_all_or_nothing() {
    kills(24);
}

/// `cargo nextest run -p faultscope-case --run-ignored only -E 'test(five_hundred_kills)' --no-capture`
#[test]
#[ignore = "minutes"]
fn five_hundred_kills() {
    kills(500);
}
