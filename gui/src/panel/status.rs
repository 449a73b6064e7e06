//! The bar at the bottom: work under way, and the last message.

use eframe::egui;
use egui::{ProgressBar, RichText, Ui};

use super::{Cx, soft};
use crate::app::{Command, Job, Notice, Shortcut};
use crate::words::Word;

/// Draws the bar.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    ui.horizontal(|ui| {
        ui.set_min_height(24.0);
        if let Some(notice) = &state.notice {
            if ui
                .small_button("x")
                .on_hover_text(cx.text(Word::Dismiss))
                .accessible_name(cx.text(Word::Dismiss))
                .clicked()
            {
                cx.send(Command::Dismiss);
            }
            message(ui, cx, notice);
        } else if state.jobs.is_empty() {
            soft(ui, cx, cx.text(Word::Ready));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if let Some(job) = state.jobs.iter().find(|j| j.progress.has_begun()).or(state.jobs.first()) {
                work(ui, cx, job);
            }
        });
    });
}

fn message(ui: &mut Ui, cx: &Cx<'_>, notice: &Notice) {
    match notice {
        Notice::Said(text) => ui.add(egui::Label::new(text).truncate()),
        Notice::Missing(word) => ui.colored_label(cx.palette.failure(), cx.text(*word)),
        Notice::Failed(error) => {
            let hint = if error.hint.is_empty() { String::new() } else { format!("  ({})", error.hint) };
            let text = RichText::new(format!("{}{hint}", error.message)).color(cx.palette.failure());
            ui.add(egui::Label::new(text).truncate())
        }
    };
}

/// From the right edge to the left.
fn work(ui: &mut Ui, cx: &mut Cx<'_>, job: &Job) {
    let tip = cx.tip(ui, Word::Cancel, Shortcut::Cancel);
    if ui.button(cx.text(Word::Cancel)).on_hover_text(tip).clicked() {
        cx.send(Command::Cancel(job.id));
    }
    let done = job.progress.done();
    let bar = match job.progress.fraction() {
        Some(fraction) => ProgressBar::new(fraction).show_percentage(),
        None if job.progress.has_begun() && done > 0 => {
            ProgressBar::new(1.0).animate(true).text(format!("{done} {}", cx.text(Word::SamplesRead)))
        }
        None => {
            ProgressBar::new(0.0).animate(true).text(if job.progress.has_begun() { "" } else { cx.text(Word::Waiting) })
        }
    };
    ui.add(bar.desired_width(220.0)).accessible_name(cx.text(job.what));
    ui.add(egui::Label::new(format!("{} {}", cx.text(job.what), job.name)).truncate());
    if cx.state.jobs.len() > 1 {
        soft(ui, cx, format!("1/{}", cx.state.jobs.len()));
    }
}
