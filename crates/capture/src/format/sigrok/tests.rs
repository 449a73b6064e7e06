//! Session archives written with a ZIP writer: metadata as sigrok writes it, and single-precision numbers.

use std::io::{Cursor, Write as _};

use faultscope_signal::{Record as _, Unit};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::format::fixture::{has, open_beside, open_bytes, survives_damage, values};
use crate::{CaveatKind, OpenOptions};

fn session(metadata: &str, parts: &[(&str, &[f32])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    let mut entry = |name: &str, bytes: &[u8]| {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    };
    entry("version", b"2");
    entry("metadata", metadata.as_bytes());
    for (name, numbers) in parts {
        let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
        entry(name, &bytes);
    }
    zip.finish().unwrap().into_inner()
}

const METADATA: &str =
    "[global]\nsigrok version=0.6.0\n\n[device 1]\nsamplerate=2.5 MHz\ntotal analog=2\nanalog1=SDA\nanalog2=SCL\n";

#[test]
fn the_parts_of_a_channel_follow_each_other_by_number() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let parts: [(&str, &[f32]); 4] =
            [("analog-1-1-10", &[3.0]), ("analog-1-1-2", &[2.0]), ("analog-1-1-1", &[1.0]), ("analog-1-2-1", &[-1.5])];
        let capture = open_bytes("a.sr", &session(METADATA, &parts, method)).unwrap();
        assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["SDA", "SCL"]);
        assert_eq!(values(&capture.traces[0]), [1.0, 2.0, 3.0]);
        assert_eq!(values(&capture.traces[1]), [-1.5]);
        assert_eq!((capture.traces[0].sample_rate_hz, capture.traces[0].unit()), (2.5e6, Unit::Volt));
        assert!(has(&capture, CaveatKind::Uncalibrated));
    }
}

#[test]
fn rates_in_every_spelling() {
    for (text, rate) in [("50 MHz", 50e6), ("8000000", 8e6), ("12.5 kHz", 12.5e3), ("1 GHz", 1e9), ("100 Hz", 100.0)] {
        let metadata = METADATA.replace("2.5 MHz", text);
        let bytes = session(&metadata, &[("analog-1-1-1", &[0.0])], CompressionMethod::Deflated);
        assert_eq!(open_bytes("a.sr", &bytes).unwrap().traces[0].sample_rate_hz, rate, "{text}");
    }
}

#[test]
fn nothing_is_guessed() {
    let parts: [(&str, &[f32]); 1] = [("analog-1-1-1", &[0.0, 1.0])];
    let no_rate = session(&METADATA.replace("samplerate=2.5 MHz\n", ""), &parts, CompressionMethod::Deflated);
    let error = open_bytes("a.sr", &no_rate).unwrap_err();
    assert!(error.kind() == "unknown" && error.hint().unwrap().contains("--rate"), "{error}");
    let options = OpenOptions { rate_hz: Some(1e6), ..OpenOptions::default() };
    assert_eq!(open_beside("a.sr", &no_rate, &[], &options).unwrap().traces[0].sample_rate_hz, 1e6);
    let logic = session(METADATA, &[("logic-1-1", &[0.0])], CompressionMethod::Deflated);
    assert_eq!(open_bytes("a.sr", &logic).unwrap_err().kind(), "unsupported");
    let empty = session(METADATA, &[("analog-1-1-1", &[])], CompressionMethod::Deflated);
    assert_eq!(open_bytes("a.sr", &empty).unwrap_err().kind(), "malformed");
}

#[test]
fn damage_is_an_answer() {
    let numbers: Vec<f32> = (0..2000).map(|i| (i as f32).sin()).collect();
    survives_damage("scope.sr", &session(METADATA, &[("analog-1-1-1", &numbers)], CompressionMethod::Deflated), &[]);
}
