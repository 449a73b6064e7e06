//! Caveats: the reasons to trust a record less, which travel with every result made from it.

use serde::{Deserialize, Serialize};

/// What kind of doubt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaveatKind {
    /// The file holds less than its header promises.
    Truncated,
    /// The file holds more than its header promises, or bytes behind the samples.
    TrailingData,
    /// Samples were lost while recording.
    LostSamples,
    /// The converter saturated.
    Clipped,
    /// Some samples are not finite numbers.
    NonFinite,
    /// Header, file name and content do not agree.
    Inconsistent,
    /// The time axis is not uniform or was estimated.
    TimeAxis,
    /// Levels are relative: there is no calibration.
    Uncalibrated,
    /// The data were reduced before they were saved (averaged, min/max pairs).
    Reduced,
    /// Something the format allows was not used.
    Ignored,
}

/// One reason to trust a record less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Caveat {
    /// The kind.
    pub kind: CaveatKind,
    /// One sentence: what, how much, where.
    pub detail: String,
}

impl Caveat {
    /// Makes a caveat.
    pub fn new(kind: CaveatKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}
