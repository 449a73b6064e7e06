//! A case in the shape of the JSON output, as facts and tables; whatever is missing is left out, never an error.

use faultscope_diagnose::{Answer, CauseCheck, Finding, Verdict};
use serde_json::Value;

use crate::detail::{Cell, Column, DataTable};
use crate::format::bytes;
use crate::words::{self, Lang, word};

mod clocks;

pub(crate) use clocks::{clocks, pauses, standing, time_hints};

/// The text of a value: strings as they are, numbers and truths as written, null as nothing, objects as `name: value`.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(text_of).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pair = |(name, value): (&String, &Value)| {
                Some(text_of(value)).filter(|t| !t.is_empty()).map(|t| format!("{}: {t}", name.replace('_', " ")))
            };
            fields.iter().filter_map(pair).collect::<Vec<_>>().join("; ")
        }
    }
}

/// The running clock that runs out first; RFC 3339 times in UTC sort as text.
pub(crate) fn next_clock(case: &Value) -> Option<&Value> {
    if case["next_clock"].is_object() {
        return Some(&case["next_clock"]);
    }
    let open = case["clocks"].as_array().into_iter().flatten().filter(|c| c["met_at"].is_null());
    open.min_by_key(|c| text_of(&c["due"]))
}

/// Name and value of every fact that is there.
pub(crate) fn facts(case: &Value, lang: Lang) -> Vec<(String, String)> {
    let equipment: Vec<String> = ["type", "model", "serial", "tag"]
        .iter()
        .map(|k| text_of(&case["equipment"][*k]))
        .filter(|t| !t.is_empty())
        .collect();
    let priority = text_of(&case["priority"]);
    let meaning = words::find(lang, &format!("priority.{priority}")).map_or_else(String::new, |m| format!(" ({m})"));
    let all = [
        ("table.id", text_of(&case["id"])),
        ("table.title", text_of(&case["title"])),
        ("report.priority", format!("{priority}{meaning}")),
        ("report.status", words::status(lang, &text_of(&case["status"]))),
        ("report.customer", text_of(&case["customer"])),
        ("report.site", text_of(&case["site"])),
        ("report.equipment", equipment.join(" / ")),
        ("report.symptom", text_of(&case["symptom"])),
        ("report.assignee", text_of(&case["assignee"])),
        ("report.sla", text_of(&case["sla"]["profile"])),
        ("report.root_cause", text_of(&case["root_cause"])),
        ("report.closure", words::find_or(lang, "closure", &text_of(&case["closure"]["code"]))),
        ("report.remedy", text_of(&case["closure"]["remedy"])),
        ("report.confirmed_by", text_of(&case["closure"]["confirmed_by"])),
        ("report.satisfaction", text_of(&case["closure"]["satisfaction"])),
    ];
    all.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (word(lang, k).to_owned(), v)).collect()
}

/// Clocks, pauses, findings, evidence, actions and timeline; tables without rows are left in place, so that they can be told apart.
pub(crate) fn tables(case: &Value, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![clocks(case, lang), pauses(case, lang), time_hints(case, lang), findings(case, lang)];
    all.extend(checklists(case, lang));
    all.extend([evidence(case, lang), actions(case, lang), timeline(case, lang)]);
    all
}

fn table(lang: Lang, title: &str, keys: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> DataTable {
    let columns =
        keys.iter().map(|k| Column { name: words::find(lang, k).unwrap_or(k).into(), right: *k == "table.size" });
    DataTable { title: word(lang, title).into(), columns: columns.collect(), rows: rows.collect(), note: String::new() }
}

pub(crate) fn list<'a>(case: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    case.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn findings(case: &Value, lang: Lang) -> DataTable {
    let row = |f: &Value| {
        let verdict: Option<Verdict> = serde_json::from_value(f["verdict"].clone()).ok();
        let name = verdict.map_or_else(|| text_of(&f["verdict"]), |v| words::verdict(lang, v).to_owned());
        // The stored sentence is in the language of the day; what it says is told anew where the finding can be read.
        let said = serde_json::from_value::<Finding>(f.clone()).map(|f| words::summary(&f, lang));
        let said = said.unwrap_or_else(|_| text_of(&f["summary"]));
        vec![Cell { text: name, verdict }, text_of(&f["role"]).into(), said.into()]
    };
    table(
        lang,
        "report.findings",
        &["table.verdict", "report.capture", "table.detail"],
        list(case, "findings").map(row),
    )
}

/// A check-list item that a cause rests on: `"No capacitor bulges": fail (C3 top)`.
pub(crate) fn check_words(check: &CauseCheck, lang: Lang) -> String {
    let item = &check.checked;
    let answer = words::find_or(lang, "answer", item.result.name());
    let note = if item.note.is_empty() { String::new() } else { format!(" ({})", item.note) };
    words::fill(lang, "checklist.cited", &[("ask", item.words(lang.tag())), ("answer", &answer), ("note", &note)])
}

