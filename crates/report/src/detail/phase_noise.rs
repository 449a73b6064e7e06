//! The tables of `phase-noise`.

use faultscope_diagnose::measurement::{LineKind, NoisePoint, PhaseLine, PhaseNoiseDetail};
use faultscope_signal::Unit;

use super::DataTable;
use super::radio::Named;
use crate::format::{compact, decibel, frequency, plain};
use crate::words::{self, Lang, word};

/// Steps of the trace that a table shows.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

/// The carrier and its integrals, the trace at round offsets, the lines.
pub(crate) fn tables(d: &PhaseNoiseDetail, most: usize, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![whole(d, lang), trace(d, lang), lines(d, most, lang)];
    all.retain(|t| !t.rows.is_empty());
    all
}

fn whole(d: &PhaseNoiseDetail, lang: Lang) -> DataTable {
    let mut t = Named::new(lang, &words::measurement(lang, "phase-noise"));
    t.row("carrier_frequency", frequency(d.carrier_frequency_hz));
    t.row("carrier_level", compact(d.carrier_level_db, d.level_unit));
    if let Some(i) = &d.integrated {
        let band = format!("{} .. {}", frequency(i.from_hz), frequency(i.to_hz));
        let phase = compact(i.phase_rms_rad, Unit::Radian);
        t.row("integrated_phase", format!("{phase}, {} ({band})", compact(i.phase_rms_deg, Unit::Degree)));
        t.some("jitter_rms", i.jitter_rms_s, Unit::Second);
        t.some("line_phase", Some(i.lines_rms_rad), Unit::Radian);
        t.some("line_jitter", i.lines_jitter_s, Unit::Second);
    }
    t.some("residual_fm_300_3000", d.residual_fm_300_3000_hz, Unit::Hertz);
    t.some("residual_am_300_3000", d.residual_am_300_3000_percent, Unit::Percent);
    t.some("phase_noise_floor", d.floor_dbc_per_hz, Unit::DbcPerHz);
    t.table
}

/// The points nearest to 1, 2, 5 times each power of ten.
fn trace(d: &PhaseNoiseDetail, lang: Lang) -> DataTable {
    let columns = [
        ("table.offset", "Hz", true),
        ("L(f)", "dBc/Hz", true),
        ("table.uncertainty", "dB", true),
        ("table.amplitude", "dBc/Hz", true),
        ("table.note", "", false),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.trace"), &columns);
    let round = (-3..9).flat_map(|decade| STEPS.map(|s| s * 10f64.powi(decade)));
    let inside = round.filter(|f| (d.low_hz..=d.high_hz).contains(f));
    let far = |p: &NoisePoint, f: f64| (p.offset_hz / f).ln().abs();
    let near = inside.filter_map(|f| d.points.iter().min_by(|a, b| far(a, f).total_cmp(&far(b, f))));
    let level = |v: Option<f64>| v.map_or_else(|| "-".into(), decibel);
    for p in near {
        table.row([
            plain(p.offset_hz, 3).into(),
            level(p.level_dbc_per_hz).into(),
            format!("{:.1}", p.uncertainty_db).into(),
            level(p.amplitude_dbc_per_hz).into(),
            if p.floor_limited { word(lang, "table.floor_limited") } else { "" }.into(),
        ]);
    }
    table
}

fn lines(d: &PhaseNoiseDetail, most: usize, lang: Lang) -> DataTable {
    let columns = [
        ("table.offset", "Hz", true),
        ("table.level", "dBc", true),
        ("reading.jitter_rms", "s", true),
        ("table.origin", "", false),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.lines"), &columns);
    let mut strongest: Vec<&PhaseLine> = d.lines.iter().collect();
    strongest.sort_by(|a, b| b.level_dbc.total_cmp(&a.level_dbc));
    for l in strongest.into_iter().take(most) {
        table.row([
            plain(l.offset_hz, 7).into(),
            decibel(l.level_dbc).into(),
            l.jitter_s.map_or_else(|| "-".into(), |s| compact(s, Unit::Second)).into(),
            origin(l, lang).into(),
        ]);
    }
    table
}

/// `mains, 2 x 50 Hz`.
fn origin(l: &PhaseLine, lang: Lang) -> String {
    let name = line_kind(l.kind, lang);
    match l.order.zip(l.of_hz) {
        Some((order, of)) => format!("{name}{}{order} x {}", word(lang, "chart.comma"), frequency(of)),
        None => name.into(),
    }
}

/// Name of what a line is.
pub(crate) fn line_kind(kind: LineKind, lang: Lang) -> &'static str {
    word(
        lang,
        match kind {
            LineKind::Mains => "line.mains",
            LineKind::Harmonic => "line.harmonic",
            LineKind::Added => "line.added",
            LineKind::Phase => "line.phase",
        },
    )
}
