//! The report of a case or of a check run: results, and pictures drawn again from the evidence.

use std::path::{Path, PathBuf};

use faultscope_capture::{Capture, Trace};
use faultscope_diagnose::{Detail, Finding};
use faultscope_report::picture::{Chart as _, Size};
use faultscope_report::words::{Lang, fill};
use faultscope_report::{CaptureFacts, Figure, ReportInput, Section, printer, write_file};
use faultscope_signal::SpectrumSettings;
use faultscope_signal::{Kind, Window, spectrum as spectra};
use serde::Deserialize as _;
use serde_json::json;

use crate::cases::{Attached, Desk, EventKind, base_name};
use crate::check::{CheckDocument, CheckEntry, Missing};
use crate::{CaptureResult, Class, Error, picture};

/// Writes the report of a case to a file whose extension names a printer (`.html`).
///
/// # Errors
/// Unknown case, an extension that names no printer, or a file that cannot be written.
pub fn write(desk: &Desk, id: &str, output: &Path, lang: Lang) -> Result<PathBuf, Error> {
    let at = crate::now();
    print(&input(desk, id, &at, lang)?, output)
}

/// The HTML report of a case as of a time, which is also what it says of its making.
///
/// # Errors
/// Unknown case, or evidence that cannot be read.
pub(crate) fn page(desk: &Desk, id: &str, at: &str, lang: Lang) -> Result<Vec<u8>, Error> {
    let input = input(desk, id, at, lang)?;
    let printer = printer::by_extension("html").ok_or_else(|| Error::usage("there is no HTML report", ""))?;
    Ok(printer.print(&input)?)
}

/// Writes the report of a check run.
///
/// # Errors
/// An extension that names no printer, or a file that cannot be written.
pub fn write_check(document: &CheckDocument, output: &Path, lang: Lang) -> Result<PathBuf, Error> {
    let captures = document.captures.iter().map(|entry| check_section(entry, lang));
    let missing = document.missing.iter().map(|m| missing_section(m, lang));
    let input = ReportInput {
        lang,
        case: None,
        causes: Vec::new(),
        sections: captures.chain(missing).collect(),
        tool: format!("faultscope {}", crate::VERSION),
        generated_at: crate::now(),
    };
    print(&input, output)
}

/// A check run from the JSON document that `check --json` printed.
///
/// # Errors
/// When the file cannot be read, or is no such document.
pub fn read_check(file: &Path) -> Result<CheckDocument, Error> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::new(Class::Input, "io", format!("the check run cannot be read ({e}): {}", file.display()), "")
    })?;
    serde_json::from_str(&text).map_err(|e| {
        let message = format!("this is no document of a check run ({e}): {}", file.display());
        Error::new(Class::Input, "malformed", message, "faultscope check ... --json > FILE makes one")
    })
}

fn print(input: &ReportInput, output: &Path) -> Result<PathBuf, Error> {
    let extension = output.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
    let printer = printer::by_extension(&extension).ok_or_else(|| {
        Error::usage(
            format!("a report cannot be written as '{extension}': {}", output.display()),
            "end the name in .html; a browser prints it to PDF",
        )
    })?;
    write_file(output, &printer.print(input)?)?;
    Ok(output.to_owned())
}

fn check_section(entry: &CheckEntry, lang: Lang) -> Section {
    let result = &entry.result;
    let mut section = result_section(result, entry.role.clone().unwrap_or_default(), &result.findings, lang);
    if let Some(error) = &result.error {
        section.error.clone_from(&error.message);
        return section;
    }
    match open_again(result).and_then(|capture| figures(&capture, result, &result.findings, lang)) {
        Ok(pictures) => section.pictures = pictures,
        // A report without a picture is better than no report; it says why.
        Err(e) => section.error = e.message,
    }
    section
}

fn missing_section(missing: &Missing, lang: Lang) -> Section {
    Section {
        title: format!("{}: {}", faultscope_report::words::measurement(lang, &missing.measurement), missing.step),
        role: missing.role.clone(),
        findings: missing.findings.clone(),
        error: missing.reason.clone(),
        settings: serde_json::Value::Null,
        ..Section::default()
    }
}

/// The capture of a run, if it is still the one that was measured.
fn open_again(result: &CaptureResult) -> Result<Capture, Error> {
    let capture = faultscope_capture::open(Path::new(&result.file), &result.settings.open)?;
    if result.sha256.as_ref().is_some_and(|d| capture.digest().ok().as_ref() != Some(d)) {
        let message = format!("the file has changed since it was measured: {}", result.file);
        return Err(Error::new(Class::Integrity, "changed", message, "run the check again"));
    }
    Ok(capture)
}

fn input(desk: &Desk, id: &str, at: &str, lang: Lang) -> Result<ReportInput, Error> {
    let case = desk.case_at(id, at)?;
    let attached: Vec<Attached> = desk
        .events(id)?
        .into_iter()
        .filter_map(|e| if let EventKind::Attached(a) = e.kind { Some(*a) } else { None })
        .filter(|a| !a.result.is_null())
        .collect();
    let sections = attached.iter().map(|a| section(desk, a, lang)).collect::<Result<_, _>>()?;
    Ok(ReportInput {
        lang,
        case: Some(serde_json::to_value(case).map_err(|e| Error::usage(e.to_string(), ""))?),
        causes: desk.causes(id, lang)?,
        sections,
        tool: format!("faultscope {}", crate::VERSION),
        generated_at: at.to_owned(),
    })
}

