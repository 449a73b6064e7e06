//! Real captures with a manifest, in a folder that the environment names; without one these tests say so and pass.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use faultscope_tests::{Outcome, faultscope};
use serde_json::Value;

/// The folder that `FAULTSCOPE_CAPTURES` names.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("FAULTSCOPE_CAPTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: FAULTSCOPE_CAPTURES names no folder of captures");
    }
    folder
}

/// The cells of a line of CSV with quoted cells.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

/// A row of the manifest by its column names.
type Row = BTreeMap<String, String>;

fn manifest(folder: &Path) -> Vec<Row> {
    let text = fs::read_to_string(folder.join("MANIFEST.csv")).unwrap();
    let mut lines = text.lines();
    let names = cells(lines.next().unwrap());
    lines.map(|line| names.iter().cloned().zip(cells(line)).collect()).collect()
}

/// What the manifest says that the file itself cannot: the format and the rate of raw samples.
fn options(row: &Row) -> Vec<String> {
    let format = row["format"].to_lowercase();
    let token = ["cu8", "ci16", "ci8", "cf32"].into_iter().find(|t| format.starts_with(t));
    let extension = Path::new(&row["file"]).extension().unwrap_or_default().to_string_lossy().into_owned();
    let raw = matches!(extension.as_str(), "bin" | "iq" | "dat" | "cu8" | "cf32");
    match token {
        Some(token) if raw => {
            let token = token.replace("ci16", "cs16").replace("ci8", "cs8");
            vec!["--format".into(), token, "--rate".into(), row["sample_rate_hz"].clone()]
        }
        _ => Vec::new(),
    }
}

/// Whether this version reads files of this row: SigMF with samples, WAV, raw I/Q, records of oscilloscopes in time, exported spectra.
fn supported(row: &Row) -> bool {
    let file = row["file"].as_str();
    let extension = Path::new(file).extension().unwrap_or_default().to_string_lossy().into_owned();
    let scope = file.starts_with("scope/");
    match extension.as_str() {
        "wav" => true,
        "csv" if file.starts_with("spectrum/") => true,
        "s1p" => true,
        // Values alone, without a rate.
        "csv" => scope && !file.contains("rs_rtp_01"),
        "sigmf-meta" | "sigmf-data" => file.contains("/SigMF/"),
        "wfm" | "trc" | "000" => scope,
        // The traces of the spectrum view, in watts over hertz.
        "isf" => !file.ends_with("NRM.isf"),
        // Sessions of logic channels have nothing to measure.
        "sr" => row["format"].contains("analog") || row["format"].contains("+ sr"),
        "bin" if scope => true,
        _ => !options(row).is_empty(),
    }
}

/// The rate that the file itself states. These tables were thinned out when they were exported; the manifest gives the
/// rate of the binary file beside them. From their own rows: steps of 20 ns, an `Increment` of 2 us and one of 10 ns.
fn stated_rate(row: &Row) -> Option<f64> {
    const OWN: [(&str, f64); 3] = [("DS1102E-B.csv", 50e6), ("DS4024-A.csv", 500e3), ("DS2072A-5.csv", 100e6)];
    let own = OWN.iter().find(|(name, _)| row["file"].ends_with(name));
    own.map_or_else(|| row["sample_rate_hz"].parse().ok(), |(_, rate)| Some(*rate))
}

/// A spectrum has points, no samples, and the centre that the manifest gives.
fn spectrum_faults(row: &Row, capture: &Value) -> Vec<String> {
    let (name, mut faults) = (&row["file"], Vec::new());
    if capture["spectra"][0]["points"].as_u64().unwrap_or(0) < 16 || !capture["samples"].is_null() {
        faults.push(format!("{name}: no spectrum: {}", capture["spectra"]));
    }
    if let Ok(center) = row["center_hz"].parse::<f64>()
        && capture["center_hz"].as_f64() != Some(center)
    {
        faults.push(format!("{name}: centre {}, manifest {center}", capture["center_hz"]));
    }
    faults
}

/// Raw samples fill their file: bytes of the manifest over bytes of a frame.
fn length_fault(row: &Row, capture: &Value) -> Option<String> {
    let format = capture["format"].as_str()?.strip_prefix("raw/c")?;
    let frame = 2 * format.trim_start_matches(char::is_alphabetic).parse::<u64>().ok()? / 8;
    let (expected, found) = (row["bytes"].parse::<u64>().ok()? / frame, capture["samples"].as_u64()?);
    (expected != found).then(|| format!("{}: {found} samples, {expected} fill the file", row["file"]))
}

