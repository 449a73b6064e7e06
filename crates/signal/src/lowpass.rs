//! Zero-phase low-pass filters: decimating views of a record, and smoothing of a slice.

use std::f64::consts::PI;

use crate::lanes::dot;
use crate::quantity::Unit;
use crate::record::{Kind, Record, RecordError};
use crate::wide::wide;

/// Largest factor of one decimation stage; more is done in several stages.
const MAX_FACTOR: usize = 32;
/// Half length of a decimation filter in output samples.
const HALF_SPAN: usize = 8;
/// Kaiser window parameter: about 80 dB of stop-band attenuation.
const BETA: f64 = 7.86;

/// A Kaiser-windowed sinc with `2 * half + 1` taps, unity gain at 0 Hz and half amplitude at `cutoff` cycles per sample.
///
/// J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974.
#[must_use]
pub fn kaiser_sinc(cutoff: f64, half: usize, beta: f64) -> Vec<f64> {
    let mut taps: Vec<f64> = (0..=2 * half)
        .map(|i| {
            let t = i as f64 - half as f64;
            let x = t / (half as f64 + 1.0);
            let sinc = if t == 0.0 { 2.0 * cutoff } else { (2.0 * PI * cutoff * t).sin() / (PI * t) };
            sinc * bessel_i0(beta * (1.0 - x * x).max(0.0).sqrt())
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|v| *v /= sum);
    taps
}

fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// A real record seen through a zero-phase low-pass at a rate divided by a whole number; nothing is stored.
///
/// Sample `j` of the view lies on sample `j * factor` of the record. Pass band to 0.24 of the new rate, half amplitude
/// at 0.4, 80 dB from 0.56: what folds back lies above 0.44. Beyond its ends the record is continued by its mirror image.
pub struct Decimated<'a> {
    inner: Box<dyn Record + 'a>,
    factor: usize,
    taps: Vec<f64>,
}

impl<'a> Decimated<'a> {
    /// The view of `record` with the lowest rate that is not below `rate_hz`, in as many stages as it takes.
    #[must_use]
    pub fn at_least(record: &'a dyn Record, rate_hz: f64) -> Box<dyn Record + 'a> {
        let mut view: Box<dyn Record + 'a> = Box::new(View(record));
        loop {
            let ratio = (view.sample_rate_hz() / rate_hz).min(MAX_FACTOR as f64);
            if ratio.is_nan() || ratio < 2.0 {
                return view;
            }
            let factor = ratio as usize;
            let taps = kaiser_sinc(0.4 / factor as f64, HALF_SPAN * factor, BETA);
            view = Box::new(Decimated { inner: view, factor, taps });
        }
    }
}

/// Amplitude response at `frequency_hz` of [`Decimated::at_least`] for the same record rate and target.
#[must_use]
pub fn response(record_rate_hz: f64, rate_hz: f64, frequency_hz: f64) -> f64 {
    let (mut rate, mut gain) = (record_rate_hz, 1.0);
    loop {
        let ratio = (rate / rate_hz).min(MAX_FACTOR as f64);
        if ratio.is_nan() || ratio < 2.0 {
            return gain;
        }
        let factor = ratio as usize;
        let half = HALF_SPAN * factor;
        let taps = kaiser_sinc(0.4 / factor as f64, half, BETA);
        let step = 2.0 * PI * frequency_hz / rate;
        gain *= taps.iter().enumerate().map(|(i, h)| h * (step * (i as f64 - half as f64)).cos()).sum::<f64>();
        rate /= factor as f64;
    }
}

struct View<'a>(&'a dyn Record);

impl Record for View<'_> {
    fn kind(&self) -> Kind {
        self.0.kind()
    }
    fn sample_rate_hz(&self) -> f64 {
        self.0.sample_rate_hz()
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        self.0.unit()
    }
    fn frames(&self) -> u64 {
        self.0.frames()
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        self.0.read_f64(start, out)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        self.0.read_f32(start, out)
    }
}

impl Record for Decimated<'_> {
    fn kind(&self) -> Kind {
        Kind::Real
    }
    fn sample_rate_hz(&self) -> f64 {
        self.inner.sample_rate_hz() / self.factor as f64
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        self.inner.unit()
    }
    fn frames(&self) -> u64 {
        self.inner.frames().div_ceil(self.factor as u64)
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        const STEP: usize = 2048;
        let left = usize::try_from(self.frames().saturating_sub(start)).unwrap_or(usize::MAX);
        let n = out.len().min(left);
        let half = HALF_SPAN * self.factor;
        let mut block = vec![0.0; (STEP.min(n).max(1) - 1) * self.factor + 2 * half + 1];
        let mut at = start;
        for part in out[..n].chunks_mut(STEP) {
            let needed = (part.len() - 1) * self.factor + 2 * half + 1;
            let first = i64::try_from(at * self.factor as u64).unwrap_or(i64::MAX) - half as i64;
            read_mirrored(self.inner.as_ref(), first, &mut block[..needed])?;
            wide(
                #[inline(always)]
                || {
                    for (o, window) in part.iter_mut().zip(block[..needed].windows(2 * half + 1).step_by(self.factor)) {
                        *o = dot(&self.taps, window);
                    }
                },
            );
            at += part.len() as u64;
        }
        Ok(n)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let mut wide = vec![0.0; out.len()];
        let n = self.read_f64(start, &mut wide)?;
        for (o, v) in out.iter_mut().zip(&wide) {
            *o = *v as f32;
        }
        Ok(n)
    }
}

