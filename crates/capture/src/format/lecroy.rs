//! Teledyne LeCroy `.trc`: the WAVEDESC block of templates 2.2, 2.3 and 1.0, in both byte orders, with its segments.
//!
//! Layout: the template that the instruments send as answer to `TEMPLATE?` (*LeCroy Remote Control Manual*, appendix).

use faultscope_signal::Unit;

use super::fields::Fields;
use super::frames;
use super::scope::{self, Channel, Source};
use super::{Format, Match, Probe};
use crate::samples::Component;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions, Provenance};

/// LeCroy traces.
pub(super) struct LeCroy;

const NAME: &[u8] = b"WAVEDESC";
/// The block begins within these bytes: an answer over a remote interface has a length before it.
const SEARCH: usize = 64;

impl Format for LeCroy {
    fn id(&self) -> &'static str {
        "lecroy"
    }
    fn describe(&self) -> &'static str {
        "LeCroy .trc (WAVEDESC, templates LECROY_2_3, LECROY_2_2, LECROY_1_0), 8 and 16 bit, sequence segments"
    }
    fn segmented(&self) -> bool {
        true
    }
    fn matches(&self, probe: &Probe) -> Match {
        match (start(&probe.head), probe.extension() == "trc") {
            (Some(_), _) => Match::Certain,
            (None, true) => Match::Name,
            _ => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut source = Source::new(file, &probe.path, size);
        let base = start(&probe.head).ok_or_else(|| {
            let hint = "save the trace in binary form; LeCroy's ASCII form is read as CSV";
            CaptureError::malformed(&probe.path, "there is no WAVEDESC block in the file", hint)
        })?;
        let block = Descriptor::read(&source, base)?;
        block.check(&source)?;
        let index = scope::segment(&mut source, options, block.segments)?;
        let mut provenance = Provenance::default();
        let stated = Some((scope::rate(block.step_s), "WAVEDESC HORIZ_INTERVAL"));
        let rate = frames::sample_rate(&probe.path, options, stated, &mut provenance)?;
        let channel = block.channel(&mut source, index)?;
        let mut trace = source.trace(&channel, rate)?;
        trace.t0_s = Some(block.origin(&source, index)?).filter(|t| t.is_finite());
        scope::note(
            &mut provenance,
            "WAVEDESC",
            scope::instrument("", &block.instrument, &block.serial),
            std::slice::from_ref(&trace),
        );
        provenance.metadata = block.metadata();
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("lecroy/{}", block.template.to_ascii_lowercase()),
            traces: vec![trace],
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

fn start(head: &[u8]) -> Option<u64> {
    let found = head.get(..SEARCH.min(head.len()))?.windows(NAME.len()).position(|w| w == NAME)?;
    Some(found as u64)
}

/// What is used of the WAVEDESC block.
#[derive(Debug)]
struct Descriptor {
    template: String,
    instrument: String,
    serial: String,
    wide: bool,
    big_endian: bool,
    /// Byte of the array of trigger times, and its length.
    triggers: (u64, u64),
    /// Byte of the first sample, and bytes of samples.
    data: (u64, u64),
    count: u64,
    valid: (u64, u64),
    segments: u64,
    sweeps: u64,
    gain: f64,
    offset: f64,
    bits: i16,
    step_s: f64,
    origin_s: f64,
    unit: String,
    x_unit: String,
    record_type: i16,
    coupling: u16,
    probe: f64,
    bandwidth_limit: u16,
    source: u16,
    trigger_time: String,
}

impl Descriptor {
    fn read(source: &Source, base: u64) -> Result<Self, CaptureError> {
        let block = Fields::read(&source.file, source.path, base, 346)?;
        let big_endian = match (block.u8(34)?, block.u8(35)?) {
            (1, 0) => false,
            (0, 0) => true,
            (a, b) => return Err(source.malformed(format!("COMM_ORDER is neither 0 nor 1 (bytes {a}, {b})"))),
        };
        let block = block.big_endian(big_endian);
        let template = block.text(16, 16)?;
        match template.as_str() {
            "LECROY_2_3" | "LECROY_2_2" => Self::second(source, &block, base, template),
            "LECROY_1_0" => Self::first(source, &block, base, template),
            _ => Err(CaptureError::unsupported(
                source.path,
                format!("the template '{template}' is not known"),
                "templates LECROY_2_3, LECROY_2_2 and LECROY_1_0 are read; save as LeCroy CSV instead",
            )),
        }
        .map(|d| Self { big_endian, ..d })
    }

    /// Templates 2.2 and 2.3: 346 bytes.
    fn second(source: &Source, b: &Fields, base: u64, template: String) -> Result<Self, CaptureError> {
        source.behind(346, b.length(36, "WAVE_DESCRIPTOR")?, "WAVEDESC")?;
        let lengths = Lengths::of(b, base, &[36, 40, 44], 48, &[52, 56])?;
        Ok(Self {
            template,
            instrument: b.text(76, 16)?,
            serial: serial(b.i32(92)?),
            wide: wide(source, b.u16(32)?)?,
            big_endian: false,
            triggers: lengths.triggers,
            data: (lengths.data, b.length(60, "WAVE_ARRAY_1")?),
            count: b.length(116, "WAVE_ARRAY_COUNT")?,
            valid: (b.length(124, "FIRST_VALID_PNT")?, b.length(128, "LAST_VALID_PNT")?),
            segments: b.length(144, "SUBARRAY_COUNT")?.max(1),
            sweeps: b.length(148, "SWEEPS_PER_ACQ")?,
            gain: b.f32(156)?,
            offset: b.f32(160)?,
            bits: b.i16(172)?,
            step_s: b.decimal(176)?,
            origin_s: b.f64(180)?,
            unit: b.text(196, 48)?,
            x_unit: b.text(244, 48)?,
            trigger_time: trigger_time(b, 296)?,
            record_type: b.i16(316)?,
            coupling: b.u16(326)?,
            probe: b.f32(328)?,
            bandwidth_limit: b.u16(334)?,
            source: b.u16(344)?.saturating_add(1),
        })
    }

    /// Template 1.0: 320 bytes; its offset is ACQ_VERT_OFFSET, as VERTICAL_OFFSET is that of the display.
    fn first(source: &Source, b: &Fields, base: u64, template: String) -> Result<Self, CaptureError> {
        source.behind(320, b.length(36, "WAVE_DESCRIPTOR")?, "WAVEDESC")?;
        let lengths = Lengths::of(b, base, &[36, 40], 44, &[])?;
        Ok(Self {
            template,
            instrument: b.text(56, 16)?,
            serial: serial(b.i32(72)?),
            wide: wide(source, b.u16(32)?)?,
            big_endian: false,
            triggers: lengths.triggers,
            data: (lengths.data, b.length(48, "WAVE_ARRAY_1")?),
            count: b.length(92, "WAVE_ARRAY_COUNT")?,
            valid: (b.length(100, "FIRST_VALID_PNT")?, b.length(104, "LAST_VALID_PNT")?),
            segments: b.length(108, "SUBARRAY_COUNT")?.max(1),
            sweeps: b.length(116, "SWEEPS_PER_ACQ")?,
            gain: b.f32(120)?,
            offset: b.f32(290)?,
            bits: b.i16(132)?,
            step_s: b.decimal(134)?,
            origin_s: b.f64(138)?,
            unit: b.text(154, 48)?,
            x_unit: b.text(202, 48)?,
            trigger_time: trigger_time(b, 250)?,
            record_type: b.i16(270)?,
            coupling: b.u16(276)?,
            probe: b.f32(278)?,
            bandwidth_limit: b.u16(284)?,
            source: b.u16(296)?,
        })
    }

    /// Refuses what is no waveform in time.
    fn check(&self, source: &Source) -> Result<(), CaptureError> {
        let not_time = !self.x_unit.is_empty() && !self.x_unit.eq_ignore_ascii_case("s");
        // RECORD_TYPE: 2 histogram, 3 graph, 4 filter coefficients, 5 complex, 6 extrema.
        if not_time || matches!(self.record_type, 2..=6) {
            let what =
                format!("this is no waveform in time (x in '{}', record type {})", self.x_unit, self.record_type);
            return Err(CaptureError::unsupported(source.path, what, "save the channel itself (C1 to C4)"));
        }
        if self.count == 0 || self.segments > self.count {
            let what = format!("{} points in {} segments cannot be", self.count, self.segments);
            return Err(source.malformed(what));
        }
        Ok(())
    }

    fn component(&self) -> Component {
        match (self.wide, self.big_endian) {
            (false, _) => Component::I8,
            (true, false) => Component::I16Le,
            (true, true) => Component::I16Be,
        }
    }

    fn name(&self) -> String {
        if (1..=16).contains(&self.source) { format!("C{}", self.source) } else { "C1".to_owned() }
    }

    /// The channel over one segment, without the points that the instrument calls not valid.
    fn channel(&self, source: &mut Source, segment: u64) -> Result<Channel, CaptureError> {
        let component = self.component();
        let width = component.bytes() as u64;
        let name = self.name();
        let held = self.data.1 / width;
        if held != self.count {
            let detail = format!("WAVE_ARRAY_COUNT is {}, the array has room for {held}", self.count);
            source.caveat(CaveatKind::Inconsistent, detail);
        }
        let count = self.count.min(held);
        let (first, frames) = if self.segments > 1 {
            let each = count / self.segments;
            (segment * each, each)
        } else {
            let (first, last) = self.valid;
            if first <= last && last < count { (first, last - first + 1) } else { (0, count) }
        };
        if self.sweeps > 1 {
            source.caveat(CaveatKind::Reduced, format!("{name} is the average of {} sweeps", self.sweeps));
        }
        let unit = scope::unit(&self.unit);
        if unit.is_none() {
            source.caveat(CaveatKind::Uncalibrated, format!("{name}: '{}' is no unit that is known", self.unit));
        }
        let (factor, unit) = unit.unwrap_or((1.0, Unit::FullScale));
        Ok(Channel {
            name,
            component,
            offset: self.data.0.saturating_add(first * width),
            stride: component.bytes(),
            frames,
            per_code: self.gain * factor,
            at_zero: -self.offset * factor,
            unit,
            codes: self.rails(),
        })
    }

    /// Lowest and highest code of the converter: words carry its bits at their top. MAX_VALUE and MIN_VALUE are the
    /// edges of the grid, which an unclipped signal may pass.
    fn rails(&self) -> Option<(f64, f64)> {
        match (self.wide, self.bits) {
            (false, _) => Some((-128.0, 127.0)),
            (true, bits @ 4..=16) => Some((-32_768.0, 32_768.0 - f64::from(16 - bits).exp2())),
            _ => None,
        }
    }

    /// Time of the first point that is read: for a segment its own trigger offset, where the array of them is there.
    fn origin(&self, source: &Source, segment: u64) -> Result<f64, CaptureError> {
        const ENTRY: u64 = 16;
        let (at, bytes) = self.triggers;
        if self.segments > 1 && bytes / ENTRY > segment {
            let place = at.saturating_add(segment * ENTRY);
            let entry = Fields::read(&source.file, source.path, place, 16)?.big_endian(self.big_endian);
            return entry.f64(8);
        }
        let first = if self.segments == 1 && self.valid.0 <= self.valid.1 { self.valid.0 } else { 0 };
        Ok(self.origin_s + first as f64 * self.step_s)
    }

    fn metadata(&self) -> serde_json::Value {
        const COUPLING: [&str; 5] = ["DC 50 ohm", "ground", "DC 1 Mohm", "ground", "AC 1 Mohm"];
        serde_json::json!({
            "template": self.template,
            "nominal_bits": self.bits,
            "probe_factor": self.probe,
            "coupling": COUPLING.get(usize::from(self.coupling)),
            "bandwidth_limit": self.bandwidth_limit != 0,
            "trigger_time": self.trigger_time,
            "segments": self.segments,
        })
    }
}

/// Where trigger times and samples begin.
struct Lengths {
    triggers: (u64, u64),
    data: u64,
}

impl Lengths {
    /// Sums up the lengths of the blocks before the trigger times, of these, and of the blocks before the samples.
    fn of(b: &Fields, base: u64, before: &[usize], triggers: usize, after: &[usize]) -> Result<Self, CaptureError> {
        let sum = |places: &[usize]| -> Result<u64, CaptureError> {
            places.iter().try_fold(0u64, |total, at| Ok(total + b.length(*at, "a block length")?))
        };
        let at = base + sum(before)?;
        let length = b.length(triggers, "TRIGTIME_ARRAY")?;
        Ok(Self { triggers: (at, length), data: at + length + sum(after)? })
    }
}

fn wide(source: &Source, comm_type: u16) -> Result<bool, CaptureError> {
    match comm_type {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(source.malformed(format!("COMM_TYPE is {other}, neither byte nor word"))),
    }
}

fn serial(number: i32) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

/// `2023-05-16 18:51:19.888565` by the instrument's clock, whose zone is not known.
fn trigger_time(b: &Fields, at: usize) -> Result<String, CaptureError> {
    let (second, minute, hour, day, month) = (b.f64(at)?, b.u8(at + 8)?, b.u8(at + 9)?, b.u8(at + 10)?, b.u8(at + 11)?);
    Ok(format!("{:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:09.6}", b.i16(at + 12)?))
}

#[cfg(test)]
mod tests;
