//! `compare`: captures against a reference, against another capture, after a repair.

use std::path::{Path, PathBuf};

use clap::Args;
use faultscope_door::capture::OpenOptions;
use faultscope_door::compare::{self, Against, Prepared};
use faultscope_door::{Class, Envelope, Error, Request, Watch, inputs, picture};

use crate::args::Captures;
use crate::context::Context;
use crate::number;
use crate::show;

/// Options of `compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// The captures; without a reference two, of which the second is held against the first.
    #[command(flatten)]
    pub captures: Captures,
    /// Reference that `reference build` made of good units.
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
    /// The unit before its repair: tells what is fixed, not fixed, changed elsewhere.
    #[arg(long, value_name = "CAPTURE")]
    pub before: Option<PathBuf>,
    /// Chance that a good unit shows any difference at all.
    #[arg(long, value_name = "P", value_parser = number::positive, default_value = "0.05")]
    pub false_alarm: f64,
    /// Where to draw reference and capture: .png .svg .csv .json; with several captures the name gets a number.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `compare`.
pub(crate) fn run(args: &CompareArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let mut files = inputs::expand(&args.captures.captures, context.stdin())?;
    let request = Request {
        open: OpenOptions::from(&args.captures.open),
        lang: context.lang()?,
        skip_digest: !context.common.json,
        ..Request::default()
    };
    let output = args.output.as_deref().map(picture::Output::of).transpose()?;
    let watch = context.watch("compare");
    let against = against(args, &mut files.files, &request, watch.as_ref())?;
    let several = files.files.len() > 1;
    let outcomes = faultscope_door::batch(&files.files, context.threads(), watch.as_ref(), |file| {
        let prepared = compare::prepare(file, None, Some(&against.reference.setup), &request, watch.as_ref())?;
        if let Some(output) = &output {
            let number = several.then(|| files.files.iter().position(|f| f == file).map_or(0, |i| i + 1));
            compare::write(output, &against, &prepared.profile, file, number, request.lang)?;
        }
        Ok(against.result(prepared, request.lang, args.before.is_some()))
    });
    drop(watch);
    if let Some(error) = outcomes.iter().filter_map(|o| o.as_ref().err()).find(|e| e.class == Class::Storage) {
        return Err(error.clone());
    }
    let envelope = Envelope::new("compare", faultscope_door::collect(&files.files, outcomes));
    if context.common.json {
        context.print_json(&envelope)?;
    } else {
        for result in &envelope.captures {
            show::result(result, several, context)?;
        }
    }
    Ok(envelope.exit_code())
}

/// What the captures are held against; without a reference the first of two leaves the list for it.
fn against(
    args: &CompareArgs,
    files: &mut Vec<PathBuf>,
    request: &Request,
    watch: &dyn Watch,
) -> Result<Against, Error> {
    let take = |file: &Path, like| -> Result<Prepared, Error> {
        compare::prepare(file, None, like, request, watch).map_err(|e| e.at(&file.display().to_string()))
    };
    match (&args.reference, &args.before) {
        (Some(reference), before) => {
            let mut against = Against::reference(compare::load(reference)?, args.false_alarm)?;
            if let Some(before) = before {
                let before = take(before, Some(&against.reference.setup))?;
                against.before = Some(against.compare(&before.profile));
            }
            Ok(against)
        }
        (None, Some(before)) => Against::capture(&take(before, None)?, args.false_alarm),
        (None, None) if files.len() == 2 => {
            let first = files.remove(0);
            Against::capture(&take(&first, None)?, args.false_alarm)
        }
        (None, None) => Err(Error::usage(
            format!("nothing says what to compare {} capture(s) with", files.len()),
            "add --reference REF.json or --before CAPTURE, or name two captures",
        )),
    }
}
