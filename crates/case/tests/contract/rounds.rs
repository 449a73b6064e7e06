//! What every store must do with inspections.

use std::sync::Barrier;

use faultscope_case::round::{Inspection, PlanRef, PointResult, RaiseTo, RaisedCase, RoundPlan};
use faultscope_case::sync::By;
use faultscope_case::{Attached, EventKind, NewEvent, Store, StoreError};
use faultscope_diagnose::Verdict;

use super::{AT, Place, call, closing, intact, new, note};

const BY: By<'static> = By { at: AT, actor: "li", tool: "t" };

const PLAN: &str = r#"
[round]
id = "north"
version = "2"
title = "North, monthly"
start = "2026-01-01"
[[point]]
tag = "E2-00-41"
title = "rail of BTS 17"
serial = "SN-17"
interval = "1 month"
measurement = "ripple"
limits = ["dc-48v"]
[[point]]
tag = "e2-00-42"
title = "rail of BTS 18"
interval = "12 months"
measurement = "ripple"
limits = ["dc-48v"]
"#;

fn plan() -> RoundPlan {
    RoundPlan::parse(PLAN, "north.toml").unwrap()
}

/// What was found at a point, with a file of its own.
fn found(store: &mut dyn Store, tag: &str, done_at: &str, verdict: Verdict) -> Inspection {
    let plan = plan();
    let point = plan.point(tag).unwrap().clone();
    let bytes = format!("{tag} {done_at}");
    let evidence = store.put_evidence("../rail.csv", "text/csv", &mut bytes.as_bytes()).unwrap();
    let attached = Attached { evidence: vec![evidence], ..Attached::default() };
    let results = vec![PointResult { step: "rail".into(), verdict: Some(verdict), attached }];
    let (files, note, missing) = (Vec::new(), "电源 \0".into(), Vec::new());
    Inspection { plan: PlanRef::from(&plan), point, done_at: done_at.into(), verdict, results, missing, files, note }
}

/// Writes down what was found; the id.
fn inspected(store: &mut dyn Store, tag: &str, done_at: &str, verdict: Verdict) -> String {
    let found = found(store, tag, done_at, verdict);
    store.rounds_mut().inspect(found, AT, "li", "t").unwrap().id
}

/// One inspection that failed, without files.
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "asked of the stores of teams")]
pub(crate) fn try_inspect(store: &mut dyn Store) -> Result<faultscope_case::Event, StoreError> {
    let plan = plan();
    let point = plan.point("E2-00-41").unwrap().clone();
    let (results, missing, files) = (Vec::new(), Vec::new(), Vec::new());
    let (done_at, verdict, note) = ("2026-02-01T00:00:00Z".into(), Verdict::Fail, String::new());
    let found = Inspection { plan: PlanRef::from(&plan), point, done_at, verdict, results, missing, files, note };
    store.rounds_mut().inspect(found, AT, "li", "t")
}

fn attachments(text: &str) -> Vec<NewEvent> {
    vec![note("li", text), note("li", "measured")]
}

fn raised(store: &mut dyn Store, inspection: &str, to: &RaiseTo) -> Result<RaisedCase, StoreError> {
    store.rounds_mut().raise("north", inspection, to, &attachments(inspection), BY)
}

fn new_case() -> RaiseTo {
    RaiseTo::New(Box::new(call("rail of BTS 17 failed")))
}

