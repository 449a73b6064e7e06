//! The report: for the engineer and the customer, in both languages, with names left out, and as PDF where that was built in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use faultscope_tests::{Outcome, faultscope, sample};

/// A case with a supply before and after its repair.
struct Repaired {
    dir: tempfile::TempDir,
    id: String,
}

impl Repaired {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut repaired = Self { dir, id: String::new() };
        let open = [
            ["--title", "Northern Rail: cell 3 down"],
            ["--customer", "Northern Rail"],
            ["--site", "Hill 17"],
            ["--serial", "SN 4711"],
            ["--contact", "Anna Schneider, +49 89 5550123"],
            ["--symptom", "no power at hill-17, says Anna"],
            ["--priority", "P1"],
        ];
        let opened = repaired.run(&[&["case", "open"], open.concat().as_slice()].concat());
        repaired.id = opened.out.trim().to_owned();
        let id = repaired.id.clone();
        // File names name things too.
        for (from, to) in [("supply-before", "NorthernRail-before"), ("supply-after", "sn4711-after")] {
            for end in ["sigmf-meta", "sigmf-data"] {
                std::fs::copy(sample(&format!("{from}.{end}")), repaired.at(&format!("{to}.{end}"))).unwrap();
            }
        }
        let attach = |file: &str, role: &str| {
            let file = repaired.at(file).display().to_string();
            repaired.run(&["case", "attach", &id, &file, "--limits", "dc-48v", "--role", role]);
        };
        attach("NorthernRail-before.sigmf-meta", "supply before");
        repaired.run(&["case", "escalate", &id, "maker", "--to", "Zhang San"]);
        repaired.run(&["case", "action", &id, "part_replaced", "capacitor changed", "--part", "C1 4700 uF"]);
        attach("sn4711-after.sigmf-meta", "supply after");
        repaired
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let store = self.at("store").display().to_string();
        faultscope(&[words, &["--store", &store]].concat())
    }

    #[track_caller]
    fn report(&self, more: &[&str]) -> String {
        let page = self.at("page.html").display().to_string();
        let outcome = self.run(&[&["report", &self.id, "--output", &page], more].concat());
        assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.err);
        std::fs::read_to_string(&page).unwrap()
    }
}

/// What a reader sees.
fn seen(html: &str) -> String {
    let body = html.split("</style>").nth(1).unwrap();
    body.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text)).collect::<Vec<_>>().join(" | ")
}

/// Numbers with units and how often each stands there; a unit follows its number after one space, in the same text.
fn figures(text: &str) -> BTreeMap<String, usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = BTreeMap::new();
    for (number, unit) in words.iter().zip(words.iter().skip(1)) {
        let number = number.trim_start_matches(|c: char| !(c.is_ascii_digit() || c == '-'));
        let unit = unit.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap();
        if number.parse::<f64>().is_ok() && ["V", "mV", "uV", "Hz", "kHz", "dB"].contains(&unit) {
            *found.entry(format!("{number} {unit}")).or_insert(0) += 1;
        }
    }
    found
}

#[test]
fn the_customers_page_shows_the_proof_and_both_languages_the_same_figures() {
    let case = Repaired::new();
    for whom in ["engineer", "customer"] {
        let english = case.report(&["--for", whom, "--lang", "en"]);
        let chinese = case.report(&["--for", whom, "--lang", "zh-CN"]);
        let told = figures(&seen(&english));
        assert_eq!(told, figures(&seen(&chinese)), "{whom}");
        // Peak to peak before and after as `samples/` states the fault, and its limit of 200 mV.
        assert!(
            told.contains_key("200 mV") && told.contains_key("510.1 mV") && told.contains_key("50.71 mV"),
            "{told:?}"
        );
    }
    let page = case.report(&["--for", "customer"]);
    assert!(page.len() < case.report(&[]).len() / 2);
    for needed in
        ["Northern Rail", "What failed", "What was done", "C1 4700 uF", "Before and after", "respond", "signature"]
    {
        assert!(page.contains(needed), "{needed}");
    }
}

