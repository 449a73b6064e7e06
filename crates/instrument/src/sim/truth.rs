//! The truth of a simulated record: what was put into it, so that an analysis can be checked against it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One line that the record holds, without noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthLine {
    /// Absolute frequency where the record has a centre; the line's own frequency in a real record.
    pub frequency_hz: f64,
    /// From the centre; `null` in a real record.
    pub offset_hz: Option<f64>,
    /// Peak of the sine in volts (supply records).
    pub amplitude_v: Option<f64>,
    /// Level against full scale (I/Q records).
    pub level_dbfs: Option<f64>,
    /// Level against the carrier (I/Q records).
    pub level_dbc: Option<f64>,
    /// `mains`, `switching`, `subharmonic`, `load` on a supply; on RF as in the output of `spurs`.
    pub origin: String,
    /// Order within its family.
    pub order: Option<u32>,
    /// Frequencies of the lines it is made of.
    pub of: Vec<f64>,
}

/// The wanted carrier of an RF record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthCarrier {
    /// Absolute frequency.
    pub frequency_hz: f64,
    /// From the centre.
    pub offset_hz: f64,
    /// Where it ought to be, from the centre.
    pub nominal_offset_hz: f64,
    /// Level against full scale.
    pub level_dbfs: f64,
    /// Power, by the record's calibration.
    pub level_dbm: Option<f64>,
    /// What a healthy unit of this kind gives.
    pub rated_dbm: Option<f64>,
}

/// Something that happens at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthEvent {
    /// `sag`, `dropout`, `turn_on`, `step`, `spike` ...
    pub kind: String,
    /// From the first sample.
    pub start_s: f64,
    /// How long, where it has a length.
    pub duration_s: Option<f64>,
    /// Change of the level, signed: negative makes the magnitude of the rail smaller.
    pub change_v: Option<f64>,
}

/// A labelled stretch of time, and of frequency where it has one: stored with the samples as a SigMF annotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// From the first sample.
    pub start_s: f64,
    /// Length; `null` is the whole rest of the record.
    pub duration_s: Option<f64>,
    /// Lower edge, absolute where the record has a centre.
    pub low_hz: Option<f64>,
    /// Upper edge.
    pub high_hz: Option<f64>,
    /// At most 20 characters, as SigMF asks.
    pub label: String,
    /// A sentence.
    pub comment: String,
}

/// What a simulated record holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Id of the model.
    pub model: String,
    /// Id of the cause in the diagnosis tables (`R01`, `S18`, `A02`); `null` for a healthy unit.
    pub cause: Option<String>,
    /// The model's sentence.
    pub description: String,
    /// `supply`, `transmit` or `receive`.
    pub domain: String,
    /// Seed of everything random.
    pub seed: u64,
    /// 0 (nothing to see) to 1 (worst).
    pub severity: f64,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// Length.
    pub duration_s: f64,
    /// Centre frequency (I/Q records).
    pub center_hz: Option<f64>,
    /// Power of 0 dBFS (I/Q records).
    pub full_scale_dbm: Option<f64>,
    /// The exact parameters, each name ending in its unit.
    pub parameters: BTreeMap<String, f64>,
    /// The carrier (I/Q records).
    pub carrier: Option<TruthCarrier>,
    /// The lines, strongest first.
    pub lines: Vec<TruthLine>,
    /// Mean without noise (supply records).
    pub dc_v: Option<f64>,
    /// Peak to peak without noise (supply records).
    pub vpp_v: Option<f64>,
    /// Rms about the mean without noise (supply records).
    pub rms_ac_v: Option<f64>,
    /// Rms of the white noise that was added (supply records).
    pub noise_v: Option<f64>,
    /// Density of the white noise that was added (I/Q records).
    pub noise_dbfs_per_hz: Option<f64>,
    /// What happens when; of spikes the first 64 only, their number is a parameter.
    pub events: Vec<TruthEvent>,
    /// The same for people: labelled boxes.
    pub annotations: Vec<Annotation>,
}

/// Longest label, in characters.
pub(super) const LABEL_CHARS: usize = 20;

impl Annotation {
    /// A box around one line, or over one event.
    pub(super) fn new(label: &str, comment: impl Into<String>) -> Self {
        let label = label.chars().take(LABEL_CHARS).collect();
        Self { start_s: 0.0, duration_s: None, low_hz: None, high_hz: None, label, comment: comment.into() }
    }

    pub(super) fn around(mut self, frequency_hz: f64, half_width_hz: f64) -> Self {
        self.low_hz = Some(frequency_hz - half_width_hz);
        self.high_hz = Some(frequency_hz + half_width_hz);
        self
    }

    pub(super) fn at(mut self, start_s: f64, duration_s: Option<f64>) -> Self {
        self.start_s = start_s;
        self.duration_s = duration_s;
        self
    }
}
