//! The verb "attach", and what else is done to cases: the store by name, events with time and actor filled in.

mod again;
mod bundle;
mod library;
mod link;
mod overdue;
mod repair;
mod rounds;
mod signing;
mod sla;
mod stats;
mod store;
mod ticket;
mod trends;

use std::fs::File;
use std::path::{Path, PathBuf};

pub use faultscope_case::{
    Access, Action, ActionKind, Attached, Case, Checked, Clock, ClockState, Closed, Closure, ClosureCode, Equipment,
    EscalationLevel, Event, EventKind, Evidence, Filter, HintKind, Opened, Overdue, PartReplaced, Paused, Priority,
    Profile, Resumed, Sort, Status, Summary, TimeHint, Verification,
};
use faultscope_case::{NewEvent, StandingCheck, Store, StoreError};
use faultscope_diagnose::{Cause, Examined, RuleSet};
use faultscope_report::words::Lang;
use faultscope_signal::Swept;
use serde::{Deserialize, Serialize};
use store::{beside, open_store};

use crate::{CaptureResult, Class, Error, Request, Watch, analyse};

pub use again::VerifyOptions;
pub use bundle::{ExportDocument, ImportDocument};
pub use faultscope_case::again::{Again, AgainState, Recomputed, Why};
pub use faultscope_case::keys::{Keys, PublicKey};
pub use faultscope_case::sign::{Signature, SignatureState};
pub use faultscope_case::sync::{Exchange, Refusal, Synced};
pub use faultscope_case::{Clash, DifferenceKind, Imported, Outcome};
pub use library::{LibraryDocument, LibraryHit, LibrarySearch, signature_of};
pub use link::{CaseLink, CaseLinkRequest, CaseLinked, LinkSource};
pub use overdue::OverdueDocument;
pub use repair::{Repaired, repaired};
pub use rounds::{InspectRequest, Inspected};
pub use signing::{KeysDocument, default_keys};
pub use sla::{SlaCalendar, SlaClock, SlaDocument, sla_profile};
pub use stats::{ClockFigures, ClockGroup, Count, Group, Repeat, Satisfaction, StatsDocument};
pub use store::{StoreCheckDocument, StoreDocument, SyncDocument, init_store, is_address, migrate_store};
pub use ticket::{Form, TicketDocument};
pub use trends::{HORIZON_DAYS, TrendSearch, TrendsDocument, UnitTrend};

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let class = match error.exit_code() {
            2 => Class::Usage,
            3 => Class::Input,
            6 => Class::Integrity,
            75 => Class::Conflict,
            _ => Class::Storage,
        };
        Self::new(class, error.kind(), error.to_string(), error.hint())
    }
}

/// The JSON document of the commands that print one case.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The case.
    pub case: Case,
    /// Probable causes by everything attached to the case and its check lists together, likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Readings of the unit that drift towards their limits, over all its cases and inspections; by `case show`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<UnitTrend>,
}

/// The JSON document of `case list`.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseListDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The cases.
    pub cases: Vec<Summary>,
}

/// The JSON document of `case verify`.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VerifyDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// One answer a case.
    pub verified: Vec<Verification>,
}

impl VerifyDocument {
    /// 6 where something differs, 3 where something could not be told: a finding that was not computed again, a signature of a key
    /// that nobody here knows.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let untold = |v: &Verification| {
            v.recomputed.not_evaluated > 0 || v.signatures.iter().any(|s| s.state == SignatureState::UnknownKey)
        };
        match () {
            () if self.verified.iter().any(|v| !v.is_intact()) => Class::Integrity.exit_code(),
            () if self.verified.iter().any(untold) => Class::Input.exit_code(),
            () => 0,
        }
    }
}

impl CaseDocument {
    /// Wraps a case.
    #[must_use]
    pub fn new(case: Case) -> Self {
        Self { schema: "faultscope/1".into(), case, causes: Vec::new(), warnings: Vec::new() }
    }

    /// States the causes.
    #[must_use]
    pub fn with_causes(self, causes: Vec<Cause>) -> Self {
        Self { causes, ..self }
    }
}

