//! What the template sees: every field there, every number already in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use faultscope_diagnose::{CauseReading, Finding, RestsOn, Verdict};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::{CaptureFacts, ReportInput, Section, compare, map, value_of};
use crate::case_view;
use crate::detail::{self, Cell, DataTable};
use crate::format::{compact, frequency, plain};
use crate::words::{self, Lang, fill, word};
use faultscope_signal::Unit;

/// A map with its fields in order.
#[derive(Debug)]
pub(super) struct Fields(pub(super) BTreeMap<String, Value>);

impl Object for Fields {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|k| Value::from(k.as_str())).collect())
    }
}

/// The whole report.
pub(super) fn of(input: &ReportInput, style: &str) -> Value {
    let lang = input.lang;
    let unshown = unshown(input);
    let findings: Vec<&Finding> = input.sections.iter().flat_map(|s| &s.findings).chain(&unshown).collect();
    let case = input.case.as_ref();
    // What inspection found counts as much as what a limit says: a failed item never leaves a report green.
    let checks = case.map_or_else(Vec::new, case_view::check_verdicts);
    let worst = Verdict::worst(findings.iter().map(|f| f.verdict).chain(checks));
    let owned: Vec<Finding> = findings.iter().map(|f| (*f).clone()).collect();
    // The title is the page's heading already.
    let unheard = |(name, _): &(String, String)| name != word(lang, "table.title");
    let heading = word(lang, if case.is_some() { "report.title" } else { "report.title_check" });
    map([
        ("lang", lang.tag().into()),
        ("style", Value::from_safe_string(style.to_owned())),
        ("heading", heading.into()),
        ("title", case.map_or_else(String::new, |c| case_view::text_of(&c["title"])).into()),
        ("case_id", case.map_or_else(String::new, |c| case_view::text_of(&c["id"])).into()),
        ("priority", case.map_or_else(String::new, |c| case_view::text_of(&c["priority"])).into()),
        (
            "facts",
            case.map_or_else(Vec::new, |c| case_view::facts(c, lang)).into_iter().filter(unheard).map(pair).collect(),
        ),
        ("clocks", case.map_or_else(|| Value::from(()), |c| filled(&case_view::clocks(c, lang)))),
        ("overall", verdict(worst, lang)),
        ("counts", counts(&findings, lang)),
        ("judged", fill(lang, "report.verdict_counts", &[("count", &findings.len().to_string())]).into()),
        ("checked", case.and_then(|c| case_view::check_counts(c, lang)).unwrap_or_default().into()),
        ("checklists", case.map_or_else(Vec::new, |c| case_view::checklists(c, lang)).iter().map(table).collect()),
        ("causes", input.causes.iter().map(|c| cause(c, &owned, lang)).collect()),
        ("compared", compare::tables(&input.sections, lang).iter().map(table).collect()),
        ("sections", input.sections.iter().enumerate().map(|(i, s)| section(i, s, lang)).collect()),
        ("unshown", filled(&detail::findings(&unshown, lang))),
        ("after", case.map_or_else(Vec::new, |c| after_tables(c, lang)).iter().map(table).collect()),
        ("generated", fill(lang, "report.generated", &[("when", &input.generated_at), ("tool", &input.tool)]).into()),
    ])
}

/// Findings of the case that no section shows, because their captures are not part of this report: they count all the
/// same. The same limit can be answered by several captures, so the value tells them apart.
fn unshown(input: &ReportInput) -> Vec<Finding> {
    let all = input.case.as_ref().and_then(|c| c.get("findings")).and_then(serde_json::Value::as_array);
    let read = |f: &serde_json::Value| serde_json::from_value::<Finding>(f.clone()).ok();
    let shown = |f: &Finding| {
        let mut listed = input.sections.iter().flat_map(|s| &s.findings);
        listed.any(|s| s.id == f.id && s.value == f.value && s.verdict == f.verdict)
    };
    all.into_iter().flatten().filter_map(read).filter(|f| !shown(f)).collect()
}

fn after_tables(case: &serde_json::Value, lang: Lang) -> Vec<DataTable> {
    let all = [
        case_view::pauses(case, lang),
        case_view::time_hints(case, lang),
        case_view::actions(case, lang),
        case_view::evidence(case, lang),
        case_view::timeline(case, lang),
    ];
    all.into_iter().filter(|t| !t.rows.is_empty()).collect()
}

