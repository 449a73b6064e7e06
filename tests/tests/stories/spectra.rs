//! Files that hold a spectrum instead of samples: described, drawn, searched for spurs, and refused by all the rest.

use std::fs;

use faultscope_tests::faultscope;
use serde_json::Value;

use super::schema::Published;

/// 801 points from 100 to 300 MHz at -90 dBm with some texture; a carrier of -10 dBm and a line 45 dB below it.
fn export(folder: &std::path::Path) -> String {
    let level = |i: usize| match i {
        80 => -10.0,
        480 => -55.0,
        _ => -90.0 + [0.0, 0.7, -0.4, 1.1, -0.9, 0.3, -1.2][i % 7],
    };
    let rows = (0..=800).map(|i| format!("{},{}\n", 100_000_000 + i * 250_000, level(i)));
    let path = folder.join("scan.csv");
    fs::write(&path, std::iter::once("frequency_hz,level_dbm\n".to_owned()).chain(rows).collect::<String>()).unwrap();
    path.display().to_string()
}

fn one(words: &[&str], code: u8, published: &mut Published) -> Value {
    let outcome = faultscope(&[words, &["--json"]].concat());
    assert_eq!(outcome.code, code, "{words:?}: {}", outcome.err);
    published.check("Envelope", &outcome.json());
    outcome.json()["captures"][0].clone()
}

#[test]
fn an_export_is_described_drawn_and_searched() {
    let dir = tempfile::tempdir().unwrap();
    let scan = export(dir.path());
    let mut published = Published::load();
    let info = one(&["info", &scan], 0, &mut published);
    assert_eq!(
        (&info["format"], &info["unit"], &info["samples"]),
        (&"spectrum/columns".into(), &"dbm".into(), &Value::Null)
    );
    assert_eq!((info["center_hz"].as_f64(), info["spectra"][0]["points"].as_u64()), (Some(200e6), Some(801)));
    assert_eq!(info["spectra"][0]["step_hz"].as_f64(), Some(250e3));
    let text = faultscope(&["info", &scan]).out;
    assert!(text.contains("801 points") && text.contains("dBm"), "{text}");

    let spectrum = one(&["spectrum", &scan], 0, &mut published)["spectrum"].clone();
    assert_eq!(
        (spectrum["peak"]["frequency_hz"].as_f64(), spectrum["peak"]["level_db"].as_f64()),
        (Some(120e6), Some(-10.0))
    );
    assert!(spectrum["fft"].is_null() && spectrum["sweeps"] == 1);
    let band = one(&["spectrum", &scan, "--zoom-at", "220M", "--span", "10M"], 0, &mut published)["spectrum"].clone();
    assert_eq!(
        (band["peak"]["frequency_hz"].as_f64(), band["traces"][0]["level_db"].as_array().unwrap().len()),
        (Some(220e6), 41)
    );

    let spurs = one(&["spurs", &scan, "--limits", "tx-generic"], 1, &mut published);
    assert_eq!(
        (spurs["carrier"]["frequency_hz"].as_f64(), spurs["carrier"]["level_db"].as_f64()),
        (Some(120e6), Some(-10.0))
    );
    assert_eq!(spurs["spurs"].as_array().unwrap().len(), 1);
    assert_eq!(
        (spurs["spurs"][0]["frequency_hz"].as_f64(), spurs["spurs"][0]["level_dbc"].as_f64()),
        (Some(220e6), Some(-45.0))
    );
    assert!(spurs["spurs"][0].get("persistent").is_none() && spurs["rbw_hz"].is_null());
    assert_eq!(spurs["findings"][0]["verdict"], "fail");

    for name in ["x.png", "x.svg", "x.json", "x.csv"] {
        let path = dir.path().join(name).display().to_string();
        assert_eq!(faultscope(&["spectrum", &scan, "--output", &path]).code, 0, "{name}");
        assert!(fs::metadata(&path).unwrap().len() > 500);
    }
    // What is exported opens again.
    let again = dir.path().join("x.csv").display().to_string();
    assert_eq!(one(&["spurs", &again], 0, &mut published)["carrier"], spurs["carrier"]);
}

#[test]
fn what_needs_samples_refuses_with_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let scan = export(dir.path());
    let picture = dir.path().join("x.png").display().to_string();
    for words in [
        vec!["ripple", &scan],
        vec!["modulation", &scan],
        vec!["transition", &scan],
        vec!["channel", &scan],
        vec!["waterfall", &scan, "--output", &picture],
    ] {
        let outcome = faultscope(&words);
        assert_eq!(outcome.code, 3, "{words:?}");
        assert!(outcome.err.contains("this file holds a spectrum, not samples"), "{words:?}: {}", outcome.err);
    }
    for (words, says) in [
        (vec!["spectrum", &scan, "--fft", "1024"], "--fft"),
        (vec!["spectrum", &scan, "--percentiles", "50"], "--percentiles"),
        (vec!["spurs", &scan, "--window", "hann"], "samples"),
        (vec!["info", &scan, "--rate", "1M"], "--rate"),
        (vec!["spurs", &scan, "--carrier", "5G"], "outside"),
    ] {
        let outcome = faultscope(&words);
        assert_eq!(outcome.code, 2, "{words:?}: {}", outcome.err);
        assert!(outcome.err.contains(says), "{words:?}: {}", outcome.err);
    }
}

#[test]
fn a_reflection_is_drawn_and_has_no_spurs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("antenna.s1p");
    let rows: String = (0..50).map(|i| format!("{} 0.5 {}\n", 800 + i, i * 7)).collect();
    fs::write(&path, format!("# MHz S MA R 50\n{rows}")).unwrap();
    let path = path.display().to_string();
    let spectrum = one(&["spectrum", &path], 0, &mut Published::load())["spectrum"].clone();
    // 20 log10 0.5
    assert!((spectrum["peak"]["level_db"].as_f64().unwrap() + 6.0206).abs() < 1e-4);
    let outcome = faultscope(&["spurs", &path]);
    assert_eq!(outcome.code, 3);
    assert!(outcome.err.contains("reflection"), "{}", outcome.err);
}
