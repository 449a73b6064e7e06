//! Whole-unit faults of a transmitter: amplifier failing or compressed, level, frequency, connector, overdriven input.

use super::chain::{Amplifier, Chain, Product, Tone};
use super::{Emitter, RATED_DBM};
use crate::random::Random;
use crate::sim::math::{geometric, linear};
use crate::sim::transmit::chain::Ripple;
use crate::sim::{Domain, Modulation, Scenario, TruthEvent};

pub(in crate::sim) static HEALTHY: Emitter = Emitter {
    id: "tx-healthy",
    describe: "transmitter at rated level; nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    domain: Domain::Transmit,
    cause: None,
    defaults: Scenario::transmit().at_severity(0.0),
    build: |s, random| Chain::healthy(s, random).with("rated_dbm", RATED_DBM),
};

pub(in crate::sim) static LTE_HEALTHY: Emitter = Emitter {
    id: "lte-healthy",
    describe: "transmitter with an LTE-like carrier (24 subcarriers of 15 kHz); nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    domain: Domain::Transmit,
    cause: None,
    defaults: Scenario {
        modulation: Modulation::Ofdm,
        rate_hz: 1.92e6,
        duration_s: 0.15,
        carrier_offset_hz: 0.0,
        ..Scenario::transmit().at_severity(0.0)
    },
    // Peaks of many subcarriers need their room.
    build: |s, random| {
        let healthy = Chain::healthy(s, random);
        Chain { carrier_dbfs: healthy.carrier_dbfs - 8.0, ..healthy }.with("rated_dbm", RATED_DBM - 8.0)
    },
};

pub(in crate::sim) static PMR_HEALTHY: Emitter = Emitter {
    id: "pmr-healthy",
    describe: "FM transmitter of a private mobile radio with its test tone; nothing is wrong",
    severity: "none: nothing is wrong at any severity",
    domain: Domain::Transmit,
    cause: None,
    defaults: Scenario { modulation: Modulation::Fm, ..Scenario::transmit().at_severity(0.0) },
    build: |s, random| Chain::healthy(s, random).with("rated_dbm", RATED_DBM),
};

pub(in crate::sim) static PA_FAILING: Emitter = Emitter {
    id: "pa-failing",
    describe: "power amplifier failing: level low, parasitic oscillation, ripple on its bias",
    severity: "gain lost (5.5 dB at 1), oscillation, ripple and noise together",
    domain: Domain::Transmit,
    cause: Some("S18"),
    defaults: Scenario::transmit().at_severity(0.85),
    build: pa_failing,
};

/// Gain and saturation fall together; two parasitic oscillations go through the compressed stage, which mirrors them
/// about the carrier at another level, so that the pairs are not symmetrical.
fn pa_failing(s: &Scenario, random: &mut Random) -> Chain {
    let healthy = Chain::healthy(s, random);
    let lost_db = 5.5 * s.severity;
    let amplifier = Amplifier { saturation: geometric(3.0, 1.05, s.severity), sharpness: 2.0, turn: 0.03 };
    let deltas = [random.between(0.9, 1.1) * 0.1226 * s.rate_hz, random.between(0.9, 1.1) * -0.1678 * s.rate_hz];
    let tones: Vec<Tone> =
        [(deltas[0], linear(-88.0, -39.5, s.severity)), (deltas[1], linear(-94.0, -43.0, s.severity))]
            .into_iter()
            .map(|(delta_hz, dbc)| Tone { delta_hz, dbc, turns: random.uniform() })
            .collect();
    let ripple =
        Ripple { hz: 2.0 * s.mains_hz, index: geometric(2e-5, 1.5e-3, s.severity), origin: "mains_sideband", order: 2 };
    let carrier = healthy.carrier_hz;
    let product = |offset_hz: f64, order| Product { offset_hz, origin: "unknown", order, of: vec![carrier] };
    let products = deltas.iter().flat_map(|d| [product(carrier + d, None), product(carrier - d, Some(3))]).collect();
    Chain {
        carrier_dbfs: healthy.carrier_dbfs - lost_db,
        amplifier: Some(amplifier),
        tones,
        products,
        bias: vec![ripple],
        noise_rise_db: 8.0 * s.severity,
        ..healthy
    }
    .with("gain_lost_db", lost_db)
    .with("saturation_ratio", amplifier.saturation)
    .with("oscillation_1_hz", deltas[0])
    .with("oscillation_2_hz", deltas[1])
    .with("rated_dbm", RATED_DBM)
}

pub(in crate::sim) static PA_COMPRESSION: Emitter = Emitter {
    id: "pa-compression",
    describe: "power amplifier in compression: shoulders beside a modulated carrier",
    severity: "saturation falls in equal ratios from 4 to 1 times the carrier",
    domain: Domain::Transmit,
    cause: Some("S15"),
    defaults: Scenario { modulation: Modulation::Qpsk, ..Scenario::transmit() },
    build: |s, random| {
        let amplifier = Amplifier { saturation: geometric(4.0, 1.0, s.severity), sharpness: 2.0, turn: 0.04 };
        Chain { amplifier: Some(amplifier), ..Chain::healthy(s, random) }.with("saturation_ratio", amplifier.saturation)
    },
};

