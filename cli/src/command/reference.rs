//! `reference build`: captures of good units as one file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faultscope_door::capture::OpenOptions;
use faultscope_door::compare::{self, ReferenceDocument};
use faultscope_door::diagnose::Settings;
use faultscope_door::paper::words;
use faultscope_door::{Error, Request, inputs};

use crate::args::{Captures, Transform};
use crate::context::Context;

/// What is done with references.
#[derive(Debug, Clone, Subcommand)]
pub enum ReferenceCommand {
    /// Makes one from three or more captures of good units, or of one good unit.
    Build(ReferenceBuildArgs),
}

/// Options of `reference build`.
#[derive(Debug, Clone, Args)]
pub struct ReferenceBuildArgs {
    /// The captures: one set-up, one length.
    #[command(flatten)]
    pub captures: Captures,
    /// The transform.
    #[command(flatten)]
    pub transform: Transform,
    /// Where to write the reference, a JSON file.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Measurement that gives the readings (default: spurs of I/Q, ripple of volts).
    #[arg(long, value_name = "NAME")]
    pub measurement: Option<String>,
    /// Model of the units.
    #[arg(long, value_name = "TEXT")]
    pub unit_model: Option<String>,
    /// What to call it (default: the name of the file).
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Replace a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// `reference`.
pub(crate) fn run(command: &ReferenceCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let ReferenceCommand::Build(args) = command;
    let document = build(args, context)?;
    compare::save(&args.output, &document, args.force)?;
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    let reference = &document.reference;
    let facts = [
        ("captures", reference.captures.to_string()),
        ("bins", reference.spectrum.mean_db.len().to_string()),
        ("lines", reference.lines.len().to_string()),
        ("readings", reference.readings.len().to_string()),
    ];
    let facts: Vec<(&str, &str)> = facts.iter().map(|(k, v)| (*k, v.as_str())).collect();
    context.print(&words::fill(context.lang()?, "reference.written", &facts));
    context.print(&args.output.display().to_string());
    Ok(0)
}

fn build(args: &ReferenceBuildArgs, context: &mut Context<'_>) -> Result<ReferenceDocument, Error> {
    let inputs = inputs::expand(&args.captures.captures, context.stdin())?;
    let request = Request {
        open: OpenOptions::from(&args.captures.open),
        settings: Settings { ..args.transform.settings() },
        lang: context.lang()?,
        ..Request::default()
    };
    compare::enough(inputs.files.len())?;
    let watch = context.watch("reference");
    // The first capture chooses the transform; the others have to be like it.
    let first = inputs.files.first().map(|file| {
        let name = file.display().to_string();
        compare::prepare(file, args.measurement.as_deref(), None, &request, watch.as_ref()).map_err(|e| e.at(&name))
    });
    let Some(first) = first.transpose()? else { return Err(Error::usage("there is no capture", "")) };
    let like = first.profile.setup.clone();
    let rest = inputs.files.get(1..).unwrap_or_default();
    let outcomes = faultscope_door::batch(rest, context.threads(), watch.as_ref(), |file| {
        compare::prepare(file, None, Some(&like), &request, watch.as_ref())
    });
    drop(watch);
    let mut prepared = vec![first];
    prepared.extend(compare::all(rest, outcomes)?);
    let name = args.output.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    compare::build(&prepared, args.title.as_deref().unwrap_or(&name), args.unit_model.as_deref())
}
