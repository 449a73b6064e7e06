//! The values of a harmonic family at any instants.

use std::f64::consts::TAU;

use faultscope_transform::double;
use num_complex::Complex64;

use super::turns::{RUN, Turns};
use crate::wide::wide;

/// Lines up to which summing them up is quicker than looking them up.
const FEW: usize = 8;

/// One cycle of a harmonic family, tabulated so that any instant costs the same whatever the number of lines; few lines
/// are summed up instead where many values are asked for.
#[derive(Debug, Clone)]
pub struct Cycle {
    /// Per cell of the cycle the cubic through its two ends with their slopes; a power of two of them.
    cells: Vec<[f64; 4]>,
    /// Order and phasor of each line, where they are few.
    few: Vec<(f64, Complex64)>,
}

impl Cycle {
    /// Tabulates `sum(Re(phasor * e^(j order phase)))`.
    #[must_use]
    pub fn new(orders: &[u32], phasors: &[Complex64]) -> Self {
        let highest = orders.iter().copied().max().unwrap_or(1) as usize;
        // Cubic interpolation between 24 points per period of the highest line errs by 1e-5 of it.
        let n = (24 * highest).clamp(64, 1 << 16).next_power_of_two();
        let step = TAU / n as f64;
        // Values and slopes by one transform, the former as real and the latter as imaginary part.
        let mut values = vec![Complex64::default(); n];
        for (&k, c) in orders.iter().zip(phasors) {
            let (place, pace) = (k as usize % n, f64::from(k) * step);
            values[place] += 0.5 * c * (1.0 - pace);
            values[(n - place) % n] += 0.5 * c.conj() * (1.0 + pace);
        }
        double::inverse(n).process(&mut values);
        let cell = |i: usize| {
            let (here, next) = (values[i], values[(i + 1) % n]);
            let (y, d, rise) = (here.re, here.im, next.re - here.re);
            [y, d, 3.0 * rise - 2.0 * d - next.im, d + next.im - 2.0 * rise]
        };
        let lines = orders.iter().zip(phasors).map(|(&k, &c)| (f64::from(k), c));
        Self { cells: (0..n).map(cell).collect(), few: if orders.len() <= FEW { lines.collect() } else { Vec::new() } }
    }

    /// The value at a phase in cycles.
    #[must_use]
    pub fn at(&self, cycles: f64) -> f64 {
        let mut one = [0.0];
        self.look_up(cycles, 0.0, &mut one);
        one[0]
    }

    /// The values at `from`, `from + step` ... (in cycles, `step` from 0 to below 1).
    pub fn fill(&self, from: f64, step: f64, out: &mut [f64]) {
        if self.few.is_empty() || out.len() < RUN {
            self.look_up(from, step, out);
            return;
        }
        out.fill(0.0);
        for &(order, c) in &self.few {
            wide(
                #[inline(always)]
                || add_line(from, step, order, c, out),
            );
        }
    }

    fn look_up(&self, from: f64, step: f64, out: &mut [f64]) {
        // Phases as whole numbers of 2^-64 cycles: their first bits are the cell, the others the place in it.
        const WHOLE: f64 = 18_446_744_073_709_551_616.0;
        let bits = self.cells.len().ilog2();
        let pace = (step * WHOLE) as u64;
        for (run, out) in out.chunks_mut(RUN).enumerate() {
            let start = from + step * (run * RUN) as f64;
            let mut phase = ((start - start.floor()) * WHOLE) as u64;
            for o in out {
                let c = &self.cells[(phase >> (64 - bits)) as usize];
                let t = ((phase << bits) >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0);
                *o = c[0] + t * (c[1] + t * (c[2] + t * c[3]));
                phase = phase.wrapping_add(pace);
            }
        }
    }

    /// Largest minus smallest value.
    #[must_use]
    pub fn peak_to_peak(&self) -> f64 {
        let max = self.cells.iter().map(|v| v[0]).fold(f64::NEG_INFINITY, f64::max);
        let min = self.cells.iter().map(|v| v[0]).fold(f64::INFINITY, f64::min);
        (max - min).max(0.0)
    }
}

/// Adds `Re(c e^(j 2 pi order (from + step i)))`.
#[inline(always)]
fn add_line(from: f64, step: f64, order: f64, c: Complex64, out: &mut [f64]) {
    let table = Turns::new(order * step);
    for (run, out) in out.chunks_mut(RUN).enumerate() {
        let start = from + step * (run * RUN) as f64;
        let a = c * Complex64::from_polar(1.0, TAU * order * (start - start.floor()));
        for ((o, re), im) in out.iter_mut().zip(&table.re).zip(&table.im) {
            *o += a.re * re + a.im * im;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn filling_gives_the_same_values_as_asking_one_by_one() {
        let cycle = Cycle::new(&[1, 3, 7], &[0.3, 0.2, 0.1].map(|a| Complex64::from_polar(a, 10.0 * a)));
        let many = Cycle { few: Vec::new(), ..cycle.clone() };
        let mut out = vec![0.0; 1000];
        for (from, step) in [(0.0, 0.001), (-17.3, 0.37), (1e5 + 0.2, 0.999), (0.5, 0.0)] {
            // The table errs by 1e-5 of each line, the sum does not.
            for (cycle, miss) in [(&cycle, 5e-6), (&many, 1e-9)] {
                cycle.fill(from, step, &mut out);
                for (i, v) in out.iter().enumerate() {
                    assert!((v - cycle.at(from + step * i as f64)).abs() < miss, "{from} {step} {i}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn both_ways_agree_with_the_sum(phase in -5.0f64..5.0, step in 0.0f64..0.999, p in -3.0f64..3.0) {
            let orders = [1, 3, 40];
            let c = [0.5, 0.2, 0.1].map(|a| Complex64::from_polar(a, p));
            let exact = |cycles: f64| -> f64 {
                let line = |(&k, c): (&u32, &Complex64)| (c * Complex64::from_polar(1.0, TAU * f64::from(k) * cycles)).re;
                orders.iter().zip(&c).map(line).sum()
            };
            let cycle = Cycle::new(&orders, &c);
            prop_assert!((cycle.at(phase) - exact(phase)).abs() < 1e-5);
            let mut out = vec![0.0; 2 * RUN + 3];
            cycle.fill(phase, step, &mut out);
            for (i, v) in out.iter().enumerate() {
                prop_assert!((v - exact(phase + step * i as f64)).abs() < 1e-9, "{i}");
            }
            Cycle { few: Vec::new(), ..cycle }.fill(phase, step, &mut out);
            for (i, v) in out.iter().enumerate() {
                prop_assert!((v - exact(phase + step * i as f64)).abs() < 1e-5, "{i}");
            }
        }
    }
}
