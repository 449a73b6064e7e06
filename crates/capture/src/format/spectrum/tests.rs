//! Exports built from the published layouts of each program, and what must become of them.

use faultscope_signal::{Swept, SweptSpectrum, Unit};

use super::super::{damage, open};
use super::*;

fn opened(name: &str, bytes: impl AsRef<[u8]>) -> Result<Capture, CaptureError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    open(&path, &OpenOptions::default())
}

/// The one spectrum of a file that has one.
fn one(name: &str, bytes: impl AsRef<[u8]>) -> (Capture, SweptSpectrum) {
    let capture = opened(name, bytes).unwrap();
    assert!(capture.traces.is_empty());
    assert_eq!(capture.spectra.len(), 1, "{:?}", capture.format);
    let spectrum = capture.spectra[0].clone();
    (capture, spectrum)
}

fn kinds(capture: &Capture) -> Vec<CaveatKind> {
    capture.caveats.iter().map(|c| c.kind).collect()
}

/// Two hops of four bins, two sweeps; the last level of a line twice, as rtl_power prints it.
fn rtl_power() -> String {
    let row = |second: u32, low: u32, levels: &str| {
        let high = low + 4000;
        let last = levels.rsplit(' ').next().unwrap();
        format!("2024-05-06, 10:00:0{second}, {low}, {high}, 1000.00, 12480, {levels}, {last}\n")
    };
    [
        row(0, 100_000, "-10.00, -20.00, -30.00, -40.00"),
        row(0, 104_000, "-50.00, -50.00, -50.00, -50.00"),
        row(1, 100_000, "-10.00, -10.00, nan, -inf"),
        row(1, 104_000, "-50.00, -50.00, -50.00, -50.00"),
    ]
    .concat()
}

#[test]
fn rtl_power_is_averaged_over_sweeps_in_power() {
    let (capture, spectrum) = one("scan.csv", rtl_power());
    assert_eq!((capture.format.as_str(), spectrum.level_unit, spectrum.sweeps), ("spectrum/rtl_power", Unit::Db, 2));
    let expected: Vec<f64> = (0..8).map(|k| 100_000.0 + 1000.0 * f64::from(k)).collect();
    assert_eq!((spectrum.frequency_hz, spectrum.span_hz), (expected, (100_000.0, 108_000.0)));
    // Means of powers: -10 and -10; 0.01 and 0.1 give 0.055; -30 alone; 1e-4 and nothing give 5e-5.
    for (k, power) in [(0, 0.1), (1, 0.055), (2, 1e-3), (3, 5e-5), (4, 1e-5)] {
        assert!((spectrum.average_db[k] - 10.0 * f64::log10(power)).abs() < 1e-9, "point {k}");
    }
    let (max, min) = (spectrum.max_db.unwrap(), spectrum.min_db.unwrap());
    assert_eq!((max[1], min[1], max[3], min[3]), (-10.0, -20.0, -40.0, f64::NEG_INFINITY));
    assert_eq!(spectrum.time.unwrap(), ("2024-05-06 10:00:00".into(), "2024-05-06 10:00:01".into()));
    assert_eq!(kinds(&capture), [CaveatKind::Uncalibrated]);
}

#[test]
fn hackrf_sweeps_blocks_are_put_in_order() {
    let row = |low: u64, level: i32| {
        let levels = format!("{level}.00, {level}.50, {level}.25, {level}.75, {level}.00");
        format!("2024-05-06, 10:00:00.123456, {low}, {}, 1000000.00, 20, {levels}\n", low + 5_000_000)
    };
    let blocks = [(2_400, -70), (2_410, -71), (2_405, -72), (2_415, -73)];
    let text: String = blocks.iter().map(|(mhz, level)| row(mhz * 1_000_000, *level)).collect();
    let (capture, spectrum) = one("sweep.csv", text);
    assert_eq!((capture.format.as_str(), spectrum.level_unit), ("spectrum/hackrf_sweep", Unit::Dbfs));
    assert_eq!((spectrum.frequency_hz.len(), spectrum.step_hz(), spectrum.sweeps), (20, Some(1e6), 1));
    let at = |k: usize| (spectrum.frequency_hz[k], spectrum.average_db[k]);
    assert_eq!((at(0), at(5), at(10), at(19)), ((2.4e9, -70.0), (2.405e9, -72.0), (2.41e9, -71.0), (2.419e9, -73.0)));
}

