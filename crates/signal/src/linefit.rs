//! The least-squares fit of one line and a constant to a long record in one pass over it.
//!
//! Around a start that is right to a fraction of a cycle, the record is summed in blocks that are short beside that
//! cycle, each with its first moment; the iteration works on the blocks. White noise makes this maximum likelihood, so
//! the frequency reaches the Cramer-Rao bound.

use std::f64::consts::TAU;

use num_complex::Complex64;

use crate::record::{Kind, Record, RecordError, lent_or_read};
use crate::sinefit::{Refined, unit_sums};
use crate::wide::wide;

/// Blocks that a record is summed in.
const BLOCKS: usize = 1024;
/// Frames read at once, about.
const CHUNK: usize = 8192;
const ITERATIONS: usize = 12;
/// A step of fewer cycles per record than this ends the iteration.
const FINAL: f64 = 1e-9;
/// Beyond this many cycles per record from the start, the blocks are summed anew around the better place.
const NEAR: f64 = 0.2;
/// Passes over the record at most.
const PASSES: usize = 3;
/// Sums kept side by side, so that the loop vectorises.
const LANES: usize = 8;
/// Blocks after which a phasor is worked out anew, so that the errors of multiplying stay near 1e-15.
const RENEWAL: usize = 16;

/// Fits a line to at most `most` frames from a record's beginning, from a start (cycles per sample) within half a cycle
/// of the record; nothing where the fit does not settle there.
///
/// # Errors
/// When the record cannot be read.
pub fn refine_near(record: &dyn Record, most: usize, start: f64) -> Result<Option<Refined>, RecordError> {
    let frames = usize::try_from(record.frames()).unwrap_or(usize::MAX).min(most);
    if frames < 8 {
        return Ok(None);
    }
    let mut frequency = start;
    for pass in 1..=PASSES {
        let sums = Sums::read(record, frames, frequency)?;
        let Some(refined) = sums.fit() else { return Ok(None) };
        let moved = (refined.frequency - frequency).abs() * frames as f64;
        if !moved.is_finite() || (refined.frequency - start).abs() * frames as f64 > 3.0 {
            return Ok(None);
        }
        if moved < NEAR || pass == PASSES {
            return Ok(Some(refined));
        }
        frequency = refined.frequency;
    }
    Ok(None)
}

/// A record turned by a frequency and summed in blocks.
struct Sums {
    kind: Kind,
    frames: f64,
    frequency: f64,
    /// For each block: its middle, counted from the middle of the record; the sum of `x e^{-j w n}`; the sum of that
    /// times the distance from the block's middle.
    blocks: Vec<(f64, Complex64, Complex64)>,
    total: Complex64,
    power: f64,
}

impl Sums {
    fn read(record: &dyn Record, frames: usize, frequency: f64) -> Result<Self, RecordError> {
        let kind = record.kind();
        let c = kind.components();
        let stride = frames.div_ceil(BLOCKS);
        let phasor = |n: usize| Complex64::from_polar(1.0, -TAU * (frequency * n as f64).fract());
        let (re, im): (Vec<f64>, Vec<f64>) = (0..stride).map(phasor).map(|z| (z.re, z.im)).unzip();
        let middle = 0.5 * (frames as f64 - 1.0);
        let chunk = CHUNK.div_ceil(stride) * stride;
        let mut data = vec![0f32; chunk * c];
        let mut sums = Self {
            kind,
            frames: frames as f64,
            frequency,
            blocks: Vec::new(),
            total: Complex64::default(),
            power: 0.0,
        };
        let mut at = 0;
        while at < frames {
            let room = chunk.min(frames - at);
            let values = lent_or_read(record, at as u64, &mut data[..room * c])?;
            if values.len() < room * c {
                let end = at + values.len() / c;
                return Err(RecordError::new(format!("the record ends at sample {end} although it should not")));
            }
            for block in values.chunks(stride * c) {
                let count = block.len() / c;
                let (sum, moment, total, power) = wide(
                    #[inline(always)]
                    || if c == 2 { project::<2>(block, &re, &im) } else { project::<1>(block, &re, &im) },
                );
                let (base, half) = (phasor(at), 0.5 * (count as f64 - 1.0));
                sums.blocks.push((at as f64 + half - middle, sum * base, (moment - sum * half) * base));
                sums.total += total;
                sums.power += power;
                at += count;
            }
        }
        Ok(sums)
    }

