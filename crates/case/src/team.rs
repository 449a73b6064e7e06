//! The store of a team: events in PostgreSQL, evidence in a folder or a bucket that all of them reach; the same verbs as on one machine.
//!
//! The case row is locked while events are appended, reads are of one moment, a transaction that others were in the way of is run
//! again as a whole. A commit whose answer was lost with the connection is looked up before anything is said of it.

use std::cell::{Cell, RefCell};
use std::io::Read;
use std::path::{Path, PathBuf};

use postgres::Client;

use crate::event::{Event, Evidence, NewEvent};
use crate::ledger::merge::{self, Imported, Stamp};
use crate::ledger::{self, list, time};
use crate::round::Rounds;
use crate::source::Source;
use crate::store::{Entry, Filter, Found, Head, Overdue, ReadSeek, Sort, Store, Summary};
use crate::vault::Vault;
use crate::verify::Verification;
use crate::{Access, Case, StoreError};

mod address;
#[cfg(feature = "s3")]
mod bucket;
mod connect;
mod evidence;
mod library;
mod round;
#[cfg(feature = "s3")]
mod s3;
mod schema;
mod tables;
mod transact;

use address::Address;
use schema::{MIGRATIONS, Version};
use transact::trouble;

/// What the environment of the program says, asked by name: the keys of a bucket come from there and from nowhere else.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A store in a PostgreSQL database.
pub struct TeamStore {
    address: Address,
    client: RefCell<Client>,
    /// The connection was seen to be gone; the client itself learns of it later.
    lost: Cell<bool>,
    vault: Box<dyn Vault>,
    /// Where the evidence lies in one.
    folder: Option<PathBuf>,
    read_only: bool,
}

impl std::fmt::Debug for TeamStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TeamStore").field("place", &self.address.place).finish_non_exhaustive()
    }
}

/// What was made of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Where it is, without user and password.
    pub place: PathBuf,
    /// Version before; nothing when there was no store.
    pub before: Option<i64>,
    /// Version now.
    pub now: i64,
}

impl TeamStore {
    /// Opens the store in a database that has one:
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?evidence=FOLDER`, with the parameters that PostgreSQL knows.
    ///
    /// The evidence lies in the folder that [`TeamStore::init`] was given, unless the address names the place where this machine has
    /// it. Over the network the connection is encrypted and the server's certificate and name are checked (`sslmode=verify-full`);
    /// `sslrootcert=FILE` names the authority to believe, the system's are the default.
    ///
    /// Evidence may lie in a bucket instead (`evidence=s3://BUCKET/PREFIX`, feature `s3`), to which `env` has the keys
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, and what else programs that speak S3 know).
    ///
    /// # Errors
    /// [`StoreError::NoStore`] when the database has none, also with [`Access::Create`]; an older or a newer version; a server that
    /// cannot be reached or does not know the user; an evidence folder or a bucket that is not there.
    pub fn open(url: &str, access: Access, env: Env<'_>) -> Result<Self, StoreError> {
        let address = Address::read(url)?;
        let mut client = connect::connect(&address)?;
        let doing = "opening the store";
        let failed = |e: postgres::Error| StoreError::from(trouble(doing, &address.place, &e));
        let version = schema::version(&mut client).map_err(failed)?;
        known(version, &address.place)?;
        let writes = client
            .query_one("SELECT has_table_privilege('event', 'INSERT')", &[])
            .and_then(|row| row.try_get::<_, bool>(0))
            .map_err(failed)?;
        let read_only = access == Access::Read || !writes;
        let place = match &address.evidence {
            Some(place) => place.clone(),
            None => setting(&mut client, "evidence").map_err(failed)?.ok_or_else(|| {
                let what = "the store names no place of its evidence: add evidence=FOLDER to its address".into();
                StoreError::Invalid { what }
            })?,
        };
        let id = setting(&mut client, "id").map_err(failed)?.unwrap_or_default();
        let evidence::Place { vault, folder } = evidence::open(&place, &id, env, !read_only)?;
        Ok(Self { client: RefCell::new(client), lost: Cell::new(false), vault, folder, read_only, address })
    }

    /// Makes the tables where there are none, and the place of the evidence, which the address must name then (a folder is made, a bucket
    /// has to be there); with `roles`, the roles
    /// `faultscope_reader`, `faultscope_engineer` and `faultscope_lead` and the policies by which a team sees its own cases and those
    /// shared with it. May be run again; an older store is brought to this program's version.
    ///
    /// # Errors
    /// When the user may not do that, the database holds something else, or the folder or bucket belongs to another store.
    pub fn init(url: &str, roles: bool, env: Env<'_>) -> Result<Migrated, StoreError> {
        let address = Address::read(url)?;
        let mut client = connect::connect(&address)?;
        let failed = |e: postgres::Error| StoreError::from(trouble("making the store", &address.place, &e));
        let there = schema::version(&mut client).map_err(failed)?;
        if there == Version::Empty && address.evidence.is_none() {
            let what = "a new store needs a place for its evidence: add evidence=FOLDER or evidence=s3://BUCKET to its address".into();
            return Err(StoreError::Invalid { what });
        }
        let migrated = migrate(&address, &mut client)?;
        let id = crate::files::unique();
        client
            .execute("INSERT INTO setting VALUES ('id', $1) ON CONFLICT (name) DO NOTHING", &[&id])
            .map_err(failed)?;
        if let Some(place) = &address.evidence {
            let id = setting(&mut client, "id").map_err(failed)?.unwrap_or_default();
            evidence::make(place, &id, env)?;
            let sql = "INSERT INTO setting VALUES ('evidence', $1) ON CONFLICT (name) DO NOTHING";
            client.execute(sql, &[place]).map_err(failed)?;
        }
        if roles {
            schema::roles(&mut client).map_err(failed)?;
        }
        Ok(migrated)
    }

    /// Brings the tables of a store to this program's version.
    ///
    /// # Errors
    /// As for [`TeamStore::init`]; [`StoreError::NoStore`] when there is none.
    pub fn migrate(url: &str) -> Result<Migrated, StoreError> {
        let address = Address::read(url)?;
        let mut client = connect::connect(&address)?;
        let failed =
            |e: postgres::Error| StoreError::from(trouble("bringing the store up to date", &address.place, &e));
        if schema::version(&mut client).map_err(failed)? == Version::Empty {
            return Err(StoreError::NoStore { path: address.place });
        }
        migrate(&address, &mut client)
    }
}

