//! What a screen needs of a capture: its facts, its waveform at any zoom and its spectrum, in flat memory.

mod envelope;
mod judged;
mod modulation;
mod scratch;

use std::path::{Path, PathBuf};

use faultscope_capture::{Capture, OpenOptions, Trace};
use faultscope_diagnose::measurement::Settings;
use faultscope_signal::spectrum::{Options, Traces, analyze};
use faultscope_signal::waterfall::{Waterfall, waterfall};
use faultscope_signal::{
    Kind, Record, RecordError, Silent, Spectrum, SpectrumSettings, Swept, SweptSpectrum, Unit, Window,
};

use crate::watch::{INTERRUPTED, Watched};
use crate::{Class, Error, Watch};

pub use envelope::{Band, Envelope};
pub use judged::{Part, Piece, limit_lines, parts, pieces};
pub use modulation::{ConstellationView, ModulationView};
pub use scratch::Scratch;

/// Frames read at a time.
const BLOCK: usize = 65_536;
/// Frames up to which a waveform is drawn from all digits.
const FINE: u64 = 1 << 20;
/// Frames beyond which a record is first shown at a glance, and of which the spectrum is then.
const LONG: u64 = 1 << 23;
/// Frames of each column of a glance.
const GLANCE: usize = 128;
/// Points of the spectrum on the screen, where the record is long enough.
pub const SPECTRUM_POINTS: usize = 16_384;
/// Points of a persistence: few, so that many spectra lie upon each other.
const PERSISTENCE_POINTS: usize = 2048;

/// What is known of a capture before anything is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// `sigmf/cf32_le`, `wav/pcm16` ...
    pub format: String,
    /// Name of the channel on the screen.
    pub channel: String,
    /// Number of channels in the file.
    pub channels: usize,
    /// Real or I/Q.
    pub kind: Kind,
    /// Unit of the samples.
    pub unit: Unit,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// Centre frequency, where known.
    pub center_hz: Option<f64>,
    /// Number of frames.
    pub frames: u64,
    /// Their length.
    pub duration_s: f64,
    /// The measurement for a capture of this kind: `ripple` for volts, `spurs` for I/Q, none for others.
    pub measurement: Option<&'static str>,
    /// It holds a spectrum instead of samples.
    pub swept: bool,
}

/// A capture held open for a screen: reads are positional, so every zoom reads only what it shows.
#[derive(Debug)]
pub struct Viewer {
    capture: Capture,
    /// What is shown of its samples; nothing of a file that holds a spectrum instead.
    trace: Option<Trace>,
}

impl Viewer {
    /// Opens a capture.
    ///
    /// # Errors
    /// When it cannot be opened or holds neither a channel nor a spectrum.
    pub fn open(file: &Path, options: &OpenOptions) -> Result<Self, Error> {
        let capture = faultscope_capture::open(file, options)?;
        let trace = match crate::opened::main_trace(&capture) {
            Ok(trace) => Some(trace.clone()),
            Err(_) if !capture.spectra.is_empty() => None,
            Err(error) => return Err(error),
        };
        Ok(Self { capture, trace })
    }

    /// The samples, where there are any.
    fn trace(&self) -> Result<&Trace, Error> {
        self.trace.as_ref().ok_or_else(|| crate::exported::no_samples(&self.capture))
    }

    /// The spectrum of a file that holds one instead of samples.
    #[must_use]
    pub fn swept(&self) -> Option<&SweptSpectrum> {
        self.capture.spectra.first().filter(|_| self.trace.is_none())
    }

