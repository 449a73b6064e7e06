//! Everything that can be done, done by keys: every control of every screen is reached by Tab.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::{Gui, click, fill, gui, pick, sees, wait};
use eframe::egui::{Key, accessibility::is_input};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use faultscope_gui::Start;

/// The controls that can be used, by what they are and are called; where figures come in, their places in the tree move.
fn controls(gui: &Gui) -> BTreeSet<String> {
    let nodes = gui.root().children_recursive().map(|node| node.accesskit_node());
    nodes
        .filter(|node| is_input(node.role()) && !node.is_hidden() && !node.is_disabled())
        .filter(|node| !node.data().is_read_only())
        .map(|node| format!("{:?} {:?}", node.role(), node.label().unwrap_or_default()))
        .collect()
}

/// Presses Tab until it has been everywhere, and says which controls it has not been to.
fn walk(gui: &mut Gui, screen: &str) {
    // What stops a job goes away with it.
    wait(gui, "the end of what is done", |g| !sees(g, "Cancel"));
    let mut left = controls(gui);
    assert!(left.len() > 10, "{screen}: {left:?}");
    // Once around from wherever the focus is, and once more for what scrolling brings into sight.
    for _ in 0..2 * left.len() + 40 {
        if left.is_empty() {
            return;
        }
        gui.key_press(Key::Tab);
        gui.step();
        let focused = gui.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        if let Some(node) = focused.map(|node| node.accesskit_node()) {
            left.remove(&format!("{:?} {:?}", node.role(), node.label().unwrap_or_default()));
        }
    }
    assert!(left.is_empty(), "{screen}: Tab does not reach {left:?}");
}

#[test]
fn tab_reaches_every_control_of_every_screen() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start { store: Some(store), ..Start::default() });
    gui.run_steps(3);
    walk(&mut gui, "nothing open");

    click(&mut gui, "Simulated: failing transmitter");
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    walk(&mut gui, "a transmitter");
    click(&mut gui, "tx-generic");
    wait(&mut gui, "the findings", |g| sees(g, "Findings (") && !sees(g, "this is not a pass"));
    for table in ["Readings (", "Lines (", "Quality ("] {
        let name = common::label_of(&gui, table);
        click(&mut gui, &name);
        walk(&mut gui, table);
    }
    click(&mut gui, "Waterfall");
    wait(&mut gui, "the waterfall", |g| sees(g, "Waterfall: "));
    walk(&mut gui, "a waterfall");

    fill(&mut gui, "Title of a new case", "hums");
    click(&mut gui, "Open case");
    wait(&mut gui, "the case", |g| sees(g, "Whole case"));
    // Enter does what a click does.
    gui.get_by_label("Whole case").focus();
    gui.run_steps(2);
    gui.key_press(Key::Enter);
    wait(&mut gui, "all of it", |g| sees(g, "Timeline"));
    walk(&mut gui, "a case");
    click(&mut gui, "closed");
    walk(&mut gui, "a step");
    click(&mut gui, "Do not keep");
    click(&mut gui, "Answer base-station-visit");
    walk(&mut gui, "a check list");

    click(&mut gui, "Procedure");
    pick(&mut gui, "Base-station visit");
    wait(&mut gui, "the procedure", |g| sees(g, "Of the whole procedure"));
    walk(&mut gui, "a procedure");
}

#[test]
fn tab_reaches_every_control_of_supplies_and_live_sources() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start {
        store: Some(store),
        captures: vec!["sim:reservoir-c-lost".into(), "sim:supply-healthy".into()],
        ..Start::default()
    });
    wait(&mut gui, "both", |g| sees(g, "Readings (") && !sees(g, "waiting"));
    for picture in ["Ripple", "Trend"] {
        click(&mut gui, picture);
        gui.run_steps(3);
        wait(&mut gui, picture, |g| !sees(g, "computing"));
        walk(&mut gui, picture);
    }
    click(&mut gui, "Compare with");
    pick(&mut gui, "sim:reservoir-c-lost");
    wait(&mut gui, "the comparison", |g| sees(g, "Differences ("));
    walk(&mut gui, "a comparison");
    click(&mut gui, "Connect");
    pick(&mut gui, "Simulated dongle: failing transmitter");
    wait(&mut gui, "samples", |g| sees(g, "running"));
    walk(&mut gui, "a live source");
    click(&mut gui, "Connect");
    pick(&mut gui, "Devices");
    wait(&mut gui, "the list", |g| sees(g, "What can be connected"));
    walk(&mut gui, "devices");
    click(&mut gui, "Procedure");
    pick(&mut gui, "Inspection rounds");
    wait(&mut gui, "the rounds", |g| sees(g, "Use the pattern that ships"));
    walk(&mut gui, "rounds");
}

#[test]
fn tab_reaches_every_control_of_modulation_single_records_and_questions() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(Start {
        store: Some(folder.path().join("store").display().to_string()),
        captures: vec!["sim:tx-healthy?modulation=qpsk".into()],
        ..Start::default()
    });
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    click(&mut gui, "Modulation");
    click(&mut gui, "Measure the modulation");
    wait(&mut gui, "the modulation", |g| sees(g, "Frequency (FM): sim:"));
    walk(&mut gui, "modulation");
    click(&mut gui, "Connect");
    pick(&mut gui, "Devices");
    wait(&mut gui, "the list", |g| sees(g, "What can be connected"));
    click(&mut gui, "Connect: Simulated tinySA: failing transmitter");
    wait(&mut gui, "the analyser", |g| sees(g, "Nothing was read yet"));
    walk(&mut gui, "an analyser");
    click(&mut gui, "Read once");
    wait(&mut gui, "the sweep", |g| sees(g, "Spectrum: sim:tinysa/"));
    walk(&mut gui, "a sweep");

    // A question lets the focus go nowhere else.
    fill(&mut gui, "Path of a capture", "rtltcp://127.0.0.1:1?bias=on");
    click(&mut gui, "Open file");
    wait(&mut gui, "the question", |g| sees(g, "Do not connect"));
    let mut reached = BTreeSet::new();
    for _ in 0..12 {
        gui.key_press(Key::Tab);
        gui.step();
        let focused = gui.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    assert!(reached.contains("Do not connect") && reached.contains("Connect and set it"), "{reached:?}");
}
