//! Where a team's evidence lies: a folder that everybody reaches or a bucket, each known by a mark in it.

use std::fs;
use std::path::{Path, PathBuf};

use super::Env;
use crate::StoreError;
use crate::files::Folder;
use crate::vault::Vault;

/// The file by which a place of evidence is known as that of a store: an empty mount point, or an empty bucket, is none.
pub(super) const MARK: &str = "faultscope-evidence";

/// A place of evidence that is this store's.
pub(super) struct Place {
    pub(super) vault: Box<dyn Vault>,
    /// Where it is a folder.
    pub(super) folder: Option<PathBuf>,
}

/// What a place is called: `s3://BUCKET/PREFIX`, or a folder.
fn is_bucket(place: &str) -> bool {
    place.starts_with("s3:")
}

/// Opens the evidence of the store `id`; with `sweep`, what killed programs left half-written in a folder is removed.
pub(super) fn open(place: &str, id: &str, env: Env<'_>, sweep: bool) -> Result<Place, StoreError> {
    if is_bucket(place) {
        return Ok(Place { vault: bucket::open(place, id, env)?, folder: None });
    }
    let path = PathBuf::from(place);
    check_mark(&path, id)?;
    let folder = Folder::new(&path);
    if sweep {
        folder.sweep();
    }
    Ok(Place { vault: Box::new(folder), folder: Some(path) })
}

/// Makes a place the evidence of the store `id`; a folder is made where there is none, a bucket has to be there.
pub(super) fn make(place: &str, id: &str, env: Env<'_>) -> Result<(), StoreError> {
    if is_bucket(place) {
        return bucket::mark(place, id, env);
    }
    let folder = Path::new(place);
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

#[cfg(feature = "s3")]
use super::bucket;

/// What a build without buckets says of one.
#[cfg(not(feature = "s3"))]
mod bucket {
    use super::{Env, Vault};
    use crate::StoreError;

    fn without() -> StoreError {
        let what = "the evidence of this store lies in a bucket, which this build is without: build one with \
            cargo build --release -p faultscope-cli --features s3";
        StoreError::Invalid { what: what.into() }
    }

    pub(super) fn open(_: &str, _: &str, _: Env<'_>) -> Result<Box<dyn Vault>, StoreError> {
        Err(without())
    }

    pub(super) fn mark(_: &str, _: &str, _: Env<'_>) -> Result<(), StoreError> {
        Err(without())
    }
}
