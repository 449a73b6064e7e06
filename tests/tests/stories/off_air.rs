//! Ordinary modulated signals off the air: whatever their spectrum looks like, no unit is blamed for it.

use std::f64::consts::TAU;
use std::path::Path;

use faultscope_tests::faultscope;

const RATE: f64 = 240e3;
const FRAMES: usize = 1 << 18;
/// Offset of the carriers from the tuned centre.
const OFFSET_HZ: f64 = 31.3e3;

/// A linear congruential generator (Knuth, MMIX) and what is made of it.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().max(1e-12).ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// Two poles at a corner frequency.
fn smooth(values: &[f64], corner_hz: f64) -> Vec<f64> {
    let a = 1.0 - (-TAU * corner_hz / RATE).exp();
    let (mut one, mut two) = (0.0, 0.0);
    values
        .iter()
        .map(|v| {
            one += a * (v - one);
            two += a * (one - two);
            two
        })
        .collect()
}

fn tone(hz: f64) -> Vec<f64> {
    (0..FRAMES).map(|k| (TAU * hz * k as f64 / RATE).sin()).collect()
}

/// Noise of the voice band with syllables, at most 1.
fn speech(dice: &mut Dice) -> Vec<f64> {
    let noise: Vec<f64> = (0..FRAMES).map(|_| dice.normal()).collect();
    let (voice, low) = (smooth(&noise, 3e3), smooth(&noise, 300.0));
    let syllables = smooth(&(0..FRAMES).map(|_| dice.normal()).collect::<Vec<_>>(), 3.0);
    let raw: Vec<f64> = voice.iter().zip(&low).zip(&syllables).map(|((v, l), s)| (v - l) * s.abs()).collect();
    let top = raw.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    raw.into_iter().map(|v| v / top).collect()
}

/// Symbols of equal length, filtered.
fn symbols(dice: &mut Dice, rate: f64, levels: &[f64]) -> Vec<f64> {
    let length = (RATE / rate).round() as usize;
    let mut level = 0.0;
    let raw: Vec<f64> = (0..FRAMES)
        .map(|k| {
            if k % length == 0 {
                level = levels[(dice.uniform() * levels.len() as f64) as usize];
            }
            level
        })
        .collect();
    smooth(&raw, 0.5 * rate)
}

/// The envelope and the frequency against the carrier's, as I and Q.
fn modulated(envelope: impl Fn(usize) -> f64, deviation_hz: impl Fn(usize) -> f64) -> Vec<[f64; 2]> {
    let mut phase = 0.0;
    (0..FRAMES)
        .map(|k| {
            phase += TAU * (OFFSET_HZ + deviation_hz(k)) / RATE;
            let (sin, cos) = f64::sin_cos(phase);
            [envelope(k) * cos, envelope(k) * sin]
        })
        .collect()
}

fn signals(dice: &mut Dice) -> Vec<(&'static str, Vec<[f64; 2]>)> {
    let (one, pilot, hum) = (tone(1e3), tone(19e3), tone(88.5));
    let (voice, other) = (speech(dice), speech(dice));
    let four = symbols(dice, 4800.0, &[-3.0, -1.0, 1.0, 3.0]);
    let two = symbols(dice, 9600.0, &[-1.0, 1.0]);
    let idle = smooth(&(0..FRAMES).map(|k| if (k / 50) % 2 == 0 { 1.0 } else { -1.0 }).collect::<Vec<_>>(), 3e3);
    // Slots of 30 ms, as DMR keys them.
    let slot = |k: usize| f64::from(u8::from((k / 7200).is_multiple_of(2)));
    let pressed = |k: usize| f64::from(u8::from((k / 40_000).is_multiple_of(2)));
    let full = |_: usize| 1.0;
    vec![
        ("FM stereo pilot without programme", modulated(full, |k| 6.75e3 * pilot[k])),
        ("FM broadcast with programme", modulated(full, |k| 40e3 * voice[k] + 6.75e3 * pilot[k])),
        ("narrow FM, call tone", modulated(full, |k| 2.5e3 * one[k] + 400.0 * hum[k])),
        ("narrow FM, speech", modulated(full, |k| 2.5e3 * voice[k] + 400.0 * hum[k])),
        ("narrow FM, keyed by hand", modulated(pressed, |k| 2.5e3 * other[k])),
        ("AM, tone", modulated(|k| 1.0 + 0.8 * one[k], |_| 0.0)),
        ("AM, speech", modulated(|k| 1.0 + 0.8 * voice[k], |_| 0.0)),
        ("four-level FSK", modulated(full, |k| 648.0 * four[k])),
        ("four-level FSK in slots", modulated(slot, |k| 648.0 * four[k])),
        ("two-level FSK", modulated(full, |k| 2.4e3 * two[k])),
        ("FSK that idles", modulated(full, |k| 2e3 * idle[k])),
    ]
}

/// As a dongle records it: eight bits, noise of more than one step, and a line at the centre.
fn save(path: &Path, signal: &[[f64; 2]], dice: &mut Dice) {
    let code = |v: f64, dice: &mut Dice| ((0.4 * v + 0.01 + 0.008 * dice.normal()) * 127.5 + 127.5).round() as u8;
    let bytes: Vec<u8> = signal.iter().flatten().map(|v| code(*v, dice)).collect();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn ordinary_modulation_blames_no_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("air.cu8");
    let mut dice = Dice(2026);
    for (name, signal) in signals(&mut dice) {
        save(&path, &signal, &mut dice);
        let words =
            ["spurs", path.to_str().unwrap(), "--format", "cu8", "--rate", "240k", "--center", "100M", "--json"];
        let capture = faultscope(&words).json()["captures"][0].clone();
        assert!(capture["carrier"].is_object(), "{name}");
        let named = capture["causes"].as_array().cloned().unwrap_or_default();
        // The receiver's line at the centre may be leakage of the modulator: one capture cannot tell, and that is said.
        let wrong = named.iter().filter(|c| c["kind"] == "unit" && c["rule"] != "S06");
        let wrong: Vec<String> = wrong.map(|c| format!("{} {}", c["rule"], c["confidence"])).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        let leak = named.iter().find(|c| c["rule"] == "S06").and_then(|c| c["confidence"].as_f64()).unwrap_or(0.0);
        assert!(leak <= 0.5, "{name}: leakage {leak}");
    }
}
