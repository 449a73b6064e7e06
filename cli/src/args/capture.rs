//! What every measurement takes: captures, how to open them, the transform, limits.

use clap::Args;
use faultscope_door::capture::{OpenOptions, SampleFormat};
use faultscope_door::diagnose::Settings;
use faultscope_door::signal::Window;

use crate::number;

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

/// Where the carrier is.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Carrier {
    /// The wanted carrier, as received where the capture has a centre, else the offset (default: the strongest line;
    /// for `channel` the middle of the occupied band).
    #[arg(id = "carrier", long = "carrier", value_name = "HZ", value_parser = number::parse, allow_hyphen_values = true)]
    pub hz: Option<f64>,
}

/// What is known of a supply's ripple.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct SupplyLines {
    /// Nominal mains frequency, when it is known.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub mains: Option<f64>,
    /// Switching frequency, when it is known.
    #[arg(long, value_name = "HZ", value_parser = number::positive)]
    pub switching: Option<f64>,
}

impl SupplyLines {
    /// As measurements take them.
    #[must_use]
    pub fn into_settings(self, settings: Settings) -> Settings {
        Settings { mains_hz: self.mains, switching_hz: self.switching, ..settings }
    }
}

/// Limits to judge by.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Limit pack, by name or path, or one limit of it (pack#limit); may be given more than once. Without one nothing
    /// is judged.
    #[arg(long, value_name = "PACK")]
    pub limits: Vec<String>,
    /// Diagnosis rules of your own, a .toml file; may be given more than once. A rule of the same id is replaced.
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<std::path::PathBuf>,
}
