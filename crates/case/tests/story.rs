//! A case from the call to the closing, as a scripted story: what the events add up to, field by field.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says no by panicking")]

use std::io::Read as _;
use std::path::Path;

use faultscope_case::{
    Access, Case, Event, EventKind, Filter, NewEvent, Profile, Sort, SqliteStore, Status, Store, StoreError,
};
use faultscope_diagnose::Finding;
use serde_json::{Value, json};

const TOOL: &str = "faultscope 0.1.0";

fn event(at: &str, actor: &str, kind: &str, data: Value) -> NewEvent {
    // Through JSON, as another program would hand it over.
    let whole = json!({"id": "", "case_id": "", "seq": 0, "at": "", "actor": "", "tool": "", "prev_hash": "", "hash": "",
                       "kind": kind, "data": data});
    let kind = serde_json::from_value::<Event>(whole).unwrap().kind;
    NewEvent { at: at.into(), actor: actor.into(), tool: TOOL.into(), kind }
}

fn finding(value: f64, verdict: &str) -> Value {
    json!({"id": "ripple/vpp/0", "measurement": "ripple", "reading": "vpp", "value": value, "unit": "V", "uncertainty": 0.001,
           "limit": {"id": "vpp", "pack": "atx-12v", "pack_version": "1", "clause": "3.2.5", "upper": 0.12, "guard": 0.01,
                     "confidence": "R"},
           "margin": 0.12 - value, "verdict": verdict, "severity": "major", "at": {"frequency_hz": 100.0},
           "summary": "Ripple", "causes": [], "alarm": null})
}

fn opening(store: &Profile) -> Value {
    let terms = serde_json::to_value(store.terms(faultscope_case::Priority::P1)).unwrap();
    json!({"title": "Base station down", "customer": "北方电信", "site": "Site 7, roof",
           "equipment": {"type": "base station", "model": "BTS-3", "serial": "SN-0042", "tag": "RFID-9"},
           "symptom": "通信中断，电源灯不亮", "contact": "Ms Li", "priority": "P1", "terms": terms})
}

fn attach(store: &mut SqliteStore, id: &str, at: &str, name: &str, role: &str, found: &Value) -> String {
    let evidence = store.put_evidence(name, "audio/wav", &mut name.as_bytes()).unwrap();
    let data = json!({"evidence": [evidence], "result": {"file": name}, "findings": [found], "role": role});
    store.append(id, None, vec![event(at, "wang", "attached", data)]).unwrap();
    evidence.sha256
}

fn told(dir: &Path) -> (SqliteStore, String, [String; 2]) {
    let mut store = SqliteStore::open(dir, Access::Create).unwrap();
    let profile = Profile::shipped().unwrap();
    // The call, told in local time at +08:00.
    let id = store.create(event("2026-03-01T16:00:00+08:00", "chen", "opened", opening(&profile))).unwrap().case_id;
    let steps = vec![
        event("2026-03-01T08:05:00Z", "chen", "assigned", json!({"to": "wang"})),
        event("2026-03-01T08:10:00Z", "wang", "status_changed", json!({"to": "in_progress", "reason": "called back"})),
        event("2026-03-01T08:20:00Z", "chen", "action", json!({"action": "dispatched", "text": "van 3"})),
        event(
            "2026-03-01T10:40:00Z",
            "wang",
            "action",
            json!({"action": "arrived", "text": "on site", "done_at": "2026-03-01T18:21:00+08:00"}),
        ),
    ];
    store.append(&id, Some(1), steps).unwrap();
    let before = attach(&mut store, &id, "2026-03-01T10:50:00Z", "before.wav", "supply before", &finding(0.9, "fail"));
    let part = json!({"name": "reservoir capacitor", "old_serial": "A", "new_serial": "B"});
    let steps = vec![
        event(
            "2026-03-01T11:30:00Z",
            "wang",
            "action",
            json!({"action": "part_replaced", "text": "C12 leaked", "part": part}),
        ),
        event("2026-03-01T11:40:00Z", "wang", "noted", json!({"text": "starts again"})),
    ];
    store.append(&id, None, steps).unwrap();
    let after = attach(&mut store, &id, "2026-03-01T11:50:00Z", "after.wav", "supply after", &finding(0.02, "pass"));
    let closing = json!({"root_cause": "reservoir capacitor", "closure": {"code": "solved", "remedy": "replaced",
                         "confirmed_by": "Ms Li", "satisfaction": 5}});
    let steps = vec![
        event("2026-03-01T12:00:01Z", "wang", "status_changed", json!({"to": "cleared", "reason": ""})),
        event("2026-03-01T13:00:00Z", "chen", "closed", closing),
    ];
    store.append(&id, None, steps).unwrap();
    (store, id, [before, after])
}