/// The answers of a check list, how many of each.
pub(crate) fn check_counts(case: &Value, lang: Lang) -> Option<String> {
    let all: Vec<String> =
        list(case, "checklists").flat_map(|l| list(l, "items")).map(|i| text_of(&i["result"])).collect();
    let count = |answer: Answer| all.iter().filter(|a| *a == answer.name()).count().to_string();
    let (pass, fail, not_done) = (count(Answer::Pass), count(Answer::Fail), count(Answer::NotDone));
    let values = [("pass", pass.as_str()), ("fail", &fail), ("not_done", &not_done)];
    (!all.is_empty()).then(|| words::fill(lang, "checklist.counts", &values))
}

/// The verdicts that the answers count as.
pub(crate) fn check_verdicts(case: &Value) -> Vec<Verdict> {
    let answers = list(case, "checklists").flat_map(|l| list(l, "items"));
    answers.filter_map(|i| serde_json::from_value::<Answer>(i["result"].clone()).ok()).map(Answer::verdict).collect()
}

/// Each check list as it was answered, failures first.
pub(crate) fn checklists(case: &Value, lang: Lang) -> Vec<DataTable> {
    let spoken = |v: &Value, own: &str| {
        let other = text_of(&v["text"][lang.tag()]);
        if other.is_empty() { text_of(&v[own]) } else { other }
    };
    let row = |i: &Value| {
        let answer = serde_json::from_value::<Answer>(i["result"].clone()).unwrap_or_default();
        let kind = words::find_or(lang, "checklist", &format!("kind_{}", text_of(&i["kind"])));
        let result = Cell { text: words::find_or(lang, "answer", answer.name()), verdict: Some(answer.verdict()) };
        (
            answer,
            vec![result, kind.into(), spoken(i, "ask").into(), text_of(&i["note"]).into(), text_of(&i["item"]).into()],
        )
    };
    let keys = ["checklist.result", "checklist.kind", "checklist.ask", "checklist.note", "checklist.item"];
    let one = |l: &Value| {
        let mut rows: Vec<(Answer, Vec<Cell>)> = list(l, "items").map(row).collect();
        // What is wrong is looked for first; the order of the list stays within each.
        rows.sort_by_key(|(answer, _)| [Answer::Fail, Answer::NotDone, Answer::Pass].iter().position(|a| a == answer));
        let mut data = table(lang, "report.checklists", &keys, rows.into_iter().map(|(_, row)| row));
        data.title = format!("{}: {} ({})", data.title, spoken(l, "title"), text_of(&l["at"]));
        data.note = text_of(&l["remark"]);
        data
    };
    list(case, "checklists").map(one).collect()
}

/// Every file, with its digest.
pub(crate) fn evidence(case: &Value, lang: Lang) -> DataTable {
    let row = |e: &Value| {
        let size = e["size"].as_f64().map_or_else(String::new, bytes);
        vec![
            text_of(&e["name"]).into(),
            text_of(&e["role"]).into(),
            size.into(),
            text_of(&e["media_type"]).into(),
            text_of(&e["sha256"]).into(),
        ]
    };
    let keys = ["table.name", "report.capture", "table.size", "table.type", "report.digest"];
    table(lang, "report.evidence", &keys, list(case, "evidence").map(row))
}

/// What was done.
pub(crate) fn actions(case: &Value, lang: Lang) -> DataTable {
    let row = |a: &Value| {
        let what: Vec<String> = [&a["text"], &a["part"]].into_iter().map(text_of).filter(|t| !t.is_empty()).collect();
        vec![
            text_of(&a["at"]).into(),
            text_of(&a["actor"]).into(),
            words::happened(lang, &text_of(&a["action"])).into(),
            what.join("; ").into(),
        ]
    };
    table(
        lang,
        "report.actions",
        &["table.when", "table.who", "table.kind", "table.detail"],
        list(case, "actions").map(row),
    )
}

/// Parts that were replaced.
pub(crate) fn parts(case: &Value, lang: Lang) -> DataTable {
    let row = |a: &Value| {
        let part = &a["part"];
        ["name", "old_serial", "new_serial"]
            .iter()
            .map(|field| text_of(&part[*field]).into())
            .chain([text_of(&a["at"]).into()])
            .collect()
    };
    let keys = ["table.part", "table.old_serial", "table.new_serial", "table.when"];
    let replaced = list(case, "actions").filter(|a| a["part"].is_object());
    table(lang, "report.parts", &keys, replaced.map(row))
}

/// Everything in order.
pub(crate) fn timeline(case: &Value, lang: Lang) -> DataTable {
    let row = |e: &Value| {
        vec![
            text_of(&e["at"]).into(),
            text_of(&e["actor"]).into(),
            words::happened(lang, &text_of(&e["kind"])).into(),
            clocks::timeline_text(e, lang).into(),
        ]
    };
    table(
        lang,
        "report.timeline",
        &["table.when", "table.who", "table.kind", "table.detail"],
        list(case, "timeline").map(row),
    )
}
