//! Words in two languages: English and Simplified Chinese, one table, looked up by key.

mod names;
mod said;
mod summary;
mod table;

pub use names::{
    behaviour, cause, clock, direction, event, gate, gate_state, happened, measurement, origin, reading, resemblance,
    severity, spike_lock, status, unit_name, verdict,
};
pub use said::said;
pub use summary::{place, summary};

use table::WORDS;

/// The languages that reports and tables are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub enum Lang {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
}

/// A language that is not spoken here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no language '{0}'; use en or zh-CN")]
pub struct UnknownLang(String);

impl std::str::FromStr for Lang {
    type Err = UnknownLang;

    /// Takes `en`, `zh-CN` and locale names such as `zh_CN.UTF-8`, `en_GB`, `C` and `POSIX`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.split(['.', '@']).next().unwrap_or_default().replace('_', "-").to_ascii_lowercase();
        match name.split('-').next() {
            Some("en" | "c" | "posix") => Ok(Self::En),
            Some("zh") => Ok(Self::ZhCn),
            _ => Err(UnknownLang(text.to_owned())),
        }
    }
}

impl Lang {
    /// The tag of the language, as in HTML's `lang`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }
}

impl std::fmt::Display for Lang {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.tag())
    }
}

/// The words of a key, if there is such a key.
#[must_use]
pub fn find(lang: Lang, key: &str) -> Option<&'static str> {
    let at = WORDS.binary_search_by(|(k, _, _)| (*k).cmp(key)).ok()?;
    WORDS.get(at).map(|(_, en, zh)| if lang == Lang::En { *en } else { *zh })
}

/// The words of a key; `?` for a key that is not in the table, which a test keeps from happening.
#[must_use]
pub fn word(lang: Lang, key: &str) -> &'static str {
    find(lang, key).unwrap_or("?")
}

/// The words of `prefix.id`; the id itself where the table does not know it.
#[must_use]
pub fn find_or(lang: Lang, prefix: &str, id: &str) -> String {
    find(lang, &format!("{prefix}.{id}")).map_or_else(|| id.to_owned(), str::to_owned)
}

/// The sentence of a key with its `{placeholders}` filled in one pass: braces inside the values stay as they are.
#[must_use]
pub fn fill(lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = word(lang, key);
    while let Some(open) = rest.find('{') {
        let Some(close) = rest.get(open..).and_then(|r| r.find('}')).map(|c| open + c) else { break };
        let name = rest.get(open + 1..close).unwrap_or_default();
        out.push_str(rest.get(..open).unwrap_or_default());
        out.push_str(values.iter().find(|(n, _)| *n == name).map_or("-", |(_, v)| v));
        rest = rest.get(close + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Every character of the table, for tests of fonts.
#[cfg(all(test, feature = "pdf"))]
pub(crate) fn every_character() -> impl Iterator<Item = char> {
    let told = said::SAID.iter().flat_map(|(en, zh)| en.chars().chain(zh.chars()));
    WORDS.iter().flat_map(|(_, en, zh)| en.chars().chain(zh.chars())).chain(told)
}

#[cfg(test)]
mod tests;
