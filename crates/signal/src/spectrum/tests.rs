//! What averaged spectra must show: levels, densities, sameness of all paths, and records that are not sound.

use num_complex::Complex64;

use super::*;
use crate::record::{Record, Waveform};
use crate::threads::Silent;
use std::f64::consts::TAU;

fn settings(fft: usize, window: Window) -> SpectrumSettings {
    SpectrumSettings { fft, window, overlap: 0.5 }
}

#[test]
fn a_bin_centred_tone_reads_its_own_level_with_every_window_and_size() {
    for window in Window::ALL {
        for n in [64, 100, 1000, 1001, 4096] {
            let k = 17.0;
            let tone: Vec<Complex64> =
                (0..3 * n).map(|i| Complex64::from_polar(0.5, TAU * k * i as f64 / n as f64)).collect();
            let iq = Waveform::iq(&tone, 1e6, None).unwrap();
            let s = average(&iq, settings(n, window)).unwrap();
            let bin = s.bin_of_offset(k * s.bin_hz()).round() as usize;
            assert!((s.level_db(s.mean[bin]) + 6.0206).abs() < 1e-4, "{window} {n}");

            let real: Vec<f64> = (0..3 * n).map(|i| 0.5 * (TAU * k * i as f64 / n as f64).cos()).collect();
            let volts = Waveform::real(real, 1e6, Unit::Volt).unwrap();
            let s = average(&volts, settings(n, window)).unwrap();
            // 0.5 V peak is 0.125 V^2: -9.0309 dBV.
            assert!((s.level_db(s.mean[17]) + 9.0309).abs() < 1e-3, "{window} {n}");
        }
    }
}

#[test]
fn a_record_shorter_than_the_transform_is_refused() {
    let w = Waveform::real(vec![0.0; 100], 1.0, Unit::Volt).unwrap();
    assert!(average(&w, settings(101, Window::Hann)).is_err());
}

