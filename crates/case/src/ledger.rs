//! What is written to a case and what is proved of it, whatever database the tables are in: each verb is said once, over [`Tables`].

use std::collections::BTreeMap;

use crate::event::{Event, EventKind, Evidence, GENESIS, NewEvent};
use crate::files;
use crate::fold::State;
use crate::vault::{Differs, Vault};
use crate::verify::{self, DifferenceKind, Row, Verification};
use crate::{Case, StoreError, clock, sign, workflow};

pub(crate) mod ids;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod rank;
pub(crate) mod rounds;

/// Why a step within a transaction did not succeed; the transaction is taken back.
pub(crate) enum Trouble {
    /// For good.
    Store(StoreError),
    /// What may be there once is there already: an id, a number.
    Taken(StoreError),
    /// Others were in the way: the whole transaction may be tried again. SQLite never says so, it waits.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "said by PostgreSQL"))]
    Again(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Store(error) | Trouble::Taken(error) | Trouble::Again(error) => error,
        }
    }
}

pub(crate) type Done<T> = Result<T, Trouble>;

/// The tables of a store within one transaction; `no` is the number of a case's row.
pub(crate) trait Tables {
    /// Row and id of a case, by any spelling of its number, or by its UUID.
    fn find(&mut self, wanted: &str) -> Done<Option<(i64, String)>>;
    /// Ids of the latest cases, 2000 at most: what a mistyped one may have meant.
    fn latest_ids(&mut self) -> Done<Vec<String>>;
    /// The state of a case; in a transaction that writes nobody else changes the case from here to its end.
    fn state(&mut self, no: i64) -> Done<State>;
    /// The next number of a year; nobody else gets the same.
    fn next_number(&mut self, year: i64) -> Done<i64>;
    /// A number below zero for a case whose own one is taken; it is not counted by [`Tables::next_number`].
    fn number_aside(&mut self, year: i64) -> Done<i64>;
    /// Whether there is a case of this id, even one that this user may not see.
    fn is_taken(&mut self, id: &str) -> Done<bool>;
    /// A new row; its number.
    fn insert_case(&mut self, id: &str, year: i64, number: i64, state: &State) -> Done<i64>;
    /// Writes the state after new events.
    fn update_case(&mut self, no: i64, state: &State) -> Done<()>;
    /// Writes an event of the case's own chain.
    fn insert_event(&mut self, no: i64, event: &Event) -> Done<()>;
    /// Writes an event that the event `merged_by` took in, at its place there.
    fn insert_side(&mut self, no: i64, merged_by: u64, place: i64, event: &Event) -> Done<()>;
    /// Takes away all events of a case, to write them anew.
    fn clear_events(&mut self, no: i64) -> Done<()>;
    /// Hashes of the case's own chain in order, and of what was merged into it.
    fn hashes(&mut self, no: i64) -> Done<(Vec<String>, Vec<String>)>;
    /// The case's own chain as it is stored.
    fn rows(&mut self, no: i64) -> Done<Vec<Row>>;
    /// What others wrote, by the event that merged it.
    fn side_rows(&mut self, no: i64) -> Done<BTreeMap<u64, Vec<Row>>>;
    /// The state as it is stored, and whether the columns beside it follow from it.
    fn kept(&mut self, no: i64) -> Done<(String, bool)>;
    /// What the database says of its own soundness: nothing, or what is wrong.
    fn unsound(&mut self) -> Done<Option<String>>;
}

/// Finds a case, or says what may have been meant.
pub(crate) fn find(tables: &mut dyn Tables, case_id: &str) -> Done<(i64, String)> {
    match tables.find(case_id)? {
        Some(found) => Ok(found),
        None => {
            let near = ids::near(case_id, tables.latest_ids().unwrap_or_default());
            Err(StoreError::UnknownCase { id: crate::event::one_line(case_id), near }.into())
        }
    }
}

fn invalid(what: String) -> StoreError {
    StoreError::Invalid { what }
}

