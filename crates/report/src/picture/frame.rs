//! The frame of a plot: title, axes with numbers, grid, legend; and the map from values to the scene.

use super::axis::{Scale, Ticks, ticks};
use super::font;
use super::scene::{Anchor, Area, Colour, Scene, Shape, Stroke, Text};
use super::theme;
use crate::words::{Lang, fill, word};

/// What a frame needs to know.
pub(super) struct FrameSpec<'a> {
    pub title: &'a str,
    /// Small text at the right of the title line: RBW, window, number of averages.
    pub note: &'a str,
    pub x: AxisSpec<'a>,
    pub y: AxisSpec<'a>,
    pub lang: Lang,
    /// Room to the right of the plot, for a colour scale.
    pub right: f64,
    /// Whether there is a legend line above the plot.
    pub legend: bool,
    /// Whether the vertical axis runs downwards: time in a waterfall.
    pub downwards: bool,
}

/// What an axis shows.
pub(super) struct AxisSpec<'a> {
    pub name: &'a str,
    pub unit: &'a str,
    pub range: (f64, f64),
    pub log: bool,
    /// Whether numbers share an SI prefix.
    pub prefixed: bool,
    /// Said after the axis name.
    pub note: String,
    /// Whether the axis has numbers and lines of its own.
    pub ticks: bool,
}

/// A drawn frame.
pub(super) struct Frame {
    pub plot: Area,
    pub x: Scale,
    pub y: Scale,
}

impl Frame {
    /// Draws the frame and says where the plot is.
    pub(super) fn draw(scene: &mut Scene, spec: &FrameSpec<'_>) -> Self {
        let (w, h) = (f64::from(scene.size.width), f64::from(scene.size.height));
        let top = if spec.legend { 100.0 } else { 66.0 };
        let plot = Area::new(118.0, top, w - 34.0 - spec.right, h - 92.0);
        let x = Scale::new(spec.x.range, (plot.x0, plot.x1), spec.x.log);
        let ends = if spec.downwards { (plot.y0, plot.y1) } else { (plot.y1, plot.y0) };
        let y = Scale::new(spec.y.range, ends, spec.y.log);
        let frame = Self { plot, x, y };
        let x_ticks = ticks(&x, (plot.width() / 150.0) as usize, spec.x.prefixed);
        let y_ticks = ticks(&y, (plot.height() / 58.0) as usize, spec.y.prefixed);
        frame.title(scene, spec);
        if spec.x.ticks {
            frame.x_axis(scene, &x_ticks);
        }
        frame.y_axis(scene, &y_ticks);
        frame.names(scene, spec, &x_ticks, &y_ticks);
        frame
    }

    fn title(&self, scene: &mut Scene, spec: &FrameSpec<'_>) {
        let room = self.plot.width();
        let note = font::width(spec.note, theme::SMALL);
        let title = shorten(spec.title, theme::TITLE, room - note - 40.0);
        scene.text(title, (self.plot.x0, 34.0), theme::TITLE, theme::INK, Anchor::Start);
        if !spec.note.is_empty() {
            let end = (self.plot.x1, 36.0);
            scene.text(spec.note, end, theme::SMALL, theme::SOFT_INK, Anchor::End);
        }
    }

    fn x_axis(&self, scene: &mut Scene, ticks: &Ticks) {
        for value in &ticks.minor {
            let x = self.x.place(*value);
            scene.line((x, self.plot.y0), (x, self.plot.y1), Stroke::new(theme::MINOR_GRID, 1.0));
        }
        for (value, label) in &ticks.major {
            let x = self.x.place(*value);
            scene.line((x, self.plot.y0), (x, self.plot.y1), Stroke::new(theme::GRID, 1.0));
            // The last number may be wider than the margin: it stays on the paper.
            let room = f64::from(scene.size.width) - 4.0 - font::width(label, theme::SMALL) / 2.0;
            let place = (x.min(room), self.plot.y1 + 24.0);
            scene.text(label.as_str(), place, theme::SMALL, theme::SOFT_INK, Anchor::Middle);
        }
    }

