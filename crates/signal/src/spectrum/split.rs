//! A windowed transform of I/Q in two steps: one stage of radix 8 that takes the window along, then eight shorter transforms.
//!
//! With n = 8 m and x the windowed samples, `X[8 k + r] = sum_j y_r[j] exp(-2 pi i j k / m)`, where
//! `y_r[j] = exp(-2 pi i r j / n) sum_q x[j + q m] exp(-2 pi i q r / 8)` (decimation in frequency: W. M. Gentleman and
//! G. Sande, 1966). The bins stay in the order of r, then k: powers are summed in any order, and sorted once at the end.

use std::sync::Arc;

use faultscope_transform::{Fft, single};
use num_complex::Complex32;
use pulp::{Simd, cast};

use crate::memo::Memo;

/// Shorter transforms that one is split into.
pub(crate) const GROUPS: usize = 8;
/// Lengths worth it: the registers must be filled, and the table of factors must stay in the second-level cache.
const LENGTHS: std::ops::RangeInclusive<usize> = 512..=65_536;
/// Numbers a cache line.
const LINE: usize = 16;

/// Factors of one cache line of each group: eight of the window, seven of turns.
#[derive(Clone)]
#[repr(align(64))]
struct Factors([[f32; LINE]; 2 * GROUPS - 1]);

/// A plan for one length and window.
pub(crate) struct Split {
    registers: Registers,
    factors: Vec<Factors>,
    inner: Arc<dyn Fft<f32>>,
}

impl Split {
    /// A plan for the window, each coefficient of it twice; nothing when the length or the processor is unsuited.
    pub(crate) fn new(window: &[f32]) -> Option<Self> {
        let registers = Registers::widest()?;
        let n = window.len() / 2;
        if !(n.is_power_of_two() && LENGTHS.contains(&n)) {
            return None;
        }
        let m = n / GROUPS;
        let mut factors = turns(n).as_ref().clone();
        for (l, Factors(rows)) in factors.iter_mut().enumerate() {
            for (q, row) in rows.iter_mut().take(GROUPS).enumerate() {
                row.copy_from_slice(&window[q * 2 * m + l * LINE..][..LINE]);
            }
        }
        Some(Self { registers, factors, inner: single::forward(m) })
    }

    pub(crate) fn scratch_len(&self) -> usize {
        self.inner.get_inplace_scratch_len()
    }

    /// Windows and transforms the samples into `bins`: group r holds bin `8 k + r` at place k.
    pub(crate) fn run(&self, samples: &[f32], bins: &mut [Complex32], scratch: &mut [Complex32]) {
        self.registers.run(Stage { samples, factors: &self.factors, out: bytemuck::cast_slice_mut(bins) });
        for group in bins.chunks_exact_mut(bins.len() / GROUPS) {
            self.inner.process_with_scratch(group, scratch);
        }
    }
}

/// The factors for `n` points with no window in them yet; kept, because the turns cost more than many transforms.
fn turns(n: usize) -> Arc<Vec<Factors>> {
    static KEPT: Memo<usize, Arc<Vec<Factors>>> = Memo::new();
    let turn = |r: usize, number: usize| {
        let angle = -std::f64::consts::TAU * (r * (number / 2)) as f64 / n as f64;
        (if number.is_multiple_of(2) { angle.cos() } else { angle.sin() }) as f32
    };
    let row = |line: usize, row: usize| {
        std::array::from_fn(|at| if row < GROUPS { 0.0 } else { turn(row + 1 - GROUPS, line * LINE + at) })
    };
    let line = |l: usize| Factors(std::array::from_fn(|r| row(l, r)));
    KEPT.get(n, || Arc::new((0..2 * n / GROUPS / LINE).map(line).collect()))
}

/// The vector registers that the stage is compiled for; without them the ordinary transform is as good.
#[derive(Clone, Copy)]
enum Registers {
    #[cfg(target_arch = "x86_64")]
    Eight(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Sixteen(pulp::x86::V4),
}

impl Registers {
    fn widest() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        return pulp::x86::V4::try_new().map(Self::Sixteen).or_else(|| pulp::x86::V3::try_new().map(Self::Eight));
        #[cfg(not(target_arch = "x86_64"))]
        return None;
    }

    fn run(self, stage: Stage<'_>) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Eight(simd) => simd.vectorize(
                #[inline(always)]
                || stage.run(simd),
            ),
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(simd) => simd.vectorize(
                #[inline(always)]
                || stage.run(simd),
            ),
        }
    }
}

/// The stage of radix 8, on I and Q side by side.
struct Stage<'a> {
    samples: &'a [f32],
    factors: &'a [Factors],
    out: &'a mut [f32],
}

