//! Spikes: short excursions of the residue beyond six robust standard deviations.

use faultscope_signal::comb::Complex64;
use faultscope_signal::robust::median_and_sigma;
use faultscope_signal::wide::wide;

use super::SpikeLock;

/// Threshold in robust standard deviations.
const THRESHOLD: f64 = 6.0;
/// Share of samples beyond the threshold from which on there are no spikes but a model that does not fit.
const TOO_MANY: f64 = 0.2;

/// Samples that are looked at together.
const PART: usize = 256;

/// One spike within a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spike {
    /// First and one-past-last sample that belong to it, tails included.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) peak: usize,
}

/// Robust standard deviation of a chunk, from at most 4096 of its samples: within two per cent.
pub(super) fn sigma(r: &[f64], least: f64) -> f64 {
    let step = r.len().div_ceil(1 << 12).max(1);
    let mut thinned: Vec<f64> = r.iter().copied().step_by(step).collect();
    median_and_sigma(&mut thinned).1.max(least)
}

/// Spikes in a chunk: excursions not wider than `longest` samples, those within `gap` samples taken as one.
pub(super) fn find(r: &[f64], sigma: f64, longest: usize, gap: usize) -> Vec<Spike> {
    let limit = THRESHOLD * sigma;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut beyond = 0usize;
    for (part, values) in r.chunks(PART).enumerate() {
        // Most parts hold none, which a look at all of them together tells.
        if !wide(
            #[inline(always)]
            || values.iter().fold(false, |any, v| any | (v.abs() > limit)),
        ) {
            continue;
        }
        for (i, _) in values.iter().enumerate().filter(|(_, v)| v.abs() > limit) {
            let i = part * PART + i;
            beyond += 1;
            match runs.last_mut() {
                Some(run) if i - run.1 <= gap => run.1 = i,
                _ => runs.push((i, i)),
            }
        }
    }
    if beyond as f64 > TOO_MANY * r.len() as f64 {
        return Vec::new();
    }
    runs.retain(|run| run.1 - run.0 < longest);
    let mut spikes: Vec<Spike> = Vec::with_capacity(runs.len());
    for (a, b) in runs {
        let free = spikes.last().map_or(0, |s| s.to.min(a));
        let from = tail(r[free..a].iter().rev(), sigma).map_or(free, |n| a - n);
        let to = b + 1 + tail(r[b + 1..].iter(), sigma).unwrap_or(0);
        let peak = (a..=b).max_by(|&i, &j| r[i].abs().total_cmp(&r[j].abs())).unwrap_or(a);
        spikes.push(Spike { from, to, peak });
    }
    spikes
}

/// Length of a tail: up to where four samples in a row are quiet, at most 64.
fn tail<'a>(samples: impl Iterator<Item = &'a f64>, sigma: f64) -> Option<usize> {
    let mut quiet = 0;
    let mut length = 0;
    for v in samples.take(64) {
        length += 1;
        quiet = if v.abs() < 2.5 * sigma { quiet + 1 } else { 0 };
        if quiet == 4 {
            break;
        }
    }
    (length > 0).then_some(length)
}

/// What was counted over the record.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) count: u64,
    pub(super) largest: f64,
    /// Mean phasors of the phase and of twice the phase: spikes at both edges of a cycle cancel in the former.
    mains: [Complex64; 2],
    switching: [Complex64; 2],
    mains_seen: u64,
    switching_seen: u64,
}

impl Count {
    /// Counts one spike of that height, with its phases in cycles of the strongest lines.
    pub(super) fn add(&mut self, height: f64, mains: Option<f64>, switching: Option<f64>) {
        self.count += 1;
        if height.abs() > self.largest.abs() {
            self.largest = height;
        }
        let turn = |cycles: f64| Complex64::from_polar(1.0, std::f64::consts::TAU * cycles);
        if let Some(m) = mains {
            self.mains[0] += turn(m);
            self.mains[1] += turn(2.0 * m);
            self.mains_seen += 1;
        }
        if let Some(s) = switching {
            self.switching[0] += turn(s);
            self.switching[1] += turn(2.0 * s);
            self.switching_seen += 1;
        }
    }

    /// What the spikes are locked to, by Rayleigh's test at 1e-4 and a mean resultant above one half, of the phase or
    /// of twice the phase.
    pub(super) fn lock(&self) -> SpikeLock {
        let strength = |sums: [Complex64; 2], n: u64| {
            let n = n as f64;
            let resultant = if n > 0.0 { sums[0].norm().max(sums[1].norm()) / n } else { 0.0 };
            // ln(2 / 1e-4): two tests.
            if n * resultant * resultant > 9.9 && resultant > 0.5 { resultant } else { 0.0 }
        };
        let (m, s) = (strength(self.mains, self.mains_seen), strength(self.switching, self.switching_seen));
        if m == 0.0 && s == 0.0 {
            SpikeLock::None
        } else if s > m {
            SpikeLock::Switching
        } else {
            SpikeLock::Mains
        }
    }
}
