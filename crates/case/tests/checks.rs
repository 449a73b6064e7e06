//! Check lists in a case: an event like any other, folded, shown in the timeline, kept in the chain, and which answers stand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says no by panicking")]

use faultscope_case::{
    Access, Action, ActionKind, Case, Checked, Event, EventKind, NewEvent, Opened, PartReplaced, Priority, SqliteStore,
    Status, Store, standing,
};
use faultscope_diagnose::{Answer, CheckedItem};

fn new(kind: EventKind) -> NewEvent {
    NewEvent { at: "2026-01-01T00:00:00Z".into(), actor: "li".into(), tool: "t".into(), kind }
}

fn opened() -> NewEvent {
    let none = String::new;
    new(EventKind::Opened(Box::new(Opened {
        title: "hums".into(),
        customer: none(),
        site: none(),
        equipment: faultscope_case::Equipment::default(),
        symptom: none(),
        contact: none(),
        priority: Priority::P3,
        terms: None,
    })))
}

fn checked(answers: &[(&str, Answer)], remark: &str) -> NewEvent {
    let item = |(id, result): &(&str, Answer)| CheckedItem {
        item: (*id).into(),
        ask: "as it should be".into(),
        result: *result,
        note: "C3\ntop".into(),
        ..CheckedItem::default()
    };
    new(EventKind::Checked(Box::new(Checked {
        list: "power-plant".into(),
        version: "1.0".into(),
        title: "Visit".into(),
        items: answers.iter().map(item).collect(),
        remark: remark.into(),
        ..Checked::default()
    })))
}

fn replaced() -> NewEvent {
    let part = PartReplaced { name: "C3".into(), old_serial: String::new(), new_serial: String::new() };
    let action = Action {
        action: ActionKind::PartReplaced,
        text: "C3".into(),
        part: Some(part),
        done_at: None,
        satisfaction: None,
    };
    new(EventKind::Action(Box::new(action)))
}

fn status(to: Status) -> NewEvent {
    new(EventKind::StatusChanged { to, reason: String::new() })
}

#[test]
fn a_check_list_is_an_event_of_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let id = store.create(opened()).unwrap().case_id;
    let answers = [("capacitor-bulging", Answer::Fail), ("battery", Answer::NotDone), ("fan-running", Answer::Pass)];
    store.append(&id, None, vec![checked(&answers, "dusty")]).unwrap();
    let case = store.case(&id, "2026-01-02T00:00:00Z").unwrap();
    assert_eq!(case.checklists.len(), 1);
    let list = &case.checklists[0];
    assert_eq!(
        (list.list.as_str(), list.event, list.actor.as_str(), list.remark.as_str()),
        ("power-plant", 2, "li", "dusty")
    );
    assert_eq!(list.items.iter().map(|i| (i.item.as_str(), i.result)).collect::<Vec<_>>(), answers);
    // Notes are shown in tables: one line.
    assert_eq!(list.items[0].note, "C3 top");
    assert_eq!(case.timeline[1].kind, "checked");
    assert_eq!(case.timeline[1].text, "power-plant 1.0: fail capacitor-bulging; not_done battery; pass 1: dusty");
    assert!(store.verify(&id).unwrap().is_intact());
    // A program that knows no check lists takes the event for one without effect: no clock may hang on it.
    assert!(case.clocks.iter().all(|c| c.met_at.is_none()));
    // Read again from the disk, the event is the same, to the last byte of its hash.
    let events = store.events(&id).unwrap();
    drop(store);
    let store = SqliteStore::open(dir.path(), Access::Read).unwrap();
    assert_eq!(store.events(&id).unwrap(), events);
    assert!(events[1].is_intact() && matches!(&events[1].kind, EventKind::Checked(c) if c.items.len() == 3));
}

#[test]
fn a_list_without_answers_and_one_in_a_closed_case_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let id = store.create(opened()).unwrap().case_id;
    let refused = store.append(&id, None, vec![checked(&[], "")]).unwrap_err();
    assert!(refused.to_string().contains("no item is answered"), "{refused}");
    let closure = faultscope_case::Closure {
        code: faultscope_case::ClosureCode::Withdrawn,
        remedy: String::new(),
        confirmed_by: None,
        satisfaction: None,
    };
    let closed = faultscope_case::Closed { root_cause: String::new(), closure };
    store.append(&id, None, vec![new(EventKind::Closed(Box::new(closed)))]).unwrap();
    let late = store.append(&id, None, vec![checked(&[("fan-running", Answer::Pass)], "")]).unwrap_err();
    assert!(late.to_string().contains("reopen"), "{late}");
}

/// An answer is corrected until the unit is mended; after that the first fault's answers stand until it comes back.
#[test]
fn answers_of_the_repaired_unit_do_not_replace_those_of_the_fault() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let id = store.create(opened()).unwrap().case_id;
    let stands = |store: &SqliteStore| {
        let all = standing(&store.events(&id).unwrap());
        all.into_iter().map(|c| (c.item.item, c.item.result)).collect::<Vec<_>>()
    };
    let cap = |answer| checked(&[("capacitor-bulging", answer)], "");
    let want = |answer| vec![("capacitor-bulging".to_owned(), answer)];
    for (step, answer) in [
        (cap(Answer::Pass), Answer::Pass),
        (cap(Answer::Fail), Answer::Fail),
        (cap(Answer::NotDone), Answer::Fail),
        (replaced(), Answer::Fail),
        (cap(Answer::Pass), Answer::Fail),
        (status(Status::Cleared), Answer::Fail),
        (cap(Answer::Pass), Answer::Fail),
        (status(Status::InProgress), Answer::Fail),
        (cap(Answer::Pass), Answer::Pass),
    ] {
        store.append(&id, None, vec![step]).unwrap();
        assert_eq!(stands(&store), want(answer));
    }
}

/// Events that a program before check lists wrote are read, intact and chained, and fold to a case without any.
#[test]
fn a_store_from_before_check_lists_is_read_as_it_was() {
    let lines = include_str!("data/before-checklists.jsonl").lines();
    let events: Vec<Event> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.len() == 3 && events.iter().all(Event::is_intact));
    assert!(events.windows(2).all(|pair| pair[1].prev_hash == pair[0].hash));
    let case = Case::fold(&events, "2026-11-27T00:00:00Z").unwrap();
    assert_eq!((case.version, case.head.as_str()), (3, events[2].hash.as_str()));
    assert!(case.checklists.is_empty() && standing(&events).is_empty());
    // A case as such a program printed it has no field for them.
    let mut printed = serde_json::to_value(&case).unwrap();
    printed.as_object_mut().unwrap().remove("checklists");
    assert_eq!(serde_json::from_value::<Case>(printed).unwrap(), case);
}
