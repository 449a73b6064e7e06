//! The rules of the house: arrows point down, packages live in one room, every file says what it owns, no plug is forgotten.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use faultscope_tests::root;

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "target" {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn rooms() -> Vec<(&'static str, PathBuf)> {
    ["transform", "signal", "capture", "instrument", "diagnose", "case", "report", "ticket", "push", "faultscope"]
        .into_iter()
        .map(|name| (name, root().join("crates").join(name)))
        .chain([("cli", root().join("cli")), ("gui", root().join("gui"))])
        .collect()
}

/// Names under `[dependencies]` (and feature-gated ones) of a room; test-only ones do not count.
fn dependencies(room: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(room.join("Cargo.toml")).unwrap();
    let mut inside = false;
    let mut names = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]") && !line.contains("dev-dependencies");
        } else if inside
            && let Some((name, _)) = line.split_once(['.', '=', ' '])
            && !name.is_empty()
            && !name.starts_with('#')
        {
            names.push(name.trim().to_owned());
        }
    }
    names
}

#[test]
fn arrows_point_down() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("transform", &[][..]),
        ("signal", &["transform"]),
        ("capture", &["signal"]),
        ("instrument", &["signal", "capture"]),
        ("diagnose", &["signal", "capture"]),
        ("case", &["diagnose"]),
        ("report", &["signal", "diagnose", "case"]),
        ("ticket", &["diagnose", "case", "report"]),
        ("push", &["report"]),
        ("faultscope", &["signal", "capture", "instrument", "diagnose", "case", "report", "ticket", "push"]),
        ("cli", &["door"]),
        ("gui", &["door"]),
    ]);
    for (room, path) in rooms() {
        for dependency in dependencies(&path) {
            if let Some(target) = dependency.strip_prefix("faultscope-") {
                assert!(allowed[room].contains(&target), "{room} must not know {target}");
            }
        }
    }
}

#[test]
fn a_package_lives_in_its_room_only() {
    let homes = [
        ("pulp", "signal"),
        ("rustfft", "transform"),
        ("realfft", "transform"),
        ("ndarray", "signal"),
        ("hound", "capture"),
        ("flate2", "capture"),
        ("serialport", "instrument"),
        ("soapysdr", "instrument"),
        ("rusqlite", "case"),
        ("postgres", "case"),
        ("object_store", "case"),
        ("reqwest", "case"),
        ("tokio", "case"),
        ("plotters", "report"),
        ("pdf-writer", "report"),
        ("subsetter", "report"),
        ("ttf-parser", "report"),
        ("ureq", "push"),
        ("clap", "cli"),
        ("eframe", "gui"),
        ("egui", "gui"),
    ];
    for (room, path) in rooms() {
        for dependency in dependencies(&path) {
            if dependency == "zip" {
                assert!(room == "capture" || room == "case", "zip lives in capture (readers) and in case (bundles)");
            }
            if let Some((package, home)) = homes.iter().find(|(package, _)| *package == dependency) {
                assert_eq!(room, *home, "{package} lives in {home}");
            }
        }
    }
}

#[test]
fn every_file_opens_with_one_sentence_that_says_what_it_owns() {
    for (_, room) in rooms() {
        for file in rust_files(&room) {
            let text = std::fs::read_to_string(&file).unwrap();
            let first = text.lines().next().unwrap_or_default();
            assert!(first.starts_with("//! ") && first.len() > 12, "{}", file.display());
        }
    }
}

#[test]
fn no_plug_is_forgotten() {
    let sockets = [
        ("crates/capture/src/format", "crates/capture/src/format/mod.rs"),
        ("crates/diagnose/src/measurement", "crates/diagnose/src/measurement/mod.rs"),
        ("crates/instrument/src/driver", "crates/instrument/src/driver/mod.rs"),
    ];
    for (folder, register) in sockets {
        let register = std::fs::read_to_string(root().join(register)).unwrap();
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let is_plug = path.is_dir()
                || rust_text(&path).contains("impl Format for")
                || rust_text(&path).contains("impl Instrument for")
                || rust_text(&path).contains("impl Measurement for");
            if name != "mod" && is_plug {
                assert!(register.contains(&format!("mod {name};")), "{folder}/{name} has no mod line");
                assert!(register.contains(&format!("&{name}::")), "{folder}/{name} is not in ALL");
            }
        }
    }
}

fn rust_text(path: &Path) -> String {
    if path.is_dir() { String::new() } else { std::fs::read_to_string(path).unwrap() }
}

#[test]
fn only_the_command_line_prints() {
    for (room, path) in rooms() {
        if room == "cli" || room == "gui" {
            continue;
        }
        for file in rust_files(&path.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            for word in ["println!(", "eprintln!(", "print!("] {
                let printed = text.lines().any(|l| l.trim_start().starts_with(word));
                assert!(
                    !printed
                        || text.contains("#[cfg(test)]")
                        || file.iter().any(|part| part == "tests" || part == "tests.rs"),
                    "{} prints",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn cargo_run_knows_its_one_program() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = text.split("default-members").nth(1).and_then(|rest| rest.split(']').next()).unwrap().to_owned();
    let folders = members.split('"').skip(1).step_by(2);
    let programs = folders
        .filter(|folder| {
            let room = root().join(folder);
            room.join("src/main.rs").exists()
                || std::fs::read_to_string(room.join("Cargo.toml")).unwrap().contains("[[bin]]")
        })
        .count();
    assert_eq!(programs, 1, "the README's first command is `cargo run --release -- demo`");
}
