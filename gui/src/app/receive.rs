//! What the workers say, taken into the state.

use std::sync::Arc;

use faultscope_door::{Class, Error};

use super::guide;
use super::live::Taken;
use super::{Command, Notice, Source, State};
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
        Message::Measured(id, result) => {
            if let Some(capture) = state.capture_mut(id) {
                capture.result = result.map(|r| Arc::new(*r));
                capture.measured = true;
                capture.error = None;
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
        Message::Case(case) => {
            state.desk.case = Some(case);
            state.desk.report = None;
        }
        Message::Attached(case, name) => {
            let said = format!("{} {}: {name}", Word::Attached.text(state.lang), case.id);
            state.desk.case = Some(case);
            state.notice = Some(Notice::Said(said));
        }
        Message::Report(path) => {
            state.notice = Some(Notice::Said(format!("{} {}", Word::ReportWritten.text(state.lang), path.display())));
            state.desk.report = Some(path);
        }
        Message::Live(session, news) => return live(state, session, news),
        Message::Over(job) => over(state, job),
    }
    Vec::new()
}

fn live(state: &mut State, session: u64, news: LiveNews) -> Vec<Command> {
    let Some(live) = state.live.as_mut().filter(|l| l.session == session) else { return Vec::new() };
    match live.take(news) {
        Taken::Nothing => Vec::new(),
        Taken::Pinned(path) => {
            state.notice = Some(Notice::Said(format!("{} {}", Word::Pinned.text(state.lang), path.display())));
            vec![Command::Open(Source::File(path))]
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
