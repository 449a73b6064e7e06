//! Names for changes of level: sag, swell, step, dropout, turn-on, turn-off.

use faultscope_signal::events::{Change, changes};

use super::separate::Sums;
use super::slow::LINE_BELOW_S;
use super::{Event, EventKind};

/// Window of the change detector.
const WINDOW_S: f64 = 1e-3;
/// Longest pause within a burst: what repeats faster is beyond drift.
const BURST_S: f64 = 1.0 / RIPPLE_HZ;
/// A level below this part of another is near zero.
const NEAR_ZERO: f64 = 0.1;
/// Shortest record with events: less than one window of the detector does not tell a level from a waveform.
pub(super) const SHORTEST_S: f64 = WINDOW_S;
/// Most changes between two states that are still events of a rail in a record too short for drift.
const MOST_CROSSINGS: usize = 2;
/// Share of the samples near either of two states from which on there is nothing else.
const NEAR_STATES: f64 = 0.95;
/// Two states are no rail's when they lie further apart than this part of the mean.
const SWING: f64 = 0.5;
/// Repetition from which on changes are ripple: what lies above 20 Hz is periodic and random deviation, not drift.
const RIPPLE_HZ: f64 = 20.0;

/// The events in the level stream. `step` is the converter's step.
pub(super) fn find(sums: &Sums, dc: f64, step: f64, rate: f64) -> Vec<Event> {
    let dt = sums.level_step as f64 / rate;
    let level: Vec<f64> = sums.level.iter().map(|v| v + dc).collect();
    let window = ((WINDOW_S / dt).round() as usize).min(level.len() / 50).max(4);
    let spread = sums.histogram.percentile(0.995) - sums.histogram.percentile(0.005);
    let found = joined(changes(&level, window, (1.5 * step).max(0.02 * spread)), dt);
    let kinds: Vec<Event> = found.iter().map(|c| name(c, dt)).collect();
    let lasting = |k: EventKind| matches!(k, EventKind::Dropout | EventKind::TurnOn | EventKind::TurnOff);
    if repeats(&kinds) { kinds.into_iter().filter(|e| lasting(e.kind)).collect() } else { kinds }
}

/// Whether a short record jumps again and again between two states, both away from the middle: a digital or switching
/// waveform.
pub(super) fn two_states(sums: &Sums, dc: f64, duration_s: f64) -> bool {
    let (low, high) = (sums.histogram.percentile(0.005), sums.histogram.percentile(0.995));
    let span = high - low;
    if duration_s >= LINE_BELOW_S || span <= SWING * dc.abs() {
        return false;
    }
    // What counts as a spike is not in the level.
    let (mut crossings, mut state) = (2 * usize::try_from(sums.spikes.count).unwrap_or(usize::MAX / 4), None);
    for place in sums.level.iter().map(|v| (v - low) / span).filter(|p| !(0.3..=0.7).contains(p)) {
        let now = Some(place > 0.5);
        crossings += usize::from(state.is_some() && state != now);
        state = now;
    }
    let between = sums.histogram.share_below(low + 0.8 * span) - sums.histogram.share_below(low + 0.2 * span);
    crossings > MOST_CROSSINGS && 1.0 - between > NEAR_STATES
}

/// Changes that follow each other within [`BURST_S`] and end near where the first began are one: a burst of dips.
fn joined(found: Vec<Change>, dt: f64) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    let mut rest = found.as_slice();
    while let Some((first, later)) = rest.split_first() {
        let mut whole = *first;
        let mut taken = 0;
        if !first.returned {
            let mut farthest = *first;
            for (i, next) in later.iter().enumerate() {
                let last = if i == 0 { first } else { &later[i - 1] };
                if (next.start.saturating_sub(last.extreme_at.max(last.start))) as f64 * dt > BURST_S {
                    break;
                }
                if (next.extreme - first.before).abs() > (farthest.extreme - first.before).abs() {
                    farthest = *next;
                }
                let reach = (farthest.extreme - first.before).abs();
                if (next.after - first.before).abs() < 0.5 * reach {
                    taken = i + 1;
                    whole = Change {
                        extreme: farthest.extreme,
                        extreme_at: farthest.extreme_at,
                        after: next.after,
                        returned: true,
                        settled: next.settled,
                        ..*first
                    };
                }
            }
        }
        out.push(whole);
        rest = &later[taken..];
    }
    out
}

/// Whether the changes come so regularly and so fast that they are ripple.
fn repeats(events: &[Event]) -> bool {
    if events.len() < 8 {
        return false;
    }
    let mut gaps: Vec<f64> = events.windows(2).map(|w| w[1].start_s - w[0].start_s).collect();
    let (median, sigma) = faultscope_signal::robust::median_and_sigma(&mut gaps);
    median < 1.0 / RIPPLE_HZ && sigma < 0.2 * median
}

fn name(c: &Change, dt: f64) -> Event {
    // Towards zero is down, whatever the sign of the rail.
    let rail = if c.before.abs() >= c.after.abs() { c.before } else { c.after };
    let down = (c.extreme - c.before) * rail < 0.0;
    let kind = if c.before.abs() < NEAR_ZERO * c.after.abs() {
        EventKind::TurnOn
    } else if c.after.abs() < NEAR_ZERO * c.before.abs() {
        EventKind::TurnOff
    } else if !c.returned && (c.after - c.before).abs() >= 0.5 * (c.extreme - c.before).abs() {
        EventKind::Step
    } else if c.extreme.abs() < NEAR_ZERO * c.before.abs() {
        EventKind::Dropout
    } else if down {
        EventKind::Sag
    } else {
        EventKind::Swell
    };
    let permanent = matches!(kind, EventKind::Step | EventKind::TurnOn | EventKind::TurnOff);
    let time = |at: usize| at.saturating_sub(c.start) as f64 * dt;
    Event {
        kind,
        start_s: c.start as f64 * dt,
        depth_v: (if permanent { c.after } else { c.extreme } - c.before).abs(),
        droop_time_s: Some(time(c.extreme_at)),
        recovery_s: c.settled.map(time),
        overshoot_v: Some(c.overshoot),
    }
}
