//! Edges, pulses and load steps whose figures follow from algebra.

use std::f64::consts::{PI, TAU};

use faultscope_capture::{Caveat, CaveatKind};
use faultscope_signal::{Unit, Waveform};

use super::*;
use crate::gate::GateState;

const RATE: f64 = 1e6;

fn run(data: Vec<f64>) -> Result<Measured, MeasureError> {
    run_with(data, &Settings::default())
}

fn run_with(data: Vec<f64>, settings: &Settings) -> Result<Measured, MeasureError> {
    Transitions.measure(&Waveform::real(data, RATE, Unit::Volt).unwrap(), &[], settings)
}

fn value(m: &Measured, id: &str) -> f64 {
    m.readings.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("{id} in {:?}", m.readings)).value
}

fn has(m: &Measured, id: &str) -> bool {
    m.readings.iter().any(|r| r.id == id)
}

fn gate(m: &Measured, id: &str) -> Option<GateState> {
    m.gates.iter().find(|g| g.gate == id).map(|g| g.state)
}

fn detail(m: &Measured) -> &TransitionDetail {
    match &m.detail {
        Detail::Transition(d) => d,
        _ => panic!("not a transition"),
    }
}

fn near(got: f64, expected: f64, relative: f64) {
    assert!((got / expected - 1.0).abs() <= relative, "{got}, expected {expected}");
}

/// Gaussian noise of variance 1 by Box and Muller over a linear congruence (Knuth's constants).
fn noise(n: usize) -> Vec<f64> {
    let mut state = 7u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    (0..n).map(|_| (-2.0 * uniform().ln()).sqrt() * (TAU * uniform()).cos()).collect()
}

fn series(n: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..n).map(|i| f(i as f64 / RATE)).collect()
}

#[test]
fn an_exponential_edge_rises_in_2_197_tau() {
    let (tau, from) = (50e-6, 1e-3);
    let m =
        run(series(20_000, |t| if t < from { 0.5 } else { 0.5 + 3.0 * (1.0 - (-(t - from) / tau).exp()) })).unwrap();
    near(value(&m, "rise_time"), 9f64.ln() * tau, 0.005);
    near(value(&m, "rise_time_20_80"), 4f64.ln() * tau, 0.005);
    near(value(&m, "slew_rise"), 0.8 * 3.0 / (9f64.ln() * tau), 0.005);
    near(value(&m, "amplitude"), 3.0, 0.002);
    // From the 50 % instant (tau ln 2) to within 2 % (tau ln 50).
    near(value(&m, "settling_time"), tau * 25f64.ln(), 0.01);
    assert_eq!((value(&m, "overshoot"), value(&m, "preshoot")), (0.0, 0.0));
    assert_eq!(gate(&m, "transition"), Some(GateState::Ok));
    assert!(!has(&m, "fall_time") && !has(&m, "ringing_frequency"));
}

#[test]
fn the_settling_band_is_the_one_asked_for() {
    let (tau, from) = (50e-6, 1e-3);
    let data = series(20_000, |t| if t < from { 0.0 } else { 1.0 - (-(t - from) / tau).exp() });
    let m = run_with(data, &Settings { settling_percent: 5.0, ..Settings::default() }).unwrap();
    near(value(&m, "settling_time"), tau * 10f64.ln(), 0.01);
}

#[test]
fn a_gaussian_edge_rises_in_2_563_sigma() {
    let sigma = 30e-6;
    // The integral of the bell curve by the trapezoidal rule, which for it is exact to rounding at 30 steps a sigma.
    let bell = |i: f64| (-0.5 * ((i / RATE - 5e-3) / sigma).powi(2)).exp() / (TAU.sqrt() * sigma * RATE);
    let mut sum = -1.0;
    let data = (0..10_000).map(|i| {
        sum += bell(f64::from(i) - 1.0) + bell(f64::from(i));
        sum
    });
    let m = run(data.collect()).unwrap();
    // The 90 % quantile of the normal distribution is 1.281552, the 80 % quantile 0.841621.
    near(value(&m, "rise_time"), 2.0 * 1.281_552 * sigma, 0.005);
    near(value(&m, "rise_time_20_80"), 2.0 * 0.841_621 * sigma, 0.005);
    near(detail(&m).transitions[0].at_s, 5e-3, 1e-4);
}

