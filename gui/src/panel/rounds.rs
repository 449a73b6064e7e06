//! Inspection rounds: the points by the day on which they fall due, what was found at one, and early warnings of all units.

use eframe::egui;
use egui::{Grid, RichText, ScrollArea, Ui};
use faultscope_door::paper::words::{self, find_or, word};
use faultscope_door::rounds::{DueState, InspectionSummary, RoundPoint};

use super::{Cx, badge, soft, title, verdict_badge, warning};
use crate::app::{Command, RoundCommand, raises};
use crate::words::Word;

/// Draws the rounds.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let rounds = &cx.state.rounds;
    ui.horizontal_wrapped(|ui| {
        title(ui, cx.text(Word::Rounds));
        if ui.button(cx.text(Word::RoundWarn)).on_hover_text(cx.text(Word::RoundWarnTip)).clicked() {
            cx.send(Command::Round(RoundCommand::Warn));
        }
        if ui.button(cx.text(Word::CaseHide)).clicked() {
            cx.send(Command::GoBack);
        }
    });
    if let Some(warnings) = &rounds.warnings {
        if warnings.is_empty() {
            ui.label(cx.text(Word::RoundNoWarning));
        }
        warnings.iter().for_each(|trend| warning::show(ui, cx, trend));
    }
    ui.separator();
    match &rounds.points {
        None => drop(soft(ui, cx, cx.text(Word::RoundReading))),
        Some(Err(error)) => {
            ui.colored_label(cx.palette.failure(), &error.message);
            ui.label(&error.hint);
        }
        Some(Ok(points)) if points.is_empty() => {
            ui.label(cx.text(Word::RoundNone));
            if ui.button(cx.text(Word::RoundPattern)).clicked() {
                cx.send(Command::Round(RoundCommand::Show(Some("base-station"))));
            }
        }
        Some(Ok(points)) => {
            ScrollArea::both().id_salt("rounds").auto_shrink([false, false]).show(ui, |ui| table(ui, cx, points));
        }
    }
}

fn table(ui: &mut Ui, cx: &mut Cx<'_>, points: &[RoundPoint]) {
    let lang = cx.lang();
    let keys = ["round.state", "round.due_on", "round.point", "round.title", "round.site", "round.last"];
    Grid::new("points").striped(true).num_columns(keys.len()).spacing([12.0, 5.0]).show(ui, |ui| {
        keys.into_iter().for_each(|key| drop(soft(ui, cx, word(lang, key))));
        ui.end_row();
        points.iter().for_each(|point| row(ui, cx, point));
    });
    let chosen = cx.state.rounds.tag.as_ref();
    if let Some(point) = points.iter().find(|p| chosen == Some(&p.point.tag)) {
        ui.separator();
        looked_at(ui, cx, point);
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, point: &RoundPoint) {
    let Some(standing) = &point.standing else { return };
    let lang = cx.lang();
    let state = find_or(lang, "round.state", standing.state.name());
    match standing.state {
        DueState::NotDue => soft(ui, cx, state),
        DueState::Due => badge(ui, &state, cx.palette.soft, cx.palette.on_badge),
        DueState::Overdue => badge(ui, &state, cx.palette.failure(), cx.palette.on_badge),
    };
    ui.monospace(&standing.due_on);
    let chosen = cx.state.rounds.tag.as_ref() == Some(&point.point.tag);
    if ui.selectable_label(chosen, &point.point.tag).clicked() {
        cx.send(Command::Round(RoundCommand::Look(point.point.tag.clone())));
    }
    ui.label(&point.point.title);
    ui.label([&point.point.site, &point.point.equipment, &point.point.serial].map(String::as_str).join("  "));
    match &standing.last {
        None => drop(soft(ui, cx, word(lang, "round.never"))),
        Some(last) => {
            ui.horizontal(|ui| {
                verdict_badge(ui, cx, Some(last.verdict));
                soft(ui, cx, day(&last.done_at));
            });
        }
    }
    ui.end_row();
}

/// The day of a time.
fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// A point: what to do there, recording it, and what was found before.
fn looked_at(ui: &mut Ui, cx: &mut Cx<'_>, point: &RoundPoint) {
    ui.label(RichText::new(format!("{}  {}", point.point.tag, point.point.title)).strong());
    ui.label(&point.point.instructions);
    ui.horizontal_wrapped(|ui| {
        let one = cx.state.capture().is_some_and(|c| c.path.is_some());
        let button = ui.add_enabled(one, egui::Button::new(cx.text(Word::RoundRecord)));
        if button.on_disabled_hover_text(cx.text(Word::RoundNoCapture)).clicked() {
            cx.send(Command::Round(RoundCommand::Record(false)));
        }
        let several = cx.state.captures.iter().filter(|c| c.path.is_some()).count() > 1;
        if several && ui.button(cx.text(Word::RoundRecordAll)).on_hover_text(cx.text(Word::RoundRolesTip)).clicked() {
            cx.send(Command::Round(RoundCommand::Record(true)));
        }
        if let Some(capture) = cx.state.capture() {
            soft(ui, cx, capture.name.as_str());
        }
    });
    let rounds = &cx.state.rounds;
    for inspection in &rounds.history {
        found(ui, cx, inspection);
    }
}

fn found(ui: &mut Ui, cx: &mut Cx<'_>, inspection: &InspectionSummary) {
    ui.horizontal_wrapped(|ui| {
        soft(ui, cx, day(&inspection.done_at)).on_hover_text(&inspection.done_at);
        verdict_badge(ui, cx, Some(inspection.verdict));
        soft(ui, cx, &inspection.actor);
        if let Some(case) = &inspection.case_id {
            ui.label(case);
        }
        if raises(inspection) && ui.button(cx.text(Word::RoundRaise)).clicked() {
            let (plan, id) = (inspection.plan.id.clone(), inspection.id.clone());
            cx.send(Command::Round(RoundCommand::Raise(plan, id)));
        }
    });
    for finding in inspection.measured.iter().flat_map(|m| &m.findings) {
        ui.horizontal_wrapped(|ui| {
            ui.add_space(16.0);
            verdict_badge(ui, cx, Some(finding.verdict));
            ui.label(words::summary(finding, cx.lang()));
        });
    }
}
