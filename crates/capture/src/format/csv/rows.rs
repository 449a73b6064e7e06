//! The rows themselves: one pass over the text, numbers into columns, and every doubt counted with its line.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::axis::{Axis, Ticks};
use super::layout::{Index, Layout, Role};
use super::number::{self, Number};
use super::shape::Shapes;
use super::text::{BLOCK, Blocks, Piece, TextKind};
use crate::{CaptureError, ColumnStore, ColumnWriter};

/// Extremes of one column, in the file's own numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extremes {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What became of a last line without a line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// There was none, or it is provably whole and was read.
    Whole,
    /// It reads as a row but may have lost digits; left out.
    Doubtful,
    /// It is no row; left out.
    Cut,
}

/// All rows of a file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) store: Arc<ColumnStore>,
    pub(super) axis: Option<Axis>,
    pub(super) extremes: Vec<Extremes>,
    pub(super) first_index: f64,
    /// Rows without values at the start and at the end.
    pub(super) leading_empty: u64,
    pub(super) trailing_empty: u64,
    pub(super) non_finite: u64,
    pub(super) first_non_finite: Option<u64>,
    pub(super) missing: u64,
    pub(super) first_missing: Option<u64>,
    /// Line number (from 1) of the first row.
    pub(super) first_row_line: u64,
    pub(super) tail: Tail,
    /// Rows come as pairs (minimum, maximum) of one instant; each pair is one row of twice the columns.
    pub(super) pairs: bool,
    pub(super) odd_row: bool,
}

/// What the head tells about the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hints {
    /// Step of the index column, about.
    pub(super) step: f64,
    pub(super) pairs: bool,
    /// All rows of the head end in a cell of the same number of characters, and there are enough of them.
    pub(super) fixed_width: Option<usize>,
}

/// Reads all rows of `path`.
pub(super) fn read(
    path: &Path,
    text: TextKind,
    separator: u8,
    decimal: u8,
    layout: &Layout,
    hints: Hints,
) -> Result<Table, CaptureError> {
    let file = File::open(path).map_err(|e| CaptureError::io(path, e))?;
    let mut blocks = Blocks::new(file, text).map_err(|e| CaptureError::io(path, e))?;
    let mut reader = Reader::new(path, text.line_end, separator, decimal, layout, hints);
    loop {
        match blocks.next().map_err(|e| CaptureError::io(path, e))? {
            Piece::Lines(lines) => reader.lines(lines)?,
            Piece::Tail(tail) => reader.tail(tail)?,
            Piece::TooLong => {
                let what = format!("line {} is longer than {} bytes", reader.line + 1, BLOCK);
                return Err(CaptureError::malformed(path, what, "this is not a table of rows"));
            }
            Piece::End => return reader.finish(),
        }
    }
}

