//! Switching converters: inductor-current ripple through the output capacitor's C, ESR and ESL, and spikes at the edges.
//!
//! The current is piecewise linear, so its Fourier coefficients are exact, and only harmonics below 0.45 of the sample
//! rate are summed: the record is one behind an ideal anti-alias filter, and its lines are known exactly.

use std::f64::consts::TAU;

use super::{MODEL_STREAM, Rail, Supply, line};
use crate::random::Random;
use crate::sim::math::{Phasor, geometric};
use crate::sim::{Scenario, TruthEvent, TruthLine};

/// Peak-to-peak ripple current.
const RIPPLE_A: f64 = 3.0;
/// Most harmonics that are summed.
const MOST_ORDERS: u32 = 64;
/// Share of the sample rate that the record holds.
const BAND: f64 = 0.45;

/// The output stage of a converter.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Stage {
    pub frequency_hz: f64,
    pub duty: f64,
    /// Difference of the duty of one period to the next: above zero is sub-harmonic oscillation.
    pub alternation: f64,
    pub capacitance_f: f64,
    pub esr_ohm: f64,
    pub esl_h: f64,
    pub ripple_a: f64,
}

impl Stage {
    /// A healthy stage, its switching frequency up to 0.3 % off.
    fn healthy(s: &Scenario, random: &mut Random) -> Self {
        Self {
            frequency_hz: s.switching_hz * (1.0 + random.between(-0.003, 0.003)),
            duty: 0.42,
            alternation: 0.0,
            capacitance_f: 1e-3,
            esr_ohm: 0.006,
            esl_h: 2e-9,
            ripple_a: RIPPLE_A,
        }
    }

    /// Changes of the current's slope over two periods: instant in periods, and ampere per period.
    fn kinks(&self) -> [(f64, f64); 4] {
        let up = self.ripple_a / self.duty;
        let change = up + self.ripple_a / (1.0 - self.duty);
        let (first, second) = (self.duty + self.alternation, self.duty - self.alternation);
        [(0.0, change), (first, -change), (1.0, change), (1.0 + second, -change)]
    }

    /// Phasor (peak) of the ripple current at `order` halves of the switching frequency.
    pub(in crate::sim) fn current(&self, order: u32) -> Phasor {
        let half_turns = 0.5 * f64::from(order);
        let omega = TAU * half_turns;
        let sum = self.kinks().iter().fold(Phasor::ZERO, |sum, (t, change)| {
            let z = Phasor::turn(-half_turns * t);
            sum.plus(z.scale(*change))
        });
        // The second derivative is a row of impulses; two integrations divide by (j omega)^2, over a period of 2.
        sum.scale(-2.0 / (2.0 * omega * omega))
    }

    /// Phasor (peak) of the ripple voltage at `order` halves of the switching frequency.
    pub(in crate::sim) fn voltage(&self, order: u32) -> Phasor {
        let omega = TAU * 0.5 * f64::from(order) * self.frequency_hz;
        let impedance = Phasor::new(self.esr_ohm, omega * self.esl_h - 1.0 / (omega * self.capacitance_f));
        self.current(order).times(impedance)
    }

    /// Adds the ripple to a rail; gives its lines.
    pub(super) fn add(&self, volts: &mut [f64], rate_hz: f64) -> Vec<TruthLine> {
        let orders = ((BAND * rate_hz / (0.5 * self.frequency_hz)) as u32).min(MOST_ORDERS);
        let phasors: Vec<Phasor> = (1..=orders).map(|n| self.voltage(n)).collect();
        for (k, v) in volts.iter_mut().enumerate() {
            let z = Phasor::turn(0.5 * self.frequency_hz * k as f64 / rate_hz);
            let mut power = z;
            for phasor in &phasors {
                *v += phasor.re * power.re - phasor.im * power.im;
                power = power.times(z);
            }
        }
        let lines = (1..).zip(&phasors).map(|(n, p): (u32, _)| self.line(n, p.magnitude()));
        lines.filter(|l| l.amplitude_v.is_some_and(|a| a > 10e-6)).collect()
    }

    fn line(&self, halves: u32, amplitude_v: f64) -> TruthLine {
        let frequency_hz = 0.5 * self.frequency_hz * f64::from(halves);
        if halves.is_multiple_of(2) {
            line("switching", halves / 2, frequency_hz, amplitude_v)
        } else {
            line("subharmonic", halves, frequency_hz, amplitude_v)
        }
    }
}

/// Spikes at the switching edges: how high, and at what share of the edges.
#[derive(Debug, Clone, Copy)]
struct Edges {
    peak_v: f64,
    share: f64,
}

