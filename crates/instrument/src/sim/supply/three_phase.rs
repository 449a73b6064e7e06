//! Three-phase six-pulse rectifiers with a choke and a capacitor: phase lost, diode open, unbalance, weak filter.
//!
//! The rectifier gives the highest of three phases less the lowest; a bad contact or diode is a voltage that its phase
//! must overcome, so that the worst case never conducts. The plant's slow regulation holds
//! the mean as far as a quarter more drive can.

use super::mains::Mains;
use super::{MODEL_STREAM, Rail, Supply};
use crate::random::Random;
use crate::sim::Scenario;
use crate::sim::math::{Phasor, geometric};

/// Phase amplitude that gives a mean of 1 V: the mean of a six-pulse rectifier is 3 sqrt(3) / pi times it.
const PHASE_AMPLITUDE: f64 = 0.604_599_788_078_072_6;
const CHOKE_H: f64 = 10e-3;
const CHOKE_OHM: f64 = 0.05;
const CAPACITANCE_F: f64 = 22e-3;
const ESR_OHM: f64 = 0.005;
const LOAD_OHM: f64 = 2.7;
const SETTLE_S: f64 = 1.0;
const STEPS_PER_S: f64 = 100e3;
/// A phase lies at most 1.5 amplitudes beyond the next one: with this contact voltage it never conducts.
const NEVER: f64 = 1.5;
/// How far the plant's regulation can raise the drive.
const REGULATION: f64 = 1.25;

/// What is wrong with the rectifier, all relative to the phase amplitude, and with the filter.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct SixPulse {
    /// Amplitude of the first phase.
    pub phase_a: f64,
    /// Contact voltage of the first phase, both ways: 1.5 is a phase lost.
    pub contact: f64,
    /// Contact voltage of the first phase's upper diode: 1.5 is a diode open.
    pub diode: f64,
    /// Filter capacitance.
    pub capacitance_f: f64,
    /// Inductance of the choke.
    pub choke_h: f64,
}

impl SixPulse {
    pub(in crate::sim) const HEALTHY: Self =
        Self { phase_a: 1.0, contact: 0.0, diode: 0.0, capacitance_f: CAPACITANCE_F, choke_h: CHOKE_H };

    /// Rectified voltage before the filter; 1 is the healthy mean.
    pub(in crate::sim) fn rectified(&self, turns: f64) -> f64 {
        let phase = |shift: f64| PHASE_AMPLITUDE * Phasor::turn(turns + shift).im;
        let (a, b, c) = (phase(0.0) * self.phase_a, phase(-1.0 / 3.0), phase(1.0 / 3.0));
        let contact = self.contact * PHASE_AMPLITUDE;
        let high = (a - contact - self.diode * PHASE_AMPLITUDE).max(b).max(c);
        let low = (a + contact).min(b).min(c);
        high - low
    }

    /// The filtered rail of a plant of `rail_v`, before regulation.
    fn filtered(&self, mains: &Mains, s: &Scenario) -> Vec<f64> {
        let steps = (STEPS_PER_S / s.rate_hz).ceil().max(1.0) as usize;
        let dt = 1.0 / (s.rate_hz * steps as f64);
        let settle = (SETTLE_S * s.rate_hz).ceil() as usize;
        let drive = s.rail_v.abs();
        let (mut current, mut stored) = (drive / LOAD_OHM, drive);
        let mut out = Vec::with_capacity(s.frames());
        for frame in 0..settle + s.frames() {
            let start = (frame as f64 - settle as f64) / s.rate_hz;
            let mut sum = 0.0;
            for step in 0..steps {
                let source = drive * self.rectified(mains.turns(start + step as f64 * dt));
                let v = (stored + ESR_OHM * current) / (1.0 + ESR_OHM / LOAD_OHM);
                // The bridge lets no current back.
                current = (current + dt * (source - v - CHOKE_OHM * current) / self.choke_h).max(0.0);
                stored += dt * (current - v / LOAD_OHM) / self.capacitance_f;
                sum += v;
            }
            if frame >= settle {
                out.push(sum / steps as f64);
            }
        }
        out
    }
}

fn rail(six: &SixPulse, s: &Scenario) -> Rail {
    let mains = Mains::new(s, &mut Random::new(s.seed, MODEL_STREAM));
    let mut clean = six.filtered(&mains, s);
    let mean = clean.iter().sum::<f64>() / clean.len().max(1) as f64;
    let gain = (s.rail_v.abs() / mean).clamp(0.5, REGULATION) * s.rail_v.signum();
    clean.iter_mut().for_each(|v| *v *= gain);
    mains
        .rail(clean, s)
        .with("phase_a_ratio", six.phase_a)
        .with("contact_ratio", six.contact)
        .with("diode_ratio", six.diode)
        .with("filter_f", six.capacitance_f)
        .with("choke_h", six.choke_h)
        .with("load_ohm", LOAD_OHM)
        .with("regulation_ratio", gain.abs())
}

