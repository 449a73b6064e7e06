//! Evidence files: each kept once under its SHA-256, saved in four durable steps, never changed.
//!
//! The steps: write to a temporary file beside the target, flush it to the disk, rename it, flush the folder. Leaving out either
//! flush loses files in a power cut.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::canonical;
use crate::event::Evidence;
use crate::store::ReadSeek;
use crate::vault::{Differs, Digested, MISSING, Vault, digest, no_digest, unreadable};

/// The calls to the file system that can fail; a test puts a failing one in its place.
pub(crate) trait Files: Send {
    fn create_dirs(&self, path: &Path) -> io::Result<()>;
    fn create(&self, path: &Path) -> io::Result<File>;
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()>;
    fn sync(&self, file: &File) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// The real file system.
pub(crate) struct Disk;

impl Files for Disk {
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(path)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only Unix lets a folder be flushed; elsewhere the file system does so by itself.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}

/// The folder of evidence: `sha256/ab/cdef...` and `incoming/` for what is being written.
pub(crate) struct Folder {
    root: PathBuf,
    files: Box<dyn Files>,
}

impl Folder {
    pub(crate) fn new(store: &Path) -> Self {
        Self { root: store.join("evidence"), files: Box::new(Disk) }
    }

    /// The calls to the file system.
    #[cfg(test)]
    pub(crate) fn files(&self) -> &dyn Files {
        self.files.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn set_files(&mut self, files: Box<dyn Files>) {
        self.files = files;
    }

    /// Removes what a killed program left behind half-written, if no other program is writing just now.
    pub(crate) fn sweep(&self) {
        let incoming = self.root.join("incoming");
        let Ok(lock) = File::open(incoming.join("lock")) else { return };
        if lock.try_lock().is_err() {
            return;
        }
        for entry in fs::read_dir(&incoming).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|e| e == "part") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Steps one and two: the bytes in a temporary file, on the disk.
    fn receive(&self, name: &str, part: &Path, bytes: &mut dyn Read) -> Result<Digested, StoreError> {
        let failed = |e: io::Error| StoreError::io("storing evidence", part, &e);
        let file = self.files.create(part).map_err(failed)?;
        let digested = digest(bytes, unreadable(name), &mut |filled| self.files.write(&file, filled).map_err(failed))?;
        set_read_only(&file);
        self.files.sync(&file).map_err(failed)?;
        Ok(digested)
    }

    /// Steps three and four: the file under its final name, the folder on the disk.
    fn keep(&self, part: &Path, sha256: &str, size: u64) -> Result<(), StoreError> {
        let doing = "storing evidence";
        let at = |path: &Path| {
            let path = path.to_owned();
            move |e: io::Error| StoreError::io(doing, &path, &e)
        };
        let target = self.path(sha256).ok_or_else(|| no_digest(sha256))?;
        let Some(folder) = target.parent() else { return Ok(()) };
        if target.exists() {
            if let Some(Differs { what, .. }) = self.check(sha256, size)? {
                return Err(StoreError::Damaged { what, path: target });
            }
        } else {
            self.files.create_dirs(folder).map_err(at(folder))?;
            self.files.rename(part, &target).map_err(at(&target))?;
        }
        // Also for a file that was there: whoever put it there may have been cut off before this step.
        let store = self.root.parent().unwrap_or(&self.root);
        for dir in [folder, &self.root.join("sha256"), &self.root, store] {
            self.files.sync_dir(dir).map_err(at(dir))?;
        }
        Ok(())
    }

    fn file(&self, sha256: &str) -> Result<File, StoreError> {
        let path = self.path(sha256).ok_or_else(|| no_digest(sha256))?;
        File::open(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => StoreError::Damaged { what: MISSING.into(), path },
            _ => StoreError::io("opening evidence", &path, &e),
        })
    }
}

impl Vault for Folder {
    fn put(&self, name: &str, media_type: &str, bytes: &mut dyn Read) -> Result<Evidence, StoreError> {
        let name = safe_name(name);
        let incoming = self.root.join("incoming");
        let failed = |e: io::Error| StoreError::io("creating the evidence folder", &self.root, &e);
        self.files.create_dirs(&incoming).map_err(failed)?;
        let _lock = shared_lock(&incoming.join("lock"));
        let part = Part(incoming.join(format!("{}.part", unique())));
        let digested = self.receive(&name, &part.0, bytes)?;
        self.keep(&part.0, &digested.sha256, digested.size)?;
        Ok(digested.evidence(name, media_type))
    }

