//! Every `--json` output is valid by the schema that the program publishes, each against its own kind of document.

use boon::{Compiler, SchemaIndex, Schemas};
use faultscope_tests::{faultscope, sample};
use serde_json::{Value, json};

/// The published schema, ready to judge documents.
pub(crate) struct Published {
    compiler: Compiler,
    schemas: Schemas,
}

impl Published {
    pub(crate) fn load() -> Self {
        let mut compiler = Compiler::new();
        compiler.add_resource("mem:///faultscope.json", faultscope(&["schema"]).json()).unwrap();
        Self { compiler, schemas: Schemas::new() }
    }

    fn index(&mut self, pointer: &str) -> SchemaIndex {
        self.compiler.compile(&format!("mem:///faultscope.json#{pointer}"), &mut self.schemas).unwrap()
    }

    /// Why a document is not of a kind; `None` when it is.
    pub(crate) fn fault(&mut self, kind: &str, document: &Value) -> Option<String> {
        let index = self.index(&format!("/$defs/{kind}"));
        self.schemas.validate(document, index).err().map(|e| format!("{kind}: {e}"))
    }

    /// Whether the schema as a whole takes a document.
    pub(crate) fn takes(&mut self, document: &Value) -> bool {
        let index = self.index("");
        self.schemas.validate(document, index).is_ok()
    }

    /// Fails the test when a document is not of its kind.
    #[track_caller]
    pub(crate) fn check(&mut self, kind: &str, document: &Value) {
        if let Some(fault) = self.fault(kind, document) {
            panic!("{fault}\n{document:#}");
        }
        assert!(self.takes(document), "{kind} is not among the kinds of documents");
    }
}

#[test]
fn the_story_is_a_document_of_its_own() {
    let mut published = Published::load();
    let dir = tempfile::tempdir().unwrap();
    let document = json_of(&["demo", "--output", &dir.path().display().to_string()], 1);
    published.check("DemoDocument", &document);
    published.check("CaseDocument", &document);
}

fn json_of(words: &[&str], code: u8) -> Value {
    let outcome = faultscope(&[words, &["--json"]].concat());
    assert_eq!(outcome.code, code, "{words:?}: {}", outcome.err);
    outcome.json()
}

#[test]
fn analyses_are_envelopes() {
    let mut published = Published::load();
    let (rail, transmitter) = (sample("supply-before.sigmf-meta"), sample("tx-before.sigmf-meta"));
    let site = sample("site-tx.toml");
    for (words, code) in [
        (vec!["info", &rail], 0),
        (vec!["info", &rail, &transmitter], 0),
        (vec!["spectrum", &rail], 0),
        (vec!["spectrum", &transmitter, "--fft", "1000", "--window", "flat-top"], 0),
        (vec!["spurs", &transmitter], 0),
        (vec!["spurs", &transmitter, "--limits", "tx-generic", "--limits", &site], 1),
        (vec!["spurs", &rail], 0),
        (vec!["ripple", &rail], 0),
        (vec!["ripple", &rail, "--limits", "dc-48v"], 1),
        (vec!["info", "no-such-file.sigmf-meta"], 3),
        (vec!["info", "no-such-file.sigmf-meta", &rail], 3),
    ] {
        let document = json_of(&words, code);
        published.check("Envelope", &document);
        assert_eq!(document["command"], words[0]);
        for other in ["ErrorDocument", "CaseDocument", "FilesDocument", "LimitsDocument"] {
            assert!(published.fault(other, &document).is_some(), "{words:?} passes as {other}");
        }
    }
}

#[test]
fn phase_noise_and_trends_are_in_the_schema() {
    let mut published = Published::load();
    let (rail, transmitter) = (sample("supply-before.sigmf-meta"), sample("tx-before.sigmf-meta"));
    // The transmitter of the example is modulated: its gate closes, and the document says so.
    let document = faultscope(&["phase-noise", &transmitter, "--json"]).json();
    published.check("Envelope", &document);
    let after = sample("supply-after.sigmf-meta");
    for words in [vec!["trend", "ripple", &rail, &after], vec!["trend", "spurs", &transmitter]] {
        let document = faultscope(&[words.clone(), vec!["--json"]].concat()).json();
        published.check("TrendDocument", &document);
        assert!(!document["trend"]["readings"].as_array().unwrap().is_empty(), "{words:?}");
    }
}

