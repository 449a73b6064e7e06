//! Special functions of detection theory: ln Gamma, the regularised incomplete Gamma functions and their quantiles.
//!
//! Sources: NIST Digital Library of Mathematical Functions, chapters 5 and 8 (Stirling series 5.11.1, power series
//! 8.11.4, continued fraction 8.9.2), and the Wilson-Hilferty approximation as a starting point for quantiles.

use std::f64::consts::TAU;

/// Natural logarithm of Gamma(x) for x > 0, to about 1e-14 relative.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    // The Stirling series wants large arguments: shift up by Gamma(x + 1) = x Gamma(x).
    let mut shift = 0.0;
    let mut y = x;
    while y < 12.0 {
        shift += y.ln();
        y += 1.0;
    }
    (y - 0.5) * y.ln() - y + 0.5 * TAU.ln() + stirling_rest(y) - shift
}

/// What ln Gamma(x) exceeds the leading Stirling terms by, for x >= 12.
fn stirling_rest(x: f64) -> f64 {
    const TERMS: [f64; 6] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let r = 1.0 / (x * x);
    TERMS.iter().rev().fold(0.0, |sum, t| sum * r + t) / x
}

/// ln( x^a e^-x / Gamma(a) ), without the cancellation that large `a` would bring.
fn ln_kernel(a: f64, x: f64) -> f64 {
    if a < 12.0 {
        return a * x.ln() - x - ln_gamma(a);
    }
    let mu = (x - a) / a;
    let curve = if mu.abs() < 0.1 { ln_1p_minus(mu) } else { mu.ln_1p() - mu };
    a * curve + 0.5 * (a / TAU).ln() - stirling_rest(a)
}

/// ln(1 + u) - u by its series, for small u.
fn ln_1p_minus(u: f64) -> f64 {
    let mut power = -u * u;
    let mut sum = 0.0;
    for k in 2..40 {
        let term = power / f64::from(k);
        sum += term;
        if term.abs() < 1e-18 * sum.abs() {
            break;
        }
        power *= -u;
    }
    sum
}

/// Lower and upper regularised incomplete Gamma functions (P(a, x), Q(a, x)) for a > 0; x below 0 counts as 0.
#[must_use]
pub fn gamma_pq(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x < a + 1.0 {
        let p = (ln_kernel(a, x) + ln_lower_series(a, x)).exp();
        (p.min(1.0), (1.0 - p).max(0.0))
    } else {
        let q = (ln_kernel(a, x) + ln_upper_fraction(a, x)).exp();
        ((1.0 - q).max(0.0), q.min(1.0))
    }
}

/// ln Q(a, x): the logarithm of the upper tail, which stays accurate where the tail itself underflows.
#[must_use]
pub fn ln_gamma_q(a: f64, x: f64) -> f64 {
    if x < a + 1.0 {
        let (p, _) = gamma_pq(a, x);
        return (-p).ln_1p();
    }
    ln_kernel(a, x) + ln_upper_fraction(a, x)
}

fn ln_lower_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut n = a;
    // Terms fall once n exceeds x; 20 standard deviations more are enough for full precision.
    for _ in 0..(100.0 + 20.0 * a.max(x).sqrt()).min(1e7) as u64 {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum.ln()
}

fn ln_upper_fraction(a: f64, x: f64) -> f64 {
    // Lentz's method on the continued fraction of Q.
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / if b.abs() < TINY { TINY } else { b };
    let mut h = d;
    for i in 1..(100.0 + 20.0 * a.max(x).sqrt()).min(1e7) as u64 {
        let i = i as f64;
        let numerator = -i * (i - a);
        b += 2.0;
        d = numerator * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + numerator / c;
        c = if c.abs() < TINY { TINY } else { c };
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h.ln()
}

/// The x with Q(a, x) = `tail`, for a > 0 and 0 < tail < 1; accurate in relative terms far down the tail.
#[must_use]
pub fn gamma_upper_quantile(a: f64, tail: f64) -> f64 {
    if tail >= 1.0 {
        return 0.0;
    }
    if tail <= 0.0 || a.is_nan() || tail.is_nan() {
        return f64::INFINITY;
    }
    // Newton on a concave function of x: ln Q. A bracket catches steps that run away.
    let target = tail.ln();
    let (mut low, mut high) = (0.0_f64, f64::INFINITY);
    let mut x = wilson_hilferty(a, tail);
    for _ in 0..200 {
        let value = ln_gamma_q(a, x);
        if value > target {
            low = low.max(x);
        } else {
            high = high.min(x);
        }
        let slope = -(ln_kernel(a, x) - x.ln() - value).exp();
        let mut next = x - (value - target) / slope;
        if !(next > low && next < high) {
            next = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * x + 1.0 };
        }
        if (next - x).abs() <= 1e-14 * x {
            return next;
        }
        x = next;
    }
    x
}

/// Quantile of a Gamma variable of shape `a` and mean 1: what an order statistic is divided by to give the mean.
#[must_use]
pub fn gamma_relative_quantile(a: f64, lower: f64) -> f64 {
    gamma_upper_quantile(a, 1.0 - lower) / a
}

