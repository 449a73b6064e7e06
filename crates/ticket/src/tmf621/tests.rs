//! Field by field against the resource of TMF621: names, required ones, words of its enumerations, both versions.

use faultscope_case::Case;
use serde_json::{Value, json};

use super::*;
use crate::fixture::case;

/// Fields of the resource in version 5 (TMF621_TroubleTicket v5.0.1), those that this program writes among them.
const V5: [&str; 24] = [
    "@type",
    "name",
    "description",
    "severity",
    "ticketType",
    "priority",
    "status",
    "statusChangeDate",
    "statusChangeReason",
    "statusChangeHistory",
    "creationDate",
    "requestedResolutionDate",
    "expectedResolutionDate",
    "resolutionDate",
    "lastUpdate",
    "externalIdentifier",
    "note",
    "attachment",
    "relatedEntity",
    "relatedParty",
    "troubleTicketRelationship",
    "troubleTicketCharacteristic",
    "channel",
    "troubleTicketSpecification",
];
const STATUSES: [&str; 8] =
    ["acknowledged", "rejected", "pending", "held", "inProgress", "cancelled", "closed", "resolved"];

fn written(case: &Case, version: Version) -> Value {
    let files = [Attachment { name: "report.html".into(), media_type: "text/html".into(), bytes: b"foobar".to_vec() }];
    ticket(case, &files, version, Lang::En)
}

#[test]
fn every_field_is_one_of_the_resource_and_the_required_ones_are_there() {
    let five = written(&case(|_| {}), Version::V5);
    for name in five.as_object().unwrap().keys() {
        assert!(V5.contains(&name.as_str()), "{name}");
    }
    let four = written(&case(|_| {}), Version::V4);
    for name in four.as_object().unwrap().keys() {
        assert!(V5.contains(&name.as_str()) || ["statusChange", "externalId"].contains(&name.as_str()), "{name}");
    }
    let bare = case(|c| {
        for field in ["symptom", "customer", "site", "contact"] {
            c[field] = json!("");
        }
        c["assignee"] = Value::Null;
        c["equipment"] = json!({});
        c["findings"] = json!([]);
        c["clocks"] = json!([]);
        c["timeline"] = json!([]);
    });
    for (case, version) in [(&bare, Version::V4), (&bare, Version::V5)] {
        let ticket = written(case, version);
        for required in ["description", "severity", "ticketType"] {
            assert!(ticket[required].as_str().is_some_and(|t| !t.is_empty()), "{required}");
        }
        assert_eq!(ticket["description"], "Cell 3 down");
        assert!(ticket.get("relatedEntity").is_none() && ticket.get("relatedParty").is_none());
    }
}

#[test]
fn the_ticket_says_what_the_case_says() {
    let t = written(&case(|_| {}), Version::V5);
    for (field, value) in [
        ("name", "Cell 3 down"),
        ("description", "no transmit power"),
        ("severity", "Critical"),
        ("priority", "High"),
        ("status", "resolved"),
        ("creationDate", "2026-11-22T09:00:00Z"),
        ("expectedResolutionDate", "2026-11-22T13:00:00Z"),
        ("resolutionDate", "2026-11-22T16:00:00Z"),
        ("statusChangeDate", "2026-11-22T16:00:00Z"),
        ("statusChangeReason", "capacitor changed"),
    ] {
        assert_eq!(t[field], value, "{field}");
    }
    let states: Vec<&str> =
        t["statusChangeHistory"].as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["acknowledged", "inProgress", "resolved"]);
    assert_eq!(t["externalIdentifier"][0]["id"], "0199-uuid");
    let notes = t["note"].as_array().unwrap();
    assert_eq!(notes.len(), 4, "three failures and what somebody wrote; what passed is in the report");
    assert!(notes[0]["text"].as_str().unwrap().contains("500 mV") && notes[0]["date"] == "2026-11-22T11:00:00Z");
    assert_eq!((&notes[3]["author"], &notes[3]["text"]), (&json!("Li Wei"), &json!("customer asks for the old part")));
}

#[test]
fn priorities_and_states_are_mapped_by_the_table() {
    for (ours, theirs) in [("P1", "Critical"), ("P2", "High"), ("P3", "Medium"), ("P4", "Low")] {
        assert_eq!(written(&case(|c| c["priority"] = json!(ours)), Version::V5)["priority"], theirs);
    }
    for (ours, theirs) in [
        ("open", "acknowledged"),
        ("assigned", "acknowledged"),
        ("in_progress", "inProgress"),
        ("escalated", "inProgress"),
        ("cleared", "resolved"),
        ("closed", "closed"),
    ] {
        let status = written(&case(|c| c["status"] = json!(ours)), Version::V5)["status"].clone();
        assert_eq!(status, theirs);
        assert!(STATUSES.contains(&status.as_str().unwrap()));
    }
    let withdrawn = case(|c| {
        c["status"] = json!("closed");
        c["closure"] = json!({"code": "withdrawn"});
    });
    assert_eq!(written(&withdrawn, Version::V4)["status"], "cancelled");
    let open = written(&case(|c| c["status"] = json!("in_progress")), Version::V5);
    assert!(open.get("resolutionDate").is_none(), "a fault that came back is not resolved");
}

