//! Pictures and tables of results: a spectrum as CSV, JSON, PNG or SVG, and the charts that belong to a result.

mod limits;

use std::path::{Path, PathBuf};

use faultscope_capture::Trace;
use faultscope_diagnose::Finding;
use faultscope_diagnose::measurement::{RippleDetail, SpursDetail};
use faultscope_report::csv::SpectrumTable;
use faultscope_report::picture::{
    Bar, Chart as _, EnvelopeBuilder, HarmonicBars, Marker, MarkerClass, Size, SpectrumChart, Trace as Curve,
    WaveformChart,
};
use faultscope_report::words::{Lang, origin};
use faultscope_report::{ReportError, compact, write_file};
use faultscope_signal::{Quantity, Record as _, Spectrum, Unit};

use crate::exported::Exported;
use crate::spectrum::{Drawn, Shown};
use crate::{CaptureResult, Class, Error};

pub(crate) use limits::{emissions_chart, judged_bars, over_frequency};

impl From<ReportError> for Error {
    fn from(error: ReportError) -> Self {
        Self::new(Class::Storage, "output", error.to_string(), error.hint())
    }
}

/// The forms a spectrum can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Json,
    Png,
    Svg,
}

/// Where a spectrum goes, by the extension of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    path: PathBuf,
    form: Form,
}

impl Output {
    /// An output file.
    ///
    /// # Errors
    /// When the extension says none of the forms.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let form = match extension.as_str() {
            "csv" => Form::Csv,
            "json" => Form::Json,
            "png" => Form::Png,
            "svg" => Form::Svg,
            _ => {
                return Err(Error::usage(
                    format!("the name does not say what to write: {}", path.display()),
                    "end it in .csv, .json, .png or .svg",
                ));
            }
        };
        Ok(Self { path: path.to_owned(), form })
    }

    /// Writes one spectrum; with a `number` the file is `name-NUMBER.ext`, for batches. Persistence goes into JSON and
    /// pictures: a table over frequency has no place for it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, drawn: &Drawn, capture: &Path, number: Option<usize>, lang: Lang) -> Result<PathBuf, Error> {
        self.save(number, || table(drawn), || chart(drawn, capture, lang))
    }

    /// Writes a table or a chart, whichever the name asks for.
    pub(crate) fn save(
        &self,
        number: Option<usize>,
        table: impl Fn() -> SpectrumTable,
        chart: impl Fn() -> SpectrumChart,
    ) -> Result<PathBuf, Error> {
        let path = number.map_or_else(|| self.path.clone(), |n| numbered(&self.path, n));
        let bytes = match self.form {
            Form::Csv => table().to_csv().into_bytes(),
            Form::Json => table().to_json().to_string().into_bytes(),
            Form::Png => chart().png(Size::default())?,
            Form::Svg => chart().svg(Size::default())?.as_str().as_bytes().to_vec(),
        };
        write_file(&path, &bytes)?;
        Ok(path)
    }
}

pub(crate) fn numbered(path: &Path, n: usize) -> PathBuf {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{stem}-{n}.{extension}"))
}

fn part<T: Clone>(values: &[T], range: &std::ops::Range<usize>) -> Vec<T> {
    values.get(range.clone()).unwrap_or_default().to_vec()
}

fn table(drawn: &Drawn) -> SpectrumTable {
    match drawn {
        Drawn::Computed(shown) => computed_table(shown),
        Drawn::Exported(exported) => exported_table(exported),
    }
}

fn chart(drawn: &Drawn, capture: &Path, lang: Lang) -> SpectrumChart {
    let name = capture.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    match drawn {
        Drawn::Computed(shown) => computed_chart(shown, name, lang),
        Drawn::Exported(exported) => exported_chart(exported, name, lang),
    }
}

fn exported_table(exported: &Exported) -> SpectrumTable {
    let spectrum = &exported.spectrum;
    let column = |(name, levels): &(String, Vec<f64>)| {
        // The average is the `level` of a table, as it is of a computed spectrum.
        (if name == "average" { String::new() } else { name.clone() }, levels.clone())
    };
    SpectrumTable {
        axis: "frequency_hz",
        frequency_hz: spectrum.frequency_hz.clone(),
        unit: spectrum.level_unit,
        columns: exported.curves.iter().map(column).collect(),
        facts: serde_json::json!({ "rbw_hz": spectrum.rbw_hz, "sweeps": spectrum.sweeps }),
    }
}

fn exported_chart(exported: &Exported, name: String, lang: Lang) -> SpectrumChart {
    let spectrum = &exported.spectrum;
    let mut chart = SpectrumChart::new(lang, name, spectrum.level_unit);
    chart.rbw_hz = spectrum.rbw_hz;
    let single = exported.curves.len() == 1;
    chart.traces = exported
        .curves
        .iter()
        .map(|(name, level_db)| Curve {
            name: if single { String::new() } else { name.clone() },
            frequency_hz: spectrum.frequency_hz.clone(),
            level_db: level_db.clone(),
        })
        .collect();
    chart
}

