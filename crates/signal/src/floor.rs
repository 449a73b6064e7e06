//! The noise floor under a spectrum: a running order statistic that follows colour, slopes, steps and notches and is
//! not lifted by lines, with a guarded twin for detection.
//!
//! Bias of the order statistics is taken from the Gamma distribution of averaged periodograms. The guarded floor is
//! the greatest of what lies to the left and to the right ("greatest of" constant-false-alarm detection, V. G. Hansen,
//! 1973), so that the false-alarm probability holds on the high side of a step too. Order statistics after H. Rohling
//! (1983): they survive as long as lines fill less than about half a window.

use std::sync::Arc;

use crate::order::{Keyed, Running};
use crate::record::Kind;
use crate::special::{gamma_relative_quantile, trigamma};
use crate::spectrum::Spectrum;

/// The floor of one spectrum, per bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    /// Mean noise power per bin: the estimate to report.
    pub level: Vec<f64>,
    /// The same, guarded at steps: the estimate to detect against; never knowingly below the noise.
    pub guard: Vec<f64>,
    /// Shape of the Gamma distribution that the noise follows: the number of independent averages, or less where the
    /// spectrum scatters more than noise does (a modulated signal).
    pub shape: Vec<f64>,
    /// Half-width of the window used, in bins.
    pub half_width: usize,
}

/// Quantiles that the estimates rest on: the middle to report, a little lower to guard (more room for lines).
const MIDDLE: f64 = 0.5;
const GUARD: f64 = 0.4;
/// Scatter beyond what this many times fewer averages would show is taken for a modulated signal.
const OVERDISPERSION: f64 = 1.7;
/// Fewest pairs of bins that scatter is judged on.
const LEAST_PAIRS: usize = 16;
/// Rounding noise of the transform, relative to the strongest bin: nothing is detected below.
const ROUNDING: f64 = 1e-26;

/// Estimates the floor of an averaged spectrum.
#[must_use]
pub fn estimate(spectrum: &Spectrum) -> Floor {
    let s = spectrum.settings;
    of_bins(&spectrum.mean, spectrum.effective_averages.max(1.0), s.window.main_lobe_bins(), spectrum.kind)
}

/// Half-width of the window: 50 main lobes to either side, a sixteenth of a short spectrum, never below 24 bins.
fn half_width(bins: usize, lobe: f64) -> usize {
    let most = (100.0 * lobe).round() as usize;
    (bins / 16).clamp(24, most.max(24)).min((bins / 2).max(1))
}

/// The same from bare powers: `shape` independent averages, main lobe of `lobe` bins to either side. I/Q spectra go
/// on around the ends, real ones are mirrored there.
#[must_use]
pub fn of_bins(mean: &[f64], shape: f64, lobe: f64, kind: Kind) -> Floor {
    let n = mean.len();
    if n == 0 {
        return Floor { level: vec![], guard: vec![], shape: vec![], half_width: 0 };
    }
    let half = half_width(n, lobe);
    let gap = lobe.ceil() as usize;
    let grid = Grid { half, gap, hop: (half / 16).max(1) };
    let cells = Cells::new(mean, kind, grid);
    let nominal = Bias::new(shape);
    let mut sides = Sides::new(&cells, grid, nominal);
    let points: Vec<Point> = (0..=n.div_ceil(grid.hop)).map(|g| sides.point(g * grid.hop)).collect();
    let mut floor = Floor {
        level: Vec::with_capacity(n),
        guard: Vec::with_capacity(n),
        shape: Vec::with_capacity(n),
        half_width: half,
    };
    for pair in points.windows(2) {
        let [a, b] = pair else { continue };
        let count = grid.hop.min(n - floor.level.len());
        // Straight in the logarithm: the same ratio from bin to bin.
        let ratio = ((b.level / a.level).ln() / grid.hop as f64).exp();
        let mut level = a.level;
        for _ in 0..count {
            floor.level.push(level);
            level *= ratio;
        }
        floor.guard.resize(floor.level.len(), a.guard.max(b.guard));
        floor.shape.resize(floor.level.len(), a.shape.min(b.shape));
    }
    floor
}

/// Where the floor is estimated: every `hop` bins, from `half` bins to either side beyond a `gap`.
#[derive(Debug, Clone, Copy)]
struct Grid {
    half: usize,
    gap: usize,
    hop: usize,
}

impl Grid {
    /// Bins that the spectrum is continued by before its start.
    const fn pad(&self) -> usize {
        self.half + self.gap
    }

    /// The bins to the left and to the right of bin `k`, in the continued spectrum.
    const fn sides(&self, k: usize) -> [(usize, usize); 2] {
        let right = k + self.pad() + self.gap + 1;
        [(k, k + self.half), (right, right + self.half)]
    }
}

/// The spectrum continued beyond its ends.
struct Cells {
    values: Vec<f64>,
}