/// The folder of the default store, in the user's data directory.
///
/// # Errors
/// When the system names no such directory.
pub fn default_store() -> Result<PathBuf, Error> {
    directories::ProjectDirs::from("", "", "faultscope").map(|dirs| dirs.data_dir().join("store")).ok_or_else(|| {
        Error::new(
            Class::Storage,
            "no_store",
            "the system names no data directory for this user",
            "name a folder with --store",
        )
    })
}

/// The folder of the store `place`, the default one when not given; there need be none yet.
///
/// # Errors
/// When it is a team's store, which has no folder here, or the system names none.
pub fn store_dir(place: Option<&str>) -> Result<PathBuf, Error> {
    match place {
        Some(url) if is_address(url) => {
            Err(Error::usage("a team's store has no folder of round plans", "name the plans with --plan"))
        }
        Some(folder) => Ok(PathBuf::from(folder)),
        None => default_store(),
    }
}

/// A store and who works on it.
pub struct Desk {
    store: Box<dyn Store>,
    dir: PathBuf,
    actor: String,
    durable: Vec<String>,
    rules: Option<RuleSet>,
    profile: Option<Profile>,
}

impl Desk {
    /// Opens the store `place` (a folder, or the address of a team's store; the default folder when not given) for `actor`.
    ///
    /// # Errors
    /// When there is no store and `access` does not create one, or the disk or the server says no; for a team's store, when this
    /// build has no PostgreSQL.
    pub fn open(place: Option<&str>, access: Access, actor: &str) -> Result<Self, Error> {
        let store = open_store(place, access)?;
        let dir = beside(store.as_ref())?;
        Ok(Self { store, dir, actor: actor.to_owned(), durable: Vec::new(), rules: None, profile: None })
    }

    /// The folder of its evidence, or one of this machine where that lies in a bucket; what is kept beside a store lies beside this.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the store is: its folder, or the address of its server without user and password.
    #[must_use]
    pub fn place(&self) -> &Path {
        self.store.place()
    }

    /// Names causes by other rules than those that ship with the program.
    pub fn use_rules(&mut self, rules: RuleSet) {
        self.rules = Some(rules);
    }

    fn event(&self, kind: EventKind) -> NewEvent {
        NewEvent { at: crate::now(), actor: self.actor.clone(), tool: format!("faultscope {}", crate::VERSION), kind }
    }

    /// The event that opens a case, with the clocks of the service profile in use.
    fn opening(&mut self, mut opened: Opened) -> Result<NewEvent, Error> {
        opened.terms = Some(self.profile()?.terms(opened.priority));
        Ok(self.event(EventKind::Opened(Box::new(opened))))
    }

