//! Check lists in a case: as they were answered, in the words of the timeline, and which of the answers stand.

use faultscope_diagnose::cause::ByLanguage;
use faultscope_diagnose::{Answer, CheckedItem, Inspected};
use serde::{Deserialize, Serialize};

use crate::event::{ActionKind, Checked, Event, EventKind};
use crate::workflow::Status;

/// A check list in its case, as it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseChecklist {
    /// Number of the event.
    pub event: u64,
    /// When it was written down; RFC 3339, UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Id of the list.
    pub list: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: String,
    /// The title in other languages, by tag.
    #[serde(default, skip_serializing_if = "ByLanguage::is_empty")]
    pub text: ByLanguage<String>,
    /// The items with their answers.
    pub items: Vec<CheckedItem>,
    /// About the list as a whole.
    pub remark: String,
}

pub(crate) fn answered(event: &Event, checked: &Checked) -> CaseChecklist {
    let Checked { list, version, title, text, items, remark } = checked.clone();
    CaseChecklist {
        event: event.seq,
        at: event.at.clone(),
        actor: event.actor.clone(),
        list,
        version,
        title,
        text,
        items,
        remark,
    }
}

/// `power-plant 1.0: fail capacitor-bulging; not_done battery; pass 12`: ids and answers, in no language.
pub(crate) fn checked_words(checked: &Checked) -> String {
    let of = |answer: Answer| checked.items.iter().filter(move |i| i.result == answer).map(|i| i.item.as_str());
    let named = |answer: Answer| {
        let ids: Vec<&str> = of(answer).collect();
        (!ids.is_empty()).then(|| format!("{} {}", answer.name(), ids.join(", ")))
    };
    let passed = of(Answer::Pass).count();
    let passed = (passed > 0).then(|| format!("{} {passed}", Answer::Pass.name()));
    let parts: Vec<String> = [named(Answer::Fail), named(Answer::NotDone), passed].into_iter().flatten().collect();
    format!("{} {}: {}", checked.list, checked.version, parts.join("; "))
}

/// An answer that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingCheck {
    /// Id of the list.
    pub list: String,
    /// The item with its answer.
    pub item: CheckedItem,
}

impl StandingCheck {
    /// As rules look at it.
    #[must_use]
    pub fn inspected(&self) -> Inspected<'_> {
        Inspected { list: &self.list, item: &self.item }
    }
}

/// The answer that stands for each item, in the order of their first answers.
///
/// A later answer replaces an earlier one until the unit was mended (a part replaced, the fault cleared): the repaired unit
/// says nothing about what was wrong before. When the fault has come back, later answers count again.
#[must_use]
pub fn standing(events: &[Event]) -> Vec<StandingCheck> {
    let mut all: Vec<StandingCheck> = Vec::new();
    let (mut mended, mut cleared) = (false, false);
    for event in events {
        match &event.kind {
            EventKind::Action(action) if action.action == ActionKind::PartReplaced => mended = true,
            EventKind::StatusChanged { to, .. } => {
                // What leaves `cleared` has come back; any other step leaves a repair as it is.
                mended = *to == Status::Cleared || (mended && !cleared);
                cleared = *to == Status::Cleared;
            }
            EventKind::Reopened { .. } => (mended, cleared) = (false, false),
            EventKind::Checked(checked) => {
                for item in checked.items.iter().filter(|i| i.result != Answer::NotDone) {
                    let new = StandingCheck { list: checked.list.clone(), item: item.clone() };
                    match all.iter_mut().find(|c| c.item.item == item.item) {
                        Some(old) if !mended => *old = new,
                        Some(_) => {}
                        None => all.push(new),
                    }
                }
            }
            _ => {}
        }
    }
    all
}
