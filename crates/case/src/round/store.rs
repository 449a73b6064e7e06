//! What a store of inspections can do.

use crate::StoreError;
use crate::event::{Event, NewEvent};
use crate::round::{Inspection, RoundPlan, Standing};
use crate::sync::By;
use crate::verify::Verification;

/// Which case an inspection gets.
#[derive(Debug, Clone, PartialEq)]
pub enum RaiseTo {
    /// This one, by its id.
    Case(String),
    /// The one that an earlier inspection of the point raised and that is not closed, else a new one that this event opens.
    New(Box<NewEvent>),
}

/// The case that an inspection got.
#[derive(Debug, Clone, PartialEq)]
pub struct RaisedCase {
    /// Its id.
    pub case_id: String,
    /// What was written to it: the opening where it is new, then what was attached.
    pub events: Vec<Event>,
    /// What was written to the chain of the round.
    pub noted: Event,
}

/// A store of inspections: one chain of events for each plan.
pub trait Rounds {
    /// Keeps an inspection, as done by `actor` and written down at `at` (RFC 3339); its files must be in the store.
    ///
    /// # Errors
    /// When it was done after `at`, a file is not in the store, or the store cannot be written.
    fn inspect(&mut self, inspection: Inspection, at: &str, actor: &str, tool: &str) -> Result<Event, StoreError>;

    /// Gives an inspection its case, attaches `events` to that and notes it in the round, all or nothing; `by` is said of the
    /// note.
    ///
    /// # Errors
    /// Unknown case or inspection, an inspection that has its case already, events that a case refuses, or a store that cannot be written.
    fn raise(
        &mut self,
        plan: &str,
        inspection: &str,
        into: &RaiseTo,
        events: &[NewEvent],
        by: By<'_>,
    ) -> Result<RaisedCase, StoreError>;

    /// Where the points of a plan stand at `now` (RFC 3339), the next to fall due first.
    ///
    /// # Errors
    /// When the store cannot be read, or `now` is not a time.
    fn standing(&self, plan: &RoundPlan, now: &str) -> Result<Vec<Standing>, StoreError>;

    /// The inspections of one point with what was found, the latest first: the event, the inspection, the case that came of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn inspections(
        &self,
        plan: &str,
        tag: &str,
        limit: Option<u32>,
    ) -> Result<Vec<(Event, Inspection, Option<String>)>, StoreError>;

    /// One inspection of a plan, by the id of its event.
    ///
    /// # Errors
    /// When there is no such inspection, or the store cannot be read.
    fn inspection(&self, plan: &str, id: &str) -> Result<(Event, Inspection), StoreError>;

    /// Every inspection that was kept, or those of points with a serial number.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn all_inspections(&self, serial: Option<&str>) -> Result<Vec<(Event, Inspection)>, StoreError>;

    /// Ids of the plans of which something was kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn round_ids(&self) -> Result<Vec<String>, StoreError>;

    /// Checks the chain of a plan's inspections, the columns beside it, and every digest of their evidence; `case_id` of the answer
    /// is `round PLAN`.
    ///
    /// # Errors
    /// When the store cannot be read at all; differences are in the answer.
    fn verify_round(&self, plan: &str) -> Result<Verification, StoreError>;
}
