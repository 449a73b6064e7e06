//! The verbs "reference build" and "compare": good captures as one file, and captures held against it.

mod chart;
mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use faultscope_capture::{Capture, Trace};
use faultscope_diagnose::GateState;
use faultscope_diagnose::compare::{
    Comparison, Profile, Reference, Repair, SetUp, choose_fft, compare, findings, repairs,
};
use faultscope_diagnose::measurement::Settings;
use faultscope_report::words;
use faultscope_signal::{Kind, Record as _, Unit, Window};

pub use chart::{Curves, write};
pub use file::{ReferenceCapture, ReferenceDocument, load, save};

use crate::opened::{Opened, measure_error};
use crate::{CaptureResult, Class, Error, Request, Watch};

/// Fewest captures that say anything about spread.
pub const FEWEST: usize = 3;

/// A capture measured for comparison, with what its result begins with.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// File, digest, format, settings, gates.
    pub result: CaptureResult,
    /// What is compared.
    pub profile: Profile,
}

/// The measurement that goes with a kind of record.
fn usual(kind: Kind) -> &'static str {
    if kind == Kind::Iq { "spurs" } else { "ripple" }
}

/// Measures one capture. `like` is the set-up it has to have; without one, `measurement` or the usual one is used.
///
/// # Errors
/// When it cannot be opened or measured, or its set-up differs from `like`: which part, and what to do.
pub fn prepare(
    file: &Path,
    measurement: Option<&str>,
    like: Option<&SetUp>,
    request: &Request,
    watch: &dyn Watch,
) -> Result<Prepared, Error> {
    let mut opened = Opened::new(file, request, watch)?;
    let trace = opened.trace()?;
    let measurement = like.map(|s| s.measurement.as_str()).or(measurement).unwrap_or(usual(trace.kind));
    let settings = settings(&request.settings, like, trace.frames);
    let setup = setup(&opened.capture, trace, measurement, &settings, request);
    if let Some(like) = like {
        refuse_unlike(like, &setup)?;
    }
    opened.ready()?;
    let mut profile = Profile::of(&opened.record()?, &opened.capture.caveats, measurement, &settings)
        .map_err(|e| closed(measure_error(e), &opened))?;
    profile.gates = opened.merged(profile.gates);
    profile.setup = setup;
    let mut result = opened.result()?;
    result.settings.measurement = Some(settings);
    result.quality.clone_from(&profile.gates);
    result.readings.clone_from(&profile.readings);
    Ok(Prepared { result, profile })
}

/// What could not be measured because a gate is closed says so.
fn closed(error: Error, opened: &Opened<'_>) -> Error {
    match opened.spoilt() {
        Some(gate) => Error { message: format!("{}: {} ({})", gate.gate, gate.detail, error.message), ..error },
        None => error,
    }
}

/// The transform of the reference, or a chosen one.
fn settings(asked: &Settings, like: Option<&SetUp>, frames: u64) -> Settings {
    let mut settings = asked.clone();
    if let Some(like) = like {
        (settings.fft, settings.window, settings.overlap) = (Some(like.fft), Some(like.window), Some(like.overlap));
    }
    settings.fft = settings.fft.or_else(|| Some(choose_fft(frames)));
    settings.window = settings.window.or(Some(Window::BlackmanHarris));
    settings.overlap = settings.overlap.or(Some(0.5));
    settings
}

fn setup(capture: &Capture, trace: &Trace, measurement: &str, settings: &Settings, request: &Request) -> SetUp {
    let calibrated = trace.unit == Unit::FullScale && trace.full_scale_dbm.is_some();
    SetUp {
        measurement: measurement.to_owned(),
        kind: if trace.kind == Kind::Iq { "iq" } else { "real" }.into(),
        format: capture.format.clone(),
        channel: trace.name.clone(),
        sample_rate_hz: trace.sample_rate_hz,
        center_hz: trace.center_hz,
        level_unit: if calibrated { Unit::Dbm } else { trace.unit.level_unit() },
        gain_db: capture.gain_db(),
        probe: request.open.probe,
        scale_v_per_unit: request.open.scale_v,
        duration_s: trace.duration_s(),
        fft: settings.fft.unwrap_or_default(),
        window: settings.window.unwrap_or(Window::BlackmanHarris),
        overlap: settings.overlap.unwrap_or_default(),
    }
}

fn refuse_unlike(reference: &SetUp, capture: &SetUp) -> Result<(), Error> {
    let all = reference.mismatches(capture);
    if all.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = all.iter().map(|m| m.what.as_str()).collect();
    let remedy: Vec<&str> = all.iter().map(|m| m.remedy.as_str()).collect();
    let message = format!("the set-ups differ, nothing was compared: {}", what.join("; "));
    Err(Error::new(Class::Usage, "unlike_setup", message, remedy.join("; ")))
}

