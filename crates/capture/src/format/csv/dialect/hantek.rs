//! Hantek DSO2000/4000/5000: `#timebase=..(ps)`, `,#voltbase=..(uV)`, `#size=..`.

use super::super::layout::{Classified, Column, Index, Layout, Scale};
use super::super::number;
use super::super::sheet::Sheet;

/// Volts and millivolts both occur under one header, so that the scale is settled by the vertical scale afterwards.
pub(super) fn classify(sheet: &Sheet) -> Option<Classified> {
    let after = |key: &str| {
        sheet.header().find_map(|i| sheet.lines.get(i)?.split_once(key).map(|(_, rest)| rest.trim().to_owned()))
    };
    after("#timebase=")?;
    let per_division: Vec<Option<f64>> = sheet
        .header()
        .flat_map(|i| sheet.cells(i).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|c| c.strip_prefix("#voltbase=").map(str::to_owned))
        .map(|c| volts(&c))
        .collect();
    let width = sheet.rows(50).iter().map(Vec::len).max().unwrap_or(0);
    let columns = (1..width)
        .map(|i| {
            let known = per_division.get(i - 1).or(per_division.first()).copied().flatten();
            let mut column = Column::new(format!("CH{i}"), None);
            column.scale = known.map_or(Scale::Unknown, Scale::ByDivision);
            column
        })
        .collect();
    let size = after("#size=").and_then(|s| number::scan(s.as_bytes(), 0, b'.').map(|(n, _)| n.value()));
    Some(Ok(Layout::new("hantek", sheet).table(Index::Time(Some(1.0)), columns).promise(size)))
}

/// `500000(uV)`, `100(mv/100)`: volts per division.
fn volts(text: &str) -> Option<f64> {
    let (number, end) = number::scan(text.as_bytes(), 0, b'.')?;
    let unit = text.get(end..)?.trim().trim_matches(['(', ')']).to_ascii_lowercase();
    let factor = match unit.as_str() {
        "uv" => 1e-6,
        "mv" => 1e-3,
        "mv/100" => 1e-5,
        "v" => 1.0,
        _ => return None,
    };
    (number.value() > 0.0).then_some(number.value() * factor)
}
