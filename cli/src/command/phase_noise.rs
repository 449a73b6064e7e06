//! `phase-noise`: a carrier's phase noise, as tables, JSON, and a picture or table in a file.

use std::path::PathBuf;

use clap::Args;
use faultscope_door::capture::OpenOptions;
use faultscope_door::diagnose::Settings;
use faultscope_door::diagnose::measurement::PhaseNoiseSettings;
use faultscope_door::{Error, Request, limits, phase_noise, picture};

use super::analyse::one_by_one;
use crate::args::{Captures, Carrier, Limits};
use crate::context::Context;
use crate::number;

/// Options of `phase-noise`.
#[derive(Debug, Clone, Args)]
pub struct PhaseNoiseArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
    /// Lowest offset that phase and jitter are integrated from (default: the lowest covered).
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub from: Option<f64>,
    /// Highest offset that they are integrated to (default: the highest covered).
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub to: Option<f64>,
    /// Chance that noise alone shows a line.
    #[arg(long, value_name = "P", value_parser = number::positive, default_value = "0.01")]
    pub false_alarm: f64,
    /// Where to write the trace: .csv, .json, .png or .svg; with several captures the name gets a number.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl PhaseNoiseArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let phase_noise = PhaseNoiseSettings { from_hz: self.from, to_hz: self.to };
        Settings {
            carrier_hz: self.carrier.hz,
            false_alarm: self.false_alarm,
            phase_noise: Some(phase_noise),
            ..Settings::default()
        }
    }
}

/// `phase-noise`.
pub(crate) fn run(args: &PhaseNoiseArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let packs = args.limits.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?;
    let settings = Settings { threads: context.threads(), ..args.settings() };
    let (open, skip_digest) = (OpenOptions::from(&args.captures.open), !context.common.json);
    let request = Request { open, settings, packs, lang: context.lang()?, skip_digest };
    let output = args.output.as_deref().map(picture::Output::of).transpose()?;
    one_by_one(&args.captures, "phase-noise", context, |file, number, watch| {
        let result = faultscope_door::analyse(file, "phase-noise", &request, watch)?;
        if let Some((output, detail)) = output.as_ref().zip(result.phase_noise.as_ref()) {
            phase_noise::write(output, detail, file, number, request.lang)?;
        }
        Ok(result)
    })
}
