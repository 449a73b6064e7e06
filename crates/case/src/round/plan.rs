//! Round plans: TOML that says which points are looked at, how often, and what is measured there.

use faultscope_diagnose::cause::ByLanguage;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Interval;
use crate::canonical;
use crate::clock::{self, Priority};

/// Most points of a plan.
const MOST_POINTS: usize = 10_000;
/// Longest tag.
const LONGEST_TAG: usize = 64;
/// The plans that ship with the program.
static BUILT_IN: [(&str, &str); 1] = [("base-station", include_str!("../../rounds/base-station.toml"))];

/// Why a round plan was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct RoundError {
    /// What is wrong, in which file and field.
    pub what: String,
    /// What would be right.
    pub hint: String,
}

/// Who says so, since when, by which clock on the wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundInfo {
    /// Id: small letters, digits and dashes. What was found is kept under it, whatever the version.
    pub id: String,
    /// Version; a changed plan takes a new one.
    pub version: String,
    /// One line.
    pub title: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
    /// The day on which points that were never inspected fall due, `YYYY-MM-DD`.
    pub start: String,
    /// Zone of the IANA database whose dates count.
    #[serde(default = "utc")]
    pub zone: String,
    /// The title in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<String>,
}

fn utc() -> String {
    "UTC".into()
}

/// One point: what is inspected, how often, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// What its tag says: the code of its RFID or bar-code label.
    pub tag: String,
    /// One line.
    pub title: String,
    /// Whose equipment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub customer: String,
    /// Where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Kind of equipment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub equipment: String,
    /// Maker's model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Serial number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub serial: String,
    /// From one inspection to the day on which the next is due.
    pub interval: Interval,
    /// How long after that day it is not yet overdue.
    #[serde(default)]
    pub grace: Interval,
    /// The check plan that measures it, by name or path; or else a measurement with limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurement: Option<String>,
    /// Its limit packs, `pack` or `pack#limit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// How urgent a case is that a failure here raises.
    #[serde(default = "impaired")]
    pub priority: Priority,
    /// What to do there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// Its words in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<PointText>,
}

const fn impaired() -> Priority {
    Priority::P3
}

/// The words of a point in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointText {
    /// One line.
    pub title: String,
    /// What to do there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
}

impl Point {
    /// Its words in a language; those of the file's own where it has no others.
    #[must_use]
    pub fn words(&self, language: &str) -> PointText {
        let own = || PointText { title: self.title.clone(), instructions: self.instructions.clone() };
        self.text.get(language).cloned().unwrap_or_else(own)
    }
}

/// A round plan that holds together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundPlan {
    /// Head.
    pub round: RoundInfo,
    /// The points, in the order in which they are walked.
    #[serde(rename = "point")]
    pub points: Vec<Point>,
    /// SHA-256 of the file.
    #[serde(skip)]
    pub sha256: String,
}

