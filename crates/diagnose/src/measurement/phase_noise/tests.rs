//! Carriers of known phase noise through the whole measurement, and what is no plain carrier.

use std::f64::consts::TAU;

use faultscope_signal::{Unit, Waveform};

use super::*;
use crate::GateState;
use crate::measurement::Detail;

const RATE: f64 = 200e3;
const CENTER: f64 = 100e6;

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }
    fn gauss(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// I/Q samples `(amplitude, phase)` of a carrier 12.3 kHz above the centre.
fn iq(frames: u32, mut sample: impl FnMut(f64) -> (f64, f64)) -> Waveform {
    let data = (0..frames).flat_map(|i| {
        let t = f64::from(i) / RATE;
        let (a, phase) = sample(t);
        let (sin, cos) = (TAU * (12_300.0 * t).fract() + phase).sin_cos();
        [a * cos, a * sin]
    });
    Waveform::interleaved(data.collect(), RATE, Some(CENTER)).unwrap()
}

fn run(record: &dyn Record, from_hz: Option<f64>, to_hz: Option<f64>) -> Measured {
    let settings = Settings { phase_noise: Some(PhaseNoiseSettings { from_hz, to_hz }), ..Settings::default() };
    PhaseNoise.measure(record, &[], &settings).unwrap()
}

fn detail(m: &Measured) -> &PhaseNoiseDetail {
    let Detail::PhaseNoise(d) = &m.detail else { panic!("{:?}", m.gates) };
    d
}

fn reading<'a>(m: &'a Measured, id: &str) -> &'a crate::Reading {
    m.readings.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn gate(m: &Measured, id: &str) -> Option<GateState> {
    m.gates.iter().filter(|g| g.gate == id).map(|g| g.state).max_by_key(|s| *s == GateState::Fail)
}

#[test]
fn white_phase_noise_of_known_jitter() {
    let mut random = Random(11);
    let sigma = 0.003;
    let m = run(&iq(400_000, |_| (0.5, sigma * random.gauss())), Some(1e3), Some(50e3));
    let d = detail(&m);
    // S_phi = 2 sigma2 / rate, so L = sigma2 / rate, at every offset.
    let level = 10.0 * (sigma * sigma / RATE).log10();
    for id in ["phase_noise:100", "phase_noise:1k", "phase_noise:10k"] {
        let r = reading(&m, id);
        assert_eq!(r.unit, Unit::DbcPerHz);
        assert!((r.value - level).abs() < 2.0 * r.uncertainty.unwrap() + 0.05, "{id} {} {level}", r.value);
    }
    // The rms of that share of the band, over 2 pi times 100.0123 MHz.
    let phase = sigma * (49e3 / (0.5 * RATE)).sqrt();
    assert!((d.integrated.unwrap().phase_rms_rad / phase - 1.0).abs() < 0.01);
    assert!((reading(&m, "jitter_rms").value / (phase / (TAU * 100.0123e6)) - 1.0).abs() < 0.01);
    assert!((reading(&m, "integrated_phase_deg").value / phase.to_degrees() - 1.0).abs() < 0.01);
    // Residual FM: S_phi (b3 - a3) / 3.
    let fm = (2.0 * sigma * sigma / RATE * (27e9 - 27e6) / 3.0).sqrt();
    assert!((reading(&m, "residual_fm_300_3000").value / fm - 1.0).abs() < 0.03);
    assert!((d.carrier_frequency_hz - 100.0123e6).abs() < 0.01, "{}", d.carrier_frequency_hz);
    assert!((d.carrier_level_db + 6.02).abs() < 0.01);
    assert!(m.gates.is_empty() && d.lines.is_empty() && d.floor_from_hz.is_none(), "{:?}", m.gates);
}

