//! Spectrum exports that look like waveforms from afar: rtl_power, hackrf_sweep, SignalVu, tinySA.

use super::super::layout::{Classified, Refusal};
use super::super::number;
use super::super::sheet::Sheet;

/// Refuses what carries the signature of a spectrum.
pub(super) fn classify(sheet: &Sheet) -> Option<Classified> {
    let what = if sweep_table(sheet) {
        "the table of rtl_power or hackrf_sweep"
    } else if sheet.lines.iter().take(4).any(|l| l.trim() == "[Global Parameters]") {
        "SignalVu trace"
    } else if tinysa(sheet) {
        "frequency and level, as tinySA saves it"
    } else {
        return None;
    };
    Some(Err(Refusal::spectrum(what)))
}

/// `2018-11-18, 12:48:15, 80150000, 80250000, 781.25, 12480, -28.02, ...`
fn sweep_table(sheet: &Sheet) -> bool {
    let cells = sheet.cells(0);
    let pattern = |cell: Option<&&str>, separator: char, lengths: [usize; 3]| {
        cell.and_then(|c| c.split_whitespace().last()).is_some_and(|c| {
            let parts: Vec<&str> = c.split(separator).collect();
            parts.len() == 3 && parts.iter().zip(lengths).all(|(p, n)| p.len() >= n && p.as_bytes()[0].is_ascii_digit())
        })
    };
    let number = |i: usize| cells.get(i).and_then(|c| number::cell(c.as_bytes(), b'.')).map(|n| n.value());
    pattern(cells.first(), '-', [4, 1, 1])
        && pattern(cells.get(1), ':', [1, 1, 1])
        && number(2).zip(number(3)).is_some_and(|(low, high)| high > low)
        && cells.len() > 6
}

/// No header; `433920000,-95.125 -101.250`: traces behind the frequency are separated by a blank, or the first column
/// begins at 100 kHz and above, where no record in seconds begins.
fn tinysa(sheet: &Sheet) -> bool {
    let cells = sheet.cells(0);
    let value = |c: &str| number::cell(c.as_bytes(), b'.').map(|n| n.value());
    let [frequency, levels] = cells.as_slice() else { return false };
    let levels: Vec<Option<f64>> = levels.split_whitespace().map(value).collect();
    let plausible = levels.iter().all(|l| l.is_some_and(|l| (-250.0..150.0).contains(&l)));
    let first = value(frequency);
    plausible && !levels.is_empty() && first.is_some_and(|f| levels.len() > 1 || f >= 1e5)
}
