//! Short records and waveforms that are no rails, converters side by side, bursts of dips, and what spikes lock to.

use std::f64::consts::TAU;

use super::tests::{Noise, add, close, noise, reading, run};
use super::*;
use crate::gate::GateState;

#[test]
fn a_square_of_five_cycles_has_its_own_frequency_and_not_that_of_a_harmonic() {
    let (rate, f) = (5e7, 445_000.0);
    let mut x = noise(600, 0.03, 2);
    add(&mut x, |i| if (f * i as f64 / rate + 0.2).fract() < 0.5 { 4.3 } else { -1.4 });
    let (d, m) = run(x, rate);
    close(d.switching.unwrap().fundamental_hz, f, 0.01);
    assert!(m.gates.iter().any(|g| g.gate == "waveform" && g.state == GateState::Warn));
    assert!(!d.mains_separable);
}

#[test]
fn two_cycles_and_a_converter_artefact_are_no_switching() {
    let rate = 1e8;
    let mut x = noise(2000, 0.002, 2);
    add(&mut x, |i| {
        let t = i as f64 / rate;
        2.4 + 2.4 * (TAU * 1e5 * t).sin() + 0.007 * (TAU * 31.25e6 * t).cos()
    });
    let (d, _) = run(x, rate);
    assert!(d.switching.is_none(), "{:?}", d.switching);
}

#[test]
fn a_glitch_does_not_make_subharmonics() {
    let rate = 5e8;
    let mut x = noise(8192, 0.02, 4);
    add(&mut x, |i| 0.3 * (TAU * 20e6 * i as f64 / rate).cos());
    for (j, height) in [-4.0, -3.0, -2.0, -1.0].into_iter().enumerate() {
        x[5000 + j] += height;
    }
    let (d, _) = run(x, rate);
    close(d.switching.unwrap().fundamental_hz, 20e6, 0.001);
    assert_eq!(d.spikes.count, 1);
}

#[test]
fn a_third_of_the_switching_frequency_lowers_the_fundamental() {
    let mut x = noise(400_000, 1e-3, 4);
    add(&mut x, |i| {
        let p = TAU * 90_000.0 * i as f64 / 1e6;
        5.0 + 0.1 * p.cos() + 0.02 * (p / 3.0 + 1.0).cos() + 0.01 * (4.0 * p / 3.0).cos()
    });
    let (d, m) = run(x, 1e6);
    assert!((d.switching.unwrap().fundamental_hz - 30_000.0).abs() < 1.0);
    close(reading(&m, "subharmonic_ratio"), 0.2, 0.02);
}

#[test]
fn two_converters_beat_and_ripple_on_the_control_makes_side_lines() {
    let rate = 500_000.0;
    let base = |i: usize| 48.0 + 0.1 * (TAU * 100.0 * i as f64 / rate).cos();
    let carrier = |i: usize, f: f64| (TAU * f * i as f64 / rate).cos();
    let mut x = noise(1_000_000, 1e-3, 6);
    add(&mut x, |i| base(i) + 0.05 * carrier(i, 66_000.0) + 0.02 * carrier(i, 66_700.0));
    let (d, m) = run(x, rate);
    let second = d.switching.unwrap().second.unwrap();
    close(second.beat_hz, 700.0, 0.01);
    close(second.rms_v, 0.02 / 2f64.sqrt(), 0.02);
    close(reading(&m, "beat_frequency"), 700.0, 0.01);

    // Amplitude modulation of depth 0.2: side-lines of a tenth.
    let mut x = noise(1_000_000, 1e-3, 6);
    add(&mut x, |i| base(i) + 0.05 * carrier(i, 66_000.0) * (1.0 + 0.2 * carrier(i, 100.0)));
    let (d, m) = run(x, rate);
    assert!(d.switching.as_ref().unwrap().second.is_none(), "{:?}", d.switching);
    close(reading(&m, "sideline_ratio"), 0.1, 0.03);
}

#[test]
fn a_burst_of_dips_is_one_sag_with_the_depth_of_the_deepest() {
    // 200 Hz is order 4 of the mains; with and without mains.
    for (repetition, mains) in [(230.0, 0.0), (200.0, 0.0), (200.0, 0.1)] {
        let rate = 200_000.0;
        let mut x = noise(40_000, 0.05, 3);
        add(&mut x, |i| mains * (TAU * 100.0 * i as f64 / rate).cos());
        add(&mut x, |i| {
            let t = i as f64 / rate - 0.074;
            let dip = (0.0..0.03).contains(&t) && (t * repetition).fract() < 0.4;
            let depth = if (0.02..0.025).contains(&t) { 3.0 } else { 2.0 };
            if dip {
                27.8 - depth
            } else if (0.0..0.03).contains(&t) {
                28.3
            } else {
                27.7
            }
        });
        let (d, _) = run(x, rate);
        assert!(d.events.iter().all(|e| e.kind == EventKind::Sag), "{:?}", d.events);
        let deepest = d.events.iter().map(|e| e.depth_v).fold(0.0, f64::max);
        assert!((deepest / 2.9 - 1.0).abs() < 0.04, "{repetition} {mains}: {:?} {:?}", d.events, d.mains);
        assert!((d.events[0].start_s - 0.074).abs() < 1e-3, "{:?}", d.events);
        match d.mains {
            Some(m) if mains > 0.0 => {
                assert_eq!(m.lines.iter().map(|l| l.order).collect::<Vec<_>>(), [2]);
                close(m.lines[0].amplitude_v, mains, 0.02);
            }
            found => assert!(found.is_none() && mains == 0.0, "{repetition} {mains}: {found:?}"),
        }
    }
}