fn migrate(address: &Address, client: &mut Client) -> Result<Migrated, StoreError> {
    let failed = |e: postgres::Error| StoreError::from(trouble("bringing the store up to date", &address.place, &e));
    let (before, now) = schema::migrate(client).map_err(failed)?;
    known(now, &address.place)?;
    let number = |version| if let Version::Ours(number) = version { Some(number) } else { None };
    Ok(Migrated { place: address.place.clone(), before: number(before), now: number(now).unwrap_or_default() })
}

/// Refuses what is not a store that this program knows.
fn known(found: Version, place: &Path) -> Result<(), StoreError> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let path = place.to_owned();
    match found {
        Version::Empty | Version::Ours(0) => Err(StoreError::NoStore { path }),
        Version::Foreign => {
            Err(StoreError::NotAStore { what: "the tables of this schema belong to another program".into(), path })
        }
        Version::Ours(found) if found > newest => Err(StoreError::NewerStore { found, known: newest, path }),
        Version::Ours(found) if found < newest => Err(StoreError::OlderStore { found, known: newest, path }),
        Version::Ours(_) => Ok(()),
    }
}

fn setting(client: &mut Client, name: &str) -> Result<Option<String>, postgres::Error> {
    let row = client.query_opt("SELECT value FROM setting WHERE name = $1", &[&name])?;
    row.map(|row| row.try_get(0)).transpose()
}

impl Store for TeamStore {
    fn create(&mut self, opened: NewEvent) -> Result<Event, StoreError> {
        self.write("opening the case", |tables, _| ledger::create(tables, opened.clone()))
    }

