//! Closed cases that the present capture resembles, with what was wrong and what removed it.

use eframe::egui;
use egui::{RichText, ScrollArea, Ui};
use faultscope_door::cases::LibraryHit;
use faultscope_door::paper::words::{self, word};

use super::{Cx, soft};
use crate::app::{Capture, Command};
use crate::words::Word;

/// Draws what the library knows; it is asked once the table is looked at.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let of = capture.result.as_ref().map(|r| std::sync::Arc::as_ptr(r) as usize);
    if of.is_some() && capture.asked_similar != of {
        cx.send(Command::LookUp);
    }
    let known = capture.similar.as_ref().filter(|(known, _)| Some(*known) == of);
    match known.map(|(_, found)| found) {
        None => drop(soft(ui, cx, cx.text(Word::SimilarLooking))),
        Some(Err(error)) => {
            ui.colored_label(cx.palette.failure(), &error.message);
            ui.label(&error.hint);
        }
        Some(Ok(hits)) if hits.is_empty() => drop(ui.label(cx.text(Word::SimilarNone))),
        Some(Ok(hits)) => {
            ScrollArea::vertical().id_salt("similar").auto_shrink([false, false]).show(ui, |ui| {
                hits.iter().for_each(|found| hit(ui, cx, found));
            });
        }
    }
}

fn hit(ui: &mut Ui, cx: &Cx<'_>, hit: &LibraryHit) {
    let lang = cx.lang();
    ui.horizontal_wrapped(|ui| {
        let score = hit.score.map_or_else(String::new, |s| format!("  {:.0} %", s * 100.0));
        ui.label(RichText::new(format!("{}{score}", hit.case_id)).strong());
        ui.label(&hit.title);
        soft(ui, cx, [hit.site.as_str(), hit.equipment.as_str()].join("  "));
    });
    for (key, text) in [("report.root_cause", &hit.root_cause), ("report.remedy", &hit.remedy)] {
        if !text.is_empty() {
            ui.horizontal_wrapped(|ui| {
                soft(ui, cx, format!("{}:", word(lang, key)));
                ui.label(text);
            });
        }
    }
    for reason in &hit.reasons {
        soft(ui, cx, words::resemblance(lang, reason));
    }
    ui.separator();
}
