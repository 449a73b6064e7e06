//! GW Instek GDS-1000B: header text and a big-endian block in one answer; `V = raw / 25 * vertical scale`.

use super::{Family, Raw, no_preamble};
use crate::error::DeviceError;
use crate::scpi::{Scpi, number};

pub(super) static GW_INSTEK: Family = Family {
    id: "gwinstek",
    vendors: &["GW", "INSTEK"],
    models: &["GDS", "MDO", "MSO"],
    errors: Some(":SYST:ERR?"),
    vpp_setup: &[":MEAS:SOUR1 CH{n}"],
    vpp: ":MEAS:PK2P?",
    read,
};

/// Codes of one division.
const CODES_PER_DIV: f64 = 25.0;

fn read(scpi: &mut Scpi, channel: u8, most: usize) -> Result<Raw, DeviceError> {
    let query = format!(":ACQuire{channel}:MEMory?");
    let (text, block) = scpi.text_and_block(&query, "Waveform Data;", most.max(1 << 20) * 8)?;
    let field = |name: &str| {
        let found = text.split(';').filter_map(|part| part.trim().split_once(',')).find(|(key, _)| *key == name);
        found.and_then(|(_, value)| number(value)).ok_or_else(|| no_preamble(&text))
    };
    Ok(Raw {
        codes: block.as_chunks::<2>().0.iter().take(most).map(|b| i32::from(i16::from_be_bytes(*b))).collect(),
        volts_per_code: field("Vertical Scale")? / CODES_PER_DIV,
        zero: 0.0,
        offset_v: 0.0,
        step_s: field("Sampling Period")?,
        t0_s: None,
        // 8 bits around the middle of the screen.
        rails: (-128, 127),
        caveats: Vec::new(),
    })
}
