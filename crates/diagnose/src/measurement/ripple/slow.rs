//! The slow part of one block: mains lines and drift, fitted on a decimated view and evaluated at any sample.

use faultscope_signal::comb::{Cycle, centered};
use faultscope_signal::lowpass::{kaiser_sinc, smooth};
use faultscope_signal::robust::median_and_sigma;
use faultscope_signal::wide::wide;

use super::mains::{Family, Tracked, track};

/// Records shorter than this have no band below 20 Hz: their drift is a straight line.
pub(super) const LINE_BELOW_S: f64 = 0.1;
/// Half-amplitude frequency of the drift filter: flat to 20 Hz, 60 dB down at 45 Hz.
const CUTOFF_HZ: f64 = 30.0;
/// Half length of the drift filter.
const HALF_S: f64 = 0.075;
/// Departures shorter than this are spikes, longer ones are changes of level.
const EVENT_S: f64 = 3e-3;
/// Half length of the view's filter in its samples: how far it rings.
const RINGING: usize = 8;
/// Most repetitions of the fit without spikes and events.
const PASSES: usize = 5;

/// How drift is told from the rest.
#[derive(Debug, Clone, Copy)]
pub(super) enum DriftModel {
    /// A straight line: value at the record's middle and change per sample.
    Line { offset: f64, slope: f64 },
    /// All below 20 Hz.
    LowPass,
}

/// The filter that drift passes, worked out once for a view.
pub(super) struct DriftFilter {
    taps: Vec<f64>,
    /// Every how many samples of the view it is evaluated.
    step: usize,
}

impl DriftFilter {
    pub(super) fn new(rate: f64) -> Self {
        if rate <= 2.0 * CUTOFF_HZ {
            return Self { taps: vec![1.0], step: 1 };
        }
        let taps = kaiser_sinc(CUTOFF_HZ / rate, (HALF_S * rate).ceil() as usize, 6.0);
        Self { taps, step: ((rate / 400.0) as usize).max(1) }
    }
}

/// Where a block lies in the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// First sample of the view.
    pub(super) first: u64,
    /// Record samples per view sample.
    pub(super) factor: u64,
    /// Rate of the view.
    pub(super) rate: f64,
    /// Frames of the record.
    pub(super) frames: u64,
}

/// The family that a block is searched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior<'a> {
    pub(super) family: Option<&'a Family>,
    /// Cycles per sample of the view.
    pub(super) fundamental: f64,
    /// The view's response at each order of the family.
    pub(super) gain: &'a [f64],
    /// Samples of the block that belong to events and say nothing about the family.
    pub(super) away: &'a [(usize, usize)],
}

/// Mains and drift of one block.
pub(super) struct Slow {
    place: Place,
    pub(super) mains: Option<Tracked>,
    cycle: Option<Cycle>,
    middle: f64,
    line: Option<(f64, f64)>,
    drift: Vec<f64>,
    step: usize,
    events: Option<Vec<f64>>,
}

impl Slow {
    /// Fits a block of the view.
    pub(super) fn new(x: &[f64], place: Place, prior: Prior, drift: DriftModel, filter: &DriftFilter) -> Self {
        let n = x.len();
        let middle = (place.first as f64 + 0.5 * (n as f64 - 1.0)) * place.factor as f64;
        let mut slow =
            Self { place, mains: None, cycle: None, middle, line: None, drift: Vec::new(), step: 1, events: None };
        if let DriftModel::Line { offset, slope } = drift {
            slow.line = Some((offset, slope));
        }
        // Spikes and changes of level lend their energy to the lines, so they are taken out and the fit is repeated.
        let mut taken_out = vec![0.0; n];
        for pass in 0..PASSES {
            let y: Vec<f64> = x.iter().zip(&taken_out).map(|(x, t)| x - t).collect();
            // The fundamental of the pass before is the better start.
            let start = slow.mains.as_ref().map_or(prior.fundamental, |t| t.fundamental);
            slow.mains = prior.family.and_then(|f| track(&y, f, prior.fundamental, start, place.rate));
            let lines = slow.lines(n);
            if slow.line.is_none() {
                let rest: Vec<f64> = y.iter().zip(&lines).map(|(y, l)| y - l).collect();
                slow.drift = smooth(&rest, &filter.taps, filter.step);
                slow.step = filter.step;
            }
            let mut left = vec![0.0; n];
            slow.fill_smooth(&mut left);
            left.iter_mut().zip(x).zip(&lines).for_each(|((d, x), l)| *d = x - l - *d);
            let (spikes, events) = departures(&left, place.rate, prior.away);
            let only = |ranges: &[(usize, usize)]| {
                let mut out = vec![0.0; n];
                ranges.iter().for_each(|&(a, b)| out[a..b].copy_from_slice(&left[a..b]));
                out
            };
            slow.events = (slow.line.is_none() && !events.is_empty()).then(|| only(&events));
            if (spikes.is_empty() && events.is_empty()) || (events.is_empty() && pass > 0) {
                break;
            }
            taken_out = only(&[spikes, events].concat());
        }
        slow.compensate(prior.gain);
        slow
    }

