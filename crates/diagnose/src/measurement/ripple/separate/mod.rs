//! The second pass: each block freed of mains and drift, each chunk of switching and spikes, and everything summed up.

use faultscope_signal::comb::{Complex64, Cycle, centered};
use faultscope_signal::lowpass::{Decimated, response};
use faultscope_signal::robust::Histogram;
use faultscope_signal::wide::wide;
use faultscope_signal::{Record, RecordError};

use super::scan::{CHUNK, Clean, Scan};
use super::slow::{DriftFilter, DriftModel, LINE_BELOW_S, Place, Prior, Slow};
use super::{mains, spikes, switching, undisturbed};

/// Most values in the level stream that events are looked for in.
const LEVELS: u64 = 1 << 19;
/// Bins of the percentile histogram: its resolution is this part of the peak to peak value.
const BINS: usize = 1 << 15;
/// What the neighbours of a block lend to its fit.
const HALO_S: f64 = 0.25;
/// Samples that are worked on together, few enough for the innermost cache.
const PART: usize = 1024;
/// Longest chunk of the switching fit.
const LONGEST: u64 = 1 << 22;

/// Moments of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    pub(super) n: f64,
    sum: f64,
    squares: f64,
    fourth: f64,
}

impl Moments {
    fn add(&mut self, v: f64) {
        let square = v * v;
        self.n += 1.0;
        self.sum += v;
        self.squares += square;
        self.fourth += square * square;
    }

    /// Of so many zeros.
    fn zeros(n: usize) -> Self {
        Self { n: n as f64, ..Self::default() }
    }

    /// Of a slice, in sums side by side so that it vectorises.
    #[inline(always)]
    fn of(values: &[f64]) -> Self {
        const LANES: usize = 4;
        let mut sums = [[0.0; LANES]; 3];
        let chunks = values.chunks_exact(LANES);
        let mut rest = Self::default();
        chunks.remainder().iter().for_each(|v| rest.add(*v));
        for x in chunks {
            for k in 0..LANES {
                let square = x[k] * x[k];
                sums[0][k] += x[k];
                sums[1][k] += square;
                sums[2][k] += square * square;
            }
        }
        let [sum, squares, fourth] = sums.map(|s| s.iter().sum::<f64>());
        rest.merge(Self { n: (values.len() - values.len() % LANES) as f64, sum, squares, fourth });
        rest
    }

    #[inline(always)]
    fn merge(&mut self, other: Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squares += other.squares;
        self.fourth += other.fourth;
    }

    pub(super) fn mean_square(&self) -> f64 {
        if self.n > 0.0 { self.squares / self.n } else { 0.0 }
    }

    pub(super) fn variance(&self) -> f64 {
        if self.n > 0.0 { (self.mean_square() - (self.sum / self.n).powi(2)).max(0.0) } else { 0.0 }
    }

    /// Fourth moment over the square of the second; 0 of nothing.
    pub(super) fn kurtosis(&self) -> f64 {
        let square = self.mean_square();
        if square > 0.0 { self.fourth / self.n / (square * square) } else { 0.0 }
    }
}

/// A family's sums: amplitudes squared by order, frequency, and phasors relative to the strongest line.
#[derive(Debug, Clone, Default)]
pub(super) struct FamilySums {
    weight: f64,
    frequency: f64,
    frequency_square: f64,
    squares: Vec<f64>,
    aligned: Vec<Complex64>,
}

impl FamilySums {
    fn add(&mut self, frequency: f64, phasors: &[Complex64], orders: &[u32], main: usize, weight: f64) {
        self.squares.resize(phasors.len(), 0.0);
        self.aligned.resize(phasors.len(), Complex64::default());
        self.weight += weight;
        self.frequency += weight * frequency;
        self.frequency_square += weight * frequency * frequency;
        // Turned in time so that the main line has phase 0: the cycle is averaged synchronously.
        let turn = phasors.get(main).map_or(0.0, |c| c.arg()) / orders.get(main).map_or(1.0, |&k| f64::from(k));
        for (i, c) in phasors.iter().enumerate() {
            self.squares[i] += weight * c.norm_sqr();
            let back = orders.get(i).map_or(0.0, |&k| f64::from(k)) * turn;
            self.aligned[i] += weight * c * Complex64::from_polar(1.0, -back);
        }
    }

    pub(super) fn frequency(&self) -> f64 {
        self.frequency / self.weight
    }

    /// Spread of the frequency over the blocks.
    pub(super) fn wander(&self) -> f64 {
        (self.frequency_square / self.weight - self.frequency().powi(2)).max(0.0).sqrt()
    }

