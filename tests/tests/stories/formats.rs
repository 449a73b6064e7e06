//! One signal in every format gives one answer; and what the options do to it, by algebra.

use std::fs;
use std::path::Path;

use faultscope_tests::{faultscope, faultscope_with, sample};
use serde_json::Value;

use super::make;

const HZ: f64 = 5123.4;
const SECOND_HZ: f64 = -9000.0;
/// 20 log 0.5: a complex tone of amplitude 0.5.
const LEVEL_DB: f64 = -6.020_599_913_279_624;

fn signal() -> Vec<[f64; 2]> {
    make::tones(24_000, HZ, 0.5, SECOND_HZ)
}

fn capture(words: &[&str]) -> Value {
    let outcome = faultscope(&[&["spurs"], words, &["--json"]].concat());
    assert_eq!(outcome.code, 0, "{words:?}: {}{}", outcome.err, outcome.out);
    outcome.json()["captures"][0].clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The carrier and the second tone are where they were put, at the level they were given.
#[track_caller]
fn is_the_signal(capture: &Value, tolerance_db: f64, sign: f64) {
    let (carrier, shown) = (&capture["carrier"], format!("{capture:#}"));
    assert!((number(&carrier["offset_hz"]) - sign * HZ).abs() < 0.05, "{shown}");
    assert!((number(&carrier["level_db"]) - LEVEL_DB).abs() < tolerance_db, "{shown}");
    let spur = &capture["spurs"][0];
    assert!((number(&spur["offset_hz"]) - sign * SECOND_HZ).abs() < 0.5, "{shown}");
    assert!((number(&spur["level_dbc"]) + 30.0).abs() < 3.0 * tolerance_db, "{shown}");
    assert_eq!(capture["sample_rate_hz"], make::RATE, "{shown}");
    assert_eq!(capture["samples"], 24_000, "{shown}");
}

#[test]
fn sigmf_of_every_complex_type() {
    let dir = tempfile::tempdir().unwrap();
    let iq = signal();
    for (datatype, data, tolerance) in [
        ("cf64_le", make::cf64(&iq), 0.005),
        ("cf32_le", make::cf32(&iq), 0.005),
        ("cf32_be", make::cf32_be(&iq), 0.005),
        ("ci32_le", make::ci32(&iq), 0.005),
        ("ci16_le", make::ci16(&iq), 0.005),
        ("ci16_be", make::ci16_be(&iq), 0.005),
        ("ci8", make::ci8(&iq), 0.05),
        ("cu8", make::cu8(&iq), 0.05),
    ] {
        let file = make::sigmf(dir.path(), datatype, datatype, &data);
        let capture = capture(&[&file]);
        is_the_signal(&capture, tolerance, 1.0);
        assert_eq!(capture["format"], format!("sigmf/{datatype}"));
        assert!((number(&capture["carrier"]["frequency_hz"]) - 1e8 - HZ).abs() < 0.05);
    }
}

/// Everything of a result but where it came from.
fn figures(mut capture: Value) -> Value {
    for field in ["file", "sha256", "format"] {
        capture.as_object_mut().unwrap().remove(field);
    }
    capture
}

#[test]
fn a_big_endian_twin_gives_the_same_figures() {
    let dir = tempfile::tempdir().unwrap();
    let iq = signal();
    for (little, big) in [
        (("cf32_le", make::cf32(&iq)), ("cf32_be", make::cf32_be(&iq))),
        (("ci16_le", make::ci16(&iq)), ("ci16_be", make::ci16_be(&iq))),
    ] {
        let [little, big] = [little, big].map(|(t, data)| capture(&[&make::sigmf(dir.path(), t, t, &data)]));
        assert_eq!(figures(little), figures(big));
    }
}

#[test]
fn either_file_of_a_pair_and_the_archive_are_one_capture() {
    let dir = tempfile::tempdir().unwrap();
    let data = make::cf32(&signal());
    let meta = make::sigmf(dir.path(), "pair", "cf32_le", &data);
    let by_meta = capture(&[&meta]);
    let by_data = capture(&[&meta.replace(".sigmf-meta", ".sigmf-data")]);
    assert_eq!(by_meta["sha256"], by_data["sha256"]);
    assert_eq!(figures(by_meta.clone()), figures(by_data));
    let archive = dir.path().join("pair.sigmf");
    let text = make::sigmf_meta("cf32_le", "");
    let bytes = make::archive(&[("pair/pair.sigmf-meta", text.as_bytes()), ("pair/pair.sigmf-data", &data)]);
    fs::write(&archive, bytes).unwrap();
    let by_archive = capture(&[&archive.display().to_string()]);
    is_the_signal(&by_archive, 0.005, 1.0);
    assert_eq!(by_archive["carrier"], by_meta["carrier"]);
    assert_eq!(by_archive["spurs"], by_meta["spurs"]);
}

#[test]
fn raw_samples_by_name_and_by_option() {
    let dir = tempfile::tempdir().unwrap();
    let iq = signal();
    for (format, data, tolerance) in [
        ("cf64", make::cf64(&iq), 0.005),
        ("cf32", make::cf32(&iq), 0.005),
        ("ci32", make::ci32(&iq), 0.005),
        ("cs16", make::ci16(&iq), 0.005),
        ("cs8", make::ci8(&iq), 0.05),
        ("cu8", make::cu8(&iq), 0.05),
    ] {
        let named = dir.path().join(format!("x.{format}"));
        fs::write(&named, &data).unwrap();
        is_the_signal(&capture(&[&named.display().to_string(), "--rate", "48k"]), tolerance, 1.0);
        let plain = dir.path().join("x.dat");
        fs::write(&plain, &data).unwrap();
        let plain = plain.display().to_string();
        let by_option = capture(&[&plain, "--rate", "48000", "--format", format, "--center", "433.92M"]);
        is_the_signal(&by_option, tolerance, 1.0);
        assert_eq!(by_option["center_hz"], 433.92e6);
        assert!((number(&by_option["carrier"]["frequency_hz"]) - 433.92e6 - HZ).abs() < 0.05);
    }
}

#[test]
fn wav_as_a_pair() {
    let dir = tempfile::tempdir().unwrap();
    let iq = signal();
    let pcm24: Vec<u8> =
        iq.iter().flatten().flat_map(|v| ((v * 8_388_608.0).round() as i32).to_le_bytes()[..3].to_vec()).collect();
    for (name, bytes, tolerance) in [
        ("pcm8.wav", make::wav(1, 2, 8, &make::cu8(&iq)), 0.06),
        ("pcm16.wav", make::wav(1, 2, 16, &make::ci16(&iq)), 0.005),
        ("pcm24.wav", make::wav(1, 2, 24, &pcm24), 0.005),
        ("pcm32.wav", make::wav(1, 2, 32, &make::ci32(&iq)), 0.005),
        ("float32.wav", make::wav(3, 2, 32, &make::cf32(&iq)), 0.005),
        ("float64.wav", make::wav(3, 2, 64, &make::cf64(&iq)), 0.005),
    ] {
        let file = dir.path().join(name);
        fs::write(&file, bytes).unwrap();
        is_the_signal(&capture(&[&file.display().to_string(), "--channel", "iq"]), tolerance, 1.0);
    }
}

#[test]
fn stereo_is_not_taken_for_a_pair() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("music.wav");
    fs::write(&file, make::wav(1, 2, 16, &make::ci16(&signal()))).unwrap();
    let document = faultscope(&["info", &file.display().to_string(), "--json"]).json();
    let channels = document["captures"][0]["channels"].as_array().unwrap();
    assert_eq!(channels.len(), 2);
    assert!(channels.iter().all(|c| c["kind"] == "real"));
}

