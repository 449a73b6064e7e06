//! The store on one machine: a folder with an SQLite database for the events and plain files for the evidence.
//!
//! `DIR/faultscope.db` and `DIR/evidence/sha256/ab/cdef...`. Write-ahead log with full flushes, every write begun with
//! `BEGIN IMMEDIATE`; on closing, the log is folded into the database and the journal mode set back, so that the folder can be
//! copied and read from a read-only medium.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::event::{Event, EventKind, Evidence, GENESIS, NewEvent};
use crate::files::{self, Vault};
use crate::fold::State;
use crate::store::{Filter, Overdue, ReadSeek, Sort, Store, Summary};
use crate::verify::{self, DifferenceKind, Row, Verification};
use crate::{Case, StoreError, clock, sign, workflow};

pub(crate) mod ids;
mod library;
mod list;
mod merge;
mod open;

pub use library::{Entry, Found};
pub use merge::{Clash, Imported, Outcome};
pub use open::Access;

/// A store in a folder.
pub struct SqliteStore {
    connection: Connection,
    vault: Vault,
    dir: PathBuf,
    read_only: bool,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("dir", &self.dir)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the store in a folder.
    ///
    /// With [`Access::Create`] a folder that is new, or has no store yet, gets one. A store that cannot be written (a read-only
    /// medium) is opened for reading, whatever was asked for: see [`SqliteStore::is_read_only`].
    ///
    /// # Errors
    /// [`StoreError::NoStore`] without [`Access::Create`], [`StoreError::NotAStore`] when something else is there,
    /// [`StoreError::NewerStore`], or when the disk says no.
    pub fn open(dir: &Path, access: Access) -> Result<Self, StoreError> {
        let (connection, read_only) = open::connect(dir, access)?;
        let vault = Vault::new(dir);
        if !read_only {
            vault.sweep();
        }
        Ok(Self { connection, vault, dir: dir.to_owned(), read_only })
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether it can only be read.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Where a stored file is, for programs that read by path; `None` when the text is not a SHA-256. Never write to it.
    #[must_use]
    pub fn evidence_path(&self, sha256: &str) -> Option<PathBuf> {
        self.vault.path(sha256)
    }

    /// The ids of all cases, by number: what to verify when a whole store is to be verified.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn case_ids(&self) -> Result<Vec<String>, StoreError> {
        ids::all(&self.connection).map_err(|e| self.failed("reading the case list", &e))
    }

    /// Where the evidence is kept.
    pub(crate) const fn vault(&self) -> &Vault {
        &self.vault
    }

    fn failed(&self, doing: &str, error: &rusqlite::Error) -> StoreError {
        StoreError::db(doing, &self.dir, error)
    }

    fn writable(&self) -> Result<(), StoreError> {
        if self.read_only { Err(StoreError::ReadOnly { path: self.dir.clone() }) } else { Ok(()) }
    }

    fn find(&self, case_id: &str) -> Result<(i64, String), StoreError> {
        let found = ids::find(&self.connection, case_id).map_err(|e| self.failed("looking for the case", &e))?;
        match found {
            Some(found) => Ok(found),
            None => {
                let near = ids::near(&self.connection, case_id).unwrap_or_default();
                Err(StoreError::UnknownCase { id: crate::event::one_line(case_id), near })
            }
        }
    }

