//! From rows to a capture: rate, units, names, and every caveat in words.

use std::path::Path;

use faultscope_signal::{Kind, Unit};
use serde_json::json;

use super::axis::{Axis, shortest};
use super::layout::{Column, Index, Layout, Scale};
use super::leading;
use super::rows::{Table, Tail};
use super::sheet::Sheet;
use crate::{Capture, CaptureError, Caveat, CaveatKind, OpenOptions, Provenance, Trace};

/// Two rates that differ by less than this are one rate.
const SAME_RATE: f64 = 1e-6;
/// Relative doubt of a rate above which the digits of a time column are too few to choose one.
const MOST_DOUBT: f64 = 2e-3;
/// Header lines and characters of a line that provenance keeps.
const KEPT_LINES: usize = 64;
const KEPT_CHARS: usize = 400;
/// A Hantek value beyond this many divisions cannot be in volts: the screen has eight, and an offset.
const DIVISIONS: f64 = 12.0;

struct Builder<'a> {
    path: &'a Path,
    options: &'a OpenOptions,
    layout: Layout,
    table: Table,
    provenance: Provenance,
    caveats: Vec<Caveat>,
}

/// Builds the capture.
pub(super) fn capture(
    path: &Path,
    sheet: &Sheet,
    layout: Layout,
    table: Table,
    options: &OpenOptions,
) -> Result<Capture, CaptureError> {
    if table.store.rows() == 0 {
        let hint = "the file holds a header at most; export the record again";
        return Err(CaptureError::malformed(path, "there is no whole row of numbers", hint));
    }
    let mut provenance = Provenance {
        instrument: layout.instrument.clone(),
        metadata: metadata(sheet, &layout),
        ..Provenance::default()
    };
    provenance.note("format", format!("content: {} header", layout.dialect));
    let caveats = layout.caveats.clone();
    let mut builder = Builder { path, options, layout, table, provenance, caveats };
    let rate = builder.rate()?;
    builder.row_counts();
    builder.odd_numbers();
    if let Some(detail) = leading::doubt(&builder.layout, &builder.table.store, rate) {
        builder.caveat(CaveatKind::Inconsistent, detail);
    }
    let traces = builder.traces(rate);
    let format = format!("csv/{}", builder.layout.dialect);
    let (provenance, caveats) = (builder.provenance, builder.caveats);
    let (path, files) = (path.to_owned(), vec![path.to_owned()]);
    Ok(Capture { path, files, format, traces, provenance, caveats, ..Capture::default() })
}

fn metadata(sheet: &Sheet, layout: &Layout) -> serde_json::Value {
    let lines = if layout.text_beside && layout.first_line == 0 { 18 } else { layout.first_line };
    let header: Vec<String> =
        sheet.lines.iter().take(lines.min(KEPT_LINES)).map(|l| l.chars().take(KEPT_CHARS).collect()).collect();
    json!({ "dialect": layout.dialect, "header": header, "date": layout.date })
}