/// `core:` fields of a real record in volts.
fn volts(folder: &Path, values: &[f64]) -> String {
    let meta = folder.join("volts.sigmf-meta");
    fs::write(&meta, make::sigmf_meta("rf32_le", ", \"faultscope:unit\": \"V\"")).unwrap();
    fs::write(meta.with_extension("sigmf-data"), make::rf32(values)).unwrap();
    meta.display().to_string()
}

#[test]
fn csv_and_binary_of_one_rail_agree() {
    // 0.25 V peak at 100 Hz on 12 V; a sine's level in dBV is 20 log of its rms.
    let dir = tempfile::tempdir().unwrap();
    let rail = make::rail(48_000, 12.0, 100.0, 0.25);
    let csv = dir.path().join("rail.csv");
    fs::write(&csv, make::csv(&rail)).unwrap();
    let files = [csv.display().to_string(), volts(dir.path(), &rail)];
    for file in &files {
        let document = faultscope(&["ripple", file, "--json"]).json();
        let ripple = &document["captures"][0]["ripple"];
        assert!((number(&ripple["dc_v"]) - 12.0).abs() < 1e-5, "{file}: {ripple:#}");
        assert!((number(&ripple["vpp_v"]) - 0.5).abs() < 1e-5, "{file}");
        assert!((number(&ripple["mains"]["lines"][0]["amplitude_v"]) - 0.25).abs() < 1e-4, "{file}");
        let capture = capture(&[file]);
        assert!((number(&capture["carrier"]["offset_hz"]) - 100.0).abs() < 0.01, "{file}: {:#}", capture["carrier"]);
        let level = 20.0 * (0.25 / 2_f64.sqrt()).log10();
        assert!((number(&capture["carrier"]["level_db"]) - level).abs() < 0.01, "{file}: {:#}", capture["carrier"]);
        assert_eq!(capture["sample_rate_hz"].as_f64().unwrap().round(), make::RATE, "{file}");
    }
}

