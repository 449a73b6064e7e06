//! Results as text for people: tables of the report room, with the facts around them.

use faultscope_door::cases::{Case, Summary};
use faultscope_door::diagnose::{Cause, GateState, RestsOn};
use faultscope_door::paper::table::{self, Style};
use faultscope_door::paper::{frequency, words};
use faultscope_door::result::SpectrumInfo;
use faultscope_door::signal::{Quantity, Unit};
use faultscope_door::{CaptureResult, Error};

use crate::context::Context;

/// Longest list of spurs on a terminal; the JSON output holds all.
const MOST_SPURS: usize = 30;

/// Prints one capture's result; `named` puts the file name first, for batches.
pub(crate) fn result(result: &CaptureResult, named: bool, context: &mut Context<'_>) -> Result<(), Error> {
    let style = context.style()?;
    if let Some(error) = &result.error {
        context.complain(&Error::usage(error.message.clone(), error.hint.clone()));
        if result.quality.is_empty() {
            return Ok(());
        }
    }
    if named {
        context.print(&format!("{}:", result.file));
    }
    if !result.channels.is_empty() || !result.spectra.is_empty() {
        return info(result, style, context);
    }
    doubts(result, style, context);
    if let Some(spectrum) = &result.spectrum {
        let level =
            spectrum.peak.level_db.map_or_else(|| "-".into(), |v| Quantity::new(v, spectrum.level_unit).to_string());
        let made = match (spectrum.fft, spectrum.window, spectrum.segments) {
            (Some(fft), Some(window), Some(segments)) => format!("{fft} points, {window} window, {segments} averages"),
            _ => {
                let points = spectrum.traces.first().map_or(0, |t| t.level_db.len());
                format!("{points} points as exported{}", sweeps(spectrum.sweeps.unwrap_or(1)))
            }
        };
        let rbw = spectrum.rbw_hz.map_or_else(String::new, |hz| format!(", RBW {}", hertz(hz)));
        context.print(&format!("{made}{rbw}; strongest {level} at {}", hertz(spectrum.peak.frequency_hz)));
    }
    if let Some(waterfall) = &result.waterfall {
        let peak = waterfall.peak.map_or_else(String::new, |p| {
            let level = Quantity::new(p.level_db, waterfall.level_unit);
            let at = Quantity::new(p.start_s, Unit::Second);
            format!("; strongest {level} at {} after {at}", hertz(p.frequency_hz))
        });
        let row = Quantity::new(waterfall.row_s, Unit::Second);
        context.print(&format!(
            "{} rows of {row}, {} columns, {} window, RBW {}{peak}",
            waterfall.rows,
            waterfall.columns,
            waterfall.window,
            hertz(waterfall.rbw_hz),
        ));
        if let Some(output) = &waterfall.output {
            context.print(output);
        }
    }
    if let Some(detail) = &result.transition {
        context.print(&table::transition(detail, style));
    }
    if let Some(detail) = &result.spurs {
        context.print(&table::spurs(detail, MOST_SPURS, style));
        context.print(&table::readings(&summary_readings(result), style));
    }
    if let Some(detail) = &result.ripple {
        context.print(&table::ripple(detail, style));
    }
    if let Some(detail) = &result.channel {
        context.print(&table::channel(detail, style));
    }
    if let Some(detail) = &result.emissions {
        context.print(&table::emissions(detail, style));
    }
    if let Some(detail) = &result.modulation {
        context.print(&table::modulation(detail, style));
    }
    if let Some(detail) = &result.phase_noise {
        context.print(&table::phase_noise(detail, MOST_SPURS, style));
    }
    if let Some(link) = &result.link {
        context.print(&table::link(&link.detail, style));
    }
    if let Some(comparison) = &result.comparison {
        context.print(&table::comparison(comparison, MOST_SPURS, style));
        return Ok(());
    }
    if context.common.verbose {
        context.print(&table::readings(&result.readings, style));
    }
    findings(result, style, context);
    Ok(())
}

/// The readings of a spurs result that are not in its table.
fn summary_readings(result: &CaptureResult) -> Vec<faultscope_door::diagnose::Reading> {
    result.readings.iter().filter(|r| r.id != "spur_level" && !r.is_sign()).cloned().collect()
}

fn findings(result: &CaptureResult, style: Style, context: &mut Context<'_>) {
    if !result.findings.is_empty() {
        context.print(&table::findings(&result.findings, style));
    }
    causes(&result.causes, style, context);
}

