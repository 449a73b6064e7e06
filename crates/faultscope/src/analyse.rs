//! The verb "diagnose": open a capture, look for what spoils it, measure, judge, explain.

use std::path::Path;

use faultscope_capture::{Capture, OpenOptions, Trace};
use faultscope_diagnose::gate::{self, Coverage};
use faultscope_diagnose::measurement::{self, Detail, Measured, Settings};
use faultscope_diagnose::{LimitSet, RuleSet, judge, judge::applies};
use faultscope_report::words::{self, Lang};
use faultscope_signal::spectrum::Options;
use faultscope_signal::threads::Silent;
use faultscope_signal::{Kind, Record as _, Spectrum, SpectrumSettings, Unit, Window, spectrum as spectra};

use crate::result::{Channel, ProvenanceInfo, ResultSettings, SpectrumDetail, SpectrumPeak, SpectrumTrace};
use crate::watch::{INTERRUPTED, Watched};
use crate::{CaptureResult, Class, Error, Watch};

/// What to do with a capture.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// How to open it.
    pub open: OpenOptions,
    /// Measurement settings.
    pub settings: Settings,
    /// Limits to judge by.
    pub packs: Vec<LimitSet>,
    /// Language of the findings' summaries.
    pub lang: Lang,
    /// Leave out the SHA-256 of the file, which costs a pass over all of it and which tables do not show.
    pub skip_digest: bool,
}

/// Blocks that an overview of a very long record looks at: 4 million frames.
const OVERVIEW: Coverage = Coverage::Blocks(128);

/// Measures one capture, judges it, and explains what failed.
///
/// # Errors
/// When the capture cannot be opened or measured, or no limit of the packs fits the measurement.
pub fn analyse(file: &Path, measurement: &str, request: &Request, watch: &dyn Watch) -> Result<CaptureResult, Error> {
    let plug = measurement::by_id(measurement)
        .ok_or_else(|| Error::usage(format!("there is no measurement '{measurement}'"), "spurs or ripple"))?;
    if !request.packs.is_empty() && !applies(measurement, &request.packs) {
        return Err(no_limit(measurement, &request.packs));
    }
    let capture = faultscope_capture::open(file, &request.open)?;
    let trace = main_trace(&capture)?;
    let watched = Watched { record: trace, watch };
    let scan = gate::scan(&watched, Coverage::Full).map_err(read_error)?;
    let mut measured = plug.measure(&watched, &capture.caveats, &request.settings).map_err(measure_error)?;
    measured.gates = gate::merge([scan.gates, measured.gates]);
    let mut result = base(file, &capture, trace, request)?;
    judge_and_explain(&mut result, measured, request)?;
    Ok(result)
}

fn judge_and_explain(result: &mut CaptureResult, measured: Measured, request: &Request) -> Result<(), Error> {
    let rules = RuleSet::built_in()?;
    let mut findings = judge(&measured, &request.packs);
    rules.explain(&measured, &mut findings);
    for finding in &mut findings {
        finding.summary = words::summary(finding, request.lang);
    }
    result.settings.measurement = Some(measured.settings);
    result.settings.rules_version = (!findings.is_empty()).then_some(rules.version);
    result.quality = measured.gates;
    result.readings = measured.readings;
    result.findings = findings;
    match measured.detail {
        Detail::Spurs(detail) => result.spurs = Some(detail),
        Detail::Ripple(detail) => result.ripple = Some(detail),
    }
    Ok(())
}

/// What a capture is: format, rate, centre, length, unit, gates, and where each field came from.
///
/// # Errors
/// When the capture cannot be opened or read.
pub fn info(file: &Path, request: &Request, watch: &dyn Watch) -> Result<CaptureResult, Error> {
    let capture = faultscope_capture::open(file, &request.open)?;
    let mut result = base(file, &capture, main_trace(&capture)?, request)?;
    let mut lists = vec![gate::from_caveats(&capture.caveats)];
    for trace in &capture.traces {
        let scan = gate::scan(&Watched { record: trace, watch }, OVERVIEW).map_err(read_error)?;
        result.channels.push(Channel {
            name: trace.name.clone(),
            kind: if trace.kind == Kind::Iq { "iq" } else { "real" }.into(),
            unit: trace.unit.symbol().into(),
            min: scan.min.is_finite().then_some(scan.min),
            max: scan.max.is_finite().then_some(scan.max),
        });
        lists.push(scan.gates);
    }
    result.quality = gate::merge(lists);
    result.origins = capture.provenance.origins.clone();
    result.caveats = capture.caveats.clone();
    result.provenance = Some(ProvenanceInfo {
        start_time: capture.provenance.start_time.clone(),
        instrument: capture.provenance.instrument.clone(),
        description: capture.provenance.description.clone(),
    });
    Ok(result)
}

