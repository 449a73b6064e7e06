//! Two stores exchange what the other has not: events and evidence both ways, case by case.
//!
//! Each step is an import of one case in one transaction, so that whatever ends the program between two of them leaves two sound
//! stores, and doing it again goes on from there. Nothing is ever taken away or replaced: see `ledger::merge`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::ledger::merge::{Clash, Imported, Outcome};
use crate::source::Original;
use crate::store::{Head, Store};

/// What was exchanged of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exchange {
    /// The case as it is numbered here; empty when it could not be taken in.
    pub case_id: String,
    /// The case as it is numbered in the other store; empty when it could not be taken in.
    pub other_id: String,
    /// Ids of the events that are new here.
    pub received: Vec<String>,
    /// Ids of the events that are new in the other store.
    pub sent: Vec<String>,
    /// Evidence files that are new here.
    pub received_files: u64,
    /// Evidence files that are new in the other store.
    pub sent_files: u64,
    /// Fields that both sides had set: what the other store had stays (`who`), what was set here is in the timeline (`other_who`).
    pub clashes: Vec<Clash>,
    /// Why it was not exchanged: damaged, or not for this user. It is then as it was on both sides, or on the one not yet reached.
    pub error: Option<Refusal>,
}

/// Why a case was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Refusal {
    /// Machine-readable class.
    pub kind: String,
    /// What and where.
    pub message: String,
    /// The exit code that it leads to.
    pub exit_code: u8,
}

/// What came of an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Synced {
    /// Cases of both stores together.
    pub cases: u64,
    /// Those that were the same on both sides already.
    pub unchanged: u64,
    /// The others, in the order of this store, then of the other.
    pub exchanged: Vec<Exchange>,
}

/// Time, actor and program of what is written down by itself: that two sides were merged, that a case was raised.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// RFC 3339.
    pub at: &'a str,
    /// Who.
    pub actor: &'a str,
    /// Name and version of the program.
    pub tool: &'a str,
}

/// Exchanges all cases that differ; `told` is handed the ids of new events as soon as they are durable.
///
/// The other store is given what is new here first, and keeps its chain where both have gone on; then this one takes over what the
/// other has. Afterwards both have the same chain of every case that was exchanged, unless somebody was at work on it meanwhile.
///
/// # Errors
/// When a store cannot be read or written at all; what was exchanged until then stays. A case that is refused does not stop the others.
pub fn sync(
    here: &mut dyn Store,
    there: &mut dyn Store,
    by: By<'_>,
    told: &mut dyn FnMut(&[String]),
) -> Result<Synced, StoreError> {
    for store in [&*here, &*there] {
        if store.is_read_only() {
            return Err(StoreError::ReadOnly { path: store.place().to_owned() });
        }
    }
    let mut others: BTreeMap<String, Head> = there.heads()?.into_iter().map(|h| (h.uuid.clone(), h)).collect();
    let mut out = Synced::default();
    for ours in here.heads()? {
        let theirs = others.remove(&ours.uuid);
        out.add(here, there, (Some(ours), theirs), by, told)?;
    }
    // What is left is only there, in the order of its cases.
    for theirs in there.heads()?.into_iter().filter(|h| others.contains_key(&h.uuid)) {
        out.add(here, there, (None, Some(theirs)), by, told)?;
    }
    Ok(out)
}

impl Synced {
    fn add(
        &mut self,
        here: &mut dyn Store,
        there: &mut dyn Store,
        heads: (Option<Head>, Option<Head>),
        by: By<'_>,
        told: &mut dyn FnMut(&[String]),
    ) -> Result<(), StoreError> {
        self.cases += 1;
        if let (Some(ours), Some(theirs)) = &heads
            && ours.hash == theirs.hash
            && !ours.hash.is_empty()
        {
            self.unchanged += 1;
            return Ok(());
        }
        let id = |head: &Option<Head>| head.as_ref().map(|h| h.id.clone()).unwrap_or_default();
        let mut done = Exchange { case_id: id(&heads.0), other_id: id(&heads.1), ..Exchange::default() };
        if let Err(error) = done.exchange(here, there, heads.1.is_some(), by, told) {
            // The store itself is out of order: the other cases would fare no better.
            if error.exit_code() == 5 {
                return Err(error);
            }
            let (kind, message) = (error.kind().to_owned(), error.to_string());
            done.error = Some(Refusal { kind, message, exit_code: error.exit_code() });
        }
        self.exchanged.push(done);
        Ok(())
    }
}

impl Exchange {
    fn exchange(
        &mut self,
        here: &mut dyn Store,
        there: &mut dyn Store,
        was_there: bool,
        by: By<'_>,
        told: &mut dyn FnMut(&[String]),
    ) -> Result<(), StoreError> {
        let mut ahead = true;
        if !self.case_id.is_empty() {
            let Imported { case_id, outcome, events, evidence, clashes } = take(here, &self.case_id, there, by)?;
            told(&events);
            // The other store then has just what is here, unless it had more.
            ahead = was_there && !matches!(outcome, Outcome::New | Outcome::Advanced);
            (self.other_id, self.sent, self.sent_files, self.clashes) = (case_id, events, evidence, clashes);
        }
        if ahead {
            let Imported { case_id, events, evidence, clashes, .. } = take(there, &self.other_id, here, by)?;
            told(&events);
            (self.case_id, self.received, self.received_files) = (case_id, events, evidence);
            self.clashes.extend(clashes);
        }
        Ok(())
    }
}

fn take(from: &dyn Store, case_id: &str, into: &mut dyn Store, by: By<'_>) -> Result<Imported, StoreError> {
    let mut original = Original::of(from, case_id)?;
    into.import(&mut original, by.at, by.actor, by.tool)
}
