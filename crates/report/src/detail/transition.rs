//! The tables of a transition result: states and pulses, edges one by one, load steps.

use faultscope_diagnose::measurement::{EdgeGroup, RingingDetail, TransitionDetail};
use faultscope_signal::Unit;

use super::{Cell, DataTable};
use crate::format::compact;
use crate::words::{self, Lang, fill, word};

/// Edges listed one by one; the JSON output holds all that were looked at.
const MOST: usize = 12;

/// The tables that hold something.
pub(crate) fn tables(d: &TransitionDetail, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![states(d, lang), edges(d, lang), loads(d, lang)];
    all.retain(|t| !t.rows.is_empty());
    all
}

fn volts(v: f64) -> String {
    compact(v, Unit::Volt)
}

fn seconds(v: Option<f64>) -> Cell {
    v.map_or_else(|| "-".into(), |v| compact(v, Unit::Second)).into()
}

fn states(d: &TransitionDetail, lang: Lang) -> DataTable {
    let columns = [("table.reading", "", false), ("table.value", "", true)];
    let mut table = DataTable::new(lang, word(lang, "table.states"), &columns);
    let mut row = |name: &str, value: Option<String>| {
        value.into_iter().for_each(|v| table.row([words::reading(lang, name).into(), v.into()]));
    };
    row("low", d.states.map(|s| volts(s.low_v)));
    row("high", d.states.map(|s| volts(s.high_v)));
    row("amplitude", d.states.map(|s| volts(s.amplitude_v)));
    let count = |g: Option<EdgeGroup>| g.map_or(0, |g| g.count);
    row("transitions", d.states.map(|_| (count(d.rising) + count(d.falling)).to_string()));
    let time = |v: Option<f64>| v.map(|v| compact(v, Unit::Second));
    row("rise_time", time(d.rising.and_then(|g| g.duration_10_90_s)));
    row("fall_time", time(d.falling.and_then(|g| g.duration_10_90_s)));
    if let Some(p) = &d.pulses {
        row("pulse_width", time(p.high_s));
        row("pulse_width_low", time(p.low_s));
        row("period", time(p.period_s));
        row("frequency", p.frequency_hz.map(|v| compact(v, Unit::Hertz)));
        row("duty", p.duty_percent.map(|v| compact(v, Unit::Percent)));
        row("jitter", time(p.jitter_s));
    }
    row("turn_on_time", time(d.turn_on_s));
    row("turn_off_time", time(d.turn_off_s));
    table
}

fn edges(d: &TransitionDetail, lang: Lang) -> DataTable {
    let mut table = DataTable::new(
        lang,
        word(lang, "table.edges"),
        &[
            ("table.edge", "", false),
            ("table.at", "", true),
            ("table.duration", "", true),
            ("reading.overshoot", "%", true),
            ("reading.undershoot", "%", true),
            ("reading.preshoot", "%", true),
            ("table.settling", "", true),
            ("table.ringing", "", true),
        ],
    );
    let percent = |v: f64| -> Cell { format!("{v:.2}").into() };
    for t in d.transitions.iter().take(MOST) {
        table.row([
            words::direction(lang, t.direction).into(),
            seconds(Some(t.at_s)),
            seconds(t.duration_10_90_s),
            percent(t.overshoot_percent),
            percent(t.undershoot_percent),
            percent(t.preshoot_percent),
            seconds(t.settling_s),
            ringing(t.ringing.as_ref()),
        ]);
    }
    if let more @ 1.. = d.transitions.len().saturating_sub(MOST) {
        table.note = fill(lang, "table.more_rows", &[("count", &more.to_string())]);
    }
    table
}

fn loads(d: &TransitionDetail, lang: Lang) -> DataTable {
    let mut table = DataTable::new(
        lang,
        word(lang, "table.load_steps"),
        &[
            ("table.kind", "", false),
            ("table.at", "", true),
            ("table.before", "", true),
            ("table.depth", "", true),
            ("table.after", "", true),
            ("table.recovery", "", true),
            ("reading.overshoot", "", true),
            ("table.ringing", "", true),
        ],
    );
    for l in &d.load_steps {
        table.row([
            words::event(lang, l.kind).into(),
            seconds(Some(l.start_s)),
            volts(l.before_v).into(),
            volts(l.depth_v).into(),
            volts(l.after_v).into(),
            seconds(l.recovery_s),
            volts(l.overshoot_v).into(),
            ringing(l.ringing.as_ref()),
        ]);
    }
    table
}

/// `12.3 kHz, 45 deg`: frequency and phase margin.
fn ringing(r: Option<&RingingDetail>) -> Cell {
    let text = |r: &RingingDetail| format!("{}, {:.0} deg", compact(r.frequency_hz, Unit::Hertz), r.phase_margin_deg);
    r.map_or_else(String::new, text).into()
}
