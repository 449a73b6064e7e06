//! The learnt spectrum: the highest level of every bin while nothing was wrong, and the lines that stand above it.

use std::path::Path;

use faultscope_capture::{OpenOptions, open};
use faultscope_signal::spectrum::{average, recommended_fft};
use faultscope_signal::tone::Response;
use faultscope_signal::{Kind, Record, Spectrum, SpectrumSettings, Window as Taper, detect, floor};

use super::rule::{Hit, Window};
use crate::Error;

/// Probability that noise alone makes a line in one window: one in a day and a half of windows of 0.1 s, before the
/// learnt level has its say.
const FALSE_ALARM: f64 = 1e-6;
/// Windows that a baseline is read in at most, spread over its length.
const MOST_WINDOWS: u64 = 1000;

/// The highest power of each bin in the windows that were learnt from.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    bins: Vec<f64>,
    /// Windows that are still to be learnt from.
    left: u64,
}

impl Envelope {
    /// Learns from the next windows.
    pub(super) fn learning(windows: u64) -> Self {
        Self { bins: Vec::new(), left: windows.max(1) }
    }

    /// Learns from a capture of the same rate, centre and kind, in windows like those of the stream.
    ///
    /// # Errors
    /// When the capture cannot be read, is no record of samples, is too short, or is not like the stream.
    pub(super) fn of_file(file: &Path, like: &Window<'_>, frames: usize) -> Result<Self, Error> {
        let capture = open(file, &OpenOptions::default())?;
        let unlike = |what: String| {
            let hint = "take the baseline from the same source with the same settings: faultscope record";
            Error::usage(format!("the baseline {what}: {}", file.display()), hint)
        };
        let trace = capture.main_trace().ok_or_else(|| unlike("holds no samples".into()))?;
        let rate = trace.sample_rate_hz();
        if trace.kind() != like.kind || trace.unit() != like.unit {
            return Err(unlike("is of another kind than the source".into()));
        }
        if (rate / like.sample_rate_hz - 1.0).abs() > 1e-6 {
            return Err(unlike(format!("has {rate} S/s and the source {}", like.sample_rate_hz)));
        }
        if let (Some(theirs), Some(ours)) = (trace.center_hz(), like.center_hz)
            && (theirs - ours).abs() > rate / frames as f64
        {
            return Err(unlike(format!("is centred on {theirs} Hz and the source on {ours} Hz")));
        }
        let whole = trace.frames() / frames as u64;
        if whole == 0 {
            return Err(unlike(format!("is shorter than one window of {frames} samples")));
        }
        let mut envelope = Self::learning(whole.min(MOST_WINDOWS));
        let mut values = vec![0.0; frames * trace.kind().components()];
        let taken = whole.min(MOST_WINDOWS);
        for i in 0..taken {
            trace.read_f32(i * whole / taken * frames as u64, &mut values).map_err(|e| unlike(e.message))?;
            let window = Window { values: &values, ..*like };
            // Lines of a clipped window would pass for usual.
            match window.spoiled()? {
                Some(gate) if envelope.left == 1 && envelope.bins.is_empty() => {
                    return Err(unlike(format!("is clipped from end to end ({})", gate.detail)));
                }
                Some(_) => envelope.left -= 1,
                None => drop(envelope.judge(&window, f64::INFINITY)?),
            }
        }
        Ok(envelope)
    }

    /// Whether it is still learning.
    pub(super) fn is_learning(&self) -> bool {
        self.left > 0
    }

    /// Learns from a window, or finds the line that stands highest above what was learnt, at least `above_db`.
    ///
    /// # Errors
    /// When no spectrum can be made of the window.
    pub(super) fn judge(&mut self, window: &Window<'_>, above_db: f64) -> Result<Option<Hit>, Error> {
        let spectrum = spectrum(window)?;
        if self.left > 0 {
            self.left -= 1;
            self.bins.resize(spectrum.mean.len(), 0.0);
            self.bins.iter_mut().zip(&spectrum.mean).for_each(|(b, power)| *b = b.max(*power));
            return Ok(None);
        }
        let floor = floor::estimate(&spectrum);
        let lines = detect::lines(&spectrum, &floor, FALSE_ALARM);
        // Within a main lobe a line that was there may have moved, or lie otherwise between two bins.
        let reach = Response::of(spectrum.settings.window, spectrum.settings.fft).lobe_bins().ceil() as usize + 1;
        let known = |peak: usize| {
            let near = self.bins.get(peak.saturating_sub(reach)..(peak + reach + 1).min(self.bins.len()));
            near.unwrap_or_default().iter().copied().fold(f64::MIN_POSITIVE, f64::max)
        };
        let rise = |line: &detect::Line| 10.0 * (line.power / known(line.peak)).log10();
        let worst = lines.iter().map(|l| (rise(l), l)).filter(|(rise, _)| *rise > above_db);
        let worst = worst.max_by(|a, b| a.0.total_cmp(&b.0));
        Ok(worst
            .map(|(rise, line)| Hit { frequency_hz: Some(spectrum.frequency_hz(line.bin)), ..Hit::new(0, rise, "dB") }))
    }
}

