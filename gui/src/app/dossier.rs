//! The store and the open case: what is known of it, what is being written down, and the commands that do it.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::ColorImage;
use faultscope_door::Error;
use faultscope_door::cases::{
    Case, Equipment, LibraryHit, Opened, Priority, Repaired, Summary, UnitTrend, Verification,
};
use faultscope_door::checklist;
use faultscope_door::diagnose::{Answer, Cause, CheckList};

use super::{CaptureId, Job, Notice, Screen, State, Stepping};
use crate::words::Word;
use crate::worker::{DeskJob, DeskTask, Folder, JobId, Workers};

/// The store and the open case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    /// Folder of the store as asked for; the default one when not given.
    pub(crate) store: Option<String>,
    /// Folder of the store as it is.
    pub(crate) dir: Option<PathBuf>,
    /// Who works here.
    pub(crate) actor: String,
    /// Cases that are not closed.
    pub(crate) cases: Vec<Summary>,
    /// The open case.
    pub(crate) case: Option<Box<Case>>,
    /// What is worked out from it.
    pub(crate) dossier: Dossier,
    /// The case that is about to be opened.
    pub(crate) call: Call,
    /// Whether its title takes the cursor in the next frame.
    pub(crate) focus_title: bool,
    /// What the next attachment shows.
    pub(crate) role: Option<&'static str>,
    /// The step that is being written down.
    pub(crate) stepping: Option<Stepping>,
    /// The check list that is being answered.
    pub(crate) answering: Option<Answering>,
    /// The job that reads the open case once more.
    pub(crate) refreshing: Option<JobId>,
    /// What was last written out of the store, and where to.
    pub(crate) written: Option<(Word, PathBuf)>,
}

/// What is worked out from the open case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dossier {
    /// Its causes, likeliest first.
    pub(crate) causes: Vec<Cause>,
    /// Before and after the repair.
    pub(crate) repaired: Vec<Repaired>,
    /// Readings of the unit that drift towards their limits.
    pub(crate) warnings: Vec<UnitTrend>,
    /// What came of proving it.
    pub(crate) verified: Option<Verification>,
}

/// A case before it is opened.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// What is filled in.
    pub(crate) filled: [String; Entry::ALL.len()],
    /// How urgent it is.
    pub(crate) priority: Priority,
}

/// What can be said of a case when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// One line.
    Title,
    /// Whose equipment.
    Customer,
    /// Where.
    Site,
    /// What it is.
    Kind,
    /// Its model.
    Model,
    /// Its serial number.
    Serial,
    /// Its tag.
    Tag,
    /// What is wrong, in the customer's words.
    Symptom,
    /// Whom to call back.
    Contact,
}

impl Entry {
    /// All of them, in the order of the form.
    pub(crate) const ALL: [Self; 9] = [
        Self::Title,
        Self::Customer,
        Self::Site,
        Self::Kind,
        Self::Model,
        Self::Serial,
        Self::Tag,
        Self::Symptom,
        Self::Contact,
    ];
}

impl Default for Call {
    fn default() -> Self {
        Self { filled: Default::default(), priority: Priority::P3 }
    }
}

impl Call {
    /// What is filled in.
    pub(crate) fn get(&self, entry: Entry) -> &str {
        self.filled.get(entry as usize).map_or("", |text| text.trim())
    }

    fn opened(&self) -> Opened {
        let get = |entry| self.get(entry).to_owned();
        Opened {
            title: get(Entry::Title),
            customer: get(Entry::Customer),
            site: get(Entry::Site),
            equipment: Equipment {
                kind: get(Entry::Kind),
                model: get(Entry::Model),
                serial: get(Entry::Serial),
                tag: get(Entry::Tag),
            },
            symptom: get(Entry::Symptom),
            contact: get(Entry::Contact),
            priority: self.priority,
            terms: None,
        }
    }
}

/// A check list that is being answered.
#[derive(Debug, Clone)]
pub(crate) struct Answering {
    /// The list.
    pub(crate) list: CheckList,
    /// Answer and note of each item.
    pub(crate) items: Vec<(Answer, String)>,
}

