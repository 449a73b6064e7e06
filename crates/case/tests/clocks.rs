//! Clocks in a store: pausing and resuming, what is overdue and who is told, rounds, merges, and the list that must stay right.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test says no by panicking")]

use std::path::Path;

use faultscope_case::bundle::{self, Bundle, Extras};
use faultscope_case::{
    Access, Action, ActionKind, Case, ClockState, Closed, Closure, ClosureCode, EscalationLevel, EventKind, Filter,
    NewEvent, Opened, Outcome, Overrun, Paused, Priority, Profile, Resumed, Sort, SqliteStore, Status, Store as _,
    StoreError,
};

const PROFILE: &str = r#"
id = "acme"
version = "1"
calendar = "office"

[calendars.office]
zone = "Europe/Berlin"
hours = { mon-fri = "08:00-17:00" }
holidays = { "2026-12-25" = "closed" }

[priority.P1]
calendar = "24x7"

[[clock]]
name = "respond"
priorities = ["P1", "P3"]
from = "opened"
within = "1h"
met_by = ["responded", "closed"]

[[clock]]
name = "fix"
priorities = ["P1", "P3"]
from = "opened"
within = "8h"
met_by = ["cleared", "closed"]

[[pause]]
reason = "waiting_for_parts"
clocks = ["fix"]

[[pause]]
reason = "customer_unreachable"
clocks = ["respond", "fix"]

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
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.dir.path().join("store"), Access::Create).unwrap()
    }

    fn open(&self, at: &str, priority: Priority) -> String {
        let terms = Profile::from_toml(PROFILE).unwrap().terms(priority);
        let mut opened: Opened =
            serde_json::from_value(serde_json::json!({"title": "down", "priority": priority})).unwrap();
        opened.terms = Some(terms);
        self.store().create(new(at, EventKind::Opened(Box::new(opened)))).unwrap().case_id
    }

    fn add(&self, id: &str, at: &str, kind: EventKind) -> Result<(), String> {
        match self.store().append(id, None, vec![new(at, kind)]) {
            Ok(_) => Ok(()),
            Err(StoreError::Refused { why, .. }) => Err(why),
            Err(other) => panic!("{other}"),
        }
    }

    fn resume(&self, id: &str, at: &str) -> Result<(), String> {
        let open = self.case(id, at).pauses.into_iter().filter(|p| p.until.is_none()).map(|p| p.id).collect();
        self.add(id, at, EventKind::Resumed(Box::new(Resumed { pauses: open, note: String::new() })))
    }

    fn case(&self, id: &str, at: &str) -> Case {
        self.store().case(id, at).unwrap()
    }

    /// Name, due time and state of the clocks.
    fn clocks(&self, id: &str, at: &str) -> Vec<(String, String, ClockState)> {
        self.case(id, at).clocks.into_iter().map(|c| (c.name, c.due, c.state)).collect()
    }

    fn export(&self, id: &str) -> std::path::PathBuf {
        let out = self.dir.path().join("case.zip");
        bundle::write(&self.store(), id, Extras { case: b"{}", report: b"" }, &out, true).unwrap();
        out
    }

    fn import(&self, file: &Path, at: &str) -> Outcome {
        self.store().import(&mut Bundle::open(file).unwrap(), at, "li", "t").unwrap().outcome
    }

    #[track_caller]
    fn proves(&self, id: &str) {
        let found = self.store().verify(id).unwrap();
        assert!(found.is_intact(), "{:?}", found.differences);
    }
}

fn new(at: &str, kind: EventKind) -> NewEvent {
    NewEvent { at: at.into(), actor: "li".into(), tool: "t".into(), kind }
}

fn pause(reason: &str) -> EventKind {
    EventKind::Paused(Box::new(Paused { reason: reason.into(), note: String::new() }))
}

fn to(status: Status) -> EventKind {
    EventKind::StatusChanged { to: status, reason: String::new() }
}

fn close() -> EventKind {
    let closure =
        Closure { code: ClosureCode::Withdrawn, remedy: String::new(), confirmed_by: None, satisfaction: None };
    EventKind::Closed(Box::new(Closed { root_cause: String::new(), closure }))
}

