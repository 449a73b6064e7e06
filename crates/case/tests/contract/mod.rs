//! What every store of cases must do, said once: each test is run on every kind of store by [`contract!`].
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says no by panicking")]

mod rounds;

use std::io::Read as _;
use std::sync::Barrier;

use faultscope_case::{
    Access, Action, ActionKind, Attached, Closed, Closure, ClosureCode, DifferenceKind, Entry, Equipment,
    EscalationLevel, Event, EventKind, Filter, NewEvent, Opened, Original, Outcome, Priority, Profile, Sort,
    SqliteStore, Status, Store, StoreError,
};

#[cfg(feature = "postgres")]
#[allow(unused_imports, reason = "used by the stores of teams")]
pub(crate) use rounds::try_inspect;
pub(crate) use rounds::{
    a_failure_gets_one_case_whole_or_not_at_all, inspections_are_kept_in_a_chain_and_proved,
    several_who_inspect_at_once_make_one_chain,
};

pub(crate) const AT: &str = "2026-03-01T08:00:00Z";

/// Digest of a stored file, and the bytes in its place.
pub(crate) type Replace = Box<dyn Fn(&str, Option<&[u8]>) + Sync>;

/// One store that is empty at first, and goes away at the end.
pub(crate) struct Place {
    /// Opens it, as another program would.
    pub(crate) open: Box<dyn Fn() -> Box<dyn Store> + Sync>,
    /// Puts other bytes in the place of a stored file, or takes it away, past the store.
    pub(crate) replace: Replace,
    /// What else is needed as long.
    pub(crate) _keep: tempfile::TempDir,
}

impl Place {
    pub(crate) fn open(&self) -> Box<dyn Store> {
        (self.open)()
    }
}

/// [`Place::replace`] for evidence in a folder.
pub(crate) fn in_folder(evidence: std::path::PathBuf) -> Replace {
    Box::new(move |sha256, bytes| {
        let path = evidence.join("sha256").join(&sha256[..2]).join(&sha256[2..]);
        std::fs::remove_file(&path).or_else(|e| if bytes.is_some() { Ok(()) } else { Err(e) }).unwrap();
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
    })
}

