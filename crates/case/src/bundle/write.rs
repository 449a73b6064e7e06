//! Writing a bundle: checked first, then saved in the four durable steps, or not at all.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{CASE, EVENTS, EVIDENCE, MANIFEST, Manifest, ManifestFile, REPORT, VERSION, comment, limits};
use crate::canonical;
use crate::files::{Disk, Files};
use crate::{Event, Store, StoreError};

/// What stands beside the events for people and other programs.
#[derive(Debug, Clone, Copy)]
pub struct Extras<'a> {
    /// The case as JSON.
    pub case: &'a [u8],
    /// The report, one HTML file.
    pub report: &'a [u8],
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Events in it.
    pub events: u64,
    /// Evidence files in it.
    pub evidence: u64,
    /// Size of the bundle.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: String,
}

/// Goes away unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes one case; the same case gives the same bytes.
///
/// # Errors
/// Unknown case; [`StoreError::Damaged`] when the case does not verify; [`StoreError::Invalid`] when `out` is there and `replace`
/// is not set; or when the disk says no. Then there is no new file.
pub fn write(
    store: &dyn Store,
    case_id: &str,
    extras: Extras<'_>,
    out: &Path,
    replace: bool,
) -> Result<Written, StoreError> {
    write_to(&Disk, store, case_id, extras, out, replace)
}

/// [`write`] on a file system of the caller's choice.
pub(crate) fn write_to(
    disk: &dyn Files,
    store: &dyn Store,
    case_id: &str,
    extras: Extras<'_>,
    out: &Path,
    replace: bool,
) -> Result<Written, StoreError> {
    let verification = store.verify(case_id)?;
    if let Some(first) = verification.differences.first() {
        let what = format!("{case_id} is not what it was and is not exported ({}: {})", first.at, first.detail);
        return Err(StoreError::Damaged { what, path: store.place().to_owned() });
    }
    if !replace && out.exists() {
        return Err(StoreError::Invalid { what: format!("there is a file of that name already: {}", out.display()) });
    }
    let events = store.events(case_id)?;
    let lines = lines(&events)?;
    let own = |path: &str, bytes: &[u8]| ManifestFile {
        path: path.to_owned(),
        sha256: canonical::sha256(bytes),
        size: bytes.len() as u64,
    };
    let nothing = || StoreError::Invalid { what: "the case has no events".into() };
    let mut manifest = Manifest::of(&events).ok_or_else(nothing)?;
    let evidence: Vec<String> = manifest.files.iter().map(|f| f.sha256.clone()).collect();
    manifest.files.splice(0..0, [own(EVENTS, &lines), own(CASE, extras.case), own(REPORT, extras.report)]);
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|e| StoreError::Invalid { what: e.to_string() })?;
    let texts = [(MANIFEST, &manifest[..]), (EVENTS, &lines), (CASE, extras.case), (REPORT, extras.report)];
    let (bytes, sha256) = save(store, disk, &texts, &evidence, out)?;
    let evidence = verification.evidence;
    Ok(Written { events: events.len() as u64, evidence, bytes, sha256 })
}

/// Every event on its line; what an import would refuse is not written.
fn lines(events: &[Event]) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    for event in events {
        let line = serde_json::to_vec(event).map_err(|e| StoreError::Invalid { what: e.to_string() })?;
        limits::line(&line).map_err(|why| StoreError::Invalid { what: format!("event {} {why}", event.seq) })?;
        out.extend(line);
        out.push(b'\n');
    }
    Ok(out)
}

fn save(
    store: &dyn Store,
    files: &dyn Files,
    texts: &[(&str, &[u8])],
    evidence: &[String],
    out: &Path,
) -> Result<(u64, String), StoreError> {
    let failed = |e: io::Error| StoreError::io("writing the bundle", out, &e);
    let name = out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let part = Part(out.with_file_name(format!(".{name}.{}.part", crate::files::unique())));
    let folder = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = files.create(&part.0).map_err(failed)?;
    fill(store, files, &file, texts, evidence).map_err(|e| match e {
        Trouble::Io(e) => failed(e),
        Trouble::Store(e) => e,
    })?;
    let digests = stamp(&mut file, files).map_err(failed)?;
    files.sync(&file).map_err(failed)?;
    drop(file);
    files.rename(&part.0, out).map_err(failed)?;
    files.sync_dir(folder).map_err(failed)?;
    Ok(digests)
}

