//! What is written is read back, says what it must, and is never half there.

use faultscope_signal::{Kind, RecordError, Unit, Waveform};
use num_complex::Complex64;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sigmf::{Annotation, Checksum, verify_sha512};
use crate::{OpenOptions, open};

fn iq() -> Waveform {
    let points = [(0.5, -0.25), (-1.0, 0.75), (0.0, 0.125)].map(|(re, im)| Complex64::new(re, im));
    Waveform::iq(&points, 2.4e6, Some(9.4e8)).unwrap()
}

fn read(path: &Path) -> (crate::Capture, Vec<f64>) {
    let capture = open(path, &OpenOptions::default()).unwrap();
    let trace = &capture.traces[0];
    let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
    trace.read_f64(0, &mut out).unwrap();
    (capture, out)
}

fn meta(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn left_over(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn all_five_types_come_back_within_half_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let record = iq();
    for (datatype, step) in [
        (Datatype::Cf32Le, 0.0),
        (Datatype::Ci16Le, 1.0 / 32768.0),
        (Datatype::Ci8, 1.0 / 128.0),
        (Datatype::Cu8, 1.0 / 127.5),
    ] {
        let recording = Recording { datatype, ..Recording::of(&record) };
        let (data, path) = write(&folder.path().join(datatype.name()), &record, &recording).unwrap();
        let (capture, values) = read(&path);
        assert_eq!(capture.format, format!("sigmf/{}", datatype.name()));
        assert_eq!((capture.traces[0].sample_rate_hz, capture.traces[0].center_hz), (2.4e6, Some(9.4e8)));
        for (a, b) in values.iter().zip(record.data()) {
            assert!((a - b).abs() <= step / 2.0 + 1e-12, "{datatype:?}: {a} for {b}");
        }
        assert_eq!(verify_sha512(&data).unwrap(), Checksum::Match);
        assert!(capture.caveats.is_empty());
    }
    let volts = Waveform::real(vec![11.9, 12.25], 1e6, Unit::Volt).unwrap();
    let (_, path) = write(&folder.path().join("12.5V rail"), &volts, &Recording::of(&volts)).unwrap();
    assert!(path.ends_with("12.5V rail.sigmf-meta"));
    let (capture, values) = read(&path);
    assert_eq!((capture.traces[0].unit, values), (Unit::Volt, vec![f64::from(11.9f32), 12.25]));
}

/// Codes by hand: 0.5 is 16384 = 0x4000 and -1 is 0x8000; in offset binary 0.5 is 127.5 * 1.5 = 191.25.
#[test]
fn stored_codes_are_those_of_the_definition() {
    let mut bytes = Vec::new();
    assert_eq!(encode(&[0.5, -1.0], Datatype::Ci16Le, &mut bytes), Some(0));
    assert_eq!(bytes, [0x00, 0x40, 0x00, 0x80]);
    assert_eq!(encode(&[0.5, -1.0, 1.0], Datatype::Ci8, &mut bytes), Some(1));
    assert_eq!(bytes, [0x40, 0x80, 0x7f]);
    assert_eq!(encode(&[0.5, -1.0, 1.0, 2.0], Datatype::Cu8, &mut bytes), Some(1));
    assert_eq!(bytes, [191, 0, 255, 255]);
    assert_eq!(encode(&[0.5, f32::NAN], Datatype::Ci8, &mut bytes), None);
    assert_eq!(encode(&[1.0], Datatype::Cf32Le, &mut bytes), Some(0));
    assert_eq!(bytes, [0, 0, 0x80, 0x3f]);
}

#[test]
fn the_metadata_say_what_was_given_and_are_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let record = iq();
    let mut recording = Recording::of(&record);
    recording.description = Some("12 V rail".into());
    recording.hw = Some("bench".into());
    recording.datetime = Some("2026-11-22T09:30:00.000Z".into());
    recording.extra.insert("faultscope:t0_s".into(), json!(-0.0025));
    recording.extra.insert("my_ns:kept".into(), json!({"a": 1}));
    recording.extra.insert("core:offset".into(), json!(7));
    let mark = |start, label: &str| Annotation {
        sample_start: start,
        sample_count: Some(1),
        frequency_hz: Some((939.9e6, 940.1e6)),
        label: Some(label.into()),
        extra: [("faultscope:verdict".to_owned(), json!("fail"))].into_iter().collect(),
        ..Annotation::default()
    };
    recording.annotations = vec![mark(2, "late"), mark(0, "a label of more than twenty characters")];
    let (_, a) = write(&folder.path().join("a"), &record, &recording).unwrap();
    let (_, b) = write(&folder.path().join("b"), &record, &recording).unwrap();
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(b).unwrap());
    let meta = meta(&a);
    assert_eq!(meta["global"]["core:version"], "1.2.0");
    assert_eq!(meta["global"]["core:sample_rate"], json!(2_400_000));
    assert_eq!(meta["global"]["my_ns:kept"]["a"], 1);
    assert_eq!(meta["global"].get("core:offset"), None);
    assert_eq!(meta["global"]["core:extensions"][0]["optional"], true);
    assert_eq!(meta["captures"][0]["core:datetime"], "2026-11-22T09:30:00.000Z");
    let marks = meta["annotations"].as_array().unwrap();
    assert_eq!(marks[0]["core:label"], "a label of more than");
    assert_eq!(marks[0]["core:comment"], "a label of more than twenty characters");
    assert_eq!((&marks[1]["core:sample_start"], &marks[1]["core:label"]), (&json!(2), &json!("late")));
    assert_eq!(marks[1]["faultscope:verdict"], "fail");
    let (capture, _) = read(&a);
    assert_eq!((capture.traces[0].t0_s, capture.provenance.instrument.as_deref()), (Some(-0.0025), Some("bench")));
    assert_eq!(capture.provenance.start_time, recording.datetime);
}