impl Cells {
    fn new(mean: &[f64], kind: Kind, grid: Grid) -> Self {
        let n = mean.len() as i64;
        let least = mean.iter().fold(0.0_f64, |a, v| a.max(*v)) * ROUNDING + f64::MIN_POSITIVE;
        let outside = |k: i64| {
            let i = match kind {
                Kind::Iq => k.rem_euclid(n.max(1)),
                Kind::Real => {
                    let period = (2 * (n - 1)).max(1);
                    let r = k.rem_euclid(period);
                    if r < n { r } else { period - r }
                }
            };
            mean.get(i as usize).copied().unwrap_or(0.0)
        };
        let pad = grid.pad() as i64;
        let after = n + pad + 1 + 2 * grid.hop as i64;
        let mut values: Vec<f64> = Vec::with_capacity((pad + after) as usize);
        values.extend((-pad..0).map(outside));
        values.extend_from_slice(mean);
        values.extend((n..after).map(outside));
        values.iter_mut().for_each(|v| *v = v.max(least));
        Self { values }
    }

    /// Ratios of bins `lag` apart, the greater over the lesser.
    fn scatter(&self, lag: usize) -> Vec<f64> {
        let pairs = self.values.iter().zip(self.values.get(lag..).unwrap_or(&[]));
        pairs.map(|(a, b)| if a > b { a / b } else { b / a }).collect()
    }
}

/// The windows to both sides of the bin under estimate, moved along the spectrum.
struct Sides<'a> {
    grid: Grid,
    nominal: Bias,
    values: [Running<'a>; 2],
    scatter: Scatter,
}

impl<'a> Sides<'a> {
    fn new(cells: &'a Cells, grid: Grid, nominal: Bias) -> Self {
        let values = Arc::new(Keyed::new(&cells.values));
        Self {
            grid,
            nominal,
            values: [(); 2].map(|()| Running::new(Arc::clone(&values))),
            scatter: Scatter::new(cells.scatter(grid.gap.max(1)), nominal.shape),
        }
    }

    fn point(&mut self, k: usize) -> Point {
        let lag = self.grid.gap.max(1);
        let sides = self.grid.sides(k);
        for (running, (from, to)) in self.values.iter_mut().zip(sides) {
            running.move_to(from, to);
        }
        let shape = self.scatter.shape(sides.map(|(from, to)| (from, to.saturating_sub(lag).max(from))));
        // The quantiles cost more than all the rest, and nearly every point has the nominal shape.
        let bias = if shape == self.nominal.shape { self.nominal } else { Bias::new(shape) };
        let [left, right] = &self.values;
        let guard = Running::quantile(&[left], GUARD).max(Running::quantile(&[right], GUARD)) / bias.guard;
        let level = Running::quantile(&[left, right], MIDDLE) / bias.middle;
        Point { level, guard: guard.max(level), shape }
    }
}

/// How much neighbouring bins differ, and how many of them, counted from the start, no more than noise explains.
struct Scatter {
    ratios: Vec<f64>,
    nominal: f64,
    quiet: Vec<u32>,
}

impl Scatter {
    fn new(ratios: Vec<f64>, nominal: f64) -> Self {
        let most = greatest_ratio(nominal);
        let mut count = 0;
        let counts = ratios.iter().map(|ratio| {
            count += u32::from(*ratio <= most);
            count
        });
        let quiet = std::iter::once(0).chain(counts).collect();
        Self { ratios, nominal, quiet }
    }

    /// The shape that the median over some windows speaks for. Where more than half is quiet the median need not be known.
    fn shape(&self, windows: [(usize, usize); 2]) -> f64 {
        let end = self.ratios.len();
        let windows = windows.map(|(from, to)| (from.min(end), to.min(end)));
        let pairs: usize = windows.iter().map(|(from, to)| to - from).sum();
        if pairs < LEAST_PAIRS {
            return self.nominal;
        }
        let quiet: u32 = windows.iter().map(|(from, to)| self.quiet[*to] - self.quiet[*from]).sum();
        if quiet as usize > rank(pairs, 0.5) {
            return self.nominal;
        }
        let mut ratios = windows.map(|(from, to)| &self.ratios[from..to]).concat();
        shape_of_scatter(quantile(&mut ratios, 0.5).ln(), self.nominal)
    }
}

/// What the order statistics of Gamma noise are to its mean.
#[derive(Clone, Copy)]
struct Bias {
    shape: f64,
    middle: f64,
    guard: f64,
}

impl Bias {
    fn new(shape: f64) -> Self {
        Self { shape, middle: gamma_relative_quantile(shape, MIDDLE), guard: gamma_relative_quantile(shape, GUARD) }
    }
}

struct Point {
    level: f64,
    guard: f64,
    shape: f64,
}

/// The median of |x| of a Gaussian is 0.6745 sigma, and a difference has twice the variance of one logarithm.
const MEDIAN_OF_DIFFERENCE: f64 = 0.6745 * std::f64::consts::SQRT_2;

/// The greatest median ratio of neighbouring bins that so many averages explain.
fn greatest_ratio(nominal: f64) -> f64 {
    (MEDIAN_OF_DIFFERENCE * trigamma(nominal / OVERDISPERSION).sqrt()).exp()
}

