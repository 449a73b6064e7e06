//! From a scene to SVG text or PNG bytes, through the backends of plotters.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, IntoFont as _, IntoTextStyle as _, RGBAColor, ShapeStyle};

use super::font;
use super::scene::{Anchor, Area, Colour, Scene, Shape, Size, Stroke, Text};
use super::theme;
use crate::ReportError;

/// Both kinds are drawn on a grid twice as fine as the scene: half-unit steps in SVG, smooth edges in PNG.
const FINE: u32 = 2;

/// SVG text that this room has drawn, and that is therefore safe to put into a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg(String);

impl Svg {
    /// The text, from `<svg` to `</svg>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Draws as SVG.
pub(super) fn svg(scene: &Scene) -> Result<Svg, ReportError> {
    font::ready()?;
    let mut text = String::new();
    let size = (scene.size.width * FINE, scene.size.height * FINE);
    let mut images = Vec::new();
    {
        let mut backend = SVGBackend::with_string(&mut text, size);
        let mut brush = Brush { backend: &mut backend, vector: true };
        brush.background(size)?;
        for shape in &scene.shapes {
            match shape {
                Shape::Image { area, columns, rows, rgb } => images.push(image_tag(area, *columns, *rows, rgb)?),
                shape => brush.draw(shape)?,
            }
        }
        backend.present().map_err(|e| ReportError::picture(e.to_string()))?;
    }
    Ok(Svg(finish(text, scene.size, size, &images.concat())))
}

/// The library writes the fine grid as the natural size; images go last, since nothing is drawn over them.
fn finish(text: String, size: Size, fine: (u32, u32), images: &str) -> String {
    let natural = format!("width=\"{}\" height=\"{}\"", size.width, size.height);
    let text = text.replacen(&format!("width=\"{}\" height=\"{}\"", fine.0, fine.1), &natural, 1);
    let body = text.trim_end().strip_suffix("</svg>").unwrap_or(&text);
    format!("{body}{images}</svg>\n")
}

fn image_tag(area: &Area, columns: u32, rows: u32, rgb: &[u8]) -> Result<String, ReportError> {
    let data = crate::base64(&encode_png(columns, rows, rgb)?);
    let fine = |v: f64| (v * f64::from(FINE)).round() as i64;
    Ok(format!(
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>\n",
        fine(area.x0),
        fine(area.y0),
        fine(area.width()),
        fine(area.height())
    ))
}

/// Draws as PNG.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, ReportError> {
    font::ready()?;
    let size = (scene.size.width * FINE, scene.size.height * FINE);
    let mut fine = vec![0_u8; 3 * size.0 as usize * size.1 as usize];
    {
        let mut backend = BitMapBackend::with_buffer(&mut fine, size);
        let mut brush = Brush { backend: &mut backend, vector: false };
        brush.background(size)?;
        for shape in &scene.shapes {
            brush.draw(shape)?;
        }
    }
    encode_png(scene.size.width, scene.size.height, &halve(&fine, size))
}

