//! How much a bundle may ask for before it is believed.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::event::MAX_EVENT_BYTES;

/// Entries of the zip, and bytes of its directory.
pub(super) const MOST_ENTRIES: u64 = 100_000;
pub(super) const MOST_DIRECTORY: u64 = 32 << 20;
/// Bytes of the manifest: of that many entries.
pub(super) const MOST_MANIFEST: u64 = 24 << 20;
/// Events of a case.
pub(super) const MOST_EVENTS: usize = 200_000;
/// An entry may unpack to this many times its size, and some more: JSON and HTML shrink to a tenth.
const MOST_TIMES: u64 = 200;
const SOME_MORE: u64 = 16 << 20;
/// Values in one event: each takes up to a hundred times its text in memory.
const MOST_VALUES: usize = 1_000_000;

/// Whether an entry unpacks to more than honest text does.
pub(super) const fn is_bomb(packed: u64, unpacked: u64) -> bool {
    unpacked > packed.saturating_mul(MOST_TIMES).saturating_add(SOME_MORE)
}

/// Says why a line of events is too much.
pub(super) fn line(line: &[u8]) -> Result<(), String> {
    // The hash and its name stand beside what the event itself may have.
    if line.len() > MAX_EVENT_BYTES + 100 {
        return Err(format!("has more than {MAX_EVENT_BYTES} bytes"));
    }
    let values = line.iter().filter(|b| matches!(b, b',' | b'[' | b'{')).count();
    if values > MOST_VALUES { Err(format!("has more than {MOST_VALUES} values")) } else { Ok(()) }
}

/// The digest of all that can be read, under way.
pub(super) fn hash(source: &mut dyn Read) -> io::Result<Sha256> {
    let mut block = vec![0u8; 1 << 20];
    let mut hash = Sha256::new();
    loop {
        match source.read(&mut block) {
            Ok(0) => return Ok(hash),
            Ok(n) => hash.update(block.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
