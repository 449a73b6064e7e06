//! Terminal tables: compact, units in the header, numbers to the right, Chinese at its true width.
//!
//! Width and colour are handed in: this room does not look at the terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use faultscope_diagnose::artefact::ArtefactDetail;
use faultscope_diagnose::compare::Comparison;
use faultscope_diagnose::link::LinkDetail;
use faultscope_diagnose::measurement::{
    ChannelDetail, EmissionsDetail, ModulationDetail, PhaseNoiseDetail, RippleDetail, SpursDetail, TransitionDetail,
};
use faultscope_diagnose::{Cause, Finding, Gate, Reading, RestsOn, Verdict};
use serde_json::Value;

use crate::case_view::{self, text_of};
use crate::detail::{self, Cell, Column, DataTable};
use crate::words::{self, Lang, word};

/// How tables are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Language.
    pub lang: Lang,
    /// Columns of the terminal; text wraps to fit.
    pub width: u16,
    /// Whether verdicts are coloured (ANSI).
    pub color: bool,
}

/// The spurs table with the carrier in its first line; the strongest `most` spurs.
#[must_use]
pub fn spurs(detail: &SpursDetail, most: usize, style: Style) -> String {
    print(&detail::spurs(detail, most, style.lang), style)
}

/// The ripple tables: supply, lines, bands, events.
#[must_use]
pub fn ripple(detail: &RippleDetail, style: Style) -> String {
    titled(&detail::ripple(detail, style.lang), style)
}

/// The channel tables: channel, neighbours, mask.
#[must_use]
pub fn channel(detail: &ChannelDetail, style: Style) -> String {
    titled(&detail::radio::channel(detail, style.lang), style)
}

/// The limit lines, piece by piece.
#[must_use]
pub fn emissions(detail: &EmissionsDetail, style: Style) -> String {
    titled(&[detail::radio::emissions(detail, style.lang)], style)
}

/// The modulation tables: carrier and modulation, vector error.
#[must_use]
pub fn modulation(detail: &ModulationDetail, style: Style) -> String {
    titled(&detail::radio::modulation(detail, style.lang), style)
}

/// The phase-noise tables: carrier and integrals, trace, the `most` strongest lines.
#[must_use]
pub fn phase_noise(detail: &PhaseNoiseDetail, most: usize, style: Style) -> String {
    titled(&detail::phase_noise::tables(detail, most, style.lang), style)
}

/// The link tables: the lines found again as sidebands, the pairs that nothing explains.
#[must_use]
pub fn link(detail: &LinkDetail, style: Style) -> String {
    titled(&detail::link::tables(detail, style.lang), style)
}

/// The table of the receiver-artefact test.
#[must_use]
pub fn artefacts(detail: &ArtefactDetail, style: Style) -> String {
    titled(&[detail::artefacts::table(detail, style.lang)], style)
}

/// The comparison: one sentence, the `most` largest differences, what became of those before a repair.
#[must_use]
pub fn comparison(comparison: &Comparison, most: usize, style: Style) -> String {
    let tables = detail::comparison::tables(comparison, most, style.lang);
    format!("{}\n{}", detail::comparison::head(comparison, style.lang), titled(&tables, style))
}

fn titled(tables: &[DataTable], style: Style) -> String {
    tables.iter().map(|t| format!("{}\n{}", t.title, print(t, style))).collect::<Vec<_>>().join("\n")
}

/// The transition tables: states and pulses, edges, load steps.
#[must_use]
pub fn transition(detail: &TransitionDetail, style: Style) -> String {
    let tables = detail::transition::tables(detail, style.lang);
    tables.iter().map(|t| format!("{}\n{}", t.title, print(t, style))).collect::<Vec<_>>().join("\n")
}

/// The findings table.
#[must_use]
pub fn findings(findings: &[Finding], style: Style) -> String {
    print(&detail::findings(findings, style.lang), style)
}

/// The readings table.
#[must_use]
pub fn readings(readings: &[Reading], style: Style) -> String {
    print(&detail::readings(readings, style.lang), style)
}