fn computed_table(shown: &Shown) -> SpectrumTable {
    let mut table = SpectrumTable::of(&shown.spectrum);
    table.frequency_hz = part(&table.frequency_hz, &shown.points);
    table.columns.iter_mut().for_each(|(_, levels)| *levels = part(levels, &shown.points));
    if !shown.average {
        table.columns.remove(0);
    }
    if let (Some(p), Some(facts)) = (&shown.spectrum.persistence, table.facts.as_object_mut()) {
        let rows = p.counts.rows().into_iter().skip(shown.points.start).take(shown.points.len());
        let counts: Vec<Vec<u32>> = rows.map(|r| r.to_vec()).collect();
        let (bottom_db, cell_db) = (p.scale.bottom_db, p.scale.cell_db);
        let histogram = serde_json::json!({ "bottom_db": bottom_db, "cell_db": cell_db, "counts": counts });
        facts.insert("persistence".into(), histogram);
    }
    table
}

fn computed_chart(shown: &Shown, name: String, lang: Lang) -> SpectrumChart {
    let mut chart = SpectrumChart::of(&shown.spectrum, lang, name);
    for trace in &mut chart.traces {
        trace.frequency_hz = part(&trace.frequency_hz, &shown.points);
        trace.level_db = part(&trace.level_db, &shown.points);
    }
    if !shown.average {
        chart.traces.remove(0);
    }
    chart
}

/// The spectrum with carrier, spurs and limits; failed lines in red.
#[must_use]
pub fn spurs_chart(
    spectrum: &Spectrum,
    detail: &SpursDetail,
    findings: &[Finding],
    title: &str,
    lang: Lang,
) -> SpectrumChart {
    const LABELLED: usize = 12;
    let mut chart = SpectrumChart::of(spectrum, lang, title);
    if let Some(c) = detail.carrier {
        chart.markers.push(Marker {
            frequency_hz: c.frequency_hz,
            level_db: c.level_db,
            label: Quantity::new(c.level_db, spectrum.level_unit()).to_string(),
            class: MarkerClass::Carrier,
        });
    }
    for spur in detail.spurs.iter().take(LABELLED) {
        let judged = findings.iter().find(|f| {
            f.at.and_then(|at| at.frequency_hz).is_some_and(|hz| (hz - spur.frequency_hz).abs() < detail.rbw_hz)
        });
        let level = spur.level_dbc.map_or_else(String::new, |v| format!(" {}", compact(v, Unit::Dbc)));
        chart.markers.push(Marker {
            frequency_hz: spur.frequency_hz,
            level_db: spur.level_db,
            label: format!("{}{level}", origin(lang, spur.origin)),
            class: judged.map_or(MarkerClass::Named, |f| MarkerClass::Judged(f.verdict)),
        });
    }
    let ends = chart.traces.first().and_then(|t| Some((*t.frequency_hz.first()?, *t.frequency_hz.last()?)));
    if let Some(ends) = ends {
        chart.limits = limits::over_frequency(ends, chart.unit, detail, findings, lang);
    }
    chart
}

/// The waveform of a trace with the limits on it.
pub(crate) fn judged_waveform(
    trace: &Trace,
    result: &CaptureResult,
    findings: &[Finding],
    title: &str,
    lang: Lang,
) -> Result<WaveformChart, Error> {
    let mut chart = waveform_chart(trace, title, lang)?;
    if let Some(detail) = &result.ripple {
        limits::on_waveform(&mut chart, detail, findings, lang);
    }
    Ok(chart)
}

/// The bars of the mains and switching lines, strongest families first.
#[must_use]
pub fn ripple_bars(detail: &RippleDetail, title: &str, unit: Unit, lang: Lang) -> Option<HarmonicBars> {
    const MOST: usize = 16;
    let mains = detail.mains.iter().flat_map(|m| &m.lines);
    let switching = detail.switching.iter().flat_map(|s| &s.lines);
    let bars: Vec<Bar> = mains
        .take(MOST)
        .chain(switching.take(MOST))
        .map(|line| Bar {
            label: compact(line.frequency_hz, Unit::Hertz),
            value: line.amplitude_v,
            limit: None,
            verdict: None,
            badges: String::new(),
        })
        .collect();
    (!bars.is_empty()).then(|| HarmonicBars {
        lang,
        title: title.to_owned(),
        note: String::new(),
        axis: String::new(),
        across: String::new(),
        unit,
        log: true,
        bars,
    })
}

/// The waveform of a trace, decimated to its extremes in flat memory.
///
/// # Errors
/// When the trace cannot be read.
pub fn waveform_chart(trace: &Trace, title: &str, lang: Lang) -> Result<WaveformChart, Error> {
    const BLOCK: usize = 65_536;
    let c = trace.kind.components();
    let mut builder = EnvelopeBuilder::new(trace.frames, trace.sample_rate_hz);
    let mut block = vec![0.0; BLOCK * c];
    let mut start = 0;
    while start < trace.frames {
        let frames = trace
            .read_f64(start, &mut block)
            .map_err(|e| Error::new(Class::Input, "io", e.message, "the file may have changed"))?;
        if frames == 0 {
            break;
        }
        // Of I/Q the in-phase part is drawn.
        let values: Vec<f64> = block[..frames * c].iter().step_by(c).copied().collect();
        builder.push(&values);
        start += frames as u64;
    }
    Ok(WaveformChart::new(lang, title, trace.unit, builder.finish()))
}
