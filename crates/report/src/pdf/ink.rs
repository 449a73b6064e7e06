//! Ink: text and shapes on the pages of a PDF, and what the pages share: fonts, opacities, images.

use std::collections::BTreeSet;

use pdf_writer::types::TextRenderingMode;
use pdf_writer::{Content, Name, Str};

use super::font::Fonts;
use crate::picture::Rgb;

/// Height of the paper in points: PDF counts from the bottom, we from the top.
pub(super) const PAPER: (f64, f64) = (595.28, 841.89);

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) colour: Rgb,
    pub(super) bold: bool,
}

/// An image that pages show.
pub(super) struct Image {
    pub(super) pixels: (u32, u32),
    pub(super) rgb: Vec<u8>,
}

/// What all pages share.
pub(super) struct Ink {
    pub(super) fonts: Fonts,
    /// In percent.
    pub(super) opacities: BTreeSet<u8>,
    pub(super) images: Vec<Image>,
}

impl Ink {
    pub(super) fn new(fonts: Fonts) -> Self {
        Self { fonts, opacities: BTreeSet::new(), images: Vec::new() }
    }

    /// Width of a text in points.
    pub(super) fn width(&mut self, text: &str, size: f64) -> f64 {
        text.chars().map(|c| self.fonts.glyph(c).advance).sum::<f64>() * size
    }

    /// Sets a text with its baseline beginning at a place; `upright` reads upwards.
    pub(super) fn text(&mut self, page: &mut Content, text: &str, at: (f64, f64), style: Style, upright: bool) {
        page.save_state();
        self.colour(page, style.colour);
        if style.bold {
            // The fonts at hand have one weight: a line around the letters makes the other.
            page.set_text_rendering_mode(TextRenderingMode::FillStroke);
            page.set_line_width((style.size * 0.035) as f32);
        }
        let mut along = 0.0;
        let mut run: (usize, Vec<u8>, f64) = (usize::MAX, Vec::new(), 0.0);
        for c in text.chars() {
            let glyph = self.fonts.glyph(c);
            if glyph.font != run.0 {
                show(page, &run, at, style.size, upright);
                run = (glyph.font, Vec::new(), along);
            }
            run.1.extend(self.fonts.used(glyph, c).to_be_bytes());
            along += glyph.advance * style.size;
        }
        show(page, &run, at, style.size, upright);
        page.restore_state();
    }

    /// Fills an outline.
    pub(super) fn area(&mut self, page: &mut Content, corners: &[(f64, f64)], colour: Rgb, opacity: f64) {
        page.save_state();
        self.opacity(page, opacity);
        self.colour(page, colour);
        outline(page, corners);
        page.close_path().fill_nonzero();
        page.restore_state();
    }

    /// Fills an upright rectangle.
    pub(super) fn rect(&mut self, page: &mut Content, (x, y): (f64, f64), (w, h): (f64, f64), colour: Rgb) {
        self.area(page, &[(x, y), (x + w, y), (x + w, y + h), (x, y + h)], colour, 1.0);
    }

    /// Draws a line.
    pub(super) fn line(&mut self, page: &mut Content, points: &[(f64, f64)], colour: Rgb, width: f64, opacity: f64) {
        page.save_state();
        self.opacity(page, opacity);
        self.colour(page, colour);
        page.set_line_width(width as f32);
        page.set_line_join(pdf_writer::types::LineJoinStyle::RoundJoin);
        outline(page, points);
        page.stroke();
        page.restore_state();
    }

    pub(super) fn colour(&self, page: &mut Content, colour: Rgb) {
        let [r, g, b] = colour.map(|v| f32::from(v) / 255.0);
        page.set_fill_rgb(r, g, b);
        page.set_stroke_rgb(r, g, b);
    }

    fn opacity(&mut self, page: &mut Content, opacity: f64) {
        let percent = (opacity * 100.0).round().clamp(0.0, 100.0) as u8;
        if percent < 100 {
            self.opacities.insert(percent);
            page.set_parameters(Name(format!("G{percent}").as_bytes()));
        }
    }

    /// Shows an image.
    pub(super) fn image(&mut self, page: &mut Content, (x, y): (f64, f64), (w, h): (f64, f64), image: Image) {
        page.save_state();
        page.transform([w as f32, 0.0, 0.0, h as f32, x as f32, up(y + h)]);
        page.x_object(Name(format!("I{}", self.images.len()).as_bytes()));
        page.restore_state();
        self.images.push(image);
    }
}

fn show(page: &mut Content, run: &(usize, Vec<u8>, f64), (x, y): (f64, f64), size: f64, upright: bool) {
    if run.1.is_empty() {
        return;
    }
    page.begin_text();
    page.set_font(Name(format!("F{}", run.0).as_bytes()), size as f32);
    if upright {
        page.set_text_matrix([0.0, 1.0, -1.0, 0.0, x as f32, up(y - run.2)]);
    } else {
        page.set_text_matrix([1.0, 0.0, 0.0, 1.0, (x + run.2) as f32, up(y)]);
    }
    page.show(Str(&run.1));
    page.end_text();
}

fn outline(page: &mut Content, points: &[(f64, f64)]) {
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            page.move_to(*x as f32, up(*y));
        } else {
            page.line_to(*x as f32, up(*y));
        }
    }
}

/// From the top to the bottom's count.
pub(super) fn up(y: f64) -> f32 {
    (PAPER.1 - y) as f32
}
