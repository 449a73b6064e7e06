//! The link within a case: captures of supply and transmitter that lie in one case are held beside each other by themselves.

use std::collections::{BTreeMap, BTreeSet};

use faultscope_capture::OpenOptions;
use faultscope_case::{Attached, CaptureRef, Event, EventKind};
use faultscope_diagnose::gate;
use faultscope_diagnose::link::LinkDetail;
use faultscope_diagnose::{CauseReading, Examined, RuleSet, Settings};
use faultscope_report::words::{self, Lang};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Desk;
use crate::link::{LinkDocument, LinkRequest, link};
use crate::result::ResultSettings;
use crate::{CaptureResult, Class, Error, Watch};

/// Captures of one kind and stage that are looked at: the latest.
const MOST: usize = 8;

/// One of the two captures of a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkSource {
    /// Number of the event that attached it.
    pub event: u64,
    /// Its name.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
    /// How it was opened.
    pub open: OpenOptions,
}

/// What `link` found between two captures of a case: all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseLink {
    /// The supply.
    pub supply: LinkSource,
    /// The RF capture.
    pub rf: LinkSource,
    /// Supplies that the RF capture was held against: the chances of a link count all of them.
    pub tried: usize,
    /// The answer.
    #[serde(flatten)]
    pub detail: LinkDetail,
}

/// What was asked of a link within a case.
#[derive(Debug, Clone, Default)]
pub struct CaseLinkRequest {
    /// Settings of both measurements.
    pub settings: Settings,
    /// Language of the findings' summaries.
    pub lang: Lang,
}

/// What became of the pairs of captures in a case.
#[derive(Debug, Default)]
pub struct CaseLinked {
    /// Results with a link, as attached.
    pub found: Vec<CaptureResult>,
    /// Pairs that were held beside each other.
    pub compared: usize,
    /// Pairs whose link the case holds already.
    pub known: usize,
    /// Pairs that could not be compared, and why.
    pub failed: Vec<Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Supply,
    Rf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Before,
    After,
}

/// A capture of the case that can be one side of a link.
#[derive(Debug, Clone)]
struct Source {
    side: Side,
    stage: Option<Stage>,
    event: u64,
    sha256: String,
    attached: Attached,
    result: Option<CaptureResult>,
}

/// What a role says: a side, that it is neither, or nothing.
fn side_of_role(role: &str) -> Option<Option<Side>> {
    let role = role.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| role.contains(w));
    if says(&["receive", "idle", "接收", "空闲"]) {
        return Some(None);
    }
    if says(&["supply", "rail", "psu", "电源", "供电"]) {
        return Some(Some(Side::Supply));
    }
    says(&["transmit", "antenna", "发射", "射频"]).then_some(Some(Side::Rf))
}

fn side_of_result(result: &CaptureResult) -> Option<Side> {
    result.samples?;
    if result.ripple.is_some() || result.unit.as_deref() == Some("v") {
        return Some(Side::Supply);
    }
    let radio = result.spurs.is_some()
        || result.channel.is_some()
        || result.modulation.is_some()
        || result.emissions.is_some()
        || result.phase_noise.is_some();
    radio.then_some(Side::Rf)
}

pub(super) fn stage_of(role: &str) -> Option<Stage> {
    let role = role.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| role.contains(w));
    match (says(&["before", "维修前", "修前"]), says(&["after", "维修后", "修后"])) {
        (true, false) => Some(Stage::Before),
        (false, true) => Some(Stage::After),
        _ => None,
    }
}

/// The result of an attachment, where it holds one that this program reads.
pub(super) fn result_of(attached: &Attached) -> Option<CaptureResult> {
    CaptureResult::deserialize(&attached.result).ok()
}