    /// Root mean square over time of each line's peak amplitude.
    pub(super) fn amplitudes(&self) -> Vec<f64> {
        self.squares.iter().map(|s| (s / self.weight).sqrt()).collect()
    }

    /// The synchronously averaged cycle.
    pub(super) fn cycle(&self, orders: &[u32]) -> Cycle {
        let phasors: Vec<Complex64> = self.aligned.iter().map(|c| c / self.weight).collect();
        Cycle::new(orders, &phasors)
    }

    fn is_empty(&self) -> bool {
        self.weight <= 0.0
    }
}

/// Everything the second pass sums up.
pub(super) struct Sums {
    pub(super) total: Moments,
    pub(super) drift: Moments,
    drift_moment: f64,
    pub(super) drift_range: (f64, f64),
    pub(super) mains: Moments,
    pub(super) switching: Moments,
    pub(super) quiet: Moments,
    spiky: Moments,
    residue_moment: f64,
    spike_end: u64,
    pub(super) spikes: spikes::Count,
    pub(super) histogram: Histogram,
    pub(super) mains_lines: Option<FamilySums>,
    pub(super) switching_lines: Option<FamilySums>,
    /// Level (drift and what is left, spikes taken out) about the mean, averaged over `level_step` samples.
    pub(super) level: Vec<f64>,
    pub(super) level_step: u64,
    level_sum: (f64, u64),
}

/// What to separate.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) record: &'a Clean<'a>,
    pub(super) scan: Scan,
    pub(super) mains: Option<&'a mains::Family>,
    pub(super) switching: Option<&'a switching::Family>,
    /// Times of events, in seconds, that say nothing about the mains.
    pub(super) away: &'a [(f64, f64)],
}

