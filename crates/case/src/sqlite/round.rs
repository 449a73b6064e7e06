//! Inspections in the store: one chain of events for each plan, and the columns that say what is due.

use std::collections::BTreeMap;

use faultscope_diagnose::Verdict;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Serialize;

use super::{SqliteStore, begin, time};
use crate::event::{Event, EventKind, GENESIS, NewEvent};
use crate::round::{Brief, INSPECTED, Inspection, RAISED, Raised, RoundPlan, Rounds, Standing, same_tag, standing};
use crate::vault::Vault as _;
use crate::verify::{self, DifferenceKind, Row, Verification};
use crate::{StoreError, clock, files, ledger};

/// What stands in columns beside an event, all derived from it.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    kind: String,
    tag: String,
    done_ms: i64,
    verdict: String,
    about: String,
    case_id: String,
}

fn columns(event: &Event) -> Option<Columns> {
    let tag = |tag: &str| tag.to_lowercase();
    if let Some(found) = Inspection::of(event) {
        let done_ms = clock::parse_ms(&found.done_at)?;
        let verdict = found.verdict.name().to_owned();
        let (about, case_id) = (String::new(), String::new());
        return Some(Columns { kind: INSPECTED.into(), tag: tag(&found.point.tag), done_ms, verdict, about, case_id });
    }
    let raised = Raised::of(event)?;
    let (about, case_id) = (raised.inspection, raised.case_id);
    let (done_ms, verdict) = (event.at_ms(), String::new());
    Some(Columns { kind: RAISED.into(), tag: tag(&raised.tag), done_ms, verdict, about, case_id })
}

/// The name that a chain has within its events: no case is called so.
fn chain_name(plan: &str) -> String {
    format!("round {plan}")
}

impl Rounds for SqliteStore {
    fn inspect(&mut self, mut inspection: Inspection, at: &str, actor: &str, tool: &str) -> Result<Event, StoreError> {
        if time(&inspection.done_at)? > time(at)? {
            let what = format!("the inspection is said to be done at {}, which has not come yet", inspection.done_at);
            return Err(StoreError::Invalid { what });
        }
        for evidence in inspection.evidence_mut() {
            evidence.name = files::safe_name(&evidence.name);
            if !self.vault.has(&evidence.sha256, evidence.size)? {
                let what = format!("`{}` is not in the store: store the file before the inspection", evidence.name);
                return Err(StoreError::Invalid { what });
            }
        }
        let plan = inspection.plan.id.clone();
        self.keep_round_event(&plan, INSPECTED, &inspection, at, actor, tool)
    }

    fn raised(&mut self, plan: &str, raised: &Raised, at: &str, actor: &str, tool: &str) -> Result<Event, StoreError> {
        self.find(&raised.case_id)?;
        self.inspection(plan, &raised.inspection)?;
        self.keep_round_event(plan, RAISED, raised, at, actor, tool)
    }

    fn standing(&self, plan: &RoundPlan, now: &str) -> Result<Vec<Standing>, StoreError> {
        let invalid = |_| StoreError::Invalid { what: format!("`{now}` is no RFC 3339 time") };
        let now = now.parse().map_err(invalid)?;
        let done = self.inspected(&plan.round.id).map_err(|e| self.failed("reading the inspections", &e))?;
        Ok(standing(plan, &done, now))
    }

    fn inspections(
        &self,
        plan: &str,
        tag: &str,
        limit: Option<u32>,
    ) -> Result<Vec<(Event, Inspection, Option<String>)>, StoreError> {
        let failed = |e: rusqlite::Error| self.failed("reading the inspections", &e);
        let mut briefs = self.inspected(plan).map_err(failed)?.remove(&tag.trim().to_lowercase()).unwrap_or_default();
        // Of one moment the one that was written down last comes first.
        briefs.reverse();
        briefs.sort_by_key(|b| std::cmp::Reverse(clock::parse_ms(&b.done_at)));
        let most = limit.map_or(usize::MAX, |n| n as usize);
        let read = |brief: Brief| self.inspection(plan, &brief.id).map(|(event, found)| (event, found, brief.case_id));
        briefs.into_iter().take(most).map(read).collect()
    }

