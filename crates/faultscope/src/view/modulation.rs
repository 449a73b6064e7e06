//! What a screen draws of a modulated carrier: the constellation, the error of each symbol, amplitude and frequency over time.

use std::collections::HashSet;

use faultscope_diagnose::measurement::{Course, ModulatedSymbols, modulated};

use super::{Envelope, Viewer};
use crate::watch::Watched;
use crate::{CaptureResult, Error, Watch};

/// Columns of a course: so many that a stretch of it is still fine.
const COLUMNS: usize = 32_768;
/// Symbols that lie closer together than this part of their rms are drawn as one.
const CELL: f64 = 1.0 / 128.0;

/// A modulated carrier, as it is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModulationView {
    /// Envelope about its mean in per cent of it, over time.
    pub am_percent: Envelope,
    /// Frequency about its mean in hertz, over time.
    pub fm_hz: Envelope,
    /// The symbols, where they were decided.
    pub constellation: Option<ConstellationView>,
}

/// Symbols as they are drawn; I and Q in units of the symbols' rms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConstellationView {
    /// As they came; of many on one spot one.
    pub received: Vec<[f64; 2]>,
    /// Where they can lie.
    pub places: Vec<[f64; 2]>,
    /// Error of each over the symbols' rms, in per cent, over time.
    pub error_percent: Envelope,
}

impl Viewer {
    /// What `result`, which `modulation` gave for this capture, is of: demodulated again as it was asked for.
    ///
    /// # Errors
    /// When the samples cannot be read or demodulated, or `watch` says stop.
    pub fn modulation(&self, result: &CaptureResult, watch: &dyn Watch) -> Result<ModulationView, Error> {
        let used = &result.settings;
        let settings = used.asked.as_deref().or(used.measurement.as_ref()).cloned().unwrap_or_default();
        let record = Watched { record: self.trace()?, watch };
        let made = modulated(&record, &settings).map_err(crate::opened::measure_error)?;
        Ok(ModulationView {
            am_percent: envelope("AM", &made.am_percent),
            fm_hz: envelope("FM", &made.fm_hz),
            constellation: made.symbols.map(drawn),
        })
    }
}

fn drawn(symbols: ModulatedSymbols) -> ConstellationView {
    let mut taken = HashSet::new();
    let mut received = symbols.received;
    received.retain(|[i, q]| taken.insert(((i / CELL).round() as i64, (q / CELL).round() as i64)));
    ConstellationView { received, places: symbols.places, error_percent: envelope("EVM", &symbols.error_percent) }
}

/// A course in columns; its time is right to a sample.
fn envelope(name: &str, course: &Course) -> Envelope {
    let first = (course.start_s * course.rate_hz).round().max(0.0) as u64;
    let frames = course.values.len() as u64;
    let mut made = Envelope::empty(vec![name.to_owned()], course.rate_hz, first, frames, COLUMNS);
    made.widen(0, &course.values);
    made
}

#[cfg(test)]
mod tests {
    use faultscope_capture::OpenOptions;
    use faultscope_diagnose::measurement::{ModulationSettings, Settings};
    use faultscope_signal::evm::Constellation;

    use super::*;
    use crate::view::Scratch;
    use crate::{Request, Unwatched, analyse};

    #[test]
    fn the_picture_shows_the_worst_symbol_and_the_deviation_that_the_figures_name() {
        let scratch = Scratch::new().unwrap();
        let file = scratch.simulate("sim:tx-healthy?modulation=qpsk").unwrap();
        let modulation = ModulationSettings {
            symbol_rate_hz: Some(500e3 / 16.0),
            constellation: Some(Constellation::Qpsk),
            ..ModulationSettings::default()
        };
        let settings = Settings { modulation: Some(modulation), ..Settings::default() };
        let request = Request { settings, ..Request::default() };
        let result = analyse(&file, "modulation", &request, &Unwatched).unwrap();
        let viewer = Viewer::open(&file, &OpenOptions::default()).unwrap();
        let view = viewer.modulation(&result, &Unwatched).unwrap().constellation.unwrap();
        let vector = result.modulation.unwrap().vector.unwrap();
        let band = &view.error_percent.bands[0];
        assert_eq!(view.error_percent.frames, vector.symbols);
        assert!((band.high.iter().copied().fold(0.0, f64::max) - vector.evm_peak_percent).abs() < 1e-9);
        // The worst symbol is one of the points.
        let away =
            |z: &[f64; 2]| view.places.iter().map(|p| (p[0] - z[0]).hypot(p[1] - z[1])).fold(f64::INFINITY, f64::min);
        let worst = view.received.iter().map(away).fold(0.0, f64::max);
        assert!((100.0 * worst - vector.evm_peak_percent).abs() < 100.0 * CELL);
        assert_eq!(view.places.len(), 4);
    }

    #[test]
    fn a_tone_swings_as_far_as_its_deviation() {
        let scratch = Scratch::new().unwrap();
        let file = scratch.simulate("sim:tx-healthy?modulation=fm").unwrap();
        let result = analyse(&file, "modulation", &Request::default(), &Unwatched).unwrap();
        let viewer = Viewer::open(&file, &OpenOptions::default()).unwrap();
        let view = viewer.modulation(&result, &Unwatched).unwrap();
        let (low, high) = (&view.fm_hz.bands[0].low, &view.fm_hz.bands[0].high);
        let (least, most) = (low.iter().copied().fold(0.0, f64::min), high.iter().copied().fold(0.0, f64::max));
        // 2.5 kHz by definition of the model; noise reaches a little further.
        assert!((-2700.0..-2450.0).contains(&least) && (2450.0..2700.0).contains(&most), "{least} {most}");
        assert!(view.constellation.is_none());
    }
}