fn section(desk: &Desk, attached: &Attached, lang: Lang) -> Result<Section, Error> {
    let result = CaptureResult::deserialize(&attached.result).map_err(|e| {
        Error::new(
            Class::Integrity,
            "damaged",
            format!("an attached result cannot be read: {e}"),
            "case verify shows what differs",
        )
    })?;
    let (pictures, error) = match pictures(desk, attached, &result, lang) {
        _ if result.link.is_some() => (Vec::new(), String::new()),
        Ok(pictures) => (pictures, String::new()),
        // A report without a picture is better than no report; it says why.
        Err(e) => (Vec::new(), e.message),
    };
    let role = attached.role.clone().unwrap_or_default();
    Ok(Section { pictures, error, ..result_section(&result, role, &attached.findings, lang) })
}

/// A result without its pictures.
fn result_section(result: &CaptureResult, role: String, findings: &[Finding], lang: Lang) -> Section {
    let (measurement, detail) = measured(result);
    let name = match &result.link {
        Some(link) => format!("{} / {}", base_name(&link.supply.file), base_name(&link.rf.file)),
        None => base_name(&result.file),
    };
    Section {
        title: format!("{}: {name}", faultscope_report::words::measurement(lang, measurement)),
        role,
        capture: facts(result),
        gates: result.quality.clone(),
        readings: result.readings.clone(),
        findings: findings.to_vec(),
        detail,
        link: result.link.as_ref().map(|l| l.detail.clone()),
        pictures: Vec::new(),
        settings: json!(result.settings),
        error: String::new(),
    }
}

/// Which measurement a result is of, and its tables.
fn measured(result: &CaptureResult) -> (&'static str, Option<Detail>) {
    if result.link.is_some() {
        return ("link", None);
    }
    if let Some(d) = &result.ripple {
        return ("ripple", Some(Detail::Ripple(d.clone())));
    }
    if let Some(d) = &result.transition {
        return ("transition", Some(Detail::Transition(d.clone())));
    }
    if let Some(d) = &result.channel {
        return ("channel", Some(Detail::Channel(d.clone())));
    }
    if let Some(d) = &result.emissions {
        return ("emissions", Some(Detail::Emissions(d.clone())));
    }
    if let Some(d) = &result.modulation {
        return ("modulation", Some(Detail::Modulation(d.clone())));
    }
    if let Some(d) = &result.phase_noise {
        return ("phase-noise", Some(Detail::PhaseNoise(d.clone())));
    }
    ("spurs", result.spurs.clone().map(Detail::Spurs))
}

fn facts(result: &CaptureResult) -> CaptureFacts {
    CaptureFacts {
        file: base_name(&result.file),
        sha256: result.sha256.as_ref().map(ToString::to_string).unwrap_or_default(),
        format: result.format.clone().unwrap_or_default(),
        sample_rate_hz: result.sample_rate_hz,
        center_hz: result.center_hz,
        samples: result.samples,
        duration_s: result.duration_s,
        unit: result.unit.clone().unwrap_or_default(),
        start_time: result.provenance.as_ref().and_then(|p| p.start_time.clone()),
    }
}

fn pictures(desk: &Desk, attached: &Attached, result: &CaptureResult, lang: Lang) -> Result<Vec<Figure>, Error> {
    let (_folder, capture) = reopen(desk, attached, result)?;
    figures(&capture, result, &attached.findings, lang)
}

fn figures(capture: &Capture, result: &CaptureResult, findings: &[Finding], lang: Lang) -> Result<Vec<Figure>, Error> {
    let Some(trace) = capture.main_trace() else { return Ok(Vec::new()) };
    let name = base_name(&result.file);
    let size = Size::default();
    let mut figures = Vec::new();
    if trace.kind == Kind::Real {
        let chart = picture::waveform_chart(trace, &name, lang)?;
        figures.push(Figure { caption: fill(lang, "figure.waveform", &[("name", &name)]), svg: chart.svg(size)? });
        if let Some(cycles) = some_cycles(trace, result) {
            let chart = picture::waveform_chart(&cycles, &name, lang)?;
            figures.push(Figure { caption: fill(lang, "figure.cycles", &[("name", &name)]), svg: chart.svg(size)? });
        }
    }
    if let Some(bars) = result.ripple.as_ref().and_then(|d| picture::ripple_bars(d, &name, trace.unit, lang)) {
        figures.push(Figure { caption: fill(lang, "figure.lines", &[("name", &name)]), svg: bars.svg(size)? });
    }
    if let Some(detail) = &result.spurs {
        let fft = 8192.min(usize::try_from(trace.frames).unwrap_or(8192));
        let settings = SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 };
        let spectrum = spectra::average(trace, settings).map_err(|e| Error::new(Class::Input, "io", e.message, ""))?;
        let chart = picture::spurs_chart(&spectrum, detail, findings, &name, lang);
        figures.push(Figure { caption: fill(lang, "figure.spectrum", &[("name", &name)]), svg: chart.svg(size)? });
    }
    Ok(figures)
}

/// The first six cycles of the mains, when the record is so long that its waveform shows as a block.
fn some_cycles(trace: &Trace, result: &CaptureResult) -> Option<Trace> {
    const CYCLES: f64 = 6.0;
    let mains = result.ripple.as_ref()?.mains.as_ref()?;
    let frames = (CYCLES / mains.fundamental_hz * trace.sample_rate_hz).ceil() as u64;
    (frames * 3 < trace.frames).then(|| Trace { frames, ..trace.clone() })
}

/// Opens the evidence of an event again, under its own names in a temporary folder, as it was opened the first time.
fn reopen(desk: &Desk, attached: &Attached, result: &CaptureResult) -> Result<(tempfile::TempDir, Capture), Error> {
    let (folder, first) = desk.lay_out(attached)?;
    let capture = faultscope_capture::open(&first, &result.settings.open)?;
    Ok((folder, capture))
}
