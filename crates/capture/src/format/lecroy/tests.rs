//! Descriptor blocks built by hand from the template that the instruments send.

use faultscope_signal::{Record as _, Unit};

use crate::CaveatKind;
use crate::format::fixture::{Bytes, close, has, open_bytes, open_segment, survives_damage, values};

/// Little or big endian bytes.
fn order<const N: usize>(mut little: [u8; N], big: bool) -> [u8; N] {
    if big {
        little.reverse();
    }
    little
}

struct Trc<'a> {
    big: bool,
    wide: bool,
    prefix: &'a str,
    codes: &'a [i16],
    segments: i32,
    /// Trigger time and offset of each segment.
    triggers: &'a [(f64, f64)],
    unit: &'a str,
}

const PLAIN: Trc =
    Trc { big: false, wide: true, prefix: "", codes: &[-32768, 0, 256, 32512], segments: 1, triggers: &[], unit: "V" };

/// Template LECROY_2_3: gain 2^-10 V, offset 0.5 V, 1 us, first sample 3 us before the trigger.
fn second(trc: &Trc) -> Vec<u8> {
    let b = trc.big;
    let width = if trc.wide { 2 } else { 1 };
    let count = trc.codes.len() as i32;
    let mut bytes = Bytes::zeros(346)
        .at(0, "WAVEDESC")
        .at(16, "LECROY_2_3")
        .at(32, order(i16::from(trc.wide).to_le_bytes(), b))
        .at(34, order(i16::from(!b).to_le_bytes(), b))
        .at(36, order(346i32.to_le_bytes(), b))
        .at(48, order((16 * trc.triggers.len() as i32).to_le_bytes(), b))
        .at(60, order((count * width).to_le_bytes(), b))
        .at(76, "LECROYWR64")
        .at(92, order(4711i32.to_le_bytes(), b))
        .at(116, order(count.to_le_bytes(), b))
        .at(128, order((count - 1).to_le_bytes(), b))
        .at(144, order(trc.segments.to_le_bytes(), b))
        .at(156, order((1f32 / 1024.0).to_le_bytes(), b))
        .at(160, order(0.5f32.to_le_bytes(), b))
        .at(172, order(8i16.to_le_bytes(), b))
        .at(176, order(1e-6f32.to_le_bytes(), b))
        .at(180, order((-3e-6f64).to_le_bytes(), b))
        .at(196, trc.unit)
        .at(244, "S")
        .at(328, order(10f32.to_le_bytes(), b))
        .at(344, order(1i16.to_le_bytes(), b));
    for (time, offset) in trc.triggers {
        bytes = bytes.push(order(time.to_le_bytes(), b)).push(order(offset.to_le_bytes(), b));
    }
    for code in trc.codes {
        bytes = if trc.wide { bytes.push(order(code.to_le_bytes(), b)) } else { bytes.push([*code as u8]) };
    }
    [trc.prefix.as_bytes(), &bytes.0].concat()
}

#[test]
fn gain_times_code_minus_offset_in_both_orders_and_widths() {
    for big in [false, true] {
        for prefix in ["", "#9000000354"] {
            let capture = open_bytes("a.trc", &second(&Trc { big, prefix, ..PLAIN })).unwrap();
            let trace = &capture.traces[0];
            assert_eq!((trace.name.as_str(), trace.unit), ("C2", Unit::Volt));
            close(&values(trace), &[-32.5, -0.5, -0.25, 31.25]);
            assert!((trace.sample_rate_hz / 1e6 - 1.0).abs() < 1e-6 && trace.t0_s == Some(-3e-6));
            // An 8-bit converter in words: the rails are the lowest code and 127 * 256.
            assert_eq!(trace.rails().unwrap(), (-32.5, 31.25));
            assert_eq!(capture.provenance.instrument.as_deref(), Some("LECROYWR64 (serial 4711)"));
            assert_eq!(capture.provenance.metadata["probe_factor"], 10.0);
            assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
        }
        let bytes = second(&Trc { big, wide: false, codes: &[-128, 0, 127], ..PLAIN });
        let capture = open_bytes("a.trc", &bytes).unwrap();
        close(&values(&capture.traces[0]), &[-0.625, -0.5, 127.0 / 1024.0 - 0.5]);
        assert_eq!(capture.traces[0].rails().unwrap(), (-0.625, 127.0 / 1024.0 - 0.5));
    }
}

