//! The open case in the head of the window: its number, and the clocks that run.

use eframe::egui;
use egui::{Button, Ui};
use faultscope_door::cases::{Case, Clock, ClockState};
use faultscope_door::paper::length;
use faultscope_door::paper::words::{self, find_or};

use super::{Cx, badge, soft};
use crate::app::{Command, Screen};
use crate::words::Word;

/// Draws the case and its clocks.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    ui.horizontal_wrapped(|ui| {
        let shown = cx.state.screen() == Screen::Case;
        let name = format!("{}: {}", cx.text(Word::CaseWhole), case.id);
        let button = Button::selectable(shown, format!("{}  {}  {}", case.id, case.priority.name(), case.title));
        if ui.add(button.truncate()).on_hover_text(cx.text(Word::CaseWhole)).accessible_name(name).clicked() {
            cx.send(if shown { Command::GoBack } else { Command::Turn(Screen::Case) });
        }
        for clock in case.clocks.iter().filter(|c| c.met_at.is_none()) {
            running(ui, cx, clock);
        }
        if case.clocks.iter().all(|c| c.met_at.is_some()) {
            soft(ui, cx, words::status(cx.lang(), case.status.name()));
        }
    });
}

/// A clock that is not met: what is left, or how long it is over.
fn running(ui: &mut Ui, cx: &Cx<'_>, clock: &Clock) {
    let lang = cx.lang();
    let name = words::clock(lang, &clock.name);
    let over = clock.state == ClockState::Late;
    let key = if over { "clocks.over" } else { "clocks.left" };
    let time = length(clock.remaining_s.unwrap_or(0), lang);
    let mut text = format!("{name}: {}", words::fill(lang, key, &[("time", &time)]));
    if let Some(standstill) = &clock.paused {
        text = format!("{name}: {}", find_or(lang, "pause", &standstill.reason));
    }
    let tip = clock.due_local.as_ref().unwrap_or(&clock.due);
    if over {
        badge(ui, &text, cx.palette.failure(), cx.palette.on_badge).on_hover_text(tip);
    } else {
        soft(ui, cx, text).on_hover_text(tip);
    }
}
