//! Rigol: DS1000Z, DS2000, DS4000, MSO5000, DHO. `V = (raw - yorigin - yreference) * yincrement`.

use super::{Family, Raw, no_preamble, preamble};
use crate::error::DeviceError;
use crate::scpi::Scpi;

pub(super) static RIGOL: Family = Family {
    id: "rigol",
    vendors: &["RIGOL"],
    models: &["DS", "MSO", "DHO"],
    errors: Some(":SYST:ERR?"),
    vpp_setup: &[],
    vpp: ":MEAS:ITEM? VPP,CHAN{n}",
    read,
};

/// What models do differently, by how their names begin.
struct Quirk {
    model: &'static str,
    /// Two bytes a point, little endian.
    word: bool,
    /// The preamble gives the page instead of the record: ask for the memory depth.
    depth: bool,
    /// Points in one block.
    chunk: usize,
}

const QUIRKS: [Quirk; 3] = [
    Quirk { model: "DHO", word: true, depth: true, chunk: 125_000 },
    Quirk { model: "MSO5", word: false, depth: false, chunk: 1_000_000 },
    Quirk { model: "", word: false, depth: false, chunk: 250_000 },
];

fn read(scpi: &mut Scpi, channel: u8, most: usize) -> Result<Raw, DeviceError> {
    let model = scpi.part(1);
    let quirk = QUIRKS.iter().find(|q| model.starts_with(q.model)).unwrap_or(&QUIRKS[2]);
    for command in [":STOP".to_owned(), format!(":WAV:SOUR CHAN{channel}"), ":WAV:MODE RAW".to_owned()] {
        scpi.command(&command)?;
    }
    // The codes of the format differ between manuals, so it is set, never read.
    scpi.command(if quirk.word { ":WAV:FORM WORD" } else { ":WAV:FORM BYTE" })?;
    let text = scpi.query(":WAV:PRE?")?;
    let [_, _, points, _, xincrement, xorigin, xreference, yincrement, yorigin, yreference] =
        preamble(&text).ok_or_else(|| no_preamble(&text))?;
    let points = if quirk.depth { scpi.number(":ACQ:MDEP?")? } else { points };
    // The printed increment has few digits, and is 0 on some models.
    let rate = scpi.number(":ACQ:SRAT?").ok().filter(|r| *r > 0.0);
    let step_s = rate.map_or(xincrement, |r| 1.0 / r);
    let wanted = (points.max(0.0) as usize).min(most);
    let codes = download(scpi, quirk, wanted)?;
    let rails = if quirk.word { (0, 65_535) } else { (0, 255) };
    Ok(Raw {
        codes,
        volts_per_code: yincrement,
        zero: yorigin + yreference,
        offset_v: 0.0,
        step_s,
        t0_s: Some(xorigin - xreference * step_s),
        rails,
        caveats: Vec::new(),
    })
}

fn download(scpi: &mut Scpi, quirk: &Quirk, wanted: usize) -> Result<Vec<i32>, DeviceError> {
    let width = if quirk.word { 2 } else { 1 };
    let mut codes: Vec<i32> = Vec::new();
    while codes.len() < wanted {
        let (first, last) = (codes.len() + 1, (codes.len() + quirk.chunk).min(wanted));
        scpi.command(&format!(":WAV:STAR {first}"))?;
        scpi.command(&format!(":WAV:STOP {last}"))?;
        let block = scpi.block(":WAV:DATA?", (last - first + 1) * width)?;
        if block.is_empty() {
            break;
        }
        if quirk.word {
            codes.extend(block.as_chunks::<2>().0.iter().map(|b| i32::from(u16::from_le_bytes(*b))));
        } else {
            codes.extend(block.iter().map(|b| i32::from(*b)));
        }
    }
    Ok(codes)
}
