//! One small file per dialect, written from the published facts; expected values are what was printed into it.

use faultscope_signal::{Record as _, Unit};
use proptest::prelude::*;

use super::super::{Format as _, Match, Probe, probe, seeds};
use super::Csv;
use crate::{Capture, CaptureError, CaveatKind, OpenOptions};

fn with_probe<T>(bytes: &[u8], f: impl FnOnce(&Probe) -> T) -> T {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    f(&probe(file.path()).unwrap())
}

fn open_with(bytes: &[u8], options: &OpenOptions) -> Result<Capture, CaptureError> {
    with_probe(bytes, |p| Csv.open(p, options).inspect(|capture| seeds::keep(&p.path, capture)))
}

fn open(bytes: impl AsRef<[u8]>) -> Result<Capture, CaptureError> {
    open_with(bytes.as_ref(), &OpenOptions::default())
}

fn at_rate(bytes: impl AsRef<[u8]>, rate: f64) -> Result<Capture, CaptureError> {
    open_with(bytes.as_ref(), &OpenOptions { rate_hz: Some(rate), ..OpenOptions::default() })
}

fn values(capture: &Capture, trace: usize) -> Vec<f64> {
    let t = &capture.traces[trace];
    let mut out = vec![0.0; usize::try_from(t.frames()).unwrap()];
    assert_eq!(t.read_f64(0, &mut out).unwrap(), out.len());
    out
}

fn has(capture: &Capture, kind: CaveatKind) -> bool {
    capture.caveats.iter().any(|c| c.kind == kind)
}

/// Rows `t,v[,v..]` of a ramp: row i is at `t0 + i dt`, channel c has the value `i + 10 c`.
fn rows(n: u32, channels: u32, row: impl Fn(u32, &[u32]) -> String) -> String {
    (0..n).map(|i| row(i, &(0..channels).map(|c| i + 10 * c).collect::<Vec<_>>())).collect()
}

fn comma(values: &[u32]) -> String {
    values.iter().map(|v| format!(",{v}.00e+00")).collect()
}

struct Case {
    text: String,
    format: &'static str,
    rate: f64,
    t0: Option<f64>,
    names: &'static [&'static str],
    unit: Unit,
    gain: f64,
}

