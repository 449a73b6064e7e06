//! The procedure: captures are given roles of a check plan, and what the plan asks of them is computed at once.

use std::path::PathBuf;
use std::sync::Arc;

use faultscope_door::Error;
use faultscope_door::check::{CheckDocument, Plan};

use super::dossier::desk;
use super::{CaptureId, Guide, Job, Notice, Screen, State};
use crate::words::Word;
use crate::worker::{CaptureJob, DeskTask, Workers};

/// The plan that is begun when none is named.
const USUAL: &str = "base-station-visit";

/// Shows the procedure, begun where there is none yet.
pub(super) fn show(state: &mut State, workers: &mut Workers) {
    if state.guide.is_none() {
        begin(state, workers, USUAL);
    } else {
        state.screen = Screen::Guide;
    }
}

/// Begins a procedure, in place of the one before.
pub(super) fn begin(state: &mut State, workers: &mut Workers, plan: &str) {
    match Plan::load(plan) {
        Ok(plan) => {
            let round = state.guide.as_ref().map_or(0, |g| g.round);
            state.guide = Some(Guide { plan: Arc::new(plan), given: Vec::new(), document: None, error: None, round });
            state.screen = Screen::Guide;
            check(state, workers);
        }
        Err(error) => state.notice = Some(Notice::Failed(error)),
    }
}

/// Gives a capture a role, once.
pub(super) fn give(state: &mut State, workers: &mut Workers, role: String, id: CaptureId) {
    let Some(guide) = state.guide.as_mut().filter(|g| !g.given.contains(&(role.clone(), id))) else { return };
    // One capture has one role.
    guide.given.retain(|(_, other)| *other != id);
    guide.given.push((role, id));
    check(state, workers);
}

/// Takes a capture out of its role.
pub(super) fn take(state: &mut State, workers: &mut Workers, role: &str, id: CaptureId) {
    let Some(guide) = &mut state.guide else { return };
    guide.given.retain(|(r, other)| !(r == role && *other == id));
    check(state, workers);
}

/// Computes what the plan says of the captures that were given.
fn check(state: &mut State, workers: &mut Workers) {
    let path = |id: CaptureId| state.captures.iter().find(|c| c.id == id).and_then(|c| c.path.clone());
    let lang = state.lang;
    let Some(guide) = &state.guide else { return };
    let given: Vec<(String, PathBuf)> =
        guide.given.iter().filter_map(|(r, id)| Some((r.clone(), path(*id)?))).collect();
    let (plan, round) = (Arc::clone(&guide.plan), guide.round + 1);
    state.jobs.iter().filter(|j| j.what == Word::Procedure).for_each(|j| j.progress.cancel());
    let name = plan.plan.id.clone();
    let (id, progress) = workers.capture(CaptureJob::Check { plan, given, lang, round });
    state.jobs.push(Job { id, what: Word::Procedure, name, capture: None, progress });
    if let Some(guide) = &mut state.guide {
        (guide.round, guide.document, guide.error) = (round, None, None);
    }
}

/// Takes the answer to the last check.
pub(super) fn checked(state: &mut State, round: u64, answer: Result<Box<CheckDocument>, Error>) {
    let Some(guide) = state.guide.as_mut().filter(|g| g.round == round) else { return };
    match answer {
        Ok(document) => guide.document = Some(Arc::from(document)),
        Err(error) => guide.error = Some(error),
    }
}

/// Attaches every result of the procedure to the open case, with its role.
pub(super) fn attach(state: &mut State, workers: &mut Workers) {
    let Some(case) = state.desk.case.as_ref().map(|c| c.id.clone()) else { return };
    let Some(document) = state.guide.as_ref().and_then(|g| g.document.clone()) else { return };
    let good = document.captures.iter().filter(|entry| entry.result.error.is_none());
    let results = good.map(|e| (PathBuf::from(&e.result.file), e.role.clone(), e.result.clone())).collect();
    desk(state, workers, Word::Writing, DeskTask::AttachAll(case, results));
}
