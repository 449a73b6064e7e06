//! Phase noise of a carrier: L(f), discrete lines, integrated phase and jitter, residual FM and AM.

mod line;
mod measure;
#[cfg(test)]
mod tests;

use faultscope_capture::Caveat;
use faultscope_signal::{Record, Unit};
use serde::{Deserialize, Serialize};

use super::{MeasureError, Measured, Measurement, Settings};

/// What `phase-noise` may be told; stored with the choices filled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PhaseNoiseSettings {
    /// Lowest offset of the integrals; nothing takes the lowest covered.
    pub from_hz: Option<f64>,
    /// Highest offset of the integrals; nothing takes the highest covered.
    pub to_hz: Option<f64>,
}

/// L(f) at one offset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NoisePoint {
    /// Offset from the carrier.
    pub offset_hz: f64,
    /// L(f): half of the one-sided density of the phase, lines left out; `null` where there is none at all.
    pub level_dbc_per_hz: Option<f64>,
    /// The same of the amplitude: M(f).
    pub amplitude_dbc_per_hz: Option<f64>,
    /// Two standard deviations, from the number of independent averages.
    pub uncertainty_db: f64,
    /// Whether the record's own white noise makes up half of it or more: an upper bound of the carrier's.
    pub floor_limited: bool,
}

/// What a discrete line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A multiple of 50 or 60 Hz.
    Mains,
    /// A multiple of a lower, stronger line.
    Harmonic,
    /// Amplitude and phase move alike: a tone beside the carrier, not a modulation of its phase.
    Added,
    /// Modulation of the phase, of unknown source.
    Phase,
}

/// A discrete line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PhaseLine {
    /// Offset from the carrier.
    pub offset_hz: f64,
    /// Level of each sideband over the carrier: 20 log10(beta / 2).
    pub level_dbc: f64,
    /// Peak of the phase: the modulation index beta.
    pub peak_rad: f64,
    /// What it adds to the jitter, rms; `null` where the carrier's frequency is not known.
    pub jitter_s: Option<f64>,
    /// Peak over the noise of its bin.
    pub snr_db: f64,
    /// What it is.
    pub kind: LineKind,
    /// Which multiple, of mains or of a lower line.
    pub order: Option<u32>,
    /// Of which frequency.
    pub of_hz: Option<f64>,
}

/// Integrals over a band of offsets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IntegratedPhase {
    /// Lower end of the band.
    pub from_hz: f64,
    /// Upper end of the band.
    pub to_hz: f64,
    /// Rms of the phase, lines left out: the root of twice the integral of L.
    pub phase_rms_rad: f64,
    /// The same in degrees.
    pub phase_rms_deg: f64,
    /// The same over 2 pi times the carrier's frequency; `null` where that is not known.
    pub jitter_rms_s: Option<f64>,
    /// Rms of the phase of the lines in the band, added tones left out.
    pub lines_rms_rad: f64,
    /// What they add to the jitter.
    pub lines_jitter_s: Option<f64>,
}

/// What `phase-noise` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PhaseNoiseDetail {
    /// Unit of `carrier_level_db`: dBFS, dBV or dBm.
    pub level_unit: Unit,
    /// Carrier, absolute where the capture has a centre.
    pub carrier_frequency_hz: f64,
    /// Carrier from the centre (0 Hz of a real record).
    pub carrier_offset_hz: f64,
    /// Its level.
    pub carrier_level_db: f64,
    /// Offsets covered.
    pub low_hz: f64,
    /// Highest offset covered.
    pub high_hz: f64,
    /// The trace.
    pub points: Vec<NoisePoint>,
    /// Discrete lines, ascending; they are not part of the trace.
    pub lines: Vec<PhaseLine>,
    /// White noise of the record, which phase and amplitude share; `null` where there is none.
    pub floor_dbc_per_hz: Option<f64>,
    /// Lowest offset from which on that noise dominates the trace; `null` where it does not.
    pub floor_from_hz: Option<f64>,
    /// Integrals, lines left out; `null` where the band asked for is not covered at all.
    pub integrated: Option<IntegratedPhase>,
    /// Rms of the frequency from 300 Hz to 3 kHz, lines included; `null` where that is not covered.
    pub residual_fm_300_3000_hz: Option<f64>,
    /// Rms of the amplitude from 300 Hz to 3 kHz, in per cent of the carrier; `null` where that is not covered.
    pub residual_am_300_3000_percent: Option<f64>,
}

/// The phase-noise measurement.
pub(super) struct PhaseNoise;

impl Measurement for PhaseNoise {
    fn id(&self) -> &'static str {
        "phase-noise"
    }
    fn doc(&self) -> &'static str {
        include_str!("doc.md")
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        measure::measure(record, caveats, settings)
    }
}
