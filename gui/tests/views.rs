//! The other views as a person uses them, headless, by their accessibility labels: ripple, comparison, trend, procedure, questions.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{click, expected, gui, pick, sees, wait};
use egui_kittest::kittest::Queryable as _;
use faultscope_door::cases::{Access, Desk, EventKind, Filter, Sort};
use faultscope_door::check::{CheckOptions, Plan, RoleOption, check};
use faultscope_door::diagnose::Verdict;
use faultscope_door::paper::{Lang, compact, frequency, words};
use faultscope_door::signal::Unit;
use faultscope_door::view::{Scratch, parts};
use faultscope_door::{Unwatched, compare};
use faultscope_gui::Start;

fn start(folder: &tempfile::TempDir, captures: &[&str]) -> Start {
    Start {
        store: Some(folder.path().join("store").display().to_string()),
        captures: captures.iter().map(|c| (*c).to_owned()).collect(),
        limits: vec!["dc-48v".into(), "tx-generic".into()],
        fresh: true,
        ..Start::default()
    }
}

fn wait_all(gui: &mut common::Gui) {
    wait(gui, "all captures", |g| sees(g, "Findings (") && sees(g, "Ready"));
}

#[test]
fn a_ripple_is_shown_by_its_parts_and_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(start(&folder, &["sim:reservoir-c-lost"]));
    wait_all(&mut gui);
    click(&mut gui, "Ripple");
    gui.get_by_label("Lines of the ripple: sim:reservoir-c-lost");
    let detail = expected("sim:reservoir-c-lost", "ripple", "dc-48v").ripple.unwrap();
    for part in parts(&detail) {
        assert!(sees(&gui, &compact(part.rms_v, Unit::Volt)), "{part:?}");
    }
    assert_eq!(detail.events.is_empty(), sees(&gui, "No sag, step or drop-out was found."));
    gui.check_accessibility();
}

#[test]
fn two_captures_are_compared_and_what_differs_is_that_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(start(&folder, &["sim:tx-healthy", "sim:pa-failing"]));
    wait_all(&mut gui);
    click(&mut gui, "Compare with");
    pick(&mut gui, "sim:tx-healthy");
    wait(&mut gui, "the comparison", |g| sees(g, "Comparison: sim:pa-failing") && sees(g, "Differences ("));
    assert!(sees(&gui, "differences are shown, not judged"));

    let scratch = Scratch::new().unwrap();
    let [good, bad] = ["sim:tx-healthy", "sim:pa-failing"].map(|address| scratch.simulate(address).unwrap());
    let request = faultscope_door::Request::default();
    let other = compare::prepare(&good, Some("spurs"), None, &request, &Unwatched).unwrap();
    let against = compare::Against::capture(&other, 0.05).unwrap();
    let prepared = compare::prepare(&bad, None, Some(&against.reference.setup), &request, &Unwatched).unwrap();
    let comparison = against.compare(&prepared.profile);
    assert!(comparison.differences_total > 0);
    click(&mut gui, &format!("Differences ({})", comparison.differences_total));
    for difference in comparison.differences.iter().take(5) {
        assert!(sees(&gui, &words::reading(Lang::En, &difference.reading)));
        assert!(sees(&gui, &compact(difference.change, difference.unit.difference())), "{difference:?}");
        assert!(difference.frequency_hz.is_none_or(|hz| sees(&gui, &frequency(hz))));
    }
    gui.check_accessibility();
}

#[test]
fn captures_of_unlike_set_ups_are_not_compared_and_it_is_said_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(start(&folder, &["sim:supply-healthy", "sim:pa-failing"]));
    wait_all(&mut gui);
    click(&mut gui, "Compare with");
    pick(&mut gui, "sim:supply-healthy");
    wait(&mut gui, "the refusal", |g| sees(g, "the set-ups differ, nothing was compared"));
    assert!(!sees(&gui, "Differences ("));
}

