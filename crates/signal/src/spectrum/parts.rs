//! The averaged spectrum of a record together with the averages of its parts, in one pass.

use super::analyze::{SHORT_LOOK, in_display_order};
use super::engine::{BlockSum, Keep, Probe, Worker};
use super::{Spectrum, SpectrumSettings, Start, Total, all_skipped, check, hop};
use crate::record::{Kind, Record, RecordError};

/// A spectrum, and what it was in each part of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The mean over the whole record.
    pub whole: Spectrum,
    /// The mean over each part, bin by bin as in the whole; empty for a part without one finite segment.
    pub powers: Vec<Vec<f32>>,
    /// Segments in each part.
    pub segments: Vec<u64>,
}

/// The averaged spectrum, and those of `parts` equal runs of its segments (fewer where there are fewer segments).
///
/// Holds one number a bin and part: meant for few parts of transforms of moderate length.
///
/// # Errors
/// As [`average`](super::average).
pub fn average_in_parts(record: &dyn Record, settings: SpectrumSettings, parts: usize) -> Result<Parts, RecordError> {
    check(record, &settings)?;
    let look = if record.kind() == Kind::Real { 64 * settings.fft as u64 } else { SHORT_LOOK };
    let start = Start::<f32>::with(record, settings, Probe::take(record, look)?);
    let hop = hop(&settings) as u64;
    let segments = (record.frames() - settings.fft as u64) / hop + 1;
    let parts = (parts as u64).clamp(1, segments);
    let bins = start.engine.bins();
    let mut worker = Worker::new(&start.engine, Keep::Mean);
    let mut block = BlockSum::<f32>::default();
    let (mut total, mut part) = (Total::new(bins), Total::new(bins));
    let (mut powers, mut counts) = (Vec::with_capacity(parts as usize), Vec::with_capacity(parts as usize));
    for index in 0..parts {
        let edge = |i: u64| (u128::from(segments) * u128::from(i) / u128::from(parts)) as u64;
        part.start(bins);
        part.add_segments(edge(index)..edge(index + 1), &mut worker, &mut block)?;
        total.add_total(&part);
        let scale = start.scale() / part.segments.max(1) as f64;
        let scaled: Vec<f32> = part.power.iter().map(|p| (p * scale) as f32).collect();
        powers.push(if part.segments == 0 { vec![] } else { in_display_order(&start.engine, &scaled, 1) });
        counts.push(part.segments);
    }
    drop(worker);
    if total.segments == 0 {
        return Err(all_skipped(&total).into());
    }
    Ok(Parts { whole: start.finish_mean(&total), powers, segments: counts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Unit;
    use crate::record::Waveform;
    use crate::spectrum::average;
    use crate::window::Window;
    use std::f64::consts::TAU;

    /// A real sine of amplitude 0.5 (power 0.125) in the last quarter only (one of its 32 segments holds half of it); a sample that is no number in the first.
    #[test]
    fn parts_hold_what_was_there_and_add_up_to_the_whole() {
        let n = 256;
        let mut data: Vec<f64> = (0..64 * n)
            .map(|i| if i < 48 * n { 0.0 } else { 0.5 * (TAU * 20.0 * f64::from(i) / f64::from(n)).cos() })
            .collect();
        let settings = SpectrumSettings { fft: n as usize, window: Window::Hann, overlap: 0.5 };
        let record = Waveform::real(data.clone(), 1e3, Unit::FullScale).unwrap();
        let parts = average_in_parts(&record, settings, 4).unwrap();
        let whole = average(&record, settings).unwrap();
        assert_eq!(parts.segments.iter().sum::<u64>(), whole.segments);
        assert!((parts.whole.mean[20] / whole.mean[20] - 1.0).abs() < 1e-6);
        assert!(parts.powers[..3].iter().all(|p| p[20] < 0.02) && (parts.powers[3][20] - 0.125).abs() < 0.004);
        data[10] = f64::NAN;
        let holed = Waveform::real(data, 1e3, Unit::FullScale).unwrap();
        let parts = average_in_parts(&holed, settings, 127).unwrap();
        assert!(parts.powers.len() == 127 && parts.powers[0].is_empty() && parts.whole.skipped == 1);
    }
}
