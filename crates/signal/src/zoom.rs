//! A narrow band of a record, mixed down and decimated while it is read, and its spectrum.

use std::f64::consts::{PI, TAU};
use std::ops::RangeInclusive;

use crate::quantity::Unit;
use crate::record::{Kind, Record, RecordError};
use crate::spectrum::{Options, Spectrum, SpectrumSettings, analyze};
use crate::threads::{Progress, Stop};
use crate::window::bessel_i0;

/// Attenuation of everything that decimation would fold into the band.
const STOP_BAND_DB: f64 = 120.0;
/// Longest filter: 32 MiB of coefficients.
const MAX_TAPS: usize = 1 << 22;
/// Frames that are read and mixed at once, on the stack.
const CHUNK: usize = 512;

/// A band of another record as an I/Q record of a lower rate. It reads the other record as it is read itself.
///
/// Levels stay true: a line of a real record keeps its rms (volts) or its dBFS, noise keeps its density.
pub struct Baseband<'a> {
    inner: &'a dyn Record,
    /// Cycles per frame of the other record.
    turn: f64,
    offset_hz: f64,
    decimation: usize,
    taps: Vec<f64>,
    mean: f64,
    frames: u64,
}

impl<'a> Baseband<'a> {
    /// The band of `span_hz` around `offset_hz`, which counts from the centre of an I/Q record and from 0 Hz of a real one.
    ///
    /// # Errors
    /// When the band does not lie inside the record's, or the record is shorter than the filter.
    pub fn new(inner: &'a dyn Record, offset_hz: f64, span_hz: f64) -> Result<Self, RecordError> {
        let rate = inner.sample_rate_hz();
        let (low, high) = (offset_hz - span_hz / 2.0, offset_hz + span_hz / 2.0);
        let lowest = if inner.kind() == Kind::Real { 0.0 } else { -rate / 2.0 };
        let slack = rate * 1e-9;
        if !(span_hz > 0.0 && low >= lowest - slack && high <= rate / 2.0 + slack) {
            return Err(RecordError::new(format!(
                "the band from {low} to {high} Hz does not lie between {lowest} and {} Hz, which the record covers",
                rate / 2.0
            )));
        }
        let decimation = ((rate / (1.6 * span_hz)).floor() as usize).max(1);
        let taps = low_pass(rate, rate / decimation as f64, span_hz, decimation);
        if taps.len() as u64 > inner.frames() || taps.len() > MAX_TAPS {
            return Err(RecordError::new(format!(
                "a band of {span_hz} Hz needs {} samples of the record, which holds {}; choose a wider band",
                taps.len(),
                inner.frames()
            )));
        }
        let frames = (inner.frames() - taps.len() as u64) / decimation as u64 + 1;
        let mean = if inner.kind() == Kind::Real && low > span_hz { mean_of_start(inner)? } else { 0.0 };
        Ok(Self { inner, turn: offset_hz / rate, offset_hz, decimation, taps, mean, frames })
    }

    /// Frames of the other record per frame of this one.
    #[must_use]
    pub fn decimation(&self) -> usize {
        self.decimation
    }

    /// Half of the other record's spectrum is left out when that one is real, and made up for here.
    fn gain(&self) -> f64 {
        match (self.inner.kind(), self.inner.unit().level_unit()) {
            (Kind::Iq, _) => 1.0,
            // 0 dBFS is a real sine of peak 1, but a complex tone of amplitude 1.
            (Kind::Real, Unit::Dbfs) => 2.0,
            (Kind::Real, _) => std::f64::consts::SQRT_2,
        }
    }

    /// Reads and mixes frames from `start`; returns how many.
    fn mixed(&self, start: u64, raw: &mut [f64], out: &mut [(f64, f64)]) -> Result<usize, RecordError> {
        let c = self.inner.kind().components();
        let got = self.inner.read_f64(start, &mut raw[..out.len() * c])?;
        let gain = self.gain();
        let (step_sin, step_cos) = (-TAU * self.turn).sin_cos();
        // The phase begins anew, exactly, in every chunk: the recurrence has no time to drift.
        let (sin, cos) = (-TAU * (self.turn * start as f64).fract()).sin_cos();
        let mut phasor = (gain * cos, gain * sin);
        for (o, frame) in out.iter_mut().zip(raw.chunks_exact(c)).take(got) {
            let (i, q) = (frame[0] - self.mean, frame.get(1).copied().unwrap_or(0.0));
            *o = (i * phasor.0 - q * phasor.1, i * phasor.1 + q * phasor.0);
            phasor = (phasor.0 * step_cos - phasor.1 * step_sin, phasor.0 * step_sin + phasor.1 * step_cos);
        }
        Ok(got)
    }

