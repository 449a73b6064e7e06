//! `convert`: what is written opens again the same, other programs read it, and nothing is lost or half there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use faultscope_tests::{Outcome, faultscope, root, sample};
use serde_json::{Value, json};

use super::make;

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[track_caller]
fn convert(from: &str, to: &Path, more: &[&str]) -> Outcome {
    let to = text(to);
    let outcome = faultscope(&[&["convert", from, "--output", &to], more].concat());
    assert_eq!(outcome.code, 0, "{from} {more:?}: {}", outcome.err);
    outcome
}

fn info(path: &Path) -> Value {
    faultscope(&["info", &text(path), "--json"]).json()["captures"][0].clone()
}

/// I/Q whose values 16 and 8 bits hold exactly.
fn steps(frames: usize) -> Vec<[f64; 2]> {
    (0..frames).map(|i| [(i % 128) as f64 / 128.0 - 0.5, (i % 64) as f64 / -128.0]).collect()
}

/// A SigMF recording with keys of others, an annotation, a start and a centre.
fn foreign(folder: &Path) -> String {
    fs::write(folder.join("in.sigmf-data"), make::cf32(&steps(4096))).unwrap();
    let meta = json!({
        "global": { "core:datatype": "cf32_le", "core:version": "1.2.0", "core:sample_rate": 48000, "core:author": "A. Nother",
                    "core:extensions": [{ "name": "weather", "version": "1.0.0", "optional": true }], "weather:rain_mm": 3.5 },
        "captures": [{ "core:sample_start": 0, "core:frequency": 868e6, "core:datetime": "2026-11-22T09:30:00Z", "weather:sky": "grey" }],
        "annotations": [{ "core:sample_start": 100, "core:sample_count": 200, "core:label": "burst", "weather:wind": 7 },
                        { "core:sample_start": 3000, "core:sample_count": 10, "core:label": "late" }],
    });
    fs::write(folder.join("in.sigmf-meta"), meta.to_string()).unwrap();
    text(&folder.join("in.sigmf-meta"))
}

fn meta(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_form_keeps_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let source = foreign(dir.path());
    let rail = sample("supply-before.sigmf-meta");
    for (from, kind) in [(&source, "iq"), (&rail, "real")] {
        let before = info(Path::new(from.as_str()));
        for extension in ["sigmf-meta", "sigmf", "wav", "csv"] {
            let to = dir.path().join(format!("{kind}.{extension}"));
            convert(from, &to, &["--duration", "0.05"]);
            let after = info(&to);
            for field in ["sample_rate_hz", "center_hz", "unit"] {
                assert_eq!(after[field], before[field], "{kind}.{extension}: {field}");
            }
            assert_eq!(after["duration_s"].as_f64().unwrap(), 0.05, "{kind}.{extension}");
            assert_eq!(after["channels"][0]["kind"], kind);
            let start = |v: &Value| v["provenance"]["start_time"].clone();
            assert_eq!(start(&after), start(&before), "{kind}.{extension}");
        }
    }
}

#[test]
fn keys_of_others_stay_and_annotations_move_with_the_samples() {
    let dir = tempfile::tempdir().unwrap();
    let source = foreign(dir.path());
    let to = dir.path().join("out.sigmf-meta");
    convert(&source, &to, &["--start", "0.003125", "--duration", "0.05", "--datatype", "ci16_le"]);
    let out = meta(&to);
    assert_eq!((&out["global"]["core:author"], &out["global"]["weather:rain_mm"]), (&json!("A. Nother"), &json!(3.5)));
    assert_eq!(out["global"]["core:datatype"], "ci16_le");
    assert_eq!(out["global"]["faultscope:source"]["file"], "in.sigmf-data");
    let names: Vec<&str> =
        out["global"]["core:extensions"].as_array().unwrap().iter().filter_map(|e| e["name"].as_str()).collect();
    assert_eq!(names, ["weather", "faultscope"]);
    assert_eq!(out["captures"][0]["weather:sky"], "grey");
    // 150 samples later, at 48 kHz.
    assert_eq!(out["captures"][0]["core:datetime"], "2026-11-22T09:30:00.003125000Z");
    // The mark began 50 samples before the part, and the other lies behind its end.
    let marks = out["annotations"].as_array().unwrap();
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert_eq!((&marks[0]["core:sample_start"], &marks[0]["core:sample_count"]), (&json!(0), &json!(150)));
    assert_eq!(marks[0]["weather:wind"], 7);
}

