//! Limit packs by name or by path.

use std::path::Path;

use faultscope_diagnose::LimitSet;

use crate::{Class, Error};

/// A pack that ships with the program, or one from a `.toml` file.
///
/// # Errors
/// When there is no such pack or file, or it is not valid.
pub fn load(name_or_path: &str) -> Result<LimitSet, Error> {
    let is_path = name_or_path.ends_with(".toml") || name_or_path.contains(['/', '\\']);
    if !is_path {
        return Ok(LimitSet::built_in(name_or_path)?);
    }
    let text = std::fs::read_to_string(Path::new(name_or_path)).map_err(|e| {
        Error::new(
            Class::Usage,
            "configuration",
            format!("the limit pack cannot be read ({e}): {name_or_path}"),
            "faultscope limits list shows the packs that ship with the program",
        )
    })?;
    Ok(LimitSet::parse(&text, name_or_path)?)
}
