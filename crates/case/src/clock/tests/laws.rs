//! What holds for every calendar, start, length and pause.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::calendar::Calendar;
use super::super::walk::{advance, close_of_business, elapsed};

const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"];

/// One or two stretches a day on some days of the week.
fn calendars() -> impl Strategy<Value = Calendar> {
    let day = (0..24u32, 1..12u32, any::<bool>());
    (0..ZONES.len(), prop::collection::vec(prop::option::of(day), 7)).prop_filter_map("a day", |(zone, days)| {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let hours = names.iter().zip(days).filter_map(|(name, day)| {
            let (from, length, halved) = day?;
            let until = (from + length).min(24);
            let text = if halved {
                format!("{from:02}:00-{from:02}:15, {from:02}:45-{until:02}:00")
            } else {
                format!("{from:02}:00-{until:02}:00")
            };
            Some(((*name).to_owned(), text))
        });
        Calendar::new(ZONES[zone].into(), hours.collect(), BTreeMap::new()).ok()
    })
}

/// From 2026-02-01 to 2027-02-01, ms.
fn instants() -> impl Strategy<Value = i64> {
    (1_769_904_000_000..1_801_440_000_000i64).prop_map(|ms| ms / 1000 * 1000)
}

fn stops() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let stop = (instants(), 0..400_000i64).prop_map(|(from, s)| (from, from + s * 1000));
    prop::collection::vec(stop, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_length_ends_when_it_has_counted_and_never_before(
        calendar in calendars(), start in instants(), need in 1..400_000i64, stops in stops(),
    ) {
        let need = need * 1000;
        let due = advance(Some(&calendar), start, need, &stops).unwrap();
        prop_assert!(due >= start + need);
        prop_assert_eq!(elapsed(Some(&calendar), start, due, &stops), need);
        // The first such instant: a moment before, a moment is missing.
        prop_assert_eq!(elapsed(Some(&calendar), start, due - 1, &stops), need - 1);
        // Pauses only ever move it later, and one that begins when it has run out does nothing.
        prop_assert!(due >= advance(Some(&calendar), start, need, &[]).unwrap());
        let late = [stops, vec![(due, i64::MAX)]].concat();
        prop_assert_eq!(advance(Some(&calendar), start, need, &late), Some(due));
    }

    #[test]
    fn who_starts_later_is_due_no_earlier(
        calendar in calendars(), start in instants(), later in 0..700_000i64, need in 1..400_000i64, stops in stops(),
    ) {
        let due = |start| advance(Some(&calendar), start, need * 1000, &stops).unwrap();
        prop_assert!(due(start) <= due(start + later * 1000));
    }

    #[test]
    fn a_pause_in_two_adjoining_pieces_is_the_same_pause(
        calendar in calendars(), start in instants(), need in 1..400_000i64, pause in (instants(), 1..400_000i64), at in 0.0..1.0,
    ) {
        let (from, length) = (pause.0, pause.1 * 1000);
        let cut = from + (length as f64 * at) as i64;
        let due = |stops: &[(i64, i64)]| advance(Some(&calendar), start, need * 1000, stops);
        prop_assert_eq!(due(&[(from, from + length)]), due(&[(cut, from + length), (from, cut)]));
        prop_assert_eq!(due(&[(from, from + length)]), due(&[(from, from + length), (from, cut)]));
    }

    #[test]
    fn round_the_clock_is_plain_addition_in_every_zone(
        zone in 0..ZONES.len(), start in instants(), need in 1..4_000_000i64, pause in (0..400_000i64, 0..400_000i64),
    ) {
        let hours = BTreeMap::from([("mon-sun".to_owned(), "00:00-24:00".to_owned())]);
        let calendar = Calendar::new(ZONES[zone].into(), hours, BTreeMap::new()).unwrap();
        let (need, stop) = (need * 1000, (start + pause.0 * 1000, start + (pause.0 + pause.1) * 1000));
        for calendar in [None, Some(&calendar)] {
            prop_assert_eq!(advance(calendar, start, need, &[]), Some(start + need));
            let moved = if stop.0 < start + need { pause.1 * 1000 } else { 0 };
            prop_assert_eq!(advance(calendar, start, need, &[stop]), Some(start + need + moved));
        }
    }

    #[test]
    fn working_days_end_after_the_day_of_the_call_and_later_for_later_calls(
        calendar in calendars(), start in instants(), later in 0..700_000i64, days in 1..20u32,
    ) {
        let close = |start, days| close_of_business(&calendar, start, days).unwrap();
        // The n-th day after that of the call does not end before n - 1 whole days (23 h where the clock is put forward).
        prop_assert!(close(start, days) > start + i64::from(days - 1) * 86_400_000 - 3_600_000);
        prop_assert!(close(start, days) <= close(start + later * 1000, days));
        prop_assert!(close(start, days) < close(start, days + 1));
        // As so much time that counts it is due at the same instant.
        let need = elapsed(Some(&calendar), start, close(start, days), &[]);
        prop_assert_eq!(advance(Some(&calendar), start, need, &[]), Some(close(start, days)));
    }

    #[test]
    fn a_calendar_survives_its_text(calendar in calendars()) {
        let text = serde_json::to_string(&calendar).unwrap();
        prop_assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), calendar);
    }
}
