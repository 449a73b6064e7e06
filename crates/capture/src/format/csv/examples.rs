//! One whole file for each dialect of oscilloscope CSV, as the makers' programs write it: tested, and seeds for the fuzzer.

use faultscope_signal::{Record as _, Unit};

use crate::format::{fixture, seeds};
use crate::{CaveatKind, OpenOptions};

/// Rows of each file.
const ROWS: u32 = 24;

/// A file and what its text states of itself: sample i of channel c is `(i + 10 c) * gain`.
struct Example {
    /// Also the name of the seed.
    name: &'static str,
    text: String,
    dialect: &'static str,
    rate_hz: f64,
    channels: usize,
    gain: f64,
    unit: Unit,
    /// Caveats that this layout always has.
    caveats: &'static [CaveatKind],
}

fn example(name: &'static str, dialect: &'static str, channels: usize, text: String) -> Example {
    let (rate_hz, gain, unit, caveats) = (1e5, 1.0, Unit::Volt, &[][..]);
    Example { name, text, dialect, rate_hz, channels, gain, unit, caveats }
}

/// A header and its rows, of which each is made from the index and the values of the channels.
fn table(header: &str, channels: u32, row: impl Fn(u32, &[u32]) -> String) -> String {
    let values = |i: u32| (0..channels).map(|c| i + 10 * c).collect::<Vec<_>>();
    header.to_owned() + &(0..ROWS).map(|i| row(i, &values(i))).collect::<String>()
}

/// Values of a row in exponential form, each behind a comma.
fn cells(values: &[u32]) -> String {
    values.iter().map(|v| format!(",{:.6e}", f64::from(*v))).collect()
}

/// Time of a row at 100 kS/s in seconds.
fn seconds(i: u32) -> String {
    format!("{:.8e}", f64::from(i) * 1e-5)
}

fn rigol() -> Vec<Example> {
    let ultrascope = "\"Number of Data points =\",24,\n\"Sampling Frequency (Hz)=\",100000,\n\"Channel Data\",\"CH 1\",\"CH 2\"\n\
                      \"Minimum (V) = \",0,0\n\"Maximum (V) = \",40,40\n\"Time (s)\",\"Voltage (V)\",\"Voltage (V)\"\n";
    vec![
        example(
            "c01-rigol-ds1000z",
            "rigol",
            2,
            table("X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-1.400000e-03,1.000000e-05\n", 2, |i, v| {
                format!("{}{},\n", i + 22, cells(v))
            }),
        ),
        example(
            "c02-rigol-ds1000e",
            "rigol",
            2,
            table("X,CH1,CH2,\r\nSecond,Volt,Volt,\r\n", 2, |i, v| format!("{}{},\r\n", seconds(i), cells(v))),
        ),
        example(
            "c02-rigol-ds1000d-one-line",
            "rigol",
            2,
            table("X,CH 1 (V),CH 2 (V)\n", 2, |i, v| format!("{}{}\n", seconds(i), cells(v))),
        ),
        example(
            "c03-rigol-ds1000b",
            "rigol",
            2,
            table(",CH1,CH2\r\nSecond,Volt,Volt\r\n", 2, |i, v| format!("{}{}, \r\n", seconds(i), cells(v))),
        ),
        example(
            "c04-rigol-ultrascope",
            "rigol-ultrascope",
            2,
            table(ultrascope, 2, |i, v| format!("{}{}\n", seconds(i), cells(v))),
        ),
        example(
            "c05-rigol-mso5000",
            "rigol",
            2,
            table("CH1V,CH2V,t0 =-5.000000e-02, tInc = 1.000000e-05,\n", 2, |_, v| format!("{},\n", &cells(v)[1..])),
        ),
    ]
}