fn spectrum(window: &Window<'_>) -> Result<Spectrum, Error> {
    let per = window.kind.components();
    let mut trace = window.trace();
    trace.center_hz = window.center_hz.filter(|_| window.kind == Kind::Iq);
    let fft = recommended_fft((window.values.len() / per) as u64);
    let settings = SpectrumSettings { fft, window: Taper::BlackmanHarris, overlap: 0.5 };
    average(&trace, settings).map_err(|e| Error::usage(e.message, "choose a longer --window"))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use faultscope_signal::Unit;

    use super::*;

    const RATE: f64 = 1e6;
    const FRAMES: usize = 16_384;

    /// Tones of (offset in Hz, amplitude) in noise of -60 dBFS.
    fn samples(tones: &[(f64, f64)], seed: &mut u64) -> Vec<f32> {
        let mut noise = || {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((*seed >> 40) as f64 / f64::from(1 << 24) - 0.5) * (12.0f64 / 2.0).sqrt() * 1e-3
        };
        let mut out = Vec::new();
        for n in 0..FRAMES {
            let sum = |f: fn(f64) -> f64| tones.iter().map(|(hz, a)| a * f(TAU * hz * n as f64 / RATE)).sum::<f64>();
            out.extend([(sum(f64::cos) + noise()) as f32, (sum(f64::sin) + noise()) as f32]);
        }
        out
    }

    fn window(values: &[f32]) -> Window<'_> {
        let (kind, unit) = (Kind::Iq, Unit::FullScale);
        Window { values, kind, unit, sample_rate_hz: RATE, center_hz: Some(1e9), full_scale: None }
    }

    #[test]
    fn a_line_above_what_was_learnt_is_found_with_its_rise_and_place() {
        let (mut seed, usual) = (1, [(50e3, 0.5), (-120e3, 1e-3)]);
        let mut envelope = Envelope::learning(8);
        for _ in 0..8 {
            assert!(envelope.is_learning());
            assert_eq!(envelope.judge(&window(&samples(&usual, &mut seed)), 6.0).unwrap(), None);
        }
        for _ in 0..50 {
            // Noise and the lines that were there are no news, even a main lobe away.
            let moved = [(50e3, 0.5), (-120.2e3, 1e-3)];
            assert_eq!(envelope.judge(&window(&samples(&moved, &mut seed)), 6.0).unwrap(), None);
        }
        let news = [usual[0], usual[1], (200e3, 1e-3)];
        let hit = envelope.judge(&window(&samples(&news, &mut seed)), 6.0).unwrap().unwrap();
        assert!((hit.frequency_hz.unwrap() - 1000.2e6).abs() < 100.0, "{hit:?}");
        // -60 dBFS over noise of -60 dBFS in 1024 bins of 2 bins each: 27 dB, less what the noise itself reached.
        assert!((20.0..30.0).contains(&hit.value), "{hit:?}");
        assert_eq!(envelope.judge(&window(&samples(&news, &mut seed)), 30.0).unwrap(), None);
        // A line that was there and rises by 20 dB.
        let risen = [(50e3, 0.5), (-120e3, 1e-2)];
        let hit = envelope.judge(&window(&samples(&risen, &mut seed)), 10.0).unwrap().unwrap();
        assert!((hit.value - 20.0).abs() < 0.5 && (hit.frequency_hz.unwrap() - 999.88e6).abs() < 100.0, "{hit:?}");
    }

    #[test]
    fn a_baseline_must_be_like_the_source() {
        let folder = tempfile::tempdir().unwrap();
        let mut seed = 1;
        let save = |name: &str, rate: f64, blocks: usize, seed: &mut u64| {
            let values: Vec<f64> = (0..blocks).flat_map(|_| samples(&[(50e3, 0.5)], seed)).map(f64::from).collect();
            let waveform = faultscope_signal::Waveform::interleaved(values, rate, Some(1e9)).unwrap();
            let recording = faultscope_capture::sigmf::Recording::of(&waveform);
            faultscope_capture::sigmf::write(&folder.path().join(name), &waveform, &recording).unwrap().1
        };
        let good = save("good", RATE, 4, &mut seed);
        let values = samples(&[(50e3, 0.5), (200e3, 1e-3)], &mut seed);
        let mut envelope = Envelope::of_file(&good, &window(&[]), FRAMES).unwrap();
        assert!(!envelope.is_learning());
        let hit = envelope.judge(&window(&values), 10.0).unwrap().unwrap();
        assert!((hit.frequency_hz.unwrap() - 1000.2e6).abs() < 100.0, "{hit:?}");
        assert_eq!(envelope.judge(&window(&samples(&[(50e3, 0.5)], &mut seed)), 10.0).unwrap(), None);

        // 1.5 against a full scale of 1: half of every turn is flat. The tone has no period of whole samples.
        let loud: Vec<f64> = (0..2 * FRAMES)
            .flat_map(|n| {
                let (sin, cos) = (TAU * 51_372.1 * n as f64 / RATE).sin_cos();
                [(1.5 * cos).clamp(-1.0, 1.0), (1.5 * sin).clamp(-1.0, 1.0)]
            })
            .collect();
        let waveform = faultscope_signal::Waveform::interleaved(loud, RATE, Some(1e9)).unwrap();
        let recording = faultscope_capture::sigmf::Recording::of(&waveform);
        let clipped = faultscope_capture::sigmf::write(&folder.path().join("loud"), &waveform, &recording).unwrap().1;
        let refused = |file: &Path, like: &Window<'_>| Envelope::of_file(file, like, FRAMES).unwrap_err().message;
        assert!(refused(&save("rate", 2.0 * RATE, 4, &mut seed), &window(&[])).contains("S/s"));
        assert!(refused(&clipped, &window(&[])).contains("clipped"));
        assert!(refused(&good, &Window { center_hz: Some(2e9), ..window(&[]) }).contains("centred"));
        assert!(refused(&good, &Window { kind: Kind::Real, ..window(&[]) }).contains("another kind"));
        assert!(Envelope::of_file(&good, &window(&[]), 5 * FRAMES).unwrap_err().message.contains("shorter"));
    }
}