/// Records of hackrf_sweep -B: u32 length of what follows, u64 edges, floats.
fn hackrf(blocks: &[(u64, f32)]) -> Vec<u8> {
    let record = |(low, level): &(u64, f32)| {
        let mut out = 36u32.to_le_bytes().to_vec();
        out.extend(low.to_le_bytes());
        out.extend((low + 5_000_000).to_le_bytes());
        out.extend((0..5).flat_map(|k| (level - k as f32).to_le_bytes()));
        out
    };
    blocks.iter().flat_map(record).collect()
}

#[test]
fn the_binary_of_hackrf_sweep_says_the_same() {
    let blocks = [(10_000_000, -30.0), (20_000_000, -40.0), (15_000_000, -50.0), (10_000_000, -30.0)];
    let (capture, spectrum) = one("sweep.bin", hackrf(&blocks));
    assert_eq!((capture.format.as_str(), spectrum.sweeps), ("spectrum/hackrf_sweep", 2));
    assert_eq!((spectrum.frequency_hz.len(), spectrum.span_hz), (15, (10e6, 25e6)));
    assert_eq!(spectrum.frequency_hz[5..7], [15e6, 16e6]);
    assert_eq!(spectrum.average_db[5..7], [-50.0, -51.0]);
    let mut cut = hackrf(&blocks);
    cut.truncate(cut.len() - 7);
    let (capture, spectrum) = one("sweep.bin", cut);
    assert_eq!((spectrum.sweeps, kinds(&capture)[0]), (1, CaveatKind::Truncated));
}

#[test]
fn tinysa_in_hertz_in_megahertz_and_from_the_console() {
    let hertz = "433920000,-95.125 -101.250\r\n433930000,-60.000 -100.000\r\n433940000,-94.500 -101.000\r\n";
    let capture = opened("SA_240506_100000.csv", hertz).unwrap();
    assert_eq!((capture.format.as_str(), capture.spectra.len()), ("spectrum/tinysa", 2));
    let second = &capture.spectra[1];
    assert_eq!((second.name.as_str(), second.level_unit, second.average_db[1]), ("trace 2", Unit::Dbm, -100.0));
    assert_eq!(second.frequency_hz, [433.92e6, 433.93e6, 433.94e6]);
    assert_eq!(kinds(&capture), [CaveatKind::Uncalibrated]);
    let mega = "433.920000,-95.1\r\n433.930000,-60.0\r\n433.940000,-94.5\r\n";
    let (_, spectrum) = one("SA_240506_100001.CSV", mega);
    assert!((spectrum.frequency_hz[1] - 433.93e6).abs() < 1e-3);
    // Under another name this could be volts over seconds: it is not taken for a spectrum.
    assert!(opened("x.csv", mega).is_ok_and(|c| c.spectra.is_empty()));
    let console = "ch> scan 100000 300000 3 3\n100000 -9.51e+01 0.0\n200000 -4.0e+01 0.0\n300000 -9.4e+01 0.0\nch> \n";
    let (_, spectrum) = one("log.txt", console);
    assert_eq!((spectrum.frequency_hz[1], spectrum.average_db[1]), (200_000.0, -40.0));
}

