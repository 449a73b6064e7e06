//! Joint least-squares fit of the lines of a harmonic family, with a constant and a slope beside them.
//!
//! The model of IEEE 1057's sine fit, for many frequencies at once. Time is counted from the middle of the block, so
//! that cosines and constant (even) separate from sines and slope (odd), and the normal equations fall into two halves
//! whose entries are closed forms of the taper's transform: only the projections touch the samples.

mod cycle;
mod matrix;
mod turns;

use std::f64::consts::TAU;

use faultscope_transform::double;
pub use num_complex::Complex64;

pub use self::cycle::Cycle;
use self::matrix::Matrix;
use self::turns::{Bases, RUN, Turns};
use crate::lanes;
use crate::wide::wide;

/// Weights of the samples in the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taper {
    /// All equal: most efficient, for records of few cycles.
    Flat,
    /// Raised cosine: blind to what lies more than a few resolution cells away, for blocks of many cycles.
    Hann,
}

/// What is fitted beside the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Nothing.
    None,
    /// A constant.
    Constant,
    /// A constant and a slope.
    Line,
}

/// A fitted model: `constant + slope * u + sum(Re(phasor * e^(j 2 pi f u)))`, `u` in samples from the block's middle.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Constant part.
    pub constant: f64,
    /// Change per sample.
    pub slope: f64,
    /// One phasor per frequency; its magnitude is the peak of the sine.
    pub phasors: Vec<Complex64>,
    /// Weighted energy that the model explains, in units where all samples together weigh `n`.
    pub explained: f64,
}

/// Position of sample `i` of `n` from the middle of the block.
#[must_use]
pub fn centered(i: usize, n: usize) -> f64 {
    i as f64 - 0.5 * (n as f64 - 1.0)
}

/// A block of samples ready to be projected on many frequencies.
pub struct Block {
    weighted: Vec<f64>,
    taper: Taper,
    sum: f64,
    moment: f64,
    u2: f64,
    energy: f64,
}

impl Block {
    /// Weighs the samples.
    #[must_use]
    pub fn new(x: &[f64], taper: Taper) -> Self {
        let n = x.len();
        let count = n as f64;
        // The sum of the squares of the places, in closed form.
        let flat = count * (count * count - 1.0) / 12.0;
        let mut weighted = x.to_vec();
        let (u2, energy) = match taper {
            Taper::Flat => (flat, count),
            Taper::Hann => {
                wide(
                    #[inline(always)]
                    || raised_cosine(&mut weighted),
                );
                let (sin, cos) = (0.5 * TAU / count).sin_cos();
                // That of the squares times the cosine is a derivative of Dirichlet's kernel where it is zero.
                if n < 3 { (flat, 4.0 / count) } else { (flat - 0.5 * count * cos / (sin * sin), 1.5 * count) }
            }
        };
        let (sum, moment) = wide(
            #[inline(always)]
            || (lanes::sum(&weighted), lanes::moment(&weighted, centered(0, n))),
        );
        Self { weighted, taper, sum, moment, u2, energy: f64::max(energy, f64::MIN_POSITIVE) }
    }

    /// Power of the weighted samples on a fine grid of frequencies, bin `i` at `i / padded` cycles per sample; white
    /// noise of unit variance has a mean of 1 in every bin. `padded` is at least the number of samples.
    #[must_use]
    pub fn periodogram(&self, padded: usize) -> Vec<f64> {
        let padded = padded.max(self.len()).max(2);
        let fft = double::real(padded);
        let mut input = fft.make_input_vec();
        input[..self.len()].copy_from_slice(&self.weighted);
        let mut output = fft.make_output_vec();
        // The lengths are the plan's own, so the transform cannot fail.
        let _ = fft.process(&mut input, &mut output);
        output.iter().map(|z| z.norm_sqr() / self.energy).collect()
    }

    /// The same at one frequency in cycles per sample.
    #[must_use]
    pub fn power(&self, f: f64) -> f64 {
        self.project(f).0.norm_sqr() / self.energy
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weighted.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weighted.is_empty()
    }

    /// Transform of the taper: the weighted sum of cos(2 pi f u).
    fn transform(&self, f: f64) -> f64 {
        let n = self.len() as f64;
        let flat = |f: f64| {
            let s = (0.5 * TAU * f).sin();
            if s.abs() < 1e-12 { n } else { (0.5 * TAU * f * n).sin() / s }
        };
        match self.taper {
            Taper::Flat => flat(f),
            Taper::Hann => flat(f) + 0.5 * (flat(f - 1.0 / n) + flat(f + 1.0 / n)),
        }
    }

    /// Weighted sum of u sin(2 pi f u), by the derivative of the transform.
    fn slope_on_sine(&self, f: f64) -> f64 {
        let h = 1e-3 / self.len() as f64;
        -(self.transform(f + h) - self.transform(f - h)) / (2.0 * h * TAU)
    }

