//! `rules list | show | check`: what the diagnosis goes by, and how it fares on simulated captures.

use std::path::PathBuf;

use faultscope_door::diagnose::RuleSet;
use faultscope_door::diagnose::cause::Rule;
use faultscope_door::rules::{self, ModelTrial, Trial};
use faultscope_door::schema::{RuleSummary, RulesCheckDocument, RulesDocument};
use faultscope_door::{Error, diagnose};

use crate::args::RulesCommand;
use crate::context::Context;

/// Runs a `rules` command.
pub(crate) fn run(command: &RulesCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    match command {
        RulesCommand::List { files } => list(files, context),
        RulesCommand::Show { id, files } => show(id, files, context),
        RulesCommand::Check { file, captures, models, least_severity, seed, alone } => {
            let (models, per_model) = (models.clone(), usize::from(*captures));
            let least_severity = *least_severity;
            let trial = Trial { models, per_model, per_healthy: per_model, least_severity, seed: *seed };
            let rules = match file {
                Some(file) if *alone => rules::read(file)?,
                _ => rules::load(&file.iter().collect::<Vec<_>>())?,
            };
            check(&rules, &trial, context)
        }
    }
}

fn list(files: &[PathBuf], context: &mut Context<'_>) -> Result<u8, Error> {
    let rules = rules::load(files)?;
    if context.common.json {
        return document(&rules, rules.rules.iter(), context);
    }
    for rule in &rules.rules {
        context.print(&format!("{:<5} {:<11} {:<8} {}", rule.id, rules::kind(rule.kind), rule.measurement, rule.cause));
    }
    Ok(0)
}

fn show(id: &str, files: &[PathBuf], context: &mut Context<'_>) -> Result<u8, Error> {
    let rules = rules::load(files)?;
    let found: Vec<&Rule> = rules.rules.iter().filter(|r| r.id.eq_ignore_ascii_case(id)).collect();
    if found.is_empty() {
        return Err(Error::usage(format!("there is no rule '{id}'"), "faultscope rules list shows the rules"));
    }
    if context.common.json {
        return document(&rules, found.into_iter(), context);
    }
    for rule in found {
        let s = summary(&rules, rule);
        context.print(&format!("{} ({}): {}", s.id, s.kind, s.cause));
        let alike = s.alike.join(", ");
        let lines = [
            ("told apart by", &s.discriminator),
            ("ruled out by", &s.rules_out),
            ("next check", &s.next_check),
            ("suspect part", &s.suspect_part),
            ("not told from", &alike),
            ("what would tell", &s.tell_apart),
            ("basis", &s.basis),
            ("source", &s.source),
        ];
        for (name, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            context.print(&format!("  {name:<16} {text}"));
        }
    }
    Ok(0)
}

fn document<'a>(
    rules: &RuleSet,
    shown: impl Iterator<Item = &'a Rule>,
    context: &mut Context<'_>,
) -> Result<u8, Error> {
    let summaries = shown.map(|rule| summary(rules, rule)).collect();
    let (schema, version) = ("faultscope/1".into(), rules.version.clone());
    context.print_json(&RulesDocument { schema, version, rules: summaries })?;
    Ok(0)
}

fn summary(rules: &RuleSet, rule: &diagnose::cause::Rule) -> RuleSummary {
    let class = rules.class_of(&rule.id);
    RuleSummary {
        id: rule.id.clone(),
        kind: rules::kind(rule.kind).into(),
        measurement: rule.measurement.clone(),
        cause: rule.cause.clone(),
        discriminator: rule.discriminator.clone(),
        rules_out: rule.rules_out.clone(),
        next_check: rule.next_check.clone(),
        suspect_part: rule.suspect_part.clone(),
        basis: rule.basis.clone(),
        source: rule.source.clone(),
        alike: class.map(|c| c.members.iter().filter(|m| **m != rule.id).cloned().collect()).unwrap_or_default(),
        tell_apart: class.map(|c| c.tell_apart.clone()).unwrap_or_default(),
    }
}

fn check(rules: &RuleSet, trial: &Trial, context: &mut Context<'_>) -> Result<u8, Error> {
    let tried = rules::run(rules, trial, context.threads())?;
    let (first, in_three, healthy) = rules::shares(&tried);
    let models = rules::by_model(&tried);
    if context.common.json {
        context.print_json(&RulesCheckDocument {
            schema: "faultscope/1".into(),
            version: rules.version.clone(),
            rules: rules.rules.len(),
            first_percent: 100.0 * first,
            in_three_percent: 100.0 * in_three,
            healthy_percent: 100.0 * healthy,
            models,
        })?;
        return Ok(0);
    }
    context.print(&format!(
        "{:<24} {:<6} {:>5} {:>6} {:>6}  named first instead",
        "model", "cause", "tried", "first", "in 3"
    ));
    models.iter().for_each(|m| context.print(&row(m)));
    context.print(&format!(
        "{} rules valid; right cause first {:.1} %, in the first three {:.1} %, healthy without a cause {:.1} %",
        rules.rules.len(),
        100.0 * first,
        100.0 * in_three,
        100.0 * healthy
    ));
    Ok(0)
}

fn row(m: &ModelTrial) -> String {
    let instead: Vec<String> = m.instead.iter().map(|(name, n)| format!("{name} x{n}")).collect();
    let in_three = if m.cause.is_some() { m.in_three.to_string() } else { "-".into() };
    let cause = m.cause.as_deref().unwrap_or("none");
    format!("{:<24} {cause:<6} {:>5} {:>6} {in_three:>6}  {}", m.model, m.captures, m.first, instead.join(", "))
}
