//! A trace: one channel of a capture, with scale, unit, centre and view applied: what measurements read.

use std::sync::Arc;

use faultscope_signal::{Kind, Record, RecordError, Unit};

use crate::samples::Samples;

/// One channel of a capture.
#[derive(Clone)]
pub struct Trace {
    /// Its name: `CH1`, `I/Q`, `channel 2`.
    pub name: String,
    /// The stored samples.
    pub samples: Arc<dyn Samples>,
    /// Real or I/Q.
    pub kind: Kind,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// Centre frequency.
    pub center_hz: Option<f64>,
    /// Unit after `gain`.
    pub unit: Unit,
    /// Factor from stored values to `unit`.
    pub gain: f64,
    /// Time of the first frame of the file relative to the trigger, where known.
    pub t0_s: Option<f64>,
    /// Saturation magnitude, in `unit`: half the converter's range where an offset moves it.
    pub full_scale: Option<f64>,
    /// Lowest and highest value the converter gives, in `unit`, where they are not `-full_scale` and `full_scale`.
    pub rails: Option<(f64, f64)>,
    /// First frame of the view.
    pub first: u64,
    /// Frames in the view.
    pub frames: u64,
    /// Swap I and Q on reading.
    pub swap_iq: bool,
    /// Analogue bandwidth the instrument states, where known.
    pub bandwidth_hz: Option<f64>,
    /// Power in dBm of a level of 0 dBFS, where a calibration gives it.
    pub full_scale_dbm: Option<f64>,
}

impl Trace {
    /// A trace over everything that `samples` holds, without scale or view.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        samples: Arc<dyn Samples>,
        kind: Kind,
        sample_rate_hz: f64,
        unit: Unit,
    ) -> Self {
        let frames = samples.frames();
        Self {
            name: name.into(),
            samples,
            kind,
            sample_rate_hz,
            center_hz: None,
            unit,
            gain: 1.0,
            t0_s: None,
            full_scale: None,
            rails: None,
            first: 0,
            frames,
            swap_iq: false,
            bandwidth_hz: None,
            full_scale_dbm: None,
        }
    }

    fn clamp(&self, start: u64, room: usize) -> usize {
        let left = self.frames.saturating_sub(start);
        let fit = room / self.kind.components();
        usize::try_from(left).map_or(fit, |left| left.min(fit)) * self.kind.components()
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("sample_rate_hz", &self.sample_rate_hz)
            .field("center_hz", &self.center_hz)
            .field("unit", &self.unit)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Record for Trace {
    fn kind(&self) -> Kind {
        self.kind
    }
    fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }
    fn center_hz(&self) -> Option<f64> {
        self.center_hz
    }
    fn unit(&self) -> Unit {
        self.unit
    }
    fn frames(&self) -> u64 {
        self.frames
    }
    fn full_scale(&self) -> Option<f64> {
        self.full_scale
    }
    fn rails(&self) -> Option<(f64, f64)> {
        self.rails.or_else(|| self.full_scale.map(|f| (-f, f)))
    }
    fn bandwidth_hz(&self) -> Option<f64> {
        self.bandwidth_hz
    }
    fn full_scale_dbm(&self) -> Option<f64> {
        self.full_scale_dbm
    }

    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let room = self.clamp(start, out.len());
        let n = self.samples.read_f64(self.first + start, &mut out[..room])?;
        let got = &mut out[..n * self.kind.components()];
        if self.gain != 1.0 {
            got.iter_mut().for_each(|v| *v *= self.gain);
        }
        if self.swap_iq && self.kind == Kind::Iq {
            got.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        }
        Ok(n)
    }

    fn lend_f32(&self, start: u64, numbers: usize) -> Option<&[f32]> {
        let as_stored = self.gain == 1.0 && !self.swap_iq && self.clamp(start, numbers) == numbers;
        if as_stored { self.samples.lend_f32(self.first + start, numbers) } else { None }
    }

    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let room = self.clamp(start, out.len());
        let n = self.samples.read_f32(self.first + start, &mut out[..room])?;
        let got = &mut out[..n * self.kind.components()];
        if self.gain != 1.0 {
            let gain = self.gain as f32;
            got.iter_mut().for_each(|v| *v *= gain);
        }
        if self.swap_iq && self.kind == Kind::Iq {
            got.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        }
        Ok(n)
    }
}
