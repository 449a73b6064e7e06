//! Check plans over many captures: the same bytes whatever the number of jobs, resumable, and nothing green by accident.

use std::fs;
use std::path::Path;

use faultscope_tests::{faultscope, root, sample};
use serde_json::Value;

use super::make;
use super::schema::Published;

const PLAN: &str = "[plan]\nid='rails'\nversion='1'\n[[role]]\nid='supply'\nfiles=['rail*']\n\
                    [[step]]\nid='ripple'\nrole='supply'\nmeasurement='ripple'\nlimits=['rail.toml']\n";

const HEAD: &str = "[pack]\nid='own'\nversion='1'\ntitle='t'\nsource='s'\nauthor='a'\nvalid_from='2026-01-01'\n";

fn limit(measurement: &str, rest: &str) -> String {
    format!(
        "{HEAD}[[limit]]\nid='l'\nmeasurement='{measurement}'\nclause='clause 1'\nconfidence='S'\nseverity='major'\n{rest}"
    )
}

/// A folder with a plan, a pack and `count` rails of 12 V with 0.1 V to 0.3 V of ripple, one of them no capture.
fn rails(count: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("plan.toml"), PLAN).unwrap();
    fs::write(at("rail.toml"), limit("ripple", "reading='vpp'\nupper=0.5\nguard=0.05\nunit='V'\n")).unwrap();
    for i in 0..count {
        let name = format!("rail{i:04}.csv");
        if i == 3 {
            fs::write(at(&name), "no, capture\nat, all\n").unwrap();
        } else {
            let amplitude = 0.1 + 0.2 * (i % 10) as f64 / 10.0;
            fs::write(at(&name), make::csv(&make::rail(4800, 12.0, 100.0, amplitude))).unwrap();
        }
    }
    dir
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).display().to_string()
}

/// Standard output and JUnit of a run.
fn run(dir: &Path, more: &[&str]) -> (u8, String, String) {
    let (plan, captures, junit) = (path(dir, "plan.toml"), path(dir, "rail*.csv"), path(dir, "out.xml"));
    let words = ["check", "--plan", &plan, &captures, "--json", "--junit", &junit];
    let outcome = faultscope(&[&words, more].concat());
    (outcome.code, outcome.out, fs::read_to_string(&junit).unwrap())
}

#[test]
fn twenty_captures_give_the_same_bytes_for_any_number_of_jobs() {
    let dir = rails(20);
    let (code, json, junit) = run(dir.path(), &["--jobs", "1", "--threads", "1"]);
    // Twice 0.26 V is above 0.5 V peak to peak.
    assert_eq!(code, 1, "{json}");
    for more in
        [["--jobs", "1", "--threads", "2"], ["--jobs", "2", "--threads", "2"], ["--jobs", "7", "--threads", "3"]]
    {
        assert_eq!(run(dir.path(), &more), (code, json.clone(), junit.clone()), "{more:?}");
    }
    let lines = |jobs: &str| run(dir.path(), &["--lines", "--jobs", jobs, "--threads", "3"]).1;
    let one = lines("1");
    assert_eq!(one.lines().count(), 20 + 1);
    assert!(lines("2") == one && lines("7") == one, "lines come in one order however many captures at a time");
    let document: Value = serde_json::from_str(&json).unwrap();
    let captures = document["captures"].as_array().unwrap();
    assert_eq!(captures.len(), 20);
    let of = |verdict: &str| captures.iter().filter(|c| c["verdict"] == verdict).count();
    // 0.44 V and less pass, 0.48 V is inside by less than the guard band, 0.52 V and 0.56 V fail; one file is no capture.
    assert_eq!((of("pass"), of("margin"), of("fail")), (13, 2, 4), "{junit}");
    assert!(captures[3]["error"]["message"].as_str().unwrap().contains("rail0003.csv"), "{}", captures[3]["error"]);
    assert!(junit.contains("tests=\"20\" failures=\"4\" errors=\"1\" skipped=\"0\""), "{junit}");
    Published::load().check("CheckDocument", &document);
}

#[test]
#[ignore = "1000 captures four times; run with --ignored, best with --release"]
fn a_thousand_captures_give_the_same_bytes() {
    let dir = rails(1000);
    let begun = std::time::Instant::now();
    let first = run(dir.path(), &["--jobs", "1", "--threads", "1"]);
    println!("one job: {:.1} s", begun.elapsed().as_secs_f64());
    for more in
        [["--jobs", "1", "--threads", "1"], ["--jobs", "2", "--threads", "2"], ["--jobs", "2", "--threads", "2"]]
    {
        let begun = std::time::Instant::now();
        assert!(run(dir.path(), &more) == first, "{more:?} differs");
        println!("{more:?}: {:.1} s, {} bytes of JSON", begun.elapsed().as_secs_f64(), first.1.len());
    }
    println!("{} bytes of JSON and {} of JUnit are the same four times", first.1.len(), first.2.len());
}

