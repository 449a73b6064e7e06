//! Siglent `.bin`, versions 2 to 6.
//!
//! Layout: Siglent, *How to Extract Data from the Binary File of SIGLENT Oscilloscope*. What that paper leaves open is
//! settled by records of known levels: the offset is subtracted, and both it and the scale lie before the probe factor.

use faultscope_signal::Unit;

use super::fields::Fields;
use super::frames;
use super::scope::{self, Channel, Source};
use super::{Format, Match, Probe};
use crate::samples::Component;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions, Provenance, Trace};

/// Siglent oscilloscopes.
pub(super) struct Siglent;

impl Format for Siglent {
    fn id(&self) -> &'static str {
        "siglent"
    }
    fn describe(&self) -> &'static str {
        "Siglent .bin, versions 2, 3, 4 and 6"
    }
    fn matches(&self, probe: &Probe) -> Match {
        // There is no signature but the version number: the fields behind it must make sense, too.
        match version(probe) {
            Some(6) => Match::Certain,
            Some(_) if probe.extension() == "bin" => Match::Certain,
            Some(_) => Match::Likely,
            None => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut source = Source::new(file, &probe.path, size);
        let version = version(probe).ok_or_else(|| source.malformed("the version number fits no Siglent file"))?;
        let mut provenance = Provenance::default();
        let (traces, instrument, metadata) = match version {
            5 => return Err(fifth(probe)),
            6 => records(&mut source, options, &mut provenance)?,
            _ => fixed(&mut source, &Places::of(version), options, &mut provenance)?,
        };
        if traces.is_empty() {
            let hint = "switch on and save an analogue channel";
            return Err(CaptureError::unsupported(&probe.path, "the file holds no analogue channel", hint));
        }
        scope::note(&mut provenance, "header", Some(instrument), &traces);
        provenance.metadata = metadata;
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("siglent/v{version}"),
            traces,
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

/// Of version 5 it is known where the header says rate and length, and not where the samples begin: its fields reach to
/// 0x1b9e, so that 0x800, as in versions 2 and 3, would make volts of a header.
fn fifth(probe: &Probe) -> CaptureError {
    let what = "Siglent .bin version 5: where its samples begin is not published";
    CaptureError::unsupported(&probe.path, what, "save it as CSV on the instrument, or update its firmware")
}

/// The version, where the first number is one and the rate and length that go with it are plausible.
fn version(probe: &Probe) -> Option<u32> {
    let word = |at: usize| Some(u32::from_le_bytes(probe.head.get(at..at + 4)?.try_into().ok()?));
    let double = |at: usize| Some(f64::from_le_bytes(probe.head.get(at..at + 8)?.try_into().ok()?));
    let version = word(0)?;
    if version == 6 {
        let head = u16::from_le_bytes(probe.head.get(4..6)?.try_into().ok()?);
        let text = probe.head.get(8..40)?.iter().all(|b| *b == 0 || b.is_ascii_graphic() || *b == b' ');
        return (head >= V6_FILE as u16 && text && (1..=64).contains(&word(104)?)).then_some(6);
    }
    let places = (2..=5).contains(&version).then(|| Places::of(version))?;
    let rate = double(places.rate)?;
    let magnitude = word(places.rate + 8)?;
    let length = word(places.length)?;
    let switches = places.on.iter().take(4).all(|at| matches!(word(*at), Some(0 | 1)));
    (rate.is_finite() && rate > 0.0 && magnitude <= 16 && length > 0 && switches).then_some(version)
}

/// Where the fields of one version lie, all of them offsets from the start of the file.
struct Places {
    version: u32,
    on: Vec<usize>,
    scale: Vec<usize>,
    offset: Vec<usize>,
    /// Probe factors (f64) and codes per division (i32), where the version has them.
    probe: Option<Vec<usize>>,
    codes: Option<Vec<usize>>,
    time_div: usize,
    delay: usize,
    length: usize,
    rate: usize,
    width: Option<usize>,
    order: Option<usize>,
    /// Number of divisions of the time axis (i32).
    divisions: Option<usize>,
    digital: Option<usize>,
    /// Where the offset of the samples is written; nothing for 0x800.
    data: Option<usize>,
}

/// Four or more places with a constant distance.
fn row(first: usize, step: usize) -> Vec<usize> {
    (0..4).map(|i| first + i * step).collect()
}

/// A value with its unit: f64, magnitude (u32), seven words of unit.
const VALUE: usize = 40;

impl Places {
    fn of(version: u32) -> Self {
        // Version 4 put the offset of the samples in front: four bytes more before everything.
        let shift = if version == 4 { 4 } else { 0 };
        let at = |place: usize| place + shift;
        let mut places = Self {
            version,
            on: row(at(0x04), 4),
            scale: row(at(0x14), VALUE),
            offset: row(at(0xb4), VALUE),
            probe: Some(row(at(0x240), 8)),
            codes: None,
            time_div: at(0x198),
            delay: at(0x1c0),
            length: at(0x1e8),
            rate: at(0x1ec),
            width: Some(at(0x260)),
            order: None,
            divisions: None,
            digital: Some(at(0x154)),
            data: None,
        };
        match version {
            3 | 4 => {
                places.codes = Some(row(at(0x26c), 4));
                places.order = Some(at(0x261));
                places.divisions = Some(at(0x268));
            }
            5 => {
                places.on = vec![0x76, 0xf0, 0x194, 0x238];
                (places.length, places.rate) = (0x1b88, 0x1b92);
            }
            _ => {}
        }
        if version == 4 {
            places.data = Some(0x04);
            for (list, first, step) in
                [(&mut places.on, 0x404, 4), (&mut places.scale, 0x414, VALUE), (&mut places.offset, 0x4b4, VALUE)]
            {
                list.extend(row(first, step));
            }
            places.probe.iter_mut().for_each(|list| list.extend(row(0x554, 8)));
            places.codes.iter_mut().for_each(|list| list.extend(row(0x574, 4)));
        }
        places
    }
}

/// A value with its magnitude in SI: `value * 10^(3 * (magnitude - 8))`.
fn value(f: &Fields, at: usize) -> Result<f64, CaptureError> {
    let magnitude = f64::from(f.u32(at + 8)?.min(64));
    Ok(f.f64(at)? * 10f64.powf(3.0 * (magnitude - 8.0)))
}

/// The unit behind a value: after one word the exponents of volt, ampere and second as fractions of two words each.
fn unit(f: &Fields, at: usize) -> Result<Option<Unit>, CaptureError> {
    Ok(match (f.u32(at + 16)?, f.u32(at + 24)?, f.u32(at + 32)?) {
        (1, 0, 0) => Some(Unit::Volt),
        (0, 1, 0) => Some(Unit::Ampere),
        _ => None,
    })
}

type Read = (Vec<Trace>, String, serde_json::Value);

/// Versions 2 to 5: fields at fixed places, then the channels that are on, one after the other.
fn fixed(
    source: &mut Source,
    places: &Places,
    options: &OpenOptions,
    provenance: &mut Provenance,
) -> Result<Read, CaptureError> {
    let f = Fields::read(&source.file, source.path, 0, 0x2000)?;
    let rate = frames::sample_rate(source.path, options, Some((value(&f, places.rate)?, "header")), provenance)?;
    let wide = places.width.map(|at| f.u8(at)).transpose()?.is_some_and(|w| w != 0);
    let big = places.order.map(|at| f.u8(at)).transpose()?.is_some_and(|o| o != 0);
    let component = match (wide, big) {
        (false, _) => Component::U8,
        (true, false) => Component::U16Le,
        (true, true) => Component::U16Be,
    };
    let (middle, top) = if wide { (32_768.0, 65_535.0) } else { (128.0, 255.0) };
    let frames = u64::from(f.u32(places.length)?);
    let bytes = frames * component.bytes() as u64;
    let mut next = places.data.map(|at| f.u32(at)).transpose()?.map_or(0x800, u64::from);
    source.behind(0x600, next, "the first channel")?;
    let divisions = places.divisions.map(|at| f.i32(at)).transpose()?.map_or(14.0, f64::from);
    let shown = value(&f, places.time_div)? * divisions;
    // The middle of the screen is the reference; a part of the record (zoom) has another one that is not written here.
    let whole = (frames as f64 / rate - shown).abs() <= 0.01 * shown;
    let t0 = Some(-shown / 2.0 - value(&f, places.delay)?).filter(|t| t.is_finite() && whole);
    let mut traces = Vec::new();
    let mut probes = Vec::new();
    for (i, on) in places.on.iter().enumerate() {
        if f.i32(*on)? != 1 {
            continue;
        }
        let name = format!("CH{}", i + 1);
        let field = |list: &Option<Vec<usize>>| list.as_ref().and_then(|l| l.get(i)).copied();
        let probe = field(&places.probe).map(|at| f.f64(at)).transpose()?.unwrap_or(1.0);
        let codes = field(&places.codes).map(|at| f.i32(at)).transpose()?.map_or(25.0, f64::from);
        let per_division = places.scale.get(i).map(|at| value(&f, *at)).transpose()?.unwrap_or(f64::NAN);
        let offset = places.offset.get(i).map(|at| value(&f, *at)).transpose()?.unwrap_or(f64::NAN);
        let per_code = per_division / codes * probe;
        let known = places.scale.get(i).filter(|_| places.version == 4).map(|at| unit(&f, *at)).transpose()?.flatten();
        let channel = Channel {
            per_code,
            at_zero: -per_code * middle - offset * probe,
            codes: Some((0.0, top)),
            ..Channel::plain(name.clone(), component, next, frames, known.unwrap_or(Unit::Volt))
        };
        if places.version < 4 && (probe != 1.0 || offset != 0.0) {
            let detail = format!(
                "{name}: sign of the offset ({offset} V) and use of the probe factor ({probe}) are those of version 4; \
                 the maker's paper is not clear on version {}",
                places.version
            );
            source.caveat(CaveatKind::Uncalibrated, detail);
        }
        let mut trace = source.trace(&channel, rate)?;
        trace.t0_s = t0;
        traces.push(trace);
        probes.push(probe);
        next = next.saturating_add(bytes);
    }
    let digital = places.digital.map(|at| f.u32(at)).transpose()?.is_some_and(|d| d == 1);
    if digital {
        source.caveat(CaveatKind::Ignored, "digital channels were not read");
    } else if next < source.size && !traces.is_empty() {
        let detail = format!("{} bytes behind the analogue channels were not read", source.size - next);
        source.caveat(CaveatKind::TrailingData, detail);
    }
    Ok((
        traces,
        "Siglent".to_owned(),
        serde_json::json!({ "probe_factors": probes, "bits": if wide { 16 } else { 8 } }),
    ))
}

/// Bytes of the file header and of a record header of version 6.
const V6_FILE: usize = 108;
const V6_RECORD: usize = 264;

/// Version 6: a file header, then records with a header each.
fn records(source: &mut Source, options: &OpenOptions, provenance: &mut Provenance) -> Result<Read, CaptureError> {
    let head = Fields::read(&source.file, source.path, 0, V6_FILE)?;
    let (count, mut next) = (head.u32(104)?, u64::from(head.u16(4)?));
    let mut traces = Vec::new();
    for number in 1..=count {
        if next >= source.size {
            let detail = format!("the header promises {count} records, the file holds {}", number - 1);
            source.caveat(CaveatKind::Truncated, detail);
            break;
        }
        let f = Fields::read(&source.file, source.path, next, V6_RECORD)?;
        let start = next.saturating_add(u64::from(f.u32(4)?)).saturating_add(u64::from(f.u32(240)?));
        let (frames, bytes) = (f.u64(248)?, f.u64(256)?);
        next = start.saturating_add(bytes);
        if let Some(trace) = record(source, &f, start, frames, bytes, options, provenance)? {
            traces.push(trace);
        }
    }
    let instrument = scope::instrument("Siglent", &head.text(8, 32)?, &head.text(40, 32)?);
    let metadata = serde_json::json!({ "firmware": head.text(72, 32)? });
    Ok((traces, instrument.unwrap_or_else(|| "Siglent".to_owned()), metadata))
}

fn record(
    source: &mut Source,
    f: &Fields,
    start: u64,
    frames: u64,
    bytes: u64,
    options: &OpenOptions,
    provenance: &mut Provenance,
) -> Result<Option<Trace>, CaptureError> {
    let label = f.text(16, 16)?;
    let index = f.u16(14)?;
    let name = if label.is_empty() { format!("CH{}", u32::from(index) + 1) } else { label };
    let component = match bytes.checked_div(frames) {
        Some(1) => Component::U8,
        Some(2) => Component::U16Le,
        Some(4) => Component::U32Le,
        _ => {
            source.caveat(CaveatKind::Ignored, format!("{name}: {bytes} bytes for {frames} points were not read"));
            return Ok(None);
        }
    };
    let step = f.f64(104)?;
    let rate = frames::sample_rate(source.path, options, Some((scope::rate(step), "record header")), provenance)?;
    let unit = scope::unit(&f.text(224, 16)?);
    if unit.is_none() {
        source.caveat(CaveatKind::Uncalibrated, format!("{name}: the unit is not known; taken as volt"));
    }
    let (factor, unit) = unit.unwrap_or((1.0, Unit::Volt));
    let (origin, per_code) = (f.f64(176)?, f.f64(184)? * factor);
    let mut channel =
        Channel { per_code, at_zero: -origin * per_code, ..Channel::plain(name, component, start, frames, unit) };
    channel.codes = match component {
        Component::U8 => Some((0.0, 255.0)),
        Component::U16Le => Some((0.0, 65_535.0)),
        _ => None,
    };
    let mut trace = source.trace(&channel, rate)?;
    trace.t0_s = Some(-f.f64(96)? * step).filter(|t| t.is_finite());
    Ok(Some(trace))
}

#[cfg(test)]
mod tests;
