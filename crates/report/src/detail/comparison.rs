//! The tables of `compare`: what differs, and what became of it after a repair.

use faultscope_diagnose::compare::{Comparison, Difference, DifferenceKind, Repair, RepairState};
use faultscope_signal::Unit;

use super::DataTable;
use crate::format::{compact, frequency, plain};
use crate::words::{self, Lang, fill, word};

/// What was compared with what, in one sentence.
pub(crate) fn head(c: &Comparison, lang: Lang) -> String {
    let count = |family: &str| c.tested.iter().find(|t| t.family == family).map_or(0, |t| t.count).to_string();
    // Of one capture there is no spread: that it is one is no news.
    let key = if c.reference_captures == 1 { "compare.head_one" } else { "compare.head" };
    fill(
        lang,
        key,
        &[
            ("reference", &c.reference),
            ("captures", &c.reference_captures.to_string()),
            ("bins", &count("bins")),
            ("bands", &count("bands")),
            ("lines", &count("lines")),
            ("readings", &count("readings")),
            ("rate", &compact(100.0 * c.false_alarm, Unit::Percent)),
        ],
    )
}

/// The differences, the `most` largest; then the repair where one was to be proved.
pub(crate) fn tables(c: &Comparison, most: usize, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![differences(c, most, lang)];
    all.extend(c.repair.as_ref().map(|r| repair(r, lang)));
    all
}

fn differences(c: &Comparison, most: usize, lang: Lang) -> DataTable {
    let mut table = DataTable::new(
        lang,
        word(lang, "compare.differences"),
        &[
            ("compare.what", "", false),
            ("compare.where", "", false),
            ("compare.reference", "", true),
            ("compare.capture", "", true),
            ("compare.change", "", true),
            ("compare.times", "", true),
            ("compare.chance", "", true),
        ],
    );
    table.note = word(lang, "compare.none").into();
    for d in c.differences.iter().take(most) {
        let number = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| compact(v, d.unit));
        let short = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| plain(v, 2));
        table.rows.push(vec![
            what(d, lang).into(),
            place(d, lang).into(),
            number(d.reference).into(),
            number(d.value).into(),
            change(d).into(),
            short(d.times_allowed).into(),
            short(d.false_alarm_probability).into(),
        ]);
    }
    if !c.differences.is_empty() {
        let rest = c.differences_total.saturating_sub(table.rows.len());
        table.note = if rest > 0 { fill(lang, "compare.rest", &[("count", &rest.to_string())]) } else { String::new() };
    }
    table
}

fn what(d: &Difference, lang: Lang) -> String {
    match d.kind {
        DifferenceKind::ReadingChanged | DifferenceKind::LevelChanged => words::reading(lang, &d.reading),
        kind => word(lang, kind.key()).into(),
    }
}

fn place(d: &Difference, lang: Lang) -> String {
    match (d.kind, d.low_hz, d.high_hz, d.frequency_hz) {
        (DifferenceKind::LineNew, _, _, Some(hz)) => frequency(hz),
        (_, Some(low), Some(high), _) => {
            fill(lang, "place.band", &[("low", &frequency(low)), ("high", &frequency(high))])
        }
        (.., Some(hz)) => frequency(hz),
        _ => String::new(),
    }
}

fn change(d: &Difference) -> String {
    match d.change_percent {
        // What repeats to its last digits changes significantly by less than a per cent can show.
        Some(percent) if percent.abs() < 0.1 => format!("{percent:+.1e} %"),
        Some(percent) => format!("{percent:+.1} %"),
        None if d.change.is_finite() => format!("{:+.2} {}", d.change, d.unit.difference()),
        None => "-".into(),
    }
}

fn repair(list: &[Repair], lang: Lang) -> DataTable {
    let columns = [
        ("compare.state", "", false),
        ("compare.what", "", false),
        ("compare.where", "", false),
        ("compare.before", "", true),
        ("compare.after", "", true),
    ];
    let mut table = DataTable::new(lang, word(lang, "compare.repair"), &columns);
    table.note = word(lang, "compare.none").into();
    for r in list {
        let Some(d) = r.before.as_ref().or(r.after.as_ref()) else { continue };
        let side = |d: &Option<Difference>| d.as_ref().map_or_else(|| word(lang, "compare.inside").to_owned(), change);
        table.rows.push(vec![
            word(lang, state(r.state)).into(),
            what(d, lang).into(),
            place(d, lang).into(),
            side(&r.before).into(),
            side(&r.after).into(),
        ]);
        table.note.clear();
    }
    table
}

const fn state(state: RepairState) -> &'static str {
    match state {
        RepairState::Fixed => "repair.fixed",
        RepairState::NotFixed => "repair.not_fixed",
        RepairState::ChangedElsewhere => "repair.changed_elsewhere",
        RepairState::NotEvaluated => "repair.not_evaluated",
        RepairState::Changed => "repair.changed",
    }
}