#[test]
fn a_run_that_was_cut_off_goes_on_and_ends_the_same() {
    let dir = rails(8);
    let whole = run(dir.path(), &[]);
    let state = path(dir.path(), "state.jsonl");
    assert_eq!(run(dir.path(), &["--resume", &state]), whole);
    let text = fs::read_to_string(&state).unwrap();
    assert_eq!(text.lines().count(), 1 + 7, "a head and every capture that could be measured");
    // Cut off in the middle of the fourth line: two results are whole.
    let third: usize = text.lines().take(3).map(|l| l.len() + 1).sum();
    fs::write(&state, &text[..third + 40]).unwrap();
    assert_eq!(run(dir.path(), &["--resume", &state, "--jobs", "3"]), whole);
    assert_eq!(fs::read_to_string(&state).unwrap().lines().count(), 8);
    // What is there is taken from there.
    let marked = fs::read_to_string(&state).unwrap().replace("\"definition\":\"vpp/1\"", "\"definition\":\"vpp/99\"");
    fs::write(&state, marked).unwrap();
    assert_eq!(run(dir.path(), &["--resume", &state]).1.matches("vpp/99").count(), 7);
    // A capture that changed since is measured again.
    fs::write(dir.path().join("rail0000.csv"), make::csv(&make::rail(4000, 12.0, 100.0, 0.1))).unwrap();
    assert_eq!(run(dir.path(), &["--resume", &state]).1.matches("vpp/99").count(), 6);
    // Another plan does not take it, and no other file is taken for one.
    fs::write(dir.path().join("plan.toml"), PLAN.replace("version='1'", "version='2'")).unwrap();
    let (plan, captures) = (path(dir.path(), "plan.toml"), path(dir.path(), "rail*.csv"));
    let refused = faultscope(&["check", "--plan", &plan, &captures, "--resume", &state]);
    assert!(refused.code == 2 && refused.err.contains("another plan"), "{}", refused.err);
    let other = faultscope(&["check", "--plan", &plan, &captures, "--resume", &plan]);
    assert!(other.code == 2 && fs::read_to_string(&plan).unwrap().contains("[plan]"), "{}", other.err);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_finished() {
    use std::process::{Command, Stdio};
    let dir = rails(300);
    let (plan, captures) = (path(dir.path(), "plan.toml"), path(dir.path(), "rail*.csv"));
    let state = path(dir.path(), "state.jsonl");
    let words = ["check", "--plan", &plan, &captures, "--json", "--jobs", "1", "--resume", &state];
    let child = super::process::binary().args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = || fs::read_to_string(&state).map_or(0, |t| t.lines().count());
    // Three of three hundred are finished; the rest take far longer than the signal.
    while lines() < 4 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", super::process::text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let captures = document["captures"].as_array().unwrap();
    let interrupted = captures.iter().filter(|c| c["error"]["kind"] == "interrupted").count();
    assert!(interrupted > 0 && captures.iter().any(|c| c["verdict"] == "pass"), "{interrupted}");
    let kept = lines();
    assert_eq!(run(dir.path(), &["--resume", &state]), run(dir.path(), &[]));
    assert!(kept > 3 && lines() == 300, "{kept}");
}

#[test]
fn the_visit_runs_on_the_samples() {
    let dir = tempfile::tempdir().unwrap();
    let samples = root().join("samples").display().to_string();
    let at = |name: &str| path(dir.path(), name);
    let words = ["check", "--plan", "base-station-visit", &samples];
    let files = ["--csv", &at("f.csv"), "--prometheus", &at("f.prom"), "--output", &at("f.html")];
    let outcome = faultscope(&[&words[..], &files, &["--json"]].concat());
    assert_eq!(outcome.code, 1, "{}", outcome.err);
    let document = outcome.json();
    let mut published = Published::load();
    published.check("CheckDocument", &document);
    let roles: Vec<&str> = document["captures"].as_array().unwrap().iter().filter_map(|c| c["role"].as_str()).collect();
    assert_eq!(roles, ["supply", "supply", "supply", "transmit", "transmit", "transmit"]);
    let missing = &document["missing"][0];
    assert_eq!((&missing["role"], &missing["step"]), (&"idle".into(), &"idle-emissions".into()));
    assert_eq!(missing["findings"][0]["verdict"], "not_evaluated");
    for finding in document["captures"].as_array().unwrap().iter().flat_map(|c| c["findings"].as_array().unwrap()) {
        let summary = finding["summary"].as_str().unwrap();
        assert!(summary.contains("screening against") && !summary.contains("onform"), "{summary}");
    }
    let lines = faultscope(&[&words[..], &["--lines"]].concat()).out;
    assert_eq!(lines.lines().count(), 6 + 1 + 1);
    for line in lines.lines() {
        published.check("CheckLine", &serde_json::from_str(line).unwrap());
    }
    assert!(
        fs::read_to_string(at("f.prom")).unwrap().contains("faultscope_check_captures{plan=\"base-station-visit\"} 6")
    );
    let page = fs::read_to_string(at("f.html")).unwrap();
    assert!(page.contains("<svg") || page.contains("data:image"), "a picture is drawn");
    assert!(page.contains("no capture of the role") && page.contains("screening against"));
    // The report of a run that is kept as JSON is the same page but for the time of writing.
    fs::write(at("run.json"), &outcome.out).unwrap();
    let again = faultscope(&["report", &at("run.json"), "--output", &at("g.html"), "--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(page.len(), fs::read_to_string(at("g.html")).unwrap().len());
    assert_eq!(faultscope(&["report", &at("f.json"), "--output", &at("g.html")]).code, 3);
}

#[test]
fn roles_come_from_the_command_line_and_captures_without_one_are_told() {
    let (tx, rail) = (sample("tx-after.sigmf-meta"), sample("supply-after.sigmf-meta"));
    let role = format!("idle={tx}");
    let words = ["check", "--plan", "base-station-visit", &tx, &rail, "--role", &role, "--json"];
    let document = faultscope(&words).json();
    let idle = document["captures"].as_array().unwrap().iter().find(|c| c["role"] == "idle").unwrap();
    // A transmitter that is on is no transmitter that is off.
    assert_eq!((&idle["measurement"], &idle["verdict"]), (&"emissions".into(), &"not_evaluated".into()));
    assert!(document["missing"].as_array().unwrap().iter().any(|m| m["role"] == "transmit"));
    let dir = tempfile::tempdir().unwrap();
    let stray = path(dir.path(), "stray.csv");
    fs::write(&stray, make::csv(&make::rail(4800, 12.0, 100.0, 0.1))).unwrap();
    let document = faultscope(&["check", "--plan", "base-station-visit", &stray, "--json"]);
    assert_eq!((document.code, &document.json()["captures"][0]["error"]["kind"]), (3, &"no_role".into()));
    let wrong = faultscope(&["check", "--plan", "base-station-visit", &stray, "--role", "roof=x"]);
    assert!(wrong.code == 2 && wrong.err.contains("its roles are"), "{}", wrong.err);
    let nothing = ["check", "--plan", "base-station-visit", &rail, "nothing-here-*.csv"];
    assert_eq!(faultscope(&nothing).code, 3);
    let going = faultscope(&[&nothing[..], &["--keep-going", "--json"]].concat()).json();
    assert_eq!(going["captures"].as_array().unwrap().len(), 2);
}

#[test]
fn results_are_attached_to_a_case_once() {
    let dir = rails(3);
    let store = path(dir.path(), "store");
    let id = faultscope(&["case", "open", "--title", "hum", "--store", &store]).out.trim().to_owned();
    let state = path(dir.path(), "state.jsonl");
    let more = ["--case", &id, "--store", &store, "--resume", &state];
    for _ in 0..2 {
        let (code, out, _) = run(dir.path(), &more);
        assert_eq!(code, 0, "{out}");
        let case = faultscope(&["case", "show", &id, "--store", &store, "--json"]).json();
        assert_eq!(case["case"]["findings"].as_array().unwrap().len(), 3, "{case}");
    }
    let (plan, captures) = (path(dir.path(), "plan.toml"), path(dir.path(), "rail*.csv"));
    let unknown = faultscope(&["check", "--plan", &plan, &captures, "--case", "FS-1999-0001", "--store", &store]);
    assert!(unknown.code != 0 && unknown.out.is_empty(), "{}", unknown.out);
}

/// A situation that must never look green: the measurement, its limit, the capture.
fn doubtful(dir: &Path) -> Vec<(&'static str, &'static str, String, String)> {
    let rail = make::rail(4800, 12.0, 100.0, 0.1);
    let csv = |name: &str, values: &[f64]| {
        fs::write(dir.join(name), make::csv(values)).unwrap();
        path(dir, name)
    };
    let tone = make::tones(48_000, 5123.4, 0.5, -9000.0);
    let plain = make::sigmf(dir, "tone", "cf32_le", &make::cf32(&tone));
    let mut broken = tone.clone();
    broken[1000] = [f64::NAN, 0.0];
    let broken = make::sigmf(dir, "nan", "cf32_le", &make::cf32(&broken));
    let clipped: Vec<[f64; 2]> =
        make::tones(48_000, 5123.4, 3.0, -9000.0).iter().map(|s| s.map(|v| v.clamp(-1.0, 0.999_97))).collect();
    let clipped = make::sigmf(dir, "clipped", "ci16_le", &make::ci16(&clipped));
    let spur = "reading='spur_level'\nupper=-20.0\nunit='dBc'\nper_line=true\ndetectable='spur_detectable'\n";
    let line = "reading='emission'\nunit='dBFS'\naxis='absolute'\n[[limit.segment]]\nfrom_hz=1e9\nto_hz=2e9\n\
                bandwidth_hz=1e3\nstart_db=0.0\nstop_db=0.0\n";
    let rail = csv("rail.csv", &rail);
    vec![
        ("nobody measured it", "ripple", limit("ripple", "reading='nonesuch'\nupper=1.0\nunit='V'\n"), rail.clone()),
        (
            "the band is not covered",
            "ripple",
            limit("ripple", "reading='vpp'\nupper=1.0\nunit='V'\nneeds_bandwidth_hz=20e6\n"),
            rail,
        ),
        ("not a number", "spurs", limit("spurs", spur), broken),
        (
            "no calibration",
            "spurs",
            limit("spurs", "reading='carrier_level'\nlower=-99.0\nunit='dBm'\n"),
            plain.clone(),
        ),
        ("the line is elsewhere", "emissions", limit("emissions", line), plain),
        ("clipped", "spurs", limit("spurs", spur), clipped),
    ]
}

#[test]
fn doubt_is_never_green_by_plan_or_by_command() {
    let dir = tempfile::tempdir().unwrap();
    for (what, measurement, pack, capture) in doubtful(dir.path()) {
        fs::write(dir.path().join("pack.toml"), pack).unwrap();
        let plan = format!(
            "[plan]\nid='p'\nversion='1'\n[[role]]\nid='r'\nfiles=['*']\n[[step]]\nid='s'\nrole='r'\n\
             measurement='{measurement}'\nlimits=['pack.toml']\n"
        );
        fs::write(dir.path().join("plan.toml"), plan).unwrap();
        let (plan, pack, junit) =
            (path(dir.path(), "plan.toml"), path(dir.path(), "pack.toml"), path(dir.path(), "out.xml"));
        for words in [
            vec!["check", "--plan", &plan, &capture, "--junit", &junit],
            vec![measurement, &capture, "--limits", &pack],
        ] {
            let outcome = faultscope(&[&words[..], &["--json"]].concat());
            assert_eq!(outcome.code, 3, "{what}: {words:?}: {}", outcome.err);
            let document = outcome.json();
            let verdict = document["verdict"].as_str().unwrap();
            assert!(["invalid", "not_evaluated"].contains(&verdict), "{what}: {verdict}");
            let findings = document["captures"][0]["findings"].as_array().unwrap();
            assert!(!findings.is_empty() && findings.iter().all(|f| f["verdict"] == verdict), "{what}: {findings:?}");
            assert!(findings.iter().all(|f| !f["reason"].as_str().unwrap().is_empty()), "{what}");
        }
        let junit = fs::read_to_string(&junit).unwrap();
        assert!(junit.contains("<error") && !junit.contains("errors=\"0\""), "{what}: {junit}");
    }
}

#[test]
fn limits_that_no_step_measures_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let plan = "[plan]\nid='p'\nversion='1'\n[[role]]\nid='tx'\nfiles=['*']\n[[step]]\nid='channel'\nrole='tx'\n\
                measurement='channel'\nlimits=['nr-bs-wa-a']\n";
    fs::write(dir.path().join("plan.toml"), plan).unwrap();
    let plan = path(dir.path(), "plan.toml");
    let document = faultscope(&["check", "--plan", &plan, &sample("tx-after.sigmf-meta"), "--json"]).json();
    let missing = document["missing"].as_array().unwrap();
    assert_eq!((missing.len(), &missing[0]["measurement"]), (1, &"modulation".into()), "{missing:?}");
    assert!(missing[0]["findings"].as_array().unwrap().iter().any(|f| f["reading"] == "frequency_error_ppm"));
}

#[test]
fn plans_say_where_they_are_wrong() {
    let dir = rails(1);
    for (from, to, words) in [
        ("measurement='ripple'", "measurement='ripples'", &["'ripples'", "choose one of"][..]),
        ("role='supply'", "role='roof'", &["'roof'", "supply"]),
        ("rail.toml", "nowhere.toml", &["nowhere.toml"]),
        ("rail.toml", "tx-generic", &["no limit of its packs is for ripple"]),
        ("measurement='ripple'", "measurement='ripple'\nbogus=1", &["bogus", "line 11"]),
        ("measurement='ripple'", "measurement='ripple'\nsettings={ mainz_hz=50.0 }", &["mainz_hz"]),
        ("measurement='ripple'", "measurement='ripple'\nopen={ speed=1 }", &["speed", "rate_hz"]),
    ] {
        fs::write(dir.path().join("plan.toml"), PLAN.replace(from, to)).unwrap();
        let (plan, captures) = (path(dir.path(), "plan.toml"), path(dir.path(), "rail*.csv"));
        let outcome = faultscope(&["check", "--plan", &plan, &captures]);
        assert_eq!(outcome.code, 2, "{to}: {}", outcome.err);
        assert!(words.iter().all(|w| outcome.err.contains(w)), "{to}: {}", outcome.err);
    }
    assert!(faultscope(&["check", "--plan", "nowhere", "x"]).err.contains("base-station-visit"));
}

#[test]
fn packs_are_checked_compared_and_say_when_they_have_ended() {
    let dir = tempfile::tempdir().unwrap();
    let mut published = Published::load();
    let (good, bad) = (path(dir.path(), "good.toml"), path(dir.path(), "bad.toml"));
    let text = limit("ripple", "reading='vpp'\nupper=1.0\nunit='V'\n");
    fs::write(&good, &text).unwrap();
    fs::write(&bad, text.replace("upper=1.0", "lower=2.0\nupper=1.0")).unwrap();
    assert_eq!(faultscope(&["limits", "check", &good, "dc-48v"]).code, 0);
    let outcome = faultscope(&["limits", "check", &good, &bad]);
    assert!(
        outcome.code == 2 && outcome.out.contains("bad.toml:8: limit 'l': lower 2 is not below"),
        "{}",
        outcome.out
    );
    published.check("LimitsFaultsDocument", &faultscope(&["limits", "check", &bad, "--json"]).json());
    // Disabled limits say why when they are asked for by name.
    let rail = sample("supply-before.sigmf-meta");
    let outcome = faultscope(&["ripple", &rail, "--limits", "dc-48v#wideband-150k", "--json"]);
    let finding = &outcome.json()["captures"][0]["findings"][0];
    assert_eq!((outcome.code, &finding["verdict"]), (3, &"not_evaluated".into()));
    assert!(finding["reason"].as_str().unwrap().contains("uncertain: the edition"), "{finding}");
    assert!(faultscope(&["ripple", &rail, "--limits", "dc-48v#none"]).err.contains("its limits are"));
    // A pack that has ended says so wherever it is used.
    fs::write(&bad, text.replace("valid_from='2026-01-01'", "valid_from='2019-01-01'\nvalid_until='2020-12-31'"))
        .unwrap();
    let used = faultscope(&["ripple", &rail, "--limits", &bad]);
    for outcome in [&used, &faultscope(&["limits", "show", &bad]), &faultscope(&["limits", "check", &bad])] {
        assert!(outcome.out.contains("valid until 2020-12-31"), "{}", outcome.out);
    }
    let changes = faultscope(&["limits", "diff", &good, &bad, "--json"]).json();
    published.check("LimitsDiffDocument", &changes);
    let fields: Vec<&str> = changes["changes"].as_array().unwrap().iter().filter_map(|c| c["field"].as_str()).collect();
    assert_eq!(fields, ["valid_from", "valid_until"]);
    let shown = faultscope(&["limits", "show", "nr-spurious-b"]).out;
    assert!(shown.contains("-30.00 dBm in 1.0000 MHz") && shown.contains("TS 38.104 6.6.5.2.1"), "{shown}");
}
