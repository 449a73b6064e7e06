//! `rules list | show | check`: what the diagnosis goes by, and how it fares on simulated captures.

use std::path::PathBuf;

use faultscope_door::Error;
use faultscope_door::diagnose::RuleSet;
use faultscope_door::diagnose::cause::Rule;
use faultscope_door::paper::words::{Lang, word};
use faultscope_door::rules::{self, ModelTrial, Trial};
use faultscope_door::schema::{RuleSummary, RulesCheckDocument, RulesDocument};

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
    let (rules, lang) = (rules::load(files)?, context.lang()?);
    if context.common.json {
        return document(&rules, rules.rules.iter(), context);
    }
    for rule in &rules.rules {
        let cause = rule.words(lang.tag()).cause;
        context.print(&format!("{:<5} {:<11} {:<10} {cause}", rule.id, rules::kind(rule.kind), rule.measurement));
    }
    Ok(0)
}

fn show(id: &str, files: &[PathBuf], context: &mut Context<'_>) -> Result<u8, Error> {
    let (rules, lang) = (rules::load(files)?, context.lang()?);
    let found: Vec<&Rule> = rules.rules.iter().filter(|r| r.id.eq_ignore_ascii_case(id)).collect();
    if found.is_empty() {
        return Err(Error::usage(format!("there is no rule '{id}'"), "faultscope rules list shows the rules"));
    }
    if context.common.json {
        return document(&rules, found.into_iter(), context);
    }
    for rule in found {
        let s = summary(&rules, rule, lang);
        context.print(&format!("{} ({}): {}", s.id, s.kind, s.cause));
        let alike = s.alike.join(", ");
        let lines = [
            ("explain.discriminator", &s.discriminator),
            ("explain.rules_out", &s.rules_out),
            ("explain.next_check", &s.next_check),
            ("explain.suspect_part", &s.suspect_part),
            ("explain.alike", &alike),
            ("explain.tell_apart", &s.tell_apart),
            ("explain.basis", &s.basis),
            ("explain.reference", &s.source),
        ];
        for (key, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            context.print(&format!("  {}: {text}", word(lang, key)));
        }
    }
    Ok(0)
}

fn document<'a>(
    rules: &RuleSet,
    shown: impl Iterator<Item = &'a Rule>,
    context: &mut Context<'_>,
) -> Result<u8, Error> {
    let lang = context.lang()?;
    let summaries = shown.map(|rule| summary(rules, rule, lang)).collect();
    let (schema, version, language) = ("faultscope/1".into(), rules.version.clone(), lang.tag().into());
    context.print_json(&RulesDocument { schema, version, language, rules: summaries })?;
    Ok(0)
}

fn summary(rules: &RuleSet, rule: &Rule, lang: Lang) -> RuleSummary {
    let (class, words) = (rules.class_of(&rule.id), rule.words(lang.tag()));
    RuleSummary {
        id: rule.id.clone(),
        kind: rules::kind(rule.kind).into(),
        measurement: rule.measurement.clone(),
        cause: words.cause,
        discriminator: words.discriminator,
        rules_out: words.rules_out,
        next_check: words.next_check,
        suspect_part: words.suspect_part,
        basis: rule.basis.clone(),
        source: rule.source.clone(),
        alike: class.map(|c| c.members.iter().filter(|m| **m != rule.id).cloned().collect()).unwrap_or_default(),
        tell_apart: class.map(|c| c.words(lang.tag()).tell_apart).unwrap_or_default(),
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
