//! Averaged spectra: power per bin of overlapped, windowed segments (P. D. Welch, 1967), scaled so that a line reads
//! its own power and noise reads its density times the resolution bandwidth.

use num_complex::Complex64;
use realfft::RealFftPlanner;
use rustfft::FftPlanner;

use crate::quantity::{Unit, db_from_power};
use crate::record::{Kind, Record, RecordError};
use crate::window::Window;

/// How to make a spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumSettings {
    /// Transform length in frames; any length, but at most the record's.
    pub fft: usize,
    /// Window.
    pub window: Window,
    /// Overlap of segments, 0 to below 1.
    pub overlap: f64,
}

/// An averaged spectrum with everything needed to read it inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Real records have `fft / 2 + 1` bins from 0 Hz up, I/Q records `fft` bins from -rate/2 up.
    pub kind: Kind,
    /// Unit of the record.
    pub unit: Unit,
    /// Power of a line of 0 dBFS, where calibrated.
    pub full_scale_dbm: Option<f64>,
    /// Centre frequency, where known.
    pub center_hz: Option<f64>,
    /// Sample rate of the record.
    pub sample_rate_hz: f64,
    /// The settings used.
    pub settings: SpectrumSettings,
    /// Segments averaged.
    pub segments: u64,
    /// Mean power per bin: rms^2 of a sine in that bin for real records, |A|^2 for I/Q.
    pub mean: Vec<f64>,
}

impl Spectrum {
    /// Distance between bins.
    #[must_use]
    pub fn bin_hz(&self) -> f64 {
        self.sample_rate_hz / self.settings.fft as f64
    }

    /// Resolution bandwidth: the equivalent noise bandwidth of one bin.
    #[must_use]
    pub fn rbw_hz(&self) -> f64 {
        self.settings.window.gains(self.settings.fft).1 * self.bin_hz()
    }

    /// Frequency of a (fractional) bin from the centre, or from 0 Hz for real records.
    #[must_use]
    pub fn offset_hz(&self, bin: f64) -> f64 {
        let zero = match self.kind {
            Kind::Real => 0.0,
            Kind::Iq => (self.settings.fft / 2) as f64,
        };
        (bin - zero) * self.bin_hz()
    }

    /// Absolute frequency of a (fractional) bin, where the centre is known; the offset otherwise.
    #[must_use]
    pub fn frequency_hz(&self, bin: f64) -> f64 {
        self.center_hz.unwrap_or(0.0) + self.offset_hz(bin)
    }

    /// The (fractional) bin of an offset.
    #[must_use]
    pub fn bin_of_offset(&self, offset_hz: f64) -> f64 {
        let zero = match self.kind {
            Kind::Real => 0.0,
            Kind::Iq => (self.settings.fft / 2) as f64,
        };
        offset_hz / self.bin_hz() + zero
    }

    /// Unit of levels: dBm with a calibration, dBV for volts, else dBFS.
    #[must_use]
    pub fn level_unit(&self) -> Unit {
        if self.full_scale_dbm.is_some() && self.unit == Unit::FullScale { Unit::Dbm } else { self.unit.level_unit() }
    }

    /// Level of a mean power in `level_unit()`. 0 dBFS is a complex tone of amplitude 1 or a real sine of peak 1.
    #[must_use]
    pub fn level_db(&self, power: f64) -> f64 {
        db_from_power(power) + self.level_offset_db()
    }

    fn level_offset_db(&self) -> f64 {
        let peak_reference = match (self.kind, self.level_unit()) {
            (Kind::Real, Unit::Dbfs | Unit::Dbm) => db_from_power(2.0),
            _ => 0.0,
        };
        let calibration = if self.level_unit() == Unit::Dbm { self.full_scale_dbm.unwrap_or(0.0) } else { 0.0 };
        peak_reference + calibration
    }
}

