//! The ripple measurement against algebra: synthetic records whose parts are known.

use std::f64::consts::TAU;

use faultscope_signal::{Unit, Waveform};
use proptest::prelude::*;

use super::*;
use crate::gate::GateState;

/// Gaussian noise: Knuth's MMIX generator and the transform of Box and Muller.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(super) fn gauss(&mut self) -> f64 {
        let (a, b) = (self.uniform(), self.uniform());
        (-2.0 * a.ln()).sqrt() * (TAU * b).cos()
    }
}

pub(super) fn noise(n: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let mut g = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5555);
    (0..n).map(|_| sigma * g.gauss()).collect()
}

pub(super) fn add(x: &mut [f64], f: impl Fn(usize) -> f64) {
    x.iter_mut().enumerate().for_each(|(i, v)| *v += f(i));
}

pub(super) fn run(x: Vec<f64>, rate: f64) -> (RippleDetail, Measured) {
    let record = Waveform::real(x, rate, Unit::Volt).unwrap();
    let measured = Ripple.measure(&record, &[], &Settings::default()).unwrap();
    let Detail::Ripple(d) = measured.detail.clone() else { panic!("not ripple") };
    (d, measured)
}

pub(super) fn reading(m: &Measured, id: &str) -> f64 {
    m.readings.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("no {id}")).value
}

pub(super) fn close(got: f64, expected: f64, relative: f64) {
    assert!((got / expected - 1.0).abs() <= relative, "{got} is not {expected} within {relative}");
}

/// A half wave has a mean of 1/pi of its peak, hence a ripple factor of 314 %; a sine has none.
#[test]
fn the_ripple_factor_is_left_out_where_there_is_no_dc_and_a_gate_says_so() {
    let sine =
        |offset: f64| (0..48_000).map(move |i| offset + (TAU * 50.0 * f64::from(i) / 48e3).sin()).collect::<Vec<_>>();
    let (_, half) = run(sine(0.0).iter().map(|v| v.max(0.0)).collect(), 48e3);
    close(reading(&half, "ripple_factor"), 314.16, 1e-3);
    for offset in [0.0, 0.01, -0.2] {
        let (_, m) = run(sine(offset), 48e3);
        assert!(m.readings.iter().all(|r| r.id != "ripple_factor"), "{offset}");
        assert!(m.gates.iter().any(|g| g.gate == "mean" && g.detail.contains("ripple factor")));
    }
}

/// -48 V with 3 Hz drift, full-wave mains, 61.3 kHz switching, spikes and noise; also the places of the spikes.
fn everything(rate: f64, seconds: f64, locked: bool) -> (Vec<f64>, Vec<usize>) {
    let n = (rate * seconds) as usize;
    let mut x = noise(n, 1e-3, 7);
    let t = |i: usize| i as f64 / rate;
    add(&mut x, |i| -48.0 + 0.02 * (TAU * 3.0 * t(i) + 0.4).sin());
    add(&mut x, |i| {
        let p = TAU * 50.03 * t(i);
        0.05 * (2.0 * p + 0.3).cos() + 0.02 * (4.0 * p + 1.0).cos() + 0.008 * (6.0 * p).cos() + 0.004 * (p + 2.0).cos()
    });
    add(&mut x, |i| {
        let p = TAU * 61_300.0 * t(i);
        0.03 * p.cos() + 0.01 * (2.0 * p + 0.5).cos() + 0.005 * (3.0 * p + 1.5).cos()
    });
    let mut g = Noise(99);
    let period = rate / 50.03;
    let places: Vec<usize> = (0..(seconds * 40.0) as usize)
        .map(|k| {
            let base = (k as f64 * 1.25 + 0.3) * period;
            (if locked { (k as f64 + 0.3) * period } else { base + 0.5 * period * g.uniform() }) as usize
        })
        .filter(|&p| p + 10 < n)
        .collect();
    for (k, &p) in places.iter().enumerate() {
        // Alternating signs keep the spikes free of lines of other families.
        let height = if k % 2 == 0 { 0.04 } else { -0.05 };
        for (j, shape) in [1.0, 0.5, 0.25, 0.125].into_iter().enumerate() {
            x[p + j] += height * shape;
        }
    }
    (x, places)
}

