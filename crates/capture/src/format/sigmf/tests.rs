//! Recordings made by hand: every type, archive, segments, damage.

use std::path::{Path, PathBuf};

use faultscope_signal::Record as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::format::open;
use crate::sigmf::{Checksum, verify_sha512};

/// Writes `x.sigmf-meta` and, with data, `x.sigmf-data`; returns the path of the metadata.
fn pair(folder: &Path, meta: &Value, data: Option<&[u8]>) -> PathBuf {
    let path = folder.join("x.sigmf-meta");
    std::fs::write(&path, meta.to_string()).unwrap();
    if let Some(data) = data {
        std::fs::write(folder.join("x.sigmf-data"), data).unwrap();
    }
    path
}

fn meta(datatype: &str, more: Value, captures: Value) -> Value {
    let mut global = json!({"core:datatype": datatype, "core:version": "1.2.0", "core:sample_rate": 1000});
    for (key, value) in more.as_object().unwrap() {
        global[key] = value.clone();
    }
    json!({"global": global, "captures": captures, "annotations": []})
}

fn values(trace: &Trace) -> Vec<f64> {
    let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
    assert_eq!(trace.read_f64(0, &mut out).unwrap() as u64, trace.frames);
    out
}

fn kinds(capture: &Capture) -> Vec<CaveatKind> {
    capture.caveats.iter().map(|c| c.kind).collect()
}

fn plain(path: &Path) -> Result<Capture, CaptureError> {
    open(path, &OpenOptions::default())
}

#[test]
fn every_type_is_read_from_either_file() {
    let folder = tempfile::tempdir().unwrap();
    let cases: &[(&str, &[u8], &[f64])] = &[
        ("cf32_le", &[0, 0, 0, 0x3f, 0, 0, 0x80, 0xbf], &[0.5, -1.0]),
        ("cf32_be", &[0x3f, 0, 0, 0, 0xbf, 0x80, 0, 0], &[0.5, -1.0]),
        ("rf64_le", &[0, 0, 0, 0, 0, 0, 0xe0, 0x3f], &[0.5]),
        ("rf64_be", &[0x3f, 0xe0, 0, 0, 0, 0, 0, 0], &[0.5]),
        ("ci32_le", &[0, 0, 0, 0x40, 0, 0, 0, 0x80], &[0.5, -1.0]),
        ("ri32_be", &[0x40, 0, 0, 0, 0x80, 0, 0, 0], &[0.5, -1.0]),
        ("ci16_le", &[0, 0x40, 0, 0x80], &[0.5, -1.0]),
        ("ci16_be", &[0x40, 0, 0x80, 0], &[0.5, -1.0]),
        ("cu32_le", &[0, 0, 0, 0xc0, 0, 0, 0, 0], &[0.5, -1.0]),
        ("ru32_be", &[0xc0, 0, 0, 0, 0, 0, 0, 0], &[0.5, -1.0]),
        ("cu16_le", &[0, 0xc0, 0, 0], &[0.5, -1.0]),
        ("ru16_be", &[0xc0, 0, 0, 0], &[0.5, -1.0]),
        ("ci8", &[0x40, 0x80], &[0.5, -1.0]),
        ("ri8", &[0x40, 0x80], &[0.5, -1.0]),
        ("cu8", &[255, 0], &[1.0, -1.0]),
        ("ru8", &[255, 0], &[1.0, -1.0]),
    ];
    for (datatype, bytes, expected) in cases {
        let meta_path = pair(folder.path(), &meta(datatype, json!({}), json!([])), Some(bytes));
        for path in [meta_path.clone(), meta_path.with_extension("sigmf-data")] {
            let capture = plain(&path).unwrap();
            assert_eq!(values(&capture.traces[0]), *expected, "{datatype}");
            assert_eq!(capture.traces[0].kind == Kind::Iq, datatype.starts_with('c'));
            assert_eq!(capture.traces[0].full_scale.is_none(), datatype.contains('f'));
            assert!(capture.caveats.is_empty() && capture.path.ends_with("x.sigmf-data"));
            assert_eq!(capture.files.len(), 2);
        }
    }
}