    /// What is known without measuring.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let format = self.capture.format.clone();
        let Some(trace) = &self.trace else { return self.swept_facts(format) };
        Facts {
            format,
            channel: trace.name.clone(),
            channels: self.capture.traces.len(),
            kind: trace.kind,
            unit: trace.unit,
            sample_rate_hz: trace.sample_rate_hz,
            center_hz: trace.center_hz,
            frames: trace.frames,
            duration_s: trace.duration_s(),
            measurement: crate::analyse::measurement_of(trace.kind, trace.unit),
            swept: false,
        }
    }

    /// What is known of a spectrum without samples: its points are counted as frames, of no duration.
    fn swept_facts(&self, format: String) -> Facts {
        let spectrum = self.swept();
        let signal = spectrum.is_some_and(|s| s.swept == Swept::Signal);
        Facts {
            format,
            channel: spectrum.map(|s| s.name.clone()).unwrap_or_default(),
            channels: self.capture.spectra.len(),
            kind: Kind::Real,
            unit: spectrum.map_or(Unit::Db, |s| s.level_unit),
            sample_rate_hz: 0.0,
            center_hz: spectrum.map(SweptSpectrum::center_hz),
            frames: spectrum.map_or(0, |s| s.frequency_hz.len() as u64),
            duration_s: 0.0,
            measurement: signal.then_some("spurs"),
            swept: true,
        }
    }

    /// The files that make up the capture.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.capture.files
    }

    /// The waveform between two times (seconds from the first sample; cut to the record) in at most `columns` columns.
    ///
    /// # Errors
    /// When the samples cannot be read, or `watch` says stop.
    pub fn waveform(&self, range_s: (f64, f64), columns: usize, watch: &dyn Watch) -> Result<Envelope, Error> {
        let trace = self.trace()?;
        let (first, frames) = frames_of(trace, range_s);
        let parts = trace.kind.components();
        let mut envelope =
            Envelope::empty(component_names(trace.kind, &trace.name), trace.sample_rate_hz, first, frames, columns);
        let watched = Watched { record: trace, watch };
        // Few frames keep all their digits; many are as fine as any screen in single precision, and sooner read.
        if frames <= FINE {
            let mut block = vec![0.0; BLOCK * parts];
            each_block(&mut block, parts, frames, |at, room| {
                let got = watched.read_f64(first + at, room)?;
                envelope.widen(at, room.get(..got * parts).unwrap_or_default());
                Ok(got)
            })?;
        } else {
            let mut block = vec![0.0; BLOCK * parts];
            each_block(&mut block, parts, frames, |at, room| {
                let got = watched.read_f32(first + at, room)?;
                envelope.widen_fast(at, room.get(..got * parts).unwrap_or_default());
                Ok(got)
            })?;
        }
        Ok(envelope)
    }

    /// The waveform by a few samples of each column, and the spectrum of the beginning: what a long record looks like,
    /// while the whole is being read. Nothing where the record is so short that the whole is as soon there.
    ///
    /// # Errors
    /// When the samples cannot be read, or `watch` says stop.
    pub fn glance(&self, columns: usize, watch: &dyn Watch) -> Result<Option<(Envelope, Spectrum)>, Error> {
        let trace = self.trace()?;
        let frames = trace.frames;
        if frames <= LONG {
            return Ok(None);
        }
        let parts = trace.kind.components();
        let mut envelope =
            Envelope::empty(component_names(trace.kind, &trace.name), trace.sample_rate_hz, 0, frames, columns);
        let mut block = vec![0.0; GLANCE * parts];
        for column in 0..envelope.columns() as u64 {
            // The first frame of the column: of as many as begin at or behind its left edge.
            let edge = (u128::from(column) * u128::from(frames)).div_ceil(envelope.columns() as u128);
            let at = u64::try_from(edge).unwrap_or(u64::MAX);
            let got = trace.read_f32(at, &mut block).map_err(read_error)?;
            envelope.widen_fast(at, block.get(..got * parts).unwrap_or_default());
            if watch.cancelled() {
                return Err(Error::interrupted());
            }
        }
        let beginning = Stretch { record: trace, first: 0, frames: LONG.min(frames) };
        Ok(Some((envelope, levels(&beginning, SPECTRUM_POINTS)?)))
    }

    /// The averaged spectrum of the whole record, with the highest and the lowest level of every point: Blackman-Harris,
    /// half overlap, `points` of a transform ([`SPECTRUM_POINTS`] is usual) where it is long enough.
    ///
    /// # Errors
    /// When the samples cannot be read, the record has fewer than two, or `watch` says stop.
    pub fn spectrum(&self, points: usize, watch: &dyn Watch) -> Result<Spectrum, Error> {
        levels(&Watched { record: self.trace()?, watch }, points)
    }

    /// The spectrum of the whole record in fewer points, with how often each level occurred in each of them.
    ///
    /// # Errors
    /// As for [`Viewer::spectrum`].
    pub fn persistence(&self, watch: &dyn Watch) -> Result<Spectrum, Error> {
        let trace = self.trace()?;
        let points = if trace.kind == Kind::Real { 2 * PERSISTENCE_POINTS } else { PERSISTENCE_POINTS };
        let traces = Traces { persistence: true, ..Traces::default() };
        averaged(&Watched { record: trace, watch }, points, traces)
    }

    /// Levels over time and frequency between two times (seconds from the first sample; cut to the record), in at most
    /// so many rows; rows begin at the first of the two times.
    ///
    /// # Errors
    /// When the stretch is shorter than two samples, the samples cannot be read, or `watch` says stop.
    pub fn waterfall(&self, range_s: (f64, f64), rows: usize, watch: &dyn Watch) -> Result<Waterfall, Error> {
        let trace = self.trace()?;
        let (first, frames) = frames_of(trace, range_s);
        let settings = crate::waterfall::settings(&Settings::default(), rows, frames)?;
        let watched = Watched { record: trace, watch };
        let stretch = Stretch { record: &watched, first, frames };
        let mut made = waterfall(&stretch, settings, &Silent).map_err(crate::spectrum::stop_error)?;
        let offset = first as f64 / trace.sample_rate_hz;
        made.start_s.iter_mut().for_each(|start| *start += offset);
        Ok(made)
    }
}

