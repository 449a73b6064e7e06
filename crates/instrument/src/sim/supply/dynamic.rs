//! Rails that change: load steps, hiccup, intermittent contact, drift, noise, series resistance, burst load, pick-up.

use super::mains::Mains;
use super::{MODEL_STREAM, Rail, Supply, line};
use crate::random::Random;
use crate::sim::Scenario;
use crate::sim::math::{Phasor, geometric, linear};

/// Size of the load steps, and the time between them.
const STEP_A: f64 = 5.0;
const STEP_EVERY_S: f64 = 0.05;

/// The output of a regulated rail when its load changes: a damped second-order system.
///
/// Near its cross-over a regulated output is a parallel resonance of characteristic impedance `impedance_ohm`, natural
/// frequency `natural_hz` and damping ratio `damping`; the phase margin is about 100 degrees times the damping.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Loop {
    pub natural_hz: f64,
    pub damping: f64,
    pub impedance_ohm: f64,
}

impl Loop {
    /// Change of the output voltage `t` after the load rose by 1 A.
    pub(in crate::sim) fn step(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        let turn = (1.0 - self.damping * self.damping).max(1e-9).sqrt();
        let omega = std::f64::consts::TAU * self.natural_hz;
        let decay = libm::exp(-self.damping * omega * t);
        -self.impedance_ohm * decay * Phasor::turn(turn * self.natural_hz * t).im / turn
    }
}

/// Sign of the supply's rail: a drop makes the magnitude smaller.
fn sign(s: &Scenario) -> f64 {
    s.rail_v.signum()
}

fn rail(s: &Scenario, volts: impl Fn(f64) -> f64) -> Rail {
    Rail::new((0..s.frames()).map(|k| volts(k as f64 / s.rate_hz)).collect())
}

/// Load steps up and down in turn, seen through the loop; events are the steps up.
fn stepped(s: &Scenario, output: Loop) -> Rail {
    let length = s.frames() as f64 / s.rate_hz;
    let count = (length / STEP_EVERY_S).ceil() as u32;
    let steps: Vec<(f64, f64)> = (0..count)
        .map(|k| ((f64::from(k) + 0.4) * STEP_EVERY_S, if k % 2 == 0 { STEP_A } else { -STEP_A }))
        .filter(|(t, _)| *t < length)
        .collect();
    let mut made = rail(s, |t| {
        // The last two steps are enough: each has died away after two intervals unless hardly damped.
        let near = steps.iter().filter(|(at, _)| (0.0..4.0 * STEP_EVERY_S).contains(&(t - at)));
        s.rail_v + sign(s) * near.map(|(at, a)| a * output.step(t - at)).sum::<f64>()
    });
    // First extreme of the damped sine: at an angle of acos(damping) of its own frequency.
    let own_hz = output.natural_hz * (1.0 - output.damping * output.damping).sqrt();
    let droop_s = libm::acos(output.damping) / (std::f64::consts::TAU * own_hz);
    for (at, ampere) in &steps {
        let kind = if *ampere > 0.0 { "sag" } else { "swell" };
        let recovery_s = 4.0 / (output.damping * std::f64::consts::TAU * output.natural_hz);
        made = made.event(kind, *at, Some(recovery_s.min(STEP_EVERY_S)), ampere * output.step(droop_s));
    }
    made.with("natural_hz", output.natural_hz)
        .with("damping_ratio", output.damping)
        .with("impedance_ohm", output.impedance_ohm)
        .with("step_a", STEP_A)
        .with("droop_time_s", droop_s)
}

const GOOD_LOOP: Loop = Loop { natural_hz: 2e3, damping: 0.6, impedance_ohm: 0.02 };

pub(in crate::sim) static STEPS_HEALTHY: Supply = Supply {
    id: "load-steps-healthy",
    describe: "regulated rail under load steps with a good loop and good capacitors; nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    cause: None,
    defaults: Scenario::dynamic().at_severity(0.0),
    build: |s| stepped(s, GOOD_LOOP),
};

pub(in crate::sim) static POOR_LOOP: Supply = Supply {
    id: "poor-loop",
    describe: "voltage loop with poor phase margin: load steps ring",
    severity: "damping of the loop falls in equal ratios from 0.6 to 0.05 at 1",
    cause: Some("R13"),
    defaults: Scenario::dynamic(),
    build: |s| stepped(s, Loop { damping: geometric(0.6, 0.05, s.severity), ..GOOD_LOOP }),
};

pub(in crate::sim) static LOAD_DROOP: Supply = Supply {
    id: "load-droop",
    describe: "output capacitor lost: load steps droop deeply",
    severity: "output impedance rises to 12 times at 1",
    cause: Some("R19"),
    defaults: Scenario::dynamic(),
    build: |s| stepped(s, Loop { impedance_ohm: GOOD_LOOP.impedance_ohm * linear(1.0, 12.0, s.severity), ..GOOD_LOOP }),
};