#[test]
fn limits_are_drawn_into_the_pictures() {
    let case = Repaired::new();
    let page = case.report(&[]);
    let pictures: Vec<&str> = page.split("<svg").skip(1).map(|p| p.split("</svg>").next().unwrap()).collect();
    assert!(pictures.iter().filter(|p| p.contains("ripple p-p ≤ 200 mV")).count() >= 4, "waveforms and overlay");
    assert!(page.contains("readings against their limits") && page.contains("supply: before and after"));
}

#[test]
fn what_is_redacted_is_nowhere_in_the_file() {
    let case = Repaired::new();
    let secrets =
        ["northern rail", "northernrail", "hill 17", "hill-17", "sn 4711", "sn4711", "schneider", "zhang", "5550123"];
    for whom in ["engineer", "customer"] {
        let open = case.report(&["--for", whom]).to_lowercase();
        assert!(secrets.iter().filter(|s| open.contains(*s)).count() >= 4, "there is something to leave out");
        let page = case.report(&["--for", whom, "--redact", "names,serials,site", "--redact-text", "C1 4700 uF"]);
        let folded = page.to_lowercase();
        for secret in secrets.iter().chain(&["c1 4700"]) {
            assert!(!folded.contains(secret), "{secret} for the {whom}");
        }
        assert!(page.contains("[customer]: cell 3 down") && page.contains("[serial 1]"), "{whom}");
        assert!(figures(&seen(&page)).contains_key("510.1 mV"), "figures stay");
        assert!(page.contains("Engineer: name, date, signature"), "words of the program stay");
    }
    let site = case.report(&["--redact", "site"]);
    assert!(site.contains("Northern Rail") && !site.to_lowercase().contains("hill-17"));
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() {
    let case = Repaired::new();
    let refused = |file: &str, more: &[&str], words: &[&str]| {
        let path = case.at(file);
        let name = path.display().to_string();
        let outcome = case.run(&[&["report", &case.id, "--output", &name], more].concat());
        assert_eq!(outcome.code, 2, "{}", outcome.err);
        assert!(words.iter().all(|w| outcome.err.contains(w)), "{}", outcome.err);
        assert!(!path.exists());
    };
    refused("northern_rail.html", &["--redact", "names"], &["northern_rail.html", "choose another name"]);
    refused("a.html", &["--redact", "colour"], &["colour", "names serials site"]);
    refused("a.html", &["--for", "press"], &["press", "engineer customer"]);
    refused("a.docx", &[], &[".html", ".pdf"]);
}

/// Every sentence that a Chinese reader meets about the quality of a capture and about limits that could not be judged.
#[test]
fn reasons_and_gates_are_told_in_chinese() {
    let told = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (name, command, limits) in [
        ("supply-before", "ripple", "dc-48v"),
        ("supply-switching", "ripple", "rectifier-module"),
        ("tx-before", "spurs", "tx-generic"),
        ("tx-before", "channel", "lte-bs-la"),
        ("tx-image", "emissions", "sm329-a"),
    ] {
        let file = sample(&format!("{name}.sigmf-meta"));
        let english = faultscope(&[command, &file, "--limits", limits, "--json"]);
        let result = &english.json()["captures"][0];
        let gates = result["quality"].as_array().unwrap();
        assert!(!gates.is_empty(), "{name} {command}");
        let shown = faultscope(&[command, &file, "--limits", limits, "--lang", "zh-CN", "--verbose"]);
        for gate in gates {
            let detail = gate["detail"].as_str().unwrap();
            assert!(!shown.out.contains(detail), "{name} {command}: {detail}");
        }
        for finding in result["findings"].as_array().into_iter().flatten() {
            let reason = finding["reason"].as_str().unwrap_or_default();
            assert!(reason.is_empty() || !shown.out.contains(reason), "{name} {command}: {reason}");
        }
        assert!(told(&shown.out), "{name} {command}: {}", shown.err);
    }
}
