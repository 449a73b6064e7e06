//! Pairs built by hand: a description with the properties that the user manual lists, and samples behind eight bytes.

use faultscope_signal::{Record as _, Unit};

use crate::format::fixture::{close, has, open_beside, survives_damage, values};
use crate::{Capture, CaptureError, CaveatKind, OpenOptions};

fn xml(properties: &[(&str, &str)], channels: &[(&str, [&str; 4])]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<Database FWVersion=\"\" SaveItemType=\"Data\">\n<Group Name=\"ReferenceCurveAttributes\">\n",
    );
    let standard = [
        ("Resolution", "1e-06"),
        ("RecordLength", "3"),
        ("SignalRecordLength", "3"),
        ("SignalHardwareRecordLength", "6"),
        ("LeadingSettlingSamples", "2"),
        ("XStart", "-0.002"),
        ("BaseUnit", "eRS_UNIT_LEVEL_V"),
        ("Source", "eRS_SIGNAL_SOURCE_CH3_TR1"),
        ("VerticalScale", "0.5"),
        ("VerticalOffset", "2"),
        ("VerticalPosition", "1"),
        ("VerticalDivisionCount", "10"),
        ("NofQuantisationLevels", "250"),
        ("NumberOfAcquisitions", "1"),
        ("MultiChannelExport", "eRS_ONOFF_OFF"),
        ("FirmwareVersion", "4.80"),
    ];
    for (name, value) in standard {
        let value = properties.iter().find(|(n, _)| *n == name).map_or(value, |(_, v)| v);
        text += &format!("<Prop Avail=\"0\" Name=\"{name}\" Value=\"{value}\" UserValue=\"7\"/>\n");
    }
    for (name, [a, b, c, d]) in channels {
        text += &format!("<Prop Name=\"{name}\" Size=\"4\" I_0=\"{a}\" I_1=\"{b}\" I_2=\"{c}\" I_3=\"{d}\"/>\n");
    }
    text + "</Group></Database>\n"
}

