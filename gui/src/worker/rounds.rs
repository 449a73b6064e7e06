//! Inspection rounds: how their points stand, what is recorded at one.

use std::path::PathBuf;

use faultscope_door::cases::{self, Desk, InspectRequest};
use faultscope_door::check::CheckOptions;
use faultscope_door::paper::Lang;
use faultscope_door::rounds::{self, InspectionSummary, Round, RoundPoint};
use faultscope_door::{Error, now};

use super::Progress;

/// Inspections of a point that are told.
const TOLD: u32 = 20;

/// The points of the plans, the next to fall due first.
pub(super) fn points(desk: &Desk, plans: &[String], lang: Lang) -> Result<Vec<RoundPoint>, Error> {
    rounds::standing(&in_use(desk, plans)?, Some(desk), &now(), lang)
}

/// The same where there is no store yet: nothing was ever recorded.
pub(super) fn never(store: Option<&str>, plans: &[String], lang: Lang) -> Result<Vec<RoundPoint>, Error> {
    rounds::standing(&rounds::in_use(plans, &cases::store_dir(store)?)?, None, &now(), lang)
}

fn in_use(desk: &Desk, plans: &[String]) -> Result<Vec<Round>, Error> {
    rounds::in_use(plans, desk.dir())
}

/// What was found at a point, the latest first.
pub(super) fn history(desk: &Desk, plans: &[String], tag: &str) -> Result<Vec<InspectionSummary>, Error> {
    let rounds = in_use(desk, plans)?;
    let (round, point) = rounds::find(&rounds, tag)?;
    desk.inspections(&round.plan.round.id, &point.tag, Some(TOLD))
}

/// Measures a point and writes down what was found; nothing where nothing could be measured.
pub(super) fn inspect(
    desk: &mut Desk,
    plans: &[String],
    tag: &str,
    captures: Vec<PathBuf>,
    lang: Lang,
    progress: &Progress,
) -> Result<Option<InspectionSummary>, Error> {
    let rounds = in_use(desk, plans)?;
    let (round, point) = rounds::find(&rounds, tag)?;
    let options = CheckOptions { jobs: 1, threads: 1, lang, ..CheckOptions::default() };
    let request = InspectRequest { captures, options, ..InspectRequest::default() };
    Ok(desk.inspect(round, point, &request, progress)?.inspection)
}
