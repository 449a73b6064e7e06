//! What a signal does about an edge: aberrations, settling, and ringing with its damping.

use std::f64::consts::PI;

/// Excursions within so many standard deviations of the noise are noise.
const NOISE_REACH: f64 = 4.0;

/// Two half-waves make ringing only when the first is this much above the floor.
const CLEAR: f64 = 5.0;

/// Samples about one edge, on a scale on which the old state is 0 and the new one is 1.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The samples, from inside the old state to the end of the new one.
    pub samples: &'a [f64],
    /// Place of the 10 % instant in them.
    pub start: f64,
    /// Place of the 50 % instant.
    pub middle: f64,
    /// Place of the 90 % instant.
    pub end: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Half-width of the band about the new state in which it counts as settled.
    pub band: f64,
}

/// The shape of one edge; shares of the amplitude, times in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Farthest beyond the new state: within three transition durations after the edge, or until settled.
    pub overshoot: f64,
    /// Farthest short of the new state after it was first reached, in the same region.
    pub undershoot: f64,
    /// Farthest beyond the old state within three transition durations before the edge.
    pub preshoot: f64,
    /// From the 50 % instant to the last entry into the band; absent when the samples end before that is certain.
    pub settling: Option<f64>,
    /// Tilt of the new state: change of the straight line of least squares over the middle half of it.
    pub tilt: Option<f64>,
    /// Ringing about the new state.
    pub ringing: Option<Ringing>,
}

/// A decaying oscillation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ringing {
    /// Cycles per sample.
    pub frequency: f64,
    /// Damping ratio, 0 to 1, from the logarithmic decrement.
    pub damping: f64,
    /// Half-waves it was taken from.
    pub half_waves: usize,
}

/// Describes an edge.
#[must_use]
pub fn describe(view: &View<'_>) -> Shape {
    let n = view.samples.len();
    let index = |t: f64| (t.max(0.0) as usize).min(n);
    let duration = (view.end - view.start).max(1.0);
    let settled = settled(view);
    let until = (view.end + 3.0 * duration).max(settled.unwrap_or(0.0));
    let after = view.samples.get(index(view.middle)..index(until.ceil() + 1.0)).unwrap_or_default();
    let reached = after.iter().position(|x| *x >= 1.0).unwrap_or(after.len());
    let before = view.samples.get(index(view.start - 3.0 * duration)..index(view.start)).unwrap_or_default();
    let beyond = |v: f64| if v > NOISE_REACH * view.noise { v } else { 0.0 };
    let rest = view.samples.get(index(view.end)..).unwrap_or_default();
    Shape {
        overshoot: beyond(after.iter().fold(0.0, |m: f64, x| m.max(x - 1.0))),
        undershoot: beyond(after[reached..].iter().fold(0.0, |m: f64, x| m.max(1.0 - x))),
        preshoot: beyond(before.iter().fold(0.0, |m: f64, x| m.max(-x))),
        settling: settled.map(|t| (t - view.middle).max(0.0)),
        tilt: tilt(&view.samples[index(view.middle)..]),
        ringing: ringing(rest, 1.0, (NOISE_REACH * view.noise).max(0.01)),
    }
}

/// The last entry into the band, if the signal then stays in it for at least a twentieth of what follows the edge.
fn settled(view: &View<'_>) -> Option<f64> {
    let n = view.samples.len();
    let from = (view.middle.max(0.0).ceil() as usize).min(n);
    let outside = |x: &f64| x.is_finite() && (x - 1.0).abs() > view.band;
    let Some(last) = view.samples[from..].iter().rposition(outside).map(|i| from + i) else {
        return Some(view.middle);
    };
    let hold = ((n - from) / 20).max(2);
    let (a, b) = (*view.samples.get(last)?, *view.samples.get(last + 1)?);
    let edge = if a > 1.0 { 1.0 + view.band } else { 1.0 - view.band };
    let part = if a == b { 0.0 } else { ((edge - a) / (b - a)).clamp(0.0, 1.0) };
    (n - 1 - last >= hold).then_some(last as f64 + part)
}

