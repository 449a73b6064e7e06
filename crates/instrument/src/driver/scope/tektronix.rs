//! Tektronix: `V = (curve - YOFF) * YMULT + YZERO`, the preamble read by names.

use faultscope_capture::{Caveat, CaveatKind};

use super::{Family, Raw, no_preamble};
use crate::error::DeviceError;
use crate::scpi::{Scpi, number};

pub(super) static TEKTRONIX: Family = Family {
    id: "tektronix",
    vendors: &["TEKTRONIX"],
    models: &[""],
    errors: None,
    vpp_setup: &["MEASU:IMM:SOU CH{n}", "MEASU:IMM:TYP PK2"],
    vpp: "MEASU:IMM:VAL?",
    read,
};

fn read(scpi: &mut Scpi, channel: u8, most: usize) -> Result<Raw, DeviceError> {
    for command in [
        &format!("DATa:SOUrce CH{channel}"),
        "DATa:ENCdg SRIbinary",
        "DATa:WIDth 1",
        "DATa:STARt 1",
        &format!("DATa:STOP {most}"),
        // Positions differ between models; names do not.
        "HEADer ON",
    ] {
        scpi.command(command)?;
    }
    let model = scpi.part(1);
    let text = scpi.query(if model.starts_with("TDS") { "WFMPre?" } else { "WFMOutpre?" })?;
    let field = |name: &str| fields(&text).find(|(key, _)| *key == name).map(|(_, value)| value);
    let value = |name: &str| field(name).and_then(number).ok_or_else(|| no_preamble(&text));
    let (ymult, yoff, yzero) = (value("YMULT")?, value("YOFF")?, value("YZERO")?);
    let (step_s, xzero, pt_off) = (value("XINCR")?, value("XZERO")?, value("PT_OFF").unwrap_or(0.0));
    let block = scpi.block("CURVe?", most)?;
    scpi.command("HEADer OFF")?;
    let mut caveats = Vec::new();
    if field("PT_FMT").is_some_and(|f| f.starts_with("ENV")) {
        caveats.push(Caveat::new(CaveatKind::Reduced, "the instrument sent an envelope: minimum and maximum in turn"));
    }
    // There XZERO already is the time of the first point.
    let absolute = model.starts_with("MDO") || model.starts_with("MSO");
    Ok(Raw {
        codes: block.iter().map(|b| i32::from(b.cast_signed())).collect(),
        volts_per_code: ymult,
        zero: yoff,
        offset_v: yzero,
        step_s,
        t0_s: Some(if absolute { xzero } else { xzero - pt_off * step_s }),
        rails: (-128, 127),
        caveats,
    })
}

/// `:WFMOUTPRE:BYT_NR 1;BIT_NR 8;WFID "Ch1; DC"`: name and value of every field, quotes respected.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
    .filter_map(|part| part.trim().split_once(' '))
    .map(|(key, value)| (key.rsplit(':').next().unwrap_or(key), value.trim()))
}
