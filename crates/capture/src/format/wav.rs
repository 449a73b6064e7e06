//! Placeholder: the wav format.

use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, OpenOptions};

/// The wav format.
pub(super) struct Wav;

impl Format for Wav {
    fn id(&self) -> &'static str {
        "wav"
    }
    fn describe(&self) -> &'static str {
        ""
    }
    fn matches(&self, _probe: &Probe) -> Match {
        Match::No
    }
    fn open(&self, probe: &Probe, _options: &OpenOptions) -> Result<Capture, CaptureError> {
        Err(CaptureError::unsupported(&probe.path, "not written yet", ""))
    }
}
