//! Paused clocks as they are shown, sorted and reported.

use super::super::due::{Overrun, clocks, next_due, overruns};
use super::super::{Calendar, ClockState, Marks, Milestone, Step, Terms, parse_ms};
use super::table::{pause, promise};
use crate::event::EscalationLevel::{Engineer, Manager, Specialist};

fn office() -> Calendar {
    let hours = [("mon-fri".to_owned(), "08:00-12:00, 13:00-17:00".to_owned())].into();
    Calendar::new("Europe/Berlin".into(), hours, [].into()).unwrap()
}

fn opened(at: &str) -> Marks {
    Marks::from([(Milestone::Opened, parse_ms(at).unwrap())])
}

#[test]
fn a_paused_clock_keeps_what_it_has_left_and_is_due_as_if_it_went_on_now() {
    // 09:00 in Berlin; four hours would end at 14:00, three are left when it stops at 10:00.
    let (terms, marks) = (promise(Some(office()), "4h"), opened("2026-11-26T08:00:00Z"));
    let pauses = [pause("2026-11-26T09:00:00Z", None)];
    for (now, due, local) in [
        ("2026-11-26T09:00:00Z", "2026-11-26T13:00:00Z", "2026-11-26T14:00:00+01:00"),
        ("2026-11-26T15:00:00Z", "2026-11-27T09:00:00Z", "2026-11-27T10:00:00+01:00"),
        // Saturday night: as good as Monday morning.
        ("2026-11-28T23:00:00Z", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00+01:00"),
        ("2027-11-26T09:00:00Z", "2027-11-26T13:00:00Z", "2027-11-26T14:00:00+01:00"),
    ] {
        let clock = clocks(&terms, &marks, &pauses, &[], 1, parse_ms(now).unwrap()).remove(0);
        assert_eq!((clock.due.as_str(), clock.due_local.as_deref()), (due, Some(local)), "{now}");
        assert_eq!((clock.state, clock.remaining_s), (ClockState::Running, Some(3 * 3600)), "{now}");
        assert_eq!(clock.paused.unwrap().since, "2026-11-26T09:00:00Z");
    }
    assert_eq!(next_due(&terms, &marks, &pauses), None, "what stands still does not run out");
    let ended = [pause("2026-11-26T09:00:00Z", Some("2026-11-26T15:00:00Z"))];
    assert_eq!(next_due(&terms, &marks, &ended), Some(("fix".into(), parse_ms("2026-11-27T09:00:00Z").unwrap())));
    let clock = clocks(&terms, &marks, &ended, &[], 1, parse_ms("2026-11-27T09:00:01Z").unwrap()).remove(0);
    // 10:00 to 12:00 and 13:00 to 16:00 stood still.
    assert_eq!((clock.state, clock.paused, clock.paused_s), (ClockState::Late, None, Some(5 * 3600)));
}

#[test]
fn what_ran_out_stays_late_whatever_is_paused_afterwards() {
    let (terms, mut marks) = (promise(None, "1h"), opened("2026-11-26T08:00:00Z"));
    let now = parse_ms("2026-11-26T12:00:00Z").unwrap();
    for pauses in [
        vec![pause("2026-11-26T09:00:00Z", None)],
        vec![pause("2026-11-26T09:00:01Z", None)],
        vec![pause("2026-11-26T10:00:00Z", Some("2026-11-26T11:00:00Z"))],
    ] {
        let clock = clocks(&terms, &marks, &pauses, &[], 1, now).remove(0);
        assert_eq!((clock.state, clock.paused), (ClockState::Late, None), "{pauses:?}");
        assert_eq!(next_due(&terms, &marks, &pauses).unwrap().1, parse_ms("2026-11-26T09:00:00Z").unwrap());
    }
    // A second before it runs out is in time; met while it stands still is met.
    let pauses = [pause("2026-11-26T08:59:59Z", None)];
    assert_eq!(clocks(&terms, &marks, &pauses, &[], 1, now).remove(0).remaining_s, Some(1));
    marks.insert(Milestone::Cleared, parse_ms("2026-11-26T11:00:00Z").unwrap());
    let clock = clocks(&terms, &marks, &pauses, &[], 1, now).remove(0);
    assert_eq!((clock.state, clock.paused, clock.remaining_s), (ClockState::Met, None, None));
    assert_eq!(clock.due, "2026-11-26T11:00:01Z");
}

#[test]
fn a_pause_of_other_clocks_stops_nothing() {
    let (terms, marks) = (promise(None, "1h"), opened("2026-11-26T08:00:00Z"));
    let mut other = pause("2026-11-26T08:30:00Z", None);
    other.clocks = vec!["arrive".into()];
    let clock = clocks(&terms, &marks, &[other], &[], 1, parse_ms("2026-11-26T09:00:01Z").unwrap()).remove(0);
    assert_eq!((clock.state, clock.due.as_str(), clock.paused_s), (ClockState::Late, "2026-11-26T09:00:00Z", None));
}

fn levels(terms: &Terms, told: &[Overrun], pauses: &[super::super::Pause], now: &str) -> Vec<(String, String)> {
    let marks = opened("2026-11-27T14:00:00Z");
    let found = overruns(terms, &marks, pauses, told, parse_ms(now).unwrap());
    found.into_iter().map(|o| (o.level.to_string(), super::super::text_ms(o.at))).collect()
}

#[test]
fn levels_are_told_one_after_the_other_by_the_calendar_of_the_clock() {
    // Friday 15:00 in Berlin, two hours: due at 17:00. An hour later by the calendar is Monday 09:00.
    let mut terms = promise(Some(office()), "2h");
    let step = |level, after_s| Step { level, after_s };
    terms.escalation = vec![step(Engineer, 0), step(Specialist, 3600), step(Manager, 2 * 3600)];
    let row = |level: &str, at: &str| (level.to_owned(), at.to_owned());
    let engineer = row("engineer", "2026-11-27T16:00:00Z");
    let specialist = row("specialist", "2026-11-30T08:00:00Z");
    assert_eq!(levels(&terms, &[], &[], "2026-11-27T16:00:00Z"), [], "due, not overdue");
    assert_eq!(levels(&terms, &[], &[], "2026-11-27T16:00:01Z"), std::slice::from_ref(&engineer));
    assert_eq!(levels(&terms, &[], &[], "2026-11-30T07:59:59Z"), std::slice::from_ref(&engineer));
    assert_eq!(levels(&terms, &[], &[], "2026-11-30T08:00:00Z"), [engineer.clone(), specialist.clone()]);
    let told = |level| Overrun { clock: "fix".into(), level, due: 0, at: 0 };
    assert_eq!(levels(&terms, &[told(Engineer)], &[], "2026-11-30T08:00:00Z"), [specialist]);
    assert_eq!(levels(&terms, &[told(Engineer), told(Specialist)], &[], "2026-11-30T08:59:59Z"), []);
    // A pause keeps the next level from being told, not the one that was due before it.
    let pauses = [pause("2026-11-30T07:30:00Z", None)];
    assert_eq!(levels(&terms, &[], &pauses, "2026-12-24T08:00:00Z"), [engineer]);
}
