//! DS2000, DS4000 and DS6000 (`A5 A5 38 00`): 8-bit codes of each channel in a run of its own.

use std::sync::Arc;

use faultscope_signal::{RecordError, Unit};

use super::Read;
use crate::format::fields::Fields;
use crate::format::frames;
use crate::format::scope::{self, Channel, Source};
use crate::samples::{Component, Samples};
use crate::{CaptureError, OpenOptions, Provenance, Trace};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Ds2000,
    Ds4000,
    Ds6000,
}

/// Where the fields that moved between the families lie.
struct Places {
    rate: usize,
    delay: usize,
    settings: usize,
    /// Samples of a channel, and the first valid one behind the start of its run.
    length: usize,
    skip: Option<usize>,
}

const CHANNELS: usize = 4;
const SETTING: usize = 28;
const MIDDLE: f64 = 127.0;
/// Bytes up to the last field that every family has.
const HEADER: u64 = 272;

impl Family {
    /// Told apart by where a plausible sample rate stands, as all share one signature.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let rate = |at: usize| {
            let bits = head.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_le_bytes)?;
            Some(f32::from_bits(bits)).filter(|r| (1.0..=1e11).contains(r))
        };
        match (rate(96), rate(100)) {
            (Some(_), _) if head.get(6) == Some(&b'6') => Some(Self::Ds6000),
            (Some(_), _) => Some(Self::Ds2000),
            (None, Some(_)) => Some(Self::Ds4000),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ds2000 => "ds2000",
            Self::Ds4000 => "ds4000",
            Self::Ds6000 => "ds6000",
        }
    }

    fn places(self) -> Places {
        match self {
            Self::Ds2000 | Self::Ds6000 => Places { rate: 96, delay: 112, settings: 120, length: 252, skip: Some(248) },
            Self::Ds4000 => Places { rate: 100, delay: 116, settings: 124, length: 268, skip: None },
        }
    }
}

pub(super) fn read(
    source: &mut Source,
    family: Family,
    options: &OpenOptions,
    provenance: &mut Provenance,
) -> Result<Read, CaptureError> {
    let places = family.places();
    let f = Fields::read(&source.file, source.path, 0, 1024)?;
    let rate = frames::sample_rate(source.path, options, Some((f.decimal(places.rate)?, "header")), provenance)?;
    let (serial, firmware) = (f.text(4, 20)?, f.text(24, 20)?);
    let (mask, interwoven) = (f.u8(64)?, family == Family::Ds2000 && f.u8(65)? & 1 == 1);
    let length = u64::from(f.u32(places.length)?);
    let skip = places.skip.map(|at| f.u32(at)).transpose()?.map_or(0, u64::from);
    // The 4000 family has 32 codes per division, but for its two-channel models with an early serial number.
    let codes = if family == Family::Ds4000 && serial.as_bytes().get(2) != Some(&b'2') { 32.0 } else { 25.0 };
    let t0 = f.i64(places.delay)? as f64 * 1e-12 - length as f64 / 2.0 / rate;
    let mut traces = Vec::new();
    let mut probes = Vec::new();
    for index in (0..CHANNELS).filter(|i| mask >> i & 1 == 1) {
        let set = Setting::read(&f, family, places.settings + index * SETTING)?;
        let name = format!("CH{}", index + 1);
        let run = source.behind(HEADER, u64::from(f.u32(68 + 4 * index)?), &name)?;
        let channel = Channel {
            per_code: set.per_division / codes,
            at_zero: -set.per_division / codes * MIDDLE - set.offset,
            ..Channel::plain(name, Component::U8, run.saturating_add(skip), length, set.unit)
        }
        .eight_bits();
        let mut trace = if interwoven {
            let other = u64::from(f.u32(if index == 0 { 72 } else { 68 })?);
            let other = source.behind(HEADER, other, &channel.name)?.saturating_add(skip);
            alternating(source, &channel, other, index == 0, rate)?
        } else {
            source.trace(&channel, rate)?
        };
        trace.t0_s = Some(t0).filter(|t| t.is_finite());
        trace.bandwidth_hz = set.bandwidth_hz;
        traces.push(trace);
        probes.push(set.probe);
    }
    Ok(Read {
        traces,
        instrument: scope::instrument("Rigol", &family.name().to_ascii_uppercase(), &serial),
        metadata: serde_json::json!({ "firmware": firmware, "probe_factors": probes }),
    })
}

