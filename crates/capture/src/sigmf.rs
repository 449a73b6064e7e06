//! SigMF: metadata, where the two halves of a recording lie, the check of its digest, and the writer.

mod archive;
mod locate;
mod meta;
mod record;
mod recording;
mod write;

use std::path::Path;

use sha2::{Digest as _, Sha512};

use crate::samples::read_up_to;
use crate::{CaptureError, Caveat};

pub use archive::write_archive;
pub(crate) use locate::{Located, locate};
pub(crate) use meta::{Metadata, Segment};
pub use record::{Recorded, Recorder};
pub(crate) use recording::is_utc;
pub use recording::{Annotation, Datatype, Recording};
pub use write::write;

/// Outcome of [`verify_sha512`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checksum {
    /// The recording states no `core:sha512`.
    Absent,
    /// The samples are those that the metadata were written for.
    Match,
    /// They are not.
    Differs {
        /// What the metadata state, in lower case.
        stated: String,
        /// What the data file gives.
        computed: String,
    },
}

/// Compares `core:sha512` with the data of a recording (either file of a pair, or an archive), read in blocks.
///
/// Opening a capture does not do this, because it reads the whole file.
///
/// # Errors
/// When the recording cannot be located or read.
pub fn verify_sha512(path: &Path) -> Result<Checksum, CaptureError> {
    let located = locate(path)?;
    let metadata = Metadata::parse(&located.meta, &located.meta_path, &mut Vec::new())?;
    let Some(stated) = metadata.text("core:sha512").map(str::to_ascii_lowercase) else { return Ok(Checksum::Absent) };
    let data = located.open_data(&metadata, &mut Vec::<Caveat>::new())?;
    let mut hash = Sha512::new();
    let mut block = vec![0; 1 << 20];
    let (mut at, end) = (data.offset, data.offset + data.bytes);
    while at < end {
        let length = usize::try_from(end - at).map_or(block.len(), |left| left.min(block.len()));
        let n = read_up_to(&data.file, &mut block[..length], at).map_err(|e| CaptureError::io(&data.path, e))?;
        if n == 0 {
            break;
        }
        hash.update(&block[..n]);
        at += n as u64;
    }
    let computed = hex(&hash.finalize());
    Ok(if computed == stated { Checksum::Match } else { Checksum::Differs { stated, computed } })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