    /// Opens a case; its clocks are those of the service profile in use.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn create(&mut self, opened: Opened) -> Result<Case, Error> {
        let event = self.opening(opened)?;
        let opened = self.store.create(event)?;
        self.durable.push(opened.id);
        self.case(&opened.case_id)
    }

    /// Ids of the steps that have become durable since this was last asked.
    pub fn take_durable(&mut self) -> Vec<String> {
        std::mem::take(&mut self.durable)
    }

    /// A case as it stands now.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read.
    pub fn case(&self, id: &str) -> Result<Case, Error> {
        self.case_at(id, &crate::now())
    }

    /// A case with its clocks as they stood at a time, RFC 3339.
    pub(crate) fn case_at(&self, id: &str, at: &str) -> Result<Case, Error> {
        Ok(self.store.case(id, at)?)
    }

    /// The events of a case.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read.
    pub fn events(&self, id: &str) -> Result<Vec<Event>, Error> {
        Ok(self.store.events(id)?)
    }

    /// The probable causes by all results and check lists of a case together, in words of `lang`.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read.
    pub fn causes(&self, id: &str, lang: Lang) -> Result<Vec<Cause>, Error> {
        let rules = match &self.rules {
            Some(rules) => rules,
            None => RuleSet::shipped()?,
        };
        let causes = diagnosed(&self.events(id)?, rules, |_| true, |_, causes| causes);
        Ok(causes.iter().map(|c| rules.in_language(c, lang.tag())).collect())
    }

    /// The cases that match, the next clock to run out first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, filter: &Filter, sort: Sort) -> Result<Vec<Summary>, Error> {
        Ok(self.store.list(filter, sort, &crate::now())?)
    }

    /// Appends one event; `seen` is the version the decision was made on.
    ///
    /// # Errors
    /// Unknown case, conflict, refusal by the workflow, or a store that cannot be written.
    pub fn append(&mut self, id: &str, seen: Option<u64>, kind: EventKind) -> Result<Case, Error> {
        let event = self.event(kind);
        let stored = self.store.append(id, seen, vec![event])?;
        self.durable.extend(stored.into_iter().map(|e| e.id));
        self.case(id)
    }

    /// Closes a case.
    ///
    /// # Errors
    /// As for [`Desk::append`].
    pub fn close_case(&mut self, id: &str, closed: Closed) -> Result<Case, Error> {
        self.append(id, None, EventKind::Closed(Box::new(closed)))
    }

    /// Stores files as evidence and attaches them, with the result of their analysis, in one event.
    ///
    /// # Errors
    /// When a file cannot be read or the store cannot be written; then nothing is attached.
    pub fn attach(
        &mut self,
        id: &str,
        files: &[PathBuf],
        result: Option<&CaptureResult>,
        role: Option<String>,
    ) -> Result<(Case, Vec<Evidence>), Error> {
        // An unknown case is found out before anything is copied.
        self.store.events(id)?;
        let attached = self.keep(files, result, role)?;
        let evidence = attached.evidence.clone();
        let case = self.append(id, None, EventKind::Attached(Box::new(attached)))?;
        Ok((case, evidence))
    }

    /// Stores files, with the packs of the user that their result rests on, and puts both together as they are attached.
    pub(crate) fn keep(
        &mut self,
        files: &[PathBuf],
        result: Option<&CaptureResult>,
        role: Option<String>,
    ) -> Result<Attached, Error> {
        let mut evidence = files.iter().map(|file| self.put(file)).collect::<Result<Vec<_>, _>>()?;
        for pack in result.iter().flat_map(|r| &r.settings.own_packs) {
            evidence.push(self.put_pack(pack)?);
        }
        let value = result.map(serde_json::to_value).transpose().map_err(|e| Error::usage(e.to_string(), ""))?;
        Ok(Attached {
            evidence,
            captures: Vec::new(),
            result: value.unwrap_or_default(),
            findings: result.map(|r| r.findings.clone()).unwrap_or_default(),
            role,
            recorded_at: result.and_then(|r| r.recorded_at.clone()),
        })
    }

    pub(crate) fn put(&mut self, file: &Path) -> Result<Evidence, Error> {
        let trouble = |e: std::io::Error| Error::from(faultscope_capture::CaptureError::io(file, e));
        if file.is_dir() {
            return Err(trouble(std::io::ErrorKind::IsADirectory.into()));
        }
        let mut bytes = File::open(file).map_err(trouble)?;
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(self.store.put_evidence(&name, media_type(file), &mut bytes)?)
    }

    /// Lays the evidence of an event out under its own names in a temporary folder; the first file is the capture.
    pub(crate) fn lay_out(&self, attached: &Attached) -> Result<(tempfile::TempDir, PathBuf), Error> {
        let trouble = |e: std::io::Error| {
            let message = format!("the evidence cannot be laid out: {e}");
            Error::new(Class::Storage, "io", message, "make room in the temporary folder")
        };
        let folder = tempfile::tempdir().map_err(trouble)?;
        for file in &attached.evidence {
            let place = folder.path().join(base_name(&file.name));
            let stored = self.store.evidence_path(&file.sha256);
            if stored.as_ref().is_some_and(|stored| !stored.is_file()) {
                let message = format!("the evidence {} is not in the store", file.name);
                return Err(Error::new(Class::Integrity, "damaged", message, "case verify shows what differs"));
            }
            // A link costs nothing; where that is not possible (another disk, a bucket), a copy does.
            if stored.is_none_or(|stored| std::fs::hard_link(stored, &place).is_err()) {
                let mut bytes = self.store.open_evidence(&file.sha256)?;
                // Never through a link that is there already: it would write into the store.
                File::create_new(&place).and_then(|mut copy| std::io::copy(&mut bytes, &mut copy)).map_err(trouble)?;
            }
        }
        let first = attached.evidence.first().map(|e| base_name(&e.name)).unwrap_or_default();
        let first = folder.path().join(first);
        Ok((folder, first))
    }

    /// Leaves the store such that it can be copied.
    ///
    /// # Errors
    /// When the last changes cannot be moved into place; they are durable all the same.
    pub fn close(self) -> Result<(), Error> {
        Ok(self.store.close()?)
    }
}