#[test]
fn keys_marks_and_time_of_another_recording_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let other = json!({
        "global": {"core:datatype": "ci8", "core:author": "A", "core:offset": 10, "core:sample_rate": 1,
            "core:extensions": [{"name": "antenna", "version": "1.0.0", "optional": true}],
            "antenna:model": "dish", "faultscope:swap_iq": true, "faultscope:unit": "V", "bad key": 1},
        "captures": [{"core:sample_start": 10, "core:frequency": 5, "core:datetime": "2020-01-01T00:00:00Z",
            "antenna:azimuth_angle": 137.5}],
        "annotations": [{"core:sample_start": 12, "core:sample_count": 1, "core:label": "burst", "x:y": [1]}],
    });
    let record = iq();
    let mut recording = Recording::of(&record);
    recording.keep(&other);
    let (_, path) = write(&folder.path().join("a"), &record, &recording).unwrap();
    let meta = meta(&path);
    let global = &meta["global"];
    assert_eq!((&global["core:author"], &global["antenna:model"]), (&json!("A"), &json!("dish")));
    assert_eq!((&global["core:datatype"], &global["core:sample_rate"]), (&json!("cf32_le"), &json!(2_400_000)));
    assert_eq!(global["core:extensions"].as_array().unwrap().len(), 2);
    for gone in ["faultscope:swap_iq", "faultscope:unit", "core:offset", "bad key"] {
        assert_eq!(global.get(gone), None, "{gone}");
    }
    let capture = json!({"core:sample_start": 0, "core:frequency": 940_000_000, "core:datetime": "2020-01-01T00:00:00Z",
        "antenna:azimuth_angle": 137.5});
    assert_eq!(meta["captures"], json!([capture]));
    let mark = json!({"core:sample_start": 2, "core:sample_count": 1, "core:label": "burst", "x:y": [1]});
    assert_eq!(meta["annotations"], json!([mark]));
}

#[test]
fn nothing_is_overwritten_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let record = iq();
    let base = folder.path().join("a");
    let mut recording = Recording::of(&record);
    let (data, _) = write(&base, &record, &recording).unwrap();
    recording.datatype = Datatype::Ci8;
    assert_eq!(write(&base, &record, &recording).unwrap_err().kind(), "options");
    assert_eq!(std::fs::metadata(&data).unwrap().len(), 24);
    recording.overwrite = true;
    write(&data, &record, &recording).unwrap();
    assert_eq!(std::fs::metadata(&data).unwrap().len(), 6);
    assert_eq!(verify_sha512(&data).unwrap(), Checksum::Match);
    assert_eq!(left_over(folder.path()).len(), 2);
}

