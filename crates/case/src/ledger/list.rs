//! The case table: the columns that lists are filtered and sorted by, all derived from the state of a case, and the query for a list.

use crate::clock;
use crate::fold::State;
use crate::store::{Filter, Overdue, Sort, Summary, Untold};

/// The columns beside the state, in the order of [`COLUMNS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) status: String,
    pub(crate) priority: String,
    pub(crate) assignee: Option<String>,
    pub(crate) words: String,
    pub(crate) opened_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) next_due_ms: Option<i64>,
    pub(crate) events: i64,
}

/// The names of the columns.
pub(crate) const COLUMNS: &str = "status, priority, assignee, words, opened_ms, updated_ms, next_due_ms, events";

impl Columns {
    /// Those of a state.
    pub(crate) fn of(state: &State) -> Self {
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
        let time = |text: &str| clock::parse_ms(text).unwrap_or(0);
        Self {
            status: state.status.name().into(),
            priority: state.priority.name().into(),
            assignee: state.assignee.clone(),
            words: words.map(|w| w.to_lowercase()).join("\n"),
            opened_ms: time(&state.opened_at),
            updated_ms: time(&state.updated_at),
            next_due_ms: state.next_due().map(|(_, due)| due),
            events: i64::try_from(state.seq).unwrap_or(i64::MAX),
        }
    }
}

/// A row as it is kept, for `verify`.
pub(crate) struct Kept {
    /// The state's JSON.
    pub(crate) state: String,
    pub(crate) columns: Columns,
    /// Id, UUID, year and number.
    pub(crate) named: (String, String, i64, i64),
}

impl Kept {
    /// Whether the columns are those of the state; `stored`: what the database makes of a text.
    pub(crate) fn columns_follow(&self, stored: impl Fn(Columns) -> Columns) -> bool {
        let Ok(state) = serde_json::from_str::<State>(&self.state) else { return false };
        let (id, uuid, year, number) = &self.named;
        stored(Columns::of(&state)) == self.columns
            && *uuid == state.uuid
            && if *number > 0 {
                *id == state.id && super::ids::text(*year, *number) == state.id
            } else {
                *id == super::ids::alias(&state.id, &state.uuid)
            }
    }
}

/// What is put in the place of a question mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(i64),
    Text(String),
}

/// How the cases that have the words of a filter are found.
pub(crate) enum Worded {
    /// By the database, whose search in a text `.0(column, word)` is.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "as PostgreSQL does it"))]
    Search(&'static str),
    /// They were, all or as many as are wanted: their rows.
    Rows(Vec<i64>),
}

/// What [`crate::Store::overdue`] asks for.
pub(crate) fn overdue_filter(limit: Option<u32>) -> Filter {
    Filter { overdue: true, limit, ..Filter::default() }
}

/// The query for the cases that match, id and state of each; without `worded` words do not count.
pub(crate) fn sql_of(filter: &Filter, sort: Sort, now_ms: i64, worded: Option<&Worded>) -> (String, Vec<Value>) {
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
        conditions.push("(next_due_ms IS NULL) = FALSE AND next_due_ms < ? AND status <> 'closed'".into());
        values.push(Value::Number(now_ms));
    }
    match worded {
        Some(Worded::Search(has)) => {
            for word in filter.text.iter().flat_map(|text| text.split_whitespace()) {
                conditions.push(format!("{has}(words, ?) > 0"));
                values.push(Value::Text(word.to_lowercase()));
            }
        }
        Some(Worded::Rows(rows)) => {
            let rows: Vec<String> = rows.iter().map(i64::to_string).collect();
            conditions.push("no IN (SELECT value FROM json_each(?))".into());
            values.push(Value::Text(format!("[{}]", rows.join(","))));
        }
        None => {}
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

/// A case as a list shows it.
pub(crate) fn summary(id: String, state: State, now_ms: i64) -> Summary {
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

/// Which clocks of a case have run out by `now_ms`, and who is to be told.
pub(crate) fn overdue((id, state): (String, State), now_ms: i64) -> Overdue {
    let told = |o: crate::event::Overrun| Untold { clock: o.clock, level: o.level };
    Overdue {
        clocks: state.overdue(now_ms),
        untold: state.untold(now_ms).into_iter().map(told).collect(),
        case: summary(id, state, now_ms),
    }
}