/// The number of averages that the scatter of neighbouring bins speaks for, where that is clearly less than nominal.
///
/// Differences of logarithms between bins one main lobe apart: slopes and steps cancel, lines are outliers.
fn shape_of_scatter(median: f64, nominal: f64) -> f64 {
    let variance = (median / MEDIAN_OF_DIFFERENCE).powi(2);
    if variance <= trigamma(nominal / OVERDISPERSION) {
        return nominal;
    }
    // trigamma(k) is 1/k + 1/(2 k^2) to first order: solve for k.
    ((1.0 + (1.0 + 2.0 * variance).sqrt()) / (2.0 * variance)).clamp(0.5, nominal)
}

/// The rank of a quantile among `count` values.
fn rank(count: usize, q: f64) -> usize {
    (count.saturating_sub(1) as f64 * q).round() as usize
}

/// An order statistic of `cells`, which are reordered; 0 without cells.
pub(crate) fn quantile(cells: &mut [f64], q: f64) -> f64 {
    if cells.is_empty() {
        return 0.0;
    }
    let at = rank(cells.len(), q);
    *cells.select_nth_unstable_by(at, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gamma(k)/k noise by summed exponentials.
    fn gamma_noise(seed: &mut u64, k: u32) -> f64 {
        let mut sum = 0.0;
        for _ in 0..k {
            *seed ^= *seed >> 12;
            *seed ^= *seed << 25;
            *seed ^= *seed >> 27;
            let u = ((seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            sum -= u.ln();
        }
        sum / f64::from(k)
    }

    fn check(shape: impl Fn(usize) -> f64, lines: usize, tolerance_db: f64, skip: impl Fn(usize) -> bool) {
        let mut seed = 99;
        let n = 8192;
        let k = 32;
        let mut mean: Vec<f64> = (0..n).map(|i| shape(i) * gamma_noise(&mut seed, k)).collect();
        for l in 0..lines {
            let at = 40 + l * n / lines.max(1);
            (at..(at + 7).min(n)).for_each(|i| mean[i] += 1e6);
        }
        let floor = of_bins(&mean, f64::from(k), 4.0, Kind::Iq);
        for i in (0..n).filter(|i| !skip(*i)) {
            let error = 10.0 * (floor.level[i] / shape(i)).log10();
            assert!(error.abs() < tolerance_db, "bin {i}: {error} dB");
            assert!(10.0 * (floor.guard[i] / shape(i)).log10() > -0.35, "guard at {i}");
        }
    }

    #[test]
    fn a_white_floor_is_right_and_not_lifted_by_lines() {
        check(|_| 3e-9, 0, 0.25, |_| false);
        check(|_| 3e-9, 100, 0.6, |_| false);
    }

    #[test]
    fn slopes_steps_and_notches_are_followed() {
        // 40 dB from end to end: mirrored rather than wrapped ends would hold as well, so the ends are left out.
        check(|i| 10f64.powf(-4.0 * i as f64 / 8192.0), 0, 0.35, |i| !(1000..7192).contains(&i));
        check(
            |i| if (2000..5000).contains(&i) { 1.0 } else { 1e-3 },
            0,
            0.35,
            |i| i.abs_diff(2000) < 420 || i.abs_diff(5000) < 420,
        );
        check(
            |i| if (3000..4500).contains(&i) { 1e-3 } else { 1.0 },
            0,
            0.35,
            |i| i.abs_diff(3000) < 420 || i.abs_diff(4500) < 420,
        );
    }

    #[test]
    fn the_guard_stays_up_on_the_high_side_of_a_step() {
        let mut seed = 5;
        let mean: Vec<f64> =
            (0..8192).map(|i| gamma_noise(&mut seed, 32) * if i < 4000 { 1.0 } else { 1e-4 }).collect();
        let floor = of_bins(&mean, 32.0, 4.0, Kind::Iq);
        assert!((3900..4000).all(|i| floor.guard[i] > 0.92));
    }

    #[test]
    fn scatter_beyond_noise_lowers_the_shape() {
        let mut seed = 11;
        let mean: Vec<f64> = (0..8192).map(|_| gamma_noise(&mut seed, 4)).collect();
        let floor = of_bins(&mean, 64.0, 4.0, Kind::Iq);
        assert!(floor.shape.iter().all(|s| (2.0..8.0).contains(s)));
        let honest = of_bins(&mean, 4.0, 4.0, Kind::Iq);
        assert!(honest.shape.iter().filter(|s| **s < 4.0).count() < 200);
    }

    #[test]
    fn silence_and_tiny_spectra_do_no_harm() {
        for n in [0, 1, 2, 5, 40] {
            for kind in [Kind::Real, Kind::Iq] {
                let floor = of_bins(&vec![0.0; n], 3.0, 4.0, kind);
                assert!(floor.level.iter().all(|v| v.is_finite()) && floor.level.len() == n);
            }
        }
    }
}
