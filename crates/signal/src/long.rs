//! One long windowed transform of a record's beginning: every line of it can be read at that resolution.

use std::cell::RefCell;
use std::sync::Arc;

use faultscope_transform::{LONGEST_KEPT, single};
use num_complex::Complex32;

use crate::memo::Memo;
use crate::record::{Kind, Record, RecordError};
use crate::tone::{Response, interpolate};
use crate::wide::{Aligned, wide};
use crate::window::Window;

/// Lengths are one of these times a power of two: transforms of other lengths take several times as long.
const MANTISSAS: [usize; 6] = [15, 12, 10, 9, 8, 1];

/// The transform, its bins in the order of the transform.
#[derive(Debug)]
pub struct Long {
    kind: Kind,
    frames: usize,
    bins: Aligned<Complex32>,
    /// What turns the power of a bin into that of a line in it.
    scale: f64,
    window: Window,
}

impl Long {
    /// Of at most `most` frames from the beginning.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn new(record: &dyn Record, window: Window, most: usize) -> Result<Self, RecordError> {
        let kind = record.kind();
        let frames = good_length(usize::try_from(record.frames()).unwrap_or(usize::MAX).min(most));
        let read = |out: &mut [f32]| match record.read_f32(0, out)? {
            got if got == frames && frames > 0 => Ok(()),
            got => Err(RecordError::new(format!("the record ends at sample {got} although it should not"))),
        };
        let (coefficients, gain) = kept_window(window, frames);
        let bins = match kind {
            Kind::Real => real(read, &coefficients)?,
            Kind::Iq => complex(record.lend_f32(0, 2 * frames), read, &coefficients)?,
        };
        let halves = if kind == Kind::Real { 2.0 } else { 1.0 };
        Ok(Self { kind, frames, bins, scale: halves / (gain * gain), window })
    }

    /// Frames under the window.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// Power that a line in bin `k` would have; bins go on around the ends, or are mirrored there in real records.
    fn power(&self, k: i64) -> f64 {
        let n = self.frames as i64;
        let k = k.rem_euclid(n);
        let k = if self.kind == Kind::Real { k.min(n - k) } else { k };
        let z = self.bins.get(k as usize).copied().unwrap_or_default();
        self.scale * (f64::from(z.re).powi(2) + f64::from(z.im).powi(2))
    }

    /// The strongest line within `search` bins of `frequency`: its place (both in cycles per sample), and its power.
    #[must_use]
    pub fn strongest(&self, frequency: f64, search: usize) -> (f64, f64) {
        let response = Response::of(self.window, self.frames);
        let reach = response.lobe_bins().ceil() as usize;
        let width = search + reach;
        let first = (frequency * self.frames as f64).round() as i64 - width as i64;
        let cells: Vec<f64> = (0..=2 * width as i64).map(|i| self.power(first + i)).collect();
        let peak = (reach..=2 * width - reach).max_by(|a, b| cells[*a].total_cmp(&cells[*b])).unwrap_or(width);
        let tone = interpolate(&response, &cells, peak, 0.0, reach.saturating_sub(1).max(1));
        ((first as f64 + tone.bin) / self.frames as f64, tone.power)
    }

    /// Power of a line known to be exactly at `frequency`: the nearest bin with its scalloping undone. The second
    /// number is how many times a bin's noise it holds.
    #[must_use]
    pub fn power_at(&self, frequency: f64) -> (f64, f64) {
        let place = frequency * self.frames as f64;
        let gain = Response::of(self.window, self.frames).power(place - place.round());
        (self.power(place.round() as i64) / gain, 1.0 / gain)
    }
}

/// The transform of windowed real numbers, which `read` writes.
fn real(
    read: impl Fn(&mut [f32]) -> Result<(), RecordError>,
    window: &[f32],
) -> Result<Aligned<Complex32>, RecordError> {
    let fft = single::real(window.len());
    let mut data = Aligned::<f32>::new(window.len());
    read(&mut data)?;
    wide(
        #[inline(always)]
        || {
            for (x, w) in data.iter_mut().zip(window) {
                *x *= w;
            }
        },
    );
    let (mut bins, mut scratch) = (spare(window.len() / 2 + 1), spare(fft.get_scratch_len()));
    // The buffers have the plan's own lengths, so this cannot fail.
    let _ = fft.process_with_scratch(&mut data, &mut bins, &mut scratch);
    keep(scratch);
    Ok(bins)
}