/// What a case shows: the results attached to it that `counts` lets in, diagnosed together with its check lists.
fn diagnosed<T>(
    events: &[Event],
    rules: &RuleSet,
    counts: impl Fn(&Attached) -> bool,
    then: impl FnOnce(&[Examined<'_>], Vec<Cause>) -> T,
) -> T {
    let attached = events.iter().filter_map(|event| match &event.kind {
        EventKind::Attached(attached) => Some(attached),
        _ => None,
    });
    // A result of another version that no longer reads as one says nothing, it does not hinder.
    let results: Vec<CaptureResult> = attached.filter(|a| counts(a)).filter_map(|a| link::result_of(a)).collect();
    let set: Vec<Examined<'_>> = results.iter().filter_map(CaptureResult::examined).collect();
    let checks = faultscope_case::standing(events);
    let inspected: Vec<_> = checks.iter().map(StandingCheck::inspected).collect();
    let causes = rules.diagnose_with(&set, &inspected);
    then(&set, causes)
}

/// How evidence is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// By what it is: `ripple` for a record in volts, `spurs` for I/Q and exported spectra, nothing for other files.
    Auto,
    /// Not at all: the file is kept as it is.
    Nothing,
    /// By this measurement.
    By(&'static str),
}

/// Measures a file that is to be evidence; returns the files that make it up and the result, if it was measured.
///
/// # Errors
/// When it is to be measured and cannot be.
pub fn examine(
    file: &Path,
    measure: Measure,
    request: &Request,
    watch: &dyn Watch,
) -> Result<(Vec<PathBuf>, Option<CaptureResult>), Error> {
    let opened = faultscope_capture::open(file, &request.open);
    let (measurement, files) = match (measure, opened) {
        (Measure::Nothing, Ok(capture)) => return Ok((capture.files, None)),
        (Measure::Nothing, Err(_)) => return Ok((vec![file.to_owned()], None)),
        // A photo or a log is evidence too; a file that is not there is an error in any case.
        (Measure::Auto, Err(_)) if file.is_file() && request.packs.is_empty() => {
            return Ok((vec![file.to_owned()], None));
        }
        (_, Err(e)) => return Err(e.into()),
        (Measure::By(id), Ok(capture)) => (id, capture.files),
        (Measure::Auto, Ok(capture)) if capture.spectra.iter().any(|s| s.swept == Swept::Signal) => {
            ("spurs", capture.files)
        }
        (Measure::Auto, Ok(capture)) => {
            match capture.main_trace().and_then(|t| analyse::measurement_of(t.kind, t.unit)) {
                Some(measurement) => (measurement, capture.files),
                None => return Ok((capture.files, None)),
            }
        }
    };
    let result = analyse::analyse(file, measurement, request, watch).map_err(|e| e.at(&file.display().to_string()))?;
    Ok((files, Some(result)))
}

/// A file's name without its folders, whichever system wrote it.
pub(crate) fn base_name(file: &str) -> String {
    file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned()
}

fn media_type(file: &Path) -> &'static str {
    let extension = file.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "sigmf-meta" | "json" => "application/json",
        "wav" => "audio/wav",
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "svg" => "image/svg+xml",
        "html" => "text/html",
        "pdf" => "application/pdf",
        "sigmf" => "application/x-tar",
        _ => "application/octet-stream",
    }
}
