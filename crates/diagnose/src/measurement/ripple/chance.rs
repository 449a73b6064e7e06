//! Thresholds that noise alone exceeds with a stated probability.

/// Standard normal deviate exceeded with probability `p` (below 0.5).
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23; error below 4.5e-4.
pub(super) fn normal_deviate(p: f64) -> f64 {
    let t = (-2.0 * p.clamp(1e-300, 0.5).ln()).sqrt();
    t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

/// Level, against a mean of 1, that an average of `averages` periodogram cells of noise exceeds with probability `p`.
///
/// Such an average is a chi-squared of twice as many degrees of freedom; Wilson and Hilferty's cube root (1931).
pub(super) fn cell_level(p: f64, averages: f64) -> f64 {
    if averages <= 1.0 {
        return -p.ln();
    }
    let s = 1.0 / (9.0 * averages);
    (1.0 - s + normal_deviate(p) * s.sqrt()).powi(3)
}

/// Median of such an average against its mean.
pub(super) fn cell_median(averages: f64) -> f64 {
    if averages <= 1.0 { std::f64::consts::LN_2 } else { (1.0 - 1.0 / (9.0 * averages)).powi(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_published_tables() {
        // Normal: 1.6449 at 5 %, 3.0902 at 0.1 %. Chi-squared, 0.1 %: 45.315 for 20 degrees, 29.588 for 10.
        assert!((normal_deviate(0.05) - 1.6449).abs() < 1e-3);
        assert!((normal_deviate(0.001) - 3.0902).abs() < 1e-3);
        assert!((cell_level(0.001, 10.0) - 45.315 / 20.0).abs() < 0.01);
        assert!((cell_level(0.001, 5.0) - 29.588 / 10.0).abs() < 0.02);
        // Chi-squared median, 20 degrees: 19.337.
        assert!((cell_median(10.0) - 19.337 / 20.0).abs() < 1e-3);
    }
}