pub(crate) fn inspections_are_kept_in_a_chain_and_proved(place: &Place) {
    let mut store = place.open();
    assert!(store.rounds().round_ids().unwrap().is_empty());
    assert!(store.rounds().verify_round("north").unwrap().is_intact());
    let first = inspected(store.as_mut(), "E2-00-41", "2026-02-01T08:00:00Z", Verdict::Pass);
    let early = inspected(store.as_mut(), "E2-00-41", "2026-01-05T08:00:00+08:00", Verdict::Fail);
    let other = inspected(store.as_mut(), "e2-00-42", "2026-02-01T08:00:00Z", Verdict::Invalid);
    let again = inspected(store.as_mut(), "E2-00-41", "2026-02-01T08:00:00Z", Verdict::Margin);
    drop(store);
    let mut store = place.open();
    let rounds = store.rounds();
    assert_eq!(rounds.round_ids().unwrap(), ["north"]);
    let ids = |tag: &str, limit| -> Vec<String> {
        rounds.inspections("north", tag, limit).unwrap().into_iter().map(|(event, ..)| event.id).collect()
    };
    // The latest first; of one moment what was written down last.
    assert_eq!(ids(" e2-00-41", None), [again.as_str(), &first, &early]);
    assert_eq!(ids("E2-00-41", Some(1)), [again.as_str()]);
    assert_eq!(ids("E2-00-42", None), [other.as_str()]);
    assert!(ids("E2-00-43", None).is_empty() && rounds.inspections("south", "E2-00-41", None).unwrap().is_empty());
    let (event, one) = rounds.inspection("north", &early).unwrap();
    assert_eq!((event.seq, event.case_id.as_str(), event.actor.as_str()), (2, "round north", "li"));
    assert_eq!((one.verdict, one.note.as_str(), one.point.serial.as_str()), (Verdict::Fail, "电源 \0", "SN-17"));
    assert_eq!(one.results[0].attached.evidence[0].name, "rail.csv");
    assert_eq!(rounds.inspection("south", &early).unwrap_err().exit_code(), 2);
    assert_eq!(rounds.inspection("north", "x\0y").unwrap_err().exit_code(), 2);
    assert_eq!(rounds.all_inspections(None).unwrap().len(), 4);
    assert_eq!(rounds.all_inspections(Some(" SN-17")).unwrap().len(), 3);
    assert!(rounds.all_inspections(Some("SN-1")).unwrap().is_empty());
    // Last counted on 1 February: due again a month later. Doubt leaves a point as due as it was.
    let standing = rounds.standing(&plan(), "2026-02-10T00:00:00Z").unwrap();
    let last = |tag: &str| standing.iter().find(|s| s.tag == tag).unwrap();
    assert_eq!(last("E2-00-41").last.as_ref().unwrap().verdict, Verdict::Margin);
    assert_eq!(last("E2-00-41").due_on, "2026-03-01");
    assert_eq!(last("e2-00-42").due_on, "2026-01-01");
    assert_eq!(rounds.standing(&plan(), "noon").unwrap_err().exit_code(), 2);
    let proof = rounds.verify_round("north").unwrap();
    assert!(proof.is_intact() && (proof.events, proof.evidence, proof.have.len()) == (4, 3, 4), "{proof:?}");
    // What cannot be kept leaves the chain as it was.
    let later = found(store.as_mut(), "E2-00-41", "2026-03-02T00:00:00Z", Verdict::Pass);
    assert_eq!(store.rounds_mut().inspect(later, AT, "li", "t").unwrap_err().exit_code(), 2);
    let mut lost = found(store.as_mut(), "E2-00-41", "2026-02-02T00:00:00Z", Verdict::Pass);
    lost.results[0].attached.evidence[0].sha256 = "0".repeat(64);
    assert_eq!(store.rounds_mut().inspect(lost, AT, "li", "t").unwrap_err().exit_code(), 2);
    assert_eq!(store.rounds().verify_round("north").unwrap().events, 4);
    // A file that was changed is named.
    let sha256 = one.results[0].attached.evidence[0].sha256.clone();
    (place.replace)(&sha256, Some(b"x"));
    let proof = store.rounds().verify_round("north").unwrap();
    assert_eq!((proof.evidence, proof.differences.len()), (2, 1));
}

pub(crate) fn several_who_inspect_at_once_make_one_chain(place: &Place) {
    std::thread::scope(|scope| {
        for tag in ["E2-00-41", "e2-00-42"] {
            scope.spawn(move || {
                let mut store = place.open();
                for day in 1..=15 {
                    inspected(store.as_mut(), tag, &format!("2026-02-{day:02}T00:00:00Z"), Verdict::Pass);
                }
            });
        }
    });
    let proof = place.open().rounds().verify_round("north").unwrap();
    assert!(proof.is_intact() && proof.events == 30, "{proof:?}");
}

