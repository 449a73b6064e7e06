//! Tests of detection: false alarms, probability of detection, close and weak lines.

use super::*;
use crate::floor::estimate;
use crate::noise::Normal;
use crate::record::{Record, Waveform};
use crate::spectrum::{SpectrumSettings, average};
use crate::window::Window;
use num_complex::Complex64;
use std::f64::consts::TAU;

const N: usize = 1024;
const LENGTH: usize = 8192;

/// Noise of a given power spectrum over -1/2 .. 1/2 cycles per sample: drawn in the frequency domain.
fn coloured(random: &mut Normal, shape: &dyn Fn(f64) -> f64) -> Vec<Complex64> {
    let mut bins: Vec<Complex64> = (0..LENGTH)
        .map(|k| {
            let f = if k < LENGTH / 2 { k as f64 } else { k as f64 - LENGTH as f64 } / LENGTH as f64;
            random.next() * (shape(f) / LENGTH as f64).sqrt()
        })
        .collect();
    faultscope_transform::double::inverse(LENGTH).process(&mut bins);
    bins
}

fn find(samples: &[Complex64], fft: usize) -> Vec<Line> {
    let record = Waveform::iq(samples, 1.0, None).unwrap();
    search(&record, fft)
}

fn search(record: &dyn Record, fft: usize) -> Vec<Line> {
    let settings = SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 };
    let s = average(record, settings).unwrap();
    lines(&s, &estimate(&s), 0.01)
}

fn tone(amplitude: f64, bin: f64, phase: f64, n: usize) -> impl Fn(usize) -> Complex64 {
    move |i| Complex64::from_polar(amplitude, TAU * bin * i as f64 / n as f64 + phase)
}