/// An RFC 3339 time in ms.
pub(crate) fn time(text: &str) -> Result<i64, StoreError> {
    clock::parse_ms(text).ok_or_else(|| invalid(format!("`{text}` is no RFC 3339 time")))
}

/// See [`crate::Store::create`].
pub(crate) fn create(tables: &mut dyn Tables, opened: NewEvent) -> Done<Event> {
    let EventKind::Opened(call) = &opened.kind else {
        return Err(invalid("a case begins with an `opened` event".into()).into());
    };
    if call.title.trim().is_empty() {
        return Err(invalid("the case has no title".into()).into());
    }
    let year = ids::year(&opened.at).ok_or_else(|| invalid(format!("`{}` is no RFC 3339 time", opened.at)))?;
    let number = tables.next_number(year)?;
    let event = Event::seal(opened, &ids::text(year, number), 1, GENESIS).map_err(invalid)?;
    let state = State::first(&event).ok_or_else(|| invalid("the event does not open a case".into()))?;
    let no = tables.insert_case(&state.id, year, number, &state)?;
    tables.insert_event(no, &event)?;
    Ok(event)
}

/// See [`crate::Store::append`].
pub(crate) fn append(
    tables: &mut dyn Tables,
    vault: &dyn Vault,
    case_id: &str,
    seen: Option<u64>,
    events: &[NewEvent],
) -> Done<Vec<Event>> {
    let (no, id) = find(tables, case_id)?;
    let mut state = tables.state(no)?;
    check_conflicts(&state, seen, events)?;
    let mut sealed = Vec::with_capacity(events.len());
    for new in events {
        let mut new = new.clone();
        workflow::check(&state, &new).map_err(|why| StoreError::Refused { case: id.clone(), why })?;
        check_evidence(vault, &mut new.kind)?;
        check_signed(&state, &new.kind)?;
        sealed.push(seal_next(tables, no, &mut state, new)?);
    }
    tables.update_case(no, &state)?;
    Ok(sealed)
}

/// See [`crate::Store::escalate`].
pub(crate) fn escalate(tables: &mut dyn Tables, case_id: &str, at: &str, actor: &str, tool: &str) -> Done<Vec<Event>> {
    let (no, _) = find(tables, case_id)?;
    let now_ms = time(at)?;
    // Looked at with the case locked: two programs that escalate at once write each event once.
    let mut state = tables.state(no)?;
    let mut sealed = Vec::new();
    for overrun in state.untold(now_ms) {
        let (at, actor, tool) = (at.to_owned(), actor.to_owned(), tool.to_owned());
        let new = NewEvent { at, actor, tool, kind: EventKind::Overrun(Box::new(overrun)) };
        sealed.push(seal_next(tables, no, &mut state, new)?);
    }
    if !sealed.is_empty() {
        tables.update_case(no, &state)?;
    }
    Ok(sealed)
}

/// See [`crate::Store::events`]; `place` is where the store is.
pub(crate) fn events(tables: &mut dyn Tables, place: &std::path::Path, case_id: &str) -> Done<Vec<Event>> {
    let (no, id) = find(tables, case_id)?;
    let rows = tables.rows(no)?;
    let mut sides = tables.side_rows(no)?;
    let damaged = |seq: i64, why: String| StoreError::Damaged {
        what: format!("event {seq} of {id} cannot be read ({why})"),
        path: place.to_owned(),
    };
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let event = Event::read(row.body, row.hash).map_err(|why| damaged(row.seq, why))?;
        let seq = event.seq;
        events.push(event);
        for side in sides.remove(&seq).unwrap_or_default() {
            let event = Event::read(side.body, side.hash).map_err(|why| damaged(row.seq, why))?;
            events.push(event.beside(Some(seq)));
        }
    }
    Ok(events)
}