/// The frames between two times, at least one.
fn frames_of(trace: &Trace, (from, to): (f64, f64)) -> (u64, u64) {
    let rate = trace.sample_rate_hz;
    // `as` saturates, and NaN becomes 0: a range that makes no sense shows the start of the record.
    let first = ((from * rate).floor().max(0.0) as u64).min(trace.frames.saturating_sub(1));
    let end = ((to * rate).ceil().max(0.0) as u64).clamp(first, trace.frames);
    (first, (end - first).max(1).min(trace.frames))
}

/// The spectrum of a whole record as a screen draws it.
pub(crate) fn levels(record: &dyn Record, points: usize) -> Result<Spectrum, Error> {
    averaged(record, points, Traces { max: true, min: true, ..Traces::default() })
}

/// Averages spectra of at most `points` points over a record.
fn averaged(record: &dyn Record, points: usize, traces: Traces) -> Result<Spectrum, Error> {
    let fft = points.min(usize::try_from(record.frames()).unwrap_or(points));
    let settings = SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 };
    // The interface keeps a core for itself.
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1).max(1));
    let options = Options { traces, threads, ..Options::default() };
    analyze(record, settings, &options, &Silent).map_err(crate::spectrum::stop_error)
}

/// Reads `frames` frames block by block; `read` is given the place and the room, and says how many frames it has read.
fn each_block<T>(
    block: &mut [T],
    parts: usize,
    frames: u64,
    mut read: impl FnMut(u64, &mut [T]) -> Result<usize, RecordError>,
) -> Result<(), Error> {
    let mut done = 0;
    while done < frames {
        let want = usize::try_from(frames - done).unwrap_or(BLOCK).min(BLOCK);
        match read(done, block.get_mut(..want * parts).unwrap_or_default()).map_err(read_error)? {
            0 => break,
            got => done += got as u64,
        }
    }
    Ok(())
}

/// `I` and `Q`, or the name of a real channel.
pub(crate) fn component_names(kind: Kind, channel: &str) -> Vec<String> {
    match kind {
        Kind::Iq => vec!["I".into(), "Q".into()],
        Kind::Real => vec![channel.to_owned()],
    }
}

/// Some frames of a record as a record of their own.
struct Stretch<'a> {
    record: &'a dyn Record,
    first: u64,
    frames: u64,
}

impl Stretch<'_> {
    /// How much of a read lies inside.
    fn room(&self, start: u64, values: usize) -> usize {
        let left = usize::try_from(self.frames.saturating_sub(start)).unwrap_or(usize::MAX);
        values.min(left.saturating_mul(self.record.kind().components()))
    }
}

