//! Stores as such: which one a place names, making it, bringing it up to date, checking it, and exchanging with another.

use std::path::PathBuf;

use faultscope_case::sync::{By, Exchange, Synced, sync};
use faultscope_case::{Access, SqliteStore, Store};
use serde::{Deserialize, Serialize};

use super::{Desk, Verification, default_store};
use crate::{Class, Error};

/// Whether a place is the address of a team's store and not a folder.
#[must_use]
pub fn is_address(place: &str) -> bool {
    place.starts_with("postgres://") || place.starts_with("postgresql://")
}

/// What `store init` and `store migrate` print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StoreDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `store`.
    #[schemars(extend("const" = "store"))]
    pub command: String,
    /// Where it is, without user and password.
    pub place: String,
    /// Version of its tables before; null when it was not there.
    pub before: Option<i64>,
    /// Version of its tables now.
    pub version: i64,
    /// Whether roles and the policies of teams were set up.
    pub roles: bool,
}

/// What `store check` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StoreCheckDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `store`.
    #[schemars(extend("const" = "store"))]
    pub command: String,
    /// Where it is, without user and password.
    pub place: String,
    /// Version of its tables.
    pub version: i64,
    /// Cases that were proved.
    pub cases: u64,
    /// Events of their chains.
    pub events: u64,
    /// Evidence files that are there and right, counted once for each case that names them.
    pub evidence: u64,
    /// The cases that differ from what they were; empty when all is as it was.
    pub differing: Vec<Verification>,
}

impl StoreCheckDocument {
    /// 6 where something differs.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.differing.is_empty() { 0 } else { Class::Integrity.exit_code() }
    }
}

/// What `store sync` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SyncDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `store`.
    #[schemars(extend("const" = "store"))]
    pub command: String,
    /// This store.
    pub place: String,
    /// The other one, without user and password.
    pub other: String,
    /// What was exchanged.
    pub synced: Synced,
}

impl SyncDocument {
    /// 6 where a case is damaged, 75 where both sides had set the same field, 3 where a case was refused for another reason.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let any = |what: &dyn Fn(&Exchange) -> bool| self.synced.exchanged.iter().any(what);
        let integrity = Class::Integrity.exit_code();
        match () {
            () if any(&|e| e.error.as_ref().is_some_and(|e| e.exit_code == integrity)) => integrity,
            () if any(&|e| !e.clashes.is_empty()) => Class::Conflict.exit_code(),
            () if any(&|e| e.error.is_some()) => Class::Input.exit_code(),
            () => 0,
        }
    }
}

/// Opens the store that a place names; the default folder when it names none.
pub(super) fn open_store(place: Option<&str>, access: Access) -> Result<Box<dyn Store>, Error> {
    match place {
        Some(address) if is_address(address) => team::open(address, access),
        _ => Ok(Box::new(SqliteStore::open(&folder(place)?, access)?)),
    }
}

/// Where what is kept beside a store lies: beside its evidence, or in the user's data directory where that is in no folder.
pub(super) fn beside(store: &dyn Store) -> Result<PathBuf, Error> {
    if let Some(folder) = store.folder() {
        return Ok(folder.to_owned());
    }
    let place = store.place().display().to_string();
    let words: Vec<&str> = place.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    Ok(default_store()?.with_file_name(words.join("-")))
}

fn folder(place: Option<&str>) -> Result<PathBuf, Error> {
    place.map_or_else(default_store, |folder| Ok(PathBuf::from(folder)))
}

fn document(place: String, before: Option<i64>, version: i64, roles: bool) -> StoreDocument {
    StoreDocument { schema: "faultscope/1".into(), command: "store".into(), place, before, version, roles }
}

/// Makes the store that a place names, or brings it up to date; with `roles`, a team's gets its roles and policies.
///
/// # Errors
/// When it cannot be made there; [`Class::Usage`] for roles of a folder.
pub fn init_store(place: Option<&str>, roles: bool) -> Result<StoreDocument, Error> {
    if let Some(address) = place.filter(|place| is_address(place)) {
        return team::init(address, roles);
    }
    if roles {
        let hint = "rights in a folder are those of the file system; a team's store has roles";
        return Err(Error::usage("a store in a folder has no roles", hint));
    }
    up_to_date(place, Access::Create)
}