fn pair((name, value): (String, String)) -> Value {
    map([("name", name.into()), ("value", value.into())])
}

fn verdict(verdict: Option<Verdict>, lang: Lang) -> Value {
    let name = verdict.map_or_else(|| word(lang, "verdict.none"), |v| words::verdict(lang, v));
    map([("name", name.into()), ("class", verdict.map_or("none", Verdict::name).into())])
}

/// How many of each verdict, worst first, only those that occur.
fn counts(findings: &[&Finding], lang: Lang) -> Value {
    use Verdict::{Fail, Invalid, Margin, NotEvaluated, Pass};
    let count = |v: Verdict| findings.iter().filter(|f| f.verdict == v).count();
    let entry = |v: Verdict| map([("verdict", verdict(Some(v), lang)), ("count", (count(v) as u64).into())]);
    [Fail, Invalid, NotEvaluated, Margin, Pass].into_iter().filter(|v| count(*v) > 0).map(entry).collect()
}

/// Signs that terminals do without.
fn typeset(text: &str) -> String {
    for (plain, sign) in [("<= ", "≤ "), (">= ", "≥ "), ("+-", "±")] {
        if let Some(rest) = text.strip_prefix(plain) {
            return format!("{sign}{rest}");
        }
    }
    text.to_owned()
}

fn cell(cell: &Cell) -> Value {
    let class = cell.verdict.map_or("", Verdict::name);
    map([("text", typeset(&cell.text).into()), ("verdict", class.into())])
}

fn table(data: &DataTable) -> Value {
    let row = |row: &Vec<Cell>| -> Value {
        row.iter()
            .zip(&data.columns)
            .map(|(c, column)| map([("cell", cell(c)), ("right", column.right.into())]))
            .collect()
    };
    let columns = data.columns.iter().map(|c| map([("name", c.name.as_str().into()), ("right", c.right.into())]));
    map([
        ("title", data.title.as_str().into()),
        ("columns", columns.collect()),
        ("rows", data.rows.iter().map(row).collect()),
        ("note", data.note.as_str().into()),
    ])
}

/// The table, or nothing when it has no rows.
fn filled(data: &DataTable) -> Value {
    if data.rows.is_empty() { Value::from(()) } else { table(data) }
}

fn section(index: usize, s: &Section, lang: Lang) -> Value {
    let number = (index + 1).to_string();
    let shown: Vec<_> = s.readings.iter().filter(|r| !r.is_sign()).cloned().collect();
    let mut tables = s.detail.as_ref().map_or_else(Vec::new, |d| detail::of(d, 25, lang));
    tables.extend(s.link.iter().flat_map(|d| detail::link::tables(d, lang)));
    let pictures = s.pictures.iter().map(|p| {
        map([("caption", p.caption.as_str().into()), ("svg", Value::from_safe_string(p.svg.as_str().to_owned()))])
    });
    let settings = if s.settings.is_null() {
        String::new()
    } else {
        serde_json::to_string_pretty(&s.settings).unwrap_or_default()
    };
    map([
        ("title", fill(lang, "report.section_of", &[("number", &number), ("title", &s.title)]).into()),
        ("role", s.role.as_str().into()),
        ("error", s.error.as_str().into()),
        ("overall", verdict(Verdict::worst(s.findings.iter().map(|f| f.verdict)), lang)),
        ("capture", capture(&s.capture, lang).into_iter().map(pair).collect()),
        ("sha256", s.capture.sha256.as_str().into()),
        ("gates", filled(&detail::gates(&s.gates, lang))),
        ("findings", s.findings.iter().map(|f| finding(f, &s.findings, lang)).collect()),
        ("readings", filled(&detail::readings(&shown, lang))),
        ("tables", tables.iter().map(table).collect()),
        ("pictures", pictures.collect()),
        ("settings", settings.into()),
    ])
}

