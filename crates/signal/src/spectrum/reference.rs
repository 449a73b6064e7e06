//! The naive reference in double precision, one segment after the other: the truth that the fast path is tested against.

use std::sync::Arc;

use faultscope_transform::{Fft, RealToComplex, double};
use num_complex::Complex64;

use super::{Spectrum, SpectrumSettings, analyze, effective_averages, hop};
use crate::record::{Kind, Record, RecordError};

/// The averaged spectrum of a whole record, slowly.
///
/// # Errors
/// When the record is shorter than one transform or cannot be read.
pub fn reference(record: &dyn Record, settings: SpectrumSettings) -> Result<Spectrum, RecordError> {
    analyze::check(record, &settings)?;
    let n = settings.fft;
    let hop = hop(&settings);
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
        let last = if n.is_multiple_of(2) { mean.len() - 1 } else { mean.len() };
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
        skipped: 0,
        non_finite: 0,
        effective_averages: effective_averages(&settings, segments),
        mean,
        max: None,
        min: None,
        percentiles: Vec::new(),
        persistence: None,
    })
}

enum Transform {
    Real { fft: Arc<dyn RealToComplex<f64>>, input: Vec<f64>, output: Vec<Complex64> },
    Iq { fft: Arc<dyn Fft<f64>>, data: Vec<Complex64> },
}

impl Transform {
    fn new(kind: Kind, n: usize) -> Self {
        match kind {
            Kind::Real => {
                let fft = double::real(n);
                Self::Real { input: fft.make_input_vec(), output: fft.make_output_vec(), fft }
            }
            Kind::Iq => Self::Iq { fft: double::forward(n), data: vec![Complex64::default(); n] },
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