#[test]
fn every_family_is_found_within_one_per_cent_and_the_energy_balances() {
    let rate = 400_000.0;
    for locked in [false, true] {
        let (x, places) = everything(rate, 2.0, locked);
        let n = x.len() as f64;
        let (d, m) = run(x, rate);
        let half = |a: &[f64]| (a.iter().map(|v| v * v / 2.0).sum::<f64>()).sqrt();
        let mains = d.mains.as_ref().unwrap();
        assert!((mains.fundamental_hz - 50.03).abs() < 0.005, "{}", mains.fundamental_hz);
        close(mains.rms_v, half(&[0.05, 0.02, 0.008, 0.004]), 0.01);
        close(reading(&m, "mains_h1"), 0.004, 0.01);
        close(reading(&m, "mains_h4_h2"), 0.4, 0.01);
        let switching = d.switching.as_ref().unwrap();
        assert!((switching.fundamental_hz - 61_300.0).abs() < 1.0, "{}", switching.fundamental_hz);
        close(switching.rms_v, half(&[0.03, 0.01, 0.005]), 0.01);
        assert_eq!(switching.lines.iter().map(|l| l.order).collect::<Vec<_>>(), [1, 2, 3]);
        close(d.drift.rms_v, 0.02 / 2f64.sqrt(), 0.01);
        close(d.random.rms_v, 1e-3, 0.01);
        assert!((d.random.kurtosis - 3.0).abs() < 0.1, "{}", d.random.kurtosis);
        assert_eq!(d.spikes.count, places.len() as u64);
        let square: f64 = (0..places.len()).map(|k| if k % 2 == 0 { 0.0016 } else { 0.0025 } * 1.328_125).sum();
        let spikes = d.energy_balance * d.rms_ac_v.powi(2)
            - [d.drift.rms_v, mains.rms_v, switching.rms_v, d.random.rms_v].iter().map(|v| v * v).sum::<f64>();
        close(spikes.sqrt(), (square / n).sqrt(), 0.01);
        assert!((d.energy_balance - 1.0).abs() < 0.01, "{}", d.energy_balance);
        assert_eq!(d.spikes.locked_to, if locked { SpikeLock::Mains } else { SpikeLock::None });
        assert!(d.events.is_empty(), "{:?}", d.events);
        assert!((d.dc_v + 48.0).abs() < 1e-3);
    }
}

#[test]
fn the_mains_frequency_is_within_5_mhz_and_lines_within_half_a_per_cent_at_40_db() {
    for (k, f) in [46.3, 49.97, 50.0, 52.1, 59.96, 60.0, 64.7].into_iter().enumerate() {
        for rate in [8_000.0, 48_000.0] {
            // 40 dB: noise power 1e-4 of the strongest line's.
            let mut x = noise(rate as usize, 0.1 * (0.5e-2f64).sqrt(), k as u64);
            let lines = [(1u32, 0.04), (2, 0.1), (4, 0.05), (6, 0.03)];
            add(&mut x, |i| {
                let p = TAU * f * i as f64 / rate;
                -48.0 + lines.iter().map(|&(k, a)| a * (f64::from(k) * p + f64::from(k)).cos()).sum::<f64>()
            });
            let (d, _) = run(x, rate);
            let mains = d.mains.unwrap();
            assert!((mains.fundamental_hz - f).abs() < 0.005, "{f} {}", mains.fundamental_hz);
            for (order, a) in lines {
                let line = mains.lines.iter().find(|l| l.order == order).unwrap();
                // The noise itself moves a line by sqrt(2 / n) of it, more for the weaker ones.
                close(line.amplitude_v, a, 0.005f64.max(4.0 * (3.0 / rate).sqrt() * 0.00707 / a));
            }
        }
    }
}

