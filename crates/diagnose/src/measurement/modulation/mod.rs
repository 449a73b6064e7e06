//! Modulation: AM depth, FM and PM deviation, rate, carrier frequency error, residuals, and vector error.

mod course;
mod measure;
#[cfg(test)]
mod tests;

use faultscope_capture::Caveat;
use faultscope_signal::evm::Constellation;
use faultscope_signal::{Record, Unit};
use serde::{Deserialize, Serialize};

use super::{MeasureError, Measured, Measurement, Settings};

pub use course::{Course, Modulated, ModulatedSymbols, modulated};

/// What `modulation` may be told; stored with the choices filled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ModulationSettings {
    /// Bandwidth of the channel; nothing takes the occupied band and some room.
    pub bandwidth_hz: Option<f64>,
    /// Frequency that the carrier should have.
    pub nominal_hz: Option<f64>,
    /// How far the frequency reference of the receiver may be off, in parts per million.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_ppm: Option<f64>,
    /// Symbol rate of a digitally modulated carrier; asks for the vector error.
    pub symbol_rate_hz: Option<f64>,
    /// Its constellation.
    pub constellation: Option<Constellation>,
    /// Roll-off of its root-raised-cosine filter, 0.05 to 1.
    pub rolloff: Option<f64>,
}

/// How a depth or deviation was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A tone explains most of it: least squares.
    ToneFit,
    /// Half of the distance between the 0.1 and the 99.9 percentile.
    Peak,
}

/// Amplitude modulation, in per cent of the mean envelope.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AmDetail {
    /// Depth; `null` above 100 %, where pulses or noise make the envelope and no depth describes it.
    pub depth_percent: Option<f64>,
    /// How it was found.
    pub method: Method,
    /// Highest point above the mean.
    pub depth_plus_percent: f64,
    /// Lowest point below the mean, above zero.
    pub depth_minus_percent: f64,
    /// (max - min) / (max + min).
    pub depth_max_min_percent: f64,
    /// Of the fitted tone, where there is one.
    pub depth_tone_percent: Option<f64>,
    /// Rms.
    pub rms_percent: f64,
    /// Rms from 300 Hz to 3 kHz without the tone; `null` where channel or record do not reach.
    pub residual_300_3000_percent: Option<f64>,
    /// Rms from 50 Hz to 15 kHz without the tone; `null` where channel or record do not reach.
    pub residual_50_15000_percent: Option<f64>,
}

/// Frequency modulation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FmDetail {
    /// Deviation.
    pub deviation_hz: f64,
    /// How it was found.
    pub method: Method,
    /// Highest point above the mean frequency.
    pub peak_plus_hz: f64,
    /// Lowest point below the mean frequency, above zero.
    pub peak_minus_hz: f64,
    /// Of the fitted tone, where there is one.
    pub deviation_tone_hz: Option<f64>,
    /// Rms.
    pub rms_hz: f64,
    /// Rms times the root of 2: the deviation of a tone of that rms.
    pub rms_sqrt2_hz: f64,
    /// Rms from 300 Hz to 3 kHz without the tone; `null` where channel or record do not reach.
    pub residual_300_3000_hz: Option<f64>,
    /// Rms from 50 Hz to 15 kHz without the tone; `null` where channel or record do not reach.
    pub residual_50_15000_hz: Option<f64>,
}

/// Phase modulation, about the straight line of the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PmDetail {
    /// Deviation.
    pub deviation_rad: f64,
    /// How it was found.
    pub method: Method,
    /// Highest point above the line.
    pub peak_plus_rad: f64,
    /// Lowest point below the line, above zero.
    pub peak_minus_rad: f64,
    /// Rms.
    pub rms_rad: f64,
}

/// Which modulation a tone is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToneOf {
    /// Amplitude.
    Am,
    /// Frequency or phase.
    Fm,
}

/// The modulating tone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ToneDetail {
    /// Which modulation it is part of.
    pub of: ToneOf,
    /// Modulation rate.
    pub frequency_hz: f64,
    /// Tone over everything else between 50 Hz and 15 kHz, or half the channel.
    pub sinad_db: f64,
    /// Harmonics 2 to 5 inside the channel over the tone; `null` where none lies inside.
    pub thd_percent: Option<f64>,
}

/// Vector error of a digitally modulated carrier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VectorDetail {
    /// Constellation that symbols were decided on.
    pub constellation: Constellation,
    /// Nominal symbol rate.
    pub symbol_rate_hz: f64,
    /// Roll-off of the matched filter.
    pub rolloff: f64,
    /// Symbols measured.
    pub symbols: u64,
    /// Rms of the error over rms of the symbols.
    pub evm_rms_percent: f64,
    /// Largest error over rms of the symbols.
    pub evm_peak_percent: f64,
    /// Rms error in magnitude over rms of the symbols.
    pub magnitude_error_rms_percent: f64,
    /// Rms error in phase.
    pub phase_error_rms_deg: f64,
    /// Carrier leak over the symbols' power.
    pub iq_offset_db: f64,
    /// Gain of I over Q, without sign; `null` where the constellation does not show it.
    pub gain_imbalance_db: Option<f64>,
    /// Departure from 90 degrees, without sign; `null` where the constellation does not show it.
    pub quadrature_error_deg: Option<f64>,
    /// Symbol rate minus the nominal one.
    pub symbol_rate_error_ppm: f64,
    /// Carrier as the symbols show it, absolute where the capture has a centre.
    pub carrier_frequency_hz: f64,
    /// Whether the error is small enough for decisions to be right; otherwise it is a lower bound.
    pub reliable: bool,
}

/// What `modulation` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModulationDetail {
    /// Unit of `carrier_level_db`: dBFS, dBV or dBm.
    pub level_unit: Unit,
    /// Width of the channel that was demodulated.
    pub bandwidth_hz: f64,
    /// Where the stretch that was demodulated begins: the longest one over which the carrier is on.
    pub start_s: f64,
    /// Its length.
    pub measured_s: f64,
    /// Carrier, absolute where the capture has a centre.
    pub carrier_frequency_hz: f64,
    /// Carrier from the centre (0 Hz of a real record).
    pub carrier_offset_hz: f64,
    /// Level of the carrier without its modulation.
    pub carrier_level_db: f64,
    /// Carrier over the noise in the channel; `null` where the noise does not show.
    pub carrier_to_noise_db: Option<f64>,
    /// Carrier minus the nominal frequency; `null` without one.
    pub frequency_error_hz: Option<f64>,
    /// The same over the nominal frequency.
    pub frequency_error_ppm: Option<f64>,
    /// Amplitude modulation.
    pub am: AmDetail,
    /// Frequency modulation.
    pub fm: FmDetail,
    /// Phase modulation.
    pub pm: PmDetail,
    /// The modulating tone, where one stands out; of AM and FM that with the larger index.
    pub tone: Option<ToneDetail>,
    /// Vector error, where a symbol rate was given.
    pub vector: Option<VectorDetail>,
}

/// The modulation measurement.
pub(super) struct Modulation;

impl Measurement for Modulation {
    fn id(&self) -> &'static str {
        "modulation"
    }
    fn doc(&self) -> &'static str {
        include_str!("doc.md")
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        measure::measure(record, caveats, settings)
    }
}
