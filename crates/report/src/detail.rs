//! The tables of a result as data, shared by the terminal and the HTML report.

pub(crate) mod artefacts;
pub(crate) mod comparison;
pub(crate) mod early;
pub(crate) mod link;
pub(crate) mod phase_noise;
pub(crate) mod radio;
pub(crate) mod transition;

use faultscope_diagnose::finding::AppliedLimit;
use faultscope_diagnose::measurement::{Line, RippleDetail, Spur, SpursDetail};
use faultscope_diagnose::{Detail, Finding, Gate, GateState, Reading, Verdict};
use faultscope_signal::Unit;

use crate::format::{compact, decibel, frequency, plain};
use crate::words::{self, Lang, fill, word};

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Cell {
    pub text: String,
    /// Coloured as this verdict.
    pub verdict: Option<Verdict>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, verdict: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub name: String,
    /// Numbers stand to the right.
    pub right: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct DataTable {
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Said below the table, or instead of an empty one.
    pub note: String,
}

impl DataTable {
    /// `columns`: key or finished text, unit, and whether it stands to the right.
    fn new(lang: Lang, title: &str, columns: &[(&str, &str, bool)]) -> Self {
        let column = |(key, unit, right): &(&str, &str, bool)| {
            let name = words::find(lang, key).unwrap_or(key);
            Column { name: if unit.is_empty() { name.into() } else { format!("{name} ({unit})") }, right: *right }
        };
        Self { title: title.into(), columns: columns.iter().map(column).collect(), ..Self::default() }
    }

    fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }
}

/// The name of a verdict, coloured.
pub(crate) fn verdict_cell(lang: Lang, verdict: Verdict) -> Cell {
    Cell { text: words::verdict(lang, verdict).into(), verdict: Some(verdict) }
}

/// One SI prefix for a whole column of frequencies, so that they can be compared line by line.
fn common_prefix(values: impl Iterator<Item = f64>) -> (f64, &'static str) {
    crate::format::prefix_of(values.filter(|v| v.is_finite()).fold(0.0, |a: f64, v| a.max(v.abs())))
}

/// Spurs, strongest first, the first `most` of them.
pub(crate) fn spurs(detail: &SpursDetail, most: usize, lang: Lang) -> DataTable {
    let spurs = detail.spurs.get(..most).unwrap_or(&detail.spurs);
    let lines = || spurs.iter().map(|s| s.frequency_hz).chain(detail.carrier.map(|c| c.frequency_hz));
    let offsets = || spurs.iter().map(|s| s.offset_hz).chain(detail.carrier.map(|c| c.offset_hz));
    let (factor, prefix) = common_prefix(lines());
    let (offset_factor, offset_prefix) = common_prefix(offsets());
    let mut table = DataTable::new(
        lang,
        words::measurement(lang, "spurs").as_str(),
        &[
            ("table.frequency", &format!("{prefix}Hz"), true),
            ("table.offset", &format!("{offset_prefix}Hz"), true),
            ("table.level", detail.level_unit.symbol(), true),
            ("table.level", "dBc", true),
            ("SNR", "dB", true),
            ("table.origin", "", false),
            ("table.order", "", true),
            ("table.behaviour", "", false),
        ],
    );
    let place = |hz: f64| format!("{:.*}", if factor >= 1e6 { 6 } else { 3 }, hz / factor);
    let offset = |hz: f64| format!("{:.3}", hz / offset_factor);
    if let Some(c) = &detail.carrier {
        table.row([
            place(c.frequency_hz).into(),
            offset(c.offset_hz).into(),
            decibel(c.level_db).into(),
            "0.0".into(),
            decibel(c.snr_db).into(),
            word(lang, "table.carrier").into(),
            "".into(),
            "".into(),
        ]);
    }
    for s in spurs {
        table.row([
            place(s.frequency_hz).into(),
            offset(s.offset_hz).into(),
            decibel(s.level_db).into(),
            s.level_dbc.map_or_else(|| "-".into(), decibel).into(),
            decibel(s.snr_db).into(),
            words::origin(lang, s.origin).into(),
            s.order.map_or_else(String::new, |o| o.to_string()).into(),
            over_time(s, lang).into(),
        ]);
    }
    table.note = match (detail.spurs.len(), detail.spurs.len() - spurs.len()) {
        (0, _) => word(lang, "table.no_spurs").into(),
        (_, 0) => String::new(),
        (_, more) => fill(lang, "table.more_rows", &[("count", &more.to_string())]),
    };
    table
}