/// The averaged spectrum of one capture; 4096 points, Hann, half overlap where the request does not say otherwise.
///
/// # Errors
/// When the capture cannot be opened or read, or is shorter than one transform.
pub fn spectrum(file: &Path, request: &Request, watch: &dyn Watch) -> Result<(CaptureResult, Spectrum), Error> {
    let capture = faultscope_capture::open(file, &request.open)?;
    let trace = main_trace(&capture)?;
    let watched = Watched { record: trace, watch };
    let settings = spectrum_settings(&request.settings, trace.frames)?;
    let scan = gate::scan(&watched, OVERVIEW).map_err(read_error)?;
    let options = Options { threads: request.settings.threads, ..Options::default() };
    let spectrum = spectra::analyze(&watched, settings, &options, &Silent).map_err(|s| read_error(s.into()))?;
    let mut result = base(file, &capture, trace, request)?;
    result.quality = gate::merge([gate::from_caveats(&capture.caveats), scan.gates]);
    result.settings.measurement = Some(Settings {
        fft: Some(settings.fft),
        window: Some(settings.window),
        overlap: Some(settings.overlap),
        ..request.settings.clone()
    });
    result.spectrum = Some(spectrum_detail(&spectrum));
    Ok((result, spectrum))
}

fn spectrum_settings(settings: &Settings, frames: u64) -> Result<SpectrumSettings, Error> {
    let overlap = settings.overlap.unwrap_or(0.5);
    if !(0.0..1.0).contains(&overlap) {
        return Err(Error::usage(format!("an overlap of {overlap} is not from 0 to below 1"), "--overlap 0.5"));
    }
    let room = usize::try_from(frames).unwrap_or(usize::MAX);
    let fft = match settings.fft {
        Some(n) if n < 2 => return Err(Error::usage(format!("a transform of {n} points is too short"), "--fft 4096")),
        Some(n) if n > room => {
            let message = format!("a transform of {n} points is longer than the record ({frames} samples)");
            return Err(Error::new(Class::Input, "too_short", message, format!("--fft {room} or less")));
        }
        Some(n) => n,
        None => 4096.min(room),
    };
    if fft < 2 {
        return Err(Error::new(Class::Input, "too_short", "the record holds fewer than two samples", ""));
    }
    Ok(SpectrumSettings { fft, window: settings.window.unwrap_or(Window::Hann), overlap })
}

fn spectrum_detail(spectrum: &Spectrum) -> SpectrumDetail {
    let levels: Vec<f64> = spectrum.mean.iter().map(|p| spectrum.level_db(*p)).collect();
    let peak = levels.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(i, _)| i);
    let finite = |v: &f64| v.is_finite().then_some(*v);
    SpectrumDetail {
        fft: spectrum.settings.fft,
        window: spectrum.settings.window,
        overlap: spectrum.settings.overlap,
        segments: spectrum.segments,
        rbw_hz: spectrum.rbw_hz(),
        start_hz: spectrum.frequency_hz(0.0),
        step_hz: spectrum.bin_hz(),
        level_unit: spectrum.level_unit(),
        peak: SpectrumPeak {
            frequency_hz: spectrum.frequency_hz(peak as f64),
            level_db: levels.get(peak).and_then(finite),
        },
        traces: vec![SpectrumTrace { name: "average".into(), level_db: levels.iter().map(finite).collect() }],
    }
}

fn base(file: &Path, capture: &Capture, trace: &Trace, request: &Request) -> Result<CaptureResult, Error> {
    Ok(CaptureResult {
        file: file.display().to_string(),
        sha256: if request.skip_digest { None } else { Some(capture.digest()?) },
        format: Some(capture.format.clone()),
        sample_rate_hz: Some(trace.sample_rate_hz),
        center_hz: trace.center_hz,
        samples: Some(trace.frames),
        duration_s: Some(trace.duration_s()),
        unit: Some(unit_name(trace)),
        settings: ResultSettings {
            open: request.open.clone(),
            channel: Some(trace.name.clone()),
            limit_packs: request.packs.iter().map(|p| format!("{}@{}", p.pack.id, p.pack.version)).collect(),
            ..ResultSettings::default()
        },
        ..CaptureResult::default()
    })
}

fn unit_name(trace: &Trace) -> String {
    match (trace.unit, trace.full_scale_dbm) {
        (Unit::FullScale, Some(_)) => "dbm".into(),
        (Unit::FullScale, None) => "dbfs".into(),
        (unit, _) => unit.symbol().to_ascii_lowercase(),
    }
}

fn main_trace(capture: &Capture) -> Result<&Trace, Error> {
    capture.main_trace().ok_or_else(|| {
        let message = format!("the file holds no channel: {}", capture.path.display());
        Error::new(Class::Input, "malformed", message, "record it again with a channel switched on")
    })
}

fn no_limit(measurement: &str, packs: &[LimitSet]) -> Error {
    let ids: Vec<&str> = packs.iter().map(|p| p.pack.id.as_str()).collect();
    Error::usage(
        format!("no limit in {} is for {measurement}", ids.join(", ")),
        "faultscope limits list shows which pack is for which measurement",
    )
}

fn read_error(error: faultscope_signal::RecordError) -> Error {
    if error.message == INTERRUPTED {
        return Error::interrupted();
    }
    Error::new(Class::Input, "io", error.message, "")
}

fn measure_error(error: measurement::MeasureError) -> Error {
    match error {
        measurement::MeasureError::Record(e) => read_error(e),
        other => other.into(),
    }
}
