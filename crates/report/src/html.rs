//! The HTML report: one self-contained file for screen, phone and A4, without scripts and without anything from outside.

mod compare;
mod view;

use faultscope_diagnose::link::LinkDetail;
use faultscope_diagnose::{Cause, Detail, Finding, Gate, Reading};
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::ReportError;
use crate::picture::Svg;
use crate::words::{self, Lang};

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");

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
    pub svg: Svg,
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

/// Everything that goes into a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportInput {
    /// Language.
    pub lang: Lang,
    /// The case in the shape of `case show --json`; a report of a check run has none.
    pub case: Option<serde_json::Value>,
    /// Probable causes of the case as a whole, likeliest first.
    pub causes: Vec<Cause>,
    /// The results, in order.
    pub sections: Vec<Section>,
    /// Name and version of the program, as in `faultscope 0.1.0`.
    pub tool: String,
    /// RFC 3339 time of writing: handed in, so that the same input gives the same bytes.
    pub generated_at: String,
}

/// Renders the report.
///
/// # Errors
/// When the template does not fit the data: a defect of this program.
pub fn render(input: &ReportInput) -> Result<String, ReportError> {
    fill(input).map_err(|e| ReportError::Template {
        what: format!("the report's template cannot be filled in ({e:#})"),
        hint: "please report this with the case's JSON".into(),
    })
}

fn fill(input: &ReportInput) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let lang = input.lang;
    // An unknown key is an error here, so that a slip in the template turns every test red.
    environment.add_function("t", move |key: String| {
        let unknown = || minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, format!("no words for {key}"));
        words::find(lang, &key).ok_or_else(unknown)
    });
    environment.add_template("report.html", TEMPLATE)?;
    environment.get_template("report.html")?.render(view::of(input, STYLE))
}

/// JSON as the template's value; strings stay unsafe, so that they are escaped.
fn value_of(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::from(()),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::from(n.as_f64().unwrap_or(f64::NAN)), Value::from),
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => items.iter().map(value_of).collect(),
        Json::Object(fields) => map(fields.iter().map(|(k, v)| (k.as_str(), value_of(v)))),
    }
}

/// A map for the template.
fn map<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::from_object(view::Fields(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
}

#[cfg(test)]
mod tests;
