//! The wanted signal before the amplifier: a constant, an FM tone, or QPSK with root-raised-cosine pulses.

use std::f64::consts::PI;

use crate::random::Random;
use crate::sim::math::Phasor;
use crate::sim::{Modulation, Scenario};

const FM_TONE_HZ: f64 = 1e3;
const FM_DEVIATION_HZ: f64 = 2.5e3;
const SAMPLES_PER_SYMBOL: usize = 16;
/// Half-length of a pulse, in symbols.
const REACH: usize = 6;
const ROLL_OFF: f64 = 0.35;

/// Points of one OFDM symbol, its cyclic prefix, the subcarriers on each side of the middle one, which is empty, and the
/// the transmitter's filter: half its length and its edge, in subcarriers.
const OFDM_POINTS: usize = 128;
const OFDM_PREFIX: usize = 10;
const OFDM_SIDE: usize = 12;
const OFDM_HALF: usize = 128;
const OFDM_EDGE: f64 = 13.5;

/// The complex envelope of the carrier, of mean power 1.
pub(super) enum Baseband {
    /// Unmodulated.
    Cw,
    /// FM with one tone.
    Fm { rate_hz: f64 },
    /// QPSK: the symbols and the pulse.
    Qpsk { symbols: Vec<Phasor>, pulse: Vec<f64> },
    /// OFDM: all samples.
    Ofdm { samples: Vec<Phasor> },
}

impl Baseband {
    pub(super) fn new(s: &Scenario, random: &mut Random) -> Self {
        match s.modulation {
            Modulation::Cw => Self::Cw,
            Modulation::Fm => Self::Fm { rate_hz: s.rate_hz },
            Modulation::Ofdm => Self::Ofdm { samples: ofdm(s.frames(), random) },
            Modulation::Qpsk => {
                let count = s.frames() / SAMPLES_PER_SYMBOL + 2 * REACH + 1;
                let side = |bit: u64| if bit == 0 { -1.0 } else { 1.0 };
                let symbols = (0..count).map(|_| {
                    let bits = random.next_u64();
                    Phasor::new(side(bits >> 63), side((bits >> 62) & 1)).scale(0.5_f64.sqrt())
                });
                Self::Qpsk { symbols: symbols.collect(), pulse: pulse() }
            }
        }
    }

    pub(super) fn at(&self, frame: usize) -> Phasor {
        match self {
            Self::Cw => Phasor::new(1.0, 0.0),
            Self::Fm { rate_hz } => {
                let beta = FM_DEVIATION_HZ / FM_TONE_HZ;
                Phasor::turn(beta * Phasor::turn(FM_TONE_HZ * frame as f64 / rate_hz).im / (2.0 * PI))
            }
            Self::Ofdm { samples } => samples.get(frame).copied().unwrap_or(Phasor::ZERO),
            Self::Qpsk { symbols, pulse } => {
                let (symbol, phase) = (frame / SAMPLES_PER_SYMBOL, frame % SAMPLES_PER_SYMBOL);
                let near = symbols.iter().skip(symbol).take(2 * REACH);
                let taps = pulse.iter().skip(phase).step_by(SAMPLES_PER_SYMBOL);
                // The oldest symbol meets the end of the pulse.
                let pairs = near.rev().zip(taps);
                pairs.fold(Phasor::ZERO, |sum, (z, tap)| sum.plus(z.scale(*tap)))
            }
        }
    }
}

