//! The app as a person uses it, headless, by its accessibility labels.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{click, expected, gui, sees, wait};
use egui_kittest::kittest::Queryable as _;
use faultscope_door::cases::{Access, Desk, EventKind, Filter, Sort};
use faultscope_door::paper::{Lang, compact, words};
use faultscope_gui::Start;

#[test]
fn the_empty_view_says_why_it_is_empty_and_what_to_do() {
    let store = tempfile::tempdir().unwrap();
    let mut gui = gui(Start { store: Some(store.path().join("s").display().to_string()), ..Start::default() });
    gui.run_steps(2);
    gui.get_by_label("There is nothing to show yet because no capture has been opened.");
    gui.get_by_label_contains("Drop files onto this window");
    wait(&mut gui, "the list of cases", |g| sees(g, "The store holds no open case"));
    assert!(!store.path().join("s").exists(), "looking must not make a store");
    // Every control has a name; the harness looks at each.
    gui.check_accessibility();
}

#[test]
fn a_simulated_capture_shows_the_figures_of_the_command_line() {
    let store = tempfile::tempdir().unwrap();
    let mut gui = gui(Start { store: Some(store.path().join("s").display().to_string()), ..Start::default() });
    click(&mut gui, "Simulated: failing supply");
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    assert!(sees(&gui, "this is not a pass"), "without a limit nothing is judged");
    click(&mut gui, "atx-12v");
    wait(&mut gui, "the findings", |g| !sees(g, "this is not a pass") && sees(g, "Findings ("));

    let expected = expected("sim:reservoir-c-lost", "ripple", "atx-12v");
    assert!(!expected.findings.is_empty());
    assert!(sees(&gui, &format!("Findings ({})", expected.findings.len())));
    for finding in &expected.findings {
        assert!(sees(&gui, words::verdict(Lang::En, finding.verdict)));
        for figure in [finding.value, finding.margin].into_iter().flatten() {
            let text = compact(figure, finding.unit);
            assert!(sees(&gui, &text), "{} {text}", finding.id);
        }
        for cause in &finding.causes {
            assert!(sees(&gui, &cause.cause) && sees(&gui, &cause.next_check), "{}", cause.rule);
        }
    }
    click(&mut gui, &format!("Readings ({})", expected.readings.len()));
    for reading in &expected.readings {
        let text = compact(reading.value, reading.unit);
        assert!(gui.query_all_by_label(&text).next().is_some(), "{} {text}", reading.id);
    }
    gui.check_accessibility();
}

#[test]
fn the_language_is_switched_while_the_app_runs() {
    let mut gui = gui(Start::default());
    let chinese = gui.query_by_label("中文").is_some();
    if chinese {
        // The harness panics on a letter that no font has.
        click(&mut gui, "中文");
        gui.get_by_label("未打开采集文件");
        click(&mut gui, "English");
        gui.get_by_label("No capture is open");
    } else {
        // Without a font the app says so instead of drawing boxes.
        click(&mut gui, "Chinese");
        gui.get_by_label_contains("No Chinese font was found");
        gui.get_by_label("No capture is open");
    }
}

#[test]
fn a_capture_is_attached_to_a_new_case_and_the_report_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start {
        store: Some(store.clone()),
        limits: vec!["tx-generic".into()],
        captures: vec!["sim:pa-failing".into()],
        ..Start::default()
    });
    wait(&mut gui, "the findings", |g| sees(g, "Findings ("));
    gui.get_by_label("Title of a new case").focus();
    gui.run_steps(2);
    gui.get_by_label("Title of a new case").type_text("site 7 is off the air");
    gui.run_steps(3);
    click(&mut gui, "Open case");
    wait(&mut gui, "the case", |g| sees(g, "site 7 is off the air") && sees(g, "Attach capture"));
    click(&mut gui, "Attach capture");
    wait(&mut gui, "the attachment", |g| sees(g, "Attached to"));
    click(&mut gui, "Write report");
    wait(&mut gui, "the report", |g| sees(g, "Report written: "));

    let desk = Desk::open(Some(&store), Access::Read, "test").unwrap();
    let cases = desk.list(&Filter::default(), Sort::Id).unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].title, "site 7 is off the air");
    let expected = expected("sim:pa-failing", "spurs", "tx-generic");
    let events = desk.events(&cases[0].id).unwrap();
    let attached =
        events.iter().find_map(|e| if let EventKind::Attached(a) = &e.kind { Some(a) } else { None }).unwrap();
    // The figures in the store are those of the command line, to the last digit.
    assert_eq!(attached.findings, expected.findings);
    assert_eq!(attached.result["readings"].as_array().unwrap().len(), expected.readings.len());
    for (stored, reading) in attached.result["readings"].as_array().unwrap().iter().zip(&expected.readings) {
        assert_eq!(stored["value"].as_f64(), Some(reading.value).filter(|v| v.is_finite()), "{}", reading.id);
    }
    let report = folder.path().join("reports").join(format!("{}.html", cases[0].id));
    assert!(std::fs::read_to_string(report).unwrap().contains("site 7 is off the air"));
}

#[test]
fn a_file_that_cannot_be_read_says_what_to_do_and_the_next_one_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(Start {
        store: Some(folder.path().join("store").display().to_string()),
        captures: vec![folder.path().join("missing.csv").display().to_string(), "sim:supply-healthy".into()],
        ..Start::default()
    });
    wait(&mut gui, "the second capture", |g| sees(g, "Readings ("));
    gui.get_all_by_label_contains("missing.csv").next().unwrap();
    click(&mut gui, "missing.csv");
    assert!(sees(&gui, "No picture: the capture could not be read."));
}

