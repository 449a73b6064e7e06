//! Work on the store of cases: listing, opening, attaching, reporting.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::ColorImage;
use faultscope_door::cases::{
    Access, Case, CaseLinkRequest, Checked, Desk, EventKind, Filter, HORIZON_DAYS, LibraryHit, LibrarySearch, Opened,
    Repaired, Sort, TrendSearch, UnitTrend, VerifyOptions, repaired, signature_of,
};
use faultscope_door::diagnose::Cause;
use faultscope_door::paper::Lang;
use faultscope_door::paper::picture::encode_png;
use faultscope_door::{CaptureResult, Class, Error, Unwatched, report};

use super::{Message, Progress, Voice, rounds, step};
use crate::app::{CaptureId, Stepping};

/// Most closed cases that are told to resemble a capture.
const SIMILAR: usize = 20;

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
    Create(Box<Opened>),
    /// Show a case.
    Show(String),
    /// The same once more, as it stands now; what is worked out from it only where it is no longer at this version.
    Refresh(String, u64),
    /// Write a step down.
    Step {
        /// The case.
        case: String,
        /// The version it was decided on.
        seen: u64,
        /// The step.
        stepping: Stepping,
    },
    /// Write down a check list with its answers.
    Answer(String, Box<Checked>),
    /// Attach files with their result.
    Attach {
        /// The case.
        case: String,
        /// The files of the capture.
        files: Vec<PathBuf>,
        /// Its result.
        result: Box<CaptureResult>,
        /// What it shows.
        role: Option<String>,
    },
    /// Attach what is on the screen.
    Picture {
        /// The case.
        case: String,
        /// Name of the capture on it.
        name: String,
        /// What is on it.
        image: Arc<ColorImage>,
    },
    /// Attach several results, each with its file and its role.
    AttachAll(String, Vec<(PathBuf, Option<String>, CaptureResult)>),
    /// Write the report of a case.
    Report(String, Lang),
    /// Write the case with its evidence and report to one file.
    Bundle(String, Lang),
    /// Prove the case, and compute its findings again.
    Verify(String),
    /// How the points of the rounds in use stand.
    Rounds {
        /// The plans, by name; those beside the store when none is named.
        plans: Vec<String>,
        /// Language of their words.
        lang: Lang,
    },
    /// What was found at a point.
    History {
        /// The plans.
        plans: Vec<String>,
        /// The point.
        tag: String,
    },
    /// Measure a point and write down what was found.
    Inspect {
        /// The plans.
        plans: Vec<String>,
        /// The point.
        tag: String,
        /// The captures.
        captures: Vec<PathBuf>,
        /// Language of the findings.
        lang: Lang,
    },
    /// Open a case for an inspection that failed.
    Raise {
        /// The plan.
        plan: String,
        /// The inspection.
        inspection: String,
        /// Language of the links.
        lang: Lang,
    },
    /// Readings of all units that drift towards their limits.
    Warnings,
    /// Look for closed cases that resemble a result.
    Similar(CaptureId, usize, Box<CaptureResult>),
}

/// A case, and what is worked out from it.
#[derive(Debug)]
pub(crate) struct Folder {
    /// The case.
    pub(crate) case: Case,
    /// Its causes by all that is attached, likeliest first.
    pub(crate) causes: Vec<Cause>,
    /// What was measured before and after the repair.
    pub(crate) repaired: Vec<Repaired>,
    /// Readings of the unit that drift towards their limits.
    pub(crate) warnings: Vec<UnitTrend>,
}

/// Does one job.
pub(super) fn work(job: DeskJob, progress: &Progress, voice: &Voice) {
    let asked = !matches!(job.task, DeskTask::Refresh(..));
    match task(job, progress) {
        Ok(message) => voice.say(message),
        // What nobody asked for does not disturb: the case on the screen is as it was read last.
        Err(_) if !asked => {}
        Err(error) => voice.say(Message::DeskFailed(error)),
    }
}