fn siglent_and_tektronix() -> Vec<Example> {
    let siglent = "Record Length,Analog:24\nSample Interval,Analog:1.0E-05\nVertical Units,CH1:V,CH2:V,\n\
                   Vertical Scale,CH1:5.00,CH2:5.00,\nVertical Offset,CH1:0.00,CH2:0.00,\nHorizontal Units,s,\n\
                   Horizontal Scale,0.00005,\nModel Number,SDS1104X-U,\nSerial Number,SDSMM0000000,\n\
                   Software Version,8.2.6.1.37R2,\nSource,CH1,CH2\nSecond,Volt,Volt\n";
    let bin2csv = "Record Length,Analog:24\nSample Rate,100000.0\nVertical Scale,CH1: 0.05\nVertical Offset,CH1: 0.00\n\
                   Horizontal Scale,0.00005\nSecond,Volt\n";
    // Keys and values stand beside the first rows; the rows go on below them.
    let beside = [
        "Record Length,2.400000e+01",
        "Sample Interval,1.000000e-05",
        "Trigger Point,1.200000000000e+01",
        ",",
        ",",
        ",",
        "Source,CH1",
        "Vertical Units,V",
        "Vertical Scale,5.000000e+00",
        "Vertical Offset,0.000000e+00",
        "Horizontal Units,s",
        "Horizontal Scale,2.500000e-05",
        "Pt Fmt,Y",
        "Yzero,0.000000e+00",
        "Probe Atten,1.000000e+00",
        "Model Number,TDS2024C",
        "Serial Number,C000000",
        "Firmware Version,FV:v24.26",
    ];
    let series = "Model,MDO3014\nFirmware Version,1.20\n\nWaveform Type,ANALOG,,Waveform Type,DIGITAL\n\
                  Point Format,Y,,Point Format,Y\nHorizontal Units,s,,Horizontal Units,s\nHorizontal Scale,4e-05\n\
                  Horizontal Delay,0\nSample Interval,1e-05\nRecord Length,24\nGating,0.0% to 100.0%\n\
                  Probe Attenuation,10,1\nVertical Units,V,V\nVertical Offset,0,0\nVertical Scale,5,5\n\
                  Vertical Position,0,0\n,,\n,,\n,,\nLabel,,,,\nTIME,CH1,CH2,,TIME,D11\n";
    vec![
        example("c06-siglent-export", "siglent", 2, table(siglent, 2, |i, v| format!("{}{}\n", seconds(i), cells(v)))),
        example("c07-siglent-bin2csv", "siglent", 1, table(bin2csv, 1, |i, v| format!("{}{}\n", seconds(i), cells(v)))),
        example(
            "c07-siglent-menu",
            "siglent",
            1,
            table("Source,CH1\nSecond,Volt\n", 1, |i, v| format!("{}{}\n", seconds(i), cells(v))),
        ),
        example(
            "c08-tektronix-tds",
            "tektronix",
            1,
            table("", 1, |i, v| {
                format!("{},,   {}{},\n", beside.get(i as usize).unwrap_or(&","), seconds(i), cells(v))
            }),
        ),
        Example {
            caveats: &[CaveatKind::Ignored],
            ..example(
                "c09-tektronix-mdo3000",
                "tektronix",
                2,
                table(series, 2, |i, v| format!("{}{},,{},1\n", seconds(i), cells(v), seconds(i))),
            )
        },
    ]
}

