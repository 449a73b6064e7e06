//! Live sources: what is connected, recording, watching, and what this machine can do.

mod devices;
mod doctor;
mod envelope;
mod gauge;
mod history;
mod loss;
mod monitor;
mod record;
mod risk;
mod rule;
mod single;
mod vigil;

use std::path::Path;

use faultscope_capture::sigmf::{Annotation, Recording};
use faultscope_capture::{CaptureError, Caveat, CaveatKind};
use faultscope_instrument::live::StreamInfo;
use faultscope_instrument::{DeviceError, ErrorKind};
use faultscope_signal::{Unit, Waveform};
use serde::{Deserialize, Serialize};

pub use devices::{DeviceInfo, DevicesDocument, Way, devices};
pub use doctor::{Check, CheckState, DoctorDocument, doctor};
pub use gauge::Gauged;
pub use loss::LossNotice;
pub use monitor::{Ask, Flow, Moment, MonitorRequest, News, Source, monitor};
pub use record::{RecordDocument, RecordRequest, Until, record};
pub use risk::{Risk, risks};
pub use rule::Rule;
pub use vigil::{Learn, Told, WatchDocument, WatchEvent, WatchLine, WatchRequest, watch};

use crate::{Class, Error};

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Self {
        let class = if error.kind == ErrorKind::Address { Class::Usage } else { Class::Device };
        Self::new(class, error.kind.name(), error.what, error.hint)
    }
}

/// How a recording or a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// All that was asked for.
    Complete,
    /// The source had no more.
    SourceEnded,
    /// By Ctrl-C.
    Interrupted,
    /// The device could not be read any more.
    DeviceGone,
    /// The disk was full or has gone.
    Storage,
}

impl Ended {
    /// The caveat of a recording that is shorter than asked for.
    fn caveat(self, seconds: f64) -> Option<Caveat> {
        let why = match self {
            Self::Complete => return None,
            Self::SourceEnded => "the source had no more samples",
            Self::Interrupted => "it was interrupted",
            Self::DeviceGone => "the device broke off",
            Self::Storage => "the disk was full",
        };
        Some(Caveat::new(CaveatKind::Truncated, format!("the recording ends early, after {seconds:.6} s: {why}")))
    }
}

/// A failure of writing: of the store, unless the request itself was wrong.
fn storage(error: CaptureError) -> Error {
    let error = Error::from(error);
    match error.kind.as_str() {
        "io" => Error { class: Class::Storage, hint: "make room, or name another folder".into(), ..error },
        _ => Error { hint: "name another with --output, or replace what is there with --force".into(), ..error },
    }
}

/// What a recording of a stream says besides its samples.
fn recording(info: &StreamInfo, overwrite: bool) -> Result<Recording, Error> {
    let like = match info.unit {
        Unit::FullScale => Waveform::interleaved(Vec::new(), info.sample_rate_hz, info.center_hz),
        unit => Waveform::real(Vec::new(), info.sample_rate_hz, unit),
    };
    let like = like.map_err(|e| Error::usage(e.message, "give the source a rate"))?;
    Ok(Recording {
        datatype: info.datatype,
        hw: Some(info.instrument.clone()),
        description: Some(format!("recorded from {}", info.settings)),
        overwrite,
        ..Recording::of(&like)
    })
}

/// Doubts that a stream has from the start.
fn first_doubts(info: &StreamInfo) -> Vec<Caveat> {
    let nominal = "the rate is nominal: the source has no clock of its own that would confirm it";
    info.nominal_rate.then(|| Caveat::new(CaveatKind::TimeAxis, nominal)).into_iter().collect()
}

/// Marks in a recording where samples are missing.
fn gap(at: u64, frames: u64, generator: &str) -> Annotation {
    Annotation {
        sample_start: at,
        sample_count: Some(1),
        label: Some(format!("gap of {frames}")),
        comment: Some(format!("{frames} samples are missing in front of this one")),
        generator: Some(generator.into()),
        ..Annotation::default()
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
