//! Files that hold a spectrum instead of samples: what `info`, `spectrum` and `spurs` make of them, and who refuses them.

use std::path::Path;

use faultscope_capture::Capture;
use faultscope_diagnose::gate;
use faultscope_diagnose::measurement::{self, Measured, Settings};
use faultscope_signal::SweptSpectrum;

use crate::analyse::provenance;
use crate::opened::frame;
use crate::result::{SpectrumDetail, SpectrumInfo, SpectrumPeak, SpectrumTrace};
use crate::{CaptureResult, Class, Error, Request, SpectrumOptions};

/// An exported spectrum, cut to the band asked for, and which of its curves are to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The spectrum.
    pub spectrum: SweptSpectrum,
    /// Names and levels of the curves.
    pub curves: Vec<(String, Vec<f64>)>,
}

/// The refusal of everything that needs samples.
pub(crate) fn no_samples(capture: &Capture) -> Error {
    let message = format!("this file holds a spectrum, not samples: {}", capture.path.display());
    Error::new(
        Class::Input,
        "not_applicable",
        message,
        "info, spectrum, spurs and emissions read it; for the rest record samples",
    )
}

/// The result of a file with a spectrum, before anything is measured.
fn base(file: &Path, capture: &Capture, spectrum: &SweptSpectrum, request: &Request) -> Result<CaptureResult, Error> {
    Ok(CaptureResult {
        center_hz: Some(spectrum.center_hz()),
        unit: Some(spectrum.level_unit.symbol().to_ascii_lowercase()),
        quality: gate::merge([gate::from_caveats(&capture.caveats)]),
        ..frame(file, capture, &spectrum.name, request)?
    })
}

/// What `info` says of it.
pub(crate) fn info(
    file: &Path,
    capture: &Capture,
    main: &SweptSpectrum,
    request: &Request,
) -> Result<CaptureResult, Error> {
    let mut result = base(file, capture, main, request)?;
    result.spectra = capture.spectra.iter().map(describe).collect();
    result.origins = capture.provenance.origins.clone();
    result.caveats = capture.caveats.clone();
    result.provenance = Some(provenance(capture));
    Ok(result)
}

fn describe(spectrum: &SweptSpectrum) -> SpectrumInfo {
    let finite = || spectrum.average_db.iter().copied().filter(|l| l.is_finite());
    SpectrumInfo {
        name: spectrum.name.clone(),
        start_hz: spectrum.span_hz.0,
        stop_hz: spectrum.span_hz.1,
        points: spectrum.frequency_hz.len(),
        step_hz: spectrum.step_hz(),
        rbw_hz: spectrum.rbw_hz,
        level_unit: spectrum.level_unit,
        min_db: finite().reduce(f64::min),
        max_db: finite().reduce(f64::max),
        sweeps: spectrum.sweeps,
        first_time: spectrum.time.as_ref().map(|t| t.0.clone()),
        last_time: spectrum.time.as_ref().map(|t| t.1.clone()),
    }
}

/// Measures it, if the measurement can do without samples.
pub(crate) fn measure(
    file: &Path,
    capture: &Capture,
    main: &SweptSpectrum,
    measurement: &str,
    request: &Request,
) -> Result<(CaptureResult, Measured), Error> {
    let plug = match measurement {
        "spurs" => measurement::exported,
        "emissions" => measurement::exported_emissions,
        _ => return Err(no_samples(capture)),
    };
    let result = base(file, capture, main, request)?;
    let measured = plug(main, &capture.caveats, &request.settings)?;
    Ok((result, Measured { gates: gate::merge([measured.gates]), ..measured }))
}

