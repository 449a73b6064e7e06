//! Inspections of a round: measured as `check` does, kept with their evidence, and the cases that failures raise.

use std::path::{Path, PathBuf};

use faultscope_case::round::{Inspection, PlanRef, Point, PointResult, RaiseTo, Standing, Unmeasured};
use faultscope_case::sync::By;
use faultscope_case::{Event, EventKind, Opened, Verification};
use faultscope_diagnose::Verdict;
use faultscope_report::words::fill;

use super::{Case, CaseLinkRequest, Desk, Equipment};
use crate::check::{CheckDocument, CheckOptions, Outcome, check};
use crate::rounds::{InspectionSummary, Round};
use crate::{Class, Error, Watch};

/// What is recorded at a point.
#[derive(Debug, Clone, Default)]
pub struct InspectRequest {
    /// The captures.
    pub captures: Vec<PathBuf>,
    /// How they are measured.
    pub options: CheckOptions,
    /// Photos and other files.
    pub files: Vec<PathBuf>,
    /// When it was done, RFC 3339; now where it is not said.
    pub done_at: Option<String>,
    /// In words.
    pub note: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// What was measured.
    pub document: CheckDocument,
    /// What was written down; nothing where nothing could be measured.
    pub inspection: Option<InspectionSummary>,
}

impl Desk {
    /// Measures a point as its plan says and writes down what was found, with its evidence, in one event. Where nothing could be
    /// measured, nothing is written down.
    ///
    /// # Errors
    /// When the plan of the point cannot be used, the run is interrupted, or the store cannot be written.
    pub fn inspect(
        &mut self,
        round: &Round,
        point: &Point,
        request: &InspectRequest,
        watch: &dyn Watch,
    ) -> Result<Inspected, Error> {
        let plan = round.check_plan(point)?;
        let outcome = check(&plan, &request.captures, &request.options, watch)?;
        let errors = || outcome.document.captures.iter().filter_map(|c| c.result.error.as_ref());
        if errors().any(|e| e.class == Some(Class::Interrupted)) {
            return Err(Error::interrupted());
        }
        let results = self.results(&outcome, point)?;
        if results.is_empty() {
            return Ok(Inspected { document: outcome.document, inspection: None });
        }
        let mut missing: Vec<Unmeasured> = outcome
            .document
            .missing
            .iter()
            .map(|m| Unmeasured { step: m.step.clone(), reason: m.reason.clone() })
            .collect();
        let not_measured = outcome.document.captures.iter().filter_map(|c| Some((c, c.result.error.as_ref()?)));
        missing.extend(not_measured.map(|(c, e)| Unmeasured { step: c.step.clone(), reason: e.message.clone() }));
        // What could not be measured never leaves the rest green.
        let doubt = (!missing.is_empty()).then_some(Verdict::NotEvaluated);
        let verdict =
            Verdict::worst(outcome.document.verdict.into_iter().chain(doubt)).unwrap_or(Verdict::NotEvaluated);
        let at = crate::now();
        let inspection = Inspection {
            plan: PlanRef::from(&round.plan),
            point: point.clone(),
            done_at: request.done_at.clone().unwrap_or_else(|| at.clone()),
            verdict,
            results,
            missing,
            files: request.files.iter().map(|file| self.put(file)).collect::<Result<_, _>>()?,
            note: request.note.clone(),
        };
        let event = self.store.rounds_mut().inspect(inspection.clone(), &at, &self.actor, &tool())?;
        self.durable.push(event.id.clone());
        let inspection = Some(InspectionSummary::new(&event, inspection, None));
        Ok(Inspected { document: outcome.document, inspection })
    }

    /// The results of a run, their captures stored; a point with one measurement has no roles.
    fn results(&mut self, outcome: &Outcome, point: &Point) -> Result<Vec<PointResult>, Error> {
        let one = |(entry, file): (&crate::check::CheckEntry, &Path)| {
            let files = faultscope_capture::open(file, &entry.result.settings.open)?.files;
            let attached =
                self.keep(&files, Some(&entry.result), entry.role.clone().filter(|_| point.check.is_some()))?;
            Ok(PointResult { step: entry.step.clone(), verdict: entry.verdict, attached })
        };
        outcome.measured().map(one).collect()
    }