    /// The sums of `x e` and `t x e` over the record, `step` cycles per sample from the blocks' own frequency.
    fn at(&self, step: f64) -> (Complex64, Complex64) {
        let (mut line, mut slope) = <(Complex64, Complex64)>::default();
        let middle = 0.5 * (self.frames - 1.0);
        let phasor = |t: f64| Complex64::from_polar(1.0, -TAU * step * (t + middle));
        // All blocks but the last are as far apart as the first two.
        let apart = self.blocks.get(1).zip(self.blocks.first()).map_or(0.0, |(b, a)| b.0 - a.0);
        let next = Complex64::from_polar(1.0, -TAU * step * apart);
        let mut turn = Complex64::default();
        for (i, (t, sum, moment)) in self.blocks.iter().enumerate() {
            let anew = i % RENEWAL == 0 || i + 1 == self.blocks.len();
            turn = if anew { phasor(*t) } else { turn * next };
            let here = (sum - Complex64::new(0.0, TAU * step) * moment) * turn;
            line += here;
            slope += here * *t + moment * turn;
        }
        (line, slope)
    }

    fn fit(&self) -> Option<Refined> {
        let n = self.frames;
        // The sum of the squared times from the middle.
        let spread = n * (n * n - 1.0) / 12.0;
        let mut step = 0.0;
        for iteration in 1..=ITERATIONS {
            let (line, slope) = self.at(step);
            let (amplitude, offset, gradient) = match self.kind {
                Kind::Iq => self.complex(step, line, slope)?,
                Kind::Real => self.real(step, line, slope)?,
            };
            let size = amplitude.norm_sqr() * if self.kind == Kind::Real { 0.5 } else { 1.0 };
            let change = gradient / (size * spread) / TAU;
            if !change.is_finite() || (step + change).abs() * n > 3.0 {
                return None;
            }
            step += change;
            if change.abs() * n < FINAL || iteration == ITERATIONS {
                let explained = (amplitude.conj() * line + offset.conj() * self.total).re;
                let residual = (self.power - explained).max(0.0) / n;
                return Some(Refined { frequency: self.frequency + step, power: size, residual });
            }
        }
        None
    }

    /// Amplitude and constant of `A e^{jwn} + C` in closed form, and the gradient along w.
    fn complex(&self, step: f64, line: Complex64, slope: Complex64) -> Option<(Complex64, Complex64, f64)> {
        let n = self.frames;
        let (unit, unit_slope) = unit_sums(n as usize, self.frequency + step);
        let determinant = n * n - unit.norm_sqr();
        if determinant < 1e-9 * n * n {
            return None;
        }
        let amplitude = (line * n - unit * self.total) / determinant;
        let offset = (self.total * n - unit.conj() * line) / determinant;
        Some((amplitude, offset, ((slope - unit_slope * offset) * amplitude.conj()).im))
    }

    /// The same of `Re(A e^{jwn}) + C`: its own mirror disturbs it little, so a few rounds settle amplitude and constant.
    fn real(&self, step: f64, line: Complex64, slope: Complex64) -> Option<(Complex64, Complex64, f64)> {
        let n = self.frames;
        let frequency = self.frequency + step;
        let (unit, unit_slope) = unit_sums(n as usize, frequency);
        let (twin, twin_slope) = unit_sums(n as usize, 2.0 * frequency);
        if unit.norm() > 0.3 * n || twin.norm() > 0.3 * n {
            return None;
        }
        let mut amplitude = line * (2.0 / n);
        let mut offset = 0.0;
        for _ in 0..60 {
            offset = (self.total.re - (amplitude * unit.conj()).re) / n;
            let next = (line - amplitude.conj() * twin * 0.5 - unit * offset) * (2.0 / n);
            let change = (next - amplitude).norm();
            amplitude = next;
            if change <= 1e-15 * amplitude.norm() {
                break;
            }
        }
        let rest = slope - amplitude.conj() * twin_slope * 0.5 - unit_slope * offset;
        Some((amplitude, Complex64::from(offset), (rest * amplitude.conj()).im))
    }
}

