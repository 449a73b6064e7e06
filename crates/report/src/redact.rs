//! Redaction: what a report is not to name, replaced by the same placeholder wherever it stands.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::Value;

use crate::case_view::text_of;
use crate::words::{Lang, fill};

/// What is to be left out of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// The customer, whom to call, and everybody who did something.
    Names,
    /// Serial numbers and tags, of the equipment and of parts.
    Serials,
    /// The place.
    Site,
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "names" => Ok(Self::Names),
            "serials" => Ok(Self::Serials),
            "site" => Ok(Self::Site),
            other => Err(format!("'{other}' cannot be redacted by kind; choose from names serials site")),
        }
    }
}

/// Finds secrets in texts, however they are spelt: in any case, with spaces, dashes or nothing between their parts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Redaction {
    /// The longest first, so that a name within a longer one does not break it up.
    patterns: Vec<Pattern>,
}

impl Redaction {
    /// What a case (as in `case show --json`) holds of `wanted`; `people` and `serials` are names and numbers that its JSON does not hold in
    /// fields of their own, `texts` whatever else is not to be named.
    #[must_use]
    pub fn of(
        case: &Value,
        wanted: &[Secret],
        people: &[String],
        serials: &[String],
        texts: &[String],
        lang: Lang,
    ) -> Self {
        let mut found = Found { lang, ..Found::default() };
        if wanted.contains(&Secret::Names) {
            found.names(case, people);
        }
        if wanted.contains(&Secret::Serials) {
            found.serials(case, serials);
        }
        if wanted.contains(&Secret::Site) {
            found.one(&text_of(&case["site"]), "redacted.site");
        }
        for text in texts {
            found.counted(text, "redacted.text");
        }
        found.patterns.sort_by_key(|p| std::cmp::Reverse(p.letters.len()));
        Self { patterns: found.patterns }
    }

    /// Whether there is nothing to leave out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The text with placeholders.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            let hit = self.patterns.iter().find_map(|p| p.ends(&chars, at).map(|end| (p, end)));
            if let Some((pattern, end)) = hit {
                out.push_str(&pattern.placeholder);
                at = end;
            } else {
                out.push(*c);
                at += 1;
            }
        }
        out
    }
}

/// Patterns under way.
#[derive(Default)]
struct Found {
    lang: Lang,
    patterns: Vec<Pattern>,
    seen: BTreeSet<String>,
    counts: std::collections::BTreeMap<&'static str, usize>,
}

impl Found {
    fn names(&mut self, case: &Value, people: &[String]) {
        self.one(&text_of(&case["customer"]), "redacted.customer");
        let listed = |field: &str| case[field].as_array().into_iter().flatten().map(|e| text_of(&e["actor"]));
        let mut all = vec![text_of(&case["assignee"]), text_of(&case["closure"]["confirmed_by"])];
        all.extend(people.iter().cloned());
        all.extend(["actions", "timeline", "checklists"].into_iter().flat_map(listed));
        // "Li Wei, +86 10 1234": the number says who it is as well as the name does.
        all.extend(
            text_of(&case["contact"]).split([',', ';', '/', '(', ')', '，', '；', '（', '）']).map(str::to_owned),
        );
        // Whoever has no name is an engineer.
        for person in all.iter().map(|p| p.trim()).filter(|p| *p != "engineer") {
            self.person(person);
        }
    }

    fn serials(&mut self, case: &Value, others: &[String]) {
        let equipment = ["serial", "tag"].map(|field| text_of(&case["equipment"][field]));
        let parts = case["actions"].as_array().into_iter().flatten().map(|a| &a["part"]);
        let parts = parts.flat_map(|p| ["old_serial", "new_serial"].map(|field| text_of(&p[field])));
        for serial in equipment.into_iter().chain(parts).chain(others.iter().cloned()) {
            self.counted(&serial, "redacted.serial");
        }
    }

    /// A person, and each name of theirs alone where it is written as a name.
    fn person(&mut self, name: &str) {
        let Some(placeholder) = self.counted(name, "redacted.person") else { return };
        let words: Vec<&str> = name.split_whitespace().collect();
        for word in words.iter().filter(|w| words.len() > 1 && w.chars().count() > 2) {
            self.patterns.extend(Pattern::new(word, &placeholder, true));
        }
    }

    fn counted(&mut self, text: &str, key: &'static str) -> Option<String> {
        if !self.is_new(text) {
            return None;
        }
        let count = self.counts.entry(key).or_default();
        *count += 1;
        let placeholder = fill(self.lang, key, &[("number", &count.to_string())]);
        self.patterns.extend(Pattern::new(text, &placeholder, false));
        Some(placeholder)
    }

    fn one(&mut self, text: &str, key: &'static str) {
        if self.is_new(text) {
            self.patterns.extend(Pattern::new(text, &fill(self.lang, key, &[]), false));
        }
    }

    fn is_new(&mut self, text: &str) -> bool {
        text.chars().any(char::is_alphanumeric) && self.seen.insert(text.trim().to_lowercase())
    }
}

/// One secret.
#[derive(Debug, Clone, PartialEq)]
struct Pattern {
    /// Its letters and digits; `true` where others may stand before.
    letters: Vec<(char, bool)>,
    placeholder: String,
    /// Counts only as a word of its own, written in the same case.
    strict: bool,
}

