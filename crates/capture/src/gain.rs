//! The receiver's gain, where the file that was recorded with it says so.

use serde_json::Value;

use crate::Capture;

/// Names of a gain in metadata, without the namespace before the colon.
const NAMES: [&str; 6] = ["gain", "gain_db", "rx_gain", "rx_gain_db", "rf_gain", "tuner_gain"];

impl Capture {
    /// The receiver's gain in dB: a number of that name in the metadata, else `gain=NUMBER` among the settings that a recorder
    /// keeps in the description; nothing where it was automatic or is not recorded.
    #[must_use]
    pub fn gain_db(&self) -> Option<f64> {
        let provenance = &self.provenance;
        in_metadata(&provenance.metadata, 0)
            .or_else(|| provenance.description.as_deref().and_then(in_settings))
            .or_else(|| provenance.instrument.as_deref().and_then(in_settings))
    }
}

/// Depth-first over objects and the first element of lists (the first segment), not deeper than formats go.
fn in_metadata(value: &Value, depth: usize) -> Option<f64> {
    match value {
        Value::Object(fields) => {
            let named = fields.iter().find_map(|(key, value)| {
                let name = key.rsplit(':').next().unwrap_or(key).to_lowercase();
                NAMES.contains(&name.as_str()).then(|| value.as_f64()).flatten()
            });
            named.or_else(|| fields.values().filter(|_| depth < 4).find_map(|v| in_metadata(v, depth + 1)))
        }
        Value::Array(items) => items.first().filter(|_| depth < 4).and_then(|v| in_metadata(v, depth + 1)),
        _ => None,
    }
}

fn in_settings(text: &str) -> Option<f64> {
    let mut words = text.split(|c: char| c.is_whitespace() || ['?', '&', ',', ';'].contains(&c));
    words
        .find_map(|word| word.strip_prefix("gain=")?.trim_end_matches("dB").parse().ok())
        .filter(|v: &f64| v.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gain_is_found_where_recorders_put_it() {
        let of = |metadata: Value, description: &str| {
            let mut capture = Capture::default();
            capture.provenance.metadata = metadata;
            capture.provenance.description = Some(description.into());
            capture.gain_db()
        };
        let sigmf = json!({ "global": { "core:version": "1.2.0" }, "captures": [{ "core:sample_start": 0, "sdr:gain_db": 30 }] });
        assert_eq!(of(sigmf, ""), Some(30.0));
        assert_eq!(of(json!({ "global": { "rx_gain": 12.5 } }), "gain=3"), Some(12.5));
        assert_eq!(of(Value::Null, "rtltcp://host:1?freq=900M&rate=2.4M&gain=19.7"), Some(19.7));
        assert_eq!(of(Value::Null, "freq=900M gain=auto"), None);
        assert_eq!(of(json!({ "global": { "gain": "high", "antenna_gain_dbi": 3 } }), "again=4"), None);
    }
}