pub(in crate::sim) static HICCUP: Supply = Supply {
    id: "hiccup",
    describe: "supply collapses and restarts in hiccup: overload or failing auxiliary supply",
    severity: "share of each period that the rail is off, 60 % at 1",
    cause: Some("R15"),
    defaults: Scenario { rate_hz: 20e3, duration_s: 4.0, ..Scenario::dynamic() },
    build: hiccup,
};

/// Off for a share of each period that grows with the severity; falls with 5 ms, rises in 20 ms.
fn hiccup(s: &Scenario) -> Rail {
    let mut random = Random::new(s.seed, MODEL_STREAM);
    let period_s = random.between(0.5, 0.9);
    let off_s = 0.6 * s.severity * period_s;
    let lead_s = 0.3 * period_s;
    let volts = |t: f64| {
        let age = t - lead_s - ((t - lead_s) / period_s).floor() * period_s;
        if t < lead_s || off_s <= 0.0 {
            return s.rail_v;
        }
        let fallen = |age: f64| libm::exp(-age / 5e-3);
        let level = if age < off_s {
            fallen(age)
        } else {
            let left = fallen(off_s);
            (left + (1.0 - left) * (age - off_s) / 20e-3).min(1.0)
        };
        s.rail_v * level
    };
    let mut made = rail(s, volts).with("period_s", period_s).with("off_s", off_s);
    let length = s.frames() as f64 / s.rate_hz;
    let mut at = lead_s;
    while off_s > 0.0 && at < length && made.events.len() < 256 {
        let depth = 1.0 - libm::exp(-off_s / 5e-3);
        made = made.event("dropout", at, Some(off_s + 20e-3), -s.rail_v.abs() * depth);
        at += period_s;
    }
    made
}

pub(in crate::sim) static INTERMITTENT: Supply = Supply {
    id: "intermittent-contact",
    describe: "intermittent contact: the rail jumps between two levels at random",
    severity: "depth of the drops, 6 % of the rail at 1",
    cause: Some("R18"),
    defaults: Scenario { rate_hz: 20e3, duration_s: 2.0, ..Scenario::dynamic() },
    build: intermittent,
};

/// A random telegraph signal: bad for 20 ms on average, good for 30 ms.
fn intermittent(s: &Scenario) -> Rail {
    let mut random = Random::new(s.seed, MODEL_STREAM);
    let drop_v = 0.06 * s.rail_v.abs() * s.severity;
    let length = s.frames() as f64 / s.rate_hz;
    let mut made = Rail::new(vec![s.rail_v; s.frames()]);
    let mut at = random.exponential(30e-3);
    let mut jumps = 0.0;
    while at < length {
        let stay = random.exponential(20e-3).max(1e-3);
        let (from, to) = ((at * s.rate_hz) as usize, ((at + stay) * s.rate_hz) as usize);
        made.clean.iter_mut().take(to).skip(from).for_each(|v| *v -= sign(s) * drop_v);
        if made.events.len() < 64 && drop_v > 0.0 {
            made = made.event("sag", at, Some(stay), -drop_v);
        }
        jumps += 1.0;
        at += stay + random.exponential(30e-3).max(1e-3);
    }
    made.with("drop_v", drop_v).with("jumps_count", jumps)
}

pub(in crate::sim) static DRIFT: Supply = Supply {
    id: "drift",
    describe: "slow drift and wander of the rail: reference, joint or warming capacitor",
    severity: "slope 0.3 %/s and wander 0.8 % of the rail at 1",
    cause: Some("R16"),
    defaults: Scenario { rate_hz: 10e3, duration_s: 10.0, ..Scenario::dynamic() },
    build: |s| {
        let turns = Random::new(s.seed, MODEL_STREAM).uniform();
        let slope = -0.003 * s.rail_v * s.severity;
        let wander = 0.008 * s.rail_v * s.severity;
        rail(s, |t| s.rail_v + slope * t + wander * Phasor::turn(0.31 * t + turns).re)
            .with("slope_v_per_s", slope)
            .with("wander_v", wander.abs())
            .with("wander_hz", 0.31)
    },
};

pub(in crate::sim) static NOISY: Supply = Supply {
    id: "noisy-reference",
    describe: "random noise of the rail risen: reference or regulator",
    severity: "noise rises in equal ratios to 60 times at 1",
    cause: Some("R17"),
    defaults: Scenario::dynamic(),
    build: |s| {
        let noise_factor = geometric(1.0, 60.0, s.severity);
        Rail { noise_factor, ..rail(s, |_| s.rail_v) }.with("noise_ratio", noise_factor)
    },
};

