//! The customer's page: what failed, what was done, the proof, the times and the parts, short enough for one sheet of A4.

use faultscope_diagnose::{Finding, Verdict};
use serde_json::Value;

use super::{Audience, Badge, Block, Document, Pair, Tone, compare, finding, full, tally, titled};
use crate::case_view::{self, text_of};
use crate::detail::DataTable;
use crate::input::{ReportInput, Section};
use crate::words::{self, Lang, fill, word};

const MOST_FINDINGS: usize = 2;
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
    proof(input, &pairs, blocks);
    blocks.extend(side_by_side([parts(case, lang), in_utc(cut(case_view::clocks(case, lang), 5, lang), lang)]));
    blocks.push(Block::Signatures(full::signatures(lang)));
    blocks.push(Block::Text(Tone::Small, word(lang, "report.screening_short").into()));
    document
}

/// How things are now: what failed and was not measured again counts as failed, whatever else was repaired.
fn overall(document: &mut Document, input: &ReportInput, pairs: &[Pair]) {
    let lang = input.lang;
    let elsewhere = full::unshown(input);
    let now: Vec<Verdict> =
        compare::standing(&input.sections).flat_map(|s| &s.findings).chain(&elsewhere).map(|f| f.verdict).collect();
    document.overall = Badge::of(Verdict::worst(now.iter().copied()), lang);
    let counts = tally(now.into_iter(), lang).join(" · ");
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
        facts.push((fill(lang, "report.in_utc", &[("name", word(lang, "report.opened_at"))]), opened));
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
    // Of what is equally severe the first: limits stand in the order of their pack.
    let of_section = |s: &'_ Section| -> Option<Finding> {
        let failed = s.findings.iter().filter(|f| f.verdict == Verdict::Fail);
        failed.rev().max_by_key(|f| f.severity).cloned()
    };
    let worst: Vec<Finding> = input.sections.iter().filter_map(of_section).collect();
    for f in worst.iter().take(MOST_FINDINGS) {
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
    let mut actions = in_utc(cut(case_view::actions(case, lang), 4, lang), lang);
    // Who of the service did what is the service's business.
    without_column(&mut actions, 1);
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
    blocks.extend(rows.map(|table| Block::Table(cut(table, 5, lang))));
    let pictures = input.overlays.iter().take(MOST_PICTURES);
    let pictures: Vec<Vec<Block>> = pictures.map(|(_, f)| vec![Block::Picture(f.clone())]).collect();
    if !pictures.is_empty() {
        blocks.push(Block::Columns(pictures));
    }
    let errors = pairs.iter().flat_map(|p| [p.before, p.after]).filter_map(|at| input.sections.get(at));
    let errors = errors.map(|s: &Section| &s.error).filter(|e| !e.is_empty());
    blocks.extend(errors.map(|e| Block::Text(Tone::Small, e.clone())));
}

/// The first rows of a table; how many were left out is said, because the whole report has them.
fn cut(mut table: DataTable, most: usize, lang: Lang) -> DataTable {
    let more = table.rows.len().saturating_sub(most);
    table.rows.truncate(most);
    table.rows.iter_mut().flatten().for_each(|c| c.text = finding::typeset(&c.text));
    if more > 0 {
        table.note = fill(lang, "report.more_in_full", &[("count", &more.to_string())]);
    }
    table
}

/// Parts that were replaced; columns that nothing is known for are left out.
fn parts(case: &Value, lang: Lang) -> DataTable {
    let mut parts = in_utc(cut(case_view::parts(case, lang), 3, lang), lang);
    for column in [2, 1] {
        if parts.rows.iter().all(|row| row.get(column).is_none_or(|c| c.text.is_empty())) {
            without_column(&mut parts, column);
        }
    }
    parts
}

fn side_by_side(tables: [DataTable; 2]) -> Option<Block> {
    let columns = tables.into_iter().map(|table| {
        let mut column = Vec::new();
        titled(&mut column, 3, table);
        column
    });
    let columns: Vec<Vec<Block>> = columns.filter(|c| !c.is_empty()).collect();
    (!columns.is_empty()).then_some(Block::Columns(columns))
}

/// Time columns say once that their times are in UTC.
fn in_utc(mut table: DataTable, lang: Lang) -> DataTable {
    let times = ["table.when", "table.due", "table.met_at"].map(|key| word(lang, key));
    for column in table.columns.iter_mut().filter(|c| times.contains(&c.name.as_str())) {
        column.name = fill(lang, "report.in_utc", &[("name", &column.name)]);
    }
    table
}

fn without_column(table: &mut DataTable, index: usize) {
    if index < table.columns.len() {
        table.columns.remove(index);
    }
    for row in table.rows.iter_mut().filter(|row| index < row.len()) {
        row.remove(index);
    }
}

/// Cuts every text to what its place on the page holds.
pub(super) fn shorten(document: &mut Document) {
    document.title = shortened(&document.title, 90);
    document.blocks.iter_mut().for_each(|block| hold(block, 1));
}

/// In one of so many columns.
fn hold(block: &mut Block, columns: usize) {
    let hold_text = |text: &mut String, width: usize| *text = shortened(&to_the_minute(text), width / columns);
    match block {
        Block::Text(_, text) => hold_text(text, 220),
        Block::Verdict(_, text) => hold_text(text, 150),
        Block::Facts(pairs) => pairs.iter_mut().for_each(|(_, value)| hold_text(value, 46)),
        Block::Table(table) => table.rows.iter_mut().flatten().for_each(|c| hold_text(&mut c.text, 84 / columns)),
        Block::Columns(all) => {
            let count = all.len().max(1);
            all.iter_mut().flatten().for_each(|b| hold(b, count));
        }
        _ => {}
    }
}

/// A time stamp in UTC as people write it; any other text as it is.
fn to_the_minute(text: &str) -> String {
    let pattern = |(i, c): (usize, char)| match i {
        4 | 7 => c == '-',
        10 => c == 'T',
        13 | 16 => c == ':',
        _ => c.is_ascii_digit(),
    };
    let stamp = text.len() >= 20 && text.ends_with('Z') && text.chars().enumerate().take(19).all(pattern);
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) if stamp => format!("{day} {minute}"),
        _ => text.to_owned(),
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
    fn times_are_told_to_the_minute() {
        assert_eq!(to_the_minute("2026-11-26T13:31:02.419Z"), "2026-11-26 13:31");
        assert_eq!(to_the_minute("2026-11-26T13:31:02Z"), "2026-11-26 13:31");
        for other in ["2026-11-26T13:31:02+08:00", "on 2026-11-26", "", "纹波纹波纹波纹波纹波纹波纹波Z"] {
            assert_eq!(to_the_minute(other), other);
        }
    }

    #[test]
    fn texts_are_cut_by_what_they_take_on_paper() {
        assert_eq!(shortened("ab\n cd", 10), "ab cd");
        assert_eq!(shortened("abcdef", 3), "abc…");
        assert_eq!(shortened("纹波过大", 4), "纹波…");
    }
}
