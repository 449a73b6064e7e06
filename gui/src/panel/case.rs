//! The store of cases: the list, a new case, and the open case in brief.

use eframe::egui;
use egui::{RichText, ScrollArea, TextEdit, Ui};
use faultscope_door::cases::{Case, ClockState, Priority, Summary};
use faultscope_door::paper::length;
use faultscope_door::paper::words::{self, word};

use super::{Cx, soft, steps, title, verdict_badge};
use crate::app::{CaseCommand, Command, Entry, Screen, Shortcut};
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
    let entered = blank(ui, cx, Entry::Title);
    ui.collapsing(cx.text(Word::CaseMore), |ui| {
        for entry in Entry::ALL.into_iter().filter(|entry| *entry != Entry::Title) {
            blank(ui, cx, entry);
        }
        ui.horizontal(|ui| {
            for priority in Priority::ALL {
                let chosen = cx.state.desk.call.priority == priority;
                if ui.selectable_label(chosen, priority.name()).clicked() {
                    cx.send(Command::Case(CaseCommand::Urgent(priority)));
                }
            }
        });
    });
    let tip = cx.tip(ui, Word::CaseNewTip, Shortcut::NewCase);
    if ui.button(cx.text(Word::CaseNew)).on_hover_text(tip).clicked() || entered {
        cx.send(Command::Case(CaseCommand::Create));
    }
}

/// A field of the case that is about to be opened; whether Enter was pressed in it.
fn blank(ui: &mut Ui, cx: &mut Cx<'_>, entry: Entry) -> bool {
    let (name, hint) = match entry {
        Entry::Title => (cx.text(Word::CaseTitle), cx.text(Word::CaseTitleHint)),
        Entry::Customer => (word(cx.lang(), "report.customer"), ""),
        Entry::Site => (word(cx.lang(), "report.site"), ""),
        Entry::Kind => (word(cx.lang(), "report.equipment"), ""),
        Entry::Model => (cx.text(Word::CaseModel), ""),
        Entry::Serial => (cx.text(Word::CaseSerial), ""),
        Entry::Tag => (cx.text(Word::CaseTag), ""),
        Entry::Symptom => (word(cx.lang(), "report.symptom"), ""),
        Entry::Contact => (cx.text(Word::CaseContact), ""),
    };
    let mut text = cx.state.desk.call.filled.get(entry as usize).cloned().unwrap_or_default();
    let hint = if hint.is_empty() { name } else { hint };
    let field = TextEdit::singleline(&mut text).hint_text(hint).desired_width(f32::INFINITY);
    let response = ui.add(field).accessible_name(name);
    let focus = entry == Entry::Title && cx.state.desk.focus_title;
    if focus {
        response.request_focus();
    }
    if response.changed() || focus {
        cx.send(Command::Case(CaseCommand::Call(entry, text)));
    }
    response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter))
}

fn entry(ui: &mut Ui, cx: &mut Cx<'_>, case: &Summary) {
    let label = format!("{}  {}  {}", case.id, case.priority.name(), case.title);
    if ui.add(egui::Button::selectable(false, label).truncate()).clicked() {
        cx.send(Command::Case(CaseCommand::Show(case.id.clone())));
        cx.send(Command::Turn(Screen::Case));
    }
    if let Some(clock) = &case.next_clock {
        let late = clock.state == ClockState::Late;
        let time = length(clock.remaining_s.unwrap_or(0), cx.lang());
        let left = words::fill(cx.lang(), if late { "clocks.over" } else { "clocks.left" }, &[("time", &time)]);
        let colour = if late { cx.palette.failure() } else { cx.palette.soft };
        let text = format!("    {}: {left}", words::clock(cx.lang(), &clock.name));
        ui.colored_label(colour, text).on_hover_text(&clock.due);
    }
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    ui.horizontal(|ui| {
        let leave = ui.small_button("<").on_hover_text(cx.text(Word::CaseLeave));
        if leave.accessible_name(cx.text(Word::CaseLeave)).clicked() {
            cx.send(Command::Case(CaseCommand::Leave));
        }
        title(ui, &case.id);
        soft(ui, cx, format!("{}  {}", case.priority.name(), words::status(cx.lang(), case.status.name())));
    });
    ui.label(RichText::new(&case.title).strong());
    if cx.state.screen() == Screen::Case {
        // All of it is beside this.
        return;
    }
    ui.horizontal_wrapped(|ui| steps::out(ui, cx));
    if ui.button(cx.text(Word::CaseWhole)).on_hover_text(cx.text(Word::CaseWholeTip)).clicked() {
        cx.send(Command::Turn(Screen::Case));
    }
    ui.separator();
    ScrollArea::vertical().id_salt("case").auto_shrink([false, false]).show(ui, |ui| facts(ui, cx, case));
}

/// What was written out last, and the findings.
fn facts(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    if let Some((what, path)) = &cx.state.desk.written {
        let text = path.display().to_string();
        ui.label(cx.text(*what));
        ui.add(egui::Label::new(RichText::new(&text).monospace()).wrap());
        if ui.small_button(cx.text(Word::CopyPath)).clicked() {
            cx.send(Command::Copy(text));
        }
        ui.separator();
    }
    soft(ui, cx, format!("{} {}", case.findings.len(), cx.text(Word::CaseFindings)));
    for judged in &case.findings {
        ui.horizontal_wrapped(|ui| {
            verdict_badge(ui, cx, Some(judged.finding.verdict));
            ui.label(words::summary(&judged.finding, cx.lang()));
        });
    }
    soft(ui, cx, format!("{} {}", case.evidence.len(), cx.text(Word::CaseEvidence)));
}
