//! A case sent to a ticket system: made once, known to the case, brought up to date; kept while nobody answers; killed in between.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::{binary, text};
use super::schema::Published;

#[path = "../../../crates/push/tests/server/mod.rs"]
mod server;

use server::model::SECRET;
use server::{Fault, Model, Reply, Server};

/// A store with one case, and a profile that goes to a server of this machine.
struct Story {
    dir: tempfile::TempDir,
    id: String,
    server: Server,
}

impl Story {
    fn new(system: &str, own: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(Model::new(system));
        let profile = format!("extends = \"{system}\"\nbase_url = \"{}\"\ntimeout_s = 5\n{own}", server.url);
        std::fs::write(dir.path().join("own.toml"), profile).unwrap();
        let mut story = Self { dir, id: String::new(), server };
        story.id = text(&story.run(&["case", "open", "--title", "Rectifier hums", "--priority", "P2"]).stdout)
            .trim()
            .to_owned();
        story
    }

    fn run(&self, words: &[&str]) -> Output {
        self.run_with(SECRET, words)
    }

    fn command(&self, secret: &str, words: &[&str]) -> std::process::Command {
        let mut command = binary();
        command.args(words).args(["--store", "store"]).current_dir(self.dir.path());
        for name in ["ZAMMAD_TOKEN", "OSTICKET_KEY"] {
            command.env(format!("FAULTSCOPE_{name}"), secret);
        }
        command
    }

    fn run_with(&self, secret: &str, words: &[&str]) -> Output {
        self.command(secret, words).output().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}: {output:?}"))
    }

    fn push(&self) -> Output {
        self.run(&["push", &self.id, "--to", "own.toml", "--once"])
    }

    fn entry(&self) -> String {
        format!("{}@zammad", self.id)
    }

    fn tickets(&self) -> usize {
        self.server.model(|m| m.tickets.len())
    }

    /// Everything that was written but the evidence of the trial itself.
    fn no_secret_on_disk(&self) {
        look(self.dir.path());
    }
}

fn look(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()), "{}", path.display());
        }
    }
}

const ZAMMAD: &str = "settle_s = 0\n[values]\ncustomer = \"a@example.com\"\n";

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