#[test]
fn refusals_are_error_documents() {
    let mut published = Published::load();
    let rail = sample("supply-before.sigmf-meta");
    for (words, code) in [
        (vec!["ripple", &rail, "--limits", "no-such-pack"], 2),
        (vec!["ripple", &rail, "--frobnicate"], 2),
        (vec!["ripple", &rail, "--mains", "fifty"], 2),
        (vec!["info", "nothing-here-*.csv"], 3),
        (vec!["spectrum", &rail, "--output", "picture.bmp"], 2),
        (vec!["case", "list", "--store", "no/such/store"], 5),
        (vec!["explain", "nonsense"], 2),
    ] {
        let document = json_of(&words, code);
        published.check("ErrorDocument", &document);
        assert!(!document["error"]["message"].as_str().unwrap().is_empty());
        assert!(published.fault("Envelope", &document).is_some());
    }
}

#[test]
fn cases_are_documents_of_their_own() {
    let mut published = Published::load();
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store").display().to_string();
    let run = |words: &[&str], code: u8| json_of(&[words, &["--store", &store]].concat(), code);
    let opened = run(&["case", "open", "--title", "Rectifier hums", "--priority", "P2"], 0);
    published.check("CaseDocument", &opened);
    let id = opened["case"]["id"].as_str().unwrap().to_owned();
    let rail = sample("supply-before.sigmf-meta");
    for (words, code) in [
        (vec!["case", "attach", &id, &rail, "--limits", "dc-48v", "--role", "supply before"], 1),
        (vec!["case", "note", &id, "capacitor ordered"], 0),
        (vec!["case", "show", &id], 0),
        (vec!["case", "close", &id, "--root-cause", "capacitor dried out", "--remedy", "replaced"], 0),
        (vec!["case", "reopen", &id, "--reason", "hums again"], 0),
    ] {
        let document = run(&words, code);
        published.check("CaseDocument", &document);
        assert_eq!(document["case"]["id"], id, "{words:?}");
        assert!(published.fault("DemoDocument", &document).is_some());
    }
    published.check("CaseListDocument", &run(&["case", "list", "--all"], 0));
    published.check("VerifyDocument", &run(&["case", "verify", &id], 0));
    let keys = dir.path().join("keys").display().to_string();
    for words in [vec!["new", "--name", "chen"], vec!["show"]] {
        let words = [&["case", "key"], &words[..], &["--keys", &keys]].concat();
        published.check("KeysDocument", &run(&words, 0));
    }
    published.check("CaseDocument", &run(&["case", "sign", &id, "--name", "chen", "--keys", &keys], 0));
    published.check("VerifyDocument", &run(&["case", "verify", &id, "--keys", &keys], 0));
    let other = dir.path().join("other").display().to_string();
    published.check("StoreDocument", &json_of(&["store", "init", "--store", &other], 0));
    published.check("StoreDocument", &run(&["store", "migrate"], 0));
    published.check("SyncDocument", &run(&["store", "sync", &other], 0));
    published.check("StoreCheckDocument", &run(&["store", "check"], 0));
    let page = dir.path().join("report.html").display().to_string();
    published.check("FilesDocument", &run(&["report", &id, "--output", &page], 0));
}

#[test]
fn what_the_program_knows_is_documented_too() {
    let mut published = Published::load();
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("made").display().to_string();
    published.check("LimitsDocument", &json_of(&["limits", "list"], 0));
    published.check("LimitsDocument", &json_of(&["limits", "show", "dc-48v"], 0));
    published.check("ExplainDocument", &json_of(&["explain", "ripple.vpp"], 0));
    published.check("ModelsDocument", &json_of(&["simulate"], 0));
    published.check("RulesDocument", &json_of(&["rules", "list"], 0));
    published.check("RulesDocument", &json_of(&["rules", "show", "R01"], 0));
    let tried = ["rules", "check", "--captures", "1", "--model", "drift", "--model", "level-low"];
    published.check("RulesCheckDocument", &json_of(&tried, 0));
    let made = json_of(&["simulate", "reservoir-c-lost?seed=5&duration=0.5", "--output", &base], 0);
    published.check("FilesDocument", &made);
    assert_eq!(made["files"].as_array().unwrap().len(), 3);
}

