//! `limits list | show | check | diff` and `schema`: what the program knows, on paper.

use faultscope_door::diagnose::limit::{Segment, diff as diff_packs};
use faultscope_door::diagnose::{Limit, LimitSet};
use faultscope_door::schema::{
    self, LimitsDiffDocument, LimitsDocument, LimitsFaultsDocument, PackFault, PackFaults, PackSummary,
};
use faultscope_door::signal::{Quantity, Unit};
use faultscope_door::{Error, limits};

use crate::args::LimitsCommand;
use crate::context::Context;

/// Runs a `limits` command.
pub(crate) fn run(command: &LimitsCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let packs = match command {
        LimitsCommand::Check { packs } => return check(packs, context),
        LimitsCommand::Diff { before, after } => return diff(before, after, context),
        LimitsCommand::List => LimitSet::built_in_ids().map(limits::load).collect::<Result<Vec<_>, _>>()?,
        LimitsCommand::Show { pack } => vec![limits::load(pack)?],
    };
    let whole = matches!(command, LimitsCommand::Show { .. });
    if context.common.json {
        let packs = packs.iter().map(|p| summary(p, whole)).collect();
        context.print_json(&LimitsDocument { schema: "faultscope/1".into(), packs })?;
        return Ok(0);
    }
    for pack in &packs {
        let head = &pack.pack;
        context.print(&format!("{:<16} {:<5} {}", head.id, head.version, head.title));
        if whole {
            show(pack, context);
        }
        // A pack that has ended must not look like one that holds.
        limits::out_of_date(std::slice::from_ref(pack)).for_each(|text| context.print(&format!("  {text}")));
    }
    Ok(0)
}

fn show(pack: &LimitSet, context: &mut Context<'_>) {
    let head = &pack.pack;
    let until = head.valid_until.as_ref().map_or_else(String::new, |d| format!(" until {d}"));
    let validity = format!("from {}{until}", head.valid_from);
    let fields = [
        ("source", &head.source),
        ("region", &head.region),
        ("equipment", &head.equipment),
        ("author", &head.author),
        ("validity", &validity),
        ("confidence", &head.confidence),
    ];
    for (name, value) in fields.iter().filter(|(_, v)| !v.is_empty()) {
        context.print(&format!("  {name}: {value}"));
    }
    for limit in &pack.limits {
        context.print(&line(limit));
        limit.segments.iter().for_each(|s| context.print(&segment(s, limit)));
        if let Some(other) = limit.alternative() {
            context.print(&format!("    or {:<15} {:<20} {}", "", other.reading, bounds(&other)));
        }
        if !limit.note.is_empty() {
            context.print(&format!("    {}", limit.note));
        }
    }
}

/// `9 kHz .. 150 kHz  -36 dBm in 1 kHz`.
fn segment(s: &Segment, limit: &Limit) -> String {
    let hertz = |v: f64| Quantity::new(v, Unit::Hertz);
    let level = |v: f64| Quantity::new(v, limit.unit);
    let slope = if s.start_db == s.stop_db { String::new() } else { format!(" .. {}", level(s.stop_db)) };
    let (from, to) = (hertz(s.from_hz), hertz(s.to_hz));
    format!("    {from} .. {to}: {}{slope} in {}", level(s.start_db), hertz(s.bandwidth_hz))
}

/// Runs `limits check`: every fault with its line; wrong configuration when there is one.
fn check(names: &[String], context: &mut Context<'_>) -> Result<u8, Error> {
    let mut checked = Vec::new();
    for name in names {
        let faults = limits::faults(name)?;
        let old = if faults.is_empty() { limits::out_of_date(&[limits::load(name)?]).next() } else { None };
        let faults = faults.into_iter().map(|f| PackFault { line: f.line, message: f.what, hint: f.hint });
        checked.push(PackFaults { pack: name.clone(), faults: faults.collect(), out_of_date: old });
    }
    let code = if checked.iter().all(|c| c.faults.is_empty()) { 0 } else { 2 };
    if context.common.json {
        context.print_json(&LimitsFaultsDocument { schema: "faultscope/1".into(), checked })?;
        return Ok(code);
    }
    for pack in &checked {
        for fault in &pack.faults {
            let line = fault.line.map_or_else(String::new, |n| format!("{n}:"));
            context.print(&format!("{}:{line} {}\n  {}", pack.pack, fault.message, fault.hint));
        }
        if pack.faults.is_empty() {
            context.print(&format!("{}: {}", pack.pack, pack.out_of_date.as_deref().unwrap_or("ok")));
        }
    }
    Ok(code)
}

/// Runs `limits diff`.
fn diff(before: &str, after: &str, context: &mut Context<'_>) -> Result<u8, Error> {
    let (old, new) = (limits::load(before)?, limits::load(after)?);
    let changes = diff_packs(&old, &new);
    if context.common.json {
        let name = |p: &LimitSet| format!("{}@{}", p.pack.id, p.pack.version);
        let (before, after) = (name(&old), name(&new));
        context.print_json(&LimitsDiffDocument { schema: "faultscope/1".into(), before, after, changes })?;
        return Ok(0);
    }
    for change in &changes {
        match (change.before.is_null(), change.after.is_null()) {
            (true, false) if change.field.is_empty() => context.print(&format!("+ {}", change.what)),
            (false, true) if change.field.is_empty() => context.print(&format!("- {}", change.what)),
            _ => context.print(&format!("  {} {}: {} -> {}", change.what, change.field, change.before, change.after)),
        }
    }
    Ok(0)
}

fn summary(pack: &LimitSet, whole: bool) -> PackSummary {
    let enabled = pack.limits.iter().filter(|l| l.enabled).count();
    PackSummary {
        id: pack.pack.id.clone(),
        version: pack.pack.version.clone(),
        title: pack.pack.title.clone(),
        source: pack.pack.source.clone(),
        enabled,
        disabled: pack.limits.len() - enabled,
        region: pack.pack.region.clone(),
        equipment: pack.pack.equipment.clone(),
        author: pack.pack.author.clone(),
        valid_from: pack.pack.valid_from.clone(),
        valid_until: pack.pack.valid_until.clone(),
        out_of_date: limits::out_of_date(std::slice::from_ref(pack)).next(),
        confidence: pack.pack.confidence.clone(),
        limits: if whole { pack.limits.clone() } else { Vec::new() },
    }
}

fn bounds(limit: &Limit) -> String {
    let bound = |word: &str, v: Option<f64>| v.map(|v| format!("{word} {}", Quantity::new(v, limit.unit)));
    let bounds: Vec<String> = [bound("from", limit.lower), bound("to", limit.upper)].into_iter().flatten().collect();
    if limit.segments.is_empty() { bounds.join(" ") } else { "a line".to_owned() }
}

fn line(limit: &Limit) -> String {
    let state = if limit.enabled {
        ""
    } else if limit.confidence == "U" {
        "  DISABLED (uncertain)"
    } else {
        "  DISABLED"
    };
    format!(
        "  {:<16} {:<20} {:<32} [{}] {}{state}",
        limit.id,
        limit.reading,
        bounds(limit),
        limit.confidence,
        limit.clause
    )
}

/// Runs `schema`.
pub(crate) fn print_schema(context: &mut Context<'_>) -> Result<u8, Error> {
    context.print_json(&schema::document())?;
    Ok(0)
}
