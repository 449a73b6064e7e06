//! Levels over frequency as an analyser exported them: what is left of a signal when its samples are gone.

use crate::quantity::Unit;

/// What the levels of an exported spectrum are levels of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// A signal: power, voltage or field strength.
    Signal,
    /// A reflection: how much of what was sent comes back.
    Reflection,
}

/// One exported trace over frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct SweptSpectrum {
    /// Its name: `Trace 1`, `S11`; may be empty.
    pub name: String,
    /// What it shows.
    pub swept: Swept,
    /// Frequencies, strictly ascending, not necessarily evenly spaced.
    pub frequency_hz: Vec<f64>,
    /// Where it begins and ends by the file's own words; the outermost points where it has none.
    pub span_hz: (f64, f64),
    /// Unit of the levels.
    pub level_unit: Unit,
    /// Level of the mean power of all sweeps, one per frequency.
    pub average_db: Vec<f64>,
    /// The highest level of any sweep, where there are several.
    pub max_db: Option<Vec<f64>>,
    /// The lowest level of any sweep, where there are several.
    pub min_db: Option<Vec<f64>>,
    /// Sweeps in the file.
    pub sweeps: u64,
    /// Resolution bandwidth, where the file states it.
    pub rbw_hz: Option<f64>,
    /// Times of the first and the last sweep as the file prints them; usually without a zone.
    pub time: Option<(String, String)>,
}

/// Steps that differ by less than this part of themselves are one: printed frequencies are rounded.
const SAME_STEP: f64 = 1e-3;

impl SweptSpectrum {
    /// A single trace over all of its points.
    #[must_use]
    pub fn single(name: impl Into<String>, frequency_hz: Vec<f64>, level_db: Vec<f64>, level_unit: Unit) -> Self {
        let ends = frequency_hz.first().copied().zip(frequency_hz.last().copied());
        Self {
            name: name.into(),
            swept: Swept::Signal,
            span_hz: ends.unwrap_or((f64::NAN, f64::NAN)),
            frequency_hz,
            level_unit,
            average_db: level_db,
            max_db: None,
            min_db: None,
            sweeps: 1,
            rbw_hz: None,
            time: None,
        }
    }

    /// The middle of the span.
    #[must_use]
    pub fn center_hz(&self) -> f64 {
        self.span_hz.0 + (self.span_hz.1 - self.span_hz.0) / 2.0
    }

    /// The distance between points, where it is the same everywhere.
    #[must_use]
    pub fn step_hz(&self) -> Option<f64> {
        let (first, last) = self.frequency_hz.first().zip(self.frequency_hz.last())?;
        let step = (last - first) / (self.frequency_hz.len().checked_sub(1).filter(|n| *n > 0)? as f64);
        let even = |pair: &[f64]| matches!(pair, [a, b] if (b - a - step).abs() <= SAME_STEP * step);
        self.frequency_hz.windows(2).all(even).then_some(step)
    }

    /// The curves by name with their levels: `average`, then `max` and `min` where asked for and there.
    #[must_use]
    pub fn curves(&self, max: bool, min: bool) -> Vec<(&'static str, &[f64])> {
        let mut curves = vec![("average", self.average_db.as_slice())];
        curves.extend(self.max_db.as_deref().filter(|_| max).map(|c| ("max", c)));
        curves.extend(self.min_db.as_deref().filter(|_| min).map(|c| ("min", c)));
        curves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_axis_has_a_step_and_an_uneven_one_has_none() {
        let of = |f: &[f64]| SweptSpectrum::single("", f.to_vec(), vec![0.0; f.len()], Unit::Dbm);
        assert_eq!(of(&[100.0, 200.0, 300.0]).step_hz(), Some(100.0));
        assert_eq!(of(&[100.0, 200.0, 400.0]).step_hz(), None);
        assert_eq!(of(&[100.0]).step_hz(), None);
        assert_eq!(of(&[]).step_hz(), None);
        assert_eq!(of(&[100.0, 300.0]).center_hz(), 200.0);
        // 1 MHz in 240 steps, printed to a tenth of a hertz.
        let printed: Vec<f64> = (0..=240).map(|i| (f64::from(i) * 1e7 / 240.0).round() / 10.0).collect();
        assert!(of(&printed).step_hz().is_some());
    }
}
