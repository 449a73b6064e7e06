//! Comparison with good units: what a set of good captures agree on, and where another capture departs from it.
//!
//! A capture is reduced to a [`Profile`] (averaged spectrum, lines, readings); good ones make a [`Reference`]; a profile
//! is held against it by prediction intervals whose chance of a false alarm is shared among all that is compared.

mod bins;
mod difference;
mod levels;
mod lines;
mod profile;
mod readings;
mod reference;
mod repair;
mod setup;
#[cfg(test)]
mod tests;
mod verdict;

pub use difference::{Comparison, Difference, DifferenceKind, Tested, compare};
pub use profile::{Aligned, FoundLine, Profile, choose_fft};
pub use reference::{BandEnvelope, LineEnvelope, ReadingEnvelope, Reference, SpectrumEnvelope};
pub use repair::{Repair, RepairState, repairs};
pub use setup::{Mismatch, SetUp};
pub use verdict::findings;

/// Decibels in one unit of natural logarithm of power.
const DB: f64 = 4.342_944_819_032_518;

/// Lines this many bins apart, or 0.3 % of a supply's frequency (mains and converters drift), are the same line.
const SAME_LINE_BINS: f64 = 2.0;
const SAME_LINE_SHARE: f64 = 3e-3;

/// Mean and sample variance; a variance of 0 for fewer than two values.
fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let square: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, if count > 1.0 { square / (count - 1.0) } else { 0.0 })
}
