//! Receiver artefacts: a healthy transmitter seen through a receiver with a DC spike, an image or its own crystal's line.

use super::Emitter;
use super::chain::{Added, Chain};
use crate::random::Random;
use crate::sim::math::linear;
use crate::sim::{Domain, Scenario};

const fn model(
    id: &'static str,
    describe: &'static str,
    cause: &'static str,
    build: fn(&Scenario, &mut Random) -> Chain,
) -> Emitter {
    Emitter { id, describe, domain: Domain::Receive, cause: Some(cause), defaults: Scenario::transmit(), build }
}

pub(in crate::sim) static DC_SPIKE: Emitter =
    model("rx-dc-spike", "receiver's DC offset: a line at the tuned centre", "A01", |s, random| {
        let leak_dbc = linear(-73.0, -15.0, s.severity);
        Chain { leak_dbc, ..Chain::healthy(s, random) }.with("dc_dbc", leak_dbc)
    });

pub(in crate::sim) static IMAGE: Emitter =
    model("rx-image", "receiver out of balance: an image about the tuned centre", "A02", |s, random| {
        let chain = Chain::healthy(s, random);
        let (gain_db, phase_deg) = (chain.gain_db + 0.8 * s.severity, -4.0 * s.severity);
        Chain { gain_db, phase_deg, ..chain }.with("gain_db", gain_db).with("phase_deg", phase_deg)
    });

/// Multiples of the crystal of common dongles.
const CRYSTAL_HZ: f64 = 28.8e6;

pub(in crate::sim) static CRYSTAL: Emitter = Emitter {
    // Tuned so that the 33rd harmonic, 950.4 MHz, lies in the band.
    defaults: Scenario { center_hz: 950.3e6, ..Scenario::transmit() },
    ..model("rx-crystal", "receiver's own crystal: a line at an exact multiple of 28.8 MHz", "A03", |s, random| {
        let chain = Chain::healthy(s, random);
        let order = (s.center_hz / CRYSTAL_HZ).round();
        let line = Added {
            offset_hz: order * CRYSTAL_HZ - s.center_hz,
            dbc: linear(-85.0, -35.0, s.severity),
            turns: random.uniform(),
            origin: "receiver",
            order: Some(order.clamp(0.0, 1e6) as u32),
        };
        let inside = line.offset_hz.abs() < 0.45 * s.rate_hz;
        let crystal = chain.with("harmonic_order", order).with("inside_ratio", f64::from(u8::from(inside)));
        Chain { added: if inside { vec![line] } else { Vec::new() }, ..crystal }
    })
};
