//! Bad input: one clear message (what, where, what to do), the exit code of the contract, nothing on standard output
//! but JSON, and no panic.

use std::fs;
use std::path::Path;

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

use super::make;
use super::schema::Published;

/// One bad command line: its words (a `@` stands for the folder of this case), exit code, words of the message.
struct Bad {
    name: &'static str,
    words: Vec<String>,
    code: u8,
    says: Vec<&'static str>,
}

fn bad(name: &'static str, words: &str, code: u8, says: &[&'static str]) -> Bad {
    Bad { name, words: words.split_whitespace().map(str::to_owned).collect(), code, says: says.to_vec() }
}

fn run(words: &[String], folder: &Path, json: bool) -> Outcome {
    let words: Vec<String> = words
        .iter()
        .map(|w| w.replace('@', &folder.display().to_string()))
        .chain(json.then(|| "--json".into()))
        .collect();
    faultscope(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What every refusal has in common.
fn check(case: &Bad, folder: &Path, published: &mut Published) {
    let outcome = run(&case.words, folder, false);
    let shown = format!("{}: {:?}\nstdout: {}\nstderr: {}", case.name, case.words, outcome.out, outcome.err);
    assert_eq!(outcome.code, case.code, "{shown}");
    assert!(outcome.out.is_empty(), "standard output is for results\n{shown}");
    for words in &case.says {
        assert!(outcome.err.contains(words), "'{words}' is not said\n{shown}");
    }
    assert!(!outcome.err.contains("panicked") && !outcome.err.contains("RUST_BACKTRACE"), "{shown}");
    // What and where in the first line, what to do in the next.
    let lines: Vec<&str> = outcome.err.lines().filter(|l| !l.trim().is_empty()).collect();
    assert!((1..=9).contains(&lines.len()), "one message\n{shown}");
    assert!(lines.len() >= 2 || case.says.is_empty(), "no word of what to do next\n{shown}");

    let json = run(&case.words, folder, true);
    assert_eq!(json.code, case.code, "with --json\n{shown}");
    let document: Value = json.json();
    assert!(published.takes(&document), "{}: {document:#}", case.name);
    let error = document.get("error").unwrap_or(&document["captures"][0]["error"]);
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{}: {document:#}", case.name);
    assert!(!error["kind"].as_str().unwrap_or_default().contains("defect"), "{}: {document:#}", case.name);
}

fn check_all(cases: &[Bad], folder: &Path) {
    let mut published = Published::load();
    let mut faults = Vec::new();
    for case in cases {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(case, folder, &mut published)));
        if let Err(fault) = caught {
            faults.push(fault.downcast_ref::<String>().cloned().unwrap_or_else(|| case.name.to_owned()));
        }
    }
    assert!(faults.is_empty(), "{} of {} cases:\n\n{}", faults.len(), cases.len(), faults.join("\n\n"));
}

fn meta_with(folder: &Path, stem: &str, meta: &str, data: &[u8]) {
    fs::write(folder.join(format!("{stem}.sigmf-meta")), meta).unwrap();
    fs::write(folder.join(format!("{stem}.sigmf-data")), data).unwrap();
}

#[test]
fn files_that_are_not_captures() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let iq = make::cf32(&make::tones(4096, 6000.0, 0.5, -9000.0));
    let stereo = make::wav(1, 2, 16, &make::ci16(&make::tones(4096, 6000.0, 0.5, -9000.0)));
    fs::create_dir(at("empty-folder")).unwrap();
    for name in ["e.csv", "e.wav", "e.sigmf-meta", "e.sigmf", "e.cu8", "e.cf32", "e.bin"] {
        fs::write(at(name), b"").unwrap();
    }
    let meta = make::sigmf_meta("cf32_le", "");
    meta_with(dir.path(), "cut", &meta[..meta.len() / 2], &iq);
    fs::write(at("alone.sigmf-meta"), &meta).unwrap();
    fs::write(at("orphan.sigmf-data"), &iq).unwrap();
    meta_with(dir.path(), "nodata", &meta, b"");
    fs::write(at("cut.wav"), &stereo[..30]).unwrap();
    fs::write(at("cut.sigmf"), &make::archive(&[("r.sigmf-meta", meta.as_bytes())])[..700]).unwrap();
    fs::write(at("wrong.wav"), make::csv(&make::rail(100, 5.0, 100.0, 0.1))).unwrap();
    fs::write(at("wrong.csv"), &iq).unwrap();
    fs::write(at("wrong.sigmf-meta"), &stereo).unwrap();
    fs::write(at("picture.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    fs::write(at("words.csv"), "Time (s),CH1 (V)\n0.0,1.0\n0.1,1.1\n0.2,overload\n0.3,1.2\n").unwrap();
    fs::write(at("prose.csv"), "Dear colleague,\nthe station is down.\n").unwrap();
    fs::write(at("iq.cf32"), &iq).unwrap();
    fs::write(at("list.json"), "[1, 2,\n3, 4,\n5, 6]\n").unwrap();
    fs::write(at("head.csv"), "Time (s),CH1 (V)\n").unwrap();
    fs::write(at("stuck.csv"), "Time (s),CH1 (V)\n0.1,1.0\n0.1,1.1\n0.1,1.2\n").unwrap();
    fs::write(at("back.csv"), "Time (s),CH1 (V)\n0.3,1.0\n0.2,1.1\n0.1,1.2\n").unwrap();
    check_all(
        &[
            bad("missing", "info @/nope.sigmf-meta", 3, &["no such file", "nope.sigmf-meta", "check the name"]),
            bad("missing, measured", "ripple @/nope.csv", 3, &["no such file", "nope.csv"]),
            bad("folder without captures", "info @/empty-folder", 3, &["holds no captures", "empty-folder"]),
            bad("pattern", "info @/*.isf", 3, &["nothing matches", "quote"]),
            bad("empty csv", "info @/e.csv", 3, &["empty", "e.csv"]),
            bad("empty wav", "info @/e.wav", 3, &["empty", "e.wav"]),
            bad("empty meta", "info @/e.sigmf-meta", 3, &["empty", "e.sigmf-meta"]),
            bad("empty archive", "info @/e.sigmf", 3, &["empty", "e.sigmf"]),
            bad("empty raw", "info @/e.cu8 --rate 1M", 3, &["empty", "e.cu8"]),
            bad("empty raw, measured", "spurs @/e.cf32 --rate 1M", 3, &["empty", "e.cf32"]),
            bad("empty, unknown", "info @/e.bin", 3, &["empty", "e.bin"]),
            bad("cut metadata", "info @/cut.sigmf-meta", 3, &["cut.sigmf-meta"]),
            bad("metadata alone", "info @/alone.sigmf-meta", 3, &["alone.sigmf-"]),
            bad("samples alone", "info @/orphan.sigmf-data", 3, &["orphan.sigmf-"]),
            bad("no samples", "spurs @/nodata.sigmf-meta", 3, &["nodata.sigmf-"]),
            bad("cut wav header", "info @/cut.wav", 3, &["cut.wav"]),
            bad("cut archive", "info @/cut.sigmf", 3, &["cut.sigmf"]),
            bad("samples named csv", "info @/wrong.csv", 3, &["wrong.csv"]),
            bad("wav named metadata", "info @/wrong.sigmf-meta", 3, &["wrong.sigmf-meta"]),
            bad("a picture", "info @/picture.png", 2, &["picture.png", "--format"]),
            bad("text in the data", "ripple @/words.csv", 3, &["line 4", "words.csv"]),
            bad("prose", "info @/prose.csv", 3, &["prose.csv"]),
            bad("I/Q is no rail", "ripple @/iq.cf32 --rate 1M", 3, &["I/Q", "spurs", "iq.cf32"]),
            bad("a list", "info @/list.json", 2, &["list.json"]),
            bad("header alone", "info @/head.csv", 3, &["head.csv"]),
            bad("time stands still", "info @/stuck.csv", 3, &["stuck.csv"]),
            bad("time runs back", "info @/back.csv", 3, &["back.csv"]),
        ],
        dir.path(),
    );
}

#[test]
fn a_wrong_extension_is_seen_through() {
    // What a file holds counts more than what it is called.
    let dir = tempfile::tempdir().unwrap();
    let rows = make::csv(&make::rail(100, 5.0, 100.0, 0.1));
    let pcm = make::wav(1, 2, 16, &make::ci16(&make::tones(64, 6000.0, 0.5, -9000.0)));
    for (name, bytes, format) in [("table.wav", rows.as_bytes(), "csv/"), ("sound.csv", &pcm, "wav/")] {
        let file = dir.path().join(name);
        fs::write(&file, bytes).unwrap();
        let outcome = faultscope(&["info", &file.display().to_string(), "--json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        assert!(outcome.json()["captures"][0]["format"].as_str().unwrap().starts_with(format), "{name}");
    }
}

#[test]
fn headers_that_lie() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let tone = make::tones(4096, 6000.0, 0.5, -9000.0);
    let (iq, pcm) = (make::cf32(&tone), make::ci16(&tone));
    let rate = |text: &str| make::sigmf_meta("cf32_le", "").replace("48000", text);
    for (stem, meta) in [
        ("rate0", rate("0")),
        ("rateneg", rate("-48000")),
        ("ratetext", rate("\"fast\"")),
        ("ratehuge", rate("1e400")),
        ("ratenan", rate("NaN")),
        ("type", make::sigmf_meta("cq99_le", "")),
        ("chan0", make::sigmf_meta("cf32_le", ", \"core:num_channels\": 0")),
        ("chanmany", make::sigmf_meta("cf32_le", ", \"core:num_channels\": 4000000000")),
        ("noglobal", "{\"captures\": []}".into()),
        ("list", "[1, 2, 3]".into()),
        ("deep", "[".repeat(100_000)),
        (
            "header",
            make::sigmf_meta("cf32_le", "").replace(
                "\"core:sample_start\": 0",
                "\"core:sample_start\": 0, \"core:header_bytes\": 9000000000000000000",
            ),
        ),
    ] {
        meta_with(dir.path(), stem, &meta, &iq);
    }
    fs::write(at("rate0.wav"), make::wav_stating(1, 2, 16, 0, pcm.len() as u32, &pcm)).unwrap();
    fs::write(at("bits0.wav"), make::wav(1, 2, 0, &pcm)).unwrap();
    fs::write(at("bits7.wav"), make::wav(1, 2, 7, &pcm)).unwrap();
    fs::write(at("chan0.wav"), make::wav(1, 0, 16, &pcm)).unwrap();
    fs::write(at("codec.wav"), make::wav(85, 2, 16, &pcm)).unwrap();
    fs::write(at("none.wav"), make::wav(1, 2, 16, b"")).unwrap();
    check_all(
        &[
            bad("rate 0", "spurs @/rate0.sigmf-meta", 3, &["sample_rate", "rate0"]),
            bad("negative rate", "spurs @/rateneg.sigmf-meta", 3, &["sample_rate", "rateneg"]),
            bad("rate in words", "info @/ratetext.sigmf-meta", 2, &["sample rate", "ratetext", "--rate"]),
            bad("rate beyond numbers", "info @/ratehuge.sigmf-meta", 3, &["ratehuge"]),
            bad("rate NaN", "info @/ratenan.sigmf-meta", 3, &["ratenan"]),
            bad("unknown datatype", "info @/type.sigmf-meta", 3, &["cq99_le", "datatype"]),
            bad("no channels", "info @/chan0.sigmf-meta", 3, &["num_channels", "chan0"]),
            bad("too many channels", "info @/chanmany.sigmf-meta", 3, &["num_channels", "chanmany"]),
            bad("no global", "info @/noglobal.sigmf-meta", 3, &["global", "noglobal"]),
            bad("a list", "info @/list.sigmf-meta", 3, &["list.sigmf-meta"]),
            bad("nested without end", "info @/deep.sigmf-meta", 3, &["deep.sigmf-meta"]),
            bad("header longer than the file", "info @/header.sigmf-meta", 3, &["header"]),
            bad("wav rate 0", "info @/rate0.wav", 3, &["rate", "rate0.wav"]),
            bad("wav of 0 bits", "info @/bits0.wav", 3, &["bits0.wav"]),
            bad("wav of 7 bits", "info @/bits7.wav", 3, &["bits7.wav"]),
            bad("wav without channels", "info @/chan0.wav", 3, &["channel", "chan0.wav"]),
            bad("wav with another codec", "info @/codec.wav", 3, &["codec.wav"]),
            bad("wav without samples", "spurs @/none.wav", 3, &["none.wav"]),
        ],
        dir.path(),
    );
}

#[test]
fn lengths_that_lie_are_answered_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let tone = make::tones(4096, 6000.0, 0.5, -9000.0);
    let pcm = make::ci16(&tone);
    let wav = dir.path().join("long.wav");
    fs::write(&wav, make::wav_stating(1, 2, 16, 48_000, 0xFFFF_0000, &pcm)).unwrap();
    let mut data = make::cf32(&tone);
    data.extend([1, 2, 3]);
    let meta = make::sigmf(dir.path(), "odd", "cf32_le", &data);
    let mut rows = make::csv(&make::rail(4096, 5.0, 100.0, 0.1));
    rows.truncate(rows.len() - 4);
    let csv = dir.path().join("cut.csv");
    fs::write(&csv, rows).unwrap();
    for (file, frames) in [(wav.display().to_string(), 4096), (meta, 4096), (csv.display().to_string(), 4096)] {
        let outcome = faultscope(&["info", &file, "--json"]);
        let capture = outcome.json()["captures"][0].clone();
        assert!(outcome.code == 0 || outcome.code == 3, "{file}: {}", outcome.err);
        let samples = capture["samples"].as_u64().unwrap_or_default();
        assert!(samples.abs_diff(frames) <= 1, "{file}: {samples}");
        // A row cut within its last digits is still a row; nobody can tell.
        if !file.ends_with(".csv") {
            let doubts = capture["caveats"].as_array().map_or(0, Vec::len);
            assert!(doubts > 0, "{file}: nothing is said about the length: {capture:#}");
        }
    }
}

#[test]
fn options_that_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let iq = make::cf32(&make::tones(4096, 6000.0, 0.5, -9000.0));
    fs::write(dir.path().join("x.cf32"), &iq).unwrap();
    fs::write(dir.path().join("x.dat"), &iq).unwrap();
    fs::write(dir.path().join("broken.toml"), "[pack\nid = 3").unwrap();
    fs::write(dir.path().join("field.toml"), "[pack]\nid = \"x\"\n").unwrap();
    make::sigmf(dir.path(), "t", "cf32_le", &iq);
    check_all(
        &[
            bad("raw without rate", "info @/x.cf32", 2, &["sample rate", "--rate"]),
            bad("raw without format", "info @/x.dat --rate 48k", 2, &["format", "--format"]),
            bad("rate 0", "info @/x.cf32 --rate 0", 2, &["0", "--rate"]),
            bad("negative rate", "info @/x.cf32 --rate -48k", 2, &["-48000", "--rate"]),
            bad("rate NaN", "info @/x.cf32 --rate NaN", 2, &["NaN", "--rate"]),
            bad("rate in words", "info @/x.cf32 --rate fast", 2, &["fast", "2.4M"]),
            bad("unknown format", "info @/x.dat --format cq16 --rate 1M", 2, &["cq16", "cf32"]),
            bad("unknown pack", "spurs @/t.sigmf-meta --limits nowhere", 2, &["nowhere", "packs are", ".toml"]),
            bad("broken pack", "spurs @/t.sigmf-meta --limits @/broken.toml", 2, &["broken.toml", "line"]),
            bad("pack without limits", "spurs @/t.sigmf-meta --limits @/field.toml", 2, &["field.toml"]),
            bad("missing pack", "spurs @/t.sigmf-meta --limits @/none.toml", 2, &["none.toml"]),
            bad("pack for another measurement", "spurs @/t.sigmf-meta --limits dc-48v", 2, &["dc-48v", "spurs"]),
            bad("unknown command", "frobnicate @/t.sigmf-meta", 2, &["frobnicate"]),
            bad("misspelt command", "spectrun @/t.sigmf-meta", 2, &["spectrum"]),
            bad("unknown option", "info @/t.sigmf-meta --frobnicate", 2, &["--frobnicate"]),
            bad("no capture", "info", 2, &["CAPTURE"]),
            bad("unknown window", "spectrum @/t.sigmf-meta --window kaizer", 2, &["kaizer", "kaiser"]),
            bad("overlap 1", "spectrum @/t.sigmf-meta --overlap 1", 2, &["overlap"]),
            bad("fft 1", "spectrum @/t.sigmf-meta --fft 1", 2, &["'1'", "--fft"]),
            bad("fft of a billion", "spectrum @/t.sigmf-meta --fft 1G", 2, &["1G", "--fft"]),
            bad(
                "fft longer than the record",
                "spectrum @/t.sigmf-meta --fft 8192",
                3,
                &["8192", "4096", "--fft", "t.sigmf-meta"],
            ),
            bad("channel not there", "info @/t.sigmf-meta --channel 7", 2, &["channel", "7"]),
            bad("segment not there", "info @/t.sigmf-meta --segment 2", 2, &["segment 2", "leave --segment out"]),
            bad("named channel not there", "info @/t.sigmf-meta --channel CH9", 2, &["CH9"]),
            bad("start past the end", "info @/t.sigmf-meta --start 10", 2, &["start", "10"]),
            bad("duration 0", "info @/t.sigmf-meta --duration 0", 2, &["--duration"]),
            bad("scale 0", "info @/t.sigmf-meta --scale 0", 2, &["scale"]),
            bad("probe 0", "info @/t.sigmf-meta --probe 0", 2, &["probe"]),
            bad("threads 0", "info @/t.sigmf-meta --threads 0", 2, &["--threads"]),
            bad("language", "spurs @/t.sigmf-meta --lang tlh", 2, &["tlh", "zh-CN"]),
            bad("carrier outside", "spurs @/t.sigmf-meta --carrier 5G", 2, &["carrier"]),
            bad("false alarm of 2", "spurs @/t.sigmf-meta --false-alarm 2", 2, &["false"]),
            bad("output nowhere", "spectrum @/t.sigmf-meta --output @/none/x.png", 5, &["none", "folder"]),
            bad("unknown output", "spectrum @/t.sigmf-meta --output @/x.bmp", 2, &["x.bmp", ".png"]),
            bad("output without ending", "spectrum @/t.sigmf-meta --output @/x", 2, &[".png"]),
            bad("unknown model", "simulate gremlin", 2, &["gremlin"]),
            bad("model setting", "simulate reservoir-c-lost?severity=9", 2, &["severity"]),
            bad("simulated nowhere", "simulate reservoir-c-lost?duration=0.1 --output @/none/x", 5, &["none"]),
            bad("simulated over a file", "simulate reservoir-c-lost?duration=0.1 --output @/t", 2, &["--force"]),
            bad("unknown topic", "explain nonsense", 2, &["nonsense", "ripple"]),
            bad("priority", "case open --title x --priority P9 --store @/s", 2, &["P9", "P1"]),
            bad("measurement", "case attach FS-1 @/t.sigmf-meta --measure rpple --store @/s", 2, &["rpple", "ripple"]),
            bad("postgres", "case list --store postgres://host/db", 2, &["PostgreSQL", "--store"]),
            bad("demo samples nowhere", "demo --samples @/none --output @/d", 3, &["none"]),
        ],
        dir.path(),
    );
}

/// A record of a tone with one sample replaced.
fn spoilt(value: f32) -> Vec<u8> {
    let mut data = make::cf32(&make::tones(16_384, 6000.0, 0.5, -9000.0));
    data[4000..4004].copy_from_slice(&value.to_le_bytes());
    data
}

#[test]
fn samples_that_are_no_numbers_are_invalid() {
    let dir = tempfile::tempdir().unwrap();
    for (stem, value) in [("nan", f32::NAN), ("inf", f32::INFINITY), ("minus", f32::NEG_INFINITY)] {
        let file = make::sigmf(dir.path(), stem, "cf32_le", &spoilt(value));
        let outcome = faultscope(&["spurs", &file, "--limits", "tx-generic", "--json"]);
        let document = outcome.json();
        assert_eq!((outcome.code, document["verdict"].as_str()), (3, Some("invalid")), "{stem}: {document:#}");
        let gates = document["captures"][0]["quality"].as_array().unwrap();
        assert!(gates.iter().any(|g| g["gate"] == "finite" && g["state"] == "fail"), "{stem}");
        for finding in document["captures"][0]["findings"].as_array().unwrap() {
            assert_eq!(finding["verdict"], "invalid", "{stem}");
        }
        assert_eq!(faultscope(&["spectrum", &file]).code, 3, "{stem}: a spectrum of what is no number");
        let info = faultscope(&["info", &file, "--json"]);
        assert_eq!(
            (info.code, &info.json()["verdict"]),
            (0, &Value::Null),
            "{stem}: info shows the gate and judges nothing"
        );
        assert!(info.json()["captures"][0]["quality"].to_string().contains("\"fail\""), "{stem}");
    }
}

#[test]
fn a_rail_with_nan_is_invalid() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rail.csv");
    let rows = make::csv(&make::rail(9600, -53.5, 100.0, 0.01));
    let mut lines: Vec<String> = rows.lines().map(str::to_owned).collect();
    lines[500] = format!("{},nan", lines[500].split(',').next().unwrap());
    fs::write(&file, lines.join("\n")).unwrap();
    let outcome = faultscope(&["ripple", &file.display().to_string(), "--limits", "dc-48v", "--json"]);
    assert_eq!(outcome.code, 3, "{}{}", outcome.out, outcome.err);
    let document = outcome.json();
    assert!(document["verdict"] == "invalid" || document["captures"][0]["error"].is_object(), "{document:#}");
}

