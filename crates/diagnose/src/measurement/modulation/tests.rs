//! Carriers of known modulation through the whole measurement.

use std::f64::consts::TAU;

use faultscope_signal::{Unit, Waveform};

use super::*;
use crate::measurement::Detail;

const RATE: f64 = 250e3;

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }
    fn gauss(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// Amplitude 0.5, noise 30 dB below in the whole record.
fn carrier(offset: f64, m: f64, deviation: f64, tone: f64, frames: u32) -> Waveform {
    let mut random = Random(4);
    let sigma = 0.5 * 10f64.powf(-30.0 / 20.0) / 2f64.sqrt();
    let data = (0..frames)
        .flat_map(|i| {
            let t = f64::from(i) / RATE;
            let a = 0.5 * (1.0 + m * (TAU * tone * t).cos());
            let (sin, cos) = (TAU * (offset * t).fract() + deviation / tone * (TAU * tone * t).sin()).sin_cos();
            [a * cos + sigma * random.gauss(), a * sin + sigma * random.gauss()]
        })
        .collect();
    Waveform::interleaved(data, RATE, Some(150e6)).unwrap()
}

fn measured(record: &dyn Record, modulation: ModulationSettings) -> (Measured, ModulationDetail) {
    let settings = Settings { modulation: Some(modulation), ..Settings::default() };
    let m = Modulation.measure(record, &[], &settings).unwrap();
    let Detail::Modulation(d) = m.detail.clone() else { panic!("not modulation") };
    (m, d)
}

fn reading(m: &Measured, id: &str) -> f64 {
    m.readings.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("no {id}")).value
}

#[test]
fn am_at_thirty_decibels_with_the_channel_found() {
    let (m, d) = measured(
        &carrier(41_234.5, 0.6, 0.0, 1000.0, 250_000),
        ModulationSettings { nominal_hz: Some(150_041_000.0), ..ModulationSettings::default() },
    );
    assert!((d.am.depth_percent.unwrap() / 60.0 - 1.0).abs() < 0.005, "{d:?}");
    assert_eq!(d.am.method, Method::ToneFit);
    assert!((reading(&m, "modulation_rate") - 1000.0).abs() < 0.1);
    assert!((reading(&m, "frequency_error") - 234.5).abs() < 0.2, "{d:?}");
    assert!((reading(&m, "frequency_error_ppm") - 1.5629).abs() < 0.002);
    // 0.5 of full scale.
    assert!((d.carrier_level_db + 6.02).abs() < 0.02, "{d:?}");
    assert_eq!(d.tone.unwrap().of, ToneOf::Am);
    assert!((d.am.depth_max_min_percent - 60.0).abs() < 6.0);
}

#[test]
fn fm_at_thirty_decibels_with_the_channel_found() {
    let (m, d) = measured(&carrier(-30_500.0, 0.0, 2400.0, 1250.0, 250_000), ModulationSettings::default());
    assert!((d.fm.deviation_hz / 2400.0 - 1.0).abs() < 0.005, "{d:?}");
    assert!((d.pm.deviation_rad / 1.92 - 1.0).abs() < 0.005, "{d:?}");
    assert!((d.carrier_offset_hz + 30_500.0).abs() < 0.5, "{d:?}");
    assert_eq!(d.tone.unwrap().of, ToneOf::Fm);
    let (plus, minus) = (reading(&m, "fm_peak_plus"), reading(&m, "fm_peak_minus"));
    assert!((plus / 2400.0 - 1.0).abs() < 0.3 && (minus / 2400.0 - 1.0).abs() < 0.3, "{plus} {minus}");
    let uncertainty = m.readings.iter().find(|r| r.id == "fm_deviation").unwrap().uncertainty.unwrap();
    assert!(uncertainty > 0.0 && uncertainty < 50.0, "{uncertainty}");
}

