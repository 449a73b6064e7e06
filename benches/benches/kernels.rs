//! The kernels beneath the promises: samples to numbers, gates, noise floor, detection, CSV rows, spurs, ripple.

use std::f64::consts::TAU;
use std::hint::black_box;
use std::io::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use faultscope_benches::Memory;
use faultscope_capture::{Capture, OpenOptions};
use faultscope_diagnose::gate::{Coverage, scan};
use faultscope_diagnose::measurement::{Settings, by_id};
use faultscope_signal::spectrum::average;
use faultscope_signal::{Kind, Record, Spectrum, SpectrumSettings, Unit, Waveform, Window, detect, floor};

/// Numbers per pass.
const NUMBERS: usize = 1 << 20;

fn opened(bytes: &[u8], suffix: &str, rate_hz: Option<f64>) -> Option<(tempfile::NamedTempFile, Capture)> {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().ok()?;
    file.write_all(bytes).ok()?;
    let capture = faultscope_capture::open(file.path(), &OpenOptions { rate_hz, ..OpenOptions::default() }).ok()?;
    Some((file, capture))
}

/// Samples of a file in the cache, as single-precision numbers; and the look for what spoils them.
fn conversion(c: &mut Criterion) {
    let mut group = c.benchmark_group("convert");
    group.throughput(Throughput::Elements(NUMBERS as u64));
    for (suffix, width) in [(".cu8", 1), (".cs16", 2), (".cf32", 4)] {
        let bytes: Vec<u8> = match width {
            4 => (0..NUMBERS).flat_map(|i| ((i as f32 * 0.37).sin()).to_le_bytes()).collect(),
            _ => (0..NUMBERS * width).map(|i| (i * 7919 % 251) as u8).collect(),
        };
        let Some((_file, capture)) = opened(&bytes, suffix, Some(1e6)) else { continue };
        let Some(trace) = capture.main_trace() else { continue };
        let mut out = vec![0f32; NUMBERS];
        group.bench_function(&suffix[1..], |b| b.iter(|| black_box(trace.read_f32(0, &mut out))));
    }
    let noise = Memory::noise(Kind::Iq, NUMBERS / 2);
    group.bench_function("gates", |b| b.iter(|| black_box(scan(&noise, Coverage::Full))));
    group.finish();
}

fn noise_spectrum(fft: usize) -> Option<Spectrum> {
    let record = Memory::noise(Kind::Iq, 8 * fft);
    average(&record, SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 }).ok()
}

/// Floor and detection, per bin.
fn floor_and_detection(c: &mut Criterion) {
    const FFT: usize = 1 << 16;
    let Some(spectrum) = noise_spectrum(FFT) else { return };
    let estimate = floor::estimate(&spectrum);
    let mut group = c.benchmark_group("bins");
    group.throughput(Throughput::Elements(FFT as u64)).sample_size(20);
    group.bench_function("floor", |b| b.iter(|| black_box(floor::estimate(&spectrum))));
    group.bench_function("detection", |b| b.iter(|| black_box(detect::lines(&spectrum, &estimate, 0.01))));
    group.finish();
}

/// Rows of time and volts to a capture.
fn rows(c: &mut Criterion) {
    const ROWS: usize = 100_000;
    let mut text = String::from("time (s),CH1 (V)\n");
    for i in 0..ROWS {
        text.push_str(&format!("{:.9e},{:.5e}\n", i as f64 * 1e-6, 12.0 + (i as f64 * 0.01).sin()));
    }
    let mut group = c.benchmark_group("csv");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("rows", |b| b.iter(|| black_box(opened(text.as_bytes(), ".csv", None))));
    group.finish();
}

fn supply() -> Option<Waveform> {
    let line = |i: usize, f: f64, a: f64| a * (TAU * f * i as f64 / 48e3).sin();
    let sample = |i: usize| {
        let spike = if i % 4801 == 7 { 0.5 } else { 0.0 };
        12.0 + line(i, 100.02, 0.2) + line(i, 300.06, 0.05) + line(i, 17_350.0, 0.1) + spike
    };
    Waveform::real((0..NUMBERS).map(sample).collect(), 48e3, Unit::Volt).ok()
}

/// The measurements as a whole, from memory: per sample.
fn measurements(c: &mut Criterion) {
    let mut group = c.benchmark_group("measure");
    group.throughput(Throughput::Elements(NUMBERS as u64)).sample_size(10);
    let noise = Memory::noise(Kind::Iq, NUMBERS);
    if let Some(spurs) = by_id("spurs") {
        group.bench_function("spurs", |b| b.iter(|| black_box(spurs.measure(&noise, &[], &Settings::default()))));
    }
    if let (Some(ripple), Some(record)) = (by_id("ripple"), supply()) {
        group.bench_function("ripple", |b| b.iter(|| black_box(ripple.measure(&record, &[], &Settings::default()))));
    }
    group.finish();
}

criterion_group!(benches, conversion, floor_and_detection, rows, measurements);
criterion_main!(benches);