#[test]
fn a_comb_of_even_orders_alone_keeps_the_mains_frequency() {
    let rate = 10_000.0;
    for (f, orders) in [(50.0, [2u32, 4, 6]), (60.0, [2, 4, 6]), (50.02, [6, 12, 18]), (59.98, [6, 12, 18])] {
        let mut x = noise(20_000, 1e-3, 5);
        add(&mut x, |i| {
            12.0 + orders
                .iter()
                .map(|&k| 0.1 / f64::from(k) * (TAU * f64::from(k) * f * i as f64 / rate).cos())
                .sum::<f64>()
        });
        let (d, m) = run(x, rate);
        let mains = d.mains.unwrap();
        assert!((mains.fundamental_hz - f).abs() < 0.005, "{f}: {mains:?}");
        assert_eq!(mains.lines.iter().map(|l| l.order).collect::<Vec<_>>(), orders);
        assert_eq!(reading(&m, "mains_h1"), 0.0);
    }
}

#[test]
fn two_periods_of_full_wave_ripple_are_seen_with_a_warning() {
    let mut x = noise(2000, 2e-3, 5);
    add(&mut x, |i| {
        let p = TAU * 99.97 * i as f64 / 1e5;
        -5.9 + 0.4 * p.cos() + 0.08 * (2.0 * p + 1.0).cos()
    });
    let (d, m) = run(x, 1e5);
    let mains = d.mains.unwrap();
    assert!((mains.fundamental_hz - 49.985).abs() < 0.1, "{mains:?}");
    close(mains.lines[0].amplitude_v, 0.4, 0.01);
    assert_eq!(mains.lines[0].order, 2);
    assert!(m.gates.iter().any(|g| g.gate == "length" && g.state == GateState::Warn));
    assert!((d.energy_balance - 1.0).abs() < 0.01, "{}", d.energy_balance);
}

#[test]
fn wandering_mains_are_followed() {
    // 0.1 Hz peak to peak over a minute: phase is the integral of 50 + 0.05 sin(2 pi t / 60).
    let (rate, n) = (4_000.0, 240_000);
    let mut x = noise(n, 1e-3, 11);
    add(&mut x, |i| {
        let t = i as f64 / rate;
        let p = TAU * 50.0 * t - 0.05 * 60.0 * ((TAU * t / 60.0).cos() - 1.0);
        0.1 * (2.0 * p).cos() + 0.05 * (6.0 * p).cos()
    });
    let (d, _) = run(x, rate);
    close(d.mains.as_ref().unwrap().rms_v, (0.1f64.powi(2) / 2.0 + 0.05f64.powi(2) / 2.0).sqrt(), 0.01);
    close(d.random.rms_v, 1e-3, 0.05);
    assert!((d.mains.unwrap().fundamental_hz - 50.0).abs() < 0.005);
}

#[test]
fn noise_alone_shows_neither_mains_nor_switching() {
    let (mut mains, mut switching, mut events) = (0, 0, 0);
    for seed in 0..200 {
        let n = [3_000, 8_000, 12_000][seed as usize % 3];
        let (d, m) = run(noise(n, 1.0, seed), 20_000.0);
        mains += u32::from(d.mains.is_some());
        switching += u32::from(d.switching.is_some());
        events += d.events.len();
        if d.mains.is_none() {
            assert_eq!(reading(&m, "mains_rms"), 0.0);
        }
    }
    // At 0.1 % each, more than one in 200 has a chance of 2 %.
    assert!(mains <= 1 && switching <= 1 && events == 0, "{mains} {switching} {events}");
}