fn row(name: &str, due: &str, state: ClockState) -> (String, String, ClockState) {
    (name.into(), due.into(), state)
}

#[test]
fn a_pause_moves_the_clocks_it_stops_by_the_business_time_it_took() {
    use ClockState::{Late, Running};
    let desk = Desk::new();
    // Thursday 16:00 in Berlin: one hour is 17:00, eight hours are Friday 15:00.
    let id = desk.open("2026-11-26T15:00:00Z", Priority::P3);
    let fix = |due| row("fix", due, Running);
    let late = row("respond", "2026-11-26T16:00:00Z", Late);
    assert_eq!(desk.clocks(&id, "2026-11-26T15:00:00Z")[1], fix("2026-11-27T14:00:00Z"));
    desk.add(&id, "2026-11-27T08:00:00Z", pause("waiting_for_parts")).unwrap();
    // Friday 09:00 to Monday 10:00 stands still: eight hours on Friday, two on Monday, ten in all.
    desk.resume(&id, "2026-11-30T09:00:00Z").unwrap();
    assert_eq!(desk.clocks(&id, "2026-11-30T09:00:00Z"), [late, fix("2026-11-30T15:00:00Z")]);
    let case = desk.case(&id, "2026-11-30T09:00:00Z");
    assert_eq!(case.clocks[1].paused_s, Some(10 * 3600));
    let pause = &case.pauses[0];
    assert_eq!((pause.reason.as_str(), pause.until.as_deref()), ("waiting_for_parts", Some("2026-11-30T09:00:00Z")));
    let kinds: Vec<&str> = case.timeline.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["opened", "paused", "resumed"]);
    desk.proves(&id);
}

#[test]
fn what_makes_no_sense_is_refused_and_says_why() {
    let desk = Desk::new();
    let id = desk.open("2026-11-26T15:00:00Z", Priority::P1);
    let at = "2026-11-26T15:10:00Z";
    let says = |kind, word: &str| {
        let why = desk.add(&id, at, kind).unwrap_err();
        assert!(why.contains(word), "{word}: {why}");
    };
    says(pause("lunch"), "customer_unreachable, waiting_for_parts");
    says(EventKind::Resumed(Box::default()), "not paused");
    let overrun = Overrun { clock: "fix".into(), round: 1, level: EscalationLevel::Engineer, due: at.into() };
    says(EventKind::Overrun(Box::new(overrun)), "not by hand");
    desk.add(&id, at, pause("waiting_for_parts")).unwrap();
    says(pause("customer_unreachable"), "paused already (waiting_for_parts, since 2026-11-26T15:10:00Z)");
    says(EventKind::Resumed(Box::default()), "which pause");
    says(EventKind::Resumed(Box::new(Resumed { pauses: vec!["x".into()], note: String::new() })), "no pause x");
    desk.add(&id, at, to(Status::Cleared)).unwrap();
    desk.resume(&id, at).unwrap();
    says(pause("waiting_for_parts"), "none runs any more");
    desk.add(&id, at, close()).unwrap();
    says(pause("waiting_for_parts"), "reopen it first");
    // A case of before there were reasons to pause.
    let opened: Opened = serde_json::from_value(serde_json::json!({"title": "x", "priority": "P3"})).unwrap();
    let old = desk.store().create(new(at, EventKind::Opened(Box::new(opened)))).unwrap().case_id;
    assert!(desk.add(&old, at, pause("no_access")).unwrap_err().contains("knows no reason"));
}

