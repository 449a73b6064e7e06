//! Simulated units with known spread: how often a changed one is found, how often a good one is blamed.

use std::f64::consts::TAU;

use faultscope_signal::{Unit, Waveform};

use super::*;
use crate::measurement::Settings;
use crate::verdict::Verdict;

/// A generator of our own (xorshift64*), so that trials are the same everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..8).for_each(|_| {
            random.uniform();
        });
        random
    }
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

const RATE: f64 = 1e5;

/// Lines of a transmitter: offset from the carrier and level, dBc.
const LINES: [(f64, f64); 4] = [(-21_300.0, -40.0), (9_700.0, -45.0), (14_210.0, -50.0), (27_400.0, -55.0)];

/// A transmitter with its receiver: carrier, four lines, white noise; gain, tuning and lines differ from unit to unit.
fn transmitter(random: &mut Random, frames: usize, spread_db: f64, change_db: f64) -> Waveform {
    let gain = 10f64.powf((-6.0 + 0.5 * random.normal()) / 20.0);
    let carrier = 3_000.0 + 200.0 * random.normal();
    let mut tones = vec![(carrier, 1.0, random.uniform())];
    for (i, (offset, level)) in LINES.iter().enumerate() {
        let extra = if i == 1 { change_db } else { 0.0 };
        let level = level + spread_db * random.normal() + extra;
        tones.push((carrier + offset, 10f64.powf(level / 20.0), random.uniform()));
    }
    let noise = 10f64.powf(-60.0 / 20.0) / 2f64.sqrt();
    let mut samples = Vec::with_capacity(2 * frames);
    for n in 0..frames {
        let (mut i, mut q) = (noise * random.normal(), noise * random.normal());
        for (f, a, p) in &tones {
            let (sin, cos) = (TAU * (f * n as f64 / RATE + p)).sin_cos();
            (i, q) = (i + a * cos, q + a * sin);
        }
        samples.extend([gain * i, gain * q]);
    }
    Waveform::interleaved(samples, RATE, Some(1e8)).unwrap()
}

/// A -48 V supply with rectified mains, spread in volts and ripple from unit to unit; `times` scales its ripple.
fn supply(random: &mut Random, frames: usize, spread: f64, times: f64) -> Waveform {
    let rate = 2e4;
    let mains = 50.0 + 0.02 * random.normal();
    let dc = -53.5 * (1.0 + 0.1 * spread * random.normal());
    let ripple = 0.1 * times * (1.0 + spread * random.normal());
    let phase = random.uniform();
    let parts = [(2.0, 1.0), (4.0, 0.3), (6.0, 0.15)];
    let parts: Vec<(f64, f64)> = parts.iter().map(|(k, a)| (*k, a * (1.0 + spread * random.normal()))).collect();
    let data = (0..frames)
        .map(|n| {
            let t = n as f64 / rate;
            let ac: f64 = parts.iter().map(|(k, a)| a * (TAU * k * (mains * t + phase)).cos()).sum();
            dc + ripple * ac + 1e-3 * random.normal()
        })
        .collect();
    Waveform::real(data, rate, Unit::Volt).unwrap()
}

fn profile(record: &Waveform, measurement: &str) -> Profile {
    Profile::of(record, &[], measurement, &Settings::default()).unwrap()
}

/// What a number of trials gave.
#[derive(Debug, Default)]
struct Tally {
    trials: usize,
    false_alarms: usize,
    /// Of the false alarms: bins, bands, lines, readings.
    families: [usize; 4],
    found: usize,
}

fn count(tally: &mut Tally, good: &Comparison) {
    tally.trials += 1;
    tally.false_alarms += usize::from(good.differences_total > 0);
    for d in &good.differences {
        let family = match d.kind {
            DifferenceKind::LineChanged | DifferenceKind::LineGone => 2,
            DifferenceKind::ReadingChanged => 3,
            DifferenceKind::LevelChanged => 1,
            _ => 0,
        };
        tally.families[family] += 1;
    }
}

