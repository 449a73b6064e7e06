//! The store on one machine: a folder with an SQLite database for the events and plain files for the evidence.
//!
//! `DIR/faultscope.db` and `DIR/evidence/sha256/ab/cdef...`. Write-ahead log with full flushes, every write begun with
//! `BEGIN IMMEDIATE`; on closing, the log is folded into the database and the journal mode set back, so that the folder can be
//! copied and read from a read-only medium.

use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::event::{Event, Evidence, NewEvent};
use crate::files::Folder;
use crate::ledger::merge::{self, Imported, Stamp};
use crate::ledger::{self, Done, list, time};
use crate::round::Rounds;
use crate::source::Source;
use crate::store::{Entry, Filter, Found, Head, Overdue, ReadSeek, Sort, Store, Summary};
use crate::vault::Vault;
use crate::verify::Verification;
use crate::{Case, StoreError};

mod library;
mod open;
mod round;
mod tables;
mod words;

pub use open::Access;
use tables::SqliteTables;

/// A store in a folder.
pub struct SqliteStore {
    connection: Connection,
    vault: Folder,
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
    /// medium) is opened for reading, whatever was asked for: see [`Store::is_read_only`].
    ///
    /// # Errors
    /// [`StoreError::NoStore`] without [`Access::Create`], [`StoreError::NotAStore`] when something else is there,
    /// [`StoreError::NewerStore`], or when the disk says no.
    pub fn open(dir: &Path, access: Access) -> Result<Self, StoreError> {
        let (connection, read_only) = open::connect(dir, access)?;
        let vault = Folder::new(dir);
        if !read_only {
            vault.sweep();
        }
        Ok(Self { connection, vault, dir: dir.to_owned(), read_only })
    }

    fn failed(&self, doing: &str, error: &rusqlite::Error) -> StoreError {
        StoreError::db(doing, &self.dir, error)
    }

    fn writable(&self) -> Result<(), StoreError> {
        if self.read_only { Err(StoreError::ReadOnly { path: self.dir.clone() }) } else { Ok(()) }
    }

