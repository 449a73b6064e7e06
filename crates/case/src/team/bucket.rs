//! Evidence in an S3-compatible bucket: `PREFIX/evidence/sha256/ab/cdef...`, the layout of a folder, checked on every read.
//!
//! What is stored goes to a temporary file first, because its digest is its name; from there it is sent, in parts where it is large, and
//! is there whole or not at all. What is read is fetched in pieces to a temporary file and handed out once its digest is right.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use object_store::aws::AmazonS3;
use object_store::path::Path as Key;
use object_store::{
    Error, MultipartUpload, ObjectStore as _, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutPayload,
};
use tokio::runtime::Runtime;

use super::Env;
use super::evidence::MARK;
use super::s3::{self, Name};
use crate::StoreError;
use crate::canonical;
use crate::event::Evidence;
use crate::store::ReadSeek;
use crate::vault::{Differs, Digested, Digester, MISSING, Vault, digest, no_digest, unreadable};

/// What is sent or fetched at once, bytes; memory holds one such piece.
const PIECE: u64 = 8 << 20;
/// An upload has at most so many parts.
const MOST_PARTS: u64 = 10_000;

/// A bucket, or a part of one.
pub(super) struct Bucket {
    name: Name,
    store: AmazonS3,
    runtime: Runtime,
}

/// Opens the bucket that holds the evidence of the store `id`.
pub(super) fn open(place: &str, id: &str, env: Env<'_>) -> Result<Box<dyn Vault>, StoreError> {
    let bucket = Bucket::new(place, env)?;
    bucket.check_mark(id)?;
    Ok(Box::new(bucket))
}

/// Makes a bucket, which has to be there, that of the store `id`.
pub(super) fn mark(place: &str, id: &str, env: Env<'_>) -> Result<(), StoreError> {
    let bucket = Bucket::new(place, env)?;
    match bucket.put_new(&bucket.name.key(MARK), id.as_bytes().to_vec()) {
        Ok(_) => bucket.check_mark(id),
        Err(Error::NotFound { .. }) => Err(StoreError::NoBucket { path: bucket.name.place() }),
        Err(e) => Err(bucket.failed("making the place of the evidence", &e)),
    }
}

