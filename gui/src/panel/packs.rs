//! The limit packs as buttons: those that fit a measurement, and the rest in a menu that says why they do not.

use eframe::egui;
use egui::{ScrollArea, Ui};

use super::{Cx, soft};
use crate::app::{Command, Pack};
use crate::words::Word;

/// Draws the packs; `chosen` are the keys of those that are judged by, `toggle` is sent with the key of one that is clicked.
pub(crate) fn show(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    measurement: &str,
    chosen: &[String],
    toggle: impl Fn(String) -> Command,
) {
    let state = cx.state;
    soft(ui, cx, format!("{}:", cx.text(Word::Limits)));
    let fits = |p: &&Pack| crate::app::applies(&p.set, measurement);
    for pack in state.packs.iter().filter(fits) {
        let button = egui::Button::selectable(chosen.contains(&pack.key), pack.set.pack.id.as_str());
        if ui.add(button.frame_when_inactive(true)).on_hover_text(about(cx, pack)).clicked() {
            cx.send(toggle(pack.key.clone()));
        }
    }
    // What has no limit for this measurement takes no room, but can be looked up, and says why.
    let others: Vec<&Pack> = state.packs.iter().filter(|p| !fits(p)).collect();
    if !others.is_empty() {
        ui.menu_button(format!("+{}", others.len()), |ui| {
            soft(ui, cx, cx.text(Word::LimitsNotFor));
            ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
                others.iter().for_each(|p| drop(ui.label(p.set.pack.id.as_str()).on_hover_text(about(cx, p))));
            });
        });
    }
}

fn about(cx: &Cx<'_>, pack: &Pack) -> String {
    let info = &pack.set.pack;
    format!("{}\n{} {}\n{}\n{}", info.title, info.id, info.version, info.source, cx.text(Word::LimitsTip))
}