/// Repeatable Gaussian noise of unit variance (sum of twelve uniform numbers less six).
fn gaussian(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

fn noise_iq(count: usize, seed: u64) -> Waveform {
    let flat = gaussian(2 * count, seed);
    let data: Vec<Complex64> = flat.chunks_exact(2).map(|p| Complex64::new(p[0], p[1]) * 0.1).collect();
    Waveform::iq(&data, 1e6, Some(1e9)).unwrap()
}

fn noise_real(count: usize, seed: u64) -> Waveform {
    Waveform::real(gaussian(count, seed), 1e6, Unit::Volt).unwrap()
}

fn everything() -> Traces {
    Traces { max: true, min: true, percentiles: vec![0.0, 10.0, 50.0, 90.0, 100.0], persistence: true, scale: None }
}

fn with(traces: Traces, precision: Precision, threads: usize) -> Options {
    Options { traces, precision, threads }
}

fn assert_close(fast: &[f64], truth: &[f64], relative: f64, what: &str) {
    assert_eq!(fast.len(), truth.len(), "{what}");
    let top = truth.iter().copied().fold(0.0, f64::max);
    for (bin, (a, b)) in fast.iter().zip(truth).enumerate() {
        // Bins far below the strongest carry its rounding: 1e-12 is 120 dB down.
        assert!((a - b).abs() <= relative * b + 1e-12 * top, "{what}, bin {bin}: {a} {b}");
    }
}

#[test]
fn the_fast_path_agrees_with_the_reference_at_any_length_and_overlap() {
    for (n, overlap) in [(2, 0.0), (3, 0.5), (64, 0.9), (101, 0.3), (1000, 0.75), (1024, 0.5), (997, 0.5)] {
        for window in [Window::Rectangular, Window::Hann, Window::Kaiser, Window::Hft144d] {
            let settings = SpectrumSettings { fft: n, window, overlap };
            let records: [&dyn Record; 2] = [&noise_iq(20_000, 3), &noise_real(20_000, 4)];
            for record in records {
                let truth = reference(record, settings).unwrap();
                let fast = average(record, settings).unwrap();
                let what = format!("{window} {n} {overlap} {:?}", record.kind());
                assert_close(&fast.mean, &truth.mean, 1e-5, &what);
                assert_eq!((fast.segments, fast.skipped), (truth.segments, 0), "{what}");
                let options = with(Traces::default(), Precision::F64, 1);
                let double = analyze(record, settings, &options, &Silent).unwrap();
                // An offset taken off before a Kaiser window leaves out its side lobes, 106 dB down.
                let relative = if window == Window::Kaiser { 1e-6 } else { 1e-11 };
                assert_close(&double.mean, &truth.mean, relative, &what);
            }
        }
    }
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    let records: [&dyn Record; 2] = [&noise_iq(200_000, 5), &noise_real(200_000, 6)];
    for record in records {
        for precision in [Precision::F32, Precision::F64] {
            let run = |threads| {
                let options = with(everything(), precision, threads);
                analyze(record, settings(256, Window::Hann), &options, &Silent).unwrap()
            };
            let one = run(1);
            assert!(one.segments > 10 * 64);
            for threads in [2, 3, 0] {
                assert_eq!(run(threads), one);
            }
            // The mean does not depend on what else is taken either.
            let options = with(Traces::default(), precision, 2);
            assert_close(
                &analyze(record, settings(256, Window::Hann), &options, &Silent).unwrap().mean,
                &one.mean,
                1e-6,
                "mean alone",
            );
        }
    }
}

/// Powers of every segment, by the reference on each segment alone.
fn segment_powers(record: &Waveform, settings: SpectrumSettings) -> Vec<Vec<f64>> {
    let hop = hop(&settings);
    let c = record.kind().components();
    (0..=(record.frames() as usize - settings.fft) / hop)
        .map(|k| {
            let data = &record.data()[k * hop * c..(k * hop + settings.fft) * c];
            let part = match record.kind() {
                Kind::Real => Waveform::real(data.to_vec(), 1e6, Unit::Volt).unwrap(),
                Kind::Iq => {
                    let pairs: Vec<Complex64> = data.chunks_exact(2).map(|p| Complex64::new(p[0], p[1])).collect();
                    Waveform::iq(&pairs, 1e6, None).unwrap()
                }
            };
            reference(&part, settings).unwrap().mean
        })
        .collect()
}

#[test]
fn holds_percentiles_and_persistence_agree_with_sorting_all_segments() {
    for record in [noise_iq(30_000, 7), noise_real(30_001, 8)] {
        for n in [64, 65] {
            let settings = settings(n, Window::BlackmanHarris);
            let options = with(everything(), Precision::F32, 2);
            let s = analyze(&record, settings, &options, &Silent).unwrap();
            let segments = segment_powers(&record, settings);
            let persistence = s.persistence.as_ref().unwrap();
            for bin in 0..s.mean.len() {
                let mut powers: Vec<f64> = segments.iter().map(|p| p[bin]).collect();
                powers.sort_by(f64::total_cmp);
                let (low, high) = (powers[0], powers[powers.len() - 1]);
                assert!((s.max.as_ref().unwrap()[bin] / high - 1.0).abs() < 1e-4, "{n} {bin}");
                // The lowest of hundreds lies far below the mean and carries its rounding.
                assert!((s.min.as_ref().unwrap()[bin] - low).abs() < 1e-4 * low + 1e-10 * high, "{n} {bin}");
                for (percent, trace) in &s.percentiles {
                    let rank = ((percent / 100.0 * powers.len() as f64).ceil() as usize).max(1);
                    let error = s.level_db(trace[bin]) - s.level_db(powers[rank - 1]);
                    assert!(error.abs() < 0.51, "{n} {bin} {percent} %: {error} dB");
                }
                let row = persistence.counts.row(bin);
                assert_eq!(u64::from(row.sum()), s.segments, "{n} {bin}");
                for (cell, &count) in row.iter().enumerate() {
                    let inside = |slack: f64| {
                        let low = persistence.scale.level_db(cell as f64) - slack;
                        let high = persistence.scale.level_db(cell as f64 + 1.0) + slack;
                        powers.iter().filter(|p| (low..high).contains(&s.level_db(**p))).count() as u32
                    };
                    // Levels within a hair of an edge may be counted on either side of it.
                    assert!((inside(-0.004)..=inside(0.004)).contains(&count) || cell == 0, "{n} {bin} {cell}");
                }
            }
        }
    }
}

#[test]
fn the_noise_density_is_right_with_every_window() {
    // Complex noise of power 2 * 0.01: 10 log10(0.02 / 1e6) dBFS/Hz. Real: one-sided 1 V^2 / 0.5 MHz.
    let (iq, real) = (noise_iq(1_000_000, 9), noise_real(1_000_000, 10));
    let records: [(&Waveform, f64); 2] = [(&iq, -76.9897), (&real, -56.9897)];
    for (record, expected) in records {
        for window in Window::ALL {
            let s = average(record, settings(1024, window)).unwrap();
            let inner = &s.mean[8..s.mean.len() - 8];
            let mean = inner.iter().sum::<f64>() / inner.len() as f64;
            let density = s.level_db(mean) - 10.0 * s.rbw_hz().log10();
            // Ten levels in a million samples scatter by 0.01 dB.
            assert!((density - expected).abs() < 0.05, "{window}: {density} {expected}");
        }
    }
}

#[test]
fn without_window_the_bins_hold_the_records_power() {
    for record in [noise_iq(64 * 100, 11), noise_real(64 * 100, 12)] {
        for n in [64, 100, 25] {
            let settings = SpectrumSettings { fft: n, window: Window::Rectangular, overlap: 0.0 };
            let s = average(&record, settings).unwrap();
            let power = record.data().iter().map(|v| v * v).sum::<f64>() / record.frames() as f64;
            let sum: f64 = s.mean.iter().sum();
            // Parseval.
            assert!((sum / power - 1.0).abs() < 1e-6, "{n}: {sum} {power}");
        }
    }
}

#[test]
fn a_real_record_and_its_copy_with_zero_q_agree() {
    let real = noise_real(50_000, 13);
    let copy: Vec<Complex64> = real.data().iter().map(|&v| Complex64::new(v, 0.0)).collect();
    let iq = Waveform::iq(&copy, 1e6, None).unwrap();
    for n in [256, 255] {
        let (a, b) =
            (average(&real, settings(n, Window::Hann)).unwrap(), average(&iq, settings(n, Window::Hann)).unwrap());
        for k in 0..a.mean.len() {
            let zero = n / 2;
            // Both sides of the two-sided spectrum; 0 Hz and half the rate have one only.
            let upper = if zero + k < n { b.mean[zero + k] } else { 0.0 };
            let lower = if k > 0 && k <= zero { b.mean[zero - k] } else { 0.0 };
            assert!((a.mean[k] / (upper + lower) - 1.0).abs() < 1e-4, "{n} {k}");
        }
    }
}

#[test]
fn a_large_offset_does_not_hide_a_microvolt_line_and_is_reported_right() {
    let n = 4096;
    let line = |i: usize| 10e-6 * (TAU * 400.0 * i as f64 / n as f64).cos();
    let data: Vec<f64> = (0..20 * n).map(|i| -54.0 + line(i)).collect();
    let record = Waveform::real(data, 1e5, Unit::Volt).unwrap();
    for window in [Window::Hann, Window::BlackmanHarris, Window::Kaiser, Window::Hft144d] {
        let s = average(&record, settings(n, window)).unwrap();
        // 10 uV peak: 20 log10(10e-6 / sqrt 2) = -103.0103 dBV; -54 V: 34.6479 dBV.
        assert!((s.level_db(s.mean[400]) + 103.0103).abs() < 0.01, "{window}: {}", s.level_db(s.mean[400]));
        assert!((s.level_db(s.mean[0]) - 34.6479).abs() < 1e-4, "{window}: {}", s.level_db(s.mean[0]));
        let highest = (20..380).map(|k| s.level_db(s.mean[k])).fold(f64::NEG_INFINITY, f64::max);
        assert!(highest < -160.0, "{window}: {highest}");
    }
}

#[test]
fn the_window_bins_of_an_offset_are_put_back() {
    for n in [64, 101] {
        let data: Vec<f64> = gaussian(n * 50, 14).iter().map(|v| v + 12.0).collect();
        let record = Waveform::real(data, 1e5, Unit::Volt).unwrap();
        for window in Window::ALL.into_iter().filter(|w| *w != Window::Kaiser) {
            let (s, truth) =
                (average(&record, settings(n, window)).unwrap(), reference(&record, settings(n, window)).unwrap());
            assert_close(&s.mean, &truth.mean, 1e-5, &format!("{window} {n}"));
        }
    }
}

#[test]
fn a_value_that_is_not_finite_costs_its_segments_only() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let sound = noise_real(64 * 300, 15);
        let mut data = sound.data().to_vec();
        // Segments begin every 32 samples: 1000 lies in segments 30 and 31, the very last sample in the last one.
        data[1000] = bad;
        let end = data.len() - 1;
        data[end] = bad;
        let record = Waveform::real(data, 1e6, Unit::Volt).unwrap();
        for traces in [Traces::default(), everything()] {
            let s = analyze(&record, settings(64, Window::Hann), &with(traces, Precision::F32, 2), &Silent).unwrap();
            assert_eq!((s.skipped, s.non_finite, s.segments), (3, 2, 599 - 3), "{bad}");
            let all = segment_powers(&sound, settings(64, Window::Hann));
            let kept: Vec<_> = all.iter().enumerate().filter(|(k, _)| ![30, 31, 598].contains(k)).collect();
            let truth: Vec<f64> =
                (0..33).map(|bin| kept.iter().map(|(_, p)| p[bin]).sum::<f64>() / kept.len() as f64).collect();
            assert_close(&s.mean, &truth, 1e-5, "kept segments");
            assert!(s.max.iter().chain(&s.min).flatten().all(|v| v.is_finite()));
            if let Some(p) = &s.persistence {
                assert!(p.counts.rows().into_iter().all(|row| u64::from(row.sum()) == s.segments));
            }
        }
    }
    let record = Waveform::real(vec![f64::NAN; 1000], 1e6, Unit::Volt).unwrap();
    let error = average(&record, settings(100, Window::Hann)).unwrap_err();
    assert!(error.message.contains("not finite"), "{error}");
}