#[test]
fn a_telegram_on_a_logic_line_has_no_events() {
    // 9600 Bd for 3 ms after an idle level, and a record of half a millisecond.
    let bits = 0b0_0101_1010_1100_1010_0111u64;
    let level = |t: f64| if (bits >> ((t * 9600.0) as u64 % 21)) & 1 == 1 || t < 1e-3 { 3.3 } else { 0.0 };
    for (n, shortest) in [(4000, false), (500, true)] {
        let mut x = noise(n, 0.02, 3);
        add(&mut x, |i| level(i as f64 / 1e6));
        let (d, m) = run(x, 1e6);
        assert!(d.events.is_empty() && d.switching.is_none(), "{d:?}");
        let warned = |gate| m.gates.iter().any(|g| g.gate == gate && g.state == GateState::Warn);
        assert!(warned("length") && (shortest || warned("waveform")));
    }
}

#[test]
fn a_line_near_half_the_sample_rate_is_stated_but_not_called_switching() {
    for (f, rate) in [(45_000.0, 100_000.0), (312e6, 1e9)] {
        let mut x = noise(4000, 0.01, 3);
        add(&mut x, |i| 0.5 * (TAU * f * i as f64 / rate).cos());
        let (d, m) = run(x, rate);
        assert!(d.switching.is_none(), "{:?}", d.switching);
        assert!(m.gates.iter().any(|g| g.gate == "switching" && g.state == GateState::Warn));
    }
}

#[test]
fn spikes_at_both_edges_of_the_cycle_are_locked_to_it() {
    let rate = 1e6;
    let mut x = noise(300_000, 1e-3, 3);
    add(&mut x, |i| 5.0 + 0.05 * (TAU * 20_000.0 * i as f64 / rate).cos());
    let (mut cycle, mut g, mut count) = (10usize, Noise(5), 0u64);
    while cycle * 50 + 40 < x.len() {
        x[cycle * 50 + 13] += 0.05;
        x[cycle * 50 + 38] -= 0.05;
        cycle += 37 + (23.0 * g.uniform()) as usize;
        count += 2;
    }
    let (d, _) = run(x, rate);
    assert_eq!((d.spikes.count, d.spikes.locked_to), (count, SpikeLock::Switching));
}

#[test]
fn spikes_above_eight_sigma_are_counted_exactly() {
    for seed in 0..5 {
        let n = 200_000;
        let mut x = noise(n, 1.0, seed);
        // Far enough apart not to be one.
        let places: Vec<usize> = (0..150).map(|k| 500 + k * 1300 + 7 * (k % 11)).collect();
        places.iter().enumerate().for_each(|(k, &p)| x[p] = if k % 2 == 0 { 8.3 } else { -8.3 });
        let (d, _) = run(x, 100_000.0);
        assert_eq!(d.spikes.count, places.len() as u64);
    }
}

#[test]
fn the_slope_of_the_floor_is_that_of_white_and_of_differenced_noise() {
    let white = noise(400_000, 1.0, 8);
    let violet: Vec<f64> = white.windows(2).map(|w| w[1] - w[0]).collect();
    let slope = |x: Vec<f64>| run(x, 100_000.0).0.random.slope_db_per_decade.unwrap();
    assert!(slope(white).abs() < 0.5);
    // 4 sin^2(pi f / rate): 20 dB a decade, less only in the last octave.
    assert!((slope(violet) - 20.0).abs() < 1.0);
}

#[test]
fn one_glitch_moves_the_peak_to_peak_but_not_the_robust_one() {
    // A triangle of 2 V; its outermost 0.005 % are 0.1 mV at either end.
    let mut x: Vec<f64> = (0..100_000).map(|i| 4.0 * ((i as f64 * 0.000_713).fract() - 0.5).abs() - 1.0).collect();
    x[5_000] = 9.0;
    let (d, _) = run(x, 100_000.0);
    close(d.vpp_v, 10.0, 1e-3);
    close(d.vpp_robust_v, 2.0, 1e-3);
}
