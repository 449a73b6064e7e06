//! `check`: a plan over files, folders and patterns, with outputs for people and for other programs.

use std::path::{Path, PathBuf};

use clap::Args;
use faultscope_door::cases::{Access, CaseLinkRequest};
use faultscope_door::check::{
    CheckDocument, CheckEntry, CheckOptions, Outcome, Plan, RoleOption, attach, check, check_in_order,
};
use faultscope_door::diagnose::{Finding, Settings, Verdict};
use faultscope_door::paper::{check as paper, words, write_file};
use faultscope_door::{Class, Error, inputs, limits, report};

use super::case::desk;
use crate::context::Context;
use crate::show;

/// Options of `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Files, folders, quoted patterns, or - for standard input. Of a SigMF pair either file.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<String>,
    /// The plan, by name (base-station-visit) or path.
    #[arg(long, value_name = "PLAN")]
    pub plan: String,
    /// Role of captures: supply=FILE, or a quoted pattern; may be given more than once.
    #[arg(long, value_name = "ROLE=FILE")]
    pub role: Vec<RoleOption>,
    /// Captures at a time (default: --threads).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Go on when a name leads to no file or a result cannot be attached; both are still reported.
    #[arg(long)]
    pub keep_going: bool,
    /// Keep finished results in this file, and go on from it when the run was interrupted.
    #[arg(long, value_name = "STATE")]
    pub resume: Option<PathBuf>,
    /// Attach every result to this case.
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
    /// JSON lines instead of one document: one a capture, then what is missing, then the verdict.
    #[arg(long, help_heading = "Output")]
    pub lines: bool,
    /// Findings as CSV.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub csv: Option<PathBuf>,
    /// Findings as JUnit XML.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub junit: Option<PathBuf>,
    /// Findings as Prometheus text, for the text-file collector.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub prometheus: Option<PathBuf>,
    /// The report: .html.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// Runs `check`.
pub(crate) fn run(args: &CheckArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let plan = Plan::load(&args.plan)?;
    let packs: Vec<_> = plan.steps.iter().flat_map(|s| s.packs.clone()).collect();
    let mut old: Vec<String> = limits::out_of_date(&packs).collect();
    old.dedup();
    old.iter().for_each(|text| context.say(text));
    let desk = args.case.as_ref().map(|id| {
        let desk = desk(context, Access::Write)?;
        // An unknown case is found out before anything is measured.
        desk.case(id).map(|_| desk)
    });
    let desk = desk.transpose()?;
    let (inputs, unfound) = if args.keep_going {
        inputs::expand_all(&args.captures, context.stdin())?
    } else {
        (inputs::expand(&args.captures, context.stdin())?, Vec::new())
    };
    let threads = context.threads();
    let options = CheckOptions {
        roles: args.role.clone(),
        jobs: args.jobs.map_or(threads, usize::from),
        threads,
        lang: context.lang()?,
        resume: args.resume.clone(),
        unfound,
    };
    let watch = context.watch("check");
    let outcome = if args.lines {
        let mut printed = Ok(());
        let print = |line| {
            if printed.is_ok() {
                printed = context.print_json_line(&line);
            }
        };
        let outcome = check_in_order(&plan, &inputs.files, &options, watch.as_ref(), print)?;
        printed.map(|()| outcome)?
    } else {
        check(&plan, &inputs.files, &options, watch.as_ref())?
    };
    drop(watch);
    write_files(args, &outcome.document, context)?;
    let trouble = match desk.zip(args.case.as_deref()) {
        Some((desk, id)) => attach_all(&outcome, desk, id, args.keep_going, context)?,
        None => None,
    };
    print(args, &outcome.document, context)?;
    Ok(trouble.map_or_else(|| outcome.document.exit_code(), |e| e.class.exit_code()))
}