#[test]
fn values_of_any_size_keep_their_levels() {
    for exponent in [-30, -15, 0, 15, 30] {
        let scale = 10f64.powi(exponent);
        let data: Vec<f64> = (0..1000).map(|i| scale * (TAU * 0.1 * f64::from(i)).cos()).collect();
        let s = average(&Waveform::real(data, 1.0, Unit::Volt).unwrap(), settings(100, Window::Hann)).unwrap();
        let expected = 20.0 * f64::from(exponent) - 3.0103;
        assert!((s.level_db(s.mean[10]) - expected).abs() < 1e-3, "{exponent}: {}", s.level_db(s.mean[10]));
        let zeros = average(&Waveform::real(vec![0.0; 500], 1.0, Unit::Volt).unwrap(), settings(100, Window::Hann));
        assert!(zeros.unwrap().mean.iter().all(|p| *p == 0.0));
    }
}

#[test]
fn effective_averages_follow_welch() {
    let of = |window, overlap, k| effective_averages(&SpectrumSettings { fft: 4096, window, overlap }, k);
    // Hann at half overlap: correlation 1/6, so K / (1 + 2 (1 - 1/K) / 36) (Welch 1967).
    assert!((of(Window::Hann, 0.5, 100) - 100.0 / (1.0 + 2.0 * 0.99 / 36.0)).abs() < 1e-3);
    // Without window half of each segment is shared: correlation 1/2.
    assert!((of(Window::Rectangular, 0.5, 100) - 100.0 / (1.0 + 2.0 * 0.99 / 4.0)).abs() < 1e-9);
    assert!((of(Window::Hann, 0.0, 100) - 100.0).abs() < 1e-9);
    assert!((of(Window::Hann, 0.9, 1) - 1.0).abs() < 1e-9);
}

