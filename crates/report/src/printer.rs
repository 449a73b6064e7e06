//! The socket of printers: one report, one file format per plug.

mod html;
mod pdf;

use crate::ReportError;
use crate::document::Document;

/// Turns a report into the bytes of one file.
pub trait Printer: Sync {
    /// Its id, as in `--format`.
    fn id(&self) -> &'static str;
    /// The file extension it answers to, without the dot, lower case.
    fn extension(&self) -> &'static str;
    /// Whether this build of the program can print so; asked before anything is measured or drawn.
    ///
    /// # Errors
    /// When it cannot, with the way out.
    fn available(&self) -> Result<(), ReportError> {
        Ok(())
    }
    /// Prints; deterministic: the same document gives the same bytes.
    ///
    /// # Errors
    /// When the document cannot be put into this format.
    fn print(&self, document: &Document) -> Result<Vec<u8>, ReportError>;
}

/// Every printer.
pub static ALL: &[&dyn Printer] = &[&html::Html, &pdf::Pdf];

/// The printer for a file extension, with or without the dot, in any case.
#[must_use]
pub fn by_extension(extension: &str) -> Option<&'static dyn Printer> {
    let wanted = extension.trim_start_matches('.').to_ascii_lowercase();
    ALL.iter().copied().find(|p| p.extension() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plug_file_is_listed_and_found_by_its_extension() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/printer");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), ALL.len());
        for printer in ALL {
            assert_eq!(by_extension(printer.extension()).unwrap().id(), printer.id());
        }
        assert!(by_extension(".HTML").is_some());
        assert!(by_extension("docx").is_none());
    }
}
