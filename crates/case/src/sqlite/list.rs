//! The case table: the state of each case and the columns that lists are filtered and sorted by, all derived from the events.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params, params_from_iter};

use crate::StoreError;
use crate::clock;
use crate::fold::State;
use crate::store::{Filter, Overdue, Sort, Summary, Untold};

/// Columns beside the state, in the order of `COLUMNS`.
type Columns = Vec<Value>;

const COLUMNS: &str = "status, priority, assignee, words, opened_ms, updated_ms, next_due_ms, events";

fn columns(state: &State) -> Columns {
    let opened = &state.opened;
    let words = [
        &state.id,
        &opened.title,
        &opened.customer,
        &opened.site,
        &opened.symptom,
        &opened.equipment.kind,
        &opened.equipment.model,
        &opened.equipment.serial,
        &opened.equipment.tag,
    ];
    let words = words.map(|w| w.to_lowercase()).join("\n");
    let time = |text: &str| Value::Integer(clock::parse_ms(text).unwrap_or(0));
    vec![
        Value::Text(state.status.name().into()),
        Value::Text(state.priority.name().into()),
        state.assignee.clone().map_or(Value::Null, Value::Text),
        Value::Text(words),
        time(&state.opened_at),
        time(&state.updated_at),
        state.next_due().map_or(Value::Null, |(_, due)| Value::Integer(due)),
        Value::Integer(i64::try_from(state.seq).unwrap_or(i64::MAX)),
    ]
}

