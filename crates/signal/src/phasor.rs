//! I/Q samples against turning phasors, block by block: amplitudes of known lines, powers, and noise wider than what
//! modulates a carrier.

use std::f64::consts::TAU;

use num_complex::Complex64;

use crate::lanes::{dot, sum};
use crate::wide::wide;

/// Frames of a block of [`amplitudes`]: the block and the tables of a few lines stay in the nearest cache.
const BLOCK: usize = 256;

/// One block of `exp(-j 2 pi turns t)`, laid out so that the sums over I/Q pairs are plain dot products.
struct Phasor {
    /// `cos, sin`: the real part.
    along: Vec<f64>,
    /// `-sin, cos`: the imaginary part.
    across: Vec<f64>,
}

impl Phasor {
    fn new(turns: f64, frames: usize) -> Self {
        let angles = (0..frames).map(|t| (TAU * (turns * t as f64).fract()).sin_cos());
        let (along, across) = angles.map(|(s, c)| ([c, s], [-s, c])).unzip::<_, _, Vec<_>, Vec<_>>();
        Self { along: along.into_flattened(), across: across.into_flattened() }
    }

    /// `sum x_t exp(-j 2 pi turns t)`, t counted from the first frame; a shorter block ends the sum.
    #[inline(always)]
    fn project(&self, block: &[f64]) -> Complex64 {
        Complex64::new(dot(block, &self.along), dot(block, &self.across))
    }
}

/// Copies in double precision; what is not a finite number counts as 0.
#[inline(always)]
fn widen(from: &[f32], to: &mut [f64]) {
    for (o, v) in to.iter_mut().zip(from) {
        *o = if v.is_finite() { f64::from(*v) } else { 0.0 };
    }
}

/// Complex amplitudes at `turns` cycles per frame of interleaved I/Q under a Hann window, phases counted from the middle
/// of the frames.
#[must_use]
pub fn amplitudes(data: &[f32], turns: &[f64]) -> Vec<Complex64> {
    let frames = (data.len() / 2) as f64;
    let tables: Vec<Phasor> = turns.iter().map(|t| Phasor::new(*t, BLOCK)).collect();
    let window = Phasor::new(1.0 / frames, BLOCK);
    let mut sums = vec![Complex64::default(); turns.len()];
    let mut block = [0.0; 2 * BLOCK];
    for (n, part) in data.chunks(2 * BLOCK).enumerate() {
        let at = (n * BLOCK) as f64;
        let block = &mut block[..part.len()];
        wide(
            #[inline(always)]
            || {
                widen(part, block);
                // cos(a + b) = cos a cos b - sin a sin b: the table's block, turned to its place.
                let (s, c) = (TAU * at / frames).sin_cos();
                for (pair, table) in block.as_chunks_mut::<2>().0.iter_mut().zip(window.along.as_chunks::<2>().0) {
                    let weight = 1.0 - (c * table[0] - s * table[1]);
                    pair[0] *= weight;
                    pair[1] *= weight;
                }
                for ((sum, table), turns) in sums.iter_mut().zip(&tables).zip(turns) {
                    let turn = Complex64::cis(-TAU * (turns * (at - 0.5 * frames)).fract());
                    *sum += table.project(block) * turn;
                }
            },
        );
    }
    sums.iter().map(|s| s / frames).collect()
}

/// What the powers of a block's frames are on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// The mean power.
    pub power: f64,
    /// The mean square of the power.
    pub square: f64,
}

/// The moments of the power in each whole block of interleaved I/Q.
#[must_use]
pub fn block_moments(data: &[f32], frames: usize) -> Vec<Moments> {
    let mut powers = vec![0.0; frames];
    let n = frames as f64;
    blocks(
        data,
        frames,
        #[inline(always)]
        |block| {
            for (power, [i, q]) in powers.iter_mut().zip(block.as_chunks().0) {
                *power = i * i + q * q;
            }
            Moments { power: sum(&powers) / n, square: dot(&powers, &powers) / n }
        },
    )
}

