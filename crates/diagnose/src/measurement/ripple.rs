//! Ripple: a DC supply taken apart into drift, mains lines, switching lines, spikes, events and the random rest.

use faultscope_capture::Caveat;
use faultscope_signal::Record;
use serde::{Deserialize, Serialize};

use super::{MeasureError, Measured, Measurement, Settings};

/// One spectral line; `amplitude_v` is the peak of the sine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    /// Multiple of the family's fundamental.
    pub order: u32,
    /// Frequency.
    pub frequency_hz: f64,
    /// Peak of the sine.
    pub amplitude_v: f64,
    /// Its rms.
    pub rms_v: f64,
}

/// Rms in one band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Band {
    /// Name, as in `3.4k-150k`.
    pub name: String,
    /// Lower edge.
    pub low_hz: f64,
    /// Upper edge.
    pub high_hz: f64,
    /// Rms between the edges, as far as the record reaches; `null` when it does not reach the band at all.
    pub rms_v: Option<f64>,
    /// Whether the record's bandwidth covers the whole band.
    pub covered: bool,
}

/// The mains family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mains {
    /// The mains frequency (the comb's spacing), 45 to 65 Hz, even when only even harmonics are there.
    pub fundamental_hz: f64,
    /// Rms of the whole family.
    pub rms_v: f64,
    /// Its lines above the noise.
    pub lines: Vec<Line>,
}

/// The switching family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Switching {
    /// The switching frequency.
    pub fundamental_hz: f64,
    /// Rms of the whole family.
    pub rms_v: f64,
    /// Peak to peak of the family.
    pub vpp_v: f64,
    /// Its lines above the noise.
    pub lines: Vec<Line>,
}

/// What spikes are locked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpikeLock {
    /// To the mains.
    Mains,
    /// To the switching frequency.
    Switching,
    /// To neither.
    None,
}

/// The spikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spikes {
    /// How many.
    pub count: u64,
    /// Per second.
    pub per_second: f64,
    /// Largest excursion, signed by its polarity; 0 without spikes.
    pub largest_v: f64,
    /// What they are locked to.
    pub locked_to: SpikeLock,
}

/// Everything below 20 Hz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Drift {
    /// Rms about the mean.
    pub rms_v: f64,
    /// Peak to peak.
    pub vpp_v: f64,
    /// Least-squares slope.
    pub slope_v_per_s: f64,
}

/// Kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The level dips and comes back.
    Sag,
    /// The level rises and comes back.
    Swell,
    /// The level changes and stays.
    Step,
    /// The level falls to near zero.
    Dropout,
    /// The supply comes on.
    TurnOn,
    /// The supply goes off.
    TurnOff,
}

/// One event in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When, from the first sample.
    pub start_s: f64,
    /// How deep (or high), a magnitude.
    pub depth_v: f64,
    /// Time from the start to the deepest point.
    pub droop_time_s: Option<f64>,
    /// Time from the start until back inside the band.
    pub recovery_s: Option<f64>,
    /// Overshoot beyond the final level.
    pub overshoot_v: Option<f64>,
}

/// What is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Random {
    /// Rms.
    pub rms_v: f64,
    /// Kurtosis: 3 Gaussian, below 1.5 two-level, above 6 impulsive.
    pub kurtosis: f64,
}

/// What `ripple` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RippleDetail {
    /// Bandwidth of the record: half the sample rate, or the instrument's stated limit if lower.
    pub bandwidth_hz: f64,
    /// Mean.
    pub dc_v: f64,
    /// Smallest sample.
    pub min_v: f64,
    /// Largest sample.
    pub max_v: f64,
    /// Largest minus smallest sample.
    pub vpp_v: f64,
    /// The same between the 0.005 % and the 99.995 % percentile: one glitch does not spoil it.
    pub vpp_robust_v: f64,
    /// Rms about the mean.
    pub rms_ac_v: f64,
    /// Weighted by ITU-T O.41; `null` when the record does not reach 5 kHz.
    pub psophometric_v: Option<f64>,
    /// Rms in the telecom bands.
    pub bands: Vec<Band>,
    /// Mains family, if there is one.
    pub mains: Option<Mains>,
    /// Switching family, if there is one.
    pub switching: Option<Switching>,
    /// Spikes.
    pub spikes: Spikes,
    /// Everything below 20 Hz.
    pub drift: Drift,
    /// Sags, steps and the like.
    pub events: Vec<Event>,
    /// What is left.
    pub random: Random,
    /// (drift^2 + mains^2 + switching^2 + spikes^2 + random^2) / rms_ac^2: a self-test, 1 when nothing was lost.
    pub energy_balance: f64,
}

/// The ripple measurement.
pub(super) struct Ripple;

impl Measurement for Ripple {
    fn id(&self) -> &'static str {
        "ripple"
    }
    fn doc(&self) -> &'static str {
        ""
    }
    fn measure(
        &self,
        _record: &dyn Record,
        _caveats: &[Caveat],
        _settings: &Settings,
    ) -> Result<Measured, MeasureError> {
        Err(MeasureError::NotApplicable { what: "not written yet".into(), hint: String::new() })
    }
}
