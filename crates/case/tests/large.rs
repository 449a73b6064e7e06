//! A large store, made by the store's own calls, for measuring: 100 000 cases with ten findings each.
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

use std::io::{Cursor, Write as _};
use std::path::Path;

use faultscope_case::{
    Access, Action, ActionKind, Attached, Closed, Closure, ClosureCode, Equipment, EventKind, NewEvent, Opened,
    Priority, Profile, SqliteStore, Store as _,
};
use serde_json::{Value, json};

const SITES: [&str; 8] = ["Hill", "Harbour", "Station", "东山", "西湖", "机场", "Mill", "Bridge"];
const SYMPTOMS: [&str; 6] =
    ["no calls", "hums", "alarm 17", "电源掉电 无信号", "驻波比告警", "calls drop when it rains"];
/// Cause in words, remedy, part.
const CAUSES: [(&str, &str, &str); 5] = [
    ("reservoir capacitor dried out", "capacitor replaced", "C12 4700 uF"),
    ("整流模块电容漏电", "更换电容", "整流模块"),
    ("power amplifier driven into compression", "amplifier replaced", "PA 40 W"),
    ("fan blocked by dust", "fan cleaned", ""),
    ("antenna connector wet", "connector replaced and sealed", "N connector"),
];

/// Knuth's MMIX generator: any will do.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn of(&mut self, n: usize) -> usize {
        usize::try_from(self.next()).unwrap() % n
    }

    /// Within a quarter of a value.
    fn near(&mut self, value: f64) -> f64 {
        value * (0.75 + 0.5 * (self.next() % 10_000) as f64 / 1e4)
    }
}

fn tell(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
}

fn new(at: &str, kind: EventKind) -> NewEvent {
    NewEvent { at: at.into(), actor: "chen".into(), tool: "faultscope 0.1.0".into(), kind }
}

/// The result of a capture as it stands in an attached event, its figures strewn about.
fn result(pattern: &Value, dice: &mut Dice) -> Value {
    let mut result = pattern.clone();
    for list in ["readings", "findings"] {
        for entry in result[list].as_array_mut().into_iter().flatten() {
            if let Some(value) = entry["value"].as_f64() {
                entry["value"] = dice.near(value).into();
            }
        }
    }
    let findings = result["findings"].as_array().cloned().unwrap_or_default();
    result["findings"] = findings.iter().cycle().take(10).cloned().collect();
    result
}

fn one_case(store: &mut SqliteStore, n: usize, patterns: &[Value], open: usize, dice: &mut Dice, terms: &Profile) {
    let at = format!("20{:02}-{:02}-{:02}T08:00:00Z", 16 + n % 10, 1 + n % 12, 1 + n % 28);
    let priority = [Priority::P1, Priority::P2, Priority::P3, Priority::P4][dice.of(4)];
    let symptom = SYMPTOMS[dice.of(SYMPTOMS.len())];
    let opened = Opened {
        title: format!("{symptom}, unit {}", dice.of(5000)),
        customer: format!("Customer {}", dice.of(300)),
        site: format!("{} {}", SITES[dice.of(SITES.len())], dice.of(2000)),
        equipment: Equipment {
            kind: "base station".into(),
            model: format!("BTS-{}", 100 + dice.of(40)),
            serial: format!("SN-{:06}", dice.of(60_000)),
            tag: String::new(),
        },
        symptom: symptom.into(),
        contact: String::new(),
        priority,
        terms: Some(terms.terms(priority)),
    };
    let id = store.create(new(&at, EventKind::Opened(Box::new(opened)))).unwrap().case_id;
    let evidence = store.put_evidence("rail.csv", "text/csv", &mut Cursor::new(b"1,2\n")).unwrap();
    let result = result(&patterns[dice.of(patterns.len())], dice);
    let findings = serde_json::from_value(result["findings"].clone()).unwrap();
    let role = Some("supply before".into());
    let attached =
        Attached { evidence: vec![evidence], captures: Vec::new(), result, findings, role, recorded_at: None };
    let (cause, remedy, part) = CAUSES[dice.of(CAUSES.len())];
    let action = Action {
        action: ActionKind::Inspection,
        text: format!("{part} looked at"),
        part: None,
        done_at: None,
        satisfaction: None,
    };
    let mut events = vec![EventKind::Attached(Box::new(attached)), EventKind::Action(Box::new(action))];
    if n >= open {
        let closure =
            Closure { code: ClosureCode::Solved, remedy: remedy.into(), confirmed_by: None, satisfaction: None };
        events.push(EventKind::Closed(Box::new(Closed { root_cause: cause.into(), closure })));
    }
    store.append(&id, None, events.into_iter().map(|kind| new(&at, kind)).collect()).unwrap();
}

/// `FAULTSCOPE_LARGE` is the folder of the store to be made (quickest in memory: `/dev/shm`), `FAULTSCOPE_LARGE_RESULTS` a JSON
/// document of an analysis whose captures are the patterns (`faultscope ripple ... --limits ... --json`), `FAULTSCOPE_LARGE_CASES` how
/// many; one in a hundred stays open. See `benches/README.md`.
#[test]
#[ignore = "makes gigabytes"]
fn make_a_large_store() {
    let place = std::env::var_os("FAULTSCOPE_LARGE").unwrap();
    let document = std::fs::read(std::env::var_os("FAULTSCOPE_LARGE_RESULTS").unwrap()).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let count: usize = std::env::var("FAULTSCOPE_LARGE_CASES").map_or(100_000, |n| n.parse().unwrap());
    make(Path::new(&place), document["captures"].as_array().unwrap(), count);
}

fn make(place: &Path, patterns: &[Value], count: usize) {
    let mut store = SqliteStore::open(place, Access::Create).unwrap();
    let (mut dice, profile) = (Dice(5), Profile::shipped().unwrap());
    for n in 0..count {
        one_case(&mut store, n, patterns, count / 100, &mut dice, &profile);
    }
    Box::new(store).close().unwrap();
    tell(&format!("{count} cases"));
}

#[test]
fn a_store_of_this_kind_proves_and_is_searched_by_parts_of_words_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    let pattern = json!({"readings": [{"value": 1.0}], "findings": []});
    make(dir.path(), &[pattern], 200);
    let store = SqliteStore::open(dir.path(), Access::Read).unwrap();
    assert!(store.verify("FS-2020-0003").unwrap().is_intact());
    let count = |text: &str| {
        let filter = faultscope_case::Filter { text: Some(text.into()), ..Default::default() };
        store.list(&filter, faultscope_case::Sort::Id, "2026-03-01T08:00:00Z").unwrap()
    };
    let all = count("");
    assert_eq!(all.len(), 200);
    for text in ["掉电", "电源 无信号", "HILL", "alarm bts-1", "no such words"] {
        let by_hand = all.iter().filter(|case| {
            let case = store.case(&case.id, "2026-03-01T08:00:00Z").unwrap();
            let e = &case.equipment;
            let words =
                [&case.id, &case.title, &case.customer, &case.site, &case.symptom, &e.kind, &e.model, &e.serial];
            let words = words.map(|w| w.to_lowercase()).join("\n");
            text.to_lowercase().split_whitespace().all(|word| words.contains(word))
        });
        assert_eq!(count(text).len(), by_hand.count(), "{text}");
    }
}