#[test]
fn clipped_samples_are_invalid() {
    let dir = tempfile::tempdir().unwrap();
    let file = make::sigmf(dir.path(), "clipped", "ci16_le", &make::ci16(&make::tones(16_384, 6000.0, 1.4, -9000.0)));
    let outcome = faultscope(&["spurs", &file, "--limits", "tx-generic", "--json"]);
    let document = outcome.json();
    assert_eq!((outcome.code, document["verdict"].as_str()), (3, Some("invalid")), "{document:#}");
    let gates = document["captures"][0]["quality"].as_array().unwrap();
    assert!(gates.iter().any(|g| g["gate"] == "clipping" && g["state"] == "fail"), "{gates:?}");
    // `info` shows the closed gate and judges nothing: it opened, which is all that was asked.
    let outcome = faultscope(&["info", &file, "--json"]);
    let document = outcome.json();
    assert_eq!((outcome.code, &document["verdict"]), (0, &Value::Null), "{document:#}");
    assert!(document["captures"][0]["quality"].to_string().contains("\"fail\""), "{document:#}");
}

#[test]
fn an_absolute_limit_needs_a_calibration() {
    let dir = tempfile::tempdir().unwrap();
    let file = make::sigmf(dir.path(), "plain", "cf32_le", &make::cf32(&make::tones(16_384, 6000.0, 0.5, -9000.0)));
    let outcome = faultscope(&["spurs", &file, "--limits", &sample("site-tx.toml"), "--json"]);
    let document = outcome.json();
    assert_eq!((outcome.code, document["verdict"].as_str()), (3, Some("not_evaluated")), "{document:#}");
}

