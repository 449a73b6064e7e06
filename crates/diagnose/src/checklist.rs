//! Check lists: what is looked at and tried on site beside the signals, as data; their answers feed the same rules.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::cause::ByLanguage;
use crate::limit::PackError;
use crate::verdict::Verdict;

/// What a rule names as its measurement when it rests on check lists alone.
pub const INSPECTION: &str = "inspection";

/// The lists that ship with the program.
static BUILT_IN: [(&str, &str); 2] = [
    ("base-station-visit", include_str!("../checklists/base-station-visit.toml")),
    ("power-plant", include_str!("../checklists/power-plant.toml")),
];

/// How an item came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Not looked at, or does not apply: says nothing.
    #[default]
    NotDone,
}

impl Answer {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotDone => "not_done",
        }
    }

    /// The verdict it counts as: what was not done never turns anything green.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Pass => Verdict::Pass,
            Self::Fail => Verdict::Fail,
            Self::NotDone => Verdict::NotEvaluated,
        }
    }
}

/// What kind of look an item takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Looked at, felt, read off.
    #[default]
    Inspection,
    /// Seen when the unit is switched on.
    StartUp,
    /// Tried.
    Function,
}

/// Who says so, for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListInfo {
    /// Id: `base-station-visit`.
    pub id: String,
    /// Version of the list.
    pub version: String,
    /// One line.
    pub title: String,
    /// Equipment it is for.
    #[serde(default)]
    pub equipment: String,
    /// Who wrote it.
    pub author: String,
    /// Where it comes from.
    pub source: String,
    /// The title in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Id within the list.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// The heading in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<String>,
}

/// One item: passes where what it says is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Id within the list; rules name it.
    pub id: String,
    /// Id of its section.
    pub section: String,
    /// What kind of look it takes.
    #[serde(default)]
    pub kind: ItemKind,
    /// What is so when it passes.
    pub ask: String,
    /// How to find out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub how: String,
    /// Its words in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<ItemText>,
}

/// The words of an item in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemText {
    /// What is so when it passes.
    pub ask: String,
    /// How to find out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub how: String,
}

/// A check list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckList {
    /// Head.
    pub list: ListInfo,
    /// Its parts, in order.
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
    /// The items, in order.
    #[serde(rename = "item")]
    pub items: Vec<Item>,
}

/// An item with its answer, as a case keeps it: readable without the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckedItem {
    /// Id of the item.
    pub item: String,
    /// What kind of look it took.
    #[serde(default)]
    pub kind: ItemKind,
    /// What is so when it passes.
    pub ask: String,
    /// The same in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<String>,
    /// How it came out.
    pub result: Answer,
    /// What was seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl CheckedItem {
    /// What is so when it passes, in a language.
    #[must_use]
    pub fn words(&self, language: &str) -> &str {
        self.text.get(language).unwrap_or(&self.ask)
    }
}

/// An answered item of a list, for the rules.
#[derive(Debug, Clone, Copy)]
pub struct Inspected<'a> {
    /// Id of the list.
    pub list: &'a str,
    /// The item with its answer.
    pub item: &'a CheckedItem,
}

impl Item {
    /// Its words in a language; those of the file's own language where it has no others.
    #[must_use]
    pub fn words(&self, language: &str) -> ItemText {
        let own = || ItemText { ask: self.ask.clone(), how: self.how.clone() };
        self.text.get(language).cloned().unwrap_or_else(own)
    }

    /// The item answered.
    #[must_use]
    pub fn answered(&self, result: Answer, note: &str) -> CheckedItem {
        CheckedItem {
            item: self.id.clone(),
            kind: self.kind,
            ask: self.ask.clone(),
            text: self.text.iter().map(|(tag, t)| (tag.clone(), t.ask.clone())).collect(),
            result,
            note: note.to_owned(),
        }
    }
}

