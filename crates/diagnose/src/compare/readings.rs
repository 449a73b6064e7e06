//! Readings: the values of the good captures, and those of another one against them.

use faultscope_signal::predict::{student_critical, student_two_sided};
use faultscope_signal::{Unit, robust};

use super::difference::{Difference, DifferenceKind, Each};
use super::mean_and_variance;
use super::profile::{Aligned, Profile};
use super::reference::{ReadingEnvelope, Reference};

/// The readings that every good capture has as a finite number.
pub(super) fn envelopes(profiles: &[Profile], aligned: &[Aligned], relative: bool) -> Vec<ReadingEnvelope> {
    let Some(first) = profiles.first() else { return Vec::new() };
    let one = |id: &str| {
        let found: Option<Vec<_>> = profiles
            .iter()
            .zip(aligned)
            .map(|(p, a)| {
                let reading = p.readings.iter().find(|r| r.id == id)?;
                Some((p.reading(reading, *a, relative)?, reading.uncertainty))
            })
            .collect();
        let found = found?;
        let unit = found.first()?.0.1;
        let values: Vec<f64> = found.iter().map(|f| f.0.0).collect();
        let uncertainty = found.iter().filter_map(|f| f.1).reduce(f64::max);
        found.iter().all(|f| f.0.1 == unit).then(|| ReadingEnvelope {
            id: id.to_owned(),
            unit,
            median: robust::median(&mut values.clone()),
            spread: mean_and_variance(&values).1.sqrt(),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            uncertainty,
            values,
        })
    };
    first.readings.iter().filter_map(|r| one(&r.id)).collect()
}

/// Standard deviation of one value and its degrees of freedom; nothing where neither repetition, nor the stated
/// uncertainty, nor the nature of the reading gives any.
fn spread(envelope: &ReadingEnvelope, duration_s: f64) -> Option<(f64, f64)> {
    let (mean, variance) = mean_and_variance(&envelope.values);
    // Events come at random: at least as many as their own number's root are more or fewer by chance.
    let chance = match envelope.unit {
        Unit::Count => mean.max(0.0) + 1.0,
        Unit::PerSecond => mean.max(0.0) / duration_s + 1.0 / duration_s.powi(2),
        _ => 0.0,
    };
    let stated = envelope.uncertainty.map_or(0.0, |u| (0.5 * u).powi(2));
    if envelope.values.len() < 2 {
        let floor: f64 = stated.max(chance);
        return (floor > 0.0).then(|| (floor.sqrt(), f64::INFINITY));
    }
    let all = variance.max(stated).max(chance);
    (all > 0.0).then(|| (all.sqrt(), envelope.values.len() as f64 - 1.0))
}

/// Readings of the reference that can be tested.
pub(super) fn testable(reference: &Reference) -> impl Iterator<Item = (&ReadingEnvelope, f64, f64)> {
    let duration_s = reference.setup.duration_s;
    reference.readings.iter().filter_map(move |r| spread(r, duration_s).map(|(s, nu)| (r, s, nu)))
}

/// Every reading that both have, answered; and the ids that the profile lacks.
pub(super) fn test(
    reference: &Reference,
    profile: &Profile,
    aligned: Aligned,
    each: &Each,
) -> (Vec<Difference>, Vec<String>) {
    let (mut out, mut missing) = (Vec::new(), Vec::new());
    for (envelope, sigma, freedom) in testable(reference) {
        let reading = profile.readings.iter().find(|r| r.id == envelope.id);
        let value = reading.and_then(|r| profile.reading(r, aligned, reference.relative_to_carrier));
        let Some((value, _)) = value.filter(|v| v.1 == envelope.unit) else {
            missing.push(envelope.id.clone());
            continue;
        };
        let expected = mean_and_variance(&envelope.values).0;
        let own = reading.and_then(|r| r.uncertainty).map_or(0.0, |u| 0.5 * u);
        // Of two captures each brings its own uncertainty; of several the spread holds it, once more for the new one.
        let sigma = if reference.captures > 1 {
            sigma * (1.0 + 1.0 / reference.captures as f64).sqrt()
        } else {
            sigma.hypot(own.max(sigma))
        };
        let p = student_two_sided((value - expected) / sigma, freedom);
        let difference = Difference::new(DifferenceKind::ReadingChanged, &envelope.id, envelope.unit, expected, value);
        out.push(difference.allowed(student_critical(each.p, freedom) * sigma, p, each));
    }
    (out, missing)
}
