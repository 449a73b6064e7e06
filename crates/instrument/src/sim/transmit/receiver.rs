//! Receiver artefacts: a healthy transmitter seen through a receiver with a DC spike, an image or its own crystal's line.

use super::Emitter;
use super::chain::{Added, Amplifier, Chain, Product, Tone};
use crate::sim::Scenario;
use crate::sim::math::{geometric, linear};

pub(in crate::sim) static DC_SPIKE: Emitter = Emitter::receive(
    "rx-dc-spike",
    "receiver's DC offset: a line at the tuned centre",
    "line at the centre, -73 to -15 dBc at 1",
    "A01",
    |s, random| {
        let leak_dbc = linear(-73.0, -15.0, s.severity);
        Chain { leak_dbc, ..Chain::healthy(s, random) }.with("dc_dbc", leak_dbc)
    },
);

pub(in crate::sim) static IMAGE: Emitter = Emitter::receive(
    "rx-image",
    "receiver out of balance: an image about the tuned centre",
    "gain and phase error, 0.8 dB and 4 degrees at 1",
    "A02",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let (gain_db, phase_deg) = (chain.gain_db + 0.8 * s.severity, -4.0 * s.severity);
        Chain { gain_db, phase_deg, ..chain }.with("gain_db", gain_db).with("phase_deg", phase_deg)
    },
);

/// An offset whose folded multiples do not fall on the lines of these models.
const UNRELATED_HZ: f64 = 41.37e3;

/// Multiples of the crystal of common dongles.
const CRYSTAL_HZ: f64 = 28.8e6;

pub(in crate::sim) static CRYSTAL: Emitter = Emitter {
    // Tuned so that the 33rd harmonic, 950.4 MHz, lies in the band.
    defaults: Scenario { center_hz: 950.3e6, carrier_offset_hz: UNRELATED_HZ, ..Scenario::transmit() },
    ..Emitter::receive(
        "rx-crystal",
        "receiver's own crystal: a line at an exact multiple of 28.8 MHz",
        "level of the line, -85 to -35 dBc at 1",
        "A03",
        |s, random| {
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
        },
    )
};

pub(in crate::sim) static ALIAS: Emitter = Emitter {
    defaults: Scenario { carrier_offset_hz: UNRELATED_HZ, ..Scenario::transmit() },
    ..Emitter::receive(
        "rx-alias",
        "alias of the receiver's interleaved converter: the carrier again, about half the sample rate",
        "level of the alias, -85 to -35 dBc at 1",
        "S12",
        |s, random| {
            let chain = Chain::healthy(s, random);
            let dbc = linear(-85.0, -35.0, s.severity);
            // Mirrored about a quarter of the rate.
            let offset_hz = 0.5 * s.rate_hz - chain.carrier_hz;
            let line = Added { offset_hz, dbc, turns: random.uniform(), origin: "alias", order: Some(2) };
            Chain { added: vec![line], ..chain }.with("alias_dbc", dbc)
        },
    )
};

pub(in crate::sim) static OVERLOAD: Emitter = Emitter::receive(
    "rx-overload",
    "receiver overloaded by a co-site carrier: products of the wanted carrier and a foreign one",
    "saturation of the receiver falls in equal ratios from 45 to 3 times the carrier",
    "S21",
    |s, random| {
        let healthy = Chain::healthy(s, random);
        let spacing = -0.06 * s.rate_hz * random.between(0.8, 1.2);
        let dbc = random.between(-11.0, -6.0);
        let amplifier = Amplifier { saturation: geometric(45.0, 3.0, s.severity), sharpness: 1.0, turn: 0.0 };
        let (one, two) = (healthy.carrier_hz, healthy.carrier_hz + spacing);
        let product = |a, b, order| Product::of_two((one, two), a, b, order);
        Chain {
            carrier_dbfs: healthy.carrier_dbfs - 3.0,
            tones: vec![Tone { delta_hz: spacing, dbc, turns: random.uniform() }],
            amplifier: Some(amplifier),
            products: vec![
                Product { offset_hz: two, origin: "wanted", order: Some(1), of: Vec::new() },
                product(2.0, -1.0, 3),
                product(-1.0, 2.0, 3),
            ],
            ..healthy
        }
        .with("spacing_hz", spacing)
        .with("foreign_dbc", dbc)
        .with("saturation_ratio", amplifier.saturation)
    },
);
