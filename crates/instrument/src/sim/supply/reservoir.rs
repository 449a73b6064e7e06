//! Single-phase rectifiers with a reservoir capacitor: a circuit solved in time, and what fails in it.
//!
//! The circuit: a sine source with a series resistance, a full-wave bridge with a constant drop, a capacitor with ESR and
//! leak, a constant-current load. With 20 V peak, 2 A, 10 mF and 20 mohm, a source resistance of 0.15 ohm and a drop of
//! 1.6 V reproduce the reference signatures of the diagnosis tables within 1 % (least squares over its rows). A post
//! regulator that rejects the raw ripple by a constant ratio makes the rail of it, so that the ratios between the
//! harmonics stay those of the circuit.

use super::mains::Mains;
use super::{MODEL_STREAM, Rail, Supply};
use crate::random::Random;
use crate::sim::Scenario;
use crate::sim::math::{Phasor, geometric, linear};

/// Peak of the source.
const SOURCE_V: f64 = 20.0;
/// Source resistance: transformer and wiring.
const SOURCE_OHM: f64 = 0.15;
/// Drop of the two diodes in series.
const DROP_V: f64 = 1.6;
/// Mean of the raw rail when nothing is wrong.
const RAW_V: f64 = 16.48;
/// Rejection of raw ripple by the post regulator, as a ratio (40 dB).
const REJECTION: f64 = 0.01;
/// Time before the record starts in which the circuit settles.
const SETTLE_S: f64 = 0.3;
/// The circuit is solved at least this often.
const STEPS_PER_S: f64 = 200e3;

/// The parts of the circuit.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Bridge {
    pub capacitance_f: f64,
    pub esr_ohm: f64,
    pub load_a: f64,
    /// Conductance across the capacitor.
    pub leak_s: f64,
    /// How much the leak fluctuates, as a fraction.
    pub leak_unrest: f64,
    /// Extra resistance in the path of the negative half-cycle; infinite is an open diode.
    pub leg_ohm: f64,
}

impl Bridge {
    pub(in crate::sim) const HEALTHY: Self =
        Self { capacitance_f: 10e-3, esr_ohm: 0.02, load_a: 2.0, leak_s: 0.0, leak_unrest: 0.0, leg_ohm: 0.0 };

    /// Output voltage for a source voltage and a capacitor voltage.
    ///
    /// Not conducting: the capacitor alone carries load and leak. Conducting: the source adds its current; whether it
    /// does follows from whether the source lies above the voltage without it.
    fn output(&self, source_v: f64, capacitor_v: f64, leak_s: f64) -> f64 {
        // A load cannot draw its current from an empty capacitor.
        let load = self.load_a * capacitor_v.clamp(0.0, 1.0);
        let idle = (capacitor_v - self.esr_ohm * load) / (1.0 + self.esr_ohm * leak_s);
        let peak = source_v.abs() - DROP_V;
        let path = SOURCE_OHM + if source_v < 0.0 { self.leg_ohm } else { 0.0 };
        if peak <= idle || path.is_infinite() {
            return idle;
        }
        (peak / path + capacitor_v / self.esr_ohm - load) / (1.0 / path + 1.0 / self.esr_ohm + leak_s)
    }

    /// The raw rail: `frames` values at `rate_hz`, each the mean over its sampling interval.
    pub(in crate::sim) fn solve(&self, mains: &Mains, unrest: &Unrest, rate_hz: f64, frames: usize) -> Vec<f64> {
        let steps = (STEPS_PER_S / rate_hz).ceil().max(1.0) as usize;
        let dt = 1.0 / (rate_hz * steps as f64);
        let settle = (SETTLE_S * rate_hz).ceil() as usize;
        let mut capacitor_v = RAW_V;
        let mut out = Vec::with_capacity(frames);
        for frame in 0..settle + frames {
            let start = (frame as f64 - settle as f64) / rate_hz;
            let leak_s = self.leak_s * (1.0 + self.leak_unrest * unrest.at(start));
            let mut sum = 0.0;
            for step in 0..steps {
                let source_v = SOURCE_V * Phasor::turn(mains.turns(start + step as f64 * dt)).im;
                let v = self.output(source_v, capacitor_v, leak_s);
                capacitor_v += dt * (v - capacitor_v) / (self.esr_ohm * self.capacitance_f);
                sum += v;
            }
            if frame >= settle {
                out.push(sum / steps as f64);
            }
        }
        out
    }
}

