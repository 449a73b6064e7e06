//! Signatures: a key of one's own, a case signed, sent, gone on, forged; and verify that says what it could not tell.

use std::path::Path;

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

struct Engineer {
    dir: tempfile::TempDir,
    name: &'static str,
}

impl Engineer {
    fn new(name: &'static str) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), name }
    }

    fn place(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    #[track_caller]
    fn run(&self, words: &[&str], code: u8) -> Outcome {
        let (store, keys) = (self.place("store"), self.place("keys"));
        let keyed = matches!(words.get(1), Some(&("verify" | "sign" | "key")));
        let keys: &[&str] = if keyed { &["--keys", &keys] } else { &[] };
        let outcome = faultscope(&[words, &["--store", &store], keys].concat());
        assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome
    }

    fn key(&self) -> (String, String) {
        let made = self.run(&["case", "key", "new", "--name", self.name], 0);
        let (kind, rest) = made.out.trim().split_once(' ').unwrap();
        let (key, name) = rest.split_once(' ').unwrap();
        assert_eq!((kind, key.len()), ("ed25519", 64));
        assert!(made.err.contains("passphrase"), "{}", made.err);
        (key.to_owned(), name.to_owned())
    }

    fn verified(&self, id: &str, code: u8) -> Value {
        self.run(&["case", "verify", id, "--json"], code).json()["verified"][0].clone()
    }
}

#[test]
fn a_signature_reaches_to_where_it_was_made_and_travels() {
    let (chen, lin) = (Engineer::new("chen"), Engineer::new("lin"));
    let id = chen.run(&["case", "open", "--title", "hums"], 0).out.trim().to_owned();
    let nobody = chen.run(&["case", "sign", &id, "--name", "chen"], 2);
    assert!(nobody.err.contains("case key new"), "{}", nobody.err);
    let (key, name) = chen.key();
    chen.run(&["case", "key", "new", "--name", "chen"], 2);
    chen.run(&["case", "note", &id, "fan dusty"], 0);
    let said = chen.run(&["case", "sign", &id, "--name", "chen"], 0);
    assert!(said.out.contains("chen") && said.out.contains("2 events"), "{}", said.out);
    // It goes on; a closed case is signed, too.
    chen.run(&["case", "close", &id, "--root-cause", "fan", "--remedy", "replaced"], 0);
    chen.run(&["case", "sign", &id, "--name", "chen"], 0);
    let found = chen.verified(&id, 0);
    let signatures = found["signatures"].as_array().unwrap();
    let told: Vec<_> =
        signatures.iter().map(|s| (s["state"].as_str().unwrap(), s["covers"].as_u64(), s["of"].as_u64())).collect();
    assert_eq!(told, [("valid", Some(2), Some(5)), ("valid", Some(4), Some(5))]);
    let said = chen.run(&["case", "verify", &id, "--lang", "zh-CN"], 0).out;
    assert!(said.contains("签名") && said.contains("chen"), "{said}");

    let bundle = chen.place("case.zip");
    chen.run(&["case", "export", &id, "--out", &bundle], 0);
    lin.run(&["case", "import", &bundle], 0);
    // Nobody told lin whose key it is: that is said, and is no clean bill.
    let unknown = lin.verified(&id, 3);
    assert_eq!(unknown["signatures"][0]["state"], "unknown_key");
    assert_eq!(unknown["signatures"][0]["signed_by"], Value::Null);
    assert!(lin.run(&["case", "verify", &id], 3).out.contains("unknown key"));
    lin.run(&["case", "key", "add", &key, &name], 0);
    assert_eq!(lin.verified(&id, 0)["signatures"][1]["signed_by"], "chen");
    let shown = lin.run(&["case", "key", "show", "--json"], 0).json();
    assert_eq!((&shown["keys"][0]["name"], &shown["keys"][0]["own"]), (&"chen".into(), &false.into()));
    lin.run(&["case", "key", "show", "wei"], 2);
    lin.run(&["case", "key", "add", &"0".repeat(64), "wei"], 2);
}

#[test]
fn verify_computes_again_and_says_what_it_could_not() {
    let chen = Engineer::new("chen");
    let id = chen.run(&["case", "open", "--title", "hums"], 0).out.trim().to_owned();
    let pack = chen.place("own.toml");
    std::fs::write(
        &pack,
        "[pack]\nid = 'own'\nversion = '3'\ntitle = 't'\nsource = 's'\nauthor = 'a'\nvalid_from = '2026-01-01'\n\
         [[limit]]\nid = 'vpp'\nmeasurement = 'ripple'\nreading = 'vpp'\nupper = 0.1\nunit = 'V'\nclause = '1'\n\
         confidence = 'S'\nseverity = 'major'\n",
    )
    .unwrap();
    chen.run(&["case", "attach", &id, &sample("supply-before.sigmf-meta"), "--limits", &pack], 1);
    std::fs::remove_file(&pack).unwrap();
    let said = chen.run(&["case", "verify", &id], 0).out;
    assert!(said.contains("1 findings, 1 computed again: 1 the same, 0 differ; 0 not evaluated"), "{said}");
    let case = chen.run(&["case", "show", &id, "--json"], 0).json()["case"].clone();
    let kept = case["evidence"].as_array().unwrap().iter().find(|e| e["name"] == "own.toml").unwrap();
    assert_eq!(kept["media_type"], "application/toml");
    // The pack is evidence like any other: changed, it is told, and nothing is judged by it.
    let sha256 = kept["sha256"].as_str().unwrap();
    let place = Path::new(&chen.place("store")).join("evidence/sha256").join(&sha256[..2]).join(&sha256[2..]);
    let text = std::fs::read_to_string(&place).unwrap();
    std::fs::remove_file(&place).unwrap();
    std::fs::write(&place, text.replace("0.1\n", "9.1\n")).unwrap();
    let found = chen.verified(&id, 6);
    assert_eq!(found["recomputed"]["not_evaluated"], 1);
    assert_eq!(found["recomputed"]["answers"][0]["why"], "data_changed");
    let said = chen.run(&["case", "verify", &id, "--lang", "zh-CN"], 6).out;
    assert!(said.contains("数据已改变"), "{said}");
}
