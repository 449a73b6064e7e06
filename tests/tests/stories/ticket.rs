//! A case for other systems: the trouble ticket with its report, the alarms, and what is refused.

use faultscope_tests::{faultscope, sample};
use serde_json::Value;

use super::schema::Published;

#[test]
fn a_case_becomes_a_ticket_and_alarms() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let run = |words: &[&str]| faultscope(&[words, &["--store", &at("store")]].concat());
    let id = run(&["case", "open", "--title", "Rectifier hums", "--site", "Hill 17", "--priority", "P2"])
        .out
        .trim()
        .to_owned();
    let attach = |name: &str, role: &str| {
        run(&["case", "attach", &id, &sample(name), "--limits", "dc-48v#psophometric", "--role", role]).code
    };
    assert_eq!(attach("supply-before.sigmf-meta", "supply before"), 1);

    let file = at("ticket.json");
    let told = run(&["case", "export", &id, "--to", "tmf621", "--out", &file, "--json"]);
    assert_eq!(told.code, 0, "{}", told.err);
    Published::load().check("TicketDocument", &told.json());
    let ticket: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&ticket["@type"], &ticket["priority"]), (&"TroubleTicket".into(), &"High".into()));
    assert_eq!(ticket["severity"], "Minor", "that of the limit, which the pack states");
    let report = &ticket["attachment"][0];
    assert_eq!(report["mimeType"], "text/html");
    // "<!DOCTYPE" in base 64.
    assert!(report["content"].as_str().unwrap().starts_with("PCFET0NUWVBF"));

    let alarms = |name: &str| -> Value {
        assert_eq!(run(&["case", "export", &id, "--to", "alarms", "--out", &at(name)]).code, 0);
        serde_json::from_slice(&std::fs::read(at(name)).unwrap()).unwrap()
    };
    let key = format!("{id}/dc-48v/psophometric/supply");
    assert_eq!(alarms("standing.json")[&key]["perceivedSeverity"], "MINOR");
    assert_eq!(attach("supply-after.sigmf-meta", "supply after"), 0);
    assert_eq!(alarms("cleared.json")[&key]["perceivedSeverity"], "CLEARED");

    let again = run(&["case", "export", &id, "--to", "tmf621-v4", "--out", &file]);
    assert!(again.code == 2 && again.err.contains("already") && again.err.contains("--force"), "{}", again.err);
    assert_eq!(run(&["case", "export", &id, "--to", "tmf621-v4", "--out", &file, "--force"]).code, 0);
    let four: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(four["externalId"].is_string() && four.get("externalIdentifier").is_none());

    let unknown = run(&["case", "export", &id, "--to", "sarif", "--out", &at("x.json")]);
    assert!(unknown.code == 2 && unknown.err.contains("tmf621 tmf621-v4 alarms"), "{}", unknown.err);
    let missing = run(&["case", "export", "FS-1999-0001", "--to", "alarms", "--out", &at("x.json")]);
    assert!(missing.code != 0 && !std::path::Path::new(&at("x.json")).exists());
}
