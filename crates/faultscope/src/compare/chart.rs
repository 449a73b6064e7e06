//! A capture and the envelope it is held against, as a chart or a table.

use std::path::{Path, PathBuf};

use faultscope_diagnose::Verdict;
use faultscope_diagnose::compare::{Comparison, DifferenceKind, Profile, Reference};
use faultscope_report::csv::SpectrumTable;
use faultscope_report::picture::{Marker, MarkerClass, SpectrumChart, Trace};
use faultscope_report::words::{Lang, find_or, word};
use faultscope_signal::Unit;

use super::Against;
use crate::Error;
use crate::picture::Output;

/// Labels that a chart has room for.
const LABELLED: usize = 10;

/// Writes the picture or table of one capture; with a `number` the file is `name-NUMBER.ext`, for batches.
///
/// # Errors
/// When the file cannot be written.
pub fn write(
    output: &Output,
    against: &Against,
    profile: &Profile,
    capture: &Path,
    number: Option<usize>,
    lang: Lang,
) -> Result<PathBuf, Error> {
    let comparison = against.compare(profile);
    let reference = &against.reference;
    output.save(
        number,
        || table(reference, profile, &comparison),
        || chart(reference, profile, &comparison, capture, lang),
    )
}

/// The envelope of a reference, and a capture that is held against it, over absolute frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Frequency of each point.
    pub frequency_hz: Vec<f64>,
    /// 10 % point of the reference; NaN where it has none.
    pub low_db: Vec<f64>,
    /// 90 % point of the reference.
    pub high_db: Vec<f64>,
    /// Median of the reference.
    pub median_db: Vec<f64>,
    /// The capture.
    pub capture_db: Vec<f64>,
    /// Unit of the levels.
    pub unit: Unit,
}

impl Curves {
    /// Of a capture, aligned as it was for the comparison.
    #[must_use]
    pub fn of(against: &Against, profile: &Profile, comparison: &Comparison) -> Self {
        let reference = &against.reference;
        let (frequency_hz, mut all) = curves(reference, profile, comparison);
        let mut take = |name: &str| {
            all.iter_mut().find(|(n, _)| *n == name).map(|(_, curve)| std::mem::take(curve)).unwrap_or_default()
        };
        Self {
            low_db: take("reference_p10"),
            high_db: take("reference_p90"),
            median_db: take("reference_median"),
            capture_db: take("capture"),
            frequency_hz,
            unit: reference.spectrum.level_unit.unwrap_or(reference.setup.level_unit),
        }
    }
}

/// Median, 10 % and 90 % points of the reference, and the capture, over absolute frequency.
fn curves(
    reference: &Reference,
    profile: &Profile,
    comparison: &Comparison,
) -> (Vec<f64>, Vec<(&'static str, Vec<f64>)>) {
    let s = &reference.spectrum;
    let first = profile.setup.center_hz.unwrap_or(0.0) + s.first_offset_hz + comparison.moved_hz;
    let frequency_hz = (0..s.median_db.len()).map(|b| first + b as f64 * s.step_hz).collect();
    let plain = |v: &[Option<f64>]| v.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
    let curves = vec![
        ("reference_p10", plain(&s.p10_db)),
        ("reference_p90", plain(&s.p90_db)),
        ("reference_median", plain(&s.median_db)),
        ("capture", reference.levels_of(profile)),
    ];
    (frequency_hz, curves)
}

fn table(reference: &Reference, profile: &Profile, comparison: &Comparison) -> SpectrumTable {
    let (frequency_hz, curves) = curves(reference, profile, comparison);
    SpectrumTable {
        axis: "frequency_hz",
        frequency_hz,
        unit: reference.spectrum.level_unit.unwrap_or(reference.setup.level_unit),
        columns: curves.into_iter().map(|(name, v)| (name.to_owned(), v)).collect(),
        facts: serde_json::json!({ "reference": comparison.reference, "differences": comparison.differences }),
    }
}

fn chart(
    reference: &Reference,
    profile: &Profile,
    comparison: &Comparison,
    capture: &Path,
    lang: Lang,
) -> SpectrumChart {
    let name = capture.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let unit = reference.spectrum.level_unit.unwrap_or(reference.setup.level_unit);
    let mut chart = SpectrumChart::new(lang, format!("{name} · {}", comparison.reference), unit);
    chart.rbw_hz = Some(profile.spectrum.rbw_hz());
    chart.center_hz = profile.setup.center_hz;
    let (frequency_hz, curves) = curves(reference, profile, comparison);
    for (name, level_db) in curves {
        let name = find_or(lang, "trace", name);
        chart.traces.push(Trace { name, frequency_hz: frequency_hz.clone(), level_db });
    }
    let spectral = comparison.differences.iter().filter(|d| {
        !matches!(d.kind, DifferenceKind::ReadingChanged | DifferenceKind::LevelChanged | DifferenceKind::CarrierGone)
    });
    for difference in spectral.take(LABELLED) {
        let key = difference.kind.key();
        if let Some((frequency_hz, level_db)) = difference.frequency_hz.zip(difference.value) {
            let (label, class) = (word(lang, key).to_owned(), MarkerClass::Judged(Verdict::Fail));
            chart.markers.push(Marker { frequency_hz, level_db, label, class });
        }
    }
    chart
}