    /// Calls `add(frame, i, q)` with the share of each chunk in each output frame, `frame` counting from `start`.
    fn filter(&self, start: u64, count: usize, mut add: impl FnMut(usize, f64, f64)) -> Result<(), RecordError> {
        let (d, taps) = (self.decimation as u64, self.taps.len() as u64);
        let (mut at, end) = (start * d, (start + count as u64 - 1) * d + taps);
        let mut raw = [0.0; 2 * CHUNK];
        let mut mixed = [(0.0, 0.0); CHUNK];
        while at < end {
            let room = (end - at).min(CHUNK as u64);
            let got = self.mixed(at, &mut raw, &mut mixed[..room as usize])? as u64;
            if got < room {
                return Err(RecordError::new(format!("the record ends at sample {} although it should not", at + got)));
            }
            // Output frame m covers the frames from m d to m d + taps.
            let first = (at + 1).saturating_sub(taps).div_ceil(d).max(start);
            let last = ((at + got - 1) / d).min(start + count as u64 - 1);
            for m in first..=last {
                let from = (m * d).max(at);
                let to = (m * d + taps).min(at + got);
                let samples = &mixed[(from - at) as usize..(to - at) as usize];
                let (i, q) = dot(&self.taps[(from - m * d) as usize..(to - m * d) as usize], samples);
                add((m - start) as usize, i, q);
            }
            at += got;
        }
        Ok(())
    }

    fn count(&self, start: u64, room: usize) -> usize {
        usize::try_from(self.frames.saturating_sub(start)).unwrap_or(usize::MAX).min(room)
    }
}

impl std::fmt::Debug for Baseband<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut s = f.debug_struct("Baseband");
        s.field("offset_hz", &self.offset_hz).field("decimation", &self.decimation).finish_non_exhaustive()
    }
}

impl Record for Baseband<'_> {
    fn kind(&self) -> Kind {
        Kind::Iq
    }
    fn sample_rate_hz(&self) -> f64 {
        self.inner.sample_rate_hz() / self.decimation as f64
    }
    /// The middle of the band; counted from the other record's centre where that is not known.
    fn center_hz(&self) -> Option<f64> {
        Some(self.inner.center_hz().unwrap_or(0.0) + self.offset_hz)
    }
    fn unit(&self) -> Unit {
        self.inner.unit()
    }
    fn frames(&self) -> u64 {
        self.frames
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let count = self.count(start, out.len() / 2);
        out[..2 * count].fill(0.0);
        if count > 0 {
            self.filter(start, count, |frame, i, q| {
                out[2 * frame] += i;
                out[2 * frame + 1] += q;
            })?;
        }
        Ok(count)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let count = self.count(start, out.len() / 2);
        let mut wide = [0.0; 256];
        let mut done = 0;
        while done < count {
            let part = (count - done).min(wide.len() / 2);
            self.read_f64(start + done as u64, &mut wide[..2 * part])?;
            for (o, v) in out[2 * done..].iter_mut().zip(&wide[..2 * part]) {
                *o = *v as f32;
            }
            done += part;
        }
        Ok(count)
    }
    fn full_scale_dbm(&self) -> Option<f64> {
        self.inner.full_scale_dbm()
    }
}

fn dot(taps: &[f64], samples: &[(f64, f64)]) -> (f64, f64) {
    // Four sums at once: independent of each other, so that they need not wait for each other.
    let mut sums = [(0.0, 0.0); 4];
    let (taps4, taps_rest) = taps.as_chunks::<4>();
    let (samples4, samples_rest) = samples.as_chunks::<4>();
    for (t, s) in taps4.iter().zip(samples4) {
        for ((sum, t), s) in sums.iter_mut().zip(t).zip(s) {
            sum.0 += t * s.0;
            sum.1 += t * s.1;
        }
    }
    for (t, s) in taps_rest.iter().zip(samples_rest) {
        sums[0].0 += t * s.0;
        sums[0].1 += t * s.1;
    }
    sums.iter().fold((0.0, 0.0), |a, s| (a.0 + s.0, a.1 + s.1))
}

