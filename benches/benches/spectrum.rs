//! The averaged spectrum of 4096 points: 1024 segments with each set of traces, the loops beneath, waterfall and zoom.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use faultscope_benches::Memory;
use faultscope_signal::spectrum::loops::Loops;
use faultscope_signal::spectrum::{Options, Precision, Traces, analyze};
use faultscope_signal::waterfall::{WaterfallSettings, waterfall};
use faultscope_signal::zoom::zoom;
use faultscope_signal::{Kind, Silent, SpectrumSettings, Window};

const SEGMENTS: usize = 1024;
const SETTINGS: SpectrumSettings = SpectrumSettings { fft: 4096, window: Window::Hann, overlap: 0.5 };

fn traces(name: &str) -> Traces {
    let held = name != "mean";
    let levels = name == "levels";
    let percentiles = if levels { vec![50.0, 90.0] } else { vec![] };
    Traces { max: held, min: held, percentiles, persistence: levels, scale: None }
}

fn spectra(c: &mut Criterion) {
    let mut group = c.benchmark_group("spectrum");
    // Reported per segment.
    group.throughput(Throughput::Elements(SEGMENTS as u64)).sample_size(20);
    for (kind, kind_name) in [(Kind::Iq, "iq"), (Kind::Real, "real")] {
        let record = Memory::noise(kind, (SEGMENTS + 1) * 2048);
        for (precision, precision_name) in [(Precision::F32, "f32"), (Precision::F64, "f64")] {
            for name in ["mean", "holds", "levels"] {
                let options = Options { traces: traces(name), precision, threads: 1 };
                group.bench_function(format!("{kind_name}/{precision_name}/{name}"), |b| {
                    b.iter(|| black_box(analyze(&record, SETTINGS, &options, &Silent)));
                });
            }
        }
    }
    group.finish();
}

/// The loops beneath, per segment: window, transform (window included), powers, and real segments in pairs.
fn loops(c: &mut Criterion) {
    let mut group = c.benchmark_group("loops");
    for (kind, name) in [(Kind::Iq, "iq"), (Kind::Real, "real")] {
        let mut loops = Loops::new(kind, SETTINGS);
        let length = SETTINGS.fft * kind.components();
        let samples: Vec<f32> = (0..64 * length).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
        let one = &samples[..length];
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{name}/window"), |b| b.iter(|| black_box(loops.window(one).len())));
        group.bench_function(format!("{name}/transform"), |b| b.iter(|| loops.transform(black_box(one))));
        group.bench_function(format!("{name}/power"), |b| b.iter(|| black_box(loops.power().len())));
        if kind == Kind::Real {
            group.throughput(Throughput::Elements(64));
            group.bench_function("real/pairs", |b| b.iter(|| black_box(loops.pairs(&samples))));
        }
    }
    group.finish();
}

fn pictures_and_bands(c: &mut Criterion) {
    let record = Memory::noise(Kind::Iq, 1 << 21);
    let mut group = c.benchmark_group("frames");
    group.throughput(Throughput::Elements(1 << 21)).sample_size(20);
    let settings = WaterfallSettings {
        spectrum: SpectrumSettings { fft: 1024, window: Window::Hann, overlap: 0.0 },
        rows: 1000,
        segments_per_row: None,
        precision: Precision::F32,
        threads: 1,
    };
    group.bench_function("waterfall", |b| b.iter(|| black_box(waterfall(&record, settings, &Silent))));
    for span in [100e3, 10e3] {
        let settings = SpectrumSettings { fft: 256, ..SETTINGS };
        group.bench_function(format!("zoom/{span}"), |b| {
            b.iter(|| black_box(zoom(&record, 123e3, span, settings, &Options::default(), &Silent)));
        });
    }
    group.finish();
}

criterion_group!(benches, spectra, loops, pictures_and_bands);
criterion_main!(benches);
