//! What the user says about a capture that the file itself does not.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::samples::Component;

/// A raw sample format, by its rtl_433-style name (`cu8`, `cs16`, `cf32`, `s16` ...).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct SampleFormat {
    /// I/Q pairs instead of single values.
    pub complex: bool,
    /// The type of one number.
    pub component: Component,
}

impl SampleFormat {
    /// The names that `--format` takes.
    pub const NAMES: [&'static str; 13] =
        ["cu8", "cs8", "cs16", "cf32", "ci32", "cf64", "u8", "s8", "s16", "f32", "f64", "cu16", "s32"];
}

impl FromStr for SampleFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let (complex, rest) = match lower.strip_prefix('c') {
            Some(rest) => (true, rest),
            None => (false, lower.as_str()),
        };
        let component = match rest {
            "u8" => Component::U8,
            "s8" | "i8" => Component::I8,
            "u16" => Component::U16Le,
            "s16" | "i16" => Component::I16Le,
            "s32" | "i32" => Component::I32Le,
            "f32" => Component::F32Le,
            "f64" => Component::F64Le,
            _ => {
                return Err(format!("'{text}' is not a sample format; choose one of {}", Self::NAMES.join(" ")));
            }
        };
        Ok(Self { complex, component })
    }
}

impl From<SampleFormat> for String {
    fn from(format: SampleFormat) -> Self {
        format.to_string()
    }
}

impl TryFrom<String> for SampleFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.component {
            Component::U8 => "u8",
            Component::I8 => "s8",
            Component::U16Le | Component::U16Be => "u16",
            Component::I16Le | Component::I16Be => "s16",
            Component::I24Le => "s24",
            Component::U32Le | Component::U32Be => "u32",
            Component::I32Le | Component::I32Be => "s32",
            Component::F32Le | Component::F32Be => "f32",
            Component::F64Le | Component::F64Be => "f64",
        };
        write!(f, "{}{name}", if self.complex { "c" } else { "" })
    }
}

/// The options that every command takes for its captures; everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct OpenOptions {
    /// Raw sample format (`--format`).
    pub format: Option<SampleFormat>,
    /// Sample rate in Hz (`--rate`).
    pub rate_hz: Option<f64>,
    /// Centre frequency in Hz (`--center`).
    pub center_hz: Option<f64>,
    /// Channel by number (from 1) or by name (`--channel`).
    pub channel: Option<String>,
    /// Segment of a file that holds several records of each channel, from 1 (`--segment`).
    pub segment: Option<u64>,
    /// First instant to use, in seconds from the first sample (`--start`).
    pub start_s: Option<f64>,
    /// Length to use, in seconds (`--duration`).
    pub duration_s: Option<f64>,
    /// Probe factor: values are multiplied by it (`--probe`).
    pub probe: Option<f64>,
    /// Volts per unit of the stored values (`--scale`): makes volts of a record that has no unit.
    #[serde(rename = "scale_v_per_unit")]
    pub scale_v: Option<f64>,
    /// Swap I and Q (`--swap-iq`).
    pub swap_iq: bool,
}
