//! The verb "link": a supply capture and an RF capture, and which sidebands sit at the supply's ripple lines.

use std::path::Path;

use faultscope_capture::{Capture, OpenOptions};
use faultscope_diagnose::gate::{self, Coverage};
use faultscope_diagnose::link::{self, LinkDetail};
use faultscope_diagnose::{Gate, RuleSet, Settings};
use faultscope_report::words::Lang;
use faultscope_signal::Kind;
use serde::{Deserialize, Serialize};

use crate::analyse::{base, carrier_in_band, judge_and_explain, main_trace, measure_error, read_error};
use crate::watch::Watched;
use crate::{CaptureResult, Envelope, Error, Request, Watch};

/// What `link` is asked.
#[derive(Debug, Clone, Default)]
pub struct LinkRequest {
    /// How the supply's capture is opened.
    pub supply: OpenOptions,
    /// How the RF capture is opened.
    pub rf: OpenOptions,
    /// Settings of both measurements.
    pub settings: Settings,
    /// Language of words.
    pub lang: Lang,
    /// Leave out the SHA-256 of the files.
    pub skip_digest: bool,
}

/// What `link` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkDocument {
    /// The supply's `ripple`, then the RF record's `spurs`.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What limits the comparison itself.
    pub quality: Vec<Gate>,
    /// The answer.
    pub link: LinkDetail,
}

/// Compares two captures.
///
/// # Errors
/// When a capture cannot be opened or measured, or is of the wrong kind.
pub fn link(supply: &Path, rf: &Path, request: &LinkRequest, watch: &dyn Watch) -> Result<LinkDocument, Error> {
    let captures = (faultscope_capture::open(supply, &request.supply)?, faultscope_capture::open(rf, &request.rf)?);
    let traces = (main_trace(&captures.0)?, main_trace(&captures.1)?);
    if traces.0.kind == Kind::Iq {
        let message = format!("the first capture is I/Q samples, not a supply voltage: {}", supply.display());
        return Err(Error::usage(message, "give the supply's capture first, then the RF capture"));
    }
    carrier_in_band(&request.settings, traces.1)?;
    let watched = (Watched { record: traces.0, watch }, Watched { record: traces.1, watch });
    let scans = (
        gate::scan(&watched.0, Coverage::Full).map_err(read_error)?,
        gate::scan(&watched.1, Coverage::Full).map_err(read_error)?,
    );
    let linked = link::link((&watched.0, &captures.0.caveats), (&watched.1, &captures.1.caveats), &request.settings)
        .map_err(measure_error)?;
    let rules = &RuleSet::built_in()?;
    let result = |file: &Path,
                  capture: &Capture,
                  open: &OpenOptions,
                  mut measured: faultscope_diagnose::Measured,
                  scan: gate::Scan| {
        let request = Request {
            open: open.clone(),
            settings: request.settings.clone(),
            packs: Vec::new(),
            lang: request.lang,
            skip_digest: request.skip_digest,
        };
        let mut result: CaptureResult = base(file, capture, main_trace(capture)?, &request)?;
        measured.gates = gate::merge([scan.gates, measured.gates]);
        judge_and_explain(&mut result, measured, &request, rules);
        Ok::<_, Error>(result)
    };
    let results = vec![
        result(supply, &captures.0, &request.supply, linked.supply, scans.0)?,
        result(rf, &captures.1, &request.rf, linked.rf, scans.1)?,
    ];
    Ok(LinkDocument { envelope: Envelope::new("link", results), quality: linked.gates, link: linked.detail })
}
