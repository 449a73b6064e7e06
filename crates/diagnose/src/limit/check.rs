//! Whether a pack file can be used: every fault with its line.

use std::ops::Range;

use super::{Alternative, Axis, Limit, LimitSet};
use crate::measurement;

/// One fault of a pack file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub hint: String,
}

/// Every fault of a pack file; none when it can be used.
#[must_use]
pub fn problems(text: &str) -> Vec<Problem> {
    parse(text).err().unwrap_or_default()
}

pub(super) fn parse(text: &str) -> Result<LimitSet, Vec<Problem>> {
    let set: LimitSet = toml::from_str(text).map_err(|e| {
        vec![Problem {
            line: line_of(text, e.span()),
            what: e.message().to_owned(),
            hint: "faultscope limits show dc-48v --json shows the fields of a pack".into(),
        }]
    })?;
    let mut found = head(text, &set);
    for (i, limit) in set.limits.iter().enumerate() {
        let line = table_line(text, i);
        let twice = set.limits.iter().take(i).any(|l| l.id == limit.id);
        let again = twice.then(|| ("the id is there twice".to_owned(), "give each limit an id of its own".to_owned()));
        let faults = faults(limit).into_iter().chain(again);
        let name = |what: String| format!("limit '{}': {what}", limit.id);
        found.extend(faults.map(|(what, hint)| Problem { line, what: name(what), hint }));
    }
    if found.is_empty() { Ok(set) } else { Err(found) }
}

fn line_of(text: &str, span: Option<Range<usize>>) -> Option<usize> {
    span.and_then(|s| text.get(..s.start)).map(|before| before.matches('\n').count() + 1)
}

/// The line on which the limit with that index begins.
fn table_line(text: &str, index: usize) -> Option<usize> {
    let headers = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("[[limit]]"));
    headers.map(|(n, _)| n + 1).nth(index)
}

fn key_line(text: &str, key: &str) -> Option<usize> {
    text.lines().position(|line| line.trim_start().starts_with(key)).map(|n| n + 1)
}

fn head(text: &str, set: &LimitSet) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut add = |key: &str, what: String, hint: &str| {
        found.push(Problem { line: key_line(text, key), what, hint: hint.into() });
    };
    if set.pack.id.is_empty() || !set.pack.id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        add("id", format!("'{}' is no pack id", set.pack.id), "letters, digits, - _ and .");
    }
    let from = &set.pack.valid_from;
    let until = set.pack.valid_until.as_ref();
    for (key, date) in [("valid_from", Some(from)), ("valid_until", until)] {
        if let Some(date) = date.filter(|d| !is_date(d)) {
            add(key, format!("{key} '{date}' is no date"), "write YYYY-MM-DD");
        }
    }
    if until.is_some_and(|u| u < from) {
        add("valid_until", "the pack ends before it begins".into(), "valid_until is not before valid_from");
    }
    if set.limits.is_empty() {
        add("[pack]", "the pack holds no limit".into(), "add a [[limit]]");
    }
    found
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |i: usize, digits: usize| {
        parts.get(i).filter(|p| p.len() == digits && p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse().ok())
    };
    let (year, month, day): (Option<u32>, Option<u32>, Option<u32>) = (number(0, 4), number(1, 2), number(2, 2));
    let in_range = month.is_some_and(|m| (1..=12).contains(&m)) && day.is_some_and(|d| (1..=31).contains(&d));
    parts.len() == 3 && year.is_some() && in_range
}

fn faults(limit: &Limit) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |what: String, hint: &str| found.push((what, hint.to_owned()));
    if measurement::by_id(&limit.measurement).is_none() {
        let ids: Vec<&str> = measurement::ALL.iter().map(|m| m.id()).collect();
        add(format!("there is no measurement '{}'", limit.measurement), &format!("choose one of {}", ids.join(", ")));
    }
    if !["R", "W", "U", "S"].contains(&limit.confidence.as_str()) {
        add(
            format!("'{}' is no confidence", limit.confidence),
            "R read, W well known, U uncertain, S said by the user",
        );
    }
    if limit.clause.trim().is_empty() {
        add("the clause is empty".into(), "say where the figure comes from");
    }
    match (limit.segments.is_empty(), limit.axis) {
        (true, None) => {
            if let Some(what) = bounds(limit.lower, limit.upper, limit.guard) {
                add(what, "give upper, lower or both, finite, lower below upper");
            }
        }
        (true, Some(_)) => add("an axis without a segment".into(), "add a [[limit.segment]], or leave axis out"),
        (false, None) => add("segments without an axis".into(), "axis is absolute, offset or edge"),
        (false, Some(axis)) => line(limit, axis, &mut add),
    }
    if let Some(what) = limit.either.as_ref().and_then(either) {
        add(what, "give upper, lower or both, finite, lower below upper");
    }
    found
}

