//! One sentence per finding: what was read, against which limit of which clause, and the answer.

use faultscope_diagnose::finding::AppliedLimit;
use faultscope_diagnose::{At, Finding, Verdict};

use super::{Lang, fill, reading, said, word};
use crate::format::{compact, frequency};
use faultscope_signal::Unit;

/// The sentence that goes into `Finding::summary`.
#[must_use]
pub fn summary(finding: &Finding, lang: Lang) -> String {
    let number = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| compact(v, finding.unit));
    let lower = finding.limit.as_ref().is_some_and(|l| concerns_lower(finding, l));
    let limit = finding.limit.as_ref();
    let bound = limit.and_then(|l| if lower { l.lower } else { l.upper });
    let reason = match finding.reason.as_str() {
        "" => word(lang, "summary.no_reason").to_owned(),
        reason => said(lang, reason),
    };
    let key = match (finding.verdict, limit.is_some(), lower) {
        (Verdict::NotEvaluated, ..) if finding.measurement == "link" => "summary.link",
        (Verdict::NotEvaluated, ..) => "summary.not_evaluated",
        (Verdict::Invalid, ..) => "summary.invalid",
        (_, false, _) => "summary.no_limit",
        (Verdict::Fail, _, true) => "summary.fail_lower",
        (Verdict::Fail, _, false) => "summary.fail_upper",
        (Verdict::Margin, _, true) => "summary.margin_lower",
        (Verdict::Margin, _, false) => "summary.margin_upper",
        (Verdict::Pass, ..) if limit.is_some_and(|l| l.lower.is_some() && l.upper.is_some()) => "summary.pass_both",
        (Verdict::Pass, _, true) => "summary.pass_lower",
        (Verdict::Pass, _, false) => "summary.pass_upper",
    };
    let place = finding.at.as_ref().map_or_else(String::new, |at| format!(" {}", place(at, lang)));
    let sentence = fill(
        lang,
        key,
        &[
            ("reading", &reading(lang, &finding.reading)),
            ("value", &number(finding.value)),
            ("place", if place.trim().is_empty() { "" } else { &place }),
            ("limit", &number(bound)),
            ("low", &number(limit.and_then(|l| l.lower))),
            ("high", &number(limit.and_then(|l| l.upper))),
            ("margin", &finding.margin.map_or_else(|| "-".into(), |m| compact(m.abs(), finding.unit.difference()))),
            ("clause", limit.map_or(word(lang, "summary.the_limit"), clause)),
            ("reason", &reason),
        ],
    );
    capitalised(&sentence)
}

/// The clause, or the pack where the clause is empty.
fn clause(limit: &AppliedLimit) -> &str {
    if limit.clause.is_empty() { &limit.pack } else { &limit.clause }
}

/// Which of two bounds the sentence is about: the one that is broken or nearer.
fn concerns_lower(finding: &Finding, limit: &AppliedLimit) -> bool {
    match (limit.lower, limit.upper, finding.value) {
        (Some(_), None, _) => true,
        (Some(low), Some(high), Some(value)) => value - low < high - value,
        _ => false,
    }
}

/// Where a reading was taken: `at 939.9125 MHz`, `3.4 kHz to 150 kHz`; empty when nothing is known.
#[must_use]
pub fn place(at: &At, lang: Lang) -> String {
    if let (Some(low), Some(high)) = (at.low_hz, at.high_hz) {
        return fill(lang, "place.band", &[("low", &frequency(low)), ("high", &frequency(high))]);
    }
    if let Some(hz) = at.frequency_hz.or(at.offset_hz) {
        return fill(lang, "place.at_frequency", &[("place", &frequency(hz))]);
    }
    at.start_s.map_or_else(String::new, |s| fill(lang, "place.at_time", &[("place", &compact(s, Unit::Second))]))
}

fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.trim().chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
