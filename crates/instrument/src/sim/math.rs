//! Arithmetic that gives the same bits on every platform: every transcendental function goes through `libm`.

use std::f64::consts::TAU;

/// A small complex number, enough for phasors.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Phasor {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Phasor {
    pub(super) const ZERO: Self = Self { re: 0.0, im: 0.0 };

    pub(super) const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    /// `exp(j 2 pi turns)`.
    pub(super) fn turn(turns: f64) -> Self {
        // Whole turns are dropped first: the argument of the sine stays small and exact in long records.
        let (im, re) = libm::sincos(TAU * (turns - turns.floor()));
        Self { re, im }
    }

    pub(super) fn polar(magnitude: f64, turns: f64) -> Self {
        Self::turn(turns).scale(magnitude)
    }

    pub(super) fn scale(self, k: f64) -> Self {
        Self::new(self.re * k, self.im * k)
    }

    pub(super) fn plus(self, o: Self) -> Self {
        Self::new(self.re + o.re, self.im + o.im)
    }

    pub(super) fn times(self, o: Self) -> Self {
        Self::new(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)
    }

    pub(super) fn conj(self) -> Self {
        Self::new(self.re, -self.im)
    }

    pub(super) fn magnitude(self) -> f64 {
        (self.re * self.re + self.im * self.im).sqrt()
    }
}

/// Amplitude ratio of a level in dB.
pub(super) fn amplitude(db: f64) -> f64 {
    libm::pow(10.0, db / 20.0)
}

/// Level in dB of an amplitude ratio.
pub(super) fn decibel(amplitude: f64) -> f64 {
    20.0 * libm::log10(amplitude)
}

/// Interpolates from `healthy` to `worst` in equal ratios: for quantities that change by orders of magnitude.
pub(super) fn geometric(healthy: f64, worst: f64, severity: f64) -> f64 {
    healthy * libm::pow(worst / healthy, severity)
}

/// Interpolates from `healthy` to `worst` in equal differences.
pub(super) fn linear(healthy: f64, worst: f64, severity: f64) -> f64 {
    healthy + (worst - healthy) * severity
}
