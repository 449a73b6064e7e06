//! Keysight and Agilent `.bin` (`AG01`, `AG03`, `AG10`), and Rigol's `.bin` of the same layout (`RG01`, `RG03`).
//!
//! Layout: Keysight, *InfiniiVision Oscilloscopes Programmer's Guide*, "Binary data (.bin)"; Rigol, *MSO5000 User Guide*,
//! "Binary data format". A file header, then for each waveform a header of 140 bytes and its buffers, each behind a
//! header of its own.

use std::collections::BTreeSet;

use faultscope_signal::Unit;

use super::fields::{Fields, decimal};
use super::frames;
use super::scope::{self, Channel, Source};
use super::{Format, Match, Probe};
use crate::samples::Component;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions, Provenance, Trace};

/// Keysight, Agilent and newer Rigol oscilloscopes.
pub(super) struct Keysight;

/// Bytes of a waveform header that carry fields.
const WAVEFORM: usize = 140;
/// Waveforms of one file that are believed: 16 channels of 4096 segments.
const MAX_WAVEFORMS: u32 = 65_536;

impl Format for Keysight {
    fn id(&self) -> &'static str {
        "keysight"
    }
    fn describe(&self) -> &'static str {
        "Keysight/Agilent .bin (AG01, AG03, AG10) and Rigol .bin of MSO5000/7000/8000 and DHO (RG01, RG03)"
    }
    fn segmented(&self) -> bool {
        true
    }
    fn matches(&self, probe: &Probe) -> Match {
        if Cookie::of(&probe.head).is_some() { Match::Certain } else { Match::No }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut source = Source::new(file, &probe.path, size);
        let cookie = Cookie::of(&probe.head).ok_or_else(|| source.malformed("no AG or RG signature"))?;
        let waveforms = walk(&mut source, cookie)?;
        let segments: Vec<u32> = waveforms.iter().map(|w| w.segment).collect::<BTreeSet<_>>().into_iter().collect();
        let index = scope::segment(&mut source, options, segments.len().max(1) as u64)?;
        let chosen = usize::try_from(index).ok().and_then(|i| segments.get(i)).copied();
        let mut provenance = Provenance::default();
        let mut traces = Vec::new();
        for waveform in waveforms.iter().filter(|w| Some(w.segment) == chosen) {
            waveform.traces(&mut source, cookie, options, &mut provenance, &mut traces)?;
        }
        let Some(first) = waveforms.first().filter(|_| !traces.is_empty()) else {
            let hint = "save the analogue channels";
            return Err(CaptureError::unsupported(&probe.path, "the file holds no analogue waveform", hint));
        };
        let (model, serial) = first.frame.split_once(':').unwrap_or((&first.frame, ""));
        scope::note(&mut provenance, "waveform header", scope::instrument(cookie.maker(), model, serial), &traces);
        provenance.metadata = serde_json::json!({ "date": first.date, "time": first.time, "averages": first.averages });
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("keysight/{}", cookie.name()),
            traces,
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

/// Who wrote the file, and whether its lengths have 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cookie {
    rigol: bool,
    wide: bool,
    version: [u8; 2],
}

impl Cookie {
    fn of(head: &[u8]) -> Option<Self> {
        let (maker, version) = (head.get(..2)?, [*head.get(2)?, *head.get(3)?]);
        let rigol = maker == b"RG";
        let known = if rigol { &[*b"01", *b"03"][..] } else { &[*b"01", *b"03", *b"10"] };
        let ours = (rigol || maker == b"AG") && known.contains(&version);
        ours.then_some(Self { rigol, wide: version == *b"03", version })
    }

    fn maker(self) -> &'static str {
        if self.rigol { "Rigol" } else { "Keysight" }
    }

    fn name(self) -> String {
        format!("{}{}", if self.rigol { "rg" } else { "ag" }, String::from_utf8_lossy(&self.version))
    }
}

/// One waveform header and where its buffers lie.
#[derive(Debug)]
struct Waveform {
    kind: u32,
    points: u64,
    averages: u32,
    step_s: f64,
    origin_s: f64,
    x_unit: u32,
    y_unit: u32,
    date: String,
    time: String,
    frame: String,
    label: String,
    segment: u32,
    /// Position among the waveforms of its segment.
    position: usize,
    buffers: Vec<Buffer>,
}

#[derive(Debug)]
struct Buffer {
    kind: u16,
    width: u16,
    start: u64,
    bytes: u64,
}

/// Reads all headers, jumping over the samples.
fn walk(source: &mut Source, cookie: Cookie) -> Result<Vec<Waveform>, CaptureError> {
    let head = Fields::read(&source.file, source.path, 0, 16)?;
    let (count, mut at) = if cookie.wide { (head.u32(12)?, 16) } else { (head.u32(8)?, 12) };
    if count == 0 || count > MAX_WAVEFORMS {
        return Err(source.malformed(format!("the file header counts {count} waveforms")));
    }
    let mut waveforms: Vec<Waveform> = Vec::new();
    for index in 0..count {
        if at >= source.size {
            let detail = format!("the header promises {count} waveforms, the file holds {index}");
            source.caveat(CaveatKind::Truncated, detail);
            break;
        }
        let (mut waveform, end) = read(source, cookie, at)?;
        waveform.position = waveforms.iter().rev().take_while(|w| w.segment == waveform.segment).count();
        waveforms.push(waveform);
        at = end;
    }
    if at < source.size {
        let detail = format!("{} bytes lie behind the last waveform and were not read", source.size - at);
        source.caveat(CaveatKind::TrailingData, detail);
    }
    Ok(waveforms)
}