    fn y_axis(&self, scene: &mut Scene, ticks: &Ticks) {
        for value in &ticks.minor {
            let y = self.y.place(*value);
            scene.line((self.plot.x0, y), (self.plot.x1, y), Stroke::new(theme::MINOR_GRID, 1.0));
        }
        for (value, label) in &ticks.major {
            let y = self.y.place(*value);
            scene.line((self.plot.x0, y), (self.plot.x1, y), Stroke::new(theme::GRID, 1.0));
            scene.text(label.as_str(), (self.plot.x0 - 12.0, y), theme::SMALL, theme::SOFT_INK, Anchor::End);
        }
    }

    fn names(&self, scene: &mut Scene, spec: &FrameSpec<'_>, x: &Ticks, y: &Ticks) {
        let middle = (self.plot.x0 + self.plot.x1) / 2.0;
        let below = (middle, f64::from(scene.size.height) - 28.0);
        scene.text(axis_name(&spec.x, x, spec.lang), below, theme::LABEL, theme::INK, Anchor::Middle);
        scene.shapes.push(Shape::Text(Text {
            text: axis_name(&spec.y, y, spec.lang),
            x: 26.0,
            y: (self.plot.y0 + self.plot.y1) / 2.0,
            size: theme::LABEL,
            colour: theme::INK,
            anchor: Anchor::Middle,
            upright: true,
        }));
    }

    /// The line around the plot; drawn last, so that it covers the ends of traces.
    pub(super) fn border(&self, scene: &mut Scene) {
        let p = &self.plot;
        let points = vec![(p.x0, p.y0), (p.x1, p.y0), (p.x1, p.y1), (p.x0, p.y1), (p.x0, p.y0)];
        scene.shapes.push(Shape::Path { points, stroke: Stroke::new(theme::FRAME, 1.5) });
    }

    /// Names of traces in one line above the plot; those that do not fit are left out.
    pub(super) fn legend(&self, scene: &mut Scene, entries: &[(String, Colour, bool)]) {
        let (mut x, y) = (self.plot.x0, self.plot.y0 - 22.0);
        for (name, colour, dashed) in entries {
            let name = shorten(name, theme::SMALL, 420.0);
            let width = 46.0 + font::width(&name, theme::SMALL) + 28.0;
            if x + width > self.plot.x1 + 28.0 {
                return;
            }
            let stroke = Stroke::new(*colour, 3.0);
            let everywhere = Area::new(0.0, 0.0, f64::from(scene.size.width), f64::from(scene.size.height));
            let dash = if *dashed { (10.0, 6.0) } else { (100.0, 0.1) };
            scene.dashes_in(&everywhere, &[(x, y), (x + 36.0, y)], stroke, dash);
            scene.text(name, (x + 46.0, y), theme::SMALL, theme::INK, Anchor::Start);
            x += width;
        }
    }

    /// A word in the middle of an empty plot: never an empty picture without a reason.
    pub(super) fn empty(&self, scene: &mut Scene, lang: Lang) {
        let middle = ((self.plot.x0 + self.plot.x1) / 2.0, (self.plot.y0 + self.plot.y1) / 2.0);
        scene.text(word(lang, "chart.no_data"), middle, theme::LABEL, theme::SOFT_INK, Anchor::Middle);
    }
}

/// `Frequency (MHz), centre 940 MHz, span 2.4 MHz`.
fn axis_name(axis: &AxisSpec<'_>, ticks: &Ticks, lang: Lang) -> String {
    let unit = format!("{}{}", ticks.prefix, axis.unit);
    let mut name = if unit.is_empty() { axis.name.to_owned() } else { format!("{} ({unit})", axis.name) };
    if ticks.origin != 0.0 {
        let (factor, prefix) = crate::format::prefix_of(ticks.origin);
        let from = format!("{} {prefix}{}", crate::format::plain(ticks.origin / factor, 10), axis.unit);
        name = fill(lang, "chart.from", &[("axis", &name), ("origin", &from)]);
    }
    if axis.note.is_empty() { name } else { format!("{name}{}{}", word(lang, "chart.comma"), axis.note) }
}

/// A text cut to `room` scene units, with an ellipsis.
pub(super) fn shorten(text: &str, size: f64, room: f64) -> String {
    let text: String = text.chars().take(400).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if font::width(&text, size) <= room {
        return text;
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.len() > 1 {
        kept.pop();
        let candidate: String = kept.iter().chain(['…'].iter()).collect();
        if font::width(&candidate, size) <= room {
            return candidate;
        }
    }
    "…".into()
}
