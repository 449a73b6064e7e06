//! Inspection rounds as their users meet them: what is due, what was found, the case that a failure raises, nothing green by accident.

use faultscope_tests::{Outcome, faultscope, sample};
use serde_json::Value;

use crate::schema::Published;

/// Three points with the supplies and the transmitter of the samples; one has a check plan of its own.
const PLAN: &str = r#"
[round]
id = "north"
version = "2"
title = "North, monthly"
start = "2026-01-01"
zone = "Asia/Shanghai"
text.zh-CN = "北区月度巡检"

[[point]]
tag = "E2-00-41"
title = "rail of BTS 17"
customer = "Northern Telecom"
site = "Hill 7"
equipment = "base station"
model = "BTS-100"
serial = "SN-17"
interval = "1 month"
grace = "5d"
measurement = "ripple"
limits = ["dc-48v"]
priority = "P2"
[point.text.zh-CN]
title = "17 号基站电源"

[[point]]
tag = "E2-00-42"
title = "rail and transmitter of BTS 18"
interval = "12 months"
check = "./visit.toml"

[[point]]
tag = "E2-00-43"
title = "transmitter of BTS 19"
interval = "30d"
measurement = "spurs"
limits = ["tx-generic"]
"#;

const VISIT: &str = r#"
[plan]
id = "visit"
version = "1"
[[role]]
id = "supply"
files = ["supply*"]
[[role]]
id = "transmit"
files = ["tx*"]
[[step]]
id = "rail"
role = "supply"
measurement = "ripple"
limits = ["dc-48v#vpp"]
[[step]]
id = "carrier"
role = "transmit"
measurement = "spurs"
limits = ["tx-generic"]
"#;

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rounds = dir.path().join("store/rounds");
        std::fs::create_dir_all(&rounds).unwrap();
        std::fs::write(rounds.join("north.toml"), PLAN).unwrap();
        // Not a plan of a round: it lies beside them because paths count from there.
        std::fs::create_dir_all(rounds.join("checks")).unwrap();
        std::fs::write(rounds.join("checks/visit.toml"), VISIT).unwrap();
        let text = PLAN.replace("./visit.toml", "./checks/visit.toml");
        std::fs::write(rounds.join("north.toml"), text).unwrap();
        Self { dir }
    }

    fn run(&self, words: &[&str]) -> Outcome {
        faultscope(&[words, &["--store", &self.dir.path().join("store").display().to_string()]].concat())
    }

    #[track_caller]
    fn coded(&self, code: u8, words: &[&str]) -> Outcome {
        let outcome = self.run(words);
        assert_eq!(outcome.code, code, "{words:?}: {}{}", outcome.out, outcome.err);
        outcome
    }

    /// The lines of a command, each of the published kind.
    #[track_caller]
    fn lines(&self, code: u8, words: &[&str]) -> Vec<Value> {
        let outcome = self.coded(code, &[words, &["--json"]].concat());
        let lines: Vec<Value> = outcome.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let mut published = Published::load();
        lines.iter().for_each(|line| published.check("RoundLine", line));
        lines
    }
}

fn tags(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|l| l["point"]["tag"].as_str().unwrap()).collect()
}