/// 20 rows each, at 100 kS/s unless the dialect's example says otherwise.
fn cases() -> Vec<Case> {
    let volts =
        |text: String, format, t0, names| Case { text, format, rate: 1e5, t0, names, unit: Unit::Volt, gain: 1.0 };
    let us = |i: u32| format!("{:.5e}", f64::from(i) * 1e-5);
    let plain =
        |head: &str, ch: u32, end: &str| head.to_owned() + &rows(20, ch, |i, v| format!("{}{}{end}", us(i), comma(v)));
    let keys = "Record Length,2.000000e+01,,0.00000e+00,0.00e+00,\nSample Interval,1.0e-05,,1.00000e-05,1.00e+00,\n\
                Source,CH2,,2.00000e-05,2.00e+00,\nVertical Units,V,,3.00000e-05,3.00e+00,\nModel Number,TDS2024,,4.00000e-05,4.00e+00,\n";
    vec![
        volts(
            "X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-1.4e-03,1.0e-05,\n".to_owned()
                + &rows(20, 2, |i, v| format!("{}{},\n", i + 22, comma(v))),
            "csv/rigol",
            Some(-1.4e-3 + 22.0 * 1e-5),
            &["CH1", "CH2"],
        ),
        volts(plain("X,CH1,CH2,\r\nSecond,Volt,Volt,\r\n", 2, ",\r\n"), "csv/rigol", Some(0.0), &["CH1", "CH2"]),
        volts(plain("X,CH 1 (V),CH 2 (V)\n", 2, "\n"), "csv/rigol", Some(0.0), &["CH1", "CH2"]),
        volts(plain(",CH1,CH2\r\nSecond,Volt,Volt\r\n", 2, ", \r\n"), "csv/rigol", Some(0.0), &["CH1", "CH2"]),
        volts(
            plain(
                "\"Number of Data points =\",20,\n\"Sampling Frequency (Hz)=\",100000,\n\"Channel Data\",\"CH 1\",\"CH 2\"\n\
                 \"Time (s)\",\"Voltage (V)\",\"Voltage (V)\"\n",
                2,
                "\n",
            ),
            "csv/rigol-ultrascope",
            Some(0.0),
            &["CH1", "CH2"],
        ),
        volts(
            "CH1V,CH2V,t0 =-5.000000e-02, tInc = 1.000000e-05,\n".to_owned()
                + &rows(20, 2, |_, v| format!("{},\n", &comma(v)[1..])),
            "csv/rigol",
            Some(-0.05),
            &["CH1", "CH2"],
        ),
        volts(
            plain(
                "Record Length,Analog:20\nSample Interval,Analog:1.0E-05\nVertical Units,CH3:V,,\nModel Number,SDS1104X-U,\n\
                 Serial Number,SDS1\nSource,CH3\nSecond,Value\n",
                1,
                "\n",
            ),
            "csv/siglent",
            Some(0.0),
            &["CH3"],
        ),
        volts(
            plain("Record Length,Analog:20\nSample Rate,100000.0\nVertical Scale,CH1: 0.05\nSecond,Volt\n", 1, "\n"),
            "csv/siglent",
            Some(0.0),
            &["CH1"],
        ),
        volts(
            keys.to_owned() + &rows(20, 1, |i, v| if i < 5 { String::new() } else { format!(",,,{}{},\n", us(i), comma(v)) }),
            "csv/tektronix",
            Some(0.0),
            &["CH2"],
        ),
        volts(
            "Model,MDO3014\nFirmware Version,1.20\n\nWaveform Type,ANALOG,,Waveform Type,DIGITAL\nPoint Format,Y\n\
             Horizontal Units,s\nSample Interval,1e-05\nRecord Length,20\nVertical Units,V\nLabel,,\n\nTIME,CH1,,TIME,D11\n"
                .to_owned()
                + &rows(20, 1, |i, v| format!("{}{},,{},1\n", us(i), comma(v), us(i))),
            "csv/tektronix",
            Some(0.0),
            &["CH1"],
        ),
        volts(
            "x-axis,1,MATH1\nsecond,Volt,Volt\n-10.00E-06,,\n".to_owned()
                + &rows(20, 2, |i, v| format!("+{}.00E-06{}\n", i * 10, comma(v))),
            "csv/keysight",
            Some(0.0),
            &["CH1", "MATH1"],
        ),
        Case {
            gain: 1e-3,
            ..volts(
                "Zeit;Kanal A\n(\u{b5}s);(mV)\n\n".to_owned() + &rows(20, 1, |i, v| format!("{},000;{},0\n", i * 10, v[0])),
                "csv/picoscope",
                Some(0.0),
                &["Kanal A"],
            )
        },
        volts(
            plain(
                "#Digilent WaveForms Oscilloscope Acquisition\n#Device Name: Discovery2\n#Sample rate: 100000Hz\n#Samples: 20\n\n\
                 Time (s),Channel 1 (V)\n",
                1,
                "\n",
            ),
            "csv/waveforms",
            Some(0.0),
            &["Channel 1"],
        ),
        volts(
            plain("#timebase=200000000(ps)\n,#voltbase=5000000(uV)\n#size=20\n", 1, "\n"),
            "csv/hantek",
            Some(0.0),
            &["CH1"],
        ),
        Case {
            unit: Unit::FullScale,
            ..volts(
                plain(
                    "LECROY9354,935412345\nSegments,1,SegmentSize,20\nSegment,TrigTime,TimeSinceFirstSegment\n\
                     #1,21 Mar 1990 9:37:08,0.0\nTime,Ampl\n",
                    1,
                    "\n",
                ),
                "csv/lecroy",
                Some(0.0),
                &["Ampl"],
            )
        },
        volts(plain("in s,C1 in V\n", 1, "\n"), "csv/generic", Some(0.0), &["C1"]),
        Case {
            gain: 0.5 / 25.0,
            ..volts(
                "Format,1.0B\nMemory Length,20\nSource,CH2\nVertical Units,V\nVertical Scale,5.0e-01\n\
                 Sampling Period,1.0e-05\nWaveform Data,\n"
                    .to_owned()
                    + &rows(20, 1, |_, v| format!("{},\n", v[0])),
                "csv/gw-instek",
                None,
                &["CH2"],
            )
        },
        volts(
            "\"t / s\";\"CH1 / V\"\n".to_owned() + &rows(20, 1, |i, v| format!("0,000{:02};{},0\n", i, v[0])),
            "csv/generic",
            Some(0.0),
            &["CH1"],
        ),
        volts(
            "time_us\tch1_v\ta_v\tb_v\n".to_owned() + &rows(20, 3, |i, v| format!("{}\t{}\t{}\t{}\n", i * 10, v[0], v[1], v[2])),
            "csv/generic",
            Some(0.0),
            &["CH1", "a", "b"],
        ),
    ]
}

