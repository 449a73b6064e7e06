//! The discrete Fourier transform, compiled once: plans behind functions that are not generic.
//!
//! A planner is generic over its numbers, so every crate that makes one compiles the whole library anew: half of what
//! building `signal` cost. Here it happens once, and only when this file changes.
//!
//! Transforms are not scaled: forward then inverse gives `n` times the input.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use realfft::RealFftPlanner;
pub use realfft::RealToComplex;
use rustfft::FftPlanner;
pub use rustfft::{Fft, FftNum};

/// Longest transform whose plan is kept for the next call: a megabyte of factors.
pub const LONGEST_KEPT: usize = 1 << 17;

/// Whether a plan is kept: usual lengths come again and again, others would only pile up.
fn kept(n: usize) -> bool {
    n.is_power_of_two() && n <= LONGEST_KEPT
}

fn lock<T>(planner: &Mutex<T>) -> MutexGuard<'_, T> {
    planner.lock().unwrap_or_else(PoisonError::into_inner)
}

macro_rules! plans {
    ($name:ident, $float:ty) => {
        /// Plans of this precision.
        pub mod $name {
            use super::*;

            fn planner() -> &'static Mutex<FftPlanner<$float>> {
                static PLANNER: OnceLock<Mutex<FftPlanner<$float>>> = OnceLock::new();
                PLANNER.get_or_init(|| Mutex::new(FftPlanner::new()))
            }

            /// The forward transform of `n` complex numbers.
            #[must_use]
            pub fn forward(n: usize) -> Arc<dyn Fft<$float>> {
                if kept(n) { lock(planner()).plan_fft_forward(n) } else { FftPlanner::new().plan_fft_forward(n) }
            }

            /// The inverse transform of `n` complex numbers.
            #[must_use]
            pub fn inverse(n: usize) -> Arc<dyn Fft<$float>> {
                if kept(n) { lock(planner()).plan_fft_inverse(n) } else { FftPlanner::new().plan_fft_inverse(n) }
            }

            /// The forward transform of `n` real numbers to `n / 2 + 1` bins.
            #[must_use]
            pub fn real(n: usize) -> Arc<dyn RealToComplex<$float>> {
                static PLANNER: OnceLock<Mutex<RealFftPlanner<$float>>> = OnceLock::new();
                if kept(n) {
                    lock(PLANNER.get_or_init(|| Mutex::new(RealFftPlanner::new()))).plan_fft_forward(n)
                } else {
                    RealFftPlanner::new().plan_fft_forward(n)
                }
            }
        }
    };
}
plans!(single, f32);
plans!(double, f64);

#[cfg(test)]
mod tests {
    use super::*;
    use realfft::num_complex::Complex;

    /// A shifted impulse has the transform exp(-2 pi i k m / n), by definition.
    #[test]
    fn an_impulse_becomes_a_rotating_line() {
        for n in [8, 15, 64] {
            let mut data = vec![Complex::new(0.0, 0.0); n];
            data[3] = Complex::new(1.0, 0.0);
            double::forward(n).process(&mut data);
            for (k, z) in data.iter().enumerate() {
                let angle = -std::f64::consts::TAU * (3 * k) as f64 / n as f64;
                assert!((z - Complex::from_polar(1.0, angle)).norm() < 1e-12, "{n} {k}");
            }
            double::inverse(n).process(&mut data);
            assert!((data[3].re - n as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn real_bins_are_the_lower_half() {
        let n = 32;
        let mut input: Vec<f32> = (0..n).map(|i| (i * i % 7) as f32).collect();
        let mut whole: Vec<Complex<f32>> = input.iter().map(|v| Complex::new(*v, 0.0)).collect();
        let plan = single::real(n);
        let mut bins = plan.make_output_vec();
        plan.process(&mut input, &mut bins).unwrap();
        single::forward(n).process(&mut whole);
        for (a, b) in bins.iter().zip(&whole) {
            assert!((a - b).norm() < 1e-4);
        }
    }
}
