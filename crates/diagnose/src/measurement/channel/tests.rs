//! Records of known power, width and leakage, made in the frequency domain.

use faultscope_signal::{Unit, Waveform};

use super::*;
use crate::limit::LimitSet;
use crate::measurement::Detail;
use crate::{Verdict, judge};

const RATE: f64 = 61.44e6;

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }
    fn gauss(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Band-limited noise by many random lines would be slow: white noise through a long windowed-sinc band-pass instead.
fn band(random: &mut Random, centre: f64, width: f64, rms: f64, frames: usize) -> Vec<f64> {
    let half = 1500usize;
    let taps: Vec<f64> = (0..=2 * half)
        .map(|i| {
            let t = i as f64 - half as f64;
            let x = std::f64::consts::PI * width / RATE * t;
            let sinc = if t == 0.0 { 1.0 } else { x.sin() / x };
            // Blackman: side lobes 74 dB down.
            let w = std::f64::consts::TAU * i as f64 / (2 * half) as f64;
            sinc * width / RATE * (0.42 - 0.5 * w.cos() + 0.08 * (2.0 * w).cos())
        })
        .collect();
    // White noise of that variance keeps the share width / rate of it.
    let sigma = rms / (2.0 * width / RATE).sqrt();
    // Decimated excitation keeps this quick: one impulse in 16, as its images fall outside the band.
    let step = 4;
    let count = (frames + 2 * half) / step + 1;
    let pulses: Vec<(f64, f64)> = (0..count).map(|_| (random.gauss() * sigma, random.gauss() * sigma)).collect();
    let scale = (step as f64).sqrt();
    let mut out = vec![0.0; 2 * frames];
    for (k, (i, q)) in pulses.iter().enumerate() {
        for (j, tap) in taps.iter().enumerate() {
            let at = k * step + j;
            if at >= 2 * half && at - 2 * half < frames {
                out[2 * (at - 2 * half)] += i * tap * scale;
                out[2 * (at - 2 * half) + 1] += q * tap * scale;
            }
        }
    }
    for (n, z) in out.chunks_exact_mut(2).enumerate() {
        let (sin, cos) = (std::f64::consts::TAU * (centre / RATE * n as f64).fract()).sin_cos();
        (z[0], z[1]) = (z[0] * cos - z[1] * sin, z[0] * sin + z[1] * cos);
    }
    out
}

/// A 9 MHz channel of power -10 dBFS; 45 dB less in 9 MHz at +10 MHz, 50 dB less at -10 MHz, noise elsewhere.
fn leaky() -> Waveform {
    let frames = 60_000;
    let mut random = Random(17);
    let mut sum = band(&mut random, 0.0, 9e6, 10f64.powf(-10.0 / 20.0), frames);
    for (centre, level) in [(10e6, -55.0), (-10e6, -60.0)] {
        let part = band(&mut random, centre, 9e6, 10f64.powf(level / 20.0), frames);
        sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
    }
    Waveform::interleaved(sum, RATE, Some(2e9)).unwrap()
}

fn measured(record: &dyn Record, channel: ChannelSettings) -> (Measured, ChannelDetail) {
    let settings = Settings { channel: Some(channel), ..Settings::default() };
    let m = Channel.measure(record, &[], &settings).unwrap();
    let Detail::Channel(d) = m.detail.clone() else { panic!("not channel") };
    (m, d)
}

fn lte10() -> ChannelSettings {
    ChannelSettings { standard: Some("lte10".into()), ..ChannelSettings::default() }
}

#[test]
fn power_width_and_leakage_of_a_ten_megahertz_channel() {
    let (m, d) = measured(&leaky(), lte10());
    // The noise of 60 000 samples makes the truth itself uncertain by 4.34 / sqrt(60000 x 9 / 61.44) = 0.05 dB.
    assert!((d.power_db + 10.0).abs() < 0.15, "{}", d.power_db);
    let o = d.occupied.unwrap();
    assert!((o.bandwidth_hz / 8.91e6 - 1.0).abs() < 0.005, "{o:?}");
    assert!(d.offset_hz.abs() < 20e3, "{}", d.offset_hz);
    let find = |name: &str, offset: f64| d.adjacent.iter().find(|a| a.name == name && a.offset_hz == offset).unwrap();
    let upper = find("E-UTRA", 10e6).ratio_db.unwrap();
    let lower = find("E-UTRA", -10e6).ratio_db.unwrap();
    assert!((upper - 45.0).abs() < 0.2 && (lower - 50.0).abs() < 0.2, "{upper} {lower}");
    // UTRA filters see 3.84 MHz of a 9 MHz wide neighbour: 3.7 dB less.
    let utra = find("UTRA", 12.5e6).ratio_db.unwrap();
    assert!((utra - 45.0 - 10.0 * (9f64 / 3.84).log10()).abs() < 0.3, "{utra}");
    assert_eq!(m.readings.iter().filter(|r| r.id == "aclr").count(), 8);
    assert!(find("E-UTRA", 20e6).covered);
}

#[test]
fn leakage_is_judged_and_what_the_record_does_not_reach_is_not() {
    let pack = LimitSet::built_in("bs-channel").unwrap();
    let (m, _) = measured(&leaky(), lte10());
    let findings = judge(&m, &[pack.clone()]);
    let aclr: Vec<_> = findings.iter().filter(|f| f.reading == "aclr").collect();
    assert_eq!(aclr.len(), 8);
    for f in aclr {
        // 45 dB against 45 dB is within the guard band or below by chance, never a pass; 50 dB and more are.
        let tight = (f.value.unwrap() - 45.0).abs() < 0.5;
        assert_eq!(tight, matches!(f.verdict, Verdict::Fail | Verdict::Margin), "{f:?}");
        assert!(tight || f.verdict == Verdict::Pass, "{f:?}");
    }
    // A quarter of the rate reaches no neighbour at all.
    let mut random = Random(3);
    let noise: Vec<f64> = (0..40_000).map(|_| 0.1 * random.gauss()).collect();
    let narrow = Waveform::interleaved(noise, 15.36e6, None).unwrap();
    let (m, d) = measured(&narrow, lte10());
    assert!(d.adjacent.iter().filter(|a| a.offset_hz.abs() >= 10e6).all(|a| !a.covered && a.ratio_db.is_none()));
    let findings = judge(&m, &[pack]);
    let far = findings.iter().filter(|f| f.reading == "aclr" && f.at.unwrap().offset_hz.unwrap().abs() >= 10e6);
    assert!(far.clone().count() == 6 && far.into_iter().all(|f| f.verdict == Verdict::NotEvaluated));
    assert!(findings.iter().any(|f| f.reading == "mask_margin" && f.verdict == Verdict::NotEvaluated));
}

#[test]
fn the_mask_is_read_in_its_own_bandwidth() {
    // White noise of 0 dBFS over 61.44 MHz: -27.9 dBFS in 100 kHz, wherever the filter stands.
    let mut random = Random(5);
    let noise: Vec<f64> = (0..200_000).map(|_| random.gauss() / 2f64.sqrt()).collect();
    let record = Waveform::interleaved(noise, RATE, None).unwrap();
    let segment = MaskSegment { from_hz: 50e3, to_hz: 5.05e6, bandwidth_hz: 100e3, start_db: -20.0, stop_db: -30.0 };
    let far = MaskSegment { from_hz: 40e6, to_hz: 45e6, ..segment.clone() };
    let mask = Mask {
        id: "x".into(),
        title: String::new(),
        source: String::new(),
        confidence: "S".into(),
        unit: Unit::Dbfs,
        segments: vec![segment, far],
    };
    let settings = ChannelSettings { bandwidth_hz: Some(10e6), mask: Some(mask.clone()), ..ChannelSettings::default() };
    let (m, d) = measured(&record, settings);
    let level = 10.0 * (0.1f64 / 61.44).log10();
    let p = &d.mask[0];
    assert!((p.level_db.unwrap() - level).abs() < 1.0, "{p:?}");
    // Worst near the end of the slope, where the limit is lowest.
    assert!((p.margin_db.unwrap() - (-30.0 - level)).abs() < 1.0, "{p:?}");
    assert!(!d.mask[2].covered && d.mask[2].margin_db.is_none());
    assert_eq!(m.readings.iter().filter(|r| r.id == "mask_margin").count(), 4);
    // In dBm nothing can be said of a record without calibration.
    let absolute = Mask { unit: Unit::Dbm, segments: mask.segments[..1].to_vec(), ..mask };
    let (m, d) = measured(
        &record,
        ChannelSettings { bandwidth_hz: Some(10e6), mask: Some(absolute), ..ChannelSettings::default() },
    );
    assert!(d.mask[0].margin_db.is_none() && d.mask[0].level_db.is_some());
    assert!(m.readings.iter().all(|r| r.id != "mask_margin"));
}

#[test]
fn distribution_of_noise_and_settings_that_make_no_sense() {
    let mut random = Random(9);
    let noise: Vec<f64> = (0..400_000).map(|_| random.gauss()).collect();
    let record = Waveform::interleaved(noise, 1e6, None).unwrap();
    let (_, d) = measured(&record, ChannelSettings::default());
    // exp(-x): 3.62, 6.63, 8.39 dB.
    for (p, expected) in d.ccdf.iter().zip([3.62, 6.63, 8.39]) {
        assert!((p.level_db.unwrap() - expected).abs() < 0.2, "{p:?}");
    }
    for bad in [
        ChannelSettings { standard: Some("lte11".into()), ..ChannelSettings::default() },
        ChannelSettings { standard: Some("lte20".into()), ..ChannelSettings::default() },
        ChannelSettings { bandwidth_hz: Some(f64::NAN), ..ChannelSettings::default() },
        ChannelSettings { occupied_percent: 100.0, ..ChannelSettings::default() },
        ChannelSettings { x_db: 0.0, ..ChannelSettings::default() },
    ] {
        let settings = Settings { channel: Some(bad), ..Settings::default() };
        assert!(matches!(Channel.measure(&record, &[], &settings), Err(MeasureError::Settings { .. })));
    }
}

#[test]
fn silence_short_records_and_real_records_get_an_answer() {
    let silence = Waveform::interleaved(vec![0.0; 8192], 1e6, None).unwrap();
    let (m, d) = measured(&silence, ChannelSettings::default());
    assert!(d.occupied.is_none() && m.readings.iter().any(|r| r.id == "channel_power"));
    let short = Waveform::interleaved(vec![0.1; 100], 1e6, None).unwrap();
    assert!(Channel.measure(&short, &[], &Settings::default()).is_err());
    let real: Vec<f64> = (0..100_000).map(|i| 5.0 + 2.0 * (0.9 * f64::from(i)).cos()).collect();
    let (_, d) = measured(&Waveform::real(real, 1e6, Unit::Volt).unwrap(), ChannelSettings::default());
    // 2 V peak is 3.01 dBV, whatever the DC beside it.
    assert!((d.power_db - 3.01).abs() < 0.1, "{d:?}");
    assert!((d.frequency_hz - 0.9 / std::f64::consts::TAU * 1e6).abs() < 100.0);
}
