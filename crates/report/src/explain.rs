//! What a name means, in words: the topics of the diagnosis under headings, in two languages.

mod condition;
#[cfg(test)]
mod tests;

use faultscope_diagnose::cause::{CauseKind, Class, Rule};
use faultscope_diagnose::knowledge::{self, Manual, ReadingDoc, Topic};
use faultscope_diagnose::limit::Segment;
use faultscope_diagnose::{Limit, LimitSet, PackError, RuleSet};
use serde::{Deserialize, Serialize};

use crate::format::{compact, frequency};
use crate::words::{self, Lang, fill, find_or, word};

/// One heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExplainedSection {
    /// Machine-readable name of the heading: `measures`, `can_mean`, `confirm`, `reference`, `evidence` ...
    pub name: String,
    /// The heading in the language asked for.
    pub heading: String,
    /// The text in the language asked for, Markdown.
    pub text: String,
}

/// One thing, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Explained {
    /// `measurement`, `reading`, `cause`, `class`, `pack` or `limit`.
    pub kind: String,
    /// Its id: `ripple`, `ripple.vpp`, `R01`, `reservoir`, `dc-48v`, `dc-48v#vpp`.
    pub id: String,
    /// Its name in the language asked for.
    pub title: String,
    /// What there is to say, heading by heading.
    pub sections: Vec<ExplainedSection>,
}

impl Explained {
    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let title = if self.title.is_empty() { String::new() } else { format!(": {}", self.title) };
        let sections = self.sections.iter().map(|s| format!("\n## {}\n{}\n", s.heading, s.text));
        format!("# {}{title}\n{}", self.id, sections.collect::<String>())
    }
}

/// Explains a topic.
///
/// # Errors
/// When what ships with the program cannot be read, which a test keeps from happening.
pub fn explain(topic: &Topic<'_>, rules: &RuleSet, lang: Lang) -> Result<Explained, PackError> {
    let page = Page { lang, sections: Vec::new() };
    Ok(match topic {
        Topic::Measurement(manual) => page.measurement(manual),
        Topic::Reading(manual, doc) => page.reading(manual, doc, rules)?,
        Topic::Cause(rule) => page.cause(rule, rules),
        Topic::Class(class) => page.class(class, rules),
        Topic::Pack(pack) => page.pack(pack),
        Topic::Limit(pack, limit) => page.limit(pack, limit),
    })
}

struct Page {
    lang: Lang,
    sections: Vec<ExplainedSection>,
}

impl Page {
    /// A section; nothing where there is nothing to say.
    fn add(&mut self, name: &str, text: impl Into<String>) {
        let text: String = text.into();
        let text = text.trim_end().to_owned();
        if !text.trim().is_empty() {
            let heading = word(self.lang, &format!("explain.{name}")).to_owned();
            self.sections.push(ExplainedSection { name: name.to_owned(), heading, text });
        }
    }

    fn end(self, kind: &str, id: impl Into<String>, title: impl Into<String>) -> Explained {
        Explained { kind: kind.to_owned(), id: id.into(), title: title.into(), sections: self.sections }
    }

    fn measurement(mut self, manual: &Manual) -> Explained {
        let tag = self.lang.tag();
        let overview = manual.overview(tag);
        let each = |r: &ReadingDoc| format!("- `{}`: {}", r.id, knowledge::words(&r.what, tag));
        let readings: Vec<String> = manual.readings.iter().map(each).collect();
        self.add("measures", overview.measures);
        // The English overview names the readings itself.
        if self.lang != Lang::En || overview.confirm.is_empty() {
            self.add("readings", readings.join("\n"));
        }
        self.add("can_mean", overview.can_mean);
        self.add("confirm", overview.confirm);
        self.add("reference", overview.reference);
        let title = words::measurement(self.lang, &manual.measurement);
        self.end("measurement", &manual.measurement, title)
    }

