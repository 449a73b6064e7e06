//! Emission masks: the lines over the distance from the channel's edge that limit packs hold.

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use crate::limit::{Axis, Limit, LimitSet, PackError, Segment};

/// An emission mask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// Id: `obue-wa-a-lt1g`.
    pub id: String,
    /// One line.
    pub title: String,
    /// Where the figures come from.
    pub source: String,
    /// R read, W well known, U uncertain, S said by the user.
    pub confidence: String,
    /// Unit of the limits: dBm, dBFS or dBV for absolute ones, dBc relative to the channel power.
    pub unit: Unit,
    /// The segments.
    #[serde(rename = "segment")]
    pub segments: Vec<Segment>,
}

impl Mask {
    /// Ids of the packs with a mask that ship with the program.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        LimitSet::built_in_ids().filter(|id| LimitSet::built_in(id).is_ok_and(|set| set.limits.iter().any(is_mask)))
    }

    /// A mask that ships with the program.
    ///
    /// # Errors
    /// When there is no such mask.
    pub fn built_in(id: &str) -> Result<Self, PackError> {
        if !Self::built_in_ids().any(|known| known == id) {
            let hint = Self::built_in_ids().collect::<Vec<_>>().join(", ");
            return Err(PackError {
                what: format!("there is no mask '{id}'"),
                hint: format!("masks are: {hint}; or give the path of a .toml file"),
            });
        }
        Self::of(&LimitSet::built_in(id)?)
    }

    /// A mask from the TOML text of a limit pack; `name` is for messages.
    ///
    /// # Errors
    /// When the text is no valid pack, or holds no mask or several.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        Self::of(&LimitSet::parse(text, name)?)
    }

    /// The mask of a pack.
    ///
    /// # Errors
    /// When it has none, or several that are applied.
    pub fn of(set: &LimitSet) -> Result<Self, PackError> {
        let mut masks = set.limits.iter().filter(|l| is_mask(l) && l.counts());
        match (masks.next(), masks.next()) {
            (Some(limit), None) => Ok(Self {
                id: set.pack.id.clone(),
                title: set.pack.title.clone(),
                source: set.pack.source.clone(),
                confidence: limit.confidence.clone(),
                unit: limit.unit,
                segments: limit.segments.clone(),
            }),
            (found, _) => Err(PackError {
                what: format!(
                    "the pack {} holds {} mask",
                    set.pack.id,
                    if found.is_none() { "no" } else { "more than one" }
                ),
                hint: "one limit with axis = \"edge\" and its segments makes a mask".into(),
            }),
        }
    }
}

/// Whether a limit is a mask: a line over the distance from the edge of the channel.
fn is_mask(limit: &Limit) -> bool {
    limit.axis == Some(Axis::Edge) && !limit.segments.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mask_that_ships_is_valid_and_joins_up() {
        for id in Mask::built_in_ids() {
            let mask = Mask::built_in(id).unwrap();
            assert_eq!(mask.id, id);
            assert!(["R", "W", "S"].contains(&mask.confidence.as_str()));
            for pair in mask.segments.windows(2) {
                assert!(pair[1].from_hz >= pair[0].to_hz, "{id}");
            }
        }
        assert!(Mask::built_in("nope").unwrap_err().hint.contains("obue-la"));
        assert!(Mask::parse("id = 1", "x").is_err());
    }

    #[test]
    fn the_first_wide_area_segment_falls_by_seven_decibels() {
        let mask = Mask::built_in("obue-wa-a-lt1g").unwrap();
        let first = &mask.segments[0];
        // -7 dBm - 7/5 (f_offset - 0.05): -14 dBm at 5.05 MHz.
        assert!((first.start_db + 7.0).abs() < 1e-12 && (first.stop_db + 14.0).abs() < 1e-12);
    }
}