#[test]
fn white_frequency_noise_falls_by_twenty_decibels_a_decade_down_to_the_floor_of_the_record() {
    // A random walk of the phase with L = h / f2, and additive noise: the amplitude's noise shows it.
    let (mut random, mut walk) = (Random(12), 0.0);
    let (step, sigma) = (2e-4, 2e-3);
    let record = {
        let data = (0..600_000).flat_map(|i| {
            let t = f64::from(i) / RATE;
            walk += step * random.gauss();
            let (sin, cos) = (TAU * (12_300.0 * t).fract() + walk).sin_cos();
            [0.5 * cos + sigma * random.gauss(), 0.5 * sin + sigma * random.gauss()]
        });
        Waveform::interleaved(data.collect(), RATE, Some(CENTER)).unwrap()
    };
    let m = run(&record, None, None);
    let d = detail(&m);
    let walk_db = |f: f64| 10.0 * (step * step * RATE / (2.0 * std::f64::consts::PI * f).powi(2)).log10();
    let floor_db = 10.0 * ((sigma / 0.5).powi(2) / RATE).log10();
    let sum_db = |f: f64| 10.0 * (10f64.powf(walk_db(f) / 10.0) + 10f64.powf(floor_db / 10.0)).log10();
    for (f, id) in [(10.0, "phase_noise:10"), (100.0, "phase_noise:100"), (1e3, "phase_noise:1k")] {
        let r = reading(&m, id);
        assert!((r.value - sum_db(f)).abs() < 1.5 * r.uncertainty.unwrap() + 0.3, "{id} {} {}", r.value, sum_db(f));
    }
    assert!((reading(&m, "phase_noise_floor").value - floor_db).abs() < 0.3);
    // They cross where h / f2 is the floor: 10^((walk(1 Hz) - floor) / 20).
    let crossing = 10f64.powf((walk_db(1.0) - floor_db) / 20.0);
    let from = d.floor_from_hz.unwrap();
    assert!((0.6..1.6).contains(&(from / crossing)), "{from} {crossing}");
    assert_eq!(gate(&m, "floor"), Some(GateState::Warn));
    assert!(d.points.iter().filter(|p| p.offset_hz < 0.4 * crossing).all(|p| !p.floor_limited));
}

#[test]
fn lines_have_their_index_and_their_name_and_stay_out_of_the_integral() {
    let mut random = Random(13);
    let tone = |f: f64, t: f64| (TAU * (f * t).fract()).sin();
    let m = run(
        &iq(400_000, |t| {
            let lines = 2e-3 * tone(100.0, t) + 1e-2 * tone(7321.0, t) + 1e-3 * tone(14_642.0, t);
            (0.5, lines + 5e-4 * random.gauss())
        }),
        Some(50.0),
        Some(20e3),
    );
    let d = detail(&m);
    let named: Vec<_> = d.lines.iter().map(|l| (l.kind, l.order)).collect();
    assert_eq!(named, [(LineKind::Mains, Some(2)), (LineKind::Phase, None), (LineKind::Harmonic, Some(2))]);
    for (line, (f, beta)) in d.lines.iter().zip([(100.0, 2e-3f64), (7321.0, 1e-2), (14_642.0, 1e-3)]) {
        assert!(
            (line.offset_hz - f).abs() < 1.0 && (line.level_dbc - 20.0 * (beta / 2.0).log10()).abs() < 0.1,
            "{line:?}"
        );
        // A sine of beta peak has beta / sqrt 2 rms.
        let jitter = beta / 2f64.sqrt() / (TAU * 100.0123e6);
        assert!((line.jitter_s.unwrap() / jitter - 1.0).abs() < 0.02, "{line:?}");
    }
    assert!((reading(&m, "worst_line").value + 46.02).abs() < 0.1);
    let noise = 5e-4 * (19_950.0f64 / (0.5 * RATE)).sqrt();
    let i = d.integrated.unwrap();
    assert!((i.phase_rms_rad / noise - 1.0).abs() < 0.02, "{i:?}");
    let lines = ((4e-6f64 + 1e-4 + 1e-6) / 2.0).sqrt();
    assert!((i.lines_rms_rad / lines - 1.0).abs() < 0.01, "{i:?}");
}

#[test]
fn a_real_sine_at_a_low_intermediate_frequency() {
    let mut random = Random(14);
    let data: Vec<f64> = (0..400_000)
        .map(|i| 2.0 * (TAU * (40_321.0 * f64::from(i) / RATE).fract() + 2e-3 * random.gauss()).cos() + 0.3)
        .collect();
    let m = run(&Waveform::real(data, RATE, Unit::Volt).unwrap(), None, None);
    // What white phase does to a real sine is phi (1 - cos 2wt) behind a product detector: half as much again folds in
    // from twice the carrier, so L is 1.5 sigma2 / rate.
    let level = 10.0 * (1.5 * 4e-6f64 / RATE).log10();
    let r = reading(&m, "phase_noise:1k");
    assert!((r.value - level).abs() < 2.0 * r.uncertainty.unwrap() + 0.1, "{} {level}", r.value);
    assert!((detail(&m).carrier_frequency_hz - 40_321.0).abs() < 0.01);
    // 2 V peak is 3.01 dBV.
    assert!((detail(&m).carrier_level_db - 3.01).abs() < 0.01);
    assert!(reading(&m, "jitter_rms").value > 0.0);
}

