//! Each origin once where it holds and once where it just does not.

use super::*;
use crate::measurement::BaselineLine;

const CARRIER: f64 = 100_003.0;

/// The origin of the line at `offset` beside a carrier of -6 dBFS and `others`.
fn origin(center: Option<f64>, others: &[(f64, f64)], offset: f64, settings: &Settings) -> (Origin, Option<u32>) {
    let mut tones = vec![(CARRIER, -6.0)];
    tones.extend(others);
    let (_, d) = measure(&iq(1e6, center, 1 << 17, &tones, 1e-5), settings);
    let s = near(&d, offset, 10.0).unwrap_or_else(|| panic!("no line at {offset}: {:?}", d.spurs));
    (s.origin, s.order)
}

fn check(others: &[(f64, f64)], offset: f64, expected: (Origin, Option<u32>)) {
    assert_eq!(origin(None, others, offset, &Settings::default()), expected, "{others:?}");
}

const UNKNOWN: (Origin, Option<u32>) = (Origin::Unknown, None);

#[test]
fn harmonics_fold_around_the_rate() {
    check(&[(3.0 * CARRIER, -60.0)], 3.0 * CARRIER, (Origin::Harmonic, Some(3)));
    // 7 f is 700 021 Hz: around the rate it is at -299 979 Hz.
    check(&[(-299_979.0, -60.0)], -299_979.0, (Origin::Harmonic, Some(7)));
    // The folded orders 13 and 23 lie 30 Hz apart here: this is midway.
    check(&[(3.0 * CARRIER + 45.0, -60.0)], 3.0 * CARRIER + 45.0, UNKNOWN);
}

#[test]
fn images_mirror_about_the_centre_and_are_weaker() {
    check(&[(-CARRIER, -40.0)], -CARRIER, (Origin::Image, None));
    check(&[(-CARRIER + 45.0, -40.0)], -CARRIER + 45.0, UNKNOWN);
    check(&[(-CARRIER, -12.0)], -CARRIER, UNKNOWN);
}

#[test]
fn products_of_two_lines() {
    let b = 160_504.0;
    check(&[(b, -10.0), (2.0 * CARRIER - b, -60.0)], 2.0 * CARRIER - b, (Origin::Intermodulation, Some(3)));
    check(&[(b, -10.0), (3.0 * CARRIER - 2.0 * b, -60.0)], 3.0 * CARRIER - 2.0 * b, (Origin::Intermodulation, Some(5)));
    check(&[(b, -10.0), (2.0 * CARRIER - b + 60.0, -60.0)], 2.0 * CARRIER - b + 60.0, UNKNOWN);
}

#[test]
fn switching_sidebands_come_in_pairs() {
    let pair = [(CARRIER + 85_000.0, -60.0), (CARRIER - 85_000.0, -61.0)];
    check(&pair, CARRIER + 85_000.0, (Origin::SwitchingSideband, Some(1)));
    check(&pair[..1], CARRIER + 85_000.0, UNKNOWN);
}

#[test]
fn combs_are_equidistant() {
    let at = |k: f64| -412_345.0 + 37_771.0 * k;
    let comb = [(at(0.0), -60.0), (at(1.0), -62.0), (at(2.0), -61.0), (at(3.0), -63.0)];
    check(&comb, at(2.0), (Origin::Clock, None));
    check(&comb[..3], at(2.0), UNKNOWN);
    let broken = [comb[0], comb[1], comb[2], (at(3.0) + 200.0, -63.0)];
    check(&broken, at(2.0), UNKNOWN);
}

#[test]
fn aliases_lie_about_a_half_or_a_quarter_of_the_rate() {
    // fs / 2 - f, as two interleaved converters make it: 500 000 - 100 003.
    check(&[(399_997.0, -60.0)], 399_997.0, (Origin::Alias, Some(2)));
    check(&[(399_997.0 + 60.0, -60.0)], 399_997.0 + 60.0, UNKNOWN);
}

#[test]
fn the_centre_is_dc() {
    check(&[(0.0, -50.0)], 0.0, (Origin::Dc, None));
    check(&[(600.0, -50.0)], 600.0, UNKNOWN);
}

#[test]
fn the_dongles_crystal_and_a_learned_baseline_are_the_receivers() {
    let default = Settings::default();
    // 5 x 28.8 MHz = 144 MHz is 212 345 Hz above the centre.
    let center = 144e6 - 212_345.0;
    assert_eq!(origin(Some(center), &[(212_345.0, -60.0)], 212_345.0, &default), (Origin::Receiver, Some(5)));
    assert_eq!(origin(Some(center), &[(212_545.0, -60.0)], 212_545.0, &default), UNKNOWN);
    let line = |frequency_hz, level_db| Settings {
        baseline: Some(vec![BaselineLine { frequency_hz, level_db }]),
        ..Settings::default()
    };
    let seen = |settings: &Settings| origin(Some(1e8), &[(-333_333.0, -60.0)], -333_333.0, settings);
    assert_eq!(seen(&line(1e8 - 333_340.0, -59.0)), (Origin::Receiver, None));
    assert_eq!(seen(&line(1e8 - 333_333.0, -55.0)), UNKNOWN);
    assert_eq!(seen(&line(1e8 - 333_033.0, -60.0)), UNKNOWN);
}

/// What the baseline holds is neither judged nor the carrier, however strong.
#[test]
fn a_baselines_lines_are_named_and_left_alone() {
    let record = iq(1e6, Some(1e8), 1 << 16, &[(CARRIER, -20.0), (-222_222.0, -6.0), (300_500.0, -70.0)], 1e-5);
    let baseline = vec![BaselineLine { frequency_hz: 1e8 - 222_222.0, level_db: -6.0 }];
    let (m, d) = measure(&record, &Settings { baseline: Some(baseline), ..Settings::default() });
    assert!((d.carrier.unwrap().offset_hz - CARRIER).abs() < 0.1);
    assert_eq!(near(&d, -222_222.0, 10.0).unwrap().origin, Origin::Receiver);
    assert!((reading(&m, "sfdr") - 50.0).abs() < 0.1, "{}", reading(&m, "sfdr"));
    assert_eq!(m.readings.iter().filter(|r| r.id == "spur_level").count(), 1);
}
