//! The fault library's table in an SQLite store: searches that its indices alone answer.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::{SqliteStore, begin};
use crate::StoreError;
use crate::store::{Entry, Found};

impl SqliteStore {
    /// See [`crate::Store::library_lacks`].
    pub(super) fn lacks(&self, version: u32) -> Result<Vec<String>, StoreError> {
        let read = || {
            let mut entries =
                self.connection.prepare("SELECT case_no, events FROM library WHERE version = ?1 ORDER BY case_no")?;
            let entries = entries.query_map([version], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let entries: Vec<(i64, i64)> = entries.collect::<rusqlite::Result<_>>()?;
            let mut known = entries.into_iter().peekable();
            let mut id = self.connection.prepare("SELECT id FROM fault_case WHERE no = ?1")?;
            let mut lacking = Vec::new();
            // Both are in order.
            for (no, events) in self.closed()? {
                while known.next_if(|entry| entry.0 < no).is_some() {}
                if known.peek() != Some(&(no, events)) {
                    lacking.push(id.query_row([no], |row| row.get(0))?);
                }
            }
            Ok(lacking)
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }

    /// Number in the store and events of every closed case, in order: joined here and not by the database, which would read the
    /// rows for it; this comes from the index `closed_case` alone.
    fn closed(&self) -> rusqlite::Result<Vec<(i64, i64)>> {
        let sql = "SELECT no, events FROM fault_case WHERE status = 'closed' ORDER BY no";
        let mut statement = self.connection.prepare(sql)?;
        let closed = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        closed.collect()
    }

    /// See [`crate::Store::library_keep`].
    pub(super) fn keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError> {
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

    /// See [`crate::Store::library`].
    pub(super) fn search(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError> {
        let not = not.map(|id| self.find(id)).transpose()?.map_or(0, |(no, _)| no);
        let words: Vec<Value> = text.split_whitespace().map(|word| Value::Text(word.to_lowercase())).collect();
        let all = vec!["instr(words, ?) > 0"; words.len()].join(" AND ");
        let with_words = if words.is_empty() {
            String::new()
        } else {
            format!("AND case_no IN (SELECT case_no FROM library WHERE {all})")
        };
        // The indices `library_by_words` and `library_by_case` alone answer this.
        let sql = format!(
            "SELECT case_no, events, causes FROM library WHERE version = ? AND case_no <> ? {with_words} ORDER BY case_no DESC"
        );
        let values = [Value::Integer(version.into()), Value::Integer(not)].into_iter().chain(words);
        let read = || {
            // A store of before there were such entries, on a medium that cannot be written.
            let old = "SELECT count(*) = 0 FROM pragma_table_info('library') WHERE name = 'causes'";
            if self.connection.query_row(old, [], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((row.get(1)?, Found { place: row.get(0)?, causes: row.get(2)? }));
            }
            self.current(found)
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }

    /// Of entries in falling order, those whose case is closed and has the events that the entry was made of.
    fn current(&self, entries: Vec<(i64, Found)>) -> rusqlite::Result<Vec<Found>> {
        /// So few are looked up one by one.
        const FEW: usize = 2000;
        if entries.len() <= FEW {
            let sql = "SELECT count(*) FROM fault_case WHERE no = ?1 AND events = ?2 AND status = 'closed'";
            let mut statement = self.connection.prepare(sql)?;
            let mut is_current = |no: i64, events: i64| statement.query_row([no, events], |row| row.get::<_, bool>(0));
            let checked = entries.into_iter().map(|(events, f)| Ok(is_current(f.place, events)?.then_some(f)));
            return checked.filter_map(Result::transpose).collect();
        }
        let mut closed = self.closed()?.into_iter().rev().peekable();
        let current = entries.into_iter().filter_map(|(events, found)| {
            while closed.next_if(|case| case.0 > found.place).is_some() {}
            (closed.peek() == Some(&(found.place, events))).then_some(found)
        });
        Ok(current.collect())
    }

    /// See [`crate::Store::library_briefs`].
    pub(super) fn briefs(&self, found: &[&Found]) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT c.id, l.body FROM library l JOIN fault_case c ON c.no = l.case_no WHERE l.case_no = ?1";
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let mut brief = |f: &&Found| statement.query_row([f.place], |row| Ok((row.get(0)?, row.get(1)?)));
            found.iter().map(&mut brief).collect::<rusqlite::Result<_>>()
        };
        read().map_err(|e| self.failed("reading the library", &e))
    }
}
