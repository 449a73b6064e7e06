//! The second pass: each block freed of mains and drift, each chunk of switching and spikes, and everything summed up.

mod family;
mod moments;
mod sums;

use faultscope_signal::comb::{Cycle, centered};
use faultscope_signal::lanes::range;
use faultscope_signal::lowpass::{Decimated, response};
use faultscope_signal::wide::wide;
use faultscope_signal::{Record, RecordError};

pub(super) use self::family::FamilySums;
use self::moments::Moments;
use self::sums::PART;
pub(super) use self::sums::Sums;

use super::scan::{CHUNK, Clean, Scan};
use super::slow::{DriftFilter, DriftModel, LINE_BELOW_S, Place, Prior, Slow};
use super::{mains, spikes, switching, undisturbed};

/// What the neighbours of a block lend to its fit.
const HALO_S: f64 = 0.25;
/// Longest chunk of the switching fit.
const LONGEST: u64 = 1 << 22;

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
            wide(
                #[inline(always)]
                || {
                    add(x, switching);
                    clean.copy_from_slice(x);
                },
            );
            found.iter().for_each(|p| clean[p.from..p.to].copy_from_slice(&switching[p.from..p.to]));
            if let Some(again) = self.fit_switching(clean, first.fundamental, switching) {
                fitted = Some(again);
            }
            wide(
                #[inline(always)]
                || subtract(x, switching),
            );
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

/// Start of part `i` of `parts` nearly equal parts.
fn part(whole: u64, i: u64, parts: u64) -> u64 {
    (u128::from(whole) * u128::from(i) / u128::from(parts)) as u64
}

#[inline(always)]
fn add(x: &mut [f64], s: &[f64]) {
    x.iter_mut().zip(s).for_each(|(x, s)| *x += s);
}

#[inline(always)]
fn subtract(x: &mut [f64], s: &[f64]) {
    x.iter_mut().zip(s).for_each(|(x, s)| *x -= s);
}
