//! Any other table of numbers: header or none, time in column 0 or none at all.

use super::super::layout::{Classified, Column, Heads, Index, Layout, Refusal, Role, channel_name};
use super::super::sheet::Sheet;
use super::super::unit::{self, Measure};
use crate::CaveatKind;

/// Header keys that state the step or the rate, as many programs write them.
const STEP_KEYS: [&str; 5] = ["Sample Interval", "Sampling Period", "SampleInterval", "Increment", "Time Step"];
const RATE_KEYS: [&str; 6] =
    ["Sample Rate", "SampleRate", "Sampling Rate", "Sampling Frequency", "sample_rate", "sample_rate_hz"];

/// Time is column 0 when its head says so, or when there is no header and it strictly increases.
pub(super) fn classify(sheet: &Sheet) -> Classified {
    let rows = sheet.rows(1000);
    let mut heads = Heads::of(sheet);
    let filled = rows.first().and_then(|r| r.iter().rposition(Option::is_some)).map_or(0, |p| p + 1);
    // A line of prose above the table is no row of names.
    if heads.names.len() < filled.min(2) {
        heads = Heads::default();
    }
    let named = heads.names.iter().rposition(|n| !n.is_empty()).map(|p| p + 1);
    let headed = named.is_some();
    // Rows that are wider than their header are refused when they are read.
    let width = named.unwrap_or(filled);
    if unit::is_frequency(heads.name(0)) || heads.unit(0) == Some(Measure::Frequency) {
        return Err(Refusal::spectrum("its first column is a frequency"));
    }
    if (0..width).any(|i| heads.unit(i) == Some(Measure::Decibel)) {
        return Err(Refusal::spectrum("its values are in dB"));
    }
    let rising = width > 1 && rises(&rows);
    let timed =
        width > 1 && if headed { heads.time_factor(0).is_some() || unit::is_time(heads.name(0)) } else { rising };
    let counted = width > 1 && headed && !timed && is_counter(heads.name(0)) && rising;
    let from = usize::from(timed || counted);
    let mut columns = heads.columns(from, width);
    for i in columns.len()..width.saturating_sub(from) {
        columns.push(Column::new(channel_name("", i), None));
    }
    let index = if timed { Index::Time(heads.time_factor(0)) } else { Index::None };
    let mut layout = Layout::new("generic", sheet).table(index, columns);
    layout.certain = headed && timed;
    if counted {
        layout.roles.insert(0, Role::Skip);
        layout.caveat(CaveatKind::Ignored, format!("column '{}' counts the rows and was not read", heads.name(0)));
    }
    layout = match STEP_KEYS.iter().find_map(|k| sheet.figure(k)) {
        Some(step) => layout.step_from(Some(step), "sample interval"),
        None => layout.rate_from(RATE_KEYS.iter().find_map(|k| sheet.figure(k)), "sample rate"),
    };
    Ok(layout)
}

fn is_counter(name: &str) -> bool {
    matches!(
        name.trim().to_lowercase().as_str(),
        "" | "#" | "n" | "i" | "index" | "sample" | "samples" | "no" | "point"
    )
}

/// Column 0 strictly increases, or in pairs (minimum and maximum of one instant).
fn rises(rows: &[Vec<Option<super::super::number::Number>>]) -> bool {
    let times: Vec<f64> = rows.iter().filter_map(|r| r.first().copied().flatten()).map(|n| n.value()).collect();
    let strictly = |t: &[f64]| t.len() > 1 && t.windows(2).all(|w| matches!(w, [a, b] if a < b));
    let pairs: Vec<f64> = times.iter().copied().step_by(2).collect();
    let twins = times.len() > 3 && times.chunks_exact(2).all(|c| matches!(c, [a, b] if a == b));
    times.len() == rows.len() && (strictly(&times) || (twins && strictly(&pairs)))
}
