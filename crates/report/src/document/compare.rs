//! Before and after: sections whose roles differ only in those words, reading by reading.

use crate::detail::{Cell, Column, DataTable, verdict_cell};
use crate::format::compact;
use crate::words::{self, Lang, word};
use faultscope_diagnose::{Finding, Reading, Verdict};

use crate::input::Section;

/// Two sections that show the same before and after a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What both show: `supply`.
    pub subject: String,
    /// Place of the section before.
    pub before: usize,
    /// Place of the section after.
    pub after: usize,
}

/// Sections whose roles differ only in `before` and `after` and that hold the same measurement, in the order of those before;
/// of several after it the last, because it says how things are now.
#[must_use]
pub fn pairs(sections: &[Section]) -> Vec<Pair> {
    let side = |s: &Section| split(&s.role);
    let mut out = Vec::new();
    for (before, section) in sections.iter().enumerate() {
        let Some((subject, Side::Before)) = side(section) else { continue };
        let after = sections.iter().rposition(|s| {
            side(s).is_some_and(|(name, when)| when == Side::After && name == subject) && kind(s) == kind(section)
        });
        out.extend(after.map(|after| Pair { subject, before, after }));
    }
    out
}

/// The sections that say how things are now: none that was measured again since, after a repair or in the same role.
pub(super) fn standing(sections: &[Section]) -> impl Iterator<Item = &Section> {
    let pairs = pairs(sections);
    let again = |at: usize, s: &Section| {
        let same = |later: &Section| !s.role.is_empty() && later.role == s.role && kind(later) == kind(s);
        pairs.iter().any(|p| p.before == at) || sections.iter().skip(at + 1).any(same)
    };
    let standing: Vec<&Section> =
        sections.iter().enumerate().filter(|(at, s)| !again(*at, s)).map(|(_, s)| s).collect();
    standing.into_iter()
}

/// What a role is about, whether before or after a repair: `supply before` and `supply after` are about `supply`.
#[must_use]
pub fn subject(role: &str) -> String {
    split(role).map_or_else(|| role.trim().to_lowercase(), |(subject, _)| subject)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Sections are compared when they hold the same measurement.
fn kind(section: &Section) -> Option<&str> {
    section.findings.first().map(|f| f.measurement.as_str()).or_else(|| section.readings.first().map(|r| r.id.as_str()))
}

/// `supply before` is (`supply`, before); a role without either word belongs to no pair.
fn split(role: &str) -> Option<(String, Side)> {
    let role = role.to_lowercase();
    for (words, side) in [(["before", "维修前"], Side::Before), (["after", "维修后"], Side::After)] {
        for word in words {
            if role.contains(word) {
                let rest = role.replacen(word, " ", 1).replace(['_', '-'], " ");
                return Some((rest.split_whitespace().collect::<Vec<_>>().join(" "), side));
            }
        }
    }
    None
}

/// Reading by reading; those that neither side has a counterpart of are left out.
pub(super) fn table(pair: &Pair, sections: &[Section], lang: Lang) -> DataTable {
    let (Some(before), Some(after)) = (sections.get(pair.before), sections.get(pair.after)) else {
        return DataTable::default();
    };
    let column = |name: &str, right| Column { name: word(lang, name).into(), right };
    let columns = vec![
        column("table.reading", false),
        column("table.before", true),
        column("table.verdict", false),
        column("table.after", true),
        column("table.verdict", false),
        column("table.change", true),
    ];
    let same = |a: &Reading, b: &Reading| {
        a.id == b.id && a.unit == b.unit && a.at.map(|p| (p.low_hz, p.high_hz)) == b.at.map(|p| (p.low_hz, p.high_hz))
    };
    let rows = before
        .readings
        .iter()
        .filter(|b| !b.is_sign())
        .filter_map(|b| after.readings.iter().find(|a| same(b, a)).map(|a| (b, a)));
    let row = |(b, a): (&Reading, &Reading)| -> Vec<Cell> {
        vec![
            words::reading(lang, &b.id).into(),
            compact(b.value, b.unit).into(),
            verdict(&before.findings, b, lang),
            compact(a.value, a.unit).into(),
            verdict(&after.findings, a, lang),
            change(b, a).into(),
        ]
    };
    // A reading that comes more than once without a band, such as one per spur, has no counterpart to compare with.
    let single = |(b, a): &(&Reading, &Reading)| {
        [(*b, before), (*a, after)].iter().all(|(r, s)| s.readings.iter().filter(|other| same(r, other)).count() == 1)
    };
    DataTable {
        title: pair.subject.clone(),
        columns,
        rows: rows.filter(single).map(row).collect(),
        note: String::new(),
    }
}

/// The worst verdict on a reading; empty where no limit was set on it.
fn verdict(findings: &[Finding], reading: &Reading, lang: Lang) -> Cell {
    let all = findings.iter().filter(|f| f.reading == reading.id).map(|f| f.verdict);
    Verdict::worst(all).map_or_else(Cell::default, |v| verdict_cell(lang, v))
}

/// The difference in the reading's own unit, with its sign.
fn change(before: &Reading, after: &Reading) -> String {
    let difference = after.value - before.value;
    let sign = if difference > 0.0 { "+" } else { "" };
    // Levels differ by dB whatever they are relative to.
    let unit = match after.unit.symbol() {
        s if s.starts_with("dB") => faultscope_signal::Unit::Db,
        _ => after.unit,
    };
    format!("{sign}{}", compact(difference, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_split_whatever_their_spelling() {
        assert_eq!(split("supply before"), Some(("supply".into(), Side::Before)));
        assert_eq!(split("After-Supply"), Some(("supply".into(), Side::After)));
        assert_eq!(split("supply_after"), Some(("supply".into(), Side::After)));
        assert_eq!(split("电源维修前"), Some(("电源".into(), Side::Before)));
        assert_eq!(split("transmit"), None);
    }
}
