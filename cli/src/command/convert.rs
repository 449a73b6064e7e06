//! `convert`: a capture as SigMF, WAV or CSV.

use std::path::PathBuf;

use clap::Args;
use faultscope_door::capture::OpenOptions;
use faultscope_door::capture::sigmf::Datatype;
use faultscope_door::convert::{Conversion, convert};
use faultscope_door::diagnose::Settings;
use faultscope_door::{Error, Request, inputs, limits};

use super::simulate::wrote;
use crate::args::{Limits, Open};
use crate::context::Context;

/// Options of `convert`.
#[derive(Debug, Clone, Args)]
pub struct ConvertArgs {
    /// The capture: a file, or - for standard input. Of a SigMF pair either file.
    #[arg(value_name = "CAPTURE")]
    pub capture: String,
    /// How to open it.
    #[command(flatten)]
    pub open: Open,
    /// Where to write it: .sigmf-meta (a pair), .sigmf (an archive), .wav or .csv.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Sample type: cf32_le ci16_le ci8 cu8 for I/Q, rf32_le for waveforms (default: float).
    #[arg(long, value_name = "TYPE")]
    pub datatype: Option<Datatype>,
    /// Measure it, and write lines and findings as SigMF annotations: spurs, ripple, channel, modulation, transition.
    #[arg(long, value_name = "MEASUREMENT")]
    pub annotate: Option<String>,
    /// The limits of --annotate.
    #[command(flatten)]
    pub limits: Limits,
    /// Replace files that are there.
    #[arg(long)]
    pub force: bool,
}

/// Runs `convert`.
pub(crate) fn run(args: &ConvertArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let mut to = Conversion::to(&args.output)?;
    (to.datatype, to.annotate, to.overwrite) = (args.datatype, args.annotate.clone(), args.force);
    if to.annotate.is_none() && !args.limits.limits.is_empty() {
        return Err(Error::usage("limits judge a measurement, and none was asked for", "add --annotate spurs"));
    }
    let packs = args.limits.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?;
    let (open, settings) = (OpenOptions::from(&args.open), Settings::default());
    let request = Request { open, settings, packs, lang: context.lang()?, skip_digest: true };
    let inputs = inputs::expand(std::slice::from_ref(&args.capture), context.stdin())?;
    let [file] = inputs.files.as_slice() else {
        let message = format!("'{}' names {} captures", args.capture, inputs.files.len());
        return Err(Error::usage(message, "convert one at a time"));
    };
    let watch = context.watch("convert");
    let files = convert(file, &request, &to, watch.as_ref());
    drop(watch);
    wrote("convert", files.map_err(|e| e.at(&file.display().to_string()))?, context)
}
