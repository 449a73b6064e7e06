//! Headers built by hand at the places that the records of each family show.

use faultscope_signal::{Record as _, Unit};

use crate::CaveatKind;
use crate::format::fixture::{Bytes, close, has, open_bytes, survives_damage, values};

/// 24 bytes of a DS1000 channel: scale in microvolts and shift of display and measurement, probe, switches.
fn early_channel(microvolts: i32, shift: i16, probe: f32, switches: [u8; 4]) -> Vec<u8> {
    Bytes::zeros(24)
        .at(0, microvolts.to_le_bytes())
        .at(4, shift.to_le_bytes())
        .at(8, probe.to_le_bytes())
        .at(12, switches)
        .at(16, microvolts.to_le_bytes())
        .at(20, shift.to_le_bytes())
        .0
}

/// DS1000E: two channels of `codes`, the second inverted on display only, header of `start` bytes.
fn ds1000e(start: usize, codes: &[u8]) -> Vec<u8> {
    Bytes::zeros(start)
        .at(0, [0xa5, 0xa5, 0, 0])
        .at(28, (codes.len() as u32).to_le_bytes())
        .at(36, early_channel(100_000, 50, 10.0, [0, 1, 0, 0]))
        .at(60, early_channel(2_000_000, -75, 1.0, [0, 1, 0, 0]))
        .at(92, 1_000_000i64.to_le_bytes())
        .at(100, 1e6f32.to_le_bytes())
        .push(codes)
        .push(codes)
        .0
}

#[test]
fn codes_of_ds1000e_count_downwards_from_125() {
    // 0.1 V/div behind a 10:1 probe is 0.04 V a code: (125 - 50 - 32) * 0.04 = 1.72; 0.08 V: (125 + 75 - 76) * 0.08 = 9.92.
    for start in [276, 272] {
        let capture = open_bytes("a.wfm", &ds1000e(start, &[32, 76, 200])).unwrap();
        assert_eq!(capture.format, "rigol/ds1000e");
        close(&values(&capture.traces[0]), &[1.72, -0.04, -5.0]);
        close(&values(&capture.traces[1]), &[13.44, 9.92, 0.0]);
        let trace = &capture.traces[0];
        assert_eq!((trace.sample_rate_hz, trace.unit), (1e6, Unit::Volt));
        assert!((trace.t0_s.unwrap() - (1e-6 - 1.5e-6)).abs() < 1e-15);
        let (low, high) = trace.rails().unwrap();
        close(&[low, high], &[-7.2, 3.0]);
        assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
    }
}

#[test]
fn ds1000b_and_ds1000c_have_places_of_their_own() {
    let mut bytes = Bytes::zeros(420)
        .at(0, [0xa5, 0xa5, 0xa4, 1])
        .at(4, "DS1204B")
        .at(60, 2u32.to_le_bytes())
        .at(180, 125e3f32.to_le_bytes());
    for (i, on) in [1, 0, 0, 1].into_iter().enumerate() {
        bytes = bytes.at(68 + 24 * i, early_channel(1_000_000, -63, 10.0, [0, 0, on, 0]));
    }
    let capture = open_bytes("a.wfm", &bytes.push([86, 163, 99, 0]).0).unwrap();
    assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH4"]);
    // The scale of this family holds the probe: (99 + 63 - 86) * 0.04.
    close(&values(&capture.traces[0]), &[3.04, -0.04]);
    close(&values(&capture.traces[1]), &[2.52, 6.48]);
    assert_eq!(capture.provenance.instrument.as_deref(), Some("Rigol DS1204B"));
    let mut c = ds1000e(256, &[32, 76]);
    c[0] = 0xa1;
    let capture = open_bytes("a.wfm", &c).unwrap();
    assert_eq!(capture.format, "rigol/ds1000c");
    close(&values(&capture.traces[0]), &[1.72, -0.04]);
}

/// DS1000Z with the channels of `mask` on, 1 V/div, no shift.
fn ds1000z(mask: u8, firmware: &str, memory: &[u8]) -> Vec<u8> {
    let mut bytes = Bytes::zeros(2000)
        .at(0, [1, 0xff, 0xff, 0xff])
        .at(8, "DS1104Z")
        .at(28, firmware)
        .at(88, [mask])
        .at(116, (memory.len() as u32).to_le_bytes())
        .at(120, 0.001f32.to_le_bytes())
        .at(256, 800u32.to_le_bytes())
        .at(260, 1200u32.to_le_bytes());
    for i in 0..4 {
        bytes = bytes.at(124 + 28 * i, [1, 0, 0, 0, 9]).at(132 + 28 * i, 1f32.to_le_bytes()).at(141 + 28 * i, [2]);
    }
    bytes.push(memory).0
}

