//! Lines over time: steady, in bursts, drifting, and what is none of these.

use faultscope_signal::detect::Line;
use faultscope_signal::floor::Floor;

use super::super::carrier::drop_texture;
use super::*;
use crate::measurement::Behaviour;

/// Adds a tone of amplitude `a` whose frequency moves from `f` by `drift` Hz per second, in samples `from..to`.
fn add(record: &mut Iq, a: f64, f: f64, drift: f64, from: usize, to: usize) {
    let rate = record.rate;
    for (i, pair) in record.data.chunks_exact_mut(2).enumerate().take(to).skip(from) {
        let t = i as f64 / rate;
        let (s, c) = (TAU * (f * t + 0.5 * drift * t * t).fract()).sin_cos();
        pair[0] += a * c;
        pair[1] += a * s;
    }
}

/// 131072 samples at 1 MHz are 0.131 s in bins of 61 Hz: 20 kHz/s moves the line by 43 bins.
#[test]
fn a_drifting_line_is_one_line_with_its_rate() {
    for drift in [20_000.0, -6_000.0] {
        let mut record = iq(1e6, None, 1 << 17, &[(100_003.0, -6.0), (250_000.0, -70.0)], 1e-4);
        add(&mut record, 1e-2, -200_000.0, drift, 0, 1 << 17);
        let (_, d) = measure(&record, &Settings::default());
        let middle = -200_000.0 + drift * 0.065_536;
        let s = near(&d, middle, 120.0).unwrap_or_else(|| panic!("{:?}", d.spurs));
        assert_eq!((s.behaviour, s.persistent), (Some(Behaviour::Drifting), Some(true)));
        assert!((s.drift_hz_per_s.unwrap() / drift - 1.0).abs() < 0.05, "{s:?}");
        assert!((s.level_db + 40.0).abs() < 0.5, "{s:?}");
        let steady = near(&d, 250_000.0, 20.0).unwrap();
        assert_eq!((steady.behaviour, steady.drift_hz_per_s), (Some(Behaviour::Steady), None));
        assert_eq!(d.spurs.len(), 2, "{:?}", d.spurs);
    }
}

/// Two milliseconds of 131: too little for the average, plain in one eighth.
#[test]
fn a_short_burst_is_found_in_its_eighth() {
    let mut record = iq(1e6, None, 1 << 17, &[(100_003.0, -6.0)], 1e-3);
    add(&mut record, 2e-3, 310_000.0, 0.0, 50_000, 60_000);
    let (_, d) = measure(&record, &Settings::default());
    let s = near(&d, 310_000.0, 100.0).unwrap_or_else(|| panic!("{:?}", d.spurs));
    assert_eq!((s.behaviour, s.persistent), (Some(Behaviour::Bursty), Some(false)));
    assert_eq!(d.spurs.len(), 1, "{:?}", d.spurs);
}

/// A line that hops once stands still in between: bursts, not a drift; noise alone is neither.
#[test]
fn hops_and_noise_do_not_drift() {
    let mut record = iq(1e6, None, 1 << 17, &[(100_003.0, -6.0)], 1e-4);
    add(&mut record, 1e-2, -200_000.0, 0.0, 0, 1 << 16);
    add(&mut record, 1e-2, -190_000.0, 0.0, 1 << 16, 1 << 17);
    let (_, d) = measure(&record, &Settings::default());
    assert!(d.spurs.iter().all(|s| s.behaviour == Some(Behaviour::Bursty)), "{:?}", d.spurs);
    assert!(near(&d, -200_000.0, 50.0).is_some() && near(&d, -190_000.0, 50.0).is_some());
    let alarms = (0..12).filter(|i| {
        let mut random = Normal(1000 + i);
        let data: Vec<f64> = (0..1 << 16).map(|_| 1e-3 * random.next()).collect();
        !measure(&Iq { rate: 1e6, center: None, data }, &Settings::default()).1.spurs.is_empty()
    });
    assert_eq!(alarms.count(), 0);
}