    fn rows(&self, no: i64) -> rusqlite::Result<Vec<Row>> {
        let mut statement =
            self.connection.prepare("SELECT seq, id, hash, body FROM event WHERE case_no = ?1 ORDER BY seq")?;
        // Text that is not UTF-8 any more must show as changed, not stop the reading.
        let text = |row: &rusqlite::Row<'_>, n: usize| -> rusqlite::Result<String> {
            Ok(row.get_ref(n)?.as_bytes_or_null()?.map(String::from_utf8_lossy).unwrap_or_default().into_owned())
        };
        let rows = statement.query_map([no], |row| {
            Ok(Row { seq: row.get(0)?, id: text(row, 1)?, hash: text(row, 2)?, body: text(row, 3)? })
        })?;
        rows.collect()
    }

    /// What others wrote, by the event that merged it; a store that was made before there was such a thing has none.
    fn side_rows(&self, no: i64) -> rusqlite::Result<BTreeMap<u64, Vec<Row>>> {
        let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'side_event'";
        let mut found: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
        if self.connection.query_row(there, [], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(found);
        }
        let sql =
            "SELECT merged_by, place, id, hash, body FROM side_event WHERE case_no = ?1 ORDER BY merged_by, place";
        let mut statement = self.connection.prepare(sql)?;
        let text = |row: &rusqlite::Row<'_>, n: usize| -> rusqlite::Result<String> {
            Ok(row.get_ref(n)?.as_bytes_or_null()?.map(String::from_utf8_lossy).unwrap_or_default().into_owned())
        };
        let rows = statement.query_map([no], |row| {
            let at: i64 = row.get(0)?;
            Ok((at, Row { seq: row.get(1)?, id: text(row, 2)?, hash: text(row, 3)?, body: text(row, 4)? }))
        })?;
        for row in rows {
            let (at, row) = row?;
            found.entry(u64::try_from(at).unwrap_or(0)).or_default().push(row);
        }
        Ok(found)
    }

    /// Checks what an event rests on before it is written: that the evidence is in the store.
    fn check_evidence(vault: &Vault, kind: &mut EventKind) -> Result<(), StoreError> {
        let EventKind::Attached(attached) = kind else { return Ok(()) };
        for evidence in &mut attached.evidence {
            evidence.name = files::safe_name(&evidence.name);
            if !vault.has(&evidence.sha256, evidence.size) {
                let what = format!("`{}` is not in the store: store the file before attaching it", evidence.name);
                return Err(StoreError::Invalid { what });
            }
        }
        Ok(())
    }

    /// Folds the log into the database and sets the journal mode back; where another program is at work, that is left to it.
    fn settle(&mut self) -> rusqlite::Result<()> {
        if self.read_only {
            return Ok(());
        }
        self.connection.busy_timeout(std::time::Duration::ZERO)?;
        let settled = open::settle(&self.connection);
        self.read_only = true;
        settled
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // What was acknowledged is durable in the log already: nothing is lost if this fails.
        let _ = self.settle();
    }
}

impl Store for SqliteStore {
    fn create(&mut self, opened: NewEvent) -> Result<Event, StoreError> {
        self.writable()?;
        let invalid = |what: String| StoreError::Invalid { what };
        let EventKind::Opened(call) = &opened.kind else {
            return Err(invalid("a case begins with an `opened` event".into()));
        };
        if call.title.trim().is_empty() {
            return Err(invalid("the case has no title".into()));
        }
        let year = ids::year(&opened.at).ok_or_else(|| invalid(format!("`{}` is no RFC 3339 time", opened.at)))?;
        let dir = self.dir.clone();
        let failed = |e: &rusqlite::Error| StoreError::db("opening the case", &dir, e);
        let tx = begin(&mut self.connection).map_err(|e| failed(&e))?;
        let number = ids::next_number(&tx, year).map_err(|e| failed(&e))?;
        let event = Event::seal(opened, &ids::text(year, number), 1, GENESIS).map_err(invalid)?;
        let state = State::first(&event).ok_or_else(|| invalid("the event does not open a case".into()))?;
        list::insert(&tx, &state.id, year, number, &state)
            .and_then(|no| insert(&tx, no, &event))
            .and_then(|()| tx.commit())
            .map_err(|e| failed(&e))?;
        Ok(event)
    }

