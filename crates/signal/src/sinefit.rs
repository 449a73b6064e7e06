//! Sine fits on the time record: IEEE 1057 with three and four parameters, and their twin for complex tones.
//!
//! Least squares in white noise is maximum likelihood, so the frequency reaches the Cramer-Rao bound.

use std::f64::consts::TAU;

use num_complex::Complex64;

use crate::record::Kind;
use crate::tone::Rotor;

/// A fitted real sine: `amplitude * cos(2 pi frequency n + phase) + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SineFit {
    /// Cycles per sample.
    pub frequency: f64,
    /// Peak amplitude, in the unit of the data.
    pub amplitude: f64,
    /// Phase at sample 0, in radians.
    pub phase: f64,
    /// Constant.
    pub offset: f64,
    /// Rms of what the sine leaves, with N - 4 (or N - 3) degrees of freedom.
    pub rms_residual: f64,
    /// Iterations made; 0 for the three-parameter fit.
    pub iterations: usize,
}

/// A fitted complex tone: `amplitude * exp(j 2 pi frequency n) + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToneFit {
    /// Cycles per sample, negative below the centre.
    pub frequency: f64,
    /// Complex amplitude at sample 0.
    pub amplitude: Complex64,
    /// Constant.
    pub offset: Complex64,
    /// Rms of what the tone leaves (of the complex magnitude).
    pub rms_residual: f64,
    /// Iterations made.
    pub iterations: usize,
}

const ITERATIONS: usize = 12;
/// A step of fewer cycles per record than this ends the iteration: at the end, and on the way to a longer record.
const FINAL: f64 = 1e-9;
const PASSING: f64 = 0.02;

/// Fit at a known frequency (cycles per sample): amplitude, phase and offset in one solve (IEEE 1057, 3 parameters).
///
/// Nothing comes back when the data are too few or the frequency cannot be told from 0 or from half the rate.
#[must_use]
pub fn three_parameter(data: &[f64], frequency: f64) -> Option<SineFit> {
    let mut normal = [[0.0; 3]; 3];
    let mut right = [0.0; 3];
    let mut turn = Rotor::new(frequency);
    let mut power = 0.0;
    for y in data {
        let e = turn.next();
        accumulate(&mut normal, &mut right, [e.re, e.im, 1.0], *y);
        power += y * y;
    }
    let x = solve(normal, right)?;
    let residual = residual_rms(power, &right, &x, data.len(), 3)?;
    Some(real_fit(frequency, x[0], x[1], x[2], residual, 0))
}

/// Fit of all four parameters from a start within half a cycle per record (IEEE 1057, 4 parameters; Gauss-Newton).
///
/// Nothing comes back when the data are too few (below 8) or the iteration leaves the start by more than a few
/// cycles per record.
#[must_use]
pub fn four_parameter(data: &[f64], start: f64) -> Option<SineFit> {
    four_parameter_to(data, start, FINAL)
}

fn four_parameter_to(data: &[f64], start: f64, enough: f64) -> Option<SineFit> {
    let n = data.len();
    if n < 8 {
        return None;
    }
    let middle = 0.5 * (n as f64 - 1.0);
    let mut frequency = start;
    let (mut a, mut b) =
        three_parameter(data, start).map(|f| (f.amplitude * f.phase.cos(), -f.amplitude * f.phase.sin()))?;
    for iteration in 1..=ITERATIONS {
        let mut normal = [[0.0; 4]; 4];
        let mut right = [0.0; 4];
        let mut turn = Rotor::new(frequency);
        let mut power = 0.0;
        for (i, y) in data.iter().enumerate() {
            let e = turn.next();
            // Time from the middle, as a fraction of the record: well conditioned, and the phase decouples.
            let t = (i as f64 - middle) / n as f64;
            accumulate(&mut normal, &mut right, [e.re, e.im, 1.0, t * (b * e.re - a * e.im)], *y);
            power += y * y;
        }
        let x = solve(normal, right)?;
        let step = x[3] / (TAU * n as f64);
        // The amplitudes hold at the old frequency about the middle: turn them to sample 0 of the new one.
        let turned = Complex64::new(x[0], -x[1]) * Complex64::from_polar(1.0, -TAU * step * middle);
        (a, b) = (turned.re, -turned.im);
        frequency += step;
        if !frequency.is_finite() || (frequency - start).abs() * n as f64 > 3.0 {
            return None;
        }
        if step.abs() * (n as f64) < enough || iteration == ITERATIONS {
            let residual = residual_rms(power, &right, &x, n, 4)?;
            return Some(real_fit(frequency, a, b, x[2], residual, iteration));
        }
    }
    None
}

