//! What holds for every model: finite, repeatable, true to its own truth, worse with severity; and the worked example.

use std::collections::BTreeSet;

use faultscope_signal::{Kind, Record};

use super::*;

/// A short scenario of a model: long enough to tell its lines apart.
fn short(model: &dyn Model, severity: f64) -> Scenario {
    let s = model.defaults().at_severity(severity);
    let duration_s = match model.domain() {
        Domain::Supply => (60e3 / s.rate_hz).min(s.duration_s),
        _ => 0.1,
    };
    Scenario { duration_s, ..s }
}

fn quiet(s: Scenario) -> Scenario {
    Scenario { noise_v: 0.0, noise_dbfs_per_hz: -250.0, ..s }
}

/// Amplitude of the line at `hz` by a plain Fourier sum under a Hann window: peak of a sine, magnitude of an I/Q line.
fn fourier(w: &Waveform, hz: f64) -> f64 {
    let step = w.kind().components();
    let n = w.data().len() / step;
    let mean = if step == 1 { w.data().iter().sum::<f64>() / n as f64 } else { 0.0 };
    let (mut re, mut im) = (0.0, 0.0);
    for (k, frame) in w.data().chunks_exact(step).enumerate() {
        let window = 1.0 - (std::f64::consts::TAU * k as f64 / n as f64).cos();
        let (s, c) = (-std::f64::consts::TAU * (hz * k as f64 / w.sample_rate_hz()).fract()).sin_cos();
        let (i, q) = (frame[0] - mean, if step == 2 { frame[1] } else { 0.0 });
        re += window * (i * c - q * s);
        im += window * (i * s + q * c);
    }
    re.hypot(im) / n as f64 * if step == 1 { 2.0 } else { 1.0 }
}

