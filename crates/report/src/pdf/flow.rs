//! Flow: where the next thing goes, on this page or the next.

use pdf_writer::{Content, Settings};

use super::ink::{Ink, PAPER, Style};
use super::wrap;
use crate::picture::Rgb;

pub(super) const INK: Rgb = [31, 41, 51];
pub(super) const SOFT: Rgb = [82, 96, 109];
pub(super) const LINE: Rgb = [217, 222, 228];
pub(super) const PALE: Rgb = [245, 247, 249];

/// Lines are so far apart, in parts of the letters' size.
pub(super) const LEADING: f64 = 1.34;

/// Sizes of letters and gaps in points.
pub(super) struct Sizes {
    pub(super) title: f64,
    pub(super) chapter: f64,
    pub(super) heading: f64,
    pub(super) body: f64,
    pub(super) small: f64,
    pub(super) gap: f64,
    /// Whether a picture's caption is printed: its title says the same.
    pub(super) captions: bool,
}

const ROOMY: Sizes =
    Sizes { title: 17.0, chapter: 13.0, heading: 10.5, body: 9.5, small: 8.0, gap: 6.0, captions: true };
/// For what has to fit one page.
const TIGHT: Sizes =
    Sizes { title: 14.0, chapter: 11.0, heading: 9.5, body: 8.2, small: 7.4, gap: 2.4, captions: false };

/// The pages so far.
pub(super) struct Flow<'a> {
    pub(super) ink: &'a mut Ink,
    pub(super) sizes: &'static Sizes,
    pub(super) left: f64,
    pub(super) width: f64,
    /// From the top of the page.
    pub(super) y: f64,
    top: f64,
    bottom: f64,
    pages: Vec<Content>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(ink: &'a mut Ink, one_page: bool) -> Self {
        let (side, top) = (40.0, if one_page { 32.0 } else { 42.0 });
        Self {
            ink,
            sizes: if one_page { &TIGHT } else { &ROOMY },
            left: side,
            width: PAPER.0 - 2.0 * side,
            y: top,
            top,
            bottom: PAPER.1 - if one_page { 34.0 } else { 48.0 },
            pages: vec![blank()],
        }
    }

    /// Room for something of this height that is not to be broken; what is higher than a page begins where it is.
    pub(super) fn need(&mut self, height: f64) {
        let whole = self.bottom - self.top;
        if self.y + height > self.bottom && self.y > self.top && (height <= whole || self.y > self.bottom - 60.0) {
            self.pages.push(blank());
            self.y = self.top;
        }
    }

    /// The greatest height that a page has room for.
    pub(super) fn page_height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn gap(&mut self, points: f64) {
        if self.y > self.top {
            self.y += points;
        }
    }

    /// The page that is being filled, and the ink.
    pub(super) fn on_page(&mut self) -> Option<(&mut Content, &mut Ink)> {
        self.pages.last_mut().map(|page| (page, &mut *self.ink))
    }

    pub(super) fn style(&self, size: f64, colour: Rgb, bold: bool) -> Style {
        Style { size, colour, bold }
    }

    pub(super) fn wrapped(&mut self, text: &str, size: f64, room: f64) -> Vec<String> {
        let ink = &mut *self.ink;
        wrap::lines(text, room, &mut |t| ink.width(t, size))
    }

    /// Lines at a place of this page, without going on; the height they took.
    pub(super) fn lines_at(&mut self, lines: &[String], (x, y): (f64, f64), style: Style) -> f64 {
        let step = style.size * LEADING;
        for (index, line) in lines.iter().enumerate() {
            let at = (x, y + step * index as f64 + style.size);
            if let Some((page, ink)) = self.on_page() {
                ink.text(page, line, at, style, false);
            }
        }
        step * lines.len() as f64
    }

    /// A paragraph, broken over pages line by line.
    pub(super) fn paragraph(&mut self, text: &str, style: Style, indent: f64) {
        for line in self.wrapped(text, style.size, self.width - indent) {
            self.need(style.size * LEADING);
            let at = (self.left + indent, self.y);
            self.y += self.lines_at(&[line], at, style);
        }
    }

    /// A horizontal line.
    pub(super) fn rule(&mut self, y: f64, colour: Rgb, thick: f64) {
        let (left, right) = (self.left, self.left + self.width);
        if let Some((page, ink)) = self.on_page() {
            ink.line(page, &[(left, y), (right, y)], colour, thick, 1.0);
        }
    }

    pub(super) fn fill(&mut self, corner: (f64, f64), size: (f64, f64), colour: Rgb) {
        if let Some((page, ink)) = self.on_page() {
            ink.rect(page, corner, size, colour);
        }
    }

    /// The pages, each with the running text and its number at the foot.
    pub(super) fn finish(self, running: &str) -> Vec<Content> {
        let mut pages = self.pages;
        let total = pages.len();
        let style = Style { size: 7.5, colour: SOFT, bold: false };
        let y = PAPER.1 - 22.0;
        for (number, page) in pages.iter_mut().enumerate() {
            let text = format!("{} / {total}", number + 1);
            let width = self.ink.width(&text, style.size);
            self.ink.text(page, running, (40.0, y), style, false);
            self.ink.text(page, &text, (PAPER.0 - 40.0 - width, y), style, false);
        }
        pages
    }
}

fn blank() -> Content {
    Content::with_settings(Settings { pretty: false })
}