fn transmitters(trials: u64, frames: usize, spread_db: f64, false_alarm: f64) -> Tally {
    let mut tally = Tally::default();
    for trial in 0..trials {
        let mut random = Random::new(trial + 1);
        let good: Vec<Profile> =
            (0..5).map(|_| profile(&transmitter(&mut random, frames, spread_db, 0.0), "spurs")).collect();
        let reference = Reference::build(&good).unwrap();
        let same = profile(&transmitter(&mut random, frames, spread_db, 0.0), "spurs");
        count(&mut tally, &compare(&reference, &same, false_alarm));
        let sign = if trial % 2 == 0 { 3.0 } else { -3.0 };
        let other = profile(&transmitter(&mut random, frames, spread_db, sign), "spurs");
        let moved = reference.carrier_offset_hz.unwrap() + LINES[1].0;
        let found = compare(&reference, &other, false_alarm);
        let hit = |d: &Difference| {
            d.kind == DifferenceKind::LineChanged && d.offset_hz.is_some_and(|o| (o - moved).abs() < 300.0)
        };
        tally.found += usize::from(found.differences.iter().any(hit));
    }
    tally
}

fn supplies(trials: u64, frames: usize, spread: f64, false_alarm: f64) -> Tally {
    let mut tally = Tally::default();
    for trial in 0..trials {
        let mut random = Random::new(trial + 77_777);
        let good: Vec<Profile> = (0..5).map(|_| profile(&supply(&mut random, frames, spread, 1.0), "ripple")).collect();
        let reference = Reference::build(&good).unwrap();
        let same = profile(&supply(&mut random, frames, spread, 1.0), "ripple");
        count(&mut tally, &compare(&reference, &same, false_alarm));
        let times = if trial % 2 == 0 { 1.2 } else { 0.8 };
        let other = profile(&supply(&mut random, frames, spread, times), "ripple");
        let found = compare(&reference, &other, false_alarm);
        tally.found += usize::from(found.differences.iter().any(|d| d.reading == "rms_ac"));
    }
    tally
}

/// `cargo test --release -p faultscope-diagnose compare -- --ignored --nocapture`
#[test]
#[ignore = "hundreds of trials; run with --release --ignored --nocapture"]
fn figures() {
    let trials = std::env::var("TRIALS").ok().and_then(|t| t.parse().ok()).unwrap_or(400);
    for (name, spread, rate) in
        [("0 dB", 0.0, 0.05), ("0.2 dB", 0.2, 0.05), ("0.2 dB", 0.2, 0.2), ("0.4 dB", 0.4, 0.05)]
    {
        println!("transmitter, lines spread {name}, stated {rate}: {:?}", transmitters(trials, 9_216, spread, rate));
    }
}

/// The same of supplies.
#[test]
#[ignore = "hundreds of trials; run with --release --ignored --nocapture"]
fn figures_of_supplies() {
    let trials = std::env::var("TRIALS").ok().and_then(|t| t.parse().ok()).unwrap_or(400);
    for (name, spread, rate) in [("0.5 %", 0.005, 0.05), ("1 %", 0.01, 0.05), ("1 %", 0.01, 0.2), ("2 %", 0.02, 0.05)] {
        println!("supply, ripple spread {name}, stated {rate}: {:?}", supplies(trials, 9_216, spread, rate));
    }
}

/// The small version of the figures: 3 dB of one line is always found among good units that differ by 0.2 dB, and
/// good ones are blamed no more often than stated allows (5 % of 20: more than 5 has a chance of 3e-4).
#[test]
fn a_changed_line_is_found_and_good_units_are_left_alone() {
    let tally = transmitters(20, 5_120, 0.2, 0.05);
    assert!(tally.found >= 18, "{tally:?}");
    assert!(tally.false_alarms <= 5, "{tally:?}");
}

#[test]
fn a_changed_reading_is_found_and_good_supplies_are_left_alone() {
    let tally = supplies(12, 9_216, 0.005, 0.05);
    assert!(tally.found >= 10, "{tally:?}");
    assert!(tally.false_alarms <= 4, "{tally:?}");
}

