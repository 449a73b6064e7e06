//! Bands against closed forms: noise, tones, rectangular spectra, an OFDM signal.

use num_complex::Complex64;

use super::*;
use crate::quantity::{Unit, db_from_power};
use crate::record::{Record, Waveform};
use crate::spectrum::{SpectrumSettings, average};
use crate::window::Window;

const RATE: f64 = 15.36e6;

/// Marsaglia's xorshift, and Box and Muller's Gaussian pair.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }
    fn gauss(&mut self, sigma: f64) -> Complex64 {
        let r = (-self.uniform().ln()).sqrt() * sigma;
        Complex64::from_polar(r, std::f64::consts::TAU * self.uniform())
    }
}

fn spectrum(record: &dyn Record, fft: usize) -> Spectrum {
    average(record, SpectrumSettings { fft, window: Window::Hann, overlap: 0.5 }).unwrap()
}

#[test]
fn noise_has_its_density_times_the_bandwidth_and_a_tone_its_power() {
    let mut random = Random(7);
    let noise: Vec<Complex64> = (0..1 << 20).map(|_| random.gauss(0.1)).collect();
    let s = spectrum(&Waveform::iq(&noise, RATE, None).unwrap(), 4096);
    let p = Profile::new(&s);
    assert!((db_from_power(p.total()) + 20.0).abs() < 0.02);
    // 0.01 over 15.36 MHz: a band of 3.333 MHz at an odd place holds 0.01 x 3.333 / 15.36.
    let expected = db_from_power(0.01 * 3.333 / 15.36);
    assert!((db_from_power(p.between(-5.0001e6, -1.6671e6)) - expected).abs() < 0.05);
    let utra = Filter::Rrc { symbol_rate_hz: 3.84e6, rolloff: 0.22 };
    assert!((db_from_power(p.through(utra, 1.1e6)) - db_from_power(0.01 * 3.84 / 15.36)).abs() < 0.05);
    for f in [1.0e6, 1.000_9e6, 1.001_875e6] {
        let tone: Vec<Complex64> = (0..1 << 17)
            .map(|i| Complex64::from_polar(0.5, std::f64::consts::TAU * (f / RATE * f64::from(i)).fract()))
            .collect();
        let s = spectrum(&Waveform::iq(&tone, RATE, None).unwrap(), 4096);
        let level = db_from_power(Profile::new(&s).between(0.9e6, 1.1e6));
        assert!((level + 6.0206).abs() < 0.01, "{f}: {level}");
    }
}

#[test]
fn real_records_hold_their_mean_square_between_nothing_and_half_the_rate() {
    let data: Vec<f64> =
        (0..1 << 16).map(|i| 0.25 + 2.0 * (std::f64::consts::TAU * (0.123_45 * f64::from(i)).fract()).cos()).collect();
    let s = spectrum(&Waveform::real(data, 1e6, Unit::Volt).unwrap(), 1024);
    let p = Profile::new(&s);
    assert!((p.between(100e3, 150e3) / 2.0 - 1.0).abs() < 1e-3, "{}", p.between(100e3, 150e3));
    assert!(p.covers(0.0, 500e3) && !p.covers(-10e3, 1e3));
    assert!((p.total() - p.between(0.0, 500e3)).abs() < 1e-9);
}

/// 600 subcarriers of 15 kHz about an empty centre, random QPSK, symbols of 1024 + 72 samples without ramps.
fn ofdm(symbols: usize, seed: u64) -> Vec<Complex64> {
    let mut random = Random(seed);
    let ifft = faultscope_transform::double::inverse(1024);
    let mut out = Vec::with_capacity(symbols * 1096);
    for _ in 0..symbols {
        let mut cells = vec![Complex64::default(); 1024];
        for k in (1..=300).chain(724..1024) {
            let quarter = (random.uniform() * 4.0).ceil();
            cells[k] = Complex64::from_polar(0.01, std::f64::consts::FRAC_PI_2 * quarter);
        }
        ifft.process(&mut cells);
        out.extend_from_slice(&cells[1024 - 72..]);
        out.extend_from_slice(&cells);
    }
    out
}

/// Its occupied bandwidth from its closed form: the sum of 600 sampled (periodic) sinc^2 of 1096 samples.
fn ofdm_truth(share: f64) -> f64 {
    let cells = 1 << 15;
    let step = RATE / f64::from(cells);
    let density = |f: f64| -> f64 {
        (-300i32..=300)
            .filter(|k| *k != 0)
            .map(|k| {
                let x = std::f64::consts::PI * (f - 15e3 * f64::from(k)) / RATE;
                if x.sin().abs() < 1e-12 { 1096.0 * 1096.0 } else { ((1096.0 * x).sin() / x.sin()).powi(2) }
            })
            .sum()
    };
    let values: Vec<f64> = (0..cells).map(|i| density((f64::from(i) + 0.5) * step - RATE / 2.0)).collect();
    let total: f64 = values.iter().sum();
    let rest = 0.5 * (1.0 - share) * total;
    let (mut sum, mut low, mut high) = (0.0, 0.0, 0.0);
    for (i, v) in values.iter().enumerate() {
        if sum < rest && sum + v >= rest {
            low = i as f64 + (rest - sum) / v;
        }
        if sum < total - rest && sum + v >= total - rest {
            high = i as f64 + (total - rest - sum) / v;
        }
        sum += v;
    }
    (high - low) * step
}

