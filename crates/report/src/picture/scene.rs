//! The scene: what a picture consists of, as data, before any file format is thought of.

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// A colour `part` of the way to `other`.
    pub(super) fn mix(self, other: Self, part: f64) -> Self {
        let blend = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
        Self(blend(self.0, other.0), blend(self.1, other.1), blend(self.2, other.2))
    }
}

/// How the outline of a shape is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub colour: Colour,
    pub width: f64,
    pub opacity: f64,
}

impl Stroke {
    pub(super) const fn new(colour: Colour, width: f64) -> Self {
        Self { colour, width, opacity: 1.0 }
    }
}

/// Which point of a text its position names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `y` is its middle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub size: f64,
    pub colour: Colour,
    pub anchor: Anchor,
    /// Reads upwards.
    pub upright: bool,
}

/// One thing drawn; later ones cover earlier ones. All coordinates are in scene units, y downwards.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Path {
        points: Vec<(f64, f64)>,
        stroke: Stroke,
    },
    Rect {
        area: Area,
        fill: Colour,
        opacity: f64,
    },
    Polygon {
        points: Vec<(f64, f64)>,
        fill: Colour,
        opacity: f64,
    },
    Circle {
        x: f64,
        y: f64,
        r: f64,
        stroke: Stroke,
    },
    Text(Text),
    /// `rgb` holds `columns` x `rows` pixels, top row first, stretched over `area`.
    Image {
        area: Area,
        columns: u32,
        rows: u32,
        rgb: Vec<u8>,
    },
}

/// An upright rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub x0: f64,
    pub y0: f64,
    pub x1: f64,
    pub y1: f64,
}

impl Area {
    pub(super) const fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { x0, y0, x1, y1 }
    }

    pub(super) fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    pub(super) fn height(&self) -> f64 {
        self.y1 - self.y0
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    /// The part of the segment from `a` to `b` inside the area (Liang and Barsky, 1984).
    pub(super) fn clip(&self, a: (f64, f64), b: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for (p, q) in [(-dx, a.0 - self.x0), (dx, self.x1 - a.0), (-dy, a.1 - self.y0), (dy, self.y1 - a.1)] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else if p < 0.0 {
                enter = enter.max(q / p);
            } else {
                leave = leave.min(q / p);
            }
        }
        (enter <= leave).then(|| {
            let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
            (if enter == 0.0 { a } else { at(enter) }, if leave == 1.0 { b } else { at(leave) })
        })
    }
}

/// A picture's size in scene units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width in pixels of the PNG, and of the SVG at its natural size.
    pub width: u32,
    /// Height, likewise.
    pub height: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 1600, height: 760 }
    }
}

impl Size {
    /// The size held between what a plot needs and what memory should be spent on.
    #[must_use]
    pub fn sane(self) -> Self {
        Self { width: self.width.clamp(480, 4096), height: self.height.clamp(320, 4096) }
    }
}

/// The shapes of one picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    pub size: Size,
    pub shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(size: Size) -> Self {
        Self { size: size.sane(), shapes: Vec::new() }
    }

    pub(super) fn text(
        &mut self,
        text: impl Into<String>,
        (x, y): (f64, f64),
        size: f64,
        colour: Colour,
        anchor: Anchor,
    ) {
        let text = Text { text: text.into(), x, y, size, colour, anchor, upright: false };
        self.shapes.push(Shape::Text(text));
    }

    /// A text on a patch of paper, so that it can be read across a trace.
    pub(super) fn text_on_paper(&mut self, text: &str, (x, y): (f64, f64), size: f64, colour: Colour, anchor: Anchor) {
        let width = super::font::width(text, size);
        let x0 = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        if width > 0.0 && x0.is_finite() && y.is_finite() {
            let area = Area::new(x0 - 4.0, y - size * 0.6, x0 + width + 4.0, y + size * 0.6);
            self.shapes.push(Shape::Rect { area, fill: super::theme::PAPER, opacity: 0.8 });
        }
        self.text(text, (x, y), size, colour, anchor);
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.shapes.push(Shape::Path { points: vec![from, to], stroke });
    }

    /// A path, cut at the border of `area`.
    pub(super) fn path_in(&mut self, area: &Area, points: &[(f64, f64)], stroke: Stroke) {
        for piece in clip_path(area, points) {
            self.shapes.push(Shape::Path { points: piece, stroke });
        }
    }

    /// A dashed path, cut at the border of `area`.
    pub(super) fn dashes_in(&mut self, area: &Area, points: &[(f64, f64)], stroke: Stroke, (on, off): (f64, f64)) {
        for piece in clip_path(area, points) {
            for dash in dashes(&piece, on, off) {
                self.shapes.push(Shape::Path { points: dash, stroke });
            }
        }
    }
}

fn clip_path(area: &Area, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    for (a, b) in points.iter().zip(points.iter().skip(1)) {
        let Some((from, to)) = area.clip(*a, *b) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

fn dashes(points: &[(f64, f64)], on: f64, off: f64) -> Vec<Vec<(f64, f64)>> {
    let mut out: Vec<Vec<(f64, f64)>> = Vec::new();
    let (mut drawing, mut left) = (true, on);
    for (a, b) in points.iter().zip(points.iter().skip(1)) {
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let mut done = 0.0;
        while done < length {
            let step = left.min(length - done);
            let at = |d: f64| (a.0 + (b.0 - a.0) * d / length, a.1 + (b.1 - a.1) * d / length);
            if drawing {
                out.push(vec![at(done), at(done + step)]);
            }
            done += step;
            left -= step;
            if left <= 1e-9 {
                drawing = !drawing;
                left = if drawing { on } else { off };
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_keeps_the_inner_part_and_drops_the_rest() {
        let area = Area::new(0.0, 0.0, 10.0, 10.0);
        assert_eq!(area.clip((-10.0, 5.0), (20.0, 5.0)), Some(((0.0, 5.0), (10.0, 5.0))));
        assert_eq!(area.clip((-5.0, -1.0), (20.0, -1.0)), None);
        assert_eq!(area.clip((2.0, 2.0), (3.0, 3.0)), Some(((2.0, 2.0), (3.0, 3.0))));
        let pieces = clip_path(&area, &[(1.0, 1.0), (1.0, 20.0), (5.0, 20.0), (5.0, 5.0)]);
        assert_eq!(pieces, vec![vec![(1.0, 1.0), (1.0, 10.0)], vec![(5.0, 10.0), (5.0, 5.0)]]);
    }

    #[test]
    fn dashes_cover_their_share() {
        let cut = dashes(&[(0.0, 0.0), (100.0, 0.0)], 6.0, 4.0);
        let drawn: f64 = cut.iter().map(|d| d[1].0 - d[0].0).sum();
        assert_eq!(cut.len(), 10);
        assert!((drawn - 60.0).abs() < 1e-9);
    }
}
