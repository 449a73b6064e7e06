//! What a WAV or CSV file of ours says of its record beyond what these formats have room for.

use faultscope_signal::{Kind, Record, Unit};
use serde::{Deserialize, Serialize};

use crate::{Provenance, Trace};

/// The notes: a chunk of a WAV file, a comment line of a CSV file. Fields that are not known are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Exact sample rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<f64>,
    /// Centre frequency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub center_hz: Option<f64>,
    /// Two columns or channels are I and Q.
    pub iq: bool,
    /// Unit of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// RFC 3339 time of the first sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// Time of the first sample relative to the trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t0_s: Option<f64>,
    /// Saturation magnitude, in the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_scale: Option<f64>,
    /// Power of a level of 0 dBFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_scale_dbm: Option<f64>,
    /// Analogue bandwidth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth_hz: Option<f64>,
    /// Instrument or recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Name of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

impl Notes {
    /// What a record tells of itself.
    #[must_use]
    pub fn of(record: &dyn Record) -> Self {
        let finite = |v: Option<f64>| v.filter(|v| v.is_finite());
        Self {
            sample_rate_hz: Some(record.sample_rate_hz()),
            center_hz: finite(record.center_hz()),
            iq: record.kind() == Kind::Iq,
            unit: Some(record.unit()),
            full_scale: finite(record.full_scale()),
            full_scale_dbm: finite(record.full_scale_dbm()),
            bandwidth_hz: finite(record.bandwidth_hz()),
            ..Self::default()
        }
    }

    /// As one line of JSON, of an even number of bytes: some readers do not know of the pad byte of an odd chunk.
    pub(crate) fn to_line(&self) -> Vec<u8> {
        // Numbers and texts always have a JSON form.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.resize(line.len().next_multiple_of(2), b' ');
        line
    }

    /// Applies the notes to the one trace that a file of ours has; `origin` is where they stood.
    pub(crate) fn apply(self, trace: &mut Trace, provenance: &mut Provenance, origin: &str) {
        let finite = |v: Option<f64>| v.filter(|v| v.is_finite());
        if let Some(center) = finite(self.center_hz).filter(|_| trace.kind == Kind::Iq) {
            trace.center_hz = Some(center);
            provenance.note("center_hz", origin);
        }
        if let Some(unit) = self.unit.filter(|u| matches!(u, Unit::Volt | Unit::Ampere | Unit::FullScale)) {
            trace.unit = unit;
            provenance.note("unit", origin);
        }
        trace.t0_s = finite(self.t0_s).or(trace.t0_s);
        trace.full_scale = finite(self.full_scale).filter(|f| *f > 0.0).or(trace.full_scale);
        trace.full_scale_dbm = finite(self.full_scale_dbm);
        trace.bandwidth_hz = finite(self.bandwidth_hz).filter(|b| *b > 0.0);
        trace.name = self.channel.filter(|c| !c.is_empty()).unwrap_or_else(|| trace.name.clone());
        if let Some(start) = self.start_time.filter(|t| crate::sigmf::is_utc(t)) {
            provenance.start_time = Some(start);
            provenance.note("start_time", origin);
        }
        provenance.instrument = self.instrument.or(provenance.instrument.take());
        provenance.description = self.description.or(provenance.description.take());
    }
}