enum Trouble {
    Io(io::Error),
    Store(StoreError),
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl From<zip::result::ZipError> for Trouble {
    fn from(e: zip::result::ZipError) -> Self {
        Self::Io(e.into())
    }
}

fn fill(
    store: &dyn Store,
    files: &dyn Files,
    file: &File,
    texts: &[(&str, &[u8])],
    evidence: &[String],
) -> Result<(), Trouble> {
    let trouble = RefCell::new(None);
    let sink = Sink { file, files, trouble: &trouble, at: 0, end: 0 };
    let done = entries(store, sink, texts, evidence, &trouble);
    // What the disk said comes first: all else follows from it.
    trouble.into_inner().map_or(done, |e| Err(e.into()))
}

fn entries(
    store: &dyn Store,
    sink: Sink<'_>,
    texts: &[(&str, &[u8])],
    evidence: &[String],
    trouble: &RefCell<Option<io::Error>>,
) -> Result<(), Trouble> {
    let mut zip = ZipWriter::new(sink);
    zip.set_comment(format!("{}{}", comment(VERSION), "0".repeat(64)))?;
    let plain = SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o644);
    for (name, bytes) in texts {
        zip.start_file(*name, plain.compression_method(CompressionMethod::Deflated))?;
        zip.write_all(bytes)?;
    }
    let mut block = vec![0u8; 1 << 20];
    for sha256 in evidence {
        let mut source = store.open_evidence(sha256).map_err(Trouble::Store)?;
        // Stored, not packed: what is unpacked can then never be more than was sent, and captures hardly shrink.
        let size = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let options = plain.compression_method(CompressionMethod::Stored).large_file(size >= u64::from(u32::MAX) / 2);
        zip.start_file(format!("{EVIDENCE}{sha256}"), options)?;
        let mut hash = Sha256::new();
        loop {
            let n = source.read(&mut block)?;
            let filled = block.get(..n).unwrap_or_default();
            if filled.is_empty() || trouble.borrow().is_some() {
                break;
            }
            hash.update(filled);
            zip.write_all(filled)?;
        }
        // It was right a moment ago; what is sent is what was hashed.
        if trouble.borrow().is_none() && canonical::hex(&hash.finalize()) != *sha256 {
            let what = format!("the evidence {sha256} changed while it was exported");
            return Err(Trouble::Store(StoreError::Damaged { what, path: store.place().to_owned() }));
        }
    }
    zip.finish()?;
    Ok(())
}

/// A file that remembers its first error instead of telling it: the writer of the zip, told of one, would go on writing as it is
/// dropped, print about it, and in a debug build panic. What is written after the error goes nowhere.
struct Sink<'a> {
    file: &'a File,
    files: &'a dyn Files,
    trouble: &'a RefCell<Option<io::Error>>,
    at: u64,
    end: u64,
}

impl Sink<'_> {
    fn attempt(&self, act: impl FnOnce() -> io::Result<()>) {
        let mut trouble = self.trouble.borrow_mut();
        if trouble.is_none() {
            *trouble = act().err();
        }
    }
}

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|| self.files.write(self.file, bytes));
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Seek for Sink<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        let mut file = self.file;
        self.attempt(|| file.seek(SeekFrom::Start(self.at)).map(|_| ()));
        Ok(self.at)
    }
}

/// Puts the digest of all that stands before it at the end; the size, and the digest of the whole.
fn stamp(file: &mut File, files: &dyn Files) -> io::Result<(u64, String)> {
    let length = file.seek(SeekFrom::End(0))?;
    let body = length.saturating_sub(64);
    file.rewind()?;
    let hash = limits::hash(&mut (&mut *file).take(body))?;
    let digest = canonical::hex(&hash.clone().finalize());
    file.seek(SeekFrom::Start(body))?;
    files.write(file, digest.as_bytes())?;
    Ok((length, canonical::hex(&hash.chain_update(digest.as_bytes()).finalize())))
}
