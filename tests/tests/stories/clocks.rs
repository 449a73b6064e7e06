//! Clocks as their users meet them: own profiles, pauses, what ran out and who is told, times by evidence, statistics.

use std::time::Duration;

use faultscope_tests::{Outcome, faultscope};
use serde_json::{Value, json};

use crate::schema::Published;

/// Offices that are always open, in a calendar; answers within a second, so that a test need not wait long.
const PROFILE: &str = r#"
id = "acme"
version = "3"
calendar = "office"

[calendars.office]
zone = "Asia/Kolkata"
hours = { mon-sun = "00:00-24:00" }

[[clock]]
name = "respond"
priorities = ["P1", "P2"]
from = "opened"
within = "1s"
met_by = ["responded", "closed"]

[[clock]]
name = "arrive"
priorities = ["P1", "P2"]
from = "opened"
within = "3h"
met_by = ["arrived", "closed"]

[[pause]]
reason = "no_access"
clocks = ["arrive"]

[[escalation]]
level = "engineer"
after = "0s"

[[escalation]]
level = "manager"
after = "1h"
"#;

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("acme.toml"), PROFILE).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn run(&self, words: &[&str]) -> Outcome {
        faultscope(&[words, &["--store", &self.path("store")]].concat())
    }

    #[track_caller]
    fn good(&self, words: &[&str]) -> Outcome {
        let outcome = self.run(words);
        assert_eq!(outcome.code, 0, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome
    }

    #[track_caller]
    fn refused(&self, words: &[&str], why: &str) {
        let outcome = self.run(words);
        assert_eq!(outcome.code, 2, "{words:?}: {}{}", outcome.out, outcome.err);
        assert!(outcome.err.contains(why), "{words:?}: {}", outcome.err);
    }

    #[track_caller]
    fn json(&self, kind: &str, words: &[&str]) -> Value {
        let document = self.good(&[words, &["--json"]].concat()).json();
        Published::load().check(kind, &document);
        document
    }

    fn open(&self, priority: &str) -> String {
        let sla = self.path("acme.toml");
        let words = ["case", "open", "--title", "hum", "--priority", priority, "--sla", &sla];
        self.good(&words).out.trim().to_owned()
    }
}

fn clock<'a>(case: &'a Value, name: &str) -> &'a Value {
    case["clocks"].as_array().unwrap().iter().find(|c| c["name"] == name).unwrap()
}

#[test]
fn a_profile_of_ones_own_is_shown_checked_and_kept_with_the_case() {
    let desk = Desk::new();
    let own = desk.path("acme.toml");
    let shown = desk.json("SlaDocument", &["case", "sla", "show", &own]);
    assert_eq!(
        shown["calendars"]["office"],
        json!({"zone": "Asia/Kolkata", "hours": {"mon-sun": "00:00-24:00"}, "holidays": {}})
    );
    assert_eq!(desk.json("SlaDocument", &["case", "sla", "show"])["profile"], "default");
    let told = desk.good(&["case", "sla", "check", &own, "--lang", "zh-CN"]).out;
    assert!(told.contains("acme 3：有效，4 个时限") && told.contains("P3 没有时限"), "{told}");
    let bad = desk.path("bad.toml");
    std::fs::write(&bad, PROFILE.replace("Asia/Kolkata", "Asia/Calcuta")).unwrap();
    desk.refused(&["case", "sla", "check", &bad], "`Asia/Calcuta` is no time zone");
    desk.refused(&["case", "open", "--title", "x", "--sla", &bad], "bad.toml");
    desk.refused(&["case", "sla", "check", &desk.path("none.toml")], "none.toml");

    let id = desk.open("P2");
    // What was promised does not hang on the file, and is not exchanged for another promise by accident.
    std::fs::remove_file(&own).unwrap();
    let case = desk.json("CaseDocument", &["case", "show", &id])["case"].clone();
    let respond = clock(&case, "respond");
    assert_eq!(respond["calendar"], "office");
    assert!(respond["due_local"].as_str().unwrap().ends_with("+05:30"), "{respond}");
    assert_eq!(case["sla"], json!({"profile": "acme", "version": "3", "pauses": ["no_access"]}));
    desk.refused(&["case", "priority", &id, "P1"], "`acme`, version 3");
    std::fs::write(&own, PROFILE).unwrap();
    desk.good(&["case", "priority", &id, "P1", "--sla", &own]);
}

