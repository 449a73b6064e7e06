//! The metadata object of a SigMF recording: the fields that decide how samples are read, the rest kept as it is.

use std::path::Path;

use faultscope_signal::{Kind, Unit};
use serde_json::{Map, Value};

use crate::samples::Component;
use crate::{CaptureError, Caveat, CaveatKind};

/// Extensions that do not change how samples are read, so that a recording that requires them can be opened.
const KNOWN_EXTENSIONS: [&str; 7] =
    ["core", "faultscope", "antenna", "capture_details", "signal", "spatial", "traceability"];

/// Values that a metadata file may hold; a hundred thousand annotations have about a million.
const MAX_VALUES: usize = 2_000_000;

/// Caveats of an earlier recording that are taken over at most.
const MAX_CAVEATS: usize = 1000;

/// A parsed metadata file.
#[derive(Debug)]
pub(crate) struct Metadata {
    root: Value,
}

/// One entry of `captures`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    /// Index of its first sample, counted from the first sample in the file.
    pub(crate) start: u64,
    /// Centre frequency in Hz.
    pub(crate) center_hz: Option<f64>,
    /// RFC 3339 time of its first sample.
    pub(crate) datetime: Option<String>,
    /// Sample counter of the hardware.
    pub(crate) global_index: Option<u64>,
    /// Bytes to skip in front of it.
    pub(crate) header_bytes: u64,
}

/// What `core:datatype` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredType {
    pub(crate) kind: Kind,
    pub(crate) component: Component,
    /// The byte order is needed and not given.
    pub(crate) order_missing: bool,
}

impl Metadata {
    /// Parses the JSON text and checks its outline.
    ///
    /// # Errors
    /// `Malformed` when it is not JSON or has no `global` object, `Unsupported` when it has millions of values.
    pub(crate) fn parse(text: &[u8], path: &Path, caveats: &mut Vec<Caveat>) -> Result<Self, CaptureError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        // Parsed values take up to fifty times the room of `0,`: counted before, they cannot fill the memory.
        if text.iter().filter(|b| matches!(b, b',' | b'[' | b'{')).count() > MAX_VALUES {
            let what = format!("the SigMF metadata hold more than {MAX_VALUES} values");
            return Err(CaptureError::unsupported(path, what, "split the recording, or remove annotations"));
        }
        let root: Value = serde_json::from_slice(text).map_err(|e| {
            let what = format!("the SigMF metadata are not valid JSON ({e})");
            CaptureError::malformed(path, what, "mend the file at that place, or copy it again")
        })?;
        if !root.get("global").is_some_and(Value::is_object) {
            let hint = "SigMF metadata have the three parts global, captures and annotations";
            return Err(CaptureError::malformed(path, "the SigMF metadata have no 'global' object", hint));
        }
        for part in ["captures", "annotations"] {
            if !root.get(part).is_some_and(Value::is_array) {
                let detail = format!("the SigMF metadata have no '{part}' list; it was taken as empty");
                caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
            }
        }
        Ok(Self { root })
    }

    /// The whole object, as found.
    pub(crate) fn into_value(self) -> Value {
        self.root
    }

    /// A key of `global`.
    pub(crate) fn global(&self, key: &str) -> Option<&Value> {
        self.root.get("global").and_then(|g| g.get(key))
    }

    /// A text of `global`.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.global(key).and_then(Value::as_str)
    }

    /// A number of `global`.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.global(key).and_then(Value::as_f64).filter(|v| v.is_finite())
    }

    /// A count of `global`, or `default` when it is not there.
    ///
    /// # Errors
    /// `Malformed` when it is there and is not a whole number from 0 on.
    pub(crate) fn count(&self, key: &str, default: u64, path: &Path) -> Result<u64, CaptureError> {
        match self.global(key) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => whole(value).ok_or_else(|| not_a_count(key, value, path)),
        }
    }

    /// The sample type.
    ///
    /// # Errors
    /// `Malformed` when `core:datatype` is missing or not of the grammar.
    pub(crate) fn datatype(&self, path: &Path) -> Result<(StoredType, &str), CaptureError> {
        let hint = "it must be one like cf32_le, ci16_le, ri16_be, cu8, rf32_le";
        let text = self
            .text("core:datatype")
            .ok_or_else(|| CaptureError::malformed(path, "the SigMF metadata have no core:datatype", hint))?;
        let stored = StoredType::parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            CaptureError::malformed(path, format!("core:datatype '{shown}' is not a SigMF sample type"), hint)
        })?;
        Ok((stored, text))
    }

    /// The entries of `captures`, ascending, with positions counted from the first sample in the file.
    ///
    /// # Errors
    /// `Malformed` when an entry's indices are not whole numbers.
    pub(crate) fn segments(&self, path: &Path, caveats: &mut Vec<Caveat>) -> Result<Vec<Segment>, CaptureError> {
        let offset = self.count("core:offset", 0, path)?;
        let mut early = false;
        let mut segments = Vec::new();
        for capture in self.root.get("captures").and_then(Value::as_array).into_iter().flatten() {
            let count = |key: &str| match capture.get(key) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => whole(value).map(Some).ok_or_else(|| not_a_count(key, value, path)),
            };
            let start = count("core:sample_start")?.unwrap_or(offset);
            early |= start < offset;
            segments.push(Segment {
                start: start.saturating_sub(offset),
                center_hz: capture.get("core:frequency").and_then(Value::as_f64).filter(|v| v.is_finite()),
                datetime: capture.get("core:datetime").and_then(Value::as_str).map(str::to_owned),
                global_index: count("core:global_index")?,
                header_bytes: count("core:header_bytes")?.unwrap_or(0),
            });
        }
        if early {
            let detail = format!("a capture starts before core:offset {offset}; it was taken to start there");
            caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
        }
        segments.sort_by_key(|segment| segment.start);
        Ok(segments)
    }

    /// The first extension that the recording requires and that is not known.
    pub(crate) fn unknown_requirement(&self) -> Option<String> {
        let extensions = self.global("core:extensions").and_then(Value::as_array)?;
        extensions.iter().find_map(|extension| {
            let name = extension.get("name").and_then(Value::as_str)?;
            // The table of the specification: false means that a reader must support it.
            let required = extension.get("optional").and_then(Value::as_bool) == Some(false);
            (required && !KNOWN_EXTENSIONS.contains(&name)).then(|| name.chars().take(80).collect())
        })
    }

    /// The unit of stored float values, from our own key; a unit that no record has is told.
    pub(crate) fn unit(&self) -> Result<Unit, String> {
        match self.text("faultscope:unit") {
            None | Some("FS") => Ok(Unit::FullScale),
            Some("V") => Ok(Unit::Volt),
            Some("A") => Ok(Unit::Ampere),
            Some(other) => Err(other.chars().take(40).collect()),
        }
    }

    /// The instrument: our own object, else `core:hw`, else `core:recorder`.
    pub(crate) fn instrument(&self) -> Option<String> {
        let own = self.global("faultscope:instrument").and_then(Value::as_object).map(|object: &Map<String, Value>| {
            let parts = ["vendor", "model", "serial", "firmware"].iter().filter_map(|k| object.get(*k)?.as_str());
            parts.collect::<Vec<_>>().join(" ")
        });
        own.filter(|text| !text.is_empty())
            .or_else(|| self.text("core:hw").map(str::to_owned))
            .or_else(|| self.text("core:recorder").map(str::to_owned))
    }

    /// Doubts that were recorded with the samples: losses while recording, clipped samples.
    pub(crate) fn recorded_caveats(&self) -> Vec<Caveat> {
        let listed = self.global("faultscope:caveats").and_then(Value::as_array).into_iter().flatten();
        let mut caveats: Vec<Caveat> =
            listed.take(MAX_CAVEATS).filter_map(|c| serde_json::from_value(c.clone()).ok()).collect();
        if let Some(n) = self.global("faultscope:clipped_samples").and_then(whole).filter(|n| *n > 0) {
            caveats.push(Caveat::new(CaveatKind::Clipped, format!("{n} samples were clipped when it was recorded")));
        }
        caveats
    }
}

