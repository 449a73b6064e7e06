//! Phase noise of a carrier: its phase about the best fit, the density of that phase over offsets, and discrete lines.
//!
//! IEEE Std 1139: L(f) is half of the one-sided density of the phase fluctuations, S_phi(f) / 2.

mod density;
mod lines;

use std::f64::consts::TAU;

use crate::demod::{Channel, line, unwrapped};
use density::Density;
use lines::Reference;

pub use lines::Line;

/// Groups of bins per decade of offset.
const PER_DECADE: f64 = 20.0;
/// Fewest bins of a group, and the first bin that the carrier's own line and the removed trend leave untouched.
const FEWEST_BINS: usize = 10;
const FIRST_BIN: usize = 6;
/// Fewest bins beside lines that tell the noise of a group.
const FEWEST_FREE: usize = 3;
/// Segments of the finer estimate: the whole record in one segment serves only the lowest offsets.
const SEGMENTS: usize = 8;
/// A sample counts as missing carrier when its power is this share of the mean.
const OFF: f64 = 0.01;

/// Phase and amplitude of a carrier about its best fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Residual {
    /// Phase in radians about the straight line of the carrier.
    pub phase: Vec<f64>,
    /// Amplitude over its mean, less one.
    pub amplitude: Vec<f64>,
    /// Their rate.
    pub rate_hz: f64,
    /// Highest offset that passed the channel unchanged.
    pub reach_hz: f64,
    /// Carrier from the middle of the channel.
    pub carrier_hz: f64,
    /// Power of the carrier: the square of its mean amplitude, in the square of the record's unit.
    pub power: f64,
    /// Share of the samples without carrier: the phase has no meaning there.
    pub off_share: f64,
    /// Rms of `amplitude`.
    pub amplitude_rms: f64,
}

impl Residual {
    /// Demodulates a channel; nothing for a channel without power.
    #[must_use]
    pub fn of(channel: &Channel) -> Option<Self> {
        let envelope: Vec<f64> = channel.samples.iter().map(|z| z.norm()).collect();
        let count = envelope.len() as f64;
        let mean = envelope.iter().sum::<f64>() / count;
        if !(mean.is_finite() && mean > 0.0) {
            return None;
        }
        let power = envelope.iter().map(|a| a * a).sum::<f64>() / count;
        let off_share = envelope.iter().filter(|a| **a * **a < OFF * power).count() as f64 / count;
        let amplitude: Vec<f64> = envelope.iter().map(|a| a / mean - 1.0).collect();
        let amplitude_rms = (amplitude.iter().map(|a| a * a).sum::<f64>() / count).sqrt();
        let mut phase = unwrapped(&channel.samples);
        let weights: Vec<f64> = envelope.iter().map(|a| a / mean).collect();
        let (start, slope) = line(&phase, &weights)?;
        phase.iter_mut().enumerate().for_each(|(i, p)| *p -= start + slope * i as f64);
        Some(Self {
            phase,
            amplitude,
            rate_hz: channel.rate_hz,
            reach_hz: 0.5 * channel.bandwidth_hz,
            carrier_hz: slope * channel.rate_hz / TAU,
            power: mean * mean,
            off_share,
            amplitude_rms,
        })
    }

    /// Farthest that the frequency, as a mean over `over_s`, strays from the carrier's.
    #[must_use]
    pub fn excursion_hz(&self, over_s: f64) -> f64 {
        let step = ((over_s * self.rate_hz) as usize).clamp(1, self.phase.len().saturating_sub(1).max(1));
        let later = self.phase.get(step..).unwrap_or(&[]);
        let turn = self.phase.iter().zip(later).map(|(a, b)| (b - a).abs()).fold(0.0, f64::max);
        turn / TAU * self.rate_hz / step as f64
    }
}

/// The densities about one offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Geometric middle of the bins averaged.
    pub offset_hz: f64,
    /// Where they begin and end.
    pub low_hz: f64,
    /// Where they end.
    pub high_hz: f64,
    /// One-sided density of the phase without lines: S_phi, in rad2/Hz.
    pub phase_per_hz: f64,
    /// One-sided density of the relative amplitude, in 1/Hz.
    pub amplitude_per_hz: f64,
    /// Independent averages that stand behind it.
    pub averages: f64,
}

/// Densities over offsets and the lines among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Noise {
    /// Ascending, without gaps.
    pub points: Vec<Point>,
    /// Ascending.
    pub lines: Vec<Line>,
}

impl Noise {
    /// From a residual: the whole record for the lowest offsets, its eighths for the rest, bins averaged a twentieth
    /// of a decade at a time. `false_alarm` is the chance that noise alone shows a line anywhere.
    #[must_use]
    pub fn of(residual: &Residual, false_alarm: f64) -> Self {
        let count = residual.phase.len();
        let fine = Density::of(residual, count / SEGMENTS);
        let split = (FIRST_BIN as f64 - 0.5) * fine.bin_hz;
        let whole = Density::of(residual, count);
        let low = measured(&whole, split.min(residual.reach_hz), false_alarm, &[]);
        let high = measured(&fine, residual.reach_hz, false_alarm, &low.lines);
        low.joined(high, split)
    }

    /// This below `split_hz`, the other one above.
    #[must_use]
    pub fn joined(mut self, other: Self, split_hz: f64) -> Self {
        self.points.retain(|p| p.offset_hz < split_hz);
        self.lines.retain(|l| l.offset_hz < split_hz);
        let last = self.points.last().map_or(0.0, |p| p.high_hz);
        self.points.extend(other.points.into_iter().filter(|p| p.offset_hz > last && p.high_hz > last));
        self.lines.extend(other.lines.into_iter().filter(|l| l.offset_hz >= split_hz));
        self.touch();
        self
    }

