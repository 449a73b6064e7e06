//! The measurements: one plug per file; one more costs its file and two lines here.

mod channel;
mod emissions;
mod modulation;
mod phase_noise;
mod ripple;
mod spurs;
mod transition;

use faultscope_capture::Caveat;
use faultscope_signal::{Record, RecordError, Window};
use serde::{Deserialize, Serialize};

pub use channel::{
    Adjacent, CcdfPoint, ChannelDetail, ChannelFilter, ChannelSettings, Leakage, Mask, MaskPoint, MaskSegment,
    OccupiedBand, Side,
};
pub use emissions::{
    EmissionLine, EmissionPoint, EmissionsDetail, EmissionsSettings, OperatingBand, exported as exported_emissions,
};
pub use modulation::{
    AmDetail, Course, FmDetail, Method, Modulated, ModulatedSymbols, ModulationDetail, ModulationSettings, PmDetail,
    ToneDetail, ToneOf, VectorDetail, modulated,
};
pub use phase_noise::{IntegratedPhase, LineKind, NoisePoint, PhaseLine, PhaseNoiseDetail, PhaseNoiseSettings};
pub use ripple::{
    Band, Drift, Event, EventKind, Line, Mains, Random, RippleDetail, SecondConverter, SpikeLock, Spikes, Switching,
    ripple_statistics,
};
pub(crate) use spurs::MeanRemoved;
pub use spurs::{BaselineLine, Behaviour, Carrier, FloorPoint, Noise, Origin, Spur, SpursDetail, exported};
pub use transition::{
    Direction, EdgeGroup, LoadStep, Pulses, RingingDetail, StateLevels, Transition, TransitionDetail,
};

use crate::gate::Gate;
use crate::reading::Reading;

/// Everything a measurement may be told; a field that does not apply is ignored. All of it is stored in the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// FFT length; nothing lets the measurement choose.
    pub fft: Option<usize>,
    /// Window; nothing lets the measurement choose.
    pub window: Option<Window>,
    /// Overlap, 0 to below 1.
    pub overlap: Option<f64>,
    /// False-alarm probability per spectrum for spur detection.
    pub false_alarm: f64,
    /// Highest harmonic order that counts for THD.
    pub harmonics: usize,
    /// Frequency of the wanted carrier, when it is not the strongest line.
    pub carrier_hz: Option<f64>,
    /// Nominal mains frequency; nothing finds it between 45 and 65 Hz.
    pub mains_hz: Option<f64>,
    /// Switching frequency; nothing finds it.
    pub switching_hz: Option<f64>,
    /// Lines that the receiver makes itself, of a capture with its input terminated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Vec<BaselineLine>>,
    /// What only `channel` is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelSettings>,
    /// What only `emissions` is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emissions: Option<EmissionsSettings>,
    /// What only `modulation` is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modulation: Option<ModulationSettings>,
    /// What only `phase-noise` is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase_noise: Option<PhaseNoiseSettings>,
    /// Half-width of the band in which `transition` takes a level as settled, in per cent of the amplitude.
    pub settling_percent: f64,
    /// Worker threads; has no influence on any result, so it is not stored.
    #[serde(skip)]
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fft: None,
            window: None,
            overlap: None,
            false_alarm: 0.01,
            harmonics: 10,
            carrier_hz: None,
            mains_hz: None,
            switching_hz: None,
            baseline: None,
            channel: None,
            emissions: None,
            modulation: None,
            phase_noise: None,
            settling_percent: 2.0,
            threads: 1,
        }
    }
}

/// What a measurement found beyond its readings, in the shape of the JSON output.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one per result, never a list")]
pub enum Detail {
    /// Of `spurs`.
    Spurs(SpursDetail),
    /// Of `ripple`.
    Ripple(RippleDetail),
    /// Nothing could be measured; a closed gate says why.
    Nothing,
    /// Of `channel`.
    Channel(ChannelDetail),
    /// Of `emissions`.
    Emissions(EmissionsDetail),
    /// Of `modulation`.
    Modulation(ModulationDetail),
    /// Of `phase-noise`.
    PhaseNoise(PhaseNoiseDetail),
    /// Of `transition`.
    Transition(TransitionDetail),
}

/// The outcome of one measurement on one trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The measurement's id.
    pub measurement: &'static str,
    /// The settings as used, choices filled in: all that is needed to compute the same again.
    pub settings: Settings,
    /// Quality gates, this measurement's own included.
    pub gates: Vec<Gate>,
    /// The readings.
    pub readings: Vec<Reading>,
    /// The rest.
    pub detail: Detail,
}

/// Why a measurement could not be made at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// The samples could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The measurement does not apply to this kind of record.
    #[error("{what}")]
    NotApplicable {
        /// What does not fit.
        what: String,
        /// What to do instead.
        hint: String,
    },
    /// The record is too short for any reading.
    #[error("{what}")]
    TooShort {
        /// How short, and what would do.
        what: String,
        /// What to do instead.
        hint: String,
    },
    /// A setting is out of range.
    #[error("{what}")]
    Settings {
        /// Which, and why.
        what: String,
        /// What would do.
        hint: String,
    },
}

/// A measurement: pure arithmetic from samples to readings.
pub trait Measurement: Sync {
    /// Its id, which is also its command: `spurs`, `ripple`, `transition`.
    fn id(&self) -> &'static str;
    /// Documentation under fixed headings: What it measures / What it can mean / How to confirm / Reference.
    fn doc(&self) -> &'static str;
    /// Measures one trace. `caveats` are the capture's own; they become gates.
    ///
    /// # Errors
    /// When there is nothing to measure; doubt is expressed by gates, not errors.
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError>;
}

/// Every measurement.
pub static ALL: &[&dyn Measurement] = &[
    &spurs::Spurs,
    &ripple::Ripple,
    &channel::Channel,
    &modulation::Modulation,
    &transition::Transitions,
    &phase_noise::PhaseNoise,
    &emissions::Emissions,
];

/// The measurement of that id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static dyn Measurement> {
    ALL.iter().copied().find(|m| m.id() == id)
}
