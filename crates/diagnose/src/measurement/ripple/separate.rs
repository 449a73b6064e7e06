//! The second pass: each block freed of mains and drift, each chunk of switching and spikes, and everything summed up.

use faultscope_signal::comb::{Complex64, Cycle, centered};
use faultscope_signal::lowpass::{Decimated, response};
use faultscope_signal::robust::Histogram;
use faultscope_signal::{Record, RecordError};

use super::scan::{CHUNK, Clean, Scan};
use super::slow::{DriftModel, LINE_BELOW_S, Place, Slow};
use super::{mains, spikes, switching};

/// Most values in the level stream that events are looked for in.
const LEVELS: u64 = 1 << 19;
/// Bins of the percentile histogram: its resolution is this part of the peak to peak value.
const BINS: usize = 1 << 17;
/// What the neighbours of a block lend to its fit.
const HALO_S: f64 = 0.25;
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

    /// Of a slice, in sums side by side so that it vectorises.
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
    pub(super) residue: Moments,
    pub(super) quiet: Moments,
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
pub(super) struct Plan<'a> {
    pub(super) record: &'a Clean<'a>,
    pub(super) scan: Scan,
    pub(super) mains: Option<&'a mains::Family>,
    pub(super) switching: Option<&'a switching::Family>,
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
        let offset = sums.residue.sum / n;
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
        for b in 0..blocks {
            let (from, to) = (part(frames, b, blocks), part(frames, b + 1, blocks));
            let first = (from / factor).saturating_sub(halo);
            let last = (to.div_ceil(factor) + halo).min(view.frames());
            let mut x = vec![0.0; usize::try_from(last - first).unwrap_or(0)];
            view.read_f64(first, &mut x)?;
            let place = Place { first, factor, rate: view_rate, frames };
            let slow = Slow::new(&x, place, self.mains, mains_prior, &gain, drift);
            if let Some(t) = &slow.mains {
                mains_prior = t.fundamental;
                let lines = sums.mains_lines.get_or_insert_default();
                lines.add(t.fundamental * view_rate, &t.fit.phasors, &t.orders, 0, (to - from) as f64);
            }
            self.block(from, to, &slow, &mut switching_prior, &mut sums)?;
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
    ) -> Result<(), RecordError> {
        let cycles = if *switching_prior > 0.0 { (20.0 / *switching_prior) as u64 } else { 0 };
        let target = (CHUNK as u64).max(cycles).min(LONGEST);
        let chunks = (to - from).div_ceil(target).max(1);
        let mut x = Vec::new();
        for c in 0..chunks {
            let (a, b) = (from + part(to - from, c, chunks), from + part(to - from, c + 1, chunks));
            x.resize(usize::try_from(b - a).unwrap_or(0), 0.0);
            self.record.read_f64(a, &mut x)?;
            self.chunk(&mut x, a, slow, switching_prior, sums);
        }
        Ok(())
    }

    /// Takes one chunk apart; `x` holds its samples, and the residue afterwards.
    fn chunk(&self, x: &mut [f64], start: u64, slow: &Slow, prior: &mut f64, sums: &mut Sums) {
        let n = x.len();
        let mut drift = vec![0.0; n];
        slow.fill_drift(start, &mut drift);
        let half = 0.5 * (self.scan.frames as f64 - 1.0);
        sums.total.merge(Moments::of(x));
        sums.histogram.add_all(x);
        let mut mains = vec![0.0; n];
        slow.fill_mains(start, &mut mains);
        sums.mains.merge(Moments::of(&mains));
        x.iter_mut().zip(&drift).zip(&mains).for_each(|((v, d), m)| *v -= d + m);
        let rate = self.rate();
        let widest = ((0.5e-3 * rate) as usize).min(n / 10).max(16);
        let gap = ((1e-7 * rate) as usize).max(8);
        let least = (0.29 * self.scan.step).max(5e-5 * (self.scan.max - self.scan.min));
        let mut fitted = self.fit_switching(x, *prior);
        let mut found = spikes::find(x, spikes::sigma(x, least), widest, gap);
        if let (Some((_, s)), Some(family)) = (&fitted, self.switching) {
            subtract(x, s);
            found = spikes::find(x, spikes::sigma(x, least), widest, gap);
            if !found.is_empty() {
                // Again without the spikes, which would lend their energy to the lines.
                let mut clean: Vec<f64> = x.iter().zip(s).map(|(r, s)| r + s).collect();
                found.iter().for_each(|p| clean[p.from..p.to].copy_from_slice(&s[p.from..p.to]));
                let near = fitted.as_ref().map_or(*prior, |(f, _)| f.fundamental);
                let again = switching::fit(&clean, family, near).map(|f| self.with_values(f, n));
                if let (Some(again), Some((_, old))) = (again, &fitted) {
                    x.iter_mut().zip(old).zip(&again.1).for_each(|((r, o), s)| *r += o - s);
                    found = spikes::find(x, spikes::sigma(x, least), widest, gap);
                    fitted = Some(again);
                }
            }
        }
        if let (Some((f, values)), Some(family)) = (&fitted, self.switching) {
            *prior = f.fundamental;
            sums.switching.merge(Moments::of(values));
            let main = family.orders.iter().position(|&k| k == family.main).unwrap_or(0);
            sums.switching_lines.get_or_insert_default().add(
                f.fundamental * rate,
                &f.phasors,
                &family.orders,
                main,
                n as f64,
            );
        }
        found.retain(|spike| !is_edge(spike, x, &mut drift));
        for spike in &found {
            let at = start + spike.peak as u64;
            let switching = fitted.as_ref().zip(self.switching).map(|((f, _), family)| {
                let k = family.orders.first().map_or(1.0, |&k| f64::from(k));
                let turn = f.phasors.first().map_or(0.0, |c| c.arg()) / std::f64::consts::TAU;
                k * f.fundamental * centered(spike.peak, n) + turn
            });
            // One that reaches over from the chunk before was counted there.
            let continued = spike.from == 0 && start > 0 && sums.spike_end == start;
            sums.spike_end = start + spike.to as u64;
            if continued {
                continue;
            }
            sums.spikes.add(x[spike.peak], slow.strongest_phase(at), switching);
        }
        sums.rest(x, &drift, &found, start as f64 - half);
    }

    fn with_values(&self, fitted: switching::Fitted, n: usize) -> (switching::Fitted, Vec<f64>) {
        let orders = self.switching.map(|f| f.orders.as_slice()).unwrap_or_default();
        let cycle = Cycle::new(orders, &fitted.phasors);
        let mut values = vec![0.0; n];
        cycle.fill(fitted.fundamental * centered(0, n), fitted.fundamental, &mut values);
        (fitted, values)
    }

    fn fit_switching(&self, x: &[f64], prior: f64) -> Option<(switching::Fitted, Vec<f64>)> {
        let family = self.switching?;
        switching::fit(x, family, prior).map(|f| self.with_values(f, x.len()))
    }
}

