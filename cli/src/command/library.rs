//! `library search | trends`: closed cases by words or likeness, and units whose readings drift towards their limits.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faultscope_door::capture::OpenOptions;
use faultscope_door::cases::{
    self, Access, HORIZON_DAYS, LibraryDocument, LibraryHit, LibrarySearch, Measure, TrendSearch, TrendsDocument,
    UnitTrend,
};
use faultscope_door::paper::table;
use faultscope_door::paper::words::{self, Lang, fill, word};
use faultscope_door::paper::{compact, plain};
use faultscope_door::trend::early::Drift;
use faultscope_door::{Error, Request, inputs};

use super::case::desk;
use crate::args::Open;
use crate::context::Context;

/// What is asked of the library.
#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// Closed cases with these words, or those that resemble captures or a case most, with the reasons.
    Search(LibrarySearchArgs),
    /// Early warnings: readings of units that drift towards their limits, over all cases and inspections.
    Trends(LibraryTrendsArgs),
}

/// Which readings are followed.
#[derive(Debug, Clone, Args)]
pub struct LibraryTrendsArgs {
    /// Of the unit with this serial number: all that is known of it.
    #[arg(long, value_name = "SERIAL")]
    pub serial: Option<String>,
    /// This reading: vpp, or ripple.vpp.
    #[arg(long, value_name = "READING")]
    pub reading: Option<String>,
    /// A limit that is reached within so many days after the last value is a warning.
    #[arg(long, value_name = "DAYS", default_value_t = HORIZON_DAYS, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub horizon: u32,
    /// Also what does not drift.
    #[arg(long)]
    pub all: bool,
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
    match command {
        LibraryCommand::Search(args) => search(args, context),
        LibraryCommand::Trends(args) => trends(args, context),
    }
}

fn search(args: &LibrarySearchArgs, context: &mut Context<'_>) -> Result<u8, Error> {
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

fn trends(args: &LibraryTrendsArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let (serial, reading) = (args.serial.clone(), args.reading.clone());
    let search = TrendSearch { serial, reading, horizon_days: args.horizon };
    let document = desk(context, Access::Read)?.trends(&search)?;
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    let style = context.style()?;
    let lang = style.lang;
    let named = |t: &&UnitTrend| args.all || args.serial.is_some() || t.outlook.drift == Drift::Drifts;
    let rows: Vec<Vec<String>> = document.unit_trends.iter().filter(named).map(|t| unit_row(t, lang)).collect();
    if rows.is_empty() {
        context.print(word(lang, "early.none"));
    } else {
        let keys = [
            "early.unit",
            "table.reading",
            "table.count",
            "table.last",
            "table.slope",
            "table.chance",
            "early.outlook",
        ];
        context.print(&table::rows(&keys, &rows, style));
    }
    let TrendsDocument { least, false_alarm, horizon_days, too_few, .. } = &document;
    let values = [least.to_string(), plain(100.0 * false_alarm, 2), horizon_days.to_string(), too_few.to_string()];
    let values: Vec<(&str, &str)> =
        ["least", "percent", "days", "few"].into_iter().zip(values.iter().map(String::as_str)).collect();
    context.say(&fill(lang, "early.how", &values));
    Ok(0)
}

fn unit_row(t: &UnitTrend, lang: Lang) -> Vec<String> {
    let of = [&t.serial, &t.tag, &t.subject].into_iter().filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>();
    let slope = t
        .outlook
        .slope_per_day
        .map_or_else(|| "-".into(), |s| format!("{}/{}", compact(s, t.unit.difference()), word(lang, "trend.day")));
    let chance = t.outlook.p.map_or_else(|| "-".into(), |p| plain(p, 2));
    let reading = words::reading(lang, &t.reading);
    vec![of.join(" "), reading, t.outlook.count.to_string(), compact(t.last, t.unit), slope, chance, t.ahead(lang)]
}

/// A warning in one line, for a case.
pub(crate) fn warning(t: &UnitTrend, lang: Lang) -> String {
    let reading = words::reading(lang, &t.reading);
    format!("{}: {} {}: {}", word(lang, "early.warning"), t.serial, reading, t.ahead(lang))
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
    let reasons: Vec<String> = hit.reasons.iter().map(|r| words::resemblance(lang, r)).collect();
    let why = if hit.score.is_some() { reasons.join("; ") } else { hit.title.clone() };
    let remedy = std::iter::once(&hit.remedy).chain(&hit.parts).filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>();
    vec![hit.case_id.clone(), alike, hit.root_cause.clone(), remedy.join("; "), why]
}
