//! Live sources through the command line: lists, recordings that end well and badly, rules, and the doctor.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use faultscope_tests::faultscope;
use serde_json::Value;

use crate::process::{binary, binary_on_a_full_disk};
use crate::schema::Published;

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// An rtl_tcp server of its own, written from the protocol: header, then `bytes` of samples, then the end.
fn dongle(bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtltcp://{}?freq=100M&rate=1M", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"RTL0\x00\x00\x00\x05\x00\x00\x00\x1d").unwrap();
        // Eight commands of five bytes, read so that the end is an end and not a reset.
        let mut commands = [0; 40];
        stream.read_exact(&mut commands).unwrap();
        let samples: Vec<u8> = (0..bytes).map(|k| (k % 200 + 20) as u8).collect();
        let _ = stream.write_all(&samples);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read(&mut commands);
    });
    address
}

fn info(file: &str) -> Value {
    let outcome = faultscope(&["info", file, "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    outcome.json()["captures"][0].clone()
}

#[test]
fn a_recording_of_a_simulated_source_is_a_capture_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    let words = ["record", "sim:tx-healthy?pace=off", "--output", &base, "--duration", "0.25", "--json"];
    let outcome = faultscope(&words);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let document = outcome.json();
    assert_eq!((document["samples"].as_u64(), document["ended"].as_str()), (Some(125_000), Some("complete")));
    let meta = format!("{base}.sigmf-meta");
    let capture = info(&meta);
    assert_eq!((capture["sample_rate_hz"].as_f64(), capture["center_hz"].as_f64()), (Some(500e3), Some(940e6)));
    // The scenario of the model puts its carrier 37.5 kHz above the centre, at -6 dBFS.
    let spurs = faultscope(&["spurs", &meta, "--json"]).json();
    let carrier = &spurs["captures"][0]["carrier"];
    assert!((carrier["offset_hz"].as_f64().unwrap() - 37.5e3).abs() < 5.0, "{carrier}");
    assert_eq!(faultscope(&words).code, 2, "a recording that is there must not be replaced");
}

#[test]
fn a_device_that_breaks_off_leaves_a_shorter_recording_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    // 0.1 s at 1 MS/s are thrown away after tuning; 100 000 frames remain.
    let outcome = faultscope(&["record", &dongle(400_000), "--output", &base, "--duration", "60", "--json"]);
    assert_eq!(outcome.code, 4, "{}", outcome.err);
    let document = outcome.json();
    assert_eq!((document["samples"].as_u64(), document["ended"].as_str()), (Some(100_000), Some("device_gone")));
    assert_eq!(document["error"]["kind"], "closed");
    let capture = info(&format!("{base}.sigmf-meta"));
    assert_eq!(capture["samples"].as_u64(), Some(100_000));
    let caveats = capture["caveats"].to_string();
    assert!(caveats.contains("truncated") && caveats.contains("broke off"), "{caveats}");
}

/// A server that drops samples without a word: arrival against the clock tells, and no verdict is made of the capture.
#[test]
fn a_recording_with_silent_losses_is_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    let address = "sim:dongle/tx-healthy?duration=0.1&fault=drop:0.2";
    let outcome = faultscope(&["record", address, "--output", &base, "--duration", "1.2", "--json"]);
    assert_eq!(outcome.code, 3, "{}", outcome.err);
    // A fifth of what was sent is missing; of the last half second it is not sure.
    assert!(outcome.json()["lost_samples"].as_u64().unwrap() > 50_000, "{}", outcome.out);
    let judged = faultscope(&["spurs", &format!("{base}.sigmf-meta"), "--limits", "tx-generic", "--json"]);
    assert_eq!((judged.code, judged.json()["verdict"].as_str()), (3, Some("invalid")), "{}", judged.err);
}

/// An rtl_tcp server at 1 MS/s that sends by the clock; from the frame `from` on it drops every hundredth block of 2048.
fn forgetful_dongle(from: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtltcp://{}?freq=100M&rate=1M", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"RTL0\x00\x00\x00\x05\x00\x00\x00\x1d").unwrap();
        let begun = std::time::Instant::now();
        let block: Vec<u8> = (0..4096).map(|k| (k % 200 + 20) as u8).collect();
        for number in 0u64.. {
            let due = std::time::Duration::from_secs_f64(2048.0 * number as f64 / 1e6);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            let forgotten = 2048 * number >= from && number % 100 == 0;
            if !forgotten && stream.write_all(&block).is_err() {
                return;
            }
        }
    });
    address
}