#[test]
fn channels_of_ds1000z_share_one_memory_from_the_highest_down() {
    // Nominal: (code - 127) / 20 + 1 division; 00.04.04.SP3 with two channels has its zero where it should be.
    let both = open_bytes("a.wfm", &ds1000z(0b1001, "00.04.04.SP3", &[147, 127, 167, 107])).unwrap();
    assert_eq!(both.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH4"]);
    close(&values(&both.traces[0]), &[0.0, -1.0]);
    close(&values(&both.traces[1]), &[1.0, 2.0]);
    assert!((both.traces[0].sample_rate_hz / 1e6 - 1.0).abs() < 1e-6 && both.traces[0].bandwidth_hz == Some(20e6));
    assert!(has(&both, CaveatKind::Uncalibrated));
    let three = open_bytes("a.wfm", &ds1000z(0b0111, "00.04.03", &[0, 147, 127, 107, 0, 127, 127, 127])).unwrap();
    let all: Vec<f64> = three.traces.iter().map(|t| values(t)[0]).collect();
    close(&all, &[0.0, 1.0, 2.0]);
}

/// Places that differ between DS2000/6000 and DS4000: rate, delay, settings, length.
fn late(serial: &str, four: bool, mask: [u8; 2], runs: [u32; 4], length: u32, memory: &[u8]) -> Vec<u8> {
    let (rate, delay, settings, points) = if four { (100, 116, 124, 268) } else { (96, 112, 120, 252) };
    let mut bytes = Bytes::zeros(600)
        .at(0, [0xa5, 0xa5, 0x38, 0])
        .at(4, serial)
        .at(24, "00.02.03")
        .at(64, mask)
        .at(rate, 1e6f32.to_le_bytes())
        .at(delay, 3_000_000i64.to_le_bytes())
        .at(points, length.to_le_bytes());
    for (i, run) in runs.iter().enumerate() {
        let channel = Bytes::zeros(28)
            .at(0, [1, 0, 1, 0, 9])
            .at(8, 0.8f32.to_le_bytes())
            .at(12, (-2f32).to_le_bytes())
            .at(17, [2]);
        bytes = bytes.at(settings + 28 * i, channel.0).at(68 + 4 * i, run.to_le_bytes());
    }
    bytes.push(memory).0
}

#[test]
fn later_families_have_their_runs_and_codes_per_division() {
    let cases = [
        ("DS2D1", false, 25.0, "rigol/ds2000"),
        ("DS6A1", false, 25.0, "rigol/ds6000"),
        ("DS4A1", true, 32.0, "rigol/ds4000"),
        ("DS2A1", true, 25.0, "rigol/ds4000"),
    ];
    for (serial, four, codes, format) in cases {
        let bytes = late(serial, four, [0b0101, 0], [600, 0, 602, 0], 2, &[127, 227, 27, 127]);
        let capture = open_bytes("a.wfm", &bytes).unwrap();
        assert_eq!(capture.format, format);
        assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH3"]);
        let step = f64::from(0.8f32) / codes;
        close(&values(&capture.traces[0]), &[2.0, 2.0 + 100.0 * step]);
        close(&values(&capture.traces[1]), &[2.0 - 100.0 * step, 2.0]);
        assert_eq!(capture.traces[0].bandwidth_hz, Some(20e6));
        assert!((capture.traces[0].t0_s.unwrap() - 2e-6).abs() < 1e-15);
        assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
    }
}

#[test]
fn one_channel_of_ds2000_may_have_the_memory_of_both() {
    let bytes = late("DS2D1", false, [1, 1], [600, 603, 0, 0], 6, &[127, 129, 131, 128, 130, 132]);
    let capture = open_bytes("a.wfm", &bytes).unwrap();
    let trace = &capture.traces[0];
    let step = f64::from(0.8f32) / 25.0;
    let expected: Vec<f64> = (0..6).map(|i| 2.0 + f64::from(i) * step).collect();
    close(&values(trace), &expected);
    for start in 0..6u64 {
        let mut some = [0.0; 3];
        let n = trace.read_f64(start, &mut some).unwrap();
        close(&some[..n], &expected[start as usize..(start as usize + n)]);
        assert_eq!(n, 3.min(6 - start as usize));
    }
}

#[test]
fn samples_inside_the_header_are_refused() {
    let nowhere = late("DS4A1", true, [3, 0], [600, 0, 0, 0], 2, &[127; 8]);
    let error = open_bytes("a.wfm", &nowhere).unwrap_err();
    assert!(error.kind() == "malformed" && error.to_string().contains("CH2"), "{error}");
}

#[test]
fn another_signature_is_refused_by_name() {
    let error = open_bytes("a.wfm", &[0x55; 2000]).unwrap_err();
    assert!(error.kind() == "unsupported" && error.hint().unwrap().contains("CSV"), "{error}");
}

#[test]
fn damage_is_an_answer() {
    let codes: Vec<u8> = (0..=255).collect();
    survives_damage("scope.wfm", &ds1000e(276, &codes), &[]);
    survives_damage("scope.wfm", &ds1000z(0b1001, "00.04.04", &codes), &[]);
    survives_damage("scope.wfm", &late("DS4A1", true, [3, 0], [600, 728, 0, 0], 128, &codes), &[]);
    survives_damage("scope.wfm", &late("DS2D1", false, [1, 1], [600, 728, 0, 0], 256, &codes), &[]);
}

#[test]
fn a_dho_is_told_what_to_export_instead() {
    let error = open_bytes("a.wfm", &Bytes::zeros(4096).at(0, [2]).0).unwrap_err();
    assert_eq!(error.kind(), "unsupported");
    assert!(error.to_string().contains("DHO") && error.hint().unwrap().contains(".bin"), "{error}");
}
