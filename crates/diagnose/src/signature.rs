//! The signature of a fault: causes, figures and kinds of lines in brief, so that two faults can be compared without their
//! captures.

mod packed;

use std::collections::BTreeMap;

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use crate::finding::Cause;
use crate::measurement::{Origin, Spur};
use crate::{Examined, Reading};

pub use packed::Packed;

/// Goes up when signatures are built otherwise: older ones are then built anew.
pub const VERSION: u32 = 1;

/// Causes less probable than this say nothing.
const LEAST_CONFIDENCE: f64 = 0.05;
/// What counts as one unit of distance: this many decibels, or a factor of this many octaves.
const DECIBELS: f64 = 6.0;
const OCTAVES: f64 = 1.0;
/// Shares of causes, figures and lines in a comparison.
const SHARES: [f64; 3] = [0.6, 0.25, 0.15];
/// A figure that only one of two faults has counts for this much.
const MISSING: f64 = 0.5;
/// Reasons are figures at least this close, and at most so many of them.
const CLOSE: f64 = 0.8;
const MOST_REASONS: usize = 3;

/// One figure of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// A fault in brief.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// Confidence of each probable cause, by the id of its rule.
    pub causes: BTreeMap<String, f64>,
    /// Figures by measurement and reading: `ripple.vpp`.
    pub figures: BTreeMap<String, Figure>,
    /// The strongest line of each origin, in dB relative to the carrier.
    pub lines: BTreeMap<Origin, f64>,
}

/// Why two faults resemble each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// The same cause is probable in both.
    Cause {
        /// Id of the rule.
        rule: String,
        /// Its confidence here.
        here: f64,
        /// Its confidence there.
        there: f64,
    },
    /// Lines of the same origin stand out in both.
    Lines {
        /// Their origin.
        origin: Origin,
        /// The strongest here, in dBc.
        here: f64,
        /// The strongest there, in dBc.
        there: f64,
    },
    /// A figure is nearly the same.
    Figure {
        /// Measurement and reading.
        figure: String,
        /// Its value here.
        here: f64,
        /// Its value there.
        there: f64,
        /// Its unit.
        unit: Unit,
    },
}

/// How much one signature resembles another.
#[derive(Debug, Clone, PartialEq)]
pub struct Resemblance {
    /// 0 (nothing in common) to 1 (the same).
    pub score: f64,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

impl Signature {
    /// The signature of what a set of captures of one unit shows.
    #[must_use]
    pub fn of(set: &[Examined<'_>], causes: &[Cause]) -> Self {
        let mut signature = Self::default();
        for cause in causes.iter().filter(|c| c.confidence >= LEAST_CONFIDENCE) {
            signature.causes.insert(cause.rule.clone(), cause.confidence);
        }
        for examined in set {
            for reading in examined.readings.iter().filter(|r| r.value.is_finite()) {
                signature.figure(examined.measurement, reading);
            }
            examined.spurs.iter().for_each(|spur| signature.line(spur));
        }
        signature
    }

    fn figure(&mut self, measurement: &str, reading: &Reading) {
        let figure = Figure { value: reading.value, unit: reading.unit };
        // Of several readings of one name the first is the strongest, and of several captures the first is the fault's.
        self.figures.entry(format!("{measurement}.{}", reading.id)).or_insert(figure);
    }

    fn line(&mut self, spur: &Spur) {
        // What the receiver makes says nothing of the unit.
        let (Some(level), false) = (spur.level_dbc, matches!(spur.origin, Origin::Dc | Origin::Receiver)) else {
            return;
        };
        let strongest = self.lines.entry(spur.origin).or_insert(level);
        *strongest = strongest.max(level);
    }

    /// Whether there is nothing to compare by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.causes.is_empty() && self.figures.is_empty() && self.lines.is_empty()
    }