/// 1 % that is dropped without a word is said within two seconds of the stream, while it goes on.
#[test]
fn silent_losses_are_told_of_while_they_happen() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    let address = forgetful_dongle(1_000_000);
    let outcome = faultscope(&["record", &address, "--output", &base, "--duration", "4", "--json"]);
    assert_eq!(outcome.code, 3, "{}", outcome.err);
    let notice = outcome.err.lines().find(|line| line.contains("samples lost so far")).unwrap();
    let seconds: f64 = notice.split(" s:").next().unwrap().trim().parse().unwrap();
    // The first 0.1 s are thrown away after tuning, so that the losses begin 0.9 s after the first sample.
    assert!((0.9..=2.9).contains(&seconds), "{notice}");
    let lost = outcome.json()["lost_samples"].as_u64().unwrap();
    // 1 % of what was due in 3.1 s at most; what the last half second lost is in the upper bound only.
    assert!((15_000..=33_000).contains(&lost), "{}", outcome.err);
    let meta = format!("{base}.sigmf-meta");
    let judged = faultscope(&["spurs", &meta, "--limits", "tx-generic", "--json"]);
    assert_eq!((judged.code, judged.json()["verdict"].as_str()), (3, Some("invalid")), "{}", judged.err);
    // The rest is usable: it opens, and its spectrum is there, marked as one to trust less.
    assert!(info(&meta)["caveats"].to_string().contains("lost_samples"));
    let levels = faultscope(&["spectrum", &meta, "--json"]).json()["captures"][0].clone();
    assert!(levels["error"].is_null() && levels["quality"].to_string().contains("lost"), "{levels:#}");

    // At the frame 0 of this stream, so that the watch is short.
    let words = ["watch", &forgetful_dongle(0), "--rule", "above:10", "--duration", "3", "--json"];
    let outcome = faultscope(&words);
    assert_eq!(outcome.code, 3, "{}", outcome.err);
    let first: Value = serde_json::from_str(outcome.out.lines().next().unwrap()).unwrap();
    Published::load().check("WatchLine", &first);
    assert_eq!((first["line"].as_str(), first["loss"]["told_by"][0].as_str()), (Some("loss"), Some("arrival")));
    assert!(first["loss"]["start_s"].as_f64().unwrap() <= 2.0, "{first}");
    assert!(outcome.err.contains("samples lost so far"), "{}", outcome.err);
}

/// A line that begins in mid-stream is an event; the same source without it is none, whether learnt live or from a file.
#[test]
fn a_spur_that_was_not_there_before_is_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("good"));
    let source = "sim:tx-healthy?pace=off&duration=1";
    let late = format!("{source}&spur=3:100k:-60");
    let watch = |address: &str, more: &[&str]| {
        let words = ["watch", address, "--rule", "new-spur:6", "--window", "0.05", "--json"];
        faultscope(&[&words, more].concat())
    };
    let outcome = watch(&late, &["--learn", "1", "--events", "1"]);
    assert_eq!(outcome.code, 1, "{}", outcome.err);
    let event = &last_line(&outcome.out)["events"][0];
    assert!((event["start_s"].as_f64().unwrap() - 3.0).abs() <= 0.05, "{event}");
    // 940 MHz + 100 kHz.
    assert!((event["frequency_hz"].as_f64().unwrap() - 940.1e6).abs() < 20.0, "{event}");
    assert_eq!(faultscope(&["record", source, "--output", &base, "--duration", "2"]).code, 0);
    let outcome = watch(&late, &["--baseline", &format!("{base}.sigmf-meta"), "--events", "1"]);
    let event = &last_line(&outcome.out)["events"][0];
    assert!((event["start_s"].as_f64().unwrap() - 3.0).abs() <= 0.05, "{event}");
    // Without the spur there is no event; a watch that ends while it learns has judged nothing.
    let outcome = watch(source, &["--learn", "1", "--duration", "2"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(last_line(&outcome.out)["windows"].as_u64().unwrap() > 20);
    let outcome = watch(source, &["--learn", "1000000", "--duration", "0.2"]);
    assert_eq!((outcome.code, last_line(&outcome.out)["not_judged"][0].as_str()), (3, Some("new-spur:6")));
    let other = ["watch", source, "--rule", "above:0", "--baseline", "no-such-file"];
    assert_eq!(faultscope(&other).code, 2, "no rule looks at the baseline");
}

/// Clipping makes lines by itself: such windows give no event, are not learnt from, and the watch says so.
#[test]
fn lines_of_clipped_windows_are_invalid_and_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("good"));
    let clipped = "sim:clipping?pace=off&duration=1";
    assert_eq!(
        faultscope(&["record", "sim:tx-healthy?pace=off&duration=1", "--output", &base, "--duration", "1"]).code,
        0
    );
    let baseline = format!("{base}.sigmf-meta");
    for (rule, more) in [
        ("new-spur:6", &["--baseline", &baseline][..]),
        ("new-spur:6", &["--learn", "0.2"]),
        ("spur:-60", &["--learn", "0.2"]),
    ] {
        let words = ["watch", clipped, "--rule", rule, "--window", "0.05", "--duration", "1", "--json"];
        let outcome = faultscope(&[&words, more].concat());
        assert_eq!(outcome.code, 3, "{rule}: {}", outcome.err);
        let document = last_line(&outcome.out);
        assert_eq!(document["verdict"].as_str(), Some("invalid"), "{document:#}");
        assert!(document["events"].as_array().unwrap().is_empty(), "{document:#}");
        assert!(document["windows"].as_u64() > Some(3) && document["invalid_windows"] == document["windows"]);
        let said = document["caveats"].to_string();
        assert!(said.contains("clipped") && said.contains("not judged by rules about lines"), "{said}");
    }
    // A level that is crossed is crossed, clipped or not.
    let words = ["watch", clipped, "--rule", "above:-6", "--window", "0.05", "--events", "1", "--json"];
    assert_eq!(faultscope(&words).code, 1);
}