impl StoredType {
    /// Parses `(r|c)(f32|f64|i32|i16|u32|u16)(_le|_be)` and `(r|c)(i8|u8)`; a missing byte order is little endian.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let kind = match text.get(..1)? {
            "c" => Kind::Iq,
            "r" => Kind::Real,
            _ => return None,
        };
        let rest = &text[1..];
        let (number, big) = match (rest.strip_suffix("_le"), rest.strip_suffix("_be")) {
            (Some(number), _) => (number, false),
            (_, Some(number)) => (number, true),
            _ => (rest, false),
        };
        use Component as C;
        let (little, great) = match number {
            "f32" => (C::F32Le, C::F32Be),
            "f64" => (C::F64Le, C::F64Be),
            "i32" => (C::I32Le, C::I32Be),
            "i16" => (C::I16Le, C::I16Be),
            "u32" => (C::U32Le, C::U32Be),
            "u16" => (C::U16Le, C::U16Be),
            "i8" => (C::I8, C::I8),
            "u8" => (C::U8, C::U8),
            _ => return None,
        };
        let component = if big { great } else { little };
        Some(Self { kind, component, order_missing: component.bytes() > 1 && number.len() == rest.len() })
    }
}

/// A whole number from 0 on, also when it is written as `5.0`.
fn whole(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        ((0.0..=EXACT).contains(&float) && float.fract() == 0.0).then_some(float as u64)
    })
}

fn not_a_count(key: &str, value: &Value, path: &Path) -> CaptureError {
    let shown: String = value.to_string().chars().take(40).collect();
    CaptureError::malformed(path, format!("{key} is {shown}, not a whole number from 0 on"), "mend the metadata file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_grammar_of_datatypes_is_known_and_nothing_else() {
        for kind in ["r", "c"] {
            for wide in ["f32", "f64", "i32", "i16", "u32", "u16"] {
                for (order, missing) in [("_le", false), ("_be", false), ("", true)] {
                    let stored = StoredType::parse(&format!("{kind}{wide}{order}")).unwrap();
                    assert_eq!(stored.kind == Kind::Iq, kind == "c");
                    assert_eq!(stored.order_missing, missing);
                    assert_eq!(stored.component.bytes() * 8, wide[1..].parse::<usize>().unwrap());
                    assert_eq!(format!("{:?}", stored.component).ends_with("Be"), order == "_be");
                }
            }
            for narrow in ["i8", "u8"] {
                assert!(!StoredType::parse(&format!("{kind}{narrow}")).unwrap().order_missing);
            }
        }
        for bad in ["", "c", "f32_le", "ci64_le", "cf16_le", "ci24_le", "Cf32_le", "cf32_le ", "\u{e9}f32", "cf32_xe"] {
            assert_eq!(StoredType::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn whole_numbers_may_be_written_as_floats() {
        for (text, expected) in
            [("5", Some(5)), ("5.0", Some(5)), ("5.5", None), ("-1", None), ("1e300", None), ("\"5\"", None)]
        {
            assert_eq!(whole(&serde_json::from_str(text).unwrap()), expected, "{text}");
        }
    }
}