fn wilson_hilferty(a: f64, tail: f64) -> f64 {
    let z = normal_upper_quantile(tail);
    let c = 1.0 / (9.0 * a);
    let root = 1.0 - c + z * c.sqrt();
    if root > 0.0 { a * root.powi(3) } else { (a * 0.01).max(1e-6) }
}

/// Upper quantile of the normal distribution to 5e-4 (Hastings; Abramowitz and Stegun 26.2.23): a starting point only.
fn normal_upper_quantile(tail: f64) -> f64 {
    let (p, sign) = if tail <= 0.5 { (tail, 1.0) } else { (1.0 - tail, -1.0) };
    let t = (-2.0 * p.max(1e-300).ln()).sqrt();
    let top = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let bottom = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    sign * (t - top / bottom)
}

/// Trigamma function for x > 0: the variance of the logarithm of a Gamma variable of shape `x`.
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    let mut y = x;
    let mut sum = 0.0;
    while y < 12.0 {
        sum += 1.0 / (y * y);
        y += 1.0;
    }
    let r = 1.0 / (y * y);
    sum + 1.0 / y + 0.5 * r + r / y * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r / 30.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn ln_gamma_of_integers_is_the_logarithm_of_the_factorial() {
        let mut factorial: f64 = 1.0;
        for n in 1..30_u32 {
            let (got, want) = (ln_gamma(f64::from(n)), factorial.ln());
            assert!((got - want).abs() < 1e-12 * want.max(1.0), "{n}: {got} {want}");
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - 0.5 * PI.ln()).abs() < 1e-13);
    }

    #[test]
    fn shape_one_is_the_exponential_and_whole_shapes_are_poisson_sums() {
        for x in [0.01, 0.5, 1.0, 3.0, 30.0, 300.0] {
            assert!((ln_gamma_q(1.0, x) + x).abs() < 1e-12 * x.max(1.0), "{x}");
        }
        // Q(n, x) = e^-x sum_{k<n} x^k / k!
        for n in [2_u32, 5, 17, 60] {
            for x in [0.3, 2.0, 9.0, 40.0, 90.0] {
                let (mut term, mut sum) = (1.0, 0.0);
                for k in 0..n {
                    sum += term;
                    term *= x / f64::from(k + 1);
                }
                let want = sum.ln() - x;
                let got = ln_gamma_q(f64::from(n), x);
                assert!((got - want).abs() < 1e-11 * want.abs().max(1.0), "{n} {x}: {got} {want}");
            }
        }
    }

    /// Rows of the published-table kind: averages, false-alarm probability, threshold over mean and over median in dB.
    /// Computed with SciPy (`scipy.stats.gamma.isf`), rounded to 0.001 dB.
    #[test]
    fn thresholds_agree_with_the_reference_table() {
        let table = [
            (1.0, 1e-2, 6.632, 8.224),
            (1.0, 1e-6, 11.404, 12.995),
            (1.0, 1e-10, 13.622, 15.214),
            (2.0, 1e-4, 7.692, 8.454),
            (4.0, 1e-3, 5.140, 5.511),
            (4.0, 1e-10, 8.990, 9.361),
            (8.0, 1e-7, 6.036, 6.219),
            (16.0, 1e-2, 2.231, 2.322),
            (16.0, 1e-8, 4.892, 4.984),
            (32.0, 1e-5, 2.876, 2.921),
            (64.0, 1e-6, 2.330, 2.353),
        ];
        for (k, pfa, over_mean, over_median) in table {
            let threshold = gamma_upper_quantile(k, pfa) / k;
            let median = gamma_relative_quantile(k, 0.5);
            assert!((10.0 * threshold.log10() - over_mean).abs() < 6e-4, "{k} {pfa}");
            assert!((10.0 * (threshold / median).log10() - over_median).abs() < 1.1e-3, "{k} {pfa}");
        }
    }

    #[test]
    fn quantiles_come_back_through_the_tail_down_to_1e_minus_300() {
        for a in [0.5, 1.0, 2.5, 7.9, 57.0, 1e3, 1e5] {
            for exponent in [-0.01, -0.3, -1.0, -2.0, -5.0, -7.0, -9.0, -12.0, -40.0, -300.0] {
                let tail = 10f64.powf(exponent);
                let x = gamma_upper_quantile(a, tail);
                let back = ln_gamma_q(a, x);
                let want = tail.ln();
                assert!((back - want).abs() < 1e-9 * want.abs().max(1e-3), "{a} {exponent}: {back} {want}");
            }
        }
    }

    #[test]
    fn trigamma_of_one_is_pi_squared_over_six() {
        assert!((trigamma(1.0) - PI * PI / 6.0).abs() < 1e-13);
        assert!((trigamma(0.5) - PI * PI / 2.0).abs() < 1e-12);
        assert!((trigamma(100.0) - trigamma(101.0) - 1e-4).abs() < 1e-15);
    }
}
