//! Placeholder: the sigmf format.

use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, OpenOptions};

/// The sigmf format.
pub(super) struct SigMf;

impl Format for SigMf {
    fn id(&self) -> &'static str {
        "sigmf"
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
