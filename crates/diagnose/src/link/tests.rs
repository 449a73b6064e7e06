//! Linked and unlinked pairs of records whose lines are put in by rule.

use std::f64::consts::TAU;

use faultscope_signal::{Unit, Waveform};

use super::*;
use crate::dice::Dice;

const SUPPLY_RATE: f64 = 200e3;
const RF_RATE: f64 = 300e3;

/// A 48 V rail: mains lines (orders 2, 4, 6) and switching lines (orders 1, 2), in volts rms.
struct Rail {
    mains_hz: f64,
    mains_v: f64,
    switching_hz: f64,
    switching_v: f64,
}

fn supply(rail: &Rail, seconds: f64, dice: &mut Dice) -> Waveform {
    let count = (seconds * SUPPLY_RATE) as usize;
    let data = (0..count).map(|i| {
        let t = i as f64 / SUPPLY_RATE;
        let mains: f64 = [(2.0, 1.0), (4.0, 0.4), (6.0, 0.2)]
            .iter()
            .map(|(k, a)| a * rail.mains_v * 1.414 * libm::cos(TAU * k * rail.mains_hz * t + k))
            .sum();
        let switching: f64 = [(1.0, 1.0), (2.0, 0.2)]
            .iter()
            .filter(|(k, _)| k * rail.switching_hz < 0.45 * SUPPLY_RATE)
            .map(|(k, a)| a * rail.switching_v * 1.414 * libm::cos(TAU * k * rail.switching_hz * t + k))
            .sum();
        48.0 + mains + switching + 0.002 * dice.normal()
    });
    Waveform::real(data.collect(), SUPPLY_RATE, Unit::Volt).unwrap()
}

/// A carrier 20 kHz above the centre with sidebands at stated offsets (AM index, PM index), and noise.
fn carrier(lines: &[(f64, f64, f64)], noise: f64, seconds: f64, dice: &mut Dice) -> Waveform {
    let count = (seconds * RF_RATE) as usize;
    let mut data = Vec::with_capacity(2 * count);
    for i in 0..count {
        let t = i as f64 / RF_RATE;
        let am: f64 = lines.iter().map(|(f, m, _)| m * libm::cos(TAU * f * t)).sum();
        let pm: f64 = lines.iter().map(|(f, _, b)| b * libm::cos(TAU * f * t + 0.7)).sum();
        let angle = TAU * 20e3 * t + pm;
        for part in [libm::cos(angle), libm::sin(angle)] {
            data.push(0.3 * ((1.0 + am) * part + noise * std::f64::consts::FRAC_1_SQRT_2 * dice.normal()));
        }
    }
    Waveform::interleaved(data, RF_RATE, Some(900e6)).unwrap()
}

fn compared(supply: &Waveform, rf: &Waveform) -> LinkDetail {
    link((supply, &[]), (rf, &[]), &Settings::default()).unwrap().detail
}

const RAIL: Rail = Rail { mains_hz: 50.02, mains_v: 0.3, switching_hz: 65_310.0, switching_v: 0.05 };

#[test]
fn mains_ripple_on_the_amplifier_is_amplitude_modulation() {
    let dice = &mut Dice(1);
    let rail = supply(&RAIL, 1.0, dice);
    let rf = carrier(&[(100.04, 0.02, 0.0), (200.08, 0.008, 0.0)], 0.01, 1.0, dice);
    let found = compared(&rail, &rf);
    let link = found.links.first().unwrap();
    assert_eq!((found.links.len(), link.family, found.method), (1, SupplyFamily::Mains, LinkMethod::Carrier));
    assert!(link.false_link_probability < 1e-3 && link.error_hz.abs() < 0.05, "{link:?}");
    let line = &link.lines[0];
    assert_eq!((line.order, line.modulates), (2, Modulates::Amplitude));
    // m / 2 on each side: -40 dBc; depth 2 %.
    assert!((line.upper_dbc + 40.0).abs() < 0.1 && (line.lower_dbc + 40.0).abs() < 0.1, "{line:?}");
    assert!((line.am_percent - 2.0).abs() < 0.03, "{line:?}");
}

#[test]
fn switching_ripple_on_a_synthesizer_is_phase_modulation() {
    let dice = &mut Dice(2);
    let rail = supply(&RAIL, 0.5, dice);
    let rf = carrier(&[(65_310.0, 0.0, 0.01)], 0.01, 0.5, dice);
    let found = compared(&rail, &rf);
    let link = found.links.first().unwrap();
    assert_eq!((link.family, link.lines[0].modulates), (SupplyFamily::Switching, Modulates::Phase));
    assert!((link.lines[0].pm_rad.unwrap() - 0.01).abs() < 2e-4 && link.error_ppm.abs() < 100.0, "{link:?}");
}

#[test]
fn without_evidence_nothing_is_said() {
    let dice = &mut Dice(3);
    let rail = supply(&RAIL, 1.0, dice);
    for lines in [&[][..], &[(217.0, 0.02, 0.0), (434.0, 0.01, 0.0)], &[(33_333.0, 0.0, 0.02), (71_000.0, 0.01, 0.0)]] {
        let found = compared(&rail, &carrier(lines, 0.01, 1.0, dice));
        assert!(!found.found && found.links.is_empty(), "{found:?}");
        assert_eq!(found.unlinked.len(), lines.len(), "{found:?}");
    }
}