impl Record for Stretch<'_> {
    fn kind(&self) -> Kind {
        self.record.kind()
    }
    fn sample_rate_hz(&self) -> f64 {
        self.record.sample_rate_hz()
    }
    fn center_hz(&self) -> Option<f64> {
        self.record.center_hz()
    }
    fn unit(&self) -> Unit {
        self.record.unit()
    }
    fn frames(&self) -> u64 {
        self.frames
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let room = self.room(start, out.len());
        self.record.read_f64(self.first + start, out.get_mut(..room).unwrap_or_default())
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let room = self.room(start, out.len());
        self.record.read_f32(self.first + start, out.get_mut(..room).unwrap_or_default())
    }
    fn full_scale(&self) -> Option<f64> {
        self.record.full_scale()
    }
    fn rails(&self) -> Option<(f64, f64)> {
        self.record.rails()
    }
    fn bandwidth_hz(&self) -> Option<f64> {
        self.record.bandwidth_hz()
    }
    fn full_scale_dbm(&self) -> Option<f64> {
        self.record.full_scale_dbm()
    }
}

fn read_error(error: RecordError) -> Error {
    if error.message == INTERRUPTED {
        return Error::interrupted();
    }
    Error::new(Class::Input, "io", error.message, "the file may have changed; open it again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unwatched;

    /// A mono PCM WAV file of the given samples, written by hand from the published layout.
    fn wav(samples: &[i16], rate: u32) -> Vec<u8> {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let mut out = b"RIFF".to_vec();
        out.extend((36 + bytes.len() as u32).to_le_bytes());
        out.extend(b"WAVEfmt ");
        out.extend(16_u32.to_le_bytes());
        for half in [1_u16, 1] {
            out.extend(half.to_le_bytes());
        }
        out.extend(rate.to_le_bytes());
        out.extend((rate * 2).to_le_bytes());
        for half in [2_u16, 16] {
            out.extend(half.to_le_bytes());
        }
        out.extend(b"data");
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(bytes);
        out
    }

    fn viewer(samples: &[i16], rate: u32) -> (tempfile::TempDir, Viewer) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.wav");
        std::fs::write(&path, wav(samples, rate)).unwrap();
        let viewer = Viewer::open(&path, &OpenOptions::default()).unwrap();
        (dir, viewer)
    }

    #[test]
    fn a_spike_of_one_sample_survives_every_zoom_and_keeps_its_time() {
        let mut samples = vec![0_i16; 200_000];
        samples[123_456] = 16_384;
        let (_dir, viewer) = viewer(&samples, 1000);
        for (from, to) in [(0.0, 200.0), (100.0, 150.0), (123.0, 124.0), (123.45, 123.46)] {
            let envelope = viewer.waveform((from, to), 700, &Unwatched).unwrap();
            let column = envelope.bands[0].high.iter().position(|v| (*v - 0.5).abs() < 1e-9).unwrap();
            let width = envelope.frames as f64 / envelope.columns() as f64 / 1000.0;
            assert!((envelope.time_s(column) - 123.456).abs() <= width, "{from} {to}");
        }
    }

    #[test]
    fn a_narrow_range_shows_the_samples_themselves() {
        let samples: Vec<i16> = (0..1000).map(|i| i * 32).collect();
        let (_dir, viewer) = viewer(&samples, 1000);
        let envelope = viewer.waveform((0.1, 0.11), 700, &Unwatched).unwrap();
        assert!(envelope.is_samples());
        assert_eq!((envelope.first, envelope.frames), (100, 10));
        for column in 0..10 {
            // 16-bit PCM: 32 768 is full scale.
            let value = (100 + column) as f64 * 32.0 / 32_768.0;
            assert!((envelope.bands[0].low[column] - value).abs() < 1e-9);
            assert!((envelope.time_s(column) - (0.1 + column as f64 / 1000.0)).abs() < 1e-9);
        }
    }

    #[test]
    fn ranges_outside_the_record_are_cut_and_never_fail() {
        let (_dir, viewer) = viewer(&[1; 100], 100);
        for range in [(-5.0, 99.0), (2.0, 3.0), (0.5, 0.2), (f64::NAN, f64::INFINITY), (f64::NEG_INFINITY, -1.0)] {
            let envelope = viewer.waveform(range, 0, &Unwatched).unwrap();
            assert!((1..=100).contains(&envelope.frames), "{range:?}");
            assert!(envelope.first + envelope.frames <= 100, "{range:?}");
            assert_eq!(envelope.columns(), 1);
        }
    }

    #[test]
    fn a_watch_that_says_stop_stops() {
        struct Stop;
        impl Watch for Stop {
            fn advance(&self, _frames: u64) {}
            fn cancelled(&self) -> bool {
                true
            }
        }
        let (_dir, viewer) = viewer(&[1; 100], 100);
        assert_eq!(viewer.waveform((0.0, 1.0), 10, &Stop).unwrap_err().class, Class::Interrupted);
        assert_eq!(viewer.spectrum(SPECTRUM_POINTS, &Stop).unwrap_err().class, Class::Interrupted);
    }

    #[test]
    fn a_long_record_is_seen_at_a_glance_and_then_whole() {
        // One spike that the glance need not see, and a slow ramp that it must.
        let n = LONG as usize + 4096;
        let mut samples: Vec<i16> = (0..n).map(|i| (i * 20_000 / n) as i16).collect();
        samples[n / 2 + 777] = -20_000;
        let (_dir, viewer) = viewer(&samples, 1_000_000);
        let (glance, spectrum) = viewer.glance(512, &Unwatched).unwrap().unwrap();
        assert_eq!((glance.columns(), glance.frames), (512, n as u64));
        assert!(spectrum.max.is_some());
        let whole = viewer.waveform((0.0, f64::INFINITY), 512, &Unwatched).unwrap();
        for column in 0..512 {
            let (few, all) = (&glance.bands[0], &whole.bands[0]);
            assert!(few.low[column] >= all.low[column] && few.high[column] <= all.high[column]);
            assert!((few.high[column] - column as f64 * 20_000.0 / 512.0 / 32_768.0).abs() < 1e-3);
        }
        assert!(whole.bands[0].low.iter().any(|v| *v < -0.6), "the spike is in the whole");
        let (_dir, short) = super::tests::viewer(&[1; 100], 100);
        assert!(short.glance(512, &Unwatched).unwrap().is_none());
    }

    #[test]
    fn a_waterfall_of_a_stretch_has_its_times_and_its_tone() {
        // 1 kHz tone for the first half, 3 kHz for the second, at 16 kS/s.
        let tone = |i: usize| if i < 80_000 { 1000.0 } else { 3000.0 } * i as f64 / 16_000.0;
        let samples: Vec<i16> =
            (0..160_000).map(|i| ((tone(i) * std::f64::consts::TAU).sin() * 16_000.0) as i16).collect();
        let (_dir, viewer) = viewer(&samples, 16_000);
        for (range, hz) in [((0.0, 4.0), 1000.0), ((6.0, 10.0), 3000.0)] {
            let made = viewer.waterfall(range, 20, &Unwatched).unwrap();
            assert_eq!(made.start_s.len(), 20);
            assert!((made.start_s[0] - range.0).abs() < 1e-9);
            let end = made.start_s[19] + made.covered_s[19];
            assert!(end <= range.1 + 1e-9 && end > range.1 - 0.3, "{end}");
            for row in made.level_db.rows() {
                let peak = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
                assert!((made.frame.frequency_hz(peak as f64) - hz).abs() <= made.frame.bin_hz());
            }
        }
        assert!(viewer.waterfall((0.0, 0.0), 20, &Unwatched).is_err());
    }

    #[test]
    fn simulated_captures_open_and_go_away() {
        let scratch = Scratch::new().unwrap();
        let file = scratch.simulate("sim:supply-healthy").unwrap();
        let viewer = Viewer::open(&file, &OpenOptions::default()).unwrap();
        let facts = viewer.facts();
        assert_eq!((facts.kind, facts.unit, facts.measurement), (Kind::Real, Unit::Volt, Some("ripple")));
        assert!(viewer.files().len() == 2);
        drop(scratch);
        assert!(!file.exists());
    }
}