#[test]
fn double_precision_shows_a_line_far_below_the_strongest() {
    let tone = |i: u32| (TAU * 0.125 * f64::from(i)).cos() + 1e-8 * (TAU * 0.375 * f64::from(i)).cos();
    let record = Waveform::real((0..40_000).map(tone).collect(), 1.0, Unit::Volt).unwrap();
    let s = analyze(&record, settings(1024, Window::Hft144d), &with(Traces::default(), Precision::F64, 1), &Silent);
    let s = s.unwrap();
    // -160 dBc, bin-centred.
    assert!((s.level_db(s.mean[384]) - s.level_db(s.mean[128]) + 160.0).abs() < 0.01);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let record = noise_real(5000, 16);
    let try_with = |settings: SpectrumSettings, traces: Traces| {
        analyze(&record, settings, &with(traces, Precision::F32, 1), &Silent).unwrap_err().to_string()
    };
    let sound = settings(64, Window::Hann);
    for overlap in [1.0, -0.1, f64::NAN] {
        assert!(try_with(SpectrumSettings { overlap, ..sound }, Traces::default()).contains("overlap"));
    }
    for fft in [0, 1, 5001, usize::MAX] {
        assert!(try_with(SpectrumSettings { fft, ..sound }, Traces::default()).contains("transform"));
    }
    let percentiles = vec![101.0];
    assert!(try_with(sound, Traces { percentiles, ..Traces::default() }).contains("percentile"));
    for cells in [0, 1, 257] {
        let scale = Some(LevelScale { bottom_db: 0.0, cell_db: 1.0, cells });
        assert!(try_with(sound, Traces { scale, ..everything() }).contains("cells"));
    }
}