struct Reader<'a> {
    path: &'a Path,
    layout: &'a Layout,
    hints: Hints,
    line_end: u8,
    separator: u8,
    decimal: u8,
    /// Lines finished so far.
    line: u64,
    writer: ColumnWriter,
    axis: Option<Ticks>,
    /// What the cells of the last row looked like.
    shapes: Vec<Shapes>,
    /// The row just read: its index and its values.
    stamp: Number,
    row: Vec<f64>,
    twin: Option<(f64, Vec<f64>)>,
    extremes: Vec<Extremes>,
    first_index: f64,
    first_row_line: u64,
    leading_empty: u64,
    pending_empty: u64,
    non_finite: u64,
    first_non_finite: Option<u64>,
    missing: u64,
    first_missing: Option<u64>,
    tail: Tail,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, line_end: u8, separator: u8, decimal: u8, layout: &'a Layout, hints: Hints) -> Self {
        let columns = layout.columns.len();
        let axis = match layout.index {
            Index::None => None,
            Index::Time(_) => Some(Ticks::new(Axis::new(hints.step, None))),
            Index::Sequence => Some(Ticks::new(Axis::new(1.0, Some(0.25)))),
        };
        Self {
            path,
            layout,
            hints,
            line_end,
            separator,
            decimal,
            line: 0,
            writer: ColumnWriter::new(if hints.pairs { 2 * columns } else { columns }),
            axis,
            shapes: vec![Shapes::default(); layout.roles.len()],
            stamp: Number::exact(false, 0, 0),
            row: vec![0.0; columns],
            twin: None,
            extremes: vec![Extremes { low: f64::INFINITY, high: f64::NEG_INFINITY }; columns],
            first_index: 0.0,
            first_row_line: 0,
            leading_empty: 0,
            pending_empty: 0,
            non_finite: 0,
            first_non_finite: None,
            missing: 0,
            first_missing: None,
            tail: Tail::Whole,
        }
    }

    fn lines(&mut self, text: &[u8]) -> Result<(), CaptureError> {
        let mut at = 0;
        while at < text.len() {
            if self.line >= self.layout.first_line as u64
                && let Some(next) = self.fast(text, at)
            {
                self.accept()?;
                at = next;
            } else {
                let rest = text.get(at..).unwrap_or_default();
                let length = rest.iter().position(|b| *b == self.line_end).unwrap_or(rest.len());
                self.slow(rest.get(..length).unwrap_or_default())?;
                at += length + 1;
            }
            self.line += 1;
        }
        Ok(())
    }

    /// Reads a row that is as regular as nearly all rows are; anything else is left to `slow`.
    #[inline(always)]
    fn fast(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let layout = self.layout;
        let mut at = from;
        let mut values = self.row.iter_mut();
        for (i, (role, shapes)) in layout.roles.iter().zip(&mut self.shapes).enumerate() {
            if i > 0 {
                if *text.get(at)? != self.separator {
                    return None;
                }
                at += 1;
            }
            while matches!(text.get(at), Some(b' ' | b'\r')) {
                at += 1;
            }
            match role {
                Role::Skip => {}
                Role::Index => {
                    let (number, next) = shapes.scan(text, at, self.decimal)?;
                    if number.ticks().is_none() && !number.value().is_finite() {
                        return None;
                    }
                    self.stamp = number;
                    at = next;
                }
                Role::Value => {
                    let (number, next) = shapes.scan(text, at, self.decimal)?;
                    *values.next()? = number.value();
                    at = next;
                }
            }
        }
        self.row_end(text, at)
    }

    /// Only blanks, separators and the line end may follow.
    #[inline(always)]
    fn row_end(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let byte = *text.get(at)?;
            at += 1;
            if byte == self.line_end {
                return Some(at);
            }
            if byte != b' ' && byte != b'\r' && byte != self.separator {
                return None;
            }
        }
    }

    /// Takes the row just read.
    #[inline(always)]
    fn accept(&mut self) -> Result<(), CaptureError> {
        if self.writer.rows() == 0 || self.pending_empty > 0 {
            self.begin()?;
        }
        for (value, extreme) in self.row.iter().zip(&mut self.extremes) {
            // A comparison with NaN is false, so that both leave NaN out.
            extreme.low = if *value < extreme.low { *value } else { extreme.low };
            extreme.high = if *value > extreme.high { *value } else { extreme.high };
            if !value.is_finite() {
                self.non_finite += 1;
                self.first_non_finite.get_or_insert(self.line + 1);
            }
        }
        if self.hints.pairs {
            return self.accept_twin();
        }
        if let Some(axis) = &mut self.axis {
            axis.push(&self.stamp);
        }
        match self.writer.push(&self.row) {
            Ok(()) => Ok(()),
            Err(e) => Err(self.full(e)),
        }
    }

    /// The same out of the way of the quick loop.
    fn accept_any(&mut self) -> Result<(), CaptureError> {
        self.accept()
    }

    /// Before the first row, and after rows without values.
    #[cold]
    fn begin(&mut self) -> Result<(), CaptureError> {
        if self.writer.rows() == 0 && self.twin.is_none() {
            self.first_row_line = self.line + 1;
            self.first_index = self.stamp.value();
        }
        if self.pending_empty > 0 { self.fill_gap() } else { Ok(()) }
    }

    #[inline(never)]
    fn accept_twin(&mut self) -> Result<(), CaptureError> {
        let t = self.stamp.value();
        let Some((first, mut low)) = self.twin.take() else {
            self.twin = Some((t, self.row.clone()));
            return Ok(());
        };
        if first != t {
            let what =
                format!("line {}: rows come in pairs of one instant, and this one has no partner", self.line + 1);
            return Err(CaptureError::malformed(self.path, what, "export the record again"));
        }
        if let Some(axis) = &mut self.axis {
            axis.push(&self.stamp);
        }
        low.extend_from_slice(&self.row);
        self.writer.push(&low).map_err(|e| self.full(e))
    }

    /// Rows without values between rows with values keep their place, as NaN.
    fn fill_gap(&mut self) -> Result<(), CaptureError> {
        let columns = if self.hints.pairs { 2 * self.row.len() } else { self.row.len() };
        let empty = vec![f64::NAN; columns];
        self.first_missing.get_or_insert(self.line + 1 - self.pending_empty.min(self.line));
        self.missing += self.pending_empty * self.row.len() as u64;
        for _ in 0..std::mem::take(&mut self.pending_empty) {
            self.writer.push(&empty).map_err(|e| self.full(e))?;
        }
        Ok(())
    }

    #[cold]
    fn full(&self, source: std::io::Error) -> CaptureError {
        let what = format!(
            "the numbers of {} do not fit the temporary folder ({source}); free space there or point TMPDIR elsewhere",
            self.path.display()
        );
        CaptureError::Io { what, path: std::env::temp_dir(), source }
    }

    /// Any other line: blank, header, row with empty or quoted cells, or text that does not belong.
    fn slow(&mut self, line: &[u8]) -> Result<(), CaptureError> {
        if self.line < self.layout.first_line as u64 {
            return Ok(());
        }
        let start = if self.line == 0 { strip_mark(line) } else { line };
        let Some((filled, missing)) = self.cells(start)? else { return Ok(()) };
        if filled > 0 {
            // The NaN of an empty cell is counted as missing, not as a number that is not finite.
            let before = (self.non_finite, self.first_non_finite);
            self.accept_any()?;
            if missing > 0 {
                self.missing += missing;
                self.first_missing.get_or_insert(self.line + 1);
                self.non_finite -= missing;
                if self.non_finite == before.0 {
                    self.first_non_finite = before.1;
                }
            }
            return Ok(());
        }
        if self.writer.rows() == 0 && self.twin.is_none() {
            self.leading_empty += 1;
            return Ok(());
        }
        if let Some(axis) = &mut self.axis {
            axis.push(&self.stamp);
        }
        self.pending_empty += 1;
        Ok(())
    }

    /// Reads the cells of a line into `stamp` and `row`: filled and missing values; nothing when the line is blank.
    fn cells(&mut self, line: &[u8]) -> Result<Option<(u64, u64)>, CaptureError> {
        let mut cells = line.split(|b| *b == self.separator);
        if cells.clone().all(|c| number::strip(c).is_empty()) {
            return Ok(None);
        }
        let (mut filled, mut missing, mut place) = (0, 0, 0usize);
        for role in &self.layout.roles {
            let Some(cell) = cells.next() else {
                return Err(self.malformed(line, "has too few cells"));
            };
            match role {
                Role::Skip => {
                    let fine = self.layout.text_beside
                        || number::strip(cell).is_empty()
                        || number::cell(cell, self.decimal).is_some();
                    if !fine {
                        return Err(self.malformed(line, "holds text among the numbers"));
                    }
                }
                Role::Index => match number::cell(cell, self.decimal).filter(|n| n.value().is_finite()) {
                    Some(n) => self.stamp = n,
                    None => return Err(self.malformed(line, "has no time where the others have one")),
                },
                Role::Value => {
                    let value = match number::cell(cell, self.decimal) {
                        Some(n) => Some(n.value()),
                        None if number::strip(cell).is_empty() => None,
                        None => return Err(self.malformed(line, "holds text among the numbers")),
                    };
                    if let Some(slot) = self.row.get_mut(place) {
                        *slot = value.unwrap_or(f64::NAN);
                    }
                    place += 1;
                    if value.is_some() { filled += 1 } else { missing += 1 }
                }
            }
        }
        if !self.layout.text_beside && cells.any(|c| !number::strip(c).is_empty()) {
            return Err(self.malformed(line, "has more cells than columns"));
        }
        Ok(Some((filled, missing)))
    }

    fn malformed(&self, line: &[u8], fault: &str) -> CaptureError {
        let shown: String = String::from_utf8_lossy(line.get(..60.min(line.len())).unwrap_or_default())
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        CaptureError::malformed(
            self.path,
            format!("line {} {fault}: '{}'", self.line + 1, shown.trim()),
            "remove the line if it does not belong to the record, or export the record again",
        )
    }

    /// A last line without a line end: taken when it is provably whole, left out and said so when not.
    fn tail(&mut self, line: &[u8]) -> Result<(), CaptureError> {
        if self.line < self.layout.first_line as u64 || number::strip(line).is_empty() {
            return Ok(());
        }
        if self.is_whole(line) {
            return self.slow(line);
        }
        let looks_cut = line
            .iter()
            .all(|b| b.is_ascii_digit() || *b == self.separator || *b == self.decimal || b"+-eE. \t\r\"".contains(b));
        let reads = self.cells(line);
        match reads {
            Ok(Some((_, 0))) => self.tail = Tail::Doubtful,
            Ok(_) => self.tail = Tail::Cut,
            Err(_) if looks_cut || self.layout.text_beside => self.tail = Tail::Cut,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn is_whole(&self, line: &[u8]) -> bool {
        if line.ends_with(b"\r") {
            return true;
        }
        let separators = line.iter().filter(|b| **b == self.separator).count();
        let last = number::strip(line.rsplit(|b| *b == self.separator).next().unwrap_or_default());
        separators >= self.layout.roles.len()
            || (separators + 1 == self.layout.roles.len() && self.hints.fixed_width == Some(width(last)))
    }

    fn finish(mut self) -> Result<Table, CaptureError> {
        let writer = std::mem::replace(&mut self.writer, ColumnWriter::with_memory(1, 0));
        let store = writer.finish().map_err(|e| self.full(e))?;
        Ok(Table {
            store: Arc::new(store),
            axis: self.axis.map(Ticks::finish),
            extremes: self.extremes,
            first_index: self.first_index,
            leading_empty: self.leading_empty,
            trailing_empty: self.pending_empty,
            non_finite: self.non_finite,
            first_non_finite: self.first_non_finite,
            missing: self.missing,
            first_missing: self.first_missing,
            first_row_line: self.first_row_line,
            tail: self.tail,
            pairs: self.hints.pairs,
            odd_row: self.twin.is_some(),
        })
    }
}

/// Characters of a cell without its sign.
pub(super) fn width(cell: &[u8]) -> usize {
    cell.len() - usize::from(matches!(cell.first(), Some(b'+' | b'-')))
}

fn strip_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(line)
}
