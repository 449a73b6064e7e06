//! Check lists by name or by path, and their answers from words.

use faultscope_case::Checked;
use faultscope_diagnose::cause::RuleSet;
use faultscope_diagnose::checklist::{Answer, CheckList, Item, Section};
use faultscope_report::words::Lang;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::limits::{is_path, read};

/// What `checklist list` and `checklist show` print.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChecklistsDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Language of the titles.
    pub language: String,
    /// The lists.
    pub checklists: Vec<ChecklistSummary>,
}

/// A check list in brief.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChecklistSummary {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub title: String,
    /// Equipment it is for; empty where it is not stated.
    pub equipment: String,
    /// Who wrote it.
    pub author: String,
    /// Where it comes from.
    pub source: String,
    /// Number of items.
    pub count: usize,
    /// Its parts, by `checklist show`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sections: Vec<Section>,
    /// Its items, by `checklist show`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub items: Vec<Item>,
}

/// What `checklist check` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChecklistsCheckDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The lists that were looked at.
    pub checked_lists: Vec<ChecklistCheck>,
}

/// A check list that can be used.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChecklistCheck {
    /// The list as named.
    pub checklist: String,
    /// Its id.
    pub id: String,
    /// Number of items.
    pub count: usize,
    /// Items that no shipped rule looks at: they are kept, and say nothing about causes.
    pub unused: Vec<String>,
}

impl ChecklistSummary {
    /// Of a list; `whole` with its sections and items.
    #[must_use]
    pub fn new(list: &CheckList, whole: bool, lang: Lang) -> Self {
        let head = &list.list;
        Self {
            id: head.id.clone(),
            version: head.version.clone(),
            title: list.title(lang.tag()).to_owned(),
            equipment: head.equipment.clone(),
            author: head.author.clone(),
            source: head.source.clone(),
            count: list.items.len(),
            sections: if whole { list.sections.clone() } else { Vec::new() },
            items: if whole { list.items.clone() } else { Vec::new() },
        }
    }
}

/// A list that ships with the program, or one from a `.toml` file.
///
/// # Errors
/// When there is no such list or file, or it is not valid.
pub fn load(name_or_path: &str) -> Result<CheckList, Error> {
    if !is_path(name_or_path) {
        return Ok(CheckList::built_in(name_or_path)?);
    }
    let text =
        read(name_or_path, "check list", "faultscope checklist list shows the lists that ship with the program")?;
    Ok(CheckList::parse(&text, name_or_path)?)
}

/// Checks a list, and says which of its items no shipped rule looks at.
///
/// # Errors
/// As for [`load`].
pub fn check(name_or_path: &str) -> Result<ChecklistCheck, Error> {
    let list = load(name_or_path)?;
    let rules = RuleSet::shipped()?;
    let used = |item: &Item| rules.rules.iter().flat_map(|r| r.conditions()).any(|c| c.item.as_ref() == Some(&item.id));
    Ok(ChecklistCheck {
        checklist: name_or_path.to_owned(),
        id: list.list.id.clone(),
        count: list.items.len(),
        unused: list.items.iter().filter(|i| !used(i)).map(|i| i.id.clone()).collect(),
    })
}

/// A list with its answers, from `ITEM=pass|fail|na` and `ITEM=words`.
///
/// # Errors
/// When no item is answered, one is not in the list or answered twice, an answer is none, or a note is on an item without
/// an answer.
pub fn answer(list: &CheckList, answers: &[String], notes: &[String], remark: &str) -> Result<Checked, Error> {
    let mut given: Vec<(&Item, Answer)> = Vec::new();
    for text in answers {
        let (key, word) =
            text.split_once('=').ok_or_else(|| no_pair("--item", text, "ITEM=pass, ITEM=fail or ITEM=na"))?;
        let item = find(list, key)?;
        if given.iter().any(|(known, _)| known.id == item.id) {
            return Err(Error::usage(format!("the item '{}' is answered twice", item.id), "answer it once"));
        }
        given.push((item, result(word)?));
    }
    if given.is_empty() {
        let first = list.items.first().map_or("ITEM", |i| i.id.as_str());
        return Err(Error::usage(
            "no item is answered",
            format!("--item {first}=pass, fail or na; checklist show {} lists the items", list.list.id),
        ));
    }
    let mut words: Vec<(&str, &str)> = Vec::new();
    for text in notes {
        let (key, note) = text
            .split_once('=')
            .ok_or_else(|| no_pair("--note", text, "ITEM=words; --remark is about the whole list"))?;
        let item = find(list, key)?;
        if !given.iter().any(|(known, _)| known.id == item.id) {
            let hint = format!("--item {}=pass, fail or na", item.id);
            return Err(Error::usage(format!("the item '{}' has a note and no answer", item.id), hint));
        }
        words.push((&item.id, note.trim()));
    }
    let note =
        |item: &Item| words.iter().filter(|(id, _)| *id == item.id).map(|(_, n)| *n).collect::<Vec<_>>().join("; ");
    let answered = |item: &Item| given.iter().find(|(known, _)| known.id == item.id).map(|(_, r)| *r);
    Ok(Checked {
        list: list.list.id.clone(),
        version: list.list.version.clone(),
        title: list.list.title.clone(),
        text: list.list.text.clone(),
        // In the order of the list, however they were given.
        items: list.items.iter().filter_map(|i| Some(i.answered(answered(i)?, &note(i)))).collect(),
        remark: remark.to_owned(),
    })
}

fn find<'a>(list: &'a CheckList, key: &str) -> Result<&'a Item, Error> {
    list.item(key.trim()).ok_or_else(|| {
        let ids: Vec<&str> = list.items.iter().map(|i| i.id.as_str()).collect();
        Error::usage(
            format!("the check list {} has no item '{}'", list.list.id, key.trim()),
            format!("its items are: {}", ids.join(", ")),
        )
    })
}

fn result(word: &str) -> Result<Answer, Error> {
    match word.trim().to_ascii_lowercase().replace('-', "_").as_str() {
        "pass" | "ok" => Ok(Answer::Pass),
        "fail" => Ok(Answer::Fail),
        "na" | "n/a" | "not_done" => Ok(Answer::NotDone),
        _ => Err(Error::usage(format!("'{}' is no answer", word.trim()), "an item is pass, fail or na (not done)")),
    }
}

fn no_pair(option: &str, text: &str, hint: &str) -> Error {
    Error::usage(format!("{option} '{text}' names no item"), format!("{option} {hint}"))
}
