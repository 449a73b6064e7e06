//! Importing: a case from elsewhere is taken in, goes on where it stood, or is merged event by event, in one transaction.
//!
//! Every event is known by its hash. Where the other side (a bundle, another store) holds nothing new, nothing changes; where it holds all that is here, the case
//! becomes what that side says; otherwise the case keeps its own chain, and a `merged` event names the other side's events, which
//! are kept beside it as they were written. So two stores that exchange their events come to the same chain.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Done, Tables, Trouble, ids};
use crate::StoreError;
use crate::event::{Event, EventKind, Field, Merged, NewEvent};
use crate::fold::{Folding, State};
use crate::source::Source;
use crate::vault::Vault;

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
    state: State,
    main: Vec<String>,
    all: BTreeSet<String>,
}

/// Time, actor and program of a `merged` event, should there be one.
#[derive(Clone, Copy)]
pub(crate) struct Stamp<'a> {
    pub(crate) at: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) tool: &'a str,
}

/// Takes over the files that are not here; evidence first: an event never names a file that is not there.
pub(crate) fn take_evidence(vault: &dyn Vault, from: &mut dyn Source) -> Result<u64, StoreError> {
    let mut new = 0;
    for (sha256, size) in from.evidence() {
        if vault.has(&sha256, size)? {
            continue;
        }
        let stored = from.read_evidence(&sha256, &mut |bytes| vault.put("evidence", "", bytes))?;
        if stored.sha256 != sha256 {
            return Err(from.bad("a file of it is not what its digest says"));
        }
        new += 1;
    }
    Ok(new)
}

/// Takes a case in, within one transaction; its evidence is here already.
pub(crate) fn import(tables: &mut dyn Tables, from: &mut dyn Source, stamp: Stamp<'_>) -> Done<Imported> {
    let done = match local(tables, &from.case().uuid)? {
        None => take_in(tables, from),
        Some(local) => {
            let incoming: BTreeSet<&String> = from.index().iter().map(|p| &p.hash).collect();
            if local.main.first() != from.index().first().map(|p| &p.hash) {
                return Err(from.bad(&format!("{} has another beginning here", local.id)).into());
            }
            if incoming.iter().all(|hash| local.all.contains(*hash)) {
                return Ok(imported(local.id, Outcome::Nothing, Vec::new()));
            }
            if local.all.iter().all(|hash| incoming.contains(hash)) {
                advance(tables, &local, from)
            } else {
                merge(tables, local, from, stamp)
            }
        }
    };
    match done {
        Err(Trouble::Taken(_)) => Err(Trouble::Taken(
            from.bad("it, or one of its events, is in another case here, or in one that you may not see"),
        )),
        other => other,
    }
}

fn imported(case_id: String, outcome: Outcome, events: Vec<String>) -> Imported {
    Imported { case_id, outcome, events, evidence: 0, clashes: Vec::new() }
}

fn local(tables: &mut dyn Tables, uuid: &str) -> Done<Option<Local>> {
    let Some((no, id)) = tables.find(uuid)? else { return Ok(None) };
    // First of all, because it locks the case.
    let state = tables.state(no)?;
    let (main, sides) = tables.hashes(no)?;
    let all = main.iter().cloned().chain(sides).collect();
    Ok(Some(Local { no, id, state, main, all }))
}

/// Runs over the events of a source with steps that may fail in either way.
fn each(from: &mut dyn Source, step: &mut dyn FnMut(Event) -> Done<()>) -> Done<()> {
    let mut trouble = None;
    let read = from.each_event(&mut |event| {
        step(event).map_err(|e| {
            trouble = Some(e);
            StoreError::Invalid { what: String::new() }
        })
    });
    trouble.map_or(read.map_err(Trouble::Store), Err)
}

/// Writes every event of a source to a case that has none; the state they fold to, and the ids of those that are not known.
fn write_all(
    tables: &mut dyn Tables,
    no: i64,
    from: &mut dyn Source,
    known: &BTreeSet<String>,
) -> Done<(State, Vec<String>)> {
    let (mut folding, mut new, mut place) = (Folding::default(), Vec::new(), 0);
    each(from, &mut |event| {
        folding.push(&event);
        place = if event.side_of.is_some() { place + 1 } else { 0 };
        if !known.contains(&event.hash) {
            new.push(event.id.clone());
        }
        match event.side_of {
            None => tables.insert_event(no, &event),
            Some(seq) => tables.insert_side(no, seq, place, &event),
        }
    })?;
    let state = folding.state.ok_or_else(|| from.bad("its first event does not open a case"))?;
    Ok((state, new))
}

