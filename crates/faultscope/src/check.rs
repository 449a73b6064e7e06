//! The verb "check": a plan over many captures, in parallel, in one order, and one document in the end.

mod document;
mod plan;
mod role;
mod run;
mod state;
mod unmet;

pub use document::{CheckDocument, CheckEntry, CheckLine, LineKind, Missing, PlanSummary};
pub use plan::{Plan, PlanInfo, Role, Step, StepSettings};
pub use role::RoleOption;
pub use run::{CheckOptions, Outcome, attach, check, check_in_order};
