//! The inner loops of the spectrum, in single or double precision: windowing, transform, power, holds, level cells.

use std::sync::Arc;

use bytemuck::Pod;
use faultscope_transform::{Fft, FftNum, RealToComplex, double, single};
use num_complex::Complex;

use super::split::{GROUPS, Split};
use crate::record::{Kind, Record, RecordError};
use crate::wide::{Aligned, wide};

/// A precision to calculate in.
pub(crate) trait Float: FftNum + Pod + Default + PartialOrd {
    const INFINITY: Self;
    fn of(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn to_f32(self) -> f32;
    fn finite(self) -> bool;
    /// The numbers themselves, where this is single precision.
    fn single(values: &[Self]) -> Option<&[f32]>;
    /// Bins to write into, where this is single precision.
    fn single_bins(bins: &mut [Complex<Self>]) -> Option<&mut [Complex<f32>]>;
    /// The transform of `n` real numbers.
    fn real(n: usize) -> Arc<dyn RealToComplex<Self>>;
    /// The transform of `n` complex numbers.
    fn complex(n: usize) -> Arc<dyn Fft<Self>>;
    /// What `read` would write into `numbers` numbers, where the record has it in memory.
    fn lend(record: &dyn Record, start: u64, numbers: usize) -> Option<&[Self]>;
    /// Reads the record in this precision.
    fn read(record: &dyn Record, start: u64, out: &mut [Self]) -> Result<usize, RecordError>;
}

macro_rules! float {
    ($type:ty, $read:ident, $plans:ident, $single:expr, $single_bins:expr, $lend:expr) => {
        impl Float for $type {
            const INFINITY: Self = <$type>::INFINITY;
            #[inline]
            #[allow(clippy::cast_lossless, reason = "one body for both precisions")]
            fn of(value: f64) -> Self {
                value as Self
            }
            #[inline]
            #[allow(clippy::cast_lossless, reason = "one body for both precisions")]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline]
            fn single(values: &[Self]) -> Option<&[f32]> {
                $single(values)
            }
            #[inline]
            fn single_bins(bins: &mut [Complex<Self>]) -> Option<&mut [Complex<f32>]> {
                $single_bins(bins)
            }
            fn real(n: usize) -> Arc<dyn RealToComplex<Self>> {
                $plans::real(n)
            }
            fn complex(n: usize) -> Arc<dyn Fft<Self>> {
                $plans::forward(n)
            }
            fn lend(record: &dyn Record, start: u64, numbers: usize) -> Option<&[Self]> {
                $lend(record, start, numbers)
            }
            fn read(record: &dyn Record, start: u64, out: &mut [Self]) -> Result<usize, RecordError> {
                record.$read(start, out)
            }
        }
    };
}
float!(f32, read_f32, single, Some, Some, Record::lend_f32);
float!(f64, read_f64, double, |_| None, |_| None, not_lent);

/// Numbers in double precision are never in memory already.
fn not_lent(_record: &dyn Record, _start: u64, _numbers: usize) -> Option<&[f64]> {
    None
}

/// The transform of one segment: windowed input in, bins in the order of the transform out.
pub(crate) struct Transform<T: Float> {
    plan: Plan<T>,
    input: Vec<Complex<T>>,
    output: Aligned<Complex<T>>,
    scratch: Aligned<Complex<T>>,
}

#[derive(Clone)]
pub(crate) enum Plan<T: Float> {
    Real(Arc<dyn RealToComplex<T>>),
    Iq(Arc<dyn Fft<T>>),
    /// In single precision, with the window inside.
    Split(Arc<Split>),
}

impl<T: Float> Plan<T> {
    /// A plan for segments under `window`, which holds each coefficient twice for I/Q.
    pub(crate) fn new(kind: Kind, n: usize, window: &[T]) -> Self {
        let split = T::single(window).filter(|_| kind == Kind::Iq).and_then(Split::new);
        split.map_or_else(|| Self::whole(kind, n), |split| Self::Split(Arc::new(split)))
    }

    /// How many groups the bins come in: bin `groups k + r` is at place k of group r.
    pub(crate) fn groups(&self) -> usize {
        if let Self::Split(_) = self { GROUPS } else { 1 }
    }

    fn whole(kind: Kind, n: usize) -> Self {
        match kind {
            Kind::Real => Self::Real(T::real(n)),
            Kind::Iq => Self::Iq(T::complex(n)),
        }
    }

    fn scratch_len(&self) -> usize {
        match self {
            Self::Real(fft) => fft.get_scratch_len(),
            Self::Iq(fft) => fft.get_outofplace_scratch_len(),
            Self::Split(split) => split.scratch_len(),
        }
    }
}

impl<T: Float> Transform<T> {
    pub(crate) fn new(plan: Plan<T>, n: usize) -> Self {
        let zeros = |len: usize| vec![Complex::new(T::default(), T::default()); len];
        let (input, output) = match plan {
            Plan::Real(_) => (n.div_ceil(2), n / 2 + 1),
            Plan::Iq(_) => (n, n),
            Plan::Split(_) => (0, n),
        };
        Self { input: zeros(input), output: Aligned::new(output), scratch: Aligned::new(plan.scratch_len()), plan }
    }

