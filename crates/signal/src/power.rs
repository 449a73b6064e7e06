//! Power in bands of an averaged spectrum: channels through square and root-raised-cosine filters, occupied bandwidth,
//! x dB bandwidth.
//!
//! The bins of an averaged spectrum, divided by the window's equivalent noise bandwidth, add up to the power of lines
//! and of noise alike. Edges that fall inside a bin take their share of it.

use crate::quantity::power_from_db;
use crate::record::Kind;
use crate::rrc;
use crate::spectrum::Spectrum;

/// Cells that the noise is looked for in, and the rank of the one that stands for it.
const NOISE_CELLS: usize = 64;
const NOISE_RANK: f64 = 0.25;
/// Contrast between the strongest cell and the noise below which they cannot be told apart.
const LEAST_CONTRAST: f64 = 4.0;

/// A channel filter about its own centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filter {
    /// All of a band, nothing beside it.
    Square {
        /// Width.
        bandwidth_hz: f64,
    },
    /// Root-raised-cosine.
    Rrc {
        /// Symbol rate: the noise bandwidth.
        symbol_rate_hz: f64,
        /// Roll-off, 0 to 1.
        rolloff: f64,
    },
}

impl Filter {
    /// Equivalent noise bandwidth.
    #[must_use]
    pub const fn noise_bandwidth_hz(&self) -> f64 {
        match self {
            Self::Square { bandwidth_hz } => *bandwidth_hz,
            Self::Rrc { symbol_rate_hz, .. } => *symbol_rate_hz,
        }
    }

    /// Half of the band that it lets through.
    #[must_use]
    pub fn reach_hz(&self) -> f64 {
        match self {
            Self::Square { bandwidth_hz } => 0.5 * bandwidth_hz,
            Self::Rrc { symbol_rate_hz, rolloff } => 0.5 * symbol_rate_hz * (1.0 + rolloff),
        }
    }
}

/// The band that holds a share of the power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occupied {
    /// Its lower edge, from the centre (0 Hz of a real record).
    pub low_hz: f64,
    /// Its upper edge.
    pub high_hz: f64,
    /// Noise density that was taken off, in power per hertz; 0 where it could not be told from the signal.
    pub noise_per_hz: f64,
}

impl Occupied {
    /// Its width.
    #[must_use]
    pub fn bandwidth_hz(&self) -> f64 {
        self.high_hz - self.low_hz
    }
}

/// The running sum over a spectrum: power between any two offsets.
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    spectrum: &'a Spectrum,
    enbw: f64,
    /// Power below the lower edge of each bin, and the total at the end.
    below: Vec<f64>,
}

impl<'a> Profile<'a> {
    /// Sums a spectrum up.
    #[must_use]
    pub fn new(spectrum: &'a Spectrum) -> Self {
        let enbw = spectrum.settings.window.gains(spectrum.settings.fft).1;
        let mut below = Vec::with_capacity(spectrum.mean.len() + 1);
        let mut sum = 0.0;
        below.push(0.0);
        for p in &spectrum.mean {
            sum += p / enbw;
            below.push(sum);
        }
        Self { spectrum, enbw, below }
    }

    /// The spectrum.
    #[must_use]
    pub const fn spectrum(&self) -> &Spectrum {
        self.spectrum
    }

    fn bins(&self) -> usize {
        self.spectrum.mean.len()
    }

    /// Lowest and highest offset of the record.
    #[must_use]
    pub fn limits_hz(&self) -> (f64, f64) {
        let half = 0.5 * self.spectrum.sample_rate_hz;
        if self.spectrum.kind == Kind::Real { (0.0, half) } else { (-half, half) }
    }

    /// Whether the record covers a band, to half a bin.
    #[must_use]
    pub fn covers(&self, low_hz: f64, high_hz: f64) -> bool {
        let (low, high) = self.limits_hz();
        let slack = 0.5 * self.spectrum.bin_hz();
        low_hz >= low - slack && high_hz <= high + slack
    }

