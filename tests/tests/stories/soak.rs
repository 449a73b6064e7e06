//! Memory stays flat whatever the size of the file: a record of 2 GiB, read by the real binary. Ignored by default.

/// 2 GiB of `cf32` samples: a sparse file, so that it costs no disk; its first megabyte is a tone.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes; run with --ignored, best with --release"]
fn memory_stays_flat_on_two_gibibytes() {
    use std::io::Write as _;
    use std::time::{Duration, Instant};

    const SIZE: u64 = 2 << 30;
    const MOST_KIB: u64 = 512 << 10;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.cf32");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&super::make::cf32(&super::make::tones(131_072, 6000.0, 0.5, -9000.0))).unwrap();
    file.set_len(SIZE).unwrap();
    drop(file);
    let path = path.display().to_string();
    let binary = std::env::var_os("FAULTSCOPE_BINARY");
    for words in [
        vec!["info", &path, "--rate", "48k"],
        vec!["spectrum", &path, "--rate", "48k"],
        vec!["spurs", &path, "--rate", "48k"],
        vec!["ripple", &path, "--format", "f32", "--rate", "48k", "--scale", "1"],
    ] {
        let begun = Instant::now();
        let mut command = binary.as_ref().map_or_else(super::process::binary, std::process::Command::new);
        let mut child = command
            .args(&words)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut peak = 0;
        let status = loop {
            peak = super::process::peak_kib(child.id()).unwrap_or(0).max(peak);
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        println!(
            "{:<9} exit {:?}, peak {} MiB, {:.1} s",
            words[0],
            status.code(),
            peak >> 10,
            begun.elapsed().as_secs_f64()
        );
        assert!(peak > 0 && peak < MOST_KIB, "{words:?}: peak {peak} KiB");
        assert!(matches!(status.code(), Some(0 | 3)), "{words:?}: {status}");
    }
}
