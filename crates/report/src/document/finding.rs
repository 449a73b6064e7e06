//! Findings and causes in words.

use faultscope_diagnose::{Cause, CauseReading, Finding, RestsOn, Verdict};

use super::{Badge, CauseBlock, FindingBlock};
use crate::case_view;
use crate::detail;
use crate::format::{compact, plain};
use crate::words::{self, Lang, fill, word};

/// A finding; `all` are those that its causes may cite. Of a cause that `told` holds only the name is said again.
pub(super) fn finding(f: &Finding, all: &[Finding], told: &[Cause], lang: Lang) -> FindingBlock {
    let cause = |c: &Cause| {
        let mut block = cause(c, all, false, lang);
        if told.iter().any(|t| t.rule == c.rule) {
            block.items.clear();
        }
        block
    };
    FindingBlock {
        id: f.id.clone(),
        badge: Badge::of(Some(f.verdict), lang),
        says: words::summary(f, lang),
        figures: figures(f, lang),
        causes: f.causes.iter().map(cause).collect(),
    }
}

/// Value, limit with its source, margin, severity and alarm, as far as they are there.
fn figures(f: &Finding, lang: Lang) -> String {
    let named = |key: &str, value: String| format!("{} {value}", word(lang, key));
    let mut parts = Vec::new();
    if let Some(value) = f.value {
        let uncertainty = f.uncertainty.map_or_else(String::new, |u| format!(" ±{}", compact(u, f.unit)));
        parts.push(named("table.value", format!("{}{uncertainty}", compact(value, f.unit))));
    }
    if let Some(l) = &f.limit {
        let guard = if l.guard > 0.0 {
            format!(", {}", fill(lang, "report.guard", &[("guard", &compact(l.guard, f.unit))]))
        } else {
            String::new()
        };
        parts.push(named("table.limit", format!("{}{guard}", typeset(&detail::bounds(l, f.unit)))));
        if let Some(margin) = f.margin {
            parts.push(named("table.margin", compact(margin, f.unit.difference())));
        }
        let clause = if l.clause.is_empty() { &l.pack } else { &l.clause };
        let against = fill(lang, "report.screening_against", &[("clause", clause)]);
        let mark = words::find(lang, &format!("report.confidence_{}", l.confidence)).unwrap_or(&l.confidence);
        let mark = if mark.is_empty() { String::new() } else { format!("; {mark}") };
        parts.push(format!("{against} ({} {}{mark})", l.pack, l.pack_version));
    }
    if f.verdict == Verdict::Fail {
        parts.push(named("table.severity", words::severity(lang, f.severity).into()));
    }
    if let Some(a) = &f.alarm {
        parts.push(named("report.alarm", format!("{} / {} / {}", a.probable_cause, a.kind, a.severity)));
    }
    parts.join(" · ")
}

/// A cause; `whole` for one of the case as a whole, which says what kind of evidence it rests on and cites its readings.
pub(super) fn cause(c: &Cause, all: &[Finding], whole: bool, lang: Lang) -> CauseBlock {
    let c = &words::cause(lang, c);
    // The sentence says more than an id; an id of another section stays an id.
    let because = c
        .because
        .iter()
        .map(|id| all.iter().find(|f| f.id == *id).map_or_else(|| id.clone(), |f| words::summary(f, lang)));
    let readings = c.readings.iter().filter(|_| whole).map(|r| reading_words(r, lang));
    let items = [
        ("report.because", because.collect::<Vec<_>>()),
        ("report.evidence_readings", readings.collect()),
        ("report.checks", c.checks.iter().map(|check| case_view::check_words(check, lang)).collect()),
        ("report.rules_out", vec![c.rules_out.clone()]),
        ("report.next_check", vec![c.next_check.clone()]),
        ("report.suspect_part", vec![c.suspect_part.clone()]),
    ];
    let rests_on = words::find_or(lang, "rests_on", rests_on(c.rests_on));
    CauseBlock {
        cause: c.cause.clone(),
        rule: if whole { format!("{}, {rests_on}", c.rule) } else { c.rule.clone() },
        confidence: format!("{} {} %", word(lang, "report.confidence"), plain((c.confidence * 100.0).round(), 3)),
        items: items
            .into_iter()
            .map(|(key, lines)| (word(lang, key).to_owned(), lines.into_iter().filter(|l| !l.is_empty()).collect()))
            .filter(|(_, lines): &(String, Vec<String>)| !lines.is_empty())
            .collect(),
    }
}

const fn rests_on(kind: RestsOn) -> &'static str {
    match kind {
        RestsOn::Signal => "signal",
        RestsOn::Inspection => "inspection",
        RestsOn::Both => "both",
    }
}

/// `mains_h4_h2 (4th over 2nd mains harmonic) 0.385, supply.csv`.
fn reading_words(r: &CauseReading, lang: Lang) -> String {
    let capture = r.capture.rsplit(['/', '\\']).next().unwrap_or_default();
    let of = if capture.is_empty() { String::new() } else { format!(" ({capture})") };
    format!("{} {}{of}", words::reading(lang, &r.id), compact(r.value, r.unit))
}

/// Signs that terminals do without.
pub(super) fn typeset(text: &str) -> String {
    for (plain, sign) in [("<= ", "≤ "), (">= ", "≥ "), ("+-", "±")] {
        if let Some(rest) = text.strip_prefix(plain) {
            return format!("{sign}{rest}");
        }
    }
    text.to_owned()
}