#[test]
fn channels_are_interleaved_sample_by_sample() {
    let folder = tempfile::tempdir().unwrap();
    let capture = |datatype: &str, data: &[u8]| {
        plain(&pair(folder.path(), &meta(datatype, json!({"core:num_channels": 2}), json!([])), Some(data))).unwrap()
    };
    let real = capture("ri8", &[64, 32, 0, 16, 64]);
    assert_eq!(real.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH2"]);
    assert_eq!((values(&real.traces[0]), values(&real.traces[1])), (vec![0.5, 0.0], vec![0.25, 0.125]));
    assert_eq!(kinds(&real), [CaveatKind::Truncated]);
    let complex = capture("ci8", &[64, 32, 0, 16, 1, 2, 3, 4]);
    assert_eq!(values(&complex.traces[1]), [0.0, 0.125, 3.0 / 128.0, 4.0 / 128.0]);
    assert_eq!(complex.traces[1].kind, Kind::Iq);
}

#[test]
fn metadata_reach_the_trace_and_are_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let more = json!({
        "core:description": "rail", "core:hw": "DS1104Z", "faultscope:unit": "V", "faultscope:t0_s": -0.5,
        "faultscope:bandwidth_limit_hz": 20e6, "faultscope:probe_factor": 10.0, "faultscope:full_scale": 16.0,
        "faultscope:clipped_samples": 3, "my_ns:x": [1],
        "faultscope:caveats": [{"kind": "lost_samples", "detail": "overflow"}, {"kind": "nonsense"}],
    });
    let captures = json!([{"core:sample_start": 0, "core:datetime": "2026-11-22T09:30:00Z"}]);
    let capture = plain(&pair(folder.path(), &meta("rf32_le", more, captures), Some(&[0; 8]))).unwrap();
    let trace = &capture.traces[0];
    assert_eq!(
        (trace.unit, trace.t0_s, trace.bandwidth_hz, trace.full_scale),
        (Unit::Volt, Some(-0.5), Some(20e6), Some(16.0))
    );
    assert_eq!(trace.gain, 1.0);
    assert_eq!(capture.provenance.start_time.as_deref(), Some("2026-11-22T09:30:00Z"));
    assert_eq!(capture.provenance.instrument.as_deref(), Some("DS1104Z"));
    assert_eq!(capture.provenance.metadata["global"]["my_ns:x"][0], 1);
    assert_eq!(kinds(&capture), [CaveatKind::LostSamples, CaveatKind::Clipped]);

    let iq = json!({"faultscope:full_scale_dbm": -10.5, "faultscope:swap_iq": true, "faultscope:unit": "V"});
    let captures = json!([{"core:sample_start": 0, "core:frequency": 9.4e8}]);
    let capture = plain(&pair(folder.path(), &meta("ci8", iq, captures), Some(&[64, 0]))).unwrap();
    let trace = &capture.traces[0];
    assert_eq!((trace.center_hz, trace.full_scale_dbm, values(trace)), (Some(9.4e8), Some(-10.5), vec![0.0, 0.5]));
    assert_eq!((trace.unit, kinds(&capture)), (Unit::FullScale, vec![CaveatKind::Ignored]));
}

