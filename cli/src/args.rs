//! The command line as types.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use faultscope_door::SpectrumOptions;
use faultscope_door::capture::{OpenOptions, SampleFormat};
use faultscope_door::cases::{ActionKind, ClosureCode, EscalationLevel, Priority, Status};
use faultscope_door::diagnose::Settings;
use faultscope_door::diagnose::measurement::{Adjacent, ChannelFilter, ChannelSettings, Mask, ModulationSettings};
use faultscope_door::signal::Window;
use faultscope_door::signal::evm::Constellation;

pub use crate::command::phase_noise::PhaseNoiseArgs;
pub use crate::command::trend::TrendArgs;
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
    /// Segment, from 1, of a file that holds several records of each channel (sequence, FastFrame, history).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub segment: Option<u64>,
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
            segment: open.segment,
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

impl Transform {
    /// As measurements take them, everything else at its default.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings { fft: self.fft, window: self.window, overlap: self.overlap, ..Settings::default() }
    }
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
    /// Capture with the input terminated, or the JSON that `spurs` made of it: its lines are the receiver's own.
    #[arg(long, value_name = "CAPTURE|JSON")]
    pub baseline: Option<std::path::PathBuf>,
}

impl SpursArgs {
    /// As the measurement takes them, without the baseline, which is a file.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            false_alarm: self.false_alarm,
            harmonics: self.harmonics as usize,
            carrier_hz: self.carrier,
            ..self.transform.settings()
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

/// Options of `channel`.
#[derive(Debug, Clone, Args)]
pub struct ChannelArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The transform.
    #[command(flatten)]
    pub transform: Transform,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Channel of a standard: lte1.4 lte3 lte5 lte10 lte15 lte20, nr20-30 (width in MHz, spacing in kHz), utra.
    #[arg(long, value_name = "NAME")]
    pub standard: Option<String>,
    /// Middle of the channel (default: the middle of the occupied band).
    #[arg(long, value_name = "HZ", value_parser = number::parse, allow_hyphen_values = true)]
    pub carrier: Option<f64>,
    /// Bandwidth that power is measured in (default: the standard's, or the occupied band).
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub bandwidth: Option<f64>,
    /// Where the occupied bandwidth is looked for, about the channel (default: the whole record).
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub span: Option<f64>,
    /// Share of the power that the occupied bandwidth holds.
    #[arg(long, value_name = "PERCENT", value_parser = number::positive, default_value = "99")]
    pub occupied: f64,
    /// Level below the highest where the x dB bandwidth ends.
    #[arg(long, value_name = "DB", value_parser = number::positive, default_value = "26")]
    pub x_db: f64,
    /// A neighbour on both sides: 5M, 5M:3.84M, or 5M:3.84M:rrc; may be given more than once.
    #[arg(long, value_name = "OFFSET[:BANDWIDTH[:rrc]]", value_parser = neighbour)]
    pub adjacent: Vec<Neighbour>,
    /// Emission mask, by name (obue-wa-a-lt1g obue-wa-a-gt1g obue-wa-b1-lt1g obue-wa-b1-gt1g obue-wa-b2 obue-la) or path.
    #[arg(long, value_name = "MASK")]
    pub mask: Option<String>,
}

/// A neighbour as written: offset, width where it is given, and whether through a root-raised-cosine filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    offset_hz: f64,
    bandwidth_hz: Option<f64>,
    rrc: bool,
}

fn neighbour(text: &str) -> Result<Neighbour, String> {
    let mut parts = text.split(':');
    let offset_hz = number::positive(parts.next().unwrap_or_default())?;
    let bandwidth_hz = parts.next().map(number::positive).transpose()?;
    let rrc = match parts.next() {
        None | Some("square") => false,
        Some("rrc") => true,
        Some(other) => return Err(format!("'{other}' is no channel filter; write rrc or leave it out")),
    };
    match parts.next() {
        Some(more) => Err(format!("'{more}' is one part too many")),
        None => Ok(Neighbour { offset_hz, bandwidth_hz, rrc }),
    }
}

impl ChannelArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self, mask: Option<Mask>) -> Settings {
        // A neighbour without a width of its own is as wide as the channel; without either it is as wide as it is far.
        let adjacent = self.adjacent.iter().map(|n| Adjacent {
            name: "adjacent".into(),
            offset_hz: n.offset_hz,
            bandwidth_hz: n.bandwidth_hz.or(self.bandwidth).unwrap_or(n.offset_hz),
            filter: if n.rrc { ChannelFilter::Rrc } else { ChannelFilter::Square },
        });
        let channel = ChannelSettings {
            standard: self.standard.clone(),
            bandwidth_hz: self.bandwidth,
            span_hz: self.span,
            occupied_percent: self.occupied,
            x_db: self.x_db,
            adjacent: adjacent.collect(),
            mask,
        };
        Settings { carrier_hz: self.carrier, channel: Some(channel), ..self.transform.settings() }
    }
}

