//! The report of a case or of a check run: results, and pictures drawn again from the evidence.

mod charts;

use std::path::{Path, PathBuf};

use charts::Charts;
use faultscope_capture::Capture;
use faultscope_diagnose::{Detail, Finding};
use faultscope_report::picture::Size;
use faultscope_report::words::Lang;
pub use faultscope_report::{Audience, Redaction, Secret};
use faultscope_report::{
    CaptureFacts, Document, EarlyWarning, Printer, ReportInput, Section, pairs, printer, write_file,
};
use serde::Deserialize as _;
use serde_json::json;

use crate::cases::{Attached, Desk, Event, EventKind, HORIZON_DAYS, UnitTrend, base_name};
use crate::check::{CheckDocument, CheckEntry, Missing};
use crate::{CaptureResult, Class, Error};

/// Which report is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edition {
    /// For whom.
    pub audience: Audience,
    /// What it is not to name.
    pub redact: Vec<Secret>,
    /// Texts that it is not to hold either.
    pub texts: Vec<String>,
}

/// Writes the report of a case to a file whose extension names a printer (`.html`, `.pdf`).
///
/// # Errors
/// Unknown case, an extension that names no printer, a name that says what is to be redacted, or a file that cannot be written.
pub fn write(desk: &Desk, id: &str, output: &Path, lang: Lang, edition: &Edition) -> Result<PathBuf, Error> {
    let printer = printer_of(output)?;
    let warnings = desk.warnings(&desk.case(id)?.equipment.serial, HORIZON_DAYS)?;
    let redaction = redaction(desk, id, edition, &warnings, lang)?;
    let name = base_name(&output.display().to_string());
    if redaction.apply(&name) != name {
        let message = format!("the file's own name says what is to be redacted: {}", output.display());
        return Err(Error::usage(message, "choose another name"));
    }
    let warnings = warnings.iter().map(|w| warning(w, lang)).collect();
    let input = ReportInput { warnings, ..input(desk, id, &crate::now(), lang, edition.audience, &redaction)? };
    let document = Document::of(&input, edition.audience, &redaction);
    write_file(output, &printer.print(&document)?)?;
    Ok(output.to_owned())
}

/// The HTML report of a case as of a time, which is also what it says of its making. It goes with the case to other people: what other cases
/// of the store say of the unit is not in it, and the same case gives the same bytes.
///
/// # Errors
/// Unknown case, or evidence that cannot be read.
pub(crate) fn page(desk: &Desk, id: &str, at: &str, lang: Lang) -> Result<Vec<u8>, Error> {
    let (audience, nothing) = (Audience::Engineer, Redaction::default());
    let input = input(desk, id, at, lang, audience, &nothing)?;
    let printer = printer::by_extension("html").ok_or_else(|| Error::usage("there is no HTML report", ""))?;
    Ok(printer.print(&Document::of(&input, audience, &nothing))?)
}

/// Writes the report of a check run.
///
/// # Errors
/// An extension that names no printer, or a file that cannot be written.
pub fn write_check(document: &CheckDocument, output: &Path, lang: Lang) -> Result<PathBuf, Error> {
    let printer = printer_of(output)?;
    let captures = document.captures.iter().map(|entry| check_section(entry, lang));
    let missing = document.missing.iter().map(|m| missing_section(m, lang));
    let input = ReportInput {
        lang,
        case: None,
        overlays: Vec::new(),
        causes: Vec::new(),
        warnings: Vec::new(),
        sections: captures.chain(missing).collect(),
        tool: format!("faultscope {}", crate::VERSION),
        generated_at: crate::now(),
    };
    write_file(output, &printer.print(&Document::of(&input, Audience::Engineer, &Redaction::default()))?)?;
    Ok(output.to_owned())
}

