//! What averaged spectra must show: levels, densities, sameness of all paths, and records that are not sound.

use super::*;
use crate::record::Waveform;
use std::f64::consts::TAU;

fn settings(fft: usize, window: Window) -> SpectrumSettings {
    SpectrumSettings { fft, window, overlap: 0.5 }
}

#[test]
fn a_bin_centred_tone_reads_its_own_level_with_every_window_and_size() {
    for window in Window::ALL {
        for n in [64, 100, 1000, 1001, 4096] {
            let k = 17.0;
            let tone: Vec<Complex64> =
                (0..3 * n).map(|i| Complex64::from_polar(0.5, TAU * k * i as f64 / n as f64)).collect();
            let iq = Waveform::iq(&tone, 1e6, None).unwrap();
            let s = average(&iq, settings(n, window)).unwrap();
            let bin = s.bin_of_offset(k * s.bin_hz()).round() as usize;
            assert!((s.level_db(s.mean[bin]) + 6.0206).abs() < 1e-4, "{window} {n}");

            let real: Vec<f64> = (0..3 * n).map(|i| 0.5 * (TAU * k * i as f64 / n as f64).cos()).collect();
            let volts = Waveform::real(real, 1e6, Unit::Volt).unwrap();
            let s = average(&volts, settings(n, window)).unwrap();
            // 0.5 V peak is 0.125 V^2: -9.0309 dBV.
            assert!((s.level_db(s.mean[17]) + 9.0309).abs() < 1e-3, "{window} {n}");
        }
    }
}

#[test]
fn a_record_shorter_than_the_transform_is_refused() {
    let w = Waveform::real(vec![0.0; 100], 1.0, Unit::Volt).unwrap();
    assert!(average(&w, settings(101, Window::Hann)).is_err());
}
