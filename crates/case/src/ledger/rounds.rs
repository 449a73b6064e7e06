//! What is written down of inspections and proved of them, whatever database the tables are in; the cases that failures raise.

use std::collections::BTreeMap;
use std::path::Path;

use faultscope_diagnose::Verdict;
use serde::Serialize;

use super::merge::Stamp;
use super::{Done, Tables, time};
use crate::event::{Event, EventKind, NewEvent};
use crate::round::{
    Brief, INSPECTED, Inspection, RAISED, RaiseTo, Raised, RaisedCase, RoundPlan, Rounds, Standing, same_tag, standing,
};
use crate::store::Store;
use crate::sync::By;
use crate::vault::Vault;
use crate::verify::{self, DifferenceKind, Row, Verification};
use crate::{StoreError, clock, files};

/// What stands in columns beside an event, all derived from it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) kind: String,
    pub(crate) tag: String,
    pub(crate) done_ms: i64,
    pub(crate) verdict: String,
    pub(crate) about: String,
    pub(crate) case_id: String,
}

impl Columns {
    fn of(event: &Event) -> Option<Self> {
        // PostgreSQL takes every character but this one.
        let tag = |tag: &str| tag.to_lowercase().replace('\0', "\u{fffd}");
        if let Some(found) = Inspection::of(event) {
            let done_ms = clock::parse_ms(&found.done_at)?;
            let (tag, verdict) = (tag(&found.point.tag), found.verdict.name().to_owned());
            let (about, case_id) = (String::new(), String::new());
            return Some(Self { kind: INSPECTED.into(), tag, done_ms, verdict, about, case_id });
        }
        let raised = Raised::of(event)?;
        let (tag, about, case_id) = (tag(&raised.tag), raised.inspection, raised.case_id);
        Some(Self { kind: RAISED.into(), tag, done_ms: event.at_ms(), verdict: String::new(), about, case_id })
    }
}

/// The tables of inspections, beside those of the cases, within one transaction.
pub(crate) trait RoundTables: Tables {
    /// Number and hash of the last event of a plan's chain; nobody else appends to it from here to the end of the transaction.
    fn round_end(&mut self, plan: &str) -> Done<(u64, String)>;
    /// Writes an event at the end of the chain.
    fn insert_round_event(&mut self, plan: &str, event: &Event, columns: &Columns) -> Done<()>;
    /// The chain as it is stored, with what stands beside.
    fn round_rows(&mut self, plan: &str) -> Done<Vec<(Row, Columns)>>;
    /// Ids of the events in order, with what stands beside; the events are not read.
    fn round_briefs(&mut self, plan: &str) -> Done<Vec<(String, Columns)>>;
    /// Body and hash of an inspection.
    fn inspection_body(&mut self, plan: &str, id: &str) -> Done<Option<(String, String)>>;
    /// Id, body and hash of all inspections whose body holds a text.
    fn inspections_with(&mut self, text: &str) -> Done<Vec<(String, String, String)>>;
    /// The plans of which something was kept.
    fn round_plans(&mut self) -> Done<Vec<String>>;
    /// Whether there is a case of this id that is not closed.
    fn is_open(&mut self, case_id: &str) -> Done<bool>;
}

/// A store whose tables keep inspections.
pub(crate) trait Keeping {
    /// Reads all that `act` reads at one moment.
    fn look<T>(
        &self,
        doing: &'static str,
        act: &mut dyn FnMut(&mut dyn RoundTables) -> Done<T>,
    ) -> Result<T, StoreError>;

    /// Writes all that `act` writes, or nothing.
    fn change<T>(
        &mut self,
        doing: &'static str,
        act: &mut dyn FnMut(&mut dyn RoundTables, &dyn Vault) -> Done<T>,
    ) -> Result<T, StoreError>;

    /// Where the evidence is.
    fn vault(&self) -> &dyn Vault;
}

const READING: &str = "reading the inspections";
const WRITING: &str = "writing the inspection down";

fn invalid(what: String) -> StoreError {
    StoreError::Invalid { what }
}

/// The name that a chain has within its events: no case is called so.
fn chain_name(plan: &str) -> String {
    format!("round {plan}")
}

impl<S: Keeping + Store> Rounds for S {
    fn inspect(&mut self, mut inspection: Inspection, at: &str, actor: &str, tool: &str) -> Result<Event, StoreError> {
        if time(&inspection.done_at)? > time(at)? {
            let done_at = &inspection.done_at;
            return Err(invalid(format!("the inspection is said to be done at {done_at}, which has not come yet")));
        }
        inspection.evidence_mut().for_each(|e| e.name = files::safe_name(&e.name));
        self.change(WRITING, &mut |tables, vault| {
            for evidence in inspection.evidence() {
                if !vault.has(&evidence.sha256, evidence.size)? {
                    let what = format!("`{}` is not in the store: store the file before the inspection", evidence.name);
                    return Err(invalid(what).into());
                }
            }
            keep(tables, &inspection.plan.id, INSPECTED, &inspection, Stamp { at, actor, tool })
        })
    }

