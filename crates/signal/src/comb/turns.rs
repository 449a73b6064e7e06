//! Phasors tabulated for a run of samples, and where each run begins: what projections and evaluations are made of.

use std::f64::consts::TAU;

use num_complex::Complex64;

use super::centered;
use crate::lanes::dot;

/// Samples whose phasors are tabulated once; each run of them is then turned to its place as a whole.
pub(super) const RUN: usize = 256;
/// Phasors that are turned side by side.
const LANES: usize = 8;

fn phasor(f: f64, u: f64) -> Complex64 {
    Complex64::from_polar(1.0, -TAU * f * u)
}

/// Start of each run and its phasor, by turns of a phasor that is renewed every 16 runs.
pub(super) struct Bases {
    f: f64,
    start: f64,
    run: usize,
    turn: Complex64,
    base: Complex64,
}

impl Bases {
    /// For runs of a block of `n` samples, placed about its middle.
    pub(super) fn new(f: f64, n: usize) -> Self {
        let start = centered(0, n);
        Self { f, start, run: 0, turn: phasor(f, RUN as f64), base: phasor(f, start) }
    }

    #[inline(always)]
    pub(super) fn next(&mut self) -> (f64, Complex64) {
        let start = self.start + (self.run * RUN) as f64;
        self.base = if self.run.is_multiple_of(16) { phasor(self.f, start) } else { self.base * self.turn };
        self.run += 1;
        (start, self.base)
    }
}

/// The phasors e^(-j 2 pi f i) of a run.
pub(super) struct Turns {
    pub(super) re: [f64; RUN],
    pub(super) im: [f64; RUN],
}

impl Turns {
    #[inline(always)]
    pub(super) fn new(f: f64) -> Self {
        let turn = phasor(f, LANES as f64);
        let ahead: [Complex64; LANES] = std::array::from_fn(|i| phasor(f, i as f64));
        let (mut re, mut im) = (ahead.map(|z| z.re), ahead.map(|z| z.im));
        let mut table = Self { re: [0.0; RUN], im: [0.0; RUN] };
        for (to_re, to_im) in table.re.as_chunks_mut().0.iter_mut().zip(table.im.as_chunks_mut().0) {
            (*to_re, *to_im) = (re, im);
            let old = re;
            for k in 0..LANES {
                re[k] = old[k] * turn.re - im[k] * turn.im;
            }
            for k in 0..LANES {
                im[k] = old[k] * turn.im + im[k] * turn.re;
            }
        }
        table
    }

    /// The same, each times its place in the run.
    #[inline(always)]
    pub(super) fn placed(&self) -> Self {
        let mut placed = Self { re: self.re, im: self.im };
        placed.re.iter_mut().enumerate().for_each(|(i, v)| *v *= i as f64);
        placed.im.iter_mut().enumerate().for_each(|(i, v)| *v *= i as f64);
        placed
    }

    /// Sum of a run times the phasors.
    #[inline(always)]
    pub(super) fn sum(&self, x: &[f64]) -> Complex64 {
        Complex64::new(dot(x, &self.re), dot(x, &self.im))
    }
}
