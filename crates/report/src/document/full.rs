//! The whole report: everything that is known, for whoever works on the fault.

use faultscope_diagnose::{Finding, Verdict};
use faultscope_signal::Unit;

use super::{Audience, Badge, Block, Document, Tone, compare, finding, tally, titled};
use crate::case_view::{self, text_of};
use crate::detail;
use crate::format::{compact, frequency};
use crate::input::{CaptureFacts, ReportInput, Section};
use crate::words::{Lang, fill, word};

pub(super) fn of(input: &ReportInput) -> Document {
    let unshown = unshown(input);
    let findings: Vec<Finding> = input.sections.iter().flat_map(|s| &s.findings).chain(&unshown).cloned().collect();
    let lang = input.lang;
    let mut document = opening(input, &findings);
    let blocks = &mut document.blocks;
    if !input.causes.is_empty() {
        blocks.push(Block::Heading(2, word(lang, "report.case_causes").into()));
        blocks.extend(input.causes.iter().map(|c| Block::Cause(finding::cause(c, &findings, true, lang))));
    }
    if !input.warnings.is_empty() {
        titled(blocks, 2, detail::early::table(&input.warnings, lang));
        blocks.push(Block::Text(Tone::Small, word(lang, "report.early_over").into()));
    }
    for table in input.case.as_ref().map_or_else(Vec::new, |c| case_view::checklists(c, lang)) {
        titled(blocks, 2, table);
    }
    compared(input, blocks);
    if let Some(case) = &input.case {
        titled(blocks, 2, case_view::parts(case, lang));
    }
    for (index, s) in input.sections.iter().enumerate() {
        section(index, s, input, blocks);
    }
    if !unshown.is_empty() {
        blocks.push(Block::Heading(2, word(lang, "report.findings_elsewhere").into()));
        blocks.push(Block::Table(detail::findings(&unshown, lang)));
    }
    if let Some(case) = &input.case {
        let tables = [
            case_view::pauses(case, lang),
            case_view::time_hints(case, lang),
            case_view::actions(case, lang),
            case_view::evidence(case, lang),
            case_view::timeline(case, lang),
        ];
        for table in tables {
            titled(blocks, 2, table);
        }
        blocks.push(Block::Signatures(signatures(lang)));
    }
    blocks.push(Block::Text(Tone::Statement, word(lang, "report.screening").into()));
    let again = [word(lang, "report.what_is_tested"), word(lang, "report.computed_again")];
    blocks.push(Block::Text(Tone::Small, again.join(if lang == Lang::En { " " } else { "" })));
    set_signs(&mut document);
    document
}

/// Signs that terminals do without, in every table.
fn set_signs(document: &mut Document) {
    for block in &mut document.blocks {
        if let Block::Table(table) = block {
            table.rows.iter_mut().flatten().for_each(|c| c.text = finding::typeset(&c.text));
        }
    }
}

pub(super) fn signatures(lang: Lang) -> Vec<String> {
    ["report.signed_engineer", "report.signed_customer"].map(|key| word(lang, key).to_owned()).into()
}

/// Title, overall verdict, facts and clocks.
fn opening(input: &ReportInput, findings: &[Finding]) -> Document {
    let lang = input.lang;
    let case = input.case.as_ref();
    // What inspection found counts as much as what a limit says: a failed item never leaves a report green.
    let checks = case.map_or_else(Vec::new, case_view::check_verdicts);
    let worst = Verdict::worst(findings.iter().map(|f| f.verdict).chain(checks));
    let judged = fill(lang, "report.verdict_counts", &[("count", &findings.len().to_string())]);
    let mut line = vec![judged];
    line.extend(tally(findings.iter().map(|f| f.verdict), lang));
    let mut counts = vec![line.join(" · ")];
    counts.extend(case.and_then(|c| case_view::check_counts(c, lang)));
    let mut document = titles(input, Audience::Engineer);
    document.overall = Badge::of(worst, lang);
    document.counts = counts;
    if let Some(case) = case {
        // The title is the page's heading already.
        let unheard = |(name, _): &(String, String)| name != word(lang, "table.title");
        document.blocks.push(Block::Facts(case_view::facts(case, lang).into_iter().filter(unheard).collect()));
        titled(&mut document.blocks, 3, case_view::clocks(case, lang));
    }
    document
}

/// A document with its titles only.
pub(super) fn titles(input: &ReportInput, audience: Audience) -> Document {
    let lang = input.lang;
    let said = |field: &str| input.case.as_ref().map_or_else(String::new, |c| text_of(&c[field]));
    let key = match (input.case.is_some(), audience) {
        (false, _) => "report.title_check",
        (true, Audience::Engineer) => "report.title",
        (true, Audience::Customer) => "report.title_customer",
    };
    let heading = word(lang, key).to_owned();
    let (id, title) = (said("id"), said("title"));
    let joined = |parts: &[&String], by: &str| {
        parts.iter().filter(|p| !p.is_empty()).map(|p| p.as_str()).collect::<Vec<_>>().join(by)
    };
    let numbered = joined(&[&heading, &id], " ");
    Document {
        lang,
        one_page: audience == Audience::Customer,
        name: joined(&[&numbered, &title], " - "),
        kicker: joined(&[&heading, &id, &said("priority")], " · "),
        title: if title.is_empty() { heading.clone() } else { title },
        overall: Badge::of(None, lang),
        counts: Vec::new(),
        blocks: Vec::new(),
        running: numbered,
        generated: fill(lang, "report.generated", &[("when", &input.generated_at), ("tool", &input.tool)]),
    }
}