#[test]
fn closing_ends_a_pause_and_a_reopened_case_counts_anew() {
    let desk = Desk::new();
    let id = desk.open("2026-11-26T09:00:00Z", Priority::P1);
    desk.add(&id, "2026-11-26T09:30:00Z", pause("customer_unreachable")).unwrap();
    desk.add(&id, "2026-11-26T20:00:00Z", close()).unwrap();
    let case = desk.case(&id, "2026-11-27T00:00:00Z");
    assert_eq!(case.pauses[0].until.as_deref(), Some("2026-11-26T20:00:00Z"));
    assert!(case.clocks.iter().all(|c| c.state == ClockState::Met), "{:?}", case.clocks);
    desk.add(&id, "2026-11-28T00:00:00Z", EventKind::Reopened { reason: "again".into() }).unwrap();
    let case = desk.case(&id, "2026-11-28T00:00:00Z");
    let second: Vec<_> = case.clocks.iter().filter(|c| c.round == 2).map(|c| (c.due.as_str(), c.paused_s)).collect();
    assert_eq!(second, [("2026-11-28T01:00:00Z", None), ("2026-11-28T08:00:00Z", None)]);
    // The second round can be paused by itself.
    desk.add(&id, "2026-11-28T02:00:00Z", pause("waiting_for_parts")).unwrap();
    desk.resume(&id, "2026-11-28T03:00:00Z").unwrap();
    assert_eq!(desk.clocks(&id, "2026-11-28T03:00:00Z")[3], row("fix", "2026-11-28T09:00:00Z", ClockState::Running));
    desk.proves(&id);
}

#[test]
fn lists_sort_by_what_runs_out_next_and_name_what_ran_out() {
    let desk = Desk::new();
    // By 24x7 due at 16:00, by the office on Monday at 08:00; paused; answered and fixed.
    let office = desk.open("2026-11-27T16:00:00Z", Priority::P3);
    let always = desk.open("2026-11-27T15:00:00Z", Priority::P1);
    let paused = desk.open("2026-11-27T14:00:00Z", Priority::P1);
    let done = desk.open("2026-11-27T09:00:00Z", Priority::P1);
    desk.add(&paused, "2026-11-27T14:30:00Z", pause("customer_unreachable")).unwrap();
    desk.add(&done, "2026-11-27T09:30:00Z", to(Status::InProgress)).unwrap();
    desk.add(&done, "2026-11-27T09:40:00Z", to(Status::Cleared)).unwrap();
    let list = |filter: &Filter, at| -> Vec<String> {
        desk.store().list(filter, Sort::NextClock, at).unwrap().into_iter().map(|s| s.id).collect()
    };
    let overdue = Filter { overdue: true, ..Filter::default() };
    assert_eq!(
        list(&Filter::default(), "2026-11-27T16:00:00Z"),
        [&*always, &office, &paused, &done].map(str::to_owned)
    );
    assert!(list(&overdue, "2026-11-27T16:00:00Z").is_empty(), "due is not overdue");
    assert_eq!(list(&overdue, "2026-11-27T16:00:01Z"), std::slice::from_ref(&always));
    assert_eq!(list(&overdue, "2026-11-30T08:00:01Z"), [always.clone(), office.clone()]);
    let shown = desk.store().list(&Filter::default(), Sort::NextClock, "2026-11-27T16:00:00Z").unwrap();
    let standing = shown[2].next_clock.clone().unwrap();
    assert_eq!((standing.name.as_str(), standing.paused.unwrap().reason), ("respond", "customer_unreachable".into()));
    assert_eq!((standing.state, standing.remaining_s), (ClockState::Running, Some(1800)));
    desk.resume(&paused, "2026-11-27T15:00:00Z").unwrap();
    assert_eq!(list(&overdue, "2026-11-27T15:30:01Z"), std::slice::from_ref(&paused));
    [office, always, paused, done].iter().for_each(|id| desk.proves(id));
}

