//! Sums over slices in many independent sums side by side, so that they vectorise and round less.

/// Sums side by side: so many that no addition waits for the one before it.
const LANES: usize = 16;

/// The sum of `term` over pairs of values; the longer slice ends with the shorter.
///
/// One sum a loop: two at once tempt the compiler into pairing them instead of vectorising each.
#[must_use]
#[inline(always)]
pub fn sum_of(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let n = a.len().min(b.len());
    let ((a, a_rest), (b, b_rest)) = (a[..n].as_chunks::<LANES>(), b[..n].as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for k in 0..LANES {
            sums[k] += term(a[k], b[k]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| term(*a, *b)).sum();
    let mut width = LANES / 2;
    while width > 0 {
        for k in 0..width {
            sums[k] += sums[k + width];
        }
        width /= 2;
    }
    sums[0] + rest
}

/// Smallest and largest finite value at the even and at the odd places; infinities, the wrong way round, where there is none.
#[must_use]
#[inline(always)]
pub fn extremes(x: &[f32]) -> [(f32, f32); 2] {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let mut take = |k: usize, v: f32| {
        // What is not finite is larger than every low and smaller than every high.
        let finite = v.abs() <= f32::MAX;
        let (l, h) = if finite { (v, v) } else { (f32::INFINITY, f32::NEG_INFINITY) };
        low[k] = if l < low[k] { l } else { low[k] };
        high[k] = if h > high[k] { h } else { high[k] };
    };
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(k, v)| take(k, *v));
    }
    rest.iter().enumerate().for_each(|(k, v)| take(k, *v));
    [0, 1].map(|odd| {
        let of = |lanes: &[f32; LANES], better: fn(f32, f32) -> f32| {
            lanes.iter().skip(odd).step_by(2).copied().reduce(better).unwrap_or(f32::NAN)
        };
        (of(&low, f32::min), of(&high, f32::max))
    })
}

/// Sum of the values.
#[must_use]
#[inline(always)]
pub fn sum(x: &[f64]) -> f64 {
    sum_of(x, x, |v, _| v)
}

/// Sum of the products.
#[must_use]
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum_of(a, b, |a, b| a * b)
}

/// Sum of the fourth powers.
#[must_use]
#[inline(always)]
pub fn fourth(x: &[f64]) -> f64 {
    sum_of(x, x, |v, _| {
        let square = v * v;
        square * square
    })
}

/// Sum of the values times their places, the first of which is `at`.
#[must_use]
#[inline(always)]
pub fn moment(x: &[f64], at: f64) -> f64 {
    const PLACES: [f64; 256] = {
        let mut places = [0.0; 256];
        let mut i = 0;
        while i < 256 {
            places[i] = i as f64;
            i += 1;
        }
        places
    };
    let mut moment = 0.0;
    for (i, part) in x.chunks(PLACES.len()).enumerate() {
        moment += dot(part, &PLACES) + (at + (i * PLACES.len()) as f64) * sum(part);
    }
    moment
}

/// Smallest and largest value; infinite when there is none.
#[must_use]
#[inline(always)]
pub fn range(x: &[f64]) -> (f64, f64) {
    let low = furthest(x, f64::INFINITY, |v, low| v < low);
    let high = furthest(x, f64::NEG_INFINITY, |v, high| v > high);
    (low, high)
}

/// The value that no other lies beyond.
#[inline(always)]
fn furthest(x: &[f64], start: f64, beyond: impl Fn(f64, f64) -> bool) -> f64 {
    let (parts, rest) = x.as_chunks::<LANES>();
    let mut best = [start; LANES];
    for part in parts {
        for k in 0..LANES {
            best[k] = if beyond(part[k], best[k]) { part[k] } else { best[k] };
        }
    }
    best.iter().chain(rest).fold(start, |best, &v| if beyond(v, best) { v } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, whose sums are exact and have closed forms.
    #[test]
    fn sums_are_those_of_their_closed_forms_at_every_length() {
        for n in (0..40).chain([255, 256, 257, 1000]) {
            let x: Vec<f64> = (1..=n).map(f64::from).collect();
            let k = f64::from(n);
            assert_eq!(sum(&x), k * (k + 1.0) / 2.0);
            assert_eq!(dot(&x, &x), k * (k + 1.0) * (2.0 * k + 1.0) / 6.0);
            assert_eq!(moment(&x, 1.0), dot(&x, &x));
            let fourths = k * (k + 1.0) * (2.0 * k + 1.0) * (3.0 * k * k + 3.0 * k - 1.0) / 30.0;
            assert_eq!(fourth(&x), fourths);
            let ends = if n == 0 { (f64::INFINITY, f64::NEG_INFINITY) } else { (1.0, k) };
            assert_eq!(range(&x), ends);
            assert_eq!(dot(&x, &[1.0, 1.0]), x.iter().take(2).sum::<f64>());
        }
    }

    #[test]
    fn extremes_of_even_and_odd_places_leave_out_what_is_not_finite() {
        let none = (f32::INFINITY, f32::NEG_INFINITY);
        assert_eq!(extremes(&[]), [none, none]);
        assert_eq!(extremes(&[2.0]), [(2.0, 2.0), none]);
        assert_eq!(extremes(&[f32::NAN, f32::INFINITY]), [none, none]);
        for n in [3, 15, 16, 17, 64, 101] {
            // Even places hold 0, 2, 4 ..., odd ones their negative; one value of each kind is spoilt.
            let mut x: Vec<f32> = (0..n).map(|i| if i % 2 == 0 { i as f32 } else { -(i as f32) }).collect();
            (x[0], x[1]) = (f32::NEG_INFINITY, f32::NAN);
            let (even, odd) = ((n - 1) / 2 * 2, if n % 2 == 0 { n - 1 } else { n - 2 });
            let expected_odd = if odd >= 3 { (-(odd as f32), -3.0) } else { none };
            assert_eq!(extremes(&x), [(2.0, even as f32), expected_odd], "{n}");
        }
    }
}