fn line(limit: &Limit, axis: Axis, add: &mut impl FnMut(String, &str)) {
    if limit.upper.is_some() || limit.lower.is_some() {
        add("both a bound and a line".into(), "leave out upper and lower, or the segments");
    }
    if !(limit.guard.is_finite() && limit.guard >= 0.0) {
        add("the guard band is not a usable number".into(), "give it in dB, not negative");
    }
    for what in limit.segments.iter().filter_map(super::Segment::fault) {
        add(what, "to_hz is not below from_hz, bandwidth_hz is above zero, all are finite");
    }
    if limit.segments.windows(2).any(|w| matches!(w, [a, b] if b.from_hz < a.to_hz)) {
        add("segments overlap or are out of order".into(), "sort them by from_hz; one may begin where another ends");
    }
    let wants = match limit.measurement.as_str() {
        "channel" => axis != Axis::Edge,
        _ => axis == Axis::Edge,
    };
    if wants {
        add("the axis does not suit the measurement".into(), "channel takes edge, the others absolute or offset");
    }
}

fn either(other: &Alternative) -> Option<String> {
    bounds(other.lower, other.upper, other.guard).map(|what| format!("in its alternative {what}"))
}

fn bounds(lower: Option<f64>, upper: Option<f64>, guard: f64) -> Option<String> {
    let finite = |v: Option<f64>| v.is_none_or(f64::is_finite);
    if lower.is_none() && upper.is_none() {
        return Some("neither upper nor lower is given".into());
    }
    if !finite(upper) || !finite(lower) || !guard.is_finite() || guard < 0.0 {
        return Some("a bound or the guard band is not a usable number".into());
    }
    match (lower, upper) {
        (Some(lower), Some(upper)) if lower >= upper => Some(format!("lower {lower} is not below upper {upper}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[pack]\nid='x'\nversion='1'\ntitle='t'\nsource='s'\nauthor='a'\nvalid_from='2026-01-01'\n";

    fn of(body: &str) -> Vec<(Option<usize>, String)> {
        problems(&format!("{HEAD}{body}")).into_iter().map(|p| (p.line, p.what)).collect()
    }

    #[test]
    fn every_fault_is_said_with_its_line() {
        let common = "clause='c'\nseverity='major'\nunit='V'\nconfidence='S'\n";
        let good = format!("[[limit]]\nid='a'\nmeasurement='ripple'\nreading='vpp'\nupper=1.0\n{common}");
        assert!(of(&good).is_empty());
        let bad =
            good.replace("id='a'", "id='b'").replace("upper=1.0", "lower=2.0\nupper=1.0").replace("ripple", "rip");
        let found = of(&format!("{good}{bad}{good}"));
        let lines: Vec<Option<usize>> = found.iter().map(|f| f.0).collect();
        assert_eq!(lines, [Some(17), Some(17), Some(27)], "{found:?}");
        assert!(found[0].1.contains("no measurement 'rip'") && found[1].1.contains("lower 2 is not below upper 1"));
        assert!(found[2].1.contains("twice"));
    }

    #[test]
    fn heads_and_lines_are_looked_at() {
        let text = HEAD.replace("2026-01-01", "2026-13-01") + "valid_until='soon'\n";
        let what: Vec<String> = problems(&text).into_iter().map(|p| p.what).collect();
        assert!(what.iter().any(|w| w.contains("2026-13-01")) && what.iter().any(|w| w.contains("soon")), "{what:?}");
        assert!(what.iter().any(|w| w.contains("no limit")));
        let line = "[[limit]]\nid='a'\nmeasurement='emissions'\nreading='emission'\nunit='dBm'\nclause='c'\n\
                    confidence='S'\nseverity='major'\naxis='absolute'\n";
        let segment = |a: f64, b: f64| {
            format!("[[limit.segment]]\nfrom_hz={a:?}\nto_hz={b:?}\nbandwidth_hz=1e3\nstart_db=0.0\nstop_db=0.0\n")
        };
        assert!(of(&format!("{line}{}{}", segment(0.0, 1e6), segment(1e6, 2e6))).is_empty());
        let crossed = of(&format!("{line}{}{}", segment(0.0, 1e6), segment(5e5, 2e6)));
        assert!(crossed[0].1.contains("overlap"), "{crossed:?}");
        assert!(of(&format!("{line}{}", segment(2.0, 1.0)))[0].1.contains("makes no sense"));
        assert!(of(line)[0].1.contains("axis without a segment"));
    }
}