/// A record that fails after its first block.
struct Breaks;

impl Record for Breaks {
    fn kind(&self) -> Kind {
        Kind::Real
    }
    fn sample_rate_hz(&self) -> f64 {
        1.0
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        Unit::Volt
    }
    fn frames(&self) -> u64 {
        2 * BLOCK as u64
    }
    fn read_f64(&self, _: u64, _: &mut [f64]) -> Result<usize, RecordError> {
        Err(RecordError::new("unused"))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        if start == 0 { Ok(out.len()) } else { Err(RecordError::new("the stick was pulled out")) }
    }
}

#[test]
fn a_failure_half_way_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let error = write(&folder.path().join("a"), &Breaks, &Recording::of(&Breaks)).unwrap_err();
    assert!(error.to_string().contains("the stick was pulled out"));
    assert!(left_over(folder.path()).is_empty());
    let missing = write(&folder.path().join("no/such/folder"), &iq(), &Recording::of(&iq())).unwrap_err();
    assert_eq!(missing.kind(), "io");
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let record = iq();
    let good = Recording::of(&record);
    let mut key = good.clone();
    key.extra.insert("nocolon".into(), json!(1));
    let edges = Annotation { frequency_hz: Some((2.0, 1.0)), ..Annotation::default() };
    for bad in [
        Recording { datatype: Datatype::Rf32Le, ..good.clone() },
        Recording { sample_rate_hz: f64::NAN, ..good.clone() },
        Recording { center_hz: Some(f64::INFINITY), ..good.clone() },
        Recording { datatype: Datatype::Ci8, unit: Unit::Volt, ..good.clone() },
        Recording { datetime: Some("2026-11-22T09:30:00+01:00".into()), ..good.clone() },
        Recording { annotations: vec![edges], ..good },
        key,
    ] {
        assert_eq!(write(&folder.path().join("a"), &record, &bad).unwrap_err().kind(), "options", "{bad:?}");
    }
    let holes = Waveform::iq(&[Complex64::new(f64::NAN, 0.0)], 1.0, None).unwrap();
    let ints = Recording { datatype: Datatype::Cu8, ..Recording::of(&holes) };
    assert_eq!(write(&folder.path().join("a"), &holes, &ints).unwrap_err().kind(), "options");
    let empty = Waveform::iq(&[], 1.0, None).unwrap();
    assert_eq!(write(&folder.path().join("a"), &empty, &Recording::of(&empty)).unwrap_err().kind(), "options");
    assert!(left_over(folder.path()).is_empty());
}

#[test]
fn clipped_samples_are_counted_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let loud = Waveform::iq(&[Complex64::new(1.5, 0.0), Complex64::new(0.0, -7.0)], 1.0, None).unwrap();
    let recording = Recording { datatype: Datatype::Ci16Le, ..Recording::of(&loud) };
    let (_, path) = write(&folder.path().join("a"), &loud, &recording).unwrap();
    assert_eq!(meta(&path)["global"]["faultscope:clipped_samples"], 2);
    assert_eq!(read(&path).0.caveats[0].kind, crate::CaveatKind::Clipped);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_float_record_comes_back_bit_for_bit(values in proptest::collection::vec(any::<f32>(), 1..300)) {
        let folder = tempfile::tempdir().unwrap();
        let record = Waveform::real(values.iter().map(|v| f64::from(*v)).collect(), 1e3, Unit::Volt).unwrap();
        let (data, _) = write(&folder.path().join("a"), &record, &Recording::of(&record)).unwrap();
        let mut back = vec![0f32; values.len()];
        open(&data, &OpenOptions::default()).unwrap().traces[0].read_f32(0, &mut back).unwrap();
        for (a, b) in back.iter().zip(&values) {
            prop_assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
        }
    }
}
