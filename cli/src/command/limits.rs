//! `limits list | show`, `explain` and `schema`: what the program knows, on paper.

use faultscope_door::diagnose::{Limit, LimitSet, measurement};
use faultscope_door::schema::{self, ExplainDocument, LimitsDocument, PackSummary};
use faultscope_door::signal::Quantity;
use faultscope_door::{Error, limits};

use crate::args::LimitsCommand;
use crate::context::Context;

/// Runs a `limits` command.
pub(crate) fn run(command: &LimitsCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let packs = match command {
        LimitsCommand::List => LimitSet::built_in_ids().map(limits::load).collect::<Result<Vec<_>, _>>()?,
        LimitsCommand::Show { pack } => vec![limits::load(pack)?],
    };
    if context.common.json {
        let packs = packs.iter().map(summary).collect();
        context.print_json(&LimitsDocument { schema: "faultscope/1".into(), packs })?;
        return Ok(0);
    }
    for pack in &packs {
        let head = &pack.pack;
        context.print(&format!("{:<12} {:<5} {}", head.id, head.version, head.title));
        if matches!(command, LimitsCommand::Show { .. }) {
            context.print(&format!("  source: {}", head.source));
            pack.limits.iter().for_each(|limit| context.print(&line(limit)));
        }
    }
    Ok(0)
}

fn summary(pack: &LimitSet) -> PackSummary {
    let enabled = pack.limits.iter().filter(|l| l.enabled).count();
    PackSummary {
        id: pack.pack.id.clone(),
        version: pack.pack.version.clone(),
        title: pack.pack.title.clone(),
        source: pack.pack.source.clone(),
        enabled,
        disabled: pack.limits.len() - enabled,
    }
}

fn line(limit: &Limit) -> String {
    let bound = |word: &str, v: Option<f64>| v.map(|v| format!("{word} {}", Quantity::new(v, limit.unit)));
    let bounds: Vec<String> = [bound("from", limit.lower), bound("to", limit.upper)].into_iter().flatten().collect();
    let state = if limit.enabled { "" } else { "  DISABLED (uncertain)" };
    format!(
        "  {:<16} {:<20} {:<32} [{}] {}{state}",
        limit.id,
        limit.reading,
        bounds.join(" "),
        limit.confidence,
        limit.clause
    )
}

/// Runs `explain`.
pub(crate) fn explain(topic: &str, context: &mut Context<'_>) -> Result<u8, Error> {
    let id = topic.split('.').next().unwrap_or(topic);
    let plug = measurement::by_id(id).ok_or_else(|| {
        let ids: Vec<&str> = measurement::ALL.iter().map(|m| m.id()).collect();
        Error::usage(format!("there is nothing to explain about '{topic}'"), format!("topics are: {}", ids.join(", ")))
    })?;
    if context.common.json {
        let (topic, text) = (plug.id().to_owned(), plug.doc().to_owned());
        context.print_json(&ExplainDocument { schema: "faultscope/1".into(), topic, text })?;
    } else {
        context.print(plug.doc());
    }
    Ok(0)
}

/// Runs `schema`.
pub(crate) fn print_schema(context: &mut Context<'_>) -> Result<u8, Error> {
    context.print_json(&schema::document())?;
    Ok(0)
}
