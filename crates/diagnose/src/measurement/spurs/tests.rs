//! Tests of the measurement on synthetic records whose figures follow from algebra.

use std::f64::consts::TAU;

use faultscope_signal::{Kind, Record, RecordError, Unit, Waveform, Window};

use super::super::{Detail, MeasureError, Measured, Settings, by_id};
use super::{Origin, Spur, SpursDetail};
use crate::gate::GateState;

mod behaviour;
mod figures;
mod origins;
mod two_tone;

struct Normal(u64);
impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }
    fn next(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// An I/Q record from interleaved values: the room has no complex numbers of its own.
struct Iq {
    rate: f64,
    center: Option<f64>,
    data: Vec<f64>,
}

impl Record for Iq {
    fn kind(&self) -> Kind {
        Kind::Iq
    }
    fn sample_rate_hz(&self) -> f64 {
        self.rate
    }
    fn center_hz(&self) -> Option<f64> {
        self.center
    }
    fn unit(&self) -> Unit {
        Unit::FullScale
    }
    fn frames(&self) -> u64 {
        (self.data.len() / 2) as u64
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let from = (start as usize * 2).min(self.data.len());
        let n = out.len().min(self.data.len() - from) / 2 * 2;
        out[..n].copy_from_slice(&self.data[from..from + n]);
        Ok(n / 2)
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let mut wide = vec![0.0; out.len()];
        let got = self.read_f64(start, &mut wide)?;
        out.iter_mut().zip(wide).for_each(|(o, v)| *o = v as f32);
        Ok(got)
    }
}

/// Tones of (Hz, dBFS) and noise of `sigma` per I and Q.
fn iq(rate: f64, center: Option<f64>, frames: usize, tones: &[(f64, f64)], sigma: f64) -> Iq {
    let mut random = Normal(12);
    let mut data: Vec<f64> = (0..2 * frames).map(|_| sigma * random.next()).collect();
    for (k, (f, level)) in tones.iter().enumerate() {
        let amplitude = 10f64.powf(level / 20.0);
        for (i, pair) in data.chunks_exact_mut(2).enumerate() {
            let (s, c) = (TAU * ((f / rate * i as f64).fract() + 0.1 * k as f64)).sin_cos();
            pair[0] += amplitude * c;
            pair[1] += amplitude * s;
        }
    }
    Iq { rate, center, data }
}

fn measure(record: &dyn Record, settings: &Settings) -> (Measured, SpursDetail) {
    let m = by_id("spurs").unwrap().measure(record, &[], settings).unwrap();
    let Detail::Spurs(detail) = m.detail.clone() else { panic!("not spurs") };
    (m, detail)
}

fn reading(m: &Measured, id: &str) -> f64 {
    m.readings.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("no {id}")).value
}

fn near(detail: &SpursDetail, offset: f64, tolerance: f64) -> Option<&Spur> {
    detail.spurs.iter().find(|s| (s.offset_hz - offset).abs() < tolerance)
}

/// The vectors on which a well-known tool hides the spur with its defaults: 2.4 MS/s, 65 536 samples, carrier at
/// 300 123.4 Hz, one spur at -412 345.6 Hz, noise 1e-4 per I and Q. The answer here needs no setting.
#[test]
fn sfdr_and_absolute_level_are_right_by_default_down_to_low_levels() {
    for (carrier, spur) in [(-6.0, -30.0), (-6.0, -50.0), (-26.0, -50.0), (-46.0, -50.0)] {
        let tones = [(300_123.4, carrier), (-412_345.6, carrier + spur)];
        let (m, d) = measure(&iq(2.4e6, None, 65_536, &tones, 1e-4), &Settings::default());
        // At -96 dBFS the line is 26 dB above the noise of the whole record: 0.6 dB is two standard deviations.
        let tolerance = if carrier < -40.0 { 0.8 } else { 0.1 };
        assert!((reading(&m, "sfdr") + spur).abs() < tolerance, "{carrier} {spur}: {}", reading(&m, "sfdr"));
        let c = d.carrier.unwrap();
        assert!((c.level_db - carrier).abs() < 0.02, "{c:?}");
        assert!((c.frequency_hz - 300_123.4).abs() < 0.05, "{c:?}");
        assert_eq!(d.spurs.len(), 1, "{:?}", d.spurs);
        // The weakest is known to a tenth of the whole record's resolution.
        assert!((d.spurs[0].offset_hz + 412_345.6).abs() < 4.0, "{:?}", d.spurs);
        assert!(d.spurs[0].false_alarm_probability < 0.01);
        // 2e-8 over 2.4 MHz: -140.79 dBFS/Hz.
        assert!((reading(&m, "noise_density") + 140.79).abs() < 0.1, "{}", reading(&m, "noise_density"));
    }
}