/// What a capture is: fields with their origin, then the quality gates. `fields` are name, value and where it came from.
#[must_use]
pub fn info(fields: &[(String, String, String)], gates: &[Gate], style: Style) -> String {
    let row = |f: &(String, String, String)| vec![f.0.as_str().into(), f.1.as_str().into(), f.2.as_str().into()];
    let table =
        plain_table(style.lang, &["table.field", "table.value", "table.origin"], fields.iter().map(row).collect());
    let mut out = print(&table, style);
    if !gates.is_empty() {
        out.push('\n');
        out.push_str(&print(&detail::gates(gates, style.lang), style));
    }
    out
}

/// Finished cells under columns named by keys.
#[must_use]
pub fn rows(keys: &[&str], rows: &[Vec<String>], style: Style) -> String {
    let cells = |row: &Vec<String>| row.iter().map(|cell| cell.as_str().into()).collect();
    print(&plain_table(style.lang, keys, rows.iter().map(cells).collect()), style)
}

/// One line per case; `cases` is an array of cases or of their summaries in the shape of the JSON output.
#[must_use]
pub fn case_list(cases: &Value, style: Style) -> String {
    let lang = style.lang;
    let rows: Vec<Vec<Cell>> = cases.as_array().into_iter().flatten().map(|case| list_row(case, lang)).collect();
    let keys = ["table.id", "report.priority", "report.status", "table.next_clock", "report.site", "table.title"];
    let mut table = plain_table(lang, &keys, rows);
    if table.rows.is_empty() {
        table.note = word(lang, "table.no_cases").into();
    }
    print(&table, style)
}

fn list_row(case: &Value, lang: Lang) -> Vec<Cell> {
    let clock = case_view::next_clock(case);
    let late = clock.is_some_and(|c| text_of(&c["state"]) == "late");
    let due = clock.map_or_else(String::new, |c| {
        // A clock that stands still has no time of its own to show.
        let when = if c["paused"].is_object() { case_view::standing(c, lang).text } else { text_of(&c["due"]) };
        format!("{} {when}", words::clock(lang, &text_of(&c["name"])))
    });
    vec![
        text_of(&case["id"]).into(),
        text_of(&case["priority"]).into(),
        words::status(lang, &text_of(&case["status"])).into(),
        Cell { text: due, verdict: late.then_some(Verdict::Fail) },
        text_of(&case["site"]).into(),
        text_of(&case["title"]).into(),
    ]
}

/// The clocks that ran out, one line each; `cases` is the `overdue` of the JSON output.
#[must_use]
pub fn overdue(cases: &Value, style: Style) -> String {
    let lang = style.lang;
    let told = |case: &Value, clock: &Value| {
        let untold = case["untold"].as_array().into_iter().flatten().filter(|u| u["clock"] == clock["name"]);
        untold.map(|u| words::find_or(lang, "level", &text_of(&u["level"]))).collect::<Vec<_>>().join(", ")
    };
    let row = |case: &Value, clock: &Value| -> Vec<Cell> {
        vec![
            text_of(&case["id"]).into(),
            text_of(&case["priority"]).into(),
            words::clock(lang, &text_of(&clock["name"])).into(),
            text_of(&clock["due"]).into(),
            case_view::standing(clock, lang),
            told(case, clock).into(),
            text_of(&case["assignee"]).into(),
            text_of(&case["title"]).into(),
        ]
    };
    let clocks = |case| case_view::list(case, "clocks").map(move |clock| row(case, clock));
    let rows = cases.as_array().into_iter().flatten().flat_map(clocks).collect();
    let keys = [
        "table.id",
        "report.priority",
        "stats.clock",
        "table.due",
        "table.state",
        "table.to_tell",
        "report.assignee",
        "table.title",
    ];
    let mut table = plain_table(lang, &keys, rows);
    table.note = if table.rows.is_empty() { word(lang, "clocks.none_over").into() } else { String::new() };
    print(&table, style)
}

