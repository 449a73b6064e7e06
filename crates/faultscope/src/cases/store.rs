//! Which store a place names: a folder on this machine, or a team's in PostgreSQL where this build has that.

use std::path::PathBuf;

use faultscope_case::{Access, SqliteStore, Store};

use super::default_store;
use crate::{Class, Error};

/// Whether a place is the address of a team's store and not a folder.
#[must_use]
pub fn is_address(place: &str) -> bool {
    place.starts_with("postgres://") || place.starts_with("postgresql://")
}

/// Opens the store that a place names; the default folder when it names none.
pub(super) fn open_store(place: Option<&str>, access: Access) -> Result<Box<dyn Store>, Error> {
    let folder = match place {
        Some(address) if is_address(address) => return team(address, access),
        Some(folder) => PathBuf::from(folder),
        None => default_store()?,
    };
    Ok(Box::new(SqliteStore::open(&folder, access)?))
}

#[cfg(feature = "postgres")]
fn team(address: &str, access: Access) -> Result<Box<dyn Store>, Error> {
    Ok(Box::new(faultscope_case::TeamStore::open(address, access)?))
}

#[cfg(not(feature = "postgres"))]
fn team(_: &str, _: Access) -> Result<Box<dyn Store>, Error> {
    Err(without_postgres())
}

/// What a build without PostgreSQL says of a team's store.
#[cfg(not(feature = "postgres"))]
pub(super) fn without_postgres() -> Error {
    Error::new(
        Class::Usage,
        "not_built_in",
        "a team's store is in PostgreSQL, which this build is without",
        "cargo build --release -p faultscope-cli --features postgres makes one with it; or name a folder with --store",
    )
}
