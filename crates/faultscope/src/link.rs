//! The verb "link": a supply capture and an RF capture, and which sidebands sit at the supply's ripple lines.

use std::path::Path;

use faultscope_capture::OpenOptions;
use faultscope_diagnose::link::{self, LinkDetail};
use faultscope_diagnose::{Gate, Measured, RuleSet, Settings};
use faultscope_report::words::Lang;
use faultscope_signal::Kind;
use serde::{Deserialize, Serialize};

use crate::analyse::judge_and_explain;
use crate::opened::{Opened, measure_error};
use crate::{Envelope, Error, Request, Watch};

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

impl LinkRequest {
    /// The request for one of the captures.
    fn of(&self, open: &OpenOptions) -> Request {
        let (open, settings) = (open.clone(), self.settings.clone());
        Request { open, settings, packs: Vec::new(), lang: self.lang, skip_digest: self.skip_digest }
    }
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
    let requests = (request.of(&request.supply), request.of(&request.rf));
    // A carrier is no business of the supply's.
    let plain = Request { settings: Settings { carrier_hz: None, ..request.settings.clone() }, ..requests.0 };
    let mut opened = (Opened::new(supply, &plain, watch)?, Opened::new(rf, &requests.1, watch)?);
    if opened.0.trace()?.kind == Kind::Iq {
        let message = format!("the first capture is I/Q samples, not a supply voltage: {}", supply.display());
        return Err(Error::usage(message, "give the supply's capture first, then the RF capture"));
    }
    opened.1.trace()?;
    opened.0.ready()?;
    opened.1.ready()?;
    let linked = link::link(
        (&opened.0.record()?, &opened.0.capture.caveats),
        (&opened.1.record()?, &opened.1.capture.caveats),
        &request.settings,
    )
    .map_err(measure_error)?;
    let rules = &RuleSet::built_in()?;
    let result = |opened: &Opened<'_>, measured: Measured, request: &Request| {
        let mut result = opened.result()?;
        judge_and_explain(&mut result, opened.with_scan(measured), request, rules);
        Ok::<_, Error>(result)
    };
    let results = vec![result(&opened.0, linked.supply, &plain)?, result(&opened.1, linked.rf, &requests.1)?];
    Ok(LinkDocument { envelope: Envelope::new("link", results), quality: linked.gates, link: linked.detail })
}
