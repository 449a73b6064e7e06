//! Lines over time: steady, in bursts, drifting, and what is none of these.

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