    fn append(&mut self, case_id: &str, seen: Option<u64>, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError> {
        self.write("writing to the case", |tables, vault| ledger::append(tables, vault, case_id, seen, &events))
    }

    fn events(&self, case_id: &str) -> Result<Vec<Event>, StoreError> {
        self.read("reading the case", |tables| ledger::events(tables, &self.address.place, case_id))
    }

    fn case(&self, case_id: &str, now: &str) -> Result<Case, StoreError> {
        let (id, events) = self.read("reading the case", |tables| {
            let (_, id) = ledger::find(tables, case_id)?;
            Ok((id, ledger::events(tables, &self.address.place, case_id)?))
        })?;
        ledger::case(id, &events, now)
    }

    fn list(&self, filter: &Filter, sort: Sort, now: &str) -> Result<Vec<Summary>, StoreError> {
        let now_ms = time(now)?;
        let all = self.read("listing the cases", |tables| tables.states(filter, sort, now_ms))?;
        Ok(all.into_iter().map(|(id, state)| list::summary(id, state, now_ms)).collect())
    }

    fn overdue(&self, now: &str, limit: Option<u32>) -> Result<Vec<Overdue>, StoreError> {
        let now_ms = time(now)?;
        let filter = list::overdue_filter(limit);
        let all = self.read("listing the cases", |tables| tables.states(&filter, Sort::NextClock, now_ms))?;
        Ok(all.into_iter().map(|case| list::overdue(case, now_ms)).collect())
    }

    fn escalate(&mut self, case_id: &str, at: &str, actor: &str, tool: &str) -> Result<Vec<Event>, StoreError> {
        self.write("writing to the case", |tables, _| ledger::escalate(tables, case_id, at, actor, tool))
    }

    fn put_evidence(&mut self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError> {
        self.writable()?;
        self.vault.put(name, media_type, bytes)
    }

    fn open_evidence(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError> {
        self.vault.open(sha256)
    }

    fn evidence_path(&self, sha256: &str) -> Option<PathBuf> {
        self.vault.path(sha256)
    }

    fn verify(&self, case_id: &str) -> Result<Verification, StoreError> {
        let (mut out, events) = self.read("reading the case", |tables| ledger::verify(tables, case_id))?;
        ledger::verify_evidence(&mut out, &events, self.vault.as_ref())?;
        Ok(out)
    }

    fn case_ids(&self) -> Result<Vec<String>, StoreError> {
        self.read("reading the case list", |tables| tables.all_ids())
    }

    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let heads = self.read("reading the case list", |tables| tables.heads())?;
        Ok(heads.into_iter().map(|(uuid, id, hash)| Head { uuid, id, hash }).collect())
    }

    fn import(&mut self, from: &mut dyn Source, at: &str, actor: &str, tool: &str) -> Result<Imported, StoreError> {
        self.writable()?;
        let evidence = merge::take_evidence(self.vault.as_ref(), from)?;
        let stamp = Stamp { at, actor, tool };
        let done = self.write("importing the case", |tables, _| merge::import(tables, from, stamp))?;
        Ok(Imported { evidence, ..done })
    }

    fn rounds(&self) -> &dyn Rounds {
        self
    }

    fn rounds_mut(&mut self) -> &mut dyn Rounds {
        self
    }

    fn library_lacks(&self, version: u32) -> Result<Vec<String>, StoreError> {
        self.read("reading the library", |tables| library::lacks(tables, version))
    }

    fn library_keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError> {
        self.write("writing to the library", |tables, _| library::keep(tables, version, entries))
    }

    fn library_filled(&mut self, _: u32) -> Result<(), StoreError> {
        // What is lacking is told by comparing the entries with the cases: there is nothing to note.
        Ok(())
    }

    fn library(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError> {
        self.read("reading the library", |tables| library::search(tables, version, text, not))
    }

    fn library_ranked(
        &self,
        found: &[Found],
        most: usize,
        score: &dyn Fn(&[u8], f64) -> Option<f64>,
    ) -> Result<Vec<Found>, StoreError> {
        self.read("reading the library", |tables| library::ranked(tables, found, most, score))
    }

    fn library_briefs(&self, found: &[Found]) -> Result<Vec<(String, String)>, StoreError> {
        self.read("reading the library", |tables| library::briefs(tables, found))
    }

    fn place(&self) -> &Path {
        &self.address.place
    }

    fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    fn version(&self) -> Result<i64, StoreError> {
        let found = schema::version(&mut *self.client()?)
            .map_err(|e| StoreError::from(trouble("reading the version", &self.address.place, &e)))?;
        Ok(if let Version::Ours(version) = found { version } else { 0 })
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        // What was committed is durable; there is nothing to move into place.
        Ok(())
    }
}