fn mean_of_start(record: &dyn Record) -> Result<f64, RecordError> {
    let mut data = vec![0.0; usize::try_from(record.frames().min(1 << 16)).unwrap_or(0)];
    let got = record.read_f64(0, &mut data)?;
    data.truncate(got);
    data.retain(|v| v.is_finite());
    Ok(data.iter().sum::<f64>() / data.len().max(1) as f64)
}

/// A windowed-sinc low-pass by Kaiser's formulas (1974): flat to half the span, and shut from where folding would reach it.
fn low_pass(rate: f64, low_rate: f64, span: f64, decimation: usize) -> Vec<f64> {
    if decimation == 1 {
        return vec![1.0];
    }
    let transition = (low_rate - span) / rate;
    let cut = low_rate / 2.0 / rate;
    let order = ((STOP_BAND_DB - 7.95) / (14.36 * transition)).ceil();
    let order = order.min(MAX_TAPS as f64 * 2.0);
    let beta = 0.1102 * (STOP_BAND_DB - 8.7);
    let middle = order / 2.0;
    let tap = |k: usize| {
        let x = k as f64 - middle;
        let sinc = if x == 0.0 { 2.0 * cut } else { (TAU * cut * x).sin() / (PI * x) };
        sinc * bessel_i0(beta * (1.0 - (x / middle).powi(2)).max(0.0).sqrt())
    };
    let taps: Vec<f64> = (0..=order as usize).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|t| t / sum).collect()
}

/// A spectrum of a band, and which of its bins the band covers: the others lie on the filter's slope.
#[derive(Debug, Clone, PartialEq)]
pub struct Zoom {
    /// The spectrum at the lower rate, its centre in the middle of the band.
    pub spectrum: Spectrum,
    /// The bins whose levels are true.
    pub bins: RangeInclusive<usize>,
}

