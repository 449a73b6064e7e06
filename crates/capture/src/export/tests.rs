//! What is written is read back the same, says what it must, and is never half there.

use faultscope_signal::{Record, RecordError, Unit, Waveform};
use num_complex::Complex64;

use super::*;
use crate::sigmf::{Recording, write_archive};
use crate::{Capture, Notes, OpenOptions, open};

fn iq(center: f64, rate: f64) -> Waveform {
    let points: Vec<Complex64> =
        (0..5000).map(|i| Complex64::new(f64::from(i % 256) / 256.0 - 0.5, f64::from(i % 32) / -64.0)).collect();
    Waveform::iq(&points, rate, Some(center)).unwrap()
}

fn volts() -> Waveform {
    Waveform::real((0..5000).map(|i| f64::from(i % 97) * 0.125 + 47.0).collect(), 1e6, Unit::Volt).unwrap()
}

fn all(capture: &Capture) -> Vec<f64> {
    let trace = &capture.traces[0];
    let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
    assert_eq!(trace.read_f64(0, &mut out).unwrap() as u64, trace.frames);
    out
}

fn notes(record: &Waveform) -> Notes {
    Notes {
        start_time: Some("2026-11-22T09:30:00.250Z".into()),
        t0_s: Some(-0.0025),
        instrument: Some("DS1104Z, \"lab\"".into()),
        ..Notes::of(record)
    }
}

/// Every format, with everything that a record tells of itself.
#[test]
fn records_come_back_from_every_format() {
    let folder = tempfile::tempdir().unwrap();
    // A centre beyond 32 bits and a rate that is no whole number of hertz.
    for (name, record) in [("iq", iq(5.8e9, 1e6 / 3.0)), ("rail", volts())] {
        let notes = notes(&record);
        let at = |extension: &str| folder.path().join(format!("{name}.{extension}"));
        write_csv(&at("csv"), &record, &notes, false).unwrap();
        write_wav(&at("wav"), &record, WavSamples::Float, &notes, false).unwrap();
        let mut recording = Recording::of(&record);
        recording.datetime = notes.start_time.clone();
        write_archive(&at("sigmf"), &record, &recording).unwrap();
        for extension in ["csv", "wav", "sigmf"] {
            let capture = open(&at(extension), &OpenOptions::default()).unwrap();
            let trace = &capture.traces[0];
            assert_eq!(all(&capture), record.data(), "{name}.{extension}");
            assert_eq!((trace.kind, trace.unit, trace.center_hz), (record.kind(), record.unit(), record.center_hz()));
            assert_eq!(trace.sample_rate_hz, record.sample_rate_hz(), "{name}.{extension}");
            assert_eq!(capture.provenance.start_time, notes.start_time, "{name}.{extension}");
            assert!(capture.caveats.is_empty(), "{name}.{extension}: {:?}", capture.caveats);
            if extension != "sigmf" {
                assert_eq!((trace.t0_s, &capture.provenance.instrument), (notes.t0_s, &notes.instrument));
            }
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6, "nothing else is left");
}

#[test]
fn sixteen_bits_come_back_within_half_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let record = iq(1e8, 48e3);
    write_wav(&path, &record, WavSamples::Pcm16, &Notes::of(&record), false).unwrap();
    let capture = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(capture.format, "wav/pcm16");
    for (a, b) in all(&capture).iter().zip(record.data()) {
        assert!((a - b).abs() <= 0.5 / 32_768.0 + 1e-12);
    }
    let error = write_wav(&path, &volts(), WavSamples::Pcm16, &Notes::default(), true).unwrap_err();
    assert_eq!(error.kind(), "options");
}

/// The bytes of the header, by the layout of the format; hound, an independent reader, takes the file too.
#[test]
fn the_header_is_the_published_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let record = iq(7.1e6, 48e3);
    write_wav(&path, &record, WavSamples::Float, &notes(&record), false).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 8);
    let auxi = bytes.windows(4).position(|w| w == b"auxi").unwrap() + 8;
    let words: Vec<u16> = bytes[auxi..auxi + 16].chunks(2).map(|w| u16::from_le_bytes([w[0], w[1]])).collect();
    // 22 November 2026 is a Sunday.
    assert_eq!(words, [2026, 11, 0, 22, 9, 30, 0, 250]);
    assert_eq!(u32::from_le_bytes(bytes[auxi + 32..auxi + 36].try_into().unwrap()), 7_100_000);
    let mut reader = hound::WavReader::open(&path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 48_000, 32));
    let values: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    assert!(values.iter().zip(record.data()).all(|(a, b)| f64::from(*a) == *b) && values.len() == record.data().len());
}

/// A record of as many zeros as wanted.
struct Zeros(u64);

impl Record for Zeros {
    fn kind(&self) -> faultscope_signal::Kind {
        faultscope_signal::Kind::Iq
    }
    fn sample_rate_hz(&self) -> f64 {
        1e6
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        Unit::FullScale
    }
    fn frames(&self) -> u64 {
        self.0
    }
    fn full_scale(&self) -> Option<f64> {
        None
    }
    fn read_f64(&self, _start: u64, _out: &mut [f64]) -> Result<usize, RecordError> {
        Err(RecordError::new("pulled out"))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        if start > 0 { Err(RecordError::new("pulled out")) } else { Ok(out.len() / 2) }
    }
}

#[test]
fn after_an_error_nothing_is_there_and_nothing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let long = Zeros(1 << 40);
    let notes = Notes::default();
    for error in [
        write_csv(&at("x.csv"), &long, &notes, false).unwrap_err(),
        write_wav(&at("x.wav"), &long, WavSamples::Float, &notes, false).unwrap_err(),
        write_archive(&at("x.sigmf"), &long, &Recording::of(&long)).unwrap_err(),
    ] {
        assert!(error.to_string().contains("pulled out"), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::fs::write(at("x.csv"), "mine").unwrap();
    let error = write_csv(&at("x.csv"), &volts(), &notes, false).unwrap_err();
    assert!(error.kind() == "options" && error.to_string().contains("there already"), "{error}");
    assert_eq!(std::fs::read(at("x.csv")).unwrap(), b"mine");
    write_csv(&at("x.csv"), &volts(), &notes, true).unwrap();
    let error = write_wav(&at("none/x.wav"), &volts(), WavSamples::Float, &notes, false).unwrap_err();
    assert_eq!(error.kind(), "io");
}
