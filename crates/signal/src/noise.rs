//! Noise of the tests: the same numbers from the same seed, on every machine (xorshift64*).

use std::f64::consts::TAU;

use num_complex::Complex64;

fn next(state: &mut u64) -> f64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64
}

/// Unit variance: twelve uniforms summed, near enough to Gaussian for a level.
pub(crate) fn noise(seed: &mut u64) -> f64 {
    (0..12).map(|_| next(seed) / (1u64 << 53) as f64).sum::<f64>() - 6.0
}

/// Gaussian numbers in pairs.
pub(crate) struct Normal(pub(crate) u64);

impl Normal {
    /// Between 0 and 1, neither of them.
    pub(crate) fn uniform(&mut self) -> f64 {
        (next(&mut self.0) + 0.5) / (1u64 << 53) as f64
    }

    /// Two of variance 1.
    pub(crate) fn pair(&mut self) -> Complex64 {
        Complex64::from_polar((-2.0 * self.uniform().ln()).sqrt(), TAU * self.uniform())
    }

    /// A complex one, of total variance 1.
    pub(crate) fn next(&mut self) -> Complex64 {
        Complex64::from_polar((-self.uniform().ln()).sqrt(), TAU * self.uniform())
    }
}
