//! A reading: one measured quantity, where, with its uncertainty and the id of its definition.

use faultscope_signal::Unit;
use serde::{Deserialize, Serialize};

/// What the definition of a sign begins with.
const SIGN: &str = "sign.";

/// Where in the record a reading was taken; only what applies is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct At {
    /// Absolute frequency (centre + offset), or the frequency of a real record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frequency_hz: Option<f64>,
    /// Offset from the carrier or the centre.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset_hz: Option<f64>,
    /// Time from the first sample.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start_s: Option<f64>,
    /// Lower edge of the band a reading covers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub low_hz: Option<f64>,
    /// Upper edge of the band a reading covers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high_hz: Option<f64>,
}

/// One measured quantity.
///
/// A value that is not finite is written as `null` and judged `invalid`: `NaN > max` is false and must not pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reading {
    /// Short id within its measurement: `sfdr`, `vpp`, `spur_level`.
    pub id: String,
    /// The value in `unit`.
    #[serde(with = "finite")]
    #[schemars(with = "Option<f64>")]
    pub value: f64,
    /// The unit.
    pub unit: Unit,
    /// Expanded uncertainty (about 95 %) in `unit`, where it can be stated.
    pub uncertainty: Option<f64>,
    /// Id and version of the definition: `sfdr/1`.
    pub definition: String,
    /// Where it was taken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<At>,
    /// Highest frequency the record lets this reading see; limits that ask for more are not evaluated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bandwidth_hz: Option<f64>,
}

impl Reading {
    /// A reading whose definition is `id/1`.
    pub fn new(id: &str, value: f64, unit: Unit) -> Self {
        Self {
            id: id.to_owned(),
            value,
            unit,
            uncertainty: None,
            definition: format!("{id}/1"),
            at: None,
            bandwidth_hz: None,
        }
    }

    /// Marks it as a sign: a figure for the diagnosis rather than for people, kept out of tables.
    #[must_use]
    pub fn sign(mut self) -> Self {
        self.definition = format!("{SIGN}{}/1", self.id);
        self
    }

    /// Whether it is a sign.
    #[must_use]
    pub fn is_sign(&self) -> bool {
        self.definition.starts_with(SIGN)
    }

    /// States the uncertainty.
    #[must_use]
    pub fn uncertain(mut self, uncertainty: f64) -> Self {
        self.uncertainty = uncertainty.is_finite().then_some(uncertainty);
        self
    }

    /// States where it was taken.
    #[must_use]
    pub fn at(mut self, at: At) -> Self {
        self.at = Some(at);
        self
    }

    /// States the bandwidth it was taken in.
    #[must_use]
    pub fn within(mut self, bandwidth_hz: f64) -> Self {
        self.bandwidth_hz = Some(bandwidth_hz);
        self
    }
}

pub(crate) mod finite {
    //! Non-finite numbers become `null` and come back as NaN.

    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.serialize_none() }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}
