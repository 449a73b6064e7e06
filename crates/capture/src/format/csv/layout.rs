//! What a dialect says of a file: where time and values stand, their units, step, promises and instrument.

use faultscope_signal::Unit;

use super::sheet::Sheet;
use super::unit::{self, Measure};
use crate::{Caveat, CaveatKind};

/// What one cell of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Not used; it may hold a number, or anything where the dialect puts keys beside the rows.
    Skip,
    /// Time or sequence number.
    Index,
    /// The next value column.
    Value,
}

/// How the index column becomes time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Index {
    /// There is none: the rate comes from the header or an option.
    None,
    /// Times, and the factor to seconds; nothing when the file names no unit.
    Time(Option<f64>),
    /// Row numbers: time = start + number * step.
    Sequence,
}

/// Scale of a value column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Factor to a unit that the file or its dialect names.
    Known(f64, Unit),
    /// The file names no unit.
    Unknown,
    /// Volt or millivolt, told apart by the vertical scale (V per division).
    ByDivision(f64),
}

/// One value column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) scale: Scale,
    /// Smallest and largest value that the header states, in the column's own numbers.
    pub(super) range: Option<(f64, f64)>,
}

impl Column {
    pub(super) fn new(name: impl Into<String>, measure: Option<Measure>) -> Self {
        let scale = match measure {
            Some(Measure::Level(factor, unit)) => Scale::Known(factor, unit),
            _ => Scale::Unknown,
        };
        Self { name: name.into(), scale, range: None }
    }
}

/// A file, classified.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) dialect: &'static str,
    /// The content carries the signature of an instrument, not only rows of numbers.
    pub(super) certain: bool,
    /// Line of the first row, from 0.
    pub(super) first_line: usize,
    pub(super) roles: Vec<Role>,
    /// Cells of the role `Skip` may hold text.
    pub(super) text_beside: bool,
    pub(super) index: Index,
    pub(super) columns: Vec<Column>,
    /// Step in seconds as the header states it, and where.
    pub(super) step: Option<(f64, String)>,
    /// Time of row (or sequence number) 0 as the header states it.
    pub(super) start_s: Option<f64>,
    pub(super) promised: Option<u64>,
    pub(super) instrument: Option<String>,
    pub(super) date: Option<String>,
    pub(super) caveats: Vec<Caveat>,
}

/// Why a text is not a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// No rows of numbers at all.
    NoNumbers,
    /// A spectrum, or another correct export that is no waveform: what, and what to do.
    Unsupported(String, String),
    /// The header contradicts itself: what, and what to do.
    Malformed(String, String),
}

impl Refusal {
    pub(super) fn spectrum(what: &str) -> Self {
        Self::Unsupported(
            format!("this is a spectrum export ({what}), not a waveform"),
            "save the waveform (time and volts) instead".into(),
        )
    }
}

pub(super) type Classified = Result<Layout, Refusal>;

impl Layout {
    /// A layout over the rows of a sheet, with the roles to be filled in.
    pub(super) fn new(dialect: &'static str, sheet: &Sheet) -> Self {
        Self {
            dialect,
            certain: true,
            first_line: sheet.first_data.unwrap_or(sheet.lines.len()),
            roles: Vec::new(),
            text_beside: false,
            index: Index::None,
            columns: Vec::new(),
            step: None,
            start_s: None,
            promised: None,
            instrument: None,
            date: None,
            caveats: Vec::new(),
        }
    }

    /// Index in column 0 and one value column for each of `columns`.
    pub(super) fn table(mut self, index: Index, columns: Vec<Column>) -> Self {
        self.roles = Vec::new();
        if index != Index::None {
            self.roles.push(Role::Index);
        }
        self.roles.extend(columns.iter().map(|_| Role::Value));
        self.index = index;
        self.columns = columns;
        self
    }

    /// The header's step, taken only when it is a number above zero.
    pub(super) fn step_from(mut self, step: Option<f64>, origin: &str) -> Self {
        match step {
            Some(s) if s.is_finite() && s > 0.0 => self.step = Some((s, format!("header {origin}"))),
            Some(s) => self.caveat(CaveatKind::Inconsistent, format!("header {origin} is {s}, which no step can be")),
            None => {}
        }
        self
    }

    pub(super) fn rate_from(self, rate: Option<f64>, origin: &str) -> Self {
        self.step_from(rate.map(f64::recip), origin)
    }

