//! Inspection rounds: the plans in use, the check plan of each point, and what is printed of them.

mod document;
mod plans;

pub use document::{
    InspectionSummary, Measured, RoundLine, RoundLineKind, RoundPoint, RoundSummary, RoundVerifyDocument,
};
pub use faultscope_case::round::{Brief, DueState, Interval, PlanRef, Point, RoundPlan, Standing, Unmeasured};
pub use plans::{Round, find, in_use, load, no_plan};