#[test]
fn psophometric_is_within_a_tenth_of_a_db_at_every_row() {
    use faultscope_signal::weighting::O41;
    let sine = |f: f64, rate: f64, dc: f64| {
        let x = (0..(2.0 * rate) as usize).map(|i| dc + (TAU * f * i as f64 / rate + 1.0).cos()).collect();
        Waveform::real(x, rate, Unit::Volt).unwrap()
    };
    let check = |f: f64, w: f64, volts: f64| {
        let db = 20.0 * (volts * 2f64.sqrt()).log10();
        assert!((db - w).abs() < 0.1, "{f} Hz: {db} dB, not {w}");
    };
    for rate in [48_000.0, 200_000.0] {
        for (f, w) in O41 {
            // The measurement's own spectra, of a record without its mean as it makes them.
            let record = sine(f, rate, 0.0);
            let clean = Clean { record: &record, dc: 0.0 };
            check(f, w, bands::psophometric(&bands::Spectra::new(&clean).unwrap(), 0.5 * rate).unwrap());
        }
        // The whole of it, at the lowest row, the reference and the highest.
        for (f, w) in [O41[0], *O41.iter().find(|r| r.0 == 800.0).unwrap(), O41[O41.len() - 1]] {
            let (m, s) = (sine(f, rate, -48.0), Settings::default());
            check(f, w, reading(&Ripple.measure(&m, &[], &s).unwrap(), "psophometric"));
        }
    }
}

#[test]
fn a_record_below_5_khz_has_no_psophometric_voltage() {
    let (d, m) = run(noise(8_000, 1.0, 3), 8_000.0);
    assert_eq!(d.psophometric_v, None);
    assert!(m.readings.iter().all(|r| r.id != "psophometric"));
    assert!(d.bands.iter().all(|b| b.covered == (b.high_hz <= 4_000.0)));
}

#[test]
fn bands_hold_the_power_of_white_noise_in_proportion() {
    let (d, _) = run(noise(1_000_000, 1.0, 8), 1e6);
    for band in &d.bands {
        let share = (band.high_hz.min(5e5) - band.low_hz) / 5e5;
        let cells = (1.0 / (share * 5e5)).sqrt();
        close(band.rms_v.unwrap(), share.sqrt(), 0.02 + 2.0 * cells);
    }
}

#[test]
fn a_load_step_has_its_depth_and_recovery_time_beside_ripple() {
    let (rate, n) = (50_000.0, 100_000);
    for rail in [48.0f64, -48.0] {
        let mut x = noise(n, 0.01, 21);
        add(&mut x, |i| {
            let t = i as f64 / rate;
            let sag = if t < 1.0 { 0.0 } else { 5.0 * (-(t - 1.0) / 0.03).exp() };
            rail.signum() * (48.0 - sag) + 0.05 * (TAU * 100.0 * t).cos() + 0.05 * (TAU * 12_000.0 * t).cos()
        });
        let (d, m) = run(x, rate);
        assert_eq!(d.events.len(), 1, "{:?}", d.events);
        let e = &d.events[0];
        assert_eq!(e.kind, EventKind::Sag);
        assert!((e.start_s - 1.0).abs() < 1e-3);
        close(e.depth_v, 5.0, 0.02);
        // Within 1 % of 48 V after 30 ms times ln(5 / 0.48).
        close(e.recovery_s.unwrap(), 0.03 * (5.0f64 / 0.48).ln(), 0.05);
        close(reading(&m, "deepest_sag"), 5.0, 0.02);
        assert!((d.energy_balance - 1.0).abs() < 0.02, "{}", d.energy_balance);
    }
}

