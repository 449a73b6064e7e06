//! Touchstone files of one port (`.s1p`), versions 1 and 2: the reflection factor as a return level in dB.

use faultscope_signal::quantity::db_from_amplitude;
use faultscope_signal::{Swept, SweptSpectrum, Unit};
use serde_json::json;

use super::super::{Match, Probe};
use super::lines::{Line, Lines, head};
use super::{Content, MAX_POINTS, rising, too_many, unit};
use crate::{CaptureError, CaveatKind};

/// How a complex number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    DecibelAngle,
    MagnitudeAngle,
    RealImaginary,
}

impl Form {
    /// The level of a reflection factor in dB.
    fn level_db(self, first: f64, second: f64) -> f64 {
        match self {
            Self::DecibelAngle => first,
            Self::MagnitudeAngle => db_from_amplitude(first.abs()),
            Self::RealImaginary => db_from_amplitude(first.hypot(second)),
        }
    }
}

/// The option line: `# GHZ S MA R 50`, every part of which may be missing, in any order.
#[derive(Debug, Clone, PartialEq)]
struct Options {
    factor: f64,
    parameter: char,
    form: Form,
    reference_ohm: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { factor: 1e9, parameter: 'S', form: Form::MagnitudeAngle, reference_ohm: 50.0 }
    }
}

impl Options {
    fn parse(text: &str) -> Option<Self> {
        let mut options = Self::default();
        let mut words = text.trim_start_matches('#').split_whitespace();
        while let Some(word) = words.next() {
            let upper = word.to_ascii_uppercase();
            match upper.as_str() {
                "S" | "Y" | "Z" | "G" | "H" => options.parameter = upper.chars().next()?,
                "DB" => options.form = Form::DecibelAngle,
                "MA" => options.form = Form::MagnitudeAngle,
                "RI" => options.form = Form::RealImaginary,
                "R" => {
                    options.reference_ohm = words.next()?.parse().ok().filter(|r: &f64| *r > 0.0 && r.is_finite())?
                }
                _ => options.factor = unit::hertz(word)?,
            }
        }
        Some(options)
    }
}

/// The number of ports that the name states: `.s1p` has one.
fn ports(extension: &str) -> Option<&str> {
    let ports = extension.strip_prefix('s')?.strip_suffix('p')?;
    (!ports.is_empty() && ports.bytes().all(|b| b.is_ascii_digit())).then_some(ports)
}

pub(super) fn matches(probe: &Probe) -> Match {
    let options = |l: &str| l.starts_with('#') && Options::parse(bare(l)).is_some();
    let said = head(probe).filter(|l| !bare(l).is_empty()).take(40).any(options);
    match (ports(&probe.extension()).is_some(), said) {
        (true, true) => Match::Certain,
        (true, false) => Match::Likely,
        (false, _) => Match::No,
    }
}

/// A line without its comment.
fn bare(line: &str) -> &str {
    line.split('!').next().unwrap_or_default().trim()
}

/// Where in the file the reader is: version 2 has keywords, and numbers only behind one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Numbers,
    Keywords,
    End,
}

pub(super) fn read(probe: &Probe) -> Result<Content, CaptureError> {
    let path = &probe.path;
    if let Some(n) = Some(probe.extension()).as_deref().and_then(ports).filter(|n| *n != "1") {
        let what = format!("a Touchstone file of {n} ports");
        return Err(CaptureError::unsupported(path, what, "export the reflection of one port as .s1p"));
    }
    let mut options: Option<Options> = None;
    let (mut frequency_hz, mut levels, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let mut content = Content { dialect: "touchstone", ..Content::default() };
    let mut place = Place::Numbers;
    let mut lines = Lines::open(probe)?;
    while let Some(Line { number, text, whole }) = lines.next()? {
        let text = bare(text);
        let wrong = |what: &str| {
            let what = format!("line {number} {what}");
            Err(CaptureError::malformed(path, what, "the file is damaged there; export it again"))
        };
        if text.starts_with('[') {
            place = keyword(text, place, probe)?;
        } else if text.starts_with('#') {
            // Only the first option line counts.
            let Some(parsed) = Options::parse(text) else { return wrong("is no option line like '# GHz S MA R 50'") };
            if !matches!(parsed.parameter, 'S') {
                let what = format!("{} parameters are not read", parsed.parameter);
                return Err(CaptureError::unsupported(path, what, "export S parameters"));
            }
            options.get_or_insert(parsed);
        } else if !text.is_empty() && place == Place::Numbers {
            let cells: Option<Vec<f64>> = text.split_whitespace().map(|c| c.parse().ok()).collect();
            let used = options.get_or_insert_default();
            match cells.as_deref() {
                Some([f, a, b]) if whole || frequency_hz.is_empty() => {
                    frequency_hz.push(f * used.factor);
                    levels.push(used.form.level_db(*a, *b));
                    numbers.push(number);
                }
                _ if !whole => {
                    content.caveat(
                        CaveatKind::Truncated,
                        "the last line has no line end and may have lost digits: it was left out",
                    );
                }
                _ => return wrong("is no row of a frequency and one complex number"),
            }
            if frequency_hz.len() > MAX_POINTS {
                return Err(too_many(probe));
            }
        }
    }
    rising(probe, &frequency_hz, |i| numbers.get(i).copied().unwrap_or(0))?;
    let options = options.unwrap_or_default();
    let spectrum =
        SweptSpectrum { swept: Swept::Reflection, ..SweptSpectrum::single("S11", frequency_hz, levels, Unit::Db) };
    content.spectra = vec![spectrum];
    content.unit_origin = Some("20 log10 of the reflection factor".to_owned());
    content.description = Some(format!("reflection factor, reference {} ohm", options.reference_ohm));
    content.metadata = json!({ "reference_ohm": options.reference_ohm });
    Ok(content)
}

/// Where a keyword of version 2 leads.
fn keyword(text: &str, place: Place, probe: &Probe) -> Result<Place, CaptureError> {
    let lower = text.to_ascii_lowercase();
    let value = lower.split_once(']').map(|(_, v)| v.trim()).unwrap_or_default();
    match lower.split(']').next().unwrap_or_default() {
        "[number of ports" if value != "1" => {
            let what = format!("a Touchstone file of {value} ports");
            Err(CaptureError::unsupported(&probe.path, what, "export the reflection of one port as .s1p"))
        }
        "[network data" => Ok(Place::Numbers),
        "[end" | "[noise data" => Ok(Place::End),
        _ if place == Place::End => Ok(Place::End),
        _ => Ok(Place::Keywords),
    }
}