impl Plan<'_> {
    fn rate(&self) -> f64 {
        self.record.sample_rate_hz()
    }

    /// Takes the record apart.
    pub(super) fn run(&self) -> Result<Sums, RecordError> {
        if self.record.duration_s() >= LINE_BELOW_S {
            return self.pass(DriftModel::LowPass);
        }
        // The line of least squares through the record itself leans on unfinished cycles; a second pass takes what is
        // left of it when the families are gone.
        let first = DriftModel::Line { offset: 0.0, slope: 0.0 };
        let sums = self.pass(first)?;
        let n = self.scan.frames as f64;
        let slope = sums.residue_moment / (n * (n * n - 1.0) / 12.0).max(1.0);
        let offset = sums.residue().sum / n;
        self.pass(DriftModel::Line { offset, slope })
    }

    fn pass(&self, drift: DriftModel) -> Result<Sums, RecordError> {
        let view = Decimated::at_least(self.record, mains::VIEW_RATE_HZ);
        let (rate, view_rate, frames) = (self.rate(), view.sample_rate_hz(), self.scan.frames);
        let factor = ((rate / view_rate).round() as u64).max(1);
        let orders = self.mains.map(mains::Family::orders).unwrap_or_default();
        let fundamental = self.mains.map_or(0.0, |f| f.fundamental_hz);
        let gain: Vec<f64> =
            orders.iter().map(|&k| response(rate, mains::VIEW_RATE_HZ, f64::from(k) * fundamental)).collect();
        let halo = (HALO_S * view_rate) as u64;
        // One second each, for the mains to be followed; without mains, slow records need no blocks of a few samples.
        let most = if self.mains.is_some() { frames } else { frames / 4096 };
        let blocks = ((frames as f64 / rate) as u64).min(most).max(1);
        let mut sums = Sums::new(&self.scan);
        let mut mains_prior = fundamental / view_rate;
        let mut switching_prior = self.switching.map_or(0.0, |f| f.fundamental_hz / rate);
        let filter = DriftFilter::new(view_rate);
        let mut scratch = Scratch::default();
        let mut x: Vec<f64> = Vec::new();
        let mut held = 0;
        for b in 0..blocks {
            let (from, to) = (part(frames, b, blocks), part(frames, b + 1, blocks));
            let first = (from / factor).saturating_sub(halo);
            let last = (to.div_ceil(factor) + halo).min(view.frames());
            // What the block before has read already is kept.
            x.drain(..usize::try_from(first - held).unwrap_or(usize::MAX).min(x.len()));
            let known = x.len();
            x.resize(usize::try_from(last - first).unwrap_or(0), 0.0);
            view.read_f64(first + known as u64, &mut x[known..])?;
            held = first;
            let place = Place { first, factor, rate: view_rate, frames };
            let away = undisturbed::samples(self.away, first as f64, view_rate, x.len());
            let prior = Prior { family: self.mains, fundamental: mains_prior, gain: &gain, away: &away };
            let slow = Slow::new(&x, place, prior, drift, &filter);
            if let Some(t) = &slow.mains {
                mains_prior = t.fundamental;
                let lines = sums.mains_lines.get_or_insert_default();
                lines.add(t.fundamental * view_rate, &t.fit.phasors, &t.orders, 0, (to - from) as f64);
            }
            self.block(from, to, &slow, &mut switching_prior, &mut sums, &mut scratch)?;
        }
        sums.close_level();
        sums.mains_lines = sums.mains_lines.filter(|f| !f.is_empty());
        sums.switching_lines = sums.switching_lines.filter(|f| !f.is_empty());
        Ok(sums)
    }

    fn block(
        &self,
        from: u64,
        to: u64,
        slow: &Slow,
        switching_prior: &mut f64,
        sums: &mut Sums,
        scratch: &mut Scratch,
    ) -> Result<(), RecordError> {
        let cycles = if *switching_prior > 0.0 { (20.0 / *switching_prior) as u64 } else { 0 };
        let target = (CHUNK as u64).max(cycles).min(LONGEST);
        let chunks = (to - from).div_ceil(target).max(1);
        for c in 0..chunks {
            let (a, b) = (from + part(to - from, c, chunks), from + part(to - from, c + 1, chunks));
            scratch.resize(usize::try_from(b - a).unwrap_or(0));
            self.record.read_f64(a, &mut scratch.x)?;
            self.chunk(scratch, a, slow, switching_prior, sums);
        }
        Ok(())
    }

    /// Takes one chunk apart; `scratch.x` holds its samples, and the residue afterwards.
    fn chunk(&self, scratch: &mut Scratch, start: u64, slow: &Slow, prior: &mut f64, sums: &mut Sums) {
        let n = scratch.x.len();
        sums.slow(scratch, slow, start);
        let rate = self.rate();
        let longest = ((0.5e-3 * rate) as usize).min(n / 10).max(16);
        let gap = ((1e-7 * rate) as usize).max(8);
        let least = (0.29 * self.scan.step).max(5e-5 * (self.scan.max - self.scan.min));
        let spikes_in = |x: &[f64]| spikes::find(x, spikes::sigma(x, least), longest, gap);
        let mut fitted = self.fit_switching(&scratch.x, *prior, &mut scratch.switching);
        if fitted.is_some() {
            wide(
                #[inline(always)]
                || subtract(&mut scratch.x, &scratch.switching),
            );
        }
        let mut found = spikes_in(&scratch.x);
        if let (Some(first), false) = (&fitted, found.is_empty()) {
            // Again without the spikes, which would lend their energy to the lines.
            let Scratch { x, switching, clean, .. } = scratch;
            clean.iter_mut().zip(x.iter()).zip(switching.iter()).for_each(|((c, r), s)| *c = r + s);
            found.iter().for_each(|p| clean[p.from..p.to].copy_from_slice(&switching[p.from..p.to]));
            x.iter_mut().zip(switching.iter()).for_each(|(r, s)| *r += s);
            if let Some(again) = self.fit_switching(clean, first.fundamental, switching) {
                fitted = Some(again);
            }
            subtract(x, switching);
            found = spikes_in(x);
        }
        if let (Some(f), Some(family)) = (&fitted, self.switching) {
            *prior = f.fundamental;
            sums.switching.merge(Moments::of(&scratch.switching));
            let main = family.orders.iter().position(|&k| k == family.main).unwrap_or(0);
            sums.switching_lines.get_or_insert_default().add(
                f.fundamental * rate,
                &f.phasors,
                &family.orders,
                main,
                n as f64,
            );
        } else {
            sums.switching.merge(Moments::zeros(n));
        }
        let reach = slow.ringing();
        found.retain(|spike| !is_edge(spike, reach, &mut scratch.x, &mut scratch.drift));
        self.count(&found, &scratch.x, start, slow, fitted.as_ref(), sums);
        let half = 0.5 * (self.scan.frames as f64 - 1.0);
        sums.rest(&scratch.x, &mut scratch.drift, &found, start as f64 - half);
    }

    /// Counts the spikes of a chunk, with their phases.
    fn count(
        &self,
        found: &[spikes::Spike],
        x: &[f64],
        start: u64,
        slow: &Slow,
        fitted: Option<&switching::Fitted>,
        sums: &mut Sums,
    ) {
        for spike in found {
            let at = start + spike.peak as u64;
            let switching = fitted.zip(self.switching).map(|(f, family)| {
                let k = family.orders.first().map_or(1.0, |&k| f64::from(k));
                let turn = f.phasors.first().map_or(0.0, |c| c.arg()) / std::f64::consts::TAU;
                k * f.fundamental * centered(spike.peak, x.len()) + turn
            });
            // One that reaches over from the chunk before was counted there.
            let continued = spike.from == 0 && start > 0 && sums.spike_end == start;
            sums.spike_end = start + spike.to as u64;
            if !continued {
                sums.spikes.add(x[spike.peak], slow.strongest_phase(at), switching);
            }
        }
    }

    /// Fits the switching family, and fills in its values.
    fn fit_switching(&self, x: &[f64], prior: f64, values: &mut [f64]) -> Option<switching::Fitted> {
        let family = self.switching?;
        let fitted = switching::fit(x, family, prior)?;
        let cycle = Cycle::new(&family.orders, &fitted.phasors);
        cycle.fill(fitted.fundamental * centered(0, x.len()), fitted.fundamental, values);
        Some(fitted)
    }
}

