//! The table of spectral lines: carrier and spurs of a transmitter, mains and switching lines of a supply.

use eframe::egui::Ui;
use faultscope_door::CaptureResult;
use faultscope_door::diagnose::measurement::{Line, RippleDetail, SpursDetail};
use faultscope_door::paper::{compact, frequency, words};
use faultscope_door::signal::Unit;

use super::Cx;
use super::tables::{end, figure, table};
use crate::app::Command;
use crate::words::Word;

/// Number of lines in a result.
pub(crate) fn count(result: &CaptureResult) -> usize {
    let spurs = result.spurs.as_ref().map_or(0, |d| d.spurs.len() + usize::from(d.carrier.is_some()));
    spurs + result.ripple.as_ref().map_or(0, |d| families(d).count())
}

/// Draws the lines.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>, result: &CaptureResult) {
    if count(result) == 0 {
        ui.label(cx.text(Word::NoLines));
    } else if let Some(detail) = &result.spurs {
        spurs(ui, cx, detail);
    } else if let Some(detail) = &result.ripple {
        ripple(ui, cx, detail);
    }
}

/// The frequency of a line; a click marks it in the pictures.
fn place(ui: &mut Ui, cx: &mut Cx<'_>, hz: f64) {
    let marked = cx.state.mark == Some(hz);
    if ui.selectable_label(marked, frequency(hz)).clicked() {
        cx.send(Command::Mark((!marked).then_some(hz)));
    }
}

fn spurs(ui: &mut Ui, cx: &mut Cx<'_>, detail: &SpursDetail) {
    let heads = [Word::Frequency, Word::Level, Word::Relative, Word::Origin, Word::Order];
    table(ui, cx, "spurs", &heads, |ui, cx| {
        if let Some(carrier) = detail.carrier {
            place(ui, cx, carrier.frequency_hz);
            figure(ui, &compact(carrier.level_db, detail.level_unit));
            figure(ui, &compact(0.0, Unit::Dbc));
            ui.colored_label(cx.palette.carrier, cx.text(Word::Carrier));
            end(ui);
        }
        for spur in &detail.spurs {
            place(ui, cx, spur.frequency_hz);
            figure(ui, &compact(spur.level_db, detail.level_unit));
            figure(ui, &spur.level_dbc.map_or_else(|| "-".into(), |v| compact(v, Unit::Dbc)));
            ui.label(words::origin(cx.lang(), spur.origin));
            figure(ui, &spur.order.map_or_else(String::new, |n| n.to_string()));
            end(ui);
        }
    });
}

fn families(detail: &RippleDetail) -> impl Iterator<Item = (&'static str, &Line)> {
    let mains = detail.mains.iter().flat_map(|m| &m.lines).map(|l| ("table.family_mains", l));
    mains.chain(detail.switching.iter().flat_map(|s| &s.lines).map(|l| ("table.family_switching", l)))
}

fn ripple(ui: &mut Ui, cx: &mut Cx<'_>, detail: &RippleDetail) {
    let heads = [Word::Frequency, Word::Amplitude, Word::Rms, Word::Origin, Word::Order];
    table(ui, cx, "lines", &heads, |ui, cx| {
        for (family, line) in families(detail) {
            place(ui, cx, line.frequency_hz);
            figure(ui, &compact(line.amplitude_v, Unit::Volt));
            figure(ui, &compact(line.rms_v, Unit::Volt));
            ui.label(words::word(cx.lang(), family));
            figure(ui, &line.order.to_string());
            end(ui);
        }
    });
}
