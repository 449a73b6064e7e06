//! What the program knows, found by name: measurements, readings, causes and their classes, limit packs and their limits.

mod manual;
#[cfg(test)]
mod tests;

use crate::cause::{Class, Condition, Rule, RuleSet};
use crate::limit::{Limit, LimitSet, PackError};
use manual::bare;

pub use manual::{Group, Manual, Overview, ReadingDoc, Text, manuals, words};

/// Something that can be explained.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there are a handful per question, never a list that grows")]
pub enum Topic<'a> {
    /// A measurement as a whole.
    Measurement(&'static Manual),
    /// A reading of a measurement.
    Reading(&'static Manual, &'static ReadingDoc),
    /// A cause: the rule that names it.
    Cause(&'a Rule),
    /// Causes that one capture cannot tell apart.
    Class(&'a Class),
    /// A limit pack.
    Pack(LimitSet),
    /// One limit, and the pack it is in.
    Limit(LimitSet, Limit),
}

/// All that one word names: measurements, readings, causes, classes and packs of that id; limits of that id where it names
/// nothing else, or where the pack is given (`dc-48v#vpp`).
///
/// # Errors
/// When what ships with the program cannot be read, which a test keeps from happening.
pub fn find<'a>(word: &str, rules: &'a RuleSet) -> Result<Vec<Topic<'a>>, PackError> {
    let word = word.trim();
    if let Some((pack, limit)) = word.split_once('#') {
        return Ok(limits_named(limit, Some(pack))?.into_iter().map(|(p, l)| Topic::Limit(p, l)).collect());
    }
    let mut found = Vec::new();
    for manual in manuals()? {
        // `ripple.vpp` is the reading of one measurement, `vpp` that of any.
        let (whole, reading) = match word.split_once('.') {
            Some((measurement, reading)) if measurement.eq_ignore_ascii_case(&manual.measurement) => (false, reading),
            _ => (word.eq_ignore_ascii_case(&manual.measurement), word),
        };
        if whole {
            found.push(Topic::Measurement(manual));
        }
        found.extend(manual.reading(reading).map(|doc| Topic::Reading(manual, doc)));
    }
    found.extend(rules.rules.iter().filter(|r| r.id.eq_ignore_ascii_case(word)).map(Topic::Cause));
    found.extend(rules.classes.iter().filter(|c| c.id.eq_ignore_ascii_case(word)).map(Topic::Class));
    if let Some(id) = LimitSet::built_in_ids().find(|id| id.eq_ignore_ascii_case(word)) {
        found.push(Topic::Pack(LimitSet::built_in(id)?));
    }
    if found.is_empty() {
        found.extend(limits_named(word, None)?.into_iter().map(|(p, l)| Topic::Limit(p, l)));
    }
    Ok(found)
}

fn limits_named(limit: &str, pack: Option<&str>) -> Result<Vec<(LimitSet, Limit)>, PackError> {
    let mut found = Vec::new();
    for id in LimitSet::built_in_ids().filter(|id| pack.is_none_or(|p| id.eq_ignore_ascii_case(p))) {
        let set = LimitSet::built_in(id)?;
        let named: Vec<Limit> = set.limits.iter().filter(|l| l.id.eq_ignore_ascii_case(limit)).cloned().collect();
        found.extend(named.into_iter().map(|l| (set.clone(), l)));
    }
    Ok(found)
}

/// Every name that `find` knows: limits with their pack.
///
/// # Errors
/// As for [`find`].
pub fn names(rules: &RuleSet) -> Result<Vec<String>, PackError> {
    let mut names: Vec<String> = Vec::new();
    for manual in manuals()? {
        names.push(manual.measurement.clone());
        names.extend(manual.readings.iter().map(|r| r.id.clone()));
    }
    names.extend(rules.rules.iter().map(|r| r.id.clone()));
    names.extend(rules.classes.iter().map(|c| c.id.clone()));
    for id in LimitSet::built_in_ids() {
        names.push(id.to_owned());
        names.extend(LimitSet::built_in(id)?.limits.iter().map(|l| format!("{id}#{}", l.id)));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The names nearest to a word, nearest first; none where nothing is near.
///
/// # Errors
/// As for [`find`].
pub fn nearest(word: &str, rules: &RuleSet) -> Result<Vec<String>, PackError> {
    const NEAR: f64 = 0.8;
    const MOST: usize = 5;
    let word = word.trim().to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        // Of `pack#limit` and `measurement.reading` the last part is what people remember.
        let tail = name.rsplit('#').next().unwrap_or(&name);
        let asked = word.rsplit(['#', '.']).next().unwrap_or(&word);
        let near = strsim::jaro_winkler(&name, &word).max(0.98 * strsim::jaro_winkler(tail, asked));
        if asked.len() >= 3 && tail.contains(asked) { near.max(0.9) } else { near }
    };
    let all = names(rules)?.into_iter().map(|name| (likeness(&name), name));
    let mut near: Vec<(f64, String)> = all.filter(|(l, _)| *l >= NEAR).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Ok(near.into_iter().take(MOST).map(|(_, name)| name).collect())
}

/// The causes whose rules look at a reading: required, excluded or as evidence; `line_image` is the spur of that origin.
pub fn causes_of<'a>(measurement: &'a str, reading: &'a str, rules: &'a RuleSet) -> impl Iterator<Item = &'a Rule> {
    let looks = move |rule: &Rule, c: &Condition| {
        let of = c.measurement.as_deref().unwrap_or(&rule.measurement) == measurement;
        let names = [&c.reading, &c.failed].into_iter().flatten().any(|id| id == reading);
        of && (names || c.spur_name().is_some_and(|id| id == reading))
    };
    rules.rules.iter().filter(move |rule| {
        let explains = rule.measurement == measurement && rule.explains.iter().any(|id| id == reading);
        explains || rule.conditions().any(|c| looks(rule, c))
    })
}

/// The shipped limits on a reading, as `pack#limit`.
///
/// # Errors
/// As for [`find`].
pub fn limits_on(measurement: &str, reading: &str) -> Result<Vec<String>, PackError> {
    let mut found = Vec::new();
    for id in LimitSet::built_in_ids() {
        let set = LimitSet::built_in(id)?;
        let on = |l: &&Limit| l.measurement == measurement && bare(&l.reading) == reading;
        found.extend(set.limits.iter().filter(on).map(|l| format!("{id}#{}", l.id)));
    }
    Ok(found)
}
