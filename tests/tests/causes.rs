//! The diagnosis against simulated captures that its rules were not written on: other seeds, severities and surroundings.
//!
//! Rules were tuned on seeds of their own; these draw from other ones. `cargo test --release -p faultscope-tests --test
//! causes -- --ignored --nocapture` gives the whole figure, 25 captures of every fault model and 45 of every healthy one.

use faultscope_door::rules::{self, Trial, by_model, shares};

/// Numbers that nothing was tuned on.
const EVALUATION: u64 = 0x5EED_2026;

fn table(tried: &[rules::Tried]) -> String {
    let rows = by_model(tried).into_iter().map(|m| {
        let instead: Vec<String> = m.instead.iter().map(|(name, n)| format!("{name} x{n}")).collect();
        let cause = m.cause.clone().unwrap_or_else(|| "none".into());
        format!("| {} | {cause} | {} | {} | {} | {} |", m.model, m.captures, m.first, m.in_three, instead.join(", "))
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn tried(per_model: usize, per_healthy: usize, seed: u64) -> Vec<rules::Tried> {
    let trial = Trial { per_model, per_healthy, least_severity: 0.45, seed };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let built_in = rules::load(&[] as &[&str]);
    built_in.and_then(|rules| rules::run(&rules, &trial, threads)).unwrap_or_else(|e| panic!("{}", e.message))
}

/// A small part of the figure, with bounds that its own spread allows for.
#[test]
fn simulated_faults_are_named_and_healthy_units_are_not_blamed() {
    let tried = tried(1, 2, EVALUATION + 1);
    let (first, three, healthy) = shares(&tried);
    let faults = by_model(&tried).iter().filter(|m| m.cause.is_some()).count();
    assert!(faults >= 40, "{faults} fault models");
    assert!(first >= 0.85 && three >= 0.93 && healthy >= 0.9, "{first} {three} {healthy}\n{}", table(&tried));
}

#[test]
fn a_trial_does_not_depend_on_the_number_of_threads() {
    let trial = Trial { per_model: 1, per_healthy: 0, least_severity: 0.9, seed: 3 };
    let none = faultscope_diagnose::RuleSet { version: "0".into(), classes: vec![], rules: vec![] };
    // Without rules nothing is named, whatever is simulated.
    let one = rules::run(&none, &trial, 1).unwrap();
    let two = rules::run(&none, &trial, 2).unwrap();
    assert_eq!(one, two);
    assert!(one.iter().all(|t| t.named.is_empty() && t.place.is_none()));
}

/// The figure: 25 captures of every fault model, more than 300 healthy ones.
#[test]
#[ignore = "minutes: the figure of the diagnosis; see crates/diagnose/rules/README.md"]
fn the_figure_of_the_diagnosis() {
    let tried = tried(25, 45, EVALUATION);
    let (first, three, healthy) = shares(&tried);
    println!(
        "| model | cause | captures | first | in three | named first instead |\n|---|---|---|---|---|---|\n{}",
        table(&tried)
    );
    let count = |faulty: bool| tried.iter().filter(|t| t.cause.is_some() == faulty).count();
    println!(
        "{} faults, {} healthy: first {first:.4}, in three {three:.4}, healthy {healthy:.4}",
        count(true),
        count(false)
    );
    assert!(count(true) >= 1000 && count(false) >= 300);
    assert!(first >= 0.90 && three >= 0.98 && healthy >= 0.99, "{first} {three} {healthy}");
}
