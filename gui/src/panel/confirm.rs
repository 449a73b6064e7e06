//! The question before a connection that sets hardware: what would be set, and what that does.

use eframe::egui;
use egui::{Modal, RichText, Ui};
use faultscope_door::live::{Risk, risks};

use super::{Cx, title};
use crate::app::Command;
use crate::words::Word;

/// Asks, where there is something to ask.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(address) = &cx.state.asking else { return };
    let asked = Modal::new(egui::Id::unique("confirm")).show(ui.ctx(), |ui| {
        ui.set_max_width(460.0);
        title(ui, cx.text(Word::AskTitle));
        ui.label(RichText::new(address).monospace());
        for risk in risks(address) {
            ui.colored_label(cx.palette.failure(), said(cx, risk));
        }
        ui.horizontal(|ui| {
            if ui.button(cx.text(Word::AskLeave)).clicked() {
                cx.send(Command::Confirm(false));
            }
            if ui.button(cx.text(Word::AskConnect)).clicked() {
                cx.send(Command::Confirm(true));
            }
        });
    });
    if asked.should_close() {
        cx.send(Command::Confirm(false));
    }
}

fn said(cx: &Cx<'_>, risk: Risk) -> &'static str {
    cx.text(match risk {
        Risk::BiasTee => Word::RiskBiasTee,
        Risk::SupplyOn => Word::RiskSupplyOn,
        Risk::LoadOn => Word::RiskLoadOn,
    })
}