    /// The tables as they are now.
    fn tables(&self, doing: &'static str) -> SqliteTables<'_> {
        SqliteTables { connection: &self.connection, dir: &self.dir, doing }
    }

    fn find(&self, case_id: &str) -> Result<(i64, String), StoreError> {
        Ok(ledger::find(&mut self.tables("looking for the case"), case_id)?)
    }

    /// Reads all that `act` reads at one moment.
    fn read<T>(
        &self,
        doing: &'static str,
        act: impl FnOnce(&mut SqliteTables<'_>) -> Done<T>,
    ) -> Result<T, StoreError> {
        let tx = self.connection.unchecked_transaction().map_err(|e| self.failed(doing, &e))?;
        Ok(act(&mut SqliteTables { connection: &tx, dir: &self.dir, doing })?)
    }

    /// Writes all that `act` writes, or nothing; nobody else writes meanwhile.
    fn write<T>(
        &mut self,
        doing: &'static str,
        act: impl FnOnce(&mut SqliteTables<'_>, &dyn Vault) -> Done<T>,
    ) -> Result<T, StoreError> {
        self.writable()?;
        let failed = |e: &rusqlite::Error| StoreError::db(doing, &self.dir, e);
        let tx = begin(&mut self.connection).map_err(|e| failed(&e))?;
        let done = act(&mut SqliteTables { connection: &tx, dir: &self.dir, doing }, &self.vault)?;
        tx.commit().map_err(|e| failed(&e))?;
        Ok(done)
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
        self.write("opening the case", |tables, _| ledger::create(tables, opened))
    }

    fn append(&mut self, case_id: &str, seen: Option<u64>, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError> {
        self.write("writing to the case", |tables, vault| ledger::append(tables, vault, case_id, seen, &events))
    }

    fn events(&self, case_id: &str) -> Result<Vec<Event>, StoreError> {
        self.read("reading the case", |tables| ledger::events(tables, &self.dir, case_id))
    }

    fn case(&self, case_id: &str, now: &str) -> Result<Case, StoreError> {
        ledger::case(self.find(case_id)?.1, &self.events(case_id)?, now)
    }

    fn list(&self, filter: &Filter, sort: Sort, now: &str) -> Result<Vec<Summary>, StoreError> {
        let now_ms = time(now)?;
        let all = self.tables("listing the cases").states(filter, sort, now_ms)?;
        Ok(all.into_iter().map(|(id, state)| list::summary(id, state, now_ms)).collect())
    }

    fn overdue(&self, now: &str, limit: Option<u32>) -> Result<Vec<Overdue>, StoreError> {
        let now_ms = time(now)?;
        let filter = list::overdue_filter(limit);
        let all = self.tables("listing the cases").states(&filter, Sort::NextClock, now_ms)?;
        Ok(all.into_iter().map(|case| list::overdue(case, now_ms)).collect())
    }

    fn escalate(&mut self, case_id: &str, at: &str, actor: &str, tool: &str) -> Result<Vec<Event>, StoreError> {
        self.write("writing to the case", |tables, _| ledger::escalate(tables, case_id, at, actor, tool))
    }

    fn put_evidence(&mut self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError> {
        self.writable()?;
        self.vault.put(name, media_type, bytes)
    }

    fn open_evidence(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError> {
        self.vault.open(sha256)
    }

    fn rounds(&self) -> &dyn Rounds {
        self
    }

    fn rounds_mut(&mut self) -> &mut dyn Rounds {
        self
    }

    fn evidence_path(&self, sha256: &str) -> Option<PathBuf> {
        self.vault.path(sha256)
    }

    fn verify(&self, case_id: &str) -> Result<Verification, StoreError> {
        let (mut out, events) = self.read("reading the case", |tables| ledger::verify(tables, case_id))?;
        ledger::verify_evidence(&mut out, &events, &self.vault)?;
        Ok(out)
    }

    fn case_ids(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.tables("reading the case list").all_ids()?)
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let heads = self.tables("reading the case list").heads()?;
        Ok(heads.into_iter().map(|(uuid, id, hash)| Head { uuid, id, hash }).collect())
    }

    fn import(&mut self, from: &mut dyn Source, at: &str, actor: &str, tool: &str) -> Result<Imported, StoreError> {
        self.writable()?;
        let evidence = merge::take_evidence(&self.vault, from)?;
        let stamp = Stamp { at, actor, tool };
        let done = self.write("importing the case", |tables, _| merge::import(tables, from, stamp))?;
        Ok(Imported { evidence, ..done })
    }

    fn library_lacks(&self, version: u32) -> Result<Vec<String>, StoreError> {
        self.lacks(version)
    }

    fn library_keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError> {
        self.keep(version, entries)
    }

    fn library_filled(&mut self, version: u32) -> Result<(), StoreError> {
        self.note_filled(version)
    }

    fn library(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError> {
        self.search(version, text, not)
    }

    fn library_ranked(
        &self,
        found: &[Found],
        most: usize,
        score: &dyn Fn(&[u8], f64) -> Option<f64>,
    ) -> Result<Vec<Found>, StoreError> {
        self.ranked(found, most, score)
    }

    fn library_briefs(&self, found: &[Found]) -> Result<Vec<(String, String)>, StoreError> {
        self.briefs(found)
    }

    fn place(&self) -> &Path {
        &self.dir
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.dir)
    }

    fn version(&self) -> Result<i64, StoreError> {
        let sql = "PRAGMA user_version";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|e| self.failed("reading the version", &e))
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        self.settle().map_err(|e| self.failed("closing the store", &e))
    }
}

/// A transaction that holds the write lock from its start: one that reads first and writes later dies of "database is locked".
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

#[cfg(test)]
mod tests;