pub(in crate::sim) static INTERMODULATION: Emitter = Emitter {
    id: "intermodulation",
    describe: "two carriers intermodulate in the power amplifier",
    severity: "saturation falls in equal ratios from 45 to 4 times the carrier",
    domain: Domain::Transmit,
    cause: Some("S02"),
    defaults: Scenario::transmit(),
    build: intermodulation,
};

/// Two equal carriers through an amplifier that bends early, so that the third order rises 2 dB per dB against them.
fn intermodulation(s: &Scenario, random: &mut Random) -> Chain {
    let healthy = Chain::healthy(s, random);
    let spacing = -0.06 * s.rate_hz;
    let amplifier = Amplifier { saturation: geometric(45.0, 4.0, s.severity), sharpness: 1.0, turn: 0.0 };
    let (one, two) = (healthy.carrier_hz, healthy.carrier_hz + spacing);
    let product = |a, b, order| Product::of_two((one, two), a, b, order);
    Chain {
        carrier_dbfs: healthy.carrier_dbfs - 3.0,
        tones: vec![Tone { delta_hz: spacing, dbc: 0.0, turns: random.uniform() }],
        amplifier: Some(amplifier),
        products: vec![
            Product { offset_hz: two, origin: "wanted", order: Some(1), of: Vec::new() },
            product(2.0, -1.0, 3),
            product(-1.0, 2.0, 3),
            product(3.0, -2.0, 5),
            product(-2.0, 3.0, 5),
        ],
        ..healthy
    }
    .with("spacing_hz", spacing)
    .with("saturation_ratio", amplifier.saturation)
}

pub(in crate::sim) static LEVEL_LOW: Emitter = Emitter {
    id: "level-low",
    describe: "level low but clean: loss in cable, connector or feeder",
    severity: "loss, 12 dB at 1",
    domain: Domain::Transmit,
    cause: Some("S19"),
    defaults: Scenario::transmit(),
    build: |s, random| {
        let loss_db = 12.0 * s.severity;
        let healthy = Chain::healthy(s, random);
        Chain { carrier_dbfs: healthy.carrier_dbfs - loss_db, ..healthy }.with("loss_db", loss_db)
    },
};

pub(in crate::sim) static OFF_FREQUENCY: Emitter = Emitter {
    id: "off-frequency",
    describe: "carrier off frequency: reference oscillator aged or unlocked",
    severity: "frequency error, 0.02 to 10 ppm at 1",
    domain: Domain::Transmit,
    cause: Some("S20"),
    defaults: Scenario::transmit(),
    build: |s, random| {
        let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
        let ppm = if s.severity > 0.0 { sign * geometric(0.02, 10.0, s.severity) } else { 0.0 };
        let healthy = Chain::healthy(s, random);
        // Held inside the band, whatever the centre.
        let offset = (ppm * 1e-6 * s.center_hz).clamp(-0.02 * s.rate_hz, 0.02 * s.rate_hz);
        Chain { carrier_hz: healthy.carrier_hz + offset, ..healthy }
            .with("error_ppm", if s.center_hz > 0.0 { offset / s.center_hz * 1e6 } else { 0.0 })
            .with("error_hz", offset)
    },
};

pub(in crate::sim) static LOOSE_CONNECTOR: Emitter = Emitter {
    id: "loose-connector",
    describe: "loose connector: the level jumps at random",
    severity: "depth of the level's jumps, 10 dB at 1",
    domain: Domain::Transmit,
    cause: Some("S19a"),
    defaults: Scenario::transmit(),
    build: loose_connector,
};

fn loose_connector(s: &Scenario, random: &mut Random) -> Chain {
    let mut chain = Chain::healthy(s, random);
    let length = s.frames() as f64 / s.rate_hz;
    let mut at = random.exponential(0.06 * length);
    while at < length && s.severity > 0.0 && chain.level_steps.len() < 4096 {
        let stay = random.exponential(0.05 * length).max(1e-3 * length);
        chain.level_steps.push((at, -10.0 * s.severity * random.between(0.6, 1.0)));
        chain.level_steps.push((at + stay, 0.0));
        let event = TruthEvent { kind: "level_drop".into(), start_s: at, duration_s: Some(stay), change_v: None };
        chain.events.push(event);
        at += stay + random.exponential(0.06 * length).max(1e-3 * length);
    }
    let jumps = chain.events.len() as f64;
    chain.events.truncate(64);
    chain.with("largest_drop_db", 10.0 * s.severity).with("jumps_count", jumps)
}

pub(in crate::sim) static CLIPPING: Emitter = Emitter {
    id: "clipping",
    describe: "converter overloaded: flat tops and odd harmonics",
    severity: "drive above the healthy level, 14 dB at 1",
    domain: Domain::Receive,
    cause: Some("S22"),
    defaults: Scenario::transmit(),
    build: |s, random| {
        let healthy = Chain::healthy(s, random);
        let over_db = 14.0 * s.severity;
        let carrier = healthy.carrier_hz;
        // I and Q are clipped each for itself, which turns the third harmonic round to the other side.
        let products = [(-3.0, 3), (5.0, 5)].map(|(multiple, order)| Product {
            offset_hz: multiple * carrier,
            origin: "harmonic",
            order: Some(order),
            of: vec![carrier],
        });
        let carrier_dbfs = healthy.carrier_dbfs + over_db;
        let products = if carrier_dbfs > 0.0 { products.to_vec() } else { Vec::new() };
        Chain { carrier_dbfs, products, ..healthy }.with("drive_db", over_db)
    },
};
