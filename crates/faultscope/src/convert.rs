//! The verb "convert": a capture as SigMF, WAV or CSV, with what is known of it and, if asked for, what was found in it.

use std::path::{Path, PathBuf};

use faultscope_capture::export::{WavSamples, write_csv, write_wav};
use faultscope_capture::sigmf::{self, Annotation, Datatype, Recording};
use faultscope_capture::{Capture, CaptureError, Notes, Trace};
use faultscope_diagnose::Finding;
use faultscope_diagnose::measurement::Spur;
use faultscope_report::compact;
use faultscope_signal::Unit;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::analyse::analyse;
use crate::opened::main_trace;
use crate::watch::{INTERRUPTED, Watched};
use crate::{CaptureResult, Class, Error, Request, Watch};

/// Spurs that become annotations at most.
const MOST_MARKS: usize = 200;

/// The forms a capture can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pair,
    Archive,
    Wav,
    Csv,
}

/// Where a capture goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    path: PathBuf,
    form: Form,
    /// Sample type; float where it is not given.
    pub datatype: Option<Datatype>,
    /// Measurement whose lines and findings become annotations.
    pub annotate: Option<String>,
    /// Replace files that are there.
    pub overwrite: bool,
}

impl Conversion {
    /// An output file.
    ///
    /// # Errors
    /// When the extension says none of the forms.
    pub fn to(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let form = match extension.as_str() {
            "sigmf-meta" | "sigmf-data" => Form::Pair,
            "sigmf" => Form::Archive,
            "wav" => Form::Wav,
            "csv" => Form::Csv,
            _ => {
                let message = format!("the name does not say what to write: {}", path.display());
                return Err(Error::usage(message, "end it in .sigmf-meta, .sigmf, .wav or .csv"));
            }
        };
        Ok(Self { path: path.to_owned(), form, datatype: None, annotate: None, overwrite: false })
    }

    fn is_sigmf(&self) -> bool {
        matches!(self.form, Form::Pair | Form::Archive)
    }

    /// Options that the form has no room for.
    fn check(&self) -> Result<(), Error> {
        if self.annotate.is_some() && !self.is_sigmf() {
            return Err(Error::usage("only SigMF has annotations", "write a .sigmf-meta or .sigmf"));
        }
        match (self.form, self.datatype) {
            (Form::Csv, Some(_)) => {
                Err(Error::usage("CSV holds numbers in full and has no sample type", "leave out --datatype"))
            }
            (Form::Wav, Some(Datatype::Ci8 | Datatype::Cu8)) => {
                let hint = "--datatype cf32_le, rf32_le (float) or ci16_le (16 bits)";
                Err(Error::usage("WAV is not written with 8 bits", hint))
            }
            _ => Ok(()),
        }
    }
}

/// Writes a capture in another form; returns the files, in the order written.
///
/// The chosen channel and part of the capture are written as they are measured: scaled, in their unit. What the source
/// says of itself (start, centre, instrument, unknown SigMF keys, caveats) goes with it as far as the form has room.
///
/// # Errors
/// When the capture cannot be opened or read, holds a spectrum, or the file is there already or cannot be written.
pub fn convert(file: &Path, request: &Request, to: &Conversion, watch: &dyn Watch) -> Result<Vec<PathBuf>, Error> {
    to.check()?;
    let capture = faultscope_capture::open(file, &request.open)?;
    let trace = main_trace(&capture)?;
    // Before anything is measured: refusing afterwards would waste the time.
    let found = match &to.annotate {
        Some(measurement) => Some(analyse(file, measurement, request, watch)?),
        None => None,
    };
    let watched = Watched { record: trace, watch };
    let start = start_time(&capture, trace);
    let written = match to.form {
        Form::Pair | Form::Archive => {
            let recording = recording(&capture, trace, to, start, found.as_ref())?;
            if to.form == Form::Archive {
                sigmf::write_archive(&to.path, &watched, &recording).map(|()| vec![to.path.clone()])
            } else {
                sigmf::write(&to.path, &watched, &recording).map(|(data, meta)| vec![data, meta])
            }
        }
        Form::Wav => {
            let samples = match to.datatype {
                Some(Datatype::Ci16Le) => WavSamples::Pcm16,
                _ => WavSamples::Float,
            };
            write_wav(&to.path, &watched, samples, &notes(&capture, trace, start), to.overwrite)
                .map(|()| vec![to.path.clone()])
        }
        Form::Csv => {
            write_csv(&to.path, &watched, &notes(&capture, trace, start), to.overwrite).map(|()| vec![to.path.clone()])
        }
    };
    written.map_err(|e| write_error(e, to.overwrite))
}

