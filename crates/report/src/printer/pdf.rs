//! The PDF plug: A4 pages, where the program was built with them.

use super::Printer;
use crate::ReportError;
use crate::document::Document;

/// A PDF file on A4.
pub(super) struct Pdf;

impl Printer for Pdf {
    fn id(&self) -> &'static str {
        "pdf"
    }
    fn extension(&self) -> &'static str {
        "pdf"
    }
    #[cfg(feature = "pdf")]
    fn print(&self, document: &Document) -> Result<Vec<u8>, ReportError> {
        crate::pdf::render(document)
    }
    #[cfg(not(feature = "pdf"))]
    fn available(&self) -> Result<(), ReportError> {
        Err(ReportError::Absent {
            what: "this build of the program writes no PDF".into(),
            hint:
                "write the report as .html and print it to PDF from a browser, or build the program with its default features"
                    .into(),
        })
    }
    #[cfg(not(feature = "pdf"))]
    fn print(&self, _document: &Document) -> Result<Vec<u8>, ReportError> {
        self.available().map(|()| Vec::new())
    }
}
