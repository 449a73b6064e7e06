//! The one text form of an event that is hashed: keys sorted, no spaces, shortest numbers.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Canonical JSON of a value: object keys in byte order, no white space.
///
/// Written out here because the order of `serde_json`'s own maps depends on a feature that any crate of a build can switch on.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_bytes());
            out.push('{');
            for (n, (key, item)) in entries.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

/// SHA-256 of bytes, 64 lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Whether a text is a SHA-256 as this room writes it; nothing else becomes part of a path.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_numbers_survive_to_the_last_bit() {
        let value: Value = serde_json::from_str(r#"{"b": [1.0, {"z":null,"a":"\u0001电"}], "a": 0.1}"#).unwrap();
        assert_eq!(text(&value), r#"{"a":0.1,"b":[1.0,{"a":"\u0001电","z":null}]}"#);
        // Two neighbours of 2/3 in binary64 and one number that a fast parser is known to miss by one bit.
        for number in ["0.6666666666666666", "0.6666666666666667", "5.0256543955189575e-6"] {
            assert_eq!(text(&serde_json::from_str(number).unwrap()), number);
        }
    }

    #[test]
    fn the_digest_of_abc_is_the_one_of_fips_180() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(is_digest(&sha256(b"")) && !is_digest("../etc/passwd") && !is_digest(&"A".repeat(64)));
    }
}