impl RoundPlan {
    /// Ids of the plans that ship with the program.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(id, _)| *id)
    }

    /// A plan that ships with the program.
    ///
    /// # Errors
    /// When there is no such plan.
    pub fn built_in(id: &str) -> Result<Self, RoundError> {
        let ids = Self::built_in_ids().collect::<Vec<_>>().join(", ");
        let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id).ok_or_else(|| RoundError {
            what: format!("there is no round plan '{id}'"),
            hint: format!("the path of a .toml file, or a pattern that ships with the program: {ids}"),
        })?;
        Self::parse(text, id)
    }

    /// A plan from TOML text; `name` is for messages.
    ///
    /// # Errors
    /// When the text is not TOML, a field is missing, unknown or senseless; the message names file and field.
    pub fn parse(text: &str, name: &str) -> Result<Self, RoundError> {
        let mut plan: Self = toml::from_str(text).map_err(|e| {
            let line = e.span().and_then(|s| text.get(..s.start)).map(|b| b.matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |n| format!("see line {n}; "));
            RoundError {
                what: format!("the round plan {name} is not valid: {}", e.message().trim()),
                hint: format!(
                    "{place}a plan has [round] (id, version, title, author, start, zone) and [[point]] (tag, title, customer, site, \
                     equipment, model, serial, interval, grace, check, or measurement and limits, priority, instructions)"
                ),
            }
        })?;
        plan.sha256 = canonical::sha256(text.as_bytes());
        plan.check().map_err(|(at, what, hint)| {
            let line = text.lines().position(|l| !at.is_empty() && l.contains(&at));
            let place = line.map_or_else(String::new, |n| format!("see line {}: ", n + 1));
            RoundError { what: format!("the round plan {name} is not valid: {what}"), hint: format!("{place}{hint}") }
        })?;
        Ok(plan)
    }

    /// The point of a tag, in whatever case it was read.
    #[must_use]
    pub fn point(&self, tag: &str) -> Option<&Point> {
        self.points.iter().find(|p| same_tag(&p.tag, tag))
    }

    /// The title in a language.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        self.round.text.get(language).unwrap_or(&self.round.title)
    }

    /// Its zone and the day on which it begins; both were read before.
    pub(crate) fn calendar(&self) -> (TimeZone, Date) {
        (clock::zone(&self.round.zone).unwrap_or(TimeZone::UTC), self.round.start.parse().unwrap_or(Date::MIN))
    }

    /// What is wrong: text to find the line by, the fault, and what would be right.
    fn check(&self) -> Result<(), (String, String, String)> {
        let fault = |at: &str, what: String, hint: &str| Err((at.to_owned(), what, hint.to_owned()));
        let head = &self.round;
        if !is_id(&head.id) {
            return fault("id", format!("`id` is '{}'", head.id), "an id has small letters, digits and dashes");
        }
        if head.title.trim().is_empty() || head.version.trim().is_empty() {
            return fault("[round]", "`title` or `version` is empty".into(), "say in one line what the round is");
        }
        if head.start.parse::<Date>().is_err() || head.start.len() != 10 {
            return fault("start", format!("`start` is '{}'", head.start), "a date is YYYY-MM-DD");
        }
        if let Err(why) = clock::zone(&head.zone) {
            return fault("zone", format!("`zone`: {why}"), "leave it out for UTC");
        }
        if self.points.is_empty() {
            return fault("", "it has no points".into(), "add [[point]] with tag, title, interval and what to measure");
        }
        if self.points.len() > MOST_POINTS {
            let what = format!("it has {} points", self.points.len());
            return fault("", what, "a plan has at most 10000; make several plans of it");
        }
        let mut tags = std::collections::BTreeSet::new();
        for point in &self.points {
            point.check().map_err(|(what, hint)| (point.tag.clone(), what, hint))?;
            if !tags.insert(point.tag.to_lowercase()) {
                return fault(&point.tag, format!("the point '{}' is there twice", point.tag), "tags are unique");
            }
        }
        Ok(())
    }
}

