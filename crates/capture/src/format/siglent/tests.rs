//! Headers built by hand from the tables of Siglent's paper.

use faultscope_signal::{Record as _, Unit};

use crate::CaveatKind;
use crate::format::fixture::{Bytes, close, has, open_bytes, survives_damage, values};

/// Value, magnitude and the seven words of volt.
fn value(number: f64, magnitude: u32) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    for word in [magnitude, 0, 1, 1, 0, 1, 0, 1] {
        bytes.extend(word.to_le_bytes());
    }
    bytes
}

/// Version 2 or 3 (shift 0) or 4 (shift 4): channels 1 and 3 on, 2 V and 500 mV per division, 1 MSa/s.
fn file(version: u32, samples: [&[u8]; 2], width: u8, probe: f64, offset: f64) -> Vec<u8> {
    let shift = if version == 4 { 4 } else { 0 };
    let start = if version == 4 { 0x1000 } else { 0x800 };
    let points = samples[0].len() as u32 / (u32::from(width) + 1);
    let mut bytes = Bytes::zeros(start)
        .at(0, version.to_le_bytes())
        .at(0x04 + shift, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
        .at(0x14 + shift, value(2.0, 8))
        .at(0x14 + shift + 80, value(500.0, 7))
        .at(0xb4 + shift, value(offset, 8))
        .at(0x198 + shift, value(f64::from(points) / 10.0, 6))
        .at(0x1c0 + shift, value(1.0, 6))
        .at(0x1e8 + shift, points.to_le_bytes())
        .at(0x1ec + shift, value(1.0, 10))
        .at(0x240 + shift, probe.to_le_bytes())
        .at(0x240 + shift + 16, 1f64.to_le_bytes())
        .at(0x260 + shift, [width]);
    if version == 4 {
        bytes = bytes.at(4, (start as u32).to_le_bytes());
    }
    if version > 2 {
        bytes = bytes.at(0x268 + shift, 10i32.to_le_bytes());
        for channel in 0..4 {
            bytes = bytes.at(0x26c + shift + 4 * channel, 50i32.to_le_bytes());
        }
    }
    bytes.push(samples[0]).push(samples[1]).0
}

#[test]
fn versions_two_to_four_give_volts_by_their_codes_per_division() {
    for version in 2..=4 {
        let codes = if version == 2 { 25.0 } else { 50.0 };
        let capture = open_bytes("a.bin", &file(version, [&[128, 178, 78], &[128, 228, 28]], 0, 1.0, 0.0)).unwrap();
        assert_eq!(capture.format, format!("siglent/v{version}"));
        assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH3"]);
        assert_eq!((capture.traces[0].sample_rate_hz, capture.traces[0].unit), (1e6, Unit::Volt));
        close(&values(&capture.traces[0]), &[0.0, 100.0 / codes, -100.0 / codes]);
        close(&values(&capture.traces[1]), &[0.0, 50.0 / codes, -50.0 / codes]);
        let (low, high) = capture.traces[1].rails().unwrap();
        close(&[low, high], &[-64.0 / codes, 63.5 / codes]);
        assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
    }
}

#[test]
fn the_probe_factor_of_version_four_acts_on_scale_and_offset() {
    // 16-bit codes around 32768, 50 codes a division of 2 V: (100 * 0.04 - (-1.5)) * 10 = 55 V.
    let words: Vec<u8> = [32_768u16, 32_868].iter().flat_map(|w| w.to_le_bytes()).collect();
    let capture = open_bytes("a.bin", &file(4, [&words, &words], 1, 10.0, -1.5)).unwrap();
    close(&values(&capture.traces[0]), &[15.0, 55.0]);
    assert_eq!(capture.provenance.metadata["probe_factors"], serde_json::json!([10.0, 1.0]));
    // Ten divisions of 0.2 us are the whole record, so that it begins half of them and the delay before the trigger.
    assert!((capture.traces[0].t0_s.unwrap() + 2e-6).abs() < 1e-15);
    let older = open_bytes("a.bin", &file(3, [&words, &words], 1, 10.0, -1.5)).unwrap();
    assert!(has(&older, CaveatKind::Uncalibrated));
}

/// Version 6: file header of 108 bytes, record headers of 264.
fn sixth(samples: &[u16]) -> Vec<u8> {
    let file = Bytes::zeros(108)
        .at(0, 6u32.to_le_bytes())
        .at(4, 108u16.to_le_bytes())
        .at(8, "SDS2104X HD")
        .at(40, "SN0001")
        .at(104, 2u32.to_le_bytes());
    let record = |label: &str| {
        let mut bytes = Bytes::zeros(264)
            .at(4, 264u32.to_le_bytes())
            .at(16, label)
            .at(96, 100f64.to_le_bytes())
            .at(104, 1e-6f64.to_le_bytes())
            .at(176, 1000f64.to_le_bytes())
            .at(184, 0.5f64.to_le_bytes())
            .at(224, "V")
            .at(240, 4u32.to_le_bytes())
            .at(248, (samples.len() as u64).to_le_bytes())
            .at(256, (2 * samples.len() as u64).to_le_bytes())
            .push([0; 4]);
        for code in samples {
            bytes = bytes.push(code.to_le_bytes());
        }
        bytes.0
    };
    file.push(record("C1")).push(record("C2")).0
}

#[test]
fn version_six_has_records_with_scale_and_unit_of_their_own() {
    let capture = open_bytes("a.bin", &sixth(&[1000, 1004, 996])).unwrap();
    assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["C1", "C2"]);
    close(&values(&capture.traces[1]), &[0.0, 2.0, -2.0]);
    assert!((capture.traces[0].t0_s.unwrap() + 1e-4).abs() < 1e-15);
    assert_eq!(capture.provenance.instrument.as_deref(), Some("Siglent SDS2104X HD (serial SN0001)"));
    assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
    let mut one_missing = sixth(&[1000, 1004, 996]);
    one_missing.truncate(108 + 264 + 4 + 6);
    assert!(has(&open_bytes("a.bin", &one_missing).unwrap(), CaveatKind::Truncated));
}