/// A failure to write is one of storage; a read that was stopped is an interruption.
pub(crate) fn write_error(error: CaptureError, overwrite: bool) -> Error {
    let refused = matches!(error, CaptureError::Options { .. });
    let error = Error::from(error);
    match error.kind.as_str() {
        "io" => {
            Error { class: Class::Storage, hint: "make room, or name another folder with --output".into(), ..error }
        }
        _ if error.message.starts_with(INTERRUPTED) => Error::interrupted(),
        _ if refused && !overwrite && error.message.contains("there already") => {
            Error { hint: "name another with --output, or replace what is there with --force".into(), ..error }
        }
        _ => error,
    }
}

/// The time of the first sample that is written, which `--start` may have moved, in UTC; nothing when it is no time.
fn start_time(capture: &Capture, trace: &Trace) -> Option<String> {
    let stated = capture.provenance.start_time.as_deref()?;
    let time: Timestamp = stated.parse().ok()?;
    if trace.first == 0 && stated.ends_with('Z') && stated.as_bytes().get(10) == Some(&b'T') {
        return Some(stated.to_owned());
    }
    let moved = SignedDuration::try_from_secs_f64(trace.first as f64 / trace.sample_rate_hz).ok()?;
    time.checked_add(moved).ok().map(|t| format!("{t:.9}"))
}

fn notes(capture: &Capture, trace: &Trace, start_time: Option<String>) -> Notes {
    Notes {
        start_time,
        t0_s: t0_s(trace),
        instrument: capture.provenance.instrument.clone(),
        description: capture.provenance.description.clone(),
        channel: Some(trace.name.clone()),
        ..Notes::of(trace)
    }
}

/// Time of the first sample that is written, relative to the trigger.
fn t0_s(trace: &Trace) -> Option<f64> {
    trace.t0_s.map(|t0| t0 + trace.first as f64 / trace.sample_rate_hz).filter(|t| t.is_finite())
}

fn recording(
    capture: &Capture,
    trace: &Trace,
    to: &Conversion,
    start: Option<String>,
    found: Option<&CaptureResult>,
) -> Result<Recording, Error> {
    let mut recording = Recording::of(trace);
    recording.datatype = to.datatype.unwrap_or(recording.datatype);
    recording.overwrite = to.overwrite;
    recording.datetime = start.clone();
    recording.hw = capture.provenance.instrument.clone();
    recording.description = capture.provenance.description.clone();
    let source = json!({ "file": capture.name(), "format": capture.format, "sha256": capture.digest()?.to_string(), "channel": trace.name });
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            recording.extra.insert(key.into(), value);
        }
    };
    set("faultscope:source", Some(source));
    set("faultscope:t0_s", t0_s(trace).map(Value::from));
    let caveats = serde_json::to_value(&capture.caveats).ok().filter(|_| !capture.caveats.is_empty());
    set("faultscope:caveats", caveats);
    if capture.format.starts_with("sigmf/") {
        let metadata = &capture.provenance.metadata;
        recording.keep(metadata);
        // A start that the view moved and that has no place in time is better not stated.
        recording.datetime = start;
        shift(&mut recording.annotations, trace, first_sample(metadata));
    }
    if let Some(result) = found {
        recording.annotations.extend(marks(result, trace));
    }
    Ok(recording)
}

/// Samples in front of the first capture of a SigMF recording, which are not read.
fn first_sample(metadata: &Value) -> u64 {
    let number = |pointer: &str| metadata.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    number("/captures/0/core:sample_start").saturating_sub(number("/global/core:offset"))
}

/// Moves kept annotations to where the written part begins; those outside of it go.
fn shift(annotations: &mut Vec<Annotation>, trace: &Trace, skipped: u64) {
    const COUNT: &str = "core:sample_count";
    let (first, end) = (skipped + trace.first, skipped + trace.first + trace.frames);
    annotations.retain_mut(|a| {
        let count = a.extra.get(COUNT).and_then(Value::as_u64);
        let stop = count.map_or(end, |n| a.sample_start.saturating_add(n)).min(end);
        if a.sample_start >= end || (stop <= first && a.sample_start < first) {
            return false;
        }
        let start = a.sample_start.max(first);
        if count.is_some() {
            a.extra.insert(COUNT.into(), stop.saturating_sub(start).into());
        }
        a.sample_start = start - first;
        true
    });
}

