//! Limit packs by name or by path.

use std::path::Path;

use faultscope_diagnose::LimitSet;
use faultscope_diagnose::measurement::Mask;

use crate::{Class, Error};

/// A pack that ships with the program, or one from a `.toml` file.
///
/// # Errors
/// When there is no such pack or file, or it is not valid.
pub fn load(name_or_path: &str) -> Result<LimitSet, Error> {
    if !is_path(name_or_path) {
        return Ok(LimitSet::built_in(name_or_path)?);
    }
    let text = read(name_or_path, "limit pack", "faultscope limits list shows the packs that ship with the program")?;
    Ok(LimitSet::parse(&text, name_or_path)?)
}

/// An emission mask that ships with the program, or one from a `.toml` file.
///
/// # Errors
/// When there is no such mask or file, or it is not valid.
pub fn load_mask(name_or_path: &str) -> Result<Mask, Error> {
    if !is_path(name_or_path) {
        return Ok(Mask::built_in(name_or_path)?);
    }
    let names = Mask::built_in_ids().collect::<Vec<_>>().join(", ");
    let text = read(name_or_path, "mask", &format!("masks that ship with the program: {names}"))?;
    Ok(Mask::parse(&text, name_or_path)?)
}

fn is_path(name: &str) -> bool {
    name.ends_with(".toml") || name.contains(['/', '\\'])
}

fn read(path: &str, what: &str, hint: &str) -> Result<String, Error> {
    std::fs::read_to_string(Path::new(path)).map_err(|e| {
        Error::new(Class::Usage, "configuration", format!("the {what} cannot be read ({e}): {path}"), hint)
    })
}
