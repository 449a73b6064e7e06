//! tinySA: the CSV on its card (`433920000,-95.125 -101.250`) and what its console prints (`433920000 -9.51e+01 0.0`).

use faultscope_signal::{SweptSpectrum, Unit};

use super::super::{Match, Probe};
use super::lines::{Lines, head};
use super::{Content, MAX_POINTS, MAX_SPECTRA, rising, too_many};
use crate::{CaptureError, CaveatKind};

/// Lines of the head that must be rows of the table.
const PROOF: usize = 3;

/// Levels beyond these are not what the instrument can show.
const LEVELS: std::ops::Range<f64> = -250.0..150.0;

/// Frequency in hertz and levels of one line.
struct Row {
    hz: f64,
    levels: Vec<f64>,
    /// The frequency is in megahertz, the levels stand behind a comma.
    mega: bool,
    comma: bool,
}

impl Row {
    fn parse(text: &str) -> Option<Self> {
        let (frequency, rest, comma) = match text.split_once(',') {
            Some((frequency, rest)) => (frequency.trim(), rest, true),
            None => text.split_once(char::is_whitespace).map(|(f, rest)| (f, rest, false))?,
        };
        // Whole hertz, or megahertz with six decimals.
        let mega = frequency.contains('.');
        let plain = frequency.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let value: f64 = frequency.parse().ok().filter(|_| plain)?;
        let levels: Vec<f64> = rest.split_whitespace().map(|c| c.parse().ok()).collect::<Option<_>>()?;
        let sound = !levels.is_empty() && levels.len() <= MAX_SPECTRA && levels.iter().all(|l| LEVELS.contains(l));
        sound.then_some(Self { hz: if mega { value * 1e6 } else { value }, levels, mega, comma })
    }
}

/// Prompts of the console and blank lines.
fn is_noise(text: &str) -> bool {
    text.is_empty() || text.starts_with("ch>")
}

pub(super) fn matches(probe: &Probe) -> Match {
    // The last line of the head may be cut.
    let lines: Vec<&str> = head(probe).filter(|l| !is_noise(l)).take(PROOF + 1).collect();
    let whole = lines.len().saturating_sub(1).clamp(1, PROOF);
    let rows: Option<Vec<Row>> = lines.iter().take(whole).map(|l| Row::parse(l)).collect();
    let Some(rows) = rows.filter(|r| !r.is_empty()) else { return Match::No };
    let named = probe.name().to_ascii_uppercase().starts_with("SA_");
    // A record of time and volts does not begin at 100 kHz, and has no levels with blanks between them.
    let own = |r: &Row| named || (!r.mega && r.hz >= 1e5) || (r.comma && r.levels.len() > 1);
    let rises = rows.windows(2).all(|w| matches!(w, [a, b] if a.hz < b.hz && a.levels.len() == b.levels.len()));
    if rises && rows.iter().all(own) { Match::Certain } else { Match::No }
}

pub(super) fn read(probe: &Probe) -> Result<Content, CaptureError> {
    let path = &probe.path;
    let mut content = Content { dialect: "tinysa", ..Content::default() };
    let (mut frequency_hz, mut columns, mut numbers) = (Vec::new(), Vec::<Vec<f64>>::new(), Vec::new());
    let mut comma = true;
    let mut lines = Lines::open(probe)?;
    while let Some(line) = lines.next()? {
        if is_noise(line.text) {
            continue;
        }
        let row = Row::parse(line.text).filter(|r| columns.is_empty() || r.levels.len() == columns.len());
        let Some(row) = row.filter(|_| line.whole || columns.is_empty()) else {
            if !line.whole {
                let detail = format!(
                    "the last line ({}) has no line end and may have lost digits: it was left out",
                    line.number
                );
                content.caveat(CaveatKind::Truncated, detail);
                break;
            }
            let what = format!("line {} is no row of a frequency and its levels", line.number);
            return Err(CaptureError::malformed(path, what, "save one sweep to a file"));
        };
        if frequency_hz.len() >= MAX_POINTS {
            return Err(too_many(probe));
        }
        comma = row.comma;
        frequency_hz.push(row.hz);
        numbers.push(line.number);
        columns.resize(row.levels.len(), Vec::new());
        columns.iter_mut().zip(row.levels).for_each(|(column, level)| column.push(level));
    }
    rising(probe, &frequency_hz, |i| numbers.get(i).copied().unwrap_or(0))?;
    // The console prints a zero behind every level, the imaginary part of an analyser of another kind.
    if !comma && columns.len() > 1 {
        columns.retain(|c| c.iter().any(|v| *v != 0.0));
    }
    let several = columns.len() > 1;
    let name = |i: usize| if several { format!("trace {}", i + 1) } else { String::new() };
    content.spectra = columns
        .into_iter()
        .enumerate()
        .map(|(i, levels)| SweptSpectrum::single(name(i), frequency_hz.clone(), levels, Unit::Dbm))
        .collect();
    let detail = "the file does not state the unit of its levels: dBm, the instrument's default, was taken";
    content.caveat(CaveatKind::Uncalibrated, detail);
    content.instrument = Some("tinySA".to_owned());
    Ok(content)
}
