//! `round ...`: inspection rounds: what is due, what was found at a point, and the case that a failure raises.

mod due;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faultscope_door::cases::{self, Access, CaseLinkRequest, Desk, InspectRequest};
use faultscope_door::check::{CheckOptions, RoleOption};
use faultscope_door::diagnose::{Settings, Verdict};
use faultscope_door::paper::table;
use faultscope_door::paper::words::{self, Lang, fill, word};
use faultscope_door::rounds::{
    self, InspectionSummary, Interval, Point, Round, RoundLine, RoundPoint, RoundSummary, RoundVerifyDocument,
};
use faultscope_door::{Class, Error, inputs, limits};

use super::case::desk;
use crate::args::time;
use crate::command::check::show_entry;
use crate::command::verify::told;
use crate::context::Context;

/// What is done with inspection rounds.
#[derive(Debug, Subcommand)]
pub enum RoundCommand {
    /// The plans in use.
    List(RoundPlans),
    /// A plan with its points and what to do there: one in use by its id, one that ships, or a .toml file.
    Show {
        /// The plan.
        plan: String,
    },
    /// Checks a plan, and the check plans, measurements and limits that its points name.
    Check {
        /// The plan.
        plan: String,
    },
    /// The points, the next to fall due first; nothing is written.
    Due(RoundDueArgs),
    /// The points that are overdue: their day has come and their grace has passed.
    Overdue(RoundDueArgs),
    /// Measures a point as its plan says and writes down what was found, with its evidence.
    Record(RoundRecordArgs),
    /// A case for the last inspection of a point that failed and has none.
    Raise(RoundRaiseArgs),
    /// What was found at a point, the latest first.
    History {
        /// Tag of the point.
        point: String,
        /// The plans.
        #[command(flatten)]
        plans: RoundPlans,
        /// At most so many.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Proves what was recorded: chain, columns, every stored file.
    Verify {
        /// Ids of plans; all without.
        plans: Vec<String>,
        /// Print `have ID` for every event that is there and unchanged.
        #[arg(long)]
        list: bool,
    },
}

/// The plans that count.
#[derive(Debug, Clone, Args)]
pub struct RoundPlans {
    /// A plan, by path or the name of one that ships; may be given more than once. Without it those in the folder `rounds` of the
    /// store.
    #[arg(long, value_name = "PLAN")]
    pub plan: Vec<String>,
}

/// Which points, and when.
#[derive(Debug, Clone, Args)]
pub struct RoundDueArgs {
    /// The plans.
    #[command(flatten)]
    pub plans: RoundPlans,
    /// The time that is meant by now, RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<String>,
    /// Only those that are due within this time: 30d, 2 weeks, 3 months.
    #[arg(long, value_name = "INTERVAL")]
    pub within: Option<Interval>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// What is recorded at a point.
#[derive(Debug, Clone, Args)]
pub struct RoundRecordArgs {
    /// Tag of the point.
    pub point: String,
    /// Files, folders, quoted patterns, or - for standard input. Of a SigMF pair either file.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<String>,
    /// The plans.
    #[command(flatten)]
    pub plans: RoundPlans,
    /// Role of captures in the point's check plan: supply=FILE, or a quoted pattern; may be given more than once.
    #[arg(long, value_name = "ROLE=FILE")]
    pub role: Vec<RoleOption>,
    /// A photo or another file that is kept beside; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// In words.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    /// When it was done, RFC 3339, where that was not now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<String>,
    /// Where it fails: `new` for a case (or the one of an earlier failure here that is not closed), else the id of a case.
    #[arg(long, value_name = "new|ID")]
    pub case: Option<String>,
    /// The same as --case new.
    #[arg(long, conflicts_with = "case")]
    pub raise: bool,
}

/// Which failure gets a case.
#[derive(Debug, Clone, Args)]
pub struct RoundRaiseArgs {
    /// Tag of the point.
    pub point: String,
    /// The plans.
    #[command(flatten)]
    pub plans: RoundPlans,
    /// A case that is there; without it a new one, or the one of an earlier failure here that is not closed.
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
}

/// Runs a `round` command.
pub(crate) fn run(command: &RoundCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    match command {
        RoundCommand::List(plans) => list(plans, context),
        RoundCommand::Show { plan } => show(plan, context),
        RoundCommand::Check { plan } => check(plan, context),
        RoundCommand::Due(args) => due::list(args, false, context),
        RoundCommand::Overdue(args) => due::list(args, true, context),
        RoundCommand::Record(args) => record(args, context),
        RoundCommand::Raise(args) => raise(args, context),
        RoundCommand::History { point, plans, limit } => history(point, plans, *limit, context),
        RoundCommand::Verify { plans, list } => verify(plans, *list, context),
    }
}

/// The plans that the options name, else those of the store.
fn in_use(plans: &RoundPlans, context: &Context<'_>) -> Result<Vec<Round>, Error> {
    let store = cases::store_dir(super::case::place(context).as_deref());
    match store {
        Ok(store) => rounds::in_use(&plans.plan, &store),
        // Where no store can be, plans can still be named.
        Err(_) if !plans.plan.is_empty() => rounds::in_use(&plans.plan, std::path::Path::new("")),
        Err(e) => Err(e),
    }
}

fn list(plans: &RoundPlans, context: &mut Context<'_>) -> Result<u8, Error> {
    let (rounds, style) = (in_use(plans, context)?, context.style()?);
    let all: Vec<RoundSummary> = rounds.iter().map(|r| RoundSummary::new(r, style.lang)).collect();
    if context.common.json {
        all.into_iter().try_for_each(|plan| context.print_json_line(&RoundLine::plan(plan)))?;
        return Ok(0);
    }
    if all.is_empty() {
        let e = rounds::no_plan();
        context.say(&format!("{}: {}", e.message, e.hint));
        return Ok(0);
    }
    let keys = ["table.id", "round.version", "round.title", "round.points", "round.start"];
    let rows = all.iter().map(|p| {
        vec![p.id.clone(), p.version.clone(), p.title.clone(), p.count.to_string(), format!("{} {}", p.start, p.zone)]
    });
    context.print(&table::rows(&keys, &rows.collect::<Vec<_>>(), style));
    Ok(0)
}

/// The plan of a name: a path, one in use, or one that ships.
fn named(name: &str, context: &Context<'_>) -> Result<Round, Error> {
    let known = in_use(&RoundPlans { plan: Vec::new() }, context).unwrap_or_default();
    match known.into_iter().find(|r| r.plan.round.id == name) {
        Some(round) => Ok(round),
        None => rounds::load(name),
    }
}

fn show(name: &str, context: &mut Context<'_>) -> Result<u8, Error> {
    let (round, style) = (named(name, context)?, context.style()?);
    let lang = style.lang;
    let summary = RoundSummary::new(&round, lang);
    let points: Vec<RoundPoint> = round.plan.points.iter().map(|p| RoundPoint::new(&round, p, None, lang)).collect();
    if context.common.json {
        context.print_json_line(&RoundLine::plan(summary))?;
        points.into_iter().try_for_each(|point| context.print_json_line(&RoundLine::point(point)))?;
        return Ok(0);
    }
    let RoundSummary { id, version, title, start, zone, source, .. } = summary;
    context.print(&format!("{id} {version}: {title} ({start} {zone}; {source})"));
    let keys = ["round.point", "round.title", "round.site", "round.interval", "round.what"];
    let rows = points.iter().map(|p| {
        let point = &p.point;
        let what = point.check.clone().unwrap_or_else(|| {
            format!("{}: {}", point.measurement.as_deref().unwrap_or_default(), point.limits.join(", "))
        });
        vec![point.tag.clone(), point.title.clone(), place_of(point), length_of(point.interval, lang), what]
    });
    context.print(&table::rows(&keys, &rows.collect::<Vec<_>>(), style));
    for p in points.iter().filter(|p| !p.point.instructions.is_empty()) {
        context.print(&format!("{}: {}", p.point.tag, p.point.instructions));
    }
    Ok(0)
}

/// An interval in words of a language.
fn length_of(interval: Interval, lang: Lang) -> String {
    let (key, count) = match interval {
        Interval::Days(days) => ("round.days", days),
        Interval::Months(months) => ("round.months", months),
    };
    match lang {
        // English counts one day and two days.
        Lang::En => interval.to_string(),
        Lang::ZhCn => fill(lang, key, &[("count", &count.to_string())]),
    }
}

/// Site, equipment, model and serial, as far as they are known.
fn place_of(point: &Point) -> String {
    let words = [&point.site, &point.equipment, &point.model, &point.serial];
    words.into_iter().filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

fn check(name: &str, context: &mut Context<'_>) -> Result<u8, Error> {
    let (round, lang) = (named(name, context)?, context.lang()?);
    round.check()?;
    if context.common.json {
        context.print_json_line(&RoundLine::plan(RoundSummary::new(&round, lang)))?;
    } else {
        let count = round.plan.points.len().to_string();
        context.print(&fill(lang, "round.valid", &[("plan", &round.source), ("count", &count)]));
    }
    Ok(0)
}

fn record(args: &RoundRecordArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let (rounds, lang) = (in_use(&args.plans, context)?, context.lang()?);
    let (round, point) = rounds::find(&rounds, &args.point)?;
    let packs: Vec<_> = round.check_plan(point)?.steps.iter().flat_map(|s| s.packs.clone()).collect();
    limits::out_of_date(&packs).for_each(|text| context.say(&text));
    let mut desk = desk(context, Access::Create)?;
    let case = args.case.as_deref().filter(|id| *id != "new");
    if let Some(id) = case {
        // An unknown case is found out before anything is measured.
        desk.case(id)?;
    }
    let threads = context.threads();
    let options = CheckOptions { roles: args.role.clone(), jobs: threads, threads, lang, ..CheckOptions::default() };
    let inputs = inputs::expand(&args.captures, context.stdin())?;
    let request = InspectRequest {
        captures: inputs.files.clone(),
        options,
        files: args.file.clone(),
        done_at: args.at.clone(),
        note: args.note.clone(),
    };
    let watch = context.watch("round");
    let inspected = desk.inspect(round, point, &request, watch.as_ref());
    drop(watch);
    context.acknowledge(&desk.take_durable());
    let inspected = inspected?;
    let Some(mut inspection) = inspected.inspection else {
        desk.close()?;
        for error in inspected.document.captures.iter().filter_map(|c| c.result.error.as_ref()) {
            context.complain(&Error::new(Class::Input, &error.kind, error.message.clone(), error.hint.clone()));
        }
        let hint = "give captures that can be measured; the point stays as due as it was";
        let code = inspected.document.exit_code();
        let class = if code == 2 { Class::Usage } else { Class::Input };
        return Err(Error::new(class, "not_measured", word(lang, "round.not_recorded"), hint));
    };
    let wants_case = args.raise || args.case.is_some();
    let mut trouble = None;
    if inspection.verdict == Verdict::Fail && wants_case {
        match raise_of(&mut desk, &inspection, case, context) {
            Ok(id) => inspection.case_id = Some(id),
            // The inspection is written down whatever becomes of the case.
            Err(e) => trouble = Some(e),
        }
    }
    desk.close()?;
    if !context.common.json {
        for entry in &inspected.document.captures {
            show_entry(entry, context)?;
        }
    }
    tell(&inspection, context)?;
    if let Some(e) = &trouble {
        context.complain(e);
    }
    Ok(trouble.map_or_else(|| inspection.exit_code(), |e| e.class.exit_code()))
}

fn raise_of(
    desk: &mut Desk,
    inspection: &InspectionSummary,
    case: Option<&str>,
    context: &mut Context<'_>,
) -> Result<String, Error> {
    let settings = Settings { threads: context.threads(), ..Settings::default() };
    let request = CaseLinkRequest { settings, lang: context.lang()? };
    let watch = context.watch("raise");
    let raised = desk.raise(&inspection.plan.id, &inspection.id, case, &request, watch.as_ref());
    drop(watch);
    context.acknowledge(&desk.take_durable());
    Ok(raised?.id)
}

/// What was written down, in words or as a line of JSON.
fn tell(inspection: &InspectionSummary, context: &mut Context<'_>) -> Result<(), Error> {
    if context.common.json {
        return context.print_json_line(&RoundLine::inspection(inspection.clone()));
    }
    let lang = context.lang()?;
    for missing in &inspection.missing {
        let verdict = words::verdict(lang, Verdict::NotEvaluated);
        context.print(&format!("{verdict:<14} {:<20} {}", missing.step, words::said(lang, &missing.reason)));
    }
    let InspectionSummary { id, tag, verdict, case_id, .. } = inspection;
    let values = [("point", tag.as_str()), ("verdict", words::verdict(lang, *verdict)), ("id", id)];
    context.print(&fill(lang, "round.recorded", &values));
    match (case_id, verdict) {
        (Some(case), _) => context.print(&fill(lang, "round.case_raised", &[("case", case)])),
        (None, Verdict::Fail) => context.say(&fill(lang, "round.offer", &[("point", tag)])),
        (None, Verdict::Invalid | Verdict::NotEvaluated) => {
            context.say(&fill(lang, "round.still_due", &[("point", tag)]));
        }
        _ => {}
    }
    Ok(())
}

fn raise(args: &RoundRaiseArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let rounds = in_use(&args.plans, context)?;
    let (round, point) = rounds::find(&rounds, &args.point)?;
    let mut desk = desk(context, Access::Write)?;
    let all = desk.inspections(&round.plan.round.id, &point.tag, None)?;
    let failed = all.into_iter().find(|i| i.verdict == Verdict::Fail && i.case_id.is_none());
    let Some(mut inspection) = failed else {
        let message = format!("no inspection of {} failed that has no case yet", point.tag);
        return Err(Error::usage(message, format!("faultscope round history {} shows what was found", point.tag)));
    };
    inspection.case_id = Some(raise_of(&mut desk, &inspection, args.case.as_deref(), context)?);
    desk.close()?;
    tell(&inspection, context)?;
    Ok(0)
}

fn history(tag: &str, plans: &RoundPlans, limit: Option<u32>, context: &mut Context<'_>) -> Result<u8, Error> {
    let (rounds, style) = (in_use(plans, context)?, context.style()?);
    let lang = style.lang;
    let (round, point) = rounds::find(&rounds, tag)?;
    let all = match due::desk_if_any(context)? {
        Some(desk) => desk.inspections(&round.plan.round.id, &point.tag, limit)?,
        None => Vec::new(),
    };
    if context.common.json {
        all.into_iter().try_for_each(|one| context.print_json_line(&RoundLine::inspection(one)))?;
        return Ok(0);
    }
    if all.is_empty() {
        context.print(&fill(lang, "round.none_done", &[("point", &point.tag)]));
        return Ok(0);
    }
    let keys = ["round.last", "table.verdict", "round.found", "round.who", "round.case"];
    let rows = all.iter().map(|i| {
        let findings = i.measured.iter().flat_map(|m| &m.findings);
        let told = findings.filter(|f| !matches!(f.verdict, Verdict::Pass | Verdict::Margin));
        let found: Vec<&str> =
            told.map(|f| f.summary.as_str()).chain([i.note.as_str()]).filter(|t| !t.is_empty()).collect();
        let verdict = words::verdict(lang, i.verdict).to_owned();
        vec![i.done_at.clone(), verdict, found.join("\n"), i.actor.clone(), i.case_id.clone().unwrap_or_default()]
    });
    context.print(&table::rows(&keys, &rows.collect::<Vec<_>>(), style));
    Ok(0)
}

fn verify(plans: &[String], list: bool, context: &mut Context<'_>) -> Result<u8, Error> {
    let verified = desk(context, Access::Read)?.verify_rounds(plans)?;
    let (intact, lang) = (verified.iter().all(cases::Verification::is_intact), context.lang()?);
    if context.common.json {
        let (schema, command) = ("faultscope/1".into(), "round".into());
        context.print_json(&RoundVerifyDocument { schema, command, verified })?;
    } else {
        for one in &verified {
            if list {
                one.have.iter().for_each(|step| context.print(&format!("have {step}")));
            }
            told(&one.case_id, one, lang).iter().for_each(|line| context.print(line));
        }
    }
    Ok(if intact { 0 } else { Class::Integrity.exit_code() })
}