/// Options of `modulation`.
#[derive(Debug, Clone, Args)]
pub struct ModulationArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Where the carrier is (default: the strongest).
    #[arg(long, value_name = "HZ", value_parser = number::parse, allow_hyphen_values = true)]
    pub carrier: Option<f64>,
    /// Bandwidth of the channel (default: the band above the noise, and some room).
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub bandwidth: Option<f64>,
    /// Frequency that the carrier should have.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub nominal: Option<f64>,
    /// Symbol rate, for the vector error of a PSK or QAM carrier.
    #[arg(long, value_name = "HZ", value_parser = number::positive, requires = "constellation")]
    pub symbol_rate: Option<f64>,
    /// Its constellation: bpsk qpsk pi4dqpsk 8psk 16qam 64qam 256qam.
    #[arg(long, value_name = "NAME", requires = "symbol_rate")]
    pub constellation: Option<Constellation>,
    /// Roll-off of its root-raised-cosine filter.
    #[arg(long, value_name = "X", value_parser = number::positive, requires = "symbol_rate")]
    pub rolloff: Option<f64>,
}

impl ModulationArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let modulation = ModulationSettings {
            bandwidth_hz: self.bandwidth,
            nominal_hz: self.nominal,
            symbol_rate_hz: self.symbol_rate,
            constellation: self.constellation,
            rolloff: self.rolloff,
        };
        Settings { carrier_hz: self.carrier, modulation: Some(modulation), ..Settings::default() }
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
    /// Also the highest level of every point.
    #[arg(long, help_heading = "Traces")]
    pub max_hold: bool,
    /// Also the lowest level of every point.
    #[arg(long, help_heading = "Traces")]
    pub min_hold: bool,
    /// Also percentiles of the levels: 50,90.
    #[arg(long, help_heading = "Traces", value_name = "P,...", value_delimiter = ',', value_parser = number::parse)]
    pub percentiles: Vec<f64>,
    /// Also how often each level occurred (in JSON and in pictures).
    #[arg(long, help_heading = "Traces")]
    pub persistence: bool,
    /// Leave the average out.
    #[arg(long, help_heading = "Traces")]
    pub no_average: bool,
    /// Resolution bandwidth, instead of --fft.
    #[arg(long, help_heading = "Transform", value_name = "HZ", value_parser = number::positive, conflicts_with = "fft")]
    pub rbw: Option<f64>,
    /// Zoom into a band: its middle, absolute where the capture has a centre.
    #[arg(long, help_heading = "Transform", value_name = "HZ", value_parser = number::parse, requires = "span", allow_hyphen_values = true)]
    pub zoom_at: Option<f64>,
    /// Width of the band to zoom into.
    #[arg(long, help_heading = "Transform", value_name = "HZ", value_parser = number::positive)]
    pub span: Option<f64>,
    /// Where to write it: .csv, .json, .png or .svg; with several captures a folder-less stem gets a number.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl SpectrumArgs {
    /// As the door takes them.
    #[must_use]
    pub fn options(&self) -> SpectrumOptions {
        SpectrumOptions {
            max_hold: self.max_hold,
            min_hold: self.min_hold,
            percentiles: self.percentiles.clone(),
            persistence: self.persistence,
            no_average: self.no_average,
            rbw_hz: self.rbw,
            zoom_hz: self.zoom_at,
            span_hz: self.span,
        }
    }
}

/// Options of `waterfall`.
#[derive(Debug, Clone, Args)]
pub struct WaterfallArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The transform.
    #[command(flatten)]
    pub transform: Transform,
    /// Lines of time in the picture, at most.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub rows: u32,
    /// Where to draw it: .png or .svg; with several captures the name gets a number.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// Options of `transition`.
#[derive(Debug, Clone, Args)]
pub struct TransitionArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Half-width of the band in which the level counts as settled, in per cent of the transition's amplitude.
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0, value_parser = number::positive)]
    pub settling: f64,
}

impl TransitionArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings { settling_percent: self.settling, ..Settings::default() }
    }
}

/// Options of `info`.
#[derive(Debug, Clone, Args)]
pub struct InfoArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
}

/// The fields of a new case.
#[derive(Debug, Clone, Args)]
pub struct CaseOpenArgs {
    /// One line: what is wrong.
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// Whose equipment.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub customer: String,
    /// Where.
    #[arg(long, value_name = "PLACE", default_value = "")]
    pub site: String,
    /// Kind of equipment: "base station".
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub equipment: String,
    /// Maker's model.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub model: String,
    /// Serial number.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub serial: String,
    /// Asset or inspection tag.
    #[arg(long, value_name = "ID", default_value = "")]
    pub tag: String,
    /// What is wrong, in the customer's words.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub symptom: String,
    /// Whom to call back.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub contact: String,
    /// P1 (service down) to P4 (request).
    #[arg(long, value_name = "P1..P4", default_value = "P3", value_parser = priority)]
    pub priority: Priority,
}

