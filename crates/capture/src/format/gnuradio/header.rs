//! One metadata header of GNU Radio's file_meta_sink: 149 bytes that every one has, and extra keys behind them.

use serde_json::{Value, json};

use super::pmt::{Cursor, Pmt};
use crate::samples::Component;

/// Bytes of the part that every header has.
pub(super) const FIXED: usize = 149;

/// Longest header with its extra keys that is believed.
pub(super) const LONGEST: usize = 64 * 1024;

/// What one header says of the segment behind it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) rate_hz: f64,
    /// Seconds after 1970 and the part of a second.
    pub(super) time: Option<(u64, f64)>,
    /// Bytes of one item.
    pub(super) item_bytes: u64,
    /// Number of the item's type.
    pub(super) kind: u64,
    pub(super) complex: bool,
    /// Bytes of the header with its extra keys.
    pub(super) length: u64,
    /// Bytes of samples that belong to it.
    pub(super) bytes: u64,
    /// Centre frequency, from the extra key `rx_freq`.
    pub(super) center_hz: Option<f64>,
    /// The extra keys that are simple values.
    pub(super) extra: Value,
}

impl Header {
    /// Reads a header at the front of `bytes`; nothing when there is none.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes.get(..FIXED)?);
        let entries = cursor.dictionary()?;
        (cursor.used() == FIXED).then_some(())?;
        let get = |key: &str| entries.iter().find(|(k, _)| k == key).map(|(_, v)| v);
        let count = |key: &str| get(key).and_then(Pmt::count);
        let time = match get("rx_time") {
            Some(Pmt::Tuple(parts)) => parts.first().and_then(Pmt::count).zip(parts.get(1).and_then(Pmt::number)),
            _ => None,
        };
        let length = count("strt")?;
        let extra =
            usize::try_from(length).ok().filter(|n| (FIXED..=LONGEST).contains(n)).and_then(|n| bytes.get(FIXED..n));
        let extra = extra.and_then(|b| Cursor::new(b).dictionary()).unwrap_or_default();
        let center = extra.iter().find(|(k, _)| k == "rx_freq").and_then(|(_, v)| v.number());
        Some(Self {
            rate_hz: get("rx_rate").and_then(Pmt::number)?,
            time: time.filter(|(_, fraction)| (0.0..1.0).contains(fraction)),
            item_bytes: count("size")?,
            kind: count("type")?,
            complex: matches!(get("cplx")?, Pmt::Bool(true)),
            length,
            bytes: count("bytes")?,
            center_hz: center.filter(|hz| hz.is_finite()),
            extra: extra.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        })
    }

    /// How one number is stored; nothing for types that samples do not have.
    pub(super) const fn component(&self) -> Option<Component> {
        match self.kind {
            0 => Some(Component::I8),
            1 => Some(Component::I16Le),
            2 => Some(Component::I32Le),
            5 => Some(Component::F32Le),
            6 => Some(Component::F64Le),
            _ => None,
        }
    }

    /// Seconds after 1970 of the first sample.
    pub(super) fn seconds(&self) -> Option<f64> {
        self.time.map(|(whole, part)| whole as f64 + part)
    }
}

fn plain(value: &Pmt) -> Value {
    match value {
        Pmt::Bool(b) => json!(b),
        Pmt::Symbol(s) => json!(s),
        Pmt::Whole(n) => json!(*n as f64),
        Pmt::Double(v) => json!(v),
        Pmt::Tuple(parts) => parts.iter().map(plain).collect(),
        Pmt::Other => Value::Null,
    }
}
