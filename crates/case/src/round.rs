//! Inspection rounds: which points are looked at how often, what was found there, and what is due.
//!
//! A plan is data; what was found is an event of a chain of its own for each plan, hashed as those of a case are. It is not part of a
//! case: most inspections find nothing wrong, and a point outlives the cases that its failures raise.

mod due;
mod inspection;
mod interval;
mod plan;
mod store;

pub use due::{DueState, Standing, standing};
pub use inspection::{Brief, Inspection, PlanRef, PointResult, Raised, Unmeasured};
pub(crate) use inspection::{INSPECTED, RAISED};
pub use interval::Interval;
pub(crate) use plan::same_tag;
pub use plan::{Point, PointText, RoundError, RoundInfo, RoundPlan};
pub use store::{RaiseTo, RaisedCase, Rounds};
