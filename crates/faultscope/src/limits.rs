//! Limit packs by name or by path.

use std::path::Path;

use faultscope_diagnose::LimitSet;
use faultscope_diagnose::limit::{Axis, Problem, problems};
use faultscope_diagnose::measurement::{EmissionsSettings, Mask, Settings};

use crate::{Class, Error};

/// A pack that ships with the program, or one from a `.toml` file; `pack#limit` is one limit of it, disabled or not.
///
/// # Errors
/// When there is no such pack or file, or it is not valid.
pub fn load(name_or_path: &str) -> Result<LimitSet, Error> {
    load_in(name_or_path, Path::new(""))
}

/// The same, with paths that count from a folder.
pub(crate) fn load_in(name_or_path: &str, folder: &Path) -> Result<LimitSet, Error> {
    let (pack, limit) = match name_or_path.split_once('#') {
        Some((pack, limit)) => (pack, Some(limit)),
        None => (name_or_path, None),
    };
    let set = if is_path(pack) {
        let path = folder.join(pack).display().to_string();
        let text = pack_text(&path)?;
        LimitSet { text: Some(text.clone()), ..LimitSet::parse(&text, &path)? }
    } else {
        LimitSet::built_in(pack)?
    };
    Ok(match limit {
        Some(id) => set.only(id)?,
        None => set,
    })
}

/// The text of a pack file.
fn pack_text(path: &str) -> Result<String, Error> {
    read(path, "limit pack", "faultscope limits list shows the packs that ship with the program")
}

/// Every fault of a pack, which is a file or one that ships with the program.
///
/// # Errors
/// When there is no such file or pack.
pub fn faults(name_or_path: &str) -> Result<Vec<Problem>, Error> {
    if is_path(name_or_path) {
        return Ok(problems(&pack_text(name_or_path)?));
    }
    LimitSet::built_in(name_or_path)?;
    Ok(Vec::new())
}

/// Why packs do not hold today.
pub fn out_of_date(packs: &[LimitSet]) -> impl Iterator<Item = String> + '_ {
    let today: String = crate::now().chars().take(10).collect();
    packs.iter().filter_map(move |p| p.pack.out_of_date(&today))
}

/// The settings of a measurement, with the lines and the mask of its packs.
///
/// # Errors
/// When the packs hold several masks: only one can be measured at a time.
pub fn with_lines(measurement: &str, mut settings: Settings, packs: &[LimitSet]) -> Result<Settings, Error> {
    if measurement == "emissions" {
        let mut asked = settings.emissions.take().unwrap_or_default();
        asked.lines.extend(EmissionsSettings::lines_of(packs));
        settings.emissions = Some(asked);
    }
    let with_mask = |set: &&LimitSet| {
        set.limits.iter().any(|l| l.measurement == "channel" && l.axis == Some(Axis::Edge) && l.counts())
    };
    if measurement == "channel" && settings.channel.as_ref().is_none_or(|c| c.mask.is_none()) {
        let holders: Vec<&LimitSet> = packs.iter().filter(with_mask).collect();
        let mask = match holders.as_slice() {
            [] => return Ok(settings),
            [one] => Mask::of(one)?,
            _ => {
                let ids: Vec<&str> = holders.iter().map(|p| p.pack.id.as_str()).collect();
                let message =
                    format!("only one mask can be measured at a time, and several packs hold one: {}", ids.join(", "));
                return Err(Error::usage(message, "measure once for each"));
            }
        };
        settings.channel.get_or_insert_default().mask = Some(mask);
    }
    Ok(settings)
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

pub(crate) fn is_path(name: &str) -> bool {
    name.ends_with(".toml") || name.contains(['/', '\\'])
}

pub(crate) fn read(path: &str, what: &str, hint: &str) -> Result<String, Error> {
    std::fs::read_to_string(Path::new(path)).map_err(|e| {
        Error::new(Class::Usage, "configuration", format!("the {what} cannot be read ({e}): {path}"), hint)
    })
}