#[test]
fn clocks_stand_still_and_go_on_and_what_ran_out_is_told_once() {
    let desk = Desk::new();
    let (id, other) = (desk.open("P1"), desk.open("P2"));
    let paused = desk.json("CaseDocument", &["case", "pause", &id, "--reason", "no-access", "--note", "key"]);
    assert_eq!(clock(&paused["case"], "arrive")["paused"]["reason"], "no_access");
    desk.refused(&["case", "pause", &id, "--reason", "no_access"], "paused already");
    desk.refused(&["case", "pause", &other, "--reason", "lunch"], "no_access");
    desk.refused(&["case", "resume", &other], "not paused");
    // The answer was promised within a second.
    std::thread::sleep(Duration::from_millis(1100));
    let before = desk.json("OverdueDocument", &["case", "overdue"]);
    assert_eq!(before["overdue"].as_array().unwrap().len(), 2);
    assert_eq!(before["overdue"][0]["untold"], json!([{"clock": "respond", "level": "engineer"}]));
    assert_eq!(before["escalated"], json!([]));
    let listed = |words: &[&str]| {
        let document = desk.json("CaseListDocument", &[&["case", "list"], words].concat());
        let cases = document["cases"].as_array().unwrap().clone();
        cases.into_iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&["--overdue", "--priority", "P1"]), std::slice::from_ref(&id));
    let first = desk.json("OverdueDocument", &["case", "overdue", "--escalate"]);
    assert_eq!(first["escalated"].as_array().unwrap().len(), 2);
    let acks = desk.good(&["case", "overdue", "--escalate", "--ack"]);
    assert!(!acks.out.contains("ack "), "nothing more to write: {}", acks.out);
    let case = desk.json("CaseDocument", &["case", "show", &id])["case"].clone();
    assert_eq!(clock(&case, "respond")["escalated"], "engineer");
    let lines = desk.good(&["case", "verify", &id, "--list"]).out;
    assert!(lines.contains(&format!("have {}", first["escalated"][0].as_str().unwrap())), "{lines}");
    desk.good(&["case", "resume", &id]);
    desk.good(&["case", "action", &id, "contact", "called"]);
    assert_eq!(listed(&["--overdue"]), std::slice::from_ref(&other));
    desk.good(&["case", "assign", &other, "wang"]);
    assert_eq!(listed(&["--assignee", "wang", "--status", "assigned"]), std::slice::from_ref(&other));
    assert_eq!(listed(&["--sort", "id"]), [id, other]);
}

#[test]
fn a_recording_tells_when_somebody_was_there_and_overrules_nobody() {
    let desk = Desk::new();
    let id = desk.open("P1");
    let capture = desk.path("live");
    assert_eq!(faultscope(&["record", "sim:reservoir-c-lost", "--output", &capture, "--duration", "0.2"]).code, 0);
    let file = std::fs::read_dir(desk.dir.path()).unwrap().map(|f| f.unwrap().path());
    let file = file.map(|p| p.display().to_string()).find(|p| p.ends_with(".sigmf-meta")).unwrap();
    desk.good(&["case", "attach", &id, &file, "--role", "supply before"]);
    let hints = |kind: &str| {
        let case = desk.json("CaseDocument", &["case", "show", &id])["case"].clone();
        let all = case["time_hints"].as_array().unwrap().clone();
        (all.into_iter().find(|h| h["kind"] == kind).unwrap(), case)
    };
    let (hint, case) = hints("on_site");
    assert_eq!((&hint["stated"], &hint["conflict"]), (&Value::Null, &json!(false)));
    assert!(case["opened_at"].as_str() < hint["at"].as_str(), "{hint}");
    assert!(clock(&case, "arrive")["met_at"].is_null(), "a hint stops no clock");
    // Written down only afterwards: both cannot be right, and what was stated counts.
    desk.good(&["case", "action", &id, "arrived", "on site"]);
    let (hint, case) = hints("on_site");
    assert_eq!((&hint["conflict"], &hint["stated"]), (&json!(true), &clock(&case, "arrive")["met_at"]));
    let shown = desk.good(&["case", "show", &id, "--lang", "zh-CN"]).out;
    assert!(shown.contains("证据所示时间") && shown.contains("矛盾"), "{shown}");
    // The stated time is put right by whoever knows better, with its own event.
    let at = case["opened_at"].as_str().unwrap();
    desk.good(&["case", "action", &id, "arrived", "was there at once", "--at", at]);
    assert_eq!(hints("on_site").0["conflict"], false);
    desk.refused(&["case", "action", &id, "left", "x", "--at", "2999-01-01T00:00:00Z"], "not yet");
}

#[test]
fn statistics_count_clocks_by_priority_and_month_and_ask_for_satisfaction() {
    let desk = Desk::new();
    let (kept, late) = (desk.open("P1"), desk.open("P2"));
    desk.good(&["case", "action", &kept, "contact", "called", "--at", &{
        let case = desk.json("CaseDocument", &["case", "show", &kept]);
        case["case"]["opened_at"].as_str().unwrap().to_owned()
    }]);
    std::thread::sleep(Duration::from_millis(1100));
    desk.good(&["case", "action", &late, "contact", "called"]);
    desk.good(&["case", "close", &kept, "--root-cause", "fuse", "--satisfaction", "5"]);
    desk.good(&["case", "close", &late, "--code", "withdrawn"]);
    desk.refused(&["case", "follow-up", &late, "called", "--satisfaction", "7"], "1 (bad) to 5");
    desk.good(&["case", "follow-up", &late, "called", "--satisfaction", "2"]);
    let stats = desk.json("StatsDocument", &["case", "stats"]);
    assert_eq!(stats["satisfaction"], json!({"count": 2, "mean": 3.5}));
    let respond = stats["clocks"].as_array().unwrap().iter().find(|c| c["clock"] == "respond").unwrap();
    assert_eq!((&respond["met"], &respond["late"], &respond["share_percent"]), (&json!(1), &json!(1), &json!(50.0)));
    let by = |by: &str, name: &str| {
        let all = stats["clocks_by"].as_array().unwrap().iter();
        let mut found = all.filter(|c| c["by"] == by && c["name"] == name && c["clock"] == "respond");
        let found = found.next().unwrap();
        (found["met"].clone(), found["late"].clone(), found["share_percent"].clone())
    };
    assert_eq!(by("priority", "P1"), (json!(1), json!(0), json!(100.0)));
    assert_eq!(by("priority", "P2"), (json!(0), json!(1), json!(0.0)));
    let text = desk.good(&["case", "stats", "--lang", "zh-CN"]).out;
    assert!(text.contains("满意度 3.5/5"), "{text}");
}
