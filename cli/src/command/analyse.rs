//! The commands that measure: captures in, one envelope out.

use std::path::{Path, PathBuf};

use faultscope_door::capture::OpenOptions;
use faultscope_door::diagnose::Settings;
use faultscope_door::{
    CaptureResult, Class, Envelope, Error, Request, Watch, WaterfallOutput, inputs, limits, picture, rules,
};

use crate::args::{
    Captures, ChannelArgs, EmissionsArgs, InfoArgs, Limits, ModulationArgs, RippleArgs, SpectrumArgs, SpursArgs,
    Transform, TransitionArgs, WaterfallArgs,
};
use crate::context::Context;
use crate::show;

/// `info`.
pub(crate) fn info(args: &InfoArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let request = Request {
        open: OpenOptions::from(&args.captures.open),
        skip_digest: !context.common.json && !context.common.verbose,
        ..Request::default()
    };
    over(&args.captures, "info", context, |file, watch| faultscope_door::info(file, &request, watch))
}

/// `spurs`.
pub(crate) fn spurs(args: &SpursArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let mut settings = args.settings();
    if let Some(file) = &args.baseline {
        let request = Request { open: OpenOptions::from(&args.captures.open), settings, ..Request::default() };
        let lines = faultscope_door::baseline::load(file, &request, context.watch("spurs").as_ref())?;
        settings = Settings { baseline: Some(lines), ..request.settings };
    }
    measure("spurs", &args.captures, &args.limits, settings, context)
}

/// `ripple`.
pub(crate) fn ripple(args: &RippleArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    measure("ripple", &args.captures, &args.limits, args.settings(), context)
}

/// `transition`.
pub(crate) fn transition(args: &TransitionArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    measure("transition", &args.captures, &args.limits, args.settings(), context)
}

/// `channel`.
pub(crate) fn channel(args: &ChannelArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let mask = args.mask.as_deref().map(limits::load_mask).transpose()?;
    measure("channel", &args.captures, &args.limits, args.settings(mask), context)
}

/// `emissions`.
pub(crate) fn emissions(args: &EmissionsArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    measure("emissions", &args.captures, &args.limits, args.settings(), context)
}

/// `modulation`.
pub(crate) fn modulation(args: &ModulationArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    measure("modulation", &args.captures, &args.limits, args.settings(), context)
}

fn measure(
    measurement: &'static str,
    captures: &Captures,
    limit_names: &Limits,
    settings: Settings,
    context: &mut Context<'_>,
) -> Result<u8, Error> {
    let packs: Vec<_> = limit_names.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?;
    let (open, skip_digest) = (OpenOptions::from(&captures.open), !context.common.json);
    let request = Request { open, settings, packs, lang: context.lang()?, skip_digest };
    let rules = rules::load(&limit_names.rules)?;
    over(captures, measurement, context, |file, watch| {
        faultscope_door::analyse_with(file, measurement, &request, &rules, watch)
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
    if context.common.json {
        context.print_json(&envelope)?;
    } else {
        for result in &envelope.captures {
            show::result(result, envelope.captures.len() > 1, context)?;
        }
    }
    Ok(envelope.exit_code())
}

/// `spectrum`.
pub(crate) fn spectrum(args: &SpectrumArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let request = picture_request(&args.captures, &args.transform, context)?;
    let output = args.output.as_deref().map(picture::Output::of).transpose()?;
    let options = args.options();
    one_by_one(&args.captures, "spectrum", context, |file, number, watch| {
        let (result, shown) = faultscope_door::spectrum(file, &request, &options, watch)?;
        if let Some(output) = &output {
            output.write(&shown, file, number, request.lang)?;
        }
        Ok(result)
    })
}

/// `waterfall`.
pub(crate) fn waterfall(args: &WaterfallArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let request = picture_request(&args.captures, &args.transform, context)?;
    let output = WaterfallOutput::of(&args.output)?;
    one_by_one(&args.captures, "waterfall", context, |file, number, watch| {
        let output = number.map_or_else(|| output.clone(), |n| output.numbered(n));
        faultscope_door::waterfall(file, &request, args.rows as usize, Some(&output), watch)
    })
}

/// What a command that draws a transform asks of the door.
fn picture_request(captures: &Captures, transform: &Transform, context: &Context<'_>) -> Result<Request, Error> {
    let settings = Settings { threads: context.threads(), ..transform.settings() };
    let (open, skip_digest) = (OpenOptions::from(&captures.open), !context.common.json);
    Ok(Request { open, settings, packs: Vec::new(), lang: context.lang()?, skip_digest })
}

/// One file after the other, because the work itself uses the threads; of several files each gets its number.
pub(super) fn one_by_one(
    captures: &Captures,
    command: &'static str,
    context: &mut Context<'_>,
    work: impl Fn(&Path, Option<usize>, &dyn Watch) -> Result<CaptureResult, Error>,
) -> Result<u8, Error> {
    let inputs = inputs::expand(&captures.captures, context.stdin())?;
    let watch = context.watch(command);
    let several = inputs.files.len() > 1;
    let numbered = inputs.files.iter().enumerate();
    let outcomes: Vec<_> = numbered.map(|(i, file)| work(file, several.then_some(i + 1), watch.as_ref())).collect();
    drop(watch);
    stored(&outcomes)?;
    finish(command, &inputs.files, outcomes, context)
}

/// A file that could not be written stops the command: the next one would fail as well.
fn stored(outcomes: &[Result<CaptureResult, Error>]) -> Result<(), Error> {
    let failed = outcomes.iter().filter_map(|o| o.as_ref().err()).find(|e| e.class == Class::Storage);
    failed.map_or(Ok(()), |e| Err(e.clone()))
}