impl Bucket {
    fn new(place: &str, env: Env<'_>) -> Result<Self, StoreError> {
        let name = Name::read(place)?;
        let store = s3::connect(&name, env)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| StoreError::io("starting to speak to the bucket", &name.place(), &e))?;
        Ok(Self { name, store, runtime })
    }

    fn failed(&self, doing: &str, error: &Error) -> StoreError {
        s3::meaning(doing, self.name.place(), error)
    }

    fn check_mark(&self, id: &str) -> Result<(), StoreError> {
        let doing = "looking for the evidence of the store";
        let found = self.runtime.block_on(async { self.store.get(&self.name.key(MARK)).await?.bytes().await });
        match found {
            Ok(found) if found.trim_ascii() == id.as_bytes() => Ok(()),
            Ok(_) => {
                let what = "this bucket holds the evidence of another store".into();
                Err(StoreError::NotAStore { what, path: self.name.place() })
            }
            Err(e @ Error::NotFound { .. }) if s3::is_no_bucket(&e) => {
                Err(StoreError::NoBucket { path: self.name.place() })
            }
            Err(Error::NotFound { .. }) => {
                let what = format!("there is no `{MARK}`, by which the evidence of a store is known, in this bucket");
                Err(StoreError::NotAStore { what, path: self.name.place() })
            }
            Err(e) => Err(self.failed(doing, &e)),
        }
    }

    /// Where a file of this digest is kept.
    fn key(&self, sha256: &str) -> Result<Key, StoreError> {
        if !canonical::is_digest(sha256) {
            return Err(no_digest(sha256));
        }
        let (folder, rest) = sha256.split_at(2);
        Ok(self.name.key(&format!("evidence/sha256/{folder}/{rest}")))
    }

    fn place_of(&self, key: &Key) -> PathBuf {
        PathBuf::from(format!("s3://{}/{key}", self.name.bucket))
    }

    /// Bytes of an object; `None` when there is none.
    fn size(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        match self.runtime.block_on(self.store.head(key)) {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.failed("looking for evidence", &e)),
        }
    }

    /// Writes a small object unless there is one; whether it was written.
    fn put_new(&self, key: &Key, bytes: Vec<u8>) -> Result<bool, Error> {
        let put = self.store.put_opts(key, PutPayload::from(bytes), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Fetches an object piece by piece; digest and size of what came, or nothing when there is no such object.
    fn fetch(
        &self,
        key: &Key,
        take: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
    ) -> Result<Option<Digested>, StoreError> {
        let Some(size) = self.size(key)? else { return Ok(None) };
        let mut digester = Digester::default();
        let mut from = 0;
        while from < size {
            let to = size.min(from + PIECE);
            let piece = match self.runtime.block_on(self.store.get_range(key, from..to)) {
                Ok(piece) => piece,
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(e) => return Err(self.failed("reading evidence", &e)),
            };
            // One that shrank meanwhile gives fewer bytes, and then another digest.
            digester.take(&piece);
            take(&piece)?;
            from = to;
        }
        Ok(Some(digester.end()))
    }

    /// Sends a file to a key that holds nothing yet.
    fn send(&self, key: &Key, file: &mut File, size: u64) -> Result<(), StoreError> {
        let failed = |e: &Error| self.failed("storing evidence", e);
        if size <= PIECE {
            let bytes = piece(file, size)?;
            return self.put_new(key, bytes).map(|_| ()).map_err(|e| failed(&e));
        }
        // Two who send the same at once write the same bytes: whoever is last replaces nothing.
        let begun = self.store.put_multipart_opts(key, PutMultipartOptions::default());
        let mut upload = self.runtime.block_on(begun).map_err(|e| failed(&e))?;
        let sent = self.send_parts(upload.as_mut(), file, size);
        if sent.is_err() {
            // Else its parts would be paid for; one that is killed leaves that to the rules of the bucket.
            let _ = self.runtime.block_on(upload.abort());
        }
        sent
    }

    fn send_parts(&self, upload: &mut dyn MultipartUpload, file: &mut File, size: u64) -> Result<(), StoreError> {
        let failed = |e: Error| self.failed("storing evidence", &e);
        let part = PIECE.max(size.div_ceil(MOST_PARTS));
        let mut left = size;
        while left > 0 {
            let bytes = piece(file, left.min(part))?;
            left -= bytes.len() as u64;
            self.runtime.block_on(upload.put_part(PutPayload::from(bytes))).map_err(failed)?;
        }
        self.runtime.block_on(upload.complete()).map(|_| ()).map_err(failed)
    }
}

impl Vault for Bucket {
    fn put(&self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError> {
        let name = crate::files::safe_name(name);
        let mut file = tempfile::tempfile().map_err(|e| buffering(&e))?;
        let digested = digest(bytes, unreadable(&name), &mut |block| file.write_all(block).map_err(|e| buffering(&e)))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| buffering(&e))?;
        let Digested { sha256, size } = &digested;
        let key = self.key(sha256)?;
        if self.size(&key)?.is_none() {
            self.send(&key, &mut file, *size)?;
            // What it says it has taken it has to have.
            if self.has(sha256, *size)? {
                return Ok(digested.evidence(name, media_type));
            }
        }
        // It was there already: then it has to be what it is called.
        match self.check(sha256, *size)? {
            None => Ok(digested.evidence(name, media_type)),
            Some(Differs { what, .. }) => Err(StoreError::Damaged { what, path: self.place_of(&key) }),
        }
    }

    fn open(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError> {
        let key = self.key(sha256)?;
        let mut file = tempfile::tempfile().map_err(|e| buffering(&e))?;
        let fetched = self.fetch(&key, &mut |bytes| file.write_all(bytes).map_err(|e| buffering(&e)))?;
        let damaged = |what: String| StoreError::Damaged { what, path: self.place_of(&key) };
        let found = fetched.ok_or_else(|| damaged(MISSING.into()))?;
        // The size is that of what is there: an event's own is compared by `check`.
        if let Some(Differs { what, .. }) = Differs::between(&found, sha256, found.size) {
            return Err(damaged(what));
        }
        file.seek(SeekFrom::Start(0)).map_err(|e| buffering(&e))?;
        Ok(Box::new(file))
    }

    fn has(&self, sha256: &str, size: u64) -> Result<bool, StoreError> {
        if !canonical::is_digest(sha256) {
            return Ok(false);
        }
        Ok(self.size(&self.key(sha256)?)? == Some(size))
    }

    fn check(&self, sha256: &str, size: u64) -> Result<Option<Differs>, StoreError> {
        if !canonical::is_digest(sha256) {
            return Ok(Some(Differs::missing(no_digest(sha256).to_string())));
        }
        let key = self.key(sha256)?;
        Ok(match self.fetch(&key, &mut |_| Ok(()))? {
            Some(found) => Differs::between(&found, sha256, size),
            None => Some(Differs::missing(format!("{MISSING}: {}", self.place_of(&key).display()))),
        })
    }

    fn path(&self, _: &str) -> Option<PathBuf> {
        None
    }
}

/// The next bytes of a file.
fn piece(file: &mut File, size: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(PIECE)).unwrap_or_default());
    file.take(size).read_to_end(&mut bytes).map_err(|e| buffering(&e))?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(buffering(&io::ErrorKind::UnexpectedEof.into())) }
}

/// The temporary file on the way to or from a bucket.
fn buffering(error: &io::Error) -> StoreError {
    StoreError::io("keeping evidence on its way in the temporary folder (TMPDIR)", &std::env::temp_dir(), error)
}
