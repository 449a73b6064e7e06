//! Axes: scales from values to the scene, round tick values, and numbers with one prefix for the whole axis.

use crate::format::{plain, prefix_of};

/// Linear or logarithmic, from `[low, high]` in values to `[from, to]` in scene units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
    pub from: f64,
    pub to: f64,
    pub log: bool,
}

impl Scale {
    /// Makes a scale that can always be drawn: an empty or impossible range is widened.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64), log: bool) -> Self {
        let (low, high) = if low.is_finite() && high.is_finite() { (low.min(high), low.max(high)) } else { (0.0, 1.0) };
        let log = log && high > 0.0;
        let low = if log && low <= 0.0 { high * 1e-6 } else { low };
        let span = (high - low).abs();
        let least = (low.abs().max(high.abs()) * 1e-12).max(f64::MIN_POSITIVE * 1e6);
        let (low, high) = match (span < least, log) {
            (false, _) => (low, high),
            (true, true) => (low / 2.0, high * 2.0),
            (true, false) if low == 0.0 => (-1.0, 1.0),
            (true, false) => (low - low.abs() * 0.1, high + high.abs() * 0.1),
        };
        Self { low, high, from, to, log }
    }

    /// Place of a value; what is not finite, or not above zero on a logarithmic axis, stays not finite.
    pub(super) fn place(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + part * (self.to - self.from)
    }
}

/// The ticks of one axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    /// Value and label.
    pub major: Vec<(f64, String)>,
    pub minor: Vec<f64>,
    /// SI prefix that the labels leave out.
    pub prefix: &'static str,
    /// Value that the labels leave out: they are offsets from it. Zero for none.
    pub origin: f64,
}

/// The next of 1, 2, 5 times a power of ten.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = raw / power;
    power
        * if lead <= 1.000_001 {
            1.0
        } else if lead <= 2.000_001 {
            2.0
        } else if lead <= 5.000_001 {
            5.0
        } else {
            10.0
        }
}

/// At most about `most` ticks at round values; `prefixed` axes share one SI prefix.
pub(super) fn ticks(scale: &Scale, most: usize, prefixed: bool) -> Ticks {
    if scale.log && scale.high / scale.low >= 5.0 {
        return decades(scale, most, prefixed);
    }
    // Labels of more than seven digits cannot be told apart: count from a round value near the middle instead.
    let span = scale.high - scale.low;
    let step = round_step(span / most.max(2) as f64);
    let largest = scale.low.abs().max(scale.high.abs());
    let origin = if prefixed && step < largest * 2e-7 {
        let coarse = round_step(span * 5.0);
        ((scale.low + scale.high) / 2.0 / coarse).round() * coarse
    } else {
        0.0
    };
    let (low, high) = (scale.low - origin, scale.high - origin);
    let (factor, prefix) = if prefixed { prefix_of(low.abs().max(high.abs())) } else { (1.0, "") };
    let decimals = (-(step / factor).log10().floor()).clamp(0.0, 12.0) as usize;
    let label = |v: f64| {
        let text = format!("{:.decimals$}", v / factor);
        if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
            text.trim_start_matches('-').into()
        } else {
            text
        }
    };
    let slack = step * 1e-6;
    let first = ((low - slack) / step).ceil() as i64;
    let count = (((high + slack) / step).floor() as i64 - first).clamp(-1, 200);
    let major = (0..=count).map(|i| (first + i) as f64 * step).map(|v| (v + origin, label(v))).collect();
    Ticks { major, minor: Vec::new(), prefix, origin }
}

fn decades(scale: &Scale, most: usize, prefixed: bool) -> Ticks {
    let (first, last) = (scale.low.log10().floor() as i32, scale.high.log10().ceil() as i32);
    let inside = |v: &f64| *v >= scale.low * 0.999_999 && *v <= scale.high * 1.000_001;
    let every = ((last - first) as usize / most.max(1) + 1) as i32;
    let label = |v: f64| {
        let (factor, prefix) = if prefixed { prefix_of(v) } else { (1.0, "") };
        format!("{}{}{prefix}", plain(v / factor, 4), if prefix.is_empty() { "" } else { " " })
    };
    let mut major: Vec<f64> =
        (first..=last).step_by(every.max(1) as usize).map(|d| 10f64.powi(d)).filter(inside).collect();
    let minor: Vec<f64> =
        (first..=last).flat_map(|d| (2..10).map(move |m| f64::from(m) * 10f64.powi(d))).filter(inside).collect();
    if major.len() < 2 {
        major.extend(
            minor
                .iter()
                .copied()
                .filter(|v| matches!(plain(*v, 1).trim_start_matches(['0', '.']).chars().next(), Some('2' | '5'))),
        );
        major.sort_by(f64::total_cmp);
    }
    Ticks { major: major.into_iter().map(|v| (v, label(v))).collect(), minor, prefix: "", origin: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: (f64, f64), most: usize, log: bool) -> (Vec<String>, &'static str, f64) {
        let t = ticks(&Scale::new(range, (0.0, 1000.0), log), most, true);
        (t.major.into_iter().map(|m| m.1).collect(), t.prefix, t.origin)
    }

    #[test]
    fn ticks_are_round_and_share_a_prefix() {
        assert_eq!(labels((938.8e6, 941.2e6), 8, false).0, ["939.0", "939.5", "940.0", "940.5", "941.0"]);
        assert_eq!(
            labels((0.0, 1000.0), 6, false),
            (vec!["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].into_iter().map(String::from).collect(), "k", 0.0)
        );
        assert_eq!(labels((-0.002, 0.002), 5, false).0, ["-2", "-1", "0", "1", "2"]);
        assert_eq!(labels((10.0, 1e6), 8, true).0, ["10", "100", "1 k", "10 k", "100 k", "1 M"]);
    }

    #[test]
    fn a_narrow_span_counts_from_a_round_value() {
        let (labels, prefix, origin) = labels((2_400_000_000.0 - 50.0, 2_400_000_000.0 + 50.0), 6, false);
        assert_eq!(origin, 2.4e9);
        assert_eq!(prefix, "");
        assert_eq!(labels, ["-40", "-20", "0", "20", "40"]);
    }

    #[test]
    fn any_range_gives_finite_places_and_few_ticks() {
        for range in [
            (0.0, 0.0),
            (5.0, 5.0),
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
            (-1e300, 1e300),
            (3.0, -3.0),
            (1e-300, 2e-300),
        ] {
            for log in [false, true] {
                let scale = Scale::new(range, (0.0, 1000.0), log);
                assert!(
                    scale.place(scale.low).abs() < 1e-6 && (scale.place(scale.high) - 1000.0).abs() < 1e-6,
                    "{range:?}"
                );
                let t = ticks(&scale, 8, true);
                assert!(t.major.len() <= 40, "{range:?} {}", t.major.len());
            }
        }
    }
}