fn json(state: &State) -> rusqlite::Result<String> {
    serde_json::to_string(state).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

/// A new row; its number.
pub(super) fn insert(tx: &Transaction<'_>, id: &str, year: i64, number: i64, state: &State) -> rusqlite::Result<i64> {
    let sql = format!(
        "INSERT INTO fault_case (id, uuid, year, number, state, {COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    );
    let mut values: Vec<Value> = vec![
        Value::Text(id.to_owned()),
        Value::Text(state.uuid.clone()),
        Value::Integer(year),
        Value::Integer(number),
        Value::Text(json(state)?),
    ];
    values.extend(columns(state));
    tx.execute(&sql, params_from_iter(values))?;
    Ok(tx.last_insert_rowid())
}

/// Writes the state after new events.
pub(super) fn update(tx: &Transaction<'_>, no: i64, state: &State) -> rusqlite::Result<()> {
    let sql = format!("UPDATE fault_case SET (state, {COLUMNS}) = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) WHERE no = ?1");
    let mut values: Vec<Value> = vec![Value::Integer(no), Value::Text(json(state)?)];
    values.extend(columns(state));
    tx.execute(&sql, params_from_iter(values)).map(|_| ())
}

/// The state of a case.
pub(super) fn state(connection: &Connection, no: i64, dir: &Path) -> Result<State, StoreError> {
    let text: Option<String> = connection
        .query_row("SELECT state FROM fault_case WHERE no = ?1", [no], |row| row.get(0))
        .optional()
        .map_err(|e| StoreError::db("reading the case", dir, &e))?;
    text.as_deref().and_then(|t| serde_json::from_str(t).ok()).ok_or_else(|| StoreError::Damaged {
        what: format!("the state of case number {no} cannot be read"),
        path: dir.to_owned(),
    })
}

/// A row as it is kept, for `verify`.
pub(super) struct Kept {
    /// The state's JSON.
    pub(super) state: String,
    columns: Columns,
    named: (String, String, i64, i64),
}

impl Kept {
    /// Whether the columns are those of the state.
    pub(super) fn columns_follow(&self) -> bool {
        let Ok(state) = serde_json::from_str::<State>(&self.state) else { return false };
        let (id, uuid, year, number) = &self.named;
        columns(&state) == self.columns
            && *uuid == state.uuid
            && if *number > 0 {
                *id == state.id && super::ids::text(*year, *number) == state.id
            } else {
                *id == super::ids::alias(&state.id, &state.uuid)
            }
    }
}

/// Reads a row as it is kept.
pub(super) fn kept(connection: &Connection, no: i64) -> rusqlite::Result<Kept> {
    let sql = format!("SELECT state, id, uuid, year, number, {COLUMNS} FROM fault_case WHERE no = ?1");
    connection.query_row(&sql, params![no], |row| {
        let columns = (5..13).map(|n| row.get(n)).collect::<rusqlite::Result<_>>()?;
        Ok(Kept { state: row.get(0)?, columns, named: (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?) })
    })
}

/// Lists cases.
pub(super) fn query(
    connection: &Connection,
    dir: &Path,
    filter: &Filter,
    sort: Sort,
    now_ms: i64,
) -> Result<Vec<Summary>, StoreError> {
    let all = states(connection, dir, filter, sort, now_ms)?;
    Ok(all.into_iter().map(|(id, state)| summary(id, state, now_ms)).collect())
}

/// The cases with clocks that have run out by `now_ms`, the first first.
pub(super) fn overdue(connection: &Connection, dir: &Path, now_ms: i64) -> Result<Vec<Overdue>, StoreError> {
    let filter = Filter { overdue: true, ..Filter::default() };
    let all = states(connection, dir, &filter, Sort::NextClock, now_ms)?;
    let told = |o: crate::event::Overrun| Untold { clock: o.clock, level: o.level };
    let one = |(id, state): (String, State)| Overdue {
        clocks: state.overdue(now_ms),
        untold: state.untold(now_ms).into_iter().map(told).collect(),
        case: summary(id, state, now_ms),
    };
    Ok(all.into_iter().map(one).collect())
}

/// The states of the cases that match, each with its number here.
fn states(
    connection: &Connection,
    dir: &Path,
    filter: &Filter,
    sort: Sort,
    now_ms: i64,
) -> Result<Vec<(String, State)>, StoreError> {
    let failed = |e: rusqlite::Error| StoreError::db("listing the cases", dir, &e);
    let (sql, values) = sql_of(filter, sort, now_ms);
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let rows = statement.query_map(params_from_iter(values), row).map_err(failed)?;
    rows.map(|row| {
        let (id, text) = row.map_err(failed)?;
        let state: State = serde_json::from_str(&text).map_err(|e| StoreError::Damaged {
            what: format!("the state of a case cannot be read ({e})"),
            path: dir.to_owned(),
        })?;
        Ok((id, state))
    })
    .collect()
}

pub(super) fn sql_of(filter: &Filter, sort: Sort, now_ms: i64) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut conditions: Vec<String> = Vec::new();
    if !filter.status.is_empty() {
        conditions.push(format!("status IN ({})", vec!["?"; filter.status.len()].join(", ")));
        values.extend(filter.status.iter().map(|s| Value::Text(s.name().into())));
    }
    if filter.unclosed {
        conditions.push("status <> 'closed'".into());
    }
    if let Some(priority) = filter.priority {
        conditions.push("priority = ?".into());
        values.push(Value::Text(priority.name().into()));
    }
    if let Some(assignee) = &filter.assignee {
        conditions.push("assignee = ?".into());
        values.push(Value::Text(assignee.clone()));
    }
    if filter.overdue {
        // As the index `case_by_due` begins, so that only what is overdue is read.
        conditions.push("(next_due_ms IS NULL) = 0 AND next_due_ms < ? AND status <> 'closed'".into());
        values.push(Value::Integer(now_ms));
    }
    let words: Vec<Value> =
        filter.text.iter().flat_map(|t| t.split_whitespace()).map(|w| Value::Text(w.to_lowercase())).collect();
    if !words.is_empty() {
        // `case_by_words` alone answers this: only rows that have them all are read.
        let all = vec!["instr(words, ?) > 0"; words.len()].join(" AND ");
        conditions.push(format!("no IN (SELECT no FROM fault_case WHERE {all})"));
        values.extend(words);
    }
    let condition = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let order = match sort {
        // What is overdue is due: the index has it in order.
        Sort::NextClock if filter.overdue => "next_due_ms, no",
        Sort::NextClock => "next_due_ms IS NULL, next_due_ms, no",
        Sort::Updated => "updated_ms DESC, no DESC",
        Sort::Opened => "opened_ms DESC, no DESC",
        Sort::Priority => "priority, next_due_ms IS NULL, next_due_ms, no",
        Sort::Id => "year, number",
    };
    let limit = filter.limit.map_or(String::new(), |n| format!("LIMIT {n}"));
    (format!("SELECT id, state FROM fault_case {condition} ORDER BY {order} {limit}"), values)
}

fn summary(id: String, state: State, now_ms: i64) -> Summary {
    let next_clock = state.next_clock(now_ms);
    Summary {
        id,
        title: state.opened.title,
        customer: state.opened.customer,
        site: state.opened.site,
        priority: state.priority,
        status: state.status,
        assignee: state.assignee,
        opened_at: state.opened_at,
        updated_at: state.updated_at,
        next_clock,
        events: state.seq,
    }
}
