//! `watch`: rules on a live source, with a recording of every event.

use std::path::{Path, PathBuf};

use clap::Args;
use faultscope_door::cases::{self, Access, Measure};
use faultscope_door::live::{self, Learn, Rule, Told, WatchDocument, WatchEvent, WatchLine, WatchRequest};
use faultscope_door::{Error, Request, Unwatched};

use super::case::desk;
use super::record::{loss, rule};
use crate::context::Context;
use crate::number;

/// Options of `watch`.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// The source, as for `record`.
    pub address: String,
    /// What to watch for: above:LEVEL below:LEVEL ripple:VOLTS step:VOLTS sag:PERCENT spur:DBC new-spur:DB;
    /// may be given more than once. new-spur: a line so many dB above the highest level learnt at its frequency.
    #[arg(long, value_name = "RULE", value_parser = rule, required = true)]
    pub rule: Vec<Rule>,
    /// Folder for the recordings of events.
    #[arg(long, short, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Attach every event to this case.
    #[arg(long, value_name = "ID", requires = "output")]
    pub case: Option<String>,
    /// Seconds before an event that are kept.
    #[arg(long, value_name = "S", value_parser = number::positive, default_value = "0.5")]
    pub before: f64,
    /// Seconds after it.
    #[arg(long, value_name = "S", value_parser = number::positive, default_value = "0.5")]
    pub after: f64,
    /// Seconds that rules are judged over.
    #[arg(long, value_name = "S", value_parser = number::positive, default_value = "0.1")]
    pub window: f64,
    /// Seconds at the start from which new-spur learns what is usual; nothing is judged by it meanwhile.
    #[arg(long, value_name = "S", value_parser = number::positive, default_value = "5", conflicts_with = "baseline")]
    pub learn: f64,
    /// Learn from this capture of the same source instead.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// How long, in seconds (default: until Ctrl-C).
    #[arg(long, value_name = "S", value_parser = number::positive)]
    pub duration: Option<f64>,
    /// End after so many events.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub events: Option<u32>,
    /// Bytes of recordings that are kept at most; later events are told of, but not recorded.
    #[arg(long, value_name = "BYTES", value_parser = number::positive, default_value = "1G")]
    pub keep: f64,
    /// Seconds that a device that has gone is waited for.
    #[arg(long, value_name = "S", value_parser = number::parse, default_value = "60")]
    pub reconnect: f64,
    /// Bytes of samples that wait in memory at most.
    #[arg(long, value_name = "BYTES", value_parser = number::positive, default_value = "256M")]
    pub ring: f64,
}

/// Runs `watch`.
pub(crate) fn run(args: &WatchArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    if let Some(id) = &args.case {
        // A wrong case is told now, not when something happens in the night.
        desk(context, Access::Read)?.case(id)?;
    }
    let request = WatchRequest {
        address: args.address.clone(),
        rules: args.rule.clone(),
        folder: args.output.clone(),
        before_s: args.before,
        after_s: args.after,
        window_s: args.window,
        duration_s: args.duration,
        most_events: args.events.map(|n| n as usize),
        keep_bytes: args.keep as u64,
        reconnect_s: args.reconnect.clamp(0.0, 86_400.0),
        ring_bytes: args.ring as usize,
        threads: context.threads(),
        learn: args.baseline.clone().map_or(Learn::Seconds(args.learn), Learn::File),
    };
    let watch = context.watch("watch");
    let mut tell = |told: Told<'_>| tell(told, args, context);
    let document = live::watch(&request, watch.as_ref(), &mut tell)?;
    drop(watch);
    show(&document, context)?;
    Ok(document.exit_code())
}

fn tell(told: Told<'_>, args: &WatchArgs, context: &mut Context<'_>) -> Result<Option<String>, Error> {
    let case = match told {
        Told::Loss(notice) => {
            let line = loss(notice, context.lang()?);
            context.say(&line);
            None
        }
        Told::Event(event) => {
            let line = in_words(event);
            if context.common.json {
                context.say(&line)
            } else {
                context.print(&line)
            }
            attach(event, args, context)?
        }
    };
    if context.common.json {
        let mut line = WatchLine::from(told);
        if let Some(event) = &mut line.event {
            event.case.clone_from(&case);
        }
        context.print_json_line(&line)?;
    }
    Ok(case)
}

fn in_words(event: &WatchEvent) -> String {
    let files = event.files.last().map_or("not recorded", String::as_str);
    let place = event.frequency_hz.map_or_else(String::new, |hz| format!(" at {hz:.1} Hz"));
    let doubt = if event.verdict.name() == "invalid" { " invalid: samples were lost" } else { "" };
    format!("{} {} {:.6} {}{place} ({files}){doubt}", event.time, event.rule, event.value, event.unit)
}

/// Attaches an event to the case that was named.
fn attach(event: &WatchEvent, args: &WatchArgs, context: &mut Context<'_>) -> Result<Option<String>, Error> {
    let (Some(id), Some(meta)) = (&args.case, event.files.last()) else { return Ok(None) };
    let mut desk = desk(context, Access::Write)?;
    let request = Request { lang: context.lang()?, ..Request::default() };
    // What cannot be measured is evidence all the same.
    let (files, result) = cases::examine(Path::new(meta), Measure::Auto, &request, &Unwatched)
        .unwrap_or_else(|_| (event.files.iter().map(PathBuf::from).collect(), None));
    desk.attach(id, &files, result.as_ref(), Some(format!("watch {}", event.rule)))?;
    let steps = desk.take_durable();
    desk.close()?;
    context.acknowledge(&steps);
    Ok(Some(id.clone()))
}

fn show(document: &WatchDocument, context: &mut Context<'_>) -> Result<(), Error> {
    if context.common.json {
        context.print_json_line(document)?;
    }
    context.say(&format!(
        "{} events in {} windows, {} samples in {:.1} s ({:.3} MS/s), {} lost, from {}",
        document.events.len(),
        document.windows,
        document.samples,
        document.elapsed_s,
        document.samples as f64 / document.elapsed_s.max(1e-9) / 1e6,
        document.lost_samples,
        document.instrument,
    ));
    for rule in &document.not_judged {
        context.say(&format!("  {rule} was never judged: it was still learning (--learn)"));
    }
    for caveat in &document.caveats {
        context.say(&format!("  {}", caveat.detail));
    }
    if let Some(error) = &document.error {
        context.complain(&Error::usage(error.message.clone(), error.hint.clone()));
    }
    Ok(())
}
