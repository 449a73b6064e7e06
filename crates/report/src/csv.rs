//! Spectra as CSV text and JSON, and cells that a spreadsheet does not run.

use faultscope_signal::{Spectrum, Unit};
use serde_json::{Value, json};

/// Columns of levels over one frequency axis.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumTable {
    /// Name of the frequency column: `frequency_hz`, or `offset_hz` from a carrier.
    pub axis: &'static str,
    /// Frequencies in Hz.
    pub frequency_hz: Vec<f64>,
    /// Unit of all levels.
    pub unit: Unit,
    /// Name and levels of each column; the name of a single column may be empty.
    pub columns: Vec<(String, Vec<f64>)>,
    /// What is needed to read the levels: RBW, window, averages. Goes into the JSON only.
    pub facts: Value,
}

impl SpectrumTable {
    /// The table of one spectrum: the average as `level`, then whatever other curves were kept.
    #[must_use]
    pub fn of(spectrum: &Spectrum) -> Self {
        let mut columns = spectrum.curves();
        if let Some(average) = columns.first_mut() {
            average.0.clear();
        }
        Self {
            axis: "frequency_hz",
            frequency_hz: (0..spectrum.mean.len()).map(|k| spectrum.frequency_hz(k as f64)).collect(),
            unit: spectrum.level_unit(),
            columns,
            facts: json!({
                "rbw_hz": spectrum.rbw_hz(),
                "bin_hz": spectrum.bin_hz(),
                "center_hz": spectrum.center_hz,
                "sample_rate_hz": spectrum.sample_rate_hz,
                "fft": spectrum.settings.fft,
                "window": spectrum.settings.window.to_string(),
                "overlap": spectrum.settings.overlap,
                "segments": spectrum.segments,
            }),
        }
    }

    /// `level_dbfs`, or `max_hold_dbfs` for a column of that name.
    fn field(&self, name: &str) -> String {
        let unit = self.unit.symbol().to_ascii_lowercase().replace('/', "_per_");
        let base = if name.is_empty() { "level" } else { name };
        format!("{}_{unit}", base.trim().to_ascii_lowercase().replace([' ', '-'], "_"))
    }

    /// CSV text: one header line, then one line per frequency; a value that is not finite is an empty cell.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = String::from(self.axis);
        for (name, _) in &self.columns {
            out.push(',');
            out.push_str(&text_cell(&self.field(name)));
        }
        out.push_str("\r\n");
        for (row, frequency) in self.frequency_hz.iter().enumerate() {
            out.push_str(&number_cell(*frequency));
            for (_, levels) in &self.columns {
                out.push(',');
                out.push_str(&number_cell(levels.get(row).copied().unwrap_or(f64::NAN)));
            }
            out.push_str("\r\n");
        }
        out
    }

    /// The same as a JSON object: an array of frequencies and one per column, with the facts beside them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = self.facts.as_object().cloned().unwrap_or_default();
        object.insert("unit".into(), json!(self.unit.symbol()));
        object.insert(self.axis.into(), json!(self.frequency_hz));
        for (name, levels) in &self.columns {
            object.insert(self.field(name), json!(levels));
        }
        Value::Object(object)
    }
}

/// A number as a cell: the shortest text that reads back as the same number, empty where it is not finite.
#[must_use]
pub fn number_cell(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// A text as a cell: quoted where needed (RFC 4180), and never a formula (OWASP, CWE-1236): a leading
/// `= + - @` tab or return gets an apostrophe, which spreadsheets show as plain text.
#[must_use]
pub fn text_cell(text: &str) -> String {
    let risky =
        text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if risky { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r', ';', '\t', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> SpectrumTable {
        SpectrumTable {
            axis: "frequency_hz",
            frequency_hz: vec![0.0, 0.1, 939_912_345.678],
            unit: Unit::Dbfs,
            columns: vec![
                (String::new(), vec![-100.5, f64::NEG_INFINITY, -3.25]),
                ("max-hold".into(), vec![-90.0, f64::NAN, 0.1]),
            ],
            facts: json!({"rbw_hz": 1.5}),
        }
    }

    #[test]
    fn numbers_read_back_exactly_and_gaps_are_empty() {
        let text = table().to_csv();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "frequency_hz,level_dbfs,max_hold_dbfs");
        assert_eq!(lines[2], "0.1,,");
        let back: f64 = lines[3].split(',').next().unwrap().parse().unwrap();
        assert_eq!(back, 939_912_345.678);
    }

    #[test]
    fn json_has_the_same_numbers_and_null_for_gaps() {
        let json = table().to_json();
        assert_eq!(json["level_dbfs"], json!([-100.5, null, -3.25]));
        assert_eq!(json["rbw_hz"], json!(1.5));
        assert_eq!(json["unit"], json!("dBFS"));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", " =cmd|'/c calc'!A0", "＝1"] {
            let cell = text_cell(bad);
            let inner = cell.trim_start_matches('"');
            assert!(inner.starts_with('\''), "{bad} gives {cell}");
        }
        assert_eq!(text_cell("plain"), "plain");
        assert_eq!(text_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