#[test]
fn every_model_is_finite_and_below_full_scale_at_every_severity() {
    for model in ALL {
        for severity in [0.0, 0.5, 1.0] {
            let s = short(*model, severity);
            let made = model.generate(&s).unwrap();
            let name = format!("{} at {severity}", model.id());
            assert_eq!(made.waveform.frames() as usize, s.frames(), "{name}");
            assert!(made.waveform.data().iter().all(|v| v.is_finite()), "{name}");
            let peak = made.waveform.data().iter().fold(0.0_f64, |p, v| p.max(v.abs()));
            if made.waveform.kind() == Kind::Iq && model.id() != "clipping" {
                assert!(peak < 0.999, "{name}: {peak}");
            }
            if made.waveform.kind() == Kind::Real {
                assert!(peak < 1.25 * s.rail_v.abs(), "{name}: {peak}");
            }
            assert!(made.truth.annotations.iter().all(|a| a.label.chars().count() <= 20), "{name}");
            assert!(made.truth.parameters.values().all(|v| v.is_finite()), "{name}");
            assert_eq!(made.truth.cause.as_deref(), model.cause(), "{name}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    for model in ALL {
        let s = Scenario { duration_s: (4000.0 / model.defaults().rate_hz).max(1e-4), ..model.defaults() };
        let bits = |s: &Scenario| -> Vec<u64> {
            model.generate(s).unwrap().waveform.data().iter().map(|v| v.to_bits()).collect()
        };
        let first = bits(&s);
        assert_eq!(first, bits(&s), "{}", model.id());
        assert_ne!(first, bits(&s.clone().seeded(s.seed + 1)), "{}", model.id());
    }
}

#[test]
fn the_lines_of_the_truth_are_in_the_record() {
    for model in ALL {
        let made = model.generate(&quiet(short(*model, 0.6))).unwrap();
        let strongest = made.truth.lines.first().and_then(|l| l.amplitude_v);
        let dbc = |l: &TruthLine| l.level_dbc.unwrap_or(0.0);
        // Below -70 dB of the strongest, the side lobes of the test's own window count.
        let strong = |l: &&TruthLine| match (l.amplitude_v, strongest) {
            (Some(a), Some(top)) => a > 0.01 * top,
            _ => dbc(l) > -70.0,
        };
        // Spikes and level jumps add lines of their own, which the truth lists as events.
        let unsteady = ["edge-spikes", "loose-connector", "reservoir-leak"].contains(&model.id());
        for l in made.truth.lines.iter().filter(strong).filter(|_| !unsteady).take(10) {
            let want = l.amplitude_v.or(l.level_dbfs.map(|db| 10f64.powf(db / 20.0))).unwrap();
            let got = fourier(&made.waveform, l.offset_hz.unwrap_or(l.frequency_hz));
            assert!((got / want - 1.0).abs() < 0.03, "{}: {} Hz {got} instead of {want}", model.id(), l.frequency_hz);
        }
    }
}

#[test]
fn the_carrier_of_the_truth_is_in_the_record() {
    for model in ALL.iter().filter(|m| m.domain() != Domain::Supply) {
        let s = quiet(short(*model, 0.4));
        if s.modulation != Modulation::Cw
            || ["loose-connector", "intermodulation", "frame-lines", "keyed-noise"].contains(&model.id())
        {
            continue;
        }
        let made = model.generate(&s).unwrap();
        let carrier = made.truth.carrier.unwrap();
        let got = 20.0 * fourier(&made.waveform, carrier.offset_hz).log10();
        assert!((got - carrier.level_dbfs).abs() < 0.02, "{}: {got} instead of {}", model.id(), carrier.level_dbfs);
        assert_eq!(carrier.level_dbm, Some(carrier.level_dbfs + 49.0), "{}", model.id());
        assert_eq!(carrier.frequency_hz, s.center_hz + carrier.offset_hz);
    }
}

/// A sine clipped hard in I and in Q approaches a square wave: carrier 4/pi, third harmonic a third of it.
#[test]
fn hard_clipping_makes_the_harmonics_of_a_square_wave() {
    let model = find("clipping").unwrap();
    let t = model.generate(&quiet(short(model, 1.0))).unwrap().truth;
    let third = t.lines.iter().find(|l| l.order == Some(3)).unwrap();
    let carrier = t.carrier.unwrap();
    // Driven 2.5 times over: a little short of the square's 2.1 dBFS and -9.5 dBc.
    assert!((1.5..2.1).contains(&carrier.level_dbfs), "{}", carrier.level_dbfs);
    assert!((-13.0..-9.54).contains(&third.level_dbc.unwrap()), "{third:?}");
    assert!((third.offset_hz.unwrap() + 3.0 * carrier.offset_hz).abs() < 1e-6);
}

/// AM of depth m makes sidebands of 20 log10(m / 2) dBc, whatever the frequency.
#[test]
fn bias_ripple_makes_the_sidebands_of_its_depth() {
    let model = find("supply-sidebands").unwrap();
    let made = model.generate(&quiet(short(model, 0.8))).unwrap();
    let carrier = made.truth.carrier.unwrap();
    let (depth, mains) = (made.truth.parameters["am_depth_ratio"], made.truth.parameters["mains_hz"]);
    let reference = fourier(&made.waveform, carrier.offset_hz);
    for (order, share) in [(2.0, 1.0), (4.0, 0.4)] {
        for sign in [-1.0, 1.0] {
            let got = fourier(&made.waveform, carrier.offset_hz + sign * order * mains) / reference;
            let want = 20.0 * (depth * share / 2.0).log10();
            assert!((20.0 * got.log10() - want).abs() < 0.05, "{order} {sign}: {got}");
        }
    }
}

/// One number that a fault makes larger, whatever the fault.
fn badness(made: &Simulated) -> f64 {
    let t = &made.truth;
    if let Some(carrier) = &t.carrier {
        let spurs: f64 = t
            .lines
            .iter()
            .filter(|l| l.origin != "wanted")
            .filter_map(|l| l.level_dbc)
            .map(|db| 10f64.powf(db / 20.0))
            .sum();
        let drop: f64 =
            ["largest_drop_db", "noise_rise_db", "phase_rms_rad"].iter().filter_map(|p| t.parameters.get(*p)).sum();
        return spurs + (carrier.level_dbfs + 6.0).abs() + (carrier.offset_hz - carrier.nominal_offset_hz).abs() + drop;
    }
    let nominal = if t.sample_rate_hz > 0.0 && t.dc_v.unwrap() < 0.0 { -53.5 } else { 12.0 };
    t.rms_ac_v.unwrap() + (t.dc_v.unwrap() - nominal).abs() + t.noise_v.unwrap()
}

#[test]
fn a_higher_severity_is_worse() {
    for model in ALL.iter().filter(|m| m.cause().is_some()) {
        let at = |severity| badness(&model.generate(&short(*model, severity)).unwrap());
        let values: Vec<f64> = [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().map(at).collect();
        assert!(values.windows(2).all(|w| w[1] > w[0]), "{}: {values:?}", model.id());
    }
}

#[test]
fn a_truth_survives_json() {
    for id in ["hiccup", "pa-failing"] {
        let model = find(id).unwrap();
        let truth = model.generate(&short(model, 0.5)).unwrap().truth;
        let text = serde_json::to_string(&truth).unwrap();
        let back: Truth = serde_json::from_str(&text).unwrap();
        assert_eq!((back.model, back.cause, back.lines.len()), (truth.model, truth.cause, truth.lines.len()));
    }
}

#[test]
fn a_scenario_outside_its_bounds_is_refused_by_every_model() {
    for model in ALL {
        for bad in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
            assert!(model.generate(&Scenario { rate_hz: bad, ..model.defaults() }).is_err(), "{}", model.id());
            assert!(model.generate(&Scenario { duration_s: bad, ..model.defaults() }).is_err(), "{}", model.id());
        }
        assert!(model.defaults().validate().is_ok(), "{}", model.id());
    }
}

#[test]
fn bits_make_steps_within_the_range() {
    let model = find("supply-healthy").unwrap();
    let s = Scenario { bits: 8, duration_s: 0.1, ..model.defaults() };
    let made = model.generate(&s).unwrap();
    let range = 1.25 * 53.5;
    assert_eq!(made.waveform.full_scale(), Some(range));
    let step = range / 128.0;
    assert!(made.waveform.data().iter().all(|v| ((v / step) - (v / step).round()).abs() < 1e-9));
}

/// Every `static` of a family file stands in `ALL`, under a name of its own.
#[test]
fn no_model_is_forgotten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sim");
    let list = std::fs::read_to_string(root.join("mod.rs")).unwrap();
    let mut count = 0;
    for folder in ["supply", "transmit"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            for line in text.lines().filter_map(|l| l.strip_prefix("pub(in crate::sim) static ")) {
                let name = line.split(':').next().unwrap();
                assert!(list.contains(&format!("&{folder}::{stem}::{name},")), "{stem}::{name} is not in ALL");
                count += 1;
            }
        }
    }
    assert_eq!(count, ALL.len());
    let ids: BTreeSet<&str> = ALL.iter().map(|m| m.id()).collect();
    assert_eq!(ids.len(), ALL.len());
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
}