/// The table of the reference: waiting for spares is `held`, waiting for the customer is `pending`.
#[test]
fn clocks_that_stand_still_say_what_is_waited_for() {
    let paused = |status: &str, reason: &str, until: Value| {
        case(|c| {
            c["status"] = json!(status);
            c["pauses"] = json!([{"id": "p", "actor": "Li Wei", "reason": reason, "note": "", "since": "2026-11-22T10:00:00Z",
                                  "until": until, "clocks": ["fix"], "round": 1}]);
        })
    };
    for (reason, theirs) in [
        ("waiting_for_parts", "held"),
        ("waiting_for_maker", "held"),
        ("force_majeure", "held"),
        ("a reason of its own", "held"),
        ("customer_unreachable", "pending"),
        ("no_access", "pending"),
        ("agreed_appointment", "pending"),
    ] {
        assert_eq!(written(&paused("in_progress", reason, Value::Null), Version::V5)["status"], theirs, "{reason}");
        assert_eq!(written(&paused("cleared", reason, Value::Null), Version::V5)["status"], "resolved");
        let over = json!("2026-11-22T11:00:00Z");
        assert_eq!(written(&paused("open", reason, over), Version::V4)["status"], "acknowledged");
    }
}

#[test]
fn the_history_goes_back_to_what_was_before_a_pause() {
    let t = written(
        &case(|c| {
            let all = [
                ("opened", "Cell 3 down"),
                ("paused", "customer_unreachable"),
                ("status_changed", "in_progress: on site"),
                ("resumed", ""),
                ("paused", "waiting_for_parts: capacitor"),
                ("resumed", "it came"),
                ("status_changed", "cleared"),
            ];
            let entry = |(n, (kind, text)): (usize, &(&str, &str))| json!({"event": n + 1, "id": "e", "at": format!("2026-11-22T1{n}:00:00Z"), "actor": "Li Wei", "kind": kind, "text": text});
            c["timeline"] = all.iter().enumerate().map(entry).collect();
        }),
        Version::V5,
    );
    let states: Vec<_> =
        t["statusChangeHistory"].as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["acknowledged", "pending", "inProgress", "held", "inProgress", "resolved"]);
    assert_eq!(t["statusChangeHistory"][3]["changeReason"], "waiting_for_parts: capacitor");
}

#[test]
fn without_a_failure_the_priority_gives_the_severity() {
    for (priority, severity) in [("P1", "Critical"), ("P2", "Major"), ("P3", "Minor"), ("P4", "Warning")] {
        let none = case(|c| {
            c["findings"] = json!([]);
            c["priority"] = json!(priority);
        });
        assert_eq!(written(&none, Version::V5)["severity"], severity);
    }
}

#[test]
fn the_versions_differ_where_the_interfaces_do() {
    let (four, five) = (written(&case(|_| {}), Version::V4), written(&case(|_| {}), Version::V5));
    assert_eq!(four["externalId"], "0199-uuid");
    assert!(four.get("externalIdentifier").is_none() && five.get("externalId").is_none());
    assert_eq!(four["statusChange"], five["statusChangeHistory"]);
    assert!(four.get("troubleTicketCharacteristic").is_none());
    assert_eq!(four["relatedEntity"][1]["id"], "SN 4711");
    assert_eq!(five["relatedEntity"][1]["entity"]["id"], "SN 4711");
    assert_eq!(five["relatedEntity"][0]["entity"]["@referredType"], "GeographicSite");
    assert_eq!(five["relatedParty"][0]["partyOrPartyRole"]["name"], "Northern Rail");
    assert_eq!(
        four["relatedParty"][2],
        json!({"id": "Li Wei", "role": "engineer", "name": "Li Wei", "@referredType": "Individual"})
    );
}

#[test]
fn figures_carry_their_unit_and_the_last_answer_counts() {
    let t = written(&case(|_| {}), Version::V5);
    let all = t["troubleTicketCharacteristic"].as_array().unwrap();
    let value = |name: &str| all.iter().find(|c| c["name"] == name).map(|c| c["value"].clone());
    assert_eq!(value("priority"), Some(json!("P2")));
    assert_eq!(value("supply_ripple_vpp_v"), Some(json!(0.04)));
    assert_eq!(value("transmit_spurs_spur_level_dbc"), Some(json!(-48.2)));
    assert_eq!(value("transmit_spurs_spur_level_frequency_hz"), Some(json!(940_099_100.0)));
    assert_eq!(plain("dBFS/Hz"), "dbfs_hz");
}

#[test]
fn small_files_travel_inside_large_ones_are_named() {
    let small = written(&case(|_| {}), Version::V5)["attachment"][0].clone();
    // RFC 4648: foobar is Zm9vYmFy.
    assert_eq!((&small["content"], &small["size"]["amount"]), (&json!("Zm9vYmFy"), &json!(6)));
    let large =
        Attachment { name: "a.zip".into(), media_type: "application/zip".into(), bytes: vec![0; LARGEST_CONTENT + 1] };
    let named = ticket(&case(|_| {}), &[large], Version::V5, Lang::En)["attachment"][0].clone();
    assert!(named.get("content").is_none() && named["name"] == "a.zip");
}

#[test]
fn an_update_takes_back_what_no_longer_holds_and_leaves_alone_what_the_server_owns() {
    let open = update(&case(|c| c["status"] = json!("in_progress")), &[], Version::V5, Lang::En);
    assert_eq!((&open["status"], &open["resolutionDate"]), (&json!("inProgress"), &Value::Null));
    assert!(open.as_object().unwrap().contains_key("resolutionDate"));
    for name in ["id", "@type", "creationDate", "lastUpdate", "externalIdentifier", "statusChangeHistory", "ticketType"]
    {
        assert!(open.get(name).is_none(), "{name}");
    }
    let done = update(&case(|_| {}), &[], Version::V4, Lang::En);
    assert_eq!((&done["status"], &done["resolutionDate"]), (&json!("resolved"), &json!("2026-11-22T16:00:00Z")));
    assert!(done.get("externalId").is_none());
}

#[test]
fn notes_speak_the_language_asked_for() {
    let t = ticket(&case(|_| {}), &[], Version::V5, Lang::ZhCn);
    assert!(t["note"][0]["text"].as_str().unwrap().contains("超过"));
}
