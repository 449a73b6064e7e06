//! Numbers with engineering suffixes: `2.4M`, `12.5k`, `100u`, `1e-3`.

/// Parses a number with an optional suffix of p n u m k M G T, and an optional unit behind it (Hz, V, s ...).
///
/// # Errors
/// One sentence, for text that is no finite number.
pub fn parse(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let digits = trimmed
        .char_indices()
        .take_while(|(i, c)| c.is_ascii_digit() || matches!(c, '.' | '+' | '-') || is_exponent(trimmed, *i))
        .map(|(i, c)| i + c.len_utf8())
        .last()
        .unwrap_or(0);
    let (number, suffix) = trimmed.split_at(digits);
    let value: f64 = number.parse().map_err(|_| complaint(text))?;
    let factor = factor(suffix.trim()).ok_or_else(|| complaint(text))?;
    let scaled = value * factor;
    if scaled.is_finite() { Ok(scaled) } else { Err(complaint(text)) }
}

fn complaint(text: &str) -> String {
    format!("'{text}' is not a number; write 2.4M, 12.5k, 100u or 1e-3")
}

/// An `e` counts as an exponent only between digits, so that a unit may follow a number.
fn is_exponent(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let before = at > 0 && (bytes[at - 1].is_ascii_digit() || bytes[at - 1] == b'.');
    let after = bytes.get(at + 1).is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'));
    bytes.get(at).is_some_and(|b| b.eq_ignore_ascii_case(&b'e')) && before && after
}

fn factor(suffix: &str) -> Option<f64> {
    const UNITS: [&str; 8] = ["", "Hz", "V", "A", "s", "S/s", "sps", "B"];
    let mut letters = suffix.chars();
    let scaled = match letters.next() {
        Some('p') => Some(1e-12),
        Some('n') => Some(1e-9),
        Some('u' | 'µ' | 'μ') => Some(1e-6),
        Some('m') => Some(1e-3),
        Some('k' | 'K') => Some(1e3),
        Some('M') => Some(1e6),
        Some('G') => Some(1e9),
        Some('T') => Some(1e12),
        _ => None,
    };
    let is_unit = |s: &str| UNITS.iter().any(|u| u.eq_ignore_ascii_case(s));
    match scaled {
        Some(f) if is_unit(letters.as_str()) => Some(f),
        _ if is_unit(suffix) => Some(1.0),
        _ => None,
    }
}

/// Parses a number above zero.
///
/// # Errors
/// One sentence, for text that is no number above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    match parse(text)? {
        v if v > 0.0 => Ok(v),
        v => Err(format!("{v} is not above zero")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_and_units() {
        for (text, value) in [
            ("2.4M", 2.4e6),
            ("12.5k", 12_500.0),
            ("100u", 100e-6),
            ("1e-3", 1e-3),
            ("-53.5", -53.5),
            ("940MHz", 940e6),
            ("2 GHz", 2e9),
            ("50Hz", 50.0),
            ("10 ms", 0.01),
            ("3s", 3.0),
            ("1.5e3k", 1.5e6),
        ] {
            let parsed = parse(text).unwrap();
            assert!((parsed - value).abs() <= 1e-12 * value.abs(), "{text}: {parsed}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "M", "2.4X", "nan", "inf", "1e999", "--5", "2,4M", "0x10"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(positive("0").is_err() && positive("-1k").is_err());
    }
}
