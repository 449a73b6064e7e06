//! Two equal carriers: third-order products and the intercept point, and signals that are no such pair.

use super::*;

/// Tones of -7 and -8 dBFS, products by an intercept point of +20 dBFS: P(2a - b) = 2 P(a) + P(b) - 2 OIP3.
#[test]
fn the_intercept_point_follows_from_the_products() {
    let (a, b, pa, pb, oip3) = (100_003.0, 131_234.0, -7.0, -8.0, 20.0);
    let (low, high) = (2.0 * pa + pb - 2.0 * oip3, 2.0 * pb + pa - 2.0 * oip3);
    let tones = [(a, pa), (b, pb), (2.0 * a - b, low), (2.0 * b - a, high)];
    let (m, _) = measure(&iq(1e6, Some(1e8), 1 << 16, &tones, 1e-4), &Settings::default());
    assert!((reading(&m, "toi") - oip3).abs() < 0.1, "{}", reading(&m, "toi"));
    // The stronger product, against the mean of the two levels.
    assert!((reading(&m, "im3") - (low - 0.5 * (pa + pb))).abs() < 0.1, "{}", reading(&m, "im3"));
    assert!(m.gates.iter().any(|g| g.gate == "two_tone"));
    let toi = m.readings.iter().find(|r| r.id == "toi").unwrap();
    assert!(toi.unit == Unit::Dbfs && toi.uncertainty.unwrap() < 0.1 && toi.at.unwrap().frequency_hz.unwrap() > 1e8);
}

#[test]
fn unequal_tones_third_tones_and_missing_products_give_no_intercept_point() {
    let (a, b) = (100_003.0, 131_234.0);
    let product = (2.0 * a - b, -60.0);
    for tones in [
        vec![(a, -7.0), (b, -11.0), product],
        vec![(a, -7.0), (b, -8.0), product, (-300_000.0, -20.0)],
        vec![(a, -7.0), product],
        vec![(a, -7.0), (b, -8.0)],
    ] {
        let (m, _) = measure(&iq(1e6, None, 1 << 16, &tones, 1e-4), &Settings::default());
        assert!(m.readings.iter().all(|r| r.id != "toi" && r.id != "im3"), "{tones:?}");
    }
}

/// Real volts: the intercept point is in dBV.
#[test]
fn a_real_record_gives_it_in_its_own_unit() {
    let mut random = Normal(3);
    let amplitude = |db: f64| 2f64.sqrt() * 10f64.powf(db / 20.0);
    let tones = [(0.1001, -20.0), (0.1201, -20.0), (0.0801, -70.0), (0.1401, -70.0)];
    let data = (0..1 << 16).map(|i| {
        let sum: f64 = tones.iter().map(|(f, l)| amplitude(*l) * (TAU * (f * f64::from(i)).fract()).cos()).sum();
        sum + 1e-5 * random.next()
    });
    let (m, _) = measure(&Waveform::real(data.collect(), 1e6, Unit::Volt).unwrap(), &Settings::default());
    let toi = m.readings.iter().find(|r| r.id == "toi").unwrap();
    assert!(toi.unit == Unit::Dbv && (toi.value - 5.0).abs() < 0.1, "{toi:?}");
}