/// Takes a field away from a document and gives back the rest.
fn without(document: &Value, path: &[&str], field: &str) -> Value {
    let mut copy = document.clone();
    let place = copy.pointer_mut(format!("/{}", path.join("/")).trim_end_matches('/')).unwrap();
    assert!(place.as_object_mut().unwrap().remove(field).is_some(), "{path:?}.{field} is not there");
    copy
}

fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut copy = document.clone();
    *copy.pointer_mut(pointer).unwrap() = value;
    copy
}

#[test]
fn wrong_envelopes_are_refused() {
    let mut published = Published::load();
    let ripple = json_of(&["ripple", &sample("supply-before.sigmf-meta"), "--limits", "dc-48v"], 1);
    let spurs = json_of(&["spurs", &sample("tx-before.sigmf-meta"), "--limits", "tx-generic"], 1);
    for field in ["schema", "command", "tool", "verdict", "captures"] {
        assert!(!published.takes(&without(&ripple, &[], field)), "an envelope without {field}");
    }
    for field in [
        "file",
        "sha256",
        "format",
        "sample_rate_hz",
        "center_hz",
        "samples",
        "duration_s",
        "unit",
        "quality",
        "settings",
        "readings",
        "findings",
        "error",
    ] {
        assert!(!published.takes(&without(&ripple, &["captures", "0"], field)), "a capture without {field}");
    }
    for field in [
        "bandwidth_hz",
        "dc_v",
        "min_v",
        "max_v",
        "vpp_v",
        "vpp_robust_v",
        "rms_ac_v",
        "psophometric_v",
        "bands",
        "mains",
        "switching",
        "spikes",
        "drift",
        "events",
        "random",
        "energy_balance",
    ] {
        assert!(!published.takes(&without(&ripple, &["captures", "0", "ripple"], field)), "ripple without {field}");
    }
    for field in
        ["frequency_hz", "offset_hz", "level_db", "level_dbc", "snr_db", "false_alarm_probability", "origin", "of"]
    {
        assert!(!published.takes(&without(&spurs, &["captures", "0", "spurs", "0"], field)), "a spur without {field}");
    }
    for (pointer, value) in [
        ("/schema", json!("faultscope/2")),
        ("/verdict", json!("green")),
        ("/captures/0/samples", json!(-1)),
        ("/captures/0/sample_rate_hz", json!("20000")),
        ("/captures/0/sha256", json!(17)),
        ("/captures/0/ripple/dc_v", json!(null)),
        ("/captures/0/ripple/mains/lines/0/amplitude_v", json!("0.2 V")),
        ("/captures/0/findings/0/verdict", json!("ok")),
        ("/captures/0/quality/0/state", json!("fine")),
    ] {
        assert!(!published.takes(&with(&ripple, pointer, value)), "a wrong {pointer}");
    }
    assert!(!published.takes(&with(&spurs, "/captures/0/spurs/0/origin", json!("gremlin"))));
    assert!(!published.takes(&with(&spurs, "/captures/0/carrier/level_db", json!("loud"))));
}

#[test]
fn wrong_cases_are_refused() {
    let mut published = Published::load();
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().display().to_string();
    let case = json_of(&["case", "open", "--title", "x", "--store", &store], 0);
    for field in [
        "id",
        "title",
        "customer",
        "site",
        "equipment",
        "symptom",
        "priority",
        "status",
        "assignee",
        "clocks",
        "findings",
        "evidence",
        "actions",
        "timeline",
        "root_cause",
        "closure",
    ] {
        assert!(!published.takes(&without(&case, &["case"], field)), "a case without {field}");
    }
    for (pointer, value) in [
        ("/case/priority", json!("P9")),
        ("/case/status", json!("lost")),
        ("/case/clocks/0/state", json!("ticking")),
        ("/case/timeline", json!({})),
    ] {
        assert!(!published.takes(&with(&case, pointer, value)), "a wrong {pointer}");
    }
}
