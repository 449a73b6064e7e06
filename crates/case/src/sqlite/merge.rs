//! Importing: a case from elsewhere is taken in, goes on where it stood, or is merged event by event, in one transaction.
//!
//! Every event is known by its hash. Where the bundle holds nothing new, nothing changes; where it holds all that is here, the case
//! becomes what the bundle says; otherwise the case keeps its own chain, and a `merged` event names the other side's events, which
//! are kept beside it as they were written. So two stores that exchange bundles come to the same chain.

use std::collections::BTreeSet;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{SqliteStore, begin, ids, insert, list};
use crate::bundle::Bundle;
use crate::event::{Event, EventKind, Field, Merged, NewEvent};
use crate::fold::{Folding, State};
use crate::{Store as _, StoreError};

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The case was not here.
    New,
    /// Everything was here already.
    Nothing,
    /// The case went on where it stood here.
    Advanced,
    /// Both sides had gone on; both are kept.
    Merged,
}

/// A field that both sides had set, and differently; the value that was here stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Clash {
    /// `priority`, `assignee` or `status`.
    pub field: String,
    /// Who set it here.
    pub who: String,
    /// When, RFC 3339.
    pub when: String,
    /// Who set it elsewhere.
    pub other_who: String,
    /// When.
    pub other_when: String,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Imported {
    /// The case, as it is numbered here.
    pub case_id: String,
    /// What was done.
    pub outcome: Outcome,
    /// Ids of the events that are new here.
    pub events: Vec<String>,
    /// Evidence files that are new here.
    pub evidence: u64,
    /// Fields that both sides had set.
    pub clashes: Vec<Clash>,
}

/// The case as it is here.
struct Local {
    no: i64,
    id: String,
    main: Vec<String>,
    all: BTreeSet<String>,
}

impl SqliteStore {
    /// Imports a bundle; `at`, `actor` and `tool` are those of the `merged` event, should there be one.
    ///
    /// # Errors
    /// [`StoreError::BadBundle`] when the case here has another beginning, or an event of it is one of another case here; or when
    /// the store cannot be written. Then the case is what it was.
    pub fn import(&mut self, bundle: &mut Bundle, at: &str, actor: &str, tool: &str) -> Result<Imported, StoreError> {
        self.writable()?;
        let evidence = self.take_evidence(bundle)?;
        let dir = self.dir.clone();
        let tx = begin(&mut self.connection).map_err(|e| StoreError::db("importing the case", &dir, &e))?;
        let failed = |bundle: &Bundle, e: &rusqlite::Error| match e.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => bundle.bad("one of its events is an event of another case here"),
            _ => StoreError::db("importing the case", &dir, e),
        };
        let local = local(&tx, &bundle.manifest().case.uuid).map_err(|e| failed(bundle, &e))?;
        let mut out = match local {
            None => take_in(&tx, bundle, &failed)?,
            Some(local) => {
                let incoming: BTreeSet<&String> = bundle.index().iter().map(|p| &p.hash).collect();
                if local.main.first() != bundle.index().first().map(|p| &p.hash) {
                    return Err(bundle.bad(format!("{} has another beginning here", local.id)));
                }
                if incoming.iter().all(|hash| local.all.contains(*hash)) {
                    let (case_id, outcome) = (local.id, Outcome::Nothing);
                    return Ok(Imported { case_id, outcome, events: Vec::new(), evidence, clashes: Vec::new() });
                }
                if local.all.iter().all(|hash| incoming.contains(hash)) {
                    advance(&tx, &local, bundle, &failed)?
                } else {
                    let state = list::state(&tx, local.no, &dir)?;
                    let by = (at, actor, tool);
                    merge(&tx, &local, state, bundle, by, &failed)?
                }
            }
        };
        tx.commit().map_err(|e| failed(bundle, &e))?;
        out.evidence = evidence;
        Ok(out)
    }

    /// Evidence first: an event never names a file that is not there.
    fn take_evidence(&mut self, bundle: &mut Bundle) -> Result<u64, StoreError> {
        let mut new = 0;
        for (sha256, size) in bundle.evidence() {
            if self.vault.has(&sha256, size) {
                continue;
            }
            let stored = bundle.read_evidence(&sha256, |bytes| self.put_evidence("evidence", "", bytes))?;
            if stored.sha256 != sha256 {
                return Err(bundle.bad("it changed while it was read"));
            }
            new += 1;
        }
        Ok(new)
    }
}

