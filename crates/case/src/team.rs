//! The store of a team: events in PostgreSQL, evidence in a folder that all of them reach; the same verbs as on one machine.
//!
//! The case row is locked while events are appended, reads are of one moment, a transaction that others were in the way of is run
//! again as a whole. A commit whose answer was lost with the connection is looked up before anything is said of it.

use std::cell::{Cell, RefCell, RefMut};
use std::error::Error as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, IsolationLevel};

use crate::event::{Event, Evidence, NewEvent};
use crate::files::Vault;
use crate::ledger::merge::{self, Imported, Stamp};
use crate::ledger::{self, Done, Trouble, list, time};
use crate::source::Source;
use crate::store::{Entry, Filter, Found, Head, Overdue, ReadSeek, Sort, Store, Summary};
use crate::verify::Verification;
use crate::{Access, Case, StoreError};

mod address;
mod connect;
mod library;
mod schema;
mod tables;

use address::Address;
use schema::{MIGRATIONS, Version};
use tables::TeamTables;

/// How often a transaction that others were in the way of is run again.
const TRIES: u32 = 20;

/// The file by which an evidence folder is known as that of a store: an empty mount point is none.
const MARK: &str = "faultscope-evidence";

/// A store in a PostgreSQL database.
pub struct TeamStore {
    address: Address,
    client: RefCell<Client>,
    /// The connection was seen to be gone; the client itself learns of it later.
    lost: Cell<bool>,
    vault: Vault,
    folder: PathBuf,
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
    /// # Errors
    /// [`StoreError::NoStore`] when the database has none, also with [`Access::Create`]; an older or a newer version; a server that
    /// cannot be reached or does not know the user; an evidence folder that is not there.
    pub fn open(url: &str, access: Access) -> Result<Self, StoreError> {
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
        let folder = match &address.evidence {
            Some(folder) => folder.clone(),
            None => setting(&mut client, "evidence").map_err(failed)?.map(PathBuf::from).ok_or_else(|| {
                let what = "the store names no folder for its evidence: add evidence=FOLDER to its address".into();
                StoreError::Invalid { what }
            })?,
        };
        let id = setting(&mut client, "id").map_err(failed)?.unwrap_or_default();
        check_mark(&folder, &id)?;
        let vault = Vault::new(&folder);
        if !read_only {
            vault.sweep();
        }
        Ok(Self { client: RefCell::new(client), lost: Cell::new(false), vault, folder, read_only, address })
    }

