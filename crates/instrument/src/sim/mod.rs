//! The simulated instrument: the socket of fault models, and the list of them.

mod address;
pub mod far;
mod math;
mod samples;
mod scenario;
mod supply;
#[cfg(test)]
mod tests;
mod transmit;
mod truth;

use faultscope_signal::{RecordError, Waveform};

pub use address::{SCHEME, Target, parse};
pub use samples::{SAMPLES, Sample};
pub use scenario::{MAX_FRAMES, Modulation, Scenario};
pub use truth::{Annotation, Truth, TruthCarrier, TruthEvent, TruthLine};

/// What kind of record a model makes; it decides the role of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    /// A DC rail in volts.
    Supply,
    /// A transmitter's output as I/Q, free of receiver artefacts.
    Transmit,
    /// A healthy transmitter seen through an imperfect receiver, as I/Q.
    Receive,
}

impl Domain {
    /// `supply`, `transmit`, `receive`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supply => "supply",
            Self::Transmit => "transmit",
            Self::Receive => "receive",
        }
    }
}

/// A simulation that cannot be made: what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SimError {
    /// What is wrong, in one clause.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl SimError {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

impl From<RecordError> for SimError {
    fn from(e: RecordError) -> Self {
        Self::new(e.message, "change the rate or the duration of the scenario")
    }
}

/// A simulated record and its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// The samples: volts of a rail, or I/Q against full scale.
    pub waveform: Waveform,
    /// What is in it.
    pub truth: Truth,
    /// The SigMF datatype that loses nothing that matters: `rf32_le` for volts, `ci16_le` for I/Q.
    pub datatype: &'static str,
    /// Power of 0 dBFS, at the antenna port (the coupler is taken into account).
    pub full_scale_dbm: Option<f64>,
    /// One line for the recording's description.
    pub description: String,
}

/// One fault model. A healthy unit is a model too.
pub trait Model: Sync {
    /// Its name in addresses: lower case, dashes.
    fn id(&self) -> &'static str;
    /// One line: what is wrong with the unit.
    fn describe(&self) -> &'static str;
    /// What its severity, 0 to 1, stands for.
    fn severity(&self) -> &'static str;
    /// What kind of record it makes.
    fn domain(&self) -> Domain;
    /// Id of the cause in the diagnosis tables; `None` for a healthy unit.
    fn cause(&self) -> Option<&'static str>;
    /// A scenario in which the fault shows.
    fn defaults(&self) -> Scenario;
    /// Makes the record: the same scenario gives the same bytes, on every platform.
    ///
    /// # Errors
    /// When the scenario is outside what [`Scenario::validate`] allows.
    fn generate(&self, scenario: &Scenario) -> Result<Simulated, SimError>;
}

/// Every model, family by family.
pub static ALL: &[&dyn Model] = &[
    &supply::reservoir::HEALTHY,
    &supply::reservoir::CAPACITANCE_LOST,
    &supply::reservoir::ESR_UP,
    &supply::reservoir::LEAK,
    &supply::reservoir::LOAD_UP,
    &supply::reservoir::DIODE_OPEN,
    &supply::three_phase::HEALTHY,
    &supply::three_phase::FILTER_WEAK,
    &supply::three_phase::CHOKE_WEAK,
    &supply::three_phase::PHASE_LOST,
    &supply::three_phase::DIODE_OPEN,
    &supply::three_phase::UNBALANCE,
    &supply::converter::HEALTHY,
    &supply::converter::ESR_UP,
    &supply::converter::CAPACITANCE_LOST,
    &supply::converter::EDGE_SPIKES,
    &supply::converter::SUBHARMONIC,
    &supply::converter::BEAT,
    &supply::load::BURST_MODE,
    &supply::load::COMMON_MODE,
    &supply::dynamic::STEPS_HEALTHY,
    &supply::dynamic::POOR_LOOP,
    &supply::dynamic::LOAD_DROOP,
    &supply::dynamic::HICCUP,
    &supply::dynamic::INTERMITTENT,
    &supply::load::CRACKLE,
    &supply::dynamic::DRIFT,
    &supply::dynamic::NOISY,
    &supply::dynamic::SERIES_RESISTANCE,
    &supply::dynamic::TDD_LOAD,
    &supply::load::GSM_LOAD,
    &supply::dynamic::PICKUP,
    &supply::dynamic::PFC_RIPPLE,
    &transmit::unit::HEALTHY,
    &transmit::unit::LTE_HEALTHY,
    &transmit::unit::PMR_HEALTHY,
    &transmit::unit::PA_FAILING,
    &transmit::unit::PA_COMPRESSION,
    &transmit::unit::INTERMODULATION,
    &transmit::unit::LEVEL_LOW,
    &transmit::unit::OFF_FREQUENCY,
    &transmit::unit::LOOSE_CONNECTOR,
    &transmit::unit::CLIPPING,
    &transmit::spurs::SUPPLY_SIDEBANDS,
    &transmit::spurs::PUSHING_SIDEBANDS,
    &transmit::spurs::SWITCHING_SIDEBANDS,
    &transmit::spurs::IQ_IMBALANCE,
    &transmit::spurs::LO_LEAKAGE,
    &transmit::oscillator::REFERENCE_SPURS,
    &transmit::oscillator::FRACTIONAL_SPUR,
    &transmit::oscillator::SIGMA_DELTA_SPUR,
    &transmit::oscillator::PHASE_NOISE,
    &transmit::spurs::CLOCK_COMB,
    &transmit::spurs::FIXED_LINE,
    &transmit::spurs::HARMONICS,
    &transmit::spurs::HALF_FREQUENCY,
    &transmit::switched::FRAME_LINES,
    &transmit::switched::KEYED_NOISE,
    &transmit::receiver::DC_SPIKE,
    &transmit::receiver::IMAGE,
    &transmit::receiver::CRYSTAL,
    &transmit::receiver::ALIAS,
    &transmit::receiver::OVERLOAD,
];

/// The model of a name.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Model> {
    ALL.iter().copied().find(|m| m.id() == id)
}
