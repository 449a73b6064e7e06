//! Synthetic carriers of known noise, offset and imbalance.

use super::*;
use crate::rrc;

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }
    fn gauss(&mut self, sigma: f64) -> Complex64 {
        Complex64::from_polar((-self.uniform().ln()).sqrt() * sigma, TAU * self.uniform())
    }
}

struct Carrier {
    constellation: Constellation,
    rolloff: f64,
    per_symbol: f64,
    symbols: usize,
    /// Rms of the noise over rms of the symbols after the matched filter.
    evm: f64,
    cycles: f64,
    offset: Complex64,
    /// Gain of I, and angle by which Q leans.
    imbalance: (f64, f64),
}

const PLAIN: Carrier = Carrier {
    constellation: Constellation::Qpsk,
    rolloff: 0.35,
    per_symbol: 4.0,
    symbols: 9000,
    evm: 0.05,
    cycles: 0.003,
    offset: Complex64::new(0.0, 0.0),
    imbalance: (1.0, 0.0),
};

impl Carrier {
    fn samples(&self) -> Vec<Complex64> {
        let mut random = Random(99);
        let points = self.constellation.points();
        let data: Vec<Complex64> = (0..self.symbols)
            .map(|k| {
                let d = points[(random.uniform() * points.len() as f64) as usize % points.len()];
                let d = d * Complex64::from_polar(1.0, TAU * self.constellation.turn() * k as f64);
                let q = Complex64::from_polar(1.0, std::f64::consts::FRAC_PI_2 + self.imbalance.1);
                self.imbalance.0 * d.re + q * d.im + self.offset
            })
            .collect();
        // White noise of variance s^2 a sample leaves s^2 / (samples per symbol) behind a unit-energy matched filter.
        let sigma = self.evm * self.per_symbol.sqrt();
        let span = 40.0;
        (0..(self.symbols as f64 * self.per_symbol) as usize)
            .map(|i| {
                let t = i as f64 / self.per_symbol - 0.3;
                let near = ((t - span).max(0.0).ceil() as usize)..((t + span).max(0.0) as usize).min(self.symbols);
                let sum =
                    near.fold(Complex64::default(), |sum, k| sum + data[k] * rrc::impulse(t - k as f64, self.rolloff));
                0.1 * (sum * Complex64::from_polar(1.0, 0.7 + TAU * self.cycles * t) + random.gauss(sigma))
            })
            .collect()
    }

    fn measured(&self) -> Evm {
        measure(&self.samples(), self.per_symbol * 25e3, 25e3, self.constellation, self.rolloff).unwrap()
    }
}

#[test]
fn the_error_is_the_noise_that_was_added() {
    for (constellation, evm, per_symbol) in [
        (Constellation::Qpsk, 0.10, 4.0),
        (Constellation::Qam16, 0.03, 3.7),
        (Constellation::Qam64, 0.02, 4.0),
        (Constellation::Pi4Dqpsk, 0.05, 2.9),
        (Constellation::Psk8, 0.04, 4.0),
    ] {
        let carrier = Carrier { constellation, evm, per_symbol, ..PLAIN };
        let m = carrier.measured();
        assert!((m.rms / evm - 1.0).abs() < 0.02, "{constellation:?}: {m:?}");
        assert!((m.carrier_hz - 75.0).abs() < 0.5, "{constellation:?}: {m:?}");
        assert!(m.reliable && m.symbols > 8000 && m.symbol_rate_error.abs() < 1e-5, "{constellation:?}: {m:?}");
    }
}

#[test]
fn without_noise_little_is_left() {
    for constellation in [Constellation::Bpsk, Constellation::Qam16, Constellation::Qam256] {
        let carrier = Carrier { constellation, evm: 0.0, symbols: 2500, rolloff: 0.22, ..PLAIN };
        let m = carrier.measured();
        assert!(m.rms < 0.003, "{constellation:?}: {m:?}");
    }
}

#[test]
fn offset_and_imbalance_are_told_apart() {
    // 1 dB of gain: a = (g + e)/2, b = (g - e)/2 with e = 1: the ratio of the two axes is g.
    let carrier = Carrier {
        constellation: Constellation::Qam16,
        evm: 0.005,
        offset: Complex64::new(0.06, -0.08),
        imbalance: (10f64.powf(1.0 / 20.0), 0.0),
        ..PLAIN
    };
    let m = carrier.measured();
    // 0.1 against symbols of mean power (g^2 + 1) / 2.
    let power = 0.5 * (10f64.powf(0.1) + 1.0);
    assert!((m.offset_db - 10.0 * (0.01 / power).log10()).abs() < 0.3, "{m:?}");
    assert!((m.gain_imbalance_db.unwrap() - 1.0).abs() < 0.03, "{m:?}");
    assert!(m.quadrature_error.unwrap() < 0.003, "{m:?}");
    let lean = Carrier { constellation: Constellation::Qam16, evm: 0.005, imbalance: (1.0, 0.05), ..PLAIN }.measured();
    assert!((lean.quadrature_error.unwrap() - 0.05).abs() < 0.003, "{lean:?}");
}

#[test]
fn a_clock_that_is_off_is_followed() {
    let samples = Carrier { symbols: 6000, evm: 0.02, ..PLAIN }.samples();
    // 4 samples per symbol are read as if they were 4 x (1 + 40 ppm).
    let m = measure(&samples, 100e3 * (1.0 + 40e-6), 25e3, Constellation::Qpsk, 0.35).unwrap();
    assert!((m.symbol_rate_error - 40e-6).abs() < 4e-6, "{m:?}");
    assert!((m.rms / 0.02 - 1.0).abs() < 0.03, "{m:?}");
}

#[test]
fn noise_is_not_reliable_and_nonsense_is_refused() {
    let mut random = Random(1);
    let noise: Vec<Complex64> = (0..10_000).map(|_| random.gauss(1.0)).collect();
    assert!(!measure(&noise, 4.0, 1.0, Constellation::Qam16, 0.35).unwrap().reliable);
    assert!(measure(&noise, 1.0, 1.0, Constellation::Qpsk, 0.35).is_err());
    assert!(measure(&noise, 4.0, f64::NAN, Constellation::Qpsk, 0.35).is_err());
    assert!(measure(&noise[..200], 4.0, 1.0, Constellation::Qpsk, 0.35).is_err());
    let silence = vec![Complex64::default(); 10_000];
    let _ = measure(&silence, 4.0, 1.0, Constellation::Qpsk, 0.35);
    assert_eq!("pi/4-DQPSK".parse(), Ok(Constellation::Pi4Dqpsk));
    assert!("17qam".parse::<Constellation>().is_err());
}
