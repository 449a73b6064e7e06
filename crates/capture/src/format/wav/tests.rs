//! Files made by hand, by hound as an independent writer, damaged ones, and sparse ones above 4 GiB.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use faultscope_signal::Record as _;
use proptest::prelude::*;

use super::*;
use crate::CaveatKind;
use crate::format::open;

fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    out.extend(std::iter::repeat_n(0, content.len() % 2));
    out
}

fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let align = channels * bits.div_ceil(8);
    let mut c = Vec::new();
    for word in [tag, channels] {
        c.extend(word.to_le_bytes());
    }
    c.extend(rate.to_le_bytes());
    c.extend((rate.wrapping_mul(u32::from(align))).to_le_bytes());
    for word in [align, bits] {
        c.extend(word.to_le_bytes());
    }
    chunk(b"fmt ", &c)
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body: Vec<u8> = chunks.concat();
    let mut out = b"RIFF".to_vec();
    out.extend((body.len() as u32 + 4).to_le_bytes());
    out.extend(b"WAVE");
    out.extend(body);
    out
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn values(trace: &Trace) -> Vec<f64> {
    let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
    assert_eq!(trace.read_f64(0, &mut out).unwrap() as u64, trace.frames);
    out
}

fn kinds(capture: &Capture) -> Vec<CaveatKind> {
    capture.caveats.iter().map(|c| c.kind).collect()
}

fn channel(name: &str) -> OpenOptions {
    OpenOptions { channel: Some(name.to_owned()), ..OpenOptions::default() }
}

#[test]
fn what_hound_writes_is_read_back_at_every_depth() {
    let folder = tempfile::tempdir().unwrap();
    for (bits, top) in [(8, 128.0), (16, 32768.0), (24, 8_388_608.0), (32, 2_147_483_648.0)] {
        let path = folder.path().join(format!("pcm{bits}.wav"));
        let spec = hound::WavSpec {
            channels: 3,
            sample_rate: 48_000,
            bits_per_sample: bits,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        let written = [-128i32, 127, 0, 5, -77, 1];
        written.iter().for_each(|v| writer.write_sample(*v).unwrap());
        writer.finalize().unwrap();
        let capture = open(&path, &OpenOptions::default()).unwrap();
        assert_eq!((capture.format.clone(), capture.traces.len()), (format!("wav/pcm{bits}"), 3));
        for (c, trace) in capture.traces.iter().enumerate() {
            let expected: Vec<f64> = [written[c], written[3 + c]]
                .map(|v| if bits == 8 { (f64::from(v) + 0.5) / 127.5 } else { f64::from(v) / top })
                .to_vec();
            assert_eq!(values(trace), expected, "{bits} bits, channel {c}");
            assert!(trace.full_scale.is_some());
        }
    }
    let path = folder.path().join("float.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    [0.25f32, -3.5].iter().for_each(|v| writer.write_sample(*v).unwrap());
    writer.finalize().unwrap();
    let capture = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!((values(&capture.traces[0]), capture.traces[0].full_scale), (vec![0.25, -3.5], None));
}

#[test]
fn mono_is_real_and_stereo_is_iq_only_when_something_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = |channels| riff(&[fmt(1, channels, 96_000, 16), chunk(b"data", &[1, 0, 2, 0, 3, 0, 4, 0])]);
    let mono = open(&save(folder.path(), "HDSDR_20191104_141530Z_7100kHz_RF.wav", &file(1)), &OpenOptions::default());
    let mono = mono.unwrap();
    assert_eq!((mono.traces[0].kind, mono.traces[0].center_hz), (Kind::Real, None));

    let sdr = save(folder.path(), "SDRuno_20200907_184033Z_88110kHz.wav", &file(2));
    let capture = open(&sdr, &OpenOptions::default()).unwrap();
    let trace = &capture.traces[0];
    assert_eq!((trace.kind, trace.center_hz, trace.name.as_str()), (Kind::Iq, Some(88.11e6), "IQ"));
    assert_eq!(capture.provenance.start_time.as_deref(), Some("2020-09-07T18:40:33Z"));
    let q = open(&sdr, &channel("q")).unwrap();
    assert_eq!((q.traces[0].kind, values(&q.traces[0])), (Kind::Real, vec![2.0 / 32768.0, 4.0 / 32768.0]));

    let plain = save(folder.path(), "tone_1kHz.wav", &file(2));
    let capture = open(&plain, &OpenOptions::default()).unwrap();
    assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH2"]);
    assert!(capture.provenance.origins.iter().any(|o| o.field == "kind" && o.origin.contains("--channel iq")));
    for name in ["iq", "IQ", "i/q"] {
        let capture = open(&plain, &channel(name)).unwrap();
        assert_eq!((capture.traces.len(), capture.traces[0].kind, capture.traces[0].frames), (1, Kind::Iq, 2));
    }
}

/// StartTime 2026-01-31 (a Saturday) 12:34:56.789, centre as given.
fn auxi(center: u32) -> Vec<u8> {
    let mut c: Vec<u8> = [2026u16, 1, 6, 31, 12, 34, 56, 789].iter().flat_map(|w| w.to_le_bytes()).collect();
    c.extend([0; 16]);
    c.extend(center.to_le_bytes());
    c.extend([0; 32]);
    chunk(b"auxi", &c)
}

#[test]
fn the_auxi_chunk_gives_centre_and_start_and_the_name_unwraps_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = |center| riff(&[fmt(1, 2, 2_000_000, 16), auxi(center), chunk(b"data", &[0; 8])]);
    let at = |name: &str, center| open(&save(folder.path(), name, &file(center)), &OpenOptions::default()).unwrap();
    let capture = at("a.wav", 7_100_000);
    assert_eq!((capture.traces[0].kind, capture.traces[0].center_hz), (Kind::Iq, Some(7.1e6)));
    assert_eq!(capture.provenance.start_time.as_deref(), Some("2026-01-31T12:34:56.789Z"));
    // 5.8 GHz does not fit into 32 bits: 5 800 000 000 - 4 294 967 296 = 1 505 032 704.
    let wrapped = at("HDSDR_20260131_123456Z_5800000kHz_RF.wav", 1_505_032_704);
    assert_eq!((wrapped.traces[0].center_hz, kinds(&wrapped)), (Some(5.8e9), vec![]));
    let other = at("HDSDR_20260131_123456Z_14000kHz_RF.wav", 7_100_000);
    assert_eq!((other.traces[0].center_hz, kinds(&other)), (Some(7.1e6), vec![CaveatKind::Inconsistent]));
}

