//! The real binary as a process of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary, without the user's store and language.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faultscope-under-test"));
    command.env_remove("FAULTSCOPE_STORE").env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LC_MESSAGES");
    command
}

/// The binary under a limit on the size of files it writes, in blocks of 512 bytes: a disk that is full.
///
/// The signal of that limit is ignored, so that the write fails as on a full disk.
#[cfg(unix)]
pub(crate) fn binary_on_a_full_disk(blocks: u32) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()])
        .arg(env!("CARGO_BIN_EXE_faultscope-under-test"))
        .env_remove("FAULTSCOPE_STORE")
        .env("LANG", "C.UTF-8");
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the binary runs")
}

#[test]
fn the_binary_answers() {
    let version = run(binary().arg("--version"));
    assert_eq!(version.status.code(), Some(0));
    assert!(text(&version.stdout).starts_with("faultscope "), "{version:?}");
    let output = run(binary().args(["info", "--json", &faultscope_tests::sample("tx-after.sigmf-data")]));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["captures"][0]["samples"], 250_000);
    assert_eq!(run(binary().arg("frobnicate")).status.code(), Some(2));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = binary().arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn samples_may_come_through_a_pipe() {
    let samples = super::make::cf32(&super::make::tones(8192, 6000.0, 0.5, -9000.0));
    let mut child = binary()
        .args(["spurs", "-", "--format", "cf32", "--rate", "48k", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&samples).unwrap();
    let output = child.wait_with_output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let offset = document["captures"][0]["carrier"]["offset_hz"].as_f64().unwrap();
    assert!((offset - 6000.0).abs() < 0.1, "{offset}");
}

/// Peak resident memory of a finished child, in KiB, as the system counts it.
#[cfg(target_os = "linux")]
pub(crate) fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
