//! The transition table, tried in full: what each state allows, and that every refusal says why.
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

use faultscope_case::{
    Access, Action, ActionKind, Closed, Closure, ClosureCode, EscalationLevel, EventKind, NewEvent, Opened, Priority,
    SqliteStore, Status, Store, StoreError, Ticketed,
};

fn new(kind: EventKind) -> NewEvent {
    NewEvent { at: "2026-01-01T00:00:00Z".into(), actor: "li".into(), tool: "t".into(), kind }
}

fn to(to: Status) -> EventKind {
    EventKind::StatusChanged { to, reason: String::new() }
}

fn assign(to: Option<&str>) -> EventKind {
    EventKind::Assigned { to: to.map(str::to_owned) }
}

fn escalate(level: EscalationLevel) -> EventKind {
    EventKind::Escalated { level, to: None, reference: None, reason: "too deep".into() }
}

fn close(code: ClosureCode, root_cause: &str) -> EventKind {
    let closure = Closure { code, remedy: String::new(), confirmed_by: None, satisfaction: None };
    EventKind::Closed(Box::new(Closed { root_cause: root_cause.into(), closure }))
}

fn act(action: ActionKind) -> EventKind {
    EventKind::Action(Box::new(Action { action, text: "done".into(), part: None, done_at: None, satisfaction: None }))
}

fn ticketed(id: &str) -> EventKind {
    let (profile, base_url, number) = ("zammad".into(), "https://help.example.com".into(), "84711".into());
    EventKind::Ticketed(Box::new(Ticketed {
        profile,
        base_url,
        id: id.into(),
        number,
        made: true,
        ..Ticketed::default()
    }))
}

/// A case brought to each state by allowed steps.
fn brought_to(store: &mut SqliteStore, status: Status) -> String {
    let opened: Opened = serde_json::from_value(serde_json::json!({"title": "x", "priority": "P3"})).unwrap();
    let id = store.create(new(EventKind::Opened(Box::new(opened)))).unwrap().case_id;
    let steps = match status {
        Status::Open => vec![],
        Status::Assigned => vec![assign(Some("wang"))],
        Status::InProgress => vec![assign(Some("wang")), to(Status::InProgress)],
        Status::Escalated => vec![assign(Some("wang")), escalate(EscalationLevel::Specialist)],
        Status::Cleared => vec![assign(Some("wang")), to(Status::Cleared)],
        Status::Closed => vec![assign(Some("wang")), to(Status::Cleared), close(ClosureCode::Solved, "capacitor")],
    };
    if !steps.is_empty() {
        store.append(&id, None, steps.into_iter().map(new).collect()).unwrap();
    }
    assert_eq!(store.case(&id, "2026-01-01T00:00:00Z").unwrap().status, status);
    id
}

