//! Transactions of a team's store: run as a whole, again when others were in the way or the connection was lost, and looked up when the
//! answer to a commit was.

use std::cell::RefMut;
use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, IsolationLevel};

use super::tables::{TeamTables, Witness};
use super::{TeamStore, connect};
use crate::StoreError;
use crate::ledger::{Done, Trouble};
use crate::vault::Vault;

/// How often a transaction that others were in the way of is run again.
const TRIES: u32 = 20;

impl TeamStore {
    /// The connection, made anew if it was lost.
    pub(super) fn client(&self) -> Result<RefMut<'_, Client>, StoreError> {
        let mut client = self.client.borrow_mut();
        if self.lost.get() || client.is_closed() {
            *client = connect::connect(&self.address)?;
            self.lost.set(false);
        }
        Ok(client)
    }

    pub(super) fn writable(&self) -> Result<(), StoreError> {
        if self.read_only { Err(StoreError::ReadOnly { path: self.address.place.clone() }) } else { Ok(()) }
    }

    /// Reads all that `act` reads at one moment; `act` is run again when the connection was lost.
    pub(super) fn read<T>(
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
            act(&mut TeamTables { tx: &mut tx, place, doing, writes: false, witness: Witness::default() })
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
    pub(super) fn write<T>(
        &self,
        doing: &'static str,
        mut act: impl FnMut(&mut TeamTables<'_, '_>, &dyn Vault) -> Done<T>,
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
        act: &mut impl FnMut(&mut TeamTables<'_, '_>, &dyn Vault) -> Done<T>,
    ) -> Done<T> {
        let place = self.address.place.as_path();
        let failed = |e: &postgres::Error| trouble(doing, place, e);
        let mut client = self.client()?;
        let begun = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start();
        let mut tx = begun.map_err(|e| failed(&e))?;
        let mut tables = TeamTables { tx: &mut tx, place, doing, writes: true, witness: Witness::default() };
        let done = act(&mut tables, self.vault.as_ref())?;
        let witness = tables.witness.event;
        let number: i64 =
            tx.query_one("SELECT txid_current()", &[]).and_then(|row| row.try_get(0)).map_err(|e| failed(&e))?;
        match tx.commit() {
            Ok(()) => return Ok(done),
            Err(e) if !is_lost(&e) => return Err(failed(&e)),
            Err(_) => {}
        }
        drop(client);
        self.lost.set(true);
        if self.was_committed(number, witness)? {
            return Ok(done);
        }
        Err(Trouble::Again(StoreError::Unreachable { reason: "the connection was lost".into(), path: place.into() }))
    }

    /// What became of a transaction whose commit was sent and not answered.
    ///
    /// Its number tells only whether it is still at work: a server that fell gives the numbers of what it lost to others when it is back, and
    /// says of those that they were committed. What it wrote tells the rest. One that wrote no event may be run twice.
    fn was_committed(&self, number: i64, witness: Option<(String, String)>) -> Result<bool, StoreError> {
        let mut reason = String::new();
        // Some 13 s in all, as a server that was restarted needs; the first answer may come at once.
        for pause in (0..8).map(|n| Duration::from_millis(50 << n)) {
            let said = self.client().and_then(|mut client| {
                became(&mut client, number, witness.as_ref())
                    .map_err(|e| trouble("asking what became of a change", &self.address.place, &e).into())
            });
            match said {
                Ok(Some(committed)) => return Ok(committed),
                Ok(None) => {}
                Err(error) => {
                    self.lost.set(true);
                    reason = format!(" ({error})");
                }
            }
            std::thread::sleep(pause);
        }
        Err(StoreError::Unreachable {
            reason: format!(
                "the connection was lost; look at the case to see whether the last change is there{reason}"
            ),
            path: self.address.place.clone(),
        })
    }
}

/// Whether a transaction was committed; nothing while it is at work.
fn became(
    client: &mut Client,
    number: i64,
    witness: Option<&(String, String)>,
) -> Result<Option<bool>, postgres::Error> {
    let status: Option<String> = match client.query_one("SELECT txid_status($1)", &[&number]) {
        Ok(row) => row.try_get(0)?,
        // A number that a server that fell has not given again yet.
        Err(e) if e.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => None,
        Err(e) => return Err(e),
    };
    if status.is_some_and(|status| status == "in progress") {
        return Ok(None);
    }
    let Some((id, hash)) = witness else { return Ok(Some(false)) };
    let sql = "SELECT EXISTS (SELECT 1 FROM event WHERE id = $1 AND hash = $2)
        OR EXISTS (SELECT 1 FROM round_event WHERE id = $1 AND hash = $2)";
    client.query_one(sql, &[id, hash])?.try_get(0).map(Some)
}

/// Whether the connection is gone, and with it the answer.
fn is_lost(error: &postgres::Error) -> bool {
    error.is_closed() || error.code().is_none_or(|code| code.code().starts_with("57P") || code.code().starts_with("08"))
}

/// What a database error means. Its text is the server's, or that of what it rests on; no value of a query is in it.
pub(super) fn trouble(doing: &str, place: &Path, error: &postgres::Error) -> Trouble {
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
