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

/// Bins on each side of a line's peak that hold its power under Hann's window.
const LOBE: usize = 2;
/// A line at an edge stands this far above the bins beside its lobe.
const STANDS: f64 = 10.0;
/// A line within this part of a bin of an edge lies on it, and belongs above.
const ON_EDGE: f64 = 0.05;

/// Power between two frequencies: whole bins by their centres, spread of the window taken out. A line whose lobe reaches
/// over an edge counts as a whole where its frequency lies.
fn power(s: &Spectrum, low: f64, high: f64, weight: impl Fn(f64) -> f64) -> f64 {
    let lines = [line_at(s, low), line_at(s, high)];
    let place = |i: usize| {
        let line = lines.iter().flatten().find(|(peak, _)| peak.abs_diff(i) <= LOBE);
        line.map_or(s.bin_hz() * i as f64, |(_, hz)| *hz)
    };
    let sum: f64 = s
        .mean
        .iter()
        .enumerate()
        .map(|(i, p)| (i, place(i), p))
        .filter(|(_, f, _)| *f >= low && *f < high)
        .map(|(i, _, p)| p * weight(s.bin_hz() * i as f64))
        .sum();
    sum * s.bin_hz() / s.rbw_hz()
}

/// A line whose lobe reaches over an edge: its peak bin, and its frequency from the two highest bins, which is exact for
/// Hann's window (the ratio of neighbours is (1 + d) / (2 - d) for a line d of a bin off).
fn line_at(s: &Spectrum, edge_hz: f64) -> Option<(usize, f64)> {
    let edge = edge_hz / s.bin_hz();
    // Only a peak with bins beside its lobe on both sides can be told from its surroundings.
    let (first, last) = (LOBE + 1, s.mean.len().checked_sub(LOBE + 2)?);
    if !(first as f64..=last as f64).contains(&edge) {
        return None;
    }
    let near = (edge as usize - LOBE).max(first)..=(edge as usize + LOBE + 1).min(last);
    let peak = near.max_by(|a, b| s.mean[*a].total_cmp(&s.mean[*b]))?;
    let (below, top, above) = (s.mean[peak - 1], s.mean[peak], s.mean[peak + 1]);
    let beside = s.mean[peak - LOBE - 1].max(s.mean[peak + LOBE + 1]);
    if below > top || above > top || top < STANDS * beside {
        return None;
    }
    let (ratio, side) = if above >= below { ((above / top).sqrt(), 1.0) } else { ((below / top).sqrt(), -1.0) };
    let at = peak as f64 + side * (2.0 * ratio - 1.0) / (1.0 + ratio);
    let on_edge = (at - edge).abs() <= ON_EDGE;
    Some((peak, if on_edge { edge_hz } else { at * s.bin_hz() }))
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

#[cfg(test)]
mod tests {
    use faultscope_signal::{Unit, Waveform};

    use super::*;

    /// A line of 1 V rms, wherever it lies between the bins: all of its power is in the band of its frequency.
    #[test]
    fn a_line_at_the_edge_of_a_band_counts_whole_where_its_frequency_lies() {
        let (rate, n, fft) = (8192.0, 1 << 16, 1 << 13);
        for (hz, upper) in [
            (300.0, true),
            (299.97, true),
            (299.9, false),
            (299.5, false),
            (298.6, false),
            (300.04, true),
            (300.5, true),
            (301.4, true),
        ] {
            let value = |k: u32| 2f64.sqrt() * (std::f64::consts::TAU * hz * f64::from(k) / rate).sin();
            let waveform = Waveform::real((0..n).map(value).collect(), rate, Unit::Volt).unwrap();
            let s = transform(&waveform, fft).unwrap().unwrap();
            assert_eq!(s.bin_hz(), 1.0);
            let (low, high) = (power(&s, 0.0, 300.0, |_| 1.0), power(&s, 300.0, 3400.0, |_| 1.0));
            let (inside, outside) = if upper { (high, low) } else { (low, high) };
            // A line half a bin off leaves 2e-4 of its power outside its lobe.
            assert!((inside - 1.0).abs() < 1e-3 && outside < 1e-3, "{hz} Hz: {low} and {high}");
        }
    }

    /// Noise has no line: what is in the two bands is what is in both together.
    /// Short spectra, lines and edges anywhere: nothing is lost between two bands, nothing counts twice.
    #[test]
    fn bands_that_touch_hold_all_of_the_power_wherever_line_and_edge_lie() {
        for fft in [2_usize, 4, 6, 8, 10, 12, 16, 32, 64] {
            for line in 0..=fft {
                let turns = 0.5 * line as f64 / fft as f64;
                let wave = (0..4 * fft).map(|i| (std::f64::consts::TAU * turns * i as f64 + 0.3).sin()).collect();
                let record = Waveform::real(wave, fft as f64, Unit::Volt).unwrap();
                let settings = SpectrumSettings { fft, window: Window::Hann, overlap: 0.5 };
                let s = analyze(&record, settings, &Options::default(), &Silent).unwrap();
                let whole = power(&s, 0.0, f64::INFINITY, |_| 1.0);
                for edge in (0..=2 * fft).map(|k| 0.25 * k as f64) {
                    let parts = power(&s, 0.0, edge, |_| 1.0) + power(&s, edge, f64::INFINITY, |_| 1.0);
                    assert!((parts - whole).abs() <= 1e-12 * whole.max(1e-300), "{fft} {line} {edge}: {parts} {whole}");
                }
            }
        }
    }

    #[test]
    fn noise_is_divided_at_the_edge_by_whole_bins() {
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        let waveform = Waveform::real((0..1 << 18).map(|_| uniform()).collect(), 8192.0, Unit::Volt).unwrap();
        let s = transform(&waveform, 1 << 13).unwrap().unwrap();
        assert_eq!(line_at(&s, 300.0), None);
        let (low, high) = (power(&s, 100.0, 300.0, |_| 1.0), power(&s, 300.0, 500.0, |_| 1.0));
        assert!((low + high - power(&s, 100.0, 500.0, |_| 1.0)).abs() < 1e-12);
        // 1/12 of uniform noise over 4096 Hz: 200 Hz of it, within 5 % for 200 bins in 63 segments.
        let expected = 200.0 / 4096.0 / 12.0;
        assert!((low / expected - 1.0).abs() < 0.05 && (high / expected - 1.0).abs() < 0.05, "{low} {high}");
    }
}
