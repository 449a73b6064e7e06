//! What the workers say, taken into the state.

use std::path::PathBuf;
use std::sync::Arc;

use faultscope_door::{Class, Error};

use super::dossier;
use super::guide;
use super::live::Taken;
use super::rounds;
use super::{CaseCommand, Command, Notice, Screen, Source, State};
use crate::words::Word;
use crate::worker::{JobId, LiveNews, Message};

/// Takes a message in; returns what follows from it.
pub(super) fn take(state: &mut State, message: Message) -> Vec<Command> {
    match message {
        Message::Opened(id, path, viewer, facts) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.path = Some(path);
                capture.viewer = Some(viewer);
                capture.facts = Some(facts);
            }
        }
        Message::Glimpsed(id, overview, levels) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.glimpse = true;
                capture.overview = Some(Arc::new(overview));
                capture.levels = Some(Arc::new(*levels));
            }
        }
        Message::Drawn(id, overview, levels) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.glimpse = false;
                capture.overview = Some(Arc::new(overview));
                capture.levels = Some(Arc::new(*levels));
                return vec![Command::MeasureFirst(id)];
            }
        }
        Message::Resolved(id, levels) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.levels = Some(Arc::new(*levels));
            }
        }
        Message::Measured(id, result) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.result = result.map(|r| Arc::new(*r));
                capture.measured = true;
                capture.error = None;
                let pinned = std::mem::take(&mut capture.pinned) && capture.result.is_some();
                return if pinned { vec![Command::AttachPinned(id)] } else { Vec::new() };
            }
        }
        Message::Zoomed(id, envelope) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.detail = Some(Arc::new(envelope));
            }
        }
        Message::Waterfall(id, still) => {
            state.stills += 1;
            let stamp = state.stills;
            if let Some(capture) = state.capture_mut(id) {
                (capture.still, capture.still_id) = (Some(Arc::from(still)), stamp);
            }
        }
        Message::Persistence(id, density) => {
            state.stills += 1;
            let stamp = state.stills;
            if let Some(capture) = state.capture_mut(id) {
                (capture.density, capture.density_id) = (Some(Arc::from(density)), stamp);
            }
        }
        Message::Devices(found) => state.devices.take(found),
        Message::Modulation(id, result, view) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.modulation.take(result, view);
            }
        }
        Message::Compared(id, baseline, compared) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.compared = Some((baseline, compared.map(|c| Arc::new(*c))));
            }
        }
        Message::Trend(of, trend) => state.trend = Some((of, Arc::from(trend))),
        Message::Checked(round, answer) => guide::checked(state, round, answer),
        Message::Failed(id, error) => failed(state, id, error),
        Message::Samples(Ok(files)) => {
            return files.into_iter().map(|file| Command::Open(Source::File(file))).collect();
        }
        Message::Samples(Err(error)) | Message::DeskFailed(error) => state.notice = Some(Notice::Failed(error)),
        Message::Cases(dir, cases) => {
            state.desk.dir = Some(dir);
            state.desk.cases = cases;
        }
        Message::Case(folder) => dossier::opened(state, *folder),
        Message::Refreshed(folder) => {
            // Of a case that was left meanwhile nothing is wanted.
            if state.desk.case.as_ref().is_some_and(|c| c.id == folder.case.id) {
                dossier::take(state, *folder);
            }
        }
        Message::Ticked(case) => {
            if state.desk.case.as_ref().is_some_and(|c| c.id == case.id && c.version == case.version) {
                state.desk.case = Some(case);
            }
        }
        Message::Stepped(folder) => {
            dossier::take(state, *folder);
            (state.desk.stepping, state.desk.answering) = (None, None);
        }
        Message::Attached(folder, name) => {
            let said = format!("{} {}: {name}", Word::Attached.text(state.lang), folder.case.id);
            dossier::take(state, *folder);
            state.notice = Some(Notice::Said(said));
        }
        Message::Screen(case, name, image) => return vec![Command::Case(CaseCommand::Picture(case, name, image))],
        Message::Rounds(points) => state.rounds.points = Some(points),
        Message::History(tag, history) => {
            if state.rounds.tag.as_ref() == Some(&tag) {
                state.rounds.history = history;
            }
        }
        Message::Inspected(inspection, points) => {
            rounds::recorded(state, inspection);
            state.rounds.points = Some(Ok(points));
        }
        Message::Raised(folder) => {
            dossier::opened(state, *folder);
            state.screen = Screen::Case;
        }
        Message::Warnings(warnings) => state.rounds.warnings = Some(warnings),
        Message::Report(path) => written(state, Word::ReportWritten, path),
        Message::Bundle(path) => written(state, Word::BundleWritten, path),
        Message::Verified(verified) => state.desk.dossier.verified = Some(*verified),
        Message::Similar(id, of, found) => dossier::found(state, id, (of, found)),
        Message::Live(session, news) => return live(state, session, news),
        Message::Over(job) => over(state, job),
    }
    Vec::new()
}

fn written(state: &mut State, what: Word, path: PathBuf) {
    state.notice = Some(Notice::Said(format!("{} {}", what.text(state.lang), path.display())));
    state.desk.written = Some((what, path));
}

fn live(state: &mut State, session: u64, news: LiveNews) -> Vec<Command> {
    let Some(live) = state.live.as_mut().filter(|l| l.session == session) else { return Vec::new() };
    match live.take(news) {
        Taken::Nothing => Vec::new(),
        Taken::Pinned(path) => {
            state.notice = Some(Notice::Said(format!("{} {}", Word::Pinned.text(state.lang), path.display())));
            vec![Command::OpenPinned(path)]
        }
        Taken::Failed(error) => {
            state.notice = Some(Notice::Failed(error));
            Vec::new()
        }
    }
}

fn failed(state: &mut State, id: u64, error: Error) {
    let stopped = error.class == Class::Interrupted;
    let notice =
        if stopped { Notice::Said(Word::Cancelled.text(state.lang).into()) } else { Notice::Failed(error.clone()) };
    let Some(capture) = state.capture_mut(id) else { return };
    capture.error = Some(error);
    capture.measured = true;
    state.notice = Some(notice);
}

/// A job of a capture that ended without an answer was cancelled before it began, or met a defect.
fn over(state: &mut State, job: JobId) {
    use faultscope_door::Watch as _;

    if state.desk.refreshing == Some(job) {
        state.desk.refreshing = None;
    }
    let Some(place) = state.jobs.iter().position(|j| j.id == job) else { return };
    let job = state.jobs.remove(place);
    if job.what == Word::DevicesLook {
        state.devices.looking = false;
    }
    let Some(id) = job.capture else { return };
    let busy = state.jobs.iter().any(|j| j.capture == Some(id));
    let unanswered = state.captures.iter().any(|c| c.id == id && !c.measured);
    if busy || !unanswered {
        return;
    }
    let error = if job.progress.cancelled() {
        Error::interrupted()
    } else {
        Error::new(
            Class::Input,
            "defect",
            format!("faultscope failed on this capture: {}", job.name),
            "this is a defect of faultscope; please report it with the file",
        )
    };
    failed(state, id, error);
}
