//! `trend`: the readings of several captures over time.

use clap::Args;
use faultscope_door::capture::OpenOptions;
use faultscope_door::diagnose::{Settings, measurement};
use faultscope_door::paper::words::{self, Lang};
use faultscope_door::paper::{compact, plain};
use faultscope_door::trend::{Approach, Crossing, ReadingTrend, Step, TimeBase, TrendDocument};
use faultscope_door::{CaptureResult, Error, Request, inputs, limits};

use crate::args::{Captures, Limits};
use crate::context::Context;

/// Width from which on all columns go side by side.
const ONE_TABLE: u16 = 140;

/// Options of `trend`.
#[derive(Debug, Clone, Args)]
pub struct TrendArgs {
    /// ripple, spurs, transition, channel, modulation or phase-noise.
    #[arg(value_name = "MEASUREMENT")]
    pub measurement: String,
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
}

/// `trend`.
pub(crate) fn run(args: &TrendArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    if measurement::by_id(&args.measurement).is_none() {
        let ids: Vec<&str> = measurement::ALL.iter().map(|m| m.id()).collect();
        let message = format!("there is no measurement '{}' to follow", args.measurement);
        return Err(Error::usage(message, format!("choose one of {}", ids.join(", "))));
    }
    let packs = args.limits.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?;
    let (open, skip_digest) = (OpenOptions::from(&args.captures.open), !context.common.json);
    let request = Request { open, settings: Settings::default(), packs, lang: context.lang()?, skip_digest };
    let inputs = inputs::expand(&args.captures.captures, context.stdin())?;
    let watch = context.watch("trend");
    let outcomes = faultscope_door::batch(&inputs.files, context.threads(), watch.as_ref(), |file| {
        faultscope_door::trend::measure(file, &args.measurement, &request, watch.as_ref())
    });
    drop(watch);
    let measured = inputs.files.iter().zip(outcomes).map(|(file, outcome)| {
        outcome.unwrap_or_else(|e| (CaptureResult::failed(&file.display().to_string(), e), None))
    });
    let document = faultscope_door::trend::trend(&args.measurement, measured.collect(), &request)?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        show(&document, context)?;
    }
    Ok(document.envelope.exit_code())
}

fn show(document: &TrendDocument, context: &mut Context<'_>) -> Result<(), Error> {
    let style = context.style()?;
    let lang = style.lang;
    for result in &document.envelope.captures {
        if let Some(error) = &result.error {
            context.complain(&Error::usage(error.message.clone(), error.hint.clone()));
        }
    }
    let trend = &document.trend;
    let ordered = if trend.ordered_by == TimeBase::StartTime { "trend.by_time" } else { "trend.by_order" };
    context.print(&words::fill(lang, ordered, &[("count", &trend.start_times.len().to_string())]));
    let keys = [
        "table.reading",
        "table.count",
        "table.first",
        "table.last",
        "table.min",
        "table.max",
        "table.median",
        "table.slope",
        "table.chance",
        "table.outliers",
        "table.limit",
    ];
    let rows: Vec<Vec<String>> = trend.readings.iter().map(|r| row(r, trend.step, lang)).collect();
    // Eleven columns would break words on a narrow terminal: values first, then what they do.
    let all: Vec<usize> = (0..keys.len()).collect();
    let narrow: [&[usize]; 2] = [&[0, 1, 2, 3, 4, 5, 6], &[0, 7, 8, 9, 10]];
    let tables: &[&[usize]] = if style.width < ONE_TABLE { &narrow } else { &[&all] };
    for (i, columns) in tables.iter().enumerate() {
        if i > 0 {
            context.print("");
        }
        let keys: Vec<&str> = columns.iter().filter_map(|c| keys.get(*c).copied()).collect();
        let cells = |row: &Vec<String>| columns.iter().filter_map(|c| row.get(*c).cloned()).collect();
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        context.print(&faultscope_door::paper::table::rows(&keys, &rows, style));
    }
    Ok(())
}

fn row(r: &ReadingTrend, step: Step, lang: Lang) -> Vec<String> {
    let value = |v: f64| compact(v, r.unit);
    let per = words::word(
        lang,
        match step {
            Step::Day => "trend.day",
            Step::Hour => "trend.hour",
            Step::Capture => "trend.capture",
        },
    );
    let slope = r.slope.map_or_else(|| "-".into(), |s| format!("{}/{per}", compact(s, r.unit.difference())));
    let chance = r.p.map_or_else(|| "-".into(), |p| plain(p, 2));
    let ahead: Vec<String> = r.crossings.iter().map(|c| crossing(c, r, per, lang)).collect();
    let numbers = [r.first, r.last, r.min, r.max, r.median].map(value);
    let name = match r.id.split_once('@') {
        Some((id, place)) => format!("{} {place}", words::reading(lang, id)),
        None => words::reading(lang, &r.id),
    };
    let mut out = vec![name, r.count.to_string()];
    out.extend(numbers);
    out.extend([slope, if r.significant { format!("{chance} *") } else { chance }, r.outliers.len().to_string()]);
    out.push(ahead.join("; "));
    out
}

/// `<= 200 mV: after 3 day (2.1 .. 4.4)`.
fn crossing(c: &Crossing, r: &ReadingTrend, per: &str, lang: Lang) -> String {
    let bound = format!("{} {}", if c.upper { "<=" } else { ">=" }, compact(c.bound, r.unit));
    match (c.state, c.after) {
        (Approach::Crossed, _) => format!("{bound}: {}", words::word(lang, "trend.crossed")),
        (Approach::Approaching, Some(after)) => {
            let part = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| plain(v, 3));
            let span = format!("{} .. {}", part(c.after_least), part(c.after_most));
            let time = c.time.as_deref().map(|t| format!(", {t}")).unwrap_or_default();
            let words = [("time", plain(after, 3)), ("step", per.to_owned()), ("span", span)];
            let words: Vec<(&str, &str)> = words.iter().map(|(k, v)| (*k, v.as_str())).collect();
            format!("{bound}: {}{time}", words::fill(lang, "trend.after", &words))
        }
        _ => format!("{bound}: {}", words::word(lang, "trend.steady")),
    }
}