/// Runs every test on the stores that `$make` makes; `$attribute` is put before each.
#[macro_export]
macro_rules! contract {
    ($make:path $(, #[$attribute:meta])?) => {
        $crate::contract!(@ $make, [$(#[$attribute])?],
            numbers_count_within_a_year_and_are_found_in_every_spelling,
            a_call_is_stored_whole_or_not_at_all,
            whoever_decided_on_what_has_changed_since_is_told_by_whom,
            any_text_comes_back_as_it_was,
            evidence_is_stored_once_and_its_damage_is_found,
            words_are_found_parts_of_them_and_two_chinese_characters,
            lists_are_filtered_and_sorted,
            an_overrun_is_written_once_by_however_many,
            a_limit_leaves_what_runs_out_first,
            several_at_once_on_one_case_lose_nothing,
            several_who_open_cases_at_once_get_different_numbers,
            a_case_from_elsewhere_is_taken_in_advanced_and_merged,
            a_taken_number_stays_and_the_other_case_gets_a_name_of_its_own,
            the_library_keeps_what_closed_cases_are_searched_by,
            the_library_ranks_by_signature_and_takes_no_entry_of_what_has_gone_on,
            what_is_refused_says_so_and_changes_nothing,
            inspections_are_kept_in_a_chain_and_proved,
            several_who_inspect_at_once_make_one_chain,
            a_failure_gets_one_case_whole_or_not_at_all
        );
    };
    (@ $make:path, $attributes:tt, $($name:ident),+) => {
        $($crate::contract!(@@ $make, $attributes, $name);)+
    };
    (@@ $make:path, [$($attribute:tt)*], $name:ident) => {
        #[test]
        $($attribute)*
        fn $name() {
            contract::$name(&$make());
        }
    };
}

pub(crate) fn new(actor: &str, kind: EventKind) -> NewEvent {
    NewEvent { at: AT.into(), actor: actor.into(), tool: "t".into(), kind }
}

pub(crate) fn note(actor: &str, text: &str) -> NewEvent {
    new(actor, EventKind::Noted { text: text.into() })
}

fn assign(actor: &str, to: &str) -> NewEvent {
    new(actor, EventKind::Assigned { to: Some(to.into()) })
}

pub(crate) fn call(title: &str) -> NewEvent {
    let opened = Opened {
        title: title.into(),
        customer: "Northern Telecom Ltd".into(),
        site: "Site 7".into(),
        equipment: Equipment { serial: "SN-1".into(), ..Equipment::default() },
        symptom: "通信中断，电源灯不亮".into(),
        contact: String::new(),
        priority: Priority::P1,
        terms: Some(Profile::shipped().unwrap().terms(Priority::P1)),
    };
    new("chen", EventKind::Opened(Box::new(opened)))
}

pub(crate) fn attach(store: &mut dyn Store, id: &str, name: &str, bytes: &[u8]) -> Result<Event, StoreError> {
    let evidence = store.put_evidence(name, "audio/wav", &mut &bytes[..])?;
    let attached = Attached { evidence: vec![evidence], ..Attached::default() };
    let mut events = store.append(id, None, vec![new("li", EventKind::Attached(Box::new(attached)))])?;
    Ok(events.remove(0))
}

fn closing() -> NewEvent {
    let closure = Closure { code: ClosureCode::Solved, remedy: "fan".into(), confirmed_by: None, satisfaction: None };
    new("li", EventKind::Closed(Box::new(Closed { root_cause: "fan".into(), closure })))
}

/// A store on this machine to exchange with.
pub(crate) fn laptop() -> (tempfile::TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    (dir, store)
}

fn taken(from: &dyn Store, id: &str, into: &mut dyn Store) -> faultscope_case::Imported {
    into.import(&mut Original::of(from, id).unwrap(), AT, "lin", "t").unwrap()
}

fn intact(store: &dyn Store, id: &str) -> faultscope_case::Verification {
    let proof = store.verify(id).unwrap();
    assert!(proof.is_intact(), "{proof:?}");
    proof
}

fn ids(store: &dyn Store, filter: &Filter, sort: Sort) -> Vec<String> {
    store.list(filter, sort, AT).unwrap().into_iter().map(|case| case.id).collect()
}

pub(crate) fn numbers_count_within_a_year_and_are_found_in_every_spelling(place: &Place) {
    let mut store = place.open();
    let year = |at: &str| NewEvent { at: at.into(), ..call("down") };
    assert_eq!(store.create(call("down")).unwrap().case_id, "FS-2026-0001");
    assert_eq!(store.create(call("down")).unwrap().case_id, "FS-2026-0002");
    // Still the old year in UTC.
    assert_eq!(store.create(year("2026-01-01T02:00:00+08:00")).unwrap().case_id, "FS-2025-0001");
    let uuid = store.create(year("2027-01-01T00:00:00Z")).unwrap().id;
    for spelling in ["FS-2027-0001", "fs-2027-1", " 2027-1 ", uuid.as_str(), &uuid.to_uppercase()] {
        assert_eq!(store.case(spelling, AT).unwrap().id, "FS-2027-0001", "{spelling}");
    }
    let error = store.events("FS-2026-0003").unwrap_err();
    assert!(
        matches!(&error, StoreError::UnknownCase { near, .. } if near.contains(&"FS-2026-0001".into())),
        "{error:?}"
    );
    for nonsense in ["", "x", "FS-2026-\0", "'; DROP TABLE event; --", "%"] {
        assert_eq!(store.events(nonsense).unwrap_err().kind(), "unknown_case", "{nonsense}");
    }
    let there = ["FS-2026-0001", "FS-2026-0002", "FS-2025-0001", "FS-2027-0001"];
    assert_eq!(store.case_ids().unwrap(), there);
    let heads = store.heads().unwrap();
    assert_eq!(heads.iter().map(|h| h.id.as_str()).collect::<Vec<_>>(), there);
    for head in heads {
        let events = store.events(&head.id).unwrap();
        assert_eq!((&head.uuid, &head.hash), (&events[0].id, &events.last().unwrap().hash));
    }
}

pub(crate) fn a_call_is_stored_whole_or_not_at_all(place: &Place) {
    let mut store = place.open();
    let id = store.create(call("down")).unwrap().case_id;
    let stored = store.append(&id, None, vec![note("li", "one"), note("li", "two")]).unwrap();
    assert_eq!(stored.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(stored[1].prev_hash, stored[0].hash);
    // The second is refused by the workflow, the third names a file that is not there.
    let reopen = || new("li", EventKind::Reopened { reason: String::new() });
    assert_eq!(store.append(&id, None, vec![note("li", "three"), reopen()]).unwrap_err().kind(), "refused");
    let mut evidence = store.put_evidence("a.wav", "", &mut &b"samples"[..]).unwrap();
    evidence.sha256 = "0".repeat(64);
    let attached = EventKind::Attached(Box::new(Attached { evidence: vec![evidence], ..Attached::default() }));
    assert_eq!(store.append(&id, None, vec![note("li", "x"), new("li", attached)]).unwrap_err().exit_code(), 2);
    drop(store);
    let store = place.open();
    let events = store.events(&id).unwrap();
    assert_eq!(events.get(1..).unwrap(), stored);
    assert_eq!(intact(store.as_ref(), &id).have.len(), 3);
}

pub(crate) fn whoever_decided_on_what_has_changed_since_is_told_by_whom(place: &Place) {
    let (mut mine, mut theirs) = (place.open(), place.open());
    let id = mine.create(call("down")).unwrap().case_id;
    let seen = mine.case(&id, AT).unwrap().version;
    theirs.append(&id, Some(seen), vec![assign("wang", "wang"), note("wang", "mine")]).unwrap();
    let error = mine.append(&id, Some(seen), vec![note("li", "first"), assign("li", "zhao")]).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("conflict", 75));
    assert!(matches!(&error, StoreError::Conflict { who, when, field, .. }
        if who == "wang" && when == AT && field.name() == "assignee"));
    assert_eq!(mine.case(&id, AT).unwrap().assignee.as_deref(), Some("wang"));
    assert_eq!(mine.events(&id).unwrap().len(), 3);
    // Another field and a note do not conflict.
    let escalate =
        EventKind::Escalated { level: EscalationLevel::Maker, to: None, reference: None, reason: String::new() };
    mine.append(&id, Some(seen), vec![new("li", escalate), note("li", "x")]).unwrap();
    // Having looked again, the same is allowed.
    let seen = mine.case(&id, AT).unwrap().version;
    mine.append(&id, Some(seen), vec![assign("li", "zhao")]).unwrap();
    let case = mine.case(&id, AT).unwrap();
    assert_eq!((case.assignee.as_deref(), case.status), (Some("zhao"), Status::Escalated));
}

pub(crate) fn any_text_comes_back_as_it_was(place: &Place) {
    let mut store = place.open();
    for text in
        ["a\0b", "it's \"quoted\" \\ $1 ? %", "电源\u{202e}\u{1f50c}", "line\nline\r\n\tend", &"长".repeat(100_000)]
    {
        let id = store.create(call(text)).unwrap().case_id;
        store.append(&id, None, vec![note("li", text), assign("li", text)]).unwrap();
        let case = store.case(&id, AT).unwrap();
        assert_eq!(store.events(&id).unwrap()[1].kind, EventKind::Noted { text: text.into() });
        let listed = store.list(&Filter::default(), Sort::Id, AT).unwrap().pop().unwrap();
        assert_eq!((listed.id, listed.title, listed.assignee), (id.clone(), case.title, case.assignee));
        intact(store.as_ref(), &id);
    }
}

pub(crate) fn evidence_is_stored_once_and_its_damage_is_found(place: &Place) {
    let mut store = place.open();
    let id = store.create(call("down")).unwrap().case_id;
    attach(store.as_mut(), &id, "../a.wav", b"").unwrap();
    attach(store.as_mut(), &id, "b.wav", b"").unwrap();
    attach(store.as_mut(), &id, "c.wav", b"samples").unwrap();
    let evidence = store.case(&id, AT).unwrap().evidence;
    assert_eq!(evidence[0].name, "a.wav");
    // The digest of nothing, FIPS 180.
    assert_eq!(evidence[0].sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(intact(store.as_ref(), &id).evidence, 2);
    let sha256 = &evidence.last().unwrap().sha256;
    let mut bytes = Vec::new();
    store.open_evidence(sha256).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"samples");
    assert!(store.evidence_path("../x").is_none() && store.open_evidence("../x").is_err());
    (place.replace)(sha256, None);
    assert_eq!(store.open_evidence(sha256).err().unwrap().exit_code(), 6);
    assert_eq!(store.verify(&id).unwrap().differences[0].kind, DifferenceKind::EvidenceMissing);
    (place.replace)(sha256, Some(b"sampled"));
    let proof = store.verify(&id).unwrap();
    assert_eq!((proof.evidence, proof.differences[0].kind), (1, DifferenceKind::EvidenceChanged));
    assert!(proof.differences[0].at.contains("c.wav"));
}

pub(crate) fn words_are_found_parts_of_them_and_two_chinese_characters(place: &Place) {
    let mut store = place.open();
    for title in ["Base station DOWN", "基站电源纹波过大", "100% load_test", "整流器告警"] {
        store.create(call(title)).unwrap();
    }
    for (text, found) in [
        ("电源", &[1, 2, 3, 4][..]),
        ("纹波", &[2]),
        ("波过", &[2]),
        ("整流 告警", &[4]),
        ("down station", &[1]),
        ("STATION", &[1]),
        ("100%", &[3]),
        ("d_t", &[3]),
        ("n%s", &[]),
        ("a' OR '1'='1", &[]),
        ("\0", &[]),
        ("sn-1 northern", &[1, 2, 3, 4]),
        ("0003", &[3]),
    ] {
        let filter = Filter { text: Some(text.into()), ..Filter::default() };
        let expected: Vec<String> = found.iter().map(|n| format!("FS-2026-{n:04}")).collect();
        assert_eq!(ids(store.as_ref(), &filter, Sort::Id), expected, "{text}");
    }
}

pub(crate) fn lists_are_filtered_and_sorted(place: &Place) {
    let mut store = place.open();
    let (one, two, three) = ("FS-2026-0001", "FS-2026-0002", "FS-2026-0003");
    for hour in [3, 1, 2] {
        store.create(NewEvent { at: format!("2026-03-01T0{hour}:00:00Z"), ..call("down") }).unwrap();
    }
    store.append(two, None, vec![assign("li", "wang")]).unwrap();
    let lower = EventKind::PriorityChanged { to: Priority::P3, reason: String::new(), terms: None };
    store.append(three, None, vec![new("li", lower)]).unwrap();
    store.append(one, None, vec![closing()]).unwrap();
    let all = Filter::default();
    for (filter, sort, expected) in [
        (all.clone(), Sort::Id, vec![one, two, three]),
        (all.clone(), Sort::Opened, vec![one, three, two]),
        (all.clone(), Sort::NextClock, vec![two, three, one]),
        (all.clone(), Sort::Priority, vec![two, one, three]),
        // What changed in the same instant: the one that was opened later here first.
        (all.clone(), Sort::Updated, vec![three, two, one]),
        (Filter { limit: Some(2), ..all.clone() }, Sort::Id, vec![one, two]),
        (Filter { unclosed: true, ..all.clone() }, Sort::Id, vec![two, three]),
        (Filter { status: vec![Status::Closed], ..all.clone() }, Sort::Id, vec![one]),
        (Filter { status: vec![Status::Closed, Status::Assigned], ..all.clone() }, Sort::Id, vec![one, two]),
        (Filter { assignee: Some("wang".into()), ..all.clone() }, Sort::Id, vec![two]),
        (Filter { priority: Some(Priority::P3), ..all.clone() }, Sort::Id, vec![three]),
        (Filter { priority: Some(Priority::P3), assignee: Some("wang".into()), ..all.clone() }, Sort::Id, vec![]),
    ] {
        assert_eq!(ids(store.as_ref(), &filter, sort), expected, "{filter:?} {sort:?}");
    }
    assert_eq!(store.list(&all, Sort::Id, "yesterday").unwrap_err().exit_code(), 2);
}

pub(crate) fn an_overrun_is_written_once_by_however_many(place: &Place) {
    let mut store = place.open();
    let id = store.create(call("down")).unwrap().case_id;
    store.create(NewEvent { at: "2026-04-01T00:00:00Z".into(), ..call("later") }).unwrap();
    let later = "2026-03-20T08:00:00Z";
    let overdue = store.overdue(later, None).unwrap();
    assert_eq!(overdue.iter().map(|o| o.case.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
    let untold = overdue[0].untold.len();
    assert!(untold > 0);
    let filter = Filter { overdue: true, ..Filter::default() };
    assert_eq!(store.list(&filter, Sort::NextClock, later).unwrap().len(), 1);
    let start = Barrier::new(4);
    let written: usize = std::thread::scope(|scope| {
        let escalate = || {
            let mut store = place.open();
            start.wait();
            store.escalate(&id, later, "clock", "t").unwrap().len()
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(escalate)).collect();
        all.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(written, untold);
    assert!(store.overdue(later, None).unwrap()[0].untold.is_empty());
    intact(store.as_ref(), &id);
}

pub(crate) fn a_limit_leaves_what_runs_out_first(place: &Place) {
    let mut store = place.open();
    for hour in [3, 1, 2] {
        store.create(NewEvent { at: format!("2026-03-01T0{hour}:00:00Z"), ..call("down") }).unwrap();
    }
    store.create(NewEvent { at: "2026-04-01T00:00:00Z".into(), ..call("later") }).unwrap();
    let overdue = |store: &dyn Store, limit| -> Vec<String> {
        store.overdue("2026-03-20T08:00:00Z", limit).unwrap().into_iter().map(|o| o.case.id).collect()
    };
    let in_order = ["FS-2026-0002", "FS-2026-0003", "FS-2026-0001"];
    for (limit, expected) in [(None, 3), (Some(0), 0), (Some(1), 1), (Some(2), 2), (Some(3), 3), (Some(9), 3)] {
        assert_eq!(overdue(store.as_ref(), limit), in_order[..expected], "{limit:?}");
    }
    // What is closed does not take the place of what is not.
    store.append(in_order[0], None, vec![closing()]).unwrap();
    assert_eq!(overdue(store.as_ref(), Some(1)), in_order[1..2]);
}

pub(crate) fn several_at_once_on_one_case_lose_nothing(place: &Place) {
    let id = place.open().create(call("down")).unwrap().case_id;
    let actors = ["one", "two", "three"];
    std::thread::scope(|scope| {
        for actor in actors {
            let id = &id;
            scope.spawn(move || {
                let mut store = place.open();
                for n in 0..60 {
                    store.append(id, None, vec![note(actor, &format!("{actor} {n}"))]).unwrap();
                }
            });
        }
    });
    let store = place.open();
    let events = store.events(&id).unwrap();
    assert!(events.iter().zip(1u64..).all(|(event, seq)| event.seq == seq) && events.len() == 181);
    for actor in actors {
        let texts: Vec<_> = events.iter().filter(|e| e.actor == actor).map(|e| e.kind.clone()).collect();
        let expected: Vec<_> = (0..60).map(|n| EventKind::Noted { text: format!("{actor} {n}") }).collect();
        assert_eq!(texts, expected, "{actor}");
    }
    intact(store.as_ref(), &id);
}

pub(crate) fn several_who_open_cases_at_once_get_different_numbers(place: &Place) {
    let mut ids: Vec<String> = std::thread::scope(|scope| {
        let create = || {
            let mut store = place.open();
            (0..5).map(|_| store.create(call("down")).unwrap().case_id).collect::<Vec<_>>()
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
        all.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    ids.sort();
    assert_eq!(ids, (1..=20).map(|n| format!("FS-2026-{n:04}")).collect::<Vec<_>>());
}

pub(crate) fn a_case_from_elsewhere_is_taken_in_advanced_and_merged(place: &Place) {
    let mut store = place.open();
    let (_dir, mut laptop) = laptop();
    let id = laptop.create(call("down")).unwrap().case_id;
    attach(&mut laptop, &id, "a.wav", b"samples").unwrap();
    let new = taken(&laptop, &id, store.as_mut());
    assert_eq!((new.outcome, new.events.len(), new.evidence), (Outcome::New, 2, 1));
    assert_eq!(taken(&laptop, &id, store.as_mut()).outcome, Outcome::Nothing);
    laptop.append(&id, None, vec![note("li", "in the field"), assign("li", "li")]).unwrap();
    assert_eq!(taken(&laptop, &id, store.as_mut()).outcome, Outcome::Advanced);
    assert_eq!(store.events(&id).unwrap(), laptop.events(&id).unwrap());
    // Both go on, and both set the assignee.
    laptop.append(&id, None, vec![note("li", "second visit"), assign("li", "zhao")]).unwrap();
    attach(&mut laptop, &id, "b.wav", b"more samples").unwrap();
    store.append(&id, None, vec![note("wang", "parts ordered"), assign("wang", "wang")]).unwrap();
    let merged = taken(&laptop, &id, store.as_mut());
    assert_eq!((merged.outcome, merged.events.len(), merged.evidence), (Outcome::Merged, 4, 1));
    assert_eq!(merged.clashes.len(), 1);
    let clash = &merged.clashes[0];
    assert_eq!((clash.field.as_str(), clash.who.as_str(), clash.other_who.as_str()), ("assignee", "wang", "li"));
    assert_eq!(taken(store.as_ref(), &id, &mut laptop).outcome, Outcome::Advanced);
    for side in [store.as_ref(), &laptop] {
        let case = side.case(&id, AT).unwrap();
        assert_eq!(case.assignee.as_deref(), Some("wang"));
        let proof = intact(side, &id);
        assert_eq!((proof.events, proof.evidence, proof.have.len()), (7, 2, 10));
        let texts: Vec<String> = side
            .events(&id)
            .unwrap()
            .into_iter()
            .filter_map(|e| if let EventKind::Noted { text } = e.kind { Some(text) } else { None })
            .collect();
        assert_eq!(texts, ["in the field", "parts ordered", "second visit"]);
    }
    assert_eq!(store.events(&id).unwrap(), laptop.events(&id).unwrap());
}

pub(crate) fn a_taken_number_stays_and_the_other_case_gets_a_name_of_its_own(place: &Place) {
    let mut store = place.open();
    let (_dir, mut laptop) = laptop();
    for _ in 0..3 {
        laptop.create(call("theirs")).unwrap();
    }
    let ours = store.create(call("ours")).unwrap();
    let aside = taken(&laptop, "FS-2026-0001", store.as_mut()).case_id;
    assert!(aside.starts_with("FS-2026-0001~"), "{aside}");
    assert_eq!(store.case("FS-2026-0001", AT).unwrap().title, "ours");
    assert_eq!(store.case(&aside, AT).unwrap().title, "theirs");
    // A number that came from elsewhere is not given again.
    assert_eq!(taken(&laptop, "FS-2026-0003", store.as_mut()).case_id, "FS-2026-0003");
    assert_eq!(store.create(call("next")).unwrap().case_id, "FS-2026-0004");
    for id in [&ours.case_id, &aside] {
        intact(store.as_ref(), id);
    }
    store.append(&aside, None, vec![note("li", "goes on")]).unwrap();
    assert_eq!(intact(store.as_ref(), &aside).events, 2);
    assert_eq!(taken(store.as_ref(), &aside, &mut laptop).case_id, "FS-2026-0001");
}

pub(crate) fn the_library_keeps_what_closed_cases_are_searched_by(place: &Place) {
    let mut store = place.open();
    let all: Vec<String> = (0..3).map(|_| store.create(call("down")).unwrap().case_id).collect();
    store.append(&all[0], None, vec![closing()]).unwrap();
    store.append(&all[1], None, vec![closing()]).unwrap();
    assert_eq!(store.library_lacks(1).unwrap(), all[..2]);
    let entry = |id: &str, words: &str| Entry {
        case_id: id.into(),
        events: 2,
        words: words.into(),
        signature: format!("signature of {id}").into_bytes(),
        body: format!("body of {id}"),
    };
    store.library_keep(1, &[entry(&all[0], "fan 风扇"), entry(&all[1], "fan capacitor")]).unwrap();
    assert!(store.library_lacks(1).unwrap().is_empty());
    assert_eq!(store.library_lacks(2).unwrap().len(), 2);
    let found = |store: &dyn Store, text: &str, not: Option<&str>| -> Vec<String> {
        let found = store.library(1, text, not).unwrap();
        let briefs = store.library_briefs(&found).unwrap();
        let own = |(id, body): (String, String)| {
            assert_eq!(body, format!("body of {id}"));
            id
        };
        briefs.into_iter().map(own).collect()
    };
    assert_eq!(found(store.as_ref(), "", None), [all[1].as_str(), &all[0]]);
    assert_eq!(found(store.as_ref(), "FAN cap", None), [all[1].as_str()]);
    assert_eq!(found(store.as_ref(), "风扇", None), [all[0].as_str()]);
    assert_eq!(found(store.as_ref(), "fan", Some(&all[1])), [all[0].as_str()]);
    // A case that has gone on is not found by what it was.
    store.append(&all[1], None, vec![note("li", "still quiet")]).unwrap();
    assert_eq!(found(store.as_ref(), "fan", None), [all[0].as_str()]);
    assert_eq!(store.library_lacks(1).unwrap(), [all[1].as_str()]);
    store.library_keep(1, &[Entry { events: 3, ..entry(&all[1], "fan capacitor") }]).unwrap();
    assert_eq!(found(store.as_ref(), "fan", None), [all[1].as_str(), &all[0]]);
}

pub(crate) fn the_library_ranks_by_signature_and_takes_no_entry_of_what_has_gone_on(place: &Place) {
    let mut store = place.open();
    // Bytes of every kind; the first is the score.
    let signatures: [&[u8]; 5] = [&[2, 0, 255], &[9], &[2, 7], &[], &[5, 0]];
    let all: Vec<String> = signatures.iter().map(|_| store.create(call("down")).unwrap().case_id).collect();
    let entry = |id: &str, events: u64, signature: &[u8]| Entry {
        case_id: id.into(),
        events,
        words: "fan".into(),
        signature: signature.to_vec(),
        body: String::new(),
    };
    // Of a case that is open, nothing is kept.
    store.library_keep(1, &[entry(&all[0], 1, &[7])]).unwrap();
    assert!(store.library(1, "", None).unwrap().is_empty());
    for id in &all {
        store.append(id, None, vec![closing()]).unwrap();
    }
    let entries: Vec<Entry> = all.iter().zip(signatures).map(|(id, s)| entry(id, 2, s)).collect();
    store.library_keep(1, &entries).unwrap();
    store.library_filled(1).unwrap();
    let ranked = |store: &dyn Store, most: usize, score: &dyn Fn(&[u8], f64) -> Option<f64>| -> Vec<usize> {
        let found = store.library(1, "FAN", None).unwrap();
        let ranked = store.library_ranked(&found, most, score).unwrap();
        let briefs = store.library_briefs(&ranked).unwrap();
        briefs.iter().map(|(id, _)| all.iter().position(|a| a == id).unwrap()).collect()
    };
    let first = |signature: &[u8], _: f64| signature.first().copied().map(f64::from);
    // The highest first, among equals the latest, without what has no score.
    for (most, expected) in [(9, &[1, 4, 2, 0][..]), (4, &[1, 4, 2, 0]), (3, &[1, 4, 2]), (1, &[1]), (0, &[])] {
        assert_eq!(ranked(store.as_ref(), most, &first), expected, "{most}");
    }
    let whole = |signature: &[u8], _: f64| signatures.contains(&signature).then_some(0.0);
    assert_eq!(ranked(store.as_ref(), 5, &whole), [4, 3, 2, 1, 0], "all bytes come back");
    // Gone on: found no more, nor by an entry that was made before; lacking until there is a right one.
    store.append(&all[1], None, vec![note("li", "still quiet")]).unwrap();
    store.library_keep(1, &[entry(&all[1], 2, &[9])]).unwrap();
    assert_eq!(ranked(store.as_ref(), 9, &first), [4, 2, 0]);
    assert_eq!(store.library_lacks(1).unwrap(), all[1..2]);
    store.library_keep(1, &[entry(&all[1], 3, &[3])]).unwrap();
    store.library_filled(1).unwrap();
    assert_eq!(ranked(store.as_ref(), 9, &first), [4, 1, 2, 0]);
    assert!(store.library_lacks(1).unwrap().is_empty());
    // Reopened it is none; of another version all are made anew.
    store.append(&all[4], None, vec![new("li", EventKind::Reopened { reason: "again".into() })]).unwrap();
    assert_eq!(ranked(store.as_ref(), 9, &first), [1, 2, 0]);
    assert!(store.library_lacks(1).unwrap().is_empty());
    assert_eq!(store.library_lacks(2).unwrap(), all[..4]);
}

pub(crate) fn what_is_refused_says_so_and_changes_nothing(place: &Place) {
    let mut store = place.open();
    assert_eq!(store.create(note("li", "x")).unwrap_err().exit_code(), 2);
    assert_eq!(store.create(call(" ")).unwrap_err().exit_code(), 2);
    assert_eq!(store.create(NewEvent { at: "noon".into(), ..call("x") }).unwrap_err().exit_code(), 2);
    assert!(store.case_ids().unwrap().is_empty());
    let id = store.create(call("down")).unwrap().case_id;
    assert_eq!(id, "FS-2026-0001");
    assert_eq!(store.append(&id, None, vec![note("", "no actor")]).unwrap_err().exit_code(), 2);
    assert_eq!(store.case(&id, "noon").unwrap_err().exit_code(), 2);
    assert_eq!(store.escalate(&id, "noon", "x", "t").unwrap_err().exit_code(), 2);
    let arrived =
        Action { action: ActionKind::Arrived, text: String::new(), done_at: None, part: None, satisfaction: None };
    store.append(&id, None, vec![new("li", EventKind::Action(Box::new(arrived)))]).unwrap();
    assert_eq!(intact(store.as_ref(), &id).events, 2);
    assert!(!store.is_read_only() && store.version().unwrap() > 0);
}