pub(in crate::sim) static SERIES_RESISTANCE: Supply = Supply {
    id: "series-resistance",
    describe: "series resistance of connector or fuse risen: the rail falls as the load rises",
    severity: "series resistance from 2 to 120 mohm at 1",
    cause: Some("R20"),
    defaults: Scenario { rate_hz: 10e3, duration_s: 4.0, ..Scenario::dynamic() },
    build: |s| {
        let ohm = linear(0.002, 0.12, s.severity);
        // The load goes through 2, 4, 6, 8, 6 and 4 A.
        let ampere = |t: f64| [2.0, 4.0, 6.0, 8.0, 6.0, 4.0][(t / 0.4) as usize % 6];
        let mut made = rail(s, |t| s.rail_v - sign(s) * ohm * ampere(t)).with("series_ohm", ohm);
        for k in 1..((s.frames() as f64 / s.rate_hz / 0.4) as u32).min(64) {
            let at = 0.4 * f64::from(k);
            made = made.event("step", at, None, -ohm * (ampere(at + 0.1) - ampere(at - 0.1)));
        }
        made
    },
};

pub(in crate::sim) static TDD_LOAD: Supply = Supply {
    id: "tdd-load",
    describe: "load modulated by the transmitter's 5 ms TDD frame: not a supply fault",
    severity: "peak to peak of the load's imprint, 10 mV to 0.4 V at 1",
    cause: Some("R24"),
    defaults: Scenario::supply(),
    build: |s| {
        let pp = linear(0.01, 0.4, s.severity);
        let clean = rail(s, |t| s.rail_v + sign(s) * burst(t, pp)).clean;
        let mut made = Rail::new(clean).with("frame_s", FRAME_S).with("duty_ratio", DUTY).with("vpp_v", pp);
        for k in (1..=BURST_ORDERS).take_while(|k| 200.0 * f64::from(*k) < 0.45 * s.rate_hz) {
            let l = line("load", k, 200.0 * f64::from(k), burst_amplitude(k, pp));
            if l.amplitude_v > Some(10e-6) {
                made = made.line(l);
            }
        }
        made
    },
};

const FRAME_S: f64 = 5e-3;
const DUTY: f64 = 0.74;
const BURST_ORDERS: u32 = 20;

/// Amplitude of a harmonic of the burst: a rectangle smoothed by the rail's own capacitance (corner 1 kHz).
fn burst_amplitude(order: u32, pp: f64) -> f64 {
    let n = f64::from(order);
    let rectangle = 2.0 * pp * libm::sin(std::f64::consts::PI * n * DUTY).abs() / (std::f64::consts::PI * n);
    rectangle / (1.0 + (n * 0.2) * (n * 0.2)).sqrt()
}

/// The burst as the sum of its harmonics; exactly 200 Hz, as frames are locked to GPS.
fn burst(t: f64, pp: f64) -> f64 {
    (1..=BURST_ORDERS).map(|k| burst_amplitude(k, pp) * Phasor::turn(f64::from(k) * t / FRAME_S + 0.3).re).sum()
}

pub(in crate::sim) static PICKUP: Supply = Supply {
    id: "mains-pickup",
    describe: "pick-up or ground loop of the measurement at the mains frequency",
    severity: "amplitude of the pick-up, 0.5 to 50 mV at 1",
    cause: Some("R04"),
    defaults: Scenario::supply(),
    build: |s| {
        let volts = geometric(0.5e-3, 50e-3, s.severity);
        let mains = Mains::new(s, &mut Random::new(s.seed, MODEL_STREAM));
        let clean = rail(s, |t| s.rail_v + volts * Phasor::turn(mains.turns(t)).im).clean;
        mains.rail(clean, s).with("pickup_v", volts)
    },
};

pub(in crate::sim) static PFC_RIPPLE: Supply = Supply {
    id: "pfc-ripple",
    describe: "power-factor stage's bus ripple not rejected: bulk capacitor or feed-forward",
    severity: "amplitude at twice the mains, 5 mV to 0.4 V at 1",
    cause: Some("R21"),
    defaults: Scenario::supply(),
    build: |s| {
        // A bus at constant power holds a nearly pure sine at twice the mains, with a little of its second harmonic.
        let volts = geometric(5e-3, 0.4, s.severity);
        let mains = Mains::new(s, &mut Random::new(s.seed, MODEL_STREAM));
        let clean = rail(s, |t| {
            let turns = 2.0 * mains.turns(t);
            s.rail_v + volts * (Phasor::turn(turns).im + 0.03 * Phasor::turn(2.0 * turns).re)
        });
        mains.rail(clean.clean, s).with("bus_ripple_v", volts)
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Two successive peaks of a damped sine have the ratio exp(2 pi zeta / sqrt(1 - zeta^2)).
    #[test]
    fn a_load_step_rings_with_the_logarithmic_decrement_of_its_damping() {
        let output = Loop { natural_hz: 1e3, damping: 0.1, impedance_ohm: 0.02 };
        let period = 1e-3 / (1.0_f64 - 0.01).sqrt();
        let ratio = output.step(0.2e-3) / output.step(0.2e-3 + period);
        let want = (std::f64::consts::TAU * 0.1 / (1.0_f64 - 0.01).sqrt()).exp();
        assert!((ratio / want - 1.0).abs() < 1e-9);
        assert_eq!(output.step(-1.0), 0.0);
        assert_eq!(output.step(0.0), 0.0);
    }
}
