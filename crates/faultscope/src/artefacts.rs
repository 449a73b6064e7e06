//! The receiver-artefact test on files: captures of one scene at different tuning and gain.

use std::path::PathBuf;

use faultscope_diagnose::artefact::{self, ArtefactDetail, Shot};
use serde::{Deserialize, Serialize};

use crate::{CaptureResult, Class, Envelope, Error, Request, Watch, analyse};

/// What `artefacts` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ArtefactDocument {
    /// `spurs` of every capture.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The lines of the first capture, called.
    pub artefacts: ArtefactDetail,
}

/// Calls every line of the first capture.
///
/// # Errors
/// When a capture cannot be measured, has no centre frequency, or none of them differs from the first.
pub fn artefacts(files: &[PathBuf], request: &Request, watch: &dyn Watch) -> Result<ArtefactDocument, Error> {
    let mut results: Vec<CaptureResult> = Vec::new();
    let mut shots = Vec::new();
    for file in files {
        let result = analyse(file, "spurs", request, watch)?;
        shots.push(shot(&result)?);
        results.push(result);
    }
    let artefacts = artefact::call(&shots).map_err(|e| Error::usage(e.what, e.hint))?;
    Ok(ArtefactDocument { envelope: Envelope::new("artefacts", results), artefacts })
}

fn shot(result: &CaptureResult) -> Result<Shot, Error> {
    let shot = result.spurs.as_ref().zip(result.sample_rate_hz).and_then(|(d, r)| Shot::of(d, result.center_hz, r));
    shot.ok_or_else(|| {
        let message = format!("the centre frequency or the sample rate of this capture is not known: {}", result.file);
        Error::new(Class::Usage, "missing_parameter", message, "add --center HZ, or captures that state it (SigMF)")
    })
}
