//! Tektronix `.isf`: the answer to `WFMPRE?` and `CURVE?` in one file, with binary or ASCII samples.
//!
//! Layout: Tektronix, *Programmer Manual* of TDS/DPO/MDO series, command group "Waveform transfer".

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use faultscope_signal::{Kind, Unit};

use super::frames;
use super::scope::{self, Channel, Source};
use super::{Format, Match, Probe};
use crate::samples::Component;
use crate::{Capture, CaptureError, CaveatKind, ColumnWriter, OpenOptions, Provenance, ScaledSamples, Trace};

/// Tektronix internal save format.
pub(super) struct Isf;

impl Format for Isf {
    fn id(&self) -> &'static str {
        "isf"
    }
    fn describe(&self) -> &'static str {
        "Tektronix .isf (WFMPRE and CURVE), binary or ASCII"
    }
    fn matches(&self, probe: &Probe) -> Match {
        let upper = probe.head.get(..64.min(probe.head.len())).unwrap_or_default().to_ascii_uppercase();
        let ours = upper.windows(4).any(|w| matches!(w, b"WFMP" | b"WFMO")) || probe.head.starts_with(b":CURV");
        match (ours, probe.extension() == "isf") {
            (true, _) => Match::Certain,
            (false, true) => Match::Name,
            _ => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut source = Source::new(file, &probe.path, size);
        let Some((header, curve)) = split(&probe.head) else {
            return Err(source.malformed("there is no CURVE within the first 64 KiB"));
        };
        let preamble = Preamble::parse(&header, &source)?;
        let mut provenance = Provenance::default();
        let stated = Some((scope::rate(preamble.step_s), "WFMPRE XINCR"));
        let rate = frames::sample_rate(&probe.path, options, stated, &mut provenance)?;
        let traces = if preamble.ascii {
            ascii(&mut source, &preamble, curve as u64, rate)?
        } else {
            binary(&mut source, &preamble, curve, &probe.head, rate)?
        };
        scope::note(&mut provenance, "WFMPRE", Some("Tektronix".to_owned()), &traces);
        provenance.description = (!preamble.description.is_empty()).then_some(preamble.description);
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("isf/{}", if preamble.ascii { "ascii" } else { "binary" }),
            traces,
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

/// The header text, and the byte behind `CURVE`.
fn split(head: &[u8]) -> Option<(String, usize)> {
    let upper = head.to_ascii_uppercase();
    let at = upper.windows(4).position(|w| w == b"CURV")?;
    let after = if upper.get(at + 4) == Some(&b'E') { at + 5 } else { at + 4 };
    Some((String::from_utf8_lossy(head.get(..at)?).into_owned(), after))
}

/// What is used of the preamble.
#[derive(Debug)]
struct Preamble {
    ascii: bool,
    component: Component,
    envelope: bool,
    points: Option<u64>,
    step_s: f64,
    x_zero: f64,
    point_offset: f64,
    y_mult: f64,
    y_off: f64,
    y_zero: f64,
    unit: Option<(f64, Unit)>,
    y_unit: String,
    description: String,
}

impl Preamble {
    fn parse(header: &str, source: &Source) -> Result<Self, CaptureError> {
        let keys = keys(header);
        // Both forms of a mnemonic are valid: the short one, and anything from there to the long one.
        let text = |short: &str, long: &str| {
            let found = keys.iter().rev().find(|(key, _)| key.starts_with(short) && long.starts_with(key.as_str()));
            found.map(|(_, value)| value.as_str())
        };
        let number = |short: &str, long: &str| text(short, long).and_then(|v| v.parse::<f64>().ok());
        let needed = |short: &str, long: &str| {
            number(short, long).filter(|v| v.is_finite()).ok_or_else(|| {
                CaptureError::malformed(
                    source.path,
                    format!("the preamble gives no {long}"),
                    "save the waveform again with its header (HEADER ON)",
                )
            })
        };
        let x_unit = text("XUN", "XUNIT").unwrap_or_default();
        if !x_unit.is_empty() && !x_unit.eq_ignore_ascii_case("s") {
            let what = format!("this is no waveform in time: XUNIT is '{x_unit}'");
            return Err(CaptureError::unsupported(source.path, what, "save the channel itself, not its spectrum"));
        }
        let y_unit = text("YUN", "YUNIT").unwrap_or_default().to_owned();
        Ok(Self {
            ascii: text("ENC", "ENCDG").is_some_and(|e| e.to_ascii_uppercase().starts_with("ASC")),
            component: component(
                needed("BYT_N", "BYT_NR")?,
                text("BN_F", "BN_FMT").unwrap_or("RI"),
                text("BYT_O", "BYT_OR").unwrap_or("MSB"),
                source,
            )?,
            envelope: text("PT_F", "PT_FMT").is_some_and(|f| f.to_ascii_uppercase().starts_with("ENV")),
            points: number("NR_P", "NR_PT").filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64),
            step_s: needed("XIN", "XINCR")?,
            x_zero: number("XZE", "XZERO").unwrap_or(0.0),
            point_offset: number("PT_O", "PT_OFF").unwrap_or(0.0),
            y_mult: needed("YMU", "YMULT")?,
            y_off: number("YOF", "YOFF").unwrap_or(0.0),
            y_zero: number("YZE", "YZERO").unwrap_or(0.0),
            unit: scope::unit(&y_unit),
            y_unit,
            description: text("WFI", "WFID").unwrap_or_default().to_owned(),
        })
    }

    /// `Ch1, DC coupling, ...` gives `CH1`; a file without that text gives `CH1` too.
    fn name(&self) -> String {
        let first = self.description.split(',').next().unwrap_or_default().trim();
        if first.is_empty() { "CH1".to_owned() } else { first.to_ascii_uppercase() }
    }

    fn unit(&self, source: &mut Source) -> (f64, Unit) {
        if self.unit.is_none() {
            source.caveat(CaveatKind::Uncalibrated, format!("YUNIT '{}' is no unit that is known", self.y_unit));
        }
        self.unit.unwrap_or((1.0, Unit::FullScale))
    }

    fn per_code(&self, factor: f64) -> (f64, f64) {
        (self.y_mult * factor, (self.y_zero - self.y_mult * self.y_off) * factor)
    }

    fn t0_s(&self) -> Option<f64> {
        Some(self.x_zero - self.point_offset * self.step_s).filter(|t| t.is_finite())
    }
}

fn component(bytes: f64, format: &str, order: &str, source: &Source) -> Result<Component, CaptureError> {
    let little = order.to_ascii_uppercase().starts_with("LSB");
    Ok(match (bytes as u32, format.to_ascii_uppercase().as_str(), little) {
        (1, "RI", _) => Component::I8,
        (1, "RP", _) => Component::U8,
        (2, "RI", false) => Component::I16Be,
        (2, "RI", true) => Component::I16Le,
        (2, "RP", false) => Component::U16Be,
        (2, "RP", true) => Component::U16Le,
        (4, "FP", false) => Component::F32Be,
        (4, "FP", true) => Component::F32Le,
        _ => {
            let what = format!("samples of {bytes} bytes in BN_FMT {format} are not known");
            return Err(CaptureError::unsupported(source.path, what, "RI and RP of 1 or 2 bytes and FP of 4 are read"));
        }
    })
}

/// `key value` of each part between semicolons outside quotes; the path before the last colon is left out.
fn keys(header: &str) -> Vec<(String, String)> {
    let mut quoted = false;
    let parts = header.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    parts
        .filter_map(|part| {
            let (path, value) = part.trim().split_once(char::is_whitespace)?;
            let key = path.rsplit(':').next()?.to_ascii_uppercase();
            Some((key, value.trim().trim_matches('"').to_owned()))
        })
        .collect()
}

/// Samples behind `#<digits><length>`.
fn binary(
    source: &mut Source,
    preamble: &Preamble,
    curve: usize,
    head: &[u8],
    rate: f64,
) -> Result<Vec<Trace>, CaptureError> {
    let (first, bytes) = block(head, curve).ok_or_else(|| source.malformed("CURVE has no block of samples (#...)"))?;
    let width = preamble.component.bytes();
    let held = bytes / width as u64;
    if let Some(points) = preamble.points.filter(|p| *p != held) {
        let detail = format!("NR_PT is {points}, the block of {bytes} bytes has room for {held}");
        source.caveat(CaveatKind::Inconsistent, detail);
    }
    let frames = preamble.points.map_or(held, |points| points.min(held));
    let (factor, unit) = preamble.unit(source);
    let (per_code, at_zero) = preamble.per_code(factor);
    let name = preamble.name();
    let one = Channel {
        component: preamble.component,
        offset: first,
        stride: width,
        frames,
        per_code,
        at_zero,
        unit,
        ..Channel::plain(name.clone(), preamble.component, first, frames, unit)
    };
    let mut traces = Vec::new();
    if preamble.envelope {
        for (lane, suffix) in ["min", "max"].into_iter().enumerate() {
            let channel = Channel {
                name: format!("{name} {suffix}"),
                offset: first + (lane * width) as u64,
                stride: 2 * width,
                frames: frames / 2,
                ..one.clone()
            };
            traces.push(source.trace(&channel.eight_bits(), rate)?);
        }
        let detail = "an envelope: pairs of minimum and maximum, XINCR taken as the time from pair to pair";
        source.caveat(CaveatKind::Reduced, detail);
    } else {
        traces.push(source.trace(&one.eight_bits(), rate)?);
    }
    traces.iter_mut().for_each(|t| t.t0_s = preamble.t0_s());
    Ok(traces)
}

/// First byte and length of the block that begins with the next `#`.
fn block(head: &[u8], from: usize) -> Option<(u64, u64)> {
    let hash = from + head.get(from..)?.iter().take(16).position(|b| *b == b'#')?;
    let digits = usize::from(head.get(hash + 1)?.checked_sub(b'0').filter(|d| (1..=9).contains(d))?);
    let text = head.get(hash + 2..hash + 2 + digits)?;
    let length = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(((hash + 2 + digits) as u64, length))
}

/// Whole numbers between commas up to the end of the file or the next semicolon.
fn ascii(source: &mut Source, preamble: &Preamble, from: u64, rate: f64) -> Result<Vec<Trace>, CaptureError> {
    let io = |e| CaptureError::io(source.path, e);
    let mut file = File::open(source.path).map_err(io)?;
    file.seek(SeekFrom::Start(from)).map_err(io)?;
    let mut writer = ColumnWriter::new(1);
    let mut token = String::new();
    for byte in BufReader::new(file).bytes() {
        let byte = byte.map_err(io)?;
        match byte {
            b'+' | b'-' | b'.' | b'0'..=b'9' | b'e' | b'E' if token.len() < 32 => token.push(char::from(byte)),
            b',' => push(&mut token, &mut writer, source)?,
            b';' => break,
            b if b.is_ascii_whitespace() => {}
            _ => return Err(source.malformed(format!("sample {} is no number", writer.rows() + 1))),
        }
    }
    // A last number without a comma behind it is whole only when it is the last one promised.
    if !token.is_empty() {
        push(&mut token, &mut writer, source)?;
    }
    let found = writer.rows();
    if let Some(points) = preamble.points.filter(|p| *p != found) {
        let kind = if found < points { CaveatKind::Truncated } else { CaveatKind::TrailingData };
        source.caveat(kind, format!("NR_PT is {points}, {found} samples were found"));
    }
    let store = Arc::new(writer.finish().map_err(io)?);
    let column = store.column(0).filter(|_| found > 0).ok_or_else(|| source.malformed("CURVE holds no samples"))?;
    if preamble.envelope {
        let hint = "save it in binary form, or in sample mode";
        return Err(CaptureError::unsupported(source.path, "an envelope in ASCII form is not read", hint));
    }
    let (factor, unit) = preamble.unit(source);
    let (per_code, at_zero) = preamble.per_code(factor);
    let scaled = Arc::new(ScaledSamples::new(column, per_code, at_zero));
    let mut trace = Trace::new(preamble.name(), scaled, Kind::Real, rate, unit);
    trace.t0_s = preamble.t0_s();
    Ok(vec![trace])
}

fn push(token: &mut String, writer: &mut ColumnWriter, source: &Source) -> Result<(), CaptureError> {
    let number = writer.rows() + 1;
    let value: f64 = token.parse().map_err(|_| source.malformed(format!("sample {number}: '{token}' is no number")))?;
    token.clear();
    writer.push(&[value]).map_err(|e| CaptureError::io(source.path, e))
}

#[cfg(test)]
mod tests;