/// What a chunk is worked on in.
#[derive(Default)]
struct Scratch {
    x: Vec<f64>,
    drift: Vec<f64>,
    mains: Vec<f64>,
    switching: Vec<f64>,
    clean: Vec<f64>,
}

impl Scratch {
    fn resize(&mut self, n: usize) {
        for v in [&mut self.x, &mut self.drift, &mut self.switching, &mut self.clean] {
            v.resize(n, 0.0);
        }
        self.mains.resize(PART.min(n), 0.0);
    }
}

/// Whether a spike is the edge of a change of level, or what the drift rings beside one, and then goes to the drift: the
/// level differs within `reach` samples about it.
fn is_edge(spike: &spikes::Spike, reach: usize, r: &mut [f64], drift: &mut [f64]) -> bool {
    let (low, high) = range(&drift[spike.from.saturating_sub(reach)..(spike.to + reach).min(drift.len())]);
    if high - low < 0.5 * r[spike.peak].abs() {
        return false;
    }
    for i in spike.from..spike.to {
        drift[i] += std::mem::take(&mut r[i]);
    }
    true
}

/// Sum of values times their places, the first of which is `at`.
#[inline(always)]
fn moment(values: &[f64], at: f64) -> f64 {
    const LANES: usize = 4;
    let mut sums = [0.0; LANES];
    for (i, x) in values.chunks(LANES).enumerate() {
        let place = at + (LANES * i) as f64;
        for (k, v) in x.iter().enumerate() {
            sums[k] += v * (place + k as f64);
        }
    }
    sums.iter().sum()
}

#[inline(always)]
fn add(x: &mut [f64], s: &[f64]) {
    x.iter_mut().zip(s).for_each(|(x, s)| *x += s);
}

/// Smallest and largest value.
#[inline(always)]
fn range(v: &[f64]) -> (f64, f64) {
    const LANES: usize = 4;
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for part in v.chunks(LANES) {
        for (k, &x) in part.iter().enumerate() {
            low[k] = if x < low[k] { x } else { low[k] };
            high[k] = if x > high[k] { x } else { high[k] };
        }
    }
    (low.iter().copied().fold(f64::INFINITY, f64::min), high.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

#[inline(always)]
fn sum(v: &[f64]) -> f64 {
    const LANES: usize = 4;
    let mut sums = [0.0; LANES];
    for part in v.chunks(LANES) {
        part.iter().enumerate().for_each(|(k, x)| sums[k] += x);
    }
    sums.iter().sum()
}

#[inline(always)]
fn subtract(x: &mut [f64], s: &[f64]) {
    x.iter_mut().zip(s).for_each(|(x, s)| *x -= s);
}

/// Start of part `i` of `parts` nearly equal parts.
fn part(whole: u64, i: u64, parts: u64) -> u64 {
    (u128::from(whole) * u128::from(i) / u128::from(parts)) as u64
}

impl Sums {
    fn new(scan: &Scan) -> Self {
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
    fn slow(&mut self, scratch: &mut Scratch, slow: &Slow, start: u64) {
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
    fn rest(&mut self, r: &[f64], drift: &mut [f64], found: &[spikes::Spike], at: f64) {
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
    pub(super) fn residue(&self) -> Moments {
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

    fn close_level(&mut self) {
        if self.level_sum.1 > 0 {
            self.level.push(self.level_sum.0 / self.level_sum.1 as f64);
            self.level_sum = (0.0, 0);
        }
    }

    /// Least-squares slope of the drift, per sample.
    pub(super) fn drift_slope(&self) -> f64 {
        let n = self.drift.n;
        if n < 2.0 { 0.0 } else { self.drift_moment / (n * (n * n - 1.0) / 12.0) }
    }
}
