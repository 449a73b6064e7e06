//! The first pass over a record: range, mean, step of the converter; and the record freed of mean and gaps.

use faultscope_signal::{Kind, Record, RecordError, Unit};

/// Samples read at a time.
pub(super) const CHUNK: usize = 1 << 16;

/// What one pass tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    pub(super) frames: u64,
    pub(super) finite: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) dc: f64,
    /// Smallest difference between neighbours that is not zero: the converter's step, where it has one.
    pub(super) step: f64,
}

pub(super) fn scan(record: &dyn Record) -> Result<Scan, RecordError> {
    let frames = record.frames();
    let mut block = vec![0.0; CHUNK.min(usize::try_from(frames).unwrap_or(CHUNK)).max(1)];
    let (mut finite, mut min, mut max) = (0u64, f64::INFINITY, f64::NEG_INFINITY);
    let (mut pivot, mut sum) = (None, 0.0);
    let (mut step, mut last) = (f64::INFINITY, f64::NAN);
    let mut at = 0u64;
    while at < frames {
        let n = record.read_f64(at, &mut block)?;
        if n == 0 {
            break;
        }
        // Sums per block, so that long records do not lose digits.
        let mut block_sum = 0.0;
        for &v in block[..n].iter().filter(|v| v.is_finite()) {
            let shifted = v - *pivot.get_or_insert(v);
            finite += 1;
            min = min.min(v);
            max = max.max(v);
            block_sum += shifted;
            let difference = (v - last).abs();
            if difference > 0.0 && difference < step {
                step = difference;
            }
            last = v;
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
        step: if step.is_finite() { step } else { 0.0 },
    })
}

/// A record less its mean; samples that are not finite read as 0.
pub(super) struct Clean<'a> {
    pub(super) record: &'a dyn Record,
    pub(super) dc: f64,
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
        for v in &mut out[..n] {
            let ac = *v - self.dc;
            *v = if ac.is_finite() { ac } else { 0.0 };
        }
        Ok(n)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        // In pieces that stay in the cache.
        let mut wide = [0.0; 4096];
        let mut n = 0;
        while n < out.len() {
            let room = wide.len().min(out.len() - n);
            let got = self.read_f64(start + n as u64, &mut wide[..room])?;
            out[n..n + got].iter_mut().zip(&wide).for_each(|(o, v)| *o = *v as f32);
            n += got;
            if got < room {
                break;
            }
        }
        Ok(n)
    }
}