fn source(event: &Event) -> Option<Source> {
    let EventKind::Attached(attached) = &event.kind else { return None };
    let result = result_of(attached);
    if result.as_ref().is_some_and(|r| r.link.is_some() || r.error.is_some()) {
        return None;
    }
    let role = attached.role.as_deref().unwrap_or_default();
    let side = match side_of_role(role) {
        Some(side) => side?,
        None => side_of_result(result.as_ref()?)?,
    };
    let sha256 = attached.evidence.first()?.sha256.clone();
    let attached = (**attached).clone();
    Some(Source { side, stage: stage_of(role), event: event.place(), sha256, attached, result })
}

/// Whether two captures can be of one moment: before and after a repair are two.
fn together(a: &Source, b: &Source) -> bool {
    a.stage.is_none() || b.stage.is_none() || a.stage == b.stage
}

/// The latest captures of one side, each once however often it was measured, in the order of their events.
fn latest(sources: &[Source], side: Side) -> Vec<&Source> {
    let mut seen = BTreeSet::new();
    let own = sources.iter().rev().filter(|s| s.side == side && seen.insert(s.sha256.as_str()));
    let mut own: Vec<&Source> = own.take(MOST).collect();
    own.reverse();
    own
}

impl Desk {
    /// Looks for links between the supplies and the transmitters of a case and attaches each that is found as a result of its
    /// own, which cites both captures. With `new`, only pairs with a capture that one of these events attached are looked at.
    /// Says nothing where the evidence is not there; a link that the case holds already is not attached again.
    ///
    /// # Errors
    /// Unknown case, a store that cannot be read or written, or an interruption; a pair that cannot be compared is listed.
    pub fn link_case(
        &mut self,
        id: &str,
        new: Option<&[u64]>,
        request: &CaseLinkRequest,
        watch: &dyn Watch,
    ) -> Result<CaseLinked, Error> {
        let events = self.events(id)?;
        let sources: Vec<Source> = events.iter().filter_map(source).collect();
        let known: BTreeSet<(String, String)> = events.iter().filter_map(known_pair).collect();
        let (supplies, radios) = (latest(&sources, Side::Supply), latest(&sources, Side::Rf));
        let is_new = |s: &Source| new.is_none_or(|new| new.contains(&s.event));
        let mut out = CaseLinked::default();
        for rf in &radios {
            let beside: Vec<&&Source> = supplies.iter().filter(|s| together(s, rf)).collect();
            for supply in beside.iter().filter(|s| is_new(s) || is_new(rf)) {
                if known.contains(&(supply.sha256.clone(), rf.sha256.clone())) {
                    out.known += 1;
                    continue;
                }
                match self.link_pair((supply, rf), beside.len(), request, watch) {
                    Ok(result) => {
                        out.compared += 1;
                        if let Some(result) = result {
                            self.attach_link(id, (supply, rf), &result)?;
                            out.found.push(result);
                        }
                    }
                    Err(e) if matches!(e.class, Class::Interrupted | Class::Storage) => return Err(e),
                    Err(e) => out.failed.push(e),
                }
            }
        }
        Ok(out)
    }

    /// Events that attached something since the case had `seen` events: what [`Desk::link_case`] takes as new.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read.
    pub fn attached_since(&self, id: &str, seen: u64) -> Result<Vec<u64>, Error> {
        Ok(self.events(id)?.iter().map(Event::place).filter(|seq| *seq > seen).collect())
    }

    fn link_pair(
        &self,
        pair: (&Source, &Source),
        tried: usize,
        request: &CaseLinkRequest,
        watch: &dyn Watch,
    ) -> Result<Option<CaptureResult>, Error> {
        let open = |s: &Source| s.result.as_ref().map(|r| r.settings.open.clone()).unwrap_or_default();
        let name = |s: &Source| s.attached.evidence.first().map(|e| e.name.clone()).unwrap_or_default();
        let told = |s: &Source| LinkSource { event: s.event, file: name(s), sha256: s.sha256.clone(), open: open(s) };
        let settings = carrier_of(pair.1, &request.settings);
        let document = self.linked(pair, (&open(pair.0), &open(pair.1)), &settings, request.lang, watch)?;
        let detail = document.link.clone().among(tried);
        if !detail.found {
            return Ok(None);
        }
        let link = CaseLink { supply: told(pair.0), rf: told(pair.1), tried, detail };
        Ok(Some(result(document, link, &pair.1.attached, request.lang)?))
    }