fn capture(c: &CaptureFacts, lang: Lang) -> Vec<(String, String)> {
    let all = [
        ("table.file", c.file.clone()),
        ("report.format", c.format.clone()),
        (
            "report.sample_rate",
            c.sample_rate_hz.map_or_else(String::new, |v| {
                format!("{} S/s", frequency(v).trim_end_matches("Hz").trim_end())
                    .replace("k S/s", "kS/s")
                    .replace("M S/s", "MS/s")
                    .replace("G S/s", "GS/s")
            }),
        ),
        ("report.centre", c.center_hz.map_or_else(String::new, frequency)),
        ("report.samples", c.samples.map_or_else(String::new, |n| n.to_string())),
        ("report.duration", c.duration_s.map_or_else(String::new, |d| compact(d, Unit::Second))),
        ("report.unit", c.unit.clone()),
        ("report.start_time", c.start_time.clone().unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (word(lang, k).to_owned(), v)).collect()
}

fn finding(f: &Finding, all: &[Finding], lang: Lang) -> Value {
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| compact(v, f.unit));
    let uncertainty = f.uncertainty.map_or_else(String::new, |u| format!("±{}", compact(u, f.unit)));
    map([
        ("verdict", verdict(Some(f.verdict), lang)),
        ("severity", words::severity(lang, f.severity).into()),
        ("judged", (f.verdict == Verdict::Fail).into()),
        ("summary", words::summary(f, lang).into()),
        ("reading", words::reading(lang, &f.reading).into()),
        ("value", number(f.value).into()),
        ("uncertainty", uncertainty.into()),
        ("margin", number(f.margin).into()),
        ("place", f.at.as_ref().map_or_else(String::new, |at| words::place(at, lang)).into()),
        ("limit", limit(f, lang)),
        ("reason", f.reason.as_str().into()),
        ("causes", f.causes.iter().map(|c| cause(c, all, lang)).collect()),
        ("alarm", alarm(f)),
        ("id", f.id.as_str().into()),
    ])
}

fn limit(f: &Finding, lang: Lang) -> Value {
    let Some(l) = &f.limit else { return Value::from(()) };
    let clause = if l.clause.is_empty() { &l.pack } else { &l.clause };
    let mark = words::find(lang, &format!("report.confidence_{}", l.confidence)).unwrap_or("");
    let guard =
        if l.guard > 0.0 { fill(lang, "report.guard", &[("guard", &compact(l.guard, f.unit))]) } else { String::new() };
    map([
        ("bounds", typeset(&detail::bounds(l, f.unit)).into()),
        ("against", fill(lang, "report.screening_against", &[("clause", clause)]).into()),
        ("pack", format!("{} {}", l.pack, l.pack_version).into()),
        ("confidence", l.confidence.as_str().into()),
        ("confidence_meaning", mark.into()),
        ("guard", guard.into()),
    ])
}

fn cause(c: &faultscope_diagnose::Cause, all: &[Finding], lang: Lang) -> Value {
    let c = &words::cause(lang, c);
    // The sentence says more than an id; an id of another section stays an id.
    let because = c
        .because
        .iter()
        .map(|id| all.iter().find(|f| f.id == *id).map_or_else(|| id.clone(), |f| words::summary(f, lang)));
    let percent = format!("{} %", plain((c.confidence * 100.0).round(), 3));
    map([
        ("rule", c.rule.as_str().into()),
        ("cause", c.cause.as_str().into()),
        ("confidence", percent.into()),
        ("because", because.map(Value::from).collect()),
        ("checks", c.checks.iter().map(|check| Value::from(case_view::check_words(check, lang))).collect()),
        ("rests_on", words::find_or(lang, "rests_on", rests_on(c.rests_on)).into()),
        ("readings", c.readings.iter().map(|r| Value::from(reading_words(r, lang))).collect()),
        ("rules_out", c.rules_out.as_str().into()),
        ("next_check", c.next_check.as_str().into()),
        ("suspect_part", c.suspect_part.as_str().into()),
    ])
}

const fn rests_on(kind: RestsOn) -> &'static str {
    match kind {
        RestsOn::Signal => "signal",
        RestsOn::Inspection => "inspection",
        RestsOn::Both => "both",
    }
}

/// `mains_h4_h2 (4th over 2nd mains harmonic) 0.385, supply.csv`.
fn reading_words(r: &CauseReading, lang: Lang) -> String {
    let capture = r.capture.rsplit(['/', '\\']).next().unwrap_or_default();
    let of = if capture.is_empty() { String::new() } else { format!(" ({capture})") };
    format!("{} {}{of}", words::reading(lang, &r.id), compact(r.value, r.unit))
}

fn alarm(f: &Finding) -> Value {
    let Some(a) = &f.alarm else { return Value::from(()) };
    value_of(&serde_json::json!({ "probable_cause": a.probable_cause, "type": a.kind, "severity": a.severity }))
}
