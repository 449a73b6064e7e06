//! Our own share of a frame, headless: layout, tessellation and what is handed over as textures, with a live source.
//!
//! `cargo test --release -p faultscope-gui --test figures -- --ignored --nocapture`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::time::{Duration, Instant};

use eframe::egui;
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