#[test]
fn the_story_adds_up_to_the_case() {
    let dir = tempfile::tempdir().unwrap();
    let (store, id, [before, after]) = told(&dir.path().join("备份 100%?#").join("store"));
    assert_eq!(id, "FS-2026-0001");
    let events = store.events(&id).unwrap();
    let case = store.case(&id, "2026-03-02T00:00:00Z").unwrap();
    let mut shown = serde_json::to_value(&case).unwrap();
    // Chance decides these; what they are to each other is checked.
    assert_eq!(shown["uuid"], json!(events[0].id));
    assert_eq!(shown["head"], json!(events[10].hash));
    for entry in shown["timeline"].as_array_mut().unwrap() {
        let n = usize::try_from(entry["event"].as_u64().unwrap()).unwrap() - 1;
        assert_eq!(entry.as_object_mut().unwrap().remove("id").unwrap(), json!(events[n].id));
    }
    let map = shown.as_object_mut().unwrap();
    map.remove("uuid");
    map.remove("head");
    let with = |mut found: Value, event: u64, role: &str, name: &str, sha256: &str| {
        let more = json!({"event": event, "role": role, "capture": {"name": name, "sha256": sha256}});
        found.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        found
    };
    let file = |name: &str, sha256: &str, size: u64, role: &str, event: u64| json!({"name": name, "sha256": sha256, "size": size, "media_type": "audio/wav", "role": role, "event": event});
    let line = |event: u64, at: &str, actor: &str, kind: &str, text: &str| json!({"event": event, "at": format!("2026-03-01T{at}Z"), "actor": actor, "kind": kind, "text": text});
    let clock = |name: &str, due: &str, met: &str, state: &str| {
        let (due, met_at) = (format!("2026-03-01T{due}Z"), format!("2026-03-01T{met}Z"));
        json!({"name": name, "due": due, "met_at": met_at, "state": state, "round": 1})
    };
    let expected = json!({
        "id": "FS-2026-0001", "title": "Base station down", "customer": "北方电信", "site": "Site 7, roof",
        "equipment": {"type": "base station", "model": "BTS-3", "serial": "SN-0042", "tag": "RFID-9"},
        "symptom": "通信中断，电源灯不亮", "contact": "Ms Li", "priority": "P1", "status": "closed", "assignee": "wang",
        "escalation": null, "opened_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T13:00:00Z", "version": 11,
        "sla": {"profile": "default", "version": "2", "pauses": ["agreed_appointment", "customer_unreachable", "force_majeure",
                "no_access", "waiting_for_maker", "waiting_for_parts"]},
        "clocks": [
            clock("respond", "08:30:00", "08:10:00", "met"),
            // Two hours from the decision to send were missed by a minute, three hours from the call were not.
            clock("arrive_dispatch", "10:20:00", "10:21:00", "late"),
            clock("arrive", "11:00:00", "10:21:00", "met"),
            clock("fix", "12:00:00", "12:00:01", "late"),
        ],
        "findings": [
            with(finding(0.9, "fail"), 6, "supply before", "before.wav", &before),
            with(finding(0.02, "pass"), 9, "supply after", "after.wav", &after),
        ],
        "evidence": [file("before.wav", &before, 10, "supply before", 6), file("after.wav", &after, 9, "supply after", 9)],
        "checklists": [],
        "actions": [
            {"event": 4, "at": "2026-03-01T08:20:00Z", "actor": "chen", "action": "dispatched", "text": "van 3", "part": null},
            {"event": 5, "at": "2026-03-01T10:21:00Z", "actor": "wang", "action": "arrived", "text": "on site", "part": null},
            {"event": 7, "at": "2026-03-01T11:30:00Z", "actor": "wang", "action": "part_replaced", "text": "C12 leaked",
             "part": {"name": "reservoir capacitor", "old_serial": "A", "new_serial": "B"}},
        ],
        "timeline": [
            line(1, "08:00:00", "chen", "opened", "Base station down"),
            line(2, "08:05:00", "chen", "assigned", "wang"),
            line(3, "08:10:00", "wang", "status_changed", "in_progress: called back"),
            line(4, "08:20:00", "chen", "action", "van 3"),
            line(5, "10:40:00", "wang", "action", "on site"),
            line(6, "10:50:00", "wang", "attached", "supply before: before.wav"),
            line(7, "11:30:00", "wang", "action", "C12 leaked"),
            line(8, "11:40:00", "wang", "noted", "starts again"),
            line(9, "11:50:00", "wang", "attached", "supply after: after.wav"),
            line(10, "12:00:01", "wang", "status_changed", "cleared"),
            line(11, "13:00:00", "chen", "closed", "reservoir capacitor: replaced"),
        ],
        "root_cause": "reservoir capacitor",
        "closure": {"code": "solved", "remedy": "replaced", "confirmed_by": "Ms Li", "satisfaction": 5},
    });
    assert_eq!(shown, expected);
    let store: Box<dyn Store> = Box::new(store);
    let mut kept = String::new();
    store.open_evidence(&after).unwrap().read_to_string(&mut kept).unwrap();
    assert_eq!(kept, "after.wav");
    let proof = store.verify("fs-2026-1").unwrap();
    assert!(proof.is_intact(), "{proof:?}");
    assert_eq!((proof.evidence, proof.have), (2, events.into_iter().map(|e| e.id).collect::<Vec<_>>()));
}

