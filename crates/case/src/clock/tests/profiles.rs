//! Profiles that cannot be kept, each refused with its reason; and what a good one promises.

use super::super::profile::SHIPPED;
use super::super::{Priority, Profile, RemarkKind};

const OFFICE: &str = r#"
id = "acme"
version = "3"
calendar = "office"

[calendars.office]
zone = "Europe/Berlin"
hours = { mon-fri = "08:00-12:00, 13:00-17:00", sat = "09:00-12:00" }
holidays = { "2026-12-24" = "08:00-12:00", "2026-12-25..2026-12-26" = "closed" }

[calendars.night]
zone = "Asia/Kolkata"
hours = { sun-thu = "22:00-06:00" }

[priority.P1]
calendar = "24x7"

[[clock]]
name = "respond"
priorities = ["P1", "P3"]
from = "opened"
within = "30min"
met_by = ["responded", "closed"]

[[clock]]
name = "fix"
priorities = ["P1", "P3"]
from = "opened"
within = "4h"
met_by = ["cleared", "closed"]

[[clock]]
name = "answer"
priorities = ["P4"]
from = "opened"
within = "2 working days"
met_by = ["responded"]
calendar = "night"

[[pause]]
reason = "no_access"
clocks = ["fix"]

[[escalation]]
level = "specialist"
after = "0s"

[[escalation]]
level = "manager"
after = "1h"
"#;

#[test]
fn calendars_go_by_clock_then_by_priority_then_by_profile() {
    let profile = Profile::from_toml(OFFICE).unwrap();
    let calendars = |priority| -> Vec<(String, Option<String>)> {
        profile.terms(priority).clocks.into_iter().map(|c| (c.name, c.calendar)).collect()
    };
    let row = |name: &str, calendar: Option<&str>| (name.to_owned(), calendar.map(str::to_owned));
    assert_eq!(calendars(Priority::P1), [row("respond", None), row("fix", None)]);
    assert_eq!(calendars(Priority::P3), [row("respond", Some("office")), row("fix", Some("office"))]);
    assert_eq!(calendars(Priority::P4), [row("answer", Some("night"))]);
    // Only what a promise counts by is copied with it.
    assert!(profile.terms(Priority::P1).calendars.is_empty());
    let terms = serde_json::to_value(profile.terms(Priority::P3)).unwrap();
    assert_eq!(
        terms["calendars"],
        serde_json::json!({"office": {
            "zone": "Europe/Berlin",
            "rule": "CET-1CEST,M3.5.0,M10.5.0/3",
            "hours": {"mon-fri": "08:00-12:00, 13:00-17:00", "sat": "09:00-12:00"},
            "holidays": {"2026-12-24": "08:00-12:00", "2026-12-25..2026-12-26": "closed"},
        }})
    );
    let answer = &profile.terms(Priority::P4).clocks[0];
    assert_eq!((answer.working_days, answer.within_s), (Some(2), 2 * 86_400));
    let remarks: Vec<_> = profile.remarks().into_iter().map(|r| (r.kind, r.what)).collect();
    let row = |kind, what: &str| (kind, what.to_owned());
    assert_eq!(
        remarks,
        [
            row(RemarkKind::GoesOn, "answer"),
            row(RemarkKind::NoHolidays, "night"),
            row(RemarkKind::HolidaysEnd, "office, 2026-12-26"),
            row(RemarkKind::NoClock, "P2"),
        ]
    );
}