fn other_makers() -> Vec<Example> {
    let waveforms = "#Digilent WaveForms Oscilloscope Acquisition\n#Device Name: Discovery2\n#Serial Number: SN:210321A00000\n\
                     #Date Time: 2026-09-28 00:00:00.000.000.000\n#Sample rate: 100000Hz\n#Samples: 24\n\
                     #Trigger Source: Channel 1\n\nTime (s),Channel 1 (V),Channel 2 (V)\n";
    let lecroy = "LECROY9354,935412345\nSegments,1,SegmentSize,24\nSegment,TrigTime,TimeSinceFirstSegment\n\
                  #1,21 Mar 1990 9:37:08,0.0\n";
    let rth = "Format;RTH CSV\nModel;RTH1004\nRecord Length;24\nSample Interval;1.0e-05\nVertical Scale;5.0\n\
               Source;C1\nin s;C1 in V\n";
    let instek = |mode: &str| {
        format!(
            "Format,1.0B\nMemory Length,24\nTrigger Level,0.0e+00\nSource,CH1\nProbe,1.0e+00\nVertical Units,V\n\
             Vertical Scale,5.0e-01\nVertical Position,0.0e+00\nHorizontal Units,S\nHorizontal Scale,5.0e-05\n\
             Horizontal Position,0.0e+00\nHorizontal Mode,Main\nSINC ET Mode,Real Time\nSampling Period,1.0e-05\n\
             Firmware,V1.00\nTime,21-Mar-26 09:37:08\nMode,{mode}\nWaveform Data,\n"
        )
    };
    let full_scale = |example: Example| Example { unit: Unit::FullScale, ..example };
    vec![
        Example {
            caveats: &[CaveatKind::Ignored],
            ..example(
                "c10-keysight-infiniivision",
                "keysight",
                2,
                table("x-axis,1,2\nsecond,Volt,Volt\n-10.00E-06,,\n", 2, |i, v| {
                    format!("+{}.00E-06{}\n", i * 10, cells(v))
                }),
            )
        },
        Example {
            gain: 1e-3,
            ..example(
                "c11-picoscope",
                "picoscope",
                2,
                table("Time,Channel A,Channel B\n(\u{b5}s),(mV),(mV)\n\n", 2, |i, v| {
                    format!("{}.00000000,{}.0000,{}.0000\n", i * 10, v[0], v[1])
                }),
            )
        },
        example(
            "c11-picoscope-german",
            "picoscope",
            1,
            table("Zeit;Kanal A\n(ms);(V)\n\n", 1, |i, v| format!("{},{:02};{},00\n", i / 100, i % 100, v[0])),
        ),
        example("c12-waveforms", "waveforms", 2, table(waveforms, 2, |i, v| format!("{}{}\n", seconds(i), cells(v)))),
        example(
            "c13-hantek-dso2000",
            "hantek",
            1,
            table("#timebase=200000000(ps)\n,#voltbase=5000000(uV)\n#size=24\n", 1, |i, v| {
                format!("{:.2E},{}.000\n", f64::from(i) * 1e-5, v[0])
            }),
        ),
        full_scale(example(
            "c14-lecroy-ascii",
            "lecroy",
            1,
            table(&format!("{lecroy}Time,Ampl\n"), 1, |i, v| format!("{}{}\n", seconds(i), cells(v))),
        )),
        Example {
            caveats: &[CaveatKind::Reduced],
            ..full_scale(example(
                "c14-lecroy-extrema",
                "lecroy",
                2,
                table(&format!("{lecroy}Time,Ampl,Ampl1\n"), 2, |i, v| format!("{}{}\n", seconds(i), cells(v))),
            ))
        },
        Example {
            caveats: &[CaveatKind::Reduced],
            ..example(
                "c15-rohde-schwarz-rtm-pairs",
                "generic",
                2,
                table("in s,C1 in V\n", 2, |i, v| format!("{},{}\n{},{}\n", seconds(i), v[0], seconds(i), v[1])),
            )
        },
        example("c15-rohde-schwarz-rth", "generic", 1, table(rth, 1, |i, v| format!("{};{}.0\n", seconds(i), v[0]))),
        Example {
            caveats: &[CaveatKind::TimeAxis],
            ..full_scale(example(
                "c15-rohde-schwarz-rtp",
                "generic",
                1,
                table("", 1, |i, v| format!("{}{}\n", seconds(i), cells(v))),
            ))
        },
        Example {
            gain: 0.5 / 25.0,
            ..example("c16-gw-instek-fast", "gw-instek", 1, table(&instek("Fast"), 1, |_, v| format!("{},\n", v[0])))
        },
        example(
            "c16-gw-instek-detail",
            "gw-instek",
            1,
            table(&instek("Detail"), 1, |i, v| format!("{}{},\n", seconds(i), cells(v))),
        ),
        example(
            "c17-openhantek",
            "generic",
            1,
            table("\"t / s\";\"CH1 / V\"\n", 1, |i, v| format!("0,000{i:02};{},0\n", v[0])),
        ),
        example(
            "c00-generic-named",
            "generic",
            3,
            table("time_us\tch1_v\ta_v\tb_v\n", 3, |i, v| format!("{}\t{}\t{}\t{}\n", i * 10, v[0], v[1], v[2])),
        ),
    ]
}