    /// Lays both captures out and compares them.
    fn linked(
        &self,
        pair: (&Source, &Source),
        open: (&OpenOptions, &OpenOptions),
        settings: &Settings,
        lang: Lang,
        watch: &dyn Watch,
    ) -> Result<LinkDocument, Error> {
        let places = (self.lay_out(&pair.0.attached)?, self.lay_out(&pair.1.attached)?);
        let (supply, rf) = (open.0.clone(), open.1.clone());
        let request = LinkRequest { supply, rf, settings: settings.clone(), lang, skip_digest: false };
        link(&places.0.1, &places.1.1, &request, watch)
    }

    fn attach_link(&mut self, id: &str, pair: (&Source, &Source), result: &CaptureResult) -> Result<(), Error> {
        let cited = |s: &Source| {
            s.attached.evidence.first().map(|e| CaptureRef { name: e.name.clone(), sha256: e.sha256.clone() })
        };
        let role = match pair.1.stage.or(pair.0.stage) {
            Some(Stage::Before) => "link before",
            Some(Stage::After) => "link after",
            None => "link",
        };
        let attached = Attached {
            evidence: pair.1.attached.evidence.iter().chain(&pair.0.attached.evidence).cloned().collect(),
            captures: [cited(pair.1), cited(pair.0)].into_iter().flatten().collect(),
            result: serde_json::to_value(result).map_err(|e| Error::usage(e.to_string(), ""))?,
            findings: result.findings.clone(),
            role: Some(role.into()),
            recorded_at: None,
        };
        self.append(id, None, EventKind::Attached(Box::new(attached))).map(|_| ())
    }

    /// Computes an attached link again; what differs from what was attached, or nothing.
    ///
    /// # Errors
    /// When the captures are not there any more or cannot be read.
    pub fn link_again(&self, attached: &Attached, watch: &dyn Watch) -> Result<Option<String>, Error> {
        let Some((result, kept)) = result_of(attached).and_then(|r| r.link.clone().map(|l| (r, l))) else {
            return Ok(None);
        };
        let by_digest: BTreeMap<&str, usize> =
            attached.evidence.iter().enumerate().rev().map(|(i, e)| (e.sha256.as_str(), i)).collect();
        let part = |source: &LinkSource, side| {
            let (&first, other) = by_digest.get(source.sha256.as_str()).zip(Some(&source.sha256)).ok_or_else(|| {
                let message = format!("the link names the capture {}, which is not among its evidence", source.file);
                Error::new(Class::Integrity, "damaged", message, "case verify shows what differs")
            })?;
            // The files of a capture stand together, its samples first.
            let others: Vec<&str> = [&kept.supply.sha256, &kept.rf.sha256]
                .into_iter()
                .filter(|d| *d != other)
                .map(String::as_str)
                .collect();
            let evidence = attached.evidence.iter().skip(first);
            let evidence = evidence.take_while(|e| !others.contains(&e.sha256.as_str())).cloned().collect();
            let attached = Attached { evidence, ..Attached::default() };
            Ok::<_, Error>(Source {
                side,
                stage: None,
                event: source.event,
                sha256: source.sha256.clone(),
                attached,
                result: None,
            })
        };
        let pair = (part(&kept.supply, Side::Supply)?, part(&kept.rf, Side::Rf)?);
        let settings = result.settings.measurement.clone().unwrap_or_default();
        let open = (&kept.supply.open, &kept.rf.open);
        let document = self.linked((&pair.0, &pair.1), open, &settings, Lang::default(), watch)?;
        let again = CaseLink { detail: document.link.among(kept.tried), ..(*kept).clone() };
        let value = |link: &CaseLink| serde_json::to_value(link).unwrap_or_default();
        Ok(difference("link", &value(&kept), &value(&again)))
    }
}