/// A small offset at the centre is listed, and does not spoil SFDR (50 dB, not 41.4) nor SNR.
#[test]
fn a_dc_offset_is_listed_but_never_counted() {
    let tones = [(300_123.4, -6.0), (-412_345.6, -56.0), (0.0, -47.4)];
    let (m, d) = measure(&iq(2.4e6, Some(1e9), 65_536, &tones, 1e-4), &Settings::default());
    assert!((reading(&m, "sfdr") - 50.0).abs() < 0.1);
    assert!((reading(&m, "worst_spur") + 50.0).abs() < 0.1);
    // Noise 2e-8 and the spur 10^-5.6: 50.0 dB less the noise's share.
    let snr = 10.0 * (10f64.powf(-0.6) / (2e-8 + 10f64.powf(-5.6))).log10();
    assert!((reading(&m, "snr") - snr).abs() < 0.1);
    let dc = near(&d, 0.0, 50.0).unwrap();
    assert_eq!(dc.origin, Origin::Dc);
    assert!((dc.frequency_hz - 1e9).abs() < 50.0 && (dc.level_db + 47.4).abs() < 0.1);
}

#[test]
fn relations_are_told_apart() {
    let (a, b) = (310_123.4, 214_321.9);
    let tones = [
        (a, -6.0),
        (b, -16.0),
        (0.0, -40.0),
        (2.0 * a, -60.0),
        (-3.0 * a, -64.0),
        (-a, -51.0),
        (2.0 * a - b, -62.0),
        (2.0 * b - a, -66.0),
        (a - 85_010.0, -70.0),
        (a + 85_010.0, -71.0),
        (a - 170_020.0, -75.0),
        (a + 170_020.0, -76.0),
        (-200_000.0, -72.0),
        (-1_100_777.0, -73.0),
        (-1_063_077.0, -74.0),
        (-1_025_377.0, -75.0),
        (-987_677.0, -73.5),
        (1_111_111.0, -77.0),
    ];
    // 4 x 28.8 MHz = 115.2 MHz is at -200 kHz.
    let (_, d) = measure(&iq(2.4e6, Some(115.4e6), 1 << 17, &tones, 2e-5), &Settings::default());
    let check = |offset: f64, origin: Origin, order: Option<u32>| {
        let s = near(&d, offset, 20.0).unwrap_or_else(|| panic!("no line at {offset}"));
        assert_eq!((s.origin, s.order), (origin, order), "{s:?}");
    };
    check(0.0, Origin::Dc, None);
    check(2.0 * a, Origin::Harmonic, Some(2));
    check(-a, Origin::Image, None);
    check(2.0 * a - b, Origin::Intermodulation, Some(3));
    check(2.0 * b - a, Origin::Intermodulation, Some(3));
    for sign in [-1.0, 1.0] {
        check(a + sign * 85_010.0, Origin::SwitchingSideband, Some(1));
        check(a + sign * 170_020.0, Origin::SwitchingSideband, Some(2));
    }
    check(-200_000.0, Origin::Receiver, Some(4));
    for k in 0..4 {
        check(-1_100_777.0 + 37_700.0 * f64::from(k), Origin::Clock, None);
    }
    check(1_111_111.0, Origin::Unknown, None);
    check(b, Origin::Unknown, None);
    assert!(d.spurs.iter().all(|s| s.persistent == Some(true)));
    assert!(d.spurs.windows(2).all(|w| w[0].level_db >= w[1].level_db));
    let image = near(&d, -a, 20.0).unwrap();
    assert!((image.of[0] - 115.4e6 - a).abs() < 1.0 && (image.level_dbc.unwrap() + 45.0).abs() < 0.1);
}

#[test]
fn mains_sidebands_are_named_where_they_can_be_resolved() {
    let c = 5_003.0;
    let tones = [
        (c, -3.0),
        (c + 100.02, -43.0),
        (c - 100.02, -44.0),
        (c + 300.06, -53.0),
        (c - 300.06, -52.0),
        (c + 777.0, -60.0),
    ];
    let (_, d) = measure(&iq(48e3, None, 1 << 17, &tones, 1e-4), &Settings::default());
    for (offset, order) in [(100.02, 2), (-100.02, 2), (300.06, 6), (-300.06, 6)] {
        let s = near(&d, c + offset, 1.0).unwrap();
        assert_eq!((s.origin, s.order), (Origin::MainsSideband, Some(order)), "{s:?}");
    }
    assert_eq!(near(&d, c + 777.0, 1.0).unwrap().origin, Origin::Unknown);
    assert_eq!(d.spurs.len(), 5);
}