impl CheckList {
    /// Ids of the lists that ship with the program.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(id, _)| *id)
    }

    /// A list that ships with the program.
    ///
    /// # Errors
    /// When there is no such list.
    pub fn built_in(id: &str) -> Result<Self, PackError> {
        let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id).ok_or_else(|| PackError {
            what: format!("there is no check list '{id}'"),
            hint: format!(
                "check lists are: {}; or give the path of a .toml file",
                Self::built_in_ids().collect::<Vec<_>>().join(", ")
            ),
        })?;
        Self::parse(text, id)
    }

    /// A list from TOML text; `name` is for messages.
    ///
    /// # Errors
    /// When the text is not TOML, a field is missing or unknown, an id is there twice, or an item is in no section.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        let list: Self = toml::from_str(text).map_err(|e| {
            let line = e.span().and_then(|s| text.get(..s.start)).map(|before| before.matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |n| format!("see line {n}; "));
            PackError {
                what: format!("the check list {name} is not valid: {}", e.message()),
                hint: format!(
                    "{place}a list has [list] (id, version, title, author, source), [[section]] (id, title) and [[item]] (id, \
                     section, kind, ask, how), each with text.TAG in other languages"
                ),
            }
        })?;
        list.check(name)?;
        Ok(list)
    }

    /// The title in a language.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        self.list.text.get(language).unwrap_or(&self.list.title)
    }

    /// The item of an id.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|i| i.id.eq_ignore_ascii_case(id))
    }

    fn check(&self, name: &str) -> Result<(), PackError> {
        let refuse = |what: String, hint: &str| {
            Err(PackError { what: format!("the check list {name} is not valid: {what}"), hint: hint.to_owned() })
        };
        if !is_id(&self.list.id) {
            let what = format!("its id is '{}'", self.list.id);
            return refuse(what, "an id has small letters, digits and dashes");
        }
        if self.items.is_empty() {
            return refuse("it has no items".into(), "add [[item]] with id, section and ask");
        }
        let mut ids = BTreeSet::new();
        for item in &self.items {
            if !is_id(&item.id) {
                return refuse(format!("an item's id is '{}'", item.id), "an id has small letters, digits and dashes");
            }
            if !ids.insert(&item.id) {
                return refuse(format!("the item '{}' is there twice", item.id), "give every item an id of its own");
            }
            if !self.sections.iter().any(|s| s.id == item.section) {
                let what = format!("the item '{}' is in the section '{}', which is not there", item.id, item.section);
                return refuse(what, "add the [[section]], or name one that is there");
            }
            if item.ask.trim().is_empty() {
                let what = format!("the item '{}' asks nothing", item.id);
                return refuse(what, "say in `ask` what is so when it passes");
            }
        }
        Ok(())
    }
}

/// Ids are written on command lines and in rules.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleSet;

    #[test]
    fn shipped_lists_are_valid_and_speak_chinese() {
        for id in CheckList::built_in_ids() {
            let list = CheckList::built_in(id).unwrap();
            assert_eq!(list.list.id, id);
            assert!(!list.title("zh-CN").is_ascii(), "{id}");
            for section in &list.sections {
                assert!(list.items.iter().any(|i| i.section == section.id), "{id}: {} is empty", section.id);
                assert!(!section.text["zh-CN"].is_ascii(), "{id}: {}", section.id);
            }
            for item in &list.items {
                let words = item.words("zh-CN");
                assert!(!words.ask.is_ascii() && words.how.is_empty() == item.how.is_empty(), "{id}: {}", item.id);
                assert!(item.ask.is_ascii(), "{id}: {}", item.id);
            }
        }
        let kinds: BTreeSet<String> =
            CheckList::built_in("base-station-visit").unwrap().items.iter().map(|i| format!("{:?}", i.kind)).collect();
        assert_eq!(kinds.len(), 3, "inspection, start-up and function items: {kinds:?}");
    }

    #[test]
    fn every_item_that_a_shipped_rule_names_is_in_a_shipped_list() {
        let lists: Vec<CheckList> = CheckList::built_in_ids().map(|id| CheckList::built_in(id).unwrap()).collect();
        let rules = RuleSet::built_in().unwrap();
        let named: BTreeSet<&String> =
            rules.rules.iter().flat_map(|r| r.conditions()).filter_map(|c| c.item.as_ref()).collect();
        assert!(named.len() > 10, "{named:?}");
        for item in named {
            assert!(lists.iter().any(|l| l.item(item).is_some()), "{item}");
        }
    }

    #[test]
    fn a_list_says_where_it_is_wrong() {
        let head = "[list]\nid='own'\nversion='1'\ntitle='t'\nauthor='a'\nsource='s'\n[[section]]\nid='x'\ntitle='X'\n";
        let item = "[[item]]\nid='fan'\nsection='x'\nask='it runs'\n";
        assert!(CheckList::parse(&format!("{head}{item}"), "own").is_ok());
        for (text, what) in [
            (format!("{head}{item}{item}"), "twice"),
            (format!("{head}{}", item.replace("'x'", "'y'")), "not there"),
            (format!("{head}{}", item.replace("'it runs'", "' '")), "asks nothing"),
            (format!("{head}{}", item.replace("'fan'", "'Fan 1'")), "Fan 1"),
            (format!("item=[]\n{head}"), "no items"),
            (format!("{head}{item}colour='red'\n"), "colour"),
            ("[[[".to_owned(), "not valid"),
        ] {
            let e = CheckList::parse(&text, "own").unwrap_err();
            assert!(e.what.contains(what) && !e.hint.is_empty(), "{text}: {} / {}", e.what, e.hint);
        }
        assert!(CheckList::built_in("no-such").unwrap_err().hint.contains("base-station-visit"));
    }
}
