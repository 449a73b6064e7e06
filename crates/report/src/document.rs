//! What a report says, block by block, before any file format is thought of: every printer puts the same words on paper.

mod compare;
mod customer;
mod finding;
mod full;

use std::collections::BTreeMap;

use faultscope_diagnose::Verdict;

use crate::detail::DataTable;
use crate::input::{Figure, ReportInput};
use crate::redact::Redaction;
use crate::words::{self, Lang, word};

pub use compare::{Pair, pairs, subject};

/// Whom a report is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Whoever works on the fault: everything.
    #[default]
    Engineer,
    /// Whose equipment it is: one page with what failed, what was done, the proof, the times and the parts.
    Customer,
}

/// A report in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(crate) lang: Lang,
    /// Whether it has to fit one page.
    pub(crate) one_page: bool,
    /// Name of the file for whoever shows it: in the window's title, in a document's properties.
    pub(crate) name: String,
    /// Above the title.
    pub(crate) kicker: String,
    pub(crate) title: String,
    pub(crate) overall: Badge,
    /// Below the overall verdict, line by line.
    pub(crate) counts: Vec<String>,
    pub(crate) blocks: Vec<Block>,
    /// At the foot of each page: the case.
    pub(crate) running: String,
    /// When and by what it was written.
    pub(crate) generated: String,
}

/// A verdict as a word on a colour.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Badge {
    pub(crate) name: String,
    pub(crate) verdict: Option<Verdict>,
}

impl Badge {
    pub(crate) fn of(verdict: Option<Verdict>, lang: Lang) -> Self {
        let name = verdict.map_or_else(|| word(lang, "verdict.none"), |v| words::verdict(lang, v));
        Self { name: name.into(), verdict }
    }
}

/// How a paragraph is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Small,
    /// Something is missing, and this says why.
    Error,
    /// What the whole report does and does not claim.
    Statement,
}

/// One thing that stands below the one before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    /// 2 for a chapter, 3 for what is within.
    Heading(u8, String),
    /// Names and values side by side.
    Facts(Vec<(String, String)>),
    Text(Tone, String),
    /// A verdict and what it is about.
    Verdict(Badge, String),
    /// A table without its title, which is a heading.
    Table(DataTable),
    Finding(FindingBlock),
    Cause(CauseBlock),
    Picture(Figure),
    /// Side by side; each column has the same width and fits one page.
    Columns(Vec<Vec<Block>>),
    /// To be read by programs.
    Code(String),
    /// Room for a name, a date and a signature each.
    Signatures(Vec<String>),
}

/// One limit, answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FindingBlock {
    pub(crate) id: String,
    pub(crate) badge: Badge,
    /// The sentence.
    pub(crate) says: String,
    /// Value, limit, margin, source, alarm.
    pub(crate) figures: String,
    pub(crate) causes: Vec<CauseBlock>,
}

/// A probable cause.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CauseBlock {
    pub(crate) cause: String,
    /// The rule, and what it rests on.
    pub(crate) rule: String,
    pub(crate) confidence: String,
    /// Evidence, what would rule it out, what to check next: name and its lines.
    pub(crate) items: Vec<(String, Vec<String>)>,
}

impl Document {
    /// Puts a report into words, those of `redaction` replaced. Texts that a picture cut short before are not found: whoever
    /// draws has to redact them first.
    #[must_use]
    pub fn of(input: &ReportInput, audience: Audience, redaction: &Redaction) -> Self {
        let mut document = match audience {
            Audience::Engineer => full::of(input),
            Audience::Customer => customer::of(input),
        };
        if !redaction.is_empty() {
            document.each_text(&mut |text| *text = redaction.apply(text));
        }
        if document.one_page {
            // Only now: half a name would not be found.
            customer::shorten(&mut document);
        }
        document
    }

    /// Changes every text that a printer would print, those inside pictures too; labels of the program's own (columns, names of
    /// facts, verdicts) stay, because nobody's name is in them.
    pub(crate) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        for text in [&mut self.name, &mut self.kicker, &mut self.title, &mut self.running, &mut self.generated] {
            change(text);
        }
        self.counts.iter_mut().for_each(&mut *change);
        for block in &mut self.blocks {
            each_text_of(block, change);
        }
    }
}

fn each_text_of(block: &mut Block, change: &mut dyn FnMut(&mut String)) {
    match block {
        Block::Heading(_, text) | Block::Text(_, text) | Block::Code(text) => change(text),
        Block::Facts(pairs) => pairs.iter_mut().for_each(|(_, value)| change(value)),
        Block::Verdict(_, text) => change(text),
        Block::Table(table) => each_text_of_table(table, change),
        Block::Finding(finding) => {
            for text in [&mut finding.id, &mut finding.says, &mut finding.figures] {
                change(text);
            }
            finding.causes.iter_mut().for_each(|c| each_text_of_cause(c, change));
        }
        Block::Cause(cause) => each_text_of_cause(cause, change),
        Block::Picture(figure) => {
            change(&mut figure.caption);
            figure.drawing.each_text(change);
        }
        Block::Columns(columns) => columns.iter_mut().flatten().for_each(|b| each_text_of(b, change)),
        Block::Signatures(_) => {}
    }
}

fn each_text_of_table(table: &mut DataTable, change: &mut dyn FnMut(&mut String)) {
    change(&mut table.title);
    change(&mut table.note);
    table.rows.iter_mut().flatten().for_each(|c| change(&mut c.text));
}

fn each_text_of_cause(cause: &mut CauseBlock, change: &mut dyn FnMut(&mut String)) {
    for text in [&mut cause.cause, &mut cause.rule, &mut cause.confidence] {
        change(text);
    }
    cause.items.iter_mut().for_each(|(_, lines)| lines.iter_mut().for_each(&mut *change));
}

/// A table with its heading; nothing where it has neither rows nor a note.
pub(crate) fn titled(blocks: &mut Vec<Block>, level: u8, table: DataTable) {
    if table.rows.is_empty() && table.note.is_empty() {
        return;
    }
    blocks.push(Block::Heading(level, table.title.clone()));
    blocks.push(Block::Table(table));
}

/// How many of each verdict, worst first, only those that occur.
pub(crate) fn tally(verdicts: impl Iterator<Item = Verdict>, lang: Lang) -> Vec<String> {
    use Verdict::{Fail, Invalid, Margin, NotEvaluated, Pass};
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    verdicts.for_each(|v| *counts.entry(v.name()).or_default() += 1);
    let all = [Fail, Invalid, NotEvaluated, Margin, Pass];
    all.iter().filter_map(|v| counts.get(v.name()).map(|n| format!("{n} {}", words::verdict(lang, *v)))).collect()
}