/// Power of the noise that is wider than a modulation, for each whole block of interleaved I/Q: the third differences of the
/// frames with a carrier of `turns` cycles per frame brought to rest, over the 20 that white noise of power 1 gives.
///
/// What a modulation has at `b` cycles per frame is left out by `(2 pi b)^6 / 20`, 66 dB for 5 kHz in 240 kS/s.
#[must_use]
pub fn block_wide_noise(data: &[f32], frames: usize, turns: f64) -> Vec<f64> {
    const ORDER: usize = 3;
    // Instead of the frames the differences are turned: by one frame's turn for each frame that they reach back.
    let taps = [-3.0, 3.0, -1.0];
    let taps: [Complex64; ORDER] =
        std::array::from_fn(|k| taps[k] * Complex64::cis(TAU * (turns * (k + 1) as f64).fract()));
    let room = vec![0.0; frames.max(ORDER)];
    let (mut re, mut im, mut powers) = (room.clone(), room.clone(), room);
    blocks(
        data,
        frames,
        #[inline(always)]
        |block| {
            for ((re, im), [i, q]) in re.iter_mut().zip(&mut im).zip(block.as_chunks().0) {
                (*re, *im) = (*i, *q);
            }
            let n = frames.saturating_sub(ORDER);
            // Frames so many places back, beside each other, so that the sums vectorise.
            let back = |k: usize| (&re[ORDER - k..][..n], &im[ORDER - k..][..n]);
            let [(r0, i0), (r1, i1), (r2, i2), (r3, i3)] = [back(0), back(1), back(2), back(3)];
            for (k, power) in powers[..n].iter_mut().enumerate() {
                let [a, b, c] = taps;
                let x = r0[k] + a.re * r1[k] - a.im * i1[k] + b.re * r2[k] - b.im * i2[k] + c.re * r3[k] - c.im * i3[k];
                let y = i0[k] + a.re * i1[k] + a.im * r1[k] + b.re * i2[k] + b.im * r2[k] + c.re * i3[k] + c.im * r3[k];
                *power = x * x + y * y;
            }
            sum(&powers[..n]) / 20.0 / n.max(1) as f64
        },
    )
}

fn blocks<T>(data: &[f32], frames: usize, mut of: impl FnMut(&[f64]) -> T) -> Vec<T> {
    let mut block = vec![0.0; 2 * frames];
    data.chunks_exact(2 * frames)
        .map(|part| {
            wide(
                #[inline(always)]
                || {
                    widen(part, &mut block);
                    of(&block)
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `A exp(j (2 pi turns (k - N / 2) + p))`: amplitude A, and phase p at the middle of the frames.
    fn line(frames: u32, turns: f64, amplitude: f64, phase: f64) -> Vec<f32> {
        let angle = |k: u32| TAU * turns * (f64::from(k) - 0.5 * f64::from(frames)) + phase;
        (0..frames).flat_map(|k| [angle(k).cos(), angle(k).sin()]).map(|v| (amplitude * v) as f32).collect()
    }

    #[test]
    fn amplitudes_are_those_of_the_lines_with_their_phases_at_the_middle() {
        let (strong, weak) = (line(10_007, 0.0712, 0.3, 0.9), line(10_007, -0.31, 1e-3, -2.0));
        let both: Vec<f32> = strong.iter().zip(&weak).map(|(a, b)| a + b).collect();
        let found = amplitudes(&both, &[0.0712, -0.31, 0.2]);
        assert!((found[0] - Complex64::from_polar(0.3, 0.9)).norm() < 1e-6, "{}", found[0]);
        assert!((found[1] - Complex64::from_polar(1e-3, -2.0)).norm() < 1e-6, "{}", found[1]);
        assert!(found[2].norm() < 1e-6);
    }

    #[test]
    fn wide_noise_is_noise_and_neither_carrier_nor_modulation() {
        let (frames, turns) = (20_000_u32, 0.13);
        let one = |data: &[f32]| block_wide_noise(data, frames as usize, turns)[0];
        // Rounding to single precision is white noise of (2^-25)^2 / 3 or less in each number.
        assert!(one(&line(frames, turns, 1.0, 0.3)) < 1e-14);
        // FM of 2.5 kHz at 1 kHz in 240 kS/s: no sideband above 5 kHz to speak of.
        let (deviation, rate) = (2.5 / 240.0, 1.0 / 240.0);
        let angle = |k: f64| TAU * turns * k + deviation / rate * (TAU * rate * k).sin();
        let voice: Vec<f32> = (0..frames)
            .flat_map(|k| [angle(f64::from(k)).cos(), angle(f64::from(k)).sin()])
            .map(|v| v as f32)
            .collect();
        assert!((1e-12..1e-6).contains(&one(&voice)), "{}", one(&voice));
        // Uniform I and Q of variance 1/12 each: 1/6 within 5 % of 20 000 frames.
        let mut state = 1u64;
        let noise: Vec<f32> = (0..2 * frames)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) as f32
            })
            .collect();
        assert!((one(&noise) * 6.0 - 1.0).abs() < 0.05);
        // A line `b` beside the carrier is left by |1 - exp(2 pi i b)|^6 / 20.
        let beside = 0.05;
        let left = (2.0 - 2.0 * (TAU * beside).cos()).powi(3) / 20.0;
        assert!((one(&line(frames, turns + beside, 1.0, 0.0)) / left - 1.0).abs() < 1e-4);
        assert_eq!(block_wide_noise(&noise, 300, turns).len(), 66);
        assert_eq!(block_wide_noise(&noise[..4], 2, turns), [0.0]);
    }

    #[test]
    fn moments_are_those_of_the_powers_and_what_is_not_a_number_counts_as_nothing() {
        // Powers 25 and 4, then 1 and 1, then one frame that fills no block.
        let moments = block_moments(&[3.0, 4.0, 0.0, -2.0, f32::NAN, 1.0, f32::INFINITY, 1.0, 9.0, 9.0], 2);
        let expected = [Moments { power: 14.5, square: 320.5 }, Moments { power: 1.0, square: 1.0 }];
        assert_eq!(moments, expected);
    }
}
