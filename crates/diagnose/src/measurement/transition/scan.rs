//! The passes over a record: its range and coarse course, its levels, its edges, and a close look at some of them.

use faultscope_signal::transition::{
    Edge, EdgeFinder, LevelHistogram, PulseTrain, Ringing, States, View, describe as describe_edge, phase_margin_deg,
};
use faultscope_signal::{Record, RecordError};

use super::{Direction, EdgeGroup, Pulses, RingingDetail, Transition, TransitionDetail};

const BLOCK: usize = 65_536;
/// Points of the coarse course of the level.
const COURSE: u64 = 65_536;
/// Edges that are looked at closely, at most.
const CLOSE: usize = 256;
/// Samples on either side of an edge that a close look takes in, at most.
const REACH: f64 = 262_144.0;

/// Range and coarse course of a record.
pub(super) struct Range {
    pub(super) frames: u64,
    pub(super) finite: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    /// Means of `step` samples each.
    pub(super) course: Vec<f64>,
    pub(super) step: u64,
}

/// Hands every block of a real record to `take`, with the place of its first sample.
fn blocks(record: &dyn Record, mut take: impl FnMut(u64, &[f64])) -> Result<(), RecordError> {
    let mut block = vec![0.0; BLOCK];
    let mut at = 0;
    while at < record.frames() {
        let got = record.read_f64(at, &mut block)?;
        if got == 0 {
            break;
        }
        take(at, &block[..got]);
        at += got as u64;
    }
    Ok(())
}

/// The first pass.
pub(super) fn range(record: &dyn Record) -> Result<Range, RecordError> {
    let step = record.frames().div_ceil(COURSE).max(1);
    let mut range = Range {
        frames: record.frames(),
        finite: 0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        course: Vec::new(),
        step,
    };
    let (mut sum, mut count, mut seen) = (0.0, 0u64, 0u64);
    blocks(record, |_, samples| {
        for v in samples {
            if v.is_finite() {
                range.finite += 1;
                range.min = range.min.min(*v);
                range.max = range.max.max(*v);
                sum += v;
                count += 1;
            }
            seen += 1;
            if seen == step {
                let held = range.course.last().copied().unwrap_or(0.0);
                range.course.push(if count > 0 { sum / count as f64 } else { held });
                (sum, count, seen) = (0.0, 0, 0);
            }
        }
    })?;
    Ok(range)
}

/// The second pass.
pub(super) fn histogram(record: &dyn Record, range: &Range) -> Result<LevelHistogram, RecordError> {
    let mut histogram = LevelHistogram::new(range.min, range.max);
    blocks(record, |_, samples| histogram.add(samples))?;
    Ok(histogram)
}

/// An edge with the ends of the states on both sides of it.
struct Kept {
    edge: Edge,
    from: f64,
    until: f64,
}

/// The edges of a record: all of them as a train, some of them for a close look.
pub(super) struct Edges {
    train: PulseTrain,
    kept: Vec<Kept>,
}

/// The third pass.
pub(super) fn edges(record: &dyn Record, states: &States) -> Result<Edges, RecordError> {
    let mut keeper = Keeper {
        train: PulseTrain::default(),
        kept: Vec::new(),
        every: 1,
        number: 0,
        last_end: 0.0,
        last_duration: 0.0,
    };
    let mut finder = EdgeFinder::new(states);
    blocks(record, |first, samples| finder.push(first, samples, |edge| keeper.take(edge)))?;
    finder.finish().into_iter().for_each(|edge| keeper.take(edge));
    let end = record.frames().saturating_sub(1) as f64;
    keeper.kept.iter_mut().for_each(|k| k.until = k.until.min(end));
    Ok(Edges { train: keeper.train, kept: keeper.kept })
}

/// Keeps every n-th edge, with n doubled whenever there are too many, so that memory stays flat.
struct Keeper {
    train: PulseTrain,
    kept: Vec<Kept>,
    every: u64,
    number: u64,
    last_end: f64,
    last_duration: f64,
}

impl Keeper {
    fn take(&mut self, edge: Edge) {
        self.train.add(&edge);
        if let Some(last) = self.kept.last_mut().filter(|k| k.until.is_infinite()) {
            // What comes before the first 10 % of the next edge is part of it already.
            let state = (last.edge.end(), edge.start());
            last.until = (state.1 - edge.duration().unwrap_or(1.0)).max(0.5 * (state.0 + state.1));
        }
        if self.number.is_multiple_of(self.every) {
            if self.kept.len() >= CLOSE {
                // Odd strides keep both directions.
                let mut i = 0;
                self.kept.retain(|_| {
                    i += 1;
                    (i - 1) % 3 == 0
                });
                self.every *= 3;
            }
            if self.number.is_multiple_of(self.every) {
                let from = (self.last_end + self.last_duration).min(0.5 * (self.last_end + edge.start()));
                self.kept.push(Kept { edge, from, until: f64::INFINITY });
            }
        }
        self.last_end = edge.end();
        self.last_duration = edge.duration().unwrap_or(0.0);
        self.number += 1;
    }
}

/// Reads samples `from..=until`; values that are not finite repeat the one before.
pub(super) fn window(record: &dyn Record, from: u64, until: u64) -> Result<Vec<f64>, RecordError> {
    let until = until.min(record.frames().saturating_sub(1));
    let mut samples = vec![0.0; (until + 1).saturating_sub(from) as usize];
    let got = record.read_f64(from, &mut samples)?;
    samples.truncate(got);
    let mut last = samples.iter().copied().find(|v| v.is_finite()).unwrap_or(0.0);
    for v in &mut samples {
        if v.is_finite() {
            last = *v;
        } else {
            *v = last;
        }
    }
    Ok(samples)
}

