//! Keysight and Agilent InfiniiVision: `V = (raw - yreference) * yincrement + yorigin`.

use super::{Family, Raw, no_preamble, preamble};
use crate::error::DeviceError;
use crate::scpi::Scpi;

pub(super) static KEYSIGHT: Family = Family {
    id: "keysight",
    vendors: &["KEYSIGHT", "AGILENT"],
    models: &["DSO", "MSO", "EDU"],
    errors: Some(":SYST:ERR?"),
    vpp_setup: &[],
    vpp: ":MEAS:VPP? CHAN{n}",
    read,
};

/// A preamble shorter than this is the `+0` that some models answer now and then.
const SHORTEST: usize = 19;

fn read(scpi: &mut Scpi, channel: u8, most: usize) -> Result<Raw, DeviceError> {
    for command in [
        ":STOP",
        &format!(":WAV:SOUR CHAN{channel}"),
        ":WAV:FORM BYTE",
        ":WAV:BYT LSBF",
        ":WAV:UNS 1",
        ":WAV:POIN:MODE RAW",
        &format!(":WAV:POIN {most}"),
    ] {
        scpi.command(command)?;
    }
    let mut text = scpi.query(":WAV:PRE?")?;
    for _ in 0..2 {
        if text.len() < SHORTEST {
            text = scpi.query(":WAV:PRE?")?;
        }
    }
    let [_, _, _, _, xincrement, xorigin, xreference, yincrement, yorigin, yreference] =
        preamble(&text).ok_or_else(|| no_preamble(&text))?;
    let block = scpi.block(":WAV:DATA?", most)?;
    Ok(Raw {
        codes: block.iter().map(|b| i32::from(*b)).collect(),
        volts_per_code: yincrement,
        zero: yreference,
        offset_v: yorigin,
        step_s: xincrement,
        t0_s: Some(xorigin - xreference * xincrement),
        // 0 stands for a hole, 1 and 255 for clipped points.
        rails: (1, 255),
        caveats: Vec::new(),
    })
}