fn local(connection: &Connection, uuid: &str) -> rusqlite::Result<Option<Local>> {
    let sql = "SELECT no, id FROM fault_case WHERE uuid = ?1";
    let found = connection.query_row(sql, [uuid], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((no, id)) = found else { return Ok(None) };
    let hashes = |sql: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([no], |row| row.get(0))?;
        rows.collect()
    };
    let main = hashes("SELECT hash FROM event WHERE case_no = ?1 ORDER BY seq")?;
    let sides = hashes("SELECT hash FROM side_event WHERE case_no = ?1")?;
    let all = main.iter().cloned().chain(sides).collect();
    Ok(Some(Local { no, id, main, all }))
}

type Failed<'a> = &'a dyn Fn(&Bundle, &rusqlite::Error) -> StoreError;

/// Writes every event of a bundle to a case that has none; the state they fold to, and their ids.
fn write_all(
    tx: &Transaction<'_>,
    no: i64,
    bundle: &mut Bundle,
    known: &BTreeSet<String>,
) -> Result<(State, Vec<String>), Result<StoreError, rusqlite::Error>> {
    let (mut folding, mut new, mut place, mut trouble) = (Folding::default(), Vec::new(), 0, None);
    let read = bundle.each_event(|event| {
        folding.push(&event);
        place = if event.side_of.is_some() { place + 1 } else { 0 };
        let done = match event.side_of {
            None => insert(tx, no, &event),
            Some(seq) => insert_side(tx, no, seq, place, &event),
        };
        if !known.contains(&event.hash) {
            new.push(event.id.clone());
        }
        done.map_err(|e| {
            trouble = Some(e);
            StoreError::Invalid { what: String::new() }
        })
    });
    match (read, trouble, folding.state) {
        (_, Some(e), _) => Err(Err(e)),
        (Err(e), ..) => Err(Ok(e)),
        (Ok(()), None, Some(state)) => Ok((state, new)),
        (Ok(()), None, None) => Err(Ok(bundle.bad("its first event does not open a case"))),
    }
}

fn insert_side(tx: &Transaction<'_>, no: i64, merged_by: u64, place: i64, event: &Event) -> rusqlite::Result<()> {
    let sql = "INSERT INTO side_event (case_no, merged_by, place, id, hash, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let merged_by = i64::try_from(merged_by).unwrap_or(i64::MAX);
    tx.prepare(sql)?.execute(params![no, merged_by, place, event.id, event.hash, event.body()]).map(|_| ())
}

/// A case that was not here.
fn take_in(tx: &Transaction<'_>, bundle: &mut Bundle, failed: Failed<'_>) -> Result<Imported, StoreError> {
    let case = bundle.manifest().case.clone();
    let (year, number) = ids::parts(&case.id).ok_or_else(|| bundle.bad("its case has no number"))?;
    let taken = ids::find(tx, &case.id).map_err(|e| failed(bundle, &e))?.is_some();
    // Two stores count on their own: the case that was here first keeps the number.
    let (case_id, number) = if taken {
        (ids::alias(&case.id, &case.uuid), ids::number_aside(tx, year).map_err(|e| failed(bundle, &e))?)
    } else {
        (case.id, number)
    };
    let mut first = None;
    let _ = bundle.each_event(|event| {
        first = State::first(&event);
        // One is enough.
        Err(StoreError::Invalid { what: String::new() })
    });
    let first = first.ok_or_else(|| bundle.bad("its first event does not open a case"))?;
    let no = list::insert(tx, &case_id, year, number, &first).map_err(|e| failed(bundle, &e))?;
    let written = write_all(tx, no, bundle, &BTreeSet::new());
    let (state, events) = written.map_err(|e| e.unwrap_or_else(|e| failed(bundle, &e)))?;
    list::update(tx, no, &state).map_err(|e| failed(bundle, &e))?;
    Ok(Imported { case_id, outcome: Outcome::New, events, evidence: 0, clashes: Vec::new() })
}

