//! Inspection rounds: the points of the plans in use, what is recorded at one, and the case that a failure raises.

use std::path::PathBuf;

use faultscope_door::Error;
use faultscope_door::cases::UnitTrend;
use faultscope_door::diagnose::Verdict;
use faultscope_door::paper::words::{self, fill};
use faultscope_door::rounds::{InspectionSummary, RoundPoint};

use super::dossier::desk;
use super::{Capture, Notice, Screen, State};
use crate::words::Word;
use crate::worker::{DeskTask, Workers};

/// Inspection rounds, as far as they were asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds {
    /// The plans, by name; those beside the store when none is named.
    pub(crate) plans: Vec<String>,
    /// The points, the next to fall due first; nothing while they are read.
    pub(crate) points: Option<Result<Vec<RoundPoint>, Error>>,
    /// The point that is looked at.
    pub(crate) tag: Option<String>,
    /// What was found there, the latest first.
    pub(crate) history: Vec<InspectionSummary>,
    /// Early warnings of all units; nothing while they are not asked for.
    pub(crate) warnings: Option<Vec<UnitTrend>>,
}

/// What may be done with rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoundCommand {
    /// Show them; those of a plan that ships, or those beside the store.
    Show(Option<&'static str>),
    /// Look at a point.
    Look(String),
    /// Record a point with the present capture, or with all that are open.
    Record(bool),
    /// Open a case for an inspection of a plan.
    Raise(String, String),
    /// Look for early warnings of all units.
    Warn,
}

/// Does what a command asks for.
pub(super) fn apply(state: &mut State, workers: &mut Workers, command: RoundCommand) {
    match command {
        RoundCommand::Show(plan) => {
            state.rounds = Rounds { plans: plan.map(str::to_owned).into_iter().collect(), ..Rounds::default() };
            state.screen = Screen::Rounds;
            read(state, workers);
        }
        RoundCommand::Look(tag) => {
            state.rounds.history.clear();
            state.rounds.tag = Some(tag.clone());
            let task = DeskTask::History { plans: state.rounds.plans.clone(), tag };
            desk(state, workers, Word::Opening, task);
        }
        RoundCommand::Record(all) => record(state, workers, all),
        RoundCommand::Raise(plan, id) => {
            let task = DeskTask::Raise { plan, inspection: id, lang: state.lang };
            desk(state, workers, Word::Writing, task);
        }
        RoundCommand::Warn => desk(state, workers, Word::Trend, DeskTask::Warnings),
    }
}

/// Reads the points.
pub(super) fn read(state: &mut State, workers: &mut Workers) {
    let task = DeskTask::Rounds { plans: state.rounds.plans.clone(), lang: state.lang };
    desk(state, workers, Word::Opening, task);
}

fn record(state: &mut State, workers: &mut Workers, all: bool) {
    let Some(tag) = state.rounds.tag.clone() else { return };
    let counts = |c: &&Capture| all || Some(c.id) == state.present;
    let captures: Vec<PathBuf> = state.captures.iter().filter(counts).filter_map(|c| c.path.clone()).collect();
    if captures.is_empty() {
        state.notice = Some(Notice::Missing(Word::RoundNoCapture));
        return;
    }
    let task = DeskTask::Inspect { plans: state.rounds.plans.clone(), tag, captures, lang: state.lang };
    desk(state, workers, Word::Measuring, task);
}

/// Takes in what was recorded, or that nothing could be.
pub(super) fn recorded(state: &mut State, inspection: Option<Box<InspectionSummary>>) {
    let lang = state.lang;
    let Some(inspection) = inspection else {
        state.notice = Some(Notice::Said(words::word(lang, "round.not_recorded").to_owned()));
        return;
    };
    let values = [
        ("point", inspection.tag.as_str()),
        ("verdict", words::verdict(lang, inspection.verdict)),
        ("id", &inspection.id),
    ];
    state.notice = Some(Notice::Said(fill(lang, "round.recorded", &values)));
    if state.rounds.tag.as_ref() == Some(&inspection.tag) {
        state.rounds.history.insert(0, *inspection);
    }
}

/// Whether a case can be raised of an inspection.
pub(crate) fn raises(inspection: &InspectionSummary) -> bool {
    inspection.verdict == Verdict::Fail && inspection.case_id.is_none()
}
