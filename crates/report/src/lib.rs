//! How it is put on paper: pictures, HTML, terminal tables, CSV text, words in two languages.
//!
//! This room writes where it is told to and decides nothing: verdicts, limits and causes come in, ink goes out.

mod base64;
mod case_view;
pub mod check;
pub mod csv;
mod detail;
mod document;
mod error;
pub mod explain;
#[cfg(test)]
mod fixture;
mod format;
pub mod html;
mod input;
#[cfg(feature = "pdf")]
mod pdf;
pub mod picture;
pub mod printer;
mod redact;
pub mod table;
pub mod words;
mod write;

pub use base64::base64;
pub use document::{Audience, Document, Pair, pairs, subject};
pub use error::ReportError;
pub use format::{compact, frequency, length, plain};
pub use input::{CaptureFacts, EarlyWarning, Figure, ReportInput, Section};
pub use printer::Printer;
pub use redact::{Redaction, Secret};
pub use words::Lang;
pub use write::write_file;
