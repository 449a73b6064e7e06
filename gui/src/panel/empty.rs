//! What is shown when no capture is open: why the view is empty and what to do; and the hint while files hover.

use eframe::egui;
use egui::{Align2, Area, Frame, Id, Order, RichText, Ui};

use super::{Cx, soft};
use crate::app::{Command, Shortcut, Source};
use crate::words::Word;

/// The models behind the buttons.
const OFFERED: [(Word, &str); 4] = [
    (Word::SimSupplyBad, "sim:reservoir-c-lost"),
    (Word::SimSupplyGood, "sim:supply-healthy"),
    (Word::SimTxBad, "sim:pa-failing"),
    (Word::SimTxGood, "sim:tx-healthy"),
];

/// Draws the empty view.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.2);
        ui.label(RichText::new(cx.text(Word::EmptyTitle)).size(22.0).strong());
        ui.add_space(6.0);
        ui.label(cx.text(Word::EmptyWhy));
        ui.label(cx.text(Word::EmptyHow));
        ui.add_space(12.0);
        for (word, address) in OFFERED {
            let button = egui::Button::new(cx.text(word)).min_size(egui::vec2(260.0, 30.0));
            if ui.add(button).on_hover_text(address).clicked() {
                cx.send(Command::Open(Source::Simulated(address.into())));
            }
        }
        ui.add_space(6.0);
        let tip = cx.tip(ui, Word::SamplesTip, Shortcut::Samples);
        let button = egui::Button::new(cx.text(Word::SamplesTip)).min_size(egui::vec2(260.0, 30.0));
        if ui.add(button).on_hover_text(tip).clicked() {
            cx.send(Command::OpenSamples);
        }
        ui.add_space(12.0);
        soft(ui, cx, cx.text(Word::EmptyFormats));
    });
}

/// Says that files may be let go, while they hover over the window.
pub(crate) fn drop_hint(ui: &Ui, cx: &Cx<'_>) {
    if ui.input(|i| i.raw.hovered_files.is_empty()) {
        return;
    }
    Area::new(Id::unique("drop")).order(Order::Foreground).anchor(Align2::CENTER_CENTER, egui::Vec2::ZERO).show(
        ui.ctx(),
        |ui| {
            Frame::popup(ui.style()).inner_margin(24.0).show(ui, |ui| {
                ui.label(RichText::new(cx.text(Word::DropHere)).size(18.0).strong());
            });
        },
    );
}
