//! The fault library's tables in an SQLite store: searches that compare packed signatures and look for nothing that changed.
//!
//! Entries are thrown away when their case goes on: one that is there is right. Which cases have changed since is written down with
//! the change, so that a search need not look for them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::words::Words;
use super::{SqliteStore, begin};
use crate::StoreError;
use crate::ledger::rank::Best;
use crate::store::{Entry, Found};

/// Throws the entry of a case away that goes on, and notes whether it needs a new one; with the change itself.
pub(super) fn changed(tx: &Connection, no: i64, closed: bool) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM library WHERE case_no = ?1", [no])?;
    tx.execute("DELETE FROM library_signature WHERE case_no = ?1", [no])?;
    let sql = if closed {
        "INSERT OR IGNORE INTO library_due (case_no) VALUES (?1)"
    } else {
        "DELETE FROM library_due WHERE case_no = ?1"
    };
    tx.execute(sql, [no]).map(|_| ())
}

/// The version of which every closed case has an entry, those in `library_due` left out.
fn filled(connection: &Connection) -> rusqlite::Result<Option<u32>> {
    connection.query_row("SELECT version FROM library_state WHERE one = 1", [], |row| row.get(0)).optional()
}

/// A store of before there were such entries, on a medium that cannot be written, has none and lacks them all.
fn has_library(connection: &Connection) -> rusqlite::Result<bool> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'library_state'";
    connection.query_row(there, [], |row| row.get(0))
}

