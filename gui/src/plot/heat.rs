//! Levels over time and frequency as a picture: a ring of rows, so that a new row costs one row of the texture.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use eframe::egui;
use egui::{Color32, ColorImage, Id, Rect, TextureHandle, TextureId, TextureOptions, pos2};
use egui_plot::{PlotImage, PlotPoint};
use faultscope_door::paper::picture::heat_rgb;
use faultscope_door::signal::waterfall::Waterfall;
use faultscope_door::signal::{Spectrum, Unit};

/// Most columns: a texture of every machine may be as wide.
pub(crate) const COLUMNS: usize = 2048;
/// Rows after which the range of levels is looked at again.
const LOOK: u64 = 32;
/// Decibels that the range may be off before all is coloured anew.
const SLACK_DB: f32 = 3.0;
/// Room below the mean of a row, where the noise lies, and above its peak.
const ROOM_DB: (f32, f32) = (8.0, 2.0);

/// Rows of levels, the newest on top.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    columns: usize,
    rows: usize,
    /// Row by row; where the newest lies moves upwards.
    levels: Vec<f32>,
    /// Rows that came so far.
    came: u64,
    /// Least and most of the rows since the range was looked at.
    seen: (f32, f32),
    range_db: (f32, f32),
    /// Counts what makes all colours wrong.
    epoch: u64,
}

impl Heat {
    /// Room for so many rows.
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        let (columns, rows) = (columns.clamp(1, COLUMNS), rows.max(1));
        Self {
            columns,
            rows,
            levels: vec![f32::NEG_INFINITY; columns * rows],
            came: 0,
            seen: (f32::INFINITY, f32::NEG_INFINITY),
            range_db: (f32::INFINITY, f32::NEG_INFINITY),
            epoch: 0,
        }
    }

    /// Columns.
    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// Levels of the darkest and the brightest colour.
    pub(crate) const fn range_db(&self) -> (f32, f32) {
        self.range_db
    }

    /// Puts a row on top; it must have as many levels as there are columns.
    pub(crate) fn push(&mut self, row: &[f32]) {
        if row.len() != self.columns {
            return;
        }
        self.came += 1;
        let slot = self.slot();
        if let Some(place) = self.levels.get_mut(slot * self.columns..(slot + 1) * self.columns) {
            place.copy_from_slice(row);
        }
        self.look(row);
    }

    /// Keeps the range of colours near what is there, without a flicker.
    fn look(&mut self, row: &[f32]) {
        let finite = || row.iter().copied().filter(|v| v.is_finite());
        let n = finite().count();
        if n == 0 {
            return;
        }
        let mean = finite().sum::<f32>() / n as f32;
        let most = finite().fold(f32::NEG_INFINITY, f32::max);
        self.seen = (self.seen.0.min(mean - ROOM_DB.0), self.seen.1.max(most + ROOM_DB.1));
        let fresh = !self.range_db.0.is_finite();
        if fresh || self.came.is_multiple_of(LOOK) {
            let off = (self.seen.0 - self.range_db.0).abs().max((self.seen.1 - self.range_db.1).abs());
            if fresh || off > SLACK_DB {
                self.range_db = self.seen;
                self.epoch += 1;
            }
            self.seen = (f32::INFINITY, f32::NEG_INFINITY);
        }
    }

    /// Fits the range of colours to all rows: for a picture that does not move.
    fn settle(&mut self) {
        let mut seen = (f32::INFINITY, f32::NEG_INFINITY);
        for row in self.levels.chunks(self.columns) {
            let finite = || row.iter().copied().filter(|v| v.is_finite());
            let mean = finite().sum::<f32>() / finite().count().max(1) as f32;
            seen = (seen.0.min(mean - ROOM_DB.0), finite().fold(seen.1, f32::max));
        }
        if seen.0 < seen.1 {
            self.range_db = seen;
            self.epoch += 1;
        }
    }

    /// Where the newest row lies.
    fn slot(&self) -> usize {
        self.rows - 1 - ((self.came.max(1) - 1) % self.rows as u64) as usize
    }

    /// The parts of the texture from the top of the picture down: where each begins and ends in the texture, and in the
    /// picture, both from 0 to 1.
    fn parts(&self) -> [(Rect, (f32, f32)); 2] {
        let cut = self.slot() as f32 / self.rows as f32;
        [
            (Rect::from_min_max(pos2(0.0, cut), pos2(1.0, 1.0)), (0.0, 1.0 - cut)),
            (Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, cut)), (1.0 - cut, 1.0)),
        ]
    }

    /// The parts as images of a plot, between two frequencies and from the top to the bottom of its heights.
    pub(crate) fn images(&self, texture: TextureId, hz: (f64, f64), (top, bottom): (f64, f64)) -> Vec<PlotImage> {
        let image = |(uv, (from, to)): (Rect, (f32, f32))| {
            let middle = top + (bottom - top) * f64::from(f32::midpoint(from, to));
            let height = (top - bottom).abs() as f32 * (to - from);
            let centre = PlotPoint::new(f64::midpoint(hz.0, hz.1), middle);
            PlotImage::new("", texture, centre, [(hz.1 - hz.0) as f32, height]).uv(uv)
        };
        self.parts().into_iter().filter(|(_, (from, to))| to > from).map(image).collect()
    }

    fn colours(&self, rows: std::ops::Range<usize>) -> ColorImage {
        let (low, high) = self.range_db;
        let scale = (SCALE as f32 - 1.0) / (high - low).max(1.0);
        let levels = self.levels.get(rows.start * self.columns..rows.end * self.columns).unwrap_or_default();
        let table = table();
        let colour = |level: &f32| {
            // Negative infinity, and NaN, become the darkest.
            let place = ((level - low) * scale).clamp(0.0, SCALE as f32 - 1.0) as usize;
            table.get(place).copied().unwrap_or(Color32::BLACK)
        };
        ColorImage::new([self.columns, rows.len()], levels.iter().map(colour).collect())
    }

    /// The picture as a texture, of which only new rows are painted; `key` names the place on the screen.
    pub(crate) fn texture(&self, context: &egui::Context, key: Id, owner: u64) -> TextureId {
        let kept = context.data_mut(|d| d.get_temp_mut_or_default::<Arc<Mutex<Option<Painted>>>>(key).clone());
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = Painted::stamp(self, owner);
        match kept.as_mut().filter(|p| p.stamp == whole && self.came - p.came.min(self.came) < self.rows as u64) {
            Some(painted) => self.paint_new(painted),
            None => {
                let image = self.colours(0..self.rows);
                let texture = context.load_texture("waterfall", image, TextureOptions::LINEAR);
                *kept = Some(Painted { texture, stamp: whole, came: self.came });
            }
        }
        kept.as_ref().map_or(TextureId::default(), |p| p.texture.id())
    }

    fn paint_new(&self, painted: &mut Painted) {
        while painted.came < self.came {
            painted.came += 1;
            let slot = self.rows - 1 - ((painted.came - 1) % self.rows as u64) as usize;
            painted.texture.set_partial([0, slot], self.colours(slot..slot + 1), TextureOptions::LINEAR);
        }
    }
}