    /// Opens a case for an inspection that failed, or takes the one that is named, or that an earlier failure of the point raised
    /// and that is not closed; what was found is attached to it, and the inspection says which case came of it.
    ///
    /// # Errors
    /// When there is no such inspection or case, the inspection has not failed, or the store cannot be written.
    pub fn raise(
        &mut self,
        plan: &str,
        inspection: &str,
        case_id: Option<&str>,
        request: &CaseLinkRequest,
        watch: &dyn Watch,
    ) -> Result<Case, Error> {
        let (event, found) = self.store.rounds().inspection(plan, inspection)?;
        if found.verdict != Verdict::Fail {
            let message = format!("the inspection of {} on {} has not failed", found.point.tag, found.done_at);
            return Err(Error::usage(message, "only a failure raises a case; open one by hand with case open"));
        }
        let into = match case_id {
            Some(id) => RaiseTo::Case(id.to_owned()),
            None => RaiseTo::New(Box::new(self.opening(opened(&found, request))?)),
        };
        let events: Vec<_> = attachments(&event, &found).into_iter().map(|kind| self.event(kind)).collect();
        let by = By { at: &crate::now(), actor: &self.actor, tool: &tool() };
        let raised = self.store.rounds_mut().raise(plan, &event.id, &into, &events, by)?;
        self.durable.extend(raised.events.iter().chain([&raised.noted]).map(|e| e.id.clone()));
        // What was measured may explain each other, or what the case held before.
        let attached = raised.events.iter().find(|e| !matches!(e.kind, EventKind::Opened(_)));
        let new = self.attached_since(&raised.case_id, attached.map_or(0, |e| e.seq - 1))?;
        self.link_case(&raised.case_id, Some(&new), request, watch)?;
        self.case(&raised.case_id)
    }

    /// Where the points of a plan stand at a time, the next to fall due first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn standing(&self, round: &Round, at: &str) -> Result<Vec<Standing>, Error> {
        Ok(self.store.rounds().standing(&round.plan, at)?)
    }

    /// The inspections of a point, the latest first, at most so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn inspections(&self, plan: &str, tag: &str, limit: Option<u32>) -> Result<Vec<InspectionSummary>, Error> {
        let all = self.store.rounds().inspections(plan, tag, limit)?;
        Ok(all.into_iter().map(|(event, found, case)| InspectionSummary::new(&event, found, case)).collect())
    }

    /// Checks the chains of the plans named, or of all that the store has inspections of.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn verify_rounds(&self, plans: &[String]) -> Result<Vec<Verification>, Error> {
        let plans = if plans.is_empty() { self.store.rounds().round_ids()? } else { plans.to_vec() };
        plans.iter().map(|plan| Ok(self.store.rounds().verify_round(plan)?)).collect()
    }
}

fn tool() -> String {
    format!("faultscope {}", crate::VERSION)
}

/// The case of a failure: what failed, in the words of its findings.
fn opened(found: &Inspection, request: &CaseLinkRequest) -> Opened {
    /// So many findings are named.
    const MOST: usize = 5;
    let point = &found.point;
    let title = point.words(request.lang.tag()).title;
    let findings = found.results.iter().flat_map(|r| &r.attached.findings);
    let failed: Vec<&str> = findings.filter(|f| f.verdict == Verdict::Fail).map(|f| f.summary.as_str()).collect();
    Opened {
        title: fill(request.lang, "round.case_title", &[("point", &title)]),
        customer: point.customer.clone(),
        site: point.site.clone(),
        equipment: Equipment {
            kind: point.equipment.clone(),
            model: point.model.clone(),
            serial: point.serial.clone(),
            tag: point.tag.clone(),
        },
        symptom: failed.into_iter().take(MOST).collect::<Vec<_>>().join("\n"),
        contact: String::new(),
        priority: point.priority,
        terms: None,
    }
}

/// What a case gets of an inspection: where it comes from, what was measured, the other files.
fn attachments(event: &Event, found: &Inspection) -> Vec<EventKind> {
    let Inspection { plan, point, .. } = found;
    let text = format!(
        "inspection {} of {}, point {}, round {} {}: {}",
        event.id,
        found.done_at,
        point.tag,
        plan.id,
        plan.version,
        found.verdict.name()
    );
    let text = if found.note.is_empty() { text } else { format!("{text}\n{}", found.note) };
    let results = found.results.iter().map(|r| EventKind::Attached(Box::new(r.attached.clone())));
    let files = (!found.files.is_empty()).then(|| {
        let evidence = found.files.clone();
        EventKind::Attached(Box::new(super::Attached { evidence, ..super::Attached::default() }))
    });
    std::iter::once(EventKind::Noted { text }).chain(results).chain(files).collect()
}
