//! What oscilloscope files share: channels of codes in volts, promised and found lengths, segments, units.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use faultscope_signal::{Kind, Unit};

use crate::samples::{Component, FileSamples, Layout, Samples};
use crate::{CaptureError, Caveat, CaveatKind, OpenOptions, Provenance, ScaledSamples, Trace};

/// One channel of codes in a file: `value = per_code * code + at_zero`.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) name: String,
    pub(super) component: Component,
    /// Byte of the first code.
    pub(super) offset: u64,
    /// Bytes from one code to the next.
    pub(super) stride: usize,
    /// Codes that the header promises.
    pub(super) frames: u64,
    pub(super) per_code: f64,
    pub(super) at_zero: f64,
    pub(super) unit: Unit,
    /// Lowest and highest code that the converter gives, where it is known.
    pub(super) codes: Option<(f64, f64)>,
}

impl Channel {
    /// A channel of values that need no scale, side by side.
    pub(super) fn plain(name: impl Into<String>, component: Component, offset: u64, frames: u64, unit: Unit) -> Self {
        let stride = component.bytes();
        let name = name.into();
        Self { name, component, offset, stride, frames, per_code: 1.0, at_zero: 0.0, unit, codes: None }
    }

    /// The converter's range of 8-bit codes: `0..=255` or `-128..=127`.
    pub(super) fn eight_bits(mut self) -> Self {
        self.codes = match self.component {
            Component::U8 => Some((0.0, 255.0)),
            Component::I8 => Some((-128.0, 127.0)),
            _ => None,
        };
        self
    }
}

/// The file that traces are made over.
pub(super) struct Source<'a> {
    pub(super) file: Arc<File>,
    pub(super) path: &'a Path,
    pub(super) size: u64,
    pub(super) caveats: Vec<Caveat>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: File, path: &'a Path, size: u64) -> Self {
        Self { file: Arc::new(file), path, size, caveats: Vec::new() }
    }

    pub(super) fn caveat(&mut self, kind: CaveatKind, detail: impl Into<String>) {
        self.caveats.push(Caveat::new(kind, detail));
    }

    pub(super) fn malformed(&self, what: impl Into<String>) -> CaptureError {
        CaptureError::malformed(self.path, what, "the file is damaged; save the record again")
    }

    /// Refuses a place of samples that lies inside the header, which ends at `header` at the earliest.
    pub(super) fn behind(&self, header: u64, place: u64, name: &str) -> Result<u64, CaptureError> {
        if place < header {
            return Err(self.malformed(format!("{name}: its samples would begin at byte {place}, inside the header")));
        }
        Ok(place)
    }

    /// The trace of a channel at `rate_hz`: as many samples as the file holds, with a caveat when that is fewer.
    ///
    /// # Errors
    /// When there is not one sample, or the scale is no number.
    pub(super) fn trace(&mut self, channel: &Channel, rate_hz: f64) -> Result<Trace, CaptureError> {
        let Channel { name, component, offset, stride, frames, .. } = channel;
        let own = component.bytes() as u64;
        let room = self.size.saturating_sub(*offset);
        let held = if room < own { 0 } else { (room - own) / (*stride).max(1) as u64 + 1 };
        let found = held.min(*frames);
        if found == 0 {
            let what = format!("{name}: the header promises {frames} samples and the file holds none of them");
            return Err(CaptureError::malformed(self.path, what, "copy the file again; its samples are missing"));
        }
        if !(channel.per_code.is_finite() && channel.per_code != 0.0 && channel.at_zero.is_finite()) {
            return Err(self.malformed(format!(
                "{name}: {} per code and an offset of {} cannot be a scale",
                channel.per_code, channel.at_zero
            )));
        }
        if found < *frames {
            let detail = format!("{name}: the header promises {frames} samples, the file holds {found}");
            self.caveat(CaveatKind::Truncated, detail);
        }
        let layout = Layout { component: *component, offset: *offset, stride: *stride, components: 1, frames: found };
        let stored = Arc::new(FileSamples::new(Arc::clone(&self.file), self.path.display().to_string(), layout));
        let (per_code, at_zero) = (channel.per_code, channel.at_zero);
        let as_stored = component.full_scale().is_none() && per_code == 1.0 && at_zero == 0.0;
        let samples: Arc<dyn Samples> =
            if as_stored { stored } else { Arc::new(ScaledSamples::codes(stored, *component, per_code, at_zero)) };
        let mut trace = Trace::new(name.clone(), samples, Kind::Real, rate_hz, channel.unit);
        trace.rails = channel.codes.map(|(low, high)| {
            let (a, b) = (per_code * low + at_zero, per_code * high + at_zero);
            (a.min(b), a.max(b))
        });
        trace.full_scale = trace.rails.map(|(low, high)| (high - low) / 2.0);
        Ok(trace)
    }
}