struct Never;

impl crate::threads::Progress for Never {
    fn advance(&self, _done: u64, _total: u64) -> bool {
        false
    }
}

#[test]
fn it_can_be_cancelled() {
    let record = noise_real(50_000, 17);
    for threads in [1, 2] {
        let options = with(everything(), Precision::F32, threads);
        let ended = analyze(&record, settings(64, Window::Hann), &options, &Never);
        assert_eq!(ended.err(), Some(crate::threads::Stop::Cancelled));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]
    #[test]
    fn any_length_overlap_and_size_agree_with_the_reference(
        n in 2usize..300, overlap in 0.0f64..0.95, extra in 0usize..2000, seed in 1u64..1000, iq in proptest::bool::ANY,
    ) {
        let settings = SpectrumSettings { fft: n, window: Window::Hann, overlap };
        let record = if iq { noise_iq(n + extra, seed) } else { noise_real(n + extra, seed) };
        let truth = reference(&record, settings).unwrap();
        let fast = average(&record, settings).unwrap();
        // Single precision rounds the amplitude of every bin by a few parts of the strongest's (8 steps of its precision
        // for these lengths); in power that is the cross term with the bin's own amplitude, and the square.
        let top = truth.mean.iter().copied().fold(0.0, f64::max);
        let step = 8.0 * f64::from(f32::EPSILON);
        for (a, b) in fast.mean.iter().zip(&truth.mean) {
            let bound = 2.0 * step * (b * top).sqrt() + step * step * top;
            proptest::prop_assert!((a - b).abs() <= bound, "{} {} {}", a, b, top);
        }
    }
}
