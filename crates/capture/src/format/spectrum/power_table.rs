//! The table of rtl_power and hackrf_sweep: `date, time, low, high, step, samples, dB, dB ...`, a line a block of a sweep.

use faultscope_signal::Unit;
use serde_json::json;

use super::super::{Match, Probe};
use super::lines::{Line, Lines, head};
use super::sweeps::{Refused, Sweeps};
use super::{Content, too_many};
use crate::{CaptureError, CaveatKind};

/// One line, taken apart.
struct Row {
    /// Date and time as printed.
    time: String,
    low_hz: f64,
    high_hz: f64,
    levels: Vec<f64>,
}

impl Row {
    fn parse(text: &str) -> Option<Self> {
        let mut cells = text.split(',').map(str::trim);
        let (date, time) = (cells.next()?, cells.next()?);
        if !(is_of(date, "0000-00-00") && is_of(time.split('.').next()?, "00:00:00")) {
            return None;
        }
        let mut number = || cells.next()?.parse::<f64>().ok().filter(|v| v.is_finite());
        let (low_hz, high_hz, step_hz, _samples) = (number()?, number()?, number()?, number()?);
        let sound = low_hz >= 0.0 && high_hz > low_hz && high_hz <= 1e12 && step_hz > 0.0;
        let expected = ((high_hz - low_hz) / step_hz).round();
        let mut levels: Vec<f64> = cells.map(|c| c.parse().ok()).collect::<Option<_>>()?;
        // rtl_power prints the last value twice.
        if levels.len() as f64 == expected + 1.0 {
            levels.pop();
        }
        (sound && levels.len() as f64 == expected).then(|| Self {
            time: format!("{date} {time}"),
            low_hz,
            high_hz,
            levels,
        })
    }

    /// hackrf_sweep prints microseconds, and its levels are relative to full scale.
    fn is_hackrf(&self) -> bool {
        self.time.contains('.')
    }
}

/// Whether a text has the form of a pattern of digits (`0`) and other characters.
fn is_of(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(b, p)| if p == b'0' { b.is_ascii_digit() } else { b == p })
}

/// The first line begins like one of the table's; the head may cut it.
pub(super) fn matches(probe: &Probe) -> Match {
    let first = head(probe).find(|l| !l.is_empty()).unwrap_or_default();
    let cells: Vec<&str> = first.split(',').map(str::trim).take(7).collect();
    let [date, time, low, high, step, _, _] = cells.as_slice() else { return Match::No };
    let dated = is_of(date, "0000-00-00") && time.split('.').next().is_some_and(|t| is_of(t, "00:00:00"));
    let numbers = [low, high, step].iter().all(|c| c.parse::<f64>().is_ok());
    if dated && numbers { Match::Certain } else { Match::No }
}

pub(super) fn read(probe: &Probe) -> Result<Content, CaptureError> {
    let path = &probe.path;
    let mut content = Content::default();
    let mut sweeps = Sweeps::default();
    let mut times: Option<(String, String)> = None;
    let mut hackrf = false;
    let mut lines = Lines::open(probe)?;
    while let Some(Line { number, text, whole }) = lines.next()? {
        if text.is_empty() {
            continue;
        }
        let row = Row::parse(text).filter(|_| whole || sweeps.is_empty());
        let Some(row) = row else {
            if !whole {
                let detail = format!("the last line ({number}) is not finished and was left out");
                content.caveat(CaveatKind::Truncated, detail);
                break;
            }
            let what = format!("line {number} is no row of date, time, low, high, step, samples and one level a step");
            return Err(CaptureError::malformed(path, what, "the file is damaged there; record it again"));
        };
        hackrf = row.is_hackrf();
        sweeps.add(row.low_hz, row.high_hz, &row.levels).map_err(|refused| match refused {
            Refused::TooMany => too_many(probe),
            Refused::Uneven(before) => {
                let what = format!(
                    "line {number} has {} levels from {} Hz on, earlier lines {before} or another end",
                    row.levels.len(),
                    row.low_hz
                );
                CaptureError::malformed(path, what, "several recordings in one file: split them")
            }
        })?;
        times = Some((times.map_or_else(|| row.time.clone(), |t| t.0), row.time));
    }
    let (unit, dialect) = if hackrf { (Unit::Dbfs, "hackrf_sweep") } else { (Unit::Db, "rtl_power") };
    let (mut spectrum, left_out) = sweeps.finish(unit);
    if left_out > 0 {
        content.caveat(CaveatKind::Ignored, format!("blocks overlap: {left_out} points were left out"));
    }
    let detail = "levels are uncalibrated: relative to each other only, not dBm";
    content.caveat(CaveatKind::Uncalibrated, detail);
    content.metadata = json!({ "time": times, "zone": "local time of the recorder" });
    spectrum.time = times;
    content.dialect = dialect;
    content.instrument = Some(dialect.to_owned());
    content.unit_origin = Some(format!("{dialect} writes {}", unit.symbol()));
    content.spectra = vec![spectrum];
    Ok(content)
}