mod worked_example {
    use super::*;

    fn sample(stem: &str) -> Simulated {
        SAMPLES.iter().find(|s| s.stem == stem).unwrap().generate().unwrap()
    }

    fn peak_to_peak(made: &Simulated) -> f64 {
        let v = made.waveform.data();
        v.iter().copied().fold(f64::MIN, f64::max) - v.iter().copied().fold(f64::MAX, f64::min)
    }

    /// O.41 weights at the multiples of 100 Hz that matter, and interpolated linearly in dB between.
    fn psophometric(made: &Simulated) -> f64 {
        const TABLE: [(f64, f64); 17] = [
            (16.66, -85.0),
            (50.0, -63.0),
            (100.0, -41.0),
            (200.0, -21.0),
            (300.0, -10.6),
            (400.0, -6.3),
            (500.0, -3.6),
            (600.0, -2.0),
            (700.0, -0.9),
            (800.0, 0.0),
            (1000.0, 1.0),
            (1200.0, 0.0),
            (1600.0, -1.7),
            (2000.0, -3.0),
            (3000.0, -5.6),
            (4000.0, -15.0),
            (5000.0, -36.0),
        ];
        let weight = |hz: f64| {
            let pair = TABLE.windows(2).find(|w| (w[0].0..w[1].0).contains(&hz)).unwrap();
            let share = (hz - pair[0].0) / (pair[1].0 - pair[0].0);
            pair[0].1 + share * (pair[1].1 - pair[0].1)
        };
        let lines = made.truth.lines.iter().map(|l| (l.amplitude_v.unwrap(), l.frequency_hz));
        // White noise: the weighting is at most 1 dB, over at most 3.4 kHz of the band.
        let noise = made.truth.noise_v.unwrap().powi(2) * 3400.0 / (made.truth.sample_rate_hz / 2.0) * 1.26;
        (lines.map(|(a, hz)| 0.5 * a * a * 10f64.powf(weight(hz) / 10.0)).sum::<f64>() + noise).sqrt()
    }

