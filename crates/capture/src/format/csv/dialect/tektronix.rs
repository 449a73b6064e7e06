//! Tektronix: TDS/DPO with keys beside the rows, and MSO/DPO/MDO series with a key block above `TIME,CH1`.

use super::super::layout::{Classified, Column, Index, Layout, Refusal, Role, channel_name};
use super::super::number;
use super::super::sheet::Sheet;
use super::super::unit;
use super::siglent::named;
use crate::CaveatKind;

/// Lines that carry keys beside the rows.
const BESIDE: usize = 18;

/// `Record Length,2.500000e+03,,-0.0005,0.02`: key and value in columns A and B, time and volts in D and E.
pub(super) fn side_by_side(sheet: &Sheet) -> Option<Classified> {
    let top = sheet.cells(0);
    let blocks: Vec<usize> = top.iter().enumerate().filter(|(_, c)| **c == "Record Length").map(|(i, _)| i).collect();
    let is_number = |i: usize| top.get(i).is_some_and(|c| number::cell(c.as_bytes(), sheet.decimal).is_some());
    if blocks.first() != Some(&0) || !blocks.iter().all(|b| is_number(b + 3) && is_number(b + 4)) {
        return None;
    }
    let beside = |key: &str, block: usize| {
        (0..BESIDE.min(sheet.lines.len()))
            .map(|i| sheet.cells(i))
            .find(|c| c.get(block).is_some_and(|k| k.eq_ignore_ascii_case(key)))
            .and_then(|c| c.get(block + 1).map(|v| (*v).to_owned()))
            .unwrap_or_default()
    };
    let figure = |key: &str| super::super::sheet::figure(&beside(key, 0));
    let horizontal = beside("Horizontal Units", 0);
    if horizontal.eq_ignore_ascii_case("Hz") {
        return Some(Err(Refusal::spectrum("Horizontal Units are Hz")));
    }
    let mut layout = Layout::new("tektronix", sheet);
    layout.first_line = 0;
    layout.text_beside = true;
    layout.index = Index::Time(Some(1.0));
    for (i, block) in blocks.iter().enumerate() {
        layout.roles.resize(block + 3, Role::Skip);
        layout.roles.push(if i == 0 { Role::Index } else { Role::Skip });
        layout.roles.push(Role::Value);
        let name = channel_name(&beside("Source", *block), i);
        layout.columns.push(Column::new(name, unit::measure(&beside("Vertical Units", *block))));
    }
    layout = layout.promise(figure("Record Length")).step_from(figure("Sample Interval"), "Sample Interval");
    layout.instrument = named("Tektronix", &beside("Model Number", 0), &beside("Serial Number", 0));
    point_format(&mut layout, &beside("Pt Fmt", 0));
    Some(Ok(layout))
}

/// `Model,MDO3014` ... `Sample Interval,4e-09` ... `TIME,CH1,CH2[,,TIME,D11]`.
///
/// The time column has seven digits and repeats on long records, so that the header's step is what counts. Columns of
/// a second TIME group (digital) are left out and said to be.
pub(super) fn series(sheet: &Sheet) -> Option<Classified> {
    let line = sheet.header().rev().find(|i| sheet.cells(*i).first() == Some(&"TIME"))?;
    sheet.key_line("Sample Interval").or_else(|| sheet.key_line("Model"))?;
    let names = sheet.cells(line);
    let second = names.iter().skip(1).position(|c| *c == "TIME").map(|p| p + 1);
    let end = second.unwrap_or(names.len());
    let units = sheet.values("Vertical Units");
    if sheet.value("Horizontal Units").is_some_and(|u| u.eq_ignore_ascii_case("Hz")) {
        return Some(Err(Refusal::spectrum("Horizontal Units are Hz")));
    }
    let first_unit = units.first().and_then(|u| unit::measure(u));
    let columns: Vec<Column> = names
        .iter()
        .enumerate()
        .take(end)
        .skip(1)
        .filter(|(_, n)| !n.is_empty())
        // Some exports state the unit once for all channels.
        .map(|(i, n)| {
            let own = units.get(i - 1).filter(|u| !u.is_empty());
            Column::new(channel_name(n, i - 1), own.map_or(first_unit, |u| unit::measure(u)))
        })
        .collect();
    let mut layout = Layout::new("tektronix", sheet)
        .table(Index::Time(Some(1.0)), columns)
        .step_from(sheet.figure("Sample Interval"), "Sample Interval")
        .promise(sheet.figure("Record Length"));
    if let Some(second) = second {
        let left: Vec<&str> =
            names.iter().skip(second + 1).copied().filter(|n| !n.is_empty() && *n != "TIME").collect();
        layout.roles.resize(names.len(), Role::Skip);
        layout.text_beside = true;
        layout.caveat(
            CaveatKind::Ignored,
            format!("columns behind a second TIME column were not read: {}", left.join(", ")),
        );
    }
    layout.instrument = named("Tektronix", sheet.value("Model").unwrap_or_default(), "");
    point_format(&mut layout, sheet.value("Point Format").unwrap_or_default());
    Some(Ok(layout))
}

fn point_format(layout: &mut Layout, format: &str) {
    if format.to_ascii_uppercase().starts_with("ENV") {
        layout.caveat(CaveatKind::Reduced, "the rows are an envelope: minimum and maximum take turns");
    }
}
