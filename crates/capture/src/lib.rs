//! How a record is kept: samples, provenance, caveats, digest, and every file format.
//!
//! No hardware, no verdicts; nothing sized by a file is allocated without a limit; no input can panic a reader.

mod capture;
mod caveat;
mod digest;
mod error;
pub mod export;
pub mod format;
mod gain;
mod notes;
mod options;
mod output;
mod samples;
mod scaled;
pub mod sigmf;
mod store;
mod time;
mod trace;

pub use capture::{Capture, FieldOrigin, Provenance};
pub use caveat::{Caveat, CaveatKind};
pub use digest::{Digest, digest_file};
pub use error::CaptureError;
pub use format::{Format, open};
pub use notes::Notes;
pub use options::{OpenOptions, SampleFormat};
pub use samples::{Component, FileSamples, Layout, MemorySamples, Samples, decode};
pub use scaled::ScaledSamples;
pub use store::{ColumnStore, ColumnWriter};
pub use trace::Trace;
