//! How often the instantaneous power exceeds its mean by how much: CCDF, peak and crest factor, in one pass.

use crate::quantity::db_from_power;
use crate::record::{Kind, Record, RecordError};

/// Cells are the exponent and the first eight bits of the mantissa of a single-precision number: 0.017 dB or narrower.
const SHIFT: u32 = 15;
const CELLS: usize = 1 << (31 - SHIFT);
/// Frames read at once.
const BLOCK: usize = 1 << 14;

/// The distribution of instantaneous power: |x|^2 of an I/Q record, x^2 of a real one.
#[derive(Debug, Clone, PartialEq)]
pub struct Ccdf {
    counts: Vec<u64>,
    frames: u64,
    non_finite: u64,
    mean: f64,
    peak: f64,
}

impl Ccdf {
    /// Counts every frame of a record; frames that are not finite are left out and counted.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn of(record: &dyn Record) -> Result<Self, RecordError> {
        let c = record.kind().components();
        let mut data = vec![0f32; BLOCK * c];
        let mut out = Self { counts: vec![0; CELLS], frames: 0, non_finite: 0, mean: 0.0, peak: 0.0 };
        let (mut start, mut sum) = (0u64, 0.0);
        loop {
            let got = record.read_f32(start, &mut data)?;
            if got == 0 {
                break;
            }
            let frames = data.get(..got * c).unwrap_or(&data);
            sum += match record.kind() {
                Kind::Real => out.add(frames.iter().map(|x| x * x)),
                Kind::Iq => out.add(frames.chunks_exact(2).map(|z| z[0] * z[0] + z[1] * z[1])),
            };
            start += got as u64;
        }
        out.mean = if out.frames == 0 { f64::NAN } else { sum / out.frames as f64 };
        Ok(out)
    }

    /// Counts powers; returns their sum.
    fn add(&mut self, powers: impl Iterator<Item = f32>) -> f64 {
        let (mut sum, mut peak) = (0.0, 0f32);
        for p in powers {
            if !p.is_finite() {
                self.non_finite += 1;
                continue;
            }
            if let Some(count) = self.counts.get_mut((p.to_bits() >> SHIFT) as usize) {
                *count += 1;
            }
            self.frames += 1;
            sum += f64::from(p);
            peak = peak.max(p);
        }
        self.peak = self.peak.max(f64::from(peak));
        sum
    }

    /// Frames counted.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames left out because they are not finite.
    #[must_use]
    pub const fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// Mean power, in the square of the record's unit; not a number without frames.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// Peak over mean power in dB: the crest factor, or PAPR.
    #[must_use]
    pub fn crest_factor_db(&self) -> f64 {
        db_from_power(self.peak / self.mean)
    }

    /// The level in dB over the mean that is exceeded with `probability`; nothing when that is fewer than ten frames.
    #[must_use]
    pub fn exceeded_db(&self, probability: f64) -> Option<f64> {
        let wanted = probability * self.frames as f64;
        if wanted.is_nan() || wanted < 10.0 || self.mean <= 0.0 {
            return None;
        }
        let mut above = 0.0;
        for (cell, &count) in self.counts.iter().enumerate().rev() {
            let count = count as f64;
            if count > 0.0 && above + count >= wanted {
                let edge = |cell: usize| f64::from(f32::from_bits((cell as u32) << SHIFT));
                let (low, high) = (edge(cell), edge(cell + 1).min(self.peak).max(edge(cell)));
                return Some(db_from_power((high - (high - low) * (wanted - above) / count) / self.mean));
            }
            above += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Unit;
    use crate::record::Waveform;
    use num_complex::Complex64;

    /// Marsaglia's xorshift: uniform numbers in (0, 1].
    fn uniform(state: &mut u64) -> f64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        ((*state >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    #[test]
    fn the_power_of_complex_gaussian_noise_is_exponential() {
        // P(power > x mean) = exp(-x): the level exceeded with probability p is 10 log10(-ln p).
        let mut state = 0x9E37_79B9_7F4A_7C15;
        let data: Vec<Complex64> = (0..400_000)
            .map(|_| {
                let r = (-uniform(&mut state).ln()).sqrt() * 0.05;
                Complex64::from_polar(r, std::f64::consts::TAU * uniform(&mut state))
            })
            .collect();
        let ccdf = Ccdf::of(&Waveform::iq(&data, 1e6, None).unwrap()).unwrap();
        // Standard deviation of a quantile: sqrt((1-p) / (p n)) in x, divided by x for the logarithm.
        for p in [0.5f64, 0.1, 0.01, 0.001] {
            let x = -p.ln();
            let sigma_db = 4.343 * ((1.0 - p) / (p * 400_000.0)).sqrt() / x;
            let found = ccdf.exceeded_db(p).unwrap();
            let expected = 10.0 * x.log10();
            assert!((found - expected).abs() < 4.0 * sigma_db + 0.002, "{p}: {found} {expected}");
        }
        assert!(ccdf.exceeded_db(1e-5).is_none(), "four frames are no statistics");
    }

    #[test]
    fn a_tone_has_no_crest_and_a_sine_three_decibels() {
        let phase = |i: u32| std::f64::consts::TAU * (0.012_345 * f64::from(i)).fract();
        let iq: Vec<Complex64> = (0..100_000).map(|i| Complex64::from_polar(0.7, phase(i))).collect();
        let ccdf = Ccdf::of(&Waveform::iq(&iq, 1e6, None).unwrap()).unwrap();
        assert!(ccdf.crest_factor_db().abs() < 1e-4 && (ccdf.mean() - 0.49).abs() < 1e-6);
        assert!(ccdf.exceeded_db(0.1).unwrap().abs() < 0.02);
        let real: Vec<f64> = (0..100_000).map(|i| 0.7 * phase(i).cos()).collect();
        let ccdf = Ccdf::of(&Waveform::real(real, 1e6, Unit::Volt).unwrap()).unwrap();
        assert!((ccdf.crest_factor_db() - 3.0103).abs() < 1e-3);
        // x^2 of a sine exceeds its mean for half of the time.
        assert!(ccdf.exceeded_db(0.5).unwrap().abs() < 0.01);
    }

    #[test]
    fn frames_that_are_not_finite_are_left_out() {
        let mut data = vec![1.0; 1000];
        data[3] = f64::NAN;
        data[4] = f64::INFINITY;
        let ccdf = Ccdf::of(&Waveform::real(data, 1.0, Unit::Volt).unwrap()).unwrap();
        assert_eq!((ccdf.frames(), ccdf.non_finite()), (998, 2));
        assert!((ccdf.mean() - 1.0).abs() < 1e-12);
        let none = Ccdf::of(&Waveform::real(vec![], 1.0, Unit::Volt).unwrap()).unwrap();
        assert!(none.mean().is_nan() && none.exceeded_db(0.5).is_none());
    }
}
