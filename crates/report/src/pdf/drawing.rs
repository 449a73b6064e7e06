//! A picture on a page: its own units scaled to points, its lines as lines.

use pdf_writer::Content;

use super::ink::{Image, Ink, Style, up};
use crate::picture::{Drawing, Pen, Rgb};

/// Draws a picture so that its top left corner is at a place and its width as given.
pub(super) fn put(ink: &mut Ink, page: &mut Content, drawing: &Drawing, corner: (f64, f64), width: f64) {
    let scale = width / drawing.size().0;
    drawing.put(&mut Scaled { ink, page, corner, scale });
}

struct Scaled<'a> {
    ink: &'a mut Ink,
    page: &'a mut Content,
    corner: (f64, f64),
    scale: f64,
}

impl Scaled<'_> {
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.corner.0 + x * self.scale, self.corner.1 + y * self.scale)
    }

    fn places(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let finite = points.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
        finite.map(|p| self.place(*p)).collect()
    }
}

impl Pen for Scaled<'_> {
    fn path(&mut self, points: &[(f64, f64)], colour: Rgb, width: f64, opacity: f64) {
        let points = self.places(points);
        self.ink.line(self.page, &points, colour, width * self.scale, opacity);
    }

    fn area(&mut self, corners: &[(f64, f64)], colour: Rgb, opacity: f64) {
        let corners = self.places(corners);
        self.ink.area(self.page, &corners, colour, opacity);
    }

    fn ring(&mut self, centre: (f64, f64), radius: f64, colour: Rgb, width: f64) {
        // Four cubic curves; the distance of their handles is 4/3 (sqrt 2 - 1) of the radius.
        const HANDLE: f64 = 0.552_284_749_8;
        let ((x, y), r) = (self.place(centre), radius * self.scale);
        let (h, f) = (HANDLE * r, |v: f64| v as f32);
        self.page.save_state();
        self.ink.colour(self.page, colour);
        self.page.set_line_width(f(width * self.scale));
        self.page.move_to(f(x + r), up(y));
        self.page.cubic_to(f(x + r), up(y + h), f(x + h), up(y + r), f(x), up(y + r));
        self.page.cubic_to(f(x - h), up(y + r), f(x - r), up(y + h), f(x - r), up(y));
        self.page.cubic_to(f(x - r), up(y - h), f(x - h), up(y - r), f(x), up(y - r));
        self.page.cubic_to(f(x + h), up(y - r), f(x + r), up(y - h), f(x + r), up(y));
        self.page.close_and_stroke();
        self.page.restore_state();
    }

    fn text(&mut self, text: &str, at: (f64, f64), size: f64, colour: Rgb, share: f64, upright: bool) {
        let size = size * self.scale;
        let before = self.ink.width(text, size) * share;
        // The middle of the letters is about a third of their size above the baseline.
        let drop = size * 0.34;
        let (x, y) = self.place(at);
        let at = if upright { (x + drop, y + before) } else { (x - before, y + drop) };
        self.ink.text(self.page, text, at, Style { size, colour, bold: false }, upright);
    }

    fn image(&mut self, corner: (f64, f64), size: (f64, f64), pixels: (u32, u32), rgb: &[u8]) {
        let (corner, size) = (self.place(corner), (size.0 * self.scale, size.1 * self.scale));
        self.ink.image(self.page, corner, size, Image { pixels, rgb: rgb.to_vec() });
    }
}
