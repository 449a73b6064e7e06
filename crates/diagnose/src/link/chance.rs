//! How probable agreement is by accident, given the lines that have nothing to do with the supply.

/// Chance that an unrelated line falls within `reach_hz` of a frequency, to either side.
///
/// Unrelated lines are taken as spread evenly over the band, one more than were seen; those seen within an octave of
/// the frequency show that there they are denser.
pub(super) fn of_window(frequency_hz: f64, reach_hz: f64, others: &[f64], highest_hz: f64) -> f64 {
    let near = others.iter().filter(|f| (0.5 * frequency_hz..2.0 * frequency_hz).contains(f)).count() as f64;
    let per_hz = (others.len() + 1) as f64 / highest_hz + near / (1.5 * frequency_hz);
    -(-2.0 * reach_hz * per_hz).exp_m1()
}

/// Chance that at least `hits` of independent windows are hit, each with its own probability (Poisson's binomial).
pub(super) fn at_least(hits: usize, windows: &[f64]) -> f64 {
    // exactly[k]: chance of k hits among the windows so far.
    let mut exactly = vec![0.0; windows.len() + 1];
    exactly[0] = 1.0;
    for p in windows {
        for k in (0..exactly.len()).rev() {
            let one_less = if k == 0 { 0.0 } else { exactly[k - 1] };
            exactly[k] = exactly[k] * (1.0 - p) + one_less * p;
        }
    }
    exactly.iter().skip(hits).sum::<f64>().min(1.0)
}

/// The best chance of the first window alone, of the first two, four ... and of all. Every attempt has its share of the
/// whole: half for the first, the others the rest. `hits[n]` are the hits among the first n windows.
pub(super) fn best_of_first(hits: &[usize], windows: &[f64]) -> f64 {
    let doubled = std::iter::successors(Some(1), |n| Some(2 * n)).take_while(|n| *n < windows.len());
    let sizes: Vec<usize> = doubled.chain([windows.len()]).collect();
    let tails = sizes.iter().enumerate().filter_map(|(i, n)| {
        let hits = *hits.get(*n)?;
        let attempts = match (sizes.len(), i) {
            (1, _) => 1.0,
            (_, 0) => 2.0,
            (count, _) => 2.0 * (count - 1) as f64,
        };
        (hits > 0).then(|| attempts * at_least(hits, windows.get(..*n).unwrap_or(windows)))
    });
    tails.fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two coins, at least one head: 3/4; three windows of 0.1: 1 - 0.9^3 for one, 0.001 for all.
    #[test]
    fn tails_follow_the_binomial() {
        for (hits, windows, expected) in [
            (1, vec![0.5, 0.5], 0.75),
            (1, vec![0.1; 3], 1.0 - 0.9f64.powi(3)),
            (3, vec![0.1; 3], 1e-3),
            (0, vec![0.2], 1.0),
            (2, vec![0.2], 0.0),
            (2, vec![0.1, 0.2, 0.3], 0.1 * 0.2 * 0.7 + 0.1 * 0.8 * 0.3 + 0.9 * 0.2 * 0.3 + 0.1 * 0.2 * 0.3),
        ] {
            assert!((at_least(hits, &windows) - expected).abs() < 1e-12, "{hits} {windows:?}");
        }
    }

    /// The strongest line alone, of three, is half of what is tried: 0.001 times two.
    #[test]
    fn the_strongest_line_alone_counts() {
        assert!((best_of_first(&[0, 1, 1, 1], &[1e-3, 0.2, 0.3]) - 2e-3).abs() < 1e-9);
        assert_eq!(best_of_first(&[0, 0], &[1e-3]), 1.0);
        assert_eq!(best_of_first(&[0], &[]), 1.0);
    }

    /// 1 - exp(-2 * 10 Hz * (3 / 100 kHz + 1 / 15 kHz)).
    #[test]
    fn a_window_fills_with_the_number_of_lines() {
        assert!((of_window(10e3, 10.0, &[12e3, 50e3], 100e3) - 1.931_465e-3).abs() < 1e-8);
        assert!(of_window(100.0, 1.0, &[], 100e3) < 2.1e-5);
    }
}