#[test]
fn what_is_no_plain_carrier_is_said() {
    let mut random = Random(15);
    let mut noisy = |scale: f64| scale * random.gauss();
    let noise: Vec<f64> = (0..200_000).map(|_| noisy(0.1)).collect();
    let m = run(&Waveform::interleaved(noise, RATE, None).unwrap(), None, None);
    assert_eq!((gate(&m, "carrier"), m.readings.len()), (Some(GateState::Fail), 0));
    // AM of 60 %, FM by a tone with an index of 3, and a carrier that has a neighbour 3 dB lower.
    let am = iq(200_000, |t| (0.4 * (1.0 + 0.5 * (TAU * 1000.0 * t).sin()), noisy(1e-3)));
    assert_eq!(gate(&run(&am, None, None), "carrier"), Some(GateState::Fail));
    let fm = iq(200_000, |t| (0.4, 3.0 * (TAU * 1000.0 * t).sin() + noisy(1e-3)));
    assert_eq!(gate(&run(&fm, None, None), "carrier"), Some(GateState::Fail));
    let two: Vec<f64> = (0..100_000u32)
        .flat_map(|i| {
            let t = f64::from(i) / RATE;
            let (a, b) = (TAU * (12_300.0 * t).fract(), TAU * (20_000.0 * t).fract());
            [0.3 * a.cos() + 0.1 * b.cos() + noisy(1e-4), 0.3 * a.sin() + 0.1 * b.sin() + noisy(1e-4)]
        })
        .collect();
    let two = run(&Waveform::interleaved(two, RATE, None).unwrap(), None, None);
    let said = two.gates.iter().find(|g| g.detail.contains("second carrier")).unwrap();
    assert!(said.state == GateState::Fail && said.detail.contains("about 77"), "{said:?}");
    // Without a centre there is no jitter in seconds, and that is said too.
    assert_eq!(gate(&two, "calibration"), Some(GateState::Warn));
    assert!(two.readings.iter().all(|r| r.id != "jitter_rms"));
}

#[test]
fn a_band_that_is_not_covered_and_nonsense() {
    let mut random = Random(16);
    let record = iq(100_000, |_| (0.5, 1e-3 * random.gauss()));
    let m = run(&record, Some(0.01), Some(1e6));
    assert_eq!(gate(&m, "bandwidth"), Some(GateState::Warn));
    let i = detail(&m).integrated.unwrap();
    assert!(i.from_hz > 1.0 && i.to_hz < 100e3);
    assert!(detail(&run(&record, Some(1e6), None)).integrated.is_none());
    for (from_hz, to_hz) in [(Some(0.0), None), (Some(f64::NAN), None), (Some(100.0), Some(10.0))] {
        let settings = Settings { phase_noise: Some(PhaseNoiseSettings { from_hz, to_hz }), ..Settings::default() };
        assert!(matches!(PhaseNoise.measure(&record, &[], &settings), Err(MeasureError::Settings { .. })));
    }
    let short = Waveform::interleaved(vec![0.1; 200], RATE, None).unwrap();
    assert!(matches!(PhaseNoise.measure(&short, &[], &Settings::default()), Err(MeasureError::TooShort { .. })));
    let silence = Waveform::interleaved(vec![0.0; 20_000], RATE, None).unwrap();
    assert_eq!(gate(&run(&silence, None, None), "carrier"), Some(GateState::Fail));
}

#[test]
fn a_long_record_reaches_lower_offsets_through_narrower_channels() {
    // 2.5 million samples: the widest channel takes the first 1.05 million, 5 s; the record lasts 12.5 s.
    let mut random = Random(17);
    let m = run(&iq(2_500_000, |_| (0.5, 2e-3 * random.gauss())), None, None);
    let d = detail(&m);
    // The lowest offset is some 6 bins of the whole record.
    assert!(d.low_hz < 0.6, "{}", d.low_hz);
    let level = 10.0 * (4e-6f64 / RATE).log10();
    for f in [10.0, 100.0, 1e3, 10e3] {
        let p = d.points.iter().min_by(|a, b| (a.offset_hz - f).abs().total_cmp(&(b.offset_hz - f).abs())).unwrap();
        assert!((p.level_dbc_per_hz.unwrap() - level).abs() < 2.0 * p.uncertainty_db + 0.1, "{p:?} {level}");
    }
    let reading = reading(&m, "phase_noise:100");
    // 12.5 s x 12 Hz of bandwidth: some 150 averages, 0.7 dB.
    assert!((0.4..1.2).contains(&reading.uncertainty.unwrap()), "{:?}", reading.uncertainty);
}
