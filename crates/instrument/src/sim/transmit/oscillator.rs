//! Synthesizers: reference and fractional spurs (phase modulation of the oscillator), and phase noise.

use super::Emitter;
use super::chain::{Chain, Ripple};
use crate::sim::Scenario;
use crate::sim::math::{amplitude, geometric, linear};

/// Phase modulation at `spacing_hz` and its multiples, sidebands of `dbc` falling by `fall_db` per order, as far as the
/// capture's band holds both.
fn pushing(
    chain: &Chain,
    s: &Scenario,
    (spacing_hz, orders): (f64, u32),
    (dbc, fall_db): (f64, f64),
    origin: &'static str,
) -> Vec<Ripple> {
    (1..=orders)
        .map(|order| Ripple {
            hz: f64::from(order) * spacing_hz,
            // Each sideband of an index beta is beta / 2.
            index: 2.0 * amplitude(dbc - fall_db * f64::from(order - 1)),
            origin,
            order,
        })
        .filter(|r| chain.carrier_hz.abs() + r.hz < 0.45 * s.rate_hz)
        .collect()
}

pub(in crate::sim) static REFERENCE_SPURS: Emitter = Emitter::transmit(
    "reference-spurs",
    "synthesizer's reference leaks: lines at the carrier +- multiples of the comparison frequency",
    "first pair, -85 to -40 dBc at 1",
    "S07",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let dbc = linear(-85.0, -40.0, s.severity);
        // A tenth of the rate, 50 kHz in the default capture: three orders lie in the band.
        let spacing = 0.1 * s.rate_hz;
        let pushing = pushing(&chain, s, (spacing, 3), (dbc, 9.0), "clock");
        Chain { pushing, ..chain }.with("comparison_hz", spacing).with("spur_dbc", dbc)
    },
);

pub(in crate::sim) static FRACTIONAL_SPUR: Emitter = Emitter::transmit(
    "fractional-spur",
    "fractional-N synthesizer near an integer boundary: a close pair of lines",
    "first pair, -82 to -38 dBc at 1",
    "S08",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let dbc = linear(-82.0, -38.0, s.severity);
        let distance = 0.0137 * s.rate_hz * random.between(0.9, 1.1);
        let pushing = pushing(&chain, s, (distance, 2), (dbc, 14.0), "unknown");
        Chain { pushing, ..chain }.with("boundary_hz", distance).with("spur_dbc", dbc)
    },
);

pub(in crate::sim) static SIGMA_DELTA_SPUR: Emitter = Emitter::transmit(
    "sigma-delta-spur",
    "fractional-N synthesizer whose fraction repeats: pairs at the comparison frequency times m / denominator",
    "first pair, -82 to -38 dBc at 1",
    "S09",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let dbc = linear(-82.0, -38.0, s.severity);
        // A twentieth to a fortieth of a comparison frequency of 0.4 of the rate.
        let denominator = [21.0, 27.0, 33.0, 39.0][(random.uniform() * 4.0) as usize % 4];
        let spacing = 0.4 * s.rate_hz / denominator;
        let pushing = pushing(&chain, s, (spacing, 4), (dbc, 5.0), "unknown");
        Chain { pushing, ..chain }.with("fraction_hz", spacing).with("spur_dbc", dbc)
    },
);

pub(in crate::sim) static PHASE_NOISE: Emitter = Emitter::transmit(
    "phase-noise",
    "phase noise risen: oscillator, loop filter, noisy supply of the synthesizer, or microphony",
    "rms of the phase (corner 3 kHz), 2 to 100 mrad in equal ratios",
    "S14",
    |s, random| {
        let chain = Chain::healthy(s, random);
        let rms = geometric(2e-3, 0.1, s.severity);
        let corner_hz = 3e3 * random.between(0.8, 1.25);
        Chain { phase_noise: Some((rms, corner_hz)), ..chain }.with("phase_rms_rad", rms).with("corner_hz", corner_hz)
    },
);