/// The document at the end of the lines of `watch --json`.
fn last_line(out: &str) -> Value {
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

/// The whole way of the other drivers, to files.
#[test]
fn a_scope_becomes_a_supply_capture_and_a_sweep_a_table_and_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    let outcome = faultscope(&["record", "sim:scope/supply-healthy", "--output", &base, "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let ripple = faultscope(&["ripple", &format!("{base}.sigmf-meta"), "--json"]).json();
    let dc = ripple["captures"][0]["ripple"]["dc_v"].as_f64().unwrap();
    // The plant has -53.5 V; a healthy one is within 2 %.
    assert!((dc + 53.5).abs() < 1.1, "{dc}");
    let outcome = faultscope(&["record", "sim:tinysa/tx-healthy", "--output", &base, "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let table = std::fs::read_to_string(format!("{base}.csv")).unwrap();
    assert_eq!((table.lines().next(), table.lines().count()), (Some("frequency_hz,level_dbm"), 451));
    assert_eq!(std::fs::read(format!("{base}.png")).unwrap()[1..4], *b"PNG");
}

#[test]
fn what_cannot_be_reached_is_exit_4_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, code) in [
        (format!("rtltcp://{closed}?freq=1G"), 4),
        (format!("tcp://{closed}?driver=scope"), 4),
        ("serial:///dev/no-such-port?driver=lines&rate=10".into(), 4),
        ("usb:7".into(), 2),
        ("sim:no-such-model".into(), 2),
        ("rtltcp://127.0.0.1".into(), 2),
        ("tcp://127.0.0.1:1?driver=teapot".into(), 2),
    ] {
        let outcome = faultscope(&["record", &address, "--output", &base, "--duration", "1", "--json"]);
        assert_eq!(outcome.code, code, "{address}: {}", outcome.err);
        assert!(!outcome.json()["error"]["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_trigger_keeps_what_came_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    // A line source: 100 values of 1 V, then 5 V; the board prints 1000 lines a second.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}?driver=lines&rate=1k", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines: String = (0..400).map(|k| if k < 101 { "1.0\n" } else { "5.0\n" }).collect();
        let _ = stream.write_all(lines.as_bytes());
        std::thread::sleep(std::time::Duration::from_secs(1));
    });
    let words = [
        "record",
        &address,
        "--output",
        &base,
        "--duration",
        "0.1",
        "--trigger",
        "above:3",
        "--pre-trigger",
        "0.02",
        "--json",
    ];
    let outcome = faultscope(&words);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert_eq!(outcome.json()["samples"].as_u64(), Some(100));
    let data = std::fs::read(format!("{base}.sigmf-data")).unwrap();
    let values: Vec<f32> = data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    assert!(values[..20].iter().all(|v| *v == 1.0) && values[20..].iter().all(|v| *v == 5.0), "{values:?}");
}

#[test]
fn a_watch_records_an_event_and_attaches_it_to_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = (text(&folder.path().join("store")), text(&folder.path().join("events")));
    let opened = faultscope(&["case", "open", "--title", "hum", "--store", &store]);
    let id = opened.out.trim().to_owned();
    let words = [
        "watch",
        "sim:reservoir-c-lost?severity=1&pace=off",
        "--rule",
        "ripple:0.5",
        "--events",
        "1",
        "--output",
        &events,
        "--case",
        &id,
        "--store",
        &store,
        "--before",
        "0.2",
        "--after",
        "0.3",
        "--json",
    ];
    let outcome = faultscope(&words);
    assert_eq!(outcome.code, 1, "{}", outcome.err);
    let document = last_line(&outcome.out);
    let event = &document["events"][0];
    assert_eq!(event["case"].as_str(), Some(id.as_str()));
    let capture = info(event["files"][1].as_str().unwrap());
    assert!(capture["duration_s"].as_f64().unwrap() >= 0.3, "{capture}");
    let case = faultscope(&["case", "show", &id, "--store", &store, "--json"]).json();
    assert!(case["case"]["evidence"].to_string().contains("event-0001-ripple"), "{case}");
    // A healthy supply breaks no rule.
    let quiet = ["watch", "sim:supply-healthy?pace=off", "--rule", "ripple:0.5", "--duration", "0.3"];
    assert_eq!(faultscope(&quiet).code, 0);
    let unknown = ["watch", "sim:tx-healthy", "--rule", "ripple:1", "--duration", "9"];
    assert_eq!(faultscope(&unknown).code, 2, "a rule for volts does not fit I/Q");
}

#[test]
fn lists_and_the_doctor_say_what_is_there_in_words_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let store = text(&folder.path().join("none"));
    let devices = faultscope(&["devices", "--json"]).json();
    assert!(devices["devices"].to_string().contains("sim:tx-healthy"));
    assert!(faultscope(&["devices"]).out.contains("rtl_tcp"));
    let doctor = faultscope(&["doctor", "--store", &store, "--json"]);
    assert_eq!(doctor.code, 0, "{}", doctor.out);
    let checks = doctor.json()["checks"].as_array().unwrap().clone();
    for name in ["program", "soapysdr", "store", "fonts", "device"] {
        assert!(checks.iter().any(|c| c["name"] == name), "{name}");
    }
    let mended = |c: &Value| c["state"] == "ok" || !c["hint"].as_str().unwrap().is_empty();
    assert!(checks.iter().all(mended), "{checks:?}");
}

#[test]
fn every_json_document_of_live_commands_fits_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let base = text(&folder.path().join("a"));
    let mut published = Published::load();
    for (kind, words) in [
        ("DevicesDocument", &["devices"][..]),
        ("DoctorDocument", &["doctor"]),
        ("RecordDocument", &["record", "sim:tx-healthy?pace=off", "--output", &base, "--size", "1k"]),
        ("WatchDocument", &["watch", "sim:tx-healthy?pace=off", "--rule", "below:-3", "--events", "2"]),
        ("ErrorDocument", &["record", "usb:1", "--output", &base]),
    ] {
        let outcome = faultscope(&[words, &["--json"]].concat());
        for line in outcome.out.lines().filter(|_| kind == "WatchDocument").rev().skip(1) {
            published.check("WatchLine", &serde_json::from_str(line).unwrap());
        }
        let document = if kind == "WatchDocument" { last_line(&outcome.out) } else { outcome.json() };
        published.check(kind, &document);
    }
}

