//! A supply beside a transmitter: the link is found where it is, by command and within a case, and receiver artefacts are called.

use std::fs;

use faultscope_tests::faultscope;
use serde_json::Value;

use super::schema::Published;

const TAU: f64 = std::f64::consts::TAU;

/// Three decimal digits of noise by rule.
fn noise(i: u64) -> f64 {
    let x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

/// 48 V with 0.3 V of ripple at twice 50.01 Hz, one second at 20 kS/s.
fn supply(folder: &std::path::Path) -> String {
    let rows = (0..20_000).map(|i| {
        let t = f64::from(i) / 20e3;
        let volts = 48.0 + 0.3 * (TAU * 100.02 * t).cos() + 0.1 * (TAU * 200.04 * t).cos() + 0.01 * noise(i as u64);
        format!("{t:.6},{volts:.6}\n")
    });
    let path = folder.join("rail.csv");
    fs::write(&path, std::iter::once("time_s,volts_v\n".to_owned()).chain(rows).collect::<String>()).unwrap();
    path.display().to_string()
}

/// Lines at offsets (dB, offset) and AM of the first at 100.02 Hz, half a second at 200 kS/s.
fn transmitter(folder: &std::path::Path, name: &str, depth: f64, lines: &[(f64, f64)]) -> String {
    let samples = (0..100_000u64).flat_map(|i| {
        let t = i as f64 / 200e3;
        let modulated = 1.0 + depth * (TAU * 100.02 * t).cos();
        let mut z = [1e-3 * noise(3 * i + 1), 1e-3 * noise(5 * i + 2)];
        for (k, (db, offset)) in lines.iter().enumerate() {
            let a = 10f64.powf(db / 20.0) * if k == 0 { modulated } else { 1.0 };
            z[0] += a * (TAU * offset * t).cos();
            z[1] += a * (TAU * offset * t).sin();
        }
        z.map(|v| (v as f32).to_le_bytes())
    });
    let path = folder.join(name);
    fs::write(&path, samples.flatten().collect::<Vec<u8>>()).unwrap();
    path.display().to_string()
}

fn json(words: &[&str], code: u8) -> Value {
    let outcome = faultscope(&[words, &["--json"]].concat());
    assert_eq!(outcome.code, code, "{words:?}: {}", outcome.err);
    outcome.json()
}

/// A store of its own with one open case.
struct Store {
    dir: tempfile::TempDir,
    id: String,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Self { dir, id: String::new() };
        store.id = store.run(&["case", "open", "--title", "hum on the carrier"], 0).trim().to_owned();
        store
    }

    #[track_caller]
    fn run(&self, words: &[&str], code: u8) -> String {
        let place = self.dir.path().join("store").display().to_string();
        let outcome = faultscope(&[words, &["--store", &place]].concat());
        assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome.out
    }

    fn attach(&self, file: &str, more: &[&str]) -> String {
        self.run(&[&["case", "attach", &self.id, file], more].concat(), 0)
    }

    fn document(&self) -> Value {
        serde_json::from_str(&self.run(&["case", "show", &self.id, "--json"], 0)).unwrap()
    }

    fn links(&self) -> Vec<Value> {
        let document = self.document();
        let findings = document["case"]["findings"].as_array().unwrap();
        findings.iter().filter(|f| f["measurement"] == "link").cloned().collect()
    }
}

const RAW: [&str; 4] = ["--rate", "200k", "--center", "900M"];

