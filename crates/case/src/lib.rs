//! The folder on the desk: the events of a fault in order, the clocks that run on it, its evidence, and the store they are kept in.
//!
//! State is never stored as truth: a [`Case`] is what [`Case::fold`] makes of its [`Event`]s. This room reads no clock and no
//! environment; the time, the actor, the place of the store and the keys of a bucket are handed to it. (What is on its way to or from a bucket
//! lies in the system's temporary folder.) It knows no samples.

pub mod again;
pub mod bundle;
mod canonical;
mod checks;
pub mod clock;
mod error;
pub mod event;
mod files;
pub mod fold;
mod hints;
pub mod keys;
mod ledger;
pub mod round;
pub mod sign;
mod source;
mod sqlite;
mod store;
pub mod sync;
#[cfg(feature = "postgres")]
mod team;
mod vault;
pub mod verify;
pub mod workflow;

pub use checks::{StandingCheck, standing};
pub use clock::{
    Calendar, Clock, ClockState, Milestone, Priority, Profile, ProfileClock, ProfileError, Remark, RemarkKind,
    Standstill, Step, Term, Terms,
};
pub use error::StoreError;
pub use event::{
    Action, ActionKind, Attached, CaptureRef, Checked, Closed, Closure, ClosureCode, Equipment, EscalationLevel, Event,
    EventKind, Evidence, Field, Merged, NewEvent, Opened, Overrun, PartReplaced, Paused, Resumed, Signed, Ticketed,
};
pub use fold::{Case, CasePause, CaseSla};
pub use hints::{HintKind, TimeHint};
pub use ledger::merge::{Clash, Imported, Outcome};
pub use source::{Original, Place, Source};
pub use sqlite::{Access, SqliteStore};
pub use store::{Entry, Filter, Found, Head, Overdue, ReadSeek, Sort, Store, Summary, Untold};
#[cfg(feature = "postgres")]
pub use team::{Env, Migrated, TeamStore};
pub use verify::{Difference, DifferenceKind, Verification};
pub use workflow::Status;