const fn access(task: &DeskTask) -> Access {
    match task {
        DeskTask::List
        | DeskTask::Show(_)
        | DeskTask::Refresh(..)
        | DeskTask::Report(..)
        | DeskTask::Rounds { .. }
        | DeskTask::History { .. }
        | DeskTask::Warnings
        | DeskTask::Bundle(..)
        | DeskTask::Verify(_) => Access::Read,
        DeskTask::Create(_) | DeskTask::Inspect { .. } => Access::Create,
        // A search makes what the library lacks.
        DeskTask::Attach { .. }
        | DeskTask::AttachAll(..)
        | DeskTask::Picture { .. }
        | DeskTask::Step { .. }
        | DeskTask::Answer(..)
        | DeskTask::Raise { .. }
        | DeskTask::Similar(..) => Access::Write,
    }
}

fn task(job: DeskJob, progress: &Progress) -> Result<Message, Error> {
    let access = access(&job.task);
    let mut desk = match Desk::open(job.store.as_deref(), access, &job.actor) {
        // A store that is not there yet holds no case; it is made with the first one.
        Err(error) if error.kind == "no_store" && matches!(job.task, DeskTask::List) => {
            let place = job.store.map(PathBuf::from).map_or_else(faultscope_door::cases::default_store, Ok)?;
            return Ok(Message::Cases(place, Vec::new()));
        }
        Err(error) if error.kind == "no_store" => match job.task {
            DeskTask::Rounds { plans, lang } => {
                return Ok(Message::Rounds(rounds::never(job.store.as_deref(), &plans, lang)));
            }
            DeskTask::History { tag, .. } => return Ok(Message::History(tag, Vec::new())),
            DeskTask::Warnings => return Ok(Message::Warnings(Vec::new())),
            DeskTask::Similar(id, of, _) => return Ok(Message::Similar(id, of, Ok(Vec::new()))),
            _ => return Err(error),
        },
        other => other?,
    };
    match job.task {
        DeskTask::List => {
            let filter = Filter { unclosed: true, ..Filter::default() };
            Ok(Message::Cases(desk.dir().to_owned(), desk.list(&filter, Sort::NextClock)?))
        }
        DeskTask::Create(opened) => {
            let case = desk.create(*opened)?;
            folder(&desk, case).map(Message::Case)
        }
        DeskTask::Show(id) => folder(&desk, desk.case(&id)?).map(Message::Case),
        DeskTask::Refresh(id, seen) => {
            let case = desk.case(&id)?;
            if case.version == seen {
                Ok(Message::Ticked(Box::new(case)))
            } else {
                folder(&desk, case).map(Message::Refreshed)
            }
        }
        DeskTask::Step { case, seen, stepping } => {
            let case = step::take(&mut desk, &case, seen, &stepping)?;
            folder(&desk, case).map(Message::Stepped)
        }
        DeskTask::Answer(id, checked) => {
            let case = desk.append(&id, None, EventKind::Checked(checked))?;
            folder(&desk, case).map(Message::Stepped)
        }
        DeskTask::Attach { case, files, result, role } => {
            let (attached, evidence) = desk.attach(&case, &files, Some(&result), role)?;
            let case = linked(&mut desk, attached.clone(), &[attached.version])?;
            let name = evidence.into_iter().next().map(|e| e.name).unwrap_or_default();
            Ok(Message::Attached(folder(&desk, case)?, name))
        }
        DeskTask::Picture { case, name, image } => {
            let case = picture(&mut desk, &case, &name, &image)?;
            folder(&desk, case).map(Message::Refreshed)
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
            let case = linked(&mut desk, case, &new)?;
            Ok(Message::Attached(folder(&desk, case)?, names.join(", ")))
        }
        DeskTask::Report(id, lang) => {
            let path = beside(&desk, "reports")?.join(format!("{id}.html"));
            report::write(&desk, &id, &path, lang, &report::Edition::default()).map(Message::Report)
        }
        DeskTask::Bundle(id, lang) => {
            let path = beside(&desk, "bundles")?.join(format!("{id}.zip"));
            desk.export(&id, &path, true, lang)?;
            Ok(Message::Bundle(path))
        }
        DeskTask::Verify(id) => {
            desk.verify(&id, &VerifyOptions::default(), progress).map(|v| Message::Verified(Box::new(v)))
        }
        DeskTask::Rounds { plans, lang } => Ok(Message::Rounds(rounds::points(&desk, &plans, lang))),
        DeskTask::History { plans, tag } => {
            let history = rounds::history(&desk, &plans, &tag)?;
            Ok(Message::History(tag, history))
        }
        DeskTask::Inspect { plans, tag, captures, lang } => {
            let inspection = rounds::inspect(&mut desk, &plans, &tag, captures, lang, progress)?;
            Ok(Message::Inspected(inspection.map(Box::new), rounds::points(&desk, &plans, lang)?))
        }
        DeskTask::Raise { plan, inspection, lang } => {
            let request = CaseLinkRequest { lang, ..CaseLinkRequest::default() };
            let case = desk.raise(&plan, &inspection, None, &request, progress)?;
            folder(&desk, case).map(Message::Raised)
        }
        DeskTask::Warnings => {
            let search = TrendSearch { horizon_days: HORIZON_DAYS, ..TrendSearch::default() };
            desk.drifting(&search).map(Message::Warnings)
        }
        DeskTask::Similar(id, of, result) => Ok(Message::Similar(id, of, similar(&mut desk, &result))),
    }
}