#[test]
fn reopening_starts_the_clocks_anew_and_keeps_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, id, _) = told(dir.path());
    let back = event("2026-03-03T00:00:00Z", "chen", "reopened", json!({"reason": "down again"}));
    store.append(&id, None, vec![back]).unwrap();
    let case = store.case(&id, "2026-03-03T00:30:01Z").unwrap();
    assert_eq!((case.status, case.closure, case.root_cause), (Status::Assigned, None, None));
    let clocks = serde_json::to_value(&case.clocks).unwrap();
    assert_eq!(clocks.as_array().unwrap().len(), 7);
    assert_eq!(
        clocks[4],
        json!({"name": "respond", "due": "2026-03-03T00:30:00Z", "met_at": null, "state": "late", "round": 2, "remaining_s": -1})
    );
    assert_eq!(clocks[6]["due"], json!("2026-03-03T04:00:00Z"));
}

#[test]
fn a_fault_that_comes_back_or_a_higher_priority_is_counted_from_the_call() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let profile = Profile::shipped().unwrap();
    let mut data = opening(&profile);
    data["priority"] = json!("P4");
    data["terms"] = serde_json::to_value(profile.terms(faultscope_case::Priority::P4)).unwrap();
    let id = store.create(event("2026-03-01T08:00:00Z", "chen", "opened", data)).unwrap().case_id;
    let raise = json!({"to": "P2", "reason": "worse", "terms": profile.terms(faultscope_case::Priority::P2)});
    let steps = vec![
        event("2026-03-01T08:10:00Z", "chen", "priority_changed", raise),
        event("2026-03-01T08:20:00Z", "chen", "status_changed", json!({"to": "cleared", "reason": ""})),
        event("2026-03-01T09:00:00Z", "chen", "status_changed", json!({"to": "in_progress", "reason": "came back"})),
    ];
    store.append(&id, None, steps).unwrap();
    let fix = store.case(&id, "2026-03-01T12:00:01Z").unwrap().clocks.pop().unwrap();
    assert_eq!(
        serde_json::to_value(fix).unwrap(),
        json!({"name": "fix", "due": "2026-03-01T12:00:00Z", "met_at": null, "state": "late", "round": 1, "remaining_s": -1})
    );
}

