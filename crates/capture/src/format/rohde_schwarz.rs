//! Rohde & Schwarz RTO, RTP, RTE: a pair of `NAME.bin` (XML: what was recorded) and `NAME.Wfm.bin` (samples).
//!
//! Layout: Rohde & Schwarz, *R&S RTO User Manual*, "Waveform file format": conversion of raw codes, interleaved channels,
//! leading samples before the record, acquisitions of a history one after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use faultscope_signal::Unit;

use super::fields::Fields;
use super::scope::{self, Channel, Source};
use super::{Format, Match, Probe, frames};
use crate::samples::Component;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions, Provenance};

/// R&S oscilloscopes.
pub(super) struct RohdeSchwarz;

/// Longest description that is read; those of instruments have 60 to 100 KiB.
const MAX_XML: u64 = 4 << 20;
/// Bytes before the samples: format code and record length.
const HEAD: u64 = 8;

impl Format for RohdeSchwarz {
    fn id(&self) -> &'static str {
        "rohde-schwarz"
    }
    fn describe(&self) -> &'static str {
        "R&S RTO/RTP/RTE .bin + .Wfm.bin, of either file, several channels, history"
    }
    fn segmented(&self) -> bool {
        true
    }
    fn matches(&self, probe: &Probe) -> Match {
        if is_xml(&probe.head) || probe.name().to_ascii_lowercase().ends_with(".wfm.bin") {
            Match::Certain
        } else {
            Match::No
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (xml, payload) = pair(probe)?;
        let properties = Properties::read(&xml)?;
        let (file, size) = frames::open_file(&payload)?;
        let mut source = Source::new(file, &payload, size);
        let setup = Setup::of(&properties, &source)?;
        let index = scope::segment(&mut source, options, setup.acquisitions)?;
        let mut provenance = Provenance::default();
        let stated = properties.number("SignalResolution").or_else(|| properties.number("Resolution"));
        let stated = stated.map(|step| (scope::rate(step), "XML Resolution"));
        let rate = frames::sample_rate(&payload, options, stated, &mut provenance)?;
        let mut traces = Vec::new();
        for channel in setup.channels(&properties, &mut source, index)? {
            let mut trace = source.trace(&channel, rate)?;
            trace.t0_s = properties.number("XStart");
            traces.push(trace);
        }
        scope::note(&mut provenance, "XML", Some("Rohde & Schwarz".to_owned()), &traces);
        let text = |name: &str| properties.text(name).unwrap_or_default().to_owned();
        provenance.metadata =
            serde_json::json!({ "firmware": text("FirmwareVersion"), "timestamp": text("Timestamp") });
        Ok(Capture {
            path: payload.clone(),
            files: vec![payload.clone(), xml],
            format: format!("rohde-schwarz/{}", setup.format.name()),
            traces,
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

fn is_xml(head: &[u8]) -> bool {
    let head = head.get(..512.min(head.len())).unwrap_or_default();
    let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    has(b"<Database") && has(b"SaveItemType=\"Data\"")
}

/// The description and the samples, of whichever of the two was asked for.
fn pair(probe: &Probe) -> Result<(PathBuf, PathBuf), CaptureError> {
    let name = probe.name();
    let swap = |name: String| probe.path.with_file_name(name);
    let (xml, payload) = if is_xml(&probe.head) {
        let stem = name.strip_suffix(".bin").or_else(|| name.strip_suffix(".BIN")).unwrap_or(&name);
        (probe.path.clone(), swap(format!("{stem}.Wfm.bin")))
    } else {
        let stem = name.get(..name.len().saturating_sub(".Wfm.bin".len())).unwrap_or(&name);
        (swap(format!("{stem}.bin")), probe.path.clone())
    };
    for part in [&xml, &payload] {
        if !part.is_file() {
            let missing = part.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let hint = format!("put {missing} beside it; the instrument saves NAME.bin and NAME.Wfm.bin together");
            return Err(CaptureError::unknown(&probe.path, "the other file of the pair is missing", hint));
        }
    }
    Ok((xml, payload))
}

/// The properties of the description: name, then `Value` or `I_0` to `I_3`.
struct Properties<'a> {
    path: &'a Path,
    map: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a> Properties<'a> {
    fn read(path: &'a Path) -> Result<Self, CaptureError> {
        let size = std::fs::metadata(path).map_err(|e| CaptureError::io(path, e))?.len();
        if size > MAX_XML {
            let what = format!("the description is {size} bytes long");
            return Err(CaptureError::malformed(path, what, "descriptions of instruments have up to 100 kB"));
        }
        let bytes = std::fs::read(path).map_err(|e| CaptureError::io(path, e))?;
        let text = String::from_utf8_lossy(&bytes);
        if !is_xml(&bytes) {
            let hint = "give the file that the instrument saved beside the samples";
            return Err(CaptureError::malformed(path, "this is no description of R&S samples", hint));
        }
        let mut map = BTreeMap::new();
        for tag in text.split("<Prop ").skip(1) {
            let attributes = attributes(tag.split('>').next().unwrap_or_default());
            if let Some(name) = attributes.get("Name") {
                map.insert(name.clone(), attributes);
            }
        }
        Ok(Self { path, map })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.map.get(name)?.get("Value").map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok().filter(|v: &f64| v.is_finite())
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.number(name).filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64)
    }

    fn element(&self, name: &str, index: usize) -> Option<&str> {
        self.map.get(name)?.get(&format!("I_{index}")).map(String::as_str)
    }

    fn needed<T>(&self, name: &str, value: Option<T>) -> Result<T, CaptureError> {
        value.ok_or_else(|| {
            let what = format!("the description gives no {name}");
            CaptureError::malformed(self.path, what, "save the waveform again")
        })
    }
}

/// `Name="..."` pairs; values with an escaped quotation mark do not occur among those that are used.
fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut parts = tag.split('"');
    let mut map = BTreeMap::new();
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        map.insert(key.trim().trim_end_matches('=').trim().to_owned(), value.to_owned());
    }
    map
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Int8,
    Int16,
    Float,
    /// A double for the time, then a float for each channel.
    Xy,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Float => "float32",
            Self::Xy => "xydoublefloat",
        }
    }
    fn width(self) -> usize {
        match self {
            Self::Int8 => 1,
            Self::Int16 => 2,
            Self::Float | Self::Xy => 4,
        }
    }
}