impl Point {
    fn check(&self) -> Result<(), (String, String)> {
        let tag = &self.tag;
        let fault = |what: String, hint: &str| Err((what, hint.to_owned()));
        if tag.is_empty() || tag.len() > LONGEST_TAG || tag.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let short: String = tag.chars().take(LONGEST_TAG).map(|c| if c.is_control() { ' ' } else { c }).collect();
            return fault(format!("`tag` of a point is '{short}'"), "a tag is one word of at most 64 characters");
        }
        if self.title.trim().is_empty() {
            return fault(format!("point '{tag}': `title` is empty"), "say in one line what is looked at");
        }
        if self.interval.is_zero() {
            return fault(format!("point '{tag}': `interval` has no length"), "30d, 2 weeks, 12 months");
        }
        match (&self.check, &self.measurement) {
            (None, None) => {
                let what = format!("point '{tag}': nothing says what to measure");
                return fault(what, "add `check` (a check plan), or `measurement` and `limits`");
            }
            (Some(_), Some(_)) => {
                let what = format!("point '{tag}': `check` and `measurement` are both there");
                return fault(what, "leave one of them out");
            }
            (Some(_), None) if !self.limits.is_empty() => {
                return fault(format!("point '{tag}': `limits` beside `check`"), "the check plan names its own limits");
            }
            (None, Some(_)) if self.limits.is_empty() => {
                let what = format!("point '{tag}': `limits` is empty, so nothing could pass or fail");
                return fault(what, "name the limit packs; faultscope limits list shows those that ship");
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether two readings of a label are the same tag.
pub(crate) fn same_tag(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.trim().to_lowercase()
}

/// Ids are written on command lines and are names of files.
fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_TAG
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[round]\nid='north'\nversion='1'\ntitle='t'\nstart='2026-01-01'\n";
    const POINT: &str =
        "[[point]]\ntag='P-1'\ntitle='rail'\ninterval='3 months'\nmeasurement='ripple'\nlimits=['dc-48v']\n";

    #[test]
    fn shipped_plans_are_valid_and_speak_chinese() {
        for id in RoundPlan::built_in_ids() {
            let plan = RoundPlan::built_in(id).unwrap();
            assert_eq!(plan.round.id, id);
            assert!(!plan.title("zh-CN").is_ascii() && plan.title("en").is_ascii(), "{id}");
            for point in &plan.points {
                let (en, zh) = (point.words("en"), point.words("zh-CN"));
                assert!(en.title.is_ascii() && !zh.title.is_ascii(), "{}", point.tag);
                assert!(en.instructions.is_ascii() && !zh.instructions.is_ascii(), "{}", point.tag);
            }
        }
        assert!(RoundPlan::built_in("no-such").unwrap_err().hint.contains("base-station"));
    }

    #[test]
    fn a_plan_says_in_which_field_it_is_wrong() {
        let plan = RoundPlan::parse(&format!("{HEAD}{POINT}"), "own").unwrap();
        assert_eq!(plan.point(" p-1").map(|p| p.interval), Some(Interval::Months(3)));
        assert_eq!((plan.round.zone.as_str(), plan.points[0].priority), ("UTC", Priority::P3));
        let with = |from: &str, to: &str| format!("{HEAD}{POINT}").replace(from, to);
        for (text, what, hint) in [
            (with("id='north'", "id='North 1'"), "`id`", "line 2"),
            (with("2026-01-01", "2026-02-30"), "`start`", "line 5"),
            (with("2026-01-01", "soon"), "`start`", "YYYY-MM-DD"),
            (with("title='t'", "title=' '"), "`title`", "line 1"),
            (format!("{HEAD}zone='Mars/Base'\n{POINT}"), "Mars/Base", "line 6"),
            (with("3 months", "3 moons"), "3 moons", "line 9"),
            (with("3 months", "0d"), "'P-1': `interval`", "line 7"),
            (with("'P-1'", "'P 1'"), "`tag`", "one word"),
            (with("'rail'", "''"), "'P-1': `title`", "line 7"),
            (with("limits=['dc-48v']", ""), "'P-1': `limits`", "limit packs"),
            (with("measurement='ripple'\nlimits=['dc-48v']", ""), "'P-1': nothing", "`check`"),
            (with("measurement", "check='x'\nmeasurement"), "both", "leave one"),
            (with("measurement='ripple'", "check='x'"), "`limits` beside `check`", "own limits"),
            (with("interval='3 months'\n", ""), "interval", "line 6"),
            (format!("{HEAD}{POINT}colour='red'\n"), "colour", "line 12"),
            (format!("{HEAD}{POINT}{}", POINT.replace("P-1", "p-1")), "'p-1' is there twice", "unique"),
            (format!("point=[]\n{HEAD}"), "no points", "[[point]]"),
            ("[[[".to_owned(), "not valid", "[round]"),
        ] {
            let e = RoundPlan::parse(&text, "own.toml").unwrap_err();
            assert!(e.what.contains("own.toml") && e.what.contains(what) && e.hint.contains(hint), "{text}\n{e:?}");
        }
    }
}