fn tilt(state: &[f64]) -> Option<f64> {
    let half = &state[state.len() / 4..state.len() - state.len() / 4];
    if half.len() < 8 {
        return None;
    }
    let n = half.len() as f64;
    let centre = (n - 1.0) / 2.0;
    let (mut top, mut bottom) = (0.0, 0.0);
    for (i, x) in half.iter().enumerate().filter(|(_, x)| x.is_finite()) {
        top += (i as f64 - centre) * (x - 1.0);
        bottom += (i as f64 - centre).powi(2);
    }
    Some(top / bottom * state.len() as f64)
}

/// Ringing about a level, from the extremes of its half-waves above `floor`.
///
/// The extremes of a damped sine lie half a cycle apart and shrink by exp(-pi zeta / sqrt(1 - zeta^2)) each. At least
/// three are needed, or two of which the first is well above the floor; the list ends with the first that is not smaller
/// than the one before.
#[must_use]
pub fn ringing(samples: &[f64], level: f64, floor: f64) -> Option<Ringing> {
    let mut peaks: Vec<(f64, f64)> = Vec::new();
    let mut current: Option<(usize, f64)> = None;
    for (i, x) in samples.iter().enumerate() {
        let y = x - level;
        if y.is_nan() || y.abs() <= floor {
            continue;
        }
        match current {
            Some((_, peak)) if peak * y > 0.0 => {
                if y.abs() > peak.abs() {
                    current = Some((i, y));
                }
            }
            other => {
                peaks.extend(other.and_then(|(at, _)| vertex(samples, at, level)));
                current = Some((i, y));
            }
        }
    }
    peaks.extend(current.and_then(|(at, _)| vertex(samples, at, level)));
    let decaying = peaks.windows(2).take_while(|w| w[1].1 < w[0].1).count();
    let peaks = peaks.get(..=decaying)?;
    let clear = peaks.len() > 2 || peaks.first()?.1 > CLEAR * floor;
    fit(peaks).filter(|_| clear)
}

/// The vertex of the parabola through an extreme and its neighbours: place and magnitude.
fn vertex(samples: &[f64], at: usize, level: f64) -> Option<(f64, f64)> {
    let (a, b, c) = (samples.get(at.checked_sub(1)?)? - level, samples.get(at)? - level, samples.get(at + 1)? - level);
    let bend = a - 2.0 * b + c;
    let shift = if bend == 0.0 { 0.0 } else { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) };
    Some((at as f64 + shift, (b - 0.25 * (a - c) * shift).abs())).filter(|p| p.1.is_finite())
}

/// Half-period and decrement as straight lines of least squares over the number of the half-wave.
fn fit(peaks: &[(f64, f64)]) -> Option<Ringing> {
    if peaks.len() < 2 {
        return None;
    }
    let centre = (peaks.len() - 1) as f64 / 2.0;
    let slope = |value: &dyn Fn(&(f64, f64)) -> f64| {
        let (top, bottom) = peaks.iter().enumerate().fold((0.0, 0.0), |(t, b), (k, p)| {
            let x = k as f64 - centre;
            (t + x * value(p), b + x * x)
        });
        top / bottom
    };
    let half_period = slope(&|p| p.0);
    let decrement = -slope(&|p| p.1.ln());
    let damping = decrement / PI.hypot(decrement);
    (half_period > 0.5 && damping > 0.0 && damping < 1.0).then(|| Ringing {
        frequency: 0.5 / half_period,
        damping,
        half_waves: peaks.len(),
    })
}

