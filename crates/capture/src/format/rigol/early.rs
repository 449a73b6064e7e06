//! DS1000E/D (`A5 A5 00 00`), DS1000C (`A1 A5 00 00`) and DS1000B (`A5 A5 A4 01`): 8-bit codes that count downwards.

use faultscope_signal::Unit;

use super::Read;
use crate::format::fields::Fields;
use crate::format::frames;
use crate::format::scope::{self, Channel, Source};
use crate::samples::Component;
use crate::{CaptureError, CaveatKind, OpenOptions, Provenance};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    /// DS1000E and DS1000D.
    E,
    C,
    B,
}

/// Where the fields of a model lie.
struct Places {
    channels: usize,
    first_channel: usize,
    points: usize,
    rate: usize,
    delay: usize,
    data: u64,
    /// Code of the middle of the screen.
    middle: f64,
}

impl Model {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::E => "ds1000e",
            Self::C => "ds1000c",
            Self::B => "ds1000b",
        }
    }

    fn places(self) -> Places {
        match self {
            Self::E => {
                Places { channels: 2, first_channel: 36, points: 28, rate: 100, delay: 92, data: 276, middle: 125.0 }
            }
            Self::C => Places { data: 256, ..Self::E.places() },
            Self::B => {
                Places { channels: 4, first_channel: 68, points: 60, rate: 180, delay: 172, data: 420, middle: 99.0 }
            }
        }
    }
}

/// Bytes of one channel's settings.
const CHANNEL: usize = 24;

pub(super) fn read(
    source: &mut Source,
    model: Model,
    options: &OpenOptions,
    provenance: &mut Provenance,
) -> Result<Read, CaptureError> {
    let places = model.places();
    let f = Fields::read(&source.file, source.path, 0, 512)?;
    let rate = frames::sample_rate(source.path, options, Some((f.decimal(places.rate)?, "header")), provenance)?;
    let settings: Vec<Settings> = (0..places.channels)
        .map(|i| Settings::read(&f, model, places.first_channel + i * CHANNEL))
        .collect::<Result<_, _>>()?;
    let depth = Depth::read(&f, model, &places, &settings)?;
    let mut start = data_start(source, model, &places, depth, settings.iter().filter(|s| s.enabled).count() as u64);
    let mut traces = Vec::new();
    let mut probes = Vec::new();
    for (i, set) in settings.iter().enumerate().filter(|(_, s)| s.enabled) {
        // DS1000B and DS1000D/E/C differ: only the latter keep the scale without the probe.
        let probe = if model == Model::B { 1.0 } else { set.probe };
        let per_code = set.per_division * probe / 25.0;
        let channel = Channel {
            per_code: -per_code,
            at_zero: (places.middle - set.shift) * per_code,
            ..Channel::plain(format!("CH{}", i + 1), Component::U8, start, depth.of(i), Unit::Volt)
        };
        if set.inverted {
            let detail =
                format!("{} was inverted on the instrument; the sign of its values may be either", channel.name);
            source.caveat(CaveatKind::Inconsistent, detail);
        }
        let mut trace = source.trace(&channel.eight_bits(), rate)?;
        let t0 = f.i64(places.delay)? as f64 * 1e-12 - depth.of(i) as f64 / 2.0 / rate;
        trace.t0_s = Some(t0).filter(|t| t.is_finite());
        traces.push(trace);
        probes.push(set.probe);
        start = start.saturating_add(depth.of(i)).saturating_add(depth.skipped);
    }
    if start < source.size && !traces.is_empty() {
        let detail = format!("{} bytes behind the channels (logic) were not read", source.size - start);
        source.caveat(CaveatKind::Ignored, detail);
    }
    if depth.skipped > 0 {
        let detail = format!("roll mode: {} bytes behind each channel are not of the record", depth.skipped);
        source.caveat(CaveatKind::Ignored, detail);
    }
    let name = if model == Model::B { f.text(4, 8)? } else { String::new() };
    let model_name = if name.is_empty() { model.name().to_ascii_uppercase() } else { name };
    Ok(Read {
        traces,
        instrument: scope::instrument("Rigol", &model_name, ""),
        metadata: serde_json::json!({ "probe_factors": probes }),
    })
}

/// What is used of a channel's settings.
struct Settings {
    enabled: bool,
    inverted: bool,
    probe: f64,
    /// Volts per division and shift in codes, as measured (the display may be moved afterwards).
    per_division: f64,
    shift: f64,
}

impl Settings {
    fn read(f: &Fields, model: Model, at: usize) -> Result<Self, CaptureError> {
        // Of the 24 bytes: scale and shift of the display (0, 4), probe (8), switches (from 12 on: inverted on display,
        // on, inverted in the measurement), scale (16) and shift (20) of the measurement. DS1000B has the type of the
        // probe before its switches.
        let switches = if model == Model::B { at + 13 } else { at + 12 };
        Ok(Self {
            enabled: f.u8(switches + 1)? != 0,
            inverted: f.u8(switches + 2)? != 0,
            probe: f.f32(at + 8)?,
            per_division: f64::from(f.i32(at + 16)?) * 1e-6,
            shift: f64::from(f.i16(at + 20)?),
        })
    }
}

/// Samples of each channel.
#[derive(Clone, Copy)]
struct Depth {
    first: u64,
    second: u64,
    skipped: u64,
}

impl Depth {
    fn read(f: &Fields, model: Model, places: &Places, settings: &[Settings]) -> Result<Self, CaptureError> {
        let points = u64::from(f.u32(places.points)?);
        if model != Model::E {
            return Ok(Self { first: points, second: points, skipped: 0 });
        }
        // A record stopped while it rolled has the rest of the memory behind the valid samples, and two bytes more.
        let stop = u64::from(f.u32(20)?);
        let skipped = if stop == 0 { 0 } else { stop + 2 };
        let second = u64::from(f.u32(232)?);
        let second = if second == 0 || !settings.iter().all(|s| s.enabled) { points } else { second };
        Ok(Self { first: points.saturating_sub(skipped), second: second.saturating_sub(skipped), skipped })
    }

    fn of(self, channel: usize) -> u64 {
        if channel == 1 { self.second } else { self.first }
    }
}

/// Where the samples begin: early firmware of DS1000E/D has four bytes of header less, which the size of the file shows;
/// a DS1000C file whose first byte is that of a DS1000D has sixteen more.
fn data_start(source: &Source, model: Model, places: &Places, depth: Depth, channels: u64) -> u64 {
    const EARLY: u64 = 272;
    let samples = match channels {
        2 if model == Model::E => depth.first.saturating_add(depth.second).saturating_add(2 * depth.skipped),
        n => n.saturating_mul(depth.first.saturating_add(depth.skipped)),
    };
    if model == Model::E && source.size == EARLY.saturating_add(samples) { EARLY } else { places.data }
}
