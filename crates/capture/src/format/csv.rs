//! Placeholder: the csv format.

use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, OpenOptions};

/// The csv format.
pub(super) struct Csv;

impl Format for Csv {
    fn id(&self) -> &'static str {
        "csv"
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