    /// Multiplies a segment (less `offset`, for real records) by the window and transforms it.
    ///
    /// `segment` and `window` hold one number per input number: the window of an I/Q record has each coefficient twice.
    pub(crate) fn run(&mut self, segment: &[T], window: &[T], offset: T) {
        let numbers: &mut [T] = bytemuck::cast_slice_mut(&mut self.input);
        match &self.plan {
            Plan::Real(fft) => {
                let numbers = &mut numbers[..window.len()];
                wide(|| window_less_offset(numbers, segment, window, offset));
                // The buffers have the plan's own lengths, so this cannot fail.
                let _ = fft.process_with_scratch(numbers, &mut self.output, &mut self.scratch);
            }
            Plan::Iq(fft) => {
                wide(|| window_all(numbers, segment, window));
                fft.process_outofplace_with_scratch(&mut self.input, &mut self.output, &mut self.scratch);
            }
            Plan::Split(split) => {
                let (bins, scratch) = (T::single_bins(&mut self.output), T::single_bins(&mut self.scratch));
                if let (Some(samples), Some(bins), Some(scratch)) = (T::single(segment), bins, scratch) {
                    split.run(samples, bins, scratch);
                }
            }
        }
    }

    /// The bins of the last segment, in the order of the plan.
    pub(crate) fn bins(&self) -> &[Complex<T>] {
        &self.output
    }

    /// The same, to be corrected.
    pub(crate) fn bins_mut(&mut self) -> &mut [Complex<T>] {
        &mut self.output
    }
}

#[inline(always)]
fn window_less_offset<T: Float>(out: &mut [T], segment: &[T], window: &[T], offset: T) {
    for ((out, x), w) in out.iter_mut().zip(segment).zip(window) {
        *out = (*x - offset) * *w;
    }
}

/// Multiplies by the window.
#[inline(always)]
pub(crate) fn window_all<T: Float>(out: &mut [T], segment: &[T], window: &[T]) {
    for ((out, x), w) in out.iter_mut().zip(segment).zip(window) {
        *out = *x * *w;
    }
}

/// Adds the power of every bin.
#[inline(always)]
pub(crate) fn add_power<T: Float>(sum: &mut [T], bins: &[Complex<T>]) {
    for (s, z) in sum.iter_mut().zip(bins) {
        *s = *s + (z.re * z.re + z.im * z.im);
    }
}

/// Adds powers.
#[inline(always)]
pub(crate) fn add<T: Float>(sum: &mut [T], power: &[T]) {
    for (s, &p) in sum.iter_mut().zip(power) {
        *s = *s + p;
    }
}

/// Writes the power of every bin.
#[inline(always)]
pub(crate) fn write_power<T: Float>(power: &mut [T], bins: &[Complex<T>]) {
    for (p, z) in power.iter_mut().zip(bins) {
        *p = z.re * z.re + z.im * z.im;
    }
}

/// Adds the powers to the sum and takes them into both holds.
#[inline(always)]
pub(crate) fn hold<T: Float>(sum: &mut [T], max: &mut [T], min: &mut [T], power: &[T]) {
    for (((s, hi), lo), &p) in sum.iter_mut().zip(max).zip(min).zip(power) {
        *s = *s + p;
        *hi = if p > *hi { p } else { *hi };
        *lo = if p < *lo { p } else { *lo };
    }
}

/// Whether every number is finite.
#[inline(always)]
pub(crate) fn all_finite<T: Float>(values: &[T]) -> bool {
    values.iter().all(|v| v.finite())
}

/// Cell of each power: `floor(log2(power) * per_octave + origin)`, held inside `0..=last`.
///
/// The logarithm is good to 0.001 octaves (0.003 dB). Read as a whole number, the bits of a float are its logarithm with
/// straight lines between the powers of two; f (1 - f) (A + B f) is what the curve of log2(1 + f) lies above its chord.
#[inline(always)]
pub(crate) fn level_cells<T: Float>(cells: &mut [u8], power: &[T], per_octave: f32, origin: f32, last: u8) {
    const A: f32 = 0.422_861;
    const B: f32 = -0.159_210;
    let slope = per_octave / 8_388_608.0;
    // Half a cell down, because adding 2^23 below rounds to the nearest whole number.
    let origin = origin - 127.0 * per_octave - 0.5;
    let (a, b, top) = (A * per_octave, B * per_octave, f32::from(last));
    for (cell, p) in cells.iter_mut().zip(power) {
        let bits = p.to_f32().to_bits();
        let f = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000) - 1.0;
        let x = (bits as i32) as f32 * slope + origin + (f - f * f) * (a + b * f);
        let x = if x > 0.0 { x } else { 0.0 };
        let x = if x < top { x } else { top };
        // Adding 2^23 leaves the whole number in the low bits: cheaper than a saturating cast, and vectorises.
        *cell = (x + 8_388_608.0).to_bits() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_those_of_the_logarithm() {
        let powers: Vec<f32> = (0..4000).map(|i| 10f32.powf(-12.0 + i as f32 * 0.004)).collect();
        let mut cells = vec![0; powers.len()];
        let (per_octave, origin) = (6.02f32, 240.0f32);
        level_cells(&mut cells, &powers, per_octave, origin, 255);
        for (p, cell) in powers.iter().zip(&cells) {
            let exact = f64::from(*p).log2() * f64::from(per_octave) + f64::from(origin);
            let (low, high) = ((exact - 0.007).floor().clamp(0.0, 255.0), (exact + 0.007).floor().clamp(0.0, 255.0));
            assert!((low..=high).contains(&f64::from(*cell)), "{p}: {cell}, exactly {exact}");
        }
        level_cells(&mut cells, &[0.0f32, f32::MIN_POSITIVE, f32::MAX], per_octave, origin, 99);
        assert_eq!(cells[..3], [0, 0, 99]);
    }
}