    fn append(&mut self, case_id: &str, seen: Option<u64>, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError> {
        self.writable()?;
        let (no, id) = self.find(case_id)?;
        let dir = self.dir.clone();
        let failed = |e: &rusqlite::Error| StoreError::db("writing to the case", &dir, e);
        let tx = begin(&mut self.connection).map_err(|e| failed(&e))?;
        let mut state = list::state(&tx, no, &dir)?;
        check_conflicts(&state, seen, &events)?;
        let mut sealed = Vec::with_capacity(events.len());
        for mut new in events {
            workflow::check(&state, &new).map_err(|why| StoreError::Refused { case: id.clone(), why })?;
            Self::check_evidence(&self.vault, &mut new.kind)?;
            check_signed(&state, &new.kind)?;
            sealed.push(seal_next(&tx, no, &mut state, new).map_err(|e| e.unwrap_or_else(|e| failed(&e)))?);
        }
        list::update(&tx, no, &state).and_then(|()| tx.commit()).map_err(|e| failed(&e))?;
        Ok(sealed)
    }

    fn events(&self, case_id: &str) -> Result<Vec<Event>, StoreError> {
        let (no, id) = self.find(case_id)?;
        let failed = |e: rusqlite::Error| self.failed("reading the case", &e);
        // One transaction: the chain and what was merged into it, of the same moment.
        let tx = self.connection.unchecked_transaction().map_err(failed)?;
        let rows = self.rows(no).map_err(failed)?;
        let mut sides = self.side_rows(no).map_err(failed)?;
        drop(tx);
        let damaged = |seq: i64, why: String| StoreError::Damaged {
            what: format!("event {seq} of {id} cannot be read ({why})"),
            path: self.dir.clone(),
        };
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let event = Event::read(row.body, row.hash).map_err(|why| damaged(row.seq, why))?;
            let seq = event.seq;
            events.push(event);
            for side in sides.remove(&seq).unwrap_or_default() {
                let event = Event::read(side.body, side.hash).map_err(|why| damaged(row.seq, why))?;
                events.push(event.beside(Some(seq)));
            }
        }
        Ok(events)
    }

    fn case(&self, case_id: &str, now: &str) -> Result<Case, StoreError> {
        let (_, id) = self.find(case_id)?;
        let case = Case::fold(&self.events(case_id)?, now).ok_or_else(|| StoreError::Invalid {
            what: format!("{id} cannot be shown: `{now}` is no time, or its first event does not open it"),
        })?;
        // The number it has here, where its own one was taken.
        Ok(Case { id, ..case })
    }

    fn list(&self, filter: &Filter, sort: Sort, now: &str) -> Result<Vec<Summary>, StoreError> {
        list::query(&self.connection, &self.dir, filter, sort, time(now)?)
    }

    fn overdue(&self, now: &str) -> Result<Vec<Overdue>, StoreError> {
        list::overdue(&self.connection, &self.dir, time(now)?)
    }

    fn escalate(&mut self, case_id: &str, at: &str, actor: &str, tool: &str) -> Result<Vec<Event>, StoreError> {
        self.writable()?;
        let (no, _) = self.find(case_id)?;
        let now_ms = time(at)?;
        let dir = self.dir.clone();
        let failed = |e: &rusqlite::Error| StoreError::db("writing to the case", &dir, e);
        // Looked at with the lock held: two programs that escalate at once write each event once.
        let tx = begin(&mut self.connection).map_err(|e| failed(&e))?;
        let mut state = list::state(&tx, no, &dir)?;
        let mut sealed = Vec::new();
        for overrun in state.untold(now_ms) {
            let (at, actor, tool) = (at.to_owned(), actor.to_owned(), tool.to_owned());
            let new = NewEvent { at, actor, tool, kind: EventKind::Overrun(Box::new(overrun)) };
            sealed.push(seal_next(&tx, no, &mut state, new).map_err(|e| e.unwrap_or_else(|e| failed(&e)))?);
        }
        if !sealed.is_empty() {
            list::update(&tx, no, &state).and_then(|()| tx.commit()).map_err(|e| failed(&e))?;
        }
        Ok(sealed)
    }

