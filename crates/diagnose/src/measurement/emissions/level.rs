//! Power in a bandwidth at a place, from samples or from an exported spectrum, and how far it can be trusted.

use faultscope_signal::power::Profile;
use faultscope_signal::{SweptSpectrum, Unit, quantity};

/// Bins in the measurement bandwidth below which a spectral line does not fit into it whole.
const BINS: f64 = 12.0;
/// Bins on either side of a line that hold all of it, by the window that is used.
const LOBE: f64 = 4.0;
/// Resolution and measurement bandwidth this near to each other are the same.
const ALIKE: f64 = 1.12;

/// A level, and whether it is only known not to be higher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    pub(super) db: f64,
    pub(super) bound: bool,
}

/// Where levels come from.
pub(super) enum Source<'a> {
    /// The spectrum of samples.
    Samples(Profile<'a>),
    /// A spectrum as exported, with the sum of power times step below each point over the resolution bandwidth.
    Exported(&'a SweptSpectrum, Vec<f64>),
}

impl<'a> Source<'a> {
    pub(super) fn exported(spectrum: &'a SweptSpectrum) -> Self {
        let rbw = spectrum.rbw_hz.unwrap_or(f64::NAN);
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        for (i, level) in spectrum.average_db.iter().enumerate() {
            sum += 10f64.powf(level / 10.0) * spacing(spectrum, i) / rbw;
            sums.push(sum);
        }
        Self::Exported(spectrum, sums)
    }

    pub(super) fn unit(&self) -> Unit {
        match self {
            Self::Samples(p) => p.spectrum().level_unit(),
            Self::Exported(s, _) => s.level_unit,
        }
    }

    pub(super) fn rbw_hz(&self) -> Option<f64> {
        match self {
            Self::Samples(p) => Some(p.spectrum().rbw_hz()),
            Self::Exported(s, _) => s.rbw_hz,
        }
    }

    fn center(&self) -> f64 {
        match self {
            Self::Samples(p) => p.spectrum().center_hz.unwrap_or(0.0),
            Self::Exported(..) => 0.0,
        }
    }

    /// Lowest and highest frequency, absolute.
    pub(super) fn span(&self) -> (f64, f64) {
        match self {
            Self::Samples(p) => {
                let (low, high) = p.limits_hz();
                (self.center() + low, self.center() + high)
            }
            Self::Exported(s, _) => s.span_hz,
        }
    }

    /// Distance between neighbouring values.
    pub(super) fn step_hz(&self) -> f64 {
        match self {
            Self::Samples(p) => p.spectrum().bin_hz(),
            Self::Exported(s, _) => {
                let points = s.frequency_hz.len().saturating_sub(1).max(1);
                (s.span_hz.1 - s.span_hz.0) / points as f64
            }
        }
    }

    /// Frequency of the strongest value.
    pub(super) fn strongest_hz(&self) -> Option<f64> {
        let top = |values: &[f64]| {
            let finite = values.iter().copied().enumerate().filter(|v| v.1.is_finite() && v.1 != 0.0);
            finite.max_by(|a, b| a.1.total_cmp(&b.1)).map(|v| v.0)
        };
        match self {
            Self::Samples(p) => top(&p.spectrum().mean).map(|k| p.spectrum().frequency_hz(k as f64)),
            Self::Exported(s, _) => top(&s.average_db).and_then(|i| s.frequency_hz.get(i).copied()),
        }
    }

    /// Two standard deviations of a noise-like level, in dB.
    pub(super) fn spread(&self, bandwidth_hz: f64) -> Option<f64> {
        match self {
            Self::Samples(p) => Some(2.0 * 4.343 * p.relative_deviation(bandwidth_hz)),
            Self::Exported(..) => None,
        }
    }

    /// The level between two frequencies; nothing where there is no value.
    pub(super) fn between(&self, low: f64, high: f64) -> Option<Level> {
        match self {
            Self::Samples(p) => {
                let (bin, center) = (p.spectrum().bin_hz(), self.center());
                let bound = high - low < BINS * bin;
                let widen = if bound { LOBE * bin } else { 0.0 };
                let power = p.between(low - center - widen, high - center + widen);
                Some(Level { db: p.spectrum().level_db(power), bound })
            }
            Self::Exported(s, sums) => exported(s, sums, low, high),
        }
    }
}

fn spacing(s: &SweptSpectrum, i: usize) -> f64 {
    let at = |k: usize| s.frequency_hz.get(k).copied();
    let above = at(i + 1).zip(at(i)).map(|(b, a)| b - a);
    let below = i.checked_sub(1).and_then(at).zip(at(i)).map(|(a, b)| b - a);
    match (below, above) {
        (Some(a), Some(b)) => 0.5 * (a + b),
        (a, b) => a.or(b).unwrap_or(0.0),
    }
}

fn exported(s: &SweptSpectrum, sums: &[f64], low: f64, high: f64) -> Option<Level> {
    let rbw = s.rbw_hz?;
    let wide = high - low;
    // Of a wider filter than asked for all that is seen through it counts.
    let reach = if rbw > ALIKE * wide { 0.5 * (rbw - wide) } else { 0.0 };
    let first = s.frequency_hz.partition_point(|f| *f < low - reach);
    let end = s.frequency_hz.partition_point(|f| *f <= high + reach);
    let levels = s.average_db.get(first..end)?;
    let step = spacing(s, first.min(s.frequency_hz.len().saturating_sub(1)));
    if levels.is_empty() || levels.iter().any(|l| !l.is_finite()) {
        return None;
    }
    if wide >= 2.0 * rbw && step <= 1.5 * rbw {
        let power = sums.get(end)? - sums.get(first)?;
        return Some(Level { db: quantity::db_from_power(power), bound: false });
    }
    let top = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // A narrower filter, or one that leaves gaps, may see all of a line or a part of noise: the most it can be.
    let more = 10.0 * (wide / rbw).max(1.0).log10();
    Some(Level { db: top + more, bound: rbw > ALIKE * wide || wide > ALIKE * rbw })
}
