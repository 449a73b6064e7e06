//! The command line as types: what every command takes here, the options of each family beside it.

mod capture;
mod case;
mod measure;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use crate::command::compare::CompareArgs;
pub use crate::command::phase_noise::PhaseNoiseArgs;
pub use crate::command::reference::ReferenceCommand;
pub use crate::command::trend::TrendArgs;
pub use capture::{Captures, Limits, Open, Transform};
pub use case::{CaseAttachArgs, CaseCloseArgs, CaseCommand, CaseListArgs, CaseOpenArgs};
pub use measure::{
    ChannelArgs, InfoArgs, ModulationArgs, Neighbour, RippleArgs, SpectrumArgs, SpursArgs, TransitionArgs,
    WaterfallArgs,
};

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
    /// Print `ack ID` on a line of its own once a step that changes the store is durable.
    #[arg(long, global = true)]
    pub ack: bool,
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

/// What is done with limit packs.
#[derive(Debug, Subcommand)]
pub enum LimitsCommand {
    /// Lists the packs that ship with the program.
    List,
    /// Shows the limits of a pack, disabled ones too.
    Show {
        /// Name or path.
        pack: String,
    },
}

/// Options of `simulate`.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Fault model, with settings behind a question mark: reservoir-c-lost?seed=7&severity=0.5. Without one: the list.
    #[arg(value_name = "MODEL")]
    pub model: Option<String>,
    /// Name of the files without extension (default: the model's).
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the captures of the worked example into this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["model", "output"])]
    pub samples: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(long)]
    pub force: bool,
}

/// Options of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The case.
    pub id: String,
    /// Where to write it: .html.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// Options of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Folder for the store and the report (default: a new folder under the temporary directory).
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Folder with the sample captures (default: samples/ of the source tree, else they are simulated anew).
    #[arg(long, value_name = "FOLDER")]
    pub samples: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What a capture is: format, rate, centre, length, unit, quality gates, where each field came from.
    Info(InfoArgs),
    /// Averaged, max-hold, min-hold or percentile spectrum, as table, CSV, JSON, PNG or SVG.
    Spectrum(SpectrumArgs),
    /// Spectrogram picture: levels over time and frequency, of a file of any length.
    Waterfall(WaterfallArgs),
    /// Carrier, spurs with origin, harmonics, SFDR, THD, SNR, SINAD, ENOB, noise density.
    Spurs(SpursArgs),
    /// Supply analysis: DC, p-p, AC rms, psophometric, bands, mains, switching, spikes, drift, events.
    Ripple(RippleArgs),
    /// Rise and fall times, overshoot, settling, pulses, load-step droop and recovery, ringing.
    Transition(TransitionArgs),
    /// Channel power, occupied bandwidth, ACLR, emission mask, CCDF / crest factor.
    Channel(ChannelArgs),
    /// AM depth, FM/PM deviation, rate, carrier frequency error, residual AM/FM; vector error of PSK and QAM.
    Modulation(ModulationArgs),
    /// Phase noise of a carrier over its offset, discrete lines, integrated phase and jitter, residual FM and AM.
    PhaseNoise(PhaseNoiseArgs),
    /// Readings of several captures of one thing over time: slope, significance, outliers, when a limit is reached.
    Trend(TrendArgs),
    /// Captures of good units as a reference: build.
    #[command(subcommand)]
    Reference(ReferenceCommand),
    /// Captures against a reference of good units, one capture against another, before and after a repair.
    Compare(CompareArgs),
    /// Writes a capture as SigMF, WAV or CSV, with what was found in it as annotations.
    Convert(crate::command::convert::ConvertArgs),
    /// Writes captures of known faults, with their truth.
    Simulate(SimulateArgs),
    /// Fault cases: open, list, show, attach, note, close, reopen, verify.
    #[command(subcommand)]
    Case(CaseCommand),
    /// Writes the report of a case: one self-contained file.
    Report(ReportArgs),
    /// Limit packs: list, show.
    #[command(subcommand)]
    Limits(LimitsCommand),
    /// Prints what a measurement means: what it measures, what it can mean, how to confirm, reference.
    Explain {
        /// spurs, ripple, transition, channel, modulation or phase-noise.
        topic: String,
    },
    /// Plays the worked example from start to end.
    Demo(DemoArgs),
    /// What is connected, also what cannot be opened, and the drivers there are.
    Devices,
    /// A live source to SigMF; whatever ends it leaves a valid recording that says so.
    Record(crate::command::record::RecordArgs),
    /// Rules on a live source; records what came before and after each event.
    Watch(crate::command::watch::WatchArgs),
    /// What this machine can do, and how to mend what is missing.
    Doctor,
    /// Prints the JSON Schema of every output.
    Schema,
}