    pub(super) fn promise(mut self, rows: Option<f64>) -> Self {
        self.promised = rows.filter(|r| r.is_finite() && *r >= 0.0 && *r < 1e18).map(|r| r.round() as u64);
        self
    }

    pub(super) fn caveat(&mut self, kind: CaveatKind, detail: impl Into<String>) {
        self.caveats.push(Caveat::new(kind, detail));
    }
}

/// `1` -> `CH1`, `CH 1` -> `CH1`; other names stay.
pub(super) fn channel_name(cell: &str, position: usize) -> String {
    let cell = cell.trim();
    if cell.is_empty() {
        return format!("CH{}", position + 1);
    }
    if let Ok(number @ 1..=64) = cell.parse::<u32>() {
        return format!("CH{number}");
    }
    let upper = cell.to_ascii_uppercase();
    match unit::channel_number(cell) {
        Some(number) if upper.starts_with("CH") && !upper.starts_with("CHANNEL") => format!("CH{number}"),
        _ => cell.to_owned(),
    }
}

/// Names and units of the columns, from the last one or two header lines; empty without a header.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Heads {
    pub(super) names: Vec<String>,
    pub(super) units: Vec<Option<Measure>>,
    /// All of the units stood in brackets of their own row: the mark of PicoScope.
    pub(super) bracketed: bool,
    /// The units have a row of their own.
    pub(super) two_rows: bool,
}

impl Heads {
    /// Reads them off a sheet.
    pub(super) fn of(sheet: &Sheet) -> Self {
        let mut lines = sheet.header().rev();
        let Some(last) = lines.next() else { return Self::default() };
        let cells = sheet.cells(last);
        if !is_unit_row(&cells) {
            return Self::combined(&cells);
        }
        let above = lines.next().map(|l| sheet.cells(l)).unwrap_or_default();
        if above.len() < 2.min(cells.len()) || above.iter().all(|c| c.is_empty()) {
            return Self::combined(&cells);
        }
        let bracketed = cells.iter().filter(|c| !c.is_empty()).all(|c| c.starts_with('(') && c.ends_with(')'));
        let width = cells.len().max(above.len());
        let cell = |row: &[&str], i: usize| row.get(i).map(|c| (*c).to_owned()).unwrap_or_default();
        Self {
            names: (0..width).map(|i| cell(&above, i)).collect(),
            units: (0..width).map(|i| unit::measure(bare(&cell(&cells, i)))).collect(),
            bracketed,
            two_rows: true,
        }
    }

    fn combined(cells: &[&str]) -> Self {
        let (names, units) = cells.iter().map(|c| unit::split(c)).unzip();
        Self { names, units, bracketed: false, two_rows: false }
    }

    pub(super) fn unit(&self, column: usize) -> Option<Measure> {
        self.units.get(column).copied().flatten()
    }

    pub(super) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// Value columns from `from` up to (not including) `to`, trailing nameless ones left out.
    pub(super) fn columns(&self, from: usize, to: usize) -> Vec<Column> {
        let to = (from..to.min(self.names.len()))
            .rev()
            .find(|i| !self.name(*i).is_empty() || self.unit(*i).is_some())
            .map_or(from, |i| i + 1);
        (from..to).map(|i| Column::new(channel_name(self.name(i), i - from), self.unit(i))).collect()
    }

    /// The factor of a time column to seconds, where its unit is known.
    pub(super) fn time_factor(&self, column: usize) -> Option<f64> {
        match self.unit(column) {
            Some(Measure::Time(factor)) => Some(factor),
            _ => None,
        }
    }
}

fn bare(cell: &str) -> &str {
    cell.trim_start_matches(['(', '[']).trim_end_matches([')', ']']).trim()
}

/// A row that holds units only: `Second,Volt,Volt`, `(us),(V),(mV)`, `Second,Value`.
fn is_unit_row(cells: &[&str]) -> bool {
    let mut filled = cells.iter().filter(|c| !c.is_empty());
    let first = filled.next().is_some_and(|c| unit::measure(bare(c)).is_some() || c.eq_ignore_ascii_case("sequence"));
    let rest = |c: &&&str| {
        unit::measure(bare(c)).is_some()
            || ["value", "unknown", "u", "-"].contains(&bare(c).to_lowercase().as_str())
            || (c.starts_with('(') && c.ends_with(')'))
            || super::sheet::figure(c).is_some()
    };
    first && filled.filter(|c| !rest(c)).count() == 0
}