    /// Weighted sums of x e^(-j 2 pi f u) and of u x e^(-j 2 pi f u).
    #[must_use]
    pub fn project(&self, f: f64) -> (Complex64, Complex64) {
        wide(
            #[inline(always)]
            || {
                let table = Turns::new(f);
                let placed = table.placed();
                let (mut zero, mut first) = (Complex64::default(), Complex64::default());
                let mut bases = Bases::new(f, self.len());
                for x in self.weighted.chunks(RUN) {
                    let (start, base) = bases.next();
                    let sum = table.sum(x) * base;
                    zero += sum;
                    first += placed.sum(x) * base + sum * start;
                }
                (zero, first)
            },
        )
    }

    /// The former of the two alone, at half the cost.
    fn project_zero(&self, f: f64) -> Complex64 {
        wide(
            #[inline(always)]
            || {
                let table = Turns::new(f);
                let mut bases = Bases::new(f, self.len());
                let mut zero = Complex64::default();
                for x in self.weighted.chunks(RUN) {
                    zero += table.sum(x) * bases.next().1;
                }
                zero
            },
        )
    }

    /// Fits all frequencies (cycles per sample, each in 0 to 0.5, no two alike) jointly.
    ///
    /// Returns nothing when the equations have no stable solution: too few samples for so many or such close lines.
    #[must_use]
    pub fn fit(&self, frequencies: &[f64], trend: Trend) -> Option<Fit> {
        let projections: Vec<Complex64> = frequencies.iter().map(|&f| self.project_zero(f)).collect();
        let pair = |i: usize, j: usize| {
            let (fi, fj) = (frequencies[i], frequencies[j]);
            (self.transform(fi - fj), self.transform(fi + fj))
        };
        self.solve(frequencies, &projections, trend, pair)
    }

    /// The same for a family: `orders` times `fundamental`, with fewer transforms of the taper.
    #[must_use]
    pub fn fit_family(&self, fundamental: f64, orders: &[u32], trend: Trend) -> Option<Fit> {
        let lines: Vec<f64> = orders.iter().map(|&k| f64::from(k) * fundamental).collect();
        let highest = orders.iter().copied().max().unwrap_or(0);
        if u64::from(highest) > 2 * (orders.len() * orders.len()) as u64 {
            return self.fit(&lines, trend);
        }
        let projections: Vec<Complex64> = lines.iter().map(|&f| self.project_zero(f)).collect();
        let table: Vec<f64> = (0..=2 * highest).map(|k| self.transform(f64::from(k) * fundamental)).collect();
        let pair = |i: usize, j: usize| {
            let (a, b) = (orders[i], orders[j]);
            (table[a.abs_diff(b) as usize], table[(a + b) as usize])
        };
        self.solve(&lines, &projections, trend, pair)
    }

    /// `pair` gives the taper's transform at the difference and at the sum of two frequencies.
    fn solve(
        &self,
        frequencies: &[f64],
        projections: &[Complex64],
        trend: Trend,
        pair: impl Fn(usize, usize) -> (f64, f64),
    ) -> Option<Fit> {
        let constant = usize::from(trend != Trend::None);
        let slope = usize::from(trend == Trend::Line);
        let m = frequencies.len();
        if 2 * m + constant + slope > self.len() {
            return None;
        }
        let (mut even, mut odd) = (Matrix::new(m + constant), Matrix::new(m + slope));
        let (mut even_rhs, mut odd_rhs) = (vec![0.0; m + constant], vec![0.0; m + slope]);
        for i in 0..m {
            for j in 0..=i {
                let (difference, sum) = pair(i, j);
                even.set(i, j, 0.5 * (difference + sum));
                odd.set(i, j, 0.5 * (difference - sum));
            }
            even_rhs[i] = projections[i].re;
            odd_rhs[i] = -projections[i].im;
        }
        if constant == 1 {
            frequencies.iter().enumerate().for_each(|(j, &f)| even.set(m, j, self.transform(f)));
            even.set(m, m, self.transform(0.0));
            even_rhs[m] = self.sum;
        }
        if slope == 1 {
            frequencies.iter().enumerate().for_each(|(j, &f)| odd.set(m, j, self.slope_on_sine(f)));
            odd.set(m, m, self.u2);
            odd_rhs[m] = self.moment;
        }
        let cosines = even.solve(&even_rhs)?;
        let sines = odd.solve(&odd_rhs)?;
        let explained = even_rhs.iter().zip(&cosines).chain(odd_rhs.iter().zip(&sines)).map(|(a, b)| a * b).sum();
        Some(Fit {
            constant: if constant == 1 { cosines[m] } else { 0.0 },
            slope: if slope == 1 { sines[m] } else { 0.0 },
            phasors: (0..m).map(|i| Complex64::new(cosines[i], -sines[i])).collect(),
            explained,
        })
    }

    /// What `project(f).1` gives for the fitted model (its slope left out, which turns none of the lines).
    fn model_moment(&self, lines: &[f64], fit: &Fit, f: f64) -> Complex64 {
        let sum: Complex64 = lines
            .iter()
            .zip(&fit.phasors)
            .map(|(&g, c)| c * self.slope_on_sine(g - f) - c.conj() * self.slope_on_sine(g + f))
            .sum();
        Complex64::i() * (0.5 * sum - fit.constant * self.slope_on_sine(f))
    }