/// Sums over one block of `C` numbers a frame: `x e`, `i x e`, `x`, `|x|^2`.
#[inline(always)]
fn project<const C: usize>(block: &[f32], re: &[f64], im: &[f64]) -> (Complex64, Complex64, Complex64, f64) {
    let mut sums = Lanes::default();
    let (re, re_rest) = re.as_chunks::<LANES>();
    let (im, im_rest) = im.as_chunks::<LANES>();
    let mut frames = block.chunks_exact(LANES * C);
    let mut first = 0.0;
    for ((x, re), im) in frames.by_ref().zip(re).zip(im) {
        sums.add::<C>(x, re, im, first);
        first += LANES as f64;
    }
    // The last few frames, with nothing behind them.
    let rest = frames.remainder();
    let at = block.len() / C / LANES;
    let (mut x, mut e) = ([0.0; 2 * LANES], [[0.0; LANES]; 2]);
    x.iter_mut().zip(rest).for_each(|(x, r)| *x = *r);
    let behind = |whole: &[[f64; LANES]], rest: &[f64], k: usize| {
        whole.get(at).and_then(|w| w.get(k)).or_else(|| rest.get(k)).copied().unwrap_or(0.0)
    };
    let [e_re, e_im] = &mut e;
    for (k, (a, b)) in e_re.iter_mut().zip(e_im).enumerate() {
        (*a, *b) = (behind(re, re_rest, k), behind(im, im_rest, k));
    }
    sums.add::<C>(&x[..LANES * C], &e[0], &e[1], first);
    sums.total()
}

/// The sums of [`project`], each in lanes side by side.
#[derive(Default)]
struct Lanes {
    line: [[f64; LANES]; 2],
    moment: [[f64; LANES]; 2],
    plain: [[f64; LANES]; 2],
    power: [f64; LANES],
}

impl Lanes {
    /// Adds `LANES` frames, the first of which is number `first` of its block.
    #[inline(always)]
    fn add<const C: usize>(&mut self, x: &[f32], re: &[f64; LANES], im: &[f64; LANES], first: f64) {
        let (mut p, mut q) = ([0.0; LANES], [0.0; LANES]);
        for (k, frame) in x.chunks_exact(C).take(LANES).enumerate() {
            p[k] = f64::from(frame[0]);
            q[k] = if C == 2 { f64::from(frame[1]) } else { 0.0 };
        }
        for k in 0..LANES {
            let (a, b, place) = (p[k] * re[k] - q[k] * im[k], p[k] * im[k] + q[k] * re[k], first + k as f64);
            self.line[0][k] += a;
            self.line[1][k] += b;
            self.moment[0][k] += place * a;
            self.moment[1][k] += place * b;
            self.plain[0][k] += p[k];
            self.plain[1][k] += q[k];
            self.power[k] += p[k] * p[k] + q[k] * q[k];
        }
    }

