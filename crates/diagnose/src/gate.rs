//! Quality gates: conditions under which a record may not be judged, stored with every result.

mod scan;

use faultscope_capture::{Caveat, CaveatKind};
use serde::{Deserialize, Serialize};

pub use scan::{Coverage, Scan, scan};

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
    /// Its id: `clipping`, `finite`, `length`, `lost_samples`, `complete`, `time_axis`, `calibration`, `consistency`.
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
                CaveatKind::Truncated | CaveatKind::TrailingData => ("complete", GateState::Warn),
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

/// The first gate that makes the readings unusable.
#[must_use]
pub fn first_failed(gates: &[Gate]) -> Option<&Gate> {
    gates.iter().find(|g| g.state == GateState::Fail)
}

/// Joins gates of several sources: one entry a gate, the worst state, every distinct detail.
#[must_use]
pub fn merge(lists: impl IntoIterator<Item = Vec<Gate>>) -> Vec<Gate> {
    let mut merged: Vec<Gate> = Vec::new();
    for gate in lists.into_iter().flatten() {
        match merged.iter_mut().find(|m| m.gate == gate.gate) {
            None => merged.push(gate),
            Some(present) => absorb(present, gate),
        }
    }
    merged
}

fn absorb(present: &mut Gate, other: Gate) {
    let rank = |s: GateState| match s {
        GateState::Ok => 0,
        GateState::Warn => 1,
        GateState::Fail => 2,
    };
    match rank(other.state).cmp(&rank(present.state)) {
        std::cmp::Ordering::Greater => *present = other,
        std::cmp::Ordering::Equal if !present.detail.contains(&other.detail) => {
            present.detail = format!("{}; {}", present.detail, other.detail);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_the_worst_state_and_all_reasons() {
        let merged = merge([
            vec![Gate::new("clipping", GateState::Ok, "none"), Gate::new("complete", GateState::Warn, "a")],
            vec![Gate::new("clipping", GateState::Fail, "5 samples"), Gate::new("complete", GateState::Warn, "b")],
        ]);
        assert_eq!(merged.len(), 2);
        assert_eq!((merged[0].state, merged[0].detail.as_str()), (GateState::Fail, "5 samples"));
        assert_eq!(merged[1].detail, "a; b");
        assert!(first_failed(&merged).is_some());
    }

    #[test]
    fn lost_samples_make_a_record_unusable_and_truncation_only_doubtful() {
        let gates = from_caveats(&[
            Caveat::new(CaveatKind::LostSamples, "12 lost"),
            Caveat::new(CaveatKind::Truncated, "half"),
        ]);
        assert_eq!(gates[0].state, GateState::Fail);
        assert_eq!(gates[1].state, GateState::Warn);
    }
}
