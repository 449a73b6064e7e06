//! The command line as types.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use faultscope_door::capture::{OpenOptions, SampleFormat};
use faultscope_door::diagnose::Settings;
use faultscope_door::signal::Window;

use crate::number;

/// From samples to a fault case: spectra, spurs and supply ripple of captured files, judged, explained, kept.
#[derive(Debug, Parser)]
#[command(name = "faultscope", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, nothing failed; 1 a limit failed; 2 wrong usage; 3 something could not be \
read or judged; 4 device; 5 storage; 6 integrity; 75 conflict; 130 interrupted."
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Standard output holds one JSON document and nothing else.
    #[arg(long, global = true)]
    pub json: bool,
    /// The case store: a folder (default: the user's data directory).
    #[arg(long, global = true, value_name = "PATH")]
    pub store: Option<String>,
    /// Language of words: en or zh-CN (default: the locale's).
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<String>,
    /// No messages but errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// More detail: settings, definitions, gates that are open.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Worker threads (default: all cores).
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Colours in tables.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub color: When,
}

/// When to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which captures, and what the files do not say of themselves.
#[derive(Debug, Clone, Args)]
pub struct Captures {
    /// Files, folders, quoted patterns, or - for standard input. Of a SigMF pair either file.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<String>,
    /// How to open them.
    #[command(flatten)]
    pub open: Open,
}

/// What a file does not say of itself.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Capture")]
pub struct Open {
    /// Raw samples of this format: cu8 cs8 cs16 cf32 ci32 cf64 u8 s8 s16 f32 f64.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<SampleFormat>,
    /// Sample rate.
    #[arg(long, value_name = "HZ", value_parser = number::positive, allow_hyphen_values = true)]
    pub rate: Option<f64>,
    /// Centre frequency.
    #[arg(long, value_name = "HZ", value_parser = number::parse, allow_hyphen_values = true)]
    pub center: Option<f64>,
    /// Channel, by number from 1 or by name.
    #[arg(long, value_name = "N|NAME")]
    pub channel: Option<String>,
    /// First instant to use, in seconds.
    #[arg(long, value_name = "S", value_parser = number::parse, allow_hyphen_values = true)]
    pub start: Option<f64>,
    /// Length to use, in seconds.
    #[arg(long, value_name = "S", value_parser = number::positive, allow_hyphen_values = true)]
    pub duration: Option<f64>,
    /// Probe factor the instrument did not know of: values are multiplied by it.
    #[arg(long, value_name = "X", value_parser = number::parse, allow_hyphen_values = true)]
    pub probe: Option<f64>,
    /// Volts per unit of the stored values.
    #[arg(long, value_name = "V_PER_UNIT", value_parser = number::parse, allow_hyphen_values = true)]
    pub scale: Option<f64>,
    /// Swap I and Q (mirrored spectra).
    #[arg(long)]
    pub swap_iq: bool,
}

impl From<&Open> for OpenOptions {
    fn from(open: &Open) -> Self {
        Self {
            format: open.format,
            rate_hz: open.rate,
            center_hz: open.center,
            channel: open.channel.clone(),
            start_s: open.start,
            duration_s: open.duration,
            probe: open.probe,
            scale_v: open.scale,
            swap_iq: open.swap_iq,
        }
    }
}

/// Transform settings.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Transform")]
pub struct Transform {
    /// Transform length, any number of points.
    #[arg(long, value_name = "N", value_parser = points)]
    pub fft: Option<usize>,
    /// Window: rectangular hann hamming blackman blackman-harris nuttall kaiser flat-top hft95 hft144d.
    #[arg(long, value_name = "NAME")]
    pub window: Option<Window>,
    /// Overlap of segments, 0 to below 1 (50% is 0.5).
    #[arg(long, value_name = "X", value_parser = number::parse, allow_hyphen_values = true)]
    pub overlap: Option<f64>,
}

fn points(text: &str) -> Result<usize, String> {
    const MOST: f64 = 16_777_216.0;
    match number::parse(text)? {
        n if n.fract() == 0.0 && (2.0..=MOST).contains(&n) => Ok(n as usize),
        _ => Err(format!("'{text}' is not a transform length from 2 to 16777216")),
    }
}

/// Limits to judge by.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Limit pack, by name or path; may be given more than once. Without one nothing is judged.
    #[arg(long, value_name = "PACK")]
    pub limits: Vec<String>,
}

/// Options of `spurs`.
#[derive(Debug, Clone, Args)]
pub struct SpursArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The transform.
    #[command(flatten)]
    pub transform: Transform,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Chance that noise alone shows a line anywhere in the spectrum.
    #[arg(long, value_name = "P", value_parser = number::positive, default_value = "0.01")]
    pub false_alarm: f64,
    /// Highest harmonic that counts for THD.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=200))]
    pub harmonics: u32,
    /// The wanted carrier, when it is not the strongest line.
    #[arg(long, value_name = "HZ", value_parser = number::parse, allow_hyphen_values = true)]
    pub carrier: Option<f64>,
}

impl SpursArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            fft: self.transform.fft,
            window: self.transform.window,
            overlap: self.transform.overlap,
            false_alarm: self.false_alarm,
            harmonics: self.harmonics as usize,
            carrier_hz: self.carrier,
            ..Settings::default()
        }
    }
}

/// Options of `ripple`.
#[derive(Debug, Clone, Args)]
pub struct RippleArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Nominal mains frequency, when it is known.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub mains: Option<f64>,
    /// Switching frequency, when it is known.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub switching: Option<f64>,
}

impl RippleArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings { mains_hz: self.mains, switching_hz: self.switching, ..Settings::default() }
    }
}

/// Options of `spectrum`.
#[derive(Debug, Clone, Args)]
pub struct SpectrumArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The transform.
    #[command(flatten)]
    pub transform: Transform,
    /// Where to write it: .csv, .json, .png or .svg; with several captures a folder-less stem gets a number.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Options of `info`.
#[derive(Debug, Clone, Args)]
pub struct InfoArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What a capture is: format, rate, centre, length, unit, quality gates, where each field came from.
    Info(InfoArgs),
    /// Averaged spectrum, as table, CSV, JSON, PNG or SVG.
    Spectrum(SpectrumArgs),
    /// Carrier, spurs with origin, harmonics, SFDR, THD, SNR, SINAD, ENOB, noise density.
    Spurs(SpursArgs),
    /// Supply analysis: DC, p-p, AC rms, psophometric, bands, mains, switching, spikes, drift, events.
    Ripple(RippleArgs),
}
