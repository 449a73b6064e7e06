//! The customer's page: what failed, what was done, the proof, the times and the parts, short enough for one sheet of A4.

use faultscope_diagnose::Verdict;
use serde_json::Value;

use super::{Audience, Badge, Block, Document, Pair, Tone, compare, finding, full, tally, titled};
use crate::case_view::{self, text_of};
use crate::detail::DataTable;
use crate::input::{Figure, ReportInput, Section};
use crate::words::{self, Lang, fill, word};

const MOST_FINDINGS: usize = 3;
const MOST_ROWS: usize = 6;
const MOST_PICTURES: usize = 2;

pub(super) fn of(input: &ReportInput) -> Document {
    let lang = input.lang;
    let pairs = compare::pairs(&input.sections);
    let mut document = full::titles(input, Audience::Customer);
    let null = Value::Null;
    let case = input.case.as_ref().unwrap_or(&null);
    overall(&mut document, input, &pairs);
    let blocks = &mut document.blocks;
    blocks.push(Block::Facts(facts(case, lang)));
    failed(input, case, blocks);
    done(input, case, blocks);
    titled(blocks, 3, cut(case_view::parts(case, lang), lang));
    proof(input, &pairs, blocks);
    titled(blocks, 3, cut(case_view::clocks(case, lang), lang));
    blocks.push(Block::Signatures(full::signatures(lang)));
    blocks.push(Block::Text(Tone::Small, word(lang, "report.screening_short").into()));
    document
}

/// What was measured last of everything that was measured before and after.
fn overall(document: &mut Document, input: &ReportInput, pairs: &[Pair]) {
    let lang = input.lang;
    let after = || pairs.iter().filter_map(|p| input.sections.get(p.after)).flat_map(|s| &s.findings).map(|f| f.verdict);
    document.overall = Badge::of(Verdict::worst(after()), lang);
    let counts = tally(after(), lang).join(" · ");
    let said = if pairs.is_empty() { "report.no_proof" } else { "report.after_repair" };
    document.counts = [word(lang, said).to_owned(), counts].into_iter().filter(|t| !t.is_empty()).collect();
}

fn facts(case: &Value, lang: Lang) -> Vec<(String, String)> {
    let wanted = ["report.customer", "report.site", "report.equipment", "report.status", "report.assignee"];
    let wanted = wanted.map(|key| word(lang, key));
    let mut facts = case_view::facts(case, lang);
    facts.retain(|(name, _)| wanted.contains(&name.as_str()));
    let opened = text_of(&case["opened_at"]);
    if !opened.is_empty() {
        facts.push((word(lang, "report.opened_at").into(), opened));
    }
    facts
}

/// The symptom, and the worst that was measured before the repair.
fn failed(input: &ReportInput, case: &Value, blocks: &mut Vec<Block>) {
    let lang = input.lang;
    blocks.push(Block::Heading(3, word(lang, "report.what_failed").into()));
    let symptom = text_of(&case["symptom"]);
    if !symptom.is_empty() {
        blocks.push(Block::Text(Tone::Plain, symptom));
    }
    let worst = input.sections.iter().filter_map(|s| s.findings.iter().find(|f| f.verdict == Verdict::Fail));
    for f in worst.take(MOST_FINDINGS) {
        blocks.push(Block::Verdict(Badge::of(Some(f.verdict), lang), words::summary(f, lang)));
    }
    let cause = text_of(&case["root_cause"]);
    let said = match (cause.is_empty(), input.causes.first()) {
        (false, _) => format!("{}: {cause}", word(lang, "report.root_cause")),
        (true, Some(likeliest)) => {
            let c = finding::cause(likeliest, &[], false, lang);
            format!("{}: {} ({})", word(lang, "report.cause"), c.cause, c.confidence)
        }
        (true, None) => return,
    };
    blocks.push(Block::Text(Tone::Plain, said));
}

/// The remedy and the steps to it.
fn done(input: &ReportInput, case: &Value, blocks: &mut Vec<Block>) {
    let lang = input.lang;
    blocks.push(Block::Heading(3, word(lang, "report.what_was_done").into()));
    let remedy = text_of(&case["closure"]["remedy"]);
    let actions = cut(case_view::actions(case, lang), lang);
    if remedy.is_empty() && actions.rows.is_empty() {
        blocks.push(Block::Text(Tone::Plain, word(lang, "report.nothing_done").into()));
    }
    if !remedy.is_empty() {
        blocks.push(Block::Text(Tone::Plain, remedy));
    }
    if !actions.rows.is_empty() {
        blocks.push(Block::Table(actions));
    }
}

/// Before and after, judged readings only, and the pictures of both.
fn proof(input: &ReportInput, pairs: &[Pair], blocks: &mut Vec<Block>) {
    let lang = input.lang;
    blocks.push(Block::Heading(3, word(lang, "report.before_after").into()));
    if pairs.is_empty() {
        blocks.push(Block::Text(Tone::Plain, word(lang, "report.no_proof").into()));
        return;
    }
    let mut rows: Option<DataTable> = None;
    for pair in pairs {
        let mut table = compare::table(pair, &input.sections, lang);
        // What no limit was set on proves nothing.
        table.rows.retain(|row| row.iter().any(|c| c.verdict.is_some()));
        match &mut rows {
            Some(all) => all.rows.extend(table.rows),
            None => rows = Some(table),
        }
    }
    blocks.extend(rows.map(|table| Block::Table(cut(table, lang))));
    let pictures: Vec<Figure> = input.overlays.iter().take(MOST_PICTURES).map(|(_, f)| f.clone()).collect();
    if !pictures.is_empty() {
        blocks.push(Block::Pictures(pictures));
    }
    let errors = pairs.iter().flat_map(|p| [p.before, p.after]).filter_map(|at| input.sections.get(at));
    blocks.extend(errors.filter_map(|s: &Section| {
        (!s.error.is_empty()).then(|| Block::Text(Tone::Small, s.error.clone()))
    }));
}

/// The first rows of a table; how many were left out is said, because the whole report has them.
fn cut(mut table: DataTable, lang: Lang) -> DataTable {
    let more = table.rows.len().saturating_sub(MOST_ROWS);
    table.rows.truncate(MOST_ROWS);
    table.rows.iter_mut().flatten().for_each(|c| c.text = finding::typeset(&c.text));
    if more > 0 {
        table.note = fill(lang, "report.more_in_full", &[("count", &more.to_string())]);
    }
    table
}

/// Cuts every text to what its place on the page holds.
pub(super) fn shorten(document: &mut Document) {
    let hold = |text: &mut String, width: usize| *text = shortened(text, width);
    hold(&mut document.title, 110);
    for block in &mut document.blocks {
        match block {
            Block::Text(_, text) => hold(text, 330),
            Block::Verdict(_, text) => hold(text, 160),
            Block::Facts(pairs) => pairs.iter_mut().for_each(|(_, value)| hold(value, 80)),
            Block::Table(table) => table.rows.iter_mut().flatten().for_each(|c| hold(&mut c.text, 90)),
            _ => {}
        }
    }
}

/// A text of at most `width` Latin letters; Chinese characters take two. On one line, ended with a sign where it was cut.
fn shortened(text: &str, width: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut used = 0;
    let mut out = String::new();
    for c in text.chars() {
        used += if u32::from(c) >= 0x2E80 { 2 } else { 1 };
        if used > width {
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_what_they_take_on_paper() {
        assert_eq!(shortened("ab\n cd", 10), "ab cd");
        assert_eq!(shortened("abcdef", 3), "abc…");
        assert_eq!(shortened("纹波过大", 4), "纹波…");
    }
}