#[test]
fn every_state_and_every_act() {
    use Status::{Assigned, Cleared, Closed, Escalated, InProgress, Open};
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    // For each act the state it leads to from open, assigned, in_progress, escalated, cleared, closed; None is refused.
    let o = Some;
    let table: Vec<(EventKind, [Option<Status>; 6])> = vec![
        (assign(Some("zhao")), [o(Assigned), o(Assigned), o(InProgress), o(Escalated), o(Cleared), None]),
        (assign(Some("wang")), [o(Assigned), None, None, None, None, None]),
        (assign(None), [None, o(Open), None, None, None, None]),
        (to(Open), [None; 6]),
        (to(Assigned), [None, None, o(Assigned), None, None, None]),
        (to(InProgress), [o(InProgress), o(InProgress), None, o(InProgress), o(InProgress), None]),
        (to(Escalated), [None; 6]),
        (to(Cleared), [o(Cleared), o(Cleared), o(Cleared), o(Cleared), None, None]),
        (to(Closed), [None; 6]),
        (escalate(EscalationLevel::Engineer), [o(Escalated), o(Escalated), o(Escalated), None, None, None]),
        (escalate(EscalationLevel::Maker), [o(Escalated), o(Escalated), o(Escalated), o(Escalated), None, None]),
        (close(ClosureCode::Solved, "capacitor"), [o(Closed), o(Closed), o(Closed), None, o(Closed), None]),
        (close(ClosureCode::Solved, " "), [None; 6]),
        (close(ClosureCode::Withdrawn, ""), [o(Closed), o(Closed), o(Closed), None, o(Closed), None]),
        (EventKind::Reopened { reason: "back".into() }, [None, None, None, None, None, o(Assigned)]),
        (EventKind::Reopened { reason: String::new() }, [None; 6]),
        (EventKind::Noted { text: "n".into() }, Status::ALL.map(Some)),
        (EventKind::Noted { text: "\n ".into() }, [None; 6]),
        (act(ActionKind::FollowUp), Status::ALL.map(Some)),
        (ticketed("4711"), Status::ALL.map(Some)),
        (ticketed(" "), [None; 6]),
        (act(ActionKind::Inspection), [o(Open), o(Assigned), o(InProgress), o(Escalated), o(Cleared), None]),
        (act(ActionKind::PartReplaced), [None; 6]),
        (EventKind::PriorityChanged { to: Priority::P3, reason: String::new(), terms: None }, [None; 6]),
    ];
    for (kind, expected) in table {
        for (from, expected) in Status::ALL.into_iter().zip(expected) {
            let id = brought_to(&mut store, from);
            let before = store.events(&id).unwrap().len();
            let answer = store.append(&id, None, vec![new(kind.clone())]);
            let after = store.case(&id, "2026-01-01T00:00:00Z").unwrap();
            match expected {
                Some(status) => {
                    answer.unwrap();
                    assert_eq!(after.status, status, "{from}: {kind:?}");
                }
                None => {
                    let error = answer.unwrap_err();
                    assert!(matches!(&error, StoreError::Refused { why, .. } if why.len() > 10), "{from}: {error}");
                    assert_eq!(error.exit_code(), 2);
                    assert_eq!((after.status, after.timeline.len()), (from, before), "{from}: {kind:?}");
                }
            }
        }
    }
}

#[test]
fn a_refused_event_takes_the_whole_call_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let id = brought_to(&mut store, Status::Open);
    let steps = vec![new(to(Status::InProgress)), new(to(Status::InProgress))];
    assert_eq!(store.append(&id, None, steps).unwrap_err().kind(), "refused");
    assert_eq!(store.events(&id).unwrap().len(), 1);
    let steps = vec![new(to(Status::Cleared)), new(close(ClosureCode::NoFaultFound, ""))];
    // Two settings of one field in one call do not conflict with each other.
    assert_eq!(store.append(&id, Some(1), steps).unwrap().len(), 2);
}

/// What a ticket changes is the list of tickets: whoever does not know the event comes to the same state.
#[test]
fn a_ticket_is_kept_with_its_case_and_changes_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let id = brought_to(&mut store, Status::InProgress);
    let before = store.case(&id, "2026-01-01T00:00:00Z").unwrap();
    store.append(&id, None, vec![new(ticketed("47\n11"))]).unwrap();
    let after = store.case(&id, "2026-01-01T00:00:00Z").unwrap();
    assert_eq!((after.tickets.len(), after.tickets[0].ticket.id.as_str(), after.tickets[0].event), (1, "47 11", 4));
    assert_eq!(after.timeline[3].text, "zammad 84711");
    assert_eq!((after.status, &after.clocks, &after.assignee), (before.status, &before.clocks, &before.assignee));
    assert!(store.verify(&id).unwrap().is_intact());
    let json = serde_json::to_value(&after).unwrap();
    assert_eq!(json["tickets"][0]["number"], "84711");
    assert!(serde_json::to_value(&before).unwrap().get("tickets").is_none());
}
