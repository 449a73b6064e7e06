//! What of a supply can be looked for in sidebands: its families of lines, each with how well its frequency is known.

use faultscope_signal::Record;
use serde::{Deserialize, Serialize};

use super::{DRIFT, TIME_BASE};
use crate::measurement::{Detail, Line, Measured, RippleDetail};

/// Most lines of one family that are looked for: the strongest.
const MOST_LINES: usize = 12;
/// Orders that are looked for although the supply does not show them.
const HARMONICS: [u32; 2] = [2, 3];

/// A family of ripple lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplyFamily {
    /// Multiples of the mains frequency.
    Mains,
    /// Multiples of the switching frequency.
    Switching,
    /// A second converter close to the first.
    SecondConverter,
}

/// Its lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Family {
    pub kind: SupplyFamily,
    pub fundamental_hz: f64,
    /// One standard deviation of the fundamental.
    pub sigma_hz: f64,
    /// Order and rms of the lines that the supply shows.
    lines: Vec<(u32, f64)>,
}

/// A frequency to look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub order: u32,
    pub frequency_hz: f64,
    /// Rms of the supply's line, where it shows one.
    pub rms_v: Option<f64>,
}

impl Family {
    /// The lines between two offsets: those that the supply shows, and the first harmonics of its fundamental.
    pub(super) fn candidates(&self, low_hz: f64, high_hz: f64) -> Vec<Candidate> {
        let mut orders: Vec<(u32, Option<f64>)> = self.lines.iter().map(|(k, v)| (*k, Some(*v))).collect();
        let first = self.lines.iter().map(|l| l.0).min().unwrap_or(1);
        for n in HARMONICS {
            let order = first.saturating_mul(n);
            if orders.iter().all(|(k, _)| *k != order) {
                orders.push((order, None));
            }
        }
        orders.sort_by_key(|(k, _)| *k);
        orders
            .into_iter()
            .map(|(order, rms_v)| Candidate { order, frequency_hz: f64::from(order) * self.fundamental_hz, rms_v })
            .filter(|c| (low_hz..high_hz).contains(&c.frequency_hz))
            .collect()
    }

    /// How far a sideband, known to one standard deviation of `sigma_hz`, may be from a line if both records were taken
    /// at once.
    pub(super) fn close(&self, c: &Candidate, sigma_hz: f64) -> f64 {
        3.0 * sigma_hz.hypot(f64::from(c.order) * self.sigma_hz) + TIME_BASE * c.frequency_hz
    }

    /// How far if they were not.
    pub(super) fn wide(&self, c: &Candidate, sigma_hz: f64) -> f64 {
        self.close(c, sigma_hz) + DRIFT * c.frequency_hz
    }
}

/// The families of a supply.
pub(super) fn families(ripple: &Measured, record: &dyn Record) -> Vec<Family> {
    let Detail::Ripple(detail) = &ripple.detail else { return Vec::new() };
    let resolution = 1.0 / record.duration_s();
    let sigma = |reading: &str, per: f64| {
        let stated = ripple.readings.iter().find(|r| r.id == reading).and_then(|r| r.uncertainty);
        stated.map_or(0.25 * resolution, |u| 0.5 * u / per.max(1.0))
    };
    [
        detail
            .mains
            .as_ref()
            .map(|m| family(SupplyFamily::Mains, m.fundamental_hz, sigma("mains_frequency", 1.0), &m.lines)),
        detail.switching.as_ref().map(|s| {
            let main = ripple
                .readings
                .iter()
                .find(|r| r.id == "switching_frequency")
                .map_or(1.0, |r| r.value / s.fundamental_hz);
            family(SupplyFamily::Switching, s.fundamental_hz, sigma("switching_frequency", main), &s.lines)
        }),
        second(detail, resolution),
    ]
    .into_iter()
    .flatten()
    .filter(|f| !f.lines.is_empty())
    .collect()
}

fn second(detail: &RippleDetail, resolution: f64) -> Option<Family> {
    let second = detail.switching.as_ref()?.second?;
    let (fundamental_hz, sigma_hz) = (second.frequency_hz, 0.25 * resolution);
    Some(Family { kind: SupplyFamily::SecondConverter, fundamental_hz, sigma_hz, lines: vec![(1, second.rms_v)] })
}

fn family(kind: SupplyFamily, fundamental_hz: f64, sigma_hz: f64, lines: &[Line]) -> Family {
    let mut lines: Vec<(u32, f64)> = lines.iter().map(|l| (l.order, l.rms_v)).collect();
    lines.sort_by(|a, b| b.1.total_cmp(&a.1));
    lines.truncate(MOST_LINES);
    Family { kind, fundamental_hz, sigma_hz, lines }
}
