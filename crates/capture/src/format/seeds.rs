//! What the tests of this room open, kept as seeds for the fuzzer when `FAULTSCOPE_SEEDS` names a folder.
//!
//! One folder for each reader of `tests/fuzz`; the file's shape is the one that its target takes apart again. The folder
//! `csv` holds one whole file of each dialect by name, the folders `csv-*` the many variants of the tests.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::Capture;

/// Files above this teach a fuzzer nothing that smaller ones do not.
const LARGEST: usize = 16 << 10;

/// Keeps the bytes of a capture that opened.
pub(super) fn keep(path: &Path, capture: &Capture) {
    if std::env::var_os("FAULTSCOPE_SEEDS").is_none() {
        return;
    }
    let Some((reader, bytes)) = seed(path, capture).filter(|(_, bytes)| bytes.len() <= LARGEST) else { return };
    let name: String = Sha256::digest(&bytes).iter().take(8).map(|b| format!("{b:02x}")).collect();
    keep_as(&reader, &name, &bytes);
}

/// Keeps an input of a reader under a name that tells what it is.
pub(super) fn keep_as(reader: &str, name: &str, bytes: &[u8]) {
    let Some(folder) = std::env::var_os("FAULTSCOPE_SEEDS").map(|f| PathBuf::from(f).join(reader)) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn seed(path: &Path, capture: &Capture) -> Option<(String, Vec<u8>)> {
    let read = |path: &Path| std::fs::read(path).ok();
    let (format, dialect) = capture.format.split_once('/').unwrap_or((&capture.format, ""));
    let archive = path.extension().is_some_and(|e| e == "sigmf");
    Some(match format {
        "sigmf" if archive => ("sigmf-archive".into(), read(path)?),
        "sigmf" | "rohde-schwarz" => {
            // Of both the files are the samples and their description, in this order.
            let [samples, description] = capture.files.as_slice() else { return None };
            let description = read(description)?;
            let length = u16::try_from(description.len()).ok()?;
            (format.into(), [length.to_le_bytes().to_vec(), description, read(samples)?].concat())
        }
        "raw" => {
            let name = path.file_name()?.to_string_lossy().into_owned();
            ("raw".into(), [name.as_bytes(), b"\n", &read(path)?].concat())
        }
        "csv" | "spectrum" => (format!("{format}-{dialect}"), read(path)?),
        _ => (format.into(), read(path)?),
    })
}
