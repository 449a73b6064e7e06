//! Probable causes with their evidence, what would rule them out, and the next check.

use eframe::egui;
use egui::{RichText, ScrollArea, Ui};
use faultscope_door::diagnose::{Cause, Verdict};
use faultscope_door::paper::words;

use super::{Cx, soft, title};
use crate::words::Word;

/// Draws the causes of the present capture, each once.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    title(ui, cx.text(Word::Causes));
    let Some(result) = cx.state.capture().and_then(|c| c.result.as_ref()) else {
        soft(ui, cx, cx.text(Word::NoReadings));
        return;
    };
    // In the order of the diagnosis: the set-up before the unit, then the likeliest first.
    let causes: &[Cause] = &result.causes;
    if causes.is_empty() {
        let failed = result.findings.iter().any(|f| f.verdict == Verdict::Fail);
        ui.label(cx.text(if failed { Word::NoCauseKnown } else { Word::NoCause }));
    }
    ScrollArea::vertical().id_salt("causes").auto_shrink([false, false]).show(ui, |ui| {
        for cause in causes {
            entry(ui, cx, cause);
        }
    });
}

fn entry(ui: &mut Ui, cx: &Cx<'_>, cause: &Cause) {
    // The result may have been made in the other language.
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
