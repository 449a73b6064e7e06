//! The one place where commands change the state.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui;
use faultscope_door::limits::{self, TypedLimit};
use faultscope_door::paper::Lang;
use faultscope_door::{Error, Request};

use super::dossier::{self, desk};
use super::live::is_instrument;
use super::rounds;
use super::{
    Baseline, Capture, CaptureId, Command, Field, Job, Live, Notice, Pack, Picture, Plot, Screen, Source, Stage, State,
};
use super::{devices, guide, modulation, single};
use crate::theme;
use crate::words::Word;
use crate::worker::{CaptureJob, DeskTask, StillJob, Workers, ZoomJob};

/// Most captures held open at once: each keeps its pictures in memory.
const MOST: usize = 64;

/// Does what a command asks for.
pub(super) fn apply(state: &mut State, workers: &mut Workers, context: &egui::Context, command: Command) {
    match command {
        Command::Open(source) => {
            open(state, workers, &source);
        }
        Command::OpenTyped => open_typed(state, workers),
        Command::OpenSamples => {
            let (id, progress) = workers.capture(CaptureJob::Samples);
            state.jobs.push(Job { id, what: Word::Simulating, name: String::new(), capture: None, progress });
        }
        Command::Connect(address) => ask(state, workers, address),
        Command::OfferLive(address) => offer_live(state, address),
        Command::ConnectTyped => {
            let address = typed(state);
            if !address.is_empty() {
                ask(state, workers, address);
            }
        }
        Command::Disconnect => disconnect(state, workers),
        Command::Turn(screen) => state.screen = screen,
        Command::GoBack => state.screen = state.ground,
        Command::Pause(paused) => state.live.iter_mut().for_each(|l| l.paused = paused),
        Command::Hold(hold) => state.live.iter_mut().for_each(|l| l.hold = hold),
        Command::ClearHold => state.live.iter_mut().for_each(|l| l.held_db.clear()),
        Command::Back(seconds) => {
            if let Some(live) = &mut state.live {
                live.back = live.frame_ago(seconds);
                workers.back(live.back);
            }
        }
        Command::ClearTable => state.live.iter_mut().for_each(|l| l.table.clear()),
        Command::ToggleLivePack(key) => {
            toggle(&mut state.chosen, &key);
            state.live.iter_mut().for_each(|l| l.table.clear());
            judge_live(state, workers);
        }
        Command::Pin => pin(state, workers),
        Command::FocusPath => state.focus_path = true,
        Command::Select(id) => select(state, id),
        Command::Step(by) => step(state, by),
        Command::Close(id) => close(state, id),
        Command::TogglePack(key) => toggle_pack(state, workers, &key),
        Command::MeasureFirst(id) => measure(state, workers, id),
        Command::Measure(by) => measure_by(state, workers, by),
        Command::Cancel(id) => state.jobs.iter().filter(|j| j.id == id).for_each(|j| j.progress.cancel()),
        Command::CancelAll => state.jobs.iter().for_each(|j| j.progress.cancel()),
        Command::Type(Field::Path, text) => {
            state.path = text;
            state.focus_path = false;
        }
        Command::View(plot, range) => view(state, plot, range),
        Command::Look(picture) => state.picture = picture,
        Command::DrawWaterfall(range_s, rows) => draw_waterfall(state, workers, range_s, rows),
        Command::Marker(which, hz) => marker(state, which, hz),
        Command::Resolve(points) => resolve(state, workers, points),
        Command::Holds(max, min) => state.holds = (max, min),
        Command::Persistence(drawn) => {
            state.persistence = drawn;
            // What was cancelled is asked for again by switching it off and on.
            state.captures.iter_mut().for_each(|c| c.asked_density = c.density.is_some());
        }
        Command::DrawPersistence => draw_persistence(state, workers),
        Command::Against(baseline) => against(state, baseline),
        Command::AgainstTyped => {
            let path = typed(state);
            if !path.is_empty() {
                against(state, Some(Baseline::Reference(path.into())));
            }
        }
        Command::Compare => compare(state, workers),
        Command::DrawTrend => draw_trend(state, workers),
        Command::Follow(reading) => state.followed = Some(reading),
        Command::Single(ask) => single::apply(state, workers, ask),
        Command::Devices(ask) => devices::apply(state, workers, ask),
        Command::Modulation(ask) => modulation::apply(state, workers, ask),
        Command::Cursor(time_s) => cursor(state, time_s),
        Command::Detail(range_s, columns) => detail(state, workers, range_s, columns),
        Command::Mark(hz) => state.mark = hz,
        Command::Show(tab) => state.tab = tab,
        Command::Speak(lang) => speak(state, lang),
        Command::Wear(look) => {
            state.look = look;
            theme::apply(context, look);
        }
        Command::Scale(step) => scale(context, step),
        Command::Help(shown) => state.help = shown,
        Command::Draft(draft) => state.draft = draft,
        Command::SetLimit => set_limit(state, workers),
        Command::Guide => guide::show(state, workers),
        Command::GuideTyped => {
            let path = typed(state);
            if !path.is_empty() {
                guide::begin(state, workers, &path);
            }
        }
        Command::Give(role, id) => guide::give(state, workers, role, id),
        Command::Ungive(role, id) => guide::take(state, workers, &role, id),
        Command::AttachGuide => guide::attach(state, workers),
        Command::Confirm(yes) => {
            if let Some(address) = state.asking.take().filter(|_| yes) {
                connect(state, workers, address);
            }
        }
        Command::Dismiss => state.notice = None,
        Command::Copy(text) => context.copy_text(text),
        Command::ListCases => desk(state, workers, Word::Opening, DeskTask::List),
        Command::Case(command) => dossier::apply(state, workers, command),
        Command::Round(command) => rounds::apply(state, workers, command),
        Command::Attach => attach(state, workers, context, state.present),
        Command::AttachPinned(id) => attach(state, workers, context, Some(id)),
        Command::OpenPinned(path) => {
            let wanted = state.desk.case.is_some();
            let opened = open(state, workers, &Source::File(path));
            opened.and_then(|id| state.capture_mut(id)).into_iter().for_each(|c| c.pinned = wanted);
        }
        Command::LookUp => dossier::look_up(state, workers),
    }
    if matches!(state.screen, Screen::Capture | Screen::Live) {
        state.ground = state.screen;
    }
}