#[test]
fn offsets_headers_and_trailers_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let more = json!({"core:dataset": "scope.dat", "core:trailing_bytes": 2, "core:offset": 100});
    let captures = json!([{"core:sample_start": 100, "core:header_bytes": 3}]);
    let path = pair(folder.path(), &meta("ri8", more, captures), None);
    std::fs::write(folder.path().join("scope.dat"), [9, 9, 9, 64, 32, 9, 9]).unwrap();
    let capture = plain(&path).unwrap();
    assert_eq!((values(&capture.traces[0]), capture.caveats.len()), (vec![0.5, 0.25], 0));
    for dataset in ["../scope.dat", "/etc/passwd", "a\\b", ".."] {
        let path = pair(folder.path(), &meta("ri8", json!({"core:dataset": dataset}), json!([])), None);
        assert_eq!(plain(&path).unwrap_err().kind(), "malformed", "{dataset}");
    }
    let late = json!([{"core:sample_start": 2, "core:frequency": 5.0}]);
    let capture = plain(&pair(folder.path(), &meta("ci8", json!({}), late), Some(&[1, 1, 2, 2, 64, 32]))).unwrap();
    assert_eq!((values(&capture.traces[0]), kinds(&capture)), (vec![0.5, 0.25], vec![CaveatKind::Ignored]));
}

#[test]
fn further_captures_are_told_and_a_retune_ends_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let open_with =
        |captures: Value| plain(&pair(folder.path(), &meta("ci8", json!({}), captures), Some(&[0; 20]))).unwrap();
    let same = open_with(json!([{"core:sample_start": 0, "core:frequency": 5.0}, {"core:sample_start": 4}]));
    assert_eq!((same.traces[0].frames, kinds(&same)), (10, vec![CaveatKind::Ignored]));
    let retuned = open_with(
        json!([{"core:sample_start": 0, "core:frequency": 5.0}, {"core:sample_start": 4, "core:frequency": 6.0}]),
    );
    assert_eq!((retuned.traces[0].frames, retuned.traces[0].center_hz), (4, Some(5.0)));
    assert!(retuned.caveats[0].detail.contains("sample 4"));
    let past = open_with(json!([{"core:sample_start": 0}, {"core:sample_start": 10, "core:frequency": 6.0}]));
    assert_eq!((past.traces[0].frames, kinds(&past)), (10, vec![CaveatKind::Ignored]));
    let lost = open_with(json!([
        {"core:sample_start": 0, "core:global_index": 1000}, {"core:sample_start": 4, "core:global_index": 1104}
    ]));
    let caveat = lost.caveats.iter().find(|c| c.kind == CaveatKind::LostSamples).unwrap();
    assert!(caveat.detail.starts_with("100 samples"), "{}", caveat.detail);
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = |meta: &Value, data: Option<&[u8]>| {
        let _ = std::fs::remove_file(folder.path().join("x.sigmf-data"));
        plain(&pair(folder.path(), meta, data)).unwrap_err()
    };
    let none = json!([]);
    let four = Some(&[0u8; 4][..]);
    let cases: Vec<(Value, Option<&[u8]>, &str, &str)> = vec![
        (meta("ci8", json!({}), none.clone()), None, "malformed", "x.sigmf-data"),
        (meta("ci8", json!({}), none.clone()), Some(&[]), "malformed", "empty"),
        (meta("ci8", json!({}), none.clone()), Some(&[1]), "malformed", "no whole sample"),
        (meta("ci8", json!({"core:metadata_only": true}), none.clone()), None, "unsupported", "metadata only"),
        (meta("ci8", json!({"core:sample_rate": null}), none.clone()), four, "unknown", "sample rate"),
        (meta("ci8", json!({"core:sample_rate": 0}), none.clone()), four, "malformed", "sample rate"),
        (meta("ci64_le", json!({}), none.clone()), four, "malformed", "ci64_le"),
        (meta("ci8", json!({"core:num_channels": 0}), none.clone()), four, "malformed", "num_channels"),
        (meta("ci8", json!({"core:num_channels": 1e15}), none.clone()), four, "malformed", "num_channels"),
        (meta("ci8", json!({"core:trailing_bytes": 9}), none.clone()), four, "malformed", "trailing_bytes"),
        (meta("ci8", json!({}), json!([{"core:sample_start": u64::MAX}])), four, "malformed", "sample_start"),
        (meta("ci8", json!({}), json!([{"core:sample_start": -1}])), four, "malformed", "sample_start"),
        (
            meta("ci8", json!({"core:extensions": [{"name": "zip", "version": "1", "optional": false}]}), none),
            four,
            "unsupported",
            "zip",
        ),
        (json!({"captures": []}), four, "malformed", "global"),
        (json!([]), four, "malformed", "global"),
    ];
    for (meta, data, kind, word) in cases {
        let error = error(&meta, data);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(word) && error.hint().is_some(), "{error}");
    }
    std::fs::write(folder.path().join("lone.sigmf-data"), [0; 4]).unwrap();
    assert!(plain(&folder.path().join("lone.sigmf-data")).unwrap_err().to_string().contains("lone.sigmf-meta"));
    std::fs::write(folder.path().join("a.sigmf-collection"), "{}").unwrap();
    assert_eq!(plain(&folder.path().join("a.sigmf-collection")).unwrap_err().kind(), "unsupported");
    let rate = OpenOptions { rate_hz: Some(8e3), ..OpenOptions::default() };
    let path = pair(folder.path(), &meta("ci8", json!({"core:sample_rate": null}), json!([])), four);
    assert_eq!(open(&path, &rate).unwrap().traces[0].sample_rate_hz, 8e3);
}

