//! A table whose header names a column of frequencies and columns of levels: `frequency_hz,level_dbm`, `Freq (MHz);dBm`.

use faultscope_signal::{SweptSpectrum, Unit};

use super::super::{Match, Probe};
use super::lines::{Lines, head};
use super::{Content, MAX_POINTS, MAX_SPECTRA, rising, too_many, unit};
use crate::{CaptureError, CaveatKind};

/// Lines above the header at most.
const ABOVE: usize = 100;

/// The header of the table.
struct Header {
    separator: char,
    /// Factor to hertz.
    factor: f64,
    /// Place, name and unit of the columns of levels.
    levels: Vec<(usize, String, Unit)>,
}

impl Header {
    fn parse(text: &str) -> Option<Self> {
        let separator = [';', '\t', ','].into_iter().find(|s| text.contains(*s))?;
        let cells: Vec<(String, String)> = text.split(separator).map(named).collect();
        let (name, suffix) = cells.first()?;
        let is_frequency =
            name.to_lowercase().starts_with("freq") || (name.is_empty() && unit::hertz(suffix).is_some());
        let factor = if suffix.is_empty() { 1.0 } else { unit::hertz(suffix)? };
        let levels: Vec<(usize, String, Unit)> = cells
            .into_iter()
            .enumerate()
            .skip(1)
            .filter_map(|(i, (name, suffix))| Some((i, name, unit::level(&suffix)?)))
            .take(MAX_SPECTRA)
            .collect();
        (is_frequency && !levels.is_empty()).then_some(Self { separator, factor, levels })
    }

    /// Frequency and levels of a row; an empty cell is no number.
    fn row(&self, text: &str) -> Option<(f64, Vec<f64>)> {
        let cells: Vec<&str> = text.split(self.separator).map(str::trim).collect();
        let number = |cell: &str| -> Option<f64> {
            let cell = cell.trim_matches('"');
            if self.separator == ';' { cell.replace(',', ".").parse().ok() } else { cell.parse().ok() }
        };
        let frequency = number(cells.first()?)? * self.factor;
        let level = |(i, ..): &(usize, String, Unit)| match cells.get(*i).copied().unwrap_or_default() {
            "" => Some(f64::NAN),
            cell => number(cell),
        };
        Some((frequency, self.levels.iter().map(level).collect::<Option<_>>()?))
    }
}

/// Name and unit of a header cell: `level_dbm`, `Amplitude (dBm)`, `Trace 1 [dBm]`, `dBm`.
fn named(cell: &str) -> (String, String) {
    let cell = cell.trim().trim_matches('"').trim();
    if unit::level(cell).is_some() || unit::hertz(cell).is_some() {
        return (String::new(), cell.to_owned());
    }
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((name, suffix)) = cell.strip_suffix(close).and_then(|c| c.rsplit_once(open)) {
            return (name.trim().to_owned(), suffix.to_owned());
        }
    }
    let known = |s: &str| unit::level(s).is_some() || unit::hertz(s).is_some();
    // `dbuv_per_m` has the separator inside.
    let split = cell.match_indices('_').map(|(i, _)| cell.split_at(i)).find(|(_, s)| known(s.trim_start_matches('_')));
    match split {
        Some((name, suffix)) => (name.to_owned(), suffix.trim_start_matches('_').to_owned()),
        None => (cell.to_owned(), String::new()),
    }
}

pub(super) fn matches(probe: &Probe) -> Match {
    if head(probe).take(ABOVE).any(|l| Header::parse(l).is_some()) { Match::Certain } else { Match::No }
}

pub(super) fn read(probe: &Probe) -> Result<Content, CaptureError> {
    let path = &probe.path;
    let mut content = Content { dialect: "columns", ..Content::default() };
    let mut header: Option<Header> = None;
    let (mut frequency_hz, mut columns, mut numbers) = (Vec::new(), Vec::<Vec<f64>>::new(), Vec::new());
    let mut lines = Lines::open(probe)?;
    while let Some(line) = lines.next()? {
        let Some(head) = &header else {
            header = Header::parse(line.text);
            columns.resize(header.as_ref().map_or(0, |h| h.levels.len()), Vec::new());
            continue;
        };
        if line.text.is_empty() {
            continue;
        }
        let Some((hz, levels)) = head.row(line.text).filter(|_| line.whole || frequency_hz.is_empty()) else {
            if !line.whole {
                let detail = "the last line has no line end and may have lost digits: it was left out";
                content.caveat(CaveatKind::Truncated, detail);
                break;
            }
            let what = format!("line {} is no row of a frequency and its levels", line.number);
            return Err(CaptureError::malformed(path, what, "the file is damaged there; export it again"));
        };
        if frequency_hz.len() * columns.len() >= MAX_POINTS {
            return Err(too_many(probe));
        }
        frequency_hz.push(hz);
        numbers.push(line.number);
        columns.iter_mut().zip(levels).for_each(|(column, level)| column.push(level));
    }
    rising(probe, &frequency_hz, |i| numbers.get(i).copied().unwrap_or(0))?;
    let levels = header.map(|h| h.levels).unwrap_or_default();
    content.spectra = levels
        .into_iter()
        .zip(columns)
        .map(|((_, name, unit), levels)| SweptSpectrum::single(name, frequency_hz.clone(), levels, unit))
        .collect();
    content.unit_origin = Some("header of the column".to_owned());
    Ok(content)
}