fn own() -> Vec<Example> {
    let notes = |iq: bool, unit: &str| {
        format!(
            "#faultscope {{\"sample_rate_hz\":100000.0,\"iq\":{iq},\"unit\":\"{unit}\",\"t0_s\":-0.5,\"description\":\"rail\"}}\n"
        )
    };
    vec![
        example(
            "own-volts",
            "faultscope",
            1,
            table(&(notes(false, "V") + "time (s),CH1 (V)\n"), 1, |i, v| format!("{}{}\n", seconds(i), cells(v))),
        ),
        Example {
            unit: Unit::FullScale,
            ..example(
                "own-iq",
                "faultscope",
                2,
                table(&(notes(true, "FS") + "time (s),I,Q\n"), 2, |i, v| format!("{}{}\n", seconds(i), cells(v))),
            )
        },
    ]
}

fn all() -> Vec<Example> {
    [rigol(), siglent_and_tektronix(), other_makers(), own()].into_iter().flatten().collect()
}

#[test]
fn the_file_of_each_dialect_opens_as_that_dialect_with_its_numbers() {
    for example in all() {
        let what = example.name;
        let capture = fixture::open_beside("a.csv", example.text.as_bytes(), &[], &OpenOptions::default());
        let capture = capture.unwrap_or_else(|e| panic!("{what}: {e}\n{}", example.text));
        assert_eq!(capture.format, format!("csv/{}", example.dialect), "{what}");
        let iq = capture.traces[0].kind == faultscope_signal::Kind::Iq;
        assert_eq!(capture.traces.len(), if iq { 1 } else { example.channels }, "{what}");
        for (c, trace) in capture.traces.iter().enumerate() {
            assert!((trace.sample_rate_hz / example.rate_hz - 1.0).abs() < 1e-9, "{what}: {}", trace.sample_rate_hz);
            assert_eq!((trace.unit, trace.frames()), (example.unit, u64::from(ROWS)), "{what}");
            let components = trace.kind.components();
            for (i, value) in fixture::values(trace).iter().enumerate() {
                let expected = (i / components + 10 * (c + i % components)) as f64 * example.gain;
                assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{what}: {value} for {expected}");
            }
        }
        let doubts: Vec<_> =
            capture.caveats.iter().map(|c| c.kind).filter(|k| *k != CaveatKind::Uncalibrated).collect();
        assert_eq!(doubts, example.caveats, "{what}: {:?}", capture.caveats);
        seeds::keep_as("csv", what, example.text.as_bytes());
    }
}

/// Every number of the list of dialects, and every name that a dialect's source gives its layout.
#[test]
fn no_dialect_is_without_a_file() {
    let all = all();
    for number in 0..=17 {
        assert!(all.iter().any(|e| e.name.starts_with(&format!("c{number:02}-"))), "no file of dialect C{number}");
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/csv");
    let sources = std::fs::read_dir(folder.join("dialect")).unwrap().map(|f| f.unwrap().path());
    let mut names = 0;
    for source in sources.chain([folder.join("own.rs")]) {
        let text = std::fs::read_to_string(source).unwrap();
        for name in text.split("Layout::new(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            names += 1;
            assert!(all.iter().any(|e| e.dialect == name), "no file of dialect {name}");
        }
    }
    assert!(names > 10, "the sources name their layouts in another way");
}
