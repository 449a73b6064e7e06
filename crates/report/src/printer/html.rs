//! The HTML plug: one self-contained file.

use super::Printer;
use crate::ReportError;
use crate::document::Document;
use crate::html::render;

/// One self-contained HTML file, for screen, phone and A4.
pub(super) struct Html;

impl Printer for Html {
    fn id(&self) -> &'static str {
        "html"
    }
    fn extension(&self) -> &'static str {
        "html"
    }
    fn print(&self, document: &Document) -> Result<Vec<u8>, ReportError> {
        render(document).map(String::into_bytes)
    }
}