    /// The lines as the view has them.
    fn lines(&self, n: usize) -> Vec<f64> {
        let Some(t) = &self.mains else { return vec![0.0; n] };
        let cycle = Cycle::new(&t.orders, &t.fit.phasors);
        let mut lines = vec![0.0; n];
        cycle.fill(t.fundamental * centered(0, n), t.fundamental, &mut lines);
        lines
    }

    fn compensate(&mut self, gain: &[f64]) {
        if let Some(t) = &mut self.mains {
            t.fit.phasors.iter_mut().zip(gain).for_each(|(c, g)| *c /= g);
            self.cycle = Some(Cycle::new(&t.orders, &t.fit.phasors));
        }
    }

    fn smooth_drift(&self, at: f64) -> f64 {
        match self.line {
            Some((offset, slope)) => {
                let record = (self.place.first as f64 + at) * self.place.factor as f64;
                offset + slope * (record - 0.5 * (self.place.frames - 1) as f64)
            }
            None => interpolate(&self.drift, at / self.step as f64),
        }
    }

    /// Drift without events at the samples of the view.
    fn fill_smooth(&self, out: &mut [f64]) {
        if self.line.is_some() {
            out.iter_mut().enumerate().for_each(|(i, d)| *d = self.smooth_drift(i as f64));
        } else {
            fill(&self.drift, 0.0, 1.0 / self.step as f64, out);
        }
    }

    fn view_position(&self, sample: u64) -> f64 {
        sample as f64 / self.place.factor as f64 - self.place.first as f64
    }

    /// Drift at the samples of the record from `start` on.
    pub(super) fn fill_drift(&self, start: u64, out: &mut [f64]) {
        if self.line.is_some() {
            out.iter_mut().enumerate().for_each(|(i, d)| *d = self.smooth_drift(self.view_position(start + i as u64)));
            return;
        }
        let per_cell = 1.0 / (self.place.factor as f64 * self.step as f64);
        fill(&self.drift, self.view_position(start) / self.step as f64, per_cell, out);
        if let Some(events) = &self.events {
            let mut levels = vec![0.0; out.len()];
            fill(events, self.view_position(start), 1.0 / self.place.factor as f64, &mut levels);
            out.iter_mut().zip(&levels).for_each(|(d, e)| *d += e);
        }
    }

    /// How many samples of the record to either side of a change of level the drift may ring.
    pub(super) fn ringing(&self) -> usize {
        if self.events.is_some() { RINGING * usize::try_from(self.place.factor).unwrap_or(1) } else { 0 }
    }

    /// Phase of the mains in cycles at a sample of the record.
    fn mains_phase(&self, sample: u64) -> Option<f64> {
        let t = self.mains.as_ref()?;
        Some(t.fundamental / self.place.factor as f64 * (sample as f64 - self.middle))
    }

    /// The mains lines at the samples of the record from `start` on, and whether there are any.
    pub(super) fn fill_mains(&self, start: u64, out: &mut [f64]) -> bool {
        let (Some(cycle), Some(phase), Some(t)) = (&self.cycle, self.mains_phase(start), &self.mains) else {
            return false;
        };
        cycle.fill(phase, t.fundamental / self.place.factor as f64, out);
        true
    }

    /// Phase of the strongest mains line in its cycles at a sample of the record.
    pub(super) fn strongest_phase(&self, sample: u64) -> Option<f64> {
        let t = self.mains.as_ref()?;
        let best =
            (0..t.orders.len()).max_by(|&a, &b| t.fit.phasors[a].norm_sqr().total_cmp(&t.fit.phasors[b].norm_sqr()))?;
        let turns = t.fit.phasors[best].arg() / std::f64::consts::TAU;
        Some(f64::from(t.orders[best]) * self.mains_phase(sample)? + turns)
    }
}