/// What decides where each value lies.
struct Setup {
    format: Code,
    component: Component,
    acquisitions: u64,
    /// Positions of the channels that were exported together; one for a single channel.
    channels: Vec<Option<usize>>,
    /// Samples before the record, of the record, and of both with what follows.
    leading: u64,
    length: u64,
    hardware: u64,
}

impl Setup {
    fn of(p: &Properties, source: &Source) -> Result<Self, CaptureError> {
        let head = Fields::read(&source.file, source.path, 0, HEAD as usize)?;
        let (little, big) = (head.u32(0)?, head.u32(0)?.swap_bytes());
        // The byte order of the description is not always that of the samples; the format code shows it.
        let (code, big_endian) = if matches!(little, 0 | 1 | 4 | 6) { (little, false) } else { (big, true) };
        let (format, component) = match (code, big_endian) {
            (0, _) => (Code::Int8, Component::I8),
            (1, false) => (Code::Int16, Component::I16Le),
            (1, true) => (Code::Int16, Component::I16Be),
            (4, false) => (Code::Float, Component::F32Le),
            (4, true) => (Code::Float, Component::F32Be),
            (6, false) => (Code::Xy, Component::F32Le),
            (6, true) => (Code::Xy, Component::F32Be),
            _ => {
                let hint = "INT8BIT, INT16BIT, FLOAT and XYDOUBLEFLOAT are read; save as float";
                return Err(CaptureError::unsupported(source.path, format!("format code {little} is not known"), hint));
            }
        };
        let on = |i: &usize| p.element("MultiChannelExportState", *i).is_some_and(|s| s.ends_with("ON"));
        let several = p.text("MultiChannelExport").is_some_and(|s| s.ends_with("ON"));
        let channels: Vec<Option<usize>> = if several { (0..4).filter(on).map(Some).collect() } else { vec![None] };
        let length =
            p.needed("SignalRecordLength", p.count("SignalRecordLength").or_else(|| p.count("RecordLength")))?;
        let hardware = p.count("SignalHardwareRecordLength").unwrap_or(length).max(length);
        let setup = Self {
            format,
            component,
            acquisitions: p.count("NumberOfAcquisitions").unwrap_or(1).max(1),
            channels,
            leading: p.count("LeadingSettlingSamples").unwrap_or(0).min(hardware - length),
            length,
            hardware,
        };
        if setup.channels.is_empty() {
            return Err(source.malformed("an export of several channels of which none is on"));
        }
        if p.text("TraceType").is_some_and(|t| t.ends_with("ENVELOPE")) {
            let hint = "save it in sample mode";
            return Err(CaptureError::unsupported(source.path, "an envelope (two values for each instant)", hint));
        }
        Ok(setup)
    }