impl Stage<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let part = self.samples.len() / GROUPS;
        let lines = self.factors.len();
        let x: [&[[f32; LINE]]; GROUPS] =
            std::array::from_fn(|q| &self.samples[q * part..(q + 1) * part].as_chunks().0[..lines]);
        let mut rest = self.out;
        let y: [&mut [[f32; LINE]]; GROUPS] = std::array::from_fn(|_| {
            let (group, others) = std::mem::take(&mut rest).split_at_mut(part);
            rest = others;
            &mut group.as_chunks_mut().0[..lines]
        });
        for (line, Factors(factors)) in self.factors.iter().enumerate() {
            for at in 0..LINE / S::F32_LANES {
                let load = |numbers: &[f32; LINE]| S::as_simd_f32s(numbers).0[at];
                let windowed = std::array::from_fn(|q| simd.mul_f32s(load(&x[q][line]), load(&factors[q])));
                let sums = butterfly(simd, windowed);
                S::as_mut_simd_f32s(&mut y[0][line]).0[at] = sums[0];
                for r in 1..GROUPS {
                    let turned = simd.mul_c32s(cast(sums[r]), cast(load(&factors[GROUPS - 1 + r])));
                    S::as_mut_simd_f32s(&mut y[r][line]).0[at] = cast(turned);
                }
            }
        }
    }
}

/// The transform of eight numbers: `sum_q a_q exp(-2 pi i q r / 8)` for r = 0 to 7.
#[inline(always)]
fn butterfly<S: Simd>(simd: S, a: [S::f32s; GROUPS]) -> [S::f32s; GROUPS] {
    let add = |p, q| simd.add_f32s(p, q);
    let sub = |p, q| simd.sub_f32s(p, q);
    // Times -i: (re, im) becomes (im, -re).
    let turn = |z: S::f32s| -> S::f32s { cast(simd.conj_c32s(simd.swap_re_im_c32s(cast(z)))) };
    let four = |p0, p1, p2, p3| {
        let (even, odd, even_less, odd_less) = (add(p0, p2), add(p1, p3), sub(p0, p2), turn(sub(p1, p3)));
        [add(even, odd), add(even_less, odd_less), sub(even, odd), sub(even_less, odd_less)]
    };
    let even = four(add(a[0], a[4]), add(a[1], a[5]), add(a[2], a[6]), add(a[3], a[7]));
    let (d0, d1, d2, d3) = (sub(a[0], a[4]), sub(a[1], a[5]), sub(a[2], a[6]), sub(a[3], a[7]));
    // An eighth of a turn is (1 - i) / sqrt 2, three eighths are (-1 - i) / sqrt 2.
    let half = simd.splat_f32s(std::f32::consts::FRAC_1_SQRT_2);
    let eighth = simd.mul_f32s(add(d1, turn(d1)), half);
    let three_eighths = simd.mul_f32s(sub(turn(d3), d3), half);
    let odd = four(d0, eighth, turn(d2), three_eighths);
    [even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// One term of the defining sum at a time, in double precision; on a processor without wide registers nothing runs.
    #[test]
    fn every_bin_is_that_of_the_defining_sum() {
        let n = 512;
        let number = |i: usize| ((i * i * 7919 + i * 104_729) % 1009) as f32 / 504.5 - 1.0;
        let samples: Vec<f32> = (0..2 * n).map(number).collect();
        let window: Vec<f32> = (0..2 * n).map(|i| 0.5 - 0.5 * (TAU * (i / 2) as f64 / n as f64).cos() as f32).collect();
        let widths = Registers::all();
        for registers in widths {
            let Some(split) = Split::new(&window).map(|s| Split { registers, ..s }) else { return };
            let zero = Complex32::new(0.0, 0.0);
            let (mut bins, mut scratch) = (vec![zero; n], vec![zero; split.scratch_len()]);
            split.run(&samples, &mut bins, &mut scratch);
            for bin in 0..n {
                let (mut re, mut im) = (0.0, 0.0);
                for t in 0..n {
                    let (s, c) = (-TAU * ((bin * t) % n) as f64 / n as f64).sin_cos();
                    let value = |part: usize| f64::from(samples[2 * t + part]) * f64::from(window[2 * t + part]);
                    re += value(0) * c - value(1) * s;
                    im += value(0) * s + value(1) * c;
                }
                let got = bins[bin % GROUPS * (n / GROUPS) + bin / GROUPS];
                let miss = (f64::from(got.re) - re).hypot(f64::from(got.im) - im);
                // The sum of squares of the input is some 100: rounding of 2^-24 a step leaves far less than this.
                assert!(miss < 2e-5, "{bin}: {got} for {re} {im}");
            }
        }
    }

    impl Registers {
        fn all() -> Vec<Self> {
            #[cfg(target_arch = "x86_64")]
            return [pulp::x86::V3::try_new().map(Self::Eight), pulp::x86::V4::try_new().map(Self::Sixteen)]
                .into_iter()
                .flatten()
                .collect();
            #[cfg(not(target_arch = "x86_64"))]
            return Vec::new();
        }
    }

    #[test]
    fn unsuited_lengths_are_left_to_the_ordinary_transform() {
        for n in [2, 256, 1000, 131_072] {
            assert!(Split::new(&vec![1.0; 2 * n]).is_none(), "{n}");
        }
    }
}
