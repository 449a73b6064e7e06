//! The verb "verify": chain and digests, every finding computed again from its stored capture, every signature looked at.

use std::collections::BTreeSet;
use std::io::Read as _;

use faultscope_case::again::{Again, AgainState, Circumstances, Why, compare, not_evaluated};
use faultscope_case::{Attached, Difference, DifferenceKind, Event, EventKind, Evidence, sign};
use faultscope_diagnose::measurement::{self, EmissionsSettings, Settings};
use faultscope_diagnose::{Finding, LimitSet};

use super::link::result_of;
use super::{Desk, Keys, Verification};
use crate::result::OwnPack;
use crate::{CaptureResult, Class, Error, Request, Watch, analyse};

/// The media type of limit packs that are kept with what was judged by them.
const PACK: &str = "application/toml";

/// Bytes of a pack that is read: what comes in a bundle may call anything a pack.
const LARGEST_PACK: u64 = 4 << 20;

/// What `verify` may use beside the store.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// Limit packs of the user, for findings whose pack was not kept with them.
    pub packs: Vec<LimitSet>,
    /// Worker threads.
    pub threads: usize,
    /// Whose keys are known.
    pub keys: Option<Keys>,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { packs: Vec::new(), threads: 1, keys: None }
    }
}

/// Why the findings of an event cannot be computed again, and how that is told.
type Refusal = (Why, String);

impl Desk {
    /// Checks the chain of events and every digest of a case, computes its findings again from their captures, and looks at its
    /// signatures.
    ///
    /// # Errors
    /// Unknown case, a store that cannot be read at all, or no room to lay captures out.
    pub fn verify(&self, id: &str, options: &VerifyOptions, watch: &dyn Watch) -> Result<Verification, Error> {
        let mut verification = self.store.verify(id)?;
        // An event that cannot be read is among the differences already; nothing can be computed without its neighbours.
        let Ok(events) = self.events(id) else { return Ok(verification) };
        let changed: BTreeSet<String> =
            verification.differences.iter().filter_map(|d| d.at.rsplit(' ').next()).map(str::to_owned).collect();
        let sound: BTreeSet<String> = verification.have.iter().cloned().collect();
        for event in &events {
            let EventKind::Attached(attached) = &event.kind else { continue };
            let unchanged = sound.contains(&event.id) && !attached.evidence.iter().any(|e| changed.contains(&e.sha256));
            let answers = if unchanged {
                self.again(event, attached, options, watch)?
            } else {
                let why = "the capture or the event itself is not what it was";
                not_evaluated(event.place(), &attached.findings, Why::DataChanged, why)
            };
            let differing = answers.iter().filter(|a| a.state == AgainState::Differs);
            verification.differences.extend(differing.map(|a| Difference {
                kind: DifferenceKind::FindingChanged,
                at: format!("event {}, {}", a.event, a.finding),
                detail: a.detail.clone(),
            }));
            verification.recomputed.extend(answers);
        }
        let known = options.keys.as_ref().map(Keys::names).transpose()?.unwrap_or_default();
        sign::check(&mut verification, &events, &known);
        Ok(verification)
    }

    /// Keeps the text of a user's limit pack, so that what is judged by it can be judged again.
    pub(super) fn put_pack(&mut self, pack: &OwnPack) -> Result<Evidence, Error> {
        Ok(self.store.put_evidence(&format!("{}.toml", pack.id), PACK, &mut pack.text.as_bytes())?)
    }

    fn again(
        &self,
        event: &Event,
        attached: &Attached,
        options: &VerifyOptions,
        watch: &dyn Watch,
    ) -> Result<Vec<Again>, Error> {
        let (place, findings) = (event.place(), &attached.findings);
        if findings.is_empty() {
            return Ok(Vec::new());
        }
        let refuse = |(why, told): Refusal| Ok(not_evaluated(place, findings, why, &told));
        if attached.evidence.is_empty() {
            return refuse((Why::NoCapture, "no capture was kept with it".into()));
        }
        let Some(kept) = result_of(attached) else {
            return refuse((Why::Settings, "this program cannot read the result that was attached".into()));
        };
        if kept.link.is_some() {
            return self.finding_of_link(event, attached, watch);
        }
        let packs = self.packs_of(attached, &kept, options);
        let again = match self.measured(attached, &kept, &packs, options.threads, watch)? {
            Ok(again) => again,
            Err(refusal) => return refuse(refusal),
        };
        let program = format!("faultscope {}", crate::VERSION);
        let definitions = definitions(&kept, &again);
        let about = Circumstances {
            event: place,
            programs: (event.tool != program).then_some((event.tool.as_str(), program.as_str())),
            settings_differ: choices(&again) != choices(&kept),
            definitions: &definitions,
            missing: &packs.missing,
        };
        Ok(compare(findings, &again.findings, &about))
    }