/// Opens a capture, unless too many are open; returns its number.
pub(super) fn open(state: &mut State, workers: &mut Workers, source: &Source) -> Option<CaptureId> {
    if state.captures.len() >= MOST {
        let message = format!("{MOST} captures are open");
        state.notice = Some(Notice::Failed(Error::usage(message, "close one to open another")));
        return None;
    }
    state.last += 1;
    let id = state.last;
    let capture = Capture::new(id, source, state.chosen.clone());
    let name = capture.name.clone();
    state.captures.push(capture);
    select(state, id);
    let job = CaptureJob::Open { id, source: source.clone() };
    let (job, progress) = workers.capture(job);
    let what = if matches!(source, Source::Simulated(_)) { Word::Simulating } else { Word::Opening };
    state.jobs.push(Job { id: job, what, name, capture: Some(id), progress });
    Some(id)
}

fn open_typed(state: &mut State, workers: &mut Workers) {
    let typed = typed(state);
    if is_instrument(&typed) {
        ask(state, workers, typed);
    } else if !typed.is_empty() {
        open(state, workers, &crate::start::source(&typed));
    }
}

/// What was typed into the path field, which is emptied; when nothing was, it takes the cursor.
fn typed(state: &mut State) -> String {
    let typed = state.path.trim().trim_matches('"').to_owned();
    state.focus_path = typed.is_empty();
    state.path.clear();
    typed
}

/// Connects, or asks first where what is set could hurt hardware.
fn ask(state: &mut State, workers: &mut Workers, address: String) {
    if faultscope_door::live::risks(&address).is_empty() {
        connect(state, workers, address);
    } else {
        state.asking = Some(address);
    }
}

fn connect(state: &mut State, workers: &mut Workers, address: String) {
    state.session += 1;
    workers.connect(state.session, &address);
    state.devices.used(&address);
    state.live = Some(Live::new(state.session, address));
    state.screen = Screen::Live;
    judge_live(state, workers);
}

/// Shows the source of the last session, to be connected by hand: nothing is sent to an instrument unasked.
fn offer_live(state: &mut State, address: String) {
    state.session += 1;
    let mut live = Live::new(state.session, address);
    live.stage = Stage::Ended;
    state.live = Some(live);
}

