//! The record: uniformly sampled values of one channel, real or I/Q, read in blocks.

use num_complex::Complex64;

use crate::quantity::Unit;

/// Whether a record holds one real number or one I/Q pair per sample instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One value per sample, in the record's unit.
    Real,
    /// An in-phase and a quadrature value per sample; its spectrum is two-sided.
    Iq,
}

impl Kind {
    /// Numbers per frame: 1 for real records, 2 for I/Q.
    #[must_use]
    pub const fn components(self) -> usize {
        match self {
            Self::Real => 1,
            Self::Iq => 2,
        }
    }
}

/// A record that could not be read: the message names what and where, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RecordError {
    /// One sentence: what happened, where.
    pub message: String,
}

impl RecordError {
    /// Wraps a sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// A uniformly sampled record of one channel, which may be far larger than memory.
///
/// A *frame* is one sample instant: one number for real records, two (I then Q) for I/Q records. All reads are
/// positional, so that several threads can read one record at once, and a read allocates nothing.
pub trait Record: Send + Sync {
    /// Real or I/Q.
    fn kind(&self) -> Kind;
    /// Frames per second; finite and above zero.
    fn sample_rate_hz(&self) -> f64;
    /// Centre (tuned) frequency of an I/Q record, where it is known.
    fn center_hz(&self) -> Option<f64>;
    /// What a value of 1.0 means.
    fn unit(&self) -> Unit;
    /// Number of frames.
    fn frames(&self) -> u64;
    /// Reads frames from `start` into `out` (`kind().components()` numbers a frame, interleaved), scaled to `unit()`.
    ///
    /// Returns the number of whole frames read: as many as fit, fewer only at the end of the record.
    ///
    /// # Errors
    /// When the storage behind the record fails.
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError>;
    /// The same in single precision: the fast path of everything that ends in an `f32` FFT.
    ///
    /// # Errors
    /// When the storage behind the record fails.
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError>;
    /// What `read_f32` would write into `numbers` numbers, where it lies in memory already and holds as many.
    fn lend_f32(&self, _start: u64, _numbers: usize) -> Option<&[f32]> {
        None
    }
    /// The magnitude, in `unit()`, at which the converter that took the record saturates, where it is known.
    ///
    /// For I/Q it holds for each of I and Q. Levels in dBFS and the effective bits refer to it.
    fn full_scale(&self) -> Option<f64> {
        None
    }
    /// The lowest and the highest value, in `unit()`, that the converter can give, where they are known.
    ///
    /// An oscilloscope's offset moves them away from `-full_scale()` and `full_scale()`. Used by the clipping gate.
    fn rails(&self) -> Option<(f64, f64)> {
        self.full_scale().map(|f| (-f, f))
    }
    /// Analogue bandwidth that the instrument states, where it is known; half the rate is the bound otherwise.
    fn bandwidth_hz(&self) -> Option<f64> {
        None
    }
    /// Power in dBm of a level of 0 dBFS, where a calibration gives it.
    fn full_scale_dbm(&self) -> Option<f64> {
        None
    }
    /// Length in seconds.
    fn duration_s(&self) -> f64 {
        self.frames() as f64 / self.sample_rate_hz()
    }
}

/// Frames from `start` on: lent by the record, or read into `room`; as many as fit, fewer only at the end of the record.
///
/// # Errors
/// When the storage behind the record fails.
pub fn lent_or_read<'a>(record: &'a dyn Record, start: u64, room: &'a mut [f32]) -> Result<&'a [f32], RecordError> {
    if let Some(lent) = record.lend_f32(start, room.len()) {
        return Ok(lent);
    }
    let frames = record.read_f32(start, room)?;
    Ok(&room[..frames * record.kind().components()])
}

/// A record held in memory, in double precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    kind: Kind,
    sample_rate_hz: f64,
    center_hz: Option<f64>,
    unit: Unit,
    data: Vec<f64>,
    full_scale: Option<f64>,
    full_scale_dbm: Option<f64>,
}

impl Waveform {
    /// A real waveform.
    ///
    /// # Errors
    /// When the rate is not a finite number above zero.
    pub fn real(data: Vec<f64>, sample_rate_hz: f64, unit: Unit) -> Result<Self, RecordError> {
        Self::new(Kind::Real, data, sample_rate_hz, None, unit)
    }

