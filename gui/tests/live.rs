//! Live sources as a person uses them, headless, by their accessibility labels: the list of devices, single records and sweeps,
//! unplugging and plugging in again, and the end of the program at any moment.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Gui, click, gui, sees, wait};
use faultscope_gui::Start;

fn start(folder: &tempfile::TempDir, connect: Option<&str>) -> Start {
    Start {
        store: Some(folder.path().join("store").display().to_string()),
        connect: connect.map(String::from),
        ..Start::default()
    }
}

fn begun(folder: &tempfile::TempDir) -> Gui {
    let mut gui = gui(start(folder, None));
    wait(&mut gui, "the list of devices", |g| sees(g, "Ready") && sees(g, "Simulated"));
    gui
}

#[test]
fn what_was_connected_to_is_offered_again_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = begun(&folder);
    assert!(!sees(&first, "Used before"));
    // Looking connects to nothing.
    assert!(!sees(&first, "Live source"));
    first.check_accessibility();
    click(&mut first, "Look again");
    wait(&mut first, "the list again", |g| sees(g, "Ready"));
    click(&mut first, "Connect: Simulated probe: failing supply");
    wait(&mut first, "samples", |g| sees(g, "running") && sees(g, "Waveform: sim:reservoir-c-lost"));
    let session = folder.path().join("store.session.json");
    wait(&mut first, "the session", |_| std::fs::read_to_string(&session).is_ok_and(|s| s.contains("sim:reservoir")));
    std::mem::forget(first);

    let mut second = begun(&folder);
    assert!(sees(&second, "Used before") && !sees(&second, "running"), "it is offered, not connected");
    second.check_accessibility();
    click(&mut second, "Connect: sim:reservoir-c-lost");
    wait(&mut second, "samples again", |g| sees(g, "running") && sees(g, "Waveform: sim:reservoir-c-lost"));
    // From the top bar the list is there while something else is on the screen, and goes away again.
    click(&mut second, "Connect");
    click(&mut second, "Devices");
    wait(&mut second, "the list", |g| sees(g, "What can be connected") && sees(g, "Ready"));
    click(&mut second, "Back to the captures");
    assert!(sees(&second, "Waveform: sim:reservoir-c-lost"));
}
