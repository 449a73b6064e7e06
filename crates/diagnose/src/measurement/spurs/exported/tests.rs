//! Traces made by formula: lines of known level over scatter of a fixed seed, and what must be found in them.

use super::*;
use crate::{LimitSet, Verdict, judge};

/// Noise of a fixed seed with a standard deviation of about 1 dB (a sum of twelve uniform deviates).
fn noise(n: usize) -> Vec<f64> {
    let mut seed = 7u64;
    let mut uniform = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

/// 100 to 300 MHz in steps of 100 kHz, floor at -90 dBm, lines as given (MHz, dBm).
fn spectrum(lines: &[(f64, f64)]) -> SweptSpectrum {
    let frequency: Vec<f64> = (0..=2000).map(|i| 100e6 + f64::from(i) * 1e5).collect();
    let mut levels: Vec<f64> = noise(2001).iter().map(|v| v - 90.0).collect();
    for (mhz, level) in lines {
        let at = ((mhz * 1e6 - 100e6) / 1e5).round() as usize;
        for (d, fall) in [(-1i32, 10.0), (0, 0.0), (1, 10.0)] {
            let i = at as i32 + d;
            levels[i as usize] = level - fall;
        }
    }
    SweptSpectrum::single("", frequency, levels, Unit::Dbm)
}

fn measured(spectrum: &SweptSpectrum, settings: &Settings) -> (Measured, SpursDetail) {
    let measured = exported(spectrum, &[], settings).unwrap();
    let Detail::Spurs(detail) = measured.detail.clone() else { panic!() };
    (measured, detail)
}

fn value(measured: &Measured, id: &str) -> f64 {
    measured.readings.iter().find(|r| r.id == id).unwrap().value
}

#[test]
fn carrier_spurs_and_harmonic_are_found_with_their_levels() {
    let (m, d) = measured(&spectrum(&[(120.0, -10.0), (240.0, -55.0), (187.3, -70.0)]), &Settings::default());
    let carrier = d.carrier.unwrap();
    assert_eq!((carrier.frequency_hz, carrier.level_db, carrier.offset_hz), (120e6, -10.0, -80e6));
    assert_eq!(d.spurs.len(), 2, "{:?}", d.spurs);
    assert_eq!((d.spurs[0].frequency_hz, d.spurs[0].level_dbc), (240e6, Some(-45.0)));
    assert_eq!((d.spurs[0].origin, d.spurs[0].order), (Origin::Harmonic, Some(2)));
    assert_eq!((d.spurs[1].origin, d.spurs[1].level_dbc), (Origin::Unknown, Some(-60.0)));
    assert_eq!(d.spurs[1].persistent, None);
    assert_eq!((value(&m, "sfdr"), value(&m, "worst_spur"), value(&m, "carrier_level")), (45.0, -45.0, -10.0));
    assert!((carrier.snr_db - 80.0).abs() < 1.0);
}

#[test]
fn noise_alone_has_no_carrier() {
    let (m, d) = measured(&spectrum(&[]), &Settings::default());
    assert!(d.carrier.is_none() && d.spurs.is_empty() && m.readings.is_empty());
    // 1 dB of scatter, 2001 points, one chance in a hundred: about 4.4 standard deviations.
    assert!((deviations(0.01 / 2001.0) - 4.417).abs() < 0.01);
    assert!((deviations(0.022_750_13) - 2.0).abs() < 1e-4);
}

#[test]
fn limits_are_judged_and_what_needs_samples_is_not_evaluated() {
    let pack = r#"
        [pack]
        id = "t"
        version = "1"
        title = "t"
        source = "t"
        equipment = "t"
        author = "t"
        valid_from = "2026-01-01"
        [[limit]]
        id = "spur"
        measurement = "spurs"
        reading = "spur_level"
        upper = -50.0
        unit = "dBc"
        guard = 1.0
        clause = "t"
        confidence = "W"
        severity = "major"
        per_line = true
        detectable = "spur_detectable"
        [[limit]]
        id = "thd"
        measurement = "spurs"
        reading = "thd"
        upper = -30.0
        unit = "dB"
        guard = 1.0
        clause = "t"
        confidence = "W"
        severity = "major"
    "#;
    let packs = [LimitSet::parse(pack, "t").unwrap()];
    let verdicts = |lines: &[(f64, f64)]| -> Vec<Verdict> {
        let (m, _) = measured(&spectrum(lines), &Settings::default());
        judge(&m, &packs).iter().map(|f| f.verdict).collect()
    };
    assert_eq!(verdicts(&[(120.0, -10.0), (240.0, -55.0)]), [Verdict::Fail, Verdict::NotEvaluated]);
    assert_eq!(verdicts(&[(120.0, -10.0), (240.0, -65.0)]), [Verdict::Pass, Verdict::NotEvaluated]);
    // No line, and every line above -85 dBm would have been seen: 75 dB below the carrier.
    assert_eq!(verdicts(&[(120.0, -10.0)]), [Verdict::Pass, Verdict::NotEvaluated]);
    // A carrier so weak that a line at -50 dBc would have drowned.
    assert_eq!(verdicts(&[(120.0, -60.0)]), [Verdict::NotEvaluated, Verdict::NotEvaluated]);
    assert_eq!(verdicts(&[]), [Verdict::NotEvaluated, Verdict::NotEvaluated]);
    let (m, _) = measured(&spectrum(&[(120.0, -10.0)]), &Settings::default());
    assert!(judge(&m, &packs)[1].reason.contains("samples"));
}

#[test]
fn the_wanted_carrier_and_the_oscillator_at_zero() {
    let settings = Settings { carrier_hz: Some(187.3e6), ..Settings::default() };
    let (_, d) = measured(&spectrum(&[(120.0, -10.0), (187.3, -30.0)]), &settings);
    assert_eq!((d.carrier.unwrap().frequency_hz, d.spurs[0].level_dbc), (187.3e6, Some(20.0)));
    let mut low = spectrum(&[(120.0, -30.0)]);
    low.frequency_hz.iter_mut().for_each(|f| *f -= 100e6);
    low.span_hz = (0.0, 200e6);
    low.average_db[0] = 0.0;
    let (m, d) = measured(&low, &Settings::default());
    assert_eq!(d.carrier.unwrap().frequency_hz, 20e6);
    assert_eq!((d.spurs.len(), d.spurs[0].origin), (1, Origin::Dc));
    assert!(m.readings.iter().all(|r| r.id != "spur_level"));
}

#[test]
fn bursts_show_in_the_lowest_of_several_sweeps() {
    let mut s = spectrum(&[(120.0, -10.0), (187.3, -50.0), (240.0, -55.0)]);
    let mut min = s.average_db.clone();
    min[873] = -91.0;
    (s.min_db, s.max_db, s.sweeps) = (Some(min), Some(s.average_db.clone()), 9);
    let (_, d) = measured(&s, &Settings::default());
    assert_eq!((d.spurs[0].frequency_hz, d.spurs[0].persistent), (187.3e6, Some(false)));
    assert_eq!(d.spurs[1].persistent, Some(true));
}

#[test]
fn a_modulated_signal_that_fills_the_trace_is_a_carrier_and_no_line() {
    // 128 points of 781.25 Hz, a hump 2.3 dB high and 30 points wide, scatter of 0.03 dB: an FM station in many sweeps.
    let frequency: Vec<f64> = (0..128).map(|i| 80.15e6 + f64::from(i) * 781.25).collect();
    let shape = |i: usize| 2.3 * (-((i as f64 - 64.0) / 30.0).powi(2)).exp();
    let levels: Vec<f64> = noise(128).iter().enumerate().map(|(i, v)| -27.8 + shape(i) + 0.03 * v).collect();
    let (m, d) = measured(&SweptSpectrum::single("", frequency.clone(), levels, Unit::Db), &Settings::default());
    let carrier = d.carrier.unwrap();
    assert!((carrier.frequency_hz - 80.2e6).abs() < 8e3 && (carrier.level_db + 25.5).abs() < 0.2, "{carrier:?}");
    assert!(d.spurs.is_empty() && m.gates.iter().any(|g| g.gate == "carrier"));
    assert!(m.readings.iter().all(|r| r.id != "sfdr" && r.id != "worst_spur"));
    // Nothing could have been seen 50 dB below it.
    assert!(value(&m, "spur_detectable") > -10.0);
    let flat: Vec<f64> = noise(128).iter().map(|v| -27.8 + 0.3 * v).collect();
    assert!(measured(&SweptSpectrum::single("", frequency, flat, Unit::Db), &Settings::default()).1.carrier.is_none());
}

#[test]
fn a_hump_is_one_peak_and_a_fall_parts_two() {
    assert_eq!(parted(&[0.0, 5.0, 10.0, 7.0, 11.0, 5.0, 0.0], 6.0), [4]);
    assert_eq!(parted(&[0.0, 10.0, 3.0, 11.0, 0.0], 6.0), [1, 3]);
    assert_eq!(parted(&[20.0, 0.0, 0.0, 9.0], 6.0), [0, 3]);
    assert_eq!(parted(&[1.0; 5], 6.0), Vec::<usize>::new());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |s: &SweptSpectrum, settings: &Settings| exported(s, &[], settings).unwrap_err().to_string();
    let s = spectrum(&[]);
    let with = |f: fn(&mut Settings)| {
        let mut settings = Settings::default();
        f(&mut settings);
        settings
    };
    assert!(refused(&s, &with(|s| s.fft = Some(4096))).contains("samples"));
    assert!(refused(&s, &with(|s| s.carrier_hz = Some(5e9))).contains("outside"));
    assert!(refused(&s, &with(|s| s.false_alarm = 2.0)).contains("false-alarm"));
    let reflection = SweptSpectrum { swept: Swept::Reflection, ..s.clone() };
    assert!(refused(&reflection, &Settings::default()).contains("reflection"));
    let short = SweptSpectrum::single("", vec![1.0, 2.0], vec![0.0, 1.0], Unit::Dbm);
    assert!(refused(&short, &Settings::default()).contains("too few"));
}
