//! `library search`: closed cases by words, or by how much they resemble captures or an open case.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faultscope_door::capture::OpenOptions;
use faultscope_door::cases::{self, Access, LibraryDocument, LibraryHit, LibrarySearch, Measure};
use faultscope_door::diagnose::signature::Reason;
use faultscope_door::paper::compact;
use faultscope_door::paper::table;
use faultscope_door::paper::words::{self, Lang, fill, word};
use faultscope_door::{Error, Request, inputs};

use super::case::desk;
use crate::args::Open;
use crate::context::Context;

/// What is asked of the library.
#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// Closed cases with these words, or those that resemble captures or a case most, with the reasons.
    Search(LibrarySearchArgs),
}

/// What to look for.
#[derive(Debug, Clone, Args)]
pub struct LibrarySearchArgs {
    /// Words that must all be in a case: title, customer, site, equipment, symptom, cause, remedy, parts, notes.
    #[arg(long, value_name = "WORDS", required_unless_present_any = ["capture", "case"])]
    pub text: Option<String>,
    /// A capture of the unit at fault; may be given more than once (supply and transmitter).
    #[arg(long, value_name = "FILE")]
    pub capture: Vec<PathBuf>,
    /// A case whose captures and check lists to go by.
    #[arg(long, value_name = "ID", conflicts_with = "capture")]
    pub case: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// How captures are opened.
    #[command(flatten)]
    pub open: Open,
}

/// Runs a command on the library.
pub(crate) fn run(command: &LibraryCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let LibraryCommand::Search(args) = command;
    // Only what the library lacks is written, so that a store that is there is enough.
    let mut desk = desk(context, Access::Write)?;
    let (signature, resembles) = match &args.case {
        Some(id) => (Some(desk.signature(id)?), vec![desk.case(id)?.id]),
        None if args.capture.is_empty() => (None, Vec::new()),
        None => {
            let results = measured(args, context)?;
            let files = results.iter().map(|r| r.file.clone()).collect();
            (Some(cases::signature_of(&results)?), files)
        }
    };
    if signature.as_ref().is_some_and(faultscope_door::diagnose::signature::Signature::is_empty) {
        let what = if args.case.is_some() { "the case holds nothing" } else { "the captures show nothing" };
        return Err(Error::usage(
            format!("{what} to compare by"),
            "give captures that can be measured, or --text WORDS",
        ));
    }
    let search = LibrarySearch {
        text: args.text.clone().unwrap_or_default(),
        signature,
        limit: Some(args.limit as usize),
        not: args.case.clone(),
    };
    let (searched, hits) = desk.search_library(&search)?;
    desk.close()?;
    if context.common.json {
        let (schema, command) = ("faultscope/1".into(), "library".into());
        context.print_json(&LibraryDocument { schema, command, text: search.text, resembles, searched, hits })?;
        return Ok(0);
    }
    let style = context.style()?;
    if hits.is_empty() {
        context.print(word(style.lang, "library.none"));
        return Ok(0);
    }
    let keys = ["table.id", "library.alike", "report.root_cause", "library.remedy", "library.why"];
    let rows: Vec<Vec<String>> = hits.iter().map(|hit| row(hit, style.lang)).collect();
    context.print(&table::rows(&keys, &rows, style));
    Ok(0)
}

fn measured(args: &LibrarySearchArgs, context: &mut Context<'_>) -> Result<Vec<faultscope_door::CaptureResult>, Error> {
    let request =
        Request { open: OpenOptions::from(&args.open), lang: context.lang()?, skip_digest: true, ..Request::default() };
    let names: Vec<String> = args.capture.iter().map(|p| p.display().to_string()).collect();
    let inputs = inputs::expand(&names, context.stdin())?;
    let mut results = Vec::new();
    for file in &inputs.files {
        let watch = context.watch("library");
        results.extend(cases::examine(file, Measure::Auto, &request, watch.as_ref())?.1);
    }
    Ok(results)
}

fn row(hit: &LibraryHit, lang: Lang) -> Vec<String> {
    let alike = hit.score.map_or_else(String::new, |score| format!("{:.0} %", 100.0 * score));
    let reasons: Vec<String> = hit.reasons.iter().map(|r| reason(r, lang)).collect();
    let why = if hit.score.is_some() { reasons.join("; ") } else { hit.title.clone() };
    let remedy = std::iter::once(&hit.remedy).chain(&hit.parts).filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>();
    vec![hit.case_id.clone(), alike, hit.root_cause.clone(), remedy.join("; "), why]
}

fn reason(reason: &Reason, lang: Lang) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let (key, name, here, there) = match reason {
        Reason::Cause { rule, here, there } => ("library.cause", rule.clone(), percent(*here), percent(*there)),
        Reason::Lines { origin, here, there } => {
            let level = |v: f64| compact(v, faultscope_door::signal::Unit::Dbc);
            ("library.lines", words::origin(lang, *origin).to_owned(), level(*here), level(*there))
        }
        Reason::Figure { figure, here, there, unit } => {
            let id = figure.split_once('.').map_or(figure.as_str(), |(_, id)| id);
            ("library.figure", words::reading(lang, id), compact(*here, *unit), compact(*there, *unit))
        }
    };
    fill(lang, key, &[("name", &name), ("here", &here), ("there", &there)])
}
