//! The case in the app: from the call to the root cause, headless, by accessibility labels.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Gui, click, drop_file, fill, gui, pick, sees, wait};
use egui_kittest::kittest::Queryable as _;
use faultscope_door::cases::{Access, Case, Desk, EventKind, Filter, Sort, Status};
use faultscope_gui::Start;

fn only(store: &str) -> (Desk, Case) {
    let desk = Desk::open(Some(store), Access::Read, "test").unwrap();
    let id = desk.list(&Filter::default(), Sort::Id).unwrap()[0].id.clone();
    let case = desk.case(&id).unwrap();
    (desk, case)
}

fn open_case(gui: &mut Gui, title: &str) {
    fill(gui, "Title of a new case", title);
    click(gui, "Open case");
    wait(gui, "the case", |g| sees(g, "Whole case"));
}

#[test]
fn a_supply_that_is_dropped_fails_its_limit_and_ends_in_a_report_and_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start { store: Some(store.clone()), ..Start::default() });
    gui.run_steps(2);
    let simulated = faultscope_door::view::Scratch::new().unwrap();
    let file = simulated.simulate("sim:reservoir-c-lost").unwrap();
    drop_file(&mut gui, &file);
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    click(&mut gui, "atx-12v");
    wait(&mut gui, "the verdict", |g| sees(g, "fail") && sees(g, "Findings ("));

    click(&mut gui, "More about it");
    fill(&mut gui, "Site", "Hill");
    fill(&mut gui, "Serial number", "SN-7");
    click(&mut gui, "P1");
    open_case(&mut gui, "no calls since noon");
    assert!(sees(&gui, "left"), "the clocks run in the head of the window");
    click(&mut gui, "What the capture shows");
    pick(&mut gui, "supply, before the repair");
    click(&mut gui, "Attach capture");
    wait(&mut gui, "the attachment", |g| sees(g, "Attached to"));
    click(&mut gui, "Write report");
    wait(&mut gui, "the report", |g| sees(g, "Report written: "));
    click(&mut gui, "Write bundle");
    wait(&mut gui, "the bundle", |g| sees(g, "Bundle written: "));
    gui.check_accessibility();

    let (desk, case) = only(&store);
    assert_eq!((case.site.as_str(), case.equipment.serial.as_str(), case.priority.name()), ("Hill", "SN-7", "P1"));
    assert_eq!(case.evidence[0].role.as_deref(), Some("supply before"));
    assert!(case.findings.iter().any(|f| f.finding.verdict == faultscope_door::diagnose::Verdict::Fail));
    // The bundle is taken in by another store, whole.
    let bundle = folder.path().join("bundles").join(format!("{}.zip", case.id));
    let mut other = Desk::open(folder.path().join("other").to_str(), Access::Create, "test").unwrap();
    other.import(&bundle).unwrap();
    assert_eq!(other.case(&case.id).unwrap().head, case.head);
    drop(desk);
}

