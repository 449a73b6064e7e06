//! The keys, in a window of their own.

use eframe::egui;
use egui::{Align2, Grid, Ui, Window};

use super::Cx;
use crate::app::{Command, Shortcut};
use crate::words::Word;

/// Draws the window, if it is asked for.
pub(crate) fn show(ui: &Ui, cx: &mut Cx<'_>) {
    let mut open = cx.state.help;
    if !open {
        return;
    }
    let window = Window::new(cx.text(Word::Help)).id(egui::Id::unique("help")).collapsible(false).resizable(false);
    window.open(&mut open).anchor(Align2::CENTER_CENTER, egui::Vec2::ZERO).show(ui.ctx(), |ui| {
        Grid::new("keys").striped(true).spacing([24.0, 6.0]).show(ui, |ui| {
            for shortcut in Shortcut::ALL {
                ui.monospace(ui.ctx().format_shortcut(&shortcut.keys()));
                ui.label(cx.text(shortcut.word()));
                ui.end_row();
            }
            ui.monospace("Ctrl +   Ctrl -   Ctrl 0");
            ui.label(cx.text(Word::Scale));
            ui.end_row();
        });
        ui.add_space(6.0);
        ui.label(cx.text(Word::HelpPlot));
    });
    if !open {
        cx.send(Command::Help(false));
    }
}