/// Gives the source up at once when it is open; one that is over goes from the screen.
fn disconnect(state: &mut State, workers: &mut Workers) {
    workers.disconnect();
    match state.live.as_mut().filter(|l| l.is_open()) {
        Some(live) => live.stage = Stage::Ended,
        None => {
            state.live = None;
        }
    }
}

/// Pins go beside the store, not into a temporary folder: they are evidence from the moment they are taken.
fn pin(state: &mut State, workers: &Workers) {
    let folder = state.desk.dir.as_ref().and_then(|dir| dir.parent()).map(|p| p.join("pins"));
    let Some(folder) = folder else {
        state.notice = Some(Notice::Missing(Word::NoStoreYet));
        return;
    };
    if let Err(e) = std::fs::create_dir_all(&folder) {
        let message = format!("the folder for pins cannot be made ({e}): {}", folder.display());
        state.notice = Some(Notice::Failed(Error::new(faultscope_door::Class::Storage, "io", message, "make room")));
        return;
    }
    let Some(live) = state.live.as_mut().filter(|l| l.can_pin()) else { return };
    let time: String = faultscope_door::now().chars().filter(char::is_ascii_alphanumeric).collect();
    live.pinning += 1;
    workers.pin(folder.join(format!("pin-{time}")));
}

fn request(state: &State, packs: &[String], measurement: &str) -> Request {
    Request { packs: state.packs_for(packs, measurement), lang: state.lang, ..Request::default() }
}

fn select(state: &mut State, id: CaptureId) {
    if state.present != Some(id) {
        state.mark = None;
    }
    state.present = Some(id);
    state.screen = Screen::Capture;
}

fn step(state: &mut State, by: isize) {
    let here = state.captures.iter().position(|c| Some(c.id) == state.present).unwrap_or(0);
    let next = here.saturating_add_signed(by).min(state.captures.len().saturating_sub(1));
    if let Some(id) = state.captures.get(next).map(|c| c.id) {
        select(state, id);
    }
}

fn close(state: &mut State, id: CaptureId) {
    let place = state.captures.iter().position(|c| c.id == id);
    state.jobs.iter().filter(|j| j.capture == Some(id)).for_each(|j| j.progress.cancel());
    state.captures.retain(|c| c.id != id);
    if state.baseline == Some(Baseline::Capture(id)) {
        state.baseline = None;
    }
    if state.present == Some(id) {
        let next = place.unwrap_or(0).min(state.captures.len().saturating_sub(1));
        state.present = state.captures.get(next).map(|c| c.id);
        state.mark = None;
    }
}

fn toggle_pack(state: &mut State, workers: &mut Workers, key: &str) {
    let Some(id) = state.present else { return };
    let Some(capture) = state.capture_mut(id) else { return };
    toggle(&mut capture.packs, key);
    // The next capture is judged as this one was.
    state.chosen = state.capture().map(|c| c.packs.clone()).unwrap_or_default();
    measure(state, workers, id);
}

/// Puts the typed limit in the place of the one before on the same reading, and judges by it.
fn set_limit(state: &mut State, workers: &mut Workers) {
    let (Some(draft), Some(id)) = (state.draft.clone(), state.present) else { return };
    let Some(measurement) = state.capture().and_then(Capture::measurement) else { return };
    let read = |text: &String| match text.trim() {
        "" => Ok(None),
        text => limits::quantity(text, draft.unit).map(Some),
    };
    let [lower, upper] = &draft.bounds;
    let made = read(lower).and_then(|lower| Ok((lower, read(upper)?))).and_then(|(lower, upper)| {
        let mut typed = state.typed.clone();
        typed.retain(|l| !(l.reading == draft.reading && l.measurement == measurement));
        let (reading, measurement) = (draft.reading.clone(), measurement.to_owned());
        if lower.is_some() || upper.is_some() {
            typed.push(TypedLimit { measurement, reading, unit: draft.unit, lower, upper });
        }
        let set = if typed.is_empty() { None } else { Some(limits::typed(&typed, &state.desk.actor)?) };
        Ok((typed, set))
    });
    let (typed, set) = match made {
        Ok(made) => made,
        Err(error) => {
            state.notice = Some(Notice::Failed(error));
            return;
        }
    };
    (state.typed, state.draft) = (typed, None);
    state.packs.retain(|p| p.key != limits::TYPED);
    let there = set.is_some();
    state.packs.extend(set.map(|set| Pack { key: limits::TYPED.to_owned(), set }));
    if let Some(capture) = state.capture_mut(id) {
        capture.packs.retain(|k| k != limits::TYPED);
        capture.packs.extend(there.then(|| limits::TYPED.to_owned()));
    }
    measure(state, workers, id);
}