    fn raise(
        &mut self,
        plan: &str,
        inspection: &str,
        into: &RaiseTo,
        events: &[NewEvent],
        By { at, actor, tool }: By<'_>,
    ) -> Result<RaisedCase, StoreError> {
        let place = self.place().to_owned();
        let stamp = Stamp { at, actor, tool };
        self.change("raising a case", &mut |tables, vault| {
            raise(tables, vault, &place, (plan, inspection), into, events, stamp)
        })
    }

    fn standing(&self, plan: &RoundPlan, now: &str) -> Result<Vec<Standing>, StoreError> {
        let now = now.parse().map_err(|_| invalid(format!("`{now}` is no RFC 3339 time")))?;
        let done = self.look(READING, &mut |tables| Ok(in_brief(tables.round_briefs(&plan.round.id)?)))?;
        Ok(standing(plan, &done, now))
    }

    fn inspections(
        &self,
        plan: &str,
        tag: &str,
        limit: Option<u32>,
    ) -> Result<Vec<(Event, Inspection, Option<String>)>, StoreError> {
        let most = limit.map_or(usize::MAX, |n| n as usize);
        self.look(READING, &mut |tables| {
            let mut all = in_brief(tables.round_briefs(plan)?);
            let mut briefs = all.remove(&tag.trim().to_lowercase()).unwrap_or_default();
            // Of one moment the one that was written down last comes first.
            briefs.reverse();
            briefs.sort_by_key(|b| std::cmp::Reverse(clock::parse_ms(&b.done_at)));
            let mut read = |brief: Brief| {
                inspection(tables, self.place(), plan, &brief.id).map(|(event, found)| (event, found, brief.case_id))
            };
            briefs.into_iter().take(most).map(&mut read).collect()
        })
    }

    fn inspection(&self, plan: &str, id: &str) -> Result<(Event, Inspection), StoreError> {
        self.look(READING, &mut |tables| inspection(tables, self.place(), plan, id))
    }

    fn all_inspections(&self, serial: Option<&str>) -> Result<Vec<(Event, Inspection)>, StoreError> {
        // As it stands in the text, so that only what may be meant is read.
        let quoted = serial.map(|s| serde_json::Value::from(s.trim()).to_string()).unwrap_or_default();
        let all = self.look(READING, &mut |tables| tables.inspections_with(&quoted))?;
        let read = |(id, body, hash): (String, String, String)| read(self.place(), &id, body, hash);
        let mut all = all.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        all.retain(|(_, found)| serial.is_none_or(|wanted| wanted.trim() == found.point.serial.trim()));
        Ok(all)
    }

    fn round_ids(&self) -> Result<Vec<String>, StoreError> {
        self.look(READING, &mut |tables| tables.round_plans())
    }

    fn verify_round(&self, plan: &str) -> Result<Verification, StoreError> {
        let name = chain_name(plan);
        let mut out = Verification { case_id: name.clone(), ..Verification::default() };
        let (rows, kept): (Vec<Row>, Vec<Columns>) =
            self.look(READING, &mut |tables| tables.round_rows(plan))?.into_iter().unzip();
        let kept: BTreeMap<i64, Columns> = rows.iter().map(|row| row.seq).zip(kept).collect();
        let events = verify::chain(&mut out, &name, rows);
        for event in &events {
            let found = i64::try_from(event.seq).ok().and_then(|seq| kept.get(&seq));
            if Columns::of(event).as_ref() != found {
                let at = format!("event {}", event.seq);
                out.differs(DifferenceKind::SummaryChanged, at, "what stands beside the event does not follow from it");
            }
        }
        let mut files: BTreeMap<String, (u64, String)> = BTreeMap::new();
        for found in events.iter().filter_map(Inspection::of) {
            files.extend(found.evidence().map(|e| (e.sha256.clone(), (e.size, e.name.clone()))));
        }
        super::verify_files(&mut out, files, self.vault())?;
        Ok(out)
    }
}

