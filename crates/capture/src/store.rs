//! Columns of numbers parsed from text: in memory up to a limit, in an unlinked temporary file beyond that.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;

use faultscope_signal::RecordError;

use crate::samples::Samples;

/// Numbers of one chunk over all columns (1 MiB of `f64`); a chunk holds its columns one after the other.
const CHUNK_NUMBERS: usize = 1 << 17;

/// Collects columns row by row; memory stays below a limit whatever the number of rows.
#[derive(Debug)]
pub struct ColumnWriter {
    columns: usize,
    rows_per_chunk: usize,
    memory_chunks: usize,
    current: Vec<f64>,
    filled: usize,
    rows: u64,
    full: Vec<Vec<f64>>,
    file: Option<File>,
}

impl ColumnWriter {
    /// Bytes of all columns together that are kept in memory; what comes after goes to a temporary file.
    pub const MEMORY: usize = 64 << 20;

    /// A writer of `columns` columns (at least one).
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self::with_memory(columns, Self::MEMORY)
    }

    /// The same with another limit on memory, in bytes (in steps of 1 MiB).
    #[must_use]
    pub fn with_memory(columns: usize, bytes: usize) -> Self {
        let columns = columns.max(1);
        let rows_per_chunk = (CHUNK_NUMBERS / columns).max(1);
        Self {
            columns,
            rows_per_chunk,
            memory_chunks: bytes / (rows_per_chunk * columns * size_of::<f64>()),
            current: vec![0.0; rows_per_chunk * columns],
            filled: 0,
            rows: 0,
            full: Vec::new(),
            file: None,
        }
    }

    /// Adds one row; cells beyond the number of columns are not taken, missing ones become NaN.
    ///
    /// # Errors
    /// When the temporary file cannot be made or written (disk full).
    #[inline]
    pub fn push(&mut self, row: &[f64]) -> io::Result<()> {
        let mut at = self.filled;
        for column in 0..self.columns {
            if let Some(slot) = self.current.get_mut(at) {
                *slot = row.get(column).copied().unwrap_or(f64::NAN);
            }
            at += self.rows_per_chunk;
        }
        self.filled += 1;
        self.rows += 1;
        if self.filled == self.rows_per_chunk { self.flush() } else { Ok(()) }
    }

    /// Rows so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    fn flush(&mut self) -> io::Result<()> {
        self.filled = 0;
        if self.full.len() < self.memory_chunks {
            let fresh = vec![0.0; self.current.len()];
            self.full.push(std::mem::replace(&mut self.current, fresh));
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(bytemuck::cast_slice(&self.current))
    }

    /// Ends writing.
    ///
    /// # Errors
    /// When the temporary file cannot be written (disk full).
    pub fn finish(mut self) -> io::Result<ColumnStore> {
        if self.filled > 0 {
            self.flush()?;
        }
        let Self { columns, rows_per_chunk, rows, full, file, .. } = self;
        Ok(ColumnStore { columns, rows_per_chunk, rows, memory: full, file })
    }
}

/// Finished columns that can be read by position, from several threads at once.
#[derive(Debug)]
pub struct ColumnStore {
    columns: usize,
    rows_per_chunk: usize,
    rows: u64,
    /// The first chunks.
    memory: Vec<Vec<f64>>,
    /// All further ones.
    file: Option<File>,
}

impl ColumnStore {
    /// Columns.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether some of the numbers lie in a temporary file.
    #[must_use]
    pub const fn is_spilled(&self) -> bool {
        self.file.is_some()
    }

    /// One column as samples of a trace, or nothing when there is no such column.
    #[must_use]
    pub fn column(self: &Arc<Self>, index: usize) -> Option<Arc<dyn Samples>> {
        (index < self.columns).then(|| Arc::new(Column { store: Arc::clone(self), index }) as Arc<dyn Samples>)
    }