impl Pattern {
    /// Short ones are words of their own too: "Li" is no part of "limit". Chinese has no such words.
    fn new(text: &str, placeholder: &str, strict: bool) -> Option<Self> {
        const SHORT: usize = 3;
        let mut letters: Vec<(char, bool)> = Vec::new();
        let mut gap = false;
        for c in text.chars() {
            if !c.is_alphanumeric() {
                gap = true;
                continue;
            }
            let turn = letters.last().is_some_and(|(last, _)| last.is_ascii_digit() != c.is_ascii_digit());
            let folded = if strict { c } else { lower(c) };
            letters.push((folded, !letters.is_empty() && (gap || turn)));
            gap = false;
        }
        let short = letters.len() <= SHORT && letters.iter().all(|(c, _)| c.is_ascii());
        let (placeholder, word) = (placeholder.to_owned(), strict || short);
        (!letters.is_empty()).then_some(Self { letters, placeholder, strict: word })
    }

    /// Where it ends, if it stands at `at`.
    fn ends(&self, text: &[char], at: usize) -> Option<usize> {
        const WIDEST_GAP: usize = 3;
        let within = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
        if self.strict && at > 0 && within(text.get(at - 1)) {
            return None;
        }
        let mut place = at;
        for (letter, gap) in &self.letters {
            let last = place + if *gap { WIDEST_GAP } else { 0 };
            while place < last && text.get(place).is_some_and(|c| !c.is_alphanumeric()) {
                place += 1;
            }
            let c = *text.get(place)?;
            if c != *letter && (self.cased() || lower(c) != *letter) {
                return None;
            }
            place += 1;
        }
        (!self.strict || !within(text.get(place))).then_some(place)
    }

    /// A single name of a person keeps its case: "Field" is one, "field" is not.
    fn cased(&self) -> bool {
        self.strict && self.letters.iter().any(|(c, _)| c.is_uppercase())
    }
}

/// One letter for one letter, so that places in the text stay what they are.
fn lower(c: char) -> char {
    let mut all = c.to_lowercase();
    match (all.next(), all.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case() -> Value {
        json!({"customer": "Northern Rail", "site": "Hill 17", "contact": "Li Wei, +86 10 555",
               "equipment": {"serial": "SN 4711", "tag": "H17-3"}, "assignee": "Anna Field",
               "timeline": [{"actor": "desk"}, {"actor": "Anna Field"}],
               "actions": [{"actor": "Jo", "part": {"old_serial": "R1", "new_serial": "R2"}}]})
    }

    fn all() -> Redaction {
        let wanted = [Secret::Names, Secret::Serials, Secret::Site];
        Redaction::of(&case(), &wanted, &["Zhang San".into()], &[], &["Project X".into()], Lang::En)
    }

    #[test]
    fn every_spelling_is_found_and_gets_the_same_placeholder() {
        let r = all();
        for text in ["Northern Rail", "northern-rail", "NORTHERN_RAIL", "NorthernRail"] {
            assert_eq!(r.apply(&format!("at {text}.wav")), "at [customer].wav");
        }
        for text in ["SN 4711", "sn4711", "SN-4711"] {
            assert_eq!(r.apply(&format!("{text}-before")), "[serial 1]-before", "{text}");
        }
        assert_eq!(r.apply("hill_17 and Hill 17"), "[site] and [site]");
        assert_eq!(r.apply("Anna Field, Anna, Field"), r.apply("anna field, Anna, Field"));
        assert_eq!(r.apply("project-x"), "[redacted 1]");
        assert!(!r.apply("Zhang said so").contains("Zhang"));
        assert!(!r.apply("call +86-10-555").contains("555"));
    }

    #[test]
    fn words_that_only_contain_a_short_secret_stay() {
        let r = all();
        assert_eq!(
            r.apply("field strength, limit, JOB, R10, Rail ripple"),
            "field strength, limit, JOB, R10, Rail ripple"
        );
        assert_ne!(r.apply("R1 out, R2 in"), "R1 out, R2 in");
    }

    #[test]
    fn only_what_was_asked_for_is_left_out() {
        let r = Redaction::of(&case(), &[Secret::Site], &[], &[], &[], Lang::En);
        assert_eq!(r.apply("Northern Rail, Hill 17, SN 4711"), "Northern Rail, [site], SN 4711");
        assert!(Redaction::of(&case(), &[], &[], &[], &[], Lang::En).is_empty());
        assert!("colour".parse::<Secret>().is_err());
    }

    #[test]
    fn a_role_is_no_name() {
        let case = json!({"timeline": [{"actor": "engineer"}]});
        assert!(Redaction::of(&case, &[Secret::Names], &[], &[], &[], Lang::En).is_empty());
    }

    #[test]
    fn chinese_names_need_no_space_around_them() {
        let case = json!({"customer": "北方铁路", "assignee": "李伟"});
        let r = Redaction::of(&case, &[Secret::Names], &[], &[], &[], Lang::ZhCn);
        assert_eq!(r.apply("由李伟在北方铁路处理"), "由［人员 1］在［客户］处理");
    }
}