#[test]
fn each_level_is_told_once_however_often_it_is_looked_for() {
    let desk = Desk::new();
    let id = desk.open("2026-11-26T09:00:00Z", Priority::P1);
    let told = |at: &str| -> Vec<(String, String)> {
        let events = desk.store().escalate(&id, at, "cron", "t").unwrap();
        let one = |kind: EventKind| match kind {
            EventKind::Overrun(o) => (o.clock, o.level.to_string()),
            other => panic!("{other:?}"),
        };
        events.into_iter().map(|e| one(e.kind)).collect()
    };
    let row = |clock: &str, level: &str| (clock.to_owned(), level.to_owned());
    assert_eq!(told("2026-11-26T10:00:00Z"), []);
    let before = desk.store().overdue("2026-11-26T10:00:01Z", None).unwrap();
    assert_eq!((before.len(), before[0].clocks.len(), before[0].untold.len()), (1, 1, 1));
    assert_eq!(desk.case(&id, "2026-11-26T10:00:01Z").version, 1, "looking writes nothing");
    assert_eq!(told("2026-11-26T10:00:01Z"), [row("respond", "engineer")]);
    assert_eq!(told("2026-11-26T10:00:01Z"), []);
    // Whoever looks late tells every level that is due by then, in order, once.
    assert_eq!(
        told("2026-11-26T20:00:00Z"),
        [row("respond", "manager"), row("fix", "engineer"), row("fix", "manager")]
    );
    assert_eq!(told("2026-11-26T20:00:00Z"), []);
    let case = desk.case(&id, "2026-11-26T20:00:00Z");
    let levels: Vec<_> = case.clocks.iter().map(|c| c.escalated).collect();
    assert_eq!(levels, [Some(EscalationLevel::Manager); 2]);
    assert_eq!((case.status, case.escalation), (Status::Open, None), "who works on it goes on");
    let after = desk.store().overdue("2026-11-26T20:00:00Z", None).unwrap();
    assert_eq!((after[0].clocks.len(), after[0].untold.len()), (2, 0));
    desk.add(&id, "2026-11-26T21:00:00Z", close()).unwrap();
    assert!(desk.store().overdue("2026-11-27T00:00:00Z", None).unwrap().is_empty());
    // Reopened, its clocks are told of again.
    desk.add(&id, "2026-11-28T00:00:00Z", EventKind::Reopened { reason: "again".into() }).unwrap();
    assert_eq!(told("2026-11-28T01:00:01Z"), [row("respond", "engineer")]);
    desk.proves(&id);
}

#[test]
fn programs_that_look_at_once_tell_each_level_once() {
    let desk = Desk::new();
    let ids: Vec<String> = (0..8).map(|_| desk.open("2026-11-26T09:00:00Z", Priority::P1)).collect();
    let look = || {
        let mut store = desk.store();
        ids.iter().map(|id| store.escalate(id, "2026-11-26T20:00:00Z", "cron", "t").unwrap().len()).sum::<usize>()
    };
    let told: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(look)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(told, 8 * 4, "two clocks, two levels");
    for id in &ids {
        assert_eq!(desk.case(id, "2026-11-26T20:00:00Z").version, 5);
        desk.proves(id);
    }
}

#[test]
fn pauses_of_two_machines_are_merged() {
    let (one, two) = (Desk::new(), Desk::new());
    let id = one.open("2026-11-26T09:00:00Z", Priority::P1);
    two.import(&one.export(&id), "2026-11-26T09:00:00Z");
    // Both stop it for a while, the times overlap: 10:00 to 12:00 and 11:00 to 13:00 are three hours.
    one.add(&id, "2026-11-26T10:00:00Z", pause("waiting_for_parts")).unwrap();
    one.resume(&id, "2026-11-26T12:00:00Z").unwrap();
    two.add(&id, "2026-11-26T11:00:00Z", pause("waiting_for_parts")).unwrap();
    two.resume(&id, "2026-11-26T13:00:00Z").unwrap();
    // Then both stop it and neither knows of the other; one look tells that it ran out.
    one.add(&id, "2026-11-26T14:00:00Z", pause("waiting_for_parts")).unwrap();
    two.store().escalate(&id, "2026-11-26T10:30:00Z", "cron", "t").unwrap();
    one.store().escalate(&id, "2026-11-26T10:30:00Z", "cron", "t").unwrap();
    assert_eq!(one.import(&two.export(&id), "2026-11-26T14:30:00Z"), Outcome::Merged);
    assert_eq!(two.import(&one.export(&id), "2026-11-26T14:30:00Z"), Outcome::Advanced);
    let case = one.case(&id, "2026-11-26T15:00:00Z");
    assert_eq!(case, two.case(&id, "2026-11-26T15:00:00Z"));
    let fix = case.clocks.iter().find(|c| c.name == "fix").unwrap();
    // 17:00, three hours later, and an hour so far since 14:00.
    assert_eq!((fix.due.as_str(), fix.paused_s), ("2026-11-26T21:00:00Z", Some(4 * 3600)));
    assert_eq!(fix.paused.as_ref().unwrap().since, "2026-11-26T14:00:00Z");
    two.resume(&id, "2026-11-26T15:00:00Z").unwrap();
    // Of two ends of one pause the earlier one counts.
    one.resume(&id, "2026-11-26T16:00:00Z").unwrap();
    one.import(&two.export(&id), "2026-11-26T16:30:00Z");
    let fix = one.clocks(&id, "2026-11-26T16:30:00Z").into_iter().find(|c| c.0 == "fix").unwrap();
    assert_eq!(fix.1, "2026-11-26T21:00:00Z");
    let told = one.store().escalate(&id, "2026-11-26T10:30:00Z", "cron", "t").unwrap();
    assert!(told.is_empty(), "both machines told the engineer of `respond` once");
    [one, two].iter().for_each(|desk| desk.proves(&id));
}

