//! Where evidence lies: what a folder and a bucket have in common.

use std::io::{self, Read};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::StoreError;
use crate::canonical;
use crate::event::Evidence;
use crate::store::ReadSeek;
use crate::verify::DifferenceKind;

/// Files of evidence, each kept once under its SHA-256 and never changed.
pub(crate) trait Vault: Send {
    /// Stores the bytes once; durable when it returns.
    fn put(&self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError>;

    /// Opens a stored file.
    fn open(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError>;

    /// Whether a file of this digest and size is there; its content is not read.
    fn has(&self, sha256: &str, size: u64) -> Result<bool, StoreError>;

    /// Reads a stored file and says what differs from its digest and size; an error when that cannot be told.
    fn check(&self, sha256: &str, size: u64) -> Result<Option<Differs>, StoreError>;

    /// Where a stored file is, for programs that read by path; `None` when it is in no folder, or the text is not a digest.
    fn path(&self, sha256: &str) -> Option<PathBuf>;
}

/// How a stored file is not what it was.
pub(crate) struct Differs {
    /// Changed or missing.
    pub(crate) kind: DifferenceKind,
    /// In words.
    pub(crate) what: String,
}

impl Differs {
    pub(crate) fn missing(what: String) -> Self {
        Self { kind: DifferenceKind::EvidenceMissing, what }
    }

    pub(crate) fn changed(what: String) -> Self {
        Self { kind: DifferenceKind::EvidenceChanged, what }
    }

    /// What is found against what was stored.
    pub(crate) fn between(found: &Digested, sha256: &str, size: u64) -> Option<Self> {
        let Digested { sha256: digest, size: bytes } = found;
        match (*bytes == size, digest == sha256) {
            (_, false) => {
                Some(Self::changed(format!("the evidence file was changed: it has {bytes} bytes of digest {digest}")))
            }
            (false, true) => Some(Self::changed(format!("the evidence file has {bytes} bytes, the event says {size}"))),
            (true, true) => None,
        }
    }
}

/// What is said of a file that is not there.
pub(crate) const MISSING: &str = "the evidence file is missing";

/// Digest and size of what was read.
pub(crate) struct Digested {
    pub(crate) sha256: String,
    pub(crate) size: u64,
}

impl Digested {
    /// As an event names it.
    pub(crate) fn evidence(self, name: String, media_type: &str) -> Evidence {
        let media_type = if media_type.trim().is_empty() { "application/octet-stream" } else { media_type.trim() };
        Evidence { name, sha256: self.sha256, size: self.size, media_type: media_type.to_owned() }
    }
}

/// Takes a digest as the bytes come by.
#[derive(Default)]
pub(crate) struct Digester {
    hash: Sha256,
    size: u64,
}

impl Digester {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
    }

    pub(crate) fn end(self) -> Digested {
        Digested { sha256: canonical::hex(&self.hash.finalize()), size: self.size }
    }
}

/// Reads to the end, block by block, each handed to `take`; `failed` is what a failing read means.
pub(crate) fn digest(
    bytes: &mut dyn Read,
    failed: impl Fn(&io::Error) -> StoreError,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<Digested, StoreError> {
    let mut block = vec![0u8; 1 << 20];
    let mut digester = Digester::default();
    loop {
        let n = match bytes.read(&mut block) {
            Ok(0) => return Ok(digester.end()),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(failed(&e)),
        };
        let filled = block.get(..n).unwrap_or_default();
        digester.take(filled);
        take(filled)?;
    }
}

/// The refusal of what is no digest: it becomes part of no path.
pub(crate) fn no_digest(sha256: &str) -> StoreError {
    StoreError::Invalid { what: format!("`{}` is not a digest", crate::event::one_line(sha256)) }
}

/// Why the bytes that were handed over could not be read.
pub(crate) fn unreadable(name: &str) -> impl Fn(&io::Error) -> StoreError {
    move |e| StoreError::Source { name: name.into(), reason: e.to_string() }
}
