//! Files built by hand from Tektronix 001-1378-03: static part, header, dimensions, update specifications, curves.

use faultscope_signal::{Record as _, Unit};

use crate::CaveatKind;
use crate::format::fixture::{Bytes, close, has, open_bytes, open_segment, survives_damage, values};

fn order<const N: usize>(mut little: [u8; N], big: bool) -> [u8; N] {
    if big {
        little.reverse();
    }
    little
}

/// Places of the explicit and the implicit dimension, and of the first update specification, as the paper lists them.
const PLACES: [(usize, usize, usize); 3] = [(166, 478, 766), (168, 480, 768), (168, 488, 784)];

/// Frames of three words each, with two words of precharge before and one of postcharge behind them.
fn file(version: u8, big: bool, colon: bool, frames: &[[i16; 3]]) -> Vec<u8> {
    let (y, x, update) = PLACES[usize::from(version) - 1];
    let extra = frames.len() - 1;
    let curve = update + 24 + 30 + extra * (24 + 30);
    let text = if colon { format!(":WFM#00{version}") } else { format!("WFM#00{version}") };
    let curve_object = |bytes: Bytes, at: usize| {
        bytes
            .at(at + 14, order(4u32.to_le_bytes(), big))
            .at(at + 18, order(10u32.to_le_bytes(), big))
            .at(at + 22, order(12u32.to_le_bytes(), big))
            .at(at + 26, order(12u32.to_le_bytes(), big))
    };
    let mut bytes = Bytes::zeros(curve)
        .at(0, if big { [0xf0, 0xf0] } else { [0x0f, 0x0f] })
        .at(2, text)
        .at(15, [2])
        .at(16, order((curve as u32).to_le_bytes(), big))
        .at(72, order((extra as u32).to_le_bytes(), big))
        .at(122, order(2u32.to_le_bytes(), big))
        .at(y, order(0.5f64.to_le_bytes(), big))
        .at(y + 8, order(10f64.to_le_bytes(), big))
        .at(y + 20, "Volts")
        .at(x, order(1e-6f64.to_le_bytes(), big))
        .at(x + 8, order((-2e-3f64).to_le_bytes(), big))
        .at(x + 20, "s")
        .at(update + 4, order(0.25f64.to_le_bytes(), big));
    bytes = curve_object(bytes, update + 24);
    for k in 0..extra {
        bytes = bytes.at(update + 54 + 24 * k + 4, order((0.5 + k as f64).to_le_bytes(), big));
        bytes = curve_object(bytes, update + 54 + 24 * extra + 30 * k);
    }
    for frame in frames {
        for code in [-99, -98].iter().chain(frame).chain(&[-97]) {
            bytes = bytes.push(order(code.to_le_bytes(), big));
        }
    }
    bytes.0
}

#[test]
fn every_version_and_byte_order_gives_scale_times_code_plus_offset() {
    for version in 1..=3 {
        for (big, colon) in [(false, true), (true, true), (false, false)] {
            let capture = open_bytes("a.wfm", &file(version, big, colon, &[[2, -4, 6]])).unwrap();
            let trace = &capture.traces[0];
            assert_eq!(capture.format, format!("tek-wfm/00{version}"));
            assert_eq!((trace.unit, trace.frames()), (Unit::Volt, 3));
            close(&values(trace), &[11.0, 8.0, 13.0]);
            assert!((trace.sample_rate_hz / 1e6 - 1.0).abs() < 1e-12);
            assert!((trace.t0_s.unwrap() - (-2e-3 + 0.25e-6)).abs() < 1e-15);
            assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
        }
    }
}

#[test]
fn frames_of_fast_frame_are_segments() {
    for version in 1..=3 {
        let bytes = file(version, version == 2, true, &[[0, 2, 4], [20, 22, 24], [40, 42, 44]]);
        for segment in 1..=3u64 {
            let capture = open_segment("a.wfm", &bytes, segment).unwrap();
            let first = 10.0 * segment as f64;
            close(&values(&capture.traces[0]), &[first, first + 1.0, first + 2.0]);
            let fraction = [0.25, 0.5, 1.5][segment as usize - 1];
            assert!((capture.traces[0].t0_s.unwrap() - (-2e-3 + fraction * 1e-6)).abs() < 1e-15);
        }
        assert!(has(&open_bytes("a.wfm", &bytes).unwrap(), CaveatKind::Ignored));
        assert_eq!(open_segment("a.wfm", &bytes, 4).unwrap_err().kind(), "options");
    }
}

#[test]
fn what_is_no_waveform_in_time_is_refused() {
    let bytes = file(3, false, true, &[[1, 2, 3]]);
    let change = |at: usize, part: &[u8]| open_bytes("a.wfm", &Bytes(bytes.clone()).at(at, part).0);
    assert_eq!(change(122, &[3, 0, 0, 0]).unwrap_err().kind(), "unsupported");
    assert_eq!(change(488 + 20, b"Hz").unwrap_err().kind(), "unsupported");
    assert_eq!(change(168 + 72, &[9, 0, 0, 0]).unwrap_err().kind(), "unsupported");
    assert_eq!(change(16, &[0; 4]).unwrap_err().kind(), "malformed");
    assert_eq!(change(72, &[0xff; 4]).unwrap_err().kind(), "malformed");
    assert_eq!(change(488, &0f64.to_le_bytes()).unwrap_err().kind(), "malformed");
    assert_eq!(change(784 + 24 + 18, &[0; 4]).unwrap_err().kind(), "malformed");
    assert_eq!(open_bytes("a.wfm", &bytes[..300]).unwrap_err().kind(), "malformed");
    assert!(has(&change(168 + 20, b"dB\0").unwrap(), CaveatKind::Uncalibrated));
}

#[test]
fn damage_is_an_answer() {
    survives_damage("scope.wfm", &file(3, false, true, &[[0, 2, 4]; 40]), &[]);
    survives_damage("scope.wfm", &file(1, true, true, &[[0, 2, 4]]), &[]);
}