fn priority(text: &str) -> Result<Priority, String> {
    [Priority::P1, Priority::P2, Priority::P3, Priority::P4]
        .into_iter()
        .find(|p| p.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("'{text}' is not a priority; choose one of P1 P2 P3 P4"))
}

/// Which cases to list.
#[derive(Debug, Clone, Args)]
pub struct CaseListArgs {
    /// Closed ones too.
    #[arg(long)]
    pub all: bool,
    /// With these words in id, title, customer, site, symptom, serial or tag.
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
}

/// What to attach to a case.
#[derive(Debug, Clone, Args)]
pub struct CaseAttachArgs {
    /// The case.
    pub id: String,
    /// Captures, which are measured, and any other files, which are kept as they are.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// auto (by what the capture is), spurs, ripple, transition, channel, modulation, phase-noise, or none.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub measure: String,
    /// What it shows: "supply before", "supply after"; captures of one name before and after are compared.
    #[arg(long, value_name = "TEXT")]
    pub role: Option<String>,
}

/// How a case ended.
#[derive(Debug, Clone, Args)]
pub struct CaseCloseArgs {
    /// The case.
    pub id: String,
    /// What was wrong.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub root_cause: String,
    /// What removed it.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub remedy: String,
    /// solved, no-fault-found, duplicate or withdrawn.
    #[arg(long, value_name = "HOW", default_value = "solved", value_parser = closure)]
    pub code: ClosureCode,
    /// Who of the customer's people confirmed it.
    #[arg(long, value_name = "NAME")]
    pub confirmed_by: Option<String>,
}

fn closure(text: &str) -> Result<ClosureCode, String> {
    match text.to_ascii_lowercase().replace('_', "-").as_str() {
        "solved" => Ok(ClosureCode::Solved),
        "no-fault-found" => Ok(ClosureCode::NoFaultFound),
        "duplicate" => Ok(ClosureCode::Duplicate),
        "withdrawn" => Ok(ClosureCode::Withdrawn),
        _ => Err(format!("'{text}' is not an ending; choose one of solved no-fault-found duplicate withdrawn")),
    }
}

/// A word of the case room, by its JSON name; dashes do for underscores.
fn named<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let name = text.to_ascii_lowercase().replace('-', "_");
    // The parser names the words that would do.
    serde_json::from_value(name.into()).map_err(|e| e.to_string())
}

/// What is done to cases.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Opens a case and prints its id.
    Open(CaseOpenArgs),
    /// Lists cases, the next clock to run out first.
    List(CaseListArgs),
    /// Shows a case: facts, clocks, findings, evidence, timeline.
    Show {
        /// The case.
        id: String,
    },
    /// Measures captures and attaches them with their findings; other files are attached as they are.
    Attach(CaseAttachArgs),
    /// Adds a note.
    Note {
        /// The case.
        id: String,
        /// The words.
        text: String,
    },
    /// Closes a case.
    Close(CaseCloseArgs),
    /// Opens a closed case again.
    Reopen {
        /// The case.
        id: String,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Gives a case to somebody, or with nobody named back to the queue.
    Assign {
        /// The case.
        id: String,
        /// Who.
        to: Option<String>,
    },
    /// Changes the priority; the clocks follow, counted from the opening.
    Priority {
        /// The case.
        id: String,
        /// P1 to P4.
        #[arg(value_parser = priority)]
        to: Priority,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Changes the status: assigned, in_progress or cleared.
    Status {
        /// The case.
        id: String,
        /// The new status.
        #[arg(value_parser = named::<Status>)]
        to: Status,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Hands a case to somebody who knows or may more.
    Escalate {
        /// The case.
        id: String,
        /// engineer, specialist, manager or maker.
        #[arg(value_parser = named::<EscalationLevel>)]
        level: EscalationLevel,
        /// To whom.
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// The other side's case number.
        #[arg(long, value_name = "NUMBER")]
        reference: Option<String>,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Writes down what was done.
    Action {
        /// The case.
        id: String,
        /// contact, inspection, function_test, measurement, part_replaced, dispatched, arrived, confirmed ...
        #[arg(value_parser = named::<ActionKind>)]
        kind: ActionKind,
        /// In words.
        text: String,
        /// The part that was replaced.
        #[arg(long, value_name = "NAME")]
        part: Option<String>,
    },
    /// Checks the chain of events and every digest.
    Verify {
        /// The case.
        id: String,
        /// Print `have ID` for every acknowledged step that is there.
        #[arg(long)]
        list: bool,
    },
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
