//! `case list | stats | overdue | sla`: cases by their clocks, and the service profiles that the clocks come from.

use faultscope_door::Error;
use faultscope_door::cases::{
    Access, CaseListDocument, ClockFigures, Filter, Profile, SlaClock, SlaDocument, StatsDocument, sla_profile,
};
use faultscope_door::paper::table::{self, Style};
use faultscope_door::paper::words::{self, Lang, fill, find_or, word};
use faultscope_door::paper::{length, plain};

use crate::args::{CaseListArgs, SlaCommand};
use crate::command::case::desk;
use crate::context::Context;
use crate::show;

/// The service profile that an option or the environment names, else the one that ships.
pub(crate) fn profile(file: Option<&str>, context: &Context<'_>) -> Result<Profile, Error> {
    sla_profile(file.or_else(|| context.env("FAULTSCOPE_SLA")))
}

/// `case list`.
pub(crate) fn list(args: &CaseListArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let filter = Filter {
        status: args.status.clone(),
        // Who asks for a status means it.
        unclosed: !args.all && args.status.is_empty(),
        priority: args.priority,
        assignee: args.assignee.clone(),
        overdue: args.overdue,
        text: args.text.clone(),
        limit: args.limit,
    };
    let cases = desk(context, Access::Read)?.list(&filter, args.sort)?;
    if context.common.json {
        context.print_json(&CaseListDocument { schema: "faultscope/1".into(), cases })?;
    } else {
        let text = show::case_list(&cases, context)?;
        context.print(&text);
    }
    Ok(0)
}

/// `case overdue`: looking writes nothing.
pub(crate) fn overdue(escalate: bool, limit: Option<u32>, context: &mut Context<'_>) -> Result<u8, Error> {
    let mut desk = desk(context, if escalate { Access::Write } else { Access::Read })?;
    let document = desk.overdue(escalate, limit);
    // What was written before something went wrong is durable all the same.
    context.acknowledge(&desk.take_durable());
    let document = document?;
    desk.close()?;
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    let text = table::overdue(&show::json(&document.overdue)?, context.style()?);
    context.print(&text);
    if escalate {
        context.say(&format!("{} reports written down", document.escalated.len()));
    }
    Ok(0)
}

/// `case stats`.
pub(crate) fn stats(context: &mut Context<'_>) -> Result<u8, Error> {
    let stats = desk(context, Access::Read)?.stats()?;
    if context.common.json {
        context.print_json(&stats)?;
        return Ok(0);
    }
    let style = context.style()?;
    let lang = style.lang;
    let name = |by: &str, name: &str| if by == "status" { words::status(lang, name) } else { name.to_owned() };
    let rows = stats.groups.iter().flat_map(|g| {
        let by = find_or(lang, "stats", &g.by);
        g.counts.iter().map(move |c| vec![by.clone(), name(&g.by, &c.name), c.count.to_string()])
    });
    context.print(&table::rows(&["stats.by", "table.name", "table.count"], &rows.collect::<Vec<_>>(), style));
    print_clocks(&stats, style, context);
    if let Some(asked) = &stats.satisfaction {
        let (mean, count) = (plain(asked.mean, 2), asked.count.to_string());
        context.print(&fill(lang, "stats.satisfaction", &[("mean", &mean), ("count", &count)]));
    }
    if !stats.repeats.is_empty() {
        let repeats = stats.repeats.iter().map(|r| vec![r.serial.clone(), r.cases.join(", ")]);
        context.print(&table::rows(&["stats.again", "stats.cases"], &repeats.collect::<Vec<_>>(), style));
    }
    Ok(0)
}

