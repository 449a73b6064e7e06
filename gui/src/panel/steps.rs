//! What can be done to the open case: attach, write out, prove, and the steps that are written down.

use eframe::egui;
use egui::{Button, ComboBox, Frame, Id, TextEdit, Ui};
use faultscope_door::cases::Case;
use faultscope_door::paper::words::{find_or, word};

use super::{Cx, choice, soft};
use crate::app::{Blank, CaseCommand, Command, Screen, Shortcut, Step, Stepping};
use crate::words::Word;

/// Draws what can be done, and the step that is being written down.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    ui.horizontal_wrapped(|ui| {
        out(ui, cx);
        ui.separator();
        for step in Step::ALL.into_iter().filter(|step| step.fits(case)) {
            let open = cx.state.desk.stepping.as_ref().is_some_and(|s| s.step == step);
            let button = Button::new(word(cx.lang(), step.key())).selected(open);
            if ui.add(button).on_hover_text(cx.text(Word::StepTip)).clicked() {
                cx.send(Command::Case(CaseCommand::Step((!open).then(|| Stepping::new(step)))));
            }
        }
    });
    if let Some(stepping) = &cx.state.desk.stepping {
        Frame::group(ui.style()).show(ui, |ui| form(ui, cx, stepping));
    }
}

/// Attaching, and what is written out of the store.
pub(crate) fn out(ui: &mut Ui, cx: &mut Cx<'_>) {
    let tip = cx.tip(ui, Word::CaseAttachTip, Shortcut::Attach);
    let attach = ui.add_enabled(cx.state.can_attach(), Button::new(cx.text(Word::CaseAttach)));
    if attach.on_hover_text(tip).on_disabled_hover_text(cx.text(Word::CaseAttachWhyNot)).clicked() {
        cx.send(Command::Attach);
    }
    role(ui, cx);
    if let Some(capture) = cx.state.capture().filter(|_| cx.state.screen() == Screen::Case) {
        soft(ui, cx, capture.name.as_str());
    }
    let tip = cx.tip(ui, Word::CaseReportTip, Shortcut::Report);
    if ui.button(cx.text(Word::CaseReport)).on_hover_text(tip).clicked() {
        cx.send(Command::Case(CaseCommand::Report));
    }
    if ui.button(cx.text(Word::CaseBundle)).on_hover_text(cx.text(Word::CaseBundleTip)).clicked() {
        cx.send(Command::Case(CaseCommand::Bundle));
    }
    if ui.button(cx.text(Word::CaseVerify)).on_hover_text(cx.text(Word::CaseVerifyTip)).clicked() {
        cx.send(Command::Case(CaseCommand::Verify));
    }
}

/// What captures of a case usually show, as the store and the rules know it.
const ROLES: [(&str, Word); 5] = [
    ("supply before", Word::RoleSupplyBefore),
    ("supply after", Word::RoleSupplyAfter),
    ("transmit before", Word::RoleTransmitBefore),
    ("transmit after", Word::RoleTransmitAfter),
    ("receive idle", Word::RoleReceiveIdle),
];

fn role(ui: &mut Ui, cx: &mut Cx<'_>) {
    let chosen = cx.state.desk.role;
    let name = |role: Option<&str>| ROLES.iter().find(|(id, _)| Some(*id) == role).map_or(Word::RoleNone, |(_, w)| *w);
    let combo = ComboBox::from_id_salt("role").selected_text(cx.text(name(chosen))).show_ui(ui, |ui| {
        for (id, word) in std::iter::once((None, Word::RoleNone)).chain(ROLES.map(|(id, word)| (Some(id), word))) {
            if choice(ui, chosen == id, cx.text(word)) {
                cx.send(Command::Case(CaseCommand::Role(id)));
            }
        }
    });
    combo.response.on_hover_text(cx.text(Word::RoleTip)).accessible_name(cx.text(Word::RoleTip));
}

fn form(ui: &mut Ui, cx: &mut Cx<'_>, stepping: &Stepping) {
    let lang = cx.lang();
    let fill = |cx: &mut Cx<'_>, at: usize, text: String| {
        let mut next = stepping.clone();
        next.filled.get_mut(at).into_iter().for_each(|place| place.clone_from(&text));
        cx.send(Command::Case(CaseCommand::Step(Some(next))));
    };
    let mut entered = false;
    for (at, (blank, filled)) in stepping.step.blanks().iter().zip(&stepping.filled).enumerate() {
        ui.horizontal(|ui| match *blank {
            Blank::Words(key) => {
                let mut text = filled.clone();
                let field = TextEdit::singleline(&mut text).id(Id::unique(("step", at))).hint_text(word(lang, key));
                let response = ui.add(field.desired_width(f32::INFINITY)).accessible_name(word(lang, key));
                if response.changed() {
                    fill(cx, at, text);
                }
                entered |= response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            }
            Blank::Choice(key, prefix, all) => {
                let shown =
                    ComboBox::from_id_salt(key).selected_text(find_or(lang, prefix, filled)).show_ui(ui, |ui| {
                        for id in all {
                            if choice(ui, id == filled, find_or(lang, prefix, id)) {
                                fill(cx, at, (*id).to_owned());
                            }
                        }
                    });
                shown.response.accessible_name(word(lang, key));
            }
        });
    }
    ui.horizontal(|ui| {
        if ui.button(cx.text(Word::StepKeep)).clicked() || entered {
            cx.send(Command::Case(CaseCommand::Keep));
        }
        if ui.button(cx.text(Word::StepLeave)).clicked() {
            cx.send(Command::Case(CaseCommand::Step(None)));
        }
    });
}
