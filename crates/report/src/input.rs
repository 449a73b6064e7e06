//! What goes into a report: results, pictures and a case, with nothing said about paper yet.

use faultscope_diagnose::link::LinkDetail;
use faultscope_diagnose::{Cause, Detail, Finding, Gate, Reading};
use faultscope_signal::Unit;

use crate::picture::Drawing;
use crate::words::Lang;

/// What is known of one capture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaptureFacts {
    /// File name, without its folder.
    pub file: String,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// `sigmf/cf32_le`, `wav/pcm16` ...
    pub format: String,
    /// Samples per second.
    pub sample_rate_hz: Option<f64>,
    /// Centre frequency in Hz.
    pub center_hz: Option<f64>,
    /// Number of samples.
    pub samples: Option<u64>,
    /// Length in seconds.
    pub duration_s: Option<f64>,
    /// Unit of a sample value.
    pub unit: String,
    /// RFC 3339 time of the first sample.
    pub start_time: Option<String>,
}

/// A picture and what is said below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Said below the picture, and to readers who cannot see it.
    pub caption: String,
    /// The picture.
    pub drawing: Drawing,
}

/// One measurement on one capture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// Heading; the measurement or the capture in words.
    pub title: String,
    /// What the capture stands for: `supply before`, `supply after`, `transmit`. Sections whose roles differ only in
    /// `before` and `after` are compared.
    pub role: String,
    /// The capture.
    pub capture: CaptureFacts,
    /// Quality gates.
    pub gates: Vec<Gate>,
    /// Readings.
    pub readings: Vec<Reading>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// What was found beyond the readings; becomes tables.
    pub detail: Option<Detail>,
    /// What was found between a supply and this capture; becomes tables.
    pub link: Option<LinkDetail>,
    /// Pictures.
    pub pictures: Vec<Figure>,
    /// Everything needed to compute the same again, as JSON.
    pub settings: serde_json::Value,
    /// Why there is no result, where there is none.
    pub error: String,
}

/// A reading of the case's unit that drifts towards its limit, over everything that was measured on the unit.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlyWarning {
    /// Serial number, tag and what the captures were said to show, as far as they are known.
    pub of: Vec<String>,
    /// Id of the reading.
    pub reading: String,
    /// Its unit of measure.
    pub unit: Unit,
    /// RFC 3339 time of the first value, and the value.
    pub first: (String, f64),
    /// RFC 3339 time of the last value, and the value.
    pub last: (String, f64),
    /// Values at different times.
    pub count: usize,
    /// Theil-Sen slope, in units of the reading a day.
    pub slope_per_day: Option<f64>,
    /// Which limit, and when it is reached, in words.
    pub outlook: String,
}

/// Everything that goes into a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportInput {
    /// Language.
    pub lang: Lang,
    /// The case in the shape of `case show --json`; a report of a check run has none.
    pub case: Option<serde_json::Value>,
    /// Before and after a repair in one picture, each with the place of its section before among the sections.
    pub overlays: Vec<(usize, Figure)>,
    /// Probable causes of the case as a whole, likeliest first.
    pub causes: Vec<Cause>,
    /// Early warnings of the case's unit.
    pub warnings: Vec<EarlyWarning>,
    /// The results, in order.
    pub sections: Vec<Section>,
    /// Name and version of the program, as in `faultscope 0.1.0`.
    pub tool: String,
    /// RFC 3339 time of writing: handed in, so that the same input gives the same bytes.
    pub generated_at: String,
}