#[test]
fn every_dialect_gives_the_printed_numbers() {
    for case in cases() {
        let c = open(&case.text).unwrap_or_else(|e| panic!("{e}\n{}", case.text));
        let what = format!("{:?}\n{}", c.caveats, case.text);
        assert_eq!(c.format, case.format, "{what}");
        assert_eq!(c.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), case.names, "{what}");
        for (k, t) in c.traces.iter().enumerate() {
            assert_eq!(t.sample_rate_hz, case.rate, "{what}");
            assert_eq!((t.unit, t.frames()), (case.unit, 20), "{what}");
            match (t.t0_s, case.t0) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-12, "{what}"),
                (a, b) => assert_eq!(a, b, "{what}"),
            }
            for (i, v) in values(&c, k).iter().enumerate() {
                let expected = (i + 10 * k) as f64 * case.gain;
                assert!((v - expected).abs() <= 1e-12 * expected.abs(), "{what}");
            }
        }
        for bad in [CaveatKind::Truncated, CaveatKind::Inconsistent, CaveatKind::NonFinite, CaveatKind::TimeAxis] {
            assert!(!has(&c, bad), "{what}");
        }
        let sure = with_probe(case.text.as_bytes(), |p| Csv.matches(p));
        assert_eq!(sure, Match::Certain, "{what}");
    }
}

/// Bytes up to the end of the last line that holds a word.
fn header_length(text: &str) -> usize {
    let word = |l: &str| l.chars().any(|c| c.is_alphabetic() && !matches!(c, 'e' | 'E'));
    let mut end = 0;
    text.split_inclusive('\n').fold(0, |at, line| {
        let next = at + line.len();
        end = if word(line) { next } else { end };
        next
    });
    end
}

#[test]
fn a_file_cut_anywhere_never_gives_another_number() {
    for case in cases() {
        let whole = open(&case.text).unwrap();
        let head = header_length(&case.text);
        // Every byte of the header, of the rows after it and of the last rows; a stride that falls on every place of a
        // row in between, because all rows are alike.
        let length = case.text.len();
        for cut in (1..length).filter(|c| *c < head + 120 || c + 60 > length || c % 13 == 0) {
            let Ok(c) = open(&case.text.as_bytes()[..cut]) else { continue };
            if c.traces.len() != whole.traces.len() || c.traces[0].unit != whole.traces[0].unit {
                // A header cut short leaves fewer facts, which must be said; the rows then are not those of the record.
                assert!(!c.caveats.is_empty(), "cut at {cut} of\n{}", case.text);
                continue;
            }
            for k in 0..c.traces.len() {
                let (part, all) = (values(&c, k), values(&whole, k));
                assert!(part.len() <= all.len() && part == all[..part.len()], "cut at {cut} of\n{}", case.text);
            }
            assert!((c.traces[0].sample_rate_hz / whole.traces[0].sample_rate_hz - 1.0).abs() < 1e-9, "cut at {cut}");
        }
    }
}

