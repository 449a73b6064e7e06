//! Bytes put together by hand for the tests of binary formats, and the damage that every reader must survive.

use faultscope_signal::Record as _;

use crate::format::open;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions, Trace};

/// Bytes at places of a published layout.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    pub(super) fn zeros(length: usize) -> Self {
        Self(vec![0; length])
    }

    /// Writes `part` at byte `at`, which must lie inside.
    pub(super) fn at(mut self, at: usize, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0[at..at + part.len()].copy_from_slice(part);
        self
    }

    pub(super) fn push(mut self, part: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(part.as_ref());
        self
    }
}

/// Opens bytes as a file of this name; files of `beside` lie in the same folder.
pub(super) fn open_beside(
    name: &str,
    bytes: &[u8],
    beside: &[(&str, &[u8])],
    options: &OpenOptions,
) -> Result<Capture, CaptureError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in beside {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    open(&path, options)
}

pub(super) fn open_bytes(name: &str, bytes: &[u8]) -> Result<Capture, CaptureError> {
    open_beside(name, bytes, &[], &OpenOptions::default())
}

pub(super) fn open_segment(name: &str, bytes: &[u8], segment: u64) -> Result<Capture, CaptureError> {
    open_beside(name, bytes, &[], &OpenOptions { segment: Some(segment), ..OpenOptions::default() })
}

/// Up to a million values of a trace.
pub(super) fn values(trace: &Trace) -> Vec<f64> {
    let mut out = vec![0.0; usize::try_from(trace.frames().min(1 << 20)).unwrap()];
    let n = trace.read_f64(0, &mut out).unwrap();
    out.truncate(n);
    out
}

#[track_caller]
pub(super) fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}, expected {expected:?}");
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= 1e-9 * e.abs().max(1e-3), "{found:?}, expected {expected:?}");
    }
}

pub(super) fn has(capture: &Capture, kind: CaveatKind) -> bool {
    capture.caveats.iter().any(|c| c.kind == kind)
}

/// Cuts the file at 64 places and damages up to four bytes of it 256 times: every answer is a capture whose samples can be
/// read, or an error with a sentence. A file cut among its samples never gives as many of them unsaid.
pub(super) fn survives_damage(name: &str, bytes: &[u8], beside: &[(&str, &[u8])]) {
    let open = |bytes: &[u8]| open_beside(name, bytes, beside, &OpenOptions::default());
    let whole: u64 = open(bytes).unwrap().traces.iter().map(|t| t.frames).sum();
    for place in 1..64 {
        let cut = bytes.len() * place / 64;
        match open(&bytes[..cut]) {
            Ok(capture) => {
                let frames: u64 = capture.traces.iter().map(|t| t.frames).sum();
                assert!(frames == whole || !capture.caveats.is_empty(), "{name} cut at {cut}: fewer samples unsaid");
                capture.traces.iter().for_each(|t| assert_eq!(values(t).len() as u64, t.frames.min(1 << 20)));
            }
            Err(error) => clear(&error, name),
        }
    }
    // A linear congruential generator (Knuth, MMIX): the same damage in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..256 {
        let mut damaged = bytes.to_vec();
        for _ in 0..=next(4) {
            // Every second round hits the header, which is a small part of most files.
            let reach = if round % 2 == 0 { damaged.len().min(600) } else { damaged.len() };
            damaged[next(reach)] = next(256) as u8;
        }
        match open(&damaged) {
            Ok(capture) => capture.traces.iter().for_each(|t| drop(values(t))),
            Err(error) => clear(&error, name),
        }
    }
}

fn clear(error: &CaptureError, name: &str) {
    let text = error.to_string();
    assert!(text.len() > 20 && text.contains(name.split('.').next().unwrap()), "{text}");
    assert_ne!(error.kind(), "io", "{text}");
}
