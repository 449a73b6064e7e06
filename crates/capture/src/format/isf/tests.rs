//! Preambles written by hand as the programmer manuals print them.

use faultscope_signal::{Record as _, Unit};

use crate::CaveatKind;
use crate::format::fixture::{close, has, open_bytes, survives_damage, values};

fn preamble(bytes: u8, encoding: &str, number: &str, order: &str, points: usize, rest: &str) -> String {
    format!(
        ":WFMPRE:BYT_NR {bytes};BIT_NR {};ENCDG {encoding};BN_FMT {number};BYT_OR {order};\
         WFID \"Ch3, DC coupling; 2.0V/div\";NR_PT {points};{rest}PT_FMT Y;XUNIT \"s\";XINCR 2.0E-6;XZERO -1.0E-3;\
         PT_OFF 10;YUNIT \"V\";YMULT 0.25;YOFF 4.0;YZERO 1.0;:CURVE ",
        8 * bytes
    )
}

fn binary(header: &str, samples: &[u8]) -> Vec<u8> {
    let length = samples.len().to_string();
    [header.as_bytes(), format!("#{}{length}", length.len()).as_bytes(), samples].concat()
}

#[test]
fn every_kind_of_number_gives_the_same_straight_line() {
    // v = 1 + 0.25 * (code - 4): codes 4, 0, 104 are 1, 0 and 26 V.
    let cases: [(u8, &str, &str, Vec<u8>); 8] = [
        (1, "RI", "MSB", vec![4, 0, 104]),
        (1, "RP", "MSB", vec![4, 0, 104]),
        (2, "RI", "MSB", vec![0, 4, 0, 0, 0, 104]),
        (2, "RI", "LSB", vec![4, 0, 0, 0, 104, 0]),
        (2, "RP", "MSB", vec![0, 4, 0, 0, 0, 104]),
        (2, "RP", "LSB", vec![4, 0, 0, 0, 104, 0]),
        (4, "FP", "MSB", [4f32, 0.0, 104.0].iter().flat_map(|v| v.to_be_bytes()).collect()),
        (4, "FP", "LSB", [4f32, 0.0, 104.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
    ];
    for (bytes, number, order, samples) in cases {
        let header = preamble(bytes, "BINARY", number, order, 3, "");
        let capture = open_bytes("a.isf", &binary(&header, &samples)).unwrap();
        let trace = &capture.traces[0];
        close(&values(trace), &[1.0, 0.0, 26.0]);
        assert_eq!((trace.name.as_str(), trace.unit, trace.frames()), ("CH3", Unit::Volt, 3));
        assert!((trace.sample_rate_hz / 5e5 - 1.0).abs() < 1e-12);
        // Sample 10 is the one at XZERO.
        assert!((trace.t0_s.unwrap() + 1.02e-3).abs() < 1e-12);
        assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
        let expected = (bytes == 1).then_some(if number == "RI" { (-32.0, 31.75) } else { (0.0, 63.75) });
        assert_eq!(trace.rails(), expected);
    }
    let ascii = preamble(2, "ASCII", "RI", "MSB", 3, "") + "4,0,104\n";
    let capture = open_bytes("a.isf", ascii.as_bytes()).unwrap();
    close(&values(&capture.traces[0]), &[1.0, 0.0, 26.0]);
}

#[test]
fn long_and_short_mnemonics_and_another_command_group_are_read() {
    let header = ":WFMO:BYT_N 1;ENC BIN;BN_F RI;BYT_O MSB;NR_P 2;PT_F Y;XUN \"s\";XIN 1.0E-3;XZE 0.0;PT_O 0;\
                  YUN \"mV\";YMU 2.0;YOF 0.0;YZE 0.0;:CURV ";
    let capture = open_bytes("a.isf", &binary(header, &[1, 0xff])).unwrap();
    close(&values(&capture.traces[0]), &[2e-3, -2e-3]);
}

#[test]
fn an_envelope_becomes_two_channels() {
    let header = preamble(1, "BINARY", "RI", "MSB", 4, "").replace("PT_FMT Y", "PT_FMT ENV");
    let capture = open_bytes("a.isf", &binary(&header, &[0, 4, 8, 104])).unwrap();
    assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH3 min", "CH3 max"]);
    close(&values(&capture.traces[0]), &[0.0, 2.0]);
    close(&values(&capture.traces[1]), &[1.0, 26.0]);
    assert!(has(&capture, CaveatKind::Reduced));
}

#[test]
fn what_is_missing_or_too_much_is_said() {
    let whole = preamble(1, "BINARY", "RI", "MSB", 3, "");
    let short = open_bytes("a.isf", &binary(&whole, &[1, 2])).unwrap();
    assert!(has(&short, CaveatKind::Inconsistent) && short.traces[0].frames() == 2);
    let cut = binary(&whole, &[1, 2, 3]);
    let capture = open_bytes("a.isf", &cut[..cut.len() - 1]).unwrap();
    assert!(has(&capture, CaveatKind::Truncated) && capture.traces[0].frames() == 2);
    for key in ["XINCR 2.0E-6;", "YMULT 0.25;", "BYT_NR 1;"] {
        let error = open_bytes("a.isf", &binary(&whole.replace(key, ""), &[1, 2, 3])).unwrap_err();
        assert!(error.kind() == "malformed" && error.to_string().contains(&key[..5]), "{error}");
    }
    let spectrum = binary(&whole.replace("XUNIT \"s\"", "XUNIT \"Hz\""), &[1, 2, 3]);
    let error = open_bytes("a.isf", &spectrum).unwrap_err();
    assert!(error.kind() == "unsupported" && error.to_string().contains("Hz"), "{error}");
    let words = preamble(2, "ASCII", "RI", "MSB", 3, "") + "4,x,104\n";
    assert_eq!(open_bytes("a.isf", words.as_bytes()).unwrap_err().kind(), "malformed");
    let fewer = preamble(2, "ASCII", "RI", "MSB", 3, "") + "4,5\n";
    assert!(has(&open_bytes("a.isf", fewer.as_bytes()).unwrap(), CaveatKind::Truncated));
}

#[test]
fn damage_is_an_answer() {
    let samples: Vec<u8> = (0..=255).collect();
    survives_damage("scope.isf", &binary(&preamble(1, "BINARY", "RI", "MSB", 256, ""), &samples), &[]);
    let text: Vec<String> = (0..200).map(|i| i.to_string()).collect();
    survives_damage("scope.isf", (preamble(2, "ASCII", "RI", "MSB", 200, "") + &text.join(",")).as_bytes(), &[]);
}