#[test]
fn every_encoding_and_line_end_gives_the_same() {
    let text = "Zeit;Kanal A\n(\u{b5}s);(V)\n\n0,0;1,5\n10,0;2,5\n20,0;3,5\n";
    let utf16 = |be: bool| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|u: u16| if be { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let gbk = text.replace("Kanal A", "K").replace('\u{b5}', "~").into_bytes();
    let gbk: Vec<u8> = gbk.into_iter().flat_map(|b| if b == b'~' { vec![0xa6, 0xcc] } else { vec![b] }).collect();
    let mut files =
        vec![text.as_bytes().to_vec(), [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(), utf16(true), utf16(false), gbk];
    files.extend(["\r\n", "\n\r", "\r"].map(|end| text.replace('\n', end).into_bytes()));
    for bytes in files {
        let c = open(&bytes).unwrap();
        assert_eq!((c.traces[0].sample_rate_hz, c.traces[0].unit), (1e5, Unit::Volt), "{bytes:?}");
        assert_eq!(values(&c, 0), [1.5, 2.5, 3.5], "{bytes:?}");
        assert!(c.caveats.is_empty(), "{:?}", c.caveats);
    }
}

#[test]
fn text_among_the_numbers_is_an_error_with_its_line() {
    for bad in ["0.2,abc\n", "hello\n", "0.2,1,7\n", "0.2\n", "x,1\n"] {
        let text = format!("time (s),CH1 (V)\n0.0,1\n0.1,2\n{bad}0.3,4\n");
        let error = open(&text).unwrap_err();
        assert_eq!(error.kind(), "malformed", "{error}");
        assert!(error.to_string().starts_with("line 4 "), "{error}");
    }
}

#[test]
fn a_header_that_lies_is_said() {
    let text = |interval: &str, length: u32| {
        format!("Record Length,Analog:{length}\nSample Interval,Analog:{interval}\nSecond,Volt\n")
            + &rows(50, 1, |i, v| format!("{:.6e},{}\n", f64::from(i) * 1e-5, v[0]))
    };
    let lying_rate = open(text("2.0E-05", 50)).unwrap();
    assert!(has(&lying_rate, CaveatKind::Inconsistent));
    assert_eq!(lying_rate.traces[0].sample_rate_hz, 1e5);
    assert!(has(&open(text("1.0E-05", 60)).unwrap(), CaveatKind::Truncated));
    assert!(has(&open(text("1.0E-05", 40)).unwrap(), CaveatKind::TrailingData));
    for nonsense in ["0", "-1E-5", "1e999"] {
        let c = open(text(nonsense, 50)).unwrap();
        assert!(has(&c, CaveatKind::Inconsistent), "{nonsense}");
        assert_eq!(c.traces[0].sample_rate_hz, 1e5);
    }
    let no_time = "CH1V,t0 =0, tInc = -1e-5,\n1,\n2,\n";
    assert_eq!(open(no_time).unwrap_err().kind(), "unknown");
}

#[test]
fn a_time_column_that_is_not_uniform_is_refused_or_said() {
    let table = |times: &[f64]| {
        String::from("time (s),CH1 (V)\n") + &times.iter().map(|t| format!("{t:.4},1\n")).collect::<String>()
    };
    let gap: Vec<f64> = (0..40).map(|i| f64::from(i + 3 * i32::from(i > 20)) * 0.1).collect();
    let error = open(table(&gap)).unwrap_err();
    assert!(error.to_string().contains("not uniform"), "{error}");
    let forced = at_rate(table(&gap), 10.0).unwrap();
    assert!(has(&forced, CaveatKind::TimeAxis) && forced.traces[0].sample_rate_hz == 10.0);
    let twice: Vec<f64> = (0..40).map(|i| f64::from(i % 20) * 0.1).collect();
    assert!(open(table(&twice)).unwrap_err().to_string().contains("backwards"));
    let doubled: Vec<f64> = (0..40).map(|i| f64::from(i - i32::from(i > 20)) * 0.1).collect();
    // 39 steps of time over 40 rows: half a step off on both sides of the doubled row, and a little more.
    assert!(open(table(&doubled)).unwrap_err().to_string().contains("not uniform"));
    let jitter: Vec<f64> =
        (0..40).map(|i| f64::from(i) * 0.1 + 0.02 * f64::from(i % 2) * f64::from(u8::from(i < 38))).collect();
    let c = open(table(&jitter)).unwrap();
    assert!(has(&c, CaveatKind::TimeAxis));
    assert_eq!(open(table(&[1.0, 1.0, 1.0])).unwrap_err().kind(), "malformed");
    let skipped = "X,CH1,Start,Increment,\nSequence,Volt,0,1e-3,\n0,1,\n1,1,\n2,1,\n4,1,\n5,1,\n6,1,\n";
    assert!(open(skipped).map_or(true, |c| has(&c, CaveatKind::TimeAxis) || has(&c, CaveatKind::Inconsistent)));
}

#[test]
fn the_tektronix_time_column_may_repeat() {
    let text = String::from("Model,MDO3014\nSample Interval,4e-09\nRecord Length,1000\nVertical Units,V\n\nTIME,CH1\n")
        + &rows(1000, 1, |i, v| format!("{:.6e},{}\n", 3.952_796e-2 + f64::from(i) * 4e-9, v[0]));
    let c = open(text).unwrap();
    assert_eq!(c.traces[0].sample_rate_hz, 2.5e8);
    assert!(c.caveats.is_empty(), "{:?}", c.caveats);
}

#[test]
fn numbers_that_are_none_are_kept_and_counted() {
    let c = open("time (s),CH1 (V)\n0.0,1e999\n0.1,NaN\n0.2,-\u{221e}\n0.3,4\n").unwrap();
    let v = values(&c, 0);
    assert!(v[0] == f64::INFINITY && v[1].is_nan() && v[2] == f64::NEG_INFINITY && v[3] == 4.0);
    let caveat = c.caveats.iter().find(|c| c.kind == CaveatKind::NonFinite).unwrap();
    assert!(caveat.detail.starts_with("3 values") && caveat.detail.ends_with("line 2"), "{}", caveat.detail);
    let hole = open("x-axis,1,2\nsecond,Volt,Volt\n0.0,1,5\n0.1,,\n0.2,3,\n0.3,4,6\n0.4,,\n").unwrap();
    assert!(has(&hole, CaveatKind::NonFinite) && has(&hole, CaveatKind::Ignored));
    assert_eq!(values(&hole, 0).len(), 4);
    assert!(values(&hole, 0)[1].is_nan() && values(&hole, 1)[2].is_nan() && values(&hole, 1)[3] == 6.0);
}

#[test]
fn values_alone_need_a_rate() {
    let error = open("0.1\n0.2\n0.3\n").unwrap_err();
    assert_eq!(error.kind(), "unknown");
    assert!(error.hint().unwrap().contains("--rate"));
    let c = at_rate("0.1\n0.2\n0.3\n", 48e3).unwrap();
    assert_eq!(values(&c, 0), [0.1, 0.2, 0.3]);
    assert!(has(&c, CaveatKind::Uncalibrated) && c.traces[0].unit == Unit::FullScale);
    assert_eq!(at_rate("0.1\n0.2\n", 0.0).unwrap_err().kind(), "options");
    assert_eq!(at_rate("0.1\n0.2\n", f64::NAN).unwrap_err().kind(), "options");
}

#[test]
fn a_rate_option_that_contradicts_the_time_column_is_taken_and_said() {
    let text = "time (s),CH1 (V)\n0.0,1\n0.1,2\n0.2,3\n";
    assert!(at_rate(text, 10.0).unwrap().caveats.is_empty());
    let c = at_rate(text, 20.0).unwrap();
    assert!(has(&c, CaveatKind::Inconsistent) && c.traces[0].sample_rate_hz == 20.0);
}

#[test]
fn minimum_and_maximum_become_two_channels() {
    let c = open("in s,C1 in V\n0.0,-1\n0.0,1\n0.1,-2\n0.1,2\n0.2,-3\n0.2,3\n").unwrap();
    assert_eq!(c.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["C1 min", "C1 max"]);
    assert_eq!((values(&c, 0), values(&c, 1)), (vec![-1.0, -2.0, -3.0], vec![1.0, 2.0, 3.0]));
    assert!(has(&c, CaveatKind::Reduced) && c.traces[0].sample_rate_hz == 10.0);
}

#[test]
fn millivolts_of_a_hantek_are_told_by_the_vertical_scale() {
    // 3340 at 0.5 V per division: 6680 divisions as volts, 6.68 as millivolts.
    let c = open(
        "#timebase=80000000(ps)\n,#voltbase=500000(uV)\n#size=3\n4.0E-07,3340.0\n8.0E-07,3360.0\n1.2E-06,3340.0\n",
    )
    .unwrap();
    assert!((values(&c, 0)[0] - 3.34).abs() < 1e-12 && has(&c, CaveatKind::Inconsistent));
}

#[test]
fn rows_outside_the_stated_range_are_doubted() {
    let text = "\"Number of Data points =\",3,\n\"Sampling Frequency (Hz)=\",10,\n\"Channel Data\",\"CH 1\"\n\"Minimum (V) = \",-1\n\
                \"Maximum (V) = \",1\n\"Time (s)\",\"Voltage (V)\"\n0,7.92\n0.1,0.5\n0.2,-0.5\n";
    assert!(has(&open(text).unwrap(), CaveatKind::Inconsistent));
}

#[test]
fn rows_that_are_bytes_of_a_header_are_doubted() {
    let table = |first: [f64; 4]| {
        let values = first.into_iter().chain((0..60).map(|i| f64::from(i % 5)));
        let rows = values.enumerate().map(|(i, v)| format!("{:.5},{v:.2}\n", i as f64 * 1e-5));
        String::from("X,CH 1 (V)\n") + &rows.collect::<String>()
    };
    // All later rows reach from 0 to 4 V: a quarter of that outside is the limit.
    let c = open(table([8.08, 4.88, 0.28, 5.24])).unwrap();
    let caveat = c.caveats.iter().find(|c| c.kind == CaveatKind::Inconsistent).unwrap();
    assert!(caveat.detail.contains("0.28 to 8.08 against 0 to 4") && caveat.detail.contains("--start"), "{caveat:?}");
    for fine in [[0.0, 1.0, 2.0, 3.0], [-0.9, 4.9, 0.0, 0.0]] {
        assert!(open(table(fine)).unwrap().caveats.is_empty());
    }
}

#[test]
fn a_spectrum_is_refused_by_name() {
    let rtl_power = "2018-11-18, 12:48:15, 80150000, 80250000, 781.25, 12480, -28.02, -27.81\n";
    let tinysa = "433920000,-95.125 -101.250\r\n433930000,-95.0 -101.0\r\n";
    let signalvu = "Spectrum,10/20/2023 3:25:41 PM\r\n[Global Parameters]\nFrequency,6000000,Hz\n1.0,2.0\n";
    let table = "Frequency (Hz),Level (dBm)\n1e6,-50\n2e6,-51\n";
    let levels = "t,dBm\n1,-50\n2,-51\n";
    for text in [rtl_power, tinysa, signalvu, table, levels] {
        let error = open(text).unwrap_err();
        assert_eq!(error.kind(), "unsupported", "{error}");
        assert!(error.to_string().contains("spectrum"), "{error}");
    }
}

#[test]
fn what_is_no_table_is_no_csv() {
    for (bytes, sure) in
        [(&b"\x00\x01\x02\x03\x00\xff"[..], Match::Name), (b"just prose, and more\nof it\n", Match::Name)]
    {
        assert_eq!(with_probe(bytes, |p| Csv.matches(p)), sure);
        assert_eq!(open(bytes).unwrap_err().kind(), "malformed");
    }
    let long = [b"1,2\n".as_slice(), &vec![b'1'; 3 << 20]].concat();
    assert!(at_rate(long, 1.0).unwrap_err().to_string().contains("longer than"));
    let wide = "1,".repeat(100) + "1\n";
    assert_eq!(at_rate(wide.repeat(2), 1.0).unwrap_err().kind(), "unsupported");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 1..600)) {
        let _ = at_rate(bytes, 1e3);
    }

    #[test]
    fn random_tables_never_panic(text in "[-+0-9eE.,;\t\"a-zA-Z#=() \r\n]{1,400}") {
        let _ = open(text);
    }

    /// A damaged byte gives an error, or says so, or changes one number: never another count of rows unsaid.
    #[test]
    fn a_damaged_byte_never_panics(which in 0usize..19, at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut text = cases().swap_remove(which).text.into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let _ = open(text);
    }
}

