//! The head of the results (what the capture is, its verdict, its gates, its limit packs) and the choice of tables.

use eframe::egui;
use egui::{RichText, Ui};
use faultscope_door::diagnose::{Gate, GateState};
use faultscope_door::paper::{compact, frequency, words};
use faultscope_door::signal::Unit;
use faultscope_door::view::Facts;

use super::{Cx, badge, lines, soft, tables, title, verdict_badge};
use crate::app::{Capture, Command, Tab};
use crate::words::Word;

/// Draws the head.
pub(crate) fn header(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        title(ui, &capture.name);
        if let Some(result) = &capture.result {
            verdict_badge(ui, cx, result.verdict());
            result.quality.iter().filter(|g| g.state != GateState::Ok).for_each(|g| gate(ui, cx, g));
        }
        if let Some(facts) = &capture.facts {
            soft(ui, cx, describe(cx, facts));
        }
    });
    if let Some(error) = &capture.error {
        ui.label(RichText::new(&error.message).color(cx.palette.failure()).strong());
        ui.label(&error.hint);
    }
    packs(ui, cx, capture);
    ui.add_space(2.0);
}

fn gate(ui: &mut Ui, cx: &Cx<'_>, gate: &Gate) {
    let text = format!("{}: {}", words::gate(cx.lang(), &gate.gate), words::gate_state(cx.lang(), gate.state));
    badge(ui, &text, cx.palette.gate(gate.state), cx.palette.on_badge).on_hover_text(&gate.detail);
}

fn describe(cx: &Cx<'_>, facts: &Facts) -> String {
    let mut parts = vec![facts.format.clone()];
    parts.extend(facts.center_hz.map(|hz| format!("{} {}", cx.text(Word::Centre), frequency(hz))));
    parts.push(format!("{} {}", cx.text(Word::Rate), frequency(facts.sample_rate_hz)));
    parts.push(compact(facts.duration_s, Unit::Second));
    parts.push(format!("{} {}", facts.frames, cx.text(Word::SampleCount)));
    parts.join("   ")
}

fn packs(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let Some(measurement) = capture.measurement() else { return };
    let state = cx.state;
    ui.horizontal_wrapped(|ui| {
        soft(ui, cx, format!("{}:", cx.text(Word::Limits)));
        // What fits first; what does not stays in sight, and says why.
        for fits in [true, false] {
            for pack in state.packs.iter().filter(|p| crate::app::applies(&p.set, measurement) == fits) {
                let chosen = fits && capture.packs.contains(&pack.key);
                let info = &pack.set.pack;
                let tip = format!(
                    "{}\n{} {}\n{}\n{}",
                    info.title,
                    info.id,
                    info.version,
                    info.source,
                    cx.text(Word::LimitsTip)
                );
                let button = egui::Button::selectable(chosen, info.id.as_str()).frame_when_inactive(true);
                let response = ui.add_enabled(fits, button).on_hover_text(tip);
                if response.on_disabled_hover_text(cx.text(Word::LimitsNotFor)).clicked() {
                    cx.send(Command::TogglePack(pack.key.clone()));
                }
            }
        }
    });
}

/// Draws the choice of tables and the one chosen.
pub(crate) fn tables(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    let Some(result) = &capture.result else {
        waiting(ui, cx, capture);
        return;
    };
    ui.horizontal(|ui| {
        let count = [
            (Tab::Findings, Word::Findings, result.findings.len()),
            (Tab::Readings, Word::Readings, result.readings.len()),
            (Tab::Lines, Word::Lines, lines::count(result)),
            (Tab::Quality, Word::Quality, result.quality.len()),
        ];
        for (tab, word, count) in count {
            let name = format!("{} ({count})", cx.text(word));
            if ui.selectable_label(state.tab == tab, name).clicked() {
                cx.send(Command::Show(tab));
            }
        }
    });
    match state.tab {
        Tab::Findings => tables::findings(ui, cx, result),
        Tab::Readings => tables::readings(ui, cx, result),
        Tab::Lines => lines::show(ui, cx, result),
        Tab::Quality => tables::quality(ui, cx, result),
    }
}

fn waiting(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    if capture.error.is_some() {
        return;
    }
    if capture.measured {
        ui.label(cx.text(Word::NotMeasured));
        ui.horizontal(|ui| {
            for id in ["spurs", "ripple"] {
                if ui.button(words::measurement(cx.lang(), id)).clicked() {
                    cx.send(Command::Measure(id));
                }
            }
        });
    } else {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(cx.text(Word::NoReadings));
        });
    }
}