/// Fifty-two subcarriers keyed anew every 80 samples in a short record: none of them is the carrier.
#[test]
fn subcarriers_are_no_carrier() {
    let mut record = iq(20e6, None, 8192, &[], 1e-3);
    let mut random = Normal(80);
    for n in (-26..=26).filter(|n| *n != 0) {
        let f = 312_500.0 * f64::from(n);
        let mut phase = 0.0;
        for (i, pair) in record.data.chunks_exact_mut(2).enumerate() {
            if i % 80 == 0 {
                phase = (4.0 * random.uniform()).floor() / 4.0;
            }
            let (s, c) = (TAU * (f / 20e6 * i as f64 + phase)).sin_cos();
            pair[0] += 0.02 * c;
            pair[1] += 0.02 * s;
        }
    }
    let (_, d) = measure(&record, &Settings::default());
    // The whole band may count as the carrier, a single subcarrier may not.
    assert!(d.carrier.is_none_or(|c| c.offset_hz.abs() < 1e6 && c.level_db > -20.0), "{:?}", d.carrier);
}

/// Six equal weak lines in white noise: no carrier among them, but steady sines all, so each is listed.
#[test]
fn a_crowd_of_steady_lines_stays_listed() {
    // Noise of 2e-6 in 1 MHz is -96 dB in one resolution bandwidth of 122 Hz.
    let places = [-310e3, -170.3e3, -40.7e3, 90.1e3, 233.3e3, 401.9e3];
    let tones: Vec<(f64, f64)> = places.iter().map(|f| (*f, -81.0)).collect();
    let (_, d) = measure(&iq(1e6, None, 1 << 17, &tones, 1e-3), &Settings::default());
    assert!(places.iter().all(|f| near(&d, *f, 30.0).is_some()), "{:?}", d.spurs);
}

fn line(peak: usize, snr_db: f64) -> Line {
    let (bin, snr) = (peak as f64, 10f64.powf(snr_db / 10.0));
    Line { bin, peak, power: snr, snr, false_alarm: 0.0, relative_error: 0.1 }
}

/// Lines of a multicarrier signal go on upward without a gap; a spur stands clear of them, or outside the signal.
#[test]
fn a_family_of_lines_goes_and_what_stands_clear_of_it_stays() {
    let shape: Vec<f64> = (0..1000).map(|k| if k < 500 { 5.0 } else { 20.0 }).collect();
    let floor = Floor { level: vec![1.0; 1000], guard: vec![1.0; 1000], shape, half_width: 50 };
    let weak = (0..8).map(|i| line(10 + 20 * i, 5.0 + 0.5 * i as f64));
    let others = [line(200, 12.0), line(250, 17.0), line(300, 25.0), line(700, 6.0), line(800, 14.0)];
    let mut lines: Vec<Line> = weak.chain(others).collect();
    let gate = drop_texture(&floor, &mut lines).unwrap();
    assert_eq!(lines.iter().map(|l| l.peak).collect::<Vec<_>>(), [300, 700, 800], "{gate:?}");
    // Without a family the limit is 10 dB; and nothing above 26 dB is ever left out.
    let mut lines = vec![line(10, 9.0), line(200, 12.0), line(250, 17.0)];
    drop_texture(&floor, &mut lines);
    assert_eq!(lines.len(), 2);
    let mut lines: Vec<Line> = (0..32).map(|i| line(10 + 15 * i, 4.0 + 0.8 * i as f64)).collect();
    drop_texture(&floor, &mut lines);
    assert!(lines.iter().all(|l| l.snr > 398.0) && lines.len() == 4, "{lines:?}");
}

/// A carrier of -10.5 dBFS, and 3 dB below it a signal whose phase walks at random (some 20 kHz wide): no line, but nothing to pass over.
#[test]
fn a_modulated_signal_beside_the_carrier_is_told_of() {
    let (rate, n) = (1e6, 1 << 18);
    let mut normal = Normal(7);
    let (mut phase, mut data) = (0.0, Vec::with_capacity(2 * n));
    for k in 0..n {
        let t = k as f64 / rate;
        phase += 0.355 * normal.next();
        let (carrier, other) = (TAU * 100e3 * t, TAU * -200e3 * t + phase);
        let level = 0.3 / 2f64.sqrt();
        data.push(0.3 * carrier.cos() + level * other.cos() + 1e-4 * normal.next());
        data.push(0.3 * carrier.sin() + level * other.sin() + 1e-4 * normal.next());
    }
    let record = Iq { rate, center: None, data };
    let (measured, _) = measure(&record, &Settings::default());
    let told = measured.gates.iter().find(|g| g.detail.contains("besides the carrier 1 bands")).unwrap();
    assert_eq!(told.state, GateState::Warn);
    let level: f64 = told.detail.split(" at ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    // Of a Lorentzian's power the band holds what lies at least 10 dB above the quiet part.
    assert!((-4.5..=-2.5).contains(&level), "{}", told.detail);
}