/// OFDM symbols with QPSK on every subcarrier, behind a low-pass filter, of mean power 1.
fn ofdm(frames: usize, random: &mut Random) -> Vec<Phasor> {
    let turns: Vec<Phasor> = (0..OFDM_POINTS).map(|k| Phasor::turn(k as f64 / OFDM_POINTS as f64)).collect();
    let scale = (1.0 / (2.0 * OFDM_SIDE as f64)).sqrt();
    let mut raw = Vec::with_capacity(frames + 2 * OFDM_HALF);
    while raw.len() < frames + 2 * OFDM_HALF {
        let carriers: Vec<(usize, Phasor)> = (1..=OFDM_SIDE)
            .flat_map(|k| [k, OFDM_POINTS - k])
            .map(|k| (k, Phasor::turn(0.25 * (random.next_u64() >> 62) as f64 + 0.125).scale(scale)))
            .collect();
        raw.extend((0..OFDM_POINTS + OFDM_PREFIX).map(|n| {
            let at = n + OFDM_POINTS - OFDM_PREFIX;
            carriers.iter().fold(Phasor::ZERO, |sum, (k, z)| {
                turns.get(k * at % OFDM_POINTS).map_or(sum, |turn| sum.plus(z.times(*turn)))
            })
        }));
    }
    let taps = low_pass();
    (0..frames)
        .map(|n| raw.iter().skip(n).zip(&taps).fold(Phasor::ZERO, |sum, (z, tap)| sum.plus(z.scale(*tap))))
        .collect()
}

/// A sinc under a Blackman window, of gain 1 in its band.
fn low_pass() -> Vec<f64> {
    let edge = OFDM_EDGE / OFDM_POINTS as f64;
    (0..=2 * OFDM_HALF)
        .map(|k| {
            let t = k as f64 - OFDM_HALF as f64;
            let sinc = if t == 0.0 { 2.0 * edge } else { libm::sin(2.0 * PI * edge * t) / (PI * t) };
            let c = Phasor::turn(0.5 * k as f64 / OFDM_HALF as f64);
            sinc * (0.42 - 0.5 * c.re + 0.08 * c.times(c).re)
        })
        .collect()
}

/// A root-raised-cosine pulse over twice `REACH` symbols, scaled for mean power 1.
fn pulse() -> Vec<f64> {
    let length = 2 * REACH * SAMPLES_PER_SYMBOL;
    let taps: Vec<f64> =
        (0..length).map(|k| root_raised_cosine((k as f64 - 0.5 * length as f64) / SAMPLES_PER_SYMBOL as f64)).collect();
    let energy = taps.iter().map(|t| t * t).sum::<f64>() / SAMPLES_PER_SYMBOL as f64;
    taps.iter().map(|t| t / energy.sqrt()).collect()
}

/// The pulse at `t` symbols from its centre; the two removable singularities by their limits.
fn root_raised_cosine(t: f64) -> f64 {
    let four = 4.0 * ROLL_OFF * t;
    if t.abs() < 1e-9 {
        return 1.0 - ROLL_OFF + 4.0 * ROLL_OFF / PI;
    }
    if (four.abs() - 1.0).abs() < 1e-9 {
        let (sin, cos) = libm::sincos(PI / (4.0 * ROLL_OFF));
        return ROLL_OFF / 2.0_f64.sqrt() * ((1.0 + 2.0 / PI) * sin + (1.0 - 2.0 / PI) * cos);
    }
    let top = libm::sin(PI * t * (1.0 - ROLL_OFF)) + four * libm::cos(PI * t * (1.0 + ROLL_OFF));
    top / (PI * t * (1.0 - four * four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_modulation_has_mean_power_one() {
        for modulation in [Modulation::Cw, Modulation::Fm, Modulation::Qpsk, Modulation::Ofdm] {
            let s = Scenario { modulation, duration_s: 0.1, ..Scenario::transmit() };
            let b = Baseband::new(&s, &mut Random::new(5, 3));
            let n = s.frames();
            let power = (0..n).map(|k| b.at(k).magnitude().powi(2)).sum::<f64>() / n as f64;
            assert!((power - 1.0).abs() < 0.03, "{modulation:?}: {power}");
        }
    }

    /// Two root-raised-cosine filters in a row leave no interference between symbols.
    #[test]
    fn the_pulse_fulfils_the_nyquist_criterion() {
        let p = pulse();
        let overlap =
            |shift: usize| p.iter().zip(p.iter().skip(shift * SAMPLES_PER_SYMBOL)).map(|(a, b)| a * b).sum::<f64>();
        let peak = overlap(0);
        assert!((1..REACH).all(|k| (overlap(k) / peak).abs() < 0.01));
    }
}
