//! TM Forum TMF621 Trouble Ticket, versions 4 and 5 (tmforum-apis/TMF621_TroubleTicket, v4.0.0 and v5.0.1).

use faultscope_case::{Case, ClosureCode, Priority, Status};
use faultscope_diagnose::{Severity, Verdict};
use faultscope_report::words::{Lang, summary};
use serde_json::{Map, Value, json};

use crate::subject::{series, time_of};

/// Files above this size are named, not carried: other systems refuse requests of that size.
pub const LARGEST_CONTENT: usize = 5_000_000;

/// Which version of the interface is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Release 4.
    V4,
    /// Release 5.
    V5,
}

/// A file that goes with the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The ticket as the body of `POST /troubleTicket`; sentences in `lang`.
#[must_use]
pub fn ticket(case: &Case, attachments: &[Attachment], version: Version, lang: Lang) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        let empty = value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if !value.is_null() && !empty {
            out.insert(name.to_owned(), value);
        }
    };
    put("@type", json!("TroubleTicket"));
    put("name", json!(case.title));
    // Both are asked for: a case without a symptom has its title.
    put("description", json!(if case.symptom.is_empty() { &case.title } else { &case.symptom }));
    put("severity", json!(severity(case)));
    put("ticketType", json!("incident"));
    put("priority", json!(priority(case.priority)));
    put("status", json!(status(case)));
    put("creationDate", json!(case.opened_at));
    put("lastUpdate", json!(case.updated_at));
    put(
        "expectedResolutionDate",
        case.clocks.iter().rev().find(|c| c.name == "fix").map_or(Value::Null, |c| json!(c.due)),
    );
    let history = history(case);
    let changed = |wanted: &[&str]| history.iter().rev().find(|s| wanted.contains(&s.status)).map(|s| s.at);
    put(
        "resolutionDate",
        json!(changed(&["resolved", "closed"]).filter(|_| matches!(status(case), "resolved" | "closed"))),
    );
    if let Some(last) = history.last() {
        put("statusChangeDate", json!(last.at));
        put("statusChangeReason", json!(last.reason));
    }
    let changes = history.iter().map(|s| json!({ "status": s.status, "changeDate": s.at, "changeReason": s.reason }));
    put(if version == Version::V4 { "statusChange" } else { "statusChangeHistory" }, changes.collect());
    match version {
        Version::V4 => put("externalId", json!(case.uuid)),
        Version::V5 => put("externalIdentifier", identifiers(case)),
    }
    put("note", notes(case, lang));
    put("attachment", attachments.iter().enumerate().map(|(at, a)| attachment(at, a)).collect());
    put("relatedEntity", entities(case, version));
    put("relatedParty", parties(case, version));
    if version == Version::V5 {
        put("troubleTicketCharacteristic", characteristics(case));
    }
    Value::Object(out)
}

/// What changes of a ticket that is there, as the body of `PATCH /troubleTicket/ID` (a merge patch, RFC 7396): not what the server
/// owns, nor what was said once. Lists are replaced as a whole.
#[must_use]
pub fn update(case: &Case, attachments: &[Attachment], version: Version, lang: Lang) -> Value {
    const CHANGES: [&str; 14] = [
        "name",
        "description",
        "severity",
        "priority",
        "status",
        "statusChangeDate",
        "statusChangeReason",
        "expectedResolutionDate",
        "resolutionDate",
        "note",
        "attachment",
        "relatedEntity",
        "relatedParty",
        "troubleTicketCharacteristic",
    ];
    let mut out = ticket(case, attachments, version, lang);
    if let Value::Object(fields) = &mut out {
        fields.retain(|name, _| CHANGES.contains(&name.as_str()));
        // What no longer holds is taken back; a field that is left out would stay.
        if !fields.contains_key("resolutionDate") {
            fields.insert("resolutionDate".into(), Value::Null);
        }
    }
    out
}

