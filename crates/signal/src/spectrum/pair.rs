//! Real segments two at a time: one as I and one as Q of a complex transform, whose powers give the sum of both.
//!
//! With `Z` the transform of `x + i y`, `|X[k]|^2 + |Y[k]|^2 = (|Z[k]|^2 + |Z[n-k]|^2) / 2`: the transforms of real numbers are
//! conjugate about 0 Hz, so that the cross terms of both bins cancel. Only sums of powers can be had in this way.

use super::kernel::{self, Float, Plan, Transform};
use super::split::GROUPS;
use crate::record::Kind;
use crate::wide::{Aligned, wide};

/// Fewest segments worth the folding at the end.
const FEWEST: usize = 4;

/// One thread's buffers for pairs of real segments.
pub(super) struct Pairs<T: Float> {
    transform: Transform<T>,
    groups: usize,
    /// Each coefficient twice.
    window: Vec<T>,
    samples: Aligned<T>,
    power: Aligned<T>,
}

impl<T: Float> Pairs<T> {
    /// For a window of real segments; nothing where the complex transform is not the quicker one.
    pub(super) fn new(window: &[T]) -> Option<Self> {
        let n = window.len();
        let window: Vec<T> = window.iter().flat_map(|w| [*w, *w]).collect();
        let plan = Plan::new(Kind::Iq, n, &window);
        let groups = plan.groups();
        (groups > 1).then(|| Self {
            transform: Transform::new(plan, n),
            groups,
            samples: Aligned::new(window.len()),
            window,
            power: Aligned::new(n),
        })
    }

    /// Adds the powers of as many segments as come in pairs to `sum` (`n / 2 + 1` bins) and says how many those were.
    ///
    /// `offset` is taken off the samples, and `offset_bins` put back into the lowest bins of each segment.
    pub(super) fn add(
        &mut self,
        sum: &mut [T],
        (samples, hop, segments): (&[T], usize, usize),
        (offset, offset_bins): (T, &[T]),
    ) -> usize {
        if segments < FEWEST {
            return 0;
        }
        let n = self.power.len();
        let both = segments / 2 * 2;
        self.power.fill(T::default());
        for first in (0..both).step_by(2) {
            let segment = |i: usize| &samples[i * hop..i * hop + n];
            let (one, other) = (segment(first), segment(first + 1));
            wide(
                #[inline(always)]
                || interleave(&mut self.samples, one, other, offset),
            );
            self.transform.run(&self.samples, &self.window, T::default());
            let bins = self.transform.bins_mut();
            for (k, offset) in offset_bins.iter().enumerate() {
                // The offset's own bins are real and alike on both sides of 0 Hz.
                for k in [k, n - k].into_iter().take(if k == 0 || 2 * k == n { 1 } else { 2 }) {
                    let bin = &mut bins[place(k, n, self.groups)];
                    (bin.re, bin.im) = (bin.re + *offset, bin.im + *offset);
                }
            }
            wide(
                #[inline(always)]
                || kernel::add_power(&mut self.power, self.transform.bins()),
            );
        }
        let half = T::of(0.5);
        for (k, s) in sum.iter_mut().enumerate() {
            let twin = if k == 0 { 0 } else { n - k };
            *s = *s + half * (self.power[place(k, n, self.groups)] + self.power[place(twin, n, self.groups)]);
        }
        both
    }
}

/// Where a transform of `n` keeps bin `k` when its bins come in groups.
pub(super) const fn place(k: usize, n: usize, groups: usize) -> usize {
    k % groups * (n / groups) + k / groups
}

/// Values that come in groups, brought to the order of their bins; nothing when they do not fill the groups.
pub(super) fn in_order<V: Copy + Default>(values: &[V]) -> Option<Vec<V>> {
    let length = values.len() / GROUPS;
    if length * GROUPS != values.len() {
        return None;
    }
    let mut groups = values.chunks_exact(length.max(1));
    let groups: [&[V]; GROUPS] = std::array::from_fn(|_| groups.next().unwrap_or_default());
    let mut out = vec![V::default(); values.len()];
    for (k, cells) in out.as_chunks_mut::<GROUPS>().0.iter_mut().enumerate() {
        for (cell, group) in cells.iter_mut().zip(&groups) {
            *cell = group.get(k).copied().unwrap_or_default();
        }
    }
    Some(out)
}

#[inline(always)]
fn interleave<T: Float>(out: &mut [T], first: &[T], second: &[T], offset: T) {
    for ((pair, a), b) in out.as_chunks_mut().0.iter_mut().zip(first).zip(second) {
        *pair = [*a - offset, *b - offset];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Unit;
    use crate::record::Waveform;
    use crate::spectrum::{SpectrumSettings, average, reference};
    use crate::window::Window;

    /// Against the defining sum: odd and even counts of segments, more than a block, with and without an offset.
    #[test]
    fn pairs_agree_with_the_reference() {
        let value = |i: usize| ((i * i % 7919 * 31 + i * 104_729) % 1009) as f64 / 504.5 - 1.0;
        for (n, segments) in [(512, 257), (512, 260), (1024, 322), (2048, 263), (512, 9)] {
            for mean in [0.0, 3.0] {
                let data: Vec<f64> = (0..n / 2 * (segments + 1)).map(|i| mean + value(i)).collect();
                let record = Waveform::real(data, 1e6, Unit::Volt).unwrap();
                for window in [Window::Hann, Window::FlatTop] {
                    let settings = SpectrumSettings { fft: n, window, overlap: 0.5 };
                    let truth = reference(&record, settings).unwrap();
                    let fast = average(&record, settings).unwrap();
                    assert_eq!((fast.segments, fast.skipped), (truth.segments, truth.skipped));
                    let top = truth.mean.iter().copied().fold(0.0, f64::max);
                    for (bin, (a, b)) in fast.mean.iter().zip(&truth.mean).enumerate() {
                        assert!((a - b).abs() <= 1e-5 * b + 1e-12 * top, "{n} {segments} {mean} {bin}: {a} {b}");
                    }
                }
            }
        }
    }

    /// Both segments of a pair that NaN touches are looked at one by one.
    #[test]
    fn only_segments_with_a_gap_are_left_out() {
        let mut data: Vec<f64> = (0..512 * 300).map(|i| f64::from(i * 7919 % 1009) / 504.5 - 1.0).collect();
        data[1000] = f64::NAN;
        let record = Waveform::real(data.clone(), 1e6, Unit::Volt).unwrap();
        let settings = SpectrumSettings { fft: 512, window: Window::Hann, overlap: 0.0 };
        let fast = average(&record, settings).unwrap();
        assert_eq!((fast.segments, fast.skipped), (299, 1));
        data.drain(512..1024);
        let truth = reference(&Waveform::real(data, 1e6, Unit::Volt).unwrap(), settings).unwrap();
        assert!(fast.mean.iter().zip(&truth.mean).all(|(a, b)| (a - b).abs() <= 1e-5 * b + 1e-9));
    }

    #[test]
    fn lengths_without_a_quicker_transform_are_left_alone() {
        assert!(Pairs::new(&[1f32; 100]).is_none());
        assert!(Pairs::new(&[1f64; 1024]).is_none());
    }
}
