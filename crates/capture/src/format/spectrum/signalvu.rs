//! Tektronix SignalVu: sections of `key,value,unit`, and traces whose rows are level and frequency, or the reverse.

use faultscope_signal::{SweptSpectrum, Unit};
use serde_json::json;

use super::super::{Match, Probe};
use super::lines::{Lines, head};
use super::{Content, MAX_POINTS, MAX_SPECTRA, rising, too_many, unit};
use crate::{CaptureError, CaveatKind};

/// Two frequencies this much apart, relative to themselves, are one: they are printed in full.
const SAME: f64 = 1e-9;

pub(super) fn matches(probe: &Probe) -> Match {
    if head(probe).take(4).any(|l| l == "[Global Parameters]") { Match::Certain } else { Match::No }
}

/// A trace while it is read.
#[derive(Default)]
struct Trace {
    name: String,
    unit: String,
    points: Option<usize>,
    start_hz: Option<f64>,
    stop_hz: Option<f64>,
    rows: Vec<(f64, f64)>,
    lines: Vec<u64>,
}

/// What the sections above the traces say.
#[derive(Default)]
struct Facts {
    title: String,
    date: Option<String>,
    rbw_hz: Option<f64>,
    actual_rbw_hz: Option<f64>,
    function: Option<String>,
    detection: Option<String>,
    /// Traces begin behind this section.
    in_traces: bool,
}

impl Facts {
    fn note(&mut self, cells: &[&str]) {
        let value = cells.iter().skip(1).find(|c| !c.is_empty()).copied().unwrap_or_default();
        let at = cells.iter().position(|c| *c == value).unwrap_or(0);
        let factor = cells.get(at + 1).and_then(|u| unit::hertz(u)).unwrap_or(1.0);
        let hertz = || value.parse::<f64>().ok().map(|v| v * factor).filter(|v| *v > 0.0 && v.is_finite());
        match cells.first().copied().unwrap_or_default() {
            "Actual RBW" => self.actual_rbw_hz = hertz(),
            "Resolution Bandwidth" | "RBW" => self.rbw_hz = hertz(),
            "Function" | "Trace Processing Function" => self.function = Some(value.to_owned()),
            "Detection" => self.detection = Some(value.to_owned()),
            _ => {}
        }
    }
}

pub(super) fn read(probe: &Probe) -> Result<Content, CaptureError> {
    let mut facts = Facts::default();
    let mut traces: Vec<Trace> = Vec::new();
    let mut lines = Lines::open(probe)?;
    let mut cut = None;
    while let Some(line) = lines.next()? {
        let cells: Vec<&str> = line.text.split(',').map(str::trim).collect();
        if line.number == 1 {
            facts.title = cells.first().map(|c| (*c).to_owned()).unwrap_or_default();
            facts.date = cells.get(1).map(|c| (*c).to_owned()).filter(|d| !d.is_empty());
            continue;
        }
        match line.text {
            "" => continue,
            "[Traces]" => facts.in_traces = true,
            "[Trace]" if traces.len() >= MAX_SPECTRA => break,
            "[Trace]" => traces.push(Trace::default()),
            text if text.starts_with('[') => facts.in_traces = false,
            _ => match traces.last_mut().filter(|_| facts.in_traces) {
                None => facts.note(&cells),
                Some(_) if !line.whole => cut = Some(line.number),
                Some(trace) => trace.take(&cells, line.number, probe)?,
            },
        }
    }
    let mut content =
        Content { dialect: "signalvu", instrument: Some("Tektronix SignalVu".into()), ..Content::default() };
    if let Some(number) = cut {
        let detail = format!("the last line ({number}) has no line end and may have lost digits: it was left out");
        content.caveat(CaveatKind::Truncated, detail);
    }
    for trace in traces {
        let spectrum = trace.finish(&facts, probe, &mut content)?;
        content.spectra.push(spectrum);
    }
    let reduced = [facts.function.as_deref(), facts.detection.as_deref()];
    let words: Vec<&str> = reduced.into_iter().flatten().filter(|w| !matches!(*w, "Normal" | "Average")).collect();
    if !words.is_empty() {
        let detail = format!("each level is of many ({}): a trace of mean levels would lie lower", words.join(", "));
        content.caveat(CaveatKind::Reduced, detail);
    }
    content.unit_origin = Some("trace header".to_owned());
    content.description = Some([facts.title.as_str()].into_iter().chain(words).collect::<Vec<_>>().join(", "));
    content.metadata =
        json!({ "title": facts.title, "date": facts.date, "function": facts.function, "detection": facts.detection });
    Ok(content)
}

