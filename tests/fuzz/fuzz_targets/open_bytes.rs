//! Every reader of bytes: the first byte of the input chooses a file name, the rest is the file.
#![no_main]

use faultscope_capture::{OpenOptions, open};
use faultscope_signal::Record as _;
use libfuzzer_sys::fuzz_target;

/// One name for each reader; `a.Wfm.bin` has its description beside it, built of the same bytes.
const NAMES: [&str; 12] = [
    "a.bin", "a.trc", "a.isf", "a.wfm", "a.sr", "a.Wfm.bin", "a.wav", "a.sigmf", "a.sigmf-meta", "a.cu8", "a.csv", "a",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(*choice) % NAMES.len()];
    let Ok(folder) = tempfile::tempdir() else { return };
    if name == "a.Wfm.bin" {
        let head = b"<?xml?><Database SaveItemType=\"Data\">";
        let _ = std::fs::write(folder.path().join("a.bin"), [head, bytes].concat());
    }
    if name == "a.sigmf-meta" {
        let _ = std::fs::write(folder.path().join("a.sigmf-data"), bytes);
    }
    let path = folder.path().join(name);
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let rates = [None, Some(1e6)];
    for (rate_hz, segment) in rates.into_iter().zip([None, Some(2)]) {
        let options = OpenOptions { rate_hz, segment, ..OpenOptions::default() };
        if let Ok(capture) = open(&path, &options) {
            let mut block = vec![0.0; 8192];
            for trace in capture.traces.iter().take(16) {
                let _ = trace.read_f64(0, &mut block);
                let _ = trace.read_f64(trace.frames().saturating_sub(10), &mut block);
            }
        }
    }
});
