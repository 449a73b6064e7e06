//! `info`, `spectrum`, `spurs`, `ripple`: captures in, one envelope out.

use std::path::{Path, PathBuf};

use faultscope_door::capture::OpenOptions;
use faultscope_door::diagnose::Settings;
use faultscope_door::{CaptureResult, Envelope, Error, Request, Watch, inputs, limits};

use crate::args::{Captures, InfoArgs, Limits, RippleArgs, SpectrumArgs, SpursArgs};
use crate::context::Context;

/// `info`.
pub(crate) fn info(args: &InfoArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let open = OpenOptions::from(&args.captures.open);
    over(&args.captures, "info", context, |file, watch| faultscope_door::info(file, &open, watch))
}

/// `spurs`.
pub(crate) fn spurs(args: &SpursArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    measure("spurs", &args.captures, &args.limits, args.settings(), context)
}

/// `ripple`.
pub(crate) fn ripple(args: &RippleArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    measure("ripple", &args.captures, &args.limits, args.settings(), context)
}

fn measure(
    measurement: &'static str,
    captures: &Captures,
    limit_names: &Limits,
    settings: Settings,
    context: &mut Context<'_>,
) -> Result<u8, Error> {
    let packs = limit_names.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?;
    let request = Request { open: OpenOptions::from(&captures.open), settings, packs };
    over(captures, measurement, context, |file, watch| {
        faultscope_door::analyse::analyse(file, measurement, &request, watch)
    })
}

fn over(
    captures: &Captures,
    command: &'static str,
    context: &mut Context<'_>,
    work: impl Fn(&Path, &dyn Watch) -> Result<CaptureResult, Error> + Sync,
) -> Result<u8, Error> {
    let inputs = inputs::expand(&captures.captures, context.stdin())?;
    let watch = context.watch(command);
    let outcomes =
        faultscope_door::batch(&inputs.files, context.threads(), watch.as_ref(), |file| work(file, watch.as_ref()));
    drop(watch);
    finish(command, &inputs.files, outcomes, context)
}

fn finish(
    command: &str,
    files: &[PathBuf],
    outcomes: Vec<Result<CaptureResult, Error>>,
    context: &mut Context<'_>,
) -> Result<u8, Error> {
    let envelope = Envelope::new(command, faultscope_door::collect(files, outcomes));
    context.print_json(&envelope)?;
    Ok(envelope.exit_code())
}

/// `spectrum`.
pub(crate) fn spectrum(args: &SpectrumArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let settings = Settings {
        fft: args.transform.fft,
        window: args.transform.window,
        overlap: args.transform.overlap,
        ..Settings::default()
    };
    let request = Request { open: OpenOptions::from(&args.captures.open), settings, packs: Vec::new() };
    over(&args.captures, "spectrum", context, |file, watch| {
        faultscope_door::spectrum(file, &request, watch).map(|(result, _)| result)
    })
}