#[test]
fn a_round_from_never_done_to_a_case_and_back() {
    let desk = Desk::new();
    let (bad, good) = (sample("supply-before.sigmf-meta"), sample("supply-after.sigmf-meta"));
    // Nothing was ever done: due from the first of January in Shanghai, which begins at 16:00 UTC.
    let before = desk.lines(0, &["round", "due", "--at", "2025-12-31T15:00:00Z"]);
    assert_eq!(tags(&before), ["E2-00-41", "E2-00-42", "E2-00-43"]);
    assert!(before.iter().all(|l| l["point"]["standing"]["state"] == "not_due"));
    let due = desk.lines(0, &["round", "due", "--at", "2026-01-02T00:00:00Z"]);
    assert!(due.iter().all(|l| l["point"]["standing"]["never_done"] == true));
    assert_eq!(due[0]["point"]["standing"]["state"], "due");
    let overdue = desk.lines(0, &["round", "overdue", "--at", "2026-01-02T00:00:00Z"]);
    assert_eq!(tags(&overdue), ["E2-00-42", "E2-00-43"], "the first has five days of grace");
    let table = desk.coded(0, &["round", "due", "--lang", "zh-CN"]).out;
    assert!(table.contains("从未巡检") && table.contains("17 号基站电源"), "{table}");
    // A failure is written down, offers a case, and is no green.
    let words = ["round", "record", "e2-00-41", &bad, "--at", "2026-01-30T20:00:00Z", "--note", "hum", "--file", &good];
    let outcome = desk.coded(1, &words);
    assert!(outcome.err.contains("round raise E2-00-41"), "{}", outcome.err);
    let raised = desk.lines(0, &["round", "raise", "E2-00-41"]);
    let case_id = raised[0]["inspection"]["case_id"].as_str().unwrap().to_owned();
    let case = desk.coded(0, &["case", "show", &case_id, "--json"]).json()["case"].clone();
    let equipment = &case["equipment"];
    assert_eq!((&equipment["serial"], &equipment["tag"]), (&"SN-17".into(), &"E2-00-41".into()));
    assert_eq!((&case["priority"], &case["site"]), (&"P2".into(), &"Hill 7".into()));
    assert!(case["title"].as_str().unwrap().starts_with("rail of BTS 17"), "{case}");
    assert!(!case["symptom"].as_str().unwrap().is_empty());
    assert!(case["findings"].as_array().unwrap().iter().any(|f| f["verdict"] == "fail"));
    assert!(case["evidence"].as_array().unwrap().len() == 3, "two files of the capture and the one beside: {case}");
    let inspection = raised[0]["inspection"]["id"].as_str().unwrap();
    assert!(case["timeline"].to_string().contains(inspection), "the case names the inspection");
    assert_eq!(
        desk.coded(0, &["case", "verify", &case_id, "--json"]).json()["verified"][0]["differences"],
        Value::from(Vec::<u8>::new())
    );
    // There is nothing left to raise, and a second failure goes into the case that is open.
    assert!(desk.coded(2, &["round", "raise", "E2-00-41"]).err.contains("no case yet"));
    let again = desk.lines(1, &["round", "record", "E2-00-41", &bad, "--raise", "--at", "2026-01-31T20:00:00Z"]);
    assert_eq!(again[0]["inspection"]["case_id"], case_id);
    // The last day of February is a month after the first of it, in Shanghai: done on 2026-02-01 there.
    let due = desk.lines(0, &["round", "due", "--at", "2026-02-10T00:00:00Z"]);
    let of = |lines: &[Value], tag: &str| {
        lines.iter().find(|l| l["point"]["tag"] == tag).map(|l| l["point"]["standing"].clone()).unwrap()
    };
    assert_eq!(of(&due, "E2-00-41")["due_on"], "2026-03-01");
    assert_eq!(of(&due, "E2-00-41")["last"]["verdict"], "fail");
    assert_eq!(of(&due, "E2-00-41")["last"]["case_id"], case_id);
    assert_eq!(tags(&desk.lines(0, &["round", "due", "--at", "2026-02-10T00:00:00Z", "--within", "2 weeks"])).len(), 2);
    let history = desk.lines(0, &["round", "history", "E2-00-41"]);
    let verdicts: Vec<&str> = history.iter().map(|l| l["inspection"]["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["fail", "fail"]);
    assert_eq!(history[1]["inspection"]["note"], "hum");
    assert_eq!(desk.lines(0, &["round", "history", "E2-00-41", "--limit", "1"]).len(), 1);
    for words in
        [&["round", "history", "E2-00-41"][..], &["round", "list"], &["round", "show", "north"], &["round", "due"]]
    {
        for lang in ["en", "zh-CN"] {
            let said = desk.coded(0, &[words, &["--lang", lang]].concat()).out;
            assert!(!said.contains('?'), "a word is missing: {said}");
        }
    }
    assert!(desk.coded(0, &["round", "show", "north", "--lang", "zh-CN"]).out.contains("12 个月"));
    let proof = desk.coded(0, &["round", "verify", "--json"]).json();
    assert_eq!((&proof["verified"][0]["events"], &proof["verified"][0]["case_id"]), (&4.into(), &"round north".into()));
    Published::load().check("RoundVerifyDocument", &proof);
}

#[test]
fn what_could_not_be_judged_is_kept_and_leaves_the_point_as_due_as_it_was() {
    let desk = Desk::new();
    // Half of the captures that the check plan asks for.
    let rail = sample("supply-after.sigmf-meta");
    let lines = desk.lines(3, &["round", "record", "E2-00-42", &rail, "--at", "2026-01-10T00:00:00Z"]);
    assert_eq!(lines[0]["inspection"]["verdict"], "not_evaluated");
    assert_eq!(lines[0]["inspection"]["missing"][0]["step"], "carrier");
    let due = desk.lines(0, &["round", "overdue", "--at", "2026-01-12T00:00:00Z"]);
    let standing = &due.iter().find(|l| l["point"]["tag"] == "E2-00-42").unwrap()["point"]["standing"];
    assert_eq!((&standing["never_done"], &standing["attempt"]["verdict"]), (&true.into(), &"not_evaluated".into()));
    let said = desk.coded(0, &["round", "due", "--at", "2026-01-12T00:00:00Z"]).out;
    assert!(said.contains("never done") && said.contains("tried"), "{said}");
    // No failure, no case.
    let both = [rail.as_str(), &sample("tx-after.sigmf-meta")];
    let words = [&["round", "record", "E2-00-42", "--raise", "--at", "2026-01-11T00:00:00Z"], &both[..]].concat();
    let whole = desk.run(&[&words[..], &["--json"]].concat());
    let line: Value = serde_json::from_str(whole.out.trim()).unwrap();
    let verdict = line["inspection"]["verdict"].as_str().unwrap().to_owned();
    assert_eq!(
        whole.code,
        match verdict.as_str() {
            "pass" | "margin" => 0,
            "fail" => 1,
            _ => 3,
        },
        "{line}"
    );
    assert_eq!(line["inspection"]["measured"].as_array().unwrap().len(), 2);
    // What cannot be read at all is not written down.
    let text = desk.dir.path().join("photo.jpg");
    std::fs::write(&text, b"\xff\xd8 no capture").unwrap();
    let outcome = desk.run(&["round", "record", "E2-00-43", &text.display().to_string()]);
    assert!(outcome.code == 3 || outcome.code == 2, "{}", outcome.err);
    assert!(outcome.err.contains("nothing was recorded"), "{}", outcome.err);
    assert!(desk.lines(0, &["round", "history", "E2-00-43"]).is_empty());
}

#[test]
fn wrong_use_is_told_in_one_sentence_and_writes_nothing() {
    let desk = Desk::new();
    let rail = sample("supply-after.sigmf-meta");
    for (words, why) in [
        (vec!["round", "record", "E2-99", &rail], "E2-00-41"),
        (vec!["round", "record", "E2-00-41", &rail, "--at", "2099-01-01T00:00:00Z"], "not come yet"),
        (vec!["round", "record", "E2-00-41", &rail, "--at", "yesterday"], "no time"),
        (vec!["round", "record", "E2-00-41", &rail, "--case", "FS-2026-0099"], "FS-2026-0099"),
        (vec!["round", "due", "--within", "3 moons"], "3 moons"),
        (vec!["round", "due", "--plan", "no-such"], "base-station"),
        (vec!["round", "check", "no/such.toml"], "no/such.toml"),
    ] {
        assert!(desk.coded(2, &words).err.contains(why), "{words:?}: {}", desk.run(&words).err);
    }
    assert!(desk.lines(0, &["round", "history", "E2-00-41"]).is_empty());
    assert!(desk.coded(0, &["round", "check", "north"]).out.contains("3 points"));
    assert_eq!(desk.lines(0, &["round", "list"])[0]["plan"]["count"], 3);
    let shown = desk.lines(0, &["round", "show", "north", "--lang", "zh-CN"]);
    assert_eq!(
        (&shown[0]["plan"]["title"], &shown[1]["point"]["title"]),
        (&"北区月度巡检".into(), &"17 号基站电源".into())
    );
    assert!(desk.coded(0, &["round", "show", "base-station"]).out.contains("BTS-SUPPLY"));
    let empty = tempfile::tempdir().unwrap();
    let outcome = faultscope(&["round", "due", "--store", &empty.path().display().to_string()]);
    assert!(outcome.code == 2 && outcome.err.contains("--plan"), "{}", outcome.err);
}

/// 5 V with a sine of 100 Hz: its peak-to-peak value is twice the amplitude.
fn rail(amplitude_v: f64) -> String {
    let volts = |n: u32| 5.0 + amplitude_v * (std::f64::consts::TAU * f64::from(n) / 100.0).sin();
    let rows = (0..4000).map(|n| format!("{:.4},{:.6}\n", f64::from(n) * 1e-4, volts(n)));
    std::iter::once("Time (s),Voltage (V)\n".to_owned()).chain(rows).collect()
}

const PACK: &str =
    "[pack]\nid='rail'\nversion='1'\ntitle='t'\nsource='s'\nauthor='a'\nvalid_from='2026-01-01'\n[[limit]]\nid='vpp'
measurement='ripple'\nreading='vpp'\nupper=0.2\nunit='V'\nclause='own'\nconfidence='S'\nseverity='major'\n";

#[test]
fn a_reading_that_drifts_towards_its_limit_is_told_before_it_fails() {
    let desk = Desk::new();
    let path = |name: &str| desk.dir.path().join(name).display().to_string();
    let plan = "[round]\nid='rails'\nversion='1'\ntitle='t'\nstart='2026-01-01'\n[[point]]\ntag='R1'\ntitle='rail'\nserial='SN-77'
interval='1 month'\nmeasurement='ripple'\nlimits=['./rail.toml']\n";
    std::fs::write(path("rail.toml"), PACK).unwrap();
    std::fs::write(path("rails.toml"), plan).unwrap();
    let record = |n: usize, amplitude_v: f64| {
        std::fs::write(path(&format!("rail-{n}.csv")), rail(amplitude_v)).unwrap();
        let (plan, file, at) =
            (path("rails.toml"), path(&format!("rail-{n}.csv")), format!("2026-{:02}-01T08:00:00Z", n + 1));
        desk.coded(0, &["round", "record", "R1", &file, "--plan", &plan, "--at", &at])
    };
    let trends = || desk.coded(0, &["library", "trends", "--serial", "SN-77", "--json"]).json();
    let vpp =
        |all: &Value| all["unit_trends"].as_array().unwrap().iter().find(|t| t["reading"] == "vpp").cloned().unwrap();
    // From 100 mV in January up by 8 mV a month: 156 mV in August, 200 mV more than five months later.
    (0..5).for_each(|n| drop(record(n, 0.050 + 0.004 * n as f64)));
    assert_eq!(vpp(&trends())["drift"], "too_few");
    (5..8).for_each(|n| drop(record(n, 0.050 + 0.004 * n as f64)));
    let all = trends();
    Published::load().check("TrendsDocument", &all);
    let found = vpp(&all);
    assert_eq!((&found["drift"], &found["count"], &found["tag"]), (&"drifts".into(), &8.into(), &"R1".into()));
    // Eight values in a row: 2 of 8! orders are as extreme.
    assert!((found["p"].as_f64().unwrap() - 2.0 / 40_320.0).abs() < 1e-9, "{found}");
    // 212 days for 56 mV; 44 mV are left from August on: 167 days, within what months of 28 to 31 days do to the line.
    let after = found["crossing"]["after"].as_f64().unwrap();
    assert!((after - 167.0).abs() < 5.0, "{found}");
    let shown = desk.coded(0, &["library", "trends", "--lang", "zh-CN"]).out;
    assert!(shown.contains("SN-77") && shown.contains("正趋近") && !shown.contains('?'), "{shown}");
    // It is told where a case of the unit is shown, and no more once a part was replaced.
    let open = ["case", "open", "--title", "x", "--serial", "SN-77"];
    let id = desk.coded(0, &open).out.trim().to_owned();
    let case = desk.coded(0, &["case", "show", &id, "--json"]).json();
    assert_eq!(case["warnings"][0]["reading"], "vpp");
    assert!(desk.coded(0, &["case", "show", &id]).out.contains("early warning: SN-77"));
    // The report says so as well, without the numbers where they are redacted; what leaves with a bundle knows of no other case.
    let report = |more: &[&str]| {
        let output = path("report.html");
        desk.coded(0, &[&["report", &id, "--output", &output], more].concat());
        std::fs::read_to_string(output).unwrap()
    };
    let page = report(&[]);
    assert!(page.contains("Early warnings") && page.contains("SN-77") && page.contains("drifts towards"), "{page}");
    let page = report(&["--lang", "zh-CN", "--redact", "serials"]);
    assert!(page.contains("早期预警") && page.contains("正趋近"), "{page}");
    assert!(!page.contains("SN-77") && !page.contains("R1 ") && !page.contains("R1<"), "{page}");
    assert!(!report(&["--for", "customer"]).contains("Early warnings"));
    assert!(
        desk.coded(0, &["library", "trends", "--serial", "SN-7", "--json"]).json()["unit_trends"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    desk.coded(0, &["case", "action", &id, "part_replaced", "new capacitor", "--part", "C12"]);
    assert!(trends()["unit_trends"].as_array().unwrap().is_empty(), "{}", trends());
    assert!(desk.coded(0, &["library", "trends"]).out.contains("no reading drifts"));
}