/// Causes, likeliest first, with the next check; where others look alike, what would tell them apart.
pub(crate) fn causes(causes: &[Cause], style: Style, context: &mut Context<'_>) {
    for cause in causes {
        context.print(&format!(
            "{}: {} ({}, {:.0} %)\n  {}: {}",
            words::word(style.lang, "report.cause"),
            cause.cause,
            cause.rule,
            cause.confidence * 100.0,
            words::word(style.lang, "report.next_check"),
            cause.next_check
        ));
        if cause.rests_on != RestsOn::Signal {
            context.print(&format!("  {}", table::rests_on(cause, style.lang)));
        }
        if !cause.alike.is_empty() {
            let (label, alike) = (words::word(style.lang, "report.alike"), cause.alike.join(", "));
            context.print(&format!("  {label} {alike}: {}", cause.tell_apart));
        }
    }
}

/// Gates that are not open, said before any figure.
fn doubts(result: &CaptureResult, style: Style, context: &mut Context<'_>) {
    for gate in result.quality.iter().filter(|g| g.state != GateState::Ok || context.common.verbose) {
        let state = words::gate_state(style.lang, gate.state);
        let line =
            format!("{state}: {}: {}", words::gate(style.lang, &gate.gate), words::said(style.lang, &gate.detail));
        context.print(&line);
    }
}

fn info(result: &CaptureResult, style: Style, context: &mut Context<'_>) -> Result<(), Error> {
    let origin =
        |field: &str| result.origins.iter().find(|o| o.field == field).map(|o| o.origin.clone()).unwrap_or_default();
    let mut fields = vec![("file".to_owned(), result.file.clone(), String::new())];
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields.push((name.to_owned(), value, origin(name)));
        }
    };
    add("format", result.format.clone());
    add("sample_rate_hz", result.sample_rate_hz.map(hertz));
    add("center_hz", result.center_hz.map(hertz));
    add("samples", result.samples.map(|n| n.to_string()));
    add("duration_s", result.duration_s.map(|s| Quantity::new(s, Unit::Second).to_string()));
    add("unit", result.unit.clone());
    if let Some(p) = &result.provenance {
        add("start_time", p.start_time.clone());
        add("instrument", p.instrument.clone());
        add("description", p.description.clone());
    }
    add("sha256", result.sha256.as_ref().map(ToString::to_string));
    for channel in &result.channels {
        let range = match (channel.min, channel.max) {
            (Some(min), Some(max)) => format!("{min:.6} .. {max:.6} {}", channel.unit),
            _ => "no samples".into(),
        };
        fields.push((format!("channel {}", channel.name), format!("{} {range}", channel.kind), String::new()));
    }
    fields.extend(result.spectra.iter().map(spectrum_field));
    context.print(&table::info(&fields, &result.quality, style));
    Ok(())
}

/// A spectrum that a file holds instead of samples, in one line.
fn spectrum_field(spectrum: &SpectrumInfo) -> (String, String, String) {
    let step = spectrum.step_hz.map_or_else(|| "uneven steps".into(), |s| format!("steps of {}", hertz(s)));
    let rbw = spectrum.rbw_hz.map_or_else(String::new, |r| format!(", RBW {}", hertz(r)));
    let levels = spectrum
        .min_db
        .zip(spectrum.max_db)
        .map_or_else(|| "no levels".into(), |(low, high)| format!("{low:.1} .. {high:.1} {}", spectrum.level_unit));
    let (from, to) = (hertz(spectrum.start_hz), hertz(spectrum.stop_hz));
    let time = spectrum.first_time.clone().unwrap_or_default();
    let text = format!("{from} .. {to}, {} points, {step}{rbw}{}, {levels}", spectrum.points, sweeps(spectrum.sweeps));
    (format!("spectrum {}", spectrum.name).trim().to_owned(), text, time)
}

/// How many sweeps were averaged, where there is more than one.
fn sweeps(count: u64) -> String {
    if count > 1 { format!(", {count} sweeps") } else { String::new() }
}

fn hertz(value: f64) -> String {
    frequency(value)
}

/// One case as text.
pub(crate) fn case(case: &Case, context: &Context<'_>) -> Result<String, Error> {
    Ok(table::case_show(&json(case)?, context.style()?))
}

/// A list of cases as text.
pub(crate) fn case_list(cases: &[Summary], context: &Context<'_>) -> Result<String, Error> {
    Ok(table::case_list(&json(&cases)?, context.style()?))
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(|e| Error::usage(format!("the case cannot be shown: {e}"), ""))
}
