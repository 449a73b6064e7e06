//! Simulated captures as files of their own, which go away with the program.

use std::path::PathBuf;

use crate::{Class, Error, simulate};

/// A folder for simulated captures that goes away with the program.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes the folder.
    ///
    /// # Errors
    /// When the temporary folder cannot be written.
    pub fn new() -> Result<Self, Error> {
        tempfile::Builder::new().prefix("faultscope-").tempdir().map(Self).map_err(|e| {
            Error::new(
                Class::Storage,
                "io",
                format!("the temporary folder cannot be written: {e}"),
                "make room in it, or name another with TMPDIR",
            )
        })
    }

    /// Writes the recording of a `sim:` address (or a bare model name) and returns the file that opens it.
    ///
    /// # Errors
    /// When the address names no model, or the folder is full.
    pub fn simulate(&self, address: &str) -> Result<PathBuf, Error> {
        let stem: String =
            address.trim_start_matches("sim:").chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let stem: String = stem.chars().take(80).collect();
        first_file(&simulate::simulate(address, Some(&self.0.path().join(stem)), true)?)
    }

    /// Writes the captures of the worked example and returns the files that open them.
    ///
    /// # Errors
    /// When the folder is full.
    pub fn samples(&self) -> Result<Vec<PathBuf>, Error> {
        let files = simulate::write_samples(&self.0.path().join("samples"), true)?;
        Ok(files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "sigmf-meta")).collect())
    }
}

fn first_file(files: &[PathBuf]) -> Result<PathBuf, Error> {
    let meta = files.iter().find(|f| f.extension().is_some_and(|e| e == "sigmf-meta"));
    meta.or_else(|| files.first())
        .cloned()
        .ok_or_else(|| Error::new(Class::Storage, "io", "the simulation wrote no file", "report this defect"))
}
