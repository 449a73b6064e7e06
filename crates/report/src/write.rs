//! Saving a file so that it is either there whole or not there at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::ReportError;

/// Writes `bytes` to `path` in four steps: a temporary file in the same folder, fsync, rename, fsync of the folder.
///
/// An older file of that name is replaced in one step or stays as it was.
///
/// # Errors
/// When the folder does not exist (it is never created), or a step fails; the temporary file is then removed.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name() else {
        return Err(refused("the output name does not name a file", path, "give a file name, as in report.html"));
    };
    if !folder.is_dir() {
        return Err(refused("the folder does not exist", folder, "create it first, or choose one that exists"));
    }
    if path.is_dir() {
        return Err(refused("the output name is a folder", path, "give a file name inside it"));
    }
    let (temporary, file) = create_beside(folder, &name.to_string_lossy())
        .map_err(|e| ReportError::write("the file cannot be created", folder, &e))?;
    let saved = save(file, &temporary, path, bytes);
    if saved.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    saved?;
    sync_folder(folder).map_err(|e| ReportError::write("the folder cannot be flushed", folder, &e))
}

fn refused(what: &str, place: &Path, hint: &str) -> ReportError {
    ReportError::Write {
        what: what.into(),
        place: place.display().to_string(),
        hint: hint.into(),
        kind: io::ErrorKind::NotFound,
    }
}

fn create_beside(folder: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for attempt in 0..100 {
        let candidate = folder.join(format!(".{name}.{}-{attempt}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&candidate) {
            Ok(file) => return Ok((candidate, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => last = e,
            Err(e) => return Err(e),
        }
    }
    Err(last)
}

fn save(mut file: File, temporary: &Path, path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|e| ReportError::write("the file cannot be written", path, &e))?;
    drop(file);
    fs::rename(temporary, path).map_err(|e| ReportError::write("the file cannot be put in place", path, &e))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    // Windows has no fsync of a folder; the rename itself is journalled.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("faultscope-report-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn replaces_a_file_and_leaves_nothing_else() {
        let folder = scratch("replace");
        let path = folder.join("a.html");
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn refuses_a_folder_that_is_not_there_and_does_not_make_it() {
        let folder = scratch("missing");
        let error = write_file(&folder.join("no/a.html"), b"x").unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{error}");
        assert!(!error.hint().is_empty());
        assert!(!folder.join("no").exists());
        assert!(write_file(&folder, b"x").unwrap_err().to_string().contains("folder"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