/// A whole case in the shape of the JSON output: facts, clocks, findings, evidence, actions, timeline.
#[must_use]
pub fn case_show(case: &Value, style: Style) -> String {
    let lang = style.lang;
    let pair = |(name, value): (String, String)| vec![name.into(), value.into()];
    let mut out = print(
        &plain_table(
            lang,
            &["table.field", "table.value"],
            case_view::facts(case, lang).into_iter().map(pair).collect(),
        ),
        style,
    );
    for table in case_view::tables(case, lang) {
        if !table.rows.is_empty() {
            out.push_str(&format!("\n{}\n{}", table.title, print(&table, style)));
        }
    }
    out
}

/// What a cause rests on beside signals: `by inspection alone ...: capacitor-bulging fail (C3 top)`.
#[must_use]
pub fn rests_on(cause: &Cause, lang: Lang) -> String {
    let kind = match cause.rests_on {
        RestsOn::Signal => "rests_on.signal",
        RestsOn::Inspection => "rests_on.inspection",
        RestsOn::Both => "rests_on.both",
    };
    let checks: Vec<String> = cause.checks.iter().map(|c| case_view::check_words(c, lang)).collect();
    format!("{}: {}", word(lang, kind), checks.join(", "))
}

fn plain_table(lang: Lang, keys: &[&str], rows: Vec<Vec<Cell>>) -> DataTable {
    let columns = keys.iter().map(|k| Column { name: word(lang, k).into(), right: false }).collect();
    DataTable { columns, rows, ..DataTable::default() }
}

/// Marks of no width that stand for the start of each colour and its end until the table is laid out.
const MARKS: [(char, &str); 5] = [
    ('\u{2061}', "\u{1b}[32m"),
    ('\u{2062}', "\u{1b}[33m"),
    ('\u{2063}', "\u{1b}[1;31m"),
    ('\u{2064}', "\u{1b}[35m"),
    ('\u{2060}', "\u{1b}[0m"),
];
const END: char = '\u{2060}';

const fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '\u{2061}',
        Verdict::Margin => '\u{2062}',
        Verdict::Fail => '\u{2063}',
        Verdict::Invalid | Verdict::NotEvaluated => '\u{2064}',
    }
}

/// Text that may be anything becomes text that a terminal cannot be steered with: no control characters, no marks.
fn safe(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !MARKS.iter().any(|(m, _)| m == c)
                && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        })
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// One line below the header and none between rows: more fits on a screen.
const COMPACT: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

fn print(data: &DataTable, style: Style) -> String {
    if data.rows.is_empty() {
        return format!("{}\n", data.note);
    }
    let mut table = Table::new();
    table.load_style(COMPACT).set_content_arrangement(ContentArrangement::Dynamic).set_width(style.width.max(40));
    table.set_header(data.columns.iter().map(|c| aligned(safe(&c.name), c.right)));
    for row in &data.rows {
        let cells = row.iter().zip(&data.columns).map(|(cell, column)| {
            let text = safe(&cell.text);
            let text = match cell.verdict.filter(|_| style.color) {
                Some(verdict) => format!("{}{text}{END}", mark(verdict)),
                None => text,
            };
            aligned(text, column.right)
        });
        table.add_row(cells.collect::<Vec<_>>());
    }
    let mut out: String = table.lines().map(|line| coloured(line.trim_end()) + "\n").collect();
    if !data.note.is_empty() {
        out.push_str(&data.note);
        out.push('\n');
    }
    out
}

fn aligned(text: String, right: bool) -> comfy_table::Cell {
    comfy_table::Cell::new_owned(text).set_alignment(if right { CellAlignment::Right } else { CellAlignment::Left })
}

/// Marks become colours; a colour that a line break has cut off from its end, ends with its line.
fn coloured(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut open = false;
    for c in line.chars() {
        match MARKS.iter().find(|(m, _)| *m == c) {
            Some((END, code)) => {
                open = false;
                out.push_str(code);
            }
            Some((_, code)) => {
                open = true;
                out.push_str(code);
            }
            None => out.push(c),
        }
    }
    if open {
        out.push_str("\u{1b}[0m");
    }
    out
}

#[cfg(test)]
mod tests;
