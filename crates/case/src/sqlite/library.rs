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
    /// What it is ranked by before its brief is read, as its maker wrote it.
    pub causes: String,
    /// The brief, as its maker wrote it.
    pub body: String,
}

/// A closed case that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where the store has it.
    place: i64,
    /// What it is ranked by.
    pub causes: String,
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
                    "INSERT OR REPLACE INTO library (case_no, version, events, words, causes, body)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![no, version, events, entry.words, entry.causes, entry.body],
                )?;
            }
            tx.commit()
        };
        write().map_err(|e| StoreError::db("writing to the library", &dir, &e))
    }

    /// Closed cases whose entry of this version holds every word of `text`, those of the latest cases first; the case `not` is
    /// left out.
    ///
    /// # Errors
    /// When the store cannot be read, or there is no case `not`.
    pub fn library(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError> {
        let not = not.map(|id| self.find(id)).transpose()?.map_or(0, |(no, _)| no);
        let mut values = vec![Value::Integer(version.into()), Value::Integer(not)];
        let mut condition = String::new();
        for (n, word) in text.split_whitespace().enumerate() {
            condition.push_str(if n == 0 { " AND l.case_no IN (SELECT case_no FROM library WHERE" } else { " AND" });
            condition.push_str(" instr(words, ?) > 0");
            values.push(Value::Text(word.to_lowercase()));
        }
        if values.len() > 2 {
            condition.push(')');
        }
        // Indices answer all of it: `library_by_words`, `library_by_case`, `closed_case`.
        let sql = format!(
            "SELECT l.case_no, l.causes FROM library l JOIN fault_case c ON c.no = l.case_no
             WHERE c.status = 'closed' AND l.version = ? AND l.events = c.events
             AND l.case_no <> ?{condition} ORDER BY l.case_no DESC"
        );
        let read = || {
            // A store of before there were such entries, on a medium that cannot be written.
            let old = "SELECT count(*) = 0 FROM pragma_table_info('library') WHERE name = 'causes'";
            if self.connection.query_row(old, [], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            let mut statement = self.connection.prepare(&sql)?;
            let found = statement
                .query_map(params_from_iter(values), |row| Ok(Found { place: row.get(0)?, causes: row.get(1)? }))?;
            found.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }

    /// Number and brief of cases that were found, in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn library_briefs<'a>(
        &self,
        found: impl IntoIterator<Item = &'a Found>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT c.id, l.body FROM library l JOIN fault_case c ON c.no = l.case_no WHERE l.case_no = ?1";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut brief = |f: &Found| statement.query_row([f.place], |row| Ok((row.get(0)?, row.get(1)?)));
            found.into_iter().map(&mut brief).collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }
}
