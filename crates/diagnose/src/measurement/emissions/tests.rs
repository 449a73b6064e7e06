//! Levels by algebra against lines: of samples, of exported spectra, and everything that must not read as a pass.

use std::f64::consts::TAU;

use faultscope_signal::{Record as _, SweptSpectrum, Unit, Waveform};

use super::super::{Detail, Measured, Measurement as _, Settings};
use super::*;
use crate::judge;
use crate::verdict::Verdict;

fn pack(body: &str) -> LimitSet {
    let head = "[pack]\nid='p'\nversion='1'\ntitle='t'\nsource='s'\nauthor='a'\nvalid_from='2026-01-01'\n";
    let limit = "[[limit]]\nid='l'\nmeasurement='emissions'\nreading='emission'\nclause='c'\nconfidence='S'\nguard=1.0\n\
                 severity='major'\n";
    LimitSet::parse(&format!("{head}{limit}{body}"), "test").unwrap()
}

fn segment(from: f64, to: f64, bandwidth: f64, start: f64, stop: f64) -> String {
    format!(
        "[[limit.segment]]\nfrom_hz={from:?}\nto_hz={to:?}\nbandwidth_hz={bandwidth:?}\nstart_db={start:?}\nstop_db={stop:?}\n"
    )
}

fn settings(pack: &LimitSet, more: EmissionsSettings) -> Settings {
    let lines = EmissionsSettings::lines_of(std::slice::from_ref(pack)).collect();
    Settings { emissions: Some(EmissionsSettings { lines, ..more }), ..Settings::default() }
}

fn verdicts(measured: &Measured, pack: &LimitSet) -> Vec<(Verdict, String)> {
    judge(measured, std::slice::from_ref(pack)).into_iter().map(|f| (f.verdict, f.reason)).collect()
}

fn detail(measured: &Measured) -> &EmissionsDetail {
    match &measured.detail {
        Detail::Emissions(d) => d,
        other => panic!("{other:?}"),
    }
}

/// I/Q at 1 MS/s about 100 MHz: a carrier of 0 dBFS at +50 kHz, a line of -60 dBFS at -200 kHz.
fn transmitter() -> Waveform {
    let samples = (0..200_000).flat_map(|n| {
        let (a, b) = (TAU * 0.05 * f64::from(n), TAU * -0.2 * f64::from(n));
        [a.cos() + 1e-3 * b.cos(), a.sin() + 1e-3 * b.sin()]
    });
    Waveform::interleaved(samples.collect(), 1e6, Some(100e6)).unwrap()
}

fn of_samples(pack: &LimitSet, more: EmissionsSettings) -> Measured {
    Emissions.measure(&transmitter(), &[], &settings(pack, more)).unwrap()
}

#[test]
fn a_line_is_read_in_its_bandwidth_and_held_against_the_slope() {
    // From -50 dB at 99.7 MHz to -70 dB at 99.9 MHz: -60 dB at 99.8 MHz, where the line stands.
    let slope = |shift: f64| {
        pack(&format!("unit='dBFS'\naxis='absolute'\n{}", segment(99.7e6, 99.9e6, 1e3, -50.0 + shift, -70.0 + shift)))
    };
    for (shift, verdict) in [(-0.5, Verdict::Fail), (0.5, Verdict::Margin), (2.0, Verdict::Pass)] {
        let pack = slope(shift);
        let measured = of_samples(&pack, EmissionsSettings::default());
        let point = &detail(&measured).points[0];
        assert!((point.frequency_hz.unwrap() - 99.8e6).abs() < 1e3, "{point:?}");
        assert!((point.level_db.unwrap() + 60.0).abs() < 0.05, "{point:?}");
        assert!((point.margin_db.unwrap() - shift).abs() < 0.2, "{point:?}");
        assert_eq!(verdicts(&measured, &pack), [(verdict, String::new())]);
    }
}

#[test]
fn offsets_count_from_the_carrier_on_both_sides_and_dbc_from_its_level() {
    // The line is 250 kHz below the carrier and 60 dB below it.
    let pack = pack(&format!("unit='dBc'\naxis='offset'\n{}", segment(100e3, 300e3, 1e3, -59.0, -59.0)));
    let measured = of_samples(&pack, EmissionsSettings::default());
    let points = &detail(&measured).points;
    assert!((points[0].level_db.unwrap() + 60.0).abs() < 0.05, "{points:?}");
    assert!(points[1].level_db.unwrap() < -90.0);
    assert!(verdicts(&measured, &pack).iter().all(|v| matches!(v.0, Verdict::Pass | Verdict::Margin)));
}

