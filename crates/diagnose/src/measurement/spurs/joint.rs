//! Short records: carrier, harmonics and spurs fitted together, so that the noise is what they leave.
//!
//! A transform short enough to be averaged has main lobes that cover much of a short record's spectrum; the fit needs
//! no averaging and no room between lines.

use faultscope_signal::multitone::{self, Member};
use faultscope_signal::{Record, RecordError};

use super::Behaviour;
use super::owner::Found;
use super::quality::{Harmonic, Powers};

/// Longest record that is fitted as a whole; longer ones have transforms long enough.
const FRAMES: u64 = 1 << 15;
/// More lines than this are no spurs beside a carrier.
const LINES: usize = 16;
/// A carrier that leaves this many times the noise between the lines is not steady enough for a fit (3 dB).
const STEADY: f64 = 2.0;
/// What lines that cannot be fitted leave must at least be this share of the fit's residual.
const REST: f64 = 0.1;

/// Replaces noise, harmonics and spurs by those of the fit, where it applies. `others` are the lines that are neither
/// DC nor harmonics.
pub(super) fn refine(
    record: &dyn Record,
    carrier: &Found,
    harmonics: &mut [Harmonic],
    others: &[&Found],
    powers: &mut Powers,
) -> Result<(), RecordError> {
    if record.frames() > FRAMES || !carrier.coherent || others.len() > LINES {
        return Ok(());
    }
    let rate = record.sample_rate_hz();
    let member = |offset_hz: f64, order| Member { frequency: offset_hz / rate, order, power: 0.0 };
    let own = std::iter::once(member(carrier.offset_hz, Some(1.0)))
        .chain(harmonics.iter().map(|h| member(h.offset_hz, Some(h.slope))));
    let steady = |f: &&&Found| f.behaviour == Behaviour::Steady;
    let members: Vec<Member> = own.chain(others.iter().filter(steady).map(|f| member(f.offset_hz, None))).collect();
    let Some(fit) = multitone::fit(record, &members)? else { return Ok(()) };
    let mut fitted = fit.lines.into_iter().map(|m| m.map(|m| m.power));
    if fitted.next().flatten().is_none() || fit.residual > STEADY * powers.noise {
        return Ok(());
    }
    // A harmonic that falls on another line is counted there.
    let of_harmonics: Vec<f64> = harmonics.iter().map(|_| fitted.next().flatten().unwrap_or(0.0)).collect();
    let (mut spurs, mut left) = (0.0, 0.0);
    for f in others {
        let own = if f.behaviour == Behaviour::Steady { fitted.next().flatten() } else { None };
        spurs += own.unwrap_or(f.power);
        left += if own.is_none() { f.power } else { 0.0 };
    }
    let noise = fit.residual - left;
    if noise < REST * fit.residual {
        return Ok(());
    }
    for (h, power) in harmonics.iter_mut().zip(of_harmonics) {
        (h.power, h.noise) = (power, fit.noise);
    }
    (powers.noise, powers.spurs) = (noise, spurs);
    let numbers = record.frames() as f64 * record.kind().components() as f64;
    powers.noise_sigma = (2.0 / numbers).sqrt();
    Ok(())
}
