//! JUnit XML: a suite a step, a case a finding; doubt is an error, so that no build server shows it green.

use std::fmt::Write as _;

use faultscope_diagnose::{Finding, Verdict};

use super::CheckRow;

/// How a case ended.
enum Outcome {
    Passed,
    Failure(String, String),
    Error(String, String),
    /// Nothing was judged.
    Skipped(String),
}

struct Case {
    class: String,
    name: String,
    outcome: Outcome,
}

/// The run as JUnit XML, without times, so that the same input gives the same bytes.
#[must_use]
pub fn junit(plan: &str, rows: &[CheckRow<'_>]) -> String {
    let mut suites: Vec<(&str, Vec<Case>)> = Vec::new();
    for row in rows {
        let cases = cases(row);
        match suites.iter_mut().find(|s| s.0 == row.step) {
            Some((_, list)) => list.extend(cases),
            None => suites.push((row.step, cases)),
        }
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Case> = suites.iter().flat_map(|s| &s.1).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<testsuites name=\"{}\" {}>", escape(plan), counts(&all));
    for (step, cases) in &suites {
        let of: Vec<&Case> = cases.iter().collect();
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", escape(step), counts(&of));
        cases.iter().for_each(|c| case(&mut out, c));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn cases(row: &CheckRow<'_>) -> Vec<Case> {
    let file = if row.file.is_empty() { "no capture" } else { row.file };
    let class = format!("{}.{file}", row.step);
    let mut cases: Vec<Case> =
        row.findings.iter().map(|f| Case { class: class.clone(), name: f.id.clone(), outcome: outcome(f) }).collect();
    if let Some((kind, message)) = row.error {
        let outcome = Outcome::Error(kind.to_owned(), message.to_owned());
        cases.push(Case { class, name: row.measurement.to_owned(), outcome });
    } else if cases.is_empty() {
        let outcome = match row.verdict {
            Some(Verdict::Invalid) => Outcome::Error("invalid".into(), "a quality gate is closed".into()),
            _ => Outcome::Skipped("no limit was asked for".into()),
        };
        cases.push(Case { class, name: row.measurement.to_owned(), outcome });
    }
    cases
}

fn outcome(f: &Finding) -> Outcome {
    let text = if f.summary.is_empty() { f.reason.clone() } else { f.summary.clone() };
    match f.verdict {
        Verdict::Pass | Verdict::Margin => Outcome::Passed,
        Verdict::Fail => Outcome::Failure("fail".into(), text),
        Verdict::Invalid | Verdict::NotEvaluated => Outcome::Error(f.verdict.name().into(), text),
    }
}

fn counts(cases: &[&Case]) -> String {
    let count = |of: fn(&Outcome) -> bool| cases.iter().filter(|c| of(&c.outcome)).count();
    let failures = count(|o| matches!(o, Outcome::Failure(..)));
    let errors = count(|o| matches!(o, Outcome::Error(..)));
    let skipped = count(|o| matches!(o, Outcome::Skipped(_)));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"", cases.len())
}

fn case(out: &mut String, c: &Case) {
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"", escape(&c.class), escape(&c.name));
    let inner = match &c.outcome {
        Outcome::Passed => {
            let _ = writeln!(out, "{head}/>");
            return;
        }
        Outcome::Failure(kind, text) => format!("<failure type=\"{}\" message=\"{}\"/>", escape(kind), escape(text)),
        Outcome::Error(kind, text) => format!("<error type=\"{}\" message=\"{}\"/>", escape(kind), escape(text)),
        Outcome::Skipped(text) => format!("<skipped message=\"{}\"/>", escape(text)),
    };
    let _ = writeln!(out, "{head}>{inner}</testcase>");
}

/// Text as an attribute; characters that XML 1.0 has no place for become question marks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}
