//! Spurs of a transmitter: supply and switching sidebands, image, leakage, reference and fractional spurs, clock comb.

use super::Emitter;
use super::chain::{Added, Chain, Ripple};
use crate::random::Random;
use crate::sim::Scenario;
use crate::sim::math::{geometric, linear};

/// The switching frequency of the unit's own converter: inside a narrow capture.
const OWN_SWITCHING_HZ: f64 = 61.7e3;

/// Keeps what the capture's band can hold.
fn in_band(mut lines: Vec<Added>, s: &Scenario) -> Vec<Added> {
    lines.retain(|l| l.offset_hz.abs() < 0.45 * s.rate_hz);
    lines
}

/// The three strongest lines of a rectifier: twice, four and six times the mains.
fn mains_ripples(s: &Scenario, random: &mut Random, index: f64, fall: fn(f64) -> f64) -> (f64, Vec<Ripple>) {
    let mains_hz = s.mains_hz + random.between(-0.1, 0.1);
    let of_order = |(order, share): (u32, f64)| Ripple {
        hz: f64::from(order) * mains_hz,
        index: index * share * fall(f64::from(order) / 2.0),
        origin: "mains_sideband",
        order,
    };
    (mains_hz, [(2, 1.0), (4, 0.40), (6, 0.175)].map(of_order).to_vec())
}

pub(in crate::sim) static SUPPLY_SIDEBANDS: Emitter = Emitter::transmit(
    "supply-sidebands",
    "supply ripple modulates the amplifier's bias: sidebands at multiples of twice the mains",
    "AM depth, 0.02 % to 10 % at 1",
    "S03",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let depth = geometric(2e-4, 0.1, s.severity);
        let (mains_hz, bias) = mains_ripples(s, random, depth, |_| 1.0);
        Chain { bias, ..chain }.with("am_depth_ratio", depth).with("mains_hz", mains_hz)
    },
);

pub(in crate::sim) static PUSHING_SIDEBANDS: Emitter = Emitter::transmit(
    "pushing-sidebands",
    "supply ripple pushes the oscillator: FM sidebands that fall with the ripple's frequency",
    "PM index, 0.2 to 100 mrad at 1",
    "S03",
    |s, random| {
        let chain = Chain::healthy(s, random);
        // The deviation stays the same, so the index falls as one over the frequency.
        let index = geometric(2e-4, 0.1, s.severity);
        let (mains_hz, pushing) = mains_ripples(s, random, index, |ratio| 1.0 / ratio);
        Chain { pushing, ..chain }.with("pm_index_rad", index).with("mains_hz", mains_hz)
    },
);

pub(in crate::sim) static SWITCHING_SIDEBANDS: Emitter = Emitter::transmit(
    "switching-sidebands",
    "ripple of the unit's own converter modulates the carrier",
    "AM depth, 0.02 % to 5 % at 1",
    "S04",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let hz = OWN_SWITCHING_HZ * random.between(0.97, 1.03);
        let depth = geometric(2e-4, 0.05, s.severity);
        let bias = [(1, 1.0), (2, 0.3), (3, 0.12)]
            .map(|(order, share)| Ripple {
                hz: f64::from(order) * hz,
                index: depth * share,
                origin: "switching_sideband",
                order,
            })
            .into_iter()
            .filter(|r| chain.carrier_hz.abs() + r.hz < 0.45 * s.rate_hz)
            .collect();
        Chain { bias, ..chain }.with("switching_hz", hz).with("am_depth_ratio", depth)
    },
);

pub(in crate::sim) static IQ_IMBALANCE: Emitter = Emitter::transmit(
    "iq-imbalance",
    "modulator out of balance: image, and carrier leakage with it",
    "gain and phase error, 1 dB and 5 degrees at 1",
    "S05",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let (gain_db, phase_deg) = (chain.gain_db + s.severity, 5.0 * s.severity);
        Chain { gain_db, phase_deg, leak_dbc: linear(-73.0, -28.0, s.severity), ..chain }
            .with("gain_db", gain_db)
            .with("phase_deg", phase_deg)
    },
);

