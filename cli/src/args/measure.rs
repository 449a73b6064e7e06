//! The options of each measurement, and how a measurement takes them.

use std::path::PathBuf;

use clap::Args;
use faultscope_door::SpectrumOptions;
use faultscope_door::diagnose::Settings;
use faultscope_door::diagnose::measurement::{
    Adjacent, ChannelFilter, ChannelSettings, EmissionsSettings, Mask, ModulationSettings,
};
use faultscope_door::signal::evm::Constellation;

use super::{Captures, Carrier, Limits, SupplyLines, Transform};
use crate::number;

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
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
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
            carrier_hz: self.carrier.hz,
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
    /// Frequencies that are known.
    #[command(flatten)]
    pub lines: SupplyLines,
}

impl RippleArgs {
    /// As the measurement takes them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.lines.into_settings(Settings::default())
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
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
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
        Settings { carrier_hz: self.carrier.hz, channel: Some(channel), ..self.transform.settings() }
    }
}

/// Options of `emissions`.
#[derive(Debug, Clone, Args)]
pub struct EmissionsArgs {
    /// The captures.
    #[command(flatten)]
    pub captures: Captures,
    /// The transform.
    #[command(flatten)]
    pub transform: Transform,
    /// The limits; at least one with a line.
    #[command(flatten)]
    pub limits: Limits,
    /// Operating band that lines leave out: n78, or 78.
    #[arg(long, value_name = "NAME")]
    pub band: Option<String>,
    /// Necessary bandwidth of the carrier, of which lines leave out two and a half on either side.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub bandwidth: Option<f64>,
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
}

impl EmissionsArgs {
    /// As the measurement takes them; the lines come with the packs.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let emissions = EmissionsSettings { lines: Vec::new(), band: self.band.clone(), bandwidth_hz: self.bandwidth };
        Settings { carrier_hz: self.carrier.hz, emissions: Some(emissions), ..self.transform.settings() }
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
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
    /// Bandwidth of the channel (default: the band above the noise, and some room).
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub bandwidth: Option<f64>,
    /// Frequency that the carrier should have.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub nominal: Option<f64>,
    /// How far the receiver's frequency reference may be off, in parts per million.
    #[arg(long, value_name = "PPM", value_parser = number::positive)]
    pub reference_ppm: Option<f64>,
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
            reference_ppm: self.reference_ppm,
            symbol_rate_hz: self.symbol_rate,
            constellation: self.constellation,
            rolloff: self.rolloff,
        };
        Settings { carrier_hz: self.carrier.hz, modulation: Some(modulation), ..Settings::default() }
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