/// Which of `count` segments to read, from 0; says that there are more when none was asked for.
///
/// # Errors
/// When the one asked for is not there.
pub(super) fn segment(source: &mut Source, options: &OpenOptions, count: u64) -> Result<u64, CaptureError> {
    match options.segment {
        Some(wanted) if (1..=count).contains(&wanted) => Ok(wanted - 1),
        Some(wanted) => Err(no_segment(source.path, wanted, count)),
        None => {
            if count > 1 {
                let detail = format!("the file holds {count} segments; the first is read, --segment 2 takes the next");
                source.caveat(CaveatKind::Ignored, detail);
            }
            Ok(0)
        }
    }
}

/// The error of a segment that is not there.
pub(super) fn no_segment(path: &Path, wanted: u64, count: u64) -> CaptureError {
    let hint = if count == 1 {
        "the file holds one record of each channel; leave --segment out".to_owned()
    } else {
        format!("segments are 1 to {count}")
    };
    CaptureError::options(path, format!("there is no segment {wanted}"), hint)
}

/// The unit that a file names, and the factor to it: `V`, `mV`, `Volts`, `A`, `W`; nothing for another or none.
pub(super) fn unit(text: &str) -> Option<(f64, Unit)> {
    let text = text.trim();
    let (factor, rest) = match text.chars().next() {
        Some('m') if text.len() > 1 => (1e-3, &text[1..]),
        Some('u') if text.len() > 1 => (1e-6, &text[1..]),
        Some('k') if text.len() > 1 => (1e3, &text[1..]),
        _ => (1.0, text),
    };
    let unit = match rest.to_ascii_lowercase().as_str() {
        "v" | "volt" | "volts" => Unit::Volt,
        "a" | "amp" | "amps" | "ampere" | "amperes" => Unit::Ampere,
        "w" | "watt" | "watts" => Unit::Watt,
        _ => return None,
    };
    Some((factor, unit))
}

/// Maker, model and serial number as one line, where there is a model.
pub(super) fn instrument(maker: &str, model: &str, serial: &str) -> Option<String> {
    let serial = if serial.is_empty() { String::new() } else { format!(" (serial {serial})") };
    let maker = if maker.is_empty() { String::new() } else { format!("{maker} ") };
    (!model.is_empty()).then(|| format!("{maker}{model}{serial}"))
}

/// The rate of a sample interval, to the fourteen digits that its reciprocal has: 1.25 us is 800 kSa/s.
pub(super) fn rate(step_s: f64) -> f64 {
    let rate = step_s.recip();
    format!("{rate:.13e}").parse().unwrap_or(rate)
}

/// Notes the origins that every scope file shares.
pub(super) fn note(provenance: &mut Provenance, header: &str, instrument: Option<String>, traces: &[Trace]) {
    let known = [
        ("format", true),
        ("unit", true),
        ("t0_s", traces.iter().any(|t| t.t0_s.is_some())),
        ("bandwidth_hz", traces.iter().any(|t| t.bandwidth_hz.is_some())),
        ("full_scale", traces.iter().any(|t| t.rails.is_some())),
        ("instrument", instrument.is_some()),
    ];
    for (field, _) in known.into_iter().filter(|(_, known)| *known) {
        provenance.note(field, header);
    }
    provenance.instrument = instrument;
}