/// Lines and findings as annotations.
fn marks(result: &CaptureResult, trace: &Trace) -> Vec<Annotation> {
    let rbw = result.spurs.as_ref().map_or(0.0, |s| s.rbw_hz);
    let mut marks = Vec::new();
    if let Some(spurs) = &result.spurs {
        if let Some(c) = &spurs.carrier {
            let label = format!("carrier {}", compact(c.level_db, spurs.level_unit));
            let mut mark = mark("spurs", &label, around(c.frequency_hz, rbw), trace);
            mark.extra.insert("faultscope:kind".into(), "carrier".into());
            marks.push(mark);
        }
        let unjudged = spurs.spurs.iter().filter(|s| !is_judged(s, &result.findings, rbw));
        marks.extend(unjudged.take(MOST_MARKS).map(|s| spur_mark(s, rbw, spurs.level_unit, trace)));
    }
    marks.extend(result.findings.iter().map(|f| finding_mark(f, rbw, trace)));
    marks
}

fn is_judged(spur: &Spur, findings: &[Finding], rbw: f64) -> bool {
    let at = |f: &Finding| f.at.and_then(|at| at.frequency_hz);
    findings.iter().filter_map(at).any(|hz| (hz - spur.frequency_hz).abs() < rbw)
}

/// Two resolution bandwidths about a line.
fn around(frequency_hz: f64, rbw: f64) -> Option<(f64, f64)> {
    let half = if rbw.is_finite() { rbw } else { 0.0 };
    frequency_hz.is_finite().then_some((frequency_hz - half, frequency_hz + half))
}

/// A mark over the whole record.
fn mark(measurement: &str, label: &str, frequency_hz: Option<(f64, f64)>, trace: &Trace) -> Annotation {
    Annotation {
        sample_start: 0,
        sample_count: Some(trace.frames),
        frequency_hz,
        label: Some(label.to_owned()),
        generator: Some(format!("faultscope {measurement}")),
        ..Annotation::default()
    }
}

fn spur_mark(spur: &Spur, rbw: f64, unit: Unit, trace: &Trace) -> Annotation {
    let level = spur.level_dbc.map_or_else(|| compact(spur.level_db, unit), |l| compact(l, Unit::Dbc));
    let mut mark = mark("spurs", &format!("spur {level}"), around(spur.frequency_hz, rbw), trace);
    let origin = serde_json::to_value(spur.origin).unwrap_or_default();
    mark.comment = origin.as_str().map(|o| format!("origin: {o}"));
    mark.extra = Map::from_iter([
        ("faultscope:kind".to_owned(), json!("spur")),
        ("faultscope:value".to_owned(), json!(spur.level_dbc.unwrap_or(spur.level_db))),
        ("faultscope:origin".to_owned(), origin),
    ]);
    mark
}

fn finding_mark(finding: &Finding, rbw: f64, trace: &Trace) -> Annotation {
    let value = finding.value.map_or_else(|| "?".into(), |v| compact(v, finding.unit));
    let at = finding.at.unwrap_or_default();
    let frequency = at.low_hz.zip(at.high_hz).or_else(|| at.frequency_hz.and_then(|hz| around(hz, rbw)));
    let mut mark = mark(&finding.measurement, &format!("{} {value}", finding.reading), frequency, trace);
    if let Some(start) = at.start_s.filter(|s| *s >= 0.0) {
        let sample = (start * trace.sample_rate_hz).round() as u64;
        mark.sample_start = sample.min(trace.frames.saturating_sub(1));
        mark.sample_count = Some(1);
    }
    mark.comment = Some(finding.summary.clone());
    let verdict = serde_json::to_value(finding.verdict).unwrap_or_default();
    let limit = finding.limit.as_ref().and_then(|l| l.upper.or(l.lower));
    mark.extra = Map::from_iter([
        ("faultscope:finding_id".to_owned(), json!(finding.id)),
        ("faultscope:kind".to_owned(), json!(format!("{}.{}", finding.measurement, finding.reading))),
        ("faultscope:value".to_owned(), json!(finding.value)),
        ("faultscope:unit".to_owned(), json!(finding.unit)),
        ("faultscope:limit".to_owned(), json!(limit)),
        ("faultscope:verdict".to_owned(), verdict),
    ]);
    mark
}
