//! The markers of the spectrum: two of them, their levels, and the difference; by mouse and by buttons.

use eframe::egui;
use egui::Ui;
use faultscope_door::paper::{compact, frequency};
use faultscope_door::signal::Unit;

use super::{Cx, soft};
use crate::app::{Capture, Command};
use crate::plot::Levels;
use crate::words::Word;

/// Draws the buttons and the figures.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, levels: &Levels, view: (f64, f64)) {
    ui.horizontal_wrapped(|ui| {
        holds(ui, cx);
        buttons(ui, cx, capture, levels, view);
        for (name, hz) in ["M1", "M2"].into_iter().zip(capture.markers) {
            if let Some((hz, db)) = hz.and_then(|hz| Some((hz, levels.at(hz)?))) {
                ui.monospace(format!("{name} {} {}", frequency(hz), compact(db, levels.unit)));
            }
        }
        if let Some((hz, db)) = difference(capture, levels) {
            ui.monospace(format!("M2-M1 {} {}", frequency(hz), compact(db, Unit::Db)));
        }
    });
}

fn holds(ui: &mut Ui, cx: &mut Cx<'_>) {
    let (mut max, mut min) = cx.state.holds;
    let changed = [(&mut max, Word::HoldMax), (&mut min, Word::HoldMin)]
        .into_iter()
        .fold(false, |changed, (hold, word)| ui.checkbox(hold, cx.text(word)).changed() || changed);
    if changed {
        cx.send(Command::Holds(max, min));
    }
    let mut drawn = cx.state.persistence;
    let tip = cx.text(Word::PersistenceTip);
    if ui.checkbox(&mut drawn, cx.text(Word::Persistence)).on_hover_text(tip).changed() {
        cx.send(Command::Persistence(drawn));
    }
}

fn buttons(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, levels: &Levels, view: (f64, f64)) {
    let [first, second] = capture.markers;
    let tip = cx.text(Word::MarkerTip);
    if ui.button(cx.text(Word::Peak)).on_hover_text(tip).clicked() {
        cx.send(Command::Marker(0, levels.peak(view, None)));
    }
    if let Some(hz) = second.or(first) {
        if ui.button(cx.text(Word::NextPeak)).on_hover_text(tip).clicked() {
            let next = levels.at(hz).and_then(|db| levels.peak(view, Some((db, hz))));
            // Where there is none, the markers stay.
            if next.is_some() {
                cx.send(Command::Marker(usize::from(second.is_some()), next));
            }
        }
        if second.is_none() && ui.button(cx.text(Word::SecondMarker)).on_hover_text(tip).clicked() {
            cx.send(Command::Marker(1, first));
        }
        if ui.button(cx.text(Word::ClearMarkers)).clicked() {
            cx.send(Command::Marker(0, None));
            cx.send(Command::Marker(1, None));
        }
    } else {
        soft(ui, cx, cx.text(Word::MarkerHint));
    }
}

/// From the first marker to the second.
fn difference(capture: &Capture, levels: &Levels) -> Option<(f64, f64)> {
    let [Some(first), Some(second)] = capture.markers else { return None };
    Some((second - first, levels.at(second)? - levels.at(first)?))
}