pub(crate) fn a_failure_gets_one_case_whole_or_not_at_all(place: &Place) {
    let mut store = place.open();
    let first = inspected(store.as_mut(), "E2-00-41", "2026-02-01T00:00:00Z", Verdict::Fail);
    // Neither case nor note where one of its parts is refused.
    let mut evidence = store.put_evidence("a.csv", "", &mut &b"a"[..]).unwrap();
    evidence.sha256 = "0".repeat(64);
    let lost = EventKind::Attached(Box::new(Attached { evidence: vec![evidence], ..Attached::default() }));
    let events = [note("li", "x"), new("li", lost)];
    let refused = store.rounds_mut().raise("north", &first, &new_case(), &events, BY).unwrap_err();
    assert_eq!(refused.exit_code(), 2, "{refused}");
    let unknown = RaiseTo::Case("FS-2026-0009".into());
    assert_eq!(raised(store.as_mut(), &first, &unknown).unwrap_err().kind(), "unknown_case");
    assert_eq!(raised(store.as_mut(), "x", &new_case()).unwrap_err().exit_code(), 2);
    assert!(store.case_ids().unwrap().is_empty());
    assert_eq!(store.rounds().verify_round("north").unwrap().events, 1);
    // However many raise it at once, it has one case.
    let start = Barrier::new(4);
    let all: Vec<Result<RaisedCase, StoreError>> = std::thread::scope(|scope| {
        let raise = || {
            let mut store = place.open();
            start.wait();
            raised(store.as_mut(), &first, &new_case())
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(raise)).collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let (done, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    let done = done.into_iter().next().unwrap().unwrap();
    assert_eq!((done.case_id.as_str(), done.events.len(), done.noted.seq), ("FS-2026-0001", 3, 2));
    assert!(refused.len() == 3 && refused.iter().all(|r| r.as_ref().unwrap_err().to_string().contains("FS-2026-0001")));
    assert_eq!(store.case_ids().unwrap(), ["FS-2026-0001"]);
    assert_eq!(intact(store.as_ref(), "FS-2026-0001").events, 3);
    // A second failure of the point goes into the case that is not closed; of another point, or after that, into a new one.
    let second = inspected(store.as_mut(), "E2-00-41", "2026-02-02T00:00:00Z", Verdict::Fail);
    let other = inspected(store.as_mut(), "e2-00-42", "2026-02-02T00:00:00Z", Verdict::Fail);
    assert_eq!(raised(store.as_mut(), &second, &new_case()).unwrap().case_id, "FS-2026-0001");
    assert_eq!(raised(store.as_mut(), &other, &new_case()).unwrap().case_id, "FS-2026-0002");
    store.append("FS-2026-0001", None, vec![closing()]).unwrap();
    let third = inspected(store.as_mut(), "E2-00-41", "2026-02-03T00:00:00Z", Verdict::Fail);
    assert_eq!(raised(store.as_mut(), &third, &new_case()).unwrap().case_id, "FS-2026-0003");
    let named = inspected(store.as_mut(), "E2-00-41", "2026-02-04T00:00:00Z", Verdict::Fail);
    assert_eq!(raised(store.as_mut(), &named, &RaiseTo::Case("2026-2".into())).unwrap().case_id, "FS-2026-0002");
    let cases: Vec<_> = store.rounds().inspections("north", "E2-00-41", None).unwrap();
    let cases: Vec<_> = cases.into_iter().map(|(_, _, case)| case.unwrap()).collect();
    assert_eq!(cases, ["FS-2026-0002", "FS-2026-0003", "FS-2026-0001", "FS-2026-0001"]);
    let proof = store.rounds().verify_round("north").unwrap();
    assert!(proof.is_intact() && proof.events == 10, "{proof:?}");
}
