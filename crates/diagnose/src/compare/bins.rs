//! Bins and bands: the spectrum between the lines, by the statistics of averaged noise and what units add to it.

use faultscope_signal::predict::{fisher_critical, fisher_tails, student_critical, student_two_sided};
use faultscope_signal::special::{gamma_upper_quantile, trigamma};

use super::DB;
use super::difference::{Difference, DifferenceKind, Each};
use super::levels::{Bands, band_levels, owned};
use super::profile::{Aligned, Profile};
use super::reference::{BandEnvelope, Reference, worth};

/// Chance, over all bins, that one which scatters like the others is taken for one that does not.
const UNSTEADY: f64 = 0.01;
/// Variance of a median over that of a mean, for many values.
const MEDIAN: f64 = std::f64::consts::FRAC_PI_2;

/// The part of a reference and a profile that is between the lines.
pub(super) struct Between<'a> {
    reference: &'a Reference,
    profile: &'a Profile,
    aligned: Aligned,
    logs: Vec<f64>,
    owned: Vec<bool>,
    levels: Bands,
}

/// One bin outside its envelope.
#[derive(Clone, Copy)]
struct Hit {
    bin: usize,
    up: bool,
    /// Level and reference as compared, and what is allowed between them, dB.
    level: f64,
    expected: f64,
    allowed: f64,
    p: f64,
}

impl Hit {
    fn excess(&self) -> f64 {
        (self.level - self.expected).abs() / self.allowed
    }
}

impl<'a> Between<'a> {
    pub(super) fn new(reference: &'a Reference, profile: &'a Profile, aligned: Aligned) -> Self {
        let envelope = &reference.spectrum;
        let logs = profile.logs(aligned, envelope.mean_db.len());
        let center: Vec<f64> = envelope.mean_level_db.iter().map(|v| v.map_or(f64::NAN, |v| v / DB)).collect();
        let owned = owned(reference, &profile.spectrum);
        let ranges: Vec<_> = envelope.bands.iter().map(|b| b.first..b.end).collect();
        let levels = band_levels(&logs, &center, &owned, &ranges);
        Self { reference, profile, aligned, logs, owned, levels }
    }

    fn free(&self, bin: usize) -> Option<(f64, f64)> {
        let mean = self.reference.spectrum.mean_db.get(bin).copied().flatten()?;
        let log = self.logs.get(bin).copied().filter(|l| l.is_finite())?;
        (!self.owned.get(bin).copied().unwrap_or(true)).then_some((log, mean))
    }

    /// Bins that are compared.
    pub(super) fn count(&self) -> usize {
        let bands = &self.reference.spectrum.bands;
        bands.iter().flat_map(|b| b.first..b.end).filter(|b| self.free(*b).is_some()).count()
    }