#[test]
fn a_dongle_is_linked_to_the_supply_of_its_case_which_is_closed_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start {
        store: Some(store.clone()),
        limits: vec!["tx-generic".into(), "dc-48v".into()],
        ..Start::default()
    });
    // The worked example: the supply and the transmitter of one site before its repair, and both after.
    click(&mut gui, "Samples");
    wait(&mut gui, "the samples", |g| sees(g, "tx-image"));
    wait(&mut gui, "their findings", |g| !sees(g, "waiting") && sees(g, "Findings ("));
    open_case(&mut gui, "site 7 is off the air");
    for (capture, role) in [
        ("supply-before.sigmf-meta", "supply, before the repair"),
        ("tx-before.sigmf-meta", "transmitter, before the repair"),
        ("supply-after.sigmf-meta", "supply, after the repair"),
    ] {
        click(&mut gui, capture);
        wait(&mut gui, "its findings", |g| sees(g, "Findings ("));
        click(&mut gui, "What the capture shows");
        pick(&mut gui, role);
        click(&mut gui, "Attach capture");
        let name = capture.trim_end_matches("meta");
        wait(&mut gui, "the attachment", |g| sees(g, &format!("Attached to FS-2026-0001: {name}")));
    }
    click(&mut gui, "Whole case");
    wait(&mut gui, "the link", |g| sees(g, "Links between captures"));
    assert!(sees(&gui, "tx-before.sigmf-data  +  supply-before.sigmf-data"));
    assert!(sees(&gui, "Probable causes of the case") && sees(&gui, "Before and after") && sees(&gui, "Timeline"));
    gui.check_accessibility();

    click(&mut gui, "Answer power-plant");
    let first = faultscope_door::checklist::load("power-plant").unwrap().items[0].ask.clone();
    click(&mut gui, &format!("fail: {first}"));
    fill(&mut gui, &format!("what was seen: {first}"), "C3 bulges");
    click(&mut gui, "Keep the answers");
    wait(&mut gui, "the answers", |g| sees(g, "C3 bulges") && !sees(g, "Keep the answers"));

    click(&mut gui, "part replaced");
    fill(&mut gui, "Name", "C3 4700 uF");
    click(&mut gui, "Keep");
    wait(&mut gui, "the part", |g| !sees(g, "Do not keep"));
    click(&mut gui, "cleared");
    click(&mut gui, "Keep");
    wait(&mut gui, "the end of the fault", |g| !sees(g, "Do not keep"));
    // A case is not closed as solved without its cause; what was filled in stays.
    click(&mut gui, "closed");
    fill(&mut gui, "Remedy", "capacitor replaced");
    click(&mut gui, "Keep");
    wait(&mut gui, "the refusal", |g| sees(g, "root cause"));
    fill(&mut gui, "Root cause", "reservoir capacitor dried out");
    click(&mut gui, "Keep");
    wait(&mut gui, "the end", |g| sees(g, "reopened"));
    click(&mut gui, "Prove");
    wait(&mut gui, "the proof", |g| sees(g, "Intact: every event and file is as it was"));

    let (desk, case) = only(&store);
    assert_eq!(case.status, Status::Closed);
    assert_eq!(case.root_cause.as_deref(), Some("reservoir capacitor dried out"));
    assert_eq!(case.closure.unwrap().remedy, "capacitor replaced");
    let kinds: Vec<&str> = case.timeline.iter().map(|entry| entry.kind.as_str()).collect();
    assert!(kinds.contains(&"checked") && kinds.contains(&"action"), "{kinds:?}");
    let linked = desk
        .events(&case.id)
        .unwrap()
        .into_iter()
        .filter(|e| matches!(&e.kind, EventKind::Attached(a) if a.captures.len() == 2 && !a.findings.is_empty()));
    assert_eq!(linked.count(), 1);

    // The next capture of the kind finds this case.
    click(&mut gui, "Whole case: FS-2026-0001");
    click(&mut gui, "supply-before.sigmf-meta");
    click(&mut gui, "Similar cases");
    wait(&mut gui, "the library", |g| sees(g, "reservoir capacitor dried out"));
}

#[test]
fn a_live_dongle_shows_its_spurs_and_its_pin_is_linked_to_the_supply_of_the_open_case() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start {
        store: Some(store.clone()),
        limits: vec!["tx-generic".into(), "atx-12v".into()],
        captures: vec!["sim:reservoir-c-lost".into()],
        ..Start::default()
    });
    wait(&mut gui, "the supply", |g| sees(g, "Findings ("));
    open_case(&mut gui, "spurs and hum");
    click(&mut gui, "Attach capture");
    wait(&mut gui, "the attachment", |g| sees(g, "Attached to"));
    click(&mut gui, "Connect");
    pick(&mut gui, "Simulated dongle: failing transmitter");
    wait(&mut gui, "samples", |g| sees(g, "running") && sees(g, "Waterfall: "));
    // Lines 100 Hz beside a carrier are told apart in half a second and more.
    let begun = std::time::Instant::now();
    wait(&mut gui, "a second and a half", |_| begun.elapsed().as_secs_f64() > 1.5);
    click(&mut gui, "Pin");
    wait(&mut gui, "the attachment of the pin", |g| sees(g, "Attached to FS-2026-0001: pin-"));
    assert!(sees(&gui, "Lines (") && sees(&gui, "fail"), "the spurs of the pin are on the screen");
    click(&mut gui, "Whole case");
    wait(&mut gui, "the link", |g| sees(g, "Links between captures"));
    let (_, case) = only(&store);
    let link = case.findings.iter().find(|f| f.captures.len() == 2).unwrap();
    assert!(link.captures.iter().any(|c| c.name.starts_with("pin-")), "{:?}", link.captures);
    assert!(link.captures.iter().any(|c| c.name.starts_with("reservoir-c-lost")), "{:?}", link.captures);
}

