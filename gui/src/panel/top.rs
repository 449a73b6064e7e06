//! The bar at the top: opening and simulating captures, language, theme, size, keys.

use eframe::egui;
use egui::{ComboBox, Id, Key, ScrollArea, TextEdit, Ui};
use faultscope_door::{paper::Lang, simulate};

use super::{Cx, choice, devices};
use crate::app::devices::Ask;
use crate::app::{Command, Field, RoundCommand, Shortcut, Source};
use crate::theme::Look;
use crate::words::Word;

/// Draws the bar.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        ui.strong("faultscope");
        ui.separator();
        path(ui, cx);
        live(ui, cx);
        models(ui, cx);
        let tip = cx.tip(ui, Word::SamplesTip, Shortcut::Samples);
        if ui.button(cx.text(Word::Samples)).on_hover_text(tip).clicked() {
            cx.send(Command::OpenSamples);
        }
        procedure(ui, cx);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| preferences(ui, cx));
    });
    ui.add_space(2.0);
}

fn path(ui: &mut Ui, cx: &mut Cx<'_>) {
    let mut text = cx.state.path.clone();
    let tip = cx.tip(ui, Word::FocusPath, Shortcut::Path);
    let width = (ui.available_width() - 730.0).clamp(140.0, 520.0);
    let field =
        TextEdit::singleline(&mut text).id(Id::unique("path")).hint_text(cx.text(Word::PathHint)).desired_width(width);
    let response = ui.add(field).on_hover_text(tip).accessible_name(cx.text(Word::PathLabel));
    if cx.state.focus_path {
        response.request_focus();
    }
    if response.changed() || cx.state.focus_path {
        cx.send(Command::Type(Field::Path, text));
    }
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if ui.button(cx.text(Word::OpenFile)).clicked() || entered {
        cx.send(Command::OpenTyped);
    }
}

fn live(ui: &mut Ui, cx: &mut Cx<'_>) {
    let tip = cx.text(Word::ConnectTip);
    let menu = ui.menu_button(cx.text(Word::Connect), |ui| {
        if ui.button(cx.text(Word::DevicesShow)).clicked() {
            cx.send(Command::Devices(Ask::Show));
            ui.close();
        }
        if ui.button(cx.text(Word::ConnectAddress)).on_hover_text("rtltcp://host:1234?freq=940M&rate=2.4M").clicked() {
            cx.send(Command::ConnectTyped);
            ui.close();
        }
        for (word, address) in devices::SIMULATED {
            if ui.button(cx.text(word)).on_hover_text(address).clicked() {
                cx.send(Command::Connect(address.into()));
                ui.close();
            }
        }
    });
    menu.response.on_hover_text(tip);
}

fn models(ui: &mut Ui, cx: &mut Cx<'_>) {
    let tip = cx.text(Word::SimulateTip);
    let menu = ui.menu_button(cx.text(Word::Simulate), |ui| {
        for (domain, word) in [("supply", Word::Supply), ("transmit", Word::Transmit), ("receive", Word::Receive)] {
            ui.menu_button(cx.text(word), |ui| {
                ScrollArea::vertical().max_height(420.0).show(ui, |ui| domain_models(ui, cx, domain));
            });
        }
    });
    menu.response.on_hover_text(tip);
}

fn domain_models(ui: &mut Ui, cx: &mut Cx<'_>, domain: &str) {
    for (id, describe, _) in simulate::models().filter(|(_, _, d)| *d == domain) {
        if ui.button(id).on_hover_text(describe).clicked() {
            cx.send(Command::Open(Source::Simulated(format!("sim:{id}"))));
            ui.close();
        }
    }
}

fn procedure(ui: &mut Ui, cx: &mut Cx<'_>) {
    let menu = ui.menu_button(cx.text(Word::Procedure), |ui| {
        if cx.state.guide.is_some() && ui.button(cx.text(Word::ProcedureGoOn)).clicked() {
            cx.send(Command::Guide);
            ui.close();
        }
        if ui.button(cx.text(Word::ProcedureVisit)).clicked() {
            cx.send(Command::Guide);
            ui.close();
        }
        if ui.button(cx.text(Word::Rounds)).on_hover_text(cx.text(Word::RoundsTip)).clicked() {
            cx.send(Command::Round(RoundCommand::Show(None)));
            ui.close();
        }
        if ui.button(cx.text(Word::ProcedureTyped)).clicked() {
            cx.send(Command::GuideTyped);
            ui.close();
        }
    });
    menu.response.on_hover_text(cx.text(Word::ProcedureTip));
}

/// From the right edge to the left.
fn preferences(ui: &mut Ui, cx: &mut Cx<'_>) {
    let tip = cx.tip(ui, Word::HelpTip, Shortcut::Help);
    if ui.button(cx.text(Word::Help)).on_hover_text(tip).clicked() {
        cx.send(Command::Help(!cx.state.help));
    }
    for (sign, word, step, keys) in [("A+", Word::Larger, 1, "Ctrl +"), ("A-", Word::Smaller, -1, "Ctrl -")] {
        let name = format!("{}: {}", cx.text(Word::Scale), cx.text(word));
        let tip = format!("{name} ({keys}, Ctrl 0)");
        if ui.button(sign).on_hover_text(tip).accessible_name(name).clicked() {
            cx.send(Command::Scale(step));
        }
    }
    theme(ui, cx);
    language(ui, cx);
}

fn theme(ui: &mut Ui, cx: &mut Cx<'_>) {
    let word = |look: Look| match look {
        Look::Light => Word::Light,
        Look::Dark => Word::Dark,
        Look::Contrast => Word::Contrast,
    };
    let tip = cx.tip(ui, Word::Theme, Shortcut::Theme);
    let combo = ComboBox::from_id_salt("theme").selected_text(cx.text(word(cx.state.look))).show_ui(ui, |ui| {
        for look in Look::ALL {
            if choice(ui, look == cx.state.look, cx.text(word(look))) {
                cx.send(Command::Wear(look));
            }
        }
    });
    combo.response.on_hover_text(tip).accessible_name(cx.text(Word::Theme));
}

fn language(ui: &mut Ui, cx: &mut Cx<'_>) {
    let tip = cx.tip(ui, Word::Language, Shortcut::Language);
    // Its own name in its own letters only where these letters can be drawn.
    let chinese = if cx.state.chinese { "中文" } else { "Chinese" };
    for (lang, name) in [(Lang::ZhCn, chinese), (Lang::En, "English")] {
        if ui.selectable_label(cx.lang() == lang, name).on_hover_text(&tip).clicked() {
            cx.send(Command::Speak(lang));
        }
    }
}
