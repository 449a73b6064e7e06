//! The tables of a case within one PostgreSQL transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use postgres::Transaction;
use postgres::types::ToSql;

use crate::StoreError;
use crate::event::Event;
use crate::fold::State;
use crate::ledger::list::{self, COLUMNS, Columns, Kept, Value, Worded};
use crate::ledger::{Done, Tables, ids};
use crate::store::{Filter, Sort};
use crate::verify::Row;

use super::transact::trouble;

/// A transaction.
pub(super) struct TeamTables<'a, 'b> {
    pub(super) tx: &'a mut Transaction<'b>,
    /// Where the store is.
    pub(super) place: &'a Path,
    /// What is being done, for the error.
    pub(super) doing: &'static str,
    /// Whether it may write; what is looked at is locked then.
    pub(super) writes: bool,
    /// What is there only if this transaction was committed.
    pub(super) witness: Witness,
}

/// An event that a transaction wrote and that was not there before: it tells whether the transaction was committed.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// Id and hash.
    pub(super) event: Option<(String, String)>,
    /// Hashes that were taken away to be written anew: they tell nothing.
    rewritten: BTreeSet<String>,
}

impl Witness {
    pub(super) fn wrote(&mut self, event: &Event) {
        if !self.rewritten.contains(&event.hash) {
            self.event = Some((event.id.clone(), event.hash.clone()));
        }
    }
}

type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// PostgreSQL takes every character in a text but this one.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn cleaned(columns: Columns) -> Columns {
    Columns { assignee: columns.assignee.as_deref().map(clean), words: clean(&columns.words), ..columns }
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// `?` as PostgreSQL numbers them.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (part, n) in parts.zip(1..) {
        out.push_str(&format!("${n}{part}"));
    }
    out
}

impl TeamTables<'_, '_> {
    pub(super) fn done<T>(&self, result: Result<T, postgres::Error>) -> Done<T> {
        result.map_err(|e| trouble(self.doing, self.place, &e))
    }

    pub(super) fn query(&mut self, sql: &str, values: Values<'_>) -> Done<Vec<postgres::Row>> {
        let rows = self.tx.query(sql, values);
        self.done(rows)
    }

    pub(super) fn execute(&mut self, sql: &str, values: Values<'_>) -> Done<u64> {
        let count = self.tx.execute(sql, values);
        self.done(count)
    }

    pub(super) fn texts(&mut self, sql: &str, values: Values<'_>) -> Done<Vec<String>> {
        let rows = self.query(sql, values)?;
        self.done(rows.iter().map(|row| row.try_get(0)).collect())
    }

    fn one<T: for<'r> postgres::types::FromSql<'r>>(&mut self, sql: &str, values: Values<'_>) -> Done<T> {
        let row = self.tx.query_one(sql, values).and_then(|row| row.try_get(0));
        self.done(row)
    }

    /// All ids, in order of opening.
    pub(super) fn all_ids(&mut self) -> Done<Vec<String>> {
        self.texts("SELECT id FROM fault_case ORDER BY no", &[])
    }

