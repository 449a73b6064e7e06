//! The tables of inspections within one PostgreSQL transaction.

use super::TeamStore;
use super::tables::TeamTables;
use crate::StoreError;
use crate::event::{Event, GENESIS};
use crate::ledger::Done;
use crate::ledger::rounds::{Columns, Keeping, RoundTables};
use crate::round::INSPECTED;
use crate::vault::Vault;
use crate::verify::Row;

impl Keeping for TeamStore {
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
        self.vault.as_ref()
    }
}

/// The columns from the given one on.
fn columns(row: &postgres::Row, n: usize) -> Result<Columns, postgres::Error> {
    Ok(Columns {
        kind: row.try_get(n)?,
        tag: row.try_get(n + 1)?,
        done_ms: row.try_get(n + 2)?,
        verdict: row.try_get(n + 3)?,
        about: row.try_get(n + 4)?,
        case_id: row.try_get(n + 5)?,
    })
}

const BESIDE: &str = "e.kind, e.tag, e.done_ms, e.verdict, e.about, e.case_id";
const OF_PLAN: &str = "FROM round_event e JOIN round_plan p ON p.no = e.plan_no WHERE p.plan = $1 ORDER BY e.seq";

impl TeamTables<'_, '_> {
    /// The row of a plan, which is locked to the end of the transaction; nothing where it belongs to another team.
    fn locked_plan(&mut self, plan: &str) -> Done<Option<i64>> {
        self.execute("INSERT INTO round_plan (plan) VALUES ($1) ON CONFLICT (plan) DO NOTHING", &[&plan])?;
        let rows = self.query("SELECT no FROM round_plan WHERE plan = $1 FOR UPDATE", &[&plan])?;
        self.done(rows.first().map(|row| row.try_get(0)).transpose())
    }
}

impl RoundTables for TeamTables<'_, '_> {
    fn round_end(&mut self, plan: &str) -> Done<(u64, String)> {
        let no = self.locked_plan(plan)?.ok_or_else(|| {
            let reason =
                format!("the round {plan} belongs to another team: name the plan otherwise, or have it shared");
            StoreError::Denied { reason, path: self.place.to_owned() }
        })?;
        let sql = "SELECT seq, hash FROM round_event WHERE plan_no = $1 ORDER BY seq DESC LIMIT 1";
        let rows = self.query(sql, &[&no])?;
        let last = rows.first().map(|row| Ok((row.try_get::<_, i64>(0)?, row.try_get(1)?))).transpose();
        let last = self.done(last)?;
        Ok(last.map_or((0, GENESIS.to_owned()), |(seq, hash)| (u64::try_from(seq).unwrap_or(0), hash)))
    }

    fn insert_round_event(&mut self, plan: &str, event: &Event, columns: &Columns) -> Done<()> {
        let sql = "INSERT INTO round_event (plan_no, seq, id, hash, body, kind, tag, done_ms, verdict, about, case_id)
            SELECT no, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM round_plan WHERE plan = $1";
        let Columns { kind, tag, done_ms, verdict, about, case_id } = columns;
        let seq = i64::try_from(event.seq).unwrap_or(i64::MAX);
        let (id, hash, body) = (&event.id, &event.hash, event.body());
        self.execute(sql, &[&plan, &seq, id, hash, &body, kind, tag, done_ms, verdict, about, case_id])?;
        self.witness.wrote(event);
        Ok(())
    }

    fn round_rows(&mut self, plan: &str) -> Done<Vec<(Row, Columns)>> {
        let rows = self.query(&format!("SELECT e.seq, e.id, e.hash, e.body, {BESIDE} {OF_PLAN}"), &[&plan])?;
        let kept = |r: &postgres::Row| {
            let row = Row { seq: r.try_get(0)?, id: r.try_get(1)?, hash: r.try_get(2)?, body: r.try_get(3)? };
            Ok((row, columns(r, 4)?))
        };
        self.done(rows.iter().map(kept).collect())
    }

    fn round_briefs(&mut self, plan: &str) -> Done<Vec<(String, Columns)>> {
        let rows = self.query(&format!("SELECT e.id, {BESIDE} {OF_PLAN}"), &[&plan])?;
        self.done(rows.iter().map(|row| Ok((row.try_get(0)?, columns(row, 1)?))).collect())
    }

    fn inspection_body(&mut self, plan: &str, id: &str) -> Done<Option<(String, String)>> {
        let sql = "SELECT e.body, e.hash FROM round_event e JOIN round_plan p ON p.no = e.plan_no
            WHERE p.plan = $1 AND e.id = $2 AND e.kind = $3";
        let rows = self.query(sql, &[&plan, &super::tables::clean(id), &INSPECTED])?;
        self.done(rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose())
    }

    fn inspections_with(&mut self, text: &str) -> Done<Vec<(String, String, String)>> {
        let sql = "SELECT e.id, e.body, e.hash FROM round_event e JOIN round_plan p ON p.no = e.plan_no
            WHERE e.kind = $1 AND strpos(e.body, $2) > 0 ORDER BY p.plan, e.seq";
        let rows = self.query(sql, &[&INSPECTED, &text])?;
        self.done(rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?))).collect())
    }

    fn round_plans(&mut self) -> Done<Vec<String>> {
        // As the other store has them, whatever the database's own order of letters is.
        self.texts("SELECT plan FROM round_plan ORDER BY plan COLLATE \"C\"", &[])
    }

    fn is_open(&mut self, case_id: &str) -> Done<bool> {
        let rows = self.query("SELECT 1 FROM fault_case WHERE id = $1 AND status <> 'closed'", &[&case_id])?;
        Ok(!rows.is_empty())
    }
}
