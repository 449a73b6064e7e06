//! The contract of a store, on SQLite.
#![allow(clippy::unwrap_used, reason = "a test says no by panicking")]

mod contract;

use contract::Place;
use faultscope_case::{Access, SqliteStore};

fn place() -> Place {
    let keep = tempfile::tempdir().unwrap();
    let folder = keep.path().join("store");
    Place { open: Box::new(move || Box::new(SqliteStore::open(&folder, Access::Create).unwrap())), _keep: keep }
}

contract!(place);
