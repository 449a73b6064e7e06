//! Carriers of known modulation, clean and at 30 dB signal to noise.

use super::*;
use crate::quantity::Unit;
use crate::record::Waveform;

const RATE: f64 = 200e3;

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

/// A carrier of amplitude 0.3 at `offset`, AM of depth `m` and FM of deviation `deviation`, both by a tone at `tone`;
/// noise `snr_db` below the carrier in the whole record.
fn carrier(offset: f64, m: f64, deviation: f64, tone: f64, snr_db: f64, frames: u32) -> Vec<Complex64> {
    let mut random = Random(42);
    let sigma = 0.3 * 10f64.powf(-snr_db / 20.0);
    (0..frames)
        .map(|i| {
            let t = f64::from(i) / RATE;
            let amplitude = 0.3 * (1.0 + m * (TAU * tone * t + 0.4).sin());
            let phase = TAU * (offset * t).fract() + deviation / tone * (TAU * tone * t).sin();
            Complex64::from_polar(amplitude, phase) + random.gauss(sigma)
        })
        .collect()
}

fn demodulated(data: &[Complex64], offset: f64, bandwidth: f64) -> Demodulated {
    let record = Waveform::iq(data, RATE, None).unwrap();
    let channel = Channel::read(&record, offset, bandwidth, 1 << 19).unwrap();
    demodulate(&channel).unwrap()
}

#[test]
fn the_depth_of_am_at_thirty_decibels() {
    for m in [0.1, 0.3, 0.9] {
        let d = demodulated(&carrier(30_300.0, m, 0.0, 1013.7, 30.0, 200_000), 30e3, 20e3);
        let tone = d.am.tone.unwrap();
        assert!((tone.amplitude / m - 1.0).abs() < 0.005, "{m}: {}", tone.amplitude);
        assert!((tone.frequency_hz - 1013.7).abs() < 0.05, "{}", tone.frequency_hz);
        assert!((d.carrier_hz - 300.0).abs() < 0.05, "{}", d.carrier_hz);
        assert!(
            ((d.am.plus + d.am.minus) / 2.0 / m - 1.0).abs() < 0.3 * 0.1 / m + 0.02,
            "{} {}",
            d.am.plus,
            d.am.minus
        );
        assert!((d.carrier_power.sqrt() - 0.3).abs() < 0.001);
    }
}

#[test]
fn the_deviation_of_fm_at_thirty_decibels() {
    for (deviation, tone_hz) in [(3e3, 1e3), (500.0, 1234.5), (5e3, 400.0)] {
        let d = demodulated(&carrier(-20e3, 0.0, deviation, tone_hz, 30.0, 200_000), -20.1e3, 25e3);
        let tone = d.fm.tone.unwrap();
        assert!((tone.amplitude / deviation - 1.0).abs() < 0.005, "{deviation}: {}", tone.amplitude);
        assert!((tone.frequency_hz - tone_hz).abs() < 0.05, "{}", tone.frequency_hz);
        assert!((d.carrier_hz - 100.0).abs() < 0.1, "{}", d.carrier_hz);
        let pm = d.pm.tone.unwrap();
        assert!((pm.amplitude / (deviation / tone_hz) - 1.0).abs() < 0.005, "{}", pm.amplitude);
        assert!(d.am.rms < 0.03, "FM leaves the envelope alone: {}", d.am.rms);
    }
}

#[test]
fn clean_peaks_rms_and_distortion_agree_with_the_tone() {
    let d = demodulated(&carrier(0.0, 0.0, 4e3, 997.0, 120.0, 100_000), 0.0, 40e3);
    let tone = d.fm.tone.unwrap();
    for v in [d.fm.plus, d.fm.minus, d.fm.rms * 2f64.sqrt(), tone.amplitude] {
        assert!((v / 4e3 - 1.0).abs() < 1e-3, "{v}");
    }
    assert!(tone.sinad_db > 70.0 && tone.distortion.unwrap() < 1e-3, "{tone:?}");
    assert!(d.fm.residual_audio.unwrap() < 4.0, "{:?}", d.fm.residual_audio);
}

#[test]
fn a_second_harmonic_is_distortion_and_limits_the_sinad() {
    // 1 + 0.5 sin + 0.05 cos 2: 10 % of distortion, SINAD 20 dB.
    let data: Vec<Complex64> = (0..100_000)
        .map(|i| {
            let x = TAU * (1e3 * f64::from(i) / RATE).fract();
            Complex64::from(1.0 + 0.5 * x.sin() + 0.05 * (2.0 * x).cos())
        })
        .collect();
    let tone = demodulated(&data, 0.0, 30e3).am.tone.unwrap();
    assert!((tone.distortion.unwrap() - 0.1).abs() < 1e-3, "{tone:?}");
    assert!((tone.sinad_db - 20.0).abs() < 0.1, "{tone:?}");
}