    fn total(&self) -> (Complex64, Complex64, Complex64, f64) {
        let pair = |s: &[[f64; LANES]; 2]| Complex64::new(s[0].iter().sum(), s[1].iter().sum());
        (pair(&self.line), pair(&self.moment), pair(&self.plain), self.power.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Normal;
    use crate::quantity::Unit;
    use crate::record::Waveform;
    use crate::sinefit::{complex_bound, real_bound};

    fn fit(record: &Waveform, start: f64) -> Refined {
        refine_near(record, usize::MAX, start).unwrap().unwrap()
    }

    /// Samples are single precision: the fit is right to what that leaves, with a constant as strong as the line.
    #[test]
    fn clean_lines_come_back_beside_a_strong_constant() {
        let f = 0.173_205;
        for n in [1000_usize, 5000, 20_000] {
            let data: Vec<f64> = (0..n).map(|i| 0.7 * (TAU * f * i as f64 - 2.1).cos() + 0.6).collect();
            let got = fit(&Waveform::real(data, 1.0, Unit::Volt).unwrap(), f + 0.4 / n as f64);
            assert!((got.frequency - f).abs() * n as f64 <= 1e-6, "{n}: {got:?}");
            assert!((got.power / 0.245 - 1.0).abs() < 1e-6 && got.residual < 1e-12, "{got:?}");
            let data: Vec<Complex64> = (0..n)
                .map(|i| Complex64::from_polar(0.4, 1.1 - TAU * 0.31 * i as f64) + Complex64::new(0.3, -0.3))
                .collect();
            let got = fit(&Waveform::iq(&data, 1.0, None).unwrap(), -0.31 - 0.4 / n as f64);
            assert!((got.frequency + 0.31).abs() * n as f64 <= 1e-6, "{n}: {got:?}");
            assert!((got.power / 0.16 - 1.0).abs() < 1e-6 && got.residual < 1e-12, "{got:?}");
        }
    }

    /// rms error over 200 runs at each of the levels; its own spread is 5 % a level.
    #[test]
    fn frequency_reaches_the_cramer_rao_bound_from_10_to_60_db() {
        let (n, runs) = (4096, 200);
        let mut random = Normal(4242);
        let (mut real_sum, mut complex_sum) = (0.0, 0.0);
        let levels = [10.0, 20.0, 40.0, 60.0];
        for snr_db in levels {
            let snr = 10f64.powf(snr_db / 10.0);
            let sigma = (0.5 / snr).sqrt();
            let (mut real, mut complex) = (0.0, 0.0);
            for _ in 0..runs {
                let f = (700.0 + random.uniform()) / n as f64;
                let (start, phase) = (f + 0.3 * (random.uniform() - 0.5) / n as f64, random.uniform());
                let turn = |i: usize| TAU * (f * i as f64 + phase);
                let data = (0..n).map(|i| turn(i).cos() + sigma * random.pair().re).collect();
                real += (fit(&Waveform::real(data, 1.0, Unit::Volt).unwrap(), start).frequency - f).powi(2);
                let data: Vec<Complex64> =
                    (0..n).map(|i| Complex64::from_polar(1.0, turn(i)) + random.pair() * sigma).collect();
                complex += (fit(&Waveform::iq(&data, 1.0, None).unwrap(), start).frequency - f).powi(2);
            }
            let real = (real / f64::from(runs)).sqrt() / real_bound(snr, n);
            let complex = (complex / f64::from(runs)).sqrt() / complex_bound(snr, n);
            assert!(real < 1.17 && complex < 1.17, "{snr_db} dB: real {real}, complex {complex} times the bound");
            real_sum += real;
            complex_sum += complex;
        }
        let count = levels.len() as f64;
        println!("mean ratio to the bound: real {}, complex {}", real_sum / count, complex_sum / count);
        assert!(real_sum / count < 1.1 && complex_sum / count < 1.1, "{real_sum} {complex_sum}");
    }

    #[test]
    fn too_few_samples_and_hopeless_starts_are_refused() {
        let short = Waveform::real(vec![1.0; 7], 1.0, Unit::Volt).unwrap();
        assert!(refine_near(&short, 100, 0.1).unwrap().is_none());
        let silent = Waveform::real(vec![0.0; 64], 1.0, Unit::Volt).unwrap();
        assert!(refine_near(&silent, 100, 0.1).unwrap().is_none());
        let holed = Waveform::real(vec![f64::NAN; 64], 1.0, Unit::Volt).unwrap();
        assert!(refine_near(&holed, 100, 0.1).unwrap().is_none());
    }
}
