//! DS1000Z and MSO1000Z (`01 FF FF FF`): one memory that its channels share byte by byte.
//!
//! The codes are those of the converter before the instrument's own calibration, which the file does not hold: levels are
//! nominal, and the CSV export of the same record is the one to trust.

use faultscope_signal::Unit;

use super::Read;
use crate::format::fields::Fields;
use crate::format::frames;
use crate::format::scope::{self, Channel, Source};
use crate::samples::Component;
use crate::{CaptureError, CaveatKind, OpenOptions, Provenance};

const CHANNELS: usize = 4;
/// First channel's settings, and bytes of one.
const SETTINGS: usize = 124;
const SETTING: usize = 28;
/// Codes per division of the uncalibrated converter, and its code of the middle of the screen.
const CODES: f64 = 20.0;
const MIDDLE: f64 = 127.0;

pub(super) fn read(
    source: &mut Source,
    options: &OpenOptions,
    provenance: &mut Provenance,
) -> Result<Read, CaptureError> {
    let f = Fields::read(&source.file, source.path, 0, 512)?;
    let rate = frames::sample_rate(source.path, options, Some((f.decimal(120)? * 1e9, "header")), provenance)?;
    let mask = f.u8(88)?;
    let on: Vec<usize> = (0..CHANNELS).filter(|i| mask >> i & 1 == 1).collect();
    let stride = if on.len() == 3 { 4 } else { on.len().max(1) };
    let points = u64::from(f.u32(116)?) / stride as u64;
    let start = source.behind(264, u64::from(f.u32(256)?) + u64::from(f.u32(260)?), "the memory")?;
    let (model, firmware) = (f.text(8, 20)?, f.text(28, 20)?);
    let mut traces = Vec::new();
    let mut probes = Vec::new();
    for (position, index) in on.iter().enumerate() {
        let at = SETTINGS + index * SETTING;
        // The highest channel comes first; of three channels each has the slot of its number among four.
        let slot = stride - 1 - if stride == 4 { *index } else { position };
        let per_division = f.f32(at + 8)?;
        let shift = f.f32(at + 12)?;
        let sign = if f.u8(at + 16)? == 0 { 1.0 } else { -1.0 };
        let per_code = sign * per_division / CODES;
        let unit = super::unit(f.u8(at + 17)?).unwrap_or(Unit::Volt);
        let bias = bias(&firmware, on.len(), per_division, shift);
        let channel = Channel {
            stride,
            per_code,
            at_zero: bias - shift - per_code * MIDDLE,
            ..Channel::plain(format!("CH{}", index + 1), Component::U8, start + slot as u64, points, unit)
        };
        let mut trace = source.trace(&channel.eight_bits(), rate)?;
        let t0 = f.i64(72)? as f64 * 1e-12 - points as f64 / 2.0 / rate;
        trace.t0_s = Some(t0).filter(|t| t.is_finite());
        trace.bandwidth_hz = (f.u8(at + 2)? == 0).then_some(20e6);
        traces.push(trace);
        probes.push(super::probe_factor(f.u8(at + 4)?));
    }
    let detail = "levels are nominal: files of DS1000Z lack the instrument's calibration, so that steps may be 15 % and \
                  the zero one division off; the CSV export of the same record has the true ones";
    source.caveat(CaveatKind::Uncalibrated, detail);
    Ok(Read {
        traces,
        instrument: scope::instrument("Rigol", &model, ""),
        metadata: serde_json::json!({ "firmware": firmware, "probe_factors": probes }),
    })
}

/// How far the nominal zero of this family lies above the middle: one division, and with firmware 00.04.04.SP3 and two
/// channels a fifth of one below zero shift, nothing otherwise.
fn bias(firmware: &str, channels: usize, per_division: f64, shift: f64) -> f64 {
    match (firmware, channels) {
        ("00.04.04.SP3", 2) if shift < 0.0 => per_division / 5.0,
        ("00.04.04.SP3", 2) => 0.0,
        _ => per_division,
    }
}
