//! Numbers as people read them: a few significant digits, SI prefixes, a true minus sign never (it breaks copy-paste).

use faultscope_signal::Unit;

use crate::words::{Lang, fill};

const PREFIXES: [(f64, &str); 9] =
    [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p")];

/// Scale and prefix that make `magnitude` read between 1 and 1000.
pub(crate) fn prefix_of(magnitude: f64) -> (f64, &'static str) {
    let magnitude = magnitude.abs();
    if magnitude == 0.0 || !magnitude.is_finite() {
        return (1.0, "");
    }
    // A value that rounds up to 1000 of the smaller prefix belongs to the larger one.
    PREFIXES.iter().copied().find(|(factor, _)| magnitude >= factor * 0.999_5).unwrap_or((1e-12, "p"))
}

/// `value` with `digits` significant digits at most, trailing zeros removed; very small and very large ones as `1.2e-7`.
#[must_use]
pub fn plain(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e15).contains(&value.abs()) {
        let text = format!("{value:.*e}", digits.saturating_sub(1));
        return match text.split_once('e') {
            Some((number, power)) => format!("{}e{power}", trim_zeros(number.to_owned())),
            None => text,
        };
    }
    let before = value.abs().log10().floor() as i64 + 1;
    let decimals = usize::try_from(digits as i64 - before).unwrap_or(0).min(15);
    trim_zeros(format!("{value:.decimals$}"))
}

fn trim_zeros(text: String) -> String {
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    if text == "-0" { "0".into() } else { text }
}

/// A length of time: `26 h 10 min`, `45 s`. Days would be read as days of the calendar, which those that count are not.
#[must_use]
pub fn length(seconds: i64, lang: Lang) -> String {
    let seconds = seconds.unsigned_abs();
    let (hours, minutes) = ((seconds / 3600).to_string(), (seconds / 60 % 60).to_string());
    match seconds {
        0..60 => fill(lang, "clocks.seconds", &[("seconds", &seconds.to_string())]),
        60..3600 => fill(lang, "clocks.minutes", &[("minutes", &minutes)]),
        _ if minutes == "0" => fill(lang, "clocks.whole_hours", &[("hours", &hours)]),
        _ => fill(lang, "clocks.hours", &[("hours", &hours), ("minutes", &minutes)]),
    }
}

/// A value and its unit in the shortest form that is still exact enough: `1.52 V`, `200 mV`, `-62.1 dBc`.
#[must_use]
pub fn compact(value: f64, unit: Unit) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    let number = match unit {
        Unit::Count => return format!("{value:.0}"),
        Unit::One => return plain(value, 4),
        Unit::Hertz => return frequency(value),
        _ if unit.takes_prefix() => {
            let (factor, prefix) = prefix_of(value);
            return format!("{} {prefix}{unit}", plain(value / factor, 4));
        }
        Unit::Db
        | Unit::Dbc
        | Unit::Dbfs
        | Unit::Dbm
        | Unit::Dbv
        | Unit::Dbuv
        | Unit::DbuvPerMetre
        | Unit::DbfsPerHz
        | Unit::DbcPerHz => decibel(value),
        _ => plain(value, 4),
    };
    if unit == Unit::Percent { format!("{number} %") } else { format!("{number} {unit}") }
}

/// A level with one decimal.
pub(crate) fn decibel(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".into() } else { text }
}

/// A frequency with up to seven significant digits: `939.9125 MHz`, `100 Hz`, `12.5 kHz`.
#[must_use]
pub fn frequency(hz: f64) -> String {
    if !hz.is_finite() {
        return "-".into();
    }
    let (factor, prefix) = prefix_of(hz);
    let (factor, prefix) = if factor < 1.0 && hz != 0.0 && hz.abs() >= 0.1 { (1.0, "") } else { (factor, prefix) };
    let digits = if factor >= 1e6 { 7 } else { 5 };
    format!("{} {prefix}Hz", plain(hz / factor, digits))
}

/// Bytes with a binary prefix.
pub(crate) fn bytes(size: f64) -> String {
    let (mut value, mut unit) = (size, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{} {unit}", plain(value, if unit == "B" { 6 } else { 3 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(compact(1.52, Unit::Volt), "1.52 V");
        assert_eq!(compact(0.2, Unit::Volt), "200 mV");
        assert_eq!(compact(0.999_99, Unit::Volt), "1 V");
        assert_eq!(compact(-5.8957, Unit::Volt), "-5.896 V");
        assert_eq!(compact(-62.14, Unit::Dbc), "-62.1 dBc");
        assert_eq!(compact(-0.04, Unit::Db), "0.0 dB");
        assert_eq!(compact(f64::NAN, Unit::Volt), "-");
        assert_eq!(compact(3.0, Unit::Count), "3");
        assert_eq!(compact(1500.0, Unit::Count), "1500");
        assert_eq!(frequency(939_912_500.0), "939.9125 MHz");
        assert_eq!(frequency(100.0), "100 Hz");
        assert_eq!(frequency(0.5), "0.5 Hz");
        assert_eq!(frequency(-12_500.0), "-12.5 kHz");
        assert_eq!(bytes(1536.0), "1.5 KiB");
    }

    #[test]
    fn numbers_without_a_prefix_stay_short_whatever_their_size() {
        assert_eq!(plain(0.000_123_456, 3), "0.000123");
        assert_eq!(plain(9.999e-5, 4), "9.999e-5");
        assert_eq!(plain(1.2e-7, 4), "1.2e-7");
        assert_eq!(plain(-4.567_89e-12, 3), "-4.57e-12");
        assert_eq!(plain(1e-300, 4), "1e-300");
        assert_eq!(plain(2.5e14, 4), "250000000000000");
        assert_eq!(plain(1.5e15, 4), "1.5e15");
        assert_eq!(compact(3.2e-6, Unit::One), "3.2e-6");
        assert_eq!(compact(3.2e-6, Unit::Volt), "3.2 uV");
        for power in -320..308 {
            assert!(plain(1.234_567_8 * 10f64.powi(power), 4).len() <= 15, "1e{power}");
        }
    }
}