/// An export of SignalVu with one trace, in the layout that states the ends of the axis, or the one that names its unit.
fn signalvu(level_first: bool, unit: &str) -> String {
    let points = [(1_000_000.0, 57.4), (1_012_500.0, 40.8), (1_025_000.0, 49.7)];
    let axis = if level_first { "XStart,1000000,Hz\nXStop,1025000,Hz\n" } else { "XUnits,Hz\n" };
    let row = |(f, l): &(f64, f64)| if level_first { format!("{l},{f}\n") } else { format!("{f},{l}\n") };
    let rows: String = points.iter().map(row).collect();
    format!(
        "Spectrum,10/20/2023 3:25:41 PM\n[Global Parameters]\nFrequency,1012500,Hz\n[Parameters]\nSpan,25000,Hz\nResolution \
         Bandwidth,9,kHz\n[Trace Parameters]\nTrace 1\nSelected,true,\nFunction,MaxHold,\nDetection,CISPRPk,\n\n[Results]\nActual \
         RBW,9000.5,Hz,-1,-1\n\n[Traces]\n[Trace]\nTrace 1,,{unit},-1,-1\nNumberPoints,3\n{axis}{rows}"
    )
}

#[test]
fn signalvu_in_both_orders_of_columns() {
    for level_first in [true, false] {
        let (capture, spectrum) = one("1M-11M.csv", signalvu(level_first, "dBuVPerMeter"));
        assert_eq!(capture.format, "spectrum/signalvu");
        assert_eq!((spectrum.level_unit, spectrum.rbw_hz), (Unit::DbuvPerMetre, Some(9000.5)));
        assert_eq!(spectrum.frequency_hz, [1_000_000.0, 1_012_500.0, 1_025_000.0]);
        assert_eq!(spectrum.average_db, [57.4, 40.8, 49.7]);
        assert_eq!(kinds(&capture), [CaveatKind::Reduced]);
    }
    let error = opened("x.csv", signalvu(true, "bananas")).unwrap_err();
    assert!(error.to_string().contains("bananas") && error.hint().unwrap().contains("dBm"), "{error}");
    let short = signalvu(true, "dBm").replace("NumberPoints,3", "NumberPoints,801");
    assert!(kinds(&opened("x.csv", short).unwrap()).contains(&CaveatKind::Truncated));
}

/// |0.6 + 0.8i| is 1: 0 dB; 0.1 is -20 dB; 0.01 is -40 dB, in every form and unit of frequency.
#[test]
fn touchstone_in_every_form_and_unit() {
    for (options, rows) in [
        ("# GHz S RI R 50.0", "1.0 0.6 0.8\n1.5 0.1 0\n2.0 0 -0.01\n"),
        ("# mhz s ma r 75", "1000 1 45\n1500 0.1 -90\n2000 0.01 0\n"),
        ("#kHz DB S", "1000000 0 45\n1500000 -20 -90\n2000000 -40 0\n"),
        ("# R 50 RI HZ S", "1e9 0.6 0.8\n1.5e9 0.1 0\n2e9 0 -0.01\n"),
        ("#", "1 1 45\n1.5 0.1 -90\n2 0.01 0\n"),
    ] {
        let text = format!("! a comment\n{options}\n!freq ReS11\n{}", rows.replace('\n', " ! port 1\n"));
        let (capture, spectrum) = one("ring slot.s1p", text);
        assert_eq!(
            (capture.format.as_str(), spectrum.swept, spectrum.level_unit),
            ("spectrum/touchstone", Swept::Reflection, Unit::Db)
        );
        for (k, (hz, db)) in [(1e9, 0.0), (1.5e9, -20.0), (2e9, -40.0)].into_iter().enumerate() {
            assert!(
                (spectrum.frequency_hz[k] - hz).abs() < 1e-3 && (spectrum.average_db[k] - db).abs() < 1e-9,
                "{options}"
            );
        }
    }
}