fn ask(folder: &Path, row: &Row, command: &str) -> Outcome {
    let file = folder.join(&row["file"]).display().to_string();
    let options = options(row);
    let mut words = vec![command, "--json", &file];
    words.extend(options.iter().map(String::as_str));
    faultscope(&words)
}

#[test]
fn every_capture_is_answered_or_refused() {
    let Some(folder) = folder() else { return };
    let (mut answered, mut refused, mut faults) = (0, 0, Vec::new());
    for row in manifest(&folder) {
        let outcome = ask(&folder, &row, "info");
        let name = &row["file"];
        let capture = outcome.json()["captures"][0].clone();
        if outcome.err.contains("panicked") || capture["error"]["kind"] == "defect" {
            faults.push(format!("{name}: panics"));
        }
        if !capture["error"].is_null() {
            refused += 1;
            println!("refused   {} {name}: {}", outcome.code, capture["error"]["message"]);
            if supported(&row) {
                faults
                    .push(format!("{name}: is refused: {} {}", capture["error"]["message"], capture["error"]["hint"]));
            }
            if !matches!(outcome.code, 2 | 3) {
                faults.push(format!("{name}: exit code {}", outcome.code));
            }
            continue;
        }
        answered += 1;
        println!(
            "answered  {} {name}: {} {} Hz, {} samples, {}",
            outcome.code, capture["format"], capture["sample_rate_hz"], capture["samples"], capture["unit"]
        );
        if row["file"].starts_with("spectrum/") {
            faults.extend(spectrum_faults(&row, &capture));
            continue;
        }
        faults.extend(length_fault(&row, &capture));
        if let Some(rate) = stated_rate(&row) {
            let found = capture["sample_rate_hz"].as_f64().unwrap();
            if (found / rate - 1.0).abs() > 1e-3 && supported(&row) {
                faults.push(format!("{name}: rate {found}, manifest {rate}"));
            }
        }
    }
    println!("{answered} answered, {refused} refused");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_measurement_of_every_capture_ends_well() {
    let Some(folder) = folder() else { return };
    let mut faults = Vec::new();
    for row in manifest(&folder).iter().filter(|row| supported(row)) {
        for command in ["spurs", "ripple", "spectrum"] {
            let outcome = ask(&folder, row, command);
            let capture = outcome.json()["captures"][0].clone();
            let defect = outcome.err.contains("panicked") || capture["error"]["kind"] == "defect";
            let spectrum = row["file"].starts_with("spectrum/") && command == "ripple";
            if spectrum && !outcome.err.is_empty() && outcome.code != 3 {
                faults.push(format!("{command} {}: {} is no refusal", row["file"], outcome.code));
            }
            if defect || !matches!(outcome.code, 0 | 2 | 3) {
                faults.push(format!("{command} {}: {} {}", row["file"], outcome.code, outcome.err));
            }
            println!("{command:<9} {} {} {}", outcome.code, row["file"], figures(command, &capture));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn figures(command: &str, capture: &Value) -> String {
    if let Some(message) = capture["error"]["message"].as_str() {
        return message.to_owned();
    }
    match command {
        "spurs" => format!(
            "carrier {} Hz {} dB, {} spurs",
            capture["carrier"]["offset_hz"],
            capture["carrier"]["level_db"],
            capture["spurs"].as_array().map_or(0, Vec::len)
        ),
        "ripple" => {
            let r = &capture["ripple"];
            format!(
                "dc {} V, {} Vpp, rms {}, mains {}, switching {}",
                r["dc_v"], r["vpp_v"], r["rms_ac_v"], r["mains"]["fundamental_hz"], r["switching"]["fundamental_hz"]
            )
        }
        _ => format!("peak {} Hz", capture["spectrum"]["peak"]["frequency_hz"]),
    }
}

fn row(folder: &Path, ending: &str) -> Row {
    manifest(folder).into_iter().find(|r| r["file"].ends_with(ending)).unwrap_or_else(|| panic!("no {ending}"))
}

fn first(outcome: &Outcome) -> Value {
    outcome.json()["captures"][0].clone()
}

#[track_caller]
fn near(value: &Value, expected: f64, tolerance: f64) {
    let number = value.as_f64().unwrap_or_else(|| panic!("{value} is no number, expected {expected}"));
    assert!((number - expected).abs() <= tolerance, "{number}, expected {expected} +-{tolerance}");
}

/// What a channel's plain statistics are: mean, peak to peak, rms without the mean.
fn statistics(folder: &Path, ending: &str, channel: &str, more: &[&str]) -> [f64; 3] {
    let file = folder.join(&row(folder, ending)["file"]).display().to_string();
    let mut words = vec!["ripple", "--json", &file, "--channel", channel];
    words.extend(more);
    let outcome = faultscope(&words);
    let ripple = first(&outcome)["ripple"].clone();
    ["dc_v", "vpp_v", "rms_ac_v"]
        .map(|id| ripple[id].as_f64().unwrap_or_else(|| panic!("{ending} {channel}: no {id}: {}", outcome.out)))
}

/// File, channel, and what its manifest row says: mean, peak to peak, rms without the mean, and the tolerance.
type Known = (&'static str, &'static str, Option<f64>, Option<f64>, Option<f64>, f64);

#[test]
fn what_is_known_of_the_records_of_oscilloscopes() {
    let Some(folder) = folder() else { return };
    const KNOWN: [Known; 9] = [
        ("DS1102E-E.wfm", "CH1", Some(27.37), Some(6.0), Some(0.62), 0.02),
        ("DS4022-A.wfm", "CH1", None, Some(375.0), None, 0.5),
        ("DS4022-A.wfm", "CH3", None, Some(380.0), None, 1.0),
        ("DS4022-A.wfm", "CH2", None, Some(18.75), None, 0.01),
        ("agilent_1.bin", "1", Some(-0.18), Some(4.02), None, 0.005),
        ("agilent_4.bin", "1", None, Some(1.021), None, 0.001),
        ("lecroy_2.trc", "1", Some(0.328_17), Some(8.40e-3), Some(1.62e-3), 1e-5),
        ("trace1.000", "1", Some(-2.37), Some(0.09), None, 0.005),
        ("rs_rtp_01.bin", "1", Some(0.5065), Some(1.138), None, 0.001),
    ];
    for (file, channel, mean, vpp, rms, tolerance) in KNOWN {
        let found = statistics(&folder, file, channel, &[]);
        for (found, known) in found.into_iter().zip([mean, vpp, rms]) {
            if let Some(known) = known {
                assert!((found - known).abs() <= tolerance, "{file} {channel}: {found}, the manifest says {known}");
            }
        }
    }
}

/// Two files of one record, a channel of each, options of the second, and a step of the converter.
type Pair = ((&'static str, &'static str), (&'static str, &'static str), &'static [&'static str], f64);

#[test]
fn one_signal_in_two_formats_has_one_answer() {
    let Some(folder) = folder() else { return };
    const PAIRS: [Pair; 11] = [
        (("DS1204B-A.wfm", "1"), ("DS1204B-A-original.csv", "1"), &[], 0.04),
        (("DS1204B-A.wfm", "2"), ("DS1204B-A-original.csv", "2"), &[], 0.2),
        (("DS1204B-A.wfm", "3"), ("DS1204B-A-original.csv", "3"), &[], 0.2),
        (("DS1204B-A.wfm", "4"), ("DS1204B-A-original.csv", "4"), &[], 0.4),
        (("analog_waveform.wfm", "1"), ("analog_waveform.csv", "1"), &[], 0.004),
        (("tek0000CH1.isf", "1"), ("RTC.csv", "1"), &[], 0.08),
        (("tek0000CH2.isf", "1"), ("RTC.csv", "2"), &[], 0.08),
        (("tek0000CH1.isf", "1"), ("RTC.sr", "SDA"), &[], 0.08),
        (("tek0000CH2.isf", "1"), ("RTC.sr", "SCL"), &[], 0.08),
        (("rs_rtp_04.bin", "1"), ("rs_rtp_04.Wfm.csv", "1"), &[], 8e-4),
        (("rs_rtp_01.bin", "1"), ("rs_rtp_01.Wfm.csv", "1"), &["--rate", "800k", "--scale", "1"], 0.0158),
    ];
    for ((one, channel), (other, other_channel), options, step) in PAIRS {
        let a = statistics(&folder, one, channel, &[]);
        let b = statistics(&folder, other, other_channel, options);
        println!("{one} {channel}: {a:?}, {other}: {b:?}");
        for (x, y) in a.into_iter().zip(b) {
            assert!((x - y).abs() <= step, "{one} {channel}: {a:?}, {other} {other_channel}: {b:?}");
        }
    }
}

#[test]
fn a_rectifiers_ripple() {
    let Some(folder) = folder() else { return };
    // The manifest: mean -5.896 V, 1.065 Vpp, AC rms 0.298 V, fundamental 99.97 Hz, two periods long.
    let ripple = first(&ask(&folder, &row(&folder, "Scope_plot/scope_1.csv"), "ripple"))["ripple"].clone();
    near(&ripple["dc_v"], -5.896, 0.005);
    near(&ripple["vpp_v"], 1.065, 0.005);
    near(&ripple["rms_ac_v"], 0.298, 0.003);
    let line = &ripple["mains"]["lines"][0];
    let fundamental = if line.is_null() { &ripple["switching"]["fundamental_hz"] } else { &line["frequency_hz"] };
    near(fundamental, 100.0, 2.0);
}

#[test]
fn a_narrowband_carrier() {
    let Some(folder) = folder() else { return };
    // The manifest: one FM carrier, 30.3 kHz above the centre, by far the strongest line.
    let row = row(&folder, "RTLSDR-NFM-Demodulator/capture.iq");
    let spectrum = first(&ask(&folder, &row, "spectrum"));
    near(&spectrum["spectrum"]["peak"]["frequency_hz"], 30_300.0, 3_000.0);
    let spurs = first(&ask(&folder, &row, "spurs"));
    near(&spurs["carrier"]["offset_hz"], 30_300.0, 3_000.0);
}

#[test]
fn an_emission_measurement() {
    let Some(folder) = folder() else { return };
    // The instrument's own marker M1: 63.5 dBuV/m at 500 kHz.
    let row = row(&folder, "150-1.15M vs trc 364.csv");
    let spectrum = first(&ask(&folder, &row, "spectrum"))["spectrum"].clone();
    assert_eq!((&spectrum["level_unit"], spectrum["rbw_hz"].is_null()), (&Value::from("dBuV/m"), false));
    let at = |hz: f64| {
        let step = (hz - spectrum["start_hz"].as_f64().unwrap()) / spectrum["step_hz"].as_f64().unwrap();
        spectrum["traces"][0]["level_db"][step.round() as usize].clone()
    };
    near(&at(500e3), 63.5, 0.05);
    near(&at(150e3), 41.5, 0.05);
}

#[test]
fn a_station_in_many_sweeps() {
    let Some(folder) = folder() else { return };
    // The manifest: the station is at 80.2 MHz, in 100 kHz of span, one sweep a second.
    let capture = first(&ask(&folder, &row(&folder, "fm802-3.csv"), "spurs"));
    near(&capture["carrier"]["frequency_hz"], 80.2e6, 5e3);
}

#[test]
fn mains_itself() {
    let Some(folder) = folder() else { return };
    for name in ["001_ref.wav", "002_ref.wav", "003_ref.wav", "004_ref.wav"] {
        let capture = first(&ask(&folder, &row(&folder, name), "spurs"));
        near(&capture["carrier"]["offset_hz"], 50.0, 0.2);
    }
}

#[test]
fn one_record_in_two_forms() {
    let Some(folder) = folder() else { return };
    // An OFDM capture has no carrier line of its own; its band is 16.6 MHz wide around the centre.
    let row = row(&folder, "dot11n_6.5mbps.dat");
    let capture = first(&ask(&folder, &row, "info"));
    assert_eq!(capture["samples"], 676_160 / 4);
    near(&capture["sample_rate_hz"], 20e6, 0.0);
}

#[test]
fn sinad_of_a_reference_record() {
    let Some(folder) = folder() else { return };
    // The manifest: SNDR 64.818 dB, SNR 64.900, THD -94.58 by the authors' reference; other tools 64.74 to 64.87.
    let row = row(&folder, "ADCToolbox/sinewave_noise_200uV.csv");
    let file = folder.join(&row["file"]).display().to_string();
    let outcome = faultscope(&["spurs", "--json", &file, "--rate", "1M"]);
    let capture = first(&outcome);
    let reading = |id: &str| {
        let readings = capture["readings"].as_array().unwrap();
        readings.iter().find(|r| r["id"] == id).map(|r| r["value"].clone()).unwrap_or_default()
    };
    // Averaged over segments of an eighth of the record, so a little wider than the spread of those tools.
    near(&reading("sinad"), 64.82, 0.25);
    near(&reading("snr"), 64.90, 0.25);
}
