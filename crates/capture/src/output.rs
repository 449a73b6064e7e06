//! New files that are there whole or not at all: written under another name, flushed, then put in place.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use crate::CaptureError;

/// Writes one file by `fill`; after an error nothing is left behind.
///
/// # Errors
/// `Options` when the file is there and may not be replaced; `Io` when the disk is full or not writable; what `fill` says.
pub(crate) fn save(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut dyn io::Write) -> Result<(), CaptureError>,
) -> Result<(), CaptureError> {
    if !overwrite && path.exists() {
        return Err(exists(path));
    }
    let mut file = temporary(path)?;
    let mut buffer = BufWriter::with_capacity(1 << 18, file.as_file_mut());
    fill(&mut buffer)?;
    buffer.flush().map_err(|e| write_error(path, e))?;
    drop(buffer);
    file.as_file().sync_all().map_err(|e| write_error(path, e))?;
    place(file, path, overwrite)?;
    sync_folder(path)
}

/// A file in the folder of `path` that goes away unless it is put in place.
pub(crate) fn temporary(path: &Path) -> Result<tempfile::NamedTempFile, CaptureError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".faultscope-").suffix(".part");
    #[cfg(unix)]
    {
        // The rights that any new file gets; a temporary file would be readable by its owner only.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|e| write_error(path, e))
}

/// Gives a finished file its name.
pub(crate) fn place(file: tempfile::NamedTempFile, path: &Path, overwrite: bool) -> Result<(), CaptureError> {
    let placed = if overwrite { file.persist(path) } else { file.persist_noclobber(path) };
    placed.map(drop).map_err(|e| match e.error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => write_error(path, e.error),
    })
}

/// Makes the new names survive a power cut; only Unix lets a folder be flushed.
pub(crate) fn sync_folder(path: &Path) -> Result<(), CaptureError> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| write_error(path, e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The refusal to replace a file.
pub(crate) fn exists(path: &Path) -> CaptureError {
    CaptureError::options(
        path,
        "the file is there already and was not replaced",
        "choose another name, or ask to overwrite",
    )
}

/// What went wrong with writing, in words.
pub(crate) fn write_error(path: &Path, source: io::Error) -> CaptureError {
    let what = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full, nothing was written".to_owned(),
        io::ErrorKind::FileTooLarge => "the file would be too large for this disk, nothing was written".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to write here".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::NotFound => "the folder to write into is not there".to_owned(),
        _ => format!("cannot write ({source})"),
    };
    CaptureError::Io { what, path: path.to_owned(), source }
}