#[test]
fn lines_and_findings_become_annotations() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("marked.sigmf-meta");
    convert(&sample("tx-before.sigmf-meta"), &to, &["--annotate", "spurs", "--limits", "tx-generic"]);
    let out = meta(&to);
    let ours: Vec<&Value> =
        out["annotations"].as_array().unwrap().iter().filter(|a| a["core:generator"] == "faultscope spurs").collect();
    let kinds = |kind: &str| ours.iter().filter(|a| a["faultscope:kind"] == kind).count();
    assert_eq!(kinds("carrier"), 1);
    let failed: Vec<&&Value> = ours.iter().filter(|a| a["faultscope:verdict"] == "fail").collect();
    assert!(!failed.is_empty());
    for mark in failed {
        let edge = |key: &str| mark[key].as_f64().unwrap();
        assert!(edge("core:freq_lower_edge") < edge("core:freq_upper_edge"));
        assert!(mark["core:label"].as_str().unwrap().chars().count() <= 20);
        assert!(!mark["core:comment"].as_str().unwrap().is_empty());
        assert_eq!((&mark["core:sample_start"], &mark["faultscope:limit"]), (&json!(0), &json!(-60.0)));
    }
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let (rail, tx) = (sample("supply-before.sigmf-meta"), sample("tx-before.sigmf-meta"));
    let at = |name: &str| text(&dir.path().join(name));
    fs::write(at("there.wav"), "mine").unwrap();
    fs::write(at("scan.csv"), "frequency_hz,level_dbm\n100,-3\n200,-60\n").unwrap();
    for (words, code, says) in [
        (vec![tx.as_str(), "--output", &at("there.wav")], 2, "--force"),
        (vec![&tx, "--output", &at("x.bmp")], 2, ".sigmf-meta"),
        (vec![&tx, "--output", &at("x.wav"), "--annotate", "spurs"], 2, "annotations"),
        (vec![&tx, "--output", &at("x.sigmf"), "--limits", "tx-generic"], 2, "--annotate"),
        (vec![&tx, "--output", &at("x.wav"), "--datatype", "cu8"], 2, "8 bits"),
        (vec![&tx, "--output", &at("x.csv"), "--datatype", "cu8"], 2, "--datatype"),
        (vec![&tx, "--output", &at("x.sigmf"), "--datatype", "ci32_le"], 2, "ci32_le"),
        (vec![&rail, "--output", &at("x.sigmf"), "--datatype", "ci16_le"], 2, "does not fit"),
        (vec![&rail, "--output", &at("none/x.csv")], 5, "folder"),
        (vec![&at("scan.csv"), "--output", &at("x.csv")], 3, "not samples"),
        (vec![&at("nope.wav"), "--output", &at("x.csv")], 3, "no such file"),
    ] {
        let outcome = faultscope(&[&["convert"], words.as_slice()].concat());
        assert_eq!(outcome.code, code, "{words:?}: {}", outcome.err);
        assert!(outcome.err.contains(says) && outcome.out.is_empty(), "{words:?}: {}", outcome.err);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    assert_eq!(fs::read(at("there.wav")).unwrap(), b"mine");
    convert(&tx, &dir.path().join("there.wav"), &["--force"]);
}