#[test]
fn a_missing_byte_order_is_little_and_a_caveat() {
    let folder = tempfile::tempdir().unwrap();
    let capture = plain(&pair(folder.path(), &meta("ri16", json!({}), json!([])), Some(&[0, 0x40]))).unwrap();
    assert_eq!((values(&capture.traces[0]), kinds(&capture)), (vec![0.5], vec![CaveatKind::Inconsistent]));
}

#[test]
fn json_that_is_deep_doubled_or_huge_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = pair(folder.path(), &json!({}), Some(&[0; 4]));
    for text in
        [format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)), "{\"global\":{\"a\":1e999}}".into(), "\u{0}".into()]
    {
        std::fs::write(&path, text).unwrap();
        assert_eq!(plain(&path).unwrap_err().kind(), "malformed");
    }
    let text = r#"{"global":{"core:datatype":"cu8","core:datatype":"ci8","core:sample_rate":1},"captures":[],"annotations":[]}"#;
    std::fs::write(&path, text).unwrap();
    assert_eq!(plain(&path).unwrap().format, "sigmf/ci8");
    std::fs::write(&path, [b"\xef\xbb\xbf", text.as_bytes()].concat()).unwrap();
    assert!(plain(&path).is_ok());
    std::fs::write(&path, format!("{{\"global\":[{}0]}}", "0,".repeat(2_000_001))).unwrap();
    assert_eq!(plain(&path).unwrap_err().kind(), "unsupported");
    std::fs::File::create(&path).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_eq!(plain(&path).unwrap_err().kind(), "unsupported");
}

fn archive(folder: &Path, members: &[(&str, &[u8])]) -> PathBuf {
    let path = folder.join("x.sigmf");
    let mut builder = tar::Builder::new(std::fs::File::create(&path).unwrap());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.finish().unwrap();
    path
}

