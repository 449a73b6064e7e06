//! Inspection rounds: how their points stand, what is recorded at one.

use std::path::PathBuf;

use faultscope_door::cases::{self, Desk, InspectRequest};
use faultscope_door::check::CheckOptions;
use faultscope_door::paper::Lang;
use faultscope_door::rounds::{self, InspectionSummary, Round, RoundPoint, Standing};
use faultscope_door::{Error, now};

use super::Progress;

/// Inspections of a point that are told.
const TOLD: u32 = 20;

/// The points of the plans, the next to fall due first.
pub(super) fn points(desk: &Desk, plans: &[String], lang: Lang) -> Result<Vec<RoundPoint>, Error> {
    let now = now();
    by_date(&in_use(desk, plans)?, lang, |round| desk.standing(round, &now))
}

/// The same where there is no store yet: nothing was ever recorded.
pub(super) fn never(store: Option<&str>, plans: &[String], lang: Lang) -> Result<Vec<RoundPoint>, Error> {
    let now = now();
    by_date(&rounds::in_use(plans, &cases::store_dir(store)?)?, lang, |round| round.never_done(&now))
}

fn in_use(desk: &Desk, plans: &[String]) -> Result<Vec<Round>, Error> {
    rounds::in_use(plans, desk.dir())
}

fn by_date(
    rounds: &[Round],
    lang: Lang,
    standing: impl Fn(&Round) -> Result<Vec<Standing>, Error>,
) -> Result<Vec<RoundPoint>, Error> {
    let mut all = Vec::new();
    for round in rounds {
        for point in standing(round)? {
            let own = round.plan.point(&point.tag);
            all.extend(own.map(|own| RoundPoint::new(round, own, Some(point.clone()), lang)));
        }
    }
    // Dates of one form: the text sorts as they do.
    all.sort_by_key(|p: &RoundPoint| p.standing.as_ref().map(|s| s.due_on.clone()));
    Ok(all)
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