/// What a spur does over time, with its rate where it drifts.
fn over_time(spur: &Spur, lang: Lang) -> String {
    let Some(behaviour) = spur.behaviour else { return "-".into() };
    let name = words::behaviour(lang, behaviour);
    spur.drift_hz_per_s.map_or_else(|| name.to_owned(), |rate| format!("{name}, {} Hz/s", plain(rate, 3)))
}

/// The ripple tables: the supply as a whole, its lines, its bands, its events.
pub(crate) fn ripple(detail: &RippleDetail, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![supply(detail, lang), lines(detail, lang), bands(detail, lang), events(detail, lang)];
    all.retain(|t| !t.rows.is_empty());
    all
}

fn supply(d: &RippleDetail, lang: Lang) -> DataTable {
    let columns = [("table.reading", "", false), ("table.value", "", true)];
    let mut table = DataTable::new(lang, word(lang, "table.supply"), &columns);
    let volts = |v: f64| compact(v, Unit::Volt);
    let mut row = |name: &str, value: String| table.row([words::reading(lang, name).into(), value.into()]);
    row("dc", volts(d.dc_v));
    row("min", volts(d.min_v));
    row("max", volts(d.max_v));
    row("vpp", volts(d.vpp_v));
    row("vpp_robust", volts(d.vpp_robust_v));
    row("rms_ac", volts(d.rms_ac_v));
    row("psophometric", d.psophometric_v.map_or_else(|| "-".into(), volts));
    if let Some(m) = &d.mains {
        row("mains_rms", format!("{} ({})", volts(m.rms_v), frequency(m.fundamental_hz)));
    }
    if let Some(s) = &d.switching {
        row("switching_rms", format!("{} ({})", volts(s.rms_v), frequency(s.fundamental_hz)));
    }
    row("drift_rms", volts(d.drift.rms_v));
    row("random_rms", volts(d.random.rms_v));
    let spikes =
        format!("{} ({}: {})", d.spikes.count, volts(d.spikes.largest_v), words::spike_lock(lang, d.spikes.locked_to));
    table.row([word(lang, "table.spikes").into(), spikes.into()]);
    table
}

fn lines(d: &RippleDetail, lang: Lang) -> DataTable {
    let mut table = DataTable::new(
        lang,
        word(lang, "table.lines"),
        &[
            ("table.kind", "", false),
            ("table.order", "", true),
            ("table.frequency", "Hz", true),
            ("table.amplitude", "mV", true),
            ("rms", "mV", true),
        ],
    );
    let mut family = |name: &str, lines: &[Line]| {
        for line in lines {
            table.row([
                word(lang, name).into(),
                line.order.to_string().into(),
                plain(line.frequency_hz, 7).into(),
                format!("{:.3}", line.amplitude_v * 1e3).into(),
                format!("{:.3}", line.rms_v * 1e3).into(),
            ]);
        }
    };
    family("table.family_mains", d.mains.as_ref().map_or(&[], |m| &m.lines));
    family("table.family_switching", d.switching.as_ref().map_or(&[], |s| &s.lines));
    table
}

fn bands(d: &RippleDetail, lang: Lang) -> DataTable {
    let columns = [("table.band", "Hz", false), ("rms", "mV", true), ("table.covered", "", false)];
    let mut table = DataTable::new(lang, word(lang, "table.band"), &columns);
    for band in &d.bands {
        let rms = band.rms_v.map_or_else(|| "-".into(), |v| format!("{:.3}", v * 1e3));
        table.row([
            band.name.as_str().into(),
            rms.into(),
            word(lang, if band.covered { "table.yes" } else { "table.no" }).into(),
        ]);
    }
    table
}

fn events(d: &RippleDetail, lang: Lang) -> DataTable {
    let columns = [("table.kind", "", false), ("table.at", "s", true), ("reading.event_depth", "V", true)];
    let mut table = DataTable::new(lang, word(lang, "table.events"), &columns);
    for e in &d.events {
        table.row([words::event(lang, e.kind).into(), plain(e.start_s, 6).into(), plain(e.depth_v, 4).into()]);
    }
    table
}

