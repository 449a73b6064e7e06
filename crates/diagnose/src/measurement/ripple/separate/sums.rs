//! What the second pass sums up over the record.

use faultscope_signal::lanes::{moment, range, sum};
use faultscope_signal::robust::Histogram;
use faultscope_signal::wide::wide;

use super::super::scan::Scan;
use super::super::slow::Slow;
use super::super::spikes;
use super::family::FamilySums;
use super::moments::Moments;
use super::{Scratch, add, subtract};

/// Most values in the level stream that events are looked for in.
const LEVELS: u64 = 1 << 19;
/// Bins of the percentile histogram: its resolution is this part of the peak to peak value.
const BINS: usize = 1 << 15;
/// Samples that are worked on together, few enough for the innermost cache.
pub(super) const PART: usize = 1024;

/// Everything the second pass sums up.
pub(in super::super) struct Sums {
    pub(in super::super) total: Moments,
    pub(in super::super) drift: Moments,
    drift_moment: f64,
    pub(in super::super) drift_range: (f64, f64),
    pub(in super::super) mains: Moments,
    pub(in super::super) switching: Moments,
    pub(in super::super) quiet: Moments,
    spiky: Moments,
    pub(super) residue_moment: f64,
    pub(super) spike_end: u64,
    pub(in super::super) spikes: spikes::Count,
    pub(in super::super) histogram: Histogram,
    pub(in super::super) mains_lines: Option<FamilySums>,
    pub(in super::super) switching_lines: Option<FamilySums>,
    /// Level (drift and what is left, spikes taken out) about the mean, averaged over `level_step` samples.
    pub(in super::super) level: Vec<f64>,
    pub(in super::super) level_step: u64,
    level_sum: (f64, u64),
}

impl Sums {
    pub(super) fn new(scan: &Scan) -> Self {
        Self {
            total: Moments::default(),
            drift: Moments::default(),
            drift_moment: 0.0,
            drift_range: (f64::INFINITY, f64::NEG_INFINITY),
            mains: Moments::default(),
            switching: Moments::default(),
            quiet: Moments::default(),
            spiky: Moments::default(),
            residue_moment: 0.0,
            spike_end: 0,
            spikes: spikes::Count::default(),
            histogram: Histogram::new(scan.min - scan.dc, scan.max - scan.dc, BINS),
            mains_lines: None,
            switching_lines: None,
            level: Vec::new(),
            level_step: scan.frames.div_ceil(LEVELS).max(1),
            level_sum: (0.0, 0),
        }
    }

    /// Takes drift and mains off the samples of a chunk and sums them up; the drift is kept.
    pub(super) fn slow(&mut self, scratch: &mut Scratch, slow: &Slow, start: u64) {
        let mains = &mut scratch.mains;
        for (i, (x, drift)) in scratch.x.chunks_mut(PART).zip(scratch.drift.chunks_mut(PART)).enumerate() {
            let start = start + (i * PART) as u64;
            self.histogram.add_all(x);
            slow.fill_drift(start, drift);
            wide(
                #[inline(always)]
                || {
                    self.total.merge(Moments::of(x));
                    subtract(x, drift);
                },
            );
            let mains = &mut mains[..x.len()];
            if slow.fill_mains(start, mains) {
                wide(
                    #[inline(always)]
                    || {
                        self.mains.merge(Moments::of(mains));
                        subtract(x, mains);
                    },
                );
            } else {
                self.mains.merge(Moments::zeros(x.len()));
            }
        }
    }

    /// Sums up what is left of a chunk that starts `at` samples from the record's middle; `drift` ends as the level.
    pub(super) fn rest(&mut self, r: &[f64], drift: &mut [f64], found: &[spikes::Spike], at: f64) {
        for (i, (r, d)) in r.chunks(PART).zip(drift.chunks(PART)).enumerate() {
            let at = at + (i * PART) as f64;
            wide(
                #[inline(always)]
                || {
                    self.drift_moment += moment(d, at);
                    self.residue_moment += moment(r, at);
                    let (low, high) = range(d);
                    self.drift_range = (self.drift_range.0.min(low), self.drift_range.1.max(high));
                    self.drift.merge(Moments::of(d));
                },
            );
        }
        let mut done = 0;
        for spike in found {
            let (from, to) = (spike.from.max(done), spike.to.max(done));
            self.rest_between(&r[done..from], &mut drift[done..from]);
            self.spiky.merge(Moments::of(&r[from..to]));
            done = to;
        }
        self.rest_between(&r[done..], &mut drift[done..]);
        self.add_level(drift);
    }

    /// Sums up a stretch without spikes and adds it to the level.
    fn rest_between(&mut self, r: &[f64], level: &mut [f64]) {
        for (r, level) in r.chunks(PART).zip(level.chunks_mut(PART)) {
            wide(
                #[inline(always)]
                || {
                    self.quiet.merge(Moments::of(r));
                    add(level, r);
                },
            );
        }
    }

    /// All that drift, mains and switching leave: the spikes and the rest.
    pub(in super::super) fn residue(&self) -> Moments {
        let mut all = self.quiet;
        all.merge(self.spiky);
        all
    }

    fn add_level(&mut self, mut level: &[f64]) {
        while !level.is_empty() {
            let room = usize::try_from(self.level_step - self.level_sum.1).unwrap_or(usize::MAX);
            let (now, later) = level.split_at(room.min(level.len()));
            self.level_sum.0 += sum(now);
            self.level_sum.1 += now.len() as u64;
            if self.level_sum.1 == self.level_step {
                self.close_level();
            }
            level = later;
        }
    }

    pub(super) fn close_level(&mut self) {
        if self.level_sum.1 > 0 {
            self.level.push(self.level_sum.0 / self.level_sum.1 as f64);
            self.level_sum = (0.0, 0);
        }
    }

    /// Least-squares slope of the drift, per sample.
    pub(in super::super) fn drift_slope(&self) -> f64 {
        let n = self.drift.n;
        if n < 2.0 { 0.0 } else { self.drift_moment / (n * (n * n - 1.0) / 12.0) }
    }
}