/// The spectrum of the band of `span_hz` around `offset_hz`, without a transform over the whole bandwidth.
///
/// `settings.fft` counts frames of the lower rate: see [`Baseband::sample_rate_hz`](Record::sample_rate_hz).
///
/// # Errors
/// Those of [`Baseband::new`] and of [`analyze`].
pub fn zoom(
    record: &dyn Record,
    offset_hz: f64,
    span_hz: f64,
    settings: SpectrumSettings,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Zoom, Stop> {
    let band = Baseband::new(record, offset_hz, span_hz)?;
    let spectrum = analyze(&band, settings, options, progress)?;
    let last = spectrum.mean.len() - 1;
    let low = spectrum.bin_of_offset(-span_hz / 2.0).ceil().clamp(0.0, last as f64) as usize;
    let high = spectrum.bin_of_offset(span_hz / 2.0).floor().clamp(low as f64, last as f64) as usize;
    Ok(Zoom { spectrum, bins: low..=high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Waveform;
    use crate::threads::Silent;
    use crate::window::Window;
    use num_complex::Complex64;

    const RATE: f64 = 1e6;

    fn settings() -> SpectrumSettings {
        SpectrumSettings { fft: 512, window: Window::Hft95, overlap: 0.5 }
    }

    fn zoomed(record: &dyn Record, offset: f64, span: f64) -> Zoom {
        let options = Options { precision: crate::spectrum::Precision::F64, ..Options::default() };
        zoom(record, offset, span, settings(), &options, &Silent).unwrap()
    }

    /// A flat-top lobe is flat to half a bin on both sides, so the strongest bin is within one bin of the line.
    fn strongest(z: &Zoom) -> (f64, f64) {
        let s = &z.spectrum;
        let bin = z.bins.clone().max_by(|&a, &b| s.mean[a].total_cmp(&s.mean[b])).unwrap();
        (s.frequency_hz(bin as f64), s.level_db(s.mean[bin]))
    }

    #[test]
    fn a_line_keeps_its_frequency_and_level_anywhere_in_the_band() {
        for f in [-309.9e3, -303.3e3, 296_123.0, 309e3] {
            let data: Vec<Complex64> =
                (0..200_000).map(|i| Complex64::from_polar(0.1, TAU * (f / RATE * f64::from(i)).fract())).collect();
            let iq = Waveform::iq(&data, RATE, Some(100e6)).unwrap();
            let z = zoomed(&iq, f64::signum(f) * 300e3, 20e3);
            let (found, level) = strongest(&z);
            assert!((found - 100e6 - f).abs() <= z.spectrum.bin_hz(), "{f}: {found}");
            assert!((level + 20.0).abs() < 0.006, "{f}: {level}");
        }
    }

    #[test]
    fn real_records_keep_dbv_and_dbfs_and_a_line_outside_does_not_fold_in() {
        // A wanted line of 1 mV peak at 50.2 kHz (-63.0103 dBV); one of 1 V at every place that folds onto the band.
        for other in [1e3, 52e3 + 31.25e3, 200e3, 300.1e3] {
            let at = |f: f64, i: f64| (TAU * (f / RATE * i).fract()).cos();
            let data: Vec<f64> =
                (0..200_000).map(|i| 1e-3 * at(50.2e3, f64::from(i)) + at(other, f64::from(i))).collect();
            for (unit, expected) in [(Unit::Volt, -63.0103), (Unit::FullScale, -60.0)] {
                let record = Waveform::real(data.clone(), RATE, unit).unwrap();
                let z = zoomed(&record, 50e3, 10e3);
                let (found, level) = strongest(&z);
                assert!((found - 50.2e3).abs() <= z.spectrum.bin_hz(), "{other}: {found}");
                assert!((level - expected).abs() < 0.006, "{other}: {level}");
                let s = &z.spectrum;
                let beside = z.bins.clone().filter(|&b| (s.frequency_hz(b as f64) - 50.2e3).abs() > 8.0 * s.bin_hz());
                let highest = beside.map(|b| s.level_db(s.mean[b])).fold(f64::NEG_INFINITY, f64::max);
                assert!(highest < -100.0, "{other}: {highest}");
            }
        }
    }

    #[test]
    fn reads_at_any_place_and_length_agree() {
        let data: Vec<Complex64> =
            (0..5000).map(|i| Complex64::new(f64::from(i * 37 % 101), f64::from(i * 53 % 97))).collect();
        let iq = Waveform::iq(&data, RATE, None).unwrap();
        let band = Baseband::new(&iq, 123e3, 50e3).unwrap();
        let frames = usize::try_from(band.frames()).unwrap();
        let mut all = vec![0.0; 2 * frames + 10];
        assert_eq!(band.read_f64(0, &mut all).unwrap(), frames);
        for (start, room) in [(0, 1), (5, 7), (100, 300), (frames - 1, 5), (frames, 5)] {
            let mut part = vec![0.0; 2 * room];
            let mut narrow = vec![0f32; 2 * room];
            let got = band.read_f64(start as u64, &mut part).unwrap();
            assert_eq!(got, room.min(frames - start));
            assert_eq!(band.read_f32(start as u64, &mut narrow).unwrap(), got);
            for k in 0..2 * got {
                assert!((part[k] - all[2 * start + k]).abs() < 1e-9, "{start} {k}");
                assert!((f64::from(narrow[k]) - all[2 * start + k]).abs() < 1e-4, "{start} {k}");
            }
        }
    }

    #[test]
    fn bands_outside_the_record_and_records_too_short_are_refused() {
        let real = Waveform::real(vec![0.0; 1000], RATE, Unit::Volt).unwrap();
        for (offset, span) in [(-10e3, 5e3), (1e3, 5e3), (499e3, 5e3), (100e3, 0.0), (f64::NAN, 1e3), (100e3, f64::NAN)]
        {
            assert!(Baseband::new(&real, offset, span).is_err(), "{offset} {span}");
        }
        assert!(Baseband::new(&real, 100e3, 0.01).unwrap_err().message.contains("wider"));
        assert_eq!(Baseband::new(&real, 250e3, 500e3).unwrap().decimation(), 1);
    }
}