#[test]
fn readings_are_followed_over_the_open_captures() {
    let folder = tempfile::tempdir().unwrap();
    let captures: Vec<String> =
        [0.0, 0.2, 0.4, 0.6, 0.8].iter().map(|s| format!("sim:reservoir-c-lost?severity={s}")).collect();
    let mut gui = gui(start(&folder, &captures.iter().map(String::as_str).collect::<Vec<_>>()));
    wait_all(&mut gui);
    click(&mut gui, "Trend");
    wait(&mut gui, "the trend", |g| sees(g, "Trend: "));
    assert!(sees(&gui, "moves"), "a capacitor that dries out moves the ripple");
    gui.check_accessibility();
}

#[test]
fn a_procedure_is_gone_through_and_attached_and_what_is_missing_is_not_green() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(start(&folder, &["sim:reservoir-c-lost", "sim:tx-healthy"]));
    wait_all(&mut gui);
    click(&mut gui, "Procedure");
    click(&mut gui, "Base-station visit");
    wait(&mut gui, "the procedure", |g| sees(g, "not evaluated: no capture was given"));
    click(&mut gui, "Use a capture: supply");
    pick(&mut gui, "sim:reservoir-c-lost");
    wait(&mut gui, "the supply", |g| sees(g, "Probable causes: "));

    // The same through the door: a failed supply, two steps without a capture.
    let file = Scratch::new().unwrap();
    let path = file.simulate("sim:reservoir-c-lost").unwrap();
    let plan = Plan::load("base-station-visit").unwrap();
    let roles = vec![RoleOption { role: "supply".into(), pattern: path.display().to_string() }];
    let options = CheckOptions { roles, jobs: 1, threads: 1, ..CheckOptions::default() };
    let document = check(&plan, &[path], &options, &Unwatched).unwrap().document;
    assert_eq!(document.missing.len(), 2);
    let failed: Vec<_> = document.captures[0].result.findings.iter().filter(|f| f.verdict == Verdict::Fail).collect();
    assert!(!failed.is_empty());
    for finding in failed {
        assert!(sees(&gui, &words::summary(finding, Lang::En)), "{}", finding.id);
    }
    assert_eq!(gui.query_all_by_label_contains("no capture was given").count(), 2);

    gui.get_by_label("Title of a new case").focus();
    gui.run_steps(2);
    gui.get_by_label("Title of a new case").type_text("a visit");
    gui.run_steps(3);
    click(&mut gui, "Open case");
    wait(&mut gui, "the case", |g| sees(g, "Attach capture"));
    click(&mut gui, "Attach all to the case");
    wait(&mut gui, "the attachment", |g| sees(g, "Attached to"));
    let desk = Desk::open(Some(&folder.path().join("store").display().to_string()), Access::Read, "test").unwrap();
    let id = desk.list(&Filter::default(), Sort::Id).unwrap()[0].id.clone();
    let events = desk.events(&id).unwrap();
    let attached: Vec<_> =
        events.iter().filter_map(|e| if let EventKind::Attached(a) = &e.kind { Some(a) } else { None }).collect();
    assert_eq!(attached.len(), 1);
    assert_eq!(attached[0].role.as_deref(), Some("supply"));
    assert_eq!(attached[0].findings, document.captures[0].result.findings);
}

#[test]
fn what_could_hurt_hardware_is_asked_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(start(&folder, &[]));
    gui.run_steps(2);
    gui.get_by_label("Path of a capture").focus();
    gui.run_steps(2);
    gui.get_by_label("Path of a capture").type_text("rtltcp://127.0.0.1:1?bias=on");
    gui.run_steps(3);
    click(&mut gui, "Open file");
    assert!(sees(&gui, "The bias tee puts a DC voltage on the antenna connector"));
    click(&mut gui, "Do not connect");
    assert!(!sees(&gui, "The bias tee"));
    assert!(!sees(&gui, "Live source"), "nothing was connected");
}