/// Phase margin of the second-order loop whose step response has this damping ratio; about 100 degrees times it
/// below 0.7. Standard result for an open loop of w^2 / (s (s + 2 zeta w)).
#[must_use]
pub fn phase_margin_deg(damping: f64) -> f64 {
    let z2 = damping * damping;
    (2.0 * damping).atan2(((1.0 + 4.0 * z2 * z2).sqrt() - 2.0 * z2).sqrt()).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Step response of a second-order system of natural frequency `w` (radians per sample) from sample 200 on.
    fn second_order(zeta: f64, w: f64, n: usize) -> Vec<f64> {
        let root = (1.0 - zeta * zeta).sqrt();
        (0..n)
            .map(|i| i as f64 - 200.0)
            .map(|t| {
                let angle = w * root * t;
                let decay = (-zeta * w * t).exp();
                if t < 0.0 { 0.0 } else { 1.0 - decay * (angle.cos() + zeta / root * angle.sin()) }
            })
            .collect()
    }

    fn cross(samples: &[f64], level: f64) -> f64 {
        let i = samples.iter().position(|x| *x >= level).unwrap();
        (i - 1) as f64 + (level - samples[i - 1]) / (samples[i] - samples[i - 1])
    }

    fn shape(samples: &[f64], band: f64) -> Shape {
        let (start, middle, end) = (cross(samples, 0.1), cross(samples, 0.5), cross(samples, 0.9));
        describe(&View { samples, start, middle, end, noise: 0.0, band })
    }

    #[test]
    fn a_second_order_step_has_the_overshoot_ringing_and_damping_of_its_formula() {
        for (zeta, w) in [(0.1, 0.05), (0.2, 0.08), (0.4, 0.03), (0.5, 0.1)] {
            let s = shape(&second_order(zeta, w, 4000), 0.02);
            let root = f64::sqrt(1.0 - zeta * zeta);
            let expected = (-PI * zeta / root).exp();
            assert!((s.overshoot / expected - 1.0).abs() < 0.005, "{zeta}: {s:?} {expected}");
            let r = s.ringing.unwrap();
            assert!((r.frequency / (w * root / (2.0 * PI)) - 1.0).abs() < 0.005, "{zeta}: {r:?}");
            assert!((r.damping / zeta - 1.0).abs() < 0.01, "{zeta}: {r:?}");
            // The second extreme is short of the level by the square of the overshoot.
            assert!((s.undershoot / expected.powi(2) - 1.0).abs() < 0.01, "{zeta}: {s:?}");
            assert_eq!(s.preshoot, 0.0);
        }
    }

    #[test]
    fn an_exponential_settles_after_tau_times_the_logarithm_and_does_not_ring() {
        let tau = 40.0;
        let samples: Vec<f64> = (0..2000)
            .map(|i| f64::from(i) - 100.0)
            .map(|t| if t < 0.0 { 0.0 } else { 1.0 - (-t / tau).exp() })
            .collect();
        for band in [0.02, 0.05] {
            let s = shape(&samples, band);
            // From 50 % (tau ln 2) to the band (tau ln 1/d).
            let expected = tau * (0.5 / band).ln();
            assert!((s.settling.unwrap() / expected - 1.0).abs() < 0.005, "{s:?} {expected}");
            assert_eq!((s.overshoot, s.undershoot, s.ringing), (0.0, 0.0, None));
        }
    }

    #[test]
    fn what_has_not_settled_is_said_to_be_open() {
        let samples: Vec<f64> = (0..400).map(|i| if i < 50 { 0.0 } else { 1.0 + 0.1 * f64::from(i % 2) }).collect();
        let s = describe(&View { samples: &samples, start: 49.1, middle: 49.5, end: 49.9, noise: 0.0, band: 0.02 });
        assert_eq!(s.settling, None);
    }

    #[test]
    fn the_tilt_is_the_fall_of_the_whole_top() {
        let samples: Vec<f64> =
            (0..1100).map(|i| if i < 100 { 0.0 } else { 1.05 - f64::from(i - 100) * 1e-4 }).collect();
        let s = describe(&View { samples: &samples, start: 99.1, middle: 100.0, end: 99.9, noise: 0.0, band: 0.1 });
        assert!((s.tilt.unwrap() + 0.1).abs() < 1e-3, "{s:?}");
    }

    #[test]
    fn the_phase_margin_is_about_a_hundred_times_the_damping() {
        // Tables of second-order systems: 0.1 -> 11.4, 0.3 -> 33.3, 0.5 -> 51.8, 0.7 -> 65.2 degrees.
        for (zeta, expected) in [(0.1, 11.4), (0.3, 33.3), (0.5, 51.8), (0.7, 65.2)] {
            assert!((phase_margin_deg(zeta) - expected).abs() < 0.06, "{zeta} {}", phase_margin_deg(zeta));
        }
    }
}