/// Whether a spike is the edge of a change of level, which then goes to the drift: the level differs on its two sides.
fn is_edge(spike: &spikes::Spike, r: &mut [f64], drift: &mut [f64]) -> bool {
    let (before, after) = (drift[spike.from], drift[spike.to - 1]);
    if (after - before).abs() < 0.5 * r[spike.peak].abs() {
        return false;
    }
    for i in spike.from..spike.to {
        drift[i] += std::mem::take(&mut r[i]);
    }
    true
}

/// Sum of values times their places, the first of which is `at`.
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
            residue: Moments::default(),
            quiet: Moments::default(),
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

    /// Sums up what is left of a chunk that starts `at` samples from the record's middle.
    fn rest(&mut self, r: &[f64], drift: &[f64], found: &[spikes::Spike], at: f64) {
        self.drift_moment += moment(drift, at);
        self.residue_moment += moment(r, at);
        let (low, high) = drift.iter().fold(self.drift_range, |(l, h), d| (l.min(*d), h.max(*d)));
        self.drift_range = (low, high);
        self.drift.merge(Moments::of(drift));
        self.residue.merge(Moments::of(r));
        let mut level: Vec<f64> = r.iter().zip(drift).map(|(v, d)| d + v).collect();
        let mut done = 0;
        for spike in found {
            let (from, to) = (spike.from.max(done), spike.to.max(done));
            self.quiet.merge(Moments::of(&r[done..from]));
            level[from..to].copy_from_slice(&drift[from..to]);
            done = to;
        }
        self.quiet.merge(Moments::of(&r[done..]));
        self.add_level(&level);
    }

    fn add_level(&mut self, mut level: &[f64]) {
        while !level.is_empty() {
            let room = usize::try_from(self.level_step - self.level_sum.1).unwrap_or(usize::MAX);
            let (now, later) = level.split_at(room.min(level.len()));
            self.level_sum.0 += now.iter().sum::<f64>();
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
