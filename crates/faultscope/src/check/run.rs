//! The run: roles given, captures measured in parallel, results in the order of the plan.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use faultscope_report::words::Lang;
use serde_json::json;

use super::document::{CheckDocument, CheckEntry, CheckLine, PlanSummary};
use super::plan::{Plan, Step};
use super::role::{self, RoleOption};
use super::state::{State, stamp};
use super::unmet;
use crate::analyse::analyse;
use crate::batch::batch_in_order;
use crate::cases::{CaseLinkRequest, Desk};
use crate::result::OwnPack;
use crate::{CaptureResult, Class, Error, Request, Watch};

/// How a plan is run.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Roles as the command line gives them.
    pub roles: Vec<RoleOption>,
    /// Captures at a time.
    pub jobs: usize,
    /// Worker threads in all.
    pub threads: usize,
    /// Language of the findings' summaries.
    pub lang: Lang,
    /// Where an interrupted run goes on.
    pub resume: Option<PathBuf>,
    /// Names that led to no file, with why; they become entries of the document.
    pub unfound: Vec<(String, Error)>,
}

/// What a run gave.
pub struct Outcome {
    /// The document.
    pub document: CheckDocument,
    /// The file of each entry with a result, in their order; for attaching.
    files: Vec<Option<PathBuf>>,
    state: Option<(PathBuf, State)>,
}

impl Outcome {
    /// The entries of the document that were measured, each with its capture.
    pub(crate) fn measured(&self) -> impl Iterator<Item = (&CheckEntry, &Path)> {
        let all = self.document.captures.iter().zip(&self.files);
        all.filter_map(|(entry, file)| Some((entry, file.as_deref()?)))
            .filter(|(entry, _)| entry.result.error.is_none())
    }
}

/// A step and a capture.
struct Task<'a> {
    step: &'a Step,
    file: &'a Path,
}

impl Task<'_> {
    fn key(&self) -> String {
        format!("{}|{}", self.step.id, self.file.display())
    }
}

/// Runs a plan over captures.
///
/// # Errors
/// When a role is unknown or the state cannot be used; what goes wrong with one capture is its entry's error.
pub fn check(plan: &Plan, files: &[PathBuf], options: &CheckOptions, watch: &dyn Watch) -> Result<Outcome, Error> {
    check_in_order(plan, files, options, watch, |_| {})
}

/// The same; `told` hears of every entry of the document as soon as it and all before it are there, in their order.
///
/// # Errors
/// As for [`check`].
pub fn check_in_order(
    plan: &Plan,
    files: &[PathBuf],
    options: &CheckOptions,
    watch: &dyn Watch,
    mut told: impl FnMut(CheckLine) + Send,
) -> Result<Outcome, Error> {
    let summary = PlanSummary::of(plan);
    role::check(plan, &options.roles)?;
    let state = options.resume.as_deref().map(|path| Ok::<_, Error>((path.to_owned(), open(path, plan, options)?)));
    let state = state.transpose()?;
    let roles: Vec<Option<String>> = files.iter().map(|f| role::of(plan, &options.roles, f)).collect();
    let mut tasks: Vec<Task<'_>> = Vec::new();
    let mut counts = Vec::new();
    for step in &plan.steps {
        let before = tasks.len();
        let own = files.iter().zip(&roles).filter(|(_, role)| role.as_ref() == Some(&step.role));
        tasks.extend(own.map(|(file, _)| Task { step, file }));
        counts.push(tasks.len() - before);
    }
    let mut tell = |entry: &CheckEntry| told(CheckLine::capture(&summary, entry));
    let entries = measure(&tasks, state.as_ref(), options, watch, &mut tell)?;
    let mut paths: Vec<Option<PathBuf>> = tasks.iter().map(|t| Some(t.file.to_owned())).collect();
    let mut captures = entries;
    let measured = captures.len();
    for (file, _) in files.iter().zip(&roles).filter(|(_, role)| !has_step(plan, role.as_ref())) {
        captures.push(without_step(file, plan));
        paths.push(None);
    }
    for (name, error) in &options.unfound {
        captures.push(failed(None, name, error.clone()));
        paths.push(None);
    }
    captures.iter().skip(measured).for_each(tell);
    let missing = unmet::missing(plan, &counts, options.lang);
    Ok(Outcome { document: CheckDocument::new(plan, captures, missing), files: paths, state })
}

fn has_step(plan: &Plan, role: Option<&String>) -> bool {
    role.is_some_and(|role| plan.steps.iter().any(|s| s.role == *role))
}

/// Everything that a result depends on besides its capture.
fn open(path: &Path, plan: &Plan, options: &CheckOptions) -> Result<State, Error> {
    let packs: Vec<_> = plan.steps.iter().map(|s| &s.packs).collect();
    let made_of = json!([crate::VERSION, plan.sha256, options.lang.tag(), packs]);
    State::open(path, &made_of.to_string())
}