#[test]
fn a_live_source_is_measured_and_judged_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui =
        gui(Start { connect: Some("sim:pa-failing?rate=1M".into()), limits: Vec::new(), ..start(&folder, &[]) });
    wait(&mut gui, "the readings", |g| sees(g, &words::reading(Lang::En, "carrier_level")));
    assert!(gui.query_all_by_label("fail").next().is_none(), "nothing is judged before a limit is chosen");
    click(&mut gui, "tx-generic");
    wait(&mut gui, "the limit", |g| g.query_all_by_label("fail").next().is_some() && sees(g, "1 / 1"));
    assert!(sees(&gui, "Seconds ago"));
    click(&mut gui, "Begin anew");
    wait(&mut gui, "new figures", |g| sees(g, "2 / 2"));
    gui.check_accessibility();
}

#[test]
fn a_limit_is_typed_in_place_and_a_bad_one_says_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(Start { limits: Vec::new(), ..start(&folder, &["sim:reservoir-c-lost"]) });
    wait(&mut gui, "the readings", |g| sees(g, "Readings (") && sees(g, "Ready"));
    let expected = expected("sim:reservoir-c-lost", "ripple", "dc-48v");
    click(&mut gui, &format!("Readings ({})", expected.readings.len()));
    pick(&mut gui, &words::reading(Lang::En, "vpp"));
    gui.get_by_label("Upper bound").focus();
    gui.run_steps(2);
    gui.get_by_label("Upper bound").type_text("fifty");
    gui.run_steps(3);
    click(&mut gui, "Judge by it");
    assert!(sees(&gui, "'fifty' is no value in V"));
    // Closed and opened again, the field is empty.
    pick(&mut gui, &words::reading(Lang::En, "vpp"));
    pick(&mut gui, &words::reading(Lang::En, "vpp"));
    gui.get_by_label("Upper bound").focus();
    gui.run_steps(2);
    gui.get_by_label("Upper bound").type_text("100 mV");
    gui.run_steps(3);
    click(&mut gui, "Judge by it");
    wait(&mut gui, "the finding", |g| sees(g, "Findings (1)"));
    click(&mut gui, "Findings (1)");
    let vpp = expected.readings.iter().find(|r| r.id == "vpp").unwrap().value;
    assert!(sees(&gui, &compact(0.1 - vpp, Unit::Volt)), "the margin is against 100 mV");
    assert!(gui.query_all_by_label("fail").next().is_some());
    gui.check_accessibility();
}

#[test]
fn resolution_and_span_are_chosen_and_the_figures_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(Start {
        store: Some(folder.path().join("store").display().to_string()),
        captures: vec!["sim:pa-failing".into()],
        ..Start::default()
    });
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    assert!(sees(&gui, "FFT 16384"));
    click(&mut gui, "Resolution bandwidth");
    // Blackman-Harris has 2.0044 bins of noise bandwidth (F. J. Harris, 1978), 1.9 to 2.1 at any length.
    let expected = expected("sim:pa-failing", "spurs", "tx-generic");
    let rate = expected.sample_rate_hz.unwrap();
    let name = common::label_of(&gui, "(FFT 1024)");
    pick(&mut gui, &name);
    wait(&mut gui, "the coarser spectrum", |g| sees(g, "FFT 1024  "));
    let shown = common::label_of(&gui, "FFT 1024  ");
    let rbw = faultscope_door::signal::Quantity::new(2.0044 * rate / 1024.0, faultscope_door::signal::Unit::Hertz);
    let digits: String = rbw.to_string().chars().take(4).collect();
    assert!(shown.contains(&format!("RBW {digits}")), "{shown} {digits}");

    click(&mut gui, "Span around the first marker, else around the carrier");
    // A tenth of 499.5 kHz.
    assert_eq!(rate, 500e3);
    let tenth = "50 kHz".to_owned();
    pick(&mut gui, &tenth);
    let span = gui.get_by_label("Span around the first marker, else around the carrier").value();
    assert_eq!(span.as_deref(), Some(format!("Span {tenth}").as_str()));
    // What is drawn otherwise is not measured otherwise.
    click(&mut gui, &format!("Readings ({})", expected.readings.len()));
    for reading in &expected.readings {
        assert!(sees(&gui, &compact(reading.value, reading.unit)), "{}", reading.id);
    }
    gui.check_accessibility();
}