/// What is in the texture.
struct Painted {
    texture: TextureHandle,
    /// Owner, epoch, columns, rows: a change of any makes the texture worthless.
    stamp: (u64, u64, usize, usize),
    came: u64,
}

impl Painted {
    fn stamp(heat: &Heat, owner: u64) -> (u64, u64, usize, usize) {
        (owner, heat.epoch, heat.columns, heat.rows)
    }
}

/// The waterfall of a stretch of a capture: it does not move.
#[derive(Debug, Clone)]
pub(crate) struct Still {
    /// The rows, the first on top.
    pub(crate) heat: Heat,
    /// Frequencies of the left and the right edge.
    pub(crate) range_hz: (f64, f64),
    /// Times of the top and the bottom edge.
    pub(crate) range_s: (f64, f64),
    /// Unit of the levels.
    pub(crate) unit: Unit,
}

impl Still {
    /// Of a waterfall as it was computed.
    pub(crate) fn of(made: &Waterfall) -> Self {
        let rows: Vec<Vec<f32>> = made.level_db.rows().into_iter().map(|r| narrow(r.iter().copied())).collect();
        let mut heat = Heat::new(rows.first().map_or(1, Vec::len), rows.len());
        // What is pushed last lies on top.
        rows.iter().rev().for_each(|row| heat.push(row));
        heat.settle();
        let (frame, bins) = (&made.frame, made.level_db.ncols());
        let end = made.start_s.last().copied().unwrap_or(0.0) + made.covered_s.last().copied().unwrap_or(0.0);
        Self {
            heat,
            range_hz: (frame.frequency_hz(-0.5), frame.frequency_hz(bins as f64 - 0.5)),
            range_s: (made.start_s.first().copied().unwrap_or(0.0), end),
            unit: frame.level_unit(),
        }
    }
}

