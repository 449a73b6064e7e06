//! The list of open captures, each with its verdict.

use eframe::egui;
use egui::{Button, ScrollArea, Ui};

use super::{Cx, badge, live_badge, soft, title, verdict_badge};
use crate::app::{Capture, Command, Live, Screen, Shortcut};
use crate::words::Word;

/// Draws the list.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    title(ui, cx.text(Word::Captures));
    if let Some(source) = &cx.state.live {
        live(ui, cx, source);
    }
    if cx.state.captures.is_empty() {
        soft(ui, cx, cx.text(Word::ListEmpty));
        return;
    }
    let state = cx.state;
    ScrollArea::vertical().id_salt("captures").auto_shrink([false, false]).show(ui, |ui| {
        for capture in &state.captures {
            entry(ui, cx, capture);
        }
    });
}

fn live(ui: &mut Ui, cx: &mut Cx<'_>, source: &Live) {
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            // How it stands is to be seen while a capture is looked at, too.
            live_badge(ui, cx, source);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let name = format!("{}: {}", cx.text(Word::LiveSource), source.address);
                let button = Button::selectable(cx.state.screen() == Screen::Live, source.address.as_str()).truncate();
                if ui.add(button).on_hover_text(&name).accessible_name(name).clicked() {
                    cx.send(Command::Turn(Screen::Live));
                }
            });
        });
    });
}

fn entry(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let chosen = cx.state.present == Some(capture.id);
    ui.horizontal(|ui| {
        let name = format!("{}: {}", cx.text(Word::CloseCapture), capture.name);
        let tip = cx.tip(ui, Word::CloseCapture, Shortcut::Close);
        if ui.small_button("x").on_hover_text(tip).accessible_name(name).clicked() {
            cx.send(Command::Close(capture.id));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            state_of(ui, cx, capture);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let button = Button::selectable(chosen, capture.name.as_str()).truncate();
                let path = capture.path.as_ref().map_or_else(String::new, |p| p.display().to_string());
                if ui.add(button).on_hover_text(path).clicked() {
                    cx.send(Command::Select(capture.id));
                }
            });
        });
    });
}

fn state_of(ui: &mut Ui, cx: &Cx<'_>, capture: &Capture) {
    if let Some(error) = &capture.error {
        badge(ui, "!", cx.palette.failure(), cx.palette.on_badge).on_hover_text(&error.message);
    } else if let Some(result) = &capture.result {
        verdict_badge(ui, cx, result.verdict());
    } else if !capture.measured {
        ui.spinner();
    }
}