/// Slow unrest between -1 and 1: two sines without a common period.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Unrest {
    turns: [f64; 2],
}

impl Unrest {
    pub(in crate::sim) fn new(random: &mut Random) -> Self {
        Self { turns: [random.uniform(), random.uniform()] }
    }

    fn at(&self, t: f64) -> f64 {
        0.6 * Phasor::turn(0.83 * t + self.turns[0]).re + 0.4 * Phasor::turn(2.17 * t + self.turns[1]).re
    }
}

fn rail(bridge: &Bridge, s: &Scenario) -> Rail {
    let mut random = Random::new(s.seed, MODEL_STREAM);
    let mains = Mains::new(s, &mut random);
    let unrest = Unrest::new(&mut random);
    let raw = bridge.solve(&mains, &unrest, s.rate_hz, s.frames());
    let raw_mean = raw.iter().sum::<f64>() / raw.len().max(1) as f64;
    let scale = REJECTION / RAW_V;
    let clean = raw.iter().map(|v| s.rail_v * (1.0 + scale * (v - RAW_V))).collect();
    mains
        .rail(clean, s)
        .with("capacitance_f", bridge.capacitance_f)
        .with("esr_ohm", bridge.esr_ohm)
        .with("load_a", bridge.load_a)
        .with("leak_siemens", bridge.leak_s)
        .with("leg_ohm", bridge.leg_ohm.min(1e9))
        .with("source_ohm", SOURCE_OHM)
        .with("diode_drop_v", DROP_V)
        .with("source_peak_v", SOURCE_V)
        .with("raw_dc_v", raw_mean)
        .with("rejection_db", 40.0)
}

pub(in crate::sim) static HEALTHY: Supply = Supply {
    id: "supply-healthy",
    describe: "rectifier with a good reservoir capacitor; nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    cause: None,
    defaults: Scenario::supply().at_severity(0.0),
    build: |s| rail(&Bridge::HEALTHY, s),
};

pub(in crate::sim) static CAPACITANCE_LOST: Supply = Supply {
    id: "reservoir-c-lost",
    describe: "reservoir capacitor has lost capacitance (dried out)",
    severity: "capacitance falls in equal ratios to 6 % of its value at 1",
    cause: Some("R01"),
    defaults: Scenario::supply(),
    build: |s| {
        let capacitance_f = Bridge::HEALTHY.capacitance_f * geometric(1.0, 0.06, s.severity);
        rail(&Bridge { capacitance_f, ..Bridge::HEALTHY }, s)
    },
};

pub(in crate::sim) static ESR_UP: Supply = Supply {
    id: "reservoir-esr-up",
    describe: "reservoir capacitor's series resistance has risen (end of life)",
    severity: "series resistance rises in equal ratios to 15 times its value at 1",
    cause: Some("R02"),
    defaults: Scenario::supply(),
    build: |s| {
        let esr_ohm = Bridge::HEALTHY.esr_ohm * geometric(1.0, 15.0, s.severity);
        rail(&Bridge { esr_ohm, ..Bridge::HEALTHY }, s)
    },
};

pub(in crate::sim) static LEAK: Supply = Supply {
    id: "reservoir-leak",
    describe: "reservoir capacitor leaks, and the leak fluctuates",
    severity: "leak rises to 0.4 S at 1, fluctuating by half",
    cause: Some("R25"),
    defaults: Scenario::supply(),
    build: |s| {
        let bridge = Bridge { leak_s: linear(0.0, 0.4, s.severity), leak_unrest: 0.5, ..Bridge::HEALTHY };
        rail(&bridge, s)
    },
};

pub(in crate::sim) static LOAD_UP: Supply = Supply {
    id: "load-up",
    describe: "DC load above rated, the supply itself is good",
    severity: "load current rises to three times rated at 1",
    cause: Some("R01a"),
    defaults: Scenario::supply(),
    build: |s| rail(&Bridge { load_a: 2.0 * linear(1.0, 3.0, s.severity), ..Bridge::HEALTHY }, s),
};