fn write_files(args: &CheckArgs, document: &CheckDocument, context: &Context<'_>) -> Result<(), Error> {
    let (plan, rows) = (&document.plan.id, document.rows());
    let save = |path: Option<&PathBuf>, text: &dyn Fn() -> String| {
        path.map_or(Ok(()), |path: &PathBuf| write_file(path, text().as_bytes()).map_err(Error::from))
    };
    save(args.csv.as_ref(), &|| paper::csv(&rows))?;
    save(args.junit.as_ref(), &|| paper::junit(plan, &rows))?;
    save(args.prometheus.as_ref(), &|| paper::prometheus(plan, &rows))?;
    if let Some(output) = &args.output {
        report::write_check(document, output, context.lang()?)?;
    }
    Ok(())
}

/// Attaches the results; the first thing that went wrong decides the exit code.
fn attach_all(
    outcome: &Outcome,
    mut desk: faultscope_door::cases::Desk,
    id: &str,
    keep_going: bool,
    context: &mut Context<'_>,
) -> Result<Option<Error>, Error> {
    let settings = Settings { threads: context.threads(), ..Settings::default() };
    let request = CaseLinkRequest { settings, lang: context.lang()? };
    let watch = context.watch("attach");
    let (count, errors) = attach(outcome, &mut desk, id, keep_going, &request, watch.as_ref());
    drop(watch);
    context.acknowledge(&desk.take_durable());
    desk.close()?;
    context.say(&format!("{count} results attached to {id}"));
    errors.iter().for_each(|e| context.complain(e));
    Ok(errors.into_iter().next())
}

fn print(args: &CheckArgs, document: &CheckDocument, context: &mut Context<'_>) -> Result<(), Error> {
    if args.lines {
        // Those of the captures were printed as they came.
        return document.last_lines().iter().try_for_each(|line| context.print_json_line(line));
    }
    if context.common.json {
        return context.print_json(document);
    }
    for entry in &document.captures {
        show_entry(entry, context)?;
    }
    let lang = context.lang()?;
    for missing in &document.missing {
        let verdict = words::verdict(lang, missing.verdict());
        let place = if missing.step.is_empty() { &missing.measurement } else { &missing.step };
        context.print(&format!("{verdict:<14} {place:<20} {}", words::said(lang, &missing.reason)));
    }
    let findings = document.captures.iter().flat_map(|c| &c.result.findings);
    let count = findings.chain(document.missing.iter().flat_map(|m| &m.findings)).count();
    let measured = document.captures.iter().filter(|c| c.result.error.is_none()).count();
    let (captures, count) = (measured.to_string(), count.to_string());
    let summary = words::fill(lang, "check.summary", &[("captures", &captures), ("findings", &count)]);
    let verdict = document.verdict.map_or("-", |v| words::verdict(lang, v));
    context.print(&format!("{}: {summary}: {verdict}", document.plan.id));
    Ok(())
}

/// One line a capture, and one for each finding that is not good; all of it with --verbose.
pub(crate) fn show_entry(entry: &CheckEntry, context: &mut Context<'_>) -> Result<(), Error> {
    let lang = context.lang()?;
    let file = Path::new(&entry.result.file).file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if let Some(error) = entry.result.error.as_ref().filter(|_| entry.result.quality.is_empty()) {
        context.print(&format!("{:<14} {:<20} {file}", "-", entry.step));
        context.complain(&Error::new(Class::Input, &error.kind, error.message.clone(), error.hint.clone()));
        return Ok(());
    }
    let verdict = entry.verdict.map_or("-", |v| words::verdict(lang, v));
    context.print(&format!("{verdict:<14} {:<20} {file}", entry.step));
    if context.common.verbose {
        return show::result(&entry.result, false, context);
    }
    let told = |f: &&Finding| !matches!(f.verdict, Verdict::Pass | Verdict::Margin);
    for finding in entry.result.findings.iter().filter(told) {
        context.print(&format!("    {}", finding.summary));
    }
    let cause = entry.result.findings.iter().flat_map(|f| &f.causes).next();
    if let Some(cause) = cause {
        context.print(&format!("    {}: {}", words::word(lang, "report.cause"), cause.cause));
    }
    Ok(())
}