/// One waveform from `at` on, and where the next one begins.
fn read(source: &Source, cookie: Cookie, at: u64) -> Result<(Waveform, u64), CaptureError> {
    let head = Fields::read(&source.file, source.path, at, WAVEFORM)?;
    let size = head.u32(0)?;
    if !(WAVEFORM as u32..=65_536).contains(&size) {
        return Err(source.malformed(format!("the waveform header at byte {at} says it is {size} bytes long")));
    }
    let count = head.u32(8)?;
    if count > 16 {
        return Err(source.malformed(format!("the waveform at byte {at} counts {count} buffers")));
    }
    let mut next = at.saturating_add(u64::from(size));
    let mut buffers = Vec::new();
    for _ in 0..count {
        let data = Fields::read(&source.file, source.path, next, 16)?;
        let header = data.u32(0)?;
        if !(12..=65_536).contains(&header) {
            return Err(source.malformed(format!("the buffer header at byte {next} says it is {header} bytes long")));
        }
        let bytes = if cookie.wide { data.u64(8)? } else { u64::from(data.u32(8)?) };
        let start = next.saturating_add(u64::from(header));
        buffers.push(Buffer { kind: data.u16(4)?, width: data.u16(6)?, start, bytes });
        next = start.saturating_add(bytes);
    }
    let waveform = Waveform {
        kind: head.u32(4)?,
        points: u64::from(head.u32(12)?),
        averages: head.u32(16)?,
        // Rigol keeps single precision in these eight bytes.
        step_s: decimal(head.f64(32)?),
        origin_s: head.f64(40)?,
        x_unit: head.u32(48)?,
        y_unit: head.u32(52)?,
        date: head.text(56, 16)?,
        time: head.text(72, 16)?,
        frame: head.text(88, 24)?,
        label: head.text(112, 16)?,
        segment: head.u32(136)?,
        position: 0,
        buffers,
    };
    Ok((waveform, next))
}

impl Waveform {
    fn name(&self) -> String {
        match self.label.parse::<u32>() {
            Ok(number @ 1..=64) => format!("CH{number}"),
            _ if self.label.is_empty() => format!("CH{}", self.position + 1),
            _ => self.label.clone(),
        }
    }

    fn traces(
        &self,
        source: &mut Source,
        cookie: Cookie,
        options: &OpenOptions,
        provenance: &mut Provenance,
        traces: &mut Vec<Trace>,
    ) -> Result<(), CaptureError> {
        let name = self.name();
        if !matches!(self.x_unit, 0 | 2) || matches!(self.kind, 4 | 5) {
            let what =
                if self.x_unit == 6 { "a spectrum (x in Hz)" } else { "a histogram or another x axis than time" };
            source.caveat(CaveatKind::Ignored, format!("{name} is {what} and was not read"));
            return Ok(());
        }
        if self.kind == 3 && self.averages > 1 {
            source.caveat(CaveatKind::Reduced, format!("{name} is the average of {} acquisitions", self.averages));
        }
        let stated = Some((scope::rate(self.step_s), "waveform header"));
        let rate = frames::sample_rate(source.path, options, stated, provenance)?;
        for buffer in &self.buffers {
            let suffix = match (buffer.kind, buffer.width) {
                (1, 4) => "",
                (2, 4) => " max",
                (3, 4) => " min",
                _ => {
                    source
                        .caveat(CaveatKind::Ignored, format!("{name}: a buffer of type {} was not read", buffer.kind));
                    continue;
                }
            };
            if !suffix.is_empty() {
                source.caveat(CaveatKind::Reduced, format!("{name} holds the extremes of each step (peak detect)"));
            }
            let frames = self.points.min(buffer.bytes / 4);
            if frames < self.points {
                let detail = format!("{name}: {} points promised, the buffer has room for {frames}", self.points);
                source.caveat(CaveatKind::Inconsistent, detail);
            }
            let channel =
                Channel::plain(format!("{name}{suffix}"), Component::F32Le, buffer.start, frames, self.unit(source));
            let mut trace = source.trace(&channel, rate)?;
            // Rigol's instruments write the origin with the opposite sign.
            trace.t0_s = Some(if cookie.rigol { -self.origin_s } else { self.origin_s }).filter(|t| t.is_finite());
            traces.push(trace);
        }
        Ok(())
    }

    fn unit(&self, source: &mut Source) -> Unit {
        match self.y_unit {
            1 => Unit::Volt,
            4 => Unit::Ampere,
            other => {
                let detail = format!("{}: unit code {other} is neither volt nor ampere", self.name());
                source.caveat(CaveatKind::Uncalibrated, detail);
                Unit::FullScale
            }
        }
    }
}

#[cfg(test)]
mod tests;
