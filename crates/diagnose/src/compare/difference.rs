//! What differs: each difference with its size, its place and its chance, ranked; and the comparison as a whole.

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use super::bins::Between;
use super::profile::{Aligned, Profile};
use super::reference::Reference;
use super::{lines, readings};

/// Shares of the false-alarm rate: bins, bands, lines, readings.
const SHARES: [f64; 4] = [0.3, 0.1, 0.2, 0.4];
const FAMILIES: [&str; 4] = ["bins", "bands", "lines", "readings"];
/// Differences listed at most; the rest is counted.
const MOST: usize = 200;

/// What kind of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A line that no good capture has.
    LineNew,
    /// A line that is not found any more.
    LineGone,
    /// A line of another level.
    LineChanged,
    /// A part of the spectrum without a line lies higher.
    SpectrumHigher,
    /// A part of the spectrum lies lower.
    SpectrumLower,
    /// The whole spectrum between the lines, or a band of it against the rest, has another level.
    LevelChanged,
    /// A reading of another value.
    ReadingChanged,
    /// There is no carrier to align on: nothing else is compared.
    CarrierGone,
}

impl DifferenceKind {
    /// Its key in the table of words.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::LineNew => "difference.line_new",
            Self::LineGone => "difference.line_gone",
            Self::LineChanged => "difference.line_changed",
            Self::SpectrumHigher => "difference.spectrum_higher",
            Self::SpectrumLower => "difference.spectrum_lower",
            Self::LevelChanged => "difference.level_changed",
            Self::ReadingChanged => "difference.reading_changed",
            Self::CarrierGone => "difference.carrier_gone",
        }
    }
}

/// One comparison that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// Its kind.
    pub kind: DifferenceKind,
    /// Reading id: `line_level`, `spectrum_level`, `noise_level`, `band_level`, or a measurement's.
    pub reading: String,
    /// Unit of the values.
    pub unit: Unit,
    /// What the reference has.
    pub reference: Option<f64>,
    /// What the capture has.
    pub value: Option<f64>,
    /// Value less reference.
    #[serde(with = "crate::reading::finite")]
    #[schemars(with = "Option<f64>")]
    pub change: f64,
    /// The same in per cent of the reference, where the unit is no decibel and the reference not 0.
    pub change_percent: Option<f64>,
    /// Lower end of the prediction interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Distance from the reference in units of what is allowed: above 1 it differs.
    pub times_allowed: Option<f64>,
    /// Chance of as much by itself, this one comparison alone.
    pub p: Option<f64>,
    /// The same for the whole comparison: as much anywhere among all that is compared.
    pub false_alarm_probability: Option<f64>,
    /// Where: absolute where the capture has a centre.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frequency_hz: Option<f64>,
    /// Where in the frame of the reference, from its centre.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset_hz: Option<f64>,
    /// Lower edge of the part of the spectrum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub low_hz: Option<f64>,
    /// Upper edge.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high_hz: Option<f64>,
}

/// The chance that one test of a family may take.
pub(super) struct Each {
    pub(super) p: f64,
    /// Times the chance of one to that of the whole comparison.
    times: f64,
}

impl Difference {
    pub(super) fn new(kind: DifferenceKind, reading: &str, unit: Unit, reference: f64, value: f64) -> Self {
        let finite = |v: f64| v.is_finite().then_some(v);
        let decibel = unit.difference() == Unit::Db;
        let percent = (!decibel && reference != 0.0).then(|| 100.0 * (value - reference) / reference.abs());
        Self {
            kind,
            reading: reading.to_owned(),
            unit,
            reference: finite(reference),
            value: finite(value),
            change: value - reference,
            change_percent: percent.and_then(finite),
            low: None,
            high: None,
            times_allowed: None,
            p: None,
            false_alarm_probability: None,
            frequency_hz: None,
            offset_hz: None,
            low_hz: None,
            high_hz: None,
        }
    }

    /// What is allowed either way, and the chance of what is there.
    pub(super) fn allowed(mut self, allowed: f64, p: f64, each: &Each) -> Self {
        self.low = self.reference.map(|r| r - allowed);
        self.high = self.reference.map(|r| r + allowed);
        self.times_allowed = Some(self.change.abs() / allowed).filter(|t| t.is_finite());
        self.p = Some(p);
        self.false_alarm_probability = Some((p * each.times).min(1.0));
        self
    }

    pub(super) fn at(mut self, offset_hz: f64, frequency_hz: f64) -> Self {
        (self.offset_hz, self.frequency_hz) = (Some(offset_hz), Some(frequency_hz));
        self
    }

    pub(super) fn over(mut self, low_hz: f64, high_hz: f64) -> Self {
        (self.low_hz, self.high_hz) = (Some(low_hz), Some(high_hz));
        self
    }