    fn put_evidence(&mut self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError> {
        self.writable()?;
        self.vault.put(name, media_type, bytes)
    }

    fn open_evidence(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError> {
        Ok(Box::new(self.vault.open(sha256)?))
    }

    fn verify(&self, case_id: &str) -> Result<Verification, StoreError> {
        let (no, id) = self.find(case_id)?;
        let failed = |e: rusqlite::Error| self.failed("reading the case", &e);
        let mut out = Verification { case_id: id, ..Verification::default() };
        // One transaction: events and state of the same moment.
        let tx = self.connection.unchecked_transaction().map_err(failed)?;
        let rows = self.rows(no).map_err(failed)?;
        let sides = self.side_rows(no).map_err(failed)?;
        let kept = list::kept(&tx, no).map_err(failed)?;
        let database: String = tx.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
        drop(tx);
        if database != "ok" {
            out.differs(DifferenceKind::SummaryChanged, "database", database);
        }
        let origin = ids::origin(&out.case_id).to_owned();
        let main = verify::chain(&mut out, &origin, rows);
        let events = verify::sides(&mut out, main, sides);
        verify::state(&mut out, &events, &kept.state);
        if !kept.columns_follow() {
            out.differs(DifferenceKind::SummaryChanged, "list entry", "does not follow from the state of the case");
        }
        for (sha256, (size, name)) in verify::evidence_of(&events) {
            match self.vault.check(&sha256, size) {
                Ok(()) => out.evidence += 1,
                Err(what) => {
                    let there = self.vault.path(&sha256).is_some_and(|p| p.exists());
                    let kind = if there { DifferenceKind::EvidenceChanged } else { DifferenceKind::EvidenceMissing };
                    out.differs(kind, format!("{name} {sha256}"), what);
                }
            }
        }
        Ok(out)
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        self.settle().map_err(|e| self.failed("closing the store", &e))
    }
}

/// A transaction that holds the write lock from its start: one that reads first and writes later dies of "database is locked".
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn time(text: &str) -> Result<i64, StoreError> {
    clock::parse_ms(text).ok_or_else(|| StoreError::Invalid { what: format!("`{text}` is no RFC 3339 time") })
}

/// Gives an event its place after the last one, writes it and takes it into the state.
fn seal_next(
    tx: &Transaction<'_>,
    no: i64,
    state: &mut State,
    new: NewEvent,
) -> Result<Event, Result<StoreError, rusqlite::Error>> {
    let invalid = |what| Ok(StoreError::Invalid { what });
    let event = Event::seal(new, &state.id, state.seq + 1, &state.head).map_err(invalid)?;
    insert(tx, no, &event).map_err(Err)?;
    state.apply(&event);
    Ok(event)
}

fn insert(tx: &Transaction<'_>, no: i64, event: &Event) -> rusqlite::Result<()> {
    let sql = "INSERT INTO event (case_no, seq, id, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let seq = i64::try_from(event.seq).unwrap_or(i64::MAX);
    tx.prepare(sql)?.execute(params![no, seq, event.id, event.hash, event.body()]).map(|_| ())
}

/// A signature is of the event before it: of another one, it would prove nothing here.
fn check_signed(state: &State, kind: &EventKind) -> Result<(), StoreError> {
    match kind {
        EventKind::Signed(signed) if signed.head != state.head || !sign::is_right(&state.uuid, signed) => {
            Err(StoreError::Invalid { what: format!("{} has gone on, or the signature is not right", state.id) })
        }
        _ => Ok(()),
    }
}

/// Against the state as it was found: events of one call do not conflict with each other.
fn check_conflicts(state: &State, seen: Option<u64>, events: &[NewEvent]) -> Result<(), StoreError> {
    let Some(seen) = seen else { return Ok(()) };
    for field in events.iter().filter_map(|e| e.kind.field()) {
        if let Some(stamp) = state.stamps.get(&field).filter(|stamp| stamp.seq > seen) {
            let (who, when) = (stamp.who.clone(), stamp.when.clone());
            return Err(StoreError::Conflict { case: state.id.clone(), field, who, when });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
