//! The first pass over a record: range, mean, step of the converter; and the record freed of mean and gaps.

use faultscope_signal::lanes;
use faultscope_signal::wide::wide;
use faultscope_signal::{Kind, Record, RecordError, Unit};

/// Samples that are taken apart together.
pub(super) const CHUNK: usize = 1 << 16;
/// Samples read at a time where nothing else asks for more: few enough for the cache.
const READ: usize = 1 << 14;
/// Samples that are looked at together.
const PART: usize = 1 << 11;

/// What one pass tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    pub(super) frames: u64,
    pub(super) finite: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) dc: f64,
    /// Mean square about `dc`.
    pub(super) variance: f64,
    /// Smallest difference between neighbours that is not zero: the converter's step, where it has one.
    pub(super) step: f64,
}

pub(super) fn scan(record: &dyn Record) -> Result<Scan, RecordError> {
    let frames = record.frames();
    let mut block = vec![0.0; READ.min(usize::try_from(frames).unwrap_or(READ)).max(1)];
    let (mut finite, mut min, mut max) = (0u64, f64::INFINITY, f64::NEG_INFINITY);
    let (mut pivot, mut sum, mut squares) = (None, 0.0, 0.0);
    let (mut step, mut last) = (f64::INFINITY, f64::NAN);
    let mut at = 0u64;
    while at < frames {
        let n = record.read_f64(at, &mut block)?;
        if n == 0 {
            break;
        }
        // Sums per block, so that long records do not lose digits.
        let mut block_sum = 0.0;
        for part in block[..n].chunks(PART) {
            let zero = pivot.unwrap_or(0.0);
            let quick = if pivot.is_some() {
                wide(
                    #[inline(always)]
                    || look(part, zero, last),
                )
            } else {
                None
            };
            if let Some(look) = quick {
                finite += part.len() as u64;
                (min, max, step) = (min.min(look.min), max.max(look.max), step.min(look.step));
                block_sum += look.sum;
                squares += look.squares;
                last = part[part.len() - 1];
                continue;
            }
            for &v in part.iter().filter(|v| v.is_finite()) {
                let shifted = v - *pivot.get_or_insert(v);
                finite += 1;
                min = min.min(v);
                max = max.max(v);
                block_sum += shifted;
                squares += shifted * shifted;
                let difference = (v - last).abs();
                if difference > 0.0 && difference < step {
                    step = difference;
                }
                last = v;
            }
        }
        sum += block_sum;
        at += n as u64;
    }
    Ok(Scan {
        frames,
        finite,
        min,
        max,
        dc: pivot.map_or(f64::NAN, |p| p + sum / finite as f64),
        variance: (squares / finite as f64 - (sum / finite as f64).powi(2)).max(0.0),
        step: if step.is_finite() { step } else { 0.0 },
    })
}

/// What a part of finite samples tells.
struct Look {
    min: f64,
    max: f64,
    sum: f64,
    squares: f64,
    step: f64,
}

/// Looks at samples several at a time; nothing when one of them is not finite. `last` is the sample before.
#[inline(always)]
fn look(x: &[f64], pivot: f64, last: f64) -> Option<Look> {
    let sum = lanes::sum_of(x, x, |v, _| v - pivot);
    // Any sample that is not finite spoils the sum.
    if !sum.is_finite() {
        return None;
    }
    let squares = lanes::sum_of(x, x, |v, _| (v - pivot) * (v - pivot));
    let (min, max) = lanes::range(x);
    let first = least_step(&[last, *x.first()?]);
    Some(Look { min, max, sum, squares, step: least_step(x).min(first) })
}

/// Smallest difference between neighbours that is not zero; infinite where all are alike.
#[inline(always)]
fn least_step(x: &[f64]) -> f64 {
    const LANES: usize = 16;
    // Numbers not below zero are in the order of their bits; less one, zero comes last.
    let bits = |a: f64, b: f64| (a - b).abs().to_bits().wrapping_sub(1);
    let ((now, now_rest), (next, next_rest)) = (x[..x.len() - 1].as_chunks::<LANES>(), x[1..].as_chunks::<LANES>());
    let mut least = [u64::MAX; LANES];
    for (now, next) in now.iter().zip(next) {
        for k in 0..LANES {
            least[k] = least[k].min(bits(next[k], now[k]));
        }
    }
    let rest = now_rest.iter().zip(next_rest).map(|(a, b)| bits(*b, *a));
    let least = least.into_iter().chain(rest).fold(u64::MAX, u64::min);
    if least == u64::MAX { f64::INFINITY } else { f64::from_bits(least + 1) }
}

/// A record less its mean; samples that are not finite read as 0.
pub(super) struct Clean<'a> {
    pub(super) record: &'a dyn Record,
    pub(super) dc: f64,
}

impl Clean<'_> {
    #[inline(always)]
    fn ac(&self, v: f64) -> f64 {
        let ac = v - self.dc;
        if ac.is_finite() { ac } else { 0.0 }
    }
}

impl Record for Clean<'_> {
    fn kind(&self) -> Kind {
        Kind::Real
    }
    fn sample_rate_hz(&self) -> f64 {
        self.record.sample_rate_hz()
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        self.record.unit()
    }
    fn frames(&self) -> u64 {
        self.record.frames()
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let n = self.record.read_f64(start, out)?;
        wide(
            #[inline(always)]
            || out[..n].iter_mut().for_each(|v| *v = self.ac(*v)),
        );
        Ok(n)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        // In pieces that stay in the cache, but not so small that asking for them costs as much.
        let mut piece = vec![0.0; READ.min(out.len())];
        let mut n = 0;
        while n < out.len() {
            let room = piece.len().min(out.len() - n);
            let got = self.record.read_f64(start + n as u64, &mut piece[..room])?;
            wide(
                #[inline(always)]
                || out[n..n + got].iter_mut().zip(&piece).for_each(|(o, v)| *o = self.ac(*v) as f32),
            );
            n += got;
            if got < room {
                break;
            }
        }
        Ok(n)
    }
}