    fn open(&self, sha256: &str) -> Result<Box<dyn ReadSeek + Send>, StoreError> {
        Ok(Box::new(self.file(sha256)?))
    }

    fn has(&self, sha256: &str, size: u64) -> Result<bool, StoreError> {
        let found = self.path(sha256).and_then(|p| fs::metadata(p).ok());
        Ok(found.is_some_and(|m| m.is_file() && m.len() == size))
    }

    fn check(&self, sha256: &str, size: u64) -> Result<Option<Differs>, StoreError> {
        let unreadable =
            |e: &io::Error| StoreError::Invalid { what: format!("the evidence file cannot be read ({e})") };
        let found = self.file(sha256).and_then(|mut file| digest(&mut file, unreadable, &mut |_| Ok(())));
        let there = || self.path(sha256).is_some_and(|p| p.exists());
        // A disk that cannot be read is a difference as well: it is the copy on it that is gone.
        Ok(match found {
            Ok(found) => Differs::between(&found, sha256, size),
            Err(why) if there() => Some(Differs::changed(why.to_string())),
            Err(why) => Some(Differs::missing(why.to_string())),
        })
    }

    fn path(&self, sha256: &str) -> Option<PathBuf> {
        if !canonical::is_digest(sha256) {
            return None;
        }
        let (folder, rest) = sha256.split_at(2);
        Some(self.root.join("sha256").join(folder).join(rest))
    }
}

/// A temporary file that goes away unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Holds off the sweeping of half-written files; where the file system knows no locks, nothing is swept either.
fn shared_lock(path: &Path) -> Option<File> {
    let file = File::options().write(true).create(true).truncate(false).open(path).ok()?;
    file.lock_shared().ok()?;
    Some(file)
}

fn set_read_only(file: &File) {
    if let Ok(meta) = file.metadata() {
        let mut mode = meta.permissions();
        mode.set_readonly(true);
        // A wish, not a need: some file systems have no modes.
        let _ = file.set_permissions(mode);
    }
}

/// A name that no other process or thread uses.
pub(crate) fn unique() -> String {
    // The time part is of no use here (this room reads no clock): all that counts is the random part.
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 0, 0)).simple().to_string()
}

/// A file name that is harmless on every system: the last part of a path, without control and direction characters, at most 180
/// bytes, never empty.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let clean: String = last.trim().chars().map(|c| if unwanted(c) { '_' } else { c }).collect();
    let mut end = clean.len().min(180);
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    match clean.get(..end).unwrap_or_default().trim_end_matches(['.', ' ']) {
        "" => "unnamed".to_owned(),
        name => name.to_owned(),
    }
}

fn unwanted(c: char) -> bool {
    let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_control() || hidden || matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_folders_and_whatever_a_terminal_or_a_file_system_would_act_on() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\ripple.wav", "ripple.wav"),
            ("a\u{1b}[31mb\n.csv", "a_[31mb_.csv"),
            ("fdp\u{202e}gpj.exe", "fdp_gpj.exe"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("/", "unnamed"),
            ("nul:", "nul_"),
            ("电源纹波.csv", "电源纹波.csv"),
        ] {
            assert_eq!(safe_name(given), kept, "{given:?}");
        }
        let long = safe_name(&"电".repeat(500));
        assert_eq!(long.len(), 180);
    }
}