    /// Makes the tables where there are none, and the evidence folder, which the address must name then; with `roles`, the roles
    /// `faultscope_reader`, `faultscope_engineer` and `faultscope_lead` and the policies by which a team sees its own cases and those
    /// shared with it. May be run again; an older store is brought to this program's version.
    ///
    /// # Errors
    /// When the user may not do that, the database holds something else, or the folder belongs to another store.
    pub fn init(url: &str, roles: bool) -> Result<Migrated, StoreError> {
        let address = Address::read(url)?;
        let mut client = connect::connect(&address)?;
        let failed = |e: postgres::Error| StoreError::from(trouble("making the store", &address.place, &e));
        let there = schema::version(&mut client).map_err(failed)?;
        if there == Version::Empty && address.evidence.is_none() {
            let what = "a new store needs a folder for its evidence: add evidence=FOLDER to its address".into();
            return Err(StoreError::Invalid { what });
        }
        let migrated = migrate(&address, &mut client)?;
        let id = crate::files::unique();
        client
            .execute("INSERT INTO setting VALUES ('id', $1) ON CONFLICT (name) DO NOTHING", &[&id])
            .map_err(failed)?;
        if let Some(folder) = &address.evidence {
            let id = setting(&mut client, "id").map_err(failed)?.unwrap_or_default();
            mark(folder, &id)?;
            let sql = "INSERT INTO setting VALUES ('evidence', $1) ON CONFLICT (name) DO NOTHING";
            client.execute(sql, &[&folder.display().to_string()]).map_err(failed)?;
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

    /// The connection, made anew if it was lost.
    fn client(&self) -> Result<RefMut<'_, Client>, StoreError> {
        let mut client = self.client.borrow_mut();
        if self.lost.get() || client.is_closed() {
            *client = connect::connect(&self.address)?;
            self.lost.set(false);
        }
        Ok(client)
    }

    fn writable(&self) -> Result<(), StoreError> {
        if self.read_only { Err(StoreError::ReadOnly { path: self.address.place.clone() }) } else { Ok(()) }
    }

    /// Reads all that `act` reads at one moment; `act` is run again when the connection was lost.
    fn read<T>(
        &self,
        doing: &'static str,
        mut act: impl FnMut(&mut TeamTables<'_, '_>) -> Done<T>,
    ) -> Result<T, StoreError> {
        let place = self.address.place.as_path();
        let mut attempt = || -> Done<T> {
            let mut client = self.client()?;
            let begun =
                client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start();
            let mut tx = begun.map_err(|e| trouble(doing, place, &e))?;
            act(&mut TeamTables { tx: &mut tx, place, doing, writes: false })
        };
        Ok(match attempt() {
            Err(Trouble::Again(_)) => {
                self.lost.set(true);
                attempt()?
            }
            done => done?,
        })
    }

    /// Writes all that `act` writes, or nothing; `act` is run again when others were in the way.
    fn write<T>(
        &self,
        doing: &'static str,
        mut act: impl FnMut(&mut TeamTables<'_, '_>, &Vault) -> Done<T>,
    ) -> Result<T, StoreError> {
        self.writable()?;
        let mut tries = 0;
        loop {
            match self.attempt(doing, &mut act) {
                Ok(done) => return Ok(done),
                // Two who open or take in the same at once: the second finds it there when it looks again.
                Err(Trouble::Taken(_)) if tries < 3 => {}
                Err(Trouble::Again(why)) if tries < TRIES => {
                    self.lost.set(matches!(why, StoreError::Unreachable { .. }));
                }
                Err(trouble) => return Err(trouble.into()),
            }
            tries += 1;
            std::thread::sleep(Duration::from_millis(u64::from(tries) * 5));
        }
    }

    fn attempt<T>(
        &self,
        doing: &'static str,
        act: &mut impl FnMut(&mut TeamTables<'_, '_>, &Vault) -> Done<T>,
    ) -> Done<T> {
        let place = self.address.place.as_path();
        let failed = |e: &postgres::Error| trouble(doing, place, e);
        let mut client = self.client()?;
        let begun = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start();
        let mut tx = begun.map_err(|e| failed(&e))?;
        let done = act(&mut TeamTables { tx: &mut tx, place, doing, writes: true }, &self.vault)?;
        let number: i64 =
            tx.query_one("SELECT txid_current()", &[]).and_then(|row| row.try_get(0)).map_err(|e| failed(&e))?;
        match tx.commit() {
            Ok(()) => return Ok(done),
            Err(e) if !is_lost(&e) => return Err(failed(&e)),
            Err(_) => {}
        }
        drop(client);
        self.lost.set(true);
        if self.was_committed(number)? {
            return Ok(done);
        }
        Err(Trouble::Again(StoreError::Unreachable { reason: "the connection was lost".into(), path: place.into() }))
    }

    /// What became of a transaction whose commit was sent and not answered.
    fn was_committed(&self, number: i64) -> Result<bool, StoreError> {
        let mut reason = String::new();
        for _ in 0..address::PATIENCE.as_millis() / 100 {
            let said = self.client().and_then(|mut client| {
                let row = client.query_one("SELECT txid_status($1)", &[&number]);
                let status = row.and_then(|row| row.try_get::<_, Option<String>>(0));
                status.map_err(|e| trouble("asking what became of a change", &self.address.place, &e).into())
            });
            match said.map(|status| status.unwrap_or_default()) {
                Ok(status) if status == "committed" => return Ok(true),
                Ok(status) if status == "aborted" => return Ok(false),
                Ok(_) => {}
                Err(error) => {
                    self.lost.set(true);
                    reason = format!(" ({error})");
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(StoreError::Unreachable {
            reason: format!(
                "the connection was lost; look at the case to see whether the last change is there{reason}"
            ),
            path: self.address.place.clone(),
        })
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

/// Makes a folder this store's.
fn mark(folder: &Path, id: &str) -> Result<(), StoreError> {
    let failed = |e: std::io::Error| StoreError::io("making the evidence folder", folder, &e);
    fs::create_dir_all(folder).map_err(failed)?;
    let file = folder.join(MARK);
    if !file.exists() {
        fs::write(&file, id).and_then(|()| fs::File::open(&file)?.sync_all()).map_err(failed)?;
    }
    check_mark(folder, id)
}

/// Whether a folder is this store's.
fn check_mark(folder: &Path, id: &str) -> Result<(), StoreError> {
    match fs::read_to_string(folder.join(MARK)) {
        Ok(found) if found.trim() == id => Ok(()),
        Ok(_) => Err(StoreError::NotAStore {
            what: "this folder holds the evidence of another store".into(),
            path: folder.to_owned(),
        }),
        Err(e) => {
            Err(StoreError::io("looking for the evidence folder of the store (is the share mounted?)", folder, &e))
        }
    }
}

/// Whether the connection is gone, and with it the answer.
fn is_lost(error: &postgres::Error) -> bool {
    error.is_closed() || error.code().is_none_or(|code| code.code().starts_with("57P") || code.code().starts_with("08"))
}

/// What a database error means. Its text is the server's, or that of what it rests on; no value of a query is in it.
fn trouble(doing: &str, place: &Path, error: &postgres::Error) -> Trouble {
    let path = place.to_owned();
    let reason = match error.as_db_error() {
        Some(db) => crate::event::one_line(db.message()),
        None => error.source().map_or_else(|| error.to_string(), |inner| format!("{error}: {inner}")),
    };
    let io = |reason: String, path| StoreError::Io { doing: doing.to_owned(), reason, path };
    if is_lost(error) {
        return Trouble::Again(StoreError::Unreachable { reason, path });
    }
    let Some(code) = error.code() else { return Trouble::Store(io(reason, path)) };
    match code {
        &SqlState::UNIQUE_VIOLATION => Trouble::Taken(io(reason, path)),
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Trouble::Again(io(reason, path)),
        &SqlState::LOCK_NOT_AVAILABLE => Trouble::Store(StoreError::Locked { path }),
        &SqlState::DISK_FULL => Trouble::Store(StoreError::Full { doing: doing.into(), path }),
        &SqlState::READ_ONLY_SQL_TRANSACTION => Trouble::Store(StoreError::ReadOnly { path }),
        &SqlState::UNDEFINED_TABLE => Trouble::Store(StoreError::NoStore { path }),
        &SqlState::INSUFFICIENT_PRIVILEGE
        | &SqlState::INVALID_PASSWORD
        | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Trouble::Store(StoreError::Denied { reason, path }),
        code if ["3D", "53"].iter().any(|class| code.code().starts_with(class)) => {
            Trouble::Store(StoreError::Unreachable { reason, path })
        }
        _ => Trouble::Store(io(reason, path)),
    }
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

    fn overdue(&self, now: &str) -> Result<Vec<Overdue>, StoreError> {
        let now_ms = time(now)?;
        let filter = Filter { overdue: true, ..Filter::default() };
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
        Ok(Box::new(self.vault.open(sha256)?))
    }

    fn evidence_path(&self, sha256: &str) -> Option<PathBuf> {
        self.vault.path(sha256)
    }

    fn verify(&self, case_id: &str) -> Result<Verification, StoreError> {
        let (mut out, events) = self.read("reading the case", |tables| ledger::verify(tables, case_id))?;
        ledger::verify_evidence(&mut out, &events, &self.vault);
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
        let evidence = merge::take_evidence(&self.vault, from)?;
        let stamp = Stamp { at, actor, tool };
        let done = self.write("importing the case", |tables, _| merge::import(tables, from, stamp))?;
        Ok(Imported { evidence, ..done })
    }

    fn library_lacks(&self, version: u32) -> Result<Vec<String>, StoreError> {
        self.read("reading the library", |tables| library::lacks(tables, version))
    }

    fn library_keep(&mut self, version: u32, entries: &[Entry]) -> Result<(), StoreError> {
        self.write("writing to the library", |tables, _| library::keep(tables, version, entries))
    }

    fn library(&self, version: u32, text: &str, not: Option<&str>) -> Result<Vec<Found>, StoreError> {
        self.read("reading the library", |tables| library::search(tables, version, text, not))
    }

    fn library_briefs(&self, found: &[&Found]) -> Result<Vec<(String, String)>, StoreError> {
        self.read("reading the library", |tables| library::briefs(tables, found))
    }

    fn place(&self) -> &Path {
        &self.address.place
    }

    fn folder(&self) -> &Path {
        &self.folder
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
