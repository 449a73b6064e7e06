//! Prediction from few values: Student's t and Fisher's F with their limits, and spreads pooled as far as they agree.
//!
//! Sources: NIST Digital Library of Mathematical Functions 8.17 (incomplete beta, continued fraction 8.17.22) and 5.11.2
//! (digamma); G. K. Smyth, Linear models and empirical Bayes methods, 2004 (pooled spreads).

use crate::special::{gamma_pq, ln_gamma, trigamma};

/// The regularised incomplete beta function I_x(a, b) and 1 - I_x(a, b), for a, b > 0 and x from 0 to 1.
#[must_use]
pub fn beta_pq(a: f64, b: f64, x: f64) -> (f64, f64) {
    if x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x >= 1.0 {
        return (1.0, 0.0);
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    if x < (a + 1.0) / (a + b + 2.0) {
        let p = (front.exp() * fraction(a, b, x) / a).min(1.0);
        (p, 1.0 - p)
    } else {
        let q = (front.exp() * fraction(b, a, 1.0 - x) / b).min(1.0);
        (1.0 - q, q)
    }
}

/// Lentz's method on the continued fraction of the incomplete beta function.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / kept(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            d = 1.0 / kept(1.0 + term * d);
            c = kept(1.0 + term / c);
            step = c * d;
            h *= step;
        }
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

/// Chance that Student's t with `nu` degrees of freedom lies at least as far from zero, either way; the normal
/// distribution for an infinite `nu`.
#[must_use]
pub fn student_two_sided(t: f64, nu: f64) -> f64 {
    if t.is_nan() || nu <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    if nu > 1e7 {
        return gamma_pq(0.5, 0.5 * t * t).1;
    }
    beta_pq(0.5 * nu, 0.5, nu / (nu + t * t)).0
}

/// The t that is exceeded, either way, with chance `p`.
#[must_use]
pub fn student_critical(p: f64, nu: f64) -> f64 {
    falling(p, |ln_t| student_two_sided(ln_t.exp(), nu)).exp()
}

/// Chances that a ratio F of mean squares, with `above` and `below` degrees of freedom, is at most and at least `f`.
#[must_use]
pub fn fisher_tails(f: f64, above: f64, below: f64) -> (f64, f64) {
    let (lower, upper) = beta_pq(0.5 * above, 0.5 * below, above * f / (above * f + below));
    (lower, upper)
}

/// The ratio F that is exceeded with chance `p`; exceeded downward with chance `p` is `1 / fisher_critical(p, below,
/// above)`.
#[must_use]
pub fn fisher_critical(p: f64, above: f64, below: f64) -> f64 {
    falling(p, |ln_f| fisher_tails(ln_f.exp(), above, below).1).exp()
}

/// Where a falling function of ln x meets `p`, by halving.
fn falling(p: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-60.0, 60.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if of(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Digamma function for x > 0: the mean of the logarithm of a Gamma variable of shape `x` and scale 1.
#[must_use]
pub fn digamma(x: f64) -> f64 {
    let mut y = x;
    let mut shift = 0.0;
    while y < 12.0 {
        shift += 1.0 / y;
        y += 1.0;
    }
    let r = 1.0 / (y * y);
    y.ln() - 0.5 / y - r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r / 132.0)))) - shift
}

/// The x > 0 with trigamma(x) = `y`; infinite for y = 0 or below.
#[must_use]
pub fn trigamma_inverse(y: f64) -> f64 {
    if y <= 0.0 {
        return f64::INFINITY;
    }
    // trigamma(x) lies between 1/x and 1/x + 1/x^2.
    let (mut low, mut high) = (1.0 / y, 0.5 / y + (0.25 / (y * y) + 1.0 / y).sqrt());
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if trigamma(middle) > y {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= 1e-14 * high {
            break;
        }
    }
    0.5 * (low + high)
}

/// What the spreads of several quantities say about each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Their common variance.
    pub variance: f64,
    /// Degrees of freedom that it is worth; 0 where they have nothing in common.
    pub freedom: f64,
}

impl Pooled {
    /// From sample variances of `own` degrees of freedom each, of which `independent` are independent of each other.
    ///
    /// Empirical Bayes: the more the variances scatter beyond what chance explains, the less the common one counts.
    #[must_use]
    pub fn of(variances: &[f64], own: f64, independent: f64) -> Self {
        let logs: Vec<f64> = variances.iter().filter(|v| **v > 0.0).map(|v| v.ln()).collect();
        let count = logs.len() as f64;
        if count < 2.0 || own <= 0.0 {
            return Self { variance: 0.0, freedom: 0.0 };
        }
        let bias = digamma(0.5 * own) - (0.5 * own).ln();
        let mean = logs.iter().sum::<f64>() / count;
        let scatter = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (count - 1.0) - trigamma(0.5 * own);
        let most = own * (independent - 1.0).max(0.0);
        let freedom = 2.0 * trigamma_inverse(scatter);
        let half = 0.5 * freedom;
        let common = if half.is_finite() { digamma(half) - half.ln() } else { 0.0 };
        Self { variance: (mean - bias + common).exp(), freedom: freedom.min(most) }
    }