    /// Regions outside the envelope; with none of them, the bin that comes nearest.
    pub(super) fn test(&self, each: &Each) -> Vec<Difference> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut nearest: Option<Hit> = None;
        let unsteady = self.unsteady();
        for (j, band) in self.reference.spectrum.bands.iter().enumerate() {
            let own = Limits::new(self, band, each.p);
            for bin in band.first..band.end {
                let Some(hit) = self.bin(bin, j, &own, unsteady, each.p) else { continue };
                if hit.excess() > 1.0 {
                    hits.push(hit);
                } else if nearest.is_none_or(|n| n.excess() < hit.excess()) {
                    nearest = Some(hit);
                }
            }
        }
        if hits.is_empty() {
            return nearest.iter().map(|h| self.region(&[*h], each)).collect();
        }
        let gap = self.profile.spectrum.settings.window.main_lobe_bins() as usize + 1;
        hits.chunk_by(|a, b| a.up == b.up && b.bin - a.bin <= gap).map(|run| self.region(run, each)).collect()
    }

    /// The ratio of a bin's variance to that of its band beyond which it is judged by its own.
    fn unsteady(&self) -> f64 {
        let own = self.reference.captures as f64 - 1.0;
        if own < 1.0 {
            f64::INFINITY
        } else {
            2.0 * gamma_upper_quantile(0.5 * own, UNSTEADY / self.logs.len() as f64) / own
        }
    }

    fn bin(&self, bin: usize, band: usize, limits: &Limits, unsteady: f64, p: f64) -> Option<Hit> {
        let (log, mean) = self.free(bin)?;
        let level = (log - self.levels.at(Some(band))) * DB;
        let envelope = &self.reference.spectrum;
        let spread = envelope.spread_db.get(bin).copied().flatten().unwrap_or(0.0);
        if spread.powi(2) > unsteady * limits.variance_db2 {
            let expected = envelope.mean_level_db.get(bin).copied().flatten()?;
            let captures = self.reference.captures as f64;
            let sigma = spread * (1.0 + 1.0 / captures).sqrt();
            let allowed = student_critical(p, captures - 1.0) * sigma;
            let p = student_two_sided((level - expected) / sigma, captures - 1.0);
            return Some(Hit { bin, up: level > expected, level, expected, allowed, p });
        }
        let up = level > mean;
        let allowed = if up { limits.above_db } else { limits.below_db };
        let (lower, upper) = fisher_tails(((level - mean) / DB).exp(), limits.freedom, limits.reference_freedom);
        Some(Hit { bin, up, level, expected: mean, allowed, p: (2.0 * lower.min(upper)).min(1.0) })
    }

    fn region(&self, run: &[Hit], each: &Each) -> Difference {
        let unit = self.reference.spectrum.level_unit.unwrap_or(self.reference.setup.level_unit);
        let peak = run.iter().copied().reduce(|a, b| if b.excess() > a.excess() { b } else { a });
        let Some(peak) = peak else {
            return Difference::new(DifferenceKind::SpectrumHigher, "spectrum_level", unit, f64::NAN, f64::NAN);
        };
        let s = &self.profile.spectrum;
        let (first, last) = (run.first().map_or(peak.bin, |h| h.bin), run.last().map_or(peak.bin, |h| h.bin));
        let edges = (s.offset_hz(first as f64 - 0.5), s.offset_hz(last as f64 + 0.5));
        let moved = self.aligned.bins as f64 * s.bin_hz();
        let inside = |o: f64| o - moved >= edges.0 - s.bin_hz() && o - moved <= edges.1 + s.bin_hz();
        let line =
            self.profile.lines.iter().filter(|l| inside(l.offset_hz)).max_by(|a, b| a.level_db.total_cmp(&b.level_db));
        let (kind, reading, level, offset) = match (peak.up, line) {
            (true, Some(l)) => {
                (DifferenceKind::LineNew, "line_level", l.level_db - self.aligned.level_db, l.offset_hz - moved)
            }
            (true, None) => {
                (DifferenceKind::SpectrumHigher, "spectrum_level", peak.level, s.offset_hz(peak.bin as f64))
            }
            (false, _) => (DifferenceKind::SpectrumLower, "spectrum_level", peak.level, s.offset_hz(peak.bin as f64)),
        };
        let (low, high) = (self.profile.place(edges.0, self.aligned), self.profile.place(edges.1, self.aligned));
        Difference::new(kind, reading, unit, peak.expected, level)
            .allowed(peak.allowed, peak.p, each)
            .at(offset, self.profile.place(offset, self.aligned))
            .over(low, high)
    }

    /// The level of the whole spectrum between the lines, and of each band over it.
    pub(super) fn test_levels(&self, each: &Each) -> Vec<Difference> {
        let envelope = &self.reference.spectrum;
        let unit = faultscope_signal::Unit::Db;
        let captures = self.reference.captures as f64;
        let one = |reading: &str, level: f64, spread_db: f64, bins: usize| {
            let (sigma, freedom) = if self.reference.captures > 1 {
                (spread_db * (1.0 + 1.0 / captures).sqrt(), captures - 1.0)
            } else {
                (self.level_noise_db(bins), f64::INFINITY)
            };
            let sigma = sigma.max(1e-3);
            let p = student_two_sided(level / sigma, freedom);
            Difference::new(DifferenceKind::LevelChanged, reading, unit, 0.0, level).allowed(
                student_critical(each.p, freedom) * sigma,
                p,
                each,
            )
        };
        let whole = one("noise_level", self.levels.whole * DB, envelope.level_spread_db, self.count());
        let bands = envelope.bands.iter().enumerate().map(|(j, band)| {
            let s = &self.profile.spectrum;
            let (low, high) = (s.offset_hz(band.first as f64 - 0.5), s.offset_hz(band.end as f64 - 0.5));
            let place = |hz: f64| self.profile.place(hz, self.aligned);
            one("band_level", self.levels.over_whole(j) * DB, band.spread_db, band.end - band.first)
                .at(0.5 * (low + high), place(0.5 * (low + high)))
                .over(place(low), place(high))
        });
        std::iter::once(whole).chain(bands).collect()
    }

    /// What noise alone does to the median of `bins` bins in each of two captures.
    fn level_noise_db(&self, bins: usize) -> f64 {
        let s = &self.profile.spectrum;
        let one = trigamma(s.effective_averages) + trigamma(self.reference.spectrum.averages);
        // A window makes neighbours alike: as many bins are independent as resolution bandwidths fit in.
        let together = s.rbw_hz() / s.bin_hz();
        (one * MEDIAN * together / bins.max(1) as f64).sqrt() * DB
    }
}

/// The limits of the bins of one band.
struct Limits {
    freedom: f64,
    reference_freedom: f64,
    above_db: f64,
    below_db: f64,
    variance_db2: f64,
}

impl Limits {
    fn new(between: &Between<'_>, band: &BandEnvelope, p: f64) -> Self {
        let excess = band.excess_db2 / (DB * DB);
        let averages = between.reference.spectrum.averages;
        let freedom = 2.0 * worth(between.profile.spectrum.effective_averages, excess);
        let reference_freedom = 2.0 * worth(averages, excess) * between.reference.captures as f64;
        Self {
            freedom,
            reference_freedom,
            above_db: fisher_critical(0.5 * p, freedom, reference_freedom).ln() * DB,
            below_db: fisher_critical(0.5 * p, reference_freedom, freedom).ln() * DB,
            variance_db2: (trigamma(averages) + excess) * DB * DB,
        }
    }
}