/// Seals an event and puts it at the end of the chain of its plan.
fn keep(
    tables: &mut dyn RoundTables,
    plan: &str,
    kind: &str,
    data: &impl Serialize,
    Stamp { at, actor, tool }: Stamp<'_>,
) -> Done<Event> {
    let data = serde_json::to_value(data).map_err(|e| invalid(e.to_string()))?;
    let kind = EventKind::Other { kind: kind.to_owned(), data };
    let new = NewEvent { at: at.into(), actor: actor.into(), tool: tool.into(), kind };
    let (seq, head) = tables.round_end(plan)?;
    let event = Event::seal(new, &chain_name(plan), seq + 1, &head).map_err(invalid)?;
    let columns = Columns::of(&event).ok_or_else(|| invalid("the inspection could not be read back".into()))?;
    tables.insert_round_event(plan, &event, &columns)?;
    Ok(event)
}

/// Case, what is attached to it and the note in the round in one transaction: whatever ends the program leaves all of it or nothing, and two
/// who raise at once raise one case.
fn raise(
    tables: &mut dyn RoundTables,
    vault: &dyn Vault,
    place: &Path,
    (plan, id): (&str, &str),
    into: &RaiseTo,
    events: &[NewEvent],
    stamp: Stamp<'_>,
) -> Done<RaisedCase> {
    // From here on nobody else raises a case of this plan.
    tables.round_end(plan)?;
    let (_, found) = inspection(tables, place, plan, id)?;
    let briefs = tables.round_briefs(plan)?;
    if let Some((_, known)) = briefs.iter().find(|(_, c)| c.kind == RAISED && c.about == id) {
        return Err(invalid(format!("the inspection has its case already: {}", known.case_id)).into());
    }
    let mut stored = Vec::new();
    let case_id = match into {
        RaiseTo::Case(wanted) => super::find(tables, wanted)?.1,
        RaiseTo::New(opened) => match open_case_of(tables, briefs, &found.point.tag)? {
            Some(case_id) => case_id,
            None => {
                stored.push(super::create(tables, opened.as_ref().clone())?);
                stored.iter().map(|opened| opened.case_id.clone()).collect()
            }
        },
    };
    stored.extend(super::append(tables, vault, &case_id, None, events)?);
    let raised = Raised { inspection: id.to_owned(), tag: found.point.tag, case_id: case_id.clone() };
    let noted = keep(tables, plan, RAISED, &raised, stamp)?;
    Ok(RaisedCase { case_id, events: stored, noted })
}

/// The latest case that came of inspections of a point and is not closed.
fn open_case_of(tables: &mut dyn RoundTables, briefs: Vec<(String, Columns)>, tag: &str) -> Done<Option<String>> {
    let of_point = in_brief(briefs).into_iter().filter(|(known, _)| same_tag(known, tag));
    let cases: Vec<String> = of_point.flat_map(|(_, all)| all).filter_map(|b| b.case_id).collect();
    for id in cases.into_iter().rev() {
        if tables.is_open(&id)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn inspection(tables: &mut dyn RoundTables, place: &Path, plan: &str, id: &str) -> Done<(Event, Inspection)> {
    let (body, hash) = tables.inspection_body(plan, id)?.ok_or_else(|| {
        invalid(format!("there is no inspection `{}` of the round {plan}", crate::event::one_line(id)))
    })?;
    Ok(read(place, id, body, hash)?)
}

fn read(place: &Path, id: &str, body: String, hash: String) -> Result<(Event, Inspection), StoreError> {
    let found = Event::read(body, hash).ok().and_then(|event| Inspection::of(&event).map(|found| (event, found)));
    found.ok_or_else(|| StoreError::Damaged { what: format!("inspection {id} cannot be read"), path: place.to_owned() })
}

/// The inspections of a plan in brief, by lower-case tag: from the columns, without reading what was found.
fn in_brief(rows: Vec<(String, Columns)>) -> BTreeMap<String, Vec<Brief>> {
    let mut all: BTreeMap<String, Vec<Brief>> = BTreeMap::new();
    for (id, row) in rows {
        let of_tag = all.entry(row.tag).or_default();
        if row.kind == INSPECTED {
            let (done_at, verdict) = (clock::text_ms(row.done_ms), verdict_of(&row.verdict));
            of_tag.push(Brief { id, done_at, verdict, case_id: None });
        } else {
            for brief in of_tag.iter_mut().filter(|b| b.id == row.about) {
                brief.case_id = Some(row.case_id.clone());
            }
        }
    }
    all
}

/// A verdict that nobody here wrote is doubt.
fn verdict_of(name: &str) -> Verdict {
    let all = [Verdict::Pass, Verdict::Margin, Verdict::Fail, Verdict::Invalid];
    all.into_iter().find(|v| v.name() == name).unwrap_or(Verdict::NotEvaluated)
}
