//! The modulation view as a person uses it, headless, by its accessibility labels; its figures are those of the command line.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Gui, click, gui, pick, sees, wait};
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use faultscope_door::diagnose::measurement::{ModulationSettings, Settings};
use faultscope_door::paper::{Lang, compact, frequency, words};
use faultscope_door::signal::Unit;
use faultscope_door::signal::evm::Constellation;
use faultscope_door::view::Scratch;
use faultscope_door::{CaptureResult, Request, Unwatched, analyse};
use faultscope_gui::Start;

fn opened(folder: &tempfile::TempDir, address: &str) -> Gui {
    let mut gui = gui(Start {
        store: Some(folder.path().join("store").display().to_string()),
        captures: vec![address.to_owned()],
        fresh: true,
        ..Start::default()
    });
    wait(&mut gui, "the readings", |g| sees(g, "Readings (") && sees(g, "Ready"));
    click(&mut gui, "Modulation");
    // It was measured by what it is: why there is no picture yet, and what to do.
    assert!(sees(&gui, "This capture was not measured as a modulated carrier."));
    click(&mut gui, "Measure the modulation");
    wait(&mut gui, "the modulation", |g| sees(g, "Frequency (FM): sim:"));
    gui
}

fn expected(address: &str, modulation: ModulationSettings) -> CaptureResult {
    let scratch = Scratch::new().unwrap();
    let file = scratch.simulate(address).unwrap();
    let settings = Settings { modulation: Some(modulation), ..Settings::default() };
    analyse(&file, "modulation", &Request { settings, ..Request::default() }, &Unwatched).unwrap()
}

fn type_into(gui: &mut Gui, field: &str, text: &str) {
    gui.get_by_role_and_label(Role::TextInput, field).focus();
    gui.run_steps(2);
    gui.get_by_role_and_label(Role::TextInput, field).type_text(text);
    gui.run_steps(3);
}

fn sees_figure(gui: &Gui, result: &CaptureResult, id: &str) {
    let reading = result.readings.iter().find(|r| r.id == id).unwrap();
    let value =
        if reading.unit == Unit::Hertz { frequency(reading.value) } else { compact(reading.value, reading.unit) };
    let text = format!("{}: {value}", words::reading(Lang::En, id));
    assert!(sees(gui, &text), "{text}");
}

#[test]
fn a_constellation_is_shown_with_the_figures_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let address = "sim:tx-healthy?modulation=qpsk";
    let mut gui = opened(&folder, address);
    assert!(sees(&gui, "give symbol rate and constellation"));

    type_into(&mut gui, "Symbol rate", "31.25k");
    click(&mut gui, "Constellation");
    pick(&mut gui, "qpsk");
    type_into(&mut gui, "Nominal", "940.0375M");
    click(&mut gui, "Measure");
    wait(&mut gui, "the constellation", |g| sees(g, &format!("Constellation: {address}")));
    let modulation = ModulationSettings {
        nominal_hz: Some(940.0375e6),
        symbol_rate_hz: Some(31_250.0),
        constellation: Some(Constellation::Qpsk),
        ..ModulationSettings::default()
    };
    let result = expected(address, modulation);
    for id in ["evm_rms", "evm_peak", "iq_offset", "quadrature_error", "gain_imbalance", "frequency_error"] {
        sees_figure(&gui, &result, id);
    }
    assert!(sees(&gui, &format!("Error of each symbol: {address}")));
    gui.check_accessibility();

    // A constellation that the carrier does not have: the error is a lower bound, and that is said.
    click(&mut gui, "Constellation");
    pick(&mut gui, "bpsk");
    click(&mut gui, "Measure");
    wait(&mut gui, "the doubt", |g| sees(g, "it is a lower bound"));
    // A roll-off that cannot be: why there is no picture, and what to do. And one that is no number.
    type_into(&mut gui, "Roll-off", "3");
    click(&mut gui, "Measure");
    wait(&mut gui, "the refusal", |g| sees(g, "The modulation could not be measured"));
    assert!(sees(&gui, "the roll-off is not from 0.05 to 1"));
    type_into(&mut gui, "Roll-off", "x");
    click(&mut gui, "Measure");
    wait(&mut gui, "the notice", |g| sees(g, "is no value in"));
}

#[test]
fn an_analogue_carrier_shows_its_deviation() {
    let folder = tempfile::tempdir().unwrap();
    let address = "sim:tx-healthy?modulation=fm";
    let gui = opened(&folder, address);
    let result = expected(address, ModulationSettings::default());
    for id in ["fm_deviation", "fm_rms", "modulation_rate", "modulation_sinad", "carrier_frequency"] {
        sees_figure(&gui, &result, id);
    }
    // 2.5 kHz with a tone of 1 kHz by definition of the model.
    let deviation = result.modulation.unwrap().fm.deviation_hz;
    assert!((deviation - 2500.0).abs() < 25.0, "{deviation}");
    assert!(sees(&gui, &format!("Amplitude (AM): {address}")) && sees(&gui, &format!("Frequency (FM): {address}")));
    gui.check_accessibility();
}