pub(in crate::sim) static HEALTHY: Supply = Supply {
    id: "three-phase-healthy",
    describe: "three-phase six-pulse rectifier with a good filter; nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    cause: None,
    defaults: Scenario::supply().at_severity(0.0),
    build: |s| rail(&SixPulse::HEALTHY, s),
};

pub(in crate::sim) static FILTER_WEAK: Supply = Supply {
    id: "three-phase-filter-weak",
    describe: "three-phase rectifier whose filter capacitor has lost capacitance",
    severity: "filter capacitance falls in equal ratios to 3 % at 1",
    cause: Some("R05"),
    defaults: Scenario::supply(),
    build: |s| {
        let capacitance_f = CAPACITANCE_F * geometric(1.0, 0.03, s.severity);
        rail(&SixPulse { capacitance_f, ..SixPulse::HEALTHY }, s)
    },
};

pub(in crate::sim) static CHOKE_WEAK: Supply = Supply {
    id: "three-phase-choke-weak",
    describe: "three-phase rectifier whose filter choke has lost inductance (shorted turns, saturated core)",
    severity: "inductance falls in equal ratios to 4 % at 1",
    cause: Some("R05"),
    defaults: Scenario::supply(),
    build: |s| rail(&SixPulse { choke_h: CHOKE_H * geometric(1.0, 0.04, s.severity), ..SixPulse::HEALTHY }, s),
};

pub(in crate::sim) static PHASE_LOST: Supply = Supply {
    id: "phase-lost",
    describe: "three-phase rectifier with one phase bad, at the worst lost",
    severity: "contact voltage of one phase rises until it never conducts at 1",
    cause: Some("R06"),
    defaults: Scenario::supply().at_severity(1.0),
    build: |s| rail(&SixPulse { contact: NEVER * s.severity, ..SixPulse::HEALTHY }, s),
};

pub(in crate::sim) static DIODE_OPEN: Supply = Supply {
    id: "three-phase-diode-open",
    describe: "three-phase rectifier with one diode bad, at the worst open",
    severity: "forward voltage of one diode rises until it never conducts at 1",
    cause: Some("R07"),
    defaults: Scenario::supply().at_severity(1.0),
    build: |s| rail(&SixPulse { diode: NEVER * s.severity, ..SixPulse::HEALTHY }, s),
};

pub(in crate::sim) static UNBALANCE: Supply = Supply {
    id: "phase-unbalance",
    describe: "three-phase rectifier with one phase voltage low, by 15 % at the worst",
    severity: "one phase voltage low by 15 % at 1",
    cause: Some("R08"),
    defaults: Scenario::supply(),
    build: |s| rail(&SixPulse { phase_a: 1.0 - 0.15 * s.severity, ..SixPulse::HEALTHY }, s),
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the reference table: mean relative to healthy, then amplitudes of 50, 100, 150, 200, 300 and 600 Hz
    /// (the last two after the table's rounding) in per cent of the record's own mean.
    #[test]
    fn the_rectifier_reproduces_the_reference_signatures() {
        let h = SixPulse::HEALTHY;
        let rows = [
            ("healthy", h, 1.0, [0.0, 0.0, 0.0, 0.0, 5.71, 1.40]),
            ("phase lost", SixPulse { contact: NEVER, ..h }, 0.667, [0.0, 66.7, 0.0, 13.3, 5.7, 1.4]),
            ("diode open", SixPulse { diode: NEVER, ..h }, 0.833, [36.3, 26.7, 15.0, 5.3, 5.7, 1.4]),
            ("-2 %", SixPulse { phase_a: 0.98, ..h }, 0.993, [0.0, 0.67, 0.0, 0.13, 5.7, 1.4]),
            ("-5 %", SixPulse { phase_a: 0.95, ..h }, 0.983, [0.0, 1.70, 0.0, 0.33, 5.7, 1.4]),
            ("-10 %", SixPulse { phase_a: 0.90, ..h }, 0.967, [0.0, 3.48, 0.0, 0.66, 5.7, 1.4]),
        ];
        let mains = Mains::ideal(50.0);
        for (name, six, mean, percent) in rows {
            let v: Vec<f64> = (0..20_000).map(|k| six.rectified(mains.turns(f64::from(k) / 100e3))).collect();
            let dc = v.iter().sum::<f64>() / v.len() as f64;
            assert!((dc - mean).abs() < 0.002, "{name}: mean {dc}");
            let a = mains.harmonics(&v, 100e3);
            for (order, want) in [1, 2, 3, 4, 6, 12].into_iter().zip(percent) {
                let got = 100.0 * a[order - 1] / dc;
                assert!((got - want).abs() < 0.01 * want + 0.06, "{name}: h{order} {got} instead of {want}");
            }
        }
    }
}
