//! The open case, whole: what can be done to it, its facts and timeline, and all that was found.

use eframe::egui;
use egui::{Grid, RichText, ScrollArea, Ui};
use faultscope_door::cases::{Case, Repaired, UnitTrend};
use faultscope_door::diagnose::{Cause, Finding};
use faultscope_door::paper::compact;
use faultscope_door::paper::words::{self, word};

use super::{Cx, answers, cause, soft, steps, tables, title, verdict_badge, warning};
use crate::app::Command;
use crate::words::Word;

/// Causes that are told at once.
const LIKELIEST: usize = 3;

/// Draws the case.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(case) = &state.desk.case else { return };
    ui.horizontal_wrapped(|ui| {
        title(ui, &case.id);
        ui.label(RichText::new(&case.title).strong().size(16.0));
        soft(ui, cx, format!("{}  {}", case.priority.name(), words::status(cx.lang(), case.status.name())));
        if ui.button(cx.text(Word::CaseHide)).clicked() {
            cx.send(Command::GoBack);
        }
    });
    steps::show(ui, cx, case);
    answers::show(ui, cx);
    ui.separator();
    ui.columns(2, |halves| {
        if let [left, right] = halves {
            ScrollArea::vertical().id_salt("facts").auto_shrink([false, false]).show(left, |ui| {
                facts(ui, cx, case);
                proof(ui, cx);
                timeline(ui, cx, case);
            });
            ScrollArea::vertical().id_salt("found").auto_shrink([false, false]).show(right, |ui| found(ui, cx, case));
        }
    });
}

/// A heading of the report room's table.
fn heading(ui: &mut Ui, cx: &Cx<'_>, key: &str) {
    ui.add_space(8.0);
    title(ui, word(cx.lang(), key));
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, case: &Case) {
    let equipment = [&case.equipment.kind, &case.equipment.model, &case.equipment.serial, &case.equipment.tag];
    let equipment: Vec<&str> = equipment.into_iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
    let closure = case.closure.as_ref();
    let rows = [
        ("report.customer", case.customer.clone()),
        ("report.site", case.site.clone()),
        ("report.equipment", equipment.join(" / ")),
        ("report.symptom", case.symptom.clone()),
        ("report.opened_at", case.opened_at.clone()),
        ("report.assignee", case.assignee.clone().unwrap_or_default()),
        ("report.root_cause", case.root_cause.clone().unwrap_or_default()),
        ("report.remedy", closure.map(|c| c.remedy.clone()).unwrap_or_default()),
        ("report.confirmed_by", closure.and_then(|c| c.confirmed_by.clone()).unwrap_or_default()),
    ];
    Grid::new("facts").num_columns(2).spacing([10.0, 4.0]).show(ui, |ui| {
        for (key, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
            soft(ui, cx, word(cx.lang(), key));
            ui.add(egui::Label::new(text).wrap());
            ui.end_row();
        }
    });
}

/// What came of proving the case.
fn proof(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(verified) = &cx.state.desk.dossier.verified else { return };
    ui.add_space(8.0);
    title(ui, cx.text(Word::CaseVerify));
    let again = &verified.recomputed;
    if verified.is_intact() {
        ui.label(cx.text(if again.not_evaluated == 0 { Word::ProofIntact } else { Word::ProofUntold }));
    }
    for difference in &verified.differences {
        ui.colored_label(cx.palette.failure(), format!("{}: {}", difference.at, difference.detail));
    }
    let counts = format!(
        "{} {}, {} {}, {} {}",
        verified.events,
        cx.text(Word::ProofEvents),
        verified.evidence,
        cx.text(Word::CaseEvidence),
        again.same,
        cx.text(Word::ProofSame)
    );
    soft(ui, cx, counts);
}

/// What happened, the latest first.
fn timeline(ui: &mut Ui, cx: &Cx<'_>, case: &Case) {
    heading(ui, cx, "report.timeline");
    for entry in case.timeline.iter().rev() {
        ui.horizontal_wrapped(|ui| {
            let at = entry.at.get(..16).unwrap_or(&entry.at).replace('T', " ");
            soft(ui, cx, at).on_hover_text(&entry.at);
            ui.label(RichText::new(words::happened(cx.lang(), &entry.kind)).strong());
            soft(ui, cx, &entry.actor);
            ui.label(&entry.text);
        });
    }
}

