//! Psophometric weighting of telephone circuits (ITU-T O.41), 0 dB at 800 Hz.

/// The weighting table: frequency in Hz, weight in dB. The 8 kHz row bounds the stop band.
pub const O41: [(f64, f64); 25] = [
    (16.66, -85.0),
    (50.0, -63.0),
    (100.0, -41.0),
    (200.0, -21.0),
    (300.0, -10.6),
    (400.0, -6.3),
    (500.0, -3.6),
    (600.0, -2.0),
    (700.0, -0.9),
    (800.0, 0.0),
    (900.0, 0.6),
    (1000.0, 1.0),
    (1200.0, 0.0),
    (1400.0, -0.9),
    (1600.0, -1.7),
    (1800.0, -2.4),
    (2000.0, -3.0),
    (2500.0, -4.2),
    (3000.0, -5.6),
    (3500.0, -8.5),
    (4000.0, -15.0),
    (4500.0, -25.0),
    (5000.0, -36.0),
    (6000.0, -43.0),
    (8000.0, -80.0),
];

/// The psophometric weight at a frequency, in dB: linear in log f between the rows of [`O41`].
///
/// Outside the table the slope of its outermost segment goes on, so that a line on the edge keeps its weight.
#[must_use]
pub fn o41_db(frequency_hz: f64) -> f64 {
    if frequency_hz.is_nan() || frequency_hz <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let above = O41.partition_point(|(f, _)| *f < frequency_hz).clamp(1, O41.len() - 1);
    let ((f0, w0), (f1, w1)) = (O41[above - 1], O41[above]);
    w0 + (w1 - w0) * (frequency_hz / f0).ln() / (f1 / f0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_met_and_the_mean_of_two_lies_at_their_geometric_mean() {
        for (f, w) in O41 {
            assert!((o41_db(f) - w).abs() < 1e-9, "{f}");
        }
        for pair in O41.windows(2) {
            let f = (pair[0].0 * pair[1].0).sqrt();
            assert!((o41_db(f) - 0.5 * (pair[0].1 + pair[1].1)).abs() < 1e-9, "{f}");
        }
        assert_eq!(o41_db(0.0), f64::NEG_INFINITY);
        assert!(o41_db(10.0) < -90.0 && o41_db(20_000.0) < -150.0);
    }

    #[test]
    fn white_noise_of_3100_hz_loses_2_36_db() {
        // Power bandwidth of the curve: 1802 Hz, by numerical integration of the published table.
        let step = 0.5;
        let power: f64 = (33..12_000).map(|i| 10f64.powf(o41_db(f64::from(i) * step) / 10.0) * step).sum();
        assert!((power - 1802.0).abs() < 5.0, "{power}");
    }
}
