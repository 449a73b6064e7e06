//! How it is put on paper: pictures, HTML, terminal tables, CSV text, words in two languages.
//!
//! This room writes where it is told to and decides nothing: verdicts, limits and causes come in, ink goes out.

mod case_view;
pub mod check;
pub mod csv;
mod detail;
mod error;
pub mod explain;
mod format;
pub mod html;
pub mod picture;
pub mod printer;
pub mod table;
pub mod words;
mod write;

pub use error::ReportError;
pub use format::{compact, frequency, length, plain};
pub use html::{CaptureFacts, Figure, ReportInput, Section};
pub use printer::Printer;
pub use words::Lang;
pub use write::write_file;
