//! What load and surroundings leave on a good rail: GSM bursts, burst mode, crackle, common-mode lines, load steps.

use super::converter::{Stage, healthy_stage};
use super::{MODEL_STREAM, Rail, Supply, line};
use crate::random::Random;
use crate::sim::math::{Phasor, geometric, linear};
use crate::sim::{Scenario, TruthEvent};

/// A GSM frame: 26 of them last 120 ms.
const GSM_FRAME_S: f64 = 0.12 / 26.0;
/// One time slot of eight.
const GSM_DUTY: f64 = 0.125;
const GSM_ORDERS: u32 = 16;

/// Amplitude of a harmonic of the slot's rectangle behind the rail's own capacitance (corner 1 kHz).
fn slot_amplitude(order: u32, pp: f64) -> f64 {
    let n = f64::from(order);
    let rectangle = 2.0 * pp * libm::sin(std::f64::consts::PI * n * GSM_DUTY).abs() / (std::f64::consts::PI * n);
    let corner = n / GSM_FRAME_S / 1e3;
    rectangle / (1.0 + corner * corner).sqrt()
}

pub(in crate::sim) static GSM_LOAD: Supply = Supply {
    id: "gsm-load",
    describe: "load modulated by the transmitter's GSM time slot (216.7 Hz): not a supply fault",
    severity: "peak to peak of the load's imprint, 10 mV to 0.4 V at 1",
    cause: Some("R24"),
    defaults: Scenario::supply(),
    build: |s| {
        let pp = linear(0.01, 0.4, s.severity);
        let start = Random::new(s.seed, MODEL_STREAM).uniform();
        let volts = |t: f64| {
            let turns = t / GSM_FRAME_S + start;
            (1..=GSM_ORDERS).map(|k| slot_amplitude(k, pp) * Phasor::turn(f64::from(k) * turns).re).sum::<f64>()
        };
        let clean = (0..s.frames()).map(|k| s.rail_v - s.rail_v.signum() * volts(k as f64 / s.rate_hz)).collect();
        let mut made = Rail::new(clean).with("frame_s", GSM_FRAME_S).with("duty_ratio", GSM_DUTY).with("vpp_v", pp);
        for k in (1..=GSM_ORDERS).take_while(|k| f64::from(*k) / GSM_FRAME_S < 0.45 * s.rate_hz) {
            let l = line("load", k, f64::from(k) / GSM_FRAME_S, slot_amplitude(k, pp));
            if l.amplitude_v > Some(10e-6) {
                made = made.line(l);
            }
        }
        made
    },
};

pub(in crate::sim) static BURST_MODE: Supply = Supply {
    id: "burst-mode",
    describe: "converter in burst (skip) mode: switching comes in bursts, the output saws between them",
    severity: "share of the time without switching (75 % at 1) and height of the saw",
    cause: Some("R14"),
    defaults: Scenario::converter(),
    build: burst_mode,
};

/// Switching while the output is recharged, none while it discharges.
fn burst_mode(s: &Scenario) -> Rail {
    let mut random = Random::new(s.seed, MODEL_STREAM);
    let stage = healthy_stage(s, &mut random);
    let burst_hz = random.between(2e3, 5e3);
    let (start, on) = (random.uniform(), linear(1.0, 0.25, s.severity));
    let saw_v = 0.05 * s.severity;
    let mut ripple = vec![0.0; s.frames()];
    stage.add(&mut ripple, s.rate_hz);
    let clean = ripple.iter().enumerate().map(|(k, v)| {
        let turns = burst_hz * k as f64 / s.rate_hz + start;
        let age = turns - turns.floor();
        let saw = if age < on { age / on } else { (1.0 - age) / (1.0 - on) };
        let switching = if age < on { *v } else { 0.0 };
        s.rail_v + switching + saw_v * (saw - 0.5)
    });
    Rail::new(clean.collect()).with("burst_hz", burst_hz).with("on_ratio", on).with("saw_v", saw_v)
}

pub(in crate::sim) static CRACKLE: Supply = Supply {
    id: "crackle",
    describe: "crackle: irregular short discharges of a leaky capacitor or a bad contact",
    severity: "height of the discharges, on average 0.6 % of the rail at 1, and their number, up to 80 a second",
    cause: Some("R18a"),
    defaults: Scenario { rate_hz: 50e3, duration_s: 1.0, ..Scenario::dynamic() },
    build: crackle,
};

fn crackle(s: &Scenario) -> Rail {
    let mut random = Random::new(s.seed, MODEL_STREAM);
    let mut clean = vec![s.rail_v; s.frames()];
    let length = s.frames() as f64 / s.rate_hz;
    let (mean_v, every_s) = (0.006 * s.rail_v.abs() * s.severity, 1.0 / linear(10.0, 80.0, s.severity));
    let (mut at, mut count, mut events) = (random.exponential(every_s), 0.0, Vec::new());
    while at < length && mean_v > 0.0 {
        let depth = mean_v * (0.5 + random.exponential(1.0)).min(6.0);
        let first = (at * s.rate_hz).ceil() as usize;
        for (k, v) in clean.iter_mut().enumerate().skip(first).take(24) {
            *v -= s.rail_v.signum() * depth * libm::exp(-(k as f64 / s.rate_hz - at) / 60e-6);
        }
        if events.len() < 64 {
            let change_v = Some(-depth);
            events.push(TruthEvent { kind: "spike".into(), start_s: at, duration_s: Some(2e-4), change_v });
        }
        count += 1.0;
        at += random.exponential(every_s);
    }
    Rail { events, ..Rail::new(clean).with("spikes_count", count).with("mean_v", mean_v) }
}

pub(in crate::sim) static COMMON_MODE: Supply = Supply {
    id: "common-mode",
    describe: "common-mode lines at 10 to 30 MHz: Y-capacitor open, bond lost, or radiated pick-up",
    severity: "amplitude of the strongest line, 0.2 to 30 mV at 1",
    cause: Some("R26"),
    defaults: Scenario { rate_hz: 100e6, duration_s: 2e-3, rail_v: 12.0, noise_v: 0.5e-3, ..Scenario::supply() },
    build: |s| {
        let mut random = Random::new(s.seed, MODEL_STREAM);
        let stage: Stage = healthy_stage(s, &mut random);
        let mut clean = vec![s.rail_v; s.frames()];
        let mut lines = stage.add(&mut clean, s.rate_hz);
        let top = geometric(0.2e-3, 30e-3, s.severity);
        for (hz, share) in [(12.4e6, 1.0), (17.9e6, 0.6), (24.7e6, 0.35)] {
            let hz = hz * random.between(0.95, 1.05) * (s.rate_hz / 100e6).min(1.0);
            let start = random.uniform();
            let v = top * share;
            clean
                .iter_mut()
                .enumerate()
                .for_each(|(k, o)| *o += v * Phasor::turn(hz * k as f64 / s.rate_hz + start).re);
            lines.push(line("common_mode", 1, hz, v));
        }
        Rail { lines, ..Rail::new(clean) }.with("common_mode_v", top)
    },
};