/// A case that was not here.
fn take_in(tables: &mut dyn Tables, from: &mut dyn Source) -> Done<Imported> {
    let case = from.case().clone();
    let (year, number) = ids::parts(&case.id).ok_or_else(|| from.bad("its case has no number"))?;
    // Two stores count on their own: the case that was here first keeps the number.
    let (case_id, number) = if tables.is_taken(&case.id)? {
        (ids::alias(&case.id, &case.uuid), tables.number_aside(year)?)
    } else {
        (case.id, number)
    };
    let mut first = None;
    let _ = from.each_event(&mut |event| {
        first = State::first(&event);
        // One is enough.
        Err(StoreError::Invalid { what: String::new() })
    });
    let first = first.ok_or_else(|| from.bad("its first event does not open a case"))?;
    let no = tables.insert_case(&case_id, year, number, &first)?;
    let (state, events) = write_all(tables, no, from, &BTreeSet::new())?;
    tables.update_case(no, &state)?;
    Ok(imported(case_id, Outcome::New, events))
}

/// A source that holds all that is here: the case becomes what it says.
fn advance(tables: &mut dyn Tables, local: &Local, from: &mut dyn Source) -> Done<Imported> {
    tables.clear_events(local.no)?;
    let (state, events) = write_all(tables, local.no, from, &local.all)?;
    tables.update_case(local.no, &state)?;
    Ok(imported(local.id.clone(), Outcome::Advanced, events))
}

/// Both sides have gone on: this one keeps its chain, and a `merged` event takes in what is new of the other.
fn merge(tables: &mut dyn Tables, local: Local, from: &mut dyn Source, stamp: Stamp<'_>) -> Done<Imported> {
    let Local { no, id, state, main, all } = local;
    let incoming: BTreeSet<String> = from.index().iter().map(|p| p.hash.clone()).collect();
    let fork = main.iter().take_while(|hash| incoming.contains(*hash)).count() as u64;
    let new: Vec<String> = from.index().iter().map(|p| p.hash.clone()).filter(|hash| !all.contains(hash)).collect();
    let clashes = clashes(&state, fork, &all, from)?;
    let merged = Merged {
        head: from.case().head.clone(),
        fork,
        events: new,
        conflicts: clashes.iter().map(|(field, _)| *field).collect(),
    };
    let kind = EventKind::Merged(Box::new(merged));
    let Stamp { at, actor, tool } = stamp;
    let event = NewEvent { at: at.to_owned(), actor: actor.to_owned(), tool: tool.to_owned(), kind };
    let event =
        Event::seal(event, &state.id, state.seq + 1, &state.head).map_err(|what| StoreError::Invalid { what })?;
    tables.insert_event(no, &event)?;
    let mut folding = Folding::of(state);
    folding.push(&event);
    let (mut ids, mut place) = (Vec::new(), 0);
    each(from, &mut |other| {
        if all.contains(&other.hash) {
            return Ok(());
        }
        place += 1;
        let other = other.beside(Some(event.seq));
        folding.push(&other);
        ids.push(other.id.clone());
        tables.insert_side(no, event.seq, place, &other)
    })?;
    ids.push(event.id.clone());
    if let Some(state) = &folding.state {
        tables.update_case(no, state)?;
    }
    let clashes = clashes.into_iter().map(|(_, clash)| clash).collect();
    Ok(Imported { clashes, ..imported(id, Outcome::Merged, ids) })
}

/// Fields that both sides have set since they parted, to different values.
fn clashes(
    state: &State,
    fork: u64,
    known: &BTreeSet<String>,
    from: &mut dyn Source,
) -> Result<Vec<(Field, Clash)>, StoreError> {
    let (mut folding, mut set) = (Folding::default(), BTreeSet::new());
    from.each_event(&mut |event| {
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