#[test]
fn a_batch_goes_on_with_the_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken.sigmf-meta");
    fs::write(&broken, "{").unwrap();
    let broken = broken.display().to_string();
    let (after, before) = (sample("supply-after.sigmf-meta"), sample("supply-before.sigmf-meta"));
    for (files, code) in [([&after, &broken, &after], 3), ([&before, &broken, &after], 1)] {
        let mut words = vec!["ripple", "--json", "--limits", "dc-48v"];
        words.extend(files.iter().map(|f| f.as_str()));
        let outcome = faultscope(&words);
        assert_eq!(outcome.code, code, "{}", outcome.err);
        let document = outcome.json();
        let captures = document["captures"].as_array().unwrap();
        let broken_at = captures.iter().position(|c| c["error"].is_object()).expect("the bad one is answered");
        assert_eq!(captures[broken_at]["file"], broken.as_str());
        for (i, capture) in captures.iter().enumerate().filter(|(i, _)| *i != broken_at) {
            assert!(capture["ripple"]["dc_v"].is_number(), "capture {i}: {capture:#}");
        }
        let text = faultscope(&words.iter().copied().filter(|w| *w != "--json").collect::<Vec<_>>());
        assert_eq!(text.code, code);
        assert!(text.out.contains("supply-after") && text.err.contains("broken.sigmf-meta"), "{text:?}");
    }
}

#[test]
fn a_record_of_one_sample_is_too_short() {
    let dir = tempfile::tempdir().unwrap();
    for frames in [1_usize, 2, 7] {
        let iq = make::tones(frames, 6000.0, 0.5, -9000.0);
        let file = make::sigmf(dir.path(), &format!("short{frames}"), "cf32_le", &make::cf32(&iq));
        for words in [vec!["spurs", &file], vec!["spurs", &file, "--limits", "tx-generic"], vec!["ripple", &file]] {
            let outcome = faultscope(&words);
            assert_eq!(outcome.code, 3, "{words:?}: {}{}", outcome.out, outcome.err);
            assert!(!outcome.err.contains("panicked"), "{}", outcome.err);
        }
    }
}
