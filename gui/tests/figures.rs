//! What the app takes, headless: its own share of a frame (layout, tessellation, what is handed over as textures) with a live source,
//! and the opening of a long capture.
//!
//! `cargo test --release -p faultscope-gui --test figures -- --ignored --nocapture --test-threads 1`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

mod common;

use std::time::{Duration, Instant};

use common::{gui, sees, wait};
use eframe::egui;
use faultscope_door::Unwatched;
use faultscope_door::capture::OpenOptions;
use faultscope_door::view::Viewer;
use faultscope_gui::{App, Start};

/// One frame without a screen; returns what it took, and the bytes of its textures.
fn frame(context: &egui::Context, app: &mut Option<App>, start: &Start, time: f64) -> (Duration, usize) {
    let input = egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 800.0))),
        time: Some(time),
        ..egui::RawInput::default()
    };
    let begun = Instant::now();
    let output = context.run_ui(input, |ui| {
        app.get_or_insert_with(|| App::new(ui.ctx(), start.clone())).frame(ui);
    });
    let _ = context.tessellate(output.shapes, output.pixels_per_point);
    // The copy to the graphics memory is a copy of these bytes.
    let mut bytes = Vec::new();
    for delta in output.textures_delta.set.values().flatten() {
        let egui::ImageData::Color(image) = &delta.image;
        bytes.extend_from_slice(image.as_raw());
    }
    (begun.elapsed(), bytes.len())
}

fn told(name: &str, mut times: Vec<Duration>, texture: usize) {
    times.sort();
    let share = |part: f64| times[((times.len() as f64 * part) as usize).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{name}: {} frames, median {:.2} ms, 99 % {:.2} ms, longest {:.2} ms, textures {:.1} kB a frame",
        times.len(),
        share(0.5),
        share(0.99),
        share(1.0),
        texture as f64 / times.len() as f64 / 1e3
    );
}

#[test]
#[ignore = "half a minute, in a release build; a measurement"]
fn our_share_of_a_frame() {
    let store = tempfile::tempdir().unwrap();
    let at = |name: &str| Some(store.path().join(name).display().to_string());
    let live =
        Start { store: at("a"), connect: Some("sim:pa-failing?rate=20M".into()), fresh: true, ..Start::default() };
    let captures = ["sim:reservoir-c-lost", "sim:pa-failing"].map(String::from).to_vec();
    let limits = vec!["dc-48v".into(), "tx-generic".into()];
    let file = Start { store: at("b"), captures, limits, fresh: true, ..Start::default() };
    for (name, start) in [("live, 20 MS/s", live), ("capture with results", file)] {
        let context = egui::Context::default();
        let (mut app, mut times, mut texture) = (None, Vec::new(), 0);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(12) {
            let (took, bytes) = frame(&context, &mut app, &start, begun.elapsed().as_secs_f64());
            // The first seconds are those of connecting and of the first fonts.
            if begun.elapsed() > Duration::from_secs(4) {
                times.push(took);
                texture += bytes;
            }
            std::thread::sleep(Duration::from_millis(25).saturating_sub(took));
        }
        told(name, times, texture);
    }
}

/// Peak resident memory of this process, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|v| v.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

/// `FAULTSCOPE_LONG=FILE` names the capture, 4 GiB for the figures that are kept.
#[test]
#[ignore = "needs FAULTSCOPE_LONG, a long capture; a measurement"]
fn a_long_capture() {
    let file = std::env::var("FAULTSCOPE_LONG").expect("FAULTSCOPE_LONG names a capture");
    let name = std::path::Path::new(&file).file_name().unwrap().to_string_lossy().into_owned();
    let store = tempfile::tempdir().unwrap();
    let before = peak_mib();
    let mut gui = gui(Start {
        store: Some(store.path().join("s").display().to_string()),
        captures: vec![file.clone()],
        fresh: true,
        ..Start::default()
    });
    let begun = Instant::now();
    wait(&mut gui, "the first picture", |g| sees(g, &format!("Spectrum: {name}")));
    let first = begun.elapsed();
    wait(&mut gui, "the whole", |g| !sees(g, "samples of the record"));
    let whole = begun.elapsed();
    println!(
        "first picture {:.2} s, the whole {:.2} s, peak {:.0} MiB ({before:.0} MiB before)",
        first.as_secs_f64(),
        whole.as_secs_f64(),
        peak_mib()
    );
    drop(gui);
    let viewer = Viewer::open(file.as_ref(), &OpenOptions::default()).unwrap();
    let duration = viewer.facts().duration_s;
    for share in [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1] {
        let times: Vec<f64> = (0..20)
            .map(|i| {
                let from = duration * (1.0 - share) * f64::from(i) / 19.0;
                let begun = Instant::now();
                viewer.waveform((from, from + duration * share), 2000, &Unwatched).unwrap();
                begun.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let longest = times.iter().copied().fold(0.0, f64::max);
        println!("zoom to {share:e} of the record: longest of 20 places {longest:.1} ms");
    }
}