/// Switches, length and rate where version 5 has them; where its samples begin is not known, so that none are made up.
#[test]
fn version_five_is_known_and_refused_with_a_way_out() {
    let bytes = Bytes::zeros(0x4000)
        .at(0, 5u32.to_le_bytes())
        .at(0x76, 1u32.to_le_bytes())
        .at(0x1b88, 4000u32.to_le_bytes())
        .at(0x1b92, value(1.0, 10));
    let error = open_bytes("a.bin", &bytes.0).unwrap_err();
    assert_eq!(error.kind(), "unsupported");
    assert!(error.to_string().contains("version 5") && error.hint().unwrap().contains("CSV"), "{error}");
    // A five alone is no signature.
    assert_eq!(open_bytes("a.bin", &bytes.at(0x1b88, [0; 4]).0).unwrap_err().kind(), "unknown");
}

#[test]
fn a_number_from_two_to_six_alone_is_no_signature() {
    let mut zeros = vec![0; 0x2000];
    zeros[0] = 4;
    assert_eq!(open_bytes("a.bin", &zeros).unwrap_err().kind(), "unknown");
    let off = Bytes(file(2, [&[1, 2], &[3, 4]], 0, 1.0, 0.0)).at(4, [0]).at(12, [0]).0;
    assert_eq!(open_bytes("a.bin", &off).unwrap_err().kind(), "unsupported");
}

#[test]
fn damage_is_an_answer() {
    let samples: Vec<u8> = (0..=255).collect();
    survives_damage("scope.bin", &file(3, [&samples, &samples], 0, 1.0, 0.0), &[]);
    survives_damage("scope.bin", &file(4, [&samples, &samples], 0, 1.0, 0.0), &[]);
    let words: Vec<u16> = (0..500).collect();
    survives_damage("scope.bin", &sixth(&words), &[]);
}