/// Findings of the case that no section shows, because their captures are not part of this report: they count all the
/// same. The same limit can be answered by several captures, so the value tells them apart.
pub(super) fn unshown(input: &ReportInput) -> Vec<Finding> {
    let all = input.case.as_ref().and_then(|c| c.get("findings")).and_then(serde_json::Value::as_array);
    let read = |f: &serde_json::Value| serde_json::from_value::<Finding>(f.clone()).ok();
    let shown = |f: &Finding| {
        let mut listed = input.sections.iter().flat_map(|s| &s.findings);
        listed.any(|s| s.id == f.id && s.value == f.value && s.verdict == f.verdict)
    };
    all.into_iter().flatten().filter_map(read).filter(|f| !shown(f)).collect()
}

/// Before and after, pair by pair.
fn compared(input: &ReportInput, blocks: &mut Vec<Block>) {
    let pairs = compare::pairs(&input.sections);
    if pairs.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, word(input.lang, "report.before_after").into()));
    for pair in pairs {
        titled(blocks, 3, compare::table(&pair, &input.sections, input.lang));
        let overlay = input.overlays.iter().find(|(at, _)| *at == pair.before);
        blocks.extend(overlay.map(|(_, figure)| Block::Picture(figure.clone())));
    }
}

fn section(index: usize, s: &Section, input: &ReportInput, blocks: &mut Vec<Block>) {
    let lang = input.lang;
    let number = (index + 1).to_string();
    blocks.push(Block::Heading(2, fill(lang, "report.section_of", &[("number", &number), ("title", &s.title)])));
    blocks.push(Block::Verdict(Badge::of(Verdict::worst(s.findings.iter().map(|f| f.verdict)), lang), s.role.clone()));
    if !s.error.is_empty() {
        blocks.push(Block::Text(Tone::Error, s.error.clone()));
    }
    blocks.push(Block::Facts(capture(&s.capture, lang)));
    if !s.capture.sha256.is_empty() {
        blocks.push(Block::Text(Tone::Small, format!("SHA-256 {}", s.capture.sha256)));
    }
    blocks.push(Block::Heading(3, word(lang, "report.findings").into()));
    blocks.extend(s.findings.iter().map(|f| Block::Finding(finding::finding(f, &s.findings, &input.causes, lang))));
    if s.findings.is_empty() {
        blocks.push(Block::Text(Tone::Plain, word(lang, "report.no_findings").into()));
    }
    blocks.extend(s.pictures.iter().cloned().map(Block::Picture));
    measured(s, lang, blocks);
    if !s.settings.is_null() {
        blocks.push(Block::Heading(3, word(lang, "report.settings").into()));
        blocks.push(Block::Code(serde_json::to_string_pretty(&s.settings).unwrap_or_default()));
    }
}

/// Gates, readings and what was found beyond them.
fn measured(s: &Section, lang: Lang, blocks: &mut Vec<Block>) {
    let shown: Vec<_> = s.readings.iter().filter(|r| !r.is_sign()).cloned().collect();
    let mut tables = vec![detail::gates(&s.gates, lang), detail::readings(&shown, lang)];
    tables.extend(s.detail.as_ref().map_or_else(Vec::new, |d| detail::of(d, 25, lang)));
    tables.extend(s.link.iter().flat_map(|d| detail::link::tables(d, lang)));
    for table in tables {
        titled(blocks, 3, table);
    }
}

fn capture(c: &CaptureFacts, lang: Lang) -> Vec<(String, String)> {
    let rate = |v: f64| {
        format!("{} S/s", frequency(v).trim_end_matches("Hz").trim_end())
            .replace("k S/s", "kS/s")
            .replace("M S/s", "MS/s")
            .replace("G S/s", "GS/s")
    };
    let all = [
        ("table.file", c.file.clone()),
        ("report.format", c.format.clone()),
        ("report.sample_rate", c.sample_rate_hz.map_or_else(String::new, rate)),
        ("report.centre", c.center_hz.map_or_else(String::new, frequency)),
        ("report.samples", c.samples.map_or_else(String::new, |n| n.to_string())),
        ("report.duration", c.duration_s.map_or_else(String::new, |d| compact(d, Unit::Second))),
        ("report.unit", c.unit.clone()),
        ("report.start_time", c.start_time.clone().unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (word(lang, k).to_owned(), v)).collect()
}