fn payload(code: u32, samples: &[u8]) -> Vec<u8> {
    [&code.to_le_bytes(), &6u32.to_le_bytes(), samples].concat()
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn open(xml: &str, payload: &[u8]) -> Result<Capture, CaptureError> {
    open_beside("a.bin", xml.as_bytes(), &[("a.Wfm.bin", payload)], &OpenOptions::default())
}

#[test]
fn floats_are_volts_behind_the_leading_samples() {
    let payload = payload(4, &floats(&[9.0, 9.0, 1.0, -2.0, 3.0, 9.0]));
    let text = xml(&[], &[]);
    let by_xml = open(&text, &payload).unwrap();
    let by_samples =
        open_beside("a.Wfm.bin", &payload, &[("a.bin", text.as_bytes())], &OpenOptions::default()).unwrap();
    for capture in [by_xml, by_samples] {
        let trace = &capture.traces[0];
        assert_eq!((trace.name.as_str(), trace.unit), ("CH3", Unit::Volt));
        close(&values(trace), &[1.0, -2.0, 3.0]);
        assert!((trace.sample_rate_hz / 1e6 - 1.0).abs() < 1e-12 && trace.t0_s == Some(-0.002));
        assert!(capture.path.ends_with("a.Wfm.bin") && capture.files.len() == 2);
        assert!(capture.caveats.is_empty(), "{:?}", capture.caveats);
    }
}

#[test]
fn codes_become_volts_by_scale_divisions_and_levels() {
    // 0.5 V/div * 10 div / 250 levels = 20 mV; offset 2 V - 1 div * 0.5 V = 1.5 V.
    let bytes = open(&xml(&[], &[]), &payload(0, &[99, 99, 0, 50, 0xce, 99])).unwrap();
    close(&values(&bytes.traces[0]), &[1.5, 2.5, 0.5]);
    close(&[bytes.traces[0].rails().unwrap().1], &[1.5 + 127.0 * 0.02]);
    let words: Vec<u8> = [9i16, 9, 0, 50, -50, 9].iter().flat_map(|v| v.to_le_bytes()).collect();
    close(&values(&open(&xml(&[], &[]), &payload(1, &words)).unwrap().traces[0]), &[1.5, 2.5, 0.5]);
}

#[test]
fn channels_are_interleaved_behind_their_time() {
    let several = [("MultiChannelExport", "eRS_ONOFF_ON")];
    let state = ["eRS_ONOFF_ON", "eRS_ONOFF_OFF", "eRS_ONOFF_OFF", "eRS_ONOFF_ON"];
    let source =
        ["eRS_SIGNAL_SOURCE_CH1_TR1", "eRS_SIGNAL_SOURCE_NONE", "eRS_SIGNAL_SOURCE_NONE", "eRS_SIGNAL_SOURCE_CH4_TR1"];
    let text = xml(&several, &[("MultiChannelExportState", state), ("MultiChannelSource", source)]);
    let mut samples = Vec::new();
    for i in 0..6 {
        samples.extend((f64::from(i) * 1e-6).to_le_bytes());
        samples.extend(floats(&[i as f32, -10.0 * i as f32]));
    }
    let capture = open(&text, &payload(6, &samples)).unwrap();
    assert_eq!(capture.traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["CH1", "CH4"]);
    close(&values(&capture.traces[0]), &[2.0, 3.0, 4.0]);
    close(&values(&capture.traces[1]), &[-20.0, -30.0, -40.0]);
}

#[test]
fn acquisitions_of_a_history_are_segments() {
    let text = xml(&[("NumberOfAcquisitions", "2")], &[]);
    let numbers: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let payload = payload(4, &floats(&numbers));
    let ask = |segment| {
        let options = OpenOptions { segment: Some(segment), ..OpenOptions::default() };
        open_beside("a.bin", text.as_bytes(), &[("a.Wfm.bin", &payload)], &options)
    };
    close(&values(&ask(1).unwrap().traces[0]), &[2.0, 3.0, 4.0]);
    close(&values(&ask(2).unwrap().traces[0]), &[8.0, 9.0, 10.0]);
    assert_eq!(ask(3).unwrap_err().kind(), "options");
    assert!(has(&open(&text, &payload).unwrap(), CaveatKind::Ignored));
}

#[test]
fn half_a_pair_and_an_unknown_code_are_errors_with_a_way_out() {
    let text = xml(&[], &[]);
    let alone = open_beside("a.bin", text.as_bytes(), &[], &OpenOptions::default()).unwrap_err();
    assert!(alone.kind() == "unknown" && alone.hint().unwrap().contains("a.Wfm.bin"), "{alone}");
    let alone = open_beside("a.Wfm.bin", &payload(4, &[0; 24]), &[], &OpenOptions::default()).unwrap_err();
    assert!(alone.hint().unwrap().contains("a.bin"), "{alone}");
    assert_eq!(open(&text, &payload(77, &[0; 24])).unwrap_err().kind(), "unsupported");
    assert_eq!(open(&xml(&[("Resolution", "0")], &[]), &payload(4, &[0; 24])).unwrap_err().kind(), "malformed");
    assert_eq!(
        open(&xml(&[("RecordLength", "x"), ("SignalRecordLength", "x")], &[]), &payload(4, &[0; 24]))
            .unwrap_err()
            .kind(),
        "malformed"
    );
    assert!(
        has(&open(&text, &payload(4, &[0; 20])).unwrap(), CaveatKind::Truncated)
            || open(&text, &payload(4, &[0; 16])).is_ok()
    );
}

#[test]
fn damage_is_an_answer() {
    let numbers: Vec<f32> = (0..300).map(|i| i as f32).collect();
    let lengths = [("RecordLength", "290"), ("SignalRecordLength", "290"), ("SignalHardwareRecordLength", "300")];
    let text = xml(&lengths, &[]);
    survives_damage("scope.Wfm.bin", &payload(4, &floats(&numbers)), &[("scope.bin", text.as_bytes())]);
    survives_damage("scope.bin", text.as_bytes(), &[("scope.Wfm.bin", &payload(4, &floats(&numbers)))]);
}