impl SqliteStore {
    /// See [`crate::Store::library_lacks`].
    pub(super) fn lacks(&self, version: u32) -> Result<Vec<String>, StoreError> {
        let read = || {
            let sql = match has_library(&self.connection)? {
                true if filled(&self.connection)? == Some(version) => {
                    "SELECT c.id FROM library_due d JOIN fault_case c ON c.no = d.case_no WHERE c.status = 'closed' ORDER BY c.no"
                }
                true => {
                    "SELECT c.id FROM fault_case c LEFT JOIN library l ON l.case_no = c.no
                     WHERE c.status = 'closed' AND (l.version IS NOT ?1 OR l.events <> c.events) ORDER BY c.no"
                }
                false => "SELECT id FROM fault_case WHERE status = 'closed' ORDER BY no",
            };
            let mut statement = self.connection.prepare(sql)?;
            let values: &[u32] = if statement.parameter_count() > 0 { &[version] } else { &[] };
            let ids = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
            ids.collect::<rusqlite::Result<Vec<String>>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }

    /// See [`crate::Store::library_keep`].
    pub(super) fn keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError> {
        self.writable()?;
        let places = entries.iter().map(|e| self.find(&e.case_id).map(|(no, _)| no)).collect::<Result<Vec<_>, _>>()?;
        let dir = self.dir.clone();
        let mut write = || {
            let tx = begin(&mut self.connection)?;
            for (no, entry) in places.iter().zip(entries) {
                keep_one(&tx, *no, version, entry)?;
            }
            tx.commit()
        };
        write().map_err(|e| StoreError::db("writing to the library", &dir, &e))
    }

    /// See [`crate::Store::library_filled`].
    pub(super) fn note_filled(&mut self, version: u32) -> Result<(), StoreError> {
        let current = filled(&self.connection).map_err(|e| self.failed("reading the library", &e))?;
        if current == Some(version) {
            return Ok(());
        }
        self.writable()?;
        let dir = self.dir.clone();
        let mut write = || {
            let tx = begin(&mut self.connection)?;
            // Looked at again with the lock held: what was closed by a program that wrote in the meantime is due.
            tx.execute(
                "INSERT OR IGNORE INTO library_due SELECT c.no FROM fault_case c LEFT JOIN library l ON l.case_no = c.no
                 WHERE c.status = 'closed' AND (l.version IS NOT ?1 OR l.events <> c.events)",
                [version],
            )?;
            let old = "SELECT case_no FROM library WHERE version <> ?1";
            tx.execute(&format!("DELETE FROM library_signature WHERE case_no IN ({old})"), [version])?;
            tx.execute("DELETE FROM library WHERE version <> ?1", [version])?;
            tx.execute("INSERT OR REPLACE INTO library_state (one, version) VALUES (1, ?1)", [version])?;
            tx.commit()
        };
        write().map_err(|e| StoreError::db("writing to the library", &dir, &e))
    }

    /// See [`crate::Store::library`].
    pub(super) fn search(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError> {
        let not = not.map(|id| self.find(id)).transpose()?.map_or(0, |(no, _)| no);
        let read = || {
            if !has_library(&self.connection)? {
                return Ok(Vec::new());
            }
            let words = Words::of(text);
            // An index alone answers this, one with the words where they are wanted.
            let sql = match words {
                Some(_) => "SELECT case_no, words FROM library WHERE version = ?1 AND case_no <> ?2",
                None => "SELECT case_no FROM library WHERE version = ?1 AND case_no <> ?2",
            };
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query(params![version, not])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let here = match &words {
                    Some(words) => words.are_all_in(row.get_ref(1)?.as_bytes()?),
                    None => true,
                };
                if here {
                    found.push(Found(row.get(0)?));
                }
            }
            found.sort_by_key(|found| std::cmp::Reverse(found.0));
            Ok(found)
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }

    /// See [`crate::Store::library_ranked`].
    pub(super) fn ranked(
        &self,
        found: &[Found],
        most: usize,
        score: &dyn Fn(&[u8], f64) -> Option<f64>,
    ) -> Result<Vec<Found>, StoreError> {
        /// So few are looked up one by one.
        const FEW: usize = 2000;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut best = Best::new(most);
        let mut read = || {
            if found.len() <= FEW {
                let mut statement =
                    self.connection.prepare("SELECT signature FROM library_signature WHERE case_no = ?1")?;
                for one in found {
                    let mut rows = statement.query([one.0])?;
                    if let Some(row) = rows.next()? {
                        best.take(*one, score(row.get_ref(0)?.as_blob()?, best.least()));
                    }
                }
                return Ok(());
            }
            // Both in falling order.
            let mut wanted = found.iter().peekable();
            let sql = "SELECT case_no, signature FROM library_signature ORDER BY case_no DESC";
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let no: i64 = row.get(0)?;
                while wanted.next_if(|one| one.0 > no).is_some() {}
                if let Some(one) = wanted.next_if(|one| one.0 == no) {
                    best.take(*one, score(row.get_ref(1)?.as_blob()?, best.least()));
                }
            }
            Ok(())
        };
        read().map_err(|e: rusqlite::Error| self.failed("reading the library", &e))?;
        Ok(best.ranked())
    }

    /// See [`crate::Store::library_briefs`].
    pub(super) fn briefs(&self, found: &[Found]) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT c.id, l.body FROM library l JOIN fault_case c ON c.no = l.case_no WHERE l.case_no = ?1";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            // Another program may have thrown the entry away since.
            let mut brief = |f: &Found| statement.query_row([f.0], |row| Ok((row.get(0)?, row.get(1)?))).optional();
            found.iter().filter_map(|f| brief(f).transpose()).collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }
}

fn keep_one(tx: &Transaction<'_>, no: i64, version: u32, entry: &Entry) -> rusqlite::Result<()> {
    let events = i64::try_from(entry.events).unwrap_or(i64::MAX);
    let current = "SELECT count(*) FROM fault_case WHERE no = ?1 AND events = ?2 AND status = 'closed'";
    if !tx.query_row(current, [no, events], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    tx.execute(
        "INSERT OR REPLACE INTO library (case_no, version, events, words, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![no, version, events, entry.words, entry.body],
    )?;
    let signature = "INSERT OR REPLACE INTO library_signature (case_no, signature) VALUES (?1, ?2)";
    tx.execute(signature, params![no, entry.signature])?;
    tx.execute("DELETE FROM library_due WHERE case_no = ?1", [no]).map(|_| ())
}