#[test]
fn a_profile_that_cannot_be_kept_is_refused_with_its_reason() {
    let fix = "from = \"opened\"\nwithin = \"4h\"\nmet_by = [\"cleared\", \"closed\"]";
    for (text, from, to, word) in [
        (SHIPPED, "calendar = \"24x7\"", "calendar = \"9to5\"", "calendar `9to5`"),
        (SHIPPED, "30min", "soon", "respond"),
        (SHIPPED, "30min", "0s", "respond"),
        (SHIPPED, "30min", "-1h", "respond"),
        (SHIPPED, "30min", "99999999h", "respond"),
        (SHIPPED, "30min", "2 working days", "`24x7` has no working days"),
        (SHIPPED, "\"P1\", \"P2\"", "\"P9\"", "P9"),
        (SHIPPED, "met_by = [\"responded\", \"cleared\", \"closed\"]", "mett_by = []", "mett_by"),
        (SHIPPED, "met_by = [\"responded\", \"cleared\", \"closed\"]", "met_by = []", "nothing stops it"),
        (SHIPPED, "met_by = [\"responded\", \"cleared\", \"closed\"]", "met_by = [\"opened\"]", "stops it at once"),
        (OFFICE, "\"answer\"\npriorities = [\"P4\"]", "\"fix\"\npriorities = [\"P3\"]", "there are two for P3"),
        (SHIPPED, "[[pause]]", "[[pause]]\nreason = \"no_access\"\nclocks = [\"fix\"]\n[[pause]]", "there twice"),
        (SHIPPED, "id = \"default\"", "id = \"\"", "`id` is empty"),
        (OFFICE, "calendar = \"night\"", "calendar = \"nigth\"", "`24x7`, `night`, `office`"),
        (OFFICE, "[calendars.night]", "[calendars.24x7]", "another name"),
        (OFFICE, "Asia/Kolkata", "Asia/Calcuta", "Asia/Calcuta"),
        (OFFICE, "{ sun-thu = \"22:00-06:00\" }", "{}", "never run out"),
        (OFFICE, "{ sun-thu = \"22:00-06:00\" }", "{ sun-thu = \"closed\" }", "never run out"),
        (OFFICE, "sun-thu = \"22:00-06:00\"", "sun-thu = \"22:00-06:00\", fri = \"04:00-10:00\"", "overlap"),
        (OFFICE, "sun-thu = \"22:00-06:00\"", "sun-thu = \"22:00-06:00, 23:00-23:30\"", "overlap"),
        (OFFICE, "sun-thu = \"22:00-06:00\"", "sun-thu = \"22-6\"", "`22-6`"),
        (OFFICE, "sun-thu = \"22:00-06:00\"", "so-do = \"22:00-06:00\"", "`so` is no day"),
        (OFFICE, "sat = \"09:00-12:00\"", "fri = \"09:00-12:00\"", "has its hours already"),
        (OFFICE, "\"2026-12-24\" =", "\"2026-12-26\" =", "listed twice"),
        (OFFICE, "\"2026-12-24\" =", "\"2026-02-29\" =", "`2026-02-29` is no date"),
        (OFFICE, "\"2026-12-24\" = \"08:00-12:00\"", "\"2026-12-24\" = \"22:00-02:00\"", "over midnight"),
        (OFFICE, "2 working days", "0 working days", "is not a length"),
        (OFFICE, "2 working days", "4000 working days", "weeks of its calendar"),
        (OFFICE, "within = \"4h\"", "within = \"80000h\"", "weeks of its calendar"),
        (OFFICE, "clocks = [\"fix\"]", "clocks = []", "stops no clock"),
        (OFFICE, "clocks = [\"fix\"]", "clocks = [\"fixx\"]", "no clock `fixx`"),
        (OFFICE, "reason = \"no_access\"", "reason = \"no access\"", "one word"),
        (OFFICE, "level = \"manager\"", "level = \"engineer\"", "comes before"),
        (OFFICE, "after = \"1h\"", "after = \"soon\"", "escalation to manager"),
        (OFFICE, fix, "from = \"cleared\"\nwithin = \"4h\"\nmet_by = [\"cleared\"]", "stops it at once"),
        ("id = \"x\"\nversion = \"1\"\ncalendar = \"24x7\"", "x", "y", "it has 0 clocks"),
    ] {
        assert!(text.contains(from), "{from}");
        let text = Profile::from_toml(&text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(text.contains(word), "{from} -> {to}: {text}");
    }
}

#[test]
fn the_shipped_profile_says_what_it_promises() {
    let profile = Profile::shipped().unwrap();
    assert_eq!(profile.remarks(), []);
    let terms = profile.terms(Priority::P1);
    assert_eq!(terms.pauses["waiting_for_parts"], ["fix"]);
    assert_eq!(terms.escalation.len(), 4);
    // Promises of before there were calendars read as they always did.
    let old = r#"{"profile": "default", "version": "1", "clocks": [
        {"name": "fix", "from": "opened", "within_s": 14400, "met_by": ["cleared", "closed"]}]}"#;
    let text: serde_json::Value = serde_json::from_str(old).unwrap();
    let old: super::super::Terms = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(&old).unwrap(), text, "and are written as they were");
    assert_eq!(old.clocks[0], *terms.clocks.iter().find(|c| c.name == "fix").unwrap());
}

#[test]
fn the_pattern_of_office_hours_can_be_kept() {
    let profile = Profile::from_toml(include_str!("../../../profiles/business-hours.toml")).unwrap();
    assert_eq!(profile.remarks().len(), 1, "that holidays end is said: {:?}", profile.remarks());
    assert!(profile.terms(Priority::P1).calendars.is_empty());
    assert_eq!(profile.terms(Priority::P3).clocks[1].working_days, Some(2));
}
