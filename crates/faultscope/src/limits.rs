//! Limit packs by name or by path.

use std::path::Path;

use faultscope_diagnose::LimitSet;
use faultscope_diagnose::limit::{Axis, Problem, problems};
use faultscope_diagnose::measurement::{EmissionsSettings, Mask, Settings};
use faultscope_signal::Unit;

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

/// A limit on one reading as somebody typed it, for one piece of work.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedLimit {
    /// The measurement.
    pub measurement: String,
    /// The reading.
    pub reading: String,
    /// Unit of the bounds.
    pub unit: Unit,
    /// Lower bound.
    pub lower: Option<f64>,
    /// Upper bound.
    pub upper: Option<f64>,
}

/// Id of the pack that typed limits make.
pub const TYPED: &str = "typed";

/// Typed limits as a pack: with its text, so that a case keeps what was judged by.
///
/// # Errors
/// When a limit has no bound, or bounds that cross.
pub fn typed(limits: &[TypedLimit], author: &str) -> Result<LimitSet, Error> {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let mut pack = format!(
        "[pack]\nid = \"{TYPED}\"\nversion = \"1\"\ntitle = \"Limits typed in place\"\nsource = {}\nauthor = {}\nvalid_from = \"{}\"\n",
        text(&format!("typed by {author}")),
        text(author),
        crate::now().chars().take(10).collect::<String>()
    );
    for (number, limit) in limits.iter().enumerate() {
        let bounds = [("lower", limit.lower), ("upper", limit.upper)];
        let bounds = bounds.into_iter().filter_map(|(name, value)| value.map(|v| format!("{name} = {v:?}\n")));
        pack += &format!(
            "\n[[limit]]\nid = {}\nmeasurement = {}\nreading = {}\n{}unit = {}\nclause = {}\nconfidence = \"S\"\nseverity = \"major\"\n",
            text(&format!("{}-{}", limit.reading, number + 1)),
            text(&limit.measurement),
            text(&limit.reading),
            bounds.collect::<String>(),
            text(limit.unit.symbol()),
            text(&format!("typed by {author}")),
        );
    }
    Ok(LimitSet { text: Some(pack.clone()), ..LimitSet::parse(&pack, TYPED)? })
}

/// A value as it is typed, with or without its unit: `50m`, `50 mV`, `-60 dBc`.
///
/// # Errors
/// When it is no number.
pub fn quantity(typed: &str, unit: Unit) -> Result<f64, Error> {
    let text = typed.trim();
    let bare = text.strip_suffix(unit.symbol()).unwrap_or(text);
    // `50 mV`: the prefix goes with the number.
    let bare = bare.split_whitespace().collect::<Vec<_>>();
    let bare = match bare.as_slice() {
        [number, prefix] if prefix.len() == 1 && prefix.chars().all(char::is_alphabetic) => format!("{number}{prefix}"),
        parts => parts.join(" "),
    };
    faultscope_instrument::address::number("limit", &bare).map_err(|_| {
        Error::usage(format!("'{typed}' is no value in {}", unit.symbol()), "write a number such as 50m, 50 mV or -60")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_and_without_their_unit() {
        for (text, unit, value) in [
            ("50m", Unit::Volt, 0.05),
            (" 50 mV ", Unit::Volt, 0.05),
            ("0.05", Unit::Volt, 0.05),
            ("-60 dBc", Unit::Dbc, -60.0),
            ("-60", Unit::Dbc, -60.0),
            ("1.5 kHz", Unit::Hertz, 1500.0),
        ] {
            assert!((quantity(text, unit).unwrap() - value).abs() < 1e-12 * value.abs().max(1.0), "{text}");
        }
        for text in ["", "mV", "fifty", "1 2", "1 2 3", "nan", "inf"] {
            assert!(!quantity(text, Unit::Volt).unwrap_err().hint.is_empty(), "{text}");
        }
    }

    #[test]
    fn typed_limits_are_a_pack_like_any_other_and_bad_ones_are_refused() {
        let limit = |lower, upper| TypedLimit {
            measurement: "ripple".into(),
            reading: "vpp".into(),
            unit: Unit::Volt,
            lower,
            upper,
        };
        let set = typed(&[limit(None, Some(0.05)), limit(Some(-1.0), Some(1e-3))], "A. \"B\"\\C").unwrap();
        assert_eq!((set.pack.id.as_str(), set.limits.len()), (TYPED, 2));
        assert_eq!((set.limits[0].upper, set.limits[0].lower), (Some(0.05), None));
        assert_eq!(set.limits[1].upper, Some(1e-3));
        assert!(set.limits.iter().all(|l| l.counts()) && set.pack.author == "A. \"B\"\\C");
        // What a case keeps of it gives the same pack again.
        assert_eq!(LimitSet::parse(set.text.as_deref().unwrap(), "x").unwrap().limits, set.limits);
        assert!(typed(&[limit(None, None)], "x").is_err());
        assert!(typed(&[limit(Some(2.0), Some(1.0))], "x").is_err());
    }
}
