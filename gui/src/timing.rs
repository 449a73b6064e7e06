//! How long the window takes: draws a number of frames as fast as they come, counts, and closes it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::App;

/// The times of the frames drawn so far.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    begun: Instant,
    /// When each frame began.
    at: Vec<Instant>,
    /// What each took of the processor, waiting for the screen not counted.
    busy_s: Vec<f32>,
}

impl Times {
    /// Counts from now on.
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), at: Vec::new(), busy_s: Vec::new() }
    }

    /// The figures in words: the start-up is over when the second frame begins, because then the first is on the screen.
    pub(crate) fn told(&self) -> String {
        let Some((second, last)) = self.at.get(1).zip(self.at.last()) else { return "no frame was drawn".into() };
        let drawn = self.at.len() - 2;
        let seconds = last.duration_since(*second).max(Duration::from_nanos(1)).as_secs_f64();
        let mut busy = self.busy_s.clone();
        busy.sort_by(f32::total_cmp);
        let share = |part: f64| busy.get((busy.len() as f64 * part) as usize).copied().unwrap_or(0.0) * 1e3;
        format!(
            "first frame after {:.3} s; {drawn} frames, {:.1} a second; of the processor (rendering included) median {:.1} ms, \
             99 % {:.1} ms",
            second.duration_since(self.begun).as_secs_f64(),
            drawn as f64 / seconds,
            share(0.5),
            share(0.99),
        )
    }
}

/// The app, timed.
pub(crate) struct Timed {
    app: App,
    frames: u32,
    times: Arc<Mutex<Times>>,
}

impl Timed {
    /// Draws so many frames, and then closes the window.
    pub(crate) fn new(app: App, frames: u32, times: Arc<Mutex<Times>>) -> Self {
        Self { app, frames, times }
    }
}

impl eframe::App for Timed {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let drawn = {
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.at.push(Instant::now());
            times.busy_s.extend(frame.info().cpu_usage);
            times.at.len()
        };
        self.app.frame(ui);
        ui.ctx().request_repaint();
        if drawn >= self.frames as usize + 2 {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_between_the_second_and_the_last() {
        let mut times = Times::new();
        assert_eq!(times.told(), "no frame was drawn");
        times.at = [0, 500, 600, 700, 800].map(|ms| times.begun + Duration::from_millis(ms)).to_vec();
        times.busy_s = vec![0.004, 0.002, 0.003, 0.001];
        let told = times.told();
        assert!(told.starts_with("first frame after 0.500 s; 3 frames, 10.0 a second;"), "{told}");
        assert!(told.ends_with("median 3.0 ms, 99 % 4.0 ms"), "{told}");
    }
}
