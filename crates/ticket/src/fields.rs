//! A case as flat fields and one text, for systems whose tickets have neither findings nor figures.

use faultscope_case::Case;
use faultscope_diagnose::Verdict;
use faultscope_report::words::{Lang, status, summary, word};
use serde_json::{Value, json};

use crate::tmf621;

/// Longest text in characters: systems cut or refuse what is longer, and the report says all of it.
const LONGEST: usize = 20_000;

/// The fields; `state` and `severity` are those of TMF621, `summary` is in `lang`.
#[must_use]
pub fn fields(case: &Case, lang: Lang) -> Value {
    let e = &case.equipment;
    let fix = case.clocks.iter().rev().find(|c| c.name == "fix");
    json!({
        "id": case.id, "uuid": case.uuid, "title": case.title, "symptom": case.symptom,
        "customer": case.customer, "site": case.site, "contact": case.contact, "assignee": case.assignee,
        "equipment": { "type": e.kind, "model": e.model, "serial": e.serial, "tag": e.tag },
        "priority": case.priority.name(), "status": case.status.name(),
        "state": tmf621::status(case), "severity": tmf621::severity(case),
        "opened_at": case.opened_at, "updated_at": case.updated_at, "due": fix.map(|c| c.due.as_str()),
        "root_cause": case.root_cause.as_deref().unwrap_or_default(),
        "remedy": case.closure.as_ref().map_or("", |c| c.remedy.as_str()),
        "summary": text(case, lang),
    })
}

/// What is wrong, what it is about, what was found, how it ended; the last line is what a search finds the ticket by.
fn text(case: &Case, lang: Lang) -> String {
    let e = &case.equipment;
    let unit = [&e.kind, &e.model, &e.serial, &e.tag].into_iter().filter(|t| !t.is_empty());
    let unit = unit.map(String::as_str).collect::<Vec<_>>().join(", ");
    let remedy = case.closure.as_ref().map_or("", |c| c.remedy.as_str());
    let facts = [
        ("report.customer", case.customer.as_str()),
        ("report.site", &case.site),
        ("report.equipment", &unit),
        ("report.priority", case.priority.name()),
        ("report.status", &status(lang, case.status.name())),
        ("report.assignee", case.assignee.as_deref().unwrap_or_default()),
        ("report.root_cause", case.root_cause.as_deref().unwrap_or_default()),
        ("report.remedy", remedy),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts: Vec<String> = facts.map(|(key, value)| format!("{}: {value}", word(lang, key))).collect();
    let found = case.findings.iter().filter(|f| f.finding.verdict != Verdict::Pass).map(|f| {
        let role = f.role.as_ref().map_or_else(String::new, |r| format!("{r}: "));
        format!("- {role}{}", summary(&f.finding, lang))
    });
    let found: Vec<String> = found.collect();
    let blocks = [case.symptom.clone(), facts.join("\n"), found.join("\n")];
    let all = blocks.into_iter().filter(|b| !b.trim().is_empty()).collect::<Vec<_>>().join("\n\n");
    let cut = all.char_indices().nth(LONGEST).map_or(all.len(), |(at, _)| at);
    let end = if cut < all.len() { "\n..." } else { "" };
    format!(
        "{}{end}\n\n{} {} (faultscope {})",
        all.get(..cut).unwrap_or(&all),
        word(lang, "report.case"),
        case.id,
        case.uuid
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::case;

    #[test]
    fn the_text_says_what_was_found_and_ends_with_the_key() {
        let f = fields(&case(|_| {}), Lang::En);
        let text = f["summary"].as_str().unwrap();
        assert!(text.starts_with("no transmit power\n\nCustomer: Northern Rail\nSite: Hill 17, east\n"), "{text}");
        assert!(
            text.contains("Equipment: base station, BTS-900, SN 4711, H17-3") && text.contains("Priority: P2"),
            "{text}"
        );
        assert!(text.contains("- supply before: ") && text.contains("500 mV"), "{text}");
        assert!(!text.contains("supply after"), "what passed is in the report");
        assert!(text.ends_with("Case FS-2026-0001 (faultscope 0199-uuid)"), "{text}");
        assert_eq!(
            (&f["state"], &f["severity"], &f["due"]),
            (&json!("resolved"), &json!("Critical"), &json!("2026-11-22T13:00:00Z"))
        );
        assert!(fields(&case(|_| {}), Lang::ZhCn)["summary"].as_str().unwrap().contains("客户: Northern Rail"));
    }

    #[test]
    fn however_long_a_case_is_its_key_stays() {
        let long = fields(&case(|c| c["symptom"] = json!("电".repeat(30_000))), Lang::En);
        let text = long["summary"].as_str().unwrap();
        assert!(text.chars().count() < 20_100 && text.ends_with("...\n\nCase FS-2026-0001 (faultscope 0199-uuid)"));
    }
}