#[test]
fn a_live_source_is_watched_pinned_attached_and_connected_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start {
        store: Some(store.clone()),
        limits: vec!["tx-generic".into()],
        connect: Some("sim:pa-failing?rate=1M".into()),
        ..Start::default()
    });
    wait(&mut gui, "samples", |g| sees(g, "running") && sees(g, "Waterfall: sim:pa-failing?rate=1M"));
    wait(&mut gui, "the store", |g| sees(g, "The store holds no open case"));
    assert!(sees(&gui, "lost: 0 (0 gaps)"));
    gui.check_accessibility();
    gui.get_by_label("Title of a new case").focus();
    gui.run_steps(2);
    gui.get_by_label("Title of a new case").type_text("spurs on air");
    gui.run_steps(3);
    click(&mut gui, "Open case");
    wait(&mut gui, "the case", |g| sees(g, "Attach capture"));
    // With a case open, what is pinned is attached to it as soon as it is measured.
    click(&mut gui, "Pin");
    wait(&mut gui, "the attachment", |g| sees(g, "Attached to"));

    // What was pinned lies beside the store and is in the case, with the carrier that the model has.
    let pins = std::fs::read_dir(folder.path().join("pins")).unwrap().count();
    assert_eq!(pins, 2, "a SigMF pair");
    let desk = Desk::open(Some(&store), Access::Read, "test").unwrap();
    let id = desk.list(&Filter::default(), Sort::Id).unwrap()[0].id.clone();
    let events = desk.events(&id).unwrap();
    assert!(events.iter().any(|e| matches!(&e.kind, EventKind::Attached(a) if !a.findings.is_empty())));

    click(&mut gui, "Live source: sim:pa-failing?rate=1M");
    click(&mut gui, "Disconnect");
    wait(&mut gui, "the end", |g| sees(g, "disconnected"));
    click(&mut gui, "Connect again");
    wait(&mut gui, "samples again", |g| sees(g, "running") && sees(g, "Waterfall: "));
}

#[test]
fn a_source_that_is_not_there_says_so_and_can_be_left() {
    let store = tempfile::tempdir().unwrap();
    let mut gui = gui(Start {
        store: Some(store.path().join("s").display().to_string()),
        connect: Some("rtltcp://127.0.0.1:1".into()),
        ..Start::default()
    });
    wait(&mut gui, "the refusal", |g| sees(g, "gone"));
    click(&mut gui, "Close live source");
    gui.get_by_label("There is nothing to show yet because no capture has been opened.");
}

#[test]
fn the_waterfall_is_drawn_on_demand_and_what_was_open_is_there_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut first = gui(Start {
        store: Some(store.clone()),
        limits: vec!["tx-generic".into()],
        captures: vec!["sim:pa-failing".into(), "sim:tx-healthy".into()],
        ..Start::default()
    });
    wait(&mut first, "both captures", |g| sees(g, "Findings (") && !sees(g, "waiting"));
    click(&mut first, "Waterfall");
    wait(&mut first, "the waterfall", |g| sees(g, "Waterfall: sim:tx-healthy"));
    first.check_accessibility();
    click(&mut first, "Spectrum");
    wait(&mut first, "the spectrum", |g| sees(g, "Spectrum: sim:tx-healthy"));
    click(&mut first, "sim:pa-failing");
    let session = folder.path().join("store.session.json");
    wait(&mut first, "the session", |_| std::fs::read_to_string(&session).is_ok_and(|s| s.contains("\"present\": 0")));

    // A process that was killed does nothing at its end: neither does this one.
    std::mem::forget(first);
    let mut second = gui(Start { store: Some(store.clone()), ..Start::default() });
    wait(&mut second, "the findings again", |g| sees(g, "Findings ("));
    assert!(sees(&second, "Spectrum: sim:pa-failing"), "the same capture is on the screen");
    assert!(sees(&second, "sim:tx-healthy"));
    let third = gui(Start { store: Some(store), fresh: true, ..Start::default() });
    assert!(!sees(&third, "sim:tx-healthy"));
}

#[test]
fn markers_find_the_carrier_and_the_next_line_by_their_buttons() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(Start {
        store: Some(folder.path().join("store").display().to_string()),
        captures: vec!["sim:pa-failing".into()],
        ..Start::default()
    });
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    click(&mut gui, "Peak");
    let carrier = expected("sim:pa-failing", "spurs", "tx-generic").spurs.unwrap().carrier.unwrap();
    // A point of the picture lies within half a bin of the carrier: the figure agrees to that.
    let shown = gui.get_all_by_label_contains("M1 ").next().unwrap();
    let text = format!("{shown:?}");
    let megahertz = format!("M1 {:.3}", carrier.frequency_hz / 1e6);
    assert!(text.contains(&megahertz), "{text} {megahertz}");
    click(&mut gui, "Second marker");
    click(&mut gui, "Next peak");
    assert!(sees(&gui, "M2-M1 "));
    click(&mut gui, "Max hold");
    click(&mut gui, "Clear markers");
    assert!(!sees(&gui, "M2-M1 "));
    gui.check_accessibility();
}
