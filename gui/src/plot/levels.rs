//! A spectrum as the screen needs it: levels in decibels, and the range of them worth looking at.

use faultscope_door::signal::{Quantity, Spectrum, Unit, Window};

/// Levels over frequency.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Levels {
    /// Frequency of the first point.
    pub(crate) start_hz: f64,
    /// Distance between points.
    pub(crate) step_hz: f64,
    /// Levels; negative infinity where there is no power.
    pub(crate) db: Vec<f64>,
    /// Their unit.
    pub(crate) unit: Unit,
    /// Bottom of the picture.
    pub(crate) bottom_db: f64,
    /// Top of the picture.
    pub(crate) top_db: f64,
    fft: usize,
    window: Window,
    segments: u64,
    rbw_hz: f64,
}

impl Levels {
    /// The levels of a spectrum.
    pub(crate) fn of(spectrum: &Spectrum) -> Self {
        let db: Vec<f64> = spectrum.mean.iter().map(|p| spectrum.level_db(*p)).collect();
        let mut finite: Vec<f64> = db.iter().copied().filter(|v| v.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        let top = finite.last().copied().unwrap_or(0.0);
        // One point in a hundred may lie below: the floor fills the picture, not its deepest notch.
        let floor = finite.get(finite.len() / 100).copied().unwrap_or(top - 100.0);
        let span = (top - floor).clamp(20.0, 200.0);
        Self {
            start_hz: spectrum.frequency_hz(0.0),
            step_hz: spectrum.bin_hz(),
            db,
            unit: spectrum.level_unit(),
            bottom_db: top - span * 1.08,
            top_db: top + span * 0.14,
            fft: spectrum.settings.fft,
            window: spectrum.settings.window,
            segments: spectrum.segments,
            rbw_hz: spectrum.rbw_hz(),
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

    /// How it was made, in words of the field.
    pub(crate) fn made(&self) -> String {
        let rbw = Quantity::new(self.rbw_hz, Unit::Hertz);
        format!("FFT {}  {}  x{}  RBW {rbw}", self.fft, self.window, self.segments)
    }
}