    /// Compares with another one.
    #[must_use]
    pub fn resemblance(&self, other: &Self) -> Resemblance {
        let (causes, by_cause) = self.by_causes(other);
        let (figures, by_figure) = self.by_figures(other);
        let (lines, by_lines) = self.by_lines(other);
        let parts = [causes, figures, lines];
        let (sum, weight) = parts.iter().zip(SHARES).fold((0.0, 0.0), |(sum, weight), (part, share)| match part {
            Some(part) => (sum + share * part, weight + share),
            None => (sum, weight),
        });
        let score = if weight > 0.0 { sum / weight } else { 0.0 };
        Resemblance { score, reasons: by_cause.into_iter().chain(by_lines).chain(by_figure).collect() }
    }

    /// The cosine between the confidences; nothing where neither names a cause.
    fn by_causes(&self, other: &Self) -> (Option<f64>, Vec<Reason>) {
        let both = self.causes.iter().filter_map(|(rule, here)| Some((rule, *here, *other.causes.get(rule)?)));
        let mut reasons: Vec<(f64, Reason)> =
            both.map(|(rule, here, there)| (here * there, Reason::Cause { rule: rule.clone(), here, there })).collect();
        (cosine(&self.causes, &other.causes), strongest(&mut reasons))
    }

    /// The mean closeness of the figures that either has.
    fn by_figures(&self, other: &Self) -> (Option<f64>, Vec<Reason>) {
        let (mut sum, mut weight, mut reasons) = (0.0, 0.0, Vec::new());
        for (figure, here) in &self.figures {
            let Some(there) = other.figures.get(figure).filter(|there| there.unit == here.unit) else {
                weight += MISSING;
                continue;
            };
            let closeness = closeness(distance(here.value, there.value, here.unit));
            (sum, weight) = (sum + closeness, weight + 1.0);
            if closeness >= CLOSE {
                let (here, there, unit) = (here.value, there.value, here.unit);
                reasons.push((closeness, Reason::Figure { figure: figure.clone(), here, there, unit }));
            }
        }
        weight += MISSING * other.figures.keys().filter(|key| !self.figures.contains_key(*key)).count() as f64;
        ((weight > 0.0).then(|| sum / weight), strongest(&mut reasons))
    }