/// The same of pairs, which are read only where they are not lent.
fn complex(
    lent: Option<&[f32]>,
    read: impl Fn(&mut [f32]) -> Result<(), RecordError>,
    window: &[f32],
) -> Result<Aligned<Complex32>, RecordError> {
    let fft = single::forward(window.len());
    let (mut data, mut bins) = (spare(window.len()), spare(window.len()));
    if let Some(lent) = lent {
        wide(
            #[inline(always)]
            || {
                for ((z, [re, im]), w) in data.iter_mut().zip(lent.as_chunks().0).zip(window) {
                    *z = Complex32::new(re * w, im * w);
                }
            },
        );
    } else {
        read(bytemuck::cast_slice_mut(&mut data))?;
        wide(
            #[inline(always)]
            || {
                for (z, w) in data.iter_mut().zip(window) {
                    *z = Complex32::new(z.re * w, z.im * w);
                }
            },
        );
    }
    let mut scratch = spare(fft.get_outofplace_scratch_len());
    fft.process_outofplace_with_scratch(&mut data, &mut bins, &mut scratch);
    keep(scratch);
    keep(data);
    Ok(bins)
}

thread_local! {
    /// Numbers of transforms that are done with: the next one need not allocate and clear its own.
    static SPARE: RefCell<Vec<Aligned<Complex32>>> = const { RefCell::new(Vec::new()) };
}

/// `n` numbers of any value.
fn spare(n: usize) -> Aligned<Complex32> {
    let mut numbers = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Aligned::new(0));
    numbers.resize(n);
    numbers
}

/// Leaves numbers to the next transform of this thread; three are needed, and very long ones are not kept.
fn keep(numbers: Aligned<Complex32>) {
    // A thread that is ending needs none.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < 3 && numbers.len() <= LONGEST_KEPT {
            spare.push(numbers);
        }
    });
}

impl Drop for Long {
    fn drop(&mut self) {
        keep(std::mem::replace(&mut self.bins, Aligned::new(0)));
    }
}

/// The longest length up to `most` that transforms quickly, at most a fifth shorter.
fn good_length(most: usize) -> usize {
    let fitting = |mantissa: &usize| {
        let turns = (most / mantissa).checked_ilog2()?;
        Some(mantissa << turns)
    };
    MANTISSAS.iter().filter_map(fitting).max().unwrap_or(0)
}

/// Coefficients in single precision, and their sum.
type Narrow = (Arc<Vec<f32>>, f64);

/// The window in single precision, with the sum of its coefficients.
fn kept_window(window: Window, n: usize) -> Narrow {
    static KEPT: Memo<(Window, usize), Narrow> = Memo::new();
    let make = || {
        let narrow: Vec<f32> = window.coefficients(n).into_iter().map(|w| w as f32).collect();
        let gain = narrow.iter().map(|w| f64::from(*w)).sum();
        (Arc::new(narrow), gain)
    };
    if n <= LONGEST_KEPT { KEPT.get((window, n), make) } else { make() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Unit;
    use crate::record::Waveform;
    use num_complex::Complex64;
    use std::f64::consts::TAU;

    /// Powers by definition: 0.3^2 / 2 of a real sine, 0.3^2 of a complex tone; on, between and near bins.
    #[test]
    fn lines_are_read_with_their_own_power_and_place() {
        for (n, f) in [(5000, 0.123_456_789), (4096, 1000.5 / 4096.0), (4096, 3.0 / 64.0)] {
            let used = good_length(n) as f64;
            let data: Vec<f64> = (0..n).map(|i| 0.3 * (TAU * f * i as f64 + 1.0).cos()).collect();
            let record = Waveform::real(data, 1.0, Unit::Volt).unwrap();
            let iq: Vec<Complex64> = (0..n).map(|i| Complex64::from_polar(0.3, -TAU * f * i as f64)).collect();
            let iq = Waveform::iq(&iq, 1.0, None).unwrap();
            for (record, f, power) in [(&record, f, 0.045), (&iq, -f, 0.09)] {
                let long = Long::new(record, Window::BlackmanHarris, 1 << 17).unwrap();
                assert_eq!(long.frames() as f64, used);
                let (at, p) = long.strongest(f + 1.3 / used, 3);
                assert!((at - f).abs() < 1e-3 / used && (p / power - 1.0).abs() < 1e-4, "{n} {f}: {at} {p}");
                assert!((long.power_at(f).0 / power - 1.0).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn lengths_are_quick_and_near() {
        assert_eq!(good_length(131_072), 131_072);
        assert_eq!(good_length(64), 64);
        assert_eq!((good_length(0), good_length(1), good_length(7)), (0, 1, 4));
        for most in [100_usize, 997, 65_535, 100_003] {
            assert!(good_length(most) <= most && good_length(most) * 5 >= most * 4, "{most}");
        }
    }
}