    fn reading(mut self, manual: &Manual, doc: &ReadingDoc, rules: &RuleSet) -> Result<Explained, PackError> {
        let tag = self.lang.tag();
        self.add("measures", knowledge::words(&doc.what, tag));
        if let Some(group) = manual.group_of(doc) {
            self.add("can_mean", knowledge::words(&group.can_mean, tag));
            self.add("confirm", knowledge::words(&group.confirm, tag));
            self.add("reference", knowledge::words(&group.reference, tag));
        }
        let causes = knowledge::causes_of(&manual.measurement, &doc.id, rules);
        self.add("causes", lines(causes.map(|rule| format!("{}: {}", rule.id, rule.words(tag).cause))));
        let limits = knowledge::limits_on(&manual.measurement, &doc.id)?;
        self.add("limits", limits.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", "));
        let id = format!("{}.{}", manual.measurement, doc.id);
        let title = words::reading(self.lang, &doc.id);
        // Signs for the diagnosis have no name for people.
        let title = if title == doc.id.replace('_', " ") { String::new() } else { title };
        Ok(self.end("reading", id, title))
    }

    fn cause(mut self, rule: &Rule, rules: &RuleSet) -> Explained {
        let (lang, tag) = (self.lang, self.lang.tag());
        let text = rule.words(tag);
        self.add("what", format!("{} ({})", text.cause, kind(rule.kind, lang)));
        self.add("measured_by", words::measurement(lang, &rule.measurement));
        self.add("discriminator", text.discriminator);
        self.add("required", lines(rule.require.iter().map(|c| condition::sentence(c, rule, lang))));
        self.add("evidence", lines(rule.evidence.iter().map(|c| condition::weighed(c, rule, lang))));
        self.add("excluded", lines(rule.exclude.iter().map(|c| condition::sentence(c, rule, lang))));
        self.add("explains", rule.explains.iter().map(|id| words::reading(lang, id)).collect::<Vec<_>>().join(", "));
        self.add("rules_out", text.rules_out);
        self.add("next_check", text.next_check);
        self.add("suspect_part", text.suspect_part);
        if let Some(class) = rules.class_of(&rule.id) {
            let others = class.members.iter().filter(|m| **m != rule.id);
            self.add("alike", lines(others.map(|id| named(id, rules, tag))));
            self.add("tell_apart", class.words(tag).tell_apart);
        }
        self.add("basis", find_or(lang, "basis", &rule.basis));
        self.add("reference", rule.source.as_str());
        self.end("cause", &rule.id, text.cause)
    }

    fn class(mut self, class: &Class, rules: &RuleSet) -> Explained {
        let tag = self.lang.tag();
        let text = class.words(tag);
        self.add("members", lines(class.members.iter().map(|id| named(id, rules, tag))));
        self.add("what", text.because);
        self.add("tell_apart", text.tell_apart);
        self.end("class", &class.id, "")
    }

    fn about(&mut self, pack: &LimitSet) {
        let head = &pack.pack;
        let unsaid = word(self.lang, "explain.not_stated");
        let stated = |text: &str| if text.is_empty() { unsaid.to_owned() } else { text.to_owned() };
        self.add("region", stated(&head.region));
        self.add("equipment", stated(&head.equipment));
        let key = if head.valid_until.is_some() { "explain.from_until" } else { "explain.from" };
        let until = head.valid_until.as_deref().unwrap_or_default();
        self.add("validity", fill(self.lang, key, &[("from", &head.valid_from), ("until", until)]));
    }

    fn pack(mut self, pack: &LimitSet) -> Explained {
        let (head, lang) = (&pack.pack, self.lang);
        self.add("what", format!("{} {}", head.title, head.version));
        self.about(pack);
        self.add("confidence", head.confidence.as_str());
        let row = |l: &Limit| {
            let state = if l.enabled { String::new() } else { format!(", {}", word(lang, "explain.disabled")) };
            format!(
                "`{}#{}`: {} {} [{}]{state}",
                head.id,
                l.id,
                words::reading(lang, &l.reading),
                value(l, lang),
                l.confidence
            )
        };
        self.add("limits", lines(pack.limits.iter().map(row)));
        self.add("author", head.author.as_str());
        self.add("reference", head.source.as_str());
        self.end("pack", &head.id, &head.title)
    }

    fn limit(mut self, pack: &LimitSet, limit: &Limit) -> Explained {
        let lang = self.lang;
        let subject = format!("{} (`{}.{}`)", words::reading(lang, &limit.reading), limit.measurement, limit.reading);
        self.add("what", subject);
        self.add("value", value(limit, lang));
        if limit.guard > 0.0 {
            self.add("guard", compact(limit.guard, limit.unit.difference()));
        }
        self.add("lines", lines(limit.segments.iter().map(|s| segment(s, limit, lang))));
        if let Some(other) = limit.alternative() {
            self.add("or", format!("{} {}", words::reading(lang, &other.reading), value(&other, lang)));
        }
        self.add("bandwidth", limit.needs_bandwidth_hz.map(frequency).unwrap_or_default());
        self.add("clause", limit.clause.as_str());
        self.about(pack);
        let mark = find_or(lang, "report", &format!("confidence_{}", limit.confidence));
        let state = if limit.enabled { String::new() } else { format!("; {}", word(lang, "explain.disabled")) };
        self.add("confidence", format!("{}: {mark}{state}", limit.confidence));
        self.add("severity", words::severity(lang, limit.severity));
        self.add("note", limit.note.as_str());
        let head = &pack.pack;
        self.add("reference", format!("{} {}: {}", head.id, head.version, head.source));
        let title = format!("{}, {}", words::reading(lang, &limit.reading), head.title);
        self.end("limit", format!("{}#{}", head.id, limit.id), title)
    }
}

/// One line each, as a Markdown list.
fn lines(all: impl Iterator<Item = String>) -> String {
    all.map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

fn named(id: &str, rules: &RuleSet, tag: &str) -> String {
    let rule = rules.rules.iter().find(|r| r.id == id);
    rule.map_or_else(|| id.to_owned(), |r| format!("{id}: {}", r.words(tag).cause))
}

/// What a cause is about, in words.
fn kind(kind: CauseKind, lang: Lang) -> &'static str {
    word(
        lang,
        match kind {
            CauseKind::SetUp => "kind.set_up",
            CauseKind::Unit => "kind.unit",
            CauseKind::Measurement => "kind.measurement",
            CauseKind::Normal => "kind.normal",
        },
    )
}

/// The bounds of a limit.
fn value(limit: &Limit, lang: Lang) -> String {
    let bound = |key: &str, v: Option<f64>| v.map(|v| fill(lang, key, &[("value", &compact(v, limit.unit))]));
    let bounds = [bound("explain.at_least", limit.lower), bound("explain.at_most", limit.upper)];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    if limit.segments.is_empty() { bounds.join(", ") } else { word(lang, "explain.a_line").to_owned() }
}

/// `9 kHz .. 150 kHz: -36 dBm in 1 kHz`.
fn segment(s: &Segment, limit: &Limit, lang: Lang) -> String {
    let level = |v: f64| compact(v, limit.unit);
    let slope = if s.start_db == s.stop_db { String::new() } else { format!(" .. {}", level(s.stop_db)) };
    let (from, to) = (frequency(s.from_hz), frequency(s.to_hz));
    let band = fill(lang, "explain.in_bandwidth", &[("value", &frequency(s.bandwidth_hz))]);
    format!("{from} .. {to}: {}{slope} {band}", level(s.start_db))
}