    /// Copies the run of `out.len()` rows from `row` on, which must lie inside one chunk.
    fn copy(&self, column: usize, row: u64, out: &mut [f64]) -> Result<(), RecordError> {
        let per_chunk = self.rows_per_chunk as u64;
        let (chunk, inside) = (row / per_chunk, row % per_chunk);
        let within = column * self.rows_per_chunk + usize::try_from(inside).unwrap_or(usize::MAX);
        let lost = || RecordError::new(format!("row {row} is not in the column store"));
        let in_file = chunk.checked_sub(self.memory.len() as u64);
        let Some(place) = in_file else {
            let kept = usize::try_from(chunk).ok().and_then(|c| self.memory.get(c));
            let run = kept.and_then(|c| c.get(within..within.checked_add(out.len())?)).ok_or_else(lost)?;
            out.copy_from_slice(run);
            return Ok(());
        };
        let file = self.file.as_ref().ok_or_else(lost)?;
        let start = place * per_chunk * self.columns as u64 + within as u64;
        read_at(file, bytemuck::cast_slice_mut(out), start * size_of::<f64>() as u64)
            .map_err(|e| RecordError::new(format!("the temporary copy of the columns cannot be read ({e})")))
    }

    /// Rows that one `copy` may take from `row` on, at most `wanted`.
    fn run(&self, row: u64, wanted: usize) -> usize {
        let per_chunk = self.rows_per_chunk as u64;
        let left = (per_chunk - row % per_chunk).min(self.rows.saturating_sub(row));
        usize::try_from(left).map_or(wanted, |left| left.min(wanted))
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut out: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !out.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, out, offset)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[n..];
        offset += n as u64;
    }
    Ok(())
}

/// One column of a store.
struct Column {
    store: Arc<ColumnStore>,
    index: usize,
}

impl Samples for Column {
    fn frames(&self) -> u64 {
        self.store.rows
    }

    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let mut done = 0;
        while done < out.len() {
            let row = start + done as u64;
            let n = self.store.run(row, out.len() - done);
            if n == 0 {
                break;
            }
            self.store.copy(self.index, row, &mut out[done..done + n])?;
            done += n;
        }
        Ok(done)
    }

    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let mut wide = [0.0f64; 1024];
        let mut done = 0;
        while done < out.len() {
            let want = (out.len() - done).min(wide.len());
            let n = self.read_f64(start + done as u64, &mut wide[..want])?;
            for (o, v) in out[done..].iter_mut().zip(&wide[..n]) {
                *o = *v as f32;
            }
            done += n;
            if n < want {
                break;
            }
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(columns: usize, rows: usize, memory: usize) -> Arc<ColumnStore> {
        let mut writer = ColumnWriter::with_memory(columns, memory);
        for row in 0..rows {
            let cells: Vec<f64> = (0..columns).map(|c| (row * 10 + c) as f64).collect();
            writer.push(&cells).unwrap();
        }
        Arc::new(writer.finish().unwrap())
    }

    #[test]
    fn columns_read_the_same_from_memory_and_from_the_temporary_file() {
        let rows = 200_000;
        for (memory, spilled) in [(ColumnWriter::MEMORY, false), (1 << 20, true)] {
            let store = filled(3, rows, memory);
            assert_eq!(store.is_spilled(), spilled);
            assert_eq!(store.rows(), rows as u64);
            assert!(store.column(3).is_none());
            let column = store.column(2).unwrap();
            let mut out = vec![0.0; 70_000];
            let start = 150_000u64;
            assert_eq!(column.read_f64(start, &mut out).unwrap(), 50_000);
            assert!(out[..50_000].iter().enumerate().all(|(i, v)| *v == ((150_000 + i) * 10 + 2) as f64));
            let mut narrow = vec![0f32; 3000];
            assert_eq!(column.read_f32(100, &mut narrow).unwrap(), 3000);
            assert!(narrow.iter().enumerate().all(|(i, v)| *v == ((100 + i) * 10 + 2) as f32));
            assert_eq!(column.read_f64(rows as u64 + 5, &mut out).unwrap(), 0);
        }
    }

    #[test]
    fn a_short_row_is_filled_with_nan() {
        let mut writer = ColumnWriter::new(2);
        writer.push(&[1.0]).unwrap();
        let store = Arc::new(writer.finish().unwrap());
        let mut out = [0.0; 1];
        store.column(1).unwrap().read_f64(0, &mut out).unwrap();
        assert!(out[0].is_nan());
    }
}