/// What is used of a channel's settings.
struct Setting {
    per_division: f64,
    offset: f64,
    unit: Unit,
    probe: Option<f64>,
    bandwidth_hz: Option<f64>,
}

impl Setting {
    fn read(f: &Fields, family: Family, at: usize) -> Result<Self, CaptureError> {
        const LIMITS: [Option<f64>; 5] = [None, Some(20e6), Some(100e6), Some(200e6), Some(250e6)];
        // Later DS2000 firmware writes 8 for "on", and the unit before the switch for inversion.
        let swapped = family == Family::Ds2000 && f.u8(at)? != 1;
        let (inverted, unit) = if swapped { (at + 17, at + 16) } else { (at + 16, at + 17) };
        let sign = if f.u8(inverted)? == 1 { -1.0 } else { 1.0 };
        Ok(Self {
            per_division: sign * f.f32(at + 8)?,
            offset: f.f32(at + 12)?,
            unit: super::unit(f.u8(unit)?).unwrap_or(Unit::Volt),
            probe: super::probe_factor(f.u8(at + 4)?).filter(|_| !swapped),
            bandwidth_hz: LIMITS.get(usize::from(f.u8(at + 2)?)).copied().flatten(),
        })
    }
}

/// One channel in the memory of two: even samples in the run of the first, odd ones in that of the second.
fn alternating(
    source: &mut Source,
    channel: &Channel,
    other: u64,
    own_first: bool,
    rate: f64,
) -> Result<Trace, CaptureError> {
    let half = |offset: u64| Channel { offset, frames: channel.frames / 2, ..channel.clone() };
    let own = source.trace(&half(channel.offset), rate)?;
    let other = source.trace(&half(other), rate)?;
    let frames = own.frames.min(other.frames);
    let (even, odd) = if own_first { (&own, &other) } else { (&other, &own) };
    let samples = Alternating { even: Arc::clone(&even.samples), odd: Arc::clone(&odd.samples), frames: 2 * frames };
    Ok(Trace { samples: Arc::new(samples), frames: 2 * frames, ..own })
}

/// Two stores of which each has every second sample.
struct Alternating {
    even: Arc<dyn Samples>,
    odd: Arc<dyn Samples>,
    frames: u64,
}

impl Alternating {
    fn read<T: Copy + Default>(
        &self,
        start: u64,
        out: &mut [T],
        part: impl Fn(&dyn Samples, u64, &mut [T]) -> Result<usize, RecordError>,
    ) -> Result<usize, RecordError> {
        const BLOCK: usize = 2048;
        let left = usize::try_from(self.frames.saturating_sub(start)).unwrap_or(usize::MAX);
        let total = left.min(out.len());
        let mut block = [T::default(); BLOCK];
        for (samples, parity) in [(&self.even, 0), (&self.odd, 1)] {
            // The first sample of this half at or behind `start`, and its place in `out`.
            let skip = usize::from(start % 2 != parity);
            let mut at = skip;
            while at < total {
                let wanted = (total - at).div_ceil(2).min(BLOCK);
                let Some(room) = block.get_mut(..wanted) else { break };
                let n = part(samples.as_ref(), (start + at as u64) / 2, room)?;
                if n == 0 {
                    return Ok(at);
                }
                for (place, value) in out.iter_mut().skip(at).step_by(2).zip(room.iter().take(n)) {
                    *place = *value;
                }
                at += 2 * n;
            }
        }
        Ok(total)
    }
}

impl Samples for Alternating {
    fn frames(&self) -> u64 {
        self.frames
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        self.read(start, out, |samples, at, part| samples.read_f64(at, part))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        self.read(start, out, |samples, at, part| samples.read_f32(at, part))
    }
}
