//! Conditions of rules as sentences.

use faultscope_diagnose::cause::{Condition, Rule, Side};

use crate::format::plain;
use crate::words::{self, Lang, fill, find_or, word};

/// `mains_h4_h2 (4th over 2nd mains harmonic) above 0.42`.
pub(super) fn sentence(c: &Condition, rule: &Rule, lang: Lang) -> String {
    let mut text = subject(c, lang);
    if let Some(bounds) = bounds(c, lang) {
        text = format!("{text} {bounds}");
    }
    if let Some(other) = c.measurement.as_ref().filter(|m| **m != rule.measurement) {
        let name = words::measurement(lang, other);
        text = fill(lang, "condition.elsewhere", &[("what", &text), ("measurement", &name)]);
    }
    if c.or_missing { format!("{text} {}", word(lang, "condition.or_missing")) } else { text }
}

/// The same, with what it adds to the log-odds.
pub(super) fn weighed(c: &Condition, rule: &Rule, lang: Lang) -> String {
    let sign = |v: f64| format!("{v:+}");
    let mut text = sentence(c, rule, lang);
    if let Some(sure) = c.sure {
        text = format!("{text}{}", fill(lang, "condition.sure", &[("value", &plain(sure, 6))]));
    }
    format!("{text}: {}", fill(lang, "condition.weight", &[("met", &sign(c.met)), ("unmet", &sign(c.unmet))]))
}

fn subject(c: &Condition, lang: Lang) -> String {
    if let Some(id) = &c.reading {
        let name = words::reading(lang, id);
        return if name == id.replace('_', " ") { format!("`{id}`") } else { format!("`{id}` ({name})") };
    }
    if let Some(origin) = c.spur {
        return fill(lang, "condition.spur", &[("origin", words::origin(lang, origin))]);
    }
    if let Some(id) = &c.failed {
        let key = match c.side {
            Some(Side::Upper) => "condition.failed_upper",
            Some(Side::Lower) => "condition.failed_lower",
            None => "condition.failed",
        };
        return fill(lang, key, &[("reading", &words::reading(lang, id))]);
    }
    if let (Some(item), Some(answer)) = (&c.item, c.is) {
        let answer = find_or(lang, "answer", answer.name());
        return fill(lang, "condition.item", &[("item", item), ("answer", &answer)]);
    }
    if let Some(id) = &c.gate {
        return fill(lang, "condition.gate", &[("gate", &words::gate(lang, id))]);
    }
    if let Some(count) = c.all_failed {
        return fill(lang, "condition.all_failed", &[("count", &count.to_string())]);
    }
    word(lang, "condition.just_outside").to_owned()
}

fn bounds(c: &Condition, lang: Lang) -> Option<String> {
    let number = |v: f64| plain(v, 6);
    match (c.above, c.below) {
        (Some(a), Some(b)) => Some(fill(lang, "condition.between", &[("low", &number(a)), ("high", &number(b))])),
        (Some(a), None) => Some(fill(lang, "condition.above", &[("value", &number(a))])),
        (None, Some(b)) => Some(fill(lang, "condition.below", &[("value", &number(b))])),
        (None, None) => None,
    }
}
