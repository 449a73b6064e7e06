//! What a store of cases can do, whatever it is built on.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clock::Priority;
use crate::event::{Event, Evidence, NewEvent};
use crate::fold::Case;
use crate::ledger::merge::Imported;
use crate::round::Rounds;
use crate::source::Source;
use crate::verify::Verification;
use crate::workflow::Status;
use crate::{Clock, StoreError};

/// Something that is read and moved about in.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// A store of cases.
///
/// Whatever a method has returned `Ok` for is durable: it survives the end of the process and a power cut. Whatever returned an
/// error has changed nothing.
pub trait Store: Send {
    /// Opens a case; the event's kind is [`crate::EventKind::Opened`]. The answer carries the new case's id.
    ///
    /// # Errors
    /// When the event is not an opening or cannot be stored.
    fn create(&mut self, opened: NewEvent) -> Result<Event, StoreError>;

    /// Appends events to a case, all or none, and gives them their places.
    ///
    /// `seen` is the [`Case::version`] on which the caller decided: when somebody else has set the same field since, nothing is
    /// stored and [`StoreError::Conflict`] says who and when. Notes, attachments and actions never conflict. Without `seen`, only
    /// the workflow is checked.
    ///
    /// # Errors
    /// Unknown case, conflict, an event the workflow refuses, evidence that is not in the store, or a failing store.
    fn append(&mut self, case_id: &str, seen: Option<u64>, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError>;

    /// The events of a case, in order.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read.
    fn events(&self, case_id: &str) -> Result<Vec<Event>, StoreError>;

    /// The case as it stands at `now` (RFC 3339).
    ///
    /// # Errors
    /// As for [`Store::events`]; also when `now` is not a time.
    fn case(&self, case_id: &str, now: &str) -> Result<Case, StoreError> {
        let events = self.events(case_id)?;
        Case::fold(&events, now).ok_or_else(|| StoreError::Invalid {
            what: format!("{case_id} cannot be shown: `{now}` is no time, or its first event does not open it"),
        })
    }

    /// Cases that match, in the order asked for, clocks as they stand at `now` (RFC 3339).
    ///
    /// # Errors
    /// When the store cannot be read, or `now` is not a time.
    fn list(&self, filter: &Filter, sort: Sort, now: &str) -> Result<Vec<Summary>, StoreError>;

    /// Clocks that have run out by `now` (RFC 3339) in cases that are not closed, and who is to be told, at most `limit` cases, the first
    /// to run out first; changes nothing.
    ///
    /// # Errors
    /// As for [`Store::list`].
    fn overdue(&self, now: &str, limit: Option<u32>) -> Result<Vec<Overdue>, StoreError>;

    /// Writes down, one event for each clock and level, who is told by `at` that clocks of a case ran out. Whatever was written down
    /// before is not written again, even by another program at the same moment.
    ///
    /// # Errors
    /// Unknown case, `at` that is no time, or a store that cannot be written.
    fn escalate(&mut self, case_id: &str, at: &str, actor: &str, tool: &str) -> Result<Vec<Event>, StoreError>;

    /// Stores the bytes of a file once, under their SHA-256, as they are read. Attach the answer to a case with
    /// [`crate::EventKind::Attached`].
    ///
    /// # Errors
    /// [`StoreError::Source`] when `bytes` cannot be read; otherwise when the store cannot be written.
    fn put_evidence(&mut self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError>;

    /// Opens a stored file by its SHA-256. What lies in a bucket is fetched whole to a temporary file and checked first.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    fn open_evidence(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError>;

    /// Checks the chain of a case's events and every digest of its evidence.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read at all; differences are in the answer.
    fn verify(&self, case_id: &str) -> Result<Verification, StoreError>;

    /// Where a stored file is, for programs that read by path; `None` when the text is not a SHA-256, or the evidence lies in a bucket.
    /// Never write to it.
    fn evidence_path(&self, sha256: &str) -> Option<PathBuf>;

    /// The ids of all cases, in the order in which they came: what to verify when a whole store is to be verified.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn case_ids(&self) -> Result<Vec<String>, StoreError>;

    /// How far every case has come, in the order of [`Store::case_ids`].
    ///
    /// # Errors
    /// When the store cannot be read.
    fn heads(&self) -> Result<Vec<Head>, StoreError>;

    /// Takes in a case from elsewhere, its evidence first; `at`, `actor` and `tool` are those of the `merged` event, should there be
    /// one.
    ///
    /// # Errors
    /// When the case here has another beginning, or an event of it is one of another case here; or when the store cannot be written.
    /// Then the case is what it was.
    fn import(&mut self, from: &mut dyn Source, at: &str, actor: &str, tool: &str) -> Result<Imported, StoreError>;

    /// The inspections of this store.
    fn rounds(&self) -> &dyn Rounds;

    /// The same, to be written to.
    fn rounds_mut(&mut self) -> &mut dyn Rounds;

    /// Closed cases that have no entry in the fault library, or one from before their last event or of another version.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn library_lacks(&self, version: u32) -> Result<Vec<String>, StoreError>;

    /// Keeps entries of this version in place of older ones; not those whose case has gone on since they were made.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be written.
    fn library_keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError>;

    /// Says that nothing is lacking of this version but what changes from now on, so that a store may note that; entries of others may go.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn library_filled(&mut self, version: u32) -> Result<(), StoreError>;

    /// Closed cases whose entry of this version holds every word of `text`, those of the latest cases first; the case `not` is
    /// left out.
    ///
    /// # Errors
    /// When the store cannot be read, or there is no case `not`.
    fn library(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError>;

    /// Of cases that were found, the `most` with the highest scores, the highest first, among equals the latest. `score` is handed a
    /// signature and the least score that still counts; what it has no score for is left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn library_ranked(
        &self,
        found: &[Found],
        most: usize,
        score: &dyn Fn(&[u8], f64) -> Option<f64>,
    ) -> Result<Vec<Found>, StoreError>;

    /// Number and brief of cases that were found, in their order; one that has gone on since may be left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn library_briefs(&self, found: &[Found]) -> Result<Vec<(String, String)>, StoreError>;

    /// Where the store is: its folder, or the address of its server without user and password.
    fn place(&self) -> &Path;

    /// The folder that its evidence lies in, where it lies in one; what is kept beside a store lies beside this.
    fn folder(&self) -> Option<&Path>;

    /// Version of its tables.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn version(&self) -> Result<i64, StoreError>;

    /// Whether it can only be read.
    fn is_read_only(&self) -> bool;

    /// Leaves the store such that it can be copied and read from a read-only medium.
    ///
    /// # Errors
    /// When the last changes cannot be moved into place; they are durable all the same.
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// How far a case has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number that no other store gives.
    pub uuid: String,
    /// The case, as it is numbered here.
    pub id: String,
    /// Hash of its last event; empty when that event is not there.
    pub hash: String,
}

/// One closed case as the fault library keeps it: a brief, its signature and the words to find it by, derived from the events. Entries
/// are made by whoever searches, and made again when the case has gone on: they may be thrown away at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The case.
    pub case_id: String,
    /// Number of its last event when the entry was made.
    pub events: u64,
    /// What it is searched by, in lower case.
    pub words: String,
    /// What it is ranked by, as its maker wrote it.
    pub signature: Vec<u8>,
    /// The brief, as its maker wrote it.
    pub body: String,
}

/// A closed case that was found: where the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found(pub(crate) i64);

/// Which cases to list; what is not set matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; empty for all.
    pub status: Vec<Status>,
    /// Only what is not closed.
    pub unclosed: bool,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Of this person.
    pub assignee: Option<String>,
    /// With a clock that has run out and is not met, pauses and calendars counted; closed cases have none.
    pub overdue: bool,
    /// With these words somewhere in id, title, customer, site, symptom, serial or tag.
    pub text: Option<String>,
    /// At most so many; all when not set.
    pub limit: Option<u32>,
}

/// In which order to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// The clock that runs out next first, cases without a running clock last.
    #[default]
    NextClock,
    /// The latest change first.
    Updated,
    /// The latest opening first.
    Opened,
    /// P1 first, then the next clock.
    Priority,
    /// By number.
    Id,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Short number.
    pub id: String,
    /// One line.
    pub title: String,
    /// Whose equipment.
    pub customer: String,
    /// Where.
    pub site: String,
    /// `P1` to `P4`.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// Who works on it.
    pub assignee: Option<String>,
    /// RFC 3339, UTC.
    pub opened_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
    /// The clock that runs out next, or ran out.
    pub next_clock: Option<Clock>,
    /// How many events it has.
    pub events: u64,
}

/// A case with clocks that ran out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Overdue {
    /// The case.
    #[serde(flatten)]
    pub case: Summary,
    /// Its clocks that ran out and are not met, the first first.
    pub clocks: Vec<Clock>,
    /// Who is to be told, and is not yet, the lowest level first for each clock.
    pub untold: Vec<Untold>,
}

/// Somebody who is to be told of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Untold {
    /// Name of the clock.
    pub clock: String,
    /// Who.
    pub level: crate::EscalationLevel,
}