fn real_fit(frequency: f64, a: f64, b: f64, offset: f64, rms_residual: f64, iterations: usize) -> SineFit {
    // a cos + b sin = A cos(wn + phase) with A e^{j phase} = a - j b.
    SineFit { frequency, amplitude: a.hypot(b), phase: (-b).atan2(a), offset, rms_residual, iterations }
}

/// Fit of a complex tone and a constant from a start within half a cycle per record.
#[must_use]
pub fn complex_tone(data: &[Complex64], start: f64) -> Option<ToneFit> {
    complex_tone_to(data, start, FINAL)
}

fn complex_tone_to(data: &[Complex64], start: f64, enough: f64) -> Option<ToneFit> {
    let n = data.len();
    if n < 8 {
        return None;
    }
    let count = n as f64;
    let total: Complex64 = data.iter().sum();
    let power: f64 = data.iter().map(Complex64::norm_sqr).sum();
    // The sum of the squared times from the middle.
    let spread = count * (count * count - 1.0) / 12.0;
    let mut frequency = start;
    for iteration in 1..=ITERATIONS {
        let (line, slope) = project(data, frequency);
        let (unit, unit_slope) = unit_sums(n, frequency);
        // Amplitude and constant: [n, unit; conj(unit), n] [A; C] = [line; total].
        let determinant = count * count - unit.norm_sqr();
        if determinant < 1e-9 * count * count {
            return None;
        }
        let amplitude = (line * count - unit * total) / determinant;
        let offset = (total * count - unit.conj() * line) / determinant;
        // Gauss-Newton on the frequency alone: the residual against j t A e.
        let gradient = ((slope - unit_slope * offset) * amplitude.conj()).im;
        let step = gradient / (amplitude.norm_sqr() * spread) / TAU;
        if !step.is_finite() || (frequency + step - start).abs() * count > 3.0 {
            return None;
        }
        frequency += step;
        if step.abs() * count < enough || iteration == ITERATIONS {
            let explained = (amplitude.conj() * line + offset.conj() * total).re;
            let rms_residual = ((power - explained).max(0.0) / count).sqrt();
            return Some(ToneFit { frequency, amplitude, offset, rms_residual, iterations: iteration });
        }
    }
    None
}

/// Sums of `z e` and of `t z e` with `e = exp(-j 2 pi frequency i)` and `t` counted from the middle of the record.
pub(crate) fn project(data: &[Complex64], frequency: f64) -> (Complex64, Complex64) {
    const RUN: usize = 256;
    const LANES: usize = 4;
    let phasor = |i: usize| Complex64::from_polar(1.0, -TAU * (frequency * i as f64).fract());
    let fine: Vec<Complex64> = (0..RUN.min(data.len())).map(phasor).collect();
    let middle = 0.5 * (data.len() as f64 - 1.0);
    let (mut line, mut slope) = <(Complex64, Complex64)>::default();
    for (run, samples) in data.chunks(RUN).enumerate() {
        let (mut sum, mut moment) = ([Complex64::default(); LANES], [Complex64::default(); LANES]);
        let mut place: [f64; LANES] = std::array::from_fn(|k| k as f64);
        let (zs, es) = (samples.chunks_exact(LANES), fine.chunks_exact(LANES));
        let rest = samples.len() - zs.remainder().len()..samples.len();
        for (zs, es) in zs.zip(es) {
            for k in 0..LANES {
                let product = zs[k] * es[k];
                sum[k] += product;
                moment[k] += product * place[k];
                place[k] += LANES as f64;
            }
        }
        for i in rest {
            sum[0] += samples[i] * fine[i];
            moment[0] += samples[i] * fine[i] * i as f64;
        }
        let base = phasor(run * RUN);
        let sum: Complex64 = sum.iter().sum::<Complex64>() * base;
        line += sum;
        slope += moment.iter().sum::<Complex64>() * base + sum * ((run * RUN) as f64 - middle);
    }
    (line, slope)
}

