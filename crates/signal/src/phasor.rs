//! Sums of I/Q samples against turning phasors, block by block from a table: amplitudes of known lines, and what a carrier
//! leaves over.

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

/// Mean power that a line of `turns` cycles per frame does not explain, for each whole block of interleaved I/Q.
#[must_use]
pub fn block_rests(data: &[f32], frames: usize, turns: f64) -> Vec<f64> {
    let table = Phasor::new(turns, frames);
    let n = frames as f64;
    blocks(
        data,
        frames,
        #[inline(always)]
        |block| (dot(block, block) / n - table.project(block).norm_sqr() / (n * n)).max(0.0),
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
    fn a_line_leaves_the_power_of_what_is_not_it() {
        let mut data = line(4000, 0.05, 0.5, 0.3);
        assert!(block_rests(&data, 200, 0.05).iter().all(|p| *p < 1e-9));
        // Whole turns of another line in a block that holds whole turns of both: orthogonal.
        for (v, w) in data.iter_mut().zip(line(4000, 0.1, 0.02, 1.0)) {
            *v += w;
        }
        assert!(block_rests(&data, 200, 0.05).iter().all(|p| (p - 0.0004).abs() < 1e-7));
        assert_eq!(block_rests(&data, 300, 0.05).len(), 13);
    }

    #[test]
    fn moments_are_those_of_the_powers_and_what_is_not_a_number_counts_as_nothing() {
        // Powers 25 and 4, then 1 and 1, then one frame that fills no block.
        let moments = block_moments(&[3.0, 4.0, 0.0, -2.0, f32::NAN, 1.0, f32::INFINITY, 1.0, 9.0, 9.0], 2);
        let expected = [Moments { power: 14.5, square: 320.5 }, Moments { power: 1.0, square: 1.0 }];
        assert_eq!(moments, expected);
    }
}