#[test]
fn events_survive_json_whatever_kind_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, id, _) = told(dir.path());
    let strange =
        event("2026-04-01T00:00:00.123Z", "li", "drone_sent", json!({"height_m": 0.30000000000000004, "z": [1, null]}));
    store.append(&id, None, vec![strange]).unwrap();
    for stored in store.events(&id).unwrap() {
        let text = serde_json::to_string(&stored).unwrap();
        let back: Event = serde_json::from_str(&text).unwrap();
        assert_eq!(back, stored);
        assert!(back.is_intact());
        // A field of a newer program stays, and changing it is seen.
        let mut value: Value = serde_json::from_str(&text).unwrap();
        value["data"]["added_later"] = json!("x");
        let added: Event = serde_json::from_value(value.clone()).unwrap();
        assert!(!added.is_intact());
        assert_eq!(serde_json::to_value(&added).unwrap(), value);
    }
    let last = store.events(&id).unwrap().pop().unwrap();
    assert!(matches!(&last.kind, EventKind::Other { kind, data } if kind == "drone_sent" && data["z"][0] == json!(1)));
    assert_eq!(store.case(&id, "2026-04-01T00:00:00Z").unwrap().timeline.pop().unwrap().kind, "drone_sent");
    assert!(store.verify(&id).unwrap().is_intact());
}

#[test]
fn a_number_that_is_not_finite_is_null_in_json_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, id, _) = told(dir.path());
    let reopen = event("2026-04-01T00:00:00Z", "li", "reopened", json!({"reason": "again"}));
    store.append(&id, None, vec![reopen]).unwrap();
    let evidence = store.put_evidence("x", "", &mut &b"x"[..]).unwrap();
    assert_eq!(evidence.media_type, "application/octet-stream");
    let mut found: Finding = serde_json::from_value(finding(1.0, "invalid")).unwrap();
    (found.value, found.uncertainty, found.margin) = (Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY));
    let mut attached = faultscope_case::Attached { evidence: vec![evidence], ..Default::default() };
    attached.findings = vec![found.clone()];
    let new = |attached: &faultscope_case::Attached| {
        let kind = EventKind::Attached(Box::new(attached.clone()));
        NewEvent { at: "2026-04-01T00:00:00Z".into(), actor: "li".into(), tool: TOOL.into(), kind }
    };
    store.append(&id, None, vec![new(&attached)]).unwrap();
    let text = serde_json::to_string(&store.case(&id, "2026-04-01T00:00:00Z").unwrap()).unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"));
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["findings"][2]["value"], Value::Null);
    // A guard band must be a number: what could not be read back is not stored.
    found.limit.as_mut().unwrap().guard = f64::NAN;
    attached.findings = vec![found];
    assert_eq!(store.append(&id, None, vec![new(&attached)]).unwrap_err().kind(), "invalid");
    assert!(store.verify(&id).unwrap().is_intact());
}