/// Good captures as a reference; `files` are those that were prepared, in the same order.
///
/// # Errors
/// When there are fewer than [`FEWEST`], one of them is unusable or given twice, or their set-ups differ.
pub fn build(prepared: &[Prepared], title: &str, unit_model: Option<&str>) -> Result<ReferenceDocument, Error> {
    enough(prepared.len())?;
    for (i, one) in prepared.iter().enumerate() {
        if let Some(gate) = one.profile.gates.iter().find(|g| g.state == GateState::Fail) {
            let message = format!("a good unit's capture must be sound: {}: {}", gate.gate, gate.detail);
            let hint = "record it again, or leave it out";
            return Err(Error::new(Class::Usage, "unsound", message, hint).at(&one.result.file));
        }
        let same = |other: &&Prepared| other.result.sha256.is_some() && other.result.sha256 == one.result.sha256;
        if let Some(other) = prepared.iter().take(i).find(same) {
            let message = format!(
                "the same capture twice says nothing about spread: {} and {}",
                other.result.file, one.result.file
            );
            return Err(Error::usage(message, "give captures taken one after the other"));
        }
    }
    let profiles: Vec<Profile> = prepared.iter().map(|p| p.profile.clone()).collect();
    let reference = Reference::build(&profiles).map_err(|(i, what)| {
        let file = prepared.get(i).map_or("", |p| p.result.file.as_str());
        let hint = "a reference is made of captures of one set-up; leave this one out, or take it again";
        Error::new(Class::Usage, "unlike_setup", format!("a capture differs from the first: {what}"), hint).at(file)
    })?;
    let captures =
        prepared.iter().map(|p| ReferenceCapture { file: p.result.file.clone(), sha256: p.result.sha256.clone() });
    Ok(ReferenceDocument::new(title, unit_model, captures.collect(), reference))
}

/// Whether there are enough captures for a reference.
///
/// # Errors
/// When there are not.
pub fn enough(count: usize) -> Result<(), Error> {
    if count >= FEWEST {
        return Ok(());
    }
    let message = format!("{count} captures say too little about spread; a reference needs {FEWEST} or more");
    Err(Error::usage(message, "five captures of good units, or of one good unit switched off and on between them"))
}

/// What a capture is held against.
#[derive(Debug, Clone)]
pub struct Against {
    /// Its name.
    pub title: String,
    /// The envelope.
    pub reference: Reference,
    /// Chance of any false alarm.
    pub false_alarm: f64,
    /// Whether differences are judged: not between two captures.
    pub judged: bool,
    /// The capture before a repair, held against the same.
    pub before: Option<Comparison>,
}

impl Against {
    /// A reference from its file.
    ///
    /// # Errors
    /// When the false-alarm rate is no chance.
    pub fn reference(document: ReferenceDocument, false_alarm: f64) -> Result<Self, Error> {
        rate(false_alarm)?;
        let ReferenceDocument { title, reference, .. } = document;
        Ok(Self { title, reference, false_alarm, judged: true, before: None })
    }

    /// Another capture alone: only noise is allowed between the two, and nothing is judged.
    ///
    /// # Errors
    /// When the false-alarm rate is no chance.
    pub fn capture(other: &Prepared, false_alarm: f64) -> Result<Self, Error> {
        rate(false_alarm)?;
        let reference =
            Reference::build(std::slice::from_ref(&other.profile)).map_err(|(_, what)| Error::usage(what, ""))?;
        Ok(Self { title: other.result.file.clone(), reference, false_alarm, judged: false, before: None })
    }

    /// Holds a capture against it.
    #[must_use]
    pub fn compare(&self, profile: &Profile) -> Comparison {
        let mut comparison = compare(&self.reference, profile, self.false_alarm);
        comparison.reference.clone_from(&self.title);
        comparison
    }

    /// The result of a capture: its differences, and findings where they are judged.
    #[must_use]
    pub fn result(&self, prepared: Prepared, lang: words::Lang, repaired: bool) -> CaptureResult {
        let Prepared { mut result, profile } = prepared;
        let mut comparison = self.compare(&profile);
        if self.judged {
            result.findings = findings(&comparison, &profile.gates);
            for finding in &mut result.findings {
                finding.summary = words::summary(finding, lang);
            }
        }
        let near_hz = self.reference.setup.window.main_lobe_bins() * self.reference.spectrum.step_hz;
        comparison.repair = match &self.before {
            Some(before) => Some(repairs(before, &comparison, near_hz)),
            None => repaired.then(|| comparison.differences.iter().map(Repair::changed).collect()),
        };
        result.comparison = Some(comparison);
        result
    }
}

fn rate(false_alarm: f64) -> Result<(), Error> {
    if false_alarm > 0.0 && false_alarm < 1.0 {
        return Ok(());
    }
    Err(Error::usage(format!("a false-alarm rate of {false_alarm} is not between 0 and 1"), "--false-alarm 0.05"))
}

/// What the files of a batch gave: all of them, or the first failure.
///
/// # Errors
/// The first failure, with its file.
pub fn all(files: &[PathBuf], outcomes: Vec<Result<Prepared, Error>>) -> Result<Vec<Prepared>, Error> {
    files.iter().zip(outcomes).map(|(file, o)| o.map_err(|e| e.at(&file.display().to_string()))).collect()
}