/// How often each level occurred at each frequency: it does not move either.
#[derive(Debug, Clone)]
pub(crate) struct Density {
    /// The levels, the highest on top.
    pub(crate) heat: Heat,
    /// Frequencies of the left and the right edge.
    pub(crate) range_hz: (f64, f64),
    /// Levels of the bottom and the top edge.
    pub(crate) range_db: (f64, f64),
}

impl Density {
    /// Of a spectrum with persistence; nothing of one without. Colours are the logarithm of the count: a rare level stays visible.
    pub(crate) fn of(spectrum: &Spectrum) -> Option<Self> {
        let persistence = spectrum.persistence.as_ref()?;
        let rows = persistence.counts.columns().into_iter();
        let rows: Vec<Vec<f32>> = rows.map(|cells| narrow(cells.iter().map(|n| 10.0 * (*n as f32).log10()))).collect();
        let bins = persistence.counts.nrows();
        let mut heat = Heat::new(rows.first().map_or(1, Vec::len), rows.len());
        // From the bottom up: what is pushed last lies on top.
        rows.iter().for_each(|row| heat.push(row));
        heat.range_db = (-ROOM_DB.0, (10.0 * (spectrum.segments.max(2) as f32).log10()).max(1.0));
        heat.epoch += 1;
        let scale = &persistence.scale;
        Some(Self {
            heat,
            range_hz: (spectrum.frequency_hz(-0.5), spectrum.frequency_hz(bins as f64 - 0.5)),
            range_db: (scale.bottom_db, scale.top_db()),
        })
    }
}

/// Steps of colour.
const SCALE: usize = 256;

fn table() -> &'static [Color32] {
    static TABLE: OnceLock<Vec<Color32>> = OnceLock::new();
    TABLE.get_or_init(|| {
        (0..SCALE)
            .map(|i| heat_rgb(i as f64 / (SCALE - 1) as f64))
            .map(|[r, g, b]| Color32::from_rgb(r, g, b))
            .collect()
    })
}

/// At most [`COLUMNS`] levels of a curve: the highest of those that fall together, so that no line is lost.
pub(crate) fn row(db: &[f64]) -> Vec<f32> {
    narrow(db.iter().map(|v| *v as f32))
}

fn narrow(levels: impl ExactSizeIterator<Item = f32>) -> Vec<f32> {
    let all = levels.len();
    let mut row = vec![f32::NEG_INFINITY; all.min(COLUMNS)];
    let columns = row.len();
    for (i, level) in levels.enumerate() {
        if let Some(most) = row.get_mut(i * columns / all) {
            *most = most.max(level);
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_round_and_the_newest_is_on_top() {
        let mut heat = Heat::new(2, 4);
        for i in 0..6 {
            heat.push(&[i as f32, -60.0]);
            let [(uv, (top, _)), _] = heat.parts();
            assert_eq!(top, 0.0);
            // The first row of the upper part is the newest one.
            let slot = (uv.top() * 4.0).round() as usize;
            assert_eq!(heat.levels[slot * 2], i as f32);
        }
        let [(_, (_, a)), (_, (b, end))] = heat.parts();
        assert_eq!((a, end), (b, 1.0));
        heat.push(&[1.0]);
        assert_eq!(heat.came, 6, "a row of another width is not taken");
    }

    #[test]
    fn the_range_follows_a_change_but_not_every_row() {
        let mut heat = Heat::new(3, 8);
        heat.push(&[-90.0, -90.0, -10.0]);
        let first = heat.range_db();
        for i in 0..40 {
            heat.push(&[-90.0 + (i % 2) as f32, -90.0, -10.0]);
        }
        assert_eq!((heat.range_db(), heat.epoch), (first, 1));
        (0..64).for_each(|_| heat.push(&[-60.0, -60.0, 0.0]));
        assert!(heat.range_db().1 > first.1 + 5.0 && heat.epoch > 1);
        heat.push(&[f32::NEG_INFINITY; 3]);
    }

    #[test]
    fn a_narrow_line_is_in_the_row_whatever_its_width() {
        let mut db = vec![-100.0; 10_000];
        db[7321] = -3.0;
        let row = row(&db);
        assert_eq!(row.len(), COLUMNS);
        assert_eq!(row.iter().filter(|v| **v == -3.0).count(), 1);
        assert_eq!(super::row(&db[..5]).len(), 5);
        assert!(super::row(&[]).is_empty());
    }
}