/// Runs of samples beyond five robust deviations: short ones (spikes), and long ones of the 1 ms mean (changes of level),
/// with those that are known.
#[allow(clippy::type_complexity, reason = "two lists of ranges; a type would say no more")]
fn departures(left: &[f64], rate: f64, known: &[(usize, usize)]) -> (Vec<(usize, usize)>, Vec<(usize, usize)>) {
    let n = left.len();
    let width = ((1e-3 * rate) as usize).max(1) | 1;
    let means = running_mean(left, width);
    let least = (EVENT_S * rate).max(3.0) as usize;
    // A few thousand samples give the spread to two per cent.
    let spread = |v: &[f64]| {
        let mut thinned: Vec<f64> = v.iter().copied().step_by(v.len().div_ceil(4096).max(1)).collect();
        median_and_sigma(&mut thinned).1
    };
    let grow = |(a, b): (usize, usize), by: usize| (a.saturating_sub(by), (b + by).min(n));
    let mut events: Vec<(usize, usize)> = runs(&means, 6.0 * spread(&means), width)
        .into_iter()
        .filter(|r| r.1 - r.0 >= least)
        .map(|r| grow(r, 2 * width))
        .chain(known.iter().copied())
        .collect();
    events.sort_unstable();
    let spikes = runs(left, 5.0 * spread(left), 4)
        .into_iter()
        .filter(|r| r.1 - r.0 <= least && !events.iter().any(|e| r.0 < e.1 && e.0 < r.1))
        .map(|r| grow(r, 4))
        .collect();
    (spikes, merged(events))
}

/// Mean over `width` (odd) samples about each; the ends are held.
fn running_mean(v: &[f64], width: usize) -> Vec<f64> {
    let (n, half) = (v.len(), width / 2);
    let at = |i: i64| v[i.clamp(0, n as i64 - 1) as usize];
    if n == 0 {
        return Vec::new();
    }
    let mut sum: f64 = (-(half as i64)..=half as i64).map(at).sum();
    (0..n as i64)
        .map(|i| {
            let mean = sum / width as f64;
            sum += at(i + half as i64 + 1) - at(i - half as i64);
            mean
        })
        .collect()
}

fn merged(ranges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for r in ranges {
        match out.last_mut() {
            Some(last) if r.0 <= last.1 => last.1 = last.1.max(r.1),
            _ => out.push(r),
        }
    }
    out
}

fn runs(v: &[f64], limit: f64, gap: usize) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    if limit <= 0.0 {
        return out;
    }
    for (i, _) in v.iter().enumerate().filter(|(_, x)| x.abs() > limit) {
        match out.last_mut() {
            Some(run) if i <= run.1 + gap => run.1 = i + 1,
            _ => out.push((i, i + 1)),
        }
    }
    out
}

/// Catmull and Rom's cubic between samples `i` and `i + 1`: coefficients of 1, t, t^2, t^3; the ends are held.
fn cubic(v: &[f64], i: usize) -> [f64; 4] {
    let last = v.len().saturating_sub(1);
    let get = |k: usize| v.get(k.min(last)).copied().unwrap_or(0.0);
    let (a, b, c, d) = (get(i.saturating_sub(1)), get(i), get(i + 1), get(i + 2));
    [b, 0.5 * (c - a), 0.5 * (2.0 * a - 5.0 * b + 4.0 * c - d), 0.5 * (3.0 * (b - c) + d - a)]
}

/// The cubic through samples at whole positions; held beyond the ends.
fn interpolate(v: &[f64], at: f64) -> f64 {
    let mut one = [0.0];
    fill(v, at, 1.0, &mut one);
    one[0]
}

/// The same at `at`, `at + step` ...: coefficients are worked out once per cell, not once per value.
fn fill(v: &[f64], at: f64, step: f64, out: &mut [f64]) {
    let last = v.len().saturating_sub(1) as f64;
    let mut k = 0;
    while k < out.len() {
        let place = at + step * k as f64;
        let i = (place.clamp(0.0, last) as usize).min(v.len().saturating_sub(2));
        let (c, first) = (cubic(v, i), i as f64);
        // All values of this cell; before the first and beyond the last sample, all that is left there.
        let end = if first + 1.0 >= last { f64::INFINITY } else { first + 1.0 };
        let left = ((end - place) / step).ceil().max(1.0);
        let count = if left.is_finite() { (left as usize).min(out.len() - k) } else { out.len() - k };
        let offset = place - first;
        wide(
            #[inline(always)]
            || {
                for (j, o) in out[k..k + count].iter_mut().enumerate() {
                    let t = (offset + step * j as f64).clamp(0.0, 1.0);
                    *o = c[0] + t * (c[1] + t * (c[2] + t * c[3]));
                }
            },
        );
        k += count;
    }
}