/// Brings the store that a place names to the version of this program.
///
/// # Errors
/// When there is none, it is of a newer program, or may not be changed.
pub fn migrate_store(place: Option<&str>) -> Result<StoreDocument, Error> {
    match place.filter(|place| is_address(place)) {
        Some(address) => team::migrate(address),
        None => up_to_date(place, Access::Write),
    }
}

/// A store in a folder is brought up to date by whoever opens it for writing.
fn up_to_date(place: Option<&str>, access: Access) -> Result<StoreDocument, Error> {
    let folder = folder(place)?;
    let before = match SqliteStore::open(&folder, Access::Read) {
        Ok(store) => Some(store.version()?),
        Err(faultscope_case::StoreError::NoStore { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let store = SqliteStore::open(&folder, access)?;
    if store.is_read_only() {
        return Err(faultscope_case::StoreError::ReadOnly { path: folder }.into());
    }
    let version = store.version()?;
    Box::new(store).close()?;
    Ok(document(folder.display().to_string(), before, version, false))
}

impl Desk {
    /// Proves every case: its chain, what is kept beside it, every file of its evidence. Changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn check_store(&self) -> Result<StoreCheckDocument, Error> {
        let mut out = StoreCheckDocument {
            schema: "faultscope/1".into(),
            command: "store".into(),
            place: self.place().display().to_string(),
            version: self.store.version()?,
            cases: 0,
            events: 0,
            evidence: 0,
            differing: Vec::new(),
        };
        for id in self.store.case_ids()? {
            let verification = self.store.verify(&id)?;
            out.cases += 1;
            out.events += verification.events;
            out.evidence += verification.evidence;
            if !verification.is_intact() {
                out.differing.push(verification);
            }
        }
        Ok(out)
    }

    /// Exchanges events and evidence with the store `other`, both ways; `told` is handed the ids of new events, in either store, as soon
    /// as they are durable. Nothing is overwritten on either side.
    ///
    /// # Errors
    /// When a store cannot be read or written; what was exchanged until then stays, and doing it again goes on.
    pub fn sync(&mut self, other: &str, told: &mut dyn FnMut(&[String])) -> Result<SyncDocument, Error> {
        let mut there = open_store(Some(other), Access::Write)?;
        let (at, tool) = (crate::now(), format!("faultscope {}", crate::VERSION));
        let by = By { at: &at, actor: &self.actor, tool: &tool };
        let synced = sync(self.store.as_mut(), there.as_mut(), by, told)?;
        let (place, other) = (self.place().display().to_string(), there.place().display().to_string());
        there.close()?;
        Ok(SyncDocument { schema: "faultscope/1".into(), command: "store".into(), place, other, synced })
    }
}

/// Stores in PostgreSQL.
#[cfg(feature = "postgres")]
mod team {
    use faultscope_case::{Access, Migrated, Store, TeamStore};

    use super::{StoreDocument, document};
    use crate::Error;

    /// The keys of a bucket with evidence come from here and from nowhere else.
    fn env(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    pub(super) fn open(address: &str, access: Access) -> Result<Box<dyn Store>, Error> {
        Ok(Box::new(TeamStore::open(address, access, &env)?))
    }

    pub(super) fn init(address: &str, roles: bool) -> Result<StoreDocument, Error> {
        let Migrated { place, before, now } = TeamStore::init(address, roles, &env)?;
        Ok(document(place.display().to_string(), before, now, roles))
    }

    pub(super) fn migrate(address: &str) -> Result<StoreDocument, Error> {
        let Migrated { place, before, now } = TeamStore::migrate(address)?;
        Ok(document(place.display().to_string(), before, now, false))
    }
}

/// What a build without PostgreSQL says of a team's store.
#[cfg(not(feature = "postgres"))]
mod team {
    use faultscope_case::{Access, Store};

    use super::StoreDocument;
    use crate::{Class, Error};

    fn without() -> Error {
        Error::new(
            Class::Usage,
            "not_built_in",
            "a team's store is in PostgreSQL, which this build is without",
            "build one with it: cargo build --release -p faultscope-cli --features postgres; or name a folder with --store",
        )
    }

    pub(super) fn open(_: &str, _: Access) -> Result<Box<dyn Store>, Error> {
        Err(without())
    }

    pub(super) fn init(_: &str, _: bool) -> Result<StoreDocument, Error> {
        Err(without())
    }

    pub(super) fn migrate(_: &str) -> Result<StoreDocument, Error> {
        Err(without())
    }
}
