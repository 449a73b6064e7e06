//! Siglent SDS: scope export and bin2csv (`Record Length,Analog:450584` ... `Second,Volt`).

use super::super::layout::{Classified, Column, Heads, Index, Layout, channel_name};
use super::super::sheet::Sheet;
use super::super::unit;
pub(super) use crate::format::scope::instrument as named;

/// Classifies by the key block, or by `Source,CH1` directly above `Second,Volt`.
pub(super) fn classify(sheet: &Sheet) -> Option<Classified> {
    let first = sheet.first_data?;
    let labelled = |key: &str| sheet.value(key).is_some_and(|v| v.contains("Analog:"));
    let model = sheet.value("Model Number").is_some_and(|m| m.to_ascii_uppercase().starts_with("SDS"));
    let heads = Heads::of(sheet);
    let seconds = heads.time_factor(0).is_some();
    let source_above = sheet.key_line("Source").is_some_and(|i| {
        sheet.header().find(|j| *j > i).is_some_and(|j| j < first && sheet.cells(j).first() == Some(&"Second"))
    });
    if !(labelled("Record Length") || labelled("Sample Interval") || model || (source_above && seconds)) {
        return None;
    }
    let sources: Vec<&str> = sheet.values("Source").into_iter().filter(|c| !c.is_empty()).collect();
    let stated: Vec<_> = sheet.values("Vertical Units").iter().map(|c| unit_behind_label(c)).collect();
    let width = heads.units.len().max(sources.len() + 1);
    let columns = (1..width)
        .filter(|i| sources.len() >= *i || heads.unit(*i).is_some() || !heads.name(*i).is_empty())
        .map(|i| {
            let name = sources.get(i - 1).copied().unwrap_or_default();
            let measure = heads.unit(i).or_else(|| stated.get(i - 1).copied().flatten());
            Column::new(channel_name(name, i - 1), measure)
        })
        .collect();
    let mut layout = Layout::new("siglent", sheet)
        .table(Index::Time(heads.time_factor(0)), columns)
        .promise(sheet.figure("Record Length"));
    layout = match sheet.figure("Sample Interval") {
        Some(step) => layout.step_from(Some(step), "Sample Interval"),
        None => layout.rate_from(sheet.figure("Sample Rate"), "Sample Rate"),
    };
    let text = |key: &str| sheet.value(key).unwrap_or_default().to_owned();
    layout.instrument = named("Siglent", &text("Model Number"), &text("Serial Number"));
    Some(Ok(layout))
}

fn unit_behind_label(cell: &str) -> Option<unit::Measure> {
    unit::measure(cell.rsplit(':').next().unwrap_or_default())
}
