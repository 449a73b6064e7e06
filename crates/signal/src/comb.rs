//! Joint least-squares fit of the lines of a harmonic family, with a constant and a slope beside them.
//!
//! The model of IEEE 1057's sine fit, for many frequencies at once. Time is counted from the middle of the block, so
//! that cosines and constant (even) separate from sines and slope (odd), and the normal equations fall into two halves
//! whose entries are closed forms of the taper's transform: only the projections touch the samples.

use std::f64::consts::TAU;

use faultscope_transform::double;
pub use num_complex::Complex64;

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
        let (mut u2, mut energy) = (0.0, 0.0);
        let mut weighted = x.to_vec();
        match taper {
            Taper::Flat => {
                // The sum of the squares of the places, in closed form.
                energy = n as f64;
                u2 = energy * (energy * energy - 1.0) / 12.0;
            }
            Taper::Hann => {
                // The cosine by turns of a phasor, renewed so often that rounding does not show.
                const RUN: usize = 64;
                let turn = Complex64::from_polar(1.0, TAU / n as f64);
                for (run, part) in weighted.chunks_mut(RUN).enumerate() {
                    let start = centered(run * RUN, n);
                    let mut z = Complex64::from_polar(1.0, TAU * start / n as f64);
                    for (i, v) in part.iter_mut().enumerate() {
                        let (u, w) = (start + i as f64, 1.0 + z.re);
                        *v *= w;
                        u2 += u * u * w;
                        energy += w * w;
                        z *= turn;
                    }
                }
            }
        }
        let mut lanes = [[0.0; 4]; 2];
        for (i, x) in weighted.chunks(4).enumerate() {
            let u = centered(4 * i, n);
            for (k, v) in x.iter().enumerate() {
                lanes[0][k] += v;
                lanes[1][k] += v * (u + k as f64);
            }
        }
        let [sum, moment] = lanes.map(|l| l.iter().sum::<f64>());
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
        let table = Turns::new(f);
        wide(
            #[inline(always)]
            || {
                let (mut zero, mut first) = (Complex64::default(), Complex64::default());
                let mut bases = Bases::new(f, self.len());
                for x in self.weighted.chunks(RUN) {
                    let (start, base) = bases.next();
                    let (sum, moment) = table.sums_with_moments(x);
                    let sum = sum * base;
                    zero += sum;
                    first += moment * base + sum * start;
                }
                (zero, first)
            },
        )
    }

    /// The former of the two alone, at half the cost.
    fn project_zero(&self, f: f64) -> Complex64 {
        let table = Turns::new(f);
        wide(
            #[inline(always)]
            || {
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

/// Samples whose phasors are tabulated once; each run of them is then turned to its place as a whole.
const RUN: usize = 256;
/// Sums side by side, so that the loops vectorise.
const LANES: usize = 8;

fn phasor(f: f64, u: f64) -> Complex64 {
    Complex64::from_polar(1.0, -TAU * f * u)
}

/// Start of each run and its phasor, by turns of a phasor that is renewed every 16 runs.
struct Bases {
    f: f64,
    start: f64,
    run: usize,
    turn: Complex64,
    base: Complex64,
}

impl Bases {
    fn new(f: f64, n: usize) -> Self {
        let start = centered(0, n);
        Self { f, start, run: 0, turn: phasor(f, RUN as f64), base: phasor(f, start) }
    }

    #[inline(always)]
    fn next(&mut self) -> (f64, Complex64) {
        let start = self.start + (self.run * RUN) as f64;
        self.base = if self.run.is_multiple_of(16) { phasor(self.f, start) } else { self.base * self.turn };
        self.run += 1;
        (start, self.base)
    }
}

/// The phasors e^(-j 2 pi f i) of a run.
struct Turns {
    re: [f64; RUN],
    im: [f64; RUN],
}

impl Turns {
    fn new(f: f64) -> Self {
        let turn = phasor(f, 1.0);
        let mut z = Complex64::new(1.0, 0.0);
        let mut table = Self { re: [0.0; RUN], im: [0.0; RUN] };
        for i in 0..RUN {
            if i % 32 == 0 {
                z = phasor(f, i as f64);
            }
            (table.re[i], table.im[i]) = (z.re, z.im);
            z *= turn;
        }
        table
    }

    /// Sum of `x e` over a run.
    #[inline(always)]
    fn sum(&self, x: &[f64]) -> Complex64 {
        // So many that each addition need not wait for the one before it.
        const LANES: usize = 16;
        let n = x.len().min(RUN);
        let (x, re, im) = (&x[..n], &self.re[..n], &self.im[..n]);
        let mut sums = [[0.0; LANES]; 2];
        let (xs, res, ims) = (x.chunks_exact(LANES), re.chunks_exact(LANES), im.chunks_exact(LANES));
        let mut rest = Complex64::default();
        for ((x, a), b) in xs.remainder().iter().zip(res.remainder()).zip(ims.remainder()) {
            rest += Complex64::new(x * a, x * b);
        }
        for ((x, a), b) in xs.zip(res).zip(ims) {
            for k in 0..LANES {
                sums[0][k] += x[k] * a[k];
                sums[1][k] += x[k] * b[k];
            }
        }
        rest + Complex64::new(sums[0].iter().sum(), sums[1].iter().sum())
    }

    /// Sums of `x e` and of `i x e` over a run.
    #[inline(always)]
    fn sums_with_moments(&self, x: &[f64]) -> (Complex64, Complex64) {
        let n = x.len().min(RUN);
        let (x, re, im) = (&x[..n], &self.re[..n], &self.im[..n]);
        let mut sums = [[0.0; LANES]; 4];
        let mut place: [f64; LANES] = std::array::from_fn(|k| k as f64);
        let whole = n - n % LANES;
        for i in (0..whole).step_by(LANES) {
            for k in 0..LANES {
                let (a, b) = (x[i + k] * re[i + k], x[i + k] * im[i + k]);
                sums[0][k] += a;
                sums[1][k] += b;
                sums[2][k] += a * place[k];
                sums[3][k] += b * place[k];
                place[k] += LANES as f64;
            }
        }
        for i in whole..n {
            let (a, b) = (x[i] * re[i], x[i] * im[i]);
            sums[0][0] += a;
            sums[1][0] += b;
            sums[2][0] += a * i as f64;
            sums[3][0] += b * i as f64;
        }
        let [a, b, c, d] = sums.map(|s| s.iter().sum::<f64>());
        (Complex64::new(a, b), Complex64::new(c, d))
    }
}

/// A symmetric matrix, lower half used.
struct Matrix {
    n: usize,
    a: Vec<f64>,
}

impl Matrix {
    fn new(n: usize) -> Self {
        Self { n, a: vec![0.0; n * n] }
    }

    fn set(&mut self, i: usize, j: usize, v: f64) {
        self.a[i * self.n + j] = v;
    }

    /// Solves by Cholesky's decomposition; nothing when the matrix is not safely positive definite.
    fn solve(mut self, rhs: &[f64]) -> Option<Vec<f64>> {
        let n = self.n;
        for j in 0..n {
            let row = &self.a[j * n..=j * n + j];
            let diagonal = row[j];
            let sum: f64 = row[..j].iter().map(|v| v * v).sum();
            let pivot = diagonal - sum;
            if pivot.is_nan() || pivot <= diagonal.abs() * 1e-9 {
                return None;
            }
            let root = pivot.sqrt();
            self.a[j * n + j] = root;
            for i in j + 1..n {
                let (upper, lower) = self.a.split_at(i * n);
                let dot: f64 = upper[j * n..j * n + j].iter().zip(&lower[..j]).map(|(x, y)| x * y).sum();
                self.a[i * n + j] = (self.a[i * n + j] - dot) / root;
            }
        }
        let mut x = rhs.to_vec();
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| self.a[i * n + k] * x[k]).sum();
            x[i] = (x[i] - dot) / self.a[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| self.a[k * n + i] * x[k]).sum();
            x[i] = (x[i] - dot) / self.a[i * n + i];
        }
        Some(x)
    }
}

/// One cycle of a harmonic family, tabulated so that any instant costs the same whatever the number of lines.
#[derive(Debug, Clone)]
pub struct Cycle {
    /// Per cell of the cycle the cubic through its two ends with their slopes; a power of two of them.
    cells: Vec<[f64; 4]>,
}

impl Cycle {
    /// Tabulates `sum(Re(phasor * e^(j order phase)))`.
    #[must_use]
    pub fn new(orders: &[u32], phasors: &[Complex64]) -> Self {
        let highest = orders.iter().copied().max().unwrap_or(1) as usize;
        // Cubic interpolation between 24 points per period of the highest line errs by 1e-5 of it.
        let n = (24 * highest).clamp(64, 1 << 16).next_power_of_two();
        let mut values = vec![[0.0; 2]; n];
        let step = TAU / n as f64;
        for (&k, &c) in orders.iter().zip(phasors) {
            // Eight phasors side by side, turned by eight steps at a time and renewed every 256.
            let pace = f64::from(k) * step;
            let ahead: [Complex64; LANES] = std::array::from_fn(|i| Complex64::from_polar(1.0, pace * i as f64));
            let turn = Complex64::from_polar(1.0, pace * LANES as f64);
            for (run, values) in values.chunks_mut(RUN).enumerate() {
                let start = c * Complex64::from_polar(1.0, pace * (run * RUN) as f64);
                let mut z = ahead.map(|a| a * start);
                wide(
                    #[inline(always)]
                    || {
                        for part in values.chunks_exact_mut(LANES) {
                            for (v, z) in part.iter_mut().zip(&mut z) {
                                v[0] += z.re;
                                v[1] -= z.im * pace;
                                *z *= turn;
                            }
                        }
                    },
                );
            }
        }
        let cell = |i: usize| {
            let ([y0, d0], [y1, d1]) = (values[i], values[(i + 1) % n]);
            let rise = y1 - y0;
            [y0, d0, 3.0 * rise - 2.0 * d0 - d1, d0 + d1 - 2.0 * rise]
        };
        Self { cells: (0..n).map(cell).collect() }
    }

    /// The value at a phase in cycles.
    #[must_use]
    pub fn at(&self, cycles: f64) -> f64 {
        let mut one = [0.0];
        self.fill(cycles, 0.0, &mut one);
        one[0]
    }

    /// The values at `from`, `from + step` ... (in cycles, `step` from 0 to below 1).
    pub fn fill(&self, from: f64, step: f64, out: &mut [f64]) {
        let n = self.cells.len();
        let (size, pace) = (n as f64, step * n as f64);
        // Places within a part stay below 2^31: at most 256 cycles of 2^16 cells.
        wide(
            #[inline(always)]
            || {
                for (run, out) in out.chunks_mut(RUN).enumerate() {
                    let start = from + step * (run * RUN) as f64;
                    let place = (start - start.floor()) * size;
                    for (k, o) in out.iter_mut().enumerate() {
                        let p = place + pace * k as f64;
                        let i = p as i32;
                        let t = p - f64::from(i);
                        let c = &self.cells[i as usize & (n - 1)];
                        *o = c[0] + t * (c[1] + t * (c[2] + t * c[3]));
                    }
                }
            },
        );
    }

    /// Largest minus smallest value.
    #[must_use]
    pub fn peak_to_peak(&self) -> f64 {
        let max = self.cells.iter().map(|v| v[0]).fold(f64::NEG_INFINITY, f64::max);
        let min = self.cells.iter().map(|v| v[0]).fold(f64::INFINITY, f64::min);
        (max - min).max(0.0)
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
    fn filling_gives_the_same_values_as_asking_one_by_one() {
        let cycle = Cycle::new(&[1, 3, 7], &[0.3, 0.2, 0.1].map(|a| Complex64::from_polar(a, 10.0 * a)));
        let mut out = vec![0.0; 1000];
        for (from, step) in [(0.0, 0.001), (-17.3, 0.37), (1e5 + 0.2, 0.999), (0.5, 0.0)] {
            cycle.fill(from, step, &mut out);
            for (i, v) in out.iter().enumerate() {
                assert!((v - cycle.at(from + step * i as f64)).abs() < 1e-9, "{from} {step} {i}");
            }
        }
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

        #[test]
        fn the_table_agrees_with_the_sum(phase in -5.0f64..5.0, p in -3.0f64..3.0) {
            let orders = [1, 3, 40];
            let c = [0.5, 0.2, 0.1].map(|a| Complex64::from_polar(a, p));
            let exact: f64 = orders.iter().zip(&c)
                .map(|(&k, c)| (c * Complex64::from_polar(1.0, TAU * f64::from(k) * phase)).re).sum();
            prop_assert!((Cycle::new(&orders, &c).at(phase) - exact).abs() < 1e-5);
        }
    }
}