    /// Edges of a bin: the first and the last bin of a real record are half as wide as the others.
    fn edges(&self, bin: usize) -> (f64, f64) {
        let (low, high) = (bin as f64 - 0.5, bin as f64 + 0.5);
        match self.spectrum.kind {
            Kind::Iq => (low, high),
            Kind::Real => (low.max(0.0), high.min(self.bins().saturating_sub(1) as f64)),
        }
    }

    /// Power below an offset.
    fn below(&self, offset_hz: f64) -> f64 {
        let place = self.spectrum.bin_of_offset(offset_hz);
        let bin = (place + 0.5).floor().clamp(0.0, self.bins().saturating_sub(1) as f64) as usize;
        let (low, high) = self.edges(bin);
        let share = if high > low { ((place - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        let at = |k: usize| self.below.get(k).copied().unwrap_or(0.0);
        at(bin) + share * (at(bin + 1) - at(bin))
    }

    /// Power between two offsets.
    #[must_use]
    pub fn between(&self, low_hz: f64, high_hz: f64) -> f64 {
        (self.below(high_hz) - self.below(low_hz)).max(0.0)
    }

    /// Power of the whole record.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.below.last().copied().unwrap_or(0.0)
    }

    /// Power through a filter whose centre is at an offset.
    #[must_use]
    pub fn through(&self, filter: Filter, centre_hz: f64) -> f64 {
        match filter {
            Filter::Square { .. } => self.between(centre_hz - filter.reach_hz(), centre_hz + filter.reach_hz()),
            Filter::Rrc { symbol_rate_hz, rolloff } => {
                let cells = self.spectrum.mean.iter().enumerate();
                let weighed = cells.map(|(k, p)| {
                    let offset = self.spectrum.offset_hz(k as f64) - centre_hz;
                    p * rrc::power_response(offset, symbol_rate_hz, rolloff)
                });
                weighed.sum::<f64>() / self.enbw
            }
        }
    }

    /// Noise density of a band in power per hertz: of 64 equal cells the one at the lower quartile.
    ///
    /// Nothing when the strongest cell is not at least 6 dB above it: then the signal fills the band, or there is none.
    #[must_use]
    pub fn noise_per_hz(&self, low_hz: f64, high_hz: f64) -> Option<f64> {
        let bins = (high_hz - low_hz) / self.spectrum.bin_hz();
        let cells = NOISE_CELLS.min((bins / 2.0) as usize);
        if cells < 8 {
            return None;
        }
        let width = (high_hz - low_hz) / cells as f64;
        let mut densities: Vec<f64> = (0..cells)
            .map(|i| self.between(low_hz + i as f64 * width, low_hz + (i + 1) as f64 * width) / width)
            .collect();
        densities.sort_by(f64::total_cmp);
        let noise = densities.get((cells as f64 * NOISE_RANK) as usize).copied()?;
        let strongest = densities.last().copied()?;
        (noise.is_finite() && strongest >= LEAST_CONTRAST * noise).then_some(noise)
    }

    /// The band inside `low_hz` to `high_hz` that holds `share` of the power there, half of the rest on either side
    /// (ITU-R SM.328), with `noise_per_hz` taken off first. Nothing when no power is left.
    #[must_use]
    pub fn occupied(&self, low_hz: f64, high_hz: f64, share: f64, noise_per_hz: f64) -> Option<Occupied> {
        let (bottom, top) = self.limits_hz();
        let (low, high) = (low_hz.max(bottom), high_hz.min(top));
        let (first, last) = (self.spectrum.bin_of_offset(low), self.spectrum.bin_of_offset(high));
        // The running sum at every edge between bins, and at both ends.
        let mut offsets = vec![low];
        offsets.extend(((first + 0.5).ceil() as i64..(last + 0.5).ceil() as i64).map(|k| {
            let edge = self.spectrum.offset_hz(k as f64 - 0.5);
            edge.clamp(low, high)
        }));
        offsets.push(high);
        let zero = self.below(low);
        let sums: Vec<f64> = offsets.iter().map(|f| self.below(*f) - zero - noise_per_hz * (f - low)).collect();
        let total = *sums.last()?;
        if !(total.is_finite() && total > 0.0) {
            return None;
        }
        // From the middle outwards, so that what noise leaves at the ends does not count.
        let middle = sums.iter().position(|s| *s >= 0.5 * total)?;
        let rest = 0.5 * (1.0 - share) * total;
        let lower = (1..=middle).rev().find(|i| sums.get(i - 1).is_some_and(|s| *s <= rest))?;
        let upper = (middle.max(1)..sums.len()).find(|i| sums.get(*i).is_some_and(|s| *s >= total - rest))?;
        let crossing = |i: usize, wanted: f64| -> Option<f64> {
            let (f0, f1, s0, s1) = (offsets.get(i - 1)?, offsets.get(i)?, sums.get(i - 1)?, sums.get(i)?);
            let t = if s1 > s0 { ((wanted - s0) / (s1 - s0)).clamp(0.0, 1.0) } else { 0.5 };
            Some(f0 + t * (f1 - f0))
        };
        Some(Occupied { low_hz: crossing(lower, rest)?, high_hz: crossing(upper, total - rest)?, noise_per_hz })
    }

    /// The outermost offsets inside `low_hz` to `high_hz` whose density is within `x_db` of the highest, both taken as
    /// means over `smooth_hz`. Nothing when the noise lies above that level.
    #[must_use]
    pub fn x_db(
        &self,
        (low_hz, high_hz): (f64, f64),
        x_db: f64,
        smooth_hz: f64,
        noise_per_hz: f64,
    ) -> Option<(f64, f64)> {
        let bin = self.spectrum.bin_hz();
        let width = smooth_hz.max(bin);
        let first = self.spectrum.bin_of_offset(low_hz).ceil().max(0.0) as usize;
        let last =
            self.spectrum.bin_of_offset(high_hz).floor().clamp(0.0, self.bins().saturating_sub(1) as f64) as usize;
        let density = |k: usize| {
            let offset = self.spectrum.offset_hz(k as f64);
            self.between(offset - 0.5 * width, offset + 0.5 * width) / width
        };
        let cells: Vec<f64> = (first..=last).map(density).collect();
        let wanted = cells.iter().copied().fold(0.0, f64::max) * power_from_db(-x_db);
        if wanted.is_nan() || wanted <= 1.5 * noise_per_hz || wanted <= 0.0 {
            return None;
        }
        let lower = cells.iter().position(|p| *p >= wanted)?;
        let upper = cells.iter().rposition(|p| *p >= wanted)?;
        // Between a cell below and one above, along the straight line in decibels.
        let cross = |outside: Option<usize>, inside: usize| -> f64 {
            let at = |k: usize| cells.get(k).copied().unwrap_or(0.0);
            let Some(outside) = outside.filter(|k| *k < cells.len() && at(*k) > 0.0) else { return inside as f64 };
            let (a, b) = (at(inside).ln(), at(outside).ln());
            let t = if a > b { ((a - wanted.ln()) / (a - b)).clamp(0.0, 1.0) } else { 0.0 };
            inside as f64 + t * (outside as f64 - inside as f64)
        };
        let offset = |cell: f64| self.spectrum.offset_hz(first as f64 + cell);
        Some((offset(cross(lower.checked_sub(1), lower)), offset(cross(Some(upper + 1), upper))))
    }

    /// Relative standard deviation of a noise-like power in `bandwidth_hz`: one over the root of independent values.
    #[must_use]
    pub fn relative_deviation(&self, bandwidth_hz: f64) -> f64 {
        let values = self.spectrum.effective_averages * (bandwidth_hz / self.spectrum.bin_hz()).max(1.0);
        1.0 / values.max(1.0).sqrt()
    }
}

#[cfg(test)]
mod tests;
