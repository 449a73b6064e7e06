//! What the tests of the app share: the app without a window, and what a person does with it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test takes what it needs")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::DroppedFile;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use faultscope_door::diagnose::LimitSet;
use faultscope_door::view::Scratch;
use faultscope_door::{CaptureResult, Request, Unwatched, analyse};
use faultscope_gui::{App, Start};

pub type Gui = Harness<'static, Option<App>>;

pub fn gui(start: Start) -> Gui {
    let show = move |ui: &mut eframe::egui::Ui, app: &mut Option<App>| {
        app.get_or_insert_with(|| App::new(ui.ctx(), start.clone())).frame(ui);
    };
    Harness::builder().with_size([1280.0, 800.0]).build_ui_state(show, None)
}

/// Draws frames until `done`, as long as a slow machine may need.
pub fn wait(gui: &mut Gui, what: &str, done: impl Fn(&Gui) -> bool) {
    let begun = Instant::now();
    while !done(gui) {
        assert!(begun.elapsed() < Duration::from_secs(60), "still waiting for: {what}");
        std::thread::sleep(Duration::from_millis(20));
        gui.step();
    }
    gui.run_steps(2);
}

pub fn sees(gui: &Gui, text: &str) -> bool {
    gui.query_all_by_label_contains(text).next().is_some()
}

pub fn click(gui: &mut Gui, label: &str) {
    gui.get_by_label(label).click_accesskit();
    gui.run_steps(3);
}

/// The same simulated capture, analysed through the door as the command line does it.
pub fn expected(address: &str, measurement: &str, pack: &str) -> CaptureResult {
    let scratch = Scratch::new().unwrap();
    let file = scratch.simulate(address).unwrap();
    let request = Request { packs: vec![LimitSet::built_in(pack).unwrap()], ..Request::default() };
    analyse(&file, measurement, &request, &Unwatched).unwrap()
}

/// Clicks the last of several of that name: an open menu lies on top.
pub fn pick(gui: &mut Gui, label: &str) {
    gui.get_all_by_label(label).last().unwrap().click_accesskit();
    gui.run_steps(3);
}

/// Types into a field, in place of what is there.
pub fn fill(gui: &mut Gui, label: &str, text: &str) {
    gui.get_by_label(label).focus();
    gui.run_steps(2);
    gui.get_by_label(label).type_text(text);
    gui.run_steps(3);
}

/// A file that is let go over the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

/// Lets a file go over the window.
pub fn drop_file(gui: &mut Gui, file: &Path) {
    gui.input_mut().dropped_files.push(Arc::new(Dropped(file.to_owned())));
    gui.run_steps(2);
}

/// The whole label of a node that has this in it.
pub fn label_of(gui: &Gui, part: &str) -> String {
    let node = gui.query_all_by_label_contains(part).next().unwrap();
    node.accesskit_node().label().unwrap_or_default()
}
