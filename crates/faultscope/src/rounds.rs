//! Inspection rounds: the plans in use, the check plan of each point, and what is printed of them.

mod document;
mod plans;

use faultscope_report::words::Lang;

use crate::Error;
use crate::cases::Desk;

pub use document::{
    InspectionSummary, Measured, RoundLine, RoundLineKind, RoundPoint, RoundSummary, RoundVerifyDocument,
};
pub use faultscope_case::round::{Brief, DueState, Interval, PlanRef, Point, RoundPlan, Standing, Unmeasured};
pub use plans::{Round, find, in_use, load, no_plan};

/// Where the points of plans stand at a time (RFC 3339), the next to fall due first, in words of a language; without a desk nothing
/// was ever recorded.
///
/// # Errors
/// When the store cannot be read, or `at` is not a time.
pub fn standing(rounds: &[Round], desk: Option<&Desk>, at: &str, lang: Lang) -> Result<Vec<RoundPoint>, Error> {
    let mut all = Vec::new();
    for round in rounds {
        let standing = match desk {
            Some(desk) => desk.standing(round, at)?,
            None => round.never_done(at)?,
        };
        let of_plan = |s: Standing| Some(RoundPoint::new(round, round.plan.point(&s.tag)?, Some(s.clone()), lang));
        all.extend(standing.into_iter().filter_map(of_plan));
    }
    // Dates of one form: the text sorts as they do.
    all.sort_by_cached_key(|point| point.standing.as_ref().map(|s| s.due_on.clone()));
    Ok(all)
}
