//! The PDF report: A4, text that can be searched and copied, pictures as lines, fonts embedded as far as they are used.

mod block;
mod drawing;
mod file;
mod flow;
mod font;
mod ink;
mod table;
#[cfg(test)]
mod tests;
mod wrap;

use crate::ReportError;
use crate::document::Document;
use flow::Flow;
use font::Fonts;
use ink::Ink;

/// Puts a report on A4.
///
/// Latin text is set in a font of the program, Chinese in one of the system, looked for in its usual places.
///
/// # Errors
/// When the report holds Chinese text and the system has no font for it, or a font cannot be embedded.
pub(crate) fn render(document: &Document) -> Result<Vec<u8>, ReportError> {
    set(document, Ink::new(Fonts::new()))
}

/// Sets a report with the fonts at hand.
fn set(document: &Document, mut ink: Ink) -> Result<Vec<u8>, ReportError> {
    let mut flow = Flow::new(&mut ink, document.one_page);
    block::opening(&mut flow, document);
    document.blocks.iter().enumerate().for_each(|(at, b)| block::put(&mut flow, b, document.blocks.get(at + 1)));
    block::small(&mut flow, &document.generated);
    let pages = flow.finish(&document.running);
    file::write(document, pages, ink)
}
