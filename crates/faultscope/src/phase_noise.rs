//! Phase noise as a chart over logarithmic offsets and as a table.

use std::path::{Path, PathBuf};

use faultscope_diagnose::measurement::{LineKind, NoisePoint, PhaseLine, PhaseNoiseDetail};
use faultscope_report::csv::SpectrumTable;
use faultscope_report::picture::{Marker, MarkerClass, SpectrumChart, Trace};
use faultscope_report::words::{Lang, measurement, word};
use faultscope_report::{compact, frequency};
use faultscope_signal::Unit;
use serde_json::json;

use crate::Error;
use crate::picture::Output;

/// Labels that a chart has room for: the strongest lines.
const LABELLED: usize = 10;

/// Writes the trace of one capture; with a `number` the file is `name-NUMBER.ext`, for batches.
///
/// # Errors
/// When the file cannot be written.
pub fn write(
    output: &Output,
    detail: &PhaseNoiseDetail,
    capture: &Path,
    number: Option<usize>,
    lang: Lang,
) -> Result<PathBuf, Error> {
    output.save(number, || table(detail), || phase_noise_chart(detail, capture, lang))
}

fn levels(detail: &PhaseNoiseDetail, of: impl Fn(&NoisePoint) -> Option<f64>) -> Vec<f64> {
    detail.points.iter().map(|p| of(p).unwrap_or(f64::NAN)).collect()
}

fn table(detail: &PhaseNoiseDetail) -> SpectrumTable {
    SpectrumTable {
        axis: "offset_hz",
        frequency_hz: detail.points.iter().map(|p| p.offset_hz).collect(),
        unit: Unit::DbcPerHz,
        columns: vec![
            (String::new(), levels(detail, |p| p.level_dbc_per_hz)),
            ("amplitude".into(), levels(detail, |p| p.amplitude_dbc_per_hz)),
        ],
        facts: json!({
            "carrier_frequency_hz": detail.carrier_frequency_hz,
            "floor_dbc_per_hz": detail.floor_dbc_per_hz,
            "lines": detail.lines,
        }),
    }
}

/// L(f) over the offset, the amplitude's noise and the floor of the record beside it, lines marked.
#[must_use]
pub fn phase_noise_chart(detail: &PhaseNoiseDetail, capture: &Path, lang: Lang) -> SpectrumChart {
    let name = capture.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut chart = SpectrumChart::new(lang, name, Unit::DbcPerHz);
    chart.axis = word(lang, "chart.offset").into();
    chart.log_frequency = true;
    let carrier = frequency(detail.carrier_frequency_hz);
    let named = |s: f64| format!(" · {} {}", word(lang, "reading.jitter_rms"), compact(s, Unit::Second));
    let jitter = detail.integrated.and_then(|i| i.jitter_rms_s).map(named);
    chart.note = format!("{} {carrier}{}", word(lang, "table.carrier"), jitter.unwrap_or_default());
    let offsets: Vec<f64> = detail.points.iter().map(|p| p.offset_hz).collect();
    let mut trace = |name: String, level_db: Vec<f64>| {
        chart.traces.push(Trace { name, frequency_hz: offsets.clone(), level_db });
    };
    let phase = levels(detail, |p| p.level_dbc_per_hz);
    let amplitude = levels(detail, |p| p.amplitude_dbc_per_hz);
    // Noise of the amplitude far below says nothing here and would squeeze the trace.
    let lowest = phase.iter().copied().fold(f64::INFINITY, f64::min);
    trace(measurement(lang, "phase-noise"), phase);
    if amplitude.iter().copied().fold(f64::INFINITY, f64::min) > lowest - 40.0 {
        trace(word(lang, "chart.amplitude_noise").into(), amplitude);
    }
    if let Some(floor) = detail.floor_dbc_per_hz.filter(|f| *f > lowest - 40.0) {
        trace(word(lang, "reading.phase_noise_floor").into(), vec![floor; offsets.len()]);
    }
    chart.markers = markers(detail, lang);
    chart
}

/// The strongest lines, on the trace: their own level is in dBc, not dBc/Hz, and stands in the label.
fn markers(detail: &PhaseNoiseDetail, lang: Lang) -> Vec<Marker> {
    let mut lines: Vec<&PhaseLine> = detail.lines.iter().collect();
    lines.sort_by(|a, b| b.level_dbc.total_cmp(&a.level_dbc));
    let near = |l: &PhaseLine| {
        let far = |p: &NoisePoint| (p.offset_hz / l.offset_hz).ln().abs();
        detail.points.iter().min_by(|a, b| far(a).total_cmp(&far(b))).and_then(|p| p.level_dbc_per_hz)
    };
    let marked = lines.into_iter().take(LABELLED).filter_map(|l| {
        let added = if l.kind == LineKind::Added { format!(" {}", word(lang, "line.added")) } else { String::new() };
        let label = format!("{} {}{added}", compact(l.offset_hz, Unit::Hertz), compact(l.level_dbc, Unit::Dbc));
        Some(Marker { frequency_hz: l.offset_hz, level_db: near(l)?, label, class: MarkerClass::Named })
    });
    marked.collect()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// White phase noise of 3 mrad and two lines, made by rule: no random numbers in this room.
    fn record() -> Vec<u8> {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / f64::from(u32::MAX) - 0.5
        };
        let samples = (0..200_000).flat_map(|i| {
            let t = f64::from(i) / 200e3;
            let lines = 2e-3 * (TAU * 100.0 * t).sin() + 1e-2 * (TAU * 7321.0 * t).sin();
            let (sin, cos) = (TAU * 12_300.0 * t + lines + 0.01 * noise()).sin_cos();
            [0.5 * cos, 0.5 * sin]
        });
        samples.flat_map(|v| (v as f32).to_le_bytes()).collect()
    }

    #[test]
    fn the_trace_is_written_as_picture_and_as_table() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("carrier.cf32");
        std::fs::write(&file, record()).unwrap();
        let open = faultscope_capture::OpenOptions {
            rate_hz: Some(200e3),
            center_hz: Some(100e6),
            ..faultscope_capture::OpenOptions::default()
        };
        let request = crate::Request { open, ..crate::Request::default() };
        let result = crate::analyse(&file, "phase-noise", &request, &crate::Unwatched).unwrap();
        let detail = result.phase_noise.unwrap();
        for name in ["noise.png", "noise.svg", "noise.csv"] {
            let output = Output::of(&dir.path().join(name)).unwrap();
            write(&output, &detail, &file, None, Lang::En).unwrap();
        }
        let csv = std::fs::read_to_string(dir.path().join("noise.csv")).unwrap();
        assert!(csv.starts_with("offset_hz,level_dbc_per_hz,amplitude_dbc_per_hz\r\n"), "{csv:.80}");
        assert_eq!(csv.lines().count(), 1 + detail.points.len());
        let svg = std::fs::read_to_string(dir.path().join("noise.svg")).unwrap();
        // 20 log10(0.01 / 2).
        assert!(svg.contains("Offset from the carrier") && svg.contains("7.321 kHz -46.0 dBc"));
    }
}