#[test]
fn a_second_order_step_has_its_overshoot_and_ringing() {
    let (zeta, w) = (0.25, TAU * 5e3);
    let root = f64::sqrt(1.0 - zeta * zeta);
    let step = |t: f64| {
        let t = t - 2e-3;
        let decay = (-zeta * w * t).exp();
        if t < 0.0 { 0.0 } else { 12.0 * (1.0 - decay * ((w * root * t).cos() + zeta / root * (w * root * t).sin())) }
    };
    let m = run(series(20_000, step)).unwrap();
    near(value(&m, "overshoot"), 100.0 * (-PI * zeta / root).exp(), 0.01);
    near(value(&m, "ringing_frequency"), 5e3 * root, 0.01);
    near(value(&m, "damping_ratio"), zeta, 0.02);
    near(value(&m, "phase_margin"), 28.02, 0.02);
    assert!(has(&m, "turn_on_time") && !has(&m, "turn_off_time"));
}

#[test]
fn a_turn_on_lasts_from_ten_per_cent_until_settled_and_a_turn_off_falls() {
    let tau = 400e-6;
    let m = run(series(40_000, |t| match t {
        t if t < 2e-3 => 0.0,
        t if t < 20e-3 => 12.0 * (1.0 - (-(t - 2e-3) / tau).exp()),
        t => 12.0 * (-(t - 20e-3) / tau).exp(),
    }))
    .unwrap();
    near(value(&m, "turn_on_time"), tau * (0.9f64 / 0.02).ln(), 0.02);
    near(value(&m, "turn_off_time"), tau * 9f64.ln(), 0.02);
}

#[test]
fn a_pulse_train_has_its_width_period_duty_and_jitter() {
    // Trapezoids: 3 us of rise, 2 us of fall, a period of 100.37 us, 30 us wide at half height.
    let period = 100.37;
    let shape =
        |phase: f64| ((phase - 10.0) / 3.0).clamp(0.0, 1.0) - ((phase - 10.0 + 1.5 - 31.0) / 2.0).clamp(0.0, 1.0);
    let data: Vec<f64> = (0..200_000).map(|i| 3.3 * shape(i as f64 % period)).collect();
    let m = run(data).unwrap();
    near(value(&m, "period"), period / RATE, 1e-6);
    near(value(&m, "frequency"), RATE / period, 1e-6);
    near(value(&m, "pulse_width"), 29.0 / RATE, 0.002);
    near(value(&m, "duty"), 100.0 * 29.0 / period, 0.002);
    assert!(value(&m, "jitter") < 0.1 / RATE);
    let count = value(&m, "transitions");
    assert!((count - 2.0 * 200_000.0 / period).abs() <= 2.0, "{count}");
    assert!(detail(&m).transitions.len() <= 256 && detail(&m).transitions.len() > 60);
    assert!(detail(&m).transitions.iter().any(|t| t.direction == Direction::Falling));
}

#[test]
fn jitter_is_recovered() {
    // Rising edges displaced by +-4 samples in a pattern without trend: standard deviation 4 samples.
    let mut data = Vec::new();
    for k in 0..400 {
        let push = [4usize, 0, 0, 4, 0, 4, 4, 0][k % 8];
        data.extend((0..200).map(|i| if (60 + 2 * push..140).contains(&i) { 1.0 } else { 0.0 }));
    }
    let m = run(data).unwrap();
    near(value(&m, "jitter"), 4.0 / RATE, 0.01);
}

