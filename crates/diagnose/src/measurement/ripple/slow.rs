//! The slow part of one block: mains lines and drift, fitted on a decimated view and evaluated at any sample.

use faultscope_signal::comb::{Cycle, centered};
use faultscope_signal::lowpass::{kaiser_sinc, smooth};
use faultscope_signal::robust::median_and_sigma;

use super::mains::{Family, Tracked, track};

/// Records shorter than this have no band below 20 Hz: their drift is a straight line.
pub(super) const LINE_BELOW_S: f64 = 0.1;
/// Half-amplitude frequency of the drift filter: flat to 20 Hz, 60 dB down at 45 Hz.
const CUTOFF_HZ: f64 = 30.0;
/// Half length of the drift filter.
const HALF_S: f64 = 0.075;
/// Departures shorter than this are spikes, longer ones are changes of level.
const EVENT_S: f64 = 3e-3;

/// How drift is told from the rest.
#[derive(Debug, Clone, Copy)]
pub(super) enum DriftModel {
    /// A straight line: value at the record's middle and change per sample.
    Line { offset: f64, slope: f64 },
    /// All below 20 Hz.
    LowPass,
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
    /// Fits a block of the view. `gain` is the view's response at each order of the family.
    pub(super) fn new(
        mut x: Vec<f64>,
        place: Place,
        family: Option<&Family>,
        prior: f64,
        gain: &[f64],
        drift: DriftModel,
    ) -> Self {
        let n = x.len();
        let middle = (place.first as f64 + 0.5 * (n as f64 - 1.0)) * place.factor as f64;
        let mut slow = Self {
            place,
            mains: None,
            cycle: None,
            middle,
            line: None,
            drift: Vec::new(),
            step: 1,
            events: None,
        };
        if let DriftModel::Line { offset, slope } = drift {
            slow.line = Some((offset, slope));
        }
        for pass in 0..2 {
            slow.mains = family.and_then(|f| track(&x, f, prior, place.rate));
            let cycle = slow.mains.as_ref().map(|t| Cycle::new(&t.orders, &t.fit.phasors));
            let lines = |i: usize| match (&slow.mains, &cycle) {
                (Some(t), Some(c)) => c.at(t.fundamental * centered(i, n)),
                _ => 0.0,
            };
            let rest: Vec<f64> = x.iter().enumerate().map(|(i, v)| v - lines(i)).collect();
            if slow.line.is_none() {
                slow.filter(&rest);
            }
            if pass == 1 {
                break;
            }
            let left: Vec<f64> = rest.iter().enumerate().map(|(i, v)| v - slow.smooth_drift(i as f64)).collect();
            let (spikes, events) = departures(&left, place.rate);
            slow.events = (slow.line.is_none() && !events.is_empty()).then(|| {
                let mut extra = vec![0.0; n];
                events.iter().for_each(|&(a, b)| extra[a..b].copy_from_slice(&left[a..b]));
                extra
            });
            if spikes.is_empty() {
                break;
            }
            for (a, b) in spikes {
                (a..b).for_each(|i| x[i] -= left[i]);
            }
        }
        slow.compensate(gain);
        slow
    }

    fn compensate(&mut self, gain: &[f64]) {
        if let Some(t) = &mut self.mains {
            t.fit.phasors.iter_mut().zip(gain).for_each(|(c, g)| *c /= g);
            self.cycle = Some(Cycle::new(&t.orders, &t.fit.phasors));
        }
    }

    fn filter(&mut self, rest: &[f64]) {
        if self.place.rate <= 2.0 * CUTOFF_HZ {
            self.drift = rest.to_vec();
            self.step = 1;
            return;
        }
        let taps = kaiser_sinc(CUTOFF_HZ / self.place.rate, (HALF_S * self.place.rate).ceil() as usize, 6.0);
        self.step = ((self.place.rate / 400.0) as usize).max(1);
        self.drift = smooth(rest, &taps, self.step);
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

    fn view_position(&self, sample: u64) -> f64 {
        sample as f64 / self.place.factor as f64 - self.place.first as f64
    }

    /// Drift at a sample of the record.
    pub(super) fn drift_at(&self, sample: u64) -> f64 {
        let at = self.view_position(sample);
        self.smooth_drift(at) + self.events.as_ref().map_or(0.0, |e| interpolate(e, at))
    }

    /// Phase of the mains in cycles at a sample of the record.
    fn mains_phase(&self, sample: u64) -> Option<f64> {
        let t = self.mains.as_ref()?;
        Some(t.fundamental / self.place.factor as f64 * (sample as f64 - self.middle))
    }

    /// The mains lines at a sample of the record.
    pub(super) fn mains_at(&self, sample: u64) -> f64 {
        match (&self.cycle, self.mains_phase(sample)) {
            (Some(c), Some(p)) => c.at(p),
            _ => 0.0,
        }
    }

    /// Phase of the strongest mains line in its cycles at a sample of the record.
    pub(super) fn strongest_phase(&self, sample: u64) -> Option<f64> {
        let t = self.mains.as_ref()?;
        let best = (0..t.orders.len())
            .max_by(|&a, &b| t.fit.phasors[a].norm_sqr().total_cmp(&t.fit.phasors[b].norm_sqr()))?;
        let turns = t.fit.phasors[best].arg() / std::f64::consts::TAU;
        Some(f64::from(t.orders[best]) * self.mains_phase(sample)? + turns)
    }
}

/// Runs of samples beyond five robust deviations: short ones (spikes), and long ones of the 1 ms mean (changes of level).
#[allow(clippy::type_complexity, reason = "two lists of ranges; a type would say no more")]
fn departures(left: &[f64], rate: f64) -> (Vec<(usize, usize)>, Vec<(usize, usize)>) {
    let n = left.len();
    let width = ((1e-3 * rate) as usize).max(1) | 1;
    let means = smooth(left, &vec![1.0 / width as f64; width], 1);
    let least = (EVENT_S * rate).max(3.0) as usize;
    let spread = |v: &[f64]| median_and_sigma(&mut v.to_vec()).1;
    let grow = |(a, b): (usize, usize), by: usize| (a.saturating_sub(by), (b + by).min(n));
    let events: Vec<(usize, usize)> = runs(&means, 6.0 * spread(&means), width)
        .into_iter()
        .filter(|r| r.1 - r.0 >= least)
        .map(|r| grow(r, 2 * width))
        .collect();
    let spikes = runs(left, 5.0 * spread(left), 4)
        .into_iter()
        .filter(|r| r.1 - r.0 <= least && !events.iter().any(|e| r.0 < e.1 && e.0 < r.1))
        .map(|r| grow(r, 4))
        .collect();
    (spikes, merged(events))
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

/// Catmull and Rom's cubic through samples at whole positions; held beyond the ends.
fn interpolate(v: &[f64], at: f64) -> f64 {
    let Some(last) = v.len().checked_sub(1) else { return 0.0 };
    let at = at.clamp(0.0, last as f64);
    let i = (at as usize).min(last.saturating_sub(1));
    let t = at - i as f64;
    let get = |k: usize| v[k.min(last)];
    let (a, b, c, d) = (get(i.saturating_sub(1)), get(i), get(i + 1), get(i + 2));
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}
