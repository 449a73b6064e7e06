//! The constellations on offer: their names, their points, and what wipes their data out.

use std::f64::consts::{FRAC_PI_4, TAU};
use std::str::FromStr;

use num_complex::Complex64;
use serde::{Deserialize, Serialize};

/// The constellations on offer, all of mean power 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Constellation {
    /// Two phases.
    #[serde(rename = "bpsk")]
    Bpsk,
    /// Four phases.
    #[serde(rename = "qpsk")]
    Qpsk,
    /// Four phases, turned by an eighth of a circle from symbol to symbol (TETRA).
    #[serde(rename = "pi4dqpsk")]
    Pi4Dqpsk,
    /// Eight phases.
    #[serde(rename = "8psk")]
    Psk8,
    /// Sixteen points in a square.
    #[serde(rename = "16qam")]
    Qam16,
    /// Sixty-four points in a square.
    #[serde(rename = "64qam")]
    Qam64,
    /// Two hundred and fifty-six points in a square.
    #[serde(rename = "256qam")]
    Qam256,
}

impl Constellation {
    /// Every constellation.
    pub const ALL: [Self; 7] =
        [Self::Bpsk, Self::Qpsk, Self::Pi4Dqpsk, Self::Psk8, Self::Qam16, Self::Qam64, Self::Qam256];

    /// The name as used on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bpsk => "bpsk",
            Self::Qpsk => "qpsk",
            Self::Pi4Dqpsk => "pi4dqpsk",
            Self::Psk8 => "8psk",
            Self::Qam16 => "16qam",
            Self::Qam64 => "64qam",
            Self::Qam256 => "256qam",
        }
    }

    /// Its points.
    #[must_use]
    pub fn points(self) -> Vec<Complex64> {
        let circle = |n: u32, first: f64| {
            (0..n).map(|k| Complex64::from_polar(1.0, first + TAU * f64::from(k) / f64::from(n))).collect()
        };
        let square = |side: i32| {
            let scale = (1.5 / (f64::from(side * side) - 1.0)).sqrt();
            let level = |k: i32| scale * f64::from(2 * k - side + 1);
            (0..side).flat_map(|i| (0..side).map(move |q| Complex64::new(level(i), level(q)))).collect()
        };
        match self {
            Self::Bpsk => circle(2, 0.0),
            Self::Qpsk | Self::Pi4Dqpsk => circle(4, FRAC_PI_4),
            Self::Psk8 => circle(8, 0.0),
            Self::Qam16 => square(4),
            Self::Qam64 => square(8),
            Self::Qam256 => square(16),
        }
    }

    /// Where symbols lie in the transmitter's own axes: its points, in every turn that they take.
    #[must_use]
    pub fn places(self) -> Vec<Complex64> {
        let turns: &[f64] = if self.turn() == 0.0 { &[0.0] } else { &[0.0, self.turn()] };
        let turned = |turn: &f64| {
            let turn = Complex64::from_polar(1.0, TAU * turn);
            self.points().into_iter().map(move |p| p * turn)
        };
        turns.iter().flat_map(turned).collect()
    }

    /// The power that wipes the data out, and the phase of what is left of it.
    pub(super) const fn power(self) -> (i32, f64) {
        match self {
            Self::Bpsk => (2, 0.0),
            Self::Psk8 => (8, 0.0),
            _ => (4, std::f64::consts::PI),
        }
    }

    /// How far a symbol is turned from one to the next, beside the data.
    pub(super) const fn turn(self) -> f64 {
        if matches!(self, Self::Pi4Dqpsk) { 0.125 } else { 0.0 }
    }
}

impl FromStr for Constellation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.to_ascii_lowercase().replace(['-', '/', '_'], "");
        Self::ALL.into_iter().find(|c| c.name() == wanted).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|c| c.name()).collect();
            format!("'{text}' is not a constellation; choose one of {}", names.join(" "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_that_are_turned_lie_on_eight_places_of_the_circle() {
        let mut eighths: Vec<i64> = Constellation::Pi4Dqpsk
            .places()
            .iter()
            .map(|p| (p.arg() / FRAC_PI_4).round().rem_euclid(8.0) as i64)
            .collect();
        eighths.sort_unstable();
        assert_eq!(eighths, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(Constellation::Pi4Dqpsk.places().iter().all(|p| (p.norm() - 1.0).abs() < 1e-12));
        for other in Constellation::ALL.into_iter().filter(|c| *c != Constellation::Pi4Dqpsk) {
            assert_eq!(other.places(), other.points());
        }
    }
}