fn print_clocks(stats: &StatsDocument, style: Style, context: &mut Context<'_>) {
    let lang = style.lang;
    let figures = |c: &ClockFigures| {
        let number = |n: Option<f64>| n.map_or_else(|| "-".to_owned(), |n| plain(n, 3));
        let counts = [c.met, c.late, c.running].map(|n| n.to_string());
        let more = [number(c.share_percent), number(c.median_s.map(|s| s / 3600.0))];
        std::iter::once(words::clock(lang, &c.clock)).chain(counts).chain(more).collect::<Vec<String>>()
    };
    let keys = ["stats.clock", "stats.met", "stats.late", "stats.running", "stats.share", "stats.median"];
    context.print(&table::rows(&keys, &stats.clocks.iter().map(figures).collect::<Vec<_>>(), style));
    let parts = stats.clocks_by.iter().map(|group| {
        let of = vec![find_or(lang, "stats", &group.by), group.name.clone()];
        [of, figures(&group.figures)].concat()
    });
    let parts: Vec<Vec<String>> = parts.collect();
    if !parts.is_empty() {
        let keys: Vec<&str> = ["stats.by", "table.name"].into_iter().chain(keys).collect();
        context.print(&table::rows(&keys, &parts, style));
    }
}

/// `case sla show | check`.
pub(crate) fn sla(command: &SlaCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let (file, whole) = match command {
        SlaCommand::Show { file } => (file.as_deref(), true),
        SlaCommand::Check { file } => (Some(file.as_str()), false),
    };
    let document = SlaDocument::new(&profile(file, context)?);
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    let style = context.style()?;
    let SlaDocument { profile, version, sla_clocks, .. } = &document;
    let count = sla_clocks.len().to_string();
    let values = [("profile", profile.as_str()), ("version", version), ("count", &count)];
    context.print(&fill(style.lang, "sla.valid", &values));
    if whole {
        show_sla(&document, style, context);
    }
    for remark in &document.remarks {
        let key = format!("remark.{}", remark.kind.name());
        context.print(&format!("- {}", fill(style.lang, &key, &[("what", &remark.what)])));
    }
    Ok(0)
}

fn show_sla(document: &SlaDocument, style: Style, context: &mut Context<'_>) {
    let lang = style.lang;
    let milestone = |name: &str| find_or(lang, "milestone", name);
    let row = |clock: &SlaClock| {
        let term = &clock.term;
        let met_by: Vec<String> = term.met_by.iter().map(|m| milestone(m.name())).collect();
        vec![
            clock.priority.name().to_owned(),
            words::clock(lang, &term.name),
            within(clock, lang),
            term.calendar.clone().unwrap_or_else(|| word(lang, "sla.always").to_owned()),
            milestone(term.from.name()),
            met_by.join(", "),
        ]
    };
    let keys = ["report.priority", "stats.clock", "sla.within", "sla.calendar", "sla.from", "sla.met_by"];
    context.print(&table::rows(&keys, &document.sla_clocks.iter().map(row).collect::<Vec<_>>(), style));
    for (name, calendar) in &document.calendars {
        context.print(&format!("{name}: {}", calendar.zone));
        for (key, hours) in [("sla.days", &calendar.hours), ("sla.date", &calendar.holidays)] {
            let rows: Vec<Vec<String>> = hours.iter().map(|(day, hours)| vec![day.clone(), hours.clone()]).collect();
            if !rows.is_empty() {
                context.print(&table::rows(&[key, "sla.hours"], &rows, style));
            }
        }
    }
    let pauses = document.pauses.iter().map(|(reason, clocks)| {
        let clocks: Vec<String> = clocks.iter().map(|name| words::clock(lang, name)).collect();
        vec![reason.clone(), find_or(lang, "pause", reason), clocks.join(", ")]
    });
    context.print(&table::rows(&["sla.reason", "sla.note", "report.clocks"], &pauses.collect::<Vec<_>>(), style));
    let steps = document.escalation.iter().map(|step| {
        let after = length(i64::try_from(step.after_s).unwrap_or(i64::MAX), lang);
        vec![find_or(lang, "level", step.level.name()), after]
    });
    context.print(&table::rows(&["sla.level", "sla.after"], &steps.collect::<Vec<_>>(), style));
}

fn within(clock: &SlaClock, lang: Lang) -> String {
    match clock.term.working_days {
        Some(days) => fill(lang, "clocks.working_days", &[("days", &days.to_string())]),
        None => length(i64::try_from(clock.term.within_s).unwrap_or(i64::MAX), lang),
    }
}
