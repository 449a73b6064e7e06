//! The verb "spectrum": one pass over a capture, or over a narrow band of it, with every trace that is asked for.

use std::path::Path;

use faultscope_capture::Trace;
use faultscope_diagnose::measurement::Settings;
use faultscope_signal::spectrum::{Options, Traces, analyze, rbw_to_fft};
use faultscope_signal::zoom::{Baseband, zoom};
use faultscope_signal::{Kind, Progress, Record as _, Spectrum, SpectrumSettings, Stop, Window};
use serde::{Deserialize, Serialize};

use crate::analyse::OVERVIEW;
use crate::exported::{self, Exported};
use crate::opened::{Opened, read_error};
use crate::result::{PersistenceDetail, SpectrumDetail, SpectrumPeak, SpectrumTrace};
use crate::watch::Watched;
use crate::{CaptureResult, Class, Error, Request, Watch};

/// What a spectrum is to hold beside the average, and of which band.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct SpectrumOptions {
    /// The highest level of every point.
    pub max_hold: bool,
    /// The lowest level of every point.
    pub min_hold: bool,
    /// Percentiles of the levels, 0 to 100.
    pub percentiles: Vec<f64>,
    /// The histogram of levels.
    pub persistence: bool,
    /// Leave the average out of what is written.
    pub no_average: bool,
    /// Resolution bandwidth, instead of a transform length.
    pub rbw_hz: Option<f64>,
    /// Middle of the band to zoom into, absolute where the capture has a centre.
    pub zoom_hz: Option<f64>,
    /// Width of that band.
    pub span_hz: Option<f64>,
}

/// A spectrum, and which of its points are to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The spectrum.
    pub spectrum: Spectrum,
    /// Its points inside the band asked for.
    pub points: std::ops::Range<usize>,
    /// Whether the average is among the curves.
    pub average: bool,
}

/// What is drawn: computed from samples, or exported by an instrument.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one per file, never a list")]
pub enum Drawn {
    /// From samples.
    Computed(Shown),
    /// From a file that holds a spectrum.
    Exported(Exported),
}

/// Asks the door's watch whether to go on; frames are counted where they are read.
pub(crate) struct Asked<'a>(pub(crate) &'a dyn Watch);

impl Progress for Asked<'_> {
    fn advance(&self, _done: u64, _total: u64) -> bool {
        !self.0.cancelled()
    }
}

pub(crate) fn stop_error(stop: Stop) -> Error {
    match stop {
        Stop::Failed(error) => read_error(error),
        Stop::Cancelled => Error::interrupted(),
    }
}

/// The spectrum of one capture; 4096 points, Hann, half overlap where the request does not say otherwise.
///
/// # Errors
/// When the capture cannot be opened or read, is shorter than one transform, or does not cover the band.
pub fn spectrum(
    file: &Path,
    request: &Request,
    options: &SpectrumOptions,
    watch: &dyn Watch,
) -> Result<(CaptureResult, Drawn), Error> {
    check(options)?;
    let mut opened = Opened::new(file, request, watch)?;
    if let Some(swept) = opened.capture.spectra.first() {
        let (result, drawn) = exported::spectrum(file, &opened.capture, swept, request, options)?;
        return Ok((result, Drawn::Exported(drawn)));
    }
    opened.scan(OVERVIEW)?;
    let shown = measure(opened.trace()?, &opened.record()?, request, options, watch)?;
    let used = shown.spectrum.settings;
    let mut result = opened.result()?;
    result.quality = opened.gates();
    result.settings.measurement = Some(Settings {
        fft: Some(used.fft),
        window: Some(used.window),
        overlap: Some(used.overlap),
        ..request.settings.clone()
    });
    result.settings.spectrum = Some(options.clone());
    result.spectrum = Some(detail(&shown));
    Ok((result, Drawn::Computed(shown)))
}

fn check(options: &SpectrumOptions) -> Result<(), Error> {
    if let Some(p) = options.percentiles.iter().find(|p| !(0.0..=100.0).contains(*p)) {
        return Err(Error::usage(format!("there is no percentile {p}"), "--percentiles 50,90"));
    }
    if options.no_average && !(options.max_hold || options.min_hold || !options.percentiles.is_empty()) {
        return Err(Error::usage(
            "without the average there is no curve left",
            "add --max-hold, --min-hold or --percentiles",
        ));
    }
    if options.zoom_hz.is_some() && options.span_hz.is_none() {
        return Err(Error::usage("a zoom needs the width of its band", "add --span HZ"));
    }
    Ok(())
}

