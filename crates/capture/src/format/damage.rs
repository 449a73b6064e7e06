//! What every format must survive: a file cut anywhere, and any of its bytes flipped.

use std::path::Path;

use faultscope_signal::Record as _;

use super::open;
use crate::{Capture, OpenOptions};

/// Opens the file cut at 64 places and with one to three bytes flipped 256 times; whatever opens is read to its end.
///
/// An error must be one that says something; a panic fails the test by itself.
pub(super) fn survives(name: &str, whole: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    for place in 0..64 {
        attempt(&path, &whole[..whole.len() * place / 64]);
    }
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    for round in 0..256 {
        let mut bytes = whole.to_vec();
        // Headers are short and decide everything: half of the flips go there.
        let room = if round % 2 == 0 { bytes.len().min(256) } else { bytes.len() };
        for _ in 0..=random(3) {
            let at = random(room);
            bytes[at] ^= 1 << random(8);
        }
        attempt(&path, &bytes);
    }
}

fn attempt(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    for rate_hz in [None, Some(1e6)] {
        match open(path, &OpenOptions { rate_hz, ..OpenOptions::default() }) {
            Ok(capture) => read(&capture, bytes.len()),
            Err(error) => assert!(error.to_string().len() > 10, "{error}"),
        }
    }
}

/// A capture never holds more than its file can: that would be memory by a number in a header.
fn read(capture: &Capture, size: usize) {
    for trace in &capture.traces {
        assert!(trace.frames <= size as u64, "{} frames in {size} bytes", trace.frames);
        let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
        trace.read_f64(0, &mut out).unwrap();
    }
    for spectrum in &capture.spectra {
        assert!(spectrum.frequency_hz.len() <= size);
        assert!(spectrum.frequency_hz.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(spectrum.average_db.len(), spectrum.frequency_hz.len());
    }
}
