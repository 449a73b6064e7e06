//! The CSV reader alone: the input is the text of a table.
#![no_main]

use faultscope_capture::{OpenOptions, open};
use faultscope_signal::Record as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("a.csv");
    if std::fs::write(&path, text).is_err() {
        return;
    }
    for rate_hz in [None, Some(1e6)] {
        if let Ok(capture) = open(&path, &OpenOptions { rate_hz, ..OpenOptions::default() }) {
            let mut block = vec![0.0; 4096];
            for trace in capture.traces.iter().take(8) {
                let _ = trace.read_f64(0, &mut block);
            }
        }
    }
});