#[test]
fn each_segment_has_its_samples_and_its_time() {
    let codes: Vec<i16> = (0..12).map(|i| i * 1024).collect();
    let triggers = [(0.0, -1e-6), (0.25, -2e-6), (0.5, -2.5e-6)];
    for big in [false, true] {
        let bytes = second(&Trc { big, codes: &codes, segments: 3, triggers: &triggers, ..PLAIN });
        for segment in 1..=3usize {
            let capture = open_segment("a.trc", &bytes, segment as u64).unwrap();
            let first = 4.0 * (segment - 1) as f64;
            close(&values(&capture.traces[0]), &[first - 0.5, first + 0.5, first + 1.5, first + 2.5]);
            assert_eq!(capture.traces[0].t0_s, Some(triggers[segment - 1].1));
            assert!(capture.caveats.is_empty());
        }
        assert!(has(&open_bytes("a.trc", &bytes).unwrap(), CaveatKind::Ignored));
        let error = open_segment("a.trc", &bytes, 4).unwrap_err();
        assert!(error.kind() == "options" && error.hint().unwrap().contains("1 to 3"));
    }
}

/// Template 1.0: 320 bytes; the offset that counts is ACQ_VERT_OFFSET.
#[test]
fn template_one_has_places_of_its_own() {
    let bytes = Bytes::zeros(320)
        .at(0, "WAVEDESC")
        .at(16, "LECROY_1_0")
        .at(32, [1, 0, 1, 0])
        .at(36, 320i32.to_le_bytes())
        .at(48, 6i32.to_le_bytes())
        .at(56, "LeCroy 7200 DSO")
        .at(92, 3i32.to_le_bytes())
        .at(104, 2i32.to_le_bytes())
        .at(108, 1i32.to_le_bytes())
        .at(120, (1f32 / 1024.0).to_le_bytes())
        .at(124, 99f32.to_le_bytes())
        .at(132, 8i16.to_le_bytes())
        .at(134, 1e-9f32.to_le_bytes())
        .at(138, (-5e-9f64).to_le_bytes())
        .at(154, "V")
        .at(202, "S")
        .at(290, 2f32.to_le_bytes())
        .at(296, 1i16.to_le_bytes())
        .push([0, 0, 0, 4, 0, 8]);
    let capture = open_bytes("trace.000", &bytes.0).unwrap();
    let trace = &capture.traces[0];
    assert_eq!((capture.format.as_str(), trace.name.as_str()), ("lecroy/lecroy_1_0", "C1"));
    close(&values(trace), &[-2.0, -1.0, 0.0]);
    assert_eq!(trace.t0_s, Some(-5e-9));
}

#[test]
fn what_is_no_record_in_volts_is_refused_or_said() {
    let bytes = second(&PLAIN);
    let change = |at: usize, part: &[u8]| open_bytes("a.trc", &Bytes(bytes.clone()).at(at, part).0);
    assert_eq!(change(244, b"Hz").unwrap_err().kind(), "unsupported");
    assert_eq!(change(16, b"LECROY_9_9").unwrap_err().kind(), "unsupported");
    assert_eq!(change(32, &[7, 0]).unwrap_err().kind(), "malformed");
    assert_eq!(change(34, &[7, 0]).unwrap_err().kind(), "malformed");
    assert_eq!(change(36, &0i32.to_le_bytes()).unwrap_err().kind(), "malformed");
    assert_eq!(change(36, &(-1i32).to_le_bytes()).unwrap_err().kind(), "malformed");
    assert_eq!(change(176, &0f32.to_le_bytes()).unwrap_err().kind(), "malformed");
    assert_eq!(change(156, &f32::NAN.to_le_bytes()).unwrap_err().kind(), "malformed");
    assert!(has(&change(196, b"dB").unwrap(), CaveatKind::Uncalibrated));
    assert!(has(&change(148, &16i32.to_le_bytes()).unwrap(), CaveatKind::Reduced));
    assert_eq!(open_bytes("a.trc", b"WAVE").unwrap_err().kind(), "malformed");
}

#[test]
fn damage_is_an_answer() {
    let codes: Vec<i16> = (0..600).collect();
    survives_damage("scope.trc", &second(&Trc { codes: &codes, ..PLAIN }), &[]);
    let triggers = [(0.0, 0.0), (1.0, 0.0)];
    let sequence = Trc { big: true, codes: &codes, segments: 2, triggers: &triggers, prefix: "#41234", ..PLAIN };
    survives_damage("scope.trc", &second(&sequence), &[]);
}