#[test]
fn sags_swells_steps_dropouts_and_switching_on_and_off_are_named() {
    let (rate, n) = (20_000.0, 40_000);
    let cases: [(&dyn Fn(f64) -> f64, EventKind); 6] = [
        (&|t| if (1.0..1.1).contains(&t) { 10.0 } else { 12.0 }, EventKind::Sag),
        (&|t| if (1.0..1.1).contains(&t) { 13.0 } else { 12.0 }, EventKind::Swell),
        (&|t| if t < 1.0 { 12.0 } else { 11.0 }, EventKind::Step),
        (&|t| if (1.0..1.1).contains(&t) { 0.1 } else { 12.0 }, EventKind::Dropout),
        (&|t| if t < 1.0 { 0.0 } else { 12.0 }, EventKind::TurnOn),
        (&|t| if t < 1.0 { 12.0 } else { 0.0 }, EventKind::TurnOff),
    ];
    for (level, kind) in cases {
        let mut x = noise(n, 0.005, 4);
        add(&mut x, |i| level(i as f64 / rate));
        let (d, _) = run(x, rate);
        assert_eq!(d.events.iter().map(|e| e.kind).collect::<Vec<_>>(), [kind]);
        assert!((d.events[0].start_s - 1.0).abs() < 2e-3);
        assert!(d.mains.is_none(), "{kind:?}: {:?}", d.mains);
    }
}

#[test]
fn a_burst_load_at_217_hz_is_neither_mains_nor_an_event() {
    let mut x = noise(40_000, 1e-3, 4);
    add(&mut x, |i| if (i as f64 / 20_000.0 * 216.68).fract() < 0.125 { 3.9 } else { 4.0 });
    let (d, _) = run(x, 20_000.0);
    assert!(d.events.is_empty() && d.mains.is_none(), "{:?} {:?}", d.events, d.mains);
}

#[test]
fn subharmonics_lower_the_fundamental_and_are_stated() {
    let mut x = noise(400_000, 1e-3, 4);
    add(&mut x, |i| {
        let p = TAU * 100_000.0 * i as f64 / 1e6;
        5.0 + 0.1 * p.cos() + 0.02 * (0.5 * p + 1.0).cos() + 0.01 * (1.5 * p).cos()
    });
    let (d, m) = run(x, 1e6);
    assert!((d.switching.unwrap().fundamental_hz - 50_000.0).abs() < 1.0);
    assert!((reading(&m, "switching_frequency") - 100_000.0).abs() < 2.0);
    close(reading(&m, "subharmonic_ratio"), 0.2, 0.02);
}

#[test]
fn records_without_substance_are_answered_not_feared() {
    for n in [1, 2, 10, 63, 1000] {
        for rate in [1.0, 100.0, 1e5, 1e9] {
            for value in [0.0, -48.0] {
                let (d, m) = run(vec![value; n], rate);
                assert_eq!((d.dc_v, d.vpp_v, d.rms_ac_v, d.energy_balance), (value, 0.0, 0.0, 1.0));
                assert!(d.mains.is_none() && d.switching.is_none() && d.events.is_empty() && d.spikes.count == 0);
                assert_eq!(m.gates.iter().any(|g| g.gate == "length" && g.state == GateState::Fail), n < 64);
            }
            let (d, _) = run(noise(n, 1.0, 1), rate);
            assert!(d.vpp_robust_v <= d.vpp_v && d.energy_balance.is_finite());
        }
    }
    let nothing = Waveform::real(vec![], 1.0, Unit::Volt).unwrap();
    assert!(matches!(Ripple.measure(&nothing, &[], &Settings::default()), Err(MeasureError::TooShort { .. })));
    let nans = Waveform::real(vec![f64::NAN; 100], 1.0, Unit::Volt).unwrap();
    assert!(matches!(Ripple.measure(&nans, &[], &Settings::default()), Err(MeasureError::NotApplicable { .. })));
    let iq = Waveform::iq(&[], 1.0, None).unwrap();
    assert!(matches!(Ripple.measure(&iq, &[], &Settings::default()), Err(MeasureError::NotApplicable { .. })));
}

#[test]
fn samples_that_are_not_finite_close_a_gate_and_spoil_nothing_else() {
    let mut x = noise(20_000, 1.0, 2);
    (0..20_000).step_by(977).for_each(|i| x[i] = if i % 2 == 0 { f64::NAN } else { f64::INFINITY });
    let (d, m) = run(x, 10_000.0);
    close(d.random.rms_v, 1.0, 0.05);
    assert!(m.readings.iter().all(|r| r.value.is_finite()));
    assert!(m.gates.iter().any(|g| g.gate == "finite" && g.state == GateState::Fail));
}

