//! Which transform length to take: from a resolution bandwidth, or for a record of a given length.

use crate::record::RecordError;
use crate::window::Window;

/// Longest transform on offer.
pub(crate) const MAX_FFT: usize = 1 << 26;

/// The transform length whose resolution bandwidth (equivalent noise bandwidth of a bin) is `rbw_hz`.
///
/// Among the lengths within 0.2 % of it the one that transforms quickest is taken: lengths of small prime factors do.
///
/// # Errors
/// When a figure is not above zero, or the bandwidth asks for fewer than 2 points or for more than 2^26.
pub fn rbw_to_fft(rate_hz: f64, window: Window, rbw_hz: f64) -> Result<usize, RecordError> {
    let exact = window.gains(4096).1 * rate_hz / rbw_hz;
    if !(exact.is_finite() && rate_hz > 0.0 && rbw_hz > 0.0) {
        return Err(RecordError::new(format!(
            "a resolution bandwidth of {rbw_hz} Hz at {rate_hz} samples/s makes no sense: both must be above zero"
        )));
    }
    if !(2.0..=MAX_FFT as f64).contains(&exact.round()) {
        return Err(RecordError::new(format!(
            "a resolution bandwidth of {rbw_hz} Hz at {rate_hz} samples/s needs a transform of {exact:.0} points; \
             choose between {:.4} and {:.0} Hz, or zoom into a band",
            window.gains(4096).1 * rate_hz / MAX_FFT as f64,
            window.gains(4096).1 * rate_hz / 2.0
        )));
    }
    let nearest = exact.round() as usize;
    let reach = (nearest / 500).min(2000);
    let candidates = nearest - reach..=nearest + reach;
    Ok(candidates.min_by_key(|&n| (work_per_point(n), n.abs_diff(nearest))).unwrap_or(nearest))
}

/// Sum of the prime factors: what a mixed-radix transform does per point.
fn work_per_point(mut n: usize) -> usize {
    let mut sum = 0;
    let mut factor = 2;
    while factor * factor <= n {
        while n.is_multiple_of(factor) {
            sum += factor;
            n /= factor;
        }
        factor += 1;
        if factor > 32 {
            break;
        }
    }
    if n > 1 { sum + n } else { sum }
}

/// A transform length for a record of `frames` frames that leaves some thirty overlapped segments to average:
/// a power of two from 64 to 16384, or the longest power of two that fits a shorter record.
#[must_use]
pub fn recommended_fft(frames: u64) -> usize {
    let fits = |n: u64| if n == 0 { 1 } else { 1u64 << n.ilog2() };
    let wanted = fits(frames / 16).clamp(64, 16_384);
    wanted.min(fits(frames)).max(2) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bandwidth_asked_for_is_the_one_that_comes() {
        for window in Window::ALL {
            for rbw in [0.37, 10.0, 1234.5, 30e3] {
                let n = rbw_to_fft(2.4e6, window, rbw).unwrap();
                let got = window.gains(n).1 * 2.4e6 / n as f64;
                // The length is whole: with n points it can be wrong by half a point, and 0.2 % are spent on speed.
                assert!((got / rbw - 1.0).abs() < 0.0025 + 0.6 / n as f64, "{window} {rbw}: {n} -> {got}");
            }
        }
        // Hann: 1.5 bins; 1.5 * 1e6 / 1500 = 1000 points.
        assert_eq!(rbw_to_fft(1e6, Window::Hann, 1500.0).unwrap(), 1000);
        assert_eq!(rbw_to_fft(1e6, Window::Rectangular, 1e6 / 4096.0).unwrap(), 4096);
    }

    #[test]
    fn bandwidths_without_sense_are_refused_with_the_range() {
        for (rate, rbw) in [(1e6, 0.0), (1e6, -1.0), (0.0, 1.0), (f64::NAN, 1.0), (1e6, f64::NAN), (1e6, f64::INFINITY)]
        {
            assert!(rbw_to_fft(rate, Window::Hann, rbw).is_err(), "{rate} {rbw}");
        }
        assert!(rbw_to_fft(1e6, Window::Hann, 1e-6).unwrap_err().message.contains("choose between"));
        assert!(rbw_to_fft(1e6, Window::Hann, 2e6).is_err());
    }

    #[test]
    fn the_recommended_length_fits_the_record() {
        for frames in (2..3000).chain([1 << 20, 1 << 40]) {
            let n = recommended_fft(frames);
            assert!(n as u64 <= frames && n.is_power_of_two() && n <= 16_384, "{frames}: {n}");
        }
        assert_eq!(recommended_fft(0), 2);
        assert_eq!(recommended_fft(65_536), 4096);
    }
}
