//! The procedure: each role of the plan with where to connect and what to set, its captures, and what every step says of them.

use eframe::egui;
use egui::{ComboBox, RichText, ScrollArea, Ui};
use faultscope_door::check::{CheckDocument, CheckEntry, Role, Step};
use faultscope_door::diagnose::Verdict;
use faultscope_door::paper::{Lang, words};

use super::{Cx, choice, soft, title, verdict_badge};
use crate::app::{CaptureId, Command, Guide};
use crate::words::Word;

/// Findings of a step that are told one by one.
const TOLD: usize = 6;

/// Draws the procedure.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(guide) = &state.guide else { return };
    ui.horizontal_wrapped(|ui| {
        title(ui, cx.text(Word::Procedure));
        ui.label(RichText::new(&guide.plan.plan.title).strong());
        soft(ui, cx, format!("{} {}", guide.plan.plan.id, guide.plan.plan.version));
        if ui.button(cx.text(Word::ProcedureHide)).clicked() {
            cx.send(Command::GoBack);
        }
    });
    ui.horizontal_wrapped(|ui| {
        soft(ui, cx, format!("{}:", cx.text(Word::ProcedureVerdict)));
        match &guide.document {
            Some(document) => drop(verdict_badge(ui, cx, document.verdict)),
            None => waiting(ui, cx, guide),
        }
        let ready = state.desk.case.is_some() && guide.document.is_some() && !guide.given.is_empty();
        let attach = ui.add_enabled(ready, egui::Button::new(cx.text(Word::ProcedureAttach)));
        if attach.on_disabled_hover_text(cx.text(Word::ProcedureAttachWhyNot)).clicked() {
            cx.send(Command::AttachGuide);
        }
        if let Some(case) = &state.desk.case {
            soft(ui, cx, case.id.as_str());
        }
    });
    ui.separator();
    ScrollArea::vertical().id_salt("procedure").auto_shrink([false, false]).show(ui, |ui| {
        for (number, part) in guide.plan.roles.iter().enumerate() {
            role(ui, cx, guide, number + 1, part);
            ui.separator();
        }
    });
}

fn waiting(ui: &mut Ui, cx: &Cx<'_>, guide: &Guide) {
    if let Some(error) = &guide.error {
        ui.colored_label(cx.palette.failure(), &error.message);
        ui.label(&error.hint);
    } else {
        ui.spinner();
        soft(ui, cx, cx.text(Word::ProcedureRunning));
    }
}

fn role(ui: &mut Ui, cx: &mut Cx<'_>, guide: &Guide, number: usize, role: &Role) {
    let said = role.words(cx.lang());
    ui.label(RichText::new(format!("{number}. {}", said.title)).strong().size(15.0));
    for (word, text) in [(Word::ProcedureConnect, &said.connect), (Word::ProcedureSet, &said.set)] {
        if !text.is_empty() {
            ui.horizontal_wrapped(|ui| {
                soft(ui, cx, format!("{}:", cx.text(word)));
                ui.label(text);
            });
        }
    }
    given(ui, cx, guide, role);
    for step in guide.plan.steps.iter().filter(|s| s.role == role.id) {
        answers(ui, cx, guide, step);
    }
}

/// The captures of a role, and the choice of another one.
fn given(ui: &mut Ui, cx: &mut Cx<'_>, guide: &Guide, role: &Role) {
    let state = cx.state;
    let name = |id: CaptureId| state.captures.iter().find(|c| c.id == id).map_or("-", |c| c.name.as_str());
    ui.horizontal_wrapped(|ui| {
        for (_, id) in guide.given.iter().filter(|(r, _)| *r == role.id) {
            ui.label(RichText::new(name(*id)).monospace());
            let label = format!("{}: {}", cx.text(Word::ProcedureTake), name(*id));
            if ui.small_button("x").on_hover_text(cx.text(Word::ProcedureTake)).accessible_name(label).clicked() {
                cx.send(Command::Ungive(role.id.clone(), *id));
            }
        }
        let free: Vec<_> = state.captures.iter().filter(|c| c.path.is_some()).collect();
        if free.is_empty() {
            soft(ui, cx, cx.text(Word::ProcedureNone));
            return;
        }
        let text = cx.text(Word::ProcedureCapture);
        let shown = ComboBox::from_id_salt(("role", &role.id)).selected_text(text).show_ui(ui, |ui| {
            for capture in free {
                if choice(ui, false, &capture.name) {
                    cx.send(Command::Give(role.id.clone(), capture.id));
                }
            }
        });
        shown.response.accessible_name(format!("{text}: {}", role.id));
    });
}

/// What one step says: of each capture, or that there is none.
fn answers(ui: &mut Ui, cx: &mut Cx<'_>, guide: &Guide, step: &Step) {
    ui.indent(("step", &step.id), |ui| {
        let Some(document) = &guide.document else {
            soft(ui, cx, &step.id);
            return;
        };
        let entries: Vec<&CheckEntry> = document.captures.iter().filter(|e| e.step == step.id).collect();
        for entry in &entries {
            answer(ui, cx, step, entry);
        }
        if let Some(reason) = lacking(document, step, cx.lang()).filter(|_| entries.len() < step.repeats) {
            ui.horizontal_wrapped(|ui| {
                verdict_badge(ui, cx, Some(Verdict::NotEvaluated));
                ui.label(words::measurement(cx.lang(), &step.measurement));
                soft(ui, cx, if entries.is_empty() { cx.text(Word::ProcedureOpen).to_owned() } else { reason });
            });
        }
    });
}

fn lacking(document: &CheckDocument, step: &Step, lang: Lang) -> Option<String> {
    document.missing.iter().find(|m| m.step == step.id).map(|m| words::said(lang, &m.reason))
}

fn answer(ui: &mut Ui, cx: &mut Cx<'_>, step: &Step, entry: &CheckEntry) {
    ui.horizontal_wrapped(|ui| {
        verdict_badge(ui, cx, entry.verdict);
        ui.label(words::measurement(cx.lang(), &step.measurement));
        if let Some(error) = &entry.result.error {
            ui.colored_label(cx.palette.failure(), &error.message);
        }
    });
    let mut doubtful: Vec<_> = entry.result.findings.iter().filter(|f| f.verdict != Verdict::Pass).collect();
    doubtful.sort_by_key(|f| std::cmp::Reverse(f.verdict == Verdict::Fail));
    for finding in doubtful.iter().take(TOLD) {
        ui.horizontal_wrapped(|ui| {
            ui.add_space(16.0);
            verdict_badge(ui, cx, Some(finding.verdict));
            ui.label(words::summary(finding, cx.lang()));
        });
    }
    let cause = entry.result.causes.first().map(|c| words::cause(cx.lang(), c));
    if let Some(cause) = cause.filter(|_| entry.verdict == Some(Verdict::Fail)) {
        ui.horizontal_wrapped(|ui| {
            ui.add_space(16.0);
            ui.label(format!("{}: {} ({:.0} %)", cx.text(Word::Causes), cause.cause, cause.confidence * 100.0));
        });
    }
}