#[test]
fn uncalibrated_records_stay_in_full_scales() {
    let record = Waveform::real(noise(20_000, 0.1, 2), 10_000.0, Unit::FullScale).unwrap();
    let m = Ripple.measure(&record, &[], &Settings::default()).unwrap();
    assert!(m.readings.iter().all(|r| !matches!(r.unit, Unit::Volt | Unit::VoltPerSecond)));
    assert!(m.gates.iter().any(|g| g.gate == "calibration" && g.state == GateState::Warn));
}

#[test]
fn given_frequencies_are_honoured_and_nonsense_refused() {
    let mut x = noise(100_000, 1e-3, 9);
    add(&mut x, |i| (TAU * 400.0 * i as f64 / 1e5).cos() + 0.1 * (TAU * 20_000.0 * i as f64 / 1e5).cos());
    add(&mut x, |i| 0.5 * (TAU * 31_000.0 * i as f64 / 1e5).cos());
    let record = Waveform::real(x, 1e5, Unit::Volt).unwrap();
    let with = |mains_hz, switching_hz| Settings { mains_hz, switching_hz, ..Settings::default() };
    let m = Ripple.measure(&record, &[], &with(Some(400.0), Some(20_100.0))).unwrap();
    assert!((reading(&m, "mains_frequency") - 400.0).abs() < 0.01);
    assert!((reading(&m, "switching_frequency") - 20_000.0).abs() < 1.0);
    for bad in [with(Some(f64::NAN), None), with(Some(5.0), None), with(None, Some(0.0))] {
        assert!(matches!(Ripple.measure(&record, &[], &bad), Err(MeasureError::Settings { .. })));
    }
}