impl Builder<'_> {
    fn caveat(&mut self, kind: CaveatKind, detail: impl Into<String>) {
        self.caveats.push(Caveat::new(kind, detail));
    }

    /// The sample rate: what the option says, else the file. An option that contradicts the file is taken, with a caveat.
    fn rate(&mut self) -> Result<f64, CaptureError> {
        let wanted = self.options.rate_hz;
        if let Some(rate) = wanted
            && !(rate.is_finite() && rate > 0.0)
        {
            let what = format!("a rate of {rate} Hz is not above zero");
            return Err(CaptureError::options(self.path, what, "for example --rate 1M"));
        }
        let found = match self.table.axis.take() {
            Some(axis) => self.rate_of_axis(&axis, wanted.is_some())?,
            None => self.layout.step.clone().map(|(step, origin)| (shortest(1.0 / step, 0.0), origin)),
        };
        let (rate, origin) = match (wanted, found) {
            (Some(rate), Some((file, origin))) if (rate / file - 1.0).abs() > SAME_RATE => {
                let detail = format!("--rate {rate} Hz was taken; the file itself says {file} Hz ({origin})");
                self.caveat(CaveatKind::Inconsistent, detail);
                (rate, "option --rate".to_owned())
            }
            (Some(rate), _) => (rate, "option --rate".to_owned()),
            (None, Some(found)) => found,
            (None, None) => {
                let what = "the file has no time column and no sample interval: the sample rate is not known";
                return Err(CaptureError::unknown(self.path, what, "say it: --rate 1M"));
            }
        };
        if !(rate.is_finite() && rate > 0.0) {
            let what = format!("the time step of the file gives a sample rate of {rate} Hz");
            return Err(CaptureError::malformed(self.path, what, "say the right one: --rate 1M"));
        }
        self.provenance.note("sample_rate_hz", origin);
        Ok(rate)
    }

    /// The rate of the time column, checked against the header's step and for uniformity.
    fn rate_of_axis(&mut self, axis: &Axis, forced: bool) -> Result<Option<(f64, String)>, CaptureError> {
        let unit = match self.layout.index {
            Index::Time(factor) => factor.unwrap_or(1.0),
            _ => self.layout.step.as_ref().map_or(1.0, |(s, _)| *s),
        };
        if self.layout.index == Index::Time(None) {
            let detail = "the time column has no unit: seconds are assumed; --rate says otherwise";
            self.caveat(CaveatKind::TimeAxis, detail);
        }
        let Some(mean) = axis.mean_step() else { return self.no_step(axis, forced) };
        let stated = self.layout.step.clone().map(|(s, origin)| (s / unit, origin));
        if let Some((step, origin)) = &stated
            && axis.miss(*step).by <= 0.0
        {
            return Ok(Some((shortest(1.0 / (step * unit), 0.0), origin.clone())));
        }
        let miss = axis.miss(mean);
        let line = self.table.first_row_line + miss.row;
        let share = miss.by / mean;
        if let Some((low, high)) = axis.explaining_steps().filter(|_| share > 0.0) {
            return self.coarse(low * unit, high * unit, forced).map(Some);
        }
        if share > 0.5 && !forced {
            return Err(self.not_uniform(axis, line, share));
        }
        if share > 0.0 {
            let detail = format!("the time column is not uniform: off by {share:.3} of a step near line {line}");
            self.caveat(CaveatKind::TimeAxis, detail);
        } else if axis.is_coarse(mean) {
            let detail = "the time column has too few digits for its steps: the rate is the mean over the record, and a \
                          missing row would not show";
            self.caveat(CaveatKind::TimeAxis, detail);
        }
        let rate = shortest(1.0 / (mean * unit), axis.step_doubt());
        if let Some((step, origin)) = stated {
            let header = 1.0 / (step * unit);
            let detail = format!("{origin} says {header} Hz, the time column {rate} Hz: the time column was taken");
            self.caveat(CaveatKind::Inconsistent, detail);
        }
        Ok(Some((rate, "time column, (last - first) / (n - 1)".to_owned())))
    }

    /// A column of so few digits that only a range of steps explains it: the rate of the fewest digits in that range.
    fn coarse(&mut self, low: f64, high: f64, forced: bool) -> Result<(f64, String), CaptureError> {
        let (slow, fast) = (1.0 / high, 1.0 / low);
        let doubt = (fast - slow) / (fast + slow);
        if doubt > MOST_DOUBT && !forced {
            let what =
                format!("the time column has too few digits: any rate from {slow:.6e} to {fast:.6e} Hz explains it");
            return Err(CaptureError::unknown(self.path, what, "say the rate: --rate 1M, or export more digits"));
        }
        let rate = shortest(f64::midpoint(slow, fast), doubt);
        let detail = format!(
            "the time column has few digits: rates from {slow:.6e} to {fast:.6e} Hz explain it, {rate} Hz was taken as the \
             roundest (--rate says another), and a missing row would not show"
        );
        self.caveat(CaveatKind::TimeAxis, detail);
        Ok((rate, "time column, the roundest rate that explains all its rows".to_owned()))
    }

    /// A column of one row, or whose last time is not after the first.
    fn no_step(&mut self, axis: &Axis, forced: bool) -> Result<Option<(f64, String)>, CaptureError> {
        if axis.rows() < 2
            && let Some((step, origin)) = self.layout.step.clone()
        {
            return Ok(Some((shortest(1.0 / step, 0.0), origin)));
        }
        if forced {
            self.caveat(CaveatKind::TimeAxis, "the time column does not rise and was not used");
            return Ok(None);
        }
        let what = match axis.rows() {
            0 | 1 => "there is only one row, and no header says how long a step is".to_owned(),
            n => format!("time does not rise from the first of the {n} rows to the last"),
        };
        Err(CaptureError::malformed(self.path, what, "if the rows are evenly spaced, say the rate: --rate 1M"))
    }

    fn not_uniform(&self, axis: &Axis, line: u64, share: f64) -> CaptureError {
        let what = match axis.backwards() {
            Some(row) => format!(
                "time runs backwards at line {}: several segments or records in one file",
                self.table.first_row_line + row
            ),
            None => format!(
                "the time column is not uniform: near line {line} it is {share:.2} of a step off, so that rows are missing \
                 or doubled"
            ),
        };
        CaptureError::malformed(
            self.path,
            what,
            "export one gapless record, or say the rate to take the rows as they are",
        )
    }

    fn row_counts(&mut self) {
        let read = self.table.store.rows();
        let (before, after) = (self.table.leading_empty, self.table.trailing_empty);
        if before + after > 0 {
            let detail = format!("rows without values were left out: {before} at the start, {after} at the end");
            self.caveat(CaveatKind::Ignored, detail);
        }
        match self.table.tail {
            Tail::Whole => {}
            Tail::Doubtful => self
                .caveat(CaveatKind::Ignored, "the last line has no line end and may have lost digits: it was left out"),
            Tail::Cut => self.caveat(CaveatKind::Truncated, "the last line is cut and was left out"),
        }
        if self.table.odd_row {
            self.caveat(CaveatKind::Truncated, "the last minimum has no maximum and was left out");
        }
        if self.table.pairs {
            let detail = "each instant has a minimum and a maximum of several samples: they are separate channels";
            self.caveat(CaveatKind::Reduced, detail);
        }
        let there = (read + before + after) * if self.table.pairs { 2 } else { 1 };
        match self.layout.promised {
            Some(promised) if there < promised => {
                let detail = format!("the header promises {promised} rows, and {there} are there");
                self.caveat(CaveatKind::Truncated, detail);
            }
            Some(promised) if there > promised => {
                let detail = format!("the header promises {promised} rows, and {there} are there");
                self.caveat(CaveatKind::TrailingData, detail);
            }
            _ => {}
        }
    }

    fn odd_numbers(&mut self) {
        if let Some(line) = self.table.first_non_finite {
            let detail = format!("{} values are not finite numbers, first at line {line}", self.table.non_finite);
            self.caveat(CaveatKind::NonFinite, detail);
        }
        if let Some(line) = self.table.first_missing {
            let detail = format!("{} cells are empty and read as NaN, first at line {line}", self.table.missing);
            self.caveat(CaveatKind::NonFinite, detail);
        }
        let ranges: Vec<_> = self.layout.columns.iter().zip(&self.table.extremes).collect();
        let beyond: Vec<String> = ranges
            .into_iter()
            .filter_map(|(c, e)| {
                let (low, high) = c.range?;
                (e.low < low || e.high > high)
                    .then(|| format!("{}: header {low} to {high}, rows {} to {}", c.name, e.low, e.high))
            })
            .collect();
        if !beyond.is_empty() {
            let detail = format!("rows lie outside the range that the header states ({})", beyond.join("; "));
            self.caveat(CaveatKind::Inconsistent, detail);
        }
    }

    fn traces(&mut self, rate: f64) -> Vec<Trace> {
        let columns = std::mem::take(&mut self.layout.columns);
        let scales: Vec<(f64, Unit)> = columns.iter().enumerate().map(|(i, column)| self.scale(i, column)).collect();
        self.unit_caveat(&columns, &scales);
        let t0 = self.start();
        let parts = if self.table.pairs { self.pair_names() } else { vec![""] };
        let mut traces = Vec::new();
        for (k, part) in parts.iter().enumerate() {
            for (i, (column, (gain, unit))) in columns.iter().zip(&scales).enumerate() {
                let Some(samples) = self.table.store.column(k * columns.len() + i) else { continue };
                let name = format!("{} {part}", column.name).trim().to_owned();
                let mut trace = Trace::new(name, samples, Kind::Real, rate, *unit);
                trace.gain = *gain;
                trace.t0_s = t0;
                traces.push(trace);
            }
        }
        traces
    }

    /// Which of a pair is the minimum: the head of the file has them in one order.
    fn pair_names(&self) -> Vec<&'static str> {
        let mut values = [[0.0; 64]; 2];
        for (k, out) in values.iter_mut().enumerate() {
            let column = self.table.store.column(k * (self.table.store.columns() / 2));
            if let Some(column) = column {
                let _ = column.read_f64(0, out);
            }
        }
        let falls = values[0].iter().zip(&values[1]).any(|(a, b)| a > b);
        if falls { vec!["max", "min"] } else { vec!["min", "max"] }
    }

    /// Time of the first row.
    fn start(&mut self) -> Option<f64> {
        let first = self.table.first_index;
        let (t0, origin) = match self.layout.index {
            Index::None => (self.layout.start_s?, "header".to_owned()),
            Index::Time(factor) => (first * factor.unwrap_or(1.0), "time column".to_owned()),
            Index::Sequence => {
                let step = self.layout.step.as_ref().map_or(0.0, |(s, _)| *s);
                (self.layout.start_s? + first * step, format!("header Start + {first} x Increment"))
            }
        };
        self.provenance.note("t0_s", origin);
        t0.is_finite().then_some(t0)
    }

    fn scale(&mut self, column: usize, of: &Column) -> (f64, Unit) {
        let uncalibrated = (1.0, Unit::FullScale);
        match of.scale {
            Scale::Known(factor, unit) => (factor, unit),
            Scale::Unknown => uncalibrated,
            Scale::ByDivision(volts) => {
                let peak = self.table.extremes.get(column).map_or(0.0, |e| e.low.abs().max(e.high.abs())) / volts;
                if peak <= DIVISIONS {
                    return (1.0, Unit::Volt);
                }
                if peak * 1e-3 <= DIVISIONS {
                    let detail = format!(
                        "{} reads as millivolts: as volts it would be {peak:.0} divisions of {volts} V",
                        of.name
                    );
                    self.caveat(CaveatKind::Inconsistent, detail);
                    return (1e-3, Unit::Volt);
                }
                uncalibrated
            }
        }
    }

    fn unit_caveat(&mut self, columns: &[Column], scales: &[(f64, Unit)]) {
        let unknown: Vec<&str> = columns
            .iter()
            .zip(scales)
            .filter(|(_, (_, unit))| *unit == Unit::FullScale)
            .map(|(c, _)| c.name.as_str())
            .collect();
        if unknown.is_empty() {
            self.provenance.note("unit", "header");
        } else if self.options.scale_v.is_none() {
            let detail = format!(
                "the file names no unit for {}: levels are relative; if they are volts, say --scale 1",
                unknown.join(", ")
            );
            self.caveat(CaveatKind::Uncalibrated, detail);
        }
    }
}
