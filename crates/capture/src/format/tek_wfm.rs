//! Tektronix `.wfm`, versions 001, 002 and 003, with the frames of FastFrame.
//!
//! Layout: Tektronix, *Reference Waveform File Format* (001-1378-03).

use faultscope_signal::Unit;

use super::fields::Fields;
use super::frames;
use super::scope::{self, Channel, Source};
use super::{Format, Match, Probe};
use crate::samples::Component;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions, Provenance};

/// Tektronix reference waveforms.
pub(super) struct TekWfm;

impl Format for TekWfm {
    fn id(&self) -> &'static str {
        "tek-wfm"
    }
    fn describe(&self) -> &'static str {
        "Tektronix .wfm, versions 001 to 003, with FastFrame"
    }
    fn segmented(&self) -> bool {
        true
    }
    fn matches(&self, probe: &Probe) -> Match {
        if Version::of(&probe.head).is_some() { Match::Certain } else { Match::No }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut source = Source::new(file, &probe.path, size);
        let version = Version::of(&probe.head).ok_or_else(|| source.malformed("no WFM# signature"))?;
        let head = Fields::read(&source.file, &probe.path, 0, 1024)?.big_endian(version.big_endian);
        let header = Header::read(&head, version)?;
        header.check(&source)?;
        let index = scope::segment(&mut source, options, header.frames)?;
        let mut provenance = Provenance::default();
        let stated = Some((scope::rate(header.step_s), "implicit dimension 1"));
        let rate = frames::sample_rate(&probe.path, options, stated, &mut provenance)?;
        let frame = Frame::read(&source, &head, version, &header, index)?;
        let channel = header.channel(&mut source, &frame)?;
        let mut trace = source.trace(&channel, rate)?;
        // The trigger lies a fraction of a step before the sample that the offset counts from.
        trace.t0_s = Some(header.origin_s + frame.fraction * header.step_s).filter(|t| t.is_finite());
        scope::note(&mut provenance, "waveform header", Some("Tektronix".to_owned()), std::slice::from_ref(&trace));
        provenance.description = (!header.label.is_empty()).then(|| header.label.clone());
        provenance.metadata =
            serde_json::json!({ "trigger_unix_s": frame.unix_s, "frames": header.frames, "label": header.label });
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("tek-wfm/00{}", version.number),
            traces: vec![trace],
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

/// Version and byte order, and the places of the parts that move with them.
#[derive(Debug, Clone, Copy)]
struct Version {
    number: u8,
    big_endian: bool,
}

impl Version {
    fn of(head: &[u8]) -> Option<Self> {
        let big_endian = match head.get(..2)? {
            [0x0f, 0x0f] => false,
            [0xf0, 0xf0] => true,
            _ => return None,
        };
        let text = head.get(2..10)?;
        let text = text.strip_prefix(b":").unwrap_or(text);
        let number = *text.strip_prefix(b"WFM#00")?.first()?;
        matches!(number, b'1'..=b'3').then(|| Self { number: number - b'0', big_endian })
    }

    /// Explicit dimension 1: two bytes (the type of the summary frame) were put before it in version 002.
    fn explicit(self) -> usize {
        if self.number == 1 { 166 } else { 168 }
    }
    /// Implicit dimension 1: the point density of both explicit dimensions grew from 4 to 8 bytes in version 003.
    fn implicit(self) -> usize {
        self.explicit() + 2 * if self.number == 3 { 160 } else { 156 }
    }
    /// The first update specification, behind both implicit dimensions and both time bases.
    fn update(self) -> usize {
        self.implicit() + 2 * if self.number == 3 { 136 } else { 132 } + 2 * 12
    }
}

const UPDATE: usize = 24;
const CURVE: usize = 30;

#[derive(Debug)]
struct Header {
    width: u8,
    curve_start: u64,
    label: String,
    frames: u64,
    data_type: i32,
    per_code: f64,
    at_zero: f64,
    y_unit: String,
    sample_format: i32,
    step_s: f64,
    origin_s: f64,
    x_unit: String,
}

impl Header {
    fn read(f: &Fields, version: Version) -> Result<Self, CaptureError> {
        let (y, x) = (version.explicit(), version.implicit());
        Ok(Self {
            width: f.u8(15)?,
            curve_start: f.length(16, "the offset of the curve buffer")?,
            label: f.text(40, 32)?,
            frames: u64::from(f.u32(72)?) + 1,
            data_type: f.i32(122)?,
            per_code: f.f64(y)?,
            at_zero: f.f64(y + 8)?,
            y_unit: f.text(y + 20, 20)?,
            sample_format: f.i32(y + 72)?,
            step_s: f.f64(x)?,
            origin_s: f.f64(x + 8)?,
            x_unit: f.text(x + 20, 20)?,
        })
    }

    fn check(&self, source: &Source) -> Result<(), CaptureError> {
        // Data types: 0 and 1 scalars, 2 vector (amplitude over time), 3 pixel map, 4 and above inverse and others.
        let in_time = self.x_unit.is_empty() || self.x_unit.to_ascii_lowercase().starts_with('s');
        if self.data_type != 2 || !in_time {
            let what = format!("this is no waveform in time (data type {}, x in '{}')", self.data_type, self.x_unit);
            return Err(CaptureError::unsupported(source.path, what, "save the channel itself as a waveform"));
        }
        // Each frame has its own curve object in the file: more frames than bytes cannot be.
        if self.frames.saturating_mul(CURVE as u64) > source.size {
            return Err(source.malformed(format!("the header counts {} FastFrame frames", self.frames)));
        }
        Ok(())
    }

    fn component(&self, source: &Source, big_endian: bool) -> Result<Component, CaptureError> {
        Ok(match (self.sample_format, self.width, big_endian) {
            (0, 2, false) => Component::I16Le,
            (0, 2, true) => Component::I16Be,
            (1, 4, false) => Component::I32Le,
            (1, 4, true) => Component::I32Be,
            (2, 4, false) => Component::U32Le,
            (2, 4, true) => Component::U32Be,
            (4, 4, false) => Component::F32Le,
            (4, 4, true) => Component::F32Be,
            (5, 8, false) => Component::F64Le,
            (5, 8, true) => Component::F64Be,
            (6, 1, _) => Component::U8,
            // Version 003 counts signed bytes 7; files with one byte a point and the old code hold them too.
            (7 | 0, 1, _) => Component::I8,
            (format, width, _) => {
                let what = format!("samples of format {format} in {width} bytes are not known");
                return Err(CaptureError::unsupported(source.path, what, "save the waveform as CSV"));
            }
        })
    }

    fn channel(&self, source: &mut Source, frame: &Frame) -> Result<Channel, CaptureError> {
        let component = self.component(source, frame.big_endian)?;
        let width = component.bytes() as u64;
        if frame.stop < frame.start {
            return Err(source.malformed(format!("the curve ends at {} and starts at {}", frame.stop, frame.start)));
        }
        let unit = scope::unit(&self.y_unit);
        if unit.is_none() {
            source.caveat(CaveatKind::Uncalibrated, format!("'{}' is no unit that is known", self.y_unit));
        }
        let (factor, unit) = unit.unwrap_or((1.0, Unit::FullScale));
        let curve = source.behind(768, self.curve_start, "the curve")?;
        let offset = curve.saturating_add(frame.start);
        let frames = (frame.stop - frame.start) / width;
        let name = if self.label.is_empty() { "CH1".to_owned() } else { self.label.clone() };
        Ok(Channel {
            per_code: self.per_code * factor,
            at_zero: self.at_zero * factor,
            ..Channel::plain(name, component, offset, frames, unit)
        }
        .eight_bits())
    }
}

/// One frame: its samples in the curve buffer and its trigger.
#[derive(Debug)]
struct Frame {
    big_endian: bool,
    start: u64,
    stop: u64,
    fraction: f64,
    unix_s: i32,
}

impl Frame {
    /// Frame `index`. The first has its specification and curve object in the header; those of all others follow, first
    /// every specification, then every curve object.
    fn read(
        source: &Source,
        head: &Fields,
        version: Version,
        header: &Header,
        index: u64,
    ) -> Result<Self, CaptureError> {
        let first = version.update();
        let zero = Curve::read(head, first + UPDATE)?;
        let frame = |update: &Fields, at: usize, start: u64, stop: u64| -> Result<Self, CaptureError> {
            let (fraction, unix_s) = (update.f64(at + 4)?, update.i32(at + 20)?);
            Ok(Self { big_endian: version.big_endian, start, stop, fraction, unix_s })
        };
        if index == 0 {
            return frame(head, first, zero.start, zero.stop);
        }
        let updates = (first + UPDATE + CURVE) as u64;
        let curves = updates.saturating_add((header.frames - 1).saturating_mul(UPDATE as u64));
        let part = |at: u64, length: usize| {
            Ok(Fields::read(&source.file, source.path, at, length)?.big_endian(version.big_endian))
        };
        let update = part(updates + (index - 1) * UPDATE as u64, UPDATE)?;
        let curve = Curve::read(&part(curves.saturating_add((index - 1) * CURVE as u64), CURVE)?, 0)?;
        // Instruments repeat the offsets of the first frame, and the buffers follow each other.
        let before = if curve.precharge == zero.precharge { index.saturating_mul(zero.end) } else { 0 };
        frame(&update, 0, before.saturating_add(curve.start), before.saturating_add(curve.stop))
    }
}

/// Offsets of a curve object into the curve buffer.
struct Curve {
    precharge: u64,
    start: u64,
    stop: u64,
    end: u64,
}

impl Curve {
    fn read(f: &Fields, at: usize) -> Result<Self, CaptureError> {
        let place = |offset: usize| f.u32(at + offset).map(u64::from);
        Ok(Self { precharge: place(10)?, start: place(14)?, stop: place(18)?, end: place(26)? })
    }
}

#[cfg(test)]
mod tests;