/// The carrier that the RF capture was measured with, unless another one is asked for.
fn carrier_of(rf: &Source, asked: &Settings) -> Settings {
    let measured = rf.result.as_ref().and_then(|r| r.settings.measurement.as_ref()).and_then(|m| m.carrier_hz);
    Settings { carrier_hz: asked.carrier_hz.or(measured), ..asked.clone() }
}

fn known_pair(event: &Event) -> Option<(String, String)> {
    let EventKind::Attached(attached) = &event.kind else { return None };
    let link = result_of(attached)?.link?;
    Some((link.supply.sha256, link.rf.sha256))
}

/// The result that is attached: of the RF capture, with the link and what follows from it.
fn result(document: LinkDocument, link: CaseLink, rf: &Attached, lang: Lang) -> Result<CaptureResult, Error> {
    let LinkDocument { envelope, quality, .. } = document;
    let parts = <[CaptureResult; 2]>::try_from(envelope.captures);
    let [mut supply, mut radio] = parts.map_err(|_| Error::usage("a link has two captures", ""))?;
    (supply.file, radio.file) = (link.supply.file.clone(), link.rf.file.clone());
    let gates = gate::merge([quality, supply.quality.clone(), radio.quality.clone()]);
    let mut out = CaptureResult {
        file: radio.file.clone(),
        sha256: radio.sha256.clone(),
        format: radio.format.clone(),
        sample_rate_hz: radio.sample_rate_hz,
        center_hz: radio.center_hz,
        samples: radio.samples,
        duration_s: radio.duration_s,
        unit: radio.unit.clone(),
        readings: link.detail.readings(),
        findings: link.detail.findings(&rf.findings, &gates),
        settings: ResultSettings { limit_packs: Vec::new(), own_packs: Vec::new(), ..radio.settings.clone() },
        quality: gates,
        link: Some(Box::new(link)),
        ..CaptureResult::default()
    };
    let rules = RuleSet::built_in()?;
    let set: Vec<Examined<'_>> = [&supply, &radio, &out].into_iter().filter_map(CaptureResult::examined).collect();
    let rests_on_link = |r: &CauseReading| r.measurement == "link";
    let causes: Vec<_> = rules.diagnose(&set).into_iter().filter(|c| c.readings.iter().any(rests_on_link)).collect();
    for finding in &mut out.findings {
        let of = |r: &CauseReading| r.measurement == "link" && r.id == finding.reading;
        finding.causes = causes.iter().filter(|c| c.readings.iter().any(of)).cloned().collect();
        finding.summary = words::summary(finding, lang);
    }
    out.settings.rules_version = Some(rules.version);
    out.causes = causes;
    Ok(out)
}

/// The first place where two values differ by more than the last digits that kinds of processors differ in.
fn difference(at: &str, kept: &Value, again: &Value) -> Option<String> {
    let differs = || Some(format!("{at}: {kept} was attached, {again} is computed"));
    match (kept, again) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            let size = a.abs().max(b.abs());
            let allowed = match at.rsplit('.').next().unwrap_or_default() {
                name if name.contains("probability") => 0.1 * size,
                name if name.ends_with("_ppm") => 0.1,
                name if name.ends_with("_hz") => 1e-3 + 1e-6 * size,
                _ => 1e-3 * (1.0 + size),
            };
            if (a - b).abs() <= allowed { None } else { differs() }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(&format!("{at}[{i}]"), a, b))
        }
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(key, a)| difference(&format!("{at}.{key}"), a, b.get(key).unwrap_or(&Value::Null)))
        }
        (a, b) if a == b => None,
        _ => differs(),
    }
}
