//! The set-up of a capture: what has to be the same before two captures can be compared.

use faultscope_signal::{Unit, Window};
use serde::{Deserialize, Serialize};

/// Centres may differ by this share of the rate: more would move the receiver's own response.
const CENTER_SHARE: f64 = 0.01;
/// Lengths may differ by this share: peak values grow with the length.
const LENGTH_SHARE: f64 = 0.1;
/// Gains that differ by less are the same setting.
const SAME_GAIN_DB: f64 = 0.05;

/// How a capture was taken and transformed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SetUp {
    /// Measurement that gives the readings.
    pub measurement: String,
    /// `iq` or `real`.
    pub kind: String,
    /// Container and samples, `sigmf/cf32_le`: told, not compared.
    pub format: String,
    /// Channel analysed.
    pub channel: String,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Centre frequency, where known.
    pub center_hz: Option<f64>,
    /// Unit of levels.
    pub level_unit: Unit,
    /// Probe factor, where one was given.
    pub probe: Option<f64>,
    /// Gain of the receiver in dB, where it is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain_db: Option<f64>,
    /// Volts per stored unit, where given.
    pub scale_v_per_unit: Option<f64>,
    /// Length.
    pub duration_s: f64,
    /// Transform length.
    pub fft: usize,
    /// Window.
    pub window: Window,
    /// Overlap.
    pub overlap: f64,
}

/// One thing that differs and keeps two captures from being compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What differs, with both values.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl SetUp {
    /// Everything in which `capture` differs from this set-up so much that a comparison would mean nothing.
    #[must_use]
    pub fn mismatches(&self, capture: &Self) -> Vec<Mismatch> {
        let mut out = Vec::new();
        let mut check = |same: bool, what: &str, a: String, b: String, remedy: &str| {
            if !same {
                let what = format!("{what}: {a} in the reference, {b} in the capture");
                out.push(Mismatch { what, remedy: remedy.to_owned() });
            }
        };
        let near = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.abs().max(b.abs());
        let optional = |v: Option<f64>| v.map_or_else(|| "not given".to_owned(), |v| v.to_string());
        let agree = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => near(a, b, 1e-6),
            (a, b) => a == b,
        };
        let (a, b) = (self, capture);
        check(
            a.measurement == b.measurement,
            "measurement",
            a.measurement.clone(),
            b.measurement.clone(),
            "use --measurement as the reference does",
        );
        check(a.kind == b.kind, "kind", a.kind.clone(), b.kind.clone(), "compare I/Q with I/Q and volts with volts");
        check(
            a.channel == b.channel,
            "channel",
            a.channel.clone(),
            b.channel.clone(),
            "choose the same one with --channel",
        );
        check(
            near(a.sample_rate_hz, b.sample_rate_hz, 1e-6),
            "sample rate",
            format!("{} Hz", a.sample_rate_hz),
            format!("{} Hz", b.sample_rate_hz),
            "record again at the rate of the reference",
        );
        let centers = match (a.center_hz, b.center_hz) {
            (Some(x), Some(y)) => (x - y).abs() <= CENTER_SHARE * a.sample_rate_hz,
            (x, y) => x == y,
        };
        let remedy = "tune to the centre of the reference, or give it with --center where the file does not state it";
        check(centers, "centre (Hz)", optional(a.center_hz), optional(b.center_hz), remedy);
        let remedy = "record both calibrated, or both not";
        check(a.level_unit == b.level_unit, "unit", a.level_unit.to_string(), b.level_unit.to_string(), remedy);
        // Calibrated levels hold the gain. Others move with it, and the receiver's noise and products do not even move alike.
        let gains = match (a.gain_db, b.gain_db) {
            (Some(x), Some(y)) if a.level_unit != Unit::Dbm => (x - y).abs() < SAME_GAIN_DB,
            _ => true,
        };
        let remedy = "record again with the gain of the reference, or calibrated in dBm";
        check(gains, "gain (dB)", optional(a.gain_db), optional(b.gain_db), remedy);
        check(agree(a.probe, b.probe), "probe factor", optional(a.probe), optional(b.probe), "give the same --probe");
        let (x, y) = (a.scale_v_per_unit, b.scale_v_per_unit);
        check(agree(x, y), "scale (V per unit)", optional(x), optional(y), "give the same --scale");
        let remedy = "leave --fft, --window and --overlap to the reference";
        let transform = |s: &Self| format!("{} points, {}, overlap {}", s.fft, s.window, s.overlap);
        check(transform(a) == transform(b), "transform", transform(a), transform(b), remedy);
        check(
            near(a.duration_s, b.duration_s, LENGTH_SHARE),
            "length",
            format!("{} s", a.duration_s),
            format!("{} s", b.duration_s),
            &format!("record as long, or cut the longer one: --duration {}", a.duration_s),
        );
        out
    }
}
