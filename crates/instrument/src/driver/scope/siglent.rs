//! Siglent: the current command set (SDS800X HD to SDS7000A) and the legacy one (SDS1000X, X-E, SDS2000X).

use super::{Family, Raw};
use crate::error::{DeviceError, ErrorKind};
use crate::scpi::Scpi;

pub(super) static CURRENT: Family = Family {
    id: "siglent",
    vendors: &["SIGLENT"],
    models: &["SDS8", "SDS1002X HD", "SDS1004X HD", "SDS2", "SDS3", "SDS5", "SDS6", "SDS7"],
    errors: None,
    vpp_setup: &[":MEAS:SIMP:SOUR C{n}"],
    vpp: ":MEAS:SIMP:VAL? PKPK",
    read: current,
};

pub(super) static LEGACY: Family = Family {
    id: "siglent-legacy",
    vendors: &["SIGLENT"],
    models: &["SDS1", "SDS2"],
    errors: None,
    vpp_setup: &[],
    vpp: "C{n}:PAVA? PKPK",
    read: legacy,
};

/// Codes of one division in 8-bit transfers.
const CODES_PER_DIV: f64 = 30.0;
const LEGACY_CODES_PER_DIV: f64 = 25.0;
/// Divisions across the screen of legacy models.
const GRID: f64 = 14.0;
/// Length of the descriptor.
const DESCRIPTOR: usize = 346;

fn current(scpi: &mut Scpi, channel: u8, most: usize) -> Result<Raw, DeviceError> {
    if scpi.part(1).starts_with("SDS6") {
        let what = "the codes of one division depend on the range of an SDS6000, in a way that is not known here";
        return Err(DeviceError::new(ErrorKind::Unsupported, what, "save the waveform as CSV on the instrument"));
    }
    scpi.command(&format!(":WAV:SOUR C{channel}"))?;
    scpi.command(":WAV:WIDT BYTE")?;
    let page = scpi.loose_number(":WAV:MAXP?")?.max(1.0) as usize;
    scpi.command(":WAV:STAR 0")?;
    let descriptor = scpi.block(":WAV:PRE?", 4096)?;
    let field = |at: usize| descriptor.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok());
    let single = |at: usize| field(at).map(|b| f64::from(f32::from_le_bytes(b)));
    let t0_s = descriptor.get(180..188).and_then(|b| <[u8; 8]>::try_from(b).ok()).map(f64::from_le_bytes);
    let (Some(gain), Some(offset), Some(step_s), Some(probe), Some(count)) =
        (single(156), single(160), single(176), single(328), field(116).map(u32::from_le_bytes))
    else {
        let what = format!("a descriptor of {} bytes came instead of {DESCRIPTOR}", descriptor.len());
        return Err(DeviceError::protocol(what));
    };
    let wanted = (count as usize).min(most);
    let mut codes: Vec<i32> = Vec::new();
    while codes.len() < wanted {
        scpi.command(&format!(":WAV:STAR {}", codes.len()))?;
        let block = scpi.block(":WAV:DATA?", page.max(wanted))?;
        if block.is_empty() {
            break;
        }
        codes.extend(block.iter().map(|b| i32::from(b.cast_signed())));
    }
    codes.truncate(wanted);
    Ok(Raw {
        codes,
        volts_per_code: gain * probe / CODES_PER_DIV,
        zero: 0.0,
        offset_v: -offset * probe,
        step_s,
        t0_s: t0_s.filter(|t| t.is_finite()),
        rails: (-128, 127),
        caveats: Vec::new(),
    })
}

fn legacy(scpi: &mut Scpi, channel: u8, most: usize) -> Result<Raw, DeviceError> {
    scpi.command("CHDR OFF")?;
    let vdiv = scpi.loose_number(&format!("C{channel}:VDIV?"))?;
    let offset = scpi.loose_number(&format!("C{channel}:OFST?"))?;
    let tdiv = scpi.loose_number("TDIV?")?;
    let delay = scpi.loose_number("TRDL?")?;
    let rate = scpi.loose_number("SARA?")?;
    scpi.command(&format!("WFSU SP,0,NP,{most},FP,0"))?;
    let block = scpi.block(&format!("C{channel}:WF? DAT2"), most.max(1 << 20) * 32)?;
    Ok(Raw {
        // Two's complement; the manual's rule (subtract 255) is one step wrong.
        codes: block.iter().take(most).map(|b| i32::from(b.cast_signed())).collect(),
        volts_per_code: vdiv / LEGACY_CODES_PER_DIV,
        zero: 0.0,
        offset_v: -offset,
        step_s: 1.0 / rate,
        t0_s: Some(delay - tdiv * GRID / 2.0),
        rails: (-128, 127),
        caveats: Vec::new(),
    })
}