#[test]
fn cases_are_listed_by_the_clock_that_runs_out_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start { store: Some(store), ..Start::default() });
    for (title, priority) in [("slow", "P4"), ("down", "P1")] {
        wait(&mut gui, "the list", |g| sees(g, "Title of a new case"));
        if !sees(&gui, "Serial number") {
            click(&mut gui, "More about it");
        }
        click(&mut gui, priority);
        open_case(&mut gui, title);
        click(&mut gui, "Back to the list");
    }
    wait(&mut gui, "both", |g| sees(g, "P4  slow") && sees(g, "P1  down"));
    let top = |text: &str| gui.get_by_label_contains(text).rect().top();
    assert!(top("P1  down") < top("P4  slow"));
    click(&mut gui, "FS-2026-0002  P1  down");
    wait(&mut gui, "the case", |g| sees(g, "Timeline") && sees(g, "No file is attached yet."));
    gui.check_accessibility();
}

#[test]
fn a_round_is_walked_recorded_and_its_failure_becomes_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store").display().to_string();
    let mut gui = gui(Start { store: Some(store.clone()), ..Start::default() });
    click(&mut gui, "Procedure");
    pick(&mut gui, "Inspection rounds");
    wait(&mut gui, "why there is none", |g| sees(g, "No round plan is in use"));
    click(&mut gui, "Use the pattern that ships");
    wait(&mut gui, "the points", |g| sees(g, "BTS-TRANSMITTER"));
    assert!(sees(&gui, "overdue") && sees(&gui, "never done"));
    click(&mut gui, "BTS-SUPPLY");
    assert!(sees(&gui, "Oscilloscope, 1:1 or 10:1 probe"));

    let simulated = faultscope_door::view::Scratch::new().unwrap();
    let file = simulated.simulate("sim:reservoir-c-lost").unwrap();
    drop_file(&mut gui, &file);
    wait(&mut gui, "the readings", |g| sees(g, "Readings ("));
    click(&mut gui, "Procedure");
    pick(&mut gui, "Inspection rounds");
    wait(&mut gui, "the plans of the store", |g| sees(g, "Use the pattern that ships"));
    click(&mut gui, "Use the pattern that ships");
    wait(&mut gui, "the points", |g| sees(g, "BTS-SUPPLY"));
    click(&mut gui, "BTS-SUPPLY");
    click(&mut gui, "Record with the capture on the screen");
    wait(&mut gui, "the record", |g| sees(g, "BTS-SUPPLY: fail; recorded as") && sees(g, "not due"));
    gui.check_accessibility();
    click(&mut gui, "Early warnings of all units");
    wait(&mut gui, "no warning", |g| sees(g, "No reading of any unit drifts"));
    click(&mut gui, "Open a case of it");
    wait(&mut gui, "the case", |g| sees(g, "Timeline") && sees(g, "inspection failed"));
    let (desk, case) = only(&store);
    assert!(!case.findings.is_empty());
    let history = desk.inspections("base-station", "BTS-SUPPLY", None).unwrap();
    assert_eq!(history[0].case_id.as_deref(), Some(case.id.as_str()));
}
