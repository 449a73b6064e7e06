//! A spectrum as the screen needs it: levels in decibels, and the range of them worth looking at.

use faultscope_door::signal::{Quantity, Spectrum, SpectrumSettings, SweptSpectrum, Unit};

/// Points on each side of a peak that belong to it: half the main lobe of the window.
const LOBE: f64 = 4.0;

/// Levels over frequency.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Levels {
    /// Frequency of the first point.
    pub(crate) start_hz: f64,
    /// Distance between points.
    pub(crate) step_hz: f64,
    /// Levels; negative infinity where there is no power.
    pub(crate) db: Vec<f64>,
    /// The highest and the lowest level of each point, where they were kept.
    pub(crate) max_db: Vec<f64>,
    pub(crate) min_db: Vec<f64>,
    /// Their unit.
    pub(crate) unit: Unit,
    /// Bottom of the picture.
    pub(crate) bottom_db: f64,
    /// Top of the picture.
    pub(crate) top_db: f64,
    /// Points of the transform and its resolution bandwidth; nothing where an instrument swept.
    transform: Option<(usize, f64)>,
    /// How it was made, in words of the field.
    made: String,
}

impl Levels {
    /// The levels of a spectrum.
    pub(crate) fn of(spectrum: &Spectrum) -> Self {
        let db: Vec<f64> = spectrum.mean.iter().map(|p| spectrum.level_db(*p)).collect();
        let held = |of: &Option<Vec<f64>>| of.iter().flatten().map(|p| spectrum.level_db(*p)).collect();
        let (bottom_db, top_db) = heights(&db);
        let rbw = Quantity::new(spectrum.rbw_hz(), Unit::Hertz);
        let SpectrumSettings { fft, window, .. } = spectrum.settings;
        Self {
            start_hz: spectrum.frequency_hz(0.0),
            step_hz: spectrum.bin_hz(),
            db,
            max_db: held(&spectrum.max),
            min_db: held(&spectrum.min),
            unit: spectrum.level_unit(),
            bottom_db,
            top_db,
            transform: Some((fft, spectrum.rbw_hz())),
            made: format!("FFT {fft}  {window}  x{}  RBW {rbw}", spectrum.segments),
        }
    }

    /// The levels of a spectrum that an instrument swept; those at uneven steps stand at the nearest even one, the highest where
    /// several meet.
    pub(crate) fn of_swept(spectrum: &SweptSpectrum) -> Self {
        let points = spectrum.frequency_hz.len().max(2);
        let first = spectrum.frequency_hz.first().copied().unwrap_or(0.0);
        let last = spectrum.frequency_hz.last().copied().unwrap_or(first);
        let step_hz = ((last - first) / (points - 1) as f64).max(f64::MIN_POSITIVE);
        let even = |levels: &[f64]| {
            let mut out = vec![f64::NEG_INFINITY; points];
            for (hz, level) in spectrum.frequency_hz.iter().zip(levels) {
                if let Some(place) = out.get_mut(((hz - first) / step_hz).round().max(0.0) as usize) {
                    *place = place.max(*level);
                }
            }
            out
        };
        let db = even(&spectrum.average_db);
        let held = |of: &Option<Vec<f64>>| of.as_deref().map(even).unwrap_or_default();
        let (bottom_db, top_db) = heights(&db);
        let rbw = spectrum.rbw_hz.map(|hz| format!("  RBW {}", Quantity::new(hz, Unit::Hertz))).unwrap_or_default();
        Self {
            start_hz: first,
            step_hz,
            max_db: held(&spectrum.max_db),
            min_db: held(&spectrum.min_db),
            db,
            unit: spectrum.level_unit,
            bottom_db,
            top_db,
            transform: None,
            made: format!("N {points}  x{}{rbw}", spectrum.sweeps),
        }
    }

    /// Frequency of a point.
    pub(crate) fn hz(&self, point: usize) -> f64 {
        self.start_hz + point as f64 * self.step_hz
    }

    /// First and last frequency.
    pub(crate) fn range_hz(&self) -> (f64, f64) {
        (self.start_hz, self.hz(self.db.len().saturating_sub(1)).max(self.start_hz + self.step_hz))
    }

    /// The points between two frequencies, and one more on each side.
    pub(crate) fn points(&self, (from, to): (f64, f64)) -> std::ops::Range<usize> {
        let place = |hz: f64| ((hz - self.start_hz) / self.step_hz).max(0.0);
        let first = (place(from).floor() as usize).saturating_sub(1).min(self.db.len());
        let end = (place(to).ceil() as usize).saturating_add(2).clamp(first, self.db.len());
        first..end
    }

