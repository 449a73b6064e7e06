//! The HTML plug: one self-contained file.

use super::Printer;
use crate::ReportError;
use crate::html::{ReportInput, render};

/// One self-contained HTML file, for screen, phone and A4.
pub(super) struct Html;

impl Printer for Html {
    fn id(&self) -> &'static str {
        "html"
    }
    fn extension(&self) -> &'static str {
        "html"
    }
    fn print(&self, input: &ReportInput) -> Result<Vec<u8>, ReportError> {
        render(input).map(String::into_bytes)
    }
}