#[test]
fn a_case_becomes_a_ticket_and_the_case_knows_it() {
    let story = Story::new("zammad", ZAMMAD);
    let mut published = Published::load();
    let plan = story.json(&["push", &story.id, "--to", "own.toml", "--dry-run"]);
    published.check("PushPlanDocument", &plan);
    assert_eq!(plan["requests"][0]["headers"]["Authorization"], "Token token=***");
    assert!(story.server.seen().is_empty() && !story.dir.path().join("store.push").exists());

    let first = story.json(&["push", &story.id, "--to", "own.toml"]);
    published.check("PushDocument", &first);
    assert_eq!((&first["pushed"][0]["state"], &first["pushed"][0]["made"]), (&"sent".into(), &true.into()));
    assert_eq!(first["pushed"][0]["ticket"]["number"], "84711");
    let case = story.json(&["case", "show", &story.id]);
    published.check("CaseDocument", &case);
    assert_eq!(case["case"]["tickets"][0]["number"], "84711");
    let shown = text(&story.run(&["case", "show", &story.id]).stdout);
    assert!(shown.contains("84711") && shown.contains("zammad"), "{shown}");

    assert_eq!(code(&story.run(&["case", "note", &story.id, "part ordered"])), 0);
    assert_eq!(code(&story.run(&["case", "pause", &story.id, "--reason", "waiting_for_parts"])), 0);
    let again = story.run(&["push", &story.id, "--to", "own.toml", "--lang", "zh-CN"]);
    assert!(text(&again.stdout).contains("工单 84711 已更新"), "{again:?}");
    let (tickets, updates) = story.server.model(|m| (m.tickets.len(), m.tickets[0].updates));
    assert_eq!((tickets, updates), (1, 1));
    let case = story.json(&["case", "show", &story.id]);
    assert_eq!(case["case"]["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(code(&story.run(&["case", "verify", &story.id])), 0);
    // A third push has nothing new to attach.
    let files = || story.server.model(|m| m.tickets[0].files.len());
    let before = files();
    assert_eq!(code(&story.push()), 0);
    assert_eq!(files(), before);
    story.no_secret_on_disk();
    published.check("PushQueueDocument", &story.json(&["push", "queue"]));
    published.check("PushProfilesDocument", &story.json(&["push", "profiles"]));
    published.check("PushProfilesDocument", &story.json(&["push", "show", "own.toml"]));
    for lang in ["en", "zh-CN"] {
        for words in [vec!["push", "profiles"], vec!["push", "show", "glpi"], vec!["push", "queue"]] {
            let shown = story.run(&[words, vec!["--lang", lang]].concat());
            assert!(code(&shown) == 0 && !text(&shown.stdout).contains('?'), "{shown:?}");
        }
    }
}

#[test]
fn what_cannot_be_sent_stays_and_is_sent_later() {
    let story = Story::new("zammad", ZAMMAD);
    story.server.faults(|_| Fault::Instead(Reply::new(503, "maintenance")));
    let waits = story.push();
    assert!(code(&waits) == 4 && text(&waits.stderr).contains("maintenance"), "{waits:?}");
    let queue = story.json(&["push", "queue"]);
    assert_eq!((&queue["queue"][0]["id"], &queue["queue"][0]["state"]), (&story.entry().into(), &"waiting".into()));
    // Not due yet: a job that runs every few minutes leaves it alone.
    let idle = story.run(&["push", "retry"]);
    assert!(code(&idle) == 0 && text(&idle.stderr).contains("nothing is due"), "{idle:?}");
    story.server.faults(|_| Fault::None);
    // Without its profile it is not tried again by itself, and says so.
    let at = |name: &str| story.dir.path().join(name);
    std::fs::rename(at("own.toml"), at("moved.toml")).unwrap();
    assert_eq!(code(&story.run(&["push", "retry", &story.entry()])), 2);
    let queue = story.json(&["push", "queue"]);
    assert_eq!(queue["queue"][0]["state"], "refused");
    assert!(queue["queue"][0]["error"].as_str().unwrap().contains("own.toml"), "{queue}");
    std::fs::rename(at("moved.toml"), at("own.toml")).unwrap();
    let sent = story.run(&["push", "retry", &story.entry()]);
    assert!(code(&sent) == 0 && story.tickets() == 1, "{sent:?}");
    assert!(story.json(&["push", "queue"])["queue"].as_array().unwrap().is_empty());
    assert_eq!(code(&story.run(&["push", "retry", &story.entry()])), 2, "it is no longer there");
}

#[test]
fn what_is_refused_says_why_and_wrong_usage_writes_nothing() {
    let story = Story::new("zammad", ZAMMAD);
    let queue = story.dir.path().join("store.push");
    for (words, why) in [
        (vec!["push", "FS-1999-0001", "--to", "own.toml"], "FS-1999-0001"),
        (vec!["push", &story.id, "--to", "remedy"], "these ship: glpi"),
        (vec!["push", &story.id, "--to", "zammad"], "--url"),
        (vec!["push", &story.id, "--to", "zammad", "--url", "http://tickets.example.com"], "encryption"),
        (vec!["push", &story.id, "--to", "own.toml", "--set", "colour=red"], "colour"),
        (vec!["push", &story.id, "--to", "own.toml", "--set", "colour"], "NAME=VALUE"),
        (vec!["push", &story.id], "--to"),
        (vec!["push", "retry", "--found", "1"], "ID"),
        (vec!["push", "drop", "x"], "push queue"),
    ] {
        let refused = story.run(&words);
        assert!(code(&refused) == 2 && text(&refused.stderr).contains(why), "{words:?}: {refused:?}");
    }
    let missing = story.run_with("", &["push", &story.id, "--to", "own.toml"]);
    assert!(code(&missing) == 2 && text(&missing.stderr).contains("FAULTSCOPE_ZAMMAD_TOKEN"), "{missing:?}");
    assert!(!queue.join(format!("{}.json", story.entry())).exists() && story.server.seen().is_empty());

    let wrong = story.run_with("wr0ng-t0k3n-4711", &["push", &story.id, "--to", "own.toml", "--json"]);
    let document: Value = serde_json::from_slice(&wrong.stdout).unwrap();
    assert_eq!((code(&wrong), &document["pushed"][0]["state"]), (2, &"refused".into()));
    assert!(!text(&wrong.stderr).contains("wr0ng") && !text(&wrong.stdout).contains("wr0ng"), "{wrong:?}");
    assert_eq!(code(&story.run(&["push", "drop", &story.entry()])), 0);
    assert!(story.json(&["push", "queue"])["queue"].as_array().unwrap().is_empty());
}

#[test]
fn where_nothing_can_be_searched_somebody_looks() {
    let story = Story::new("osticket", "[values]\nemail = \"a@example.com\"\n");
    let entry = format!("{}@osticket", story.id);
    story.server.next_write(Fault::DropAfter);
    assert_eq!(code(&story.push()), 4);
    let open = story.run(&["push", "retry", &entry]);
    assert!(code(&open) == 3 && text(&open.stderr).contains("--not-found"), "{open:?}");
    assert_eq!(story.json(&["push", "queue"])["queue"][0]["state"], "unsettled");
    assert_eq!(code(&story.run(&["push", "retry", &entry, "--found", "4711"])), 0);
    let case = story.json(&["case", "show", &story.id]);
    assert_eq!((&case["case"]["tickets"][0]["number"], story.tickets()), (&"4711".into(), 1));
    let again = story.push();
    assert!(code(&again) == 2 && text(&again.stderr).contains("takes no changes"), "{again:?}");
    assert!(story.json(&["push", "queue"])["queue"].as_array().unwrap().is_empty());
}

/// Kills a push at times spread over its whole length, then sends it again: one ticket, one event, nothing half-written.
fn killed(trials: u32) {
    let mut landed = 0;
    let mut length = Duration::from_millis(400);
    for n in 0..trials {
        let story = Story::new("zammad", ZAMMAD);
        // Between what was done and what is said of it there is time to be killed.
        story.server.faults(|_| {
            std::thread::sleep(Duration::from_millis(15));
            Fault::None
        });
        let begun = Instant::now();
        let mut command = story.command(SECRET, &["push", &story.id, "--to", "own.toml", "--once"]);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(length * (n % 20 + 1) / 20);
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        landed += u32::from(!ended.success());
        if ended.success() {
            length = begun.elapsed().min(length);
        }
        story.server.faults(|_| Fault::None);
        assert!(story.tickets() <= 1, "{n}");
        let again = if n % 2 == 0 { story.push() } else { story.run(&["push", "retry", &story.entry()]) };
        // Killed before anything was written down, there is nothing to retry; killed after the last step, neither.
        if code(&again) == 2 {
            assert!(text(&again.stderr).contains("in the queue"), "{n}: {again:?}");
            assert_eq!(code(&story.push()), 0, "{n}");
        } else {
            assert_eq!(code(&again), 0, "{n}: {again:?}");
        }
        assert_eq!(story.tickets(), 1, "{n}");
        assert!(story.server.model(|m| m.tickets[0].files.len()) == 1, "{n}: the report is there once");
        let case = story.json(&["case", "show", &story.id]);
        assert_eq!(case["case"]["tickets"].as_array().unwrap().len(), 1, "{n}");
        assert_eq!(code(&story.run(&["case", "verify", &story.id])), 0, "{n}");
        assert!(story.json(&["push", "queue"])["queue"].as_array().unwrap().is_empty(), "{n}");
        story.no_secret_on_disk();
    }
    println!("{landed} of {trials} pushes were killed on the way");
    assert!(landed * 2 >= trials, "only {landed} of {trials} were killed on the way");
}

#[test]
fn a_push_that_is_killed_neither_doubles_nor_loses_a_ticket() {
    killed(4);
}

/// `cargo test -p faultscope-tests --test stories two_hundred_pushes -- --ignored --nocapture`
#[test]
#[ignore = "long"]
fn two_hundred_pushes_that_are_killed_neither_double_nor_lose_a_ticket() {
    killed(200);
}