/// The same sums for a record of ones, in closed form: Dirichlet's kernel and its derivative.
pub(crate) fn unit_sums(n: usize, frequency: f64) -> (Complex64, Complex64) {
    let count = n as f64;
    let half = 0.5 * TAU * (frequency - frequency.round());
    let turn = Complex64::from_polar(1.0, -half * (count - 1.0));
    let ((top, top_slope), (bottom, bottom_slope)) = ((half * count).sin_cos(), half.sin_cos());
    if bottom.abs() < 1e-12 {
        return (turn * count, Complex64::default());
    }
    let slope = 0.5 * (count * top_slope * bottom - top * bottom_slope) / (bottom * bottom);
    (turn * (top / bottom), turn * Complex64::i() * slope)
}

/// A line refined on the time record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refined {
    /// Cycles per sample.
    pub frequency: f64,
    /// Power: A^2 / 2 of a real sine, |A|^2 of a complex tone.
    pub power: f64,
    /// Power of what the tone leaves.
    pub residual: f64,
}

/// Refines a line over all of `data` (`kind`'s components interleaved) from a start that is right to a fraction of a
/// cycle over `first` frames: the length doubles from there, so that each fit starts within reach.
#[must_use]
pub fn refine(kind: Kind, data: &[f64], start: f64, first: usize) -> Option<Refined> {
    let frames = data.len() / kind.components();
    let mut length = first.clamp(8, frames.max(8)).min(frames);
    let mut frequency = start;
    let iq: Vec<Complex64> = match kind {
        Kind::Real => Vec::new(),
        Kind::Iq => data.chunks_exact(2).map(|z| Complex64::new(z[0], z[1])).collect(),
    };
    loop {
        let enough = if length == frames { FINAL } else { PASSING };
        let refined = match kind {
            Kind::Real => four_parameter_to(&data[..length], frequency, enough).map(|f| Refined {
                frequency: f.frequency,
                power: 0.5 * f.amplitude * f.amplitude,
                residual: f.rms_residual.powi(2),
            }),
            Kind::Iq => complex_tone_to(&iq[..length], frequency, enough).map(|f| Refined {
                frequency: f.frequency,
                power: f.amplitude.norm_sqr(),
                residual: f.rms_residual.powi(2),
            }),
        }?;
        if length == frames {
            return Some(refined);
        }
        frequency = refined.frequency;
        length = (length * 2).min(frames);
    }
}

/// Cramer-Rao bound (standard deviation, cycles per sample) of a complex tone's frequency; `snr` is |A|^2 over the
/// total noise variance (D. C. Rife and R. R. Boorstyn, 1974).
#[must_use]
pub fn complex_bound(snr: f64, n: usize) -> f64 {
    let n = n as f64;
    (6.0 / (snr * n * (n * n - 1.0))).sqrt() / TAU
}

/// The same for a real sine; `snr` is A^2 / 2 over the noise variance.
#[must_use]
pub fn real_bound(snr: f64, n: usize) -> f64 {
    complex_bound(snr, n) * 2f64.sqrt()
}

#[allow(clippy::needless_range_loop, reason = "the upper half of a matrix is walked by its indices")]
pub(crate) fn accumulate<const M: usize>(normal: &mut [[f64; M]; M], right: &mut [f64; M], row: [f64; M], y: f64) {
    for i in 0..M {
        right[i] += row[i] * y;
        for j in i..M {
            normal[i][j] += row[i] * row[j];
        }
    }
}

/// Solves the symmetric system whose upper half is given, by Gaussian elimination with pivoting.
#[allow(clippy::needless_range_loop, reason = "rows and columns change roles: indices are the clearer form")]
pub(crate) fn solve<const M: usize>(mut m: [[f64; M]; M], mut y: [f64; M]) -> Option<[f64; M]> {
    for i in 0..M {
        for j in 0..i {
            m[i][j] = m[j][i];
        }
    }
    let size = m.iter().flatten().fold(0.0_f64, |a, v| a.max(v.abs()));
    for i in 0..M {
        let pivot = (i..M).max_by(|a, b| m[*a][i].abs().total_cmp(&m[*b][i].abs()))?;
        m.swap(i, pivot);
        y.swap(i, pivot);
        if m[i][i].is_nan() || m[i][i].abs() <= 1e-14 * size {
            return None;
        }
        for r in i + 1..M {
            let f = m[r][i] / m[i][i];
            let top = m[i];
            m[r].iter_mut().zip(top).for_each(|(v, t)| *v -= f * t);
            y[r] -= f * y[i];
        }
    }
    for i in (0..M).rev() {
        let rest: f64 = (i + 1..M).map(|j| m[i][j] * y[j]).sum();
        y[i] = (y[i] - rest) / m[i][i];
    }
    Some(y)
}