/// Of 2800 such records these two were once read at 50.46 Hz, their mains lines as drift and noise: the search began so far off
/// that what was refined from it was not believed. Least squares over orders 2, 4, 6 give 49.948 and 49.966 Hz.
#[test]
fn the_mains_are_found_wherever_the_search_begins() {
    for (trial, place, times, hz) in [(177, 6, 0.8, 49.948), (253, 5, 1.0, 49.966)] {
        let mut random = Random::new(trial + 77_777);
        let record =
            (0..=place).map(|i| supply(&mut random, 9_216, 0.005, if i == place { times } else { 1.0 })).last();
        let read = profile(&record.unwrap(), "ripple");
        let found = read.readings.iter().find(|r| r.id == "mains_frequency").unwrap().value;
        assert!((found - hz).abs() < 0.01, "{found}");
    }
}

fn good_transmitters() -> (Reference, Random) {
    let mut random = Random::new(4);
    let good: Vec<Profile> = (0..5).map(|_| profile(&transmitter(&mut random, 5_120, 0.2, 0.0), "spurs")).collect();
    (Reference::build(&good).unwrap(), random)
}

/// Carriers lie hundreds of hertz apart, and still each line of the reference is where it was put: at its offset from
/// the carrier, at its level.
#[test]
fn the_envelope_holds_the_lines_that_were_put_in() {
    let (reference, _) = good_transmitters();
    assert!(reference.relative_to_carrier);
    let carrier = reference.carrier_offset_hz.unwrap();
    for (offset, level) in LINES {
        let line = reference.lines.iter().find(|l| (l.offset_hz - carrier - offset).abs() < 100.0).unwrap();
        // Mean of five normal values of 0.2 dB: 5 sigma are 0.45 dB.
        assert!((line.median_db - level).abs() < 0.5 && line.seen == 5, "{line:?}");
    }
    reference.check().unwrap();
    let text = serde_json::to_string(&reference).unwrap();
    let back: Reference = serde_json::from_str(&text).unwrap();
    assert_eq!((back.setup, back.spectrum.mean_db), (reference.setup, reference.spectrum.mean_db));
}

#[test]
fn lines_new_and_gone_are_told_with_their_place() {
    let (reference, mut random) = good_transmitters();
    let record = transmitter(&mut random, 5_120, 0.2, -60.0);
    let mut data = record.data().to_vec();
    for (n, sample) in data.chunks_mut(2).enumerate() {
        let (sin, cos) = (TAU * 41_000.0 * n as f64 / RATE).sin_cos();
        sample[0] += 2e-3 * cos;
        sample[1] += 2e-3 * sin;
    }
    let found = compare(&reference, &profile(&Waveform::interleaved(data, RATE, Some(1e8)).unwrap(), "spurs"), 0.05);
    let new = found.differences.iter().find(|d| d.kind == DifferenceKind::LineNew).unwrap();
    assert!((new.frequency_hz.unwrap() - 100_041_000.0).abs() < 30.0, "{new:?}");
    let gone = found.differences.iter().find(|d| d.kind == DifferenceKind::LineGone).unwrap();
    assert!((gone.reference.unwrap() + 45.0).abs() < 0.5, "{gone:?}");
    let answers = findings(&found, &[]);
    assert!(answers.iter().any(|f| f.verdict == Verdict::Fail && f.measurement == "compare"));
    let shut = [crate::Gate::new("clipping", crate::GateState::Fail, "full scale")];
    assert!(findings(&found, &shut).iter().all(|f| f.verdict == Verdict::Invalid));
}

