//! Work on the store of cases: listing, opening, attaching, reporting.

use std::path::PathBuf;

use faultscope_door::cases::{Access, Case, CaseLinkRequest, Desk, Equipment, Filter, Opened, Priority, Sort};
use faultscope_door::paper::Lang;
use faultscope_door::{CaptureResult, Error, Unwatched, report};

use super::{Message, Voice};

/// What to do with the store.
#[derive(Debug)]
pub(crate) struct DeskJob {
    /// Folder of the store; the default one when not given.
    pub(crate) store: Option<String>,
    /// Who does it.
    pub(crate) actor: String,
    /// What.
    pub(crate) task: DeskTask,
}

/// One task on the store.
#[derive(Debug)]
pub(crate) enum DeskTask {
    /// List the cases that are not closed.
    List,
    /// Open a new case.
    Create(String),
    /// Show a case.
    Show(String),
    /// Attach files with their result.
    Attach {
        /// The case.
        case: String,
        /// The files of the capture.
        files: Vec<PathBuf>,
        /// Its result.
        result: Box<CaptureResult>,
    },
    /// Attach several results, each with its file and its role.
    AttachAll(String, Vec<(PathBuf, Option<String>, CaptureResult)>),
    /// Write the report of a case.
    Report(String, Lang),
}

/// Does one job.
pub(super) fn work(job: DeskJob, voice: &Voice) {
    match task(job) {
        Ok(message) => voice.say(message),
        Err(error) => voice.say(Message::DeskFailed(error)),
    }
}

fn task(job: DeskJob) -> Result<Message, Error> {
    let access = match &job.task {
        DeskTask::List | DeskTask::Show(_) | DeskTask::Report(..) => Access::Read,
        DeskTask::Create(_) => Access::Create,
        DeskTask::Attach { .. } | DeskTask::AttachAll(..) => Access::Write,
    };
    let mut desk = match Desk::open(job.store.as_deref(), access, &job.actor) {
        // A store that is not there yet holds no case; it is made with the first one.
        Err(error) if error.kind == "no_store" && matches!(job.task, DeskTask::List) => {
            let place = job.store.map(PathBuf::from).map_or_else(faultscope_door::cases::default_store, Ok)?;
            return Ok(Message::Cases(place, Vec::new()));
        }
        other => other?,
    };
    match job.task {
        DeskTask::List => {
            let filter = Filter { unclosed: true, ..Filter::default() };
            Ok(Message::Cases(desk.dir().to_owned(), desk.list(&filter, Sort::NextClock)?))
        }
        DeskTask::Create(title) => Ok(Message::Case(Box::new(desk.create(opened(title))?))),
        DeskTask::Show(id) => Ok(Message::Case(Box::new(desk.case(&id)?))),
        DeskTask::Attach { case, files, result } => {
            let (attached, evidence) = desk.attach(&case, &files, Some(&result), None)?;
            let case = linked(&mut desk, attached.clone(), &[attached.version])?;
            let name = evidence.into_iter().next().map(|e| e.name).unwrap_or_default();
            Ok(Message::Attached(Box::new(case), name))
        }
        DeskTask::AttachAll(id, results) => {
            let mut case = desk.case(&id)?;
            let mut new = Vec::new();
            let mut names = Vec::new();
            for (path, role, result) in results {
                let files = faultscope_door::capture::open(&path, &result.settings.open)?.files;
                let (attached, evidence) = desk.attach(&id, &files, Some(&result), role)?;
                new.push(attached.version);
                names.extend(evidence.into_iter().next().map(|e| e.name));
                case = attached;
            }
            Ok(Message::Attached(Box::new(linked(&mut desk, case, &new)?), names.join(", ")))
        }
        DeskTask::Report(id, lang) => {
            let folder = desk.dir().parent().map(|p| p.join("reports")).unwrap_or_default();
            std::fs::create_dir_all(&folder).map_err(|e| {
                Error::new(
                    faultscope_door::Class::Storage,
                    "io",
                    format!("the folder for reports cannot be made ({e}): {}", folder.display()),
                    "check room and mode of the folder that the store lies in",
                )
            })?;
            let path = folder.join(format!("{id}.html"));
            report::write(&desk, &id, &path, lang, &report::Edition::default()).map(Message::Report)
        }
    }
}

/// The case with the links of what was just attached; that is in it whatever becomes of the links.
fn linked(desk: &mut Desk, attached: Case, new: &[u64]) -> Result<Case, Error> {
    match desk.link_case(&attached.id, Some(new), &CaseLinkRequest::default(), &Unwatched) {
        Ok(_) => desk.case(&attached.id),
        Err(_) => Ok(attached),
    }
}

fn opened(title: String) -> Opened {
    Opened {
        title,
        customer: String::new(),
        site: String::new(),
        equipment: Equipment::default(),
        symptom: String::new(),
        contact: String::new(),
        priority: Priority::P3,
        terms: None,
    }
}
