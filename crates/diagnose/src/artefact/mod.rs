//! The receiver-artefact test: captures of one scene at different tuning and gain tell which lines are really there.
//!
//! A line of the scene keeps its radio frequency; what the receiver makes itself moves otherwise when it is retuned, or
//! changes otherwise when its gain does. Every hypothesis predicts place and level in the other captures; the one that
//! fits best by a clear margin is stated, else none.

mod hypothesis;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::hypothesis::Scene;
use crate::measurement::{Origin, SpursDetail};

/// What a line was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Of the scene: it keeps its radio frequency and follows the gain.
    Real,
    /// Mirror of a stronger line about the tuned centre: it moves twice as far, the other way.
    Image,
    /// Made by the receiver: it keeps its place from the centre, or its level when the gain changes.
    Internal,
    /// A product of an overloaded stage: it follows the gain two or three times as fast, or sits at a multiple of a
    /// stronger line's offset.
    Overload,
    /// These captures do not tell.
    Unclear,
}

/// A line in one capture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShotLine {
    /// From the tuned centre.
    pub offset_hz: f64,
    /// Level in the capture's level unit.
    pub level_db: f64,
    /// Known as the receiver's own from one capture alone: a line of its baseline, or of its crystal.
    pub own: bool,
}

/// One capture of the scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// Where it was tuned to.
    pub center_hz: f64,
    /// Its sample rate: the band reaches half of it to either side.
    pub sample_rate_hz: f64,
    /// Resolution bandwidth.
    pub rbw_hz: f64,
    /// Level that a line needs to be seen.
    pub detectable_db: f64,
    /// Its lines, strongest first.
    pub lines: Vec<ShotLine>,
}

impl Shot {
    /// From what `spurs` found; nothing where the capture has no centre or no known resolution.
    #[must_use]
    pub fn of(detail: &SpursDetail, center_hz: Option<f64>, sample_rate_hz: f64) -> Option<Self> {
        let carrier = detail.carrier.map(|c| ShotLine { offset_hz: c.offset_hz, level_db: c.level_db, own: false });
        let spurs = detail.spurs.iter().map(|s| ShotLine {
            offset_hz: s.offset_hz,
            level_db: s.level_db,
            own: s.origin == Origin::Receiver,
        });
        let mut lines: Vec<ShotLine> = carrier.into_iter().chain(spurs).collect();
        lines.sort_by(|a, b| b.level_db.total_cmp(&a.level_db));
        // Noise of one resolution bandwidth, and what a line needs above it to be listed.
        let noise = detail.noise.density_db_per_hz + 10.0 * detail.rbw_hz.log10();
        let weakest = detail.spurs.iter().map(|s| s.level_db - s.snr_db).fold(f64::NAN, f64::max);
        let noise = if noise.is_finite() { noise } else { weakest };
        let usable = detail.rbw_hz.is_finite() && detail.rbw_hz > 0.0 && noise.is_finite();
        usable.then_some(())?;
        Some(Self {
            center_hz: center_hz?,
            sample_rate_hz,
            rbw_hz: detail.rbw_hz,
            detectable_db: noise + LISTED_DB,
            lines,
        })
    }
}

/// Lines this far above the noise in their bin are listed for certain.
const LISTED_DB: f64 = 12.0;

/// One line of the first capture, called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CalledLine {
    /// Radio frequency as the first capture shows it.
    pub frequency_hz: f64,
    /// From its centre.
    pub offset_hz: f64,
    /// Level in its level unit.
    pub level_db: f64,
    /// What it is.
    pub call: Call,
    /// The next best explanation, where the captures do not tell them apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub or: Option<Call>,
    /// By how much the evidence favours the call over the next: a factor in decibels of probability, at most 100.
    pub evidence_db: f64,
    /// Radio frequency of the line it is made of, for images and products.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of_hz: Option<f64>,
}

/// How one of the other captures differs from the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// Its centre less the first one's.
    pub retuned_hz: f64,
    /// Its gain over the first one's, from the strongest line that keeps its radio frequency; `null` without any.
    pub gain_db: Option<f64>,
}

/// What the test finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ArtefactDetail {
    /// The other captures, in the order given.
    pub differences: Vec<Difference>,
    /// The lines of the first capture, strongest first.
    pub lines: Vec<CalledLine>,
}

/// A test that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ArtefactError {
    /// What is missing.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// Calls the lines of the first capture by what becomes of them in the others.
///
/// # Errors
/// When there are not two captures, or none of the others differs in tuning or gain.
pub fn call(shots: &[Shot]) -> Result<ArtefactDetail, ArtefactError> {
    let [first, others @ ..] = shots else { return Err(too_few()) };
    if others.is_empty() {
        return Err(too_few());
    }
    let scene = Scene::new(first, others);
    if !scene.differs() {
        return Err(ArtefactError {
            what: "the captures have the same centre and the same gain: nothing tells their lines apart".into(),
            hint: "retune by an odd step (1.37 MHz, say) or change the gain by 10 dB, and record again".into(),
        });
    }
    let lines = first.lines.iter().map(|l| scene.call(l)).collect();
    Ok(ArtefactDetail { differences: scene.differences(), lines })
}

fn too_few() -> ArtefactError {
    ArtefactError {
        what: "the test needs two or three captures of the same scene".into(),
        hint: "record it again at another centre frequency, and again with 10 dB less gain".into(),
    }
}
