//! The strongest line of a record too short for the averaged spectrum: a waveform of a few cycles.

use faultscope_signal::comb::{Block, Taper, Trend};
use faultscope_signal::lowpass::Decimated;
use faultscope_signal::{Record, RecordError};

use super::switching::Family;

/// Samples that are looked at, at most.
const MOST: u64 = 1 << 18;
/// Fewer cycles do not tell a period from a single event.
const LEAST_CYCLES: f64 = 3.0;
/// Share of the energy that the family must explain.
const LEAST_SHARE: f64 = 0.5;
/// Highest order of the family.
const ORDERS: u32 = 31;

/// Looks below `below_hz`, where the averaged spectrum does not, for a family that explains most of the record.
pub(super) fn find(record: &dyn Record, below_hz: f64) -> Result<Option<Family>, RecordError> {
    let duration = record.duration_s();
    let least_hz = LEAST_CYCLES / duration;
    if least_hz >= below_hz {
        return Ok(None);
    }
    let target =
        (MOST as f64 / duration).min(record.sample_rate_hz()).max(8.0 * below_hz.min(0.06 * record.sample_rate_hz()));
    let view = Decimated::at_least(record, target);
    let frames = view.frames();
    if !(64..=4 * MOST).contains(&frames) {
        return Ok(None);
    }
    let mut x = vec![0.0; usize::try_from(frames).unwrap_or(0)];
    view.read_f64(0, &mut x)?;
    let rate = view.sample_rate_hz();
    let padded = (4 * x.len()).next_power_of_two();
    let power = Block::new(&x, Taper::Hann).periodogram(padded);
    let bin = |f: f64| ((f / rate * padded as f64) as usize).min(power.len() - 1);
    // A little lower and higher, so that the strongest place is a peak and not the edge of one outside.
    let (low, high) = (bin(0.7 * least_hz), bin(1.3 * below_hz));
    let Some(peak) = (low..=high).max_by(|&a, &b| power[a].total_cmp(&power[b])) else { return Ok(None) };
    let start = peak as f64 / padded as f64;
    let cycles = start * x.len() as f64;
    if peak == low || peak == high || cycles < LEAST_CYCLES || start * rate > below_hz {
        return Ok(None);
    }
    Ok(family(&x, start, rate))
}

/// The family of a fundamental near `start` cycles per sample, where it explains the samples.
fn family(x: &[f64], start: f64, rate: f64) -> Option<Family> {
    let block = Block::new(x, Taper::Flat);
    let fundamental = block.refine(start, &[1], Trend::Constant);
    let highest = ((0.45 / fundamental) as u32).min(ORDERS);
    let orders: Vec<u32> = (1..=highest).collect();
    let fit = block.fit_family(fundamental, &orders, Trend::Constant)?;
    let energy = x.iter().map(|v| v * v).sum::<f64>();
    let freedom = x.len() as f64 - 2.0 * orders.len() as f64 - 2.0;
    if fit.explained < LEAST_SHARE * energy || freedom < 16.0 {
        return None;
    }
    // Orders that stand out of what is left: an exponential variable exceeds 12 times its mean once in 160 000.
    let cell = 4.0 * (energy - fit.explained).max(1e-12 * energy) / freedom / x.len() as f64;
    let mut lines: Vec<(u32, f64)> = orders.iter().zip(&fit.phasors).map(|(&k, c)| (k, c.norm_sqr())).collect();
    lines.retain(|l| l.0 == 1 || l.1 > 12.0 * cell);
    lines.sort_by(|a, b| b.1.total_cmp(&a.1));
    Some(Family { fundamental_hz: fundamental * rate, main: 1, orders: lines.iter().map(|l| l.0).collect() })
}