    /// The strongest level within a few points of a frequency: where a marker sits on the curve.
    pub(crate) fn near(&self, hz: f64) -> Option<f64> {
        let reach = 3.0 * self.step_hz;
        let near = self.db.get(self.points((hz - reach, hz + reach)))?;
        near.iter().copied().filter(|v| v.is_finite()).max_by(f64::total_cmp)
    }

    /// The highest point between two frequencies that is a peak and lies below `below` (level and frequency of the peak
    /// before, when given); a peak is higher than its neighbours.
    pub(crate) fn peak(&self, view: (f64, f64), below: Option<(f64, f64)>) -> Option<f64> {
        let at = |i: usize| self.db.get(i).copied().unwrap_or(f64::NEG_INFINITY);
        let is_peak = |i: &usize| {
            let (before, here, after) = (i.checked_sub(1).map_or(f64::NEG_INFINITY, at), at(*i), at(i + 1));
            here > before && here >= after
        };
        let inside = |i: &usize| self.hz(*i) >= view.0 && self.hz(*i) <= view.1;
        let lower =
            |i: &usize| below.is_none_or(|(db, hz)| at(*i) < db && (self.hz(*i) - hz).abs() > LOBE * self.step_hz);
        self.points(view)
            .filter(inside)
            .filter(is_peak)
            .filter(lower)
            .max_by(|a, b| at(*a).total_cmp(&at(*b)))
            .map(|i| self.hz(i))
    }

    /// The level at a frequency: of the nearest point.
    pub(crate) fn at(&self, hz: f64) -> Option<f64> {
        let place = ((hz - self.start_hz) / self.step_hz).round();
        (place >= 0.0).then(|| self.db.get(place as usize).copied()).flatten()
    }

    /// Points of the transform and its resolution bandwidth; nothing where an instrument swept.
    pub(crate) const fn transform(&self) -> Option<(usize, f64)> {
        self.transform
    }

    /// How it was made, in words of the field.
    pub(crate) fn made(&self) -> &str {
        &self.made
    }
}

/// Bottom and top of a picture of levels.
fn heights(db: &[f64]) -> (f64, f64) {
    let mut finite: Vec<f64> = db.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let top = finite.last().copied().unwrap_or(0.0);
    // One point in a hundred may lie below: the floor fills the picture, not its deepest notch.
    let floor = finite.get(finite.len() / 100).copied().unwrap_or(top - 100.0);
    let span = (top - floor).clamp(20.0, 200.0);
    (top - span * 1.08, top + span * 0.14)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(db: Vec<f64>) -> Levels {
        Levels {
            start_hz: 100.0,
            step_hz: 10.0,
            max_db: Vec::new(),
            min_db: Vec::new(),
            db,
            unit: Unit::Dbfs,
            bottom_db: -100.0,
            top_db: 0.0,
            transform: None,
            made: String::new(),
        }
    }

    #[test]
    fn a_sweep_keeps_its_points_and_the_highest_of_those_that_meet() {
        let even = SweptSpectrum::single("", vec![100.0, 110.0, 120.0], vec![-50.0, -10.0, -60.0], Unit::Dbm);
        let levels = Levels::of_swept(&even);
        assert_eq!((levels.range_hz(), levels.db.as_slice()), ((100.0, 120.0), &[-50.0, -10.0, -60.0][..]));
        let uneven = SweptSpectrum::single("", vec![0.0, 1.0, 2.0, 30.0], vec![-9.0, -5.0, -7.0, -3.0], Unit::Dbm);
        let levels = Levels::of_swept(&uneven);
        assert_eq!((levels.at(0.0), levels.at(30.0)), (Some(-5.0), Some(-3.0)));
        let none = SweptSpectrum::single("", Vec::new(), Vec::new(), Unit::Dbm);
        assert!(Levels::of_swept(&none).range_hz().1 > 0.0);
    }

    #[test]
    fn peaks_come_in_their_order_and_only_from_what_is_seen() {
        let mut db = vec![-90.0; 40];
        (db[10], db[20], db[30]) = (-10.0, -30.0, -20.0);
        let levels = levels(db);
        let all = levels.range_hz();
        assert_eq!(levels.peak(all, None), Some(200.0));
        assert_eq!(levels.peak(all, Some((-10.0, 200.0))), Some(400.0));
        assert_eq!(levels.peak(all, Some((-20.0, 400.0))), Some(300.0));
        assert_eq!(levels.peak((250.0, 350.0), None), Some(300.0));
        assert_eq!(levels.peak((500.0, 600.0), None), None);
        assert_eq!((levels.at(203.0), levels.at(-1e6), levels.at(1e9)), (Some(-10.0), None, None));
    }
}
