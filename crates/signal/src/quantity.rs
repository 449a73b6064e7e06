//! Values with their units, so that dB, dBc, dBFS, dBm and volts cannot be mixed by mistake.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The units that readings, limits and records use. The text form is the one of the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Unit {
    /// Amplitude relative to the converter's full scale: the unit of an uncalibrated I/Q record.
    #[serde(rename = "FS")]
    FullScale,
    /// Volt.
    #[serde(rename = "V")]
    Volt,
    /// Ampere.
    #[serde(rename = "A")]
    Ampere,
    /// Watt.
    #[serde(rename = "W")]
    Watt,
    /// Hertz.
    #[serde(rename = "Hz")]
    Hertz,
    /// Second.
    #[serde(rename = "s")]
    Second,
    /// Ratio of two powers, 10 log10.
    #[serde(rename = "dB")]
    Db,
    /// Level relative to the carrier.
    #[serde(rename = "dBc")]
    Dbc,
    /// Level relative to full scale: 0 dBFS is a complex tone of amplitude 1, or a real sine of peak amplitude 1.
    #[serde(rename = "dBFS")]
    Dbfs,
    /// Power relative to 1 mW.
    #[serde(rename = "dBm")]
    Dbm,
    /// Level relative to 1 V rms.
    #[serde(rename = "dBV")]
    Dbv,
    /// Level relative to 1 uV rms.
    #[serde(rename = "dBuV")]
    Dbuv,
    /// Field strength relative to 1 uV/m.
    #[serde(rename = "dBuV/m")]
    DbuvPerMetre,
    /// Power density relative to full scale.
    #[serde(rename = "dBFS/Hz")]
    DbfsPerHz,
    /// Noise density relative to the carrier.
    #[serde(rename = "dBc/Hz")]
    DbcPerHz,
    /// Parts per million.
    #[serde(rename = "ppm")]
    Ppm,
    /// Per cent.
    #[serde(rename = "%")]
    Percent,
    /// Effective bits.
    #[serde(rename = "bit")]
    Bit,
    /// A plain count.
    #[serde(rename = "count")]
    Count,
    /// Events per second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// A ratio without unit.
    #[serde(rename = "1")]
    One,
    /// Degree.
    #[serde(rename = "deg")]
    Degree,
    /// Radian.
    #[serde(rename = "rad")]
    Radian,
    /// Volt per second.
    #[serde(rename = "V/s")]
    VoltPerSecond,
}

impl Unit {
    /// The symbol, as printed and as written to JSON.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::FullScale => "FS",
            Self::Volt => "V",
            Self::Ampere => "A",
            Self::Watt => "W",
            Self::Hertz => "Hz",
            Self::Second => "s",
            Self::Db => "dB",
            Self::Dbc => "dBc",
            Self::Dbfs => "dBFS",
            Self::Dbm => "dBm",
            Self::Dbv => "dBV",
            Self::Dbuv => "dBuV",
            Self::DbuvPerMetre => "dBuV/m",
            Self::DbfsPerHz => "dBFS/Hz",
            Self::DbcPerHz => "dBc/Hz",
            Self::Ppm => "ppm",
            Self::Percent => "%",
            Self::Bit => "bit",
            Self::Count => "count",
            Self::PerSecond => "1/s",
            Self::One => "1",
            Self::Degree => "deg",
            Self::Radian => "rad",
            Self::VoltPerSecond => "V/s",
        }
    }

    /// Whether values are printed with an SI prefix (12.5 kHz, 3.2 mV).
    #[must_use]
    pub const fn takes_prefix(self) -> bool {
        matches!(self, Self::Volt | Self::Ampere | Self::Watt | Self::Hertz | Self::Second | Self::VoltPerSecond)
    }

    /// The unit of a difference of two values: dB for every kind of level.
    #[must_use]
    pub const fn difference(self) -> Self {
        match self {
            Self::Dbc
            | Self::Dbfs
            | Self::Dbm
            | Self::Dbv
            | Self::Dbuv
            | Self::DbuvPerMetre
            | Self::DbfsPerHz
            | Self::DbcPerHz => Self::Db,
            other => other,
        }
    }

    /// The level unit of a spectrum of a record in this unit: dBV for volts, dBFS for everything else.
    #[must_use]
    pub const fn level_unit(self) -> Self {
        match self {
            Self::Volt => Self::Dbv,
            _ => Self::Dbfs,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

/// A value and its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// The value, in `unit`.
    pub value: f64,
    /// The unit.
    pub unit: Unit,
}

impl Quantity {
    /// Pairs a value with its unit.
    #[must_use]
    pub const fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit }
    }
}