/// The tables of whatever was measured.
pub(crate) fn of(detail: &Detail, most: usize, lang: Lang) -> Vec<DataTable> {
    match detail {
        Detail::Spurs(d) => vec![spurs(d, most, lang)],
        Detail::Ripple(d) => ripple(d, lang),
        Detail::Nothing => Vec::new(),
        Detail::Transition(d) => transition::tables(d, lang),
        Detail::Channel(d) => radio::channel(d, lang),
        Detail::Emissions(d) => vec![radio::emissions(d, lang)],
        Detail::Modulation(d) => radio::modulation(d, lang),
        Detail::PhaseNoise(d) => phase_noise::tables(d, most, lang),
    }
}

/// The bounds of a limit: `<= 200 mV`, `11.4 V to 12.6 V`.
pub(crate) fn bounds(limit: &AppliedLimit, unit: Unit) -> String {
    match (limit.lower, limit.upper) {
        (Some(low), Some(high)) => format!("{} .. {}", compact(low, unit), compact(high, unit)),
        (None, Some(high)) => format!("<= {}", compact(high, unit)),
        (Some(low), None) => format!(">= {}", compact(low, unit)),
        (None, None) => "-".into(),
    }
}

/// Findings, one line each.
pub(crate) fn findings(findings: &[Finding], lang: Lang) -> DataTable {
    let mut table = DataTable::new(
        lang,
        word(lang, "report.findings"),
        &[
            ("table.verdict", "", false),
            ("table.reading", "", false),
            ("table.at", "", false),
            ("table.value", "", true),
            ("table.limit", "", true),
            ("table.margin", "", true),
            ("table.clause", "", false),
        ],
    );
    for f in findings {
        let number = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| compact(v, f.unit));
        table.row([
            verdict_cell(lang, f.verdict),
            words::reading(lang, &f.reading).into(),
            f.at.as_ref().map_or_else(String::new, |at| words::place(at, lang)).into(),
            number(f.value).into(),
            f.limit.as_ref().map_or_else(|| "-".into(), |l| bounds(l, f.unit)).into(),
            f.margin.map_or_else(|| "-".into(), |v| compact(v, f.unit.difference())).into(),
            clause(f, lang).into(),
        ]);
    }
    if findings.is_empty() {
        table.note = word(lang, "table.no_findings").into();
    }
    table
}

/// The clause, and why it could not be applied where it could not.
fn clause(f: &Finding, lang: Lang) -> String {
    let clause = f.limit.as_ref().map_or("", |l| l.clause.as_str());
    let reason = words::said(lang, &f.reason);
    match (clause.is_empty(), reason.is_empty()) {
        (true, _) => reason,
        (false, true) => clause.to_owned(),
        (false, false) => format!("{clause}: {reason}"),
    }
}

/// Readings, one line each.
pub(crate) fn readings(readings: &[Reading], lang: Lang) -> DataTable {
    let mut table = DataTable::new(
        lang,
        word(lang, "report.readings"),
        &[
            ("table.reading", "", false),
            ("table.at", "", false),
            ("table.value", "", true),
            ("table.uncertainty", "", true),
        ],
    );
    for r in readings {
        table.row([
            words::reading(lang, &r.id).into(),
            r.at.as_ref().map_or_else(String::new, |at| words::place(at, lang)).into(),
            compact(r.value, r.unit).into(),
            r.uncertainty.map_or_else(String::new, |u| format!("+-{}", compact(u, r.unit))).into(),
        ]);
    }
    table
}

/// Quality gates, one line each.
pub(crate) fn gates(gates: &[Gate], lang: Lang) -> DataTable {
    let columns = [("table.name", "", false), ("table.state", "", false), ("table.detail", "", false)];
    let mut table = DataTable::new(lang, word(lang, "report.quality"), &columns);
    for g in gates {
        let verdict = match g.state {
            GateState::Ok => Verdict::Pass,
            GateState::Warn => Verdict::Margin,
            GateState::Fail => Verdict::Fail,
        };
        let state = Cell { text: words::gate_state(lang, g.state).into(), verdict: Some(verdict) };
        table.row([words::gate(lang, &g.gate).into(), state, words::said(lang, &g.detail).into()]);
    }
    table
}
