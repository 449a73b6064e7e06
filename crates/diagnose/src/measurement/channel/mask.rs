//! Emission masks: data files of segments over the distance from the channel's edge.

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

use crate::limit::PackError;

/// One segment of a mask, on both sides of the channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskSegment {
    /// From the channel's edge to the centre of the measuring filter, where the segment begins.
    pub from_hz: f64,
    /// Where it ends.
    pub to_hz: f64,
    /// Measurement bandwidth.
    pub bandwidth_hz: f64,
    /// Limit where the segment begins.
    pub start_db: f64,
    /// Limit where it ends; on a straight line between.
    pub stop_db: f64,
}

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
    pub segments: Vec<MaskSegment>,
}

/// The masks that ship with the program, as text.
static BUILT_IN: &[(&str, &str)] = &[
    ("obue-wa-a-lt1g", include_str!("../../../masks/obue-wa-a-lt1g.toml")),
    ("obue-wa-a-gt1g", include_str!("../../../masks/obue-wa-a-gt1g.toml")),
    ("obue-wa-b1-lt1g", include_str!("../../../masks/obue-wa-b1-lt1g.toml")),
    ("obue-wa-b1-gt1g", include_str!("../../../masks/obue-wa-b1-gt1g.toml")),
    ("obue-wa-b2", include_str!("../../../masks/obue-wa-b2.toml")),
    ("obue-la", include_str!("../../../masks/obue-la.toml")),
];

impl Mask {
    /// Ids of the masks that ship with the program.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(id, _)| *id)
    }

    /// A mask that ships with the program.
    ///
    /// # Errors
    /// When there is no such mask.
    pub fn built_in(id: &str) -> Result<Self, PackError> {
        let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == id).ok_or_else(|| PackError {
            what: format!("there is no mask '{id}'"),
            hint: format!(
                "masks are: {}; or give the path of a .toml file",
                Self::built_in_ids().collect::<Vec<_>>().join(", ")
            ),
        })?;
        Self::parse(text, id)
    }

    /// A mask from TOML text; `name` is for messages.
    ///
    /// # Errors
    /// When the text is not TOML, lacks a field, has an unknown one, or a segment makes no sense.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        let mask: Self = toml::from_str(text).map_err(|e| PackError {
            what: format!("the mask {name} is not valid: {}", e.message()),
            hint: "see a mask that ships with the program for the fields".into(),
        })?;
        for s in &mask.segments {
            let fields = [s.from_hz, s.to_hz, s.bandwidth_hz, s.start_db, s.stop_db];
            if !(fields.iter().all(|v| v.is_finite()) && s.to_hz >= s.from_hz && s.bandwidth_hz > 0.0) {
                return Err(PackError {
                    what: format!(
                        "the mask {name} has a segment from {} to {} Hz that makes no sense",
                        s.from_hz, s.to_hz
                    ),
                    hint: "to_hz is not below from_hz, bandwidth_hz is above zero, all are finite".into(),
                });
            }
        }
        Ok(mask)
    }
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