    /// UUID of every case, with its id here and the hash of its last event.
    pub(super) fn heads(&mut self) -> Done<Vec<(String, String, String)>> {
        let sql = "SELECT c.uuid, c.id, coalesce(e.hash, '')
            FROM fault_case c LEFT JOIN event e ON e.case_no = c.no AND e.seq = c.events ORDER BY c.no";
        let rows = self.query(sql, &[])?;
        self.done(rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?))).collect())
    }

    /// The states of the cases that match, each with its number here.
    pub(super) fn states(&mut self, filter: &Filter, sort: Sort, now_ms: i64) -> Done<Vec<(String, State)>> {
        let (sql, values) = list::sql_of(filter, sort, now_ms, Some(&Worded::Search("strpos")));
        let values: Vec<Box<dyn ToSql + Sync>> = values
            .into_iter()
            .map(|value| -> Box<dyn ToSql + Sync> {
                match value {
                    Value::Number(n) => Box::new(n),
                    Value::Text(text) => Box::new(clean(&text)),
                }
            })
            .collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(AsRef::as_ref).collect();
        let rows = self.query(&numbered(&sql), &values)?;
        rows.iter()
            .map(|row| {
                let (id, text): (String, String) =
                    self.done(row.try_get(0).and_then(|id| Ok((id, row.try_get(1)?))))?;
                let state = serde_json::from_str(&text).map_err(|e| StoreError::Damaged {
                    what: format!("the state of a case cannot be read ({e})"),
                    path: self.place.to_owned(),
                })?;
                Ok((id, state))
            })
            .collect()
    }

    fn events_in(&mut self, sql: &str, no: i64) -> Done<Vec<(i64, Row)>> {
        let rows = self.query(sql, &[&no])?;
        let event = |r: &postgres::Row| {
            Ok((r.try_get(0)?, Row { seq: r.try_get(1)?, id: r.try_get(2)?, hash: r.try_get(3)?, body: r.try_get(4)? }))
        };
        self.done(rows.iter().map(event).collect())
    }

    fn json(&self, state: &State) -> Result<String, StoreError> {
        serde_json::to_string(state).map_err(|e| StoreError::Invalid { what: e.to_string() })
    }
}

impl Tables for TeamTables<'_, '_> {
    fn find(&mut self, wanted: &str) -> Done<Option<(i64, String)>> {
        let wanted = clean(wanted.trim());
        let sql = "SELECT no, id FROM fault_case WHERE id = $1 OR uuid = $2";
        let rows = self.query(sql, &[&ids::spelled_out(&wanted), &wanted.to_ascii_lowercase()])?;
        let found = rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose();
        self.done(found)
    }

    fn latest_ids(&mut self) -> Done<Vec<String>> {
        self.texts("SELECT id FROM fault_case ORDER BY no DESC LIMIT 2000", &[])
    }

    fn state(&mut self, no: i64) -> Done<State> {
        let lock = if self.writes { "FOR UPDATE" } else { "" };
        let texts = self.texts(&format!("SELECT state FROM fault_case WHERE no = $1 {lock}"), &[&no])?;
        let state = texts.first().and_then(|text| serde_json::from_str(text).ok());
        state.ok_or_else(|| {
            let what = format!("the state of case number {no} cannot be read");
            StoreError::Damaged { what, path: self.place.to_owned() }.into()
        })
    }

    fn next_number(&mut self, year: i64) -> Done<i64> {
        let sql = "INSERT INTO case_number AS n (year, last) VALUES ($1, 1)
            ON CONFLICT (year) DO UPDATE SET last = n.last + 1 RETURNING last";
        self.one(sql, &[&year])
    }

    fn number_aside(&mut self, year: i64) -> Done<i64> {
        let sql = "INSERT INTO case_number AS n (year, aside) VALUES ($1, -1)
            ON CONFLICT (year) DO UPDATE SET aside = n.aside - 1 RETURNING aside";
        self.one(sql, &[&year])
    }

    fn is_taken(&mut self, id: &str) -> Done<bool> {
        self.one("SELECT id_is_taken($1)", &[&id])
    }

    fn insert_case(&mut self, id: &str, year: i64, number: i64, state: &State) -> Done<i64> {
        if number > 0 {
            // A number that comes from elsewhere is not given again.
            let sql = "INSERT INTO case_number AS n (year, last) VALUES ($1, $2)
                ON CONFLICT (year) DO UPDATE SET last = greatest(n.last, excluded.last)";
            self.execute(sql, &[&year, &number])?;
        }
        let sql = format!(
            "INSERT INTO fault_case (id, uuid, year, number, state, {COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING no"
        );
        let (json, c) = (self.json(state)?, cleaned(Columns::of(state)));
        self.one(
            &sql,
            &[
                &id,
                &state.uuid,
                &year,
                &number,
                &json,
                &c.status,
                &c.priority,
                &c.assignee,
                &c.words,
                &c.opened_ms,
                &c.updated_ms,
                &c.next_due_ms,
                &c.events,
            ],
        )
    }