/// The worst that failed; where nothing did, what the priority says.
pub(crate) fn severity(case: &Case) -> &'static str {
    let of_priority = match case.priority {
        Priority::P1 => "Critical",
        Priority::P2 => "Major",
        Priority::P3 => "Minor",
        Priority::P4 => "Warning",
    };
    match crate::worst(case) {
        Some(Severity::Critical) => "Critical",
        Some(Severity::Major) => "Major",
        Some(Severity::Minor) => "Minor",
        Some(Severity::Warning) => "Warning",
        _ => of_priority,
    }
}

const fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::P1 => "Critical",
        Priority::P2 => "High",
        Priority::P3 => "Medium",
        Priority::P4 => "Low",
    }
}

/// Where the ticket stands, in the words of the standard. A withdrawn case was never resolved; clocks that stand still say what is
/// waited for, as long as the fault is not cleared.
#[must_use]
pub fn status(case: &Case) -> &'static str {
    let withdrawn = case.closure.as_ref().is_some_and(|c| c.code == ClosureCode::Withdrawn);
    let standing = status_of(case.status.name());
    match case.pauses.iter().find(|pause| pause.until.is_none()) {
        _ if withdrawn && case.status == Status::Closed => "cancelled",
        Some(pause) => waiting(standing, &pause.reason),
        None => standing,
    }
}

/// By name, because a timeline holds names.
fn status_of(name: &str) -> &'static str {
    match name {
        "open" | "assigned" => "acknowledged",
        "cleared" => "resolved",
        "closed" => "closed",
        _ => "inProgress",
    }
}

/// `pending` is with the customer, `held` with everybody else: parts, the maker, the weather, and reasons of own service profiles.
fn waiting(standing: &'static str, reason: &str) -> &'static str {
    let customers = ["no_access", "agreed_appointment"].contains(&reason) || reason.contains("customer");
    match standing {
        "resolved" | "closed" => standing,
        _ if customers => "pending",
        _ => "held",
    }
}

/// A status that was reached.
struct Change<'a> {
    status: &'static str,
    at: &'a str,
    reason: &'a str,
}

/// The states of the ticket one after the other, as the timeline tells them.
fn history(case: &Case) -> Vec<Change<'_>> {
    let mut all: Vec<Change<'_>> = Vec::new();
    let (mut standing, mut pause) = ("acknowledged", None);
    for entry in &case.timeline {
        let (first, rest) = entry.text.split_once(": ").unwrap_or((entry.text.as_str(), ""));
        let (reached, reason) = match entry.kind.as_str() {
            "opened" | "reopened" => ("acknowledged", entry.text.as_str()),
            "status_changed" => (status_of(first), rest),
            "escalated" => ("inProgress", entry.text.as_str()),
            "closed" => (status(case), entry.text.as_str()),
            "paused" | "resumed" => (standing, entry.text.as_str()),
            _ => continue,
        };
        standing = reached;
        pause = match entry.kind.as_str() {
            "paused" => Some(first),
            "resumed" | "closed" | "reopened" => None,
            _ => pause,
        };
        let status = pause.map_or(standing, |reason| waiting(standing, reason));
        if all.last().is_none_or(|last| last.status != status) {
            all.push(Change { status, at: &entry.at, reason });
        }
    }
    all
}

fn identifiers(case: &Case) -> Value {
    let one = |kind: &str, id: &str| json!({ "@type": "ExternalIdentifier", "owner": "faultscope", "externalIdentifierType": kind, "id": id });
    json!([one("caseUuid", &case.uuid), one("caseNumber", &case.id)])
}

