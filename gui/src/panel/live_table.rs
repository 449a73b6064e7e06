//! The readings of a live source: now, mean, least, most, and how often each limit failed.

use eframe::egui::Ui;
use faultscope_door::paper::{compact, words};
use faultscope_door::signal::Unit;

use super::tables::{bounds, end, figure, table};
use super::{Cx, badge, packs, soft, title, verdict_badge};
use crate::app::{Command, Judged, Live, Row};
use crate::words::Word;

/// Draws the table.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    ui.horizontal_wrapped(|ui| {
        title(ui, cx.text(Word::LiveTable));
        if let Some(measurement) = live.measurement() {
            soft(ui, cx, words::measurement(cx.lang(), measurement));
            if let Some(seconds) = live.table.seconds.filter(|s| *s > 0.0) {
                soft(ui, cx, compact(seconds, Unit::Second));
            }
            if let Some(verdict) = live.table.verdict() {
                verdict_badge(ui, cx, Some(verdict));
            }
            for gate in &live.table.gates {
                let text = words::gate(cx.lang(), &gate.gate);
                badge(ui, &text, cx.palette.gate(gate.state), cx.palette.on_badge).on_hover_text(&gate.detail);
            }
            if ui.button(cx.text(Word::ClearTable)).clicked() {
                cx.send(Command::ClearTable);
            }
            packs::show(ui, cx, measurement, &cx.state.chosen, Command::ToggleLivePack);
        }
    });
    if let Some(error) = &live.table.error {
        ui.colored_label(cx.palette.failure(), &error.message);
        ui.label(&error.hint);
    }
    if live.table.rows.is_empty() {
        let none = live.source.is_some() && live.measurement().is_none();
        soft(ui, cx, cx.text(if none { Word::LiveTableNone } else { Word::LiveTableWaiting }));
        return;
    }
    let heads =
        [Word::Verdict, Word::Reading, Word::Now, Word::Limit, Word::Fails, Word::Mean, Word::Least, Word::Most];
    // What is judged first, the rest as it was measured.
    let (judged, rest): (Vec<&Row>, Vec<&Row>) = live.table.rows.iter().partition(|r| !r.judged.is_empty());
    table(ui, cx, "live-table", &heads, |ui, cx| {
        for reading in judged {
            reading.judged.iter().for_each(|j| row(ui, cx, reading, Some(j)));
        }
        rest.into_iter().for_each(|reading| row(ui, cx, reading, None));
    });
}

fn row(ui: &mut Ui, cx: &Cx<'_>, reading: &Row, judged: Option<&Judged>) {
    let said = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| compact(v, reading.unit));
    match judged {
        Some(j) => drop(verdict_badge(ui, cx, Some(j.last.verdict)).on_hover_text(&j.last.reason)),
        None => drop(ui.label("")),
    }
    ui.label(words::reading(cx.lang(), &reading.id));
    figure(ui, &said(reading.now));
    let limit = judged.and_then(|j| j.last.limit.as_ref());
    figure(ui, &limit.map_or_else(String::new, |l| bounds(l, reading.unit)));
    figure(ui, &judged.map_or_else(String::new, |j| format!("{} / {}", j.fails, j.asked)));
    figure(ui, &said(reading.mean()));
    let (least, most) = reading.range;
    figure(ui, &said(Some(least).filter(|v| v.is_finite())));
    figure(ui, &said(Some(most).filter(|v| v.is_finite())));
    end(ui);
}