#[test]
fn lists_are_filtered_and_sorted() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Create).unwrap();
    let profile = Profile::shipped().unwrap();
    for (n, (priority, title)) in
        [("P4", "打印机故障"), ("P1", "Down"), ("P3", "Slow"), ("P1", "Dead 100%_")].iter().enumerate()
    {
        let mut data = opening(&profile);
        let level = priority.parse().unwrap();
        data["title"] = json!(title);
        data["priority"] = json!(priority);
        data["terms"] = serde_json::to_value(profile.terms(level)).unwrap();
        let at = format!("2026-03-01T0{}:00:00Z", 8 - n);
        store.create(event(&at, "chen", "opened", data)).unwrap();
    }
    let closing = json!({"root_cause": "", "closure": {"code": "withdrawn"}});
    store.append("2026-4", None, vec![event("2026-03-01T09:00:00Z", "chen", "closed", closing)]).unwrap();
    let list = |filter: Filter, sort| -> Vec<String> {
        let rows = store.list(&filter, sort, "2026-03-01T07:30:01Z").unwrap();
        rows.into_iter().map(|s| s.id[8..].to_owned()).collect()
    };
    let all = Filter::default;
    assert_eq!(list(all(), Sort::NextClock), ["0002", "0003", "0001", "0004"]);
    assert_eq!(list(all(), Sort::Opened), ["0001", "0002", "0003", "0004"]);
    assert_eq!(list(all(), Sort::Updated), ["0004", "0001", "0002", "0003"]);
    assert_eq!(list(all(), Sort::Priority), ["0002", "0004", "0003", "0001"]);
    assert_eq!(list(all(), Sort::Id), ["0001", "0002", "0003", "0004"]);
    assert_eq!(list(Filter { unclosed: true, ..all() }, Sort::Id), ["0001", "0002", "0003"]);
    assert_eq!(list(Filter { status: vec![Status::Closed], ..all() }, Sort::Id), ["0004"]);
    assert_eq!(list(Filter { text: Some("故障".into()), ..all() }, Sort::Id), ["0001"]);
    assert_eq!(list(Filter { text: Some("100%_ sn-0042".into()), ..all() }, Sort::Id), ["0004"]);
    assert_eq!(list(Filter { text: Some("' OR 1=1 --".into()), ..all() }, Sort::Id), [""; 0]);
    assert_eq!(list(Filter { limit: Some(1), ..all() }, Sort::Id), ["0001"]);
    let next = store.list(&all(), Sort::NextClock, "2026-03-01T07:30:01Z").unwrap()[0].next_clock.clone().unwrap();
    assert_eq!(serde_json::to_value(next).unwrap()["state"], json!("late"));
}

#[test]
fn what_cannot_be_stored_is_refused_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, id, _) = told(dir.path());
    let reopen = event("2026-04-01T00:00:00Z", "li", "reopened", json!({"reason": "again"}));
    store.append(&id, None, vec![reopen]).unwrap();
    let count = store.events(&id).unwrap().len();
    let note = |at: &str, actor: &str, text: &str| event(at, actor, "noted", json!({"text": text}));
    let good = "2026-04-01T00:00:00Z";
    let ghost = json!({"evidence": [{"name": "g", "sha256": "0".repeat(64), "size": 1, "media_type": ""}]});
    let outside = json!({"evidence": [{"name": "g", "sha256": "../../../../etc/passwd", "size": 1, "media_type": ""}]});
    for (new, word) in [
        (note("yesterday", "li", "x"), "RFC 3339"),
        (note("2026-04-01T00:00:00", "li", "x"), "RFC 3339"),
        (note(good, " \n", "x"), "actor"),
        (note(good, "li", &"x".repeat(17 << 20)), "limit"),
        (event(good, "li", "attached", ghost), "store"),
        (event(good, "li", "attached", outside), "store"),
    ] {
        let error = store.append(&id, None, vec![new]).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), ("invalid", 2), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(store.events(&id).unwrap().len(), count);
    assert!(store.open_evidence("../../../../etc/passwd").is_err());
    let untitled = event(good, "li", "opened", json!({"title": " ", "priority": "P1"}));
    assert_eq!(store.create(untitled).unwrap_err().kind(), "invalid");
    let coloured =
        event(good, "li\u{1b}", "opened", json!({"title": "a\u{1b}[2Jb\n", "symptom": "one\ntwo", "priority": "P1"}));
    let opened = store.create(coloured).unwrap();
    assert_eq!(opened.actor, "li");
    let case = store.case(&opened.case_id, good).unwrap();
    assert_eq!((case.title.as_str(), case.symptom.as_str()), ("a [2Jb", "one\ntwo"));
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the stick was pulled out"))
        }
    }
    let error = store.put_evidence("a.wav", "", &mut Broken).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("io", 3));
}

