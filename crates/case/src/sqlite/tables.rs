//! The tables of a case within one SQLite transaction.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row as SqlRow, ToSql, params, params_from_iter};

use crate::StoreError;
use crate::event::Event;
use crate::fold::State;
use crate::ledger::list::{self, COLUMNS, Columns, Kept, Worded};
use crate::ledger::{Done, Tables, Trouble, ids};
use crate::store::{Filter, Sort};
use crate::verify::Row;
use crate::workflow::Status;

use super::library;
use super::words::Words;

/// A connection, or a transaction on it.
pub(super) struct SqliteTables<'a> {
    pub(super) connection: &'a Connection,
    /// The store's folder.
    pub(super) dir: &'a Path,
    /// What is being done, for the error.
    pub(super) doing: &'static str,
}

/// The words of every case, in the order of [`Sort::NextClock`].
pub(super) const WORDED: &str = "SELECT no, words FROM fault_case ORDER BY next_due_ms IS NULL, next_due_ms, no";

impl ToSql for list::Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Number(n) => n.to_sql(),
            Self::Text(t) => t.to_sql(),
        }
    }
}

/// Text that is not UTF-8 any more must show as changed, not stop the reading.
fn text(row: &SqlRow<'_>, n: usize) -> rusqlite::Result<String> {
    Ok(row.get_ref(n)?.as_bytes_or_null()?.map(String::from_utf8_lossy).unwrap_or_default().into_owned())
}

fn json(state: &State) -> rusqlite::Result<String> {
    serde_json::to_string(state).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl SqliteTables<'_> {
    pub(super) fn done<T>(&self, result: rusqlite::Result<T>) -> Done<T> {
        result.map_err(|e| {
            let error = StoreError::db(self.doing, self.dir, &e);
            match e.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => Trouble::Taken(error),
                _ => Trouble::Store(error),
            }
        })
    }

    fn texts(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map(values, |row| row.get(0))?;
        rows.collect()
    }

    /// All ids, in order of opening.
    pub(super) fn all_ids(&self) -> Done<Vec<String>> {
        self.done(self.texts("SELECT id FROM fault_case ORDER BY no", []))
    }

    /// UUID of every case, with its id here and the hash of its last event.
    pub(super) fn heads(&self) -> Done<Vec<(String, String, String)>> {
        let read = || {
            let sql = "SELECT c.uuid, c.id, coalesce(e.hash, '')
                FROM fault_case c LEFT JOIN event e ON e.case_no = c.no AND e.seq = c.events ORDER BY c.no";
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        };
        self.done(read())
    }

    /// The states of the cases that match, each with its number here.
    pub(super) fn states(&self, filter: &Filter, sort: Sort, now_ms: i64) -> Done<Vec<(String, State)>> {
        let worded = self.done(self.with_words(filter, sort))?;
        let (sql, values) = list::sql_of(filter, sort, now_ms, worded.as_ref());
        let mut statement = self.done(self.connection.prepare(&sql))?;
        let row = |row: &SqlRow<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let rows = self.done(statement.query_map(params_from_iter(values), row))?;
        rows.map(|row| {
            let (id, text) = self.done(row)?;
            let state: State = serde_json::from_str(&text).map_err(|e| StoreError::Damaged {
                what: format!("the state of a case cannot be read ({e})"),
                path: self.dir.to_owned(),
            })?;
            Ok((id, state))
        })
        .collect()
    }

    /// The cases that have the words asked for, in the order of [`Sort::NextClock`]; `None` where none are asked for. The index
    /// `case_by_due_words` alone answers this; where nothing else is asked, what comes after the limit is not looked at.
    fn with_words(&self, filter: &Filter, sort: Sort) -> rusqlite::Result<Option<Worded>> {
        let Some(words) = Words::of(filter.text.as_deref().unwrap_or_default()) else { return Ok(None) };
        let text_alone = Filter { text: filter.text.clone(), limit: filter.limit, ..Filter::default() };
        let first = *filter == text_alone && sort == Sort::NextClock;
        let most = filter.limit.filter(|_| first).map_or(usize::MAX, |n| n as usize);
        let mut statement = self.connection.prepare(WORDED)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            if words.are_all_in(row.get_ref(1)?.as_bytes()?) {
                found.push(row.get(0)?);
            }
        }
        Ok(Some(Worded::Rows(found)))
    }

    /// A row as it is kept.
    pub(super) fn row_kept(&self, no: i64) -> rusqlite::Result<Kept> {
        let sql = format!("SELECT state, id, uuid, year, number, {COLUMNS} FROM fault_case WHERE no = ?1");
        self.connection.query_row(&sql, params![no], |row| {
            let columns = Columns {
                status: text(row, 5)?,
                priority: text(row, 6)?,
                assignee: row.get_ref(7)?.as_bytes_or_null()?.map(|b| String::from_utf8_lossy(b).into_owned()),
                words: text(row, 8)?,
                opened_ms: row.get(9)?,
                updated_ms: row.get(10)?,
                next_due_ms: row.get(11)?,
                events: row.get(12)?,
            };
            Ok(Kept { state: text(row, 0)?, columns, named: (text(row, 1)?, text(row, 2)?, row.get(3)?, row.get(4)?) })
        })
    }

    fn events_in(&self, sql: &str, no: i64) -> rusqlite::Result<Vec<(i64, Row)>> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([no], |row| {
            let event = Row { seq: row.get(1)?, id: text(row, 2)?, hash: text(row, 3)?, body: text(row, 4)? };
            Ok((row.get(0)?, event))
        })?;
        rows.collect()
    }

    /// A store that was made before there was such a thing has no merged events.
    fn has_sides(&self) -> rusqlite::Result<bool> {
        let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'side_event'";
        self.connection.query_row(there, [], |row| row.get::<_, i64>(0)).map(|n| n > 0)
    }
}