    /// Sharpens the fundamental (cycles per sample) of a family of `orders` by Gauss-Newton steps on the joint fit.
    ///
    /// For blocks of many cycles, started within half a resolution cell of the highest order. Returns the start when
    /// no step improves the fit.
    #[must_use]
    pub fn refine(&self, fundamental: f64, orders: &[u32], trend: Trend) -> f64 {
        let mut best = fundamental;
        let mut best_energy = f64::NEG_INFINITY;
        let mut f = fundamental;
        for _ in 0..6 {
            let lines: Vec<f64> = orders.iter().map(|&k| f64::from(k) * f).collect();
            let projections: Vec<(Complex64, Complex64)> = lines.iter().map(|&f| self.project(f)).collect();
            let zero: Vec<Complex64> = projections.iter().map(|p| p.0).collect();
            let pair = |i: usize, j: usize| (self.transform(lines[i] - lines[j]), self.transform(lines[i] + lines[j]));
            let Some(fit) = self.solve(&lines, &zero, trend, pair) else { break };
            if fit.explained <= best_energy {
                break;
            }
            let gained = fit.explained - best_energy;
            (best, best_energy) = (f, fit.explained);
            let (mut gradient, mut curvature) = (0.0, 0.0);
            for (i, (&k, c)) in orders.iter().zip(&fit.phasors).enumerate() {
                let k = f64::from(k);
                let left = projections[i].1 - self.model_moment(&lines, &fit, lines[i]);
                gradient += (Complex64::i() * k * c * left.conj()).re;
                curvature += 0.5 * k * k * c.norm_sqr() * self.u2;
            }
            if curvature <= 0.0 || gained <= 1e-13 * fit.explained {
                break;
            }
            let step = gradient / curvature / TAU;
            f = best + step;
            // The next step would be some square of this one: 1e-8 of a resolution cell.
            let highest = orders.iter().copied().max().map_or(1.0, f64::from);
            if (step * highest * self.len() as f64).abs() < 1e-4 {
                best = f;
                break;
            }
        }
        best
    }
}

/// Multiplies by 1 + cos(2 pi u / n), `u` from the middle.
#[inline(always)]
fn raised_cosine(x: &mut [f64]) {
    let (n, f) = (x.len(), 1.0 / x.len() as f64);
    let (table, mut bases) = (Turns::new(f), Bases::new(f, n));
    for part in x.chunks_mut(RUN) {
        let base = bases.next().1;
        for ((v, re), im) in part.iter_mut().zip(&table.re).zip(&table.im) {
            *v *= 1.0 + (re * base.re - im * base.im);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn family(f: f64, lines: &[(u32, f64, f64)], n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| lines.iter().map(|&(k, a, p)| a * (TAU * f64::from(k) * f * centered(i, n) + p).cos()).sum())
            .collect()
    }

    #[test]
    fn an_exact_model_is_recovered_with_constant_and_slope() {
        let lines = [(1, 0.4, 0.3), (2, 1.0, -1.1), (7, 0.05, 2.9)];
        for (n, taper) in [(900, Taper::Hann), (900, Taper::Flat), (120, Taper::Flat)] {
            let mut x = family(0.0123, &lines, n);
            for (i, v) in x.iter_mut().enumerate() {
                *v += 5.0 + 0.002 * centered(i, n);
            }
            let fit = Block::new(&x, taper).fit(&lines.map(|(k, ..)| f64::from(k) * 0.0123), Trend::Line).unwrap();
            assert!((fit.constant - 5.0).abs() < 1e-9 && (fit.slope - 0.002).abs() < 1e-8, "{fit:?}");
            for ((_, a, p), c) in lines.iter().zip(&fit.phasors) {
                assert!((c - Complex64::from_polar(*a, *p)).norm() < 1e-6, "{c}");
            }
        }
    }

    #[test]
    fn more_unknowns_than_samples_have_no_solution() {
        assert!(Block::new(&[1.0; 5], Taper::Flat).fit(&[0.1, 0.2, 0.3], Trend::None).is_none());
        assert!(Block::new(&[1.0; 50], Taper::Flat).fit(&[0.1, 0.1], Trend::None).is_none());
        assert!(Block::new(&[], Taper::Flat).fit(&[], Trend::Constant).is_none());
    }

    proptest! {
        #[test]
        fn the_fundamental_is_refined_from_a_quarter_cell_away(
            f in 0.005f64..0.012, off in -0.25f64..0.25, p in -3.0f64..3.0, hann in any::<bool>(),
        ) {
            let n = 4000;
            let lines = [(2, 1.0, p), (4, 0.3, 1.0), (6, 0.2, -p)];
            let x = family(f, &lines, n);
            let block = Block::new(&x, if hann { Taper::Hann } else { Taper::Flat });
            let start = f + off / (6.0 * n as f64);
            let found = block.refine(start, &[2, 4, 6], Trend::Constant);
            prop_assert!((found - f).abs() < 1e-4 / n as f64, "{found} {f}");
        }
    }
}
