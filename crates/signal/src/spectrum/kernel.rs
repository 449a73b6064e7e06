//! The inner loops of the spectrum, in single or double precision: windowing, transform, power, holds, level cells.

use std::sync::Arc;

use bytemuck::Pod;
use num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftNum, FftPlanner};

use crate::record::{Kind, Record, RecordError};

/// A precision to calculate in.
pub(crate) trait Float: FftNum + Pod + Default + PartialOrd {
    const INFINITY: Self;
    fn of(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn to_f32(self) -> f32;
    fn finite(self) -> bool;
    /// Reads the record in this precision.
    fn read(record: &dyn Record, start: u64, out: &mut [Self]) -> Result<usize, RecordError>;
}

macro_rules! float {
    ($type:ty, $read:ident) => {
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
            fn read(record: &dyn Record, start: u64, out: &mut [Self]) -> Result<usize, RecordError> {
                record.$read(start, out)
            }
        }
    };
}
float!(f32, read_f32);
float!(f64, read_f64);

/// The transform of one segment: windowed input in, bins in the order of the transform out.
pub(crate) struct Transform<T: Float> {
    plan: Plan<T>,
    input: Vec<Complex<T>>,
    output: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

#[derive(Clone)]
pub(crate) enum Plan<T: Float> {
    Real(Arc<dyn RealToComplex<T>>),
    Iq(Arc<dyn Fft<T>>),
}

impl<T: Float> Plan<T> {
    pub(crate) fn new(kind: Kind, n: usize) -> Self {
        match kind {
            Kind::Real => Self::Real(RealFftPlanner::new().plan_fft_forward(n)),
            Kind::Iq => Self::Iq(FftPlanner::new().plan_fft_forward(n)),
        }
    }

    fn scratch_len(&self) -> usize {
        match self {
            Self::Real(fft) => fft.get_scratch_len(),
            Self::Iq(fft) => fft.get_outofplace_scratch_len(),
        }
    }
}

impl<T: Float> Transform<T> {
    pub(crate) fn new(plan: Plan<T>, n: usize) -> Self {
        let zeros = |len: usize| vec![Complex::new(T::default(), T::default()); len];
        let (input, output) = match plan {
            Plan::Real(_) => (n.div_ceil(2), n / 2 + 1),
            Plan::Iq(_) => (n, n),
        };
        Self { input: zeros(input), output: zeros(output), scratch: zeros(plan.scratch_len()), plan }
    }

    /// Multiplies a segment (less `offset`, for real records) by the window and transforms it.
    ///
    /// `segment` and `window` hold one number per input number: the window of an I/Q record has each coefficient twice.
    pub(crate) fn run(&mut self, segment: &[T], window: &[T], offset: T) {
        let numbers: &mut [T] = bytemuck::cast_slice_mut(&mut self.input);
        match &self.plan {
            Plan::Real(fft) => {
                let numbers = &mut numbers[..window.len()];
                for ((out, x), w) in numbers.iter_mut().zip(segment).zip(window) {
                    *out = (*x - offset) * *w;
                }
                // The buffers have the plan's own lengths, so this cannot fail.
                let _ = fft.process_with_scratch(numbers, &mut self.output, &mut self.scratch);
            }
            Plan::Iq(fft) => {
                for ((out, x), w) in numbers.iter_mut().zip(segment).zip(window) {
                    *out = *x * *w;
                }
                fft.process_outofplace_with_scratch(&mut self.input, &mut self.output, &mut self.scratch);
            }
        }
    }

    /// The bins of the last segment, in the order of the transform.
    pub(crate) fn bins(&self) -> &[Complex<T>] {
        &self.output
    }

    /// The same, to be corrected.
    pub(crate) fn bins_mut(&mut self) -> &mut [Complex<T>] {
        &mut self.output
    }
}

/// Adds the power of every bin.
pub(crate) fn add_power<T: Float>(sum: &mut [T], bins: &[Complex<T>]) {
    for (s, z) in sum.iter_mut().zip(bins) {
        *s = *s + (z.re * z.re + z.im * z.im);
    }
}

/// Adds powers.
pub(crate) fn add<T: Float>(sum: &mut [T], power: &[T]) {
    for (s, &p) in sum.iter_mut().zip(power) {
        *s = *s + p;
    }
}

/// Writes the power of every bin.
pub(crate) fn write_power<T: Float>(power: &mut [T], bins: &[Complex<T>]) {
    for (p, z) in power.iter_mut().zip(bins) {
        *p = z.re * z.re + z.im * z.im;
    }
}

/// Adds the powers to the sum and takes them into both holds.
pub(crate) fn hold<T: Float>(sum: &mut [T], max: &mut [T], min: &mut [T], power: &[T]) {
    for (((s, hi), lo), &p) in sum.iter_mut().zip(max).zip(min).zip(power) {
        *s = *s + p;
        *hi = if p > *hi { p } else { *hi };
        *lo = if p < *lo { p } else { *lo };
    }
}

/// Whether every number is finite.
pub(crate) fn all_finite<T: Float>(values: &[T]) -> bool {
    values.iter().all(|v| v.finite())
}

/// Cell of each power: `floor(log2(power) * per_octave + origin)`, held inside `0..cells`.
pub(crate) fn level_cells<T: Float>(cells: &mut [u8], power: &[T], per_octave: f32, origin: f32, last: u8) {
    let top = f32::from(last);
    for (cell, p) in cells.iter_mut().zip(power) {
        let x = log2(p.to_f32()) * per_octave + origin - 0.5;
        let x = if x > 0.0 { x } else { 0.0 };
        let x = if x < top { x } else { top };
        // Adding 2^23 leaves the nearest whole number in the low bits: cheaper than a saturating cast, and vectorises.
        *cell = (x + 8_388_608.0).to_bits() as u8;
    }
}

/// log2 of a positive normal number within 2e-5; zero and less give at most -126.
#[inline]
fn log2(x: f32) -> f32 {
    let bits = x.to_bits() as i32;
    let exponent = ((bits >> 23) - 127) as f32;
    let m = f32::from_bits((bits as u32 & 0x007f_ffff) | 0x3f80_0000);
    // The polynomial through the Chebyshev nodes of 1..2.
    const POLY: [f32; 6] = [-2.787_926_2, 5.047_855_4, -3.489_878_6, 1.589_474_3, -0.402_513_4, 0.043_004_95];
    exponent + POLY.iter().rev().fold(0.0, |sum, c| sum * m + c)
}
