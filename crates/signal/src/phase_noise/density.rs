//! One-sided densities of phase and amplitude: averaged periodograms in double precision.

use faultscope_transform::double;

use super::Residual;
use crate::demod::quick;
use crate::spectrum::{SpectrumSettings, effective_averages};
use crate::window::Window;

const WINDOW: Window = Window::BlackmanHarris;
const OVERLAP: f64 = 0.5;

/// Densities from 0 Hz up.
pub(super) struct Density {
    pub bin_hz: f64,
    /// Independent averages of a bin.
    pub averages: f64,
    /// Bins that share their noise.
    pub enbw_bins: f64,
    /// rad2/Hz.
    pub phase: Vec<f64>,
    /// 1/Hz.
    pub amplitude: Vec<f64>,
}

impl Density {
    /// Of half-overlapping segments of about `length` samples; each loses its straight line first.
    pub(super) fn of(residual: &Residual, length: usize) -> Self {
        let length = quick(length.min(residual.phase.len())).max(4) & !1;
        let window = WINDOW.coefficients(length);
        let hop = (length as f64 * (1.0 - OVERLAP)) as usize;
        let starts: Vec<usize> = (0..=residual.phase.len().saturating_sub(length)).step_by(hop.max(1)).collect();
        let power: f64 = window.iter().map(|w| w * w).sum();
        let settings = SpectrumSettings { fft: length, window: WINDOW, overlap: OVERLAP };
        let scale = 2.0 / (power * residual.rate_hz * starts.len() as f64);
        Self {
            bin_hz: residual.rate_hz / length as f64,
            averages: effective_averages(&settings, starts.len() as u64),
            enbw_bins: WINDOW.figures().enbw_bins,
            phase: periodograms(&residual.phase, &starts, &window, scale),
            amplitude: periodograms(&residual.amplitude, &starts, &window, scale),
        }
    }

    pub(super) fn hz(&self, bin: f64) -> f64 {
        bin * self.bin_hz
    }
}

fn periodograms(y: &[f64], starts: &[usize], window: &[f64], scale: f64) -> Vec<f64> {
    let fft = double::real(window.len());
    let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
    let mut sum = vec![0.0; output.len()];
    for segment in starts.iter().filter_map(|s| y.get(*s..s + window.len())) {
        let (middle, slope) = trend(segment);
        let centre = 0.5 * (segment.len() as f64 - 1.0);
        for (i, (x, (y, w))) in input.iter_mut().zip(segment.iter().zip(window)).enumerate() {
            *x = (y - middle - slope * (i as f64 - centre)) * w;
        }
        // Lengths are those of the plan: it has nothing to refuse.
        if fft.process(&mut input, &mut output).is_ok() {
            sum.iter_mut().zip(&output).for_each(|(s, z)| *s += z.norm_sqr() * scale);
        }
    }
    sum
}

/// Mean and slope per sample of the straight line through a segment.
fn trend(y: &[f64]) -> (f64, f64) {
    let n = y.len() as f64;
    let centre = 0.5 * (n - 1.0);
    let mean = y.iter().sum::<f64>() / n;
    let moment: f64 = y.iter().enumerate().map(|(i, v)| (i as f64 - centre) * v).sum();
    (mean, moment / (n * (n * n - 1.0) / 12.0))
}