/// A full disk: exit 5, and what fitted is a valid, shorter capture.
#[cfg(unix)]
#[test]
fn a_full_disk_keeps_what_fitted() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("a");
    let output = binary_on_a_full_disk(600)
        .args(["record", "sim:tx-healthy?pace=off", "--json", "--duration", "10", "--output"])
        .arg(&base)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["ended"], "storage");
    let capture = info(&text(&base.with_extension("sigmf-meta")));
    assert_eq!(capture["samples"], document["samples"]);
    assert!(capture["samples"].as_u64().unwrap() > 10_000);
    assert!(capture["caveats"].to_string().contains("truncated"));
}

/// Ctrl-C: exit 130, and what was recorded is a valid, shorter capture.
#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("a");
    let mut child = binary()
        .args(["record", "sim:tx-healthy?pace=off", "--json", "--output"])
        .arg(&base)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The temporary files show that it has begun.
    while std::fs::read_dir(folder.path()).unwrap().flatten().all(|f| f.metadata().map_or(true, |m| m.len() < 1 << 20))
    {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["ended"], "interrupted");
    let capture = info(&text(&base.with_extension("sigmf-meta")));
    assert_eq!(capture["samples"], document["samples"]);
    assert!(capture["caveats"].to_string().contains("interrupted"));
}