/// The curves of it that were asked for, in the band that was asked for.
pub(crate) fn spectrum(
    file: &Path,
    capture: &Capture,
    main: &SweptSpectrum,
    request: &Request,
    options: &SpectrumOptions,
) -> Result<(CaptureResult, Exported), Error> {
    refuse_transforms(&request.settings, options)?;
    let cut = cut(main, options)?;
    let mut curves = cut.curves(options.max_hold, options.min_hold);
    if options.no_average {
        curves.remove(0);
    }
    if curves.is_empty() {
        let message = "the file holds one sweep, which is its own highest and lowest";
        return Err(Error::usage(message, "leave out --no-average"));
    }
    let curves: Vec<(String, Vec<f64>)> = curves.into_iter().map(|(n, l)| (n.to_owned(), l.to_vec())).collect();
    let mut result = base(file, capture, main, request)?;
    result.settings.spectrum = Some(options.clone());
    result.spectrum = Some(detail(&cut, &curves));
    Ok((result, Exported { spectrum: cut, curves }))
}

fn refuse_transforms(settings: &Settings, options: &SpectrumOptions) -> Result<(), Error> {
    let asked = [
        (settings.fft.is_some(), "--fft"),
        (settings.window.is_some(), "--window"),
        (settings.overlap.is_some(), "--overlap"),
        (options.rbw_hz.is_some(), "--rbw"),
        (options.persistence, "--persistence"),
        (!options.percentiles.is_empty(), "--percentiles"),
    ];
    match asked.iter().find(|(is, _)| *is) {
        Some((_, option)) => {
            let message = format!("{option} needs samples, and this file holds a spectrum");
            Err(Error::usage(message, format!("leave {option} out")))
        }
        None => Ok(()),
    }
}

/// The points inside the band asked for.
fn cut(spectrum: &SweptSpectrum, options: &SpectrumOptions) -> Result<SweptSpectrum, Error> {
    let Some(span) = options.span_hz else { return Ok(spectrum.clone()) };
    let middle = options.zoom_hz.unwrap_or_else(|| spectrum.center_hz());
    let (low, high) = (middle - span / 2.0, middle + span / 2.0);
    let points =
        spectrum.frequency_hz.partition_point(|f| *f < low)..spectrum.frequency_hz.partition_point(|f| *f <= high);
    if points.is_empty() {
        let (from, to) = spectrum.span_hz;
        let message = format!("no point of the spectrum lies from {low} to {high} Hz");
        return Err(Error::usage(message, format!("it covers {from} to {to} Hz")));
    }
    let part = |levels: &[f64]| levels.get(points.clone()).unwrap_or_default().to_vec();
    Ok(SweptSpectrum {
        span_hz: (low.max(spectrum.span_hz.0), high.min(spectrum.span_hz.1)),
        frequency_hz: part(&spectrum.frequency_hz),
        average_db: part(&spectrum.average_db),
        max_db: spectrum.max_db.as_deref().map(part),
        min_db: spectrum.min_db.as_deref().map(part),
        ..spectrum.clone()
    })
}

fn detail(spectrum: &SweptSpectrum, curves: &[(String, Vec<f64>)]) -> SpectrumDetail {
    let finite = |v: &f64| v.is_finite().then_some(*v);
    let levels: &[f64] = curves.first().map_or(&[], |c| &c.1);
    let strongest = levels.iter().enumerate().filter(|(_, l)| l.is_finite()).max_by(|a, b| a.1.total_cmp(b.1));
    let at = strongest.map_or(0, |(i, _)| i);
    let step_hz = spectrum.step_hz();
    SpectrumDetail {
        fft: None,
        window: None,
        overlap: None,
        segments: None,
        sweeps: Some(spectrum.sweeps),
        rbw_hz: spectrum.rbw_hz,
        start_hz: spectrum.frequency_hz.first().copied().unwrap_or(spectrum.span_hz.0),
        step_hz,
        frequency_hz: if step_hz.is_none() { spectrum.frequency_hz.clone() } else { Vec::new() },
        level_unit: spectrum.level_unit,
        peak: SpectrumPeak {
            frequency_hz: spectrum.frequency_hz.get(at).copied().unwrap_or(spectrum.span_hz.0),
            level_db: strongest.map(|(_, l)| *l),
        },
        traces: curves
            .iter()
            .map(|(name, levels)| SpectrumTrace { name: name.clone(), level_db: levels.iter().map(finite).collect() })
            .collect(),
        persistence: None,
    }
}
