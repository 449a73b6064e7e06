//! The writer of SigMF recordings: samples streamed in blocks, both files complete on the disk or not there at all.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use faultscope_signal::Record;
use sha2::{Digest as _, Sha512};

use super::hex;
use super::recording::{Datatype, Recording, Written, check, metadata};
use crate::CaptureError;
use crate::output::{exists, place, sync_folder, temporary, write_error};

/// Numbers converted at a time.
const BLOCK: usize = 65_536;

/// Writes `<base>.sigmf-data` and `<base>.sigmf-meta`; returns their paths in this order.
///
/// `base` may carry one of the two extensions. Both files are written under temporary names in the same folder and
/// flushed to the disk before they get their own, data first: after a failure or a power cut there is no metadata
/// file without its samples. The same record and recording give the same bytes.
///
/// # Errors
/// `Options` when record and recording do not fit or the files are there already; `Io` when the disk is full or the
/// folder cannot be written to, with nothing left behind; `Malformed` when the record cannot be read.
pub fn write(base: &Path, record: &dyn Record, recording: &Recording) -> Result<(PathBuf, PathBuf), CaptureError> {
    let (data_path, meta_path) = paths(base);
    check(&data_path, record, recording)?;
    for path in [&data_path, &meta_path] {
        if !recording.overwrite && path.exists() {
            return Err(exists(path));
        }
    }
    let mut data = temporary(&data_path)?;
    let written = samples(data.as_file_mut(), &data_path, record, recording.datatype)?;
    let mut meta = temporary(&meta_path)?;
    meta.write_all(&text(recording, &written, &meta_path)?).map_err(|e| write_error(&meta_path, e))?;
    for (file, path) in [(&data, &data_path), (&meta, &meta_path)] {
        file.as_file().sync_all().map_err(|e| write_error(path, e))?;
    }
    place(data, &data_path, recording.overwrite)?;
    if let Err(error) = place(meta, &meta_path, recording.overwrite) {
        if !recording.overwrite {
            // Ours, and of no use alone; the first error is the one to tell.
            let _ = std::fs::remove_file(&data_path);
        }
        return Err(error);
    }
    sync_folder(&data_path)?;
    Ok((data_path, meta_path))
}

/// The metadata file, as its bytes.
pub(super) fn text(recording: &Recording, written: &Written, path: &Path) -> Result<Vec<u8>, CaptureError> {
    let object = metadata(recording, written);
    let mut text = serde_json::to_vec_pretty(&object).map_err(|e| write_error(path, io::Error::other(e)))?;
    text.push(b'\n');
    Ok(text)
}

pub(super) fn paths(base: &Path) -> (PathBuf, PathBuf) {
    let extension = base.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let stem = match extension.as_deref() {
        Some("sigmf-data" | "sigmf-meta" | "sigmf") => base.with_extension(""),
        _ => base.to_owned(),
    };
    // `with_extension` would take the last part of `12.5V` for an extension.
    let with = |extension: &str| {
        let mut name = stem.clone().into_os_string();
        name.push(extension);
        PathBuf::from(name)
    };
    (with(".sigmf-data"), with(".sigmf-meta"))
}

pub(super) fn samples(
    file: &mut dyn io::Write,
    path: &Path,
    record: &dyn Record,
    datatype: Datatype,
) -> Result<Written, CaptureError> {
    let per_frame = record.kind().components();
    let mut values = vec![0f32; BLOCK];
    let mut bytes = Vec::with_capacity(4 * BLOCK);
    let mut hash = Sha512::new();
    let (mut at, mut clipped) = (0u64, 0u64);
    while at < record.frames() {
        let stopped = |what: String| CaptureError::malformed(path, what, "nothing was written");
        let n = record.read_f32(at, &mut values).map_err(|e| stopped(e.to_string()))?;
        let Some(block) = values.get(..n * per_frame).filter(|block| !block.is_empty()) else {
            return Err(stopped(format!("the record ended at sample {at} of {}", record.frames())));
        };
        clipped += encode(block, datatype, &mut bytes).ok_or_else(|| {
            let what = format!("there are samples that are no numbers after sample {at}; {} has none", datatype.name());
            CaptureError::options(path, what, "write it as cf32_le")
        })?;
        hash.update(&bytes);
        file.write_all(&bytes).map_err(|e| write_error(path, e))?;
        at += n as u64;
    }
    if at == 0 {
        return Err(CaptureError::options(path, "the record is empty", "there is nothing to write"));
    }
    Ok(Written { sha512: hex(&hash.finalize()), clipped })
}

/// Replaces `bytes` by the stored form; returns how many numbers did not fit, nothing if one is no number.
fn encode(block: &[f32], datatype: Datatype, bytes: &mut Vec<u8>) -> Option<u64> {
    bytes.clear();
    let Some((steps, low, high)) = datatype.codes() else {
        block.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
        return Some(0);
    };
    let mut clipped = 0;
    for value in block {
        if value.is_nan() {
            return None;
        }
        let scaled = value * steps;
        clipped += u64::from(scaled < low - 0.5 || scaled > high + 0.5);
        let code = scaled.clamp(low, high);
        match datatype {
            Datatype::Ci16Le => bytes.extend_from_slice(&(code.round() as i16).to_le_bytes()),
            Datatype::Ci8 => bytes.extend_from_slice(&(code.round() as i8).to_le_bytes()),
            _ => bytes.push((code + 127.5).round() as u8),
        }
    }
    Some(clipped)
}

#[cfg(test)]
mod tests;
