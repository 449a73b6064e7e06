//! The head of the results (what the capture is, its verdict, its gates, its limit packs) and the choice of tables.

use eframe::egui;
use egui::{ComboBox, RichText, Ui};
use faultscope_door::diagnose::{Gate, GateState};
use faultscope_door::paper::{compact, frequency, words};
use faultscope_door::signal::{Kind, Unit};
use faultscope_door::view::Facts;

use super::{Cx, badge, choice, comparison, lines, packs, similar, soft, tables, title, verdict_badge};
use crate::app::{Baseline, Capture, Command, Tab};
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
    choices(ui, cx, capture);
    ui.add_space(2.0);
}

fn gate(ui: &mut Ui, cx: &Cx<'_>, gate: &Gate) {
    let text = format!("{}: {}", words::gate(cx.lang(), &gate.gate), words::gate_state(cx.lang(), gate.state));
    badge(ui, &text, cx.palette.gate(gate.state), cx.palette.on_badge)
        .on_hover_text(words::said(cx.lang(), &gate.detail));
}

fn describe(cx: &Cx<'_>, facts: &Facts) -> String {
    let mut parts = vec![facts.format.clone()];
    parts.extend(facts.center_hz.map(|hz| format!("{} {}", cx.text(Word::Centre), frequency(hz))));
    if facts.swept {
        parts.push(format!("{} {}", facts.frames, cx.text(Word::PointCount)));
        return parts.join("   ");
    }
    parts.push(format!("{} {}", cx.text(Word::Rate), frequency(facts.sample_rate_hz)));
    parts.push(compact(facts.duration_s, Unit::Second));
    parts.push(format!("{} {}", facts.frames, cx.text(Word::SampleCount)));
    parts.join("   ")
}

/// The measurements that a record of its kind can be made.
fn chooser(ui: &mut Ui, cx: &mut Cx<'_>, measurement: &str, capture: &Capture) {
    let all: &[&'static str] = match &capture.facts {
        Some(facts) if facts.swept => &["spurs", "emissions"],
        Some(facts) if facts.kind == Kind::Real => &["ripple", "transition", "spurs"],
        _ => &["spurs", "channel", "emissions", "modulation"],
    };
    let combo = ComboBox::from_id_salt("measurement").selected_text(words::measurement(cx.lang(), measurement));
    let shown = combo.show_ui(ui, |ui| {
        for id in all {
            let chosen = *id == measurement;
            if choice(ui, chosen, words::measurement(cx.lang(), id)) && !chosen {
                cx.send(Command::Measure(id));
            }
        }
    });
    shown.response.on_hover_text(cx.text(Word::Measure)).accessible_name(cx.text(Word::Measure));
}

fn choices(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let Some(measurement) = capture.measurement() else { return };
    ui.horizontal_wrapped(|ui| {
        chooser(ui, cx, measurement, capture);
        against(ui, cx, capture);
        packs::show(ui, cx, measurement, &capture.packs, Command::TogglePack);
    });
}

/// What the capture may be held against: the other open captures, and references by their file.
fn against(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let state = cx.state;
    let name = |of: &Baseline| match of {
        Baseline::Capture(id) => state.captures.iter().find(|c| c.id == *id).map(|c| c.name.clone()),
        Baseline::Reference(path) => path.file_name().map(|n| n.to_string_lossy().into_owned()),
    };
    let nothing = cx.text(Word::AgainstNothing);
    let chosen = state.baseline.as_ref().and_then(name).unwrap_or_else(|| nothing.to_owned());
    let text = format!("{}: {chosen}", cx.text(Word::Against));
    let shown = ComboBox::from_id_salt("against").selected_text(text).show_ui(ui, |ui| {
        if choice(ui, state.baseline.is_none(), nothing) {
            cx.send(Command::Against(None));
        }
        for other in state.captures.iter().filter(|c| c.id != capture.id) {
            let baseline = Baseline::Capture(other.id);
            if choice(ui, state.baseline.as_ref() == Some(&baseline), &other.name) {
                cx.send(Command::Against(Some(baseline)));
            }
        }
        if ui.button(cx.text(Word::AgainstTyped)).clicked() {
            cx.send(Command::AgainstTyped);
        }
    });
    shown.response.accessible_name(cx.text(Word::Against));
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
        let compared = capture.compared.iter().filter(|(b, _)| state.baseline.as_ref() == Some(b));
        let compared = compared.filter_map(|(_, c)| c.as_ref().ok()).next();
        let differences = compared.map(|c| (Tab::Differences, Word::Differences, c.comparison.differences_total));
        for (tab, word, count) in count.into_iter().chain(differences) {
            let name = format!("{} ({count})", cx.text(word));
            if ui.selectable_label(state.tab == tab, name).clicked() {
                cx.send(Command::Show(tab));
            }
        }
        if ui.selectable_label(state.tab == Tab::Similar, cx.text(Word::Similar)).clicked() {
            cx.send(Command::Show(Tab::Similar));
        }
    });
    match state.tab {
        Tab::Findings => tables::findings(ui, cx, result),
        Tab::Readings => tables::readings(ui, cx, result),
        Tab::Lines => lines::show(ui, cx, result),
        Tab::Quality => tables::quality(ui, cx, result),
        Tab::Differences => comparison::differences(ui, cx, capture),
        Tab::Similar => similar::show(ui, cx, capture),
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
