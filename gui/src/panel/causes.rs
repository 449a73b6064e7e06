//! Probable causes with their evidence, what would rule them out, and the next check.

use eframe::egui;
use egui::{ScrollArea, Ui};
use faultscope_door::diagnose::{Cause, Verdict};

use super::{Cx, cause, soft, title};
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
        for likely in causes {
            cause::show(ui, cx, likely);
        }
    });
}