fn toggle(keys: &mut Vec<String>, key: &str) {
    if keys.iter().any(|k| k == key) {
        keys.retain(|k| k != key);
    } else {
        keys.push(key.to_owned());
    }
}

/// Hands the chosen packs to the live source.
fn judge_live(state: &State, workers: &Workers) {
    let chosen = state.packs.iter().filter(|p| state.chosen.contains(&p.key));
    workers.judge_by(&chosen.map(|p| p.set.clone()).collect::<Vec<_>>());
}

fn measure_by(state: &mut State, workers: &mut Workers, by: &'static str) {
    let Some(id) = state.present else { return };
    if let Some(capture) = state.capture_mut(id) {
        capture.by = Some(by);
    }
    measure(state, workers, id);
}

/// Measures a capture again with its present settings; what is measured at this moment is not wanted any more.
pub(super) fn measure(state: &mut State, workers: &mut Workers, id: CaptureId) {
    let Some(capture) = state.captures.iter().find(|c| c.id == id) else { return };
    let (Some(path), Some(measurement)) = (capture.path.clone(), capture.measurement()) else {
        // Nothing fits a record without a unit: the panel offers the choice.
        state.captures.iter_mut().filter(|c| c.id == id).for_each(|c| c.measured = true);
        return;
    };
    let mut request = request(state, &capture.packs, measurement);
    request.settings.modulation = capture.modulation.used.clone().filter(|_| measurement == "modulation");
    let (by, name) = (capture.by, capture.name.clone());
    state.jobs.iter().filter(|j| j.capture == Some(id) && j.what == Word::Measuring).for_each(|j| j.progress.cancel());
    let (job, progress) = workers.capture(CaptureJob::Measure { id, path, by, request: Box::new(request) });
    state.jobs.push(Job { id: job, what: Word::Measuring, name, capture: Some(id), progress });
    if let Some(capture) = state.capture_mut(id) {
        capture.error = None;
        capture.measured = false;
    }
}

fn view(state: &mut State, plot: Plot, range: Option<(f64, f64)>) {
    let range = range.filter(|(a, b)| a.is_finite() && b.is_finite() && a < b);
    if plot == Plot::Live {
        state.live.iter_mut().for_each(|l| l.view = range);
        return;
    }
    let Some(capture) = state.present.and_then(|id| state.capture_mut(id)) else { return };
    match plot {
        Plot::Waveform => capture.waveform_view = range,
        Plot::Spectrum | Plot::Live => capture.spectrum_view = range,
    }
}

fn detail(state: &mut State, workers: &mut Workers, range_s: (f64, f64), columns: usize) {
    let Some(capture) = state.present.and_then(|id| state.capture_mut(id)) else { return };
    let Some(viewer) = capture.viewer.clone() else { return };
    if capture.asked == Some((range_s, columns)) {
        return;
    }
    capture.asked = Some((range_s, columns));
    workers.zoom(ZoomJob { id: capture.id, viewer, range_s, columns });
}

fn draw_waterfall(state: &mut State, workers: &mut Workers, range_s: (f64, f64), rows: usize) {
    let Some(capture) = state.present.and_then(|id| state.capture_mut(id)) else { return };
    let Some(viewer) = capture.viewer.clone().filter(|_| capture.asked_still != Some((range_s, rows))) else { return };
    capture.asked_still = Some((range_s, rows));
    let (id, name) = (capture.id, capture.name.clone());
    let (job, progress) = workers.waterfall(StillJob { id, viewer, range_s, rows });
    state.jobs.push(Job { id: job, what: Word::Waterfall, name, capture: None, progress });
}

/// Draws the spectrum anew; what is drawn of it at this moment is not wanted any more.
fn resolve(state: &mut State, workers: &mut Workers, points: usize) {
    let Some(capture) = state.capture().filter(|c| !c.glimpse) else { return };
    let Some(viewer) = capture.viewer.clone() else { return };
    let (id, name) = (capture.id, capture.name.clone());
    let before = |j: &&Job| j.what == Word::Resolution && j.capture == Some(id);
    state.jobs.iter().filter(before).for_each(|j| j.progress.cancel());
    let (job, progress) = workers.capture(CaptureJob::Resolve { id, viewer, points });
    state.jobs.push(Job { id: job, what: Word::Resolution, name, capture: Some(id), progress });
}

