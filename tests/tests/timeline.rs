//! Stories of time and frequency: a waterfall drawn, a spectrum with all its traces, an edge measured.

#![allow(clippy::unwrap_used, reason = "helpers of tests are test code too")]

use faultscope_tests::{faultscope, sample};

/// Raw doubles in a new folder.
fn raw(name: &str, values: impl Iterator<Item = f64>) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, values.flat_map(f64::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    let text = path.display().to_string();
    (dir, text)
}

/// A complex tone of amplitude 0.5 at +100 kHz of 1 MS/s.
fn tone() -> (tempfile::TempDir, String) {
    let turn = |i: usize| std::f64::consts::TAU * 0.1 * i as f64;
    raw("tone.cf64", (0..40_000).flat_map(move |i| [0.5 * turn(i).cos(), 0.5 * turn(i).sin()]))
}

#[test]
fn a_waterfall_is_drawn_and_its_peak_is_the_tone() {
    let (dir, file) = tone();
    let picture = dir.path().join("w.png").display().to_string();
    let words = ["waterfall", &file, "--format", "cf64", "--rate", "1M", "--center", "100M", "--output", &picture];
    let out = faultscope(&[&words[..], &["--fft", "500", "--rows", "20", "--json"]].concat());
    assert_eq!(out.code, 0, "{}", out.err);
    let drawn = &out.json()["captures"][0]["waterfall"];
    assert_eq!((drawn["rows"].as_u64(), drawn["columns"].as_u64()), (Some(20), Some(500)));
    assert_eq!(drawn["peak"]["frequency_hz"], 100.1e6);
    // 20 log10(0.5)
    assert!((drawn["peak"]["level_db"].as_f64().unwrap() + 6.0206).abs() < 0.001);
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn every_trace_is_a_column_and_zoom_keeps_the_level() {
    let (dir, file) = tone();
    let csv = dir.path().join("s.csv").display().to_string();
    let words = ["spectrum", &file, "--format", "cf64", "--rate", "1M", "--center", "100M", "-o", &csv, "--json"];
    let traces = ["--max-hold", "--min-hold", "--percentiles", "50,90", "--persistence"];
    let zoom = ["--zoom-at", "100.1M", "--span", "50k", "--rbw", "500"];
    let out = faultscope(&[&words[..], &traces, &zoom].concat());
    assert_eq!(out.code, 0, "{}", out.err);
    let document = out.json();
    let spectrum = &document["captures"][0]["spectrum"];
    let names: Vec<&str> = spectrum["traces"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["average", "max", "min", "p50", "p90"]);
    assert!((spectrum["rbw_hz"].as_f64().unwrap() - 500.0).abs() < 5.0);
    assert!((spectrum["peak"]["frequency_hz"].as_f64().unwrap() - 100.1e6).abs() < 250.0);
    let start = spectrum["start_hz"].as_f64().unwrap();
    assert!((100.075e6 - 1.0..100.076e6).contains(&start), "{start}");
    let points = spectrum["traces"][0]["level_db"].as_array().unwrap().len();
    assert_eq!(spectrum["persistence"]["counts"].as_array().unwrap().len(), points);
    assert_eq!(document["captures"][0]["settings"]["spectrum"]["span_hz"], 50e3);
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.starts_with("frequency_hz,level_dbfs,max_dbfs,min_dbfs,p50_dbfs,p90_dbfs\r\n"), "{text:.80}");
    assert_eq!(text.lines().count(), points + 1);
}

#[test]
fn options_that_cannot_be_met_are_wrong_usage() {
    let (_dir, file) = tone();
    let base = ["spectrum", &file, "--format", "cf64", "--rate", "1M"];
    for bad in
        [&["--no-average"][..], &["--percentiles", "50,101"], &["--rbw", "100", "--fft", "512"], &["--zoom-at", "10k"]]
    {
        assert_eq!(faultscope(&[&base[..], bad].concat()).code, 2, "{bad:?}");
    }
    assert_eq!(faultscope(&["waterfall", &file, "--format", "cf64", "--rate", "1M", "--output", "x.gif"]).code, 2);
}

#[test]
fn an_exponential_edge_is_measured_in_volts() {
    let tau = 50.0;
    let (_dir, file) = raw(
        "edge.f64",
        (0..20_000).map(|i| f64::from(i) - 1000.0).map(|t| if t < 0.0 { 0.0 } else { 3.3 * (1.0 - (-t / tau).exp()) }),
    );
    let out = faultscope(&["transition", &file, "--format", "f64", "--rate", "1M", "--scale", "1", "--json"]);
    assert_eq!(out.code, 0, "{} {}", out.out, out.err);
    let result = &out.json()["captures"][0];
    let rise = result["transition"]["rising"]["duration_10_90_s"].as_f64().unwrap();
    // tau ln 9
    assert!((rise / (tau * 1e-6 * 9f64.ln()) - 1.0).abs() < 0.01, "{rise}");
    assert!(result["readings"].as_array().unwrap().iter().any(|r| r["id"] == "rise_time" && r["unit"] == "s"));
}

#[test]
fn a_supply_that_only_ripples_has_no_transition_and_is_not_green() {
    let out = faultscope(&["transition", &sample("supply-after.sigmf-meta"), "--json"]);
    assert_eq!(out.code, 3, "{}", out.err);
    let gates = out.json()["captures"][0]["quality"].clone();
    assert!(gates.as_array().unwrap().iter().any(|g| g["gate"] == "transition" && g["state"] == "fail"), "{gates}");
}
