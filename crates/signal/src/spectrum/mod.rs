//! Averaged spectra: power per bin of overlapped, windowed segments (P. D. Welch, 1967), scaled so that a line reads
//! its own power and noise reads its density times the resolution bandwidth.

mod analyze;
mod engine;
mod kernel;
mod levels;
#[doc(hidden)]
pub mod loops;
mod options;
mod pair;
mod parts;
mod reference;
mod size;
mod split;
#[cfg(test)]
mod tests;

use crate::memo::Memo;
use crate::quantity::{Unit, db_from_power};
use crate::record::Kind;
use crate::window::Window;

pub(crate) use analyze::{Start, Total, all_skipped, check};
pub use analyze::{analyze, average};
pub(crate) use engine::{BlockSum, Keep, Worker};
pub(crate) use kernel::Float;
pub use levels::{LevelScale, Persistence};
pub use options::{Options, Precision, Traces};
pub use parts::{Parts, average_in_parts};
pub use reference::reference;
pub use size::{rbw_to_fft, recommended_fft};

/// How to make a spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumSettings {
    /// Transform length in frames; any length, but at most the record's.
    pub fft: usize,
    /// Window.
    pub window: Window,
    /// Overlap of segments, 0 to below 1.
    pub overlap: f64,
}

/// An averaged spectrum with everything needed to read it inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Real records have `fft / 2 + 1` bins from 0 Hz up, I/Q records `fft` bins from -rate/2 up.
    pub kind: Kind,
    /// Unit of the record.
    pub unit: Unit,
    /// Power of a line of 0 dBFS, where calibrated.
    pub full_scale_dbm: Option<f64>,
    /// Centre frequency, where known.
    pub center_hz: Option<f64>,
    /// Sample rate of the record.
    pub sample_rate_hz: f64,
    /// The settings used.
    pub settings: SpectrumSettings,
    /// Segments averaged.
    pub segments: u64,
    /// Segments left out because they hold a value that is not finite.
    pub skipped: u64,
    /// Values that are not finite, in the part of the record that was read.
    pub non_finite: u64,
    /// Independent segments that would average noise as well as these overlapping ones.
    pub effective_averages: f64,
    /// Mean power per bin: rms^2 of a sine in that bin for real records, |A|^2 for I/Q.
    pub mean: Vec<f64>,
    /// Highest power of any segment per bin, where asked for.
    pub max: Option<Vec<f64>>,
    /// Lowest power of any segment per bin, where asked for.
    pub min: Option<Vec<f64>>,
    /// Percentiles (0 to 100) with their power per bin, in the order asked for; right to half a level cell.
    pub percentiles: Vec<(f64, Vec<f64>)>,
    /// The histogram of levels, where asked for.
    pub persistence: Option<Persistence>,
}

/// Frames from one segment to the next.
#[must_use]
pub fn hop(settings: &SpectrumSettings) -> usize {
    ((settings.fft as f64 * (1.0 - settings.overlap)).round() as usize).clamp(1, settings.fft.max(1))
}

/// Independent segments worth as much as `segments` overlapping ones (Welch 1967): K / (1 + 2 sum (1 - k/K) c_k^2).
#[must_use]
pub fn effective_averages(settings: &SpectrumSettings, segments: u64) -> f64 {
    static KEPT: Memo<(Window, usize, usize, u64), f64> = Memo::new();
    let (n, hop) = (settings.fft, hop(settings));
    KEPT.get((settings.window, n, hop, segments), || {
        let count = segments as f64;
        let w = settings.window.shared(n);
        let product = |shift: usize| -> f64 { w.iter().zip(w.iter().skip(shift)).map(|(a, b)| a * b).sum() };
        let energy = product(0);
        let mut excess = 0.0;
        let mut shift = hop;
        let mut k = 1.0;
        while shift < n && k < count {
            excess += (1.0 - k / count) * (product(shift) / energy).powi(2);
            shift += hop;
            k += 1.0;
        }
        count / (1.0 + 2.0 * excess)
    })
}

impl Spectrum {
    /// Distance between bins.
    #[must_use]
    pub fn bin_hz(&self) -> f64 {
        self.sample_rate_hz / self.settings.fft as f64
    }

    /// Resolution bandwidth: the equivalent noise bandwidth of one bin.
    #[must_use]
    pub fn rbw_hz(&self) -> f64 {
        self.settings.window.gains(self.settings.fft).1 * self.bin_hz()
    }

    /// Frequency of a (fractional) bin from the centre, or from 0 Hz for real records.
    #[must_use]
    pub fn offset_hz(&self, bin: f64) -> f64 {
        let zero = match self.kind {
            Kind::Real => 0.0,
            Kind::Iq => (self.settings.fft / 2) as f64,
        };
        (bin - zero) * self.bin_hz()
    }

    /// Absolute frequency of a (fractional) bin, where the centre is known; the offset otherwise.
    #[must_use]
    pub fn frequency_hz(&self, bin: f64) -> f64 {
        self.center_hz.unwrap_or(0.0) + self.offset_hz(bin)
    }

    /// The (fractional) bin of an offset.
    #[must_use]
    pub fn bin_of_offset(&self, offset_hz: f64) -> f64 {
        let zero = match self.kind {
            Kind::Real => 0.0,
            Kind::Iq => (self.settings.fft / 2) as f64,
        };
        offset_hz / self.bin_hz() + zero
    }

    /// Unit of levels: dBm with a calibration, dBV for volts, else dBFS.
    #[must_use]
    pub fn level_unit(&self) -> Unit {
        if self.full_scale_dbm.is_some() && self.unit == Unit::FullScale { Unit::Dbm } else { self.unit.level_unit() }
    }

    /// Level of a mean power in `level_unit()`. 0 dBFS is a complex tone of amplitude 1 or a real sine of peak 1.
    #[must_use]
    pub fn level_db(&self, power: f64) -> f64 {
        db_from_power(power) + self.level_offset_db()
    }

    /// Every curve there is, by name, with its levels: `average`, then `max`, `min` and percentiles (`p50`) where kept.
    #[must_use]
    pub fn curves(&self) -> Vec<(String, Vec<f64>)> {
        let mut powers: Vec<(String, &[f64])> = vec![("average".into(), &self.mean)];
        powers.extend(self.max.as_deref().map(|v| ("max".to_owned(), v)));
        powers.extend(self.min.as_deref().map(|v| ("min".to_owned(), v)));
        powers.extend(self.percentiles.iter().map(|(p, v)| (format!("p{p}"), v.as_slice())));
        let levels = |v: &[f64]| v.iter().map(|p| self.level_db(*p)).collect();
        powers.into_iter().map(|(name, v)| (name, levels(v))).collect()
    }

    fn level_offset_db(&self) -> f64 {
        let peak_reference = match (self.kind, self.level_unit()) {
            (Kind::Real, Unit::Dbfs | Unit::Dbm) => db_from_power(2.0),
            _ => 0.0,
        };
        let calibration = if self.level_unit() == Unit::Dbm { self.full_scale_dbm.unwrap_or(0.0) } else { 0.0 };
        peak_reference + calibration
    }
}