    fn update_case(&mut self, no: i64, state: &State) -> Done<()> {
        let sql =
            format!("UPDATE fault_case SET (state, {COLUMNS}) = ($2, $3, $4, $5, $6, $7, $8, $9, $10) WHERE no = $1");
        let (json, c) = (self.json(state)?, cleaned(Columns::of(state)));
        self.execute(
            &sql,
            &[
                &no,
                &json,
                &c.status,
                &c.priority,
                &c.assignee,
                &c.words,
                &c.opened_ms,
                &c.updated_ms,
                &c.next_due_ms,
                &c.events,
            ],
        )
        .map(|_| ())
    }

    fn insert_event(&mut self, no: i64, event: &Event) -> Done<()> {
        let sql = "INSERT INTO event (case_no, seq, id, hash, body) VALUES ($1, $2, $3, $4, $5)";
        self.execute(sql, &[&no, &number(event.seq), &event.id, &event.hash, &event.body()])?;
        self.witness.wrote(event);
        Ok(())
    }

    fn insert_side(&mut self, no: i64, merged_by: u64, place: i64, event: &Event) -> Done<()> {
        let sql = "INSERT INTO side_event (case_no, merged_by, place, id, hash, body) VALUES ($1, $2, $3, $4, $5, $6)";
        self.execute(sql, &[&no, &number(merged_by), &place, &event.id, &event.hash, &event.body()]).map(|_| ())
    }

    fn clear_events(&mut self, no: i64) -> Done<()> {
        let taken_away = self.texts("DELETE FROM event WHERE case_no = $1 RETURNING hash", &[&no])?;
        self.witness.rewritten.extend(taken_away);
        self.execute("DELETE FROM side_event WHERE case_no = $1", &[&no]).map(|_| ())
    }

    fn hashes(&mut self, no: i64) -> Done<(Vec<String>, Vec<String>)> {
        let main = self.texts("SELECT hash FROM event WHERE case_no = $1 ORDER BY seq", &[&no])?;
        Ok((main, self.texts("SELECT hash FROM side_event WHERE case_no = $1", &[&no])?))
    }

    fn rows(&mut self, no: i64) -> Done<Vec<Row>> {
        let rows =
            self.events_in("SELECT 0::bigint, seq, id, hash, body FROM event WHERE case_no = $1 ORDER BY seq", no)?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    fn side_rows(&mut self, no: i64) -> Done<BTreeMap<u64, Vec<Row>>> {
        let sql =
            "SELECT merged_by, place, id, hash, body FROM side_event WHERE case_no = $1 ORDER BY merged_by, place";
        let mut found: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
        for (at, row) in self.events_in(sql, no)? {
            found.entry(u64::try_from(at).unwrap_or(0)).or_default().push(row);
        }
        Ok(found)
    }

    fn kept(&mut self, no: i64) -> Done<(String, bool)> {
        let sql = format!("SELECT state, id, uuid, year, number, {COLUMNS} FROM fault_case WHERE no = $1");
        let row = self.tx.query_one(&sql, &[&no]);
        let kept = row.and_then(|r| {
            let columns = Columns {
                status: r.try_get(5)?,
                priority: r.try_get(6)?,
                assignee: r.try_get(7)?,
                words: r.try_get(8)?,
                opened_ms: r.try_get(9)?,
                updated_ms: r.try_get(10)?,
                next_due_ms: r.try_get(11)?,
                events: r.try_get(12)?,
            };
            let named = (r.try_get(1)?, r.try_get(2)?, r.try_get(3)?, r.try_get(4)?);
            Ok(Kept { state: r.try_get(0)?, columns, named })
        });
        let kept = self.done(kept)?;
        let follow = kept.columns_follow(cleaned);
        Ok((kept.state, follow))
    }

    fn unsound(&mut self) -> Done<Option<String>> {
        // The server looks after its own files.
        Ok(None)
    }
}
