//! The commands that the README shows are commands of this program, and do what it says.

use std::fs;

use faultscope_tests::{faultscope, root, sample};

/// The words of every `faultscope` command in the README's shell blocks.
fn commands() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            let words = words(line);
            if words.first().is_some_and(|w| w == "faultscope") {
                found.push(words);
            } else if line.starts_with("cargo run --release -- ") {
                found.push([vec!["faultscope".to_owned()], words[4..].to_vec()].concat());
            }
        }
    }
    found
}

/// Splits a line as a shell would: blanks, double quotes, and a comment behind `#`.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && word.is_empty() => break,
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A supply that comes on: 1 V through a time constant of 20 samples.
fn step_csv() -> String {
    let level = |i: i32| if i < 200 { 0.0 } else { 1.0 - (f64::from(200 - i) / 20.0).exp() };
    let rows = (0..1000).map(|i| format!("{:.6},{:.6}\n", f64::from(i) * 1e-6, level(i)));
    std::iter::once("time (s),CH1 (V)\n".to_owned()).chain(rows).collect()
}

#[test]
fn every_command_runs_on_the_samples() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let id = faultscope(&["case", "open", "--title", "first", "--store", &at("store")]).out.trim().to_owned();
    fs::write(at("edge.csv"), step_csv()).unwrap();
    fs::create_dir_all(at("store/rounds")).unwrap();
    fs::copy(root().join("crates/case/rounds/base-station.toml"), at("store/rounds/base-station.toml")).unwrap();
    for seed in 1..=4 {
        let (model, name) = (format!("tx-healthy?seed={seed}&duration=0.1"), at(&format!("good-{seed}")));
        assert_eq!(faultscope(&["simulate", &model, "--output", &name]).code, 0);
    }
    let mut ran = 0;
    for command in commands() {
        let words: Vec<String> = command[1..]
            .iter()
            .map(|word| match word.as_str() {
                "CAPTURE..." | "supply.csv" => sample("supply-before.sigmf-meta"),
                "photo.jpg" => sample("supply-before.truth.json"),
                "supply-later.csv" => sample("supply-after.sigmf-meta"),
                "tx.sigmf-meta" | "tx.wav" => sample("tx-before.sigmf-meta"),
                "samples" => root().join("samples").display().to_string(),
                "visit.html"
                | "tx-marked.sigmf-meta"
                | "tx.png"
                | "tx-time.png"
                | "report.html"
                | "case.zip"
                | "ticket.json"
                | "edge.csv"
                | "live"
                | "events" => at(word),
                "unit.sigmf-meta" => at("good-4.sigmf-meta"),
                "good.json" | "good-1.sigmf-meta" | "good-2.sigmf-meta" | "good-3.sigmf-meta" => at(word),
                w if w.starts_with("FS-") => id.clone(),
                w => w.to_owned(),
            })
            .collect();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (store, demo) = (at("store"), at("demo"));
        words.extend(["--store", &store]);
        if words[0] == "demo" {
            words.extend(["--output", &demo]);
        }
        let keys = at("keys");
        if words[0] == "case" && matches!(words[1], "key" | "sign" | "verify") {
            words.extend(["--keys", &keys]);
        }
        let outcome = faultscope(&words);
        // Nothing is wrong with the command; the samples may fail their limits.
        assert!(matches!(outcome.code, 0 | 1), "{words:?}: {} {}", outcome.code, outcome.err);
        assert!(!outcome.out.is_empty(), "{words:?} says nothing");
        ran += 1;
    }
    assert!(ran >= 8);
}

#[test]
fn the_packs_it_names_are_the_packs_that_ship() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let packs = faultscope(&["limits", "list", "--json"]).json();
    for pack in packs["packs"].as_array().unwrap() {
        let id = pack["id"].as_str().unwrap();
        assert!(text.contains(&format!("`{id}`")), "{id} ships and is not in the README");
    }
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "test.sh", "benches/README.md"] {
        assert!(text.contains(name) && root().join(name).is_file(), "{name}");
    }
}