#[test]
fn rcvr_and_xml_chunks_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut c = 3_500_000i32.to_le_bytes().to_vec();
    c.extend(2i32.to_le_bytes());
    let file = riff(&[fmt(1, 2, 250_000, 24), chunk(b"rcvr", &c), chunk(b"data", &[0; 12])]);
    let capture = open(&save(folder.path(), "p.wav", &file), &OpenOptions::default()).unwrap();
    assert_eq!((capture.traces[0].center_hz, kinds(&capture)), (Some(3.5e6), vec![CaveatKind::Inconsistent]));

    let xml: Vec<u8> =
        "<?xml?><D RadioCenterFreq=\"10489750000\"/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = riff(&[fmt(1, 2, 250_000, 16), chunk(b"auxi", &xml), chunk(b"data", &[0; 8])]);
    let capture = open(&save(folder.path(), "x.wav", &file), &OpenOptions::default()).unwrap();
    assert_eq!(capture.traces[0].center_hz, Some(10_489_750_000.0));
}

#[test]
fn other_chunks_odd_lengths_and_the_extensible_form_are_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let mut c = Vec::new();
    for word in [0xFFFEu16, 1] {
        c.extend(word.to_le_bytes());
    }
    c.extend([48_000u32.to_le_bytes(), 192_000u32.to_le_bytes()].concat());
    for word in [4u16, 32, 22, 24] {
        c.extend(word.to_le_bytes());
    }
    c.extend([0, 0, 0, 0, 1, 0]);
    c.extend([0; 14]);
    let data = chunk(b"data", &0x4000_0000i32.to_le_bytes());
    let file =
        riff(&[chunk(b"JUNK", &[7; 5]), chunk(b"bext", &[0; 3]), chunk(b"fmt ", &c), data, chunk(b"LIST", &[0; 9])]);
    let capture = open(&save(folder.path(), "e.wav", &file), &OpenOptions::default()).unwrap();
    let trace = &capture.traces[0];
    assert_eq!((values(trace), kinds(&capture)), (vec![0.5], vec![]));
    // 24 valid bits, left-justified in 32.
    assert_eq!(trace.full_scale, Some(1.0 - 1.0 / 8_388_608.0));
}

#[test]
fn lengths_that_lie_are_caveats_not_silence() {
    let folder = tempfile::tempdir().unwrap();
    let with = |size: u32, data: &[u8]| {
        let mut file = riff(&[fmt(1, 1, 8000, 16)]);
        file.extend(b"data");
        file.extend(size.to_le_bytes());
        file.extend(data);
        save(folder.path(), "l.wav", &file)
    };
    for (size, kind) in
        [(0, CaveatKind::Inconsistent), (u32::MAX, CaveatKind::Inconsistent), (1000, CaveatKind::Truncated)]
    {
        let capture = open(&with(size, &[1; 20]), &OpenOptions::default()).unwrap();
        assert_eq!((capture.traces[0].frames, kinds(&capture)), (10, vec![kind]));
    }
    let capture = open(&with(4, &[1; 20]), &OpenOptions::default()).unwrap();
    assert_eq!((capture.traces[0].frames, kinds(&capture)), (2, vec![CaveatKind::TrailingData]));
    assert_eq!(open(&with(0, &[]), &OpenOptions::default()).unwrap_err().kind(), "malformed");
    let empty = chunk(b"LIST", &[0; 4]);
    assert_eq!(open(&with(0, &empty), &OpenOptions::default()).unwrap_err().kind(), "malformed");
}