    fn inspection(&self, plan: &str, id: &str) -> Result<(Event, Inspection), StoreError> {
        let sql = "SELECT body, hash FROM round_event WHERE id = ?1 AND plan = ?2 AND kind = ?3";
        let find = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let row = match self.has_rounds() {
            Ok(true) => self.connection.query_row(sql, [id, plan, INSPECTED], find).optional(),
            other => other.map(|_| None),
        };
        let row = row.map_err(|e| self.failed("reading the inspection", &e))?;
        let (body, hash) = row.ok_or_else(|| StoreError::Invalid {
            what: format!("there is no inspection `{}` of the round {plan}", crate::event::one_line(id)),
        })?;
        let damaged =
            || StoreError::Damaged { what: format!("inspection {id} cannot be read"), path: self.dir.clone() };
        let event = Event::read(body, hash).map_err(|_| damaged())?;
        let found = Inspection::of(&event).ok_or_else(damaged)?;
        Ok((event, found))
    }

    fn all_inspections(&self, serial: Option<&str>) -> Result<Vec<(Event, Inspection)>, StoreError> {
        let failed = |e: rusqlite::Error| self.failed("reading the inspections", &e);
        if !self.has_rounds().map_err(failed)? {
            return Ok(Vec::new());
        }
        // As it stands in the text, so that only what may be meant is read.
        let quoted = serial.map(|s| serde_json::Value::from(s.trim()).to_string()).unwrap_or_default();
        let sql = "SELECT id, body, hash FROM round_event WHERE kind = ?1 AND instr(body, ?2) > 0 ORDER BY plan, seq";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let rows = statement.query_map(params![INSPECTED, quoted], row).map_err(failed)?;
        let mut all = Vec::new();
        for row in rows {
            let (id, body, hash): (String, String, String) = row.map_err(failed)?;
            let found =
                Event::read(body, hash).ok().and_then(|event| Inspection::of(&event).map(|found| (event, found)));
            let (event, found) = found.ok_or_else(|| StoreError::Damaged {
                what: format!("inspection {id} cannot be read"),
                path: self.dir.clone(),
            })?;
            if serial.is_none_or(|wanted| wanted.trim() == found.point.serial.trim()) {
                all.push((event, found));
            }
        }
        Ok(all)
    }

    fn round_ids(&self) -> Result<Vec<String>, StoreError> {
        let read = || {
            if !self.has_rounds()? {
                return Ok(Vec::new());
            }
            let mut statement = self.connection.prepare("SELECT DISTINCT plan FROM round_event ORDER BY plan")?;
            let ids = statement.query_map([], |row| row.get(0))?;
            ids.collect()
        };
        read().map_err(|e| self.failed("reading the inspections", &e))
    }

    fn verify_round(&self, plan: &str) -> Result<Verification, StoreError> {
        let name = chain_name(plan);
        let mut out = Verification { case_id: name.clone(), ..Verification::default() };
        let (rows, kept) = self.round_rows(plan).map_err(|e| self.failed("reading the inspections", &e))?;
        let events = verify::chain(&mut out, &name, rows);
        for event in &events {
            let found = kept.get(&event.seq);
            if columns(event).as_ref() != found {
                let at = format!("event {}", event.seq);
                out.differs(DifferenceKind::SummaryChanged, at, "what stands beside the event does not follow from it");
            }
        }
        let mut files: BTreeMap<String, (u64, String)> = BTreeMap::new();
        for found in events.iter().filter_map(Inspection::of) {
            files.extend(found.evidence().map(|e| (e.sha256.clone(), (e.size, e.name.clone()))));
        }
        ledger::verify_files(&mut out, files, &self.vault)?;
        Ok(out)
    }

