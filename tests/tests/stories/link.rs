//! A supply beside a transmitter: the link is found where it is, and receiver artefacts are called.

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
