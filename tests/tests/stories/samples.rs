//! The samples are what `simulate --samples` writes, and the measurements agree with their truth.

use std::fs;

use faultscope_tests::{faultscope, root, sample};
use serde_json::Value;

fn truth(stem: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(sample(&format!("{stem}.truth.json"))).unwrap()).unwrap()
}

fn measured(command: &str, stem: &str) -> Value {
    let outcome = faultscope(&[command, &sample(&format!("{stem}.sigmf-meta")), "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    outcome.json()["captures"][0].clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn near(what: &str, value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{what}: {value}, truth {expected}, tolerance {tolerance}");
}

#[test]
fn the_samples_are_what_simulate_writes() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = faultscope(&["simulate", "--samples", &dir.path().display().to_string(), "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let mut compared = 0;
    for entry in fs::read_dir(root().join("samples")).unwrap() {
        let kept = entry.unwrap().path();
        // The site's limits are written by hand, everything else is generated.
        if kept.extension().is_some_and(|e| e == "toml") {
            continue;
        }
        let made = dir.path().join(kept.file_name().unwrap());
        assert!(fs::read(&kept).unwrap() == fs::read(&made).unwrap(), "{} differs", kept.display());
        compared += 1;
    }
    assert_eq!(compared, 18, "three files for each of six samples");
    assert_eq!(compared, outcome.json()["files"].as_array().unwrap().len());
}

#[test]
fn another_seed_makes_another_record() {
    let dir = tempfile::tempdir().unwrap();
    let data = |name: &str, seed: &str| {
        let base = dir.path().join(name);
        let model = format!("reservoir-c-lost?duration=0.5&seed={seed}");
        assert_eq!(faultscope(&["simulate", &model, "--output", &base.display().to_string()]).code, 0);
        fs::read(base.with_extension("sigmf-data")).unwrap()
    };
    let (first, again, other) = (data("a", "5"), data("b", "5"), data("c", "6"));
    assert!(first == again, "one seed, one record");
    assert!(first != other, "two seeds, two records");
}

/// Standard deviation in dB of the level of a line that stands `snr_db` over the noise of the whole record:
/// the amplitude's relative error is the root of 1 / (2 snr) (Rife and Boorstyn, 1974).
fn deviation_db(snr_db: f64) -> f64 {
    20.0 / 10_f64.ln() / (2.0 * 10_f64.powf(snr_db / 10.0)).sqrt()
}

#[test]
fn transmit_samples_agree_with_their_truth() {
    for stem in ["tx-before", "tx-after", "tx-image"] {
        let (truth, result) = (truth(stem), measured("spurs", stem));
        let (carrier, wanted) = (&result["carrier"], &truth["carrier"]);
        near(stem, number(&carrier["frequency_hz"]), number(&wanted["frequency_hz"]), 0.01);
        near(stem, number(&carrier["offset_hz"]), number(&wanted["offset_hz"]), 0.01);
        near(stem, number(&carrier["level_db"]), number(&wanted["level_dbm"]), 0.02);
        assert_eq!(result["unit"], "dbm");
        // Noise of the whole record in one bin: density over the reciprocal of its length.
        let noise = number(&truth["noise_dbfs_per_hz"]) - 10.0 * number(&truth["duration_s"]).log10();
        let spurs = result["spurs"].as_array().unwrap();
        let mut seen = 0;
        for line in truth["lines"].as_array().unwrap() {
            let snr = number(&line["level_dbfs"]) - noise;
            if snr < 25.0 {
                continue;
            }
            let name = format!("{stem} {line}");
            let at = number(&line["offset_hz"]);
            let spur = spurs.iter().find(|s| (number(&s["offset_hz"]) - at).abs() < 3.0);
            let spur = spur.unwrap_or_else(|| panic!("{name} was not found"));
            // Averaging over segments costs a few dB of SNR against the whole record: ten deviations.
            near(&name, number(&spur["level_dbc"]), number(&line["level_dbc"]), 0.05 + 10.0 * deviation_db(snr));
            assert_eq!(spur["origin"], line["origin"], "{name}");
            seen += 1;
        }
        assert!(seen >= 2, "{stem} has lines to be found");
        // Nothing that the truth does not name.
        for spur in spurs {
            let at = number(&spur["offset_hz"]);
            let known = truth["lines"].as_array().unwrap().iter().any(|l| (number(&l["offset_hz"]) - at).abs() < 3.0);
            assert!(known, "{stem}: invented {spur}");
        }
        let density = number(&result["noise"]["density_db_per_hz"]);
        let scale = number(&wanted["level_dbm"]) - number(&wanted["level_dbfs"]);
        near(&format!("{stem} noise density"), density, number(&truth["noise_dbfs_per_hz"]) + scale, 0.5);
    }
}

#[test]
fn the_worst_spur_is_the_truths_worst() {
    for stem in ["tx-before", "tx-image"] {
        let (truth, result) = (truth(stem), measured("spurs", stem));
        let worst = truth["lines"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|l| l["origin"] != "dc")
            .map(|l| number(&l["level_dbc"]))
            .fold(f64::MIN, f64::max);
        let sfdr = result["readings"].as_array().unwrap().iter().find(|r| r["id"] == "sfdr").unwrap();
        near(stem, number(&sfdr["value"]), -worst, 0.1);
    }
}

#[test]
fn supply_samples_agree_with_their_truth() {
    for stem in ["supply-before", "supply-after", "supply-switching"] {
        let (truth, result) = (truth(stem), measured("ripple", stem));
        let ripple = &result["ripple"];
        let (noise, frames) = (number(&truth["noise_v"]), number(&result["samples"]));
        near(stem, number(&ripple["dc_v"]), number(&truth["dc_v"]), 5.0 * noise / frames.sqrt() + 1e-5);
        // Noise makes the extremes of the record wider by up to a few deviations at each end.
        let vpp = number(&truth["vpp_v"]);
        near(&format!("{stem} vpp"), number(&ripple["vpp_v"]), vpp, 9.0 * noise);
        let rms = number(&truth["rms_ac_v"]).hypot(noise);
        near(&format!("{stem} rms"), number(&ripple["rms_ac_v"]), rms, 0.01 * rms);
        assert_eq!(result["unit"], "v");
    }
}

#[test]
fn supply_lines_agree_with_their_truth() {
    for (stem, family) in [("supply-before", "mains"), ("supply-after", "mains"), ("supply-switching", "switching")] {
        let (truth, result) = (truth(stem), measured("ripple", stem));
        let lines = result["ripple"][family]["lines"].as_array().unwrap_or_else(|| panic!("{stem}: no {family}"));
        // What is neither a line nor DC disturbs the lines: noise, and the spikes where there are some.
        let lines_power: f64 =
            truth["lines"].as_array().unwrap().iter().map(|l| number(&l["amplitude_v"]).powi(2) / 2.0).sum();
        let rest = (number(&truth["rms_ac_v"]).powi(2) - lines_power).max(0.0).sqrt();
        let deviation = rest.hypot(number(&truth["noise_v"])) * (2.0 / number(&result["samples"])).sqrt();
        let resolution = 1.0 / number(&result["duration_s"]);
        for line in truth["lines"].as_array().unwrap() {
            let amplitude = number(&line["amplitude_v"]);
            if amplitude < 50.0 * deviation {
                continue;
            }
            let name = format!("{stem} {line}");
            let found = lines.iter().find(|l| l["order"] == line["order"]).unwrap_or_else(|| panic!("{name}: no line"));
            near(&name, number(&found["amplitude_v"]), amplitude, 6.0 * deviation + 0.01 * amplitude);
            near(&name, number(&found["frequency_hz"]), number(&line["frequency_hz"]), 0.1 * resolution);
            near(&name, number(&found["rms_v"]), number(&found["amplitude_v"]) / 2_f64.sqrt(), 1e-12);
        }
    }
}

#[test]
fn spikes_agree_with_their_truth() {
    let (truth, result) = (truth("supply-switching"), measured("ripple", "supply-switching"));
    let events: Vec<f64> = truth["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["kind"] == "spike")
        .map(|e| number(&e["change_v"]).abs())
        .collect();
    let spikes = &result["ripple"]["spikes"];
    let largest = events.iter().copied().fold(0.0, f64::max);
    near("largest spike", number(&spikes["largest_v"]).abs(), largest, 0.1 * largest);
    // The truth lists the first events only; the rate of those it lists is the rate of all.
    let last = truth["events"].as_array().unwrap().last().unwrap()["start_s"].as_f64().unwrap();
    let rate = events.len() as f64 / last;
    near("spikes per second", number(&spikes["per_second"]), rate, 3.0 * rate / (events.len() as f64).sqrt());
    // They stand at two phases of the switching cycle, turn-on and turn-off: those of the truth have a mean resultant of
    // 0.28 at f and 0.88 at 2 f (NumPy).
    assert_eq!(spikes["locked_to"], "switching");
}

#[test]
fn samples_name_the_cause_that_was_simulated() {
    for (command, stem, limits) in
        [("ripple", "supply-before", vec!["dc-48v"]), ("spurs", "tx-image", vec!["tx-generic"])]
    {
        let file = sample(&format!("{stem}.sigmf-meta"));
        let mut words = vec![command, &file, "--json"];
        limits.iter().for_each(|l| words.extend(["--limits", l]));
        let outcome = faultscope(&words);
        assert_eq!(outcome.code, 1, "{}", outcome.err);
        let result = outcome.json()["captures"][0].clone();
        let causes: Vec<Value> = result["findings"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|f| f["causes"].as_array().unwrap().clone())
            .collect();
        let wanted = &truth(stem)["cause"];
        // Of equal ones the first: that is their rank.
        let best = causes.iter().rev().max_by(|a, b| number(&a["confidence"]).total_cmp(&number(&b["confidence"])));
        let best = best.unwrap_or_else(|| panic!("{stem}: no cause"));
        assert_eq!(&best["rule"], wanted, "{stem}: {causes:#?}");
    }
}

#[test]
fn repaired_units_fail_nothing() {
    let site = sample("site-tx.toml");
    let tx = sample("tx-after.sigmf-meta");
    let outcome = faultscope(&["spurs", &tx, "--limits", "tx-generic", "--limits", &site, "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.out);
    assert!(matches!(outcome.json()["verdict"].as_str(), Some("pass" | "margin")));
    // The supply's record ends at 10 kHz: what lies above is not evaluated, and nothing else is in doubt.
    let outcome = faultscope(&["ripple", &sample("supply-after.sigmf-meta"), "--limits", "dc-48v", "--json"]);
    assert_eq!(outcome.code, 3, "{}", outcome.out);
    for finding in outcome.json()["captures"][0]["findings"].as_array().unwrap() {
        let above = finding["reason"]
            .as_str()
            .is_some_and(|r| r.contains("the record reaches 10.000 kHz") || r.starts_with("no reading 'discrete_"));
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(matches!(verdict, "pass" | "margin") || (verdict == "not_evaluated" && above), "{finding:#}");
    }
}