/// All readings in volts, by id.
fn volts(m: &Measured) -> Vec<(String, f64)> {
    let volt = |r: &&crate::reading::Reading| matches!(r.unit, Unit::Volt | Unit::VoltPerSecond);
    m.readings.iter().filter(volt).map(|r| (r.id.clone(), r.value)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn scaling_scales_and_an_offset_moves_only_the_level(
        a in prop_oneof![0.01f64..100.0, -100.0f64..-0.01], dc in -60.0f64..60.0, seed in 0u64..1000,
    ) {
        let mut x = noise(12_000, 1e-2, seed);
        add(&mut x, |i| {
            let t = i as f64 / 20_000.0;
            0.1 * (TAU * 100.0 * t).cos() + 0.05 * (TAU * 7_000.0 * t).cos() + if i % 3000 == 1000 { 0.4 } else { 0.0 }
        });
        let (_, one) = run(x.clone(), 20_000.0);
        let (_, scaled) = run(x.iter().map(|v| a * v).collect(), 20_000.0);
        let (_, moved) = run(x.iter().map(|v| v + dc).collect(), 20_000.0);
        let vpp = reading(&one, "vpp");
        let (one, scaled, moved) = (volts(&one), volts(&scaled), volts(&moved));
        prop_assert_eq!(one.len(), scaled.len());
        for ((id, v), (_, s)) in one.iter().zip(&scaled) {
            let expected = match id.as_str() {
                "min" if a < 0.0 => a * one.iter().find(|r| r.0 == "max").unwrap().1,
                "max" if a < 0.0 => a * one.iter().find(|r| r.0 == "min").unwrap().1,
                "dc" | "min" | "max" | "spike_largest" | "drift_slope" => a * v,
                _ => a.abs() * v,
            };
            prop_assert!((s - expected).abs() < 1e-4 * a.abs() * vpp, "{}: {} for {}", id, s, expected);
        }
        for ((id, v), (_, m)) in one.iter().zip(&moved) {
            let expected = if matches!(id.as_str(), "dc" | "min" | "max") { v + dc } else { *v };
            prop_assert!((m - expected).abs() < 1e-4 * vpp, "{}: {} for {}", id, m, expected);
        }
    }
}

#[test]
fn a_spike_across_two_chunks_is_one_spike() {
    let n = 131_072;
    for seed in 0..5 {
        let mut x = noise(n, 1.0, seed);
        for place in [20_000, 65_534, 100_000] {
            for (j, height) in [20.0, 18.0, 16.0, 14.0].into_iter().enumerate() {
                x[place + j] += height;
            }
        }
        let (d, _) = run(x, 48_000.0);
        assert_eq!(d.spikes.count, 3);
        assert!(d.spikes.largest_v > 15.0 && d.spikes.largest_v < 25.0);
    }
}

#[test]
fn spikes_at_one_phase_of_the_switching_cycle_are_locked_to_it() {
    let rate = 1e6;
    let mut x = noise(300_000, 1e-3, 3);
    add(&mut x, |i| 5.0 + 0.05 * (TAU * 20_000.0 * i as f64 / rate).cos());
    // At every 37th to 60th cycle: irregular against everything else.
    let (mut cycle, mut g, mut count) = (10usize, Noise(5), 0);
    while cycle * 50 + 20 < x.len() {
        x[cycle * 50 + 13] += 0.05;
        cycle += 37 + (23.0 * g.uniform()) as usize;
        count += 1;
    }
    let (d, _) = run(x, rate);
    assert_eq!((d.spikes.count, d.spikes.locked_to), (count, SpikeLock::Switching));
}

#[test]
fn drift_of_short_records_is_a_line() {
    // 46 cycles in 230 us, and a ramp.
    let rate = 1e8;
    let n = 23_000;
    let mut x = noise(n, 1e-3, 3);
    add(&mut x, |i| 3.3 + 100.0 * i as f64 / rate + 0.02 * (TAU * 200_000.0 * i as f64 / rate + 0.7).cos());
    let (d, m) = run(x, rate);
    close(d.drift.slope_v_per_s, 100.0, 0.02);
    close(d.switching.unwrap().rms_v, 0.02 / 2f64.sqrt(), 0.01);
    close(d.drift.rms_v, 100.0 * 230e-6 / 12f64.sqrt(), 0.02);
    assert!((d.energy_balance - 1.0).abs() < 0.01);
    assert!(m.readings.iter().all(|r| r.id != "mains_rms"), "too short to say that there is no mains");
}

#[test]
fn the_documentation_has_its_headings_and_names_every_reading() {
    let doc = Ripple.doc();
    for heading in ["What it measures", "What it can mean", "How to confirm", "Reference"] {
        assert!(doc.contains(&format!("## {heading}")), "{heading}");
    }
    let (x, _) = everything(400_000.0, 0.5, false);
    let (_, m) = run(x, 400_000.0);
    for r in m.readings.iter().filter(|r| !r.id.starts_with("mains_h")) {
        assert!(doc.contains(&format!("`{}`", r.id)), "{}", r.id);
        assert_eq!(r.definition, format!("{}{}/1", if r.is_sign() { "sign." } else { "" }, r.id));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_record_makes_it_panic(
        wild in proptest::collection::vec(
            prop_oneof![4 => -1.0f64..1.0, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => any::<f64>()],
            1..600,
        ),
        exponent in -3i32..12,
        switching_hz in proptest::option::of(1.0f64..1e9),
        mains_hz in proptest::option::of(15.0f64..420.0),
    ) {
        let record = Waveform::real(wild, 10f64.powi(exponent), Unit::Volt).unwrap();
        let settings = Settings { switching_hz, mains_hz, ..Settings::default() };
        if let Ok(m) = Ripple.measure(&record, &[], &settings) {
            prop_assert!(m.gates.iter().any(|g| g.gate == "length"));
            let Detail::Ripple(d) = m.detail else { panic!("not ripple") };
            prop_assert!(d.min_v <= d.max_v);
        }
    }
}
