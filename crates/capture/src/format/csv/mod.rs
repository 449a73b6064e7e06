//! Oscilloscope CSV: the dialect is chosen by content, and a doubtful table is an error, never silent numbers.

mod assemble;
mod axis;
mod dialect;
mod layout;
mod leading;
mod number;
mod own;
mod rows;
mod shape;
mod sheet;
mod text;
mod unit;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

use self::layout::{Classified, Index, Layout, Refusal, Role};
use self::rows::Hints;
use self::sheet::Sheet;
use self::text::TextKind;
use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, OpenOptions};

/// Oscilloscope CSV of every dialect.
pub(super) struct Csv;

/// Value columns that one file may have.
const MAX_COLUMNS: usize = 64;
/// Rows of the head that are looked at before reading.
const HEAD_ROWS: usize = 1000;
/// Rows of one width from which a last line without a line end is known to be whole.
const WIDTH_PROOF: usize = 16;

impl Format for Csv {
    fn id(&self) -> &'static str {
        "csv"
    }

    fn describe(&self) -> &'static str {
        "oscilloscope CSV: Rigol, Siglent, Tektronix, Keysight, PicoScope, WaveForms, Hantek, LeCroy, R&S, GW Instek, generic"
    }

    fn matches(&self, probe: &Probe) -> Match {
        // JSON has commas and numbers too, and is never a table of samples.
        if matches!(probe.head.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return Match::No;
        }
        let named = matches!(probe.extension().as_str(), "csv" | "tsv");
        let by_name = if named { Match::Name } else { Match::No };
        if is_foreign(probe) {
            return Match::No;
        }
        let Some(sheet) = text::inspect(&probe.head).map(|kind| sheet(probe, kind)) else { return by_name };
        match dialect::classify(&sheet) {
            Ok(layout) if layout.certain => Match::Certain,
            Ok(_) | Err(Refusal::Unsupported(..) | Refusal::Malformed(..)) => Match::Likely,
            Err(Refusal::NoNumbers) => by_name,
        }
    }

    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let path = &probe.path;
        let kind = text::inspect(&probe.head).ok_or_else(|| {
            let hint = "for raw samples say format and rate: --format cu8 --rate 2.4M";
            CaptureError::malformed(path, "the name says CSV, and the content is not text", hint)
        })?;
        let sheet = sheet(probe, kind);
        let layout = checked(dialect::classify(&sheet), probe)?;
        let hints = hints(&sheet, &layout);
        let table = rows::read(path, kind, sheet.separator, sheet.decimal, &layout, hints)?;
        let capture = assemble::capture(path, &sheet, layout, table, options)?;
        Ok(own::finish(capture, &sheet))
    }
}

/// Text with numbers that is no table of samples: JSON, Touchstone, COMTRADE.
fn is_foreign(probe: &Probe) -> bool {
    let json = probe.head.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'{' | b'['));
    let extension = probe.extension();
    let touchstone = matches!(extension.as_bytes(), [b's', b'0'..=b'9', b'p']);
    json || touchstone || matches!(extension.as_str(), "cfg" | "hdr" | "toml" | "html" | "json")
}

fn sheet(probe: &Probe, kind: TextKind) -> Sheet {
    Sheet::new(&text::decode_head(&probe.head, kind), kind.line_end)
}

fn checked(classified: Classified, probe: &Probe) -> Result<Layout, CaptureError> {
    let path = &probe.path;
    let layout = classified.map_err(|refusal| match refusal {
        Refusal::NoNumbers => CaptureError::malformed(
            path,
            format!("no row of numbers in the first {} bytes", probe.head.len()),
            "the file holds a header at most; export the record again",
        ),
        Refusal::Unsupported(what, hint) => CaptureError::unsupported(path, what, hint),
        Refusal::Malformed(what, hint) => CaptureError::malformed(path, what, hint),
    })?;
    match layout.columns.len() {
        0 => Err(CaptureError::malformed(path, "there is no column of values", "export time and volts")),
        1..=MAX_COLUMNS => Ok(layout),
        n => {
            let what = format!("{n} columns of values are more than {MAX_COLUMNS}");
            Err(CaptureError::unsupported(path, what, "export fewer channels"))
        }
    }
}

/// What the first rows tell: about how long a step is, pairs of minimum and maximum, and the width of the last cell.
fn hints(sheet: &Sheet, layout: &Layout) -> Hints {
    let rows = rows_of(sheet, layout);
    let factor = if let Index::Time(Some(factor)) = layout.index { factor } else { 1.0 };
    let (first, last) = (rows.first().map_or(0.0, |r| r.0), rows.last().map_or(0.0, |r| r.0));
    let from_head = (last - first) / (rows.len().max(2) - 1) as f64;
    let timed = matches!(layout.index, Index::Time(_));
    let pairs = timed && layout.step.is_none() && are_pairs(&rows);
    let step = layout.step.as_ref().map_or(from_head, |(s, _)| s / factor);
    Hints { step: if pairs { 2.0 * step } else { step }, pairs, fixed_width: fixed_width(sheet) }
}

/// Index and first value of the rows of the head.
fn rows_of(sheet: &Sheet, layout: &Layout) -> Vec<(f64, f64)> {
    let place = |role: Role| layout.roles.iter().position(|r| *r == role);
    let (Some(index), Some(value)) = (place(Role::Index), place(Role::Value)) else { return Vec::new() };
    let number = |cells: &[&str], i: usize| {
        cells.get(i).and_then(|c| number::cell(c.as_bytes(), sheet.decimal)).map(|n| n.value())
    };
    (layout.first_line..sheet.lines.len().saturating_sub(1))
        .map(|i| sheet.cells(i))
        .filter_map(|c| Some((number(&c, index)?, number(&c, value).unwrap_or(f64::NAN))))
        .filter(|(t, _)| t.is_finite())
        .take(HEAD_ROWS)
        .collect()
}

/// Each instant twice, and always the same one of the two values above the other.
fn are_pairs(rows: &[(f64, f64)]) -> bool {
    let pairs = || rows.chunks_exact(2).filter_map(|c| if let [a, b] = c { Some((*a, *b)) } else { None });
    let same = pairs().all(|(a, b)| a.0 == b.0);
    let ordered = pairs().all(|(a, b)| a.1 <= b.1) || pairs().all(|(a, b)| a.1 >= b.1);
    let differ = pairs().zip(pairs().skip(1)).all(|(p, q)| p.0.0 < q.0.0);
    rows.len() >= 2 && same && ordered && differ
}

fn fixed_width(sheet: &Sheet) -> Option<usize> {
    let from = sheet.first_data?;
    let mut widths = (from..sheet.lines.len().saturating_sub(1))
        .filter_map(|i| sheet.lines.get(i)?.as_bytes().rsplit(|b| *b == sheet.separator).next())
        .map(|c| rows::width(number::strip(c)));
    let first = widths.next().filter(|w| *w > 0)?;
    let mut count = 1;
    for width in widths {
        if width != first {
            return None;
        }
        count += 1;
    }
    (count >= WIDTH_PROOF).then_some(first)
}