#[test]
fn scale_and_probe_multiply() {
    let dir = tempfile::tempdir().unwrap();
    let rail = make::rail(48_000, 12.0, 100.0, 0.25);
    let csv = dir.path().join("rail.csv");
    fs::write(&csv, make::csv(&rail)).unwrap();
    let raw = dir.path().join("rail.f32");
    fs::write(&raw, make::rf32(&rail)).unwrap();
    let (csv, raw) = (csv.display().to_string(), raw.display().to_string());
    for (words, factor) in [
        (vec!["ripple", &csv, "--probe", "10"], 10.0),
        (vec!["ripple", &csv, "--probe", "100m"], 0.1),
        (vec!["ripple", &raw, "--rate", "48k", "--scale", "2"], 2.0),
        (vec!["ripple", &raw, "--rate", "48k", "--scale", "2", "--probe", "10"], 20.0),
        (vec!["ripple", &raw, "--rate", "48k", "--scale", "-1"], -1.0),
    ] {
        let document = faultscope(&[&words[..], &["--json"]].concat()).json();
        let ripple = &document["captures"][0]["ripple"];
        assert!((number(&ripple["dc_v"]) - 12.0 * factor).abs() < 1e-4 * factor.abs(), "{words:?} {document:#}");
        assert!((number(&ripple["vpp_v"]) - 0.5 * factor.abs()).abs() < 1e-4 * factor.abs(), "{words:?}");
    }
}

#[test]
fn swapping_i_and_q_mirrors_the_spectrum() {
    let dir = tempfile::tempdir().unwrap();
    let file = make::sigmf(dir.path(), "swap", "cf32_le", &make::cf32(&signal()));
    is_the_signal(&capture(&[&file, "--swap-iq"]), 0.005, -1.0);
}

#[test]
fn start_and_duration_cut_the_record() {
    // 1 kHz for half a second, then 7 kHz.
    let dir = tempfile::tempdir().unwrap();
    let mut iq = make::tones(24_000, 1000.0, 0.5, SECOND_HZ);
    iq.extend(make::tones(24_000, 7000.0, 0.5, SECOND_HZ));
    let file = make::sigmf(dir.path(), "two", "cf32_le", &make::cf32(&iq));
    for (words, hz, frames) in [
        (vec!["--duration", "0.5"], 1000.0, 24_000),
        (vec!["--start", "0.5"], 7000.0, 24_000),
        (vec!["--start", "600m", "--duration", "0.25"], 7000.0, 12_000),
    ] {
        let capture = capture(&[&[file.as_str()], &words[..]].concat());
        assert!((number(&capture["carrier"]["offset_hz"]) - hz).abs() < 0.05, "{words:?}");
        assert_eq!(capture["samples"], frames, "{words:?}");
    }
}

#[test]
fn channels_by_number_and_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (make::rail(9600, 12.0, 100.0, 0.25), make::rail(9600, 5.0, 300.0, 0.125));
    let rows = first.iter().zip(&second).enumerate();
    let rows = rows.map(|(n, (a, b))| format!("{:.12},{a:.9},{b:.9}\n", n as f64 / make::RATE));
    let text: String = std::iter::once("Time (s),CH1 (V),CH2 (V)\n".to_owned()).chain(rows).collect();
    let file = dir.path().join("two.csv");
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    for (channel, dc) in [("1", 12.0), ("2", 5.0), ("CH1", 12.0), ("CH2", 5.0)] {
        let document = faultscope(&["ripple", &file, "--channel", channel, "--json"]).json();
        let measured = number(&document["captures"][0]["ripple"]["dc_v"]);
        assert!((measured - dc).abs() < 1e-4, "{channel}: {measured}");
    }
}

