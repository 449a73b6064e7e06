//! The inner loops of an averaged spectrum one at a time, for the benches: no part of the interface.

use super::SpectrumSettings;
use super::kernel::{self, Plan, Transform};
use super::pair::Pairs;
use crate::record::Kind;
use crate::wide::{Aligned, wide};

/// Buffers of one segment in single precision.
pub struct Loops {
    transform: Transform<f32>,
    pairs: Option<Pairs<f32>>,
    window: Vec<f32>,
    windowed: Aligned<f32>,
    power: Aligned<f32>,
}

impl Loops {
    /// For segments of `settings.fft` frames; the overlap plays no part.
    #[must_use]
    pub fn new(kind: Kind, settings: SpectrumSettings) -> Self {
        let coefficients = settings.window.coefficients(settings.fft);
        let components = kind.components();
        let window: Vec<f32> = coefficients.iter().flat_map(|w| std::iter::repeat_n(*w as f32, components)).collect();
        let transform = Transform::new(Plan::new(kind, settings.fft, &window), settings.fft);
        let pairs = if kind == Kind::Real { Pairs::new(&window) } else { None };
        let power = Aligned::new(transform.bins().len());
        Self { transform, pairs, windowed: Aligned::new(window.len()), window, power }
    }

    /// Multiplies the samples of one segment by the window, into a buffer.
    pub fn window(&mut self, samples: &[f32]) -> &[f32] {
        wide(|| kernel::window_all(&mut self.windowed, samples, &self.window));
        &self.windowed
    }

    /// Windows and transforms one segment.
    pub fn transform(&mut self, samples: &[f32]) {
        self.transform.run(samples, &self.window, 0.0);
    }

    /// Adds the powers of the last segment transformed.
    pub fn power(&mut self) -> &[f32] {
        wide(|| kernel::add_power(&mut self.power, self.transform.bins()));
        &self.power
    }

    /// Windows, transforms and sums real segments that lie one behind the other, in pairs; says how many.
    pub fn pairs(&mut self, samples: &[f32]) -> usize {
        let n = self.window.len();
        let of = (samples, n, samples.len() / n);
        self.pairs.as_mut().map_or(0, |pairs| pairs.add(&mut self.power, of, (0.0, &[])))
    }
}
