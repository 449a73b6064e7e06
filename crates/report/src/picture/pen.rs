//! A pen: what whoever puts a drawing on other paper has to be able to do.

use super::Drawing;
use super::scene::{Anchor, Colour, Shape};

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// Draws what a picture consists of, in the picture's own units, y downwards; later things cover earlier ones.
pub(crate) trait Pen {
    /// A line through points.
    fn path(&mut self, points: &[(f64, f64)], colour: Rgb, width: f64, opacity: f64);
    /// A filled outline.
    fn area(&mut self, corners: &[(f64, f64)], colour: Rgb, opacity: f64);
    /// The line of a circle.
    fn ring(&mut self, centre: (f64, f64), radius: f64, colour: Rgb, width: f64);
    /// A text whose middle is at the height of `at`, with `share` of its width before it; `upright` reads upwards.
    fn text(&mut self, text: &str, at: (f64, f64), size: f64, colour: Rgb, share: f64, upright: bool);
    /// Pixels, row by row from the top left corner, stretched over `size`.
    fn image(&mut self, corner: (f64, f64), size: (f64, f64), pixels: (u32, u32), rgb: &[u8]);
}

impl Drawing {
    /// Width and height.
    pub(crate) fn size(&self) -> (f64, f64) {
        (f64::from(self.0.size.width), f64::from(self.0.size.height))
    }

    /// Draws everything in its order.
    pub(crate) fn put(&self, pen: &mut dyn Pen) {
        self.0.shapes.iter().for_each(|shape| put(shape, pen));
    }
}

fn put(shape: &Shape, pen: &mut dyn Pen) {
    let rgb = |Colour(r, g, b): Colour| [r, g, b];
    match shape {
        Shape::Path { points, stroke } => pen.path(points, rgb(stroke.colour), stroke.width, stroke.opacity),
        Shape::Rect { area, fill, opacity } => {
            let corners = [(area.x0, area.y0), (area.x1, area.y0), (area.x1, area.y1), (area.x0, area.y1)];
            pen.area(&corners, rgb(*fill), *opacity);
        }
        Shape::Polygon { points, fill, opacity } => pen.area(points, rgb(*fill), *opacity),
        Shape::Circle { x, y, r, stroke } => pen.ring((*x, *y), *r, rgb(stroke.colour), stroke.width),
        Shape::Text(text) => {
            let share = match text.anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => 0.5,
                Anchor::End => 1.0,
            };
            pen.text(&text.text, (text.x, text.y), text.size, rgb(text.colour), share, text.upright);
        }
        Shape::Image { area, columns, rows, rgb } => {
            pen.image((area.x0, area.y0), (area.width(), area.height()), (*columns, *rows), rgb);
        }
    }
}
