//! The waterfall chart: levels over frequency and time as colours, with a colour scale.

use faultscope_signal::Unit;

use super::axis::{Scale, ticks};
use super::frame::{AxisSpec, Frame, FrameSpec};
use super::scene::{Anchor, Area, Colour, Scene, Shape, Size};
use super::{sealed, theme};
use crate::format::frequency;
use crate::words::{Lang, fill, word};

/// Levels over frequency and time.
#[derive(Debug, Clone, PartialEq)]
pub struct WaterfallChart {
    /// Language of the words on the axes.
    pub lang: Lang,
    /// Title.
    pub title: String,
    /// Small text at the right of the title.
    pub note: String,
    /// Unit of the levels.
    pub unit: Unit,
    /// Lowest and highest frequency in Hz: outer edges of the first and the last column.
    pub range_hz: (f64, f64),
    /// Start and end in seconds: outer edges of the first and the last row; time runs downwards.
    pub range_s: (f64, f64),
    /// Centre frequency in Hz, said on the axis.
    pub center_hz: Option<f64>,
    /// Columns (frequencies) per row.
    pub columns: usize,
    /// Levels, row by row; cells that are not finite stay white. A last row that is not whole is left out.
    pub levels: Vec<f32>,
    /// Levels of the darkest and the brightest colour; chosen from the data without it.
    pub range_db: Option<(f64, f64)>,
}

impl WaterfallChart {
    fn rows(&self) -> usize {
        self.levels.len().checked_div(self.columns).unwrap_or(0)
    }

    /// From just below the median (noise) to the highest level.
    fn heat_range(&self) -> (f64, f64) {
        if let Some(range) = self.range_db {
            return range;
        }
        let step = (self.levels.len() / 200_000).max(1);
        let mut sample: Vec<f32> = self.levels.iter().step_by(step).copied().filter(|v| v.is_finite()).collect();
        sample.sort_by(f32::total_cmp);
        let high = self.levels.iter().copied().filter(|v| v.is_finite()).fold(f32::NEG_INFINITY, f32::max);
        let low = sample.get(sample.len() / 10).copied().unwrap_or(-120.0);
        if high.is_finite() { (f64::from(low), f64::from(high).max(f64::from(low) + 10.0)) } else { (-120.0, 0.0) }
    }

    /// The strongest level of every cell of a coarser grid, so that a narrow line or a short burst is never lost.
    fn reduced(&self, most_columns: usize, most_rows: usize) -> (usize, usize, Vec<f32>) {
        let (columns, rows) = (self.columns.min(most_columns), self.rows().min(most_rows));
        let mut out = vec![f32::NAN; columns * rows];
        for (row, line) in self.levels.chunks_exact(self.columns.max(1)).enumerate().take(self.rows()) {
            let to = row * rows / self.rows().max(1);
            for (column, level) in line.iter().enumerate() {
                if let Some(cell) = out.get_mut(to * columns + column * columns / self.columns) {
                    *cell = cell.max(*level);
                }
            }
        }
        (columns, rows, out)
    }

    fn image(&self, scene: &mut Scene, frame: &Frame, (low, high): (f64, f64)) {
        let (columns, rows, levels) = self.reduced(frame.plot.width() as usize, frame.plot.height() as usize);
        let colour = |level: f32| {
            let part = (f64::from(level) - low) / (high - low);
            if part.is_finite() || level == f32::INFINITY { theme::heat(part) } else { theme::PAPER }
        };
        let rgb = levels.into_iter().map(colour).flat_map(|Colour(r, g, b)| [r, g, b]).collect();
        let image = Shape::Image { area: frame.plot, columns: columns as u32, rows: rows as u32, rgb };
        scene.shapes.push(image);
    }

    fn colour_scale(&self, scene: &mut Scene, frame: &Frame, range: (f64, f64)) {
        const STEPS: usize = 128;
        let (x0, x1) = (frame.plot.x1 + 28.0, frame.plot.x1 + 52.0);
        let scale = Scale::new(range, (frame.plot.y1, frame.plot.y0), false);
        let edge = |i: usize| frame.plot.y1 - i as f64 * frame.plot.height() / STEPS as f64;
        for step in 0..STEPS {
            // Each step reaches a little under the next, so that no seam shows.
            let area = Area::new(x0, edge(step + 1), x1, (edge(step) + 1.0).min(frame.plot.y1));
            let fill = theme::heat(step as f64 / (STEPS - 1) as f64);
            scene.shapes.push(Shape::Rect { area, fill, opacity: 1.0 });
        }
        for (value, label) in ticks(&scale, (frame.plot.height() / 58.0) as usize, false).major {
            scene.text(label, (x1 + 10.0, scale.place(value)), theme::SMALL, theme::SOFT_INK, Anchor::Start);
        }
        scene.text(self.unit.symbol(), (x0, frame.plot.y0 - 18.0), theme::SMALL, theme::INK, Anchor::Start);
    }

    fn spec(&self) -> FrameSpec<'_> {
        let axis =
            |name, unit, range, note| AxisSpec { name, unit, range, log: false, prefixed: true, note, ticks: true };
        let note = self.center_hz.map(|center| {
            let span = super::spectrum::short_frequency(self.range_hz.1 - self.range_hz.0, 4);
            fill(self.lang, "chart.centre", &[("centre", &frequency(center)), ("span", &span)])
        });
        FrameSpec {
            title: &self.title,
            note: &self.note,
            x: axis(word(self.lang, "chart.frequency"), "Hz", self.range_hz, note.unwrap_or_default()),
            y: axis(word(self.lang, "chart.time"), "s", self.range_s, String::new()),
            lang: self.lang,
            right: 110.0,
            legend: false,
            downwards: true,
        }
    }
}

impl sealed::Layout for WaterfallChart {
    #[allow(private_interfaces, reason = "sealed: only this room sees a scene")]
    fn scene(&self, size: Size) -> Scene {
        let mut scene = Scene::new(size);
        let frame = Frame::draw(&mut scene, &self.spec());
        if self.rows() == 0 {
            frame.empty(&mut scene, self.lang);
        } else {
            let range = self.heat_range();
            self.image(&mut scene, &frame, range);
            self.colour_scale(&mut scene, &frame, range);
        }
        frame.border(&mut scene);
        scene
    }
}