#[test]
fn archives_are_read_in_place() {
    let folder = tempfile::tempdir().unwrap();
    // SHA-512 of the two bytes 64, 32, by Python's hashlib.
    let sha = "4b01664a46a1078f31fa6cbab477a36bbef159747fb7ef3d24070d9f1fe999aafe3736a56df77d43cf89012b5a990ee250faa6e0eb9618718a4da5a6721e8eaf";
    let text = meta("ci8", json!({"core:sha512": sha}), json!([])).to_string();
    let members: &[(&str, &[u8])] = &[("x/x.sigmf-data", &[64, 32]), ("x/x.sigmf-meta", text.as_bytes())];
    let path = archive(folder.path(), members);
    let capture = plain(&path).unwrap();
    assert_eq!((values(&capture.traces[0]), capture.files.clone()), (vec![0.5, 0.25], vec![path.clone()]));
    assert_eq!(verify_sha512(&path).unwrap(), Checksum::Match);

    let whole = std::fs::read(&path).unwrap();
    for length in (1..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        if let Ok(capture) = plain(&path) {
            assert_eq!(values(&capture.traces[0]), [0.5, 0.25]);
        }
    }
    let several: &[(&str, &[u8])] = &[("a.sigmf-meta", b"{}"), ("b.sigmf-meta", b"{}")];
    let error = plain(&archive(folder.path(), several)).unwrap_err();
    assert!(error.to_string().contains("a.sigmf-meta, b.sigmf-meta"), "{error}");
    assert!(plain(&archive(folder.path(), &[("a.txt", b"x")])).unwrap_err().to_string().contains("no .sigmf-meta"));
    let no_data: &[(&str, &[u8])] = &[("x.sigmf-meta", text.as_bytes())];
    assert!(plain(&archive(folder.path(), no_data)).unwrap_err().to_string().contains("x.sigmf-data"));
    std::fs::write(&path, b"not a tar").unwrap();
    assert_eq!(plain(&path).unwrap_err().kind(), "malformed");
}

#[test]
fn a_digest_that_does_not_fit_is_found_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = pair(folder.path(), &meta("ci8", json!({"core:sha512": "00"}), json!([])), Some(&[64, 32]));
    assert!(plain(&path).unwrap().caveats.is_empty());
    assert!(matches!(verify_sha512(&path).unwrap(), Checksum::Differs { .. }));
    let path = pair(folder.path(), &meta("ci8", json!({}), json!([])), Some(&[64, 32]));
    assert_eq!(verify_sha512(&path).unwrap(), Checksum::Absent);
}

fn rich() -> String {
    let more = json!({"core:num_channels": 2, "core:offset": 4, "core:trailing_bytes": 1, "faultscope:unit": "V"});
    let captures =
        json!([{"core:sample_start": 4, "core:header_bytes": 2, "core:frequency": 1e9}, {"core:sample_start": 6}]);
    meta("ci16_le", more, captures).to_string()
}

#[test]
fn metadata_cut_at_every_byte_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = pair(folder.path(), &json!({}), Some(&[3; 40]));
    let whole = rich();
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(plain(&path).is_ok(), length == whole.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn changed_metadata_never_panic(changes in proptest::collection::vec((0usize..1000, 0x20u8..0x7f), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let mut text = rich().into_bytes();
        for (at, byte) in changes {
            let at = at % text.len();
            text[at] = byte;
        }
        let path = pair(folder.path(), &json!({}), Some(&[3; 40]));
        std::fs::write(&path, text).unwrap();
        if let Ok(capture) = plain(&path) {
            for trace in &capture.traces {
                let _ = trace.read_f32(0, &mut [0f32; 64]);
            }
        }
    }

    #[test]
    fn any_numbers_in_the_metadata_never_panic(n in proptest::collection::vec(any::<u64>(), 6), small in 0u64..12) {
        let folder = tempfile::tempdir().unwrap();
        for pick in [small, n[5]] {
            let more = json!({"core:offset": n[0], "core:trailing_bytes": pick, "core:num_channels": n[1] % 5});
            let captures = json!([
                {"core:sample_start": n[2], "core:header_bytes": small},
                {"core:sample_start": n[0].saturating_add(pick), "core:global_index": n[3], "core:header_bytes": n[4]},
            ]);
            let _ = plain(&pair(folder.path(), &meta("ci8", more, captures), Some(&[1; 40])));
        }
    }

    #[test]
    fn changed_archives_never_panic(changes in proptest::collection::vec((0usize..2048, any::<u8>()), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let text = meta("ci8", json!({}), json!([])).to_string();
        let path = archive(folder.path(), &[("x.sigmf-meta", text.as_bytes()), ("x.sigmf-data", &[1; 40])]);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        let _ = plain(&path);
    }
}
