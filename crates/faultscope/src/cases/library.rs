//! Closed cases as a fault library: found by words, or by how much their signature resembles that of a new capture.

use faultscope_case::{Attached, Entry, Event, StoreError};
use faultscope_diagnose::signature::{self, Reason, Signature};
use faultscope_diagnose::{Cause, Examined, RuleSet};
use serde::{Deserialize, Serialize};

use super::link::{Stage, stage_of};
use super::{Case, Desk, diagnosed};
use crate::{CaptureResult, Class, Error};

/// Goes up when entries are made otherwise; signatures have a version of their own.
const ENTRY_VERSION: u32 = 3;
/// Entries are of both versions.
const VERSION: u32 = ENTRY_VERSION * 1000 + signature::VERSION;

/// A closed case in brief.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Brief {
    title: String,
    site: String,
    equipment: String,
    symptom: String,
    root_cause: String,
    remedy: String,
    parts: Vec<String>,
    closed_at: String,
    signature: Signature,
}

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct LibrarySearch {
    /// Words that must all be in a case: title, customer, site, equipment, symptom, root cause, remedy, parts, notes, actions,
    /// names of the causes.
    pub text: String,
    /// What the cases should resemble, the most alike first; without it the latest come first.
    pub signature: Option<Signature>,
    /// The most that are wanted; all when not set.
    pub limit: Option<usize>,
    /// A case that does not count: it does not resemble itself.
    pub not: Option<String>,
}

/// A closed case that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LibraryHit {
    /// The case.
    pub case_id: String,
    /// One line.
    pub title: String,
    /// Where.
    pub site: String,
    /// Kind and model of the equipment.
    pub equipment: String,
    /// In the customer's words.
    pub symptom: String,
    /// What was wrong.
    pub root_cause: String,
    /// What removed it.
    pub remedy: String,
    /// Parts that were replaced.
    pub parts: Vec<String>,
    /// Time of its last event, RFC 3339.
    pub closed_at: String,
    /// How much it resembles what was asked for, 0 to 1; `null` in a search by words alone.
    pub score: Option<f64>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// The JSON document of `library search`.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LibraryDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `library`.
    #[schemars(extend("const" = "library"))]
    pub command: String,
    /// The words looked for.
    pub text: String,
    /// The captures whose signature was looked for, or the case.
    pub resembles: Vec<String>,
    /// Closed cases that were looked at: those with the words.
    pub searched: usize,
    /// What was found.
    pub hits: Vec<LibraryHit>,
}

/// The signature of what captures of one unit show together.
///
/// # Errors
/// When the shipped rules cannot be read.
pub fn signature_of(results: &[CaptureResult]) -> Result<Signature, Error> {
    let set: Vec<Examined<'_>> = results.iter().filter_map(CaptureResult::examined).collect();
    Ok(Signature::of(&set, &RuleSet::shipped()?.diagnose(&set)))
}

impl Desk {
    /// The signature of what a case shows: its captures and check lists, those from after a repair left out.
    ///
    /// # Errors
    /// Unknown case, or a store that cannot be read.
    pub fn signature(&self, id: &str) -> Result<Signature, Error> {
        Ok(faults_of(&self.events(id)?)?.0)
    }