/// What the report of a case is not to name.
fn redaction(desk: &Desk, id: &str, edition: &Edition, warnings: &[UnitTrend], lang: Lang) -> Result<Redaction, Error> {
    if edition.redact.is_empty() && edition.texts.is_empty() {
        return Ok(Redaction::default());
    }
    let case = serde_json::to_value(desk.case(id)?).map_err(|e| Error::usage(e.to_string(), ""))?;
    // The case as it stands names only who has it now.
    let named = |e: Event| match e.kind {
        EventKind::Assigned { to } | EventKind::Escalated { to, .. } => to,
        _ => None,
    };
    let people: Vec<String> = desk.events(id)?.into_iter().filter_map(named).collect();
    // Points of inspection have tags of their own.
    let serials: Vec<String> = warnings.iter().flat_map(|w| [w.serial.clone(), w.tag.clone()]).collect();
    Ok(Redaction::of(&case, &edition.redact, &people, &serials, &edition.texts, lang))
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

fn warning(trend: &UnitTrend, lang: Lang) -> EarlyWarning {
    EarlyWarning {
        of: vec![trend.serial.clone(), trend.tag.clone(), trend.subject.clone()],
        reading: trend.reading.clone(),
        unit: trend.unit,
        first: (trend.first_at.clone(), trend.first),
        last: (trend.last_at.clone(), trend.last),
        count: trend.outlook.count,
        slope_per_day: trend.outlook.slope_per_day,
        outlook: trend.ahead(lang),
    }
}

/// The printer that a file's extension names; found out before anything is measured or drawn.
fn printer_of(output: &Path) -> Result<&'static dyn Printer, Error> {
    let extension = output.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
    let printer = printer::by_extension(&extension).ok_or_else(|| {
        Error::usage(
            format!("a report cannot be written as '{extension}': {}", output.display()),
            "end the name in .html or .pdf",
        )
    })?;
    printer.available().map_err(|e| Error::usage(format!("{e}: {}", output.display()), e.hint()))?;
    Ok(printer)
}

fn check_section(entry: &CheckEntry, lang: Lang) -> Section {
    let result = &entry.result;
    let mut section = result_section(result, entry.role.clone().unwrap_or_default(), &result.findings, lang);
    if let Some(error) = &result.error {
        section.error.clone_from(&error.message);
        return section;
    }
    let charts = |capture| Charts::of(&capture, result, &result.findings, &str::to_owned, lang);
    match open_again(result).and_then(charts) {
        Ok(charts) => section.pictures = charts.figures(lang),
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

fn input(
    desk: &Desk,
    id: &str,
    at: &str,
    lang: Lang,
    audience: Audience,
    redaction: &Redaction,
) -> Result<ReportInput, Error> {
    let case = desk.case_at(id, at)?;
    let attached: Vec<Attached> = desk
        .events(id)?
        .into_iter()
        .filter_map(|e| if let EventKind::Attached(a) = e.kind { Some(*a) } else { None })
        .filter(|a| !a.result.is_null())
        .collect();
    let drawn = attached.iter().map(|a| section(desk, a, redaction, lang)).collect::<Result<Vec<_>, _>>()?;
    let (mut sections, charts): (Vec<Section>, Vec<Charts>) = drawn.into_iter().unzip();
    let size = match audience {
        Audience::Engineer => Size::default(),
        Audience::Customer => HALF_PAGE,
    };
    let overlays = charts::overlays(&pairs(&sections), &charts, size, &|name| redaction.apply(name), lang);
    if audience == Audience::Engineer {
        sections.iter_mut().zip(&charts).for_each(|(s, c)| s.pictures = c.figures(lang));
    }
    Ok(ReportInput {
        lang,
        case: Some(serde_json::to_value(case).map_err(|e| Error::usage(e.to_string(), ""))?),
        overlays,
        causes: desk.causes(id, lang)?,
        warnings: Vec::new(),
        sections,
        tool: format!("faultscope {}", crate::VERSION),
        generated_at: at.to_owned(),
    })
}

/// Two pictures of this size stand side by side on A4, their letters as large as those of one of the usual size.
const HALF_PAGE: Size = Size { width: 860, height: 420 };

/// A result, and its charts where its evidence can be opened again.
fn section(desk: &Desk, attached: &Attached, redaction: &Redaction, lang: Lang) -> Result<(Section, Charts), Error> {
    let result = CaptureResult::deserialize(&attached.result).map_err(|e| {
        Error::new(
            Class::Integrity,
            "damaged",
            format!("an attached result cannot be read: {e}"),
            "case verify shows what differs",
        )
    })?;
    let role = attached.role.clone().unwrap_or_default();
    let mut section = result_section(&result, role, &attached.findings, lang);
    if result.link.is_some() {
        return Ok((section, Charts::default()));
    }
    let drawn = reopen(desk, attached, &result).and_then(|(_folder, capture)| {
        Charts::of(&capture, &result, &attached.findings, &|name| redaction.apply(name), lang)
    });
    let charts = drawn.unwrap_or_else(|e| {
        // A report without a picture is better than no report; it says why.
        section.error = e.message;
        Charts::default()
    });
    Ok((section, charts))
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

/// Opens the evidence of an event again, under its own names in a temporary folder, as it was opened the first time.
fn reopen(desk: &Desk, attached: &Attached, result: &CaptureResult) -> Result<(tempfile::TempDir, Capture), Error> {
    let (folder, first) = desk.lay_out(attached)?;
    let capture = faultscope_capture::open(&first, &result.settings.open)?;
    Ok((folder, capture))
}