impl Tables for SqliteTables<'_> {
    fn find(&mut self, wanted: &str) -> Done<Option<(i64, String)>> {
        let trimmed = wanted.trim();
        let sql = "SELECT no, id FROM fault_case WHERE id = ?1 OR uuid = ?2";
        let names = [ids::spelled_out(trimmed), trimmed.to_ascii_lowercase()];
        let found = self.connection.query_row(sql, names, |row| Ok((row.get(0)?, row.get(1)?))).optional();
        self.done(found)
    }

    fn latest_ids(&mut self) -> Done<Vec<String>> {
        self.done(self.texts("SELECT id FROM fault_case ORDER BY no DESC LIMIT 2000", []))
    }

    fn state(&mut self, no: i64) -> Done<State> {
        let sql = "SELECT state FROM fault_case WHERE no = ?1";
        let text: Option<String> = self.done(self.connection.query_row(sql, [no], |row| row.get(0)).optional())?;
        let state = text.as_deref().and_then(|t| serde_json::from_str(t).ok());
        state.ok_or_else(|| {
            let what = format!("the state of case number {no} cannot be read");
            StoreError::Damaged { what, path: self.dir.to_owned() }.into()
        })
    }

    fn next_number(&mut self, year: i64) -> Done<i64> {
        let sql = "SELECT coalesce(max(number), 0) + 1 FROM fault_case WHERE year = ?1";
        self.done(self.connection.query_row(sql, [year], |row| row.get(0)))
    }

    fn number_aside(&mut self, year: i64) -> Done<i64> {
        let sql = "SELECT min(coalesce(min(number), 0), 0) - 1 FROM fault_case WHERE year = ?1";
        self.done(self.connection.query_row(sql, [year], |row| row.get(0)))
    }

    fn is_taken(&mut self, id: &str) -> Done<bool> {
        Ok(self.find(id)?.is_some())
    }

    fn insert_case(&mut self, id: &str, year: i64, number: i64, state: &State) -> Done<i64> {
        let sql = format!(
            "INSERT INTO fault_case (id, uuid, year, number, state, {COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        );
        let c = Columns::of(state);
        let write = || {
            self.connection.execute(
                &sql,
                params![
                    id,
                    state.uuid,
                    year,
                    number,
                    json(state)?,
                    c.status,
                    c.priority,
                    c.assignee,
                    c.words,
                    c.opened_ms,
                    c.updated_ms,
                    c.next_due_ms,
                    c.events
                ],
            )?;
            Ok(self.connection.last_insert_rowid())
        };
        self.done(write())
    }

    fn update_case(&mut self, no: i64, state: &State) -> Done<()> {
        let sql =
            format!("UPDATE fault_case SET (state, {COLUMNS}) = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) WHERE no = ?1");
        let c = Columns::of(state);
        let write = || {
            self.connection.execute(
                &sql,
                params![
                    no,
                    json(state)?,
                    c.status,
                    c.priority,
                    c.assignee,
                    c.words,
                    c.opened_ms,
                    c.updated_ms,
                    c.next_due_ms,
                    c.events
                ],
            )?;
            library::changed(self.connection, no, state.status == Status::Closed)
        };
        self.done(write())
    }

    fn insert_event(&mut self, no: i64, event: &Event) -> Done<()> {
        let sql = "INSERT INTO event (case_no, seq, id, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![no, number(event.seq), event.id, event.hash, event.body()];
        self.done(self.connection.prepare(sql).and_then(|mut s| s.execute(values))).map(|_| ())
    }

    fn insert_side(&mut self, no: i64, merged_by: u64, place: i64, event: &Event) -> Done<()> {
        let sql = "INSERT INTO side_event (case_no, merged_by, place, id, hash, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![no, number(merged_by), place, event.id, event.hash, event.body()];
        self.done(self.connection.prepare(sql).and_then(|mut s| s.execute(values))).map(|_| ())
    }

    fn clear_events(&mut self, no: i64) -> Done<()> {
        for sql in ["DELETE FROM event WHERE case_no = ?1", "DELETE FROM side_event WHERE case_no = ?1"] {
            self.done(self.connection.execute(sql, [no]))?;
        }
        Ok(())
    }

    fn hashes(&mut self, no: i64) -> Done<(Vec<String>, Vec<String>)> {
        let main = self.done(self.texts("SELECT hash FROM event WHERE case_no = ?1 ORDER BY seq", [no]))?;
        let sides = self.done(self.texts("SELECT hash FROM side_event WHERE case_no = ?1", [no]))?;
        Ok((main, sides))
    }

    fn rows(&mut self, no: i64) -> Done<Vec<Row>> {
        let sql = "SELECT 0, seq, id, hash, body FROM event WHERE case_no = ?1 ORDER BY seq";
        let rows = self.done(self.events_in(sql, no))?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    fn side_rows(&mut self, no: i64) -> Done<BTreeMap<u64, Vec<Row>>> {
        let mut found: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
        if self.done(self.has_sides())? {
            let sql =
                "SELECT merged_by, place, id, hash, body FROM side_event WHERE case_no = ?1 ORDER BY merged_by, place";
            for (at, row) in self.done(self.events_in(sql, no))? {
                found.entry(u64::try_from(at).unwrap_or(0)).or_default().push(row);
            }
        }
        Ok(found)
    }

    fn kept(&mut self, no: i64) -> Done<(String, bool)> {
        let kept = self.done(self.row_kept(no))?;
        let follow = kept.columns_follow(|columns| columns);
        Ok((kept.state, follow))
    }

    fn unsound(&mut self) -> Done<Option<String>> {
        let sql = "PRAGMA integrity_check(1)";
        let said: String = self.done(self.connection.query_row(sql, [], |row| row.get(0)))?;
        Ok((said != "ok").then_some(said))
    }
}