/// Puts what was found into the detail, with a close look at the edges that were kept.
pub(super) fn describe(
    record: &dyn Record,
    states: &States,
    edges: &Edges,
    band: f64,
    detail: &mut TransitionDetail,
) -> Result<(), RecordError> {
    let rate = record.sample_rate_hz();
    let train = &edges.train;
    let amplitude = states.amplitude();
    let group = |rising: bool| {
        let (count, whole, inner) = if rising {
            (train.rising, train.rise, train.rise_20_80)
        } else {
            (train.falling, train.fall, train.fall_20_80)
        };
        let sign = if rising { 1.0 } else { -1.0 };
        let mean = (whole.count > 0).then_some(whole.mean / rate);
        (count > 0).then(|| EdgeGroup {
            count,
            duration_10_90_s: mean,
            duration_sigma_s: (whole.count > 1).then(|| whole.sigma() / rate),
            duration_20_80_s: (inner.count > 0).then_some(inner.mean / rate),
            slew_v_per_s: mean.filter(|d| *d > 0.0).map(|d| sign * 0.8 * amplitude / d),
        })
    };
    detail.rising = group(true);
    detail.falling = group(false);
    detail.pulses = pulses(train, rate);
    for kept in &edges.kept {
        detail.transitions.push(look(record, states, kept, band)?);
    }
    turns(states, detail);
    Ok(())
}

fn pulses(train: &PulseTrain, rate: f64) -> Option<Pulses> {
    let seconds = |m: &faultscope_signal::transition::Moments| (m.count > 0).then_some(m.mean / rate);
    let (high, low, period) = (seconds(&train.high), seconds(&train.low), seconds(&train.period));
    let clock = train.clock.fit().filter(|_| train.regular());
    let period = clock.map(|(p, _)| p / rate).or(period);
    (high.is_some() || low.is_some()).then(|| Pulses {
        periods: train.period.count,
        high_s: high,
        low_s: low,
        period_s: period,
        frequency_hz: period.map(|p| 1.0 / p),
        duty_percent: high.zip(period).map(|(h, p)| 100.0 * h / p),
        regular: train.regular(),
        jitter_s: clock.filter(|_| train.period.count >= 2).map(|(_, j)| j / rate),
    })
}

fn look(record: &dyn Record, states: &States, kept: &Kept, band: f64) -> Result<Transition, RecordError> {
    let rate = record.sample_rate_hz();
    let (edge, amplitude) = (&kept.edge, states.amplitude());
    let from = kept.from.max(edge.start() - REACH).max(0.0).floor();
    let until = kept.until.min(edge.end() + REACH).max(edge.end()).ceil();
    let mut samples = window(record, from as u64, until as u64)?;
    let (zero, scale) = if edge.rising { (states.low, amplitude) } else { (states.high, -amplitude) };
    samples.iter_mut().for_each(|v| *v = (*v - zero) / scale);
    let noise = states.noise / amplitude;
    let band = band.max(4.0 * noise);
    let (start, middle, end) = (edge.start() - from, edge.t50 - from, edge.end() - from);
    let shape = describe_edge(&View { samples: &samples, start, middle, end, noise, band });
    let duration = edge.duration().map(|d| d / rate);
    let sign = if edge.rising { 1.0 } else { -1.0 };
    Ok(Transition {
        direction: if edge.rising { Direction::Rising } else { Direction::Falling },
        at_s: edge.t50 / rate,
        start_s: edge.start() / rate,
        duration_10_90_s: duration,
        duration_20_80_s: edge.duration_20_80().map(|d| d / rate),
        slew_v_per_s: duration.filter(|d| *d > 0.0).map(|d| sign * 0.8 * amplitude / d),
        overshoot_percent: 100.0 * shape.overshoot,
        undershoot_percent: 100.0 * shape.undershoot,
        preshoot_percent: 100.0 * shape.preshoot,
        settling_s: shape.settling.map(|t| t / rate),
        settling_band_percent: 100.0 * band,
        tilt_percent: shape.tilt.map(|t| 100.0 * t),
        ringing: shape.ringing.map(|r| ringing(r, rate)),
    })
}

/// Ringing per sample as ringing per second.
pub(super) fn ringing(r: Ringing, rate: f64) -> RingingDetail {
    RingingDetail {
        frequency_hz: r.frequency * rate,
        damping_ratio: r.damping,
        phase_margin_deg: phase_margin_deg(r.damping),
        half_waves: r.half_waves,
    }
}

/// Turn-on and turn-off: the first edge away from, and the last edge towards, a state within 10 % of zero.
fn turns(states: &States, detail: &mut TransitionDetail) {
    let near_zero = |level: f64, other: f64| level.abs() < 0.1 * other.abs();
    let on = match (near_zero(states.low, states.high), near_zero(states.high, states.low)) {
        (true, _) => Direction::Rising,
        (_, true) => Direction::Falling,
        _ => return,
    };
    // A train is a signal, not a supply that is switched.
    if detail.pulses.is_some_and(|p| p.periods > 1) {
        return;
    }
    let first = detail.transitions.iter().find(|t| t.direction == on);
    detail.turn_on_s = first.and_then(|t| Some(t.settling_s? + t.at_s - t.start_s));
    let last = detail.transitions.iter().rev().find(|t| t.direction != on);
    detail.turn_off_s = last.and_then(|t| t.duration_10_90_s);
}
