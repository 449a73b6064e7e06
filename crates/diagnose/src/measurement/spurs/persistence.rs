//! Whether a line is there all the time: its level in the eighths of the record.

use faultscope_signal::floor::levels_at;
use faultscope_signal::{Record, RecordError, Spectrum, SpectrumSettings, spectrum};

use super::owner::Found;
use super::view::Part;

const PARTS: u64 = 8;
/// A line counts as present in a part where it has at least this share of its mean power (-6 dB).
const SHARE: f64 = 0.25;
/// Shortest transform that tells anything.
const SHORTEST: usize = 64;

/// For each line whether it is in (nearly) all of the record's eighths.
///
/// Lines that an eighth cannot resolve from a stronger neighbour, and all lines of records too short to be divided,
/// count as persistent.
pub(super) fn persistent(record: &dyn Record, whole: &Spectrum, lines: &[Found]) -> Result<Vec<bool>, RecordError> {
    let frames = record.frames() / PARTS;
    let longest = usize::try_from(frames).unwrap_or(usize::MAX);
    let mut fft = whole.settings.fft;
    while fft > longest {
        fft /= 2;
    }
    if lines.is_empty() || fft < SHORTEST {
        return Ok(vec![true; lines.len()]);
    }
    let mut present = vec![0u32; lines.len()];
    for part in 0..PARTS {
        let part = Part { inner: record, start: part * frames, frames };
        let s = spectrum::average(&part, SpectrumSettings { fft, ..whole.settings })?;
        // The line may have moved by a bin, or sit between two.
        let near = |f: &Found| {
            let bin = s.bin_of_offset(f.offset_hz).round().max(0.0) as usize;
            [bin.saturating_sub(1), bin, bin + 1]
        };
        let bins: Vec<usize> = lines.iter().flat_map(near).collect();
        let levels = levels_at(&s, &bins);
        for ((count, f), (bins, levels)) in present.iter_mut().zip(lines).zip(bins.chunks(3).zip(levels.chunks(3))) {
            *count += u32::from(shows(&s, bins, levels, f));
        }
    }
    let coarse = whole.settings.fft as f64 / fft as f64;
    let lobe = whole.settings.window.main_lobe_bins() * whole.bin_hz() * coarse;
    Ok(present
        .into_iter()
        .zip(lines)
        .map(|(count, f)| {
            let hidden = lines.iter().any(|o| o.power > f.power && (o.offset_hz - f.offset_hz).abs() < lobe);
            // Weak lines miss a part now and then by chance.
            let needed = if f.line.snr / coarse > 10.0 { PARTS as u32 - 1 } else { 5 };
            (coarse > 1.0 && hidden) || f.line.snr / coarse < 1.0 || count >= needed
        })
        .collect())
}

fn shows(s: &Spectrum, bins: &[usize], levels: &[f64], f: &Found) -> bool {
    let strongest = bins
        .iter()
        .zip(levels)
        .filter_map(|(k, level)| s.mean.get(*k).map(|p| p - level))
        .fold(f64::NEG_INFINITY, f64::max);
    strongest > SHARE * f.line.power
}