#[test]
fn a_pause_of_before_the_closing_does_not_stop_a_reopened_case() {
    let (one, two) = (Desk::new(), Desk::new());
    let id = one.open("2026-11-26T09:00:00Z", Priority::P1);
    two.import(&one.export(&id), "2026-11-26T09:00:00Z");
    two.add(&id, "2026-11-26T10:00:00Z", pause("waiting_for_parts")).unwrap();
    one.add(&id, "2026-11-26T11:00:00Z", close()).unwrap();
    one.add(&id, "2026-11-26T12:00:00Z", EventKind::Reopened { reason: "again".into() }).unwrap();
    assert_eq!(one.import(&two.export(&id), "2026-11-26T13:00:00Z"), Outcome::Merged);
    let case = one.case(&id, "2026-11-26T13:00:00Z");
    assert_eq!((case.pauses[0].round, case.pauses[0].until.as_deref()), (1, Some("2026-11-26T12:00:00Z")));
    let fix = case.clocks.iter().find(|c| c.name == "fix" && c.round == 2).unwrap();
    assert_eq!((fix.due.as_str(), &fix.paused), ("2026-11-26T20:00:00Z", &None));
    // And one of a case that was closed meanwhile ends with it.
    let other = one.open("2026-11-26T09:00:00Z", Priority::P1);
    two.import(&one.export(&other), "2026-11-26T09:00:00Z");
    two.add(&other, "2026-11-26T10:00:00Z", pause("waiting_for_parts")).unwrap();
    one.add(&other, "2026-11-26T11:00:00Z", close()).unwrap();
    one.import(&two.export(&other), "2026-11-26T13:00:00Z");
    let pauses = one.case(&other, "2026-11-26T13:00:00Z").pauses;
    assert_eq!(pauses[0].until.as_deref(), Some("2026-11-26T11:00:00Z"));
    [&id, &other].iter().for_each(|id| one.proves(id));
}

#[test]
fn how_content_the_customer_is_comes_after_closing_too() {
    let desk = Desk::new();
    let id = desk.open("2026-11-26T09:00:00Z", Priority::P1);
    let ask = |action, satisfaction| {
        let action = Action { action, text: "called".into(), part: None, done_at: None, satisfaction };
        EventKind::Action(Box::new(action))
    };
    let at = "2026-11-26T10:00:00Z";
    assert!(desk.add(&id, at, ask(ActionKind::Inspection, Some(4))).unwrap_err().contains("follow-up"));
    desk.add(&id, at, close()).unwrap();
    for wrong in [0, 6] {
        assert!(desk.add(&id, at, ask(ActionKind::FollowUp, Some(wrong))).unwrap_err().contains("1 (bad) to 5"));
    }
    assert_eq!(desk.case(&id, at).closure.unwrap().satisfaction, None);
    desk.add(&id, at, ask(ActionKind::FollowUp, Some(4))).unwrap();
    desk.add(&id, at, ask(ActionKind::FollowUp, None)).unwrap();
    assert_eq!(desk.case(&id, at).closure.unwrap().satisfaction, Some(4));
    desk.proves(&id);
}