#[test]
fn the_occupied_bandwidth_of_a_ten_megahertz_ofdm_signal() {
    let truth = ofdm_truth(0.99);
    assert!((8.8e6..9.1e6).contains(&truth), "{truth}");
    let mut data = ofdm(280, 3);
    let s = spectrum(&Waveform::iq(&data, RATE, None).unwrap(), 4096);
    let p = Profile::new(&s);
    let plain = p.occupied(-RATE / 2.0, RATE / 2.0, 0.99, 0.0).unwrap().bandwidth_hz();
    assert!((plain / truth - 1.0).abs() < 0.005, "{plain} {truth}");
    // With noise 20 dB below in all: 1 % of the power, of which 0.2 % lies on either side of the signal.
    let power = p.total();
    let mut random = Random(11);
    data.iter_mut().for_each(|z| *z += random.gauss((0.01 * power).sqrt()));
    let s = spectrum(&Waveform::iq(&data, RATE, None).unwrap(), 4096);
    let p = Profile::new(&s);
    let noise = p.noise_per_hz(-RATE / 2.0, RATE / 2.0).unwrap();
    let corrected = p.occupied(-RATE / 2.0, RATE / 2.0, 0.99, noise).unwrap().bandwidth_hz();
    assert!((corrected / truth - 1.0).abs() < 0.005, "{corrected} {truth}");
}

#[test]
fn a_band_of_noise_has_its_width_at_any_x_and_edges_between_bins() {
    // White noise through an ideal band of 2.000 MHz by a long transform: 99 % of it is 1.98 MHz.
    let n = 1 << 19;
    let mut random = Random(5);
    let mut cells: Vec<Complex64> = (0..n).map(|_| random.gauss(1e-3)).collect();
    for (k, cell) in cells.iter_mut().enumerate() {
        let f = if k < n / 2 { k as f64 } else { k as f64 - n as f64 } * RATE / n as f64;
        if !(0.5e6..2.5e6).contains(&f) {
            *cell *= 1e-3;
        }
    }
    faultscope_transform::double::inverse(n).process(&mut cells);
    let s = spectrum(&Waveform::iq(&cells, RATE, None).unwrap(), 2048);
    let p = Profile::new(&s);
    let o = p.occupied(-RATE / 2.0, RATE / 2.0, 0.99, 0.0).unwrap();
    assert!((o.bandwidth_hz() - 1.98e6).abs() < 10e3, "{}", o.bandwidth_hz());
    assert!((0.5 * (o.low_hz + o.high_hz) - 1.5e6).abs() < 5e3);
    let (low, high) = p.x_db((-RATE / 2.0, RATE / 2.0), 20.0, 30e3, 0.0).unwrap();
    // The mean over 30 kHz falls to a hundredth where 1 % of it is still inside.
    assert!((high - low - 2.0e6).abs() < 60e3, "{}", high - low);
    assert!(p.x_db((-RATE / 2.0, RATE / 2.0), 80.0, 30e3, p.total() / RATE * 1e-3).is_none());
}

#[test]
fn a_step_of_six_decibels_is_not_taken_for_signal_over_noise() {
    // A carrier that fills the record and is stronger in its middle, with a receiver's line at the centre.
    let n = 1 << 18;
    let mut random = Random(5);
    let mut cells: Vec<Complex64> = (0..n).map(|_| random.gauss(1e-3)).collect();
    for (k, cell) in cells.iter_mut().enumerate() {
        if k < n / 4 || k > 3 * n / 4 {
            *cell *= 2.0;
        }
    }
    cells[0] = Complex64::from(1.0);
    faultscope_transform::double::inverse(n).process(&mut cells);
    let s = spectrum(&Waveform::iq(&cells, RATE, None).unwrap(), 2048);
    assert!(Profile::new(&s).noise_per_hz(-RATE / 2.0, RATE / 2.0).is_none());
}

#[test]
fn silence_and_white_noise_have_no_occupied_band_to_correct() {
    let s = spectrum(&Waveform::iq(&vec![Complex64::default(); 10_000], RATE, None).unwrap(), 1024);
    assert!(Profile::new(&s).occupied(-RATE / 2.0, RATE / 2.0, 0.99, 0.0).is_none());
    let mut random = Random(5);
    let noise: Vec<Complex64> = (0..100_000).map(|_| random.gauss(1.0)).collect();
    let s = spectrum(&Waveform::iq(&noise, RATE, None).unwrap(), 1024);
    assert!(Profile::new(&s).noise_per_hz(-RATE / 2.0, RATE / 2.0).is_none());
}