fn measure(
    tasks: &[Task<'_>],
    state: Option<&(PathBuf, State)>,
    options: &CheckOptions,
    watch: &dyn Watch,
    tell: &mut (dyn FnMut(&CheckEntry) + Send),
) -> Result<Vec<CheckEntry>, Error> {
    let jobs = options.jobs.clamp(1, 1024);
    let threads = (options.threads / jobs).max(1);
    let done = AtomicUsize::new(0);
    let work = |task: &Task<'_>| {
        let (key, stamp) = (task.key(), stamp(task.file));
        let entry = match state.and_then(|(_, s)| s.finished(&key, &stamp)) {
            Some(mut entry) => {
                // The file of the interrupted run names the packs; their texts are those of the plan, which is the same.
                entry.result.settings.own_packs = OwnPack::of(&task.step.packs);
                entry
            }
            None => {
                let entry = one(task, threads, options.lang, watch)?;
                if let Some((path, state)) = state {
                    state.keep(path, &key, &stamp, &entry)?;
                }
                entry
            }
        };
        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
        watch.finished(count, tasks.len(), &format!("{} {}", task.step.id, task.file.display()));
        Ok(entry)
    };
    let refused = |task: &Task<'_>, e: &Error| failed(Some(task.step), &task.file.display().to_string(), e.clone());
    let told = |place: usize, outcome: &Result<CheckEntry, Error>| match (outcome, tasks.get(place)) {
        (Ok(entry), _) => tell(entry),
        (Err(e), Some(task)) if e.class != Class::Storage => tell(&refused(task, e)),
        _ => {}
    };
    let outcomes = batch_in_order(tasks, jobs, watch, |task| task.file, work, told);
    let mut entries = Vec::with_capacity(tasks.len());
    for (task, outcome) in tasks.iter().zip(outcomes) {
        match outcome {
            Ok(entry) => entries.push(entry),
            // A state that cannot be written stops the run: what it promises would not hold.
            Err(e) if e.class == Class::Storage => return Err(e),
            Err(e) => entries.push(refused(task, &e)),
        }
    }
    Ok(entries)
}

fn one(task: &Task<'_>, threads: usize, lang: Lang, watch: &dyn Watch) -> Result<CheckEntry, Error> {
    let step = task.step;
    let request = Request {
        open: step.options.clone(),
        settings: step.settings(threads)?,
        packs: step.packs.clone(),
        lang,
        skip_digest: false,
    };
    let result = analyse(task.file, &step.measurement, &request, watch)?;
    Ok(entry(Some(step), result))
}

fn entry(step: Option<&Step>, result: CaptureResult) -> CheckEntry {
    CheckEntry {
        step: step.map_or_else(String::new, |s| s.id.clone()),
        role: step.map(|s| s.role.clone()),
        measurement: step.map_or_else(String::new, |s| s.measurement.clone()),
        verdict: result.verdict(),
        result,
    }
}

fn failed(step: Option<&Step>, file: &str, error: Error) -> CheckEntry {
    entry(step, CaptureResult::failed(file, error))
}

fn without_step(file: &Path, plan: &Plan) -> CheckEntry {
    let roles: Vec<&str> = plan.roles.iter().map(|r| r.id.as_str()).collect();
    let message = format!("no step of the plan is for this capture: {}", file.display());
    let hint = format!("give it a role with --role ROLE=FILE; roles are: {}", roles.join(", "));
    failed(None, &file.display().to_string(), Error::new(Class::Input, "no_role", message, hint))
}

/// Attaches every result of a run to a case, with its captures as evidence, and the links between them; returns how many
/// results, and what went wrong.
///
/// What a resumed run has attached before is not attached again.
pub fn attach(
    outcome: &Outcome,
    desk: &mut Desk,
    case: &str,
    keep_going: bool,
    request: &CaseLinkRequest,
    watch: &dyn Watch,
) -> (usize, Vec<Error>) {
    let (mut count, mut errors) = (0, Vec::new());
    let seen = match desk.case(case) {
        Ok(case) => case.version,
        Err(e) => return (0, vec![e]),
    };
    for (entry, file) in outcome.measured() {
        match attach_one(outcome, desk, case, entry, file) {
            Ok(()) => count += 1,
            Err(error) => {
                errors.push(error);
                if !keep_going {
                    break;
                }
            }
        }
    }
    // What the run attached may explain each other, or what the case held before.
    let new = desk.attached_since(case, seen);
    if let Err(e) = new.and_then(|new| desk.link_case(case, Some(&new), request, watch)) {
        errors.push(e);
    }
    (count, errors)
}

fn attach_one(outcome: &Outcome, desk: &mut Desk, case: &str, entry: &CheckEntry, file: &Path) -> Result<(), Error> {
    let key = format!("{}|{}", entry.step, file.display());
    if outcome.state.as_ref().is_some_and(|(_, s)| s.is_attached(&key, case)) {
        return Ok(());
    }
    let files = faultscope_capture::open(file, &entry.result.settings.open)?.files;
    desk.attach(case, &files, Some(&entry.result), entry.role.clone())?;
    match &outcome.state {
        Some((path, state)) => state.attach(path, &key, case),
        None => Ok(()),
    }
}
