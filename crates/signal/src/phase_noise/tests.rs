//! Known phase processes against their closed forms.

use num_complex::Complex64;

use super::*;
use crate::record::Waveform;

const RATE: f64 = 100e3;

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

/// A carrier of amplitude 0.5, 1234.5 Hz above the centre, with the phase `phase(i)` and additive noise of `sigma`.
fn residual(frames: u32, sigma: f64, mut phase: impl FnMut(u32) -> f64) -> Residual {
    let mut random = Random(77);
    let data: Vec<Complex64> = (0..frames)
        .map(|i| {
            let turn = TAU * (1234.5 * f64::from(i) / RATE).fract();
            Complex64::from_polar(0.5, turn + phase(i)) + Complex64::new(random.gauss(), random.gauss()) * sigma
        })
        .collect();
    let record = Waveform::iq(&data, RATE, None).unwrap();
    Residual::of(&Channel::read(&record, 1200.0, 80e3, 1 << 20).unwrap()).unwrap()
}

fn decibel(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

#[test]
fn white_phase_noise_has_twice_its_variance_over_the_rate() {
    let mut random = Random(5);
    let sigma = 0.01;
    let r = residual(1 << 18, 0.0, |_| sigma * random.gauss());
    let noise = Noise::of(&r, 0.01);
    // One-sided: 2 sigma2 / rate.
    let expected = 2.0 * sigma * sigma / RATE;
    for f in [300.0, 1e3, 1e4, 3.9e4] {
        let point = noise.at(f).unwrap();
        assert!(decibel(point.phase_per_hz / expected).abs() < 4.0 * 4.343 / point.averages.sqrt() + 0.02, "{point:?}");
        assert!(point.amplitude_per_hz < 1e-3 * expected, "{point:?}");
    }
    let power = noise.phase_power(100.0, 30e3);
    assert!((power / (expected * 29_900.0) - 1.0).abs() < 0.02, "{power}");
    // Residual FM between 300 Hz and 3 kHz: S_phi (b3 - a3) / 3.
    let fm = noise.frequency_power(300.0, 3000.0);
    assert!((fm / (expected * (27e9 - 27e6) / 3.0) - 1.0).abs() < 0.05, "{fm}");
    assert!((r.carrier_hz - 34.5).abs() < 1e-3, "{}", r.carrier_hz);
    assert!((r.power - 0.25).abs() < 1e-3);
    assert!(noise.lines.is_empty(), "{:?}", noise.lines);
}

#[test]
fn a_random_walk_of_the_phase_falls_with_the_square_of_the_offset() {
    let mut random = Random(6);
    let (step, mut walk) = (2e-4, 0.0);
    let noise = Noise::of(
        &residual(1 << 18, 0.0, |_| {
            walk += step * random.gauss();
            walk
        }),
        0.01,
    );
    for f in [10.0f64, 30.0, 100.0, 1e3, 1e4, 3e4] {
        let point = noise.at(f).unwrap();
        let expected = 2.0 * step * step / RATE / (2.0 * (std::f64::consts::PI * f / RATE).sin()).powi(2);
        let error = decibel(point.phase_per_hz / expected);
        assert!(error.abs() < 3.5 * 4.343 / point.averages.sqrt() + 0.3, "{f}: {error} {point:?}");
    }
    assert!(noise.lines.is_empty(), "{:?}", noise.lines);
}

#[test]
fn sinusoidal_phase_modulation_makes_a_line_of_half_its_index() {
    let mut random = Random(8);
    let tone = |i: u32, f: f64| (TAU * f * f64::from(i) / RATE).sin();
    let noise = Noise::of(
        &residual(1 << 18, 0.0, |i| 1e-3 * random.gauss() + 1e-2 * tone(i, 3210.4) + 2e-4 * tone(i, 100.0)),
        0.01,
    );
    assert_eq!(noise.lines.len(), 2, "{:?}", noise.lines);
    for (line, (f, beta)) in noise.lines.iter().zip([(100.0, 2e-4), (3210.4, 1e-2f64)]) {
        assert!((line.offset_hz - f).abs() < line.resolution_hz, "{line:?}");
        // L = (beta / 2)^2, and the phase's mean square is twice that.
        let error = decibel(0.5 * line.phase_power) - 20.0 * (0.5 * beta).log10();
        assert!(error.abs() < if beta > 1e-3 { 0.05 } else { 0.6 }, "{error} {line:?}");
        assert!(line.amplitude_power < 1e-3 * line.phase_power, "{line:?}");
    }
    // The noise under the line is not lifted.
    let point = noise.at(3210.0).unwrap();
    assert!(decibel(point.phase_per_hz / (2e-6 / RATE)).abs() < 0.6, "{point:?}");
}

/// One second of a carrier with a 100 Hz line: at the lowest offsets a group is hardly wider than the line's lobe.
#[test]
fn a_line_in_a_narrow_group_lifts_neither_the_trace_nor_the_integral() {
    let (sigma, beta) = (1e-3f64, 5e-3f64);
    for frequency in [40.0, 75.0, 100.0, 131.7] {
        let mut random = Random(21);
        let noise = Noise::of(
            &residual(100_000, 0.0, |i| sigma * random.gauss() + beta * (TAU * frequency * f64::from(i) / RATE).sin()),
            0.01,
        );
        let expected = 2.0 * sigma * sigma / RATE;
        for p in &noise.points {
            // Powers of a few bins spread: five standard deviations.
            let limit = 1.0 + 5.0 / p.averages.sqrt();
            assert!(p.phase_per_hz < limit * expected, "{frequency}: {p:?}");
        }
        assert_eq!(noise.lines.len(), 1, "{frequency}: {:?}", noise.lines);
        let line = noise.lines[0];
        assert!((line.offset_hz - frequency).abs() < line.resolution_hz, "{frequency}: {line:?}");
        assert!((line.phase_power / (0.5 * beta * beta) - 1.0).abs() < 0.02, "{frequency}: {line:?}");
        // The line holds six hundred times the noise of the first kilohertz.
        let (low, _) = noise.covered_hz().unwrap();
        let power = noise.phase_power(low, 1000.0);
        assert!((power / (expected * (1000.0 - low)) - 1.0).abs() < 0.15, "{frequency}: {power}");
    }
}

#[test]
fn additive_noise_is_shared_evenly_by_phase_and_amplitude() {
    let sigma = 5e-3;
    let noise = Noise::of(&residual(1 << 18, sigma, |_| 0.0), 0.01);
    // Each component has sigma2; relative to the amplitude 0.5, one-sided.
    let expected = 2.0 * (sigma / 0.5f64).powi(2) / RATE;
    for f in [1e3, 1e4, 3e4] {
        let point = noise.at(f).unwrap();
        assert!(decibel(point.phase_per_hz / expected).abs() < 0.6, "{point:?}");
        assert!(decibel(point.amplitude_per_hz / expected).abs() < 0.6, "{point:?}");
    }
}

#[test]
fn an_added_tone_moves_amplitude_and_phase_alike() {
    let tone = |i: u32| Complex64::from_polar(0.005, TAU * (9234.5 * f64::from(i) / RATE).fract());
    let mut random = Random(9);
    let data: Vec<Complex64> = (0..1u32 << 17)
        .map(|i| {
            let carrier = Complex64::from_polar(0.5, TAU * (1234.5 * f64::from(i) / RATE).fract());
            carrier + tone(i) + Complex64::new(random.gauss(), random.gauss()) * 1e-4
        })
        .collect();
    let record = Waveform::iq(&data, RATE, None).unwrap();
    let noise = Noise::of(&Residual::of(&Channel::read(&record, 1200.0, 80e3, 1 << 20).unwrap()).unwrap(), 0.01);
    let line = noise.lines.iter().max_by(|a, b| a.phase_power.total_cmp(&b.phase_power)).unwrap();
    assert!((line.offset_hz - 8000.0).abs() < 1.0, "{line:?}");
    // A ratio of 0.01 turns the phase by 0.01 rad at most, and the amplitude as much.
    assert!((line.phase_power / 0.5e-4 - 1.0).abs() < 0.01, "{line:?}");
    assert!((line.amplitude_power / line.phase_power - 1.0).abs() < 0.02, "{line:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
    #[test]
    fn points_touch_and_ascend_whatever_the_phase(
        phase in proptest::collection::vec(-1e3f64..1e3, 256..3000), reach in 1.0f64..5e4, alarm in 1e-12f64..0.5
    ) {
        let amplitude = phase.iter().map(|p| p.sin()).collect();
        let r = Residual {
            phase, amplitude, rate_hz: RATE, reach_hz: reach, carrier_hz: 0.0, power: 1.0, off_share: 0.0, amplitude_rms: 0.5,
        };
        let noise = Noise::of(&r, alarm);
        for pair in noise.points.windows(2) {
            proptest::prop_assert!(pair[0].high_hz == pair[1].low_hz && pair[0].offset_hz < pair[1].offset_hz);
        }
        for p in &noise.points {
            proptest::prop_assert!(p.phase_per_hz.is_finite() && p.phase_per_hz >= 0.0 && p.averages >= 1.0);
        }
        if let Some((low, high)) = noise.covered_hz() {
            let (all, half) = (noise.phase_power(low, high), noise.phase_power(low, 0.5 * (low + high)));
            proptest::prop_assert!(half <= all * (1.0 + 1e-12));
        }
    }
}