#[test]
fn pulses_have_no_depth() {
    let mut random = Random(12);
    // Bursts of 120 us in random places, one tenth of the time.
    let mut left = 0u32;
    let data = (0..100_000u32)
        .flat_map(|i| {
            left = if left > 0 {
                left - 1
            } else if random.uniform() < 1.0 / 270.0 {
                30
            } else {
                0
            };
            let (sin, cos) = (TAU * 0.01 * f64::from(i)).sin_cos();
            let a = if left > 0 { 0.5 } else { 0.0 };
            [a * cos + 0.005 * random.gauss(), a * sin + 0.005 * random.gauss()]
        })
        .collect();
    let record = Waveform::interleaved(data, RATE, Some(1090e6)).unwrap();
    let (m, d) = measured(&record, ModulationSettings::default());
    assert!(d.am.depth_plus_percent > 120.0, "{d:?}");
    assert!(d.am.depth_percent.is_none() && m.readings.iter().all(|r| r.id != "am_depth"), "{d:?}");
    assert!(m.gates.iter().any(|g| g.gate == "carrier" && g.detail.contains("no AM depth")), "{:?}", m.gates);
}

#[test]
fn a_plain_carrier_has_no_tone_and_little_modulation() {
    let (m, d) = measured(&carrier(10e3, 0.0, 0.0, 1000.0, 250_000), ModulationSettings::default());
    assert!(d.tone.is_none() && d.am.method == Method::Peak, "{d:?}");
    assert!(d.am.depth_percent.unwrap() < 5.0 && reading(&m, "residual_fm_300_3000") < 20.0, "{d:?}");
    // 30 dB in 250 kHz, so 30 + 10 log(250 kHz / channel) in the channel.
    let expected = 30.0 + 10.0 * (RATE / d.bandwidth_hz).log10();
    assert!((d.carrier_to_noise_db.unwrap() - expected).abs() < 0.5, "{d:?}");
}