    /// Bytes of one instant.
    fn frame(&self) -> usize {
        let time = if self.format == Code::Xy { 8 } else { 0 };
        time + self.channels.len() * self.format.width()
    }

    fn channels(&self, p: &Properties, source: &mut Source, index: u64) -> Result<Vec<Channel>, CaptureError> {
        let frame = self.frame();
        let first = index.saturating_mul(self.hardware).saturating_add(self.leading);
        let start = first.saturating_mul(frame as u64).saturating_add(HEAD);
        let unit = self.unit(p, source);
        let mut channels = Vec::new();
        for (lane, place) in self.channels.iter().enumerate() {
            let time = frame - self.channels.len() * self.format.width();
            let (per_code, at_zero) = self.scale(p, *place)?;
            let integer = matches!(self.format, Code::Int8 | Code::Int16);
            let name = place.map_or_else(
                || name(p.text("Source").unwrap_or_default(), 0),
                |i| name(p.element("MultiChannelSource", i).unwrap_or_default(), i),
            );
            channels.push(Channel {
                name,
                component: self.component,
                offset: start.saturating_add((time + lane * self.format.width()) as u64),
                stride: frame,
                frames: self.length,
                per_code,
                at_zero,
                unit,
                codes: integer.then(|| range(self.format)),
            });
        }
        Ok(channels)
    }

    fn unit(&self, p: &Properties, source: &mut Source) -> Unit {
        match p.text("BaseUnit").unwrap_or_default() {
            "eRS_UNIT_LEVEL_V" | "eRS_UNIT_V" => Unit::Volt,
            "eRS_UNIT_LEVEL_A" | "eRS_UNIT_A" => Unit::Ampere,
            other => {
                source.caveat(CaveatKind::Uncalibrated, format!("the unit '{other}' is not known"));
                Unit::FullScale
            }
        }
    }

    /// Raw codes: `code * scale * divisions / levels + offset - scale * position`; floats are volts already.
    fn scale(&self, p: &Properties, place: Option<usize>) -> Result<(f64, f64), CaptureError> {
        if matches!(self.format, Code::Float | Code::Xy) {
            return Ok((1.0, 0.0));
        }
        let figure = |name: &str| {
            let value = match place {
                None => p.number(name),
                Some(i) => p.element(&format!("MultiChannel{name}"), i).and_then(|v| v.parse::<f64>().ok()),
            };
            p.needed(name, value.filter(|v| v.is_finite()))
        };
        let scale = figure("VerticalScale")?;
        let divisions = p.number("VerticalDivisionCount").unwrap_or(10.0);
        let levels = p.needed("NofQuantisationLevels", p.number("NofQuantisationLevels").filter(|l| *l > 0.0))?;
        let (offset, position) = (figure("VerticalOffset")?, figure("VerticalPosition")?);
        Ok((scale * divisions / levels, offset - scale * position))
    }
}

fn range(format: Code) -> (f64, f64) {
    if format == Code::Int8 { (-128.0, 127.0) } else { (-32_768.0, 32_512.0) }
}

/// `eRS_SIGNAL_SOURCE_CH1_TR1` gives `CH1`.
fn name(source: &str, position: usize) -> String {
    let short = source.strip_prefix("eRS_SIGNAL_SOURCE_").and_then(|s| s.split('_').next()).unwrap_or_default();
    if short.is_empty() || short == "NONE" { format!("CH{}", position + 1) } else { short.to_owned() }
}

#[cfg(test)]
mod tests;