#[test]
fn standard_input_folders_and_patterns() {
    // A megabyte in a constant place, because the in-process standard input takes bytes that live for ever.
    let data: &'static [u8] = make::cf32(&signal()).leak();
    let outcome = faultscope_with(&["spurs", "-", "--format", "cf32", "--rate", "48k", "--json"], data);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    is_the_signal(&outcome.json()["captures"][0], 0.005, 1.0);

    let dir = tempfile::tempdir().unwrap();
    for name in ["b", "a", "c"] {
        make::sigmf(dir.path(), name, "cf32_le", data);
    }
    // What lies beside captures is not taken for one.
    for name in ["a.truth.json", "limits.toml", "photo.jpg", ".hidden"] {
        fs::write(dir.path().join(name), b"[1, 2]").unwrap();
    }
    let folder = dir.path().display().to_string();
    for (words, count) in [
        (folder.clone(), 3),
        (format!("{folder}/*.sigmf-meta"), 3),
        (format!("{folder}/?.sigmf-data"), 3),
        (format!("{folder}/a.sigmf*"), 1),
    ] {
        let document = faultscope(&["info", &words, "--json"]).json();
        let captures = document["captures"].as_array().unwrap();
        assert_eq!(captures.len(), count, "{words}");
        let names: Vec<&str> = captures.iter().filter_map(|c| c["file"].as_str()).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
    let (b, a) = (format!("{folder}/b.sigmf-meta"), format!("{folder}/a.sigmf-meta"));
    let document = faultscope(&["info", &b, &a, "--json"]).json();
    assert_eq!(document["captures"][0]["file"], b.as_str(), "files come in the order given");
}

#[test]
fn spectra_as_files() {
    let dir = tempfile::tempdir().unwrap();
    let tx = sample("tx-after.sigmf-meta");
    for (name, opening) in
        [("x.png", b"\x89PNG\r\n\x1a\n".as_slice()), ("x.svg", b"<svg"), ("x.csv", b""), ("x.json", b"{")]
    {
        let output = dir.path().join(name);
        let outcome = faultscope(&["spectrum", &tx, "--output", &output.display().to_string()]);
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.err);
        let bytes = fs::read(&output).unwrap();
        assert!(bytes.windows(opening.len().max(1)).take(200).any(|w| w == opening || opening.is_empty()), "{name}");
        assert!(bytes.len() > 1000, "{name}");
    }
    // The strongest row of the table is the carrier of the truth: 940.0375 MHz.
    let table = fs::read_to_string(dir.path().join("x.csv")).unwrap();
    let rows = table.lines().filter_map(|l| {
        let mut cells = l.split(',').map(str::parse::<f64>);
        Some((cells.next()?.ok()?, cells.next()?.ok()?))
    });
    let rows: Vec<(f64, f64)> = rows.collect();
    assert_eq!(rows.len(), 4096);
    let (hz, _) = rows.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((hz - 940_037_500.0).abs() < 500_000.0 / 4096.0, "{hz}");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (rail, tx) = (sample("supply-before.sigmf-meta"), sample("tx-before.sigmf-meta"));
    for words in [
        vec!["spectrum", &tx, "--json"],
        vec!["spurs", &tx, "--json", "--limits", "tx-generic"],
        vec!["ripple", &rail, "--json", "--limits", "dc-48v"],
    ] {
        let one = faultscope(&[&words[..], &["--threads", "1"]].concat());
        let four = faultscope(&[&words[..], &["--threads", "4"]].concat());
        assert_eq!(one.out, four.out, "{words:?}");
    }
}

/// A waveform of Keysight's `.bin`: header of 140 bytes, buffer header of 12, 4000 numbers of a sine on `dc` volts.
fn keysight_waveform(segment: u32, dc: f32) -> Vec<u8> {
    const POINTS: u32 = 4000;
    let mut bytes = vec![0; 152];
    let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
    for (at, word) in
        [(0, 140), (4, 1), (8, 1), (12, POINTS), (48, 2), (52, 1), (136, segment), (140, 12), (148, 4 * POINTS)]
    {
        put(at, &word.to_le_bytes());
    }
    put(32, &1e-5f64.to_le_bytes());
    put(144, &[1, 0, 4, 0]);
    bytes.extend((0..POINTS).flat_map(|i| (dc + 0.1 * (std::f32::consts::TAU * i as f32 / 40.0).sin()).to_le_bytes()));
    bytes
}

#[test]
fn a_segment_is_chosen_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("scope.bin");
    let mut bytes = b"AG10\0\0\0\0\x02\0\0\0".to_vec();
    bytes.extend(keysight_waveform(1, 3.3));
    bytes.extend(keysight_waveform(2, 5.0));
    fs::write(&file, bytes).unwrap();
    let file = file.display().to_string();
    for (segment, dc) in [("1", 3.3), ("2", 5.0)] {
        let outcome = faultscope(&["ripple", "--json", &file, "--segment", segment]);
        assert_eq!(outcome.code, 0, "{}{}", outcome.err, outcome.out);
        let capture = outcome.json()["captures"][0].clone();
        // The sine's amplitude is 0.1 V, its peaks lie on samples.
        assert!((number(&capture["ripple"]["dc_v"]) - dc).abs() < 1e-4, "{capture:#}");
        assert!((number(&capture["ripple"]["vpp_v"]) - 0.2).abs() < 1e-3, "{capture:#}");
        assert_eq!(
            (capture["sample_rate_hz"].clone(), capture["format"].clone()),
            (100e3.into(), "keysight/ag10".into())
        );
    }
    let outcome = faultscope(&["ripple", &file, "--segment", "3"]);
    assert!(outcome.code == 2 && outcome.err.contains("1 to 2"), "{} {}", outcome.code, outcome.err);
}
