//! Rigol: DS1000Z/2000/4000 (sequence), DS1000E/D and DS1000B (seconds), MSO5000/DHO (t0, tInc), UltraScope on a PC.

use faultscope_signal::Unit;

use super::super::layout::{Classified, Column, Heads, Index, Layout, Refusal, Scale, channel_name};
use super::super::number;
use super::super::sheet::{Sheet, figure};
use super::super::unit::{self, Measure};

/// `X,CH1,CH2,Start,Increment,` over `Sequence,Volt,Volt,<start>,<increment>`: t = start + sequence * increment.
pub(super) fn sequence(sheet: &Sheet) -> Option<Classified> {
    let line = sheet.header().find(|i| {
        let cells = sheet.cells(*i);
        cells.contains(&"Start") && cells.contains(&"Increment")
    })?;
    let names = sheet.cells(line);
    let units = sheet.cells(line + 1);
    let at = |name: &str| names.iter().position(|c| *c == name);
    let figure_at = |name: &str| units.get(at(name)?).and_then(|c| number::cell(c.as_bytes(), sheet.decimal));
    let (start, step) = (figure_at("Start"), figure_at("Increment"));
    let Some((start, step)) = start.zip(step).filter(|(_, s)| s.value().is_finite() && s.value() > 0.0) else {
        let what = format!("line {}: the header promises Start and Increment and does not give them", line + 2);
        return Some(Err(Refusal::Malformed(what, "export the record again".into())));
    };
    let last = at("Start").unwrap_or(names.len());
    let columns = (1..last)
        .filter_map(|i| names.get(i).map(|n| (i, n)))
        .map(|(i, name)| Column::new(channel_name(name, i - 1), units.get(i).and_then(|u| unit::measure(u))))
        .collect();
    let mut layout =
        Layout::new("rigol", sheet).table(Index::Sequence, columns).step_from(Some(step.value()), "Increment");
    layout.start_s = Some(start.value());
    Some(Ok(layout))
}

/// `CH1V,CH2V,t0 =-5.000000e-02, tInc = 1.000000e-05,`: values only.
pub(super) fn increment(sheet: &Sheet) -> Option<Classified> {
    let line = sheet.header().find(|i| sheet.lines.get(*i).is_some_and(|l| l.contains("tInc") && l.contains("t0")))?;
    let cells = sheet.cells(line);
    let after = |key: &str| cells.iter().find(|c| c.starts_with(key)).and_then(|c| figure(c));
    let columns: Vec<Column> = cells
        .iter()
        .filter(|c| !c.is_empty() && !c.contains('='))
        .enumerate()
        .map(|(i, c)| {
            let (name, measure) = unit::split(c);
            Column::new(channel_name(&name, i), measure)
        })
        .collect();
    let timed = columns.first().is_some_and(|c| unit::is_time(&c.name));
    let mut layout = Layout::new("rigol", sheet).step_from(after("tInc"), "tInc");
    layout.start_s = after("t0").filter(|t| t.is_finite());
    Some(Ok(if timed {
        layout.table(Index::Time(Some(1.0)), columns.into_iter().skip(1).collect())
    } else {
        layout.table(Index::None, columns)
    }))
}

/// The key block of the PC software: `"Number of Data points =",8192,` ... `"Time (s)","Voltage (V)","Voltage (V)"`.
pub(super) fn ultrascope(sheet: &Sheet) -> Option<Classified> {
    let promised = sheet.figure("Number of Data points")?;
    sheet.key_line("Sampling Frequency (Hz)").or_else(|| sheet.key_line("Channel Data"))?;
    let heads = Heads::of(sheet);
    let mut columns = heads.columns(1, heads.names.len());
    let (low, high) = (sheet.values("Minimum (V)"), sheet.values("Maximum (V)"));
    for (i, (column, name)) in columns.iter_mut().zip(sheet.values("Channel Data")).enumerate() {
        column.name = channel_name(name, i);
        let of = |row: &[&str]| row.get(i).and_then(|c| number::cell(c.as_bytes(), sheet.decimal)).map(|n| n.value());
        column.range = of(&low).zip(of(&high));
    }
    let layout = Layout::new("rigol-ultrascope", sheet)
        .table(Index::Time(heads.time_factor(0)), columns)
        .rate_from(sheet.figure("Sampling Frequency (Hz)"), "Sampling Frequency")
        .promise(Some(promised));
    Some(Ok(layout))
}

/// `X,CH1,CH2,` or `,CH1,CH2` over `Second,Volt,Volt`; one line `X,CH 1 (V),CH 2 (V)`.
pub(super) fn seconds(sheet: &Sheet) -> Option<Classified> {
    let heads = Heads::of(sheet);
    let two_rows = heads.two_rows && heads.unit(0) == Some(Measure::Time(1.0));
    let in_one = heads.name(0) == "X" && heads.unit(1).is_some();
    let corner = matches!(heads.name(0), "X" | "");
    let channels = unit::channel_number(heads.name(1)).is_some() || heads.name(1).eq_ignore_ascii_case("MATH");
    if !(corner && channels && (two_rows || in_one)) {
        return None;
    }
    let mut columns = heads.columns(1, heads.names.len());
    if in_one {
        // One header line without a unit of time: the family prints seconds.
        columns.iter_mut().filter(|c| c.scale == Scale::Unknown).for_each(|c| c.scale = Scale::Known(1.0, Unit::Volt));
    }
    Some(Ok(Layout::new("rigol", sheet).table(Index::Time(Some(1.0)), columns)))
}