#[test]
fn encodings_and_headers_that_cannot_be_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = chunk(b"data", &[0; 16]);
    let cases: &[(Vec<u8>, &str)] = &[
        (riff(&[fmt(7, 1, 8000, 8), data.clone()]), "unsupported"),
        (riff(&[fmt(3, 1, 8000, 16), data.clone()]), "unsupported"),
        (riff(&[fmt(1, 0, 8000, 16), data.clone()]), "malformed"),
        (riff(&[fmt(1, 1, 0, 16), data.clone()]), "malformed"),
        (riff(std::slice::from_ref(&data)), "malformed"),
        (riff(&[fmt(1, 1, 8000, 16)]), "malformed"),
        (b"RIFX\0\0\0\0WAVE".to_vec(), "unsupported"),
        (b"not a wave file".to_vec(), "malformed"),
    ];
    for (bytes, kind) in cases {
        let error = open(&save(folder.path(), "b.wav", bytes), &OpenOptions::default()).unwrap_err();
        assert_eq!(error.kind(), *kind, "{error}");
        assert!(error.hint().is_some());
    }
    let rate = OpenOptions { rate_hz: Some(8000.0), ..OpenOptions::default() };
    let zero = save(folder.path(), "b.wav", &riff(&[fmt(1, 1, 0, 16), data]));
    assert_eq!(open(&zero, &rate).unwrap().traces[0].sample_rate_hz, 8000.0);
}

/// A file with `head`, `bytes` of data that take no room on the disk, and the last frame set to `last`.
fn sparse(path: &Path, head: &[u8], bytes: u64, last: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(head).unwrap();
    let end = head.len() as u64 + bytes;
    file.set_len(end).unwrap();
    file.seek(SeekFrom::Start(end - last.len() as u64)).unwrap();
    file.write_all(last).unwrap();
}

#[test]
fn files_above_4_gib_give_all_their_frames() {
    const BYTES: u64 = 5 << 30;
    let folder = tempfile::tempdir().unwrap();
    let head = |id: &[u8; 4], size: u32, ds64: Option<u64>| {
        let mut out = [&id[..], &u32::MAX.to_le_bytes(), b"WAVE"].concat();
        if let Some(long) = ds64 {
            let sizes = [long + 100, long, long / 4].map(u64::to_le_bytes).concat();
            out.extend(chunk(b"ds64", &[&sizes[..], &[0; 4]].concat()));
        }
        out.extend(fmt(1, 2, 10_000_000, 16));
        out.extend(b"data");
        out.extend(size.to_le_bytes());
        out
    };
    let wrapped = (BYTES % (1 << 32)) as u32;
    for (name, head, expected) in [
        ("a_IQ.rf64", head(b"RF64", u32::MAX, Some(BYTES)), vec![]),
        ("b_IQ.wav", head(b"BW64", u32::MAX, Some(BYTES)), vec![]),
        ("c_IQ.wav", head(b"RIFF", u32::MAX, None), vec![CaveatKind::Inconsistent]),
        ("d_IQ.wav", head(b"RIFF", wrapped, None), vec![CaveatKind::Inconsistent]),
        ("e_IQ.wav", head(b"RF64", u32::MAX, Some(BYTES + 8)), vec![CaveatKind::Truncated]),
    ] {
        let path = folder.path().join(name);
        sparse(&path, &head, BYTES, &[0, 0x40, 0, 0xc0]);
        let capture = open(&path, &OpenOptions::default()).unwrap();
        let trace = &capture.traces[0];
        assert_eq!((trace.frames, kinds(&capture)), (BYTES / 4, expected), "{name}");
        let mut last = [0f32; 2];
        assert_eq!(trace.read_f32(trace.frames - 1, &mut last).unwrap(), 1);
        assert_eq!(last, [0.5, -0.5], "{name}");
        std::fs::remove_file(path).unwrap();
    }
}

fn small() -> Vec<u8> {
    riff(&[
        chunk(b"JUNK", &[1; 3]),
        fmt(1, 2, 48_000, 16),
        auxi(1_000_000),
        chunk(b"data", &[5; 24]),
        chunk(b"LIST", &[0; 6]),
    ])
}

#[test]
fn cut_at_every_byte_it_opens_with_a_caveat_or_refuses_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let whole = small();
    let data_ends = whole.len() - 14;
    for length in 1..whole.len() {
        match open(&save(folder.path(), "cut.wav", &whole[..length]), &OpenOptions::default()) {
            Ok(capture) => {
                assert!(length >= data_ends || kinds(&capture).contains(&CaveatKind::Truncated), "{length}");
                values(&capture.traces[0]);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn flipped_and_random_bytes_never_panic(changes in proptest::collection::vec((0usize..150, any::<u8>()), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = small();
        for (at, value) in changes {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if let Ok(capture) = open(&save(folder.path(), "r.wav", &bytes), &OpenOptions::default()) {
            for trace in &capture.traces {
                let mut out = [0f32; 64];
                let _ = trace.read_f32(0, &mut out);
            }
        }
    }

    #[test]
    fn random_chunks_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        for head in [&b"RIFF\0\0\0\0WAVE"[..], b"RF64\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"] {
            let _ = open(&save(folder.path(), "r.wav", &[head, &tail].concat()), &OpenOptions::default());
        }
    }
}
