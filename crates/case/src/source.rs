//! A case as it comes from elsewhere: what an import reads, be it a bundle or another store.

use std::io::Read;
use std::path::PathBuf;

use crate::bundle::{Manifest, ManifestCase, check_chain};
use crate::event::{Event, Evidence};
use crate::{Store, StoreError};

/// Where an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its hash.
    pub hash: String,
    /// Number of the event that merged it, where it is beside the case's own chain.
    pub side_of: Option<u64>,
}

/// A case from elsewhere whose events were checked as a chain.
pub trait Source {
    /// Which case, and how far it had come.
    fn case(&self) -> &ManifestCase;

    /// Every event in order, those that were merged behind the event that merged them.
    fn index(&self) -> &[Place];

    /// Hands every event over in the order of the index; may be called more than once.
    ///
    /// # Errors
    /// What `take` says, or when the events are no longer what they were.
    fn each_event(&mut self, take: &mut dyn FnMut(Event) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// Digest and size of every evidence file.
    fn evidence(&self) -> Vec<(String, u64)>;

    /// Reads one evidence file.
    ///
    /// # Errors
    /// What `take` says, or when there is no such file.
    fn read_evidence(
        &mut self,
        sha256: &str,
        take: &mut dyn FnMut(&mut dyn Read) -> Result<Evidence, StoreError>,
    ) -> Result<Evidence, StoreError>;

    /// The refusal of a case that cannot be believed.
    fn bad(&self, what: &str) -> StoreError;
}

/// A case as another store has it at one moment: its events in memory, its evidence read when asked for.
pub struct Original<'a> {
    store: &'a dyn Store,
    manifest: Manifest,
    index: Vec<Place>,
    events: Vec<Event>,
}

impl<'a> Original<'a> {
    /// Reads the events of a case and checks them as those of a bundle are checked. The evidence is checked as it is taken over:
    /// it is stored under the digest of what was read.
    ///
    /// # Errors
    /// Unknown case, a store that cannot be read; [`StoreError::Damaged`] when the chain is broken.
    pub fn of(store: &'a dyn Store, case_id: &str) -> Result<Self, StoreError> {
        let events = store.events(case_id)?;
        let damaged = |why: String| StoreError::Damaged {
            what: format!("{case_id} is not what it was and is not handed on ({why})"),
            path: store.place().to_owned(),
        };
        let manifest = Manifest::of(&events).ok_or_else(|| damaged("it has no events".into()))?;
        let index = check_chain(&manifest, &events).map_err(damaged)?;
        Ok(Self { store, manifest, index, events })
    }
}

impl Source for Original<'_> {
    fn case(&self) -> &ManifestCase {
        &self.manifest.case
    }

    fn index(&self) -> &[Place] {
        &self.index
    }

    fn each_event(&mut self, take: &mut dyn FnMut(Event) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.events.iter().cloned().try_for_each(take)
    }

    fn evidence(&self) -> Vec<(String, u64)> {
        self.manifest.evidence()
    }

    fn read_evidence(
        &mut self,
        sha256: &str,
        take: &mut dyn FnMut(&mut dyn Read) -> Result<Evidence, StoreError>,
    ) -> Result<Evidence, StoreError> {
        take(&mut self.store.open_evidence(sha256)?)
    }

    fn bad(&self, what: &str) -> StoreError {
        let path: PathBuf = self.store.place().to_owned();
        StoreError::Damaged { what: format!("{}: {what}; nothing was taken over", self.manifest.case.id), path }
    }
}
