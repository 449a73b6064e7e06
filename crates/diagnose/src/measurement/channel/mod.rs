//! Channel: power, occupied bandwidth, adjacent channel leakage, emission mask, crest factor.

mod mask;
mod measure;
mod preset;
#[cfg(test)]
mod tests;

use faultscope_capture::Caveat;
use faultscope_signal::{Record, Unit};
use serde::{Deserialize, Serialize};

use super::{MeasureError, Measured, Measurement, Settings};

pub use crate::limit::Segment as MaskSegment;
pub use mask::Mask;
pub use preset::{Adjacent, ChannelFilter};

/// What `channel` may be told beside the transform; stored with the choices filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ChannelSettings {
    /// A channel of a standard: `lte10`, `nr20-30`, `utra`; gives bandwidth, filter and neighbours.
    pub standard: Option<String>,
    /// Bandwidth of the channel; nothing takes the occupied band.
    pub bandwidth_hz: Option<f64>,
    /// Where occupied and x dB bandwidth are looked for, about the channel's middle; nothing takes the whole record.
    pub span_hz: Option<f64>,
    /// Share of the power that the occupied bandwidth holds.
    pub occupied_percent: f64,
    /// How far below the highest density the x dB bandwidth ends.
    pub x_db: f64,
    /// Neighbours to measure; none takes those of the standard, or those one and two bandwidths away.
    pub adjacent: Vec<Adjacent>,
    /// Emission mask.
    pub mask: Option<Mask>,
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            standard: None,
            bandwidth_hz: None,
            span_hz: None,
            occupied_percent: 99.0,
            x_db: 26.0,
            adjacent: Vec::new(),
            mask: None,
        }
    }
}

/// The band that holds most of the power.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OccupiedBand {
    /// Share of the power inside.
    pub percent: f64,
    /// Lower edge, absolute where the capture has a centre.
    pub low_hz: f64,
    /// Upper edge.
    pub high_hz: f64,
    /// Width.
    pub bandwidth_hz: f64,
    /// Width without the noise correction.
    pub uncorrected_hz: f64,
    /// Density of the noise that was taken off, in the level unit per hertz; `null` where none was.
    pub noise_db_per_hz: Option<f64>,
}

/// Side of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Below.
    Lower,
    /// Above.
    Upper,
}

/// One neighbour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Leakage {
    /// What it stands for.
    pub name: String,
    /// Side.
    pub side: Side,
    /// From the channel's middle, negative below.
    pub offset_hz: f64,
    /// Its middle, absolute where the capture has a centre.
    pub frequency_hz: f64,
    /// Width, or symbol rate, of its filter.
    pub bandwidth_hz: f64,
    /// Its filter.
    pub filter: ChannelFilter,
    /// Whether the record reaches over all of it.
    pub covered: bool,
    /// Power in it; `null` when not covered.
    pub power_db: Option<f64>,
    /// Channel power over it (ACLR, positive); `null` when not covered.
    pub ratio_db: Option<f64>,
}

/// The worst point of one segment of the mask on one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MaskPoint {
    /// Side.
    pub side: Side,
    /// Where the segment begins, from the channel's edge to the filter's middle.
    pub from_hz: f64,
    /// Where it ends.
    pub to_hz: f64,
    /// Measurement bandwidth.
    pub bandwidth_hz: f64,
    /// Whether the record reaches over all of it; otherwise the worst point is that of the part it reaches over.
    pub covered: bool,
    /// Middle of the filter at the worst point, absolute where the capture has a centre.
    pub frequency_hz: Option<f64>,
    /// Level there, in the mask's unit (in the level unit where the mask's cannot be had).
    pub level_db: Option<f64>,
    /// Limit there.
    pub limit_db: Option<f64>,
    /// Limit minus level; `null` where the capture has no such calibration.
    pub margin_db: Option<f64>,
}

/// One point of the power distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CcdfPoint {
    /// Share of the time.
    pub probability_percent: f64,
    /// Level over the mean power that is exceeded for that share; `null` when that is fewer than ten samples.
    pub level_db: Option<f64>,
}

/// What `channel` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChannelDetail {
    /// Unit of every level: dBFS, dBV or dBm.
    pub level_unit: Unit,
    /// Resolution bandwidth (equivalent noise bandwidth of one bin).
    pub rbw_hz: f64,
    /// Middle of the channel, absolute where the capture has a centre.
    pub frequency_hz: f64,
    /// The same from the centre (0 Hz of a real record).
    pub offset_hz: f64,
    /// Bandwidth that the power is measured in (symbol rate of a root-raised-cosine filter).
    pub bandwidth_hz: f64,
    /// Its filter.
    pub filter: ChannelFilter,
    /// Channel power.
    pub power_db: f64,
    /// Channel power per hertz.
    pub density_db_per_hz: f64,
    /// Power of the whole record.
    pub total_power_db: f64,
    /// Occupied bandwidth; `null` without power.
    pub occupied: Option<OccupiedBand>,
    /// How far below the highest density the x dB bandwidth ends.
    pub x_db: f64,
    /// x dB bandwidth; `null` where the noise lies above that level.
    pub x_db_bandwidth_hz: Option<f64>,
    /// The neighbours.
    pub adjacent: Vec<Leakage>,
    /// The mask, segment by segment.
    pub mask: Vec<MaskPoint>,
    /// How often the instantaneous power of the whole record exceeds its mean by how much.
    pub ccdf: Vec<CcdfPoint>,
    /// Peak over mean power of the whole record.
    pub crest_factor_db: f64,
}

/// The channel measurement.
pub(super) struct Channel;

impl Measurement for Channel {
    fn id(&self) -> &'static str {
        "channel"
    }
    fn doc(&self) -> &'static str {
        include_str!("doc.md")
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        measure::measure(record, caveats, settings)
    }
}