/// 48 V with 10 mV of ripple: the DC does not leak, the level is in dBV (10 mV peak is -43.01 dBV), no DC spur.
#[test]
fn a_supplys_dc_does_not_leak() {
    let mut random = Normal(5);
    let data: Vec<f64> =
        (0..65_536).map(|i| -48.0 + 0.01 * (TAU * 0.012_345 * f64::from(i)).cos() + 1e-5 * random.next()).collect();
    let (m, d) = measure(&Waveform::real(data, 1e5, Unit::Volt).unwrap(), &Settings::default());
    let c = d.carrier.unwrap();
    assert!((c.level_db + 43.0103).abs() < 0.02 && (c.frequency_hz - 1234.5).abs() < 0.01, "{c:?}");
    assert_eq!(d.level_unit, Unit::Dbv);
    assert!(d.spurs.is_empty(), "{:?}", d.spurs);
    assert!(m.readings.iter().all(|r| r.id != "noise_density"));
}

#[test]
fn a_line_that_comes_in_a_burst_is_said_to() {
    let mut record = iq(1e6, None, 1 << 17, &[(100_003.0, -6.0), (-222_222.0, -50.0)], 1e-4);
    for (i, pair) in record.data.chunks_exact_mut(2).enumerate().skip(40_000).take(39_000) {
        let (s, c) = (TAU * 0.31 * i as f64).sin_cos();
        pair[0] += 1e-2 * c;
        pair[1] += 1e-2 * s;
    }
    let (_, d) = measure(&record, &Settings::default());
    assert_eq!(near(&d, 310_000.0, 200.0).unwrap().persistent, Some(false));
    assert_eq!(near(&d, -222_222.0, 20.0).unwrap().persistent, Some(true));
}

/// A band of noise 40 kHz wide, 40 dB above the floor: one modulated carrier, no list of spurs inside.
#[test]
fn a_modulated_carrier_owns_its_band() {
    let rate = 1e6;
    let mut random = Normal(9);
    let mut record = iq(rate, None, 1 << 17, &[(-300_000.0, -60.0)], 1e-4);
    // Eighty-one carriers a kilohertz apart, each keyed at random every 500 samples: a dense multicarrier signal.
    for n in -20..=20 {
        let f = 200_000.0 + 1000.0 * f64::from(n);
        let mut phase = 0.0;
        for (i, pair) in record.data.chunks_exact_mut(2).enumerate() {
            if i % 500 == 0 {
                phase = (4.0 * random.uniform()).floor() / 4.0;
            }
            let (s, c) = (TAU * (f / rate * i as f64 + phase)).sin_cos();
            pair[0] += 0.02 * c;
            pair[1] += 0.02 * s;
        }
    }
    let (m, d) = measure(&record, &Settings::default());
    let c = d.carrier.unwrap();
    assert!((c.offset_hz - 200_000.0).abs() < 1500.0, "{c:?}");
    // 41 x 4e-4 is -17.85 dBFS.
    assert!((c.level_db + 17.85).abs() < 0.5, "{c:?}");
    assert!(m.gates.iter().any(|g| g.gate == "modulated" && g.state == GateState::Warn));
    let spur = near(&d, -300_000.0, 10.0).unwrap();
    assert!((spur.level_dbc.unwrap() + 42.15).abs() < 0.6);
    assert!(d.spurs.iter().filter(|s| s.level_dbc.unwrap() > -60.0).count() < 5, "{:?}", d.spurs);
}

#[test]
fn the_carrier_asked_for_is_taken_and_nothing_is_invented() {
    let record = iq(1e6, Some(1e8), 65_536, &[(100_003.0, -6.0), (-222_222.0, -20.0)], 1e-4);
    let settings = Settings { carrier_hz: Some(1e8 - 222_000.0), ..Settings::default() };
    let (_, d) = measure(&record, &settings);
    assert!((d.carrier.unwrap().offset_hz + 222_222.0).abs() < 0.1);
    assert!((d.spurs[0].level_dbc.unwrap() - 14.0).abs() < 0.05);
    let settings = Settings { carrier_hz: Some(1e8 + 333_333.0), ..Settings::default() };
    let (m, d) = measure(&record, &settings);
    assert!(d.carrier.is_none() && m.gates.iter().any(|g| g.gate == "carrier"));
    let (m, d) = measure(&iq(1e6, None, 65_536, &[], 1e-3), &Settings::default());
    assert!(d.carrier.is_none() && d.spurs.is_empty());
    assert!(m.readings.iter().all(|r| r.id == "noise_density"));
}

