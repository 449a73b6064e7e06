//! The tables of inspections within one SQLite transaction.

use rusqlite::{OptionalExtension as _, Params, Row as SqlRow, params};

use super::SqliteStore;
use super::tables::SqliteTables;
use crate::StoreError;
use crate::event::{Event, GENESIS};
use crate::ledger::Done;
use crate::ledger::rounds::{Columns, Keeping, RoundTables};
use crate::round::INSPECTED;
use crate::vault::Vault;
use crate::verify::Row;

impl Keeping for SqliteStore {
    fn look<T>(
        &self,
        doing: &'static str,
        act: &mut dyn FnMut(&mut dyn RoundTables) -> Done<T>,
    ) -> Result<T, StoreError> {
        self.read(doing, |tables| act(tables))
    }

    fn change<T>(
        &mut self,
        doing: &'static str,
        act: &mut dyn FnMut(&mut dyn RoundTables, &dyn Vault) -> Done<T>,
    ) -> Result<T, StoreError> {
        self.write(doing, |tables, vault| act(tables, vault))
    }

    fn vault(&self) -> &dyn Vault {
        &self.vault
    }
}

impl SqliteTables<'_> {
    /// Rows of inspections; none in a store that was made before there were rounds, and is only read: it has no table of them.
    fn round_query<T>(
        &self,
        sql: &str,
        values: impl Params,
        row: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Done<Vec<T>> {
        let read = || {
            let known = "SELECT count(*) FROM sqlite_schema WHERE name = 'round_event'";
            if !self.connection.query_row(known, [], |row| row.get::<_, bool>(0))? {
                return Ok(Vec::new());
            }
            self.connection.prepare(sql)?.query_map(values, row)?.collect()
        };
        self.done(read())
    }
}

/// The columns from the given one on.
fn columns(row: &SqlRow<'_>, n: usize) -> rusqlite::Result<Columns> {
    Ok(Columns {
        kind: row.get(n)?,
        tag: row.get(n + 1)?,
        done_ms: row.get(n + 2)?,
        verdict: row.get(n + 3)?,
        about: row.get(n + 4)?,
        case_id: row.get(n + 5)?,
    })
}

impl RoundTables for SqliteTables<'_> {
    fn round_end(&mut self, plan: &str) -> Done<(u64, String)> {
        // The write lock is held from the start of the transaction.
        let sql = "SELECT seq, hash FROM round_event WHERE plan = ?1 ORDER BY seq DESC LIMIT 1";
        let last = self.round_query(sql, [plan], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?.pop();
        Ok(last.map_or((0, GENESIS.to_owned()), |(seq, hash)| (u64::try_from(seq).unwrap_or(0), hash)))
    }

    fn insert_round_event(&mut self, plan: &str, event: &Event, columns: &Columns) -> Done<()> {
        let sql = "INSERT INTO round_event (plan, seq, id, hash, body, kind, tag, done_ms, verdict, about, case_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let Columns { kind, tag, done_ms, verdict, about, case_id } = columns;
        let seq = i64::try_from(event.seq).unwrap_or(i64::MAX);
        let (id, hash, body) = (&event.id, &event.hash, event.body());
        let values = params![plan, seq, id, hash, body, kind, tag, done_ms, verdict, about, case_id];
        self.done(self.connection.execute(sql, values)).map(|_| ())
    }

    fn round_rows(&mut self, plan: &str) -> Done<Vec<(Row, Columns)>> {
        let sql = "SELECT seq, id, hash, body, kind, tag, done_ms, verdict, about, case_id
            FROM round_event WHERE plan = ?1 ORDER BY seq";
        self.round_query(sql, [plan], |row| {
            let kept = Row { seq: row.get(0)?, id: row.get(1)?, hash: row.get(2)?, body: row.get(3)? };
            Ok((kept, columns(row, 4)?))
        })
    }

    fn round_briefs(&mut self, plan: &str) -> Done<Vec<(String, Columns)>> {
        let sql =
            "SELECT id, kind, tag, done_ms, verdict, about, case_id FROM round_event WHERE plan = ?1 ORDER BY seq";
        self.round_query(sql, [plan], |row| Ok((row.get(0)?, columns(row, 1)?)))
    }

    fn inspection_body(&mut self, plan: &str, id: &str) -> Done<Option<(String, String)>> {
        let sql = "SELECT body, hash FROM round_event WHERE id = ?1 AND plan = ?2 AND kind = ?3";
        Ok(self.round_query(sql, [id, plan, INSPECTED], |row| Ok((row.get(0)?, row.get(1)?)))?.pop())
    }

    fn inspections_with(&mut self, text: &str) -> Done<Vec<(String, String, String)>> {
        let sql = "SELECT id, body, hash FROM round_event WHERE kind = ?1 AND instr(body, ?2) > 0 ORDER BY plan, seq";
        self.round_query(sql, [INSPECTED, text], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    fn round_plans(&mut self) -> Done<Vec<String>> {
        self.round_query("SELECT DISTINCT plan FROM round_event ORDER BY plan", [], |row| row.get(0))
    }

    fn is_open(&mut self, case_id: &str) -> Done<bool> {
        let sql = "SELECT 1 FROM fault_case WHERE id = ?1 AND status <> 'closed'";
        self.done(self.connection.query_row(sql, [case_id], |_| Ok(())).optional()).map(|found| found.is_some())
    }
}
