//! A SigMF recording as one file: a tar archive of samples and metadata.

use std::io;
use std::path::Path;

use faultscope_signal::Record;

use super::recording::{Recording, check};
use super::write::{samples, text};
use crate::CaptureError;
use crate::output::{save, write_error};

/// Bytes of a block of a tar archive.
const BLOCK: u64 = 512;

/// Writes `<name>.sigmf` with `<name>/<name>.sigmf-data` and `<name>/<name>.sigmf-meta` in it, the samples streamed.
///
/// The same record and recording give the same bytes.
///
/// # Errors
/// As [`super::write()`].
pub fn write_archive(path: &Path, record: &dyn Record, recording: &Recording) -> Result<(), CaptureError> {
    check(path, record, recording)?;
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = record.frames().saturating_mul(recording.datatype.frame_bytes() as u64);
    save(path, recording.overwrite, |file| {
        let failed = |e: io::Error| write_error(path, e);
        let data = header(&format!("{stem}/{stem}.sigmf-data"), bytes, path)?;
        file.write_all(&data).map_err(failed)?;
        let written = samples(file, path, record, recording.datatype)?;
        pad(file, bytes).map_err(failed)?;
        let meta = text(recording, &written, path)?;
        let head = header(&format!("{stem}/{stem}.sigmf-meta"), meta.len() as u64, path)?;
        file.write_all(&head).and_then(|()| file.write_all(&meta)).map_err(failed)?;
        pad(file, meta.len() as u64).map_err(failed)?;
        // Two empty blocks end an archive.
        file.write_all(&[0; 2 * BLOCK as usize]).map_err(failed)
    })
}

fn header(name: &str, bytes: u64, path: &Path) -> Result<Vec<u8>, CaptureError> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).map_err(|e| {
        let what = format!("the name does not fit an archive ({e})");
        CaptureError::options(path, what, "choose a shorter name, or write a .sigmf-meta pair")
    })?;
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header.as_bytes().to_vec())
}

fn pad(file: &mut dyn io::Write, bytes: u64) -> io::Result<()> {
    let rest = usize::try_from((BLOCK - bytes % BLOCK) % BLOCK).unwrap_or(0);
    file.write_all(&vec![0; rest])
}
