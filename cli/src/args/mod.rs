//! The command line as types: what every command takes here, the options of each family beside it.

mod capture;
mod case;
mod measure;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use faultscope_door::report::{Audience, Secret};

pub use crate::command::check::CheckArgs;
pub use crate::command::compare::CompareArgs;
pub use crate::command::phase_noise::PhaseNoiseArgs;
pub use crate::command::reference::ReferenceCommand;
pub use crate::command::trend::TrendArgs;
pub use capture::{Captures, Carrier, Limits, Open, SupplyLines, Transform};
pub(crate) use case::time;
pub use case::{
    CaseAttachArgs, CaseChecklistArgs, CaseCloseArgs, CaseCommand, CaseKeyCommand, CaseLinkArgs, CaseListArgs,
    CaseOpenArgs, CaseSignArgs, CaseVerifyArgs, SlaCommand,
};
pub use measure::{
    ChannelArgs, EmissionsArgs, InfoArgs, ModulationArgs, Neighbour, RippleArgs, SpectrumArgs, SpursArgs,
    TransitionArgs, WaterfallArgs,
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
    /// The case store: a folder (default: the user's data directory), or a team's: postgres://...
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
    /// Says everything that is wrong with pack files, with the line.
    Check {
        /// Names or paths.
        #[arg(required = true)]
        packs: Vec<String>,
    },
    /// Says what changed from one pack to another.
    Diff {
        /// Name or path of the old pack.
        before: String,
        /// Name or path of the new pack.
        after: String,
    },
}

/// What is done with diagnosis rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Lists the rules that ship with the program, and those of files.
    List {
        /// Rule files to add.
        files: Vec<PathBuf>,
    },
    /// Shows one rule: cause, what tells it apart, what rules it out, what to check next.
    Show {
        /// Id: R01, S18.
        id: String,
        /// Rule files to add.
        files: Vec<PathBuf>,
    },
    /// Checks a rule file, and tries the rules on simulated captures: which model triggers which cause.
    Check {
        /// Rule file; without one: the rules that ship with the program.
        file: Option<PathBuf>,
        /// Captures of each model.
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=1000))]
        captures: u16,
        /// Try only this model; may be given more than once.
        #[arg(long = "model", value_name = "MODEL")]
        models: Vec<String>,
        /// Least severity that is simulated; the highest is 1.
        #[arg(long, value_name = "S", default_value_t = 0.45, value_parser = share)]
        least_severity: f64,
        /// Start of the random numbers.
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Try the file's rules alone, without those that ship with the program.
        #[arg(long)]
        alone: bool,
    },
}

/// A number from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let value = crate::number::parse(text)?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(format!("{text} is not between 0 and 1")) }
}

/// What is done with check lists.
#[derive(Debug, Subcommand)]
pub enum ChecklistCommand {
    /// Lists the check lists that ship with the program, and those of files.
    List {
        /// Check-list files to add.
        files: Vec<String>,
    },
    /// Shows the items of a check list.
    Show {
        /// Name or path.
        list: String,
    },
    /// Says what is wrong with check lists, and which items no shipped rule looks at.
    Check {
        /// Names or paths.
        #[arg(required = true)]
        lists: Vec<String>,
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
    /// Lists the models with domain, cause and what severity means (as without a model).
    #[arg(long, conflicts_with_all = ["model", "output", "samples"])]
    pub list: bool,
    /// Replace files that are there.
    #[arg(long)]
    pub force: bool,
}

/// Options of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The case, or the JSON document of a check run (a path that ends in .json).
    #[arg(value_name = "CASE|RUN.json")]
    pub id: String,
    /// Where to write it: .html, or .pdf where the program was built with the feature `pdf`.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// engineer (everything), or customer (one page: what failed, what was done, the proof, times and parts).
    #[arg(long = "for", value_name = "WHOM", default_value = "engineer", value_parser = audience)]
    pub audience: Audience,
    /// Replace these by placeholders wherever they stand: names, serials, site.
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub redact: Vec<Secret>,
    /// Replace this text too; may be given more than once.
    #[arg(long = "redact-text", value_name = "TEXT")]
    pub redact_text: Vec<String>,
    /// Diagnosis rules of your own for the causes of the case, added to those that ship with the program.
    #[arg(long = "rules", value_name = "FILE")]
    pub rules: Vec<PathBuf>,
}

fn audience(text: &str) -> Result<Audience, String> {
    match text {
        "engineer" => Ok(Audience::Engineer),
        "customer" => Ok(Audience::Customer),
        other => Err(format!("a report for '{other}' is not known; choose from engineer customer")),
    }
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
    /// Levels over frequency against the limit lines of packs: spurious emissions, of samples and of exported spectra.
    Emissions(EmissionsArgs),
    /// A check plan over captures, in parallel: JSON, CSV, JUnit XML, Prometheus text, report.
    Check(CheckArgs),
    /// AM depth, FM/PM deviation, rate, carrier frequency error, residual AM/FM; vector error of PSK and QAM.
    Modulation(ModulationArgs),
    /// Phase noise of a carrier over its offset, discrete lines, integrated phase and jitter, residual FM and AM.
    PhaseNoise(PhaseNoiseArgs),
    /// Readings of several captures of one thing over time: slope, significance, outliers, when a limit is reached.
    Trend(TrendArgs),
    /// Supply capture beside RF capture: which sidebands sit at carrier +- ripple lines, and by what chance.
    Link(crate::command::link::LinkArgs),
    /// Captures of one scene at different tuning and gain: which lines are real, which the receiver made itself.
    Artefacts(crate::command::artefacts::ArtefactsArgs),
    /// What a fault code of the equipment means, from tables that you bring along.
    Codes(crate::command::codes::CodesArgs),
    /// Closed cases as a fault library: by words, or by how much they resemble a capture.
    #[command(subcommand)]
    Library(crate::command::library::LibraryCommand),
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
    /// The store itself, on this machine or a team's: init, migrate, check, sync.
    #[command(subcommand)]
    Store(crate::command::store::StoreCommand),
    /// Sends a case to a ticket system (GLPI, Zammad, iTop, osTicket, ServiceNow, Jira, TMF621), by way of a queue.
    Push(crate::command::push::PushArgs),
    /// Writes the report of a case or of a check run: one self-contained file.
    Report(ReportArgs),
    /// Limit packs: list, show, check, diff.
    #[command(subcommand)]
    Limits(LimitsCommand),
    /// Diagnosis rules: list, show, check on simulated captures.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Inspection rounds: what is due, what was found at a point, the case that a failure raises.
    #[command(subcommand)]
    Round(crate::command::round::RoundCommand),
    /// Check lists of inspection and function tests: list, show, check.
    #[command(subcommand)]
    Checklist(ChecklistCommand),
    /// Prints what a reading, a cause, a limit or a measurement means, how to confirm it, and the reference.
    Explain {
        /// A reading (vpp, ripple.vpp), a cause (R01), a limit (dc-48v#vpp), a limit pack or a measurement.
        topic: String,
        /// Rule files whose causes are known as well.
        #[arg(long = "rules", value_name = "FILE")]
        rules: Vec<PathBuf>,
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
