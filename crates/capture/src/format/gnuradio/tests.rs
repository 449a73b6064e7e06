//! Headers built from the published layout: 149 bytes of serialised PMT, extra keys, and the segments behind them.

use faultscope_signal::Record as _;

use super::*;
use crate::format::{damage, open};

/// One key and value of a dictionary: tag of the chain, tag of the pair, symbol, value.
fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    let mut out = vec![9, 7, 2];
    out.extend((key.len() as u16).to_be_bytes());
    out.extend(key.as_bytes());
    out.extend(value);
    out
}

fn int(v: i32) -> Vec<u8> {
    [&[3], v.to_be_bytes().as_slice()].concat()
}
fn double(v: f64) -> Vec<u8> {
    [&[4], v.to_be_bytes().as_slice()].concat()
}
fn long(v: u64) -> Vec<u8> {
    [&[0x0b], v.to_be_bytes().as_slice()].concat()
}
fn dictionary(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![6]].concat()
}

/// A header for complex float, whose start and length are stated.
fn header(
    rate: f64,
    time: (u64, f64),
    kind: i32,
    item: i32,
    complex: bool,
    bytes: u64,
    center: Option<f64>,
) -> Vec<u8> {
    let extra = center.map_or_else(Vec::new, |hz| dictionary(&[entry("rx_freq", &double(hz))]));
    let time = [vec![0x0c, 0, 0, 0, 2], long(time.0), double(time.1)].concat();
    let fixed = dictionary(&[
        entry("bytes", &long(bytes)),
        entry("strt", &long((FIXED + extra.len()) as u64)),
        entry("cplx", &[u8::from(!complex)]),
        entry("type", &int(kind)),
        entry("size", &int(item)),
        entry("rx_time", &time),
        entry("rx_rate", &double(rate)),
        entry("version", &int(0)),
    ]);
    // The published METADATA_HEADER_SIZE.
    assert_eq!(fixed.len(), 149);
    [fixed, extra].concat()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn all(capture: &Capture) -> Vec<f64> {
    let trace = &capture.traces[0];
    let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
    assert_eq!(trace.read_f64(0, &mut out).unwrap() as u64, trace.frames);
    out
}

fn inline(segments: &[(Vec<u8>, Vec<u8>)]) -> Result<(Capture, Vec<f64>), CaptureError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meta.dat");
    std::fs::write(&path, segments.iter().flat_map(|(h, d)| [h.clone(), d.clone()]).flatten().collect::<Vec<u8>>())
        .unwrap();
    let capture = open(&path, &OpenOptions::default())?;
    let values = all(&capture);
    Ok((capture, values))
}

#[test]
fn an_inline_file_says_everything_itself() {
    let head = header(2e6, (1_609_459_200, 0.25), 5, 8, true, 16, Some(1.2e9));
    let (capture, values) = inline(&[(head, floats(&[0.5, -0.5, 1.0, 2.0]))]).unwrap();
    let trace = &capture.traces[0];
    assert_eq!((capture.format.as_str(), trace.sample_rate_hz, trace.center_hz), ("gnuradio/cf32", 2e6, Some(1.2e9)));
    assert_eq!(capture.provenance.start_time.as_deref(), Some("2021-01-01T00:00:00.250Z"));
    assert_eq!(values, [0.5, -0.5, 1.0, 2.0]);
    assert!(capture.caveats.is_empty());
}

#[test]
fn segments_are_one_record_and_gaps_are_lost_samples() {
    let segment = |second: u64, bytes: u64| header(2.0, (second, 0.0), 1, 2, false, bytes, None);
    let shorts = |v: i16| v.to_le_bytes().repeat(4);
    let parts = [(segment(10, 8), shorts(8192)), (segment(12, 8), shorts(16_384)), (segment(14, 8), shorts(-16_384))];
    let (capture, values) = inline(&parts).unwrap();
    assert_eq!(values, [0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5]);
    assert_eq!((capture.traces[0].kind, capture.caveats.len()), (Kind::Real, 0));
    // Across a border, from the middle.
    let mut out = [0.0f32; 5];
    assert_eq!(capture.traces[0].read_f32(2, &mut out).unwrap(), 5);
    assert_eq!(out, [0.25, 0.25, 0.5, 0.5, 0.5]);
    let late = [(segment(10, 8), shorts(1)), (segment(20, 8), shorts(1))];
    assert_eq!(inline(&late).unwrap().0.caveats[0].kind, CaveatKind::LostSamples);
    let tuned = header(2.0, (12, 0.0), 1, 2, false, 8, Some(5.0));
    let (capture, values) = inline(&[(segment(10, 8), shorts(8192)), (tuned, shorts(0))]).unwrap();
    assert_eq!((values.len(), capture.caveats[0].kind), (4, CaveatKind::Ignored));
}

#[test]
fn detached_headers_are_found_from_either_file() {
    let folder = tempfile::tempdir().unwrap();
    let (data, headers) = (folder.path().join("rec.dat"), folder.path().join("rec.dat.hdr"));
    std::fs::write(&data, floats(&[0.1, 0.2, 0.3, 0.4])).unwrap();
    let head = |bytes| header(1e6, (0, 0.0), 5, 8, true, bytes, None);
    std::fs::write(&headers, [head(8), head(8)].concat()).unwrap();
    for path in [&data, &headers] {
        let capture = open(path, &OpenOptions::default()).unwrap();
        assert_eq!((&capture.path, capture.files.len()), (&data, 2));
        assert_eq!(all(&capture), [0.1f32, 0.2, 0.3, 0.4].map(f64::from));
        assert_eq!(capture.provenance.start_time, None);
    }
}

#[test]
fn what_a_header_promises_is_checked_against_the_file() {
    let data = floats(&[0.5; 4]);
    for (promised, kind) in [(16_000_000, CaveatKind::Truncated), (0, CaveatKind::Inconsistent)] {
        let head = header(1e6, (0, 0.0), 5, 8, true, promised, None);
        let (capture, values) = inline(&[(head, data.clone())]).unwrap();
        assert_eq!((values.len(), capture.caveats[0].kind), (4, kind));
    }
    for (kind, item, says) in [(4, 8, "type 4"), (5, 4096, "vectors")] {
        let head = header(1e6, (0, 0.0), kind, item, true, 16, None);
        let error = inline(&[(head, data.clone())]).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = inline(&[(header(1e6, (0, 0.0), 5, 8, true, 16, None), Vec::new())]).unwrap_err();
    assert_eq!(error.kind(), "malformed");
}

#[test]
fn cut_and_flipped_bytes_never_panic() {
    let head = header(1e6, (1_609_459_200, 0.5), 5, 8, true, 800, Some(1e9));
    let one = [head, floats(&[0.5; 200])].concat();
    damage::survives("x.dat", &one.repeat(3));
}