    /// Whether it lies outside what is allowed.
    #[must_use]
    pub fn significant(&self) -> bool {
        self.kind == DifferenceKind::CarrierGone || self.times_allowed.is_some_and(|t| t > 1.0)
    }
}

/// How much of one family was compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tested {
    /// `bins`, `bands`, `lines`, `readings`.
    pub family: String,
    /// Comparisons made.
    pub count: usize,
    /// Chance that each of them alone raises a false alarm.
    pub false_alarm_each: f64,
    /// The one that comes nearest to its limit, where none is outside.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nearest: Option<Difference>,
}

/// A capture held against a reference.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    /// What the reference is called.
    pub reference: String,
    /// Captures in it.
    pub reference_captures: usize,
    /// Chance that a capture of a good unit shows any difference.
    pub false_alarm: f64,
    /// By how much the capture was moved to lie over the reference; 0 where it was not.
    pub moved_hz: f64,
    /// What was compared.
    pub tested: Vec<Tested>,
    /// Readings that the reference has and the capture lacks.
    pub missing: Vec<String>,
    /// The differences, the largest in units of what is allowed first.
    pub differences: Vec<Difference>,
    /// How many there are; `differences` holds 200 at most.
    pub differences_total: usize,
    /// What became of the differences of a capture before a repair.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repair: Option<Vec<super::Repair>>,
}

impl Profile {
    /// Absolute frequency in the capture of an offset in the reference.
    pub(super) fn place(&self, offset_hz: f64, aligned: Aligned) -> f64 {
        self.setup.center_hz.unwrap_or(0.0) + offset_hz + aligned.bins as f64 * self.spectrum.bin_hz()
    }
}

/// Holds a profile against a reference of the same set-up; `false_alarm` is the chance, for all comparisons together,
/// that a good unit shows any difference. Between two captures ([`Reference::build`] from one) only noise is allowed.
#[must_use]
pub fn compare(reference: &Reference, profile: &Profile, false_alarm: f64) -> Comparison {
    let mut out = Comparison { reference_captures: reference.captures, false_alarm, ..Comparison::default() };
    if reference.carrier_offset_hz.is_some() && profile.carrier.is_none() {
        let gone = Difference::new(DifferenceKind::CarrierGone, "carrier_level", Unit::Db, f64::NAN, f64::NAN);
        out.differences.push(gone);
        out.differences_total = 1;
        return out;
    }
    let aligned = profile.aligned(reference.carrier_offset_hz, reference.relative_to_carrier);
    out.moved_hz = aligned.bins as f64 * profile.spectrum.bin_hz();
    let between = Between::new(reference, profile, aligned);
    let bands = reference.spectrum.bands.len();
    let counts = [
        between.count(),
        if bands > 0 { bands + 1 } else { 0 },
        reference.lines.len(),
        readings::testable(reference).count(),
    ];
    let there: f64 = SHARES.iter().zip(counts).filter(|(_, c)| *c > 0).map(|(s, _)| s).sum();
    let each: Vec<Each> = SHARES
        .iter()
        .zip(counts)
        .map(|(share, count)| {
            let share = share / there.max(f64::MIN_POSITIVE);
            // Independent comparisons: 1 - (1 - p)^count is the share.
            let p = -(-false_alarm * share).ln_1p() / count.max(1) as f64;
            Each { p: -(-p).exp_m1(), times: count.max(1) as f64 / share }
        })
        .collect();
    let [bins, levels, line, reading] = each.as_slice() else { return out };
    let (tested_readings, missing) = readings::test(reference, profile, aligned, reading);
    out.missing = missing;
    let families = [
        if counts[0] > 0 { between.test(bins) } else { Vec::new() },
        if counts[1] > 0 { between.test_levels(levels) } else { Vec::new() },
        lines::test(reference, profile, aligned, line),
        tested_readings,
    ];
    let mut all = Vec::new();
    for (((family, made), each), count) in FAMILIES.iter().zip(families).zip(&each).zip(counts) {
        let (outside, inside): (Vec<_>, Vec<_>) = made.into_iter().partition(Difference::significant);
        let nearest = inside.into_iter().max_by(|a, b| times(a).total_cmp(&times(b))).filter(|_| outside.is_empty());
        out.tested.push(Tested { family: (*family).to_owned(), count, false_alarm_each: each.p, nearest });
        all.extend(outside);
    }
    all.sort_by(|a, b| times(b).total_cmp(&times(a)));
    out.differences_total = all.len();
    all.truncate(MOST);
    out.differences = all;
    out
}

fn times(difference: &Difference) -> f64 {
    difference.times_allowed.unwrap_or(0.0)
}