    /// Neighbours touch, so that an integral neither leaves out nor counts twice.
    fn touch(&mut self) {
        for i in 1..self.points.len() {
            self.points[i].low_hz = self.points[i - 1].high_hz;
        }
    }

    /// The offsets covered, where any are.
    #[must_use]
    pub fn covered_hz(&self) -> Option<(f64, f64)> {
        Some((self.points.first()?.low_hz, self.points.last()?.high_hz))
    }

    /// The densities at one offset, by a power law between the neighbours.
    #[must_use]
    pub fn at(&self, offset_hz: f64) -> Option<Point> {
        let inside = self.points.iter().position(|p| (p.low_hz..=p.high_hz).contains(&offset_hz))?;
        let here = *self.points.get(inside)?;
        let other = if offset_hz < here.offset_hz { inside.checked_sub(1)? } else { inside + 1 };
        let Some(next) = self.points.get(other) else { return Some(here) };
        let part = (offset_hz / here.offset_hz).ln() / (next.offset_hz / here.offset_hz).ln();
        let between = |a: f64, b: f64| if a > 0.0 && b > 0.0 { a * (b / a).powf(part) } else { a };
        Some(Point {
            offset_hz,
            phase_per_hz: between(here.phase_per_hz, next.phase_per_hz),
            amplitude_per_hz: between(here.amplitude_per_hz, next.amplitude_per_hz),
            ..here
        })
    }

    /// Mean square of the phase between two offsets, lines left out, in rad2.
    #[must_use]
    pub fn phase_power(&self, low_hz: f64, high_hz: f64) -> f64 {
        self.integral(low_hz, high_hz, |p, a, b| p.phase_per_hz * (b - a))
    }

    /// Mean square of the frequency between two offsets, lines left out, in Hz2: the phase times its offset squared.
    #[must_use]
    pub fn frequency_power(&self, low_hz: f64, high_hz: f64) -> f64 {
        self.integral(low_hz, high_hz, |p, a, b| p.phase_per_hz * (b.powi(3) - a.powi(3)) / 3.0)
    }

    /// Mean square of the relative amplitude between two offsets.
    #[must_use]
    pub fn amplitude_power(&self, low_hz: f64, high_hz: f64) -> f64 {
        self.integral(low_hz, high_hz, |p, a, b| p.amplitude_per_hz * (b - a))
    }

    fn integral(&self, low_hz: f64, high_hz: f64, part: impl Fn(&Point, f64, f64) -> f64) -> f64 {
        let clipped = self.points.iter().map(|p| (p, p.low_hz.max(low_hz), p.high_hz.min(high_hz)));
        clipped.filter(|(_, a, b)| b > a).map(|(p, a, b)| part(p, a, b)).sum()
    }

    /// Lines between two offsets.
    pub fn lines_between(&self, low_hz: f64, high_hz: f64) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |l| (low_hz..=high_hz).contains(&l.offset_hz))
    }
}

/// Points and lines of one estimate up to an offset; the lobes of lines already `known` below it are no noise.
fn measured(density: &Density, up_to_hz: f64, false_alarm: f64, known: &[Line]) -> Noise {
    let end = ((up_to_hz / density.bin_hz + 0.5) as usize).min(density.phase.len());
    let groups = groups(FIRST_BIN, end);
    let found = |masked: &[bool]| {
        let reference = Reference::of(density, &groups, masked)?;
        let (lines, mut masked) = reference.lines(density, FIRST_BIN..end, false_alarm);
        lines::mask_lobes(&mut masked, known.iter().map(|l| l.offset_hz / density.bin_hz));
        Some((lines, masked))
    };
    let Some(first) = found(&[]) else { return Noise::default() };
    // A line lifts the reference of a narrow group: what it stands above is told without it.
    let (lines, masked) = found(&first.1).unwrap_or(first);
    let points = groups.iter().filter_map(|g| {
        let free = free(g, &masked);
        // A group that a line fills says nothing of the noise: its neighbours reach over it.
        if free.len() < FEWEST_FREE {
            return None;
        }
        let mean = |values: &[f64]| free.iter().filter_map(|k| values.get(*k)).sum::<f64>() / free.len() as f64;
        let (low, high) = (density.hz(g.start as f64 - 0.5), density.hz(g.end as f64 - 0.5));
        Some(Point {
            offset_hz: (low * high).sqrt(),
            low_hz: low,
            high_hz: high,
            phase_per_hz: mean(&density.phase),
            amplitude_per_hz: mean(&density.amplitude),
            averages: density.averages * (free.len() as f64 / density.enbw_bins).max(1.0),
        })
    });
    let mut noise = Noise { points: points.collect(), lines };
    noise.touch();
    noise
}

/// The bins of a group that no line covers.
fn free(group: &std::ops::Range<usize>, masked: &[bool]) -> Vec<usize> {
    group.clone().filter(|k| !masked.get(*k).copied().unwrap_or(false)).collect()
}

/// Ranges of bins, a twentieth of a decade wide and never narrower than `FEWEST_BINS`; the last one takes the rest.
fn groups(first: usize, end: usize) -> Vec<std::ops::Range<usize>> {
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    let mut from = first;
    while from + FEWEST_BINS <= end {
        let to = ((from as f64 * 10f64.powf(1.0 / PER_DECADE)) as usize).max(from + FEWEST_BINS).min(end);
        let to = if end - to < FEWEST_BINS { end } else { to };
        out.push(from..to);
        from = to;
    }
    out
}

#[cfg(test)]
mod tests;
