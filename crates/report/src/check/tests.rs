//! What other programs read: well formed, nothing green that is not, nothing that a spreadsheet runs.

use faultscope_diagnose::finding::{AppliedLimit, Severity};
use faultscope_signal::Unit;

use super::*;

fn finding(id: &str, verdict: Verdict, value: Option<f64>) -> Finding {
    Finding {
        id: id.into(),
        measurement: "ripple".into(),
        reading: "vpp".into(),
        value,
        unit: Unit::Volt,
        uncertainty: None,
        limit: Some(AppliedLimit {
            id: "vpp".into(),
            pack: "p".into(),
            pack_version: "1".into(),
            clause: "clause 4, \"a\" < b & c".into(),
            upper: Some(0.2),
            lower: None,
            guard: 0.02,
            confidence: "W".into(),
        }),
        margin: value.map(|v| 0.2 - v),
        verdict,
        severity: Severity::Major,
        at: None,
        reason: if verdict == Verdict::NotEvaluated { "=cmd".into() } else { String::new() },
        summary: "a < b & \"c\"\u{1}".into(),
        causes: Vec::new(),
        alarm: None,
    }
}

fn rows<'a>(findings: &'a [Finding]) -> Vec<CheckRow<'a>> {
    let row = CheckRow {
        step: "s",
        role: "supply",
        file: "a\"b.csv",
        sha256: "00",
        measurement: "ripple",
        error: None,
        findings,
        verdict: Some(Verdict::Fail),
    };
    let bad = CheckRow { file: "bad.csv", error: Some(("io", "no such file")), findings: &[], verdict: None, ..row };
    let unjudged = CheckRow { file: "c.csv", findings: &[], verdict: None, ..row };
    vec![row, bad, unjudged]
}

fn some() -> [Finding; 4] {
    [
        finding("one", Verdict::Pass, Some(0.1)),
        finding("two", Verdict::Fail, Some(0.3)),
        finding("three", Verdict::NotEvaluated, None),
        finding("four", Verdict::Invalid, None),
    ]
}

#[test]
fn junit_counts_doubt_as_errors_and_escapes() {
    let text = junit("p<1>", &rows(&some()));
    assert!(text.starts_with("<?xml"));
    assert!(
        text.contains("<testsuites name=\"p&lt;1&gt;\" tests=\"6\" failures=\"1\" errors=\"3\" skipped=\"1\">"),
        "{text}"
    );
    assert!(text.contains("message=\"a &lt; b &amp; &quot;c&quot;?\"") && !text.contains('\u{1}'));
    assert_eq!(text.matches("<testcase").count(), 6);
    assert_eq!(text.matches("/>").count() - text.matches("message=").count(), 1, "one case passed: {text}");
}

#[test]
fn csv_has_as_many_cells_in_every_line_and_runs_nothing() {
    let text = csv(&rows(&some()));
    assert_eq!(text.lines().count(), 1 + 4 + 2);
    assert!(!text.contains(",=cmd") && text.contains("'=cmd"));
    // Quoted cells hold no comma here but in the clause.
    for line in text.lines().filter(|l| !l.contains("clause 4,")) {
        assert_eq!(line.matches(',').count(), COLUMNS.len() - 1, "{line}");
    }
}

#[test]
fn prometheus_has_one_type_a_metric_and_no_series_twice() {
    let text = prometheus("p\"1", &rows(&some()));
    assert!(text.contains("faultscope_check_findings{plan=\"p\\\"1\",verdict=\"fail\"} 1"), "{text}");
    assert!(text.contains("faultscope_check_errors{plan=\"p\\\"1\"} 1"));
    let series: Vec<&str> =
        text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.rsplit_once(' ').map(|s| s.0)).collect();
    let unique: std::collections::BTreeSet<&&str> = series.iter().collect();
    assert_eq!(unique.len(), series.len());
    let types: Vec<&str> = text.lines().filter(|l| l.starts_with("# TYPE")).collect();
    assert_eq!(types.len(), 6);
}