#[test]
fn a_repair_is_proved_difference_by_difference() {
    let (reference, mut random) = good_transmitters();
    let before = compare(&reference, &profile(&transmitter(&mut random, 5_120, 0.2, 12.0), "spurs"), 0.05);
    let after = compare(&reference, &profile(&transmitter(&mut random, 5_120, 0.2, 0.0), "spurs"), 0.05);
    let line = |r: &&Repair| r.before.as_ref().is_some_and(|d| d.kind == DifferenceKind::LineChanged);
    let state = |list: &[Repair]| list.iter().find(line).map(|r| r.state);
    assert_eq!(state(&repairs(&before, &after, 300.0)), Some(RepairState::Fixed));
    assert_eq!(state(&repairs(&before, &before, 300.0)), Some(RepairState::NotFixed));
    assert!(repairs(&after, &before, 300.0).iter().any(|r| r.state == RepairState::ChangedElsewhere));
    let gone = Comparison {
        differences: vec![Difference { kind: DifferenceKind::CarrierGone, ..before.differences[0].clone() }],
        ..Comparison::default()
    };
    assert_ne!(state(&repairs(&before, &gone, 300.0)), Some(RepairState::Fixed));
}

/// Two captures of one unit: nothing but noise between them; a line of 3 dB more is told.
#[test]
fn two_captures_are_compared_by_their_noise() {
    let mut random = Random::new(9);
    let record = |random: &mut Random, change: f64| profile(&transmitter(random, 5_120, 0.0, change), "spurs");
    let reference = Reference::build(&[record(&mut random, 0.0)]).unwrap();
    let same = compare(&reference, &record(&mut random, 0.0), 1e-3);
    assert!(same.differences.iter().all(|d| d.kind == DifferenceKind::ReadingChanged), "{:?}", same.differences);
    let other = compare(&reference, &record(&mut random, 3.0), 1e-3);
    let line = other.differences.iter().find(|d| d.kind == DifferenceKind::LineChanged).unwrap();
    assert!((line.change - 3.0).abs() < 0.5, "{line:?}");
}

#[test]
fn unlike_set_ups_are_told_apart_by_name() {
    let (reference, mut random) = good_transmitters();
    let mut reference = reference.setup;
    reference.gain_db = Some(30.0);
    let like = profile(&transmitter(&mut random, 5_120, 0.2, 0.0), "spurs").setup;
    assert!(reference.mismatches(&like).is_empty(), "a gain that is not recorded is not held against it");
    let calibrated = |gain| SetUp { gain_db: Some(gain), level_unit: Unit::Dbm, ..like.clone() };
    assert!(calibrated(30.0).mismatches(&calibrated(20.0)).is_empty(), "levels in dBm hold the gain");
    let unlike = [
        (SetUp { sample_rate_hz: 2e5, ..like.clone() }, "sample rate"),
        (SetUp { center_hz: Some(1.01e8), ..like.clone() }, "centre"),
        (SetUp { center_hz: None, ..like.clone() }, "centre"),
        (SetUp { level_unit: Unit::Dbm, ..like.clone() }, "unit"),
        (SetUp { gain_db: Some(31.0), ..like.clone() }, "gain"),
        (SetUp { probe: Some(10.0), ..like.clone() }, "probe"),
        (SetUp { scale_v_per_unit: Some(0.5), ..like.clone() }, "scale"),
        (SetUp { channel: "CH2".into(), ..like.clone() }, "channel"),
        (SetUp { fft: 512, ..like.clone() }, "transform"),
        (SetUp { duration_s: 2.0 * like.duration_s, ..like.clone() }, "length"),
    ];
    for (setup, what) in unlike {
        let all = reference.mismatches(&setup);
        assert!(all.iter().any(|m| m.what.starts_with(what) && !m.remedy.is_empty()), "{what}: {all:?}");
    }
}

#[test]
fn a_unit_without_a_carrier_fails_and_a_damaged_file_is_refused() {
    let (mut reference, mut random) = good_transmitters();
    let noise: Vec<f64> = (0..10_240).map(|_| 1e-3 * random.normal()).collect();
    let dead = profile(&Waveform::interleaved(noise, RATE, Some(1e8)).unwrap(), "spurs");
    assert!(dead.carrier.is_none());
    let found = compare(&reference, &dead, 0.05);
    assert_eq!(found.differences[0].kind, DifferenceKind::CarrierGone);
    assert_eq!(findings(&found, &[])[0].verdict, Verdict::Fail);
    reference.spectrum.median_db.pop();
    assert!(reference.check().unwrap_err().contains("length"));
    reference.version = 2;
    assert!(reference.check().unwrap_err().contains("version 2"));
}
