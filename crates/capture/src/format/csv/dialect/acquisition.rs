//! Exports with a signature of their own: PicoScope, Digilent WaveForms, LeCroy ASCII, GW Instek.

use super::super::layout::{Classified, Column, Heads, Index, Layout, Refusal, Role, Scale, channel_name};
use super::super::sheet::{Sheet, figure};
use super::super::unit::{self, Measure};
use crate::CaveatKind;

/// `Time,Channel A,Channel B` over `(us),(V),(mV)`: the words are localised, the bracketed units are the mark.
pub(super) fn picoscope(sheet: &Sheet) -> Option<Classified> {
    let heads = Heads::of(sheet);
    let factor = heads.time_factor(0).filter(|_| heads.bracketed)?;
    let columns = heads.columns(1, heads.names.len());
    Some(Ok(Layout::new("picoscope", sheet).table(Index::Time(Some(factor)), columns)))
}

/// `#Digilent WaveForms Oscilloscope Acquisition` and its `#Key: value` lines.
pub(super) fn waveforms(sheet: &Sheet) -> Option<Classified> {
    sheet.lines.first().filter(|l| l.starts_with("#Digilent WaveForms"))?;
    let after = |key: &str| {
        let lines = sheet.header().filter_map(|i| sheet.lines.get(i));
        lines.filter_map(|l| l.strip_prefix('#')?.strip_prefix(key)).map(|v| v.trim().to_owned()).next()
    };
    let heads = Heads::of(sheet);
    let mut layout = Layout::new("waveforms", sheet)
        .table(Index::Time(heads.time_factor(0)), heads.columns(1, heads.names.len()))
        .rate_from(after("Sample rate:").and_then(|v| figure(&v)), "Sample rate")
        .promise(after("Samples:").and_then(|v| figure(&v)));
    let serial = after("Serial Number:").unwrap_or_default();
    layout.instrument = super::siglent::named("Digilent", &after("Device Name:").unwrap_or_default(), &serial);
    layout.date = after("Date Time:");
    Some(Ok(layout))
}

/// `LECROY9354,935412345` / `Segments,1,SegmentSize,502` / ... / `Time,Ampl[,Ampl1]`.
pub(super) fn lecroy(sheet: &Sheet) -> Option<Classified> {
    let top = sheet.cells(0);
    top.first().filter(|c| c.to_ascii_uppercase().starts_with("LECROY"))?;
    let segments = sheet.values("Segments");
    if segments.first().and_then(|c| figure(c)).is_some_and(|n| n > 1.0) {
        return Some(Err(Refusal::Unsupported(
            "a LeCroy export of several segments".into(),
            "export one segment to a file".into(),
        )));
    }
    let heads = Heads::of(sheet);
    let mut columns = heads.columns(1, heads.names.len());
    let mut layout = Layout::new("lecroy", sheet).promise(segments.get(2).and_then(|c| figure(c)));
    if let [low, high] = columns.as_mut_slice()
        && high.name == format!("{}1", low.name)
    {
        high.name = format!("{} max", low.name);
        low.name = format!("{} min", low.name);
        layout.caveat(CaveatKind::Reduced, "each row is the minimum and the maximum of several samples");
    }
    let model = top.first().map(|c| c.get(6..).unwrap_or_default().to_owned()).unwrap_or_default();
    layout.instrument = super::siglent::named("LeCroy", &model, top.get(1).copied().unwrap_or_default());
    let stamp = sheet.header().map(|i| sheet.cells(i)).find(|c| c.first().is_some_and(|k| k.starts_with('#')));
    layout.date = stamp.and_then(|c| c.get(1).map(|d| (*d).to_owned()));
    // The format is defined in seconds.
    let factor = heads.time_factor(0).unwrap_or(1.0);
    Some(Ok(layout.table(Index::Time(Some(factor)), columns)))
}

/// `Format,1.0B` / `Memory Length,10000` / ... / `Waveform Data,`: one value per line as an integer (25 per division).
pub(super) fn gw_instek(sheet: &Sheet) -> Option<Classified> {
    sheet.key_line("Format")?;
    let length = sheet.figure("Memory Length")?;
    let rows = sheet.rows(200);
    let width = rows.iter().map(|r| r.iter().filter(|c| c.is_some()).count()).max().unwrap_or(0);
    let whole = rows.iter().flatten().flatten().all(|n| n.value().fract() == 0.0);
    let timed = sheet.value("Mode").is_some_and(|m| m.eq_ignore_ascii_case("Detail")) || (width == 2 && !whole);
    let unit = sheet.value("Vertical Units").and_then(unit::measure);
    let name = sheet.value("Source").unwrap_or("CH1");
    let layout = Layout::new("gw-instek", sheet)
        .step_from(sheet.figure("Sampling Period"), "Sampling Period")
        .promise(Some(length));
    if timed {
        return Some(Ok(layout.table(Index::Time(Some(1.0)), vec![Column::new(channel_name(name, 0), unit)])));
    }
    if !whole || width != 1 {
        return Some(Err(Refusal::Malformed(
            "a GW Instek file whose rows are neither one integer nor time and value".into(),
            "export as 'Detail CSV'".into(),
        )));
    }
    let Some(per_division) = sheet.figure("Vertical Scale").filter(|s| s.is_finite() && *s > 0.0) else {
        return Some(Err(Refusal::Malformed(
            "a GW Instek file without a Vertical Scale above zero".into(),
            "export as 'Detail CSV'".into(),
        )));
    };
    let mut column = Column::new(channel_name(name, 0), unit);
    let known = match unit {
        Some(Measure::Level(factor, unit)) => Scale::Known(factor * per_division / 25.0, unit),
        _ => Scale::Unknown,
    };
    column.scale = known;
    let mut layout = layout.table(Index::None, vec![column]);
    layout.roles = vec![Role::Value];
    Some(Ok(layout))
}
