//! Names and units as column headers print them: `CH1 (mV)`, `t / s`, `Second`, `(\u{b5}s)`.

use faultscope_signal::Unit;

/// A unit in words of the file, brought to SI.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measure {
    /// Seconds, and the factor to them.
    Time(f64),
    /// Volt, ampere or watt, and the factor to it.
    Level(f64, Unit),
    /// Hertz: the axis of a spectrum.
    Frequency,
    /// A logarithmic level: the values of a spectrum.
    Decibel,
}

/// Reads a unit, with its SI prefix.
pub(super) fn measure(text: &str) -> Option<Measure> {
    let text = text.trim().trim_matches('"').trim();
    let lower = text.to_lowercase();
    if ["dbm", "db", "dbv", "dbmv", "dbuv", "db\u{b5}v", "dbfs", "dbuv/m", "dbuvpermeter"].contains(&lower.as_str()) {
        return Some(Measure::Decibel);
    }
    if let Some(plain) = word(&lower) {
        return Some(plain);
    }
    if let Some(bare) = symbol(text, 1.0) {
        return Some(bare);
    }
    let (factor, rest) = prefix(text)?;
    symbol(rest, factor).or_else(|| word(&rest.to_lowercase()).map(|m| scaled(m, factor)))
}

fn word(lower: &str) -> Option<Measure> {
    Some(match lower {
        "second" | "seconds" | "sec" | "secs" => Measure::Time(1.0),
        "millisecond" | "milliseconds" | "msec" => Measure::Time(1e-3),
        "microsecond" | "microseconds" | "usec" => Measure::Time(1e-6),
        "nanosecond" | "nanoseconds" | "nsec" => Measure::Time(1e-9),
        "volt" | "volts" => Measure::Level(1.0, Unit::Volt),
        "millivolt" | "millivolts" => Measure::Level(1e-3, Unit::Volt),
        "ampere" | "amperes" | "amp" | "amps" => Measure::Level(1.0, Unit::Ampere),
        "watt" | "watts" => Measure::Level(1.0, Unit::Watt),
        "hertz" => Measure::Frequency,
        _ => return None,
    })
}

fn symbol(text: &str, factor: f64) -> Option<Measure> {
    Some(match text {
        "s" | "S" => Measure::Time(factor),
        "V" | "v" => Measure::Level(factor, Unit::Volt),
        "A" | "a" => Measure::Level(factor, Unit::Ampere),
        "W" | "w" => Measure::Level(factor, Unit::Watt),
        "Hz" | "hz" | "HZ" => Measure::Frequency,
        _ => return None,
    })
}

fn scaled(measure: Measure, factor: f64) -> Measure {
    match measure {
        Measure::Time(f) => Measure::Time(f * factor),
        Measure::Level(f, unit) => Measure::Level(f * factor, unit),
        other => other,
    }
}

/// The SI prefix and what follows. A micro sign that the header's encoding lost (one or two replacement characters)
/// is still micro: all other prefixes are ASCII.
fn prefix(text: &str) -> Option<(f64, &str)> {
    let mut letters = text.chars();
    let factor = match letters.next()? {
        'f' => 1e-15,
        'p' => 1e-12,
        'n' => 1e-9,
        'u' | '\u{b5}' | '\u{3bc}' => 1e-6,
        '\u{fffd}' => return Some((1e-6, text.trim_start_matches('\u{fffd}'))),
        'm' => 1e-3,
        'k' | 'K' => 1e3,
        'M' => 1e6,
        'G' => 1e9,
        _ => return None,
    };
    Some((factor, letters.as_str()))
}