/// Reads `out.len()` samples from `first`, which may lie before the start: outside, the record is its mirror image.
///
/// # Errors
/// When the record cannot be read.
pub fn read_mirrored(record: &dyn Record, first: i64, out: &mut [f64]) -> Result<(), RecordError> {
    let n = i64::try_from(record.frames()).unwrap_or(i64::MAX);
    if n == 0 {
        out.fill(0.0);
        return Ok(());
    }
    let from = first.clamp(0, n);
    let to = (first + out.len() as i64).clamp(0, n);
    if to > from {
        let inside = (from - first) as usize;
        record.read_f64(from as u64, &mut out[inside..inside + (to - from) as usize])?;
    }
    for i in 0..out.len() {
        let at = first + i as i64;
        if at < from || at >= to {
            let mirrored = mirror(at, n);
            out[i] = if mirrored >= from && mirrored < to {
                out[(mirrored - first) as usize]
            } else {
                let mut one = [0.0];
                record.read_f64(mirrored as u64, &mut one)?;
                one[0]
            };
        }
    }
    Ok(())
}

/// Index of the mirror image (about the end samples) of a position outside `0..n`.
fn mirror(at: i64, n: i64) -> i64 {
    if n == 1 {
        return 0;
    }
    let period = 2 * (n - 1);
    let folded = at.rem_euclid(period);
    if folded < n { folded } else { period - folded }
}

/// Every `step`-th value of `x` through a symmetric filter, continued by mirror images beyond its ends.
#[must_use]
pub fn smooth(x: &[f64], taps: &[f64], step: usize) -> Vec<f64> {
    let n = i64::try_from(x.len()).unwrap_or(i64::MAX);
    if n == 0 || taps.is_empty() {
        return Vec::new();
    }
    let half = (taps.len() / 2) as i64;
    let beyond = |at: i64| x[mirror(at, n) as usize];
    let longer: Vec<f64> = (-half..0).map(beyond).chain(x.iter().copied()).chain((n..n + half).map(beyond)).collect();
    let mut out = vec![0.0; x.len().div_ceil(step.max(1))];
    wide(
        #[inline(always)]
        || {
            for (o, window) in out.iter_mut().zip(longer.windows(2 * half as usize + 1).step_by(step.max(1))) {
                *o = dot(taps, window);
            }
        },
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Waveform;

    fn tone(f: f64, rate: f64, n: usize) -> Waveform {
        let data = (0..n).map(|i| (2.0 * PI * f * i as f64 / rate + 0.7).cos()).collect();
        Waveform::real(data, rate, Unit::Volt).unwrap()
    }

    #[test]
    fn a_tone_keeps_its_phase_and_takes_the_stated_response_whatever_the_number_of_stages() {
        for (rate, target) in [(1e5, 3.2e4), (2e6, 7e3), (1e5, 6.5e3)] {
            for f in [50.0, 1000.0, 2600.0] {
                let record = tone(f, rate, (rate * 0.05) as usize);
                let view = Decimated::at_least(&record, target);
                let low = view.sample_rate_hz();
                assert!(low >= target && low < 2.0 * target, "{low}");
                let mut out = vec![0.0; view.frames() as usize];
                assert_eq!(view.read_f64(0, &mut out).unwrap(), out.len());
                let gain = response(rate, target, f);
                for (i, v) in out.iter().enumerate().skip(20).take(out.len().saturating_sub(40)) {
                    let expected = gain * (2.0 * PI * f * i as f64 / low + 0.7).cos();
                    assert!((v - expected).abs() < 2e-4, "{rate} {f} {i}: {v} {expected}");
                }
            }
        }
    }

    #[test]
    fn what_would_fold_into_the_pass_band_is_gone() {
        let record = tone(16_500.0, 1e5, 20_000);
        let view = Decimated::at_least(&record, 1e4);
        let mut out = vec![0.0; view.frames() as usize];
        view.read_f64(0, &mut out).unwrap();
        assert!(out[20..out.len() - 20].iter().all(|v| v.abs() < 3e-4));
    }

    #[test]
    fn a_read_from_the_middle_gives_the_same_values() {
        let record = tone(440.0, 48_000.0, 10_007);
        let view = Decimated::at_least(&record, 6_500.0);
        let mut all = vec![0.0; view.frames() as usize];
        view.read_f64(0, &mut all).unwrap();
        let mut part = vec![0.0; 57];
        assert_eq!(view.read_f64(900, &mut part).unwrap(), 57);
        assert_eq!(&all[900..957], &part[..]);
        assert_eq!(view.read_f64(view.frames(), &mut part).unwrap(), 0);
    }

    #[test]
    fn records_of_a_few_samples_are_mirrored_not_indexed_beyond_their_ends() {
        for n in [1, 2, 3, 10] {
            let record = Waveform::real(vec![2.5; n], 1e6, Unit::Volt).unwrap();
            let view = Decimated::at_least(&record, 5e3);
            let mut out = vec![0.0; view.frames() as usize];
            view.read_f64(0, &mut out).unwrap();
            assert!(out.iter().all(|v| (v - 2.5).abs() < 1e-9));
        }
        assert!(smooth(&[1.0; 3], &[0.25; 21], 2).iter().all(|v| (v - 5.25).abs() < 1e-12));
        assert!(smooth(&[], &[1.0], 1).is_empty());
    }
}
