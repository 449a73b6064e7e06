//! The tables of findings, readings and quality gates; figures as the command line prints them.

use eframe::egui;
use egui::{Grid, Key, RichText, ScrollArea, TextEdit, Ui};
use faultscope_door::CaptureResult;
use faultscope_door::diagnose::{AppliedLimit, Finding, Reading, Verdict};
use faultscope_door::paper::{compact, words};
use faultscope_door::signal::{Quantity, Unit};

use super::{Cx, badge, soft, verdict_badge};
use crate::app::{Command, Draft};
use crate::words::Word;

/// A table that scrolls: its heads, then its rows.
pub(crate) fn table(ui: &mut Ui, cx: &mut Cx<'_>, id: &str, heads: &[Word], rows: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
    ScrollArea::both().id_salt(id).auto_shrink([false, false]).show(ui, |ui| {
        Grid::new(id).striped(true).num_columns(heads.len() + 1).spacing([9.0, 5.0]).show(ui, |ui| {
            for head in heads {
                soft(ui, cx, cx.text(*head));
            }
            end(ui);
            rows(ui, cx);
        });
    });
}

/// Ends a row: an empty cell takes the room that is left, so that figures stand below their head.
pub(crate) fn end(ui: &mut Ui) {
    ui.label("");
    ui.end_row();
}

/// A figure, to the right of its column.
pub(crate) fn figure(ui: &mut Ui, text: &str) -> egui::Response {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| ui.label(RichText::new(text).monospace()))
        .inner
}

/// A value, short in the table and in full under the pointer.
fn value(ui: &mut Ui, value: Option<f64>, unit: Unit) {
    match value {
        Some(v) => figure(ui, &compact(v, unit)).on_hover_text(Quantity::new(v, unit).to_string()),
        None => figure(ui, "-"),
    };
}

/// The findings, the worst first.
pub(crate) fn findings(ui: &mut Ui, cx: &mut Cx<'_>, result: &CaptureResult) {
    if result.findings.is_empty() {
        ui.label(cx.text(Word::NoLimits));
        return;
    }
    let mut sorted: Vec<&Finding> = result.findings.iter().collect();
    sorted.sort_by_key(|f| std::cmp::Reverse(rank(f.verdict)));
    let heads = [Word::Verdict, Word::Reading, Word::At, Word::Value, Word::Limit, Word::Margin];
    table(ui, cx, "findings", &heads, |ui, cx| {
        for found in sorted {
            finding(ui, cx, found);
            ui.end_row();
        }
    });
}

/// How early a verdict is shown.
pub(crate) const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 4,
        Verdict::Invalid => 3,
        Verdict::NotEvaluated => 2,
        Verdict::Margin => 1,
        Verdict::Pass => 0,
    }
}

fn finding(ui: &mut Ui, cx: &mut Cx<'_>, found: &Finding) {
    let lang = cx.lang();
    let sentence = words::summary(found, lang);
    verdict_badge(ui, cx, Some(found.verdict)).on_hover_text(&sentence);
    let hz = found.at.and_then(|at| at.frequency_hz);
    let marked = hz.is_some() && cx.state.mark == hz;
    let name = ui.selectable_label(marked, words::reading(lang, &found.reading)).on_hover_text(&sentence);
    if name.clicked() {
        cx.send(Command::Mark(if marked { None } else { hz }));
    }
    ui.label(found.at.as_ref().map_or_else(String::new, |at| words::place(at, lang)));
    value(ui, found.value, found.unit);
    let (bounds, clause) =
        found.limit.as_ref().map_or_else(Default::default, |l| (bounds(l, found.unit), l.clause.clone()));
    figure(ui, &bounds).on_hover_text(clause);
    value(ui, found.margin, found.unit.difference());
    // Why a limit could not be applied is said in sight, where the window is wide enough for it.
    soft(ui, cx, words::said(lang, &found.reason));
}

/// The bounds of a limit.
pub(crate) fn bounds(limit: &AppliedLimit, unit: Unit) -> String {
    match (limit.lower, limit.upper) {
        (Some(low), Some(high)) => format!("{} .. {}", compact(low, unit), compact(high, unit)),
        (None, Some(high)) => format!("<= {}", compact(high, unit)),
        (Some(low), None) => format!(">= {}", compact(low, unit)),
        (None, None) => "-".into(),
    }
}

/// The readings, as they were measured.
pub(crate) fn readings(ui: &mut Ui, cx: &mut Cx<'_>, result: &CaptureResult) {
    if result.readings.is_empty() {
        ui.label(cx.text(Word::NoReadings));
        return;
    }
    draft(ui, cx);
    let heads = [Word::Reading, Word::At, Word::Value, Word::Uncertainty, Word::Definition];
    table(ui, cx, "readings", &heads, |ui, cx| {
        for read in &result.readings {
            reading(ui, cx, read);
            end(ui);
        }
    });
}

/// The limit that is being typed on a reading.
fn draft(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(mut draft) = cx.state.draft.clone() else { return };
    ui.horizontal(|ui| {
        ui.label(RichText::new(words::reading(cx.lang(), &draft.reading)).strong());
        let mut entered = false;
        for (bound, (sign, word)) in draft.bounds.iter_mut().zip([(">=", Word::LowerBound), ("<=", Word::UpperBound)]) {
            ui.label(sign);
            let field = TextEdit::singleline(bound).desired_width(80.0).hint_text(draft.unit.symbol());
            let response = ui.add(field).accessible_name(cx.text(word));
            entered |= response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        }
        if draft != *cx.state.draft.as_ref().unwrap_or(&draft) {
            cx.send(Command::Draft(Some(draft)));
        }
        if ui.button(cx.text(Word::SetLimit)).on_hover_text(cx.text(Word::SetLimitTip)).clicked() || entered {
            cx.send(Command::SetLimit);
        }
        if ui.button(cx.text(Word::Cancel)).clicked() {
            cx.send(Command::Draft(None));
        }
    });
}

fn reading(ui: &mut Ui, cx: &mut Cx<'_>, read: &Reading) {
    let chosen = cx.state.draft.as_ref().is_some_and(|d| d.reading == read.id);
    let name = ui.selectable_label(chosen, words::reading(cx.lang(), &read.id));
    if name.on_hover_text(cx.text(Word::LimitTip)).clicked() {
        let draft = Draft { reading: read.id.clone(), unit: read.unit, bounds: Default::default() };
        cx.send(Command::Draft((!chosen).then_some(draft)));
    }
    ui.label(read.at.as_ref().map_or_else(String::new, |at| words::place(at, cx.lang())));
    value(ui, Some(read.value), read.unit);
    figure(ui, &read.uncertainty.map_or_else(String::new, |u| format!("+-{}", compact(u, read.unit))));
    soft(ui, cx, read.definition.clone());
}

/// The quality gates, open and closed.
pub(crate) fn quality(ui: &mut Ui, cx: &mut Cx<'_>, result: &CaptureResult) {
    table(ui, cx, "quality", &[Word::Quality, Word::Verdict, Word::Reading], |ui, cx| {
        for gate in &result.quality {
            ui.label(words::gate(cx.lang(), &gate.gate));
            badge(ui, words::gate_state(cx.lang(), gate.state), cx.palette.gate(gate.state), cx.palette.on_badge);
            ui.label(words::said(cx.lang(), &gate.detail));
            end(ui);
        }
    });
}