/// The closed cases that a result resembles, the most alike first.
fn similar(desk: &mut Desk, result: &CaptureResult) -> Result<Vec<LibraryHit>, Error> {
    let signature = Some(signature_of(std::slice::from_ref(result))?);
    let search = LibrarySearch { signature, limit: Some(SIMILAR), ..LibrarySearch::default() };
    Ok(desk.search_library(&search)?.1)
}

/// A folder beside the store, for what is written out of it.
fn beside(desk: &Desk, name: &str) -> Result<PathBuf, Error> {
    let folder = desk.dir().parent().unwrap_or_else(|| Path::new(".")).join(name);
    std::fs::create_dir_all(&folder).map_err(|e| {
        let message = format!("a folder cannot be made ({e}): {}", folder.display());
        Error::new(Class::Storage, "io", message, "check room and mode of the folder that the store lies in")
    })?;
    Ok(folder)
}

/// What stands in the folder of a case.
fn folder(desk: &Desk, case: Case) -> Result<Box<Folder>, Error> {
    Ok(Box::new(Folder {
        causes: desk.causes(&case.id, Lang::En)?,
        repaired: repaired(&case.findings),
        warnings: desk.warnings(&case.equipment.serial, HORIZON_DAYS)?,
        case,
    }))
}

/// Attaches what is on the screen as a picture.
fn picture(desk: &mut Desk, case: &str, name: &str, image: &ColorImage) -> Result<Case, Error> {
    let trouble = |e: std::io::Error| {
        Error::new(Class::Storage, "io", format!("the picture cannot be written: {e}"), "make room for it")
    };
    let [width, height] = image.size.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let rgb: Vec<u8> = image.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]).collect();
    let png = encode_png(width, height, &rgb)?;
    let place = tempfile::tempdir().map_err(trouble)?;
    let stem: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let file = place.path().join(format!("{stem}.screen.png"));
    std::fs::write(&file, png).map_err(trouble)?;
    Ok(desk.attach(case, &[file], None, None)?.0)
}

/// The case with the links of what was just attached; that is in it whatever becomes of the links.
fn linked(desk: &mut Desk, attached: Case, new: &[u64]) -> Result<Case, Error> {
    match desk.link_case(&attached.id, Some(new), &CaseLinkRequest::default(), &Unwatched) {
        Ok(_) => desk.case(&attached.id),
        Err(_) => Ok(attached),
    }
}
