//! Files built by hand from the published layout: headers of 12 or 16, 140 and 12 or 16 bytes.

use faultscope_signal::{Record as _, Unit};

use crate::CaveatKind;
use crate::format::fixture::{Bytes, close, has, open_bytes, open_segment, survives_damage, values};

struct Wave<'a> {
    label: &'a str,
    segment: u32,
    unit: u32,
    x_unit: u32,
    /// Type and numbers of each buffer.
    buffers: &'a [(u16, &'a [f32])],
}

const PLAIN: Wave = Wave { label: "1", segment: 0, unit: 1, x_unit: 2, buffers: &[(1, &[0.5, -1.25, 3.0])] };

fn file(cookie: &[u8; 4], waves: &[Wave]) -> Vec<u8> {
    let wide = cookie.ends_with(b"03");
    let count = (waves.len() as u32).to_le_bytes();
    let mut bytes =
        if wide { Bytes::zeros(16).at(0, cookie).at(12, count) } else { Bytes::zeros(12).at(0, cookie).at(8, count) };
    for wave in waves {
        let points = wave.buffers[0].1.len() as u32;
        let head = Bytes::zeros(140)
            .at(0, 140u32.to_le_bytes())
            .at(4, 1u32.to_le_bytes())
            .at(8, (wave.buffers.len() as u32).to_le_bytes())
            .at(12, points.to_le_bytes())
            .at(16, 1u32.to_le_bytes())
            .at(32, 2e-6f64.to_le_bytes())
            .at(40, (-1e-3f64).to_le_bytes())
            .at(48, wave.x_unit.to_le_bytes())
            .at(52, wave.unit.to_le_bytes())
            .at(88, "MODEL1:SN42")
            .at(112, wave.label)
            .at(136, wave.segment.to_le_bytes());
        bytes = bytes.push(&head.0);
        for (kind, numbers) in wave.buffers {
            let length = 4 * numbers.len();
            let data = if wide {
                Bytes::zeros(16).at(0, 16u32.to_le_bytes()).at(8, (length as u64).to_le_bytes())
            } else {
                Bytes::zeros(12).at(0, 12u32.to_le_bytes()).at(8, (length as u32).to_le_bytes())
            };
            bytes = bytes.push(data.at(4, kind.to_le_bytes()).at(6, 4u16.to_le_bytes()).0);
            for number in *numbers {
                bytes = bytes.push(number.to_le_bytes());
            }
        }
    }
    bytes.0
}

#[test]
fn every_signature_gives_the_stored_volts() {
    for (cookie, t0) in [(b"AG10", -1e-3), (b"AG01", -1e-3), (b"AG03", -1e-3), (b"RG01", 1e-3), (b"RG03", 1e-3)] {
        let capture = open_bytes("a.bin", &file(cookie, &[PLAIN])).unwrap();
        let trace = &capture.traces[0];
        assert_eq!((trace.name.as_str(), trace.unit, trace.frames()), ("CH1", Unit::Volt, 3));
        assert_eq!((trace.sample_rate_hz, trace.t0_s), (1.0 / 2e-6, Some(t0)));
        assert_eq!(values(trace), [0.5, -1.25, 3.0]);
        let maker = if cookie.starts_with(b"RG") { "Rigol" } else { "Keysight" };
        assert_eq!(capture.provenance.instrument.unwrap(), format!("{maker} MODEL1 (serial SN42)"));
        assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
    }
}

#[test]
fn channels_segments_and_extremes_are_told_apart() {
    let wave = |label, segment, numbers| Wave { label, segment, buffers: numbers, ..PLAIN };
    let waves = [
        wave("1", 1, &[(1, &[1.0, 1.5])]),
        wave("2", 1, &[(2, &[2.0, 2.5]), (3, &[-2.0, -2.5])]),
        wave("1", 2, &[(1, &[10.0, 10.5])]),
        wave("2", 2, &[(2, &[20.0, 20.5]), (3, &[-20.0, -20.5])]),
    ];
    let bytes = file(b"AG10", &waves);
    let first = open_bytes("a.bin", &bytes).unwrap();
    assert_eq!(first.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH2 max", "CH2 min"]);
    assert!(has(&first, CaveatKind::Ignored) && has(&first, CaveatKind::Reduced));
    let second = open_segment("a.bin", &bytes, 2).unwrap();
    assert!(!has(&second, CaveatKind::Ignored));
    close(&values(&second.traces[0]), &[10.0, 10.5]);
    close(&values(&second.traces[2]), &[-20.0, -20.5]);
    let error = open_segment("a.bin", &bytes, 3).unwrap_err();
    assert_eq!(error.kind(), "options");
    assert!(error.hint().unwrap().contains("1 to 2"));
    assert_eq!(open_segment("a.bin", &file(b"AG10", &[PLAIN]), 2).unwrap_err().kind(), "options");
}

#[test]
fn amperes_are_amperes_and_a_spectrum_is_no_record() {
    let capture = open_bytes("a.bin", &file(b"AG10", &[Wave { unit: 4, ..PLAIN }])).unwrap();
    assert_eq!(capture.traces[0].unit, Unit::Ampere);
    let spectrum = file(b"AG10", &[Wave { x_unit: 6, ..PLAIN }]);
    assert_eq!(open_bytes("a.bin", &spectrum).unwrap_err().kind(), "unsupported");
    let decibel = open_bytes("a.bin", &file(b"AG10", &[Wave { unit: 5, ..PLAIN }])).unwrap();
    assert!(has(&decibel, CaveatKind::Uncalibrated));
}

#[test]
fn a_file_cut_short_says_how_much_is_there() {
    let bytes = file(b"AG10", &[PLAIN]);
    let capture = open_bytes("a.bin", &bytes[..bytes.len() - 4]).unwrap();
    assert_eq!(capture.traces[0].frames(), 2);
    assert!(capture.caveats[0].detail.contains("promises 3 samples, the file holds 2"), "{:?}", capture.caveats);
    let error = open_bytes("a.bin", &bytes[..100]).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn damage_is_an_answer() {
    let numbers: Vec<f32> = (0..500).map(|i| i as f32).collect();
    let buffers: &[(u16, &[f32])] = &[(1, &numbers)];
    let waves = [Wave { buffers, ..PLAIN }, Wave { label: "2", buffers, ..PLAIN }];
    survives_damage("scope.bin", &file(b"AG10", &waves), &[]);
    survives_damage("scope.bin", &file(b"RG03", &waves), &[]);
}
