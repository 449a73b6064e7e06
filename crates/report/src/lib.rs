//! How it is put on paper: pictures, HTML, terminal tables, CSV text, words in two languages.
//!
//! This room writes where it is told to and decides nothing: verdicts, limits and causes come in, ink goes out.

pub mod csv;
mod error;
mod format;
pub mod picture;
pub mod words;
mod write;

pub use error::ReportError;
pub use format::{compact, frequency, plain};
pub use words::Lang;
pub use write::write_file;