    /// A quantity's own variance moved toward the common one, with the degrees of freedom it is then worth.
    #[must_use]
    pub fn with(&self, variance: f64, own: f64) -> (f64, f64) {
        let freedom = self.freedom + own;
        if freedom > 0.0 {
            ((self.freedom * self.variance + own * variance) / freedom, freedom)
        } else {
            (variance, own)
        }
    }
}

/// How many of several series of equal length move independently of each other: their count, less by as much as their
/// squared correlations exceed what chance gives (1 / (length - 1)).
#[must_use]
pub fn independent(series: &[Vec<f64>]) -> f64 {
    let unit: Vec<Vec<f64>> = series.iter().filter_map(|s| standardised(s)).collect();
    let (count, length) = (unit.len() as f64, unit.first().map_or(0, Vec::len) as f64);
    if count < 2.0 || length < 3.0 {
        return count;
    }
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let pairs = unit.iter().enumerate().flat_map(|(i, a)| unit.iter().skip(i + 1).map(move |b| product(a, b).powi(2)));
    let mean = pairs.sum::<f64>() / (0.5 * count * (count - 1.0));
    let chance = 1.0 / (length - 1.0);
    let common = ((mean - chance) / (1.0 - chance)).clamp(0.0, 1.0);
    count / (1.0 + (count - 1.0) * common)
}

fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let length = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
    (length > 0.0).then(|| values.iter().map(|v| (v - mean) / length).collect())
}

#[cfg(test)]
mod tests {
    //! Expected values: scipy 1.17 `special.betainc`, `stats.t`, `stats.f`, `special.digamma`, `special.polygamma`.

    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-300), "{a} is not {b}");
    }

    #[test]
    fn tails_agree_with_scipy() {
        for (a, b, x, p) in [
            (2.0, 0.5, 0.3, 0.03784096948581308),
            (0.5, 0.5, 0.9, 0.7951672353008665),
            (17.0, 85.0, 0.25, 0.9813962169043179),
            (300.0, 1500.0, 0.2, 0.9998577603670922),
            (2.0, 0.5, 1e-08, 3.7500000124999995e-17),
        ] {
            close(beta_pq(a, b, x).0, p);
        }
        for (x, nu, p) in [
            (1.0, 4.0, 0.37390096630005887),
            (9.0, 4.0, 0.0008438325176012779),
            (3.5, 28.0, 0.0015764721412354606),
            (60.0, 4.0, 4.621068727635128e-07),
            (4.0, f64::INFINITY, 6.334248366623973e-05),
        ] {
            close(student_two_sided(x, nu), p);
        }
        for (f, above, below, p) in [
            (3.0, 16.0, 80.0, 0.0006137476241585425),
            (0.5, 16.0, 80.0, 0.9402491766800295),
            (6.0, 17.3, 86.5, 6.128680044994444e-09),
        ] {
            close(fisher_tails(f, above, below).1, p);
        }
        close(fisher_tails(0.2, 16.0, 80.0).0, 0.00039263907255922205);
        close(digamma(0.5), -1.9635100260214235);
        close(digamma(2.0), 0.42278433509846713);
        close(digamma(33.0), 3.4812795305349873);
    }

    #[test]
    fn limits_come_back_through_their_tails() {
        for nu in [1.0, 2.0, 4.0, 17.5, 300.0, f64::INFINITY] {
            for p in [0.5, 0.05, 1e-3, 1e-7] {
                close(student_two_sided(student_critical(p, nu), nu), p);
            }
        }
        for (above, below) in [(2.0, 8.0), (17.0, 85.0), (300.0, 1500.0)] {
            for p in [0.3, 1e-3, 1e-8] {
                close(fisher_tails(fisher_critical(p, above, below), above, below).1, p);
            }
        }
        for x in [0.1, 1.0, 7.5, 400.0] {
            close(trigamma_inverse(trigamma(x)), x);
        }
    }

    /// Variances that are all the same pool completely; ones that scatter by decades keep to themselves.
    #[test]
    fn spreads_are_pooled_as_far_as_they_agree() {
        let same = Pooled::of(&[1.0; 8], 4.0, 8.0);
        close(same.freedom, 28.0);
        let apart = Pooled::of(&[1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4], 4.0, 6.0);
        assert!(apart.freedom < 0.5, "{apart:?}");
        let (variance, freedom) = apart.with(1e-6, 4.0);
        assert!(freedom < 4.5 && variance > 1e-6);
        assert_eq!(Pooled::of(&[1.0], 4.0, 1.0).freedom, 0.0);
    }

    #[test]
    fn what_moves_together_counts_once() {
        let one = [1.0, 3.0, 2.0, 7.0, 5.0];
        let same: Vec<Vec<f64>> = (1..=6).map(|k| one.iter().map(|v| v * f64::from(k)).collect()).collect();
        close(independent(&same), 1.0);
        // Contrasts of a Hadamard matrix are orthogonal.
        let apart = vec![vec![1.0, -1.0, 1.0, -1.0], vec![1.0, 1.0, -1.0, -1.0], vec![1.0, -1.0, -1.0, 1.0]];
        close(independent(&apart), 3.0);
    }
}