#[test]
fn an_unknown_case_names_those_that_look_like_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, id, _) = told(dir.path());
    let error = store.events("FS-2026-0010").unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("unknown_case", 2));
    assert_eq!(error.hint(), format!("did you mean {id}?"));
    let error = store.append("completely else", None, Vec::new()).unwrap_err();
    assert!(matches!(&error, StoreError::UnknownCase { near, .. } if near.is_empty()));
    assert!(error.hint().contains("case list"));
    assert_eq!(store.case_ids().unwrap(), std::slice::from_ref(&id));
    let uuid = store.events(&id).unwrap()[0].id.clone();
    assert_eq!(store.events(&uuid).unwrap().len(), 11);
}

#[test]
fn a_place_that_is_no_store_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("notes.txt");
    std::fs::write(&file, "words").unwrap();
    let text = dir.path().join("text");
    std::fs::create_dir(&text).unwrap();
    std::fs::write(text.join("faultscope.db"), "this is a text of more than a hundred bytes ".repeat(9)).unwrap();
    let folder = dir.path().join("folder");
    std::fs::create_dir_all(folder.join("faultscope.db")).unwrap();
    for place in [&file, &file.join("below"), &text, &folder] {
        for access in [Access::Read, Access::Write, Access::Create] {
            let error = SqliteStore::open(place, access).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), ("not_a_store", 5), "{access:?} {error}");
            assert!(error.hint().contains("--store"));
        }
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"words");
    for place in [dir.path().to_path_buf(), dir.path().join("nowhere")] {
        for access in [Access::Read, Access::Write] {
            assert_eq!(SqliteStore::open(&place, access).unwrap_err().kind(), "no_store");
        }
    }
    assert!(!dir.path().join("nowhere").exists());
    // A folder with other things in it, and an empty database file, become stores.
    std::fs::write(dir.path().join("faultscope.db"), "").unwrap();
    drop(SqliteStore::open(dir.path(), Access::Create).unwrap());
    assert!(SqliteStore::open(dir.path(), Access::Read).unwrap().is_read_only());
}

#[test]
fn a_store_opened_for_reading_refuses_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let (store, id, _) = told(dir.path());
    Box::new(store).close().unwrap();
    let mut store = SqliteStore::open(dir.path(), Access::Read).unwrap();
    let note = event("2026-04-01T00:00:00Z", "li", "noted", json!({"text": "x"}));
    for error in [
        store.append(&id, None, vec![note.clone()]).unwrap_err(),
        store.create(note).unwrap_err(),
        store.put_evidence("a", "", &mut &b""[..]).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.exit_code()), ("read_only", 5));
    }
    assert!(store.verify(&id).unwrap().is_intact());
    assert!(Case::fold(&store.events(&id).unwrap(), "no time").is_none());
}

#[test]
fn the_hash_is_sha256_over_sorted_compact_json() {
    // Computed with Python: hashlib.sha256(json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).
    let hash = "ab514cf89ce6e013c0c704abb35bea0390b19a75c2e2f541dfbc6480b46c06af";
    let text = r#"{
 "kind": "noted",
 "data": {
  "text": "纹波 0.9 V\n\"再测\"\t\u0001",
  "z": [
   1,
   2.5,
   0.1,
   -3,
   null,
   true
  ],
  "a": {}
 },
 "id": "019ca869-5000-7beb-a147-c88e35fd938c",
 "case_id": "FS-2026-0001",
 "seq": 2,
 "at": "2026-03-01T08:00:00Z",
 "actor": "王",
 "tool": "faultscope 0.1.0",
 "prev_hash": "0000000000000000000000000000000000000000000000000000000000000000"
}"#;
    let mut value: Value = serde_json::from_str(text).unwrap();
    value["hash"] = json!(hash);
    assert!(serde_json::from_value::<Event>(value.clone()).unwrap().is_intact());
    value["actor"] = json!("李");
    assert!(!serde_json::from_value::<Event>(value).unwrap().is_intact());
}
