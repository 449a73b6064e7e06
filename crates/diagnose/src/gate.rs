//! Quality gates: conditions under which a record may not be judged, stored with every result.

use faultscope_capture::{Caveat, CaveatKind};
use serde::{Deserialize, Serialize};

/// State of one gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Nothing to object.
    Ok,
    /// Usable, with the stated doubt.
    Warn,
    /// Readings that depend on it are invalid.
    Fail,
}

/// One quality gate and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gate {
    /// Its id: `clipping`, `length`, `finite`, `lost_samples`, `complete`, `time_axis`, `calibration`.
    pub gate: String,
    /// Its state.
    pub state: GateState,
    /// One sentence with the figures.
    pub detail: String,
}

impl Gate {
    /// Makes a gate.
    pub fn new(gate: &str, state: GateState, detail: impl Into<String>) -> Self {
        Self { gate: gate.to_owned(), state, detail: detail.into() }
    }
}

/// The gates that a capture's own caveats open or close.
#[must_use]
pub fn from_caveats(caveats: &[Caveat]) -> Vec<Gate> {
    caveats
        .iter()
        .map(|c| {
            let (gate, state) = match c.kind {
                CaveatKind::LostSamples => ("lost_samples", GateState::Fail),
                CaveatKind::Clipped => ("clipping", GateState::Fail),
                CaveatKind::NonFinite => ("finite", GateState::Fail),
                CaveatKind::Truncated => ("complete", GateState::Warn),
                CaveatKind::TrailingData => ("complete", GateState::Warn),
                CaveatKind::TimeAxis => ("time_axis", GateState::Warn),
                CaveatKind::Uncalibrated => ("calibration", GateState::Warn),
                CaveatKind::Inconsistent | CaveatKind::Reduced | CaveatKind::Ignored => {
                    ("consistency", GateState::Warn)
                }
            };
            Gate::new(gate, state, c.detail.clone())
        })
        .collect()
}

/// Whether any gate makes the readings unusable.
#[must_use]
pub fn any_failed(gates: &[Gate]) -> bool {
    gates.iter().any(|g| g.state == GateState::Fail)
}