/// Mean of each 2 x 2 pixels.
fn halve(fine: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let stride = 3 * width as usize;
    let mut out = Vec::with_capacity(fine.len() / 4);
    for pair in fine.chunks_exact(2 * stride).take(height as usize / 2) {
        let (upper, lower) = pair.split_at(stride);
        for (u, l) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for channel in 0..3 {
                let sum: u32 =
                    [u, l].iter().flat_map(|p| p.iter().skip(channel).step_by(3)).map(|v| u32::from(*v)).sum();
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}

/// A PNG of pixels: red, green, blue of each, row by row from the top left.
///
/// # Errors
/// When there are not as many as width and height say.
pub fn encode_png(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, ReportError> {
    let failed = |e: png::EncodingError| ReportError::picture(format!("the PNG cannot be written ({e})"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Of a waterfall, the search for a shorter file costs more than the spectra do.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

struct Brush<'a, B: DrawingBackend> {
    backend: &'a mut B,
    vector: bool,
}

impl<B: DrawingBackend> Brush<'_, B> {
    fn background(&mut self, (w, h): (u32, u32)) -> Result<(), ReportError> {
        let style = fill(theme::PAPER, 1.0);
        self.backend.draw_rect((0, 0), (w as i32, h as i32), &style, true).map_err(failed)
    }

    fn draw(&mut self, shape: &Shape) -> Result<(), ReportError> {
        match shape {
            Shape::Path { points, stroke } => self.path(points, stroke),
            Shape::Rect { area, fill: colour, opacity } => self
                .backend
                .draw_rect(fine((area.x0, area.y0)), fine((area.x1, area.y1)), &fill(*colour, *opacity), true)
                .map_err(failed),
            Shape::Polygon { points, fill: colour, opacity } => {
                let points: Vec<_> = points.iter().map(|p| fine(*p)).collect();
                self.backend.fill_polygon(points, &fill(*colour, *opacity)).map_err(failed)
            }
            Shape::Circle { x, y, r, stroke } => self.circle(*x, *y, *r, stroke),
            Shape::Text(text) => self.text(text),
            Shape::Image { area, columns, rows, rgb } => self.image(area, *columns, *rows, rgb),
        }
    }

    fn path(&mut self, points: &[(f64, f64)], stroke: &Stroke) -> Result<(), ReportError> {
        let mut points: Vec<_> = points.iter().map(|p| fine(*p)).collect();
        points.dedup();
        if let [only] = points[..] {
            points.push((only.0 + 1, only.1));
        }
        let style = outline(stroke);
        if self.vector {
            return self.backend.draw_path(points, &style).map_err(failed);
        }
        // The bitmap backend joins sharp corners with long spikes: draw segment by segment.
        for (a, b) in points.iter().zip(points.iter().skip(1)) {
            self.segment(*a, *b, &style)?;
        }
        Ok(())
    }

    /// Upright and level segments, the greater part of every trace, are plain rectangles.
    fn segment(&mut self, a: (i32, i32), b: (i32, i32), style: &ShapeStyle) -> Result<(), ReportError> {
        if a.0 != b.0 && a.1 != b.1 {
            return self.backend.draw_path([a, b], style).map_err(failed);
        }
        let width = style.stroke_width as i32;
        let (before, after) = (width / 2, width - width / 2);
        let from = (a.0.min(b.0) - before, a.1.min(b.1) - before);
        let to = (a.0.max(b.0) + after, a.1.max(b.1) + after);
        self.backend.draw_rect(from, to, &style.filled(), true).map_err(failed)
    }

    fn circle(&mut self, x: f64, y: f64, r: f64, stroke: &Stroke) -> Result<(), ReportError> {
        let radius = (r * f64::from(FINE)).round() as u32;
        if self.vector {
            return self.backend.draw_circle(fine((x, y)), radius, &outline(stroke), false).map_err(failed);
        }
        // The bitmap backend's circles are one pixel thin: a closed path of chords keeps the width.
        let chords: Vec<_> = (0..=32)
            .map(|i| std::f64::consts::TAU * f64::from(i) / 32.0)
            .map(|a| (x + r * a.cos(), y + r * a.sin()))
            .collect();
        self.path(&chords, stroke)
    }

    fn text(&mut self, text: &Text) -> Result<(), ReportError> {
        let (family, words) = if self.vector { (font::PLAIN, text.text.clone()) } else { font::for_bitmap(&text.text) };
        let horizontal = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let desc = (family, text.size * 1.24 * f64::from(FINE) / if self.vector { 1.0 } else { 1.08 }).into_font();
        let desc = if text.upright { desc.transform(FontTransform::Rotate270) } else { desc };
        let ink = rgb(text.colour, 1.0);
        let style = desc.into_text_style(&(100, 100)).color(&ink);
        let style = style.pos(Pos::new(horizontal, VPos::Center));
        // The bitmap backend centres the em box, which sits higher than the middle of the letters.
        let drop = if self.vector { 0.0 } else { text.size * 0.14 };
        let at = if text.upright { (text.x + drop, text.y) } else { (text.x, text.y + drop) };
        self.backend.draw_text(&words, &style, fine(at)).map_err(failed)
    }

    fn image(&mut self, area: &Area, columns: u32, rows: u32, pixels: &[u8]) -> Result<(), ReportError> {
        let (from, to) = (fine((area.x0, area.y0)), fine((area.x1, area.y1)));
        let (w, h) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        for (row, line) in pixels.chunks_exact(3 * columns as usize).enumerate().take(rows as usize) {
            let edge = |r: usize| from.1 + (r as f64 * h / f64::from(rows)).round() as i32;
            for (column, pixel) in line.chunks_exact(3).enumerate() {
                let side = |c: usize| from.0 + (c as f64 * w / f64::from(columns)).round() as i32;
                let &[r, g, b] = pixel else { continue };
                let style = fill(Colour(r, g, b), 1.0);
                let (a, z) = ((side(column), edge(row)), (side(column + 1), edge(row + 1)));
                self.backend.draw_rect(a, z, &style, true).map_err(failed)?;
            }
        }
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> ReportError {
    ReportError::picture(format!("the picture cannot be drawn ({error})"))
}

/// A scene point on the fine grid; what is not finite or far outside is held at the border.
fn fine((x, y): (f64, f64)) -> (i32, i32) {
    let grid = |v: f64| (v * f64::from(FINE)).round().clamp(-20_000.0, 20_000.0) as i32;
    (grid(x), grid(y))
}

fn rgb(colour: Colour, opacity: f64) -> RGBAColor {
    RGBAColor(colour.0, colour.1, colour.2, opacity)
}

fn fill(colour: Colour, opacity: f64) -> ShapeStyle {
    ShapeStyle { color: rgb(colour, opacity), filled: true, stroke_width: 1 }
}

fn outline(stroke: &Stroke) -> ShapeStyle {
    let width = (stroke.width * f64::from(FINE)).round().max(1.0) as u32;
    ShapeStyle { color: rgb(stroke.colour, stroke.opacity), filled: false, stroke_width: width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_takes_the_mean() {
        let black_and_white = [0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0];
        assert_eq!(halve(&black_and_white, (2, 2)), vec![128, 128, 128]);
    }
}