pub(in crate::sim) static LO_LEAKAGE: Emitter = Emitter::transmit(
    "lo-leakage",
    "carrier leakage of the modulator: a line at the centre of the transmit band",
    "leakage, -73 to -20 dBc at 1",
    "S06",
    |s, random| {
        let leak_dbc = linear(-73.0, -20.0, s.severity);
        Chain { leak_dbc, ..Chain::healthy(s, random) }.with("leak_dbc", leak_dbc)
    },
);

pub(in crate::sim) static CLOCK_COMB: Emitter = Emitter::transmit(
    "clock-comb",
    "digital clock leaks through a lost shield: equidistant lines fixed in frequency",
    "level of the comb, -88 to -45 dBc at 1",
    "S10",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let dbc = linear(-88.0, -45.0, s.severity);
        let spacing = 0.0768 * s.rate_hz;
        let first = ((s.center_hz - 0.45 * s.rate_hz) / spacing).ceil();
        let comb = (0..16).map(|k| first + f64::from(k)).map(|n| Added {
            offset_hz: n * spacing - s.center_hz,
            dbc: dbc + random.between(-3.0, 3.0),
            turns: random.uniform(),
            origin: "clock",
            order: None,
        });
        let mut added = in_band(comb.collect(), s);
        added.retain(|l| (l.offset_hz - chain.carrier_hz).abs() > 0.004 * s.rate_hz);
        Chain { added, ..chain }.with("clock_hz", spacing).with("comb_dbc", dbc)
    },
);

pub(in crate::sim) static FIXED_LINE: Emitter = Emitter::transmit(
    "fixed-line",
    "a single line without relation to the carrier: parasitic oscillation, clock or external carrier",
    "level of the line, -85 to -35 dBc at 1",
    "S11",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let dbc = linear(-85.0, -35.0, s.severity);
        let side = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
        let offset_hz = side * random.between(0.21, 0.40) * s.rate_hz;
        let line = Added { offset_hz, dbc, turns: random.uniform(), origin: "unknown", order: None };
        Chain { added: vec![line], ..chain }.with("line_dbc", dbc)
    },
);

/// A transmitter of 75 kHz seen without a mixer: frequencies count from 0 Hz, so that its true harmonics lie in the band.
const DIRECT: Scenario = Scenario { center_hz: 0.0, carrier_offset_hz: 43.7e3, ..Scenario::transmit() };

pub(in crate::sim) static HARMONICS: Emitter = Emitter {
    defaults: DIRECT,
    ..Emitter::transmit(
        "harmonics",
        "harmonics of the transmitter: low-pass filter failed, or amplifier driven too hard",
        "second harmonic, -85 to -30 dBc at 1, the others falling by 7 dB each",
        "S01",
        |s, random| {
            let chain = Chain::healthy(s, random);
            let dbc = linear(-85.0, -30.0, s.severity);
            let lines = (2..=5_u32).map(|n| Added {
                offset_hz: f64::from(n) * chain.carrier_hz,
                dbc: dbc - 7.0 * f64::from(n - 2) + random.between(-2.0, 2.0),
                turns: random.uniform(),
                origin: "harmonic",
                order: Some(n),
            });
            let added = in_band(lines.collect(), s);
            Chain { added, ..chain }.with("second_dbc", dbc)
        },
    )
};

pub(in crate::sim) static HALF_FREQUENCY: Emitter = Emitter {
    defaults: DIRECT,
    ..Emitter::transmit(
        "half-frequency",
        "lines at half and three halves of the carrier: parametric oscillation, divider or doubler leakage",
        "level of the line at half the carrier, -85 to -30 dBc at 1",
        "S13",
        |s, random| {
            let chain = Chain::healthy(s, random);
            let dbc = linear(-85.0, -30.0, s.severity);
            let lines = [(0.5, 0.0), (1.5, -4.0), (2.5, -12.0)].map(|(ratio, fall)| Added {
                offset_hz: ratio * chain.carrier_hz,
                dbc: dbc + fall,
                turns: random.uniform(),
                origin: "subharmonic",
                order: None,
            });
            let added = in_band(lines.to_vec(), s);
            Chain { added, ..chain }.with("half_dbc", dbc)
        },
    )
};
