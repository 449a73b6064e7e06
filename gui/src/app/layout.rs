//! Where each panel lies; the only file that names them all.

use eframe::egui;
use egui::{CentralPanel, Frame, Panel, Ui};

use super::{Command, Picture, Screen, State};
use crate::panel::{
    Cx, captures, case, causes, clocks, comparison, confirm, devices, empty, folder, guide, help, live, modulation,
    results, ripple, rounds, spectrum, status, top, trend, waterfall, waveform,
};

/// Makes a panel keep its size while there is little in it.
fn fill(ui: &mut Ui) {
    ui.set_min_size(ui.available_size());
}

/// Draws everything.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let cx = &mut Cx::new(state, commands);
    Panel::top("top").show(ui, |ui| top::show(ui, cx));
    if let Some(case) = &state.desk.case {
        Panel::top("clocks").show(ui, |ui| clocks::show(ui, cx, case));
    }
    Panel::bottom("status").show(ui, |ui| status::show(ui, cx));
    Panel::left("side").resizable(true).default_size(250.0).size_range(180.0..=420.0).show(ui, |ui| {
        let half = (ui.available_height() * 0.5).max(120.0);
        Panel::bottom("case").frame(Frame::NONE).resizable(true).default_size(half).min_size(120.0).show(ui, |ui| {
            fill(ui);
            case::show(ui, cx);
        });
        CentralPanel::no_frame().show(ui, |ui| captures::show(ui, cx));
    });
    match state.screen() {
        Screen::Guide => middle(ui, cx, guide::show),
        Screen::Devices => middle(ui, cx, devices::show),
        Screen::Live => middle(ui, cx, live::show),
        Screen::Case => middle(ui, cx, folder::show),
        Screen::Rounds => middle(ui, cx, rounds::show),
        Screen::Capture if state.capture().is_none() => middle(ui, cx, nothing),
        Screen::Capture => work(ui, cx),
    }
    help::show(ui, cx);
    confirm::show(ui, cx);
    empty::drop_hint(ui, cx);
}

fn middle(ui: &mut Ui, cx: &mut Cx<'_>, show: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
    CentralPanel::default().show(ui, |ui| show(ui, cx));
}

/// What can be opened, and what can be connected to.
fn nothing(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.columns(2, |halves| {
        if let [left, right] = halves {
            empty::show(left, cx);
            devices::show(right, cx);
        }
    });
}

/// Pictures above, results below.
fn work(ui: &mut Ui, cx: &mut Cx<'_>) {
    let room = ui.available_size();
    // Shares of the window: a window of another size begins anew with them, what was dragged holds for its size.
    let size = (room.x as i32 / 160, room.y as i32 / 160);
    Panel::bottom(("results", size)).resizable(true).default_size(room.y * 0.52).min_size(140.0).show(ui, |ui| {
        fill(ui);
        results::header(ui, cx);
        Panel::right(("causes", size)).resizable(true).default_size(room.x * 0.29).min_size(180.0).show(ui, |ui| {
            fill(ui);
            causes::show(ui, cx);
        });
        CentralPanel::no_frame().show(ui, |ui| results::tables(ui, cx));
    });
    Panel::right(("waveform", size)).resizable(true).default_size(room.x * 0.46).min_size(200.0).show(ui, |ui| {
        fill(ui);
        waveform::show(ui, cx);
    });
    let picture = cx.state.picture();
    CentralPanel::default().frame(Frame::central_panel(ui.style())).show(ui, |ui| match picture {
        Picture::Spectrum => spectrum::show(ui, cx),
        Picture::Waterfall => waterfall::show(ui, cx),
        Picture::Ripple => ripple::show(ui, cx),
        Picture::Modulation => modulation::show(ui, cx),
        Picture::Comparison => comparison::show(ui, cx),
        Picture::Trend => trend::show(ui, cx),
    });
}
