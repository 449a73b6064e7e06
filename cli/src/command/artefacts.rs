//! `artefacts`: captures of one scene at different tuning and gain, and which lines the receiver made itself.

use clap::Args;
use faultscope_door::capture::OpenOptions;
use faultscope_door::diagnose::Settings;
use faultscope_door::paper::table;
use faultscope_door::{Error, Request, artefacts, inputs};

use crate::args::Captures;
use crate::context::Context;
use crate::number;

/// Options of `artefacts`.
#[derive(Debug, Clone, Args)]
pub struct ArtefactsArgs {
    /// Two or three captures; the lines of the first are called.
    #[command(flatten)]
    pub captures: Captures,
    /// Chance that noise alone shows a line anywhere in a spectrum.
    #[arg(long, value_name = "P", value_parser = number::positive, default_value = "0.01")]
    pub false_alarm: f64,
}

/// `artefacts`.
pub(crate) fn run(args: &ArtefactsArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let inputs = inputs::expand(&args.captures.captures, context.stdin())?;
    let settings = Settings { false_alarm: args.false_alarm, threads: context.threads(), ..Settings::default() };
    let (open, skip_digest) = (OpenOptions::from(&args.captures.open), !context.common.json);
    let request = Request { open, settings, packs: Vec::new(), lang: context.lang()?, skip_digest };
    let document = artefacts::artefacts(&inputs.files, &request, context.watch("artefacts").as_ref())?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        let style = context.style()?;
        context.print(&table::artefacts(&document.artefacts, style));
    }
    Ok(document.envelope.exit_code())
}