/// A full disk, as Linux offers one: exit code 5, and the message says so.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "needs a small file system: mount -t tmpfs -o size=64k none /mnt/small; FAULTSCOPE_SMALL_DISK=/mnt/small"]
fn a_full_disk_is_said_and_leaves_nothing() {
    let folder = PathBuf::from(std::env::var_os("FAULTSCOPE_SMALL_DISK").unwrap());
    for name in ["x.sigmf-meta", "x.sigmf", "x.wav", "x.csv"] {
        let to = text(&folder.join(name));
        let outcome = faultscope(&["convert", &sample("tx-before.sigmf-meta"), "--output", &to]);
        assert_eq!(outcome.code, 5, "{}", outcome.err);
        assert!(outcome.err.contains("full"), "{}", outcome.err);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}

/// The Python with the packages that read our files; nothing, said aloud, where there is none and none is required.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("FAULTSCOPE_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root().join("target/python/bin/python"));
    let there = Command::new(&python).args(["-c", "import sigmf, numpy"]).output().is_ok_and(|o| o.status.success());
    let required = std::env::var_os("FAULTSCOPE_REQUIRE_PYTHON").is_some();
    assert!(there || !required, "{} has no sigmf and numpy: ./test.sh installs them", python.display());
    if !there {
        println!("skipped: {} has no sigmf and numpy: ./test.sh installs them", python.display());
    }
    there.then_some(python)
}

fn ask(python: &Path, action: &str, path: &Path) -> Value {
    let script = root().join("tests/tests/stories/validate.py");
    let out = Command::new(python).arg(script).arg(action).arg(path).output().unwrap();
    assert!(out.status.success(), "{action} {}: {}", path.display(), String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn values(answer: &Value) -> Vec<f64> {
    answer["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn other_programs_read_what_is_written() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let source = foreign(dir.path());
    let expected: Vec<f64> = steps(4096).concat();
    for datatype in ["cf32_le", "ci16_le", "ci8", "cu8"] {
        for extension in ["sigmf-meta", "sigmf"] {
            let to = dir.path().join(format!("{datatype}.{extension}"));
            convert(&source, &to, &["--datatype", datatype, "--annotate", "spurs"]);
            let answer = ask(&python, "recording", &to);
            let step = match datatype {
                "cf32_le" => 0.0,
                "ci16_le" => 0.5 / 32_768.0,
                // Zero lies at 127.5 here and at 128 there: half a step more.
                "cu8" => 1.0 / 127.5,
                _ => 0.5 / 128.0,
            };
            for (got, wanted) in values(&answer).iter().zip(&expected) {
                assert!((got - wanted).abs() <= step + 1e-9, "{datatype}.{extension}: {got} for {wanted}");
            }
            assert_eq!((values(&answer).len(), &answer["sample_rate"]), (expected.len(), &json!(48000)));
            assert_eq!(answer["captures"][0]["core:frequency"], json!(868_000_000));
            assert!(answer["annotations"].as_array().unwrap().len() > 2);
        }
    }
    let rail = dir.path().join("rail.sigmf-meta");
    convert(&sample("supply-before.sigmf-meta"), &rail, &["--annotate", "ripple", "--limits", "dc-48v"]);
    assert_eq!(ask(&python, "recording", &rail)["global"]["faultscope:unit"], "V");
    let csv = dir.path().join("out.csv");
    convert(&source, &csv, &[]);
    assert_eq!(values(&ask(&python, "table", &csv)), expected);
    let wav = dir.path().join("out.wav");
    convert(&source, &wav, &["--datatype", "ci16_le"]);
    let answer = ask(&python, "sound", &wav);
    assert_eq!((&answer["channels"], &answer["sample_rate"]), (&json!(2), &json!(48000)));
    assert!(values(&answer).iter().zip(&expected).all(|(code, v)| *code == v * 32_768.0));
}

#[test]
fn arrays_of_numpy_are_read() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let expected = values(&ask(&python, "arrays", dir.path()));
    for name in ["c64", "c128", "be", "i16", "v2"] {
        let to = dir.path().join(format!("{name}.csv"));
        convert(&text(&dir.path().join(format!("{name}.npy"))), &to, &["--rate", "1M"]);
        assert_eq!(values(&ask(&python, "table", &to)), expected, "{name}");
    }
    let to = dir.path().join("f32.csv");
    convert(&text(&dir.path().join("f32.npy")), &to, &["--rate", "1M"]);
    let real: Vec<f64> = expected.iter().step_by(2).copied().collect();
    assert_eq!(values(&ask(&python, "table", &to)), real);
}