#[test]
fn a_case_links_its_captures_by_itself() {
    let store = Store::new();
    let folder = store.dir.path();
    let rail = supply(folder);
    let bad = transmitter(folder, "bad.cf32", 0.01, &[(-10.0, 20e3)]);
    store.attach(&rail, &["--role", "supply"]);
    assert!(store.links().is_empty(), "one capture alone says nothing");
    let said = store.attach(&bad, &RAW);
    assert!(said.contains("are sidebands of the carrier"), "{said}");

    let links = store.links();
    assert_eq!(links.len(), 1, "{links:?}");
    let link = &links[0];
    // 1 % deep: 20 log10(0.005) on each side.
    assert!((link["value"].as_f64().unwrap() + 46.02).abs() < 0.2, "{link}");
    assert_eq!((&link["reading"], &link["verdict"]), (&"link_mains".into(), &"not_evaluated".into()));
    let cited: Vec<&str> = link["captures"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(cited, ["bad.cf32", "rail.csv"]);
    let document = store.document();
    Published::load().check("CaseDocument", &document);
    assert_eq!(document["case"]["evidence"].as_array().unwrap().len(), 2, "no file is listed twice");
    let cause = document["causes"].as_array().unwrap().iter().find(|c| c["rule"] == "S03a").expect("the cause");
    assert!(cause["readings"].as_array().unwrap().iter().any(|r| r["measurement"] == "link"), "{cause}");
    assert!(document["causes"].as_array().unwrap().iter().all(|c| c["rule"] != "S03"), "named once");

    // Asked again, nothing is attached twice; the link is computed again by `verify`.
    store.run(&["case", "link", &store.id], 0);
    assert_eq!(store.links().len(), 1);
    store.run(&["case", "verify", &store.id], 0);
    let shown = store.run(&["case", "show", &store.id], 0);
    assert!(shown.contains("idebands at the supply's mains lines"), "{shown}");
    let page = folder.join("r.html").display().to_string();
    for (lang, words) in [("en", "link from supply to RF: rail.csv"), ("zh-CN", "电源到射频的关联")] {
        store.run(&["report", &store.id, "--output", &page, "--lang", lang], 0);
        assert!(fs::read_to_string(&page).unwrap().contains(words), "{lang}");
    }
}

#[test]
fn a_case_says_nothing_where_the_evidence_is_not_there() {
    let store = Store::new();
    let folder = store.dir.path();
    let (rail, good) = (supply(folder), transmitter(folder, "good.cf32", 0.0, &[(-10.0, 20e3)]));
    store.attach(&good, &RAW);
    store.attach(&rail, &[]);
    assert!(store.links().is_empty());
    let bad = transmitter(folder, "bad.cf32", 0.01, &[(-10.0, 20e3)]);
    // After a repair is another moment than before it; a receiver is no transmitter; and it can be left out.
    store.attach(&bad, &[&RAW[..], &["--role", "receive"]].concat());
    store.attach(&bad, &[&RAW[..], &["--no-link"]].concat());
    assert!(store.links().is_empty());
    let other = Store::new();
    let (rail, bad) = (supply(other.dir.path()), transmitter(other.dir.path(), "bad.cf32", 0.01, &[(-10.0, 20e3)]));
    other.attach(&rail, &["--role", "supply after"]);
    other.attach(&bad, &[&RAW[..], &["--role", "transmit before"]].concat());
    assert!(other.links().is_empty());
    // Files that were kept as they are count by their role.
    let kept = Store::new();
    let rail = supply(kept.dir.path());
    let bad = transmitter(kept.dir.path(), "bad.cf32", 0.01, &[(-10.0, 20e3)]);
    kept.attach(&rail, &["--role", "supply", "--measure", "none"]);
    kept.attach(&bad, &RAW);
    assert_eq!(kept.links().len(), 1);
}

#[test]
fn a_link_fails_where_a_limit_on_its_lines_has_failed() {
    let store = Store::new();
    let folder = store.dir.path();
    let rail = supply(folder);
    let bad = transmitter(folder, "bad.cf32", 0.01, &[(-10.0, 20e3)]);
    let pack = folder.join("own.toml");
    fs::write(
        &pack,
        "[pack]\nid = \"own\"\nversion = \"1\"\ntitle = \"own\"\nsource = \"own\"\nregion = \"own\"\nequipment = \"own\"\nauthor = \"own\"\nvalid_from = \"2026-01-01\"\nconfidence = \"own\"\n\n[[limit]]\nid = \"spur\"\n\
         measurement = \"spurs\"\nreading = \"spur_level\"\nunit = \"dBc\"\nupper = -60.0\nclause = \"own 1\"\nconfidence = \"S\"\nseverity = \"minor\"\n",
    )
    .unwrap();
    store.attach(&rail, &[]);
    let pack = pack.display().to_string();
    store.run(&[&["case", "attach", &store.id, &bad, "--limits", &pack], &RAW[..]].concat(), 1);
    let links = store.links();
    assert_eq!((&links[0]["verdict"], &links[0]["limit"]["upper"]), (&"fail".into(), &Value::from(-60.0)), "{links:?}");
}

#[test]
fn ripple_is_found_again_as_sidebands() {
    let dir = tempfile::tempdir().unwrap();
    let rail = supply(dir.path());
    let bad = transmitter(dir.path(), "bad.cf32", 0.01, &[(-10.0, 20e3)]);
    let good = transmitter(dir.path(), "good.cf32", 0.0, &[(-10.0, 20e3)]);
    let found = json(&["link", &rail, &bad, "--rate", "200k", "--center", "900M"], 0);
    Published::load().check("LinkDocument", &found);
    let link = &found["link"]["links"][0];
    assert_eq!((&found["link"]["found"], &link["family"]), (&Value::Bool(true), &"mains".into()));
    assert!((link["supply_fundamental_hz"].as_f64().unwrap() - 50.01).abs() < 0.01);
    let line = &link["lines"][0];
    // 1 % deep: 20 log10(0.005) on each side.
    assert!((line["upper_dbc"].as_f64().unwrap() + 46.02).abs() < 0.2, "{line}");
    assert_eq!((&line["order"], &line["modulates"]), (&2.into(), &"amplitude".into()));

    let none = json(&["link", &rail, &good, "--rate", "200k"], 0);
    assert_eq!(none["link"]["links"].as_array().unwrap().len(), 0);
    let text = faultscope(&["link", &rail, &good, "--rate", "200k"]);
    assert!(text.out.contains("no sidebands of the carrier"), "{}", text.out);
    let chinese = faultscope(&["link", &rail, &bad, "--rate", "200k", "--lang", "zh-CN"]);
    assert!(chinese.out.contains("偶然概率"), "{}", chinese.out);
    let swapped =
        faultscope(&["link", &bad, &rail, "--rate", "200k", "--supply-format", "cf32", "--supply-rate", "200k"]);
    assert!(swapped.code == 2 && swapped.err.contains("supply's capture first"), "{}", swapped.err);
}

#[test]
fn receiver_artefacts_are_called() {
    let dir = tempfile::tempdir().unwrap();
    // Tuned to 900 MHz, then 12.5 kHz higher: a carrier, a real spur, the carrier's image, a line of the receiver.
    let first = [(-10.0, 30e3), (-55.0, -47e3), (-50.0, -30e3), (-60.0, 61e3)];
    let second = [(-10.0, 17.5e3), (-55.0, -59.5e3), (-50.0, -17.5e3), (-60.0, 61e3)];
    let write = |name, center: &str, lines: &[(f64, f64)]| {
        let raw = transmitter(dir.path(), name, 0.0, lines);
        let out = dir.path().join(name.trim_end_matches(".cf32")).display().to_string();
        let outcome = faultscope(&[
            "convert",
            &raw,
            "--rate",
            "200k",
            "--center",
            center,
            "--output",
            &format!("{out}.sigmf-meta"),
        ]);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        format!("{out}.sigmf-meta")
    };
    let (a, b) = (write("a.cf32", "900M", &first), write("b.cf32", "900.0125M", &second));
    let found = json(&["artefacts", &a, &b], 0);
    Published::load().check("ArtefactDocument", &found);
    let call = |offset: f64| {
        let lines = found["artefacts"]["lines"].as_array().unwrap();
        let line = lines.iter().find(|l| (l["offset_hz"].as_f64().unwrap() - offset).abs() < 50.0);
        line.unwrap_or_else(|| panic!("{offset}: {found}"))["call"].clone()
    };
    for (offset, expected) in [(30e3, "real"), (-47e3, "real"), (-30e3, "image"), (61e3, "internal")] {
        assert_eq!(call(offset), expected, "{offset}");
    }
    let again = write("c.cf32", "900M", &first);
    let same = faultscope(&["artefacts", &a, &again]);
    assert!(same.code == 2 && same.err.contains("retune"), "{}", same.err);
}
