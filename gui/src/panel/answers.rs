//! Check lists: which one is answered, and its items with their answers.

use eframe::egui;
use egui::{Frame, ScrollArea, TextEdit, Ui};
use faultscope_door::diagnose::{Answer, CheckList};
use faultscope_door::paper::words::find_or;

use super::{Cx, soft, title};
use crate::app::{Answering, CaseCommand, Command};
use crate::words::Word;

/// The lists that can be answered.
pub(crate) fn choose(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_wrapped(|ui| {
        for id in CheckList::built_in_ids() {
            let name = format!("{} {id}", cx.text(Word::ListAnswer));
            if ui.button(name).clicked() {
                cx.send(Command::Case(CaseCommand::Answer(Some(id))));
            }
        }
    });
}

/// The list that is being answered.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(answering) = &state.desk.answering else { return };
    Frame::group(ui.style()).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            title(ui, answering.list.title(cx.lang().tag()));
            let any = answering.items.iter().any(|(answer, _)| *answer != Answer::NotDone);
            let keep = ui.add_enabled(any, egui::Button::new(cx.text(Word::ListKeep)));
            if keep.on_disabled_hover_text(cx.text(Word::ListWhyNot)).clicked() {
                cx.send(Command::Case(CaseCommand::KeepAnswers));
            }
            if ui.button(cx.text(Word::StepLeave)).clicked() {
                cx.send(Command::Case(CaseCommand::Answer(None)));
            }
        });
        ScrollArea::vertical().id_salt("answers").max_height(300.0).auto_shrink([false, true]).show(ui, |ui| {
            for section in &answering.list.sections {
                let heading = section.text.get(cx.lang().tag()).unwrap_or(&section.title);
                soft(ui, cx, heading);
                items(ui, cx, answering, &section.id);
            }
        });
    });
}

fn items(ui: &mut Ui, cx: &mut Cx<'_>, answering: &Answering, section: &str) {
    let both = answering.list.items.iter().zip(&answering.items).enumerate();
    for (at, (item, (given, note))) in both.filter(|(_, (item, _))| item.section == section) {
        let words = item.words(cx.lang().tag());
        ui.horizontal_wrapped(|ui| {
            for answer in [Answer::Pass, Answer::Fail, Answer::NotDone] {
                let text = find_or(cx.lang(), "answer", answer.name());
                let name = format!("{text}: {}", words.ask);
                if ui.selectable_label(*given == answer, text).accessible_name(name).clicked() {
                    cx.send(Command::Case(CaseCommand::Item(at, answer, note.clone())));
                }
            }
            ui.label(&words.ask).on_hover_text(&words.how);
            if *given != Answer::NotDone {
                let mut text = note.clone();
                let name = format!("{}: {}", cx.text(Word::ListNote), words.ask);
                let field = TextEdit::singleline(&mut text).hint_text(cx.text(Word::ListNote)).desired_width(160.0);
                if ui.add(field).accessible_name(name).changed() {
                    cx.send(Command::Case(CaseCommand::Item(at, *given, text)));
                }
            }
        });
    }
}
