//! One line of a board: numbers with or without names, a JSON object, or a header with unit and rate.

use std::fmt;

use faultscope_signal::Unit;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::error::DeviceError;
use crate::scpi::number;

/// Which number of a line is the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// From 0, the time column counted.
    Number(usize),
    /// By its label or its name in JSON.
    Name(String),
}

impl Column {
    /// A number from 1 to 64, not counting the time column, or a name.
    pub(super) fn parse(text: &str, behind_time: bool) -> Result<Self, DeviceError> {
        match text.parse::<usize>() {
            Ok(n @ 1..=64) => Ok(Self::Number(n - 1 + usize::from(behind_time))),
            Ok(n) => Err(DeviceError::address(
                format!("column is {n}, which is not between 1 and 64"),
                "write column=1, or the name of the value: column=v",
            )),
            Err(_) => Ok(Self::Name(text.to_owned())),
        }
    }
}

/// The values of a line in the order printed, each with its name; a member that is no number has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Row(Vec<(String, Option<f64>)>);

impl Row {
    /// Nothing when the line is no object, or one of its parts is no number.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('{') {
            return serde_json::from_str(line).ok();
        }
        let parts = line.split([',', ';', '\t', ' ']).filter(|p| !p.is_empty());
        let values = parts.map(|part| {
            let (name, value) = part.rsplit_once(':').unwrap_or(("", part));
            number(value).map(|v| (name.to_owned(), Some(v)))
        });
        values.collect::<Option<Vec<_>>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first number: the time, where there is one.
    pub(super) fn first(&self) -> Option<f64> {
        self.0.first()?.1
    }

    pub(super) fn get(&self, column: &Column) -> Option<f64> {
        match column {
            Column::Number(at) => self.0.get(*at)?.1,
            Column::Name(name) => self.0.iter().find(|(n, _)| n == name)?.1,
        }
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Row;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    members.push((name, value.as_f64().filter(|v| v.is_finite())));
                }
                Ok(Row(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What `#unit:mV rate:2000` said.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Header {
    /// Unit, and how many of it the printed one is.
    pub(super) unit: Option<(Unit, f64)>,
    pub(super) rate_hz: Option<f64>,
}

impl Header {
    /// Takes what a comment line (without its `#`) says; what it does not know is passed over.
    pub(super) fn note(&mut self, comment: &str) {
        let words = comment.replace([':', '=', ','], " ");
        let words: Vec<&str> = words.split_whitespace().collect();
        for pair in words.windows(2) {
            match pair {
                [key, value] if key.eq_ignore_ascii_case("unit") => self.unit = unit(value).or(self.unit),
                [key, value] if key.eq_ignore_ascii_case("rate") => {
                    let rate = number(value).filter(|r| (1e-3..=1e6).contains(r));
                    self.rate_hz = rate.or(self.rate_hz);
                }
                _ => {}
            }
        }
    }
}

fn unit(text: &str) -> Option<(Unit, f64)> {
    let (prefix, unit) = match text.strip_suffix('V') {
        Some(prefix) => (prefix, Unit::Volt),
        None => (text.strip_suffix('A')?, Unit::Ampere),
    };
    let factor = match prefix {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e-3,
        "u" | "\u{b5}" | "\u{3bc}" => 1e-6,
        "n" => 1e-9,
        _ => return None,
    };
    Some((unit, factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_the_order_and_a_bad_part_spoils_the_line() {
        let row = Row::parse("{\"z\": 1, \"a\": 2.5, \"s\": \"x\"}").unwrap();
        let at = |column: &str| row.get(&Column::parse(column, false).unwrap());
        assert_eq!(
            (at("1"), at("2"), at("a"), at("s"), at("3"), at("q")),
            (Some(1.0), Some(2.5), Some(2.5), None, None, None)
        );
        assert_eq!(Row::parse("u:4.5,i:5").unwrap().get(&Column::Name("i".into())), Some(5.0));
        for bad in ["1,x", "{\"v\":1", "{v:1}", "[1]", "1,nan"] {
            assert_eq!(Row::parse(bad), None, "{bad}");
        }
        assert!(Column::parse("0", false).is_err() && Column::parse("65", false).is_err());
        assert_eq!(Column::parse("1", true).unwrap(), Column::Number(1));
    }

    #[test]
    fn headers_say_unit_and_rate() {
        let header = |comment: &str| {
            let mut header = Header::default();
            header.note(comment);
            (header.unit, header.rate_hz)
        };
        assert_eq!(header("unit:mV rate:2000"), (Some((Unit::Volt, 1e-3)), Some(2000.0)));
        assert_eq!(header(" Unit = uA"), (Some((Unit::Ampere, 1e-6)), None));
        assert_eq!(header("rate: fast, unit: furlong"), (None, None));
        assert_eq!(header("a comment on a unit test"), (None, None));
    }
}