    fn open_case_of(&self, plan: &str, tag: &str) -> Result<Option<String>, StoreError> {
        let read = || {
            let briefs = self.inspected(plan)?.into_iter().filter(|(known, _)| same_tag(known, tag));
            let mut cases: Vec<String> = briefs.flat_map(|(_, all)| all).filter_map(|b| b.case_id).collect();
            cases.reverse();
            let sql = "SELECT count(*) FROM fault_case WHERE id = ?1 AND status <> 'closed'";
            let mut is_open = self.connection.prepare(sql)?;
            for id in cases {
                if is_open.query_row([&id], |row| row.get(0))? {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        };
        read().map_err(|e| self.failed("reading the inspections", &e))
    }
}

impl SqliteStore {
    fn keep_round_event(
        &mut self,
        plan: &str,
        kind: &str,
        data: &impl Serialize,
        at: &str,
        actor: &str,
        tool: &str,
    ) -> Result<Event, StoreError> {
        self.writable()?;
        let invalid = |what: String| StoreError::Invalid { what };
        let data = serde_json::to_value(data).map_err(|e| invalid(e.to_string()))?;
        let kind = EventKind::Other { kind: kind.to_owned(), data };
        let new = NewEvent { at: at.into(), actor: actor.into(), tool: tool.into(), kind };
        let dir = self.dir.clone();
        let failed = |e: &rusqlite::Error| StoreError::db("writing the inspection down", &dir, e);
        let tx = begin(&mut self.connection).map_err(|e| failed(&e))?;
        let (seq, head) = end_of(&tx, plan).map_err(|e| failed(&e))?;
        let event = Event::seal(new, &chain_name(plan), seq + 1, &head).map_err(invalid)?;
        let columns = columns(&event).ok_or_else(|| invalid("the inspection could not be read back".into()))?;
        insert(&tx, plan, &event, &columns).and_then(|()| tx.commit()).map_err(|e| failed(&e))?;
        Ok(event)
    }

    /// The inspections of a plan in brief, by lower-case tag: from the columns, without reading what was found.
    fn inspected(&self, plan: &str) -> rusqlite::Result<BTreeMap<String, Vec<Brief>>> {
        let mut all: BTreeMap<String, Vec<Brief>> = BTreeMap::new();
        if !self.has_rounds()? {
            return Ok(all);
        }
        let sql =
            "SELECT kind, tag, id, done_ms, verdict, about, case_id FROM round_event WHERE plan = ?1 ORDER BY seq";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([plan])?;
        while let Some(row) = rows.next()? {
            let (kind, tag): (String, String) = (row.get(0)?, row.get(1)?);
            let of_tag = all.entry(tag).or_default();
            if kind == INSPECTED {
                let verdict = verdict_of(&row.get::<_, String>(4)?);
                let (id, done_at) = (row.get(2)?, clock::text_ms(row.get(3)?));
                of_tag.push(Brief { id, done_at, verdict, case_id: None });
            } else {
                let (about, case_id): (String, String) = (row.get(5)?, row.get(6)?);
                for brief in of_tag.iter_mut().filter(|b| b.id == about) {
                    brief.case_id = Some(case_id.clone());
                }
            }
        }
        Ok(all)
    }

    fn round_rows(&self, plan: &str) -> rusqlite::Result<(Vec<Row>, BTreeMap<u64, Columns>)> {
        let (mut rows, mut kept) = (Vec::new(), BTreeMap::new());
        if !self.has_rounds()? {
            return Ok((rows, kept));
        }
        let sql = "SELECT seq, id, hash, body, kind, tag, done_ms, verdict, about, case_id
            FROM round_event WHERE plan = ?1 ORDER BY seq";
        let mut statement = self.connection.prepare(sql)?;
        let mut found = statement.query([plan])?;
        while let Some(row) = found.next()? {
            let seq: i64 = row.get(0)?;
            rows.push(Row { seq, id: row.get(1)?, hash: row.get(2)?, body: row.get(3)? });
            let columns = Columns {
                kind: row.get(4)?,
                tag: row.get(5)?,
                done_ms: row.get(6)?,
                verdict: row.get(7)?,
                about: row.get(8)?,
                case_id: row.get(9)?,
            };
            kept.insert(u64::try_from(seq).unwrap_or(0), columns);
        }
        Ok((rows, kept))
    }

    /// A store that was made before there were rounds, and is only read, has no table of them.
    fn has_rounds(&self) -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'round_event'";
        self.connection.query_row(sql, [], |row| row.get(0))
    }
}

/// Number and hash of the last event of a chain; call it with the write lock held.
fn end_of(connection: &Connection, plan: &str) -> rusqlite::Result<(u64, String)> {
    let sql = "SELECT seq, hash FROM round_event WHERE plan = ?1 ORDER BY seq DESC LIMIT 1";
    let last = connection.query_row(sql, [plan], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
    Ok(last.map_or((0, GENESIS.to_owned()), |(seq, hash)| (u64::try_from(seq).unwrap_or(0), hash)))
}

fn insert(tx: &Transaction<'_>, plan: &str, event: &Event, columns: &Columns) -> rusqlite::Result<()> {
    let sql = "INSERT INTO round_event (plan, seq, id, hash, body, kind, tag, done_ms, verdict, about, case_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let Columns { kind, tag, done_ms, verdict, about, case_id } = columns;
    let seq = i64::try_from(event.seq).unwrap_or(i64::MAX);
    let values = params![plan, seq, event.id, event.hash, event.body(), kind, tag, done_ms, verdict, about, case_id];
    tx.execute(sql, values).map(|_| ())
}

/// A verdict that nobody here wrote is doubt.
fn verdict_of(name: &str) -> Verdict {
    let all = [Verdict::Pass, Verdict::Margin, Verdict::Fail, Verdict::Invalid];
    all.into_iter().find(|v| v.name() == name).unwrap_or(Verdict::NotEvaluated)
}
