//! Keysight InfiniiVision: `x-axis,1,2` over `second,Volt,Volt`.

use super::super::layout::{Classified, Column, Index, Layout, channel_name};
use super::super::sheet::Sheet;
use super::super::unit::{self, Measure};

/// Classifies by the word in the corner; a third header row (segments) is passed over.
pub(super) fn classify(sheet: &Sheet) -> Option<Classified> {
    let line = sheet.key_line("x-axis")?;
    let names = sheet.cells(line);
    let units = sheet.cells(line + 1);
    let factor = match units.first().and_then(|u| unit::measure(u)) {
        Some(Measure::Time(factor)) => Some(factor),
        Some(Measure::Frequency) => {
            return Some(Err(super::super::layout::Refusal::spectrum("its x-axis is in hertz")));
        }
        _ => None,
    };
    let columns = names
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(_, n)| !n.is_empty())
        .map(|(i, n)| Column::new(channel_name(n, i - 1), units.get(i).and_then(|u| unit::measure(u))))
        .collect();
    Some(Ok(Layout::new("keysight", sheet).table(Index::Time(factor), columns)))
}
