//! Arithmetic that signs share: two levels of a stream, how long it stays at each, and noise wider than a modulation.

/// The two groups that a stream falls into: share of its variance between them, part of the time in the lower one,
/// and their means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TwoLevels {
    pub(crate) share: f64,
    pub(crate) low_time: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Otsu's threshold (IEEE Trans. SMC-9, 1979): the split of the sorted values that leaves the least variance inside.
pub(crate) fn two_levels(values: &[f64]) -> Option<TwoLevels> {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    let whole = v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    if v.len() < 8 || whole <= 0.0 || !whole.is_finite() {
        return None;
    }
    let (mut sum, mut best) = (0.0, (0.0, 0));
    for (k, x) in v.iter().enumerate().take(v.len() - 1) {
        sum += x;
        let low = (k + 1) as f64;
        let between = (sum - low * mean).powi(2) * n / (low * (n - low));
        if between > best.0 {
            best = (between, k + 1);
        }
    }
    let (low, high) = v.split_at(best.1);
    let average = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    Some(TwoLevels { share: best.0 / whole, low_time: low.len() as f64 / n, low: average(low), high: average(high) })
}

/// How long the values stay on one side of a threshold, in values; the first and the last stay are cut and left out.
pub(crate) fn dwell(values: &[f64], threshold: f64) -> Vec<f64> {
    let mut stays = Vec::new();
    let mut since = None;
    for (k, pair) in values.windows(2).enumerate() {
        if pair.first().is_some_and(|a| *a < threshold) != pair.get(1).is_some_and(|b| *b < threshold) {
            stays.extend(since.map(|s: usize| (k + 1 - s) as f64));
            since = Some(k + 1);
        }
    }
    stays
}

/// Standard deviation over mean of every second stay for itself, the larger of the two: 0 where two lengths alternate.
pub(crate) fn scatter(stays: &[f64]) -> f64 {
    let of = |start: usize| {
        let part: Vec<f64> = stays.iter().copied().skip(start).step_by(2).collect();
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        let variance = part.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / part.len() as f64;
        variance.sqrt() / mean
    };
    of(0).max(of(1))
}

/// Power of the noise that is wider than a modulation: the third differences of I/Q with the carrier at `turns` per frame
/// brought to rest, over the 20 that white noise of power 1 gives. What a modulation has at `b` turns per frame is left
/// out by (2 pi b)^6 / 20, 66 dB for 5 kHz in 240 kS/s.
pub(crate) fn wide_noise(part: &[f64], turns: f64) -> f64 {
    let (s, c) = (std::f64::consts::TAU * turns).sin_cos();
    let (mut z, mut last, mut power, mut count) = ((1.0, 0.0), [(0.0, 0.0); 3], 0.0, 0);
    for (k, frame) in part.as_chunks::<2>().0.iter().enumerate() {
        let [i, q] = *frame;
        let y = (i * z.0 + q * z.1, q * z.0 - i * z.1);
        let [a, b, d] = last;
        if k >= 3 {
            let third = (y.0 - 3.0 * a.0 + 3.0 * b.0 - d.0, y.1 - 3.0 * a.1 + 3.0 * b.1 - d.1);
            power += third.0 * third.0 + third.1 * third.1;
            count += 1;
        }
        last = [y, a, b];
        z = (z.0 * c - z.1 * s, z.0 * s + z.1 * c);
    }
    power / 20.0 / f64::from(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_levels_hold_the_variance_of_a_telegraph_and_not_of_a_ramp() {
        let telegraph: Vec<f64> = (0..1000).map(|k| if (k / 37) % 3 == 0 { 1.0 } else { 2.0 }).collect();
        let two = two_levels(&telegraph).unwrap();
        assert!((two.share - 1.0).abs() < 1e-9 && (two.low, two.high) == (1.0, 2.0));
        // A uniform distribution split in the middle keeps three quarters between the halves.
        let ramp: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!((two_levels(&ramp).unwrap().share - 0.75).abs() < 1e-3);
        assert!(two_levels(&[1.0; 100]).is_none());
    }

    #[test]
    fn alternating_stays_are_regular() {
        let stays = dwell(&[0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0], 0.5);
        assert_eq!(stays, [2.0, 3.0, 2.0, 3.0]);
        assert!(scatter(&stays) < 1e-12);
        assert!(scatter(&[1.0, 3.0, 9.0, 3.0]) > 0.5);
    }

    #[test]
    fn wide_noise_is_noise_and_neither_carrier_nor_modulation() {
        let (n, turns) = (20_000_u32, 0.13);
        let signal = |deviation: f64, rate: f64| -> Vec<f64> {
            let tau = std::f64::consts::TAU;
            // Phase of a tone: deviation over rate times its sine.
            let angle = |k: f64| tau * turns * k + deviation / rate * (tau * rate * k).sin();
            (0..n).flat_map(|k| [angle(f64::from(k)).cos(), angle(f64::from(k)).sin()]).collect()
        };
        assert!(wide_noise(&signal(0.0, 1.0), turns) < 1e-20);
        // 2.5 kHz at 1 kHz in 240 kS/s: no sideband above 5 kHz to speak of.
        let voice = wide_noise(&signal(2.5 / 240.0, 1.0 / 240.0), turns);
        assert!(voice < 1e-6 && voice > 1e-12, "{voice}");
        // Uniform I and Q of variance 1/12 each: 1/6 within 5 % of 20 000 frames.
        let mut state = 1u64;
        let noise: Vec<f64> = (0..2 * n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f64 / f64::from(1 << 24) - 0.5
            })
            .collect();
        assert!((wide_noise(&noise, turns) * 6.0 - 1.0).abs() < 0.05);
    }
}
