//! Proof that a case is what it was: the chain of its events unbroken, every stored file as its digest says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::again::Recomputed;
use crate::canonical;
use crate::event::{Event, EventKind, GENESIS};
use crate::fold;
use crate::sign::Signature;

/// What kind of thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// An event's content is not what its hash says.
    EventChanged,
    /// An event does not follow the one before it.
    ChainBroken,
    /// Events are missing.
    EventMissing,
    /// What the store keeps beside the events (state, list entry) does not follow from them.
    SummaryChanged,
    /// A stored file is not what its digest says.
    EvidenceChanged,
    /// A stored file is not there.
    EvidenceMissing,
    /// A finding that is computed again from its captures is another one.
    FindingChanged,
    /// A signature is not one of the events before it.
    SignatureInvalid,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// Which kind.
    pub kind: DifferenceKind,
    /// Where: `event 5`, or the name of the file and its digest.
    pub at: String,
    /// What differs.
    pub detail: String,
}

/// What `verify` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verification {
    /// The case.
    pub case_id: String,
    /// Events that are there.
    pub events: u64,
    /// Stored files that are there and right.
    pub evidence: u64,
    /// Hash of the last event.
    pub head: String,
    /// Ids of the events that are there and unchanged: one `have` line each.
    pub have: Vec<String>,
    /// What differs; empty when all is as it was.
    pub differences: Vec<Difference>,
    /// What became of the findings when they were computed again, where that was asked for.
    #[serde(default)]
    pub recomputed: Recomputed,
    /// The signatures, in the order of their events.
    #[serde(default)]
    pub signatures: Vec<Signature>,
}

impl Verification {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.differences.is_empty()
    }

    pub(crate) fn differs(&mut self, kind: DifferenceKind, at: impl Into<String>, detail: impl Into<String>) {
        self.differences.push(Difference { kind, at: at.into(), detail: detail.into() });
    }
}

/// An event as the store's table holds it, column by column, trusted in nothing.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) id: String,
    pub(crate) hash: String,
    pub(crate) body: String,
}

/// Checks the rows of a case one by one and as a chain; gives back the events that could be read.
pub(crate) fn chain(out: &mut Verification, case_id: &str, rows: Vec<Row>) -> Vec<Event> {
    let mut events = Vec::with_capacity(rows.len());
    let mut before = GENESIS.to_owned();
    let mut expected = 1i64;
    out.events = rows.len() as u64;
    for row in rows {
        let at = format!("event {}", row.seq);
        if row.seq != expected {
            out.differs(DifferenceKind::EventMissing, &at, format!("event {expected} was to come here"));
        }
        expected = row.seq.saturating_add(1);
        let Row { seq, id, hash, body } = row;
        let changed = canonical::sha256(body.as_bytes()) != hash;
        if changed {
            out.differs(DifferenceKind::EventChanged, &at, "content and hash do not belong together");
        }
        match Event::read(body, hash.clone()) {
            Err(why) if changed => out.differs(DifferenceKind::EventChanged, &at, format!("cannot be read: {why}")),
            Err(why) => out.differs(DifferenceKind::EventChanged, &at, format!("hash right, but unreadable: {why}")),
            Ok(event) => {
                let before_is_right = event.prev_hash == before;
                if !before_is_right {
                    out.differs(DifferenceKind::ChainBroken, &at, "does not follow the event before it");
                }
                let in_place = event.id == id && i64::try_from(event.seq) == Ok(seq) && event.case_id == case_id;
                if !in_place {
                    out.differs(DifferenceKind::EventChanged, &at, "id, number or case is not the one of its content");
                }
                if !changed && before_is_right && in_place {
                    out.have.push(event.id.clone());
                }
                events.push(event);
            }
        }
        before = hash;
    }
    out.head = before;
    events
}

/// Puts the events that others wrote behind those that merged them, and checks that every one is named, follows a known one,
/// and none is missing. `rows`: number of the merging event, and what it took in, in order.
pub(crate) fn sides(out: &mut Verification, main: Vec<Event>, mut rows: BTreeMap<u64, Vec<Row>>) -> Vec<Event> {
    let case_id = main.first().map(|e| e.case_id.clone()).unwrap_or_default();
    let mut known = BTreeSet::new();
    let mut all = Vec::with_capacity(main.len());
    for event in main {
        known.insert(event.hash.clone());
        let (seq, merged) = match &event.kind {
            EventKind::Merged(merged) => (event.seq, merged.clone()),
            _ => {
                all.push(event);
                continue;
            }
        };
        all.push(event);
        let own = rows.remove(&seq).unwrap_or_default();
        if own.len() != merged.events.len() {
            let missing = format!("{} merged events are there, {} were merged", own.len(), merged.events.len());
            out.differs(DifferenceKind::EventMissing, format!("event {seq}"), missing);
        }
        for (n, row) in own.into_iter().enumerate() {
            let at = format!("event {seq}, merged {}", n + 1);
            let Row { id, hash, body, .. } = row;
            let sound = canonical::sha256(body.as_bytes()) == hash && merged.events.get(n) == Some(&hash);
            match Event::read(body, hash) {
                Err(why) => out.differs(DifferenceKind::EventChanged, &at, format!("cannot be read: {why}")),
                Ok(event) => {
                    let follows = known.contains(&event.prev_hash);
                    if !follows {
                        out.differs(DifferenceKind::ChainBroken, &at, "does not follow an event that is known");
                    }
                    let in_place = event.id == id && event.case_id == case_id;
                    if !sound || !in_place {
                        out.differs(
                            DifferenceKind::EventChanged,
                            &at,
                            "content, hash and place do not belong together",
                        );
                    }
                    if sound && in_place && follows {
                        out.have.push(event.id.clone());
                    }
                    known.insert(event.hash.clone());
                    all.push(event.beside(Some(seq)));
                }
            }
        }
        if !known.contains(&merged.head) {
            out.differs(
                DifferenceKind::EventMissing,
                format!("event {seq}"),
                "the other side's last event is not there",
            );
        }
    }
    for seq in rows.keys() {
        out.differs(DifferenceKind::ChainBroken, format!("event {seq}"), "merged events belong to no `merged` event");
    }
    all
}

/// Checks what the store keeps beside the events: the number of events, the last hash and the state.
pub(crate) fn state(out: &mut Verification, events: &[Event], kept: &str) {
    let readable = serde_json::from_str::<fold::State>(kept);
    let Ok(kept) = readable else {
        out.differs(DifferenceKind::SummaryChanged, "state", "the state kept beside the events cannot be read");
        return;
    };
    if kept.seq > out.events {
        let missing = format!("{} events are there, {} were stored", out.events, kept.seq);
        out.differs(DifferenceKind::EventMissing, "end", missing);
    }
    if fold::state_of(events).as_ref() != Some(&kept) {
        out.differs(
            DifferenceKind::SummaryChanged,
            "state",
            "the state kept beside the events does not follow from them",
        );
    }
}

/// The stored files that events name: digest to size and name; the first name given stays.
pub(crate) fn evidence_of(events: &[Event]) -> BTreeMap<String, (u64, String)> {
    let mut files = BTreeMap::new();
    for event in events {
        if let EventKind::Attached(attached) = &event.kind {
            for e in &attached.evidence {
                files.entry(e.sha256.clone()).or_insert_with(|| (e.size, e.name.clone()));
            }
        }
    }
    files
}
