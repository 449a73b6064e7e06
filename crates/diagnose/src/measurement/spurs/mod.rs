//! Spurs: carrier, lines that the wanted signal does not own and where they come from, SFDR, THD, SNR, SINAD, noise.

mod behaviour;
mod carrier;
mod doc;
mod drift;
mod exported;
mod joint;
mod measure;
mod origin;
mod owner;
mod quality;
mod signs;
#[cfg(test)]
mod tests;
mod two_tone;
mod view;
pub(crate) use view::MeanRemoved;

pub use exported::exported;

use faultscope_capture::Caveat;
use faultscope_signal::{Record, Unit};
use serde::{Deserialize, Serialize};

use super::{MeasureError, Measured, Measurement, Settings};

/// The wanted carrier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Carrier {
    /// Absolute where the capture has a centre.
    pub frequency_hz: f64,
    /// From the centre (0 Hz of a real record).
    pub offset_hz: f64,
    /// Level in the capture's level unit.
    pub level_db: f64,
    /// Above the noise in one resolution bandwidth.
    pub snr_db: f64,
}

/// One point of the noise floor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FloorPoint {
    /// Absolute where the capture has a centre.
    pub frequency_hz: f64,
    /// Mean noise level in one resolution bandwidth.
    pub level_db: f64,
}

/// The noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Noise {
    /// Mean noise density in the capture's level unit per hertz; `null` where the bandwidth is not known.
    #[serde(with = "crate::reading::finite")]
    #[schemars(with = "Option<f64>")]
    pub density_db_per_hz: f64,
    /// The floor over frequency, decimated for display.
    pub floor: Vec<FloorPoint>,
}

/// Who a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Harmonic of the carrier (folded where sampling folds it).
    Harmonic,
    /// Sum or difference of multiples of two lines.
    Intermodulation,
    /// Carrier +- k x mains.
    MainsSideband,
    /// Carrier +- k x switching frequency.
    SwitchingSideband,
    /// One of an equidistant comb.
    Clock,
    /// I/Q image of a stronger line.
    Image,
    /// At the tuned centre (or 0 Hz).
    Dc,
    /// Folded about the sample rate.
    Alias,
    /// Made in the receiver.
    Receiver,
    /// None of these.
    Unknown,
}

/// What a line does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// There all the time, at one place.
    Steady,
    /// Missing in some eighths of the record.
    Bursty,
    /// Moves evenly in frequency.
    Drifting,
}

/// One line of a baseline: what the receiver shows with its input terminated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BaselineLine {
    /// Absolute where the capture has a centre.
    pub frequency_hz: f64,
    /// Level in the capture's level unit.
    pub level_db: f64,
}

/// One spur.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spur {
    /// Absolute where the capture has a centre.
    pub frequency_hz: f64,
    /// From the centre (0 Hz of a real record).
    pub offset_hz: f64,
    /// Level in the capture's level unit.
    pub level_db: f64,
    /// Level relative to the carrier; `null` without a carrier.
    pub level_dbc: Option<f64>,
    /// Above the local noise in one resolution bandwidth.
    pub snr_db: f64,
    /// How probable it is that noise alone made a line this strong anywhere in the spectrum.
    pub false_alarm_probability: f64,
    /// Where it comes from.
    pub origin: Origin,
    /// Order, where the origin has one.
    pub order: Option<u32>,
    /// Frequencies of the lines it is made of, where the origin has such.
    pub of: Vec<f64>,
    /// Present all the time (true) or in bursts (false); absent where a single sweep was exported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub persistent: Option<bool>,
    /// What it does over time; absent where a single sweep was exported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub behaviour: Option<Behaviour>,
    /// How fast it moves, where it drifts; its frequency is that of the middle of the record.
    pub drift_hz_per_s: Option<f64>,
}

/// What `spurs` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpursDetail {
    /// The wanted carrier, if there is one.
    pub carrier: Option<Carrier>,
    /// The noise.
    pub noise: Noise,
    /// The spurs, strongest first.
    pub spurs: Vec<Spur>,
    /// Unit of every `level_db`: dBFS, dBV or dBm.
    pub level_unit: Unit,
    /// Resolution bandwidth (equivalent noise bandwidth of one bin); `null` where a file does not state it.
    #[serde(with = "crate::reading::finite")]
    #[schemars(with = "Option<f64>")]
    pub rbw_hz: f64,
}

/// The spurs measurement.
pub(super) struct Spurs;

impl Measurement for Spurs {
    fn id(&self) -> &'static str {
        "spurs"
    }
    fn doc(&self) -> &'static str {
        doc::TEXT
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        measure::measure(record, caveats, settings)
    }
}