type Shape = (&'static str, fn(f64) -> f64);
const SHAPES: [Shape; 4] = [
    ("white", |_| 1.0),
    ("sloped 40 dB", |f| 10f64.powf(-4.0 * (f + 0.5))),
    ("stepped 40 dB", |f| if f.abs() < 0.3 { 1.0 } else { 1e-4 }),
    ("notched 30 dB", |f| if (f - 0.1).abs() < 0.02 || (f + 0.2).abs() < 0.06 { 1e-3 } else { 1.0 }),
];

/// Spectra with a false line, of `count`.
fn false_alarms(shape: &dyn Fn(f64) -> f64, count: usize) -> usize {
    let mut random = Normal(2024);
    (0..count).filter(|_| !find(&coloured(&mut random, shape), N).is_empty()).count()
}

/// 200 spectra at 1 %: 2 expected; more than 8 has a probability of 2e-4.
#[test]
fn false_alarms_stay_at_one_per_cent_whatever_the_floor() {
    for (name, shape) in SHAPES {
        let count = false_alarms(&shape, 200);
        assert!(count <= 8, "{name}: {count} of 200");
    }
}

/// The long form: 2000 spectra each, 20 allowed at 1 %, 34 is three standard deviations more.
/// `cargo test -p faultscope-signal --release -- --ignored false_alarms`
#[test]
#[ignore = "10 000 spectra: half a minute in a release build"]
fn false_alarms_over_two_thousand_spectra() {
    for (name, shape) in SHAPES {
        let count = false_alarms(&shape, 2000);
        println!("{name}: {count} of 2000");
        assert!(count <= 34, "{name}: {count} of 2000");
    }
}

/// Ideal detector with a known floor, 15 averages, 0.01 over 1024 bins: 90 % at 3.536 dB in one resolution
/// bandwidth (non-central chi-squared, SciPy `ncx2`). 1 dB more must do with the floor estimated.
#[test]
fn a_spur_one_db_above_the_ideal_ninety_per_cent_point_is_found_nine_times_in_ten() {
    let mut random = Normal(77);
    let enbw = Window::BlackmanHarris.gains(N).1;
    let amplitude = (10f64.powf(0.4536) * enbw / N as f64).sqrt();
    let trials = 200;
    let found = (0..trials)
        .filter(|t| {
            let bin = 100.0 + *t as f64 * 1.0;
            let line = tone(amplitude, bin, 1.0, N);
            let samples: Vec<Complex64> = (0..LENGTH).map(|i| random.next() + line(i)).collect();
            find(&samples, N).iter().any(|l| (l.bin - 512.0 - bin).abs() < 1.0)
        })
        .count();
    // 90 % of 200 is 180; 1.6 standard deviations below is where a true 93 % would be once in a thousand runs.
    println!("{found} of {trials}");
    assert!(found >= 174, "{found} of {trials}");
}

#[test]
fn weak_lines_beside_and_far_from_a_carrier_are_found_within_half_a_db() {
    let n = 4096;
    let mut random = Normal(3);
    for place in [700.0, 700.31, 700.5] {
        let carrier = tone(1.0, place, 0.3, n);
        let near = tone(1e-4, place + 5.0, 1.0, n);
        let far = tone(10f64.powf(-5.5), -1200.2, 2.0, n);
        let sigma = 1e-6;
        let samples: Vec<Complex64> =
            (0..16 * n).map(|i| carrier(i) + near(i) + far(i) + random.next() * sigma).collect();
        let found = find(&samples, n);
        let at = |bin: f64| found.iter().find(|l| (l.bin - 2048.0 - bin).abs() < 0.3).map(|l| 10.0 * l.power.log10());
        assert!(at(place).is_some_and(|l| l.abs() < 0.02), "{place}: {found:?}");
        assert!(at(place + 5.0).is_some_and(|l| (l + 80.0).abs() < 0.5), "{place}: {found:?}");
        assert!(at(-1200.2).is_some_and(|l| (l + 110.0).abs() < 0.5), "{place}: {found:?}");
        // The single-precision transform of the carrier has lines of its own some 147 dB below it, at the level of this
        // noise: one of them may stand out by chance.
        let real = found.iter().filter(|l| l.power > 1e-14).count();
        assert_eq!(real, 3, "{place}: {found:?}");
    }
}

#[test]
fn two_lines_three_bins_apart_come_out_as_two() {
    let mut random = Normal(4);
    for fraction in [0.0, 0.13, 0.25, 0.37, 0.5, 0.62, 0.75, 0.9] {
        for ratio in [1.0, 0.5, 0.3] {
            let (a, b) = (tone(1.0, 200.0 + fraction, 0.0, N), tone(ratio, 203.0 + fraction, 1.0, N));
            let samples: Vec<Complex64> = (0..LENGTH).map(|i| a(i) + b(i) + random.next() * 1e-3).collect();
            // One spectrum in a hundred may hold a false line near the noise: 24 are made here.
            let mut found = find(&samples, N);
            found.retain(|l| l.snr > 1e3);
            found.sort_by(|a, b| a.bin.total_cmp(&b.bin));
            assert_eq!(found.len(), 2, "{fraction} {ratio}: {found:?}");
            let off = |l: &Line, bin: f64| (l.bin - 512.0 - bin - fraction).abs();
            assert!(off(&found[0], 200.0) < 0.25 && off(&found[1], 203.0) < 0.25, "{fraction} {ratio}: {found:?}");
        }
    }
}

#[test]
fn side_lobes_are_no_lines_with_any_window() {
    for window in Window::ALL {
        for place in [100.0, 100.5, -37.3] {
            let line = tone(1.0, place, 0.0, N);
            let mut random = Normal(8);
            let samples: Vec<Complex64> = (0..LENGTH).map(|i| line(i) + random.next() * 1e-5).collect();
            let record = Waveform::iq(&samples, 1.0, None).unwrap();
            let s = average(&record, SpectrumSettings { fft: N, window, overlap: 0.5 }).unwrap();
            let found = lines(&s, &estimate(&s), 0.01);
            assert_eq!(found.len(), 1, "{window} {place}: {found:?}");
        }
    }
}

#[test]
fn a_line_on_the_skirt_of_a_noisy_carrier_is_found() {
    let mut random = Normal(6);
    // A skirt that falls by 20 dB a decade, 1e-3 of the carrier in all, and a line 40 dB below the carrier on it.
    let skirt = |f: f64| 1e-7 / ((f - 0.1).powi(2) + 1e-5) + 1e-6;
    let (carrier, spur) = (tone(1.0, 0.1 * N as f64, 0.0, N), tone(0.05, 0.1 * N as f64 + 20.0, 0.0, N));
    let mut hits = 0;
    for _ in 0..20 {
        let noise = coloured(&mut random, &skirt);
        let samples: Vec<Complex64> = noise.iter().enumerate().map(|(i, z)| z + carrier(i) + spur(i)).collect();
        let found = find(&samples, N);
        hits += usize::from(found.iter().any(|l| (l.bin - 512.0 - 0.1 * N as f64 - 20.0).abs() < 0.5));
        assert!(found.len() <= 3, "{found:?}");
    }
    assert!(hits >= 19, "{hits} of 20");
}

#[test]
fn the_probability_per_bin_adds_up_over_the_spectrum() {
    let p = per_bin(0.01, 65_536);
    assert!((p / 1.533_56e-7 - 1.0).abs() < 1e-5, "{p}");
    assert!((1.0 - (1.0 - per_bin(0.3, 7)).powi(7) - 0.3).abs() < 1e-12);
}
