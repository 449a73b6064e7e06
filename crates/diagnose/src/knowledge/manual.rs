//! The manuals: what every reading is, what it can mean, how to confirm it and the reference, as data in several languages.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::limit::PackError;
use crate::measurement;

/// The same words in several languages, by tag; English is always there.
pub type Text = BTreeMap<String, String>;

/// Words in a language, else in English.
#[must_use]
pub fn words<'a>(text: &'a Text, language: &str) -> &'a str {
    text.get(language).or_else(|| text.get("en")).map_or("", String::as_str)
}

/// A measurement as a whole, under the fixed headings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// What it measures.
    pub measures: String,
    /// What it can mean.
    pub can_mean: String,
    /// How to confirm.
    pub confirm: String,
    /// Reference.
    pub reference: String,
}

/// Readings that mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Id within the manual.
    pub id: String,
    /// What a change of them can mean.
    pub can_mean: Text,
    /// How to confirm.
    pub confirm: Text,
    /// Reference.
    pub reference: Text,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingDoc {
    /// Reading id, without a part in brackets or behind a colon.
    pub id: String,
    /// Its group.
    pub group: String,
    /// What it measures.
    pub what: Text,
}

/// What there is to say about one measurement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// Measurement id; `compare` and `link` for what several captures show together.
    pub measurement: String,
    /// The measurement as a whole in Simplified Chinese.
    #[serde(rename = "zh-CN")]
    pub chinese: Overview,
    /// The same in English, where it is not the doc of a measurement.
    #[serde(rename = "en", default)]
    pub english: Option<Overview>,
    /// Readings that mean the same.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
    /// The readings.
    #[serde(rename = "reading")]
    pub readings: Vec<ReadingDoc>,
}

static FILES: [&str; 9] = [
    include_str!("../../explain/spurs.toml"),
    include_str!("../../explain/ripple.toml"),
    include_str!("../../explain/channel.toml"),
    include_str!("../../explain/modulation.toml"),
    include_str!("../../explain/transition.toml"),
    include_str!("../../explain/phase-noise.toml"),
    include_str!("../../explain/emissions.toml"),
    include_str!("../../explain/compare.toml"),
    include_str!("../../explain/link.toml"),
];

/// Every manual.
///
/// # Errors
/// Never with a released program: a test reads them.
pub fn manuals() -> Result<&'static [Manual], PackError> {
    static READ: OnceLock<Vec<Manual>> = OnceLock::new();
    if let Some(read) = READ.get() {
        return Ok(read);
    }
    let refuse = |e: toml::de::Error| PackError {
        what: format!("a manual of this program is not valid: {}", e.message()),
        hint: "please report this".into(),
    };
    let all = FILES.iter().map(|text| toml::from_str(text).map_err(refuse)).collect::<Result<Vec<_>, _>>()?;
    Ok(READ.get_or_init(|| all))
}

impl Manual {
    /// The group of a reading.
    #[must_use]
    pub fn group_of(&self, reading: &ReadingDoc) -> Option<&Group> {
        self.groups.iter().find(|g| g.id == reading.group)
    }

    /// The reading of an id; a part in brackets or behind a colon (`phase_noise:1k`) does not count.
    #[must_use]
    pub fn reading(&self, id: &str) -> Option<&ReadingDoc> {
        let bare = bare(id);
        self.readings.iter().find(|r| r.id.eq_ignore_ascii_case(bare))
    }

    /// The measurement as a whole, in a language.
    #[must_use]
    pub fn overview(&self, language: &str) -> Overview {
        if language == "zh-CN" {
            return self.chinese.clone();
        }
        let doc = measurement::by_id(&self.measurement).map(|plug| parted(plug.doc()));
        self.english.clone().or(doc).unwrap_or_else(|| self.chinese.clone())
    }
}

/// An id without a part in brackets or behind a colon.
pub(crate) fn bare(id: &str) -> &str {
    id.split([':', '[']).next().unwrap_or(id)
}

/// A measurement's doc under its four fixed headings.
fn parted(doc: &str) -> Overview {
    let mut parts = [String::new(), String::new(), String::new(), String::new()];
    let headings = ["What it measures", "What it can mean", "How to confirm", "Reference"];
    let mut at = None;
    for line in doc.lines() {
        let heading = headings.iter().position(|h| line.trim_start_matches("## ").trim_end() == *h);
        if heading.is_some() {
            at = heading;
        } else if let Some(part) = at.and_then(|k| parts.get_mut(k)) {
            part.push_str(line);
            part.push('\n');
        }
    }
    let [measures, can_mean, confirm, reference] = parts.map(|p| p.trim_matches('\n').to_owned());
    Overview { measures, can_mean, confirm, reference }
}
