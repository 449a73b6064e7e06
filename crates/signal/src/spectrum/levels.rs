//! The histogram of levels per bin: persistence and percentiles, filled by several threads at once.

use std::sync::{Mutex, PoisonError};

use ndarray::Array2;

/// Levels that share a cell: cell `c` holds `bottom_db + c * cell_db` up to the next one.
///
/// The outermost cells also hold whatever lies beyond the scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelScale {
    /// Lower edge of the first cell, in the spectrum's level unit.
    pub bottom_db: f64,
    /// Height of a cell.
    pub cell_db: f64,
    /// Number of cells, 2 to 256.
    pub cells: usize,
}

impl LevelScale {
    /// Upper edge of the last cell.
    #[must_use]
    pub fn top_db(&self) -> f64 {
        self.bottom_db + self.cell_db * self.cells as f64
    }

    /// The level at a (fractional) cell: `0.5` is the middle of the first one.
    #[must_use]
    pub fn level_db(&self, cell: f64) -> f64 {
        self.bottom_db + self.cell_db * cell
    }
}

/// How often each level occurred in each bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Persistence {
    /// Segments per bin (rows, in the order of the spectrum) and level cell (columns, from the bottom up).
    pub counts: Array2<u32>,
    /// What the columns mean.
    pub scale: LevelScale,
}

/// Bins a tile: 32 columns of 256 counters stay in the first-level cache while a block is counted.
const TILE: usize = 32;

/// Counters for every bin and cell, in tiles that are locked one by one.
#[derive(Debug)]
pub(crate) struct Histogram {
    bins: usize,
    cells: usize,
    tiles: Vec<Mutex<Vec<u32>>>,
}

impl Histogram {
    pub(crate) fn new(bins: usize, cells: usize) -> Self {
        let tile = |first: usize| Mutex::new(vec![0; TILE.min(bins - first) * cells]);
        Self { bins, cells, tiles: (0..bins).step_by(TILE).map(tile).collect() }
    }

    /// Counts rows of one cell number per bin. Threads begin at different tiles, so that they seldom meet.
    pub(crate) fn count(&self, rows: &[u8], begin: usize) {
        for step in 0..self.tiles.len() {
            let index = (begin + step) % self.tiles.len();
            let mut tile = self.tiles[index].lock().unwrap_or_else(PoisonError::into_inner);
            match self.cells {
                256 => count_tile::<256>(&mut tile, rows, self.bins, index * TILE),
                _ => count_any(&mut tile, rows, self.bins, index * TILE, self.cells),
            }
        }
    }

    /// All counters, bin by bin; the tiles are freed on the way.
    pub(crate) fn into_counts(self) -> Vec<u32> {
        let mut counts = Vec::with_capacity(self.bins * self.cells);
        for tile in self.tiles {
            counts.extend(tile.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        counts
    }
}

/// The usual case: with the number of cells fixed, no access needs a bounds check.
fn count_tile<const CELLS: usize>(tile: &mut [u32], rows: &[u8], bins: usize, first: usize) {
    let (columns, _) = tile.as_chunks_mut::<CELLS>();
    for row in rows.chunks_exact(bins) {
        for (column, cell) in columns.iter_mut().zip(&row[first..]) {
            if let Some(count) = column.get_mut(usize::from(*cell)) {
                *count += 1;
            }
        }
    }
}

fn count_any(tile: &mut [u32], rows: &[u8], bins: usize, first: usize, cells: usize) {
    for row in rows.chunks_exact(bins) {
        for (column, cell) in tile.chunks_exact_mut(cells).zip(&row[first..]) {
            if let Some(count) = column.get_mut(usize::from(*cell)) {
                *count += 1;
            }
        }
    }
}

/// The (fractional) cell below which `percent` of the counts lie, by the nearest rank, spread evenly inside its cell.
///
/// `None` when nothing was counted.
pub(crate) fn percentile_cell(counts: &[u32], percent: f64) -> Option<f64> {
    let total: u64 = counts.iter().map(|&c| u64::from(c)).sum();
    let rank = (percent / 100.0 * total as f64).ceil().clamp(1.0, (total as f64).max(1.0));
    let mut below = 0.0;
    for (cell, &count) in counts.iter().enumerate() {
        let count = f64::from(count);
        if below + count >= rank && count > 0.0 {
            return Some(cell as f64 + (rank - below - 0.5) / count);
        }
        below += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_land_in_their_bin_and_cell_for_any_width() {
        for (bins, cells) in [(1, 256), (32, 256), (33, 128), (100, 64), (100, 256)] {
            let histogram = Histogram::new(bins, cells);
            let rows: Vec<u8> = (0..3 * bins).map(|i| ((i / bins * 7 + i % bins) % cells) as u8).collect();
            for begin in [0, 1, 5] {
                histogram.count(&rows, begin);
            }
            let counts = histogram.into_counts();
            for bin in 0..bins {
                for cell in 0..cells {
                    let expected = (0..3).filter(|row| (row * 7 + bin) % cells == cell).count() as u32 * 3;
                    assert_eq!(counts[bin * cells + cell], expected, "{bins} {cells} {bin} {cell}");
                }
            }
        }
    }

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        // Values 0, 0, 3, 3, 3, 3, 7, 7, 7, 7: rank 5 is the third of four in cell 3.
        let counts = [2, 0, 0, 4, 0, 0, 0, 4];
        assert_eq!(percentile_cell(&counts, 50.0), Some(3.0 + 2.5 / 4.0));
        assert_eq!(percentile_cell(&counts, 0.0), Some(0.25));
        assert_eq!(percentile_cell(&counts, 100.0), Some(7.0 + 3.5 / 4.0));
        assert_eq!(percentile_cell(&[0, 0], 50.0), None);
    }
}