/// What may be done to the open case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CaseCommand {
    /// Put the cursor into the title of a new case; the open one is left.
    Begin,
    /// Say something of the case that is about to be opened.
    Call(Entry, String),
    /// How urgent that case is.
    Urgent(Priority),
    /// Open it.
    Create,
    /// Show a case.
    Show(String),
    /// Read the open case once more.
    Refresh,
    /// Go back to the list.
    Leave,
    /// Say what the next attachment shows.
    Role(Option<&'static str>),
    /// Write a step down; nothing when not given.
    Step(Option<Stepping>),
    /// Keep the step that is filled in.
    Keep,
    /// Answer a check list; none when not given.
    Answer(Option<&'static str>),
    /// Answer an item of it, with a note.
    Item(usize, Answer, String),
    /// Keep the answers.
    KeepAnswers,
    /// Write the report.
    Report,
    /// Write the bundle.
    Bundle,
    /// Prove the case.
    Verify,
    /// Attach what is on the screen to a case, with the name of the capture on it.
    Picture(String, String, Arc<ColorImage>),
}

/// Does what a command asks for.
pub(super) fn apply(state: &mut State, workers: &mut Workers, command: CaseCommand) {
    let open = state.desk.case.as_ref().map(|c| c.id.clone());
    match (command, open) {
        (CaseCommand::Begin, open) => {
            state.desk.focus_title = true;
            if open.is_some() {
                leave(state, workers);
            }
        }
        (CaseCommand::Call(entry, text), _) => {
            state.desk.focus_title = false;
            if let Some(place) = state.desk.call.filled.get_mut(entry as usize) {
                *place = text;
            }
        }
        (CaseCommand::Urgent(priority), _) => state.desk.call.priority = priority,
        (CaseCommand::Create, _) => create(state, workers),
        (CaseCommand::Show(id), _) => desk(state, workers, Word::Opening, DeskTask::Show(id)),
        (CaseCommand::Refresh, Some(_)) => refresh(state, workers),
        (CaseCommand::Leave, _) => leave(state, workers),
        (CaseCommand::Role(role), _) => state.desk.role = role,
        (CaseCommand::Step(stepping), _) => state.desk.stepping = stepping,
        (CaseCommand::Keep, Some(_)) => keep(state, workers),
        (CaseCommand::Answer(list), _) => answer(state, list),
        (CaseCommand::Item(at, answer, note), _) => {
            let items = state.desk.answering.as_mut().map(|a| &mut a.items);
            if let Some(item) = items.and_then(|items| items.get_mut(at)) {
                *item = (answer, note);
            }
        }
        (CaseCommand::KeepAnswers, Some(id)) => keep_answers(state, workers, id),
        (CaseCommand::Report, Some(id)) => desk(state, workers, Word::Writing, DeskTask::Report(id, state.lang)),
        (CaseCommand::Bundle, Some(id)) => desk(state, workers, Word::Writing, DeskTask::Bundle(id, state.lang)),
        (CaseCommand::Verify, Some(id)) => desk(state, workers, Word::Measuring, DeskTask::Verify(id)),
        (CaseCommand::Picture(case, name, image), _) => {
            desk(state, workers, Word::Writing, DeskTask::Picture { case, name, image });
        }
        // What belongs to an open case is nothing without one.
        (_, None) => {}
    }
}

/// Takes in how the open case stands now.
pub(super) fn take(state: &mut State, folder: Folder) {
    let Folder { case, causes, repaired, warnings } = folder;
    let same = state.desk.case.as_ref().filter(|c| c.id == case.id);
    // A proof is one of the events that were there.
    let verified = same.filter(|c| c.version == case.version).and_then(|_| state.desk.dossier.verified.take());
    state.desk.dossier = Dossier { causes, repaired, warnings, verified };
    state.desk.case = Some(Box::new(case));
}

/// What the library knows of a capture: which of its results was looked up, and what was found.
pub(crate) type Similar = (usize, Result<Vec<LibraryHit>, Error>);

/// Looks up which closed cases the present capture resembles, once for each of its results.
pub(super) fn look_up(state: &mut State, workers: &mut Workers) {
    let Some((id, result)) = state.capture().and_then(|c| Some((c.id, c.result.clone()?))) else { return };
    let of = Arc::as_ptr(&result) as usize;
    let Some(capture) = state.capture_mut(id).filter(|c| c.asked_similar != Some(of)) else { return };
    capture.asked_similar = Some(of);
    desk(state, workers, Word::Similar, DeskTask::Similar(id, of, Box::new(result.as_ref().clone())));
}

fn leave(state: &mut State, workers: &mut Workers) {
    state.desk.case = None;
    (state.desk.stepping, state.desk.answering) = (None, None);
    desk(state, workers, Word::Opening, DeskTask::List);
}

fn create(state: &mut State, workers: &mut Workers) {
    if state.desk.call.get(Entry::Title).is_empty() {
        state.notice = Some(Notice::Missing(Word::CaseNeedsTitle));
        return;
    }
    let opened = Box::new(std::mem::take(&mut state.desk.call).opened());
    desk(state, workers, Word::Writing, DeskTask::Create(opened));
}

fn keep(state: &mut State, workers: &mut Workers) {
    let Some((case, seen)) = state.desk.case.as_ref().map(|c| (c.id.clone(), c.version)) else { return };
    // What is filled in stays until the store has taken it.
    let Some(stepping) = state.desk.stepping.clone() else { return };
    desk(state, workers, Word::Writing, DeskTask::Step { case, seen, stepping });
}

fn answer(state: &mut State, list: Option<&str>) {
    let Some(list) = list else {
        state.desk.answering = None;
        return;
    };
    match checklist::load(list) {
        Ok(list) => {
            let items = list.items.iter().map(|_| (Answer::NotDone, String::new())).collect();
            state.desk.answering = Some(Answering { list, items });
        }
        Err(error) => state.notice = Some(Notice::Failed(error)),
    }
}

fn keep_answers(state: &mut State, workers: &mut Workers, id: String) {
    let Some(answering) = &state.desk.answering else { return };
    let given = || answering.list.items.iter().zip(&answering.items).filter(|(_, (a, _))| *a != Answer::NotDone);
    let answers: Vec<String> = given().map(|(item, (a, _))| format!("{}={}", item.id, a.name())).collect();
    let notes: Vec<String> = given()
        .filter(|(_, (_, note))| !note.trim().is_empty())
        .map(|(item, (_, note))| format!("{}={note}", item.id))
        .collect();
    match checklist::answer(&answering.list, &answers, &notes, "") {
        Ok(checked) => desk(state, workers, Word::Writing, DeskTask::Answer(id, Box::new(checked))),
        Err(error) => state.notice = Some(Notice::Failed(error)),
    }
}

/// Hands a job to the store, in sight.
pub(super) fn desk(state: &mut State, workers: &mut Workers, what: Word, task: DeskTask) {
    let (id, progress) = workers.desk(job(state, task));
    state.jobs.push(Job { id, what, name: Word::Store.text(state.lang).to_owned(), capture: None, progress });
}

/// Reads the open case once more, out of sight: nobody asked for it. One that still waits is not asked for again.
fn refresh(state: &mut State, workers: &mut Workers) {
    if let (None, Some(case)) = (state.desk.refreshing, &state.desk.case) {
        let (job, _) = workers.desk(job(state, DeskTask::Refresh(case.id.clone(), case.version)));
        state.desk.refreshing = Some(job);
    }
}

fn job(state: &State, task: DeskTask) -> DeskJob {
    DeskJob { store: state.desk.store.clone(), actor: state.desk.actor.clone(), task }
}

/// Takes the answer of the library in.
pub(super) fn found(state: &mut State, id: CaptureId, similar: Similar) {
    if let Some(capture) = state.capture_mut(id) {
        capture.similar = Some(similar);
    }
}

/// A case that was opened is on the screen, unless a capture is.
pub(super) fn opened(state: &mut State, folder: Folder) {
    take(state, folder);
    (state.desk.written, state.desk.stepping, state.desk.answering) = (None, None, None);
    if state.capture().is_none() && state.screen() == Screen::Capture {
        state.screen = Screen::Case;
    }
}