    /// The mean closeness of the strongest lines of each origin; nothing where neither has lines.
    fn by_lines(&self, other: &Self) -> (Option<f64>, Vec<Reason>) {
        let (mut sum, mut reasons) = (0.0, Vec::new());
        let both = self.lines.iter().filter_map(|(origin, here)| Some((*origin, *here, *other.lines.get(origin)?)));
        for (origin, here, there) in both {
            let closeness = closeness(distance(here, there, Unit::Dbc));
            sum += closeness;
            reasons.push((closeness, Reason::Lines { origin, here, there }));
        }
        let all = self.lines.len() + other.lines.keys().filter(|origin| !self.lines.contains_key(*origin)).count();
        ((all > 0).then(|| sum / all as f64), strongest(&mut reasons))
    }
}

/// The cosine between two sets of confidences; nothing where both are empty.
fn cosine(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> Option<f64> {
    let size = |causes: &BTreeMap<String, f64>| causes.values().map(|c| c * c).sum::<f64>().sqrt();
    let dot: f64 = a.iter().filter_map(|(rule, here)| Some(here * b.get(rule)?)).sum();
    let known = !(a.is_empty() && b.is_empty());
    known.then(|| dot / (size(a) * size(b)).max(f64::MIN_POSITIVE))
}

/// The weightiest reasons, by falling weight; equal ones keep their order.
fn strongest(reasons: &mut Vec<(f64, Reason)>) -> Vec<Reason> {
    reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
    reasons.drain(..).take(MOST_REASONS).map(|(_, reason)| reason).collect()
}

fn closeness(distance: f64) -> f64 {
    (-0.5 * distance * distance).exp()
}

/// How far apart two values of a unit are: levels by their difference, all others by their ratio.
fn distance(a: f64, b: f64, unit: Unit) -> f64 {
    if unit.difference() == Unit::Db {
        return (a - b).abs() / DECIBELS;
    }
    if a == b {
        return 0.0;
    }
    if a * b <= 0.0 {
        // A value against none of it, or against its opposite.
        return f64::INFINITY;
    }
    (a / b).log2().abs() / OCTAVES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signature(causes: &[(&str, f64)], figures: &[(&str, f64, Unit)], lines: &[(Origin, f64)]) -> Signature {
        Signature {
            causes: causes.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
            figures: figures.iter().map(|(k, v, unit)| ((*k).to_owned(), Figure { value: *v, unit: *unit })).collect(),
            lines: lines.iter().copied().collect(),
        }
    }

    #[test]
    fn the_same_cause_outweighs_other_figures_and_is_the_first_reason() {
        let here = signature(&[("R01", 0.9)], &[("ripple.vpp", 1.0, Unit::Volt)], &[]);
        let same = signature(&[("R01", 0.8)], &[("ripple.vpp", 8.0, Unit::Volt)], &[]);
        let other = signature(&[("R05", 0.9)], &[("ripple.vpp", 1.0, Unit::Volt)], &[]);
        let (same, other) = (here.resemblance(&same), here.resemblance(&other));
        assert!(same.score > other.score, "{} {}", same.score, other.score);
        assert!(matches!(&same.reasons[0], Reason::Cause { rule, .. } if rule == "R01"));
        assert!(matches!(&other.reasons[0], Reason::Figure { figure, .. } if figure == "ripple.vpp"));
    }

    /// One octave and 6 dB are one unit each: exp(-1/2).
    #[test]
    fn closeness_is_gaussian_in_octaves_and_decibels() {
        let near = |a, b, unit| closeness(distance(a, b, unit));
        assert!((near(2.0, 1.0, Unit::Volt) - (-0.5f64).exp()).abs() < 1e-12);
        assert!((near(-60.0, -54.0, Unit::Dbc) - (-0.5f64).exp()).abs() < 1e-12);
        assert_eq!(near(0.0, 0.0, Unit::Volt), 1.0);
        assert_eq!((near(0.0, 1.0, Unit::Volt), near(-1.0, 1.0, Unit::Volt)), (0.0, 0.0));
    }

    #[test]
    fn nothing_resembles_nothing() {
        let nothing = Signature::default();
        assert_eq!(nothing.resemblance(&nothing), Resemblance { score: 0.0, reasons: vec![] });
    }

    fn any() -> impl Strategy<Value = Signature> {
        let key = prop::sample::select(vec!["a", "b", "c", "d"]);
        let unit = |key: &str| if key < "c" { Unit::Db } else { Unit::Volt };
        let causes = prop::collection::btree_map(key.clone().prop_map(str::to_owned), 0.05..1.0f64, 0..4);
        let origin = prop::sample::select(vec![Origin::Harmonic, Origin::Image, Origin::Clock, Origin::Unknown]);
        let lines = prop::collection::btree_map(origin, -90.0..0.0f64, 0..4);
        let figures = prop::collection::btree_map(key, -10.0..10.0f64, 0..4);
        (causes, figures, lines).prop_map(move |(causes, figures, lines)| Signature {
            causes,
            figures: figures.into_iter().map(|(k, value)| (k.to_owned(), Figure { value, unit: unit(k) })).collect(),
            lines,
        })
    }

    proptest! {
        #[test]
        fn resemblance_is_symmetric_within_bounds_and_one_with_itself(a in any(), b in any()) {
            let (there, back) = (a.resemblance(&b).score, b.resemblance(&a).score);
            prop_assert!((there - back).abs() < 1e-12);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&there));
            // As bytes the same, and nothing is left out that is as alike as was asked for, or a search would miss it.
            let packed = a.prepared().score(&b.packed(), there - 1e-12);
            prop_assert!(packed.is_some_and(|packed| (packed - there).abs() < 1e-12), "{packed:?} {there}");
            prop_assert!(a.prepared().score(&b.packed(), there + 2e-9).is_none_or(|packed| (packed - there).abs() < 1e-12));
            if !a.is_empty() {
                prop_assert!((a.resemblance(&a).score - 1.0).abs() < 1e-12);
            }
        }
    }
}