#[test]
fn noise_neither_adds_edges_nor_moves_them() {
    let clean = |i: usize| {
        ((((i % 2000) as f64) - 500.0) / 40.0).clamp(0.0, 1.0) - ((((i % 2000) as f64) - 1500.0) / 40.0).clamp(0.0, 1.0)
    };
    let data: Vec<f64> = noise(100_000).iter().enumerate().map(|(i, n)| clean(i) + 0.02 * n).collect();
    let m = run(data).unwrap();
    assert_eq!(value(&m, "transitions"), 100.0);
    near(value(&m, "rise_time"), 32e-6, 0.05);
    near(value(&m, "amplitude"), 1.0, 0.005);
    near(value(&m, "period"), 2e-3, 1e-4);
    // Sigma is 2 % of the amplitude: the band is four of it, and no excursion of the noise is called an overshoot
    // unless it is beyond that.
    assert!((detail(&m).transitions[0].settling_band_percent - 8.0).abs() < 1.0);
    assert!(value(&m, "overshoot") < 11.0);
}

/// A droop of `depth` volts: reached linearly in `fall` seconds, back exponentially.
fn droop(depth: f64, fall: f64, tau: f64, sigma: f64) -> Vec<f64> {
    let from = 40e-3;
    let n = 100_000;
    let shape = |t: f64| match t - from {
        t if t < 0.0 => 0.0,
        t if t < fall => t / fall,
        t => (-(t - fall) / tau).exp(),
    };
    series(n, |t| 12.0 - depth * shape(t)).iter().zip(noise(n)).map(|(v, n)| v + sigma * n).collect()
}

#[test]
fn a_load_step_has_its_depth_and_recovery() {
    for (depth, fall, tau, sigma) in [(1.0, 20e-6, 3e-3, 0.0), (0.8, 100e-6, 2e-3, 0.01), (2.5, 10e-6, 500e-6, 0.005)] {
        let m = run(droop(depth, fall, tau, sigma)).unwrap();
        let d = detail(&m);
        assert_eq!(d.load_steps.len(), 1, "{:?}", d.load_steps);
        near(value(&m, "droop"), depth, 0.02);
        near(value(&m, "droop_percent"), 100.0 * depth / 12.0, 0.02);
        // Back within 1 % of 12 V.
        near(value(&m, "recovery_time"), fall + tau * (depth / 0.12).ln(), 0.05);
        near(d.load_steps[0].start_s, 40e-3, 0.01);
        assert_eq!(d.load_steps[0].kind, EventKind::Sag);
        assert!(!has(&m, "rise_time"), "{:?}", d.states);
    }
}

#[test]
fn a_ringing_load_step_shows_the_loop() {
    // Impulse response of a second-order loop: the level dips and swings back to where it was.
    let (zeta, f) = (0.2, 2e3);
    let root = f64::sqrt(1.0 - zeta * zeta);
    let m = run(series(100_000, |t| {
        let t = t - 30e-3;
        if t < 0.0 { 12.0 } else { 12.0 - 1.5 * (-zeta * TAU * f * t).exp() * (TAU * f * root * t).sin() }
    }))
    .unwrap();
    near(value(&m, "ringing_frequency"), f * root, 0.02);
    near(value(&m, "damping_ratio"), zeta, 0.05);
    // The first extreme of exp(-a t) sin(b t) lies at t = atan(b / a) / b.
    let (a, b) = (zeta * TAU * f, TAU * f * root);
    let t = (b / a).atan() / b;
    near(value(&m, "droop"), 1.5 * (-a * t).exp() * (b * t).sin(), 0.02);
}

#[test]
fn what_has_no_transition_says_so() {
    for data in [
        vec![5.0; 10_000],
        noise(50_000).iter().map(|n| 12.0 + 0.01 * n).collect(),
        (0..50_000).map(|i| f64::from(i) * 1e-4).collect(),
    ] {
        let m = run(data).unwrap();
        assert_eq!(gate(&m, "transition"), Some(GateState::Fail));
        assert!(!has(&m, "rise_time") && !has(&m, "droop"));
        assert!(detail(&m).transitions.is_empty());
    }
}