    fn worst_spur_dbc(made: &Simulated) -> f64 {
        made.truth.lines.iter().filter_map(|l| l.level_dbc).fold(f64::MIN, f64::max)
    }

    #[test]
    fn the_files_are_small() {
        let bytes: usize = SAMPLES
            .iter()
            .map(|s| s.generate().unwrap())
            .map(|m| m.waveform.data().len() * if m.datatype == "ci16_le" { 2 } else { 4 })
            .sum();
        assert!(bytes < 4_000_000, "{bytes}");
    }

    #[test]
    fn the_supply_fails_before_and_passes_after() {
        let (before, after) = (sample("supply-before"), sample("supply-after"));
        assert!(peak_to_peak(&before) > 0.35, "{}", peak_to_peak(&before));
        assert!(psophometric(&before) > 4.0e-3, "{}", psophometric(&before));
        assert!(peak_to_peak(&after) < 0.07, "{}", peak_to_peak(&after));
        assert!(psophometric(&after) < 1.5e-3, "{}", psophometric(&after));
        for made in [&before, &after] {
            assert!((-57.0..-40.5).contains(&made.truth.dc_v.unwrap()));
            let top = &made.truth.lines[0];
            assert_eq!((top.origin.as_str(), top.order), ("mains", Some(2)));
        }
    }

    #[test]
    fn the_transmitter_fails_before_and_passes_after() {
        let (before, after) = (sample("tx-before"), sample("tx-after"));
        let low = before.truth.carrier.as_ref().unwrap().level_dbm.unwrap() - 43.0;
        assert!((-8.0..-4.0).contains(&low), "{low}");
        assert!((-55.0..-42.0).contains(&worst_spur_dbc(&before)), "{}", worst_spur_dbc(&before));
        let rated = after.truth.carrier.as_ref().unwrap().level_dbm.unwrap() - 43.0;
        assert!(rated.abs() < 0.1, "{rated}");
        assert!(worst_spur_dbc(&after) < -68.0);
    }

    #[test]
    fn the_two_for_learning_show_what_they_are_for() {
        let image = sample("tx-image");
        let level = |origin: &str| image.truth.lines.iter().find(|l| l.origin == origin).unwrap().level_dbc.unwrap();
        assert!((-34.0..-26.0).contains(&level("image")) && (-58.0..-45.0).contains(&level("dc")));
        let switching = sample("supply-switching");
        assert!(switching.truth.parameters["spikes_count"] > 50.0);
        assert!(peak_to_peak(&switching) > 0.15);
    }
}