#[test]
fn symbols_of_a_differential_carrier() {
    // pi/4-DQPSK by its definition: phase steps of odd multiples of 45 degrees; square pulses of a comb through the
    // matched filter are not needed: raised-cosine pulses are summed directly.
    let (symbol_rate, rolloff, symbols) = (18e3, 0.35, 2500usize);
    let mut random = Random(8);
    let mut eighths = 0u32;
    let phases: Vec<f64> = (0..symbols)
        .map(|_| {
            eighths += 2 * (random.uniform() * 4.0).ceil() as u32 + 1;
            f64::from(eighths % 8) * TAU / 8.0
        })
        .collect();
    let frames = (symbols as f64 * RATE / symbol_rate) as usize;
    let mut data = vec![0.0; 2 * frames];
    for (n, z) in data.chunks_exact_mut(2).enumerate() {
        let t = n as f64 / RATE * symbol_rate;
        let near = (t - 25.0).max(0.0) as usize..((t + 25.0) as usize).min(symbols);
        let (mut i, mut q) = (0.0, 0.0);
        for k in near {
            let h = 0.2 * faultscope_signal::rrc::impulse(t - k as f64, rolloff);
            i += h * phases[k].cos();
            q += h * phases[k].sin();
        }
        let (sin, cos) = (TAU * (20_250.0 / RATE * n as f64).fract()).sin_cos();
        (z[0], z[1]) = (i * cos - q * sin, i * sin + q * cos);
    }
    let record = Waveform::interleaved(data, RATE, Some(390e6)).unwrap();
    let asked = ModulationSettings {
        symbol_rate_hz: Some(symbol_rate),
        constellation: Some(Constellation::Pi4Dqpsk),
        ..ModulationSettings::default()
    };
    let (m, d) = measured(&record, asked.clone());
    let v = d.vector.unwrap();
    assert!(v.reliable && v.evm_rms_percent < 0.5, "{v:?}");
    assert!((reading(&m, "carrier_frequency") - 390_020_250.0).abs() < 0.5, "{v:?}");

    // What is drawn is what was measured: rms and peak of the symbols' errors are the figures.
    let settings = Settings { modulation: Some(asked), ..Settings::default() };
    let symbols = modulated(&record, &settings).unwrap().symbols.unwrap();
    let errors = &symbols.error_percent.values;
    assert_eq!((symbols.received.len() as u64, symbols.places.len()), (v.symbols, 8));
    assert!((rms(errors) - v.evm_rms_percent).abs() < 1e-9 * v.evm_rms_percent, "{v:?}");
    assert!((errors.iter().copied().fold(0.0, f64::max) - v.evm_peak_percent).abs() < 1e-9, "{v:?}");
    // And every symbol lies as far from the nearest place as its error says; the places have an rms of 1.
    for (z, error) in symbols.received.iter().zip(errors) {
        let away = symbols.places.iter().map(|p| (p[0] - z[0]).hypot(p[1] - z[1])).fold(f64::INFINITY, f64::min);
        assert!((100.0 * away - error).abs() < 1e-9, "{z:?} {error}");
    }
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn the_courses_have_the_rms_of_the_figures_and_their_time() {
    let record = carrier(20e3, 0.3, 2500.0, 1e3, 50_000);
    let (_, d) = measured(&record, ModulationSettings::default());
    let m = modulated(&record, &Settings::default()).unwrap();
    assert!((rms(&m.am_percent.values) - d.am.rms_percent).abs() < 1e-9 * d.am.rms_percent);
    assert!((rms(&m.fm_hz.values) - d.fm.rms_hz).abs() < 1e-9 * d.fm.rms_hz);
    assert!(m.symbols.is_none());
    // Both are a cosine of 1 kHz from the first sample of the record on: multiplied by it they keep half of its amplitude.
    for (course, amplitude) in [(&m.am_percent, 30.0), (&m.fm_hz, 2500.0)] {
        let at = |i: usize| TAU * 1e3 * (course.start_s + i as f64 / course.rate_hz);
        let n = course.values.len() as f64;
        let mean =
            |f: &dyn Fn(f64) -> f64| course.values.iter().enumerate().map(|(i, v)| v * f(at(i))).sum::<f64>() / n;
        assert!((2.0 * mean(&f64::cos) / amplitude - 1.0).abs() < 0.02, "{}", 2.0 * mean(&f64::cos));
        // Decimation leaves half a sample of the channel open.
        let half = TAU * 1e3 * 0.5 / course.rate_hz;
        assert!((2.0 * mean(&f64::sin) / amplitude).abs() < half + 0.005, "{}", 2.0 * mean(&f64::sin));
    }
}

#[test]
fn settings_that_contradict_are_refused_and_silence_gets_an_answer() {
    let record = carrier(0.0, 0.0, 0.0, 1e3, 20_000);
    for bad in [
        ModulationSettings { symbol_rate_hz: Some(1e3), ..ModulationSettings::default() },
        ModulationSettings { constellation: Some(Constellation::Qpsk), ..ModulationSettings::default() },
        ModulationSettings { bandwidth_hz: Some(-1.0), ..ModulationSettings::default() },
        ModulationSettings {
            symbol_rate_hz: Some(1e6),
            constellation: Some(Constellation::Qpsk),
            ..ModulationSettings::default()
        },
    ] {
        let settings = Settings { modulation: Some(bad), ..Settings::default() };
        assert!(matches!(Modulation.measure(&record, &[], &settings), Err(MeasureError::Settings { .. })));
    }
    let far = Settings { carrier_hz: Some(1e9), ..Settings::default() };
    assert!(matches!(Modulation.measure(&record, &[], &far), Err(MeasureError::Settings { .. })));
    for record in [
        Waveform::interleaved(vec![0.0; 8192], 1e6, None).unwrap(),
        Waveform::real(vec![0.0; 8192], 1e6, Unit::Volt).unwrap(),
        Waveform::real(vec![48.0; 8192], 1e6, Unit::Volt).unwrap(),
        Waveform::interleaved(vec![0.0; 100], 1e6, None).unwrap(),
    ] {
        // An answer or a refusal, never a panic.
        let _ = Modulation.measure(&record, &[], &Settings::default());
    }
}