fn found(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    let dossier = &cx.state.desk.dossier;
    warnings(ui, cx, &dossier.warnings);
    links(ui, cx, case);
    causes(ui, cx, &dossier.causes);
    repaired(ui, cx, &dossier.repaired);
    heading(ui, cx, "report.findings");
    let mut own: Vec<_> = case.findings.iter().filter(|f| f.captures.is_empty()).collect();
    own.sort_by_key(|f| std::cmp::Reverse(tables::rank(f.finding.verdict)));
    for judged in &own {
        finding(ui, cx, &judged.finding, judged.role.as_deref());
    }
    if own.is_empty() {
        ui.label(cx.text(Word::CaseNothingFound));
    }
    checklists(ui, cx, case);
    heading(ui, cx, "report.evidence");
    if case.evidence.is_empty() {
        ui.label(cx.text(Word::CaseNoEvidence));
    }
    for kept in &case.evidence {
        let role = kept.role.as_ref().map_or_else(String::new, |role| format!(" ({role})"));
        ui.label(format!("{}{role}", kept.name)).on_hover_text(format!("SHA-256 {}", kept.sha256));
    }
}

fn finding(ui: &mut Ui, cx: &Cx<'_>, finding: &Finding, role: Option<&str>) {
    ui.horizontal_wrapped(|ui| {
        verdict_badge(ui, cx, Some(finding.verdict));
        if let Some(role) = role {
            soft(ui, cx, role);
        }
        ui.label(words::summary(finding, cx.lang()));
    });
}

/// Findings that rest on several captures: what links the supply to the transmitter.
fn links(ui: &mut Ui, cx: &Cx<'_>, case: &Case) {
    let all: Vec<_> = case.findings.iter().filter(|f| !f.captures.is_empty()).collect();
    if all.is_empty() {
        return;
    }
    ui.add_space(8.0);
    title(ui, cx.text(Word::CaseLinks));
    for judged in all {
        finding(ui, cx, &judged.finding, None);
        let names: Vec<&str> = judged.captures.iter().map(|c| c.name.as_str()).collect();
        soft(ui, cx, names.join("  +  "));
    }
}

fn causes(ui: &mut Ui, cx: &Cx<'_>, causes: &[Cause]) {
    heading(ui, cx, "report.case_causes");
    if causes.is_empty() {
        ui.label(cx.text(Word::CaseNoCause));
    }
    let (first, rest) = causes.split_at(causes.len().min(LIKELIEST));
    first.iter().for_each(|likely| cause::show(ui, cx, likely));
    if !rest.is_empty() {
        let more = format!("{} {}", rest.len(), cx.text(Word::CaseMoreCauses));
        ui.collapsing(more, |ui| rest.iter().for_each(|likely| cause::show(ui, cx, likely)));
    }
}

fn repaired(ui: &mut Ui, cx: &Cx<'_>, all: &[Repaired]) {
    if all.is_empty() {
        return;
    }
    heading(ui, cx, "report.before_after");
    let lang = cx.lang();
    Grid::new("repaired").striped(true).num_columns(4).spacing([9.0, 4.0]).show(ui, |ui| {
        for key in ["table.reading", "table.before", "table.after", "table.change"] {
            soft(ui, cx, word(lang, key));
        }
        ui.end_row();
        for pair in all {
            ui.label(format!("{} {}", pair.subject, words::reading(lang, &pair.before.reading)));
            for side in [&pair.before, &pair.after] {
                ui.horizontal(|ui| {
                    verdict_badge(ui, cx, Some(side.verdict));
                    ui.monospace(side.value.map_or_else(|| "-".to_owned(), |v| compact(v, side.unit)));
                });
            }
            let change = pair.after.value.zip(pair.before.value).map(|(after, before)| after - before);
            ui.monospace(change.map_or_else(|| "-".to_owned(), |v| compact(v, pair.before.unit.difference())));
            ui.end_row();
        }
    });
}

fn warnings(ui: &mut Ui, cx: &Cx<'_>, all: &[UnitTrend]) {
    if all.is_empty() {
        return;
    }
    ui.add_space(8.0);
    title(ui, cx.text(Word::Warnings));
    all.iter().for_each(|trend| warning::show(ui, cx, trend));
}

fn checklists(ui: &mut Ui, cx: &mut Cx<'_>, case: &Case) {
    heading(ui, cx, "report.checklists");
    answers::choose(ui, cx);
    for list in &case.checklists {
        soft(ui, cx, list.text.get(cx.lang().tag()).unwrap_or(&list.title));
        for item in &list.items {
            ui.horizontal_wrapped(|ui| {
                verdict_badge(ui, cx, Some(item.result.verdict()));
                ui.label(item.words(cx.lang().tag()));
                soft(ui, cx, &item.note);
            });
        }
    }
}