fn residual_rms<const M: usize>(power: f64, right: &[f64; M], x: &[f64; M], n: usize, spent: usize) -> Option<f64> {
    let explained: f64 = right.iter().zip(x).map(|(r, x)| r * x).sum();
    let freedom = n.checked_sub(spent).filter(|f| *f > 0)?;
    Some(((power - explained).max(0.0) / freedom as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Normal;

    #[test]
    fn a_clean_sine_comes_back_exactly() {
        let (f, a, p, c) = (0.173_205, 0.7, -2.1, 0.05);
        let data: Vec<f64> = (0..1000).map(|i| a * (TAU * f * f64::from(i) + p).cos() + c).collect();
        let fit = four_parameter(&data, f + 0.3e-3).unwrap();
        assert!((fit.frequency - f).abs() < 1e-12, "{fit:?}");
        assert!((fit.amplitude - a).abs() < 1e-10 && (fit.phase - p).abs() < 1e-9 && (fit.offset - c).abs() < 1e-10);
        assert!(fit.rms_residual < 1e-6);
        let fit = three_parameter(&data, f).unwrap();
        assert!((fit.amplitude - a).abs() < 1e-11 && (fit.phase - p).abs() < 1e-11);
    }

    #[test]
    fn a_clean_complex_tone_comes_back_exactly() {
        let a = Complex64::from_polar(0.4, 1.1);
        let c = Complex64::new(0.02, -0.01);
        let data: Vec<Complex64> =
            (0..777).map(|i| a * Complex64::from_polar(1.0, -TAU * 0.31 * f64::from(i)) + c).collect();
        let fit = complex_tone(&data, -0.31 + 0.4 / 777.0).unwrap();
        assert!((fit.frequency + 0.31).abs() < 1e-12, "{fit:?}");
        assert!((fit.amplitude - a).norm() < 1e-9 && (fit.offset - c).norm() < 1e-9);
    }

    /// rms error over 150 runs; its own spread is 6 %, so the mean over the five levels is what is held to 1.1.
    #[test]
    fn frequency_reaches_1_1_times_the_cramer_rao_bound_from_10_to_60_db() {
        let n = 1024;
        let runs = 150;
        let mut random = Normal(42);
        let (mut real_sum, mut complex_sum) = (0.0, 0.0);
        let levels = [10.0, 20.0, 30.0, 40.0, 60.0];
        for snr_db in levels {
            let snr = 10f64.powf(snr_db / 10.0);
            let (mut real, mut complex) = (0.0, 0.0);
            for _ in 0..runs {
                let f = (170.0 + random.uniform()) / n as f64;
                let start = f + (random.uniform() - 0.5) * 0.6 / n as f64;
                let phase = TAU * random.uniform();
                let sigma = (0.5 / snr).sqrt();
                let data: Vec<f64> =
                    (0..n).map(|i| (TAU * f * i as f64 + phase).cos() + sigma * random.pair().re).collect();
                let fit = four_parameter(&data, start).unwrap();
                real += (fit.frequency - f).powi(2);
                let data: Vec<Complex64> = (0..n)
                    .map(|i| Complex64::from_polar(1.0, TAU * f * i as f64 + phase) + random.pair() * sigma)
                    .collect();
                let fit = complex_tone(&data, start).unwrap();
                complex += (fit.frequency - f).powi(2);
            }
            let real = (real / f64::from(runs)).sqrt() / real_bound(snr, n);
            let complex = (complex / f64::from(runs)).sqrt() / complex_bound(snr, n);
            assert!(real < 1.2 && complex < 1.2, "{snr_db} dB: real {real}, complex {complex} times the bound");
            real_sum += real;
            complex_sum += complex;
        }
        let count = levels.len() as f64;
        assert!(real_sum / count < 1.1 && complex_sum / count < 1.1, "{real_sum} {complex_sum}");
    }

    #[test]
    fn too_few_samples_and_hopeless_starts_are_refused() {
        assert!(four_parameter(&[1.0; 5], 0.1).is_none());
        assert!(three_parameter(&[], 0.1).is_none());
        assert!(complex_tone(&[Complex64::default(); 3], 0.1).is_none());
        assert!(complex_tone(&[Complex64::default(); 64], 0.1).is_none());
        assert!(four_parameter(&[f64::NAN; 64], 0.1).is_none());
    }
}