/// See [`crate::Store::case`]: `id` is the number it has here, where its own one was taken.
pub(crate) fn case(id: String, events: &[Event], now: &str) -> Result<Case, StoreError> {
    let case = Case::fold(events, now).ok_or_else(|| {
        invalid(format!("{id} cannot be shown: `{now}` is no time, or its first event does not open it"))
    })?;
    Ok(Case { id, ..case })
}

/// The part of [`crate::Store::verify`] that looks at the tables; the events, for the rest.
pub(crate) fn verify(tables: &mut dyn Tables, case_id: &str) -> Done<(Verification, Vec<Event>)> {
    let (no, id) = find(tables, case_id)?;
    let mut out = Verification { case_id: id, ..Verification::default() };
    let rows = tables.rows(no)?;
    let sides = tables.side_rows(no)?;
    let (state, columns_follow) = tables.kept(no)?;
    if let Some(what) = tables.unsound()? {
        out.differs(DifferenceKind::SummaryChanged, "database", what);
    }
    let origin = ids::origin(&out.case_id).to_owned();
    let main = verify::chain(&mut out, &origin, rows);
    let events = verify::sides(&mut out, main, sides);
    verify::state(&mut out, &events, &state);
    if !columns_follow {
        out.differs(DifferenceKind::SummaryChanged, "list entry", "does not follow from the state of the case");
    }
    Ok((out, events))
}

/// The part of [`crate::Store::verify`] that looks at the evidence.
pub(crate) fn verify_evidence(out: &mut Verification, events: &[Event], vault: &dyn Vault) -> Result<(), StoreError> {
    verify_files(out, verify::evidence_of(events), vault)
}

/// Checks stored files by their digests; each with its size and its name.
pub(crate) fn verify_files(
    out: &mut Verification,
    files: BTreeMap<String, (u64, String)>,
    vault: &dyn Vault,
) -> Result<(), StoreError> {
    for (sha256, (size, name)) in files {
        match vault.check(&sha256, size)? {
            None => out.evidence += 1,
            Some(Differs { kind, what }) => out.differs(kind, format!("{name} {sha256}"), what),
        }
    }
    Ok(())
}

/// Gives an event its place after the last one, writes it and takes it into the state.
fn seal_next(tables: &mut dyn Tables, no: i64, state: &mut State, new: NewEvent) -> Done<Event> {
    let event = Event::seal(new, &state.id, state.seq + 1, &state.head).map_err(invalid)?;
    tables.insert_event(no, &event)?;
    state.apply(&event);
    Ok(event)
}

/// Checks what an event rests on before it is written: that the evidence is in the store.
fn check_evidence(vault: &dyn Vault, kind: &mut EventKind) -> Result<(), StoreError> {
    let EventKind::Attached(attached) = kind else { return Ok(()) };
    for evidence in &mut attached.evidence {
        evidence.name = files::safe_name(&evidence.name);
        let Evidence { name, sha256, size, .. } = evidence;
        if !vault.has(sha256, *size)? {
            return Err(invalid(format!("`{name}` is not in the store: store the file before attaching it")));
        }
    }
    Ok(())
}

/// A signature is of the event before it: of another one, it would prove nothing here.
fn check_signed(state: &State, kind: &EventKind) -> Result<(), StoreError> {
    match kind {
        EventKind::Signed(signed) if signed.head != state.head || !sign::is_right(&state.uuid, signed) => {
            Err(invalid(format!("{} has gone on, or the signature is not right", state.id)))
        }
        _ => Ok(()),
    }
}

/// Against the state as it was found: events of one call do not conflict with each other.
fn check_conflicts(state: &State, seen: Option<u64>, events: &[NewEvent]) -> Result<(), StoreError> {
    let Some(seen) = seen else { return Ok(()) };
    for field in events.iter().filter_map(|e| e.kind.field()) {
        if let Some(stamp) = state.stamps.get(&field).filter(|stamp| stamp.seq > seen) {
            let (who, when) = (stamp.who.clone(), stamp.when.clone());
            return Err(StoreError::Conflict { case: state.id.clone(), field, who, when });
        }
    }
    Ok(())
}
