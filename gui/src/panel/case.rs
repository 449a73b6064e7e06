//! The store of cases: the list, the open case, attaching, the report.

use eframe::egui;
use egui::{RichText, ScrollArea, TextEdit, Ui};
use faultscope_door::cases::{Case, Summary};
use faultscope_door::paper::words;

use super::{Cx, soft, title, verdict_badge};
use crate::app::{Command, Field, Shortcut};
use crate::words::Word;

/// Draws the store.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    ui.add_space(4.0);
    match &state.desk.case {
        Some(case) => one(ui, cx, case),
        None => list(ui, cx),
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal(|ui| {
        title(ui, cx.text(Word::Case));
        let store = cx.state.desk.dir.as_ref().map(|d| d.display().to_string()).unwrap_or_default();
        let tip = format!("{}\n{}: {store}", cx.text(Word::CaseRefresh), cx.text(Word::Store));
        let button = ui.small_button("...").on_hover_text(tip).accessible_name(cx.text(Word::CaseRefresh));
        if button.clicked() {
            cx.send(Command::ListCases);
        }
    });
    new_case(ui, cx);
    ui.separator();
    let state = cx.state;
    if state.desk.cases.is_empty() {
        ui.label(cx.text(Word::CasesNone));
    }
    ScrollArea::vertical().id_salt("cases").auto_shrink([false, false]).show(ui, |ui| {
        for case in &state.desk.cases {
            entry(ui, cx, case);
        }
    });
}

fn new_case(ui: &mut Ui, cx: &mut Cx<'_>) {
    let mut text = cx.state.title.clone();
    let field = TextEdit::singleline(&mut text).hint_text(cx.text(Word::CaseTitleHint)).desired_width(f32::INFINITY);
    let response = ui.add(field).accessible_name(cx.text(Word::CaseTitle));
    if response.changed() {
        cx.send(Command::Type(Field::CaseTitle, text));
    }
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    if ui.button(cx.text(Word::CaseNew)).on_hover_text(cx.text(Word::CaseNewTip)).clicked() || entered {
        cx.send(Command::CreateCase);
    }
}

fn entry(ui: &mut Ui, cx: &mut Cx<'_>, case: &Summary) {
    let label = format!("{}  {}  {}", case.id, case.priority.name(), case.title);
    if ui.add(egui::Button::selectable(false, label).truncate()).clicked() {
        cx.send(Command::ShowCase(case.id.clone()));
    }
    if let Some(clock) = &case.next_clock {
        soft(ui, cx, format!("    {} {}", words::clock(cx.lang(), &clock.name), clock.due));
    }
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    ui.horizontal(|ui| {
        if ui
            .small_button("<")
            .on_hover_text(cx.text(Word::CaseLeave))
            .accessible_name(cx.text(Word::CaseLeave))
            .clicked()
        {
            cx.send(Command::LeaveCase);
        }
        title(ui, &case.id);
        soft(ui, cx, format!("{}  {}", case.priority.name(), words::status(cx.lang(), case.status.name())));
    });
    ui.label(RichText::new(&case.title).strong());
    actions(ui, cx);
    ui.separator();
    ScrollArea::vertical().id_salt("case").auto_shrink([false, false]).show(ui, |ui| facts(ui, cx, case));
}

fn actions(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_wrapped(|ui| {
        let tip = cx.tip(ui, Word::CaseAttachTip, Shortcut::Attach);
        let button = egui::Button::new(cx.text(Word::CaseAttach));
        let attach = ui.add_enabled(cx.state.can_attach(), button);
        if attach.on_hover_text(tip).on_disabled_hover_text(cx.text(Word::CaseAttachWhyNot)).clicked() {
            cx.send(Command::Attach);
        }
        let tip = cx.tip(ui, Word::CaseReportTip, Shortcut::Report);
        if ui.button(cx.text(Word::CaseReport)).on_hover_text(tip).clicked() {
            cx.send(Command::Report);
        }
    });
}

fn facts(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    let lang = cx.lang();
    if let Some(path) = &cx.state.desk.report {
        let text = path.display().to_string();
        ui.label(cx.text(Word::ReportWritten));
        ui.add(egui::Label::new(RichText::new(&text).monospace()).wrap());
        if ui.small_button(cx.text(Word::CopyPath)).clicked() {
            cx.send(Command::Copy(text));
        }
        ui.separator();
    }
    for clock in &case.clocks {
        soft(ui, cx, format!("{}: {}", words::clock(lang, &clock.name), clock.due));
    }
    soft(ui, cx, format!("{} {}", case.findings.len(), cx.text(Word::CaseFindings)));
    for judged in &case.findings {
        ui.horizontal_wrapped(|ui| {
            verdict_badge(ui, cx, Some(judged.finding.verdict));
            ui.label(words::summary(&judged.finding, lang));
        });
    }
    for item in case.checklists.iter().flat_map(|list| &list.items) {
        ui.horizontal_wrapped(|ui| {
            verdict_badge(ui, cx, Some(item.result.verdict()));
            ui.label(item.words(lang.tag())).on_hover_text(&item.note);
        });
    }
    ui.separator();
    soft(ui, cx, cx.text(Word::CaseEvidence));
    for kept in &case.evidence {
        ui.label(&kept.name).on_hover_text(&kept.sha256);
    }
}
