//! Readings that grow, jump and stand still.

use faultscope_diagnose::{At, LimitSet, Reading};

use super::*;

/// Values a day apart, given in the wrong order, at 06:00 of August 2026.
fn measured(values: &[f64], timed: bool) -> Vec<(CaptureResult, Option<String>)> {
    let one = |(day, v): (usize, &f64)| {
        let readings = vec![
            Reading::new("vpp", *v, Unit::Volt),
            Reading::new("aclr", 45.0, Unit::Db).at(At { offset_hz: Some(5e6), ..At::default() }),
            Reading::new("aclr", 45.0 - v, Unit::Db).at(At { offset_hz: Some(-5e6), ..At::default() }),
        ];
        let result = CaptureResult { file: format!("day-{day}.csv"), readings, ..CaptureResult::default() };
        (result, timed.then(|| format!("2026-08-{:02}T06:00:00Z", day + 1)))
    };
    let mut all: Vec<_> = values.iter().enumerate().map(one).collect();
    if timed {
        all.reverse();
    }
    all
}

fn pack(upper: f64) -> LimitSet {
    let text = format!(
        "[pack]\nid = \"x\"\nversion = \"1\"\ntitle = \"t\"\nsource = \"s\"\nauthor = \"a\"\nvalid_from = \"2026-01-01\"\n\
         [[limit]]\nid = \"vpp\"\nmeasurement = \"ripple\"\nreading = \"vpp\"\nupper = {upper}\nunit = \"V\"\n\
         clause = \"c\"\nconfidence = \"S\"\nseverity = \"major\"\n"
    );
    LimitSet::parse(&text, "x.toml").unwrap()
}

fn run(values: &[f64], timed: bool, upper: f64) -> Trend {
    let request = Request { packs: vec![pack(upper)], ..Request::default() };
    trend("ripple", measured(values, timed), &request).unwrap().trend
}

#[test]
fn a_ripple_that_grows_reaches_its_limit_on_a_day() {
    // 10 mV a day from 100 mV: 200 mV are reached on day 10, 3 days after the last capture, at 06:00 of 11 August.
    let values: Vec<f64> = (0..8).map(|i| 0.1 + 0.01 * f64::from(i)).collect();
    let t = run(&values, true, 0.2);
    assert_eq!((t.ordered_by, t.step), (TimeBase::StartTime, Step::Day));
    let r = &t.readings[0];
    assert_eq!((r.id.as_str(), r.count), ("vpp", 8));
    assert!((r.first - 0.1).abs() < 1e-12 && (r.last - 0.17).abs() < 1e-12 && (r.median - 0.135).abs() < 1e-12);
    assert!((r.slope.unwrap() - 0.01).abs() < 1e-12 && r.tau == Some(1.0));
    // Of 8! orders one rises and one falls all the way.
    assert!((r.p.unwrap() - 2.0 / 40_320.0).abs() < 1e-12 && r.significant);
    let c = &r.crossings[0];
    assert_eq!(c.state, Approach::Approaching);
    assert!((c.after.unwrap() - 3.0).abs() < 1e-9, "{c:?}");
    assert_eq!(c.time.as_deref(), Some("2026-08-11T06:00:00Z"));
    // Two places of one id are two series.
    let ids: Vec<_> = t.readings.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(t.readings.iter().any(|r| r.tau == Some(-1.0)) && t.readings.iter().any(|r| r.tau.is_none()));
}

#[test]
fn without_times_the_order_given_counts_and_a_wild_value_is_named() {
    let mut values: Vec<f64> =
        (0..10).map(|i| 0.1 + 0.01 * f64::from(i) + if i % 2 == 0 { 1e-3 } else { 0.0 }).collect();
    values[4] = 0.9;
    let t = run(&values, false, 0.5);
    assert_eq!((t.ordered_by, t.step), (TimeBase::Order, Step::Capture));
    let r = &t.readings[0];
    assert!((r.slope.unwrap() - 0.01).abs() < 1e-3, "{r:?}");
    assert_eq!(r.outliers, ["day-4.csv"]);
    let c = &r.crossings[0];
    assert!(c.after_least.unwrap() <= c.after.unwrap() && c.time.is_none());
}

#[test]
fn no_trend_projects_nothing_and_what_is_beyond_is_said() {
    let t = run(&[0.1, 0.12, 0.09, 0.11, 0.1], true, 0.2);
    let r = &t.readings[0];
    assert!(!r.significant && r.crossings[0].state == Approach::Steady && r.crossings[0].after.is_none());
    assert_eq!(run(&[0.1, 0.12, 0.3], true, 0.2).readings[0].crossings[0].state, Approach::Crossed);
    // One capture has no slope, none has no readings.
    let one = run(&[0.1], true, 0.2);
    assert!(one.readings[0].slope.is_none() && one.readings[0].tau.is_none());
    assert!(run(&[], true, 0.2).readings.is_empty());
}