impl fmt::Display for Quantity {
    /// Four significant digits, with an SI prefix where the unit takes one: `12.50 kHz`, `-62.1 dBc`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.value.is_finite() {
            return write!(f, "- {}", self.unit);
        }
        if !self.unit.takes_prefix() {
            return match self.unit {
                Unit::Count => write!(f, "{:.0}", self.value),
                Unit::One => write!(f, "{:.4}", self.value),
                _ => write!(f, "{:.2} {}", self.value, self.unit),
            };
        }
        let (scaled, prefix) = si_prefix(self.value);
        write!(f, "{} {prefix}{}", significant(scaled, 5), self.unit)
    }
}

fn si_prefix(value: f64) -> (f64, &'static str) {
    const PREFIXES: [(f64, &str); 8] =
        [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n")];
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return (value, "");
    }
    PREFIXES
        .iter()
        .find(|(factor, _)| magnitude >= *factor * 0.999_995)
        .map_or((value / 1e-12, "p"), |(factor, prefix)| (value / factor, *prefix))
}

fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let before = value.abs().log10().floor() as i32 + 1;
    let decimals = usize::try_from((digits - before).max(0)).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// Power ratio to dB; zero and negative ratios give negative infinity.
#[must_use]
pub fn db_from_power(ratio: f64) -> f64 {
    if ratio > 0.0 { 10.0 * ratio.log10() } else { f64::NEG_INFINITY }
}

/// dB to power ratio.
#[must_use]
pub fn power_from_db(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

/// Amplitude ratio to dB; zero and negative ratios give negative infinity.
#[must_use]
pub fn db_from_amplitude(ratio: f64) -> f64 {
    2.0 * db_from_power(ratio)
}

/// dB to amplitude ratio.
#[must_use]
pub fn amplitude_from_db(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_with_prefixes_and_without_for_levels() {
        let show = |v, u| Quantity::new(v, u).to_string();
        assert_eq!(show(12_500.0, Unit::Hertz), "12.500 kHz");
        assert_eq!(show(-0.0032, Unit::Volt), "-3.2000 mV");
        assert_eq!(show(-62.1, Unit::Dbc), "-62.10 dBc");
        assert_eq!(show(f64::NAN, Unit::Volt), "- V");
        assert_eq!(show(1e-12, Unit::Second), "1.0000 ps");
        assert_eq!(show(1000.0, Unit::Hertz), "1.0000 kHz");
    }

    #[test]
    fn decibels_are_twenty_for_amplitude_and_ten_for_power() {
        assert!((db_from_power(100.0) - 20.0).abs() < 1e-12);
        assert!((db_from_amplitude(100.0) - 40.0).abs() < 1e-12);
        assert!((amplitude_from_db(6.0).powi(2) - power_from_db(6.0)).abs() < 1e-12);
        assert_eq!(db_from_power(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn the_json_name_of_a_unit_is_its_symbol() {
        for unit in
            [Unit::Dbc, Unit::DbuvPerMetre, Unit::Volt, Unit::Hertz, Unit::Percent, Unit::PerSecond, Unit::FullScale]
        {
            let json = serde_json::to_string(&unit).unwrap();
            assert_eq!(json, format!("\"{}\"", unit.symbol()));
        }
    }
}