/// What was found, in words, and what people wrote; what passed is left to the attached report.
fn notes(case: &Case, lang: Lang) -> Value {
    let found = case.findings.iter().filter(|f| f.finding.verdict != Verdict::Pass).map(|f| {
        let role = f.role.as_ref().map_or_else(String::new, |r| format!("{r}: "));
        (time_of(case, f.event), "faultscope", format!("{role}{}", summary(&f.finding, lang)))
    });
    let written = case.timeline.iter().filter(|e| e.kind == "noted");
    let written = written.map(|e| (e.at.as_str(), e.actor.as_str(), e.text.clone()));
    let mut all: Vec<_> = found.chain(written).collect();
    all.sort_by(|a, b| a.0.cmp(b.0));
    let note = |(id, (date, author, text)): (usize, (&str, &str, String))| json!({ "id": (id + 1).to_string(), "author": author, "date": date, "text": text });
    all.into_iter().enumerate().map(note).collect()
}

fn attachment(at: usize, a: &Attachment) -> Value {
    let mut out = json!({
        "id": (at + 1).to_string(), "name": a.name, "mimeType": a.media_type, "attachmentType": "document",
        "size": { "amount": a.bytes.len(), "units": "bytes" },
    });
    if a.bytes.len() <= LARGEST_CONTENT {
        out["content"] = json!(faultscope_report::base64(&a.bytes));
    }
    out
}

/// The site and the unit.
fn entities(case: &Case, version: Version) -> Value {
    let e = &case.equipment;
    let kind: Vec<&str> = [e.kind.as_str(), &e.model].into_iter().filter(|t| !t.is_empty()).collect();
    let unit = if e.serial.is_empty() { &e.tag } else { &e.serial };
    let all =
        [("site", &case.site, case.site.clone(), "GeographicSite"), ("equipment", unit, kind.join(" "), "Resource")];
    let one = |(role, id, name, referred): &(&str, &String, String, &str)| match version {
        Version::V4 => json!({ "id": id, "role": role, "name": name, "@referredType": referred }),
        Version::V5 => json!({ "@type": "RelatedEntity", "role": role,
            "entity": { "@type": "EntityRef", "id": id, "name": name, "@referredType": referred } }),
    };
    all.iter().filter(|(_, id, name, _)| !id.is_empty() || !name.is_empty()).map(one).collect()
}

fn parties(case: &Case, version: Version) -> Value {
    let assignee = case.assignee.clone().unwrap_or_default();
    let all = [
        ("customer", &case.customer, "Organization"),
        ("contact", &case.contact, "Individual"),
        ("engineer", &assignee, "Individual"),
    ];
    let one = |(role, name, referred): &(&str, &String, &str)| match version {
        Version::V4 => json!({ "id": name, "role": role, "name": name, "@referredType": referred }),
        Version::V5 => json!({ "@type": "RelatedPartyRefOrPartyRoleRef", "role": role,
            "partyOrPartyRole": { "@type": "PartyRef", "id": name, "name": name, "@referredType": referred } }),
    };
    all.iter().filter(|(_, name, _)| !name.is_empty()).map(one).collect()
}

/// Figures for programs: the last answer to each limit, its unit in the name.
fn characteristics(case: &Case) -> Value {
    let named = |name: String, kind: &str, value: Value| json!({ "name": name, "valueType": kind, "value": value });
    let mut all = vec![named("priority".into(), "string", json!(case.priority.name()))];
    for s in series(case) {
        for f in s.rounds.last().into_iter().flatten().map(|f| &f.finding) {
            let Some(value) = f.value else { continue };
            let about = [s.subject.as_str(), &f.measurement, &f.reading].map(plain);
            let about: Vec<String> = about.into_iter().filter(|t| !t.is_empty()).collect();
            let stem = about.join("_");
            all.push(named(format!("{stem}_{}", plain(f.unit.symbol())), "number", json!(value)));
            if let Some(hz) = f.at.and_then(|at| at.frequency_hz) {
                all.push(named(format!("{stem}_frequency_hz"), "number", json!(hz)));
            }
        }
    }
    Value::Array(all)
}

/// A part of a field name: small letters, digits, underscores.
fn plain(text: &str) -> String {
    let spelt = text.replace('%', "percent").to_lowercase();
    let parts = spelt.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests;