impl Edges {
    /// Adds short damped rings, up at turn-on and down at turn-off; gives their instants.
    fn add(&self, volts: &mut [f64], stage: &Stage, rate_hz: f64, random: &mut Random) -> Vec<TruthEvent> {
        let mut events = Vec::new();
        let periods = (volts.len() as f64 / rate_hz * stage.frequency_hz) as usize;
        for period in 0..periods {
            for (at, sign) in [(0.0, 1.0), (stage.duty, -1.0)] {
                if random.uniform() >= self.share {
                    continue;
                }
                let start_s = (period as f64 + at) / stage.frequency_hz;
                let peak_v = sign * self.peak_v * random.between(0.8, 1.2);
                ring(volts, start_s, peak_v, rate_hz);
                events.push(TruthEvent {
                    kind: "spike".into(),
                    start_s,
                    duration_s: Some(4.0 / rate_hz),
                    change_v: Some(peak_v),
                });
            }
        }
        events
    }
}

/// A ring at 0.3 of the sample rate that dies within a few samples: what a converter's bandwidth leaves of a spike.
fn ring(volts: &mut [f64], start_s: f64, peak_v: f64, rate_hz: f64) {
    let start = start_s * rate_hz;
    let first = start.ceil() as usize;
    for (k, v) in volts.iter_mut().enumerate().skip(first).take(16) {
        let age = k as f64 - start;
        *v += peak_v * libm::exp(-age / 1.5) * Phasor::turn(0.3 * age).re;
    }
}

fn rail(s: &Scenario, stages: &[Stage], edges: Option<(Edges, &mut Random)>) -> Rail {
    let mut clean = vec![s.rail_v; s.frames()];
    let lines: Vec<TruthLine> = stages.iter().flat_map(|stage| stage.add(&mut clean, s.rate_hz)).collect();
    let mut rail = Rail::new(Vec::new());
    if let (Some((edges, random)), Some(stage)) = (edges, stages.first()) {
        let mut events = edges.add(&mut clean, stage, s.rate_hz, random);
        rail = rail.with("spikes_count", events.len() as f64).with("spike_v", edges.peak_v);
        events.truncate(64);
        rail.events = events;
    }
    if let Some(stage) = stages.first() {
        rail = rail
            .with("switching_hz", stage.frequency_hz)
            .with("duty_ratio", stage.duty)
            .with("alternation_ratio", stage.alternation)
            .with("capacitance_f", stage.capacitance_f)
            .with("esr_ohm", stage.esr_ohm)
            .with("esl_h", stage.esl_h)
            .with("ripple_a", stage.ripple_a);
    }
    Rail { clean, lines, ..rail }
}

/// What [`Stage`] is without a fault, for models of other families.
pub(super) fn healthy_stage(s: &Scenario, random: &mut Random) -> Stage {
    Stage::healthy(s, random)
}

fn single(s: &Scenario, change: impl FnOnce(Stage) -> Stage) -> Rail {
    let mut random = Random::new(s.seed, MODEL_STREAM);
    let stage = change(Stage::healthy(s, &mut random));
    rail(s, &[stage], None)
}

pub(in crate::sim) static HEALTHY: Supply = Supply {
    id: "converter-healthy",
    describe: "switching converter with good output capacitors; nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    cause: None,
    defaults: Scenario::converter().at_severity(0.0),
    build: |s| single(s, |stage| stage),
};

pub(in crate::sim) static ESR_UP: Supply = Supply {
    id: "output-esr-up",
    describe: "output capacitor's series resistance has risen",
    severity: "series resistance rises in equal ratios to 60 times at 1",
    cause: Some("R09"),
    defaults: Scenario::converter(),
    build: |s| single(s, |stage| Stage { esr_ohm: stage.esr_ohm * geometric(1.0, 60.0, s.severity), ..stage }),
};

pub(in crate::sim) static CAPACITANCE_LOST: Supply = Supply {
    id: "output-c-lost",
    describe: "output capacitance lost: ceramic capacitors missing or cracked",
    severity: "capacitance falls in equal ratios from 200 to 5 uF at 1",
    cause: Some("R10"),
    defaults: Scenario::converter(),
    // Ceramics: hardly any ESR, and little enough capacitance for it to count.
    build: |s| {
        single(s, |stage| Stage {
            esr_ohm: 1e-3,
            esl_h: 0.3e-9,
            capacitance_f: geometric(200e-6, 5e-6, s.severity),
            ..stage
        })
    },
};