fn measure(
    trace: &Trace,
    watched: &Watched<'_>,
    request: &Request,
    options: &SpectrumOptions,
    watch: &dyn Watch,
) -> Result<Shown, Error> {
    let how = Options {
        traces: Traces {
            max: options.max_hold,
            min: options.min_hold,
            percentiles: options.percentiles.clone(),
            persistence: options.persistence,
            scale: None,
        },
        threads: request.settings.threads,
        ..Options::default()
    };
    let average = !options.no_average;
    let Some(span) = options.span_hz else {
        let settings = transform(&request.settings, options.rbw_hz, trace.sample_rate_hz, trace.frames)?;
        let spectrum = analyze(watched, settings, &how, &Asked(watch)).map_err(stop_error)?;
        return Ok(Shown { points: 0..spectrum.mean.len(), spectrum, average });
    };
    let offset = offset(trace, options.zoom_hz)?;
    let (rate, frames) = {
        let band = Baseband::new(watched, offset, span).map_err(read_error)?;
        (band.sample_rate_hz(), band.frames())
    };
    let settings = transform(&request.settings, options.rbw_hz, rate, frames)?;
    let zoomed = zoom(watched, offset, span, settings, &how, &Asked(watch)).map_err(stop_error)?;
    let points = *zoomed.bins.start()..*zoomed.bins.end() + 1;
    Ok(Shown { spectrum: zoomed.spectrum, points, average })
}

/// Where the band is, counted from the centre of an I/Q record and from 0 Hz of a real one.
fn offset(trace: &Trace, zoom_hz: Option<f64>) -> Result<f64, Error> {
    match (zoom_hz, trace.kind) {
        (Some(hz), Kind::Real) => Ok(hz),
        (Some(hz), Kind::Iq) => Ok(hz - trace.center_hz.unwrap_or(0.0)),
        (None, Kind::Iq) => Ok(0.0),
        (None, Kind::Real) => Err(Error::usage("a span alone does not say which band", "add --zoom-at HZ")),
    }
}

fn transform(settings: &Settings, rbw_hz: Option<f64>, rate_hz: f64, frames: u64) -> Result<SpectrumSettings, Error> {
    let overlap = settings.overlap.unwrap_or(0.5);
    if !(0.0..1.0).contains(&overlap) {
        return Err(Error::usage(format!("an overlap of {overlap} is not from 0 to below 1"), "--overlap 0.5"));
    }
    let window = settings.window.unwrap_or(Window::Hann);
    let asked = match (settings.fft, rbw_hz) {
        (Some(_), Some(_)) => {
            let hint = "give --fft or --rbw, not both";
            return Err(Error::usage("a transform length and a resolution bandwidth exclude each other", hint));
        }
        (None, Some(rbw)) => Some(rbw_to_fft(rate_hz, window, rbw).map_err(|e| Error::usage(e.message, "--rbw HZ"))?),
        (fft, None) => fft,
    };
    let room = usize::try_from(frames).unwrap_or(usize::MAX);
    let fft = match asked {
        Some(n) if n < 2 => return Err(Error::usage(format!("a transform of {n} points is too short"), "--fft 4096")),
        Some(n) if n > room => {
            let message = format!("a transform of {n} points is longer than the record ({frames} samples)");
            let hint = match rbw_hz {
                Some(_) => format!("--rbw {:.4} or more", window.gains(room.max(2)).1 * rate_hz / room as f64),
                None => format!("--fft {room} or less"),
            };
            return Err(Error::new(Class::Input, "too_short", message, hint));
        }
        Some(n) => n,
        None => 4096.min(room),
    };
    if fft < 2 {
        return Err(Error::new(Class::Input, "too_short", "the record holds fewer than two samples", ""));
    }
    Ok(SpectrumSettings { fft, window, overlap })
}

fn detail(shown: &Shown) -> SpectrumDetail {
    let spectrum = &shown.spectrum;
    let mut curves = spectrum.curves();
    for (_, levels) in &mut curves {
        *levels = levels.get(shown.points.clone()).unwrap_or_default().to_vec();
    }
    // The peak is that of the average, or of the first curve that is shown instead.
    if !shown.average {
        curves.remove(0);
    }
    let levels: &[f64] = curves.first().map_or(&[], |c| &c.1);
    let peak = levels.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(i, _)| i);
    let finite = |v: &f64| v.is_finite().then_some(*v);
    let peak = SpectrumPeak {
        frequency_hz: spectrum.frequency_hz((shown.points.start + peak) as f64),
        level_db: levels.get(peak).and_then(finite),
    };
    let persistence = spectrum.persistence.as_ref().map(|p| PersistenceDetail {
        bottom_db: p.scale.bottom_db,
        cell_db: p.scale.cell_db,
        counts: p
            .counts
            .rows()
            .into_iter()
            .skip(shown.points.start)
            .take(shown.points.len())
            .map(|r| r.to_vec())
            .collect(),
    });
    SpectrumDetail {
        fft: Some(spectrum.settings.fft),
        window: Some(spectrum.settings.window),
        overlap: Some(spectrum.settings.overlap),
        segments: Some(spectrum.segments),
        sweeps: None,
        rbw_hz: Some(spectrum.rbw_hz()),
        start_hz: spectrum.frequency_hz(shown.points.start as f64),
        step_hz: Some(spectrum.bin_hz()),
        frequency_hz: Vec::new(),
        level_unit: spectrum.level_unit(),
        peak,
        traces: curves
            .into_iter()
            .map(|(name, levels)| SpectrumTrace { name, level_db: levels.iter().map(finite).collect() })
            .collect(),
        persistence,
    }
}