#[test]
fn the_capture_s_own_doubts_become_gates() {
    let data: Vec<f64> = (0..1000).map(|i| if i < 500 { 0.0 } else { 1.0 }).collect();
    let record = Waveform::real(data, RATE, Unit::FullScale).unwrap();
    let m = Transitions.measure(&record, &[Caveat::new(CaveatKind::Clipped, "top")], &Settings::default()).unwrap();
    assert_eq!(gate(&m, "clipping"), Some(GateState::Fail));
    assert_eq!(gate(&m, "calibration"), Some(GateState::Warn));
    // The edge lies between two samples: whatever its duration, it is only a bound.
    assert_eq!(gate(&m, "bandwidth"), Some(GateState::Warn));
}

#[test]
fn what_cannot_be_measured_is_refused_in_words() {
    assert!(matches!(run(vec![0.0; 15]), Err(MeasureError::TooShort { .. })));
    assert!(matches!(run(vec![f64::NAN; 100]), Err(MeasureError::NotApplicable { .. })));
    let bad = Settings { settling_percent: 0.0, ..Settings::default() };
    assert!(matches!(run_with(vec![0.0; 100], &bad), Err(MeasureError::Settings { .. })));
    let iq = Waveform::interleaved(vec![0.0; 200], RATE, None).unwrap();
    assert!(matches!(Transitions.measure(&iq, &[], &Settings::default()), Err(MeasureError::NotApplicable { .. })));
    let holes: Vec<f64> = (0..1000).map(|i| if i == 300 { f64::NAN } else { f64::from(u8::from(i > 500)) }).collect();
    let m = run(holes).unwrap();
    assert_eq!((gate(&m, "finite"), value(&m, "transitions")), (Some(GateState::Fail), 1.0));
}

/// A record that is computed as it is read: nothing of it is kept.
struct Endless(u64);

impl Record for Endless {
    fn kind(&self) -> Kind {
        Kind::Real
    }
    fn sample_rate_hz(&self) -> f64 {
        RATE
    }
    fn center_hz(&self) -> Option<f64> {
        None
    }
    fn unit(&self) -> Unit {
        Unit::Volt
    }
    fn frames(&self) -> u64 {
        self.0
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        assert!(out.len() <= 1 << 21, "a read of {} samples is not flat memory", out.len());
        let n = (self.0 - start.min(self.0)).min(out.len() as u64) as usize;
        out[..n].iter_mut().zip(start..).for_each(|(v, i)| *v = if i % 1000 < 400 { 5.0 } else { 0.0 });
        Ok(n)
    }
    fn read_f32(&self, _start: u64, _out: &mut [f32]) -> Result<usize, RecordError> {
        Err(RecordError::new("single precision is not used"))
    }
}

#[test]
fn a_long_record_is_measured_in_flat_memory() {
    let m = Transitions.measure(&Endless(20_000_000), &[], &Settings::default()).unwrap();
    assert_eq!(value(&m, "transitions"), 39_999.0);
    assert!(detail(&m).transitions.len() <= 256);
    near(value(&m, "duty"), 40.0, 1e-9);
}

#[test]
fn one_step_of_the_converter_is_no_overshoot_and_no_ringing() {
    // Steps of 0.08 V as of an 8-bit oscilloscope; a code of flicker on the states.
    let data: Vec<f64> = (0..20_000usize)
        .map(|i| {
            let clean = if i % 1000 < 500 { 64.0 } else { 0.0 };
            0.08 * (clean + f64::from(u8::from(i.is_multiple_of(17))) - f64::from(u8::from(i.is_multiple_of(29))))
        })
        .collect();
    let m = run(data).unwrap();
    assert_eq!((value(&m, "overshoot"), value(&m, "preshoot")), (0.0, 0.0));
    assert!(!has(&m, "ringing_frequency"));
}

#[test]
fn an_edge_that_the_record_cuts_off_does_not_spoil_the_state_before() {
    let data: Vec<f64> = (0..5000)
        .map(f64::from)
        .map(|t| ((t - 1000.0) / 50.0).clamp(0.0, 1.0) - ((t - 4980.0) / 50.0).max(0.0))
        .collect();
    let m = run(data).unwrap();
    assert_eq!(value(&m, "transitions"), 1.0);
    assert!(value(&m, "undershoot") < 1e-9 && has(&m, "settling_time"), "{:?}", detail(&m).transitions);
}
