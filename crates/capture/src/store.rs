//! Columns of numbers parsed from text: in memory up to a limit, in an unlinked temporary file beyond that.
//!
//! Instruments print a few digits: a chunk whose numbers are whole multiples of a power of ten is kept in half the room.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;

use faultscope_signal::RecordError;
use faultscope_signal::wide::wide;

use crate::samples::Samples;

/// Numbers of one chunk over all columns (1 MiB of `f64`); a chunk holds its columns one after the other.
const CHUNK_NUMBERS: usize = 1 << 17;

/// Powers of ten tried as the last digit of a column.
const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// 1.5 x 2^52: added to a number of less than 31 bits it leaves its nearest whole number in the low bits.
const TO_WHOLE: f64 = 6_755_399_441_055_744.0;

/// Numbers of one chunk that are kept in memory.
#[derive(Debug)]
enum Chunk {
    Plain(Vec<f64>),
    /// Whole numbers, and per column what divides them.
    Decimal(Vec<i32>, Vec<f64>),
}

impl Chunk {
    /// `powers` are those of the last chunk: likely the same again.
    fn decimal(numbers: &[f64], rows: usize, powers: &mut [f64]) -> Option<Self> {
        let mut codes = vec![0; numbers.len()];
        for ((column, codes), power) in numbers.chunks(rows).zip(codes.chunks_mut(rows)).zip(powers.iter_mut()) {
            let mut tried = std::iter::once(*power).chain(POWERS);
            *power = tried.find(|p| encode(column, *p, codes))?;
        }
        Some(Self::Decimal(codes, powers.to_vec()))
    }

    const fn bytes(&self) -> usize {
        match self {
            Self::Plain(numbers) => numbers.len() * size_of::<f64>(),
            Self::Decimal(codes, _) => codes.len() * size_of::<i32>(),
        }
    }

    /// Copies from the place `within`, in the given column; nothing when the chunk is shorter.
    fn copy(&self, column: usize, within: usize, out: &mut [f64]) -> Option<()> {
        let range = within..within.checked_add(out.len())?;
        match self {
            Self::Plain(numbers) => out.copy_from_slice(numbers.get(range)?),
            Self::Decimal(codes, powers) => {
                let power = *powers.get(column)?;
                out.iter_mut().zip(codes.get(range)?).for_each(|(o, c)| *o = f64::from(*c) / power);
            }
        }
        Some(())
    }
}

/// Writes the numbers times `power`; says whether division gives every one back to the last bit.
fn encode(numbers: &[f64], power: f64, codes: &mut [i32]) -> bool {
    /// Looked at between two decisions to go on.
    const STRETCH: usize = 256;
    numbers.chunks(STRETCH).zip(codes.chunks_mut(STRETCH)).all(|(numbers, codes)| {
        wide(
            #[inline(always)]
            || {
                let mut lost = 0;
                for (number, code) in numbers.iter().zip(codes) {
                    *code = (number * power + TO_WHOLE).to_bits() as u32 as i32;
                    lost |= (f64::from(*code) / power).to_bits() ^ number.to_bits();
                }
                lost == 0
            },
        )
    })
}

/// Collects columns row by row; memory stays below a limit whatever the number of rows.
#[derive(Debug)]
pub struct ColumnWriter {
    columns: usize,
    rows_per_chunk: usize,
    /// Bytes of memory left.
    room: usize,
    powers: Vec<f64>,
    current: Vec<f64>,
    filled: usize,
    rows: u64,
    full: Vec<Chunk>,
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
            room: bytes,
            powers: vec![1.0; columns],
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
        let mut cells = row.iter();
        for slot in self.current.iter_mut().skip(self.filled).step_by(self.rows_per_chunk).take(self.columns) {
            *slot = cells.next().copied().unwrap_or(f64::NAN);
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

    #[inline(never)]
    fn flush(&mut self) -> io::Result<()> {
        self.filled = 0;
        if self.file.is_none() {
            let plain = size_of_val(self.current.as_slice());
            let decimal = Chunk::decimal(&self.current, self.rows_per_chunk, &mut self.powers);
            let bytes = decimal.as_ref().map_or(plain, Chunk::bytes);
            if let Some(left) = self.room.checked_sub(bytes) {
                self.room = left;
                let chunk = decimal.unwrap_or_else(|| {
                    let fresh = vec![0.0; self.current.len()];
                    Chunk::Plain(std::mem::replace(&mut self.current, fresh))
                });
                self.full.push(chunk);
                return Ok(());
            }
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
    memory: Vec<Chunk>,
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
            return kept.and_then(|c| c.copy(column, within, out)).ok_or_else(lost);
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

    /// Printed decimals come back to the last bit, whatever a chunk holds beside them.
    #[test]
    fn decimals_take_half_the_room_and_lose_nothing() {
        let third = |i: usize| i as f64 / 3.0;
        let printed = |i: usize| format!("{:.4}", (i as f64 * 0.37).sin() * 12.0).parse().unwrap();
        let odd = [f64::NAN, f64::INFINITY, -0.0, 5e-324, 1e300, 3_000_000_000.5];
        let rows = CHUNK_NUMBERS / 2 * 5 + 77;
        let number = |i: usize| match i / (CHUNK_NUMBERS / 2) {
            0 | 4 => printed(i),
            1 => third(i),
            2 if i % 1000 == 3 => odd[i / 1000 % odd.len()],
            _ => (i % 4001) as f64 - 2000.0,
        };
        let mut writer = ColumnWriter::new(2);
        (0..rows).for_each(|i| writer.push(&[printed(i), number(i)]).unwrap());
        let store = Arc::new(writer.finish().unwrap());
        let kinds: Vec<bool> = store.memory.iter().map(|c| matches!(c, Chunk::Decimal(..))).collect();
        assert_eq!(kinds, [true, false, false, true, true, true]);
        let mut out = vec![0.0; rows];
        assert_eq!(store.column(1).unwrap().read_f64(0, &mut out).unwrap(), rows);
        assert!(out.iter().enumerate().all(|(i, v)| v.to_bits() == number(i).to_bits()));
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