/// A header cell taken apart: its name, and its unit where it has one.
pub(super) fn split(cell: &str) -> (String, Option<Measure>) {
    let cell = cell.trim().trim_matches('"').trim();
    let parts = bracketed(cell, '(', ')')
        .or_else(|| bracketed(cell, '[', ']'))
        .or_else(|| cell.rsplit_once(" / "))
        .or_else(|| cell.rsplit_once(" in "))
        .or_else(|| cell.strip_prefix("in ").map(|unit| ("", unit)));
    if let Some((name, unit)) = parts {
        return (name.trim().to_owned(), measure(unit));
    }
    if let Some((name, unit)) = cell.rsplit_once('_')
        && let Some(found) = suffix(unit)
    {
        return (name.to_owned(), Some(found));
    }
    if let Some(name) = cell.strip_suffix('V')
        && channel_number(name).is_some()
    {
        return (name.to_owned(), Some(Measure::Level(1.0, Unit::Volt)));
    }
    (cell.to_owned(), measure(cell))
}

/// `time_us`, `out_mv`: the small letters that programs use for the suffix of a name.
fn suffix(unit: &str) -> Option<Measure> {
    match unit {
        "s" | "ms" | "us" | "ns" | "V" | "mV" | "uV" | "A" | "mA" | "hz" => measure(unit),
        "v" => measure("V"),
        "mv" => measure("mV"),
        "uv" => measure("uV"),
        "a" => measure("A"),
        "ma" => measure("mA"),
        _ => None,
    }
}

fn bracketed(cell: &str, open: char, close: char) -> Option<(&str, &str)> {
    cell.strip_suffix(close)?.rsplit_once(open)
}

/// The number of a name like `CH1`, `ch 2`, `CHAN3`, `C4`.
pub(super) fn channel_number(name: &str) -> Option<u32> {
    let upper = name.trim().to_ascii_uppercase();
    let digits = ["CHANNEL", "CHAN", "CH", "C"].iter().find_map(|p| upper.strip_prefix(p))?;
    digits.trim().parse().ok().filter(|n| (1..=64).contains(n))
}

/// Whether a header cell names the axis of time.
pub(super) fn is_time(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let known = ["time", "t", "x", "zeit", "temps", "tiempo", "tempo", "x-axis", "time base", "\u{65f6}\u{95f4}"];
    known.contains(&lower.as_str()) || lower.starts_with("time") || matches!(measure(name), Some(Measure::Time(_)))
}

/// Whether a header cell names the axis of frequency.
pub(super) fn is_frequency(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    lower.starts_with("freq") || lower == "f" || matches!(split(name).1, Some(Measure::Frequency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_carry_their_prefix() {
        for (text, factor) in [("V", 1.0), ("mV", 1e-3), ("uV", 1e-6), ("\u{b5}V", 1e-6), ("kV", 1e3), ("Volt", 1.0)] {
            assert_eq!(measure(text), Some(Measure::Level(factor, Unit::Volt)), "{text}");
        }
        for (text, factor) in [("s", 1.0), ("ms", 1e-3), ("\u{3bc}s", 1e-6), ("\u{fffd}\u{fffd}s", 1e-6), ("ns", 1e-9)]
        {
            assert_eq!(measure(text), Some(Measure::Time(factor)), "{text}");
        }
        assert_eq!(measure("MHz"), Some(Measure::Frequency));
        assert_eq!(measure("dBm"), Some(Measure::Decibel));
        assert_eq!(measure("apples"), None);
    }

    #[test]
    fn headers_come_apart_into_name_and_unit() {
        let volt = |f| Some(Measure::Level(f, Unit::Volt));
        assert_eq!(split("CH 1 (V)"), ("CH 1".into(), volt(1.0)));
        assert_eq!(split("\"CH1 / mV\""), ("CH1".into(), volt(1e-3)));
        assert_eq!(split("C1 in V"), ("C1".into(), volt(1.0)));
        assert_eq!(split("CH2V"), ("CH2".into(), volt(1.0)));
        assert_eq!(split("rail_mv"), ("rail".into(), volt(1e-3)));
        assert_eq!(split("time_us"), ("time".into(), Some(Measure::Time(1e-6))));
        assert_eq!(split("Channel A"), ("Channel A".into(), None));
        assert!(is_time("Zeit") && is_time("Second") && is_time("Time(s)") && !is_time("CH1"));
        assert!(is_frequency("Frequency (Hz)") && !is_frequency("Time (s)"));
    }
}
