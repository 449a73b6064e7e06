//! The mains searched again beside the events: dips that repeat at a multiple of the mains look like its lines.

use faultscope_signal::{Record, RecordError, Waveform};

use super::{Event, EventKind};

/// Longest record that is searched again: of longer ones an event is too small a part to be taken for mains.
pub(super) const LONGEST_S: f64 = 2.0;
/// What is left out on either side of an event.
const MARGIN_S: f64 = 1e-3;
/// Least stretch without events that is searched: two cycles.
const LEAST_S: f64 = 0.04;

/// When the events are that come back: start and end in seconds.
pub(super) fn away(events: &[Event]) -> Vec<(f64, f64)> {
    let returns = |e: &&Event| matches!(e.kind, EventKind::Sag | EventKind::Swell | EventKind::Dropout);
    events
        .iter()
        .filter(returns)
        .filter_map(|e| Some((e.start_s - MARGIN_S, e.start_s + e.recovery_s? + MARGIN_S)))
        .collect()
}

/// The samples of such times that lie in a slice whose first sample is sample `first`.
pub(super) fn samples(away: &[(f64, f64)], first: f64, rate: f64, len: usize) -> Vec<(usize, usize)> {
    let at = |s: f64| (s * rate - first).round().clamp(0.0, len as f64) as usize;
    away.iter().map(|&(a, b)| (at(a), at(b))).filter(|(a, b)| a < b).collect()
}

/// The longest stretch of a view without events; nothing when it is too short for the mains.
pub(super) fn longest(view: &dyn Record, away: &[(f64, f64)]) -> Result<Option<Waveform>, RecordError> {
    let (rate, len) = (view.sample_rate_hz(), usize::try_from(view.frames()).unwrap_or(0));
    let mut longest = (0, 0);
    let mut from = 0;
    for (a, b) in samples(away, 0.0, rate, len).into_iter().chain([(len, len)]) {
        if a.saturating_sub(from) > longest.1 - longest.0 {
            longest = (from, a);
        }
        from = from.max(b);
    }
    let mut x = vec![0.0; longest.1 - longest.0];
    if (x.len() as f64) < LEAST_S * rate {
        return Ok(None);
    }
    view.read_f64(longest.0 as u64, &mut x)?;
    Waveform::real(x, rate, view.unit()).map(Some)
}