/// Frames of 10 ms make lines at exactly 100 Hz, and so do mains that have moved from 50.03 Hz to 50 Hz: both is said.
#[test]
fn a_frame_clock_is_said_to_be_possible() {
    let dice = &mut Dice(4);
    let rail = supply(&Rail { mains_hz: 50.03, ..RAIL }, 2.0, dice);
    for (hz, expected) in [(100.0, true), (100.06, false)] {
        let rf = carrier(&[(hz, 0.02, 0.0), (2.0 * hz, 0.02, 0.0)], 0.003, 2.0, dice);
        let found = compared(&rail, &rf);
        assert_eq!(found.links.first().map(|l| l.frame_clock), Some(expected), "{found:?}");
    }
}

#[test]
fn a_line_on_one_side_only_is_no_link() {
    let dice = &mut Dice(5);
    let rail = supply(&RAIL, 0.5, dice);
    // Amplitude and phase modulation in quadrature by the same index cancel one side.
    let count = (0.5 * RF_RATE) as usize;
    let data = (0..count).flat_map(|i| {
        let t = i as f64 / RF_RATE;
        let part = |shift: f64| libm::cos(TAU * 20e3 * t - shift) + 0.02 * libm::cos(TAU * 85_310.0 * t - shift);
        [0.3 * part(0.0), 0.3 * part(0.25 * TAU)]
    });
    let data: Vec<f64> = data.map(|v| v + 1e-3 * dice.normal()).collect();
    let rf = Waveform::interleaved(data, RF_RATE, None).unwrap();
    assert!(!compared(&rail, &rf).found);
}

#[test]
fn what_the_record_cannot_show_is_said() {
    let dice = &mut Dice(6);
    let rail = supply(&Rail { switching_v: 0.0, ..RAIL }, 1.0, dice);
    let rf = carrier(&[], 0.01, 0.01, dice);
    let linked = link((&rail, &[]), (&rf, &[]), &Settings::default()).unwrap();
    assert!(linked.gates.iter().any(|g| g.gate == "coverage"), "{:?}", linked.gates);
    let quiet = supply(&Rail { mains_v: 0.0, switching_v: 0.0, ..RAIL }, 1.0, dice);
    let linked = link((&quiet, &[]), (&rf, &[]), &Settings::default()).unwrap();
    assert!(linked.gates.iter().any(|g| g.gate == "supply_lines") && !linked.detail.found);
}

#[test]
fn kinds_of_records_are_checked() {
    let dice = &mut Dice(7);
    let rf = carrier(&[], 0.01, 0.1, dice);
    assert!(link((&rf, &[]), (&rf, &[]), &Settings::default()).is_err());
}

/// One random pair of records; linked ones carry the supply's lines 10 to 40 dB above the noise of their bins.
fn trial(seed: u64, linked: bool) -> bool {
    let dice = &mut Dice(seed);
    for _ in 0..8 {
        dice.next();
    }
    let seconds = dice.between(0.5, 1.0);
    let rail = Rail {
        mains_hz: dice.between(49.9, 50.1),
        mains_v: if dice.next() < 0.7 { dice.between(0.05, 0.5) } else { 0.0 },
        // Above 0.4 of the rate `ripple` claims no switching frequency: it could be folded.
        switching_hz: dice.between(25e3, 75e3),
        switching_v: dice.between(0.01, 0.1),
    };
    let by_mains = rail.mains_v > 0.0 && dice.next() < 0.5;
    let noise = 10f64.powf(dice.between(-3.0, -1.0));
    // Noise power of one bin of a Blackman-Harris window (2.0 bins wide), relative to the carrier.
    let bin = 2.0 * noise * noise / (seconds * RF_RATE);
    let index = |dice: &mut Dice, db: f64| {
        let side = (bin * 10f64.powf(0.1 * (db + dice.between(0.0, 30.0)))).sqrt();
        if dice.next() < 0.5 { (2.0 * side, 0.0) } else { (0.0, 2.0 * side) }
    };
    let mut lines = Vec::new();
    if linked {
        let f = if by_mains { 2.0 * rail.mains_hz } else { rail.switching_hz };
        let (am, pm) = index(dice, 10.0);
        lines.push((f, am, pm));
    }
    // Pairs that have nothing to do with the supply: none to four, from 200 Hz on.
    for _ in 0..(5.0 * dice.next()) as usize {
        let f = 10f64.powf(dice.between(2.3, 5.0));
        let (am, pm) = index(dice, 15.0);
        lines.push((f, am, pm));
    }
    let found = compared(&supply(&rail, seconds, dice), &carrier(&lines, noise, seconds, dice));
    let right = |l: &Link| !linked || (l.family == SupplyFamily::Mains) == by_mains;
    let any = found.links.iter().any(right);
    if any != linked {
        println!(
            "seed {seed}, {seconds:.2} s, mains {:.3} Hz {:.3} V, converter {:.0} Hz {:.3} V, lines {lines:?}: {found:?}",
            rail.mains_hz, rail.mains_v, rail.switching_hz, rail.switching_v
        );
    }
    any
}

fn trials(count: u64, linked: bool) -> usize {
    (0..count).filter(|k| trial(1000 * u64::from(linked) + 7919 * k + 17, linked)).count()
}

#[test]
fn a_few_random_pairs_of_records() {
    let (found, false_links) = (trials(8, true), trials(8, false));
    assert!(found >= 7 && false_links <= 1, "{found} of 8 found, {false_links} of 8 linked by accident");
}

/// `cargo test --release -p faultscope-diagnose link -- --ignored --nocapture`: the promise of 99 % and 0.5 %.
#[test]
#[ignore = "minutes: 400 linked and 800 unlinked pairs"]
fn thousands_of_random_pairs_of_records() {
    let (found, false_links) = (trials(400, true), trials(800, false));
    println!("linked: {found} of 400 found; unlinked: {false_links} of 800 linked");
    assert!(found >= 396 && false_links <= 4);
}