#[test]
fn touchstone_of_version_2_and_what_is_refused() {
    let text = "[Version] 2.0\n# GHz S MA R 50\n[Number of Ports] 1\n[Number of Frequencies] 2\n[Reference]\n50 0 0\n\
                [Network Data]\n1 1 0\n2 0.1 0\n[End]\n";
    let (_, spectrum) = one("a.s1p", text);
    assert_eq!(spectrum.average_db, [0.0, -20.0]);
    let two = text.replace("[Number of Ports] 1", "[Number of Ports] 2");
    for (name, text, says) in [
        ("a.s2p", "# GHz S MA R 50\n1 1 0 0 0 0 0 1 0\n", "2 ports"),
        ("a.s1p", two.as_str(), "2 ports"),
        ("a.s1p", "# GHz Z RI R 50\n1 1 0\n", "Z parameters"),
        ("a.s1p", "# GHz S MA R 50\n1 1\n2 1 0\n", "line 2"),
        ("a.s1p", "# GHz S MA R 50\n2 1 0\n1 1 0\n", "line 3"),
        ("a.s1p", "# GHz S MA R 50\n", "no point"),
        ("a.s1p", "# GHz S XY R 50\n1 1 0\n", "line 1"),
    ] {
        let error = opened(name, text).unwrap_err();
        assert!(error.to_string().contains(says), "{text:?}: {error}");
    }
}

#[test]
fn tables_with_a_header_of_frequency_and_level() {
    for (text, unit) in [
        ("frequency_hz,level_dbfs\n100,-3\n200,-60\n300,\n", Unit::Dbfs),
        ("frequency_hz,level_dbuv_per_m\n100,-3\n200,-60\n300,\n", Unit::DbuvPerMetre),
        ("Model,FPC1000\nFrequency (kHz);Amplitude [dBm]\n0,1;-3\n0,2;-60,0\n0,3;\n", Unit::Dbm),
        ("Hz\tdBm\r\n100\t-3\r\n200\t-60\r\n300\t\r\n", Unit::Dbm),
    ] {
        let (_, spectrum) = one("x.csv", text);
        assert_eq!(spectrum.level_unit, unit, "{text}");
        assert_eq!(spectrum.average_db[..2], [-3.0, -60.0], "{text}");
        assert!((spectrum.frequency_hz[2] - 300.0).abs() < 1e-9 && spectrum.average_db[2].is_nan());
    }
    let error = opened("x.csv", "frequency_hz,level_dbm\n100,-3\n90,-3\n").unwrap_err();
    assert!(error.to_string().contains("line 3"), "{error}");
}

#[test]
fn options_for_samples_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.csv");
    std::fs::write(&path, rtl_power()).unwrap();
    let error = open(&path, &OpenOptions { rate_hz: Some(1e6), ..OpenOptions::default() }).unwrap_err();
    assert_eq!(error.kind(), "options");
    let channel = Some("1".to_owned());
    assert_eq!(open(&path, &OpenOptions { channel, ..OpenOptions::default() }).unwrap().spectra.len(), 1);
    let channel = Some("2".to_owned());
    assert_eq!(open(&path, &OpenOptions { channel, ..OpenOptions::default() }).unwrap_err().kind(), "options");
}

#[test]
fn a_table_that_changes_its_bins_is_refused_with_its_line() {
    let text = rtl_power() + "2024-05-06, 10:00:02, 100000, 104000, 2000.00, 12480, -10, -20\n";
    let error = opened("scan.csv", text).unwrap_err();
    assert!(error.to_string().contains("line 5"), "{error}");
    let error = opened("scan.csv", rtl_power() + "nonsense\n").unwrap_err();
    assert!(error.to_string().contains("line 5"), "{error}");
}

#[test]
fn cut_and_flipped_bytes_never_panic() {
    damage::survives("scan.csv", rtl_power().as_bytes());
    damage::survives("sweep.bin", &hackrf(&[(10_000_000, -30.0), (15_000_000, -40.0), (20_000_000, -50.0)]));
    damage::survives(
        "SA_1.csv",
        b"433920000,-95.125 -101.250\r\n433930000,-60.000 -100.000\r\n433940000,-94.5 -101.0\r\n",
    );
    damage::survives("1M-11M.csv", signalvu(true, "dBm").as_bytes());
    damage::survives("a.s1p", b"! made\n# GHz S RI R 50.0\n1.0 0.6 0.8\n1.5 0.1 0\n2.0 0 -0.01\n");
    damage::survives("x.csv", b"frequency_hz,level_dbfs\n100,-3\n200,-60\n300,-61\n");
}
