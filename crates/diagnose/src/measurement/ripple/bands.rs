//! Rms in bands and the psophometric voltage, from averaged spectra.

use faultscope_signal::lowpass::Decimated;
use faultscope_signal::spectrum::{Options, Spectrum, SpectrumSettings, Traces, analyze};
use faultscope_signal::weighting::o41_db;
use faultscope_signal::{Record, RecordError, Silent, Window};

use super::Band;

/// Lowest rate of the view for the psophometric band: flat to 7.7 kHz.
const VOICE_RATE_HZ: f64 = 32_000.0;
/// Transform of long records at the view's rate: bins of one hertz or less. Where the weight is steepest, 0.7 dB per hertz, the
/// three bins of a line on Hann's window read it within 0.02 dB.
const VOICE_FFT: usize = 1 << 16;
/// Transform of long records at the full rate.
const WIDE_FFT: usize = 1 << 16;
/// The telecom bands.
const BANDS: [(&str, f64, f64); 4] =
    [("0-300", 0.0, 300.0), ("300-3400", 300.0, 3_400.0), ("3.4k-150k", 3_400.0, 150e3), ("150k-30M", 150e3, 30e6)];
/// The bands of single frequencies, by reading.
pub(super) const DISCRETE: [(&str, f64, f64); 4] = [
    ("discrete_3k4_150k", 3_400.0, 150e3),
    ("discrete_150k_200k", 150e3, 200e3),
    ("discrete_200k_500k", 200e3, 500e3),
    ("discrete_500k_30m", 500e3, 30e6),
];

/// The two spectra of a record; what the record is too short for is missing.
pub(super) struct Spectra {
    /// Fine, of the voice band.
    pub(super) voice: Option<Spectrum>,
    /// Of everything, averaged.
    pub(super) wide: Option<Spectrum>,
}

impl Spectra {
    pub(super) fn new(record: &dyn Record) -> Result<Self, RecordError> {
        let view = Decimated::at_least(record, VOICE_RATE_HZ);
        let frames = usize::try_from(view.frames()).unwrap_or(usize::MAX);
        // Short records are transformed as a whole: resolution matters more than averaging where the weight is steep.
        let voice = transform(view.as_ref(), if frames <= 2 * VOICE_FFT { frames } else { VOICE_FFT })?;
        let frames = usize::try_from(record.frames()).unwrap_or(usize::MAX);
        let quarter = (frames / 4).max(1);
        if quarter >= VOICE_FFT && view.frames() == record.frames() {
            // The voice band is nearly all there is: one spectrum serves both.
            return Ok(Self { wide: voice.clone(), voice });
        }
        let fft = if quarter >= WIDE_FFT { WIDE_FFT } else { (quarter + 1).next_power_of_two() / 2 };
        Ok(Self { voice, wide: transform(record, fft)? })
    }
}

fn transform(record: &dyn Record, fft: usize) -> Result<Option<Spectrum>, RecordError> {
    if fft < 16 {
        return Ok(None);
    }
    // Of few segments the lowest is kept as well: it tells a steady line from what one transient leaves behind.
    let few = record.frames() <= 64 * fft as u64;
    let options = Options { traces: Traces { min: few, ..Traces::default() }, ..Options::default() };
    let settings = SpectrumSettings { fft, window: Window::Hann, overlap: 0.5 };
    Ok(Some(analyze(record, settings, &options, &Silent)?))
}

/// Power between two frequencies: whole bins by their centres, spread of the window taken out.
fn power(s: &Spectrum, low: f64, high: f64, weight: impl Fn(f64) -> f64) -> f64 {
    let sum: f64 = s
        .mean
        .iter()
        .enumerate()
        .map(|(i, p)| (s.bin_hz() * i as f64, p))
        .filter(|(f, _)| *f >= low && *f < high)
        .map(|(f, p)| p * weight(f))
        .sum();
    sum * s.bin_hz() / s.rbw_hz()
}

/// Psophometric voltage; nothing below a bandwidth of 5 kHz.
pub(super) fn psophometric(spectra: &Spectra, bandwidth_hz: f64) -> Option<f64> {
    let voice = spectra.voice.as_ref().filter(|_| bandwidth_hz >= 5_000.0)?;
    Some(power(voice, 0.0, f64::INFINITY, |f| 10f64.powf(o41_db(f) / 10.0)).sqrt())
}

/// Rms of the telecom bands, and whether each was covered: by the bandwidth, and by the record's length.
pub(super) fn bands(spectra: &Spectra, bandwidth_hz: f64) -> Vec<Band> {
    BANDS
        .into_iter()
        .map(|(name, low_hz, high_hz)| {
            let source = if high_hz <= 3_400.0 { spectra.voice.as_ref() } else { spectra.wide.as_ref() };
            let source = source.filter(|_| bandwidth_hz > low_hz);
            Band {
                name: name.into(),
                low_hz,
                high_hz,
                rms_v: source.map(|s| power(s, low_hz, high_hz.min(bandwidth_hz), |_| 1.0).sqrt()),
                covered: bandwidth_hz >= high_hz && source.is_some_and(|s| s.bin_hz() <= 0.25 * (high_hz - low_hz)),
            }
        })
        .collect()
}
