//! One probable cause, with the next check and what would rule it out.

use eframe::egui;
use egui::{RichText, Ui};
use faultscope_door::diagnose::Cause;
use faultscope_door::paper::words;

use super::{Cx, soft};
use crate::words::Word;

/// Draws a cause.
pub(crate) fn show(ui: &mut Ui, cx: &Cx<'_>, cause: &Cause) {
    // It may have been named in the other language.
    let cause = &words::cause(cx.lang(), cause);
    ui.label(RichText::new(format!("{} ({:.0} %)", cause.cause, cause.confidence * 100.0)).strong());
    for (word, text) in [
        (Word::NextCheck, &cause.next_check),
        (Word::SuspectPart, &cause.suspect_part),
        (Word::RulesOut, &cause.rules_out),
    ] {
        if text.is_empty() {
            continue;
        }
        ui.horizontal_wrapped(|ui| {
            soft(ui, cx, format!("{}:", cx.text(word)));
            ui.label(text);
        });
    }
    soft(ui, cx, cause.rule.clone()).on_hover_text(cause.because.join("\n"));
    ui.separator();
}