#[test]
fn residual_modulation_of_a_plain_carrier_is_the_noise_in_the_band() {
    // Noise of density N0 about a carrier of power C: the envelope's density is N0 / C one-sided (the in-phase half,
    // both sides of the carrier), the frequency's f^2 N0 / C.
    let d = demodulated(&carrier(10e3, 0.0, 0.0, 1e3, 40.0, 400_000), 10e3, 40e3);
    let density = 1e-4 / RATE;
    let am = (density * 2700.0).sqrt();
    assert!((d.am.residual_voice.unwrap() / am - 1.0).abs() < 0.05, "{:?} {am}", d.am.residual_voice);
    let fm = (density * (3000f64.powi(3) - 300f64.powi(3)) / 3.0).sqrt();
    assert!((d.fm.residual_voice.unwrap() / fm - 1.0).abs() < 0.05, "{:?} {fm}", d.fm.residual_voice);
    assert!(d.am.tone.is_none() && d.fm.tone.is_none());
    assert!(d.carrier_hz.abs() < 0.05, "{}", d.carrier_hz);
}

#[test]
fn real_records_are_demodulated_through_their_analytic_signal() {
    for (offset, bandwidth) in [(12e3, 10e3), (30e3, 50e3), (60e3, 70e3)] {
        let data: Vec<f64> = carrier(offset, 0.5, 0.0, 1e3, 60.0, 100_000).iter().map(|z| z.re).collect();
        let record = Waveform::real(data, RATE, Unit::Volt).unwrap();
        let d = demodulate(&Channel::read(&record, offset, bandwidth, 1 << 19).unwrap()).unwrap();
        let tone = d.am.tone.unwrap();
        assert!((tone.amplitude - 0.5).abs() < 0.0025, "{offset}: {}", tone.amplitude);
        assert!(d.carrier_hz.abs() < 0.1);
        // Volts: the power of the analytic signal is the rms squared, 0.3^2 / 2 for the carrier.
        assert!((d.carrier_power / 0.045 - 1.0).abs() < 0.01, "{}", d.carrier_power);
    }
}

#[test]
fn a_burst_is_demodulated_while_it_lasts() {
    // On from 0.25 s to 0.75 s of a second, 60 dB of noise below all the time.
    let mut random = Random(77);
    let mut data = carrier(5e3, 0.0, 2e3, 800.0, 60.0, 200_000);
    for (i, z) in data.iter_mut().enumerate() {
        if !(50_000..150_000).contains(&i) {
            *z = random.gauss(0.3e-3);
        }
    }
    let record = Waveform::iq(&data, RATE, None).unwrap();
    let channel = Channel::read(&record, 5e3, 20e3, 1 << 19).unwrap().while_on();
    assert!((0.25..0.27).contains(&channel.start_s) && channel.length_s() > 0.47, "{}", channel.start_s);
    assert!(channel.start_s + channel.length_s() < 0.751);
    let d = demodulate(&channel).unwrap();
    assert!((d.fm.tone.unwrap().amplitude / 2e3 - 1.0).abs() < 0.002 && d.off_share < 1e-6);
    assert!(d.fm.plus < 2.1e3, "{}", d.fm.plus);
    // Full AM is no switching, and a carrier that stays is left whole.
    let full = Waveform::iq(&carrier(0.0, 1.0, 0.0, 400.0, 60.0, 100_000), RATE, None).unwrap();
    let channel = Channel::read(&full, 0.0, 20e3, 1 << 19).unwrap();
    assert_eq!(channel.clone().while_on(), channel);
}

#[test]
fn silence_and_scraps_are_refused() {
    let record = Waveform::iq(&vec![Complex64::default(); 5000], RATE, None).unwrap();
    assert!(demodulate(&Channel::read(&record, 0.0, 20e3, 1000).unwrap()).is_none());
    let short = Waveform::iq(&vec![Complex64::from(1.0); 100], RATE, None).unwrap();
    assert!(Channel::read(&short, 0.0, 150e3, 1000).is_err());
    assert!(Channel::read(&record, 150e3, 20e3, 1000).is_err());
    let bad = Waveform::iq(&vec![Complex64::new(f64::NAN, 0.0); 5000], RATE, None).unwrap();
    assert!(Channel::read(&bad, 0.0, 150e3, 1000).is_err());
}

#[test]
fn symbols_without_a_carrier_have_no_tone_larger_than_themselves() {
    // Antipodal symbols at 1200 a second, shaped by a cosine, so that the envelope passes through zero and the phase jumps.
    let mut random = Random(3);
    let symbols: Vec<f64> = (0..800).map(|_| if random.uniform() < 0.5 { -1.0 } else { 1.0 }).collect();
    let data: Vec<Complex64> = (0..130_000u32)
        .map(|i| {
            let place = 1200.0 * f64::from(i) / RATE;
            let (k, part) = (place as usize, place.fract());
            let level = symbols[k] + (symbols[k + 1] - symbols[k]) * 0.5 * (1.0 - (std::f64::consts::PI * part).cos());
            Complex64::from(0.3 * level) + random.gauss(1e-3)
        })
        .collect();
    let d = demodulated(&data, 0.0, 8e3);
    for m in [d.am, d.fm, d.pm] {
        assert!(m.tone.is_none_or(|t| t.amplitude < 2.0 * m.rms), "{m:?}");
    }
}
