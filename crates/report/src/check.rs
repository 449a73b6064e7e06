//! A check run for other programs: CSV for spreadsheets, JUnit XML for build servers, Prometheus text for monitoring.

mod junit;
mod prometheus;
#[cfg(test)]
mod tests;

use faultscope_diagnose::{Finding, Verdict};

use crate::csv::{number_cell, text_cell};

pub use junit::junit;
pub use prometheus::prometheus;

/// One capture measured for one step of a plan, or a step that no capture was there for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckRow<'a> {
    /// Step of the plan.
    pub step: &'a str,
    /// Role of the capture.
    pub role: &'a str,
    /// The file as given; empty where there was none.
    pub file: &'a str,
    /// SHA-256 in hexadecimal digits; may be empty.
    pub sha256: &'a str,
    /// Measurement.
    pub measurement: &'a str,
    /// Kind and sentence of the error, where it could not be analysed.
    pub error: Option<(&'a str, &'a str)>,
    /// The findings.
    pub findings: &'a [Finding],
    /// The worst verdict, gates included.
    pub verdict: Option<Verdict>,
}

const COLUMNS: [&str; 23] = [
    "step",
    "role",
    "file",
    "sha256",
    "measurement",
    "verdict",
    "finding",
    "reading",
    "value",
    "unit",
    "uncertainty",
    "lower",
    "upper",
    "guard",
    "margin",
    "frequency_hz",
    "start_s",
    "pack",
    "pack_version",
    "clause",
    "severity",
    "reason",
    "error",
];

/// One line a finding, one for a capture without any; the first line names the columns.
#[must_use]
pub fn csv(rows: &[CheckRow<'_>]) -> String {
    let mut out = COLUMNS.join(",") + "\n";
    for row in rows {
        let lines = if row.findings.is_empty() { vec![line(row, None)] } else { lines(row) };
        for cells in lines {
            out.push_str(&cells.join(","));
            out.push('\n');
        }
    }
    out
}

fn lines(row: &CheckRow<'_>) -> Vec<Vec<String>> {
    row.findings.iter().map(|f| line(row, Some(f))).collect()
}

fn line(row: &CheckRow<'_>, finding: Option<&Finding>) -> Vec<String> {
    let number = |v: Option<f64>| v.map_or_else(String::new, number_cell);
    let verdict = finding.map(|f| f.verdict).or(row.verdict);
    let limit = finding.and_then(|f| f.limit.as_ref());
    let at = finding.and_then(|f| f.at);
    let mut cells: Vec<String> =
        [row.step, row.role, row.file, row.sha256, row.measurement, verdict.map_or("", Verdict::name)]
            .map(text_cell)
            .into();
    cells.extend([
        text_cell(finding.map_or("", |f| &f.id)),
        text_cell(finding.map_or("", |f| &f.reading)),
        number(finding.and_then(|f| f.value)),
        text_cell(finding.map_or("", |f| f.unit.symbol())),
        number(finding.and_then(|f| f.uncertainty)),
        number(limit.and_then(|l| l.lower)),
        number(limit.and_then(|l| l.upper)),
        number(limit.map(|l| l.guard)),
        number(finding.and_then(|f| f.margin)),
        number(at.and_then(|a| a.frequency_hz)),
        number(at.and_then(|a| a.start_s)),
        text_cell(limit.map_or("", |l| &l.pack)),
        text_cell(limit.map_or("", |l| &l.pack_version)),
        text_cell(limit.map_or("", |l| &l.clause)),
        text_cell(&finding.map_or_else(String::new, |f| format!("{:?}", f.severity).to_lowercase())),
        text_cell(finding.map_or("", |f| &f.reason)),
        text_cell(row.error.map_or("", |e| e.1)),
    ]);
    cells
}
