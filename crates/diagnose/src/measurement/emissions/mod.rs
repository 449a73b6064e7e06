//! Emissions: levels over frequency against the limit lines of packs, of samples and of exported spectra.

mod band;
mod level;
mod measure;
#[cfg(test)]
mod tests;

use faultscope_capture::Caveat;
use faultscope_signal::{Record, Unit};
use serde::{Deserialize, Serialize};

use super::{MeasureError, Measured, Measurement, Settings};
use crate::limit::{Axis, Exclude, Limit, LimitSet, Segment};

pub use band::OperatingBand;
pub use measure::exported;

/// A limit line as the measurement is told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EmissionLine {
    /// `pack/limit`.
    pub line: String,
    /// What its frequencies count from.
    pub axis: Axis,
    /// Unit of its levels: dBm, dBFS, dBV, or dBc of the carrier in the same bandwidth.
    pub unit: Unit,
    /// What part of it does not apply.
    pub exclude: Option<Exclude>,
    /// Its pieces.
    pub segments: Vec<Segment>,
}

/// What `emissions` may be told beside the transform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct EmissionsSettings {
    /// The lines; the program takes them from the limit packs.
    pub lines: Vec<EmissionLine>,
    /// Operating band, `n78`.
    pub band: Option<String>,
    /// Necessary bandwidth.
    pub bandwidth_hz: Option<f64>,
}

/// The worst place of one piece of a line, or what of a line could not be looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EmissionPoint {
    /// `pack/limit`.
    pub line: String,
    /// Where the piece begins, absolute.
    pub from_hz: f64,
    /// Where it ends.
    pub to_hz: f64,
    /// Measurement bandwidth; `null` for what was not looked at.
    pub bandwidth_hz: Option<f64>,
    /// Whether the record reaches over all of it.
    pub covered: bool,
    /// Middle of the filter at the worst place.
    pub frequency_hz: Option<f64>,
    /// Level there.
    pub level_db: Option<f64>,
    /// Limit there.
    pub limit_db: Option<f64>,
    /// Limit minus level; `null` where they cannot be compared.
    pub margin_db: Option<f64>,
    /// Uncertainty of the level from the number of averages.
    pub uncertainty_db: Option<f64>,
    /// Why nothing, or not all, can be said; empty otherwise.
    pub reason: String,
}

/// What `emissions` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EmissionsDetail {
    /// Unit of the levels.
    pub level_unit: Unit,
    /// Resolution bandwidth; `null` where a file with a spectrum does not state it.
    pub rbw_hz: Option<f64>,
    /// Lowest frequency looked at.
    pub low_hz: f64,
    /// Highest frequency looked at.
    pub high_hz: f64,
    /// The carrier.
    pub carrier_hz: Option<f64>,
    /// The operating band, where it was said.
    pub band: Option<OperatingBand>,
    /// The lines, piece by piece.
    pub points: Vec<EmissionPoint>,
}

impl EmissionsSettings {
    /// The lines of every limit of `packs` that this measurement is to answer.
    pub fn lines_of(packs: &[LimitSet]) -> impl Iterator<Item = EmissionLine> + '_ {
        let limits = packs.iter().flat_map(|set| set.limits.iter().map(move |l| (&set.pack.id, l)));
        limits.filter(|(_, l)| l.measurement == "emissions" && l.counts()).filter_map(|(pack, l)| line(pack, l))
    }
}

fn line(pack: &str, limit: &Limit) -> Option<EmissionLine> {
    Some(EmissionLine {
        line: format!("{pack}/{}", limit.id),
        axis: limit.axis?,
        unit: limit.unit,
        exclude: limit.exclude,
        segments: limit.segments.clone(),
    })
}

/// The emissions measurement.
pub(super) struct Emissions;

impl Measurement for Emissions {
    fn id(&self) -> &'static str {
        "emissions"
    }
    fn doc(&self) -> &'static str {
        include_str!("doc.md")
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        measure::measure(record, caveats, settings)
    }
}
