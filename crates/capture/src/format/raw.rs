//! Placeholder: the raw format.

use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, OpenOptions};

/// The raw format.
pub(super) struct Raw;

impl Format for Raw {
    fn id(&self) -> &'static str {
        "raw"
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
