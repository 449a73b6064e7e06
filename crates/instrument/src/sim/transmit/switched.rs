//! Transmitters that are keyed: the frame's lines, and an amplifier that makes noise only while it is on.

use super::Emitter;
use super::chain::Chain;
use crate::random::Random;
use crate::sim::math::linear;
use crate::sim::{Domain, Scenario};

/// A GSM frame: 26 of them last 120 ms.
const GSM_FRAME_S: f64 = 0.12 / 26.0;

/// Steps of the level: on for `on_s`, then at `off_db` for the rest of each period, from a random start.
fn keying(s: &Scenario, random: &mut Random, period_s: f64, on_s: f64, off_db: f64) -> Vec<(f64, f64)> {
    let length = s.frames() as f64 / s.rate_hz;
    let mut at = -random.uniform() * period_s;
    let mut steps = Vec::new();
    while at < length && steps.len() < 8192 {
        steps.extend([(at, 0.0), (at + on_s, off_db)]);
        at += period_s;
    }
    steps
}

pub(in crate::sim) static FRAME_LINES: Emitter = Emitter {
    id: "frame-lines",
    describe: "burst switching of a TDMA transmitter: lines at the frame rate beside the carrier; normal if gated",
    severity: "depth of the gating, 1 to 50 dB at 1",
    domain: Domain::Transmit,
    cause: Some("S17"),
    defaults: Scenario::transmit(),
    build: |s, random| {
        let healthy = Chain::healthy(s, random);
        let off_db = linear(-1.0, -50.0, s.severity);
        let level_steps = keying(s, random, GSM_FRAME_S, 0.5 * GSM_FRAME_S, off_db);
        Chain { level_steps, ..healthy }.with("frame_hz", 1.0 / GSM_FRAME_S).with("largest_drop_db", -off_db)
    },
};

pub(in crate::sim) static KEYED_NOISE: Emitter = Emitter {
    id: "keyed-noise",
    describe: "wide noise while keyed that dies away: amplifier oscillates or is not stable when cold",
    severity: "rise of the noise at switch-on, 1 to 45 dB at 1",
    domain: Domain::Transmit,
    cause: Some("S16"),
    defaults: Scenario::transmit(),
    build: |s, random| {
        let healthy = Chain::healthy(s, random);
        let rise_db = linear(1.0, 45.0, s.severity);
        let (period_s, decay_s) = (0.06 * random.between(0.9, 1.1), 8e-3 * random.between(0.8, 1.2));
        let level_steps = keying(s, random, period_s, 0.6 * period_s, -60.0);
        Chain { level_steps, keyed_noise: Some((rise_db, decay_s)), ..healthy }
            .with("period_s", period_s)
            .with("decay_s", decay_s)
            .with("noise_rise_db", rise_db)
    },
};