pub(in crate::sim) static DIODE_OPEN: Supply = Supply {
    id: "diode-open",
    describe: "one leg of the bridge is bad, at the worst open (half-wave)",
    severity: "resistance of one leg rises from nothing to open at 1",
    cause: Some("R03"),
    defaults: Scenario::supply().at_severity(1.0),
    build: |s| {
        // s / (1 - s): nothing at 0, infinite at 1.
        let leg_ohm = 2.0 * s.severity / (1.0 - s.severity);
        rail(&Bridge { leg_ohm, ..Bridge::HEALTHY }, s)
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, p-p and harmonics of the raw rail in mV over ten mains cycles.
    fn signature(bridge: &Bridge) -> (f64, f64, Vec<f64>) {
        let mains = Mains::ideal(50.0);
        let still = Unrest { turns: [0.0, 0.0] };
        let v = bridge.solve(&mains, &still, 100e3, 20_000);
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let low = v.iter().copied().fold(f64::INFINITY, f64::min);
        let high = v.iter().copied().fold(0.0, f64::max);
        (mean, (high - low) * 1e3, mains.harmonics(&v, 100e3).iter().map(|a| a * 1e3).collect())
    }

    /// Rows of the reference table: Vdc in V, then Vpp and the harmonics 1, 2, 4 and 6 in mV.
    #[test]
    fn the_circuit_reproduces_the_reference_signatures() {
        let h = Bridge::HEALTHY;
        let rows = [
            ("healthy", h, [16.48, 1517.0, 0.0, 593.0, 237.0, 104.0]),
            ("C -20 %", Bridge { capacitance_f: 8e-3, ..h }, [16.42, 1872.0, 0.0, 739.0, 292.0, 125.0]),
            ("C -50 %", Bridge { capacitance_f: 5e-3, ..h }, [16.19, 2923.0, 0.0, 1172.0, 451.0, 184.0]),
            ("ESR x3", Bridge { esr_ohm: 0.06, ..h }, [16.30, 1683.0, 0.0, 622.0, 274.0, 128.0]),
            ("ESR x10", Bridge { esr_ohm: 0.2, ..h }, [15.75, 2500.0, 0.0, 901.0, 504.0, 208.0]),
            (
                "C -50 % and ESR x10",
                Bridge { capacitance_f: 5e-3, esr_ohm: 0.2, ..h },
                [15.59, 3500.0, 0.0, 1320.0, 587.0, 216.0],
            ),
            ("diode open", Bridge { leg_ohm: f64::INFINITY, ..h }, [15.18, 3363.0, 1236.0, 564.0, 190.0, 56.0]),
            ("leak 20 ohm", Bridge { leak_s: 0.05, ..h }, [15.98, 2024.0, 0.0, 813.0, 303.0, 114.0]),
            ("load x1.5", Bridge { load_a: 3.0, ..h }, [15.87, 2148.0, 0.0, 867.0, 318.0, 115.0]),
        ];
        for (name, bridge, [vdc, vpp, h1, h2, h4, h6]) in rows {
            let (mean, pp, a) = signature(&bridge);
            let near = |got: f64, want: f64, slack: f64| (got - want).abs() <= slack;
            assert!(near(mean, vdc, 0.02), "{name}: Vdc {mean}");
            assert!(near(pp, vpp, 0.01 * vpp), "{name}: Vpp {pp}");
            for (order, want) in [(1, h1), (2, h2), (4, h4), (6, h6)] {
                let got = a[order - 1];
                assert!(near(got, want, 0.01 * want + 1.0), "{name}: h{order} {got} instead of {want}");
            }
        }
    }

    #[test]
    fn the_ratio_of_the_harmonics_tells_series_resistance_from_capacitance() {
        let ratio = |bridge: &Bridge| {
            let a = signature(bridge).2;
            a[3] / a[1]
        };
        let healthy = ratio(&Bridge::HEALTHY);
        assert!((healthy - 0.40).abs() < 0.005);
        assert!((ratio(&Bridge { capacitance_f: 5e-3, ..Bridge::HEALTHY }) - 0.385).abs() < 0.005);
        assert!((ratio(&Bridge { esr_ohm: 0.2, ..Bridge::HEALTHY }) - 0.56).abs() < 0.005);
    }
}
