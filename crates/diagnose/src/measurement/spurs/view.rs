//! A view of a record: without its mean.

use faultscope_signal::{Kind, Record, RecordError, Unit};

/// A real record without its mean, so that a supply's DC does not leak into the spectrum. I/Q passes unchanged: there
/// the line at the centre is a result.
pub(crate) struct MeanRemoved<'a> {
    inner: &'a dyn Record,
    mean: f64,
}

impl<'a> MeanRemoved<'a> {
    pub(crate) fn new(inner: &'a dyn Record) -> Result<Self, RecordError> {
        let mean = if inner.kind() == Kind::Real { mean(inner)? } else { 0.0 };
        Ok(Self { inner, mean })
    }
}

fn mean(record: &dyn Record) -> Result<f64, RecordError> {
    let mut block = vec![0.0; 1 << 14];
    let (mut start, mut sum) = (0u64, 0.0);
    loop {
        let got = record.read_f64(start, &mut block)?;
        if got == 0 {
            break;
        }
        sum += block.iter().take(got).filter(|v| v.is_finite()).sum::<f64>();
        start += got as u64;
    }
    Ok(if start == 0 { 0.0 } else { sum / start as f64 })
}

impl Record for MeanRemoved<'_> {
    fn kind(&self) -> Kind {
        self.inner.kind()
    }
    fn sample_rate_hz(&self) -> f64 {
        self.inner.sample_rate_hz()
    }
    fn center_hz(&self) -> Option<f64> {
        self.inner.center_hz()
    }
    fn unit(&self) -> Unit {
        self.inner.unit()
    }
    fn full_scale(&self) -> Option<f64> {
        self.inner.full_scale()
    }
    fn bandwidth_hz(&self) -> Option<f64> {
        self.inner.bandwidth_hz()
    }
    fn full_scale_dbm(&self) -> Option<f64> {
        self.inner.full_scale_dbm()
    }
    fn frames(&self) -> u64 {
        self.inner.frames()
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let got = self.inner.read_f64(start, out)?;
        if self.mean != 0.0 {
            out.iter_mut().take(got * self.kind().components()).for_each(|v| *v -= self.mean);
        }
        Ok(got)
    }
    fn lend_f32(&self, start: u64, numbers: usize) -> Option<&[f32]> {
        if self.mean == 0.0 { self.inner.lend_f32(start, numbers) } else { None }
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        if self.mean == 0.0 {
            return self.inner.read_f32(start, out);
        }
        // The difference is taken in double precision: a millivolt of ripple on 48 V would lose its last bits.
        // A mean is taken off real records only, so that a frame is one number; in pieces that stay in the cache.
        let mut wide = [0.0; 4096];
        let mut done = 0;
        while done < out.len() {
            let room = wide.len().min(out.len() - done);
            let got = self.read_f64(start + done as u64, &mut wide[..room])?;
            out[done..done + got].iter_mut().zip(&wide).for_each(|(o, v)| *o = *v as f32);
            done += got;
            if got < room {
                break;
            }
        }
        Ok(done)
    }
}