/// The averaged spectrum of a whole record.
///
/// # Errors
/// When the record is shorter than one transform or cannot be read.
pub fn average(record: &dyn Record, settings: SpectrumSettings) -> Result<Spectrum, RecordError> {
    let n = settings.fft;
    if n < 2 || record.frames() < n as u64 {
        return Err(RecordError::new(format!(
            "a transform of {n} points does not fit a record of {} samples",
            record.frames()
        )));
    }
    let hop = ((n as f64 * (1.0 - settings.overlap)).round() as usize).clamp(1, n);
    let window = settings.window.coefficients(n);
    let gain: f64 = window.iter().sum();
    let c = record.kind().components();
    let mut block = vec![0.0; n * c];
    let mut transform = Transform::new(record.kind(), n);
    let mut mean = vec![0.0; transform.bins()];
    let segments = (record.frames() - n as u64) / hop as u64 + 1;
    for segment in 0..segments {
        record.read_f64(segment * hop as u64, &mut block)?;
        for (frame, w) in block.chunks_exact_mut(c).zip(&window) {
            frame.iter_mut().for_each(|v| *v *= w);
        }
        transform.accumulate(&block, &mut mean);
    }
    let scale = 1.0 / (gain * gain * segments as f64);
    mean.iter_mut().for_each(|p| *p *= scale);
    if record.kind() == Kind::Real {
        // One-sided: the power of both halves, except at 0 Hz and at half the rate, which have no twin.
        let last = if n % 2 == 0 { mean.len() - 1 } else { mean.len() };
        mean[1..last].iter_mut().for_each(|p| *p *= 2.0);
    }
    Ok(Spectrum {
        kind: record.kind(),
        unit: record.unit(),
        full_scale_dbm: record.full_scale_dbm(),
        center_hz: record.center_hz(),
        sample_rate_hz: record.sample_rate_hz(),
        settings,
        segments,
        mean,
    })
}

enum Transform {
    Real { fft: std::sync::Arc<dyn realfft::RealToComplex<f64>>, input: Vec<f64>, output: Vec<Complex64> },
    Iq { fft: std::sync::Arc<dyn rustfft::Fft<f64>>, data: Vec<Complex64> },
}

impl Transform {
    fn new(kind: Kind, n: usize) -> Self {
        match kind {
            Kind::Real => {
                let fft = RealFftPlanner::new().plan_fft_forward(n);
                Self::Real { input: fft.make_input_vec(), output: fft.make_output_vec(), fft }
            }
            Kind::Iq => Self::Iq { fft: FftPlanner::new().plan_fft_forward(n), data: vec![Complex64::default(); n] },
        }
    }

    fn bins(&self) -> usize {
        match self {
            Self::Real { output, .. } => output.len(),
            Self::Iq { data, .. } => data.len(),
        }
    }

    fn accumulate(&mut self, block: &[f64], mean: &mut [f64]) {
        match self {
            Self::Real { fft, input, output } => {
                input.copy_from_slice(block);
                // The lengths are the plan's own, so the transform cannot fail.
                let _ = fft.process(input, output);
                for (m, z) in mean.iter_mut().zip(output) {
                    *m += z.norm_sqr();
                }
            }
            Self::Iq { fft, data } => {
                for (z, pair) in data.iter_mut().zip(block.chunks_exact(2)) {
                    *z = Complex64::new(pair[0], pair[1]);
                }
                fft.process(data);
                let n = data.len();
                for (k, z) in data.iter().enumerate() {
                    mean[(k + n / 2) % n] += z.norm_sqr();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Waveform;
    use std::f64::consts::TAU;

    fn settings(fft: usize, window: Window) -> SpectrumSettings {
        SpectrumSettings { fft, window, overlap: 0.5 }
    }

    #[test]
    fn a_bin_centred_tone_reads_its_own_level_with_every_window_and_size() {
        for window in Window::ALL {
            for n in [64, 100, 1000, 1001, 4096] {
                let k = 17.0;
                let tone: Vec<Complex64> =
                    (0..3 * n).map(|i| Complex64::from_polar(0.5, TAU * k * i as f64 / n as f64)).collect();
                let iq = Waveform::iq(&tone, 1e6, None).unwrap();
                let s = average(&iq, settings(n, window)).unwrap();
                let bin = s.bin_of_offset(k * s.bin_hz()).round() as usize;
                assert!((s.level_db(s.mean[bin]) + 6.0206).abs() < 1e-4, "{window} {n}");

                let real: Vec<f64> = (0..3 * n).map(|i| 0.5 * (TAU * k * i as f64 / n as f64).cos()).collect();
                let volts = Waveform::real(real, 1e6, Unit::Volt).unwrap();
                let s = average(&volts, settings(n, window)).unwrap();
                // 0.5 V peak is 0.125 V^2: -9.0309 dBV.
                assert!((s.level_db(s.mean[17]) + 9.0309).abs() < 1e-3, "{window} {n}");
            }
        }
    }

    #[test]
    fn a_record_shorter_than_the_transform_is_refused() {
        let w = Waveform::real(vec![0.0; 100], 1.0, Unit::Volt).unwrap();
        assert!(average(&w, settings(101, Window::Hann)).is_err());
    }
}
