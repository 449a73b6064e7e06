//! Due times against a table that `tests/data/calendar.py` found with Python's zoneinfo, second by second.

use std::collections::BTreeMap;

use super::super::calendar::Calendar;
use super::super::due::{Pause, clocks};
use super::super::{Marks, Milestone, Term, Terms, parse_ms};

const TABLE: &str = include_str!("../../../tests/data/calendar.csv");

fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |p: &str| p.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
    text.split('|').filter_map(pair).collect()
}

pub(super) fn pause(since: &str, until: Option<&str>) -> Pause {
    Pause {
        id: since.into(),
        who: "li".into(),
        reason: "no_access".into(),
        note: String::new(),
        since: parse_ms(since).unwrap(),
        until: until.map(|at| parse_ms(at).unwrap()),
        clocks: vec!["fix".into()],
    }
}

/// A single clock `fix`, as a profile would promise it.
pub(super) fn promise(calendar: Option<Calendar>, within: &str) -> Terms {
    let length: Option<jiff::SignedDuration> = within.parse().ok();
    let days = within.strip_suffix(" working days").map(|n| n.parse().unwrap());
    let term = Term {
        name: "fix".into(),
        from: Milestone::Opened,
        within_s: length.map_or(0, |d| u64::try_from(d.as_secs()).unwrap()),
        met_by: vec![Milestone::Cleared],
        working_days: days,
        calendar: calendar.as_ref().map(|_| "own".into()),
    };
    let calendars = calendar.into_iter().map(|c| ("own".to_owned(), c)).collect();
    Terms { clocks: vec![term], calendars, ..Terms::default() }
}

#[test]
fn due_times_are_those_that_counting_every_second_finds() {
    let mut rows = 0;
    for line in TABLE.lines().skip(1) {
        let [_, zone, hours, holidays, start, within, pauses, due] =
            line.split(';').collect::<Vec<_>>().try_into().unwrap();
        let calendar = Calendar::new(zone.into(), pairs(hours), pairs(holidays)).unwrap();
        // As a case keeps it: through the text in the event.
        let kept: Calendar = serde_json::from_str(&serde_json::to_string(&calendar).unwrap()).unwrap();
        assert_eq!(kept, calendar);
        let terms = promise(Some(kept), within);
        let marks = Marks::from([(Milestone::Opened, parse_ms(start).unwrap())]);
        let pauses: Vec<_> =
            pauses.split('|').filter_map(|p| p.split_once('/')).map(|(a, b)| pause(a, Some(b))).collect();
        let found = clocks(&terms, &marks, &pauses, &[], 1, parse_ms(due).unwrap()).remove(0);
        assert_eq!((found.due.as_str(), found.remaining_s), (due, Some(0)), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 166);
}

#[test]
fn rules_of_zones_are_copied_where_one_rule_holds() {
    let rule = |zone: &str| {
        let hours = BTreeMap::from([("mon".to_owned(), "08:00-09:00".to_owned())]);
        let calendar = Calendar::new(zone.into(), hours, BTreeMap::new()).unwrap();
        serde_json::to_value(calendar).unwrap()["rule"].as_str().map(str::to_owned)
    };
    // The rules as the IANA database states them: EU, US, no daylight saving, half an hour, half an hour of daylight saving.
    for (zone, expected) in [
        ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
        ("Asia/Shanghai", "CST-8"),
        ("Asia/Kolkata", "IST-5:30"),
        ("Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"),
    ] {
        assert_eq!(rule(zone).as_deref(), Some(expected), "{zone}");
    }
    // Ramadan moves through the year: there is no yearly rule to copy, the name has to do.
    assert_eq!(rule("Africa/Casablanca"), None);
}