fn draw_persistence(state: &mut State, workers: &mut Workers) {
    let Some(capture) = state.present.and_then(|id| state.capture_mut(id)) else { return };
    let Some(viewer) = capture.viewer.clone().filter(|_| !capture.asked_density) else { return };
    capture.asked_density = true;
    let (id, name) = (capture.id, capture.name.clone());
    let (job, progress) = workers.capture(CaptureJob::Persistence { id, viewer });
    state.jobs.push(Job { id: job, what: Word::Persistence, name, capture: None, progress });
}

fn against(state: &mut State, baseline: Option<Baseline>) {
    if baseline.is_some() {
        state.picture = Picture::Comparison;
    }
    state.baseline = baseline;
}

/// Holds the present capture against the baseline, once for each of the two.
fn compare(state: &mut State, workers: &mut Workers) {
    let Some(baseline) = state.baseline.clone() else { return };
    let other = match &baseline {
        Baseline::Capture(id) => state.captures.iter().find(|c| c.id == *id).and_then(|c| c.path.clone()),
        Baseline::Reference(path) => Some(path.clone()),
    };
    let Some(capture) = state.capture().filter(|c| c.asked_baseline.as_ref() != Some(&baseline)) else { return };
    let (Some(other), Some(path)) = (other, capture.path.clone()) else { return };
    let (id, name, by) = (capture.id, capture.name.clone(), capture.measurement());
    if let Some(capture) = state.capture_mut(id) {
        capture.asked_baseline = Some(baseline.clone());
    }
    let (job, progress) = workers.capture(CaptureJob::Compare { id, path, other, by, baseline });
    state.jobs.push(Job { id: job, what: Word::Comparison, name, capture: None, progress });
}

fn draw_trend(state: &mut State, workers: &mut Workers) {
    let of = state.trend_of();
    let Some(measurement) = state.capture().and_then(Capture::measurement).filter(|_| state.asked_trend != of) else {
        return;
    };
    state.asked_trend.clone_from(&of);
    let results = state.alike().map(|(_, result)| Arc::clone(result)).collect();
    let packs = state.packs_for(&state.chosen, measurement);
    let (job, progress) = workers.capture(CaptureJob::Trend { of, measurement, results, packs });
    state.jobs.push(Job { id: job, what: Word::Trend, name: String::new(), capture: None, progress });
}

fn marker(state: &mut State, which: usize, hz: Option<f64>) {
    let capture = state.present.and_then(|id| state.capture_mut(id));
    if let Some(place) = capture.and_then(|c| c.markers.get_mut(which)) {
        *place = hz.filter(|hz| hz.is_finite());
    }
}

fn cursor(state: &mut State, time_s: Option<f64>) {
    if let Some(capture) = state.present.and_then(|id| state.capture_mut(id)) {
        capture.cursor_s = time_s.filter(|t| t.is_finite());
    }
}

fn speak(state: &mut State, lang: Lang) {
    if lang == Lang::ZhCn && !state.chinese {
        state.notice = Some(Notice::Missing(Word::NoChineseFont));
    } else {
        state.lang = lang;
    }
}

fn scale(context: &egui::Context, step: i8) {
    match step.signum() {
        1 => egui::gui_zoom::zoom_in(context),
        -1 => egui::gui_zoom::zoom_out(context),
        _ => context.set_zoom_factor(1.0),
    }
}

/// Attaches a capture, and where it is on the screen that, too.
fn attach(state: &mut State, workers: &mut Workers, context: &egui::Context, id: Option<CaptureId>) {
    let Some(case) = state.desk.case.as_ref().map(|c| c.id.clone()) else { return };
    let Some(capture) = state.captures.iter().find(|c| Some(c.id) == id) else { return };
    let (Some(viewer), Some(result)) = (&capture.viewer, &capture.result) else { return };
    let files: Vec<PathBuf> = viewer.files().to_vec();
    let result = Box::new(result.as_ref().clone());
    let role = state.desk.role.map(str::to_owned);
    if state.screen() == Screen::Capture && state.present == id {
        // A window without a screen gives nothing.
        context.request_screenshot(workers.screen(case.clone(), capture.name.clone()));
    }
    desk(state, workers, Word::Writing, DeskTask::Attach { case, files, result, role });
}