#[test]
fn what_is_not_covered_not_calibrated_or_not_said_is_not_evaluated() {
    let more = EmissionsSettings::default;
    let wide = pack(&format!("unit='dBFS'\naxis='absolute'\n{}", segment(1e6, 1e9, 1e3, 10.0, 10.0)));
    let found = verdicts(&of_samples(&wide, more()), &wide);
    assert!(found.iter().all(|v| v.0 == Verdict::NotEvaluated) && found[0].1.contains("not covered"), "{found:?}");
    // The same part can fail: what is outside stands, whatever else there is.
    let low = pack(&format!("unit='dBFS'\naxis='absolute'\n{}", segment(1e6, 1e9, 1e3, -10.0, -10.0)));
    assert_eq!(verdicts(&of_samples(&low, more()), &low)[0].0, Verdict::Fail);
    let elsewhere = pack(&format!("unit='dBFS'\naxis='absolute'\n{}", segment(1e9, 2e9, 1e3, 10.0, 10.0)));
    let found = verdicts(&of_samples(&elsewhere, more()), &elsewhere);
    assert!(found.len() == 1 && found[0].0 == Verdict::NotEvaluated && found[0].1.contains("covers"), "{found:?}");
    let absolute = pack(&format!("unit='dBm'\naxis='absolute'\n{}", segment(99.7e6, 99.9e6, 1e3, 10.0, 10.0)));
    let found = verdicts(&of_samples(&absolute, more()), &absolute);
    assert!(found.len() == 1 && found[0].0 == Verdict::NotEvaluated && found[0].1.contains("calibration"), "{found:?}");
    for (exclude, option) in [("operating_band", "--band"), ("necessary_bandwidth", "--bandwidth")] {
        let body =
            format!("unit='dBFS'\naxis='absolute'\nexclude='{exclude}'\n{}", segment(99.7e6, 99.9e6, 1e3, 9.0, 9.0));
        let pack = pack(&body);
        let found = verdicts(&of_samples(&pack, more()), &pack);
        assert!(found.len() == 1 && found[0].0 == Verdict::NotEvaluated && found[0].1.contains(option), "{found:?}");
    }
}

#[test]
fn the_carrier_is_left_out_where_the_line_says_so() {
    let body = format!(
        "unit='dBFS'\naxis='absolute'\nexclude='necessary_bandwidth'\n{}",
        segment(99.7e6, 100.3e6, 1e3, -30.0, -30.0)
    );
    let pack = pack(&body);
    let measured = of_samples(&pack, EmissionsSettings { bandwidth_hz: Some(20e3), ..EmissionsSettings::default() });
    let points = &detail(&measured).points;
    assert_eq!(points.len(), 2);
    assert!((points[0].to_hz - 100e6).abs() < 100.0 && (points[1].from_hz - 100.1e6).abs() < 100.0, "{points:?}");
    assert!(verdicts(&measured, &pack).iter().all(|v| v.0 == Verdict::Pass), "{points:?}");
}

#[test]
fn a_resolution_that_does_not_suit_can_pass_but_not_fail() {
    // 4096 points of 1 MS/s are bins of 244 Hz: too wide for 100 Hz, and a bound all the same.
    for (limit, verdict) in [(-55.0, Verdict::Pass), (-65.0, Verdict::NotEvaluated)] {
        let pack = pack(&format!("unit='dBFS'\naxis='absolute'\n{}", segment(99.75e6, 99.85e6, 100.0, limit, limit)));
        let settings = Settings { fft: Some(4096), ..settings(&pack, EmissionsSettings::default()) };
        let measured = Emissions.measure(&transmitter(), &[], &settings).unwrap();
        let found = verdicts(&measured, &pack);
        assert_eq!(found[0].0, verdict, "{found:?}");
    }
}

/// -90 dBm at every 1 kHz from 1 to 2 MHz, with -40 dBm at 1.5 MHz.
fn export(rbw_hz: Option<f64>) -> SweptSpectrum {
    let hz: Vec<f64> = (0..=1000).map(|i| 1e6 + 1e3 * f64::from(i)).collect();
    let levels = (0..=1000).map(|i| if i == 500 { -40.0 } else { -90.0 }).collect();
    SweptSpectrum { rbw_hz, ..SweptSpectrum::single("t", hz, levels, Unit::Dbm) }
}

#[test]
fn exported_spectra_are_summed_to_the_bandwidth_of_the_clause() {
    let pack = pack(&format!("unit='dBm'\naxis='absolute'\n{}", segment(1.6e6, 1.9e6, 10e3, -79.0, -79.0)));
    let asked = settings(&pack, EmissionsSettings::default());
    // Ten times -90 dBm are -80 dBm.
    let measured = exported(&export(Some(1e3)), &[], &asked).unwrap();
    let point = &detail(&measured).points[0];
    assert!((point.level_db.unwrap() + 80.0).abs() < 0.5, "{point:?}");
    assert!(matches!(verdicts(&measured, &pack)[0].0, Verdict::Pass | Verdict::Margin));
    let unknown = exported(&export(None), &[], &asked).unwrap();
    assert!(verdicts(&unknown, &pack)[0].1.contains("resolution bandwidth"));
    let line = self::pack(&format!("unit='dBm'\naxis='absolute'\n{}", segment(1e6, 2e6, 10e3, -45.0, -45.0)));
    let measured = exported(&export(Some(1e3)), &[], &settings(&line, EmissionsSettings::default())).unwrap();
    assert_eq!(verdicts(&measured, &line)[0].0, Verdict::Fail);
    // Seen through 100 kHz the level may be that of something else: no failure can be called.
    let measured = exported(&export(Some(100e3)), &[], &settings(&line, EmissionsSettings::default())).unwrap();
    assert_eq!(verdicts(&measured, &line)[0].0, Verdict::NotEvaluated);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let pack = pack(&format!("unit='dBm'\naxis='absolute'\n{}", segment(1e6, 2e6, 10e3, -45.0, -45.0)));
    let record = transmitter();
    assert!(Emissions.measure(&record, &[], &Settings::default()).is_err());
    let band = EmissionsSettings { band: Some("n999".into()), ..EmissionsSettings::default() };
    assert!(Emissions.measure(&record, &[], &settings(&pack, band)).is_err());
    let huge = Settings { fft: Some(1 << 20), ..settings(&pack, EmissionsSettings::default()) };
    assert!(Emissions.measure(&record, &[], &huge).is_err() && record.frames() == 200_000);
}