    /// An I/Q waveform, with its centre frequency where it is known.
    ///
    /// # Errors
    /// When the rate is not a finite number above zero.
    pub fn iq(data: &[Complex64], sample_rate_hz: f64, center_hz: Option<f64>) -> Result<Self, RecordError> {
        let flat = data.iter().flat_map(|z| [z.re, z.im]).collect();
        Self::new(Kind::Iq, flat, sample_rate_hz, center_hz, Unit::FullScale)
    }

    /// An I/Q waveform from numbers that are interleaved already: I, Q, I, Q ...
    ///
    /// # Errors
    /// When the rate is not a finite number above zero, or an I has no Q.
    pub fn interleaved(data: Vec<f64>, sample_rate_hz: f64, center_hz: Option<f64>) -> Result<Self, RecordError> {
        if !data.len().is_multiple_of(2) {
            return Err(RecordError::new(format!("{} numbers do not make whole I/Q pairs", data.len())));
        }
        Self::new(Kind::Iq, data, sample_rate_hz, center_hz, Unit::FullScale)
    }

    fn new(
        kind: Kind,
        data: Vec<f64>,
        sample_rate_hz: f64,
        center_hz: Option<f64>,
        unit: Unit,
    ) -> Result<Self, RecordError> {
        if !(sample_rate_hz.is_finite() && sample_rate_hz > 0.0) {
            return Err(RecordError::new(format!("a sample rate of {sample_rate_hz} Hz is not above zero")));
        }
        Ok(Self { kind, sample_rate_hz, center_hz, unit, data, full_scale: None, full_scale_dbm: None })
    }

    /// States the magnitude at which the converter saturates.
    #[must_use]
    pub fn with_full_scale(mut self, full_scale: f64) -> Self {
        self.full_scale = Some(full_scale);
        self
    }

    /// States the calibration: the power of a level of 0 dBFS, where it is known.
    #[must_use]
    pub fn with_full_scale_dbm(mut self, full_scale_dbm: Option<f64>) -> Self {
        self.full_scale_dbm = full_scale_dbm;
        self
    }

    /// The values, interleaved I then Q for I/Q.
    #[must_use]
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    fn slice_from(&self, start: u64, room: usize) -> &[f64] {
        let c = self.kind.components();
        let total = self.data.len() / c;
        let from = usize::try_from(start).unwrap_or(usize::MAX).min(total);
        let n = (room / c).min(total - from);
        &self.data[from * c..(from + n) * c]
    }
}

impl Record for Waveform {
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
        (self.data.len() / self.kind.components()) as u64
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let from = self.slice_from(start, out.len());
        out[..from.len()].copy_from_slice(from);
        Ok(from.len() / self.kind.components())
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let from = self.slice_from(start, out.len());
        for (o, v) in out.iter_mut().zip(from) {
            *o = *v as f32;
        }
        Ok(from.len() / self.kind.components())
    }
    fn full_scale(&self) -> Option<f64> {
        self.full_scale
    }
    fn full_scale_dbm(&self) -> Option<f64> {
        self.full_scale_dbm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stop_at_the_end_and_count_frames() {
        let w = Waveform::iq(&[Complex64::new(1.0, 2.0), Complex64::new(3.0, 4.0)], 10.0, None).unwrap();
        let mut out = [0.0; 6];
        assert_eq!(w.read_f64(1, &mut out).unwrap(), 1);
        assert_eq!(&out[..2], &[3.0, 4.0]);
        assert_eq!(w.read_f64(9, &mut out).unwrap(), 0);
        assert!((w.duration_s() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn interleaved_numbers_are_pairs() {
        let w = Waveform::interleaved(vec![1.0, 2.0, 3.0, 4.0], 10.0, Some(1e6)).unwrap();
        assert_eq!((w.frames(), w.kind(), w.center_hz()), (2, Kind::Iq, Some(1e6)));
        assert!(Waveform::interleaved(vec![1.0], 10.0, None).is_err());
    }

    #[test]
    fn a_rate_that_is_not_above_zero_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Waveform::real(vec![], rate, Unit::Volt).is_err());
        }
    }
}
