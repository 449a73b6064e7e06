//! `record`: a live source to SigMF.

use std::path::PathBuf;

use clap::Args;
use faultscope_door::Error;
use faultscope_door::live::{self, LossNotice, RecordDocument, RecordRequest, Rule, Until};
use faultscope_door::paper::words::{Lang, fill, find_or};

use crate::context::Context;
use crate::number;

/// Options of `record`.
#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    /// The source: rtltcp://HOST:1234?freq=2140M, tcp://HOST:5555?driver=scope, serial:///dev/ttyACM0?driver=tinysa&start=..,
    /// soapy:driver=hackrf?freq=..&rate=.., sim:MODEL.
    pub address: String,
    /// Name of the files; a sweep becomes .csv and .png.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// How long, in seconds (default: until Ctrl-C).
    #[arg(long, value_name = "S", value_parser = number::positive, conflicts_with = "size")]
    pub duration: Option<f64>,
    /// How much, in bytes of samples: 10M.
    #[arg(long, value_name = "BYTES", value_parser = number::positive)]
    pub size: Option<f64>,
    /// Begin when a sample lies above or below a level: above:LEVEL, below:LEVEL (volts; dBFS for I/Q).
    #[arg(long, value_name = "RULE", value_parser = rule, allow_hyphen_values = true)]
    pub trigger: Option<Rule>,
    /// Seconds before the trigger that are kept.
    #[arg(long, value_name = "S", value_parser = number::positive, requires = "trigger")]
    pub pre_trigger: Option<f64>,
    /// Replace files that are there.
    #[arg(long)]
    pub force: bool,
    /// Bytes of samples that wait in memory at most.
    #[arg(long, value_name = "BYTES", value_parser = number::positive, default_value = "64M")]
    pub ring: f64,
}

/// A rule as the door reads it.
pub(crate) fn rule(text: &str) -> Result<Rule, String> {
    text.parse()
}

/// Runs `record`.
pub(crate) fn run(args: &RecordArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let until = match (args.duration, args.size) {
        (Some(seconds), _) => Until::Seconds(seconds),
        (None, Some(bytes)) => Until::Bytes(bytes as u64),
        (None, None) => Until::Interrupted,
    };
    let request = RecordRequest {
        address: args.address.clone(),
        output: args.output.clone(),
        until,
        trigger: args.trigger,
        pre_trigger_s: args.pre_trigger.unwrap_or(0.0),
        overwrite: args.force,
        ring_bytes: args.ring as usize,
    };
    let lang = context.lang()?;
    let watch = context.watch("record");
    let mut tell = |notice: &LossNotice| context.say(&loss(notice, lang));
    let document = live::record(&request, watch.as_ref(), &mut tell)?;
    drop(watch);
    show(&document, context)?;
    Ok(document.exit_code())
}

/// A loss in one line: when, how much, what told of it.
pub(crate) fn loss(notice: &LossNotice, lang: Lang) -> String {
    let (least, most) = (notice.lost_samples.to_string(), notice.lost_samples_most.to_string());
    let lost = if least == most { least } else { fill(lang, "loss.range", &[("least", &least), ("most", &most)]) };
    let by: Vec<String> = notice.told_by.iter().map(|id| find_or(lang, "loss", id)).collect();
    let values = [
        ("time", format!("{:.3} s", notice.start_s)),
        ("lost", lost),
        ("gaps", notice.gaps.to_string()),
        ("by", by.join(", ")),
    ];
    fill(lang, "loss.notice", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

fn show(document: &RecordDocument, context: &mut Context<'_>) -> Result<(), Error> {
    if context.common.json {
        context.print_json(document)?;
    } else {
        document.files.iter().for_each(|file| context.print(file));
    }
    let rate =
        document.sample_rate_hz.map_or_else(String::new, |r| format!(" at {r} S/s, {:.6} s", document.duration_s));
    context.say(&format!(
        "{} samples{rate}, {} lost, from {}",
        document.samples, document.lost_samples, document.instrument
    ));
    for caveat in &document.caveats {
        context.say(&format!("  {}", caveat.detail));
    }
    if let Some(error) = &document.error {
        context.complain(&Error::usage(error.message.clone(), error.hint.clone()));
    }
    Ok(())
}