pub(in crate::sim) static EDGE_SPIKES: Supply = Supply {
    id: "edge-spikes",
    describe: "spikes at the switching edges: snubber open or layout",
    severity: "height of the spikes, 2 mV to 0.3 V at 1",
    cause: Some("R11"),
    defaults: Scenario::converter(),
    build: |s| {
        let mut random = Random::new(s.seed, MODEL_STREAM);
        let stage = Stage::healthy(s, &mut random);
        let edges = Edges { peak_v: geometric(0.002, 0.3, s.severity), share: 0.01 };
        rail(s, &[stage], Some((edges, &mut random)))
    },
};

pub(in crate::sim) static SUBHARMONIC: Supply = Supply {
    id: "sub-harmonic",
    describe: "converter oscillates at half its switching frequency: slope compensation lost",
    severity: "difference of neighbouring pulses, 8 % of a period each way at 1",
    cause: Some("R12"),
    defaults: Scenario::converter(),
    build: |s| single(s, |stage| Stage { duty: 0.55, alternation: 0.08 * s.severity, ..stage }),
};

pub(in crate::sim) static BEAT: Supply = Supply {
    id: "switching-beat",
    describe: "two paralleled converters not synchronised: their lines beat",
    severity: "share of current that the second converter takes",
    cause: Some("R22"),
    defaults: Scenario::converter(),
    build: |s| {
        let mut random = Random::new(s.seed, MODEL_STREAM);
        let one = Stage { ripple_a: RIPPLE_A * (1.0 + s.severity), ..Stage::healthy(s, &mut random) };
        let other = Stage { frequency_hz: one.frequency_hz * 1.013, ripple_a: 0.8 * RIPPLE_A * s.severity, ..one };
        rail(s, &[one, other], None).with("second_switching_hz", other.frequency_hz)
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(duty: f64) -> Stage {
        Stage {
            frequency_hz: 100e3,
            duty,
            alternation: 0.0,
            capacitance_f: 1e-3,
            esr_ohm: 0.01,
            esl_h: 1e-9,
            ripple_a: 3.0,
        }
    }

    /// A triangle of p-p A and duty D has the amplitudes A |sin(n pi D)| / (n^2 pi^2 D (1 - D)).
    #[test]
    fn the_current_has_the_coefficients_of_a_triangle() {
        for duty in [0.2, 0.42, 0.5] {
            for n in 1..8_u32 {
                let order = f64::from(n);
                let pi = std::f64::consts::PI;
                let want = 3.0 * (order * pi * duty).sin().abs() / (order * order * pi * pi * duty * (1.0 - duty));
                assert!((stage(duty).current(2 * n).magnitude() - want).abs() < 1e-9, "D {duty}, n {n}");
                assert!(stage(duty).current(2 * n - 1).magnitude() < 1e-9, "half-orders without alternation");
            }
        }
    }

    /// With the sine taken out, the harmonics fall as 1/n^3 on a capacitance, 1/n^2 on a resistance, 1/n on an
    /// inductance.
    #[test]
    fn the_envelope_tells_the_part_that_dominates() {
        let base = stage(0.3);
        let cases = [
            (Stage { esr_ohm: 0.0, esl_h: 0.0, ..base }, 3),
            (Stage { capacitance_f: 1e9, esl_h: 0.0, ..base }, 2),
            (Stage { capacitance_f: 1e9, esr_ohm: 0.0, ..base }, 1),
        ];
        for (stage, power) in cases {
            let bare = |n: u32| {
                let sine = (f64::from(n) * std::f64::consts::PI * 0.3).sin().abs();
                stage.voltage(2 * n).magnitude() / sine
            };
            for n in 2..7 {
                let fall = bare(1) / bare(n) / f64::from(n).powi(power);
                assert!((fall - 1.0).abs() < 1e-6, "power {power}, n {n}: {fall}");
            }
        }
    }

    /// Peak to peak of the capacitive part is dI / (8 f C) at D = 0.5.
    #[test]
    fn the_capacitive_ripple_follows_the_textbook_formula() {
        let s = Stage { esr_ohm: 0.0, esl_h: 0.0, ..stage(0.5) };
        let mut v = vec![0.0; 20_000];
        s.add(&mut v, 20e6);
        let pp = v.iter().copied().fold(f64::MIN, f64::max) - v.iter().copied().fold(f64::MAX, f64::min);
        let want = 3.0 / (8.0 * 100e3 * 1e-3);
        assert!((pp / want - 1.0).abs() < 0.01, "{pp} instead of {want}");
    }

    #[test]
    fn alternating_pulses_make_half_orders() {
        let s = Stage { alternation: 0.1, ..stage(0.55) };
        assert!(s.voltage(1).magnitude() > 0.1 * s.voltage(2).magnitude());
    }
}