#[test]
fn bad_records_and_settings_are_refused_or_gated() {
    let m = by_id("spurs").unwrap();
    let short = Waveform::real(vec![1.0; 63], 1e3, Unit::Volt).unwrap();
    assert!(matches!(m.measure(&short, &[], &Settings::default()), Err(MeasureError::TooShort { .. })));
    let fine = Waveform::real((0..64).map(|i| f64::from(i % 7)).collect(), 1e3, Unit::Volt).unwrap();
    let (ok, _) = measure(&fine, &Settings::default());
    assert_eq!(ok.settings.fft, Some(32));
    for settings in [
        Settings { fft: Some(128), ..Settings::default() },
        Settings { fft: Some(0), ..Settings::default() },
        Settings { false_alarm: 0.0, ..Settings::default() },
        Settings { false_alarm: f64::NAN, ..Settings::default() },
        Settings { overlap: Some(1.0), ..Settings::default() },
    ] {
        assert!(matches!(m.measure(&fine, &[], &settings), Err(MeasureError::Settings { .. })), "{settings:?}");
    }
    let mut holes = vec![0.5; 4096];
    holes[1000] = f64::NAN;
    let (bad, _) = measure(&Waveform::real(holes, 1e3, Unit::Volt).unwrap(), &Settings::default());
    assert!(bad.gates.iter().any(|g| g.gate == "finite" && g.state == GateState::Fail));
    assert!(reading(&bad, "sfdr").is_nan());
    let (silent, d) = measure(&Waveform::real(vec![0.0; 4096], 1e3, Unit::FullScale).unwrap(), &Settings::default());
    assert!(d.carrier.is_none() && d.spurs.is_empty());
    assert!(reading(&silent, "noise_density").is_finite());
}

#[test]
fn few_averages_raise_the_length_gate() {
    let record = iq(1e6, None, 4096, &[(100_003.0, -6.0)], 1e-4);
    let (m, _) = measure(&record, &Settings { fft: Some(4096), ..Settings::default() });
    assert!(m.gates.iter().any(|g| g.gate == "length" && g.state == GateState::Warn));
    let (m, _) = measure(&record, &Settings::default());
    assert!(m.gates.iter().all(|g| g.gate != "length"));
}

/// ENOB of an ideal sine in noise of q^2/12: by the definition it is the number of bits, whatever the amplitude.
#[test]
fn enob_refers_to_full_scale() {
    let mut random = Normal(31);
    let q = 2.0 / 1024.0;
    for amplitude in [0.99, 0.3] {
        let data: Vec<f64> = (0..65_536)
            .map(|i| amplitude * (TAU * 0.123_456 * f64::from(i)).cos() + q / 12f64.sqrt() * random.next())
            .collect();
        let record = Waveform::real(data, 1e6, Unit::Volt).unwrap().with_full_scale(1.0);
        let (m, _) = measure(&record, &Settings::default());
        assert!((reading(&m, "enob") - 10.0).abs() < 0.02, "{}", reading(&m, "enob"));
    }
}

#[test]
fn the_doc_has_its_headings_and_every_definition() {
    let doc = by_id("spurs").unwrap().doc();
    for heading in ["What it measures", "What it can mean", "How to confirm", "Reference"] {
        assert!(doc.lines().any(|l| l == heading), "{heading}");
    }
    let record = iq(1e6, None, 65_536, &[(100_003.0, -6.0), (-222_222.0, -20.0)], 1e-4);
    for r in measure(&record, &Settings::default()).0.readings {
        // Signs are explained together, the measured quantities each with its definition.
        let named = if r.is_sign() { doc.contains(&r.id) } else { doc.contains(&format!("{} ", r.definition)) };
        assert!(named, "{}", r.definition);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever the samples are, there is an answer: no panic, spurs strongest first, probabilities in 0 ..= 1.
    #[test]
    fn any_samples_get_an_answer(
        data in proptest::collection::vec(
            proptest::prop_oneof![proptest::num::f64::ANY, -1.0..1.0, proptest::strategy::Just(0.0)], 64..700),
        finite: bool, pairs: bool,
    ) {
        let data: Vec<f64> = data.into_iter().map(|v| if finite { v.clamp(-1.0, 1.0) } else { v }).collect();
        let data: Vec<f64> = data.into_iter().map(|v| if finite && v.is_nan() { 0.0 } else { v }).collect();
        let record: Box<dyn Record> = if pairs {
            Box::new(Iq { rate: 1e6, center: Some(1e9), data: data.repeat(2) })
        } else {
            Box::new(Waveform::real(data, 1e6, Unit::Volt).unwrap())
        };
        // A record without one finite segment is refused with its reason.
        let answer = by_id("spurs").unwrap().measure(&*record, &[], &Settings::default());
        proptest::prop_assert!(!finite || answer.is_ok());
        let Ok(m) = answer else { return Ok(()) };
        let Detail::Spurs(d) = m.detail.clone() else { panic!("not spurs") };
        proptest::prop_assert!(d.spurs.windows(2).all(|w| w[0].level_db >= w[1].level_db));
        proptest::prop_assert!(d.spurs.iter().all(|s| (0.0..=1.0).contains(&s.false_alarm_probability)));
        proptest::prop_assert!(!finite || m.gates.iter().all(|g| g.gate != "finite"));
    }
}
