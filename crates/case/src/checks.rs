//! Which answers of a case's check lists stand: the last ones before the repair, as the fault is what they tell of.

use faultscope_diagnose::{Answer, CheckedItem, Inspected};

use crate::event::{ActionKind, Event, EventKind};
use crate::workflow::Status;

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