impl Trace {
    /// One line behind `[Trace]`: first name and unit, then keys, then rows of two numbers.
    fn take(&mut self, cells: &[&str], number: u64, probe: &Probe) -> Result<(), CaptureError> {
        let figure = |i: usize| cells.get(i).and_then(|c| c.parse::<f64>().ok());
        let hertz = || figure(1).map(|v| v * cells.get(2).and_then(|u| unit::hertz(u)).unwrap_or(1.0));
        match (cells.first().copied().unwrap_or_default(), figure(0), figure(1)) {
            (name, None, _) if self.unit.is_empty() => {
                self.name = name.to_owned();
                self.unit = cells.iter().skip(1).find(|c| !c.is_empty()).map(|c| (*c).to_owned()).unwrap_or_default();
                Ok(())
            }
            ("NumberPoints", ..) => {
                self.points = cells.get(1).and_then(|c| c.parse().ok());
                Ok(())
            }
            ("XStart", ..) => {
                self.start_hz = hertz();
                Ok(())
            }
            ("XStop", ..) => {
                self.stop_hz = hertz();
                Ok(())
            }
            (_, Some(a), Some(b)) if self.rows.len() < MAX_POINTS => {
                self.rows.push((a, b));
                self.lines.push(number);
                Ok(())
            }
            (_, Some(_), Some(_)) => Err(too_many(probe)),
            (_, None, _) if self.rows.is_empty() => Ok(()),
            _ => {
                let what = format!("line {number} is no row of level and frequency");
                Err(CaptureError::malformed(&probe.path, what, "the file is damaged there; export it again"))
            }
        }
    }

    fn finish(self, facts: &Facts, probe: &Probe, content: &mut Content) -> Result<SweptSpectrum, CaptureError> {
        let path = &probe.path;
        let unit: Unit = unit::level(&self.unit).ok_or_else(|| {
            let shown: String = self.unit.chars().take(40).collect();
            let what = format!("levels of trace '{}' are in '{shown}', which is not read", self.name);
            CaptureError::unsupported(path, what, "set the amplitude unit to dBm or dBuV and export again")
        })?;
        // Where the file states the ends of the axis, the level comes first; where it names the unit of x, the frequency.
        let level_first = self.start_hz.is_some();
        let (frequency, level): (Vec<f64>, Vec<f64>) =
            self.rows.iter().map(|(a, b)| if level_first { (*b, *a) } else { (*a, *b) }).unzip();
        rising(probe, &frequency, |i| self.lines.get(i).copied().unwrap_or(0))?;
        let near =
            |a: Option<f64>, b: Option<&f64>| a.zip(b).is_none_or(|(a, b)| (a - b).abs() <= SAME * a.abs().max(1.0));
        if self.points.is_some_and(|n| n != frequency.len())
            || !near(self.start_hz, frequency.first())
            || !near(self.stop_hz, frequency.last())
        {
            let promised = self.points.map_or_else(|| "no number of".to_owned(), |n| n.to_string());
            let detail = format!("trace '{}' promises {promised} points, and {} are there", self.name, frequency.len());
            content.caveat(CaveatKind::Truncated, detail);
        }
        let mut spectrum = SweptSpectrum::single(self.name, frequency, level, unit);
        spectrum.rbw_hz = facts.actual_rbw_hz.or(facts.rbw_hz);
        spectrum.time = facts.date.clone().map(|d| (d.clone(), d));
        Ok(spectrum)
    }
}