/// A bundle that holds all that is here: the case becomes what it says.
fn advance(
    tx: &Transaction<'_>,
    local: &Local,
    bundle: &mut Bundle,
    failed: Failed<'_>,
) -> Result<Imported, StoreError> {
    for sql in ["DELETE FROM event WHERE case_no = ?1", "DELETE FROM side_event WHERE case_no = ?1"] {
        tx.execute(sql, [local.no]).map_err(|e| failed(bundle, &e))?;
    }
    let written = write_all(tx, local.no, bundle, &local.all);
    let (state, events) = written.map_err(|e| e.unwrap_or_else(|e| failed(bundle, &e)))?;
    list::update(tx, local.no, &state).map_err(|e| failed(bundle, &e))?;
    let (case_id, outcome) = (local.id.clone(), Outcome::Advanced);
    Ok(Imported { case_id, outcome, events, evidence: 0, clashes: Vec::new() })
}

/// Both sides have gone on: this one keeps its chain, and a `merged` event takes in what is new of the other.
fn merge(
    tx: &Transaction<'_>,
    local: &Local,
    state: State,
    bundle: &mut Bundle,
    (at, actor, tool): (&str, &str, &str),
    failed: Failed<'_>,
) -> Result<Imported, StoreError> {
    let incoming: BTreeSet<String> = bundle.index().iter().map(|p| p.hash.clone()).collect();
    let fork = local.main.iter().take_while(|hash| incoming.contains(*hash)).count() as u64;
    let new: Vec<String> =
        bundle.index().iter().filter(|p| !local.all.contains(&p.hash)).map(|p| p.hash.clone()).collect();
    let clashes = clashes(&state, fork, &local.all, bundle)?;
    let merged = Merged {
        head: bundle.manifest().case.head.clone(),
        fork,
        events: new,
        conflicts: clashes.iter().map(|(field, _)| *field).collect(),
    };
    let (case_id, seq, head) = (state.id.clone(), state.seq + 1, state.head.clone());
    let kind = EventKind::Merged(Box::new(merged));
    let event = NewEvent { at: at.to_owned(), actor: actor.to_owned(), tool: tool.to_owned(), kind };
    let event = Event::seal(event, &case_id, seq, &head).map_err(|what| StoreError::Invalid { what })?;
    insert(tx, local.no, &event).map_err(|e| failed(bundle, &e))?;
    let mut folding = Folding::of(state);
    folding.push(&event);
    let (mut ids, mut place, mut trouble) = (Vec::new(), 0, None);
    let read = bundle.each_event(|other| {
        if local.all.contains(&other.hash) {
            return Ok(());
        }
        place += 1;
        let other = other.beside(Some(event.seq));
        folding.push(&other);
        ids.push(other.id.clone());
        insert_side(tx, local.no, event.seq, place, &other).map_err(|e| {
            trouble = Some(e);
            StoreError::Invalid { what: String::new() }
        })
    });
    if let Some(e) = trouble {
        return Err(failed(bundle, &e));
    }
    read?;
    ids.push(event.id.clone());
    if let Some(state) = &folding.state {
        list::update(tx, local.no, state).map_err(|e| failed(bundle, &e))?;
    }
    let clashes = clashes.into_iter().map(|(_, clash)| clash).collect();
    Ok(Imported { case_id: local.id.clone(), outcome: Outcome::Merged, events: ids, evidence: 0, clashes })
}

/// Fields that both sides have set since they parted, to different values.
fn clashes(
    state: &State,
    fork: u64,
    known: &BTreeSet<String>,
    bundle: &mut Bundle,
) -> Result<Vec<(Field, Clash)>, StoreError> {
    let (mut folding, mut set) = (Folding::default(), BTreeSet::new());
    bundle.each_event(|event| {
        folding.push(&event);
        set.extend(event.kind.field().filter(|_| !known.contains(&event.hash)));
        Ok(())
    })?;
    let Some(other) = folding.state else { return Ok(Vec::new()) };
    let differs = |field: Field| match field {
        Field::Priority => state.priority != other.priority,
        Field::Assignee => state.assignee != other.assignee,
        Field::Status => state.status != other.status,
    };
    let clash = |field: Field| {
        let ours = state.stamps.get(&field).filter(|stamp| stamp.seq > fork)?;
        let theirs = other.stamps.get(&field).filter(|_| set.contains(&field) && differs(field))?;
        let clash = Clash {
            field: field.name().to_owned(),
            who: ours.who.clone(),
            when: ours.when.clone(),
            other_who: theirs.who.clone(),
            other_when: theirs.when.clone(),
        };
        Some((field, clash))
    };
    Ok(Field::ALL.into_iter().filter_map(clash).collect())
}
