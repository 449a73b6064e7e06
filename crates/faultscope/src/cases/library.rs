//! Closed cases as a fault library: found by words, or by how much their signature resembles that of a new capture.

use faultscope_case::{Attached, Entry, StoreError};
use faultscope_diagnose::signature::{self, Reason, Signature};
use faultscope_diagnose::{Cause, Examined, RuleSet};
use serde::{Deserialize, Serialize};

use super::link::{Stage, stage_of};
use super::{Desk, diagnosed};
use crate::{CaptureResult, Class, Error};

/// Goes up when entries are made otherwise; signatures have a version of their own.
const ENTRY_VERSION: u32 = 1;
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
        Ok(self.faults_of(id)?.0)
    }

    /// Looks closed cases up. What the library lacks of them is made first, and kept where the store can be written.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search_library(&mut self, search: &LibrarySearch) -> Result<Vec<LibraryHit>, Error> {
        self.fill_library()?;
        let entries = self.store.library(VERSION, &search.text)?;
        let mut hits = entries.iter().map(|e| hit(e, search.signature.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if search.signature.is_some() {
            // The most alike first; among equals the order of the store stays: the latest.
            hits.sort_by(|a, b| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)));
        }
        Ok(hits)
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
        Ok(())
    }

    fn entry(&self, id: &str) -> Result<Entry, Error> {
        let case = self.case(id)?;
        let (signature, causes) = self.faults_of(id)?;
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
        let body = serde_json::to_string(&brief).map_err(|e| Error::usage(e.to_string(), ""))?;
        let words = words.join("\n").to_lowercase();
        Ok(Entry { case_id: case.id, events: case.version, words, body })
    }

    /// Signature and causes of what was wrong.
    fn faults_of(&self, id: &str) -> Result<(Signature, Vec<Cause>), Error> {
        let fault = |a: &Attached| a.role.as_deref().and_then(stage_of) != Some(Stage::After);
        Ok(diagnosed(&self.events(id)?, RuleSet::shipped()?, fault, |set, causes| {
            (Signature::of(set, &causes), causes)
        }))
    }
}

fn hit(entry: &Entry, wanted: Option<&Signature>) -> Result<LibraryHit, Error> {
    let brief: Brief = serde_json::from_str(&entry.body).map_err(|e| {
        let what = format!("the library's entry of {} cannot be read ({e})", entry.case_id);
        Error::from(StoreError::Invalid { what })
    })?;
    let resemblance = wanted.map(|wanted| wanted.resemblance(&brief.signature));
    Ok(LibraryHit {
        case_id: entry.case_id.clone(),
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