    /// Looks closed cases up. What the library lacks of them is made first, and kept where the store can be written. Says how
    /// many have the words; the answer holds no more than were asked for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search_library(&mut self, search: &LibrarySearch) -> Result<(usize, Vec<LibraryHit>), Error> {
        self.fill_library()?;
        let found = self.store.library(VERSION, &search.text, search.not.as_deref())?;
        let most = search.limit.unwrap_or(found.len());
        let ranked = match &search.signature {
            None => found.iter().take(most).copied().collect(),
            Some(signature) => {
                let wanted = signature.prepared();
                self.store.library_ranked(&found, most, &|packed, least| wanted.score(packed, least))?
            }
        };
        let briefs = self.store.library_briefs(&ranked)?;
        let hits = briefs.into_iter().map(|(id, body)| hit(id, &body, search.signature.as_ref()));
        Ok((found.len(), hits.collect::<Result<_, _>>()?))
    }

    fn fill_library(&mut self) -> Result<(), Error> {
        /// Entries that are made between two writes.
        const AT_ONCE: usize = 500;
        let lacking = self.store.library_lacks(VERSION)?;
        if !lacking.is_empty() && self.store.is_read_only() {
            return Err(Error::new(
                Class::Storage,
                "read_only",
                format!("{} closed cases are not in the library yet, and the store cannot be written", lacking.len()),
                "run `library search` once where the store can be written, or on a copy of it",
            ));
        }
        for ids in lacking.chunks(AT_ONCE) {
            let entries = ids.iter().map(|id| self.entry(id)).collect::<Result<Vec<_>, _>>()?;
            self.store.library_keep(VERSION, &entries)?;
        }
        if !self.store.is_read_only() {
            self.store.library_filled(VERSION)?;
        }
        Ok(())
    }

    fn entry(&self, id: &str) -> Result<Entry, Error> {
        let events = self.events(id)?;
        let case = Case::fold(&events, &crate::now())
            .ok_or_else(|| StoreError::Invalid { what: format!("the first event of {id} does not open it") })?;
        let case = Case { id: id.to_owned(), ..case };
        let (signature, causes) = faults_of(&events)?;
        let parts: Vec<String> = case.actions.iter().filter_map(|a| a.part.as_ref()).map(|p| p.name.clone()).collect();
        let equipment = [&case.equipment.kind, &case.equipment.model];
        let brief = Brief {
            title: case.title.clone(),
            site: case.site.clone(),
            equipment: equipment.into_iter().filter(|w| !w.is_empty()).cloned().collect::<Vec<_>>().join(" "),
            symptom: case.symptom.clone(),
            root_cause: case.root_cause.clone().unwrap_or_default(),
            remedy: case.closure.as_ref().map(|c| c.remedy.clone()).unwrap_or_default(),
            parts,
            closed_at: case.updated_at.clone(),
            signature,
        };
        let own = [&case.id, &case.customer, &case.equipment.serial, &case.equipment.tag];
        let told = [&brief.title, &brief.site, &brief.equipment, &brief.symptom, &brief.root_cause, &brief.remedy];
        let written = case.timeline.iter().map(|entry| &entry.text);
        let named = causes.iter().map(|c| &c.cause);
        let words: Vec<&str> =
            own.into_iter().chain(told).chain(&brief.parts).chain(written).chain(named).map(String::as_str).collect();
        let json = |e: serde_json::Error| Error::usage(e.to_string(), "");
        let signature = brief.signature.packed();
        let body = serde_json::to_string(&brief).map_err(json)?;
        let words = words.join("\n").to_lowercase();
        Ok(Entry { case_id: case.id, events: case.version, words, signature, body })
    }
}

/// Signature and causes of what was wrong.
fn faults_of(events: &[Event]) -> Result<(Signature, Vec<Cause>), Error> {
    let fault = |a: &Attached| a.role.as_deref().and_then(stage_of) != Some(Stage::After);
    Ok(diagnosed(events, RuleSet::shipped()?, fault, |set, causes| (Signature::of(set, &causes), causes)))
}

fn brief(case_id: &str, body: &str) -> Result<Brief, Error> {
    serde_json::from_str(body).map_err(|e| {
        let what = format!("the library's entry of {case_id} cannot be read ({e})");
        Error::from(StoreError::Invalid { what })
    })
}

fn hit(case_id: String, body: &str, wanted: Option<&Signature>) -> Result<LibraryHit, Error> {
    let brief = brief(&case_id, body)?;
    let resemblance = wanted.map(|wanted| wanted.resemblance(&brief.signature));
    Ok(LibraryHit {
        case_id,
        title: brief.title,
        site: brief.site,
        equipment: brief.equipment,
        symptom: brief.symptom,
        root_cause: brief.root_cause,
        remedy: brief.remedy,
        parts: brief.parts,
        closed_at: brief.closed_at,
        score: resemblance.as_ref().map(|r| r.score),
        reasons: resemblance.map(|r| r.reasons).unwrap_or_default(),
    })
}
