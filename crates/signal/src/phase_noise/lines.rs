//! Discrete lines in the density of the phase: what stands above a reference that lines cannot lift.

use std::ops::Range;

use super::density::Density;
use super::{FEWEST_FREE, free};
use crate::robust::median;
use crate::special::{gamma_relative_quantile, gamma_upper_quantile};

/// Half of the window's main lobe: a line lies within so many bins of its peak.
const LOBE: usize = 4;
/// The window's side lobes lie lower than this under their line.
const SIDE_LOBES: f64 = 2e-9;
/// What is wider than so many bins is a hump of noise, not a line.
const WIDEST: usize = 40;
/// Most lines kept: the strongest.
const MOST: usize = 64;

/// A discrete line in the phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Its offset from the carrier.
    pub offset_hz: f64,
    /// Mean square of the phase it makes, in rad2: half of the squared peak.
    pub phase_power: f64,
    /// Mean square of the relative amplitude at the same offset: as large for a tone that is only added.
    pub amplitude_power: f64,
    /// Peak over the noise of its bin, in dB.
    pub snr_db: f64,
    /// Half of a bin: how well the offset is known.
    pub resolution_hz: f64,
}

/// Noise over offsets, from medians of groups.
pub(super) struct Reference {
    /// Logarithms of offset and density.
    points: Vec<(f64, f64)>,
}

impl Reference {
    /// From the groups' bins that are not `masked`; groups with too few of them are left out.
    pub(super) fn of(density: &Density, groups: &[Range<usize>], masked: &[bool]) -> Option<Self> {
        let to_mean = gamma_relative_quantile(density.averages, 0.5);
        let points = groups.iter().filter_map(|g| {
            let mut bins: Vec<f64> =
                free(g, masked).into_iter().filter_map(|k| density.phase.get(k)).copied().collect();
            if bins.len() < FEWEST_FREE {
                return None;
            }
            let level = median(&mut bins) / to_mean;
            let middle = density.hz(((g.start as f64 - 0.5) * (g.end as f64 - 0.5)).sqrt());
            (level > 0.0).then(|| (middle.ln(), level.ln()))
        });
        let points: Vec<(f64, f64)> = points.collect();
        (!points.is_empty()).then_some(Self { points })
    }

    /// Noise density at an offset; the outermost slopes go on beyond the ends.
    pub(super) fn at(&self, offset_hz: f64) -> f64 {
        let x = offset_hz.ln();
        let after = self.points.partition_point(|p| p.0 < x).clamp(1, self.points.len().saturating_sub(1).max(1));
        let (Some(a), b) = (self.points.get(after - 1), self.points.get(after)) else { return 0.0 };
        let Some(b) = b else { return a.1.exp() };
        (a.1 + (x - a.0) / (b.0 - a.0) * (b.1 - a.1)).exp()
    }

    /// The lines, ascending, and which bins they cover.
    pub(super) fn lines(&self, density: &Density, bins: Range<usize>, false_alarm: f64) -> (Vec<Line>, Vec<bool>) {
        let mut masked = vec![false; density.phase.len()];
        if bins.is_empty() {
            return (Vec::new(), masked);
        }
        let chance = (false_alarm / bins.len() as f64).clamp(1e-300, 0.5);
        let factor = gamma_upper_quantile(density.averages, chance) / density.averages;
        let noise: Vec<f64> = bins.clone().map(|k| self.at(density.hz(k as f64))).collect();
        let over = |k: usize| {
            let n = k.checked_sub(bins.start).and_then(|i| noise.get(i))?;
            density.phase.get(k).filter(|p| **p > factor * n)
        };
        let strongest = density.phase.get(bins.clone()).unwrap_or(&[]).iter().copied().fold(0.0, f64::max);
        let (mut found, mut k) = (Vec::new(), bins.start);
        while k < bins.end {
            let run = k..(k..bins.end).find(|i| over(*i).is_none()).unwrap_or(bins.end);
            let peaks: Vec<usize> = run.clone().filter(|k| is_peak(&density.phase, *k)).collect();
            for peak in peaks {
                let lobe = peak.saturating_sub(LOBE)..(peak + LOBE + 1).min(density.phase.len());
                let sum = |r: Range<usize>, v: &[f64]| v.get(r).unwrap_or(&[]).iter().sum::<f64>();
                let alone =
                    run.len() <= WIDEST || sum(lobe.clone(), &density.phase) > 0.5 * sum(run.clone(), &density.phase);
                let level = density.phase.get(peak).copied().unwrap_or(0.0);
                if alone && level > SIDE_LOBES * strongest {
                    found.push(self.line(density, peak, &lobe));
                    let covered = lobe.start.min(run.start)..lobe.end.max(run.end);
                    masked.get_mut(covered).unwrap_or(&mut []).fill(true);
                }
            }
            k = run.end + 1;
        }
        found.sort_by(|a: &Line, b| b.phase_power.total_cmp(&a.phase_power));
        found.truncate(MOST);
        found.sort_by(|a, b| a.offset_hz.total_cmp(&b.offset_hz));
        (found, masked)
    }

    fn line(&self, density: &Density, peak: usize, lobe: &Range<usize>) -> Line {
        let cells = density.phase.get(lobe.clone()).unwrap_or(&[]);
        let noise = self.at(density.hz(peak as f64));
        let excess = |p: f64| (p - noise).max(0.0);
        let total: f64 = cells.iter().map(|p| p - noise).sum();
        let weight: f64 = cells.iter().map(|p| excess(*p)).sum();
        let moment: f64 = cells.iter().zip(lobe.clone()).map(|(p, k)| excess(*p) * k as f64).sum();
        let amplitude: f64 = density.amplitude.get(lobe.clone()).unwrap_or(&[]).iter().sum();
        let top = density.phase.get(peak).copied().unwrap_or(0.0);
        Line {
            offset_hz: density.hz(if weight > 0.0 { moment / weight } else { peak as f64 }),
            phase_power: total.max(0.0) * density.bin_hz,
            amplitude_power: amplitude * density.bin_hz,
            snr_db: crate::quantity::db_from_power(top / noise),
            resolution_hz: 0.5 * density.bin_hz,
        }
    }
}

/// Marks the lobes of lines at these bins.
pub(super) fn mask_lobes(masked: &mut [bool], bins: impl Iterator<Item = f64>) {
    for bin in bins {
        let lobe = ((bin - LOBE as f64).max(0.0) as usize).min(masked.len())
            ..((bin + LOBE as f64) as usize + 1).min(masked.len());
        masked.get_mut(lobe).unwrap_or(&mut []).fill(true);
    }
}

/// Whether a bin is the highest within a lobe.
fn is_peak(power: &[f64], k: usize) -> bool {
    let Some(here) = power.get(k) else { return false };
    let around = k.saturating_sub(LOBE)..(k + LOBE + 1).min(power.len());
    power.get(around.clone()).unwrap_or(&[]).iter().zip(around).all(|(p, i)| if i < k { p < here } else { p <= here })
}
