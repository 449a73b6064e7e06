//! Stores on SQLite: the contract of a store, and how they exchange: both ways, again without effect, several with one, damaged cases
//! aside, and under kills.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says no by panicking")]

mod contract;
mod exchange;

use contract::{AT, Place, attach, call, note};
use exchange::{BY, exchange, open, outlives};
use faultscope_case::sync::sync;
use faultscope_case::{Access, EventKind, SqliteStore};

fn place() -> Place {
    let keep = tempfile::tempdir().unwrap();
    let folder = keep.path().join("store");
    let replace = contract::in_folder(folder.join("evidence"));
    Place {
        open: Box::new(move || Box::new(SqliteStore::open(&folder, Access::Create).unwrap())),
        replace,
        _keep: keep,
    }
}

contract!(place);

fn stores<const N: usize>() -> (tempfile::TempDir, [String; N]) {
    let dir = tempfile::tempdir().unwrap();
    let places = std::array::from_fn(|n| dir.path().join(format!("store {n}")).display().to_string());
    places.iter().for_each(|place| drop(open(place)));
    (dir, places)
}

#[test]
fn child_main() {
    exchange::child_main();
}

#[test]
fn what_one_has_the_other_gets_and_a_second_time_nothing_moves() {
    let (_dir, [laptop, office]) = stores();
    let (mut mine, mut theirs) = (open(&laptop), open(&office));
    let own = mine.create(call("of the laptop")).unwrap().case_id;
    attach(mine.as_mut(), &own, "a.wav", b"samples").unwrap();
    theirs.create(call("of the office")).unwrap();
    let mut told = Vec::new();
    let done = sync(mine.as_mut(), theirs.as_mut(), BY, &mut |ids| told.extend_from_slice(ids)).unwrap();
    assert_eq!((done.cases, done.unchanged, done.exchanged.len(), told.len()), (2, 0, 2, 3));
    let (sent, received) = (&done.exchanged[0], &done.exchanged[1]);
    assert_eq!((sent.sent.len(), sent.sent_files, sent.received.len()), (2, 1, 0));
    // Both stores had given the number 1.
    assert!(sent.case_id == own && sent.other_id.starts_with("FS-2026-0001~"), "{sent:?}");
    assert!(received.other_id == own && received.case_id.starts_with("FS-2026-0001~"), "{received:?}");
    assert_eq!((received.received.len(), received.sent.len()), (1, 0));
    let again = sync(mine.as_mut(), theirs.as_mut(), BY, &mut |_| unreachable!()).unwrap();
    assert_eq!((again.cases, again.unchanged, again.exchanged.len()), (2, 2, 0));
    // Both go on, on both cases, and both set one field.
    let assign = |to: &str| contract::new(to, EventKind::Assigned { to: Some(to.into()) });
    for head in mine.heads().unwrap() {
        mine.append(&head.uuid, None, vec![note("li", "field"), assign("li")]).unwrap();
        theirs.append(&head.uuid, None, vec![note("wang", "office"), assign("wang")]).unwrap();
    }
    let done = sync(mine.as_mut(), theirs.as_mut(), BY, &mut |_| {}).unwrap();
    for one in &done.exchanged {
        // Two of the laptop's and the one that tells of the merger; the office's own two, and that one.
        assert_eq!((one.sent.len(), one.received.len(), one.clashes.len()), (3, 3, 1), "{one:?}");
        assert_eq!((one.clashes[0].who.as_str(), one.clashes[0].other_who.as_str()), ("wang", "li"));
    }
    let again = sync(mine.as_mut(), theirs.as_mut(), BY, &mut |_| unreachable!()).unwrap();
    assert_eq!(again.unchanged, 2);
    for head in mine.heads().unwrap() {
        let (here, there) = (mine.events(&head.uuid).unwrap(), theirs.events(&head.uuid).unwrap());
        assert_eq!(here, there);
        assert_eq!(here.iter().filter(|e| matches!(e.kind, EventKind::Noted { .. })).count(), 2);
        assert_eq!(mine.case(&head.uuid, AT).unwrap().assignee.as_deref(), Some("wang"));
    }
}