/// Three significant digits, as a DS1000C prints them: 12 000 rows at 1 MS/s, the trigger in the middle.
#[test]
fn a_time_column_of_three_digits_gives_the_roundest_rate_and_says_so() {
    let rows = |n: u32, shift: fn(u32) -> u32| -> String {
        (0..n).map(|i| format!("{:.2e},{}.00e+00\n", (f64::from(i + shift(i)) - 6004.0) * 1e-6, i % 7)).collect()
    };
    let head = "X,CH1,\nSecond,Volt,\n";
    let capture = open(head.to_owned() + &rows(12_000, |_| 0)).unwrap();
    assert_eq!(capture.traces[0].sample_rate_hz, 1e6);
    let doubt = capture.caveats.iter().find(|c| c.kind == CaveatKind::TimeAxis).unwrap();
    assert!(doubt.detail.contains("few digits"), "{doubt:?}");
    // Rows that are missing where the digits show it are an error all the same.
    let error = open(head.to_owned() + &rows(12_000, |i| if i > 6010 { 500 } else { 0 })).unwrap_err();
    assert_eq!(error.kind(), "malformed", "{error}");
    // Two digits up to the first of a decade leave half a per cent to either side.
    let two: String = (0..1049).map(|i| format!("{:.1e},{}\n", f64::from(i) * 1e-4, i % 7)).collect();
    let error = open(format!("{head}{two}")).unwrap_err();
    assert!(error.to_string().contains("too few digits") && error.hint().unwrap().contains("--rate"), "{error}");
    assert_eq!(at_rate(format!("{head}{two}"), 1e4).unwrap().traces[0].sample_rate_hz, 1e4);
}
