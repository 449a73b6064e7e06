//! The persistence layer of a spectrum chart: how often each level occurred at each frequency, as colours.

use super::frame::Frame;
use super::scene::{Area, Scene, Shape};
use super::theme;

/// Columns and rows of the layer: fine enough for the eye, coarse enough for a vector file.
const GRID: (usize, usize) = (360, 160);
/// Shades that are told apart.
const SHADES: f64 = 12.0;
/// How much of the paper is mixed in, so that the curves stand out.
const PALE: f64 = 0.35;

/// How often each level occurred.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Density {
    /// Outer edges of the first and the last bin in Hz.
    pub range_hz: (f64, f64),
    /// Lower edge of the first level cell.
    pub bottom_db: f64,
    /// Height of a cell.
    pub cell_db: f64,
    /// Cells per bin.
    pub cells: usize,
    /// Counts, bin by bin, from the bottom up.
    pub counts: Vec<u32>,
}

impl Density {
    fn columns(&self) -> impl Iterator<Item = &[u32]> {
        self.counts.chunks_exact(self.cells.max(1))
    }

    /// Lowest and highest level that occurred, the outermost cells left out: they hold whatever lies beyond.
    pub(super) fn reach(&self) -> Vec<f64> {
        let inner = 1..self.cells.saturating_sub(1);
        let used = |cell: &usize| self.columns().any(|c| c.get(*cell).is_some_and(|n| *n > 0));
        let level = |cell: usize| self.bottom_db + (cell as f64 + 0.5) * self.cell_db;
        let ends = [inner.clone().find(used), inner.rev().find(used)];
        ends.into_iter().flatten().map(level).collect()
    }

    /// Draws the layer: the commonest of the counts that fall into a place, on a logarithmic scale.
    pub(super) fn draw(&self, scene: &mut Scene, frame: &Frame) {
        let (columns, rows) = GRID;
        let plot = frame.plot;
        let bins = self.counts.len() / self.cells.max(1);
        let (width, height) = (plot.width() / columns as f64, plot.height() / rows as f64);
        let mut grid = vec![0u32; columns * rows];
        let bin_hz = (self.range_hz.1 - self.range_hz.0) / bins.max(1) as f64;
        for (bin, counts) in self.columns().enumerate() {
            let edge = |b: usize| (frame.x.place(self.range_hz.0 + b as f64 * bin_hz) - plot.x0) / width;
            let Some(xs) = places(edge(bin), edge(bin + 1), columns) else { continue };
            for (cell, count) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
                let level = |c: usize| (frame.y.place(self.bottom_db + c as f64 * self.cell_db) - plot.y0) / height;
                let Some(ys) = places(level(cell + 1), level(cell), rows) else { continue };
                for x in xs.clone() {
                    for y in ys.clone() {
                        if let Some(place) = grid.get_mut(x * rows + y) {
                            *place = (*place).max(*count);
                        }
                    }
                }
            }
        }
        let most = f64::from(grid.iter().copied().max().unwrap_or(0)).ln_1p();
        for (x, column) in grid.chunks_exact(rows).enumerate() {
            let shade = |n: u32| if n == 0 { 0 } else { (f64::from(n).ln_1p() / most * SHADES).ceil() as u32 };
            for (from, to, shade) in runs(column.iter().map(|n| shade(*n))) {
                let left = plot.x0 + x as f64 * width;
                let area =
                    Area::new(left, plot.y0 + from as f64 * height, left + width + 0.5, plot.y0 + to as f64 * height);
                let fill = theme::heat(f64::from(shade) / SHADES).mix(theme::PAPER, PALE);
                scene.shapes.push(Shape::Rect { area, fill, opacity: 1.0 });
            }
        }
    }
}

/// The places that `from..to` covers, at least one; nothing when it lies outside `0..count`.
fn places(from: f64, to: f64, count: usize) -> Option<std::ops::RangeInclusive<usize>> {
    let (low, high) = (from.min(to), from.max(to));
    if from.is_nan() || to.is_nan() || low >= count as f64 || high <= 0.0 {
        return None;
    }
    let first = low.max(0.0) as usize;
    Some(first..=((high.min(count as f64).ceil() as usize).saturating_sub(1)).max(first))
}

/// Neighbours of one shade, empty places left out, as (from, to, shade).
fn runs(shades: impl Iterator<Item = u32>) -> Vec<(usize, usize, u32)> {
    let mut out: Vec<(usize, usize, u32)> = Vec::new();
    for (i, shade) in shades.enumerate() {
        match out.last_mut() {
            Some(last) if last.1 == i && last.2 == shade => last.1 += 1,
            _ => out.push((i, i + 1, shade)),
        }
    }
    out.retain(|r| r.2 > 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_neighbours_and_leave_gaps_out() {
        assert_eq!(runs([0, 3, 3, 0, 0, 2].into_iter()), vec![(1, 3, 3), (5, 6, 2)]);
    }

    #[test]
    fn places_stay_inside_and_are_never_none_for_what_is_thinner_than_one() {
        assert_eq!(places(2.2, 2.4, 10), Some(2..=2));
        assert_eq!(places(-3.0, 1.5, 10), Some(0..=1));
        assert_eq!(places(9.5, 44.0, 10), Some(9..=9));
        assert_eq!(places(10.0, 11.0, 10), None);
        assert_eq!(places(f64::NAN, 1.0, 10), None);
    }

    #[test]
    fn the_reach_is_what_occurred() {
        let density = Density {
            range_hz: (0.0, 2.0),
            bottom_db: -10.0,
            cell_db: 1.0,
            cells: 5,
            counts: vec![9, 0, 1, 0, 0, 0, 0, 0, 2, 7],
        };
        assert_eq!(density.reach(), vec![-7.5, -6.5]);
    }
}