#[test]
fn three_laptops_and_an_office_come_to_one_chain_whatever_the_order() {
    let (_dir, places) = stores::<4>();
    let mut random = 7u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((random >> 33) % below).unwrap()
    };
    let mut written = 0;
    let uuid = open(&places[3]).create(call("down")).unwrap().id;
    for _ in 0..40 {
        let (place, other) = (next(4), next(4));
        let mut store = open(&places[place]);
        if store.events(&uuid).is_ok() && next(2) == 0 {
            written += store.append(&uuid, None, vec![note(&places[place], &written.to_string())]).unwrap().len();
        }
        drop(store);
        if place != other {
            exchange(&places[place], &places[other]);
        }
    }
    assert!(written > 8, "{written}");
    // Two rounds bring everything to the office and back to everybody; then nothing moves any more.
    for _ in 0..2 {
        places[..3].iter().for_each(|place| drop(exchange(place, &places[3])));
    }
    let all = open(&places[3]).events(&uuid).unwrap();
    let mut texts: Vec<usize> = all
        .iter()
        .filter_map(|e| if let EventKind::Noted { text } = &e.kind { text.parse().ok() } else { None })
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..written).collect::<Vec<_>>());
    for place in &places {
        let store = open(place);
        assert!(store.verify(&uuid).unwrap().is_intact());
        assert_eq!(store.events(&uuid).unwrap(), all);
    }
    assert!(places[..3].iter().all(|place| exchange(place, &places[3]).exchanged.is_empty()));
}

#[test]
fn a_damaged_case_is_refused_and_does_not_stop_the_others() {
    let (_dir, [laptop, office]) = stores();
    let (mut mine, mut theirs) = (open(&laptop), open(&office));
    for name in ["a.wav", "b.wav", "c.wav"] {
        let id = mine.create(call(name)).unwrap().case_id;
        attach(mine.as_mut(), &id, name, name.as_bytes()).unwrap();
    }
    let file = |id: &str| {
        let sha256 = mine.case(id, AT).unwrap().evidence.pop().unwrap().sha256;
        mine.evidence_path(&sha256).unwrap()
    };
    let (missing, changed) = (file("FS-2026-0001"), file("FS-2026-0002"));
    std::fs::remove_file(missing).unwrap();
    std::fs::remove_file(&changed).unwrap();
    std::fs::write(&changed, b"b.wax").unwrap();
    let done = sync(mine.as_mut(), theirs.as_mut(), BY, &mut |_| {}).unwrap();
    let errors: Vec<_> = done.exchanged.iter().map(|e| e.error.as_ref().map(|e| e.exit_code)).collect();
    assert_eq!(errors, [Some(6), Some(6), None]);
    assert_eq!(theirs.case_ids().unwrap(), ["FS-2026-0003"]);
    assert!(theirs.verify("FS-2026-0003").unwrap().is_intact());
    // A store that can only be read takes no part.
    drop(theirs);
    let mut reader = SqliteStore::open(office.as_ref(), Access::Read).unwrap();
    let refused = sync(mine.as_mut(), &mut reader, BY, &mut |_| {}).unwrap_err();
    assert_eq!((refused.kind(), refused.exit_code()), ("read_only", 5));
}

#[test]
fn an_exchange_that_is_killed_loses_nothing_and_is_done_again() {
    let (_dir, [laptop, office]) = stores();
    let (known, cut) = outlives(&laptop, &office, 4, 1);
    assert!(known > 80 && cut > 0, "{known} steps, {cut} kills in the middle");
}

/// `FAULTSCOPE_KILLS=500 cargo test -p faultscope-case --test store -- --ignored --nocapture many_kills`
#[test]
#[ignore = "minutes"]
fn many_kills_of_an_exchange() {
    exchange::outlives_many(|| {
        let (dir, [laptop, office]) = stores();
        (dir, laptop, office)
    });
}
