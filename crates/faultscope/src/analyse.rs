//! The verb "diagnose": open a capture, look for what spoils it, measure, judge, explain.

use std::path::Path;

use faultscope_capture::{Capture, OpenOptions};
use faultscope_diagnose::gate::{self, Coverage};
use faultscope_diagnose::measurement::{self, Detail, Measured, Settings};
use faultscope_diagnose::{Cause, Gate, GateState, LimitSet, RuleSet, judge, judge::applies};
use faultscope_report::words::{self, Lang};
use faultscope_signal::{Kind, Unit};

use crate::opened::{Opened, base, main_trace, read_error};
use crate::result::{Channel, ProvenanceInfo};
use crate::watch::Watched;
use crate::{CaptureResult, Class, Error, Watch, exported, limits};

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
pub(crate) const OVERVIEW: Coverage = Coverage::Blocks(128);

/// The measurement that goes with what a record is: `spurs` for I/Q, `ripple` for volts, none for values without a meaning.
#[must_use]
pub const fn measurement_of(kind: Kind, unit: Unit) -> Option<&'static str> {
    match (kind, unit) {
        (Kind::Iq, _) => Some("spurs"),
        (Kind::Real, Unit::Volt) => Some("ripple"),
        _ => None,
    }
}

/// Measures one capture, judges it, and explains what failed.
///
/// # Errors
/// When the capture cannot be opened or measured, or no limit of the packs fits the measurement.
pub fn analyse(file: &Path, measurement: &str, request: &Request, watch: &dyn Watch) -> Result<CaptureResult, Error> {
    analyse_with(file, measurement, request, &RuleSet::built_in()?, watch)
}

/// The same with other rules than those that ship with the program.
///
/// # Errors
/// As for [`analyse`].
pub fn analyse_with(
    file: &Path,
    measurement: &str,
    request: &Request,
    rules: &RuleSet,
    watch: &dyn Watch,
) -> Result<CaptureResult, Error> {
    let plug = measurement::by_id(measurement).ok_or_else(|| {
        let ids: Vec<&str> = measurement::ALL.iter().map(|m| m.id()).collect();
        Error::usage(format!("there is no measurement '{measurement}'"), format!("choose one of {}", ids.join(", ")))
    })?;
    if !request.packs.is_empty() && !applies(measurement, &request.packs) {
        return Err(no_limit(measurement, &request.packs));
    }
    let settings = limits::with_lines(measurement, request.settings.clone(), &request.packs)?;
    let request = &Request { settings, ..request.clone() };
    let mut opened = Opened::new(file, request, watch)?;
    if let Some(spectrum) = opened.capture.spectra.first() {
        let (mut result, measured) = exported::measure(file, &opened.capture, spectrum, measurement, request)?;
        judge_and_explain(&mut result, measured, request, rules);
        return Ok(result);
    }
    let outcome = opened.measure(|record, caveats| plug.measure(record, caveats, &request.settings));
    let mut result = opened.result()?;
    let measured = match outcome {
        Ok(measured) => measured,
        // What spoils the samples is an answer too: every limit is answered with `invalid`, none with silence.
        Err(error) if error.class == Class::Input && opened.spoilt().is_some() => {
            result.error = Some(error.at(&result.file).into());
            let (measurement, settings) = (plug.id(), request.settings.clone());
            Measured { measurement, settings, gates: opened.gates(), readings: Vec::new(), detail: Detail::Nothing }
        }
        Err(error) => return Err(error),
    };
    judge_and_explain(&mut result, measured, request, rules);
    Ok(result)
}

pub(crate) fn judge_and_explain(result: &mut CaptureResult, measured: Measured, request: &Request, rules: &RuleSet) {
    let mut findings = judge(&measured, &request.packs);
    let tag = request.lang.tag();
    let spoken = |causes: Vec<Cause>| causes.iter().map(|c| rules.in_language(c, tag)).collect();
    result.causes = spoken(rules.explain("", &measured, &mut findings));
    for finding in &mut findings {
        finding.summary = words::summary(finding, request.lang);
        finding.causes = spoken(std::mem::take(&mut finding.causes));
    }
    let asked = Settings { threads: measured.settings.threads, ..request.settings.clone() };
    result.settings.asked = (asked != measured.settings).then(|| Box::new(asked));
    result.settings.measurement = Some(measured.settings);
    result.settings.rules_version = (!findings.is_empty() || !result.causes.is_empty()).then(|| rules.version.clone());
    result.quality = measured.gates;
    let old = limits::out_of_date(&request.packs);
    result.quality.extend(old.map(|detail| Gate::new("limit_pack", GateState::Warn, detail)));
    result.readings = measured.readings;
    result.findings = findings;
    match measured.detail {
        Detail::Spurs(detail) => result.spurs = Some(detail),
        Detail::Ripple(detail) => result.ripple = Some(detail),
        Detail::Nothing => {}
        Detail::Transition(detail) => result.transition = Some(detail),
        Detail::Channel(detail) => result.channel = Some(detail),
        Detail::Emissions(detail) => result.emissions = Some(detail),
        Detail::Modulation(detail) => result.modulation = Some(detail),
        Detail::PhaseNoise(detail) => result.phase_noise = Some(detail),
    }
}

/// What a capture is: format, rate, centre, length, unit, gates, and where each field came from.
///
/// # Errors
/// When the capture cannot be opened or read.
pub fn info(file: &Path, request: &Request, watch: &dyn Watch) -> Result<CaptureResult, Error> {
    let capture = faultscope_capture::open(file, &request.open)?;
    if let Some(spectrum) = capture.spectra.first() {
        return exported::info(file, &capture, spectrum, request);
    }
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
    result.provenance = Some(provenance(&capture));
    Ok(result)
}

pub(crate) fn provenance(capture: &Capture) -> ProvenanceInfo {
    ProvenanceInfo {
        start_time: capture.provenance.start_time.clone(),
        instrument: capture.provenance.instrument.clone(),
        description: capture.provenance.description.clone(),
    }
}

fn no_limit(measurement: &str, packs: &[LimitSet]) -> Error {
    let ids: Vec<&str> = packs.iter().map(|p| p.pack.id.as_str()).collect();
    Error::usage(
        format!("no limit in {} is for {measurement}", ids.join(", ")),
        "faultscope limits list shows which pack is for which measurement",
    )
}
