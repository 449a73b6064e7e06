//! What the fault library keeps of each closed case: a brief and the words to find it by, derived from the events.
//!
//! Entries are made by whoever searches, and made again when the case has gone on: they may be thrown away at any time.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::{SqliteStore, begin};
use crate::StoreError;

/// One closed case as the library keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The case.
    pub case_id: String,
    /// Number of its last event when the entry was made.
    pub events: u64,
    /// What it is searched by, in lower case.
    pub words: String,
    /// The brief, as its maker wrote it.
    pub body: String,
}

impl SqliteStore {
    /// Closed cases that have no entry, or one from before their last event or of another version.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn library_lacks(&self, version: u32) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT c.id FROM fault_case c LEFT JOIN library l ON l.case_no = c.no
                   WHERE c.status = 'closed' AND (l.case_no IS NULL OR l.version <> ?1 OR l.events <> c.events) ORDER BY c.no";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let ids = statement.query_map([version], |row| row.get(0))?;
            ids.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }

    /// Keeps entries of this version in place of older ones.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be written.
    pub fn library_keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError> {
        self.writable()?;
        let places = entries.iter().map(|e| self.find(&e.case_id).map(|(no, _)| no)).collect::<Result<Vec<_>, _>>()?;
        let dir = self.dir.clone();
        let mut write = || {
            let tx = begin(&mut self.connection)?;
            for (no, entry) in places.iter().zip(entries) {
                let events = i64::try_from(entry.events).unwrap_or(i64::MAX);
                tx.execute(
                    "INSERT OR REPLACE INTO library (case_no, version, events, words, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![no, version, events, entry.words, entry.body],
                )?;
            }
            tx.commit()
        };
        write().map_err(|e| StoreError::db("writing to the library", &dir, &e))
    }

    /// The entries of this version whose words hold every word of `text`, those of the latest cases first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn library(&self, version: u32, text: &str) -> Result<Vec<Entry>, StoreError> {
        let mut values = vec![Value::Integer(version.into())];
        let mut conditions = String::new();
        for word in text.split_whitespace() {
            conditions.push_str(" AND instr(l.words, ?) > 0");
            values.push(Value::Text(word.to_lowercase()));
        }
        let sql = format!(
            "SELECT c.id, l.events, l.words, l.body FROM library l JOIN fault_case c ON c.no = l.case_no
             WHERE c.status = 'closed' AND l.version = ? AND l.events = c.events{conditions} ORDER BY c.no DESC"
        );
        let read = || {
            let mut statement = self.connection.prepare(&sql)?;
            let entries = statement.query_map(params_from_iter(values), |row| {
                let events: i64 = row.get(1)?;
                let events = u64::try_from(events).unwrap_or(0);
                Ok(Entry { case_id: row.get(0)?, events, words: row.get(2)?, body: row.get(3)? })
            })?;
            entries.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }
}
