//! Proof of a repair: what became of each difference that a unit had before it.

use serde::{Deserialize, Serialize};

use super::difference::{Comparison, Difference, DifferenceKind};

/// What became of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepairState {
    /// Outside the envelope before, inside it after.
    Fixed,
    /// Outside before and after.
    NotFixed,
    /// Inside before, outside after.
    ChangedElsewhere,
    /// The capture after the repair does not tell.
    NotEvaluated,
    /// Without a reference: it changed; whether for the better, nothing says.
    Changed,
}

/// One difference before or after a repair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Repair {
    /// What became of it.
    pub state: RepairState,
    /// As it was before.
    pub before: Option<Difference>,
    /// As it is after.
    pub after: Option<Difference>,
}

/// Pairs the differences of two captures from one reference; places closer than `near_hz` are the same.
#[must_use]
pub fn repairs(before: &Comparison, after: &Comparison, near_hz: f64) -> Vec<Repair> {
    let gone = after.differences.iter().any(|d| d.kind == DifferenceKind::CarrierGone);
    let mut used = vec![false; after.differences.len()];
    let mut out = Vec::new();
    for was in &before.differences {
        let found: Vec<usize> = after
            .differences
            .iter()
            .enumerate()
            .filter(|(_, is)| same_place(was, is, near_hz))
            .map(|(i, _)| i)
            .collect();
        found.iter().filter_map(|i| used.get_mut(*i).map(|u| *u = true)).count();
        let is = found.first().and_then(|i| after.differences.get(*i));
        let unknown = gone || after.missing.contains(&was.reading);
        let state = match is {
            Some(_) => RepairState::NotFixed,
            None if unknown => RepairState::NotEvaluated,
            None => RepairState::Fixed,
        };
        out.push(Repair { state, before: Some(was.clone()), after: is.cloned() });
    }
    let new = after.differences.iter().zip(used).filter(|(_, used)| !used);
    out.extend(new.map(|(d, _)| Repair { state: RepairState::ChangedElsewhere, before: None, after: Some(d.clone()) }));
    out
}

impl Repair {
    /// A change between two captures that no reference judges.
    #[must_use]
    pub fn changed(difference: &Difference) -> Self {
        Self { state: RepairState::Changed, before: None, after: Some(difference.clone()) }
    }
}

/// The same reading, or the same place in the spectrum whatever is there.
fn same_place(a: &Difference, b: &Difference, near_hz: f64) -> bool {
    let spectral = |d: &Difference| {
        use DifferenceKind::{LineChanged, LineGone, LineNew, SpectrumHigher, SpectrumLower};
        matches!(d.kind, LineNew | LineGone | LineChanged | SpectrumHigher | SpectrumLower)
    };
    if spectral(a) != spectral(b) || (!spectral(a) && a.reading != b.reading) {
        return false;
    }
    match (a.offset_hz, b.offset_hz) {
        (Some(x), Some(y)) => (x - y).abs() <= near_hz + 0.5 * (width(a) + width(b)),
        (x, y) => x.is_none() && y.is_none(),
    }
}

/// Width of a region without a line; bands are told apart by their middles.
fn width(d: &Difference) -> f64 {
    match d.kind {
        DifferenceKind::SpectrumHigher | DifferenceKind::SpectrumLower => {
            d.high_hz.zip(d.low_hz).map_or(0.0, |(high, low)| high - low)
        }
        _ => 0.0,
    }
}
