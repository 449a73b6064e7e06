//! Prometheus text exposition: the run as gauges, for the text-file collector of the node exporter.

use std::fmt::Write as _;

use faultscope_diagnose::{Finding, Verdict};

use super::CheckRow;

const VERDICTS: [Verdict; 5] = [Verdict::Pass, Verdict::Margin, Verdict::NotEvaluated, Verdict::Invalid, Verdict::Fail];

/// The run as gauges, without time stamps, so that the same input gives the same bytes.
#[must_use]
pub fn prometheus(plan: &str, rows: &[CheckRow<'_>]) -> String {
    let mut out = String::new();
    let plan = escape(plan);
    let findings = || rows.iter().flat_map(|r| r.findings);
    head(&mut out, "faultscope_check_findings", "Findings of the run by verdict.");
    for verdict in VERDICTS {
        let count = findings().filter(|f| f.verdict == verdict).count();
        let labels = format!("plan=\"{plan}\",verdict=\"{}\"", verdict.name());
        let _ = writeln!(out, "faultscope_check_findings{{{labels}}} {count}");
    }
    head(&mut out, "faultscope_check_captures", "Captures measured, once a step.");
    let measured = rows.iter().filter(|r| !r.file.is_empty() && r.error.is_none()).count();
    let _ = writeln!(out, "faultscope_check_captures{{plan=\"{plan}\"}} {measured}");
    head(&mut out, "faultscope_check_errors", "Captures that could not be analysed.");
    let errors = rows.iter().filter(|r| r.error.is_some()).count();
    let _ = writeln!(out, "faultscope_check_errors{{plan=\"{plan}\"}} {errors}");
    let help = "Verdict of a finding: 0 pass, 1 margin, 2 not evaluated, 3 invalid, 4 fail.";
    series(&mut out, &plan, rows, ("faultscope_finding_verdict", help), |f| Some(f64::from(number(f.verdict))));
    let help = "Value of a finding, in the unit of its label.";
    series(&mut out, &plan, rows, ("faultscope_finding_value", help), |f| f.value);
    let help = "Distance to the limit: positive inside, negative outside.";
    series(&mut out, &plan, rows, ("faultscope_finding_margin", help), |f| f.margin);
    out
}

fn number(verdict: Verdict) -> u8 {
    VERDICTS.iter().zip(0u8..).find(|(v, _)| **v == verdict).map_or(4, |(_, n)| n)
}

fn head(out: &mut String, name: &str, help: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
}

fn series(
    out: &mut String,
    plan: &str,
    rows: &[CheckRow<'_>],
    (name, help): (&str, &str),
    value: impl Fn(&Finding) -> Option<f64>,
) {
    head(out, name, help);
    for row in rows {
        // The index keeps series apart whose other labels agree: a line may be answered twice at no place.
        for (i, f) in row.findings.iter().enumerate() {
            let Some(v) = value(f).filter(|v| v.is_finite()) else { continue };
            let labels = [
                ("step", row.step),
                ("role", row.role),
                ("file", row.file),
                ("pack", f.limit.as_ref().map_or("", |l| &l.pack)),
                ("finding", &f.id),
                ("unit", f.unit.symbol()),
            ];
            let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escape(v))).collect();
            let _ = writeln!(out, "{name}{{plan=\"{plan}\",{},n=\"{i}\"}} {v}", labels.join(","));
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