    /// Lays the capture out and measures it as it was measured.
    fn measured(
        &self,
        attached: &Attached,
        kept: &CaptureResult,
        packs: &Packs,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Result<CaptureResult, Refusal>, Error> {
        let (measurement, settings) = match how(kept, &attached.findings) {
            Ok(how) => how,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let settings = Settings { threads, ..without_lines_of(settings, &packs.found) };
        let (open, packs_found) = (kept.settings.open.clone(), packs.found.clone());
        let request = Request { open, settings, packs: packs_found, ..Request::default() };
        let (_folder, first) = self.lay_out(attached)?;
        Ok(match analyse::analyse(&first, measurement, &request, watch) {
            Ok(again) if again.sha256 == kept.sha256 => Ok(again),
            Ok(_) => Err((Why::DataChanged, "the capture that is kept is not the one that was measured".into())),
            Err(e) if matches!(e.class, Class::Interrupted | Class::Storage) => return Err(e),
            Err(e) if packs.missing.is_empty() => {
                Err((Why::Settings, format!("this program cannot measure it so: {}", e.message)))
            }
            // Without its pack there may be nothing left to judge by.
            Err(_) => Err((Why::LimitPackMissing, packs_told(&packs.missing))),
        })
    }

    /// A link has one comparison for all its findings.
    fn finding_of_link(&self, event: &Event, attached: &Attached, watch: &dyn Watch) -> Result<Vec<Again>, Error> {
        let (state, why, detail) = match self.link_again(attached, watch) {
            Ok(None) => (AgainState::Same, None, String::new()),
            Ok(Some(differs)) => (AgainState::Differs, Some(Why::ProgramChanged), differs),
            Err(e) if matches!(e.class, Class::Interrupted | Class::Storage) => return Err(e),
            Err(e) => (AgainState::NotEvaluated, Some(Why::Settings), e.message),
        };
        let answer = |f: &Finding| {
            let (event, finding, detail) = (event.place(), f.id.clone(), detail.clone());
            Again { event, finding, state, why, detail }
        };
        Ok(attached.findings.iter().map(answer).collect())
    }

    /// The packs that a result was judged by: kept with it, else given, else shipped with the program.
    fn packs_of(&self, attached: &Attached, kept: &CaptureResult, options: &VerifyOptions) -> Packs {
        let own = attached.evidence.iter().filter(|e| e.media_type == PACK && e.size <= LARGEST_PACK);
        let own: Vec<LimitSet> = own.filter_map(|e| self.kept_pack(e)).collect();
        let mut packs = Packs::default();
        for named in &kept.settings.limit_packs {
            let (id, version) = named.rsplit_once('@').unwrap_or((named, ""));
            let at_hand = own.iter().chain(&options.packs);
            let found = at_hand.filter(|p| p.pack.id == id).find(|p| p.pack.version == version).cloned();
            match found.or_else(|| LimitSet::built_in(id).ok()) {
                Some(pack) => packs.found.push(as_asked(pack, &attached.findings)),
                None => packs.missing.push(id.to_owned()),
            }
        }
        packs
    }

    fn kept_pack(&self, evidence: &Evidence) -> Option<LimitSet> {
        let mut text = String::new();
        self.store.open_evidence(&evidence.sha256).ok()?.read_to_string(&mut text).ok()?;
        LimitSet::parse(&text, &evidence.name).ok()
    }
}

/// The limit packs of a result.
#[derive(Default)]
struct Packs {
    found: Vec<LimitSet>,
    missing: Vec<String>,
}

fn packs_told(missing: &[String]) -> String {
    format!("the limit pack {} is not at hand", missing.join(", "))
}

/// What was measured, and with which settings.
fn how(kept: &CaptureResult, findings: &[Finding]) -> Result<(&'static str, Settings), Refusal> {
    let named = findings.first().map(|f| f.measurement.as_str()).unwrap_or_default();
    let alone = kept.comparison.is_none() && findings.iter().all(|f| f.measurement == named);
    let Some(plug) = measurement::by_id(named).filter(|_| alone) else {
        return Err((Why::SeveralCaptures, format!("`{named}` rests on several captures")));
    };
    // As asked: a channel whose width was found is another one than a channel of a given width.
    let settings = kept.settings.asked.as_deref().or(kept.settings.measurement.as_ref()).cloned();
    settings.map(|s| (plug.id(), s)).ok_or_else(|| (Why::Settings, "the settings were not kept with it".into()))
}

/// A limit that was asked for by name although it is disabled is asked for again.
fn as_asked(mut pack: LimitSet, findings: &[Finding]) -> LimitSet {
    let named =
        |id: &str| findings.iter().filter_map(|f| f.limit.as_ref()).any(|l| l.pack == pack.pack.id && l.id == id);
    let asked: Vec<bool> = pack.limits.iter().map(|l| named(&l.id)).collect();
    pack.limits.iter_mut().zip(asked).for_each(|(limit, asked)| limit.asked = asked);
    pack
}

/// Settings as they are kept hold the lines of the packs, which the packs bring themselves.
fn without_lines_of(mut settings: Settings, packs: &[LimitSet]) -> Settings {
    let brought: BTreeSet<String> = EmissionsSettings::lines_of(packs).map(|l| l.line).collect();
    if let Some(emissions) = &mut settings.emissions {
        emissions.lines.retain(|l| !brought.contains(&l.line));
    }
    settings
}

/// The settings as used; the number of threads is none of them.
fn choices(result: &CaptureResult) -> Option<Settings> {
    result.settings.measurement.clone().map(|s| Settings { threads: 1, ..s })
}

/// Readings whose definition is another one now.
fn definitions(kept: &CaptureResult, again: &CaptureResult) -> Vec<(String, String, String)> {
    let now = |id: &str| again.readings.iter().find(|r| r.id == id).map(|r| r.definition.clone());
    let both = kept.readings.iter().filter_map(|r| Some((r.id.clone(), r.definition.clone(), now(&r.id)?)));
    both.filter(|(_, then, now)| then != now).collect()
}

#[cfg(test)]
mod tests;
