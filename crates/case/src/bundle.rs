//! The bundle: one case as one file, for e-mail or a stick; written and read so that every byte of it is accounted for.
//!
//! A zip of `manifest.json` (format, version, case, digests of the rest), `events.jsonl` (every event with its hash, those that
//! were merged behind the event that merged them), `case.json` and `report.html` (for people and other programs; an import does not
//! look into them) and `evidence/SHA256`, each file once and as it is. Entries carry no time, owner or mode, so that the same case
//! gives the same bytes. The zip's comment ends in the SHA-256 of all that stands before it.

mod limits;
mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::{Event, verify};

pub use read::Bundle;
pub(crate) use read::check_chain;
#[cfg(test)]
pub(crate) use write::write_to;
pub use write::{Extras, Written, write};

/// What the comment of the zip begins with; then the version.
const MARK: &str = "faultscope case bundle ";
/// Version of the format that is written and read.
const VERSION: u32 = 1;
/// Between the version and the digest.
const DIGEST: &str = " sha256 ";

const MANIFEST: &str = "manifest.json";
const EVENTS: &str = "events.jsonl";
const CASE: &str = "case.json";
const REPORT: &str = "report.html";
const EVIDENCE: &str = "evidence/";

/// The comment before its digest.
fn comment(version: u32) -> String {
    format!("{MARK}{version}{DIGEST}")
}

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `faultscope-case`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
    /// The case.
    pub case: ManifestCase,
    /// Every other entry, in its order.
    pub files: Vec<ManifestFile>,
}

impl Manifest {
    /// That of the events of a case, of evidence alone; nothing when there are none.
    pub(crate) fn of(events: &[Event]) -> Option<Self> {
        let first = events.first()?;
        let head = events.iter().rev().find(|e| e.side_of.is_none())?.hash.clone();
        let file = |(sha256, (size, _)): (String, (u64, String))| ManifestFile {
            path: format!("{EVIDENCE}{sha256}"),
            sha256,
            size,
        };
        let (id, uuid, events_there) = (first.case_id.clone(), first.id.clone(), events.len() as u64);
        Some(Self {
            format: "faultscope-case".into(),
            version: VERSION,
            case: ManifestCase { id, uuid, head, events: events_there },
            files: verify::evidence_of(events).into_iter().map(file).collect(),
        })
    }

    /// Digest and size of every evidence file.
    pub(crate) fn evidence(&self) -> Vec<(String, u64)> {
        let own = self.files.iter().filter(|f| f.path.starts_with(EVIDENCE));
        own.map(|f| (f.sha256.clone(), f.size)).collect()
    }
}

/// Which case, and how far it had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestCase {
    /// Number that the store which opened it gave it.
    pub id: String,
    /// Number that no other store gives.
    pub uuid: String,
    /// Hash of the last event.
    pub head: String,
    /// Events, merged ones included.
    pub events: u64,
}

/// One entry of the zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Its name.
    pub path: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Size of its content in bytes.
    pub size: u64,
}
